//! Forward: the steps of replacing one container, and bringing its image.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::{Map, Value, json};

use super::names::{self};
use super::{
    CONTAINER_LABEL, Job, OPERATION_LABEL, PlainTarget, RECORDED_LABEL, REPLACED_LABEL, SOAK_LABEL,
    TargetError, Watch, health, locate, lock, observe, planning,
};
use crate::engine::containers::Volumes;
use crate::engine::images::ImageStream;
use crate::engine::json as read;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::event::EVENT_LABEL;
use crate::model::observation::EngineKind;
use crate::model::plan::Frozen;
use crate::model::progress::Progress;
use crate::model::reference::ImageRef;
use crate::model::run::{RUNS_LABEL, Run, read_label, write_label};
use crate::model::step::{Course, Step};
use crate::target::job::StopSent;

/// How long an engine gives a container to stop when nothing else is said.
const STOP_GRACE: Duration = Duration::from_secs(10);

/// How often, ten times a second, a container that the engine removes is looked for.
const REMOVED_WITHIN_ASKS: u32 = 150;

/// Carries out one step. `Obtain` is not among them: it belongs to an engine, not to a
/// container.
pub(super) async fn carry_out(
    target: &PlainTarget,
    step: Step,
    job: &mut Job,
    watch: &Watch,
) -> Result<(), TargetError> {
    if !matches!(step, Step::Lock | Step::Unlock) {
        lock::check_patiently(target, job).await?;
    }
    match step {
        Step::Lock => {
            lock::claim(target, job).await?;
            // It is this process's own from here on, and no stop was asked for yet.
            job.live.stop = StopSent::No;
            Ok(())
        }
        // Those of a tag are none of a container.
        Step::Obtain | Step::Keep | Step::Point | Step::Confirm => Ok(()),
        Step::Create => create(target, job).await,
        Step::Disarm => disarm(target, job).await,
        Step::Stop => stop(target, job, watch).await,
        Step::Park => park(target, job).await,
        Step::Adopt => adopt(target, job).await,
        Step::Start => Ok(target.engine.start(new_id(job)).await?),
        Step::AwaitHealth => health::wait(target, job, watch).await,
        Step::Commit => commit(target, job).await,
        Step::Unlock => unlock(target, job).await,
    }
}

fn new_id(job: &Job) -> &str {
    job.live.new.as_deref().unwrap_or(&job.container)
}

/// How long the container itself wants to be given to stop.
pub(super) fn grace(inspect: &Value) -> Duration {
    read::number(inspect, "/Config/StopTimeout")
        .and_then(|seconds| u64::try_from(seconds).ok())
        .map_or(STOP_GRACE, Duration::from_secs)
}

async fn create(target: &PlainTarget, job: &mut Job) -> Result<(), TargetError> {
    job.live.stop = StopSent::No;
    // Read again: this is the last look at how the old one fared.
    let old = target.container(&job.old_id).await?;
    let id = match &job.live.image {
        Some(id) => id.clone(),
        None => locate::locate(target, &job.to)
            .await?
            .ok_or_else(|| TargetError::WrongImage {
                engine: target.engine.name().clone(),
                version: job.to.label.clone(),
                what: "it is not there".to_owned(),
            })?,
    };
    let image = target.engine.image(id.as_str()).await?;
    let reference = reference(job, image.as_ref(), &id);
    let carried = planning::carried(target, &old, image.as_ref(), &reference).await?;
    let mut body = carried.body;
    write_labels(&mut body, job, &old);
    let name = names::new(&job.container, &job.event.id);
    let new = target.engine.create(&name, &body).await?;
    job.live.new = Some(new.clone());
    for (network, endpoint) in &carried.connect {
        target
            .engine
            .connect_network(network, &new, endpoint)
            .await?;
    }
    Ok(())
}

/// What to create from: by digest where the engine knows the image by one from the
/// registry, else by id. (With a tag and an id the engine would ask a registry.)
fn reference(job: &Job, image: Option<&Value>, id: &Digest) -> String {
    let by_digest = job
        .to
        .registry_digest
        .as_ref()
        .map(|digest| format!("{}@{digest}", job.to.repository));
    let known = |name: &String| {
        image.is_some_and(|image| {
            read::list(image, "/RepoDigests")
                .iter()
                .any(|entry| entry.as_str() == Some(name.as_str()))
        })
    };
    by_digest.filter(known).unwrap_or_else(|| id.to_string())
}

