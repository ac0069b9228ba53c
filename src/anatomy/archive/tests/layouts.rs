use super::*;
use crate::anatomy::archive::testing::{
    At, Sample, Stored, docker25, gzip, kaniko, legacy, nested, oci, pack,
};
use crate::anatomy::image::{Fit, Presence};
use crate::model::digest::Digest;

/// Every layout of one and the same image.
fn layouts(sample: &Sample) -> Vec<(&'static str, Files)> {
    let tagged = |stored| oci(&[(sample.clone(), "1.4.2")], stored);
    let other = Sample::of(vec![b"".to_vec()], "linux/s390x", &[]);
    let platforms = [(sample.clone(), "linux/amd64"), (other, "linux/s390x")];
    let mut hard_linked = legacy(std::slice::from_ref(sample));
    for (path, at) in &mut hard_linked {
        if let At::Symlink(target) = at {
            let _ = path;
            *at = At::HardLink(target.trim_start_matches("../").to_owned());
        }
    }
    let mut last_first = legacy(std::slice::from_ref(sample));
    last_first.reverse();
    vec![
        ("legacy", legacy(std::slice::from_ref(sample))),
        ("legacy, hard links", hard_linked),
        ("legacy, last first", last_first),
        ("docker 25", docker25(std::slice::from_ref(sample))),
        ("oci, plain", tagged(Stored::Plain)),
        ("oci, gzip", tagged(Stored::Gzip)),
        ("oci, gzip of two members", tagged(Stored::Gzip2)),
        ("oci, zstd", tagged(Stored::Zstd)),
        ("oci, no name", oci(&[(sample.clone(), "")], Stored::Gzip)),
        ("nested", nested(&platforms, Stored::Gzip)),
        ("kaniko", kaniko(sample, Stored::Gzip)),
        ("kaniko, plain", kaniko(sample, Stored::Plain)),
    ]
}

fn amd64() -> Wanted {
    let default_platform = crate::anatomy::archive::platform::Platform::new("linux", "amd64", "");
    Wanted {
        default_platform,
        ..Wanted::default()
    }
}

#[test]
fn one_image_in_any_layout_is_one_anatomy() {
    let sample = Sample::small();
    let mut first = None;
    for (layout, files) in layouts(&sample) {
        let bytes = archive(&files);
        let mut ways = Vec::new();
        for (how, bytes) in [
            (How::File, bytes.clone()),
            (How::Stream, bytes.clone()),
            (How::File, gzip(&bytes)),
            (How::Stream, pack(&bytes, Stored::Zstd)),
        ] {
            let shelf = MemoryShelf::default();
            let facts = read(&bytes, how, &amd64(), &shelf)
                .unwrap_or_else(|error| panic!("{layout}, {how:?}: {error}"));
            ways.push(explained(facts, &shelf));
        }
        if layout.starts_with("oci") || layout == "nested" || layout == "docker 25" {
            let at = tempfile::tempdir().expect("a folder");
            folder(&files, at.path());
            let shelf = MemoryShelf::default();
            let facts = read_directory(at.path(), &amd64(), &shelf, &Limits::default(), &Unwatched);
            ways.push(explained(facts.expect(layout), &shelf));
        }
        for way in ways {
            let first = first.get_or_insert_with(|| way.clone());
            assert_eq!(way, *first, "{layout}");
        }
    }
    let (facts, entries) = first.expect("layouts");
    assert_eq!(facts.config, Digest::of(&sample.config));
    assert_eq!(facts.platform, "linux/amd64");
    let diff_ids: Vec<_> = facts.layers.iter().map(|it| it.diff_id.clone()).collect();
    assert_eq!(diff_ids, sample.diff_ids());
    assert!(
        facts
            .layers
            .iter()
            .all(|it| it.presence == Presence::Present)
    );
    let steps: Vec<_> = facts
        .layers
        .iter()
        .filter_map(|it| it.step.as_ref())
        .collect();
    assert_eq!(steps[1].instruction, "RUN make 1");
    assert_eq!(
        (facts.history.fit, facts.history.steps.len()),
        (Fit::Whole, 4)
    );
    // Four entries in the first and third layer, four in the second.
    assert_eq!(entries.len(), 12);
}

#[test]
fn digests_and_names_are_told_where_there_are_some() {
    let sample = Sample::small();
    let facts = read_both(&legacy(std::slice::from_ref(&sample)), &amd64()).expect("legacy");
    assert_eq!(facts.names, ["golden/web:1.4.2"]);
    assert_eq!((&facts.manifest, &facts.index), (&None, &None));
    assert!(facts.layers.iter().all(|it| it.blob.is_none()));

    let facts = read_both(&docker25(std::slice::from_ref(&sample)), &amd64()).expect("docker 25");
    assert_eq!(facts.names, ["golden/web:1.4.2"]);
    assert!(facts.manifest.is_some());
    assert_eq!(facts.layers[0].blob, Some(sample.diff_ids()[0].clone()));

    let platforms = [(sample.clone(), "linux/amd64")];
    let facts = read_both(&nested(&platforms, Stored::Gzip), &amd64()).expect("nested");
    assert!(facts.index.is_some() && facts.manifest.is_some());
    let packed = pack(&sample.layers[1], Stored::Gzip);
    assert_eq!(facts.layers[1].blob, Some(Digest::of(&packed)));
    assert_eq!(facts.layers[1].blob_bytes, Some(Bytes(packed.len() as u64)));
}

#[test]
fn what_the_shelf_knows_is_not_read_again() {
    let sample = Sample::small();
    for (layout, files) in layouts(&sample) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("image.tar");
        std::fs::write(&path, archive(&files)).expect("written");
        let shelf = MemoryShelf::default();
        let limits = Limits::default();
        let cold = Counted::default();
        read_file(&path, &amd64(), &shelf, &limits, &cold).expect(layout);
        let (expected, advanced) = (cold.expected.into_inner(), cold.advanced.into_inner());
        assert!(expected > 0, "{layout}");
        assert_eq!(expected, advanced, "{layout}");
        let warm = Counted::default();
        read_file(&path, &amd64(), &shelf, &limits, &warm).expect(layout);
        assert_eq!(warm.advanced.into_inner(), 0, "{layout}");
    }
}

#[test]
fn large_layers_are_read_side_by_side() {
    use crate::anatomy::tar::testing::Archive;
    let layer = |n: u8| Archive::default().file(b"large", &vec![n; 5 << 20]).end();
    let sample = Sample::of((0..6).map(layer).collect(), "linux/amd64", &["web:1"]);
    let facts = read_both(&docker25(std::slice::from_ref(&sample)), &amd64()).expect("an image");
    assert_eq!(facts.layers.len(), 6);
    // The lowest layer that is wrong is told, whichever was read first.
    let mut files = docker25(&[sample]);
    let wrong = files.iter_mut().filter_map(|(_, at)| match at {
        At::File(bytes) if bytes.len() > 5 << 20 => Some(bytes),
        _ => None,
    });
    for bytes in wrong {
        bytes[600] ^= 1;
    }
    let error = read_both(&files, &amd64()).expect_err("damaged");
    assert!(matches!(error, AnatomyError::WrongDigest { .. }), "{error}");
}
