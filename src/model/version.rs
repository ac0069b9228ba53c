//! Version labels and their order.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A tag that names a version under the image's scheme: `1.4.2-rc.1`, `2026.11.3`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionLabel(pub String);

impl fmt::Display for VersionLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How an image's tags are read as versions, and ordered.
#[derive(Clone, Debug, Default)]
pub enum Scheme {
    /// Not said: semver if any tag reads as such, else calver if any does, else created.
    #[default]
    Detect,
    /// Semantic versions, a leading `v` allowed; pre-releases before their release.
    Semver,
    /// Dates: `2026.11`, `2026.11.3`, `2026-11-22`, `20261122`, an optional counter behind
    /// (`2026.11.22.2`, `2026.11.22-2`).
    Calver,
    /// Any tag; the order is that of the images' creation.
    Created,
    /// Tags that match; ordered by their captured groups from left to right, numbers as
    /// numbers.
    Pattern(regex::Regex),
}

impl PartialEq for Scheme {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Detect, Self::Detect)
            | (Self::Semver, Self::Semver)
            | (Self::Calver, Self::Calver)
            | (Self::Created, Self::Created) => true,
            (Self::Pattern(a), Self::Pattern(b)) => a.as_str() == b.as_str(),
            _ => false,
        }
    }
}
