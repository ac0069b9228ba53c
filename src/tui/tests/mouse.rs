//! The mouse in dialogs.

use crossterm::event::{
    Event as TerminalEvent, KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

use super::driven::{Driver, drive, drive_from, is_plan};
use super::fixture::{fleet, state};
use crate::tui::event::Event;
use crate::tui::state::View;

/// Clicks on the first place where the text stands.
fn click(it: &Driver, text: &str) {
    let screen = it.text();
    let found = screen.lines().enumerate().find_map(|(row, line)| {
        let line = line.trim_start_matches('"');
        let at = line.find(text)?;
        let column = crate::tui::text::width(line.get(..at)?);
        Some((u16::try_from(column).ok()?, u16::try_from(row).ok()?))
    });
    let (column, row) = found.unwrap_or_else(|| panic!("no `{text}`:\n{screen}"));
    it.send(Event::Terminal(TerminalEvent::Mouse(MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column,
        row,
        modifiers: KeyModifiers::NONE,
    })));
}

#[test]
fn a_protected_plan_is_never_confirmed_by_clicks_alone() {
    let (_, _, hands) = drive(false, |it| async move {
        it.keys("r");
        it.sees("ROLL BACK in prod").await;
        for _ in 0..4 {
            click(&it, "[ Roll back prod");
        }
        it.sees("prod is protected: type its name first").await;
        it.settle().await;
        assert!(it.hands.ran().is_empty());
        it.keys("prod");
        it.sees("go on: prod_").await;
        click(&it, "Why (optional)");
        it.keys("carts");
        it.sees("(optional): carts").await;
        // The first click gives it the focus, the second presses it.
        click(&it, "Roll back prod");
        it.sees("›[ Roll back prod ]‹").await;
        assert!(it.hands.ran().is_empty());
        click(&it, "Roll back prod");
        it.sees("running for").await;
    });
    assert_eq!(hands.ran().len(), 1);
}

#[test]
fn a_click_on_cancel_cancels_and_one_beside_the_dialog_does_nothing() {
    let (_, state, hands) = drive(false, |it| async move {
        it.keys("r");
        it.sees("ROLL BACK in prod").await;
        click(&it, "karat");
        it.settle().await;
        assert!(it.text().contains("ROLL BACK in prod"));
        click(&it, "Cancel ]");
        it.gone("ROLL BACK").await;
    });
    assert!(state.dialog.is_none());
    assert!(hands.ran().is_empty());
}

#[test]
fn an_answer_that_changes_something_takes_two_clicks() {
    let (_, _, hands) = drive(false, |it| async move {
        it.keys("R");
        it.sees("RECOVER in test").await;
        click(&it, "Cancel ]");
        it.gone("RECOVER in test").await;
        it.keys("R");
        it.sees("RECOVER in test").await;
        click(&it, "[ Recover ]");
        it.sees("›[ Recover ]‹").await;
        click(&it, "[ Recover ]");
        it.sees("Recovered in part").await;
        it.sees("✓ one operation was undone").await;
        it.sees("✗ prod-2 could not be looked at").await;
        click(&it, "Close ]");
        it.gone("Recovered in part").await;
    });
    let recovers = |it: &crate::tui::effect::Errand| matches!(it, crate::tui::effect::Errand::Recover(shown) if shown.len() == 1);
    assert_eq!(hands.count(recovers), 1);
}

#[test]
fn lines_of_the_palette_and_of_menus_are_selected_then_chosen() {
    let (_, state, _) = drive(false, |it| async move {
        it.keys(":hist");
        it.sees("Go to, or do").await;
        it.sees("all history").await;
        click(&it, "all history");
        it.sees("› all history").await;
        click(&it, "all history");
        it.sees("FROM → TO").await;
        it.key(KeyCode::Esc);
        it.sees("shop-base").await;
        it.keys("f");
        it.sees("Quick filters").await;
        click(&it, "] unhealthy");
        it.settle().await;
        click(&it, "] unhealthy");
        it.gone("Quick filters").await;
    });
    assert!(state.home.list.filters.narrow());
}

#[test]
fn a_row_that_is_selected_already_is_opened_by_a_click() {
    let (_, state, _) = drive(false, |it| async move {
        it.keys("T");
        it.sees("FROM → TO").await;
        click(&it, "roll back");
        it.sees("›6 d").await;
        click(&it, "roll back");
        it.sees("carts empty since the promotion").await;
    });
    assert!(matches!(state.stack.last(), Some(View::Event { .. })));
}

#[test]
fn keys_while_a_plan_is_made_go_nowhere() {
    let mut start = state(fleet());
    start.dialog = Some(crate::tui::state::Dialog::Planning {
        request: crate::tui::effect::Request(9_999),
        wanted: crate::tui::effect::Wanted::Rollback {
            image: "shop-web".into(),
            environment: "prod".into(),
            to: None,
        },
    });
    let (home, filters) = (start.home.environment.clone(), start.preferences);
    let (_, state, hands) = drive_from(start, false, |it| async move {
        it.sees("Making the plan").await;
        for key in ('a'..='z')
            .chain('A'..='Z')
            .chain("/:?!1234567890 ".chars())
        {
            it.key(KeyCode::Char(key));
        }
        for key in [
            KeyCode::Enter,
            KeyCode::Tab,
            KeyCode::Left,
            KeyCode::Down,
            KeyCode::Home,
        ] {
            it.key(key);
        }
        it.send(Event::Terminal(TerminalEvent::Paste("q\nr\n".into())));
        it.settle().await;
        it.sees("Making the plan").await;
        click(&it, "never mind");
        it.gone("Making the plan").await;
    });
    assert_eq!((home, filters), (state.home.environment, state.preferences));
    assert!(state.stack.is_empty());
    assert_eq!(hands.count(is_plan), 0);
}

#[test]
fn a_click_below_a_screen_too_small_does_nothing() {
    let (_, state, _) = drive(false, |it| async move {
        it.sees("shop-web").await;
        it.screen.0.borrow_mut().resize(40, 10);
        it.send(Event::Terminal(TerminalEvent::Resize(40, 10)));
        it.sees("karat needs 60 columns").await;
        for row in 0..10 {
            for column in [13, 14, 30] {
                it.send(Event::Terminal(TerminalEvent::Mouse(MouseEvent {
                    kind: MouseEventKind::Down(MouseButton::Left),
                    column,
                    row,
                    modifiers: KeyModifiers::NONE,
                })));
            }
        }
        it.settle().await;
    });
    assert!(state.stack.is_empty());
    assert_eq!(state.home.environment, Some("prod".into()));
}
