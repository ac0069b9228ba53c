//! The way from what is asked to an image taken apart.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::ask::{self, Ask, Names};
use super::engines::{self, OnEngine};
use super::error::ExplainError;
use super::outline::{Outline, outline};
use super::shelf::StoreShelf;
use super::watch::Watch;
use crate::anatomy::Anatomy;
use crate::anatomy::archive::platform::Platform;
use crate::anatomy::archive::source::{Name, Place, Source};
use crate::anatomy::archive::wanted::{Expected, Wanted};
use crate::anatomy::archive::{read_directory, read_file, read_stream};
use crate::anatomy::config::Configuration;
use crate::anatomy::error::AnatomyError;
use crate::anatomy::image::ImageFacts;
use crate::anatomy::limits::Limits;
use crate::anatomy::progress::Progress as _;
use crate::anatomy::shelf::Shelf as _;
use crate::engine::Engine;
use crate::engine::export::ImageReader;
use crate::model::digest::Digest;
use crate::model::observation::ImageStore;
use crate::model::project::{EngineAddress, EngineName, Project};
use crate::model::reference::ImageRef;
use crate::registry::Registries;
use crate::store::Store;

/// Explains images. Cheap to clone.
#[derive(Clone)]
pub struct Explainer {
    project: Arc<Project>,
    /// The engine of this machine, where the project does not name it.
    local: Option<(EngineName, EngineAddress)>,
    store: Arc<Store>,
    registries: Registries,
}

/// An image taken apart, and where it was found.
#[derive(Debug)]
pub struct Explained {
    /// It.
    pub anatomy: Anatomy,
    /// Where.
    pub origin: Origin,
}

/// Where an image was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// On an engine, under this id.
    Engine {
        /// Which.
        engine: EngineName,
        /// Its id there.
        id: Digest,
    },
    /// In a registry.
    Registry {
        /// What was asked for there.
        reference: ImageRef,
        /// The digest it had: of the image's index, where it has one, else of its manifest.
        digest: Digest,
    },
    /// In a file; `-` is standard input.
    Archive(PathBuf),
    /// In a folder.
    Directory(PathBuf),
}

impl Explainer {
    /// Explains images of a project's engines and registries, and remembers what it reads in
    /// this store.
    #[must_use]
    pub fn new(
        project: Arc<Project>,
        local: Option<(EngineName, EngineAddress)>,
        store: Arc<Store>,
    ) -> Self {
        let registries = Registries::new(project.registries.clone());
        Self {
            project,
            local,
            store,
            registries,
        }
    }

    /// Takes an image apart. What is known of it already is not read again.
    ///
    /// # Errors
    /// [`ExplainError`].
    pub async fn explain(&self, ask: &Ask, watch: &Watch) -> Result<Explained, ExplainError> {
        tokio::select! {
            biased;
            // A read that hangs must not keep anybody who has had enough; and whatever else
            // fails because of that is no news.
            () = watch.cancel().cancelled() => Err(ExplainError::Cancelled),
            explained = self.explain_to_the_end(ask, watch) => match explained {
                // It may be the first to notice.
                Err(_) if watch.cancel().is_cancelled() => Err(ExplainError::Cancelled),
                explained => explained,
            },
        }
    }

    async fn explain_to_the_end(
        &self,
        ask: &Ask,
        watch: &Watch,
    ) -> Result<Explained, ExplainError> {
        match &ask.source {
            Source::Archive(place) => {
                let origin = Origin::Archive(place.path.clone());
                let read = archive(place.clone(), wanted(ask, place.name.as_deref()));
                self.read(read, origin, watch).await
            }
            Source::Directory(place) => {
                let origin = Origin::Directory(place.path.clone());
                let (path, wanted) = (place.path.clone(), wanted(ask, place.name.as_deref()));
                let read = move |shelf: &StoreShelf, watch: &Watch| {
                    read_directory(&path, &wanted, shelf, &Limits::default(), watch)
                };
                self.read(read, origin, watch).await
            }
            Source::Engine(name) => self.of_engine(ask, name, watch).await,
            Source::Name(name) => self.of_engine_or_registry(ask, name, watch).await,
            Source::Registry(reference) => self.of_registry(ask, reference, watch).await,
        }
    }

