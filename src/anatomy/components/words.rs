//! Paths of any bytes, in sentences and in JSON.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::model::text::printable;

/// A path without a leading slash, of any bytes. As text it has the slash, bytes that are no
/// UTF-8 as `\xNN`, and nothing in it that a terminal would obey.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathText(pub Vec<u8>);

impl fmt::Display for PathText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("/")?;
        for chunk in self.0.utf8_chunks() {
            f.write_str(&printable(chunk.valid()))?;
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for PathText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl Serialize for PathText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// `1 file`, `3 files`.
#[must_use]
pub fn count(number: u64, one: &str, many: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {many}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_whatever_is_in_them() {
        for (path, want) in [
            (&b"usr/bin/gcc"[..], "/usr/bin/gcc"),
            (b"", "/"),
            (b"a\xffb", "/a\\xffb"),
            (b"a\x1b[31m\nb", "/a␛[31m␊b"),
        ] {
            assert_eq!(PathText(path.to_vec()).to_string(), want);
            let json = serde_json::to_string(&PathText(path.to_vec())).expect("json");
            assert_eq!(json, format!("{want:?}").replace("\\\\", "\\\\"));
        }
    }
}
