//! The rules of merging, one by one; and all of them at once, against a model.

mod model;

use super::{LayerNo, Merged, View};
use crate::anatomy::sketch::{files, merged};

/// What is visible in the end: files and their sizes; bytes visible; bytes reclaimable.
fn ends(layers: &[&str]) -> (String, u64, u64) {
    let merged = merged(layers);
    let last = merged.last().expect("a layer");
    let visible = View::new(&merged, last).visible_bytes().0;
    (
        files(&merged, last),
        visible,
        merged.layer_bytes().0 - visible,
    )
}

/// A rule, layers, what is visible in the end, how many bytes are reclaimable.
type Case = (&'static str, &'static [&'static str], &'static str, u64);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("whiteout of a file", &["f a 5", "w a"], "", 5),
    ("whiteout of a whole directory", &["d d \n f d/x 5 \n d d/e \n f d/e/y 7", "w d"], "", 12),
    ("… that no layer has an entry for", &["f d/x 5 \n f d/e/y 7", "w d"], "", 12),
    ("… spread over layers", &["f d/x 5", "f d/y 7", "f e 1", "w d"], "e 1", 12),
    ("whiteout of what never was", &["f a 5", "w b \n w q/r"], "a 5", 0),
    ("whiteout of what is gone", &["f a 5", "w a", "w a"], "", 5),
    ("opaque before its siblings", &["d d \n f d/x 5", "d d \n o d \n f d/y 7"], "d/y 7", 5),
    ("opaque behind its siblings", &["d d \n f d/x 5", "f d/y 7 \n d d \n o d"], "d/y 7", 5),
    ("opaque without a directory entry", &["d d \n f d/x 5", "o d"], "", 5),
    ("opaque in the root", &["f a 5", "o . \n f b 7"], "b 7", 5),
    ("opaque hides what is far below", &["f d/e/x 5", "o d"], "", 5),
    ("opaque replaces a symlink", &["f e/x 1 \n l d e", "o d \n f d/y 2"], "d/y 2, e/x 1", 0),
    ("whiteout, then the new one", &["f a 5", "w a \n f a 7"], "a 7", 5),
    ("the new one, then the whiteout", &["f a 5", "f a 7 \n w a"], "a 7", 5),
    ("the same of a directory", &["f d/x 5", "f d/y 7 \n w d"], "d/y 7", 5),
    ("a directory removed and brought again", &["d d \n f d/x 5", "w d \n d d \n f d/y 7"], "d/x 5, d/y 7", 0),
    ("… as a file before", &["f d 5", "w d \n d d \n f d/y 7"], "d/y 7", 5),
    ("removed, and something below it", &["d d \n f d/x 5", "w d \n f d/y 7"], "d/y 7", 5),
    ("the same path in every layer", &["f a 5", "f a 6", "f a 7", "f a 8"], "a 8", 18),
    ("one layer twice", &["f a 5", "w a", "f a 5"], "a 5", 5),
    ("a path twice in one layer", &["f a 5 \n f a 7"], "a 7", 5),
    ("… as a directory, then a file", &["d d \n f d/x 5 \n f d 7"], "d 7", 5),
    ("a file over a directory", &["d d \n f d/x 5", "f d 7"], "d 7", 5),
    ("a directory over a file", &["f d 5", "d d \n f d/x 7"], "d/x 7", 5),
    ("a symlink over a directory", &["d d \n f d/x 5", "l d e"], "d 0", 5),
    ("a directory over a symlink", &["f e/x 5 \n l d e", "d d"], "e/x 5", 0),
    ("a file over a symlink", &["f e 5 \n l d e", "f d 7"], "d 7, e 5", 0),
    ("a directory over a directory", &["d d \n f d/x 5", "d d \n f d/y 7"], "d/x 5, d/y 7", 0),
    ("a path below a file of a lower layer", &["f d 5", "f d/x 7"], "d/x 7", 5),
    ("a whiteout below a file", &["f d 5", "w d/x"], "", 5),
    ("below a symlink of a lower layer", &["f usr/lib/foo 5 \n l lib usr/lib", "f lib/foo 7"], "lib/foo 7, usr/lib/foo 5", 0),
    ("below a symlink of the same layer", &["f usr/lib/foo 5", "l lib usr/lib \n f lib/foo 7"], "lib 0, usr/lib/foo 7", 5),
    ("… an absolute one", &["l lib /usr/lib \n f lib/foo 7"], "lib 0, usr/lib/foo 7", 0),
    ("… in a chain, up and down", &["l a/b ../c/d \n l c /e \n f a/b/x 7"], "a/b 0, c 0, e/d/x 7", 0),
    ("… that leads to itself", &["l a a \n f a/x 7"], "a/x 7", 0),
    ("… that comes later", &["f lib/foo 7 \n l lib usr/lib"], "lib 0", 7),
    ("… whited out below it", &["f usr/lib/foo 5", "l lib usr/lib \n w lib/foo"], "lib 0", 5),
    ("hard links count once", &["f a 5 \n h b a \n h c b"], "a 5, b 5, c 5", 0),
    ("a name of two is removed", &["f a 5 \n h b a", "w a"], "b 5", 0),
    ("all names are removed", &["f a 5 \n h b a", "w a", "w b"], "", 5),
    ("a name of two is rewritten", &["f a 5 \n h b a", "f a 7"], "a 7, b 5", 0),
    ("both are", &["f a 5 \n h b a", "f a 7 \n f b 8"], "a 7, b 8", 5),
    ("a hard link to a lower layer's file", &["f a 5", "h b a", "w a"], "b 5", 0),
    ("a hard link over the file it replaces", &["f a 5 \n f b 6", "h b a"], "a 5, b 5", 6),
    ("a hard link to nothing", &["h b a \n f a 5"], "a 5, b 0", 0),
    ("a hard link to a rewritten file", &["f a 5", "f a 7 \n h b a"], "a 7, b 7", 5),
    ("a hard link through a symlink", &["f usr/a 5 \n l u usr \n h b u/a"], "b 5, u 0, usr/a 5", 0),
    ("devices and pipes", &["p p \n c c \n f f 5", "f p 7 \n c f"], "c 0, f 0, p 7", 5),
];

