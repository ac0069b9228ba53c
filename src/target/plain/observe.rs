//! Reading an engine: containers, images and locks, without what karat keeps for itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use bollard::query_parameters::EventsOptionsBuilder;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, stream};
use hyper::Method;
use serde_json::{Value, json};

use super::names::{LOCK_REPOSITORY, Reserved};
use super::{
    Known, Listed, PlainTarget, RECORDED_LABEL, REPLACED_LABEL, REPOSITORY_LABEL, TargetError, lock,
};
use crate::engine::{ANSWER_WITHIN, Engine, EngineError, json as read};
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::event::EVENT_LABEL;
use crate::model::observation::{
    Container, EngineFacts, Health, ImageStore, LocalImage, Observation,
};
use crate::model::plan::Frozen;
use crate::model::reference::{ImageRef, Repository};
use crate::model::run::{RUNS_LABEL, read_label};
use crate::model::time::Timestamp;

/// Inspects under way at once: enough to hide the round trip, too few to load an engine.
const AT_ONCE: usize = 8;

/// Everything the fleet needs of this engine.
pub(super) async fn observe(target: &PlainTarget) -> Result<Observation, TargetError> {
    let facts = target.facts().await?;
    let listed = target.list().await?;
    let at = chrono::Utc::now();
    let mut locks = Vec::new();
    let mut ordinary = Vec::new();
    for one in listed {
        match Reserved::of(&one.name) {
            Some(Reserved::Lock(_)) => locks.extend(lock::read(&one).map(|job| job.seen())),
            Some(_) => {}
            None => ordinary.push(one),
        }
    }
    let containers = read_containers(target, &ordinary).await?;
    let images = read_images(target, &containers, &facts).await?;
    Ok(Observation {
        engine: target.engine.name().clone(),
        at,
        facts,
        containers,
        images,
        locks,
    })
}

async fn read_containers(
    target: &PlainTarget,
    listed: &[Listed],
) -> Result<Vec<Container>, TargetError> {
    let alive: BTreeSet<&str> = listed.iter().map(|one| one.id.as_str()).collect();
    let mut all = Vec::with_capacity(listed.len());
    let mut unknown = Vec::new();
    {
        let mut known = target.known();
        known.containers.retain(|id, _| alive.contains(id.as_str()));
        for one in listed {
            match known.containers.get(&one.id) {
                Some(container) if container.name == one.name => all.push(container.clone()),
                _ => unknown.push(one.id.clone()),
            }
        }
    }
    let engine = &target.engine;
    let mut read = stream::iter(unknown)
        .map(|id| async move { engine.container(&id).await })
        .buffer_unordered(AT_ONCE);
    while let Some(inspect) = read.next().await {
        // Gone between the list and the question: it is not there.
        let Some(container) = inspect?.as_ref().and_then(container) else {
            continue;
        };
        target
            .known()
            .containers
            .insert(container.id.clone(), container.clone());
        all.push(container);
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// A container's inspect, as the fleet needs it.
fn container(inspect: &Value) -> Option<Container> {
    let mut labels: BTreeMap<String, String> = read::entries(inspect, "/Config/Labels")
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect();
    let runs = labels
        .remove(RUNS_LABEL)
        .map(|text| read_label(&text))
        .unwrap_or_default();
    let deployed_by = labels
        .remove(EVENT_LABEL)
        .and_then(|text| serde_json::from_str(&text).ok());
    // Holds the replaced container's environment: not for a fleet that is kept on disk.
    labels.remove(REPLACED_LABEL);
    let recorded = labels
        .get(RECORDED_LABEL)
        .and_then(|text| ImageRef::parse(text).ok());
    let health = health(inspect);
    Some(Container {
        id: read::text(inspect, "/Id")?.to_owned(),
        name: read::text(inspect, "/Name")?
            .trim_start_matches('/')
            .to_owned(),
        image: read::text(inspect, "/Config/Image")
            .unwrap_or_default()
            .to_owned(),
        recorded,
        image_id: read::digest(inspect, "/Image")?,
        labels,
        health,
        restarts: read::number(inspect, "/RestartCount")
            .and_then(|n| u64::try_from(n).ok())
            .unwrap_or(0),
        created: read::time(inspect, "/Created")?,
        started: (health != Health::NotRunning)
            .then(|| read::time(inspect, "/State/StartedAt"))
            .flatten(),
        runs,
        deployed_by,
    })
}

/// How a container fares, by its inspect.
pub(super) fn health(inspect: &Value) -> Health {
    if read::text(inspect, "/State/Status") != Some("running")
        || read::flag(inspect, "/State/Restarting")
    {
        return Health::NotRunning;
    }
    match read::text(inspect, "/State/Health/Status") {
        Some("healthy") => Health::Healthy,
        Some("unhealthy") => Health::Unhealthy,
        Some("starting") => Health::Starting,
        _ => Health::NoCheck,
    }
}

async fn read_images(
    target: &PlainTarget,
    containers: &[Container],
    facts: &EngineFacts,
) -> Result<Vec<LocalImage>, TargetError> {
    let listed = target.engine.images().await?;
    let used: BTreeSet<&Digest> = containers
        .iter()
        .map(|container| &container.image_id)
        .collect();
    let wanted = wanted_repositories(target, containers, &listed);
    let relevant: HashMap<Digest, &Value> = listed
        .iter()
        .filter_map(|image| Some((read::digest(image, "/Id")?, image)))
        .filter(|(id, image)| {
            used.contains(id) || repositories(image).any(|name| wanted.contains(&name))
        })
        .filter(|(_, image)| !repositories(image).any(|name| name.as_str() == LOCK_REPOSITORY))
        .collect();
    let mut images = Vec::with_capacity(relevant.len());
    let mut unknown = Vec::new();
    {
        let known = target.known();
        for (id, listed) in &relevant {
            match known.images.get(id) {
                Some(image) => images.push(with_names(image.clone(), listed)),
                None => unknown.push(id.clone()),
            }
        }
    }
    let engine = &target.engine;
    let mut reads = stream::iter(unknown)
        .map(|id| async move { engine.image(id.as_str()).await })
        .buffer_unordered(AT_ONCE);
    while let Some(inspect) = reads.next().await {
        let Some(image) = inspect?
            .as_ref()
            .and_then(|inspect| local_image(inspect, facts.store))
        else {
            continue;
        };
        target
            .known()
            .images
            .insert(image.id.clone(), image.clone());
        images.extend(
            relevant
                .get(&image.id)
                .map(|listed| with_names(image.clone(), listed)),
        );
    }
    images.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(images)
}

/// The repositories the fleet wants: the project's, else those of whatever runs.
fn wanted_repositories(
    target: &PlainTarget,
    containers: &[Container],
    listed: &[Value],
) -> BTreeSet<Repository> {
    if !target.wanted.is_empty() {
        return target.wanted.iter().cloned().collect();
    }
    let mut wanted: BTreeSet<Repository> = containers
        .iter()
        .filter_map(|container| {
            container
                .recorded
                .clone()
                .or_else(|| ImageRef::parse(&container.image).ok())
        })
        .map(|reference| reference.repository)
        .collect();
    let by_id: HashMap<Digest, &Value> = listed
        .iter()
        .filter_map(|image| Some((read::digest(image, "/Id")?, image)))
        .collect();
    for container in containers {
        if let Some(image) = by_id.get(&container.image_id) {
            wanted.extend(repositories(image));
        }
    }
    wanted
}

fn references<'a>(image: &'a Value, key: &str) -> impl Iterator<Item = ImageRef> + use<'a> {
    // `<none>:<none>` and `<none>@<none>` are not references and fall out here.
    let list = read::list(image, key);
    list.iter()
        .filter_map(|text| ImageRef::parse(text.as_str()?).ok())
}

