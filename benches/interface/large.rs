//! A fleet as large as the bar: 1,000 images in 6 environments, 100,000 versions.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use karat::model::bytes::Bytes;
use karat::model::digest::Digest;
use karat::model::fleet::{EngineState, Engines, Fleet, Link};
use karat::model::layer_rules::LayerRules;
use karat::model::observation::{Container, EngineFacts, Health, LocalImage, Observation};
use karat::model::project::{
    EngineAddress, EngineName, Environment, Image, Project, Selector, Source,
};
use karat::model::reference::{ImageRef, Repository};
use karat::model::time::{Span, Timestamp};
use karat::model::version::Scheme;

/// Images.
pub(crate) const IMAGES: usize = 1_000;
/// Versions of each.
pub(crate) const VERSIONS: usize = 100;
/// The environments, upstream first; each has an engine of its own.
pub(crate) const ENVIRONMENTS: [&str; 6] = ["dev", "test", "qa", "staging", "canary", "prod"];

/// What time it is there.
pub(crate) fn now() -> Timestamp {
    "2026-03-01T03:00:00Z".parse().expect("a time")
}

fn engine(environment: &str) -> EngineName {
    EngineName::from(format!("ssh://deploy@{environment}-1").as_str())
}

fn repository(image: usize) -> String {
    format!("registry.example.com/golden/service-{image:04}")
}

/// The project that names all of it.
pub(crate) fn project() -> Project {
    let images = (0..IMAGES)
        .map(|image| Image {
            name: format!("service-{image:04}").as_str().into(),
            repository: Repository::new(&repository(image)),
            scheme: Scheme::Semver,
            build: None,
            revoked: Vec::new(),
            layers: LayerRules::default(),
        })
        .collect();
    let environments = ENVIRONMENTS
        .iter()
        .map(|name| Environment {
            name: (*name).into(),
            engines: vec![engine(name)],
            selector: Selector::All,
            protected: *name == "prod",
            read_only: false,
            soak: Span::seconds(600),
            after: None,
            channel: None,
        })
        .collect();
    Project {
        source: Source::Found,
        images,
        environments,
        grouping: None,
        engines: ENVIRONMENTS
            .iter()
            .map(|name| (engine(name), EngineAddress::Unix("/nowhere".into())))
            .collect(),
        layers: LayerRules::default(),
        registries: BTreeMap::new(),
    }
}

fn local(image: usize, version: usize) -> LocalImage {
    let text = format!("{}:1.{version}.0", repository(image));
    let id = Digest::of(text.as_bytes());
    LocalImage {
        id: id.clone(),
        config: Some(id.clone()),
        tags: ImageRef::parse(&text).into_iter().collect(),
        repo_digests: Vec::new(),
        created: Some(now() - TimeDelta::hours(200_000 - i64::try_from(version).expect("few"))),
        size: Some(Bytes(180_000_000)),
        labels: BTreeMap::new(),
        platform: "linux/amd64".to_owned(),
        diff_ids: vec![Digest::of(&[0]), id.clone()],
        content: id,
        remote: None,
    }
}

fn container(image: usize, version: usize, restarts: u64) -> Container {
    let running = local(image, version);
    Container {
        id: running.id.short().to_owned(),
        name: format!("service-{image:04}"),
        image: format!("{}:1.{version}.0", repository(image)),
        recorded: None,
        image_id: running.id,
        labels: BTreeMap::new(),
        health: match image % 97 {
            0 => Health::Unhealthy,
            1 => Health::Starting,
            _ => Health::Healthy,
        },
        restarts,
        created: now() - TimeDelta::days(3),
        started: Some(now() - TimeDelta::days(3)),
        runs: Vec::new(),
        deployed_by: None,
    }
}

/// What the engine of one environment says. The first has every version, the others those
/// they ran of late. Each is a little behind the one before it.
pub(crate) fn observation(place: usize, restarts: u64) -> Observation {
    let newest = VERSIONS - 1 - place;
    let oldest = if place == 0 { 0 } else { newest - 4 };
    let newest_held = if place == 0 { VERSIONS - 1 } else { newest };
    Observation {
        engine: engine(ENVIRONMENTS[place]),
        at: now(),
        facts: EngineFacts::default(),
        containers: (0..IMAGES)
            .map(|image| container(image, newest - image % 3, restarts))
            .collect(),
        images: (0..IMAGES)
            .flat_map(|image| (oldest..=newest_held).map(move |version| local(image, version)))
            .collect(),
        locks: Vec::new(),
        parked: Vec::new(),
        unread: Vec::new(),
        images_in_all: None,
    }
}

/// One image alone, with as many versions as all of the others together.
pub(crate) fn one_image() -> Fleet {
    let mut project = project();
    project.images.truncate(1);
    let mut said = observation(0, 0);
    said.containers.truncate(1);
    said.images = (0..IMAGES * VERSIONS)
        .map(|version| local(0, version))
        .collect();
    let state = EngineState {
        last: Some(said),
        link: Link::Up,
    };
    let engines = BTreeMap::from([(engine(ENVIRONMENTS[0]), state)]);
    Fleet::assemble(&project, &engines, now())
}

/// What all of them say.
pub(crate) fn engines() -> Engines {
    (0..ENVIRONMENTS.len())
        .map(|place| {
            let state = EngineState {
                last: Some(observation(place, 0)),
                link: Link::Up,
            };
            (engine(ENVIRONMENTS[place]), state)
        })
        .collect()
}
