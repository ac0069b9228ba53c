//! Everything that is worked out of an image, once: what the interface, the commands and the
//! rules all read from.

use super::whole::Anatomy;
use crate::model::digest::Digest;

/// What is known of other images: for who shares a layer, and where a base ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The others; the image itself may be among them.
    pub images: Vec<KnownImage>,
}

/// Another image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownImage {
    /// As a reader knows it: `shop-web 1.4.2`.
    pub name: String,
    /// What it is recognised by.
    pub identity: Digest,
    /// Its layers, the lowest first.
    pub diff_ids: Vec<Digest>,
}

/// An image explained: all of it is worked out once, and shared from then on.
#[derive(Debug)]
pub struct Report {
    /// The image, taken apart.
    pub anatomy: Anatomy,
}

impl Report {
    /// Works everything out.
    #[must_use]
    pub fn of(anatomy: Anatomy, _known: &Known) -> Self {
        Self { anatomy }
    }
}
