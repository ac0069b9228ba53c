//! Recovering for the interface: what was shown there is settled, and nothing else, whatever
//! else is found on the engines.

use crate::model::event::Outcome;
use crate::model::plan::OperationId;
use crate::model::project::Project;
use crate::operate::recover::{CutOff, Doubt, Way};
use crate::operate::{Operator, unwatched};
use crate::tui::effect::Recovered;

/// Settles those of these operations that were cut off.
pub(super) async fn recover(
    operator: &Operator,
    project: &Project,
    shown: &[OperationId],
) -> Recovered {
    let survey = operator.survey(Doubt::Wait).await;
    let mut done = Recovered::default();
    let wanted = survey.cut_off.into_iter();
    for cut in wanted.filter(|cut| shown.contains(&cut.seen.operation)) {
        if let Some(why) = in_the_way(&cut, project) {
            done.left.push(why);
            continue;
        }
        let report = operator.settle(cut, &unwatched()).await;
        match report.outcome {
            Outcome::Done | Outcome::Undone | Outcome::Cancelled => {
                done.settled.push(report.summary);
                done.over.push(report.id);
            }
            _ => done.left.push(report.error.unwrap_or(report.summary)),
        }
    }
    let away = survey.away.iter();
    let away = away.map(|(engine, why)| format!("{engine} could not be looked at: {why}"));
    done.left.extend(away);
    done
}

/// Why it is left alone: who began it may be at it still, or it changes an environment that is
/// read-only. The lock itself says which one it changes: the screen may have known less.
fn in_the_way(cut: &CutOff, project: &Project) -> Option<String> {
    let (summary, owner) = (&cut.seen.summary, &cut.seen.owner);
    match cut.way {
        Way::StillRuns { pid } => Some(format!(
            "process {pid} of {owner} still runs it: {summary}; wait for it, or end it first"
        )),
        Way::MayRun { until } => Some(format!(
            "{summary} may still run on {owner}: wait until {}, or `karat recover --force`",
            until.format("%H:%M:%S UTC")
        )),
        Way::Finish | Way::Undo => {
            let environment = cut.environment()?;
            let mut environments = project.environments.iter();
            let closed = environments.any(|one| &one.name == environment && one.read_only);
            closed.then(|| {
                format!("{environment} is read-only by the project file; left alone: {summary}")
            })
        }
    }
}
