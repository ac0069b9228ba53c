//! Taking versions apart for the interface: read from the registry or the engine that has
//! them, and what is in their files; or made up, for the demo.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::layers::accepted_by_image;
use super::session::Session;
use super::showroom::Anatomies;
use crate::anatomy::archive::source::{Name, Source};
use crate::anatomy::extract::{Allowance, extract, show_text};
use crate::anatomy::findings::AcceptanceList;
use crate::anatomy::image::{History, ImageFacts, LayerFacts, Presence, Settings};
use crate::anatomy::layers::Known;
use crate::anatomy::limits::Limits;
use crate::anatomy::merged::{LayerNo, NodeId};
use crate::anatomy::report::Report;
use crate::config;
use crate::explain::{Ask, ExplainError, Explained, Explainer, Origin, Outline, Watch};
use crate::model::digest::Digest;
use crate::model::fleet::{Fleet, Link};
use crate::model::observation::LocalImage;
use crate::model::project::{ImageName, Project};
use crate::model::reference::{ImageRef, Repository};
use crate::tui::effect::{Content, Explaining, FileAt, LayerRead};

/// How often one hears how far a reading is.
const TELLS_EVERY: Duration = Duration::from_millis(100);

/// How much of a file is shown.
const SHOWN: usize = 1 << 20;

/// Takes versions apart.
pub(super) struct Dissecting {
    fleet: watch::Receiver<Arc<Fleet>>,
    cwd: PathBuf,
    from: From,
    /// Where those that were taken apart came from.
    found: Mutex<HashMap<Digest, Found>>,
}

/// Where versions are.
enum From {
    /// Nowhere: all of them are made up.
    MadeUp(Arc<Anatomies>),
    /// In registries and on engines.
    Real(Box<Real>),
}

/// Where versions are that are real.
struct Real {
    explainer: Explainer,
    project: Arc<Project>,
    accepted: HashMap<ImageName, AcceptanceList>,
}

/// A version that was taken apart: as long as anybody looks at it, its files can be read.
#[derive(Clone)]
struct Found {
    report: Weak<Report>,
    ask: Ask,
    origin: Origin,
}

impl Dissecting {
    /// For a session; `made_up` is what there is in a demo.
    pub(super) fn new(
        session: &Session,
        fleet: watch::Receiver<Arc<Fleet>>,
        made_up: Option<Arc<Anatomies>>,
    ) -> Self {
        let from = match made_up {
            Some(made_up) => From::MadeUp(made_up),
            None => {
                let local = config::local_engine(&session.surroundings);
                let explainer =
                    Explainer::new(session.project.clone(), local, session.store.clone());
                From::Real(Box::new(Real {
                    explainer,
                    project: session.project.clone(),
                    accepted: accepted_by_image(session),
                }))
            }
        };
        Self {
            fleet,
            cwd: session.surroundings.cwd.clone(),
            from,
            found: Mutex::default(),
        }
    }

    fn found(&self) -> MutexGuard<'_, HashMap<Digest, Found>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a version apart, telling how far that is. Nothing, when it was cancelled.
    pub(super) async fn explain(
        &self,
        (image, identity): (&ImageName, &Digest),
        tell: &mpsc::Sender<Explaining>,
        cancel: &CancellationToken,
    ) -> Option<Result<Arc<Report>, String>> {
        match &self.from {
            From::MadeUp(made_up) => {
                let explained = made_up.explain(identity, tell, cancel).await?;
                Some(explained.map(Arc::new))
            }
            From::Real(real) => self.read((image, identity), real, tell, cancel).await,
        }
    }

    async fn read(
        &self,
        (image, identity): (&ImageName, &Digest),
        real: &Real,
        tell: &mpsc::Sender<Explaining>,
        cancel: &CancellationToken,
    ) -> Option<Result<Arc<Report>, String>> {
        let explainer = &real.explainer;
        let accept = real.accepted.get(image).cloned().unwrap_or_default();
        let fleet = self.fleet.borrow().clone();
        let of_registry = in_registry(&fleet, &real.project, image, identity);
        let of_engine = on_engine(&fleet, image, identity);
        let Some(mut ask) = of_registry.or_else(|| of_engine.clone()) else {
            return Some(Err(format!(
                "no registry and no engine that answers has this version of {image}"
            )));
        };
        let mut places = Vec::new();
        if let Some(facts) = outline(&fleet, image, identity) {
            places = facts.layers.iter().map(|it| it.diff_id.clone()).collect();
            let facts = Arc::new(facts);
            let sizes = Vec::new();
            // Whoever has gone cancels, too.
            let _ = tell.send(Explaining::Facts { facts, sizes }).await;
        }
        let mut explained = explain(explainer, &ask, places.clone(), tell, cancel).await;
        // A registry that lets nothing be read is no reason not to ask the engine.
        if let (Err(ExplainError::Registry(_)), Some(other)) = (&explained, of_engine)
            && !cancel.is_cancelled()
        {
            ask = other;
            explained = explain(explainer, &ask, places, tell, cancel).await;
        }
        let Explained { anatomy, origin } = match explained {
            Ok(explained) => explained,
            Err(_) if cancel.is_cancelled() => return None,
            Err(error) => return Some(Err(error.to_string())),
        };
        let known = known(&fleet, identity);
        let work = move || Report::of(anatomy, &known, &accept, chrono::Utc::now());
        match tokio::task::spawn_blocking(work).await {
            Ok(report) => {
                let report = Arc::new(report);
                self.remember(identity, &report, ask, origin);
                Some(Ok(report))
            }
            Err(error) => Some(Err(format!(
                "what was read could not be explained: {error}"
            ))),
        }
    }

