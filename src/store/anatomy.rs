//! What was read of layers and images: a layer is read once in its life.
//!
//! Everything here can be read again from where it came, so a row that is damaged, or was
//! written by another karat in its own way, is as good as not there, and what was not used
//! for long is forgotten once there is too much.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, TransactionBehavior, params};
use serde::{Serialize, de::DeserializeOwned};

use crate::anatomy::layer::codec;
use crate::anatomy::layer::index::LayerIndex;
use crate::model::digest::Digest;
use crate::model::time::Timestamp;

use super::{Store, StoreError, statement, stored_time};

/// Raised with every change of how rows are written: what older and newer karats wrote is
/// not read. (What is kept of a layer has a version of its own.)
const FORMAT: i64 = 1;

/// How much is kept of layers, in bytes.
const LARGEST: u64 = 512 * 1024 * 1024;

/// How many configurations are kept, and how many digests that led to others.
const MOST: u64 = 8_192;

/// No configuration that is kept unpacks to more than this.
const LARGEST_BODY: u64 = 64 * 1024 * 1024;

/// When something was used is noted no more often: looking must not always write.
const NOTE_USE_AFTER: Duration = Duration::from_secs(3_600);

impl Store {
    /// The index of a layer. Nothing, where none is kept that can be read.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn layer(
        &self,
        diff_id: &Digest,
        now: Timestamp,
    ) -> Result<Option<LayerIndex>, StoreError> {
        let Some(body) = self.body("layers", "diff_id", diff_id.as_str(), now)? else {
            return Ok(None);
        };
        // A row under the wrong name is none.
        let index = codec::decode(&body).ok();
        let index = index.filter(|index| index.diff_id == *diff_id);
        if index.is_none() {
            // So that nobody counts on it again.
            self.connection()
                .execute("DELETE FROM layers WHERE diff_id = ?1", [diff_id.as_str()])
                .map_err(statement("forget a layer"))?;
        }
        Ok(index)
    }

    /// Which of these layers are kept, in the same order. One that is may still turn out
    /// not to be readable.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn has_layers(&self, diff_ids: &[Digest]) -> Result<Vec<bool>, StoreError> {
        let doing = "look for layers";
        let connection = self.connection();
        let mut select = connection
            .prepare_cached(
                "SELECT 1 FROM layers
                 WHERE diff_id = ?1 AND format = ?2 AND typeof(body) = 'blob'",
            )
            .map_err(statement(doing))?;
        diff_ids
            .iter()
            .map(|id| select.exists(params![id.as_str(), FORMAT]))
            .collect::<Result<_, _>>()
            .map_err(statement(doing))
    }

    /// Keeps the index of a layer, and forgets what was not used for longest where there is
    /// too much. Answers whether it was kept: one that is larger than all there may be is
    /// not.
    ///
    /// # Errors
    /// [`StoreError::Statement`], [`StoreError::Unpackable`].
    pub fn keep_layer(&self, index: &LayerIndex, now: Timestamp) -> Result<bool, StoreError> {
        self.keep_layer_within(index, now, LARGEST)
    }

    pub(super) fn keep_layer_within(
        &self,
        index: &LayerIndex,
        now: Timestamp,
        largest: u64,
    ) -> Result<bool, StoreError> {
        let body = codec::encode(index).map_err(|error| StoreError::Unpackable {
            what: "a layer",
            why: error.to_string(),
        })?;
        if body.len() as u64 > largest {
            return Ok(false);
        }
        self.keep("layers", "diff_id", index.diff_id.as_str(), &body, now)?;
        self.prune(
            "DELETE FROM layers WHERE diff_id IN (
                 SELECT diff_id FROM (
                     SELECT diff_id, sum(length(body)) OVER (ORDER BY used DESC, diff_id) AS total
                     FROM layers)
                 WHERE total > ?1)",
            largest,
        )?;
        Ok(true)
    }

    /// The JSON of an image's configuration, by its digest.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn configuration(
        &self,
        digest: &Digest,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let row = self.body("configurations", "digest", digest.as_str(), now)?;
        // It is small: its digest is the checksum.
        Ok(row
            .and_then(|body| unpack::<Vec<u8>>(&body))
            .filter(|json| Digest::of(json) == *digest))
    }

    /// Keeps the JSON of an image's configuration.
    ///
    /// # Errors
    /// [`StoreError::Statement`], [`StoreError::Unpackable`].
    pub fn keep_configuration(
        &self,
        digest: &Digest,
        json: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let body = pack("an image", &json)?;
        self.keep("configurations", "digest", digest.as_str(), &body, now)?;
        self.prune(
            "DELETE FROM configurations WHERE digest IN (
                 SELECT digest FROM configurations ORDER BY used DESC, digest LIMIT -1 OFFSET ?1)",
            MOST,
        )
    }

    /// What a digest led to: a compressed layer's to its diff id, an image id to its
    /// configuration.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn led_to(&self, digest: &Digest, now: Timestamp) -> Result<Option<Digest>, StoreError> {
        let row = self.body("digests", "digest", digest.as_str(), now)?;
        Ok(row.and_then(|body| unpack(&body)))
    }

    /// Keeps what a digest led to.
    ///
    /// # Errors
    /// [`StoreError::Statement`], [`StoreError::Unpackable`].
    pub fn keep_led_to(
        &self,
        digest: &Digest,
        to: &Digest,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let body = pack("a layer", to)?;
        self.keep("digests", "digest", digest.as_str(), &body, now)?;
        self.prune(
            "DELETE FROM digests WHERE digest IN (
                 SELECT digest FROM digests ORDER BY used DESC, digest LIMIT -1 OFFSET ?1)",
            MOST,
        )
    }

    fn body(
        &self,
        table: &str,
        key: &str,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let doing = "read what is known of an image";
        let connection = self.connection();
        let select = format!("SELECT body, used FROM {table} WHERE {key} = ?1 AND format = ?2");
        let row: Option<(Vec<u8>, i64)> = connection
            .prepare_cached(&select)
            .and_then(|mut select| {
                select
                    .query_row(params![id, FORMAT], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()
            })
            .or_else(not_ours)
            .map_err(statement(doing))?;
        let Some((body, used)) = row else {
            return Ok(None);
        };
        let now = stored_time(now);
        let long = i64::try_from(NOTE_USE_AFTER.as_micros()).unwrap_or(i64::MAX);
        if now.saturating_sub(used) > long {
            let update = format!("UPDATE {table} SET used = ?2 WHERE {key} = ?1");
            // A store that cannot be written to can still be read from.
            drop(
                connection
                    .prepare_cached(&update)
                    .and_then(|mut update| update.execute(params![id, now])),
            );
        }
        Ok(Some(body))
    }

    fn keep(
        &self,
        table: &str,
        key: &str,
        id: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let insert = format!(
            "INSERT OR REPLACE INTO {table} ({key}, format, used, body) VALUES (?1, ?2, ?3, ?4)"
        );
        self.connection()
            .prepare_cached(&insert)
            .and_then(|mut insert| insert.execute(params![id, FORMAT, stored_time(now), body]))
            .map_err(statement("keep what is known of an image"))
            .map(drop)
    }

    fn prune(&self, delete: &str, limit: u64) -> Result<(), StoreError> {
        let doing = "forget what is known of images";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut connection = self.connection();
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(statement(doing))?;
        transaction
            .prepare_cached(delete)
            .and_then(|mut delete| delete.execute([limit]))
            .map_err(statement(doing))?;
        transaction.commit().map_err(statement(doing))
    }
}

