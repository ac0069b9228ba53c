//! Operations on a channel that began and did not end.

use super::planning::digest_of;
use super::{ChannelTarget, Place};
use crate::model::digest::Digest;
use crate::model::event::Outcome;
use crate::model::observation::LockSeen;
use crate::model::shared::{self, Kept, Phase, Record};
use crate::target::{Job, Standing, TargetError};

/// Where a job stands: done, if the tag points to what it was to point to.
pub(super) async fn standing(target: &ChannelTarget, job: &Job) -> Result<Standing, TargetError> {
    let place = target.place(&job.container)?;
    let now: Option<Digest> = target.points_to(&place).await?;
    Ok(if now == Some(digest_of(target, &place, &job.to)?) {
        Standing::Committed
    } else {
        Standing::Halfway
    })
}

/// Every operation that has not ended.
pub(super) async fn cut_off(target: &ChannelTarget) -> Result<Vec<Job>, TargetError> {
    let mut all = Vec::new();
    for place in target.places() {
        for kept in open(target, &place).await? {
            let job = kept.record.job;
            let job = job.and_then(|job| serde_json::from_value::<Job>(job).ok());
            all.extend(job.map(|mut job| {
                // As this karat calls it.
                job.engine = target.name.clone();
                job
            }));
        }
    }
    Ok(all)
}

/// What is open at a place, oldest first.
async fn open(target: &ChannelTarget, place: &Place) -> Result<Vec<Kept>, TargetError> {
    let records = match target.history.read(&place.home).await {
        Ok(records) => records,
        Err(error) if error.is_not_there() => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    Ok(shared::open(&records)
        .into_iter()
        .filter(|kept| kept.record.channel.as_ref() == Some(&place.tag))
        .cloned()
        .collect())
}

/// Ends what is open at a place, whoever began it: the tag is left where it is.
pub(super) async fn break_lock(
    target: &ChannelTarget,
    container: &str,
) -> Result<Option<LockSeen>, TargetError> {
    let place = target.place(container)?;
    let mut broken = None;
    for kept in open(target, &place).await? {
        let before = target.history.read(&place.home).await?;
        let mut event = kept.record.event.clone();
        event.outcome = Outcome::Undone;
        event.error = Some("its lock was broken with `karat unlock`".to_owned());
        let record = Record {
            phase: Phase::Ended,
            event,
            job: None,
            written: chrono::Utc::now(),
            parents: Vec::new(),
            ..kept.record.clone()
        };
        target.history.append(&place.home, record, &before).await?;
        broken = broken.or_else(|| Some(shared::lock(&kept.record)));
    }
    Ok(broken)
}
