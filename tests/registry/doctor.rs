//! `karat doctor`, and known good versions that a garbage collection would take.

use karat::registry::Registries;
use serde_json::Value;

use crate::images::{push, remote, tag};
use crate::support::Karat;
use crate::support::registry::{Registry, free_port};

fn findings(doctor: &Value, name: &str) -> Vec<(String, String)> {
    let all = doctor["checkups"].as_array().expect("checkups");
    let one = all.iter().find(|one| one["name"] == name);
    let one = one.unwrap_or_else(|| panic!("no {name} in {doctor:#}"));
    let findings = one["findings"].as_array().expect("findings");
    findings
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().expect("text").to_owned();
            (text("what"), text("state"))
        })
        .collect()
}

fn of<'a>(findings: &'a [(String, String)], what: &str) -> &'a str {
    let found = findings.iter().find(|(name, _)| name == what);
    &found
        .unwrap_or_else(|| panic!("no {what} in {findings:?}"))
        .1
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_registry_can_and_cannot_is_told_with_the_remedy() {
    let registry = Registry::plain();
    let web = remote(&Registries::default(), &registry.host(), "golden/web");
    push(&web, Some("1.0.0"), "amd64", &[b"a layer"]).await;
    let repository = format!("{}/golden/web", registry.host());
    let project = format!(
        "[images.web]\nrepository = \"{repository}\"\n[environments.prod]\nchannel = \"prod\"\n"
    );
    let karat = Karat::new(&project);
    let doctor = karat.json(&["doctor"]);
    let host = findings(&doctor, &registry.host());
    for (what, state) in [("reach", "good"), ("login", "good"), ("clock", "good")] {
        assert_eq!(of(&host, what), state, "{what}");
    }
    let there = findings(&doctor, &repository);
    for (what, state) in [
        ("read", "good"),
        ("write", "good"),
        // 2.8 does not know the referrers API.
        ("referrers", "note"),
        ("delete", "good"),
    ] {
        assert_eq!(of(&there, what), state, "{what}");
    }
    karat
        .run(&["doctor"])
        .is(0)
        .says("can be pushed to")
        .says("→");
    // Looking left nothing behind.
    assert_eq!(web.tags().await.expect("tags"), ["1.0.0"]);
}

#[test]
fn what_does_not_answer_is_bad_and_so_is_the_exit_code() {
    let port = free_port();
    let project = format!(
        "[images.web]\nrepository = \"127.0.0.1:{port}/golden/web\"\n[environments.prod]\nengines = [\"unix:///nowhere/docker.sock\"]\n"
    );
    let karat = Karat::new(&project);
    let done = karat.run(&["doctor", "--json"]).is(1);
    let doctor = done.json();
    for name in [
        format!("127.0.0.1:{port}"),
        "unix:///nowhere/docker.sock".to_owned(),
    ] {
        assert_eq!(of(&findings(&doctor, &name), "reach"), "bad");
    }
    karat.run(&["doctor"]).is(1).says("2 will not work");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_does_not_delete_is_told_of() {
    let registry = Registry::without_delete();
    let web = remote(&Registries::default(), &registry.host(), "golden/web");
    push(&web, Some("1.0.0"), "amd64", &[b"a layer"]).await;
    let repository = format!("{}/golden/web", registry.host());
    let karat = Karat::new(&format!(
        "[images.web]\nrepository = \"{repository}\"\n[environments.prod]\nchannel = \"prod\"\n"
    ));
    let doctor = karat.json(&["doctor"]);
    assert_eq!(of(&findings(&doctor, &repository), "delete"), "note");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_good_version_that_no_tag_holds_is_told_of_and_kept() {
    let registry = Registry::plain();
    let web = remote(&Registries::default(), &registry.host(), "golden/web");
    let old = push(&web, Some("1.0.0"), "amd64", &[b"old"]).await;
    let new = push(&web, Some("2.0.0"), "amd64", &[b"new"]).await;
    web.retag(&old.document.digest, "prod")
        .await
        .expect("a tag");
    let project = format!(
        "[images.web]\nrepository = \"{}/golden/web\"\n[environments.prod]\nchannel = \"prod\"\nsoak = \"1s\"\n",
        registry.host()
    );
    let karat = Karat::new(&project);
    crate::channels::soaked(&karat, 1);
    karat
        .run(&["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"])
        .is(0);
    karat.run(&["doctor"]).is(0).says("all works");
    assert_eq!(
        web.head(&tag("prod"))
            .await
            .expect("asked")
            .expect("there")
            .digest,
        new.document.digest
    );
    // Somebody moves the only tag of the version that prod can go back to.
    web.retag(&new.document.digest, "1.0.0")
        .await
        .expect("a tag");
    let short = old.document.digest.short().to_owned();
    karat
        .run(&["doctor"])
        .is(0)
        .says(&format!("keep-prod-{short}"));
    karat.run(&["doctor", "--keep"]).is(0).says("is held by");
    let kept = web.head(&tag(&format!("keep-prod-{short}"))).await;
    assert_eq!(
        kept.expect("asked").expect("there").digest,
        old.document.digest
    );
}
