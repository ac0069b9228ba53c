//! Where indexes of layers are kept between one reading and the next.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::layer::codec;
use super::layer::index::LayerIndex;
use crate::model::digest::Digest;

/// Keeps indexes of layers by diff id, so that a layer is read once in its life. What is
/// kept may be lost: then it is read again.
pub trait Shelf: Sync {
    /// Whether a layer's index is here.
    fn has(&self, diff_id: &Digest) -> bool;
    /// A layer's index.
    fn get(&self, diff_id: &Digest) -> Option<LayerIndex>;
    /// Keeps a layer's index.
    fn put(&self, index: &LayerIndex);

    /// The diff id of a compressed layer, by the digest of its blob, if that was ever read.
    fn unpacked(&self, _blob: &Digest) -> Option<Digest> {
        None
    }

    /// Remembers what a compressed layer was when it was unpacked.
    fn remember_unpacked(&self, _blob: &Digest, _diff_id: &Digest) {}

    /// The layer that has a name which says nothing of it, in the archive that is read.
    fn placed(&self, _name: &str) -> Option<Digest> {
        None
    }

    /// Remembers which layer has a name in the archive that is read.
    fn remember_placed(&self, _name: &str, _diff_id: &Digest) {}

    /// The JSON of a configuration that was read before, by its digest.
    fn configuration(&self, _digest: &Digest) -> Option<Vec<u8>> {
        None
    }

    /// Remembers the JSON of a configuration.
    fn remember_configuration(&self, _digest: &Digest, _json: &[u8]) {}
}

/// Keeps everything in memory, packed.
#[derive(Debug, Default)]
pub struct MemoryShelf {
    kept: Mutex<Everything>,
}

#[derive(Debug, Default)]
struct Everything {
    layers: HashMap<Digest, Vec<u8>>,
    unpacked: HashMap<Digest, Digest>,
    configurations: HashMap<Digest, Vec<u8>>,
}

impl MemoryShelf {
    fn with<T>(&self, use_it: impl FnOnce(&mut Everything) -> T) -> T {
        // Whoever panicked with it left whole values behind: each is put in at once.
        use_it(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shelf for MemoryShelf {
    fn has(&self, diff_id: &Digest) -> bool {
        self.with(|kept| kept.layers.contains_key(diff_id))
    }

    fn get(&self, diff_id: &Digest) -> Option<LayerIndex> {
        let packed = self.with(|kept| kept.layers.get(diff_id).cloned())?;
        codec::decode(&packed).ok()
    }

    fn put(&self, index: &LayerIndex) {
        if let Ok(packed) = codec::encode(index) {
            self.with(|kept| kept.layers.insert(index.diff_id.clone(), packed));
        }
    }

    fn unpacked(&self, blob: &Digest) -> Option<Digest> {
        self.with(|kept| kept.unpacked.get(blob).cloned())
    }

    fn remember_unpacked(&self, blob: &Digest, diff_id: &Digest) {
        self.with(|kept| kept.unpacked.insert(blob.clone(), diff_id.clone()));
    }

    fn configuration(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.with(|kept| kept.configurations.get(digest).cloned())
    }

    fn remember_configuration(&self, digest: &Digest, json: &[u8]) {
        self.with(|kept| kept.configurations.insert(digest.clone(), json.to_vec()));
    }
}
