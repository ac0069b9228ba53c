//! A fleet worth looking at, made by hand, at a fixed time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;

use crate::config::Preferences;
use crate::model::bytes::Bytes;
use crate::model::catalog::{Catalog, Digests, Held, Version};
use crate::model::details::{ChangeKind, Details, FileChange, HealthEntry, Origin, Setting};
use crate::model::digest::Digest;
use crate::model::event::{Event, Outcome, VersionMark};
use crate::model::fleet::{Cell, Deployment, EngineError, EngineState, Fleet, Link, Replica, Row};
use crate::model::known_good::{Objection, PassedOver, Verdict};
use crate::model::layer_rules::LayerRules;
use crate::model::log::{LogLine, Pipe, Said, Saying};
use crate::model::observation::{Container, EngineFacts, Health, LockSeen, Observation};
use crate::model::plan::{Frozen, Move, Obtain, OperationId, OperationKind, Plan, Touch};
use crate::model::project::{
    EngineName, Environment, EnvironmentName, Image, ImageName, Recipe, Selector, Source,
};
use crate::model::publish::PublishPlan;
use crate::model::rebuild::RebuildPlan;
use crate::model::reference::Repository;
use crate::model::run::Run;
use crate::model::skew::{Skew, SkewKind};
use crate::model::step::Course;
use crate::model::time::{Span, Timestamp};
use crate::model::version::{Scheme, VersionLabel};
use crate::tui::effect::{Confirmed, Request, Wanted};
use crate::tui::state::{Home, Layout, State};
use crate::tui::theme::Theme;
use crate::tui::update::refresh;

/// Sunday, three in the morning.
pub(super) fn now() -> Timestamp {
    "2026-11-22T03:00:00Z".parse().expect("a time")
}

pub(super) fn ago(seconds: i64) -> Timestamp {
    now() - TimeDelta::seconds(seconds)
}

pub(super) const MINUTE: i64 = 60;
pub(super) const HOUR: i64 = 3_600;
pub(super) const DAY: i64 = 86_400;

/// The identity of an image's version: the same text gives the same digest.
pub(super) fn identity(image: &str, version: &str) -> Digest {
    Digest::of(format!("{image} {version}").as_bytes())
}

fn environment(name: &str, engines: &[&str], protected: bool) -> Environment {
    Environment {
        name: name.into(),
        engines: engines.iter().map(|it| EngineName::from(*it)).collect(),
        selector: Selector::All,
        protected,
        read_only: false,
        soak: Span::seconds(600),
        after: None,
        channel: None,
    }
}

pub(super) fn environments() -> Vec<Environment> {
    vec![
        environment("dev", &["context:default"], false),
        environment("test", &["context:default"], false),
        environment("staging", &["ssh://deploy@staging-1"], false),
        environment(
            "prod",
            &["ssh://deploy@prod-1", "ssh://deploy@prod-2"],
            true,
        ),
    ]
}

pub(super) fn engine(name: &str, link: Link) -> (EngineName, EngineState) {
    let last = Observation {
        engine: name.into(),
        at: ago(3 * MINUTE),
        facts: EngineFacts::default(),
        containers: Vec::new(),
        images: Vec::new(),
        locks: Vec::new(),
        parked: Vec::new(),
        unread: Vec::new(),
        images_in_all: None,
    };
    (
        name.into(),
        EngineState {
            last: Some(last),
            link,
        },
    )
}

pub(super) fn run(image: &str, version: &str, from: i64, until: i64) -> Run {
    Run {
        reference: format!("{image}:{version}"),
        version: Some(version.to_owned()),
        image_id: identity(image, version),
        identity: identity(image, version),
        since: ago(from),
        until: ago(until),
        restarts: 0,
        health: Health::Healthy,
        of: Course::Container,
        ended_by: OperationKind::Promote,
        heading: crate::model::plan::Heading::Back,
        operation: OperationId("0011223344556677".into()),
        who: "mara@laptop".into(),
        reason: None,
        followed_by: String::new(),
        followed_by_identity: None,
        base: None,
    }
}

