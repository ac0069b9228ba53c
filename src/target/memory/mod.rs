//! Simulated engines: a target that needs no engine at all.
//!
//! Images, containers, locks and logs live in this process; what is done to them takes
//! believable time by a clock of its own, fails where a version was made to fail, and can be
//! cancelled and recovered like the real thing. Nothing above this room knows the difference:
//! the same operator, the same fleet and the same interface run on it.
//!
//! | file | subject |
//! |---|---|
//! | `image`, `container` | what lies and runs on a simulated engine, and how versions behave |
//! | `engine` | the engine itself: its state behind one lock, its pace, who is told of changes |
//! | `registry` | where images are pulled from |
//! | `look` | reading: observe, details, plans |
//! | `lock` | the lock, and what it remembers |
//! | `steps`, `undo`, `found` | forward, backward, and what was cut off |
//! | `carriage` | pull, export, import |
//! | `build` | a new version of an image |
//! | `log`, `logs` | what containers print |
//! | `interior`, `shell` | what is inside images, and a shell to look around in there |

mod build;
mod carriage;
mod container;
mod engine;
mod found;
mod image;
mod interior;
mod lock;
mod log;
mod logs;
mod look;
mod registry;
mod shell;
mod steps;
#[cfg(test)]
mod tests;
mod undo;

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};

pub use build::{Snag, Workshop};
pub use container::{Body, Life, SimContainer};
pub use engine::{Pace, SimEngine};
pub use image::{Conduct, Fault, SimImage};
pub use interior::{File, Interior, Interiors};
pub use registry::Registry;

use super::{
    BuildFailure, Clock, Job, Relock, Shell, ShellAsk, Standing, Target, TargetError, TouchAsk,
    Watch, WindowSize,
};
use crate::engine::build::Built;
use crate::engine::images::ImageStream;
use crate::model::bytes::Bytes;
use crate::model::details::Details;
use crate::model::digest::Digest;
use crate::model::log::{LogLine, LogsAsk};
use crate::model::observation::{LockSeen, Observation};
use crate::model::plan::{Frozen, Plan, Touch};
use crate::model::project::EngineName;
use crate::model::rebuild::RebuildPlan;
use crate::model::reference::ImageRef;
use crate::model::step::Step;
use crate::model::time::Timestamp;

/// The label by which a container says in which environment it runs: versions may behave
/// differently from one to the next.
pub const PLACE_LABEL: &str = "env";

/// One simulated engine as a target.
#[derive(Clone)]
pub struct MemoryTarget {
    engine: Arc<SimEngine>,
}

impl MemoryTarget {
    /// The target behind a simulated engine.
    #[must_use]
    pub const fn new(engine: Arc<SimEngine>) -> Self {
        Self { engine }
    }

    /// The engine.
    #[must_use]
    pub const fn engine(&self) -> &Arc<SimEngine> {
        &self.engine
    }
}

#[async_trait]
impl Target for MemoryTarget {
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
        self.engine.answer("greeting it").await
    }

    async fn observe(&self) -> Result<Observation, TargetError> {
        look::observe(&self.engine).await
    }

    fn changes(&self) -> BoxStream<'static, Result<(), TargetError>> {
        let engine = self.engine.clone();
        let heard = engine.listen();
        stream::unfold(
            (engine, heard, true),
            |(engine, mut heard, first)| async move {
                if first {
                    let answer = engine.answer("listening to its events").await;
                    return Some((answer, (engine, heard, false)));
                }
                // The sender lives in the engine, which is held here: this cannot end.
                heard.changed().await.ok()?;
                let answer = engine.reachable("listening to its events");
                Some((answer, (engine, heard, false)))
            },
        )
        .boxed()
    }

    async fn details(&self, container: &str) -> Result<Details, TargetError> {
        look::details(&self.engine, container).await
    }

    fn logs(
        &self,
        container: &str,
        ask: LogsAsk,
    ) -> BoxStream<'static, Result<LogLine, TargetError>> {
        logs::logs(self.engine.clone(), container.to_owned(), ask)
    }

    async fn shell(&self, ask: &ShellAsk, size: WindowSize) -> Result<Shell, TargetError> {
        shell::open(&self.engine, ask, size).await
    }

    async fn plan(&self, ask: TouchAsk<'_>) -> Result<Touch, TargetError> {
        look::touch(&self.engine, ask).await
    }

    async fn locate(&self, version: &Frozen) -> Result<Option<Digest>, TargetError> {
        self.engine.answer("looking for an image").await?;
        Ok(self.engine.with(|state| state.locate(version)))
    }

    async fn pull(
        &self,
        reference: &ImageRef,
        watch: &Watch,
        what: &str,
    ) -> Result<(), TargetError> {
        carriage::pull(&self.engine, reference, watch, what).await
    }

    fn export(&self, image: &Digest) -> ImageStream {
        carriage::export(&self.engine, image)
    }

    async fn import(
        &self,
        archive: ImageStream,
        version: &Frozen,
        expected: Option<Bytes>,
        watch: &Watch,
    ) -> Result<Digest, TargetError> {
        carriage::import(&self.engine, archive, version, expected, watch).await
    }

    async fn tag_if_free(
        &self,
        image: &Digest,
        version: &Frozen,
    ) -> Result<Option<String>, TargetError> {
        self.engine.answer("tagging an image").await?;
        Ok(self.engine.tag_if_free(image, version))
    }

    async fn prepare(
        &self,
        plan: &Plan,
        image: usize,
        touch: usize,
    ) -> Result<Vec<Job>, TargetError> {
        look::jobs(&self.engine, plan, image, touch).await
    }

    async fn carry_out(&self, step: Step, job: &mut Job, watch: &Watch) -> Result<(), TargetError> {
        steps::carry_out(&self.engine, step, job, watch).await
    }

    async fn take_down(&self, job: &mut Job) -> Result<Vec<String>, TargetError> {
        undo::take_down(&self.engine, job).await
    }

    async fn bring_back(&self, job: &mut Job) -> Result<(), TargetError> {
        undo::bring_back(&self.engine, job).await
    }

    async fn standing(&self, job: &Job) -> Result<Standing, TargetError> {
        undo::standing(&self.engine, job).await
    }

    async fn relock(&self, job: &mut Job, reason: Relock) -> Result<(), TargetError> {
        lock::relock(&self.engine, job, reason).await
    }

    async fn cut_off(&self) -> Result<Vec<Job>, TargetError> {
        found::cut_off(&self.engine).await
    }

    async fn break_lock(&self, container: &str) -> Result<Option<LockSeen>, TargetError> {
        self.engine.answer("breaking a lock").await?;
        let broken = self.engine.change(|state| state.locks.remove(container));
        Ok(broken.map(|held| held.job.seen()))
    }

    async fn sweep(&self, now: Timestamp) -> Result<Vec<String>, TargetError> {
        found::sweep(&self.engine, now).await
    }
}
