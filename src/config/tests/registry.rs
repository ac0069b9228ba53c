//! Reading `[registries]`.

use super::*;
use crate::model::registry::{LoginSource, RegistrySettings};

#[test]
fn registries_are_read() {
    let place = Place::new();
    let project = place
        .project(
            r#"
[registries."registry.example.com:5000"]
ca = "certs/ca.pem"
cert = "certs/client.pem"
key = "/etc/client.key"
username_env = "REG_USER"
password_env = "REG_PASSWORD"

[registries."10.0.0.7:5000"]
insecure = true

[registries."quay.io"]
credentials = ["pass-helper", "get"]

[registries."ghcr.io"]
password_env = "TOKEN"
"#,
        )
        .expect("a right file");
    let folder = &place.s.cwd;
    assert_eq!(
        project.registries["registry.example.com:5000"],
        RegistrySettings {
            insecure: false,
            ca: Some(folder.join("certs/ca.pem")),
            cert: Some(folder.join("certs/client.pem")),
            key: Some("/etc/client.key".into()),
            login: LoginSource::Environment {
                username: Some("REG_USER".to_owned()),
                password: "REG_PASSWORD".to_owned(),
            },
        }
    );
    assert_eq!(
        project.registries["10.0.0.7:5000"],
        RegistrySettings {
            insecure: true,
            ..RegistrySettings::default()
        }
    );
    assert_eq!(
        project.registries["quay.io"].login,
        LoginSource::Command(vec!["pass-helper".to_owned(), "get".to_owned()])
    );
    assert_eq!(
        project.registries["ghcr.io"].login,
        LoginSource::Environment {
            username: None,
            password: "TOKEN".to_owned(),
        }
    );
    assert_eq!(project.registries.len(), 4);
}

#[test]
fn every_wrong_word_about_a_registry_is_told_and_no_secret_is_repeated() {
    let place = Place::new();
    let text = r#"
[registries."r.example.com"]
insecur = true
password = "hunter2"
username = "ci"
username_env = "hunter 2"

[registries."https://r.example.com:5000/golden"]
cert = "c.pem"

[registries.registry]
insecure = "yes"

[registries."a.example.com"]
insecure = true
ca = "ca.pem"
password_env = "P"
credentials = []

[registries."b.example.com"]
username_env = "U"

[registries."c.example.com"]
credentials = []
"#;
    let got = place.wrong(text);
    let want = [
        "karat.toml:3:1: registry `r.example.com` has no key `insecur`; did you mean `insecure`?",
        "karat.toml:4:1: a secret has no place in a project file: take `password` out and name an environment variable",
        "karat.toml:5:1: the user's name is read from an environment variable too: write `username_env",
        "karat.toml:6:16: `username_env` of registry `r.example.com` must be the name of an environment variable",
        "karat.toml:6:16: registry `r.example.com` has `username_env` and no `password_env`",
        "karat.toml:8:13: a registry is named by its host alone: write `\"r.example.com:5000\"`",
        "karat.toml:9:8: registry `https://r.example.com:5000/golden` has `cert` and no `key`: add it",
        "karat.toml:11:13: `registry` is no registry: write its host as repositories have it",
        "karat.toml:12:12: `insecure` of registry `registry` must be true or false, not a text",
        "karat.toml:15:12: registry `a.example.com` is `insecure`, which is plain HTTP",
        "karat.toml:18:15: registry `a.example.com` has two places for its login",
        "karat.toml:21:16: registry `b.example.com` has `username_env` and no `password_env`",
        "karat.toml:24:15: `credentials` of registry `c.example.com` names no command",
    ];
    for (got, want) in got.lines().zip(want) {
        assert!(got.starts_with(want), "got  {got}\nwant {want}");
    }
    assert_eq!(got.lines().count(), want.len(), "{got}");
    assert!(!got.contains("hunter"), "a secret is never repeated: {got}");
}