pub(super) fn replica(
    engine: &str,
    name: &str,
    (image, version): (&str, &str),
    health: Health,
    since: i64,
) -> Replica {
    let id = Digest::of(format!("{engine} {name} {version}").as_bytes());
    Replica {
        engine: engine.into(),
        container: Container {
            id: id.short().to_owned(),
            name: name.into(),
            image: format!("{image}:{version}"),
            recorded: None,
            image_id: identity(image, version),
            labels: BTreeMap::new(),
            health,
            restarts: 0,
            created: ago(since),
            started: (health != Health::NotRunning).then(|| ago(since)),
            runs: Vec::new(),
            deployed_by: None,
        },
        identity: identity(image, version),
        version: version.into(),
    }
}

pub(super) fn cell(replicas: Vec<Replica>) -> Cell {
    let mut identities: Vec<Digest> = Vec::new();
    for one in &replicas {
        if !identities.contains(&one.identity) {
            identities.push(one.identity.clone());
        }
    }
    let first = replicas.first().expect("a replica");
    Cell {
        deployment: Some(Deployment {
            version: first.version.clone(),
            health: replicas
                .iter()
                .map(|one| one.container.health)
                .max()
                .expect("a replica"),
            since: replicas
                .iter()
                .filter_map(|one| one.container.started)
                .max(),
            identities,
            replicas,
        }),
        known_good: Some(Verdict {
            choice: None,
            passed_over: Vec::new(),
        }),
        ..Cell::default()
    }
}

fn skewed(mut cell: Cell, skew: &[(SkewKind, &str)]) -> Cell {
    cell.skew = skew
        .iter()
        .map(|(kind, text)| Skew {
            kind: *kind,
            text: (*text).to_owned(),
        })
        .collect();
    cell
}

fn version(image: &str, label: &str, built: i64, size: u64) -> Version {
    Version {
        label: Some(VersionLabel(label.into())),
        identity: identity(image, label),
        content: identity(image, &format!("{label} content")),
        tags: vec![label.to_owned()],
        digests: Digests {
            index: None,
            manifest: Some(identity(image, &format!("{label} manifest"))),
            config: Some(identity(image, label)),
        },
        created: Some(ago(built)),
        size: Some(Bytes(size)),
        platform: "linux/amd64".into(),
        on_engines: vec![Held {
            engine: "context:default".into(),
            image_id: identity(image, label),
            tags: vec![label.to_owned()],
        }],
        repo_digests: Vec::new(),
        remote: None,
        labels: BTreeMap::from([(
            "org.opencontainers.image.revision".to_owned(),
            "4f1c2d9".to_owned(),
        )]),
        revoked: false,
    }
}

fn image(name: &str, built: bool) -> Image {
    Image {
        name: name.into(),
        repository: Repository::new(&format!("registry.example.com/golden/{name}")),
        scheme: Scheme::Semver,
        build: built.then(|| Recipe {
            context: format!("/home/images/{name}").into(),
            dockerfile: format!("/home/images/{name}/Dockerfile").into(),
            target: Some("runtime".into()),
            args: BTreeMap::from([("PROFILE".to_owned(), "hidden-value".to_owned())]),
            engine: Some("dev".into()),
        }),
        revoked: Vec::new(),
        layers: LayerRules::default(),
    }
}

