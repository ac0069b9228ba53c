//! dive's own figures, for rules that were written for it, on top of right whiteouts.
//!
//! As dive 0.13 defines them (`dive/filetree/efficiency.go`, `dive/image/analysis.go`): each
//! layer's leaf at a path is a *node* of that path, with its size; a whiteout is a node, too.
//!
//! - `efficiency` = Σ smallest node of each path ÷ Σ all nodes of all paths; one, when
//!   there are no bytes;
//! - `wastedBytes` = Σ all nodes of the paths that have two nodes or more: what is visible
//!   in the end counts as well;
//! - `userWastedPercent` = `wastedBytes` ÷ Σ files of all layers but the lowest. A share, in
//!   spite of its name: 0.1 is ten in a hundred.
//!
//! dive gives a directory's whiteout one node, at the directory, of the size of all below it,
//! so that a directory removed whole is no waste to it, and it overlooks opaque whiteouts.
//! Here each file that goes gets a node of size zero where it was, as dive does for the
//! whiteout of a file.

use super::share;
use crate::anatomy::merged::{LayerNo, Merged, NodeId};
use crate::model::bytes::Bytes;

/// The three figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dive {
    /// `efficiency`: from zero to one.
    pub efficiency: f64,
    /// `wastedBytes`.
    pub wasted_bytes: Bytes,
    /// `userWastedPercent`, as a share. Nothing, when no layer but the lowest has files; dive
    /// lets its rule pass then.
    pub user_wasted: Option<f64>,
}

impl Dive {
    /// Works them out.
    #[must_use]
    pub fn of(merged: &Merged) -> Self {
        let mut sum = Sum::default();
        for node in merged.every_node() {
            sum.path(merged, node);
        }
        let user = (1..merged.layers()).map(|layer| merged.bytes_of(LayerNo(layer)).0);
        Self {
            efficiency: share(sum.smallest, sum.all).unwrap_or(1.0),
            wasted_bytes: Bytes(sum.wasted),
            user_wasted: share(sum.wasted, user.fold(0, u64::saturating_add)),
        }
    }
}

#[derive(Default)]
struct Sum {
    smallest: u64,
    all: u64,
    wasted: u64,
}

impl Sum {
    fn path(&mut self, merged: &Merged, node: NodeId) {
        let (mut nodes, mut all, mut smallest) = (0_u32, 0_u64, u64::MAX);
        let mut next = None;
        for id in merged.history(node) {
            let Some((_, size)) = merged.kind_and_size(id) else {
                continue;
            };
            nodes += 1;
            all = all.saturating_add(size);
            smallest = smallest.min(size);
            // It went, and nothing came in the same layer: a node of size zero.
            let died = merged.died(id);
            if died.is_some() && died != next {
                nodes += 1;
                smallest = 0;
            }
            next = Some(merged.layer_of(id));
        }
        if nodes == 0 {
            return;
        }
        self.smallest = self.smallest.saturating_add(smallest);
        self.all = self.all.saturating_add(all);
        if nodes >= 2 {
            self.wasted = self.wasted.saturating_add(all);
        }
    }
}
