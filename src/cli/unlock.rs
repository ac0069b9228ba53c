//! `karat unlock`: break a lock, with a reason.

use serde_json::{Value, json};

use super::args::Unlock;
use super::json::SCHEMA;
use super::output::{self, Exit};
use super::session::Session;
use super::{confirm, deploy, recovering};
use crate::model::nearest::hint;
use crate::model::observation::LockSeen;
use crate::model::project::{EngineName, Environment};

/// A lock, and what is behind it.
struct Found<'a> {
    engine: EngineName,
    lock: LockSeen,
    /// What the operation that it belongs to changes.
    environments: Vec<&'a Environment>,
}

pub(super) async fn run(session: &Session, unlock: Unlock) -> Exit {
    let given = unlock.change.reason.as_deref();
    let Some(reason) = given.filter(|reason| !reason.trim().is_empty()) else {
        let why = "breaking a lock wants a reason: give `--reason TEXT`";
        return output::refused(session.json, &why, Exit::USAGE);
    };
    if !unlock.change.dry_run
        && let Some(exit) = session.read_only()
    {
        return exit;
    }
    let found = match find(session, &unlock).await {
        Ok(found) => found,
        Err((why, exit)) => return output::refused(session.json, &why, exit),
    };
    if unlock.change.dry_run {
        if session.json {
            output::json(&found.json());
        } else {
            output::result(&found.text());
        }
        return Exit::DONE;
    }
    session.hint(&found.text());
    if let Err(why) = agreed(&found, &unlock) {
        return output::refused(session.json, &why, Exit::REFUSED);
    }
    let Found { engine, lock, .. } = &found;
    if let Err(refusal) = session.operator.unlock(engine, lock, reason).await {
        return deploy::refused(session, &refusal);
    }
    if session.json {
        output::json(&found.json());
    } else {
        output::result(&format!(
            "the lock of {} on {engine} is broken\n",
            lock.container
        ));
    }
    Exit::DONE
}

/// The one lock that is meant, or why there is none.
async fn find<'a>(session: &'a Session, unlock: &Unlock) -> Result<Found<'a>, (String, Exit)> {
    let wanted = unlock.engine.as_deref().map(EngineName::from);
    let locks = session.operator.locks().await;
    let is_meant = |(engine, lock): &&(EngineName, LockSeen)| {
        lock.container == unlock.container && wanted.as_ref().is_none_or(|name| name == engine)
    };
    let meant: Vec<_> = locks.iter().filter(is_meant).collect();
    match meant.as_slice() {
        [(engine, lock)] => Ok(Found {
            engine: engine.clone(),
            lock: lock.clone(),
            environments: session
                .operator
                .environments_behind(engine, lock, &session.project)
                .await,
        }),
        [] => {
            let names: Vec<&str> = locks
                .iter()
                .map(|(_, lock)| lock.container.as_str())
                .collect();
            let near = hint(&unlock.container, names);
            let why = format!("no lock protects `{}`{near}", unlock.container);
            Err((why, Exit::ERROR))
        }
        _ => {
            let why = format!(
                "several engines have a lock for `{}`: name one with `--engine`",
                unlock.container
            );
            Err((why, Exit::USAGE))
        }
    }
}

/// Whether to go on, or the sentence that says why not.
fn agreed(found: &Found<'_>, unlock: &Unlock) -> Result<(), String> {
    if let Some(why) = recovering::read_only(&found.environments) {
        return Err(format!("{why}; nothing was changed"));
    }
    let protected: Vec<_> = found
        .environments
        .iter()
        .filter(|one| one.protected)
        .map(|one| &one.name)
        .collect();
    confirm::confirm(&unlock.change, &protected)
}

impl Found<'_> {
    fn text(&self) -> String {
        let Self { engine, lock, .. } = self;
        let mut text = format!(
            "break the lock of {} on {engine}\n  held by {} since {}: {}\n",
            lock.container,
            lock.owner,
            lock.since.format("%Y-%m-%d %H:%M:%S UTC"),
            lock.summary
        );
        text.push_str(&recovering::environments_text(&self.environments));
        if let Some(why) = recovering::read_only(&self.environments) {
            text.push_str(&format!("  {why}: it is left alone\n"));
        }
        text.push_str("  an operation that still runs notices, stops and undoes itself; what is half-way stays so until `karat recover`\n");
        text
    }

    fn json(&self) -> Value {
        let environments: Vec<&str> = self
            .environments
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        json!({
            "schema": SCHEMA,
            "container": self.lock.container,
            "engine": self.engine,
            "owner": self.lock.owner,
            "since": self.lock.since,
            "summary": self.lock.summary,
            "environments": environments,
        })
    }
}
