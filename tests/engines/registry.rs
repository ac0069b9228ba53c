//! Versions that a registry has are pulled by digest.

use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::image::Recipe;
use crate::support::{Api, Engine, Karat, needs, until};

const REPOSITORY: &str = "127.0.0.1:5000/golden/web";

/// A registry that an engine finds on its own loopback, where no TLS is asked for. Several
/// of them over one folder are one registry for engines that do not share a network.
struct Registry(Child);

impl Registry {
    fn beside(engine: &Engine, storage: &std::path::Path) -> Self {
        let program = needs("docker-registry", "docker-registry");
        let config = engine.folder.join("registry.yml");
        let text = format!(
            "version: 0.1\nlog: {{ level: error }}\nstorage: {{ filesystem: {{ rootdirectory: {} }}, delete: {{ enabled: true }} }}\nhttp: {{ addr: '127.0.0.1:5000' }}\n",
            storage.display()
        );
        std::fs::write(&config, text).expect("a file");
        let child = engine
            .inside(&program)
            .arg("serve")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a registry starts");
        Self(child)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Pushes a tag; the engine's registry may still be starting.
fn push(api: &Api, tag: &str) {
    until("the push", Duration::from_secs(20), || {
        let answer = api
            .ask(
                "POST",
                &format!("/images/{REPOSITORY}/push?tag={tag}"),
                "text/plain\r\nX-Registry-Auth: e30=",
                b"",
            )
            .ok()?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        (answer.status == 200 && !text.contains("\"error\"")).then_some(())
    });
}

#[test]
fn promote_pulls_by_digest_and_so_does_a_rollback_whose_image_was_pruned() {
    let storage = tempfile::tempdir_in("/var/tmp").expect("a folder");
    let (staging, prod) = (Engine::start(), Engine::start());
    let registries = [&staging, &prod].map(|engine| Registry::beside(engine, storage.path()));
    for version in ["1.0.0", "2.0.0"] {
        staging.api.image(&Recipe::new(REPOSITORY, version));
        push(&staging.api, version);
    }
    staging.api.app("web", &format!("{REPOSITORY}:2.0.0"));
    until("the first pull", Duration::from_secs(20), || {
        let path = format!("/images/create?fromImage={REPOSITORY}&tag=1.0.0");
        let answer = prod.api.ask("POST", &path, "text/plain", b"").ok()?;
        (!String::from_utf8_lossy(&answer.body).contains("\"error\"")).then_some(())
    });
    prod.api.app("web", &format!("{REPOSITORY}:1.0.0"));
    staging.api.healthy("web");
    prod.api.healthy("web");
    let karat = Karat::new(&format!(
        "[images.web]\nrepository = \"{REPOSITORY}\"\n[environments.staging]\nengines = [\"{}\"]\n[environments.prod]\nengines = [\"{}\"]\nsoak = \"1s\"\n",
        staging.address(),
        prod.address()
    ));
    let wanted = digest(&staging.api, "2.0.0");
    karat
        .run(&["promote", "web", "--to", "prod", "--dry-run"])
        .is(0)
        .says("pull")
        .says(&wanted[7..19]);
    crate::place::soaked(&prod.api, "web", 1);
    karat
        .run(&["promote", "web", "--to", "prod", "--yes"])
        .is(0);
    assert_eq!(prod.api.version("web"), "2.0.0");
    // What was frozen is recorded, whatever the tag says later.
    let web = prod.api.container("web").expect("web");
    assert_eq!(
        web["Config"]["Image"],
        json!(format!("{REPOSITORY}@{wanted}"))
    );
    assert!(
        web["Config"]["Labels"]["karat.recorded"]
            .as_str()
            .is_some_and(|text| text.ends_with(&wanted)),
        "{web:#}"
    );

    // The old image is pruned; the registry still has it.
    for name in prod.api.names() {
        if name != "web" {
            prod.api.remove(&name);
        }
    }
    let gone = format!("/images/{REPOSITORY}:1.0.0?force=true");
    let _ = prod.api.ask("DELETE", &gone, "text/plain", b"");
    let _ = staging.api.ask("DELETE", &gone, "text/plain", b"");
    karat
        .run(&["rollback", "web", "--env", "prod", "--yes"])
        .is(0);
    assert_eq!(prod.api.version("web"), "1.0.0");
    assert_eq!(
        prod.api.container("web").expect("web")["State"]["Running"],
        true
    );
    drop(registries);
}

fn digest(api: &Api, tag: &str) -> String {
    let image: Value = api.get(&format!("/images/{REPOSITORY}:{tag}/json"));
    let name = image["RepoDigests"][0].as_str().expect("a digest");
    name.split_once('@').expect("a digest").1.to_owned()
}
