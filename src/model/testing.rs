//! Plain values for the tests of this room.

use std::collections::BTreeMap;

use super::bytes::Bytes;
use super::catalog::{Catalog, EngineImages};
use super::digest::Digest;
use super::fleet::{EngineState, Engines, Link};
use super::layer_rules::LayerRules;
use super::observation::{Container, EngineFacts, Health, LocalImage, Observation};
use super::plan::{OperationId, OperationKind};
use super::project::{
    DEFAULT_SOAK, EngineAddress, EngineName, Environment, EnvironmentName, Image, ImageName,
    Project, Selector, Source,
};
use super::reference::{ImageRef, Repository};
use super::run::Run;
use super::step::Course;
use super::time::Timestamp;
use super::version::Scheme;

/// So many minutes after noon of 22 November 2026.
pub(crate) fn minute(minutes: i64) -> Timestamp {
    let noon: Timestamp = "2026-11-22T12:00:00Z".parse().expect("a moment");
    noon + chrono::TimeDelta::minutes(minutes)
}

/// The digest of some text.
pub(crate) fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

/// An image whose repository is its name.
pub(crate) fn image(name: &str) -> Image {
    Image {
        name: ImageName::from(name),
        repository: Repository::new(name),
        scheme: Scheme::Detect,
        build: None,
        revoked: Vec::new(),
        layers: LayerRules::default(),
    }
}

/// An image in a classic store: its id is its config digest.
pub(crate) fn local(id: &str, tags: &[&str]) -> LocalImage {
    LocalImage {
        id: digest(id),
        config: Some(digest(id)),
        tags: tags
            .iter()
            .map(|tag| ImageRef::parse(tag).expect("a reference"))
            .collect(),
        repo_digests: Vec::new(),
        created: Some(minute(0)),
        size: Some(Bytes(5_000)),
        labels: BTreeMap::new(),
        platform: "linux/amd64".to_owned(),
        diff_ids: Vec::new(),
        content: digest(&format!("content of {id}")),
        remote: None,
    }
}

/// The catalog of `shop`.
pub(crate) fn catalog_of(engines: &[(&str, &[LocalImage])]) -> Catalog {
    let named: Vec<(EngineName, &[LocalImage])> = engines
        .iter()
        .map(|(name, images)| (EngineName::from(*name), *images))
        .collect();
    let engines: Vec<EngineImages<'_>> = named
        .iter()
        .map(|(engine, images)| EngineImages { engine, images })
        .collect();
    Catalog::gather(&image("shop"), &engines)
}

/// A healthy container, made from `reference`, that runs the image `id`.
pub(crate) fn container(name: &str, reference: &str, id: &str) -> Container {
    Container {
        id: digest(name).short().to_owned(),
        name: name.to_owned(),
        image: reference.to_owned(),
        recorded: None,
        image_id: digest(id),
        labels: BTreeMap::new(),
        health: Health::Healthy,
        restarts: 0,
        created: minute(-60),
        started: Some(minute(-60)),
        runs: Vec::new(),
        deployed_by: None,
    }
}

/// An engine that answered at noon.
pub(crate) fn engine(
    name: &str,
    images: Vec<LocalImage>,
    containers: Vec<Container>,
) -> (EngineName, EngineState) {
    let observation = Observation {
        engine: EngineName::from(name),
        at: minute(0),
        facts: EngineFacts::default(),
        containers,
        images,
        locks: Vec::new(),
        parked: Vec::new(),
        unread: Vec::new(),
        images_in_all: None,
    };
    let state = EngineState {
        last: Some(observation),
        link: Link::Up,
    };
    (EngineName::from(name), state)
}

/// An environment: all of one engine of the same name.
pub(crate) fn environment(name: &str) -> Environment {
    Environment {
        name: EnvironmentName::from(name),
        engines: vec![EngineName::from(name)],
        selector: Selector::All,
        protected: false,
        read_only: false,
        soak: DEFAULT_SOAK,
        after: None,
        channel: None,
    }
}

/// A project that names no images, with these environments.
pub(crate) fn project(environments: Vec<Environment>) -> Project {
    let engines = environments
        .iter()
        .flat_map(|environment| environment.engines.clone())
        .map(|name| (name, EngineAddress::Unix("/run/x.sock".into())))
        .collect();
    Project {
        source: Source::File("/srv/karat.toml".into()),
        images: Vec::new(),
        environments,
        grouping: None,
        engines,
        layers: LayerRules::default(),
        registries: BTreeMap::new(),
    }
}

/// Engines by name.
pub(crate) fn engines(all: impl IntoIterator<Item = (EngineName, EngineState)>) -> Engines {
    all.into_iter().collect()
}

/// A healthy run of `id`, an hour long, ended by a promotion at that minute.
pub(crate) fn run(id: &str, until: i64) -> Run {
    Run {
        reference: format!("shop:{id}"),
        version: Some(id.to_owned()),
        image_id: digest(id),
        identity: digest(id),
        since: minute(until - 60),
        until: minute(until),
        restarts: 0,
        health: Health::Healthy,
        of: Course::Container,
        ended_by: OperationKind::Promote,
        heading: crate::model::plan::Heading::Back,
        operation: OperationId(format!("{until:016x}")),
        who: "ann@laptop".to_owned(),
        reason: None,
        followed_by: String::new(),
        followed_by_identity: None,
        base: None,
    }
}
