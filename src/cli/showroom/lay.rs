//! From the tables to simulated engines: images, containers, locks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::cast::{Build, Cast};
use super::contents;
use super::dice::Dice;
use super::past::Past;
use super::table::{DOWN, LINES, Line, PLACES, Place, Role, SLOW};
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::event::{Event, Outcome, VersionMark};
use crate::model::gather::IMAGE_LABEL;
use crate::model::observation::{EngineFacts, Health, LocalImage};
use crate::model::plan::{Frozen, Heading, OperationId, OperationKind};
use crate::model::project::{EngineName, EnvironmentName};
use crate::model::reference::ImageRef;
use crate::model::time::Span;
use crate::target::Clock;
use crate::target::job::{Job, Live, Process};
use crate::target::memory::{
    Body, Conduct, Fault, Life, PLACE_LABEL, Pace, Registry, SimContainer, SimEngine, SimImage,
    Workshop,
};

/// What a version prints where the database is too old for it.
pub(super) const SCHEMA_IS_OLD: [&str; 2] = [
    "INFO  connected to postgres://db/payments",
    "ERROR the database schema is 41, this build needs 42; refusing payments",
];

/// What everybody prints now and then.
const CHATTER: [&str; 6] = [
    "INFO  GET /v1/items 200 {n} ms",
    "INFO  GET /v1/items/{n} 200 12 ms",
    "INFO  POST /v1/orders 201 {n} ms",
    "DEBUG pool: {n} connections idle",
    "INFO  GET /healthz 200 1 ms",
    "WARN  GET /v1/items/{n} 404 3 ms",
];

/// A middling line, and a slow one.
const ORDINARY: Pace = Pace {
    answers_in: Duration::from_millis(40),
    bytes_a_second: 28_000_000,
};
const FAR: Pace = Pace {
    answers_in: Duration::from_millis(420),
    bytes_a_second: 6_000_000,
};

/// Lays the fleet out.
pub(super) struct Layer<'a> {
    pub(super) past: Past<'a>,
    pub(super) registry: Registry,
}

/// The engines, with nothing on them yet.
pub(super) fn engines(
    cast: &Cast,
    clock: Clock,
    registry: &Registry,
    workshop: &Workshop,
) -> BTreeMap<EngineName, Arc<SimEngine>> {
    let names = PLACES.iter().flat_map(|place| place.engines);
    names
        .map(|name| {
            let host = name.rsplit_once('@').map_or("workshop", |(_, host)| host);
            let facts = EngineFacts {
                id: format!("{}-{host}", cast.company),
                host: host.to_owned(),
                version: if *name == SLOW { "20.10.24" } else { "28.5.2" }.to_owned(),
                api: if *name == SLOW { "1.41" } else { "1.51" }.to_owned(),
                platform: "linux/amd64".to_owned(),
                ..EngineFacts::default()
            };
            let pace = if *name == SLOW { FAR } else { ORDINARY };
            let name = EngineName::from(*name);
            let engine = SimEngine::new(
                name.clone(),
                facts,
                (clock, pace),
                registry.clone(),
                workshop.clone(),
            );
            (name, engine)
        })
        .collect()
}

