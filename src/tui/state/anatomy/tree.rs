//! The directory one is in: its rows, sorted once and kept until something changes that they
//! depend on; and the search through all that is below it.

use std::cmp::Reverse;

use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{EntryId, Merged, NodeId, View as Sizes};
use crate::model::bytes::Bytes;
use crate::tui::listing::Filters;

use crate::tui::listing::paths::Sought;
use super::touch::{Mark, Touch};

/// What of the files is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All that is visible after the layer.
    #[default]
    Merged,
    /// What the layer itself has or takes away.
    Layer,
}

/// What the rows are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TreeSort {
    /// The largest first.
    #[default]
    Size,
    /// By name.
    Name,
    /// What has most in it first.
    Entries,
}

impl TreeSort {
    /// The next one.
    pub(crate) const fn next(self) -> Self {
        match self {
            Self::Size => Self::Name,
            Self::Name => Self::Entries,
            Self::Entries => Self::Size,
        }
    }

    /// In a word.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Name => "name",
            Self::Entries => "number of files",
        }
    }
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TreeRow {
    /// Which path.
    pub(crate) node: NodeId,
    /// Its entry, where it has one of its own.
    pub(crate) entry: Option<EntryId>,
    /// What it weighs.
    pub(crate) bytes: Bytes,
    /// How many entries are in it.
    pub(crate) entries: u32,
    /// Whether it is a directory.
    pub(crate) directory: bool,
    /// What the layer did at it.
    pub(crate) mark: Option<Mark>,
    /// Whether the layer did something in it, though not at it.
    pub(crate) inside: bool,
}

/// What the rows depend on.
#[derive(Clone, Debug, PartialEq)]
struct Basis {
    directory: NodeId,
    at: u16,
    touched: Option<u16>,
    scope: Scope,
    sort: (TreeSort, bool),
    only: Vec<Mark>,
    text: String,
}

/// The directory one is in.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    /// Which.
    pub(crate) directory: NodeId,
    /// The row that is selected, by its path.
    pub(crate) selected: Option<NodeId>,
    /// What of the files is shown.
    pub(crate) scope: Scope,
    /// The order, and whether it is the other way round.
    pub(crate) sort: (TreeSort, bool),
    /// Only where the layer did one of these.
    pub(crate) only: Vec<Mark>,
    /// What is searched for.
    pub(crate) filters: Filters,
    /// First row drawn.
    pub(crate) top: usize,
    basis: Option<Basis>,
    rows: Vec<TreeRow>,
    at: usize,
    sought: Option<Sought>,
    /// How many rows there would be without filters.
    total: usize,
    /// The heaviest of the rows.
    heaviest: Bytes,
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            directory: NodeId::ROOT,
            selected: None,
            scope: Scope::default(),
            sort: (TreeSort::default(), false),
            only: Vec::new(),
            filters: Filters::default(),
            top: 0,
            basis: None,
            rows: Vec::new(),
            at: 0,
            sought: None,
            total: 0,
            heaviest: Bytes(0),
        }
    }
}

impl Tree {
    /// The rows, in order.
    pub(crate) fn rows(&self) -> &[TreeRow] {
        &self.rows
    }

    /// The place of the row that is selected.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// The row that is selected.
    pub(crate) fn row(&self) -> Option<&TreeRow> {
        self.rows.get(self.at)
    }

    /// The heaviest row.
    pub(crate) const fn heaviest(&self) -> Bytes {
        self.heaviest
    }

    /// How many rows are shown, of how many.
    pub(crate) const fn counts(&self) -> (usize, usize) {
        (self.rows.len(), self.total)
    }

    /// Why a search finds nothing at all, where what was typed is no expression.
    pub(crate) fn complaint(&self) -> Option<&str> {
        self.sought.as_ref()?.complaint.as_deref()
    }

    /// Selects a row by its place.
    pub(crate) fn select(&mut self, place: usize) {
        self.at = place.min(self.rows.len().saturating_sub(1));
        self.selected = self.row().map(|row| row.node);
    }

    /// Goes into the directory that is selected. Whether it is one.
    pub(crate) fn enter(&mut self) -> bool {
        let Some(row) = self.row().filter(|row| row.directory) else {
            return false;
        };
        self.go(row.node, None);
        true
    }

    /// Goes to the directory above. Whether there is one.
    pub(crate) fn leave(&mut self, merged: &Merged) -> bool {
        let Some(up) = merged.parent(self.directory) else {
            return false;
        };
        let from = self.directory;
        self.go(up, Some(from));
        true
    }

    /// Goes to a directory; a search ends there.
    pub(crate) fn go(&mut self, directory: NodeId, selected: Option<NodeId>) {
        self.directory = directory;
        self.selected = selected;
        self.top = 0;
        self.filters.clear();
    }

    /// Shows only where the layer did this; or everything again.
    pub(crate) fn toggle(&mut self, mark: Mark) {
        match self.only.iter().position(|one| *one == mark) {
            Some(at) => drop(self.only.remove(at)),
            None => {
                self.only.push(mark);
                self.only.sort_unstable();
            }
        }
    }

