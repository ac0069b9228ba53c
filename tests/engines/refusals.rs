//! What karat will not do: one clear sentence, the right exit code, and no harm.

use serde_json::json;

use crate::place::{REPOSITORY, engine_with, prod_on, project, settled, soaked, staging_and_prod};
use crate::support::image::Recipe;
use crate::support::{Engine, Karat};

#[test]
fn unknown_names_are_answered_with_the_nearest() {
    let engine = engine_with(&["1.0.0", "1.2.0"]);
    let karat = prod_on(&engine.address());
    karat
        .run(&["rollback", "wbe", "--env", "prod", "--yes"])
        .is(1)
        .says("`web`");
    karat
        .run(&["rollback", "web", "--env", "prdo", "--yes"])
        .is(1)
        .says("`prod`");
    karat
        .run(&["rollback", "web", "--env", "prod", "--to", "1.2.1", "--yes"])
        .is(1)
        .says("1.2.0");
    karat.run(&["versions", "wbe"]).is(1).says("`web`");
    karat
        .run(&["promote", "web", "--to", "prod", "--yes"])
        .is(1)
        .says("--from");
    karat.run(&["rollback", "web"]).is(2);
    karat.run(&["rolback", "web"]).is(2).says("rollback");
    settled(&engine.api, &["1.0.0"]);
    assert_eq!(engine.api.names(), ["web"]);
}

#[test]
fn a_broken_project_file_is_answered_with_its_line() {
    let karat = Karat::new("[images.web]\nrepositry = \"shop/web\"\n");
    let done = karat.run(&["status"]).is(1);
    assert!(done.err.contains("karat.toml:2"), "{}", done.err);
    assert!(done.err.contains("repository"), "{}", done.err);
}

#[test]
fn protected_and_read_only_environments() {
    let engine = engine_with(&["1.0.0", "2.0.0"]);
    let address = engine.address();
    let karat = Karat::new(&project(&[("prod", &[&address], "protected = true")]));
    let base = ["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"];
    karat.run(&base).is(3).says("--confirm prod");
    karat
        .run(&[&base[..], &["--confirm", "staging"]].concat())
        .is(3);
    settled(&engine.api, &["1.0.0"]);
    karat
        .run(&[&base[..], &["--confirm", "prod"]].concat())
        .is(0);
    settled(&engine.api, &["2.0.0"]);

    let karat = Karat::new(&project(&[("prod", &[&address], "read_only = true")]));
    karat
        .run(&["rollback", "web", "--env", "prod", "--to", "1.0.0", "--yes"])
        .is(3)
        .says("read-only");
    settled(&engine.api, &["2.0.0"]);

    let status = karat.json(&["status"]);
    let engine_name = status["engines"][0]["name"].as_str().expect("a name");
    let before = engine.api.names();
    for demo in [&["demo"][..], &["demo", "--clean"]] {
        let args = [&["--read-only"][..], demo, &["--engine", engine_name]].concat();
        karat.run(&args).is(3).says("karat is read-only");
    }
    assert_eq!(engine.api.names(), before);
}

#[test]
fn where_nothing_runs_yet_the_command_by_hand_is_told() {
    let staging = engine_with(&["1.0.0"]);
    let prod = Engine::start();
    let karat = staging_and_prod(&staging.address(), &[&prod.address()]);
    let done = karat
        .run(&[
            "promote", "web", "--from", "staging", "--to", "prod", "--yes",
        ])
        .is(3);
    assert!(done.err.contains("docker"), "{}", done.err);
    assert!(done.err.contains("shop/web:1.0.0"), "{}", done.err);
    assert_eq!(prod.api.names(), Vec::<String>::new());
}

