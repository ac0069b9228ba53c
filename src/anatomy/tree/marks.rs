//! What one layer did, path by path.

use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{Entry, EntryId, LayerNo, Merged, NodeId};

/// What a layer did to a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// Nothing.
    #[default]
    Unchanged,
    /// It was not there before.
    Added,
    /// It was, and the layer has it again.
    Changed(Changed),
    /// It is gone.
    Removed,
}

/// What of a path a layer changed. Nothing of it: its time, if even that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// It is something else: a directory where a file was.
    pub kind: bool,
    /// A file's content, where a symlink points, a device's numbers.
    pub content: bool,
    /// Its permissions.
    pub mode: bool,
    /// Its owner or group.
    pub owner: bool,
    /// Its extended attributes.
    pub attributes: bool,
}

/// How many entries a layer added, changed and removed below a directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inside {
    /// Added.
    pub added: u32,
    /// Changed.
    pub changed: u32,
    /// Removed.
    pub removed: u32,
}

/// Which rows are shown. Directories are, if something below them is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    /// What the layer added.
    pub added: bool,
    /// What it changed.
    pub changed: bool,
    /// What it removed.
    pub removed: bool,
    /// What it left alone.
    pub unchanged: bool,
}

impl Filter {
    /// Everything.
    pub const ALL: Self = Self {
        added: true,
        changed: true,
        removed: true,
        unchanged: true,
    };

    /// Whether a row is shown.
    #[must_use]
    pub const fn shows(self, mark: Mark, inside: Inside) -> bool {
        let itself = match mark {
            Mark::Unchanged => self.unchanged,
            Mark::Added => self.added,
            Mark::Changed(_) => self.changed,
            Mark::Removed => self.removed,
        };
        itself
            || (self.added && inside.added > 0)
            || (self.changed && inside.changed > 0)
            || (self.removed && inside.removed > 0)
    }
}

impl Default for Filter {
    fn default() -> Self {
        Self::ALL
    }
}

impl Inside {
    /// Whether the layer did nothing there.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.added == 0 && self.changed == 0 && self.removed == 0
    }

    fn plus(self, other: Self) -> Self {
        Self {
            added: self.added.saturating_add(other.added),
            changed: self.changed.saturating_add(other.changed),
            removed: self.removed.saturating_add(other.removed),
        }
    }

    fn count(&mut self, mark: Mark) {
        match mark {
            Mark::Unchanged => {}
            Mark::Added => self.added += 1,
            Mark::Changed(_) => self.changed += 1,
            Mark::Removed => self.removed += 1,
        }
    }
}

/// What one layer did, by path. What is in it costs as much as the layer has entries.
#[derive(Clone, Debug)]
pub struct Marks {
    layer: LayerNo,
    /// By directory.
    inside: Vec<Inside>,
}

impl Marks {
    /// Works it out.
    #[must_use]
    pub fn of(merged: &Merged, layer: LayerNo) -> Self {
        let mut marks = Self {
            layer,
            inside: vec![Inside::default(); merged.directory_count()],
        };
        for id in merged.entries_of(layer) {
            if merged.is_visible(id, layer) {
                marks.count(merged, id);
            }
        }
        for id in merged.killed_by(layer) {
            let gone = merged.layer_of(id) < layer
                && merged
                    .node_of(id)
                    .is_some_and(|node| merged.visible(node, layer).is_none());
            if gone {
                marks.count(merged, id);
            }
        }
        // From the last directory to the first: parents come before their children.
        for place in (1..marks.inside.len()).rev() {
            let below = marks.inside.get(place).copied().unwrap_or_default();
            let up = merged.directory_above(place);
            if let Some(up) = up.and_then(|up| marks.inside.get_mut(up)) {
                *up = up.plus(below);
            }
        }
        marks
    }

    fn count(&mut self, merged: &Merged, id: EntryId) {
        let Some(node) = merged.node_of(id).filter(|node| *node != NodeId::ROOT) else {
            return;
        };
        let mark = self.mark(merged, node);
        let directory = merged.parent(node).and_then(|up| merged.directory_of(up));
        if let Some(inside) = directory.and_then(|place| self.inside.get_mut(place)) {
            inside.count(mark);
        }
    }

    /// Which layer.
    #[must_use]
    pub const fn layer(&self) -> LayerNo {
        self.layer
    }

    /// What it did to a path.
    #[must_use]
    pub fn mark(&self, merged: &Merged, node: NodeId) -> Mark {
        let now = merged.visible(node, self.layer);
        let below = self.layer.0.checked_sub(1).map(LayerNo);
        let before = below.and_then(|below| merged.visible(node, below));
        match (before, now) {
            (Some(before), Some(now)) if before == now => Mark::Unchanged,
            (Some(before), Some(now)) => changed(merged, before, now),
            (None, Some(_)) => Mark::Added,
            (Some(_), None) => Mark::Removed,
            (None, None) => Mark::Unchanged,
        }
    }

    /// What it did below a path.
    #[must_use]
    pub fn inside(&self, merged: &Merged, node: NodeId) -> Inside {
        merged
            .directory_of(node)
            .and_then(|place| self.inside.get(place))
            .copied()
            .unwrap_or_default()
    }
}

/// A directory that is there again just as it was is not changed: archives have directories
/// for what is in them.
fn changed(merged: &Merged, before: EntryId, now: EntryId) -> Mark {
    let (Some(before), Some(now)) = (merged.entry(before), merged.entry(now)) else {
        return Mark::Unchanged;
    };
    match compare(&before, &now) {
        same if now.kind == Kind::Directory && same == Changed::default() => Mark::Unchanged,
        changed => Mark::Changed(changed),
    }
}

/// What is different between two entries, of one image or of two.
#[must_use]
pub fn compare(before: &Entry<'_>, now: &Entry<'_>) -> Changed {
    let hash = |entry: &Entry<'_>| entry.attributes.map(|attributes| attributes.hash);
    let content = |entry: &Entry<'_>| match entry.kind {
        // A symlink's target is compared itself: here is only where it is kept.
        Kind::Symlink | Kind::Directory => (entry.size, 0),
        _ => (entry.size, entry.payload),
    };
    let kind = |entry: &Entry<'_>| match entry.kind {
        Kind::HardLink => Kind::File,
        other => other,
    };
    Changed {
        kind: kind(before) != kind(now),
        content: content(before) != content(now) || before.target != now.target,
        mode: before.mode != now.mode,
        owner: before.owner != now.owner,
        attributes: hash(before) != hash(now),
    }
}
