//! A channel as a target: the same moving tag of every image that a registry has. What it
//! points to is what is deployed there; promoting and rolling back move it by digest.
//!
//! There are no containers: no configuration to carry over, no health to wait for. What an
//! engine's lock is for containers, a record in the image's shared history is for a tag (see
//! [`crate::model::shared`]): it is written before anything is done, it carries the whole job,
//! and another karat that finds it without its end can finish or undo it. The history is that
//! of the image's own repository, wherever the tag is: one image, one truth.
//!
//! | file | subject |
//! |---|---|
//! | `observe` | reading: what the tags point to, since when, and what they pointed to before |
//! | `planning` | what moving a tag would do |
//! | `steps` | forward, and backward |
//! | `turn` | whose turn it is |
//! | `found` | what was cut off |

mod found;
mod observe;
mod planning;
mod steps;
mod turn;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::stream::BoxStream;

use super::shared::SharedHistory;
use super::{Job, Relock, Standing, Target, TargetError, TouchAsk, Watch};
use crate::model::channel::Channel;
use crate::model::digest::Digest;
use crate::model::observation::{LockSeen, Observation};
use crate::model::plan::{Frozen, Obtain, Plan, Touch};
use crate::model::project::EngineName;
use crate::model::reference::{ImageRef, Repository};
use crate::model::step::Step;
use crate::registry::{Pointer, Remote};

/// One channel.
#[derive(Clone)]
pub struct ChannelTarget {
    name: EngineName,
    /// What the environment is called, which its keep tags name.
    environment: String,
    channel: Channel,
    history: SharedHistory,
    /// Versions that an operation of this process brought to where the tag is: the digest in
    /// the registry and the repository.
    brought: Arc<Mutex<HashSet<(Digest, Repository)>>>,
}

/// The channel of one image.
#[derive(Clone, Debug)]
struct Place {
    /// Its own repository, which has its history.
    home: Repository,
    /// The tag that moves.
    tag: ImageRef,
}

impl Place {
    /// What it is called: `registry.example.com/golden/web:prod`.
    fn name(&self) -> String {
        self.tag.to_string()
    }

    fn pointer(&self) -> Pointer {
        Pointer::Tag(self.tag.tag.clone().unwrap_or_default())
    }

    /// Whether the tag is in the image's own repository: then nothing has to be moved.
    fn is_home(&self) -> bool {
        self.tag.repository == self.home
    }
}

impl ChannelTarget {
    /// The channel of all images of a project that have a registry.
    #[must_use]
    pub fn new(channel: Channel, environment: String, history: SharedHistory) -> Self {
        Self {
            name: channel.name(),
            environment,
            channel,
            history,
            brought: Arc::default(),
        }
    }

    /// Every image's place in this channel.
    fn places(&self) -> Vec<Place> {
        let place = |home: &Repository| {
            Some(Place {
                home: home.clone(),
                tag: ImageRef {
                    repository: self.channel.repository(home)?,
                    tag: Some(self.channel.tag.clone()),
                    digest: None,
                },
            })
        };
        self.history.repositories().filter_map(place).collect()
    }

    /// The place of that name.
    fn place(&self, name: &str) -> Result<Place, TargetError> {
        let found = self.places().into_iter().find(|place| place.name() == name);
        found.ok_or_else(|| TargetError::NoContainer {
            engine: self.name.clone(),
            container: name.to_owned(),
        })
    }

    fn remote(&self, repository: &Repository) -> Result<Remote, TargetError> {
        Ok(self.history.registries().repository(repository)?)
    }

    /// What a place's tag points to now.
    async fn points_to(&self, place: &Place) -> Result<Option<Digest>, TargetError> {
        let remote = self.remote(&place.tag.repository)?;
        let there = remote.head(&place.pointer()).await?;
        Ok(there.map(|there| there.digest))
    }

    fn brought(&self) -> std::sync::MutexGuard<'_, HashSet<(Digest, Repository)>> {
        // A set of what was done: whole after a panic elsewhere.
        self.brought.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Target for ChannelTarget {
    fn name(&self) -> &EngineName {
        &self.name
    }

    async fn ping(&self) -> Result<(), TargetError> {
        observe::ping(self).await
    }

    async fn observe(&self) -> Result<Observation, TargetError> {
        observe::observe(self).await
    }

    fn changes(&self) -> BoxStream<'static, Result<(), TargetError>> {
        observe::changes(self)
    }

    async fn plan(&self, ask: TouchAsk<'_>) -> Result<Touch, TargetError> {
        planning::touch(self, ask).await
    }

    async fn way(&self, container: &str, version: &Frozen) -> Result<Option<Obtain>, TargetError> {
        planning::way(self, container, version).await.map(Some)
    }

    fn container_for(&self, home: &Repository) -> Option<String> {
        let place = self
            .places()
            .into_iter()
            .find(|place| place.home == *home)?;
        Some(place.name())
    }

    async fn locate(&self, version: &Frozen) -> Result<Option<Digest>, TargetError> {
        steps::locate(self, version).await
    }

    async fn bring(
        &self,
        container: &str,
        version: &Frozen,
        watch: &Watch,
    ) -> Result<(), TargetError> {
        steps::bring(self, container, version, watch).await
    }

    async fn tag_if_free(
        &self,
        _image: &Digest,
        _version: &Frozen,
    ) -> Result<Option<String>, TargetError> {
        // It is known by its digest, and the tag is what is moved last.
        Ok(None)
    }

    async fn prepare(
        &self,
        plan: &Plan,
        image: usize,
        touch: usize,
    ) -> Result<Vec<Job>, TargetError> {
        planning::jobs(self, plan, image, touch).await
    }

    async fn carry_out(&self, step: Step, job: &mut Job, watch: &Watch) -> Result<(), TargetError> {
        steps::carry_out(self, step, job, watch).await
    }

    async fn take_down(&self, job: &mut Job) -> Result<Vec<String>, TargetError> {
        steps::put_back(self, job).await
    }

    async fn bring_back(&self, _job: &mut Job) -> Result<(), TargetError> {
        // One move, and it is taken back in one.
        Ok(())
    }

    async fn standing(&self, job: &Job) -> Result<Standing, TargetError> {
        found::standing(self, job).await
    }

    async fn relock(&self, _job: &mut Job, _reason: Relock) -> Result<(), TargetError> {
        // A record cannot vanish, and whoever settles it does so by adding another.
        Ok(())
    }

    async fn cut_off(&self) -> Result<Vec<Job>, TargetError> {
        found::cut_off(self).await
    }

    async fn break_lock(&self, container: &str) -> Result<Option<LockSeen>, TargetError> {
        found::break_lock(self, container).await
    }
}
