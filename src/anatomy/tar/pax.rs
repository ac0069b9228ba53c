//! PAX headers: records that win over the fields of the header that follows them.

use super::sparse::{Extent, Map};

/// What the records say of the next entry.
#[derive(Debug, Default)]
pub(super) struct Pax {
    /// Empty: none.
    pub(super) path: Vec<u8>,
    /// Empty: none.
    pub(super) link: Vec<u8>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<i64>,
    pub(super) gid: Option<i64>,
    pub(super) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) sparse: PaxSparse,
}

/// What the records say of a sparse file.
#[derive(Debug, Default)]
pub(super) struct PaxSparse {
    major: Option<u64>,
    minor: Option<u64>,
    pub(super) name: Vec<u8>,
    size: Option<u64>,
    real_size: Option<u64>,
    /// Offsets and lengths by turns.
    numbers: Vec<u64>,
}

/// How a sparse file is described.
pub(super) enum Form {
    /// Not at all: it is no sparse file, or of a version that is not known, which is left as
    /// it stands in the archive.
    None,
    /// The map is in the records (versions 0.0 and 0.1).
    Records,
    /// The map stands before the content (version 1.0).
    Content,
}

impl Pax {
    pub(super) fn clear(&mut self) {
        self.path.clear();
        self.link.clear();
        self.size = None;
        self.uid = None;
        self.gid = None;
        self.xattrs.clear();
        let sparse = &mut self.sparse;
        sparse.name.clear();
        sparse.numbers.clear();
        (sparse.major, sparse.minor) = (None, None);
        (sparse.size, sparse.real_size) = (None, None);
    }

    /// Reads records: `LENGTH KEY=VALUE\n`, the length counting all of it.
    pub(super) fn parse(&mut self, mut records: &[u8]) -> Result<(), &'static str> {
        self.clear();
        while !records.is_empty() {
            let (key, value, rest) = split(records).ok_or("a PAX record is malformed")?;
            self.record(key, value)?;
            records = rest;
        }
        Ok(())
    }

    fn record(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        // An empty value takes the record back: the header's field holds.
        match key {
            b"path" => set(&mut self.path, value)?,
            b"linkpath" => set(&mut self.link, value)?,
            b"size" => self.size = number(value)?,
            b"uid" => self.uid = number(value)?,
            b"gid" => self.gid = number(value)?,
            _ => {
                if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
                    self.xattr(name, value, true);
                } else if let Some(name) = key.strip_prefix(b"LIBARCHIVE.xattr.") {
                    // The same again, in letters; only where it is alone.
                    if let Some(value) = base64(value) {
                        self.xattr(&percent(name), &value, false);
                    }
                } else if let Some(key) = key.strip_prefix(b"GNU.sparse.") {
                    self.sparse.record(key, value)?;
                }
            }
        }
        Ok(())
    }

    fn xattr(&mut self, name: &[u8], value: &[u8], wins: bool) {
        match self.xattrs.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) if wins => *known = value.to_vec(),
            Some(_) => {}
            None => self.xattrs.push((name.to_vec(), value.to_vec())),
        }
    }
}

