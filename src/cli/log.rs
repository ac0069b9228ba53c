//! The log file: what karat did and what failed, for whoever looks for a fault afterwards.
//! It is the only place the log goes to; the screen belongs to the interface, standard error
//! to progress. Errors of karat carry no secrets, so neither does the log.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Mutex;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;

use crate::config::{LogLevel, Surroundings, state_dir};

/// The name of the log file.
const FILE: &str = "karat.log";

/// The name of the one before.
const BEFORE: &str = "karat.log.1";

/// A log file larger than this is put aside, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Opens the log. A log that cannot be written is no reason not to work: nothing is said.
pub(super) fn open(surroundings: &Surroundings, level: LogLevel) {
    let filter = match level {
        LogLevel::Off => return,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let Some(folder) = state_dir(surroundings) else {
        return;
    };
    let Ok(file) = open_file(&folder) else {
        return;
    };
    let subscriber = fmt()
        .with_max_level(filter)
        .with_ansi(false)
        .with_writer(Mutex::new(file))
        .finish();
    // A second command in one process keeps the first one's log.
    drop(tracing::subscriber::set_global_default(subscriber));
}

fn open_file(folder: &Path) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    let path = folder.join(FILE);
    if fs::metadata(&path).is_ok_and(|file| file.len() > LARGEST) {
        fs::rename(&path, folder.join(BEFORE))?;
    }
    // For the user alone: names of hosts and images are nobody else's business.
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_log_that_has_grown_too_large_is_put_aside_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut file = open_file(folder.path()).expect("a log");
        file.write_all(b"first\n").expect("written");
        drop(open_file(folder.path()).expect("the same log"));
        assert!(!folder.path().join(BEFORE).exists());
        file.set_len(LARGEST + 1).expect("grown");
        let mut file = open_file(folder.path()).expect("a new log");
        file.write_all(b"second\n").expect("written");
        let text = fs::read_to_string(folder.path().join(FILE)).expect("read");
        assert_eq!(text, "second\n");
        assert!(folder.path().join(BEFORE).exists());
    }
}
