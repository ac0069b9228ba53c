//! How far a reading is, and its end before time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::outline::Outline;
use crate::anatomy::layer::index::LayerIndex;
use crate::anatomy::progress::Progress;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;

/// Whoever watches a reading, from another thread. Clones watch the same one.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    counted: Arc<Counted>,
    cancel: CancellationToken,
}

#[derive(Debug, Default)]
struct Counted {
    done: AtomicU64,
    /// Zero: not known.
    expected: AtomicU64,
    /// Layers that nobody has asked for yet.
    layers: Mutex<Vec<LayerTold>>,
    /// What is known of the image before its layers are, unless somebody has asked for it.
    outline: Mutex<Option<Outline>>,
}

/// A layer that is known by now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerTold {
    /// Which.
    pub diff_id: Digest,
    /// Σ length of its files.
    pub bytes: Bytes,
    /// How many entries it has.
    pub entries: usize,
    /// It had been read before, and was remembered.
    pub remembered: bool,
}

impl Watch {
    /// A reading that this token can stop.
    #[must_use]
    pub fn new(cancel: CancellationToken) -> Self {
        Self {
            counted: Arc::default(),
            cancel,
        }
    }

    /// The token that stops it.
    #[must_use]
    pub const fn cancel(&self) -> &CancellationToken {
        &self.cancel
    }

    /// How many bytes have been read, and of how many, where that is known.
    #[must_use]
    pub fn so_far(&self) -> (Bytes, Option<Bytes>) {
        let done = self.counted.done.load(Ordering::Relaxed);
        let expected = self.counted.expected.load(Ordering::Relaxed);
        // An estimate that was passed is none.
        let expected = (expected >= done && expected > 0).then_some(Bytes(expected));
        (Bytes(done), expected)
    }

    /// The layers that have become known since this was asked last.
    #[must_use]
    pub fn new_layers(&self) -> Vec<LayerTold> {
        let layers = &self.counted.layers;
        std::mem::take(&mut layers.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the image says of itself, once that is known and its layers are not: where it is
    /// read in the course of reading. Told once.
    #[must_use]
    pub fn new_outline(&self) -> Option<Outline> {
        let outline = &self.counted.outline;
        outline
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// It is known what the image says of itself.
    pub(super) fn outline(&self, outline: Outline) {
        let told = &self.counted.outline;
        *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(outline);
    }

    /// A layer is known now.
    pub(super) fn layer(&self, index: &LayerIndex, remembered: bool) {
        let told = LayerTold {
            diff_id: index.diff_id.clone(),
            bytes: index.file_bytes(),
            entries: index.entries().len(),
            remembered,
        };
        let layers = &self.counted.layers;
        layers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(told);
    }
}

impl Progress for Watch {
    fn advanced(&self, bytes: u64) {
        self.counted.done.fetch_add(bytes, Ordering::Relaxed);
    }

    fn cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    fn expected(&self, bytes: Bytes) {
        self.counted.expected.store(bytes.0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_that_was_passed_is_none() {
        let watch = Watch::default();
        assert_eq!(watch.so_far(), (Bytes(0), None));
        watch.expected(Bytes(10));
        watch.advanced(10);
        assert_eq!(watch.so_far(), (Bytes(10), Some(Bytes(10))));
        watch.advanced(1);
        assert_eq!(watch.so_far(), (Bytes(11), None));
    }
}
