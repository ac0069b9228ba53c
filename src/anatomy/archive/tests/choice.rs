use super::*;
use crate::anatomy::archive::blobs::path_of;
use crate::anatomy::archive::platform::Platform;
use crate::anatomy::archive::testing::{Sample, Stored, docker25, legacy, nested, oci};
use crate::anatomy::image::Presence;
use crate::anatomy::tar::testing::Archive;
use crate::model::digest::Digest;

fn sample(n: u8, platform: &str, names: &[&'static str]) -> Sample {
    let layer = Archive::default().file(b"file", &[n; 10]).end();
    Sample::of(vec![layer], platform, names)
}

#[test]
fn of_several_images_the_named_one_is_read() {
    let one = sample(1, "linux/amd64", &["golden/web:1", "golden/web:latest"]);
    let two = sample(2, "linux/amd64", &["golden/db:2"]);
    let both = [one.clone(), two.clone()];
    let tags = [(one.clone(), "golden/web:1"), (two.clone(), "golden/db:2")];
    for files in [legacy(&both), docker25(&both), oci(&tags, Stored::Gzip)] {
        for (name, is) in [
            ("golden/web:1", &one),
            ("docker.io/golden/web:1", &one),
            ("golden/db:2", &two),
            ("2", &two),
            (Digest::of(&two.config).as_str(), &two),
            (&format!("golden/db@{}", Digest::of(&two.config)), &two),
        ] {
            let facts = read_both(&files, &Wanted::named(name)).expect(name);
            assert_eq!(facts.config, Digest::of(&is.config), "{name}");
        }
        let error = read_both(&files, &Wanted::default())
            .expect_err("two")
            .to_string();
        assert!(
            error.contains("there are several images: `golden/db:2`, `golden/web:1`"),
            "{error}"
        );
        assert!(error.contains("say which, with `:NAME`"), "{error}");
        let error = read_both(&files, &Wanted::named("web:7"))
            .expect_err("none")
            .to_string();
        assert!(
            error.contains("there is no image `web:7`, only `golden/db:2`"),
            "{error}"
        );
    }
    // What is wrong with one does not keep another from being read.
    let facts = read_both(&docker25(&both), &Wanted::named("latest")).expect("by tag");
    assert_eq!(facts.names, ["golden/web:1", "golden/web:latest"]);
}

#[test]
fn several_images_without_names_are_told_apart_by_digest() {
    let both = [sample(1, "linux/amd64", &[]), sample(2, "linux/amd64", &[])];
    for files in [
        legacy(&both),
        docker25(&both),
        oci(
            &[(both[0].clone(), ""), (both[1].clone(), "")],
            Stored::Plain,
        ),
    ] {
        let error = read_both(&files, &Wanted::default())
            .expect_err("two")
            .to_string();
        assert!(error.contains("there are several images: `"), "{error}");
        let wanted = Wanted::named(&Digest::of(&both[1].config).to_string());
        let facts = read_both(&files, &wanted).expect("by digest");
        assert_eq!(facts.config, Digest::of(&both[1].config));
    }
}

#[test]
fn of_several_platforms_the_wanted_one_is_read() {
    let amd64 = sample(1, "linux/amd64", &[]);
    let arm64 = sample(2, "linux/arm64/v8", &[]);
    let platforms = [
        (amd64.clone(), "linux/amd64"),
        (arm64.clone(), "linux/arm64"),
    ];
    let files = nested(&platforms, Stored::Gzip);
    let wanted = |platform: Option<&str>, default: &str| Wanted {
        name: None,
        platform: platform.map(|it| Platform::parse(it).expect(it)),
        default_platform: Platform::parse(default).expect(default),
    };
    for (platform, default, is) in [
        (None, "linux/amd64", &amd64),
        (None, "linux/arm64", &arm64),
        (Some("linux/arm64"), "linux/amd64", &arm64),
        (Some("linux/arm64/v8"), "linux/amd64", &arm64),
        (Some("linux/arm64/v9"), "linux/amd64", &arm64),
        (Some("linux/amd64/v3"), "linux/arm64", &amd64),
    ] {
        let facts = read_both(&files, &wanted(platform, default)).expect("an image");
        assert_eq!(
            facts.config,
            Digest::of(&is.config),
            "{platform:?} {default}"
        );
        assert_eq!(facts.names, ["golden/web:1.4.2"]);
    }
    for wanted in [
        wanted(Some("linux/s390x"), "linux/amd64"),
        wanted(None, "linux/s390x"),
    ] {
        let error = read_both(&files, &wanted).expect_err("none").to_string();
        let sentence = "there is no image for linux/s390x, only for `linux/amd64`, `linux/arm64`; say which, with `--platform`";
        assert!(error.contains(sentence), "{error}");
    }
    // One that is alone is read, whatever it is for; unless another is asked for.
    let alone = legacy(std::slice::from_ref(&arm64));
    let facts = read_both(&alone, &wanted(None, "linux/amd64")).expect("the only one");
    assert_eq!(facts.platform, "linux/arm64/v8");
    let error = read_both(&alone, &wanted(Some("linux/amd64"), "linux/amd64"));
    assert!(
        error
            .expect_err("another")
            .to_string()
            .contains("only for `linux/arm64`")
    );
}

#[test]
fn platforms_without_an_index_of_their_own_are_one_image() {
    let amd64 = sample(1, "linux/amd64", &[]);
    let arm64 = sample(2, "linux/arm64/v8", &[]);
    // Their descriptors say nothing: the configurations do.
    let files = oci(&[(amd64, ""), (arm64.clone(), "")], Stored::Plain);
    let wanted = Wanted {
        platform: Platform::parse("linux/arm64").ok(),
        ..Wanted::default()
    };
    let facts = read_both(&files, &wanted).expect("an image");
    assert_eq!(facts.config, Digest::of(&arm64.config));
}

#[test]
fn platforms_that_were_left_out_are_told_as_such() {
    let amd64 = sample(1, "linux/amd64", &[]);
    let arm64 = sample(2, "linux/arm64", &[]);
    let platforms = [
        (amd64.clone(), "linux/amd64"),
        (arm64.clone(), "linux/arm64"),
    ];
    let (manifest, blobs) = arm64.manifest(Stored::Gzip);
    let left_out: Vec<String> = blobs
        .iter()
        .map(|(path, _)| path.clone())
        .chain([path_of(&Digest::of(&manifest))])
        .collect();
    let mut files = nested(&platforms, Stored::Gzip);
    files.retain(|(path, _)| !left_out.contains(path));
    let wanted = |platform: Option<&str>| Wanted {
        platform: platform.map(|it| Platform::parse(it).expect(it)),
        default_platform: Platform::parse("linux/arm64").expect("one"),
        ..Wanted::default()
    };
    // What an engine has is for itself, whatever this program runs on.
    let facts = read_both(&files, &wanted(None)).expect("the only one");
    assert_eq!(facts.config, Digest::of(&amd64.config));
    let error = read_both(&files, &wanted(Some("linux/arm64"))).expect_err("left out");
    assert!(
        error
            .to_string()
            .contains("the image for linux/arm64 is missing"),
        "{error}"
    );
}

#[test]
fn layers_that_are_not_there_are_listed() {
    let whole = Sample::small();
    let (manifest, _) = whole.manifest(Stored::Gzip);
    let foreign = String::from_utf8(manifest).expect("text").replace(
        "oci.image.layer.v1.tar",
        "oci.image.layer.nondistributable.v1.tar",
    );
    let packed = crate::anatomy::archive::testing::gzip(&whole.layers[1]);
    let left_out = path_of(&Digest::of(&packed));
    // A blob left out of an OCI layout.
    let mut sparse = oci(&[(whole.clone(), "1")], Stored::Gzip);
    sparse.retain(|(path, _)| *path != left_out);
    // A foreign layer.
    let mut elsewhere = sparse.clone();
    let (old, _) = whole.manifest(Stored::Gzip);
    let (old, new) = (Digest::of(&old), Digest::of(foreign.as_bytes()));
    for (path, at) in &mut elsewhere {
        use crate::anatomy::archive::testing::At;
        if *path == path_of(&old) {
            *path = path_of(&new);
            *at = At::File(foreign.clone().into_bytes());
        } else if let At::File(bytes) = at
            && path == "index.json"
        {
            *bytes = String::from_utf8_lossy(bytes)
                .replace(old.as_str(), new.as_str())
                .into_bytes();
        }
    }
    for files in [sparse, elsewhere] {
        for facts in [
            read_both(&files, &Wanted::default()).expect("an image"),
            read_folder(&files, &Wanted::default()).expect("an image"),
        ] {
            let presence: Vec<_> = facts.layers.iter().map(|it| it.presence.clone()).collect();
            use Presence::{NotPresent, Present};
            assert_eq!(presence, [Present, NotPresent, Present]);
            assert_eq!(facts.layers[1].blob_bytes, Some(Bytes(packed.len() as u64)));
        }
    }
}

#[test]
fn foreign_layers_of_docker_save_are_listed() {
    use crate::anatomy::archive::testing::At;
    let whole = Sample::small();
    let mut files = legacy(std::slice::from_ref(&whole));
    let path = files[5].0.clone();
    files.retain(|(it, _)| *it != path);
    let diff_id = &whole.diff_ids()[1];
    let sources = format!(
        ",\"LayerSources\":{{\"{diff_id}\":{{\"mediaType\":\"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip\",\"size\":77,\"digest\":\"{diff_id}\"}}}}}}]"
    );
    let list = files
        .iter_mut()
        .find(|(path, _)| path == "manifest.json")
        .expect("a list");
    let At::File(bytes) = &mut list.1 else {
        panic!("a file");
    };
    bytes.truncate(bytes.len() - 2);
    bytes.extend(sources.into_bytes());
    let facts = read_both(&files, &Wanted::default()).expect("an image");
    assert_eq!(facts.layers[1].presence, Presence::NotPresent);
    assert_eq!(facts.layers[1].blob_bytes, Some(Bytes(77)));
    assert_eq!(facts.layers[2].presence, Presence::Present);
}
