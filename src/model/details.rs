//! One container, read closely: what the deployment view shows.

use super::bytes::Bytes;
use super::project::EngineName;
use super::time::{Span, Timestamp};

/// One container, read closely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// On which engine.
    pub engine: EngineName,
    /// Its name.
    pub container: String,
    /// Its id.
    pub id: String,
    /// How it is configured, a line each. Values of environment variables the user set are
    /// masked: they may be secrets.
    pub settings: Vec<Setting>,
    /// The newest entries of its health log, newest first; engines keep five.
    pub health_log: Vec<HealthEntry>,
    /// Files that differ from the image: drift.
    pub changes: Vec<FileChange>,
    /// Why the changed files could not be read, if they could not.
    pub changes_error: Option<String>,
    /// Whether karat can replace it faithfully; if not, why, and the command by hand.
    pub refusal: Option<String>,
    /// What to know about replacing it.
    pub notes: Vec<String>,
}

/// One line of configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// `Env`, `Cmd`, `Mounts`, `Restart policy` …
    pub name: String,
    /// As a person would read it.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a setting comes from, and so what happens to it when the image changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Set for this container: karat carries it over.
    Container,
    /// The image's default: the new image's default takes its place.
    Image,
}

impl Origin {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Container => "carried over",
            Self::Image => "from the image",
        }
    }
}

/// One answer of a health check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthEntry {
    /// When it ended.
    pub at: Timestamp,
    /// How long it took.
    pub took: Span,
    /// Its exit code; 0 is healthy.
    pub exit_code: i64,
    /// What it printed.
    pub output: String,
}

/// One file that differs from the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// What happened to it.
    pub kind: ChangeKind,
    /// Its path.
    pub path: String,
    /// Its size now, where it was asked for.
    pub size: Option<Bytes>,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is another.
    Modified,
    /// It is gone.
    Deleted,
}

impl ChangeKind {
    /// The sign `docker diff` uses.
    #[must_use]
    pub const fn sign(self) -> char {
        match self {
            Self::Added => 'A',
            Self::Modified => 'C',
            Self::Deleted => 'D',
        }
    }
}
