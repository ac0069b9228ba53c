//! The directory one is in: its rows, worked out once and kept until something changes that
//! they depend on. What is searched for below it is found in [`super::search`].

use std::sync::{Arc, Weak};

use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{LayerNo, Merged, NodeId, View as Sizes};
use crate::anatomy::tree::search::{Found, Query, Scene};
use crate::anatomy::tree::{Filter, Inside, Mark, Order, Row, Scope, Tree};
use crate::model::bytes::Bytes;
use crate::tui::effect::Request;
use crate::tui::listing::Filters;

use super::search::Searching;

/// What one layer did at a path, to be looked for alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Did {
    /// It added it.
    Added,
    /// It changed it.
    Changed,
    /// It removed it.
    Removed,
}

impl Did {
    /// Its sign.
    pub(crate) const fn sign(self) -> &'static str {
        match self {
            Self::Added => "+",
            Self::Changed => "~",
            Self::Removed => "-",
        }
    }

    /// In a word.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }

    /// What a layer did, by a mark.
    pub(crate) const fn of(mark: Mark) -> Option<Self> {
        match mark {
            Mark::Unchanged => None,
            Mark::Added => Some(Self::Added),
            Mark::Changed(_) => Some(Self::Changed),
            Mark::Removed => Some(Self::Removed),
        }
    }
}

/// What the rows depend on, but for the tree's own filter, scope and order.
#[derive(Clone, Debug, PartialEq)]
struct Basis {
    directory: NodeId,
    layer: Option<u16>,
    at: u16,
    scope: Scope,
    order: (Order, bool),
    only: Vec<Did>,
    text: String,
}

/// The directory one is in.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    tree: Tree,
    /// The layer that is selected; nothing where that is the whole image.
    layer: Option<LayerNo>,
    /// Which directory.
    pub(crate) directory: NodeId,
    /// The row that is selected, by its path.
    pub(crate) selected: Option<NodeId>,
    /// Only what the layer itself has.
    pub(crate) scope: Scope,
    /// The order, and whether it is the other way round.
    pub(crate) order: (Order, bool),
    /// Only where the layer did one of these.
    only: Vec<Did>,
    /// What is searched for.
    pub(crate) filters: Filters,
    /// First row drawn.
    pub(crate) top: usize,
    basis: Option<Basis>,
    rows: Vec<Row>,
    at: usize,
    /// How many rows there would be without filters.
    total: usize,
    /// Why nothing can be searched for.
    complaint: Option<String>,
    searching: Searching,
}

impl Files {
    /// The root, after the last layer.
    pub(crate) fn new(merged: &Merged) -> Self {
        Self {
            tree: Tree::new(merged, merged.last().unwrap_or(LayerNo(0))),
            layer: None,
            directory: NodeId::ROOT,
            selected: None,
            scope: Scope::default(),
            order: (Order::default(), false),
            only: Vec::new(),
            filters: Filters::default(),
            top: 0,
            basis: None,
            rows: Vec::new(),
            at: 0,
            total: 0,
            complaint: None,
            searching: Searching::default(),
        }
    }

    /// The layer that is selected; nothing where that is the whole image.
    pub(crate) const fn layer(&self) -> Option<LayerNo> {
        self.layer
    }

    /// Sizes of directories after it.
    pub(crate) const fn sizes(&self) -> &Sizes {
        self.tree.view()
    }

    /// The rows, in order.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The place of the row that is selected.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// The row that is selected.
    pub(crate) fn row(&self) -> Option<&Row> {
        self.rows.get(self.at)
    }

    /// How many rows are shown, of how many.
    pub(crate) const fn counts(&self) -> (usize, usize) {
        (self.rows.len(), self.total)
    }

    /// Only where the layer did one of these.
    pub(crate) fn only(&self) -> &[Did] {
        &self.only
    }

    /// Why nothing can be searched for, where what was typed is no expression.
    pub(crate) fn complaint(&self) -> Option<&str> {
        self.complaint.as_deref()
    }

    /// Whether what was typed is still being looked for: the rows are of what was before.
    pub(crate) const fn is_searching(&self) -> bool {
        self.searching.is_under_way()
    }

    /// What is to be looked for elsewhere, if that is not known or asked for already: where,
    /// what, and what is gone when nobody waits for it any more.
    pub(crate) fn ask(&mut self, request: Request) -> Option<(Scene, String, Weak<()>)> {
        self.searching.ask(request)
    }

    /// An answer to that.
    pub(crate) fn answered(&mut self, request: Request, answer: &Result<Arc<Found>, String>) {
        if self.searching.answered(request, answer) {
            // The rows are to be made anew.
            self.basis = None;
        }
    }

    /// Whether a row is a directory.
    pub(crate) fn is_directory(row: &Row) -> bool {
        row.kind == Kind::Directory
    }

    /// What the layer that is selected did at a row; nothing for the whole image.
    pub(crate) fn did(&self, row: &Row) -> Option<Did> {
        self.layer.and_then(|_| Did::of(row.mark))
    }

    /// What it did in it.
    pub(crate) fn inside(&self, row: &Row) -> Inside {
        self.layer.map_or_else(Inside::default, |_| row.inside)
    }

