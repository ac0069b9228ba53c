//! Every operation, by the real binary, on two and three engines.

use serde_json::json;

use crate::place::{
    REPOSITORY, engine_with, prod_on, project, settled, sick, soaked, staging_and_prod,
};
use crate::support::image::Recipe;
use crate::support::{Engine, Karat};

#[test]
fn promote_streams_from_engine_to_engine_and_rollback_returns() {
    let (staging, prod) = (engine_with(&["2.0.0"]), engine_with(&["1.0.0"]));
    let karat = Karat::new(&project(&[
        ("staging", &[&staging.address()], ""),
        ("prod", &[&prod.address()], "soak = \"5s\""),
    ]));
    let status = karat.json(&["status"]);
    assert_eq!(status["schema"], 1);
    let cell = karat.cell("web", "prod");
    assert_eq!(cell["version"], "1.0.0");
    assert_eq!(cell["health"], "healthy");
    assert_eq!(cell["replicas"], 1);
    assert!(
        cell["skew"].as_array().is_some_and(|skew| !skew.is_empty()),
        "{cell:#}"
    );

    // A plan touches nothing.
    let before = prod.api.container("web").expect("web")["Id"].clone();
    let plan = karat.run(&[
        "promote",
        "web",
        "--from",
        "staging",
        "--to",
        "prod",
        "--dry-run",
    ]);
    plan.is(0).says("stream");
    assert_eq!(prod.api.container("web").expect("web")["Id"], before);
    assert_eq!(prod.api.names(), ["web"]);
    // No terminal and no --yes: refused.
    karat
        .run(&["promote", "web", "--from", "staging", "--to", "prod"])
        .is(3)
        .says("--yes");
    soaked(&prod.api, "web", 5);

    let done = karat.run(&[
        "promote", "web", "--from", "staging", "--to", "prod", "--yes", "--json", "--reason",
        "release",
    ]);
    let report = done.is(0).json();
    assert_eq!(report["outcome"], "done", "{report:#}");
    assert_eq!(settled(&prod.api, &["2.0.0"]), "2.0.0");
    // Nothing to do is no failure.
    karat
        .run(&[
            "promote", "web", "--from", "staging", "--to", "prod", "--yes",
        ])
        .is(0);
    // Parked containers and locks are never deployments.
    let cell = karat.cell("web", "prod");
    assert_eq!(
        (&cell["version"], &cell["replicas"]),
        (&json!("2.0.0"), &json!(1))
    );
    assert!(
        prod.api
            .names()
            .iter()
            .any(|name| name.contains(".karat-parked-"))
    );

    another_machine_goes_back(&karat, &prod);
}

/// Another machine with an empty home knows where to go back to, and what happened.
fn another_machine_goes_back(karat: &Karat, prod: &Engine) {
    let other = Karat::new(&std::fs::read_to_string(&karat.project).expect("text"));
    let versions = other.json(&["versions", "web"]);
    let one = versions["versions"]
        .as_array()
        .expect("versions")
        .iter()
        .find(|one| one["version"] == "1.0.0")
        .expect("1.0.0")
        .clone();
    assert_eq!(one["known_good_in"], json!(["prod"]), "{versions:#}");
    other
        .run(&["rollback", "web", "--env", "prod", "--dry-run"])
        .is(0)
        .says("1.0.0");
    other
        .run(&[
            "rollback", "web", "--env", "prod", "--yes", "--reason", "it burns",
        ])
        .is(0);
    assert_eq!(settled(&prod.api, &["1.0.0"]), "1.0.0");
    let history = other.json(&["history", "web"]);
    let event = &history["events"][0];
    assert_eq!(event["operation"], "rollback", "{history:#}");
    assert_eq!(event["reason"], "it burns");
    assert_eq!(event["outcome"], "done");
    assert_eq!(event["from"]["version"], "2.0.0");
    assert_eq!(event["to"]["version"], "1.0.0");
    assert!(event["duration_ms"].as_u64().is_some());
    // The promotion was another machine's; the engine tells of it.
    assert!(
        history["events"]
            .as_array()
            .is_some_and(|events| events.iter().any(|event| event["operation"] == "promote")),
        "{history:#}"
    );
}

