//! Which package a file belongs to, what packages weigh, and what nobody owns.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::gathering::{Gathering, Trouble, Why};
use super::package::{Package, PackageKind, PackageNo};
use super::paths::Paths;
use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{EntryId, LayerNo, Merged, NodeId};
use crate::model::bytes::Bytes;

/// The number of no package.
pub(super) const NOBODY: u32 = u32::MAX;
/// How many directories with files of nobody are told.
const DIRECTORIES: usize = 20;

/// Which package each visible file belongs to.
#[derive(Debug, Default)]
pub struct Ownership {
    /// By node.
    owners: Vec<u32>,
    /// What belongs to nobody.
    pub unowned: Unowned,
    /// How many times a package claimed a file that another had claimed before it: that one
    /// kept it.
    pub contested: u64,
}

/// Visible files that belong to no package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unowned {
    /// Σ their length, a file with several names once.
    pub bytes: Bytes,
    /// How many there are, links and devices included, directories not.
    pub files: u64,
    /// Where most of their bytes are, the largest first. No file is in two of them.
    pub directories: Vec<UnownedDirectory>,
}

/// A directory with files of nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnownedDirectory {
    /// Which.
    pub node: NodeId,
    /// Its path, without a leading slash.
    pub path: Vec<u8>,
    /// Σ length of the files of nobody in it.
    pub bytes: Bytes,
    /// How many they are.
    pub files: u64,
    /// Whether they are all there is in it and below; otherwise only those that lie in it
    /// itself are meant.
    pub whole: bool,
}

impl Ownership {
    /// The package that a visible path belongs to. Directories belong to none.
    #[must_use]
    pub fn owner(&self, node: NodeId) -> Option<PackageNo> {
        let owner = *self.owners.get(node.place())?;
        (owner != NOBODY).then_some(PackageNo(owner))
    }
}

/// Decides who owns what, once every claim is in.
pub(super) fn settle(gathering: Gathering<'_>) -> (Vec<Package>, Ownership, Vec<Trouble>) {
    let Gathering {
        merged,
        last,
        mut paths,
        mut packages,
        listed,
        owners,
        below,
        contested,
        mut troubles,
    } = gathering;
    let mut files = Files {
        merged,
        owners,
        last,
    };
    files.hand_down(&below);
    files.compiled_python(&paths);
    for package in &mut packages {
        let Some(node) = paths.find(&package.origin) else {
            continue;
        };
        package.within = files.owner(node);
    }
    for (number, package) in (0_u32..).zip(&mut packages) {
        package.within = package.within.take_if(|it| it.0 != number);
    }
    let charges = files.charge();
    files.weigh(&mut packages, &listed, &charges);
    let unowned = files.unowned(&charges);
    if paths.exhausted() {
        troubles.push(Trouble {
            path: Vec::new(),
            what: Why::TooManySymlinks,
        });
    }
    let ownership = Ownership {
        owners: files.owners,
        unowned,
        contested,
    };
    (packages, ownership, troubles)
}

struct Files<'a> {
    merged: &'a Merged,
    owners: Vec<u32>,
    last: LayerNo,
}

/// What names of files that have several answer for, by node. All others answer for their
/// own file.
type Charges = HashMap<NodeId, u64>;

/// What a file's name has to answer for.
#[derive(Clone, Copy, Default)]
struct Charge {
    bytes: u64,
    files: u64,
}

