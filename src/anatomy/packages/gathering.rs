//! What the readers of databases bring together: packages, and which files they claim.

use super::ownership::{NOBODY, Ownership};
use super::package::{Package, PackageNo};
use super::paths::Paths;
use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{EntryId, LayerNo, Merged, NodeId};

/// How many packages are listed. The largest images have some ten thousand.
const PACKAGES: usize = 1 << 18;
/// How many troubles are told.
const TROUBLES: usize = 64;

/// Something about packages that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Where.
    pub path: Vec<u8>,
    /// What.
    pub what: Why,
}

/// Why something about packages could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Why {
    /// It is none, or damaged.
    #[error("is not the package database or metadata that its name promises; it was left out")]
    Unreadable,
    /// An RPM database older than SQLite.
    #[error("is an RPM database in a format that is not read (Berkeley DB or ndb)")]
    OldRpm,
    /// More packages than are listed.
    #[error("has more packages than are listed; the rest was left out")]
    TooMany,
    /// Symlinks upon symlinks.
    #[error("names paths through more symlinks than are followed; their owners are not known")]
    TooManySymlinks,
}

/// Packages in the making.
pub(super) struct Gathering<'a> {
    pub(super) merged: &'a Merged,
    pub(super) last: LayerNo,
    pub(super) paths: Paths<'a>,
    pub(super) packages: Vec<Package>,
    /// By package: whether its files are known.
    pub(super) listed: Vec<bool>,
    /// By node: the package that claimed it first. Empty until one does.
    pub(super) owners: Vec<u32>,
    /// Directories whose files belong to a package, but for those of directories inside that
    /// are another's.
    pub(super) below: Vec<(NodeId, PackageNo)>,
    /// Files that a second package claims.
    pub(super) contested: u64,
    pub(super) troubles: Vec<Trouble>,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(merged: &'a Merged, last: LayerNo) -> Self {
        Self {
            merged,
            last,
            paths: Paths::new(merged, last),
            packages: Vec::new(),
            listed: Vec::new(),
            owners: Vec::new(),
            below: Vec::new(),
            contested: 0,
            troubles: Vec::new(),
        }
    }

    /// Lists a package. Nothing, when there are too many.
    pub(super) fn add(&mut self, package: Package) -> Option<PackageNo> {
        let number = u32::try_from(self.packages.len()).ok()?;
        if self.packages.len() >= PACKAGES {
            let path = package.origin;
            let told = self.troubles.iter().any(|it| it.what == Why::TooMany);
            if !told {
                self.trouble(&path, Why::TooMany);
            }
            return None;
        }
        self.packages.push(package);
        self.listed.push(false);
        Some(PackageNo(number))
    }

    /// From now on a package's files are known, even if there should be none.
    pub(super) fn know_files(&mut self, package: PackageNo) {
        if let Some(listed) = self.listed.get_mut(package.place()) {
            *listed = true;
        }
    }

    /// A package says that a path is its own. The first to say so has it.
    pub(super) fn claim(&mut self, package: PackageNo, path: &[u8]) {
        if let Some(node) = self.paths.find(path) {
            self.claim_node(package, node);
        }
    }

    pub(super) fn claim_node(&mut self, package: PackageNo, node: NodeId) {
        let kind = self.kind(node);
        if matches!(kind, None | Some(Kind::Directory)) {
            return;
        }
        if self.owners.is_empty() {
            self.owners = vec![NOBODY; self.merged.len()];
        }
        match self.owners.get_mut(node.place()) {
            Some(owner) if *owner == NOBODY => *owner = package.0,
            // Many packages have a directory where there is a symlink now, such as `/bin`.
            Some(owner) if *owner != package.0 && kind != Some(Kind::Symlink) => {
                self.contested += 1;
            }
            _ => {}
        }
    }

    /// A package says that all below a directory is its own, unless another says so of a
    /// directory further down.
    pub(super) fn claim_below(&mut self, package: PackageNo, directory: NodeId) {
        self.know_files(package);
        self.below.push((directory, package));
    }

    /// Who claimed a path.
    pub(super) fn owner(&self, node: NodeId) -> Option<PackageNo> {
        let owner = *self.owners.get(node.place())?;
        (owner != NOBODY).then_some(PackageNo(owner))
    }

    /// What is at a path in the end.
    fn kind(&self, node: NodeId) -> Option<Kind> {
        let entry = self.merged.visible(node, self.last)?;
        self.merged.entry(entry).map(|entry| entry.kind)
    }

    pub(super) fn layer_of(&self, entry: EntryId) -> LayerNo {
        self.merged.layer_of(entry)
    }

    pub(super) fn trouble(&mut self, path: &[u8], what: Why) {
        if self.troubles.len() < TROUBLES {
            self.troubles.push(Trouble {
                path: path.to_vec(),
                what,
            });
        }
    }

    /// Every database was read.
    pub(super) fn settle(self) -> (Vec<Package>, Ownership, Vec<Trouble>) {
        super::ownership::settle(self)
    }
}
