//! A table of an anatomy: which row is selected, how it is sorted and filtered.

use crate::anatomy::report::Report;
use crate::tui::listing::rows::{ByColumn, ComponentRows, FindingRows, PackageRows};
use crate::tui::listing::{Basis, Listing};

use super::Sheet;

/// A table of an anatomy.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// Which rows are shown, in which order.
    pub(crate) list: Listing<usize>,
    /// Which is selected.
    pub(crate) selected: Option<usize>,
    /// The order.
    pub(crate) sort: ByColumn,
    /// First row drawn.
    pub(crate) top: usize,
}

/// The tables of an anatomy.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    /// Components.
    pub(crate) components: Table,
    /// Packages.
    pub(crate) packages: Table,
    /// Findings.
    pub(crate) findings: Table,
}

impl Default for Tables {
    fn default() -> Self {
        // The heaviest first; findings as they come, the most severe first.
        Self {
            components: Table::by(2),
            packages: Table::by(3),
            findings: Table::by(0),
        }
    }
}

impl Tables {
    /// The table of a sheet.
    pub(crate) const fn of(&self, sheet: Sheet) -> Option<&Table> {
        match sheet {
            Sheet::Components => Some(&self.components),
            Sheet::Packages => Some(&self.packages),
            Sheet::Findings => Some(&self.findings),
            Sheet::Files | Sheet::Map => None,
        }
    }

    /// The same, to be changed.
    pub(crate) const fn of_mut(&mut self, sheet: Sheet) -> Option<&mut Table> {
        match sheet {
            Sheet::Components => Some(&mut self.components),
            Sheet::Packages => Some(&mut self.packages),
            Sheet::Findings => Some(&mut self.findings),
            Sheet::Files | Sheet::Map => None,
        }
    }

    /// Brings the table of a sheet up to date.
    pub(crate) fn settle(&mut self, report: &Report, sheet: Sheet) {
        match sheet {
            Sheet::Components => {
                let sort = self.components.sort;
                self.components.settle(&ComponentRows { report, sort });
            }
            Sheet::Packages => {
                let sort = self.packages.sort;
                self.packages.settle(&PackageRows { report, sort });
            }
            Sheet::Findings => {
                let sort = self.findings.sort;
                self.findings.settle(&FindingRows { report, sort });
            }
            Sheet::Files | Sheet::Map => {}
        }
    }

    /// Selects a row of the table of a sheet, by its place.
    pub(crate) fn select(&mut self, report: &Report, sheet: Sheet, place: usize) {
        match sheet {
            Sheet::Components => {
                let sort = self.components.sort;
                self.components
                    .select(&ComponentRows { report, sort }, place);
            }
            Sheet::Packages => {
                let sort = self.packages.sort;
                self.packages.select(&PackageRows { report, sort }, place);
            }
            Sheet::Findings => {
                let sort = self.findings.sort;
                self.findings.select(&FindingRows { report, sort }, place);
            }
            Sheet::Files | Sheet::Map => {}
        }
    }
}

/// How many columns a sheet can be sorted by.
pub(crate) const fn columns(sheet: Sheet) -> usize {
    match sheet {
        Sheet::Components => ComponentRows::COLUMNS,
        Sheet::Packages => PackageRows::COLUMNS,
        Sheet::Findings => FindingRows::COLUMNS,
        Sheet::Files | Sheet::Map => 1,
    }
}

impl Table {
    /// One that is sorted by a column.
    fn by(column: usize) -> Self {
        Self {
            list: Listing::default(),
            selected: None,
            sort: (column, false),
            top: 0,
        }
    }

    fn settle<R: crate::tui::listing::Rows<Key = usize>>(&mut self, rows: &R) {
        let basis = Basis {
            sort: self.sort,
            ..Basis::default()
        };
        self.list.refresh(&mut self.selected, rows, basis);
    }

    fn select<R: crate::tui::listing::Rows<Key = usize>>(&mut self, rows: &R, place: usize) {
        self.list.select(&mut self.selected, rows, place);
    }

    /// The position of the row that is selected.
    pub(crate) fn position(&self) -> Option<usize> {
        self.list.position()
    }

    /// Sorts by the next column.
    pub(crate) const fn sort_next(&mut self, columns: usize) {
        let columns = if columns == 0 { 1 } else { columns };
        self.sort = ((self.sort.0 + 1) % columns, false);
    }

    /// Sorts by a column; the other way round, if it is by that one already.
    pub(crate) const fn sort_by(&mut self, column: usize) {
        self.sort = if self.sort.0 == column {
            (column, !self.sort.1)
        } else {
            (column, false)
        };
    }
}
