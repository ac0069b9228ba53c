//! What became of the files, by directory.

use super::growth::{Sides, signed};
use crate::anatomy::layer::index::Kind;
use crate::anatomy::layers::Tally;
use crate::anatomy::merged::{Child, Merged, NodeId, View};
use crate::anatomy::tree::{Changed, Mark, marks};
use crate::model::bytes::Bytes;

/// What became of the files of two versions.
#[derive(Clone, Debug, PartialEq)]
pub struct Files {
    /// Every directory below which something is different, parents before children. The
    /// first is the root, even if nothing is.
    pub directories: Vec<DirectoryChange>,
    /// Every file that is, directories apart.
    pub files: Vec<FileChange>,
}

/// What became of what lies below a directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DirectoryChange {
    /// Its path before, where it was one.
    pub before: Option<NodeId>,
    /// Its path after, where it is one.
    pub after: Option<NodeId>,
    /// The directory above it, by its place; the root's is itself.
    pub parent: usize,
    /// Files that are new, and what they weigh.
    pub added: Tally,
    /// Files that are gone, and what they weighed.
    pub removed: Tally,
    /// Files that are different, and what they weigh now.
    pub changed: Tally,
    /// How many bytes more lie below it.
    pub growth: i64,
}

/// A file that is different.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Its directory, by its place.
    pub directory: usize,
    /// Its path before; its name is that version's.
    pub before: Option<NodeId>,
    /// Its path after.
    pub after: Option<NodeId>,
    /// What became of it.
    pub mark: Mark,
    /// How many bytes more it weighs.
    pub growth: i64,
}

/// A directory on both sides, or one.
type Pair = (Option<NodeId>, Option<NodeId>);

impl Files {
    pub(super) fn of(sides: &Sides<'_>) -> Self {
        let mut walk = Walk {
            sides,
            directories: vec![DirectoryChange {
                before: Some(NodeId::ROOT),
                after: Some(NodeId::ROOT),
                ..DirectoryChange::default()
            }],
            files: Vec::new(),
        };
        let root = Some(NodeId::ROOT);
        let mut open = vec![(0, (root, root))];
        while let Some((place, pair)) = open.pop() {
            walk.directory(place, pair, &mut open);
        }
        walk.roll_up();
        walk.finish()
    }
}

impl DirectoryChange {
    /// Its path.
    #[must_use]
    pub fn path(&self, before: &Merged, after: &Merged) -> Vec<u8> {
        path((self.before, self.after), before, after)
    }
}

impl FileChange {
    /// Its path.
    #[must_use]
    pub fn path(&self, before: &Merged, after: &Merged) -> Vec<u8> {
        path((self.before, self.after), before, after)
    }
}

fn path(pair: Pair, before: &Merged, after: &Merged) -> Vec<u8> {
    match pair {
        (_, Some(node)) => after.path(node),
        (Some(node), None) => before.path(node),
        (None, None) => Vec::new(),
    }
}

struct Walk<'a> {
    sides: &'a Sides<'a>,
    directories: Vec<DirectoryChange>,
    files: Vec<FileChange>,
}

