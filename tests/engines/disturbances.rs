//! What others do to an operation while it runs, and how many may run at once.

use std::time::{Duration, Instant};

use crate::place::{REPOSITORY, engine_with, prod_on, project, settled};
use crate::support::image::Recipe;
use crate::support::{Engine, Karat, Proxy, Rule, When, until};

/// Starts a roll back to 2.0.0 through the wire and stops at a request; then `meanwhile`
/// happens, and the operation goes on.
fn disturbed(engine: &Engine, at: Rule, meanwhile: impl FnOnce()) -> crate::support::Done {
    let proxy = Proxy::new(&engine.api.socket);
    let karat = prod_on(&proxy.address());
    let held = proxy.pause(at);
    let child = karat.spawn(&["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"]);
    let held = held
        .recv_timeout(Duration::from_secs(60))
        .unwrap_or_else(|_| panic!("never came; seen: {:#?}", proxy.seen()));
    meanwhile();
    drop(held);
    crate::support::karat::ended(child)
}

fn at(method: &'static str, parts: &[&str]) -> Rule {
    Rule {
        method,
        parts: parts.iter().map(|part| (*part).to_owned()).collect(),
        skip: 0,
        when: When::Before,
    }
}

#[test]
fn a_pruned_lock_means_stop_and_undo() {
    let engine = engine_with(&["1.0.0", "2.0.0"]);
    let id = engine.api.container("web").expect("web")["Id"].clone();
    for (method, parts) in [
        ("POST", &["/containers/create", ".karat-new-"][..]),
        ("POST", &["/stop"]),
        ("POST", &["/rename", "name=web "]),
        ("POST", &["/start"]),
    ] {
        let done = disturbed(&engine, at(method, parts), || {
            engine.api.remove("karat-lock-web");
        });
        done.is(5).says("lock");
        settled(&engine.api, &["1.0.0"]);
        assert_eq!(engine.api.container("web").expect("web")["Id"], id);
    }
}

