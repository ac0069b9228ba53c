//! What the interface keeps between runs: how each list is sorted. A file of its own beside
//! the history, written by karat only; what the user writes stays the user's.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// The file's name, in the folder where karat keeps what it remembers.
pub const PREFERENCES_NAME: &str = "interface.toml";

/// What the interface keeps between runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// The order of the fleet's rows.
    pub fleet: Sort<FleetBy>,
    /// The order of an image's versions.
    pub versions: Sort<VersionsBy>,
    /// The order of operations.
    pub operations: Sort<OperationsBy>,
    /// The order of the history.
    pub history: Sort<HistoryBy>,
    /// The order of engines.
    pub engines: Sort<EnginesBy>,
}

/// How a list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sort<K: Default> {
    /// By what.
    pub by: K,
    /// Against the direction that is natural for it.
    pub reversed: bool,
}

/// Something a list can be sorted by.
pub trait SortKey: Copy + Default + PartialEq + 'static {
    /// All of them, in the order of the list's columns.
    const ALL: &'static [Self];

    /// Whether its natural direction has the greatest first: the newest, the worst, the most.
    fn falls(self) -> bool;
}

impl<K: SortKey> Sort<K> {
    /// The next of the list, in its natural direction; after the last the first.
    #[must_use]
    pub fn next(self) -> Self {
        let at = K::ALL.iter().position(|key| *key == self.by).unwrap_or(0);
        let by = K::ALL.iter().cycle().nth(at + 1).copied();
        Self {
            by: by.unwrap_or_default(),
            reversed: false,
        }
    }

    /// The other way round.
    #[must_use]
    pub const fn turned(self) -> Self {
        Self {
            by: self.by,
            reversed: !self.reversed,
        }
    }

    /// By the column at a place; the other way round if it is by that one already.
    #[must_use]
    pub fn picked(self, column: usize) -> Self {
        match K::ALL.get(column) {
            Some(by) if *by == self.by => self.turned(),
            Some(by) => Self {
                by: *by,
                reversed: false,
            },
            None => self,
        }
    }

    /// The place of its column.
    #[must_use]
    pub fn column(self) -> usize {
        K::ALL.iter().position(|key| *key == self.by).unwrap_or(0)
    }

    /// The sign beside the heading: `▲` for the least first, `▼` for the greatest.
    #[must_use]
    pub fn sign(self) -> &'static str {
        if self.by.falls() == self.reversed {
            "▲"
        } else {
            "▼"
        }
    }
}

macro_rules! keys {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $key:ident),+ $(,)? } falls $falls:pat) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name {
            $($(#[$each])* $key),+
        }

        impl SortKey for $name {
            const ALL: &'static [Self] = &[$(Self::$key),+];

            fn falls(self) -> bool {
                use $name::*;
                matches!(self, $falls)
            }
        }
    };
}

keys! {
    /// What the fleet's rows are sorted by.
    FleetBy {
        /// As the project file has them.
        #[default]
        Project,
        /// The image's name.
        Name,
        /// Its worst state in any environment.
        State,
        /// How much it skews.
        Skew,
        /// What changed last.
        Changed,
        /// The state in the selected environment, then the version there.
        Here,
    } falls State | Skew | Changed | Here
}

keys! {
    /// What versions are sorted by: the columns.
    VersionsBy {
        /// The newest first, by the image's own scheme.
        #[default]
        Version,
        /// The digest.
        Digest,
        /// In how many environments it runs.
        RunsIn,
        /// In how many environments it is known good; then what speaks against it.
        KnownGood,
        /// Since when it has been there.
        Age,
        /// Its size.
        Size,
        /// The first tag.
        Tags,
    } falls Version | RunsIn | KnownGood | Size
}

keys! {
    /// What operations are sorted by: the columns.
    OperationsBy {
        /// How they stand: those that run first, then the worst.
        State,
        /// What they do.
        Operation,
        /// Since when: the youngest first.
        #[default]
        Since,
        /// What they do now.
        Now,
    } falls State
}

