//! Which of the kept files of an image tell of packages.

use super::dpkg;
use crate::anatomy::layer::kept;
use crate::anatomy::merged::{EntryId, Merged, NodeId};

/// A kept file, still packed.
pub(super) struct Content<'a> {
    pub(super) entry: EntryId,
    pub(super) node: NodeId,
    pub(super) path: Vec<u8>,
    packed: &'a [u8],
}

impl Content<'_> {
    /// The content, if it is none that was damaged.
    pub(super) fn unpack(&self) -> Option<Vec<u8>> {
        kept::unpack(self.packed)
    }

    /// The last part of its path.
    pub(super) fn name(&self) -> &[u8] {
        name_of(&self.path)
    }
}

/// Everything that tells of packages, sorted by what it is.
#[derive(Default)]
pub(super) struct Sources<'a> {
    pub(super) dpkg: dpkg::Database<'a>,
    /// apk's databases.
    pub(super) apk: Vec<Content<'a>>,
    /// What apk was asked for by name.
    pub(super) world: Option<Content<'a>>,
    /// RPM's databases in SQLite.
    pub(super) rpm: Vec<Content<'a>>,
    /// `METADATA` and `PKG-INFO` of Python's packages.
    pub(super) python: Vec<Content<'a>>,
    /// `RECORD` and `installed-files.txt` of Python's packages.
    pub(super) records: Vec<Content<'a>>,
    /// `package.json` of Node's packages.
    pub(super) node: Vec<Content<'a>>,
    /// `/etc/os-release`, then `/usr/lib/os-release`.
    pub(super) releases: Vec<Content<'a>>,
}

impl<'a> Sources<'a> {
    /// Sorts what is kept of an image.
    pub(super) fn of(merged: &'a Merged) -> Self {
        let mut sources = Self::default();
        for (entry, packed) in merged.kept() {
            let Some(node) = merged.entry(entry).map(|entry| entry.node) else {
                continue;
            };
            sources.sort_in(Content {
                entry,
                node,
                path: merged.path(node),
                packed,
            });
        }
        sources.releases.sort_by(|a, b| a.path.cmp(&b.path));
        sources
    }

    fn sort_in(&mut self, content: Content<'a>) {
        let path = content.path.as_slice();
        match path {
            b"var/lib/dpkg/status" => self.dpkg.status = Some(content),
            b"var/lib/dpkg/diversions" => self.dpkg.diversions = Some(content),
            b"var/lib/apt/extended_states" => self.dpkg.marks = Some(content),
            b"lib/apk/db/installed" | b"usr/lib/apk/db/installed" => self.apk.push(content),
            b"etc/apk/world" => self.world = Some(content),
            b"etc/os-release" | b"usr/lib/os-release" => self.releases.push(content),
            b"var/lib/rpm/rpmdb.sqlite"
            | b"usr/lib/sysimage/rpm/rpmdb.sqlite"
            | b"usr/share/rpm/rpmdb.sqlite" => self.rpm.push(content),
            _ => self.sort_in_by_pattern(content),
        }
    }

    fn sort_in_by_pattern(&mut self, content: Content<'a>) {
        let path = content.path.as_slice();
        if let Some(name) = path.strip_prefix(b"var/lib/dpkg/info/") {
            if let Some(stem) = name.strip_suffix(b".list") {
                self.dpkg.lists.insert(stem.to_vec(), content);
            }
            return;
        }
        if let Some(name) = path.strip_prefix(b"var/lib/dpkg/status.d/") {
            match name.strip_suffix(b".md5sums") {
                Some(stem) => _ = self.dpkg.sums.insert(stem.to_vec(), content),
                None => self.dpkg.single.push(content),
            }
            return;
        }
        let directory = path
            .get(..path.len() - content.name().len())
            .unwrap_or_default();
        let directory = directory.strip_suffix(b"/").unwrap_or(directory);
        match content.name() {
            b"METADATA" if directory.ends_with(b".dist-info") => self.python.push(content),
            b"PKG-INFO" if directory.ends_with(b".egg-info") => self.python.push(content),
            name if name.ends_with(b".egg-info") => self.python.push(content),
            b"RECORD" if directory.ends_with(b".dist-info") => self.records.push(content),
            b"installed-files.txt" if directory.ends_with(b".egg-info") => {
                self.records.push(content);
            }
            b"package.json" if is_package_root(directory) => self.node.push(content),
            _ => {}
        }
    }
}

fn name_of(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

/// `node_modules/NAME` or `node_modules/@SCOPE/NAME`.
fn is_package_root(directory: &[u8]) -> bool {
    let mut parts = directory.rsplit(|byte| *byte == b'/');
    let (name, up, above) = (parts.next(), parts.next(), parts.next());
    let named = name.is_some_and(|name| !name.is_empty() && !name.starts_with(b"@"));
    match (up, above) {
        (Some(b"node_modules"), _) => named,
        (Some(scope), Some(b"node_modules")) => named && scope.starts_with(b"@"),
        _ => false,
    }
}
