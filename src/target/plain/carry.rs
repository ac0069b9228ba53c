//! What a new container takes over from the one it replaces: what its user set, and not
//! what its image said. Pure: the old container's inspect in, a create request out.
//!
//! The engine merges an image's defaults into a container when it is created and does not
//! remember which was which. So the old image's defaults are subtracted again; what is left
//! was set by somebody. Everything is done on the engine's own JSON, so that settings this
//! code has never heard of are carried over untouched.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::engine::json as read;

/// Labels karat writes on containers, which describe one deployment and not the next.
pub(super) const OWN_LABELS: [&str; 7] = [
    crate::model::run::RUNS_LABEL,
    crate::model::event::EVENT_LABEL,
    super::RECORDED_LABEL,
    super::OPERATION_LABEL,
    super::CONTAINER_LABEL,
    super::SOAK_LABEL,
    super::REPLACED_LABEL,
];

/// From this API on, one create request may name several networks.
const API_MANY_NETWORKS: (u32, u32) = (1, 44);

/// What is needed to work out a create request.
pub(super) struct Carry<'a> {
    /// The old container's inspect.
    pub old: &'a Value,
    /// The old image's inspect; without it nothing can be told apart, and all is carried.
    pub old_image: Option<&'a Value>,
    /// The new image's inspect, for what changes; without it changes are not told.
    pub new_image: Option<&'a Value>,
    /// What to create from: an id, or `repository@digest`.
    pub image: &'a str,
    /// The engine's API version.
    pub api: (u32, u32),
    /// The name of a container by its id, for `container:<id>` modes.
    pub name_of: &'a dyn Fn(&str) -> Option<String>,
}

/// A create request, and what to do and to say beside it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Carried {
    /// The body of the create request.
    pub body: Value,
    /// Networks to connect before the start: name and endpoint.
    pub connect: Vec<(String, Value)>,
    /// What changes because the image's defaults do, a line each.
    pub changes: Vec<String>,
}

