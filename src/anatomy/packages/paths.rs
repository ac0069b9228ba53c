//! Paths of the merged filesystem by their text, as a program inside the image would find
//! them.

use std::collections::HashMap;

use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{LayerNo, Merged, NodeId};

/// How many symlinks are followed on one way, as Linux does.
const FOLLOWED: usize = 40;
/// The longest target that is followed: Linux takes no longer path.
const LONGEST_TARGET: usize = 4096;
/// How many steps are taken altogether. An image that needs more was made to need them:
/// a hundred thousand directories take a tenth.
const STEPS: u64 = 10_000_000;

/// Finds paths in what is visible after the last layer.
pub(super) struct Paths<'a> {
    merged: &'a Merged,
    last: LayerNo,
    /// Directories that were asked for before.
    known: HashMap<Vec<u8>, Option<NodeId>>,
    steps: u64,
}

impl<'a> Paths<'a> {
    pub(super) fn new(merged: &'a Merged, last: LayerNo) -> Self {
        Self {
            merged,
            last,
            known: HashMap::new(),
            steps: STEPS,
        }
    }

    /// Whether more steps were asked for than are taken.
    pub(super) const fn exhausted(&self) -> bool {
        self.steps == 0
    }

    /// A path as it is named: a symlink at its end is not followed, those on the way are.
    pub(super) fn find(&mut self, path: &[u8]) -> Option<NodeId> {
        let path = trimmed(path);
        let cut = path.iter().rposition(|byte| *byte == b'/');
        let (directory, name) = match cut {
            Some(cut) => (path.get(..cut)?, path.get(cut + 1..)?),
            None => (&[][..], path),
        };
        if matches!(name, b"" | b"." | b"..") {
            return self.directory(path);
        }
        let directory = self.directory(directory)?;
        self.child(directory, name)
    }

    /// The directory that a path leads to; all symlinks are followed.
    pub(super) fn directory(&mut self, path: &[u8]) -> Option<NodeId> {
        if let Some(known) = self.known.get(path) {
            return *known;
        }
        let found = self.walk(path);
        self.known.insert(path.to_vec(), found);
        found
    }

    fn walk(&mut self, path: &[u8]) -> Option<NodeId> {
        let parts = |path: &'a [u8]| path.split(|byte| *byte == b'/').rev();
        let mut at = NodeId::ROOT;
        let mut links = 0;
        // Targets of symlinks, their parts still to go.
        let mut detour: Vec<&'a [u8]> = Vec::new();
        let mut way = path.split(|byte| *byte == b'/');
        while let Some(part) = detour.pop().or_else(|| way.next()) {
            self.steps = self.steps.checked_sub(1)?;
            match part {
                b"" | b"." => continue,
                b".." => {
                    at = self.merged.parent(at).unwrap_or(NodeId::ROOT);
                    continue;
                }
                _ => {}
            }
            let next = self.child(at, part)?;
            let Some(target) = self.target(next) else {
                at = next;
                continue;
            };
            links += 1;
            if links > FOLLOWED || target.len() > LONGEST_TARGET {
                return None;
            }
            if target.starts_with(b"/") {
                at = NodeId::ROOT;
            }
            detour.extend(parts(target));
        }
        Some(at)
    }

    /// Where a symlink leads, if a path is one in the end.
    fn target(&self, node: NodeId) -> Option<&'a [u8]> {
        let entry = self.merged.visible(node, self.last)?;
        let entry = self.merged.entry(entry)?;
        (entry.kind == Kind::Symlink).then_some(entry.target?)
    }

    /// A path by its directory and name, visible or not.
    pub(super) fn child(&self, parent: NodeId, name: &[u8]) -> Option<NodeId> {
        self.merged.child(parent, name)
    }
}

/// A path without slashes around it.
pub(super) fn trimmed(mut path: &[u8]) -> &[u8] {
    while let Some(rest) = path.strip_prefix(b"/") {
        path = rest;
    }
    while let Some(rest) = path.strip_suffix(b"/") {
        path = rest;
    }
    path
}
