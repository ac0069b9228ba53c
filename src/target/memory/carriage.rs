//! Bringing images to simulated engines: bytes that take their time, and may be stopped.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use hyper::body::Bytes as Chunk;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{SimEngine, SimImage, TargetError, Watch};
use crate::engine::EngineError;
use crate::engine::images::ImageStream;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::plan::Frozen;
use crate::model::progress::Progress;
use crate::model::reference::ImageRef;

/// Chunks that may wait between two engines.
const IN_FLIGHT: usize = 4;

/// How often the figures of a pull change.
const TICK: Duration = Duration::from_millis(100);

/// How large a chunk of an export is. Its bytes are all the same zeros.
const CHUNK: u64 = 512 * 1_024;

/// How long so many bytes take.
fn takes(engine: &SimEngine, bytes: u64) -> Duration {
    Duration::from_millis(bytes.saturating_mul(1_000) / engine.pace.bytes_a_second.max(1))
}

/// Pulls by digest. Layers that are there already are not moved again.
pub(super) async fn pull(
    engine: &SimEngine,
    reference: &ImageRef,
    watch: &Watch,
    what: &str,
) -> Result<(), TargetError> {
    engine.answer("pulling an image").await?;
    let image = engine.registry.find(reference).ok_or_else(|| {
        TargetError::Engine(EngineError::Unreachable {
            engine: engine.name().clone(),
            doing: format!("pulling {reference}"),
            why: "manifest unknown".to_owned(),
        })
    })?;
    let missing = engine.with(|state| {
        let there = |digest: &Digest| {
            let mut images = state.images.values();
            images.any(|image| image.local.diff_ids.contains(digest))
        };
        let layers = image.layers.iter().filter(|(digest, _)| !there(digest));
        layers.fold(Bytes(0), |sum, (_, bytes)| sum + *bytes)
    });
    watch
        .or_cancel(move_bytes(engine, missing, |done| {
            watch.tell_if_idle(Progress::Bytes {
                engine: engine.name().clone(),
                what: what.to_owned(),
                done,
                total: Some(missing),
            });
        }))
        .await?;
    // A pull by digest brings no tag along.
    arrive(engine, image);
    Ok(())
}

/// Takes as long as so many bytes take, and tells on the way.
pub(super) async fn move_bytes(
    engine: &SimEngine,
    total: Bytes,
    tell: impl Fn(Bytes) + Send,
) -> Result<(), TargetError> {
    let a_tick = engine.pace.bytes_a_second / 10;
    let mut done = 0;
    while done < total.0 {
        tell(Bytes(done));
        engine.clock.sleep(TICK).await;
        engine.reachable("bringing an image")?;
        done = done.saturating_add(a_tick.max(1)).min(total.0);
    }
    tell(total);
    Ok(())
}

/// An image has arrived, without a tag; one that was there keeps those it has.
fn arrive(engine: &SimEngine, mut image: SimImage) {
    image.local.tags.clear();
    engine.change(|state| {
        let id = image.local.id.clone();
        state.images.entry(id).or_insert(image);
    });
}

/// Reads an image whole: what it is, then as many bytes as it weighs.
pub(super) fn export(engine: &Arc<SimEngine>, image: &Digest) -> ImageStream {
    let (sender, receiver) = mpsc::channel(IN_FLIGHT);
    let (engine, id) = (engine.clone(), image.clone());
    tokio::spawn(async move {
        let found = engine.with(|state| state.images.get(&id).cloned());
        let described = found
            .as_ref()
            .and_then(|image| serde_json::to_vec(image).ok());
        let (Some(image), Some(described)) = (found, described) else {
            let gone = EngineError::Unreachable {
                engine: engine.name().clone(),
                doing: "reading an image".to_owned(),
                why: format!("no such image: {}", id.short()),
            };
            // Whoever wanted it may have gone away.
            let _ = sender.send(Err(gone)).await;
            return;
        };
        if sender.send(Ok(Chunk::from(described))).await.is_err() {
            return;
        }
        let zeros = Chunk::from(vec![0; usize::try_from(CHUNK).unwrap_or_default()]);
        let mut left = image.size().0;
        while left > 0 {
            let now = left.min(CHUNK);
            engine.clock.sleep(takes(&engine, now)).await;
            let chunk = match engine.reachable("reading an image") {
                Ok(()) => Ok(zeros.slice(..usize::try_from(now).unwrap_or_default())),
                Err(TargetError::Engine(error)) => Err(error),
                Err(_) => return,
            };
            if sender.send(chunk).await.is_err() {
                return;
            }
            left -= now;
        }
    });
    ReceiverStream::new(receiver)
}

/// Takes in an image from another engine and makes sure that it is the frozen one.
pub(super) async fn import(
    engine: &SimEngine,
    mut archive: ImageStream,
    version: &Frozen,
    expected: Option<Bytes>,
    watch: &Watch,
) -> Result<Digest, TargetError> {
    let taking_in = async {
        let wrong = |what: &str| TargetError::WrongImage {
            engine: engine.name().clone(),
            version: version.label.clone(),
            what: what.to_owned(),
        };
        let head = archive
            .next()
            .await
            .ok_or_else(|| wrong("nothing came"))??;
        let image: SimImage =
            serde_json::from_slice(&head).map_err(|_| wrong("it cannot be read"))?;
        let total = expected.or(Some(image.size()));
        let mut done = Bytes(0);
        while let Some(chunk) = archive.next().await {
            let size = chunk?.len() as u64;
            engine.clock.sleep(takes(engine, size)).await;
            engine.reachable("taking in an image")?;
            done += Bytes(size);
            watch.tell_if_idle(Progress::Bytes {
                engine: engine.name().clone(),
                what: version.label.clone(),
                done,
                total,
            });
        }
        if !image.is(version) {
            return Err(wrong("what arrived has other contents"));
        }
        if done < image.size() {
            return Err(wrong("it did not arrive whole"));
        }
        let id = image.local.id.clone();
        arrive(engine, image);
        Ok(id)
    };
    watch.or_cancel(taking_in).await
}