    fn remember(&self, identity: &Digest, report: &Arc<Report>, ask: Ask, origin: Origin) {
        let mut found = self.found();
        found.retain(|_, one| one.report.strong_count() > 0);
        found.insert(
            identity.clone(),
            Found {
                report: Arc::downgrade(report),
                ask,
                origin,
            },
        );
    }

    /// A version that was taken apart, a path of it, and after which layer.
    fn path_of(&self, of: &FileAt) -> Result<(Arc<Report>, Found, LayerNo, NodeId), String> {
        let gone = || "this version is no longer known: open it once more".to_owned();
        let found = self.found().get(&of.identity).cloned().ok_or_else(gone)?;
        let report = found.report.upgrade().ok_or_else(gone)?;
        let merged = &report.anatomy.merged;
        let last = merged.last().unwrap_or(LayerNo(0));
        let at = of
            .layer
            .and_then(|layer| u16::try_from(layer).ok())
            .map_or(last, LayerNo);
        let path = String::from_utf8_lossy(&of.path);
        let node = merged
            .find(&of.path)
            .ok_or_else(|| format!("/{path} is not in this version"))?;
        Ok((report, found, at, node))
    }

    /// The beginning of a file.
    pub(super) async fn show(&self, of: &FileAt) -> Result<Content, String> {
        let explainer = match &self.from {
            From::MadeUp(made_up) => return made_up.read(of),
            From::Real(real) => &real.explainer,
        };
        let (report, found, at, node) = self.path_of(of)?;
        let watch = Watch::default();
        let opened = explainer.open_at(&found.ask, &found.origin, &watch).await;
        let contents = opened.map_err(|error| error.to_string())?;
        let work = move || {
            let anatomy = &report.anatomy;
            let entry = anatomy
                .merged
                .visible(node, at)
                .ok_or_else(|| "after this layer it is not there".to_owned())?;
            let limits = Limits::default();
            show_text(
                anatomy,
                entry,
                SHOWN,
                &mut contents.layers(),
                &limits,
                &watch,
            )
            .map_err(|error| error.to_string())
        };
        let shown = tokio::task::spawn_blocking(work).await;
        let shown = shown.map_err(|error| format!("the file was not read: {error}"))??;
        Ok(Content {
            text: shown.text,
            cut: shown.cut,
            binary: shown.binary,
        })
    }

    /// Writes a file or directory to the current folder; answers where.
    pub(super) async fn extract(&self, of: &FileAt) -> Result<String, String> {
        let explainer = match &self.from {
            From::MadeUp(_) => {
                return Err(format!(
                    "nothing of the demo is written anywhere; of a real image, /{} would be in the current folder now",
                    String::from_utf8_lossy(&of.path)
                ));
            }
            From::Real(real) => &real.explainer,
        };
        let (report, found, at, node) = self.path_of(of)?;
        let watch = Watch::default();
        let opened = explainer.open_at(&found.ask, &found.origin, &watch).await;
        let contents = opened.map_err(|error| error.to_string())?;
        let into = self.cwd.clone();
        let work = move || {
            let (limits, most) = (Limits::default(), Allowance::default());
            let layers = &mut contents.layers();
            extract(
                &report.anatomy,
                (at, node),
                &into,
                most,
                layers,
                &limits,
                &watch,
            )
            .map_err(|error| error.to_string())
        };
        let done = tokio::task::spawn_blocking(work).await;
        let done = done.map_err(|error| format!("it was not written: {error}"))??;
        let left_out = match done.left_out {
            0 => String::new(),
            some => format!("; {some} left out (devices, pipes, names that no file can have)"),
        };
        Ok(format!(
            "wrote {}: {} in {} files and folders{left_out}",
            done.path.display(),
            done.bytes,
            done.entries
        ))
    }
}

