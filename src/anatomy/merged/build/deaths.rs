//! What dies of lower layers when something is put on top of them.

use super::{Builder, DISPUTED};
use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::node::{EntryId, LayerNo, Merged, NONE, Record};

impl Builder {
    /// The entry at a path that has not died.
    pub(super) fn live(&self, node: u32) -> Option<u32> {
        let newest = self.merged.nodes.get(node as usize)?.newest;
        let record = self.merged.records.get(newest as usize)?;
        (record.died == LayerNo::NEVER.0).then_some(newest)
    }

    pub(super) fn bump(&mut self, directory: u32, by: i32) {
        if let Some(count) = self.alive.get_mut(directory as usize) {
            *count = count.saturating_add_signed(by);
        }
    }

    /// Counts an entry that came or went, in its path and every directory above.
    pub(super) fn tally(&mut self, node: u32, by: i32) {
        let mut at = node;
        loop {
            let Some(it) = self.merged.nodes.get(at as usize).copied() else {
                return;
            };
            if it.directory != NONE {
                self.bump(it.directory, by);
            }
            if at == 0 {
                return;
            }
            at = it.parent;
        }
    }

    pub(super) fn kill(&mut self, node: u32, layer: u16) {
        let Some(live) = self.live(node) else { return };
        if let Some(record) = self.merged.records.get_mut(live as usize) {
            record.died = layer;
        }
        self.tally(node, -1);
    }

    pub(super) fn kill_all(&mut self, node: u32, layer: u16) {
        self.kill(node, layer);
        self.kill_below(node, layer);
    }

    /// Everything below a path dies. Branches without life are not walked.
    pub(super) fn kill_below(&mut self, node: u32, layer: u16) {
        let mut branches = vec![node];
        while let Some(branch) = branches.pop() {
            let Some(it) = self.merged.nodes.get(branch as usize) else {
                continue;
            };
            if self.alive.get(it.directory as usize) == Some(&0) {
                continue;
            }
            let mut next = self.tree.first(it.directory);
            while let Some(child) = next {
                self.kill(child, layer);
                let it = self.merged.nodes.get(child as usize);
                if it.is_some_and(|it| it.directory != NONE) {
                    branches.push(child);
                }
                next = self.tree.sibling(child);
            }
        }
    }

    /// What a new entry replaces dies.
    pub(super) fn make_room(&mut self, kind: Kind, node: u32, layer: u16) {
        let under = self
            .live(node)
            .and_then(|live| self.merged.records.get(live as usize))
            .map(|record| record.kind);
        if kind != Kind::Directory {
            self.kill_all(node, layer);
        } else if under.is_some() {
            self.kill(node, layer);
        }
    }

    /// What stands above an entry and is no directory gives way to one: also for a whiteout,
    /// which engines put into a directory of its layer.
    pub(super) fn make_way(&mut self, kind: Kind, node: u32, entry: u32, layer: u16) {
        let mut at = node;
        let mut itself = kind == Kind::Opaque;
        while itself || at != 0 {
            if !std::mem::take(&mut itself) {
                at = self.parent(at);
            }
            let Some(live) = self.live(at) else { continue };
            match self.merged.records.get(live as usize).map(|it| it.kind) {
                Some(Kind::Directory) => return,
                Some(Kind::Symlink) if self.merged.below_symlinks.len() < DISPUTED => {
                    self.merged.below_symlinks.push(EntryId(entry));
                }
                _ => {}
            }
            self.kill(at, layer);
        }
    }
}

/// Sorts the dead by the layer they died in.
pub(super) fn bury(merged: &mut Merged) {
    let layers = merged.starts.len().saturating_sub(1);
    let mut starts = vec![0_u32; layers + 1];
    let dies = |record: &Record| {
        (record.died != LayerNo::NEVER.0 && !record.kind.removes())
            .then_some(usize::from(record.died))
    };
    for layer in merged.records.iter().filter_map(dies) {
        if let Some(count) = starts.get_mut(layer + 1) {
            *count += 1;
        }
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    let mut next = starts.clone();
    let mut dead = vec![0; sum as usize];
    for (record, at) in merged.records.iter().zip(0_u32..) {
        if let Some(place) = dies(record).and_then(|layer| next.get_mut(layer)) {
            if let Some(slot) = dead.get_mut(*place as usize) {
                *slot = at;
            }
            *place += 1;
        }
    }
    merged.dead = dead;
    merged.dead_starts = starts;
}
