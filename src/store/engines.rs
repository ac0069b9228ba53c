//! The last known answers of the engines: what the first frame draws, marked with its age.

use rusqlite::{TransactionBehavior, params};

use crate::model::fleet::{EngineState, Engines, Link};
use crate::model::observation::Observation;
use crate::model::project::EngineName;

use super::{Store, StoreError, json, statement, stored_time};

/// An older answer never replaces a newer one: many karats write here.
const REMEMBER: &str = "
    INSERT INTO engines (name, at, body) VALUES (?1, ?2, ?3)
    ON CONFLICT (name) DO UPDATE SET at = excluded.at, body = excluded.body
    WHERE excluded.at > engines.at";

impl Store {
    /// Remembers what the engines answered last. Engines that never answered are left out,
    /// and what another karat heard later stays.
    ///
    /// # Errors
    /// [`StoreError::Statement`], with nothing changed.
    pub fn remember_engines(&self, engines: &Engines) -> Result<(), StoreError> {
        let doing = "remember an engine";
        let mut bodies = Vec::new();
        for (name, state) in engines {
            if let Some(last) = &state.last {
                bodies.push((name, stored_time(last.at), json(doing, last)?));
            }
        }
        if bodies.is_empty() {
            return Ok(());
        }
        let mut connection = self.connection();
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(statement(doing))?;
        for (name, at, body) in bodies {
            transaction
                .prepare_cached(REMEMBER)
                .and_then(|mut insert| insert.execute(params![name.0, at, body]))
                .map_err(statement(doing))?;
        }
        transaction.commit().map_err(statement(doing))
    }

    /// What the engines answered last, each as if it were being connected to. Also engines
    /// that are in no project any more: the caller knows which ones it wants.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn last_engines(&self) -> Result<Engines, StoreError> {
        let doing = "read the last known engines";
        let connection = self.connection();
        let mut select = connection
            .prepare_cached("SELECT name, body FROM engines")
            .map_err(statement(doing))?;
        let rows = select
            .query_map([], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
            })
            .map_err(statement(doing))?;
        let mut engines = Engines::new();
        for row in rows {
            let (name, body) = row.map_err(statement(doing))?;
            // What another karat wrote in its own way is as good as not remembered.
            if let Ok(last) = serde_json::from_str::<Observation>(&body) {
                let state = EngineState {
                    last: Some(last),
                    link: Link::Connecting,
                };
                engines.insert(EngineName(name), state);
            }
        }
        Ok(engines)
    }
}
