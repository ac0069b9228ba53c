//! The documents that say what is in an archive: `manifest.json` of `docker save`, indexes
//! and manifests of OCI. Read as they are found; what is there of the wrong type counts as
//! not there.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::platform::Platform;
use crate::anatomy::config::loose::{self, List, Texts};
use crate::model::digest::Digest;

/// One image of `manifest.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Saved {
    /// Path of its configuration in the archive.
    pub(super) config: String,
    /// Names.
    pub(super) names: Vec<String>,
    /// Paths of its layers, the lowest first.
    pub(super) layers: Vec<String>,
    /// What else is known of layers, by diff id: of foreign ones, where they come from.
    pub(super) sources: BTreeMap<String, Descriptor>,
}

/// What an index or a manifest says of a blob.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Descriptor {
    pub(super) media_type: String,
    pub(super) digest: Option<Digest>,
    pub(super) size: Option<u64>,
    pub(super) platform: Option<Platform>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) artifact_type: String,
    /// Whether it is to be had elsewhere.
    pub(super) has_urls: bool,
}

impl Descriptor {
    /// Whether its content is never handed on: of someone who does not allow it.
    pub(super) fn is_foreign(&self) -> bool {
        self.has_urls
            || self.media_type.contains("foreign")
            || self.media_type.contains("nondistributable")
    }

    /// Whether it describes an image, rather than being one: provenance, lists of packages.
    pub(super) fn is_attestation(&self) -> bool {
        self.platform.as_ref().is_some_and(Platform::is_unknown)
            || self.annotations.contains_key("vnd.docker.reference.type")
    }
}

/// An index or a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Document {
    /// Points to others.
    Index(Vec<Descriptor>),
    /// Says what an image, or something else, is made of.
    Manifest(Manifest),
    /// A manifest from before 2016, which does not say what its layers are.
    SchemaOne,
    /// Something else.
    Other,
}

/// What an image, or something else, is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) config: Descriptor,
    pub(super) layers: Vec<Descriptor>,
    pub(super) artifact_type: String,
}

