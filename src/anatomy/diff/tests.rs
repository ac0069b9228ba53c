use std::collections::BTreeMap;

use super::*;
use crate::anatomy::merged::LayerNo;
use crate::anatomy::sketch::image;
use crate::anatomy::tree::Mark;

const BASE: &str = "d usr \n f usr/lib/a 10 1 \n f usr/lib/b 20 1 \n f etc/c 5 1";

fn diff(before: &[&str], after: &[&str]) -> Diff {
    Diff::of(&image(before), &image(after))
}

#[test]
fn layers_are_shared_from_the_lowest_up() {
    let diff = diff(&[BASE, "f x 1", "f y 1"], &[BASE, "f z 1", "f y 1"]);
    assert_eq!(diff.shared, 1);
    assert_eq!((diff.pull.layers, diff.pull.uncompressed), (2, 2));
    assert_eq!(diff.pull.bytes, Bytes(2 * 5 * 512));
}

#[test]
fn a_pull_costs_what_blobs_weigh() {
    let before = image(&[BASE]);
    let mut after = image(&[BASE, "f x 1", "f y 1", "f z 1"]);
    after.facts.layers[1].blob_bytes = Some(Bytes(100));
    after.archives[3] = None;
    let pull = Diff::of(&before, &after).pull;
    let expected = Pull {
        layers: 3,
        bytes: Bytes(100 + 5 * 512),
        uncompressed: 1,
        unknown: 1,
    };
    assert_eq!(pull, expected);
}

/// `PATH +added ~changed -removed growth`.
fn directories(diff: &Diff, before: &Anatomy, after: &Anatomy) -> Vec<String> {
    let count =
        |tally: &crate::anatomy::layers::Tally| format!("{}/{}", tally.count, tally.bytes.0);
    let told = |it: &DirectoryChange| {
        let path = it.path(&before.merged, &after.merged);
        let path = String::from_utf8_lossy(&path);
        let [added, changed, removed] = [&it.added, &it.changed, &it.removed].map(count);
        format!("{path} +{added} ~{changed} -{removed} {}", it.growth)
    };
    let mut all: Vec<_> = diff.files.directories.iter().map(told).collect();
    all.sort();
    all
}

#[test]
fn files_are_told_by_directory() {
    let cases: &[(&str, &[&str])] = &[
        (BASE, &[" +0/0 ~0/0 -0/0 0"]),
        (
            "d usr \n f usr/lib/a 15 2 \n f usr/lib/b 20 1 \n f opt/new/x 7",
            &[
                " +1/7 ~1/15 -1/5 7",
                "etc +0/0 ~0/0 -1/5 -5",
                "opt +1/7 ~0/0 -0/0 7",
                "opt/new +1/7 ~0/0 -0/0 7",
                "usr +0/0 ~1/15 -0/0 5",
                "usr/lib +0/0 ~1/15 -0/0 5",
            ],
        ),
        // A directory became a file, and a file a directory.
        (
            "f usr 3 \n f etc/c/d 4",
            &[
                " +2/7 ~0/0 -3/35 -28",
                "etc +1/4 ~0/0 -1/5 -1",
                "etc/c +1/4 ~0/0 -0/0 4",
                "usr +0/0 ~0/0 -2/30 -30",
                "usr/lib +0/0 ~0/0 -2/30 -30",
            ],
        ),
    ];
    for (after, expected) in cases {
        let (old, new) = (image(&[BASE]), image(&[after]));
        let diff = Diff::of(&old, &new);
        assert_eq!(directories(&diff, &old, &new), *expected, "{after}");
        assert_eq!(diff.growth, diff.files.directories[0].growth);
        let sum: i64 = diff.layers.iter().map(|it| it.growth).sum();
        assert_eq!(sum, diff.growth);
    }
}

#[test]
fn a_file_says_what_changed() {
    let (before, after) = (
        image(&["f a/x 5 1 \n f a/y 6"]),
        image(&["f a/x 5 1 uid=7"]),
    );
    let diff = Diff::of(&before, &after);
    let told = |file: &FileChange| {
        let path = file.path(&before.merged, &after.merged);
        (
            String::from_utf8(path).expect("UTF-8"),
            file.mark,
            file.growth,
        )
    };
    let changed = crate::anatomy::tree::Changed {
        owner: true,
        ..Default::default()
    };
    assert_eq!(
        diff.files.files.iter().map(told).collect::<Vec<_>>(),
        [
            ("a/x".to_owned(), Mark::Changed(changed), 0),
            ("a/y".to_owned(), Mark::Removed, -6)
        ]
    );
}

#[test]
fn growth_is_told_by_layer_and_directory() {
    let before = [BASE, "f usr/share/doc/x/y 9"];
    let after = [
        BASE,
        "w usr/lib/b \n f opt/z 100 \n f usr/share/doc/x/y 30 \n f usr/share/doc/w/y 3",
    ];
    let diff = diff(&before, &after);
    let told = |it: &LayerGrowth| {
        let path =
            |(path, bytes): &(Vec<u8>, i64)| format!("{} {bytes}", String::from_utf8_lossy(path));
        let directories: Vec<_> = it.directories.iter().map(path).collect();
        (it.layer, it.growth, directories.join(", "))
    };
    assert_eq!(
        diff.layers.iter().map(told).collect::<Vec<_>>(),
        [
            (
                Which::After(LayerNo(1)),
                133,
                "opt 100, usr/share/doc 33".to_owned()
            ),
            (Which::Before(LayerNo(1)), -9, "usr/share/doc -9".to_owned()),
            (Which::Shared(LayerNo(0)), -20, "usr/lib -20".to_owned()),
        ]
    );
    assert_eq!(diff.growth, 104);
}

#[test]
fn settings_that_differ_are_told() {
    let mut before = image(&[]);
    let mut after = image(&[]);
    let words = |words: &[&str]| words.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    before.facts.settings.env = words(&["PATH=/bin", "OLD=1", "SAME=x=y"]);
    after.facts.settings.env = words(&["PATH=/usr/bin", "SAME=x=y", "NEW"]);
    before.facts.settings.user = "0".to_owned();
    after.facts.settings.cmd = words(&["run", "it"]);
    after.facts.settings.ports = words(&["80/tcp"]);
    before.facts.settings.stop_signal = Some("SIGINT".to_owned());
    let change = |setting, before: Option<&[&str]>, after: Option<&[&str]>| SettingChange {
        setting,
        before: before.map(words),
        after: after.map(words),
    };
    let env = |name: &str| Setting::Env(name.to_owned());
    assert_eq!(
        Diff::of(&before, &after).settings,
        [
            change(env("NEW"), None, Some(&[""])),
            change(env("OLD"), Some(&["1"]), None),
            change(env("PATH"), Some(&["/bin"]), Some(&["/usr/bin"])),
            change(Setting::Cmd, None, Some(&["run", "it"])),
            change(Setting::User, Some(&["0"]), None),
            change(Setting::Port("80/tcp".to_owned()), None, Some(&[])),
            change(Setting::StopSignal, Some(&["SIGINT"]), None),
        ]
    );
}

#[test]
fn named_things_are_compared_by_name() {
    let before: BTreeMap<_, _> = [("a", 1), ("b", 1), ("c", 1)].into();
    let after: BTreeMap<_, _> = [("b", 2), ("c", 1), ("d", 1)].into();
    let named = Named::of(&before, &after);
    assert_eq!(named.added, [("d", 1)]);
    assert_eq!(named.removed, [("a", 1)]);
    assert_eq!(named.changed, [("b", 1, 2)]);
    assert!(!named.is_empty() && Named::of(&after, &after).is_empty());
}
