//! The palette, sequences of keys, and keys that are not bound.

use std::sync::Arc;

use crossterm::event::{Event as TerminalEvent, KeyCode, KeyModifiers};

use super::driven::{drive, drive_from, is_plan};
use super::fixture::{fleet, state};
use super::screens::screen;
use crate::tui::action::{Action, Command, TABLE};
use crate::tui::event::Event;
use crate::tui::keymap::{Keymap, Overrides};
use crate::tui::palette::{Item, find};
use crate::tui::state::{Dialog, State, View};
use crate::tui::update::update;

pub(super) fn wished(all: &[(&str, &[&str])]) -> Overrides {
    all.iter()
        .map(|(id, keys)| {
            let keys = keys.iter().map(|key| (*key).to_owned()).collect();
            ((*id).to_owned(), keys)
        })
        .collect()
}

pub(super) fn with_keys(all: &[(&str, &[&str])]) -> State {
    let mut state = state(fleet());
    state.keymap = Arc::new(Keymap::new(&wished(all), false));
    state
}

fn names(state: &State, typed: &str) -> Vec<String> {
    find(state, typed).iter().map(Item::name).collect()
}

#[test]
fn it_finds_by_name_id_and_help_the_name_first() {
    let state = state(fleet());
    for (typed, first) in [
        ("roll back", "roll back"),
        ("rlbk", "roll back"),
        ("roll-back", "roll back"),
        ("OPER", "operations"),
        ("cut off", "recover"),
        ("shwb", "shop-web"),
        ("prod", "prod"),
        ("web pro", "shop-web prod"),
    ] {
        assert_eq!(
            names(&state, typed).first().map(String::as_str),
            Some(first),
            "{typed}"
        );
    }
    assert_eq!(names(&state, "zzzz"), [""; 0]);
}

#[test]
fn it_offers_the_whole_table_but_movements_and_buttons() {
    let state = state(fleet());
    let offered: Vec<&str> = find(&state, "")
        .iter()
        .filter_map(|item| match item {
            Item::Entry(entry) => Some(entry.id),
            _ => None,
        })
        .collect();
    for entry in TABLE {
        let left_out = entry.command.moves()
            || [
                "press",
                "keep-filter",
                "find",
                "next-field",
                "next-pane",
                "previous-pane",
                "previous-field",
                "palette",
                "interrupt",
            ]
            .contains(&entry.id);
        assert_eq!(offered.contains(&entry.id), !left_out, "{}", entry.id);
    }
}

#[test]
fn help_shows_the_keys_there_are_and_those_that_were_refused() {
    let mut state = with_keys(&[
        ("versions", &["g v", "ctrl-v"]),
        ("first", &["home"]),
        ("refresh", &["r"]),
        ("histroy", &["h"]),
        ("home", &["H"]),
    ]);
    update(&mut state, Action::Do(Command::Help));
    state.fleet = Arc::new({
        let mut closed = fleet();
        closed.environments[3].read_only = true;
        closed
    });
    let text = screen(&mut state, 100, 60);
    assert!(
        text.contains("(read-only) show the plan to go back"),
        "{text}"
    );
}

#[test]
fn enter_does_what_is_chosen_as_if_its_key_was_pressed() {
    let (_, state, hands) = drive(false, |it| async move {
        it.sees("shop-web").await;
        it.keys(":");
        it.sees("Go to, or do").await;
        it.keys("rollb");
        it.sees(": rollb").await;
        it.key(KeyCode::Enter);
        it.sees("ROLL BACK in prod").await;
        it.key(KeyCode::Esc);
        it.gone("ROLL BACK").await;
        // To an image and an environment, from another view.
        it.keys("v");
        it.sees("KNOWN GOOD").await;
        it.keys(":api dev");
        it.key(KeyCode::Enter);
        it.sees("── shop-api in dev").await;
    });
    assert_eq!(hands.count(is_plan), 1);
    assert!(state.stack.is_empty() && state.dialog.is_none());
}

#[test]
fn what_cannot_be_used_stays_and_says_why() {
    let (_, state, hands) = drive(false, |it| async move {
        it.keys("T:promo");
        it.sees("not here, but in: The fleet").await;
        it.key(KeyCode::Enter);
        it.sees("! not here, but in: The fleet").await;
        it.settle().await;
    });
    assert!(matches!(state.dialog, Some(Dialog::Palette(_))));
    assert!(matches!(state.stack.last(), Some(View::History(_))));
    assert_eq!(hands.count(is_plan), 0);
}

