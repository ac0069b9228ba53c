//! Channels: environments that are moving tags, seen, promoted, rolled back and recovered by
//! the real binary.

use std::time::Duration;

use karat::model::digest::Digest;
use karat::registry::{Registries, Remote};
use serde_json::Value;

use crate::images::{by, push, remote, tag};
use crate::support::faults::{Fault, Faults};
use crate::support::registry::{Registry, skopeo};
use crate::support::{Karat, until};

/// A registry with versions of `golden/web`, and a client of it.
struct Line {
    registry: Registry,
    web: Remote,
    versions: Vec<(String, Digest)>,
}

impl Line {
    async fn with(versions: &[&str]) -> Self {
        let registry = Registry::plain();
        let web = remote(&Registries::default(), &registry.host(), "golden/web");
        let mut all = Vec::new();
        for version in versions {
            let content = format!("this is {version}");
            let image = push(
                &web,
                Some(version),
                "amd64",
                &[b"the base", content.as_bytes()],
            )
            .await;
            all.push(((*version).to_owned(), image.document.digest));
        }
        Self {
            registry,
            web,
            versions: all,
        }
    }

    fn digest(&self, version: &str) -> &Digest {
        let found = self.versions.iter().find(|(name, _)| name == version);
        &found.expect("a version").1
    }

    async fn point(&self, channel: &str, version: &str) {
        let digest = self.digest(version);
        self.web.retag(digest, channel).await.expect("a tag");
    }

    async fn points_to(&self, channel: &str) -> Option<Digest> {
        let there = self.web.head(&tag(channel)).await.expect("asked");
        there.map(|there| there.digest)
    }

    fn project(&self, prod: &str) -> String {
        self.project_at(&self.registry.host(), prod)
    }

    /// The same by way of another host.
    fn project_at(&self, host: &str, prod: &str) -> String {
        format!(
            "[images.web]\nrepository = \"{host}/golden/web\"\n[environments.dev]\nchannel = \"dev\"\n[environments.prod]\nchannel = \"prod\"\nafter = \"dev\"\n{prod}\n"
        )
    }
}

fn texts(list: &Value) -> Vec<&str> {
    let all = list.as_array().expect("a list");
    all.iter().map(|one| one.as_str().expect("text")).collect()
}