/// A value of another type than ours is as good as not there.
fn not_ours<T>(error: rusqlite::Error) -> rusqlite::Result<Option<T>> {
    match error {
        rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::FromSqlConversionFailure(..) => {
            Ok(None)
        }
        error => Err(error),
    }
}

/// As bytes, compressed, with a checksum: what is damaged shows.
fn pack(what: &'static str, value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    let unpackable = |why: String| StoreError::Unpackable { what, why };
    let bytes = postcard::to_stdvec(value).map_err(|error| unpackable(error.to_string()))?;
    zstd::bulk::Compressor::new(1)
        .and_then(|mut compressor| {
            compressor.include_checksum(true)?;
            compressor.compress(&bytes)
        })
        .map_err(|error| unpackable(error.to_string()))
}

fn unpack<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    zstd::stream::read::Decoder::new(body)
        .ok()?
        .take(LARGEST_BODY)
        .read_to_end(&mut bytes)
        .ok()?;
    postcard::from_bytes(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::layer::builder::{LayerBuilder, NewEntry, Payload};
    use crate::anatomy::layer::index::{Kind, Owner};
    use crate::model::bytes::Bytes;
    use crate::model::testing::minute;

    fn layer(name: &str) -> LayerIndex {
        let mut builder = LayerBuilder::new();
        // Names that zstd cannot shorten to nothing.
        for number in 0..64_u64 {
            let file = Digest::of(format!("{name} {number}").as_bytes());
            let node = builder.node([&b"usr"[..], file.as_str().as_bytes()]);
            let entry = NewEntry {
                node: node.expect("room"),
                kind: Kind::File,
                mode: 0o644,
                owner: Owner::default(),
                size: number,
                payload: Payload::Content(number),
            };
            builder.add(entry).expect("room");
        }
        builder.finish(Digest::of(name.as_bytes()), Bytes(1_024))
    }

    fn kept(store: &Store, layers: &[&LayerIndex]) -> Vec<bool> {
        let ids: Vec<Digest> = layers.iter().map(|it| it.diff_id.clone()).collect();
        store.has_layers(&ids).expect("read")
    }

    #[test]
    fn a_layer_comes_back_as_it_was() {
        let store = Store::in_memory().expect("a store");
        let one = layer("one");
        assert_eq!(store.layer(&one.diff_id, minute(0)).expect("read"), None);
        store.keep_layer(&one, minute(0)).expect("kept");
        let again = store.layer(&one.diff_id, minute(1)).expect("read");
        assert_eq!(again, Some(one.clone()));
        assert_eq!(kept(&store, &[&one, &layer("two")]), [true, false]);
    }

    #[test]
    fn a_damaged_row_is_as_good_as_not_there() {
        let store = Store::in_memory().expect("a store");
        let one = layer("one");
        let body = codec::encode(&one).expect("packed");
        let other = codec::encode(&layer("two")).expect("packed");
        let mut flipped = body.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 0x10;
        let values: [(&str, &dyn rusqlite::ToSql, i64); 6] = [
            ("cut short", &&body[..middle], FORMAT),
            ("one bit flipped", &flipped, FORMAT),
            ("another layer's", &other, FORMAT),
            ("no zstd", &&b"nothing of ours"[..], FORMAT),
            ("a text", &"text", FORMAT),
            ("of another karat", &body, FORMAT + 1),
        ];
        for (how, value, format) in values {
            let row = params![one.diff_id.as_str(), format, 0, value];
            store
                .connection()
                .execute("INSERT OR REPLACE INTO layers (diff_id, format, used, body) VALUES (?1, ?2, ?3, ?4)", row)
                .expect(how);
            let read = store.layer(&one.diff_id, minute(0)).expect(how);
            assert_eq!(read, None, "{how}");
            let counted_on = store.has_layers(std::slice::from_ref(&one.diff_id));
            assert_eq!(counted_on.expect(how), [false], "{how}");
        }
        store.keep_layer(&one, minute(0)).expect("kept");
        assert_eq!(
            store.layer(&one.diff_id, minute(0)).expect("read"),
            Some(one)
        );
    }

    #[test]
    fn what_was_not_used_for_longest_is_forgotten_first() {
        let store = Store::in_memory().expect("a store");
        let [one, two, three] = ["one", "two", "three"].map(layer);
        let room = codec::encode(&one).expect("packed").len() as u64 * 5 / 2;
        store
            .keep_layer_within(&one, minute(0), room)
            .expect("kept");
        store
            .keep_layer_within(&two, minute(100), room)
            .expect("kept");
        assert_eq!(kept(&store, &[&one, &two]), [true, true]);
        // It is the older one, but was used since.
        store.layer(&one.diff_id, minute(200)).expect("read");
        store
            .keep_layer_within(&three, minute(300), room)
            .expect("kept");
        assert_eq!(kept(&store, &[&one, &two, &three]), [true, false, true]);
        // One that is larger than all there may be drives nothing out.
        store
            .keep_layer_within(&two, minute(400), 10)
            .expect("left out");
        assert_eq!(kept(&store, &[&one, &two, &three]), [true, false, true]);
    }

    #[test]
    fn configurations_are_what_their_digest_says() {
        let store = Store::in_memory().expect("a store");
        let json = b"{\"os\":\"linux\"}";
        let (digest, other) = (Digest::of(json), Digest::of(b"other"));
        let read = |digest: &Digest| store.configuration(digest, minute(0)).expect("read");
        assert_eq!(read(&digest), None);
        store
            .keep_configuration(&digest, json, minute(0))
            .expect("kept");
        assert_eq!(read(&digest), Some(json.to_vec()));
        store
            .keep_configuration(&other, json, minute(0))
            .expect("kept");
        assert_eq!(read(&other), None, "it is another's");
        store.keep_led_to(&digest, &other, minute(0)).expect("kept");
        assert_eq!(store.led_to(&digest, minute(0)).expect("read"), Some(other));
    }
}
