//! Carries a rebuild out, and tells how it went.

use tokio::time::Instant;

use crate::model::event::{Event, Outcome, VersionMark};
use crate::model::plan::OperationKind;
use crate::model::progress::Report;
use crate::model::rebuild::RebuildPlan;
use crate::model::time::Span;
use crate::target::{Clock, Target, Watch};

/// Builds the version of the plan on `target`, which must be the plan's.
/// However it ends, the report holds the one event for the history.
pub async fn run(target: &dyn Target, plan: &RebuildPlan, clock: Clock, watch: &Watch) -> Report {
    let began = clock.now();
    let started = Instant::now();
    let outcome = target.build(plan, watch).await;
    let took = clock.since(started);
    let mut event = Event {
        id: plan.id.clone(),
        time: began,
        who: plan.who.clone(),
        operation: OperationKind::Rebuild,
        heading: crate::model::plan::Heading::Back,
        from_environment: None,
        image: plan.image.clone(),
        environment: None,
        from: plan.previous.as_ref().map(|previous| VersionMark {
            version: Some(previous.0.clone()),
            digest: None,
        }),
        to: Some(VersionMark {
            version: Some(plan.version.0.clone()),
            digest: None,
        }),
        reason: plan.reason.clone(),
        outcome: Outcome::Done,
        duration: Some(took),
        error: None,
        log: Vec::new(),
    };
    let name = format!("{} {}", plan.image, plan.version);
    let summary = match &outcome {
        Ok(built) => {
            if let Some(to) = &mut event.to {
                to.digest = Some(built.image_id.clone());
            }
            let size = built.size.map_or(String::new(), |size| format!(", {size}"));
            format!("{name} built on {} in {took}{size}", plan.engine)
        }
        Err(failure) if failure.is_cancelled() => {
            event.outcome = Outcome::Cancelled;
            format!("{name}: the build was cancelled, nothing is left of it")
        }
        Err(failure) => {
            event.outcome = Outcome::Failed;
            event.error = Some(failure.to_string());
            event.log = failure.log().to_vec();
            format!("{name} was not built")
        }
    };
    Report {
        id: plan.id.clone(),
        outcome: event.outcome,
        summary,
        error: event.error.clone(),
        events: vec![event],
        duration: took,
    }
}

/// The report of a build that could not even begin.
pub fn impossible(plan: &RebuildPlan, why: String) -> Report {
    Report {
        id: plan.id.clone(),
        outcome: Outcome::Failed,
        summary: format!("{} {} was not built", plan.image, plan.version),
        error: Some(why),
        events: Vec::new(),
        duration: Span::default(),
    }
}
