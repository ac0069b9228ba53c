//! `karat publish`, and what `karat rebuild --publish` does once it has built.

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::args::Publish;
use super::json::SCHEMA;
use super::output::{self, Exit};
use super::progress::Teller;
use super::session::Session;
use super::signals::Signals;
use super::{confirm, deploy, rebuild};
use crate::model::progress::Report;
use crate::model::project::ImageName;
use crate::model::publish::PublishPlan;
use crate::operate::publish::{PublishAsk, Publishing};

pub(super) async fn run(session: &Session, args: Publish) -> Exit {
    if !args.change.dry_run
        && let Some(exit) = session.read_only()
    {
        return exit;
    }
    let fleet = session.fleet().await;
    let ask = PublishAsk {
        version: args.version,
        engine: args
            .engine
            .as_deref()
            .map(|name| rebuild::engine(session, name)),
        force: args.force,
        reason: args.change.reason.clone(),
    };
    let image = ImageName::from(args.image.as_str());
    let plan = match session.operator.plan_publish(&fleet, &image, &ask).await {
        Ok(Publishing::Plan(plan)) => plan,
        Ok(Publishing::There { reference, digest }) => {
            let text = format!("nothing to do: {reference} is {digest} already\n");
            if session.json {
                output::json(&json!({
                    "schema": SCHEMA, "outcome": "done", "summary": text.trim_end(),
                    "reference": reference, "digest": digest,
                }));
            } else {
                output::result(&text);
            }
            return Exit::DONE;
        }
        Ok(Publishing::Taken { why, .. }) | Err(why) => return deploy::refused(session, &why),
    };
    if args.change.dry_run {
        if session.json {
            output::json(&plan_json(&plan));
        } else {
            output::result(&text(&plan));
        }
        return Exit::DONE;
    }
    session.hint(&text(&plan));
    if let Err(why) = confirm::confirm(&args.change, &[]) {
        return output::refused(session.json, &why, Exit::REFUSED);
    }
    let cancel = CancellationToken::new();
    let signals = Signals::watch(&cancel);
    let teller = Teller::start(session.quiet, cancel);
    let report: Report = session.operator.publish_version(&plan, &teller.watch).await;
    teller.finish().await;
    deploy::told(session, &report, signals.came())
}

/// A plan in words.
pub(super) fn text(plan: &PublishPlan) -> String {
    let mut text = format!(
        "publish {} {}\n  from    {} on {}\n  to      {}\n",
        plan.image,
        plan.version,
        plan.image_id.short(),
        plan.engine,
        plan.reference(),
    );
    if let Some(replaces) = &plan.replaces {
        text.push_str(&format!(
            "  !       the tag points to {replaces} now, and is written over\n"
        ));
    }
    text
}

/// A plan as JSON.
pub(super) fn plan_json(plan: &PublishPlan) -> Value {
    json!({
        "schema": SCHEMA,
        "operation": "publish",
        "image": plan.image,
        "version": plan.version,
        "engine": plan.engine,
        "image_id": plan.image_id,
        "reference": plan.reference(),
        "replaces": plan.replaces,
        "reason": plan.reason,
    })
}
