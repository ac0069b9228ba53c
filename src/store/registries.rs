//! What was read from registries, so that it is read once: the records of shared history,
//! images by their digest, since when a channel was seen to point where it does, and how long
//! pulls took. All but the last two can be read again from where it came.

use rusqlite::{OptionalExtension as _, params};

use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::observation::LocalImage;
use crate::model::plan::PullTime;
use crate::model::project::EngineName;
use crate::model::reference::{ImageRef, Repository};
use crate::model::shared::Kept;
use crate::model::time::{Span, Timestamp};

use super::{Store, StoreError, json, read_time, statement, stored_time};

impl Store {
    /// The records of a repository that were read before.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn shared(&self, repository: &Repository) -> Result<Vec<Kept>, StoreError> {
        let doing = "read shared history";
        let connection = self.connection();
        let mut select = connection
            .prepare_cached("SELECT body FROM shared WHERE repository = ?1 ORDER BY tag")
            .map_err(statement(doing))?;
        let rows = select
            .query_map([repository.as_str()], |row| row.get::<_, String>(0))
            .map_err(statement(doing))?;
        let mut all = Vec::new();
        for body in rows {
            // What another karat wrote in its own way is read anew from the registry.
            let body = body.map_err(statement(doing))?;
            all.extend(serde_json::from_str::<Kept>(&body).ok());
        }
        Ok(all)
    }

    /// Keeps records of a repository, and forgets those that it has no more: `tags` are all
    /// there are.
    ///
    /// # Errors
    /// [`StoreError::Statement`], with nothing changed.
    pub fn keep_shared(
        &self,
        repository: &Repository,
        new: &[Kept],
        gone: &[String],
    ) -> Result<(), StoreError> {
        let doing = "keep shared history";
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(statement(doing))?;
        for kept in new {
            let body = json(doing, kept)?;
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO shared (repository, tag, body) VALUES (?1, ?2, ?3)",
                )
                .and_then(|mut insert| insert.execute(params![repository.as_str(), kept.tag, body]))
                .map_err(statement(doing))?;
        }
        for tag in gone {
            transaction
                .prepare_cached("DELETE FROM shared WHERE repository = ?1 AND tag = ?2")
                .and_then(|mut delete| delete.execute(params![repository.as_str(), tag]))
                .map_err(statement(doing))?;
        }
        transaction.commit().map_err(statement(doing))
    }

    /// An image of a registry, by the digest it has there: as true tomorrow as it is today.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn remote_image(&self, digest: &Digest) -> Result<Option<LocalImage>, StoreError> {
        let doing = "read what is known of an image";
        let body: Option<String> = self
            .connection()
            .prepare_cached("SELECT body FROM remote_images WHERE digest = ?1")
            .and_then(|mut select| {
                select
                    .query_row([digest.as_str()], |row| row.get(0))
                    .optional()
            })
            .map_err(statement(doing))?;
        Ok(body.and_then(|body| serde_json::from_str(&body).ok()))
    }

    /// Keeps what a registry says of an image.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn keep_remote_image(&self, digest: &Digest, image: &LocalImage) -> Result<(), StoreError> {
        let doing = "keep what is known of an image";
        let body = json(doing, image)?;
        self.connection()
            .prepare_cached("INSERT OR REPLACE INTO remote_images (digest, body) VALUES (?1, ?2)")
            .and_then(|mut insert| insert.execute(params![digest.as_str(), body]))
            .map_err(statement(doing))?;
        Ok(())
    }

    /// A channel was seen to point to a digest at `now`. Answers since when it was seen to,
    /// without another one in between.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn sight(
        &self,
        channel: &ImageRef,
        digest: &Digest,
        now: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        let doing = "note where a channel points";
        let connection = self.connection();
        let name = channel.to_string();
        let last: Option<(String, i64)> = connection
            .prepare_cached("SELECT digest, since FROM sightings WHERE channel = ?1")
            .and_then(|mut select| {
                select
                    .query_row([&name], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()
            })
            .map_err(statement(doing))?;
        if let Some((_, since)) = last.filter(|(seen, _)| seen == digest.as_str()) {
            return Ok(read_time(since).min(now));
        }
        connection
            .prepare_cached(
                "INSERT OR REPLACE INTO sightings (channel, digest, since) VALUES (?1, ?2, ?3)",
            )
            .and_then(|mut insert| insert.execute(params![name, digest.as_str(), stored_time(now)]))
            .map_err(statement(doing))?;
        Ok(now)
    }

    /// An engine pulled an image of a repository.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn note_pull(
        &self,
        engine: &EngineName,
        repository: &Repository,
        pulled: PullTime,
    ) -> Result<(), StoreError> {
        let millis = i64::try_from(pulled.took.0.as_millis()).unwrap_or(i64::MAX);
        let bytes = i64::try_from(pulled.bytes.0).unwrap_or(i64::MAX);
        self.connection()
            .prepare_cached(
                "INSERT OR REPLACE INTO pulls (engine, repository, bytes, millis)
                 VALUES (?1, ?2, ?3, ?4)",
            )
            .and_then(|mut insert| {
                insert.execute(params![engine.0, repository.as_str(), bytes, millis])
            })
            .map_err(statement("note a pull"))?;
        Ok(())
    }

    /// What the last pull of a repository on an engine moved, and how long it took.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn last_pull(
        &self,
        engine: &EngineName,
        repository: &Repository,
    ) -> Result<Option<PullTime>, StoreError> {
        let row: Option<(i64, i64)> = self
            .connection()
            .prepare_cached("SELECT bytes, millis FROM pulls WHERE engine = ?1 AND repository = ?2")
            .and_then(|mut select| {
                select
                    .query_row(params![engine.0, repository.as_str()], |row| {
                        Ok((row.get(0)?, row.get(1)?))
                    })
                    .optional()
            })
            .map_err(statement("read the last pull"))?;
        Ok(row.map(|(bytes, millis)| PullTime {
            bytes: Bytes(u64::try_from(bytes).unwrap_or(0)),
            took: Span(std::time::Duration::from_millis(
                u64::try_from(millis).unwrap_or(0),
            )),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::{digest, local, minute};

    #[test]
    fn a_channel_is_known_to_point_somewhere_since_it_was_first_seen_to() {
        let store = Store::in_memory().expect("a store");
        let channel = ImageRef::parse("reg.example/web:prod").expect("a reference");
        let see = |id: &str, at: i64| {
            let seen = store.sight(&channel, &digest(id), minute(at));
            seen.expect("it is noted")
        };
        assert_eq!(see("a", 0), minute(0));
        assert_eq!(see("a", 30), minute(0));
        assert_eq!(see("b", 40), minute(40));
        // Back again: what it was before does not count.
        assert_eq!(see("a", 50), minute(50));
        assert_eq!(see("a", 60), minute(50));
    }

    #[test]
    fn images_and_pulls_are_remembered() {
        let store = Store::in_memory().expect("a store");
        let image = local("x", &["reg.example/web:1"]);
        assert_eq!(store.remote_image(&digest("m")).expect("asked"), None);
        store.keep_remote_image(&digest("m"), &image).expect("kept");
        assert_eq!(
            store.remote_image(&digest("m")).expect("asked"),
            Some(image)
        );

        let (engine, repository) = (EngineName::from("a"), Repository::new("reg.example/web"));
        assert_eq!(store.last_pull(&engine, &repository).expect("asked"), None);
        for seconds in [9, 3] {
            let pulled = PullTime {
                bytes: Bytes(seconds * 1_000),
                took: Span::seconds(seconds),
            };
            store
                .note_pull(&engine, &repository, pulled)
                .expect("noted");
            assert_eq!(
                store.last_pull(&engine, &repository).expect("asked"),
                Some(pulled)
            );
        }
    }
}
