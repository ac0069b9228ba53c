//! Each step forward, and the way back from each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::model::log::LogsFrom;
use crate::model::observation::{EngineFacts, Health, LocalImage};
use crate::model::plan::{Heading, Move, Obtain, OperationId, OperationKind};
use crate::model::progress::Progress;
use crate::model::project::{EnvironmentName, ImageName};
use crate::model::reference::Repository;
use crate::model::time::Span;

const FORWARD: [Step; 8] = [
    Step::Lock,
    Step::Create,
    Step::Disarm,
    Step::Stop,
    Step::Park,
    Step::Adopt,
    Step::Start,
    Step::AwaitHealth,
];

fn start() -> Timestamp {
    "2026-11-22T03:00:00Z".parse().expect("a moment")
}

pub(super) fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

pub(super) fn image(version: &str, fault: Option<Fault>) -> SimImage {
    let layers = vec![
        (digest("base"), Bytes(10_000_000)),
        (digest(version), Bytes(5_000_000)),
    ];
    SimImage {
        local: LocalImage {
            id: digest(&format!("id {version}")),
            config: Some(digest(&format!("id {version}"))),
            tags: vec![ImageRef::parse(&format!("reg.example/web:{version}")).expect("a name")],
            repo_digests: vec![
                ImageRef::parse(&format!(
                    "reg.example/web@{}",
                    digest(&format!("m {version}"))
                ))
                .expect("a name"),
            ],
            created: Some(start()),
            size: Some(Bytes(15_000_000)),
            labels: BTreeMap::new(),
            platform: "linux/amd64".to_owned(),
            diff_ids: layers.iter().map(|(digest, _)| digest.clone()).collect(),
            content: digest(&format!("content {version}")),
            remote: None,
        },
        layers,
        env: BTreeMap::from([("V".to_owned(), version.to_owned())]),
        command: "web".to_owned(),
        conduct: Conduct {
            checked: true,
            boots_in: Span::seconds(3),
            fault,
            chatter: vec!["GET / {n} ms".to_owned()],
        },
    }
}

pub(super) fn frozen(version: &str) -> Frozen {
    Frozen {
        label: version.to_owned(),
        identity: digest(&format!("id {version}")),
        content: Some(digest(&format!("content {version}"))),
        repository: Repository::new("reg.example/web"),
        tag: Some(version.to_owned()),
        registry_digest: Some(digest(&format!("m {version}"))),
        size: Some(Bytes(15_000_000)),
    }
}

/// An engine with `web` 1 running, and 2 and the bad 3 beside it.
pub(super) fn engine() -> MemoryTarget {
    let target = bare();
    for (version, fault) in [("1", None), ("2", None), ("3", Some(bad(None)))] {
        target.engine.lay_image(image(version, fault));
    }
    target.engine.lay_container(web());
    target
}

pub(super) fn bare() -> MemoryTarget {
    let pace = Pace {
        answers_in: Duration::from_millis(5),
        bytes_a_second: 1_000_000,
    };
    let facts = EngineFacts {
        id: "one".to_owned(),
        ..EngineFacts::default()
    };
    let clock = Clock::starting(start(), 1);
    MemoryTarget::new(SimEngine::new(
        EngineName::from("one"),
        facts,
        (clock, pace),
        Registry::default(),
        Workshop::default(),
    ))
}

fn bad(exits: Option<i64>) -> Fault {
    Fault {
        places: vec!["prod".to_owned()],
        last_words: vec!["schema is old".to_owned()],
        exits,
    }
}

pub(super) fn web() -> SimContainer {
    SimContainer {
        id: "old".to_owned(),
        name: "web".to_owned(),
        image: "reg.example/web:1".to_owned(),
        image_id: digest("id 1"),
        body: Body {
            labels: BTreeMap::from([(PLACE_LABEL.to_owned(), "prod".to_owned())]),
            policy: "unless-stopped".to_owned(),
            stops_in: Span::seconds(1),
            ..Body::default()
        },
        created: start() - chrono::TimeDelta::hours(2),
        life: Life::Running {
            since: start() - chrono::TimeDelta::hours(2),
            health: Health::Healthy,
        },
        restarts: 0,
        recorded: None,
        runs: Vec::new(),
        deployed_by: None,
        made_by: None,
        soak: None,
        drift: Vec::new(),
    }
}

