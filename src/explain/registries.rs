//! An image of a registry: what it says of itself, and of its layers those that are not
//! known yet, several at once, straight from there.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::ask::Ask;
use super::blobs::BlobReader;
use super::error::ExplainError;
use super::explainer::{Explained, Explainer, Origin, assemble};
use super::outline::Outline;
use super::shelf::StoreShelf;
use super::watch::Watch;
use crate::anatomy::archive::platform::Platform;
use crate::anatomy::compression::Decoder;
use crate::anatomy::config::Configuration;
use crate::anatomy::error::AnatomyError;
use crate::anatomy::extract::{Layers, TakeLayer};
use crate::anatomy::image::{ImageFacts, LayerFacts, Presence};
use crate::anatomy::layer::reader::read_layer;
use crate::anatomy::limits::Limits;
use crate::anatomy::progress::Progress;
use crate::anatomy::shelf::Shelf as _;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::reference::ImageRef;
use crate::registry::inspect::{Described, Layer, Memory, describe_remembering};
use crate::registry::{Document, Pointer, RegistryError, Remote};
use crate::store::Store;

/// How many layers are read at once, at most.
const AT_ONCE: usize = 4;

/// An image that a registry has.
pub(super) struct InRegistry {
    remote: Remote,
    described: Described,
    /// What it says of itself, every layer taken for present.
    facts: ImageFacts,
}

impl InRegistry {
    /// The digest that was found: of its index, where it has one, else of its manifest.
    fn digest(&self) -> &Digest {
        let described = &self.described;
        described.index.as_ref().unwrap_or(&described.manifest)
    }

    /// A layer as the registry keeps it.
    fn layer(&self, diff_id: &Digest) -> Option<&Layer> {
        let layers = self.facts.layers.iter().zip(&self.described.layers);
        layers
            .into_iter()
            .find(|(facts, _)| facts.diff_id == *diff_id)
            .map(|(_, layer)| layer)
    }

    fn outline(&self) -> Outline {
        Outline {
            facts: self.facts.clone(),
            // How long its files are, only the layers themselves tell.
            sizes: vec![None; self.facts.layers.len()],
        }
    }
}

impl Explainer {
    /// Takes an image of a registry apart.
    pub(super) async fn of_registry(
        &self,
        ask: &Ask,
        reference: &ImageRef,
        watch: &Watch,
    ) -> Result<Explained, ExplainError> {
        let pointer = pointer(reference);
        let platform = ask.platform.as_ref();
        let image = self.describe(reference, &pointer, platform).await?;
        watch.outline(image.outline());
        let shelf = Arc::new(StoreShelf::new(self.store().clone(), watch));
        let diff_ids: Vec<Digest> = image
            .facts
            .layers
            .iter()
            .map(|it| it.diff_id.clone())
            .collect();
        let known = shelf.clone();
        let tell = move || {
            // Of an image that is known whole there is nothing to be told before it is here.
            if !diff_ids.iter().all(|it| known.has(it)) {
                known.tell_known(&diff_ids);
            }
        };
        let told = tokio::task::spawn_blocking(tell).await;
        told.map_err(|_| ExplainError::Lost)?;
        let origin = Origin::Registry {
            reference: reference.clone(),
            digest: image.digest().clone(),
        };
        // Once more where what was counted on is damaged, and forgotten by now.
        for _ in 0..2 {
            let facts = fetch(&image, &shelf, watch).await?;
            let shelf = shelf.clone();
            let work = move || assemble(facts, &shelf);
            let assembled = tokio::task::spawn_blocking(work).await;
            if let Some(anatomy) = assembled.map_err(|_| ExplainError::Lost)??.whole() {
                return Ok(Explained { anatomy, origin });
            }
        }
        Err(ExplainError::Forgotten)
    }

    /// The layers of an image of a registry, to be had once more.
    pub(super) async fn layers_in_registry(
        &self,
        ask: &Ask,
        reference: &ImageRef,
        digest: &Digest,
    ) -> Result<InRegistry, ExplainError> {
        let pointer = Pointer::Digest(digest.clone());
        let platform = ask.platform.as_ref();
        self.describe(reference, &pointer, platform).await
    }

    /// What a registry says of an image. Of what was seen before, nothing is asked again:
    /// where a digest was asked for, nothing at all.
    async fn describe(
        &self,
        reference: &ImageRef,
        pointer: &Pointer,
        platform: Option<&Platform>,
    ) -> Result<InRegistry, ExplainError> {
        let remote = self.registries().repository(&reference.repository)?;
        let memory = Remembered(self.store());
        let found = match memory.found(&remote, pointer) {
            Some(found) => found,
            None => remote.existing(pointer).await?,
        };
        let digest = found.digest.clone();
        let describing = describe_remembering(&remote, pointer, found, platform, &memory);
        let described = describing.await?;
        memory.keep_found(&remote, &digest);
        let facts = facts(reference, &described)?;
        check_platform(&described, &facts, platform)?;
        Ok(InRegistry {
            remote,
            described,
            facts,
        })
    }
}

