//! An image looked at without its layers: index, manifest and configuration, kept apart.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Remote;
use super::error::RegistryError;
use super::manifest::{Content, Descriptor, Document, Manifest, Pointer, texts};
use crate::anatomy::archive::platform::Platform;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::time::Timestamp;

/// The largest configuration that is read.
const LARGEST_CONFIG: Bytes = Bytes(16 << 20);

/// One image, for one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The index it was found by, where there is one.
    pub index: Option<Digest>,
    /// The manifests that an index has beside those of platforms: what BuildKit attests.
    pub attestations: Vec<Descriptor>,
    /// Its manifest.
    pub manifest: Digest,
    /// Its configuration.
    pub config: Digest,
    /// Every platform that is to be had, each once.
    pub platforms: Vec<String>,
    /// Σ what its layers and its configuration have as they are stored.
    pub compressed: Bytes,
    /// Its layers, the lowest first.
    pub layers: Vec<Layer>,
    /// When it was made, where it says so.
    pub created: Option<Timestamp>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The diff ids of its layers, the lowest first.
    pub diff_ids: Vec<Digest>,
    /// Its configuration as it was read.
    pub raw_config: Vec<u8>,
}

/// One layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The digest of the blob.
    pub digest: Digest,
    /// How large the blob is.
    pub size: Bytes,
    /// How it is packed.
    pub media_type: String,
    /// Whether it is to be had elsewhere, and registries need not keep it.
    pub is_foreign: bool,
    /// The digest of what is in it, unpacked, where the configuration says so.
    pub diff_id: Option<Digest>,
}

/// Where manifests, indexes and configurations are remembered by their digests, so that none
/// is read twice. What is remembered may be lost: then it is read again.
pub trait Memory: Sync {
    /// The bytes with this digest.
    fn recall(&self, digest: &Digest) -> Option<Vec<u8>>;
    /// Remembers bytes that have this digest.
    fn remember(&self, digest: &Digest, bytes: &[u8]);
}

/// Remembers nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMemory;

impl Memory for NoMemory {
    fn recall(&self, _digest: &Digest) -> Option<Vec<u8>> {
        None
    }

    fn remember(&self, _digest: &Digest, _bytes: &[u8]) {}
}

/// What there is of an image at a tag or a digest.
///
/// `wanted` is the platform of it; of an image without an index, its own is taken, whatever
/// it is. Nothing: the one this program runs on, else the first.
///
/// # Errors
/// The registry's; it is not there, is no image, or has none for the platform.
pub async fn describe(
    remote: &Remote,
    what: &Pointer,
    wanted: Option<&Platform>,
) -> Result<Described, RegistryError> {
    let found = remote.existing(what).await?;
    describe_found(remote, what, found, wanted).await
}

/// The same of a document that was read already.
///
/// # Errors
/// As [`describe`].
pub async fn describe_found(
    remote: &Remote,
    what: &Pointer,
    found: Document,
    wanted: Option<&Platform>,
) -> Result<Described, RegistryError> {
    describe_remembering(remote, what, found, wanted, &NoMemory).await
}

