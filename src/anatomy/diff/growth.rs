//! Where growth comes from: layer, then directory.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::anatomy::merged::{LayerNo, Merged, NodeId, View};
use crate::anatomy::whole::Anatomy;

/// How many directories a layer's growth names.
const DIRECTORIES: usize = 8;

/// How many parts of a path make its directory here: `usr/lib/python3`.
const PARTS: usize = 3;

/// Which layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// One that both have: more or less of it is visible.
    Shared(LayerNo),
    /// One that only the version before has.
    Before(LayerNo),
    /// One that only the version after has.
    After(LayerNo),
}

/// What a layer has to do with growth. The sum over all is the growth of the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerGrowth {
    /// Which.
    pub layer: Which,
    /// How many bytes more are visible of it.
    pub growth: i64,
    /// In which directories, those with the most first.
    pub directories: Vec<(Vec<u8>, i64)>,
}

/// Both versions in the end.
pub(super) struct Sides<'a> {
    pub(super) before: (&'a Merged, View),
    pub(super) after: (&'a Merged, View),
}

impl<'a> Sides<'a> {
    pub(super) fn new(before: &'a Anatomy, after: &'a Anatomy) -> Self {
        let side = |anatomy: &'a Anatomy| {
            let merged = &anatomy.merged;
            let last = merged.last().unwrap_or(LayerNo(0));
            (merged, View::new(merged, last))
        };
        Self {
            before: side(before),
            after: side(after),
        }
    }

    pub(super) fn growth(&self) -> i64 {
        let bytes = |view: &View| signed(view.visible_bytes().0);
        bytes(&self.after.1).saturating_sub(bytes(&self.before.1))
    }
}

pub(super) fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

type ByDirectory = BTreeMap<Vec<u8>, i64>;

/// Visible bytes by the layer that wrote them, and by directory.
fn visible((merged, view): &(&Merged, View)) -> Vec<ByDirectory> {
    let mut all = vec![ByDirectory::new(); usize::from(merged.layers())];
    for (by, place) in all.iter_mut().zip(0..) {
        // By node first: paths are made once a directory.
        let mut nodes: BTreeMap<NodeId, u64> = BTreeMap::new();
        for id in merged.entries_of(LayerNo(place)) {
            if merged.is_visible(id, view.at())
                && let Some(node) = merged.node_of(id)
            {
                let weight = view.weight(merged, id).0;
                if weight > 0 {
                    *nodes.entry(directory(merged, node)).or_default() += weight;
                }
            }
        }
        by.extend(
            nodes
                .into_iter()
                .map(|(node, bytes)| (merged.path(node), signed(bytes))),
        );
    }
    all
}

/// The directory of a path, its first parts only.
fn directory(merged: &Merged, node: NodeId) -> NodeId {
    let mut above = Vec::new();
    let mut at = node;
    while let Some(up) = merged.parent(at) {
        above.push(up);
        at = up;
    }
    // From the path's own directory up to the root.
    let place = above.len().saturating_sub(PARTS + 1);
    above.get(place).copied().unwrap_or(NodeId::ROOT)
}

/// What each layer has to do with the growth.
pub(super) fn by_layer(sides: &Sides<'_>, shared: u16) -> Vec<LayerGrowth> {
    let (before, after) = (visible(&sides.before), visible(&sides.after));
    let mut all = Vec::new();
    let empty = ByDirectory::new();
    for place in 0..before.len().max(after.len()) {
        let Ok(number) = u16::try_from(place).map(LayerNo) else {
            break;
        };
        let of = |side: &'_ [ByDirectory]| side.get(place).cloned().unwrap_or_default();
        if number.0 < shared {
            all.push(grown(Which::Shared(number), &of(&before), &of(&after)));
        } else {
            all.push(grown(Which::Before(number), &of(&before), &empty));
            all.push(grown(Which::After(number), &empty, &of(&after)));
        }
    }
    all.retain(|it| it.growth != 0 || !it.directories.is_empty());
    all.sort_by_key(|it| Reverse(it.growth));
    all
}

fn grown(layer: Which, before: &ByDirectory, after: &ByDirectory) -> LayerGrowth {
    let mut sums = after.clone();
    for (path, bytes) in before {
        let sum = sums.entry(path.clone()).or_default();
        *sum = sum.saturating_sub(*bytes);
    }
    sums.retain(|_, bytes| *bytes != 0);
    let growth = sums
        .values()
        .fold(0, |sum: i64, it| sum.saturating_add(*it));
    let mut directories: Vec<_> = sums.into_iter().collect();
    directories.sort_by_key(|(_, bytes)| Reverse(bytes.unsigned_abs()));
    directories.truncate(DIRECTORIES);
    LayerGrowth {
        layer,
        growth,
        directories,
    }
}
