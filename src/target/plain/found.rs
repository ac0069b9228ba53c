//! What is found on an engine that no running operation explains: locks of clients that are
//! gone, containers whose lock is gone, and parked containers whose soak is over.

use std::collections::BTreeMap;

use serde_json::Value;

use super::names::Reserved;
use super::{Job, Listed, OPERATION_LABEL, PlainTarget, SOAK_LABEL, TargetError, lock};
use crate::engine::containers::Volumes;
use crate::engine::json as read;
use crate::model::event::EVENT_LABEL;
use crate::model::plan::OperationId;
use crate::model::project::DEFAULT_SOAK;
use crate::model::time::{Span, Timestamp};
use crate::target::job::{self, Stray};

/// What was cut off: the jobs in locks, and reserved containers without a lock.
pub(super) async fn cut_off(target: &PlainTarget) -> Result<Vec<Job>, TargetError> {
    let listed = target.list().await?;
    let mut jobs: Vec<Job> = listed
        .iter()
        .filter(|one| matches!(Reserved::of(&one.name), Some(Reserved::Lock(_))))
        .filter_map(lock::read)
        .collect();
    // A lock names the engine as its owner knew it; here it may be called otherwise.
    for job in &mut jobs {
        job.engine = target.engine.name().clone();
    }
    let mut strays: BTreeMap<&str, (Option<&Listed>, Option<&Listed>)> = BTreeMap::new();
    for one in &listed {
        match Reserved::of(&one.name) {
            Some(Reserved::Old(place)) => strays.entry(place).or_default().0 = Some(one),
            Some(Reserved::New(place)) => strays.entry(place).or_default().1 = Some(one),
            _ => {}
        }
    }
    for (place, (old, new)) in strays {
        let locked = listed
            .iter()
            .any(|one| Reserved::of(&one.name) == Some(Reserved::Lock(place)));
        if !locked {
            jobs.extend(stray(target, place, old, new).await?);
        }
    }
    Ok(jobs)
}

/// A job made up from what a vanished lock left behind.
async fn stray(
    target: &PlainTarget,
    place: &str,
    old: Option<&Listed>,
    new: Option<&Listed>,
) -> Result<Option<Job>, TargetError> {
    let old_id = old.map_or(place, |one| one.id.as_str());
    let Some(mut inspect) = target.engine.container(old_id).await? else {
        // Only a new container that was never put in place, and nothing to replace.
        return Ok(None);
    };
    let in_place = target.engine.container(place).await?;
    let successor = match new {
        Some(one) => target.engine.container(&one.id).await?,
        None => in_place,
    };
    let label = |key: &str| {
        successor
            .as_ref()?
            .pointer("/Config/Labels")?
            .get(key)?
            .as_str()
    };
    let event = label(EVENT_LABEL).and_then(|text| serde_json::from_str(text).ok());
    let operation = label(OPERATION_LABEL).map_or_else(
        || {
            OperationId(
                old.and_then(|one| one.name.rsplit('-').next())
                    .unwrap_or_default()
                    .to_owned(),
            )
        },
        |id| OperationId(id.to_owned()),
    );
    // The old one was disarmed; what its policy was, its successor took over.
    if let Some(policy) = successor
        .as_ref()
        .and_then(|one| one.pointer("/HostConfig/RestartPolicy"))
        && let Some(host) = inspect
            .pointer_mut("/HostConfig")
            .and_then(Value::as_object_mut)
    {
        host.insert("RestartPolicy".to_owned(), policy.clone());
    }
    let identity = read::digest(&inspect, "/Image");
    let Some(identity) = identity else {
        return Ok(None);
    };
    let stray = Stray {
        engine: target.engine.name().clone(),
        engine_id: target.facts().await?.id,
        container: place.to_owned(),
        old_id: read::text(&inspect, "/Id").unwrap_or_default().to_owned(),
        image: read::text(&inspect, "/Config/Image")
            .unwrap_or_default()
            .to_owned(),
        identity,
        old: inspect,
    };
    let event = event.unwrap_or_else(|| job::unknown_event(operation));
    Ok(Some(stray.job(event)))
}

/// Takes away parked containers whose soak is over, where their successor runs.
pub(super) async fn sweep(
    target: &PlainTarget,
    now: Timestamp,
) -> Result<Vec<String>, TargetError> {
    let listed = target.list().await?;
    let mut swept = Vec::new();
    for one in &listed {
        let Some(Reserved::Parked(place)) = Reserved::of(&one.name) else {
            continue;
        };
        let locked = listed
            .iter()
            .any(|other| Reserved::of(&other.name) == Some(Reserved::Lock(place)));
        let Some(successor) = listed.iter().find(|other| other.name == place && !locked) else {
            continue;
        };
        let soak = successor
            .label(SOAK_LABEL)
            .and_then(|text| Span::parse(text).ok())
            .unwrap_or(DEFAULT_SOAK);
        let Some(inspect) = target.engine.container(&one.id).await? else {
            continue;
        };
        let runs = read::text(&successor.raw, "/State") == Some("running");
        // One that never ran was put aside when its successor was made.
        let made = read::number(&successor.raw, "/Created")
            .and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0));
        let over = read::time(&inspect, "/State/FinishedAt")
            .or(made)
            .is_some_and(|end| Span::between(end, now) >= soak);
        if runs && over {
            target.engine.remove(&one.id, Volumes::Keep).await?;
            swept.push(one.name.clone());
        }
    }
    Ok(swept)
}
