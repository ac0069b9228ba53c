//! From an action to a new state, and to what is wanted from outside. Pure: no input, no
//! output, no waiting; the time is in the state.
//!
//! One file a view or dialog; [`message`] takes in news.

mod deployment;
mod history;
mod home;
mod message;
mod operation;
mod plan;
mod versions;

use super::action::{Action, Command, Place};
use super::available::unavailable;
use super::effect::{Effect, Errand, HistoryFilter, Wanted};
use super::state::{
    Answer, Ask, Choice, Chooser, Dialog, Ending, HistoryView, Note, Notice, State, Target, Tone,
    Versions, View, Window,
};

/// What an action does.
pub(crate) fn update(state: &mut State, action: Action) -> Vec<Effect> {
    match action {
        Action::Do(command) => {
            state.note = None;
            command_in_place(state, command)
        }
        Action::Type(key) => plan::typed(state, key),
        Action::Paste(text) => plan::pasted(state, &text),
        Action::Wheel(rows) => wheel(state, rows),
        Action::Click(column, row) => click(state, column, row),
        Action::Resize(columns, rows) => {
            state.size = (columns, rows);
            Vec::new()
        }
        Action::Tick(now) => {
            state.now = now;
            Vec::new()
        }
        Action::Told(message) => message::told(state, *message),
        Action::Signal(number) => end(state, Ending::Signal(number)),
        Action::Closed => end(state, Ending::Closed),
    }
}

/// Ends the loop, cancelling what runs: nobody will watch it any more.
fn end(state: &mut State, ending: Ending) -> Vec<Effect> {
    state.exit = Some(ending);
    cancel_all(state)
}

fn cancel_all(state: &mut State) -> Vec<Effect> {
    let mut effects = Vec::new();
    for one in &mut state.operations {
        if one.report.is_none() && !one.cancelling {
            one.cancelling = true;
            effects.push(Effect::Errand(Errand::Cancel(one.id.clone())));
        }
    }
    effects
}

fn command_in_place(state: &mut State, command: Command) -> Vec<Effect> {
    match command {
        Command::Interrupt => return interrupt(state),
        Command::Suspend => return vec![Effect::Suspend],
        _ => {}
    }
    if state.dialog.is_some() {
        return in_dialog(state, command);
    }
    if let Some(why) = unavailable(state, command) {
        say(state, Tone::Bad, why);
        return Vec::new();
    }
    match command {
        Command::Back => {
            state.stack.pop();
            Vec::new()
        }
        Command::Leave => leave(state),
        Command::Help => {
            if !matches!(state.stack.last(), Some(View::Help { .. })) {
                let of = state.view_place();
                state.stack.push(View::Help { of, top: 0 });
            }
            Vec::new()
        }
        Command::Operations => operation::list(state),
        Command::History => {
            let (image, environment) = match state.subject() {
                Some((image, environment)) => (Some(image), environment),
                None => (None, None),
            };
            open_history(state, HistoryFilter { image, environment })
        }
        Command::HistoryAll => open_history(state, HistoryFilter::default()),
        Command::Versions => open_versions(state),
        Command::Rebuild | Command::RebuildClean => {
            let clean = command == Command::RebuildClean;
            match state.subject() {
                Some((image, _)) => want(
                    state,
                    Wanted::Rebuild {
                        image,
                        no_cache: clean,
                        pull: clean,
                    },
                ),
                None => Vec::new(),
            }
        }
        Command::Promote => home::promote(state),
        Command::PromoteAll => home::promote_all(state),
        Command::RollBack => roll_back(state),
        Command::Recover => ask_recover(state),
        Command::Refresh => {
            say(state, Tone::Plain, "asking every engine");
            vec![Effect::Errand(Errand::Refresh)]
        }
        Command::CopyDigest => copy_digest(state),
        Command::CancelOperation => operation::ask_cancel(state),
        _ => in_view(state, command),
    }
}

fn in_view(state: &mut State, command: Command) -> Vec<Effect> {
    match state.view_place() {
        Place::Home => home::command(state, command),
        Place::Versions => versions::command(state, command),
        Place::Deployment => deployment::command(state, command),
        Place::Operations => operation::in_list(state, command),
        Place::Operation => operation::in_one(state, command),
        Place::History => history::command(state, command),
        _ => {
            let window = state.layout.view;
            if let Some(
                View::Version { top, .. } | View::Event { top, .. } | View::Help { top, .. },
            ) = state.stack.last_mut()
            {
                *top = scroll(window, command);
            }
            Vec::new()
        }
    }
}

