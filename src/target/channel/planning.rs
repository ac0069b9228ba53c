//! What moving a tag would do. Reads only.

use std::collections::{BTreeMap, HashSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::turn::{self, pointer_of};
use super::{ChannelTarget, Place};
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::plan::{Frozen, Obtain, Plan, Touch};
use crate::model::time::Span;
use crate::registry::{Content, RegistryError, Remote};
use crate::target::job::{self, Live, Process};
use crate::target::{Job, TargetError, TouchAsk, keeping};

/// How long a copy between registries may take before others take it for dead. Moving a tag
/// takes no time.
const COPY: Span = Span::seconds(13 * 60);

/// Blobs asked for at once.
const AT_ONCE: usize = 8;

/// What letting a tag point to a version would do.
pub(super) async fn touch(target: &ChannelTarget, ask: TouchAsk<'_>) -> Result<Touch, TargetError> {
    let place = target.place(ask.container)?;
    let now = target.points_to(&place).await?;
    let mut notes = Vec::new();
    if now.is_none() {
        notes.push("the tag is not there yet: it is made".to_owned());
    }
    if let Some(now) = &now
        && let Some(note) = held_by_nothing_else(target, &place, now, ask.from).await?
    {
        notes.push(note);
    }
    Ok(Touch {
        engine: target.name.clone(),
        container: ask.container.to_owned(),
        container_id: now.map(|digest| digest.to_string()).unwrap_or_default(),
        from: ask.from.cloned(),
        obtain: ask.obtain.clone(),
        changes: Vec::new(),
        notes,
        dependents: Vec::new(),
        health_wait: match ask.obtain {
            Obtain::Copy { .. } => COPY,
            _ => Span::seconds(0),
        },
    })
}

/// What is to be known where no other tag holds what the tag points to now: a registry's
/// garbage collection would take it.
async fn held_by_nothing_else(
    target: &ChannelTarget,
    place: &Place,
    digest: &Digest,
    from: Option<&Frozen>,
) -> Result<Option<String>, TargetError> {
    let remote = target.remote(&place.tag.repository)?;
    let likely = from.and_then(|from| from.tag.as_deref());
    if keeping::held(&remote, digest, likely, place.tag.tag.as_deref()).await? {
        return Ok(None);
    }
    let tag = keeping::keep_tag(&target.environment, digest);
    Ok(Some(format!(
        "no other tag holds {}, and a garbage collection would take it: it gets the tag {tag}",
        digest.short()
    )))
}

/// How a version gets to where the tag is.
pub(super) async fn way(
    target: &ChannelTarget,
    container: &str,
    version: &Frozen,
) -> Result<Obtain, TargetError> {
    let place = target.place(container)?;
    let digest = digest_of(target, &place, version)?;
    let home = target.remote(&place.home)?;
    // In its own repository, or, where it came from there, at least where the tag is.
    let there = target.remote(&place.tag.repository)?;
    if home.head(&pointer_of(&digest)).await?.is_none() {
        if there.head(&pointer_of(&digest)).await?.is_some() {
            return Ok(Obtain::Retag);
        }
        return Err(home.missing(&pointer_of(&digest)).await.into());
    }
    if place.is_home() {
        return Ok(Obtain::Retag);
    }
    let bytes = if home.shares_registry_with(&there) {
        Bytes(0)
    } else {
        missing(&home, &there, &digest).await?
    };
    Ok(Obtain::Copy {
        from: place.home.clone(),
        to: place.tag.repository.clone(),
        bytes,
    })
}

/// The digest under which a registry has a version.
pub(super) fn digest_of(
    target: &ChannelTarget,
    place: &Place,
    version: &Frozen,
) -> Result<Digest, TargetError> {
    version
        .registry_digest
        .clone()
        .ok_or_else(|| TargetError::Refused {
            engine: target.name.clone(),
            container: place.name(),
            why: format!(
                "{} is on engines only, and a tag can only point to what its registry has",
                version.label
            ),
            by_hand: format!(
                "docker push {}:{} (or build it with `karat rebuild --publish`)",
                place.home, version.label
            ),
        })
}

/// The bytes of a version that another registry does not have.
async fn missing(from: &Remote, to: &Remote, digest: &Digest) -> Result<Bytes, RegistryError> {
    let mut blobs: BTreeMap<Digest, Bytes> = BTreeMap::new();
    let mut waiting = vec![digest.clone()];
    let mut seen = HashSet::new();
    while let Some(digest) = waiting.pop() {
        if !seen.insert(digest.clone()) || to.head(&pointer_of(&digest)).await?.is_some() {
            continue;
        }
        let document = from.existing(&pointer_of(&digest)).await?;
        match from.content(&document)? {
            Content::Index(all) => waiting.extend(all.into_iter().map(|one| one.digest)),
            Content::Manifest(manifest) => blobs.extend(
                manifest
                    .blobs()
                    .into_iter()
                    .filter(|blob| !blob.is_foreign)
                    .map(|blob| (blob.digest.clone(), blob.size)),
            ),
            Content::SchemaOne => {}
        }
    }
    let sizes: Vec<u64> = stream::iter(blobs)
        .map(|(digest, size)| async move {
            let there = to.has_blob(&digest).await?;
            Ok::<_, RegistryError>(if there.is_some() { 0 } else { size.0 })
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(Bytes(sizes.into_iter().sum()))
}

/// The one job of a touch.
pub(super) async fn jobs(
    target: &ChannelTarget,
    plan: &Plan,
    image: usize,
    touch: usize,
) -> Result<Vec<Job>, TargetError> {
    let Some((one, touch)) = plan.touch(image, touch) else {
        return Ok(Vec::new());
    };
    let place = target.place(&touch.container)?;
    let job = Job {
        event: job::event(plan, one, touch),
        summary: plan.summary(),
        process: Process::this(&plan.who),
        engine: target.name.clone(),
        engine_id: target.name.to_string(),
        container: touch.container.clone(),
        old_id: touch.container_id.clone(),
        was_running: true,
        old: serde_json::Value::Null,
        from: touch.from.clone(),
        to: one.to.clone(),
        heading: one.heading,
        follows: None,
        soak: plan.soak,
        health_wait: touch.health_wait,
        peers: Vec::new(),
        live: Live::default(),
    };
    turn::unmoved(target, &place, &job).await?;
    Ok(vec![job])
}
