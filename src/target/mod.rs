//! Where versions run. [`Target`] is the one seam through which anything is observed or
//! deployed; there is one folder for each kind of target.
//!
//! A target carries out single steps and knows how to finish or undo them from what it finds
//! where the containers run. Which steps, in which order, over which targets, and what is
//! told to whoever watches, is `operate`'s.

pub mod build;
pub mod channel;
mod clock;
mod error;
pub mod job;
pub mod keeping;
pub mod memory;
pub mod plain;
mod remote_image;
pub mod shared;
mod shell;
mod targets;
pub mod versions;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use build::BuildFailure;
pub use clock::Clock;
pub use error::TargetError;
pub use job::Job;
pub use shared::SharedHistory;
pub use shell::{Shell, ShellAsk, ShellControl, WindowSize};
pub use targets::Targets;

use crate::engine::build::Built;
use crate::engine::images::ImageStream;
use crate::model::bytes::Bytes;
use crate::model::checkup::Finding;
use crate::model::details::Details;
use crate::model::digest::Digest;
use crate::model::log::{LogLine, LogsAsk};
use crate::model::observation::{LockSeen, Observation};
use crate::model::plan::{Frozen, Obtain, Plan, Touch};
use crate::model::progress::Progress;
use crate::model::project::EngineName;
use crate::model::rebuild::RebuildPlan;
use crate::model::reference::{ImageRef, Repository};
use crate::model::step::Step;
use crate::model::time::Timestamp;

/// A place versions run in.
///
/// What a kind of target does not have (a tag in a registry has no containers, and cannot
/// build) it leaves to the methods given here, which say so.
#[async_trait]
pub trait Target: Send + Sync {
    /// What it is called.
    fn name(&self) -> &EngineName;

    /// Whether it can build images.
    fn builds(&self) -> bool {
        false
    }

    /// Builds the version of a plan that was made for this target, and tags it. However it
    /// fails, no tag has changed and no image is left over.
    async fn build(&self, _plan: &RebuildPlan, _watch: &Watch) -> Result<Built, BuildFailure> {
        Err(BuildFailure::Unable {
            engine: self.name().clone(),
        })
    }

    /// Whether it lives.
    async fn ping(&self) -> Result<(), TargetError>;

    /// What `karat doctor` says of it.
    async fn check_up(&self) -> Result<Vec<Finding>, TargetError> {
        self.ping().await?;
        Ok(vec![Finding::good("reach", "answers")])
    }

    /// Everything the fleet needs to know of it, now.
    async fn observe(&self) -> Result<Observation, TargetError>;

    /// Yields whenever something changed there that a fleet shows. Ends with an error when
    /// the connection is lost. A first item says that listening has begun.
    fn changes(&self) -> BoxStream<'static, Result<(), TargetError>>;

    /// Reads these tags of a registry as well, from now on: somebody looks at them.
    fn look_at(&self, _tags: &[String]) {}

    /// Asks again for what was asked a moment ago: somebody wants to know how it is now.
    fn forget(&self) {}

    /// One container, read closely.
    async fn details(&self, _container: &str) -> Result<Details, TargetError> {
        Err(no(self.name(), "containers"))
    }

