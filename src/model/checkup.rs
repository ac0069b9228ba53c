//! What `karat doctor` finds: one line a fact, each with what to do where it is not as it
//! should be.

use serde::Serialize;

/// What was looked at, and what was found there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checkup {
    /// What: an engine's name, a registry's host, a repository, the terminal.
    pub name: String,
    /// What kind of thing that is.
    pub subject: Subject,
    /// What was found, in the order in which it was looked at.
    pub findings: Vec<Finding>,
}

/// What kind of thing is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A Docker engine.
    Engine,
    /// A registry.
    Registry,
    /// One repository of it.
    Repository,
    /// An environment.
    Environment,
    /// What karat itself runs with: project file, memory, terminal.
    Karat,
}

impl Subject {
    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Registry => "registry",
            Self::Repository => "repository",
            Self::Environment => "environment",
            Self::Karat => "karat",
        }
    }
}

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How it is.
    pub state: State,
    /// What was looked at: `clock`, `delete`.
    pub what: &'static str,
    /// What was found.
    pub text: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Good,
    /// It works, with less than there could be.
    Note,
    /// Something will not work.
    Bad,
}

impl State {
    /// The sign beside it.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Note => "!",
            Self::Bad => "✗",
        }
    }
}

impl Finding {
    /// As it should be.
    #[must_use]
    pub fn good(what: &'static str, text: impl Into<String>) -> Self {
        Self {
            state: State::Good,
            what,
            text: text.into(),
            remedy: None,
        }
    }

    /// Worth knowing, with what to do about it.
    #[must_use]
    pub fn note(what: &'static str, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            state: State::Note,
            what,
            text: text.into(),
            remedy: Some(remedy.into()),
        }
    }

    /// Wrong. The text of an error says itself what to do.
    #[must_use]
    pub fn bad(what: &'static str, text: impl Into<String>) -> Self {
        Self {
            state: State::Bad,
            what,
            text: text.into(),
            remedy: None,
        }
    }
}

/// By how much another clock may differ before it matters: events are ordered by time, and
/// whether an operation is under way is told by its age.
const CLOCKS_MAY_DIFFER: i64 = 5_000;

/// What is to be said of another clock, which is ahead by so many milliseconds (behind where
/// that is negative).
#[must_use]
pub fn clock(ahead_ms: i64) -> Finding {
    let by = super::time::Span(std::time::Duration::from_millis(ahead_ms.unsigned_abs()));
    let which = if ahead_ms < 0 { "behind" } else { "ahead of" };
    if ahead_ms.abs() < CLOCKS_MAY_DIFFER {
        return Finding::good("clock", "agrees with this machine's");
    }
    Finding::note(
        "clock",
        format!("{by} {which} this machine's"),
        "set both by NTP: the order of events and the age of operations are told by the clock",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_told_of_when_it_matters() {
        for (ahead, state, said) in [
            (0, State::Good, "agrees"),
            (-4_999, State::Good, "agrees"),
            (61_000, State::Note, "1 min 1 s ahead of"),
            (-5_000, State::Note, "5 s behind"),
        ] {
            let found = clock(ahead);
            assert_eq!(found.state, state, "{ahead}");
            assert!(found.text.contains(said), "{ahead}: {}", found.text);
        }
    }
}
