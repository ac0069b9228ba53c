//! An image in a file or folder: found, chosen, and read as far as it must be.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::blobs::Documents;
use super::choose::choose;
use super::layer::{fill, read_blob};
use super::plan::Plan;
use super::store::{ArchiveFile, Directory, Store, unreadable};
use super::stream::read_stream;
use super::wanted::Wanted;
use crate::anatomy::compression::{Compression, Decoder};
use crate::anatomy::error::AnatomyError;
use crate::anatomy::image::ImageFacts;
use crate::anatomy::limits::Limits;
use crate::anatomy::progress::Progress;
use crate::anatomy::shelf::Shelf;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;

/// How many layers are read at once, at most.
const AT_ONCE: usize = 4;
/// A layer for which another thread is worth its while.
const LARGE: u64 = 4 << 20;

/// Reads an image from an archive in a file: of what is not compressed, only the headers,
/// the documents and the layers that the shelf does not know. What cannot be read in any
/// order, a compressed archive or a pipe, is read in one pass.
///
/// # Errors
/// [`AnatomyError`].
pub fn read_file(
    path: &Path,
    wanted: &Wanted,
    shelf: &dyn Shelf,
    limits: &Limits,
    progress: &(dyn Progress + Sync),
) -> Result<ImageFacts, AnatomyError> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, error))?;
    if metadata.is_dir() {
        return read_directory(path, wanted, shelf, limits, progress);
    }
    if metadata.is_file() && !is_compressed(path)? {
        return Opened::file(path, wanted, limits, progress)?.read(shelf, limits, progress);
    }
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
    if metadata.is_file() {
        progress.expected(Bytes(metadata.len()));
    }
    read_stream(file, wanted, None, shelf, limits, progress)
}

/// Reads an image from a folder with an OCI layout.
///
/// # Errors
/// [`AnatomyError`].
pub fn read_directory(
    path: &Path,
    wanted: &Wanted,
    shelf: &dyn Shelf,
    limits: &Limits,
    progress: &(dyn Progress + Sync),
) -> Result<ImageFacts, AnatomyError> {
    Opened::directory(path, wanted)?.read(shelf, limits, progress)
}

fn is_compressed(path: &Path) -> Result<bool, AnatomyError> {
    let mut head = [0; Compression::ENOUGH];
    let mut file = File::open(path).map_err(|error| unreadable(path, error))?;
    let filled = fill(&mut file, &mut head).map_err(|error| unreadable(path, error))?;
    let head = head.get(..filled).unwrap_or_default();
    Ok(Compression::of(head) != Compression::None)
}

/// An image in a file or folder whose layers can be opened one by one.
pub struct Opened {
    store: Box<dyn Store>,
    plan: Plan,
}

impl Opened {
    /// Finds an image in an archive.
    ///
    /// # Errors
    /// [`AnatomyError`]; an archive that is compressed as a whole cannot be opened so.
    pub fn file(
        path: &Path,
        wanted: &Wanted,
        limits: &Limits,
        progress: &dyn Progress,
    ) -> Result<Self, AnatomyError> {
        if fs::metadata(path).is_ok_and(|it| it.is_file() && it.len() == 0) {
            return Err(AnatomyError::NotAnArchive {
                found: "nothing, an empty file".to_owned(),
            });
        }
        Self::of(Box::new(ArchiveFile::list(path, limits, progress)?), wanted)
    }

    /// Finds an image in a folder with an OCI layout.
    ///
    /// # Errors
    /// [`AnatomyError`].
    pub fn directory(path: &Path, wanted: &Wanted) -> Result<Self, AnatomyError> {
        Self::of(Box::new(Directory::open(path)?), wanted)
    }

    fn of(store: Box<dyn Store>, wanted: &Wanted) -> Result<Self, AnatomyError> {
        let documents = Documents::new(store.as_ref());
        let chosen = choose(&documents, wanted, None)?;
        let mut plan = Plan::of(&documents, chosen)?;
        // What a pull costs is known where the blob has a name of its own.
        for (facts, layer) in plan.facts.layers.iter_mut().zip(&plan.layers) {
            if layer.blob.is_some() && facts.blob_bytes.is_none() {
                facts.blob_bytes = store.bytes(&layer.name).map(Bytes);
            }
        }
        Ok(Self { store, plan })
    }

    /// What the image says of itself, before anything is known of its layers.
    #[must_use]
    pub const fn facts(&self) -> &ImageFacts {
        &self.plan.facts
    }

