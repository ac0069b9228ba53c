//! The operator on the demo: everything the interface can ask for, failures included.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::super::recovering::recover;
use super::*;
use crate::model::digest::Digest;
use crate::model::event::Outcome;
use crate::model::fleet::{Cell, Engines};
use crate::model::known_good::Objection;
use crate::model::observation::Health;
use crate::model::plan::{Obtain, OperationKind, Plan};
use crate::model::progress::{BuildState, Progress, Report, StepState};
use crate::model::project::ImageName;
use crate::model::rebuild::RebuildPlan;
use crate::model::skew::SkewKind;
use crate::model::step::{BackStep, Step};
use crate::observe::{Pace, gather, live};
use crate::operate::planning::{DeployAsk, Pick};
use crate::operate::rebuild::RebuildAsk;
use crate::operate::recover::{Doubt, Way};
use crate::operate::{Refusal, unwatched};
use crate::store::Filter;
use crate::target::Watch;

fn room() -> Showroom {
    Showroom::open(SEED, 1).expect("a demo")
}

async fn fleet(room: &Showroom) -> Fleet {
    let engines = gather(&room.targets, &Engines::new(), room.clock).await;
    Fleet::assemble(&room.project, &engines, room.clock.now())
}

fn cell<'a>(fleet: &'a Fleet, image: &str, place: &str) -> &'a Cell {
    let (image, place) = (ImageName::from(image), EnvironmentName::from(place));
    fleet.cell(&image, &place).expect("a cell")
}

/// The version that runs, and how.
async fn runs(room: &Showroom, image: &str, place: &str) -> (String, Health) {
    let fleet = fleet(room).await;
    let deployment = cell(&fleet, image, place)
        .deployment
        .as_ref()
        .expect("it runs");
    (deployment.version.clone(), deployment.health)
}

fn healthy(version: &str) -> (String, Health) {
    (version.to_owned(), Health::Healthy)
}

async fn plan(room: &Showroom, images: &[&str], place: &str, pick: Pick) -> Result<Plan, Refusal> {
    let kind = match pick {
        Pick::From(_) => OperationKind::Promote,
        _ => OperationKind::Rollback,
    };
    let ask = DeployAsk {
        kind,
        images: images.iter().map(|image| ImageName::from(*image)).collect(),
        environment: EnvironmentName::from(place),
        pick,
        reason: None,
        accept_no_rollback: false,
    };
    let fleet = fleet(room).await;
    room.operator.plan(&fleet, &ask, room.clock.now()).await
}

/// Runs a plan; `cancel_at` says at which progress it is cancelled.
async fn run(
    room: &Showroom,
    plan: &Plan,
    cancel_at: impl Fn(&Progress) -> bool,
) -> (Report, Vec<Progress>) {
    let (sender, mut receiver) = mpsc::channel(64);
    let watch = Watch::new(sender, CancellationToken::new());
    let cancel = watch.cancel.clone();
    let running = async move { room.operator.run(plan, &{ watch }).await };
    let hearing = async move {
        let mut told = Vec::new();
        while let Some(progress) = receiver.recv().await {
            if cancel_at(&progress) {
                cancel.cancel();
            }
            told.push(progress);
        }
        told
    };
    tokio::join!(running, hearing)
}

async fn carry_out(room: &Showroom, plan: &Plan) -> (Report, Vec<Progress>) {
    run(room, plan, |_| false).await
}

fn rebuild_of(image: &str) -> RebuildAsk {
    RebuildAsk {
        image: ImageName::from(image),
        version: None,
        no_cache: false,
        pull: false,
        build_args: Default::default(),
        engine: None,
        reason: None,
        who: "ann@laptop".to_owned(),
    }
}

async fn plan_rebuild(room: &Showroom, ask: &RebuildAsk) -> RebuildPlan {
    let fleet = fleet(room).await;
    room.operator
        .plan_rebuild(&fleet, &room.project, ask)
        .expect("a plan")
}

