//! Repositories and references: how images are named.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::digest::Digest;

/// Where the versions of an image are named: `registry.example.com/golden/rust-base`, or
/// `shop-base` for images that live on engines only.
///
/// Kept in one spelling: `docker.io/library/` and Podman's `localhost/` are dropped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Repository(String);

impl Repository {
    /// Any text, brought to the one spelling.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut rest = text;
        for prefix in ["localhost/", "docker.io/library/", "docker.io/"] {
            if let Some(bare) = rest.strip_prefix(prefix) {
                rest = bare;
                break;
            }
        }
        Self(rest.to_owned())
    }

    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The registry's host, where the name has one: its first part with a dot or a colon.
    /// Without one, nothing is ever looked up anywhere but on engines.
    #[must_use]
    pub fn registry_host(&self) -> Option<&str> {
        let (host, _) = self.0.split_once('/')?;
        (host.contains(['.', ':'])).then_some(host)
    }

    /// The last part: `rust-base` of `registry:5000/golden/rust-base`.
    #[must_use]
    pub fn last_part(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<String> for Repository {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<Repository> for String {
    fn from(repository: Repository) -> Self {
        repository.0
    }
}

/// `repository[:tag][@digest]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageRef {
    /// What comes before the tag.
    pub repository: Repository,
    /// The tag: an alias, never an identity.
    pub tag: Option<String>,
    /// The digest, where one was frozen.
    pub digest: Option<Digest>,
}

/// The text names no image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an image reference: it must read like `name:tag` or `host/name:tag@sha256:…`"
)]
pub struct NotAReference(String);

impl ImageRef {
    /// Reads `repository[:tag][@digest]`. A bare id (`sha256:…`) is no reference: it has
    /// no repository.
    ///
    /// # Errors
    /// [`NotAReference`] for an empty name, a bare id, or characters no name may have.
    pub fn parse(text: &str) -> Result<Self, NotAReference> {
        let wrong = || NotAReference(text.to_owned());
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(Digest::parse(digest).map_err(|_| wrong())?)),
            None => (text, None),
        };
        // A colon after the last slash starts a tag; one before it belongs to a port.
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag.to_owned())),
            _ => (rest, None),
        };
        let name_ok = !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-/:".contains(&b));
        let tag_ok = tag.as_ref().is_none_or(|tag| {
            !tag.is_empty()
                && tag.len() <= 128
                && tag
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        });
        if !name_ok || !tag_ok || Digest::parse(text).is_ok() {
            return Err(wrong());
        }
        Ok(Self {
            repository: Repository::new(name),
            tag,
            digest,
        })
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.repository.as_str())?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl TryFrom<String> for ImageRef {
    type Error = NotAReference;
    fn try_from(text: String) -> Result<Self, NotAReference> {
        Self::parse(&text)
    }
}

impl From<ImageRef> for String {
    fn from(reference: ImageRef) -> Self {
        reference.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_and_written() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        for (text, repository, tag) in [
            ("shop-base:1.2.0", "shop-base", Some("1.2.0")),
            (
                "registry:5000/golden/rust-base",
                "registry:5000/golden/rust-base",
                None,
            ),
            (
                "registry:5000/golden/rust-base:v1",
                "registry:5000/golden/rust-base",
                Some("v1"),
            ),
            ("localhost/shop-base:1", "shop-base", Some("1")),
            ("docker.io/library/nginx:latest", "nginx", Some("latest")),
        ] {
            let read = ImageRef::parse(text).expect(text);
            assert_eq!(read.repository.as_str(), repository, "{text}");
            assert_eq!(read.tag.as_deref(), tag, "{text}");
            let with_digest = ImageRef::parse(&format!("{text}@{digest}")).expect(text);
            assert_eq!(with_digest.digest, Digest::parse(&digest).ok());
            assert_eq!(ImageRef::parse(&with_digest.to_string()), Ok(with_digest));
        }
        for wrong in [
            "",
            ":tag",
            "a b:1",
            "a:b c",
            digest.as_str(),
            "<none>:<none>",
            "x@sha256:12",
        ] {
            assert!(ImageRef::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_a_name_with_a_host_has_a_registry() {
        for (name, host) in [
            ("shop-base", None),
            ("golden/shop-base", None),
            ("registry.example.com/x", Some("registry.example.com")),
            ("registry:5000/x", Some("registry:5000")),
            ("localhost:5000/x", Some("localhost:5000")),
        ] {
            assert_eq!(Repository::new(name).registry_host(), host, "{name}");
        }
    }
}
