//! `karat recover`: finish or undo what was cut off.

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::args::Change;
use super::json::SCHEMA;
use super::output::{self, Exit};
use super::progress::Teller;
use super::session::Session;
use super::{confirm, plan_text};
use crate::model::event::Outcome;
use crate::operate::recover::{CutOff, Doubt, Survey, Way};

pub(super) async fn run(session: &Session, change: &Change, force: bool) -> Exit {
    let doubt = if force { Doubt::TakeOver } else { Doubt::Wait };
    let survey = session.operator.survey(doubt).await;
    for (engine, why) in &survey.away {
        output::error(&format!("{engine} could not be looked at: {why}"));
    }
    if survey.cut_off.is_empty() {
        return nothing(session, &survey, change).await;
    }
    let text: String = survey.cut_off.iter().map(describe).collect();
    if change.dry_run {
        if session.json {
            output::json(&survey_json(&survey));
        } else {
            output::result(&text);
        }
        return Exit::DONE;
    }
    session.hint(&text);
    if let Err(why) = confirm::confirm(change, None) {
        return output::refused(session.json, &why, Exit::REFUSED);
    }
    settle(session, survey).await
}

async fn nothing(session: &Session, survey: &Survey, change: &Change) -> Exit {
    let swept = if change.dry_run {
        Vec::new()
    } else {
        session.operator.sweep_all().await
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

/// Settles everything that was found. The exit code is the worst of them.
async fn settle(session: &Session, survey: Survey) -> Exit {
    let mut worst = if survey.away.is_empty() {
        Exit::DONE
    } else {
        Exit::ERROR
    };
    let mut reports = Vec::new();
    for cut in survey.cut_off {
        let teller = Teller::start(session.quiet, CancellationToken::new());
        let report = session.operator.settle(cut, &teller.watch).await;
        teller.finish().await;
        // Undone is settled, too.
        let exit = match report.outcome {
            Outcome::Undone | Outcome::Cancelled => Exit::DONE,
            other => Exit::of(other, None),
        };
        if exit.0 > worst.0 {
            worst = exit;
        }
        match &report.error {
            Some(error) if exit != Exit::DONE => output::error(error),
            _ => {}
        }
        if !session.json {
            output::result(&format!("{}\n", report.summary));
        }
        reports.push(plan_text::report_json(&report));
    }
    let _ = session.operator.sweep_all().await;
    if session.json {
        output::json(&json!({ "schema": SCHEMA, "operations": reports }));
    }
    worst
}

fn describe(cut: &CutOff) -> String {
    let containers: Vec<String> = cut
        .containers
        .iter()
        .map(|(engine, container)| format!("{container} on {engine}"))
        .collect();
    format!(
        "cut off: {} by {} since {}\n  containers: {}\n  {}\n",
        cut.seen.summary,
        cut.seen.owner,
        cut.seen.since.format("%Y-%m-%d %H:%M:%S UTC"),
        containers.join(", "),
        way(&cut.way)
    )
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

fn survey_json(survey: &Survey) -> Value {
    let operations: Vec<Value> = survey
        .cut_off
        .iter()
        .map(|cut| {
            let containers: Vec<Value> = cut
                .containers
                .iter()
                .map(|(engine, container)| json!({ "engine": engine, "container": container }))
                .collect();
            json!({
                "id": cut.seen.operation,
                "summary": cut.seen.summary,
                "owner": cut.seen.owner,
                "since": cut.seen.since,
                "containers": containers,
                "will": match cut.way {
                    Way::Finish => "finish",
                    Way::Undo => "undo",
                    Way::StillRuns { .. } | Way::MayRun { .. } => "leave_alone",
                },
            })
        })
        .collect();
    json!({ "schema": SCHEMA, "operations": operations })
}