/// Waits until a channel has been where it is for a second, as karat saw it.
pub(crate) fn soaked(karat: &Karat, seconds: i64) {
    until("the soak", Duration::from_secs(20), || {
        let cell = karat.cell("web", "prod");
        let since: chrono::DateTime<chrono::Utc> = cell["since"].as_str()?.parse().ok()?;
        (chrono::Utc::now() - since > chrono::TimeDelta::seconds(seconds)).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_promoted_and_rolled_back_by_moving_its_tag() {
    let line = Line::with(&["1.0.0", "1.1.0"]).await;
    line.point("dev", "1.1.0").await;
    line.point("prod", "1.0.0").await;
    let karat = Karat::new(&line.project("soak = \"1s\"\nprotected = true"));

    // It is in the matrix like any other environment.
    let prod = karat.cell("web", "prod");
    assert_eq!(prod["version"], "1.0.0", "{prod:#}");
    let skew: Vec<&str> = prod["skew"]
        .as_array()
        .expect("skew")
        .iter()
        .map(|one| one["text"].as_str().expect("text"))
        .collect();
    assert_eq!(skew, ["1 behind newest", "1 behind dev"]);

    karat
        .run(&["promote", "web", "--to", "prod", "--dry-run"])
        .is(0)
        .says("no byte is moved")
        .says("move the tag");
    assert_eq!(
        line.points_to("prod").await.as_ref(),
        Some(line.digest("1.0.0"))
    );
    soaked(&karat, 1);
    karat
        .run(&[
            "promote",
            "web",
            "--to",
            "prod",
            "--yes",
            "--confirm",
            "prod",
        ])
        .is(0);
    let reference = format!("docker://{}/golden/web:prod", line.registry.host());
    let seen: Value = serde_json::from_str(&skopeo(&["inspect", "--tls-verify=false", &reference]))
        .expect("JSON");
    assert_eq!(seen["Digest"], line.digest("1.1.0").as_str());

    // Somebody else, on another machine, puts it back: known good is in the registry.
    let other = Karat::new(&line.project("soak = \"1s\""));
    other
        .run(&["rollback", "web", "--env", "prod", "--yes"])
        .is(0);
    assert_eq!(
        line.points_to("prod").await.as_ref(),
        Some(line.digest("1.0.0"))
    );
    // There is nothing further back: what was left behind is not gone back to.
    other
        .run(&["rollback", "web", "--env", "prod", "--yes"])
        .is(4);

    // Both have one history, and it comes back when what is remembered is lost.
    let history = |karat: &Karat| {
        let events = karat.json(&["history", "web"]);
        let events = events["events"].as_array().expect("events").clone();
        events
            .iter()
            .map(|event| {
                format!(
                    "{} {} {}",
                    event["operation"].as_str().unwrap_or("?"),
                    event["to"]["version"].as_str().unwrap_or("?"),
                    event["outcome"].as_str().unwrap_or("?")
                )
            })
            .collect::<Vec<_>>()
    };
    let wanted = ["rollback 1.0.0 done", "promote 1.1.0 done"];
    assert_eq!(history(&karat), wanted);
    assert_eq!(history(&other), wanted);
    std::fs::remove_dir_all(other.home.path().join("karat")).expect("its memory is taken away");
    assert_eq!(history(&other), wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn history_can_be_read_without_karat() {
    let line = Line::with(&["1.0.0", "1.1.0"]).await;
    line.point("dev", "1.1.0").await;
    line.point("prod", "1.0.0").await;
    let karat = Karat::new(&line.project(""));
    karat
        .run(&["promote", "web", "--to", "prod", "--yes"])
        .is(0);
    let tags: Value = serde_json::from_str(&skopeo(&[
        "list-tags",
        "--tls-verify=false",
        &format!("docker://{}/golden/web", line.registry.host()),
    ]))
    .expect("JSON");
    let mut records: Vec<&str> = texts(&tags["Tags"])
        .into_iter()
        .filter(|tag| tag.starts_with("karat-event-"))
        .collect();
    records.sort_unstable();
    assert_eq!(
        records.len(),
        2,
        "one when it began, one when it ended: {records:?}"
    );
    let raw = skopeo(&[
        "inspect",
        "--raw",
        "--tls-verify=false",
        &format!(
            "docker://{}/golden/web:{}",
            line.registry.host(),
            records[1]
        ),
    ]);
    let manifest: Value = serde_json::from_str(&raw).expect("JSON");
    assert_eq!(manifest["artifactType"], "application/vnd.karat.event.v1");
    assert_eq!(manifest["subject"]["digest"], line.digest("1.1.0").as_str());
    let words = manifest["annotations"]["org.opencontainers.image.description"]
        .as_str()
        .expect("words");
    assert!(
        words.starts_with("promote web in prod from 1.0.0 to 1.1.0: done, by "),
        "{words}"
    );
    // Records are no versions.
    let versions = karat.json(&["versions", "web"]);
    let names: Vec<&str> = versions["versions"]
        .as_array()
        .expect("versions")
        .iter()
        .map(|one| one["version"].as_str().expect("a label"))
        .collect();
    assert_eq!(names, ["1.1.0", "1.0.0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_is_not_there_yet_is_made() {
    let line = Line::with(&["1.0.0"]).await;
    line.point("dev", "1.0.0").await;
    let karat = Karat::new(&line.project(""));
    assert!(karat.cell("web", "prod")["version"].is_null());
    karat
        .run(&["rollback", "web", "--env", "prod", "--yes"])
        .is(4);
    karat
        .run(&["promote", "web", "--to", "prod", "--dry-run"])
        .is(0)
        .says("it is made");
    karat
        .run(&["promote", "web", "--to", "prod", "--yes"])
        .is(0);
    assert_eq!(
        line.points_to("prod").await.as_ref(),
        Some(line.digest("1.0.0"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_channel_held_is_kept_by_another_tag() {
    let line = Line::with(&["1.1.0"]).await;
    line.point("dev", "1.1.0").await;
    let old = push(&line.web, Some("prod"), "amd64", &[b"nobody tagged this"]).await;
    let karat = Karat::new(&line.project("soak = \"1s\""));
    let short = old.document.digest.short().to_owned();
    soaked(&karat, 1);
    karat
        .run(&["promote", "web", "--to", "prod", "--dry-run"])
        .is(0)
        .says(&format!("keep-prod-{short}"));
    karat
        .run(&["promote", "web", "--to", "prod", "--yes"])
        .is(0);
    let kept = line.points_to(&format!("keep-prod-{short}")).await;
    assert_eq!(kept.as_ref(), Some(&old.document.digest));
    karat
        .run(&["rollback", "web", "--env", "prod", "--yes"])
        .is(0);
    assert_eq!(line.points_to("prod").await, Some(old.document.digest));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_move_one_tag_at_once_one_does() {
    let versions = ["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0"];
    let line = Line::with(&versions).await;
    line.point("prod", "1.0.0").await;
    line.point("dev", "1.0.0").await;
    let karats: Vec<Karat> = versions[1..]
        .iter()
        .map(|_| Karat::new(&line.project("")))
        .collect();
    let running: Vec<_> = karats
        .iter()
        .zip(&versions[1..])
        .map(|(karat, version)| {
            karat.spawn(&["rollback", "web", "--env", "prod", "--to", version, "--yes"])
        })
        .collect();
    let ends: Vec<_> = running
        .into_iter()
        .map(crate::support::karat::ended)
        .collect();
    let done: Vec<usize> = (0..ends.len())
        .filter(|at| ends[*at].code == Some(0))
        .collect();
    // Those who come late find the tag moved, or are told whose turn it is; more than one may
    // have had its turn, one after the other, if the last one only planned after the first.
    assert!(!done.is_empty(), "{ends:#?}");
    for end in &ends {
        assert!(matches!(end.code, Some(0 | 1 | 7)), "{end:#?}");
    }
    let now = line.points_to("prod").await.expect("a tag");
    let winner = done.iter().any(|at| *line.digest(versions[at + 1]) == now);
    assert!(winner, "{now} {ends:#?}");
    // Every one of them is in the history, as everybody reads it, and nothing is left open.
    let histories: Vec<Value> = karats
        .iter()
        .map(|karat| karat.json(&["history", "web"]))
        .collect();
    for history in &histories {
        let events = history["events"].as_array().expect("events");
        let done_of: Vec<&Value> = events
            .iter()
            .filter(|event| event["outcome"] == "done")
            .collect();
        assert_eq!(done_of.len(), done.len(), "{history:#}");
        assert_eq!(
            done_of[0]["to"]["version"]
                .as_str()
                .map(|version| line.digest(version).clone()),
            Some(now.clone())
        );
    }
    karats[0]
        .run(&["recover", "--dry-run"])
        .is(0)
        .says("nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_in_another_registry_gets_what_it_lacks_and_what_is_attached() {
    let line = Line::with(&["1.0.0", "1.1.0"]).await;
    line.point("dev", "1.1.0").await;
    let elsewhere = Registry::plain();
    let there = remote(&Registries::default(), &elsewhere.host(), "golden/web");
    // The base is there already.
    push(&there, Some("prod"), "amd64", &[b"the base"]).await;
    let project = format!(
        "[images.web]\nrepository = \"{}/golden/web\"\n[environments.dev]\nchannel = \"dev\"\n[environments.prod]\nchannel = {{ tag = \"prod\", registry = \"{}\" }}\nafter = \"dev\"\n",
        line.registry.host(),
        elsewhere.host()
    );
    // A signature, as cosign leaves it: under a tag made of the digest.
    let signature = format!("{}.sig", line.digest("1.1.0").as_str().replace(':', "-"));
    push(&line.web, Some(&signature), "amd64", &[b"a signature"]).await;
    let karat = Karat::new(&project);
    karat
        .run(&["promote", "web", "--to", "prod", "--dry-run"])
        .is(0)
        .says("copy from");
    karat
        .run(&["promote", "web", "--to", "prod", "--yes"])
        .is(0)
        .says("1 blobs were there, 0 mounted, 2 copied");
    let now = there
        .head(&tag("prod"))
        .await
        .expect("asked")
        .expect("a tag")
        .digest;
    assert_eq!(&now, line.digest("1.1.0"));
    assert!(there.head(&tag(&signature)).await.expect("asked").is_some());
    assert!(there.manifest(&by(&now)).await.expect("read").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_without_a_registry_is_never_looked_up() {
    let line = Line::with(&["1.0.0"]).await;
    line.point("prod", "1.0.0").await;
    let project = format!(
        "[images.local]\nrepository = \"local-base\"\n{}",
        line.project("")
    );
    let karat = Karat::new(&project);
    let status = karat.json(&["status"]);
    let names: Vec<&str> = status["engines"]
        .as_array()
        .expect("engines")
        .iter()
        .map(|one| one["name"].as_str().expect("a name"))
        .collect();
    assert!(
        names.iter().all(|name| !name.contains("local-base")),
        "{names:?}"
    );
    assert!(karat.cell("local", "prod")["version"].is_null());
}

/// Killed at every moment at which something is written: another karat, with a home of its own,
/// settles it, the tag is old or new and never anything else, and the next operation goes on.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_killed_half_way_is_settled_by_another() {
    for (part, fault, finished) in [
        ("-begun-", Fault::Hold, None),
        ("-begun-", Fault::HoldAnswer, Some(false)),
        ("/manifests/prod", Fault::Hold, Some(false)),
        ("/manifests/prod", Fault::HoldAnswer, Some(true)),
        ("-ended-", Fault::Hold, Some(true)),
        ("-ended-", Fault::HoldAnswer, None),
    ] {
        let at = format!("{part} {fault:?}");
        let line = Line::with(&["1.0.0", "1.1.0"]).await;
        line.point("dev", "1.1.0").await;
        line.point("prod", "1.0.0").await;
        let wire = Faults::before(line.registry.port);
        let project = line.project_at(&wire.host(), "");
        wire.next(1, "PUT", part, fault);
        let karat = Karat::new(&project);
        let mut child = karat.spawn(&["promote", "web", "--to", "prod", "--yes"]);
        until("the request", Duration::from_secs(30), || {
            (wire.count("PUT", part) > 0).then_some(())
        });
        // What the registry was sent it has done by the time it is asked again.
        let moved = matches!(finished, Some(true)) || part == "-ended-";
        let wanted = line.digest(if moved { "1.1.0" } else { "1.0.0" }).clone();
        for _ in 0..200 {
            if line.points_to("prod").await.as_ref() == Some(&wanted) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        assert_eq!(line.points_to("prod").await.as_ref(), Some(&wanted), "{at}");
        child.kill().expect("killed");
        child.wait().expect("its end");

        let other = Karat::new(&project);
        let found = other.run(&["recover", "--yes"]).is(0);
        match finished {
            None => assert!(found.said().contains("nothing"), "{at}: {}", found.said()),
            Some(true) => assert!(found.said().contains("finished"), "{at}: {}", found.said()),
            Some(false) => assert!(found.said().contains("undone"), "{at}: {}", found.said()),
        }
        assert_eq!(line.points_to("prod").await.as_ref(), Some(&wanted), "{at}");
        let target = if moved { "1.0.0" } else { "1.1.0" };
        other
            .run(&["rollback", "web", "--env", "prod", "--to", target, "--yes"])
            .is(0);
        assert_eq!(
            line.points_to("prod").await.as_ref(),
            Some(line.digest(target)),
            "{at}"
        );
        assert!(
            other.cell("web", "prod")["locks"]
                .as_array()
                .is_some_and(Vec::is_empty),
            "{at}"
        );
    }
}

/// What is under way is seen by everybody, and can be broken by somebody who says why.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_is_seen_and_holds_others_off() {
    let line = Line::with(&["1.0.0", "1.1.0"]).await;
    line.point("dev", "1.1.0").await;
    line.point("prod", "1.0.0").await;
    let wire = Faults::before(line.registry.port);
    let project = line.project_at(&wire.host(), "");
    wire.next(1, "PUT", "/manifests/prod", Fault::Hold);
    let karat = Karat::new(&project);
    let mut child = karat.spawn(&["promote", "web", "--to", "prod", "--yes"]);
    until("the request", Duration::from_secs(30), || {
        (wire.count("PUT", "/manifests/prod") > 0).then_some(())
    });
    let other = Karat::new(&project);
    let locks = other.cell("web", "prod")["locks"].clone();
    assert_eq!(
        locks[0]["container"],
        format!("{}/golden/web:prod", wire.host())
    );
    other
        .run(&["recover", "--dry-run"])
        .is(0)
        .says("still runs");
    let container = format!("{}/golden/web:prod", wire.host());
    other
        .run(&["unlock", &container, "--reason", "it hangs", "--yes"])
        .is(0);
    assert!(
        other.cell("web", "prod")["locks"]
            .as_array()
            .is_some_and(Vec::is_empty)
    );
    child.kill().expect("killed");
    child.wait().expect("its end");
    assert_eq!(
        line.points_to("prod").await.as_ref(),
        Some(line.digest("1.0.0"))
    );
}

/// Somebody without karat moves the tag between the plan and its end: it is left where he put
/// it, and it is said.
#[tokio::test(flavor = "multi_thread")]
async fn another_writer_is_seen_and_left_alone() {
    let line = Line::with(&["1.0.0", "1.1.0", "1.2.0"]).await;
    line.point("dev", "1.1.0").await;
    line.point("prod", "1.0.0").await;
    let wire = Faults::before(line.registry.port);
    let project = line.project_at(&wire.host(), "");
    // The record that it begins is held up while the tag is moved.
    wire.next(1, "PUT", "-begun-", Fault::Gate);
    let karat = Karat::new(&project);
    let child = karat.spawn(&["promote", "web", "--to", "prod", "--yes"]);
    until("the request", Duration::from_secs(30), || {
        (wire.count("PUT", "-begun-") > 0).then_some(())
    });
    line.point("prod", "1.2.0").await;
    wire.open();
    let ended = crate::support::karat::ended(child).is(1);
    assert!(
        ended.said().contains("moved the tag to"),
        "{}",
        ended.said()
    );
    assert_eq!(
        line.points_to("prod").await.as_ref(),
        Some(line.digest("1.2.0"))
    );
}

/// What is wrong is told in one sentence with what to do, and the tag is where it was.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_changes_nothing() {
    let line = Line::with(&["1.0.0", "1.1.0"]).await;
    line.point("dev", "1.1.0").await;
    line.point("prod", "1.0.0").await;
    let wire = Faults::before(line.registry.port);
    let project = line.project_at(&wire.host(), "");
    let denied = || {
        let body = r#"{"errors":[{"code":"DENIED","message":"not yours"}]}"#;
        Fault::Answer("403 Forbidden", Vec::new(), body.to_owned())
    };
    for (part, fault, code, said) in [
        ("-begun-", denied(), 1, "wants a login"),
        ("/manifests/prod", denied(), 5, "wants a login"),
        (
            "/manifests/prod",
            Fault::Answer("500 Internal Server Error", Vec::new(), String::new()),
            5,
            "500",
        ),
    ] {
        let karat = Karat::new(&project);
        wire.next(50, "PUT", part, fault);
        let ended = karat
            .run(&["promote", "web", "--to", "prod", "--yes"])
            .is(code)
            .says(said);
        assert_eq!(
            ended
                .err
                .lines()
                .filter(|line| line.starts_with("karat:"))
                .count(),
            1,
            "{}",
            ended.err
        );
        assert_eq!(
            line.points_to("prod").await.as_ref(),
            Some(line.digest("1.0.0"))
        );
        wire.calm();
        karat.run(&["recover", "--yes"]).is(0);
    }
    let karat = Karat::new(&project);
    karat
        .run(&["rollback", "web", "--env", "prod", "--to", "1.1.9", "--yes"])
        .is(1)
        .says("did you mean `1.1.0`");
}

/// What is moved of an image when a channel is: nothing within a repository, nothing within a
/// registry; and what is attached comes along.
#[tokio::test(flavor = "multi_thread")]
async fn within_a_registry_no_byte_of_an_image_is_moved() {
    let line = Line::with(&["1.0.0", "1.1.0"]).await;
    line.point("dev", "1.1.0").await;
    line.point("prod", "1.0.0").await;
    let wire = Faults::before(line.registry.port);
    let attached = crate::copies::attach(&line.web, line.digest("1.1.0"), "application/spdx+json");
    attached.await;
    let project = format!(
        "{}[environments.live]\nchannel = {{ tag = \"stable\", repository = \"{}/live/{{image}}\" }}\nafter = \"prod\"\n",
        line.project_at(&wire.host(), ""),
        wire.host()
    );
    let karat = Karat::new(&project);
    // What its configurations say has been read by now.
    karat.run(&["status"]).is(0);
    wire.forget();
    karat
        .run(&["promote", "web", "--to", "prod", "--yes"])
        .is(0);
    let blobs = |method: &str| wire.count(method, "/blobs/");
    assert_eq!(
        ["GET", "POST", "PATCH", "PUT"].map(blobs),
        [0; 4],
        "{:#?}",
        wire.heads()
    );

    wire.forget();
    karat
        .run(&["promote", "web", "--to", "live", "--yes"])
        .is(0)
        .says("mounted, 0 copied")
        .says("with 1 attached to it");
    // Each is mounted by a request without a body.
    assert_eq!(
        ["GET", "PATCH", "PUT"].map(blobs),
        [0; 3],
        "{:#?}",
        wire.heads()
    );
    let live = remote(&Registries::default(), &line.registry.host(), "live/web");
    let there = live
        .head(&tag("stable"))
        .await
        .expect("asked")
        .expect("a tag")
        .digest;
    assert_eq!(&there, line.digest("1.1.0"));
    assert_eq!(live.referrers(&there).await.expect("asked").len(), 1);
    // Read by a client that is not ours.
    let reference = format!("docker://{}/live/web:stable", line.registry.host());
    skopeo(&["inspect", "--tls-verify=false", &reference]);
}

/// Records that did not see each other share a parent: that is shown.
#[tokio::test(flavor = "multi_thread")]
async fn a_fork_in_the_history_is_shown() {
    use karat::model::event::{Event, Outcome};
    use karat::model::plan::{Heading, OperationId, OperationKind};
    use karat::model::shared::{Phase, Record};
    let line = Line::with(&["1.0.0"]).await;
    let record = |id: &str, parents: Vec<Digest>| Record {
        phase: Phase::Ended,
        event: Event {
            id: OperationId(id.to_owned()),
            time: chrono::Utc::now(),
            who: "ann@laptop".to_owned(),
            operation: OperationKind::Promote,
            heading: Heading::Forward,
            image: "web".into(),
            environment: Some("prod".into()),
            from_environment: None,
            from: None,
            to: None,
            reason: None,
            outcome: Outcome::Done,
            duration: None,
            error: None,
            log: Vec::new(),
        },
        from: None,
        to: None,
        from_since: None,
        channel: None,
        job: None,
        written: chrono::Utc::now(),
        parents,
    };
    let root = line
        .web
        .append_record(&record("0", Vec::new()))
        .await
        .expect("added");
    for id in ["1", "2"] {
        let one = record(id, vec![root.digest.clone()]);
        line.web.append_record(&one).await.expect("added");
    }
    let karat = Karat::new(&line.project(""));
    let history = karat.json(&["history", "web"]);
    let mut forked: Vec<(&str, bool)> = history["events"]
        .as_array()
        .expect("events")
        .iter()
        .map(|event| {
            (
                event["id"].as_str().expect("an id"),
                event["forked"] == true,
            )
        })
        .collect();
    forked.sort_unstable();
    assert_eq!(forked, [("0", false), ("1", true), ("2", true)]);
    karat.run(&["history", "web"]).is(0).says("fork");
}

/// Every file below a folder.
fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path);
        }
    }
    all
}

/// A login from the project file opens the registry, and its secret is nowhere afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_used_and_shown_nowhere() {
    use karat::model::registry::{LoginSource, RegistrySettings};
    let folder = Registry::folder();
    let certificates = crate::support::registry::Certificates::make(folder.path());
    let secret = "hunter2-and-more";
    let top = crate::support::registry::htpasswd(folder.path(), "ci", secret);
    let registry = Registry::in_folder(folder, &certificates.http(false), &top);
    let host = registry.host();
    let login = ["printf", "%s", "ci:hunter2-and-more"].map(str::to_owned);
    let settings = RegistrySettings {
        ca: Some(certificates.ca.clone()),
        login: LoginSource::Command(login.to_vec()),
        ..RegistrySettings::default()
    };
    let registries = Registries::new([(host.clone(), settings)].into());
    let web = remote(&registries, &host, "golden/web");
    let old = push(&web, Some("1.0.0"), "amd64", &[b"old"]).await;
    push(&web, Some("1.1.0"), "amd64", &[b"new"]).await;
    web.retag(&old.document.digest, "prod")
        .await
        .expect("a tag");
    let project = format!(
        "[images.web]\nrepository = \"{host}/golden/web\"\n[environments.prod]\nchannel = \"prod\"\n[registries.\"{host}\"]\nca = \"{}\"\nusername_env = \"REG_USER\"\npassword_env = \"REG_PASSWORD\"\n",
        certificates.ca.display()
    );
    let mut karat = Karat::new(&project);
    let settings = karat.home.path().join("karat");
    std::fs::create_dir_all(&settings).expect("a folder");
    std::fs::write(settings.join("settings.toml"), "log = \"debug\"\n").expect("settings");
    let said = |karat: &Karat, args: &[&str]| {
        let done = karat.run(args);
        assert!(!done.said().contains(secret), "{}", done.said());
        done
    };
    karat.env = vec![
        ("REG_USER".to_owned(), "ci".to_owned()),
        ("REG_PASSWORD".to_owned(), secret.to_owned()),
    ];
    assert_eq!(karat.cell("web", "prod")["version"], "1.0.0");
    let forth = ["rollback", "web", "--env", "prod", "--to", "1.1.0", "--yes"];
    said(&karat, &forth).is(0);
    said(&karat, &["doctor"]).is(0).says("logged in as `ci`");
    said(&karat, &["history", "--json"]).is(0);
    karat.env[1].1 = "wrong".to_owned();
    said(&karat, &["doctor"]).is(1).says("does not accept");
    karat.env.clear();
    said(&karat, &["doctor"]).is(1).says("REG_PASSWORD");
    for file in files(karat.home.path()) {
        let bytes = std::fs::read(&file).expect("a file");
        let found = bytes
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        assert!(!found, "{}", file.display());
    }
    // Nor in what others read.
    let storage = registry.folder.path().join("storage");
    for file in files(&storage) {
        let bytes = std::fs::read(&file).expect("a file");
        let found = bytes
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        assert!(!found, "{}", file.display());
    }
}

/// A registry that takes connections and says nothing is waited for a few seconds, not more:
/// what is known of engines is shown.
#[test]
fn a_registry_that_is_silent_holds_nobody_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let host = silent.local_addr().expect("an address");
    let karat = Karat::new(&format!(
        "[images.web]\nrepository = \"{host}/golden/web\"\n[environments.prod]\nengines = [\"unix:///nowhere/docker.sock\"]\n"
    ));
    let began = std::time::Instant::now();
    let done = karat.run(&["status", "--json"]).is(1);
    assert!(
        began.elapsed() < Duration::from_secs(9),
        "{:?}",
        began.elapsed()
    );
    assert!(done.said().contains("docker.sock"), "{}", done.said());
    drop(silent);
}

/// A roll back walks backwards, whatever the labels say: it never toggles.
#[tokio::test(flavor = "multi_thread")]
async fn a_roll_back_never_toggles() {
    let line = Line::with(&["2.1.0", "3.1.0"]).await;
    line.point("prod", "3.1.0").await;
    line.point("dev", "2.1.0").await;
    let karat = Karat::new(&line.project("soak = \"1s\""));
    soaked(&karat, 1);
    karat
        .run(&["promote", "web", "--to", "prod", "--yes"])
        .is(0);
    soaked(&karat, 1);
    karat
        .run(&["rollback", "web", "--env", "prod", "--yes"])
        .is(0);
    assert_eq!(
        line.points_to("prod").await.as_ref(),
        Some(line.digest("3.1.0"))
    );
    soaked(&karat, 1);
    karat
        .run(&["rollback", "web", "--env", "prod", "--yes"])
        .is(4);
}

/// What was deleted from the registry is no version to go back to: the one before it is, or
/// there is none.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_is_not_gone_back_to() {
    let line = Line::with(&["1.0.0", "1.1.0", "1.2.0"]).await;
    line.point("prod", "1.0.0").await;
    let karat = Karat::new(&line.project("soak = \"1s\""));
    for version in ["1.1.0", "1.2.0"] {
        soaked(&karat, 1);
        karat
            .run(&["rollback", "web", "--env", "prod", "--to", version, "--yes"])
            .is(0);
    }
    line.web.delete(line.digest("1.1.0")).await.expect("gone");
    karat
        .run(&["rollback", "web", "--env", "prod", "--yes"])
        .is(0);
    assert_eq!(
        line.points_to("prod").await.as_ref(),
        Some(line.digest("1.0.0"))
    );
}

/// One image of which a part is missing hides none of the others.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_version_hides_no_other() {
    let line = Line::with(&["1.0.0", "1.2.0"]).await;
    let index = crate::images::push_index(&line.web, "1.1.0", &[b"the base", b"more"]).await;
    let children: Value = serde_json::from_slice(&index.bytes).expect("an index");
    for child in children["manifests"].as_array().expect("children") {
        let digest = Digest::parse(child["digest"].as_str().expect("text")).expect("a digest");
        line.web.delete(&digest).await.expect("gone");
    }
    let karat = Karat::new(&line.project(""));
    let versions = karat.json(&["versions", "web"]);
    let read: Vec<&str> = versions["versions"]
        .as_array()
        .expect("versions")
        .iter()
        .filter(|one| !one["identity"].is_null())
        .map(|one| one["version"].as_str().expect("a label"))
        .collect();
    assert_eq!(read, ["1.2.0", "1.0.0"]);
}

/// Who went back to an older version without karat is not the one who once put it there.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_blamed_for_what_he_did_long_ago() {
    let line = Line::with(&["1.0.0", "1.1.0", "1.2.0"]).await;
    line.point("prod", "1.0.0").await;
    let wire = Faults::before(line.registry.port);
    let project = line.project_at(&wire.host(), "");
    let karat = Karat::new(&project);
    let to = |version: &'static str| ["rollback", "web", "--env", "prod", "--to", version, "--yes"];
    karat.run(&to("1.1.0")).is(0);
    karat.run(&to("1.2.0")).is(0);
    wire.next(1, "PUT", "-begun-", Fault::Gate);
    let child = karat.spawn(&to("1.0.0"));
    until("the request", Duration::from_secs(30), || {
        (wire.count("PUT", "-begun-") > 2).then_some(())
    });
    // Somebody without karat goes back to what karat once put there.
    line.point("prod", "1.1.0").await;
    wire.open();
    let ended = crate::support::karat::ended(child).is(1);
    assert!(
        ended.said().contains("of whom the history knows nothing"),
        "{}",
        ended.said()
    );
}
