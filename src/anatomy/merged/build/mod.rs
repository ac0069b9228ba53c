//! Putting layers on top of each other.
//!
//! | file | subject |
//! |---|---|
//! | `deaths` | what a new layer hides, and who died where |
//! | `tree` | which paths are in which directory, while there are ever more |

mod deaths;
mod tree;

use std::collections::{HashMap, HashSet};

use hashbrown::HashTable;

use super::node::{Directory, EntryId, LayerNo, Links, Merged, NONE, Node, Record};
use super::resolve::{Place, places};
use crate::anatomy::layer::builder::{TooMany, hash};
use crate::anatomy::layer::index::{Attributes, Kind, LayerEntry, LayerIndex, Owner};
use crate::anatomy::layer::names::{NameRef, Names};
use tree::Growing;

/// How many entries that engines disagree about are remembered, of each sort.
const DISPUTED: usize = 64;

/// Takes layers one after the other, from the lowest up, and holds none of them.
pub struct Builder {
    merged: Merged,
    /// What is in which directory.
    tree: Growing,
    /// Every name there is so far.
    names: HashTable<NameRef>,
    owners: HashMap<Owner, u16>,
    /// Which links a record is of.
    linked: HashMap<u32, u32>,
    /// Live entries in and below each directory: where there is none, nothing can die.
    alive: Vec<u32>,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// No layer yet.
    #[must_use]
    pub fn new() -> Self {
        let mut names = Names::default();
        let root = Node {
            parent: 0,
            name: names.add(b"").unwrap_or_default(),
            newest: NONE,
            directory: 0,
        };
        Self {
            merged: Merged {
                names,
                nodes: vec![root],
                directories: vec![Directory {
                    node: 0,
                    children: 0,
                }],
                children: Vec::new(),
                records: Vec::new(),
                starts: vec![0],
                dead: Vec::new(),
                dead_starts: Vec::new(),
                owners: Vec::new(),
                links: Vec::new(),
                linked: Vec::new(),
                attributes: Vec::new(),
                programs: Vec::new(),
                kept: Vec::new(),
                below_symlinks: Vec::new(),
                readded: Vec::new(),
            },
            tree: Growing::new(),
            names: HashTable::new(),
            owners: HashMap::new(),
            linked: HashMap::new(),
            alive: vec![0],
        }
    }

    /// Puts a layer on top.
    ///
    /// # Errors
    /// [`TooMany`], when there are more paths, entries or layers than can be counted.
    pub fn add(&mut self, layer: &LayerIndex) -> Result<(), TooMany> {
        let number = self.merged.layers();
        if number >= LayerNo::NEVER.0 - 1 {
            return Err(TooMany);
        }
        let nodes = self.place(layer)?;
        let places = places(self, layer, &nodes)?;
        drop(nodes);
        let first = self.count()?;
        let readded = self.readded(layer, &places, first);
        for (entry, place) in layer.entries().iter().zip(&places) {
            match entry.kind {
                Kind::Whiteout if readded.contains(&place.node) => self.kill(place.node, number),
                Kind::Whiteout => self.kill_all(place.node, number),
                Kind::Opaque => self.kill_below(place.node, number),
                _ => {}
            }
        }
        self.merged.records.reserve(layer.entries().len());
        for (entry, place) in layer.entries().iter().zip(&places) {
            self.put(layer, entry, *place, number)?;
        }
        self.carry(layer, first);
        let end = self.count()?;
        self.merged.starts.push(end);
        Ok(())
    }

    /// Puts a layer on top whose content is not there.
    pub fn add_absent(&mut self) {
        let end = self.merged.starts.last().copied().unwrap_or_default();
        self.merged.starts.push(end);
    }

    fn count(&self) -> Result<u32, TooMany> {
        u32::try_from(self.merged.records.len())
            .ok()
            .filter(|count| *count < NONE)
            .ok_or(TooMany)
    }

