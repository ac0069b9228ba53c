//! Skew: how environments differ from the newest version, from each other, and within.

use serde::{Deserialize, Serialize};

/// One way in which a deployment is not what one would expect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skew {
    /// Which way.
    pub kind: SkewKind,
    /// In words, for people and JSON: `2 behind newest`.
    pub text: String,
}

/// The ways in which environments skew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkewKind {
    /// Older than the newest version.
    BehindNewest,
    /// Older than what runs in the environment before it: a promotion is waiting.
    BehindUpstream,
    /// Newer than what runs in the environment before it.
    AheadOfUpstream,
    /// Containers of one environment run different digests.
    MixedDigests,
    /// The tag it was deployed from names another digest now.
    MovedTag,
    /// Its version label stands for two digests.
    ContestedLabel,
    /// What runs is not in the version list.
    NotInVersions,
}

impl SkewKind {
    /// The sign that stands beside the word.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::BehindNewest => "↓",
            Self::BehindUpstream => "←",
            Self::AheadOfUpstream => "→",
            Self::MixedDigests => "≠",
            Self::MovedTag => "⇄",
            Self::ContestedLabel => "‼",
            Self::NotInVersions => "?",
        }
    }
}
