//! Where things were drawn, handed back from drawing.

use ratatui::layout::Rect;

use crate::anatomy::merged::NodeId;
use crate::tui::log::Glass;

use super::anatomy::{Sheet, Side};

/// Where things were drawn: what scrolling and the mouse need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Of the view.
    pub(crate) view: Window,
    /// Of the dialog.
    pub(crate) dialog: Window,
    /// Of the log, where there is one.
    pub(crate) glass: Glass,
    /// Of the layers, in an anatomy.
    pub(crate) layers: Window,
    /// Of the explanation beside a view.
    pub(crate) words: Window,
    /// The rectangles of a map.
    pub(crate) tiles: Vec<Tile>,
    /// The first column of the matrix drawn.
    pub(crate) left: usize,
    /// An age of less than a minute was shown: it changes every second.
    pub(crate) seconds: bool,
    /// What can be clicked in the view.
    pub(crate) hits: Vec<Hit>,
    /// What can be clicked in the dialog above it, which keeps clicks from the view.
    pub(crate) dialog_hits: Vec<Hit>,
}

/// A list or a text, seen through a window: rows or lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    /// The first one drawn.
    pub(crate) top: usize,
    /// How many fit.
    pub(crate) page: usize,
    /// How many there are.
    pub(crate) total: usize,
}

impl Window {
    /// The first one to draw so that `selected` is seen, moving as little as possible.
    pub(crate) fn around(selected: usize, top: usize, page: usize, total: usize) -> Self {
        let page = page.max(1);
        let highest = total.saturating_sub(page);
        let top = if selected < top {
            selected
        } else if selected >= top + page {
            selected + 1 - page
        } else {
            top
        };
        Self {
            top: top.min(highest),
            page,
            total,
        }
    }

    /// The window at `top`, as far as there is something to see.
    pub(crate) fn at(top: usize, page: usize, total: usize) -> Self {
        Self {
            top: top.min(total.saturating_sub(page)),
            page,
            total,
        }
    }

    /// Where the top is after scrolling by some rows.
    pub(crate) fn scrolled(&self, by: isize) -> usize {
        self.top
            .saturating_add_signed(by)
            .min(self.total.saturating_sub(self.page))
    }
}

impl Layout {
    /// What is at a column and a row: of the dialog where there is one, else of the view.
    pub(crate) fn at(&self, dialog: bool, column: u16, row: u16) -> Option<Target> {
        let hits = if dialog {
            &self.dialog_hits
        } else {
            &self.hits
        };
        let hit = hits.iter().find(|hit| {
            (hit.columns.0..hit.columns.1).contains(&column)
                && (hit.rows.0..hit.rows.1).contains(&row)
        })?;
        Some(hit.target.clone())
    }
}

/// A part of the screen that can be clicked: columns and rows, the end left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    /// First and last column.
    pub(crate) columns: (u16, u16),
    /// First and last row.
    pub(crate) rows: (u16, u16),
    /// What is there.
    pub(crate) target: Target,
}

impl Hit {
    /// All of an area.
    pub(crate) const fn on(area: Rect, target: Target) -> Self {
        Self {
            columns: (area.x, area.x.saturating_add(area.width)),
            rows: (area.y, area.y.saturating_add(area.height)),
            target,
        }
    }
}

/// A rectangle of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tile {
    /// Of which path; nothing for what is too small to have one of its own.
    pub(crate) node: Option<NodeId>,
    /// Where.
    pub(crate) area: Rect,
}

/// What can be clicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A row of the layers.
    Layer(usize),
    /// A rectangle of a map: its place among them.
    Tile(usize),
    /// A tab of an anatomy.
    Tab(Sheet),
    /// A pane of an anatomy.
    Side(Side),
    /// A cell of the matrix: row and column, their places among those shown.
    Cell(usize, usize),
    /// A row of a list: its place among those shown.
    Row(usize),
    /// The heading of a list's column.
    Heading(usize),
    /// The heading of a column of the matrix, by its place.
    Environment(usize),
    /// The line of what runs, or of what ended unseen.
    Operations,
    /// A button of the dialog: its place among them, from the left.
    Button(usize),
    /// A line of the dialog's list: its place in it.
    Line(usize),
    /// A field of the dialog to type in: its place among them, from the top.
    Field(usize),
}
