//! `karat unlock`: break a lock, with a reason.

use serde_json::json;

use super::args::Unlock;
use super::json::SCHEMA;
use super::output::{self, Exit};
use super::session::Session;
use super::{confirm, deploy};
use crate::model::nearest::hint;
use crate::model::project::EngineName;

pub(super) async fn run(session: &Session, unlock: Unlock) -> Exit {
    let Some(reason) = unlock
        .change
        .reason
        .clone()
        .filter(|reason| !reason.trim().is_empty())
    else {
        let why = "breaking a lock wants a reason: give `--reason TEXT`";
        return output::refused(session.json, &why, Exit::USAGE);
    };
    if !unlock.change.dry_run
        && let Some(exit) = session.read_only()
    {
        return exit;
    }
    let locks = session.operator.locks().await;
    let wanted = unlock.engine.as_deref().map(EngineName::from);
    let found: Vec<_> = locks
        .iter()
        .filter(|(engine, lock)| {
            lock.container == unlock.container && wanted.as_ref().is_none_or(|name| name == engine)
        })
        .collect();
    let (engine, lock) = match found.as_slice() {
        [one] => (&one.0, &one.1),
        [] => {
            let names = || locks.iter().map(|(_, lock)| lock.container.as_str());
            let near = hint(&unlock.container, names().collect::<Vec<_>>());
            let why = format!("no lock protects `{}`{near}", unlock.container);
            return output::refused(session.json, &why, Exit::ERROR);
        }
        _ => {
            let why = format!(
                "several engines have a lock for `{}`: name one with `--engine`",
                unlock.container
            );
            return output::refused(session.json, &why, Exit::USAGE);
        }
    };
    let text = format!(
        "break the lock of {} on {engine}\n  held by {} since {}: {}\n  an operation that still runs notices, stops and undoes itself; what is half-way stays so until `karat recover`\n",
        lock.container,
        lock.owner,
        lock.since.format("%Y-%m-%d %H:%M:%S UTC"),
        lock.summary
    );
    if unlock.change.dry_run {
        output::result(&text);
        return Exit::DONE;
    }
    session.hint(&text);
    if let Err(why) = confirm::confirm(&unlock.change, &[]) {
        return output::refused(session.json, &why, Exit::REFUSED);
    }
    match session.operator.unlock(engine, lock, &reason).await {
        Ok(()) => {
            if session.json {
                output::json(
                    &json!({ "schema": SCHEMA, "container": lock.container, "engine": engine, "owner": lock.owner }),
                );
            } else {
                output::result(&format!(
                    "the lock of {} on {engine} is broken\n",
                    lock.container
                ));
            }
            Exit::DONE
        }
        Err(refusal) => deploy::refused(session, &refusal),
    }
}
