//! The hints in the last rows: the way out is seen whole, wherever one is and whatever is said.

use super::fixture::{details, events, fleet, state};
use super::pictures::operations::{ended, running, several};
use super::screens::{press, roll_back, screen, told, with_plan};
use super::{anatomy, lists, logs, shells};
use crate::model::event::Outcome;
use crate::model::plan::OperationId;
use crate::tui::action::Command;
use crate::tui::effect::{Content, HistoryFilter, Message};
use crate::tui::state::{Note, State, Tone};

/// One state for each view, and for what may stand above the hints of each.
fn views() -> Vec<(&'static str, State)> {
    use Command as C;
    let opened = |commands: &[C]| {
        let mut state = lists::engines();
        for command in commands {
            press(&mut state, *command);
            let events = Message::History(HistoryFilter::default(), Ok(events()));
            told(&mut state, events);
        }
        state
    };
    let with = |mut state: State, commands: &[C]| {
        for command in commands {
            press(&mut state, *command);
        }
        state
    };
    let mut closely = shells::deployment();
    let engine = "ssh://deploy@prod-1".into();
    let message = Message::Details {
        answer: Ok(Box::new(details(&engine, "shop-web"))),
        engine,
        container: "shop-web".into(),
    };
    told(&mut closely, message);
    let (mut undoing, id) = running();
    if let Some(one) = undoing.operations.iter_mut().find(|one| one.id == id) {
        one.undoing = Some("it was cancelled".into());
    }
    let (mut over, id) = running();
    ended(&mut over, &id, Outcome::Undone, Some("it became unhealthy"));
    let mut searched = logs::opened();
    logs::typed(&mut searched, "cart");
    press(&mut searched, C::Open);
    let text = Content {
        text: "export const cart = [];".into(),
        cut: false,
        binary: false,
    };
    vec![
        ("home", opened(&[])),
        ("home, one image filtered", opened(&[C::Unhealthy])),
        ("home while something runs", with(several(), &[C::Back])),
        ("versions", opened(&[C::Versions])),
        ("versions, marked", opened(&[C::Versions, C::MarkVersion])),
        ("version", opened(&[C::Versions, C::Open])),
        ("deployment", closely),
        ("logs", logs::opened()),
        ("logs, searched", searched),
        ("history", opened(&[C::HistoryAll])),
        ("event", opened(&[C::HistoryAll, C::Open])),
        ("engines", opened(&[C::Engines])),
        ("engine", opened(&[C::Engines, C::Open])),
        ("operations", several()),
        ("home, no operations", opened(&[C::Operations])),
        ("operation", running().0),
        ("operation, undoing", undoing),
        ("operation, undone", over),
        ("anatomy", anatomy::read()),
        ("anatomy, files", anatomy::after(&[C::NextField])),
        ("anatomy, map", anatomy::after(&[C::Map, C::NextField])),
        ("anatomy, reading", anatomy::reading().0),
        ("comparison", anatomy::compared()),
        ("file", anatomy::file(Ok(text))),
        ("help", opened(&[C::Help])),
    ]
}

/// Help does not hint at itself.
fn way_out(view: &str) -> &'static str {
    if view == "help" {
        "Esc back  q leave"
    } else {
        "? help  q leave"
    }
}

const ROWS: [u16; 3] = [16, 24, 30];

/// The width is what counts: each is looked at where hints may take two rows, which is alike
/// for both of these heights.
fn sizes() -> impl Iterator<Item = (u16, u16)> {
    let every = |rows, from, by| (from..=200).step_by(by).map(move |columns| (columns, rows));
    every(16, 60, 4)
        .chain(every(24, 60, 2))
        .chain(every(30, 61, 2))
}

/// The hints and what is said above them, without the view.
fn foot(shown: &str) -> String {
    let lines: Vec<&str> = shown.lines().collect();
    let from = lines.len().saturating_sub(3);
    lines.get(from..).unwrap_or_default().join("\n")
}

#[test]
fn the_way_out_is_hinted_at_whole_at_every_width() {
    for (name, mut state) in views() {
        for (columns, rows) in sizes() {
            let shown = foot(&screen(&mut state, columns, rows));
            assert!(
                shown.contains(way_out(name)),
                "{name}, {columns}×{rows}:\n{shown}"
            );
            let home = name.starts_with("home");
            assert!(
                home || shown.contains("Esc back"),
                "{name}, {columns}×{rows}:\n{shown}"
            );
        }
    }
}