async fn build(room: &Showroom, plan: &RebuildPlan) -> (Report, Vec<Progress>) {
    let (sender, mut receiver) = mpsc::channel(1_000);
    let watch = Watch::new(sender, CancellationToken::new());
    let report = room.operator.rebuild(plan, &watch).await;
    receiver.close();
    let mut told = Vec::new();
    while let Some(progress) = receiver.recv().await {
        told.push(progress);
    }
    (report, told)
}

#[tokio::test(start_paused = true)]
async fn there_is_something_of_everything() {
    let room = room();
    let fleet = fleet(&room).await;
    assert!((8..=10).contains(&fleet.rows.len()));
    assert_eq!(fleet.environments.len(), 5);
    let cells = || fleet.rows.iter().flat_map(|row| &row.cells);
    let kinds: BTreeSet<SkewKind> = cells()
        .flat_map(|cell| &cell.skew)
        .map(|skew| skew.kind)
        .collect();
    let all = [
        SkewKind::BehindNewest,
        SkewKind::BehindUpstream,
        SkewKind::AheadOfUpstream,
        SkewKind::MixedDigests,
        SkewKind::MovedTag,
        SkewKind::ContestedLabel,
        SkewKind::NotInVersions,
    ];
    assert_eq!(kinds, all.into());
    let health = |image, place| {
        let found = cell(&fleet, image, place).deployment.as_ref();
        found.map(|deployment| deployment.health)
    };
    assert_eq!(health("search", "canary"), Some(Health::Unhealthy));
    assert_eq!(health("worker", "prod"), Some(Health::NoCheck));
    assert_eq!(health("notify", "prod"), None);
    let worker = cell(&fleet, "worker", "staging").deployment.as_ref();
    let restarts = worker.map(|deployment| deployment.replicas[0].container.restarts);
    assert_eq!(restarts, Some(7));
    let owners = |image, place| cell(&fleet, image, place).locks[0].1.owner.clone();
    assert_eq!(owners("auth", "staging"), life::BUSY);
    assert_eq!(owners("gateway", "canary"), life::GONE);
    assert_eq!(
        cell(&fleet, "auth", "dr").errors.len(),
        1,
        "an engine is down"
    );
    let prod = fleet
        .environments
        .iter()
        .find(|one| one.name.as_str() == "prod");
    assert!(prod.is_some_and(|prod| prod.protected));
    assert!(fleet.environments.iter().any(|one| one.read_only));
}

