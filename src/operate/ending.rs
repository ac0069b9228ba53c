//! How an operation ended, in words and as events.

use crate::model::event::{Event, Outcome, VersionMark};
use crate::model::plan::{OperationKind, Plan};
use crate::model::time::Span;
use crate::target::TargetError;

/// How an attempt ended.
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    pub(super) error: Option<String>,
    pub(super) log: Vec<String>,
}

impl Ended {
    /// Before anything was touched.
    pub(super) fn early(error: &TargetError) -> Self {
        let outcome = match error {
            TargetError::Locked { .. } => Outcome::Locked,
            TargetError::Cancelled => Outcome::Cancelled,
            _ => Outcome::Failed,
        };
        Self {
            outcome,
            error: Some(error.to_string()),
            log: Vec::new(),
        }
    }

    /// Half-way, and not put back.
    pub(super) fn half(error: &TargetError, log: Vec<String>) -> Self {
        Self {
            outcome: Outcome::NeedsRecover,
            error: Some(format!("{error}; run `karat recover` once that is mended")),
            log,
        }
    }

    pub(super) fn because(mut self, first: &TargetError) -> Self {
        let then = self.error.take().unwrap_or_default();
        self.error = Some(format!("{first}; and while putting things back: {then}"));
        self
    }
}

/// One event for each image.
pub(super) fn events(plan: &Plan, ended: &Ended, span: Span) -> Vec<Event> {
    plan.moves
        .iter()
        .map(|one| Event {
            id: plan.id.clone(),
            time: plan.made,
            who: plan.who.clone(),
            operation: plan.kind,
            heading: one.heading,
            from_environment: plan.from_environment.clone(),
            image: one.image.clone(),
            environment: Some(plan.environment.clone()),
            from: one.from.first().map(VersionMark::from),
            to: Some(VersionMark::from(&one.to)),
            reason: plan.reason.clone(),
            outcome: ended.outcome,
            duration: Some(span),
            error: ended.error.clone(),
            log: ended.log.clone(),
        })
        .collect()
}

pub(super) fn summary(plan: &Plan, outcome: Outcome) -> String {
    let now = |done: bool| {
        let each: Vec<String> = plan
            .moves
            .iter()
            .map(|one| {
                let before = one.from.first().map_or("?", |from| from.label.as_str());
                format!(
                    "{} {}",
                    one.image,
                    if done { one.to.label.as_str() } else { before }
                )
            })
            .collect();
        each.join(", ")
    };
    let environment = &plan.environment;
    let again = if plan.words() == OperationKind::Rollback.words()
        && plan.moves.iter().all(|one| one.evidence.is_some())
    {
        " again"
    } else {
        ""
    };
    match outcome {
        Outcome::Done => format!("{environment} runs {}{again}", now(true)),
        Outcome::Undone | Outcome::Cancelled => format!(
            "{environment} still runs {}: everything is as before",
            now(false)
        ),
        Outcome::Failed | Outcome::Locked => format!("nothing was touched in {environment}"),
        Outcome::NeedsRecover => format!("{environment} is half-way: run `karat recover`"),
    }
}
