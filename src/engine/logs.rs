//! A container's log, line by line: frames taken apart, time stamps taken off.
//!
//! A container without a terminal answers in frames of eight bytes (which pipe, how long)
//! and what was written; one with a terminal answers in bare bytes. The engine puts its own
//! time stamp before each record.

use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, stream};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::transport::WireError;
use super::{Engine, EngineError};
use crate::model::log::{LogLine, LogsAsk, LogsFrom, Pipe};

/// A line longer than this is told in parts: nobody reads it, and memory is finite.
const LONGEST_LINE: usize = 64 * 1024;

/// What an RFC 3339 time stamp takes at most, with its blank.
const LONGEST_STAMP: usize = 64;

/// Whether a container has a terminal: its log then comes without frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Framed.
    Frames,
    /// Bare bytes.
    Terminal,
}

impl Engine {
    /// Reads a container's log as it comes. Nothing is read ahead of whoever listens: a
    /// container that writes faster than that is read more slowly.
    #[must_use]
    pub fn logs(
        &self,
        id: &str,
        shape: Shape,
        ask: LogsAsk,
    ) -> BoxStream<'static, Result<LogLine, EngineError>> {
        let mut path = format!(
            "/containers/{id}/logs?stdout=true&stderr=true&timestamps=true&follow={}",
            ask.follow
        );
        match ask.from {
            LogsFrom::Last(lines) => path.push_str(&format!("&tail={lines}")),
            LogsFrom::After(at) => {
                let next = at + chrono::TimeDelta::nanoseconds(1);
                let (seconds, nanos) = (next.timestamp(), next.timestamp_subsec_nanos());
                path.push_str(&format!("&since={seconds}.{nanos:09}"));
            }
        }
        let engine = self.clone();
        let doing = format!("reading the log of container {id}");
        let opening = async move {
            match engine.open(&path, &doing).await {
                Ok(body) => lines(engine, doing, body, shape),
                Err(error) => stream::once(async { Err(error) }).boxed(),
            }
        };
        stream::once(opening).flatten().boxed()
    }
}

fn lines(
    engine: Engine,
    doing: String,
    body: Incoming,
    shape: Shape,
) -> BoxStream<'static, Result<LogLine, EngineError>> {
    let reading = Reading {
        engine,
        doing,
        body: Some(body),
        cutter: Cutter::new(shape),
    };
    stream::unfold(reading, |mut reading| async move {
        let batch = reading.next().await?;
        Some((stream::iter(batch), reading))
    })
    .flatten()
    .boxed()
}

struct Reading {
    engine: Engine,
    doing: String,
    /// Nothing once it has ended.
    body: Option<Incoming>,
    cutter: Cutter,
}

impl Reading {
    /// What the next chunk holds; nothing when the log has ended.
    async fn next(&mut self) -> Option<Vec<Result<LogLine, EngineError>>> {
        let body = self.body.as_mut()?;
        match body.frame().await {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.cutter.take(data);
                }
                Some(self.cutter.lines().map(Ok).collect())
            }
            Some(Err(error)) => {
                self.body = None;
                let error = self
                    .engine
                    .error(self.doing.clone(), WireError::Read(error).into());
                Some(vec![Err(error)])
            }
            None => {
                self.body = None;
                self.cutter.end();
                Some(self.cutter.lines().map(Ok).collect())
            }
        }
    }
}

/// Cuts bytes into lines.
struct Cutter {
    shape: Shape,
    /// Bytes whose frame is not whole yet.
    waiting: Vec<u8>,
    out: Partial,
    err: Partial,
    ready: Vec<LogLine>,
}

/// A line whose end has not come.
#[derive(Default)]
struct Partial {
    at: Option<crate::model::time::Timestamp>,
    bytes: Vec<u8>,
    /// Something of it has come.
    begun: bool,
}

impl Cutter {
    fn new(shape: Shape) -> Self {
        Self {
            shape,
            waiting: Vec::new(),
            out: Partial::default(),
            err: Partial::default(),
            ready: Vec::new(),
        }
    }

    fn lines(&mut self) -> impl Iterator<Item = LogLine> + use<> {
        std::mem::take(&mut self.ready).into_iter()
    }

    fn take(&mut self, data: &[u8]) {
        if self.shape == Shape::Terminal {
            self.records(data);
            return;
        }
        self.waiting.extend_from_slice(data);
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut begin = 0;
        while let Some((pipe, record, next)) = frame(&waiting, begin) {
            self.record(pipe, record);
            begin = next;
        }
        waiting.drain(..begin);
        self.waiting = waiting;
    }

    /// Bare bytes: a record ends with its newline.
    fn records(&mut self, data: &[u8]) {
        self.waiting.extend_from_slice(data);
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut begin = 0;
        while let Some(rest) = waiting.get(begin..) {
            let end = match rest.iter().position(|byte| *byte == b'\n') {
                Some(at) => at + 1,
                None if rest.len() >= LONGEST_LINE => rest.len(),
                None => break,
            };
            let (record, _) = rest.split_at(end);
            self.record(Pipe::Out, record);
            begin += end;
        }
        waiting.drain(..begin);
        self.waiting = waiting;
    }

