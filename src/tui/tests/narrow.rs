//! What gives way where there is little room: words become fewer before they are cut.

use super::fixture::{events, fleet, state};
use super::lists::engines;
use super::pictures::operations::several;
use super::screens::{press, screen, told};
use super::{logs, shells};
use crate::model::fleet::EngineError;
use crate::model::observation::Health;
use crate::tui::action::{Action, Command};
use crate::tui::effect::{HistoryFilter, Message};
use crate::tui::update::update;

#[test]
fn at_eighty_columns_four_environments_are_told_in_whole_words() {
    let text = screen(&mut state(fleet()), 80, 30);
    for wanted in ["prod ⚑ protected", "↓ 2 behind", "← 1 behind", "≠ mixed"] {
        assert!(text.contains(wanted), "no `{wanted}`:\n{text}");
    }
    assert!(
        !text.contains("behind…") && !text.contains("behi…"),
        "{text}"
    );
}

#[test]
fn one_silent_engine_does_not_speak_for_the_others() {
    let mut fleet = fleet();
    let cell = &mut fleet.rows[2].cells[3];
    let engines: Vec<_> = cell
        .deployment
        .iter()
        .flat_map(|deployment| &deployment.replicas)
        .map(|replica| replica.engine.clone())
        .collect();
    assert_eq!(engines.len(), 2);
    let silent = |at: usize| EngineError {
        engine: engines[at].clone(),
        error: "connection timed out".into(),
        last_seen: None,
    };
    cell.errors = vec![silent(1)];
    assert!(cell.partly_answered());
    let mut both = cell.clone();
    both.errors = vec![silent(0), silent(1)];
    assert!(!both.partly_answered());
    let row = |fleet: &crate::model::fleet::Fleet| {
        let text = screen(&mut state(fleet.clone()), 200, 40);
        let at = text.lines().position(|line| line.contains("shop-web"));
        let line = at.and_then(|at| text.lines().nth(at + 1));
        line.unwrap_or_default().to_owned()
    };
    assert!(
        row(&fleet).contains("✗ 1 silent ✗ unhealthy"),
        "{}",
        row(&fleet)
    );
    let ill = |fleet: &crate::model::fleet::Fleet| {
        let mut state = state(fleet.clone());
        update(&mut state, Action::Do(Command::Unhealthy));
        state.home.list.order().contains(&2)
    };
    if let Some(deployment) = &mut fleet.rows[2].cells[3].deployment {
        deployment.health = Health::Healthy;
    }
    assert!(!ill(&fleet));
    if let Some(deployment) = &mut both.deployment {
        deployment.health = Health::Healthy;
    }
    fleet.rows[2].cells[3] = both;
    assert!(ill(&fleet));
    assert!(row(&fleet).contains("✗ no answer"), "{}", row(&fleet));
}

#[test]
fn copying_and_the_engines_are_hinted_at_where_there_is_room() {
    let mut fleet = fleet();
    let text = screen(&mut state(fleet.clone()), 80, 24);
    for wanted in ["y copy digest", "Y copy command", "e engines", "q leave"] {
        assert!(text.contains(wanted), "no `{wanted}`:\n{text}");
    }
    // On a low screen the rows are the fleet's; the header says where the trouble is told.
    let text = screen(&mut state(fleet.clone()), 60, 16);
    assert!(text.contains("✗ 1 down (e)"), "{text}");
    let mut engines = state(fleet.clone());
    update(&mut engines, Action::Do(Command::Engines));
    let text = screen(&mut engines, 60, 16);
    assert!(text.contains("✗ 1 down  "), "{text}");
    for engine in fleet.engines.values_mut() {
        engine.link = crate::model::fleet::Link::Up;
    }
    let text = screen(&mut state(fleet), 60, 16);
    assert!(!text.contains("(e)"), "{text}");
}

#[test]
fn the_room_of_a_view_does_not_change_with_what_is_selected() {
    let mut state = state(fleet());
    let rows = |state: &mut crate::tui::state::State| {
        screen(state, 100, 30);
        state.layout.view.page
    };
    let first = rows(&mut state);
    for command in [Command::Down, Command::Right, Command::Right, Command::Last] {
        update(&mut state, Action::Do(command));
        assert_eq!(rows(&mut state), first, "{command:?}");
    }
    update(&mut state, Action::Do(Command::Mouse));
    assert!(state.note.is_some());
    assert_eq!(rows(&mut state), first, "with a note");
    update(&mut state, Action::Do(Command::QuickFilters));
    assert_eq!(rows(&mut state), first, "with a dialog");
}

