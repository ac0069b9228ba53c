use super::*;
use crate::anatomy::archive::blobs::path_of;
use crate::anatomy::archive::testing::{
    At, Sample, Stored, docker25, gzip, hex, kaniko, legacy, oci,
};
use crate::anatomy::tar::testing::Archive;
use crate::model::digest::Digest;

fn says(bytes: &[u8], how: How) -> String {
    read(bytes, how, &Wanted::default(), &MemoryShelf::default())
        .expect_err("no image")
        .to_string()
}

fn root_filesystem() -> Vec<u8> {
    ["bin/", "dev/", "etc/", "usr/", "var/"]
        .iter()
        .fold(Archive::default(), |archive, path| {
            archive.directory(path.as_bytes())
        })
        .file(b"etc/passwd", b"root")
        .end()
}

/// A layout with one file replaced.
fn with(mut files: Files, path: &str, content: &[u8]) -> Files {
    let place = files.iter().position(|(at, _)| at == path).expect(path);
    files[place].1 = At::File(content.to_vec());
    files
}

/// A layout with one file left out.
fn without(mut files: Files, path: &str) -> Files {
    let before = files.len();
    files.retain(|(at, _)| at != path);
    assert_eq!(files.len() + 1, before, "{path}");
    files
}

#[test]
fn what_is_no_image_gets_a_sentence() {
    let text = b"Hello, this is no image.\n".repeat(40);
    let html = format!("<!DOCTYPE html><html>{}</html>", " ".repeat(600));
    let mut garbage = gzip(&text);
    garbage[10..].fill(0xff);
    let image = archive(&legacy(&[Sample::small()]));
    let folder = Archive::default().directory(b"x/").end();
    let two = Archive::default()
        .file(b"a.txt", b"a")
        .file(b"b.txt", b"b")
        .end();
    for (bytes, sentence) in [
        (
            b"".to_vec(),
            "this is nothing, an empty file: write one with `docker save",
        ),
        (text.clone(), "expected, but this is text: write one with"),
        (b"short".to_vec(), "expected, but this is text"),
        (html.into_bytes(), "expected, but this is an HTML page"),
        (
            b"{\"schemaVersion\":2}".to_vec(),
            "expected, but this is JSON",
        ),
        (
            gzip(&text),
            "expected, but this is gzip data, and in it text",
        ),
        (garbage, "cannot be unpacked: the gzip data is damaged"),
        (
            root_filesystem(),
            "holds a root filesystem, not an image: import it first",
        ),
        (
            gzip(&root_filesystem()),
            "holds a root filesystem, not an image: import it first",
        ),
        (
            folder,
            "this archive holds nothing, and neither `manifest.json`",
        ),
        (two, "this archive holds 2 files, the first of them `a.txt`"),
        (image[..image.len() / 2].to_vec(), "is truncated"),
        (
            gzip(&image)[..300].to_vec(),
            "cannot be unpacked: the gzip data is truncated",
        ),
    ] {
        for how in [How::File, How::Stream] {
            let error = says(&bytes, how);
            assert!(error.contains(sentence), "{how:?}: {error}");
        }
    }
}

/// The name of a configuration in an archive from before Docker 25.
fn configuration(sample: &Sample) -> String {
    format!("{}.json", hex(&Digest::of(&sample.config)))
}

#[test]
fn images_that_are_damaged_get_a_sentence() {
    let sample = Sample::small();
    let one = std::slice::from_ref(&sample);
    let config = path_of(&Digest::of(&sample.config));
    let config_json = configuration(&sample);
    let (manifest, _) = sample.manifest(Stored::Plain);
    let manifest = path_of(&Digest::of(&manifest));
    let layer = path_of(&sample.diff_ids()[1]);
    let other_layer = Archive::default().file(b"other", b"x").end();
    let legacy_layer = legacy(one)[5].0.clone();
    assert!(legacy_layer.ends_with("/layer.tar"));
    for (files, sentence) in [
        (
            with(docker25(one), &layer, &other_layer),
            "is damaged: its content has the digest",
        ),
        (
            with(docker25(one), &config, b"{}"),
            "is damaged: its content has the digest",
        ),
        (
            with(docker25(one), &manifest, b"{}"),
            "is damaged: its content has the digest",
        ),
        (
            with(legacy(one), &config_json, b"{}"),
            "is damaged: its content has the digest",
        ),
        (
            with(legacy(one), &legacy_layer, &other_layer),
            "but the configuration says sha256:",
        ),
        (
            with(legacy(one), &legacy_layer, b"{\"a\": 1}"),
            "this is JSON",
        ),
        (
            with(legacy(one), &legacy_layer, b"<html><body>"),
            "this is an HTML page",
        ),
        (
            with(legacy(one), &legacy_layer, &gzip(b"no tar, but text")),
            "this is text",
        ),
    ] {
        let error = read_both(&files, &Wanted::default())
            .expect_err(sentence)
            .to_string();
        assert!(error.contains(sentence), "{sentence}: {error}");
    }
}