fn web() -> Row {
    let name = "shop-web";
    let mut versions = vec![
        version(name, "1.5.0", 2 * DAY, 193_000_000),
        version(name, "1.4.2", 9 * DAY, 191_000_000),
        version(name, "1.4.1", 20 * DAY, 188_400_000),
        version(name, "1.4.0", 31 * DAY, 188_100_000),
        version(name, "1.3.9", 60 * DAY, 240_000_000),
    ];
    versions[0].tags.push("latest".into());
    versions[4].revoked = true;
    let mut prod = skewed(
        cell(vec![
            replica(
                "ssh://deploy@prod-1",
                "shop-web",
                (name, "1.4.1"),
                Health::Healthy,
                6 * DAY,
            ),
            replica(
                "ssh://deploy@prod-2",
                "shop-web",
                (name, "1.4.1"),
                Health::Unhealthy,
                40,
            ),
        ]),
        &[
            (SkewKind::BehindNewest, "2 behind newest"),
            (SkewKind::BehindUpstream, "1 behind staging"),
        ],
    );
    let mut failed = run(name, "1.4.2", 7 * DAY, 6 * DAY + HOUR);
    failed.health = Health::Unhealthy;
    prod.known_good = Some(Verdict {
        choice: Some(run(name, "1.4.0", 17 * DAY, 11 * DAY)),
        passed_over: vec![PassedOver {
            run: failed,
            why: Objection::LeftBehind,
        }],
    });
    Row {
        image: image(name, true),
        catalog: Catalog {
            versions,
            contested: Vec::new(),
            unread: Vec::new(),
        },
        cells: vec![
            cell(vec![replica(
                "context:default",
                "dev-web",
                (name, "1.5.0"),
                Health::Healthy,
                2 * DAY,
            )]),
            cell(vec![replica(
                "context:default",
                "test-web",
                (name, "1.5.0"),
                Health::Starting,
                12,
            )]),
            skewed(
                cell(vec![replica(
                    "ssh://deploy@staging-1",
                    "shop-web",
                    (name, "1.4.2"),
                    Health::Healthy,
                    4 * HOUR,
                )]),
                &[
                    (SkewKind::BehindNewest, "1 behind newest"),
                    (SkewKind::BehindUpstream, "1 behind test"),
                ],
            ),
            prod,
        ],
    }
}

/// `shop-api` in test, locked, and in prod, where an engine is silent.
fn troubled_api() -> (Cell, Cell) {
    let name = "shop-api";
    let mut prod = cell(vec![
        replica(
            "ssh://deploy@prod-1",
            "shop-api",
            (name, "1.9.3"),
            Health::Healthy,
            30 * DAY,
        ),
        replica(
            "ssh://deploy@prod-2",
            "shop-api",
            (name, "1.9.3"),
            Health::NotRunning,
            30 * DAY,
        ),
    ]);
    prod.errors = vec![EngineError {
        engine: "ssh://deploy@prod-2".into(),
        error: "no answer within 10 s; is the host up? try `ssh deploy@prod-2 docker version`"
            .into(),
        last_seen: Some(ago(3 * MINUTE)),
    }];
    let mut test = cell(vec![replica(
        "context:default",
        "test-api",
        (name, "2.0.0-rc.1"),
        Health::NoCheck,
        5 * HOUR,
    )]);
    test.locks = vec![(
        "context:default".into(),
        LockSeen {
            container: "test-api".into(),
            operation: OperationId("cafe0011cafe0011".into()),
            summary: "promote shop-api in test to 2.0.0-rc.2".into(),
            owner: "joe@ci-7".into(),
            since: ago(25 * MINUTE),
        },
    )];
    (test, prod)
}

fn api() -> Row {
    let name = "shop-api";
    let (test, prod) = troubled_api();
    Row {
        image: image(name, false),
        catalog: Catalog {
            versions: vec![
                version(name, "2.0.0-rc.1", DAY, 88_000_000),
                version(name, "1.9.3", 40 * DAY, 86_000_000),
                version(name, "1.9.2", 50 * DAY, 86_000_000),
            ],
            contested: Vec::new(),
            unread: Vec::new(),
        },
        cells: vec![
            cell(vec![replica(
                "context:default",
                "dev-api",
                (name, "2.0.0-rc.1"),
                Health::NoCheck,
                DAY,
            )]),
            test,
            skewed(
                cell(vec![
                    replica(
                        "ssh://deploy@staging-1",
                        "api-1",
                        (name, "1.9.3"),
                        Health::Healthy,
                        DAY,
                    ),
                    replica(
                        "ssh://deploy@staging-1",
                        "api-2",
                        (name, "1.9.2"),
                        Health::Healthy,
                        3 * DAY,
                    ),
                ]),
                &[
                    (SkewKind::MixedDigests, "1.9.3 and 1.9.2 at once"),
                    (SkewKind::BehindUpstream, "2 behind test"),
                ],
            ),
            prod,
        ],
    }
}

