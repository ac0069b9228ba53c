//! `[registries."HOST"]`: how registries are reached, and where logins come from. A secret
//! has no place in the file; what looks like one is never repeated.

use std::collections::BTreeMap;
use std::path::Path;

use crate::model::nearest;
use crate::model::registry::{LoginSource, RegistrySettings};

use super::sheet::{At, Section, Sheet};

const KEYS: [&str; 7] = [
    "insecure",
    "ca",
    "cert",
    "key",
    "username_env",
    "password_env",
    "credentials",
];

/// Keys under which people would write a secret.
const SECRETS: [&str; 4] = ["password", "token", "secret", "auth"];

/// Reads one registry and adds it to those that are known. What is wrong is noted.
pub(super) fn read(
    sheet: &mut Sheet<'_>,
    host: &At<String>,
    section: &Section<'_>,
    folder: &Path,
    known: &mut BTreeMap<String, RegistrySettings>,
) {
    check_host(sheet, host);
    check_keys(sheet, section);
    let mut path = |key: &str| {
        let text = sheet.text(section, key, "a file's path")?;
        Some(folder.join(text.value))
    };
    let (ca, cert, key) = (path("ca"), path("cert"), path("key"));
    let insecure = sheet.flag(section, "insecure").unwrap_or(false);
    for (one, other) in [("cert", "key"), ("key", "cert")] {
        if section.get(one).is_some() && section.get(other).is_none() {
            let what = format!("{} has `{one}` and no `{other}`: add it", section.what);
            sheet.wrong(&section.place_of(one), what);
        }
    }
    if insecure && (ca.is_some() || cert.is_some()) {
        let what = format!(
            "{} is `insecure`, which is plain HTTP without certificates: leave `insecure` out, or `ca`, `cert` and `key`",
            section.what
        );
        sheet.wrong(&section.place_of("insecure"), what);
    }
    let login = login(sheet, section);
    known.insert(
        host.value.clone(),
        RegistrySettings {
            insecure,
            ca,
            cert,
            key,
            login,
        },
    );
}

/// A host as it stands in repositories: without a scheme and without a path.
fn check_host(sheet: &mut Sheet<'_>, host: &At<String>) {
    let text = host.value.as_str();
    let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
    let bare = bare.split('/').next().unwrap_or(bare);
    let looks_right = bare.contains(['.', ':'])
        && bare
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    if !looks_right {
        let what = format!(
            "`{text}` is no registry: write its host as repositories have it, in quotes (`[registries.\"registry.example.com:5000\"]`)"
        );
        sheet.wrong(&host.place, what);
    } else if bare != text {
        let what = format!("a registry is named by its host alone: write `\"{bare}\"`");
        sheet.wrong(&host.place, what);
    }
}

fn check_keys(sheet: &mut Sheet<'_>, section: &Section<'_>) {
    for entry in section.entries() {
        let what = match entry.key {
            key if KEYS.contains(&key) => continue,
            key if SECRETS.contains(&key) => format!(
                "a secret has no place in a project file: take `{key}` out and name an environment variable (`password_env = \"REGISTRY_PASSWORD\"`) or a command (`credentials = [\"pass-helper\", \"get\"]`), or leave it to `docker login`"
            ),
            "username" => "the user's name is read from an environment variable too: write `username_env = \"REGISTRY_USER\"`".to_owned(),
            key => format!("{} has no key `{key}`{}", section.what, nearest::hint(key, KEYS)),
        };
        sheet.wrong(&entry.key_place, what);
    }
}

fn login(sheet: &mut Sheet<'_>, section: &Section<'_>) -> LoginSource {
    let username = variable(sheet, section, "username_env");
    let password = variable(sheet, section, "password_env");
    let command = sheet.texts(section, "credentials", "pass-helper");
    if section.get("username_env").is_some() && section.get("password_env").is_none() {
        let what = format!(
            "{} has `username_env` and no `password_env`: name the variable that holds the password",
            section.what
        );
        sheet.wrong(&section.place_of("username_env"), what);
    }
    match (password, command) {
        (Some(_), Some(command)) => {
            let what = format!(
                "{} has two places for its login: keep `password_env` or `credentials`",
                section.what
            );
            sheet.wrong(&command.place, what);
            LoginSource::Docker
        }
        (Some(password), None) => LoginSource::Environment { username, password },
        (None, Some(command)) if command.value.is_empty() => {
            let what = format!(
                "`credentials` of {} names no command: write `credentials = [\"pass-helper\", \"get\"]`",
                section.what
            );
            sheet.wrong(&command.place, what);
            LoginSource::Docker
        }
        (None, Some(command)) => {
            LoginSource::Command(command.value.into_iter().map(|word| word.value).collect())
        }
        (None, None) => LoginSource::Docker,
    }
}

/// The name of an environment variable. What is none may be the secret itself.
fn variable(sheet: &mut Sheet<'_>, section: &Section<'_>, key: &str) -> Option<String> {
    let text = sheet.text(section, key, "the name of an environment variable")?;
    let name = &text.value;
    let is_name = !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name {
        return Some(text.value);
    }
    let what = format!(
        "`{key}` of {} must be the name of an environment variable (`{key} = \"REGISTRY_{}\"`), not what it holds",
        section.what,
        if key == "username_env" {
            "USER"
        } else {
            "PASSWORD"
        }
    );
    sheet.wrong(&text.place, what);
    None
}
