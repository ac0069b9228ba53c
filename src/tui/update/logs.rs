//! Logs: of a deployment's containers, and the pane that those of operations are looked at
//! through as well.

use crossterm::event::{Event as TerminalEvent, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use crate::model::log::{Said, Saying};

use super::super::action::Command;
use super::super::effect::{Effect, Errand, Kept, Request};
use super::super::log::{By, Entry};
use super::super::state::{ContainerKey, LogsView, State, Tone, View};
use super::say;

/// Lines of each container to begin with.
const LAST: usize = 1_000;

/// Opens the logs of the deployment a command is about, the container that is read closely
/// alone if there was one chosen.
pub(super) fn open(state: &mut State) -> Vec<Effect> {
    let Some((image, environment, cell)) = state.subject_cell() else {
        return Vec::new();
    };
    let Some(deployment) = &cell.deployment else {
        return Vec::new();
    };
    let sources: Vec<ContainerKey> = deployment
        .replicas
        .iter()
        .map(|one| (one.engine.clone(), one.container.name.clone()))
        .collect();
    let request = state.next_request();
    let view = LogsView::new(image, environment, request, sources.clone());
    state.stack.push(View::Logs(view));
    state.followed.push(request);
    vec![Effect::Errand(Errand::FollowLogs {
        request,
        sources,
        last: LAST,
    })]
}

/// Whatever nobody looks at any more is no longer followed, however its view went.
pub(super) fn let_go(state: &mut State) -> Vec<Effect> {
    let (kept, gone): (Vec<_>, Vec<_>) = state.followed.iter().copied().partition(|request| {
        state
            .stack
            .iter()
            .any(|view| matches!(view, View::Logs(view) if view.follows(*request).is_some()))
    });
    state.followed = kept;
    gone.into_iter()
        .map(|request| Effect::Errand(Errand::StopLogs(request)))
        .collect()
}

/// A new fleet came: containers that have come are followed as well. Those that have gone
/// stay: what they wrote is what one may be looking for, and they may come back.
pub(super) fn join(state: &mut State) -> Vec<Effect> {
    let mut number = state.last_request;
    let mut effects = Vec::new();
    for view in &mut state.stack {
        let View::Logs(view) = view else {
            continue;
        };
        let deployment = state
            .fleet
            .cell(&view.image, &view.environment)
            .and_then(|cell| cell.deployment.as_ref());
        let new: Vec<ContainerKey> = deployment
            .iter()
            .flat_map(|it| &it.replicas)
            .map(|one| (one.engine.clone(), one.container.name.clone()))
            .filter(|one| !view.sources.contains(one))
            .collect();
        if new.is_empty() {
            continue;
        }
        number.0 += 1;
        view.follows.push((number, view.sources.len()));
        view.sources.extend(new.iter().cloned());
        state.followed.push(number);
        effects.push(Effect::Errand(Errand::FollowLogs {
            request: number,
            sources: new,
            last: LAST,
        }));
    }
    state.last_request = number;
    effects
}

/// Takes lines in.
pub(super) fn told(state: &mut State, request: Request, said: Vec<Said>) {
    for view in &mut state.stack {
        let View::Logs(view) = view else {
            continue;
        };
        let Some(first) = view.follows(request) else {
            continue;
        };
        let from = view.log.end();
        view.begun = true;
        for one in said {
            let source = first + one.source;
            view.log.push(match one.what {
                Saying::Line(line) => Entry {
                    source,
                    by: By::It(line.pipe),
                    at: line.at,
                    bytes: line.bytes,
                },
                Saying::Note(text) => Entry {
                    source,
                    by: By::Karat,
                    at: Some(state.now),
                    bytes: text.into_bytes(),
                },
            });
        }
        view.pane.grew(&view.log, from);
        return;
    }
}

/// A key on a log.
pub(super) fn command(state: &mut State, command: Command) -> Vec<Effect> {
    match command {
        Command::NextField => return turn(state, true),
        Command::PreviousField => return turn(state, false),
        Command::Save => return save(state),
        Command::Wrap => return wrap(state),
        _ => {}
    }
    let glass = state.layout.glass;
    let Some((log, pane)) = state.log_pane() else {
        return Vec::new();
    };
    let page = isize::try_from(glass.rows.saturating_sub(1).max(1)).unwrap_or(isize::MAX);
    match command {
        Command::Up => pane.scroll(log, -1, glass),
        Command::Down => pane.scroll(log, 1, glass),
        Command::PageUp => pane.scroll(log, -page, glass),
        Command::PageDown => pane.scroll(log, page, glass),
        Command::First => pane.go_first(log, glass),
        Command::Last => pane.follow(),
        Command::Left => pane.aside(false),
        Command::Right => pane.aside(true),
        Command::NextMatch => pane.go(log, true, glass),
        Command::PreviousMatch => pane.go(log, false, glass),
        Command::Search => {
            // What was searched for last is there to be changed.
            let text = pane.search.as_ref().map(|it| it.text.clone());
            pane.typing = Some(Input::new(text.unwrap_or_default()));
        }
        _ => {}
    }
    Vec::new()
}

/// Breaks long lines, or lets them run on, and says so: there may be none on screen.
fn wrap(state: &mut State) -> Vec<Effect> {
    let Some((_, pane)) = state.log_pane() else {
        return Vec::new();
    };
    pane.turn_wrapping();
    let text = if pane.wraps {
        "long lines are broken"
    } else {
        "long lines run out of sight"
    };
    say(state, Tone::Plain, text);
    Vec::new()
}

/// A key while something to be searched for is typed: Enter or Esc.
pub(super) fn in_search(state: &mut State, command: Command) -> Vec<Effect> {
    let glass = state.layout.glass;
    let Some((log, pane)) = state.log_pane() else {
        return Vec::new();
    };
    match command {
        Command::Open => {
            if let Some(input) = pane.typing.take() {
                pane.search(log, input.value().to_owned(), glass);
            }
        }
        Command::Back => pane.typing = None,
        _ => {}
    }
    Vec::new()
}

/// A key for the text to be searched for.
pub(super) fn typed(state: &mut State, key: KeyEvent) {
    if let Some(input) = field(state) {
        input.handle_event(&TerminalEvent::Key(key));
    }
}

/// The field for a paste, if something to be searched for is being typed.
pub(super) fn field(state: &mut State) -> Option<&mut Input> {
    state.log_pane()?.1.typing.as_mut()
}

/// All containers, or the next one alone.
fn turn(state: &mut State, forward: bool) -> Vec<Effect> {
    let Some(View::Logs(view)) = state.stack.last_mut() else {
        return Vec::new();
    };
    let count = view.sources.len();
    if count < 2 {
        say(state, Tone::Plain, "there is only this container");
        return Vec::new();
    }
    // All of them are one more place, before the first.
    let place = view.pane.only.map_or(0, |only| only + 1);
    let by = if forward { 1 } else { count };
    let next = (place + by) % (count + 1);
    view.pane.show_only(&view.log, next.checked_sub(1));
    Vec::new()
}

/// Saves what is kept, of the containers that are shown.
fn save(state: &mut State) -> Vec<Effect> {
    let Some(View::Logs(view)) = state.stack.last() else {
        return Vec::new();
    };
    let only = view.pane.only;
    let several = view.sources.len() > 1 && only.is_none();
    let lines: Vec<Kept> = view
        .log
        .iter()
        .filter(|entry| only.is_none_or(|only| entry.source == only))
        .map(|entry| {
            let name = view.sources.get(entry.source).filter(|_| several);
            let name = name.map_or_else(String::new, |(engine, name)| format!("{engine} {name} "));
            let karat = if entry.by == By::Karat { "karat: " } else { "" };
            Kept {
                before: format!("{name}{karat}"),
                at: entry.at,
                bytes: entry.bytes.clone(),
            }
        })
        .collect();
    if lines.is_empty() {
        say(state, Tone::Bad, "there is nothing to save yet");
        return Vec::new();
    }
    let mut name = format!("{}-{}", view.image, view.environment);
    let alone = only.or((view.sources.len() == 1).then_some(0));
    if let Some((_, container)) = alone.and_then(|only| view.sources.get(only)) {
        name.push_str(&format!("-{container}"));
    }
    vec![Effect::Errand(Errand::SaveLogs { name, lines })]
}
