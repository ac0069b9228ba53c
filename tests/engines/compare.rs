//! Two inspects compared, field by field. What may differ is listed, each with its reason;
//! whatever else differs is a loss.

use std::collections::BTreeSet;

use serde_json::Value;

/// What a recreated container cannot have in common with the one it replaces. `*` is any
/// one name.
const MAY_DIFFER: &[(&str, &str)] = &[
    ("/Created", "it is a new container"),
    ("/State", "it is a new process"),
    ("/ExecIDs", "health checks under way"),
    ("/Image", "another version is the purpose"),
    ("/ImageManifestDescriptor", "another version is the purpose"),
    ("/Config/Image", "another version is the purpose"),
    (
        "/Config/Labels/karat.*",
        "what karat notes on its deployments",
    ),
    (
        "/Config/Labels/org.opencontainers.image.version",
        "the new image's own label",
    ),
    (
        "/Mounts/*/Mode",
        "engines write `z` for a volume that is attached by name",
    ),
    ("/GraphDriver/Data", "its own layer"),
    ("/Storage", "its own layer"),
    ("/NetworkSettings/SandboxID", "its own namespace"),
    ("/NetworkSettings/SandboxKey", "its own namespace"),
    ("/NetworkSettings/EndpointID", "its own namespace"),
    (
        "/NetworkSettings/Networks/*/EndpointID",
        "its own namespace",
    ),
];

/// Every difference that is not in the list, as `path: before → after`.
pub(crate) fn losses(before: &Value, after: &Value, also: &[(&str, &str)]) -> Vec<String> {
    let before = normal(before, before["Id"].as_str().unwrap_or_default());
    let after = normal(after, after["Id"].as_str().unwrap_or_default());
    let mut found = Vec::new();
    walk("", &before, &after, &mut found);
    found
        .into_iter()
        .filter(|(path, _)| {
            !MAY_DIFFER
                .iter()
                .chain(also)
                .any(|(pattern, _)| covers(pattern, path))
        })
        .map(|(path, what)| format!("{path}: {what}"))
        .collect()
}

/// The container's own id is `<id>`; lists in which order means nothing are sorted.
fn normal(value: &Value, id: &str) -> Value {
    match value {
        Value::String(text) if id.len() == 64 => {
            Value::String(text.replace(id, "<id>").replace(&id[..12], "<short id>"))
        }
        Value::Array(list) => {
            let mut list: Vec<Value> = list.iter().map(|one| normal(one, id)).collect();
            let link = |one: &Value| one.as_str().is_some_and(|text| text.contains(":/"));
            let sets = list.iter().all(|one| one.get("Destination").is_some())
                || list.iter().any(|one| one == "<short id>")
                || list.iter().all(link);
            if sets {
                list.sort_by_key(|one| {
                    one["Destination"]
                        .as_str()
                        .map_or_else(|| one.to_string(), str::to_owned)
                });
            }
            Value::Array(list)
        }
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| (key.clone(), normal(value, id)))
            .collect(),
        other => other.clone(),
    }
}

fn walk(path: &str, before: &Value, after: &Value, found: &mut Vec<(String, String)>) {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let (a, b) = (a.get(key), b.get(key));
                walk(
                    &format!("{path}/{key}"),
                    a.unwrap_or(&Value::Null),
                    b.unwrap_or(&Value::Null),
                    found,
                );
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                walk(&format!("{path}/{index}"), a, b, found);
            }
        }
        (a, b) if is_nothing(a) && is_nothing(b) => {}
        (a, b) if a == b => {}
        (a, b) => found.push((path.to_owned(), format!("{a} → {b}"))),
    }
}

/// An engine writes nothing in several ways.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether the pattern is the path, or one above it.
fn covers(pattern: &str, path: &str) -> bool {
    let mut names = path.split('/');
    for part in pattern.split('/') {
        let Some(name) = names.next() else {
            return false;
        };
        let fits = match part.strip_suffix('*') {
            // A label's own dots and what comes behind them.
            Some(start) => name.starts_with(start),
            None => name == part,
        };
        if !fits {
            return false;
        }
    }
    true
}
