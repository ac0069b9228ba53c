//! What an archive looks like while its entries pass by.

use std::collections::{HashMap, HashSet};

use super::blobs::{normal, symlink_target};
use crate::anatomy::error::AnatomyError;
use crate::anatomy::tar::{EntryType, Header};

/// How many files an image's archive may have.
const MOST_FILES: usize = 100_000;
/// How many links lead to each other before they are called a circle.
const MOST_LINKS: usize = 8;

/// What the top of a root filesystem has, and no image's archive.
const ROOTS: [&str; 17] = [
    "bin", "boot", "dev", "etc", "home", "lib", "lib64", "media", "mnt", "opt", "proc", "root",
    "sbin", "srv", "tmp", "usr", "var",
];

/// Names met so far.
#[derive(Debug, Default)]
pub(super) struct Layout {
    links: HashMap<String, String>,
    roots: HashSet<&'static str>,
    files: usize,
    first: Option<String>,
    has_list: bool,
}

impl Layout {
    /// Takes note of an entry; answers its name, if it is a regular file that can be part of
    /// an image.
    pub(super) fn meet(&mut self, header: &Header) -> Result<Option<String>, AnatomyError> {
        let Some(name) = normal(&header.path) else {
            return Ok(None);
        };
        let top = name.split('/').next().unwrap_or(&name);
        if let Some(root) = ROOTS.iter().find(|root| **root == top) {
            self.roots.insert(root);
            // Sure enough, and the rest may be gigabytes.
            if self.roots.len() >= 4 && !self.has_list {
                return Err(AnatomyError::RootFilesystem);
            }
        }
        match header.kind {
            EntryType::Symlink => {
                if let Some(target) = symlink_target(&name, &header.link) {
                    self.count()?;
                    self.links.insert(name, target);
                }
                return Ok(None);
            }
            EntryType::HardLink => {
                if let Some(target) = normal(&header.link) {
                    self.count()?;
                    self.links.insert(name, target);
                }
                return Ok(None);
            }
            EntryType::File => {}
            _ => return Ok(None),
        }
        self.count()?;
        self.has_list |= matches!(name.as_str(), "manifest.json" | "index.json");
        self.first.get_or_insert_with(|| name.clone());
        Ok(Some(name))
    }

    fn count(&mut self) -> Result<(), AnatomyError> {
        self.files += 1;
        if self.files > MOST_FILES {
            return Err(AnatomyError::TooMuch {
                what: "files in the archive",
                limit: MOST_FILES as u64,
            });
        }
        Ok(())
    }

    /// Where a name leads to: through links, which old archives have for layers that are the
    /// same.
    pub(super) fn resolve<'a>(&'a self, name: &'a str) -> &'a str {
        let mut at = name;
        for _ in 0..MOST_LINKS {
            match self.links.get(at) {
                Some(target) => at = target,
                None => break,
            }
        }
        at
    }

    /// What there is in place of an image.
    pub(super) fn found(&self) -> AnatomyError {
        if self.roots.len() >= 2 {
            return AnatomyError::RootFilesystem;
        }
        let found = match (&self.first, self.files) {
            (None, _) => "nothing".to_owned(),
            (Some(first), 1) => format!("one file, `{first}`"),
            (Some(first), files) => format!("{files} files, the first of them `{first}`"),
        };
        AnatomyError::NotAnImage { found }
    }
}