#[test]
fn quick_filters_are_explained_in_whole_words_on_a_narrow_screen() {
    use crate::tui::listing::quick::{quick_in, quick_of};
    for open in [Command::Home, Command::HistoryAll] {
        let mut state = state(fleet());
        update(&mut state, Action::Do(open));
        let events = Message::History(HistoryFilter::default(), Ok(events()));
        told(&mut state, events);
        update(&mut state, Action::Do(Command::QuickFilters));
        let text = screen(&mut state, 60, 16);
        for command in quick_in(state.view_place()) {
            let explained = quick_of(*command).expect("a quick filter").explained();
            assert!(text.contains(explained), "no `{explained}`:\n{text}");
        }
    }
}

#[test]
fn sentences_name_the_keys_of_the_settings() {
    let keys = [("press", "ctrl-o"), ("up", "ctrl-k"), ("down", "ctrl-l")]
        .map(|(id, key)| (id.to_owned(), vec![key.to_owned()]));
    let mut state = state(fleet());
    state.keymap = std::sync::Arc::new(crate::tui::keymap::Keymap::new(
        &keys.into_iter().collect(),
        false,
    ));
    assert_eq!(state.keymap.complaints, Vec::new());
    update(&mut state, Action::Do(Command::QuickFilters));
    let text = screen(&mut state, 100, 30);
    assert!(text.contains("Ctrl-O sets or clears it"), "{text}");
}

/// The end of such a sentence is what to do next.
#[test]
fn a_note_that_is_long_is_told_to_its_end() {
    let mut state = state(fleet());
    let at = state.fleet.column(&"prod".into()).expect("prod");
    let mut fleet = (*state.fleet).clone();
    for row in &mut fleet.rows {
        if let Some(verdict) = &mut row.cells[at].known_good {
            verdict.choice = None;
        }
    }
    told(&mut state, Message::Fleet(std::sync::Arc::new(fleet)));
    state.home.image = Some("shop-web".into());
    state.home.environment = Some("prod".into());
    update(&mut state, Action::Do(Command::RollBack));
    for (columns, rows) in [(60, 16), (80, 24)] {
        let text = screen(&mut state, columns, rows);
        let words: Vec<&str> = text
            .split(['│', ' ', '\n'])
            .filter(|it| !it.is_empty())
            .collect();
        let text = words.join(" ");
        assert!(
            text.contains("v shows the versions, and r there deploys one by name"),
            "{text}"
        );
    }
}

/// On the smallest screen each list answers its question without another key.
#[test]
#[expect(clippy::too_many_lines, reason = "the words of each: a table")]
fn every_list_answers_on_the_smallest_screen() {
    let mut versions = state(fleet());
    press(&mut versions, Command::Versions);
    let mut history = state(fleet());
    press(&mut history, Command::HistoryAll);
    let read = Message::History(HistoryFilter::default(), Ok(events()));
    told(&mut history, read);
    // The one that failed.
    press(&mut history, Command::Down);
    press(&mut history, Command::Down);
    let mut engines = engines();
    press(&mut engines, Command::Engines);
    let mut operations = several();
    for _ in 0..4 {
        press(&mut operations, Command::Down);
    }
    for (view, state, words) in [
        // Which there are, where each runs, and which one to go back to, or not.
        (
            "versions",
            &mut versions,
            &[
                "1.5.0",
                "8d361bd56e0e",
                "dev, test",
                "1.4.2",
                "staging",
                "✗ left behind",
                "◆ prod",
                "⊘ revoked",
            ][..],
        ),
        // What was done when and where, how it ended, by whom and why.
        (
            "history",
            &mut history,
            &[
                "2 d",
                "✓ done",
                "↶ failed, undone",
                "roll back",
                "prod",
                "shop-web prod",
                "promote shop-web in prod: 1.4.1 → 1.5.0",
                "became unhealthy 12 s after",
                "mara@laptop",
            ],
        ),
        // Which are up, which are not, why, and what hangs on them.
        (
            "engines",
            &mut engines,
            &[
                "● up",
                "✗ down",
                "… connecting",
                "ssh://deploy@prod-2",
                "dev, test",
                "no answer within 10 s",
                "is the host up?",
                "tries again in 12 s",
            ],
        ),
        // What runs, what ended how, and why.
        (
            "operations",
            &mut operations,
            &[
                "⟳ running",
                "⟳ undoing",
                "✓ done",
                "✗ failed, untouched",
                "↶ cancelled, undone",
                "roll back shop-web in prod",
                "41 s",
                "the build failed at step 3 of 4: exit code 2",
            ],
        ),
        // What runs, how it fares, and what to go back to.
        (
            "deployment",
            &mut shells::deployment(),
            &[
                "⚑ protected",
                "1.4.1",
                "✗ unhealthy",
                "2 of 2",
                "↓ 2 behind newest",
                "← 1 behind staging",
                "◆ 1.4.0",
                "prod-1",
                "prod-2",
            ],
        ),
        // What they write, which of them, and whether it goes on.
        (
            "logs",
            &mut logs::opened(),
            &[
                "logs of shop-web in prod",
                "2 containers",
                "followed",
                "web@prod-1 Error: the cart of 版本 is empty",
                "web@prod-2",
                "shop-web stopped",
            ],
        ),
    ] {
        let text = screen(state, 60, 16);
        let words_of = |text: &str| {
            let words = text.split(['│', ' ', '\n']).filter(|it| !it.is_empty());
            words.collect::<Vec<_>>().join(" ")
        };
        let words_on_screen = words_of(&text);
        for wanted in words {
            assert!(
                words_on_screen.contains(wanted),
                "no `{wanted}` in {view}:\n{text}"
            );
        }
    }
}

