//! Engines.

use super::super::Rows;
use super::super::matching::Hay;
use super::{by, figures};
use crate::config::{EnginesBy, Sort, SortKey as _};
use crate::model::fleet::{EngineState, Fleet, Link};
use crate::model::observation::{EngineFacts, EngineKind, ImageStore, Observation};
use crate::model::project::EngineName;
use crate::model::step::Course;

/// Engines, by name.
pub(crate) struct EngineRows<'a> {
    /// What runs where.
    pub(crate) fleet: &'a Fleet,
    /// The order.
    pub(crate) sort: Sort<EnginesBy>,
}

/// How an engine stands, in a word.
pub(crate) const fn link_word(link: &Link) -> &'static str {
    match link {
        Link::Up => "up",
        Link::Connecting => "connecting",
        Link::Down { .. } => "down",
    }
}

/// The environments an engine serves, upstream first.
pub(crate) fn served<'a>(fleet: &'a Fleet, engine: &EngineName) -> Vec<&'a str> {
    fleet
        .environments
        .iter()
        .filter(|environment| environment.engines.contains(engine))
        .map(|environment| environment.name.as_str())
        .collect()
}

/// What it is where it is no engine: a registry, or a channel.
pub(crate) fn kind_of(name: &EngineName) -> Option<&'static str> {
    if name.is_registry() {
        Some("registry")
    } else if name.course() == Course::Tag {
        Some("channel")
    } else {
        None
    }
}

/// Whose engine, and which: `Docker 20.10.24`; nothing while that is not known. What is no
/// engine has no version: its kind stands there.
pub(crate) fn version_of(name: &EngineName, facts: Option<&EngineFacts>) -> Option<String> {
    if let Some(kind) = kind_of(name) {
        return Some(kind.to_owned());
    }
    let facts = facts?;
    let kind = match facts.kind {
        EngineKind::Docker => "Docker",
        EngineKind::Podman => "Podman",
        EngineKind::Registry => "registry",
        EngineKind::Channel => "channel",
    };
    (!facts.version.is_empty()).then(|| format!("{kind} {}", facts.version))
}

/// How many images it has, as far as is known; a registry: how many tags.
pub(crate) fn images_of(last: &Observation) -> usize {
    if last.engine.is_registry() {
        let read: usize = last.images.iter().map(|image| image.tags.len()).sum();
        return read + last.unread.len();
    }
    last.images_in_all.unwrap_or(last.images.len())
}

impl EngineRows<'_> {
    fn engine(&self, at: usize) -> Option<(&EngineName, &EngineState)> {
        self.fleet.engines.iter().nth(at)
    }
}

impl Rows for EngineRows<'_> {
    type Key = EngineName;

    fn len(&self) -> usize {
        self.fleet.engines.len()
    }

    fn key(&self, at: usize) -> Option<EngineName> {
        self.engine(at).map(|(name, _)| name.clone())
    }

    fn find(&self, key: &EngineName) -> Option<usize> {
        self.fleet.engines.keys().position(|name| name == key)
    }

    fn hay(&self, at: usize) -> Hay {
        let mut hay = Hay::default();
        let Some((name, state)) = self.engine(at) else {
            return hay;
        };
        hay.share(name.as_str());
        hay.share(link_word(&state.link));
        if let Link::Down { error, .. } = &state.link {
            hay.share(error);
        }
        for name in served(self.fleet, name) {
            hay.share(name);
        }
        let facts = state.last.as_ref().map(|last| &last.facts);
        hay.share(&version_of(name, facts).unwrap_or_default());
        if let Some(last) = &state.last {
            hay.share(&last.facts.host);
            hay.share(&last.facts.platform);
            if last.facts.store == ImageStore::Containerd {
                hay.share("containerd");
            }
            if !last.locks.is_empty() {
                hay.share("locked");
            }
        }
        hay
    }

    fn passes(&self, _: usize) -> bool {
        true
    }

    fn sort(&self, order: &mut [usize]) {
        let falls = self.sort.by.falls() != self.sort.reversed;
        let last = |at: usize| self.engine(at).and_then(|(_, state)| state.last.as_ref());
        match self.sort.by {
            EnginesBy::State => by(order, falls, |at| {
                self.engine(at).map(|(_, state)| match state.link {
                    Link::Up => 0,
                    Link::Connecting => 1,
                    Link::Down { .. } => 2,
                })
            }),
            // They come by name.
            EnginesBy::Name if falls => order.reverse(),
            EnginesBy::Name => {}
            EnginesBy::Serves => by(order, falls, |at| {
                let (name, _) = self.engine(at)?;
                let environments = &self.fleet.environments;
                let serves: Vec<usize> = (0..environments.len())
                    .filter(|at| {
                        environments
                            .get(*at)
                            .is_some_and(|environment| environment.engines.contains(name))
                    })
                    .collect();
                (!serves.is_empty()).then_some(serves)
            }),
            EnginesBy::Version => by(order, falls, |at| {
                let (name, state) = self.engine(at)?;
                let facts = state.last.as_ref().map(|last| &last.facts);
                figures(&version_of(name, facts)?)
            }),
            EnginesBy::Containers => by(order, falls, |at| {
                let (name, state) = self.engine(at)?;
                let last = state.last.as_ref().filter(|_| name.is_engine())?;
                Some(last.containers.len())
            }),
            EnginesBy::Images => by(order, falls, |at| Some(images_of(last(at)?))),
            // The oldest first: the earliest moment.
            EnginesBy::Seen => by(order, !falls, |at| {
                let (name, state) = self.engine(at)?;
                // One that is up says what changes: what it said last holds now.
                (state.link == Link::Up && name.is_engine())
                    .then_some((true, None))
                    .or_else(|| Some((false, Some(state.last.as_ref()?.at))))
            }),
        }
    }
}
