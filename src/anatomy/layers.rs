//! Layers, explained: what made each, what it brought, changed and removed, what it costs the
//! layers below it, and who else has it.

use std::collections::HashMap;

use super::image::{ImageFacts, LayerFacts};
use super::layer::index::Kind;
use super::merged::{EntryId, LayerNo, Merged};
use super::waste::Waste;
use super::whole::Anatomy;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;

/// Label with the name of the image that one was built from.
pub const BASE_NAME: &str = "org.opencontainers.image.base.name";

/// Label with the digest of its manifest.
pub const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";

/// A number of files and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// Σ length of what has content of its own: a further name of a file has none.
    pub bytes: Bytes,
}

/// What a layer did. Directories are not counted, but what is in them is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Where nothing was visible before.
    pub added: Tally,
    /// Where something was, with what is there now.
    pub changed: Tally,
    /// What was visible before and is gone, with what it had.
    pub removed: Tally,
}

/// One layer, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Which.
    pub layer: LayerNo,
    /// Length of its archive, uncompressed; nothing when it is not present.
    pub tar_bytes: Option<Bytes>,
    /// Σ length of its regular files.
    pub file_bytes: Bytes,
    /// What it did.
    pub work: Work,
    /// Bytes of lower layers that it removed or replaced.
    pub waste_below: Bytes,
    /// What of it is not visible in the end, by the layer that did away with it (itself, too,
    /// where it has a path twice), the most bytes first.
    pub dead: Vec<(LayerNo, Bytes)>,
    /// Whether it belongs to the image that this one was built from.
    pub of_base: bool,
    /// Which of the known images have it, by their place in what was passed.
    pub shared_with: Vec<usize>,
}

/// The image that this one was built from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// Its name, as the labels or the known images have it.
    pub name: Option<String>,
    /// Digest of its manifest, from the labels.
    pub digest: Option<Digest>,
    /// How many of the lowest layers are its own; nothing, when only the labels tell of it.
    pub layers: Option<u16>,
}

/// All layers of an image, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layers {
    /// The image that it was built from, where that is known.
    pub base: Option<Base>,
    /// The lowest first.
    pub all: Vec<Explained>,
}

/// An image that is known, and the diff ids of its layers, the lowest first.
pub type Known = (String, Vec<Digest>);

impl Layers {
    /// Explains them. `known` are other images; this one may be among them.
    #[must_use]
    pub fn of(anatomy: &Anatomy, waste: &Waste, known: &[Known]) -> Self {
        let Anatomy {
            facts,
            merged,
            archives,
        } = anatomy;
        let base = base(facts, known);
        let of_base = base.as_ref().and_then(|base| base.layers).unwrap_or(0);
        let sharers = sharers(facts, known);
        let archives = archives.iter().chain(std::iter::repeat(&None));
        let layers = facts.layers.iter().zip(archives).zip(0_u16..);
        let explain = |((facts, archive), place): ((&LayerFacts, &Option<_>), u16)| {
            let archive: &Option<super::whole::ArchiveFacts> = archive;
            let layer = LayerNo(place);
            Explained {
                layer,
                tar_bytes: archive.as_ref().map(|archive| archive.tar_bytes),
                file_bytes: merged.bytes_of(layer),
                work: Work::of(merged, layer),
                waste_below: waste.caused_below(layer),
                dead: waste.dead_of(layer),
                of_base: place < of_base,
                shared_with: sharers.get(&facts.diff_id).cloned().unwrap_or_default(),
            }
        };
        Self {
            base,
            all: layers.map(explain).collect(),
        }
    }
}

impl Work {
    /// What a layer did.
    #[must_use]
    pub fn of(merged: &Merged, layer: LayerNo) -> Self {
        let mut work = Self::default();
        for id in merged.entries_of(layer) {
            if !merged.is_visible(id, layer) || is_directory(merged, id) {
                continue;
            }
            let replaces = merged
                .older(id)
                .is_some_and(|older| was_visible(merged, older, layer));
            let tally = if replaces {
                &mut work.changed
            } else {
                &mut work.added
            };
            tally.count(merged, id);
        }
        for id in merged.killed_by(layer) {
            let gone = merged.layer_of(id) < layer
                && !is_directory(merged, id)
                && merged.node_of(id).is_some_and(|node| {
                    let there = merged.visible(node, layer);
                    // A directory in a file's place: the file is gone.
                    there.is_none_or(|there| is_directory(merged, there))
                });
            if gone {
                work.removed.count(merged, id);
            }
        }
        work
    }
}

