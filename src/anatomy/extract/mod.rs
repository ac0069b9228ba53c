//! Files out of an image: shown, or written into a folder.
//!
//! What is written is what is visible after a layer. Every path comes from the merged
//! filesystem, so it cannot be absolute and cannot climb; nothing is ever written through a
//! link, for each folder is opened from the one above without following any, everything is
//! made new, and links are made last. Nothing is written that could do harm by itself: no
//! devices, no setuid, nothing that others can write to; owners are not changed.

mod find;
mod pour;
mod target;
#[cfg(test)]
mod tests;

pub use pour::write_content;

use std::io::Read;
use std::path::{Path, PathBuf};

use super::Anatomy;
use super::error::AnatomyError;
use super::layer::index::Kind;
use super::limits::Limits;
use super::merged::{EntryId, LayerNo, Merged, NodeId, View};
use super::progress::Progress;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use find::{Finder, Found};
use target::Target;

/// Takes a layer: its archive, unpacked or not.
pub type TakeLayer<'a> = dyn FnMut(&Digest, &mut dyn Read) -> Result<(), AnatomyError> + 'a;

/// Where layers are to be had.
pub trait Layers {
    /// Hands over each of these layers once, in the order in which they are to be had.
    ///
    /// # Errors
    /// [`AnatomyError`], when one is not to be had; and whatever `take` says.
    fn each(
        &mut self,
        wanted: &[Digest],
        progress: &dyn Progress,
        take: &mut TakeLayer<'_>,
    ) -> Result<(), AnatomyError>;
}

/// The layers of an image in a file or folder.
#[derive(Clone, Copy)]
pub struct LayersOf<'a> {
    /// The image.
    pub image: &'a super::archive::Opened,
    /// How much of it is believed.
    pub limits: &'a Limits,
}

impl Layers for LayersOf<'_> {
    fn each(
        &mut self,
        wanted: &[Digest],
        _: &dyn Progress,
        take: &mut TakeLayer<'_>,
    ) -> Result<(), AnatomyError> {
        for diff_id in wanted {
            take(diff_id, &mut self.image.open_layer(diff_id, self.limits)?)?;
        }
        Ok(())
    }
}

/// How much may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Bytes of all files.
    pub bytes: Bytes,
    /// Files, folders and links.
    pub entries: u64,
}

