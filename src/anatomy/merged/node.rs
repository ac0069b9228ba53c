//! The merged filesystem of an image, all layers at once.

use std::ops::Range;

use crate::anatomy::layer::index::{Attributes, Kind, Owner, ProgramAt};
use crate::anatomy::layer::names::{NameRef, Names};
use crate::model::bytes::Bytes;

/// The place of a layer in its image, from zero, empty ones not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LayerNo(pub u16);

impl LayerNo {
    /// After every layer: what has not died.
    pub(super) const NEVER: Self = Self(u16::MAX);
}

/// A path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) u32);

impl NodeId {
    /// The root of the filesystem.
    pub const ROOT: Self = Self(0);

    /// Its place among all paths, for tables that have a row a path.
    #[must_use]
    pub const fn place(self) -> usize {
        self.0 as usize
    }
}

/// What one layer has at one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub(super) u32);

/// No node, no entry, no directory.
pub(super) const NONE: u32 = u32::MAX;

/// A path of the image.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) parent: u32,
    pub(super) name: NameRef,
    /// Its newest entry.
    pub(super) newest: u32,
    /// Its place among the directories, if it ever was one.
    pub(super) directory: u32,
}

/// A path that was a directory in some layer, with or without an entry of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Directory {
    pub(super) node: u32,
    /// Where its children begin among all; they end where the next one's begin.
    pub(super) children: u32,
}

/// What one layer has at one path, compactly.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) node: u32,
    /// The entry before it at the same path.
    pub(super) older: u32,
    pub(super) size: u64,
    pub(super) payload: u64,
    pub(super) mode: u16,
    pub(super) owner: u16,
    pub(super) died: u16,
    pub(super) kind: Kind,
    /// Whether it shares its content with other names.
    pub(super) linked: bool,
}

/// The names of one file: hard links of each other. Their bytes count once.
#[derive(Clone, Debug)]
pub(super) struct Links {
    /// The entry with the content.
    pub(super) file: u32,
    /// All names in the order they came, the first included.
    pub(super) names: Vec<u32>,
}

/// Layers on top of each other.
#[derive(Debug)]
pub struct Merged {
    pub(super) names: Names,
    pub(super) nodes: Vec<Node>,
    /// Parents come before their children.
    pub(super) directories: Vec<Directory>,
    /// Every node but the root, directory by directory, each one's sorted by name.
    pub(super) children: Vec<u32>,
    pub(super) records: Vec<Record>,
    /// Where each layer's records begin, and where the last one's end.
    pub(super) starts: Vec<u32>,
    /// Records that died, by the layer they died in.
    pub(super) dead: Vec<u32>,
    /// Where each layer's dead begin in `dead`, and where the last one's end.
    pub(super) dead_starts: Vec<u32>,
    pub(super) owners: Vec<Owner>,
    pub(super) links: Vec<Links>,
    /// Which links a record is of, sorted by record.
    pub(super) linked: Vec<(u32, u32)>,
    /// Sorted by entry.
    pub(super) attributes: Vec<Attributes>,
    /// Sorted by entry; only what is visible in the end.
    pub(super) programs: Vec<ProgramAt>,
    /// Kept contents, compressed, sorted by entry; only what is visible in the end.
    pub(super) kept: Vec<(u32, Vec<u8>)>,
    /// Paths that a layer has below a symlink of a lower one, at most so many.
    pub(super) below_symlinks: Vec<EntryId>,
    /// Directories that a layer removes and brings again, at most so many.
    pub(super) readded: Vec<EntryId>,
}

