//! `karat demo`: the whole interface on a fleet that exists only in this process. Nothing of
//! it is asked of any engine, read from the project at hand, or written anywhere.
//!
//! | file | subject |
//! |---|---|
//! | `table`, `cast`, `dice` | what there is, what it is called, and chance by the seed |
//! | `anatomy`, `contents` | what its images are made of, file by file |
//! | `past` | what happened before: runs, history |
//! | `recipes` | how the images are built |
//! | `lay` | all of that on simulated engines |
//! | `life` | what happens by itself while one looks |

mod anatomy;
mod cast;
mod contents;
mod dice;
mod lay;
mod life;
mod past;
mod recipes;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

pub(super) use anatomy::Anatomies;
use cast::Cast;
use dice::Dice;
use lay::Layer;
use past::Past;
use table::{DOWN, LINES, PLACES, Place, Role};

use crate::model::fleet::Fleet;
use crate::model::layer_rules::LayerRules;
use crate::model::project::{
    EngineAddress, EngineName, Environment, EnvironmentName, Image, Project, Selector, Source,
};
use crate::model::time::{Span, Timestamp};
use crate::model::version::Scheme;
use crate::operate::Operator;
use crate::store::{Store, StoreError};
use crate::target::memory::{MemoryTarget, Registry, SimEngine};
use crate::target::{Clock, Target, Targets};

/// The seed of a demo for which nobody named one.
pub(super) const SEED: u64 = 42;

/// A Sunday, 03:00: when nobody wants to be woken.
fn start() -> Timestamp {
    chrono::DateTime::from_timestamp(1_795_316_400, 0).unwrap_or_default()
}

/// The demo: a fleet, and all that is needed to work on it.
pub(super) struct Showroom {
    pub(super) project: Arc<Project>,
    pub(super) targets: Targets,
    pub(super) store: Arc<Store>,
    pub(super) operator: Operator,
    pub(super) clock: Clock,
    pub(super) anatomies: Arc<Anatomies>,
    engines: BTreeMap<EngineName, Arc<SimEngine>>,
    cast: Cast,
    dice: Dice,
}

impl Showroom {
    /// The fleet of a seed, by a clock that runs so many times as fast.
    ///
    /// # Errors
    /// There is no memory for its history.
    pub(super) fn open(seed: u64, speed: u32) -> Result<Self, StoreError> {
        let clock = Clock::starting(start(), speed);
        let (dice, cast) = (Dice::new(seed), Cast::new(seed));
        let (recipes, workshop) = recipes::recipes(dice, &cast);
        let registry = Registry::default();
        let engines = lay::engines(&cast, clock, &registry, &workshop);
        let layer = Layer {
            past: Past {
                dice,
                cast: &cast,
                start: start(),
            },
            registry,
        };
        layer.publish();
        for place in &PLACES {
            for name in place.engines {
                if let Some(engine) = engines.get(&EngineName::from(*name)) {
                    layer.lay(place, name, engine);
                    for line in &LINES {
                        let context = recipes::recipe(cast.company, cast.image(line.role)).context;
                        engine.warm(workshop.keys(&context));
                    }
                }
            }
        }
        life::before(&layer, &engines);
        let store = Arc::new(Store::in_memory()?);
        remember(&layer.past, &store)?;
        let targets = Targets {
            usable: engines
                .iter()
                .map(|(name, engine)| {
                    let target: Arc<dyn Target> = Arc::new(MemoryTarget::new(engine.clone()));
                    (name.clone(), target)
                })
                .collect(),
            unusable: BTreeMap::new(),
            shared: None,
        };
        let operator = Operator::new(targets.clone(), store.clone())
            .by(clock)
            .reading(recipes);
        let project = Arc::new(project(&cast));
        let anatomies = Arc::new(Anatomies::new(&cast, dice, start()));
        for engine in engines.values() {
            let anatomies = anatomies.clone();
            engine.furnish(Arc::new(move |image| anatomies.interior(image)));
        }
        Ok(Self {
            project,
            targets,
            store,
            operator,
            clock,
            anatomies,
            engines,
            cast,
            dice,
        })
    }

    /// Lets things happen by themselves, for as long as the answer is kept.
    pub(super) fn live(&self, fleet: &watch::Receiver<Arc<Fleet>>) -> JoinSet<()> {
        life::live(self, fleet)
    }

    /// Every engine that simulates.
    #[cfg(test)]
    fn engine(&self, name: &str) -> Arc<SimEngine> {
        self.engines
            .get(&EngineName::from(name))
            .cloned()
            .expect("an engine of that name")
    }
}

/// The history of this machine, as if all of it had been watched from here.
fn remember(past: &Past<'_>, store: &Store) -> Result<(), StoreError> {
    for line in &LINES {
        for place in &PLACES {
            let version = place
                .engines
                .first()
                .and_then(|name| lay::stand(line, name));
            let arrival = version.and_then(|version| past.arrival(line, place.name, version));
            if let Some(arrival) = arrival {
                store.record(&past.remembered(arrival))?;
            }
        }
    }
    past.others()
        .iter()
        .try_for_each(|event| store.record(event))
}

fn project(cast: &Cast) -> Project {
    let company = cast.company;
    let images = LINES.iter().map(|line| Image {
        name: cast.name(line.role),
        repository: cast.repository(line.role, line.hosted),
        scheme: if line.role == Role::Search {
            Scheme::Calver
        } else {
            Scheme::Semver
        },
        build: Some(recipes::recipe(company, cast.image(line.role))),
        revoked: Vec::new(),
        layers: LayerRules::default(),
    });
    let mut before: Option<EnvironmentName> = None;
    let environments = PLACES.iter().map(|place| {
        let made = environment(place, before.take());
        before = Some(made.name.clone());
        made
    });
    let engines = PLACES.iter().flat_map(|place| place.engines);
    Project {
        source: Source::File(format!("{company}/karat.toml").into()),
        images: images.collect(),
        environments: environments.collect(),
        grouping: None,
        engines: engines
            .map(|name| (EngineName::from(*name), address(name)))
            .collect(),
        layers: LayerRules::default(),
        registries: BTreeMap::new(),
    }
}

/// How it would be reached, if it were there.
fn address(name: &str) -> EngineAddress {
    let local = EngineAddress::Unix("/var/run/docker.sock".into());
    name.parse().unwrap_or(local)
}

fn environment(place: &Place, after: Option<EnvironmentName>) -> Environment {
    Environment {
        name: EnvironmentName::from(place.name),
        engines: place
            .engines
            .iter()
            .map(|name| EngineName::from(*name))
            .collect(),
        selector: Selector::All,
        protected: place.protected,
        read_only: place.read_only,
        soak: Span::seconds(place.soak_seconds),
        after,
        channel: None,
    }
}
