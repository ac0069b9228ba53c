//! Backward, from whatever is found on a simulated engine to what was there before.

use std::sync::Arc;
use std::time::Duration;

use super::container::{Life, SimContainer};
use super::{Job, SimEngine, Standing, TargetError, log, look};
use crate::model::observation::Health;
use crate::target::plain::names;

/// Lines of a failed container's log that are kept.
const LAST_LINES: usize = 200;

/// How long a container that was put back is watched before that is believed.
const BELIEVED_AFTER: Duration = Duration::from_millis(1_000);

/// Takes the new container away, whatever it is called by now. Answers its last words.
pub(super) async fn take_down(
    engine: &SimEngine,
    job: &mut Job,
) -> Result<Vec<String>, TargetError> {
    engine.answer("removing the new container").await?;
    job.live.new = None;
    let now = engine.clock.now();
    let made = (job.event.id.clone(), job.container.clone());
    Ok(engine.change(|state| {
        let mut words = Vec::new();
        let ours = |one: &SimContainer| one.id != job.old_id && one.made_by.as_ref() == Some(&made);
        for one in state.containers.iter().filter(|one| ours(one)) {
            if one.life == Life::Created {
                continue;
            }
            let lines = log::lines(one, state.images.get(&one.image_id), now);
            let skip = lines.len().saturating_sub(LAST_LINES);
            words.extend(lines.into_iter().skip(skip).map(|(_, line)| line));
            words.extend(look::health_log(one, now).iter().map(|entry| {
                format!(
                    "health check: exit code {}: {}",
                    entry.exit_code, entry.output
                )
            }));
        }
        state.containers.retain(|one| !ours(one));
        words
    }))
}

/// Puts the old container back.
pub(super) async fn bring_back(engine: &Arc<SimEngine>, job: &mut Job) -> Result<(), TargetError> {
    engine.answer("putting the old container back").await?;
    let described: Option<SimContainer> = serde_json::from_value(job.old.clone()).ok();
    let policy = described.as_ref().map(|old| old.body.policy.clone());
    let stopped = engine.change(|state| {
        let anothers = state
            .named(&job.container)
            .is_some_and(|there| there.id != job.old_id);
        if anothers {
            // Somebody replaced it outside of this operation: what runs there is theirs.
            return false;
        }
        if state.container(&job.old_id).is_none()
            && let Some(mut anew) = described
        {
            // Pruned meanwhile: made again as it was described.
            anew.life = Life::Created;
            state.containers.push(anew);
        }
        let Some(old) = state.container_mut(&job.old_id) else {
            return false;
        };
        old.name.clone_from(&job.container);
        if let Some(policy) = policy {
            old.body.policy = policy;
        }
        job.was_running && old.running_since().is_none()
    });
    if stopped {
        engine.start(&job.old_id);
        engine.clock.sleep(BELIEVED_AFTER).await;
        let runs = engine.with(|state| {
            let old = state.container(&job.old_id)?;
            old.running_since()
        });
        if runs.is_none() {
            return Err(TargetError::Unwell {
                engine: engine.name().clone(),
                container: job.container.clone(),
                what: "was put back but does not stay up".to_owned(),
            });
        }
    }
    Ok(())
}

/// Where a job stands, judged by what is there.
pub(super) async fn standing(engine: &SimEngine, job: &Job) -> Result<Standing, TargetError> {
    engine.answer("reading a container").await?;
    let parked = names::parked(&job.container, &job.event.id);
    Ok(engine.with(|state| {
        if state.named(&parked).is_some() {
            return Standing::Committed;
        }
        let Some(there) = state.named(&job.container) else {
            return Standing::Halfway;
        };
        let is_new = there.id != job.old_id
            && there
                .made_by
                .as_ref()
                .is_some_and(|(operation, _)| *operation == job.event.id);
        let well = matches!(
            there.health(),
            Health::Healthy | Health::NoCheck | Health::Starting
        );
        if is_new && (well || !job.is_started()) {
            Standing::InPlace
        } else {
            Standing::Halfway
        }
    }))
}