/// What the new container says of itself and of what ran before it.
fn write_labels(body: &mut Value, job: &Job, old: &Value) {
    let before = |key: &str| {
        old.pointer("/Config/Labels")
            .and_then(|labels| labels.get(key))
            .cloned()
    };
    let Some(body) = body.as_object_mut() else {
        return;
    };
    let labels = body.entry("Labels").or_insert_with(|| json!({}));
    if !labels.is_object() {
        *labels = Value::Object(Map::new());
    }
    let Some(labels) = labels.as_object_mut() else {
        return;
    };
    labels.insert(OPERATION_LABEL.to_owned(), json!(job.event.id));
    labels.insert(CONTAINER_LABEL.to_owned(), json!(job.container));
    if job.before().identity == job.to.identity {
        // The same version goes on: its past is its own.
        for key in [RUNS_LABEL, EVENT_LABEL, RECORDED_LABEL, SOAK_LABEL] {
            if let Some(value) = before(key) {
                labels.insert(key.to_owned(), value);
            }
        }
        return;
    }
    let mut runs = before(RUNS_LABEL)
        .and_then(|text| Some(read_label(text.as_str()?)))
        .unwrap_or_default();
    runs.extend(run(job, old));
    labels.insert(RUNS_LABEL.to_owned(), json!(write_label(&runs)));
    labels.insert(
        EVENT_LABEL.to_owned(),
        json!(serde_json::to_string(&job.event).unwrap_or_default()),
    );
    labels.insert(
        RECORDED_LABEL.to_owned(),
        json!(job.to.reference().to_string()),
    );
    labels.insert(SOAK_LABEL.to_owned(), json!(String::from(job.soak)));
    if is_compose(old) {
        labels.insert(REPLACED_LABEL.to_owned(), json!(job.old.to_string()));
    }
}

/// The run that is about to end, as last read.
fn run(job: &Job, old: &Value) -> Option<Run> {
    let since = read::time(old, "/State/StartedAt")?;
    let health = observe::health(old);
    let label = |key: &str| {
        old.pointer("/Config/Labels")?
            .get(key)?
            .as_str()
            .map(str::to_owned)
    };
    let ended = match health {
        crate::model::observation::Health::NotRunning => read::time(old, "/State/FinishedAt"),
        _ => None,
    };
    Some(Run {
        // Somebody else started it, by a tag: what the tag led to is known from the image.
        reference: label(RECORDED_LABEL)
            .or_else(|| {
                let pushed = job.before().registry_digest.is_some();
                pushed.then(|| job.before().reference().to_string())
            })
            .or_else(|| read::text(old, "/Config/Image").map(str::to_owned))
            .unwrap_or_default(),
        version: job
            .before()
            .tag
            .as_ref()
            .map(|_| job.before().label.clone()),
        image_id: read::digest(old, "/Image")?,
        identity: job.before().identity.clone(),
        since,
        until: ended.unwrap_or_else(chrono::Utc::now),
        restarts: read::number(old, "/RestartCount")
            .and_then(|n| u64::try_from(n).ok())
            .unwrap_or(0),
        health,
        of: Course::Container,
        ended_by: job.event.operation,
        heading: job.heading,
        operation: job.event.id.clone(),
        who: job.event.who.clone(),
        reason: job.event.reason.clone(),
        followed_by: job.to.label.clone(),
        followed_by_identity: Some(job.to.identity.clone()),
        base: label("org.opencontainers.image.base.digest"),
    })
}

/// Whether compose would adopt a parked container of this one's labels.
pub(super) fn is_compose(inspect: &Value) -> bool {
    read::text(inspect, "/Config/Labels/com.docker.compose.project").is_some()
}

/// The restart policy as the plan found it.
pub(super) fn policy(inspect: &Value) -> Value {
    inspect
        .pointer("/HostConfig/RestartPolicy")
        .cloned()
        .unwrap_or_else(|| json!({ "Name": "no" }))
}

