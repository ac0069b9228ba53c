//! Which paths are in which directory, while layers are put on top of each other.
//!
//! Of most directories nothing is ever looked for: one layer brings them whole. So what is in
//! one is put into the table of names only when the next layer asks for something in it.

use hashbrown::HashTable;

use crate::anatomy::layer::builder::hash;
use crate::anatomy::merged::node::{Merged, NONE};

/// The tree of paths, growing.
pub(super) struct Growing {
    /// By directory.
    directories: Vec<Inside>,
    /// By node: the next one of its directory.
    siblings: Vec<u32>,
    /// Nodes by parent and name, of the directories that were looked into.
    lookup: HashTable<u32>,
}

/// What is in a directory.
#[derive(Clone, Copy)]
struct Inside {
    /// The newest; the others follow as siblings.
    first: u32,
    /// Whether they are in the table.
    looked_up: bool,
}

impl Inside {
    const NOTHING: Self = Self {
        first: NONE,
        looked_up: false,
    };
}

impl Growing {
    /// The root, with nothing in it.
    pub(super) fn new() -> Self {
        Self {
            directories: vec![Inside::NOTHING],
            siblings: vec![NONE],
            lookup: HashTable::new(),
        }
    }

    /// There is one directory more, with nothing in it.
    pub(super) fn open(&mut self) {
        self.directories.push(Inside::NOTHING);
    }

    /// There is one node more, the last of all, in this directory.
    pub(super) fn add(&mut self, merged: &Merged, directory: u32, node: u32) {
        let Some(inside) = self.directories.get_mut(directory as usize) else {
            return;
        };
        self.siblings
            .push(std::mem::replace(&mut inside.first, node));
        if inside.looked_up {
            self.list(merged, node);
        }
    }

    /// The first of what is in a directory.
    pub(super) fn first(&self, directory: u32) -> Option<u32> {
        some(self.directories.get(directory as usize)?.first)
    }

    /// The next of what is in the same directory.
    pub(super) fn sibling(&self, node: u32) -> Option<u32> {
        some(*self.siblings.get(node as usize)?)
    }

    /// The node of a name in a directory.
    pub(super) fn find(&mut self, merged: &Merged, parent: u32, name: &[u8]) -> Option<u32> {
        let directory = merged.nodes.get(parent as usize)?.directory;
        let inside = self.directories.get_mut(directory as usize)?;
        if !std::mem::replace(&mut inside.looked_up, true) {
            let mut next = some(inside.first);
            while let Some(node) = next {
                self.list(merged, node);
                next = self.sibling(node);
            }
        }
        let same = |node: &u32| {
            merged
                .nodes
                .get(*node as usize)
                .is_some_and(|it| it.parent == parent && merged.names.get(it.name) == name)
        };
        self.lookup.find(hash(parent, name), same).copied()
    }

    fn list(&mut self, merged: &Merged, node: u32) {
        let hashed = |node: &u32| {
            merged
                .nodes
                .get(*node as usize)
                .map_or(0, |it| hash(it.parent, merged.names.get(it.name)))
        };
        self.lookup.insert_unique(hashed(&node), node, hashed);
    }

    /// All are there: they are sorted, and found that way from now on.
    pub(super) fn finish(self, merged: &mut Merged) {
        let Self {
            directories,
            siblings,
            lookup,
        } = self;
        drop(lookup);
        let mut children: Vec<u32> = Vec::with_capacity(siblings.len().saturating_sub(1));
        let (nodes, names) = (&merged.nodes, &merged.names);
        let name = |node: &u32| {
            nodes
                .get(*node as usize)
                .map_or(&[][..], |it| names.get(it.name))
        };
        for (directory, inside) in merged.directories.iter_mut().zip(directories) {
            let start = children.len();
            // There are no more of them than nodes, which a u32 counts.
            directory.children = u32::try_from(start).unwrap_or(NONE);
            let next = |node: &u32| some(*siblings.get(*node as usize)?);
            children.extend(std::iter::successors(some(inside.first), next));
            if let Some(own) = children.get_mut(start..) {
                // Archives list most directories by name: then this only turns them round.
                own.sort_by(|one, other| name(one).cmp(name(other)));
            }
        }
        merged.children = children;
    }
}

fn some(node: u32) -> Option<u32> {
    (node != NONE).then_some(node)
}
