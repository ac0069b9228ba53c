//! The files a made-up shell sees: those of the image, and what an engine and a life add.

use std::collections::{BTreeMap, BTreeSet};

use crate::target::memory::interior::File;

/// Links that lead to links are followed so often.
const FOLLOWED: usize = 8;

/// A tree of files.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    files: BTreeMap<String, File>,
    /// Directories that may be empty.
    folders: BTreeSet<String>,
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    Folder,
    File(&'a File),
}

impl Files {
    /// A tree of these, and the directories every container has.
    pub(super) fn new(files: BTreeMap<String, File>) -> Self {
        let folders = ["/", "/dev", "/etc", "/proc", "/root", "/run", "/tmp"];
        Self {
            files,
            folders: folders.map(str::to_owned).into(),
        }
    }

    /// Adds a directory.
    pub(super) fn folder(&mut self, path: &str) {
        self.folders.insert(resolve("/", path));
    }

    /// Adds a file, if there is none yet.
    pub(super) fn add(&mut self, path: &str, file: File) {
        self.files.entry(path.to_owned()).or_insert(file);
    }

    /// Takes a file away.
    pub(super) fn remove(&mut self, path: &str) {
        self.files.remove(path);
    }

    /// What is at an absolute path, wherever links lead.
    pub(super) fn find(&self, path: &str) -> Option<Found<'_>> {
        let mut path = path.to_owned();
        for _ in 0..FOLLOWED {
            let Some(file) = self.files.get(&path) else {
                return self.is_folder(&path).then_some(Found::Folder);
            };
            let Some(to) = &file.link else {
                return Some(Found::File(file));
            };
            let parent = path.rsplit_once('/').map_or("/", |(parent, _)| parent);
            path = resolve(parent, to);
        }
        None
    }

    /// What a directory has in it, by name; a directory has no file.
    pub(super) fn list(&self, folder: &str) -> BTreeMap<&str, Option<&File>> {
        let start = below(folder);
        let mut all = BTreeMap::new();
        let files = self.files.iter().map(|(path, file)| (path, Some(file)));
        let folders = self.folders.iter().map(|path| (path, None));
        for (path, file) in folders.chain(files) {
            let Some(rest) = path.strip_prefix(&start).filter(|rest| !rest.is_empty()) else {
                continue;
            };
            match rest.split_once('/') {
                Some((name, _)) => all.insert(name, None),
                None => all.insert(rest, file),
            };
        }
        all
    }

    fn is_folder(&self, path: &str) -> bool {
        let start = below(path);
        let has = |one: &String| one.starts_with(&start);
        self.folders.contains(path) || self.files.keys().any(has) || self.folders.iter().any(has)
    }
}

/// What the paths of everything in a directory begin with.
fn below(folder: &str) -> String {
    format!("{}/", folder.trim_end_matches('/'))
}

/// A path as seen from a directory, absolute and without `.` and `..`.
pub(super) fn resolve(from: &str, path: &str) -> String {
    let whole = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{from}/{path}")
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}
