//! From what is seen after one layer to what is seen after another.

use super::node::{EntryId, LayerNo, Merged};

impl Merged {
    /// Every entry that is visible after a layer.
    pub fn seen(&self, at: LayerNo, mut each: impl FnMut(EntryId)) {
        for layer in 0..=at.0 {
            let entries = self.entries_of(LayerNo(layer));
            entries
                .filter(|entry| self.outlives(*entry, at))
                .for_each(&mut each);
        }
    }

    /// Every entry that is visible after one of two layers and not after the other, each
    /// once, and whether it comes.
    pub fn changes(&self, from: LayerNo, to: LayerNo, mut each: impl FnMut(EntryId, bool)) {
        let (low, high) = (from.min(to), from.max(to));
        let up = from < to;
        for layer in (low.0 + 1..=high.0).map(LayerNo) {
            // What was born in it is met here, and not where it died: it is not visible
            // after the lower one.
            for entry in self.entries_of(layer) {
                if self.outlives(entry, high) {
                    each(entry, up);
                }
            }
            // And what died in it, but was there before, is not visible after the higher.
            for entry in self.killed_by(layer) {
                if self.layer_of(entry) <= low {
                    each(entry, !up);
                }
            }
        }
    }

    /// Whether an entry of this layer or a lower one is visible after it.
    fn outlives(&self, entry: EntryId, at: LayerNo) -> bool {
        self.records
            .get(entry.0 as usize)
            .is_some_and(|record| !record.kind.removes() && record.died > at.0)
    }

    /// Whether it takes less to look at everything below a layer than at all that changes on
    /// the way to it.
    #[must_use]
    pub fn is_nearer_from_below(&self, from: LayerNo, to: LayerNo) -> bool {
        let entries = |low: u16, high: u16| -> usize {
            (low..high)
                .map(|layer| self.range(LayerNo(layer)).len())
                .sum()
        };
        let (low, high) = (from.min(to), from.max(to));
        entries(0, to.0 + 1) < entries(low.0 + 1, high.0 + 1)
    }

    /// Whether an entry has, or had, other names: then its bytes count at one of them.
    #[must_use]
    pub fn has_other_names(&self, id: EntryId) -> bool {
        self.records
            .get(id.0 as usize)
            .is_some_and(|record| record.linked)
    }
}
