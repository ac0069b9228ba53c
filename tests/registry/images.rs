//! Images of a test's own making, put there by karat's client.

use std::io::Write as _;

use hyper::body::Bytes as Chunk;
use karat::model::bytes::Bytes;
use karat::model::digest::Digest;
use karat::model::reference::Repository;
use karat::registry::manifest::{OCI_INDEX, OCI_MANIFEST};
use karat::registry::{Document, Pointer, Registries, Remote};
use serde_json::{Value, json};

/// A repository on a host.
pub(crate) fn remote(registries: &Registries, host: &str, name: &str) -> Remote {
    let repository = Repository::new(&format!("{host}/{name}"));
    registries.repository(&repository).expect("a repository")
}

pub(crate) fn tag(text: &str) -> Pointer {
    Pointer::Tag(text.to_owned())
}

pub(crate) fn by(digest: &Digest) -> Pointer {
    Pointer::Digest(digest.clone())
}

/// Bytes that no compression makes smaller, the same for the same seed.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// A layer with one file, as tar and gzip: its bytes and its diff id.
pub(crate) fn layer(name: &str, content: &[u8]) -> (Vec<u8>, Digest) {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, name, content).expect("a file");
    let tar = tar.into_inner().expect("a tar");
    let diff_id = Digest::of(&tar);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar).expect("packed");
    (gzip.finish().expect("packed"), diff_id)
}

/// What an image is, once it is there.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub(crate) document: Document,
    pub(crate) config: Digest,
    pub(crate) config_size: usize,
    pub(crate) layers: Vec<(Digest, u64, Digest)>,
}

/// Pushes an image for a platform under a tag, if one is given; layers of these contents.
pub(crate) async fn push(
    remote: &Remote,
    tagged: Option<&str>,
    architecture: &str,
    contents: &[&[u8]],
) -> Image {
    let mut layers = Vec::new();
    for (at, content) in contents.iter().enumerate() {
        let (bytes, diff_id) = layer(&format!("file-{at}"), content);
        let size = bytes.len() as u64;
        let digest = remote.push_bytes(bytes.into()).await.expect("a layer");
        layers.push((digest, size, diff_id));
    }
    let diff_ids: Vec<&Digest> = layers.iter().map(|(.., diff_id)| diff_id).collect();
    let config = json!({
        "architecture": architecture, "os": "linux", "created": "2026-11-01T10:00:00Z",
        "config": { "Labels": { "org.opencontainers.image.version": tagged.unwrap_or("none") } },
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
    })
    .to_string();
    let config_size = config.len();
    let config = remote.push_bytes(config.into()).await.expect("a config");
    let blobs: Vec<Value> = layers
        .iter()
        .map(|(digest, size, _)| {
            json!({
                "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                "digest": digest, "size": size,
            })
        })
        .collect();
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": config, "size": config_size,
        },
        "layers": blobs,
    });
    let document = put(remote, tagged, OCI_MANIFEST, &manifest).await;
    Image {
        document,
        config,
        config_size,
        layers,
    }
}

/// Puts a manifest or an index.
pub(crate) async fn put(
    remote: &Remote,
    tagged: Option<&str>,
    media_type: &str,
    json: &Value,
) -> Document {
    let document = Document::new(media_type, Chunk::from(json.to_string()));
    let pointer = tagged.map_or_else(|| by(&document.digest), tag);
    let digest = remote
        .put_manifest(&pointer, media_type, document.bytes.clone())
        .await
        .expect("a manifest");
    assert_eq!(digest, document.digest);
    document
}

/// Pushes an index of an image for amd64 and one for arm64, and a manifest that attests.
pub(crate) async fn push_index(remote: &Remote, tagged: &str, contents: &[&[u8]]) -> Document {
    let amd = push(remote, None, "amd64", contents).await;
    let arm = push(remote, None, "arm64", &contents[..1]).await;
    let statement = remote
        .push_bytes(Chunk::from_static(b"{\"a\":\"statement\"}"))
        .await
        .expect("a statement");
    let attestation = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": amd.config, "size": amd.config_size,
        },
        "layers": [{
            "mediaType": "application/vnd.in-toto+json", "digest": statement, "size": 17,
            "annotations": { "in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2" },
        }],
    });
    let attestation = put(remote, None, OCI_MANIFEST, &attestation).await;
    let entry = |document: &Document, os: &str, architecture: &str| {
        json!({
            "mediaType": OCI_MANIFEST, "digest": document.digest, "size": document.size(),
            "platform": { "os": os, "architecture": architecture },
        })
    };
    let mut attested = entry(&attestation, "unknown", "unknown");
    attested["annotations"] = json!({
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": amd.document.digest,
    });
    let index = json!({
        "schemaVersion": 2, "mediaType": OCI_INDEX,
        "manifests": [
            entry(&amd.document, "linux", "amd64"),
            entry(&arm.document, "linux", "arm64"),
            attested,
        ],
    });
    put(remote, Some(tagged), OCI_INDEX, &index).await
}

/// Reads a blob to its end.
pub(crate) async fn read(
    remote: &Remote,
    digest: &Digest,
    size: Option<u64>,
) -> Result<Vec<u8>, karat::registry::RegistryError> {
    use futures_util::TryStreamExt as _;
    let mut stream = remote.blob(digest, size.map(Bytes));
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.try_next().await? {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
