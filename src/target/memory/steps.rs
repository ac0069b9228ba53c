//! Forward: the steps of replacing one container on a simulated engine.

use std::sync::Arc;
use std::time::Duration;

use super::container::{Life, SimContainer};
use super::{Job, SimEngine, TargetError, Watch, lock, log, look};
use crate::model::observation::Health;
use crate::model::progress::Progress;
use crate::model::run::{RUNS_KEPT, Run};
use crate::model::step::{Course, Step};
use crate::model::time::{Span, Timestamp};
use crate::target::job::StopSent;
use crate::target::plain::names;

/// How often a container that is waited for is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How long making a container takes.
const MAKING: Duration = Duration::from_millis(250);

/// Carries out one step.
pub(super) async fn carry_out(
    engine: &Arc<SimEngine>,
    step: Step,
    job: &mut Job,
    watch: &Watch,
) -> Result<(), TargetError> {
    match step {
        Step::Lock => return lock::claim(engine, job).await,
        Step::Unlock => {
            engine.answer("unlocking a container").await?;
            lock::release(engine, job);
            return Ok(());
        }
        _ => engine.answer(step.words()).await?,
    }
    lock::check(engine, job)?;
    match step {
        Step::Create => create(engine, job, watch).await,
        Step::Disarm => {
            let disarm = |old: &mut SimContainer| old.body.policy = "no".to_owned();
            on(engine, &job.old_id, disarm)
        }
        Step::Stop => stop(engine, job, watch).await,
        Step::Park => rename(
            engine,
            &job.old_id,
            names::old(&job.container, &job.event.id),
        ),
        Step::Adopt => rename(engine, new_id(job)?, job.container.clone()),
        Step::Start => {
            engine.start(new_id(job)?);
            Ok(())
        }
        Step::AwaitHealth => wait(engine, job, watch).await,
        Step::Commit => {
            let parked = names::parked(&job.container, &job.event.id);
            match rename(engine, &job.old_id, parked) {
                // Removed by somebody: nothing left to park.
                Err(TargetError::NoContainer { .. }) => Ok(()),
                other => other,
            }
        }
        Step::Lock | Step::Obtain | Step::Unlock | Step::Keep | Step::Point | Step::Confirm => {
            Ok(())
        }
    }
}

/// The new container; of an operation that somebody else began, the one in its place.
fn new_id(job: &Job) -> Result<&str, TargetError> {
    job.live
        .new
        .as_deref()
        .ok_or_else(|| TargetError::NoContainer {
            engine: job.engine.clone(),
            container: job.container.clone(),
        })
}

/// Changes a container that must be there.
pub(super) fn on(
    engine: &SimEngine,
    id: &str,
    change: impl FnOnce(&mut SimContainer),
) -> Result<(), TargetError> {
    let done = engine.change(|state| state.container_mut(id).map(change));
    done.ok_or_else(|| TargetError::NoContainer {
        engine: engine.name().clone(),
        container: id.to_owned(),
    })
}

pub(super) fn rename(engine: &SimEngine, id: &str, name: String) -> Result<(), TargetError> {
    on(engine, id, |one| one.name = name)
}

async fn create(engine: &SimEngine, job: &mut Job, watch: &Watch) -> Result<(), TargetError> {
    job.live.stop = StopSent::No;
    let making = async {
        engine.clock.sleep(MAKING).await;
        Ok(())
    };
    watch.or_cancel(making).await?;
    let now = engine.clock.now();
    let made = engine.change(|state| {
        let image = match &job.live.image {
            Some(id) => id.clone(),
            None => state.locate(&job.to)?,
        };
        let old = state.container(&job.old_id)?.clone();
        let id = state.new_id(engine.name(), "container");
        state
            .containers
            .push(successor(job, &old, id.clone(), image, now));
        Some(id)
    });
    let id = made.ok_or_else(|| TargetError::WrongImage {
        engine: engine.name().clone(),
        version: job.to.label.clone(),
        what: "it is not there".to_owned(),
    })?;
    job.live.new = Some(id);
    Ok(())
}

