//! Where versions run. [`Target`] is the one seam through which anything is observed or
//! deployed; there is one folder for each kind of target.
//!
//! A target carries out single steps and knows how to finish or undo them from what it finds
//! where the containers run. Which steps, in which order, over which targets, and what is
//! told to whoever watches, is `operate`'s.

pub mod build;
mod clock;
pub mod job;
pub mod memory;
pub mod plain;
mod shell;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use build::BuildFailure;
pub use clock::Clock;
pub use job::Job;
pub use shell::{Shell, ShellAsk, ShellControl, WindowSize};

use crate::engine::build::Built;
use crate::engine::images::ImageStream;
use crate::engine::{Engine, EngineError};
use crate::model::bytes::Bytes;
use crate::model::details::Details;
use crate::model::digest::Digest;
use crate::model::log::{LogLine, LogsAsk};
use crate::model::observation::{LockSeen, Observation};
use crate::model::plan::{Frozen, Obtain, Plan, Touch};
use crate::model::progress::Progress;
use crate::model::project::{EngineName, Project};
use crate::model::rebuild::RebuildPlan;
use crate::model::reference::ImageRef;
use crate::model::step::Step;
use crate::model::time::Timestamp;

/// A place versions run in.
#[async_trait]
pub trait Target: Send + Sync {
    /// What it is called.
    fn name(&self) -> &EngineName;

    /// Whether it can build images.
    fn builds(&self) -> bool;

    /// Builds the version of a plan that was made for this target, and tags it. However it
    /// fails, no tag has changed and no image is left over.
    async fn build(&self, plan: &RebuildPlan, watch: &Watch) -> Result<Built, BuildFailure>;

    /// Whether it lives.
    async fn ping(&self) -> Result<(), TargetError>;

    /// Everything the fleet needs to know of it, now.
    async fn observe(&self) -> Result<Observation, TargetError>;

    /// Yields whenever something changed there that a fleet shows. Ends with an error when
    /// the connection is lost. A first item says that listening has begun.
    fn changes(&self) -> BoxStream<'static, Result<(), TargetError>>;

    /// One container, read closely.
    async fn details(&self, container: &str) -> Result<Details, TargetError>;

    /// What a container writes, line by line. Ends when everything asked for was told, and
    /// when the container stops; whoever wants to go on with its next run asks again.
    fn logs(
        &self,
        container: &str,
        ask: LogsAsk,
    ) -> BoxStream<'static, Result<LogLine, TargetError>>;

    /// Starts a shell on a terminal of that size.
    async fn shell(&self, ask: &ShellAsk, size: WindowSize) -> Result<Shell, TargetError>;

