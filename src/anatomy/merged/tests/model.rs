//! Random layers, merged here and by a model that only wants to be right: one map of paths,
//! changed entry by entry.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::prelude::*;

use super::super::{LayerNo, Merged, View};
use crate::anatomy::layer::index::Kind;
use crate::anatomy::sketch::merged;

type Path = Vec<String>;

/// One entry, as it is written.
#[derive(Clone, Debug)]
enum Line {
    Directory(Path),
    File(Path, u64),
    Symlink(Path, String),
    HardLink(Path, Path),
    Pipe(Path),
    Whiteout(Path),
    Opaque(Path),
}

/// What is at a path. Files are inodes: hard links have the same.
#[derive(Clone, Debug, PartialEq)]
enum There {
    Directory,
    Inode(usize),
    Symlink,
    Pipe,
    /// A hard link to nothing.
    Nothing,
}

#[derive(Clone, Default)]
struct Model {
    /// With the number of the entry that brought it.
    paths: BTreeMap<Path, (usize, There)>,
    inodes: Vec<u64>,
    entries: usize,
}

impl Model {
    fn apply(&mut self, layer: &[Line]) {
        let layer = redirect(layer);
        for (place, line) in layer.iter().enumerate() {
            match line {
                Line::Whiteout(path) => {
                    let again = |line: &Line| matches!(line, Line::Directory(it) if it == path);
                    self.paths.remove(path);
                    // Brought again behind the first whiteout of it.
                    let first = layer
                        .iter()
                        .position(|line| matches!(line, Line::Whiteout(it) if it == path));
                    let first = first.unwrap_or(place);
                    if !layer[first..].iter().any(again) {
                        self.remove_below(path);
                    }
                }
                Line::Opaque(path) => self.remove_below(path),
                _ => {}
            }
        }
        for line in &layer {
            self.put(line);
        }
    }

    fn remove_below(&mut self, path: &Path) {
        self.paths
            .retain(|it, _| it.len() <= path.len() || !it.starts_with(path));
    }

    fn make_way(&mut self, path: &[String]) {
        for length in 1..=path.len() {
            let above = path[..length].to_vec();
            if self
                .paths
                .get(&above)
                .is_some_and(|it| it.1 != There::Directory)
            {
                self.paths.remove(&above);
            }
        }
    }

    fn put(&mut self, line: &Line) {
        self.entries += 1;
        let (path, there) = match line {
            Line::Whiteout(path) => return self.make_way(&path[..path.len() - 1]),
            Line::Opaque(path) => return self.make_way(path),
            Line::Directory(path) => (path, There::Directory),
            Line::File(path, size) => {
                self.inodes.push(*size);
                (path, There::Inode(self.inodes.len() - 1))
            }
            Line::Symlink(path, _) => (path, There::Symlink),
            Line::Pipe(path) => (path, There::Pipe),
            Line::HardLink(path, _) => (path, There::Nothing),
        };
        if there != There::Directory {
            self.remove_below(path);
        }
        self.paths.remove(path);
        self.make_way(&path[..path.len() - 1]);
        let there = match line {
            Line::HardLink(_, target) => match self.paths.get(target) {
                Some((_, There::Directory)) | None => There::Nothing,
                Some((_, other)) => other.clone(),
            },
            _ => there,
        };
        self.paths.insert(path.clone(), (self.entries, there));
    }

    /// Paths and sizes, directories apart.
    fn visible(&self) -> BTreeMap<Path, (bool, u64)> {
        let size = |there: &There| match there {
            There::Inode(inode) => self.inodes[*inode],
            _ => 0,
        };
        self.paths
            .iter()
            .map(|(path, (_, it))| (path.clone(), (*it == There::Directory, size(it))))
            .collect()
    }

    /// Bytes and entries below each directory, named or not.
    fn directories(&self) -> BTreeMap<Path, (u64, u32)> {
        let mut by_age: Vec<_> = self.paths.iter().collect();
        by_age.sort_by_key(|(_, (age, _))| *age);
        let mut counted = BTreeSet::new();
        let mut sums: BTreeMap<Path, (u64, u32)> = BTreeMap::new();
        sums.insert(Vec::new(), (0, 0));
        for (path, (_, there)) in by_age {
            let bytes = match there {
                There::Inode(inode) if counted.insert(*inode) => self.inodes[*inode],
                _ => 0,
            };
            for length in 0..path.len() {
                let sum = sums.entry(path[..length].to_vec()).or_default();
                *sum = (sum.0 + bytes, sum.1 + 1);
            }
        }
        sums
    }
}

/// Leads paths through the symlinks that the layer has had so far.
fn redirect(layer: &[Line]) -> Vec<Line> {
    let mut links: BTreeMap<Path, String> = BTreeMap::new();
    let mut all = Vec::new();
    for line in layer {
        let lead = |path: &Path| {
            let mut to = follow(&path[..path.len() - 1], &links);
            to.push(path[path.len() - 1].clone());
            to
        };
        let line = match line {
            Line::Directory(path) => Line::Directory(lead(path)),
            Line::File(path, size) => Line::File(lead(path), *size),
            Line::Symlink(path, target) => Line::Symlink(lead(path), target.clone()),
            Line::HardLink(path, target) => Line::HardLink(lead(path), lead(target)),
            Line::Pipe(path) => Line::Pipe(lead(path)),
            Line::Whiteout(path) => Line::Whiteout(lead(path)),
            Line::Opaque(path) => Line::Opaque(follow(path, &links)),
        };
        match &line {
            Line::Symlink(path, target) => {
                links.insert(path.clone(), target.clone());
            }
            Line::Directory(path)
            | Line::File(path, _)
            | Line::HardLink(path, _)
            | Line::Pipe(path) => {
                links.remove(path);
            }
            Line::Whiteout(_) | Line::Opaque(_) => {}
        }
        all.push(line);
    }
    all
}

