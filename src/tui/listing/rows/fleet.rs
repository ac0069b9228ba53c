//! The rows of the matrix.

use std::collections::BTreeSet;

use super::super::Rows;
use super::super::matching::Hay;
use super::super::quick::{Quick, cell_passes, changed, taken};
use super::{by, figures};
use crate::config::{FleetBy, Sort, SortKey as _};
use crate::model::fleet::{Cell, Fleet, Row};
use crate::model::observation::Health;
use crate::model::project::ImageName;
use crate::model::time::Timestamp;

/// The rows of the matrix, as far as its columns are on screen.
pub(crate) struct FleetRows<'a> {
    /// What runs where.
    pub(crate) fleet: &'a Fleet,
    /// Positions of the environments on screen.
    pub(crate) columns: &'a [usize],
    /// The quick filters.
    pub(crate) quick: &'a BTreeSet<Quick>,
    /// When the day began.
    pub(crate) midnight: Timestamp,
    /// The order.
    pub(crate) sort: Sort<FleetBy>,
    /// The position of the selected environment.
    pub(crate) here: Option<usize>,
}

impl<'a> FleetRows<'a> {
    fn row(&self, at: usize) -> Option<&'a Row> {
        self.fleet.rows.get(at)
    }

    fn cells(&self, at: usize) -> impl Iterator<Item = &'a Cell> + '_ {
        let row = self.row(at);
        self.columns
            .iter()
            .filter_map(move |column| row?.cells.get(*column))
    }
}

impl Rows for FleetRows<'_> {
    type Key = ImageName;

    fn len(&self) -> usize {
        self.fleet.rows.len()
    }

    fn key(&self, at: usize) -> Option<ImageName> {
        self.row(at).map(|row| row.image.name.clone())
    }

    fn find(&self, key: &ImageName) -> Option<usize> {
        self.fleet
            .rows
            .iter()
            .position(|row| &row.image.name == key)
    }

    /// The image's name, and cell by cell what stands in it: `prod unhealthy` finds what is
    /// unhealthy in prod, not what runs in prod and is unhealthy elsewhere.
    fn hay(&self, at: usize) -> Hay {
        let mut hay = Hay::default();
        if let Some(row) = self.row(at) {
            hay.share(row.image.name.as_str());
        }
        for column in self.columns {
            let cell = self.row(at).and_then(|row| row.cells.get(*column));
            let environment = self.fleet.environments.get(*column);
            let (Some(cell), Some(environment)) = (cell, environment) else {
                continue;
            };
            if !taken(cell) {
                continue;
            }
            hay.begin();
            hay.push(environment.name.as_str());
            say(cell, &mut hay);
        }
        hay
    }

    fn passes(&self, at: usize) -> bool {
        self.quick.is_empty()
            || self
                .cells(at)
                .any(|cell| cell_passes(self.quick, cell, self.midnight))
    }

    fn sort(&self, order: &mut [usize]) {
        let falls = self.sort.by.falls() != self.sort.reversed;
        match self.sort.by {
            FleetBy::Project if falls => order.reverse(),
            FleetBy::Project => {}
            FleetBy::Name => by(order, falls, |at| Some(self.row(at)?.image.name.as_str())),
            FleetBy::State => by(order, falls, |at| {
                let states: Vec<u8> = self.cells(at).map(badness).collect();
                let worst = states.iter().max().copied()?;
                // Of two that are as bad, the one that is so in more places.
                let places = states.iter().filter(|one| **one == worst).count();
                Some((worst, places))
            }),
            FleetBy::Skew => by(order, falls, |at| {
                Some(self.cells(at).map(|cell| cell.skew.len()).sum::<usize>())
            }),
            FleetBy::Changed => by(order, falls, |at| self.cells(at).filter_map(changed).max()),
            FleetBy::Here => by(order, falls, |at| {
                let cell = self.row(at)?.cells.get(self.here?)?;
                let deployment = cell.deployment.as_ref();
                let version = || figures(&deployment?.version);
                taken(cell).then(|| (badness(cell), version()))
            }),
        }
    }
}

/// What stands in a cell, in words.
fn say(cell: &Cell, hay: &mut Hay) {
    if let Some(deployment) = &cell.deployment {
        hay.push(&deployment.version);
        hay.push(deployment.state_word());
    }
    for skew in &cell.skew {
        hay.push(&skew.text);
    }
    for error in &cell.errors {
        hay.push("no answer");
        hay.push(&error.error);
    }
    if !cell.waiting.is_empty() {
        hay.push("waiting");
    }
    for (_, lock) in &cell.locks {
        hay.push("locked");
        hay.push(&lock.summary);
        hay.push(&lock.owner);
    }
}

/// How bad a cell's state is. Known to be ill is worse than not known.
fn badness(cell: &Cell) -> u8 {
    let health = cell.deployment.as_ref().map(|it| it.health);
    match health {
        Some(Health::NotRunning) => 6,
        Some(Health::Unhealthy) => 5,
        _ if !cell.errors.is_empty() && !cell.partly_answered() => 4,
        // Known to be well in part.
        _ if !cell.errors.is_empty() => 3,
        Some(Health::Starting) => 3,
        Some(Health::NoCheck) => 2,
        Some(Health::Healthy) => 1,
        None => 0,
    }
}