    /// Selects a row by its place.
    pub(crate) fn select(&mut self, place: usize) {
        self.at = place.min(self.rows.len().saturating_sub(1));
        self.selected = self.row().map(|row| row.node);
    }

    /// Goes into the directory that is selected. Whether it is one.
    pub(crate) fn enter(&mut self) -> bool {
        let Some(row) = self.row().filter(|row| Self::is_directory(row)) else {
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
    fn go(&mut self, directory: NodeId, selected: Option<NodeId>) {
        self.directory = directory;
        self.selected = selected;
        self.top = 0;
        self.at = 0;
        self.filters.clear();
    }

    /// Looks at the files after a layer; after the last one, where there is none.
    pub(crate) fn look(&mut self, merged: &Merged, layer: Option<LayerNo>) {
        let last = merged.last().unwrap_or(LayerNo(0));
        self.layer = layer;
        self.tree.go(merged, layer.unwrap_or(last).min(last));
    }

    /// Shows only where the layer did this; or everything again.
    pub(crate) fn toggle(&mut self, did: Did) {
        match self.only.iter().position(|one| *one == did) {
            Some(at) => drop(self.only.remove(at)),
            None => {
                self.only.push(did);
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
    pub(crate) fn settle(&mut self, merged: &Merged) {
        let basis = Basis {
            directory: self.directory,
            layer: self.layer.map(|layer| layer.0),
            at: self.sizes().at().0,
            scope: self.scope,
            order: self.order,
            only: self.only.clone(),
            text: self.filters.text.value().to_owned(),
        };
        if self.basis.as_ref() != Some(&basis) {
            self.arrange(merged);
            self.basis = Some(basis);
        }
        let place = |node: NodeId| self.rows.iter().position(|row| row.node == node);
        let last = self.rows.len().saturating_sub(1);
        self.at = self
            .selected
            .and_then(place)
            .unwrap_or_else(|| self.at.min(last));
        self.selected = self.row().map(|row| row.node);
    }

    fn arrange(&mut self, merged: &Merged) {
        let whole = self.layer.is_none();
        let scope = if whole { Scope::Merged } else { self.scope };
        let filter = if whole || self.only.is_empty() {
            Filter::ALL
        } else {
            Filter {
                added: self.only.contains(&Did::Added),
                changed: self.only.contains(&Did::Changed),
                removed: self.only.contains(&Did::Removed),
                unchanged: false,
            }
        };
        if self.tree.scope() != scope {
            self.tree.set_scope(merged, scope);
        }
        if self.tree.order() != self.order.0 {
            self.tree.set_order(merged, self.order.0);
        }
        if self.tree.filter() != filter {
            self.tree.set_filter(merged, filter);
        }
        self.complaint = None;
        self.rows = if self.filters.words().is_some() {
            self.search(merged)
        } else {
            self.searching = Searching::default();
            self.tree.list(merged, self.directory)
        };
        if whole {
            // What the last layer removed is not of the image.
            self.rows.retain(|row| row.mark != Mark::Removed);
        }
        self.total = if self.narrow() {
            let all = merged.every_child(self.directory).count();
            all.max(self.rows.len())
        } else {
            self.rows.len()
        };
        if self.order.1 {
            self.rows.reverse();
        }
    }

    /// What is found below the directory, by the order of the rows. As long as it is being
    /// looked for, what was found before; what is in the directory, where there is nothing.
    fn search(&mut self, merged: &Merged) -> Vec<Row> {
        let text = self.filters.text.value().trim().to_owned();
        let query = match Query::typed(&text) {
            Ok(query) => query,
            Err(why) => {
                self.searching = Searching::default();
                self.complaint = Some(why.to_string());
                return Vec::new();
            }
        };
        let scene = Scene {
            below: self.directory,
            at: self.sizes().at(),
        };
        self.complaint = self.searching.look(merged, &query, scene, text);
        let Some(found) = self.searching.found(scene.below) else {
            return self.tree.list(merged, self.directory);
        };
        let nodes = found.nodes.iter();
        let mut rows: Vec<Row> = nodes
            .filter_map(|node| self.tree.row_of(merged, *node))
            .collect();
        match self.order.0 {
            Order::Size => rows.sort_by_key(|row| std::cmp::Reverse(row.bytes)),
            Order::Name => rows.sort_by_cached_key(|row| merged.path(row.node)),
        }
        rows
    }

    /// The heaviest of the rows.
    pub(crate) fn heaviest(&self) -> Bytes {
        match self.order {
            (Order::Size, false) => self.rows.first().map(|row| row.bytes),
            (Order::Size, true) => self.rows.last().map(|row| row.bytes),
            (Order::Name, _) => self.rows.iter().map(|row| row.bytes).max(),
        }
        .unwrap_or_default()
    }

    /// What the rows weigh together, for shares of it.
    pub(crate) fn weight(&self, merged: &Merged) -> Bytes {
        match (self.layer, self.scope) {
            (Some(_), Scope::Layer) => self
                .rows
                .iter()
                .filter(|row| row.mark != Mark::Removed)
                .fold(Bytes(0), |sum, row| sum + row.bytes),
            _ => self.sizes().bytes(merged, self.directory),
        }
    }
}