fn follow(path: &[String], links: &BTreeMap<Path, String>) -> Path {
    let mut rest: Vec<String> = path.iter().rev().cloned().collect();
    let (mut at, mut hops) = (Path::new(), 0);
    while let Some(part) = rest.pop() {
        if part == ".." {
            at.pop();
            continue;
        }
        at.push(part);
        if let Some(target) = links.get(&at).filter(|_| hops < 40) {
            hops += 1;
            at.pop();
            if target.starts_with('/') {
                at.clear();
            }
            let parts = target.split('/').filter(|it| !it.is_empty());
            rest.extend(parts.rev().map(str::to_owned));
        }
    }
    at
}

fn path() -> impl Strategy<Value = Path> {
    let part = prop::sample::select(vec!["a", "b", "c"]).prop_map(str::to_owned);
    prop::collection::vec(part, 1..4)
}

fn line() -> impl Strategy<Value = Line> {
    let target = prop::sample::select(vec!["a", "b/c", "../b", "/c", "/a/b", ".."]);
    prop_oneof![
        3 => path().prop_map(Line::Directory),
        6 => (path(), 1..100_u64).prop_map(|(path, size)| Line::File(path, size)),
        1 => (path(), target).prop_map(|(path, to)| Line::Symlink(path, to.to_owned())),
        3 => (path(), path()).prop_map(|(path, to)| Line::HardLink(path, to)),
        1 => path().prop_map(Line::Pipe),
        3 => path().prop_map(Line::Whiteout),
        2 => path().prop_map(Line::Opaque),
    ]
}

fn written(layer: &[Line]) -> String {
    let mut text = String::new();
    for line in layer {
        let of = |path: &Path| path.join("/");
        let _ = match line {
            Line::Directory(path) => writeln!(text, "d {}", of(path)),
            Line::File(path, size) => writeln!(text, "f {} {size}", of(path)),
            Line::Symlink(path, to) => writeln!(text, "l {} {to}", of(path)),
            Line::HardLink(path, to) => writeln!(text, "h {} {}", of(path), of(to)),
            Line::Pipe(path) => writeln!(text, "p {}", of(path)),
            Line::Whiteout(path) => writeln!(text, "w {}", of(path)),
            Line::Opaque(path) => writeln!(text, "o {}", of(path)),
        };
    }
    text
}

fn parts(path: &[u8]) -> Path {
    let text = String::from_utf8(path.to_vec()).expect("UTF-8");
    let parts = text.split('/').filter(|it| !it.is_empty());
    parts.map(str::to_owned).collect()
}

/// What is visible, by looking at every entry and by walking down from the root.
fn visible(merged: &Merged, view: &View) -> BTreeMap<Path, (bool, u64)> {
    let mut found = BTreeMap::new();
    let mut rest = vec![super::super::NodeId::ROOT];
    while let Some(node) = rest.pop() {
        for child in view.children(merged, node) {
            let path = parts(&merged.path(child.node));
            if let Some(entry) = child.entry.and_then(|id| merged.entry(id)) {
                let directory = entry.kind == Kind::Directory;
                found.insert(path, (directory, entry.size.0));
            }
            assert_eq!(merged.find(&merged.path(child.node)), Some(child.node));
            if view.is_directory(merged, child.node) {
                rest.push(child.node);
            }
        }
    }
    let every = merged.every_entry();
    let count = every.filter(|id| merged.is_visible(*id, view.at())).count();
    assert_eq!(found.len(), count);
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(768))]

    #[test]
    fn merging_is_what_a_naive_model_says(
        layers in prop::collection::vec(prop::collection::vec(line(), 0..12), 1..6),
        walk in prop::collection::vec(0..6_u16, 1..8),
    ) {
        let texts: Vec<String> = layers.iter().map(|it| written(it)).collect();
        let merged = merged(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let mut model = Model::default();
        let mut views = Vec::new();
        for (layer, number) in layers.iter().zip(0..) {
            model.apply(layer);
            let view = View::new(&merged, LayerNo(number));
            prop_assert_eq!(visible(&merged, &view), model.visible());
            for (path, (bytes, entries)) in model.directories() {
                let node = merged.find(path.join("/").as_bytes()).expect("a node");
                prop_assert_eq!(view.bytes(&merged, node).0, bytes, "{:?}", path);
                prop_assert_eq!(view.entries(&merged, node), entries, "{:?}", path);
            }
            views.push(view);
        }
        prop_assert_eq!(merged.layer_bytes().0, model.inodes.iter().sum::<u64>());
        let mut view = views[0].clone();
        for to in walk {
            let to = to % u16::try_from(views.len()).expect("few");
            view.go(&merged, LayerNo(to));
            prop_assert_eq!(&view, &views[usize::from(to)]);
        }
    }
}
