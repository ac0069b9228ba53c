//! Reading a channel.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::{ChannelTarget, Place};
use crate::model::digest::Digest;
use crate::model::observation::{
    Container, EngineFacts, EngineKind, Health, LocalImage, LockSeen, Observation,
};
use crate::model::shared::{self, Kept};
use crate::registry::Fresh;
use crate::target::TargetError;
use crate::target::remote_image::{self, Depth};

/// Images read at once: enough to hide the way to a registry, few enough to be a good guest.
const AT_ONCE: usize = 8;

/// How often the tags are asked for while somebody looks.
const ASK_EVERY: Duration = Duration::from_secs(30);

/// Whether the registries answer.
pub(super) async fn ping(target: &ChannelTarget) -> Result<(), TargetError> {
    let mut hosts: Vec<String> = target
        .places()
        .iter()
        .filter_map(|place| place.tag.repository.registry_host().map(str::to_owned))
        .collect();
    hosts.sort();
    hosts.dedup();
    for host in hosts {
        target.history.registries().check(&host).await?;
    }
    Ok(())
}

/// What every tag points to, since when, and what it pointed to before.
pub(super) async fn observe(target: &ChannelTarget) -> Result<Observation, TargetError> {
    let seen: Vec<Seen> = stream::iter(target.places())
        .map(|place| see(target, place))
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let mut observation = Observation {
        engine: target.name.clone(),
        at: chrono::Utc::now(),
        facts: EngineFacts {
            kind: EngineKind::Channel,
            ..EngineFacts::default()
        },
        containers: Vec::new(),
        images: Vec::new(),
        locks: Vec::new(),
        parked: Vec::new(),
        unread: Vec::new(),
        images_in_all: None,
    };
    for one in seen {
        observation.containers.extend(one.container);
        observation.images.extend(one.image);
        observation.locks.extend(one.locks);
    }
    Ok(observation)
}

/// What was seen of one image.
struct Seen {
    container: Option<Container>,
    image: Option<LocalImage>,
    locks: Vec<LockSeen>,
}

async fn see(target: &ChannelTarget, place: Place) -> Result<Seen, TargetError> {
    let remote = target.remote(&place.tag.repository)?;
    let records = target.history.read(&place.home).await;
    let records = match records {
        Ok(records) => records,
        // Nobody has pushed anything there yet.
        Err(error) if error.is_not_there() => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let locks = shared::open(&records)
        .into_iter()
        .filter(|kept| kept.record.channel.as_ref() == Some(&place.tag))
        .map(|kept| shared::lock(&kept.record))
        .collect();
    let Some(there) = remote.head(&place.pointer()).await? else {
        return Ok(Seen {
            container: None,
            image: None,
            locks,
        });
    };
    let read = remote_image::read(&target.history, &remote, &there.digest, None, Depth::Plain);
    let mut image = match read.await {
        Ok(image) => Some(image),
        // It points to something that is no image, or a damaged one: that is shown by its
        // digest, and hides nothing of the other images.
        Err(error) if error.is_no_image() || error.is_not_there() || error.is_damaged() => None,
        Err(error) => return Err(error.into()),
    };
    if let Some(image) = image.as_mut().filter(|_| place.is_home()) {
        image.tags = vec![place.tag.clone()];
    }
    let id = image.as_ref().map_or(&there.digest, |image| &image.id);
    let container = pointing(target, &place, &there.digest, id, &records);
    Ok(Seen {
        container: Some(container),
        image,
        locks,
    })
}

/// A tag and what it points to, as a container is shown.
fn pointing(
    target: &ChannelTarget,
    place: &Place,
    digest: &Digest,
    image_id: &Digest,
    records: &[Kept],
) -> Container {
    let mover = shared::mover(records, &place.tag, digest);
    let now = chrono::Utc::now();
    let seen = target.history.store().sight(&place.tag, digest, now);
    let since = mover.map_or_else(|| seen.unwrap_or(now), |record| record.written);
    Container {
        id: digest.to_string(),
        name: place.name(),
        image: format!("{}@{digest}", place.home),
        recorded: None,
        image_id: image_id.clone(),
        labels: BTreeMap::new(),
        health: Health::NoCheck,
        restarts: 0,
        created: since,
        started: Some(since),
        runs: shared::runs(records, &place.tag),
        deployed_by: mover.map(|record| record.event.clone()),
    }
}

/// Says that something changed when a tag points elsewhere. A registry tells nobody: the tags
/// are asked for every now and then, with what is known, so that what has not changed costs an
/// answer without a body.
pub(super) fn changes(target: &ChannelTarget) -> BoxStream<'static, Result<(), TargetError>> {
    let target = target.clone();
    let begin = stream::once(async { Ok(()) });
    let known: BTreeMap<String, Option<Digest>> = BTreeMap::new();
    let rest = stream::try_unfold((target, known), |(target, mut known)| async move {
        loop {
            // The first look is what the next ones are compared with.
            let first = known.is_empty();
            if !first {
                tokio::time::sleep(ASK_EVERY).await;
            }
            let mut changed = false;
            for place in target.places() {
                let name = place.name();
                let before = known.get(&name).cloned().flatten();
                if let Some(now) = moved(&target, &place, before.as_ref()).await? {
                    known.insert(name, now);
                    changed = true;
                } else {
                    known.entry(name).or_insert(before);
                }
            }
            if changed && !first {
                return Ok(Some(((), (target, known))));
            }
            if known.is_empty() {
                // No image has a registry: nothing will ever change.
                std::future::pending::<()>().await;
            }
        }
    });
    begin.chain(rest).boxed()
}

/// Where a tag points now, if that is not where it did.
async fn moved(
    target: &ChannelTarget,
    place: &Place,
    before: Option<&Digest>,
) -> Result<Option<Option<Digest>>, TargetError> {
    let Some(before) = before else {
        let now = target.points_to(place).await?;
        return Ok(now.map(Some));
    };
    let remote = target.remote(&place.tag.repository)?;
    let tag = place.tag.tag.as_deref().unwrap_or_default();
    Ok(match remote.manifest_if_changed(tag, before).await? {
        Fresh::Same => None,
        Fresh::Changed(document) => Some(Some(document.digest)),
        Fresh::Gone => Some(None),
    })
}
