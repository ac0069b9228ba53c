//! Moving a tag, step by step, and back.

use std::sync::atomic::{AtomicU64, Ordering};

use super::planning::digest_of;
use super::turn::{self, pointer_of};
use super::{ChannelTarget, Place};
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::plan::Frozen;
use crate::model::progress::Progress;
use crate::model::step::Step;
use crate::registry::copy::{CopyNews, CopyOptions, copy};
use crate::registry::{Deleted, Pointer, RegistryError, Remote};
use crate::target::{Job, TargetError, Watch, keeping};

/// Carries out one step.
pub(super) async fn carry_out(
    target: &ChannelTarget,
    step: Step,
    job: &mut Job,
    watch: &Watch,
) -> Result<(), TargetError> {
    match step {
        Step::Lock => turn::take(target, job, watch).await,
        Step::Keep => keep(target, job).await,
        Step::Point => point(target, job).await,
        Step::Confirm => confirm(target, job).await,
        // Everything else is done to containers; and that the operation is over is written
        // down with its outcome, in the history.
        Step::Obtain
        | Step::Create
        | Step::Disarm
        | Step::Stop
        | Step::Park
        | Step::Adopt
        | Step::Start
        | Step::AwaitHealth
        | Step::Commit
        | Step::Unlock => Ok(()),
    }
}

/// Sees to it that what the tag points to now is held by another tag as well.
async fn keep(target: &ChannelTarget, job: &Job) -> Result<(), TargetError> {
    let Ok(before) = Digest::parse(&job.old_id) else {
        return Ok(());
    };
    let place = target.place(&job.container)?;
    let remote = target.remote(&place.tag.repository)?;
    let likely = job.from.as_ref().and_then(|from| from.tag.as_deref());
    if !keeping::held(&remote, &before, likely, place.tag.tag.as_deref()).await? {
        let tag = keeping::keep_tag(&target.environment, &before);
        remote.retag(&before, &tag).await?;
    }
    Ok(())
}

/// Lets the tag point to the version: read before, written, read after.
async fn point(target: &ChannelTarget, job: &Job) -> Result<(), TargetError> {
    let place = target.place(&job.container)?;
    turn::unmoved(target, &place, job).await?;
    let digest = digest_of(target, &place, &job.to)?;
    let remote = target.remote(&place.tag.repository)?;
    let tag = place.tag.tag.as_deref().unwrap_or_default();
    match remote.retag(&digest, tag).await {
        Ok(()) => Ok(()),
        Err(RegistryError::Overtaken { .. }) => Err(overtaken(target, &place, job).await),
        Err(error) => Err(error.into()),
    }
}

/// The tag still points to the version.
async fn confirm(target: &ChannelTarget, job: &Job) -> Result<(), TargetError> {
    let place = target.place(&job.container)?;
    let digest = digest_of(target, &place, &job.to)?;
    if target.points_to(&place).await?.as_ref() == Some(&digest) {
        Ok(())
    } else {
        Err(overtaken(target, &place, job).await)
    }
}

async fn overtaken(target: &ChannelTarget, place: &Place, job: &Job) -> TargetError {
    match target.points_to(place).await {
        Ok(now) => turn::moved(target, place, job, now.as_ref()).await,
        Err(error) => error,
    }
}

/// Lets the tag point to where it did, if it points to what this job let it point to. One that
/// somebody else has moved since is left alone.
pub(super) async fn put_back(
    target: &ChannelTarget,
    job: &Job,
) -> Result<Vec<String>, TargetError> {
    let place = target.place(&job.container)?;
    let digest = digest_of(target, &place, &job.to)?;
    if target.points_to(&place).await?.as_ref() != Some(&digest) || job.old_id == digest.as_str() {
        return Ok(Vec::new());
    }
    let remote = target.remote(&place.tag.repository)?;
    let tag = place.tag.tag.as_deref().unwrap_or_default();
    if let Ok(before) = Digest::parse(&job.old_id) {
        remote.retag(&before, tag).await?;
        return Ok(Vec::new());
    }
    // It was not there before.
    match remote.untag(tag).await {
        Ok(Deleted::Gone | Deleted::NotThere) => Ok(Vec::new()),
        Err(RegistryError::NoDelete { .. }) => Ok(vec![format!(
            "the tag {} stays: its registry does not let a tag be taken away",
            place.name()
        )]),
        Err(error) => Err(error.into()),
    }
}

