//! The file: how it is made, opened and brought to the newest schema, and what happens when
//! it is damaged or was written by a newer karat.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::{FILE_NAME, Store, StoreError};

/// How long a process waits for another one.
const PATIENCE: Duration = Duration::from_secs(5);

/// Each brings the schema from its index to the next; `PRAGMA user_version` is the number
/// of those already done. Never change one that was released: add another.
const MIGRATIONS: [&str; 3] = [
    "
    CREATE TABLE events (
        operation   TEXT NOT NULL,
        image       TEXT NOT NULL,
        environment TEXT NOT NULL, -- '' for none: NULLs would not collide
        time        INTEGER NOT NULL,
        local       INTEGER NOT NULL, -- 1: karat saw it happen here; 0: read from an engine
        body        TEXT NOT NULL,
        PRIMARY KEY (operation, image, environment)
    );
    CREATE INDEX events_by_time ON events (time);
    CREATE INDEX events_by_cell ON events (image, environment, time);
    CREATE TABLE engines (
        name TEXT PRIMARY KEY,
        at   INTEGER NOT NULL,
        body TEXT NOT NULL
    );
    CREATE TABLE journal (
        operation TEXT PRIMARY KEY,
        summary   TEXT NOT NULL,
        engines   TEXT NOT NULL,
        since     INTEGER NOT NULL
    );
",
    "
    -- Everything in these can be read again from where it came.
    CREATE TABLE layers (
        diff_id TEXT PRIMARY KEY,
        format  INTEGER NOT NULL,
        used    INTEGER NOT NULL,
        body    BLOB NOT NULL
    );
    CREATE INDEX layers_by_use ON layers (used);
    CREATE TABLE configurations (
        digest TEXT PRIMARY KEY,
        format INTEGER NOT NULL,
        used   INTEGER NOT NULL,
        body   BLOB NOT NULL
    );
    CREATE INDEX configurations_by_use ON configurations (used);
    CREATE TABLE digests (
        digest TEXT PRIMARY KEY,
        format INTEGER NOT NULL,
        used   INTEGER NOT NULL,
        body   BLOB NOT NULL
    );
    CREATE INDEX digests_by_use ON digests (used);
",
    "
    -- Read from registries, and to be read again from there.
    CREATE TABLE shared (
        repository TEXT NOT NULL,
        tag        TEXT NOT NULL,
        body       TEXT NOT NULL,
        PRIMARY KEY (repository, tag)
    );
    CREATE TABLE remote_images (
        digest TEXT PRIMARY KEY,
        body   TEXT NOT NULL
    );
    -- Seen here, by this machine.
    CREATE TABLE sightings (
        channel TEXT PRIMARY KEY,
        digest  TEXT NOT NULL,
        since   INTEGER NOT NULL
    );
    CREATE TABLE pulls (
        engine     TEXT NOT NULL,
        repository TEXT NOT NULL,
        bytes      INTEGER NOT NULL,
        millis     INTEGER NOT NULL,
        PRIMARY KEY (engine, repository)
    );
",
];

/// The newest schema this karat knows.
pub(super) fn newest_schema() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

impl Store {
    /// Opens `karat.sqlite` in `dir`, both made when missing (modes 0700 and 0600: history
    /// tells what runs where). Brings an older schema to the newest.
    ///
    /// # Errors
    /// [`StoreError::Folder`] and [`StoreError::Open`] for what the system refuses,
    /// [`StoreError::Damaged`] and [`StoreError::Newer`] for a file that is not ours to use.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        make_folder(dir)?;
        // While anybody opens the file nobody moves it aside: SQLite finds a file's -wal by
        // name, so one that opened the old file would take the new one's for its own.
        let gate = gate(dir)?;
        gate.lock_shared().map_err(|source| StoreError::Folder {
            path: gate_path(dir),
            source,
        })?;
        Self::open_at(dir)
    }

    /// The same, by whoever holds the gate.
    fn open_at(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(FILE_NAME);
        make(dir, &path)?;
        let failed = |source: rusqlite::Error| match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => StoreError::Damaged {
                path: path.clone(),
                source,
            },
            _ => StoreError::Open {
                path: path.clone(),
                source,
            },
        };
        let mut connection = Connection::open(&path).map_err(failed)?;
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        check_schema(&connection, &path, &failed)?;
        patiently(|| set_up(&connection)).map_err(failed)?;
        patiently(|| migrate(&mut connection)).map_err(failed)?;
        // Again: a newer karat may have been the one that made the file meanwhile.
        check_schema(&connection, &path, &failed)?;
        patiently(|| probe(&connection)).map_err(failed)?;
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    /// A store that forgets everything when it is dropped.
    ///
    /// # Errors
    /// [`StoreError::Open`] when SQLite cannot even do that (no memory).
    pub fn in_memory() -> Result<Self, StoreError> {
        let failed = |source| StoreError::Open {
            path: PathBuf::from(":memory:"),
            source,
        };
        let mut connection = Connection::open_in_memory().map_err(failed)?;
        migrate(&mut connection).map_err(failed)?;
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    /// Opens the store, whatever it takes. A damaged file is moved aside (as
    /// `karat.sqlite.broken-1`, and so on) and a new one begun; when there is none to be
    /// had, karat remembers in memory for as long as it runs. The sentence, if any, is for
    /// the user.
    ///
    /// # Errors
    /// [`StoreError::Open`] when there is no memory either.
    pub fn open_or_memory(dir: &Path) -> Result<(Self, Option<String>), StoreError> {
        let refused = match Self::open(dir) {
            Ok(store) => return Ok((store, None)),
            Err(StoreError::Damaged { .. }) => match replace_damaged(dir) {
                Ok((store, warning)) => return Ok((store, warning)),
                Err(error) => error,
            },
            Err(error) => error,
        };
        let warning = format!("{refused}. Until then nothing is remembered after karat ends");
        Ok((Self::in_memory()?, Some(warning)))
    }
}