#[test]
fn a_pruned_old_container_is_made_anew_when_undone() {
    let engine = engine_with(&["1.0.0"]);
    engine.api.image(&Recipe {
        changes: &["ENV SICK=1"],
        ..Recipe::new(REPOSITORY, "2.0.0")
    });
    let before = engine.api.container("web").expect("web");
    let done = disturbed(&engine, at("POST", &["/start"]), || {
        let names = engine.api.names();
        let old = names
            .iter()
            .find(|name| name.contains(".karat-old-"))
            .expect("put aside");
        engine.api.remove(old);
    });
    done.is(5);
    settled(&engine.api, &["1.0.0"]);
    let after = engine.api.container("web").expect("web");
    assert_ne!(after["Id"], before["Id"]);
    let lost = crate::compare::losses(
        &before,
        &after,
        &[
            ("/Config/Hostname", "from the id"),
            ("/NetworkSettings/IPAddress", "the engine's choice"),
            ("/NetworkSettings/MacAddress", "the engine's choice"),
            (
                "/NetworkSettings/Networks/bridge/IPAddress",
                "the engine's choice",
            ),
            (
                "/NetworkSettings/Networks/bridge/MacAddress",
                "the engine's choice",
            ),
        ],
    );
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

#[test]
fn everything_pruned_while_it_runs() {
    let engine = engine_with(&["1.0.0", "2.0.0"]);
    // Both at once, as `docker container prune` does: the lock and what was put aside.
    let done = disturbed(&engine, at("POST", &["/start"]), || {
        engine
            .api
            .post("/containers/prune", &serde_json::Value::Null);
    });
    done.is(5);
    settled(&engine.api, &["1.0.0"]);
    // The parked one may be pruned at any time.
    let karat = prod_on(&engine.address());
    let project = project(&[("prod", &[&engine.address()], "soak = \"1h\"")]);
    let patient = Karat::new(&project);
    patient
        .run(&["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"])
        .is(0);
    engine
        .api
        .post("/containers/prune", &serde_json::Value::Null);
    settled(&engine.api, &["2.0.0"]);
    karat.run(&["recover", "--yes"]).is(0);
    karat
        .run(&["rollback", "web", "--env", "prod", "--to", "1.0.0", "--yes"])
        .is(0);
    settled(&engine.api, &["1.0.0"]);
}

#[test]
fn of_thirty_for_one_lock_one_wins() {
    let engine = Engine::start();
    for version in ["1.0.0", "2.0.0"] {
        engine.api.image(&Recipe {
            // The winner holds it until all others have asked.
            changes: if version == "1.0.0" {
                &["ENV STOP_SECONDS=20"]
            } else {
                &[]
            },
            ..Recipe::new(REPOSITORY, version)
        });
    }
    engine.api.run(
        "web",
        &serde_json::json!({ "Image": format!("{REPOSITORY}:1.0.0"), "StopTimeout": 40,
        "HostConfig": { "RestartPolicy": { "Name": "always" } } }),
    );
    engine.api.healthy("web");
    let karats: Vec<Karat> = (0..30).map(|_| prod_on(&engine.address())).collect();
    let children: Vec<_> = karats
        .iter()
        .map(|karat| karat.spawn(&["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"]))
        .collect();
    let ends: Vec<_> = children
        .into_iter()
        .map(crate::support::karat::ended)
        .collect();
    let count = |code| ends.iter().filter(|one| one.code == Some(code)).count();
    let other = ends.iter().find(|one| !matches!(one.code, Some(0 | 7)));
    assert_eq!((count(0), count(7)), (1, 29), "{other:?}");
    settled(&engine.api, &["2.0.0"]);
    let parked = engine
        .api
        .names()
        .iter()
        .filter(|name| name.contains(".karat-"))
        .count();
    assert!(parked <= 1, "{:?}", engine.api.names());
}

#[test]
fn a_lock_is_broken_only_with_a_reason_and_a_live_one_is_left_alone() {
    let engine = engine_with(&["1.0.0", "2.0.0"]);
    let proxy = Proxy::new(&engine.api.socket);
    let owner = prod_on(&proxy.address());
    let other = prod_on(&engine.address());
    let held = proxy.pause(at("POST", &["/stop"]));
    let child = owner.spawn(&["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"]);
    let held = held
        .recv_timeout(Duration::from_secs(60))
        .expect("it stops");
    // Its karat lives: neither a second operation nor a recovery takes it over.
    other
        .run(&["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"])
        .is(7)
        .says("roll forward web in prod");
    other.run(&["recover", "--yes"]).is(7);
    let refused = other.run(&["unlock", "web", "--yes"]);
    assert_ne!(refused.code, Some(0), "{}", refused.said());
    assert!(engine.api.names().contains(&"karat-lock-web".to_owned()));
    other
        .run(&[
            "unlock",
            "web",
            "--yes",
            "--reason",
            "its owner is on holiday",
        ])
        .is(0);
    assert!(!engine.api.names().contains(&"karat-lock-web".to_owned()));
    drop(held);
    crate::support::karat::ended(child).is(5).says("lock");
    settled(&engine.api, &["1.0.0"]);
}

/// A lock is what keeps others out of an environment: breaking it asks what changing that
/// environment asks.
#[test]
fn a_lock_of_a_protected_or_read_only_environment_is_broken_as_it_is_changed() {
    let engine = engine_with(&["1.0.0", "2.0.0"]);
    let proxy = Proxy::new(&engine.api.socket);
    let owner = prod_on(&proxy.address());
    let held = proxy.pause(at("POST", &["/stop"]));
    let child = owner.spawn(&["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"]);
    let held = held
        .recv_timeout(Duration::from_secs(60))
        .expect("it stops");
    let address = engine.address();
    let engines = [address.as_str()];
    let with = |environments: &[(&str, &str)]| {
        let all: Vec<_> = environments
            .iter()
            .map(|(name, more)| {
                (
                    *name,
                    format!("match = {{ label = \"env={name}\" }}\n{more}"),
                )
            })
            .collect();
        let all: Vec<_> = all
            .iter()
            .map(|(name, more)| (*name, &engines[..], more.as_str()))
            .collect();
        Karat::new(&project(&all))
    };
    let unlock = ["unlock", "web", "--reason", "it hangs", "--yes"];
    let is_locked = || engine.api.names().contains(&"karat-lock-web".to_owned());

    let closed = with(&[("prod", "read_only = true")]);
    closed.run(&unlock).is(3).says("prod is read-only");
    let settings = with(&[("prod", "")]);
    std::fs::create_dir_all(settings.home.path().join("karat")).expect("a folder");
    let file = settings.home.path().join("karat/settings.toml");
    std::fs::write(file, "read-only = true\n").expect("a file");
    settings.run(&unlock).is(3).says("karat is read-only");
    // Of an environment that this project does not know: it may be any on that engine.
    let stranger = with(&[("test", ""), ("live", "protected = true")]);
    stranger.run(&unlock).is(3).says("--confirm live");

    let protected = with(&[
        ("prod", "protected = true"),
        ("staging", "protected = true"),
    ]);
    let told = protected.run(&unlock).is(3);
    let told = told
        .says("prod (protected)")
        .says("give `--confirm prod` as well");
    assert!(!told.said().contains("staging"), "{}", told.said());
    let other = [&unlock[..], &["--confirm", "staging"]].concat();
    protected.run(&other).is(3).says("not the environment");
    let shown = protected.json(&["unlock", "web", "--reason", "it hangs", "--dry-run"]);
    assert_eq!(shown["environments"], serde_json::json!(["prod"]));
    assert!(is_locked());

    let named = [&unlock[..], &["--confirm", "prod"]].concat();
    protected.run(&named).is(0).says("is broken");
    assert!(!is_locked());
    drop(held);
    crate::support::karat::ended(child).is(5).says("lock");
    settled(&engine.api, &["1.0.0"]);
}

/// Power cut in the middle: undone as far as can be, and settled when the engine is back.
#[test]
fn an_engine_that_goes_down_in_the_middle() {
    for step in [&["/stop"][..], &["/rename", "name=web "], &["/start"]] {
        let mut engine = engine_with(&["1.0.0", "2.0.0"]);
        let proxy = Proxy::new(&engine.api.socket);
        let karat = prod_on(&proxy.address());
        let held = proxy.pause(Rule {
            when: When::After,
            ..at("POST", step)
        });
        let child = karat.spawn(&["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"]);
        let held = held
            .recv_timeout(Duration::from_secs(60))
            .expect("it stops");
        engine.cut();
        drop(held);
        let done = crate::support::karat::ended(child)
            .is(6)
            .says("karat recover");
        assert!(!done.err.is_empty());
        engine.restart();
        let other = prod_on(&engine.address());
        other.run(&["recover", "--yes"]).is(0);
        let version = settled(&engine.api, &["1.0.0", "2.0.0"]);
        // And the engine's next start changes nothing.
        engine.cut();
        engine.restart();
        until("web runs again", Duration::from_secs(20), || {
            let inspect = engine.api.container("web")?;
            (inspect["State"]["Running"] == true).then_some(())
        });
        assert_eq!(settled(&engine.api, &[&version]), version);
    }
}

/// While health is waited for; what was under way is put back before it ends.
#[test]
fn ended_by_a_signal_it_undoes_first() {
    let engine = engine_with(&["1.0.0"]);
    engine.api.image(&Recipe {
        changes: &["ENV START_SECONDS=60"],
        ..Recipe::new(REPOSITORY, "2.0.0")
    });
    let proxy = Proxy::new(&engine.api.socket);
    let karat = prod_on(&proxy.address());
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let held = proxy.pause(at("GET", &["/logs", "follow=true"]));
        let child = karat.spawn(&["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"]);
        drop(
            held.recv_timeout(Duration::from_secs(60))
                .expect("it waits for health"),
        );
        let sent = std::process::Command::new("sh")
            .args(["-c", &format!("kill -{signal} {}", child.id())])
            .status()
            .expect("kill");
        assert!(sent.success());
        let begun = Instant::now();
        crate::support::karat::ended(child).is(code);
        assert!(begun.elapsed() < Duration::from_secs(20));
        settled(&engine.api, &["1.0.0"]);
    }
    let history = karat.json(&["history", "web"]);
    assert_eq!(history["events"][0]["outcome"], "cancelled", "{history:#}");
}
