//! An image as large as the bar: 100,000 files in each of ten layers.

use std::sync::Arc;

use karat::anatomy::Anatomy;
use karat::anatomy::findings::AcceptanceList;
use karat::anatomy::image::{Fit, History, ImageFacts, LayerFacts, Presence, Settings, Step};
use karat::anatomy::layer::builder::{LayerBuilder, NewEntry, Payload};
use karat::anatomy::layer::index::{Kind, LayerIndex, Owner};
use karat::anatomy::report::Report;
use karat::model::bytes::Bytes;
use karat::model::digest::Digest;
use karat::model::time::Timestamp;

/// Files of each layer, and layers.
pub(crate) const FILES: u64 = 100_000;
pub(crate) const LAYERS: u64 = 10;

/// Half of each layer is its own, half what the one below has, once more; and a directory of
/// the one below is removed.
pub(crate) fn layer(number: u64) -> LayerIndex {
    let mut builder = LayerBuilder::new();
    let mut add = |path: &str, kind, size| {
        let node = builder
            .node(path.split('/').map(str::as_bytes))
            .expect("room");
        let payload = if kind == Kind::File {
            Payload::Content(size * 31 + number)
        } else {
            Payload::None
        };
        let new = NewEntry {
            node,
            kind,
            mode: 0o644,
            owner: Owner::default(),
            size,
            payload,
        };
        builder.add(new).expect("room");
    };
    if let Some(below) = number.checked_sub(1) {
        add(&format!("opt/layer-{below}/set-07"), Kind::Whiteout, 0);
    }
    for file in 0..FILES {
        let (set, name) = (file / 500, file % 500);
        // One directory in which there is nothing but files, all of them.
        let of = if file % 2 == 0 { number } else { number / 2 };
        let path = format!("opt/layer-{of}/set-{set:02}/file-{name:03}.dat");
        add(&path, Kind::File, 1_000 + file % 9_000);
    }
    builder.finish(diff_id(number), Bytes(FILES * 1_536))
}

/// The image, taken apart; no more than one layer's index is held beside it.
pub(crate) fn anatomy() -> Anatomy {
    let mut numbers = 0..LAYERS;
    let assembled = Anatomy::assemble(facts(), |_| numbers.next().map(layer));
    assembled.expect("room")
}

/// The image, explained.
pub(crate) fn report(now: Timestamp) -> Arc<Report> {
    let accept = AcceptanceList::default();
    Arc::new(Report::of(anatomy(), &[], &accept, now))
}

pub(crate) fn facts() -> ImageFacts {
    let numbers = 1..=usize::try_from(LAYERS).expect("few");
    let steps: Vec<Step> = numbers
        .map(|number| Step {
            number,
            raw: format!("RUN make set-{number}"),
            instruction: format!("RUN make set-{number}"),
            created: None,
            comment: None,
            empty: false,
        })
        .collect();
    ImageFacts {
        names: vec!["large:1".to_owned()],
        index: None,
        manifest: None,
        config: Digest::of(b"large"),
        platform: "linux/amd64".to_owned(),
        created: None,
        settings: Settings::default(),
        layers: (0..LAYERS)
            .zip(&steps)
            .map(|(number, step)| LayerFacts {
                diff_id: diff_id(number),
                blob: None,
                blob_bytes: None,
                presence: Presence::Present,
                step: Some(step.clone()),
            })
            .collect(),
        history: History {
            steps,
            fit: Fit::Whole,
        },
    }
}

fn diff_id(number: u64) -> Digest {
    Digest::of(&number.to_le_bytes())
}
