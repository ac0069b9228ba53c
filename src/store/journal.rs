//! Operations under way. A hint only: the truth is the locks on the engines, which any
//! machine can read. This tells, after a crash, which engines to ask first.

use rusqlite::params;

use crate::model::fleet::{EngineState, Engines, Link};
use crate::model::plan::OperationId;
use crate::model::project::EngineName;
use crate::model::time::Timestamp;

use super::{Store, StoreError, json, read_time, statement, stored_time};

/// An operation that began here and whose end was not recorded: it runs, or was cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// Which operation.
    pub operation: OperationId,
    /// What it does, in words: `roll back shop-web in prod to 1.4.2`.
    pub summary: String,
    /// The engines it touches.
    pub engines: Vec<EngineName>,
    /// When it began.
    pub since: Timestamp,
}

impl Store {
    /// Notes that an operation begins at `now`.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn begin(
        &self,
        operation: &OperationId,
        summary: &str,
        engines: &[EngineName],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let doing = "note an operation";
        let engines = json(doing, &engines)?;
        self.connection()
            .execute(
                "INSERT OR REPLACE INTO journal (operation, summary, engines, since)
                 VALUES (?1, ?2, ?3, ?4)",
                params![operation.0, summary, engines, stored_time(now)],
            )
            .map_err(statement(doing))?;
        Ok(())
    }

    /// Notes that an operation has ended, one way or the other. One that is not known is
    /// fine: somebody else may have recovered it.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn end(&self, operation: &OperationId) -> Result<(), StoreError> {
        self.connection()
            .execute("DELETE FROM journal WHERE operation = ?1", [&operation.0])
            .map_err(statement("note the end of an operation"))?;
        Ok(())
    }

    /// The operations that have not ended, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn unfinished(&self) -> Result<Vec<JournalEntry>, StoreError> {
        let doing = "read the operations under way";
        let connection = self.connection();
        let mut select = connection
            .prepare_cached(
                "SELECT operation, summary, engines, since FROM journal ORDER BY since, rowid",
            )
            .map_err(statement(doing))?;
        let rows = select
            .query_map([], |row| {
                let engines: String = row.get(2)?;
                Ok(JournalEntry {
                    operation: OperationId(row.get(0)?),
                    summary: row.get(1)?,
                    // Unreadable: the operation counts all the same, on engines unknown.
                    engines: serde_json::from_str(&engines).unwrap_or_default(),
                    since: read_time(row.get(3)?),
                })
            })
            .map_err(statement(doing))?;
        rows.collect::<Result<_, _>>().map_err(statement(doing))
    }

    /// The operations that have not ended as far as `engines` tell, oldest first. One whose
    /// engines all answer, and none of them has a lock of it, was settled by somebody else:
    /// it is forgotten. (One that is about to take its first lock would be forgotten, too:
    /// only the hint is lost then, never the lock.)
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn unfinished_by(&self, engines: &Engines) -> Result<Vec<JournalEntry>, StoreError> {
        let (over, left): (Vec<_>, Vec<_>) = self
            .unfinished()?
            .into_iter()
            .partition(|entry| settled(entry, engines));
        for entry in over {
            self.end(&entry.operation)?;
        }
        Ok(left)
    }
}

/// Whether the engines of an operation all answer, and nobody holds a lock of it.
fn settled(entry: &JournalEntry, engines: &Engines) -> bool {
    let up = |state: &EngineState| state.link == Link::Up && state.last.is_some();
    let all_answer = if entry.engines.is_empty() {
        // Engines unknown: any may be one of them.
        !engines.is_empty() && engines.values().all(up)
    } else {
        let known = |name| engines.get(name).is_some_and(up);
        entry.engines.iter().all(known)
    };
    let locked = engines
        .values()
        .filter_map(|state| state.last.as_ref())
        .flat_map(|last| &last.locks)
        .any(|lock| lock.operation == entry.operation);
    all_answer && !locked
}