fn base() -> Row {
    let name = "shop-base";
    Row {
        image: image(name, true),
        catalog: Catalog {
            versions: vec![version(name, "2026.11.1", 21 * DAY, 1_940_000_000)],
            contested: Vec::new(),
            unread: Vec::new(),
        },
        cells: vec![
            skewed(
                cell(vec![replica(
                    "context:default",
                    "toolbox",
                    (name, "2026.11.1"),
                    Health::NoCheck,
                    3 * DAY,
                )]),
                &[(SkewKind::MovedTag, "2026.11.1 names another digest now")],
            ),
            Cell::default(),
            Cell {
                waiting: vec!["ssh://deploy@staging-1".into()],
                ..Cell::default()
            },
            Cell {
                errors: vec![EngineError {
                    engine: "ssh://deploy@prod-2".into(),
                    error: "no answer within 10 s; is the host up?".into(),
                    last_seen: None,
                }],
                ..Cell::default()
            },
        ],
    }
}

/// Three images in four environments: skew, an unhealthy replica, a dead engine, a lock.
pub(super) fn fleet() -> Fleet {
    Fleet {
        at: now(),
        source: Source::File("/home/shop/karat.toml".into()),
        environments: environments(),
        rows: vec![api(), base(), web()],
        stray_locks: Vec::new(),
        engines: [
            engine("context:default", Link::Up),
            engine("ssh://deploy@staging-1", Link::Connecting),
            engine("ssh://deploy@prod-1", Link::Up),
            engine(
                "ssh://deploy@prod-2",
                Link::Down {
                    error: "no answer within 10 s".into(),
                    since: ago(3 * MINUTE),
                    retry_at: None,
                },
            ),
        ]
        .into_iter()
        .collect(),
    }
}

/// A state at home, `shop-web` in prod selected.
pub(super) fn state(fleet: Fleet) -> State {
    let mut state = State {
        fleet: Arc::new(fleet),
        fleets: 0,
        news: 0,
        now: now(),
        zone: chrono::FixedOffset::east_opt(0).expect("a zone"),
        preferences: Preferences::default(),
        theme: Theme::dark(),
        themes: Theme::names().filter_map(Theme::built_in).collect(),
        mouse: true,
        when_light: None,
        size: (100, 30),
        read_only: false,
        keymap: Arc::default(),
        began: None,
        demo: false,
        home: Home {
            image: Some("shop-web".into()),
            environment: Some("prod".into()),
            ..Home::default()
        },
        stack: Vec::new(),
        dialog: None,
        operations: Vec::new(),
        unseen: None,
        note: None,
        leaving: false,
        exit: None,
        followed: Vec::new(),
        readings: crate::tui::state::Readings::default(),
        forks: BTreeSet::new(),
        looked_at: BTreeMap::new(),
        layout: Layout::default(),
        last_request: Request(0),
    };
    refresh(&mut state);
    state
}

pub(super) fn frozen(image: &str, label: &str) -> Frozen {
    Frozen {
        label: label.into(),
        identity: identity(image, label),
        content: None,
        repository: Repository::new(image),
        tag: Some(label.into()),
        registry_digest: None,
        size: Some(Bytes(188_100_000)),
    }
}

/// The plan for a wish, as of a fleet.
pub(super) fn plan(fleet: &Fleet, wanted: &Wanted) -> Confirmed {
    let (kind, images, place, from, to) = match wanted {
        Wanted::Rollback {
            image, environment, ..
        } => (
            OperationKind::Rollback,
            vec![image.clone()],
            environment,
            None,
            "1.4.0",
        ),
        Wanted::Promote { images, from, to } => (
            OperationKind::Promote,
            images.clone(),
            to,
            Some(from.clone()),
            "1.5.0",
        ),
        Wanted::Rebuild {
            image,
            no_cache,
            pull,
        } => return Confirmed::Rebuild(rebuild(fleet, image, *no_cache, *pull)),
        Wanted::Publish {
            image,
            identity,
            shown,
        } => return Confirmed::Publish(publish(fleet, image, identity, shown)),
    };
    let environment = fleet
        .environments
        .iter()
        .find(|it| &it.name == place)
        .expect("an environment");
    Confirmed::Deploy(Plan {
        id: OperationId("0123456789abcdef".into()),
        kind,
        environment: place.clone(),
        from_environment: from,
        protected: environment.protected,
        soak: Span::seconds(1_800),
        who: "mara@laptop".into(),
        reason: None,
        made: now(),
        moves: images
            .iter()
            .map(|image| one_move(fleet, image, place, to))
            .collect(),
    })
}

