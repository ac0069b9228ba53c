//! The tables of an ELF file.

use std::ops::Range;

use super::{Image, MAGIC, NAME};

/// An ELF file, of either width and order of bytes.
pub(super) struct File<'a> {
    image: &'a Image,
    header: &'a [u8],
    form: Form,
}

/// How numbers are written.
#[derive(Clone, Copy)]
struct Form {
    wide: bool,
    big: bool,
}

/// A part of the file as it is loaded.
#[derive(Clone, Copy)]
pub(super) struct Segment {
    kind: u32,
    writable: bool,
    offset: u64,
    address: u64,
    length: u64,
}

/// A part of the file by name.
#[derive(Clone, Copy)]
struct Section {
    name: u32,
    kind: u32,
    offset: u64,
    size: u64,
    link: u32,
}

/// All sections, and their names.
pub(super) struct Sections<'a> {
    image: &'a Image,
    table: Table<'a>,
    names: &'a [u8],
}

/// Rows of equal length.
#[derive(Clone, Copy)]
struct Table<'a> {
    rows: &'a [u8],
    length: usize,
    form: Form,
}

const LOAD: u32 = 1;
const DYNAMIC: u32 = 2;
const INTERPRETER: u32 = 3;
const WRITABLE: u32 = 2;
const SYMBOLS: u32 = 2;
const NO_BITS: u32 = 8;
const NEEDED: u64 = 1;
pub(super) const STRINGS: u64 = 5;
/// How much of a table that the loader reads is looked at.
const TABLE: u64 = 1 << 20;

impl<'a> File<'a> {
    /// Nothing, when it only begins like one.
    pub(super) fn new(image: &'a Image) -> Option<Self> {
        let head = image.get(0, 16)?;
        let form = match (head.starts_with(MAGIC), head.get(4)?, head.get(5)?) {
            (true, width @ 1..=2, order @ 1..=2) => Form {
                wide: *width == 2,
                big: *order == 2,
            },
            _ => return None,
        };
        let header = image.get(0, if form.wide { 64 } else { 52 })?;
        Some(Self {
            image,
            header,
            form,
        })
    }

    /// A program or a library, no object file and no core.
    pub(super) fn is_linked(&self) -> bool {
        matches!(self.form.number(self.header, 16, 2), Some(2 | 3))
    }

    fn field(&self, wide: usize, narrow: usize, length: usize) -> u64 {
        let at = if self.form.wide { wide } else { narrow };
        self.form.number(self.header, at, length).unwrap_or(0)
    }