impl Tally {
    fn count(&mut self, merged: &Merged, id: EntryId) {
        self.count += 1;
        self.bytes += Bytes(merged.kind_and_size(id).map_or(0, |(_, size)| size));
    }
}

fn is_directory(merged: &Merged, id: EntryId) -> bool {
    matches!(merged.kind_and_size(id), Some((Kind::Directory, _)))
}

/// Whether a file was visible before a layer: the newest at its path or one below it, where
/// the layer has the path twice.
fn was_visible(merged: &Merged, newest: EntryId, layer: LayerNo) -> bool {
    let below = layer.0.checked_sub(1).map(LayerNo);
    let older = std::iter::successors(Some(newest), |id| merged.older(*id));
    let mut before = older.skip_while(|id| merged.layer_of(*id) == layer);
    before.next().is_some_and(|id| {
        below.is_some_and(|below| merged.is_visible(id, below)) && !is_directory(merged, id)
    })
}

/// Which known images have a layer.
fn sharers<'a>(facts: &'a ImageFacts, known: &[Known]) -> HashMap<&'a Digest, Vec<usize>> {
    let mut sharers: HashMap<&Digest, Vec<usize>> = facts
        .layers
        .iter()
        .map(|layer| (&layer.diff_id, Vec::new()))
        .collect();
    for (place, (_, layers)) in known.iter().enumerate() {
        for layer in layers {
            if let Some(places) = sharers.get_mut(layer)
                && places.last() != Some(&place)
            {
                places.push(place);
            }
        }
    }
    sharers
}

/// The image that one was built from: by its labels, and by the known images whose layers are
/// the lowest of its own. Of those the one that the labels name, else the longest.
#[must_use]
pub fn base(facts: &ImageFacts, known: &[Known]) -> Option<Base> {
    let label = |name: &str| facts.settings.labels.get(name).filter(|it| !it.is_empty());
    let name = label(BASE_NAME).cloned();
    let digest = label(BASE_DIGEST).and_then(|it| Digest::parse(it).ok());
    let own: Vec<&Digest> = facts.layers.iter().map(|layer| &layer.diff_id).collect();
    let is_below = |(_, layers): &&Known| {
        !layers.is_empty()
            && layers.len() < own.len()
            && layers.iter().zip(&own).all(|(a, b)| a == *b)
    };
    let named = |known: &Known| name.as_ref().is_some_and(|name| is_named(&known.0, name));
    let best = known
        .iter()
        .filter(is_below)
        .max_by_key(|known| (named(known), known.1.len()));
    let layers = best.and_then(|(_, layers)| u16::try_from(layers.len()).ok());
    let name = name.or_else(|| best.map(|(name, _)| name.clone()));
    (name.is_some() || digest.is_some()).then_some(Base {
        name,
        digest,
        layers,
    })
}

