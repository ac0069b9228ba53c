//! A simulated engine: everything on it behind one lock, which is never held while anything
//! is waited for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::container::{Life, SimContainer};
use super::image::SimImage;
use super::interior::{Interior, Interiors};
use super::lock::Held;
use super::{Clock, Registry, TargetError, Workshop, log, steps};
use crate::engine::EngineError;
use crate::model::digest::Digest;
use crate::model::observation::{EngineFacts, Health};
use crate::model::plan::Frozen;
use crate::model::project::EngineName;
use crate::model::reference::ImageRef;
use crate::target::Job;

/// How fast an engine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long it takes to answer.
    pub answers_in: Duration,
    /// How many bytes of an image it takes in or gives out a second.
    pub bytes_a_second: u64,
}

/// A simulated engine.
pub struct SimEngine {
    name: EngineName,
    pub(super) facts: EngineFacts,
    pub(super) clock: Clock,
    pub(super) pace: Pace,
    pub(super) registry: Registry,
    pub(super) workshop: Workshop,
    interiors: OnceLock<Interiors>,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

/// Everything on it.
#[derive(Default)]
pub(super) struct State {
    pub(super) images: BTreeMap<Digest, SimImage>,
    pub(super) containers: Vec<SimContainer>,
    pub(super) locks: BTreeMap<String, Held>,
    /// Build steps that were done before.
    pub(super) cache: BTreeSet<Digest>,
    /// Why it does not answer.
    down: Option<String>,
    made: u64,
}

impl SimEngine {
    /// An engine with nothing on it.
    #[must_use]
    pub fn new(
        name: EngineName,
        facts: EngineFacts,
        (clock, pace): (Clock, Pace),
        registry: Registry,
        workshop: Workshop,
    ) -> Arc<Self> {
        Arc::new(Self {
            name,
            facts,
            clock,
            pace,
            registry,
            workshop,
            interiors: OnceLock::new(),
            state: Mutex::default(),
            changed: watch::Sender::new(0),
        })
    }

    /// What it is called.
    #[must_use]
    pub const fn name(&self) -> &EngineName {
        &self.name
    }

    /// Says what is inside its images. The first to say so is believed.
    pub fn furnish(&self, interiors: Interiors) {
        drop(self.interiors.set(interiors));
    }

    /// What is inside an image, where that is known.
    pub(super) fn interior(&self, image: &Digest) -> Option<Interior> {
        self.interiors.get().and_then(|interiors| interiors(image))
    }

