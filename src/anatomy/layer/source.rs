//! What stands between a layer's source and its archive: who watches, and the diff id.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use super::error::Cancelled;
use crate::anatomy::progress::Progress;
use crate::model::digest::Digest;

/// Tells what is taken from the source, and stops when that is asked for.
pub(super) struct Watched<'p, R> {
    inner: R,
    progress: &'p dyn Progress,
}

impl<'p, R> Watched<'p, R> {
    pub(super) const fn new(inner: R, progress: &'p dyn Progress) -> Self {
        Self { inner, progress }
    }
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.progress.cancelled() {
            return Err(io::Error::other(Cancelled));
        }
        let count = self.inner.read(buffer)?;
        self.progress.advanced(count as u64);
        Ok(count)
    }
}

/// Hashes what passes. Stops when that is asked for, too: of a source that unpacks to a
/// thousand times its length little is taken.
pub(super) struct Hashed<'p, R> {
    inner: R,
    hasher: Sha256,
    progress: &'p dyn Progress,
}

impl<'p, R> Hashed<'p, R> {
    pub(super) fn new(inner: R, progress: &'p dyn Progress) -> Self {
        Self {
            inner,
            hasher: Sha256::new(),
            progress,
        }
    }

    pub(super) fn digest(self) -> Digest {
        Digest::from_sha256(&self.hasher.finalize().into())
    }
}

impl<R: Read> Read for Hashed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.progress.cancelled() {
            return Err(io::Error::other(Cancelled));
        }
        let count = self.inner.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}
