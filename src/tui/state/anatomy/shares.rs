//! Which layers wrote what is seen in each directory: the colours of a map.

use std::collections::HashMap;

use crate::anatomy::merged::{LayerNo, Merged, NodeId, View as Sizes};

/// More numbers than this are not kept: then a directory has no colours of its own.
const MOST: usize = 1 << 23;

/// What each layer wrote of what is seen in each directory.
#[derive(Clone, Debug)]
pub(crate) struct Shares {
    /// After which layer.
    pub(crate) at: LayerNo,
    layers: usize,
    /// The place of each directory in `bytes`.
    places: HashMap<NodeId, usize>,
    bytes: Vec<u64>,
}

impl Shares {
    /// Looks through all that is visible after a layer.
    pub(crate) fn of(merged: &Merged, sizes: &Sizes) -> Self {
        let layers = usize::from(merged.layers());
        let mut shares = Self {
            at: sizes.at(),
            layers,
            places: HashMap::new(),
            bytes: Vec::new(),
        };
        for node in merged.every_node() {
            let Some(entry) = merged.visible(node, sizes.at()) else {
                continue;
            };
            let weight = sizes.weight(merged, entry).0;
            let (Some(parent), true) = (merged.parent(node), weight > 0) else {
                continue;
            };
            let Some(place) = shares.place(merged, parent) else {
                return shares.without();
            };
            let layer = usize::from(merged.layer_of(entry).0);
            if let Some(slot) = shares.bytes.get_mut(place * layers + layer) {
                *slot = slot.saturating_add(weight);
            }
        }
        shares.carry_up(merged);
        shares
    }

    fn without(mut self) -> Self {
        self.places.clear();
        self.bytes.clear();
        self
    }

    /// The place of a directory, made for it and all above it where there is none.
    fn place(&mut self, merged: &Merged, node: NodeId) -> Option<usize> {
        let mut at = Some(node);
        while let Some(one) = at.filter(|it| !self.places.contains_key(it)) {
            let place = self.places.len();
            let end = (place + 1).checked_mul(self.layers)?;
            if end > MOST {
                return None;
            }
            self.bytes.resize(end, 0);
            self.places.insert(one, place);
            at = merged.parent(one);
        }
        self.places.get(&node).copied()
    }

    /// Adds what is in each directory to the one it is in.
    fn carry_up(&mut self, merged: &Merged) {
        let mut order: Vec<NodeId> = self.places.keys().copied().collect();
        // Directories come before what is in them.
        order.sort_unstable_by_key(|node| std::cmp::Reverse(*node));
        for node in order {
            let from = self.places.get(&node).copied();
            let up = merged.parent(node);
            let to = up.and_then(|up| self.places.get(&up).copied());
            let (Some(from), Some(to)) = (from, to) else {
                continue;
            };
            for layer in 0..self.layers {
                let below = self.bytes.get(from * self.layers + layer);
                let below = below.copied().unwrap_or_default();
                if let Some(slot) = self.bytes.get_mut(to * self.layers + layer) {
                    *slot = slot.saturating_add(below);
                }
            }
        }
    }

    fn row(&self, place: usize) -> &[u64] {
        let start = place * self.layers;
        self.bytes
            .get(start..start + self.layers)
            .unwrap_or_default()
    }

    /// What each layer wrote of what is seen in a directory, the lowest first; nothing, where
    /// that is not known.
    pub(crate) fn in_directory(&self, node: NodeId) -> &[u64] {
        self.places
            .get(&node)
            .map_or(&[][..], |place| self.row(*place))
    }
}