#[test]
fn rollbacks_walk_backwards_and_never_toggle() {
    let staging = engine_with(&["1.0.0", "2.0.0", "3.0.0"]);
    let engine = engine_with(&["1.0.0"]);
    let karat = staging_and_prod(&staging.address(), &[&engine.address()]);
    karat
        .run(&["rollback", "web", "--env", "prod", "--yes"])
        .is(4)
        .says("--to");
    for version in ["2.0.0", "3.0.0"] {
        soaked(&engine.api, "web", 1);
        karat
            .run(&[
                "rollback", "web", "--env", "staging", "--to", version, "--yes",
            ])
            .is(0);
        karat
            .run(&["promote", "web", "--to", "prod", "--yes"])
            .is(0);
        assert_eq!(engine.api.version("web"), version);
    }
    for version in ["2.0.0", "1.0.0"] {
        soaked(&engine.api, "web", 1);
        karat
            .run(&["rollback", "web", "--env", "prod", "--yes"])
            .is(0);
        assert_eq!(settled(&engine.api, &[version]), version);
    }
    // Everything newer was left behind: there is nothing before the first.
    soaked(&engine.api, "web", 1);
    karat
        .run(&["rollback", "web", "--env", "prod", "--yes"])
        .is(4);
    // By name, whatever was left behind is to be had.
    karat
        .run(&["rollback", "web", "--env", "prod", "--to", "3.0.0", "--yes"])
        .is(0);
    assert_eq!(settled(&engine.api, &["3.0.0"]), "3.0.0");
}

#[test]
fn a_version_that_stays_unhealthy_is_undone_with_its_last_words() {
    let engine = engine_with(&["1.0.0"]);
    sick(&engine.api, "2.0.0");
    let karat = prod_on(&engine.address());
    let id = engine.api.container("web").expect("web")["Id"].clone();
    let done = karat
        .run(&[
            "rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes", "--json",
        ])
        .is(5);
    assert_eq!(done.json()["outcome"], "undone");
    assert_eq!(settled(&engine.api, &["1.0.0"]), "1.0.0");
    assert_eq!(
        engine.api.container("web").expect("web")["Id"],
        id,
        "the very container"
    );
    assert_eq!(engine.api.names(), ["web"]);
    let history = karat.json(&["history", "web", "--env", "prod"]);
    let event = &history["events"][0];
    assert_eq!(event["outcome"], "undone");
    let text = karat.run(&["history", "web"]).is(0).out;
    let all = format!("{history:#}{text}");
    assert!(all.contains("I feel sick"), "{all}");
    assert!(all.contains("no /ok here"), "{all}");
}

#[test]
fn a_version_that_exits_or_cannot_be_created_is_undone() {
    let engine = engine_with(&["1.0.0"]);
    engine.api.image(&Recipe {
        changes: &["ENV CRASH=disk"],
        ..Recipe::new(REPOSITORY, "2.0.0")
    });
    engine.api.image(&Recipe {
        changes: &["ENTRYPOINT [\"/no/such/program\"]"],
        ..Recipe::new(REPOSITORY, "3.0.0")
    });
    let karat = prod_on(&engine.address());
    for version in ["2.0.0", "3.0.0"] {
        karat
            .run(&["rollback", "web", "--env", "prod", "--to", version, "--yes"])
            .is(5);
        assert_eq!(settled(&engine.api, &["1.0.0"]), "1.0.0");
    }
}

