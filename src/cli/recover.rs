//! `karat recover`: finish or undo what was cut off.

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::args::Change;
use super::json::SCHEMA;
use super::output::{self, Exit};
use super::progress::Teller;
use super::session::Session;
use super::{confirm, plan_text, recovering};
use crate::model::event::Outcome;
use crate::model::project::Project;
use crate::operate::recover::{CutOff, Doubt, Survey, Way};

pub(super) async fn run(session: &Session, change: &Change, force: bool) -> Exit {
    if !change.dry_run
        && let Some(exit) = session.read_only()
    {
        return exit;
    }
    let doubt = if force { Doubt::TakeOver } else { Doubt::Wait };
    let survey = session.operator.survey(doubt).await;
    for (engine, why) in &survey.away {
        output::error(&format!("{engine} could not be looked at: {why}"));
    }
    if survey.cut_off.is_empty() {
        return nothing(session, &survey, change).await;
    }
    let project = &session.project;
    if change.dry_run {
        if session.json {
            output::json(&survey_json(&survey, project));
        } else {
            output::result(&text(&survey, project));
        }
        return Exit::DONE;
    }
    session.hint(&text(&survey, project));
    if let Err(why) = agreed(&survey, project, change) {
        return output::refused(session.json, &why, Exit::REFUSED);
    }
    // What was shown is what is settled: by the very locks that were found.
    settle(session, survey).await
}

/// Whether to go on, or the sentence that says why not.
fn agreed(survey: &Survey, project: &Project, change: &Change) -> Result<(), String> {
    let closed: Vec<Option<String>> = survey
        .cut_off
        .iter()
        .map(|cut| recovering::closed(cut, project))
        .collect();
    if let Some(Some(why)) = closed.first()
        && closed.iter().all(Option::is_some)
    {
        return Err(format!("{why}; nothing was changed"));
    }
    let mut protected = Vec::new();
    let open = survey.cut_off.iter().zip(&closed);
    for (cut, _) in open.filter(|(cut, closed)| closed.is_none() && cut.is_over()) {
        for environment in cut.environments(project) {
            if environment.protected && !protected.contains(&&environment.name) {
                protected.push(&environment.name);
            }
        }
    }
    confirm::confirm(change, &protected)
}

async fn nothing(session: &Session, survey: &Survey, change: &Change) -> Exit {
    let swept = if change.dry_run {
        Vec::new()
    } else {
        session.operator.sweep_all(&session.project).await
    };
    if !change.dry_run {
        // What this machine noted and another one settled is over, here too.
        session.hint_unfinished(&session.fleet().await);
    }
    if session.json {
        output::json(&json!({ "schema": SCHEMA, "operations": [], "swept": swept }));
    } else {
        for name in &swept {
            let why = if name.starts_with("karat-shell-") {
                "whoever opened it is gone"
            } else {
                "its soak is over"
            };
            output::result(&format!("took away {name}: {why}\n"));
        }
        output::result("nothing was cut off\n");
    }
    if survey.away.is_empty() {
        Exit::DONE
    } else {
        Exit::ERROR
    }
}

/// Settles what was found, but for what is read-only. The exit code is the worst of them.
async fn settle(session: &Session, survey: Survey) -> Exit {
    let mut worst = if survey.away.is_empty() {
        Exit::DONE
    } else {
        Exit::ERROR
    };
    let mut reports = Vec::new();
    for cut in survey.cut_off {
        let (exit, report) = match recovering::closed(&cut, &session.project) {
            Some(why) => left_alone(session, &cut, &why),
            None => settle_one(session, cut).await,
        };
        if exit.0 > worst.0 {
            worst = exit;
        }
        reports.push(report);
    }
    let _ = session.operator.sweep_all(&session.project).await;
    if session.json {
        output::json(&json!({ "schema": SCHEMA, "operations": reports }));
    }
    worst
}

async fn settle_one(session: &Session, cut: CutOff) -> (Exit, Value) {
    let teller = Teller::start(session.quiet, CancellationToken::new());
    let report = session.operator.settle(cut, &teller.watch).await;
    teller.finish().await;
    // Undone is settled, too.
    let exit = match report.outcome {
        Outcome::Undone | Outcome::Cancelled => Exit::DONE,
        other => Exit::of(other, None),
    };
    match &report.error {
        Some(error) if exit != Exit::DONE => output::error(error),
        _ => {}
    }
    if !session.json {
        output::result(&format!("{}\n", report.summary));
    }
    (exit, plan_text::report_json(&report))
}

/// What is not touched, as a report of it would be.
fn left_alone(session: &Session, cut: &CutOff, why: &str) -> (Exit, Value) {
    let summary = format!("left alone: {}", cut.seen.summary);
    output::error(&why);
    if !session.json {
        output::result(&format!("{summary}\n"));
    }
    let report = json!({
        "schema": SCHEMA,
        "id": cut.seen.operation,
        "outcome": "refused",
        "summary": summary,
        "error": why,
        "duration_ms": null,
        "events": [],
    });
    (Exit::REFUSED, report)
}

fn text(survey: &Survey, project: &Project) -> String {
    let all = survey.cut_off.iter();
    all.map(|cut| describe(cut, project)).collect()
}

fn describe(cut: &CutOff, project: &Project) -> String {
    let containers: Vec<String> = cut
        .containers
        .iter()
        .map(|(engine, container)| format!("{container} on {engine}"))
        .collect();
    let mut text = format!(
        "cut off: {} by {} since {}\n",
        cut.seen.summary,
        cut.seen.owner,
        cut.seen.since.format("%Y-%m-%d %H:%M:%S UTC"),
    );
    text.push_str(&recovering::environments_text(&cut.environments(project)));
    let will = recovering::closed(cut, project)
        .map_or_else(|| way(&cut.way), |why| format!("{why}: it is left alone"));
    text.push_str(&format!(
        "  containers: {}\n  {will}\n",
        containers.join(", ")
    ));
    text
}

fn way(way: &Way) -> String {
    match way {
        Way::Finish => "everything new is in place: it will be finished".to_owned(),
        Way::Undo => "it will be undone: the old version runs again".to_owned(),
        Way::MayRun { until } => format!(
            "it may still run on its own machine until {}: it is left alone (`--force` takes it over)",
            until.format("%H:%M:%S UTC")
        ),
        Way::StillRuns { pid } => {
            format!("process {pid} on this machine still runs it: it is left alone")
        }
    }
}

fn survey_json(survey: &Survey, project: &Project) -> Value {
    let operations: Vec<Value> = survey
        .cut_off
        .iter()
        .map(|cut| {
            let containers: Vec<Value> = cut
                .containers
                .iter()
                .map(|(engine, container)| json!({ "engine": engine, "container": container }))
                .collect();
            let environments = cut.environments(project).into_iter();
            let environments: Vec<&str> = environments.map(|one| one.name.as_str()).collect();
            let closed = recovering::closed(cut, project);
            json!({
                "id": cut.seen.operation,
                "summary": cut.seen.summary,
                "owner": cut.seen.owner,
                "since": cut.seen.since,
                "environments": environments,
                "containers": containers,
                "will": match cut.way {
                    _ if closed.is_some() => "leave_alone",
                    Way::Finish => "finish",
                    Way::Undo => "undo",
                    Way::StillRuns { .. } | Way::MayRun { .. } => "leave_alone",
                },
            })
        })
        .collect();
    json!({ "schema": SCHEMA, "operations": operations })
}
