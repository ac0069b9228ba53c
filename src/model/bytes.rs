//! Sizes.

use std::fmt;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

/// A number of bytes. Shown in decimal units, as `docker images` does: `1.94 GB`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Bytes(pub u64);

impl Bytes {
    /// From the signed numbers of an engine's API, where −1 means "not known".
    #[must_use]
    pub fn from_api(number: i64) -> Option<Self> {
        u64::try_from(number).ok().map(Self)
    }

    /// Reads `500MB`, `1.5 GB`, `20 MiB`, `1024`: decimal units, binary ones with an `i`; the
    /// case of letters does not matter.
    ///
    /// # Errors
    /// [`NotASize`] for anything else, and for more than can be counted.
    pub fn parse(text: &str) -> Result<Self, NotASize> {
        let wrong = || NotASize(text.to_owned());
        let trimmed = text.trim();
        let end = trimmed
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(end);
        let unit = unit.trim().to_ascii_lowercase();
        let (_, factor) = UNITS
            .iter()
            .find(|(names, _)| names.contains(&unit.as_str()))
            .ok_or_else(wrong)?;
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let read = |digits: &str| digits.parse::<u128>().map_err(|_| wrong());
        if part.is_empty() || part.len() > 18 {
            return Err(wrong());
        }
        let places = 10_u128.pow(u32::try_from(part.len()).map_err(|_| wrong())?);
        let whole = read(whole)?.checked_mul(*factor).ok_or_else(wrong)?;
        let bytes = whole + read(part)? * factor / places;
        u64::try_from(bytes).map(Self).map_err(|_| wrong())
    }
}

/// Units by the names people write.
const UNITS: [(&[&str], u128); 9] = [
    (&["", "b"], 1),
    (&["kb", "k"], 1_000),
    (&["mb", "m"], 1_000_000),
    (&["gb", "g"], 1_000_000_000),
    (&["tb", "t"], 1_000_000_000_000),
    (&["kib", "ki"], 1 << 10),
    (&["mib", "mi"], 1 << 20),
    (&["gib", "gi"], 1 << 30),
    (&["tib", "ti"], 1 << 40),
];

/// The text is not a size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a size: write for example \"500MB\", \"1.5GB\" or \"20MiB\"")]
pub struct NotASize(String);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&humansize::format_size(
            self.0,
            humansize::DECIMAL.decimal_places(1),
        ))
    }
}

impl Add for Bytes {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Bytes {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, want) in [
            ("0", 0),
            ("1024", 1_024),
            ("20MB", 20_000_000),
            ("19Mb", 19_000_000),
            ("1.5 GB", 1_500_000_000),
            ("20 MiB", 20 << 20),
            ("0.5k", 500),
            (" 3 tib ", 3 << 40),
        ] {
            assert_eq!(Bytes::parse(text), Ok(Bytes(want)), "{text}");
        }
        for wrong in [
            "",
            "MB",
            "-1",
            "1e3",
            "20 MBs",
            "1.",
            ".5",
            "1.2.3",
            "99999999TB",
            "twenty",
        ] {
            assert!(Bytes::parse(wrong).is_err(), "{wrong}");
        }
    }
}
