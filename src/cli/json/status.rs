//! `karat status --json`.

use serde::Serialize;
use serde_json::Value;

use super::{SCHEMA, document, newest, places, time};
use crate::model::digest::Digest;
use crate::model::fleet::{Cell, EngineState, Fleet, Link, Row};
use crate::model::observation::{EngineKind, Health, LockSeen};
use crate::model::project::{EngineName, Environment, Source};
use crate::model::skew::Skew;

/// `karat status --json`.
#[must_use]
pub fn status(fleet: &Fleet) -> Value {
    document(&Status {
        schema: SCHEMA,
        time: time(fleet.at),
        project: match &fleet.source {
            Source::File(path) => Some(path.display().to_string()),
            Source::Found => None,
        },
        images: fleet
            .rows
            .iter()
            .map(|row| image_status(fleet, row))
            .collect(),
        engines: fleet
            .engines
            .iter()
            .map(|(name, state)| engine_status(name, state))
            .collect(),
        stray_locks: fleet.stray_locks.iter().map(lock).collect(),
    })
}

#[derive(Serialize)]
struct Status<'a> {
    schema: u32,
    time: String,
    project: Option<String>,
    images: Vec<ImageStatus<'a>>,
    engines: Vec<EngineStatus<'a>>,
    stray_locks: Vec<Lock<'a>>,
}

#[derive(Serialize)]
struct ImageStatus<'a> {
    name: &'a str,
    repository: &'a str,
    newest: Option<&'a str>,
    environments: Vec<EnvironmentStatus<'a>>,
}

#[derive(Serialize)]
struct EnvironmentStatus<'a> {
    name: &'a str,
    protected: bool,
    version: Option<&'a str>,
    /// What most replicas run.
    digest: Option<&'a Digest>,
    /// Everything that runs, most replicas first.
    digests: Vec<&'a Digest>,
    health: Option<&'static str>,
    /// Containers, whether they run or not; not known while no engine has answered.
    replicas: Option<usize>,
    replicas_running: Option<usize>,
    since: Option<String>,
    skew: &'a [Skew],
    known_good: Option<KnownGood<'a>>,
    /// The first of `errors`, in a sentence.
    error: Option<String>,
    errors: Vec<ErrorEntry<'a>>,
    waiting_for: &'a [EngineName],
    locks: Vec<Lock<'a>>,
}

#[derive(Serialize)]
struct KnownGood<'a> {
    version: Option<&'a str>,
    digest: &'a Digest,
    reference: &'a str,
    evidence: String,
}

#[derive(Serialize)]
struct ErrorEntry<'a> {
    engine: &'a str,
    error: &'a str,
    last_seen: Option<String>,
}

#[derive(Serialize)]
struct Lock<'a> {
    engine: &'a str,
    container: &'a str,
    operation: &'a str,
    summary: &'a str,
    owner: &'a str,
    since: String,
}

#[derive(Serialize)]
struct EngineStatus<'a> {
    name: &'a str,
    state: &'static str,
    error: Option<&'a str>,
    since: Option<String>,
    retry_at: Option<String>,
    last_seen: Option<String>,
    kind: Option<&'static str>,
    version: Option<&'a str>,
    api: Option<&'a str>,
    platform: Option<&'a str>,
    host: Option<&'a str>,
}

fn image_status<'a>(fleet: &'a Fleet, row: &'a Row) -> ImageStatus<'a> {
    ImageStatus {
        name: row.image.name.as_str(),
        repository: row.image.repository.as_str(),
        newest: newest(row),
        environments: places(fleet, row)
            .map(|(environment, cell)| environment_status(fleet, environment, cell))
            .collect(),
    }
}

fn environment_status<'a>(
    fleet: &Fleet,
    environment: &'a Environment,
    cell: &'a Cell,
) -> EnvironmentStatus<'a> {
    let deployment = cell.deployment.as_ref();
    // "None" is an answer; somebody must have given it.
    let answered = environment.engines.iter().any(|name| {
        let state = fleet.engines.get(name);
        state.is_some_and(|state| state.last.is_some())
    });
    let count = |count: Option<usize>| count.or(answered.then_some(0));
    EnvironmentStatus {
        name: environment.name.as_str(),
        protected: environment.protected,
        version: deployment.map(|deployment| deployment.version.as_str()),
        digest: deployment.and_then(|deployment| deployment.identities.first()),
        digests: deployment.map_or(Vec::new(), |one| one.identities.iter().collect()),
        health: deployment
            .map(|deployment| deployment.health)
            .map(Health::word),
        replicas: count(deployment.map(|deployment| deployment.replicas.len())),
        replicas_running: count(deployment.map(|deployment| deployment.running())),
        since: deployment.and_then(|deployment| deployment.since).map(time),
        skew: &cell.skew,
        known_good: cell.known_good.as_ref().and_then(|verdict| {
            verdict.choice.as_ref().map(|run| KnownGood {
                version: run.version.as_deref(),
                digest: &run.identity,
                reference: &run.reference,
                evidence: run.evidence(),
            })
        }),
        error: cell
            .errors
            .first()
            .map(|one| format!("{}: {}", one.engine, one.error)),
        errors: cell
            .errors
            .iter()
            .map(|one| ErrorEntry {
                engine: one.engine.as_str(),
                error: &one.error,
                last_seen: one.last_seen.map(time),
            })
            .collect(),
        waiting_for: &cell.waiting,
        locks: cell.locks.iter().map(lock).collect(),
    }
}

fn lock((engine, lock): &(EngineName, LockSeen)) -> Lock<'_> {
    Lock {
        engine: engine.as_str(),
        container: &lock.container,
        operation: &lock.operation.0,
        summary: &lock.summary,
        owner: &lock.owner,
        since: time(lock.since),
    }
}

fn engine_status<'a>(name: &'a EngineName, state: &'a EngineState) -> EngineStatus<'a> {
    let (word, error, since, retry_at) = match &state.link {
        Link::Connecting => ("connecting", None, None, None),
        Link::Up => ("up", None, None, None),
        Link::Down {
            error,
            since,
            retry_at,
        } => ("down", Some(error.as_str()), Some(*since), *retry_at),
    };
    let facts = state.last.as_ref().map(|last| &last.facts);
    let known = |text: &'a String| (!text.is_empty()).then_some(text.as_str());
    EngineStatus {
        name: name.as_str(),
        state: word,
        error,
        since: since.map(time),
        retry_at: retry_at.map(time),
        last_seen: state.last.as_ref().map(|last| time(last.at)),
        kind: facts.map(|facts| match facts.kind {
            EngineKind::Docker => "docker",
            EngineKind::Podman => "podman",
            EngineKind::Registry => "registry",
            EngineKind::Channel => "channel",
        }),
        version: facts.and_then(|facts| known(&facts.version)),
        api: facts.and_then(|facts| known(&facts.api)),
        platform: facts.and_then(|facts| known(&facts.platform)),
        host: facts.and_then(|facts| known(&facts.host)),
    }
}
