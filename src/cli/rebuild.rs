//! `karat rebuild`.

use std::collections::BTreeMap;

use tokio_util::sync::CancellationToken;

use super::args::Rebuild;
use super::output::{self, Exit};
use super::progress::Teller;
use super::session::Session;
use super::signals::Signals;
use super::{confirm, deploy, plan_text};
use crate::model::project::{EngineName, EnvironmentName, ImageName};
use crate::model::rebuild::RebuildPlan;
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
        Ok(plan) => RebuildPlan {
            publish: args.publish,
            ..plan
        },
        Err(refusal) => return deploy::refused(session, &refusal),
    };
    if plan.publish {
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
            output::json(&plan_text::rebuild_json(&plan));
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
    let report = session
        .operator
        .rebuild_and_publish(&plan, &teller.watch)
        .await;
    teller.finish().await;
    deploy::told(session, &report, signals.came())
}

fn text(plan: &RebuildPlan) -> String {
    let mut text = plan_text::rebuild_text(plan);
    if plan.publish {
        text.push_str(&format!(
            "  then    push {}:{}\n",
            plan.repository, plan.version
        ));
    }
    text
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
