//! `karat diff FROM TO --json`: what every key means is told in `docs/json.md`.

use serde::Serialize;
use serde_json::Value;

use super::json::{document, image};
use super::words;
use crate::anatomy::diff::{DirectoryChange, FileChange, LayerGrowth, SettingChange, Which};
use crate::anatomy::layers::Tally as Tallied;
use crate::anatomy::packages::diff::{Change, Way, What};
use crate::anatomy::tree::Mark;
use crate::cli::json::SCHEMA;
use crate::explain::Compared;

/// The whole document.
#[must_use]
pub fn diff(compared: &Compared) -> Value {
    document(&Document::of(compared))
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    before: Side,
    after: Side,
    /// By how many bytes more is visible; negative, when it shrank.
    growth_bytes: i64,
    shared_layers: u16,
    pull: Pull,
    layers: Vec<Layer>,
    directories: Vec<Directory>,
    files: Vec<File>,
    packages: Vec<Package<'a>>,
    configuration: Vec<Setting>,
}

#[derive(Serialize)]
struct Side {
    image: Value,
    layer_bytes: u64,
    layers: usize,
}

#[derive(Serialize)]
struct Pull {
    layers: usize,
    pull_bytes: u64,
    uncompressed_layers: usize,
    unknown_layers: usize,
}

#[derive(Serialize)]
struct Layer {
    of: &'static str,
    number: u16,
    growth_bytes: i64,
    instruction: Option<String>,
    directories: Vec<Growth>,
}

#[derive(Serialize)]
struct Growth {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_base64: Option<String>,
    growth_bytes: i64,
}

#[derive(Serialize)]
struct Directory {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_base64: Option<String>,
    growth_bytes: i64,
    added: Tally,
    changed: Tally,
    removed: Tally,
}

#[derive(Serialize)]
struct Tally {
    files: u64,
    file_bytes: u64,
}

#[derive(Serialize)]
struct File {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_base64: Option<String>,
    change: &'static str,
    changed: Vec<&'static str>,
    growth_bytes: i64,
}

#[derive(Serialize)]
struct Package<'a> {
    kind: &'static str,
    name: &'a str,
    change: &'static str,
    before: Option<&'a str>,
    after: Option<&'a str>,
    growth_bytes: Option<i64>,
}

#[derive(Serialize)]
struct Setting {
    setting: &'static str,
    name: Option<String>,
    before: Option<Vec<String>>,
    after: Option<Vec<String>>,
}

impl<'a> Document<'a> {
    fn of(compared: &'a Compared) -> Self {
        let diff = &compared.diff;
        let side = |side: &crate::explain::compared::Side| Side {
            image: image(&side.anatomy.facts),
            layer_bytes: side.layer_bytes().0,
            layers: side.anatomy.facts.layers.len(),
        };
        Self {
            schema: SCHEMA,
            before: side(&compared.before),
            after: side(&compared.after),
            growth_bytes: diff.growth,
            shared_layers: diff.shared,
            pull: Pull {
                layers: diff.pull.layers,
                pull_bytes: diff.pull.bytes.0,
                uncompressed_layers: diff.pull.uncompressed,
                unknown_layers: diff.pull.unknown,
            },
            layers: diff.layers.iter().map(|it| layer(compared, it)).collect(),
            directories: diff
                .files
                .directories
                .iter()
                .map(|it| directory(compared, it))
                .collect(),
            files: diff
                .files
                .files
                .iter()
                .map(|it| file(compared, it))
                .collect(),
            packages: compared
                .packages
                .changes
                .iter()
                .map(|it| package(compared, it))
                .collect(),
            configuration: diff
                .settings
                .iter()
                .map(|it| setting(compared, it))
                .collect(),
        }
    }
}

fn layer(compared: &Compared, growth: &LayerGrowth) -> Layer {
    let (of, side, layer) = match growth.layer {
        Which::Shared(layer) => ("both", &compared.after, layer),
        Which::Before(layer) => ("before", &compared.before, layer),
        Which::After(layer) => ("after", &compared.after, layer),
    };
    let directory = |(path, bytes): &(Vec<u8>, i64)| {
        let (path, path_base64) = words::path_and_bytes(path);
        Growth {
            path,
            path_base64,
            growth_bytes: *bytes,
        }
    };
    Layer {
        of,
        number: words::number(layer),
        growth_bytes: growth.growth,
        instruction: side.instruction(layer),
        directories: growth.directories.iter().map(directory).collect(),
    }
}

fn directory(compared: &Compared, change: &DirectoryChange) -> Directory {
    let (before, after) = (&compared.before.anatomy, &compared.after.anatomy);
    let path = change.path(&before.merged, &after.merged);
    let (path, path_base64) = words::path_and_bytes(&path);
    let tally = |it: Tallied| Tally {
        files: it.count,
        file_bytes: it.bytes.0,
    };
    Directory {
        path,
        path_base64,
        growth_bytes: change.growth,
        added: tally(change.added),
        changed: tally(change.changed),
        removed: tally(change.removed),
    }
}

fn file(compared: &Compared, change: &FileChange) -> File {
    let (before, after) = (&compared.before.anatomy, &compared.after.anatomy);
    let path = change.path(&before.merged, &after.merged);
    let (path, path_base64) = words::path_and_bytes(&path);
    File {
        path,
        path_base64,
        change: words::mark(change.mark),
        changed: match change.mark {
            Mark::Changed(changed) => words::parts(changed),
            _ => Vec::new(),
        },
        growth_bytes: change.growth,
    }
}

fn package<'a>(compared: &'a Compared, change: &'a Change) -> Package<'a> {
    let (before, after) = (&compared.before.inventory, &compared.after.inventory);
    let (what, from, to) = match change.what {
        What::Added(number) => ("added", None, after.package(number)),
        What::Removed(number) => ("removed", before.package(number), None),
        What::Changed { from, to, way } => {
            let what = match way {
                Way::Up => "upgraded",
                Way::Down => "downgraded",
                Way::Sideways => "changed",
            };
            (what, before.package(from), after.package(to))
        }
    };
    Package {
        kind: change.kind.as_str(),
        name: &change.name,
        change: what,
        before: from.map(|it| it.version.as_str()),
        after: to.map(|it| it.version.as_str()),
        growth_bytes: change.growth,
    }
}

fn setting(compared: &Compared, change: &SettingChange) -> Setting {
    let (setting, name) = words::setting(&change.setting);
    let hidden = |values: &Option<Vec<String>>| {
        let values = values.as_ref()?;
        Some(values.iter().map(|it| compared.redact(it)).collect())
    };
    Setting {
        setting,
        name: name.map(str::to_owned),
        before: hidden(&change.before),
        after: hidden(&change.after),
    }
}
