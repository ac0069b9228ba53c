//! Filters, sorting and the engines: keys through the real loop, and what each looks like.

use std::sync::Arc;

use crossterm::event::{
    Event as TerminalEvent, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};

use super::driven::{Driver, drive};
use super::fixture::{HOUR, MINUTE, ago, fleet, now, state};
use super::screens::screen;
use crate::config::{FleetBy, HistoryBy, Preferences, Sort, VersionsBy};
use crate::model::fleet::Link;
use crate::model::observation::{EngineFacts, LockSeen};
use crate::model::plan::OperationId;
use crate::tui::action::{Action, Command};
use crate::tui::effect::{Errand, HistoryFilter, Message};
use crate::tui::event::Event;
use crate::tui::state::State;
use crate::tui::update::update;

fn press(state: &mut State, command: Command) {
    update(state, Action::Do(command));
}

pub(super) fn typed(state: &mut State, text: &str) {
    press(state, Command::Filter);
    for c in text.chars() {
        let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        update(state, Action::Type(key));
    }
}

fn rows(state: &State) -> Vec<&str> {
    let order = state.home.list.order().iter();
    order
        .map(|at| state.fleet.rows[*at].image.name.as_str())
        .collect()
}

fn filtered(text: &str) -> Vec<String> {
    let mut state = state(fleet());
    typed(&mut state, text);
    rows(&state).into_iter().map(str::to_owned).collect()
}

/// What was kept last.
fn kept(it: &Driver) -> Option<Preferences> {
    let asked = it.hands.asked.lock().expect("not poisoned");
    asked.iter().rev().find_map(|errand| match errand {
        Errand::Remember(_, preferences) => Some(*preferences),
        _ => None,
    })
}

#[test]
fn a_filter_is_typed_kept_and_cleared() {
    let (_, state, hands) = drive(false, |it| async move {
        it.sees("shop-web").await;
        it.keys("/");
        it.sees("3 of 3 shown").await;
        // Letters that are commands elsewhere are letters here.
        it.keys("api");
        it.sees("1 of 3 shown").await;
        it.gone("shop-base").await;
        it.sees("shop-api in prod").await;
        it.key(KeyCode::Enter);
        it.sees("Esc: show all").await;
        it.sees("/api  1 of 3 shown").await;
        // Esc shows everything, and what was selected before is selected again.
        it.key(KeyCode::Esc);
        it.sees("shop-web in prod").await;
        it.sees("everything is shown again").await;
        // While typing Esc takes the filter away, too.
        it.keys("/base");
        it.sees("1 of 3 shown").await;
        it.key(KeyCode::Esc);
        it.gone("shown").await;
        it.sees("shop-web in prod").await;
    });
    assert!(state.home.list.filters.text.value().is_empty());
    assert_eq!(hands.count(|it| matches!(it, Errand::Plan(..))), 0);
}

#[test]
fn what_a_filter_finds() {
    assert_eq!(filtered("shopweb"), ["shop-web"]);
    assert_eq!(filtered("!web"), ["shop-api", "shop-base"]);
    assert_eq!(filtered("prod unhealthy"), ["shop-web"]);
    // It is unhealthy in prod, not in dev.
    assert_eq!(filtered("dev unhealthy"), [""; 0]);
    assert_eq!(filtered("no answer"), ["shop-api", "shop-base"]);
    assert_eq!(filtered("locked"), ["shop-api"]);
    assert_eq!(filtered("1.4.2"), ["shop-web"]);
    assert_eq!(filtered("behind newest"), ["shop-web"]);
}

#[test]
fn nothing_is_acted_upon_where_nothing_matches() {
    let (_, _, hands) = drive(false, |it| async move {
        it.keys("/nothing of the kind");
        it.sees("Nothing matches").await;
        it.sees("Esc shows all 3 rows again").await;
        it.key(KeyCode::Enter);
        it.keys("r");
        it.sees("no cell is selected").await;
        it.key(KeyCode::Esc);
        it.sees("shop-web in prod").await;
    });
    assert_eq!(hands.count(|it| matches!(it, Errand::Plan(..))), 0);
}

#[test]
fn a_paste_into_a_filter_is_text_only() {
    let (_, state, _) = drive(false, |it| async move {
        it.keys("/");
        it.send(Event::Terminal(TerminalEvent::Paste(
            "版本\u{1b}[2J\u{202e}\n\r".into(),
        )));
        it.sees("0 of 3 shown").await;
        assert!(!it.text().contains('\u{202e}'));
        // Longer than the line: its end is seen, and the screen is whole.
        it.send(Event::Terminal(TerminalEvent::Paste("版".repeat(50))));
        it.keys("end");
        it.sees("end ").await;
        it.sees("0 of 3 shown").await;
    });
    let value = state.home.list.filters.text.value();
    assert!(!value.contains(['\n', '\r', '\u{1b}']));
}

