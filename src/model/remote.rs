//! What a registry says of images: tags, digests, sizes, what is attached to them. Plain data
//! that a registry's observation carries beside what engines say.

use serde::{Deserialize, Serialize};

use super::bytes::Bytes;
use super::digest::Digest;
use super::time::Timestamp;

/// What a registry says of one image, beyond what every image has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteImage {
    /// The digest of the index that lists its platforms, where there is one.
    pub index: Option<Digest>,
    /// The digest of its manifest for the platform that is shown.
    pub manifest: Option<Digest>,
    /// Every platform there is: `linux/amd64`, `linux/arm64/v8`. One where there is no index.
    pub platforms: Vec<String>,
    /// Its layers as they lie in the registry, and its configuration: what a pull moves.
    pub compressed: Option<Bytes>,
    /// Its layers, lowest first: digest and bytes as they lie in the registry.
    pub layers: Vec<(Digest, Bytes)>,
    /// When it was pushed there, where the history has it: registries do not tell.
    #[serde(default)]
    pub pushed: Option<Timestamp>,
    /// What is attached to it; `None` until that was looked up.
    pub attached: Option<Attached>,
}

impl RemoteImage {
    /// The digest that stands for it in the registry: its index's, else its manifest's.
    #[must_use]
    pub const fn digest(&self) -> Option<&Digest> {
        match (&self.index, &self.manifest) {
            (Some(index), _) => Some(index),
            (None, manifest) => manifest.as_ref(),
        }
    }
}

/// What is attached to an image in its registry. Present or absent; whether a signature is a
/// good one is not looked at, so nothing here says "verified".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// A signature.
    pub signature: Presence,
    /// A list of what is in it.
    pub sbom: Presence,
    /// How it was built.
    pub provenance: Presence,
}

/// Whether something is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// There is one.
    Present,
    /// There is none.
    #[default]
    Absent,
}

impl Presence {
    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Absent => "absent",
        }
    }
}

impl From<bool> for Presence {
    fn from(there: bool) -> Self {
        if there { Self::Present } else { Self::Absent }
    }
}

/// The tags with which registries keep what belongs to an image beside it, not versions of
/// it: what cosign attaches, the fallback for referrers, and karat's own history.
#[must_use]
pub fn is_technical(tag: &str) -> bool {
    tag.starts_with("sha256-") || tag.starts_with("sha512-") || tag.starts_with(HISTORY_TAG)
}

/// How the tags of karat's own history begin.
pub const HISTORY_TAG: &str = "karat-event-";

/// How the tags begin by which karat keeps a version that no other tag holds.
pub const KEEP_TAG: &str = "keep-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_are_no_versions_are_known() {
        for (tag, technical) in [
            ("1.4.2", false),
            ("latest", false),
            ("sha256", false),
            ("sha256-0123.sig", true),
            ("sha256-0123", true),
            ("karat-event-20261122T120000Z-1", true),
            ("keep-prod-0123", false),
        ] {
            assert_eq!(is_technical(tag), technical, "{tag}");
        }
    }
}