    fn segments(&self) -> impl Iterator<Item = Segment> + use<'a> {
        let offset = self.field(32, 28, self.form.word());
        let (length, count) = (self.field(54, 42, 2), self.field(56, 44, 2));
        let form = self.form;
        Table::new(self.image, form, offset, length, count, form.pick(56, 32))
            .into_iter()
            .flat_map(Table::rows)
            .filter_map(move |row| form.segment(row))
    }

    /// The loader it asks for.
    pub(super) fn interpreter(&self) -> Option<&'a [u8]> {
        let segment = self.segments().find(|it| it.kind == INTERPRETER)?;
        let path = self.image.get(segment.offset, segment.length.min(NAME))?;
        path.split(|byte| *byte == 0).next()
    }

    /// The libraries it asks for.
    pub(super) fn needed(&self) -> impl Iterator<Item = &'a [u8]> {
        let dynamic = self.dynamic().unwrap_or_default();
        let strings = dynamic
            .clone()
            .find(|(tag, _)| *tag == STRINGS)
            .and_then(|(_, address)| self.offset_of(address));
        dynamic
            .filter(|(tag, _)| *tag == NEEDED)
            .filter_map(move |(_, at)| {
                let name = self.image.some(strings?.checked_add(at)?, NAME)?;
                name.split(|byte| *byte == 0).next()
            })
    }

    /// The value of a tag that the loader reads.
    pub(super) fn tag(&self, tag: u64) -> Option<u64> {
        let mut all = self.dynamic()?;
        all.find(|(it, _)| *it == tag).map(|(_, value)| value)
    }

    /// What is loaded at an address and behind it, as much of it as is there.
    pub(super) fn at_address(&self, address: u64) -> Option<&'a [u8]> {
        self.image.some(self.offset_of(address)?, TABLE)
    }

    /// A number of a table, in the file's own order of bytes.
    pub(super) fn own_number(&self, bytes: &[u8], at: usize, length: usize) -> Option<u64> {
        self.form.number(bytes, at, length)
    }

    /// What the loader reads: tags and values.
    fn dynamic(&self) -> Option<Dynamic<'a>> {
        let segment = self.segments().find(|it| it.kind == DYNAMIC)?;
        let length = segment.length.min(TABLE);
        Some(Dynamic {
            form: Some(self.form),
            rest: self.image.get(segment.offset, length)?,
        })
    }

    /// Where in the file something is that is loaded at an address.
    fn offset_of(&self, address: u64) -> Option<u64> {
        self.segments()
            .filter(|it| it.kind == LOAD)
            .find(|it| address >= it.address && address - it.address < it.length)
            .and_then(|it| it.offset.checked_add(address - it.address))
    }

    /// Bytes that are loaded at an address.
    pub(super) fn loaded(&self, address: u64, length: u64) -> Option<&'a [u8]> {
        self.image.get(self.offset_of(address)?, length)
    }

    /// A number somewhere, in the file's order of bytes.
    pub(super) fn number(&self, bytes: &[u8], at: usize, length: usize, big: bool) -> Option<u64> {
        let form = Form { big, ..self.form };
        form.number(bytes, at, length)
    }

    /// The beginning of what is loaded writable, where Go leaves its mark.
    pub(super) fn writable_begin(&self) -> Option<&'a [u8]> {
        let segment = self.segments().find(|it| it.kind == LOAD && it.writable)?;
        self.image.some(segment.offset, segment.length.min(TABLE))
    }

    /// Ranges of the file that are looked at, the table of sections aside.
    pub(super) fn worth_keeping(&self) -> Vec<Range<u64>> {
        let loaded = self.segments().filter(|it| match it.kind {
            LOAD => it.writable,
            DYNAMIC | INTERPRETER => true,
            _ => false,
        });
        let range = |offset: u64, length: u64| offset..offset.saturating_add(length.min(TABLE));
        let mut ranges: Vec<_> = loaded
            .take(16)
            .map(|it| range(it.offset, it.length))
            .collect();
        // Where the table of sections is in the beginning, as with Go, it tells the place.
        if let Some(sections) = self.sections() {
            for name in [&b".go.buildinfo"[..], b".dep-v0", b".dynstr"] {
                let named = sections.find(name);
                ranges.extend(named.map(|it| range(it.offset, it.size)));
            }
        }
        ranges
    }

    /// Where the table of sections is.
    pub(super) fn section_table(&self) -> Option<Range<u64>> {
        let offset = self.field(40, 32, self.form.word());
        let length = self.field(58, 46, 2).checked_mul(self.field(60, 48, 2))?;
        (offset > 0).then(|| offset..offset.saturating_add(length))
    }

    /// All sections. Nothing, when they cannot be looked at; a file without any has none.
    pub(super) fn sections(&self) -> Option<Sections<'a>> {
        let (image, form) = (self.image, self.form);
        let offset = self.field(40, 32, form.word());
        let none = Table {
            rows: &[],
            length: 1,
            form,
        };
        if offset == 0 {
            return Some(Sections {
                image,
                table: none,
                names: &[],
            });
        }
        let length = self.field(58, 46, 2);
        let mut count = self.field(60, 48, 2);
        let mut names = self.field(62, 50, 2);
        let least = form.pick(64, 40);
        let first = Table::new(image, form, offset, length, 1, least)?;
        let first = form.section(first.rows().next()?)?;
        // What does not fit the header stands in the first section.
        if count == 0 {
            count = first.size;
        }
        if names == 0xffff {
            names = u64::from(first.link);
        }
        let table = Table::new(image, form, offset, length, count, least)?;
        let names = match names {
            0 => &[],
            place => {
                let names = table.rows().nth(usize::try_from(place).ok()?)?;
                let names = form.section(names)?;
                image.get(names.offset, names.size)?
            }
        };
        Some(Sections {
            image,
            table,
            names,
        })
    }
}

