//! `karat versions IMAGE --json`.

use serde::Serialize;
use serde_json::Value;

use super::{SCHEMA, document, known_good_in, newest, running_in, time};
use crate::model::catalog::{Entry, Unread, Version};
use crate::model::digest::Digest;
use crate::model::fleet::{Fleet, Row};
use crate::model::remote::Attached;

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
            .in_order()
            .map(|entry| match entry {
                Entry::Known(version) => version_entry(fleet, row, version),
                Entry::Unread(unread) => unread_entry(unread),
            })
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
    identity: Option<&'a Digest>,
    digests: DigestsEntry<'a>,
    created: Option<String>,
    size_bytes: Option<u64>,
    compressed_bytes: Option<u64>,
    platform: Option<&'a str>,
    platforms: &'a [String],
    in_registry: bool,
    pushed: Option<String>,
    attached: Option<Attached>,
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
    let remote = version.remote.as_ref();
    VersionEntry {
        version: version.label.as_ref().map(|label| label.0.as_str()),
        tags: &version.tags,
        identity: Some(&version.identity),
        digests: DigestsEntry {
            index: version.digests.index.as_ref(),
            manifest: version.digests.manifest.as_ref(),
            config: version.digests.config.as_ref(),
        },
        created: version.created.map(time),
        size_bytes: version.size.map(|size| size.0),
        compressed_bytes: remote.and_then(|remote| Some(remote.compressed?.0)),
        platform: Some(&version.platform),
        platforms: remote.map_or(&[], |remote| &remote.platforms),
        in_registry: remote.is_some(),
        pushed: remote.and_then(|remote| remote.pushed).map(time),
        attached: remote.and_then(|remote| remote.attached),
        revoked: version.revoked,
        running_in: running_in(fleet, row, &version.identity).collect(),
        known_good_in: known_good_in(fleet, row, &version.identity).collect(),
        engines,
    }
}

/// A tag of which only the name is known: what is not known is null, not made up.
fn unread_entry(unread: &Unread) -> VersionEntry<'_> {
    VersionEntry {
        version: unread.label.as_ref().map(|label| label.0.as_str()),
        tags: std::slice::from_ref(&unread.tag),
        identity: None,
        digests: DigestsEntry {
            index: None,
            manifest: None,
            config: None,
        },
        created: None,
        size_bytes: None,
        compressed_bytes: None,
        platform: None,
        platforms: &[],
        in_registry: true,
        pushed: None,
        attached: None,
        revoked: false,
        running_in: Vec::new(),
        known_good_in: Vec::new(),
        engines: Vec::new(),
    }
}
