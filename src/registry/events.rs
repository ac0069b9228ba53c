//! Shared history in a repository: each record a manifest of its own beside the images, under
//! a tag of its own, which is never written again.
//!
//! A record is an empty OCI index: registries refuse a manifest whose configuration they do
//! not have, and an index needs none. What it says stands in its annotations, so `oras manifest
//! fetch` and `crane manifest` show it: in words in `org.opencontainers.image.description`,
//! whole in [`RECORD`]. Its `subject` is the version it is about.

use futures_util::{StreamExt as _, stream};
use hyper::body::Bytes as Chunk;
use serde::Serialize;
use serde_json::{Value, json};

use super::manifest::OCI_INDEX;
use super::{Pointer, RegistryError, Remote};
use crate::model::remote::HISTORY_TAG;
use crate::model::shared::{Kept, Phase, Record};

/// What kind of artifact a record is.
pub const EVENT_TYPE: &str = "application/vnd.karat.event.v1";

/// The annotation with the whole record, as JSON.
pub const RECORD: &str = "io.karat.record";

/// A record's manifest: an index without manifests.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    schema_version: u32,
    media_type: &'static str,
    artifact_type: &'static str,
    manifests: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Value>,
    annotations: Value,
}

/// Records read at once.
const AT_ONCE: usize = 8;

impl Remote {
    /// Adds a record.
    ///
    /// # Errors
    /// The registry's.
    pub async fn append_record(&self, record: &Record) -> Result<Kept, RegistryError> {
        let manifest = self.written(record).await?;
        let tag = tag_of(record);
        let pointer = Pointer::Tag(tag.clone());
        let bytes = Chunk::from(manifest.to_string());
        let digest = self.put_manifest(&pointer, OCI_INDEX, bytes).await?;
        Ok(Kept {
            digest,
            tag,
            record: record.clone(),
        })
    }

    async fn written(&self, record: &Record) -> Result<Value, RegistryError> {
        let event = &record.event;
        let description = format!("{}, by {}", words(record), event.who);
        // Attached to the version it brought, if that lies here.
        let about = record.to.as_ref().or(record.from.as_ref());
        let digest = about.and_then(|version| version.registry_digest.clone());
        let subject = match digest {
            Some(digest) => self.head(&Pointer::Digest(digest)).await?,
            None => None,
        };
        let manifest = Written {
            schema_version: 2,
            media_type: OCI_INDEX,
            artifact_type: EVENT_TYPE,
            manifests: [],
            subject: subject.map(|subject| {
                json!({
                    "mediaType": subject.media_type,
                    "digest": subject.digest,
                    "size": subject.size.0,
                })
            }),
            annotations: json!({
                "org.opencontainers.image.created": record.written.to_rfc3339(),
                "org.opencontainers.image.description": description,
                RECORD: serde_json::to_string(record).unwrap_or_default(),
            }),
        };
        Ok(serde_json::to_value(manifest).unwrap_or_default())
    }

    /// The records under these tags. One that cannot be read as one (a newer karat's, or
    /// somebody else's under such a tag) is left out, as is one that has gone since.
    ///
    /// # Errors
    /// The registry's.
    pub async fn records(&self, tags: &[String]) -> Result<Vec<Kept>, RegistryError> {
        let mut reads = stream::iter(tags.iter().cloned())
            .map(|tag| async move {
                let document = self.manifest(&Pointer::Tag(tag.clone())).await?;
                Ok::<_, RegistryError>(document.and_then(|document| {
                    Some(Kept {
                        record: read(&document.bytes)?,
                        digest: document.digest,
                        tag,
                    })
                }))
            })
            .buffer_unordered(AT_ONCE);
        let mut all = Vec::with_capacity(tags.len());
        while let Some(kept) = reads.next().await {
            all.extend(kept?);
        }
        Ok(all)
    }
}

/// The record in a manifest.
fn read(manifest: &[u8]) -> Option<Record> {
    let manifest: Value = serde_json::from_slice(manifest).ok()?;
    let text = manifest.get("annotations")?.get(RECORD)?.as_str()?;
    serde_json::from_str(text).ok()
}

/// In words: `roll back web in prod from 1.5.0 to 1.4.2: done`.
fn words(record: &Record) -> String {
    let event = &record.event;
    let name = |version: &Option<crate::model::plan::Frozen>| {
        version.as_ref().map(|version| version.label.clone())
    };
    let mut text = format!("{} {}", event.words(), event.image);
    if let Some(environment) = &event.environment {
        text.push_str(&format!(" in {environment}"));
    }
    let said = |mark: &Option<crate::model::event::VersionMark>| {
        mark.as_ref().and_then(|mark| mark.version.clone())
    };
    if let Some(from) = name(&record.from).or_else(|| said(&event.from)) {
        text.push_str(&format!(" from {from}"));
    }
    if let Some(to) = name(&record.to).or_else(|| said(&event.to)) {
        text.push_str(&format!(" to {to}"));
    }
    text.push_str(match record.phase {
        Phase::Begun => ": begins",
        Phase::Ended => ": ",
    });
    if record.phase == Phase::Ended {
        text.push_str(event.outcome.words());
    }
    text
}

/// The tag of a record: sorted by name they are sorted by time; the end is random, so that
/// nobody ever writes over another's.
fn tag_of(record: &Record) -> String {
    let phase = match record.phase {
        Phase::Begun => "begun",
        Phase::Ended => "ended",
    };
    format!(
        "{HISTORY_TAG}{}-{phase}-{:08x}",
        record.written.format("%Y%m%dT%H%M%S%3fZ"),
        rand::random::<u32>()
    )
}
