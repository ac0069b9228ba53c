//! Recovering: only what was shown, only where it may be, and only by name.

use std::sync::Arc;

use crossterm::event::KeyCode;

use super::driven::{Driver, drive_from};
use super::fixture::{ago, fleet, state};
use super::screens::{press, screen, told};
use crate::model::fleet::Fleet;
use crate::model::observation::LockSeen;
use crate::model::plan::OperationId;
use crate::tui::action::Command;
use crate::tui::effect::{Errand, Message, Part, Recovered};
use crate::tui::state::{Dialog, State};

/// Somebody's lock on shop-web, in the environment at this place.
fn lock(fleet: &mut Fleet, column: usize, id: &str) {
    let cell = &mut fleet.rows[2].cells[column];
    let replica = &cell.deployment.as_ref().expect("it runs").replicas[0];
    let seen = LockSeen {
        container: replica.container.name.clone(),
        operation: OperationId(id.into()),
        summary: format!("roll back shop-web, {id}"),
        owner: "joe@ci-7".into(),
        since: ago(600),
    };
    cell.locks.push((replica.engine.clone(), seen));
}

/// shop-web is locked in prod, and in staging, which is read-only; shop-api in test.
fn locked() -> Fleet {
    let mut fleet = fleet();
    fleet.environments[2].read_only = true;
    lock(&mut fleet, 3, "in-prod");
    lock(&mut fleet, 2, "in-staging");
    fleet
}

const IN_TEST: &str = "cafe0011cafe0011";

/// What was asked to be recovered.
fn asked(it: &Driver) -> Vec<Vec<String>> {
    let asked = it.hands.asked.lock().expect("not poisoned");
    let shown = asked.iter().filter_map(|errand| match errand {
        Errand::Recover(shown) => Some(shown.iter().map(|one| one.0.clone()).collect()),
        _ => None,
    });
    shown.collect()
}

#[test]
fn a_protected_one_wants_its_name_and_a_read_only_one_is_left_out() {
    drive_from(state(locked()), false, |it| async move {
        it.keys("R");
        it.sees("RECOVER in test and prod").await;
        it.sees("prod ⚑ protected").await;
        it.sees("left alone, staging is read-only by the project file")
            .await;
        it.sees("shop-web, in-staging, by joe@ci-7").await;
        // Cancel has the focus.
        it.key(KeyCode::Enter);
        it.gone("RECOVER in").await;
        it.keys("R");
        it.sees("RECOVER in").await;
        it.key(KeyCode::BackTab);
        it.key(KeyCode::Enter);
        it.sees("prod is protected: type its name first").await;
        it.keys("test");
        it.key(KeyCode::Enter);
        it.sees("that is not prod: nothing was done").await;
        assert!(asked(&it).is_empty());
        for _ in 0.."test".len() {
            it.key(KeyCode::Backspace);
        }
        it.keys("prod");
        it.key(KeyCode::Enter);
        it.sees("Recovered in part").await;
        assert_eq!(asked(&it), [[IN_TEST, "in-prod"]]);
    });
}

#[test]
fn every_protected_one_must_be_named() {
    let mut fleet = locked();
    fleet.environments[1].protected = true;
    drive_from(state(fleet), false, |it| async move {
        it.keys("R");
        it.sees("Type test prod to go on:").await;
        it.keys("prod");
        it.key(KeyCode::Enter);
        it.sees("that is not test prod: nothing was done").await;
        assert!(asked(&it).is_empty());
    });
}

#[test]
fn a_lock_that_comes_under_the_dialog_is_shown_before_it_is_settled() {
    drive_from(state(locked()), false, |it| async move {
        it.keys("R");
        it.sees("RECOVER in").await;
        it.keys("prod");
        // Nothing of it moved: what was typed stays.
        let mut same = locked();
        same.at += chrono::TimeDelta::seconds(5);
        it.fleet(same);
        it.settle().await;
        it.sees("go on: prod").await;
        let mut more = locked();
        lock(&mut more, 0, "in-dev");
        it.fleet(more);
        it.sees("this is locked now: roll back").await;
        it.sees("shop-web, in-dev.").await;
        // The name must be typed again, and Cancel has the focus.
        it.key(KeyCode::Enter);
        it.gone("RECOVER in").await;
        assert!(asked(&it).is_empty());
    });
}

