//! `karat history --json`, and the events of a report.

use serde::Serialize;
use serde_json::Value;

use super::{SCHEMA, document, time};
use crate::cli::history::{HistorySource, Shared};
use crate::model::digest::Digest;
use crate::model::event::{Event, Outcome, VersionMark};

/// `karat history --json`: newest first.
#[must_use]
pub fn history(events: &[Event], shared: &Shared) -> Value {
    let mut events: Vec<&Event> = events.iter().collect();
    events.sort_by_key(|event| std::cmp::Reverse(event.time));
    document(&History {
        schema: SCHEMA,
        events: events
            .into_iter()
            .map(|event| event_entry(event, shared))
            .collect(),
        sources: shared.sources.iter().map(source_entry).collect(),
    })
}

#[derive(Serialize)]
struct History<'a> {
    schema: u32,
    events: Vec<EventEntry<'a>>,
    sources: Vec<SourceEntry<'a>>,
}

#[derive(Serialize)]
struct SourceEntry<'a> {
    repository: &'a str,
    read: Option<String>,
    error: Option<&'a str>,
}

fn source_entry(source: &HistorySource) -> SourceEntry<'_> {
    SourceEntry {
        repository: source.repository.as_str(),
        read: source.read.map(time),
        error: source.error.as_deref(),
    }
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
    forked: bool,
    error: Option<&'a str>,
    log: &'a [String],
}

#[derive(Serialize)]
struct MarkEntry<'a> {
    version: Option<&'a str>,
    digest: Option<&'a Digest>,
}

fn event_entry<'a>(event: &'a Event, shared: &Shared) -> EventEntry<'a> {
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
        forked: shared.forked.contains(&event.id),
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