impl PaxSparse {
    fn record(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        match key {
            b"major" => self.major = number(value)?,
            b"minor" => self.minor = number(value)?,
            b"name" => set(&mut self.name, value)?,
            b"size" => self.size = number(value)?,
            b"realsize" => self.real_size = number(value)?,
            b"offset" | b"numbytes" => {
                let turn = self.numbers.len().is_multiple_of(2);
                if turn != (key == b"offset") {
                    return Err("a PAX sparse map has offsets and lengths out of turn");
                }
                let value = number(value)?.ok_or("a PAX sparse map has an empty number")?;
                self.numbers.push(value);
            }
            b"map" => {
                self.numbers.clear();
                for part in value
                    .split(|byte| *byte == b',')
                    .filter(|it| !it.is_empty())
                {
                    let value = number(part)?.ok_or("a PAX sparse map has an empty number")?;
                    self.numbers.push(value);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// As Go tells them apart.
    pub(super) fn form(&self) -> Form {
        match (self.major, self.minor) {
            (Some(0), None | Some(0 | 1)) => Form::Records,
            (Some(1), None | Some(0)) => Form::Content,
            (None, None) if !self.numbers.is_empty() => Form::Records,
            _ => Form::None,
        }
    }

    pub(super) fn size(&self) -> Option<u64> {
        self.size.or(self.real_size)
    }

    /// The map that is in the records.
    pub(super) fn map(&self, into: &mut Map) -> Result<(), &'static str> {
        for pair in self.numbers.chunks(2) {
            let &[offset, length] = pair else {
                return Err("a PAX sparse map ends in an offset without a length");
            };
            into.push(Extent { offset, length })?;
        }
        Ok(())
    }
}

/// The first record's key and value, and the other records.
fn split(records: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = records.iter().take(20).position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(records.get(..space)?)
        .ok()?
        .parse()
        .ok()?;
    let (record, rest) = records.split_at_checked(length)?;
    let record = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    let (key, value) = record.split_at_checked(equals)?;
    (!key.is_empty()).then_some((key, value.get(1..)?, rest))
}

fn set(field: &mut Vec<u8>, value: &[u8]) -> Result<(), &'static str> {
    if value.contains(&0) {
        return Err("a PAX record has a path with a zero byte in it");
    }
    field.clear();
    field.extend_from_slice(value);
    Ok(())
}

/// A decimal number; nothing, where the value is empty.
fn number<N: std::str::FromStr>(value: &[u8]) -> Result<Option<N>, &'static str> {
    if value.is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(value).ok();
    let number = text.and_then(|text| text.parse().ok());
    number
        .map(Some)
        .ok_or("a PAX record has a number that is none")
}

/// Undoes `%41`.
fn percent(name: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((byte, behind)) = rest.split_first() {
        let digits = (*byte == b'%')
            .then(|| behind.split_at_checked(2))
            .flatten();
        let decoded = digits.and_then(|(digits, behind)| {
            let digits = std::str::from_utf8(digits).ok()?;
            Some((u8::from_str_radix(digits, 16).ok()?, behind))
        });
        let (byte, behind) = decoded.unwrap_or((*byte, behind));
        plain.push(byte);
        rest = behind;
    }
    plain
}

/// Base 64, with or without its padding.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let (mut bits, mut count) = (0_u32, 0);
    for letter in text.iter().filter(|letter| **letter != b'=') {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_and_malformed_ones_refused() {
        let mut pax = Pax::default();
        let good = b"12 path=a\nb\n13 size=1234\n23 SCHILY.xattr.a.b=\0\n\n11 mtime=1\n";
        pax.parse(good).expect("well-formed");
        assert_eq!((&pax.path[..], pax.size), (&b"a\nb"[..], Some(1234)));
        assert_eq!(pax.xattrs, [(b"a.b".to_vec(), b"\0\n".to_vec())]);
        for bad in [
            &b"path=a\n"[..],
            b"9 path=a\n\n",
            b"99 path=a\n",
            b"99999999999999999999999 path=a\n",
            b"9 path=a ",
            b"7 path\n",
            b"6 =ab\n",
            b"-9 path=a\n",
            b"11 path=a\0b\n",
            b"10 size=1x\n",
            b"11 size=-12\n",
            b"3 \n",
            b"0 ",
        ] {
            assert!(pax.parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn attributes_of_libarchive_are_decoded_and_lose_to_others() {
        let mut pax = Pax::default();
        let record = |key: &str, value: &str| {
            let rest = format!(" {key}={value}\n");
            let length = rest.len() + 2;
            assert!((10..100).contains(&length));
            format!("{length}{rest}")
        };
        let twice =
            record("SCHILY.xattr.user.x", "one") + &record("LIBARCHIVE.xattr.user.x", "dHdv");
        pax.parse(twice.as_bytes()).expect("well-formed");
        assert_eq!(pax.xattrs, [(b"user.x".to_vec(), b"one".to_vec())]);
        pax.parse(record("LIBARCHIVE.xattr.user%2ex", "dHdvAA==").as_bytes())
            .expect("well-formed");
        assert_eq!(pax.xattrs, [(b"user.x".to_vec(), b"two\0".to_vec())]);
    }
}
