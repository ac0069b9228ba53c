//! The paths of the merged filesystem as a tree, whatever is or was at them.

use super::node::{Merged, NONE, NodeId};

impl Merged {
    /// How many paths there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no path but the root.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.len() <= 1
    }

    /// Every path there ever was, directories before what is in them.
    pub fn every_node(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)).map(NodeId)
    }

    /// The last part of a path.
    #[must_use]
    pub fn name(&self, node: NodeId) -> &[u8] {
        self.nodes
            .get(node.0 as usize)
            .map_or(&[], |node| self.names.get(node.name))
    }

    /// The directory a path is in; nothing for the root.
    #[must_use]
    pub fn parent(&self, node: NodeId) -> Option<NodeId> {
        let up = self.nodes.get(node.0 as usize)?.parent;
        (node != NodeId::ROOT).then_some(NodeId(up))
    }

    /// The whole path, without a leading slash; the root is empty.
    #[must_use]
    pub fn path(&self, node: NodeId) -> Vec<u8> {
        let mut parts = Vec::new();
        let mut at = node;
        while let Some(up) = self.parent(at) {
            parts.push(self.name(at));
            at = up;
        }
        parts.reverse();
        parts.join(&b'/')
    }

    /// The node of a path, with or without slashes around it. No symlink is followed.
    #[must_use]
    pub fn find(&self, path: &[u8]) -> Option<NodeId> {
        let parts = path.split(|byte| *byte == b'/').filter(|it| !it.is_empty());
        parts
            .into_iter()
            .try_fold(NodeId::ROOT, |at, name| self.child(at, name))
    }

    /// The node of a name in a directory.
    #[must_use]
    pub fn child(&self, parent: NodeId, name: &[u8]) -> Option<NodeId> {
        let children = self.children_of(parent);
        let place = children.binary_search_by(|node| self.name(NodeId(*node)).cmp(name));
        children.get(place.ok()?).map(|node| NodeId(*node))
    }

    /// Every path that was ever in a directory, by name.
    pub fn every_child(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.children_of(node).iter().map(|node| NodeId(*node))
    }

    fn children_of(&self, node: NodeId) -> &[u32] {
        let range = || {
            let place = self.directory_of(node)?;
            let start = self.directories.get(place)?.children as usize;
            let next = self.directories.get(place + 1);
            let end = next.map_or(self.children.len(), |next| next.children as usize);
            self.children.get(start..end)
        };
        range().unwrap_or_default()
    }

    /// How many paths are or were directories: each has a place, its parent's before its own.
    #[must_use]
    pub fn directory_count(&self) -> usize {
        self.directories.len()
    }

    /// The place of a path among the directories, if it is or was one.
    #[must_use]
    pub fn directory_of(&self, node: NodeId) -> Option<usize> {
        let place = self.nodes.get(node.0 as usize)?.directory;
        (place != NONE).then_some(place as usize)
    }

    /// The place of the directory that a directory is in.
    #[must_use]
    pub fn directory_above(&self, place: usize) -> Option<usize> {
        let node = NodeId(self.directories.get(place)?.node);
        self.directory_of(self.parent(node)?)
    }
}
