//! RPM's headers: an index of tags, and their data behind it; all numbers big-endian.

/// The tags that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Tag {
    Name = 1000,
    Version = 1001,
    Release = 1002,
    Epoch = 1003,
    Arch = 1022,
    FileStates = 1029,
    SourceRpm = 1044,
    ProvideName = 1047,
    RequireName = 1049,
    DirIndexes = 1116,
    BaseNames = 1117,
    DirNames = 1118,
    RecommendName = 5046,
}

/// How many tags a header may have; RPM's own limit.
const TAGS: u32 = 0xffff;
/// Types of data.
const CHAR: u32 = 1;
const INT8: u32 = 2;
const INT32: u32 = 4;
const STRING: u32 = 6;
const STRINGS: u32 = 8;
const TRANSLATED: u32 = 9;

/// A header that was looked over.
pub(super) struct Header<'a> {
    index: &'a [[u8; 16]],
    data: &'a [u8],
}

/// Where a tag's data are.
struct Place<'a> {
    kind: u32,
    count: usize,
    data: &'a [u8],
}

impl<'a> Header<'a> {
    /// Nothing, when it is none.
    pub(super) fn parse(blob: &'a [u8]) -> Option<Self> {
        let (tags, rest) = blob.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (tags, length) = (u32::from_be_bytes(*tags), u32::from_be_bytes(*length));
        if tags > TAGS {
            return None;
        }
        let (index, data) = rest.split_at_checked(tags as usize * 16)?;
        Some(Self {
            index: index.as_chunks().0,
            data: data.get(..length as usize)?,
        })
    }

    fn find(&self, tag: Tag) -> Option<Place<'a>> {
        let number = |row: &[u8; 16], at: usize| {
            let bytes = row.get(at..at + 4).and_then(|it| it.first_chunk());
            bytes.map_or(0, |bytes| u32::from_be_bytes(*bytes))
        };
        let row = self.index.iter().find(|row| number(row, 0) == tag as u32)?;
        Some(Place {
            kind: number(row, 4),
            data: self.data.get(number(row, 8) as usize..)?,
            count: number(row, 12) as usize,
        })
    }

    /// A text, or the first of several.
    pub(super) fn string(&self, tag: Tag) -> Option<&'a [u8]> {
        self.strings(tag).next()
    }

    /// Texts, one after the other.
    pub(super) fn strings(&self, tag: Tag) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let place = self.find(tag);
        let place = place.filter(|it| matches!(it.kind, STRING | STRINGS | TRANSLATED));
        let (data, count) = place.map_or((&[][..], 0), |it| (it.data, it.count));
        let mut rest = data;
        (0..count).map_while(move |_| {
            // One that does not end is none.
            let end = rest.iter().position(|byte| *byte == 0)?;
            let text = rest.get(..end)?;
            rest = rest.get(end + 1..)?;
            Some(text)
        })
    }

    /// Numbers, one after the other.
    pub(super) fn numbers(&self, tag: Tag) -> impl Iterator<Item = u32> + use<'a> {
        let place = self.find(tag).filter(|it| it.kind == INT32);
        let (data, count) = place.map_or((&[][..], 0), |it| (it.data, it.count));
        let (numbers, _) = data.as_chunks::<4>();
        numbers.iter().take(count).map(|it| u32::from_be_bytes(*it))
    }

    /// Small numbers.
    pub(super) fn bytes(&self, tag: Tag) -> &'a [u8] {
        let place = self.find(tag);
        let place = place.filter(|it| matches!(it.kind, CHAR | INT8));
        place
            .and_then(|it| it.data.get(..it.count))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Value, blob};
    use super::*;

    #[test]
    fn tags_are_found_by_type() {
        let bytes = blob(&[
            (Tag::Name, Value::Text("bash")),
            (Tag::Epoch, Value::Numbers(&[2])),
            (Tag::BaseNames, Value::Texts(&["a", "", "c"])),
            (Tag::FileStates, Value::Bytes(&[0, 1, 0])),
        ]);
        let header = Header::parse(&bytes).expect("a header");
        assert_eq!(header.string(Tag::Name), Some(&b"bash"[..]));
        assert_eq!(header.numbers(Tag::Epoch).collect::<Vec<_>>(), [2]);
        let names: Vec<_> = header.strings(Tag::BaseNames).collect();
        assert_eq!(names, [&b"a"[..], b"", b"c"]);
        assert_eq!(header.bytes(Tag::FileStates), [0, 1, 0]);
        // What is of another type, or not there, is not made up.
        assert_eq!(header.numbers(Tag::Name).count(), 0);
        assert_eq!(header.strings(Tag::Epoch).count(), 0);
        assert_eq!(header.string(Tag::Arch), None);
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for hostile in [
            &b""[..],
            b"\0\0\0\x01\0\0\0\0",
            b"\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\0\0\0\0\0\0\0\x05abc",
        ] {
            assert!(Header::parse(hostile).is_none(), "{hostile:?}");
        }
    }

    #[test]
    fn data_outside_are_not_there() {
        let mut bytes = blob(&[
            (Tag::Name, Value::Texts(&["a", "b"])),
            (Tag::DirIndexes, Value::Numbers(&[1, 2, 3])),
            (Tag::FileStates, Value::Bytes(&[1])),
        ]);
        // More of everything than there is: a count of four billion.
        for row in 0..3 {
            bytes[8 + row * 16 + 12..8 + row * 16 + 16].fill(0xff);
        }
        let header = Header::parse(&bytes).expect("a header");
        assert_eq!(header.numbers(Tag::DirIndexes).count(), 3);
        assert!(header.strings(Tag::Name).count() <= bytes.len());
        assert!(header.bytes(Tag::FileStates).is_empty());
        // Data that begin outside.
        for row in 0..3 {
            bytes[8 + row * 16 + 8..8 + row * 16 + 12].fill(0xff);
        }
        let header = Header::parse(&bytes).expect("a header");
        assert_eq!(header.numbers(Tag::DirIndexes).count(), 0);
        assert_eq!(header.string(Tag::Name), None);
    }
}
