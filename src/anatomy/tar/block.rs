//! The fields of a header block.

use std::ops::Range;

use super::input::BLOCK;

/// A header block, or one that describes a sparse file further.
pub(super) struct Block(pub(super) [u8; BLOCK]);

const NAME: Range<usize> = 0..100;
const MODE: Range<usize> = 100..108;
const UID: Range<usize> = 108..116;
const GID: Range<usize> = 116..124;
const SIZE: Range<usize> = 124..136;
const CHECKSUM: Range<usize> = 148..156;
const TYPE: usize = 156;
const LINK: Range<usize> = 157..257;
const MAGIC: Range<usize> = 257..265;
const MAJOR: Range<usize> = 329..337;
const MINOR: Range<usize> = 337..345;
const PREFIX: Range<usize> = 345..500;
/// The prefix is shorter where J. Schilling's `star` wrote.
const STAR_PREFIX: Range<usize> = 345..476;
const STAR_TRAILER: Range<usize> = 508..512;
const GNU_TIMES: [Range<usize>; 2] = [345..357, 357..369];
const GNU_EXTENTS: Range<usize> = 386..482;
const GNU_EXTENDED: usize = 482;
const GNU_REAL_SIZE: Range<usize> = 483..495;
const MORE_EXTENTS: Range<usize> = 0..504;
const MORE_EXTENDED: usize = 504;
/// An extent is an offset and a length of twelve digits each.
const DIGITS: usize = 12;

impl Block {
    fn field(&self, range: Range<usize>) -> &[u8] {
        self.0.get(range).unwrap_or_default()
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0.iter().all(|byte| *byte == 0)
    }

    /// Whether the sum of its bytes is what it says: of unsigned ones, as POSIX has it, or of
    /// signed ones, as some computed it.
    pub(super) fn checksum_is_right(&self) -> bool {
        let Some(told) = number(self.field(CHECKSUM)) else {
            return false;
        };
        let sum = |bytes: &[u8]| bytes.iter().map(|byte| i64::from(*byte)).sum::<i64>();
        let own = self.field(CHECKSUM);
        let spaces = i64::from(b' ') * 8;
        let unsigned = sum(&self.0) - sum(own) + spaces;
        let high = |bytes: &[u8]| bytes.iter().map(|byte| i64::from(*byte >> 7)).sum::<i64>();
        let signed = unsigned - 256 * (high(&self.0) - high(own));
        told == unsigned || told == signed
    }

    pub(super) fn kind(&self) -> u8 {
        self.0.get(TYPE).copied().unwrap_or_default()
    }

    pub(super) fn name(&self) -> &[u8] {
        text(self.field(NAME))
    }

    pub(super) fn link(&self) -> &[u8] {
        text(self.field(LINK))
    }

    /// What stands before the name, with a slash between them.
    pub(super) fn prefix(&self) -> &[u8] {
        match self.field(MAGIC) {
            b"ustar  \0" => {
                // Here GNU has times. Go wrote a prefix nonetheless, before its version 1.8,
                // and so did engines built with it.
                let times = GNU_TIMES.iter().all(|time| {
                    let time = self.field(time.clone());
                    time.first() == Some(&0) || number(time).is_some()
                });
                let prefix = text(self.field(PREFIX));
                if times || !prefix.is_ascii() {
                    &[]
                } else {
                    prefix
                }
            }
            magic if magic.starts_with(b"ustar\0") => {
                if self.field(STAR_TRAILER) == b"tar\0" {
                    text(self.field(STAR_PREFIX))
                } else {
                    text(self.field(PREFIX))
                }
            }
            _ => &[],
        }
    }

    pub(super) fn mode(&self) -> Option<i64> {
        number(self.field(MODE))
    }

    pub(super) fn uid(&self) -> Option<i64> {
        number(self.field(UID))
    }

    pub(super) fn gid(&self) -> Option<i64> {
        number(self.field(GID))
    }

