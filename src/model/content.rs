//! By what the same image is recognised in every store and registry.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::digest::Digest;

/// The digest by which every store recognises an image: platform, layers and what its
/// configuration says (the `config` object of the OCI image specification, which engines call
/// `Config`). Fields that stores fill in differently (empty or absent, derived) are left out.
#[must_use]
pub fn content(platform: &str, diff_ids: &[Digest], config: &Value) -> Digest {
    const SAID: [&str; 12] = [
        "Cmd",
        "Entrypoint",
        "Env",
        "ExposedPorts",
        "Healthcheck",
        "Labels",
        "OnBuild",
        "Shell",
        "StopSignal",
        "User",
        "Volumes",
        "WorkingDir",
    ];
    let said: BTreeMap<&str, Value> = SAID
        .into_iter()
        .filter_map(|key| Some((key, sorted(config.get(key)?))))
        .filter(|(_, value)| {
            !matches!(value, Value::Null)
                && *value != json!("")
                && *value != json!([])
                && *value != json!({})
        })
        .collect();
    Digest::of(json!([platform, diff_ids, said]).to_string().as_bytes())
}

/// The same value whatever order its keys came in.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let sorted_entries: BTreeMap<&String, Value> = object
                .iter()
                .map(|(key, value)| (key, sorted(value)))
                .collect();
            json!(sorted_entries)
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::digest;
    use super::*;

    #[test]
    fn order_and_emptiness_make_no_difference_and_what_is_said_does() {
        let layers = [digest("layer")];
        let of = |config: Value| content("linux/amd64", &layers, &config);
        let one = of(json!({"Env": ["A=1"], "Labels": {"a": "1", "b": "2"}, "User": ""}));
        let same = of(json!({"Labels": {"b": "2", "a": "1"}, "Env": ["A=1"], "Hostname": "x"}));
        assert_eq!(one, same);
        assert_ne!(
            one,
            of(json!({"Env": ["A=2"], "Labels": {"a": "1", "b": "2"}}))
        );
        assert_ne!(
            one,
            content("linux/arm64", &layers, &json!({"Env": ["A=1"]}))
        );
    }
}
