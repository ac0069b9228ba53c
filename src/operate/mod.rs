//! Makes plans and runs them, step by step, with progress, cancel and undo; recovers what was
//! cut off.
//!
//! What a step does to a container is the target's; this room decides which steps, in which
//! order, over which engines, and what becomes of the whole when one of them fails.

mod conclude;
pub mod doctor;
mod ending;
mod locks;
pub mod planning;
pub mod publish;
pub mod rebuild;
pub mod recover;
mod refusal;
mod run;

use std::sync::Arc;
use std::time::Duration;

pub use refusal::Refusal;
use tokio_util::sync::CancellationToken;

use crate::model::event::Event;
use crate::model::fleet::Fleet;
use crate::model::plan::{Frozen, OperationId};
use crate::model::progress::{Progress, Report};
use crate::model::project::Project;
use crate::model::rebuild::RebuildPlan;
use crate::model::time::Span;
use crate::store::Store;
use crate::target::{Clock, Targets, Watch};

/// Runs operations on the targets of a project.
#[derive(Clone)]
pub struct Operator {
    targets: Targets,
    store: Arc<Store>,
    who: String,
    clock: Clock,
    recipes: rebuild::Recipes,
}

impl Operator {
    /// An operator for these targets, who remembers in this store.
    #[must_use]
    pub fn new(targets: Targets, store: Arc<Store>) -> Self {
        Self {
            targets,
            store,
            who: who(),
            clock: Clock::default(),
            recipes: rebuild::Recipes::default(),
        }
    }

    /// The same operator by another clock.
    #[must_use]
    pub const fn by(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The same operator with recipes from elsewhere.
    #[must_use]
    pub fn reading(mut self, recipes: rebuild::Recipes) -> Self {
        self.recipes = recipes;
        self
    }

    /// The same operator, called otherwise.
    #[must_use]
    pub fn called(mut self, who: String) -> Self {
        self.who = who;
        self
    }

    /// What time it is for it.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The targets it works on.
    #[must_use]
    pub const fn targets(&self) -> &Targets {
        &self.targets
    }

    /// Whose operations these are: `user@host`.
    #[must_use]
    pub fn who(&self) -> &str {
        &self.who
    }

    /// The plan for a rebuild. Reads the recipe; touches nothing.
    ///
    /// # Errors
    /// Why karat will not build it.
    pub fn plan_rebuild(
        &self,
        fleet: &Fleet,
        project: &Project,
        ask: &rebuild::RebuildAsk,
    ) -> Result<RebuildPlan, Refusal> {
        rebuild::plan(fleet, project, ask, &self.recipes, self.clock.now())
            .map_err(|refusal| Refusal::Rebuild(refusal.to_string()))
    }

    /// Builds. The report says what became of it; the history has it already.
    pub async fn rebuild(&self, plan: &RebuildPlan, watch: &Watch) -> Report {
        let target = self.targets.get(&plan.engine);
        let report = match target {
            Ok(target) if target.builds() => {
                rebuild::run(target.as_ref(), plan, self.clock, watch).await
            }
            Ok(_) => rebuild::impossible(plan, format!("{} cannot build images", plan.engine)),
            Err(error) => rebuild::impossible(plan, error.to_string()),
        };
        self.remember(&report.events, watch).await;
        log(&report);
        report
    }

    /// Remembers events. A store that cannot be written is no reason to fail an operation:
    /// what matters is on the engine. It is said, though.
    async fn remember(&self, events: &[Event], watch: &Watch) {
        for event in events {
            if let Err(error) = self.store.record(event) {
                watch
                    .tell(Progress::Note(format!(
                        "the history on this machine was not written: {error}"
                    )))
                    .await;
            }
            if let Some(why) = self.publish(event, None).await {
                watch
                    .tell(Progress::Note(format!(
                        "the history beside {} was not written: {why}",
                        event.image
                    )))
                    .await;
            }
        }
    }
}

/// How long the shared history is waited for once everything else is done.
const PUBLISH_WITHIN: Duration = Duration::from_secs(15);

impl Operator {
    /// Adds an event to the history that is shared, with the version it brought where nobody
    /// has written that down before. Answers why that did not work.
    async fn publish(&self, event: &Event, to: Option<Frozen>) -> Option<String> {
        let shared = self.targets.shared.as_ref()?;
        let added = shared.publish(event, to, self.clock.now());
        match tokio::time::timeout(PUBLISH_WITHIN, added).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!(
                "its registry did not answer within {}",
                Span(PUBLISH_WITHIN)
            )),
        }
    }
}

/// Writes how an operation ended to the log. Its error may have several lines, and words of
/// a container: they are escaped.
fn log(report: &Report) {
    let operation = report.id.0.as_str();
    let (outcome, summary) = (report.outcome.words(), report.summary.as_str());
    match &report.error {
        None => tracing::info!(operation, outcome, ?summary, "ended"),
        Some(error) => tracing::warn!(operation, outcome, ?summary, ?error, "ended"),
    }
}

/// `user@host` of this process.
#[must_use]
pub fn who() -> String {
    let user = whoami::username().unwrap_or_else(|_| "unknown".to_owned());
    let host = whoami::hostname().unwrap_or_else(|_| "unknown".to_owned());
    format!("{user}@{host}")
}

/// A new operation's id: random, so that no two machines ever make the same.
#[must_use]
pub fn new_id() -> OperationId {
    OperationId(format!("{:016x}", rand::random::<u64>()))
}

/// A watch that nobody looks at and nobody cancels.
#[must_use]
pub fn unwatched() -> Watch {
    let (sender, _) = tokio::sync::mpsc::channel(1);
    Watch::new(sender, CancellationToken::new())
}