#[test]
fn engines_go_one_after_another_and_a_failure_on_the_second_undoes_the_first() {
    let first = engine_with(&["1.0.0", "2.0.0"]);
    let second = engine_with(&["1.0.0", "2.0.0"]);
    let project = project(&[(
        "prod",
        &[&first.address(), &second.address()],
        "soak = \"1s\"",
    )]);
    let karat = Karat::new(&project);
    karat
        .run(&["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"])
        .is(0);
    for engine in [&first, &second] {
        assert_eq!(settled(&engine.api, &["2.0.0"]), "2.0.0");
    }
    // On the second, the same container cannot be well: its check finds nothing.
    second.api.remove("web");
    second.api.run(
        "web",
        &json!({ "Image": format!("{REPOSITORY}:2.0.0"),
        "Healthcheck": { "Test": ["CMD-SHELL", "test $VERSION = 2.0.0"] },
        "HostConfig": { "RestartPolicy": { "Name": "always" } } }),
    );
    second.api.healthy("web");
    let before: Vec<_> = [&first, &second]
        .map(|engine| engine.api.container("web").expect("web")["Id"].clone())
        .into();
    karat
        .run(&["rollback", "web", "--env", "prod", "--to", "1.0.0", "--yes"])
        .is(5);
    for (engine, id) in [&first, &second].iter().zip(before) {
        assert_eq!(settled(&engine.api, &["2.0.0"]), "2.0.0");
        assert_eq!(engine.api.container("web").expect("web")["Id"], id);
    }
}

#[test]
fn several_images_are_one_plan_with_one_outcome() {
    let (staging, prod) = (Engine::start(), Engine::start());
    let names = ["api", "web", "worker"];
    for name in names {
        for (engine, version) in [(&staging, "2.0.0"), (&prod, "1.0.0")] {
            engine.api.usual(&format!("shop/{name}"), version);
            engine.api.app(name, &format!("shop/{name}:{version}"));
        }
    }
    for name in names {
        staging.api.healthy(name);
        prod.api.healthy(name);
    }
    let mut text = String::new();
    for name in names {
        text.push_str(&format!("[images.{name}]\nrepository = \"shop/{name}\"\n"));
    }
    for (name, engine) in [("staging", &staging), ("prod", &prod)] {
        text.push_str(&format!(
            "[environments.{name}]\nengines = [\"{}\"]\n",
            engine.address()
        ));
    }
    let karat = Karat::new(&text);
    karat
        .run(&[
            "promote", "--all", "--from", "staging", "--to", "prod", "--yes",
        ])
        .is(0);
    for name in names {
        assert_eq!(prod.api.version(name), "2.0.0");
    }
    assert_eq!(prod.api.ordinary(), names);

    // One that is sick undoes all of them.
    for name in names {
        let changes: &[&str] = if name == "worker" {
            &["ENV SICK=1"]
        } else {
            &[]
        };
        let repository = format!("shop/{name}");
        staging.api.image(&Recipe {
            changes,
            ..Recipe::new(&repository, "3.0.0")
        });
        staging.api.remove(name);
        staging.api.app(name, &format!("{repository}:3.0.0"));
    }
    karat
        .run(&[
            "promote", "--all", "--from", "staging", "--to", "prod", "--yes",
        ])
        .is(5);
    for name in names {
        assert_eq!(prod.api.version(name), "2.0.0");
        assert_eq!(
            prod.api.container(name).expect("there")["State"]["Running"],
            true
        );
    }
    assert_eq!(prod.api.ordinary(), names);
}

#[test]
fn two_environments_on_one_engine_keep_apart() {
    let engine = Engine::start();
    for version in ["1.0.0", "2.0.0"] {
        engine.api.usual(REPOSITORY, version);
    }
    for (name, environment, version) in
        [("web-test", "test", "2.0.0"), ("web-prod", "prod", "1.0.0")]
    {
        engine.api.run(
            name,
            &json!({ "Image": format!("{REPOSITORY}:{version}"), "Labels": { "env": environment },
            "HostConfig": { "RestartPolicy": { "Name": "always" } } }),
        );
        engine.api.healthy(name);
    }
    let address = engine.address();
    let karat = Karat::new(&project(&[
        ("test", &[&address], "match = { label = \"env=test\" }"),
        ("prod", &[&address], "match = { label = \"env=prod\" }"),
    ]));
    assert_eq!(karat.cell("web", "test")["version"], "2.0.0");
    assert_eq!(karat.cell("web", "prod")["version"], "1.0.0");
    let test = engine.api.container("web-test").expect("there")["Id"].clone();
    karat
        .run(&["promote", "web", "--from", "test", "--to", "prod", "--yes"])
        .is(0);
    assert_eq!(engine.api.container("web-test").expect("there")["Id"], test);
    assert_eq!(engine.api.version("web-prod"), "2.0.0");
    assert_eq!(karat.cell("web", "prod")["version"], "2.0.0");
    assert_eq!(engine.api.ordinary(), ["web-prod", "web-test"]);
}