    /// Reads on a thread that may block, and puts together what was read.
    async fn read(
        &self,
        read: impl Fn(&StoreShelf, &Watch) -> Result<ImageFacts, AnatomyError> + Send + 'static,
        origin: Origin,
        watch: &Watch,
    ) -> Result<Explained, ExplainError> {
        let (store, watch) = (self.store.clone(), watch.clone());
        let work = move || {
            let shelf = StoreShelf::new(store, &watch);
            if let Some(anatomy) = assemble(read(&shelf, &watch)?, &shelf)?.whole() {
                return Ok(anatomy);
            }
            // What was counted on is damaged, and forgotten by now: once more, without.
            let again = assemble(read(&shelf, &watch)?, &shelf)?;
            again.whole().ok_or(ExplainError::Forgotten)
        };
        let anatomy = tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| ExplainError::Lost)??;
        Ok(Explained { anatomy, origin })
    }

    /// Of an engine; where none has it, of the registry that its name says, if the project
    /// names that repository.
    async fn of_engine_or_registry(
        &self,
        ask: &Ask,
        name: &Name,
        watch: &Watch,
    ) -> Result<Explained, ExplainError> {
        let engines = match self.of_engine(ask, name, watch).await {
            Err(error) if error.is_on_no_engine() => error,
            other => return other,
        };
        let Some(reference) = ask.in_registry(&self.project) else {
            return Err(engines);
        };
        match self.of_registry(ask, reference, watch).await {
            Err(error @ ExplainError::Registry(_)) if !error.is_cancel() => {
                Err(ExplainError::Nowhere {
                    engines: Box::new(engines),
                    registry: Box::new(error),
                })
            }
            other => other,
        }
    }

    async fn of_engine(
        &self,
        ask: &Ask,
        name: &Name,
        watch: &Watch,
    ) -> Result<Explained, ExplainError> {
        let text = ask.text.strip_prefix("docker-daemon:").unwrap_or(&ask.text);
        let names = Names::of(name, text, &self.project);
        let (engine, image) = engines::find(self.engines(ask)?, &names, text).await?;
        let origin = Origin::Engine {
            engine: engine.name().clone(),
            id: image.id.clone(),
        };
        let key = key(&image.id, ask.platform.as_ref());
        let expected = self.expected(&engine, &image, &key, ask).await?;
        if let Some(expected) = &expected
            && self.knows(expected)
            && let Some(anatomy) = self.remembered(expected, &image).await?
        {
            return Ok(Explained { anatomy, origin });
        }
        let anatomy = match self
            .streamed(&engine, &image, expected.as_ref(), ask, watch)
            .await?
        {
            Some(anatomy) => anatomy,
            // What was counted on is damaged, and forgotten by now: once more, without.
            None => self
                .streamed(&engine, &image, expected.as_ref(), ask, watch)
                .await?
                .ok_or(ExplainError::Forgotten)?,
        };
        // With it, the image is known next time without any of its bytes.
        let config = anatomy.facts.config.clone();
        let store = self.store.clone();
        let remember = move || store.keep_led_to(&key, &config, chrono::Utc::now());
        drop(tokio::task::spawn_blocking(remember).await);
        Ok(Explained { anatomy, origin })
    }

    /// What an engine tells of an image before any of it is read.
    ///
    /// # Errors
    /// [`ExplainError`]. Nothing, where it does not tell what the image is made of, or the
    /// image is on no engine: what a registry says is read in the course of explaining, and
    /// told by [`Watch::new_outline`].
    pub async fn outline(&self, ask: &Ask) -> Result<Option<Outline>, ExplainError> {
        let (Source::Engine(name) | Source::Name(name)) = &ask.source else {
            return Ok(None);
        };
        let text = ask.text.strip_prefix("docker-daemon:").unwrap_or(&ask.text);
        let names = Names::of(name, text, &self.project);
        let (engine, image) = engines::find(self.engines(ask)?, &names, text).await?;
        let history = engine.history(&image.id).await?;
        Ok(outline(image.names, &image.told, &history))
    }

    fn engines(&self, ask: &Ask) -> Result<Vec<Engine>, ExplainError> {
        let local = self.local.as_ref().map(|(name, _)| name);
        let names = ask::engines(&self.project, local, ask.engine.as_deref())?;
        let mut known: Vec<&EngineAddress> = Vec::new();
        let mut engines = Vec::new();
        let mut broken = Vec::new();
        for name in names {
            let local = self.local.as_ref().filter(|(local, _)| *local == name);
            let address = local
                .map(|(_, address)| address)
                .or_else(|| self.project.engines.get(&name));
            // One engine under two names is asked once.
            let is_engine = |it: &&EngineAddress| {
                !matches!(it, EngineAddress::Channel(_) | EngineAddress::Registry(_))
            };
            let address = address.filter(is_engine);
            let Some(address) = address.filter(|it| !known.contains(it)) else {
                continue;
            };
            known.push(address);
            match Engine::new(name, address.clone()) {
                Ok(engine) => engines.push(engine),
                Err(error) => broken.push(error),
            }
        }
        if engines.is_empty() && !broken.is_empty() {
            return Err(ExplainError::Silent(broken));
        }
        Ok(engines)
    }

    pub(super) const fn registries(&self) -> &Registries {
        &self.registries
    }

    pub(super) const fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// Has an engine hand an image over, from its first byte.
    pub(super) async fn hand_over(
        &self,
        engine: &EngineName,
        id: &Digest,
        ask: &Ask,
        watch: &Watch,
    ) -> Result<ImageReader, ExplainError> {
        let engines = self.engines(ask)?;
        let engine = engines.into_iter().find(|it| it.name() == engine);
        let engine = engine.ok_or(ExplainError::Lost)?;
        let platform = ask.platform.as_ref().map(ToString::to_string);
        let cancel = watch.cancel().clone();
        let reader = engine.read_image(id.as_str(), platform.as_deref(), cancel);
        Ok(reader.await?)
    }

    /// What is known of the image before any of it is read; nothing, where the engine may
    /// have several behind one id and does not say which it would hand over.
    async fn expected(
        &self,
        engine: &Engine,
        image: &OnEngine,
        key: &Digest,
        ask: &Ask,
    ) -> Result<Option<Expected>, ExplainError> {
        let other = ask
            .platform
            .as_ref()
            .is_some_and(|it| it.distance_to(&image.platform).is_none());
        let remembered = self.store.led_to(key, chrono::Utc::now()).ok().flatten();
        if let Some(config) = remembered {
            let json = self.store.configuration(&config, chrono::Utc::now());
            let known = json.ok().flatten().and_then(|json| layers_of(&json));
            if let Some(diff_ids) = known {
                return Ok(Some(Expected {
                    config: Some(config),
                    diff_ids,
                }));
            }
        }
        let classic = engine.facts().await?.store == ImageStore::Classic;
        if other && classic {
            let platform = ask.platform.clone().unwrap_or_else(Platform::here);
            return Err(ExplainError::Anatomy(AnatomyError::NoPlatform {
                wanted: platform,
                there: vec![image.platform.to_string()],
            }));
        }
        Ok((!other).then(|| Expected {
            config: classic.then(|| image.id.clone()),
            diff_ids: image.diff_ids.clone(),
        }))
    }

    /// Whether nothing of the image need be read.
    fn knows(&self, expected: &Expected) -> bool {
        let now = chrono::Utc::now();
        let config = expected
            .config
            .as_ref()
            .is_some_and(|config| matches!(self.store.configuration(config, now), Ok(Some(_))));
        let layers = || {
            self.store
                .has_layers(&expected.diff_ids)
                .is_ok_and(|there| there.iter().all(|there| *there))
        };
        config && layers()
    }

    /// The image as it is remembered; nothing, when that turns out to be damaged.
    async fn remembered(
        &self,
        expected: &Expected,
        image: &OnEngine,
    ) -> Result<Option<Anatomy>, ExplainError> {
        let (store, expected, names) = (self.store.clone(), expected.clone(), image.names.clone());
        let work = move || {
            let watch = Watch::default();
            let shelf = StoreShelf::new(store, &watch);
            let limits = Limits::default();
            let wanted = Wanted::default();
            let read = read_stream(
                io::empty(),
                &wanted,
                Some(&expected),
                &shelf,
                &limits,
                &watch,
            );
            let Ok(mut facts) = read else {
                return Ok(None);
            };
            facts.names = names;
            assemble(facts, &shelf).map(Assembled::whole)
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| ExplainError::Lost)?
    }

    /// Reads what the engine hands over, as far as it is not known. Nothing, when a layer
    /// that was counted on turns out to be damaged.
    async fn streamed(
        &self,
        engine: &Engine,
        image: &OnEngine,
        expected: Option<&Expected>,
        ask: &Ask,
        watch: &Watch,
    ) -> Result<Option<Anatomy>, ExplainError> {
        if let Some(size) = image.size {
            watch.expected(size);
        }
        let platform = ask.platform.as_ref().map(ToString::to_string);
        let cancel = watch.cancel().clone();
        let reader = engine
            .read_image(image.id.as_str(), platform.as_deref(), cancel)
            .await?;
        let (store, watch, names) = (self.store.clone(), watch.clone(), image.names.clone());
        let expected = expected.cloned();
        let mut wanted = wanted(ask, None);
        wanted.default_platform = image.platform.clone();
        let id = image.id.clone();
        let work = move || {
            let shelf = StoreShelf::new(store, &watch).of_image(&id);
            let limits = Limits::default();
            let expected = expected.as_ref();
            if let Some(expected) = expected {
                shelf.tell_known(&expected.diff_ids);
            }
            let mut facts = read_stream(reader, &wanted, expected, &shelf, &limits, &watch)?;
            facts.names = names;
            // In which blobs an engine packs layers to hand them over is its own affair: it
            // is no registry's, and another engine, or the same one next time, has others.
            for layer in &mut facts.layers {
                layer.blob = None;
            }
            assemble(facts, &shelf).map(Assembled::whole)
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| ExplainError::Lost)?
    }
}