impl Default for Allowance {
    /// 64 GB in a million files.
    fn default() -> Self {
        Self {
            bytes: Bytes(64_000_000_000),
            entries: 1_000_000,
        }
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extracted {
    /// The file or folder that was made.
    pub path: PathBuf,
    /// Files, folders and links.
    pub entries: u64,
    /// Bytes of all files.
    pub bytes: Bytes,
    /// What was left out: devices, pipes, names that no file can have.
    pub left_out: u64,
}

/// The beginning of a file, to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its beginning. What is no UTF-8 is replaced; what a terminal would obey is still in it.
    pub text: String,
    /// Whether it is longer.
    pub cut: bool,
    /// Whether it is no text.
    pub binary: bool,
}

/// How long all paths together may be.
const MOST_NAMES: usize = 256 << 20;

/// One thing to be written: its parts below the target, and what it is.
struct Item {
    parts: Vec<Vec<u8>>,
    mode: u16,
    what: What,
}

enum What {
    Folder,
    /// The entry that has the content.
    File(EntryId),
    Symlink(Vec<u8>),
}

/// What is asked for, as it is visible after a layer.
struct Selection {
    items: Vec<Item>,
    bytes: u64,
    left_out: u64,
}

/// Writes a file or folder, as it is after a layer, into a folder that exists. What is made
/// there has the last part of its path as its name (`rootfs` for the root), and must not be
/// there yet.
///
/// # Errors
/// [`AnatomyError`]. What was written until then stays.
pub fn extract(
    anatomy: &Anatomy,
    (at, node): (LayerNo, NodeId),
    into: &Path,
    allowance: Allowance,
    layers: &mut dyn Layers,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<Extracted, AnatomyError> {
    let merged = &anatomy.merged;
    let selection = Selection::of(merged, at, node, allowance)?;
    let Some(first) = selection.items.first() else {
        return Err(AnatomyError::NothingToExtract {
            path: String::from_utf8_lossy(&merged.path(node)).into_owned(),
        });
    };
    let target = Target::open(into)?;
    let path = target.path_of(&first.parts);
    let folders = selection.items.iter();
    for item in folders.filter(|it| matches!(it.what, What::Folder)) {
        target.folder(&item.parts, item.mode)?;
    }
    progress.expected(Bytes(selection.bytes));
    let mut finder = Finder::new(merged);
    for (place, item) in selection.items.iter().enumerate() {
        if let What::File(content) = item.what {
            finder.want(content, place);
        }
    }
    finder.go(anatomy, layers, limits, progress, &mut |found, content| {
        write(&target, &selection, found, content)
    })?;
    for item in &selection.items {
        if let What::Symlink(to) = &item.what {
            target.symlink(&item.parts, to)?;
        }
    }
    Ok(Extracted {
        path,
        entries: selection.items.len() as u64,
        bytes: Bytes(selection.bytes),
        left_out: selection.left_out,
    })
}

/// Writes a content under each of its names.
fn write(
    target: &Target,
    selection: &Selection,
    found: &Found,
    content: &mut find::Content<'_>,
) -> Result<(), AnatomyError> {
    let items = found.places.iter();
    let mut items = items.filter_map(|place| selection.items.get(*place));
    let Some(first) = items.next() else {
        return Ok(());
    };
    target.file(&first.parts, first.mode, content)?;
    for other in items {
        target.link(&first.parts, &other.parts)?;
    }
    Ok(())
}

/// Shows the beginning of a file.
///
/// # Errors
/// [`AnatomyError`], also when it is no file.
pub fn show_text(
    anatomy: &Anatomy,
    entry: EntryId,
    most: usize,
    layers: &mut dyn Layers,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<Shown, AnatomyError> {
    let merged = &anatomy.merged;
    let name = |node| String::from_utf8_lossy(&merged.path(node)).into_owned();
    let nothing = || AnatomyError::NothingToExtract {
        path: merged
            .entry(entry)
            .map(|it| name(it.node))
            .unwrap_or_default(),
    };
    let content = content_of(merged, entry).ok_or_else(nothing)?;
    let mut finder = Finder::new(merged);
    finder.want(content, 0);
    let mut bytes = Vec::new();
    let mut cut = false;
    finder.go(anatomy, layers, limits, progress, &mut |_, content| {
        (bytes, cut) = content.beginning(most)?;
        Ok(())
    })?;
    if cut {
        // Not in the middle of a character.
        let end = match std::str::from_utf8(&bytes) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => bytes.len(),
        };
        bytes.truncate(end);
    }
    Ok(Shown {
        text: String::from_utf8_lossy(&bytes).into_owned(),
        cut,
        binary: bytes.contains(&0),
    })
}

/// The entry that has a file's content: itself, or the first of its names.
fn content_of(merged: &Merged, entry: EntryId) -> Option<EntryId> {
    match merged.entry(entry)?.kind {
        Kind::File => Some(entry),
        Kind::HardLink => merged.names_of(entry).next(),
        _ => None,
    }
}

impl Selection {
    fn of(
        merged: &Merged,
        at: LayerNo,
        node: NodeId,
        allowance: Allowance,
    ) -> Result<Self, AnatomyError> {
        let view = View::new(merged, at);
        let name = match node {
            NodeId::ROOT => b"rootfs".to_vec(),
            node => merged.name(node).to_vec(),
        };
        let mut selection = Self {
            items: Vec::new(),
            bytes: 0,
            left_out: 0,
        };
        let mut names = 0;
        let too_much = || AnatomyError::TooMuchToExtract {
            bytes: allowance.bytes,
            entries: allowance.entries,
        };
        let mut queue = vec![(node, vec![name])];
        while let Some((node, parts)) = queue.pop() {
            let good = parts.last().is_some_and(|name| target::is_name(name));
            if !good || !selection.add(merged, &view, node, &parts) {
                selection.left_out += 1;
                continue;
            }
            if view.is_directory(merged, node) {
                for child in view.children(merged, node) {
                    let mut parts = parts.clone();
                    parts.push(merged.name(child.node).to_vec());
                    names += parts.iter().map(Vec::len).sum::<usize>();
                    queue.push((child.node, parts));
                    if names > MOST_NAMES {
                        return Err(too_much());
                    }
                }
            }
            if selection.bytes > allowance.bytes.0
                || selection.items.len() as u64 > allowance.entries
            {
                return Err(too_much());
            }
        }
        Ok(selection)
    }

    /// Adds what is visible at a path; answers whether it is something that is written.
    fn add(&mut self, merged: &Merged, view: &View, node: NodeId, parts: &[Vec<u8>]) -> bool {
        let visible = merged.visible(node, view.at());
        let entry = visible.and_then(|it| merged.entry(it));
        let what = match &entry {
            // A directory without an entry of its own.
            None if view.is_directory(merged, node) => What::Folder,
            None => return false,
            Some(entry) => match entry.kind {
                Kind::Directory => What::Folder,
                Kind::Symlink => What::Symlink(entry.target.unwrap_or_default().to_vec()),
                Kind::File | Kind::HardLink => match content_of(merged, entry.id) {
                    Some(content) => What::File(content),
                    None => return false,
                },
                _ => return false,
            },
        };
        if matches!(what, What::File(_)) {
            let size = entry.as_ref().map_or(0, |it| it.size.0);
            self.bytes = self.bytes.saturating_add(size);
        }
        self.items.push(Item {
            parts: parts.to_vec(),
            mode: entry.map_or(0o755, |it| it.mode),
            what,
        });
        true
    }
}