fn in_dialog(state: &mut State, command: Command) -> Vec<Effect> {
    match state.dialog.take() {
        None => Vec::new(),
        Some(_) if command == Command::Back => Vec::new(),
        Some(Dialog::Plan(dialog)) => plan::command(state, dialog, command),
        Some(Dialog::Ask(ask)) => answer(state, ask, command),
        Some(Dialog::Choose(chooser)) => choose(state, chooser, command),
        Some(Dialog::Notice(mut notice)) => {
            if command != Command::Open {
                notice.top = scroll(state.layout.dialog, command);
                state.dialog = Some(Dialog::Notice(notice));
            }
            Vec::new()
        }
        Some(planning @ Dialog::Planning { .. }) => {
            state.dialog = Some(planning);
            Vec::new()
        }
    }
}

/// Where a text or list is after a key that scrolls.
fn scroll(window: Window, command: Command) -> usize {
    let page = isize::try_from(window.page.saturating_sub(1).max(1)).unwrap_or(isize::MAX);
    match command {
        Command::Up => window.scrolled(-1),
        Command::Down => window.scrolled(1),
        Command::PageUp => window.scrolled(-page),
        Command::PageDown => window.scrolled(page),
        Command::First => 0,
        Command::Last => window.total.saturating_sub(window.page),
        _ => window.top,
    }
}

/// Which row of a list is selected after a key that moves.
fn moved(selected: usize, total: usize, page: usize, command: Command) -> usize {
    let last = total.saturating_sub(1);
    let page = page.saturating_sub(1).max(1);
    match command {
        Command::Up => selected.saturating_sub(1),
        Command::Down => selected + 1,
        Command::PageUp => selected.saturating_sub(page),
        Command::PageDown => selected + page,
        Command::First => 0,
        Command::Last => last,
        _ => selected,
    }
    .min(last)
}

/// Leaves one line for the reader.
fn say(state: &mut State, tone: Tone, text: impl Into<String>) {
    state.note = Some(Note {
        text: text.into(),
        tone,
    });
}

/// Opens a dialog to be read.
fn tell(state: &mut State, title: impl Into<String>, text: impl Into<String>) {
    state.dialog = Some(Dialog::Notice(Notice {
        title: title.into(),
        text: text.into(),
        top: 0,
    }));
}

/// Wishes for a plan, and waits for it in a dialog.
fn want(state: &mut State, wanted: Wanted) -> Vec<Effect> {
    let request = state.next_request();
    state.dialog = Some(Dialog::Planning {
        request,
        wanted: wanted.clone(),
    });
    vec![Effect::Errand(Errand::Plan(request, wanted))]
}

fn roll_back(state: &mut State) -> Vec<Effect> {
    if state.subject_version().is_some() {
        return versions::deploy(state);
    }
    match state.subject() {
        Some((image, Some(environment))) => want(
            state,
            Wanted::Rollback {
                image,
                environment,
                to: None,
            },
        ),
        _ => Vec::new(),
    }
}

fn open_history(state: &mut State, filter: HistoryFilter) -> Vec<Effect> {
    state.stack.push(View::History(HistoryView {
        filter: filter.clone(),
        events: None,
        selected: 0,
        top: 0,
    }));
    vec![Effect::Errand(Errand::LoadHistory(filter))]
}

fn open_versions(state: &mut State) -> Vec<Effect> {
    if let Some((image, environment)) = state.subject() {
        let row = state.fleet.row(&image);
        // What runs in the environment one comes from is where the reader looks first.
        let runs = environment
            .and_then(|environment| state.fleet.cell(&image, &environment))
            .and_then(|cell| cell.deployment.as_ref()?.identities.first().cloned())
            .filter(|identity| row.is_some_and(|row| row.version(identity).is_some()));
        let newest = row.and_then(|row| Some(row.catalog.versions.first()?.identity.clone()));
        let selected = runs.or(newest);
        state.stack.push(View::Versions(Versions {
            image,
            selected,
            top: 0,
        }));
    }
    Vec::new()
}

fn copy_digest(state: &mut State) -> Vec<Effect> {
    let digest = match state.stack.last() {
        Some(View::Event { event, .. }) => event.to.as_ref().and_then(|to| to.digest.clone()),
        _ => match state.subject_version() {
            Some((_, identity)) => Some(identity.clone()),
            None => state
                .subject_cell()
                .and_then(|(_, _, cell)| cell.deployment.as_ref()?.identities.first().cloned()),
        },
    };
    match digest {
        Some(digest) => {
            say(state, Tone::Plain, format!("copied {digest}"));
            vec![Effect::Copy(digest.to_string())]
        }
        None => {
            say(state, Tone::Bad, "there is no digest here");
            Vec::new()
        }
    }
}