    /// The image's node for each of a layer's.
    fn place(&mut self, layer: &LayerIndex) -> Result<Vec<u32>, TooMany> {
        let new = u32::try_from(self.merged.nodes.len()).map_err(|_| TooMany)?;
        let mut nodes: Vec<u32> = Vec::with_capacity(layer.nodes.len());
        for (place, (parent, name)) in layer.nodes.iter().enumerate() {
            let node = if place == 0 {
                0
            } else {
                let parent = nodes.get(*parent as usize).copied().unwrap_or(0);
                let name = layer.names.get(*name);
                // An index has each path once: in a directory that no layer had before,
                // there is nothing to look for.
                if parent >= new {
                    self.make(parent, name)?
                } else {
                    self.child(parent, name)?
                }
            };
            nodes.push(node);
        }
        Ok(nodes)
    }

    /// Directories that the layer removes and then brings again: overlay filesystems, where
    /// engines unpack into, forget the whiteout then, and what lower layers have inside stays.
    fn readded(&mut self, layer: &LayerIndex, places: &[Place], first: u32) -> HashSet<u32> {
        let (mut removed, mut readded) = (HashSet::new(), HashSet::new());
        for ((entry, place), id) in layer.entries().iter().zip(places).zip(first..) {
            match entry.kind {
                Kind::Whiteout => {
                    removed.insert(place.node);
                }
                Kind::Directory
                    if removed.contains(&place.node)
                        && readded.insert(place.node)
                        && self.merged.readded.len() < DISPUTED =>
                {
                    self.merged.readded.push(EntryId(id));
                }
                _ => {}
            }
        }
        readded
    }

    /// The directory a path is in; the root's is the root.
    pub(super) fn parent(&self, node: u32) -> u32 {
        self.merged
            .nodes
            .get(node as usize)
            .map_or(0, |node| node.parent)
    }

    /// The node of a child, made where it is missing.
    pub(super) fn child(&mut self, parent: u32, name: &[u8]) -> Result<u32, TooMany> {
        match self.tree.find(&self.merged, parent, name) {
            Some(found) => Ok(found),
            None => self.make(parent, name),
        }
    }

    /// A node of a child that is missing.
    fn make(&mut self, parent: u32, name: &[u8]) -> Result<u32, TooMany> {
        let node = u32::try_from(self.merged.nodes.len()).map_err(|_| TooMany)?;
        if node == NONE {
            return Err(TooMany);
        }
        let name = self.name(name)?;
        let directory = self.directory(parent)?;
        self.merged.nodes.push(Node {
            parent,
            name,
            newest: NONE,
            directory: NONE,
        });
        self.tree.add(&self.merged, directory, node);
        Ok(node)
    }

    /// A name, kept once: images have the same few over and over.
    fn name(&mut self, name: &[u8]) -> Result<NameRef, TooMany> {
        let names = &mut self.merged.names;
        let hashed = hash(0, name);
        let known = self.names.find(hashed, |it| names.get(*it) == name);
        if let Some(known) = known {
            return Ok(*known);
        }
        let new = names.add(name).ok_or(TooMany)?;
        let rehash = |it: &NameRef| hash(0, names.get(*it));
        self.names.insert_unique(hashed, new, rehash);
        Ok(new)
    }

    /// The place among directories of a path, made where it was none.
    fn directory(&mut self, node: u32) -> Result<u32, TooMany> {
        let place = u32::try_from(self.merged.directories.len()).map_err(|_| TooMany)?;
        let Some(it) = self.merged.nodes.get_mut(node as usize) else {
            return Err(TooMany);
        };
        if it.directory == NONE {
            it.directory = place;
            self.merged
                .directories
                .push(Directory { node, children: 0 });
            self.tree.open();
            self.alive.push(0);
            // What is alive at the path itself counts, too.
            if self.live(node).is_some() {
                self.bump(place, 1);
            }
        }
        Ok(self
            .merged
            .nodes
            .get(node as usize)
            .map_or(NONE, |it| it.directory))
    }

