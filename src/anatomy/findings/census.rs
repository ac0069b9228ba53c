//! One walk over every path there ever was: what the families look at is counted on the way.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use super::groups;
use super::secret_files::{self, Secret};
use crate::anatomy::components::glob::{Cursor, GlobSet};
use crate::anatomy::components::{Owners, PathText};
use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{Entry, EntryId, Merged, NodeId, View};

/// Files smaller than this are not compared with each other.
const SMALLEST_COMPARED: u64 = 4 * 1024;
/// How many paths of one group are remembered.
const PATHS: usize = super::finding::Finding::PATHS;

/// What the walk found.
#[derive(Default)]
pub(super) struct Census {
    /// By group, in the order of [`groups::all`].
    pub(super) groups: Vec<Tally>,
    /// Paths that hold secrets, seen or hidden.
    pub(super) secrets: Vec<(Secret, NodeId)>,
    /// Visible files that run with other rights.
    pub(super) set_id: Vec<EntryId>,
    /// Visible files with capabilities.
    pub(super) capable: Vec<EntryId>,
    /// Visible files and directories that everybody may write to.
    pub(super) writable: Vec<EntryId>,
    /// Content and length of visible files that are worth comparing.
    pub(super) contents: Vec<(u64, u64, EntryId)>,
    /// The largest visible files.
    pub(super) largest: Vec<(u64, EntryId)>,
    /// Visible files and links whose name is a library's.
    pub(super) libraries: HashMap<Vec<u8>, NodeId>,
    /// Σ visible bytes that some group would do without, each once.
    pub(super) removable: u64,
    /// Whether a visible path is in a group, by its place.
    pub(super) in_group: Vec<bool>,
}

/// What is counted of one group.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) bytes: u64,
    pub(super) files: u64,
    pub(super) layers: BTreeMap<u16, u64>,
    /// The heaviest paths, the lightest of them on top; no more than are remembered.
    heaviest: BinaryHeap<Reverse<(u64, NodeId)>>,
}

/// What a glob is for.
#[derive(Clone, Copy)]
enum Tag {
    Group(usize),
    NotGroup(usize),
    Secret(Secret),
    NoSecret,
}

struct Globs {
    set: GlobSet,
    tags: Vec<Tag>,
}

impl Globs {
    fn new() -> Self {
        let mut globs = Self {
            set: GlobSet::default(),
            tags: Vec::new(),
        };
        for (place, group) in groups::all().enumerate() {
            globs.add(group.paths, Tag::Group(place));
            globs.add(group.except, Tag::NotGroup(place));
        }
        for (paths, secret) in secret_files::PATHS {
            globs.add(paths, Tag::Secret(*secret));
        }
        globs.add(secret_files::HARMLESS, Tag::NoSecret);
        globs
    }

    fn add(&mut self, paths: &[&str], tag: Tag) {
        let place = u32::try_from(self.tags.len()).unwrap_or(u32::MAX);
        for path in paths {
            // That each can be read is tested.
            let _ = self.set.add(path.as_bytes(), place);
        }
        self.tags.push(tag);
    }

    /// The group and the secret of a path.
    fn judge(&self, at: &Cursor) -> (Option<usize>, Option<Secret>) {
        let (mut group, mut secret) = (None::<usize>, None::<Secret>);
        let (mut spared, mut harmless) = (Vec::new(), false);
        for tag in self.set.tags(at) {
            match self.tags.get(tag as usize) {
                Some(Tag::NotGroup(place)) => spared.push(*place),
                Some(Tag::NoSecret) => harmless = true,
                Some(Tag::Secret(found)) => {
                    secret = Some(secret.map_or(*found, |it| it.min(*found)));
                }
                _ => {}
            }
        }
        for tag in self.set.tags(at) {
            if let Some(Tag::Group(place)) = self.tags.get(tag as usize)
                && !spared.contains(place)
            {
                group = Some(group.map_or(*place, |it| it.min(*place)));
            }
        }
        // A key is one wherever it lies; a mere name is not, among other people's files.
        let secret = secret.filter(|secret| !harmless || secret.is_certain());
        (group, secret)
    }
}

