//! What happens to the fleet between a plan and its lock, between finding an operation that
//! was cut off and recovering it, and on the line while health is waited for.

use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;

use crate::live::Wire;
use crate::place::{REPOSITORY, engine_with, prod_on, settled};
use crate::support::image::Recipe;
use crate::support::{Engine, Karat, Proxy, Rule, When, ended, until};

/// A check that gives the app time to start.
const SLOW: &str = "HEALTHCHECK --start-period=60s --interval=1s --retries=2 CMD test -e /ok";

fn to(version: &str) -> [&str; 7] {
    ["rollback", "web", "--env", "prod", "--to", version, "--yes"]
}

fn rule(method: &'static str, part: &str, when: When) -> Rule {
    Rule {
        method,
        parts: vec![part.to_owned()],
        skip: 0,
        when,
    }
}

#[test]
fn a_plan_that_is_overtaken_touches_nothing() {
    let engine = engine_with(&["1.0.0", "2.0.0", "3.0.0"]);
    let proxy = Proxy::new(&engine.api.socket);
    let slow = prod_on(&proxy.address());
    let quick = prod_on(&engine.address());
    let held = proxy.pause(rule("POST", "name=karat-lock-", When::Before));
    let child = slow.spawn(&to("2.0.0"));
    let held = held
        .recv_timeout(Duration::from_secs(60))
        .expect("the lock is asked for");
    quick.run(&to("3.0.0")).is(0);
    drop(held);
    ended(child).is(1).says("replaced");
    assert_eq!(settled(&engine.api, &["3.0.0"]), "3.0.0");
}

#[test]
fn a_recovery_that_is_overtaken_puts_nothing_back_over_others() {
    let engine = engine_with(&["1.0.0", "2.0.0", "3.0.0"]);
    for at in ["/stop", "name=web.karat-old-"] {
        let proxy = Proxy::new(&engine.api.socket);
        let slow = prod_on(&proxy.address());
        let quick = prod_on(&engine.address());
        quick.run(&to("1.0.0"));
        let held = proxy.hold(rule("POST", at, When::After));
        let mut child = slow.spawn(&to("2.0.0"));
        let held = held.recv_timeout(Duration::from_secs(60)).expect(at);
        child.kill().expect("kill");
        child.wait().expect("it ended");
        drop(held);
        let held = proxy.pause(rule("POST", "name=karat-lock-", When::Before));
        let recovering = slow.spawn(&["recover", "--yes"]);
        let held = held
            .recv_timeout(Duration::from_secs(60))
            .expect("the lock is taken over");
        quick.run(&["recover", "--yes"]).is(0);
        quick.run(&to("3.0.0")).is(0);
        drop(held);
        ended(recovering).is(0);
        assert_eq!(settled(&engine.api, &["3.0.0"]), "3.0.0", "killed at {at}");
    }
}

#[test]
fn a_hiccup_of_the_line_while_health_is_waited_for_ends_nothing() {
    let engine = engine_with(&["1.0.0"]);
    engine.api.image(&Recipe {
        changes: &["ENV START_SECONDS=4", SLOW],
        ..Recipe::new(REPOSITORY, "2.0.0")
    });
    let wire = Wire::to(&engine.api.socket);
    let karat = prod_on(&format!("unix://{}", wire.socket.display()));
    let child = karat.spawn(&to("2.0.0"));
    until("the new one runs", Duration::from_secs(60), || {
        let web = engine.api.container("web")?;
        (web["State"]["Running"] == true && engine.api.version_if_there("web")? == "2.0.0")
            .then_some(())
    });
    wire.refuses.store(true, Ordering::SeqCst);
    // As long as the new container's own start takes; the line is dead for all of it.
    until("its log says so", Duration::from_secs(30), || {
        let web = engine.api.container("web")?;
        let checks = web["State"]["Health"]["Log"].as_array()?.len();
        (checks >= 2).then_some(())
    });
    wire.refuses.store(false, Ordering::SeqCst);
    ended(child).is(0);
    assert_eq!(settled(&engine.api, &["2.0.0"]), "2.0.0");
}

#[test]
fn a_live_operation_of_another_machine_is_left_alone_unless_forced() {
    let engine = engine_with(&["1.0.0"]);
    engine.api.image(&Recipe {
        changes: &["ENV START_SECONDS=6", SLOW],
        ..Recipe::new(REPOSITORY, "2.0.0")
    });
    let karat = prod_on(&engine.address());
    let child = karat.spawn(&to("2.0.0"));
    until("health is waited for", Duration::from_secs(60), || {
        let names = engine.api.names();
        let locked = names.iter().any(|name| name == "karat-lock-web");
        (locked && engine.api.version_if_there("web")? == "2.0.0").then_some(())
    });
    // Another process namespace cannot see whether it lives, as another machine cannot.
    let elsewhere = Karat::new(&std::fs::read_to_string(&karat.project).expect("a project"));
    let done = Command::new("unshare")
        .args([
            "--pid",
            "--fork",
            "--mount-proc",
            env!("CARGO_BIN_EXE_karat"),
        ])
        .args(["recover", "--yes"])
        .env("KARAT_HOME", elsewhere.home.path().join("karat"))
        .current_dir(elsewhere.home.path())
        .stdin(Stdio::null())
        .output()
        .expect("unshare");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(7), "{said}");
    assert!(said.contains("--force"), "{said}");
    ended(child).is(0);
    assert_eq!(settled(&engine.api, &["2.0.0"]), "2.0.0");
}

