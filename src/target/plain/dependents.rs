//! Containers that live in another one's network, pid or ipc namespace, and in theirs in turn.
//! The namespace dies with its container, so they are recreated with it; those that do not run
//! are recreated, too, because they name a container that will be gone, but are not started.

use std::collections::VecDeque;

use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use super::names::Reserved;
use super::{Listed, PlainTarget, TargetError};
use crate::engine::json as read;

/// Inspects under way at once.
const AT_ONCE: usize = 8;

/// A container that lives in another one's namespaces.
pub(super) struct Dependent {
    /// Its name.
    pub(super) name: String,
    /// The container whose namespaces it lives in.
    pub(super) follows: String,
    /// Everything about it.
    pub(super) inspect: Value,
}

/// Every container that depends on this one, each behind the one it depends on.
pub(super) async fn of(target: &PlainTarget, old: &Value) -> Result<Vec<Dependent>, TargetError> {
    let mut others = everything(target).await?;
    let mut found = Vec::new();
    let mut roots = VecDeque::from([(id(old), name(old))]);
    while let Some((root_id, root_name)) = roots.pop_front() {
        let (mut theirs, rest): (Vec<Value>, Vec<Value>) = others
            .into_iter()
            .filter(|one| id(one) != root_id)
            .partition(|one| lives_in(one, &root_id, &root_name));
        others = rest;
        theirs.sort_by_key(name);
        for inspect in theirs {
            roots.push_back((id(&inspect), name(&inspect)));
            found.push(Dependent {
                name: name(&inspect),
                follows: root_name.clone(),
                inspect,
            });
        }
    }
    Ok(found)
}

async fn everything(target: &PlainTarget) -> Result<Vec<Value>, TargetError> {
    let engine = &target.engine;
    let ordinary: Vec<Listed> = target
        .list()
        .await?
        .into_iter()
        .filter(|one| Reserved::of(&one.name).is_none())
        .collect();
    let mut reads = stream::iter(ordinary)
        .map(|one| async move { engine.container(&one.id).await })
        .buffer_unordered(AT_ONCE);
    let mut all = Vec::new();
    while let Some(inspect) = reads.next().await {
        all.extend(inspect?);
    }
    Ok(all)
}

fn lives_in(inspect: &Value, id: &str, name: &str) -> bool {
    ["NetworkMode", "PidMode", "IpcMode"].iter().any(|mode| {
        read::text(inspect, &format!("/HostConfig/{mode}"))
            .and_then(|mode| mode.strip_prefix("container:"))
            .is_some_and(|whose| whose == id || whose == name)
    })
}

fn id(inspect: &Value) -> String {
    read::text(inspect, "/Id").unwrap_or_default().to_owned()
}

fn name(inspect: &Value) -> String {
    let name = read::text(inspect, "/Name").unwrap_or_default();
    name.trim_start_matches('/').to_owned()
}