/// Whether two names mean one image: `docker.io/library/debian:12` is `debian:12`.
fn is_named(one: &str, other: &str) -> bool {
    let short = |name: &'_ str| {
        let name = name.strip_prefix("docker.io/").unwrap_or(name);
        name.strip_prefix("library/").unwrap_or(name).to_owned()
    };
    short(one) == short(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::sketch::{image, layer, merged};

    fn work(layers: &[&str], at: u16) -> [(u64, u64); 3] {
        let merged = merged(layers);
        let work = Work::of(&merged, LayerNo(at));
        [work.added, work.changed, work.removed].map(|it| (it.count, it.bytes.0))
    }

    #[test]
    fn what_a_layer_did_is_counted() {
        let base = "d d \n f d/x 5 \n f d/y 7 \n f a 9 \n l s a";
        // The second layer; added, changed, removed: count and bytes.
        let cases = [
            ("f b 3", [(1, 3), (0, 0), (0, 0)]),
            ("f a 3", [(0, 0), (1, 3), (0, 0)]),
            ("f a 3 \n f a 4", [(0, 0), (1, 4), (0, 0)]),
            ("w a", [(0, 0), (0, 0), (1, 9)]),
            ("w a \n f a 4", [(0, 0), (1, 4), (0, 0)]),
            ("w d", [(0, 0), (0, 0), (2, 12)]),
            ("o d \n f d/y 1", [(0, 0), (1, 1), (1, 5)]),
            ("d d", [(0, 0), (0, 0), (0, 0)]),
            ("f d 1", [(1, 1), (0, 0), (2, 12)]),
            ("f a/b 1", [(1, 1), (0, 0), (1, 9)]),
            ("d a", [(0, 0), (0, 0), (1, 9)]),
            ("h b a", [(1, 0), (0, 0), (0, 0)]),
            ("l s d", [(0, 0), (1, 0), (0, 0)]),
        ];
        for (lines, expected) in cases {
            assert_eq!(work(&[base, lines], 1), expected, "{lines}");
        }
        assert_eq!(work(&[base], 0), [(4, 21), (0, 0), (0, 0)]);
    }

    #[test]
    fn a_path_that_was_gone_before_is_added() {
        assert_eq!(
            work(&["f a 9", "w a", "f a 9"], 2),
            [(1, 9), (0, 0), (0, 0)]
        );
    }

    fn known(name: &str, layers: &[&str]) -> Known {
        let id = |lines: &&str| layer(lines).diff_id;
        (name.to_owned(), layers.iter().map(id).collect())
    }

    #[test]
    fn layers_are_explained() {
        let anatomy = image(&["f a 5 \n f b 7", "w a", "f b 8 \n f b 9"]);
        let others = [
            known("base:1", &["f a 5 \n f b 7"]),
            known("other:1", &["w a", "w a"]),
        ];
        let layers = Layers::of(&anatomy, &Waste::of(&anatomy.merged), &others);
        let base = layers.base.expect("a base");
        assert_eq!(
            (base.name.as_deref(), base.layers),
            (Some("base:1"), Some(1))
        );
        let told = |it: &Explained| {
            let dead: Vec<_> = it.dead.iter().map(|(by, bytes)| (by.0, bytes.0)).collect();
            let bytes = (it.file_bytes.0, it.waste_below.0);
            (it.of_base, bytes, dead, it.shared_with.clone())
        };
        assert_eq!(
            layers.all.iter().map(told).collect::<Vec<_>>(),
            [
                (true, (12, 0), vec![(2, 7), (1, 5)], vec![0]),
                (false, (0, 5), vec![], vec![1]),
                (false, (17, 7), vec![(2, 8)], vec![]),
            ]
        );
        assert!(layers.all.iter().all(|it| it.tar_bytes.is_some()));
    }

    #[test]
    fn the_base_is_told_by_labels_and_by_known_images() {
        let mut facts = image(&["f a 1", "f b 2", "f c 3"]).facts;
        let base = |facts: &ImageFacts, all: &[Known]| {
            base(facts, all).map(|it| (it.name.unwrap_or_default(), it.layers))
        };
        let told = |name: &str, layers| Some((name.to_owned(), layers));
        let images = [
            known("debian:12", &["f a 1"]),
            known("golden/base:1", &["f a 1", "f b 2"]),
            known("itself", &["f a 1", "f b 2", "f c 3"]),
            known("else", &["f b 2"]),
            known("empty", &[]),
        ];
        assert_eq!(base(&facts, &[]), None);
        assert_eq!(base(&facts, &images), told("golden/base:1", Some(2)));
        assert_eq!(base(&facts, &images[2..]), None);
        let label = "docker.io/library/debian:12";
        let labels = &mut facts.settings.labels;
        labels.insert(BASE_NAME.to_owned(), label.to_owned());
        assert_eq!(base(&facts, &images), told(label, Some(1)));
        assert_eq!(base(&facts, &images[2..]), told(label, None));
    }
}