impl Carry<'_> {
    /// Works it out.
    pub(super) fn out(&self) -> Carried {
        let empty = json!({});
        let defaults = self
            .old_image
            .and_then(|image| image.get("Config"))
            .unwrap_or(&empty);
        let mut config = self.old.get("Config").cloned().unwrap_or_else(|| json!({}));
        let mut changes = Vec::new();
        if let Some(config) = config.as_object_mut() {
            subtract_defaults(config, defaults);
            self.settle_hostname(config);
            self.settle_mac(config);
            config.insert("Image".to_owned(), json!(self.image));
            if let Some(labels) = config.get_mut("Labels").and_then(Value::as_object_mut) {
                labels.retain(|key, _| !OWN_LABELS.contains(&key.as_str()));
            }
        }
        if let Some(new) = self.new_image.and_then(|image| image.get("Config")) {
            changes = changed_defaults(&config, defaults, new);
        }
        let host = self.host_config();
        let (first, connect) = self.networks();
        let mut body = config;
        if let Some(body) = body.as_object_mut() {
            body.insert("HostConfig".to_owned(), host);
            if !first.is_empty() {
                body.insert(
                    "NetworkingConfig".to_owned(),
                    json!({ "EndpointsConfig": first }),
                );
            }
        }
        Carried {
            body,
            connect,
            changes,
        }
    }

    fn host_config(&self) -> Value {
        let mut host = self
            .old
            .get("HostConfig")
            .cloned()
            .unwrap_or_else(|| json!({}));
        if let Some(host) = host.as_object_mut() {
            host.remove("ContainerIDFile");
            for mode in ["NetworkMode", "PidMode", "IpcMode"] {
                self.name_the_container(host, mode);
            }
            if let Some(links) = host.get_mut("Links").and_then(Value::as_array_mut) {
                for link in links {
                    if let Some(user_form) = link.as_str().and_then(link_as_written) {
                        *link = json!(user_form);
                    }
                }
            }
            self.attach_anonymous_volumes(host);
        }
        host
    }

    /// `container:<id>` becomes `container:<name>`: the id will be gone.
    fn name_the_container(&self, host: &mut Map<String, Value>, mode: &str) {
        let Some(id) = host
            .get(mode)
            .and_then(Value::as_str)
            .and_then(|mode| mode.strip_prefix("container:"))
        else {
            return;
        };
        if let Some(name) = (self.name_of)(id) {
            host.insert(mode.to_owned(), json!(format!("container:{name}")));
        }
    }

    /// Volumes without a name of the user's are attached by the name the engine gave them:
    /// the data must not be left behind.
    fn attach_anonymous_volumes(&self, host: &mut Map<String, Value>) {
        let bound: BTreeSet<String> = list_of_texts(host.get("Binds"))
            .filter_map(|bind| bind.split(':').nth(1).map(clean))
            .collect();
        let mut binds: Vec<Value> = host
            .get("Binds")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let mut mounts: Vec<Value> = host
            .get("Mounts")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        for mount in read::list(self.old, "/Mounts") {
            let (Some("volume"), Some(name), Some(place)) = (
                read::text(mount, "/Type"),
                read::text(mount, "/Name"),
                read::text(mount, "/Destination"),
            ) else {
                continue;
            };
            if let Some(asked) = mounts
                .iter_mut()
                .find(|asked| read::text(asked, "/Target").map(clean) == Some(clean(place)))
            {
                if read::text(asked, "/Source").is_none()
                    && let Some(asked) = asked.as_object_mut()
                {
                    asked.insert("Source".to_owned(), json!(name));
                }
            } else if !bound.contains(&clean(place)) {
                let mode = if read::flag(mount, "/RW") { "" } else { ":ro" };
                binds.push(json!(format!("{name}:{place}{mode}")));
            }
        }
        if !binds.is_empty() {
            host.insert("Binds".to_owned(), json!(binds));
        }
        if !mounts.is_empty() {
            host.insert("Mounts".to_owned(), json!(mounts));
        }
    }

    /// The hostname goes if the engine made it up from the id, and where the container has
    /// no hostname of its own to set.
    fn settle_hostname(&self, config: &mut Map<String, Value>) {
        let made_up = read::text(self.old, "/Id").and_then(|id| id.get(..12));
        let is_made_up = config.get("Hostname").and_then(Value::as_str) == made_up;
        let network = read::text(self.old, "/HostConfig/NetworkMode").unwrap_or_default();
        let borrowed = network.starts_with("container:")
            || read::text(self.old, "/HostConfig/UTSMode") == Some("host");
        if is_made_up || borrowed || network == "host" {
            config.remove("Hostname");
            if borrowed || network == "host" {
                config.remove("Domainname");
            }
        }
        if network.starts_with("container:") {
            // The engine refuses ports on somebody else's network.
            config.remove("ExposedPorts");
        }
    }

    /// Newer engines show the address asked for in `Config` and want it at the endpoint.
    fn settle_mac(&self, config: &mut Map<String, Value>) {
        if self.api >= API_MANY_NETWORKS {
            config.remove("MacAddress");
        }
    }

    /// The endpoints: those the create request names, and those connected afterwards.
    fn networks(&self) -> (Map<String, Value>, Vec<(String, Value)>) {
        let mode = read::text(self.old, "/HostConfig/NetworkMode").unwrap_or("default");
        if mode == "host" || mode == "none" || mode.starts_with("container:") {
            return (Map::new(), Vec::new());
        }
        let main = if mode == "default" { "bridge" } else { mode };
        let mut first = Map::new();
        let mut connect = Vec::new();
        for (name, endpoint) in read::entries(self.old, "/NetworkSettings/Networks") {
            let is_main = name == main || read::text(endpoint, "/NetworkID") == Some(main);
            let asked = self.endpoint(name, endpoint, is_main);
            if is_main || self.api >= API_MANY_NETWORKS {
                first.insert(name.clone(), asked);
            } else {
                connect.push((name.clone(), asked));
            }
        }
        (first, connect)
    }

    fn endpoint(&self, network: &str, seen: &Value, is_main: bool) -> Value {
        let mut asked = Map::new();
        for key in ["IPAMConfig", "Links", "DriverOpts", "GwPriority"] {
            match seen.get(key) {
                None | Some(Value::Null) => {}
                Some(Value::Object(object)) if object.is_empty() => {}
                Some(value) => {
                    asked.insert(key.to_owned(), value.clone());
                }
            }
        }
        // Only networks of the user's own making know aliases.
        if network != "bridge" {
            let short = read::text(self.old, "/Id")
                .and_then(|id| id.get(..12))
                .unwrap_or_default();
            let aliases: Vec<&str> = list_of_texts(seen.get("Aliases"))
                .filter(|alias| *alias != short)
                .collect();
            if !aliases.is_empty() {
                asked.insert("Aliases".to_owned(), json!(aliases));
            }
        }
        if let Some(mac) = self.mac_asked_for(seen, is_main) {
            asked.insert("MacAddress".to_owned(), json!(mac));
        }
        Value::Object(asked)
    }

    /// The MAC address, if the user asked for it. The engine's own is `02:42:` and the four
    /// bytes of the IPv4 address on older engines, and random on newer ones, where what was
    /// asked for on the main network shows in `Config.MacAddress`.
    fn mac_asked_for<'a>(&'a self, seen: &'a Value, is_main: bool) -> Option<&'a str> {
        let asked = read::text(self.old, "/Config/MacAddress");
        if is_main && asked.is_some() {
            return (self.api >= API_MANY_NETWORKS).then_some(asked).flatten();
        }
        if self.api >= API_MANY_NETWORKS {
            return None;
        }
        let mac = read::text(seen, "/MacAddress")?;
        let generated = read::text(seen, "/IPAddress").and_then(mac_from_ipv4);
        (generated.as_deref() != Some(mac)).then_some(mac)
    }
}