#[test]
fn the_way_out_of_a_dialog_is_hinted_at_whole_at_every_width() {
    use Command as C;
    let opened = |commands: &[C]| {
        let mut state = state(fleet());
        for command in commands {
            press(&mut state, *command);
        }
        state
    };
    let mut leaving = running().0;
    press(&mut leaving, C::Leave);
    let mut typing = logs::opened();
    logs::typed(&mut typing, "cart");
    for (name, mut state) in [
        ("plan", with_plan(roll_back())),
        ("leaving", leaving),
        ("palette", opened(&[C::Palette])),
        ("quick filters", opened(&[C::QuickFilters])),
        ("filter", opened(&[C::Filter])),
        ("search", typing),
    ] {
        for (columns, rows) in sizes() {
            let shown = screen(&mut state, columns, rows);
            let last = shown.lines().last().unwrap_or_default();
            // The palette says so itself.
            let told = last.contains("Esc back") || shown.contains("Esc goes back");
            assert!(told, "{name}, {columns}×{rows}:\n{last}");
        }
    }
}

/// A note that is short stands beside the way out, one that is long above it.
#[test]
fn the_way_out_is_hinted_at_whatever_a_note_says() {
    let short = "the mouse is the terminal's";
    let long = "that cannot be copied: no program to copy with was found here, and the terminal \
                has no clipboard of its own; write it down, or install wl-copy or xclip";
    for (name, mut state) in views() {
        for text in [short, long] {
            for rows in ROWS {
                for columns in [60, 80, 100, 200] {
                    state.note = Some(Note {
                        text: text.to_owned(),
                        tone: Tone::Plain,
                    });
                    let shown = screen(&mut state, columns, rows);
                    let told = shown.split_whitespace().collect::<Vec<_>>().join(" ");
                    let seen = foot(&shown);
                    for wanted in [way_out(name), &text[..20]] {
                        let here = if wanted == way_out(name) {
                            &seen
                        } else {
                            &told
                        };
                        assert!(
                            here.contains(wanted),
                            "{name}, {columns}×{rows}: no `{wanted}`:\n{shown}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn the_question_about_leaving_keeps_up_with_what_runs() {
    let mut state = several();
    let running: Vec<(OperationId, String)> = state
        .running()
        .map(|one| (one.id.clone(), one.summary.clone()))
        .collect();
    assert_eq!(running.len(), 3);
    press(&mut state, Command::Leave);
    let (first, summary) = &running[0];
    assert!(screen(&mut state, 100, 30).contains("Something still runs"));
    press(&mut state, Command::NextField);
    ended(&mut state, first, Outcome::Done, None);
    let environments = |state: &State| match &state.dialog {
        Some(crate::tui::state::Dialog::Ask(ask)) => {
            Some((ask.text.clone(), ask.environments.len(), ask.focus))
        }
        _ => None,
    };
    let (text, touched, focus) = environments(&state).expect("it is still asked");
    assert!(!text.contains(summary.as_str()), "{text}");
    assert!(text.contains(&running[1].1), "{text}");
    // Nothing that runs now touches an environment, and the focus stays where it was.
    assert_eq!((touched, focus), (0, 1));
    for (id, _) in &running[1..] {
        ended(&mut state, id, Outcome::Done, None);
    }
    let shown = screen(&mut state, 100, 30);
    assert!(!shown.contains("Something still runs"), "{shown}");
    assert!(shown.contains("Nothing runs any more"), "{shown}");
    assert!(state.exit.is_none());
}

#[test]
fn nobody_is_asked_to_cancel_what_has_ended() {
    let (mut state, id) = running();
    press(&mut state, Command::CancelOperation);
    assert!(screen(&mut state, 100, 30).contains("Cancel?"));
    ended(&mut state, &id, Outcome::Done, None);
    let shown = screen(&mut state, 100, 30);
    assert!(!shown.contains("Cancel?"), "{shown}");
    assert!(shown.contains("nothing to cancel"), "{shown}");
}