/// Whether a policy restarts nothing.
pub(super) fn is_disarmed(policy: &Value) -> bool {
    matches!(read::text(policy, "/Name"), None | Some("no"))
}

async fn disarm(target: &PlainTarget, job: &Job) -> Result<(), TargetError> {
    // An auto-remove container has no policy, and the engine refuses to be told so.
    if is_disarmed(&policy(&job.old)) {
        return Ok(());
    }
    let no = json!({ "Name": "no", "MaximumRetryCount": 0 });
    match target.engine.set_restart_policy(&job.old_id, &no).await {
        Err(error) if error.is_not_found() && stays_armed(target, &job.old).await? => Ok(()),
        other => Ok(other?),
    }
}

/// Whether the engine knows no way to change this container's restart policy: Podman's API
/// has none. It does not restart what was stopped, but the next boot would start it.
pub(super) async fn stays_armed(target: &PlainTarget, old: &Value) -> Result<bool, TargetError> {
    Ok(!is_disarmed(&policy(old)) && target.facts().await?.kind == EngineKind::Podman)
}

async fn stop(target: &PlainTarget, job: &mut Job, watch: &Watch) -> Result<(), TargetError> {
    job.live.stop = StopSent::Yes;
    let stopping = async {
        match target.engine.stop(&job.old_id, grace(&job.old)).await {
            // An auto-remove container may be gone before the answer.
            Err(error) if error.is_not_found() => Ok(()),
            other => Ok(other?),
        }
    };
    watch.or_cancel(stopping).await?;
    wait_down(target, &job.old_id).await
}

