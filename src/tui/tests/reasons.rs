//! Every action in every place can be had, or it is said in one sentence why not; and what can
//! be had does something.

use std::sync::Arc;

use super::fixture::{events, fleet, state};
use super::pictures::operations::several;
use super::screens::{press, screen, told};
use super::{anatomy, logs, shells};
use crate::model::fleet::Fleet;
use crate::tui::action::{Action, Command, EVERYWHERE, TABLE};
use crate::tui::available::unavailable;
use crate::tui::effect::{Content, HistoryFilter, Message, Recovered};
use crate::tui::keymap::{Keymap, Overrides};
use crate::tui::palette::{Item, find, unusable};
use crate::tui::state::{Dialog, PaletteDialog, State};
use crate::tui::update::update;

fn after(commands: &[Command]) -> State {
    let mut state = state(fleet());
    for command in commands {
        press(&mut state, *command);
    }
    let read = Message::History(HistoryFilter::default(), Ok(events()));
    told(&mut state, read);
    state
}

fn at(image: &str, environment: &str) -> State {
    let mut state = state(fleet());
    state.home.image = Some(image.into());
    state.home.environment = Some(environment.into());
    press(&mut state, Command::Up);
    press(&mut state, Command::Down);
    state.home.image = Some(image.into());
    crate::tui::update::refresh(&mut state);
    state
}

fn nothing() -> State {
    let nothing = Fleet {
        rows: Vec::new(),
        environments: Vec::new(),
        ..fleet()
    };
    state(nothing)
}

fn closed() -> State {
    let mut state = state(fleet());
    state.read_only = true;
    state.keymap = Arc::new(Keymap::new(&Overrides::new(), true));
    state
}

fn read_only_environments() -> State {
    let mut closed = fleet();
    for environment in &mut closed.environments {
        environment.read_only = true;
    }
    state(closed)
}

fn no_match(mut state: State) -> State {
    super::lists::typed(&mut state, "nothing of the kind");
    press(&mut state, Command::KeepFilter);
    state
}

/// How a state comes about, as often as it is wanted.
type Situation = Box<dyn Fn() -> State>;

fn reached(by: &'static [Command]) -> Situation {
    Box::new(move || after(by))
}

/// From several operations: the one at a place.
fn operation(at: usize) -> State {
    let mut state = several();
    for _ in 0..at {
        press(&mut state, Command::Down);
    }
    press(&mut state, Command::Open);
    state
}

fn searching() -> State {
    let mut state = logs::opened();
    press(&mut state, Command::Search);
    state
}

fn leaving() -> State {
    let mut state = several();
    press(&mut state, Command::Leave);
    state
}

fn notice() -> State {
    let mut state = after(&[]);
    let over = Recovered {
        left: vec!["ssh://deploy@prod-2 does not answer".into()],
        ..Recovered::default()
    };
    told(&mut state, Message::Recovered(over));
    state
}

fn file() -> State {
    anatomy::file(Ok(Content {
        text: "a line\n".repeat(80),
        cut: false,
        binary: false,
    }))
}

/// Each place at least once, and each with what stands in the way in it.
fn situations() -> Vec<Situation> {
    use Command as C;
    let mut all: Vec<Situation> = vec![
        Box::new(nothing),
        Box::new(closed),
        Box::new(read_only_environments),
        Box::new(|| no_match(after(&[]))),
        Box::new(|| no_match(after(&[C::Versions]))),
        Box::new(|| no_match(after(&[C::HistoryAll]))),
        Box::new(|| no_match(after(&[C::Engines]))),
        Box::new(|| no_match(several())),
        Box::new(several),
        Box::new(|| operation(0)),
        Box::new(|| operation(2)),
        Box::new(|| operation(4)),
        Box::new(logs::opened),
        Box::new(searching),
        Box::new(shells::deployment),
        Box::new(anatomy::read),
        Box::new(|| anatomy::asked_for().0),
        Box::new(|| anatomy::after(&[C::Components])),
        Box::new(anatomy::compared),
        Box::new(file),
        Box::new(leaving),
        Box::new(notice),
    ];
    let by_keys: &[&'static [Command]] = &[
        &[],
        &[C::Versions],
        &[C::Versions, C::Last],
        &[C::Versions, C::Open],
        &[C::Versions, C::Last, C::Open],
        &[C::Open],
        &[C::HistoryAll],
        &[C::Engines],
        &[C::Engines, C::Open],
        &[C::Help],
        &[C::Filter],
        &[C::Palette],
        &[C::QuickFilters],
    ];
    all.extend(by_keys.iter().map(|by| reached(by)));
    all.push(Box::new(|| after(&[C::Versions, C::RollBack])));
    all.push(Box::new(|| after(&[C::Recover])));
    all.push(Box::new(|| {
        let mut state = after(&[C::HistoryAll]);
        press(&mut state, C::Open);
        state
    }));
    for row in ["shop-api", "shop-base", "shop-web"] {
        for column in ["dev", "test", "staging", "prod"] {
            all.push(Box::new(move || at(row, column)));
        }
    }
    all
}

