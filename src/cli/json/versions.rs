//! `karat versions IMAGE --json`.

use serde::Serialize;
use serde_json::Value;

use super::{SCHEMA, document, known_good_in, newest, running_in, time};
use crate::model::catalog::Version;
use crate::model::digest::Digest;
use crate::model::fleet::{Fleet, Row};

/// `karat versions IMAGE --json`: newest first.
#[must_use]
pub fn versions(fleet: &Fleet, row: &Row) -> Value {
    document(&Versions {
        schema: SCHEMA,
        image: row.image.name.as_str(),
        repository: row.image.repository.as_str(),
        newest: newest(row),
        contested: row
            .catalog
            .contested
            .iter()
            .map(|label| label.0.as_str())
            .collect(),
        versions: row
            .catalog
            .versions
            .iter()
            .map(|version| version_entry(fleet, row, version))
            .collect(),
    })
}

#[derive(Serialize)]
struct Versions<'a> {
    schema: u32,
    image: &'a str,
    repository: &'a str,
    newest: Option<&'a str>,
    contested: Vec<&'a str>,
    versions: Vec<VersionEntry<'a>>,
}

#[derive(Serialize)]
struct VersionEntry<'a> {
    version: Option<&'a str>,
    tags: &'a [String],
    identity: &'a Digest,
    digests: DigestsEntry<'a>,
    created: Option<String>,
    size_bytes: Option<u64>,
    platform: &'a str,
    revoked: bool,
    running_in: Vec<&'a str>,
    known_good_in: Vec<&'a str>,
    engines: Vec<&'a str>,
}

#[derive(Serialize)]
struct DigestsEntry<'a> {
    index: Option<&'a Digest>,
    manifest: Option<&'a Digest>,
    config: Option<&'a Digest>,
}

fn version_entry<'a>(fleet: &'a Fleet, row: &'a Row, version: &'a Version) -> VersionEntry<'a> {
    let mut engines: Vec<&str> = version
        .on_engines
        .iter()
        .map(|held| held.engine.as_str())
        .collect();
    engines.dedup();
    VersionEntry {
        version: version.label.as_ref().map(|label| label.0.as_str()),
        tags: &version.tags,
        identity: &version.identity,
        digests: DigestsEntry {
            index: version.digests.index.as_ref(),
            manifest: version.digests.manifest.as_ref(),
            config: version.digests.config.as_ref(),
        },
        created: version.created.map(time),
        size_bytes: version.size.map(|size| size.0),
        platform: &version.platform,
        revoked: version.revoked,
        running_in: running_in(fleet, row, &version.identity).collect(),
        known_good_in: known_good_in(fleet, row, &version.identity).collect(),
        engines,
    }
}