async fn plan(target: &MemoryTarget, to: &str) -> Plan {
    let (from, to) = (frozen("1"), frozen(to));
    let obtain = Obtain::Present {
        image_id: to.identity.clone(),
    };
    let ask = TouchAsk {
        container: "web",
        from: Some(&from),
        to: &to,
        obtain: &obtain,
        accept_no_rollback: false,
    };
    let touch = target.plan(ask).await.expect("a plan");
    Plan {
        id: OperationId("0123456789abcdef".to_owned()),
        kind: OperationKind::Promote,
        environment: EnvironmentName::from("prod"),
        from_environment: None,
        protected: false,
        soak: Span::seconds(600),
        who: "ann@laptop".to_owned(),
        reason: None,
        made: start(),
        moves: vec![Move {
            image: ImageName::from("web"),
            from: vec![from],
            to,
            heading: Heading::Forward,
            evidence: None,
            warnings: Vec::new(),
            touches: vec![touch],
        }],
    }
}

async fn job(target: &MemoryTarget, to: &str) -> Job {
    let plan = plan(target, to).await;
    let mut jobs = target.prepare(&plan, 0, 0).await.expect("jobs");
    jobs.pop().expect("one job")
}

fn watch() -> (Watch, mpsc::Receiver<Progress>) {
    let (sender, receiver) = mpsc::channel(10_000);
    (Watch::new(sender, CancellationToken::new()), receiver)
}

fn at(target: &MemoryTarget, name: &str) -> Option<SimContainer> {
    target.engine.with(|state| state.named(name).cloned())
}

#[tokio::test(start_paused = true)]
async fn forward_puts_the_new_version_in_place_and_parks_the_old_one() {
    let target = engine();
    let mut job = job(&target, "2").await;
    let (watch, mut told) = watch();
    for step in FORWARD.into_iter().chain([Step::Commit]) {
        target
            .carry_out(step, &mut job, &watch)
            .await
            .expect("a step");
    }
    assert_eq!(target.standing(&job).await, Ok(Standing::Committed));
    target
        .carry_out(Step::Unlock, &mut job, &watch)
        .await
        .expect("unlocked");
    let seen = target.observe().await.expect("an answer");
    assert!(seen.locks.is_empty());
    let [new] = seen.containers.as_slice() else {
        panic!("parked ones are not shown: {seen:?}");
    };
    assert_eq!((new.name.as_str(), new.health), ("web", Health::Healthy));
    assert_eq!(new.image_id, digest("id 2"));
    assert_eq!(
        new.deployed_by.as_ref().map(|event| &event.id),
        Some(&job.event.id)
    );
    let [run] = new.runs.as_slice() else {
        panic!("{:?}", new.runs);
    };
    assert_eq!(
        (run.health, &run.identity),
        (Health::Healthy, &digest("id 1"))
    );
    told.close();
    let mut lines = Vec::new();
    while let Some(told) = told.recv().await {
        if let Progress::Log(line) = told {
            lines.push(line);
        }
    }
    assert!(lines.iter().any(|line| line.contains("ready")), "{lines:?}");
    // Parked until the soak is over, and no longer.
    let parked = names_of(&target)
        .into_iter()
        .find(|name| name.contains("parked"));
    assert!(parked.is_some());
    let soon = start() + chrono::TimeDelta::minutes(5);
    assert_eq!(target.sweep(soon).await, Ok(Vec::new()));
    let later = start() + chrono::TimeDelta::minutes(15);
    assert_eq!(target.sweep(later).await.expect("swept").len(), 1);
    assert_eq!(names_of(&target), ["web"]);
}