#[test]
fn what_is_settled_under_the_dialog_is_no_longer_asked_about() {
    let mut state = state(locked());
    press(&mut state, Command::Recover);
    let mut none = fleet();
    for cell in none.rows.iter_mut().flat_map(|row| &mut row.cells) {
        cell.locks.clear();
    }
    told(&mut state, Message::Fleet(Arc::new(none)));
    assert!(matches!(state.dialog, Some(Dialog::Notice(_))));
    let text = screen(&mut state, 100, 30);
    assert!(text.contains("Nothing was done"), "{text}");
}

/// The sentence that `R` leaves instead of a dialog.
fn refusal(state: &mut State) -> String {
    state.note = None;
    press(state, Command::Recover);
    assert!(state.dialog.is_none());
    state.note.clone().expect("a sentence").text
}

#[test]
fn where_all_of_it_is_closed_there_is_nothing_to_confirm() {
    let mut closed = locked();
    closed.environments[1].read_only = true;
    closed.environments[3].read_only = true;
    let mut state = state(closed);
    assert!(refusal(&mut state).contains("is read-only by the project file"));
    // Where no image is selected, too.
    press(&mut state, Command::HistoryAll);
    assert!(refusal(&mut state).contains("is read-only by the project file"));
}

#[test]
fn a_lock_whose_container_is_away_is_as_precious_as_its_engine() {
    let mut astray = locked();
    let cell = &mut astray.rows[2].cells[3];
    let lock = cell.locks.pop().expect("a lock");
    astray.stray_locks.push(lock);
    let mut state = state(astray);
    press(&mut state, Command::Recover);
    let Some(Dialog::Recover(dialog)) = &state.dialog else {
        panic!("{:?}", state.dialog);
    };
    assert_eq!(dialog.found.len(), 2);
    assert_eq!(dialog.form.wanted(), "prod");
}

fn settled(images: &[&str], environments: &[&str]) -> Part {
    Part {
        images: images.iter().map(|it| (*it).to_owned()).collect(),
        environments: environments.iter().map(|it| (*it).into()).collect(),
        sentence: "undone".to_owned(),
    }
}

#[test]
fn what_was_recovered_is_named_with_its_environment_and_in_its_accent() {
    let mut state = state(fleet());
    let one = Recovered {
        settled: vec![settled(&["shop-web", "shop-api"], &["prod"])],
        ..Recovered::default()
    };
    told(&mut state, Message::Recovered(one.clone()));
    let text = screen(&mut state, 100, 30);
    for words in [
        "Recovered: shop-web, shop-api in prod",
        "prod ⚑ protected",
        "✓ shop-web, shop-api in prod · undone",
    ] {
        assert!(text.contains(words), "`{words}` is missing:\n{text}");
    }
    let Some(Dialog::Notice(notice)) = &state.dialog else {
        panic!("{:?}", state.dialog);
    };
    assert_eq!(notice.environments, ["prod".into()]);
    // Under a dialog it is a line that says the same.
    told(&mut state, Message::Recovered(one));
    let note = state.note.clone().expect("a line").text;
    assert_eq!(note, "Recovered: shop-web, shop-api in prod · undone");
    // Of several, each says which, and where; an engine is none.
    press(&mut state, Command::Back);
    let several = Recovered {
        settled: vec![settled(&["shop-web"], &["staging"])],
        left: vec![settled(&["search"], &["dev", "prod"]), "no answer".into()],
        over: Vec::new(),
    };
    told(&mut state, Message::Recovered(several));
    let text = screen(&mut state, 100, 30);
    for words in [
        "Recovered in part ═",
        "✓ shop-web in staging · undone",
        "✗ search in dev or prod · undone",
        "✗ no answer",
    ] {
        assert!(text.contains(words), "`{words}` is missing:\n{text}");
    }
}
