//! The anatomy of a version, while somebody looks at it: what is selected where, and what is
//! worked out for it.
//!
//! | file | subject |
//! |---|---|
//! | `reading` | images that are being read, and those that have been: kept for the session |
//! | `places` | where the bytes are |
//! | `files` | the directory one is in, and its rows |
//! | `search` | paths below it that are looked for |
//! | `shares` | which layers wrote what is in each directory: the colours of a map |
//! | `table` | the rows of components, packages and findings |

mod files;
mod places;
mod reading;
mod search;
mod shares;
mod table;

use std::fmt;
use std::sync::Arc;

use crate::anatomy::merged::{LayerNo, NodeId};
use crate::anatomy::report::Report;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::project::ImageName;
use crate::tui::listing::Filters;

use super::Layout;

pub(crate) use files::{Did, Files};
pub(crate) use reading::{Reading, Readings, Standing};
pub(crate) use shares::Shares;
pub(crate) use table::{Table, Tables, columns};

/// What of an anatomy is on screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Sheet {
    /// Layers beside files.
    #[default]
    Files,
    /// Files as rectangles.
    Map,
    /// What it is made of, by what that is for.
    Components,
    /// What package managers know of.
    Packages,
    /// What to do something about.
    Findings,
}

impl Sheet {
    /// All of them, in the order of the tabs.
    pub(crate) const ALL: [Self; 5] = [
        Self::Files,
        Self::Map,
        Self::Components,
        Self::Packages,
        Self::Findings,
    ];

    /// As its tab names it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Map => "map",
            Self::Components => "components",
            Self::Packages => "packages",
            Self::Findings => "findings",
        }
    }

    /// The panes there are, in the order of Tab.
    pub(crate) const fn panes(self) -> &'static [Side] {
        match self {
            Self::Files | Self::Map => &[Side::Layers, Side::Main, Side::Words],
            Self::Components | Self::Packages | Self::Findings => &[Side::Main, Side::Words],
        }
    }
}

/// A pane of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    /// The layers.
    #[default]
    Layers,
    /// The files, the rectangles, or the table.
    Main,
    /// The explanation.
    Words,
}

/// The anatomy of one version, on screen.
#[derive(Clone, Debug)]
pub(crate) struct AnatomyView {
    /// Of which image.
    pub(crate) image: ImageName,
    /// Which version.
    pub(crate) identity: Digest,
    /// What of it is shown.
    pub(crate) sheet: Sheet,
    /// Which pane has the focus.
    pub(crate) side: Side,
    /// What is explained: what had the focus last, of layers and the rest.
    pub(crate) about: Side,
    /// The row of the layers that is selected: the whole image first.
    pub(crate) row: usize,
    /// First row of the layers drawn.
    pub(crate) layers_top: usize,
    /// First line of the explanation drawn.
    pub(crate) words_top: usize,
    /// What is looked at, once it has been read.
    pub(crate) open: Option<Box<Open>>,
}

impl AnatomyView {
    /// Nothing is known yet.
    pub(crate) fn new(image: ImageName, identity: Digest) -> Self {
        Self {
            image,
            identity,
            sheet: Sheet::Files,
            side: Side::Layers,
            about: Side::Layers,
            row: 0,
            layers_top: 0,
            words_top: 0,
            open: None,
        }
    }

    /// The layer that is selected; nothing where that is the whole image.
    pub(crate) fn layer(&self) -> Option<usize> {
        self.row.checked_sub(1)
    }

    /// Gives a pane the focus.
    pub(crate) fn focus(&mut self, side: Side) {
        self.side = side;
        if side != Side::Words {
            if self.about != side {
                self.words_top = 0;
            }
            self.about = side;
        }
    }

    /// Shows something else of it.
    pub(crate) fn show(&mut self, sheet: Sheet) {
        self.sheet = sheet;
        self.words_top = 0;
        // What was asked for is what one wants to move in.
        self.focus(if sheet == Sheet::Files && self.about == Side::Layers {
            Side::Layers
        } else {
            Side::Main
        });
    }