fn ask_recover(state: &mut State) -> Vec<Effect> {
    let mut text = String::from(
        "karat looks at each lock, and finishes or undoes what it finds, so that exactly one container of the name runs. Only go on if nobody is at it any more:\n",
    );
    for cell in state.fleet.rows.iter().flat_map(|row| &row.cells) {
        for (engine, lock) in &cell.locks {
            text.push_str(&format!(
                "\n{} on {engine}: {}, by {}",
                lock.container, lock.summary, lock.owner
            ));
        }
    }
    state.dialog = Some(Dialog::Ask(Ask {
        title: "Recover what was cut off?".to_owned(),
        text,
        answers: vec![
            ("Leave it".to_owned(), Answer::Nothing),
            ("Recover".to_owned(), Answer::Recover),
        ],
        focus: 0,
    }));
    Vec::new()
}

fn leave(state: &mut State) -> Vec<Effect> {
    let running: Vec<String> = state.running().map(|one| one.summary.clone()).collect();
    if running.is_empty() {
        state.exit = Some(Ending::Left);
        return Vec::new();
    }
    state.dialog = Some(Dialog::Ask(Ask {
        title: "Something still runs".to_owned(),
        text: format!(
            "{}\n\nLeaving cancels it: what was done is undone first, and karat leaves when everything is as before.",
            running.join("\n")
        ),
        answers: vec![
            ("Stay".to_owned(), Answer::Nothing),
            ("Cancel and leave".to_owned(), Answer::CancelAllAndLeave),
        ],
        focus: 0,
    }));
    Vec::new()
}

/// Ctrl-C: like `q`, but out of dialogs too, and for good when something is already being
/// cancelled.
fn interrupt(state: &mut State) -> Vec<Effect> {
    if state.leaving {
        return end(state, Ending::Interrupted);
    }
    state.dialog = None;
    leave(state)
}

fn answer(state: &mut State, mut ask: Ask, command: Command) -> Vec<Effect> {
    let count = ask.answers.len().max(1);
    match command {
        Command::Open => {
            let chosen = ask.answers.get(ask.focus).map(|(_, answer)| answer.clone());
            return match chosen {
                Some(Answer::Cancel(id)) => operation::cancel(state, &id),
                Some(Answer::CancelAllAndLeave) => {
                    state.leaving = true;
                    let effects = cancel_all(state);
                    message::leave_if_done(state);
                    effects
                }
                Some(Answer::Recover) => {
                    say(state, Tone::Plain, "recovering what was cut off");
                    vec![Effect::Errand(Errand::Recover)]
                }
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

fn wheel(state: &mut State, rows: i16) -> Vec<Effect> {
    let command = if rows < 0 { Command::Up } else { Command::Down };
    let mut effects = Vec::new();
    // A dialog's buttons are not for the wheel.
    if matches!(state.dialog, Some(Dialog::Ask(_) | Dialog::Planning { .. })) {
        return effects;
    }
    for _ in 0..rows.unsigned_abs().min(8) {
        effects.extend(command_in_place(state, command));
    }
    effects
}

fn click(state: &mut State, column: u16, row: u16) -> Vec<Effect> {
    if state.dialog.is_some() {
        return Vec::new();
    }
    let target = state
        .layout
        .hits
        .iter()
        .find(|hit| {
            (hit.columns.0..hit.columns.1).contains(&column)
                && (hit.rows.0..hit.rows.1).contains(&row)
        })
        .map(|hit| hit.target.clone());
    match target {
        Some(Target::Cell(row, column)) => {
            // A click on what is selected already opens it, as a double click would.
            let before = (state.home.image.clone(), state.home.environment.clone());
            home::select(state, row, column);
            if before == (state.home.image.clone(), state.home.environment.clone()) {
                return command_in_place(state, Command::Open);
            }
            Vec::new()
        }
        Some(Target::Row(row)) => {
            match state.view_place() {
                Place::Versions => versions::select(state, row),
                Place::History => history::select(state, row),
                Place::Operations => operation::select(state, row),
                _ => {}
            }
            Vec::new()
        }
        None => Vec::new(),
    }
}
