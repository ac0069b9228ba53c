//! Backward: from whatever is found on the engine to what was there before. The same code
//! serves a failure, a cancel, and a recovery on another machine, and may be run again at
//! any point of itself.

use std::time::Duration;

use serde_json::{Value, json};

use super::carry::OWN_LABELS;
use super::names::{self};
use super::secrets::Secrets;
use super::steps::{
    grace, is_auto_removed, is_disarmed, policy, stays_armed, wait_down, wait_removed,
};
use super::{
    CONTAINER_LABEL, Job, Listed, OPERATION_LABEL, PlainTarget, Standing, TargetError, observe,
    planning,
};
use crate::engine::containers::Volumes;
use crate::engine::json as read;
use crate::model::observation::Health;
use crate::target::job::StopSent;

/// Lines of a failed container's log that are kept.
const LAST_LINES: usize = 200;

/// How long a container that was put back is watched before that is believed. A request
/// sent before its client died may still be carried out meanwhile.
const BELIEVED_AFTER: Duration = Duration::from_millis(1_500);

/// Takes the new container away, whatever it is called by now.
pub(super) async fn take_down(
    target: &PlainTarget,
    job: &mut Job,
) -> Result<Vec<String>, TargetError> {
    let mut words = Vec::new();
    let mut found: Vec<String> = made_by(target, job)
        .await?
        .into_iter()
        .map(|one| one.id)
        .collect();
    // One whose labels could not be listed for some reason is still known by its id.
    found.extend(job.live.new.take().filter(|id| !found.contains(id)));
    for id in found {
        if let Some(inspect) = target.engine.container(&id).await?
            && read::time(&inspect, "/State/StartedAt").is_some()
        {
            words.extend(last_words(target, &id, &inspect).await);
        }
        // Its own anonymous volumes are new and go with it; those it took over have names.
        target.engine.remove(&id, Volumes::Remove).await?;
    }
    Ok(words)
}

/// Containers this operation created for this name.
async fn made_by(target: &PlainTarget, job: &Job) -> Result<Vec<Listed>, TargetError> {
    let listed = target.list().await?;
    Ok(listed
        .into_iter()
        .filter(|one| {
            one.id != job.old_id
                && one.label(OPERATION_LABEL) == Some(job.event.id.0.as_str())
                && one.label(CONTAINER_LABEL) == Some(job.container.as_str())
        })
        .collect())
}

/// The log and the health log of a container that is about to be removed, with the values
/// of variables that look like secrets taken out.
async fn last_words(target: &PlainTarget, id: &str, inspect: &Value) -> Vec<String> {
    let mut words = target.engine.last_lines(id, LAST_LINES).await;
    for entry in read::list(inspect, "/State/Health/Log") {
        let code = read::number(entry, "/ExitCode").unwrap_or_default();
        let output = read::text(entry, "/Output").unwrap_or("(no output)").trim();
        words.push(format!("health check: exit code {code}: {output}"));
    }
    let secrets = Secrets::of(target, inspect).await;
    words.iter().map(|line| secrets.hide(line)).collect()
}

/// Puts the old container back.
pub(super) async fn bring_back(target: &PlainTarget, job: &mut Job) -> Result<(), TargetError> {
    if name_is_anothers(target, job).await? {
        // Somebody replaced it outside of this operation: what runs there is theirs, and
        // the old container stays what it has become since.
        return Ok(());
    }
    let there = match target.engine.container(&job.old_id).await? {
        // Down, so on its way out: it cannot be kept, only be made again.
        Some(old) if is_auto_removed(&old) && !read::flag(&old, "/State/Running") => {
            let removed = wait_removed(target, &job.old_id).await?;
            (!removed).then_some(old)
        }
        there => there,
    };
    match there {
        Some(old) => settle_old(target, job, &old).await?,
        None => make_anew(target, job).await?,
    }
    if job.was_running {
        believe(target, job).await?;
    }
    rearm(target, job).await
}

/// Gives the old container its restart policy again, and looks whether it has it: a request
/// of a dead client to take it away may have arrived meanwhile.
async fn rearm(target: &PlainTarget, job: &Job) -> Result<(), TargetError> {
    let wanted = policy(&job.old);
    let Some(old) = target.engine.container(&job.old_id).await? else {
        return Ok(());
    };
    if is_disarmed(&policy(&old)) && !is_disarmed(&wanted) {
        target
            .engine
            .set_restart_policy(&job.old_id, &wanted)
            .await?;
    }
    Ok(())
}