pub(super) fn wanted(ask: &Ask, name: Option<&str>) -> Wanted {
    Wanted {
        name: name.map(str::to_owned),
        platform: ask.platform.clone(),
        ..Wanted::default()
    }
}

fn archive(
    place: Place,
    wanted: Wanted,
) -> impl Fn(&StoreShelf, &Watch) -> Result<ImageFacts, AnatomyError> + Send + 'static {
    move |shelf, watch| {
        let limits = Limits::default();
        if place.is_standard_input() {
            let input = io::stdin().lock();
            return read_stream(input, &wanted, None, shelf, &limits, watch);
        }
        read_file(&place.path, &wanted, shelf, &limits, watch)
    }
}

/// Under what it is remembered to which configuration an image's id led.
fn key(id: &Digest, platform: Option<&Platform>) -> Digest {
    platform.map_or_else(
        || id.clone(),
        |platform| Digest::of(format!("{id} {platform}").as_bytes()),
    )
}

fn layers_of(json: &[u8]) -> Option<Vec<Digest>> {
    let configuration = Configuration::read(json).ok()?;
    Some(configuration.diff_ids)
}

/// An image put together from what is on the shelf.
pub(super) enum Assembled {
    /// It is all there.
    Whole(Box<Anatomy>),
    /// A layer that was counted on is not.
    Lost,
}

impl Assembled {
    pub(super) fn whole(self) -> Option<Anatomy> {
        match self {
            Self::Whole(anatomy) => Some(*anatomy),
            Self::Lost => None,
        }
    }
}

pub(super) fn assemble(facts: ImageFacts, shelf: &StoreShelf) -> Result<Assembled, ExplainError> {
    let mut lost = false;
    let anatomy = Anatomy::assemble(facts, |diff_id| {
        let index = shelf.get(diff_id);
        lost |= index.is_none();
        index
    })
    .map_err(AnatomyError::from)?;
    if lost {
        return Ok(Assembled::Lost);
    }
    Ok(Assembled::Whole(Box::new(anatomy)))
}
