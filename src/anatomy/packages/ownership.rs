//! Which package a file belongs to, what packages weigh, and what nobody owns.

use std::cmp::Reverse;

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
        visible: visible(merged, last),
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
    let charges = files.charge(last);
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

/// By node: what is visible there in the end, directories left out.
fn visible(merged: &Merged, last: LayerNo) -> Vec<Option<EntryId>> {
    let is_content = |id: &EntryId| {
        merged
            .entry(*id)
            .is_some_and(|entry| entry.kind != Kind::Directory)
    };
    merged
        .every_node()
        .map(|node| merged.visible(node, last).filter(is_content))
        .collect()
}

struct Files<'a> {
    merged: &'a Merged,
    owners: Vec<u32>,
    visible: Vec<Option<EntryId>>,
}

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

    fn is_visible(&self, node: NodeId) -> bool {
        self.visible.get(node.place()).is_some_and(Option::is_some)
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

    /// By node: what its visible name has to answer for. A file with several names is
    /// charged to the first that belongs to a package, or else to the first.
    fn charge(&self, last: LayerNo) -> Vec<Charge> {
        let merged = self.merged;
        let mut charges = vec![Charge::default(); self.visible.len()];
        for id in self.visible.iter().flatten() {
            let Some(entry) = merged.entry(*id) else {
                continue;
            };
            if let Some(charge) = charges.get_mut(entry.node.place()) {
                charge.files = 1;
            }
            let visible_names = || {
                let names = merged.names_of(*id);
                names.filter(|name| merged.is_visible(*name, last))
            };
            let node_of = |id: EntryId| merged.entry(id).map(|entry| entry.node);
            let carrier = match visible_names().next() {
                None => Some(entry.node),
                // The other names come by, too; the file is looked at once.
                Some(first) if first != *id => None,
                Some(_) => visible_names()
                    .filter_map(node_of)
                    .find(|node| self.owner(*node).is_some())
                    .or(Some(entry.node)),
            };
            if let Some(charge) = carrier.and_then(|node| charges.get_mut(node.place())) {
                charge.bytes = entry.size.0;
            }
        }
        charges
    }

    fn weigh(&self, packages: &mut [Package], listed: &[bool], charges: &[Charge]) {
        let layers = usize::from(self.merged.layers());
        let mut sums = vec![Charge::default(); packages.len()];
        let mut by_layer = LayerVotes::new(packages, layers);
        for (node, charge) in self.merged.every_node().zip(charges) {
            let Some(owner) = self.owner(node) else {
                continue;
            };
            if let Some(sum) = sums.get_mut(owner.place()) {
                sum.bytes = sum.bytes.saturating_add(charge.bytes);
                sum.files += charge.files;
            }
            if let Some(Some(entry)) = self.visible.get(node.place()) {
                by_layer.vote(owner, self.merged.layer_of(*entry));
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

    fn unowned(&self, charges: &[Charge]) -> Unowned {
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

/// Files of nobody by directory.
struct Tally {
    /// By node: of nobody's files in it itself.
    own: Vec<Charge>,
    /// By node: of nobody's files in it and below.
    all: Vec<Charge>,
    /// By node: how many files of packages are in it and below.
    owned: Vec<u64>,
}

impl Tally {
    fn new(files: &Files<'_>, charges: &[Charge]) -> Self {
        let count = charges.len();
        let mut tally = Self {
            own: vec![Charge::default(); count],
            all: vec![Charge::default(); count],
            owned: vec![0; count],
        };
        for (node, charge) in files.merged.every_node().zip(charges) {
            let Some(up) = files.merged.parent(node) else {
                continue;
            };
            if !files.is_visible(node) {
                continue;
            }
            if files.owner(node).is_some() {
                bump(&mut tally.owned, up, |owned| *owned += 1);
            } else {
                bump(&mut tally.own, up, |own| own.add(*charge));
            }
        }
        tally.all.clone_from(&tally.own);
        for node in files.merged.every_node().rev() {
            let Some(up) = files.merged.parent(node) else {
                continue;
            };
            let all = tally.all(node);
            let owned = tally.owned(node);
            bump(&mut tally.all, up, |sum| sum.add(all));
            bump(&mut tally.owned, up, |sum| *sum += owned);
        }
        tally
    }

    fn all(&self, node: NodeId) -> Charge {
        self.all.get(node.place()).copied().unwrap_or_default()
    }

    fn owned(&self, node: NodeId) -> u64 {
        self.owned.get(node.place()).copied().unwrap_or_default()
    }

    /// Whether a directory is told as a whole: nothing of a package in it, and it is no mere
    /// way to the directory in it that has nearly everything.
    fn is_whole(&self, merged: &Merged, node: NodeId) -> bool {
        let all = self.all(node).bytes;
        let largest = merged.every_child(node).map(|it| self.all(it).bytes).max();
        node != NodeId::ROOT
            && self.owned(node) == 0
            && largest.is_none_or(|largest| largest < all - all / 10)
    }

    fn unowned(&self, merged: &Merged) -> Unowned {
        let mut directories = Vec::new();
        let mut ahead = vec![NodeId::ROOT];
        while let Some(node) = ahead.pop() {
            let whole = self.is_whole(merged, node);
            let sum = if whole {
                self.all(node)
            } else {
                ahead.extend(
                    merged
                        .every_child(node)
                        .filter(|it| self.all(*it).bytes > 0),
                );
                self.own.get(node.place()).copied().unwrap_or_default()
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
        let all = self.all(NodeId::ROOT);
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

fn bump<T>(table: &mut [T], node: NodeId, by: impl FnOnce(&mut T)) {
    if let Some(row) = table.get_mut(node.place()) {
        by(row);
    }
}
