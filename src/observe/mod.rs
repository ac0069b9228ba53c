//! Keeps the fleet current: one task an engine, each with its own time-out, back-off and
//! error, so that a dead or hanging engine hides nothing of the others.
//!
//! Live by the engines' events; the only thing asked again and again is a rare greeting,
//! because a half-open connection is silent exactly like an engine on which nothing happens.
//! [`logs`] follows what containers write, for as long as somebody reads it.

mod live;
pub mod logs;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;

pub use live::{Live, Pace, live};

use crate::model::fleet::{EngineState, Engines, Link};
use crate::model::project::EngineName;
use crate::model::step::Course;
use crate::target::{Clock, Target, TargetError, Targets};

/// How long one engine may take to be read whole.
const OBSERVE_WITHIN: Duration = Duration::from_secs(30);

/// Reads every engine once, all at the same time. `last` is what was known before, for
/// those that do not answer.
pub async fn gather(targets: &Targets, last: &Engines, clock: Clock) -> Engines {
    let reads = targets.usable.values().map(|target| async move {
        let state = match read(target.as_ref(), patience(target.name())).await {
            Ok(seen) => EngineState {
                last: Some(seen),
                link: Link::Up,
            },
            Err(error) => down(last.get(target.name()), &error.to_string(), clock),
        };
        (target.name().clone(), state)
    });
    let mut engines: BTreeMap<_, _> = join_all(reads).await.into_iter().collect();
    engines.extend(unusable(targets, clock));
    engines
}

/// How long a single look waits. Nobody who puts production back waits for a registry that is
/// away: what it said last will do.
fn patience(name: &EngineName) -> Duration {
    if name.is_registry() {
        Duration::from_secs(5)
    } else if name.course() == Course::Tag {
        Duration::from_secs(10)
    } else {
        OBSERVE_WITHIN
    }
}

async fn read(
    target: &dyn Target,
    within: Duration,
) -> Result<crate::model::observation::Observation, TargetError> {
    tokio::time::timeout(within, target.observe())
        .await
        .unwrap_or_else(|_| {
            Err(TargetError::Engine(crate::engine::EngineError::TimedOut {
                engine: target.name().clone(),
                doing: "reading what runs on it".to_owned(),
                after: within.into(),
            }))
        })
}

/// Before anything answered: what was known last, and everything being asked.
#[must_use]
pub fn at_first(targets: &Targets, last: &Engines, clock: Clock) -> Engines {
    let asked = targets.usable.keys().map(|name| {
        let seen = last.get(name).and_then(|state| state.last.clone());
        (
            name.clone(),
            EngineState {
                last: seen,
                link: Link::Connecting,
            },
        )
    });
    asked.chain(unusable(targets, clock)).collect()
}

fn unusable(
    targets: &Targets,
    clock: Clock,
) -> impl Iterator<Item = (EngineName, EngineState)> + '_ {
    targets
        .unusable
        .iter()
        .map(move |(name, why)| (name.clone(), down(None, why, clock)))
}

fn down(last: Option<&EngineState>, error: &str, clock: Clock) -> EngineState {
    EngineState {
        last: last.and_then(|state| state.last.clone()),
        link: Link::Down {
            error: error.to_owned(),
            since: clock.now(),
            retry_at: None,
        },
    }
}