    /// Adds an entry to the records, on top of what is at its path.
    fn put(
        &mut self,
        layer: &LayerIndex,
        entry: &LayerEntry,
        at: Place,
        number: u16,
    ) -> Result<(), TooMany> {
        let place = self.count()?;
        let removes = entry.kind.removes();
        if !removes {
            self.make_room(entry.kind, at.node, number);
        }
        self.make_way(entry.kind, at.node, place, number);
        if entry.kind == Kind::Directory {
            self.directory(at.node)?;
        }
        let owner = self.owner(layer.owner(entry))?;
        let payload = match layer.symlink_target(entry) {
            Some(target) => self.merged.names.add(target).ok_or(TooMany)?.payload(),
            None => entry.payload,
        };
        let Some(it) = self.merged.nodes.get_mut(at.node as usize) else {
            return Err(TooMany);
        };
        // A whiteout is never the newest: what is alive there may be of its own layer.
        let older = if removes {
            NONE
        } else {
            std::mem::replace(&mut it.newest, place)
        };
        self.merged.records.push(Record {
            node: at.node,
            older,
            size: entry.size,
            payload,
            mode: entry.mode,
            owner,
            died: if removes { number } else { LayerNo::NEVER.0 },
            kind: entry.kind,
            linked: false,
        });
        if !removes {
            self.tally(at.node, 1);
        }
        if let Some(target) = at.target {
            self.link(target);
        }
        Ok(())
    }

    fn owner(&mut self, owner: Owner) -> Result<u16, TooMany> {
        if let Some(place) = self.owners.get(&owner) {
            return Ok(*place);
        }
        let place = u16::try_from(self.owners.len()).map_err(|_| TooMany)?;
        self.owners.insert(owner, place);
        self.merged.owners.push(owner);
        Ok(place)
    }

    /// The entry just added is another name of what is alive at a path.
    fn link(&mut self, target: u32) {
        let Ok(last) = u32::try_from(self.merged.records.len().saturating_sub(1)) else {
            return;
        };
        let Some(found) = self.live(target).filter(|found| *found != last) else {
            // A link to nothing: it is listed, and has no bytes.
            return;
        };
        let Some(target) = self.merged.records.get(found as usize).copied() else {
            return;
        };
        let group = match (self.linked.get(&found), target.kind) {
            (Some(group), _) => *group,
            (None, Kind::File) => {
                let Ok(group) = u32::try_from(self.merged.links.len()) else {
                    return;
                };
                self.merged.links.push(Links {
                    file: found,
                    names: vec![found],
                });
                self.join(found, group);
                group
            }
            (None, Kind::Directory | Kind::HardLink) => return,
            // Another name of a symlink, a pipe or a device is one itself.
            (None, kind) => {
                if let Some(record) = self.merged.records.get_mut(last as usize) {
                    (record.kind, record.payload) = (kind, target.payload);
                }
                return;
            }
        };
        if let Some(links) = self.merged.links.get_mut(group as usize) {
            links.names.push(last);
        }
        self.join(last, group);
    }

    fn join(&mut self, record: u32, group: u32) {
        self.linked.insert(record, group);
        if let Some(record) = self.merged.records.get_mut(record as usize) {
            record.linked = true;
        }
    }

    /// Takes over what only some entries have.
    fn carry(&mut self, layer: &LayerIndex, first: u32) {
        let merged = &mut self.merged;
        for attributes in &layer.attributes {
            merged.attributes.push(Attributes {
                entry: first.saturating_add(attributes.entry),
                ..attributes.clone()
            });
        }
        for program in &layer.programs {
            let mut program = program.clone();
            program.entry = first.saturating_add(program.entry);
            merged.programs.push(program);
        }
        for kept in &layer.kept {
            let entry = first.saturating_add(kept.entry);
            merged.kept.push((entry, kept.packed.clone()));
        }
    }

    /// All layers are there.
    #[must_use]
    pub fn finish(mut self) -> Merged {
        let merged = &mut self.merged;
        drop(self.names);
        self.tree.finish(merged);
        let mut linked: Vec<(u32, u32)> = self.linked.into_iter().collect();
        linked.sort_unstable();
        merged.linked = linked;
        // What is known of a content is known of it under the first name that stays.
        let mut programs = std::mem::take(&mut merged.programs);
        programs.retain_mut(|program| merged.stays(&mut program.entry));
        programs.sort_unstable_by_key(|program| program.entry);
        merged.programs = programs;
        let mut kept = std::mem::take(&mut merged.kept);
        kept.retain_mut(|(entry, _)| merged.stays(entry));
        kept.sort_unstable_by_key(|(entry, _)| *entry);
        merged.kept = kept;
        merged.shrink();
        deaths::bury(merged);
        self.merged
    }
}