/// A path as the engine compares it: without doubled and trailing slashes, and without `.`.
fn clean(path: &str) -> String {
    let parts = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".");
    format!("/{}", parts.collect::<Vec<_>>().join("/"))
}

/// `02:42:` and the address in hexadecimal.
fn mac_from_ipv4(address: &str) -> Option<String> {
    let address: std::net::Ipv4Addr = address.parse().ok()?;
    let [a, b, c, d] = address.octets();
    Some(format!("02:42:{a:02x}:{b:02x}:{c:02x}:{d:02x}"))
}

/// `/a:/b/alias` as the engine shows it, `a:alias` as it was written.
fn link_as_written(link: &str) -> Option<String> {
    let (target, rest) = link.split_once(':')?;
    let alias = rest.rsplit('/').next()?;
    Some(format!("{}:{alias}", target.trim_start_matches('/')))
}

fn list_of_texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// Nothing, in any of the ways an engine writes it.
fn is_nothing(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(list)) => list.is_empty(),
        Some(Value::Object(object)) => object.is_empty(),
        Some(_) => false,
    }
}

fn same(a: Option<&Value>, b: Option<&Value>) -> bool {
    (is_nothing(a) && is_nothing(b)) || a == b
}

/// Takes the image's defaults out of a container's configuration.
fn subtract_defaults(config: &mut Map<String, Value>, defaults: &Value) {
    for key in ["User", "WorkingDir", "StopSignal", "Shell", "OnBuild"] {
        if same(config.get(key), defaults.get(key)) {
            config.remove(key);
        }
    }
    if let Some(set) = config.get_mut("Env").and_then(Value::as_array_mut) {
        let given: BTreeSet<&str> = list_of_texts(defaults.get("Env")).collect();
        set.retain(|entry| entry.as_str().is_none_or(|entry| !given.contains(entry)));
    }
    if let Some(labels) = config.get_mut("Labels").and_then(Value::as_object_mut) {
        labels.retain(|key, value| {
            defaults.pointer("/Labels").and_then(|given| given.get(key)) != Some(value)
        });
    }
    for key in ["ExposedPorts", "Volumes"] {
        if let Some(set) = config.get_mut(key).and_then(Value::as_object_mut) {
            set.retain(|entry, _| {
                defaults
                    .get(key)
                    .and_then(|given| given.get(entry))
                    .is_none()
            });
        }
    }
    subtract_command(config, defaults);
    subtract_healthcheck(config, defaults.get("Healthcheck"));
}