/// One entry, spelled out.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Which.
    pub id: EntryId,
    /// Where.
    pub node: NodeId,
    /// The layer that has it.
    pub layer: LayerNo,
    /// The layer that replaced or removed it; nothing, when it is visible in the end. The
    /// same layer, where it has the path twice.
    pub died: Option<LayerNo>,
    /// What.
    pub kind: Kind,
    /// Permission bits.
    pub mode: u16,
    /// Whose.
    pub owner: Owner,
    /// Length of the file, also under its other names; zero for what is no file.
    pub size: Bytes,
    /// XXH3 of a file's content; a device's numbers.
    pub payload: u64,
    /// Where a symlink points, as written.
    pub target: Option<&'a [u8]>,
    /// Its extended attributes, where it has some.
    pub attributes: Option<&'a Attributes>,
}

/// A child of a directory, as it is at one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child {
    /// Its path.
    pub node: NodeId,
    /// Its entry there; a directory may have none of its own.
    pub entry: Option<EntryId>,
}

impl Merged {
    /// How many layers there are.
    #[must_use]
    pub fn layers(&self) -> u16 {
        u16::try_from(self.starts.len().saturating_sub(1)).unwrap_or(u16::MAX)
    }

    /// The uppermost layer; nothing, when there is none.
    #[must_use]
    pub fn last(&self) -> Option<LayerNo> {
        self.layers().checked_sub(1).map(LayerNo)
    }

