//! The versions of an image.

use super::super::Rows;
use super::super::matching::Hay;
use super::{by, figures};
use crate::config::{Sort, SortKey as _, VersionsBy};
use crate::model::catalog::Version;
use crate::model::digest::Digest;
use crate::model::fleet::{Fleet, Row};
use crate::model::known_good::Objection;

/// The versions of an image.
pub(crate) struct VersionRows<'a> {
    /// What runs where.
    pub(crate) fleet: &'a Fleet,
    /// The image.
    pub(crate) row: &'a Row,
    /// The order.
    pub(crate) sort: Sort<VersionsBy>,
}

impl<'a> VersionRows<'a> {
    fn version(&self, at: usize) -> Option<&'a Version> {
        self.row.catalog.versions.get(at)
    }
}

impl Rows for VersionRows<'_> {
    type Key = Digest;

    fn len(&self) -> usize {
        self.row.catalog.versions.len()
    }

    fn key(&self, at: usize) -> Option<Digest> {
        self.version(at).map(|version| version.identity.clone())
    }

    fn find(&self, key: &Digest) -> Option<usize> {
        let versions = &self.row.catalog.versions;
        versions.iter().position(|it| &it.identity == key)
    }

    fn hay(&self, at: usize) -> Hay {
        let mut hay = Hay::default();
        let Some(version) = self.version(at) else {
            return hay;
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
            VersionsBy::Size => by(order, falls, |at| version(at)?.size.map(|size| size.0)),
            VersionsBy::Tags => by(order, falls, |at| figures(version(at)?.tags.first()?)),
        }
    }
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
