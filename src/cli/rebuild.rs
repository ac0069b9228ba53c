//! `karat rebuild`.

use std::collections::BTreeMap;

use tokio_util::sync::CancellationToken;

use super::args::Rebuild;
use super::output::{self, Exit};
use super::progress::Teller;
use super::session::Session;
use super::signals::Signals;
use super::{confirm, deploy, plan_text};
use crate::model::event::Outcome;
use crate::model::progress::Report;
use crate::model::project::{EngineName, EnvironmentName, ImageName};
use crate::model::rebuild::RebuildPlan;
use crate::model::time::Span;
use crate::operate::publish::{PublishAsk, Publishing};
use crate::operate::rebuild::RebuildAsk;

pub(super) async fn run(session: &Session, args: Rebuild) -> Exit {
    let build_args = match build_args(&args.build_arg) {
        Ok(build_args) => build_args,
        Err(wrong) => {
            return output::refused(session.json, &wrong, Exit::USAGE);
        }
    };
    if !args.change.dry_run
        && let Some(exit) = session.read_only()
    {
        return exit;
    }
    let fleet = session.fleet().await;
    let ask = RebuildAsk {
        image: ImageName::from(args.image.as_str()),
        version: args.version,
        no_cache: args.no_cache,
        pull: args.pull,
        build_args,
        engine: args.engine.as_deref().map(|name| engine(session, name)),
        reason: args.change.reason.clone(),
        who: session.operator.who().to_owned(),
    };
    let plan = match session
        .operator
        .plan_rebuild(&fleet, &session.project, &ask)
    {
        Ok(plan) => plan,
        Err(refusal) => return deploy::refused(session, &refusal),
    };
    let publish = args.publish;
    if publish {
        // Before anything is built that could not be pushed.
        let free = session
            .operator
            .tag_is_free(&plan.image, &plan.repository, &plan.version);
        if let Err(refusal) = free.await {
            return deploy::refused(session, &refusal);
        }
    }
    if args.change.dry_run {
        if session.json {
            output::json(&plan_text::rebuild_json(&plan, publish));
        } else {
            output::result(&text(&plan, publish));
        }
        return Exit::DONE;
    }
    session.hint(&text(&plan, publish));
    if let Err(why) = confirm::confirm(&args.change, &[]) {
        return output::refused(session.json, &why, Exit::REFUSED);
    }
    let cancel = CancellationToken::new();
    let signals = Signals::watch(&cancel);
    let teller = Teller::start(session.quiet, cancel);
    let mut report = session.operator.rebuild(&plan, &teller.watch).await;
    if publish && report.outcome == Outcome::Done {
        report = published(session, &plan, report, &teller).await;
    }
    teller.finish().await;
    deploy::told(session, &report, signals.came())
}

fn text(plan: &RebuildPlan, publish: bool) -> String {
    let mut text = plan_text::rebuild_text(plan);
    if publish {
        text.push_str(&format!(
            "  then    push {}:{}\n",
            plan.repository, plan.version
        ));
    }
    text
}

/// Publishes what was just built. The report is that of both.
async fn published(
    session: &Session,
    plan: &RebuildPlan,
    built: Report,
    teller: &Teller,
) -> Report {
    let failed = |why: String| Report {
        outcome: Outcome::Failed,
        summary: format!("{}; it is not published", built.summary),
        error: Some(why),
        ..built.clone()
    };
    let image_id = built
        .events
        .first()
        .and_then(|event| event.to.as_ref()?.digest.clone());
    let Some(image_id) = image_id else {
        return failed("the engine did not say what it built".to_owned());
    };
    let ask = PublishAsk {
        reason: plan.reason.clone(),
        ..PublishAsk::default()
    };
    let image = (&plan.image, &plan.repository);
    let version = (&plan.version, &plan.engine, &image_id);
    match session.operator.publishing(image, version, &ask).await {
        Ok(Publishing::Plan(plan)) => {
            let mut report = session.operator.publish_version(&plan, &teller.watch).await;
            report.summary = format!("{}; {}", built.summary, report.summary);
            report.duration = Span(built.duration.0 + report.duration.0);
            report.events.extend(built.events);
            report
        }
        Ok(Publishing::There { reference, digest }) => Report {
            summary: format!("{}; {reference} is {digest} already", built.summary),
            ..built
        },
        Err(refusal) => failed(refusal.to_string()),
    }
}

fn build_args(given: &[String]) -> Result<BTreeMap<String, String>, String> {
    given
        .iter()
        .map(|arg| match arg.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
            // Its value is not repeated: it may be a secret.
            _ => Err("a build argument must read KEY=VALUE".to_owned()),
        })
        .collect()
}

/// An environment stands for its first engine.
pub(super) fn engine(session: &Session, name: &str) -> EngineName {
    session
        .project
        .environment(&EnvironmentName::from(name))
        .and_then(|environment| environment.engines.first().cloned())
        .unwrap_or_else(|| EngineName::from(name))
}