impl Files<'_> {
    fn owner(&self, node: NodeId) -> Option<PackageNo> {
        let owner = *self.owners.get(node.place())?;
        (owner != NOBODY).then_some(PackageNo(owner))
    }

    /// What is visible at a path in the end, directories left out.
    fn visible(&self, node: NodeId) -> Option<EntryId> {
        let id = self.merged.visible(node, self.last)?;
        let (kind, _) = self.merged.kind_and_size(id)?;
        (kind != Kind::Directory).then_some(id)
    }

    fn is_visible(&self, node: NodeId) -> bool {
        self.visible(node).is_some()
    }

    /// What a path answers for; nothing, where no file is visible.
    fn charged(&self, node: NodeId, charges: &Charges) -> Option<Charge> {
        let (_, size) = self.merged.kind_and_size(self.visible(node)?)?;
        Some(Charge {
            bytes: charges.get(&node).copied().unwrap_or(size),
            files: 1,
        })
    }

    fn set_owner(&mut self, node: NodeId, to: PackageNo) {
        if let Some(owner) = self.owners.get_mut(node.place()) {
            *owner = to.0;
        }
    }

    /// What lies below a package's directory is its own.
    fn hand_down(&mut self, below: &[(NodeId, PackageNo)]) {
        if below.is_empty() {
            return;
        }
        self.owners.resize(self.merged.len(), NOBODY);
        let mut inherited = vec![NOBODY; self.owners.len()];
        for (node, package) in below {
            match inherited.get_mut(node.place()) {
                Some(first) if *first == NOBODY => *first = package.0,
                _ => {}
            }
        }
        // Directories come before what is in them.
        for node in self.merged.every_node().skip(1) {
            let up = self.merged.parent(node).unwrap_or(NodeId::ROOT);
            let above = inherited.get(up.place()).copied().unwrap_or(NOBODY);
            let Some(mine) = inherited.get_mut(node.place()) else {
                continue;
            };
            if *mine == NOBODY {
                *mine = above;
            }
            let mine = *mine;
            if mine != NOBODY && self.is_visible(node) && self.owner(node).is_none() {
                self.set_owner(node, PackageNo(mine));
            }
        }
    }

    /// What Python compiled belongs to whom its source belongs to: Debian's packages compile
    /// when they are installed, and do not list it.
    fn compiled_python(&mut self, paths: &Paths<'_>) {
        if self.owners.is_empty() {
            return;
        }
        for node in self.merged.every_node().skip(1) {
            if !self.is_visible(node) || self.owner(node).is_some() {
                continue;
            }
            let Some(source) = source_name(self.merged.name(node)) else {
                continue;
            };
            let cache = self.merged.parent(node).unwrap_or(NodeId::ROOT);
            if self.merged.name(cache) != b"__pycache__" {
                continue;
            }
            let owner = self
                .merged
                .parent(cache)
                .and_then(|directory| paths.child(directory, &source))
                .and_then(|source| self.owner(source));
            if let Some(owner) = owner {
                self.set_owner(node, owner);
            }
        }
    }

    /// A file with several names is charged to the first that belongs to a package, or else
    /// to the first; the others answer for nothing.
    fn charge(&self) -> Charges {
        let merged = self.merged;
        let mut charges = Charges::new();
        let node_of = |id: EntryId| merged.entry(id).map(|entry| entry.node);
        for (id, size) in merged.files_of_several_names() {
            let names = merged.names_of(id);
            let names = names.filter(|name| merged.is_visible(*name, self.last));
            let nodes: Vec<NodeId> = names.filter_map(node_of).collect();
            let owned = nodes.iter().find(|node| self.owner(**node).is_some());
            let carrier = owned.or(nodes.first()).copied();
            for node in nodes {
                let bytes = if Some(node) == carrier { size } else { 0 };
                charges.insert(node, bytes);
            }
        }
        charges
    }

    fn weigh(&self, packages: &mut [Package], listed: &[bool], charges: &Charges) {
        let layers = usize::from(self.merged.layers());
        let mut sums = vec![Charge::default(); packages.len()];
        let mut by_layer = LayerVotes::new(packages, layers);
        for node in self.merged.every_node() {
            let Some(owner) = self.owner(node) else {
                continue;
            };
            let charge = self.charged(node, charges);
            if let (Some(sum), Some(charge)) = (sums.get_mut(owner.place()), charge) {
                sum.add(charge);
            }
            if let Some(entry) = self.visible(node) {
                by_layer.vote(owner, self.merged.layer_of(entry));
            }
        }
        for (number, package) in (0_u32..).zip(packages) {
            let place = number as usize;
            let sum = sums.get(place).copied().unwrap_or_default();
            let known = listed.get(place).copied().unwrap_or_default();
            // One whose files are all another's would be zero bytes only by this count.
            let anothers = sum.files == 0 && package.within.is_some();
            if known && !anothers {
                package.bytes = Some(Bytes(sum.bytes));
                package.files = Some(sum.files);
            }
            if let Some(layer) = by_layer.most(PackageNo(number)) {
                package.layer = layer;
            }
        }
    }

    fn unowned(&self, charges: &Charges) -> Unowned {
        Tally::new(self, charges).unowned(self.merged)
    }
}

/// `a.cpython-311.pyc` and `a.cpython-311.opt-1.pyc` were compiled from `a.py`.
fn source_name(compiled: &[u8]) -> Option<Vec<u8>> {
    let stem = compiled.strip_suffix(b".pyc")?;
    let cut = |name: &[u8]| name.iter().rposition(|byte| *byte == b'.');
    let (mut stem, mut tag) = stem.split_at_checked(cut(stem)?)?;
    if tag.starts_with(b".opt-") {
        (stem, tag) = stem.split_at_checked(cut(stem)?)?;
    }
    let mut source = stem.to_vec();
    source.extend_from_slice(b".py");
    (!stem.is_empty() && tag.len() > 1).then_some(source)
}

/// Which layers the files of packages come from that are in one database with others.
struct LayerVotes {
    /// By package: where its row of layers begins.
    rows: Vec<Option<usize>>,
    votes: Vec<u32>,
    layers: usize,
}

impl LayerVotes {
    /// More counts than this are not made.
    const MOST: usize = 1 << 24;