impl<'a> Sections<'a> {
    fn all(&self) -> impl Iterator<Item = Section> + use<'a> {
        let form = self.table.form;
        let rows = self.table.rows();
        rows.filter_map(move |row| form.section(row))
    }

    fn name(&self, section: Section) -> &'a [u8] {
        let at = usize::try_from(section.name).unwrap_or(usize::MAX);
        let rest = self.names.get(at..).unwrap_or_default();
        // Longer than any that is looked for: a name without end is no work.
        let rest = rest.get(..64).unwrap_or(rest);
        rest.split(|byte| *byte == 0).next().unwrap_or_default()
    }

    fn find(&self, name: &[u8]) -> Option<Section> {
        self.all().find(|section| self.name(*section) == name)
    }

    /// The bytes of a section.
    pub(super) fn named(&self, name: &[u8]) -> Option<&'a [u8]> {
        let section = self.find(name)?;
        self.image.get(section.offset, section.size)
    }

    /// How many bytes of the file a section has.
    fn weight(&self, section: Section) -> u64 {
        let fits = section
            .offset
            .checked_add(section.size)
            .is_some_and(|end| end <= self.image.size());
        if section.kind == NO_BITS || !fits {
            return 0;
        }
        section.size
    }

    /// The table of symbols and their names: what `strip` frees.
    pub(super) fn symbol_bytes(&self) -> u64 {
        let Some(symbols) = self.all().find(|section| section.kind == SYMBOLS) else {
            return 0;
        };
        let place = usize::try_from(symbols.link).unwrap_or(usize::MAX);
        let names = self.all().nth(place).map_or(0, |it| self.weight(it));
        (self.weight(symbols).saturating_add(names)).min(self.image.size())
    }

    /// What debuggers read.
    pub(super) fn debug_bytes(&self) -> u64 {
        let debug = self.all().filter(|section| {
            let name = self.name(*section);
            name.starts_with(b".debug_") || name.starts_with(b".zdebug_")
        });
        let sum = debug.fold(0_u64, |sum, it| sum.saturating_add(self.weight(it)));
        sum.min(self.image.size())
    }
}

impl<'a> Table<'a> {
    fn new(
        image: &'a Image,
        form: Form,
        offset: u64,
        length: u64,
        count: u64,
        least: u64,
    ) -> Option<Self> {
        if length < least {
            return None;
        }
        Some(Self {
            rows: image.get(offset, length.checked_mul(count)?)?,
            length: usize::try_from(length).ok()?,
            form,
        })
    }

    fn rows(self) -> impl Iterator<Item = &'a [u8]> {
        self.rows.chunks_exact(self.length.max(1))
    }
}

impl Form {
    const fn word(self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    const fn pick(self, wide: u64, narrow: u64) -> u64 {
        if self.wide { wide } else { narrow }
    }

    fn number(self, bytes: &[u8], at: usize, length: usize) -> Option<u64> {
        let bytes = bytes.get(at..at.checked_add(length)?)?;
        let add = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Some(if self.big {
            bytes.iter().fold(0, add)
        } else {
            bytes.iter().rev().fold(0, add)
        })
    }

    fn small(self, bytes: &[u8], at: usize) -> Option<u32> {
        self.number(bytes, at, 4)?.try_into().ok()
    }

    fn segment(self, row: &[u8]) -> Option<Segment> {
        let word = self.word();
        let (flags, offset, address, length) = if self.wide {
            (4, 8, 16, 32)
        } else {
            (24, 4, 8, 16)
        };
        Some(Segment {
            kind: self.small(row, 0)?,
            writable: self.small(row, flags)? & WRITABLE != 0,
            offset: self.number(row, offset, word)?,
            address: self.number(row, address, word)?,
            length: self.number(row, length, word)?,
        })
    }

    fn section(self, row: &[u8]) -> Option<Section> {
        let word = self.word();
        let (offset, size, link) = if self.wide {
            (24, 32, 40)
        } else {
            (16, 20, 24)
        };
        Some(Section {
            name: self.small(row, 0)?,
            kind: self.small(row, 4)?,
            offset: self.number(row, offset, word)?,
            size: self.number(row, size, word)?,
            link: self.small(row, link)?,
        })
    }
}

/// Tags and values for the loader, up to the first that is none.
#[derive(Clone, Default)]
struct Dynamic<'a> {
    form: Option<Form>,
    rest: &'a [u8],
}

impl Iterator for Dynamic<'_> {
    type Item = (u64, u64);

    fn next(&mut self) -> Option<Self::Item> {
        let form = self.form?;
        let word = form.word();
        let (row, rest) = self.rest.split_at_checked(2 * word)?;
        self.rest = rest;
        let (tag, value) = (form.number(row, 0, word)?, form.number(row, word, word)?);
        (tag != 0).then_some((tag, value))
    }
}
