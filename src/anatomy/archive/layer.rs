//! One layer's blob: read into an index, and checked against its name.

use std::io::{self, Cursor, Read};

use super::blobs::{Hasher, digest_in};
use crate::anatomy::compression::Compression;
use crate::anatomy::error::AnatomyError;
use crate::anatomy::layer::index::LayerIndex;
use crate::anatomy::layer::reader::read_layer;
use crate::anatomy::limits::Limits;
use crate::anatomy::progress::Progress;
use crate::anatomy::shelf::Shelf;
use crate::model::digest::Digest;

/// Reads the layer in a blob to its end.
pub(super) fn read_blob(
    mut reader: impl Read,
    name: &str,
    shelf: &dyn Shelf,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<LayerIndex, AnatomyError> {
    let failed = |error| match progress.cancelled() {
        true => AnatomyError::Cancelled,
        false => AnatomyError::Layer {
            name: name.to_owned(),
            error,
        },
    };
    let mut head = [0; Compression::ENOUGH];
    let filled = fill(&mut reader, &mut head).map_err(|error| failed(error.into()))?;
    let head = head.get(..filled).unwrap_or_default();
    let whole = Cursor::new(head).chain(reader);
    let Some(named) = digest_in(name) else {
        return read_layer(whole, limits, progress).map_err(failed);
    };
    if Compression::of(head) == Compression::None && named.as_str().starts_with("sha256:") {
        // Its diff id is its digest: nothing is hashed twice.
        let index = read_layer(whole, limits, progress).map_err(failed)?;
        return if index.diff_id == named {
            Ok(index)
        } else {
            let found = index.diff_id;
            Err(AnatomyError::WrongDigest { named, found })
        };
    }
    let mut hashed = Hashed {
        reader: whole,
        hasher: Hasher::for_digest(&named),
    };
    let read = read_layer(&mut hashed, limits, progress);
    if progress.cancelled() {
        return Err(AnatomyError::Cancelled);
    }
    // A damaged blob is better called so than by what its damage looks like.
    let to_end = io::copy(&mut hashed, &mut io::sink());
    if to_end.is_ok() {
        hashed.hasher.check(named.clone())?;
    }
    let index = read.map_err(failed)?;
    to_end.map_err(|error| failed(error.into()))?;
    shelf.remember_unpacked(&named, &index.diff_id);
    Ok(index)
}

/// The diff id of a layer that the shelf knows, told by its blob's name.
pub(super) fn known_by_name(name: &str, shelf: &dyn Shelf) -> Option<Digest> {
    let blob = digest_in(name)?;
    if shelf.has(&blob) {
        return Some(blob);
    }
    shelf.unpacked(&blob).filter(|diff_id| shelf.has(diff_id))
}

/// Reads until the buffer is full or nothing comes.
pub(super) fn fill(mut reader: impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Hashes what passes.
struct Hashed<R> {
    reader: R,
    hasher: Hasher,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}
