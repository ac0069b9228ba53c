//! Leaving: what is told, and the exit code.

use crossterm::event::KeyCode;

use super::driven::{Driver, drive};
use super::fixture::{fleet, state};
use crate::model::event::Outcome;
use crate::model::plan::OperationId;
use crate::tui::effect::Errand;
use crate::tui::state::{Ending, State};
use crate::tui::{ExitReason, Goodbye, goodbye};

#[test]
fn every_way_out_has_its_exit_code() {
    let one = || vec![(OperationId("1".into()), "roll back".to_owned())];
    for (reason, unfinished, code) in [
        (ExitReason::Left, Vec::new(), 0),
        (ExitReason::Left, one(), 6),
        (ExitReason::Interrupted, Vec::new(), 130),
        (ExitReason::Interrupted, one(), 130),
        (ExitReason::Signal(15), Vec::new(), 143),
        (ExitReason::Signal(1), one(), 129),
        (ExitReason::TerminalClosed, Vec::new(), 129),
        (ExitReason::TerminalClosed, one(), 129),
    ] {
        let goodbye = Goodbye {
            reason,
            ended: Vec::new(),
            unfinished,
        };
        assert_eq!(goodbye.exit_code(), code, "{goodbye:?}");
    }
}

async fn roll_back(it: &Driver) {
    it.keys("r");
    it.sees("ROLL BACK in prod").await;
    it.keys("prod");
    it.key(KeyCode::Enter);
    it.sees("running for").await;
}

async fn cancel_and_leave(it: &Driver) {
    it.keys("q");
    it.sees("Something still runs").await;
    it.key(KeyCode::Tab);
    it.key(KeyCode::Enter);
    it.settle().await;
}

fn left(state: &State) -> Goodbye {
    goodbye(state, ExitReason::Left, &[])
}

#[test]
fn an_undoing_that_fails_while_leaving_is_told_of() {
    for (outcome, code) in [
        (Outcome::Cancelled, 0),
        (Outcome::Undone, 0),
        (Outcome::NeedsRecover, 6),
    ] {
        let (ending, state, hands) = drive(false, |it| async move {
            *it.hands.cancelled.lock().expect("not poisoned") = outcome;
            roll_back(&it).await;
            cancel_and_leave(&it).await;
        });
        assert_eq!(ending, Ending::Left);
        assert_eq!(hands.count(|it| matches!(it, Errand::Cancel(_))), 1);
        let goodbye = left(&state);
        assert_eq!(goodbye.exit_code(), code, "{outcome:?}: {goodbye:?}");
        assert_eq!(goodbye.unfinished.is_empty(), code == 0);
    }
}

#[test]
fn what_was_left_half_way_and_recovered_since_is_over() {
    let (ending, state, _) = drive(false, |it| async move {
        *it.hands.cancelled.lock().expect("not poisoned") = Outcome::NeedsRecover;
        roll_back(&it).await;
        it.keys("c");
        it.sees("Cancel?").await;
        it.key(KeyCode::Right);
        it.key(KeyCode::Enter);
        it.sees("needs recover").await;
        it.key(KeyCode::Esc);
        it.keys("R");
        it.sees("RECOVER in").await;
        it.key(KeyCode::BackTab);
        it.key(KeyCode::Enter);
        it.sees("Recovered in part").await;
        it.key(KeyCode::Esc);
        it.keys("q");
        it.settle().await;
    });
    assert_eq!(ending, Ending::Left);
    assert_eq!(left(&state).exit_code(), 0);
}

#[test]
fn what_still_runs_at_the_end_is_left_for_recover() {
    let mut state = state(fleet());
    assert_eq!(left(&state).exit_code(), 0);
    let running = crate::tui::operation::Operation::unknown(OperationId("1".into()), state.now);
    state.operations.push(running);
    assert_eq!(left(&state).exit_code(), 6);
}
