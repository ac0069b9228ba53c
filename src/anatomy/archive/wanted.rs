//! Which image is wanted, and what is known of it beforehand.

use super::platform::Platform;
use crate::model::digest::Digest;

/// Which image is wanted of those that are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its name (`web:1.4.2`), tag (`1.4.2`) or digest (of index, manifest or
    /// configuration). Without one there must be only one image.
    pub name: Option<String>,
    /// For which platform, where the user says so: then there is no other.
    pub platform: Option<Platform>,
    /// For which platform otherwise, where there are several: the engine's.
    pub default_platform: Platform,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            name: None,
            platform: None,
            default_platform: Platform::here(),
        }
    }
}

impl Wanted {
    /// The image of this name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
            ..Self::default()
        }
    }
}

/// What an engine has told of an image before it hands it over. With it, reading stops as
/// soon as nothing new can come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Digest of its configuration, where that is what the engine calls the image's id (with
    /// the containerd image store, the id is the manifest's).
    pub config: Option<Digest>,
    /// Its layers, the lowest first.
    pub diff_ids: Vec<Digest>,
}

/// A name in the spelling that people use: `docker.io/library/web:1` is `web:1`.
pub(super) fn familiar(name: &str) -> &str {
    ["docker.io/library/", "docker.io/", "localhost/"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name)
}

/// How well a name is what is wanted: the least is the best; nothing, when it is another.
pub(super) fn likeness(wanted: &str, name: &str) -> Option<u8> {
    let whole = |name: &str| {
        let name = familiar(name);
        let last = name.rsplit('/').next().unwrap_or(name);
        if last.contains([':', '@']) {
            name.to_owned()
        } else {
            format!("{name}:latest")
        }
    };
    if wanted == name {
        return Some(0);
    }
    if whole(wanted) == whole(name) {
        return Some(1);
    }
    let (_, tag) = name.rsplit_once(':')?;
    (tag == wanted).then_some(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_matched_as_people_write_them() {
        for (wanted, name, likeness_is) in [
            ("web:1", "web:1", Some(0)),
            ("web:1", "docker.io/library/web:1", Some(1)),
            ("web", "web:latest", Some(1)),
            ("localhost/web:1", "web:1", Some(1)),
            (
                "example.com:5000/web",
                "example.com:5000/web:latest",
                Some(1),
            ),
            ("1", "example.com/web:1", Some(2)),
            ("1.4.2", "1.4.2", Some(0)),
            ("web:2", "web:1", None),
            ("web", "golden/web:latest", None),
            ("", "web:1", None),
        ] {
            assert_eq!(likeness(wanted, name), likeness_is, "{wanted} {name}");
        }
    }
}
