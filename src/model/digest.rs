//! Content digests: the identity of everything an image is made of.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `algorithm:hex`, as the OCI image specification writes it; in practice `sha256:` and
/// 64 hexadecimal digits. Compared as a whole, shown by [`short`](Self::short).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

/// The text is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a digest: it must read like `sha256:` and 64 hexadecimal digits")]
pub struct NotADigest(String);

impl Digest {
    /// Reads `sha256:…` (64 lower-case hex digits) or `sha512:…` (128).
    ///
    /// # Errors
    /// [`NotADigest`] for anything else, upper-case hex included: registries reject it.
    pub fn parse(text: &str) -> Result<Self, NotADigest> {
        let want = match text.split_once(':') {
            Some(("sha256", hex)) => (hex, 64),
            Some(("sha512", hex)) => (hex, 128),
            _ => return Err(NotADigest(text.to_owned())),
        };
        let (hex, length) = want;
        let lower_hex = hex
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if hex.len() == length && lower_hex {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotADigest(text.to_owned()))
        }
    }

    /// The SHA-256 of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self::from_sha256(&sha2::Sha256::digest(bytes).into())
    }

    /// A SHA-256 that was computed elsewhere.
    #[must_use]
    pub fn from_sha256(hash: &[u8; 32]) -> Self {
        let mut text = String::from("sha256:");
        for byte in hash {
            text.push_str(&format!("{byte:02x}"));
        }
        Self(text)
    }

    /// The whole digest, algorithm included.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve hex digits: what `docker ps` shows, and enough for a person.
    #[must_use]
    pub fn short(&self) -> &str {
        let hex = self
            .0
            .split_once(':')
            .map_or(self.0.as_str(), |(_, hex)| hex);
        hex.get(..12).unwrap_or(hex)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Digest {
    type Error = NotADigest;
    fn try_from(text: String) -> Result<Self, NotADigest> {
        Self::parse(&text)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_lower_case_digests_are_read() {
        let hex = "0123456789abcdef".repeat(4);
        assert!(Digest::parse(&format!("sha256:{hex}")).is_ok());
        for wrong in [
            String::new(),
            hex.clone(),
            format!("sha256:{}", hex.to_uppercase()),
            format!("sha256:{}", &hex[1..]),
            format!("md5:{hex}"),
            format!("sha256:{hex}\n"),
        ] {
            assert!(Digest::parse(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn digest_of_nothing_is_the_well_known_one() {
        assert_eq!(
            Digest::of(b"").as_str(),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(Digest::of(b"").short(), "e3b0c44298fc");
    }
}
