//! Which layers wrote what is seen in each directory: the colours of a map.

use crate::anatomy::merged::{EntryId, LayerNo, Merged, NodeId, View as Sizes};

/// More numbers than this are not kept: then a directory has no colours of its own.
const MOST: usize = 1 << 21;

/// What each layer wrote of what is seen in each directory.
#[derive(Clone, Debug)]
pub(crate) struct Shares {
    /// After which layer.
    pub(crate) at: LayerNo,
    layers: usize,
    /// By directory and layer: of the files of one name that lie in it itself.
    own: Vec<u64>,
    /// By directory and layer: of all below it.
    all: Vec<u64>,
    /// Both after the last layer: one comes back to it all the time.
    whole: Option<(Vec<u64>, Vec<u64>)>,
}

impl Shares {
    /// Looks through all that is visible after a layer.
    pub(crate) fn of(merged: &Merged, sizes: &Sizes) -> Self {
        let layers = usize::from(merged.layers());
        let rows = merged.directory_count().checked_mul(layers);
        let mut shares = Self {
            at: sizes.at(),
            layers,
            own: vec![0; rows.filter(|rows| *rows <= MOST).unwrap_or(0)],
            all: Vec::new(),
            whole: None,
        };
        merged.seen(sizes.at(), |entry| shares.count(merged, entry, true));
        shares.settle(merged, sizes);
        if merged.last() == Some(shares.at) {
            shares.whole = Some((shares.own.clone(), shares.all.clone()));
        }
        shares
    }

    /// Looks at what is visible after another layer: only what differs is counted.
    pub(crate) fn go(&mut self, merged: &Merged, sizes: &Sizes) {
        let to = sizes.at();
        if let Some((own, all)) = &self.whole
            && merged.last() == Some(to)
        {
            self.own.clone_from(own);
            self.all.clone_from(all);
            self.at = to;
            return;
        }
        if merged.is_nearer_from_below(self.at, to) {
            let whole = self.whole.take();
            *self = Self::of(merged, sizes);
            self.whole = self.whole.take().or(whole);
            return;
        }
        merged.changes(self.at, to, |entry, comes| self.count(merged, entry, comes));
        self.at = to;
        self.settle(merged, sizes);
    }

    /// The place of the directory an entry lies in, and of its layer there.
    fn place(&self, merged: &Merged, entry: EntryId) -> Option<usize> {
        let directory = merged.directory_of(merged.parent(merged.node_of(entry)?)?)?;
        Some(directory * self.layers + usize::from(merged.layer_of(entry).0))
    }

    fn count(&mut self, merged: &Merged, entry: EntryId, comes: bool) {
        if merged.has_other_names(entry) {
            return;
        }
        let Some((_, size)) = merged.kind_and_size(entry).filter(|(_, size)| *size > 0) else {
            return;
        };
        let place = self.place(merged, entry);
        if let Some(slot) = place.and_then(|place| self.own.get_mut(place)) {
            *slot = if comes {
                slot.saturating_add(size)
            } else {
                slot.saturating_sub(size)
            };
        }
    }

    /// Adds files of several names where they weigh, and each directory to the one it is in.
    fn settle(&mut self, merged: &Merged, sizes: &Sizes) {
        self.all.clone_from(&self.own);
        for (file, size) in merged.files_of_several_names() {
            let mut names = merged.names_of(file);
            let name = names.find(|name| sizes.weight(merged, *name).0 > 0);
            let place = name.and_then(|name| self.place(merged, name));
            if let Some(slot) = place.and_then(|place| self.all.get_mut(place)) {
                *slot = slot.saturating_add(size);
            }
        }
        // Directories come behind the ones they are in.
        for from in (1..merged.directory_count()).rev() {
            let Some(to) = merged.directory_above(from) else {
                continue;
            };
            for layer in 0..self.layers {
                let below = self.all.get(from * self.layers + layer);
                let below = below.copied().unwrap_or_default();
                if let Some(slot) = self.all.get_mut(to * self.layers + layer) {
                    *slot = slot.saturating_add(below);
                }
            }
        }
    }

    /// What each layer wrote of what is seen in a directory, the lowest first; nothing, where
    /// that is not known.
    pub(crate) fn in_directory(&self, merged: &Merged, node: NodeId) -> &[u64] {
        let start = merged.directory_of(node).map(|place| place * self.layers);
        let row = start.and_then(|start| self.all.get(start..start + self.layers));
        row.filter(|row| row.iter().any(|bytes| *bytes > 0))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::sketch;

    #[test]
    fn the_way_to_a_layer_leads_to_what_is_seen_there() {
        let merged = sketch::merged(&[
            "f a/b/one 100 1\nf a/two 50 2\nh a/b/also a/b/one\nf c 7 3",
            "w a/two\nf a/b/three 30 4\nf c 9 5",
            "w a/b/one\nf d/four 20 6",
            "o a\nf a/new 5 7",
            "f a/b/one 100 1\nf c 7 3",
        ]);
        let at = |layer: u16| Sizes::new(&merged, LayerNo(layer));
        for from in 0..5 {
            for to in 0..5 {
                let mut walked = Shares::of(&merged, &at(from));
                walked.go(&merged, &at(to));
                let looked = Shares::of(&merged, &at(to));
                assert_eq!(walked.all, looked.all, "{from} to {to}");
                let root: u64 = looked.in_directory(&merged, NodeId::ROOT).iter().sum();
                assert_eq!(root, at(to).visible_bytes().0, "{from} to {to}");
                // And back to the whole image, which is remembered.
                let mut back = Shares::of(&merged, &at(4));
                for layer in [from, to, 4] {
                    back.go(&merged, &at(layer));
                }
                assert_eq!(back.all, Shares::of(&merged, &at(4)).all, "{from}, {to}");
            }
        }
    }
}