    /// What bringing one container to a version would do. Touches nothing.
    async fn plan(&self, ask: TouchAsk<'_>) -> Result<Touch, TargetError>;

    /// Under which id it has a version; `None` when it has not.
    async fn locate(&self, version: &Frozen) -> Result<Option<Digest>, TargetError>;

    /// Pulls by digest.
    async fn pull(
        &self,
        reference: &ImageRef,
        watch: &Watch,
        what: &str,
    ) -> Result<(), TargetError>;

    /// Starts to read an image whole.
    fn export(&self, image: &Digest) -> ImageStream;

    /// Takes in an image another target exported, checks that it is the frozen one, and
    /// tags it where the tag is free.
    async fn import(
        &self,
        archive: ImageStream,
        version: &Frozen,
        expected: Option<Bytes>,
        watch: &Watch,
    ) -> Result<Digest, TargetError>;

    /// Gives an image the tag of the version, where that tag is free there. Answers what to
    /// tell the user when it was not.
    async fn tag_if_free(
        &self,
        image: &Digest,
        version: &Frozen,
    ) -> Result<Option<String>, TargetError>;

    /// Everything needed to replace a container, and those that depend on it: one job each,
    /// in the order in which they are to be done. Fails if the fleet moved since the plan.
    async fn prepare(
        &self,
        plan: &Plan,
        image: usize,
        touch: usize,
    ) -> Result<Vec<Job>, TargetError>;

    /// Carries out one step.
    async fn carry_out(&self, step: Step, job: &mut Job, watch: &Watch) -> Result<(), TargetError>;

    /// First half of undoing: takes the new container away. Answers its last words.
    async fn take_down(&self, job: &mut Job) -> Result<Vec<String>, TargetError>;

    /// Second half of undoing: puts the old container back under its name, with its restart
    /// policy, running if it ran.
    async fn bring_back(&self, job: &mut Job) -> Result<(), TargetError>;

    /// Where a job stands, judged by what is there.
    async fn standing(&self, job: &Job) -> Result<Standing, TargetError>;

    /// Makes the lock of a job its own again, whoever held it last: for undoing after a
    /// vanished lock, and for recovering.
    async fn relock(&self, job: &mut Job, reason: Relock) -> Result<(), TargetError>;

    /// What was cut off: locks, and reserved containers that no lock explains.
    async fn cut_off(&self) -> Result<Vec<Job>, TargetError>;

    /// Breaks the lock of a container, whoever holds it. Answers what it was.
    async fn break_lock(&self, container: &str) -> Result<Option<LockSeen>, TargetError>;

    /// Takes parked containers away whose soak is over at `now`, and shells nobody sits at any
    /// more. Answers their names.
    async fn sweep(&self, now: Timestamp) -> Result<Vec<String>, TargetError>;
}

/// What a plan for one container is asked for with.
#[derive(Clone, Copy)]
pub struct TouchAsk<'a> {
    /// The container's name.
    pub container: &'a str,
    /// What it runs now.
    pub from: &'a Frozen,
    /// What it is to run.
    pub to: &'a Frozen,
    /// How the image gets there.
    pub obtain: &'a Obtain,
    /// Whether the user accepts a container that cannot be put back as it was.
    pub accept_no_rollback: bool,
}

/// Why a lock is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relock {
    /// Ours vanished: make it again, unless somebody else has locked since.
    Vanished,
    /// Its owner is gone: take it from him.
    TakeOver,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The whole operation had been marked as done: finish it.
    Committed,
    /// The new container is in place and runs well.
    InPlace,
    /// Anything before that.
    Halfway,
}

/// Who watches an operation, and may cancel it.
#[derive(Clone)]
pub struct Watch {
    progress: mpsc::Sender<Progress>,
    /// Set when the operation is to be undone.
    pub cancel: CancellationToken,
}

impl Watch {
    /// Progress goes to `progress`; a watcher that has gone away is no reason to stop.
    #[must_use]
    pub const fn new(progress: mpsc::Sender<Progress>, cancel: CancellationToken) -> Self {
        Self { progress, cancel }
    }

    /// Where progress goes.
    #[must_use]
    pub const fn progress(&self) -> &mpsc::Sender<Progress> {
        &self.progress
    }

    /// Tells whoever watches. A full channel waits: the watcher sets the pace, but only for
    /// as long as it is there.
    pub async fn tell(&self, progress: Progress) {
        let _ = self.progress.send(progress).await;
    }

    /// Tells a figure that the next one will replace: dropped when nobody has time for it.
    pub fn tell_if_idle(&self, progress: Progress) {
        let _ = self.progress.try_send(progress);
    }

    /// Waits for `work` unless the operation is cancelled first.
    ///
    /// # Errors
    /// [`TargetError::Cancelled`], or the work's own.
    pub async fn or_cancel<T>(
        &self,
        work: impl Future<Output = Result<T, TargetError>> + Send,
    ) -> Result<T, TargetError> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(TargetError::Cancelled),
            done = work => done,
        }
    }
}

