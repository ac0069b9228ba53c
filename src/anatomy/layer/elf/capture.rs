//! The parts of a passing file that can be looked into afterwards.

use std::ops::Range;

use super::file::File;

/// A file up to this length is kept whole.
const WHOLE: u64 = crate::anatomy::layer::kept::LARGEST;
/// Of a longer one its beginning is kept, and …
const HEAD: u64 = 40 << 20;
/// … as much in all of what the beginning says is worth keeping: most of all its end, from
/// so far before the table of sections, since their names and symbols stand there.
const REST: u64 = WHOLE - HEAD;
const BEFORE_SECTIONS: u64 = 12 << 20;

/// A file as far as it is there.
#[derive(Default)]
pub(in crate::anatomy::layer) struct Image {
    size: u64,
    /// In order, none touching another.
    parts: Vec<Part>,
}

#[derive(Default)]
struct Part {
    range: Range<u64>,
    bytes: Vec<u8>,
}

impl Image {
    /// The length of the file.
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// Bytes of the file, if they are there.
    pub(super) fn get(&self, offset: u64, length: u64) -> Option<&[u8]> {
        let part = self
            .parts
            .iter()
            .find(|part| part.range.start <= offset && offset < part.range.end)?;
        let start = usize::try_from(offset - part.range.start).ok()?;
        let length = usize::try_from(length).ok()?;
        part.bytes.get(start..start.checked_add(length)?)
    }

    /// Bytes of the file, as many of them as are there.
    pub(super) fn some(&self, offset: u64, most: u64) -> Option<&[u8]> {
        let part = self
            .parts
            .iter()
            .find(|part| part.range.start <= offset && offset < part.range.end)?;
        let start = usize::try_from(offset - part.range.start).ok()?;
        let there = part.bytes.get(start..)?;
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Some(there.get(..most).unwrap_or(there))
    }

    /// All of it, where all of it is there.
    pub(in crate::anatomy::layer) fn whole(&self) -> Option<&[u8]> {
        if self.size == 0 {
            return Some(&[]);
        }
        self.get(0, self.size)
    }
}

/// Takes a file as it passes. Its memory is used again for the next.
#[derive(Default)]
pub(in crate::anatomy::layer) struct Capture {
    image: Image,
    position: u64,
    planned: bool,
}

impl Capture {
    /// A file of this length begins.
    pub(in crate::anatomy::layer) fn begin(&mut self, size: u64) {
        let Image { size: of, parts } = &mut self.image;
        *of = size;
        parts.truncate(1);
        if parts.is_empty() {
            parts.push(Part::default());
        }
        if let Some(head) = parts.first_mut() {
            head.range = 0..if size <= WHOLE { size } else { HEAD };
            head.bytes.clear();
        }
        self.position = 0;
        self.planned = size <= WHOLE;
    }

    /// The file as far as it is there.
    pub(in crate::anatomy::layer) const fn image(&self) -> &Image {
        &self.image
    }

    /// Its beginning.
    pub(in crate::anatomy::layer) fn begins(&self) -> &[u8] {
        self.image.parts.first().map_or(&[], |head| &head.bytes)
    }

    /// Takes what follows.
    pub(in crate::anatomy::layer) fn push(&mut self, bytes: &[u8]) {
        let (before, behind) = bytes.split_at(self.to_plan(bytes.len() as u64, bytes.len()));
        self.put(before);
        if !behind.is_empty() {
            self.plan();
            self.put(behind);
        }
    }

    /// How much of this many bytes comes before the beginning is whole.
    fn to_plan<N: TryFrom<u64>>(&self, length: u64, all: N) -> N {
        let before = HEAD.saturating_sub(self.position);
        if self.planned || length <= before {
            return all;
        }
        N::try_from(before).unwrap_or(all)
    }

    fn put(&mut self, bytes: &[u8]) {
        let here = self.position..self.position + bytes.len() as u64;
        for part in &mut self.image.parts {
            let common = common(&part.range, &here);
            let start = usize::try_from(common.start - here.start).unwrap_or(usize::MAX);
            let length = usize::try_from(common.end - common.start).unwrap_or_default();
            if let Some(bytes) = bytes.get(start..start.saturating_add(length)) {
                part.bytes.extend_from_slice(bytes);
            }
        }
        self.position = here.end;
    }

    /// How many zeros a hole of this length would be written out as.
    pub(in crate::anatomy::layer) fn wants(&self, length: u64) -> u64 {
        // What is not yet planned is at most so much.
        let unknown = if self.planned { 0 } else { REST };
        let here = self.position..self.position.saturating_add(length);
        let parts = self.image.parts.iter();
        let known: u64 = parts
            .map(|part| common(&part.range, &here))
            .map(|common| common.end - common.start)
            .sum();
        known.saturating_add(unknown.min(length))
    }

    /// Takes a hole.
    pub(in crate::anatomy::layer) fn hole(&mut self, length: u64) {
        let before = self.to_plan(length, length);
        self.zeros(before);
        if before < length {
            self.plan();
            self.zeros(length - before);
        }
    }

    fn zeros(&mut self, length: u64) {
        let here = self.position..self.position.saturating_add(length);
        for part in &mut self.image.parts {
            let common = common(&part.range, &here);
            let length = usize::try_from(common.end - common.start).unwrap_or_default();
            part.bytes.resize(part.bytes.len() + length, 0);
        }
        self.position = here.end;
    }

    /// The beginning is whole: it says what else is worth keeping.
    fn plan(&mut self) {
        self.planned = true;
        let Some(file) = File::new(&self.image) else {
            return;
        };
        let size = self.image.size;
        let mut wanted = file.worth_keeping();
        if let Some(sections) = file.section_table() {
            wanted.push(sections.start.saturating_sub(BEFORE_SECTIONS)..size);
        }
        wanted.sort_by_key(|range| range.start);
        let mut left = REST;
        for range in wanted {
            let last = self.image.parts.last().map_or(HEAD, |part| part.range.end);
            let start = range.start.max(last).max(HEAD);
            let end = range.end.min(size).min(start.saturating_add(left));
            if start >= end {
                continue;
            }
            left -= end - start;
            match self.image.parts.last_mut() {
                Some(part) if part.range.end == start && start > HEAD => part.range.end = end,
                _ => self.image.parts.push(Part {
                    range: start..end,
                    bytes: Vec::new(),
                }),
            }
        }
    }
}

/// What two ranges have in common, empty where they have nothing.
fn common(one: &Range<u64>, other: &Range<u64>) -> Range<u64> {
    let start = one.start.max(other.start);
    let end = one.end.min(other.end);
    if start < end {
        start..end
    } else {
        other.start..other.start
    }
}
