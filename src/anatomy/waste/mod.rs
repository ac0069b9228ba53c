//! What an image carries and does not show, and which layer pays for it.
//!
//! `reclaimable = Σ layer file bytes − bytes visible`: the sum of all contents that died. A
//! content with several names (hard links) dies with the last of them. Nothing here reads a
//! file; all of it follows from who was born and died in which layer.

pub mod dive;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use super::layer::index::Kind;
use super::merged::{Entry, EntryId, LayerNo, Merged, NodeId};
use crate::model::bytes::Bytes;

/// How many paths a [`Payment`] names.
const BIGGEST: usize = 5;

/// All that is wasted in an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Waste {
    /// Σ length of the regular files of all layers.
    pub layer_bytes: Bytes,
    /// What of it is visible in the end.
    pub visible_bytes: Bytes,
    /// By path, the most bytes first.
    pub paths: Vec<WastedPath>,
    /// By the layer that does it, the layer that wrote it and how; the most bytes first.
    pub payments: Vec<Payment>,
}

/// A path of which something is wasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WastedPath {
    /// Where. A file with several names is wasted at the first.
    pub node: NodeId,
    /// What of it is reclaimable.
    pub bytes: Bytes,
    /// How many contents the layers have for it, the visible one included.
    pub copies: u32,
}

/// How a content died.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// Nothing took its place: a whiteout, or something else where its directory was.
    Removed,
    /// Another content, or something that is no file, took its place.
    Replaced,
    /// The same content took its place.
    Rewritten(Change),
    /// Its own layer has the path again.
    Doubled,
}

/// What a layer changed about a file whose content it wrote again as it was. Nothing at all:
/// only its time, if even that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Change {
    /// Its permissions.
    pub mode: bool,
    /// Its owner or group.
    pub owner: bool,
    /// Its extended attributes.
    pub attributes: bool,
}

/// What one layer costs another: "step 7 deletes 212 MB that step 3 wrote".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The layer that does it.
    pub by: LayerNo,
    /// The layer that wrote the bytes, in vain.
    pub of: LayerNo,
    /// How.
    pub how: How,
    /// How many bytes.
    pub bytes: Bytes,
    /// How many contents.
    pub count: u64,
    /// The biggest of them, the first of `BIGGEST`.
    pub biggest: Vec<(NodeId, Bytes)>,
}

/// A content that is not visible in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dead {
    /// The entry that has it.
    pub entry: EntryId,
    /// Its path.
    pub node: NodeId,
    /// The layer that wrote it.
    pub of: LayerNo,
    /// The layer that did away with its last name.
    pub by: LayerNo,
    /// Its length.
    pub bytes: Bytes,
    /// How.
    pub how: How,
}

impl Waste {
    /// Works it out.
    #[must_use]
    pub fn of(merged: &Merged) -> Self {
        let mut sum = Summing::default();
        for node in merged.every_node() {
            sum.path(merged, node);
        }
        let layer_bytes = merged.layer_bytes();
        let Summing {
            mut paths,
            payments,
            reclaimable,
        } = sum;
        paths.sort_unstable_by_key(|it| (std::cmp::Reverse(it.bytes), it.node));
        let mut payments: Vec<Payment> = payments.into_values().collect();
        payments.sort_unstable_by_key(|it| (std::cmp::Reverse(it.bytes), it.by, it.of, it.how));
        Self {
            layer_bytes,
            visible_bytes: Bytes(layer_bytes.0.saturating_sub(reclaimable)),
            paths,
            payments,
        }
    }

    /// Bytes in layers that the merged filesystem does not show.
    #[must_use]
    pub fn reclaimable(&self) -> Bytes {
        Bytes(self.layer_bytes.0.saturating_sub(self.visible_bytes.0))
    }

    /// The share of the layers' bytes that is visible; one, when there are none. (dive's is
    /// another: [`dive`].)
    #[must_use]
    pub fn efficiency(&self) -> f64 {
        share(self.visible_bytes.0, self.layer_bytes.0).unwrap_or(1.0)
    }

    /// What a layer costs the layers below it, its own doubles not counted.
    #[must_use]
    pub fn caused_below(&self, layer: LayerNo) -> Bytes {
        let below = |it: &&Payment| it.by == layer && it.of != layer;
        total(self.payments.iter().filter(below))
    }