#[test]
fn it_is_moved_in_typed_in_and_left() {
    let (_, state, _) = drive(false, |it| async move {
        it.keys(":");
        it.sees("Go to, or do").await;
        it.press(KeyCode::Char('n'), KeyModifiers::CONTROL);
        it.sees("› roll back").await;
        it.press(KeyCode::Char('p'), KeyModifiers::CONTROL);
        it.sees("› open").await;
        it.key(KeyCode::Down);
        it.sees("› roll back").await;
        it.key(KeyCode::PageDown);
        it.gone("› roll back").await;
        // Letters that move elsewhere are letters here; wide ones too.
        it.keys("jk版");
        it.sees(": jk版").await;
        it.sees("nothing is called so").await;
        it.press(KeyCode::Char('u'), KeyModifiers::CONTROL);
        it.sees("› open").await;
        it.send(Event::Terminal(TerminalEvent::Paste(
            "hist\u{1b}[31m\n\u{202e}".into(),
        )));
        it.sees(": hist[31m").await;
        assert!(!it.text().contains('\u{202e}'));
        it.key(KeyCode::Esc);
        it.gone("Go to, or do").await;
    });
    assert!(state.dialog.is_none());
    assert_eq!(state.home.image, Some("shop-web".into()));
}

#[test]
fn a_sequence_waits_shows_its_ways_on_and_can_be_dropped() {
    let start = with_keys(&[("versions", &["space v"]), ("history", &["space h"])]);
    let (_, state, hands) = drive_from(start, false, |it| async move {
        it.sees("Space v versions").await;
        it.keys(" ");
        it.sees("Space … v versions  h history  Esc never mind")
            .await;
        it.key(KeyCode::Esc);
        it.sees("Space: dropped").await;
        it.keys(" r");
        it.sees("Space r means nothing here").await;
        it.keys("v");
        it.settle().await;
        assert!(!it.text().contains("KNOWN GOOD"));
        // A dialog that comes meanwhile begins anew.
        it.keys(" v");
        it.sees("KNOWN GOOD").await;
    });
    assert_eq!(state.stack.len(), 1);
    assert_eq!(hands.count(is_plan), 0);
}

#[test]
fn control_c_is_heard_in_the_middle_of_a_sequence() {
    let start = with_keys(&[("versions", &["space v"])]);
    let (ending, ..) = drive_from(start, false, |it| async move {
        it.keys(" ");
        it.sees("never mind").await;
        it.press(KeyCode::Char('c'), KeyModifiers::CONTROL);
        it.settle().await;
    });
    assert_eq!(ending, crate::tui::state::Ending::Left);
}

#[test]
fn where_all_is_read_only_no_dangerous_key_is_bound() {
    let mut start = state(fleet());
    start.read_only = true;
    start.keymap = Arc::new(Keymap::new(&Overrides::new(), true));
    let (_, state, hands) = drive_from(start, false, |it| async move {
        it.sees("shop-web").await;
        for key in ["r", "p", "P", "b", "B", "R"] {
            it.keys(key);
            it.sees("karat is read-only").await;
            assert!(it.text().contains("! karat is read-only"), "{}", it.text());
            it.keys("k");
            it.gone("karat is read-only").await;
        }
        assert!(!it.text().contains("roll back  "), "{}", it.text());
        it.keys(":rollb");
        it.sees("! karat is read-only").await;
        it.key(KeyCode::Enter);
        it.settle().await;
    });
    assert!(matches!(state.dialog, Some(Dialog::Palette(_))));
    assert_eq!(hands.count(is_plan), 0);
}

#[test]
fn out_of_a_read_only_environment_into_another_promotes() {
    let mut closed = fleet();
    closed.environments[2].read_only = true;
    let (_, _, hands) = drive_from(state(closed), false, |it| async move {
        it.keys("h");
        it.sees("shop-web in staging").await;
        it.keys("r");
        it.sees("staging is read-only").await;
        assert_eq!(it.hands.count(is_plan), 0);
        it.keys("h");
        it.sees("shop-web in test").await;
        it.keys("p");
        it.sees("staging is read-only").await;
        assert_eq!(it.hands.count(is_plan), 0);
        it.keys("l");
        it.sees("shop-web in staging").await;
        it.keys("p");
        it.sees("PROMOTE from staging to prod").await;
    });
    assert_eq!(hands.count(is_plan), 1);
}

/// What cannot be used says so under the cursor, too, and Enter says why.
#[test]
fn what_cannot_be_used_has_its_sign_under_the_cursor() {
    let mut at = with_keys(&[]);
    at.read_only = true;
    update(&mut at, Action::Do(Command::Palette));
    for c in "roll back".chars() {
        let key = crossterm::event::KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        let action = crate::tui::keys::action_for(&at, key).expect("it is typed");
        update(&mut at, action);
    }
    let shown = screen(&mut at, 100, 30);
    assert!(shown.contains("›×roll back"), "{shown}");
    update(&mut at, Action::Do(Command::Open));
    assert!(at.note.is_some());
    assert!(matches!(at.dialog, Some(Dialog::Palette(_))));
}