#[test]
fn images_that_are_not_whole_get_a_sentence() {
    let sample = Sample::small();
    let one = std::slice::from_ref(&sample);
    let config_json = configuration(&sample);
    let layer = path_of(&sample.diff_ids()[1]);
    let legacy_layer = legacy(one)[5].0.clone();
    let short = format!("[{{\"Config\":\"{config_json}\",\"Layers\":[\"a\"]}}]");
    let list = br#"{"Id":"x"}"#;
    let elsewhere = |path: &str| {
        let list = format!("[{{\"Config\":\"{path}\",\"Layers\":[\"a\"]}}]");
        with(legacy(one), "manifest.json", list.as_bytes())
    };
    let named = "expected the path of a file in the archive, but what is named is empty or leads";
    for (files, sentence) in [
        (elsewhere(""), named),
        (elsewhere("../../etc/passwd"), named),
        (without(legacy(one), &legacy_layer), "layer 2 is missing: `"),
        (
            without(docker25(one), &layer),
            "layer 2 is missing: `blobs/sha256/",
        ),
        (
            without(legacy(one), &config_json),
            "the image's configuration is missing",
        ),
        (
            with(legacy(one), "manifest.json", short.as_bytes()),
            "lists 1 layers, but the configuration 3",
        ),
        (
            with(legacy(one), "manifest.json", b"{"),
            "`manifest.json` is no list of images",
        ),
        (
            with(legacy(one), "manifest.json", b"[]"),
            "a list of images with nothing in it",
        ),
        (
            without(legacy(one), "manifest.json"),
            "from before Docker 1.10",
        ),
        (
            with(
                oci(&[(sample.clone(), "")], Stored::Gzip),
                "index.json",
                list,
            ),
            "it has no `manifests`",
        ),
    ] {
        let error = read_both(&files, &Wanted::default())
            .expect_err(sentence)
            .to_string();
        assert!(error.contains(sentence), "{sentence}: {error}");
    }
}

#[test]
fn a_compressed_blob_is_checked_against_its_name() {
    let sample = Sample::small();
    let mut files = oci(&[(sample.clone(), "")], Stored::Gzip);
    let packed = gzip(&sample.layers[1]);
    let name = path_of(&Digest::of(&packed));
    // The same layer, packed otherwise: nothing but the blob's digest tells.
    files = with(
        files,
        &name,
        &super::super::testing::pack(&sample.layers[1], Stored::Gzip2),
    );
    let error = read_both(&files, &Wanted::default())
        .expect_err("damaged")
        .to_string();
    assert!(
        error.contains(&format!("the blob {} is damaged", Digest::of(&packed))),
        "{error}"
    );
    // kaniko's names claim nothing that holds for every tool: there the diff id tells.
    let mut files = kaniko(&sample, Stored::Gzip);
    let wrong = gzip(&Archive::default().file(b"x", b"y").end());
    let first = files
        .iter_mut()
        .find(|(path, _)| path.ends_with(".tar.gz"))
        .expect("a layer");
    first.1 = At::File(wrong);
    let error = read_both(&files, &Wanted::default())
        .expect_err("damaged")
        .to_string();
    assert!(error.contains("layer 1 at `"), "{error}");
}

#[test]
fn other_artifacts_and_old_manifests_are_told() {
    use crate::anatomy::archive::testing::{blob, descriptor};
    for (manifest, sentence) in [
        (
            r#"{"schemaVersion":2,"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},"layers":[]}"#,
            "holds an artifact of type application/vnd.cncf.helm.config.v1+json",
        ),
        (
            r#"{"schemaVersion":1,"fsLayers":[]}"#,
            "manifest of schema 1",
        ),
        (r#"{"schemaVersion":7}"#, "neither a manifest nor an index"),
    ] {
        let index = format!(
            "{{\"manifests\":[{}]}}",
            descriptor(manifest.as_bytes(), "manifest", "")
        );
        let files = vec![
            blob(manifest.as_bytes()),
            ("index.json".to_owned(), At::File(index.into_bytes())),
        ];
        let error = read_both(&files, &Wanted::default())
            .expect_err("no image")
            .to_string();
        assert!(error.contains(sentence), "{error}");
        let error = read_folder(&files, &Wanted::default())
            .expect_err("no image")
            .to_string();
        assert!(error.contains(sentence), "{error}");
    }
}

#[test]
fn an_archive_cut_off_anywhere_is_an_error_and_nothing_worse() {
    // What comes last is needed in both.
    let old = without(legacy(&[Sample::small()]), "repositories");
    for files in [old, oci(&[(Sample::small(), "")], Stored::Plain)] {
        let whole = archive(&files);
        // The end may lack its zeros, and the padding of the last file.
        for length in (0..whole.len() - 1024 - 512).step_by(487) {
            for how in [How::File, How::Stream] {
                let read = read(
                    &whole[..length],
                    how,
                    &Wanted::default(),
                    &MemoryShelf::default(),
                );
                assert!(read.is_err(), "{how:?} {length}");
            }
        }
    }
}

#[test]
fn a_bit_that_flips_is_an_error_and_nothing_worse() {
    let whole = archive(&docker25(&[Sample::small()]));
    for place in (0..whole.len()).step_by(211) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x20;
        for how in [How::File, How::Stream] {
            // In padding it is none at all.
            let _ = read(&bytes, how, &Wanted::default(), &MemoryShelf::default());
        }
    }
}

#[test]
fn files_and_folders_that_are_not_there_are_told() {
    let (shelf, limits) = (MemoryShelf::default(), Limits::default());
    let folder = tempfile::tempdir().expect("a folder");
    let wanted = Wanted::default();
    let nowhere = folder.path().join("nowhere");
    for read in [read_file, read_directory] {
        let error = read(&nowhere, &wanted, &shelf, &limits, &Unwatched).expect_err("nothing");
        assert!(matches!(error, AnatomyError::NoSuchFile { .. }), "{error}");
        let error = read(folder.path(), &wanted, &shelf, &limits, &Unwatched).expect_err("empty");
        assert!(matches!(error, AnatomyError::NotALayout { .. }), "{error}");
    }
}
