//! An image's anatomy: what it says of itself, and what its layers hold.

use super::image::{ImageFacts, Presence};
use super::layer::builder::TooMany;
use super::layer::index::{LayerIndex, OddityAt};
use super::merged::{Builder, Merged};
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;

/// An image, taken apart. Everything that is explained of it is worked out from this.
#[derive(Debug)]
pub struct Anatomy {
    /// What it says of itself. Layers whose index was not to be had are marked not present.
    pub facts: ImageFacts,
    /// Its layers on top of each other, in the order of `facts.layers`.
    pub merged: Merged,
    /// What is known of each layer's archive beyond its files; nothing for one that is not
    /// present.
    pub archives: Vec<Option<ArchiveFacts>>,
}

/// What is known of a layer's archive beyond its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveFacts {
    /// Its length, uncompressed.
    pub tar_bytes: Bytes,
    /// What is odd about it, the first of them.
    pub oddities: Vec<OddityAt>,
    /// How many oddities there are.
    pub oddity_count: u64,
}

impl Anatomy {
    /// Puts an image together from the indexes of its layers; `fetch` is asked for each, the
    /// lowest first, and none is held longer than needed.
    ///
    /// # Errors
    /// [`TooMany`], when there is more in it than can be counted.
    pub fn assemble(
        mut facts: ImageFacts,
        mut fetch: impl FnMut(&Digest) -> Option<LayerIndex>,
    ) -> Result<Self, TooMany> {
        let mut builder = Builder::new();
        let mut archives = Vec::with_capacity(facts.layers.len());
        for layer in &mut facts.layers {
            let index = match layer.presence {
                Presence::Present => fetch(&layer.diff_id),
                Presence::NotPresent => None,
            };
            let Some(index) = index else {
                layer.presence = Presence::NotPresent;
                builder.add_absent();
                archives.push(None);
                continue;
            };
            builder.add(&index)?;
            archives.push(Some(ArchiveFacts {
                tar_bytes: index.tar_bytes,
                oddities: index.oddities,
                oddity_count: index.oddity_count,
            }));
        }
        Ok(Self {
            facts,
            merged: builder.finish(),
            archives,
        })
    }
}
