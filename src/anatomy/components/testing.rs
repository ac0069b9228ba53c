//! Images for the tests of components and findings, put together without archives.

use std::collections::{BTreeMap, HashMap};

use super::owners::Owners;
use crate::anatomy::image::{Fit, History, ImageFacts, LayerFacts, Presence, Settings, Step};
use crate::anatomy::layer::builder::{LayerBuilder, NewEntry, Payload};
use crate::anatomy::layer::index::{Kind, LayerIndex, Oddity, Owner};
use crate::anatomy::layer::program::Program;
use crate::anatomy::merged::NodeId;
use crate::anatomy::whole::Anatomy;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;

/// An image in the making.
#[derive(Default)]
pub(in crate::anatomy) struct TestImage {
    pub(in crate::anatomy) settings: Settings,
    layers: Vec<(Option<LayerIndex>, usize)>,
    steps: Vec<Step>,
    pub(in crate::anatomy) fit: Fit,
}

/// A layer in the making.
pub(in crate::anatomy) struct TestLayer(LayerBuilder);

impl TestImage {
    /// A step that makes no layer.
    pub(in crate::anatomy) fn step(mut self, instruction: &str) -> Self {
        self.put_step(instruction, true);
        self
    }

    fn put_step(&mut self, instruction: &str, empty: bool) -> usize {
        self.steps.push(Step {
            number: self.steps.len() + 1,
            raw: instruction.to_owned(),
            instruction: instruction.to_owned(),
            created: None,
            comment: None,
            empty,
        });
        self.steps.len() - 1
    }

    /// A step that makes a layer.
    pub(in crate::anatomy) fn layer(
        mut self,
        instruction: &str,
        fill: impl FnOnce(&mut TestLayer),
    ) -> Self {
        let mut layer = TestLayer(LayerBuilder::new());
        fill(&mut layer);
        let step = self.put_step(instruction, false);
        let number = self.layers.len();
        let index = layer
            .0
            .finish(Digest::of(number.to_string().as_bytes()), Bytes(0));
        self.layers.push((Some(index), step));
        self
    }

    /// A layer that is not there.
    pub(in crate::anatomy) fn absent(mut self, instruction: &str) -> Self {
        let step = self.put_step(instruction, false);
        self.layers.push((None, step));
        self
    }

    pub(in crate::anatomy) fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    pub(in crate::anatomy) fn build(self) -> Anatomy {
        let mut indexes: HashMap<Digest, LayerIndex> = HashMap::new();
        let mut layers = Vec::new();
        for (place, (index, step)) in self.layers.into_iter().enumerate() {
            let diff_id = Digest::of(place.to_string().as_bytes());
            layers.push(LayerFacts {
                diff_id: diff_id.clone(),
                blob: None,
                blob_bytes: None,
                presence: if index.is_some() {
                    Presence::Present
                } else {
                    Presence::NotPresent
                },
                step: self.steps.get(step).cloned(),
            });
            if let Some(index) = index {
                indexes.insert(diff_id, index);
            }
        }
        let facts = ImageFacts {
            names: Vec::new(),
            index: None,
            manifest: None,
            config: Digest::of(b"config"),
            platform: "linux/amd64".to_owned(),
            created: None,
            settings: self.settings,
            layers,
            history: History {
                steps: self.steps,
                fit: self.fit,
            },
        };
        Anatomy::assemble(facts, |diff_id| indexes.remove(diff_id)).expect("few")
    }
}

impl TestLayer {
    fn put(&mut self, path: &str, kind: Kind, mode: u16, size: u64, payload: Payload<'_>) -> u32 {
        self.put_bytes(path.as_bytes(), kind, mode, size, payload)
    }

    fn put_bytes(
        &mut self,
        path: &[u8],
        kind: Kind,
        mode: u16,
        size: u64,
        payload: Payload<'_>,
    ) -> u32 {
        let parts = path.split(|byte| *byte == b'/').filter(|it| !it.is_empty());
        let node = self.0.node(parts).expect("few");
        self.0
            .add(NewEntry {
                node,
                kind,
                mode,
                owner: Owner::default(),
                size,
                payload,
            })
            .expect("few")
    }

    /// A file; its content is told by its path and size.
    pub(in crate::anatomy) fn file(&mut self, path: &str, size: u64) -> u32 {
        let content = xxhash_rust::xxh3::xxh3_64(path.as_bytes());
        self.put(path, Kind::File, 0o644, size, Payload::Content(content))
    }

    pub(in crate::anatomy) fn same(&mut self, path: &str, size: u64, content: u64) -> u32 {
        self.put(path, Kind::File, 0o644, size, Payload::Content(content))
    }

