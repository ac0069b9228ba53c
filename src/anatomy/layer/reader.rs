//! Reading a layer: from an archive that passes by to an index.

use std::collections::HashMap;
use std::io::Read;

use super::builder::{LayerBuilder, NewEntry, Payload, TooMany};
use super::contents::{Contents, Read as Content, Wanted};
pub use super::error::LayerError;
use super::index::{Kind, LayerIndex, LocalNode, Oddity, Owner};
use super::keeping;
use super::kept::pack;
use super::paths::{self, Meaning, Normal};
use super::source::{Hashed, Watched};
use crate::anatomy::compression::Decoder;
use crate::anatomy::limits::Limits;
use crate::anatomy::progress::Progress;
use crate::anatomy::tar::{EntryType, Header, Reader, TarError};
use crate::model::bytes::Bytes;

/// Reads a layer, plain or compressed, from its first byte to its last.
///
/// # Errors
/// [`LayerError`].
pub fn read_layer(
    reader: impl Read,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<LayerIndex, LayerError> {
    let decoder = Decoder::new(Watched::new(reader, progress), limits)?;
    let compression = decoder.compression();
    let mut tar = Reader::new(Hashed::new(decoder, progress), limits);
    let mut reading = Reading::new(limits);
    let mut header = Header::default();
    let explain = |error| LayerError::of(error, compression);
    while tar.next_entry(&mut header).map_err(explain)? {
        reading
            .entry(&header, &mut tar)
            .map_err(|error| match error {
                Stopped::Tar(error) => explain(error),
                Stopped::TooMany => TooMany.into(),
                Stopped::TooLong => LayerError::TooLong {
                    limit: Bytes(limits.file_bytes),
                },
            })?;
    }
    let length = tar.finish().map_err(explain)?;
    let diff_id = tar.into_inner().digest();
    Ok(reading.builder.finish(diff_id, Bytes(length)))
}

/// Why an entry cannot be taken.
enum Stopped {
    Tar(TarError),
    TooMany,
    TooLong,
}

impl From<TarError> for Stopped {
    fn from(error: TarError) -> Self {
        Self::Tar(error)
    }
}

impl From<TooMany> for Stopped {
    fn from(_: TooMany) -> Self {
        Self::TooMany
    }
}

/// A layer being read.
struct Reading {
    builder: LayerBuilder,
    contents: Contents,
    path: Normal,
    target: Normal,
    /// The directory of the entry before, and its node: files of one directory follow each
    /// other.
    directory: (Vec<u8>, LocalNode),
    /// Files that aufs kept for hard links, by name.
    aufs: HashMap<Vec<u8>, AufsFile>,
    /// What may still be kept.
    keepable: u64,
    /// How long files may still be.
    length: u64,
}

/// A file that aufs kept for hard links.
#[derive(Clone, Copy)]
struct AufsFile {
    mode: u16,
    owner: Owner,
    size: u64,
    hash: u64,
}

impl Reading {
    fn new(limits: &Limits) -> Self {
        Self {
            builder: LayerBuilder::new(),
            contents: Contents::new(limits),
            path: Normal::default(),
            target: Normal::default(),
            directory: (Vec::new(), LocalNode::ROOT),
            aufs: HashMap::new(),
            keepable: limits.kept_bytes,
            length: limits.file_bytes,
        }
    }

    fn entry(&mut self, header: &Header, tar: &mut Reader<impl Read>) -> Result<(), Stopped> {
        self.path.set(&header.path);
        if self.path.odd {
            self.builder.oddity(Oddity::NormalisedPath, &header.path);
        }
        match self.path.meaning() {
            Meaning::Plain => self.plain(header, tar),
            Meaning::Whiteout => {
                let directory = self.directory()?;
                let removed = paths::removed(self.path.split().1);
                let node = self.builder.child(directory, removed)?;
                self.removal(Kind::Whiteout, node, header)
            }
            Meaning::Opaque => {
                let node = self.directory()?;
                self.removal(Kind::Opaque, node, header)
            }
            Meaning::Aufs => {
                self.builder.oddity(Oddity::AufsMetadata, &header.path);
                Ok(())
            }
            Meaning::AufsLink => {
                self.builder.oddity(Oddity::AufsMetadata, &header.path);
                self.aufs_file(header, tar)
            }
            Meaning::Nowhere => {
                self.builder.oddity(Oddity::NoPath, &header.path);
                Ok(())
            }
        }
    }

    /// The node of the directory that the path is in.
    fn directory(&mut self) -> Result<LocalNode, TooMany> {
        let (directory, _) = self.path.split();
        if self.directory.0 != directory {
            self.directory.1 = self.builder.node(paths::parts(directory))?;
            self.directory.0.clear();
            self.directory.0.extend_from_slice(directory);
        }
        Ok(self.directory.1)
    }

    fn removal(&mut self, kind: Kind, node: LocalNode, header: &Header) -> Result<(), Stopped> {
        self.builder.add(NewEntry {
            node,
            kind,
            mode: mode(header),
            owner: owner(header),
            size: 0,
            payload: Payload::None,
        })?;
        Ok(())
    }

    /// What is what it says.
    fn plain(&mut self, header: &Header, tar: &mut Reader<impl Read>) -> Result<(), Stopped> {
        if self.path.path.is_empty() && header.kind != EntryType::Directory {
            self.builder.oddity(Oddity::NoPath, &header.path);
            return Ok(());
        }
        let node = if self.path.path.is_empty() {
            LocalNode::ROOT
        } else {
            let directory = self.directory()?;
            self.builder.child(directory, self.path.split().1)?
        };
        let entry = NewEntry {
            node,
            kind: Kind::File,
            mode: mode(header),
            owner: owner(header),
            size: 0,
            payload: Payload::None,
        };
        let device = Payload::Device {
            major: header.major,
            minor: header.minor,
        };
        let (kind, payload) = match header.kind {
            EntryType::Other(_) => {
                self.builder.oddity(Oddity::UnknownType, &header.path);
                return self.file(entry, header, tar);
            }
            EntryType::File => return self.file(entry, header, tar),
            EntryType::HardLink => {
                self.target.set(&header.link);
                if let Some(file) = self.aufs_target() {
                    return self.linked_by_aufs(entry, file, header);
                }
                let target = self.builder.node(self.target.parts())?;
                (Kind::HardLink, Payload::HardLink(target))
            }
            EntryType::Symlink => (Kind::Symlink, Payload::Symlink(&header.link)),
            EntryType::CharDevice => (Kind::CharDevice, device),
            EntryType::BlockDevice => (Kind::BlockDevice, device),
            EntryType::Directory => (Kind::Directory, Payload::None),
            EntryType::Fifo => (Kind::Fifo, Payload::None),
        };
        self.add(
            NewEntry {
                kind,
                payload,
                ..entry
            },
            header,
        )?;
        Ok(())
    }

    /// Adds an entry with its attributes; answers its place.
    fn add(&mut self, entry: NewEntry<'_>, header: &Header) -> Result<u32, TooMany> {
        let place = self.builder.add(entry)?;
        if !header.xattrs.is_empty() {
            let (hash, capability) = attributes(&header.xattrs);
            self.builder.attributes(place, hash, capability);
        }
        Ok(place)
    }

    /// So many more bytes of files.
    fn lengthen(&mut self, size: u64) -> Result<(), Stopped> {
        self.length = self.length.checked_sub(size).ok_or(Stopped::TooLong)?;
        Ok(())
    }

    /// A regular file.
    fn file(
        &mut self,
        entry: NewEntry<'_>,
        header: &Header,
        tar: &mut Reader<impl Read>,
    ) -> Result<(), Stopped> {
        self.lengthen(header.size)?;
        let (directory, name) = self.path.split();
        let most = keeping::most(directory, name);
        let keep = most.is_some_and(|most| header.size <= most.min(self.keepable));
        if most.is_some() && !keep {
            self.builder.oddity(Oddity::TooLargeToKeep, &header.path);
        }
        let wanted = Wanted {
            whole: keep,
            script: header.mode & 0o111 != 0,
            program: header.mode & 0o111 != 0 || is_library(name),
        };
        let Content {
            hash,
            whole,
            program,
        } = self.contents.read(tar, header.size, wanted)?;
        // What does not pack (there is no memory for it) is not kept.
        let packed = whole.and_then(|whole| pack(whole).ok());
        let entry = NewEntry {
            size: header.size,
            payload: Payload::Content(hash),
            ..entry
        };
        let place = self.add(entry, header)?;
        if let Some(packed) = packed {
            self.keepable = self.keepable.saturating_sub(header.size);
            self.builder.keep(place, packed);
        }
        if let Some(program) = program {
            self.builder.program(place, program);
        }
        Ok(())
    }

    /// A file in aufs' folder for hard links: not in the layer, but its content is, wherever
    /// a link to it is.
    fn aufs_file(&mut self, header: &Header, tar: &mut Reader<impl Read>) -> Result<(), Stopped> {
        if header.kind != EntryType::File {
            return Ok(());
        }
        let read = self.contents.read(tar, header.size, Wanted::default())?;
        let file = AufsFile {
            mode: mode(header),
            owner: owner(header),
            size: header.size,
            hash: read.hash,
        };
        self.aufs.insert(self.path.split().1.to_vec(), file);
        Ok(())
    }

    /// The file in aufs' folder that the link's target is.
    fn aufs_target(&self) -> Option<AufsFile> {
        (self.target.meaning() == Meaning::AufsLink)
            .then(|| self.aufs.get(self.target.split().1).copied())
            .flatten()
    }

    /// A link to a file that aufs kept: engines make a file of its own of each.
    fn linked_by_aufs(
        &mut self,
        entry: NewEntry<'_>,
        file: AufsFile,
        header: &Header,
    ) -> Result<(), Stopped> {
        self.lengthen(file.size)?;
        let entry = NewEntry {
            node: entry.node,
            kind: Kind::File,
            mode: file.mode,
            owner: file.owner,
            size: file.size,
            payload: Payload::Content(file.hash),
        };
        self.add(entry, header)?;
        Ok(())
    }
}

/// The permission bits.
fn mode(header: &Header) -> u16 {
    u16::try_from(header.mode & 0o7777).unwrap_or_default()
}

const fn owner(header: &Header) -> Owner {
    Owner {
        uid: header.uid,
        gid: header.gid,
    }
}

/// `libc.so`, `libc.so.6`: libraries need no executable bit.
fn is_library(name: &[u8]) -> bool {
    name.ends_with(b".so") || name.windows(4).any(|part| part == b".so.")
}

/// XXH3 of all extended attributes, and the file capability among them.
fn attributes(xattrs: &[(Vec<u8>, Vec<u8>)]) -> (u64, Option<Vec<u8>>) {
    let mut sorted: Vec<&(Vec<u8>, Vec<u8>)> = xattrs.iter().collect();
    sorted.sort_unstable();
    let mut all = Vec::new();
    for part in sorted.iter().flat_map(|(name, value)| [name, value]) {
        all.extend_from_slice(&(part.len() as u64).to_le_bytes());
        all.extend_from_slice(part);
    }
    let capability = sorted
        .iter()
        .find(|(name, _)| name == b"security.capability")
        .map(|(_, value)| value.clone());
    (xxhash_rust::xxh3::xxh3_64(&all), capability)
}