/// The container that takes an old one's place.
pub(super) fn successor(
    job: &Job,
    old: &SimContainer,
    id: String,
    image_id: crate::model::digest::Digest,
    now: Timestamp,
) -> SimContainer {
    let made_by = Some((job.event.id.clone(), job.container.clone()));
    let name = names::new(&job.container, &job.event.id);
    let mut body = old.body.clone();
    if let Some(policy) = job
        .old
        .pointer("/body/policy")
        .and_then(|text| text.as_str())
    {
        body.policy = policy.to_owned();
    }
    let fresh = SimContainer {
        id,
        name,
        image: image_id.to_string(),
        image_id,
        body,
        created: now,
        life: Life::Created,
        restarts: 0,
        made_by,
        drift: Vec::new(),
        ..old.clone()
    };
    if job.before().identity == job.to.identity {
        // The same version goes on: its past is its own.
        return fresh;
    }
    let mut runs = old.runs.clone();
    runs.extend(run(job, old, now));
    runs.sort_by_key(|run| std::cmp::Reverse(run.until));
    runs.truncate(RUNS_KEPT);
    SimContainer {
        runs,
        recorded: Some(job.to.reference()),
        deployed_by: Some(job.event.clone()),
        soak: Some(job.soak),
        ..fresh
    }
}

/// The run that is about to end, as last read.
fn run(job: &Job, old: &SimContainer, now: Timestamp) -> Option<Run> {
    let (since, until) = match old.life {
        Life::Created => return None,
        Life::Running { since, .. } => (since, now),
        Life::Ended { ran_since, at, .. } => (ran_since, at),
    };
    Some(Run {
        reference: old
            .recorded
            .as_ref()
            .map_or_else(|| old.image.clone(), ToString::to_string),
        version: job
            .before()
            .tag
            .as_ref()
            .map(|_| job.before().label.clone()),
        image_id: old.image_id.clone(),
        identity: job.before().identity.clone(),
        since,
        until,
        restarts: old.restarts,
        health: old.health(),
        of: Course::Container,
        ended_by: job.event.operation,
        heading: job.heading,
        operation: job.event.id.clone(),
        who: job.event.who.clone(),
        reason: job.event.reason.clone(),
        followed_by: job.to.label.clone(),
        followed_by_identity: Some(job.to.identity.clone()),
        base: None,
    })
}

async fn stop(engine: &SimEngine, job: &mut Job, watch: &Watch) -> Result<(), TargetError> {
    job.live.stop = StopSent::Yes;
    let takes = engine.with(|state| state.container(&job.old_id).map(|old| old.body.stops_in));
    let stopping = async {
        engine.clock.sleep(takes.unwrap_or_default().0).await;
        Ok(())
    };
    watch.or_cancel(stopping).await?;
    let at = engine.clock.now();
    on(engine, &job.old_id, |old| {
        if let Life::Running { since, .. } = old.life {
            old.life = Life::Ended {
                ran_since: since,
                at,
                code: 0,
            };
        }
    })
}

/// Waits until the new container is well. Fails at once when it ends or becomes unhealthy;
/// its log is passed on meanwhile.
async fn wait(engine: &SimEngine, job: &Job, watch: &Watch) -> Result<(), TargetError> {
    let unwell = |what: String| TargetError::Unwell {
        engine: engine.name().clone(),
        container: job.container.clone(),
        what,
    };
    let begun = tokio::time::Instant::now();
    let mut told = 0;
    loop {
        let read = engine.with(|state| {
            // Somebody else's operation: what is in its place is what is waited for.
            let found = match &job.live.new {
                Some(id) => state.container(id),
                None => state.named(&job.container),
            }?;
            let image = state.images.get(&found.image_id);
            Some((found.clone(), log::lines(found, image, engine.clock.now())))
        });
        let Some((found, lines)) = read else {
            return Err(unwell("is gone".to_owned()));
        };
        for (_, line) in lines.iter().skip(told) {
            watch.tell(Progress::Log(line.clone())).await;
        }
        told = lines.len();
        match (found.health(), &found.life) {
            (Health::Healthy, _) => return Ok(()),
            (Health::NoCheck, _) if engine.clock.since(begun).0 >= look::WATCHED => return Ok(()),
            (Health::Unhealthy, _) => {
                let said = lines
                    .last()
                    .map(|(_, line)| line.as_str())
                    .unwrap_or_default();
                return Err(unwell(format!("became unhealthy: {said}")));
            }
            (Health::NotRunning, Life::Ended { code, .. }) => {
                return Err(unwell(format!("exited with code {code}")));
            }
            (Health::NotRunning, _) => return Err(unwell("does not run".to_owned())),
            (Health::NoCheck | Health::Starting, _) => {}
        }
        let waited: Span = engine.clock.since(begun);
        if waited > job.health_wait {
            return Err(unwell(format!(
                "was not healthy within {}",
                job.health_wait
            )));
        }
        lock::check(engine, job)?;
        let pause = async {
            engine.clock.sleep(LOOK_EVERY).await;
            Ok(())
        };
        watch.or_cancel(pause).await?;
    }
}
