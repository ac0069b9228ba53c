//! How far the reading is, and whether it shall go on.

use crate::model::bytes::Bytes;

/// Whoever watches a reading. Asked at every chunk, some hundred kilobytes apart at most.
pub trait Progress {
    /// So many more bytes were taken from the source (compressed, where it is).
    fn advanced(&self, bytes: u64);
    /// Whether to stop at once.
    fn cancelled(&self) -> bool;
    /// So much is to be read in all, told as soon as it is known.
    fn expected(&self, _bytes: Bytes) {}
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn advanced(&self, _bytes: u64) {}
    fn cancelled(&self) -> bool {
        false
    }
}