impl Layer<'_> {
    /// Everything that stands on one engine.
    pub(super) fn lay(&self, place: &Place, name: &str, engine: &SimEngine) {
        for line in &LINES {
            let stand = stand(line, name);
            let mut needed: BTreeSet<&'static str> = BTreeSet::new();
            if place.name == "dev" {
                needed.extend(line.versions);
            }
            if let Some(version) = stand {
                let (chapters, _) = self.past.chapters(line, place.name, version);
                needed.extend(chapters.iter().map(|chapter| chapter.version));
                let build = build_of(line, place.name, version);
                if build != Build::Lost {
                    needed.insert(version);
                } else {
                    needed.remove(version);
                }
                engine.lay_container(self.container(line, place, engine, version));
            }
            if (line.role, place.name) == (Role::Gateway, "canary") {
                // Brought there by the operation that was cut off.
                needed.insert("5.1.0");
            }
            for version in needed {
                let build = match build_of(line, place.name, version) {
                    Build::Lost => Build::First,
                    other => other,
                };
                let mut image = self.image(line, version, build);
                image.local.tags = self.tags(line, place.name, version);
                engine.lay_image(image);
            }
        }
        if name == DOWN {
            engine.set_down(Some("connection timed out".to_owned()));
        }
    }

    /// Puts every hosted version into the registry.
    pub(super) fn publish(&self) {
        for line in LINES.iter().filter(|line| line.hosted) {
            for version in line.versions {
                self.registry.push(self.image(line, version, Build::First));
            }
        }
    }

    fn tags(&self, line: &Line, place: &str, version: &str) -> Vec<ImageRef> {
        let tag = |tag: &str| ImageRef {
            repository: self.past.cast.repository(line.role, line.hosted),
            tag: Some(tag.to_owned()),
            digest: None,
        };
        let mut tags = vec![tag(version)];
        if (line.role, place, version) == (Role::Auth, "prod", "2.4.1") {
            // It named 2.4.0 when what runs there was started.
            tags.push(tag("2.4"));
        }
        tags
    }

    fn image(&self, line: &Line, version: &str, build: Build) -> SimImage {
        let (cast, dice) = (self.past.cast, self.past.dice);
        let id = cast.identity(line.role, version, build);
        let name = cast.image(line.role);
        let layers = layers(dice, name, &id);
        let schema = line.place_of(version).unwrap_or_default() + 39;
        let reference = self.past.reference(line, version, None);
        let mut image = SimImage {
            local: LocalImage {
                id: id.clone(),
                config: Some(id.clone()),
                tags: Vec::new(),
                repo_digests: line
                    .hosted
                    .then_some(ImageRef {
                        tag: None,
                        ..reference
                    })
                    .into_iter()
                    .collect(),
                created: Some(self.past.built(line, version)),
                size: None,
                labels: labels(cast, line, version),
                platform: "linux/amd64".to_owned(),
                diff_ids: layers.iter().map(|(digest, _)| digest.clone()).collect(),
                content: dice.digest(&format!("content {id}")),
                remote: None,
            },
            layers,
            env: BTreeMap::from([
                ("APP_VERSION".to_owned(), version.to_owned()),
                ("SCHEMA".to_owned(), schema.to_string()),
                ("TZ".to_owned(), "UTC".to_owned()),
            ]),
            command: format!("{}/bin/{name}", contents::WORKING_DIR),
            conduct: Conduct {
                checked: line.checked,
                boots_in: Span(Duration::from_millis(
                    2_400 + dice.throw(&format!("boots {name}"), 2_600),
                )),
                fault: fault(line.role, version),
                chatter: CHATTER.map(str::to_owned).into(),
            },
        };
        image.local.size = Some(image.size());
        image
    }

    fn container(
        &self,
        line: &Line,
        place: &Place,
        engine: &SimEngine,
        version: &'static str,
    ) -> SimContainer {
        let name = self.past.cast.image(line.role);
        let build = build_of(line, place.name, version);
        let image_id = self.past.cast.identity(line.role, version, build);
        let (_, minutes) = self.past.chapters(line, place.name, version);
        let mut since = self.past.ago(minutes);
        let created = since;
        let restarting = (line.role, place.name) == (Role::Worker, "staging");
        if restarting {
            since = self.past.start - chrono::TimeDelta::seconds(35);
        }
        let sick = fault(line.role, version)
            .is_some_and(|fault| fault.places.iter().any(|one| one == place.name));
        let health = match (line.checked, sick) {
            (false, _) => Health::NoCheck,
            (true, true) => Health::Unhealthy,
            (true, false) => Health::Healthy,
        };
        let moved = (line.role, place.name) == (Role::Auth, "prod");
        let recorded = self.past.reference(line, version, moved.then_some("2.4"));
        let lost = build == Build::Lost;
        SimContainer {
            id: self
                .past
                .dice
                .hex(&format!("container {name} {}", engine.name()), 64),
            name: name.to_owned(),
            image: if lost {
                format!("{}:{version}", recorded.repository)
            } else {
                image_id.to_string()
            },
            image_id,
            body: body(line, place, name),
            created,
            life: Life::Running { since, health },
            restarts: if restarting { 7 } else { 0 },
            recorded: (!lost && build == Build::First).then_some(recorded),
            runs: self.past.runs(line, place.name, version),
            deployed_by: self.past.arrival(line, place.name, version),
            made_by: None,
            soak: Some(Span::seconds(place.soak_seconds)),
            drift: if (line.role, place.name) == (Role::Web, "prod") {
                vec![
                    ('C', "/srv/app/config/limits.toml".to_owned()),
                    ('A', "/tmp/heap-2026-11-21.prof".to_owned()),
                ]
            } else {
                Vec::new()
            },
        }
    }

    /// A version as a plan freezes it.
    fn frozen(&self, line: &Line, version: &str) -> Frozen {
        let image = self.image(line, version, Build::First);
        let reference = self.past.reference(line, version, None);
        Frozen {
            label: version.to_owned(),
            identity: image.local.id,
            content: Some(image.local.content),
            repository: reference.repository,
            tag: Some(version.to_owned()),
            registry_digest: reference.digest.filter(|_| line.hosted),
            size: image.local.size,
        }
    }

    /// The operation of somebody on another machine, as its lock tells it.
    pub(super) fn job(
        &self,
        (line, place): (&Line, &Place),
        engine: &SimEngine,
        (from, to): (&'static str, &'static str),
        (who, seconds_ago): (&str, i64),
    ) -> Job {
        let container = self.container(line, place, engine, from);
        let what = format!("job {:?} {}", line.role, place.name);
        let mark = |version: &str| VersionMark {
            version: Some(version.to_owned()),
            digest: Some(self.past.cast.identity(line.role, version, Build::First)),
        };
        Job {
            event: Event {
                id: OperationId(self.past.dice.hex(&what, 16)),
                time: self.past.start - chrono::TimeDelta::seconds(seconds_ago),
                who: who.to_owned(),
                operation: OperationKind::Promote,
                heading: Heading::Back,
                from_environment: None,
                image: self.past.cast.name(line.role),
                environment: Some(EnvironmentName::from(place.name)),
                from: Some(mark(from)),
                to: Some(mark(to)),
                reason: None,
                outcome: Outcome::Done,
                duration: None,
                error: None,
                log: Vec::new(),
            },
            summary: format!(
                "promote {} in {} to {to}",
                self.past.cast.image(line.role),
                place.name
            ),
            process: Process {
                owner: who.to_owned(),
                machine: "another machine".to_owned(),
                pid: 4_242,
                started: 1,
            },
            engine: engine.name().clone(),
            engine_id: format!(
                "{}-{}",
                self.past.cast.company,
                engine
                    .name()
                    .as_str()
                    .rsplit_once('@')
                    .map_or("workshop", |(_, host)| host)
            ),
            container: container.name.clone(),
            old_id: container.id.clone(),
            was_running: true,
            old: serde_json::to_value(&container).unwrap_or_default(),
            from: Some(self.frozen(line, from)),
            to: self.frozen(line, to),
            heading: Heading::Forward,
            follows: None,
            soak: Span::seconds(place.soak_seconds),
            health_wait: Span::seconds(30),
            peers: Vec::new(),
            live: Live::default(),
        }
    }
}