#[test]
fn the_fleet_may_move_under_a_filter() {
    let (_, state, _) = drive(false, |it| async move {
        it.sees("shop-web").await;
        it.keys("/web");
        it.sees("1 of 3 shown").await;
        let mut grown = fleet();
        let mut new = grown.rows[2].clone();
        new.image.name = "aaa-web".into();
        grown.rows.insert(0, new);
        it.fleet(grown.clone());
        it.sees("2 of 4 shown").await;
        it.sees("shop-web in prod").await;
        grown.rows.pop();
        it.fleet(grown);
        it.sees("1 of 3 shown").await;
        it.sees("aaa-web in prod").await;
    });
    assert_eq!(state.home.image, Some("aaa-web".into()));
}

#[test]
fn quick_filters_hold_together_and_production_takes_columns_away() {
    let mut at = state(fleet());
    press(&mut at, Command::Skewed);
    assert_eq!(rows(&at), ["shop-api", "shop-base", "shop-web"]);
    press(&mut at, Command::Unhealthy);
    // Both in one place: web in prod. api skews in staging, and is ill in prod.
    assert_eq!(rows(&at), ["shop-web"]);
    press(&mut at, Command::ShowAll);
    at.home.environment = Some("test".into());
    press(&mut at, Command::Production);
    assert_eq!(at.home.columns, [3]);
    assert_eq!(at.home.environment, Some("prod".into()));
    let text = screen(&mut at, 100, 30);
    let heading = text.lines().nth(2).expect("a heading");
    assert!(heading.contains("prod ⚑ protected"), "{heading}");
    assert!(!heading.contains("staging"), "{heading}");
    // Back to where one was.
    press(&mut at, Command::Production);
    assert_eq!(at.home.environment, Some("test".into()));
    press(&mut at, Command::Today);
    // Started after midnight: web, in test and prod; the clocks here are at UTC.
    assert_eq!(rows(&at), ["shop-web"]);
    typed(&mut at, "!web");
    assert_eq!(rows(&at), [""; 0]);
}

#[test]
fn promoting_what_is_shown_leaves_alone_what_is_not() {
    let (_, _, hands) = drive(false, |it| async move {
        it.sees("shop-web").await;
        it.key(KeyCode::Left);
        it.keys("/web");
        it.key(KeyCode::Enter);
        it.keys("P");
        it.sees("PROMOTE from staging to prod").await;
    });
    let asked = hands.asked.lock().expect("not poisoned");
    let planned = asked.iter().find_map(|errand| match errand {
        Errand::Plan(_, crate::tui::effect::Wanted::Promote { images, .. }) => Some(images),
        _ => None,
    });
    assert_eq!(planned, Some(&vec!["shop-web".into()]));
}

#[test]
fn every_list_sorts_and_the_choice_is_kept() {
    let (_, state, hands) = drive(false, |it| async move {
        it.sees("shop-web").await;
        it.keys("ss");
        it.sees("sorted by worst state ▼").await;
        it.sees("shop-web in prod").await;
        it.keys("v");
        it.sees("VERSION ▼").await;
        it.sees("1.4.1").await;
        it.keys("S");
        it.sees("VERSION ▲").await;
        it.keys("sssss");
        it.sees("SIZE ▼").await;
        assert_eq!(
            kept(&it).map(|kept| kept.versions),
            Some(Sort {
                by: VersionsBy::Size,
                reversed: false
            })
        );
        // A click on a heading sorts by it; another turns it.
        let line = it.text().lines().position(|line| line.contains("SIZE ▼"));
        let click = MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: 2,
            row: u16::try_from(line.expect("a heading")).expect("small"),
            modifiers: KeyModifiers::NONE,
        };
        it.send(Event::Terminal(TerminalEvent::Mouse(click)));
        it.sees("VERSION ▼").await;
        it.send(Event::Terminal(TerminalEvent::Mouse(click)));
        it.sees("VERSION ▲").await;
        it.keys("t");
        it.sees("WHEN ▲").await;
        it.keys("s");
        it.sees("OUTCOME ▼").await;
    });
    assert_eq!(state.preferences.fleet.by, FleetBy::State);
    assert_eq!(state.preferences.history.by, HistoryBy::Outcome);
    assert!(state.preferences.versions.reversed);
    assert!(hands.count(|it| matches!(it, Errand::Remember(..))) >= 9);
}

#[test]
fn nothing_of_a_demo_is_kept() {
    let mut state = state(fleet());
    state.demo = true;
    assert!(update(&mut state, Action::Do(Command::SortNext)).is_empty());
    assert_eq!(state.preferences.fleet.by, FleetBy::Name);
}

