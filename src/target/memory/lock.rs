//! The lock on a simulated engine: one for each name, and the whole job in it.

use super::{Job, Relock, SimEngine, TargetError};
use crate::target::job::Live;

/// A lock that is held.
#[derive(Clone)]
pub(super) struct Held {
    /// Tells it from an earlier one of the same container.
    pub(super) id: String,
    /// What it is for.
    pub(super) job: Job,
}

/// Takes the lock for a container that must still be the one the job was made for.
pub(super) async fn claim(engine: &SimEngine, job: &mut Job) -> Result<(), TargetError> {
    engine.answer("locking a container").await?;
    take(engine, job)?;
    let what = engine.with(|state| match state.named(&job.container) {
        None => Some("it is gone"),
        Some(there) if there.id != job.old_id => Some("somebody replaced it"),
        Some(_) => None,
    });
    let Some(what) = what else { return Ok(()) };
    release(engine, job);
    Err(TargetError::Moved {
        engine: engine.name().clone(),
        container: job.container.clone(),
        what: what.to_owned(),
    })
}

fn take(engine: &SimEngine, job: &mut Job) -> Result<(), TargetError> {
    // As it travels in a real lock: without what only this process knows.
    let kept = Job {
        live: Live::default(),
        ..job.clone()
    };
    let taken = engine.change(|state| match state.locks.get(&job.container) {
        Some(held) if held.job.event.id == job.event.id && held.job.process == job.process => {
            Ok(held.id.clone())
        }
        Some(held) => Err(held.job.seen()),
        None => {
            let id = state.new_id(engine.name(), "lock");
            let held = Held {
                id: id.clone(),
                job: kept,
            };
            state.locks.insert(job.container.clone(), held);
            Ok(id)
        }
    });
    let id = taken.map_err(|lock| TargetError::Locked {
        engine: engine.name().clone(),
        container: job.container.clone(),
        lock: Box::new(lock),
    })?;
    job.live.lock = Some(id);
    Ok(())
}

/// Makes sure that the lock is still there and still ours.
pub(super) fn check(engine: &SimEngine, job: &Job) -> Result<(), TargetError> {
    engine.reachable("looking for its lock")?;
    let held = engine.with(|state| state.locks.get(&job.container).map(|held| held.id.clone()));
    if held.is_some() && held == job.live.lock {
        return Ok(());
    }
    Err(TargetError::LockLost {
        engine: engine.name().clone(),
        container: job.container.clone(),
    })
}

/// Takes our own lock away; one that is gone is fine.
pub(super) fn release(engine: &SimEngine, job: &mut Job) {
    let Some(id) = job.live.lock.take() else {
        return;
    };
    engine.change(|state| {
        if state
            .locks
            .get(&job.container)
            .is_some_and(|held| held.id == id)
        {
            state.locks.remove(&job.container);
        }
    });
}

/// Makes the lock ours: see [`Relock`].
pub(super) async fn relock(
    engine: &SimEngine,
    job: &mut Job,
    reason: Relock,
) -> Result<(), TargetError> {
    engine.answer("locking a container").await?;
    match reason {
        Relock::Vanished => match check(engine, job) {
            Err(TargetError::LockLost { .. }) => take(engine, job),
            other => other,
        },
        Relock::TakeOver => {
            // Only the very lock that was found: another one is somebody's who recovers, too.
            release(engine, job);
            take(engine, job)
        }
    }
}
