//! A plain Docker engine as a target: containers are replaced by recreating them.
//!
//! The recreate path is the most dangerous code karat has. Its order is that of
//! [`Step`]: nothing is stopped before everything that can fail
//! without harm has been tried. Its undoing never trusts a note of how far it came: it looks
//! at what is on the engine, so one and the same code serves a failure, a cancel, and
//! another machine that finds the lock of a laptop that died.
//!
//! | file | subject |
//! |---|---|
//! | `names` | reserved names: lock, new, old, parked |
//! | `observe`, `events`, `locate`, `details`, `settings`, `logs` | reading |
//! | `carry` | what is carried over: pure |
//! | `secrets` | values that are not told |
//! | `planning`, `dependents`, `prepare` | what would be done to a container; what cannot be |
//! | `lock` | the lock and the process that holds it |
//! | `steps`, `health` | forward, step by step |
//! | `undo` | backward, from whatever is found |
//! | `build` | a new version of an image |
//! | `check_up` | what `karat doctor` says of it |
//! | `found` | locks of the dead, strays, parked containers |
//! | `shell` | a shell in a container, or in one that is thrown away |

mod build;
mod carry;
mod check_up;
mod dependents;
mod details;
mod events;
mod found;
mod health;
mod locate;
mod lock;
mod logs;
pub(in crate::target) mod names;
mod observe;
mod planning;
mod prepare;
mod secrets;
mod settings;
mod shell;
mod steps;
mod undo;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use serde_json::Value;

use super::{
    BuildFailure, Job, Relock, Shell, ShellAsk, Standing, Target, TargetError, TouchAsk, Watch,
    WindowSize,
};
use crate::engine::build::Built;
use crate::engine::images::ImageStream;
use crate::engine::{Engine, EngineError, json};
use crate::model::bytes::Bytes;
use crate::model::checkup::Finding;
use crate::model::details::Details;
use crate::model::digest::Digest;
use crate::model::log::{LogLine, LogsAsk};
use crate::model::observation::{Container, EngineFacts, LocalImage, LockSeen, Observation};
use crate::model::plan::{Frozen, Plan, Touch};
use crate::model::project::EngineName;
use crate::model::rebuild::RebuildPlan;
use crate::model::reference::{ImageRef, Repository};
use crate::model::step::Step;
use crate::model::time::Timestamp;

/// `repository:tag@digest` as it was deployed.
pub const RECORDED_LABEL: &str = "karat.recorded";
/// The operation that created a container.
pub const OPERATION_LABEL: &str = "karat.operation";
/// The name a new container is meant for.
pub const CONTAINER_LABEL: &str = "karat.container";
/// The soak of its environment: how long its predecessor stays parked.
pub const SOAK_LABEL: &str = "karat.soak";
/// For compose: the inspect of the container it replaced, which is not parked.
pub const REPLACED_LABEL: &str = "karat.replaced";
/// The image's repository, on images karat builds or moves.
pub const REPOSITORY_LABEL: &str = "karat.image";

/// One plain engine.
pub struct PlainTarget {
    engine: Engine,
    /// The repositories whose images the fleet wants even where nothing runs them. Empty:
    /// those of whatever runs.
    wanted: Vec<Repository>,
    known: Arc<Mutex<Known>>,
}

/// What was read before and has not changed since.
#[derive(Default)]
struct Known {
    facts: Option<EngineFacts>,
    containers: HashMap<String, Container>,
    images: HashMap<Digest, LocalImage>,
}

impl PlainTarget {
    /// The target behind an engine.
    #[must_use]
    pub fn new(engine: Engine, wanted: Vec<Repository>) -> Self {
        Self {
            engine,
            wanted,
            known: Arc::default(),
        }
    }

    /// The engine.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // What is kept is only a cache: after a panic elsewhere it is still whole.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The engine's facts; asked once a connection.
    async fn facts(&self) -> Result<EngineFacts, EngineError> {
        if let Some(facts) = self.known().facts.clone() {
            return Ok(facts);
        }
        let facts = self.engine.facts().await?;
        self.known().facts = Some(facts.clone());
        Ok(facts)
    }

    /// The engine's API version.
    async fn api(&self) -> Result<(u32, u32), EngineError> {
        let facts = self.facts().await?;
        let mut parts = facts.api.split('.').map(|part| part.parse().unwrap_or(0));
        Ok((parts.next().unwrap_or(0), parts.next().unwrap_or(0)))
    }

    /// A container that must be there.
    async fn container(&self, name_or_id: &str) -> Result<Value, TargetError> {
        self.engine
            .container(name_or_id)
            .await?
            .ok_or_else(|| TargetError::NoContainer {
                engine: self.engine.name().clone(),
                container: name_or_id.to_owned(),
            })
    }

