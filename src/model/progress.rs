//! What a running operation tells whoever watches it.

use super::bytes::Bytes;
use super::event::{Event, Outcome};
use super::plan::OperationId;
use super::project::EngineName;
use super::step::{BackStep, Step};
use super::time::Span;

/// One message of a running operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A step of replacing one container.
    Step {
        /// On which engine.
        engine: EngineName,
        /// Which container.
        container: String,
        /// Which step.
        step: Step,
        /// How far.
        state: StepState,
    },
    /// Bytes on their way: an image pulled or streamed, a build context sent.
    Bytes {
        /// To which engine.
        engine: EngineName,
        /// What: `shop-web 1.4.2`.
        what: String,
        /// So many.
        done: Bytes,
        /// Of so many, where known.
        total: Option<Bytes>,
    },
    /// A layer of what is on its way.
    Layer {
        /// To which engine.
        engine: EngineName,
        /// What it is a layer of.
        what: String,
        /// Which, by its short id.
        layer: String,
        /// Bytes that are there.
        done: Bytes,
        /// Of so many.
        total: Option<Bytes>,
    },
    /// A step of a build.
    Build(BuildStep),
    /// A line of log: of the build, of the container that is waited for.
    Log(String),
    /// Something a person should know.
    Note(String),
    /// It failed or was cancelled, and is being put back.
    Undoing {
        /// Why.
        why: String,
    },
    /// A part of putting one container back.
    Back {
        /// On which engine.
        engine: EngineName,
        /// Which container.
        container: String,
        /// Which part.
        step: BackStep,
        /// How far.
        state: StepState,
    },
}

/// How far a step is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepState {
    /// Begun.
    Started,
    /// Done, after so long.
    Done(Span),
    /// Failed: one sentence.
    Failed(String),
}

/// One step of a build, told again whenever it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildStep {
    /// BuildKit's digest of the step: names it among the messages.
    pub id: String,
    /// `[2/5] RUN apt-get update`.
    pub name: String,
    /// How far it is.
    pub state: BuildState,
}

/// How far a build step is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildState {
    /// Runs.
    Running,
    /// Taken from the cache.
    Cached,
    /// Done, after so long.
    Done(Span),
    /// Failed: one sentence.
    Failed(String),
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Which operation.
    pub id: OperationId,
    /// How it ended.
    pub outcome: Outcome,
    /// One line: `shop-web in prod runs 1.4.2 again`.
    pub summary: String,
    /// For a failure: what was being done, to what, what went wrong, what to do next.
    pub error: Option<String>,
    /// The events it left in the history.
    pub events: Vec<Event>,
    /// How long it took.
    pub duration: Span,
}
