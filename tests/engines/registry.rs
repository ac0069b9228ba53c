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
    assert_eq!(
        versions["versions"].as_array().map(Vec::len),
        Some(1),
        "{versions:#}"
    );
    assert_eq!(known["digests"]["manifest"], digest(&engine.api, "1.0.0"));
    // An id is the config digest in a classic store, the manifest's in containerd's.
    let id = tagged(&engine.api, "1.0.0")["Id"].clone();
    let digests = &known["digests"];
    assert!(
        digests["config"] == id || digests["manifest"] == id,
        "{known:#} {id}"
    );
    assert!(
        known["pushed"].is_string() && known["in_registry"] == true,
        "{known:#}"
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

/// A folder with a recipe for an image of one file.
fn context() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(
        folder.path().join("Dockerfile"),
        "FROM scratch\nCOPY file /\n",
    )
    .expect("written");
    std::fs::write(folder.path().join("file"), "what it is").expect("written");
    folder
}

#[test]
fn a_version_is_built_and_published_in_one_go_unless_its_tag_is_taken() {
    let storage = tempfile::tempdir_in("/var/tmp").expect("a folder");
    let engine = Engine::start();
    let _registry = Registry::beside(&engine, storage.path());
    let context = context();
    let karat = Karat::new(&format!(
        "[images.web]\nrepository = \"{REPOSITORY}\"\nbuild = {{ context = \"{}\", engine = \"prod\" }}\n[environments.prod]\nengines = [\"{}\"]\n",
        context.path().display(),
        engine.address()
    ));
    let run = |args: &[&str]| karat.run_inside(&engine, args);
    let build = ["rebuild", "web", "--version", "1.0.0", "--publish"];
    until("the registry", Duration::from_secs(20), || {
        let dry = [&build[..], &["--dry-run"]].concat();
        (run(&dry).code == Some(0)).then_some(())
    });
    run(&[&build[..], &["--yes"]].concat())
        .is(0)
        .says("built on")
        .says("is published as sha256:");
    // Before anything is built it is seen that the tag is taken.
    let gone = format!("/images/{REPOSITORY}:1.0.0?force=true");
    let _ = engine.api.ask("DELETE", &gone, "text/plain", b"");
    run(&[&build[..], &["--yes", "--no-cache"]].concat())
        .is(1)
        .says("exists already (on a registry)");
    let history = run(&["history", "web", "--json"]).is(0).json();
    let operations: Vec<&str> = history["events"]
        .as_array()
        .expect("events")
        .iter()
        .map(|event| event["operation"].as_str().expect("text"))
        .collect();
    assert_eq!(operations, ["publish", "rebuild"]);
    let versions = run(&["versions", "web", "--json"]).is(0).json();
    assert!(
        versions["versions"][0]["pushed"].is_string(),
        "{versions:#}"
    );
}

#[test]
fn a_publish_that_is_killed_leaves_no_half_version() {
    let storage = tempfile::tempdir_in("/var/tmp").expect("a folder");
    let engine = Engine::start();
    let _registry = Registry::beside(&engine, storage.path());
    engine.api.image(&Recipe {
        ballast: 60_000_000,
        ..Recipe::new(REPOSITORY, "1.0.0")
    });
    let karat = Karat::new(&project(&engine));
    until("the registry", Duration::from_secs(20), || {
        let dry = karat.run_inside(&engine, &["publish", "web", "--dry-run"]);
        (dry.code == Some(0)).then_some(())
    });
    let mut child = karat.spawn_inside(&engine, &["publish", "web", "--yes"]);
    // It is in the middle of it once the registry has begun to take something in.
    let uploads = storage
        .path()
        .join("docker/registry/v2/repositories/golden/web/_uploads");
    until("the push", Duration::from_secs(30), || {
        let mut begun = std::fs::read_dir(&uploads).ok()?;
        begun.next().map(|_| ())
    });
    child.kill().expect("killed");
    child.wait().expect("its end");
    let tag = storage
        .path()
        .join("docker/registry/v2/repositories/golden/web/_manifests/tags/1.0.0/current/link");
    let before = std::fs::read_to_string(&tag).ok();
    // Again: it is there whole afterwards, whatever was there before.
    karat
        .run_inside(&engine, &["publish", "web", "--yes"])
        .is(0);
    let after = std::fs::read_to_string(&tag).expect("the tag");
    assert!(before.is_none_or(|before| before == after));
    let id = tagged(&engine.api, "1.0.0")["Id"].clone();
    let gone = format!("/images/{REPOSITORY}:1.0.0?force=true");
    let _ = engine.api.ask("DELETE", &gone, "text/plain", b"");
    let pull = format!("/images/create?fromImage={REPOSITORY}&tag=1.0.0");
    let _ = engine.api.ask("POST", &pull, "text/plain", b"");
    assert_eq!(tagged(&engine.api, "1.0.0")["Id"], id);
}