    /// Takes over what was read.
    pub(crate) fn read(&mut self, report: Arc<Report>) {
        if self.open.is_none() {
            self.open = Some(Box::new(Open::new(report)));
            self.look();
        }
    }

    /// Selects a row of the layers, and looks at the image after that one.
    pub(crate) fn select_layer(&mut self, row: usize, rows: usize) {
        self.row = row.min(rows.saturating_sub(1));
        self.words_top = 0;
        self.look();
    }

    /// What keeps rows of the pane in the middle from being shown.
    pub(crate) fn filters(&self) -> Option<&Filters> {
        let open = self.open.as_ref()?;
        match self.sheet {
            Sheet::Files | Sheet::Map => Some(&open.files.filters),
            sheet => Some(&open.tables.of(sheet)?.list.filters),
        }
    }

    /// The same, to be changed.
    pub(crate) fn filters_mut(&mut self) -> Option<&mut Filters> {
        let open = self.open.as_mut()?;
        match self.sheet {
            Sheet::Files | Sheet::Map => Some(&mut open.files.filters),
            sheet => Some(&mut open.tables.of_mut(sheet)?.list.filters),
        }
    }

    /// How many rows of it are shown, of how many.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let Some(open) = &self.open else {
            return (0, 0);
        };
        match self.sheet {
            Sheet::Files | Sheet::Map => open.files.counts(),
            sheet => open
                .tables
                .of(sheet)
                .map_or((0, 0), |table| table.list.counts()),
        }
    }

    /// Takes over where things were drawn.
    pub(crate) fn adopt(&mut self, layout: &Layout) {
        self.layers_top = layout.layers.top;
        self.words_top = layout.words.top;
        if let Some(open) = &mut self.open {
            match self.sheet {
                Sheet::Files => open.files.top = layout.view.top,
                sheet => {
                    if let Some(table) = open.tables.of_mut(sheet) {
                        table.top = layout.view.top;
                    }
                }
            }
        }
    }

    /// Looks at the image after the layer that is selected.
    fn look(&mut self) {
        let (layer, sheet) = (self.layer(), self.sheet);
        if let Some(open) = &mut self.open {
            open.look(layer, sheet);
        }
    }
}

/// An image that has been read, and how it is looked at.
#[derive(Clone)]
pub(crate) struct Open {
    /// What was found.
    pub(crate) report: Arc<Report>,
    /// The directories where most is.
    pub(crate) largest: Arc<[(NodeId, Bytes)]>,
    /// Which layers wrote what is seen, while a map is drawn.
    pub(crate) shares: Option<Shares>,
    /// The directory one is in, after the layer that is selected.
    pub(crate) files: Files,
    /// Components and packages.
    pub(crate) tables: Tables,
}

// Short: what was read is large, and is nobody's business in a message.
impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Open")
            .field("layers", &self.report.anatomy.facts.layers.len())
            .finish_non_exhaustive()
    }
}

impl Open {
    fn new(report: Arc<Report>) -> Self {
        let merged = &report.anatomy.merged;
        Self {
            largest: places::largest(merged, &report.view).into(),
            shares: None,
            files: Files::new(merged),
            tables: Tables::default(),
            report,
        }
    }

    /// Looks at the image after a layer; after the last one, where there is none.
    fn look(&mut self, layer: Option<usize>, sheet: Sheet) {
        let layer = layer.and_then(|layer| u16::try_from(layer).ok());
        self.files
            .look(&self.report.anatomy.merged, layer.map(LayerNo));
        self.settle(sheet);
    }

    /// Brings up to date what is drawn from.
    pub(crate) fn settle(&mut self, sheet: Sheet) {
        let merged = &self.report.anatomy.merged;
        self.files.settle(merged);
        let fresh = self
            .shares
            .as_ref()
            .is_some_and(|shares| shares.at == self.files.sizes().at());
        self.tables.settle(&self.report, sheet);
        if sheet == Sheet::Map && !fresh {
            match &mut self.shares {
                Some(shares) => shares.go(merged, self.files.sizes()),
                None => self.shares = Some(Shares::of(merged, self.files.sizes())),
            }
        }
    }
}