#[test]
fn the_fleet_sorts_by_what_stands_in_it() {
    let mut state = state(fleet());
    let mut by = |by, reversed| {
        state.preferences.fleet = Sort { by, reversed };
        update(&mut state, Action::Tick(now()));
        rows(&state)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (api, base, web) = ("shop-api", "shop-base", "shop-web");
    assert_eq!(by(FleetBy::Project, true), [web, base, api]);
    assert_eq!(by(FleetBy::Name, true), [web, base, api]);
    // Not running, unhealthy, no answer.
    assert_eq!(by(FleetBy::State, false), [api, web, base]);
    assert_eq!(by(FleetBy::Skew, false), [web, api, base]);
    // 12 seconds, 5 hours, 3 days ago.
    assert_eq!(by(FleetBy::Changed, false), [web, api, base]);
    assert_eq!(by(FleetBy::Changed, true), [base, api, web]);
}

fn with_history() -> State {
    let mut state = state(fleet());
    press(&mut state, Command::HistoryAll);
    let mut events = super::fixture::events();
    events[0].time = ago(HOUR);
    read(&mut state, events);
    state
}

fn read(state: &mut State, events: Vec<crate::model::event::Event>) {
    let message = Message::History(HistoryFilter::default(), Ok(events));
    update(state, Action::Told(Box::new(message)));
}

#[test]
fn the_same_event_stays_selected_when_a_newer_one_comes() {
    let mut state = with_history();
    press(&mut state, Command::Down);
    assert!(screen(&mut state, 100, 30).contains("›6 d    ✓ done           roll back"));
    let mut more = super::fixture::events();
    more.insert(0, more[0].clone());
    more[0].id = OperationId("fedcba9876543210".into());
    more[0].time = ago(MINUTE);
    read(&mut state, more);
    let text = screen(&mut state, 100, 30);
    assert!(
        text.contains("›6 d    ✓ done           roll back"),
        "{text}"
    );
}

#[test]
fn the_history_filters_and_opens_what_is_selected() {
    let mut state = with_history();
    press(&mut state, Command::Failed);
    let text = screen(&mut state, 100, 30);
    assert!(text.contains("failed  1 of 4 shown"), "{text}");
    press(&mut state, Command::Open);
    assert!(screen(&mut state, 100, 30).contains("became unhealthy 12 s after"));
    press(&mut state, Command::Back);
    press(&mut state, Command::ShowAll);
    press(&mut state, Command::Today);
    assert_eq!(state.counts(), (1, 4));
    press(&mut state, Command::Production);
    assert_eq!(state.counts(), (0, 4));
    press(&mut state, Command::Today);
    assert_eq!(state.counts(), (3, 4));
}

#[test]
fn a_quick_filter_is_taken_back_where_it_was_set() {
    let mut at = state(fleet());
    typed(&mut at, "prod he");
    press(&mut at, Command::KeepFilter);
    press(&mut at, Command::Unhealthy);
    press(&mut at, Command::SortNext);
    press(&mut at, Command::QuickFilters);
    // The second line: what it does is done, and the menu closes.
    press(&mut at, Command::Down);
    press(&mut at, Command::Open);
    assert!(at.dialog.is_none() && at.home.list.filters.quick.is_empty());
    let mut at = state(fleet());
    typed(&mut at, "!nothing");
    press(&mut at, Command::KeepFilter);
    typed(&mut at, " at all");
    press(&mut at, Command::KeepFilter);
    assert_eq!(at.counts(), (3, 3));
}

/// A fleet whose engines have something to tell.
pub(super) fn engines() -> State {
    let mut fleet = fleet();
    for (name, engine) in &mut fleet.engines {
        let last = engine.last.as_mut().expect("an answer");
        last.facts = EngineFacts {
            id: name.to_string(),
            host: "prod-2".into(),
            version: "20.10.24".into(),
            api: "1.41".into(),
            platform: "linux/amd64".into(),
            driver: "overlay2".into(),
            system: "Debian GNU/Linux 12 (bookworm)".into(),
            ..EngineFacts::default()
        };
        last.images_in_all = Some(41);
        let cells = fleet.rows.iter().flat_map(|row| &row.cells);
        let replicas = cells.filter_map(|cell| cell.deployment.as_ref());
        last.containers = replicas
            .flat_map(|it| &it.replicas)
            .filter(|replica| &replica.engine == name)
            .map(|replica| replica.container.clone())
            .collect();
        if let Link::Down {
            error, retry_at, ..
        } = &mut engine.link
        {
            "no answer within 10 s; is the host up? try `ssh deploy@prod-2 docker version`"
                .clone_into(error);
            *retry_at = Some(now() + chrono::TimeDelta::seconds(12));
            last.parked = vec!["shop-web.karat-parked".into()];
            last.locks = vec![LockSeen {
                container: "shop-web".into(),
                operation: OperationId("cafe0011cafe0011".into()),
                summary: "roll back shop-web in prod to 1.4.0".into(),
                owner: "joe@ci-7".into(),
                since: ago(25 * MINUTE),
            }];
        }
    }
    state(fleet)
}

#[test]
fn engines_and_how_they_stand() {
    let mut state = engines();
    press(&mut state, Command::Engines);
    typed(&mut state, "staging connecting");
    assert_eq!(state.counts(), (1, 4));
    press(&mut state, Command::Back);
    press(&mut state, Command::Open);
    // It is gone from the project meanwhile.
    let mut fewer = (*state.fleet).clone();
    fewer.engines.clear();
    let message = Message::Fleet(Arc::new(fewer));
    update(&mut state, Action::Told(Box::new(message)));
    assert!(screen(&mut state, 100, 30).contains("no longer takes part"));
    press(&mut state, Command::Back);
    assert!(screen(&mut state, 100, 30).contains("No engine takes part"));
}
