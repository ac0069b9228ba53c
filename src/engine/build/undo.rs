//! Leaves nothing behind after a build that did not end well.
//!
//! An engine whose client goes away stops the build, but a build that was just about to
//! tag its image may still do so a moment later. So the tags are looked at before, and
//! put back afterwards if they changed.

use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error as EngineError;
use bollard::query_parameters::{RemoveImageOptions, TagImageOptions};

use super::error::BuildError;
use crate::model::reference::ImageRef;

/// How often the tags are looked at after a cancel, and how far apart.
const LOOKS: u32 = 4;
const APART: Duration = Duration::from_millis(250);

/// How often an image that is still in use is tried again.
const LOOKS_AT_USED: u32 = 40;

/// What became of an image.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Removed {
    /// It is gone, or never will be for a reason that waiting does not change.
    Gone,
    /// Something stands on it.
    InUse,
}

/// What the tags named before the build.
pub(super) struct Before {
    tags: Vec<(String, Option<String>)>,
}

impl Before {
    /// # Errors
    /// The engine does not answer.
    pub(super) async fn look(docker: &Docker, tags: &[String]) -> Result<Self, BuildError> {
        let mut seen = Vec::new();
        for tag in tags {
            let id = named_by(docker, tag)
                .await
                .map_err(|error| BuildError::engine(format!("looking for `{tag}`"), &error))?;
            seen.push((tag.clone(), id));
        }
        Ok(Self { tags: seen })
    }

    /// Puts the tags back as they were, and takes away what the classic builder made on
    /// its way. As far as the engine lets us: the reason of the failure is already known.
    pub(super) async fn restore(self, docker: &Docker, error: &BuildError, made: &[String]) {
        // Somebody else's image under our tag is not ours to take away.
        if matches!(error, BuildError::TagTaken { .. }) {
            return;
        }
        let looks = if stopped_midway(error) { LOOKS } else { 1 };
        for look in 0..looks {
            if look > 0 {
                tokio::time::sleep(APART).await;
            }
            for (tag, before) in &self.tags {
                put_back(docker, tag, before.as_deref()).await;
            }
        }
        for id in made.iter().rev() {
            // A busy engine takes a while to end the step that stands on it.
            for _ in 0..LOOKS_AT_USED {
                if remove(docker, id, true).await == Removed::Gone {
                    break;
                }
                tokio::time::sleep(APART).await;
            }
        }
    }
}

/// The engine may not have noticed yet that nobody waits for it.
fn stopped_midway(error: &BuildError) -> bool {
    matches!(
        error,
        BuildError::Cancelled | BuildError::Engine { .. } | BuildError::Context(_)
    )
}

async fn put_back(docker: &Docker, tag: &str, before: Option<&str>) {
    let Ok(now) = named_by(docker, tag).await else {
        return;
    };
    let Some(built) = now.filter(|now| Some(now.as_str()) != before) else {
        return;
    };
    match (before, ImageRef::parse(tag)) {
        (Some(before), Ok(reference)) => {
            let options = TagImageOptions {
                repo: Some(reference.repository.to_string()),
                tag: reference.tag,
            };
            let _ = docker.tag_image(before, Some(options)).await;
            let _ = remove(docker, &built, false).await;
        }
        _ => {
            let _ = remove(docker, tag, false).await;
        }
    }
}

async fn remove(docker: &Docker, name: &str, keep_parents: bool) -> Removed {
    let options = RemoveImageOptions {
        noprune: keep_parents,
        ..RemoveImageOptions::default()
    };
    match docker.remove_image(name, Some(options), None).await {
        Err(EngineError::DockerResponseServerError {
            status_code: 409, ..
        }) => Removed::InUse,
        _ => Removed::Gone,
    }
}

/// The id a tag names, if it names any.
async fn named_by(docker: &Docker, tag: &str) -> Result<Option<String>, EngineError> {
    match docker.inspect_image(tag).await {
        Ok(image) => Ok(image.id),
        Err(EngineError::DockerResponseServerError {
            status_code: 404, ..
        }) => Ok(None),
        Err(error) => Err(error),
    }
}
