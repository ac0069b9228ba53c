//! History.

use rusqlite::{ToSql, TransactionBehavior, params};

use crate::model::event::Event;
use crate::model::project::{EnvironmentName, ImageName};

use super::{Store, StoreError, json, statement, stored_time};

/// Which events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those of this image.
    pub image: Option<ImageName>,
    /// Only those in this environment.
    pub environment: Option<EnvironmentName>,
    /// At most so many, the newest.
    pub limit: Option<usize>,
}

const RECORD: &str = "
    INSERT INTO events (operation, image, environment, time, local, body)
    VALUES (?1, ?2, ?3, ?4, 1, ?5)
    ON CONFLICT (operation, image, environment)
    DO UPDATE SET time = excluded.time, local = 1, body = excluded.body";

const LEARN: &str = "
    INSERT INTO events (operation, image, environment, time, local, body)
    VALUES (?1, ?2, ?3, ?4, 0, ?5)
    ON CONFLICT (operation, image, environment) DO NOTHING";

impl Store {
    /// Records what this karat did. It replaces what is known of the same operation, image
    /// and environment: nobody knows it better.
    ///
    /// # Errors
    /// [`StoreError::Statement`]: disk full, or another process held the file too long.
    pub fn record(&self, event: &Event) -> Result<(), StoreError> {
        let doing = "record an event";
        let body = json(doing, event)?;
        self.connection()
            .prepare_cached(RECORD)
            .and_then(|mut insert| insert.execute(key(event, &body)))
            .map_err(statement(doing))?;
        Ok(())
    }

    /// Takes in events read from engines. What is already known stays as it is: an engine
    /// keeps less of an event than the karat that lived through it. Says how many were new.
    ///
    /// # Errors
    /// [`StoreError::Statement`], with none of them taken in.
    pub fn learn(&self, events: &[Event]) -> Result<usize, StoreError> {
        let doing = "take in an engine's events";
        let mut connection = self.connection();
        let mut unknown = Vec::new();
        for event in events {
            // Looking first: most are known, and a look takes no lock from the others.
            let known = connection
                .prepare_cached(
                    "SELECT 1 FROM events WHERE operation = ?1 AND image = ?2 AND environment = ?3",
                )
                .and_then(|mut look| {
                    look.exists(params![event.id.0, event.image.0, environment(event)])
                })
                .map_err(statement(doing))?;
            if !known {
                unknown.push((event, json(doing, event)?));
            }
        }
        if unknown.is_empty() {
            return Ok(0);
        }
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(statement(doing))?;
        let mut new = 0;
        for (event, body) in &unknown {
            new += transaction
                .prepare_cached(LEARN)
                .and_then(|mut insert| insert.execute(key(event, body)))
                .map_err(statement(doing))?;
        }
        transaction.commit().map_err(statement(doing))?;
        Ok(new)
    }

    /// Events, newest first. One that cannot be read (another karat wrote it in its own
    /// way) is left out: it must not hide the others.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn events(&self, filter: &Filter) -> Result<Vec<Event>, StoreError> {
        let doing = "read events";
        let mut sql = String::from("SELECT body FROM events WHERE 1");
        let mut values: Vec<Box<dyn ToSql>> = Vec::new();
        if let Some(image) = &filter.image {
            sql.push_str(" AND image = ?");
            values.push(Box::new(image.0.clone()));
        }
        if let Some(environment) = &filter.environment {
            sql.push_str(" AND environment = ?");
            values.push(Box::new(environment.0.clone()));
        }
        sql.push_str(" ORDER BY time DESC, rowid DESC");
        let limit = filter.limit.unwrap_or(usize::MAX);
        let connection = self.connection();
        let mut select = connection.prepare_cached(&sql).map_err(statement(doing))?;
        let rows = select
            .query_map(rusqlite::params_from_iter(values), |row| {
                row.get::<_, String>(0)
            })
            .map_err(statement(doing))?;
        // Cut here, not in SQL: what cannot be read does not count.
        let mut events = Vec::new();
        for body in rows {
            if events.len() >= limit {
                break;
            }
            let body = body.map_err(statement(doing))?;
            events.extend(serde_json::from_str::<Event>(&body).ok());
        }
        Ok(events)
    }
}

fn environment(event: &Event) -> &str {
    event
        .environment
        .as_ref()
        .map_or("", EnvironmentName::as_str)
}

fn key<'a>(event: &'a Event, body: &'a str) -> (&'a str, &'a str, &'a str, i64, &'a str) {
    (
        &event.id.0,
        &event.image.0,
        environment(event),
        stored_time(event.time),
        body,
    )
}
