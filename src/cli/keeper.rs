//! What the interface keeps for its next run: one writer at a time, and the last word holds.

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::config::Preferences;
use crate::tui::effect::Request;

/// Keeps preferences in a folder, where there is one.
#[derive(Debug)]
pub(super) struct Keeper {
    folder: Option<PathBuf>,
    /// The number of the last word that was kept.
    last: Mutex<Request>,
}

impl Keeper {
    /// For a folder; without one nothing is kept.
    pub(super) const fn new(folder: Option<PathBuf>) -> Self {
        Self {
            folder,
            last: Mutex::new(Request(0)),
        }
    }

    /// What was kept by the last run.
    pub(super) fn read(&self) -> Preferences {
        let folder = self.folder.as_deref();
        folder.map(Preferences::read).unwrap_or_default()
    }

    /// Keeps something for the next run, unless something newer is kept already: each is
    /// brought by a task of its own, and tasks overtake each other.
    pub(super) fn keep(&self, turn: Request, preferences: Preferences) -> io::Result<()> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if turn < *last {
            return Ok(());
        }
        preferences.keep(folder)?;
        *last = turn;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{FleetBy, Sort};

    fn by(by: FleetBy) -> Preferences {
        Preferences {
            fleet: Sort {
                by,
                ..Sort::default()
            },
            ..Preferences::default()
        }
    }

    #[test]
    fn what_was_overtaken_does_not_undo_what_is_newer() {
        let folder = tempfile::tempdir().expect("a folder");
        let keeper = Keeper::new(Some(folder.path().to_owned()));
        keeper.keep(Request(1), by(FleetBy::Name)).expect("kept");
        keeper.keep(Request(3), by(FleetBy::Skew)).expect("kept");
        keeper
            .keep(Request(2), by(FleetBy::State))
            .expect("passed over");
        assert_eq!(keeper.read(), by(FleetBy::Skew));
        keeper.keep(Request(4), by(FleetBy::Name)).expect("kept");
        assert_eq!(keeper.read(), by(FleetBy::Name));
    }
}
