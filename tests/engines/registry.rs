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

/// A project of one image in the registry beside an engine.
fn project(engine: &Engine) -> String {
    format!(
        "[images.web]\nrepository = \"{REPOSITORY}\"\n[environments.prod]\nengines = [\"{}\"]\n",
        engine.address()
    )
}

fn tagged(api: &Api, tag: &str) -> Value {
    api.get(&format!("/images/{REPOSITORY}:{tag}/json"))
}

#[test]
fn a_version_is_published_under_its_tag_once_and_for_good() {
    let storage = tempfile::tempdir_in("/var/tmp").expect("a folder");
    let engine = Engine::start();
    let _registry = Registry::beside(&engine, storage.path());
    engine.api.image(&Recipe::new(REPOSITORY, "1.0.0"));
    let karat = Karat::new(&project(&engine));
    let run = |args: &[&str]| karat.run_inside(&engine, args);
    until("the registry", Duration::from_secs(20), || {
        (run(&["publish", "web", "--dry-run"]).code == Some(0)).then_some(())
    });
    run(&["publish", "web", "--dry-run"])
        .is(0)
        .says("publish web 1.0.0");
    run(&["publish", "web", "--yes"])
        .is(0)
        .says("is published as sha256:");
    run(&["publish", "web", "--yes"])
        .is(0)
        .says("nothing to do");
    // The registry knows it by the digest the engine learned.
    let versions = run(&["versions", "web", "--json"]).is(0).json();
    let known = &versions["versions"][0];
    assert_eq!(known["digests"]["manifest"], digest(&engine.api, "1.0.0"));
    assert_eq!(
        known["digests"]["config"],
        tagged(&engine.api, "1.0.0")["Id"]
    );

    // Another image under the same tag: the tag is not moved, unless somebody says why.
    engine.api.image(&Recipe {
        changes: &["LABEL other=one"],
        ..Recipe::new(REPOSITORY, "1.0.0")
    });
    run(&["publish", "web", "--version", "1.0.0", "--yes"])
        .is(3)
        .says("is there already");
    run(&["publish", "web", "--version", "1.0.0", "--force", "--yes"])
        .is(3)
        .says("wants a reason");
    let why = ["--reason", "the first one was cut short"];
    let forced = ["publish", "web", "--version", "1.0.0", "--force", "--yes"];
    run(&[&forced[..], &why[..]].concat()).is(0);
    let history = run(&["history", "web", "--json"]).is(0).json();
    assert_eq!(history["events"][0]["operation"], "publish");
    assert_eq!(history["events"][0]["reason"], why[1]);
    // A real client of the registry gets what was published.
    let id = tagged(&engine.api, "1.0.0")["Id"].clone();
    let gone = format!("/images/{REPOSITORY}:1.0.0?force=true");
    let _ = engine.api.ask("DELETE", &gone, "text/plain", b"");
    let pull = format!("/images/create?fromImage={REPOSITORY}&tag=1.0.0");
    let _ = engine.api.ask("POST", &pull, "text/plain", b"");
    assert_eq!(tagged(&engine.api, "1.0.0")["Id"], id);
}

#[test]
fn a_plan_says_the_bytes_to_pull_and_what_they_took_last_time() {
    let storage = tempfile::tempdir_in("/var/tmp").expect("a folder");
    let (staging, prod) = (Engine::start(), Engine::start());
    let _registries = [&staging, &prod].map(|engine| Registry::beside(engine, storage.path()));
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
        "[images.web]\nrepository = \"{REPOSITORY}\"\n[environments.staging]\nengines = [\"{}\"]\n[environments.prod]\nengines = [\"{}\"]\n",
        staging.address(),
        prod.address()
    ));
    let run = |args: &[&str]| karat.run_inside(&staging, args);
    let plan = ["promote", "web", "--to", "prod", "--dry-run", "--json"];
    let obtain = |plan: &Value| plan["moves"][0]["containers"][0]["obtain"].clone();
    let first = obtain(&run(&plan).is(0).json());
    assert_eq!(first["how"], "pull", "{first:#}");
    // What the registry has of it, but for the layers that prod has already.
    let manifest = layers(storage.path());
    let bytes = first["pull_bytes"].as_u64().expect("bytes");
    assert!(manifest.contains(&bytes), "{bytes} of {manifest:?}");
    assert!(first["last"].is_null(), "{first:#}");
    run(&["promote", "web", "--to", "prod", "--yes"]).is(0);

    // Back, without the image, and forth again: now it is known how long it took.
    run(&["rollback", "web", "--env", "prod", "--to", "1.0.0", "--yes"]).is(0);
    for name in prod.api.names() {
        if name != "web" {
            prod.api.remove(&name);
        }
    }
    let gone = format!("/images/{REPOSITORY}:2.0.0?force=true");
    let _ = prod.api.ask("DELETE", &gone, "text/plain", b"");
    let again = obtain(&run(&plan).is(0).json());
    assert_eq!(again["last"]["pull_bytes"], bytes, "{again:#}");
    assert!(again["last"]["took_ms"].is_u64(), "{again:#}");
}

/// Every size a pull may have: the sums of the last layers of each image.
fn layers(storage: &std::path::Path) -> Vec<u64> {
    let blobs = storage.join("docker/registry/v2/blobs/sha256");
    let mut sums = Vec::new();
    for two in std::fs::read_dir(blobs).expect("blobs") {
        for blob in std::fs::read_dir(two.expect("a folder").path()).expect("blobs") {
            let bytes = std::fs::read(blob.expect("a blob").path().join("data")).expect("a blob");
            let Ok(manifest) = serde_json::from_slice::<Value>(&bytes) else {
                continue;
            };
            let layers = manifest["layers"].as_array().cloned().unwrap_or_default();
            let sizes: Vec<u64> = layers
                .iter()
                .filter_map(|layer| layer["size"].as_u64())
                .collect();
            sums.extend((0..sizes.len()).map(|from| sizes[from..].iter().sum::<u64>()));
        }
    }
    sums
}
