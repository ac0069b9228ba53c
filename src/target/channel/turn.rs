//! Whose turn it is to move a tag, where no registry can compare and swap.

use std::time::{Duration, Instant};

use super::{ChannelTarget, Place};
use crate::model::observation::LockSeen;
use crate::model::progress::Progress;
use crate::model::shared::{self, Kept, Phase, Record, Turn};
use crate::registry::Pointer;
use crate::target::{Job, TargetError, Watch};

/// How long another operation that began at the same moment is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Writes down that the job begins, and waits until nobody else is at it. The tag must still
/// point to where it did when the plan was made: read before, and again once it is our turn.
pub(super) async fn take(
    target: &ChannelTarget,
    job: &mut Job,
    watch: &Watch,
) -> Result<(), TargetError> {
    let place = target.place(&job.container)?;
    unmoved(target, &place, job).await?;
    let before = target.history.read(&place.home).await?;
    let mine = begun(target, &place, job);
    let kept = target.history.append(&place.home, mine, &before).await?;
    job.live.lock = Some(kept.tag.clone());
    let locked = |lock| TargetError::Locked {
        engine: target.name.clone(),
        container: job.container.clone(),
        lock,
    };
    let since = Instant::now();
    let mut told = false;
    loop {
        let records = target.history.read(&place.home).await?;
        match shared::turn(&records, &kept.record, chrono::Utc::now()) {
            Turn::Mine => break,
            Turn::Theirs(lock) => return Err(locked(lock)),
            Turn::Wait(lock) if since.elapsed() > PATIENCE || is_dead(&records, &lock) => {
                return Err(locked(lock));
            }
            Turn::Wait(lock) => {
                if !told {
                    told = true;
                    let note = format!("waiting for {}: {}", lock.owner, lock.summary);
                    watch.tell(Progress::Note(note)).await;
                }
            }
        }
        let pause = async {
            tokio::time::sleep(LOOK_AGAIN).await;
            Ok(())
        };
        watch.or_cancel(pause).await?;
    }
    unmoved(target, &place, job).await
}

/// Whether the process that holds up is known to be gone: it ran on this machine.
fn is_dead(records: &[Kept], lock: &LockSeen) -> bool {
    let of_it = records
        .iter()
        .filter(|kept| kept.record.event.id == lock.operation)
        .find_map(|kept| kept.record.job.clone());
    let job = of_it.and_then(|job| serde_json::from_value::<Job>(job).ok());
    job.is_some_and(|job| job.process.is_alive() == Some(false))
}

/// The record that a job begins.
fn begun(target: &ChannelTarget, place: &Place, job: &Job) -> Record {
    let now = chrono::Utc::now();
    let before = job
        .from
        .as_ref()
        .and_then(|from| from.registry_digest.as_ref());
    let from_since = before.and_then(|digest| {
        let store = target.history.store();
        store.sight(&place.tag, digest, now).ok()
    });
    Record {
        phase: Phase::Begun,
        event: job.event.clone(),
        from: job.from.clone(),
        to: Some(job.to.clone()),
        from_since,
        channel: Some(place.tag.clone()),
        job: serde_json::to_value(job).ok(),
        written: now,
        parents: Vec::new(),
    }
}

/// That the tag still points to where the plan saw it.
pub(super) async fn unmoved(
    target: &ChannelTarget,
    place: &Place,
    job: &Job,
) -> Result<(), TargetError> {
    let now = target.points_to(place).await?;
    if now.as_ref().map(ToString::to_string).unwrap_or_default() == job.old_id {
        return Ok(());
    }
    Err(moved(target, place, job, now.as_ref()).await)
}

/// Somebody else moved the tag: whose move it was, as far as the history says.
pub(super) async fn moved(
    target: &ChannelTarget,
    place: &Place,
    job: &Job,
    now: Option<&crate::model::digest::Digest>,
) -> TargetError {
    let records = target.history.read(&place.home).await.unwrap_or_default();
    let by = now.and_then(|digest| writer(&records, place, digest, job));
    let what = match (now, by) {
        (None, _) => "the tag is not there any more".to_owned(),
        (Some(now), Some(who)) => format!("{who} moved the tag to {}", now.short()),
        (Some(now), None) => format!(
            "somebody else, of whom the history knows nothing, moved the tag to {}",
            now.short()
        ),
    };
    TargetError::Moved {
        engine: target.name.clone(),
        container: place.name(),
        what,
    }
}

/// Who let the tag point to a digest, if that was the last move the history knows of.
fn writer(
    records: &[Kept],
    place: &Place,
    digest: &crate::model::digest::Digest,
    job: &Job,
) -> Option<String> {
    let others = records.iter().map(|kept| &kept.record).filter(|record| {
        record.channel.as_ref() == Some(&place.tag) && record.event.id != job.event.id
    });
    let last = others.max_by_key(|record| record.written)?;
    let to = last.to.as_ref().and_then(|to| to.registry_digest.as_ref());
    // What it was before this plan is no news: then somebody else went back to it.
    let moved_since = last.written >= job.event.time;
    (to == Some(digest) && moved_since).then(|| last.event.who.clone())
}

/// Whether the tag points to what it should.
pub(super) fn pointer_of(digest: &crate::model::digest::Digest) -> Pointer {
    Pointer::Digest(digest.clone())
}