/// Takes an image apart, telling meanwhile what becomes known of it.
async fn explain(
    explainer: &Explainer,
    ask: &Ask,
    places: Vec<Digest>,
    tell: &mpsc::Sender<Explaining>,
    cancel: &CancellationToken,
) -> Result<Explained, ExplainError> {
    let watch = Watch::new(cancel.clone());
    let reading = explainer.explain(ask, &watch);
    tokio::select! {
        biased;
        explained = reading => explained,
        () = telling(explainer, ask, &watch, places, tell) => Err(ExplainError::Lost),
    }
}

/// Tells what becomes known of an image while it is read. Never ends by itself.
async fn telling(
    explainer: &Explainer,
    ask: &Ask,
    watch: &Watch,
    mut places: Vec<Digest>,
    tell: &mpsc::Sender<Explaining>,
) {
    let mut outline = std::pin::pin!(explainer.outline(ask));
    let mut waiting = true;
    let mut ticks = tokio::time::interval(TELLS_EVERY);
    loop {
        tokio::select! {
            told = &mut outline, if waiting => {
                waiting = false;
                // Without it there is less to see, until all of it has been read.
                if let Ok(Some(outline)) = told {
                    places = tell_outline(outline, tell).await;
                }
            }
            _ = ticks.tick() => {
                if let Some(outline) = watch.new_outline() {
                    places = tell_outline(outline, tell).await;
                }
                how_far(watch, &places, tell).await;
            }
        }
    }
}

/// Tells what an image says of itself; answers its layers.
async fn tell_outline(outline: Outline, tell: &mpsc::Sender<Explaining>) -> Vec<Digest> {
    let Outline { facts, sizes } = outline;
    let places = facts.layers.iter().map(|it| it.diff_id.clone()).collect();
    let facts = Arc::new(facts);
    let _ = tell.send(Explaining::Facts { facts, sizes }).await;
    places
}

/// Tells which layers are known by now, and how many bytes have been read.
async fn how_far(watch: &Watch, places: &[Digest], tell: &mpsc::Sender<Explaining>) {
    for layer in watch.new_layers() {
        let read = LayerRead {
            bytes: layer.bytes,
            entries: layer.entries,
            remembered: layer.remembered,
        };
        // One layer may be there twice.
        let of_it = |(_, diff_id): &(usize, &Digest)| **diff_id == layer.diff_id;
        for (place, _) in places.iter().enumerate().filter(of_it) {
            let _ = tell.send(Explaining::Layer { place, read }).await;
        }
    }
    let (done, total) = watch.so_far();
    let _ = tell.send(Explaining::Bytes { done, total }).await;
}

/// What is asked for of a registry that the project names and that is up. It comes before any
/// engine: that would first write all of the image into its own data folder, and hand over
/// all of it.
fn in_registry(
    fleet: &Fleet,
    project: &Project,
    image: &ImageName,
    identity: &Digest,
) -> Option<Ask> {
    let row = fleet.row(image)?;
    let version = row.version(identity)?;
    let digest = version.remote.as_ref()?.digest()?;
    let up = |name| {
        let state = fleet.engines.get(name);
        state.is_some_and(|it| it.link == Link::Up)
    };
    let has = |repository: &Repository| {
        let mut there = version.repo_digests.iter();
        there.any(|it| it.repository == *repository && it.digest.as_ref() == Some(digest))
    };
    let all = project.in_registries(&row.image);
    let (_, repository) = all.into_iter().find(|(name, it)| up(name) && has(it))?;
    let reference = ImageRef {
        repository,
        tag: None,
        digest: Some(digest.clone()),
    };
    Some(Ask {
        text: format!("docker://{reference}"),
        source: Source::Registry(reference),
        engine: None,
        platform: None,
    })
}

/// What is asked for, and of which engine: one that is up, rather than one that is not.
fn on_engine(fleet: &Fleet, image: &ImageName, identity: &Digest) -> Option<Ask> {
    let version = fleet.row(image)?.version(identity)?;
    let up = |engine| {
        fleet
            .engines
            .get(engine)
            .is_some_and(|it| it.link == Link::Up)
    };
    let held = version.on_engines.iter();
    let best = held.clone().find(|held| up(&held.engine));
    let held = best.or_else(|| version.on_engines.first())?;
    Some(Ask {
        text: held.image_id.to_string(),
        source: Source::Engine(Name::Id(held.image_id.clone())),
        engine: Some(held.engine.to_string()),
        platform: None,
    })
}