    fn new(packages: &[Package], layers: usize) -> Self {
        let mut next = 0;
        let mut row = |package: &Package| {
            let asks = matches!(package.kind, PackageKind::Apk | PackageKind::Rpm);
            let begin = next;
            (asks && begin + layers <= Self::MOST).then(|| {
                next += layers;
                begin
            })
        };
        let rows = packages.iter().map(&mut row).collect();
        Self {
            rows,
            votes: vec![0; next],
            layers,
        }
    }

    fn vote(&mut self, package: PackageNo, layer: LayerNo) {
        if let Some(Some(row)) = self.rows.get(package.place())
            && let Some(votes) = self.votes.get_mut(row + usize::from(layer.0))
        {
            *votes += 1;
        }
    }

    /// The layer with most of a package's files, the lowest of equals.
    fn most(&self, package: PackageNo) -> Option<LayerNo> {
        let row = (*self.rows.get(package.place())?)?;
        let votes = self.votes.get(row..row + self.layers)?;
        let (layer, most) = (0_u16..)
            .zip(votes)
            .max_by_key(|(layer, most)| (**most, Reverse(*layer)))?;
        (*most > 0).then_some(LayerNo(layer))
    }
}

/// Files of nobody, and by directory so as not to hold anything for each of a million files.
struct Tally {
    /// Of nobody's files in it itself.
    own: Vec<Charge>,
    /// Of nobody's files in it and below.
    all: Vec<Charge>,
    /// How many files of packages are in it and below.
    owned: Vec<u64>,
}

impl Tally {
    fn new(files: &Files<'_>, charges: &Charges) -> Self {
        let merged = files.merged;
        let count = merged.directory_count();
        let mut tally = Self {
            own: vec![Charge::default(); count],
            all: Vec::new(),
            owned: vec![0; count],
        };
        for node in merged.every_node() {
            let up = merged.parent(node).and_then(|up| merged.directory_of(up));
            let (Some(up), Some(charge)) = (up, files.charged(node, charges)) else {
                continue;
            };
            if files.owner(node).is_some() {
                bump(&mut tally.owned, up, |owned| *owned += 1);
            } else {
                bump(&mut tally.own, up, |own| own.add(charge));
            }
        }
        tally.all.clone_from(&tally.own);
        // Parents come before what is in them.
        for place in (0..count).rev() {
            let Some(up) = merged.directory_above(place) else {
                continue;
            };
            let all = tally.all.get(place).copied().unwrap_or_default();
            let owned = tally.owned.get(place).copied().unwrap_or_default();
            bump(&mut tally.all, up, |sum| sum.add(all));
            bump(&mut tally.owned, up, |sum| *sum += owned);
        }
        tally
    }

    fn all(&self, merged: &Merged, node: NodeId) -> Charge {
        let place = merged.directory_of(node);
        let all = place.and_then(|place| self.all.get(place));
        all.copied().unwrap_or_default()
    }

    /// Whether a directory is told as a whole: nothing of a package in it, and it is no mere
    /// way to the directory in it that has nearly everything.
    fn is_whole(&self, merged: &Merged, node: NodeId) -> bool {
        let all = self.all(merged, node).bytes;
        let inside = merged.every_child(node);
        let largest = inside.map(|it| self.all(merged, it).bytes).max();
        let owned = merged.directory_of(node).and_then(|it| self.owned.get(it));
        node != NodeId::ROOT
            && owned.is_none_or(|owned| *owned == 0)
            && largest.is_none_or(|largest| largest < all - all / 10)
    }

    fn unowned(&self, merged: &Merged) -> Unowned {
        let mut directories = Vec::new();
        let mut ahead = vec![NodeId::ROOT];
        while let Some(node) = ahead.pop() {
            let whole = self.is_whole(merged, node);
            let sum = if whole {
                self.all(merged, node)
            } else {
                let inside = merged.every_child(node);
                ahead.extend(inside.filter(|it| self.all(merged, *it).bytes > 0));
                let own = merged.directory_of(node).and_then(|it| self.own.get(it));
                own.copied().unwrap_or_default()
            };
            if sum.bytes > 0 {
                directories.push((sum, node, whole));
            }
        }
        directories.sort_by_key(|(sum, node, _)| (Reverse(sum.bytes), *node));
        directories.truncate(DIRECTORIES);
        let told = |(sum, node, whole): (Charge, NodeId, bool)| UnownedDirectory {
            node,
            path: merged.path(node),
            bytes: Bytes(sum.bytes),
            files: sum.files,
            whole,
        };
        let all = self.all(merged, NodeId::ROOT);
        Unowned {
            bytes: Bytes(all.bytes),
            files: all.files,
            directories: directories.into_iter().map(told).collect(),
        }
    }
}

impl Charge {
    fn add(&mut self, other: Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.files += other.files;
    }
}

fn bump<T>(table: &mut [T], place: usize, by: impl FnOnce(&mut T)) {
    if let Some(row) = table.get_mut(place) {
        by(row);
    }
}