    /// One record: a stamp, and a line or the part of one.
    fn record(&mut self, pipe: Pipe, record: &[u8]) {
        let (at, rest) = stamp(record);
        let partial = match pipe {
            Pipe::Out => &mut self.out,
            Pipe::Err => &mut self.err,
        };
        if !partial.begun {
            partial.at = at;
            partial.begun = true;
        }
        let (text, ended) = match rest.strip_suffix(b"\n") {
            Some(text) => (text, true),
            None => (rest, false),
        };
        partial.bytes.extend_from_slice(text);
        if ended || partial.bytes.len() >= LONGEST_LINE {
            let whole = std::mem::take(partial);
            self.ready.push(whole.line(pipe));
        }
    }

    /// Nothing more comes: what has no newline is a line all the same.
    fn end(&mut self) {
        if self.shape == Shape::Terminal && !self.waiting.is_empty() {
            let rest = std::mem::take(&mut self.waiting);
            self.record(Pipe::Out, &rest);
        }
        for (pipe, partial) in [
            (Pipe::Out, std::mem::take(&mut self.out)),
            (Pipe::Err, std::mem::take(&mut self.err)),
        ] {
            if partial.begun {
                self.ready.push(partial.line(pipe));
            }
        }
    }
}

impl Partial {
    fn line(self, pipe: Pipe) -> LogLine {
        LogLine {
            at: self.at,
            pipe,
            bytes: self.bytes,
        }
    }
}

/// The frame that begins there, if all of it has come: its pipe, what is in it, and where
/// the next one begins.
fn frame(bytes: &[u8], begin: usize) -> Option<(Pipe, &[u8], usize)> {
    let head: &[u8; 8] = bytes.get(begin..begin + 8)?.try_into().ok()?;
    let [pipe, _, _, _, a, b, c, d] = *head;
    let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).ok()?;
    let next = (begin + 8).checked_add(length)?;
    let record = bytes.get(begin + 8..next)?;
    let pipe = if pipe == 2 { Pipe::Err } else { Pipe::Out };
    Some((pipe, record, next))
}

/// The time stamp before a record, and what comes after it.
fn stamp(record: &[u8]) -> (Option<crate::model::time::Timestamp>, &[u8]) {
    let blank = record
        .iter()
        .take(LONGEST_STAMP)
        .position(|byte| *byte == b' ');
    let read = blank.and_then(|blank| {
        let (stamp, rest) = record.split_at_checked(blank)?;
        let stamp = std::str::from_utf8(stamp).ok()?;
        let at = chrono::DateTime::parse_from_rfc3339(stamp).ok()?;
        Some((Some(at.to_utc()), rest.get(1..)?))
    });
    read.unwrap_or((None, record))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(pipe: u8, text: &str) -> Vec<u8> {
        let length = u32::try_from(text.len()).expect("short").to_be_bytes();
        let mut bytes = vec![pipe, 0, 0, 0];
        bytes.extend(length);
        bytes.extend(text.as_bytes());
        bytes
    }

    fn told(cutter: &mut Cutter) -> Vec<(Pipe, String, bool)> {
        cutter
            .lines()
            .map(|line| {
                let text = String::from_utf8_lossy(&line.bytes).into_owned();
                (line.pipe, text, line.at.is_some())
            })
            .collect()
    }

    const AT: &str = "2026-11-22T03:00:00.123456789Z";

    #[test]
    fn frames_are_taken_apart_wherever_the_chunks_are_cut() {
        let mut bytes = framed(1, &format!("{AT} one\n"));
        bytes.extend(framed(2, &format!("{AT} two\r\n")));
        // A long line comes in parts, each with a stamp of its own; another pipe between.
        bytes.extend(framed(1, &format!("{AT} half")));
        bytes.extend(framed(2, &format!("{AT} \n")));
        bytes.extend(framed(1, &format!("{AT} whole\n")));
        bytes.extend(framed(1, &format!("{AT} no newline")));
        for chunk in [1, 3, 7, 1_000] {
            let mut cutter = Cutter::new(Shape::Frames);
            for part in bytes.chunks(chunk) {
                cutter.take(part);
            }
            cutter.end();
            let wanted = [
                (Pipe::Out, "one"),
                (Pipe::Err, "two\r"),
                (Pipe::Err, ""),
                (Pipe::Out, "halfwhole"),
                (Pipe::Out, "no newline"),
            ]
            .map(|(pipe, text)| (pipe, text.to_owned(), true));
            assert_eq!(told(&mut cutter), wanted, "chunks of {chunk}");
        }
    }

    #[test]
    fn a_terminals_log_has_no_frames() {
        let mut cutter = Cutter::new(Shape::Terminal);
        cutter.take(format!("{AT} \u{1}looks like a frame\r\n{AT} se").as_bytes());
        cutter.take(b"cond\r\nwithout a stamp");
        cutter.end();
        assert_eq!(
            told(&mut cutter),
            [
                (Pipe::Out, "\u{1}looks like a frame\r".to_owned(), true),
                (Pipe::Out, "second\r".to_owned(), true),
                (Pipe::Out, "without a stamp".to_owned(), false),
            ]
        );
    }

    #[test]
    fn a_line_without_end_is_told_in_parts() {
        let mut cutter = Cutter::new(Shape::Frames);
        for _ in 0..9 {
            cutter.take(&framed(1, &format!("{AT} {}", "x".repeat(16 * 1024))));
        }
        let lengths: Vec<usize> = cutter.lines().map(|line| line.bytes.len()).collect();
        assert_eq!(lengths, [LONGEST_LINE, LONGEST_LINE]);
    }
}