#[test]
fn each_rule_of_merging_has_its_case() {
    for (why, layers, visible, reclaimable) in CASES {
        let (files, bytes, waste) = ends(layers);
        assert_eq!((files.as_str(), waste), (*visible, *reclaimable), "{why}");
        let all: u64 = merged(layers).layer_bytes().0;
        assert_eq!(bytes + waste, all, "{why}");
    }
}

fn dead(merged: &Merged) -> Vec<(String, u16, u16)> {
    let died = |id| {
        let entry = merged.entry(id)?;
        let path = String::from_utf8(merged.path(entry.node)).expect("UTF-8");
        Some((path, entry.layer.0, entry.died?.0))
    };
    let layers = (0..merged.layers()).map(LayerNo);
    layers
        .flat_map(|it| merged.killed_by(it))
        .filter_map(died)
        .collect()
}

#[test]
fn who_died_when_is_told_by_layer() {
    let merged = merged(&["f a 5 \n f b 6", "f a 7 \n f a 8", "w b \n w a"]);
    let told = |path: &str, from, to| (path.to_owned(), from, to);
    assert_eq!(
        dead(&merged),
        [
            told("a", 0, 1),
            told("a", 1, 1),
            told("b", 0, 2),
            told("a", 1, 2)
        ]
    );
}

#[test]
fn what_engines_disagree_about_is_listed() {
    let merged = merged(&[
        "d usr \n d usr/lib \n f usr/lib/old 1 \n l lib usr/lib \n d d \n f d/x 1",
        "f lib/foo 2 \n w d \n d d",
    ]);
    let paths = |ids: &[super::EntryId]| -> Vec<Vec<u8>> {
        let node = |id: &super::EntryId| merged.entry(*id).map(|entry| entry.node);
        ids.iter()
            .filter_map(node)
            .map(|it| merged.path(it))
            .collect()
    };
    assert_eq!(paths(merged.below_symlinks()), [b"lib/foo".to_vec()]);
    assert_eq!(paths(merged.readded()), [b"d".to_vec()]);
}

#[test]
fn a_hard_link_to_a_symlink_is_one() {
    let merged = merged(&["l s target \n h b s"]);
    let node = merged.find(b"/b").expect("found");
    let entry = merged
        .visible(node, LayerNo(0))
        .and_then(|id| merged.entry(id));
    assert_eq!(entry.and_then(|entry| entry.target), Some(&b"target"[..]));
}

#[test]
fn layers_that_are_not_there_change_nothing() {
    let mut builder = super::Builder::new();
    let layer = crate::anatomy::sketch::layer;
    builder.add(&layer("f a 5")).expect("room");
    builder.add_absent();
    builder.add(&layer("w a")).expect("room");
    let merged = builder.finish();
    assert_eq!(merged.layers(), 3);
    let bytes = |at| View::new(&merged, LayerNo(at)).visible_bytes().0;
    assert_eq!([bytes(0), bytes(1), bytes(2)], [5, 5, 0]);
    assert_eq!(dead(&merged), [("a".to_owned(), 0, 2)]);
}

#[test]
fn no_layer_at_all_is_an_empty_filesystem() {
    let merged = super::Builder::new().finish();
    assert_eq!((merged.last(), merged.is_empty()), (None, true));
    assert_eq!(View::new(&merged, LayerNo(0)).visible_bytes().0, 0);
}

#[test]
fn bytes_of_hard_links_move_with_the_first_name_that_is_left() {
    let merged = merged(&["f one/a 5 \n h two/b one/a", "w one/a"]);
    let bytes = |at, path: &[u8]| {
        let node = merged.find(path).expect("found");
        View::new(&merged, LayerNo(at)).bytes(&merged, node).0
    };
    assert_eq!(
        [bytes(0, b"one"), bytes(0, b"two"), bytes(0, b"two/b")],
        [5, 0, 0]
    );
    assert_eq!(
        [bytes(1, b"one"), bytes(1, b"two"), bytes(1, b"two/b")],
        [0, 5, 5]
    );
}

#[test]
fn paths_are_found_with_and_without_slashes() {
    let merged = merged(&["f usr/lib/x 1"]);
    for path in ["usr/lib/x", "/usr/lib/x", "usr//lib/x/"] {
        let found = merged.find(path.as_bytes()).map(|node| merged.path(node));
        assert_eq!(found.as_deref(), Some(&b"usr/lib/x"[..]), "{path}");
    }
    assert_eq!(merged.find(b"/"), Some(super::NodeId::ROOT));
    for path in ["lib", "usr/x", "usr/lib/x/y"] {
        assert_eq!(merged.find(path.as_bytes()), None, "{path}");
    }
}
