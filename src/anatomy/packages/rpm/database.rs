//! The headers in RPM's SQLite database, read from memory.
//!
//! The database is somebody else's: it is opened for reading only, nothing in its schema is
//! trusted but a plain table of the right name, and a query ends after so many steps.

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use crate::anatomy::layer::kept;

/// Where SQLite says how a file is written and read: 2 is by write-ahead log.
const JOURNAL: std::ops::Range<usize> = 18..20;
/// How often a query may be asked whether it goes on, every [`STEPS_EACH`] steps of SQLite's
/// machine: a database of 64 MB takes a thousandth.
const STEPS: u32 = 1_000;
const STEPS_EACH: i32 = 10_000;
/// Whether `Packages` is a table that is stored as it is: no view, nothing that is worked out
/// while it is read.
const PLAIN: &str = "
    SELECT (SELECT count(*) FROM sqlite_schema
            WHERE name = 'Packages' AND type = 'table' AND rootpage > 0) = 1
       AND (SELECT count(*) FROM pragma_table_xinfo('Packages') WHERE hidden <> 0) = 0";

/// Calls `take` with each header, until it answers no.
///
/// # Errors
/// When it is no database, or none of RPM's.
pub(super) fn each_header(
    mut content: Vec<u8>,
    mut take: impl FnMut(&[u8]) -> bool,
) -> rusqlite::Result<()> {
    // In memory there is no log beside it; a database at rest has nothing in its log.
    if let Some(journal) = content.get_mut(JOURNAL) {
        journal.fill(1);
    }
    let database = open(&content)?;
    let plain: bool = database.query_row(PLAIN, [], |row| row.get(0))?;
    if !plain {
        return Err(rusqlite::Error::QueryReturnedNoRows);
    }
    // All headers together are shorter than the file, unless pages are in it twice.
    let mut left = content.len();
    let mut query = database.prepare("SELECT blob FROM Packages")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let blob = match row.get_ref(0)? {
            ValueRef::Blob(blob) => blob,
            // What is no header is told by who takes it.
            _ => &[],
        };
        left = left
            .checked_sub(blob.len())
            .ok_or(rusqlite::Error::QueryReturnedMoreThanOneRow)?;
        if !take(blob) {
            break;
        }
    }
    Ok(())
}

fn open(content: &[u8]) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_MEMORY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut database = Connection::open_in_memory_with_flags(flags)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    let longest = i32::try_from(kept::LARGEST).unwrap_or(i32::MAX);
    database.set_limit(Limit::SQLITE_LIMIT_LENGTH, longest)?;
    database.deserialize_read_exact("main", content, content.len(), true)?;
    let mut left = STEPS;
    database.progress_handler(
        STEPS_EACH,
        Some(move || {
            left = left.saturating_sub(1);
            left == 0
        }),
    )?;
    Ok(database)
}