    /// Whether something keeps rows from being shown.
    pub(crate) fn narrow(&self) -> bool {
        !self.only.is_empty() || self.filters.narrow()
    }

    /// Shows everything again.
    pub(crate) fn clear(&mut self) {
        self.only.clear();
        self.filters.clear();
    }

    /// Brings the rows up to date, doing nothing where nothing changed.
    pub(crate) fn settle(&mut self, merged: &Merged, sizes: &Sizes, touch: Option<&Touch>) {
        let basis = Basis {
            directory: self.directory,
            at: sizes.at().0,
            touched: touch.map(|touch| touch.layer.0),
            scope: self.scope,
            sort: self.sort,
            only: self.only.clone(),
            text: self.filters.text.value().to_owned(),
        };
        if self.basis.as_ref() != Some(&basis) {
            let look = Look {
                merged,
                sizes,
                touch,
                scope: self.scope,
                only: &basis.only,
            };
            self.arrange(&look, &basis.text);
            self.basis = Some(basis);
        }
        let place = |node: NodeId| self.rows.iter().position(|row| row.node == node);
        self.at = self
            .selected
            .and_then(place)
            .unwrap_or_else(|| self.at.min(self.rows.len().saturating_sub(1)));
        self.selected = self.row().map(|row| row.node);
    }

    fn arrange(&mut self, look: &Look<'_>, text: &str) {
        let same_directory = self
            .basis
            .as_ref()
            .is_some_and(|known| known.directory == self.directory);
        if !same_directory {
            self.at = 0;
        }
        let directory = self.directory;
        let children = || look.merged.every_child(directory);
        self.rows.clear();
        self.total = 0;
        if self.filters.words().is_some() {
            let known = self.sought.take();
            let sought = Sought::of(look.merged, text, known);
            let below = sought.below(look.merged, self.directory);
            let rows = below.filter_map(|node| look.row(node));
            for row in rows {
                self.total += 1;
                if look.passes(&row) {
                    self.rows.push(row);
                }
            }
            self.total = self.total.max(children().count());
            self.sought = Some(sought);
        } else {
            self.sought = None;
            for row in children().filter_map(|node| look.row(node)) {
                self.total += 1;
                if look.passes(&row) {
                    self.rows.push(row);
                }
            }
        }
        self.heaviest = self
            .rows
            .iter()
            .map(|row| row.bytes)
            .max()
            .unwrap_or_default();
        let searched = self.sought.is_some();
        let name = |row: &TreeRow| {
            if searched {
                look.merged.path(row.node)
            } else {
                look.merged.name(row.node).to_vec()
            }
        };
        let (sort, reversed) = self.sort;
        match sort {
            // Names decide only between equals: they are looked up for those alone.
            TreeSort::Size => self.rows.sort_by(|a, b| {
                b.bytes
                    .cmp(&a.bytes)
                    .then_with(|| b.entries.cmp(&a.entries))
                    .then_with(|| name(a).cmp(&name(b)))
            }),
            TreeSort::Name => self.rows.sort_by_cached_key(|row| name(row)),
            TreeSort::Entries => self
                .rows
                .sort_by_cached_key(|row| (Reverse(row.entries), Reverse(row.bytes), name(row))),
        }
        if reversed {
            self.rows.reverse();
        }
    }
}

/// What rows are made from.
struct Look<'a> {
    merged: &'a Merged,
    sizes: &'a Sizes,
    touch: Option<&'a Touch>,
    scope: Scope,
    only: &'a [Mark],
}

impl Look<'_> {
    /// The row of a path, if it is there or was taken away by the layer.
    fn row(&self, node: NodeId) -> Option<TreeRow> {
        let (merged, sizes) = (self.merged, self.sizes);
        let entry = merged.visible(node, sizes.at());
        let entries = sizes.entries(merged, node);
        let there = entry.is_some() || entries > 0;
        let removed = !there
            && self
                .touch
                .is_some_and(|touch| touch.has(node, Mark::Removed));
        if !there && !removed {
            return None;
        }
        let touched = self.touch.is_some_and(|touch| touch.any(node));
        if self.scope == Scope::Layer && self.touch.is_some() && !touched {
            return None;
        }
        let mark = self.touch.and_then(|touch| touch.mark_of(node));
        let bytes = match (self.touch, self.scope, removed) {
            (Some(touch), _, true) => touch.taken(node),
            (Some(touch), Scope::Layer, false) => touch.brought(node),
            _ => sizes.bytes(merged, node),
        };
        let entry = entry.or_else(|| merged.history(node).next());
        let directory = if removed {
            entry
                .and_then(|entry| merged.entry(entry))
                .is_none_or(|entry| entry.kind == Kind::Directory)
        } else {
            sizes.is_directory(merged, node)
        };
        Some(TreeRow {
            node,
            entry,
            bytes,
            entries,
            directory,
            mark: if removed { Some(Mark::Removed) } else { mark },
            inside: touched && mark.is_none(),
        })
    }

    fn passes(&self, row: &TreeRow) -> bool {
        let Some(touch) = self.touch else {
            return true;
        };
        self.only.is_empty() || self.only.iter().any(|mark| touch.has(row.node, *mark))
    }
}