fn one_move(fleet: &Fleet, image: &ImageName, place: &EnvironmentName, to: &str) -> Move {
    let deployment = fleet
        .cell(image, place)
        .and_then(|cell| cell.deployment.as_ref())
        .expect("a deployment");
    let verdict = fleet
        .cell(image, place)
        .and_then(|cell| cell.known_good.as_ref());
    Move {
        image: image.clone(),
        from: vec![frozen(image.as_str(), &deployment.version)],
        to: frozen(image.as_str(), to),
        heading: crate::model::plan::Heading::Back,
        evidence: verdict.and_then(|it| Some(it.choice.as_ref()?.evidence())),
        warnings: vec!["prod-2 has not answered for 3 min".into()],
        touches: deployment
            .replicas
            .iter()
            .enumerate()
            .map(|(at, replica)| Touch {
                engine: replica.engine.clone(),
                container: replica.container.name.clone(),
                container_id: replica.container.id.clone(),
                from: Some(frozen(image.as_str(), &replica.version)),
                obtain: if at == 0 {
                    Obtain::Present {
                        image_id: identity(image.as_str(), to),
                    }
                } else {
                    Obtain::Stream {
                        from: "ssh://deploy@prod-1".into(),
                        image_id: identity(image.as_str(), to),
                        size: Some(Bytes(188_100_000)),
                    }
                },
                changes: vec!["Healthcheck: interval 30 s → 10 s (new image's default)".into()],
                notes: Vec::new(),
                dependents: Vec::new(),
                health_wait: Span::seconds(95),
            })
            .collect(),
    }
}

fn publish(fleet: &Fleet, image: &ImageName, identity: &Digest, shown: &str) -> PublishPlan {
    let row = fleet.row(image).expect("a row");
    PublishPlan {
        id: OperationId("00ff00ff00ff00ff".into()),
        image: image.clone(),
        repository: row.image.repository.clone(),
        version: VersionLabel(shown.into()),
        engine: "context:default".into(),
        image_id: identity.clone(),
        replaces: None,
        who: "mara@laptop".into(),
        reason: None,
        made: now(),
    }
}

fn rebuild(fleet: &Fleet, image: &ImageName, no_cache: bool, pull: bool) -> RebuildPlan {
    let row = fleet.row(image).expect("a row");
    RebuildPlan {
        id: OperationId("fedcba9876543210".into()),
        image: image.clone(),
        repository: row.image.repository.clone(),
        version: VersionLabel("1.5.1".into()),
        previous: Some(VersionLabel("1.5.0".into())),
        engine: "context:default".into(),
        recipe: row.image.build.clone().expect("a recipe"),
        no_cache,
        pull,
        publish: false,
        labels: BTreeMap::from([(
            "org.opencontainers.image.version".to_owned(),
            "1.5.1".to_owned(),
        )]),
        warnings: Vec::new(),
        who: "mara@laptop".into(),
        reason: None,
        made: now(),
    }
}