fn repositories(image: &Value) -> impl Iterator<Item = Repository> + '_ {
    let labelled = image
        .pointer("/Labels")
        .and_then(|labels| labels.get(REPOSITORY_LABEL))
        .and_then(Value::as_str);
    references(image, "/RepoTags")
        .chain(references(image, "/RepoDigests"))
        .map(|reference| reference.repository)
        .chain(labelled.map(Repository::new))
}

/// Names move between images; what an image is does not.
fn with_names(mut image: LocalImage, listed: &Value) -> LocalImage {
    image.tags = references(listed, "/RepoTags").collect();
    image.repo_digests = references(listed, "/RepoDigests").collect();
    image
}

/// An image's inspect, as the fleet needs it.
pub(super) fn local_image(inspect: &Value, store: ImageStore) -> Option<LocalImage> {
    let id = read::digest(inspect, "/Id")?;
    let diff_ids: Vec<Digest> = read::list(inspect, "/RootFS/Layers")
        .iter()
        .filter_map(|layer| Digest::parse(layer.as_str()?).ok())
        .collect();
    let text = |path: &str| read::text(inspect, path).unwrap_or("unknown");
    let platform = format!("{}/{}", text("/Os"), text("/Architecture"));
    Some(LocalImage {
        config: (store == ImageStore::Classic).then(|| id.clone()),
        tags: references(inspect, "/RepoTags").collect(),
        repo_digests: references(inspect, "/RepoDigests").collect(),
        created: read::time(inspect, "/Created"),
        size: read::number(inspect, "/Size").and_then(Bytes::from_api),
        labels: read::entries(inspect, "/Config/Labels")
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect(),
        content: content(
            &platform,
            &diff_ids,
            inspect.get("Config").unwrap_or(&Value::Null),
        ),
        platform,
        diff_ids,
        id,
    })
}