/// The same, asking for nothing that is remembered.
///
/// # Errors
/// As [`describe`].
pub async fn describe_remembering(
    remote: &Remote,
    what: &Pointer,
    found: Document,
    wanted: Option<&Platform>,
    memory: &dyn Memory,
) -> Result<Described, RegistryError> {
    memory.remember(&found.digest, &found.bytes);
    let (mut index, mut attestations, mut platforms) = (None, Vec::new(), Vec::new());
    let (document, manifest) = match remote.content(&found)? {
        Content::Index(all) => {
            let (apart, images): (Vec<_>, Vec<_>) =
                all.into_iter().partition(Descriptor::is_attestation);
            attestations = apart;
            platforms = named(&images);
            let chosen = choose(&images, wanted).ok_or_else(|| RegistryError::NoPlatform {
                name: remote.named(what),
                wanted: wanted.map_or_else(|| "any platform".to_owned(), Platform::to_string),
                hint: match platforms.as_slice() {
                    [] => ": its index is empty".to_owned(),
                    there => format!("; there is {}", there.join(", ")),
                },
            })?;
            index = Some(found.digest);
            let document = below(remote, &chosen.digest, memory).await?;
            let manifest = manifest_of(remote, what, &document)?;
            (document, manifest)
        }
        _ => {
            let manifest = manifest_of(remote, what, &found)?;
            (found, manifest)
        }
    };
    let not_an_image = |kind: String| RegistryError::NotAnImage {
        name: remote.named(what),
        kind,
    };
    if let Some(kind) = &manifest.artifact_type {
        return Err(not_an_image(format!("`{}`", super::error::one_line(kind))));
    }
    let Some(config) = manifest.config else {
        return Err(not_an_image("a manifest without configuration".to_owned()));
    };
    let raw_config = match memory.recall(&config.digest) {
        Some(known) => known,
        None => {
            let read = remote.small_blob(&config.digest, LARGEST_CONFIG).await?;
            memory.remember(&config.digest, &read);
            read
        }
    };
    let json: Value = serde_json::from_slice(&raw_config)
        .map_err(|error| not_an_image(format!("one whose configuration is no JSON ({error})")))?;
    let diff_ids = diff_ids(&json);
    if platforms.is_empty() {
        platforms.extend(platform_of(&json));
    }
    let sizes = manifest.layers.iter().map(|layer| layer.size.0);
    Ok(Described {
        index,
        attestations,
        manifest: document.digest,
        config: config.digest,
        platforms,
        compressed: Bytes(sizes.fold(config.size.0, u64::saturating_add)),
        layers: layers(manifest.layers, &diff_ids),
        created: json
            .get("created")
            .and_then(Value::as_str)
            .and_then(|text| text.parse().ok()),
        labels: texts(json.pointer("/config/Labels")),
        diff_ids,
        raw_config,
    })
}

/// A manifest that an index names.
async fn below(
    remote: &Remote,
    digest: &Digest,
    memory: &dyn Memory,
) -> Result<Document, RegistryError> {
    if let Some(known) = memory.recall(digest) {
        return Ok(Document {
            digest: digest.clone(),
            ..Document::new("", known.into())
        });
    }
    let document = remote.existing(&Pointer::Digest(digest.clone())).await?;
    memory.remember(digest, &document.bytes);
    Ok(document)
}

fn manifest_of(
    remote: &Remote,
    what: &Pointer,
    document: &Document,
) -> Result<Manifest, RegistryError> {
    match remote.content(document)? {
        Content::Manifest(manifest) => Ok(*manifest),
        _ => Err(RegistryError::NotAnImage {
            name: remote.named(what),
            kind: "an index of indexes".to_owned(),
        }),
    }
}

/// The nearest of what is there to what is wanted; without a wish the one for here, else the
/// first.
fn choose<'a>(images: &'a [Descriptor], wanted: Option<&Platform>) -> Option<&'a Descriptor> {
    let here = Platform::here();
    let near = |to: &Platform| {
        images
            .iter()
            .filter_map(|it| Some((to.distance_to(it.platform.as_ref()?)?, it)))
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, it)| it)
    };
    match wanted {
        Some(wanted) => near(wanted),
        None => near(&here).or(images.first()),
    }
}

fn named(images: &[Descriptor]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for platform in images.iter().filter_map(|it| it.platform.as_ref()) {
        let name = super::error::one_line(&platform.to_string());
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

fn platform_of(json: &Value) -> Option<String> {
    let text = |key: &str| json.get(key).and_then(Value::as_str).unwrap_or_default();
    let (os, architecture) = (text("os"), text("architecture"));
    let known = !os.is_empty() && !architecture.is_empty();
    known.then(|| {
        let platform = Platform::new(os, architecture, text("variant"));
        super::error::one_line(&platform.to_string())
    })
}

fn diff_ids(json: &Value) -> Vec<Digest> {
    let all = json.pointer("/rootfs/diff_ids").and_then(Value::as_array);
    let all = all.into_iter().flatten().filter_map(Value::as_str);
    all.filter_map(|text| Digest::parse(text).ok()).collect()
}

/// Layers with their diff ids, if there is one for each: otherwise nobody knows which is whose.
fn layers(blobs: Vec<Descriptor>, diff_ids: &[Digest]) -> Vec<Layer> {
    let fits = blobs.len() == diff_ids.len();
    let of = |at: usize| diff_ids.get(at).filter(|_| fits).cloned();
    let numbered = blobs.into_iter().enumerate();
    numbered
        .map(|(at, blob)| Layer {
            digest: blob.digest,
            size: blob.size,
            is_foreign: blob.is_foreign,
            media_type: blob.media_type,
            diff_id: of(at),
        })
        .collect()
}
