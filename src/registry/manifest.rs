//! Manifests and indexes: the bytes as they came, and what of them is of use. Read as they
//! are found; what is there of the wrong type counts as not there.

use std::collections::BTreeMap;
use std::fmt;

use hyper::body::Bytes as Chunk;
use serde_json::Value;

use crate::anatomy::archive::platform::Platform;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;

/// An OCI index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// An OCI manifest.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Docker's index.
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Docker's manifest.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// What is asked for when a manifest is: all kinds, so that none is converted on the way. The
/// schema of before 2016 is not asked for, but some registries answer it all the same.
pub(super) const ACCEPTED: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.artifact.manifest.v1+json";

/// What to look for in a repository: a tag, which may move, or a digest, which does not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pointer {
    /// A tag.
    Tag(String),
    /// A digest.
    Digest(Digest),
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => f.write_str(tag),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

/// What an index or a manifest says of something else, or a registry of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Its media type.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// How large it is, as it is stored.
    pub size: Bytes,
    /// For which platform it is, where that is said.
    pub platform: Option<Platform>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// What kind of artifact it is, where that is said.
    pub artifact_type: Option<String>,
    /// Whether it is to be had elsewhere, and registries do not keep it.
    pub is_foreign: bool,
}

impl Descriptor {
    /// One that says no more than what and where.
    #[must_use]
    pub const fn plain(media_type: String, digest: Digest, size: Bytes) -> Self {
        Self {
            media_type,
            digest,
            size,
            platform: None,
            annotations: BTreeMap::new(),
            artifact_type: None,
            is_foreign: false,
        }
    }

    /// Reads one; nothing without a digest.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let media_type = text("mediaType").unwrap_or_default();
        let has_urls = value
            .get("urls")
            .and_then(Value::as_array)
            .is_some_and(|urls| !urls.is_empty());
        Some(Self {
            digest: Digest::parse(&text("digest")?).ok()?,
            size: Bytes(value.get("size").and_then(Value::as_u64).unwrap_or(0)),
            platform: value.get("platform").and_then(platform),
            annotations: texts(value.get("annotations")),
            artifact_type: text("artifactType").filter(|text| !text.is_empty()),
            is_foreign: has_urls
                || media_type.contains("foreign")
                || media_type.contains("nondistributable"),
            media_type,
        })
    }

    /// As an index has it.
    pub(super) fn to_json(&self) -> Value {
        let mut json = serde_json::json!({
            "mediaType": self.media_type,
            "digest": self.digest,
            "size": self.size,
        });
        if let Some(map) = json.as_object_mut() {
            if let Some(kind) = &self.artifact_type {
                map.insert("artifactType".to_owned(), kind.as_str().into());
            }
            if !self.annotations.is_empty() {
                map.insert(
                    "annotations".to_owned(),
                    serde_json::json!(self.annotations),
                );
            }
        }
        json
    }

    /// Whether it describes an image, rather than being one: provenance, lists of packages.
    #[must_use]
    pub fn is_attestation(&self) -> bool {
        self.platform.as_ref().is_some_and(Platform::is_unknown)
            || self.annotations.contains_key("vnd.docker.reference.type")
    }
}

fn platform(value: &Value) -> Option<Platform> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    value
        .is_object()
        .then(|| Platform::new(text("os"), text("architecture"), text("variant")))
}

/// An object of texts; what is no text is left out.
pub(super) fn texts(value: Option<&Value>) -> BTreeMap<String, String> {
    let members = value.and_then(Value::as_object).into_iter().flatten();
    members
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// A manifest or an index: its very bytes, whose digest was checked, and its media type.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// The digest of the bytes.
    pub digest: Digest,
    /// Its media type, as the registry names it.
    pub media_type: String,
    /// Its bytes. They are sent on as they are: any change would change the digest.
    pub bytes: Chunk,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({}, {})", self.media_type, self.digest)
    }
}

/// What a document is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Points to others.
    Index(Vec<Descriptor>),
    /// Says what an image, or something else, is made of.
    Manifest(Box<Manifest>),
    /// A manifest from before 2016, which does not say what its layers are.
    SchemaOne,
}

/// What an image, or something else, is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Its configuration, where it has one.
    pub config: Option<Descriptor>,
    /// Its layers, the lowest first; of an artifact, its contents.
    pub layers: Vec<Descriptor>,
    /// What kind of artifact it is, where it is none of an image.
    pub artifact_type: Option<String>,
    /// What it is attached to.
    pub subject: Option<Descriptor>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

impl Document {
    /// Of some bytes.
    #[must_use]
    pub fn new(media_type: &str, bytes: Chunk) -> Self {
        Self {
            digest: Digest::of(&bytes),
            media_type: media_type.to_owned(),
            bytes,
        }
    }

