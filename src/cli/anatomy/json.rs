//! `karat layers IMAGE --json`: what every key means is told in `docs/json.md`.
//!
//! What is not known is `null`, bytes are integers in keys that end in `_bytes`, digests are
//! whole. The same image gives the same document, wherever it was found.

use serde::Serialize;
use serde_json::Value;

use super::words::{self, directories};
use crate::anatomy::components::Components;
use crate::anatomy::findings::Finding;
use crate::anatomy::image::{ImageFacts, LayerFacts, Presence};
use crate::anatomy::layers::{Explained, Tally as Tallied};
use crate::anatomy::merged::LayerNo;
use crate::anatomy::packages::{Inventory, Package};
use crate::anatomy::waste::{Payment, WastedPath};
use crate::cli::json::SCHEMA;
use crate::explain::Whole;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::time::Timestamp;

/// A directory is told that has one in so many of the visible bytes.
const DIRECTORY_SHARE: u64 = 200;
/// So deep.
const DIRECTORY_DEPTH: usize = 5;

/// The whole document.
#[must_use]
pub fn layers(whole: &Whole) -> Value {
    document(&Document::of(whole))
}

/// Serialises what cannot fail to be written: every key is text and no number is infinite.
pub(super) fn document(document: &impl Serialize) -> Value {
    serde_json::to_value(document).unwrap_or(Value::Null)
}

pub(super) fn time(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    image: Image<'a>,
    layer_bytes: u64,
    visible_bytes: u64,
    reclaimable_bytes: u64,
    efficiency: f64,
    removable_bytes: u64,
    base: Option<Base<'a>>,
    layers: Vec<Layer<'a>>,
    waste: Vec<Wasted>,
    waste_by_step: Vec<Paid>,
    directories: Vec<Directory>,
    distribution: Option<Distribution<'a>>,
    packages: Vec<PackageEntry<'a>>,
    unowned: Unowned,
    components: &'a Components,
    findings: &'a [Finding],
}

/// An image's names and digests.
#[derive(Serialize)]
struct Image<'a> {
    names: &'a [String],
    config_digest: &'a Digest,
    manifest_digest: Option<&'a Digest>,
    index_digest: Option<&'a Digest>,
    platform: &'a str,
    created: Option<String>,
}

/// What an image is called, as every document has it.
#[must_use]
pub fn image(facts: &ImageFacts) -> Value {
    document(&Image::of(facts))
}

impl<'a> Image<'a> {
    fn of(facts: &'a ImageFacts) -> Self {
        Self {
            names: &facts.names,
            config_digest: &facts.config,
            manifest_digest: facts.manifest.as_ref(),
            index_digest: facts.index.as_ref(),
            platform: &facts.platform,
            created: facts.created.map(time),
        }
    }
}

#[derive(Serialize)]
struct Base<'a> {
    name: Option<&'a str>,
    manifest_digest: Option<&'a Digest>,
    layers: Option<u16>,
}

#[derive(Serialize)]
struct Layer<'a> {
    number: u16,
    diff_id: &'a Digest,
    blob_digest: Option<&'a Digest>,
    blob_bytes: Option<u64>,
    present: bool,
    step: Option<usize>,
    instruction: Option<String>,
    created: Option<String>,
    of_base: bool,
    tar_bytes: Option<u64>,
    file_bytes: Option<u64>,
    added: Option<Tally>,
    changed: Option<Tally>,
    removed: Option<Tally>,
    /// Bytes of lower layers that it removed or replaced.
    waste_below_bytes: Option<u64>,
    /// What of it no container sees, and which layers see to that.
    hidden_bytes: Option<u64>,
    hidden_by: Vec<Hidden>,
}

#[derive(Serialize)]
struct Tally {
    files: u64,
    file_bytes: u64,
}

#[derive(Serialize)]
struct Hidden {
    layer: u16,
    hidden_bytes: u64,
}

#[derive(Serialize)]
struct Wasted {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_base64: Option<String>,
    reclaimable_bytes: u64,
    copies: u32,
}

#[derive(Serialize)]
struct Paid {
    by_layer: u16,
    of_layer: u16,
    how: &'static str,
    reclaimable_bytes: u64,
    files: u64,
    text: String,
}

#[derive(Serialize)]
struct Directory {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_base64: Option<String>,
    visible_bytes: u64,
}

#[derive(Serialize)]
struct Distribution<'a> {
    id: &'a str,
    version_id: Option<&'a str>,
    pretty_name: Option<&'a str>,
}

#[derive(Serialize)]
struct PackageEntry<'a> {
    kind: &'static str,
    name: &'a str,
    version: &'a str,
    arch: Option<&'a str>,
    source: Option<&'a str>,
    source_version: Option<&'a str>,
    size_bytes: Option<u64>,
    files: Option<u64>,
    layer: u16,
    origin: String,
}

#[derive(Serialize)]
struct Unowned {
    size_bytes: u64,
    files: u64,
    directories: Vec<UnownedDirectory>,
}

#[derive(Serialize)]
struct UnownedDirectory {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_base64: Option<String>,
    size_bytes: u64,
    files: u64,
    whole: bool,
}