    /// Opens a layer: its archive, unpacked.
    ///
    /// # Errors
    /// [`AnatomyError::Missing`], when it is not of this image, or was left out.
    pub fn open_layer(
        &self,
        diff_id: &Digest,
        limits: &Limits,
    ) -> Result<Box<dyn Read + Send>, AnatomyError> {
        let layers = self.plan.facts.layers.iter().zip(&self.plan.layers);
        for (_, layer) in layers.filter(|(facts, _)| facts.diff_id == *diff_id) {
            let Some(blob) = self.store.open(&layer.name)? else {
                continue;
            };
            let decoder = Decoder::new(blob, limits).map_err(|error| AnatomyError::Layer {
                name: layer.name.clone(),
                error: error.into(),
            })?;
            return Ok(Box::new(decoder));
        }
        Err(AnatomyError::Missing {
            what: "the layer".to_owned(),
            name: diff_id.to_string(),
        })
    }

    /// Reads the layers that the shelf does not know, large ones several at once.
    ///
    /// # Errors
    /// [`AnatomyError`].
    pub fn read(
        &self,
        shelf: &dyn Shelf,
        limits: &Limits,
        progress: &(dyn Progress + Sync),
    ) -> Result<ImageFacts, AnatomyError> {
        let store = self.store.as_ref();
        let mut plan = self.plan.clone();
        let unknown = plan.unknown(shelf, |layer| store.has(&layer.name))?;
        let bytes = |place: &usize| {
            let layer = self.plan.layers.get(*place);
            layer.and_then(|it| store.bytes(&it.name)).unwrap_or(0)
        };
        progress.expected(Bytes(unknown.iter().map(bytes).sum()));
        let large = unknown.iter().filter(|it| bytes(it) >= LARGE).count();
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let threads = large.min(processors).clamp(1, AT_ONCE);
        let work = Work {
            opened: self,
            unknown: &unknown,
            shelf,
            limits,
            progress,
            next: AtomicUsize::new(0),
            failed_at: AtomicUsize::new(usize::MAX),
            failed: Mutex::new(None),
        };
        thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(|| work.go());
            }
            work.go();
        });
        let failed = work.failed.into_inner();
        match failed.unwrap_or_else(PoisonError::into_inner) {
            Some((_, error)) => Err(error),
            None if progress.cancelled() => Err(AnatomyError::Cancelled),
            None => Ok(plan.facts),
        }
    }

    fn read_layer(
        &self,
        place: usize,
        shelf: &dyn Shelf,
        limits: &Limits,
        progress: &dyn Progress,
    ) -> Result<(), AnatomyError> {
        let Some(layer) = self.plan.layers.get(place) else {
            return Ok(());
        };
        let Some(blob) = self.store.open(&layer.name)? else {
            let what = format!("layer {}", place + 1);
            let name = layer.name.clone();
            return Err(AnatomyError::Missing { what, name });
        };
        let index = read_blob(blob, &layer.name, shelf, limits, progress)?;
        self.plan.check(place, &index.diff_id)?;
        shelf.put(&index);
        Ok(())
    }
}

/// Layers to be read, by however many threads.
struct Work<'a> {
    opened: &'a Opened,
    unknown: &'a [usize],
    shelf: &'a dyn Shelf,
    limits: &'a Limits,
    progress: &'a (dyn Progress + Sync),
    next: AtomicUsize,
    /// The lowest layer that has an error: those below it are read on, so that the same
    /// image always has the same error.
    failed_at: AtomicUsize,
    failed: Mutex<Option<(usize, AnatomyError)>>,
}

impl Work<'_> {
    fn go(&self) {
        loop {
            let turn = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(place) = self.unknown.get(turn).copied() else {
                return;
            };
            let one = One { work: self, place };
            if one.cancelled() {
                return;
            }
            let read = self.opened.read_layer(place, self.shelf, self.limits, &one);
            let Err(error) = read else { continue };
            self.failed_at.fetch_min(place, Ordering::Relaxed);
            let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
            if failed.as_ref().is_none_or(|(other, _)| place < *other) {
                *failed = Some((place, error));
            }
        }
    }
}

/// One of them.
struct One<'a> {
    work: &'a Work<'a>,
    place: usize,
}

impl Progress for One<'_> {
    fn advanced(&self, bytes: u64) {
        self.work.progress.advanced(bytes);
    }

    fn cancelled(&self) -> bool {
        let failed_at = self.work.failed_at.load(Ordering::Relaxed);
        failed_at < self.place || self.work.progress.cancelled()
    }
}
