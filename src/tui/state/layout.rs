//! Where things were drawn, handed back from drawing.

use crate::tui::log::Glass;

/// Where things were drawn: what scrolling and the mouse need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Of the view.
    pub(crate) view: Window,
    /// Of the dialog.
    pub(crate) dialog: Window,
    /// Of the log, where there is one.
    pub(crate) glass: Glass,
    /// The first column of the matrix drawn.
    pub(crate) left: usize,
    /// An age of less than a minute was shown: it changes every second.
    pub(crate) seconds: bool,
    /// What can be clicked.
    pub(crate) hits: Vec<Hit>,
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

/// What can be clicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A cell of the matrix: row and column, their places among those shown.
    Cell(usize, usize),
    /// A row of a list: its place among those shown.
    Row(usize),
    /// The heading of a list's column.
    Heading(usize),
    /// The line of what runs, or of what ended unseen.
    Operations,
}
