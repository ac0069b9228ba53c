//! The JSON that scripts depend on, every key of which `docs/json.md` describes: what is not
//! known is `null`, bytes are integers in keys that end in `_bytes`, times are RFC 3339 in UTC,
//! digests are whole. A change that breaks a reader raises [`SCHEMA`].

#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::Value;

use crate::model::catalog::Version;
use crate::model::digest::Digest;
use crate::model::event::{Event, Outcome, VersionMark};
use crate::model::fleet::{Cell, EngineState, Fleet, Link, Row};
use crate::model::observation::{EngineKind, Health, LockSeen};
use crate::model::project::{EngineName, Environment, Source};
use crate::model::skew::Skew;
use crate::model::time::Timestamp;

/// The version of every document here.
pub const SCHEMA: u32 = 1;

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

/// `karat versions IMAGE --json`: newest first.
#[must_use]
pub fn versions(fleet: &Fleet, row: &Row) -> Value {
    document(&Versions {
        schema: SCHEMA,
        image: row.image.name.as_str(),
        repository: row.image.repository.as_str(),
        newest: newest(row),
        contested: row
            .catalog
            .contested
            .iter()
            .map(|label| label.0.as_str())
            .collect(),
        versions: row
            .catalog
            .versions
            .iter()
            .map(|version| version_entry(fleet, row, version))
            .collect(),
    })
}

/// `karat history --json`: newest first.
#[must_use]
pub fn history(events: &[Event]) -> Value {
    let mut events: Vec<&Event> = events.iter().collect();
    events.sort_by_key(|event| std::cmp::Reverse(event.time));
    document(&History {
        schema: SCHEMA,
        events: events.into_iter().map(event_entry).collect(),
    })
}

/// The environments in which a version runs.
pub(super) fn running_in<'a>(
    fleet: &'a Fleet,
    row: &'a Row,
    identity: &'a Digest,
) -> impl Iterator<Item = &'a str> {
    places(fleet, row)
        .filter(move |(_, cell)| {
            let deployment = cell.deployment.as_ref();
            deployment.is_some_and(|deployment| deployment.identities.contains(identity))
        })
        .map(|(environment, _)| environment.name.as_str())
}

/// The environments for which a version is known good.
pub(super) fn known_good_in<'a>(
    fleet: &'a Fleet,
    row: &'a Row,
    identity: &'a Digest,
) -> impl Iterator<Item = &'a str> {
    places(fleet, row)
        .filter(move |(_, cell)| known_good(cell) == Some(identity))
        .map(|(environment, _)| environment.name.as_str())
}

fn known_good(cell: &Cell) -> Option<&Digest> {
    let choice = cell.known_good.as_ref()?.choice.as_ref()?;
    Some(&choice.identity)
}

fn places<'a>(fleet: &'a Fleet, row: &'a Row) -> impl Iterator<Item = (&'a Environment, &'a Cell)> {
    fleet.environments.iter().zip(&row.cells)
}

fn document(document: &impl Serialize) -> Value {
    // Nothing here can fail to be written: every key is text and no number is infinite.
    serde_json::to_value(document).unwrap_or(Value::Null)
}

fn time(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
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

fn newest(row: &Row) -> Option<&str> {
    let label = row.catalog.newest()?.label.as_ref()?;
    Some(&label.0)
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
        }),
        version: facts.and_then(|facts| known(&facts.version)),
        api: facts.and_then(|facts| known(&facts.api)),
        platform: facts.and_then(|facts| known(&facts.platform)),
        host: facts.and_then(|facts| known(&facts.host)),
    }
}

#[derive(Serialize)]
struct Versions<'a> {
    schema: u32,
    image: &'a str,
    repository: &'a str,
    newest: Option<&'a str>,
    contested: Vec<&'a str>,
    versions: Vec<VersionEntry<'a>>,
}

#[derive(Serialize)]
struct VersionEntry<'a> {
    version: Option<&'a str>,
    tags: &'a [String],
    identity: &'a Digest,
    digests: DigestsEntry<'a>,
    created: Option<String>,
    size_bytes: Option<u64>,
    platform: &'a str,
    revoked: bool,
    running_in: Vec<&'a str>,
    known_good_in: Vec<&'a str>,
    engines: Vec<&'a str>,
}

#[derive(Serialize)]
struct DigestsEntry<'a> {
    index: Option<&'a Digest>,
    manifest: Option<&'a Digest>,
    config: Option<&'a Digest>,
}

fn version_entry<'a>(fleet: &'a Fleet, row: &'a Row, version: &'a Version) -> VersionEntry<'a> {
    let mut engines: Vec<&str> = version
        .on_engines
        .iter()
        .map(|held| held.engine.as_str())
        .collect();
    engines.dedup();
    VersionEntry {
        version: version.label.as_ref().map(|label| label.0.as_str()),
        tags: &version.tags,
        identity: &version.identity,
        digests: DigestsEntry {
            index: version.digests.index.as_ref(),
            manifest: version.digests.manifest.as_ref(),
            config: version.digests.config.as_ref(),
        },
        created: version.created.map(time),
        size_bytes: version.size.map(|size| size.0),
        platform: &version.platform,
        revoked: version.revoked,
        running_in: running_in(fleet, row, &version.identity).collect(),
        known_good_in: known_good_in(fleet, row, &version.identity).collect(),
        engines,
    }
}

#[derive(Serialize)]
struct History<'a> {
    schema: u32,
    events: Vec<EventEntry<'a>>,
}

#[derive(Serialize)]
struct EventEntry<'a> {
    id: &'a str,
    time: String,
    who: &'a str,
    operation: &'static str,
    image: &'a str,
    environment: Option<&'a str>,
    from: Option<MarkEntry<'a>>,
    to: Option<MarkEntry<'a>>,
    reason: Option<&'a str>,
    outcome: Outcome,
    duration_ms: Option<u64>,
    error: Option<&'a str>,
    log: &'a [String],
}

#[derive(Serialize)]
struct MarkEntry<'a> {
    version: Option<&'a str>,
    digest: Option<&'a Digest>,
}

fn event_entry(event: &Event) -> EventEntry<'_> {
    EventEntry {
        id: &event.id.0,
        time: time(event.time),
        who: &event.who,
        operation: event.operation.word(),
        image: event.image.as_str(),
        environment: event.environment.as_ref().map(|name| name.as_str()),
        from: event.from.as_ref().map(mark_entry),
        to: event.to.as_ref().map(mark_entry),
        reason: event.reason.as_deref(),
        outcome: event.outcome,
        duration_ms: event
            .duration
            .map(|span| u64::try_from(span.0.as_millis()).unwrap_or(u64::MAX)),
        error: event.error.as_deref(),
        log: &event.log,
    }
}

fn mark_entry(mark: &VersionMark) -> MarkEntry<'_> {
    MarkEntry {
        version: mark.version.as_deref(),
        digest: mark.digest.as_ref(),
    }
}
