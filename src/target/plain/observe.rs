//! Reading an engine: containers, images and locks, without what karat keeps for itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use super::names::{LOCK_REPOSITORY, Reserved};
use super::{
    Listed, PlainTarget, RECORDED_LABEL, REPLACED_LABEL, REPOSITORY_LABEL, TargetError, lock,
};
use crate::engine::json as read;
use crate::model::bytes::Bytes;
use crate::model::content::content;
use crate::model::digest::Digest;
use crate::model::event::EVENT_LABEL;
use crate::model::observation::{
    Container, EngineFacts, Health, ImageStore, LocalImage, Observation,
};
use crate::model::reference::{ImageRef, Repository};
use crate::model::run::{RUNS_LABEL, read_label};

/// Inspects under way at once: enough to hide the round trip, too few to load an engine.
const AT_ONCE: usize = 8;

/// Everything the fleet needs of this engine.
pub(super) async fn observe(target: &PlainTarget) -> Result<Observation, TargetError> {
    let facts = target.facts().await?;
    let listed = target.list().await?;
    let at = chrono::Utc::now();
    let mut locks = Vec::new();
    let mut ordinary = Vec::new();
    let mut parked = Vec::new();
    for one in listed {
        match Reserved::of(&one.name) {
            Some(Reserved::Lock(_)) => locks.extend(lock::read(&one).map(|job| job.seen())),
            Some(Reserved::Parked(_)) => parked.push(one.name.clone()),
            Some(_) => {}
            None => ordinary.push(one),
        }
    }
    let containers = read_containers(target, &ordinary).await?;
    let (images, images_in_all) = read_images(target, &containers, &facts).await?;
    parked.sort();
    Ok(Observation {
        engine: target.engine.name().clone(),
        at,
        facts,
        containers,
        images,
        locks,
        parked,
        unread: Vec::new(),
        images_in_all: Some(images_in_all),
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

/// The images that matter, and how many there are in all.
async fn read_images(
    target: &PlainTarget,
    containers: &[Container],
    facts: &EngineFacts,
) -> Result<(Vec<LocalImage>, usize), TargetError> {
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
    Ok((images, listed.len()))
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

pub(super) fn repositories(image: &Value) -> impl Iterator<Item = Repository> + '_ {
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
        // Where every step came from the cache an engine tells the cache's age; karat's own
        // label says when it was built. An inherited label is older than the image.
        created: read::time(inspect, "/Created").max(
            inspect
                .pointer("/Config/Labels")
                .and_then(|labels| read::time(labels, "/org.opencontainers.image.created")),
        ),
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
        remote: None,
    })
}
