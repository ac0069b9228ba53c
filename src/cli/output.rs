//! Writing results and errors, and exit codes.

use std::io::{IsTerminal as _, Write as _};

use serde_json::Value;

use super::args::When;
use super::table::Colour;
use crate::model::event::Outcome;
use crate::model::text::printable;

/// An exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(pub u8);

impl Exit {
    /// Done, or nothing to do.
    pub const DONE: Self = Self(0);
    /// An error.
    pub const ERROR: Self = Self(1);
    /// Wrong usage.
    pub const USAGE: Self = Self(2);
    /// Refused by a rule.
    pub const REFUSED: Self = Self(3);

    /// How an operation ended, as an exit code. `signal` is the one that cancelled it.
    #[must_use]
    pub fn of(outcome: Outcome, signal: Option<u8>) -> Self {
        match (outcome, signal) {
            (Outcome::Done, _) => Self::DONE,
            (Outcome::NeedsRecover, _) => Self(6),
            (_, Some(signal)) => Self(128_u8.saturating_add(signal)),
            (Outcome::Failed, None) => Self::ERROR,
            (Outcome::Undone | Outcome::Cancelled, None) => Self(5),
            (Outcome::Locked, None) => Self(7),
        }
    }
}

/// Whether to write colour to standard output.
pub(super) fn colour(when: When) -> Colour {
    let wanted = match when {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                && std::io::stdout().is_terminal()
        }
    };
    if wanted {
        Colour::Always
    } else {
        Colour::Never
    }
}

/// Writes a result. A reader that has gone away (`| head`) is no error.
pub(super) fn result(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// Writes a result as JSON.
pub(super) fn json(value: &Value) {
    result(&format!("{value:#}\n"));
}

/// Writes to standard error, with nothing in it that a terminal would obey.
pub(super) fn say(text: &str) {
    let clean: Vec<String> = text
        .lines()
        .map(|line| printable(line).into_owned())
        .collect();
    let _ = writeln!(std::io::stderr(), "{}", clean.join("\n"));
}

/// Writes an error: one sentence.
pub(super) fn error(text: &dyn std::fmt::Display) {
    say(&format!("karat: {text}"));
}