/// One sentence as they all are: no full stop, no other line, no beginning to be filled in.
fn is_sentence(why: &str) -> bool {
    let whole = !why.trim().is_empty() && why.trim() == why;
    let ends = !why.ends_with(['.', ':', ';', ',', '!']);
    let names: &[&str] = &["A", "Ctrl"];
    let begins = why.chars().next().is_some_and(|c| !c.is_uppercase())
        || names.iter().any(|name| why.starts_with(name));
    whole && ends && begins && !why.contains(['\n', '\t']) && !why.contains(". ")
}

#[test]
fn whatever_cannot_be_had_says_why_in_one_sentence() {
    let mut reasons = std::collections::BTreeSet::new();
    let mut places = std::collections::HashSet::new();
    for situation in situations() {
        let state = situation();
        places.insert(state.place());
        for entry in TABLE {
            // What holds in dialogs only is offered nowhere else.
            let offered = entry.places.iter().any(|place| place.is_view());
            let elsewhere = offered.then(|| unusable(&state, entry)).flatten();
            let here = unavailable(&state, entry.command);
            for why in [here, elsewhere].into_iter().flatten() {
                let place = state.place();
                assert!(is_sentence(&why), "{} in {place:?}: `{why}`", entry.id);
                reasons.insert(why);
            }
        }
    }
    assert!(reasons.len() > 50, "only {} reasons", reasons.len());
    for place in EVERYWHERE {
        assert!(places.contains(place), "{place:?} was not tried");
    }
}

/// A key that is there does something: it changes what is seen, asks for something, or says
/// why not.
#[test]
fn whatever_can_be_had_does_something() {
    let mut silent = Vec::new();
    for situation in situations() {
        let mut state = situation();
        let place = state.place();
        state.note = None;
        let before = screen(&mut state, 100, 30);
        let here = TABLE.iter().filter(|entry| {
            // A movement may have come to its end.
            let ends = entry.command.moves()
                || matches!(entry.command, Command::NextField | Command::PreviousField);
            !ends && place.is_view() && entry.places.contains(&place)
        });
        for entry in here {
            let mut state = situation();
            let effects = update(&mut state, Action::Do(entry.command));
            if effects.is_empty() && state.exit.is_none() && screen(&mut state, 100, 30) == before {
                silent.push(format!("{} in {place:?}:\n{before}", entry.id));
            }
        }
    }
    assert!(
        silent.is_empty(),
        "neither done nor said why not: {}",
        silent.join("\n")
    );
}

/// Words as they are wrapped into lines.
fn words(text: &str) -> String {
    let words = text
        .split(['│', '║', ' ', '\n'])
        .filter(|it| !it.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_palette_shows_the_whole_reason() {
    let mut seen = std::collections::HashSet::new();
    for situation in situations() {
        let mut state = situation();
        if state.dialog.is_some() || !state.place().is_view() {
            continue;
        }
        press(&mut state, Command::Palette);
        let found: Vec<(usize, String)> = find(&state, "")
            .iter()
            .enumerate()
            .filter_map(|(at, item)| match item {
                Item::Entry(entry) => Some((at, unusable(&state, entry)?)),
                _ => None,
            })
            .collect();
        assert!(!found.is_empty());
        for (at, why) in found {
            if !seen.insert(why.clone()) {
                continue;
            }
            for (columns, rows) in [(60, 16), (100, 30)] {
                state.dialog = Some(Dialog::Palette(PaletteDialog {
                    selected: at,
                    ..PaletteDialog::default()
                }));
                let text = words(&screen(&mut state, columns, rows));
                let wanted = words(&format!("! {why}"));
                assert!(text.contains(&wanted), "no `{wanted}` at {columns}: {text}");
            }
        }
    }
}