    /// Every container's inspect that the list shows with this label.
    async fn list(&self) -> Result<Vec<Listed>, TargetError> {
        let all = self.engine.containers().await?;
        Ok(all.iter().filter_map(Listed::read).collect())
    }
}

/// A container as the list shows it.
struct Listed {
    id: String,
    name: String,
    raw: Value,
}

impl Listed {
    fn read(raw: &Value) -> Option<Self> {
        let names = json::list(raw, "/Names");
        // A legacy link shows as a second name with two slashes.
        let name = names
            .iter()
            .filter_map(Value::as_str)
            .map(|name| name.trim_start_matches('/'))
            .find(|name| !name.contains('/'))?;
        Some(Self {
            id: json::text(raw, "/Id")?.to_owned(),
            name: name.to_owned(),
            raw: raw.clone(),
        })
    }

    fn label(&self, key: &str) -> Option<&str> {
        self.raw.get("Labels")?.get(key)?.as_str()
    }
}

#[async_trait]
impl Target for PlainTarget {
    fn name(&self) -> &EngineName {
        self.engine.name()
    }

    fn builds(&self) -> bool {
        true
    }

    async fn build(&self, plan: &RebuildPlan, watch: &Watch) -> Result<Built, BuildFailure> {
        build::build(&self.engine, plan, watch).await
    }

    async fn ping(&self) -> Result<(), TargetError> {
        Ok(self.engine.ping().await?)
    }

    async fn check_up(&self) -> Result<Vec<Finding>, TargetError> {
        check_up::look(&self.engine).await
    }

    async fn observe(&self) -> Result<Observation, TargetError> {
        observe::observe(self).await
    }

    fn changes(&self) -> BoxStream<'static, Result<(), TargetError>> {
        events::changes(self)
    }

    async fn details(&self, container: &str) -> Result<Details, TargetError> {
        details::details(self, container).await
    }

    fn logs(
        &self,
        container: &str,
        ask: LogsAsk,
    ) -> BoxStream<'static, Result<LogLine, TargetError>> {
        logs::logs(self, container, ask)
    }

    async fn shell(&self, ask: &ShellAsk, size: WindowSize) -> Result<Shell, TargetError> {
        shell::open(self, ask, size).await
    }

    async fn plan(&self, ask: TouchAsk<'_>) -> Result<Touch, TargetError> {
        planning::touch(self, ask).await
    }

    async fn locate(&self, version: &Frozen) -> Result<Option<Digest>, TargetError> {
        locate::locate(self, version).await
    }

    async fn pull(
        &self,
        reference: &ImageRef,
        watch: &Watch,
        what: &str,
    ) -> Result<(), TargetError> {
        steps::pull(self, reference, watch, what).await
    }

    async fn push(&self, image: &Digest, to: &ImageRef, watch: &Watch) -> Result<(), TargetError> {
        steps::push(self, image, to, watch).await
    }

    fn export(&self, image: &Digest) -> ImageStream {
        self.engine.export(image)
    }

    async fn import(
        &self,
        archive: ImageStream,
        version: &Frozen,
        expected: Option<Bytes>,
        watch: &Watch,
    ) -> Result<Digest, TargetError> {
        steps::import(self, archive, version, expected, watch).await
    }

    async fn tag_if_free(
        &self,
        image: &Digest,
        version: &Frozen,
    ) -> Result<Option<String>, TargetError> {
        steps::tag_if_free(self, image, version).await
    }

    async fn prepare(
        &self,
        plan: &Plan,
        image: usize,
        touch: usize,
    ) -> Result<Vec<Job>, TargetError> {
        prepare::jobs(self, plan, image, touch).await
    }

    async fn carry_out(&self, step: Step, job: &mut Job, watch: &Watch) -> Result<(), TargetError> {
        steps::carry_out(self, step, job, watch).await
    }

    async fn take_down(&self, job: &mut Job) -> Result<Vec<String>, TargetError> {
        undo::take_down(self, job).await
    }

    async fn bring_back(&self, job: &mut Job) -> Result<(), TargetError> {
        undo::bring_back(self, job).await
    }

    async fn standing(&self, job: &Job) -> Result<Standing, TargetError> {
        undo::standing(self, job).await
    }

    async fn relock(&self, job: &mut Job, reason: Relock) -> Result<(), TargetError> {
        lock::relock(self, job, reason).await
    }

    async fn cut_off(&self) -> Result<Vec<Job>, TargetError> {
        found::cut_off(self).await
    }

    async fn break_lock(&self, container: &str) -> Result<Option<LockSeen>, TargetError> {
        lock::break_lock(self, container).await
    }

    async fn sweep(&self, now: Timestamp) -> Result<Vec<String>, TargetError> {
        let mut swept = found::sweep(self, now).await?;
        swept.extend(shell::sweep(self, now).await?);
        Ok(swept)
    }
}
