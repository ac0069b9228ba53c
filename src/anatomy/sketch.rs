//! Layers and images for tests, in a few words.

use super::image::{Fit, History, ImageFacts, LayerFacts, Presence, Settings, Step};
use super::layer::builder::{LayerBuilder, NewEntry, Payload};
use super::layer::index::{Kind, LayerIndex, LocalNode, Owner};
use super::merged::{Builder, LayerNo, Merged};
use super::whole::Anatomy;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;

/// A layer of lines: `d PATH`, `f PATH SIZE [CONTENT] [mode=755] [uid=7]`, `l PATH TARGET`,
/// `h PATH TARGET`, `p PATH` (a pipe), `c PATH` (a device), `w PATH` (a whiteout), `o PATH`
/// (an opaque one). Two files of one size and CONTENT (a number) are the same.
pub(crate) fn layer(lines: &str) -> LayerIndex {
    let mut builder = LayerBuilder::new();
    for line in lines.lines().map(str::trim).filter(|it| !it.is_empty()) {
        add(&mut builder, line);
    }
    let diff_id = Digest::of(lines.as_bytes());
    builder.finish(diff_id, Bytes(lines.len() as u64 * 512))
}

fn add(builder: &mut LayerBuilder, line: &str) {
    let (settings, words): (Vec<&str>, Vec<&str>) = line
        .split_whitespace()
        .partition(|word| word.starts_with("mode=") || word.starts_with("uid="));
    let setting = |name: &str| {
        settings
            .iter()
            .find_map(|setting| setting.strip_prefix(name))
    };
    let node = node(builder, words[1]);
    let number = |place: usize| {
        words
            .get(place)
            .map(|it| it.parse::<u64>().expect("number"))
    };
    let (kind, size, payload) = match words[0] {
        "d" => (Kind::Directory, 0, Payload::None),
        "f" => (
            Kind::File,
            number(2).expect("a size"),
            Payload::Content(number(3).unwrap_or(0)),
        ),
        "l" => (Kind::Symlink, 0, Payload::Symlink(words[2].as_bytes())),
        "h" => {
            let target = self::node(builder, words[2]);
            (Kind::HardLink, 0, Payload::HardLink(target))
        }
        "p" => (Kind::Fifo, 0, Payload::None),
        "c" => (Kind::CharDevice, 0, Payload::Device { major: 1, minor: 3 }),
        "w" => (Kind::Whiteout, 0, Payload::None),
        "o" => (Kind::Opaque, 0, Payload::None),
        other => panic!("what is {other}"),
    };
    let ordinary = if kind == Kind::Directory {
        0o755
    } else {
        0o644
    };
    let new = NewEntry {
        node,
        kind,
        mode: setting("mode=").map_or(ordinary, |it| u16::from_str_radix(it, 8).expect("octal")),
        owner: Owner {
            uid: setting("uid=").map_or(0, |it| it.parse().expect("number")),
            gid: 0,
        },
        size,
        payload,
    };
    builder.add(new).expect("room");
}

fn node(builder: &mut LayerBuilder, path: &str) -> LocalNode {
    let parts = path.split('/').filter(|it| !it.is_empty() && *it != ".");
    builder.node(parts.map(str::as_bytes)).expect("room")
}

/// Layers on top of each other.
pub(crate) fn merged(layers: &[&str]) -> Merged {
    let mut builder = Builder::new();
    for lines in layers {
        builder.add(&layer(lines)).expect("room");
    }
    builder.finish()
}

/// An image of layers; each is made by `RUN step N`.
pub(crate) fn image(layers: &[&str]) -> Anatomy {
    let step = |place: usize| Step {
        number: place + 1,
        raw: format!("RUN step {}", place + 1),
        instruction: format!("RUN step {}", place + 1),
        created: None,
        comment: None,
        empty: false,
    };
    let facts = ImageFacts {
        names: vec!["golden/web:1.0.0".to_owned()],
        index: None,
        manifest: None,
        config: Digest::of(layers.concat().as_bytes()),
        platform: "linux/amd64".to_owned(),
        created: None,
        settings: Settings::default(),
        layers: layers
            .iter()
            .enumerate()
            .map(|(place, lines)| LayerFacts {
                diff_id: layer(lines).diff_id,
                blob: None,
                blob_bytes: None,
                presence: Presence::Present,
                step: Some(step(place)),
            })
            .collect(),
        history: History {
            steps: (0..layers.len()).map(step).collect(),
            fit: Fit::Whole,
        },
    };
    let find = |id: &Digest| {
        layers
            .iter()
            .map(|it| layer(it))
            .find(|it| it.diff_id == *id)
    };
    Anatomy::assemble(facts, find).expect("room")
}

/// Paths that are visible after a layer and are no directories, each with its size, sorted.
pub(crate) fn files(merged: &Merged, at: LayerNo) -> String {
    let mut all: Vec<String> = merged
        .every_entry()
        .filter(|id| merged.is_visible(*id, at))
        .filter_map(|id| merged.entry(id))
        .filter(|entry| entry.kind != Kind::Directory)
        .map(|entry| {
            let path = merged.path(entry.node);
            format!("{} {}", String::from_utf8_lossy(&path), entry.size.0)
        })
        .collect();
    all.sort();
    all.join(", ")
}
