//! One container, read closely: what the deployment view shows. Values of variables the
//! user set are masked: nobody knows which of them are secrets.

use std::collections::BTreeSet;

use bollard::models::ChangeType;
use serde_json::Value;

use super::undo::looks_secret;
use super::{PlainTarget, TargetError, TouchAsk, health, planning};
use crate::engine::json as read;
use crate::model::details::{ChangeKind, Details, FileChange, HealthEntry, Origin, Setting};
use crate::model::digest::Digest;
use crate::model::plan::{Frozen, Obtain};
use crate::model::reference::Repository;
use crate::model::time::Span;

/// Changed files shown at most; the rest is counted.
const FILES_SHOWN: usize = 2_000;

/// Reads a container closely.
pub(super) async fn details(target: &PlainTarget, container: &str) -> Result<Details, TargetError> {
    let inspect = target.container(container).await?;
    let image_id = read::text(&inspect, "/Image").unwrap_or_default();
    let image = target.engine.image(image_id).await?;
    let carried = planning::carried(target, &inspect, None, image_id).await?;
    let check = health::Check::of(&carried.body, image.as_ref());
    let (changes, changes_error) =
        changes(target, read::text(&inspect, "/Id").unwrap_or_default()).await;
    Ok(Details {
        engine: target.engine.name().clone(),
        container: container.to_owned(),
        id: read::text(&inspect, "/Id").unwrap_or_default().to_owned(),
        settings: settings(&inspect, &carried.body),
        health_log: health_log(&inspect),
        changes,
        changes_error,
        refusal: refusal(target, container, &inspect).await,
        notes: planning::notes(target, &inspect, &check).await,
    })
}

async fn refusal(target: &PlainTarget, container: &str, inspect: &Value) -> Option<String> {
    let any = Frozen {
        label: "VERSION".to_owned(),
        identity: read::digest(inspect, "/Image").unwrap_or_else(|| Digest::of(b"")),
        content: None,
        repository: Repository::new("IMAGE"),
        tag: Some("VERSION".to_owned()),
        registry_digest: None,
        size: None,
    };
    let obtain = Obtain::Present {
        image_id: any.identity.clone(),
    };
    let ask = TouchAsk {
        container,
        from: &any,
        to: &any,
        obtain: &obtain,
        accept_no_rollback: false,
    };
    planning::refuse(target, inspect, &ask)
        .await
        .err()
        .map(|refused| refused.to_string())
}

/// How it is configured. What is in the create request was set for the container; what is
/// not comes from the image.
fn settings(inspect: &Value, carried: &Value) -> Vec<Setting> {
    let mut settings = Vec::new();
    let mut say = |name: &str, value: String, origin| {
        if !value.is_empty() {
            settings.push(Setting {
                name: name.to_owned(),
                value,
                origin,
            });
        }
    };
    for key in ["Entrypoint", "Cmd", "User", "WorkingDir", "StopSignal"] {
        let own = carried.get(key).is_some_and(|value| !value.is_null());
        let origin = if own {
            Origin::Container
        } else {
            Origin::Image
        };
        say(
            key,
            words(inspect.pointer(&format!("/Config/{key}"))),
            origin,
        );
    }
    let own: BTreeSet<&str> = read::list(carried, "/Env")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for entry in read::list(inspect, "/Config/Env")
        .iter()
        .filter_map(Value::as_str)
    {
        let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
        if own.contains(entry) {
            say("Env", format!("{name}=•••"), Origin::Container);
        } else {
            let value = if looks_secret(name) {
                "•••"
            } else {
                value
            };
            say("Env", format!("{name}={value}"), Origin::Image);
        }
    }
    let host = inspect.pointer("/HostConfig").unwrap_or(&Value::Null);
    let policy = read::text(host, "/RestartPolicy/Name").unwrap_or("no");
    say("Restart policy", policy.to_owned(), Origin::Container);
    say(
        "Network mode",
        words(host.get("NetworkMode")),
        Origin::Container,
    );
    for (name, endpoint) in read::entries(inspect, "/NetworkSettings/Networks") {
        let address = read::text(endpoint, "/IPAddress")
            .map(|ip| format!(" {ip}"))
            .unwrap_or_default();
        say("Network", format!("{name}{address}"), Origin::Container);
    }
    for (port, bindings) in read::entries(host, "/PortBindings") {
        for binding in read::list(bindings, "") {
            let ip = read::text(binding, "/HostIp").unwrap_or("*");
            let host_port = read::text(binding, "/HostPort").unwrap_or("any");
            say(
                "Port",
                format!("{ip}:{host_port} → {port}"),
                Origin::Container,
            );
        }
    }
    for mount in read::list(inspect, "/Mounts") {
        let source = read::text(mount, "/Name")
            .or_else(|| read::text(mount, "/Source"))
            .unwrap_or("?");
        let place = read::text(mount, "/Destination").unwrap_or("?");
        let mode = if read::flag(mount, "/RW") {
            ""
        } else {
            " (read-only)"
        };
        say(
            "Mount",
            format!("{source} → {place}{mode}"),
            Origin::Container,
        );
    }
    for (name, path) in [
        ("Memory limit", "/Memory"),
        ("CPU limit (nano CPUs)", "/NanoCpus"),
        ("PIDs limit", "/PidsLimit"),
    ] {
        let set = read::number(host, path).filter(|value| *value > 0);
        say(
            name,
            set.map(|value| value.to_string()).unwrap_or_default(),
            Origin::Container,
        );
    }
    if read::flag(host, "/Privileged") {
        say("Privileged", "yes".to_owned(), Origin::Container);
    }
    for key in ["CapAdd", "CapDrop", "SecurityOpt", "ExtraHosts", "Dns"] {
        say(key, words(host.get(key)), Origin::Container);
    }
    settings
}

fn words(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(" "),
        _ => String::new(),
    }
}

fn health_log(inspect: &Value) -> Vec<HealthEntry> {
    let mut entries: Vec<HealthEntry> = read::list(inspect, "/State/Health/Log")
        .iter()
        .filter_map(|entry| {
            let at = read::time(entry, "/End")?;
            Some(HealthEntry {
                at,
                took: read::time(entry, "/Start")
                    .map(|start| Span::between(start, at))
                    .unwrap_or_default(),
                exit_code: read::number(entry, "/ExitCode").unwrap_or_default(),
                output: read::text(entry, "/Output")
                    .unwrap_or_default()
                    .trim()
                    .to_owned(),
            })
        })
        .collect();
    entries.reverse();
    entries
}

async fn changes(target: &PlainTarget, id: &str) -> (Vec<FileChange>, Option<String>) {
    let doing = format!("listing the changed files of {id}");
    match target
        .engine
        .ask(&doing, target.engine.docker().container_changes(id))
        .await
    {
        Ok(changes) => {
            let all = changes.unwrap_or_default();
            let more = all.len().saturating_sub(FILES_SHOWN);
            let shown = all
                .into_iter()
                .take(FILES_SHOWN)
                .map(|change| FileChange {
                    kind: match change.kind {
                        ChangeType::_0 => ChangeKind::Modified,
                        ChangeType::_1 => ChangeKind::Added,
                        ChangeType::_2 => ChangeKind::Deleted,
                    },
                    path: change.path,
                    size: None,
                })
                .collect();
            (
                shown,
                (more > 0).then(|| format!("{more} more are not shown")),
            )
        }
        Err(error) => (Vec::new(), Some(error.to_string())),
    }
}
