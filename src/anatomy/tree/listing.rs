//! Rows of directories, and the lines of a view.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::Row;
use super::marks::{Filter, Inside, Mark, Marks};
use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{Child, LayerNo, Merged, NodeId, View};
use crate::anatomy::waste::share;
use crate::model::bytes::Bytes;

/// What a tree shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Everything that is visible after the layer, and what the layer removed.
    #[default]
    Merged,
    /// Only what the layer itself has, and what it removed; directories weigh what the layer
    /// put into them.
    Layer,
}

/// How the rows of a directory are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The heaviest first.
    #[default]
    Size,
    /// By name, byte by byte.
    Name,
}

/// A line of a view: a row, and how deep it lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Zero for what lies in the root.
    pub depth: usize,
    /// Whether it can be expanded.
    pub branches: bool,
    /// Whether it is.
    pub expanded: bool,
    /// The row.
    pub row: Row,
}

/// A tree after one layer, of which some directories are expanded.
#[derive(Clone, Debug)]
pub struct Tree {
    scope: Scope,
    order: Order,
    filter: Filter,
    now: View,
    /// Before the layer, for what it removed.
    before: Option<View>,
    /// The same two after the last layer: one comes back to it all the time.
    last: (View, Option<View>),
    marks: Marks,
    /// By directory: what the layer itself has below it.
    own: Vec<u64>,
    expanded: HashSet<NodeId>,
    rows: HashMap<NodeId, Vec<Row>>,
    /// Lines as they are shown: how deep, the directory, which of its rows.
    lines: Vec<(usize, NodeId, usize)>,
}

impl Tree {
    /// The tree after a layer, nothing expanded.
    #[must_use]
    pub fn new(merged: &Merged, at: LayerNo) -> Self {
        let views = |at: LayerNo| {
            let below = at.0.checked_sub(1).map(LayerNo);
            let below = below.map(|below| View::new(merged, below));
            (View::new(merged, at), below)
        };
        let last = views(merged.last().unwrap_or(LayerNo(0)));
        let (now, before) = if at == last.0.at() {
            last.clone()
        } else {
            views(at)
        };
        let mut tree = Self {
            scope: Scope::default(),
            order: Order::default(),
            filter: Filter::default(),
            now,
            before,
            last,
            marks: Marks::of(merged, at),
            own: own(merged, at),
            expanded: HashSet::new(),
            rows: HashMap::new(),
            lines: Vec::new(),
        };
        tree.lay_out(merged);
        tree
    }

    /// The tree after another layer; what was expanded stays so.
    pub fn go(&mut self, merged: &Merged, to: LayerNo) {
        if to == self.now.at() {
            return;
        }
        self.look(merged, to);
        self.marks = Marks::of(merged, to);
        self.own = own(merged, to);
        self.anew(merged);
    }

    /// Looks at what is seen after a layer, and before it.
    fn look(&mut self, merged: &Merged, to: LayerNo) {
        if to == self.last.0.at() {
            (self.now, self.before) = self.last.clone();
            return;
        }
        let below = to.0.checked_sub(1).map(LayerNo);
        match (below, &mut self.before) {
            // One layer up, or down: one of the two is there already.
            (Some(below), Some(before)) if below == self.now.at() => {
                before.clone_from(&self.now);
                self.now.go(merged, to);
            }
            (Some(below), Some(before)) if to == before.at() => {
                self.now.clone_from(before);
                before.go(merged, below);
            }
            (Some(below), Some(before)) => {
                self.now.go(merged, to);
                before.go(merged, below);
            }
            (below, before) => {
                *before = below.map(|_| self.now.clone());
                self.now.go(merged, to);
                if let (Some(below), Some(before)) = (below, before) {
                    before.go(merged, below);
                }
            }
        }
    }

    /// What it shows.
    pub fn set_scope(&mut self, merged: &Merged, scope: Scope) {
        self.scope = scope;
        self.anew(merged);
    }

    /// How it is sorted.
    pub fn set_order(&mut self, merged: &Merged, order: Order) {
        self.order = order;
        self.anew(merged);
    }

    /// What of it is shown.
    pub fn set_filter(&mut self, merged: &Merged, filter: Filter) {
        self.filter = filter;
        self.anew(merged);
    }