/// Whether a version is where a tag can point to it.
pub(super) async fn locate(
    target: &ChannelTarget,
    version: &Frozen,
) -> Result<Option<Digest>, TargetError> {
    let place = target
        .places()
        .into_iter()
        .find(|place| place.home == version.repository);
    let (Some(place), Some(digest)) = (place, &version.registry_digest) else {
        return Ok(None);
    };
    let repository = &place.tag.repository;
    // In another repository what is attached to it may still be missing: it is brought once.
    if !place.is_home()
        && !target
            .brought()
            .contains(&(digest.clone(), repository.clone()))
    {
        return Ok(None);
    }
    let there = target.remote(repository)?.head(&pointer_of(digest)).await?;
    Ok(there.map(|_| version.identity.clone()))
}

/// Brings a version to the repository of the tag, with all that is attached to it: by mounting
/// what the registry has, by copying what it has not.
pub(super) async fn bring(
    target: &ChannelTarget,
    container: &str,
    version: &Frozen,
    watch: &Watch,
) -> Result<(), TargetError> {
    let place = target.place(container)?;
    let digest = digest_of(target, &place, version)?;
    let from = target.remote(&place.home)?;
    let to = target.remote(&place.tag.repository)?;
    if from.head(&pointer_of(&digest)).await?.is_some() {
        let total = AtomicU64::new(0);
        let tell = |news: CopyNews| tell(target, &version.label, &news, &total, watch);
        let options = CopyOptions::default();
        let what = pointer_of(&digest);
        let copied = copy(&from, &to, &what, &options, tell, &watch.cancel);
        let copied = match copied.await {
            Err(_) if watch.cancel.is_cancelled() => return Err(TargetError::Cancelled),
            copied => copied?,
        };
        let signed = beside(&from, &to, &digest, watch).await?;
        watch
            .tell(Progress::Note(format!(
                "{} at {}: {} blobs were there, {} mounted, {} copied ({}), with {} attached to it",
                version.label,
                place.tag.repository,
                copied.blobs_present,
                copied.blobs_mounted,
                copied.blobs_copied,
                copied.bytes_copied,
                copied.referrers + signed,
            )))
            .await;
    }
    target
        .brought()
        .insert((digest, place.tag.repository.clone()));
    Ok(())
}

/// What cosign puts beside a version, under tags made of its digest.
const BESIDE: [&str; 3] = ["sig", "att", "sbom"];

/// Brings what lies beside a version under tags made of its digest. Answers how many there are.
async fn beside(
    from: &Remote,
    to: &Remote,
    digest: &Digest,
    watch: &Watch,
) -> Result<usize, TargetError> {
    let name = digest.as_str().replace(':', "-");
    let mut all = 0;
    for kind in BESIDE {
        let tag = format!("{name}.{kind}");
        let pointer = Pointer::Tag(tag.clone());
        if from.head(&pointer).await?.is_none() {
            continue;
        }
        let options = CopyOptions {
            tag: Some(tag),
            referrers: false,
            ..CopyOptions::default()
        };
        copy(from, to, &pointer, &options, |_| {}, &watch.cancel).await?;
        all += 1;
    }
    Ok(all)
}

fn tell(target: &ChannelTarget, what: &str, news: &CopyNews, total: &AtomicU64, watch: &Watch) {
    match news {
        CopyNews::Planned { bytes, .. } => {
            total.fetch_add(bytes.0, Ordering::Relaxed);
        }
        CopyNews::Moved(done) => watch.tell_if_idle(Progress::Bytes {
            engine: target.name.clone(),
            what: what.to_owned(),
            done: Bytes(done.0),
            total: Some(Bytes(total.load(Ordering::Relaxed))),
        }),
        CopyNews::Blob { .. } | CopyNews::Manifest(_) => {}
    }
}