    /// What of a layer is dead in the end, by whom, the most bytes first.
    #[must_use]
    pub fn dead_of(&self, layer: LayerNo) -> Vec<(LayerNo, Bytes)> {
        let mut by: HashMap<LayerNo, Bytes> = HashMap::new();
        for payment in self.payments.iter().filter(|it| it.of == layer) {
            *by.entry(payment.by).or_default() += payment.bytes;
        }
        let mut all: Vec<_> = by.into_iter().collect();
        all.sort_unstable_by_key(|(by, bytes)| (std::cmp::Reverse(*bytes), *by));
        all
    }
}

fn total<'a>(payments: impl Iterator<Item = &'a Payment>) -> Bytes {
    payments.fold(Bytes(0), |sum, it| sum + it.bytes)
}

/// A share of a whole; nothing of nothing is no share.
pub(super) fn share(part: u64, whole: u64) -> Option<f64> {
    // Shares are shown with two digits or three: what is lost beyond 2⁵³ does not show.
    #[allow(clippy::cast_precision_loss)]
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[derive(Default)]
struct Summing {
    paths: Vec<WastedPath>,
    payments: HashMap<(LayerNo, LayerNo, How), Payment>,
    reclaimable: u64,
}

impl Summing {
    fn path(&mut self, merged: &Merged, node: NodeId) {
        let (mut bytes, mut copies) = (0_u64, 0);
        for id in merged.history(node) {
            let Some((Kind::File, size)) = merged.kind_and_size(id) else {
                continue;
            };
            copies += 1;
            if size == 0 {
                continue;
            }
            if let Some(dead) = dead(merged, id) {
                bytes = bytes.saturating_add(dead.bytes.0);
                self.pay(&dead);
            }
        }
        if bytes > 0 {
            self.reclaimable = self.reclaimable.saturating_add(bytes);
            self.paths.push(WastedPath {
                node,
                bytes: Bytes(bytes),
                copies,
            });
        }
    }

    fn pay(&mut self, dead: &Dead) {
        let key = (dead.by, dead.of, dead.how);
        let payment = self.payments.entry(key).or_insert_with(|| Payment {
            by: dead.by,
            of: dead.of,
            how: dead.how,
            bytes: Bytes(0),
            count: 0,
            biggest: Vec::new(),
        });
        payment.bytes += dead.bytes;
        payment.count += 1;
        let biggest = &mut payment.biggest;
        let place = biggest.partition_point(|(_, bytes)| *bytes >= dead.bytes);
        if place < BIGGEST {
            biggest.insert(place, (dead.node, dead.bytes));
            biggest.truncate(BIGGEST);
        }
    }
}

/// How a file's content died; nothing, when it is visible in the end. `id` is the entry that
/// has the content, not another name of it.
#[must_use]
pub fn dead(merged: &Merged, id: EntryId) -> Option<Dead> {
    let by = merged.content_died(id)?;
    let entry = merged.entry(id)?;
    // How it died is how its last name did.
    let went = |name: &EntryId| merged.died(*name) == Some(by);
    let last = merged.names_of(id).find(went).unwrap_or(id);
    Some(Dead {
        entry: id,
        node: entry.node,
        of: entry.layer,
        by,
        bytes: entry.size,
        how: how(merged, &entry, last, by),
    })
}

fn how(merged: &Merged, content: &Entry<'_>, last: EntryId, by: LayerNo) -> How {
    if content.layer == by {
        return How::Doubled;
    }
    let Some(name) = merged.entry(last) else {
        return How::Removed;
    };
    let Some(next) = merged
        .visible(name.node, by)
        .and_then(|it| merged.entry(it))
    else {
        return How::Removed;
    };
    let same = matches!(next.kind, Kind::File | Kind::HardLink)
        && (next.size, next.payload) == (content.size, content.payload);
    if !same {
        return How::Replaced;
    }
    let hash = |entry: &Entry<'_>| entry.attributes.map(|attributes| attributes.hash);
    How::Rewritten(Change {
        mode: next.mode != name.mode,
        owner: next.owner != name.owner,
        attributes: hash(&next) != hash(&name),
    })
}

/// The layers that wrote a path, the lowest first, each once.
#[must_use]
pub fn written_by(merged: &Merged, node: NodeId) -> Vec<LayerNo> {
    let mut layers: Vec<LayerNo> = merged.history(node).map(|it| merged.layer_of(it)).collect();
    layers.reverse();
    layers.dedup();
    layers
}
