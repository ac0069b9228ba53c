//! A simulated container's log, as a stream of lines.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, stream};

use super::{SimEngine, TargetError, look};
use crate::model::log::{LogLine, LogsAsk, LogsFrom, Pipe};
use crate::model::time::Timestamp;

/// A simulated container's log grows by the clock, not by somebody writing it: who follows
/// it looks again so often.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Reads it: what is there, and, if it is followed, what comes until the container ends.
pub(super) fn logs(
    engine: Arc<SimEngine>,
    container: String,
    ask: LogsAsk,
) -> BoxStream<'static, Result<LogLine, TargetError>> {
    let reading = Reading {
        engine,
        container,
        ask,
        told: None,
        begun: false,
    };
    stream::unfold(Some(reading), |reading| async move {
        let mut reading = reading?;
        match reading.next().await {
            Ok(lines) => lines.map(|lines| (stream::iter(lines).boxed(), Some(reading))),
            Err(error) => Some((stream::once(async { Err(error) }).boxed(), None)),
        }
    })
    .flatten()
    .boxed()
}

/// Somebody who reads a log.
struct Reading {
    engine: Arc<SimEngine>,
    container: String,
    ask: LogsAsk,
    /// The moment of the last line told. Lines of one moment come together.
    told: Option<Timestamp>,
    begun: bool,
}

type Lines = Vec<Result<LogLine, TargetError>>;

impl Reading {
    /// The lines that came since the last look; nothing once no more will come.
    async fn next(&mut self) -> Result<Option<Lines>, TargetError> {
        if !self.begun {
            self.engine.answer("reading a container's log").await?;
        } else if !self.ask.follow || !self.runs() {
            return Ok(None);
        } else {
            tokio::time::sleep(LOOK_AGAIN).await;
            self.engine.reachable("reading a container's log")?;
        }
        let Some(lines) = self.engine.log(&self.container) else {
            // Taken away while it was followed: it ended.
            return if self.begun {
                Ok(None)
            } else {
                Err(look::none(&self.engine, &self.container))
            };
        };
        let newest = lines.last().map(|(at, _)| *at);
        let new = if self.begun {
            let told = self.told;
            lines.partition_point(|(at, _)| told.is_some_and(|told| *at <= told))
        } else {
            left_out(&lines, self.ask.from)
        };
        self.begun = true;
        self.told = newest.or(self.told);
        Ok(Some(lines.into_iter().skip(new).map(line).collect()))
    }

    fn runs(&self) -> bool {
        self.engine.runs(&self.container)
    }
}

/// How many lines lie before the one to begin with.
fn left_out(lines: &[(Timestamp, String)], from: LogsFrom) -> usize {
    match from {
        LogsFrom::Last(count) => lines.len().saturating_sub(count),
        LogsFrom::After(moment) => lines.iter().filter(|(at, _)| *at <= moment).count(),
    }
}

fn line((at, text): (Timestamp, String)) -> Result<LogLine, TargetError> {
    Ok(LogLine {
        at: Some(at),
        pipe: Pipe::Out,
        bytes: text.into_bytes(),
    })
}
