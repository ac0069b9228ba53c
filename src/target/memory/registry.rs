//! Where simulated engines pull from.

use std::sync::{Arc, Mutex, PoisonError};

use super::SimImage;
use crate::model::reference::ImageRef;

/// A registry. Every copy is the same one.
#[derive(Clone, Default)]
pub struct Registry {
    images: Arc<Mutex<Vec<SimImage>>>,
}

impl Registry {
    /// Puts an image there, under the registry's digests it carries.
    pub fn push(&self, image: SimImage) {
        let mut images = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        images.push(image);
    }

    /// The image of a digest.
    #[must_use]
    pub fn find(&self, reference: &ImageRef) -> Option<SimImage> {
        let images = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        let named = |image: &&SimImage| {
            image.local.repo_digests.iter().any(|known| {
                known.repository == reference.repository && known.digest == reference.digest
            })
        };
        images.iter().find(named).cloned()
    }
}