#[tokio::test(start_paused = true)]
async fn known_good_passes_over_what_does_not_count() {
    let room = room();
    let fleet = fleet(&room).await;
    let of = |image| {
        cell(&fleet, image, "prod")
            .known_good
            .clone()
            .expect("a verdict")
    };
    let version = |run: &crate::model::run::Run| run.version.clone().unwrap_or_default();
    let auth = of("auth");
    assert_eq!(auth.choice.as_ref().map(version), Some("2.3.8".to_owned()));
    let why: BTreeSet<_> = auth.passed_over.iter().map(|one| one.why.words()).collect();
    for objection in [
        Objection::TooShort,
        Objection::NotHealthy,
        Objection::Restarted,
    ] {
        assert!(why.contains(objection.words()), "{why:?}");
    }
    let web = of("shop-web");
    assert_eq!(web.choice.as_ref().map(version), Some("1.4.0".to_owned()));
    let left = web
        .passed_over
        .iter()
        .find(|one| one.why == Objection::LeftBehind);
    assert_eq!(left.map(|one| version(&one.run)), Some("1.5.0".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn the_history_has_good_and_bad_ends() {
    let room = room();
    let events = room.store.events(&Filter::default()).expect("events");
    let outcomes = [
        (OperationKind::Rebuild, Outcome::Failed),
        (OperationKind::Rebuild, Outcome::Done),
        (OperationKind::Promote, Outcome::Undone),
        (OperationKind::Promote, Outcome::Cancelled),
        (OperationKind::Promote, Outcome::Locked),
        (OperationKind::Rollback, Outcome::Done),
    ];
    for (kind, outcome) in outcomes {
        let there = events
            .iter()
            .any(|event| event.operation == kind && event.outcome == outcome);
        assert!(there, "{kind:?} {outcome:?}");
    }
    assert!(events.iter().all(|event| event.time < start()));
    let undone = events.iter().find(|event| event.outcome == Outcome::Undone);
    assert!(undone.is_some_and(|event| event.log.iter().any(|line| line.contains("schema"))));
}

/// What a fleet shows, without the random names of operations.
fn shown(fleet: &Fleet) -> Vec<String> {
    let rows = fleet.rows.iter().flat_map(|row| {
        row.cells
            .iter()
            .zip(&fleet.environments)
            .map(|(cell, place)| {
                let of = |replica: &crate::model::fleet::Replica| {
                    let container = &replica.container;
                    format!(
                        "{} {} {:?} {}",
                        replica.identity, replica.version, container.health, container.restarts
                    )
                };
                let replicas = cell.deployment.iter().flat_map(|all| &all.replicas);
                let replicas: Vec<String> = replicas.map(of).collect();
                format!("{} {} {replicas:?}", row.image.name, place.name)
            })
    });
    rows.collect()
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_is_the_same_fleet_and_another_is_another() {
    let first = |seed| async move {
        let room = Showroom::open(seed, 1).expect("a demo");
        let engines = gather(&room.targets, &Engines::new(), room.clock).await;
        let events = room.store.events(&Filter::default()).expect("events");
        (engines, events, (*room.project).clone())
    };
    let one = first(SEED).await;
    assert_eq!(one, first(SEED).await);
    for other in [1, 2, 3] {
        let other = first(other).await;
        assert_ne!(one.0, other.0);
        assert_ne!(one.1, other.1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_is_the_same_hour() {
    let hour = || async {
        let room = Showroom::open(SEED, 60).expect("a demo");
        let live = live(
            &room.project,
            &room.targets,
            &Engines::new(),
            Pace::default(),
            room.clock,
        );
        let _story = room.live(&live.fleet);
        let mut seen = vec![shown(&fleet(&room).await)];
        for _ in 0..6 {
            room.clock.sleep(Duration::from_secs(600)).await;
            seen.push(shown(&fleet(&room).await));
        }
        assert!(room.clock.now() - start() > chrono::TimeDelta::minutes(59));
        seen
    };
    let first = hour().await;
    assert!(
        first.windows(2).all(|pair| pair[0] != pair[1]),
        "something happens"
    );
    assert_eq!(first, hour().await);
}

#[tokio::test(start_paused = true)]
async fn after_its_hour_the_story_rests() {
    let room = Showroom::open(SEED, 60).expect("a demo");
    let live = live(
        &room.project,
        &room.targets,
        &Engines::new(),
        Pace::default(),
        room.clock,
    );
    let mut story = room.live(&live.fleet);
    // What was begun within the hour may take some minutes more.
    room.clock
        .sleep(life::STORY + Duration::from_secs(900))
        .await;
    while let Some(ended) = story.try_join_next() {
        ended.expect("no part of it breaks");
    }
    assert!(story.is_empty(), "{} parts go on", story.len());
    let then = shown(&fleet(&room).await);
    room.clock.sleep(Duration::from_secs(3 * 3_600)).await;
    assert_eq!(then, shown(&fleet(&room).await));
}

#[tokio::test(start_paused = true)]
async fn somebody_else_works_there_and_the_fleet_follows() {
    let room = room();
    let live = live(
        &room.project,
        &room.targets,
        &Engines::new(),
        Pace::default(),
        room.clock,
    );
    let _story = room.live(&live.fleet);
    tokio::time::sleep(Duration::from_secs(150)).await;
    let fleet = live.fleet.borrow().clone();
    let auth = cell(&fleet, "auth", "staging");
    assert!(auth.locks.is_empty());
    let deployment = auth.deployment.as_ref().expect("it runs");
    assert_eq!(deployment.version, "2.4.1");
    let by = deployment.replicas[0].container.deployed_by.as_ref();
    assert_eq!(by.map(|event| event.who.as_str()), Some(life::BUSY));
    let worker = cell(&fleet, "worker", "staging").deployment.as_ref();
    assert!(worker.is_some_and(|worker| worker.replicas[0].container.restarts > 7));
}

#[tokio::test(start_paused = true)]
async fn rolling_prod_back_walks_back() {
    let room = room();
    for version in ["1.4.0", "1.3.2"] {
        let plan = plan(&room, &["shop-web"], "prod", Pick::KnownGood)
            .await
            .expect("a plan");
        assert!(plan.protected);
        assert_eq!(plan.moves[0].touches.len(), 2, "both engines");
        let (report, _) = carry_out(&room, &plan).await;
        assert_eq!(report.outcome, Outcome::Done, "{report:?}");
        assert_eq!(runs(&room, "shop-web", "prod").await, healthy(version));
        // Long enough to count; what is parked is swept by the next.
        room.clock.sleep(Duration::from_secs(2_000)).await;
    }
    let none = plan(&room, &["shop-web"], "prod", Pick::KnownGood).await;
    assert!(
        matches!(none, Err(Refusal::NothingToRollBackTo { .. })),
        "{none:?}"
    );
    // By name anything can be had, also what was left behind; and it is said.
    let named = plan(
        &room,
        &["shop-web"],
        "prod",
        Pick::Named("1.5.0".to_owned()),
    )
    .await
    .expect("a plan");
    assert!(
        named.moves[0]
            .warnings
            .iter()
            .any(|one| one.contains("left 1.5.0 behind"))
    );
    assert_eq!(carry_out(&room, &named).await.0.outcome, Outcome::Done);
    let events = room.store.events(&Filter::default()).expect("events");
    assert_eq!(
        events[0].to.as_ref().and_then(|to| to.version.clone()),
        Some("1.5.0".into())
    );
}

fn bytes(told: &[Progress]) -> Vec<u64> {
    let figures = told.iter().filter_map(|one| match one {
        Progress::Bytes { done, .. } => Some(done.0),
        _ => None,
    });
    figures.collect()
}

#[tokio::test(start_paused = true)]
async fn a_promotion_pulls_from_the_registry_or_streams_from_an_engine() {
    let room = room();
    for (image, place, version, health) in [
        ("shop-api", "staging", "2.9.0", Health::Healthy),
        ("worker", "canary", "1.9.0", Health::NoCheck),
    ] {
        let plan = plan(&room, &[image], place, Pick::From(None))
            .await
            .expect("a plan");
        let obtain = &plan.moves[0].touches[0].obtain;
        match image {
            "worker" => assert!(matches!(obtain, Obtain::Stream { .. }), "{obtain:?}"),
            _ => assert!(matches!(obtain, Obtain::Pull { .. }), "{obtain:?}"),
        }
        let (report, told) = carry_out(&room, &plan).await;
        assert_eq!(report.outcome, Outcome::Done, "{report:?}");
        let figures = bytes(&told);
        assert!(figures.len() > 5 && figures.is_sorted(), "{figures:?}");
        assert!(
            report.duration.0 > Duration::from_secs(3),
            "{}",
            report.duration
        );
        assert_eq!(
            runs(&room, image, place).await,
            (version.to_owned(), health)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn everything_is_promoted_at_once_or_not_at_all() {
    let room = room();
    let all = plan(&room, &[], "prod", Pick::From(None))
        .await
        .expect("a plan");
    assert!(all.moves.len() > 3);
    let (report, _) = carry_out(&room, &all).await;
    assert_eq!(report.outcome, Outcome::Done, "{report:?}");
    assert_eq!(runs(&room, "shop-web", "prod").await, healthy("1.5.0"));
    assert_eq!(runs(&room, "search", "prod").await, healthy("2026.11.3"));
    assert_eq!(runs(&room, "reports", "prod").await, healthy("4.1.0"));

    let images = ["shop-api", "shop-web", "notify"];
    let before = shown(&fleet(&room).await);
    let some = plan(&room, &images, "staging", Pick::From(None))
        .await
        .expect("a plan");
    let (report, _) = carry_out(&room, &some).await;
    assert_eq!(report.outcome, Outcome::Undone, "{report:?}");
    assert!(
        report
            .error
            .is_some_and(|error| error.contains("exited with code 78"))
    );
    room.clock.sleep(Duration::from_secs(10)).await;
    assert_eq!(shown(&fleet(&room).await), before);
}

#[tokio::test(start_paused = true)]
async fn the_promotion_that_fails_is_undone() {
    let room = room();
    let before = shown(&fleet(&room).await);
    let plan = plan(&room, &["payments"], "canary", Pick::From(None))
        .await
        .expect("a plan");
    let (report, told) = carry_out(&room, &plan).await;
    assert_eq!(report.outcome, Outcome::Undone);
    let error = report.error.expect("why");
    assert!(
        error.contains("became unhealthy: ERROR the database schema is 41"),
        "{error}"
    );
    assert!(
        report.events[0]
            .log
            .iter()
            .any(|line| line.contains("schema"))
    );
    assert!(
        told.iter()
            .any(|one| matches!(one, Progress::Undoing { .. }))
    );
    let back: Vec<BackStep> = told
        .iter()
        .filter_map(|one| match one {
            Progress::Back {
                step,
                state: StepState::Done(_),
                ..
            } => Some(*step),
            _ => None,
        })
        .collect();
    assert_eq!(back, [BackStep::TakeDown, BackStep::BringBack]);
    room.clock.sleep(Duration::from_secs(10)).await;
    assert_eq!(shown(&fleet(&room).await), before);
    let events = room.store.events(&Filter::default()).expect("events");
    assert_eq!(
        (&events[0].id, events[0].outcome),
        (&report.id, Outcome::Undone)
    );
}

#[tokio::test(start_paused = true)]
async fn cancel_puts_everything_back_wherever_it_comes() {
    let step = |wanted: Step| move |one: &Progress| matches!(one, Progress::Step { step, state: StepState::Started, .. } if *step == wanted);
    for wanted in [Step::Obtain, Step::Stop, Step::Adopt, Step::AwaitHealth] {
        let room = room();
        let before = shown(&fleet(&room).await);
        let plan = plan(&room, &["shop-api"], "staging", Pick::From(None))
            .await
            .expect("a plan");
        let (report, _) = run(&room, &plan, step(wanted)).await;
        assert_eq!(report.outcome, Outcome::Cancelled, "{wanted:?}: {report:?}");
        assert!(
            report.duration.0 < Duration::from_secs(12),
            "{}",
            report.duration
        );
        room.clock.sleep(Duration::from_secs(10)).await;
        assert_eq!(shown(&fleet(&room).await), before, "{wanted:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_cut_off_is_recovered_and_what_may_still_run_is_not() {
    let room = room();
    assert_eq!(runs(&room, "gateway", "canary").await.1, Health::NotRunning);
    let survey = room.operator.survey(Doubt::Wait).await;
    assert_eq!(survey.away.len(), 1, "one engine is down");
    assert_eq!(survey.cut_off.len(), 2);
    for cut in survey.cut_off {
        let busy = cut.seen.owner == life::BUSY;
        assert_eq!(matches!(cut.way, Way::MayRun { .. }), busy);
        if !busy {
            assert_eq!(cut.way, Way::Undo);
            let report = room.operator.settle(cut, &unwatched()).await;
            assert_eq!(report.outcome, Outcome::Undone, "{report:?}");
        }
    }
    room.clock.sleep(Duration::from_secs(10)).await;
    assert_eq!(runs(&room, "gateway", "canary").await, healthy("5.0.2"));
    let fleet = fleet(&room).await;
    assert!(cell(&fleet, "gateway", "canary").locks.is_empty());
    // Now it can go on.
    let again = plan(&room, &["gateway"], "canary", Pick::From(None))
        .await
        .expect("a plan");
    assert_eq!(carry_out(&room, &again).await.0.outcome, Outcome::Done);
}

#[tokio::test(start_paused = true)]
async fn only_what_was_shown_is_recovered_and_nothing_that_is_read_only() {
    let room = room();
    let survey = room.operator.survey(Doubt::Wait).await;
    let gone = survey
        .cut_off
        .iter()
        .find(|cut| cut.seen.owner == life::GONE);
    let gone = gone.expect("somebody is gone").seen.operation.clone();
    let locked = || async { cell(&fleet(&room).await, "gateway", "canary").locks.len() };
    // It was not on the screen.
    let other = crate::model::plan::OperationId("another".to_owned());
    let none = recover(&room.operator, &room.project, &[other]).await;
    assert!(none.settled.is_empty(), "{none:?}");
    assert_eq!(locked().await, 1);
    // It is, but its environment is read-only.
    let mut closed = (*room.project).clone();
    for environment in &mut closed.environments {
        environment.read_only = environment.name.as_str() == "canary";
    }
    let left = recover(&room.operator, &closed, std::slice::from_ref(&gone)).await;
    assert!(left.settled.is_empty(), "{left:?}");
    assert!(
        left.left[0].sentence.contains("canary is read-only"),
        "{left:?}"
    );
    assert_eq!(locked().await, 1);
    // What is left of it is the same operation, which can be settled where that is allowed.
    let done = recover(&room.operator, &room.project, &[gone]).await;
    assert_eq!(done.settled.len(), 1, "{done:?}");
    assert_eq!(
        done.settled[0].subject().as_deref(),
        Some("gateway in canary")
    );
    assert_eq!(locked().await, 0);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_has_locked_is_left_alone() {
    let room = room();
    let plan = plan(&room, &["auth"], "staging", Pick::From(None))
        .await
        .expect("a plan");
    assert!(
        plan.moves[0]
            .warnings
            .iter()
            .any(|one| one.contains("locked by sam@ops-2"))
    );
    let (report, _) = carry_out(&room, &plan).await;
    assert_eq!(report.outcome, Outcome::Locked);
    assert!(report.error.is_some_and(|error| error.contains(life::BUSY)));
    assert_eq!(runs(&room, "auth", "staging").await, healthy("2.4.0"));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_done_is_refused_in_words() {
    let room = room();
    let refused = |image: &'static str, place: &'static str, pick| {
        let room = &room;
        async move {
            plan(room, &[image], place, pick)
                .await
                .expect_err("a refusal")
        }
    };
    let read_only = refused("shop-api", "dr", Pick::KnownGood).await;
    assert!(matches!(read_only, Refusal::ReadOnly { .. }), "{read_only}");
    let nowhere = refused("notify", "canary", Pick::From(None)).await;
    assert!(matches!(nowhere, Refusal::NothingRuns { .. }), "{nowhere}");
    assert!(
        nowhere
            .to_string()
            .contains("docker -H ssh://deploy@canary run")
    );
}

#[tokio::test(start_paused = true)]
async fn a_rebuild_makes_a_version_that_can_be_deployed() {
    let room = room();
    let plan_of = plan_rebuild(&room, &rebuild_of("shop-web")).await;
    assert_eq!(plan_of.version.0, "1.6.0-rc.2");
    let (report, told) = build(&room, &plan_of).await;
    assert_eq!(report.outcome, Outcome::Done, "{report:?}");
    let states: Vec<&BuildState> = told
        .iter()
        .filter_map(|one| match one {
            Progress::Build(step) => Some(&step.state),
            _ => None,
        })
        .collect();
    assert!(states.contains(&&BuildState::Cached), "{states:?}");
    assert!(
        states
            .iter()
            .any(|state| matches!(state, BuildState::Done(_)))
    );
    assert!(
        told.iter()
            .any(|one| matches!(one, Progress::Log(line) if line.contains("Compiling")))
    );
    let to = Pick::Named("1.6.0-rc.2".to_owned());
    for place in ["dev", "staging"] {
        let plan = plan(&room, &["shop-web"], place, to.clone())
            .await
            .expect("a plan");
        let (report, _) = carry_out(&room, &plan).await;
        assert_eq!(report.outcome, Outcome::Done, "{report:?}");
        assert_eq!(runs(&room, "shop-web", place).await, healthy("1.6.0-rc.2"));
    }
    // Without the cache every step runs.
    let anew = RebuildAsk {
        no_cache: true,
        ..rebuild_of("shop-web")
    };
    let plan_of = plan_rebuild(&room, &anew).await;
    let (_, told) = build(&room, &plan_of).await;
    let cached =
        |one: &Progress| matches!(one, Progress::Build(step) if step.state == BuildState::Cached);
    assert!(!told.iter().any(cached));
}

#[tokio::test(start_paused = true)]
async fn one_recipe_cannot_be_built_however_often() {
    let room = room();
    for _ in 0..2 {
        let plan_of = plan_rebuild(&room, &rebuild_of("reports")).await;
        let (report, _) = build(&room, &plan_of).await;
        assert_eq!(report.outcome, Outcome::Failed);
        let error = report.error.expect("why");
        assert!(
            error.contains("cargo test") && error.contains("exit code: 101"),
            "{error}"
        );
        let log = &report.events[0].log;
        assert!(log.iter().any(|line| line.contains("FAILED")), "{log:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_build_leaves_nothing() {
    let room = room();
    let plan_of = plan_rebuild(&room, &rebuild_of("shop-api")).await;
    let watch = unwatched();
    let cancel = watch.cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(2)).await;
        cancel.cancel();
    });
    let report = room.operator.rebuild(&plan_of, &watch).await;
    assert_eq!(report.outcome, Outcome::Cancelled);
    assert!(
        report.duration.0 < Duration::from_millis(2_100),
        "{}",
        report.duration
    );
    let fleet = fleet(&room).await;
    let row = fleet.row(&ImageName::from("shop-api")).expect("a row");
    let known = row.catalog.versions.iter().map(|version| &version.identity);
    let known: Vec<&Digest> = known.collect();
    assert_eq!(known.len(), 4, "{known:?}");
    assert!(room.engine("context:workshop").log("shop-api").is_some());
}

/// What a shell finds is what the anatomy shows: the layers, one over the other.
#[tokio::test(start_paused = true)]
async fn inside_every_container_is_what_its_image_is_made_of() {
    let room = room();
    let fleet = fleet(&room).await;
    let mut looked_at = 0;
    for row in &fleet.rows {
        let deployments = row.cells.iter().filter_map(|cell| cell.deployment.as_ref());
        for replica in deployments.flat_map(|deployment| &deployment.replicas) {
            let interior = room.anatomies.interior(&replica.container.image_id);
            let files = interior.expect("it is known").files;
            let program = format!("/srv/app/bin/{}", row.image.name);
            let program = files.get(&program).expect("what it runs");
            assert_eq!((program.owner.as_str(), program.mode), ("app", 0o755));
            let system = files.get("/etc/os-release").expect("a system");
            let text = system.text.as_ref().expect("a text");
            assert!(text.contains("ID=debian"), "{text}");
            // It belongs to somebody else since a later layer, and still says the same.
            let limits = files.get("/srv/app/config/limits.toml").expect("a file");
            assert_eq!(limits.owner, "app");
            assert!(limits.text.is_some());
            // Removed by a later layer.
            let gone = |path: &&String| path.starts_with("/srv/app/target/");
            assert_eq!(files.keys().find(gone), None);
            looked_at += 1;
        }
    }
    assert!(looked_at > 30, "{looked_at}");
}
