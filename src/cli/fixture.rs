//! A small fleet for the tests of this room: skew, a dead engine, a lock, a hostile label.

use crate::model::event::{Event, Outcome, VersionMark};
use crate::model::fleet::{Fleet, Link};
use crate::model::observation::{Health, LockSeen};
use crate::model::plan::{OperationId, OperationKind};
use crate::model::project::{EnvironmentName, ImageName};
use crate::model::testing::{
    container, digest, engine, engines, environment, local, minute, project, run,
};
use crate::model::time::Span;

/// shop in dev and prod, with prod behind and something to go back to; a sidecar in dev
/// whose name is an attack; the engine of staging is dead.
pub(crate) fn fleet() -> Fleet {
    let [zero, one, two] = ["0", "1", "2"].map(|n| local(n, &[&format!("shop:1.4.{n}")]));
    let mut web = container("web", "shop:1.4.1", "1");
    web.runs = vec![run("0", -60), run("lost", -200)];
    let mut second = container("web-2", "shop:1.4.1", "1");
    second.health = Health::Unhealthy;
    let mut hostile = local("h", &["side:1"]);
    hostile.labels.insert(
        "org.opencontainers.image.version".to_owned(),
        "9".to_owned(),
    );
    hostile.tags.clear();
    let (staging, mut dead) = engine("staging", vec![], vec![]);
    dead.last = None;
    dead.link = Link::Down {
        error: "no answer within 5 s\u{1b}[31m".to_owned(),
        since: minute(-3),
        retry_at: Some(minute(1)),
    };
    let (prod, mut prod_state) = engine("prod", vec![zero.clone(), one], vec![web, second]);
    if let Some(last) = &mut prod_state.last {
        last.locks.push(LockSeen {
            container: "web".to_owned(),
            operation: OperationId("00c0ffee00c0ffee".to_owned()),
            summary: "roll back shop in prod to 1.4.0".to_owned(),
            owner: "ann@laptop".to_owned(),
            since: minute(-2),
        });
    }
    let all = engines([
        engine(
            "dev",
            vec![zero, two, hostile],
            vec![
                container("web", "shop:1.4.2", "2"),
                container("side", "side:1", "h"),
            ],
        ),
        (staging, dead),
        (prod, prod_state),
    ]);
    let mut environments = vec![
        environment("dev"),
        environment("staging"),
        environment("prod"),
    ];
    environments[2].protected = true;
    environments[2].after = Some(EnvironmentName::from("dev"));
    Fleet::assemble(&project(environments), &all, minute(0))
}

/// Two events, oldest first.
pub(crate) fn events() -> Vec<Event> {
    let mark = |id: &str| VersionMark {
        version: Some(format!("1.4.{id}")),
        digest: Some(digest(id)),
    };
    let done = Event {
        id: OperationId("00c0ffee00c0ffee".to_owned()),
        time: minute(0),
        who: "ann@laptop".to_owned(),
        operation: OperationKind::Rollback,
        heading: crate::model::plan::Heading::Back,
        from_environment: None,
        image: ImageName::from("shop"),
        environment: Some(EnvironmentName::from("prod")),
        from: Some(mark("2")),
        to: Some(mark("1")),
        reason: Some("checkout broken\nbadly".to_owned()),
        outcome: Outcome::Done,
        duration: Some(Span::seconds(12)),
        error: None,
        log: Vec::new(),
    };
    let failed = Event {
        time: minute(30),
        operation: OperationKind::Promote,
        heading: crate::model::plan::Heading::Back,
        from_environment: None,
        from: None,
        to: Some(VersionMark {
            version: None,
            digest: Some(digest("2")),
        }),
        reason: None,
        outcome: Outcome::Undone,
        duration: None,
        error: Some("web on prod became unhealthy".to_owned()),
        log: (1..=12).map(|n| format!("line {n}\u{1b}[1m")).collect(),
        ..done.clone()
    };
    vec![done, failed]
}