    pub(in crate::anatomy) fn mode(&mut self, path: &str, mode: u16, size: u64) -> u32 {
        let content = xxhash_rust::xxh3::xxh3_64(path.as_bytes());
        self.put(path, Kind::File, mode, size, Payload::Content(content))
    }

    pub(in crate::anatomy) fn capability(&mut self, path: &str) {
        let entry = self.mode(path, 0o755, 1000);
        self.0.attributes(entry, 1, Some(vec![1, 0, 0, 2]));
    }

    pub(in crate::anatomy) fn directory(&mut self, path: &str, mode: u16) {
        self.put(path, Kind::Directory, mode, 0, Payload::None);
    }

    pub(in crate::anatomy) fn symlink(&mut self, path: &str, target: &str) {
        let target = Payload::Symlink(target.as_bytes());
        self.put(path, Kind::Symlink, 0o777, 0, target);
    }

    pub(in crate::anatomy) fn device(&mut self, path: &str) {
        let numbers = Payload::Device { major: 1, minor: 3 };
        self.put(path, Kind::CharDevice, 0o666, 0, numbers);
    }

    pub(in crate::anatomy) fn hard_link(&mut self, path: &str, target: &str) {
        let parts = target.as_bytes().split(|byte| *byte == b'/');
        let node = self.0.node(parts).expect("few");
        self.put(path, Kind::HardLink, 0o644, 0, Payload::HardLink(node));
    }

    pub(in crate::anatomy) fn remove(&mut self, path: &str) {
        self.put(path, Kind::Whiteout, 0, 0, Payload::None);
    }

    pub(in crate::anatomy) fn program(&mut self, path: &str, size: u64, program: Program) {
        let entry = self.mode(path, 0o755, size);
        self.0.program(entry, program);
    }

    pub(in crate::anatomy) fn oddity(&mut self, what: Oddity, path: &str) {
        self.0.oddity(what, path.as_bytes());
    }
}

/// Packages by hand: name, directories or files that are theirs, names of what they need.
#[derive(Default)]
pub(in crate::anatomy) struct TestPackages {
    names: Vec<String>,
    needs: Vec<Vec<String>>,
    owners: HashMap<NodeId, usize>,
}

impl TestPackages {
    pub(in crate::anatomy) fn new(
        anatomy: &Anatomy,
        packages: &[(&str, &[&str], &[&str])],
    ) -> Self {
        let mut all = Self::default();
        for (place, (name, paths, needs)) in packages.iter().enumerate() {
            all.names.push((*name).to_owned());
            all.needs
                .push(needs.iter().map(|it| (*it).to_owned()).collect());
            for path in *paths {
                let mut ahead: Vec<NodeId> =
                    anatomy.merged.find(path.as_bytes()).into_iter().collect();
                assert!(!ahead.is_empty(), "{path} is not there");
                while let Some(node) = ahead.pop() {
                    all.owners.insert(node, place);
                    ahead.extend(anatomy.merged.every_child(node));
                }
            }
        }
        all
    }

    fn numbers(&self, names: &[String]) -> Vec<usize> {
        let place = |name: &String| self.names.iter().position(|it| it == name);
        names.iter().filter_map(place).collect()
    }

    fn needed_by(&self, of: &[usize]) -> Vec<usize> {
        let mut all = of.to_vec();
        let mut next = 0;
        while let Some(package) = all.get(next).copied() {
            for needed in self.numbers(&self.needs[package]) {
                if !all.contains(&needed) {
                    all.push(needed);
                }
            }
            next += 1;
        }
        all
    }
}

impl Owners for TestPackages {
    fn count(&self) -> usize {
        self.names.len()
    }

    fn name(&self, package: usize) -> &str {
        &self.names[package]
    }

    fn owner(&self, node: NodeId) -> Option<usize> {
        self.owners.get(&node).copied()
    }

    fn closure(&self, packages: &[usize]) -> Vec<usize> {
        self.needed_by(packages)
    }

    fn freed(&self, packages: &[usize]) -> Vec<usize> {
        let others: Vec<usize> = (0..self.names.len())
            .filter(|it| !self.needed_by(packages).contains(it))
            .collect();
        let kept = self.needed_by(&others);
        let mut freed = self.needed_by(packages);
        freed.retain(|it| !kept.contains(it));
        freed
    }
}

/// Labels by hand.
pub(in crate::anatomy) fn labels(all: &[(&str, &str)]) -> BTreeMap<String, String> {
    all.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}
