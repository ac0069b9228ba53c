use std::cell::Cell;
use std::io::{self, Read};

use super::*;
use crate::anatomy::archive::testing::{Sample, Stored, docker25, legacy, oci};
use crate::anatomy::archive::wanted::Expected;
use crate::anatomy::tar::testing::Archive;
use crate::model::digest::Digest;

/// Counts what is taken, and may fail after so many bytes.
struct Counting<'a> {
    bytes: &'a [u8],
    taken: &'a Cell<usize>,
    fails_after: usize,
}

impl Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken.get() >= self.fails_after {
            return Err(io::Error::new(
                io::ErrorKind::ConnectionReset,
                "the peer went away",
            ));
        }
        // In pieces, as pipes give them.
        let most = buffer.len().min(4096);
        let count = self.bytes.read(&mut buffer[..most])?;
        self.taken.set(self.taken.get() + count);
        Ok(count)
    }
}

/// An image with layers large enough to tell where reading stopped.
fn large() -> Sample {
    let layer = |n: u8| Archive::default().file(b"file", &vec![n; 2 << 20]).end();
    Sample::of((0..4).map(layer).collect(), "linux/amd64", &["web:1"])
}

fn expected(sample: &Sample) -> Expected {
    Expected {
        config: Some(Digest::of(&sample.config)),
        diff_ids: sample.diff_ids(),
    }
}

fn stream(
    bytes: &[u8],
    expected: Option<&Expected>,
    shelf: &dyn Shelf,
) -> (Result<ImageFacts, AnatomyError>, usize) {
    let taken = Cell::new(0);
    let reader = Counting {
        bytes,
        taken: &taken,
        fails_after: usize::MAX,
    };
    let wanted = Wanted::default();
    let facts = read_stream(
        reader,
        &wanted,
        expected,
        shelf,
        &Limits::default(),
        &Unwatched,
    );
    (facts, taken.get())
}

#[test]
fn nothing_is_read_of_what_is_known_whole() {
    let sample = large();
    let bytes = archive(&docker25(std::slice::from_ref(&sample)));
    let shelf = MemoryShelf::default();
    let known = expected(&sample);
    let (first, taken) = stream(&bytes, Some(&known), &shelf);
    assert!(taken > 8 << 20);
    let (again, taken) = stream(&bytes, Some(&known), &shelf);
    assert_eq!(taken, 0);
    let [first, again] = [first, again].map(|it| explained(it.expect("an image"), &shelf));
    assert_eq!(first, again);
}

#[test]
fn reading_stops_when_no_unknown_layer_is_left() {
    let sample = large();
    let mut files = docker25(std::slice::from_ref(&sample));
    // The configuration comes first here, the layers in order.
    assert!(
        files[0]
            .0
            .ends_with(super::super::testing::hex(&Digest::of(&sample.config)).as_str())
    );
    let known = expected(&sample);
    let by_layers = Expected {
        config: None,
        ..known.clone()
    };
    for (known, layers_known) in [(&known, 0), (&known, 2), (&by_layers, 2)] {
        let shelf = MemoryShelf::default();
        // Some other image brought all layers but one.
        for (place, layer) in sample.layers.iter().enumerate() {
            if place != layers_known {
                let limits = Limits::default();
                let read =
                    crate::anatomy::layer::reader::read_layer(&layer[..], &limits, &Unwatched);
                shelf.put(&read.expect("a layer"));
            }
        }
        let bytes = archive(&files);
        let (facts, taken) = stream(&bytes, Some(known), &shelf);
        let facts = facts.expect("an image");
        assert_eq!(facts.config, Digest::of(&sample.config));
        let until = (layers_known + 1) * ((2 << 20) + 2048) + (1 << 20);
        assert!(taken < until, "{layers_known}: {taken}");
        let (whole, _) = stream(&bytes, None, &shelf);
        assert_eq!(
            explained(facts, &shelf),
            explained(whole.expect("an image"), &shelf)
        );
    }
    // Where the configuration comes last, it is waited for.
    let config = files.remove(0);
    files.push(config);
    let shelf = MemoryShelf::default();
    let (facts, _) = stream(&archive(&files), Some(&known), &shelf);
    assert_eq!(facts.expect("an image").layers.len(), 4);
}

#[test]
fn an_engine_that_hands_over_something_else_is_believed() {
    let (sample, other) = (Sample::small(), large());
    let shelf = MemoryShelf::default();
    let bytes = archive(&legacy(std::slice::from_ref(&sample)));
    let (facts, _) = stream(&bytes, Some(&expected(&other)), &shelf);
    assert_eq!(facts.expect("an image").config, Digest::of(&sample.config));
}

#[test]
fn known_blobs_are_passed_over() {
    let sample = large();
    for stored in [Stored::Plain, Stored::Gzip] {
        let mut files = oci(&[(sample.clone(), "")], stored);
        let shelf = MemoryShelf::default();
        let (first, _) = stream(&archive(&files), None, &shelf);
        let first = first.expect("an image");
        // Were it looked at, it would be found to be damaged.
        let known = files.iter_mut().find(|(path, _)| {
            let blob = first.layers[1].blob.as_ref().expect("a digest");
            *path == super::super::blobs::path_of(blob)
        });
        let super::super::testing::At::File(bytes) = &mut known.expect("a blob").1 else {
            panic!("a file");
        };
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        let (again, _) = stream(&archive(&files), None, &shelf);
        assert_eq!(again.expect("an image"), first);
        let (anew, _) = stream(&archive(&files), None, &MemoryShelf::default());
        assert!(
            matches!(anew, Err(AnatomyError::WrongDigest { .. })),
            "{anew:?}"
        );
    }
}

#[test]
fn a_source_that_fails_is_told_as_such() {
    let bytes = archive(&docker25(&[large()]));
    for fails_after in [0, 100, 3000, 1 << 20, 5 << 20] {
        let taken = Cell::new(0);
        let reader = Counting {
            bytes: &bytes,
            taken: &taken,
            fails_after,
        };
        let (wanted, shelf) = (Wanted::default(), MemoryShelf::default());
        let error = read_stream(
            reader,
            &wanted,
            None,
            &shelf,
            &Limits::default(),
            &Unwatched,
        )
        .expect_err("the source fails")
        .to_string();
        assert!(
            error.contains("stopped coming after"),
            "{fails_after}: {error}"
        );
        assert!(
            error.contains("the peer went away"),
            "{fails_after}: {error}"
        );
    }
}

#[test]
fn reading_stops_at_once_when_it_is_told_to() {
    let bytes = archive(&docker25(&[large()]));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("image.tar");
    std::fs::write(&path, &bytes).expect("written");
    for stop_after in [0, 1 << 20, 5 << 20] {
        let counted = || Counted {
            stop_after: Some(stop_after),
            ..Counted::default()
        };
        let (wanted, shelf, limits) =
            (Wanted::default(), MemoryShelf::default(), Limits::default());
        let watch = counted();
        let read = read_stream(&bytes[..], &wanted, None, &shelf, &limits, &watch);
        assert!(matches!(read, Err(AnatomyError::Cancelled)), "{read:?}");
        assert!(watch.advanced.into_inner() <= stop_after + (1 << 20));
        let watch = counted();
        let read = read_file(&path, &wanted, &MemoryShelf::default(), &limits, &watch);
        assert!(matches!(read, Err(AnatomyError::Cancelled)), "{read:?}");
    }
}
