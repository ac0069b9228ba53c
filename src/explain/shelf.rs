//! What is remembered of layers and images, as `anatomy` wants it.

use std::sync::Arc;

use super::watch::Watch;
use crate::anatomy::layer::index::LayerIndex;
use crate::anatomy::shelf::{MemoryShelf, Shelf};
use crate::model::digest::Digest;
use crate::store::Store;

/// The store, and beside it what it would not take: a full disk must not keep anybody from
/// seeing an image.
pub(super) struct StoreShelf {
    store: Arc<Store>,
    /// Layers that were read in this run and are not in the store.
    beside: MemoryShelf,
    /// Whoever wants to hear of layers that are read.
    watch: Watch,
    /// The image's id, where an engine hands it over: as long as that is the same, so are
    /// the names in its archive.
    image: Option<Digest>,
}

impl StoreShelf {
    pub(super) fn new(store: Arc<Store>, watch: &Watch) -> Self {
        Self {
            store,
            beside: MemoryShelf::default(),
            watch: watch.clone(),
            image: None,
        }
    }

    /// The same, for what an engine hands over of the image with this id.
    pub(super) fn of_image(self, id: &Digest) -> Self {
        Self {
            image: Some(id.clone()),
            ..self
        }
    }

    /// Under what the layer of a name is kept.
    fn place(&self, name: &str) -> Option<Digest> {
        let image = self.image.as_ref()?;
        Some(Digest::of(format!("{image} {name}").as_bytes()))
    }

    /// Tells which of these layers are known already.
    pub(super) fn tell_known(&self, diff_ids: &[Digest]) {
        for diff_id in diff_ids {
            if let Some(index) = self.get(diff_id) {
                self.watch.layer(&index, true);
            }
        }
    }
}

impl Shelf for StoreShelf {
    fn has(&self, diff_id: &Digest) -> bool {
        let kept = self.store.has_layers(std::slice::from_ref(diff_id));
        kept.is_ok_and(|kept| kept == [true]) || self.beside.has(diff_id)
    }

    fn get(&self, diff_id: &Digest) -> Option<LayerIndex> {
        let kept = self.store.layer(diff_id, chrono::Utc::now());
        kept.ok().flatten().or_else(|| self.beside.get(diff_id))
    }

    fn put(&self, index: &LayerIndex) {
        self.watch.layer(index, false);
        let kept = self.store.keep_layer(index, chrono::Utc::now());
        if !matches!(kept, Ok(true)) {
            self.beside.put(index);
        }
    }

    fn unpacked(&self, blob: &Digest) -> Option<Digest> {
        self.store.led_to(blob, chrono::Utc::now()).ok().flatten()
    }

    fn remember_unpacked(&self, blob: &Digest, diff_id: &Digest) {
        // Not remembered, it is read again.
        drop(self.store.keep_led_to(blob, diff_id, chrono::Utc::now()));
    }

    fn placed(&self, name: &str) -> Option<Digest> {
        self.unpacked(&self.place(name)?)
    }

    fn remember_placed(&self, name: &str, diff_id: &Digest) {
        if let Some(place) = self.place(name) {
            self.remember_unpacked(&place, diff_id);
        }
    }

    fn configuration(&self, digest: &Digest) -> Option<Vec<u8>> {
        let kept = self.store.configuration(digest, chrono::Utc::now());
        kept.ok().flatten()
    }

    fn remember_configuration(&self, digest: &Digest, json: &[u8]) {
        drop(
            self.store
                .keep_configuration(digest, json, chrono::Utc::now()),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::layer::builder::LayerBuilder;
    use crate::model::bytes::Bytes;

    #[test]
    fn what_the_store_has_not_is_here_as_long_as_it_is_needed() {
        let store = Arc::new(Store::in_memory().expect("a store"));
        let one = LayerBuilder::new().finish(Digest::of(b"one"), Bytes(1));
        let shelf = StoreShelf::new(store.clone(), &Watch::default());
        assert!(!shelf.has(&one.diff_id));
        shelf.put(&one);
        assert!(shelf.has(&one.diff_id));
        assert_eq!(shelf.get(&one.diff_id), Some(one.clone()));
        // Another run finds it in the store.
        let watch = Watch::default();
        let another = StoreShelf::new(store, &watch);
        assert_eq!(another.get(&one.diff_id), Some(one.clone()));
        another.tell_known(&[one.diff_id.clone(), Digest::of(b"two")]);
        let known: Vec<_> = watch
            .new_layers()
            .into_iter()
            .map(|it| it.diff_id)
            .collect();
        assert_eq!(known, [one.diff_id]);
        assert_eq!(watch.new_layers(), []);
    }

    #[test]
    fn a_name_in_an_archive_means_a_layer_of_one_image_alone() {
        let store = Arc::new(Store::in_memory().expect("a store"));
        let shelf = || StoreShelf::new(store.clone(), &Watch::default());
        let of = |id: &[u8]| shelf().of_image(&Digest::of(id));
        let layer = Digest::of(b"layer");
        of(b"one").remember_placed("5f/layer.tar", &layer);
        shelf().remember_placed("6f/layer.tar", &layer);
        assert_eq!(of(b"one").placed("5f/layer.tar"), Some(layer));
        assert_eq!(of(b"one").placed("6f/layer.tar"), None);
        assert_eq!(of(b"two").placed("5f/layer.tar"), None);
        assert_eq!(shelf().placed("5f/layer.tar"), None);
    }
}
