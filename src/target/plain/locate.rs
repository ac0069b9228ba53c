//! Recognising a version on an engine, whatever that engine calls it.

use super::observe::{local_image, repositories};
use super::{PlainTarget, TargetError};
use crate::engine::json as read;
use crate::model::digest::Digest;
use crate::model::observation::LocalImage;
use crate::model::plan::Frozen;

/// Under which id the engine has a version. By its identity, by the registry's digest, and
/// at last by content, among the images of its repository and those without a name.
pub(super) async fn locate(
    target: &PlainTarget,
    version: &Frozen,
) -> Result<Option<Digest>, TargetError> {
    let engine = &target.engine;
    let store = target.facts().await?.store;
    if let Some(image) = engine.image(version.identity.as_str()).await? {
        return Ok(read::digest(&image, "/Id"));
    }
    if let Some(digest) = &version.registry_digest {
        let name = format!("{}@{digest}", version.repository);
        if let Some(image) = engine.image(&name).await? {
            return Ok(read::digest(&image, "/Id"));
        }
    }
    for listed in engine.images().await? {
        let ours = repositories(&listed).any(|name| name == version.repository);
        let unnamed = repositories(&listed).next().is_none();
        let Some(id) = read::digest(&listed, "/Id").filter(|_| ours || unnamed) else {
            continue;
        };
        let cached = target.known().images.get(&id).cloned();
        let image = match cached {
            Some(image) => Some(image),
            None => engine
                .image(id.as_str())
                .await?
                .as_ref()
                .and_then(|inspect| local_image(inspect, store)),
        };
        if image.is_some_and(|image| is(&image, version)) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Whether an image is a version: the same identity, or, where the store hides the config
/// digest or the identity is itself one of content, the same content.
pub(super) fn is(image: &LocalImage, version: &Frozen) -> bool {
    if image.id == version.identity
        || image.config.as_ref() == Some(&version.identity)
        || image.content == version.identity
    {
        return true;
    }
    version.content.as_ref() == Some(&image.content) && image.config.is_none()
}
