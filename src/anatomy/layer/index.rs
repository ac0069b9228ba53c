//! What one layer's archive holds, compactly: no heap object per file.

use serde::{Deserialize, Serialize};

use super::names::{NameRef, Names};
use super::program::Program;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;

/// A path inside one layer: its place in [`LayerIndex`]'s tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LocalNode(pub u32);

impl LocalNode {
    /// The root of the filesystem.
    pub const ROOT: Self = Self(0);
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file, sparse ones included.
    File,
    /// Another name for a file.
    HardLink,
    /// A symbolic link.
    Symlink,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
    /// A named pipe.
    Fifo,
    /// `.wh.NAME`: the path is removed from the layers below.
    Whiteout,
    /// `.wh..wh..opq`: what the layers below have inside this directory is removed.
    Opaque,
}

impl Kind {
    /// Whether it says what is *not* there.
    #[must_use]
    pub const fn removes(self) -> bool {
        matches!(self, Self::Whiteout | Self::Opaque)
    }
}

/// Who a file belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Owner {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// One entry of the archive. Whiteouts stand at the path they remove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerEntry {
    /// Where.
    pub node: LocalNode,
    /// What.
    pub kind: Kind,
    /// Permission bits, setuid, setgid and sticky included (the low twelve of `st_mode`).
    pub mode: u16,
    /// Index into the layer's owners.
    pub(in crate::anatomy) owner: u16,
    /// Length of a regular file as a reader of it sees it (holes of a sparse one included);
    /// zero for everything else.
    pub size: u64,
    /// By kind: XXH3 of a file's content; a hard link's target (a local node); a symlink's
    /// target (a name); a device's major and minor number; zero.
    pub(in crate::anatomy) payload: u64,
}

/// Extended attributes of an entry, which few have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    /// Which entry, by its place.
    pub entry: u32,
    /// XXH3 of all names and values, sorted by name.
    pub hash: u64,
    /// The value of `security.capability`, where there is one.
    pub capability: Option<Vec<u8>>,
}

/// The content of a file that explains others: a package database, say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Which entry, by its place.
    pub entry: u32,
    /// Its content, whole, compressed with zstd.
    pub packed: Vec<u8>,
}

/// What is known of a program from its own content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramAt {
    /// Which entry, by its place.
    pub entry: u32,
    /// What.
    pub program: Program,
}

/// Something odd about the archive that a reader should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Oddity {
    /// The path was absolute or had `..` in it; it is listed where it leads within the root.
    NormalisedPath,
    /// Metadata of aufs, which engines leave out; listed nowhere, its bytes not counted.
    AufsMetadata,
    /// A type of entry that is not known; taken for a regular file, as POSIX asks.
    UnknownType,
    /// A file explains others, but was too large to be kept.
    TooLargeToKeep,
    /// The path leads to the root itself, or is a whiteout of nothing; listed nowhere.
    NoPath,
}

/// An oddity, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OddityAt {
    /// Which.
    pub what: Oddity,
    /// The path as the archive writes it.
    pub path: Vec<u8>,
}

/// One layer, read once in its life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerIndex {
    /// SHA-256 of the uncompressed archive.
    pub diff_id: Digest,
    /// Length of the uncompressed archive.
    pub tar_bytes: Bytes,
    pub(in crate::anatomy) names: Names,
    /// Parent of each node and its name; the root is its own parent. Parents come first.
    pub(in crate::anatomy) nodes: Vec<(u32, NameRef)>,
    /// In the archive's order.
    pub(in crate::anatomy) entries: Vec<LayerEntry>,
    pub(in crate::anatomy) owners: Vec<Owner>,
    /// Sorted by entry.
    pub(in crate::anatomy) attributes: Vec<Attributes>,
    /// Sorted by entry.
    pub(in crate::anatomy) kept: Vec<Kept>,
    /// Sorted by entry.
    pub(in crate::anatomy) programs: Vec<ProgramAt>,
    /// At most [`Self::ODDITIES`] are kept; how many there were is [`Self::oddity_count`].
    pub oddities: Vec<OddityAt>,
    /// How many oddities there were.
    pub oddity_count: u64,
}

impl LayerIndex {
    /// How many oddities are kept of a layer.
    pub const ODDITIES: usize = 64;

    /// Every entry, in the archive's order.
    #[must_use]
    pub fn entries(&self) -> &[LayerEntry] {
        &self.entries
    }

    /// Σ length of its regular files.
    #[must_use]
    pub fn file_bytes(&self) -> Bytes {
        Bytes(self.entries.iter().map(|entry| entry.size).sum())
    }

    /// The path of a node, without a leading slash; the root is empty.
    #[must_use]
    pub fn path(&self, node: LocalNode) -> Vec<u8> {
        let mut parts = Vec::new();
        let mut at = node.0;
        while at != 0 {
            let Some((parent, name)) = self.nodes.get(at as usize) else {
                break;
            };
            parts.push(self.names.get(*name));
            at = *parent;
        }
        parts.reverse();
        parts.join(&b'/')
    }

    /// Who an entry belongs to.
    #[must_use]
    pub fn owner(&self, entry: &LayerEntry) -> Owner {
        self.owners
            .get(usize::from(entry.owner))
            .copied()
            .unwrap_or_default()
    }

    /// Where a symlink points, as written.
    #[must_use]
    pub fn symlink_target(&self, entry: &LayerEntry) -> Option<&[u8]> {
        (entry.kind == Kind::Symlink).then(|| self.names.get(NameRef::from_payload(entry.payload)))
    }

    /// Which path a hard link is another name of.
    #[must_use]
    pub fn hard_link_target(&self, entry: &LayerEntry) -> Option<LocalNode> {
        let node = u32::try_from(entry.payload).ok()?;
        (entry.kind == Kind::HardLink).then_some(LocalNode(node))
    }
}
