//! Finding a path in the merged filesystem as the kernel would: through symlinks, which lead
//! nowhere out of it.

use std::collections::VecDeque;

use super::layer::index::Kind;
use super::merged::{Entry, LayerNo, Merged, NodeId, View};

/// How many symlinks the kernel follows.
const SYMLINKS: usize = 40;
/// How many parts a path may have, those of the symlinks on its way included.
const PARTS: usize = 4_096;

/// Finds paths.
pub struct Resolver<'a> {
    merged: &'a Merged,
    at: LayerNo,
    /// Where only what is visible is found: what is.
    view: Option<&'a View>,
}

/// What is at a path.
#[derive(Clone, Copy, Debug)]
pub enum Found<'a> {
    /// A directory.
    Directory,
    /// Anything else.
    Entry(Entry<'a>),
}

/// What becomes of a symlink at the end of a path. Those on the way are always followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// What it leads to is meant.
    Followed,
    /// It is meant itself.
    Itself,
}

/// Why nothing is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// A directory has nothing of that name.
    NoSuch {
        /// The directory, or what would have to be one.
        directory: NodeId,
        /// The name.
        part: Vec<u8>,
        /// The symlink that led there, if one did.
        link: Option<NodeId>,
    },
    /// More symlinks than the kernel follows, or longer ones: they lead in a circle.
    TooFar,
}

impl<'a> Resolver<'a> {
    /// Of what is visible after a layer.
    #[must_use]
    pub const fn new(merged: &'a Merged, view: &'a View) -> Self {
        Self {
            merged,
            at: view.at(),
            view: Some(view),
        }
    }

    /// Finds what is not visible any more after a layer, or not yet, too. Symlinks are
    /// followed as they are then.
    #[must_use]
    pub const fn with_gone(merged: &'a Merged, at: LayerNo) -> Self {
        Self {
            merged,
            at,
            view: None,
        }
    }

    /// What is at a path in the end; nothing if it is not there.
    #[must_use]
    pub fn find(&self, path: &[u8]) -> Option<Found<'a>> {
        let node = self.node(path, Last::Followed).ok()?;
        match self.entry(node) {
            Some(entry) if entry.kind != Kind::Directory => Some(Found::Entry(entry)),
            _ => Some(Found::Directory),
        }
    }

    /// The place of a path.
    ///
    /// # Errors
    /// [`Lost`], where the way ends before it does.
    pub fn node(&self, path: &[u8], last: Last) -> Result<NodeId, Lost> {
        self.walk(path, last, &mut 0)
    }

    /// The same; counts the parts that were looked at on the way.
    ///
    /// # Errors
    /// [`Lost`].
    pub(super) fn walk(&self, path: &[u8], last: Last, steps: &mut usize) -> Result<NodeId, Lost> {
        let mut ahead: VecDeque<&[u8]> = parts(path).collect();
        // What ends in a slash is what the symlink leads to.
        let itself = last == Last::Itself && !path.ends_with(b"/");
        let mut at = NodeId::ROOT;
        let mut link = None;
        let mut links = 0;
        let mut is_no_directory = false;
        while let Some(name) = ahead.pop_front() {
            *steps += 1;
            if *steps > PARTS {
                return Err(Lost::TooFar);
            }
            let no_such = || Lost::NoSuch {
                directory: at,
                part: name.to_vec(),
                link,
            };
            if is_no_directory {
                return Err(no_such());
            }
            match name {
                b"." => continue,
                b".." => {
                    at = self.merged.parent(at).unwrap_or(NodeId::ROOT);
                    continue;
                }
                _ => {}
            }
            let node = self.child(at, name).ok_or_else(no_such)?;
            let entry = self.entry(node);
            let link_there = entry.filter(|it| it.kind == Kind::Symlink);
            let Some(entry) = link_there.filter(|_| !(itself && ahead.is_empty())) else {
                is_no_directory = entry.is_some_and(|it| it.kind != Kind::Directory);
                at = node;
                continue;
            };
            links += 1;
            link = Some(node);
            let target = entry.target.unwrap_or_default();
            if links > SYMLINKS || target.len() > PARTS {
                return Err(Lost::TooFar);
            }
            if target.starts_with(b"/") {
                at = NodeId::ROOT;
            }
            let parts: Vec<&[u8]> = parts(target).collect();
            for part in parts.into_iter().rev() {
                ahead.push_front(part);
            }
        }
        Ok(at)
    }

    fn entry(&self, node: NodeId) -> Option<Entry<'a>> {
        let id = self.merged.visible(node, self.at)?;
        self.merged.entry(id)
    }

    fn child(&self, directory: NodeId, name: &[u8]) -> Option<NodeId> {
        let child = self.merged.child(directory, name)?;
        let seen = |view: &View| {
            let entry = self.merged.visible(child, self.at);
            entry.is_some() || view.entries(self.merged, child) > 0
        };
        self.view.is_none_or(seen).then_some(child)
    }
}

fn parts(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/').filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::sketch::merged;

    /// Where a path leads in what is visible after the last layer.
    fn leads(layers: &[&str], path: &str, last: Last) -> Result<String, Lost> {
        let merged = merged(layers);
        let view = View::new(&merged, merged.last().expect("a layer"));
        let node = Resolver::new(&merged, &view).node(path.as_bytes(), last)?;
        Ok(String::from_utf8_lossy(&merged.path(node)).into_owned())
    }

    #[test]
    fn symlinks_are_followed_and_lead_nowhere_out() {
        let image = [
            "f usr/bin/ls 5 \n f usr/lib/os 3 \n l bin usr/bin \n l up ../../../usr/bin/ls",
            "l etc/os ../usr/lib/os \n l abs /bin/ls \n l many bin/../bin/./ls",
        ];
        for (path, there) in [
            ("/bin/ls", "usr/bin/ls"),
            ("etc/os", "usr/lib/os"),
            ("up", "usr/bin/ls"),
            ("abs", "usr/bin/ls"),
            ("many", "usr/bin/ls"),
            ("/bin", "usr/bin"),
            ("/../..", ""),
        ] {
            assert_eq!(
                leads(&image, path, Last::Followed),
                Ok(there.to_owned()),
                "{path}"
            );
        }
        for (path, there) in [
            ("bin", "bin"),
            ("bin/ls", "usr/bin/ls"),
            ("bin/", "usr/bin"),
        ] {
            assert_eq!(
                leads(&image, path, Last::Itself),
                Ok(there.to_owned()),
                "{path}"
            );
        }
    }

    #[test]
    fn a_way_that_does_not_end_is_given_up() {
        let chain = |links: usize| {
            let all = (0..links).map(|at| format!("l a{at} a{}", at + 1));
            let all: Vec<String> = all.chain([format!("f a{links} 1")]).collect();
            all.join("\n")
        };
        let (most, more) = (chain(SYMLINKS), chain(SYMLINKS + 1));
        assert!(leads(&[&most], "a0", Last::Followed).is_ok());
        for image in [more.as_str(), "l a0 a0", "l a0 b/x \n l b a0"] {
            assert_eq!(leads(&[image], "a0", Last::Followed), Err(Lost::TooFar));
        }
        let lost = leads(&["f x 1 \n l a x"], "a/y", Last::Followed);
        assert!(
            matches!(lost, Err(Lost::NoSuch { link: Some(_), .. })),
            "{lost:?}"
        );
        let lost = leads(&["f x 1", "w x"], "x", Last::Followed);
        assert!(
            matches!(lost, Err(Lost::NoSuch { link: None, .. })),
            "{lost:?}"
        );
    }
}
