//! Layers for tests, written in a few words.

use crate::anatomy::layer::builder::{LayerBuilder, NewEntry, Payload};
use crate::anatomy::layer::index::{Kind, LocalNode, Owner};
use crate::anatomy::layer::kept;
use crate::anatomy::layer::program::{Elf, Program};
use crate::anatomy::merged::{Builder, Merged};
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;

/// A layer being written.
#[derive(Default)]
pub(super) struct Layer(LayerBuilder);

impl Layer {
    fn node(&mut self, path: &str) -> LocalNode {
        let parts = path.split('/').filter(|part| !part.is_empty());
        self.0.node(parts.map(str::as_bytes)).expect("few names")
    }

    fn add(&mut self, path: &str, kind: Kind, size: u64, payload: Payload<'_>) -> u32 {
        let new = NewEntry {
            node: self.node(path),
            kind,
            mode: 0o644,
            owner: Owner::default(),
            size,
            payload,
        };
        self.0.add(new).expect("few entries")
    }

    /// A file of so many bytes.
    pub(super) fn file(mut self, path: &str, size: u64) -> Self {
        self.add(path, Kind::File, size, Payload::Content(size));
        self
    }

    pub(super) fn directory(mut self, path: &str) -> Self {
        self.add(path, Kind::Directory, 0, Payload::None);
        self
    }

    pub(super) fn symlink(mut self, path: &str, target: &str) -> Self {
        let target = Payload::Symlink(target.as_bytes());
        self.add(path, Kind::Symlink, 0, target);
        self
    }

    pub(super) fn hard_link(mut self, path: &str, to: &str) -> Self {
        let to = Payload::HardLink(self.node(to));
        self.add(path, Kind::HardLink, 0, to);
        self
    }

    pub(super) fn whiteout(mut self, path: &str) -> Self {
        self.add(path, Kind::Whiteout, 0, Payload::None);
        self
    }

    /// A file whose content is kept.
    pub(super) fn kept(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref();
        let size = content.len() as u64;
        let entry = self.add(path, Kind::File, size, Payload::Content(size));
        self.0.keep(entry, kept::pack(content).expect("memory"));
        self
    }

    /// A program.
    pub(super) fn program(mut self, path: &str, size: u64, elf: Elf) -> Self {
        let entry = self.add(path, Kind::File, size, Payload::Content(size));
        self.0.program(entry, Program::Elf(elf));
        self
    }
}

/// Layers on top of each other.
pub(super) fn merged(layers: impl IntoIterator<Item = Layer>) -> Merged {
    let mut builder = Builder::new();
    for Layer(layer) in layers {
        let layer = layer.finish(Digest::of(b"a layer"), Bytes(0));
        builder.add(&layer).expect("few layers");
    }
    builder.finish()
}

/// Each package in a line: kind, name, version, bytes, files.
pub(super) fn told(inventory: &super::Inventory) -> Vec<String> {
    let number = |it: Option<u64>| it.map_or_else(|| "?".to_owned(), |it| it.to_string());
    inventory
        .packages
        .iter()
        .map(|it| {
            let bytes = number(it.bytes.map(|bytes| bytes.0));
            let files = number(it.files);
            format!("{} {} {} {bytes} {files}", it.kind, it.name, it.version)
        })
        .collect()
}
