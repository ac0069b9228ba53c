//! Reading a simulated engine.

use std::time::Duration;

use super::{Conduct, Job, SimContainer, SimEngine, TargetError, TouchAsk};
use crate::model::details::{ChangeKind, Details, FileChange, HealthEntry, Origin, Setting};
use crate::model::observation::{Health, Observation};
use crate::model::plan::{Plan, Touch};
use crate::model::time::{Span, Timestamp};
use crate::target::job::{self, Live, Process};
use crate::target::plain::names::Reserved;

/// How often a simulated health check runs, and how long one takes.
const CHECK_EVERY: Duration = Duration::from_secs(5);
const CHECK_TAKES: Span = Span(Duration::from_millis(38));

/// Entries of the health log an engine keeps.
const KEPT: i32 = 5;

/// Beyond what starting may take.
const MARGIN: Duration = Duration::from_secs(20);

/// A container without a health check counts as well when it ran this long.
pub(super) const WATCHED: Duration = Duration::from_secs(3);

/// Everything the fleet needs.
pub(super) async fn observe(engine: &SimEngine) -> Result<Observation, TargetError> {
    engine.answer("reading what runs on it").await?;
    let at = engine.clock.now();
    Ok(engine.with(|state| {
        let mut containers: Vec<_> = state
            .containers
            .iter()
            .filter(|one| Reserved::of(&one.name).is_none())
            .map(SimContainer::seen)
            .collect();
        containers.sort_by(|a, b| a.name.cmp(&b.name));
        Observation {
            engine: engine.name().clone(),
            at,
            facts: engine.facts.clone(),
            containers,
            images: state
                .images
                .values()
                .map(|image| image.local.clone())
                .collect(),
            locks: state.locks.values().map(|held| held.job.seen()).collect(),
            parked: state
                .containers
                .iter()
                .filter(|one| matches!(Reserved::of(&one.name), Some(Reserved::Parked(_))))
                .map(|one| one.name.clone())
                .collect(),
            unread: Vec::new(),
            images_in_all: Some(state.images.len()),
        }
    }))
}

pub(super) fn none(engine: &SimEngine, container: &str) -> TargetError {
    TargetError::NoContainer {
        engine: engine.name().clone(),
        container: container.to_owned(),
    }
}

/// One container, read closely.
pub(super) async fn details(engine: &SimEngine, name: &str) -> Result<Details, TargetError> {
    engine.answer("reading a container").await?;
    let now = engine.clock.now();
    let read = engine.with(|state| {
        let found = state.named(name)?.clone();
        let image = state.images.get(&found.image_id).cloned();
        Some((found, image))
    });
    let (found, image) = read.ok_or_else(|| none(engine, name))?;
    let (env, command, conduct) = image.map_or_else(
        || (Default::default(), String::new(), Conduct::default()),
        |image| (image.env, image.command, image.conduct),
    );
    let own = |name: &str, value: String| setting(name, value, Origin::Container);
    let mut settings = vec![setting("Cmd", command, Origin::Image)];
    settings.extend(
        env.iter()
            .map(|(key, value)| setting("Env", format!("{key}={value}"), Origin::Image)),
    );
    let body = &found.body;
    settings.extend(body.env.iter().map(|key| own("Env", format!("{key}=•••"))));
    settings.extend(body.ports.iter().map(|port| own("Ports", port.clone())));
    settings.extend(body.mounts.iter().map(|mount| own("Mounts", mount.clone())));
    settings.push(own("Restart policy", body.policy.clone()));
    settings.retain(|setting| !setting.value.is_empty());
    Ok(Details {
        engine: engine.name().clone(),
        container: name.to_owned(),
        id: found.id.clone(),
        settings,
        health_log: health_log(&found, now),
        changes: found.drift.iter().filter_map(change).collect(),
        changes_error: None,
        refusal: None,
        notes: notes(&found, conduct.checked),
    })
}

fn setting(name: &str, value: String, origin: Origin) -> Setting {
    Setting {
        name: name.to_owned(),
        value,
        origin,
    }
}

fn change((sign, path): &(char, String)) -> Option<FileChange> {
    let kinds = [ChangeKind::Added, ChangeKind::Modified, ChangeKind::Deleted];
    Some(FileChange {
        kind: kinds.into_iter().find(|kind| kind.sign() == *sign)?,
        path: path.clone(),
        size: None,
    })
}

