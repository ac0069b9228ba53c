//! What is known of the content of a file: its names, how long one of them is visible, and
//! what was kept of it.

use super::node::{EntryId, LayerNo, Links, Merged, NONE, Record};
use crate::anatomy::layer::index::Kind;
use crate::anatomy::layer::program::Program;

impl Merged {
    /// The record that has an entry's content: itself, or the first of its names.
    pub(super) fn content_of(&self, id: EntryId) -> Option<&Record> {
        let record = self.records.get(id.0 as usize)?;
        match record.kind {
            Kind::File => Some(record),
            Kind::HardLink => self.records.get(self.links_of(id)?.file as usize),
            _ => None,
        }
    }

    pub(super) fn links_of(&self, id: EntryId) -> Option<&Links> {
        self.links.get(self.group_of(id)? as usize)
    }

    pub(super) fn group_of(&self, id: EntryId) -> Option<u32> {
        let linked = self.records.get(id.0 as usize)?.linked;
        let search = || {
            self.linked
                .binary_search_by_key(&id.0, |(record, _)| *record)
        };
        let place = linked.then(search)?.ok()?;
        self.linked.get(place).map(|(_, group)| *group)
    }

    /// The first of a group's names that is visible after a layer.
    pub(super) fn carrier(&self, links: &Links, at: LayerNo) -> u32 {
        let mut names = links.names.iter().copied();
        let visible = |name: &u32| self.is_visible(EntryId(*name), at);
        names.find(visible).unwrap_or(NONE)
    }

    /// Whether a content is visible in the end, and if so the first name that it has then.
    pub(super) fn stays(&self, entry: &mut u32) -> bool {
        if let Some(links) = self.links_of(EntryId(*entry)) {
            *entry = self.carrier(links, self.last().unwrap_or(LayerNo(0)));
        }
        self.records
            .get(*entry as usize)
            .is_some_and(|record| record.died == LayerNo::NEVER.0)
    }

    /// All names of a file, if it has more than one: the entry with the content first.
    pub fn names_of(&self, id: EntryId) -> impl Iterator<Item = EntryId> + '_ {
        self.links_of(id)
            .map_or(&[][..], |links| &links.names)
            .iter()
            .map(|name| EntryId(*name))
    }

    /// The layer after which none of a file's names is left; nothing, when one stays.
    #[must_use]
    pub fn content_died(&self, id: EntryId) -> Option<LayerNo> {
        let died = |record: u32| {
            self.records
                .get(record as usize)
                .map_or(LayerNo::NEVER.0, |record| record.died)
        };
        let last = match self.links_of(id) {
            None => died(id.0),
            Some(links) => links.names.iter().map(|name| died(*name)).max()?,
        };
        (last != LayerNo::NEVER.0).then_some(LayerNo(last))
    }

    /// What is known of a program, where it is visible in the end; by any of its names.
    #[must_use]
    pub fn program(&self, id: EntryId) -> Option<&Program> {
        let mut entry = id.0;
        let place = self
            .stays(&mut entry)
            .then(|| self.programs.binary_search_by_key(&entry, |it| it.entry))?
            .ok()?;
        self.programs.get(place).map(|at| &at.program)
    }

    /// Every program that is visible in the end.
    pub fn programs(&self) -> impl Iterator<Item = (EntryId, &Program)> + '_ {
        self.programs
            .iter()
            .map(|at| (EntryId(at.entry), &at.program))
    }

    /// Files whose content was kept and that are visible in the end: the content is
    /// compressed with zstd.
    pub fn kept(&self) -> impl Iterator<Item = (EntryId, &[u8])> + '_ {
        self.kept
            .iter()
            .map(|(entry, packed)| (EntryId(*entry), packed.as_slice()))
    }
}
