//! Without a project file.

use super::*;
use crate::model::project::{Grouping, Tls};

#[test]
fn without_a_file_every_context_is_an_engine() {
    let place = Place::new();
    let found = place.found(&[DOCKER]);
    assert_eq!(names(&found), ["context:default"]);
    assert_eq!(found.grouping, Grouping::ByLabel);

    place.context("prod", "ssh://deploy@prod-1", "");
    place.context("same", "unix:///var/run/docker.sock", "");
    let found = place.found(&[DOCKER]);
    assert_eq!(
        names(&found),
        ["context:default", "context:prod"],
        "no engine twice"
    );
    assert_eq!(found.grouping, Grouping::ByEngine);

    place.file(
        "home/.docker/config.json",
        r#"{"currentContext":"same","auths":{}}"#,
    );
    assert_eq!(
        names(&place.found(&[DOCKER])),
        ["context:prod", "context:same"]
    );

    place.file("home/.docker/config.json", r#"{"currentContext":"prod"}"#);
    place.context("same", "tcp://h:1", "");
    assert_eq!(
        names(&place.found(&[])),
        ["context:prod", "context:same"],
        "no socket here, and nobody chose it"
    );
}

#[test]
fn a_broken_context_hides_no_other() {
    let place = Place::new();
    place.file(
        "home/.docker/contexts/meta/0123456789abcdef/meta.json",
        "{ not json",
    );
    place.file(
        "home/.docker/contexts/meta/kube/meta.json",
        r#"{"Name":"kube","Endpoints":{"kubernetes":{}}}"#,
    );
    place.context("windows", "npipe:////./pipe/docker_engine", "");
    fs::create_dir_all(
        place
            .s
            .home
            .clone()
            .expect("home")
            .join(".docker/contexts/meta/empty"),
    )
    .expect("folder");
    let found = place.found(&[DOCKER]);
    assert_eq!(found.grouping, Grouping::ByLabel, "one usable engine");
    let broken: Vec<String> = found
        .engines
        .iter()
        .filter_map(|(name, address)| match address {
            EngineAddress::Broken(why) => Some(format!("{name}: {why}")),
            _ => None,
        })
        .collect();
    assert_eq!(broken.len(), 3, "{broken:?}");
    assert!(
        broken[0].starts_with("context:0123456789ab: ") && broken[0].contains("makes no sense")
    );
    assert!(broken[1].contains("names no Docker engine"));
    assert!(broken[2].contains("does not speak `npipe://`"));
}

#[test]
fn the_environment_chooses_the_engine() {
    let place = Place::new().set("DOCKER_CONTEXT", "prod");
    let text = load(None, &place.s).expect_err("unknown").to_string();
    assert!(
        text.starts_with("DOCKER_CONTEXT: there is no Docker context `prod`"),
        "{text}"
    );
    place.context("prod", "ssh://deploy@prod-1", "");
    assert_eq!(names(&place.found(&[DOCKER])), ["context:prod"]);

    let place = place.set("DOCKER_HOST", "unix:///run/other.sock");
    let found = place.found(&[DOCKER]);
    assert_eq!(
        names(&found),
        ["unix:///run/other.sock"],
        "DOCKER_HOST before DOCKER_CONTEXT"
    );
    assert_eq!(found.grouping, Grouping::ByLabel);

    let place = place.set("DOCKER_HOST", "tcp:/nonsense");
    let text = load(None, &place.s).expect_err("nonsense").to_string();
    assert!(
        text.starts_with("DOCKER_HOST: `tcp:/nonsense` is no engine"),
        "{text}"
    );

    let place = place
        .set("DOCKER_HOST", "")
        .set("DOCKER_CONTEXT", "default");
    assert_eq!(names(&place.found(&[DOCKER])), ["context:default"]);
}

#[test]
fn podman_stands_in_for_a_missing_docker() {
    let place = Place::new().set("XDG_RUNTIME_DIR", "/run/user/7");
    let user = "/run/user/7/podman/podman.sock";
    let system = "/run/podman/podman.sock";
    assert_eq!(names(&place.found(&[DOCKER, user])), ["context:default"]);
    assert_eq!(names(&place.found(&[])), ["context:default"]);
    for (there, socket) in [(vec![user, system], user), (vec![system], system)] {
        let found = place.found(&there);
        assert_eq!(names(&found), ["podman"]);
        let address = found.engines.values().next().cloned();
        assert_eq!(address, Some(EngineAddress::Unix(PathBuf::from(socket))));
    }
    let place = place.set("CONTAINER_HOST", "unix:///x/podman.sock");
    let project = place
        .project("[environments.a]\nengines = [\"podman\"]\n")
        .expect("right");
    assert_eq!(
        address(&project, "podman").to_string(),
        "unix:///x/podman.sock"
    );
}

#[test]
fn tls_material_comes_along() {
    let place = Place::new();
    let id = place.context("secure", "tcp://h", "");
    place.context("open", "tcp://h", "");
    place.context("unchecked", "tcp://h:77", r#","SkipTLSVerify":true"#);
    let tls = format!("home/.docker/contexts/tls/{id}/docker");
    let ca = place.file(&format!("{tls}/ca.pem"), "x");
    let cert = place.file(&format!("{tls}/cert.pem"), "x");
    let found = place.found(&[DOCKER]);
    let get = |name: &str| found.engines[&EngineName::from(name)].clone();
    assert_eq!(
        get("context:secure"),
        EngineAddress::Tcp {
            authority: "h:2376".into(),
            tls: Some(Tls {
                ca: Some(ca),
                cert: Some(cert),
                key: None,
                skip_verify: false
            })
        }
    );
    assert_eq!(
        get("context:open"),
        EngineAddress::Tcp {
            authority: "h:2375".into(),
            tls: None
        }
    );
    let EngineAddress::Tcp { tls: Some(tls), .. } = get("context:unchecked") else {
        panic!("encrypted")
    };
    assert!(tls.skip_verify && tls.ca.is_none());

    let certs = place.file("certs/key.pem", "x");
    let folder = certs.parent().expect("parent").display().to_string();
    let place = place
        .set("DOCKER_HOST", "tcp://[::1]:2376")
        .set("DOCKER_TLS_VERIFY", "1")
        .set("DOCKER_CERT_PATH", &folder);
    let found = place.found(&[DOCKER]);
    assert_eq!(
        found.engines[&EngineName::from("tcp://[::1]:2376")],
        EngineAddress::Tcp {
            authority: "[::1]:2376".into(),
            tls: Some(Tls {
                key: Some(certs),
                ..Tls::default()
            })
        }
    );
    let project = place
        .project("[environments.a]\nengines = [\"context:default\"]\n")
        .expect("right");
    assert!(
        matches!(
            address(&project, "context:default"),
            EngineAddress::Tcp { tls: Some(_), .. }
        ),
        "the context `default` is what DOCKER_HOST says, as for Docker"
    );
}

#[test]
fn the_local_engine_is_the_one_that_docker_would_use() {
    let local = |place: &Place, there: &[&str]| {
        let exists = |path: &Path| there.iter().any(|name| Path::new(name) == path);
        let found = crate::config::found::local(&place.s, &Contexts::read(&place.s), &exists);
        found.map(|(name, address)| format!("{name} {address}"))
    };
    let place = Place::new();
    let own = Some("context:default unix:///var/run/docker.sock".to_owned());
    assert_eq!(local(&place, &[DOCKER]), own);
    assert_eq!(local(&place, &[]), None, "it is not there");
    place.context("build", "tcp://10.0.0.1:2375", "");
    place.file("home/.docker/config.json", r#"{"currentContext":"build"}"#);
    let build = Some("context:build tcp://10.0.0.1:2375".to_owned());
    assert_eq!(local(&place, &[DOCKER]), build);
    let place = place.set("DOCKER_CONTEXT", "default");
    assert_eq!(local(&place, &[DOCKER]), own);
    let place = place.set("DOCKER_HOST", "tcp://10.0.0.2:2375");
    let host = Some("tcp://10.0.0.2:2375 tcp://10.0.0.2:2375".to_owned());
    assert_eq!(local(&place, &[]), host);
}
