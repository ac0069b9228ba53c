//! `karat promote` and `karat rollback`.

use tokio_util::sync::CancellationToken;

use super::args::{Change, Promote, Rollback};
use super::output::{self, Exit};
use super::progress::Teller;
use super::session::Session;
use super::signals::Signals;
use super::{confirm, plan_text};
use crate::model::fleet::Fleet;
use crate::model::plan::{OperationKind, Plan};
use crate::model::progress::Report;
use crate::model::project::{EnvironmentName, ImageName};
use crate::operate::Refusal;
use crate::operate::planning::{self, DeployAsk, Pick};

/// `karat promote`.
pub(super) async fn promote(session: &Session, promote: Promote) -> Exit {
    let fleet = session.fleet().await;
    if let Some(exit) = session.nobody_answers(&fleet) {
        return exit;
    }
    let from = promote.from.as_deref().map(EnvironmentName::from);
    let to = match target_environment(&fleet, promote.to.as_deref(), from.as_ref()) {
        Ok(to) => to,
        Err(refusal) => return refused(session, &refusal),
    };
    let ask = DeployAsk {
        kind: OperationKind::Promote,
        images: promote
            .images
            .iter()
            .map(|name| ImageName::from(name.as_str()))
            .collect(),
        environment: to,
        pick: Pick::From(from),
        reason: promote.change.reason.clone(),
        accept_no_rollback: promote.accept_no_rollback,
    };
    change(session, &fleet, &ask, &promote.change).await
}

fn target_environment(
    fleet: &Fleet,
    to: Option<&str>,
    from: Option<&EnvironmentName>,
) -> Result<EnvironmentName, Refusal> {
    if let Some(to) = to {
        return Ok(EnvironmentName::from(to));
    }
    // The argument parser lets neither be left out together.
    let from = from.cloned().unwrap_or_else(|| EnvironmentName::from(""));
    planning::environment(fleet, &from)?;
    let next = fleet.downstream(&from).map(|next| next.name.clone());
    next.ok_or_else(|| Refusal::NoSource {
        image: ImageName::from("anything"),
        environment: from.clone(),
        why: "no environment comes behind it; say where to with `--to`".to_owned(),
    })
}

/// `karat rollback`.
pub(super) async fn rollback(session: &Session, rollback: Rollback) -> Exit {
    let fleet = session.fleet().await;
    if let Some(exit) = session.nobody_answers(&fleet) {
        return exit;
    }
    let ask = DeployAsk {
        kind: OperationKind::Rollback,
        images: vec![ImageName::from(rollback.image.as_str())],
        environment: EnvironmentName::from(rollback.env.as_str()),
        pick: rollback.to.clone().map_or(Pick::KnownGood, Pick::Named),
        reason: rollback.change.reason.clone(),
        accept_no_rollback: rollback.accept_no_rollback,
    };
    change(session, &fleet, &ask, &rollback.change).await
}

async fn change(session: &Session, fleet: &Fleet, ask: &DeployAsk, change: &Change) -> Exit {
    let plan = match session
        .operator
        .plan(fleet, ask, session.operator.clock().now())
        .await
    {
        Ok(plan) => plan,
        Err(refusal) => return refused(session, &refusal),
    };
    if plan.is_empty() {
        if session.json {
            output::json(&plan_text::plan_json(&plan));
        }
        session.hint(&format!(
            "nothing to do: {} runs it already",
            plan.environment
        ));
        return Exit::DONE;
    }
    if change.dry_run {
        if session.json {
            output::json(&plan_text::plan_json(&plan));
        } else {
            output::result(&plan_text::text(&plan));
        }
        return Exit::DONE;
    }
    session.hint(&plan_text::text(&plan));
    let name = [&plan.environment];
    let protected = if plan.protected { &name[..] } else { &[] };
    if let Err(why) = confirm::confirm(change, protected) {
        return output::refused(session.json, &why, Exit::REFUSED);
    }
    let (report, signal) = run(session, &plan).await;
    told(session, &report, signal)
}

async fn run(session: &Session, plan: &Plan) -> (Report, Option<u8>) {
    let cancel = CancellationToken::new();
    let signals = Signals::watch(&cancel);
    let teller = Teller::start(session.quiet, cancel);
    let report = session.operator.run(plan, &teller.watch).await;
    teller.finish().await;
    (report, signals.came())
}

/// Writes how an operation ended.
pub(super) fn told(session: &Session, report: &Report, signal: Option<u8>) -> Exit {
    if let Some(error) = &report.error {
        output::error(error);
    }
    if session.json {
        output::json(&plan_text::report_json(report));
    } else {
        let text = format!(
            "{} ({}, {})\n",
            report.summary,
            report.outcome.words(),
            report.duration
        );
        output::result(&text);
    }
    Exit::of(report.outcome, signal)
}

/// Writes a refusal.
pub(super) fn refused(session: &Session, refusal: &Refusal) -> Exit {
    output::refused(session.json, refusal, Exit(refusal.exit_code()))
}
