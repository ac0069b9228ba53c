//! Every layout, and everything that is none.

mod bad;
mod choice;
mod layouts;
mod passing;

use std::sync::atomic::{AtomicU64, Ordering};

use super::testing::{Files, archive, folder};
use super::wanted::Wanted;
use super::{read_directory, read_file, read_stream};
use crate::anatomy::Anatomy;
use crate::anatomy::error::AnatomyError;
use crate::anatomy::image::ImageFacts;
use crate::anatomy::limits::Limits;
use crate::anatomy::progress::{Progress, Unwatched};
use crate::anatomy::shelf::{MemoryShelf, Shelf};
use crate::model::bytes::Bytes;

/// Counts, and stops after so many bytes.
#[derive(Default)]
pub(super) struct Counted {
    pub(super) advanced: AtomicU64,
    pub(super) expected: AtomicU64,
    pub(super) stop_after: Option<u64>,
}

impl Progress for Counted {
    fn advanced(&self, bytes: u64) {
        self.advanced.fetch_add(bytes, Ordering::Relaxed);
    }

    fn cancelled(&self) -> bool {
        let advanced = self.advanced.load(Ordering::Relaxed);
        self.stop_after.is_some_and(|most| advanced >= most)
    }

    fn expected(&self, bytes: Bytes) {
        self.expected.store(bytes.0, Ordering::Relaxed);
    }
}

/// How an archive is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    File,
    Stream,
}

pub(super) fn read(
    bytes: &[u8],
    how: How,
    wanted: &Wanted,
    shelf: &dyn Shelf,
) -> Result<ImageFacts, AnatomyError> {
    let limits = Limits::default();
    match how {
        How::Stream => read_stream(bytes, wanted, None, shelf, &limits, &Unwatched),
        How::File => {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("image.tar");
            std::fs::write(&path, bytes).expect("written");
            read_file(&path, wanted, shelf, &limits, &Unwatched)
        }
    }
}

/// Reads a layout both ways, which must agree; answers what they agree on.
pub(super) fn read_both(files: &Files, wanted: &Wanted) -> Result<ImageFacts, AnatomyError> {
    let bytes = archive(files);
    let file = read(&bytes, How::File, wanted, &MemoryShelf::default());
    let stream = read(&bytes, How::Stream, wanted, &MemoryShelf::default());
    match (&file, &stream) {
        (Ok(file), Ok(stream)) => assert_eq!(file, stream),
        (Err(file), Err(stream)) => assert_eq!(file.to_string(), stream.to_string()),
        other => panic!("{other:?}"),
    }
    file
}

pub(super) fn read_folder(files: &Files, wanted: &Wanted) -> Result<ImageFacts, AnatomyError> {
    let at = tempfile::tempdir().expect("a folder");
    folder(files, at.path());
    let shelf = MemoryShelf::default();
    read_directory(at.path(), wanted, &shelf, &Limits::default(), &Unwatched)
}

/// What is explained of an image, but for what depends on where it was found.
pub(super) fn explained(facts: ImageFacts, shelf: &dyn Shelf) -> (ImageFacts, Vec<String>) {
    let anatomy = Anatomy::assemble(facts, |it| shelf.get(it)).expect("few");
    let merged = &anatomy.merged;
    let entries = merged.every_entry().filter_map(|it| merged.entry(it));
    let spelled = entries.map(|it| {
        let path = String::from_utf8_lossy(&merged.path(it.node)).into_owned();
        format!(
            "{path} {:?} {:?} {:?} {:o}",
            it.kind, it.layer, it.died, it.mode
        ) + &format!(" {} {:x} {:?}", it.size.0, it.payload, it.target)
    });
    let entries = spelled.collect();
    let mut facts = anatomy.facts;
    facts.names.clear();
    facts.index = None;
    facts.manifest = None;
    for layer in &mut facts.layers {
        layer.blob = None;
        layer.blob_bytes = None;
    }
    (facts, entries)
}
