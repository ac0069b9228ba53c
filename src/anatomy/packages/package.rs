//! What is known of one package.

use serde::Serialize;

use crate::anatomy::merged::LayerNo;
use crate::model::bytes::Bytes;

/// Who installed a package, and so where it is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PackageKind {
    /// Debian and its kin.
    Dpkg,
    /// Alpine.
    Apk,
    /// Fedora, Red Hat, SUSE.
    Rpm,
    /// Python: pip and the like.
    Python,
    /// Node: npm and the like.
    Node,
    /// A module inside a Go program.
    Go,
    /// A crate inside a Rust program that was built with `cargo auditable`.
    Cargo,
}

impl PackageKind {
    /// Its name, as it is written everywhere.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dpkg => "dpkg",
            Self::Apk => "apk",
            Self::Rpm => "rpm",
            Self::Python => "python",
            Self::Node => "node",
            Self::Go => "go",
            Self::Cargo => "cargo",
        }
    }

    /// Whether it is a system's own package manager.
    #[must_use]
    pub const fn is_system(self) -> bool {
        matches!(self, Self::Dpkg | Self::Apk | Self::Rpm)
    }
}

impl std::fmt::Display for PackageKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// The place of a package in its [`Inventory`](super::Inventory).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageNo(pub(super) u32);

impl PackageNo {
    pub(super) const fn place(self) -> usize {
        self.0 as usize
    }
}

/// The source package that a package was built from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// Its version, where that is written down.
    pub version: Option<String>,
}

/// One installed package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Who installed it.
    pub kind: PackageKind,
    /// Its name.
    pub name: String,
    /// Its version, whole: with epoch and release, where there are some.
    pub version: String,
    /// The architecture it is for, where that is written down.
    pub arch: Option<String>,
    /// What it was built from, where that is written down.
    pub source: Option<Source>,
    /// Σ length of the visible files that are its own, a file with several names once.
    /// Nothing, when its files are not known: a module inside a program, a package without
    /// a list of files, or one whose files are all another package's.
    pub bytes: Option<Bytes>,
    /// How many visible files, links and devices are its own; directories do not count.
    /// Nothing, where `bytes` is nothing.
    pub files: Option<u64>,
    /// The layer that brought it: the one with its own list or record of files. Where all
    /// packages are in one database (apk, rpm), the layer that has most of its files.
    pub layer: LayerNo,
    /// Where it is written down: its list of files, its metadata, the database, the program
    /// it is inside of.
    pub origin: Vec<u8>,
    /// The package that brought it along, where there is one: the Python module inside a
    /// Debian package, the Go modules of an installed program.
    pub within: Option<PackageNo>,
}

impl Package {
    /// A package of which no more is known than what it is.
    pub(super) fn new(
        kind: PackageKind,
        name: &[u8],
        version: &[u8],
        layer: LayerNo,
        origin: &[u8],
    ) -> Self {
        Self {
            kind,
            name: text(name),
            version: text(version),
            arch: None,
            source: None,
            bytes: None,
            files: None,
            layer,
            origin: origin.to_vec(),
            within: None,
        }
    }
}

/// Bytes of a database as text: what is no UTF-8 is shown as such.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.trim_ascii()).into_owned()
}