/// The image as an engine told of it.
fn local<'f>(fleet: &'f Fleet, image: &ImageName, identity: &Digest) -> Option<&'f LocalImage> {
    let version = fleet.row(image)?.version(identity)?;
    version.on_engines.iter().find_map(|held| {
        let images = &fleet.engines.get(&held.engine)?.last.as_ref()?.images;
        images.iter().find(|one| one.id == held.image_id)
    })
}

/// What is known of an image before any of it is read: how many layers it has.
fn outline(fleet: &Fleet, image: &ImageName, identity: &Digest) -> Option<ImageFacts> {
    let local = local(fleet, image, identity)?;
    let layers = local.diff_ids.iter().map(|diff_id| LayerFacts {
        diff_id: diff_id.clone(),
        blob: None,
        blob_bytes: None,
        presence: Presence::Present,
        step: None,
    });
    Some(ImageFacts {
        names: Vec::new(),
        index: None,
        manifest: None,
        config: identity.clone(),
        platform: local.platform.clone(),
        created: local.created,
        settings: Settings::default(),
        layers: layers.collect(),
        history: History::default(),
    })
}

/// The layers of every other version that an engine has told of.
fn known(fleet: &Fleet, but: &Digest) -> Vec<Known> {
    let rows = fleet.rows.iter();
    let versions = rows.flat_map(|row| {
        let versions = row.catalog.versions.iter();
        versions.map(move |version| (&row.image.name, version))
    });
    versions
        .filter(|(_, version)| &version.identity != but)
        .filter_map(|(image, version)| {
            let local = local(fleet, image, &version.identity)?;
            let name = format!("{image} {}", version.shown());
            Some((name, local.diff_ids.clone()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fleet::EngineState;
    use crate::model::project::{EngineAddress, EngineName};
    use crate::model::remote::RemoteImage;
    use crate::model::testing::{
        digest, engine, engines, environment, image, local, minute, project,
    };

    const REPOSITORY: &str = "reg.example.com/golden/web";

    /// A version that these have: an engine, the registry.
    fn fleet(on_engine: bool, in_registry: Option<Link>) -> (Project, Fleet) {
        let repository = Repository::new(REPOSITORY);
        let mut web = image("web");
        web.repository = repository.clone();
        let mut project = project(vec![environment("prod")]);
        project.images = vec![web];
        let registry = EngineName::registry(&repository);
        project
            .engines
            .insert(registry.clone(), EngineAddress::Registry(repository));
        let tag = format!("{REPOSITORY}:1.0.0");
        let mut held = local("x", &[&tag]);
        let by_digest = format!("{REPOSITORY}@{}", digest("manifest"));
        held.repo_digests = vec![ImageRef::parse(&by_digest).expect("a reference")];
        let mut there = held.clone();
        there.remote = Some(RemoteImage {
            manifest: Some(digest("manifest")),
            ..RemoteImage::default()
        });
        let on_engine = on_engine.then_some(held);
        let mut all = vec![engine("prod", on_engine.into_iter().collect(), Vec::new())];
        if let Some(link) = in_registry {
            let (_, state) = engine(&registry.0, vec![there], Vec::new());
            all.push((registry, EngineState { link, ..state }));
        }
        let fleet = Fleet::assemble(&project, &engines(all), minute(0));
        (project, fleet)
    }

    fn asked(on_engine_too: bool, link: Option<Link>) -> Option<String> {
        let (project, fleet) = fleet(on_engine_too, link);
        let (web, identity) = (ImageName::from("web"), digest("x"));
        let of_registry = in_registry(&fleet, &project, &web, &identity);
        let ask = of_registry.or_else(|| on_engine(&fleet, &web, &identity))?;
        Some(ask.text)
    }

    #[test]
    fn a_registry_that_is_up_comes_before_an_engine() {
        let down = Link::Down {
            error: "refused".to_owned(),
            since: minute(0),
            retry_at: None,
        };
        let by_digest = format!("docker://{REPOSITORY}@{}", digest("manifest"));
        let id = digest("x").to_string();
        assert_eq!(asked(false, Some(Link::Up)), Some(by_digest.clone()));
        assert_eq!(asked(true, Some(Link::Up)), Some(by_digest));
        assert_eq!(asked(true, Some(down.clone())), Some(id.clone()));
        assert_eq!(asked(true, None), Some(id));
        assert_eq!(asked(false, Some(down)), None);
    }

    #[test]
    fn a_registry_that_the_project_does_not_name_is_not_asked() {
        let (mut project, fleet) = fleet(true, Some(Link::Up));
        project.engines.clear();
        let web = ImageName::from("web");
        assert_eq!(in_registry(&fleet, &project, &web, &digest("x")), None);
    }
}
