//! From a confirmed plan to jobs: everything read once more, and refused if it changed.

use serde_json::{Value, json};

use super::{Job, PlainTarget, REPLACED_LABEL, TargetError, TouchAsk, dependents, planning};
use crate::engine::json as read;
use crate::model::plan::{Frozen, Plan};
use crate::target::job::{self, Live, Process};

/// The jobs for one container of a plan: its own, then those of its dependents.
pub(super) async fn jobs(
    target: &PlainTarget,
    plan: &Plan,
    image: usize,
    touch: usize,
) -> Result<Vec<Job>, TargetError> {
    let Some((one, touch)) = plan.touch(image, touch) else {
        return Ok(Vec::new());
    };
    let old = target.container(&touch.container).await?;
    if read::text(&old, "/Id") != Some(touch.container_id.as_str()) {
        return Err(TargetError::Moved {
            engine: target.engine.name().clone(),
            container: touch.container.clone(),
            what: "it was replaced".to_owned(),
        });
    }
    let event = job::event(plan, one, touch);
    let engine_id = target.facts().await?.id;
    let make =
        |container: &str, old: Value, from: &Frozen, to: &Frozen, follows: Option<String>| Job {
            event: event.clone(),
            summary: plan.summary(),
            process: Process::this(&plan.who),
            engine: target.engine.name().clone(),
            engine_id: engine_id.clone(),
            container: container.to_owned(),
            old_id: read::text(&old, "/Id").unwrap_or_default().to_owned(),
            was_running: read::flag(&old, "/State/Running"),
            old: without_nested(old),
            from: Some(from.clone()),
            to: to.clone(),
            heading: one.heading,
            follows,
            soak: plan.soak,
            health_wait: touch.health_wait,
            peers: Vec::new(),
            live: Live::default(),
        };
    let mut jobs = vec![make(
        &touch.container,
        old.clone(),
        touch.from.as_ref().unwrap_or(&one.to),
        &one.to,
        None,
    )];
    for dependent in dependents::of(target, &old).await? {
        let stays = own_image(&dependent.inspect, touch.from.as_ref().unwrap_or(&one.to));
        let ask = TouchAsk {
            container: &dependent.name,
            from: Some(&stays),
            to: &stays,
            obtain: &touch.obtain,
            accept_no_rollback: true,
        };
        planning::refuse(target, &dependent.inspect, &ask).await?;
        jobs.push(make(
            &dependent.name,
            dependent.inspect,
            &stays,
            &stays,
            Some(dependent.follows),
        ));
    }
    Ok(jobs)
}

/// A dependent keeps the image it has.
fn own_image(inspect: &Value, like: &Frozen) -> Frozen {
    let identity = read::digest(inspect, "/Image").unwrap_or_else(|| like.identity.clone());
    Frozen {
        label: read::text(inspect, "/Config/Image")
            .unwrap_or_default()
            .to_owned(),
        identity,
        content: None,
        repository: like.repository.clone(),
        tag: None,
        registry_digest: None,
        size: None,
    }
}

/// Without the inspect that this container carries of its own predecessor: they would nest
/// from one deployment to the next.
fn without_nested(mut inspect: Value) -> Value {
    if let Some(labels) = inspect
        .pointer_mut("/Config/Labels")
        .and_then(Value::as_object_mut)
        && labels.contains_key(REPLACED_LABEL)
    {
        labels.insert(REPLACED_LABEL.to_owned(), json!("left out"));
    }
    inspect
}