impl Manifest {
    /// What it is, if it is no image.
    pub(super) fn artifact(&self) -> Option<&str> {
        const IMAGES: [&str; 3] = [
            "application/vnd.oci.image.config.v1+json",
            "application/vnd.docker.container.image.v1+json",
            "",
        ];
        if !IMAGES.contains(&self.config.media_type.as_str()) {
            return Some(&self.config.media_type);
        }
        if !self.artifact_type.is_empty() {
            return Some(&self.artifact_type);
        }
        // Signatures call their configuration one of an image.
        let odd =
            |layer: &&Descriptor| !layer.media_type.is_empty() && !layer.media_type.contains("tar");
        let first = self.layers.first().filter(odd)?;
        self.layers
            .iter()
            .all(|layer| odd(&layer))
            .then_some(first.media_type.as_str())
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawSaved {
    #[serde(default, deserialize_with = "loose::value")]
    config: String,
    #[serde(default, deserialize_with = "loose::value")]
    repo_tags: List<String>,
    #[serde(default, deserialize_with = "loose::value")]
    layers: List<String>,
    #[serde(default, deserialize_with = "loose::value")]
    layer_sources: BTreeMap<String, RawDescriptor>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDescriptor {
    #[serde(default, deserialize_with = "loose::value")]
    media_type: String,
    #[serde(default, deserialize_with = "loose::value")]
    digest: String,
    #[serde(default, deserialize_with = "loose::value")]
    size: Option<u64>,
    #[serde(default, deserialize_with = "loose::object")]
    platform: Option<RawPlatform>,
    #[serde(default, deserialize_with = "loose::value")]
    annotations: Texts,
    #[serde(default, deserialize_with = "loose::value")]
    artifact_type: String,
    #[serde(default, deserialize_with = "loose::value")]
    urls: List<String>,
}

#[derive(Default, Deserialize)]
struct RawPlatform {
    #[serde(default, deserialize_with = "loose::value")]
    os: String,
    #[serde(default, deserialize_with = "loose::value")]
    architecture: String,
    #[serde(default, deserialize_with = "loose::value")]
    variant: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDocument {
    #[serde(default, deserialize_with = "loose::value")]
    schema_version: u64,
    #[serde(default, deserialize_with = "loose::value")]
    manifests: Option<List<RawDescriptor>>,
    #[serde(default, deserialize_with = "loose::object")]
    config: Option<RawDescriptor>,
    #[serde(default, deserialize_with = "loose::value")]
    layers: Option<List<RawDescriptor>>,
    #[serde(default, deserialize_with = "loose::value")]
    artifact_type: String,
    #[serde(default, deserialize_with = "loose::value")]
    fs_layers: List<serde::de::IgnoredAny>,
}

impl From<RawDescriptor> for Descriptor {
    fn from(raw: RawDescriptor) -> Self {
        let platform = |it: RawPlatform| Platform::new(&it.os, &it.architecture, &it.variant);
        Self {
            media_type: raw.media_type,
            digest: Digest::parse(&raw.digest).ok(),
            size: raw.size,
            platform: raw.platform.map(platform),
            annotations: raw.annotations.0,
            artifact_type: raw.artifact_type,
            has_urls: raw.urls.count > 0,
        }
    }
}

/// Reads `manifest.json`. An error is the end of a sentence.
pub(super) fn saved(json: &[u8]) -> Result<Vec<Saved>, String> {
    let list: List<RawSaved> = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let known = list.known().into_iter();
    Ok(known
        .map(|raw| Saved {
            config: raw.config,
            names: raw.repo_tags.known(),
            layers: raw.layers.known(),
            sources: raw
                .layer_sources
                .into_iter()
                .map(|(diff_id, raw)| (diff_id, raw.into()))
                .collect(),
        })
        .collect())
}

/// Reads an index or a manifest. An error is the end of a sentence.
pub(super) fn document(json: &[u8]) -> Result<Document, String> {
    if !json.trim_ascii_start().starts_with(b"{") {
        return Err("it is no JSON object".to_owned());
    }
    let raw: RawDocument = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    if let Some(manifests) = raw.manifests {
        let known = manifests.known().into_iter();
        return Ok(Document::Index(known.map(Into::into).collect()));
    }
    // A configuration of an image has a `config` of its own, which has no digest.
    if let Some(config) = raw.config
        && (!config.digest.is_empty() || raw.layers.is_some())
    {
        return Ok(Document::Manifest(Manifest {
            config: config.into(),
            layers: raw
                .layers
                .unwrap_or_default()
                .known()
                .into_iter()
                .map(Into::into)
                .collect(),
            artifact_type: raw.artifact_type,
        }));
    }
    if raw.schema_version == 1 || raw.fs_layers.count > 0 {
        return Ok(Document::SchemaOne);
    }
    Ok(Document::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_told_apart() {
        let manifest = r#"{"schemaVersion":2,"config":{"digest":"x"},"layers":[{"size":3},7]}"#;
        let read = document(manifest.as_bytes()).expect("JSON");
        let Document::Manifest(read) = read else {
            panic!("{read:?}");
        };
        assert_eq!(read.layers.len(), 1);
        assert_eq!((read.layers[0].size, &read.config.digest), (Some(3), &None));
        for (json, is) in [
            (r#"{"manifests":[]}"#, Document::Index(vec![])),
            (r#"{"schemaVersion":1,"fsLayers":[]}"#, Document::SchemaOne),
            (r#"{"fsLayers":[{"blobSum":"x"}]}"#, Document::SchemaOne),
            (r#"{"Id":"x"}"#, Document::Other),
        ] {
            assert_eq!(document(json.as_bytes()), Ok(is), "{json}");
        }
        assert!(document(b"[]").is_err());
        assert!(document(b"<html>").is_err());
    }

    #[test]
    fn what_is_no_image_is_told() {
        let manifest = |config: &str, layer: &str| Manifest {
            config: Descriptor {
                media_type: config.to_owned(),
                ..Descriptor::default()
            },
            layers: vec![Descriptor {
                media_type: layer.to_owned(),
                ..Descriptor::default()
            }],
            artifact_type: String::new(),
        };
        let image = "application/vnd.oci.image.config.v1+json";
        let helm = "application/vnd.cncf.helm.config.v1+json";
        let signature = "application/vnd.dev.cosign.simplesigning.v1+json";
        let layer = "application/vnd.oci.image.layer.v1.tar+gzip";
        assert_eq!(manifest(image, layer).artifact(), None);
        assert_eq!(manifest("", "").artifact(), None);
        assert_eq!(manifest(helm, layer).artifact(), Some(helm));
        assert_eq!(manifest(image, signature).artifact(), Some(signature));
    }
}