impl<'a> Document<'a> {
    fn of(whole: &'a Whole) -> Self {
        let merged = &whole.anatomy.merged;
        Self {
            schema: SCHEMA,
            image: Image::of(&whole.anatomy.facts),
            layer_bytes: whole.waste.layer_bytes.0,
            visible_bytes: whole.waste.visible_bytes.0,
            reclaimable_bytes: whole.reclaimable().0,
            efficiency: whole.waste.efficiency(),
            removable_bytes: whole.findings.removable_bytes.0,
            base: whole.layers.base.as_ref().map(|base| Base {
                name: base.name.as_deref(),
                manifest_digest: base.digest.as_ref(),
                layers: base.layers,
            }),
            layers: whole
                .anatomy
                .facts
                .layers
                .iter()
                .zip(&whole.layers.all)
                .map(|(facts, explained)| layer(whole, facts, explained))
                .collect(),
            waste: whole
                .waste
                .paths
                .iter()
                .map(|it| wasted(whole, it))
                .collect(),
            waste_by_step: whole
                .waste
                .payments
                .iter()
                .map(|it| paid(whole, it))
                .collect(),
            directories: directories(merged, &whole.view, DIRECTORY_SHARE, DIRECTORY_DEPTH)
                .into_iter()
                .map(|it| {
                    let (path, path_base64) = words::path_and_bytes(&it.path.0);
                    Directory {
                        path,
                        path_base64,
                        visible_bytes: it.bytes.0,
                    }
                })
                .collect(),
            distribution: whole
                .inventory
                .distribution
                .as_ref()
                .map(|it| Distribution {
                    id: &it.id,
                    version_id: it.version_id.as_deref(),
                    pretty_name: it.pretty_name.as_deref(),
                }),
            packages: whole.inventory.packages.iter().map(package).collect(),
            unowned: unowned(&whole.inventory),
            components: &whole.components,
            findings: &whole.findings.all,
        }
    }
}

fn layer<'a>(whole: &Whole, facts: &'a LayerFacts, explained: &Explained) -> Layer<'a> {
    let present = facts.presence == Presence::Present;
    let known = |bytes: u64| present.then_some(bytes);
    let tally = |it: Tallied| {
        present.then_some(Tally {
            files: it.count,
            file_bytes: it.bytes.0,
        })
    };
    let hidden = |(by, bytes): &(LayerNo, Bytes)| Hidden {
        layer: words::number(*by),
        hidden_bytes: bytes.0,
    };
    Layer {
        number: words::number(explained.layer),
        diff_id: &facts.diff_id,
        blob_digest: facts.blob.as_ref(),
        blob_bytes: facts.blob_bytes.map(|bytes| bytes.0),
        present,
        step: facts.step.as_ref().map(|step| step.number),
        instruction: whole.instruction(explained.layer),
        created: facts.step.as_ref().and_then(|step| step.created).map(time),
        of_base: explained.of_base,
        tar_bytes: explained.tar_bytes.map(|bytes| bytes.0),
        file_bytes: known(explained.file_bytes.0),
        added: tally(explained.work.added),
        changed: tally(explained.work.changed),
        removed: tally(explained.work.removed),
        waste_below_bytes: known(explained.waste_below.0),
        hidden_bytes: known(explained.dead.iter().map(|(_, bytes)| bytes.0).sum()),
        hidden_by: explained.dead.iter().map(hidden).collect(),
    }
}

fn wasted(whole: &Whole, wasted: &WastedPath) -> Wasted {
    let path = whole.anatomy.merged.path(wasted.node);
    let (path, path_base64) = words::path_and_bytes(&path);
    Wasted {
        path,
        path_base64,
        reclaimable_bytes: wasted.bytes.0,
        copies: wasted.copies,
    }
}

fn paid(whole: &Whole, payment: &Payment) -> Paid {
    Paid {
        by_layer: words::number(payment.by),
        of_layer: words::number(payment.of),
        how: words::how(payment.how),
        reclaimable_bytes: payment.bytes.0,
        files: payment.count,
        text: words::payment(whole, payment),
    }
}

fn package(package: &Package) -> PackageEntry<'_> {
    let source = package.source.as_ref();
    PackageEntry {
        kind: package.kind.as_str(),
        name: &package.name,
        version: &package.version,
        arch: package.arch.as_deref(),
        source: source.map(|it| it.name.as_str()),
        source_version: source.and_then(|it| it.version.as_deref()),
        size_bytes: package.bytes.map(|bytes| bytes.0),
        files: package.files,
        layer: words::number(package.layer),
        origin: words::path_and_bytes(&package.origin).0,
    }
}

fn unowned(inventory: &Inventory) -> Unowned {
    let unowned = inventory.unowned();
    Unowned {
        size_bytes: unowned.bytes.0,
        files: unowned.files,
        directories: unowned
            .directories
            .iter()
            .map(|it| {
                let (path, path_base64) = words::path_and_bytes(&it.path);
                UnownedDirectory {
                    path,
                    path_base64,
                    size_bytes: it.bytes.0,
                    files: it.files,
                    whole: it.whole,
                }
            })
            .collect(),
    }
}
