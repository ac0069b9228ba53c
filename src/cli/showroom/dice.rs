//! Chance that is the same every time: each throw has a name, and the seed and the name
//! decide it. So nothing depends on the order in which things are made up.

use crate::model::digest::Digest;

/// Dice with a seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dice {
    seed: u64,
}

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// A digest.
    pub(super) fn digest(&self, name: &str) -> Digest {
        Digest::of(format!("{} {name}", self.seed).as_bytes())
    }

    /// So many hexadecimal digits.
    pub(super) fn hex(&self, name: &str, digits: usize) -> String {
        let digest = self.digest(name);
        let hex = digest.as_str().trim_start_matches("sha256:");
        hex.get(..digits).unwrap_or(hex).to_owned()
    }

    /// A number below `sides`.
    pub(super) fn throw(&self, name: &str, sides: u64) -> u64 {
        let number = u64::from_str_radix(&self.hex(name, 15), 16).unwrap_or_default();
        number % sides.max(1)
    }

    /// One of several.
    pub(super) fn pick<'a, T>(&self, name: &str, of: &'a [T]) -> Option<&'a T> {
        let at = usize::try_from(self.throw(name, of.len() as u64)).ok()?;
        of.get(at)
    }
}