fn make_folder(dir: &Path) -> Result<(), StoreError> {
    // A folder that is there keeps its mode: it may be somebody's home.
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|source| StoreError::Folder {
            path: dir.to_owned(),
            source,
        })
}

fn gate_path(dir: &Path) -> PathBuf {
    dir.join(format!("{FILE_NAME}.lock"))
}

/// The file whose lock is held while the store's own is opened (shared) or moved (alone).
fn gate(dir: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(gate_path(dir))
        .map_err(|source| StoreError::Folder {
            path: gate_path(dir),
            source,
        })
}

fn make(dir: &Path, path: &Path) -> Result<(), StoreError> {
    if !path.exists() {
        make_private(dir, path).map_err(|source| StoreError::Folder {
            path: path.to_owned(),
            source,
        })?;
    }
    // A file copied here by hand may have any mode. SQLite gives its -wal and -shm the mode
    // of the file. Best effort: somebody else's file that we may write to is still of use.
    if let Ok(meta) = fs::metadata(path)
        && meta.permissions().mode() & 0o077 != 0
    {
        let _ = fs::set_permissions(path, Permissions::from_mode(0o600));
    }
    Ok(())
}

/// Makes the empty file with mode 0600 under another name and links it in. Opening the
/// real name ourselves is not to be done, ever: closing it would drop the locks SQLite
/// holds on it elsewhere in this process.
fn make_private(dir: &Path, path: &Path) -> io::Result<()> {
    let nonce: u64 = rand::random();
    let temporary = dir.join(format!(".{FILE_NAME}.{nonce:016x}"));
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)?;
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // A file system without links: SQLite makes the file.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        other => other,
    }
}

fn check_schema(
    connection: &Connection,
    path: &Path,
    failed: &dyn Fn(rusqlite::Error) -> StoreError,
) -> Result<(), StoreError> {
    let found = patiently(|| schema(connection)).map_err(failed)?;
    let known = newest_schema();
    if found > known {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    }
    Ok(())
}

fn schema(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Readers do not wait for writers (WAL; where the file system cannot do it SQLite stays
/// with what it has), and a power cut may cost the last event but never the file.
fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    let _mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    connection.execute_batch("PRAGMA synchronous = NORMAL")
}

/// Runs the migrations that are missing, all or none. Of several processes one does it.
fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    if schema(connection)? >= newest_schema() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = schema(&transaction)?;
    let done = usize::try_from(done).unwrap_or(0);
    for migration in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(migration)?;
    }
    if done < MIGRATIONS.len() {
        transaction.pragma_update(None, "user_version", newest_schema())?;
    }
    transaction.commit()
}

/// Reads the schema and the first page of each table: a file that was cut off shows here,
/// where it can still be replaced, not at the first event.
fn probe(connection: &Connection) -> rusqlite::Result<()> {
    // Not those of anatomy: their rows are long, and one that cannot be read costs nothing.
    for table in ["events", "engines", "journal"] {
        connection
            .prepare(&format!("SELECT * FROM {table} LIMIT 1"))?
            .exists([])?;
    }
    Ok(())
}

/// Tries again while another process is in the way. Switching to WAL, unlike everything
/// else, answers "busy" at once, without SQLite's own waiting.
fn patiently<T>(mut what: impl FnMut() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    let start = Instant::now();
    loop {
        match what() {
            Err(error)
                if matches!(
                    error.sqlite_error_code(),
                    Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
                ) && start.elapsed() < PATIENCE =>
            {
                thread::sleep(Duration::from_millis(5));
            }
            outcome => return outcome,
        }
    }
}

/// Moves the damaged file aside and begins a new one. One process at a time, and the file
/// is looked at once more under the lock: the new file of another process must not be taken
/// for the damaged one.
fn replace_damaged(dir: &Path) -> Result<(Store, Option<String>), StoreError> {
    let gate = gate(dir)?;
    gate.lock().map_err(|source| StoreError::Folder {
        path: gate_path(dir),
        source,
    })?;
    match Store::open_at(dir) {
        Err(StoreError::Damaged { .. }) => {}
        other => return other.map(|store| (store, None)),
    }
    let path = dir.join(FILE_NAME);
    let aside = free_name(dir);
    for suffix in ["-wal", "-shm"] {
        // They belong to the damaged file; with the new one they would damage it too. The
        // moved file keeps its -wal: it may be needed to rescue something. They go first:
        // once the name is free somebody may begin the new file, with a -wal of its own.
        let from = dir.join(format!("{FILE_NAME}{suffix}"));
        let mut to = aside.clone().into_os_string();
        to.push(suffix);
        if let Err(source) = fs::rename(&from, to)
            && source.kind() != io::ErrorKind::NotFound
        {
            return Err(StoreError::Folder { path: from, source });
        }
    }
    fs::rename(&path, &aside).map_err(|source| StoreError::Folder {
        path: path.clone(),
        source,
    })?;
    let store = Store::open_at(dir)?;
    let warning = format!(
        "karat's history was damaged; it is kept as {} and a new one begun",
        aside.display()
    );
    Ok((store, Some(warning)))
}

fn free_name(dir: &Path) -> PathBuf {
    let mut number = 1_u32;
    loop {
        let path = dir.join(format!("{FILE_NAME}.broken-{number}"));
        if !path.exists() {
            return path;
        }
        number += 1;
    }
}
