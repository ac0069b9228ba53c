//! An image as a registry describes it, in the shape in which engines describe theirs.

use serde_json::Value;

use super::shared::SharedHistory;
use crate::model::content::content;
use crate::model::digest::Digest;
use crate::model::observation::LocalImage;
use crate::model::reference::ImageRef;
use crate::model::remote::{Attached, RemoteImage};
use crate::registry::inspect::{Described, describe_found};
use crate::registry::{Document, Pointer, RegistryError, Remote, attachments::attachments};

/// What is wanted of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// What it is.
    Plain,
    /// Also what is attached to it.
    Attachments,
}

/// The image under a digest of a repository, without tags. What was read once is not read
/// again: a digest always means the same. What is attached may change, and is looked up.
pub(super) async fn read(
    history: &SharedHistory,
    remote: &Remote,
    digest: &Digest,
    found: Option<Document>,
    depth: Depth,
) -> Result<LocalImage, RegistryError> {
    let store = history.store();
    let known = store.remote_image(digest).ok().flatten();
    let mut image = match known {
        Some(image) if depth == Depth::Plain => image,
        _ => {
            let pointer = Pointer::Digest(digest.clone());
            let document = match found {
                Some(document) => document,
                None => remote.existing(&pointer).await?,
            };
            let described = describe_found(remote, &pointer, document, None).await?;
            let mut image = local_image(&described);
            if depth == Depth::Attachments {
                let there = attachments(remote, &described).await?;
                if let Some(remote) = &mut image.remote {
                    remote.attached = Some(Attached {
                        signature: there.signature.into(),
                        sbom: there.sbom.into(),
                        provenance: there.provenance.into(),
                    });
                }
            }
            // A store that cannot be written makes the next look slower, nothing else.
            let _ = store.keep_remote_image(digest, &image);
            image
        }
    };
    image.repo_digests = vec![ImageRef {
        repository: remote.repository().clone(),
        tag: None,
        digest: Some(digest.clone()),
    }];
    Ok(image)
}

fn local_image(described: &Described) -> LocalImage {
    let config: Value = serde_json::from_slice(&described.raw_config).unwrap_or_default();
    let text = |key: &str| config.get(key).and_then(Value::as_str).unwrap_or("unknown");
    let platform = format!("{}/{}", text("os"), text("architecture"));
    let said = config.get("config").unwrap_or(&Value::Null);
    let label = described.labels.get("org.opencontainers.image.created");
    LocalImage {
        id: described.config.clone(),
        config: Some(described.config.clone()),
        tags: Vec::new(),
        repo_digests: Vec::new(),
        created: described
            .created
            .max(label.and_then(|text| text.parse().ok())),
        size: None,
        labels: described.labels.clone(),
        content: content(&platform, &described.diff_ids, said),
        platform,
        diff_ids: described.diff_ids.clone(),
        remote: Some(RemoteImage {
            index: described.index.clone(),
            manifest: Some(described.manifest.clone()),
            platforms: described.platforms.clone(),
            compressed: Some(described.compressed),
            layers: described
                .layers
                .iter()
                .map(|layer| (layer.digest.clone(), layer.size))
                .collect(),
            pushed: None,
            attached: None,
        }),
    }
}