#[test]
fn a_cleared_entry_point_and_a_slash_too_many_survive() {
    let engine = Engine::start();
    for version in ["1.0.0", "2.0.0"] {
        engine.api.image(&Recipe {
            changes: &["ENTRYPOINT [\"/bin/false\"]"],
            ..Recipe::new(REPOSITORY, version)
        });
    }
    engine.api.run(
        "web",
        &json!({
            "Image": format!("{REPOSITORY}:1.0.0"),
            "Entrypoint": [""],
            "Cmd": ["/bin/sh", "/app/run.sh"],
            "HostConfig": {
                "RestartPolicy": { "Name": "always" },
                "Binds": ["slashed:/data/"],
                "Mounts": [{ "Type": "volume", "Target": "/more/" }],
            },
        }),
    );
    engine.api.healthy("web");
    let before = engine.api.container("web").expect("web");
    prod_on(&engine.address()).run(&to("2.0.0")).is(0);
    let after = engine.api.container("web").expect("web");
    for path in ["/Path", "/Args", "/Config/Entrypoint", "/Config/Cmd"] {
        assert_eq!(before.pointer(path), after.pointer(path), "{path}");
    }
    let volumes = |inspect: &serde_json::Value| {
        let mut all: Vec<String> = inspect["Mounts"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|mount| format!("{} {}", mount["Name"], mount["Destination"]))
            .collect();
        all.sort();
        all
    };
    assert_eq!(volumes(&before), volumes(&after));
}

#[test]
fn dependents_of_dependents_are_recreated_and_what_had_ended_is_not_run_again() {
    let engine = engine_with(&["1.0.0", "2.0.0"]);
    let api = &engine.api;
    api.usual("shop/side", "1.0.0");
    let side = |name: &str, host: serde_json::Value, command: &[&str]| {
        let mut body = json!({ "Image": "shop/side:1.0.0", "HostConfig": host });
        if !command.is_empty() {
            body["Cmd"] = json!(command);
        }
        api.run(name, &body);
    };
    side("near", json!({ "NetworkMode": "container:web" }), &[]);
    side("far", json!({ "PidMode": "container:near" }), &[]);
    side(
        "once",
        json!({ "NetworkMode": "container:web" }),
        &["/bin/sh", "-c", "exit 0"],
    );
    api.healthy("near");
    api.healthy("far");
    until("the one-shot has ended", Duration::from_secs(30), || {
        (api.container("once")?["State"]["Status"] == "exited").then_some(())
    });
    prod_on(&engine.address()).run(&to("2.0.0")).is(0);
    let id = |name: &str| {
        let inspect = api
            .container(name)
            .unwrap_or_else(|| panic!("{name} is gone"));
        inspect["Id"].as_str().expect("an id").to_owned()
    };
    let mode =
        |name: &str, mode: &str| api.container(name).expect(name)["HostConfig"][mode].clone();
    assert_eq!(
        mode("near", "NetworkMode"),
        format!("container:{}", id("web"))
    );
    assert!(
        ["near".to_owned(), id("near")]
            .map(|one| json!(format!("container:{one}")))
            .contains(&mode("far", "PidMode"))
    );
    for name in ["near", "far"] {
        assert_eq!(
            api.container(name).expect(name)["State"]["Running"],
            true,
            "{name}"
        );
    }
    let once = api.container("once").expect("once");
    assert_eq!(
        once["HostConfig"]["NetworkMode"],
        format!("container:{}", id("web"))
    );
    assert_eq!(once["State"]["Status"], "created", "it was run again");
}

#[test]
fn what_was_set_on_a_container_is_told_nowhere() {
    let engine = engine_with(&["1.0.0"]);
    let api = &engine.api;
    api.remove("web");
    api.run(
        "web",
        &json!({ "Image": format!("{REPOSITORY}:1.0.0"),
        "Env": ["DB_URL=postgres://u:topsecretpw@h"],
        "HostConfig": { "RestartPolicy": { "Name": "always" } } }),
    );
    api.healthy("web");
    api.image(&Recipe {
        changes: &["CMD [\"/bin/sh\",\"-c\",\"echo using $DB_URL; echo $DB_URL >&2; exit 3\"]"],
        ..Recipe::new(REPOSITORY, "2.0.0")
    });
    let karat = prod_on(&engine.address());
    let done = karat.run(&to("2.0.0")).is(5);
    let history = karat.run(&["history", "web", "--json"]).is(0);
    for told in [&done.out, &done.err, &history.out, &history.err] {
        assert!(!told.contains("topsecretpw"), "{told}");
    }
    assert!(history.out.contains("using •••"), "{}", history.out);
    let kept = karat.home.path().join("karat");
    for file in std::fs::read_dir(kept).expect("a store").flatten() {
        let bytes = std::fs::read(file.path()).expect("a file");
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            !text.contains("topsecretpw"),
            "{} has it",
            file.path().display()
        );
    }
}