/// The history, read, with every text as long as it gets.
fn long_history() -> crate::tui::state::State {
    let mut events = events();
    for event in &mut events {
        if let Some(mark) = &mut event.from {
            mark.version = Some("2026.11.22-build.1042".into());
        }
        event.image = "registry-mirror-of-the-shop".into();
        event.who = "mara.lindqvist@build-agent-17".into();
        event.reason = None;
        event.duration = Some(crate::model::time::Span::seconds(7_384));
    }
    let mut state = state(fleet());
    press(&mut state, Command::HistoryAll);
    let all = HistoryFilter::default();
    told(&mut state, Message::History(all, Ok(events)));
    state
}

#[test]
fn a_row_of_the_history_always_says_what_was_done_where() {
    let mut state = state(fleet());
    press(&mut state, Command::HistoryAll);
    let all = HistoryFilter::default();
    told(&mut state, Message::History(all, Ok(events())));
    for columns in 60..=200 {
        let text = screen(&mut state, columns, 16);
        let row = text.lines().find(|line| line.contains("roll back"));
        let row = row.unwrap_or_else(|| panic!("{columns}:\n{text}"));
        for wanted in ["6 d", "done", "shop-web", "prod"] {
            assert!(row.contains(wanted), "{columns}: no `{wanted}`: {row}");
        }
    }
    // Cut, but there.
    let text = screen(&mut long_history(), 60, 16);
    assert!(text.contains("IMAGE") && text.contains(" IN "), "{text}");
    assert!(text.contains("registr"), "{text}");
}

/// Nothing is cut while the same row has room to spare.
#[test]
fn no_text_is_cut_beside_what_is_blank() {
    let mut fleet = fleet();
    for version in fleet
        .rows
        .iter_mut()
        .flat_map(|row| &mut row.catalog.versions)
    {
        version.tags = vec![
            "2026.11.22-build.1042".into(),
            "stable-of-the-last-month".into(),
        ];
    }
    let mut with_tags = state(fleet);
    press(&mut with_tags, Command::Versions);
    let mut operations = several();
    for one in &mut operations.operations {
        let long = "roll back shop-web, registry-mirror-of-the-shop and shop-frontend-of-the-old-days in prod to 1.4.0";
        one.summary = long.into();
    }
    let mut engines = engines();
    let mut fleet = (*engines.fleet).clone();
    for engine in fleet.engines.values_mut() {
        if let Some(last) = &mut engine.last {
            last.facts.version = "20.10.24+dfsg1-1+deb12u1+build-of-ours".into();
        }
    }
    told(&mut engines, Message::Fleet(fleet.into()));
    press(&mut engines, Command::Engines);
    for (name, mut state) in [
        ("history", long_history()),
        ("operations", operations),
        ("versions", with_tags),
        ("engines", engines),
    ] {
        for columns in [180, 200] {
            let text = screen(&mut state, columns, 60);
            let blank = " ".repeat(21);
            let rows: Vec<&str> = text
                .lines()
                .skip(1)
                .take_while(|line| !line.starts_with('─'))
                .filter(|line| !line.trim().is_empty())
                .collect();
            assert!(rows.len() > 2, "{name}:\n{text}");
            for row in rows {
                // A sign of its own means that something is waited for.
                let cut = row.replace("… ", "  ").trim_end().contains('…')
                    || row.contains("… ") && !row.contains("… connecting");
                assert!(!(cut && row.contains(&blank)), "{name}, {columns}: `{row}`");
            }
        }
    }
}