#[test]
fn what_the_engine_removes_by_itself_is_replaced_only_when_accepted() {
    let engine = Engine::start();
    for version in ["1.0.0", "2.0.0"] {
        engine.api.usual(REPOSITORY, version);
    }
    engine.api.image(&Recipe {
        changes: &["ENV SICK=1"],
        ..Recipe::new(REPOSITORY, "3.0.0")
    });
    engine.api.run(
        "web",
        &json!({ "Image": format!("{REPOSITORY}:1.0.0"), "HostConfig": { "AutoRemove": true } }),
    );
    engine.api.healthy("web");
    let karat = prod_on(&engine.address());
    let to = |version| ["rollback", "web", "--env", "prod", "--to", version, "--yes"];
    karat.run(&to("2.0.0")).is(3).says("--accept-no-rollback");
    assert_eq!(engine.api.version("web"), "1.0.0");
    karat
        .run(&[&to("2.0.0")[..], &["--accept-no-rollback"]].concat())
        .is(0);
    assert_eq!(engine.api.version("web"), "2.0.0");
    assert_eq!(engine.api.names(), ["web"]);
    // Undone all the same: made anew from what it was.
    karat
        .run(&[&to("3.0.0")[..], &["--accept-no-rollback"]].concat())
        .is(5);
    assert_eq!(engine.api.version("web"), "2.0.0");
    assert_eq!(engine.api.names(), ["web"]);
    let after = engine.api.container("web").expect("web");
    assert_eq!(after["HostConfig"]["AutoRemove"], true);
    assert_eq!(after["State"]["Running"], true);
}

#[test]
fn paused_and_managed_containers_are_refused() {
    let engine = engine_with(&["1.0.0", "2.0.0"]);
    let karat = prod_on(&engine.address());
    engine
        .api
        .post("/containers/web/pause", &serde_json::Value::Null);
    let to = ["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"];
    karat.run(&to).is(3).says("docker unpause web");
    engine.api.remove("web");
    engine.api.run("web", &json!({ "Image": format!("{REPOSITORY}:1.0.0"), "Labels": { "com.docker.swarm.service.name": "shop_web" } }));
    karat.run(&to).is(3).says("docker service update");
    assert_eq!(engine.api.version("web"), "1.0.0");
}

#[test]
fn an_image_that_is_gone_everywhere() {
    let engine = engine_with(&["1.0.0", "2.0.0"]);
    let karat = prod_on(&engine.address());
    soaked(&engine.api, "web", 1);
    karat
        .run(&["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"])
        .is(0);
    // The parked container and its image go.
    for name in engine.api.names() {
        if name != "web" {
            engine.api.remove(&name);
        }
    }
    engine
        .api
        .delete(&format!("/images/{REPOSITORY}:1.0.0?force=true"));
    let done = karat
        .run(&["rollback", "web", "--env", "prod", "--yes"])
        .is(4);
    assert!(done.err.contains("1.0.0"), "{}", done.err);
    karat
        .run(&["rollback", "web", "--env", "prod", "--to", "1.0.0", "--yes"])
        .is(1);
    settled(&engine.api, &["2.0.0"]);
}

#[test]
fn a_full_disk_stops_a_promotion_before_anything_is_touched() {
    let staging = engine_with(&["1.0.0"]);
    staging.api.image(&Recipe {
        ballast: 60 << 20,
        ..Recipe::new(REPOSITORY, "2.0.0")
    });
    staging.api.remove("web");
    crate::place::run_web(&staging.api, "2.0.0");
    let prod = Engine::with_disk("48m");
    prod.api.usual(REPOSITORY, "1.0.0");
    crate::place::run_web(&prod.api, "1.0.0");
    let karat = staging_and_prod(&staging.address(), &[&prod.address()]);
    let id = prod.api.container("web").expect("web")["Id"].clone();
    let done = karat
        .run(&[
            "promote", "web", "--from", "staging", "--to", "prod", "--yes",
        ])
        .is(5);
    assert!(done.err.contains("no space left"), "{}", done.err);
    assert_eq!(prod.api.container("web").expect("web")["Id"], id);
    settled(&prod.api, &["1.0.0"]);
}

#[test]
fn a_tag_that_means_something_else_there_is_left_alone() {
    let staging = engine_with(&["2.0.0"]);
    let prod = engine_with(&["1.0.0"]);
    // On prod, 2.0.0 is another image.
    let other = prod.api.image(&Recipe {
        changes: &["ENV OTHER=1"],
        ballast: 10,
        ..Recipe::new(REPOSITORY, "2.0.0")
    });
    let karat = staging_and_prod(&staging.address(), &[&prod.address()]);
    karat
        .run(&[
            "promote", "web", "--from", "staging", "--to", "prod", "--yes",
        ])
        .is(0);
    let named = prod.api.get(&format!("/images/{REPOSITORY}:2.0.0/json"));
    assert_eq!(
        named["Id"],
        other.as_str(),
        "the tag was taken away from what it named"
    );
    let runs = prod.api.container("web").expect("web");
    assert_ne!(runs["Image"], other.as_str());
    settled(&prod.api, &["2.0.0"]);
}
