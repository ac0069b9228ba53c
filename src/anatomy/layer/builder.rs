//! Putting a layer's index together, entry by entry.

use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::sync::LazyLock;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::index::{
    Attributes, Kept, Kind, LayerEntry, LayerIndex, LocalNode, Oddity, OddityAt, Owner, ProgramAt,
};
use super::names::Names;
use super::program::Program;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;

/// A layer being read.
pub struct LayerBuilder {
    index: LayerIndex,
    /// Nodes by parent and name.
    lookup: HashTable<u32>,
    owners: HashMap<Owner, u16>,
}

/// What an entry of a kind carries besides its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// Nothing: a directory, a pipe, a whiteout.
    None,
    /// XXH3 of the content of a regular file.
    Content(u64),
    /// Where a symlink points, as written.
    Symlink(&'a [u8]),
    /// Which path a hard link is another name of.
    HardLink(LocalNode),
    /// A device's numbers.
    Device {
        /// Major.
        major: u32,
        /// Minor.
        minor: u32,
    },
}

/// One entry to add.
#[derive(Clone, Copy, Debug)]
pub struct NewEntry<'a> {
    /// Where; for a whiteout the path it removes.
    pub node: LocalNode,
    /// What.
    pub kind: Kind,
    /// Permission bits.
    pub mode: u16,
    /// Whose.
    pub owner: Owner,
    /// Length of a regular file; zero for everything else.
    pub size: u64,
    /// What it carries.
    pub payload: Payload<'a>,
}

/// The layer has more names or entries than karat can count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more names than can be counted")]
pub struct TooMany;

impl Default for LayerBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl LayerBuilder {
    /// An empty layer.
    #[must_use]
    pub fn new() -> Self {
        let mut names = Names::default();
        let root = names.add(b"").unwrap_or_default();
        Self {
            index: LayerIndex {
                diff_id: Digest::of(b""),
                tar_bytes: Bytes(0),
                names,
                nodes: vec![(0, root)],
                entries: Vec::new(),
                owners: Vec::new(),
                attributes: Vec::new(),
                kept: Vec::new(),
                programs: Vec::new(),
                oddities: Vec::new(),
                oddity_count: 0,
            },
            lookup: HashTable::new(),
            owners: HashMap::new(),
        }
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.entries.is_empty()
    }

    /// The node of a child, made where it is missing.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn child(&mut self, parent: LocalNode, name: &[u8]) -> Result<LocalNode, TooMany> {
        let LayerIndex { names, nodes, .. } = &mut self.index;
        let hash = hash(parent.0, name);
        let same = |node: &u32| {
            nodes
                .get(*node as usize)
                .is_some_and(|(up, at)| *up == parent.0 && names.get(*at) == name)
        };
        if let Some(found) = self.lookup.find(hash, same) {
            return Ok(LocalNode(*found));
        }
        let node = u32::try_from(nodes.len()).map_err(|_| TooMany)?;
        let at = names.add(name).ok_or(TooMany)?;
        nodes.push((parent.0, at));
        let rehash = |node: &u32| {
            nodes
                .get(*node as usize)
                .map_or(0, |(up, at)| self::hash(*up, names.get(*at)))
        };
        self.lookup.insert_unique(hash, node, rehash);
        Ok(LocalNode(node))
    }

    /// The node of a path whose parts are already normal (no `.`, `..` or empty part).
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn node<'p>(
        &mut self,
        parts: impl IntoIterator<Item = &'p [u8]>,
    ) -> Result<LocalNode, TooMany> {
        parts
            .into_iter()
            .try_fold(LocalNode::ROOT, |parent, name| self.child(parent, name))
    }

    /// Adds an entry; answers its place.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn add(&mut self, new: NewEntry<'_>) -> Result<u32, TooMany> {
        let place = u32::try_from(self.index.entries.len()).map_err(|_| TooMany)?;
        let payload = match new.payload {
            Payload::None => 0,
            Payload::Content(hash) => hash,
            Payload::Symlink(target) => self.index.names.add(target).ok_or(TooMany)?.payload(),
            Payload::HardLink(node) => u64::from(node.0),
            Payload::Device { major, minor } => u64::from(major) << 32 | u64::from(minor),
        };
        let owner = self.owner(new.owner)?;
        self.index.entries.push(LayerEntry {
            node: new.node,
            kind: new.kind,
            mode: new.mode,
            owner,
            size: new.size,
            payload,
        });
        Ok(place)
    }

    fn owner(&mut self, owner: Owner) -> Result<u16, TooMany> {
        if let Some(place) = self.owners.get(&owner) {
            return Ok(*place);
        }
        let place = u16::try_from(self.index.owners.len()).map_err(|_| TooMany)?;
        self.index.owners.push(owner);
        self.owners.insert(owner, place);
        Ok(place)
    }

    /// Says which extended attributes an entry has.
    pub fn attributes(&mut self, entry: u32, hash: u64, capability: Option<Vec<u8>>) {
        self.index.attributes.push(Attributes {
            entry,
            hash,
            capability,
        });
    }

    /// Keeps the content of a file that explains others, compressed with zstd.
    pub fn keep(&mut self, entry: u32, packed: Vec<u8>) {
        self.index.kept.push(Kept { entry, packed });
    }

    /// Says what a program is.
    pub fn program(&mut self, entry: u32, program: Program) {
        self.index.programs.push(ProgramAt { entry, program });
    }

    /// Notes an oddity.
    pub fn oddity(&mut self, what: Oddity, path: &[u8]) {
        self.index.oddity_count += 1;
        if self.index.oddities.len() < LayerIndex::ODDITIES {
            self.index.oddities.push(OddityAt {
                what,
                path: path.to_vec(),
            });
        }
    }

    /// The layer, once its archive has been read to its end.
    #[must_use]
    pub fn finish(mut self, diff_id: Digest, tar_bytes: Bytes) -> LayerIndex {
        self.index.diff_id = diff_id;
        self.index.tar_bytes = tar_bytes;
        self.index.names.shrink();
        self.index.nodes.shrink_to_fit();
        self.index.entries.shrink_to_fit();
        self.index
    }
}

/// A child's place in a table of names: another in each run of karat, for a layer is made by
/// anybody, and could bring a million names that meet in one place.
pub(in crate::anatomy) fn hash(parent: u32, name: &[u8]) -> u64 {
    static SEED: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);
    SEED.hash_one((parent, name))
}
