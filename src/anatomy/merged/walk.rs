//! From what is seen after one layer to what is seen after another.

use super::node::{EntryId, LayerNo, Merged};

impl Merged {
    /// Every entry that is visible after a layer.
    pub fn seen(&self, at: LayerNo, mut each: impl FnMut(EntryId)) {
        for layer in 0..=at.0 {
            let entries = self.entries_of(LayerNo(layer));
            entries
                .filter(|entry| self.is_visible(*entry, at))
                .for_each(&mut each);
        }
    }

    /// Every entry that is visible after one of two layers and not after the other, each
    /// once, and whether it comes.
    pub fn changes(&self, from: LayerNo, to: LayerNo, mut each: impl FnMut(EntryId, bool)) {
        let (low, high) = (from.min(to), from.max(to));
        for layer in (low.0 + 1..=high.0).map(LayerNo) {
            // What was born in it is met here, and not where it died.
            for entry in self.entries_of(layer) {
                self.change(entry, (from, to), &mut each);
            }
            for entry in self.killed_by(layer) {
                if self.layer_of(entry) <= low {
                    self.change(entry, (from, to), &mut each);
                }
            }
        }
    }

    fn change(
        &self,
        entry: EntryId,
        (from, to): (LayerNo, LayerNo),
        each: &mut impl FnMut(EntryId, bool),
    ) {
        let (was, is) = (self.is_visible(entry, from), self.is_visible(entry, to));
        if was != is {
            each(entry, is);
        }
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
