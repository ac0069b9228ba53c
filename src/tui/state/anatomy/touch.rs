//! What one layer did, path by path.

use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{Entry, EntryId, LayerNo, Merged, NodeId};
use crate::model::bytes::Bytes;

/// What a layer did at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mark {
    /// It was not there before.
    Added,
    /// It was there, and is another now.
    Changed,
    /// It was there, and is gone.
    Removed,
}

impl Mark {
    /// All of them, in the order of their keys.
    pub(crate) const ALL: [Self; 3] = [Self::Added, Self::Changed, Self::Removed];

    /// Its sign.
    pub(crate) const fn sign(self) -> &'static str {
        match self {
            Self::Added => "+",
            Self::Changed => "~",
            Self::Removed => "-",
        }
    }

    /// In a word.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Added => 1,
            Self::Changed => 2,
            Self::Removed => 4,
        }
    }
}

/// What was done at a path itself, and anywhere in it.
#[derive(Clone, Copy, Debug, Default)]
struct Spot {
    itself: u8,
    inside: u8,
}

/// What one layer did, path by path.
#[derive(Clone, Debug)]
pub(crate) struct Touch {
    /// Which layer.
    pub(crate) layer: LayerNo,
    spots: Vec<Spot>,
    /// By path: what the layer has there and below.
    brought: Vec<u64>,
    /// By path: what it took away there and below.
    taken: Vec<u64>,
}

impl Touch {
    /// Looks at a layer.
    pub(crate) fn of(merged: &Merged, layer: LayerNo) -> Self {
        let paths = merged.len();
        let mut touch = Self {
            layer,
            spots: vec![Spot::default(); paths],
            brought: vec![0; paths],
            taken: vec![0; paths],
        };
        for entry in merged.entries_of(layer).filter_map(|id| merged.entry(id)) {
            touch.bring(merged, &entry);
        }
        for entry in merged.killed_by(layer).filter_map(|id| merged.entry(id)) {
            touch.take(merged, &entry);
        }
        touch.sum_up(merged);
        touch
    }

    fn bring(&mut self, merged: &Merged, entry: &Entry<'_>) {
        if entry.kind.removes() || entry.died == Some(self.layer) {
            return;
        }
        let mark = match before(merged, entry.node, self.layer) {
            None => Mark::Added,
            // Layers list the directories of what they bring, as they were.
            Some(old) if same_directory(&old, entry) => return,
            Some(_) => Mark::Changed,
        };
        let size = if entry.kind == Kind::File {
            entry.size.0
        } else {
            0
        };
        if let Some(brought) = self.brought.get_mut(entry.node.place()) {
            *brought += size;
        }
        self.mark(entry.node, mark);
    }

    fn take(&mut self, merged: &Merged, entry: &Entry<'_>) {
        if entry.layer >= self.layer || merged.visible(entry.node, self.layer).is_some() {
            return;
        }
        let size = if entry.kind == Kind::File {
            entry.size.0
        } else {
            0
        };
        if let Some(taken) = self.taken.get_mut(entry.node.place()) {
            *taken += size;
        }
        self.mark(entry.node, Mark::Removed);
    }

    fn mark(&mut self, node: NodeId, mark: Mark) {
        if let Some(spot) = self.spots.get_mut(node.place()) {
            spot.itself |= mark.bit();
        }
    }

    /// Carries everything up, from the deepest paths to the root.
    fn sum_up(&mut self, merged: &Merged) {
        for node in merged.every_node().rev() {
            let Some(parent) = merged.parent(node) else {
                continue;
            };
            let (at, up) = (node.place(), parent.place());
            let spot = self.spots.get(at).copied().unwrap_or_default();
            if let Some(above) = self.spots.get_mut(up) {
                above.inside |= spot.itself | spot.inside;
            }
            for sums in [&mut self.brought, &mut self.taken] {
                let below = sums.get(at).copied().unwrap_or_default();
                if let Some(above) = sums.get_mut(up) {
                    *above += below;
                }
            }
        }
    }

    fn spot(&self, node: NodeId) -> Spot {
        self.spots.get(node.place()).copied().unwrap_or_default()
    }

    /// What was done at a path itself.
    pub(crate) fn mark_of(&self, node: NodeId) -> Option<Mark> {
        let spot = self.spot(node);
        Mark::ALL
            .into_iter()
            .rev()
            .find(|mark| spot.itself & mark.bit() != 0)
    }

    /// Whether this was done at a path or anywhere in it.
    pub(crate) fn has(&self, node: NodeId, mark: Mark) -> bool {
        let spot = self.spot(node);
        (spot.itself | spot.inside) & mark.bit() != 0
    }

    /// Whether anything was done at a path or in it.
    pub(crate) fn any(&self, node: NodeId) -> bool {
        let spot = self.spot(node);
        spot.itself | spot.inside != 0
    }

    /// Bytes that the layer has at a path and in it.
    pub(crate) fn brought(&self, node: NodeId) -> Bytes {
        Bytes(self.brought.get(node.place()).copied().unwrap_or_default())
    }

    /// Bytes that the layer took away at a path and in it.
    pub(crate) fn taken(&self, node: NodeId) -> Bytes {
        Bytes(self.taken.get(node.place()).copied().unwrap_or_default())
    }
}

/// What was visible at a path below a layer.
fn before(merged: &Merged, node: NodeId, layer: LayerNo) -> Option<Entry<'_>> {
    let below = LayerNo(layer.0.checked_sub(1)?);
    let found: EntryId = merged.visible(node, below)?;
    merged.entry(found)
}

fn same_directory(old: &Entry<'_>, new: &Entry<'_>) -> bool {
    old.kind == Kind::Directory
        && new.kind == Kind::Directory
        && (old.mode, old.owner) == (new.mode, new.owner)
}