/// What its health check said the last times.
pub(super) fn health_log(found: &SimContainer, now: Timestamp) -> Vec<HealthEntry> {
    let Some(since) = found.running_since() else {
        return Vec::new();
    };
    let (exit_code, output) = match found.health() {
        Health::Healthy => (0, "ok"),
        Health::Unhealthy => (1, "GET /healthz: 503 Service Unavailable"),
        Health::Starting => (1, "GET /healthz: connection refused"),
        Health::NoCheck | Health::NotRunning => return Vec::new(),
    };
    (0..KEPT)
        .map_while(|back| {
            let at = now - CHECK_EVERY * u32::try_from(back).ok()?;
            (at > since).then(|| HealthEntry {
                at,
                took: CHECK_TAKES,
                exit_code,
                output: output.to_owned(),
            })
        })
        .collect()
}

fn notes(found: &SimContainer, checked: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if found.running_since().is_none() {
        notes.push("does not run now; the new one is started".to_owned());
    }
    if !checked {
        notes.push(format!(
            "has no health check: it is only watched for {}",
            Span(WATCHED)
        ));
    }
    match found.drift.len() {
        0 => {}
        1 => notes
            .push("1 file added or removed inside the container stays behind with it".to_owned()),
        files => notes.push(format!(
            "{files} files added or removed inside the container stay behind with it"
        )),
    }
    notes
}

/// What bringing a container to a version would do.
pub(super) async fn touch(engine: &SimEngine, ask: TouchAsk<'_>) -> Result<Touch, TargetError> {
    engine.answer("reading a container").await?;
    let read = engine.with(|state| {
        let found = state.named(ask.container)?.clone();
        let old = state.images.get(&found.image_id).cloned();
        let new = state.locate(ask.to);
        let new = new.and_then(|id| state.images.get(&id).cloned());
        Some((found, old, new))
    });
    let (found, old, new) = read.ok_or_else(|| none(engine, ask.container))?;
    let changes = match (&old, &new) {
        (Some(old), Some(new)) => changed_env(&old.env, &new.env),
        _ => Vec::new(),
    };
    let image = new.as_ref().or(old.as_ref());
    let mut notes = notes(&found, image.is_none_or(|image| image.conduct.checked));
    if new.is_none() {
        notes.push(
            "what changes in the image's own defaults is known once the image is there".to_owned(),
        );
    }
    let boots = image.map_or(Duration::ZERO, super::SimImage::boots_in);
    Ok(Touch {
        engine: engine.name().clone(),
        container: ask.container.to_owned(),
        container_id: found.id,
        from: ask.from.cloned(),
        obtain: ask.obtain.clone(),
        changes,
        notes,
        dependents: Vec::new(),
        health_wait: Span(boots + MARGIN),
    })
}

type Env = std::collections::BTreeMap<String, String>;

fn changed_env(old: &Env, new: &Env) -> Vec<String> {
    let mut changes: Vec<String> = new
        .iter()
        .filter_map(|(key, value)| match old.get(key) {
            Some(before) if before == value => None,
            Some(before) => Some(format!("Env {key}: {before} → {value} (image default)")),
            None => Some(format!("Env {key}={value} is new (image default)")),
        })
        .collect();
    let gone = old.keys().filter(|key| !new.contains_key(*key));
    changes.extend(gone.map(|key| format!("Env {key} goes (image default)")));
    changes
}

/// The job for one container of a plan.
pub(super) async fn jobs(
    engine: &SimEngine,
    plan: &Plan,
    image: usize,
    touch: usize,
) -> Result<Vec<Job>, TargetError> {
    engine.answer("reading a container").await?;
    let Some((one, touch)) = plan.touch(image, touch) else {
        return Ok(Vec::new());
    };
    let found = engine
        .with(|state| state.named(&touch.container).cloned())
        .ok_or_else(|| none(engine, &touch.container))?;
    if found.id != touch.container_id {
        return Err(TargetError::Moved {
            engine: engine.name().clone(),
            container: touch.container.clone(),
            what: "it was replaced".to_owned(),
        });
    }
    Ok(vec![Job {
        event: job::event(plan, one, touch),
        summary: plan.summary(),
        process: Process::this(&plan.who),
        engine: engine.name().clone(),
        engine_id: engine.facts.id.clone(),
        container: touch.container.clone(),
        old_id: found.id.clone(),
        was_running: found.running_since().is_some(),
        old: serde_json::to_value(&found).unwrap_or_default(),
        from: touch.from.clone(),
        to: one.to.clone(),
        heading: one.heading,
        follows: None,
        soak: plan.soak,
        health_wait: touch.health_wait,
        peers: Vec::new(),
        live: Live::default(),
    }])
}
