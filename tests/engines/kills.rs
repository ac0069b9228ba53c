//! `kill -9` at every step of roll back and promote: before the engine gets the request,
//! while it carries it out, and before karat hears of it. Then `karat recover` from another
//! home folder, on a wire of its own. Exactly one container of the name must run, the old
//! one or the new one, with its restart policy, no lock, nothing half-made; and still so 15
//! seconds later.

use std::process::Child;
use std::time::{Duration, Instant};

use crate::place::{REPOSITORY, project, run_web, settled};
use crate::support::image::Recipe;
use crate::support::{Api, Engine, Karat, Proxy, Rule, When, until};

/// How long after recovering it must still hold.
const STILL: Duration = Duration::from_secs(15);

/// Every request of replacing a container that changes something, in the order in which
/// they are sent: what it is called here, the method, parts of the path.
const STEPS: [(&str, &str, &[&str]); 9] = [
    (
        "lock",
        "POST",
        &["/containers/create", "name=karat-lock-web"],
    ),
    ("create", "POST", &["/containers/create", ".karat-new-"]),
    ("disarm", "POST", &["/update"]),
    ("stop", "POST", &["/stop"]),
    ("park", "POST", &["/rename", ".karat-old-"]),
    ("adopt", "POST", &["/rename", "name=web "]),
    ("start", "POST", &["/start"]),
    ("commit", "POST", &["/rename", ".karat-parked-"]),
    ("unlock", "DELETE", &["/containers/"]),
];

fn rule(step: &str, when: When) -> Rule {
    let (_, method, parts) = STEPS
        .iter()
        .find(|(name, ..)| *name == step)
        .expect("a step");
    Rule {
        method,
        parts: parts.iter().map(|part| (*part).to_owned()).collect(),
        skip: 0,
        when,
    }
}

/// Starts the operation, and kills it when the wire holds the request. What was held is
/// dropped after the kill.
fn kill_at(proxy: &Proxy, rule: Rule, karat: &Karat, args: &[&str]) {
    let what = format!("{rule:?}");
    let held = proxy.hold(rule);
    let mut child = karat.spawn(args);
    let Ok(held) = held.recv_timeout(Duration::from_secs(60)) else {
        let seen = proxy.seen();
        kill(&mut child);
        panic!("{what} never came; seen: {seen:#?}");
    };
    kill(&mut child);
    drop(held);
}

fn kill(child: &mut Child) {
    child.kill().expect("kill -9");
    child.wait().expect("it ended");
}

/// One app on one engine, put back to `1.0.0` where need be.
struct Stage {
    engine: Engine,
    proxy: Proxy,
}

impl Stage {
    fn new() -> Self {
        let engine = Engine::start();
        for version in ["1.0.0", "2.0.0"] {
            engine.api.usual(REPOSITORY, version);
        }
        let proxy = Proxy::new(&engine.api.socket);
        Self { engine, proxy }
    }

    fn fresh(&self) {
        fresh(&self.engine.api, "1.0.0");
    }
}

/// Only `web` of this version, healthy.
fn fresh(api: &Api, version: &str) {
    for name in api.names() {
        api.remove(&name);
    }
    run_web(api, version);
}

fn recovered(karat: &Karat, what: &str) {
    let done = karat.run(&["recover", "--yes"]);
    assert_eq!(done.code, Some(0), "{what}: {}\n{}", done.out, done.err);
}

/// Settled now, and still in 15 s: the same container all the while.
fn settled_for_good(apis: &[&Api], versions: &[&str], what: &str) {
    let look = || -> Vec<(String, serde_json::Value)> {
        apis.iter()
            .map(|api| {
                let version = settled(api, versions);
                let inspect = api.container("web").expect("web");
                (version, inspect["State"]["StartedAt"].clone())
            })
            .collect()
    };
    let first = look();
    let begun = Instant::now();
    while begun.elapsed() < STILL {
        std::thread::sleep(Duration::from_secs(1));
        let now = look();
        assert_eq!(first, now, "{what}: it did not last");
    }
    let all_same = first.iter().all(|(version, _)| version == &first[0].0);
    assert!(all_same, "{what}: {first:?}");
}

