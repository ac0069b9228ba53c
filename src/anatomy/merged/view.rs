//! Sizes of directories after one layer, and the way to the next.

use super::node::{EntryId, LayerNo, Merged, NONE, NodeId};
use super::{Child, Entry};
use crate::anatomy::layer::index::Kind;
use crate::model::bytes::Bytes;

/// What is visible after one layer, with the sizes of its directories. Moving to another
/// layer costs what differs, and one pass over the directories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    at: LayerNo,
    /// By directory: of what lies in it itself.
    own: Vec<Sum>,
    /// By directory: of all below it.
    all: Vec<Sum>,
    /// By group of hard links: the name that its bytes are charged to.
    charged: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    bytes: u64,
    entries: u32,
}

impl View {
    /// Looks at an image after a layer.
    #[must_use]
    pub fn new(merged: &Merged, at: LayerNo) -> Self {
        let mut view = Self::empty(merged, at);
        merged.seen(at, |entry| view.count(merged, entry, true));
        view.settle(merged);
        view
    }

    fn empty(merged: &Merged, at: LayerNo) -> Self {
        Self {
            at,
            own: vec![Sum::default(); merged.directories.len()],
            all: Vec::new(),
            charged: vec![NONE; merged.links.len()],
        }
    }

    /// Which layer.
    #[must_use]
    pub const fn at(&self) -> LayerNo {
        self.at
    }

    /// Looks at the image after another layer.
    pub fn go(&mut self, merged: &Merged, to: LayerNo) {
        if merged.is_nearer_from_below(self.at, to) {
            *self = Self::new(merged, to);
            return;
        }
        merged.changes(self.at, to, |entry, comes| self.count(merged, entry, comes));
        self.at = to;
        self.settle(merged);
    }

    /// An entry comes or goes: in its directory.
    fn count(&mut self, merged: &Merged, entry: EntryId, comes: bool) {
        let Some(record) = merged.records.get(entry.0 as usize) else {
            return;
        };
        if record.node == 0 {
            // The root lies in no directory, and weighs nothing.
            return;
        }
        let bytes = if record.linked { 0 } else { record.size };
        let directory = directory_of(merged, record.node);
        if let Some(sum) = self.own.get_mut(directory as usize) {
            if comes {
                sum.bytes = sum.bytes.saturating_add(bytes);
                sum.entries = sum.entries.saturating_add(1);
            } else {
                sum.bytes = sum.bytes.saturating_sub(bytes);
                sum.entries = sum.entries.saturating_sub(1);
            }
        }
    }

    /// Charges hard-linked files to the first name that is visible, and sums up.
    fn settle(&mut self, merged: &Merged) {
        for (place, links) in merged.links.iter().enumerate() {
            let carrier = merged.carrier(links, self.at);
            let Some(charged) = self.charged.get_mut(place) else {
                continue;
            };
            let before = std::mem::replace(charged, carrier);
            if before == carrier {
                continue;
            }
            let size = merged
                .records
                .get(links.file as usize)
                .map_or(0, |record| record.size);
            for (name, comes) in [(before, false), (carrier, true)] {
                let Some(record) = merged.records.get(name as usize) else {
                    continue;
                };
                let directory = directory_of(merged, record.node) as usize;
                if let Some(sum) = self.own.get_mut(directory) {
                    sum.bytes = if comes {
                        sum.bytes.saturating_add(size)
                    } else {
                        sum.bytes.saturating_sub(size)
                    };
                }
            }
        }
        self.all.clone_from(&self.own);
        // Directories come behind their parents: from the last to the first, each adds to its own.
        for place in (1..self.all.len()).rev() {
            let (Some(sum), Some(directory)) =
                (self.all.get(place).copied(), merged.directories.get(place))
            else {
                continue;
            };
            let up = directory_of(merged, directory.node) as usize;
            if let Some(parent) = self.all.get_mut(up) {
                parent.bytes = parent.bytes.saturating_add(sum.bytes);
                parent.entries = parent.entries.saturating_add(sum.entries);
            }
        }
    }

    /// Bytes visible in the whole image.
    #[must_use]
    pub fn visible_bytes(&self) -> Bytes {
        Bytes(self.all.first().map_or(0, |sum| sum.bytes))
    }

    /// How many entries are visible below a path, without the path itself.
    #[must_use]
    pub fn entries(&self, merged: &Merged, node: NodeId) -> u32 {
        self.sum(merged, node).map_or(0, |sum| sum.entries)
    }

    fn sum(&self, merged: &Merged, node: NodeId) -> Option<Sum> {
        let directory = merged.nodes.get(node.0 as usize)?.directory;
        self.all.get(directory as usize).copied()
    }

    /// What a path weighs: a file its length, a directory all that lies below it. A file
    /// with several names weighs where its first visible name is, and nothing elsewhere.
    #[must_use]
    pub fn bytes(&self, merged: &Merged, node: NodeId) -> Bytes {
        let below = self.sum(merged, node).map_or(0, |sum| sum.bytes);
        let itself = merged
            .visible(node, self.at)
            .map_or(0, |entry| self.weight(merged, entry).0);
        Bytes(below.saturating_add(itself))
    }

    /// What an entry that is visible weighs by itself.
    #[must_use]
    pub fn weight(&self, merged: &Merged, entry: EntryId) -> Bytes {
        let Some(record) = merged.records.get(entry.0 as usize) else {
            return Bytes(0);
        };
        if !record.linked {
            return Bytes(record.size);
        }
        let group = merged.group_of(entry);
        let charged = group.and_then(|group| self.charged.get(group as usize));
        if charged == Some(&entry.0) {
            merged
                .entry(entry)
                .map_or(Bytes(0), |Entry { size, .. }| size)
        } else {
            Bytes(0)
        }
    }

    /// What is visible in a directory, in no order. A directory that has no entry of its
    /// own is there as long as something is in it.
    pub fn children<'a>(
        &'a self,
        merged: &'a Merged,
        node: NodeId,
    ) -> impl Iterator<Item = Child> + 'a {
        merged.every_child(node).filter_map(move |node| {
            let entry = merged.visible(node, self.at);
            let there = entry.is_some() || self.entries(merged, node) > 0;
            there.then_some(Child { node, entry })
        })
    }

    /// Whether a path is a directory after this layer.
    #[must_use]
    pub fn is_directory(&self, merged: &Merged, node: NodeId) -> bool {
        match merged
            .visible(node, self.at)
            .and_then(|it| merged.entry(it))
        {
            Some(entry) => entry.kind == Kind::Directory,
            None => node == NodeId::ROOT || self.entries(merged, node) > 0,
        }
    }
}

/// The directory a path lies in.
fn directory_of(merged: &Merged, node: u32) -> u32 {
    merged
        .nodes
        .get(node as usize)
        .and_then(|it| merged.nodes.get(it.parent as usize))
        .map_or(NONE, |parent| parent.directory)
}
