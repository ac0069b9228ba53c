//! Values that must not be told: what somebody set in a container's environment may be a
//! secret, and programs write their settings into their logs.

use serde_json::Value;

use super::PlainTarget;
use crate::engine::json as read;

/// What stands in a secret's place.
pub(super) const MASK: &str = "•••";

/// Shorter values are words and numbers that a log cannot do without.
const SHORTEST: usize = 6;
/// Unless their name says what they are.
const SHORTEST_NAMED: usize = 4;

/// The values set on one container.
#[derive(Clone, Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Those of a container: all of its environment but its image's defaults. Without the
    /// image, all of it.
    pub(super) async fn of(target: &PlainTarget, inspect: &Value) -> Self {
        let image = match read::text(inspect, "/Image") {
            Some(id) => target.engine.image(id).await.ok().flatten(),
            None => None,
        };
        Self::between(inspect, image.as_ref())
    }

    fn between(inspect: &Value, image: Option<&Value>) -> Self {
        let given: Vec<&str> = image
            .map(|image| variables(image).collect())
            .unwrap_or_default();
        let mut values: Vec<String> = variables(inspect)
            .filter(|entry| !given.contains(entry))
            .filter_map(|entry| entry.split_once('='))
            .filter(|(name, value)| {
                let shortest = if looks_secret(name) {
                    SHORTEST_NAMED
                } else {
                    SHORTEST
                };
                value.len() >= shortest
            })
            .map(|(_, value)| value.to_owned())
            .collect();
        // A value that holds another one is hidden whole.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self(values)
    }

    /// The text without them.
    pub(super) fn hide(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for value in &self.0 {
            if text.contains(value.as_str()) {
                text = text.replace(value.as_str(), MASK);
            }
        }
        text
    }
}

fn variables(inspect: &Value) -> impl Iterator<Item = &str> {
    read::list(inspect, "/Config/Env")
        .iter()
        .filter_map(Value::as_str)
}

/// Whether a variable's name promises a secret.
pub(super) fn looks_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    [
        "PASS",
        "PW",
        "SECRET",
        "TOKEN",
        "KEY",
        "CREDENTIAL",
        "AUTH",
        "DSN",
        "PRIVATE",
    ]
    .iter()
    .any(|word| name.contains(word))
}

/// An argument with the value masked where its name promises a secret: `--password=…`.
pub(super) fn hide_argument(argument: &str) -> String {
    match argument.split_once('=') {
        Some((name, value)) if !value.is_empty() && looks_secret(name) => format!("{name}={MASK}"),
        _ => argument.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_set_is_hidden_and_what_the_image_says_is_not() {
        let container = json!({ "Config": { "Env": [
            "MODE=production", "DB_URL=postgres://u:topsecret@h", "PIN_KEY=4711", "PORT=8080" ] } });
        let image = json!({ "Config": { "Env": ["MODE=production"] } });
        let secrets = Secrets::between(&container, Some(&image));
        assert_eq!(
            secrets.hide("production on 8080 with postgres://u:topsecret@h and 4711"),
            "production on 8080 with ••• and •••"
        );
    }

    #[test]
    fn arguments_with_telling_names_are_hidden() {
        for (argument, shown) in [
            ("--db-pw=hunter2", "--db-pw=•••"),
            ("API_TOKEN=x", "API_TOKEN=•••"),
            ("--port=80", "--port=80"),
            ("--password", "--password"),
        ] {
            assert_eq!(hide_argument(argument), shown);
        }
    }
}