/// Walks.
pub(super) fn take(merged: &Merged, view: &View, owners: &dyn Owners) -> Census {
    let globs = Globs::new();
    let mut census = Census {
        groups: vec![Tally::default(); groups::all().count()],
        in_group: vec![false; merged.len()],
        ..Census::default()
    };
    let mut ahead = vec![(NodeId::ROOT, globs.set.start())];
    let mut cursor = Cursor::default();
    while let Some((directory, at)) = ahead.pop() {
        for node in merged.every_child(directory) {
            globs.set.step(&at, merged.name(node), &mut cursor);
            let (group, secret) = globs.judge(&cursor);
            let visible = merged
                .visible(node, view.at())
                .and_then(|id| merged.entry(id));
            if let Some(entry) = visible {
                census.visible(merged, view, owners, &entry, group);
            }
            if let Some(secret) = secret {
                census.secret(merged, owners, node, secret);
            }
            if merged.every_child(node).next().is_some() {
                ahead.push((node, cursor.clone()));
            }
        }
    }
    census.settle();
    census
}

impl Census {
    fn visible(
        &mut self,
        merged: &Merged,
        view: &View,
        owners: &dyn Owners,
        entry: &Entry<'_>,
        group: Option<usize>,
    ) {
        let is_file = matches!(entry.kind, Kind::File | Kind::HardLink);
        let is_directory = entry.kind == Kind::Directory;
        if entry.mode & 0o002 != 0 && (is_file || (is_directory && entry.mode & 0o1000 == 0)) {
            self.writable.push(entry.id);
        }
        if is_file || entry.kind == Kind::Symlink {
            let name = merged.name(entry.node);
            if is_library(name) {
                self.libraries.insert(name.to_vec(), entry.node);
            }
        }
        if !is_file {
            return;
        }
        if entry.mode & 0o6000 != 0 && entry.mode & 0o111 != 0 {
            self.set_id.push(entry.id);
        }
        if entry.attributes.is_some_and(|it| it.capability.is_some()) {
            self.capable.push(entry.id);
        }
        let weight = view.weight(merged, entry.id).0;
        if let Some(tally) = group.and_then(|group| self.groups.get_mut(group)) {
            tally.add(entry, weight);
            self.removable = self.removable.saturating_add(weight);
            if let Some(mark) = self.in_group.get_mut(entry.node.place()) {
                *mark = true;
            }
        }
        if weight >= SMALLEST_COMPARED {
            self.contents.push((entry.payload, weight, entry.id));
        }
        if owners.owner(entry.node).is_none() {
            self.large(weight, entry.id);
        }
    }

    fn large(&mut self, weight: u64, id: EntryId) {
        let place = self.largest.partition_point(|(other, _)| *other >= weight);
        if place < 16 {
            self.largest.insert(place, (weight, id));
            self.largest.truncate(16);
        }
    }

    fn secret(&mut self, merged: &Merged, owners: &dyn Owners, node: NodeId, secret: Secret) {
        // What a package of the system brings is the same for all the world.
        if owners.owner(node).is_some() && !secret.is_certain() {
            return;
        }
        let is_file = |id: EntryId| {
            let kind = merged.entry(id).map(|entry| entry.kind);
            matches!(kind, Some(Kind::File | Kind::HardLink))
        };
        if merged.history(node).any(is_file) {
            self.secrets.push((secret, node));
        }
    }

    fn settle(&mut self) {
        self.contents.sort_unstable();
    }
}

impl Tally {
    fn add(&mut self, entry: &Entry<'_>, weight: u64) {
        self.bytes = self.bytes.saturating_add(weight);
        self.files += 1;
        if weight > 0 {
            *self.layers.entry(entry.layer.0).or_default() += weight;
        }
        self.heaviest.push(Reverse((weight, entry.node)));
        if self.heaviest.len() > PATHS {
            self.heaviest.pop();
        }
    }

    /// The heaviest paths, the heaviest first.
    pub(super) fn paths<'a>(&self, merged: &'a Merged) -> impl Iterator<Item = PathText> + 'a {
        let sorted = self.heaviest.clone().into_sorted_vec();
        let nodes = sorted.into_iter().map(|Reverse((_, node))| node);
        nodes.map(|node| PathText(merged.path(node)))
    }
}

/// `libz.so`, `libz.so.1.2.13`, `ld-musl-x86_64.so.1`.
fn is_library(name: &[u8]) -> bool {
    name.windows(3).any(|part| part == b".so")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_can_be_read() {
        let mut set = GlobSet::default();
        let groups = groups::all().flat_map(|group| group.paths.iter().chain(group.except));
        let secrets = secret_files::PATHS
            .iter()
            .flat_map(|(paths, _)| paths.iter());
        for path in groups.chain(secrets).chain(secret_files::HARMLESS) {
            set.add(path.as_bytes(), 0).expect(path);
        }
    }
}
