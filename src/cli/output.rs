//! Writing results and errors, and exit codes.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::args::When;
use super::json::SCHEMA;
use super::table::Colour;
use crate::model::event::Outcome;
use crate::model::text::printable;

/// Whether a result could not be written: then a script must not take what it got for all.
static LOST: AtomicBool = AtomicBool::new(false);

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
                && io::stdout().is_terminal()
        }
    };
    if wanted {
        Colour::Always
    } else {
        Colour::Never
    }
}

/// Writes a result. A reader that has gone away (`| head`) is no error; anything else (a
/// full disk) is told once, and [`ended`] knows of it.
pub(super) fn result(text: &str) {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    if let Err(why) = written
        && counts(&why)
        && !LOST.swap(true, Ordering::Relaxed)
    {
        error(&format!(
            "the result could not be written to standard output: {why}"
        ));
    }
}

fn counts(error: &io::Error) -> bool {
    error.kind() != ErrorKind::BrokenPipe
}

/// The exit code karat ends with: an error if all went well but a result was lost.
pub(super) fn ended(exit: Exit) -> Exit {
    settled(exit, LOST.load(Ordering::Relaxed))
}

const fn settled(exit: Exit, lost: bool) -> Exit {
    match (exit, lost) {
        (Exit(0), true) => Exit::ERROR,
        (exit, _) => exit,
    }
}

/// Writes why nothing was done: the sentence on standard error and, for a script that reads
/// JSON, on standard output as well.
pub(super) fn refused(as_json: bool, why: &dyn Display, exit: Exit) -> Exit {
    error(why);
    if as_json {
        json(&refusal_json(&why.to_string(), exit));
    }
    exit
}

/// A refusal as JSON.
pub(super) fn refusal_json(why: &str, exit: Exit) -> Value {
    json!({
        "schema": SCHEMA,
        "outcome": "refused",
        "error": why,
        "exit_code": exit.0,
    })
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
    let _ = writeln!(io::stderr(), "{}", clean.join("\n"));
}

/// Writes an error: one sentence.
pub(super) fn error(text: &dyn Display) {
    say(&format!("karat: {text}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_result_makes_a_success_an_error_and_a_gone_reader_does_not() {
        assert!(counts(&io::Error::from(ErrorKind::StorageFull)));
        assert!(!counts(&io::Error::from(ErrorKind::BrokenPipe)));
        for (exit, lost, want) in [(0, false, 0), (0, true, 1), (5, true, 5)] {
            assert_eq!(settled(Exit(exit), lost), Exit(want));
        }
    }

    #[test]
    fn a_refusal_as_json_has_its_sentence_and_its_exit_code() {
        let said = refusal_json("prod is read-only", Exit::REFUSED);
        assert_eq!(
            said,
            json!({
                "schema": SCHEMA,
                "outcome": "refused",
                "error": "prod is read-only",
                "exit_code": 3,
            })
        );
    }
}
