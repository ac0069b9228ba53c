//! Known good: the version an environment can be put back on without asking anybody.
//!
//! It is the newest recorded run for which all of these hold:
//! 1. it ran there for at least the soak without a restart, and was healthy when last read,
//!    or has no health check (which is said);
//! 2. its identity is not the one running now;
//! 3. neither it nor an ancestor is revoked;
//! 4. it can be had now: every engine has it, or it can be fetched from a registry, or
//!    streamed from another engine;
//! 5. no earlier roll back in this environment left it behind, unless somebody picked it by
//!    name since.

use super::digest::Digest;
use super::run::Run;

/// What there is to go back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The run to go back to.
    pub choice: Option<Run>,
    /// Every other run considered, newest first, and why it was passed over.
    pub passed_over: Vec<PassedOver>,
}

/// A run that does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// Which run.
    pub run: Run,
    /// Why not.
    pub why: Objection,
}

/// Why a run does not count as known good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Objection {
    /// It is what runs now.
    RunsNow,
    /// It ran for less than the soak.
    TooShort,
    /// It was restarted.
    Restarted,
    /// It was not healthy when last read.
    NotHealthy,
    /// It, or what it was built from, is revoked.
    Revoked,
    /// No engine and no registry has it any more.
    Gone,
    /// A roll back left it behind.
    LeftBehind,
    /// A newer run of the same version was already considered.
    OlderRun,
}

impl Objection {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::RunsNow => "it is what runs now",
            Self::TooShort => "it ran for less than the soak",
            Self::Restarted => "it was restarted while it ran",
            Self::NotHealthy => "it was not healthy when last read",
            Self::Revoked => "it is revoked",
            Self::Gone => "no engine and no registry has it any more",
            Self::LeftBehind => "a roll back left it behind",
            Self::OlderRun => "a newer run of the same version counts",
        }
    }
}

/// What is asked.
pub struct Question<'a> {
    /// Recorded runs, in any order, from every container of the deployment.
    pub runs: &'a [Run],
    /// The identities that run now.
    pub running: &'a [Digest],
    /// The environment's soak.
    pub soak: super::time::Span,
    /// Whether a run's version is revoked.
    pub revoked: &'a dyn Fn(&Run) -> bool,
    /// Whether a run's version can be had now.
    pub obtainable: &'a dyn Fn(&Run) -> bool,
}
