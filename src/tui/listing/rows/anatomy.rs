//! What an image is made of, and what is wrong with it.

use super::super::Rows;
use super::super::matching::Hay;
use super::{by, text};
use crate::anatomy::components::Component;
use crate::anatomy::findings::Finding;
use crate::anatomy::packages::Package;
use crate::anatomy::report::Report;

/// How a table of an anatomy is sorted: by which column, and whether the other way round.
pub(crate) type ByColumn = (usize, bool);

/// Components, the heaviest first.
pub(crate) struct ComponentRows<'a> {
    /// Of which image.
    pub(crate) report: &'a Report,
    /// The order.
    pub(crate) sort: ByColumn,
}

impl ComponentRows<'_> {
    /// How many columns there are to sort by.
    pub(crate) const COLUMNS: usize = 5;

    fn get(&self, at: usize) -> Option<&Component> {
        self.report.components.all.get(at)
    }
}

impl Rows for ComponentRows<'_> {
    type Key = usize;

    fn len(&self) -> usize {
        self.report.components.all.len()
    }

    fn key(&self, at: usize) -> Option<usize> {
        self.get(at).map(|_| at)
    }

    fn find(&self, key: &usize) -> Option<usize> {
        self.key(*key)
    }

    fn hay(&self, at: usize) -> Hay {
        let mut hay = Hay::default();
        if let Some(one) = self.get(at) {
            hay.share(&one.name);
            hay.share(&one.id);
            hay.share(one.class.as_str());
        }
        hay
    }

    fn passes(&self, _: usize) -> bool {
        true
    }

    fn sort(&self, order: &mut [usize]) {
        let (column, turned) = self.sort;
        match column {
            0 => by(order, turned, |at| Some(self.get(at)?.name.as_str())),
            1 => by(order, turned, |at| Some(self.get(at)?.class.as_str())),
            2 => by(order, !turned, |at| Some(self.get(at)?.own_bytes)),
            3 => by(order, !turned, |at| Some(self.get(at)?.exclusive_bytes)),
            _ => by(order, !turned, |at| Some(self.get(at)?.closure_bytes)),
        }
    }
}

/// Packages, and one row for the files that nobody owns.
pub(crate) struct PackageRows<'a> {
    /// Of which image.
    pub(crate) report: &'a Report,
    /// The order.
    pub(crate) sort: ByColumn,
}

impl PackageRows<'_> {
    /// How many columns there are to sort by.
    pub(crate) const COLUMNS: usize = 6;

    fn get(&self, at: usize) -> Option<&Package> {
        self.report.inventory.packages.get(at)
    }
}

impl Rows for PackageRows<'_> {
    type Key = usize;

    fn len(&self) -> usize {
        let nobodys = usize::from(self.report.inventory.unowned().files > 0);
        self.report.inventory.packages.len() + nobodys
    }

    fn key(&self, at: usize) -> Option<usize> {
        (at < self.len()).then_some(at)
    }

    fn find(&self, key: &usize) -> Option<usize> {
        self.key(*key)
    }

    fn hay(&self, at: usize) -> Hay {
        let mut hay = Hay::default();
        match self.get(at) {
            Some(one) => {
                hay.share(&one.name);
                hay.share(&one.version);
                hay.share(one.kind.as_str());
            }
            None => hay.share("files nobody owns"),
        }
        hay
    }

    fn passes(&self, _: usize) -> bool {
        true
    }

    fn sort(&self, order: &mut [usize]) {
        let (column, turned) = self.sort;
        let unowned = self.report.inventory.unowned();
        match column {
            0 => by(order, turned, |at| Some(self.get(at)?.name.as_str())),
            1 => by(order, turned, |at| text(&self.get(at)?.version)),
            2 => by(order, turned, |at| Some(self.get(at)?.kind)),
            3 => by(order, !turned, |at| match self.get(at) {
                Some(one) => one.bytes,
                None => Some(unowned.bytes),
            }),
            4 => by(order, !turned, |at| match self.get(at) {
                Some(one) => one.files,
                None => Some(unowned.files),
            }),
            _ => by(order, turned, |at| Some(self.get(at)?.layer)),
        }
    }
}

/// Findings, the most severe first.
pub(crate) struct FindingRows<'a> {
    /// Of which image.
    pub(crate) report: &'a Report,
    /// The order.
    pub(crate) sort: ByColumn,
}

impl FindingRows<'_> {
    /// How many columns there are to sort by.
    pub(crate) const COLUMNS: usize = 4;

    fn get(&self, at: usize) -> Option<&Finding> {
        self.report.findings.all.get(at)
    }
}

impl Rows for FindingRows<'_> {
    type Key = usize;

    fn len(&self) -> usize {
        self.report.findings.all.len()
    }

    fn key(&self, at: usize) -> Option<usize> {
        self.get(at).map(|_| at)
    }

    fn find(&self, key: &usize) -> Option<usize> {
        self.key(*key)
    }

    fn hay(&self, at: usize) -> Hay {
        let mut hay = Hay::default();
        if let Some(one) = self.get(at) {
            hay.share(one.id.as_str());
            hay.share(one.severity.as_str());
            hay.share(&one.title);
            for path in &one.examples {
                hay.share(&path.to_string());
            }
            if !one.counts() {
                hay.share("accepted");
            }
        }
        hay
    }

    fn passes(&self, _: usize) -> bool {
        true
    }

    fn sort(&self, order: &mut [usize]) {
        let (column, turned) = self.sort;
        match column {
            // They come the most severe first, and of those the largest.
            0 if turned => order.reverse(),
            0 => {}
            1 => by(order, !turned, |at| self.get(at)?.bytes),
            2 => by(order, turned, |at| self.get(at)?.place.layer),
            _ => by(order, turned, |at| Some(self.get(at)?.id.as_str())),
        }
    }
}
