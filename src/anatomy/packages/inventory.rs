//! All packages of an image.

use super::dependencies::{Dependencies, Needs};
use super::gathering::{Gathering, Trouble, Why};
use super::ownership::{Ownership, Unowned};
use super::package::{Package, PackageKind, PackageNo};
use super::release::{self, Distribution};
use super::sources::Sources;
use super::{apk, cargo, dpkg, go, node, python, rpm};
use crate::anatomy::Anatomy;
use crate::anatomy::layer::program::Program;
use crate::anatomy::merged::{Merged, NodeId};
use crate::model::bytes::Bytes;

/// Where older RPM keeps its packages.
const OLD_RPM: [&[u8]; 4] = [
    b"var/lib/rpm/Packages",
    b"var/lib/rpm/Packages.db",
    b"usr/lib/sysimage/rpm/Packages",
    b"usr/lib/sysimage/rpm/Packages.db",
];

/// What is installed in an image, and whose its files are.
#[derive(Debug, Default)]
pub struct Inventory {
    /// Every package, a system's own first, as its databases have them.
    pub packages: Vec<Package>,
    /// Whose each file is, and what nobody owns.
    pub ownership: Ownership,
    /// What the image says it is.
    pub distribution: Option<Distribution>,
    /// Which system packages need which.
    pub dependencies: Dependencies,
    /// What could not be read, the first of it.
    pub troubles: Vec<Trouble>,
}

impl Inventory {
    /// Takes stock of an image.
    #[must_use]
    pub fn of(anatomy: &Anatomy) -> Self {
        Self::of_merged(&anatomy.merged)
    }

    /// Takes stock of layers on top of each other.
    #[must_use]
    pub fn of_merged(merged: &Merged) -> Self {
        let Some(last) = merged.last() else {
            return Self::default();
        };
        let sources = Sources::of(merged);
        let mut gathering = Gathering::new(merged, last);
        let mut needs = Needs::default();
        // A system's own packages come first: what both they and others claim is theirs.
        dpkg::read(&sources.dpkg, &mut gathering, &mut needs);
        for database in &sources.apk {
            apk::read(database, sources.world.as_ref(), &mut gathering, &mut needs);
        }
        for database in &sources.rpm {
            rpm::read(database, &mut gathering, &mut needs);
        }
        note_old_rpm(&sources, &mut gathering);
        python::read(&sources.python, &sources.records, &mut gathering);
        node::read(&sources.node, &mut gathering);
        read_programs(&mut gathering);
        let distribution = release::read(&sources.releases);
        let (packages, ownership, troubles) = gathering.settle();
        Self {
            packages,
            ownership,
            distribution,
            dependencies: needs.finish(),
            troubles,
        }
    }

    /// A package by its number.
    #[must_use]
    pub fn package(&self, number: PackageNo) -> Option<&Package> {
        self.packages.get(number.place())
    }

    /// Every package with its number.
    pub fn numbered(&self) -> impl Iterator<Item = (PackageNo, &Package)> {
        (0..).map(PackageNo).zip(&self.packages)
    }

    /// Packages by name: of several architectures, or at several places.
    pub fn named(&self, kind: PackageKind, name: &str) -> impl Iterator<Item = PackageNo> {
        self.numbered()
            .filter(move |(_, package)| package.kind == kind && package.name == name)
            .map(|(number, _)| number)
    }

    /// Visible files that belong to no package.
    #[must_use]
    pub const fn unowned(&self) -> &Unowned {
        &self.ownership.unowned
    }

    /// The package that a visible path belongs to.
    #[must_use]
    pub fn owner(&self, node: NodeId) -> Option<PackageNo> {
        self.ownership.owner(node)
    }

    /// Σ of what packages weigh, as far as that is known. Each must be named once.
    #[must_use]
    pub fn bytes_of(&self, packages: &[PackageNo]) -> Bytes {
        let known = packages.iter().filter_map(|it| self.package(*it)?.bytes);
        known.fold(Bytes(0), |sum, bytes| sum + bytes)
    }

    /// A system package with everything it needs; nothing, when no such is installed.
    #[must_use]
    pub fn closure(&self, name: &str) -> Vec<PackageNo> {
        self.dependencies.closure(&self.system(name))
    }

    /// What would go with a system package, because nothing else needs it; see
    /// [`Dependencies::exclusive`] for what is assumed.
    #[must_use]
    pub fn exclusive(&self, name: &str) -> Vec<PackageNo> {
        self.dependencies.exclusive(&self.system(name))
    }

    fn system(&self, name: &str) -> Vec<PackageNo> {
        self.numbered()
            .filter(|(_, package)| package.kind.is_system() && package.name == name)
            .map(|(number, _)| number)
            .collect()
    }
}

fn note_old_rpm(sources: &Sources<'_>, gathering: &mut Gathering<'_>) {
    if !sources.rpm.is_empty() {
        return;
    }
    for path in OLD_RPM {
        let there = gathering
            .paths
            .find(path)
            .is_some_and(|node| gathering.merged.visible(node, gathering.last).is_some());
        if there {
            gathering.trouble(path, Why::OldRpm);
        }
    }
}

fn read_programs(gathering: &mut Gathering<'_>) {
    let merged = gathering.merged;
    for (id, program) in merged.programs() {
        let (Program::Elf(elf), Some(entry)) = (program, merged.entry(id)) else {
            continue;
        };
        if elf.go.is_none() && elf.cargo_auditable.is_none() {
            continue;
        }
        let path = merged.path(entry.node);
        if let Some(build) = &elf.go {
            go::read(build, &path, entry.layer, gathering);
        }
        if let Some(audit) = &elf.cargo_auditable {
            cargo::read(audit, &path, entry.layer, gathering);
        }
    }
}