/// Kills a roll back at each of these moments, one after the other.
fn rollback_killed_at(steps: &[(&str, When)]) {
    let stage = Stage::new();
    let owner = Karat::new(&project(&[("prod", &[&stage.proxy.address()], "")]));
    let other = Karat::new(&project(&[("prod", &[&stage.engine.address()], "")]));
    let args = ["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"];
    for (step, when) in steps {
        let what = format!("killed at {step}, {when:?}");
        stage.fresh();
        kill_at(&stage.proxy, rule(step, *when), &owner, &args);
        recovered(&other, &what);
        settled_for_good(&[&stage.engine.api], &["1.0.0", "2.0.0"], &what);
    }
}

#[test]
fn rollback_before_lock_create_disarm() {
    rollback_killed_at(&["lock", "create", "disarm"].map(|step| (step, When::Before)));
}

#[test]
fn rollback_before_stop_park_adopt() {
    rollback_killed_at(&["stop", "park", "adopt"].map(|step| (step, When::Before)));
}

#[test]
fn rollback_before_start_commit_unlock() {
    rollback_killed_at(&["start", "commit", "unlock"].map(|step| (step, When::Before)));
}

#[test]
fn rollback_after_lock_create_disarm() {
    rollback_killed_at(&["lock", "create", "disarm"].map(|step| (step, When::After)));
}

#[test]
fn rollback_after_stop_park_adopt() {
    rollback_killed_at(&["stop", "park", "adopt"].map(|step| (step, When::After)));
}

#[test]
fn rollback_after_start_commit_unlock() {
    rollback_killed_at(&["start", "commit", "unlock"].map(|step| (step, When::After)));
}

#[test]
fn rollback_while_the_engine_creates_and_starts() {
    rollback_killed_at(&["create", "start", "commit"].map(|step| (step, When::During)));
}

/// The engine carries a stop out for nine seconds after its client is gone.
#[test]
fn inside_the_engines_stop() {
    let stage = Stage::new();
    stage.engine.api.image(&Recipe {
        changes: &["ENV STOP_SECONDS=9"],
        ..Recipe::new(REPOSITORY, "0.9.0")
    });
    let owner = Karat::new(&project(&[("prod", &[&stage.proxy.address()], "")]));
    let other = Karat::new(&project(&[("prod", &[&stage.engine.address()], "")]));
    let args = ["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"];
    fresh(&stage.engine.api, "0.9.0");
    kill_at(&stage.proxy, rule("stop", When::During), &owner, &args);
    let inspect = stage.engine.api.container("web").expect("web");
    assert_eq!(
        inspect["State"]["Running"], true,
        "the stop is over already"
    );
    recovered(&other, "inside the stop");
    settled_for_good(&[&stage.engine.api], &["0.9.0"], "inside the stop");
}

/// The new version takes its time to become healthy; karat is killed meanwhile.
#[test]
fn while_health_is_waited_for() {
    let stage = Stage::new();
    for (version, changes) in [
        ("3.0.0", &["ENV START_SECONDS=2"][..]),
        ("4.0.0", &["ENV SICK=1"][..]),
    ] {
        stage.engine.api.image(&Recipe {
            changes,
            ..Recipe::new(REPOSITORY, version)
        });
    }
    let owner = Karat::new(&project(&[("prod", &[&stage.proxy.address()], "")]));
    let other = Karat::new(&project(&[("prod", &[&stage.engine.address()], "")]));
    for (version, allowed) in [
        ("3.0.0", &["1.0.0", "3.0.0"][..]),
        ("4.0.0", &["1.0.0"][..]),
    ] {
        stage.fresh();
        let args = ["rollback", "web", "--env", "prod", "--to", version, "--yes"];
        let log = Rule {
            method: "GET",
            parts: vec!["/logs".to_owned(), "follow=true".to_owned()],
            skip: 0,
            when: When::Before,
        };
        kill_at(&stage.proxy, log, &owner, &args);
        recovered(&other, version);
        settled_for_good(&[&stage.engine.api], allowed, version);
    }
}