    /// How large it is.
    #[must_use]
    pub fn size(&self) -> Bytes {
        Bytes(self.bytes.len() as u64)
    }

    /// What it is. The error is the end of a sentence.
    ///
    /// # Errors
    /// It is neither an index nor a manifest.
    pub fn content(&self) -> Result<Content, String> {
        let json: Value = serde_json::from_slice(&self.bytes).map_err(|error| error.to_string())?;
        let list = |key: &str| {
            let all = json.get(key).and_then(Value::as_array);
            all.map(|all| all.iter().filter_map(Descriptor::read).collect::<Vec<_>>())
        };
        if let Some(manifests) = list("manifests") {
            return Ok(Content::Index(manifests));
        }
        let is_old = json.get("schemaVersion").and_then(Value::as_u64) == Some(1)
            || json.get("fsLayers").is_some();
        if is_old {
            return Ok(Content::SchemaOne);
        }
        let config = json.get("config").and_then(Descriptor::read);
        let layers = list("layers").or_else(|| list("blobs"));
        if config.is_none() && layers.is_none() {
            return Err("it is neither an index nor a manifest".to_owned());
        }
        let declared = json.get("artifactType").and_then(Value::as_str);
        // What a manifest without `artifactType` is, its configuration's type says.
        let of_config = config.as_ref().map(|it| it.media_type.as_str());
        let artifact_type = declared
            .filter(|text| !text.is_empty())
            .or_else(|| of_config.filter(|kind| !is_image_config(kind)));
        Ok(Content::Manifest(Box::new(Manifest {
            artifact_type: artifact_type.map(str::to_owned),
            config,
            layers: layers.unwrap_or_default(),
            subject: json.get("subject").and_then(Descriptor::read),
            annotations: texts(json.get("annotations")),
        })))
    }
}

fn is_image_config(media_type: &str) -> bool {
    [
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
        "",
    ]
    .contains(&media_type)
}

impl Manifest {
    /// Every blob of it, each once: the configuration first.
    #[must_use]
    pub fn blobs(&self) -> Vec<&Descriptor> {
        let mut all: Vec<&Descriptor> = Vec::new();
        for blob in self.config.iter().chain(&self.layers) {
            if !all.iter().any(|known| known.digest == blob.digest) {
                all.push(blob);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document::new("", Chunk::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn documents_are_told_apart() {
        let digest = Digest::of(b"x");
        let manifest = format!(
            r#"{{"schemaVersion":2,"config":{{"digest":"{digest}","size":2,"mediaType":"application/vnd.example+json"}},"layers":[{{"digest":"{digest}","size":3}},7,{{"digest":"wrong"}}],"subject":{{"digest":"{digest}"}},"annotations":{{"a":"b","c":4}}}}"#
        );
        let Ok(Content::Manifest(read)) = document(&manifest).content() else {
            panic!("a manifest");
        };
        assert_eq!(read.layers.len(), 1, "what has no digest is left out");
        assert_eq!(read.blobs().len(), 1, "each blob once");
        assert_eq!(
            read.artifact_type.as_deref(),
            Some("application/vnd.example+json")
        );
        assert_eq!(read.subject.map(|it| it.digest), Some(digest.clone()));
        assert_eq!(read.annotations.len(), 1);
        let index = format!(
            r#"{{"manifests":[{{"digest":"{digest}","size":1,"platform":{{"os":"unknown","architecture":"unknown"}}}}]}}"#
        );
        let Ok(Content::Index(read)) = document(&index).content() else {
            panic!("an index");
        };
        assert!(read[0].is_attestation());
        for (text, is) in [
            (
                r#"{"schemaVersion":1,"fsLayers":[]}"#,
                Ok(Content::SchemaOne),
            ),
            (r#"{"fsLayers":[{"blobSum":"x"}]}"#, Ok(Content::SchemaOne)),
            (
                r#"{"Id":"x"}"#,
                Err("it is neither an index nor a manifest".to_owned()),
            ),
        ] {
            assert_eq!(document(text).content(), is, "{text}");
        }
        assert!(document("<html>").content().is_err());
    }

    #[test]
    fn a_descriptor_is_written_as_it_was_read() {
        let digest = Digest::of(b"x");
        let json = serde_json::json!({
            "mediaType": OCI_MANIFEST, "digest": digest, "size": 7,
            "artifactType": "a/b", "annotations": { "k": "v" },
        });
        let read = Descriptor::read(&json).expect("a descriptor");
        assert_eq!(read.to_json(), json);
    }
}