keys! {
    /// What the history is sorted by: the columns.
    HistoryBy {
        /// The newest first.
        #[default]
        When,
        /// How it ended: the worst first.
        Outcome,
        /// What was done.
        What,
        /// To which image.
        Image,
        /// In which environment, upstream first.
        Environment,
        /// To which version.
        Version,
        /// Whose it was.
        Who,
        /// Why.
        Why,
        /// How long it took: the longest first.
        Took,
    } falls Outcome | Took
}

keys! {
    /// What engines are sorted by: the columns.
    EnginesBy {
        /// How it stands: the worst first.
        State,
        /// Its name.
        #[default]
        Name,
        /// The environments it serves, upstream first.
        Serves,
        /// Its kind and version.
        Version,
        /// How many containers it has.
        Containers,
        /// How many images it has.
        Images,
        /// How old its last answer is: the oldest first.
        Seen,
    } falls State | Containers | Images | Seen
}

impl Preferences {
    /// What was kept in a folder. What is not there, or cannot be read, is as if nothing had
    /// ever been chosen: it is no reason not to open.
    #[must_use]
    pub fn read(folder: &Path) -> Self {
        std::fs::read_to_string(folder.join(PREFERENCES_NAME))
            .ok()
            .and_then(|text| toml::from_str(&text).ok())
            .unwrap_or_default()
    }

    /// Keeps it in a folder, which is made if need be. Whoever reads meanwhile sees the old
    /// file or the new one, never a part.
    ///
    /// # Errors
    /// What the system refuses.
    pub fn keep(&self, folder: &Path) -> io::Result<()> {
        let text = toml::to_string(self).map_err(io::Error::other)?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let beside = folder.join(format!("{PREFERENCES_NAME}.{}", std::process::id()));
        let written = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)
            .and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.sync_all()
            })
            .and_then(|()| std::fs::rename(&beside, folder.join(PREFERENCES_NAME)));
        if written.is_err() {
            // Half a file beside it is of no use to anybody.
            let _ = std::fs::remove_file(&beside);
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = folder.path().join("not/yet/there");
        assert_eq!(Preferences::read(&inside), Preferences::default());
        let chosen = Preferences {
            versions: Sort {
                by: VersionsBy::Size,
                reversed: true,
            },
            history: Sort::default().picked(8),
            ..Preferences::default()
        };
        chosen.keep(&inside).expect("kept");
        assert_eq!(Preferences::read(&inside), chosen);
        Preferences::default().keep(&inside).expect("kept over it");
        assert_eq!(Preferences::read(&inside), Preferences::default());
        let left = std::fs::read_dir(&inside).expect("a folder").count();
        assert_eq!(left, 1, "nothing is left beside it");
    }

    #[test]
    fn a_broken_file_is_ignored_and_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(PREFERENCES_NAME);
        for broken in ["versions = 3", "[versions]\nby = \"colour\"", "\u{0}\u{1}["] {
            std::fs::write(&file, broken).expect("a file");
            assert_eq!(Preferences::read(folder.path()), Preferences::default());
            let chosen = Preferences {
                fleet: Sort::default().next(),
                ..Preferences::default()
            };
            chosen.keep(folder.path()).expect("replaced");
            assert_eq!(Preferences::read(folder.path()), chosen);
        }
        // What a later karat added, or took away, does not matter to this one.
        std::fs::write(&file, "[fleet]\nby = \"skew\"\n[more]\nthings = 1\n").expect("a file");
        assert_eq!(Preferences::read(folder.path()).fleet.by, FleetBy::Skew);
    }

    #[test]
    fn every_key_comes_round_and_turns() {
        fn round<K: SortKey + std::fmt::Debug + Eq>() {
            let mut sort = Sort::<K>::default();
            for _ in K::ALL {
                assert_ne!(sort.sign(), sort.turned().sign());
                assert_eq!(sort.picked(sort.column()), sort.turned());
                sort = sort.next();
            }
            assert_eq!(sort, Sort::default());
        }
        round::<FleetBy>();
        round::<VersionsBy>();
        round::<OperationsBy>();
        round::<HistoryBy>();
        round::<EnginesBy>();
        assert_eq!(Sort::<VersionsBy>::default().sign(), "▼");
    }
}
