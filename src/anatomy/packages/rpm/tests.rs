use rusqlite::Connection;

use super::header::Tag;
use crate::anatomy::packages::testing::{Layer, merged, told};
use crate::anatomy::packages::{Inventory, Why};

pub(super) enum Value<'a> {
    Text(&'a str),
    Texts(&'a [&'a str]),
    Numbers(&'a [u32]),
    Bytes(&'a [u8]),
}

/// A header as RPM writes it.
pub(super) fn blob(tags: &[(Tag, Value<'_>)]) -> Vec<u8> {
    let length = |length: usize| u32::try_from(length).expect("short").to_be_bytes();
    let (mut index, mut data) = (Vec::new(), Vec::new());
    for (tag, value) in tags {
        let (kind, count) = match value {
            Value::Text(_) => (6_u32, 1),
            Value::Texts(texts) => (8, texts.len()),
            Value::Numbers(numbers) => (4, numbers.len()),
            Value::Bytes(bytes) => (1, bytes.len()),
        };
        if kind == 4 {
            data.resize(data.len().next_multiple_of(4), 0);
        }
        index.extend_from_slice(&(*tag as u32).to_be_bytes());
        index.extend_from_slice(&kind.to_be_bytes());
        index.extend_from_slice(&length(data.len()));
        index.extend_from_slice(&length(count));
        let mut text = |text: &str| data.extend_from_slice(format!("{text}\0").as_bytes());
        match value {
            Value::Text(it) => text(it),
            Value::Texts(texts) => texts.iter().for_each(|it| text(it)),
            Value::Numbers(numbers) => {
                numbers
                    .iter()
                    .for_each(|it| data.extend_from_slice(&it.to_be_bytes()));
            }
            Value::Bytes(bytes) => data.extend_from_slice(bytes),
        }
    }
    [&length(tags.len())[..], &length(data.len()), &index, &data].concat()
}

fn bash() -> Vec<u8> {
    blob(&[
        (Tag::Name, Value::Text("bash")),
        (Tag::Version, Value::Text("5.1.8")),
        (Tag::Release, Value::Text("6.el9")),
        (Tag::Arch, Value::Text("x86_64")),
        (Tag::SourceRpm, Value::Text("bash-5.1.8-6.el9.src.rpm")),
        (
            Tag::BaseNames,
            Value::Texts(&["sh", "bash", "README", "gone"]),
        ),
        (
            Tag::DirNames,
            Value::Texts(&["/bin/", "/usr/share/doc/bash/"]),
        ),
        (Tag::DirIndexes, Value::Numbers(&[0, 0, 1, 7])),
        (Tag::FileStates, Value::Bytes(&[0, 0, 1, 0])),
        (Tag::ProvideName, Value::Texts(&["bash", "config(bash)"])),
    ])
}

fn other() -> Vec<u8> {
    blob(&[
        (Tag::Name, Value::Text("other")),
        (Tag::Version, Value::Text("1")),
        (Tag::Release, Value::Text("2")),
        (Tag::Epoch, Value::Numbers(&[3])),
        (
            Tag::RequireName,
            Value::Texts(&["/bin/sh", "rpmlib(X)", "(a if b)"]),
        ),
    ])
}

/// A database as SQLite writes it.
fn database(sql: &str, blobs: &[Vec<u8>]) -> Vec<u8> {
    let database = Connection::open_in_memory().expect("memory");
    database.execute_batch(sql).expect("fine SQL");
    for blob in blobs {
        database
            .execute("INSERT INTO Packages (blob) VALUES (?)", [blob])
            .expect("room");
    }
    database.serialize("main").expect("bytes").to_vec()
}

const TABLE: &str =
    "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)";

fn inventory(database: &[u8]) -> Inventory {
    let image = merged([
        Layer::default()
            .symlink("bin", "usr/bin")
            .symlink("usr/bin/sh", "bash")
            .file("usr/bin/bash", 1000)
            .file("usr/share/doc/bash/README", 10),
        Layer::default().kept("var/lib/rpm/rpmdb.sqlite", database),
    ]);
    Inventory::of_merged(&image)
}

#[test]
fn packages_are_read_with_their_files() {
    let key = blob(&[(Tag::Name, Value::Text("gpg-pubkey"))]);
    let mut database = database(TABLE, &[bash(), key, other()]);
    // As RPM leaves it: written through a log.
    database[18..20].fill(2);
    let inventory = inventory(&database);
    assert_eq!(
        told(&inventory),
        ["rpm bash 5.1.8-6.el9 1000 2", "rpm other 3:1-2 0 0"]
    );
    assert_eq!(inventory.troubles, []);
    let bash = &inventory.packages[0];
    assert_eq!(bash.arch.as_deref(), Some("x86_64"));
    let source = bash.source.as_ref().expect("a source");
    assert_eq!(source.name, "bash");
    assert_eq!(source.version.as_deref(), Some("5.1.8-6.el9"));
    // The database is in the second layer, but the files are in the first.
    assert_eq!((bash.layer.0, inventory.packages[1].layer.0), (0, 1));
    // It is needed for its file.
    assert_eq!(inventory.closure("other").len(), 2);
    assert_eq!(inventory.exclusive("other").len(), 2);
}

#[test]
fn what_is_no_database_of_rpms_is_told() {
    let view = "CREATE TABLE t (hnum, blob); INSERT INTO t VALUES (1, x'00');
        CREATE VIEW Packages AS SELECT * FROM t";
    let endless = "CREATE VIEW Packages AS
        WITH RECURSIVE n(blob) AS (SELECT x'00' UNION ALL SELECT blob FROM n) SELECT blob FROM n";
    let generated = "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY,
        blob BLOB GENERATED ALWAYS AS (zeroblob(60000000)));
        INSERT INTO Packages (hnum) VALUES (1), (2)";
    let truncated = database(TABLE, &vec![bash(); 500]);
    for hostile in [
        Vec::new(),
        b"SQLite format 3\0".to_vec(),
        vec![0xff; 4096],
        truncated[..truncated.len() / 2].to_vec(),
        database("CREATE TABLE Sigmd5 (key, hnum)", &[]),
        database(view, &[]),
        database(endless, &[]),
        database(generated, &[]),
        database(TABLE, &[b"no header".to_vec(), Vec::new()]),
    ] {
        let inventory = inventory(&hostile);
        assert_eq!(inventory.troubles.len(), 1, "{:?}", inventory.troubles);
        assert_eq!(inventory.troubles[0].what, Why::Unreadable);
        assert_eq!(inventory.troubles[0].path, b"var/lib/rpm/rpmdb.sqlite");
    }
}

#[test]
fn a_damaged_page_costs_no_more_than_its_packages() {
    let whole = database(TABLE, &vec![bash(); 200]);
    for at in (100..whole.len()).step_by(97) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0xff;
        // Neither panics nor runs on.
        assert!(inventory(&damaged).packages.len() <= 201);
    }
}

#[test]
fn an_old_database_is_told() {
    let image = merged([Layer::default().file("var/lib/rpm/Packages", 5000)]);
    let inventory = Inventory::of_merged(&image);
    assert_eq!(inventory.troubles[0].what, Why::OldRpm);
}