pub(super) fn details(engine: &EngineName, container: &str) -> Details {
    let setting = |name: &str, value: &str, origin| Setting {
        name: name.into(),
        value: value.into(),
        origin,
    };
    let entry = |seconds, exit_code, output: &str| HealthEntry {
        at: ago(seconds),
        took: Span(std::time::Duration::from_millis(120)),
        exit_code,
        output: output.into(),
    };
    Details {
        engine: engine.clone(),
        container: container.into(),
        id: "0123456789ab".into(),
        settings: vec![
            setting("Env", "DATABASE_URL=••••", Origin::Container),
            setting(
                "Mounts",
                "volume shop-data → /data (read-write)",
                Origin::Container,
            ),
            setting("Restart policy", "always", Origin::Container),
            setting("Cmd", "serve --port 8080", Origin::Image),
        ],
        health_log: vec![
            entry(12, 1, "connect: connection refused\n"),
            entry(42, 0, "ok"),
        ],
        changes: vec![
            FileChange {
                kind: ChangeKind::Modified,
                path: "/etc/shop/web.conf".into(),
                size: Some(Bytes(1_204)),
            },
            FileChange {
                kind: ChangeKind::Added,
                path: "/tmp/dump.sql".into(),
                size: Some(Bytes(48_000_000)),
            },
        ],
        changes_error: None,
        refusal: None,
        notes: vec![
            "Cmd equals the image's default: the new image's default takes its place".into(),
        ],
    }
}

pub(super) fn events() -> Vec<Event> {
    let mark = |version: &str| {
        Some(VersionMark {
            version: Some(version.into()),
            digest: Some(identity("shop-web", version)),
        })
    };
    let event = |time, operation, environment: Option<&str>, from, to, outcome| Event {
        id: OperationId("0011223344556677".into()),
        time,
        who: "mara@laptop".into(),
        operation,
        heading: crate::model::plan::Heading::Back,
        from_environment: None,
        image: "shop-web".into(),
        environment: environment.map(EnvironmentName::from),
        from,
        to,
        reason: None,
        outcome,
        duration: Some(Span::seconds(41)),
        error: None,
        log: Vec::new(),
    };
    let mut failed = event(
        ago(6 * DAY + HOUR),
        OperationKind::Promote,
        Some("prod"),
        mark("1.4.1"),
        mark("1.5.0"),
        Outcome::Undone,
    );
    failed.error =
        Some("shop-web on ssh://deploy@prod-1 became unhealthy 12 s after it started".into());
    failed.log = vec![
        "listening on :8080".into(),
        "panic: no such table: carts".into(),
    ];
    let mut back = event(
        ago(6 * DAY),
        OperationKind::Rollback,
        Some("prod"),
        mark("1.4.2"),
        mark("1.4.1"),
        Outcome::Done,
    );
    back.reason = Some("carts empty since the promotion".into());
    vec![
        event(
            ago(2 * DAY),
            OperationKind::Rebuild,
            None,
            mark("1.4.2"),
            mark("1.5.0"),
            Outcome::Done,
        ),
        back,
        failed,
        event(
            ago(11 * DAY),
            OperationKind::Promote,
            Some("prod"),
            mark("1.4.0"),
            mark("1.4.1"),
            Outcome::Done,
        ),
    ]
}

/// What two containers wrote: some of it means harm.
pub(super) fn said() -> Vec<Said> {
    let line = |source: usize, second: i64, pipe, text: &str| Said {
        source,
        what: Saying::Line(LogLine {
            at: Some(ago(60 - second)),
            pipe,
            bytes: text.as_bytes().to_vec(),
        }),
    };
    let mut said: Vec<Said> = (0..40)
        .map(|at| {
            let text = format!("{at}: GET /cart 200 in {} ms", at * 7 % 30);
            line(
                usize::try_from(at % 2).expect("small"),
                at,
                Pipe::Out,
                &text,
            )
        })
        .collect();
    said.push(line(
        0,
        41,
        Pipe::Err,
        "\u{1b}[31mError: the cart of 版本 is empty\u{1b}[0m",
    ));
    said.push(line(
        1,
        42,
        Pipe::Out,
        "10%\r50%\r100% of the \u{202e}cart\u{7}",
    ));
    let long = format!(
        "a long line: {} and the cart at its end",
        "words ".repeat(20)
    );
    said.push(line(0, 43, Pipe::Out, &long));
    said.push(Said {
        source: 1,
        what: Saying::Note("shop-web stopped; waiting for it to run again".into()),
    });
    said
}
