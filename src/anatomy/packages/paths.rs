//! Paths of the merged filesystem by their text, as a program inside the image would find
//! them.

use std::collections::HashMap;

use crate::anatomy::merged::{LayerNo, Merged, NodeId};
use crate::anatomy::resolve::{Last, Resolver};

/// How many steps are taken altogether. An image that needs more was made to need them:
/// a hundred thousand directories take a tenth.
const STEPS: usize = 10_000_000;

/// Finds paths in what is visible after the last layer.
pub(super) struct Paths<'a> {
    merged: &'a Merged,
    resolver: Resolver<'a>,
    /// Directories that were asked for before.
    known: HashMap<Vec<u8>, Option<NodeId>>,
    /// How many are left.
    steps: usize,
}

impl<'a> Paths<'a> {
    pub(super) fn new(merged: &'a Merged, last: LayerNo) -> Self {
        Self {
            merged,
            resolver: Resolver::with_gone(merged, last),
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
        let mut steps = 0;
        let found = self.resolver.walk(path, Last::Followed, &mut steps).ok();
        self.steps = self.steps.saturating_sub(steps);
        let found = found.filter(|_| !self.exhausted());
        self.known.insert(path.to_vec(), found);
        found
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
