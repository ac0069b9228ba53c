//! Where a layer's entries go when a path leads through a symlink of the *same* layer.
//!
//! Engines unpack a layer entry by entry, and the system follows a symlink that is already
//! there: `lib -> usr/lib` and then `lib/foo` becomes `usr/lib/foo`. (Through a symlink of a
//! *lower* layer they disagree; see the [room](super).) Few layers have such paths, so they
//! are looked for first, and only then followed.

use std::collections::{HashMap, HashSet, VecDeque};

use super::build::Builder;
use crate::anatomy::layer::builder::TooMany;
use crate::anatomy::layer::index::{Kind, LayerEntry, LayerIndex, LocalNode};

/// The longest target that a system follows.
const LONGEST: usize = 4096;

/// How many symlinks a system follows on one path.
const HOPS: usize = 40;

/// How many steps are taken in one layer before no more are followed: an archive that was
/// made to be slow is not worth more.
const STEPS: usize = 4_000_000;

/// Where an entry goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Its path.
    pub(super) node: u32,
    /// The path that a hard link is another name of.
    pub(super) target: Option<u32>,
}

/// The place of every entry, in order.
pub(super) fn places(
    builder: &mut Builder,
    layer: &LayerIndex,
    nodes: &[u32],
) -> Result<Vec<Place>, TooMany> {
    if leads_through_symlinks(layer) {
        return Walk::new(builder, layer).run();
    }
    let at = |local: LocalNode| nodes.get(local.0 as usize).copied().unwrap_or(0);
    let place = |entry: &LayerEntry| Place {
        node: at(entry.node),
        target: layer.hard_link_target(entry).map(at),
    };
    Ok(layer.entries().iter().map(place).collect())
}

/// Whether a path of a layer lies below one of its own symlinks.
fn leads_through_symlinks(layer: &LayerIndex) -> bool {
    let symlinks: HashSet<u32> = layer
        .entries()
        .iter()
        .filter(|entry| entry.kind == Kind::Symlink)
        .map(|entry| entry.node.0)
        .collect();
    !symlinks.is_empty() && {
        let mut parents = layer.nodes.iter().skip(1).map(|(parent, _)| parent);
        let mut opaque = layer.entries().iter();
        parents.any(|parent| symlinks.contains(parent))
            || opaque.any(|it| it.kind == Kind::Opaque && symlinks.contains(&it.node.0))
    }
}

/// One layer, unpacked entry by entry.
struct Walk<'a> {
    builder: &'a mut Builder,
    layer: &'a LayerIndex,
    /// Symlinks that the layer has so far, by path.
    symlinks: HashMap<u32, &'a [u8]>,
    /// Where directories led, as long as no symlink came or went.
    known: HashMap<LocalNode, u32>,
    steps: usize,
}

/// What is left of a path: parts, the next one first.
type Rest<'a> = VecDeque<&'a [u8]>;

impl<'a> Walk<'a> {
    fn new(builder: &'a mut Builder, layer: &'a LayerIndex) -> Self {
        Self {
            builder,
            layer,
            symlinks: HashMap::new(),
            known: HashMap::new(),
            steps: 0,
        }
    }

    fn run(mut self) -> Result<Vec<Place>, TooMany> {
        let layer = self.layer;
        let mut places = Vec::with_capacity(layer.entries().len());
        for entry in layer.entries() {
            let node = if entry.kind == Kind::Opaque {
                self.directory(entry.node)?
            } else {
                self.path(entry.node)?
            };
            let target = match layer.hard_link_target(entry) {
                Some(target) => Some(self.path(target)?),
                None => None,
            };
            places.push(Place { node, target });
            self.note(entry, node);
        }
        Ok(places)
    }

    /// An entry is there now.
    fn note(&mut self, entry: &LayerEntry, node: u32) {
        let changed = match self.layer.symlink_target(entry) {
            Some(target) => {
                self.symlinks.insert(node, target);
                true
            }
            None => !entry.kind.removes() && self.symlinks.remove(&node).is_some(),
        };
        if changed {
            self.known.clear();
        }
    }

    /// Where a path leads, its last part not followed.
    fn path(&mut self, local: LocalNode) -> Result<u32, TooMany> {
        let Some((parent, name)) = self.up(local) else {
            return Ok(0);
        };
        let directory = self.directory(parent)?;
        self.builder.child(directory, name)
    }

    fn up(&self, local: LocalNode) -> Option<(LocalNode, &'a [u8])> {
        if local == LocalNode::ROOT {
            return None;
        }
        let layer = self.layer;
        let (parent, name) = layer.nodes.get(local.0 as usize)?;
        Some((LocalNode(*parent), layer.names.get(*name)))
    }

    /// Where a path leads, its last part followed, too.
    fn directory(&mut self, local: LocalNode) -> Result<u32, TooMany> {
        if let Some(known) = self.known.get(&local) {
            return Ok(*known);
        }
        let mut rest = Rest::new();
        let mut at = local;
        let mut from = 0;
        while let Some((parent, name)) = self.up(at) {
            self.steps += 1;
            rest.push_front(name);
            at = parent;
            if let Some(known) = self.known.get(&at) {
                from = *known;
                break;
            }
        }
        let node = self.follow(from, rest)?;
        self.known.insert(local, node);
        Ok(node)
    }

    fn follow(&mut self, from: u32, mut rest: Rest<'a>) -> Result<u32, TooMany> {
        let (mut at, mut hops) = (from, 0);
        while let Some(part) = rest.pop_front() {
            self.steps += 1;
            match part {
                b"" | b"." => continue,
                b".." => {
                    at = self.builder.parent(at);
                    continue;
                }
                _ => {}
            }
            let node = self.builder.child(at, part)?;
            let target = self.symlinks.get(&node).copied();
            match target.filter(|it| self.may_follow(hops, it)) {
                None => at = node,
                Some(target) => {
                    hops += 1;
                    if target.starts_with(b"/") {
                        at = 0;
                    }
                    for part in target.rsplit(|byte| *byte == b'/') {
                        rest.push_front(part);
                    }
                }
            }
        }
        Ok(at)
    }

    fn may_follow(&self, hops: usize, target: &[u8]) -> bool {
        hops < HOPS && self.steps < STEPS && target.len() < LONGEST && !target.is_empty()
    }
}