/// Where to look for what was asked for: a digest says more than a tag beside it.
fn pointer(reference: &ImageRef) -> Pointer {
    match (&reference.digest, &reference.tag) {
        (Some(digest), _) => Pointer::Digest(digest.clone()),
        (None, Some(tag)) => Pointer::Tag(tag.clone()),
        (None, None) => Pointer::Tag("latest".to_owned()),
    }
}

/// Manifests and configurations in the store, by digest.
struct Remembered<'s>(&'s Store);

impl Remembered<'_> {
    /// What is under a digest, if it was found in this repository before. In another one it
    /// may not be.
    fn found(&self, remote: &Remote, pointer: &Pointer) -> Option<Document> {
        let Pointer::Digest(digest) = pointer else {
            return None;
        };
        let led = self.0.led_to(&key(remote, digest), chrono::Utc::now());
        led.ok().flatten().filter(|to| to == digest)?;
        Some(Document {
            digest: digest.clone(),
            ..Document::new("", self.recall(digest)?.into())
        })
    }

    fn keep_found(&self, remote: &Remote, digest: &Digest) {
        // Not remembered, it is asked for again.
        let key = key(remote, digest);
        drop(self.0.keep_led_to(&key, digest, chrono::Utc::now()));
    }
}

/// Under what it is remembered that a repository has a digest.
fn key(remote: &Remote, digest: &Digest) -> Digest {
    Digest::of(format!("{}@{digest}", remote.repository()).as_bytes())
}

impl Memory for Remembered<'_> {
    fn recall(&self, digest: &Digest) -> Option<Vec<u8>> {
        let kept = self.0.configuration(digest, chrono::Utc::now());
        kept.ok().flatten()
    }

    fn remember(&self, digest: &Digest, bytes: &[u8]) {
        drop(self.0.keep_configuration(digest, bytes, chrono::Utc::now()));
    }
}

/// Of several images the one that is wanted was chosen; one alone may be another.
fn check_platform(
    described: &Described,
    facts: &ImageFacts,
    wanted: Option<&Platform>,
) -> Result<(), AnatomyError> {
    let (Some(wanted), Ok(own)) = (wanted, Platform::parse(&facts.platform)) else {
        return Ok(());
    };
    if described.index.is_some() || wanted.distance_to(&own).is_some() {
        return Ok(());
    }
    Err(AnatomyError::NoPlatform {
        wanted: wanted.clone(),
        there: vec![facts.platform.clone()],
    })
}

/// What an image of a registry says of itself.
fn facts(reference: &ImageRef, described: &Described) -> Result<ImageFacts, AnatomyError> {
    let configuration = Configuration::read(&described.raw_config).map_err(|error| {
        AnatomyError::Configuration {
            name: described.config.to_string(),
            error,
        }
    })?;
    let (listed, told) = (described.layers.len(), configuration.diff_ids.len());
    if listed != told {
        return Err(AnatomyError::LayerCount { listed, told });
    }
    let steps = configuration.steps();
    let layers = configuration.diff_ids.iter().zip(&described.layers);
    let layers = layers.zip(steps).map(|((diff_id, blob), step)| LayerFacts {
        diff_id: diff_id.clone(),
        blob: Some(blob.digest.clone()),
        blob_bytes: Some(blob.size),
        presence: Presence::Present,
        step,
    });
    let by_tag = reference.digest.is_none().then(|| match &reference.tag {
        Some(_) => reference.to_string(),
        None => format!("{reference}:latest"),
    });
    Ok(ImageFacts {
        names: by_tag.into_iter().collect(),
        index: described.index.clone(),
        manifest: Some(described.manifest.clone()),
        config: described.config.clone(),
        platform: configuration.platform.clone(),
        created: configuration.created,
        layers: layers.collect(),
        settings: configuration.settings,
        history: configuration.history,
    })
}

/// One layer to be read.
struct Wanted {
    /// Its place, from one.
    number: usize,
    blob: Digest,
    size: Bytes,
    diff_id: Digest,
}

/// Reads the layers that the shelf does not know, several at once. The first that fails ends
/// the others.
async fn fetch(
    image: &InRegistry,
    shelf: &Arc<StoreShelf>,
    watch: &Watch,
) -> Result<ImageFacts, ExplainError> {
    let (wanted, facts) = wanted(image, shelf).await?;
    let sizes = wanted.iter().map(|it| it.size.0);
    watch.expected(Bytes(sizes.fold(0, u64::saturating_add)));
    let stop = watch.cancel().child_token();
    let _ends_with_this = stop.clone().drop_guard();
    let reading = wanted.into_iter().map(|layer| {
        let blob = image.remote.blob(&layer.blob, size_of(layer.size));
        let one = One {
            watch: watch.clone(),
            stop: stop.clone(),
        };
        let shelf = shelf.clone();
        async move {
            let reader = BlobReader::begin(&Handle::current(), blob, &one.stop);
            let work = move || read_one(&layer, reader, &shelf, &one);
            let read = tokio::task::spawn_blocking(work).await;
            read.map_err(|_| ExplainError::Lost)?
        }
    });
    let all = stream::iter(reading).buffer_unordered(AT_ONCE);
    all.try_collect::<()>().await?;
    Ok(facts)
}