    pub(super) fn size(&self) -> Option<u64> {
        unsigned(self.field(SIZE))
    }

    /// Numbers of a device; old archives have none.
    pub(super) fn device(&self) -> Option<(i64, i64)> {
        if !self.field(MAGIC).starts_with(b"ustar") {
            return Some((0, 0));
        }
        Some((number(self.field(MAJOR))?, number(self.field(MINOR))?))
    }

    /// Length of a sparse file as a reader of it sees it.
    pub(super) fn real_size(&self) -> Option<u64> {
        unsigned(self.field(GNU_REAL_SIZE))
    }

    /// The extents in a header of an old GNU sparse file, and whether more blocks of them
    /// follow.
    pub(super) fn extents(&self) -> (impl Iterator<Item = Option<(u64, u64)>>, bool) {
        let more = self.0.get(GNU_EXTENDED).is_some_and(|byte| *byte != 0);
        (extents(self.field(GNU_EXTENTS)), more)
    }

    /// The extents in a block that follows such a header, and whether more follow.
    pub(super) fn more_extents(&self) -> (impl Iterator<Item = Option<(u64, u64)>>, bool) {
        let more = self.0.get(MORE_EXTENDED).is_some_and(|byte| *byte != 0);
        (extents(self.field(MORE_EXTENTS)), more)
    }
}

/// Pairs of numbers up to the first that is not there.
fn extents(field: &[u8]) -> impl Iterator<Item = Option<(u64, u64)>> {
    field
        .chunks_exact(2 * DIGITS)
        .take_while(|pair| pair.first().is_some_and(|byte| *byte != 0))
        .map(|pair| {
            let (offset, length) = pair.split_at_checked(DIGITS)?;
            Some((unsigned(offset)?, unsigned(length)?))
        })
}

/// The bytes before the first zero.
pub(super) fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn unsigned(field: &[u8]) -> Option<u64> {
    number(field)?.try_into().ok()
}

/// A number in octal digits, or in base 256 where the first bit is set. An empty field is
/// zero.
fn number(field: &[u8]) -> Option<i64> {
    let first = field.first().copied().unwrap_or_default();
    if first & 0x80 != 0 {
        return base_256(field, first);
    }
    let padding = |byte: &u8| *byte == b' ' || *byte == 0;
    let begin = field.iter().position(|byte| !padding(byte));
    let digits = text(field.get(begin.unwrap_or(field.len())..)?).trim_ascii_end();
    digits.iter().try_fold(0_i64, |value, digit| {
        let digit = (b'0'..=b'7').contains(digit).then(|| digit - b'0')?;
        value.checked_mul(8)?.checked_add(i64::from(digit))
    })
}

/// Two's complement, the highest bit of which only marks it; fields have at most twelve bytes.
fn base_256(field: &[u8], first: u8) -> Option<i64> {
    let negative = first & 0x40 != 0;
    let start = if negative { -1_i128 } else { 0 };
    let value = field
        .iter()
        .zip(0_usize..)
        .fold(start, |value, (byte, at)| {
            let byte = match (at, negative) {
                (0, false) => byte & 0x7f,
                _ => *byte,
            };
            value << 8 | i128::from(byte)
        });
    value.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_every_form() {
        for (field, value) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"00000000000\0", Some(0)),
            (b"77777777777\0", Some(0o77_777_777_777)),
            (b"\0\0\0\0\0\0\0\0", Some(0)),
            (b"        ", Some(0)),
            (b"644 rest", None),
            (b"0000898\0", None),
            (b"\x80\0\0\0\0\0\x10\0", Some(4096)),
            (b"\x80\0\0\0\0\0\0\x02\0\0\0\0", Some(1 << 33)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xfe", Some(-2)),
            (b"\xbf\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
        ] {
            assert_eq!(number(field), value, "{field:?}");
        }
    }
}
