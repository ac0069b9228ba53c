//! What an archive or a folder holds, by the names it has there.

use std::cell::Cell;

use sha2::Digest as _;

use crate::anatomy::error::AnatomyError;
use crate::model::digest::Digest;

/// The longest document that is read: 8 MiB. The longest manifest a registry takes is 4 MiB.
pub(super) const LARGEST_DOCUMENT: u64 = 8 << 20;
/// How much of documents is read of one archive: 64 MiB.
pub(super) const ALL_DOCUMENTS: u64 = 64 << 20;

/// Whatever holds blobs under names.
pub(super) trait Blobs {
    /// A document, whole, at most [`LARGEST_DOCUMENT`] long; nothing, when it is not there.
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>, AnatomyError>;
    /// Whether there is a blob of that name.
    fn has(&self, name: &str) -> bool;
    /// What there is in place of an image, in words.
    fn found(&self) -> AnatomyError;
}

/// The documents of an archive, each checked against its name, and not without end.
pub(super) struct Documents<'a> {
    blobs: &'a dyn Blobs,
    read: Cell<u64>,
}

impl<'a> Documents<'a> {
    pub(super) const fn new(blobs: &'a dyn Blobs) -> Self {
        Self {
            blobs,
            read: Cell::new(0),
        }
    }

    pub(super) const fn blobs(&self) -> &'a dyn Blobs {
        self.blobs
    }

    /// A document; nothing, when it is not there.
    pub(super) fn get(&self, name: &str) -> Result<Option<Vec<u8>>, AnatomyError> {
        let Some(json) = self.blobs.document(name)? else {
            return Ok(None);
        };
        self.read.set(self.read.get() + json.len() as u64);
        if self.read.get() > ALL_DOCUMENTS {
            return Err(AnatomyError::TooMuch {
                what: "bytes of manifests and configurations",
                limit: ALL_DOCUMENTS,
            });
        }
        let named = digest_in(name).or_else(|| configuration_in(name));
        if let Some(named) = named {
            let mut hasher = Hasher::for_digest(&named);
            hasher.update(&json);
            hasher.check(named)?;
        }
        Ok(Some(json))
    }
}

/// Where an OCI layout has a blob.
pub(super) fn path_of(digest: &Digest) -> String {
    format!("blobs/{}", digest.as_str().replacen(':', "/", 1))
}

/// The digest that a name claims: `blobs/sha256/5f…`, or `sha256:5f…` as kaniko has it, with
/// or without an ending.
pub(super) fn digest_in(name: &str) -> Option<Digest> {
    let file = name.rsplit('/').next().unwrap_or(name);
    if file.contains(':') {
        return Digest::parse(file.split('.').next().unwrap_or(file)).ok();
    }
    let (algorithm, hex) = name.strip_prefix("blobs/")?.split_once('/')?;
    Digest::parse(&format!("{algorithm}:{hex}")).ok()
}

/// The digest that a configuration's name claims in an archive of `docker save`: `5f….json`.
fn configuration_in(name: &str) -> Option<Digest> {
    let hex = name.strip_suffix(".json")?;
    Digest::parse(&format!("sha256:{hex}")).ok()
}

/// Computes a digest piece by piece.
pub(super) enum Hasher {
    Sha256(sha2::Sha256),
    Sha512(Box<sha2::Sha512>),
}

impl Hasher {
    /// For comparing with this one.
    pub(super) fn for_digest(digest: &Digest) -> Self {
        if digest.as_str().starts_with("sha512:") {
            Self::Sha512(Box::default())
        } else {
            Self::Sha256(sha2::Sha256::new())
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    /// Whether it is what a name says.
    pub(super) fn check(self, named: Digest) -> Result<(), AnatomyError> {
        let found = match self {
            Self::Sha256(hasher) => spelled("sha256:", &hasher.finalize()),
            Self::Sha512(hasher) => spelled("sha512:", &hasher.finalize()),
        };
        match Digest::parse(&found) {
            Ok(found) if found == named => Ok(()),
            Ok(found) => Err(AnatomyError::WrongDigest { named, found }),
            // What was just spelled out is one.
            Err(_) => Ok(()),
        }
    }
}

fn spelled(algorithm: &str, bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = algorithm.to_owned();
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The one spelling of a path in an archive: no `.`, no empty part. Nothing for one that
/// leads out.
pub(super) fn normal(path: &[u8]) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in std::str::from_utf8(path).ok()?.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// What a symlink in an archive points to, from where it is.
pub(super) fn symlink_target(link: &str, target: &[u8]) -> Option<String> {
    let directory = link.rsplit_once('/').map_or("", |(directory, _)| directory);
    if target.starts_with(b"/") {
        return normal(target);
    }
    let mut path = directory.as_bytes().to_vec();
    path.push(b'/');
    path.extend_from_slice(target);
    normal(&path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_read_off_names() {
        let digest = Digest::of(b"x");
        let hex = &digest.as_str()[7..];
        for (name, claims) in [
            (format!("blobs/sha256/{hex}"), true),
            (format!("sha256:{hex}"), true),
            (format!("sha256:{hex}.tar.gz"), true),
            (format!("{hex}/layer.tar"), false),
            (format!("{hex}.tar.gz"), false),
            ("manifest.json".to_owned(), false),
            ("blobs/sha256/12".to_owned(), false),
        ] {
            assert_eq!(digest_in(&name).is_some(), claims, "{name}");
        }
        assert_eq!(digest_in(&path_of(&digest)), Some(digest.clone()));
        assert_eq!(configuration_in(&format!("{hex}.json")), Some(digest));
    }

    #[test]
    fn paths_have_one_spelling() {
        for (path, spelled) in [
            ("./manifest.json", Some("manifest.json")),
            ("a//b/./c/", Some("a/b/c")),
            ("/a", Some("a")),
            ("a/../b", Some("b")),
            ("../a", None),
            ("", Some("")),
        ] {
            assert_eq!(normal(path.as_bytes()).as_deref(), spelled, "{path}");
        }
        assert_eq!(normal(b"\xff"), None);
        for (link, target, leads) in [
            ("a/layer.tar", "../b/layer.tar", Some("b/layer.tar")),
            ("layer.tar", "b.tar", Some("b.tar")),
            ("a/b", "/c", Some("c")),
            ("a", "../b", None),
        ] {
            let found = symlink_target(link, target.as_bytes());
            assert_eq!(found.as_deref(), leads, "{link} {target}");
        }
    }

    #[test]
    fn a_digest_is_checked_in_both_algorithms() {
        let sha512 = format!("sha512:{}", spelled("", &sha2::Sha512::digest(b"x")));
        for named in [Digest::of(b"x"), Digest::parse(&sha512).expect("a digest")] {
            for (content, right) in [(b"x", true), (b"y", false)] {
                let mut hasher = Hasher::for_digest(&named);
                hasher.update(content);
                assert_eq!(hasher.check(named.clone()).is_ok(), right, "{named}");
            }
        }
    }
}