/// The layers that must be read, each diff id once, and the image with those marked that are
/// not to be had: what is kept elsewhere, unless the registry has it all the same.
async fn wanted(
    image: &InRegistry,
    shelf: &StoreShelf,
) -> Result<(Vec<Wanted>, ImageFacts), ExplainError> {
    let mut facts = image.facts.clone();
    let mut wanted = Vec::new();
    let mut seen = HashSet::new();
    let layers = facts.layers.iter_mut().zip(&image.described.layers);
    for (place, (facts, layer)) in layers.enumerate() {
        if shelf.has(&facts.diff_id) {
            continue;
        }
        if layer.is_foreign && image.remote.has_blob(&layer.digest).await?.is_none() {
            facts.presence = Presence::NotPresent;
            continue;
        }
        if seen.insert(facts.diff_id.clone()) {
            wanted.push(Wanted {
                number: place + 1,
                blob: layer.digest.clone(),
                size: layer.size,
                diff_id: facts.diff_id.clone(),
            });
        }
    }
    Ok((wanted, facts))
}

/// A manifest that does not say how large a blob is leaves that to the registry.
fn size_of(told: Bytes) -> Option<Bytes> {
    (told.0 > 0).then_some(told)
}

/// Reads a layer to its end, checks it, and puts it on the shelf. Blocks.
fn read_one(
    layer: &Wanted,
    mut reader: BlobReader,
    shelf: &StoreShelf,
    one: &One,
) -> Result<(), ExplainError> {
    let read = read_layer(&mut reader, &Limits::default(), one);
    // A damaged blob is better called so than by what its damage looks like.
    let to_end = io::copy(&mut reader, &mut io::sink());
    if one.cancelled() {
        return Err(ExplainError::Cancelled);
    }
    if let Some(error) = reader.failed() {
        return Err(error.into());
    }
    let failed = |error| AnatomyError::Layer {
        name: layer.blob.to_string(),
        error,
    };
    let index = read.map_err(failed)?;
    to_end.map_err(|error| failed(error.into()))?;
    if index.diff_id != layer.diff_id {
        return Err(ExplainError::Anatomy(AnatomyError::WrongLayer {
            number: layer.number,
            name: layer.blob.to_string(),
            expected: layer.diff_id.clone(),
            found: index.diff_id,
        }));
    }
    shelf.put(&index);
    shelf.remember_unpacked(&layer.blob, &index.diff_id);
    Ok(())
}

/// One of several layers that are read at once.
struct One {
    watch: Watch,
    stop: CancellationToken,
}

impl Progress for One {
    fn advanced(&self, bytes: u64) {
        self.watch.advanced(bytes);
    }

    fn cancelled(&self) -> bool {
        self.stop.is_cancelled()
    }
}

/// The layers of an image of a registry, those that are asked for fetched one by one. Each is
/// read to its end, for only then has it been checked.
pub(super) struct Fetched<'a> {
    pub(super) image: &'a InRegistry,
    pub(super) limits: &'a Limits,
    pub(super) runtime: &'a Handle,
    pub(super) stop: &'a CancellationToken,
}

impl Layers for Fetched<'_> {
    fn each(
        &mut self,
        wanted: &[Digest],
        progress: &dyn Progress,
        take: &mut TakeLayer<'_>,
    ) -> Result<(), AnatomyError> {
        for diff_id in wanted {
            let Some(layer) = self.image.layer(diff_id) else {
                return Err(AnatomyError::Missing {
                    what: "the layer".to_owned(),
                    name: diff_id.to_string(),
                });
            };
            let blob = self.image.remote.blob(&layer.digest, size_of(layer.size));
            let mut reader = BlobReader::begin(self.runtime, blob, self.stop);
            let taken = self.take(diff_id, layer, &mut reader, take);
            // The rest is looked at for its digest alone.
            let to_end = match &taken {
                Ok(()) => io::copy(&mut reader, &mut io::sink()).map(drop),
                Err(_) => Ok(()),
            };
            if progress.cancelled() {
                return Err(AnatomyError::Cancelled);
            }
            if let Some(error) = reader.failed() {
                return Err(interrupted(&error));
            }
            taken?;
            to_end.map_err(|error| AnatomyError::Interrupted {
                after: Bytes(0),
                error,
            })?;
        }
        Ok(())
    }
}

impl Fetched<'_> {
    fn take(
        &self,
        diff_id: &Digest,
        layer: &Layer,
        reader: &mut BlobReader,
        take: &mut TakeLayer<'_>,
    ) -> Result<(), AnatomyError> {
        let mut decoder =
            Decoder::new(reader, self.limits).map_err(|error| AnatomyError::Layer {
                name: layer.digest.to_string(),
                error: error.into(),
            })?;
        take(diff_id, &mut decoder)
    }
}

fn interrupted(error: &RegistryError) -> AnatomyError {
    AnatomyError::Fetching(error.to_string())
}
