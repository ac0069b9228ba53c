//! The small dialogs: asking, answering, choosing. The plan has a file of its own.

use crate::model::project::EnvironmentName;

use super::super::action::Command;
use super::super::effect::Effect;
use super::super::state::{Answer, Ask, Choice, Chooser, Dialog, Ending, State, Tone};
use super::{
    cancel_and_leave, lists, moved, operation, palette, plan, recovering, say, scroll, shell, want,
};

/// A key while a dialog is open.
pub(super) fn in_dialog(state: &mut State, command: Command) -> Vec<Effect> {
    match state.dialog.take() {
        None => Vec::new(),
        Some(_) if command == Command::Back => Vec::new(),
        Some(Dialog::Plan(dialog)) => plan::command(state, dialog, command),
        Some(Dialog::Recover(dialog)) => recovering::command(state, dialog, command),
        Some(Dialog::Ask(ask)) => answer(state, ask, command),
        Some(Dialog::Choose(chooser)) => choose(state, chooser, command),
        Some(Dialog::Quick(menu)) => lists::in_menu(state, menu, command),
        Some(Dialog::Notice(mut notice)) => {
            if command != Command::Open {
                notice.top = scroll(state.layout.dialog, command);
                state.dialog = Some(Dialog::Notice(notice));
            }
            Vec::new()
        }
        Some(Dialog::Palette(palette)) => palette::command(state, palette, command),
        Some(Dialog::Shell(dialog)) => shell::command(state, dialog, command),
        Some(waiting @ (Dialog::Planning { .. } | Dialog::Opening { .. })) => {
            state.dialog = Some(waiting);
            Vec::new()
        }
    }
}

/// Leaves; asks first while something runs.
pub(super) fn leave(state: &mut State) -> Vec<Effect> {
    if state.running().next().is_none() {
        state.exit = Some(Ending::Left);
        return Vec::new();
    }
    let (text, environments) = what_leaving_cancels(state);
    state.dialog = Some(Dialog::Ask(Ask {
        title: "Something still runs".to_owned(),
        text,
        answers: vec![
            ("Stay".to_owned(), Answer::Nothing),
            ("Cancel and leave".to_owned(), Answer::CancelAllAndLeave),
        ],
        focus: 0,
        environments,
    }));
    Vec::new()
}

/// The question about leaving, and the environments that it is about.
fn what_leaving_cancels(state: &State) -> (String, Vec<EnvironmentName>) {
    let running: Vec<&str> = state.running().map(|one| one.summary.as_str()).collect();
    let text = format!(
        "{}\n\nLeaving cancels it: what was done is undone first, and karat leaves when everything is as before.",
        running.join("\n")
    );
    let mut environments: Vec<EnvironmentName> = Vec::new();
    for name in state.running().filter_map(|one| one.environment.as_ref()) {
        if !environments.contains(name) {
            environments.push(name.clone());
        }
    }
    (text, environments)
}

/// An operation ended while a question about it may be open: that is asked about what still
/// runs, or not at all any more.
pub(super) fn ask_of_what_runs(state: &mut State) {
    let Some(Dialog::Ask(ask)) = &state.dialog else {
        return;
    };
    let runs = |id| state.running().any(|one| &one.id == id);
    let over = ask.answers.iter().find_map(|(_, answer)| match answer {
        Answer::Cancel(id) if !runs(id) => Some("It has ended: there is nothing to cancel"),
        Answer::CancelAllAndLeave if state.running().next().is_none() => {
            Some("Nothing runs any more: leaving cancels nothing now")
        }
        _ => None,
    });
    if let Some(why) = over {
        state.dialog = None;
        say(state, Tone::Plain, why.to_owned());
    } else if offers_to_leave(ask) {
        let (text, environments) = what_leaving_cancels(state);
        if let Some(Dialog::Ask(ask)) = &mut state.dialog {
            ask.text = text;
            ask.environments = environments;
        }
    }
}

/// Whether the question is the one about leaving.
pub(super) fn offers_to_leave(ask: &Ask) -> bool {
    ask.answers
        .iter()
        .any(|(_, answer)| *answer == Answer::CancelAllAndLeave)
}

fn answer(state: &mut State, mut ask: Ask, command: Command) -> Vec<Effect> {
    let count = ask.answers.len().max(1);
    match command {
        Command::Open => {
            let chosen = ask.answers.get(ask.focus).map(|(_, answer)| answer.clone());
            return match chosen {
                Some(Answer::Cancel(id)) => operation::cancel(state, &id),
                Some(Answer::CancelAllAndLeave) => cancel_and_leave(state),
                Some(Answer::Nothing) | None => Vec::new(),
            };
        }
        Command::Right | Command::NextField | Command::Down => ask.focus = (ask.focus + 1) % count,
        Command::Left | Command::PreviousField | Command::Up => {
            ask.focus = (ask.focus + count - 1) % count;
        }
        _ => {}
    }
    state.dialog = Some(Dialog::Ask(ask));
    Vec::new()
}

fn choose(state: &mut State, mut chooser: Chooser, command: Command) -> Vec<Effect> {
    if command == Command::Open {
        match chooser.options.get(chooser.selected).cloned() {
            Some(Choice {
                unavailable: None,
                wanted,
                ..
            }) => return want(state, wanted),
            Some(Choice {
                unavailable: Some(why),
                ..
            }) => say(state, Tone::Bad, why),
            None => return Vec::new(),
        }
    } else {
        let total = chooser.options.len();
        chooser.selected = moved(chooser.selected, total, total, command);
    }
    state.dialog = Some(Dialog::Choose(chooser));
    Vec::new()
}