/// Killed while recovering, and recovered once more.
#[test]
fn a_recovery_that_is_killed_is_recovered() {
    let stage = Stage::new();
    let owner = Karat::new(&project(&[("prod", &[&stage.proxy.address()], "")]));
    let other = Karat::new(&project(&[("prod", &[&stage.engine.address()], "")]));
    let args = ["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"];
    let delete_new = Rule {
        method: "DELETE",
        parts: vec!["v=true".to_owned()],
        skip: 0,
        when: When::After,
    };
    let relock = Rule {
        when: When::Before,
        ..rule("lock", When::Before)
    };
    let back = Rule {
        when: When::After,
        parts: vec!["/rename".to_owned(), "name=web ".to_owned()],
        ..rule("adopt", When::After)
    };
    for (at, again) in [("adopt", delete_new), ("adopt", relock), ("park", back)] {
        let what = format!("killed at {at}, recovery killed at {again:?}");
        stage.fresh();
        kill_at(&stage.proxy, rule(at, When::After), &owner, &args);
        kill_at(&stage.proxy, again, &owner, &["recover", "--yes"]);
        recovered(&other, &what);
        settled_for_good(&[&stage.engine.api], &["1.0.0", "2.0.0"], &what);
    }
}

/// Two production engines; the image is streamed to both from staging.
struct Fleet {
    staging: Engine,
    prod: [Engine; 2],
    wires: [Proxy; 2],
}

impl Fleet {
    fn new() -> Self {
        let staging = Engine::start();
        staging.api.image(&Recipe {
            ballast: 4 << 20,
            ..Recipe::new(REPOSITORY, "2.0.0")
        });
        run_web(&staging.api, "2.0.0");
        let prod = [Engine::start(), Engine::start()];
        for engine in &prod {
            engine.api.usual(REPOSITORY, "1.0.0");
        }
        let wires = [0, 1].map(|index| Proxy::new(&prod[index].api.socket));
        Self {
            staging,
            prod,
            wires,
        }
    }

    fn karat(&self, addresses: &[String; 2]) -> Karat {
        Karat::new(&project(&[
            ("staging", &[&self.staging.address()], ""),
            ("prod", &[&addresses[0], &addresses[1]], ""),
        ]))
    }

    fn fresh(&self) {
        for engine in &self.prod {
            fresh(&engine.api, "1.0.0");
            let _ = engine.api.ask(
                "DELETE",
                &format!("/images/{REPOSITORY}:2.0.0?force=true"),
                "text/plain",
                b"",
            );
        }
    }
}

/// Kills a promotion at each of these moments, on the first or the second engine.
fn promote_killed_at(steps: &[(&str, When, usize)]) {
    let fleet = Fleet::new();
    let owner = fleet.karat(&[fleet.wires[0].address(), fleet.wires[1].address()]);
    let other = fleet.karat(&[fleet.prod[0].address(), fleet.prod[1].address()]);
    let args = [
        "promote", "web", "--from", "staging", "--to", "prod", "--yes",
    ];
    for (step, when, engine) in steps {
        let what = format!("promotion killed at {step}, {when:?}, engine {engine}");
        fleet.fresh();
        let rule = if *step == "load" {
            Rule {
                method: "POST",
                parts: vec!["/images/load".to_owned()],
                skip: 0,
                when: *when,
            }
        } else {
            rule(step, *when)
        };
        kill_at(&fleet.wires[*engine], rule, &owner, &args);
        recovered(&other, &what);
        let apis = [&fleet.prod[0].api, &fleet.prod[1].api];
        settled_for_good(&apis, &["1.0.0", "2.0.0"], &what);
    }
}

#[test]
fn promote_killed_while_the_image_arrives() {
    promote_killed_at(&[
        ("lock", When::After, 0),
        ("load", When::Before, 0),
        ("load", When::During, 0),
        ("load", When::After, 1),
    ]);
}

#[test]
fn promote_killed_while_it_prepares() {
    promote_killed_at(&[
        ("create", When::Before, 0),
        ("create", When::After, 1),
        ("disarm", When::After, 0),
        ("stop", When::Before, 0),
    ]);
}