    /// What the layers have at a path, newest first.
    pub fn history(&self, node: NodeId) -> impl Iterator<Item = EntryId> + '_ {
        let newest = self
            .nodes
            .get(node.0 as usize)
            .map_or(NONE, |node| node.newest);
        let some = |at: u32| ((at as usize) < self.records.len()).then_some(EntryId(at));
        std::iter::successors(some(newest), move |at| {
            some(self.records.get(at.0 as usize)?.older)
        })
    }

    /// What is visible at a path after a layer, whiteouts never.
    #[must_use]
    pub fn visible(&self, node: NodeId, at: LayerNo) -> Option<EntryId> {
        self.history(node).find(|entry| self.is_visible(*entry, at))
    }

    /// Whether an entry is visible after a layer.
    #[must_use]
    pub fn is_visible(&self, entry: EntryId, at: LayerNo) -> bool {
        self.records.get(entry.0 as usize).is_some_and(|record| {
            !record.kind.removes() && self.layer_of(entry) <= at && record.died > at.0
        })
    }

    /// The layer that has an entry.
    #[must_use]
    pub fn layer_of(&self, entry: EntryId) -> LayerNo {
        let after = self.starts.partition_point(|start| *start <= entry.0);
        LayerNo(u16::try_from(after.saturating_sub(1)).unwrap_or(u16::MAX))
    }

    /// The place of an entry among those of its layer, in the archive's order.
    #[must_use]
    pub fn place_in_layer(&self, entry: EntryId) -> u32 {
        let start = self.range(self.layer_of(entry)).start;
        entry.0.saturating_sub(start)
    }

    /// All entries of a layer, whiteouts included, in the archive's order.
    pub fn entries_of(&self, layer: LayerNo) -> impl Iterator<Item = EntryId> + use<> {
        let Range { start, end } = self.range(layer);
        (start..end).map(EntryId)
    }

    pub(super) fn range(&self, layer: LayerNo) -> Range<u32> {
        let at = |place: usize| self.starts.get(place).copied();
        let place = usize::from(layer.0);
        match (at(place), at(place + 1)) {
            (Some(start), Some(end)) => start..end,
            _ => 0..0,
        }
    }

    /// The entries that a layer replaced or removed, its own doubles included.
    pub fn killed_by(&self, layer: LayerNo) -> impl Iterator<Item = EntryId> + '_ {
        let at = |place: usize| self.dead_starts.get(place).copied().unwrap_or_default() as usize;
        let place = usize::from(layer.0);
        let range = at(place)..at(place + 1);
        self.dead
            .get(range)
            .unwrap_or_default()
            .iter()
            .map(|entry| EntryId(*entry))
    }

    /// What an entry is, and the bytes that it has itself: none under a further name.
    #[must_use]
    pub fn kind_and_size(&self, id: EntryId) -> Option<(Kind, u64)> {
        let record = self.records.get(id.0 as usize)?;
        Some((record.kind, record.size))
    }

    /// Files that have, or had, several names: the entry with the content, and its length.
    pub fn files_of_several_names(&self) -> impl Iterator<Item = (EntryId, u64)> + '_ {
        self.links.iter().filter_map(|links| {
            let file = EntryId(links.file);
            Some((file, self.kind_and_size(file)?.1))
        })
    }

    /// The path of an entry.
    #[must_use]
    pub fn node_of(&self, id: EntryId) -> Option<NodeId> {
        let record = self.records.get(id.0 as usize)?;
        Some(NodeId(record.node))
    }

    /// The entry before one at the same path.
    #[must_use]
    pub fn older(&self, id: EntryId) -> Option<EntryId> {
        let older = self.records.get(id.0 as usize)?.older;
        ((older as usize) < self.records.len()).then_some(EntryId(older))
    }

    /// The layer that replaced or removed an entry.
    #[must_use]
    pub fn died(&self, id: EntryId) -> Option<LayerNo> {
        let died = self.records.get(id.0 as usize)?.died;
        (died != LayerNo::NEVER.0).then_some(LayerNo(died))
    }

    /// Every entry there is, whiteouts included.
    pub fn every_entry(&self) -> impl Iterator<Item = EntryId> + use<> {
        (0..u32::try_from(self.records.len()).unwrap_or(u32::MAX)).map(EntryId)
    }

    /// An entry, spelled out.
    #[must_use]
    pub fn entry(&self, id: EntryId) -> Option<Entry<'_>> {
        let record = self.records.get(id.0 as usize)?;
        let target = (record.kind == Kind::Symlink)
            .then(|| self.names.get(NameRef::from_payload(record.payload)));
        let content = self.content_of(id);
        let file = self.links_of(id).map_or(id.0, |links| links.file);
        Some(Entry {
            id,
            node: NodeId(record.node),
            layer: self.layer_of(id),
            died: (record.died != LayerNo::NEVER.0).then_some(LayerNo(record.died)),
            kind: record.kind,
            mode: record.mode,
            owner: self
                .owners
                .get(usize::from(record.owner))
                .copied()
                .unwrap_or_default(),
            size: Bytes(content.map_or(0, |content| content.size)),
            payload: content.map_or(record.payload, |content| content.payload),
            target,
            // A hard link's own header seldom repeats those of the file.
            attributes: self
                .attributes_at(id.0)
                .or_else(|| self.attributes_at(file)),
        })
    }

    fn attributes_at(&self, entry: u32) -> Option<&Attributes> {
        let place = self
            .attributes
            .binary_search_by_key(&entry, |attributes| attributes.entry)
            .ok()?;
        self.attributes.get(place)
    }

    /// Gives back memory that is not needed once all layers are in.
    pub(super) fn shrink(&mut self) {
        self.names.shrink();
        self.nodes.shrink_to_fit();
        self.directories.shrink_to_fit();
        self.records.shrink_to_fit();
    }

    /// Σ length of the regular files in all layers: each name's own content once.
    #[must_use]
    pub fn layer_bytes(&self) -> Bytes {
        Bytes(self.records.iter().map(|record| record.size).sum())
    }

    /// Σ length of a layer's regular files.
    #[must_use]
    pub fn bytes_of(&self, layer: LayerNo) -> Bytes {
        let Range { start, end } = self.range(layer);
        let records = self.records.get(start as usize..end as usize);
        Bytes(records.unwrap_or_default().iter().map(|it| it.size).sum())
    }

    /// Paths that a layer has below a symlink of a lower one, the first of them.
    #[must_use]
    pub fn below_symlinks(&self) -> &[EntryId] {
        &self.below_symlinks
    }

    /// Directories that a layer removes and brings again, the first of them: overlay
    /// filesystems show what lower layers have inside, other engines do not.
    #[must_use]
    pub fn readded(&self) -> &[EntryId] {
        &self.readded
    }
}
