//! The files of an image as a tree: merged after a layer, or one layer's own changes; with
//! what the layer did marked, sorted, filtered, and only as far as it is expanded.
//!
//! Rows of a directory are worked out when it is first looked into, and kept as long as
//! nothing else is asked for: a directory of 100,000 children costs one sort.

mod listing;
pub mod marks;
pub mod search;
#[cfg(test)]
mod tests;

pub use listing::{Line, Order, Scope, Tree};
pub use marks::{Changed, Filter, Inside, Mark, Marks};

use super::layer::index::{Kind, Owner};
use super::merged::{EntryId, LayerNo, NodeId};
use crate::model::bytes::Bytes;

/// One path in a listing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Which path; its name is [`Merged::name`](super::merged::Merged::name).
    pub node: NodeId,
    /// Its entry: what is visible, or what was removed. A directory may have none.
    pub entry: Option<EntryId>,
    /// What it is.
    pub kind: Kind,
    /// What it weighs, with all below it; for what was removed, what it weighed.
    pub bytes: Bytes,
    /// Its share of what is listed in its directory, from zero to one.
    pub share: f64,
    /// What the layer did to it.
    pub mark: Mark,
    /// What the layer did below it.
    pub inside: Inside,
    /// Permission bits; nothing, where no layer has an entry for it.
    pub mode: Option<u16>,
    /// Whose.
    pub owner: Option<Owner>,
    /// The layer that wrote it.
    pub layer: Option<LayerNo>,
    /// How many names its content has, this one included.
    pub names: usize,
}

/// Kind and permissions as `ls -l` writes them: `-rwsr-xr-x`.
#[must_use]
pub fn mode_string(kind: Kind, mode: u16) -> String {
    let mut text = String::with_capacity(10);
    text.push(match kind {
        Kind::Directory => 'd',
        Kind::File | Kind::HardLink => '-',
        Kind::Symlink => 'l',
        Kind::CharDevice => 'c',
        Kind::BlockDevice => 'b',
        Kind::Fifo => 'p',
        Kind::Whiteout | Kind::Opaque => '!',
    });
    // User, group, others; and which bit more changes the `x`, into which letter.
    for (shift, bit, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = mode >> shift;
        text.push(if bits & 4 == 0 { '-' } else { 'r' });
        text.push(if bits & 2 == 0 { '-' } else { 'w' });
        text.push(match (bits & 1 != 0, mode & bit != 0) {
            (true, true) => letter,
            (false, true) => letter.to_ascii_uppercase(),
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}