#[test]
fn promote_killed_on_the_first_engine() {
    promote_killed_at(&[
        ("stop", When::After, 0),
        ("park", When::After, 0),
        ("adopt", When::After, 0),
        ("start", When::Before, 0),
    ]);
}

#[test]
fn promote_killed_on_the_second_engine() {
    promote_killed_at(&[
        ("stop", When::During, 1),
        ("park", When::Before, 1),
        ("adopt", When::Before, 1),
        ("start", When::After, 1),
    ]);
}

#[test]
fn promote_killed_while_it_settles() {
    promote_killed_at(&[
        ("commit", When::Before, 0),
        ("commit", When::Before, 1),
        ("commit", When::After, 1),
        ("unlock", When::Before, 0),
        ("unlock", When::After, 1),
    ]);
}

/// A request that was under way when its karat died reaches the engine only while another
/// karat recovers already.
#[test]
fn requests_of_the_dead_that_arrive_late() {
    let stage = Stage::new();
    let owner = Karat::new(&project(&[("prod", &[&stage.proxy.address()], "")]));
    let other = Karat::new(&project(&[("prod", &[&stage.engine.address()], "")]));
    let args = ["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"];
    let api = &stage.engine.api;
    for step in ["create", "disarm", "stop", "park", "adopt", "start"] {
        stage.fresh();
        let held = stage.proxy.pause(rule(step, When::Before));
        let mut child = owner.spawn(&args);
        let held = held.recv_timeout(Duration::from_secs(60)).expect(step);
        let lock = || Some(api.container("karat-lock-web")?["Id"].clone());
        let before = lock();
        kill(&mut child);
        let recovery = other.spawn(&["recover", "--yes"]);
        until(
            "another karat has the lock",
            Duration::from_secs(20),
            || lock().filter(|now| Some(now) != before.as_ref()),
        );
        drop(held);
        let done = crate::support::karat::ended(recovery);
        // What came too late for the first recovery is there for the next one to see.
        recovered(
            &other,
            &format!("{step} came late; the first said {}", done.said()),
        );
        settled_for_good(&[api], &["1.0.0", "2.0.0"], &format!("{step} came late"));
    }
}

/// What was cut off in a protected environment wants its name, as every other change of it
/// does; what is read-only is left alone, however it is asked for.
#[test]
fn recovering_a_protected_or_read_only_environment() {
    let stage = Stage::new();
    stage.fresh();
    let at = |address: &str, more: &str| Karat::new(&project(&[("prod", &[address], more)]));
    let address = stage.engine.address();
    let owner = at(&stage.proxy.address(), "");
    let args = ["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"];
    kill_at(&stage.proxy, rule("stop", When::After), &owner, &args);
    let before = stage.engine.api.names();
    let untouched = || assert_eq!(stage.engine.api.names(), before);

    let closed = at(&address, "read_only = true");
    let told = closed.run(&["recover", "--yes"]).is(3);
    told.says("prod is read-only");
    closed.run(&["recover", "--yes", "--force"]).is(3);
    let listed = closed.json(&["recover", "--dry-run"]);
    assert_eq!(listed["operations"][0]["will"], "leave_alone");

    let protected = at(&address, "protected = true");
    let listed = protected.json(&["recover", "--dry-run"]);
    assert_eq!(listed["operations"][0]["environments"][0], "prod");
    assert_eq!(listed["operations"][0]["will"], "undo");
    let told = protected.run(&["recover", "--yes"]).is(3);
    told.says("--confirm prod").says("prod (protected)");
    let other = ["recover", "--yes", "--confirm", "staging"];
    protected.run(&other).is(3).says("prod");
    let named = ["recover", "--yes", "--confirm", "prod"];
    let read_only = [&["--read-only"][..], &named].concat();
    let told = protected.run(&read_only).is(3);
    told.says("karat is read-only");
    let unlock = ["--read-only", "unlock", "web", "--reason", "it", "--yes"];
    protected.run(&unlock).is(3).says("karat is read-only");
    untouched();

    protected.run(&named).is(0).says("undone");
    settled(&stage.engine.api, &["1.0.0"]);
}
