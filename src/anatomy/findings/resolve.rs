//! Finding a path in the merged filesystem as the kernel would: through symlinks, which lead
//! nowhere out of it.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};

use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{Entry, Merged, NodeId, View};

/// How many symlinks the kernel follows.
const SYMLINKS: usize = 40;
/// How many parts a path may have, those of the symlinks on its way included.
const PARTS: usize = 4_096;

/// Finds paths.
pub(super) struct Resolver<'a> {
    merged: &'a Merged,
    view: &'a View,
    /// By directory: its children by name.
    children: RefCell<HashMap<NodeId, HashMap<&'a [u8], NodeId>>>,
}

/// What is at a path.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found<'a> {
    /// A directory.
    Directory,
    /// Anything else.
    Entry(Entry<'a>),
}

impl<'a> Resolver<'a> {
    pub(super) fn new(merged: &'a Merged, view: &'a View) -> Self {
        Self {
            merged,
            view,
            children: RefCell::default(),
        }
    }

    /// What is at a path in the end.
    pub(super) fn find(&self, path: &[u8]) -> Option<Found<'a>> {
        let mut ahead: VecDeque<&[u8]> = parts(path).collect();
        let mut at = NodeId::ROOT;
        let (mut links, mut steps) = (0, 0);
        while let Some(name) = ahead.pop_front() {
            steps += 1;
            if steps > PARTS {
                return None;
            }
            match name {
                b"." => continue,
                b".." => {
                    at = self.merged.parent(at).unwrap_or(NodeId::ROOT);
                    continue;
                }
                _ => {}
            }
            let node = self.child(at, name)?;
            let entry = self.entry(node);
            match entry {
                Some(entry) if entry.kind == Kind::Symlink => {
                    links += 1;
                    let target = entry.target.unwrap_or_default();
                    if links > SYMLINKS || target.len() > PARTS {
                        return None;
                    }
                    if target.starts_with(b"/") {
                        at = NodeId::ROOT;
                    }
                    let parts: Vec<&[u8]> = parts(target).collect();
                    for part in parts.into_iter().rev() {
                        ahead.push_front(part);
                    }
                }
                Some(entry) if entry.kind != Kind::Directory => {
                    return ahead.is_empty().then_some(Found::Entry(entry));
                }
                _ => at = node,
            }
        }
        Some(Found::Directory)
    }

    fn entry(&self, node: NodeId) -> Option<Entry<'a>> {
        let id = self.merged.visible(node, self.view.at())?;
        self.merged.entry(id)
    }

    fn child(&self, directory: NodeId, name: &[u8]) -> Option<NodeId> {
        let mut known = self.children.borrow_mut();
        let children = known.entry(directory).or_insert_with(|| {
            let all = self.view.children(self.merged, directory);
            all.map(|child| (self.merged.name(child.node), child.node))
                .collect()
        });
        children.get(name).copied()
    }
}

fn parts(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/').filter(|it| !it.is_empty())
}
