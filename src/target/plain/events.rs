//! An engine's events: what makes the fleet read it again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bollard::query_parameters::EventsOptionsBuilder;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, stream};
use hyper::Method;

use super::{Known, PlainTarget, TargetError};
use crate::engine::{ANSWER_WITHIN, Engine, EngineError, json as read};
use crate::model::time::Timestamp;

/// The events that change what a fleet shows.
const EVENTS: [&str; 18] = [
    "create",
    "start",
    "restart",
    "stop",
    "die",
    "destroy",
    "rename",
    "update",
    "pause",
    "unpause",
    "health_status",
    "oom",
    "tag",
    "untag",
    "delete",
    "load",
    "pull",
    "import",
];

/// Yields on every event; the cache forgets what the event is about.
pub(super) fn changes(target: &PlainTarget) -> BoxStream<'static, Result<(), TargetError>> {
    let engine = target.engine.clone();
    let known = target.known.clone();
    {
        let mut known = target.known();
        known.facts = None;
        known.containers.clear();
    }
    let opening = async move {
        match engine_time(&engine).await {
            Ok(since) => stream::once(async { Ok(()) })
                .chain(listen(engine, known, since))
                .boxed(),
            Err(error) => stream::once(async { Err(error.into()) }).boxed(),
        }
    };
    stream::once(opening).flatten().boxed()
}

/// The engine's own clock: what happened between this answer and the first event must come.
async fn engine_time(engine: &Engine) -> Result<Timestamp, EngineError> {
    let doing = "asking for its time";
    let info = engine
        .json(Method::GET, "/info", None, doing, ANSWER_WITHIN)
        .await?;
    Ok(read::time(&info, "/SystemTime").unwrap_or_else(chrono::Utc::now))
}

fn listen(
    engine: Engine,
    known: Arc<Mutex<Known>>,
    since: Timestamp,
) -> impl futures_util::Stream<Item = Result<(), TargetError>> + Send + 'static {
    let wanted = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    let filters = HashMap::from([
        ("type".to_owned(), wanted(&["container", "image"])),
        ("event".to_owned(), wanted(&EVENTS)),
    ]);
    let options = EventsOptionsBuilder::default()
        .since(&since.timestamp().to_string())
        .filters(&filters)
        .build();
    let ended = EngineError::Unreachable {
        engine: engine.name().clone(),
        doing: "listening to its events".to_owned(),
        why: "the connection ended".to_owned(),
    };
    let events = engine.docker().events(Some(options)).map(move |event| {
        let event = event.map_err(|error| engine.error("listening to its events", error))?;
        if let Some(id) = event.actor.and_then(|actor| actor.id) {
            known
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .containers
                .remove(&id);
        }
        Ok(())
    });
    events.chain(stream::once(async { Err(ended.into()) }))
}
