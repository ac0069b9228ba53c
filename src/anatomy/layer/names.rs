//! Names in one piece of memory.

use serde::{Deserialize, Serialize};

/// A name in [`Names`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NameRef(u32);

impl NameRef {
    pub(in crate::anatomy) fn from_payload(payload: u64) -> Self {
        Self(u32::try_from(payload).unwrap_or(u32::MAX))
    }

    pub(in crate::anatomy) fn payload(self) -> u64 {
        u64::from(self.0)
    }
}

/// Names one after the other, each with its length (LEB128) before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    #[serde(with = "serde_bytes")]
    bytes: Vec<u8>,
}

impl Names {
    /// Adds one. Nothing, when there are more than four gigabytes of names.
    pub(in crate::anatomy) fn add(&mut self, name: &[u8]) -> Option<NameRef> {
        let at = u32::try_from(self.bytes.len()).ok()?;
        let mut length = name.len();
        loop {
            let low = u8::try_from(length & 0x7f).unwrap_or(0x7f);
            length >>= 7;
            self.bytes.push(if length == 0 { low } else { low | 0x80 });
            if length == 0 {
                break;
            }
        }
        self.bytes.extend_from_slice(name);
        Some(NameRef(at))
    }

    /// Reads one. A reference that is none of ours is an empty name.
    pub(in crate::anatomy) fn get(&self, name: NameRef) -> &[u8] {
        let rest = self.bytes.get(name.0 as usize..).unwrap_or_default();
        let mut length = 0_usize;
        for (place, byte) in rest.iter().enumerate().take(5) {
            length |= usize::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return rest
                    .get(place + 1..(place + 1).saturating_add(length))
                    .unwrap_or_default();
            }
        }
        &[]
    }

    /// Gives back memory that is not needed once all names are in.
    pub(in crate::anatomy) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_as_they_went_in() {
        let mut names = Names::default();
        let long = vec![b'x'; 70_000];
        let all: [&[u8]; 5] = [b"", b"a", b"line\nbreak", &[0xff, 0xfe], &long];
        let refs: Vec<_> = all
            .iter()
            .map(|name| names.add(name).expect("room"))
            .collect();
        for (name, at) in all.iter().zip(refs) {
            assert_eq!(names.get(at), *name);
        }
        assert_eq!(names.get(NameRef(u32::MAX)), b"");
    }
}
