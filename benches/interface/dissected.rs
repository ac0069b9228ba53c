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

/// Files of each layer, and layers.
pub(crate) const FILES: u64 = 100_000;
pub(crate) const LAYERS: u64 = 10;

/// Half of each layer is its own, half what the one below has, once more; and a directory of
/// the one below is removed.
fn layer(number: u64) -> LayerIndex {
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
    builder.finish(Digest::of(&number.to_le_bytes()), Bytes(FILES * 1_536))
}

/// The image, explained.
pub(crate) fn report() -> Arc<Report> {
    let layers: Vec<LayerIndex> = (0..LAYERS).map(layer).collect();
    let steps: Vec<Step> = (1..=layers.len())
        .map(|number| Step {
            number,
            raw: format!("RUN make set-{number}"),
            instruction: format!("RUN make set-{number}"),
            created: None,
            comment: None,
            empty: false,
        })
        .collect();
    let facts = ImageFacts {
        names: vec!["large:1".to_owned()],
        index: None,
        manifest: None,
        config: Digest::of(b"large"),
        platform: "linux/amd64".to_owned(),
        created: None,
        settings: Settings::default(),
        layers: layers
            .iter()
            .zip(&steps)
            .map(|(layer, step)| LayerFacts {
                diff_id: layer.diff_id.clone(),
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
    };
    let mut layers = layers.into_iter();
    let anatomy = Anatomy::assemble(facts, |_| layers.next()).expect("room");
    let accept = AcceptanceList::default();
    Arc::new(Report::of(anatomy, &[], &accept, crate::large::now()))
}