    /// Opens a directory, or closes it.
    pub fn expand(&mut self, merged: &Merged, node: NodeId, open: bool) {
        let changed = if open {
            self.expanded.insert(node)
        } else {
            self.expanded.remove(&node)
        };
        if changed {
            self.lay_out(merged);
        }
    }

    /// Opens every directory above a path, so that it has a line. Answers which; nothing,
    /// where it is not shown.
    pub fn reveal(&mut self, merged: &Merged, node: NodeId) -> Option<usize> {
        let above = std::iter::successors(merged.parent(node), |up| merged.parent(*up));
        self.expanded.extend(above);
        self.lay_out(merged);
        self.line_of(node)
    }

    /// The line of a path.
    #[must_use]
    pub fn line_of(&self, node: NodeId) -> Option<usize> {
        let is_it = |(_, directory, place): &(usize, NodeId, usize)| {
            self.row(*directory, *place)
                .is_some_and(|row| row.node == node)
        };
        self.lines.iter().position(is_it)
    }

    /// What it shows.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        self.scope
    }

    /// How it is sorted.
    #[must_use]
    pub const fn order(&self) -> Order {
        self.order
    }

    /// What of it is shown.
    #[must_use]
    pub const fn filter(&self) -> Filter {
        self.filter
    }

    /// The sizes after the layer.
    #[must_use]
    pub const fn view(&self) -> &View {
        &self.now
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Some of the lines, as they are shown.
    pub fn lines<'a>(
        &'a self,
        merged: &'a Merged,
        which: Range<usize>,
    ) -> impl Iterator<Item = Line> + 'a {
        let end = which.end.min(self.lines.len());
        let lines = self
            .lines
            .get(which.start.min(end)..end)
            .unwrap_or_default();
        lines.iter().filter_map(|(depth, directory, place)| {
            let row = *self.row(*directory, *place)?;
            let branches = self.branches(merged, &row);
            Some(Line {
                depth: *depth,
                branches,
                expanded: branches && self.expanded.contains(&row.node),
                row,
            })
        })
    }

    fn row(&self, directory: NodeId, place: usize) -> Option<&Row> {
        self.rows.get(&directory)?.get(place)
    }

    fn branches(&self, merged: &Merged, row: &Row) -> bool {
        let below = match self.scope {
            Scope::Merged => self.now.entries(merged, row.node),
            Scope::Layer => 0,
        };
        below > 0 || !row.inside.is_empty()
    }

    fn anew(&mut self, merged: &Merged) {
        self.rows.clear();
        self.lay_out(merged);
    }

    /// Lays the lines out: the root's rows, and those of what is expanded.
    fn lay_out(&mut self, merged: &Merged) {
        self.lines.clear();
        self.look_into(merged, NodeId::ROOT);
        let mut open = vec![(NodeId::ROOT, 0)];
        while let Some((directory, place)) = open.pop() {
            let Some(row) = self.row(directory, place).copied() else {
                continue;
            };
            open.push((directory, place + 1));
            let depth = open.len() - 1;
            self.lines.push((depth, directory, place));
            if self.expanded.contains(&row.node) && self.branches(merged, &row) {
                self.look_into(merged, row.node);
                open.push((row.node, 0));
            }
        }
    }

    fn look_into(&mut self, merged: &Merged, directory: NodeId) {
        if !self.rows.contains_key(&directory) {
            let rows = self.list(merged, directory);
            self.rows.insert(directory, rows);
        }
    }

    /// What is in a directory, sorted and filtered.
    #[must_use]
    pub fn list(&self, merged: &Merged, directory: NodeId) -> Vec<Row> {
        let mut rows: Vec<Row> = merged
            .every_child(directory)
            .filter_map(|node| self.make(merged, node))
            .filter(|row| self.filter.shows(row.mark, row.inside))
            .collect();
        let whole = rows
            .iter()
            .fold(0_u64, |sum, row| sum.saturating_add(row.bytes.0));
        for row in &mut rows {
            row.share = share(row.bytes.0, whole).unwrap_or(0.0);
        }
        match self.order {
            Order::Size => rows.sort_unstable_by(|one, other| {
                Reverse(one.bytes)
                    .cmp(&Reverse(other.bytes))
                    .then_with(|| merged.name(one.node).cmp(merged.name(other.node)))
            }),
            Order::Name => rows.sort_unstable_by_key(|row| merged.name(row.node)),
        }
        rows
    }

    /// The row of one path; nothing where it is not shown. Its share of its directory is
    /// known only where that is listed.
    #[must_use]
    pub fn row_of(&self, merged: &Merged, node: NodeId) -> Option<Row> {
        self.make(merged, node)
            .filter(|row| self.filter.shows(row.mark, row.inside))
    }

    fn make(&self, merged: &Merged, node: NodeId) -> Option<Row> {
        let mark = self.marks.mark(merged, node);
        let inside = self.marks.inside(merged, node);
        let removed = mark == Mark::Removed;
        let entry = match &self.before {
            Some(before) if removed => merged.visible(node, before.at()),
            _ => merged.visible(node, self.now.at()),
        };
        if !self.belongs(merged, Child { node, entry }, mark, inside) {
            return None;
        }
        let bytes = match (&self.before, self.scope) {
            // What was below a file's place now, and is gone with it, weighs nothing here.
            (Some(before), _) if removed || self.gone(merged, node, inside) => {
                before.bytes(merged, node)
            }
            (_, Scope::Merged) => self.now.bytes(merged, node),
            (_, Scope::Layer) => self.own_bytes(merged, Child { node, entry }),
        };
        let spelled = entry.and_then(|id| merged.entry(id));
        Some(Row {
            node,
            entry,
            kind: spelled.map_or(Kind::Directory, |entry| entry.kind),
            bytes,
            share: 0.0,
            mark: if self.gone(merged, node, inside) {
                Mark::Removed
            } else {
                mark
            },
            inside,
            mode: spelled.map(|entry| entry.mode),
            owner: spelled.map(|entry| entry.owner),
            layer: spelled.map(|entry| entry.layer),
            names: entry.map_or(1, |id| merged.names_of(id).count().max(1)),
        })
    }

    /// A directory that had no entry of its own and went with what was in it.
    fn gone(&self, merged: &Merged, node: NodeId, inside: Inside) -> bool {
        inside.removed > 0
            && merged.visible(node, self.now.at()).is_none()
            && self.now.entries(merged, node) == 0
    }

    fn belongs(&self, merged: &Merged, child: Child, mark: Mark, inside: Inside) -> bool {
        match self.scope {
            Scope::Merged => {
                child.entry.is_some()
                    || self.now.entries(merged, child.node) > 0
                    || !inside.is_empty()
            }
            Scope::Layer => {
                let own = child
                    .entry
                    .is_some_and(|id| merged.layer_of(id) == self.now.at());
                own || mark == Mark::Removed || !inside.is_empty()
            }
        }
    }

    fn own_bytes(&self, merged: &Merged, child: Child) -> Bytes {
        let below = merged
            .directory_of(child.node)
            .and_then(|place| self.own.get(place))
            .map_or(0, |bytes| *bytes);
        let itself = child
            .entry
            .filter(|id| merged.layer_of(*id) == self.now.at())
            .and_then(|id| merged.kind_and_size(id))
            .map_or(0, |(_, size)| size);
        Bytes(below.saturating_add(itself))
    }
}

/// What a layer itself has below each directory.
fn own(merged: &Merged, layer: LayerNo) -> Vec<u64> {
    let mut own = vec![0_u64; merged.directory_count()];
    for id in merged.entries_of(layer) {
        let (Some(node), Some((_, size))) = (merged.node_of(id), merged.kind_and_size(id)) else {
            continue;
        };
        let directory = merged.parent(node).and_then(|up| merged.directory_of(up));
        if let Some(sum) = directory.and_then(|place| own.get_mut(place)) {
            *sum = sum.saturating_add(size);
        }
    }
    for place in (1..own.len()).rev() {
        let below = own.get(place).copied().unwrap_or(0);
        if let Some(up) = merged.directory_above(place).and_then(|up| own.get_mut(up)) {
            *up = up.saturating_add(below);
        }
    }
    own
}
