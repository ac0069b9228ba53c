//! What this machine remembers, in SQLite: history, the last known answers of the engines,
//! operations under way.
//!
//! A cache and a hint, never the authority: it may be deleted at any time, and nothing that
//! another machine needs may live here alone. So whoever calls it goes on when it fails.
//! Nothing secret is ever given to it: no environment of containers, no credentials.
//!
//! | file | subject |
//! |---|---|
//! | `open` | the file: its modes, schema, what happens when it is damaged or too new |
//! | `events` | history |
//! | `engines` | the last known answers, for the first frame |
//! | `anatomy` | what was read of layers and images, so that it is read once |
//! | `registries` | what was read from registries, so that it is read once |
//! | `journal` | operations under way: the hint that `karat recover` is needed |

mod anatomy;
mod engines;
mod events;
mod journal;
mod open;
mod registries;

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::DateTime;
use rusqlite::Connection;

use crate::model::time::Timestamp;

pub use events::Filter;
pub use journal::JournalEntry;

/// The file's name in the data folder.
pub const FILE_NAME: &str = "karat.sqlite";

/// The store. Many karats may have the same file open; one may be shared between threads.
/// Every method is one short transaction and waits at most five seconds for another
/// process: call it from a thread that may block.
#[derive(Debug)]
pub struct Store {
    connection: Mutex<Connection>,
}

/// The store does not do what was asked. Never a reason to stop anything else.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data folder or the file cannot be made or opened.
    #[error(
        "cannot use {} for karat's history: {source}; set KARAT_HOME to a folder that can be \
         written to",
        path.display()
    )]
    Folder {
        /// Which path.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// SQLite cannot open the file.
    #[error("cannot open karat's history {}: {source}", path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: rusqlite::Error,
    },
    /// The file is no SQLite database, or a damaged one.
    #[error("karat's history {} is damaged: {source}; move it away", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// How it shows.
        source: rusqlite::Error,
    },
    /// A newer karat has written the file.
    #[error(
        "karat's history {} was written by a newer karat (schema {found}, this one knows \
         {known}): install that one, or set KARAT_HOME to another folder",
        path.display()
    )]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema this karat knows.
        known: i64,
    },
    /// A read or a write failed.
    #[error("cannot {doing} in karat's history: {source}")]
    Statement {
        /// What was being done.
        doing: &'static str,
        /// Why it failed.
        source: rusqlite::Error,
    },
    /// A value cannot be written as JSON.
    #[error("cannot {doing} in karat's history: {source}")]
    Value {
        /// What was being done.
        doing: &'static str,
        /// Why it failed.
        source: serde_json::Error,
    },
    /// What is known of an image cannot be written down.
    #[error("cannot keep what is known of {what} in karat's history: {why}")]
    Unpackable {
        /// Of what.
        what: &'static str,
        /// Why not.
        why: String,
    },
}

impl Store {
    /// The connection. A thread that panicked while it held it has left no half-made
    /// change: an open transaction is rolled back when it is dropped.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn statement(doing: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |source| StoreError::Statement { doing, source }
}

fn json<T: serde::Serialize>(doing: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Value { doing, source })
}

/// A moment as it is stored: microseconds since 1970, so that SQL orders it.
fn stored_time(time: Timestamp) -> i64 {
    time.timestamp_micros()
}

fn read_time(micros: i64) -> Timestamp {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

#[cfg(test)]
mod tests;
