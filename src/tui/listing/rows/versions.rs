//! The versions of an image.

use super::super::Rows;
use super::super::matching::Hay;
use super::{by, figures};
use crate::config::{Sort, SortKey as _, VersionsBy};
use crate::model::bytes::Bytes;
use crate::model::catalog::{Entry, Version};
use crate::model::digest::Digest;
use crate::model::fleet::{Fleet, Row};
use crate::model::known_good::Objection;

/// What a row of the versions is, wherever it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum VersionKey {
    /// A version, by its identity.
    Known(Digest),
    /// A tag of which only the name is known.
    Unread(String),
}

impl VersionKey {
    /// The version's identity; none while it is not read.
    pub(crate) const fn identity(&self) -> Option<&Digest> {
        match self {
            Self::Known(identity) => Some(identity),
            Self::Unread(_) => None,
        }
    }

    /// What the same row is by now: a tag that was read meanwhile is a version.
    pub(crate) fn by_now(&self, row: &Row) -> Option<Self> {
        let Self::Unread(tag) = self else {
            return None;
        };
        let catalog = &row.catalog;
        if catalog.unread.iter().any(|unread| &unread.tag == tag) {
            return None;
        }
        let mut versions = catalog.versions.iter();
        let read = versions.find(|version| version.tags.contains(tag))?;
        Some(Self::Known(read.identity.clone()))
    }
}

impl From<Entry<'_>> for VersionKey {
    fn from(entry: Entry<'_>) -> Self {
        match entry {
            Entry::Known(version) => Self::Known(version.identity.clone()),
            Entry::Unread(unread) => Self::Unread(unread.tag.clone()),
        }
    }
}

/// The versions of an image, and the tags that may be some.
pub(crate) struct VersionRows<'a> {
    fleet: &'a Fleet,
    row: &'a Row,
    sort: Sort<VersionsBy>,
}

impl<'a> VersionRows<'a> {
    /// Those of an image, in an order.
    pub(crate) const fn new(fleet: &'a Fleet, row: &'a Row, sort: Sort<VersionsBy>) -> Self {
        Self { fleet, row, sort }
    }

    fn entry(&self, at: usize) -> Option<Entry<'a>> {
        self.row.catalog.entry(at)
    }

    fn version(&self, at: usize) -> Option<&'a Version> {
        match self.entry(at)? {
            Entry::Known(version) => Some(version),
            Entry::Unread(_) => None,
        }
    }

    fn first_tag(&self, at: usize) -> Option<&'a str> {
        match self.entry(at)? {
            Entry::Known(version) => version.tags.first().map(String::as_str),
            Entry::Unread(unread) => Some(&unread.tag),
        }
    }
}

impl Rows for VersionRows<'_> {
    type Key = VersionKey;

    fn len(&self) -> usize {
        self.row.catalog.entries()
    }

    fn key(&self, at: usize) -> Option<VersionKey> {
        self.entry(at).map(VersionKey::from)
    }

    fn find(&self, key: &VersionKey) -> Option<usize> {
        let catalog = &self.row.catalog;
        match key {
            VersionKey::Known(identity) => {
                let mut versions = catalog.versions.iter();
                let at = versions.position(|version| &version.identity == identity)?;
                Some(catalog.position_of_version(at))
            }
            VersionKey::Unread(tag) => catalog.position_of_unread(tag),
        }
    }

    fn hay(&self, at: usize) -> Hay {
        let mut hay = Hay::default();
        let version = match self.entry(at) {
            Some(Entry::Known(version)) => version,
            Some(Entry::Unread(unread)) => {
                hay.share(&unread.tag);
                hay.share(NOT_READ);
                return hay;
            }
            None => return hay,
        };
        hay.share(version.shown());
        // Whole, so that a copied digest finds its version; too long to be found in scraps.
        hay.share(version.identity.as_str());
        for name in runs_in(self.fleet, self.row, &version.identity) {
            hay.share(name);
        }
        if version.revoked {
            hay.share("revoked");
        }
        let good = known_good_in(self.fleet, self.row, &version.identity);
        if !good.is_empty() {
            hay.share("known good");
        }
        for name in good {
            hay.share(name);
        }
        if left_behind(self.row, &version.identity) {
            hay.share("left behind");
        }
        for tag in version.tags.iter().filter(|tag| *tag != version.shown()) {
            hay.share(tag);
        }
        hay
    }

    fn passes(&self, _: usize) -> bool {
        true
    }

    fn sort(&self, order: &mut [usize]) {
        let falls = self.sort.by.falls() != self.sort.reversed;
        let version = |at: usize| self.version(at);
        match self.sort.by {
            // The catalog has them newest first.
            VersionsBy::Version if falls => {}
            VersionsBy::Version => order.reverse(),
            VersionsBy::Digest => by(order, falls, |at| Some(version(at)?.identity.as_str())),
            VersionsBy::RunsIn => by(order, falls, |at| {
                let identity = &version(at)?.identity;
                let count = runs_in(self.fleet, self.row, identity).len();
                (count > 0).then_some(count)
            }),
            VersionsBy::KnownGood => by(order, falls, |at| {
                let version = version(at)?;
                let good = known_good_in(self.fleet, self.row, &version.identity).len();
                // For it, nothing, against it.
                if version.revoked {
                    Some(0)
                } else if good == 0 && left_behind(self.row, &version.identity) {
                    Some(1)
                } else {
                    Some(good + 2)
                }
            }),
            // The youngest first: the latest moment.
            VersionsBy::Age => by(order, !falls, |at| version(at)?.created),
            VersionsBy::Size => by(order, falls, |at| Some(size_of(version(at)?)?.0.0)),
            VersionsBy::Tags => by(order, falls, |at| figures(self.first_tag(at)?)),
        }
    }
}

/// What is said of a tag of which only the name is known.
pub(crate) const NOT_READ: &str = "not read yet";

/// How large a version is, and whether that is packed, as its registry has it: unpacked where
/// some engine says so.
pub(crate) fn size_of(version: &Version) -> Option<(Bytes, bool)> {
    let packed = || version.remote.as_ref()?.compressed;
    let unpacked = version.size.map(|size| (size, false));
    unpacked.or_else(|| Some((packed()?, true)))
}

/// The environments in which a version runs.
pub(crate) fn runs_in<'a>(fleet: &'a Fleet, row: &Row, identity: &Digest) -> Vec<&'a str> {
    fleet
        .environments
        .iter()
        .zip(&row.cells)
        .filter(|(_, cell)| {
            cell.deployment
                .as_ref()
                .is_some_and(|it| it.identities.contains(identity))
        })
        .map(|(environment, _)| environment.name.as_str())
        .collect()
}

/// The environments in which it is known good.
pub(crate) fn known_good_in<'a>(fleet: &'a Fleet, row: &Row, identity: &Digest) -> Vec<&'a str> {
    fleet
        .environments
        .iter()
        .zip(&row.cells)
        .filter(|(_, cell)| {
            let choice = cell.known_good.as_ref().and_then(|it| it.choice.as_ref());
            choice.is_some_and(|run| &run.identity == identity)
        })
        .map(|(environment, _)| environment.name.as_str())
        .collect()
}

/// Whether a roll back left it behind somewhere.
pub(crate) fn left_behind(row: &Row, identity: &Digest) -> bool {
    row.cells
        .iter()
        .filter_map(|cell| cell.known_good.as_ref())
        .flat_map(|verdict| &verdict.passed_over)
        .any(|over| over.why == Objection::LeftBehind && &over.run.identity == identity)
}