/// The layers of a version, the lowest first, with their sizes.
pub(super) fn layers(dice: Dice, name: &str, id: &Digest) -> Vec<(Digest, Bytes)> {
    let layer = |what: String, least: u64, most: u64| {
        let size = least + dice.throw(&what, most - least);
        (dice.digest(&what), Bytes(size))
    };
    vec![
        layer("base".to_owned(), 74_000_000, 75_000_000),
        layer(format!("runtime {name}"), 21_000_000, 62_000_000),
        layer(format!("manifest {id}"), 48_000, 64_000),
        layer(format!("libraries {id}"), 18_000_000, 44_000_000),
        layer(format!("source {id}"), 900_000, 1_900_000),
        layer(format!("tests {id}"), 6_000_000, 12_000_000),
        layer(format!("program {id}"), 9_000_000, 18_000_000),
    ]
}

/// What runs on an engine.
pub(super) fn stand(line: &Line, engine: &str) -> Option<&'static str> {
    let column = PLACES
        .iter()
        .flat_map(|place| place.engines)
        .position(|name| *name == engine)?;
    // Both engines of the last environment run the same.
    line.stands
        .get(column.min(line.stands.len() - 1))
        .copied()?
}

fn build_of(line: &Line, place: &str, version: &str) -> Build {
    match (line.role, place, version) {
        (Role::Worker, "staging", "1.9.0") => Build::Second,
        (Role::Reports, "prod", "4.0.7") => Build::Lost,
        _ => Build::First,
    }
}

fn fault(role: Role, version: &str) -> Option<Fault> {
    let places = |places: &[&str]| places.iter().map(|one| (*one).to_owned()).collect();
    let words = |words: &[&str]| words.iter().map(|one| (*one).to_owned()).collect();
    match (role, version) {
        (Role::Payments, "3.3.0") => Some(Fault {
            places: places(&["canary", "prod", "dr"]),
            last_words: words(&SCHEMA_IS_OLD),
            exits: None,
        }),
        (Role::Search, "2026.11.3") => Some(Fault {
            places: places(&["canary"]),
            last_words: words(&[
                "INFO  opening 4 shards",
                "WARN  shard 3 of 4 is missing: answers are incomplete",
            ]),
            exits: None,
        }),
        (Role::Notify, "0.3.0") => Some(Fault {
            places: places(&["staging"]),
            last_words: words(&["ERROR SMTP_RELAY is not set"]),
            exits: Some(78),
        }),
        _ => None,
    }
}

pub(super) fn labels(cast: &Cast, line: &Line, version: &str) -> BTreeMap<String, String> {
    let repository = cast.repository(line.role, line.hosted);
    let image = cast.image(line.role);
    BTreeMap::from([
        (IMAGE_LABEL.to_owned(), repository.to_string()),
        (
            crate::model::rebuild::VERSION.to_owned(),
            version.to_owned(),
        ),
        (
            crate::model::rebuild::SOURCE.to_owned(),
            format!("https://git.example.com/{}/{image}", cast.company),
        ),
    ])
}

fn body(line: &Line, place: &Place, name: &str) -> Body {
    let port = 8_080 + line.stands.len();
    Body {
        labels: BTreeMap::from([(PLACE_LABEL.to_owned(), place.name.to_owned())]),
        env: vec!["DATABASE_URL".to_owned(), "API_TOKEN".to_owned()],
        ports: if line.checked {
            vec![format!("{port} → 8080/tcp")]
        } else {
            Vec::new()
        },
        mounts: vec![format!("{name}-data → /var/lib/{name}")],
        policy: "unless-stopped".to_owned(),
        stops_in: Span(Duration::from_millis(1_100)),
    }
}
