//! What is told of an image as a whole: what each layer has, what of it is waste and by
//! whose doing, and where the bytes are.

use std::collections::BTreeMap;

use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{LayerNo, Merged, NodeId, View as Sizes};
use crate::model::bytes::Bytes;

use super::touch::Amount;

/// How many directories are named.
const LARGEST: usize = 8;

/// What one layer has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LayerSum {
    /// Bytes of its files.
    pub(crate) bytes: Bytes,
    /// How many files.
    pub(crate) files: u64,
    /// What of it is not seen in the end.
    pub(crate) reclaimable: Bytes,
}

/// What is told of an image as a whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sums {
    /// Of each layer.
    pub(crate) layers: Vec<LayerSum>,
    /// By the layer that replaced or removed it, and the one that wrote it.
    pub(crate) wasted: BTreeMap<(u16, u16), Amount>,
    /// The directories where most is, the largest first.
    pub(crate) largest: Vec<(NodeId, Bytes)>,
}

impl Sums {
    /// Looks through everything, once.
    pub(crate) fn of(merged: &Merged, sizes: &Sizes) -> Self {
        let mut sums = Self {
            layers: vec![LayerSum::default(); usize::from(merged.layers())],
            ..Self::default()
        };
        for entry in merged.every_entry().filter_map(|id| merged.entry(id)) {
            if entry.kind != Kind::File {
                continue;
            }
            let Some(layer) = sums.layers.get_mut(usize::from(entry.layer.0)) else {
                continue;
            };
            layer.bytes += entry.size;
            layer.files += 1;
            if let Some(LayerNo(died)) = merged.content_died(entry.id) {
                layer.reclaimable += entry.size;
                sums.wasted
                    .entry((died, entry.layer.0))
                    .or_default()
                    .add(entry.size.0);
            }
        }
        sums.largest = largest(merged, sizes);
        sums
    }

    /// Σ bytes of the layers.
    pub(crate) fn bytes(&self) -> Bytes {
        self.layers.iter().fold(Bytes(0), |sum, it| sum + it.bytes)
    }

    /// What of them is not seen in the end.
    pub(crate) fn reclaimable(&self) -> Bytes {
        let sum = |sum, it: &LayerSum| sum + it.reclaimable;
        self.layers.iter().fold(Bytes(0), sum)
    }
}

/// Where the bytes are: a directory that holds most of another one's is named in its stead.
fn largest(merged: &Merged, sizes: &Sizes) -> Vec<(NodeId, Bytes)> {
    let inside = |node: NodeId| {
        sizes
            .children(merged, node)
            .filter(|child| sizes.is_directory(merged, child.node))
            .map(|child| (child.node, sizes.bytes(merged, child.node)))
    };
    let mut found: Vec<(NodeId, Bytes)> = inside(NodeId::ROOT).collect();
    let least = sizes.visible_bytes().0 / 50;
    // Each round goes a directory deeper where that says more.
    for _ in 0..4 {
        let mut next = Vec::with_capacity(found.len());
        for (node, bytes) in found {
            let parts: Vec<_> = inside(node).filter(|(_, part)| part.0 > least).collect();
            let sum: u64 = parts.iter().map(|(_, part)| part.0).sum();
            if parts.is_empty() || sum.saturating_mul(10) < bytes.0.saturating_mul(8) {
                next.push((node, bytes));
            } else {
                next.extend(parts);
            }
        }
        next.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        next.truncate(LARGEST);
        found = next;
    }
    found.retain(|(_, bytes)| bytes.0 > 0);
    found
}