/// What can go wrong at a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The engine's own error.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Somebody else works on the container.
    #[error("{container} on {engine} is locked by {}: {} (since {}); wait for it, or, if that karat is gone, run `karat recover`", lock.owner, lock.summary, lock.since.format("%Y-%m-%d %H:%M:%S UTC"))]
    Locked {
        /// On which engine.
        engine: EngineName,
        /// Which container.
        container: String,
        /// By whom, and what for.
        lock: Box<LockSeen>,
    },
    /// The container cannot be replaced faithfully.
    #[error("{container} on {engine} cannot be replaced by karat: {why}. By hand: {by_hand}")]
    Refused {
        /// On which engine.
        engine: EngineName,
        /// Which container.
        container: String,
        /// Why.
        why: String,
        /// The command that does it by hand.
        by_hand: String,
    },
    /// What runs is no longer what the plan was made for.
    #[error(
        "{container} on {engine} changed since the plan was made: {what}; look again and confirm anew"
    )]
    Moved {
        /// On which engine.
        engine: EngineName,
        /// Which container.
        container: String,
        /// What changed.
        what: String,
    },
    /// The lock was taken away while the operation ran.
    #[error(
        "the lock of {container} on {engine} vanished while the operation ran (`docker container prune`, or `karat unlock`)"
    )]
    LockLost {
        /// On which engine.
        engine: EngineName,
        /// Which container.
        container: String,
    },
    /// The new container did not become healthy.
    #[error("the new {container} on {engine} {what}")]
    Unwell {
        /// On which engine.
        engine: EngineName,
        /// Which container.
        container: String,
        /// `became unhealthy`, `exited with code 1` …
        what: String,
    },
    /// The image that arrived is not the one that was frozen.
    #[error(
        "the image for {version} on {engine} is not the frozen one: {what}; nothing was deployed"
    )]
    WrongImage {
        /// On which engine.
        engine: EngineName,
        /// Which version.
        version: String,
        /// In words.
        what: String,
    },
    /// No container of that name.
    #[error("there is no container {container} on {engine}")]
    NoContainer {
        /// On which engine.
        engine: EngineName,
        /// Which container.
        container: String,
    },
    /// No shell there.
    #[error("no shell in {place} on {engine}: {why}")]
    NoShell {
        /// On which engine.
        engine: EngineName,
        /// In what.
        place: String,
        /// Why.
        why: String,
    },
    /// It was cut off, and is being undone by whoever recovers it.
    #[error("`{summary}` by {owner} was cut off")]
    CutOff {
        /// What it was.
        summary: String,
        /// Whose.
        owner: String,
    },
    /// Cancelled by whoever watches.
    #[error("cancelled")]
    Cancelled,
}

/// Every target of a project.
#[derive(Clone, Default)]
pub struct Targets {
    /// Those that can be asked.
    pub usable: BTreeMap<EngineName, Arc<dyn Target>>,
    /// Those that cannot, and why.
    pub unusable: BTreeMap<EngineName, String>,
}

impl Targets {
    /// The targets of a project. Nothing is asked of any engine yet.
    #[must_use]
    pub fn of(project: &Project) -> Self {
        let wanted: Vec<_> = project
            .images
            .iter()
            .map(|image| image.repository.clone())
            .collect();
        let mut targets = Self::default();
        for (name, address) in &project.engines {
            match Engine::new(name.clone(), address.clone()) {
                Ok(engine) => {
                    let target = plain::PlainTarget::new(engine, wanted.clone());
                    targets.usable.insert(name.clone(), Arc::new(target));
                }
                Err(error) => {
                    targets.unusable.insert(name.clone(), error.to_string());
                }
            }
        }
        targets
    }

    /// The target of that name.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn get(&self, name: &EngineName) -> Result<&Arc<dyn Target>, TargetError> {
        self.usable.get(name).ok_or_else(|| {
            let why = self.unusable.get(name).cloned();
            TargetError::Engine(EngineError::Unusable {
                engine: name.clone(),
                why: why.unwrap_or_else(|| "it is in no context and no project file".to_owned()),
            })
        })
    }
}
