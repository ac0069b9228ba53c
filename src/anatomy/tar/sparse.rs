//! Where in a sparse file its data is.

use super::input::BLOCK;

/// A piece of a file that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// All that is stored of a file, in order.
#[derive(Debug, Default)]
pub(super) struct Map {
    extents: Vec<Extent>,
    /// Extents put in, empty ones included.
    pub(super) count: u64,
    /// Σ length.
    pub(super) stored: u64,
    end: u64,
    /// The extent that is read.
    at: usize,
}

impl Map {
    pub(super) fn clear(&mut self) {
        self.extents.clear();
        (self.count, self.stored, self.end, self.at) = (0, 0, 0, 0);
    }

    /// Adds the next one.
    pub(super) fn push(&mut self, extent: Extent) -> Result<(), &'static str> {
        self.count += 1;
        let end = extent.offset.checked_add(extent.length);
        match end {
            Some(end) if extent.offset >= self.end => self.end = end,
            _ => return Err("a sparse map has pieces that overlap, or not in order"),
        }
        self.stored += extent.length;
        if extent.length > 0 {
            self.extents.push(extent);
        }
        Ok(())
    }

    /// Whether it fits a file of this length, of which so much is in the archive.
    pub(super) fn fits(&self, size: u64, stored: u64) -> Result<(), &'static str> {
        if self.end > size {
            return Err("a sparse map reaches beyond the end of its file");
        }
        if self.stored > stored {
            return Err("a sparse map asks for more data than there is");
        }
        Ok(())
    }

    /// What is at a position that only moves forward: how many bytes of data, or of hole.
    pub(super) fn at(&mut self, position: u64, size: u64) -> Stretch {
        while let Some(extent) = self.extents.get(self.at) {
            if position < extent.offset {
                return Stretch::Hole(extent.offset - position);
            }
            let end = extent.offset + extent.length;
            if position < end {
                return Stretch::Data(end - position);
            }
            self.at += 1;
        }
        Stretch::Hole(size.saturating_sub(position))
    }
}

/// What is at some position of a sparse file.
pub(super) enum Stretch {
    Data(u64),
    Hole(u64),
}

/// Reads the map that stands before the content in version 1.0: how many extents, then the
/// numbers, a line each, filled up to whole blocks.
#[derive(Default)]
pub(super) struct MapReader {
    /// How many extents there are, once read.
    count: Option<u64>,
    offset: Option<u64>,
    number: Option<u64>,
    done: u64,
}

impl MapReader {
    /// Takes a block; answers whether the map is whole.
    pub(super) fn block(
        &mut self,
        block: &[u8; BLOCK],
        limit: u64,
        into: &mut Map,
    ) -> Result<bool, MapError> {
        for byte in block {
            match byte {
                b'0'..=b'9' => {
                    let digit = u64::from(byte - b'0');
                    let more = self.number.unwrap_or(0).checked_mul(10);
                    let more = more.and_then(|number| number.checked_add(digit));
                    self.number = Some(more.ok_or("a sparse map has too large a number")?);
                }
                b'\n' => {
                    let number = self.number.take();
                    self.line(number.ok_or("a sparse map has an empty line")?, limit, into)?;
                    if self.count == Some(self.done) {
                        return Ok(true);
                    }
                }
                _ => return Err("a sparse map has something else than numbers".into()),
            }
        }
        Ok(false)
    }

    fn line(&mut self, number: u64, limit: u64, into: &mut Map) -> Result<(), MapError> {
        if self.count.is_none() {
            if number > limit {
                return Err(MapError::TooMany);
            }
            self.count = Some(number);
        } else if let Some(offset) = self.offset.take() {
            let length = number;
            into.push(Extent { offset, length })?;
            self.done += 1;
        } else {
            self.offset = Some(number);
        }
        Ok(())
    }
}

/// A map cannot be read.
pub(super) enum MapError {
    Damaged(&'static str),
    TooMany,
}

impl From<&'static str> for MapError {
    fn from(what: &'static str) -> Self {
        Self::Damaged(what)
    }
}
