//! Where an entry of a layer belongs, by its name.

/// What an archive's name means in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// What it says.
    Plain,
    /// The path with this last part is removed from the layers below.
    Whiteout,
    /// What the layers below have in its directory is removed.
    Opaque,
    /// Metadata of aufs.
    Aufs,
    /// A file of aufs that hard links of the layer point to.
    AufsLink,
    /// Nothing that could be on a filesystem.
    Nowhere,
}

const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";
const AUFS: &[u8] = b".wh..wh.";
const AUFS_LINKS: &[u8] = b".wh..wh.plnk/";

/// A path made normal, kept in one buffer.
#[derive(Debug, Default)]
pub(super) struct Normal {
    /// Parts with slashes between them, none at either end.
    pub(super) path: Vec<u8>,
    /// Whether it was absolute, or climbed.
    pub(super) odd: bool,
}

impl Normal {
    /// Takes `.`, `..` and needless slashes out of a path; it does not climb out of the root.
    pub(super) fn set(&mut self, raw: &[u8]) {
        self.path.clear();
        self.odd = raw.first() == Some(&b'/');
        for part in raw.split(|byte| *byte == b'/') {
            match part {
                b"" | b"." => {}
                b".." => {
                    self.odd = true;
                    let parent = self.path.iter().rposition(|byte| *byte == b'/');
                    self.path.truncate(parent.unwrap_or(0));
                }
                part => {
                    if !self.path.is_empty() {
                        self.path.push(b'/');
                    }
                    self.path.extend_from_slice(part);
                }
            }
        }
    }

    /// The directory and the last part.
    pub(super) fn split(&self) -> (&[u8], &[u8]) {
        split(&self.path)
    }

    /// Its parts.
    pub(super) fn parts(&self) -> impl Iterator<Item = &[u8]> {
        parts(&self.path)
    }

    /// What it means in a layer.
    pub(super) fn meaning(&self) -> Meaning {
        if self.path.starts_with(AUFS_LINKS) {
            return Meaning::AufsLink;
        }
        let (directory, name) = self.split();
        if name == OPAQUE && !directory.starts_with(AUFS) {
            return Meaning::Opaque;
        }
        if self.path.starts_with(AUFS) || name.starts_with(AUFS) {
            return Meaning::Aufs;
        }
        match name.strip_prefix(WHITEOUT) {
            None => Meaning::Plain,
            // Docker would remove the directory itself, or the one above; containerd refuses.
            Some(b"" | b"." | b"..") => Meaning::Nowhere,
            Some(_) => Meaning::Whiteout,
        }
    }
}

/// The parts of a normal path.
pub(super) fn parts(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/').filter(|it| !it.is_empty())
}

/// The name that a whiteout removes.
pub(super) fn removed(name: &[u8]) -> &[u8] {
    name.strip_prefix(WHITEOUT).unwrap_or(name)
}

fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        None => (b"", path),
        Some(at) => {
            let (directory, name) = path.split_at(at);
            (directory, name.get(1..).unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_normal() {
        for (raw, path, odd) in [
            (&b"a/b"[..], &b"a/b"[..], false),
            (b"./a/b/", b"a/b", false),
            (b".//a/./b", b"a/b", false),
            (b"./", b"", false),
            (b"/a", b"a", true),
            (b"a/../b", b"b", true),
            (b"a/b/../../../../c", b"c", true),
            (b"..", b"", true),
            (b"...", b"...", false),
            (b"\xff\n/x", b"\xff\n/x", false),
        ] {
            let mut normal = Normal::default();
            normal.set(raw);
            assert_eq!((&normal.path[..], normal.odd), (path, odd), "{raw:?}");
        }
    }

    #[test]
    fn names_mean_what_engines_take_them_for() {
        for (path, meaning) in [
            (&b"a/b"[..], Meaning::Plain),
            (b"a/.wh.b", Meaning::Whiteout),
            (b".wh.b", Meaning::Whiteout),
            (b"a.wh.b", Meaning::Plain),
            (b"a/.wh", Meaning::Plain),
            (b".wh.dir/file", Meaning::Plain),
            (b"a/.wh..wh..opq", Meaning::Opaque),
            (b".wh..wh..opq", Meaning::Opaque),
            (b".wh..wh..opq/x", Meaning::Aufs),
            (b".wh..wh.aufs", Meaning::Aufs),
            (b".wh..wh.orph/x", Meaning::Aufs),
            (b".wh..wh.plnk", Meaning::Aufs),
            (b".wh..wh.plnk/12.34", Meaning::AufsLink),
            (b"a/.wh..wh.aufs", Meaning::Aufs),
            (b"a/.wh.", Meaning::Nowhere),
            (b"a/.wh...", Meaning::Nowhere),
            (b"a/.wh....", Meaning::Whiteout),
        ] {
            let mut normal = Normal::default();
            normal.set(path);
            assert_eq!(normal.meaning(), meaning, "{path:?}");
        }
    }
}