    /// Looks at what is on it.
    pub(super) fn with<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state())
    }

    /// Changes what is on it, and tells everybody.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.state());
        self.changed
            .send_modify(|count| *count = count.wrapping_add(1));
        changed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is whole before anything in it can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears of every change.
    pub(super) fn listen(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Whether it answers.
    pub(super) fn reachable(&self, doing: &str) -> Result<(), TargetError> {
        let why = self.with(|state| state.down.clone());
        why.map_or(Ok(()), |why| {
            Err(TargetError::Engine(EngineError::Unreachable {
                engine: self.name.clone(),
                doing: doing.to_owned(),
                why,
            }))
        })
    }

    /// Takes as long as it takes to answer.
    pub(super) async fn answer(&self, doing: &str) -> Result<(), TargetError> {
        self.clock.sleep(self.pace.answers_in).await;
        self.reachable(doing)
    }

    /// Puts an image on it.
    pub fn lay_image(&self, image: SimImage) {
        self.change(|state| state.images.insert(image.local.id.clone(), image));
    }

    /// Puts a container on it.
    pub fn lay_container(&self, container: SimContainer) {
        self.change(|state| state.containers.push(container));
    }

    /// Puts the lock of an operation on it, as if somebody else had taken it.
    pub fn lay_lock(&self, job: Job) {
        self.change(|state| {
            let id = state.new_id(&self.name, "lock");
            state.locks.insert(job.container.clone(), Held { id, job });
        });
    }

    /// Leaves an operation on it as if its karat had died right after stopping the old
    /// container: locked, disarmed, stopped, the new one made and not started.
    pub fn abandon(&self, job: Job) {
        let (now, at) = (self.clock.now(), job.event.time);
        self.change(|state| {
            let old = state.container(&job.old_id).cloned();
            let image = state.locate(&job.to);
            if let (Some(old), Some(image)) = (old, image) {
                let id = state.new_id(&self.name, "container");
                let new = steps::successor(&job, &old, id, image, at);
                state.containers.push(new);
            }
            if let Some(old) = state.container_mut(&job.old_id)
                && let Some(ran_since) = old.running_since()
            {
                old.body.policy = "no".to_owned();
                old.life = Life::Ended {
                    ran_since,
                    at: now.min(at + chrono::TimeDelta::seconds(4)),
                    code: 0,
                };
            }
        });
        self.lay_lock(job);
    }

    /// Takes a lock away, as its owner does at the end.
    pub fn lift_lock(&self, container: &str) {
        self.change(|state| state.locks.remove(container));
    }

    /// It answers no more, or again.
    pub fn set_down(&self, why: Option<String>) {
        self.change(|state| state.down = why);
    }

    /// Marks the steps of a recipe as done before.
    pub fn warm(&self, keys: impl IntoIterator<Item = Digest>) {
        self.change(|state| state.cache.extend(keys));
    }

    /// Everything a container has printed, oldest first; `None` if there is none.
    #[must_use]
    pub fn log(&self, name: &str) -> Option<Vec<(crate::model::time::Timestamp, String)>> {
        let now = self.clock.now();
        self.with(|state| {
            let found = state.named(name)?;
            Some(log::lines(found, state.images.get(&found.image_id), now))
        })
    }

    /// Whether a container of that name runs.
    pub(super) fn runs(&self, name: &str) -> bool {
        self.with(|state| {
            state
                .named(name)
                .is_some_and(|found| matches!(found.life, Life::Running { .. }))
        })
    }

    /// Sets the health of a container that runs.
    pub fn set_health(&self, name: &str, now: Health) {
        self.change(|state| {
            if let Some(found) = state.named_mut(name)
                && let Life::Running { health, .. } = &mut found.life
            {
                *health = now;
            }
        });
    }

    /// A container ends by itself, and its restart policy starts it again a little later.
    pub async fn crash(self: &Arc<Self>, name: &str, code: i64) {
        let now = self.clock.now();
        let id = self.change(|state| {
            let found = state.named_mut(name)?;
            let ran_since = found.running_since()?;
            found.life = Life::Ended {
                ran_since,
                at: now,
                code,
            };
            Some(found.id.clone())
        });
        let Some(id) = id else { return };
        self.clock.sleep(Duration::from_secs(3)).await;
        let restarted = self.change(|state| {
            let found = state.container_mut(&id)?;
            // Somebody may have put it aside meanwhile.
            let again = found.name == name && found.body.policy != "no";
            found.restarts += u64::from(again);
            again.then_some(())
        });
        if restarted.is_some() {
            self.start(&id);
        }
    }

    /// Starts a container that does not run. Its health is decided once it has booted.
    pub(super) fn start(self: &Arc<Self>, id: &str) {
        let now = self.clock.now();
        let boot = self.change(|state| {
            let found = state.containers.iter_mut().find(|one| one.id == id)?;
            if found.running_since().is_some() {
                return None;
            }
            let image = state.images.get(&found.image_id);
            let checked = image.is_some_and(|image| image.conduct.checked);
            found.life = Life::Running {
                since: now,
                health: if checked {
                    Health::Starting
                } else {
                    Health::NoCheck
                },
            };
            Some(image.map_or(Duration::ZERO, SimImage::boots_in))
        });
        if let Some(boot) = boot {
            let (engine, id) = (self.clone(), id.to_owned());
            tokio::spawn(async move {
                engine.clock.sleep(boot).await;
                engine.decide(&id, now);
            });
        }
    }

    /// A container has booted: is it well? Unless it was stopped or started anew meanwhile.
    fn decide(&self, id: &str, started: crate::model::time::Timestamp) {
        let at = self.clock.now();
        self.change(|state| {
            let Some(found) = state.containers.iter_mut().find(|one| one.id == id) else {
                return;
            };
            let image = state.images.get(&found.image_id);
            let fault = image.and_then(|image| image.fault_in(found.place()));
            let checked = image.is_some_and(|image| image.conduct.checked);
            match &mut found.life {
                Life::Running { since, health } if *since == started => match fault {
                    Some(fault) if fault.exits.is_some() => {
                        found.life = Life::Ended {
                            ran_since: started,
                            at,
                            code: fault.exits.unwrap_or(1),
                        };
                    }
                    Some(_) if checked => *health = Health::Unhealthy,
                    _ if checked => *health = Health::Healthy,
                    _ => {}
                },
                _ => {}
            }
        });
    }

    /// Tags an image as its version, unless the tag names another one.
    pub(super) fn tag_if_free(&self, image: &Digest, version: &Frozen) -> Option<String> {
        let tag = version.tag.clone()?;
        let name = ImageRef {
            repository: version.repository.clone(),
            tag: Some(tag),
            digest: None,
        };
        self.change(|state| {
            let taken = state
                .images
                .values()
                .any(|one| one.local.tags.contains(&name) && one.local.id != *image);
            if taken {
                return Some(format!(
                    "on {} the tag {name} already names another image and was left there; the new one is deployed by its id",
                    self.name
                ));
            }
            if let Some(found) = state.images.get_mut(image)
                && !found.local.tags.contains(&name)
            {
                found.local.tags.push(name);
            }
            None
        })
    }
}

impl State {
    /// Under which id it has a version.
    pub(super) fn locate(&self, version: &Frozen) -> Option<Digest> {
        let by_id = self.images.get(&version.identity);
        by_id
            .or_else(|| self.images.values().find(|image| image.is(version)))
            .map(|image| image.local.id.clone())
    }

    /// The container of a name.
    pub(super) fn named(&self, name: &str) -> Option<&SimContainer> {
        self.containers.iter().find(|one| one.name == name)
    }

    pub(super) fn named_mut(&mut self, name: &str) -> Option<&mut SimContainer> {
        self.containers.iter_mut().find(|one| one.name == name)
    }

    /// The container of an id.
    pub(super) fn container(&self, id: &str) -> Option<&SimContainer> {
        self.containers.iter().find(|one| one.id == id)
    }

    pub(super) fn container_mut(&mut self, id: &str) -> Option<&mut SimContainer> {
        self.containers.iter_mut().find(|one| one.id == id)
    }

    /// A new id: the same ones in the same order, whatever the hour.
    pub(super) fn new_id(&mut self, engine: &EngineName, what: &str) -> String {
        self.made += 1;
        let text = format!("{engine} {what} {}", self.made);
        let digest = Digest::of(text.as_bytes());
        digest.as_str().trim_start_matches("sha256:").to_owned()
    }
}