#[test]
fn parked_containers_go_once_their_soak_is_over() {
    let engine = engine_with(&["1.0.0", "2.0.0"]);
    let address = engine.address();
    let karat = Karat::new(&project(&[("prod", &[&address], "soak = \"6s\"")]));
    karat
        .run(&["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"])
        .is(0);
    assert_eq!(engine.api.names().len(), 2, "{:?}", engine.api.names());
    soaked(&engine.api, "web", 7);
    karat.run(&["recover", "--yes"]).is(0);
    assert_eq!(engine.api.names(), ["web"]);
}

#[test]
fn what_compose_made_is_not_left_parked() {
    let engine = Engine::start();
    for version in ["1.0.0", "2.0.0"] {
        engine.api.usual(REPOSITORY, version);
    }
    let labels = json!({ "com.docker.compose.project": "shop", "com.docker.compose.service": "web",
        "com.docker.compose.container-number": "1", "com.docker.compose.oneoff": "False" });
    engine.api.run(
        "web",
        &json!({ "Image": format!("{REPOSITORY}:1.0.0"), "Labels": labels,
        "HostConfig": { "RestartPolicy": { "Name": "always" } } }),
    );
    engine.api.healthy("web");
    let karat = prod_on(&engine.address());
    karat
        .run(&["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"])
        .is(0)
        .says("compose");
    assert_eq!(engine.api.names(), ["web"]);
    let after = engine.api.container("web").expect("web");
    for (key, value) in labels.as_object().expect("labels") {
        assert_eq!(&after["Config"]["Labels"][key], value);
    }
    assert_eq!(settled(&engine.api, &["2.0.0"]), "2.0.0");
}

#[test]
fn without_a_health_check_it_is_watched() {
    let engine = Engine::start();
    for (version, changes) in [
        ("1.0.0", &[][..]),
        ("2.0.0", &[][..]),
        ("3.0.0", &["ENV CRASH=late", "ENV START_SECONDS=1"][..]),
    ] {
        engine.api.image(&Recipe {
            check: false,
            changes,
            ..Recipe::new(REPOSITORY, version)
        });
    }
    engine.api.app("web", &format!("{REPOSITORY}:1.0.0"));
    let karat = prod_on(&engine.address());
    karat
        .run(&["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"])
        .is(0);
    settled(&engine.api, &["2.0.0"]);
    karat
        .run(&["rollback", "web", "--env", "prod", "--to", "3.0.0", "--yes"])
        .is(5);
    settled(&engine.api, &["2.0.0"]);
}

/// How long health is waited for is the new version's to say, even when its image was not
/// there when the plan was made.
#[test]
fn a_version_that_arrives_with_a_slow_start_is_given_its_time() {
    let (staging, prod) = (Engine::start(), Engine::start());
    let slow = "HEALTHCHECK --interval=1s --start-period=30s CMD test -e /ok";
    staging.api.image(&Recipe {
        changes: &["ENV START_SECONDS=10", slow],
        ..Recipe::new(REPOSITORY, "2.0.0")
    });
    prod.api.image(&Recipe {
        check: false,
        ..Recipe::new(REPOSITORY, "1.0.0")
    });
    staging.api.app("web", &format!("{REPOSITORY}:2.0.0"));
    prod.api.app("web", &format!("{REPOSITORY}:1.0.0"));
    let karat = staging_and_prod(&staging.address(), &[&prod.address()]);
    karat
        .run(&["promote", "web", "--to", "prod", "--yes"])
        .is(0);
    settled(&prod.api, &["2.0.0"]);
    let web = prod.api.container("web").expect("web");
    assert_eq!(web["State"]["Health"]["Status"], "healthy");
}
