//! The versions of one image: every tag and every digest known, joined across engines.

use super::bytes::Bytes;
use super::digest::Digest;
use super::observation::LocalImage;
use super::plan::Frozen;
use super::project::EngineName;
use super::reference::{ImageRef, Repository};
use super::remote::RemoteImage;
use super::time::Timestamp;
use super::version::VersionLabel;

/// One version: one known state of an image. Its identity is a digest; tags are aliases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The tag that names it under the image's scheme. `None`: no version tag is known, so
    /// it is shown by its short digest, and sorts behind those that have one.
    pub label: Option<VersionLabel>,
    /// What it is recognised by everywhere: its config digest where known, else its
    /// content digest (platform + diff ids + configuration).
    pub identity: Digest,
    /// The content digest.
    pub content: Digest,
    /// Every tag known, version tags first, then by name.
    pub tags: Vec<String>,
    /// The digests it is known by.
    pub digests: Digests,
    /// When it was built.
    pub created: Option<Timestamp>,
    /// Its size: the largest any engine says, stores differ.
    pub size: Option<Bytes>,
    /// `linux/amd64`.
    pub platform: String,
    /// Where it lies, and under which id there.
    pub on_engines: Vec<Held>,
    /// `repository@digest` in registries.
    pub repo_digests: Vec<ImageRef>,
    /// What a registry says of it, where one was asked.
    pub remote: Option<RemoteImage>,
    /// Its OCI labels: revision, source, base.
    pub labels: std::collections::BTreeMap<String, String>,
    /// Whether the project revoked it, or the version it is built from.
    pub revoked: bool,
}

/// An engine that has a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which engine.
    pub engine: EngineName,
    /// The image's id there.
    pub image_id: Digest,
    /// Its tags of this repository there.
    pub tags: Vec<String>,
}

/// The three digests of an image, kept apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digests {
    /// Of the index that lists its platforms, where there is one.
    pub index: Option<Digest>,
    /// Of its manifest for one platform.
    pub manifest: Option<Digest>,
    /// Of its configuration.
    pub config: Option<Digest>,
}

/// All versions of an image, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    /// Newest first.
    pub versions: Vec<Version>,
    /// Labels that stand for more than one digest on different engines.
    pub contested: Vec<VersionLabel>,
    /// Tags of the registry of which only the name is known as yet, newest first; those that
    /// are no version come last.
    pub unread: Vec<Unread>,
}

/// A tag of a registry of which only the name is known as yet. What it names is read when
/// somebody looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The tag.
    pub tag: String,
    /// The version it is, where it is one by the image's scheme.
    pub label: Option<VersionLabel>,
    /// How many versions of the catalog come before it, in the order of versions.
    pub place: usize,
}

/// The images of one engine, as the catalog takes them.
#[derive(Clone, Copy, Debug)]
pub struct EngineImages<'a> {
    /// Which engine.
    pub engine: &'a EngineName,
    /// Its images.
    pub images: &'a [LocalImage],
}

/// One line of a list of versions.
#[derive(Clone, Copy, Debug)]
pub enum Entry<'a> {
    /// A version.
    Known(&'a Version),
    /// A tag of which only the name is known.
    Unread(&'a Unread),
}

impl Catalog {
    /// Versions and tags of which only the name is known, in the order of versions.
    pub fn in_order(&self) -> impl Iterator<Item = Entry<'_>> {
        let mut unread = self.unread.iter().peekable();
        let mut versions = self.versions.iter().enumerate().peekable();
        std::iter::from_fn(move || {
            let place = versions.peek().map(|(place, _)| *place);
            let first = |unread: &&Unread| place.is_none_or(|place| unread.place <= place);
            if let Some(unread) = unread.next_if(|unread| first(unread)) {
                return Some(Entry::Unread(unread));
            }
            versions.next().map(|(_, version)| Entry::Known(version))
        })
    }
}

impl Catalog {
    /// How many versions and tags there are.
    #[must_use]
    pub const fn entries(&self) -> usize {
        self.versions.len() + self.unread.len()
    }

    /// The one at a position, in the order of [`Catalog::in_order`]; without going through
    /// those before it.
    #[must_use]
    pub fn entry(&self, at: usize) -> Option<Entry<'_>> {
        let before = self.unread_before(at);
        match self.unread.get(before) {
            Some(unread) if self.position(before, unread) == at => Some(Entry::Unread(unread)),
            _ => self.versions.get(at.checked_sub(before)?).map(Entry::Known),
        }
    }

    /// Where the version is that comes so many versions after the first.
    #[must_use]
    pub fn position_of_version(&self, at: usize) -> usize {
        at + self.unread.partition_point(|unread| unread.place <= at)
    }

    /// Where a tag is of which only the name is known.
    #[must_use]
    pub fn position_of_unread(&self, tag: &str) -> Option<usize> {
        let at = self.unread.iter().position(|unread| unread.tag == tag)?;
        Some(self.position(at, self.unread.get(at)?))
    }

    /// A tag comes after those before it, and after the versions before it.
    fn position(&self, at: usize, unread: &Unread) -> usize {
        unread.place.min(self.versions.len()) + at
    }

    /// How many tags stand before a position.
    fn unread_before(&self, position: usize) -> usize {
        let (mut low, mut high) = (0, self.unread.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.unread.get(middle) {
                Some(unread) if self.position(middle, unread) < position => low = middle + 1,
                _ => high = middle,
            }
        }
        low
    }
}

impl Version {
    /// The label, else the short digest.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.label
            .as_ref()
            .map_or_else(|| self.identity.short(), |label| &label.0)
    }

    /// This version as a plan freezes it.
    #[must_use]
    pub fn freeze(&self, repository: &Repository) -> Frozen {
        let mut there = self
            .repo_digests
            .iter()
            .filter(|reference| &reference.repository == repository)
            .filter_map(|reference| reference.digest.as_ref());
        // What the registry itself calls it goes before what an engine once called it.
        let named = self.remote.as_ref().and_then(RemoteImage::digest);
        let registry_digest = there
            .clone()
            .find(|digest| Some(*digest) == named)
            .or_else(|| there.next())
            .cloned();
        Frozen {
            label: self.shown().to_owned(),
            identity: self.identity.clone(),
            content: Some(self.content.clone()),
            repository: repository.clone(),
            // Not the label where only the image itself says it: that tag may lead elsewhere.
            tag: self
                .label
                .as_ref()
                .map(|label| &label.0)
                .filter(|label| self.tags.contains(label))
                .or_else(|| self.tags.first())
                .cloned(),
            registry_digest,
            size: self.size,
        }
    }
}
