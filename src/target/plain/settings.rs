//! A container's configuration as lines to read. Values of variables the user set are masked:
//! nobody knows which of them are secrets.

use std::collections::BTreeSet;

use serde_json::Value;

use super::secrets::{MASK, hide_argument, looks_secret};
use crate::engine::json as read;
use crate::model::details::{Origin, Setting};

/// How a container is configured. What is in the create request was set for the container;
/// what is not comes from the image.
pub(super) fn read(inspect: &Value, carried: &Value) -> Vec<Setting> {
    let host = inspect.pointer("/HostConfig").unwrap_or(&Value::Null);
    let mut all = process(inspect, carried);
    all.extend(variables(inspect, carried));
    all.extend(network(inspect, host));
    all.extend(mounts(inspect));
    all.extend(limits(host));
    all.retain(|setting| !setting.value.is_empty());
    all
}

fn setting(name: &str, value: impl Into<String>, origin: Origin) -> Setting {
    Setting {
        name: name.to_owned(),
        value: value.into(),
        origin,
    }
}

fn process(inspect: &Value, carried: &Value) -> Vec<Setting> {
    ["Entrypoint", "Cmd", "User", "WorkingDir", "StopSignal"]
        .into_iter()
        .map(|key| {
            let own = carried.get(key).is_some_and(|value| !value.is_null());
            let origin = if own {
                Origin::Container
            } else {
                Origin::Image
            };
            let value = arguments(inspect.pointer(&format!("/Config/{key}")));
            setting(key, value, origin)
        })
        .collect()
}

fn variables(inspect: &Value, carried: &Value) -> Vec<Setting> {
    let own: BTreeSet<&str> = texts(carried, "/Env").collect();
    texts(inspect, "/Config/Env")
        .map(|entry| {
            let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
            if own.contains(entry) {
                setting("Env", format!("{name}={MASK}"), Origin::Container)
            } else if looks_secret(name) {
                setting("Env", format!("{name}={MASK}"), Origin::Image)
            } else {
                setting("Env", format!("{name}={value}"), Origin::Image)
            }
        })
        .collect()
}

fn network(inspect: &Value, host: &Value) -> Vec<Setting> {
    let own = |name: &str, value: String| setting(name, value, Origin::Container);
    let mut all = vec![own("Network mode", words(host.get("NetworkMode")))];
    for (name, endpoint) in read::entries(inspect, "/NetworkSettings/Networks") {
        let address = read::text(endpoint, "/IPAddress").unwrap_or_default();
        all.push(own(
            "Network",
            format!("{name} {address}").trim().to_owned(),
        ));
    }
    for (port, bindings) in read::entries(host, "/PortBindings") {
        for binding in read::list(bindings, "") {
            let ip = read::text(binding, "/HostIp").unwrap_or("*");
            let host_port = read::text(binding, "/HostPort").unwrap_or("any");
            all.push(own("Port", format!("{ip}:{host_port} → {port}")));
        }
    }
    for key in ["ExtraHosts", "Dns"] {
        all.push(own(key, words(host.get(key))));
    }
    all
}

fn mounts(inspect: &Value) -> Vec<Setting> {
    read::list(inspect, "/Mounts")
        .iter()
        .map(|mount| {
            let name = read::text(mount, "/Name");
            let source = name.or_else(|| read::text(mount, "/Source")).unwrap_or("?");
            let place = read::text(mount, "/Destination").unwrap_or("?");
            let mode = if read::flag(mount, "/RW") {
                ""
            } else {
                " (read-only)"
            };
            setting(
                "Mount",
                format!("{source} → {place}{mode}"),
                Origin::Container,
            )
        })
        .collect()
}

fn limits(host: &Value) -> Vec<Setting> {
    let own = |name: &str, value: String| setting(name, value, Origin::Container);
    let policy = read::text(host, "/RestartPolicy/Name").unwrap_or("no");
    let mut all = vec![own("Restart policy", policy.to_owned())];
    for (name, path) in [
        ("Memory limit", "/Memory"),
        ("CPU limit (nano CPUs)", "/NanoCpus"),
        ("PIDs limit", "/PidsLimit"),
    ] {
        let set = read::number(host, path).filter(|value| *value > 0);
        all.push(own(
            name,
            set.map(|value| value.to_string()).unwrap_or_default(),
        ));
    }
    if read::flag(host, "/Privileged") {
        all.push(own("Privileged", "yes".to_owned()));
    }
    for key in ["CapAdd", "CapDrop", "SecurityOpt"] {
        all.push(own(key, words(host.get(key))));
    }
    all
}

fn texts<'a>(value: &'a Value, path: &str) -> impl Iterator<Item = &'a str> {
    read::list(value, path).iter().filter_map(Value::as_str)
}

/// A command line, its telling arguments masked.
fn arguments(value: Option<&Value>) -> String {
    match value {
        Some(Value::Array(parts)) => {
            let parts = parts.iter().filter_map(Value::as_str).map(hide_argument);
            parts.collect::<Vec<_>>().join(" ")
        }
        other => words(other),
    }
}

fn words(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
            parts.join(" ")
        }
        _ => String::new(),
    }
}
