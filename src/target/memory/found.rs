//! What is found on a simulated engine that no running operation explains.

use super::container::{Life, SimContainer};
use super::{Job, SimEngine, TargetError};
use crate::model::plan::OperationId;
use crate::model::project::DEFAULT_SOAK;
use crate::model::time::{Span, Timestamp};
use crate::target::job::{self, Stray};
use crate::target::plain::names::Reserved;

/// What was cut off: the jobs in locks, and containers put aside that no lock explains.
pub(super) async fn cut_off(engine: &SimEngine) -> Result<Vec<Job>, TargetError> {
    engine.answer("looking for what was cut off").await?;
    Ok(engine.with(|state| {
        let mut jobs: Vec<Job> = state
            .locks
            .values()
            .map(|held| {
                let mut job = held.job.clone();
                job.engine = engine.name().clone();
                job.live.lock = Some(held.id.clone());
                job
            })
            .collect();
        let strays = state.containers.iter().filter_map(|one| {
            let Some(Reserved::Old(place)) = Reserved::of(&one.name) else {
                return None;
            };
            let locked = state.locks.contains_key(place);
            let successor = state.containers.iter().find(|other| {
                let meant = other.made_by.as_ref();
                other.id != one.id && meant.is_some_and(|(_, name)| name == place)
            });
            (!locked).then(|| stray(engine, place, one, successor))
        });
        jobs.extend(strays);
        jobs
    }))
}

/// A job made up from what a vanished lock left behind.
fn stray(
    engine: &SimEngine,
    place: &str,
    old: &SimContainer,
    successor: Option<&SimContainer>,
) -> Job {
    let operation = successor
        .and_then(|one| one.made_by.clone())
        .map_or_else(|| OperationId(String::new()), |(operation, _)| operation);
    let event = successor
        .and_then(|one| one.deployed_by.clone())
        .unwrap_or_else(|| job::unknown_event(operation));
    let mut described = old.clone();
    // It was disarmed; what its policy was, its successor took over.
    if let Some(successor) = successor {
        described.body.policy.clone_from(&successor.body.policy);
    }
    Stray {
        engine: engine.name().clone(),
        engine_id: engine.facts.id.clone(),
        container: place.to_owned(),
        old_id: old.id.clone(),
        image: old.image.clone(),
        identity: old.image_id.clone(),
        old: serde_json::to_value(&described).unwrap_or_default(),
    }
    .job(event)
}

/// Takes away parked containers whose soak is over, where their successor runs.
pub(super) async fn sweep(engine: &SimEngine, now: Timestamp) -> Result<Vec<String>, TargetError> {
    engine.answer("looking for parked containers").await?;
    let swept: Vec<String> = engine.with(|state| {
        let parked = state.containers.iter().filter(|one| {
            let Some(Reserved::Parked(place)) = Reserved::of(&one.name) else {
                return false;
            };
            let Some(successor) = state.named(place) else {
                return false;
            };
            let end = match one.life {
                Life::Ended { at, .. } => at,
                Life::Created | Life::Running { .. } => successor.created,
            };
            let soak = successor.soak.unwrap_or(DEFAULT_SOAK);
            successor.running_since().is_some()
                && !state.locks.contains_key(place)
                && Span::between(end, now) >= soak
        });
        parked.map(|one| one.name.clone()).collect()
    });
    if !swept.is_empty() {
        engine.change(|state| state.containers.retain(|one| !swept.contains(&one.name)));
    }
    Ok(swept)
}