/// Whether the name belongs to a container that this operation neither found nor made.
async fn name_is_anothers(target: &PlainTarget, job: &Job) -> Result<bool, TargetError> {
    let Some(there) = target.engine.container(&job.container).await? else {
        return Ok(false);
    };
    let operation = there
        .pointer("/Config/Labels")
        .and_then(|labels| labels.get(OPERATION_LABEL))
        .and_then(Value::as_str);
    let before = job
        .old
        .pointer("/Config/Labels")
        .and_then(|labels| labels.get(OPERATION_LABEL))
        .and_then(Value::as_str);
    let is_old = read::text(&there, "/Id") == Some(job.old_id.as_str());
    // One made anew from the old one's description carries the old one's labels.
    let made_anew = operation == before;
    Ok(!is_old && !made_anew && operation != Some(job.event.id.0.as_str()))
}

async fn settle_old(target: &PlainTarget, job: &Job, old: &Value) -> Result<(), TargetError> {
    let engine = &target.engine;
    let name = read::text(old, "/Name")
        .unwrap_or_default()
        .trim_start_matches('/');
    if name != job.container {
        engine.rename(&job.old_id, &job.container).await?;
    }
    let (wanted, found) = (policy(&job.old), policy(old));
    let disarmed = is_disarmed(&found) && !is_disarmed(&wanted);
    if job.was_running {
        let running = read::flag(old, "/State/Running");
        let stop_may_come = match job.live.stop {
            StopSent::No => false,
            StopSent::Yes => true,
            // The stop is asked for right after disarming. Where there was nothing to
            // disarm, nothing tells.
            StopSent::Unknown => {
                disarmed || is_disarmed(&wanted) || stays_armed(target, &job.old).await?
            }
        };
        if running && stop_may_come {
            // A stop whose client died is still carried out, up to its whole grace later.
            // Stopping again waits for that one to end.
            engine.stop(&job.old_id, grace(old)).await?;
            wait_down(target, &job.old_id).await?;
            engine.start(&job.old_id).await?;
        } else if !running {
            engine.start(&job.old_id).await?;
        }
    }
    Ok(())
}

/// The old container is gone: pruned, or removed by the engine itself. It is made again as
/// it was described.
async fn make_anew(target: &PlainTarget, job: &mut Job) -> Result<(), TargetError> {
    if let Some(there) = target.engine.container(&job.container).await? {
        // Made anew by an earlier try of this very undoing.
        let id = read::text(&there, "/Id").unwrap_or_default().to_owned();
        target.engine.start(&id).await?;
        job.old_id = id;
        return Ok(());
    }
    let image = read::text(&job.old, "/Image")
        .unwrap_or_default()
        .to_owned();
    let carried = planning::carried(target, &job.old, None, &image).await?;
    let mut body = carried.body;
    let before = job
        .old
        .pointer("/Config/Labels")
        .cloned()
        .unwrap_or_else(|| json!({}));
    if let Some(body) = body.as_object_mut() {
        let labels = body.entry("Labels").or_insert_with(|| json!({}));
        for key in OWN_LABELS {
            if let (Some(labels), Some(value)) = (labels.as_object_mut(), before.get(key)) {
                labels.insert(key.to_owned(), value.clone());
            }
        }
    }
    let id = target.engine.create(&job.container, &body).await?;
    for (network, endpoint) in &carried.connect {
        target
            .engine
            .connect_network(network, &id, endpoint)
            .await?;
    }
    if job.was_running {
        target.engine.start(&id).await?;
    }
    job.old_id = id;
    Ok(())
}

/// The old container runs, and still does a little later.
async fn believe(target: &PlainTarget, job: &Job) -> Result<(), TargetError> {
    if job.live.stop != StopSent::No {
        tokio::time::sleep(BELIEVED_AFTER).await;
    }
    for _ in 0..3 {
        let inspect = target.container(&job.old_id).await?;
        if observe::health(&inspect) != Health::NotRunning {
            return Ok(());
        }
        target.engine.start(&job.old_id).await?;
        tokio::time::sleep(BELIEVED_AFTER).await;
    }
    Err(TargetError::Unwell {
        engine: target.engine.name().clone(),
        container: job.container.clone(),
        what: "was put back but does not stay up".to_owned(),
    })
}

/// Where a job stands.
pub(super) async fn standing(target: &PlainTarget, job: &Job) -> Result<Standing, TargetError> {
    let parked = names::parked(&job.container, &job.event.id);
    if target.engine.container(&parked).await?.is_some() {
        return Ok(Standing::Committed);
    }
    let Some(there) = target.engine.container(&job.container).await? else {
        return Ok(Standing::Halfway);
    };
    let is_new = read::text(&there, "/Id") != Some(job.old_id.as_str())
        && there
            .pointer("/Config/Labels")
            .and_then(|labels| labels.get(OPERATION_LABEL))
            == Some(&json!(job.event.id));
    let well = !job.is_started()
        || matches!(
            observe::health(&there),
            Health::Healthy | Health::NoCheck | Health::Starting
        );
    Ok(if is_new && well {
        Standing::InPlace
    } else {
        Standing::Halfway
    })
}