    /// What a container writes, line by line. Ends when everything asked for was told, and
    /// when the container stops; whoever wants to go on with its next run asks again.
    fn logs(
        &self,
        _container: &str,
        _ask: LogsAsk,
    ) -> BoxStream<'static, Result<LogLine, TargetError>> {
        let error = no(self.name(), "logs");
        futures_util::stream::once(async { Err(error) }).boxed()
    }

    /// Starts a shell on a terminal of that size.
    async fn shell(&self, _ask: &ShellAsk, _size: WindowSize) -> Result<Shell, TargetError> {
        Err(no(self.name(), "shell"))
    }

    /// What bringing one container to a version would do. Touches nothing.
    async fn plan(&self, _ask: TouchAsk<'_>) -> Result<Touch, TargetError> {
        Err(no(self.name(), "containers"))
    }

    /// How a version gets to where a container of this target needs it, where this target has
    /// ways of its own. `None`: as to any engine.
    async fn way(
        &self,
        _container: &str,
        _version: &Frozen,
    ) -> Result<Option<Obtain>, TargetError> {
        Ok(None)
    }

    /// The name of what is made for an image where nothing of it is yet, if this target can do
    /// that: a tag, not a container.
    fn container_for(&self, _home: &Repository) -> Option<String> {
        None
    }

    /// Under which id it has a version; `None` when it has not.
    async fn locate(&self, version: &Frozen) -> Result<Option<Digest>, TargetError>;

    /// Pulls by digest.
    async fn pull(
        &self,
        _reference: &ImageRef,
        _watch: &Watch,
        _what: &str,
    ) -> Result<(), TargetError> {
        Err(no(self.name(), "images of its own"))
    }

    /// Brings a version in this target's own way (see [`way`](Self::way)).
    async fn bring(
        &self,
        _container: &str,
        _version: &Frozen,
        _watch: &Watch,
    ) -> Result<(), TargetError> {
        Err(TargetError::NotAChannel {
            engine: self.name().clone(),
        })
    }

    /// Pushes an image it has to a registry, under a tag.
    async fn push(
        &self,
        _image: &Digest,
        _to: &ImageRef,
        _watch: &Watch,
    ) -> Result<(), TargetError> {
        Err(no(self.name(), "images of its own"))
    }

    /// Starts to read an image whole.
    fn export(&self, _image: &Digest) -> ImageStream {
        let (_, nothing) = mpsc::channel(1);
        ImageStream::new(nothing)
    }

    /// Takes in an image another target exported, checks that it is the frozen one, and
    /// tags it where the tag is free.
    async fn import(
        &self,
        _archive: ImageStream,
        _version: &Frozen,
        _expected: Option<Bytes>,
        _watch: &Watch,
    ) -> Result<Digest, TargetError> {
        Err(no(self.name(), "images of its own"))
    }

    /// Gives an image the tag of the version, where that tag is free there. Answers what to
    /// tell the user when it was not.
    async fn tag_if_free(
        &self,
        _image: &Digest,
        _version: &Frozen,
    ) -> Result<Option<String>, TargetError> {
        Ok(None)
    }

    /// Everything needed to replace a container, and those that depend on it: one job each,
    /// in the order in which they are to be done. Fails if the fleet moved since the plan.
    async fn prepare(
        &self,
        _plan: &Plan,
        _image: usize,
        _touch: usize,
    ) -> Result<Vec<Job>, TargetError> {
        Err(no(self.name(), "containers"))
    }

    /// Carries out one step.
    async fn carry_out(
        &self,
        _step: Step,
        _job: &mut Job,
        _watch: &Watch,
    ) -> Result<(), TargetError> {
        Err(no(self.name(), "containers"))
    }

    /// First half of undoing: takes the new container away. Answers its last words.
    async fn take_down(&self, _job: &mut Job) -> Result<Vec<String>, TargetError> {
        Err(no(self.name(), "containers"))
    }

    /// Second half of undoing: puts the old container back under its name, with its restart
    /// policy, running if it ran.
    async fn bring_back(&self, _job: &mut Job) -> Result<(), TargetError> {
        Err(no(self.name(), "containers"))
    }

    /// Where a job stands, judged by what is there.
    async fn standing(&self, _job: &Job) -> Result<Standing, TargetError> {
        Err(no(self.name(), "containers"))
    }

    /// Makes the lock of a job its own again, whoever held it last: for undoing after a
    /// vanished lock, and for recovering.
    async fn relock(&self, _job: &mut Job, _reason: Relock) -> Result<(), TargetError> {
        Err(no(self.name(), "locks"))
    }

    /// What was cut off: locks, and reserved containers that no lock explains.
    async fn cut_off(&self) -> Result<Vec<Job>, TargetError> {
        Ok(Vec::new())
    }

    /// Breaks the lock of a container, whoever holds it. Answers what it was.
    async fn break_lock(&self, _container: &str) -> Result<Option<LockSeen>, TargetError> {
        Ok(None)
    }

    /// Takes parked containers away whose soak is over at `now`, and shells nobody sits at any
    /// more. Answers their names.
    async fn sweep(&self, _now: Timestamp) -> Result<Vec<String>, TargetError> {
        Ok(Vec::new())
    }
}

fn no(engine: &EngineName, what: &'static str) -> TargetError {
    TargetError::NotAnEngine {
        engine: engine.clone(),
        what,
    }
}

/// What a plan for one container is asked for with.
#[derive(Clone, Copy)]
pub struct TouchAsk<'a> {
    /// The container's name.
    pub container: &'a str,
    /// What it runs now.
    pub from: Option<&'a Frozen>,
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
