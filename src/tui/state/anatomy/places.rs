//! Where the bytes of an image are.

use crate::anatomy::merged::{Merged, NodeId, View as Sizes};
use crate::model::bytes::Bytes;

/// How many directories are named.
const NAMED: usize = 8;

/// The directories where most is, the largest first: where one holds nearly all of what it is
/// in, it is named in its stead.
pub(super) fn largest(merged: &Merged, sizes: &Sizes) -> Vec<(NodeId, Bytes)> {
    let inside = |node: NodeId| {
        sizes
            .children(merged, node)
            .filter(|child| sizes.is_directory(merged, child.node))
            .map(|child| (child.node, sizes.bytes(merged, child.node)))
    };
    let mut found: Vec<(NodeId, Bytes)> = inside(NodeId::ROOT).collect();
    let least = sizes.visible_bytes().0 / 50;
    // Each round goes a directory deeper where that says more.
    for _ in 0..4 {
        let mut next = Vec::with_capacity(found.len());
        for (node, bytes) in found {
            let parts: Vec<_> = inside(node).filter(|(_, part)| part.0 > least).collect();
            let sum: u64 = parts.iter().map(|(_, part)| part.0).sum();
            if parts.is_empty() || sum.saturating_mul(10) < bytes.0.saturating_mul(8) {
                next.push((node, bytes));
            } else {
                next.extend(parts);
            }
        }
        next.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        next.truncate(NAMED);
        found = next;
    }
    found.retain(|(_, bytes)| bytes.0 > 0);
    found
}