/// Waits until a container that was stopped is down. The engine answers a stop only then,
/// so this asks once or twice.
pub(super) async fn wait_down(target: &PlainTarget, id: &str) -> Result<(), TargetError> {
    for _ in 0..50 {
        match target.engine.container(id).await? {
            Some(inspect) if read::flag(&inspect, "/State/Running") => {}
            _ => return Ok(()),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(TargetError::Unwell {
        engine: target.engine.name().clone(),
        container: id.to_owned(),
        what: "did not stop".to_owned(),
    })
}

async fn park(target: &PlainTarget, job: &Job) -> Result<(), TargetError> {
    // The engine is taking an auto-remove container away at this moment. Renaming it
    // meanwhile fails half-way; its name is free once it is gone.
    if is_auto_removed(&job.old) && wait_removed(target, &job.old_id).await? {
        return Ok(());
    }
    let name = names::old(&job.container, &job.event.id);
    Ok(target.engine.rename(&job.old_id, &name).await?)
}

/// Whether the engine removes a container the moment it stops.
pub(super) fn is_auto_removed(inspect: &Value) -> bool {
    read::flag(inspect, "/HostConfig/AutoRemove")
}

/// Waits until the engine has removed a container that stopped. `false`: it does not.
pub(super) async fn wait_removed(target: &PlainTarget, id: &str) -> Result<bool, TargetError> {
    for _ in 0..REMOVED_WITHIN_ASKS {
        if target.engine.container(id).await?.is_none() {
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(false)
}

async fn adopt(target: &PlainTarget, job: &Job) -> Result<(), TargetError> {
    Ok(target.engine.rename(new_id(job), &job.container).await?)
}

/// From here on the operation is done, and whoever finds the lock finishes it.
async fn commit(target: &PlainTarget, job: &Job) -> Result<(), TargetError> {
    let name = names::parked(&job.container, &job.event.id);
    match target.engine.rename(&job.old_id, &name).await {
        // Removed by the engine (auto-remove) or by somebody: nothing left to park.
        Err(error) if error.is_not_found() => Ok(()),
        // Recovering, after it was renamed already.
        Err(error) if error.to_string().contains("same name") => Ok(()),
        other => Ok(other?),
    }
}

/// Lets go. What must not stay parked goes only now: until the lock is gone, the parked
/// container's name is what says that the operation is done.
async fn unlock(target: &PlainTarget, job: &mut Job) -> Result<(), TargetError> {
    lock::release(target, job).await?;
    if must_not_stay(target, &job.old).await? || job.follows.is_some() {
        let parked = names::parked(&job.container, &job.event.id);
        if target.engine.container(&parked).await?.is_some() {
            target.engine.remove(&parked, Volumes::Keep).await?;
        }
    }
    Ok(())
}

/// Whether somebody else would start a parked container of this one's kind: compose with its
/// next `up`, Podman with the next boot.
pub(super) async fn must_not_stay(target: &PlainTarget, old: &Value) -> Result<bool, TargetError> {
    Ok(is_compose(old) || stays_armed(target, old).await?)
}

/// Pulls by digest.
pub(super) async fn pull(
    target: &PlainTarget,
    reference: &ImageRef,
    watch: &Watch,
    what: &str,
) -> Result<(), TargetError> {
    let engine = target.engine.name().clone();
    let tell = |layer: Option<&str>, done, total| {
        let (engine, what) = (engine.clone(), what.to_owned());
        watch.tell_if_idle(match layer {
            None => Progress::Bytes {
                engine,
                what,
                done,
                total,
            },
            Some(layer) => Progress::Layer {
                engine,
                what,
                layer: layer.to_owned(),
                done,
                total,
            },
        });
    };
    watch
        .or_cancel(async { Ok(target.engine.pull(reference, tell).await?) })
        .await
}

/// Pushes an image under a tag, which it gets on the engine too.
pub(super) async fn push(
    target: &PlainTarget,
    image: &Digest,
    to: &ImageRef,
    watch: &Watch,
) -> Result<(), TargetError> {
    let engine = target.engine.name().clone();
    let tag = to.tag.as_deref().unwrap_or_default();
    let there = target
        .engine
        .image(&format!("{}:{tag}", to.repository))
        .await?;
    if there.and_then(|there| read::digest(&there, "/Id")).as_ref() != Some(image) {
        target.engine.tag(image, &to.repository, tag).await?;
    }
    let tell = |done, total| {
        watch.tell_if_idle(Progress::Bytes {
            engine: engine.clone(),
            what: to.to_string(),
            done,
            total,
        });
    };
    watch
        .or_cancel(async { Ok(target.engine.push(to, tell).await?) })
        .await
}

/// Takes in an image from another engine and makes sure that it is the frozen one.
pub(super) async fn import(
    target: &PlainTarget,
    archive: ImageStream,
    version: &Frozen,
    expected: Option<Bytes>,
    watch: &Watch,
) -> Result<Digest, TargetError> {
    let (engine, what, teller) = (
        target.engine.name().clone(),
        version.label.clone(),
        watch.clone(),
    );
    let mut done = Bytes::default();
    let counted = archive.map(move |chunk| {
        if let Ok(chunk) = &chunk {
            done += Bytes(chunk.len() as u64);
            let (engine, what) = (engine.clone(), what.clone());
            teller.tell_if_idle(Progress::Bytes {
                engine,
                what,
                done,
                total: expected,
            });
        }
        chunk
    });
    watch
        .or_cancel(async { Ok(target.engine.load(counted).await?) })
        .await?;
    locate::locate(target, version)
        .await?
        .ok_or_else(|| TargetError::WrongImage {
            engine: target.engine.name().clone(),
            version: version.label.clone(),
            what: "what arrived has other contents".to_owned(),
        })
}

/// Tags the image as its version, unless the tag already means another image there: a tag
/// is never taken away from what it names.
pub(super) async fn tag_if_free(
    target: &PlainTarget,
    image: &Digest,
    version: &Frozen,
) -> Result<Option<String>, TargetError> {
    let Some(tag) = &version.tag else {
        return Ok(None);
    };
    let name = format!("{}:{tag}", version.repository);
    match target.engine.image(&name).await? {
        Some(found) if read::digest(&found, "/Id").as_ref() == Some(image) => Ok(None),
        Some(_) => Ok(Some(format!(
            "on {} the tag {name} already names another image and was left there; the new one is deployed by its id",
            target.engine.name()
        ))),
        None => {
            target.engine.tag(image, &version.repository, tag).await?;
            Ok(None)
        }
    }
}
