//! The terminal interface.
//!
//! One thread owns the `state`. An `event` becomes an `action`, `update` turns the
//! action into a new state and into effects, effects run as tasks and answer by messages.
//! `views` draw the state and only read it; where they drew things comes back, so that
//! scrolling and the mouse know.
//!
//! This room never touches an engine, a file or the store, and never reads a clock of its
//! own: all of it comes through [`Opening`], and [`effect::Hands`] do what is asked. So the
//! same loop runs in a real terminal, and in a test on a buffer.
//!
//! | file | subject |
//! |---|---|
//! | [`effect`] | the seam: what is asked for, what is told |
//! | `action`, `available` | the one table of what can be done; why something cannot be done now |
//! | `keymap`, `keys` | which keys stand for what, those of the settings included; from a key to an action |
//! | `palette`, `command_line` | what the palette finds; the command that does the same as the screen |
//! | `background` | whether the terminal is light: its answer, picked out of the keys |
//! | `content` | a file of an image as lines to read |
//! | `event`, `run`, `reading`, `terminal`, `talk` | the loop, and the terminal that is always given back, to a shell as well |
//! | `state`, `operation`, `log`, `update` | what is on screen, and how it changes |
//! | `locked` | what was cut off, by operation |
//! | `listing` | filters, sorting, and a selection that stays, for every list |
//! | `views`, `widgets` | drawing |
//! | [`theme`], `text` | colours by meaning; text from outside made harmless |

mod action;
mod available;
mod background;
pub(crate) mod command_line;
mod content;
pub mod effect;
mod event;
pub mod headless;
mod keymap;
mod keys;
mod listing;
mod locked;
mod log;
mod operation;
mod palette;
mod reading;
mod run;
mod state;
mod talk;
mod terminal;
#[cfg(test)]
pub(crate) mod tests;
mod text;
pub mod theme;
mod update;
mod views;
mod widgets;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::Duration;

use chrono::{Local, TimeZone as _};
use tokio::sync::watch;

use crate::config::Preferences;
use crate::model::fleet::Fleet;
use crate::model::plan::OperationId;
use crate::model::progress::Report;
use crate::model::time::Timestamp;

use effect::{Hands, Request};
use keymap::Keymap;
use state::{Dialog, Ending, Home, Layout, Notice, Readings, State};
use theme::Themes;

/// What time it is. Injected, so that a test's screen is always the same.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How long an operation that is cancelled because karat ends may take to be undone. It is
/// never interrupted by this: what is not settled by then is left for `karat recover`.
const GRACE: Duration = Duration::from_secs(60);

/// What the interface is opened with.
pub struct Opening {
    /// The last fleet known, drawn before anything is waited for.
    pub fleet: Arc<Fleet>,
    /// New fleets, as they come.
    pub fleet_updates: watch::Receiver<Arc<Fleet>>,
    /// Whoever carries errands out.
    pub hands: Arc<dyn Hands>,
    /// Nothing may be changed from here.
    pub read_only: bool,
    /// Keys by the name of the action, in the stead of its own.
    pub keys: BTreeMap<String, Vec<String>>,
    /// The fleet is not a real one: said on every screen.
    pub demo: bool,
    /// Take clicks and the wheel.
    pub mouse: bool,
    /// What the terminal says it is (`TERM`), if anything.
    pub term: Option<String>,
    /// The colours.
    pub themes: Themes,
    /// What else of the user's settings was refused, a sentence each: told at once.
    pub refused: Vec<String>,
    /// What time it is.
    pub clock: Clock,
    /// What was kept from the last run.
    pub preferences: Preferences,
}

/// How the interface was left.
#[derive(Debug)]
pub struct Goodbye {
    /// Why.
    pub reason: ExitReason,
    /// Operations that were cancelled by leaving, and how that ended.
    pub ended: Vec<Report>,
    /// Operations that had not ended when the interface gave up waiting, or ended half-way:
    /// for `karat recover`, with their summaries.
    pub unfinished: Vec<(OperationId, String)>,
}

/// Why the interface was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitReason {
    /// Somebody asked to leave.
    Left,
    /// Somebody pressed Ctrl-C while operations were still being undone.
    Interrupted,
    /// A signal: its number.
    Signal(i32),
    /// The terminal went away.
    TerminalClosed,
}

impl Goodbye {
    /// The process's exit code: 0, or 128 and the signal's number; 6 when something was
    /// left that needs `karat recover`.
    #[must_use]
    pub fn exit_code(&self) -> i32 {
        match self.reason {
            ExitReason::Signal(number) => 128 + number,
            ExitReason::Interrupted => 130,
            // As the hang-up that it is.
            ExitReason::TerminalClosed => 129,
            ExitReason::Left if self.unfinished.is_empty() => 0,
            ExitReason::Left => 6,
        }
    }
}

