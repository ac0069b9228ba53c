//! Recovering for the interface: what was shown there is settled, and nothing else, whatever
//! else is found on the engines; and what must be left alone, there and on the command line.

use crate::model::event::Outcome;
use crate::model::plan::OperationId;
use crate::model::project::{Environment, Project};
use crate::operate::recover::{CutOff, Doubt, Way};
use crate::operate::{Operator, unwatched};
use crate::tui::effect::{Part, Recovered};

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
        let environments = cut.environments(project).into_iter();
        let place = Part {
            images: cut.images(),
            environments: environments.map(|one| one.name.clone()).collect(),
            sentence: String::new(),
        };
        if let Some(sentence) = in_the_way(&cut, project) {
            done.left.push(Part { sentence, ..place });
            continue;
        }
        let report = operator.settle(cut, &unwatched()).await;
        match report.outcome {
            Outcome::Done | Outcome::Undone | Outcome::Cancelled => {
                let sentence = report.summary;
                done.settled.push(Part { sentence, ..place });
                done.over.push(report.id);
            }
            _ => {
                let sentence = report.error.unwrap_or(report.summary);
                done.left.push(Part { sentence, ..place });
            }
        }
    }
    let away = survey.away.iter();
    let away = away.map(|(engine, why)| format!("{engine} could not be looked at: {why}"));
    done.left.extend(away.map(Part::from));
    done
}

/// Why it is left alone: who began it may be at it still, or it changes an environment that is
/// read-only.
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
            closed(cut, project).map(|why| format!("{why}; left alone: {summary}"))
        }
    }
}

/// Why it must not be changed, if so. The lock itself says what it changes: a screen may have
/// known less.
pub(super) fn closed(cut: &CutOff, project: &Project) -> Option<String> {
    read_only(&cut.environments(project))
}

/// Why environments must not be changed, if one of them is read-only.
pub(super) fn read_only(environments: &[&Environment]) -> Option<String> {
    let closed = environments.iter().find(|one| one.read_only)?;
    Some(format!("{} is read-only", closed.name))
}

/// Environments in words; nothing where there are none.
pub(super) fn environments_text(environments: &[&Environment]) -> String {
    let names: Vec<String> = environments
        .iter()
        .map(|one| match one.protected {
            true => format!("{} (protected)", one.name),
            false => one.name.to_string(),
        })
        .collect();
    if names.is_empty() {
        return String::new();
    }
    format!("  environment: {}\n", names.join(", "))
}
