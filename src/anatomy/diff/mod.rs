//! Two versions of an image: what is shared, what must be pulled, what grew and where, and
//! what is configured differently.

pub mod files;
pub mod growth;
pub mod named;
pub mod settings;
#[cfg(test)]
mod tests;

pub use files::{DirectoryChange, FileChange, Files};
pub use growth::{LayerGrowth, Which};
pub use named::Named;
pub use settings::{Setting, SettingChange};

use super::whole::Anatomy;
use crate::model::bytes::Bytes;

/// What differs between two versions.
#[derive(Clone, Debug, PartialEq)]
pub struct Diff {
    /// How many layers are the same, from the lowest up.
    pub shared: u16,
    /// What whoever has the one must pull to have the other.
    pub pull: Pull,
    /// How many bytes more are visible; negative, when it shrank.
    pub growth: i64,
    /// Where they come from, by layer, the largest growth first.
    pub layers: Vec<LayerGrowth>,
    /// What became of the files.
    pub files: Files,
    /// What is configured differently. Values are as they are: whoever shows them hides what
    /// is secret.
    pub settings: Vec<SettingChange>,
}

/// What a pull costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pull {
    /// Layers that are not shared.
    pub layers: usize,
    /// Their bytes, as far as they are known.
    pub bytes: Bytes,
    /// For how many of the layers only the uncompressed length is known, and counted.
    pub uncompressed: usize,
    /// For how many nothing is known.
    pub unknown: usize,
}

impl Diff {
    /// Compares two versions.
    #[must_use]
    pub fn of(before: &Anatomy, after: &Anatomy) -> Self {
        let shared = shared(before, after);
        let sides = growth::Sides::new(before, after);
        Self {
            shared,
            pull: pull(after, shared),
            growth: sides.growth(),
            layers: growth::by_layer(&sides, shared),
            files: Files::of(&sides),
            settings: settings::changes(&before.facts, &after.facts),
        }
    }
}

fn shared(before: &Anatomy, after: &Anatomy) -> u16 {
    let pairs = before.facts.layers.iter().zip(&after.facts.layers);
    let same = pairs.take_while(|(one, other)| one.diff_id == other.diff_id);
    u16::try_from(same.count()).unwrap_or(u16::MAX)
}

fn pull(after: &Anatomy, shared: u16) -> Pull {
    let mut pull = Pull::default();
    let archives = after.archives.iter().chain(std::iter::repeat(&None));
    let layers = after.facts.layers.iter().zip(archives);
    for (facts, archive) in layers.skip(usize::from(shared)) {
        pull.layers += 1;
        match (facts.blob_bytes, archive) {
            (Some(bytes), _) => pull.bytes += bytes,
            (None, Some(archive)) => {
                pull.bytes += archive.tar_bytes;
                pull.uncompressed += 1;
            }
            (None, None) => pull.unknown += 1,
        }
    }
    pull
}