/// The interface cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// Standard input or output is no terminal.
    #[error(
        "there is no terminal to draw on: run `karat` in one, or use the commands (`karat status`, `karat --help`)"
    )]
    NoTerminal,
    /// The terminal says of itself that nothing can be drawn on it.
    #[error(
        "the terminal cannot be drawn on: TERM is `{}`; set it rightly, or use the commands (`karat status`, `karat --help`)",
        text::printable(.0)
    )]
    Dumb(String),
    /// The terminal does not obey.
    #[error("the terminal cannot be used: {0}; is TERM set rightly?")]
    Terminal(#[source] io::Error),
    /// Signals cannot be listened to.
    #[error("cannot listen to signals, so the terminal could not be restored safely: {0}")]
    Signals(#[source] io::Error),
}

impl Opening {
    fn state(&self) -> State {
        let now = (self.clock)();
        let mut state = State {
            fleet: Arc::clone(&self.fleet),
            fleets: 0,
            news: 0,
            now,
            zone: Local.offset_from_utc_datetime(&now.naive_utc()),
            preferences: self.preferences,
            theme: self.themes.first.clone(),
            themes: self.themes.all.clone(),
            when_light: self.themes.when_light.clone(),
            mouse: self.mouse,
            size: (0, 0),
            read_only: self.read_only,
            keymap: Arc::new(Keymap::new(&self.keys, self.read_only)),
            began: None,
            demo: self.demo,
            home: Home::default(),
            stack: Vec::new(),
            dialog: None,
            operations: Vec::new(),
            unseen: None,
            note: None,
            leaving: false,
            exit: None,
            followed: Vec::new(),
            readings: Readings::default(),
            forks: BTreeSet::new(),
            looked_at: BTreeMap::new(),
            layout: Layout::default(),
            last_request: Request(0),
        };
        state.home.image = self.fleet.rows.first().map(|row| row.image.name.clone());
        state.home.environment = self.fleet.environments.first().map(|it| it.name.clone());
        update::refresh(&mut state);
        state.dialog = refused(&self.refused, &state.keymap).map(Dialog::Notice);
        state
    }
}

/// What of the settings does not hold: nobody should find out by a key that does nothing.
fn refused(others: &[String], keymap: &Keymap) -> Option<Notice> {
    let sentences: Vec<String> = others
        .iter()
        .cloned()
        .chain(keymap.complaints.iter().map(ToString::to_string))
        .collect();
    (!sentences.is_empty()).then(|| Notice {
        title: "Settings that were refused".to_owned(),
        text: format!("{}\n\nEverything else holds.", sentences.join("\n\n")),
        top: 0,
        environments: Vec::new(),
    })
}

/// Opens the interface and runs it until somebody leaves or a signal comes. Must be awaited
/// on the thread that called it (as `Runtime::block_on` does), not spawned: that thread
/// draws, and only its panics are allowed to end it.
///
/// The terminal is given back before this returns, however it ends. What still runs then is
/// cancelled, and heard out for up to a minute.
///
/// # Errors
/// [`TuiError`] when there is no terminal, or it does not obey.
pub async fn run(opening: Opening) -> Result<Goodbye, TuiError> {
    // The guard first: it makes sure that there is a terminal to listen to.
    let mut guard = terminal::Guard::take(opening.mouse, opening.term.as_deref())?;
    let signals = terminal::signals()?;
    // Never dropped: ratatui's own drop shows the cursor once more, and writes to standard
    // error if it cannot, which panics when the terminal has gone. The guard does it.
    let mut screen = ManuallyDrop::new(terminal::Guard::screen()?);
    let mut state = opening.state();
    guard.listen().map_err(TuiError::Terminal)?;
    if state.when_light.is_some() {
        guard.ask_background().map_err(TuiError::Terminal)?;
    }
    let mut events = guard.events(signals);
    let mut outside = run::Outside::new(opening.hands, opening.clock, opening.fleet_updates);
    let ended = run::run(
        &mut screen,
        &mut events,
        &mut guard,
        &mut state,
        &mut outside,
    )
    .await;
    drop(guard);
    // A terminal that cannot be drawn on any more has gone: after the first frame that is
    // no error of ours, but operations must be settled all the same.
    let reason = match ended {
        Ok(Ending::Left) => ExitReason::Left,
        Ok(Ending::Interrupted) => ExitReason::Interrupted,
        Ok(Ending::Signal(number)) => ExitReason::Signal(number),
        Ok(Ending::Closed) | Err(_) => ExitReason::TerminalClosed,
    };
    let cancelled: Vec<OperationId> = state.running().map(|one| one.id.clone()).collect();
    if !cancelled.is_empty() && reason != ExitReason::Interrupted {
        for one in state.running() {
            let line = format!(
                "karat: cancelling and undoing: {}",
                text::printable(&one.summary)
            );
            drop(writeln!(io::stderr(), "{line}"));
        }
        run::hear_out(&mut events, &mut state, &mut outside, GRACE).await;
    }
    Ok(goodbye(&state, reason, &cancelled))
}

/// What is to be told at the end. Something may have been left half-way long before that: an
/// operation whose undoing failed needs `karat recover` as well.
fn goodbye(state: &State, reason: ExitReason, cancelled: &[OperationId]) -> Goodbye {
    let half_way = state.operations.iter().filter(|one| one.is_half_way());
    Goodbye {
        reason,
        ended: cancelled
            .iter()
            .filter_map(|id| state.operation(id)?.report.clone())
            .collect(),
        unfinished: half_way
            .map(|one| (one.id.clone(), one.summary.clone()))
            .collect(),
    }
}