#[test]
fn two_who_deploy_at_once_to_one_engine_have_one_history() {
    let storage = tempfile::tempdir_in("/var/tmp").expect("a folder");
    let engine = Engine::start();
    let _registry = Registry::beside(&engine, storage.path());
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
        engine.api.image(&Recipe::new(REPOSITORY, version));
        push(&engine.api, version);
    }
    engine.api.app("web", &format!("{REPOSITORY}:1.0.0"));
    engine.api.healthy("web");
    let karats = [(); 2].map(|()| Karat::new(&project(&engine)));
    let running: Vec<Child> = karats
        .iter()
        .zip(["1.1.0", "1.2.0"])
        .map(|(karat, version)| {
            let deploy = ["rollback", "web", "--env", "prod", "--to", version, "--yes"];
            karat.spawn_inside(&engine, &deploy)
        })
        .collect();
    let ends: Vec<_> = running.into_iter().map(crate::support::ended).collect();
    let done = ends.iter().filter(|end| end.code == Some(0)).count();
    assert!(done >= 1, "{ends:#?}");
    for end in &ends {
        assert!(matches!(end.code, Some(0 | 1 | 7)), "{end:#?}");
    }
    let histories: Vec<Value> = karats
        .iter()
        .map(|karat| {
            let mut events = karat
                .run_inside(&engine, &["history", "web", "--json"])
                .is(0)
                .json();
            // What only the one who lived through it knows stays with him.
            let events = events["events"].as_array_mut().expect("events");
            let known = events.iter().map(|event| {
                json!([
                    event["id"],
                    event["who"],
                    event["to"],
                    event["outcome"],
                    event["error"]
                ])
            });
            known.collect()
        })
        .collect();
    assert_eq!(histories[0], histories[1]);
    assert_eq!(
        histories[0].as_array().map(Vec::len),
        Some(2),
        "{histories:#?}"
    );
    engine.api.healthy("web");
}

#[test]
fn a_channel_is_what_engines_pull() {
    let storage = tempfile::tempdir_in("/var/tmp").expect("a folder");
    let engine = Engine::start();
    let registry = Registry::beside(&engine, storage.path());
    for version in ["1.0.0", "1.1.0"] {
        engine.api.image(&Recipe::new(REPOSITORY, version));
        push(&engine.api, version);
    }
    engine.api.app("web", &format!("{REPOSITORY}:1.0.0"));
    engine.api.healthy("web");
    let karat = Karat::new(&format!(
        "[images.web]\nrepository = \"{REPOSITORY}\"\n[environments.base]\nchannel = \"base\"\n[environments.prod]\nengines = [\"{}\"]\nafter = \"base\"\n",
        engine.address()
    ));
    let run = |args: &[&str]| karat.run_inside(&engine, args);
    run(&["rollback", "web", "--env", "base", "--to", "1.1.0", "--yes"]).is(0);
    let pull = format!("/images/create?fromImage={REPOSITORY}&tag=base");
    let _ = engine.api.ask("POST", &pull, "text/plain", b"");
    assert_eq!(
        tagged(&engine.api, "base")["Id"],
        tagged(&engine.api, "1.1.0")["Id"]
    );
    // From the channel on to containers.
    run(&["promote", "web", "--to", "prod", "--yes"]).is(0);
    assert_eq!(engine.api.version("web"), "1.1.0");

    // Without the registry the history is still there, and says how old it is.
    drop(registry);
    let told = run(&["history", "web"]).is(0);
    assert!(told.out.contains("is as it was"), "{}", told.out);
    assert_eq!(told.out.matches("done").count(), 2, "{}", told.out);
    let sources = run(&["history", "web", "--json"]).is(0).json()["sources"].clone();
    assert!(
        sources[0]["error"].is_string() && sources[0]["read"].is_string(),
        "{sources:#}"
    );
}

/// A container is not touched where the image cannot be brought, whatever its restart policy.
#[test]
fn a_pull_that_fails_touches_no_container() {
    let storage = tempfile::tempdir_in("/var/tmp").expect("a folder");
    let (staging, prod) = (Engine::start(), Engine::start());
    let registry = Registry::beside(&staging, storage.path());
    for version in ["1.0.0", "2.0.0"] {
        staging.api.image(&Recipe::new(REPOSITORY, version));
        push(&staging.api, version);
    }
    prod.api.image(&Recipe::new(REPOSITORY, "1.0.0"));
    staging.api.app("web", &format!("{REPOSITORY}:2.0.0"));
    // As Docker has it by default: no restart policy.
    let image = format!("{REPOSITORY}:1.0.0");
    prod.api.run("web", &json!({ "Image": image }));
    staging.api.healthy("web");
    let started = |api: &Api| {
        let web = api.container("web").expect("web");
        (
            web["State"]["StartedAt"].clone(),
            web["RestartCount"].clone(),
        )
    };
    let before = started(&prod.api);
    let karat = Karat::new(&format!(
        "[images.web]\nrepository = \"{REPOSITORY}\"\n[environments.staging]\nengines = [\"{}\"]\n[environments.prod]\nengines = [\"{}\"]\n",
        staging.address(),
        prod.address()
    ));
    // No registry is beside prod: its pull is refused.
    karat
        .run_inside(&staging, &["promote", "web", "--to", "prod", "--yes"])
        .is(5)
        .says("bring the image");
    assert_eq!(started(&prod.api), before);
    drop(registry);
}
