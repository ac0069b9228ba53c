//! Lines that a container wrote.

use super::time::Timestamp;

/// One line, as it was received: nothing of it has been made harmless yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When the engine took it in, where it says so.
    pub at: Option<Timestamp>,
    /// Where it was written to.
    pub pipe: Pipe,
    /// The bytes, without the newline that ended them.
    pub bytes: Vec<u8>,
}

/// Where a line was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pipe {
    /// Standard output, or the terminal of a container that has one: there the two are one.
    Out,
    /// Standard error.
    Err,
}

/// Which lines of a container are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogsAsk {
    /// Where to begin.
    pub from: LogsFrom,
    /// Whether to go on with what is written from now on, until the container stops.
    pub follow: bool,
}

/// Where reading a log begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogsFrom {
    /// With so many lines before the end.
    Last(usize),
    /// With the first line after this moment.
    After(Timestamp),
}

/// Something told while logs are followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Of which of the containers that are followed: its place among them.
    pub source: usize,
    /// What.
    pub what: Saying,
}

/// What is told of a container whose log is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saying {
    /// A line it wrote.
    Line(LogLine),
    /// A note of karat's: it stopped, it cannot be reached.
    Note(String),
}