/// The digest by which every store recognises an image: platform, layers and what its
/// configuration says. Fields that stores fill in differently (empty or absent, derived)
/// are left out.
fn content(platform: &str, diff_ids: &[Digest], config: &Value) -> Digest {
    const SAID: [&str; 12] = [
        "Cmd",
        "Entrypoint",
        "Env",
        "ExposedPorts",
        "Healthcheck",
        "Labels",
        "OnBuild",
        "Shell",
        "StopSignal",
        "User",
        "Volumes",
        "WorkingDir",
    ];
    let said: BTreeMap<&str, Value> = SAID
        .into_iter()
        .filter_map(|key| Some((key, sorted(config.get(key)?))))
        .filter(|(_, value)| {
            !matches!(value, Value::Null)
                && *value != json!("")
                && *value != json!([])
                && *value != json!({})
        })
        .collect();
    Digest::of(json!([platform, diff_ids, said]).to_string().as_bytes())
}

/// The same value whatever order its keys came in.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let sorted_entries: BTreeMap<&String, Value> = object
                .iter()
                .map(|(key, value)| (key, sorted(value)))
                .collect();
            json!(sorted_entries)
        }
        other => other.clone(),
    }
}

/// Under which id the engine has a version. By its identity, by the registry's digest, and
/// at last by content, among the images of its repository and those without a name.
pub(super) async fn locate(
    target: &PlainTarget,
    version: &Frozen,
) -> Result<Option<Digest>, TargetError> {
    let engine = &target.engine;
    let store = target.facts().await?.store;
    if let Some(image) = engine.image(version.identity.as_str()).await? {
        return Ok(read::digest(&image, "/Id"));
    }
    if let Some(digest) = &version.registry_digest {
        let name = format!("{}@{digest}", version.repository);
        if let Some(image) = engine.image(&name).await? {
            return Ok(read::digest(&image, "/Id"));
        }
    }
    for listed in engine.images().await? {
        let ours = repositories(&listed).any(|name| name == version.repository);
        let unnamed = repositories(&listed).next().is_none();
        let Some(id) = read::digest(&listed, "/Id").filter(|_| ours || unnamed) else {
            continue;
        };
        let cached = target.known().images.get(&id).cloned();
        let image = match cached {
            Some(image) => Some(image),
            None => engine
                .image(id.as_str())
                .await?
                .as_ref()
                .and_then(|inspect| local_image(inspect, store)),
        };
        if image.is_some_and(|image| is(&image, version)) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Whether an image is a version: the same identity, or, where the store hides the config
/// digest or the identity is itself one of content, the same content.
pub(super) fn is(image: &LocalImage, version: &Frozen) -> bool {
    if image.id == version.identity
        || image.config.as_ref() == Some(&version.identity)
        || image.content == version.identity
    {
        return true;
    }
    version.content.as_ref() == Some(&image.content) && image.config.is_none()
}

/// The events that change what a fleet shows.
const EVENTS: [&str; 18] = [
    "create",
    "start",
    "restart",
    "stop",
    "die",
    "destroy",
    "rename",
    "update",
    "pause",
    "unpause",
    "health_status",
    "oom",
    "tag",
    "untag",
    "delete",
    "load",
    "pull",
    "import",
];

/// Yields on every event; the cache forgets what the event is about.
pub(super) fn changes(target: &PlainTarget) -> BoxStream<'static, Result<(), TargetError>> {
    let engine = target.engine.clone();
    let known = target.known.clone();
    {
        let mut known = target.known();
        known.facts = None;
        known.containers.clear();
    }
    let opening = async move {
        match engine_time(&engine).await {
            Ok(since) => stream::once(async { Ok(()) })
                .chain(listen(engine, known, since))
                .boxed(),
            Err(error) => stream::once(async { Err(error.into()) }).boxed(),
        }
    };
    stream::once(opening).flatten().boxed()
}

/// The engine's own clock: what happened between this answer and the first event must come.
async fn engine_time(engine: &Engine) -> Result<Timestamp, EngineError> {
    let doing = "asking for its time";
    let info = engine
        .json(Method::GET, "/info", None, doing, ANSWER_WITHIN)
        .await?;
    Ok(read::time(&info, "/SystemTime").unwrap_or_else(chrono::Utc::now))
}

fn listen(
    engine: Engine,
    known: Arc<Mutex<Known>>,
    since: Timestamp,
) -> impl futures_util::Stream<Item = Result<(), TargetError>> + Send + 'static {
    let wanted = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    let filters = HashMap::from([
        ("type".to_owned(), wanted(&["container", "image"])),
        ("event".to_owned(), wanted(&EVENTS)),
    ]);
    let options = EventsOptionsBuilder::default()
        .since(&since.timestamp().to_string())
        .filters(&filters)
        .build();
    let ended = EngineError::Unreachable {
        engine: engine.name().clone(),
        doing: "listening to its events".to_owned(),
        why: "the connection ended".to_owned(),
    };
    let events = engine.docker().events(Some(options)).map(move |event| {
        let event = event.map_err(|error| engine.error("listening to its events", error))?;
        if let Some(id) = event.actor.and_then(|actor| actor.id) {
            known
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .containers
                .remove(&id);
        }
        Ok(())
    });
    events.chain(stream::once(async { Err(ended.into()) }))
}
