//! What each view looks like.

use super::fixture::{fleet, plan, state};
use super::pictures::operations::running;
use super::pictures::{draw, rows_of};
use crate::tui::action::{Action, Command};
use crate::tui::effect::{Message, Wanted};
use crate::tui::state::{Dialog, PlanDialog, State};
use crate::tui::update::update;

/// The screen as text.
pub(super) fn screen(state: &mut State, columns: u16, rows: u16) -> String {
    rows_of(&draw(state, (columns, rows))).join("\n")
}

pub(super) fn press(state: &mut State, command: Command) {
    update(state, Action::Do(command));
}

pub(super) fn told(state: &mut State, message: Message) {
    update(state, Action::Told(Box::new(message)));
}

pub(super) fn roll_back() -> Wanted {
    Wanted::Rollback {
        image: "shop-web".into(),
        environment: "prod".into(),
        to: None,
    }
}

pub(super) fn with_plan(wanted: Wanted) -> State {
    let mut state = state(fleet());
    let plan = plan(&state.fleet, &wanted);
    state.dialog = Some(Dialog::Plan(Box::new(PlanDialog::new(wanted, plan, None))));
    state
}

/// Every screen of a demo says so: also where a dialog covers the header, and where nothing
/// fits.
#[test]
fn a_demo_is_marked_on_every_screen() {
    for commands in [
        &[][..],
        &[Command::RollBack],
        &[Command::Help],
        &[Command::Versions],
        &[Command::History],
        &[Command::Operations],
        &[Command::Leave],
    ] {
        for (columns, rows) in [(100, 30), (60, 16), (30, 5)] {
            let mut state = state(fleet());
            state.demo = true;
            for command in commands {
                press(&mut state, *command);
            }
            let shown = screen(&mut state, columns, rows);
            assert!(shown.contains("DEMO"), "{commands:?}:\n{shown}");
        }
    }
}

/// Every size, every view: nothing panics, and the selected environment is seen.
#[test]
fn every_size_is_drawn() {
    for (columns, rows) in [
        (1, 1),
        (10, 3),
        (59, 16),
        (60, 16),
        (61, 17),
        (80, 24),
        (300, 100),
    ] {
        let mut states = vec![state(fleet()), with_plan(roll_back()), running().0];
        for command in [
            Command::Versions,
            Command::Open,
            Command::Help,
            Command::HistoryAll,
        ] {
            let mut one = state(fleet());
            press(&mut one, command);
            states.push(one);
        }
        for mut one in states {
            let text = screen(&mut one, columns, rows);
            if one.stack.is_empty() && columns >= 60 && rows >= 16 {
                assert!(text.contains("prod"), "{columns}×{rows}:\n{text}");
            }
        }
    }
}

/// What takes time is only what is seen: a fleet of a thousand images draws like one of ten.
#[test]
fn only_visible_rows_are_built() {
    let mut large = fleet();
    let row = large.rows[2].clone();
    large.rows = (0..1_000)
        .map(|number| {
            let mut row = row.clone();
            row.image.name = format!("image-{number:04}").as_str().into();
            row
        })
        .collect();
    let mut state = state(large);
    state.home.image = Some("image-0500".into());
    let text = screen(&mut state, 100, 30);
    assert!(text.contains("image-0500"), "{text}");
    assert!(state.layout.hits.len() <= 30 * 4);
    assert_eq!(state.layout.view.total, 1_000);
}