/// A command belongs to its entry point: with another entry point it was meant.
///
/// An engine fills in whatever is left out, so "none" must be said: `[""]` clears the image's
/// entry point, and an entry point that is given keeps the image's command away.
fn subtract_command(config: &mut Map<String, Value>, defaults: &Value) {
    let none = |config: &Map<String, Value>, key: &str| is_nothing(config.get(key));
    if none(config, "Entrypoint") && !is_nothing(defaults.get("Entrypoint")) {
        config.insert("Entrypoint".to_owned(), json!([""]));
        return;
    }
    let without_command = none(config, "Cmd") && !is_nothing(defaults.get("Cmd"));
    if same(config.get("Entrypoint"), defaults.get("Entrypoint")) && !without_command {
        if same(config.get("Cmd"), defaults.get("Cmd")) {
            config.remove("Cmd");
            config.remove("ArgsEscaped");
        }
        config.remove("Entrypoint");
    }
}

/// Field by field: an engine fills in from the image whatever a container leaves out.
fn subtract_healthcheck(config: &mut Map<String, Value>, given: Option<&Value>) {
    let Some(check) = config.get_mut("Healthcheck").and_then(Value::as_object_mut) else {
        return;
    };
    check.retain(|field, value| {
        let nothing = is_nothing(Some(value)) || value.as_i64() == Some(0);
        !nothing && given.and_then(|given| given.get(field)) != Some(value)
    });
    if check.is_empty() {
        config.remove("Healthcheck");
    }
}

/// Which of the image's defaults that were in force change with the new image.
fn changed_defaults(carried: &Value, old: &Value, new: &Value) -> Vec<String> {
    let mut changes = Vec::new();
    for key in ["User", "WorkingDir", "StopSignal", "Entrypoint", "Cmd"] {
        if is_nothing(carried.get(key)) && !same(old.get(key), new.get(key)) {
            changes.push(format!(
                "{key}: {} → {} (image default)",
                shown(old.get(key)),
                shown(new.get(key))
            ));
        }
    }
    if !same(old.get("Healthcheck"), new.get("Healthcheck"))
        && is_nothing(carried.get("Healthcheck"))
    {
        let test = |image: &Value| shown(image.pointer("/Healthcheck/Test"));
        changes.push(format!(
            "health check: {} → {} (image default)",
            test(old),
            test(new)
        ));
    }
    changes.extend(changed_env(carried, old, new));
    for key in ["ExposedPorts", "Volumes"] {
        let names = |image: &Value| -> BTreeSet<String> {
            read::entries(image, &format!("/{key}"))
                .map(|(name, _)| name.clone())
                .collect()
        };
        let (before, after) = (names(old), names(new));
        changes.extend(
            after
                .difference(&before)
                .map(|name| format!("{key}: {name} is new (image default)")),
        );
        changes.extend(
            before
                .difference(&after)
                .map(|name| format!("{key}: {name} goes (image default)")),
        );
    }
    changes
}

/// Environment variables by name only: even an image's default may be a secret.
fn changed_env(carried: &Value, old: &Value, new: &Value) -> Vec<String> {
    let table = |config: &Value| -> std::collections::BTreeMap<String, String> {
        list_of_texts(config.get("Env"))
            .filter_map(|entry| entry.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    };
    let (kept, before, after) = (table(carried), table(old), table(new));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .filter(|name| !kept.contains_key(*name))
        .filter_map(|name| match (before.get(name), after.get(name)) {
            (Some(a), Some(b)) if a == b => None,
            (Some(_), Some(_)) => Some(format!("Env {name}: another value (image default)")),
            (Some(_), None) => Some(format!("Env {name}: goes (image default)")),
            _ => Some(format!("Env {name}: is new (image default)")),
        })
        .collect()
}

/// A value as a person would write it.
fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "none".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "none".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) if parts.is_empty() => "none".to_owned(),
        Some(Value::Array(parts)) => {
            let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
            format!("`{}`", parts.join(" "))
        }
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
#[path = "carry_tests.rs"]
mod tests;