impl Walk<'_> {
    fn directory(&mut self, place: usize, (before, after): Pair, open: &mut Vec<(usize, Pair)>) {
        let sides = self.sides;
        let (old, new) = (&sides.before, &sides.after);
        if let Some(after) = after {
            for child in new.1.children(new.0, after) {
                let name = new.0.name(child.node);
                let was = before
                    .and_then(|before| old.0.child(before, name))
                    .filter(|node| is_there(old, *node));
                self.pair(place, (was, Some(child.node)), open);
            }
        }
        if let Some(before) = before {
            for Child { node, .. } in old.1.children(old.0, before) {
                let name = old.0.name(node);
                let is = after
                    .and_then(|after| new.0.child(after, name))
                    .is_some_and(|node| is_there(new, node));
                if !is {
                    self.pair(place, (Some(node), None), open);
                }
            }
        }
    }

    /// A path that is there on one side, at least.
    fn pair(&mut self, directory: usize, pair: Pair, open: &mut Vec<(usize, Pair)>) {
        let sides = self.sides;
        let below = |side: &(&Merged, View), node: Option<NodeId>| {
            node.filter(|node| side.1.is_directory(side.0, *node))
        };
        let branches = (below(&sides.before, pair.0), below(&sides.after, pair.1));
        if branches != (None, None) {
            let place = self.directories.len();
            self.directories.push(DirectoryChange {
                before: branches.0,
                after: branches.1,
                parent: directory,
                ..DirectoryChange::default()
            });
            open.push((place, branches));
        }
        self.file(directory, pair, branches);
    }

    /// Counts what is no directory.
    fn file(&mut self, directory: usize, (before, after): Pair, branches: Pair) {
        let sides = self.sides;
        let old = before.filter(|_| branches.0.is_none());
        let new = after.filter(|_| branches.1.is_none());
        let weight = |side: &(&Merged, View), node: Option<NodeId>| {
            node.map_or(0, |node| side.1.bytes(side.0, node).0)
        };
        let (was, is) = (weight(&sides.before, old), weight(&sides.after, new));
        let growth = signed(is).saturating_sub(signed(was));
        let mark = match (old, new) {
            (None, None) => return,
            (None, Some(_)) => Mark::Added,
            (Some(_), None) => Mark::Removed,
            (Some(old), Some(new)) => self.compare(old, new),
        };
        let Some(sum) = self.directories.get_mut(directory) else {
            return;
        };
        sum.growth = sum.growth.saturating_add(growth);
        let (tally, bytes) = match mark {
            Mark::Unchanged => return,
            Mark::Added => (&mut sum.added, is),
            Mark::Changed(_) => (&mut sum.changed, is),
            Mark::Removed => (&mut sum.removed, was),
        };
        tally.count += 1;
        tally.bytes += Bytes(bytes);
        self.files.push(FileChange {
            directory,
            before: old,
            after: new,
            mark,
            growth,
        });
    }

    fn compare(&self, old: NodeId, new: NodeId) -> Mark {
        let entry = |(merged, view): &(&'_ Merged, View), node| merged.visible(node, view.at());
        let (before, after) = (&self.sides.before, &self.sides.after);
        let (Some(old), Some(new)) = (
            entry(before, old).and_then(|id| before.0.entry(id)),
            entry(after, new).and_then(|id| after.0.entry(id)),
        ) else {
            return Mark::Unchanged;
        };
        match marks::compare(&old, &new) {
            same if same == Changed::default() => Mark::Unchanged,
            changed => Mark::Changed(changed),
        }
    }

    /// Each directory adds to the one above; parents come first.
    fn roll_up(&mut self) {
        for place in (1..self.directories.len()).rev() {
            let Some(below) = self.directories.get(place).copied() else {
                continue;
            };
            let Some(up) = self.directories.get_mut(below.parent) else {
                continue;
            };
            for (sum, more) in [
                (&mut up.added, below.added),
                (&mut up.removed, below.removed),
                (&mut up.changed, below.changed),
            ] {
                sum.count += more.count;
                sum.bytes += more.bytes;
            }
            up.growth = up.growth.saturating_add(below.growth);
        }
    }

    /// Leaves out directories below which nothing is different.
    fn finish(self) -> Files {
        let mut places = Vec::with_capacity(self.directories.len());
        let mut directories: Vec<DirectoryChange> = Vec::new();
        for (place, mut it) in self.directories.into_iter().enumerate() {
            let count = it.added.count + it.removed.count + it.changed.count;
            let stays = place == 0 || count > 0 || it.growth != 0;
            places.push(directories.len());
            if stays {
                it.parent = places.get(it.parent).copied().unwrap_or(0);
                directories.push(it);
            }
        }
        let mut files = self.files;
        for file in &mut files {
            file.directory = places.get(file.directory).copied().unwrap_or(0);
        }
        Files { directories, files }
    }
}

fn is_there((merged, view): &(&Merged, View), node: NodeId) -> bool {
    let entry = merged.visible(node, view.at());
    match entry.and_then(|id| merged.kind_and_size(id)) {
        Some((Kind::Directory, _)) | None => view.is_directory(merged, node),
        Some(_) => true,
    }
}