fn names_of(target: &MemoryTarget) -> Vec<String> {
    target.engine.with(|state| {
        let names = state.containers.iter().map(|one| one.name.clone());
        names.collect()
    })
}

#[tokio::test(start_paused = true)]
async fn from_every_step_there_is_a_way_back() {
    for steps in 0..=FORWARD.len() {
        let target = engine();
        let mut job = job(&target, "2").await;
        let (watch, _told) = watch();
        for step in &FORWARD[..steps] {
            target
                .carry_out(*step, &mut job, &watch)
                .await
                .expect("a step");
        }
        if steps > 0 {
            // As another machine finds it: with nothing but what the lock holds.
            let found = target.cut_off().await.expect("an answer");
            job = found.into_iter().next().expect("the lock's job");
            target
                .relock(&mut job, Relock::TakeOver)
                .await
                .expect("ours");
        }
        let in_place = steps == FORWARD.len() || steps == FORWARD.len() - 1;
        let want = if in_place {
            Standing::InPlace
        } else {
            Standing::Halfway
        };
        assert_eq!(target.standing(&job).await, Ok(want), "{steps}");
        target.take_down(&mut job).await.expect("taken down");
        target.bring_back(&mut job).await.expect("brought back");
        target
            .carry_out(Step::Unlock, &mut job, &watch)
            .await
            .expect("unlocked");
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(names_of(&target), ["web"], "{steps}");
        let old = at(&target, "web").expect("the old one");
        assert_eq!(
            (old.id.as_str(), old.health()),
            ("old", Health::Healthy),
            "{steps}"
        );
        assert_eq!(old.body.policy, "unless-stopped", "{steps}");
        assert!(target.cut_off().await.expect("an answer").is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_bad_version_is_told_by_its_health_or_its_exit() {
    for (exits, want) in [
        (None, "the new web on one became unhealthy: schema is old"),
        (Some(78), "the new web on one exited with code 78"),
    ] {
        let target = engine();
        target.engine.lay_image(image("3", Some(bad(exits))));
        let mut job = job(&target, "3").await;
        let (watch, _told) = watch();
        let mut failed = None;
        for step in FORWARD {
            failed = target.carry_out(step, &mut job, &watch).await.err();
        }
        assert_eq!(failed.expect("a failure").to_string(), want);
        let words = target.take_down(&mut job).await.expect("its last words");
        assert!(
            words.iter().any(|line| line == "schema is old"),
            "{words:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn cancel_ends_a_stop_and_a_wait_at_once() {
    for (steps, late) in [(3, Duration::from_millis(500)), (7, Duration::from_secs(1))] {
        let target = engine();
        let mut job = job(&target, "2").await;
        let (watch, _told) = watch();
        for step in &FORWARD[..steps] {
            target
                .carry_out(*step, &mut job, &watch)
                .await
                .expect("a step");
        }
        let cancel = watch.cancel.clone();
        tokio::spawn(async move {
            tokio::time::sleep(late).await;
            cancel.cancel();
        });
        let begun = tokio::time::Instant::now();
        let ended = target.carry_out(FORWARD[steps], &mut job, &watch).await;
        assert_eq!(ended, Err(TargetError::Cancelled));
        assert!(begun.elapsed() <= late + Duration::from_millis(10));
    }
}

#[tokio::test(start_paused = true)]
async fn one_lock_a_container_and_who_holds_it_is_said() {
    let target = engine();
    let (watch, _told) = watch();
    let mut mine = job(&target, "2").await;
    let mut theirs = job(&target, "2").await;
    theirs.event.id = OperationId("fedcba9876543210".to_owned());
    theirs.event.who = "bob@desk".to_owned();
    target
        .carry_out(Step::Lock, &mut theirs, &watch)
        .await
        .expect("locked");
    let refused = target.carry_out(Step::Lock, &mut mine, &watch).await;
    let Err(TargetError::Locked { lock, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(lock.owner, "bob@desk");
    // Letting go of what was never held breaks nobody's lock.
    target
        .carry_out(Step::Unlock, &mut mine, &watch)
        .await
        .expect("nothing");
    assert_eq!(target.observe().await.expect("an answer").locks.len(), 1);
    let broken = target.break_lock("web").await.expect("an answer");
    assert_eq!(broken.map(|lock| lock.owner), Some("bob@desk".to_owned()));
    let lost = target.carry_out(Step::Create, &mut theirs, &watch).await;
    assert!(
        matches!(lost, Err(TargetError::LockLost { .. })),
        "{lost:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_broken_lock_leaves_is_found_and_put_back() {
    let target = engine();
    let mut broken = job(&target, "2").await;
    let (watch, _told) = watch();
    for step in &FORWARD[..5] {
        target
            .carry_out(*step, &mut broken, &watch)
            .await
            .expect("a step");
    }
    target.break_lock("web").await.expect("broken");
    let mut found = target.cut_off().await.expect("an answer");
    let mut stray = found.pop().expect("the stray");
    target
        .relock(&mut stray, Relock::Vanished)
        .await
        .expect("ours");
    target.take_down(&mut stray).await.expect("taken down");
    target.bring_back(&mut stray).await.expect("brought back");
    assert_eq!(names_of(&target), ["web"]);
    let old = at(&target, "web").expect("the old one");
    assert_eq!(
        (old.id.as_str(), old.body.policy.as_str()),
        ("old", "unless-stopped")
    );
}

#[tokio::test(start_paused = true)]
async fn a_plan_for_what_is_gone_by_now_is_refused() {
    let target = engine();
    let (watch, _told) = watch();
    let made = plan(&target, "2").await;
    let mut first = job(&target, "2").await;
    for step in FORWARD.into_iter().chain([Step::Commit, Step::Unlock]) {
        target
            .carry_out(step, &mut first, &watch)
            .await
            .expect("a step");
    }
    let moved = target.prepare(&made, 0, 0).await.err();
    assert!(
        matches!(moved, Some(TargetError::Moved { .. })),
        "{moved:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_pull_moves_only_what_is_missing() {
    let target = bare();
    target.engine.lay_image(image("1", None));
    target.engine.registry.push(image("2", None));
    let (watch, mut told) = watch();
    let reference = ImageRef {
        tag: None,
        ..frozen("2").reference()
    };
    let begun = tokio::time::Instant::now();
    target
        .pull(&reference, &watch, "web 2")
        .await
        .expect("pulled");
    // 5 MB at 1 MB/s: the base was there.
    assert_eq!(begun.elapsed().as_secs(), 5);
    assert!(told.recv().await.is_some());
    let id = target
        .locate(&frozen("2"))
        .await
        .expect("an answer")
        .expect("there");
    assert_eq!(target.tag_if_free(&id, &frozen("2")).await, Ok(None));
    let two = ImageRef::parse("reg.example/web:2").expect("a name");
    let tags = target
        .engine
        .with(|state| state.images[&id].local.tags.clone());
    assert_eq!(tags, [two]);
    let mut other = frozen("1");
    other.tag = Some("2".to_owned());
    let note = target
        .tag_if_free(&frozen("1").identity, &other)
        .await
        .expect("an answer");
    assert!(
        note.expect("a note")
            .contains("already names another image")
    );
}

#[tokio::test(start_paused = true)]
async fn an_export_is_taken_in_whole_or_not_at_all() {
    let (from, to) = (engine(), bare());
    let (watch, _told) = watch();
    let id = frozen("2").identity;
    let wrong = to
        .import(from.export(&id), &frozen("1"), None, &watch)
        .await;
    assert!(
        matches!(wrong, Err(TargetError::WrongImage { .. })),
        "{wrong:?}"
    );
    let cut = from.export(&id).take(3).collect::<Vec<_>>().await;
    let (sender, receiver) = mpsc::channel(8);
    for chunk in cut {
        sender.send(chunk).await.expect("room");
    }
    drop(sender);
    let half = to.import(receiver.into(), &frozen("2"), None, &watch).await;
    assert!(
        matches!(half, Err(TargetError::WrongImage { .. })),
        "{half:?}"
    );
    assert_eq!(to.locate(&frozen("2")).await, Ok(None));
    let whole = to
        .import(from.export(&id), &frozen("2"), None, &watch)
        .await;
    assert_eq!(whole, Ok(id.clone()));
    assert_eq!(to.locate(&frozen("2")).await, Ok(Some(id)));
}

#[tokio::test(start_paused = true)]
async fn every_change_is_told_and_a_lost_engine_too() {
    let target = engine();
    let mut changes = target.changes();
    assert_eq!(changes.next().await, Some(Ok(())));
    target.engine.set_health("web", Health::Unhealthy);
    assert_eq!(changes.next().await, Some(Ok(())));
    let seen = target.observe().await.expect("an answer");
    assert_eq!(seen.containers[0].health, Health::Unhealthy);
    target.engine.set_down(Some("no route".to_owned()));
    assert!(matches!(changes.next().await, Some(Err(_))));
    assert!(
        target
            .ping()
            .await
            .expect_err("down")
            .to_string()
            .contains("no route")
    );
}

#[tokio::test(start_paused = true)]
async fn a_log_grows_with_time_and_begins_anew_with_a_start() {
    let target = engine();
    let first = target.engine.log("web").expect("a log");
    assert!(
        first.len() > 100 && first.is_sorted_by_key(|(at, _)| *at),
        "{}",
        first.len()
    );
    tokio::time::sleep(Duration::from_secs(20)).await;
    let later = target.engine.log("web").expect("a log");
    let newest = first.last().expect("a line");
    assert!(later.contains(newest), "what was printed stays printed");
    assert!(later.last() > first.last());
    target.engine.crash("web", 1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(target.engine.log("web").map(|lines| lines.len()), Some(2));
    let details = target.details("web").await.expect("details");
    assert_eq!(
        target.observe().await.expect("an answer").containers[0].restarts,
        1
    );
    assert!(details.settings.iter().any(|one| one.value == "V=1"));
    assert_eq!(target.engine.log("nobody"), None);
    drop(Arc::clone(&target.engine));
}

#[tokio::test(start_paused = true)]
async fn a_log_is_followed_until_its_container_ends() {
    let target = engine();
    let engine = Arc::clone(target.engine());
    let all = engine.log("web").expect("it is there");
    assert!(all.len() > 2, "{all:?}");
    let text = |line: &LogLine| String::from_utf8_lossy(&line.bytes).into_owned();
    let read = |from, follow| {
        let lines = target.logs("web", LogsAsk { from, follow });
        lines.map(|line| line.expect("a line")).collect::<Vec<_>>()
    };
    let last = read(LogsFrom::Last(2), false).await;
    let wanted: Vec<&str> = all[all.len() - 2..]
        .iter()
        .map(|it| it.1.as_str())
        .collect();
    assert_eq!(last.iter().map(text).collect::<Vec<_>>(), wanted);
    let later = read(LogsFrom::After(all[0].0), false).await;
    assert_eq!(later.len(), all.iter().filter(|it| it.0 > all[0].0).count());
    let mut followed = target.logs(
        "web",
        LogsAsk {
            from: LogsFrom::Last(0),
            follow: true,
        },
    );
    let next = followed.next().await.expect("a new line").expect("a line");
    assert!(
        next.at.is_some_and(|at| at > all[all.len() - 1].0),
        "{next:?}"
    );
    let crashing = tokio::spawn(async move { engine.crash("web", 1).await });
    while let Some(line) = followed.next().await {
        line.expect("its last words");
    }
    crashing.await.expect("it crashed");
    let nobody = target.logs(
        "nobody",
        LogsAsk {
            from: LogsFrom::Last(1),
            follow: true,
        },
    );
    let said: Vec<_> = nobody.collect().await;
    assert!(
        matches!(said[..], [Err(TargetError::NoContainer { .. })]),
        "{said:?}"
    );
}
