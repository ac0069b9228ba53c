//! From an action to a new state, and to what is wanted from outside. Pure: no input, no
//! output, no waiting; the time is in the state.
//!
//! One file a view or dialog; [`lists`] has what all lists share, [`message`] takes in news.

pub(super) mod anatomy;
mod clicks;
pub(super) mod comparison;
mod deployment;
mod dialogs;
mod engines;
mod history;
mod home;
mod lists;
mod logs;
pub(super) mod looking;
mod message;
mod operation;
mod palette;
mod plan;
mod recovering;
pub(super) mod shell;
mod versions;

use crossterm::event::KeyEvent;

use crate::model::project::EnvironmentName;

use super::action::{Action, Command, Place};
use super::available::unavailable;
use super::command_line;
use super::effect::{Effect, Errand, HistoryFilter, Wanted};
use super::keymap::{Key, shown};
use super::listing::Listing;
use super::listing::quick::quick_of;
use super::listing::rows::VersionKey;
use super::state::{
    Dialog, Ending, HistoryView, Note, Notice, PaletteDialog, State, Target, Tone, Versions, View,
    Window,
};
use lists::Change;

pub(super) use lists::refresh;

/// What an action does. Afterwards the list on top is as it should be.
pub(crate) fn update(state: &mut State, action: Action) -> Vec<Effect> {
    let mut effects = act(state, action);
    refresh(state);
    effects.extend(logs::let_go(state));
    effects.extend(anatomy::let_go(state));
    effects.extend(anatomy::search(state));
    effects
}

fn act(state: &mut State, action: Action) -> Vec<Effect> {
    let by_hand = !matches!(
        action,
        Action::Wait(_)
            | Action::Resize(..)
            | Action::Tick(_)
            | Action::Rest
            | Action::Told(_)
            | Action::Background { .. }
    );
    let began = if by_hand { state.began.take() } else { None };
    match action {
        Action::Do(command) => {
            state.note = None;
            command_in_place(state, command)
        }
        Action::Wait(key) => {
            let mut keys = state.pending().to_vec();
            keys.push(key);
            state.note = None;
            state.began = Some((state.place(), keys));
            Vec::new()
        }
        Action::Astray(key) => {
            let keys = began.map_or_else(Vec::new, |(_, keys)| keys);
            astray(state, keys, key);
            Vec::new()
        }
        Action::Withheld(why) => {
            say(state, Tone::Bad, why);
            Vec::new()
        }
        Action::Type(key) => typed(state, key),
        Action::Paste(text) => pasted(state, &text),
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
        Action::Rest => looking::ask(state),
        Action::Told(message) => {
            state.news += 1;
            message::told(state, *message)
        }
        Action::Background { light } => {
            background(state, light);
            Vec::new()
        }
        Action::Signal(number) => end(state, Ending::Signal(number)),
        Action::Closed => end(state, Ending::Closed),
    }
}

/// A key for the text field that has the focus.
fn typed(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    match (state.place(), &state.dialog) {
        (Place::Filter, _) => lists::typed(state, key),
        (_, Some(Dialog::Palette(_))) => palette::typed(state, key),
        _ => plan::typed(state, key),
    }
}

/// A pasted text for it.
fn pasted(state: &mut State, text: &str) -> Vec<Effect> {
    match (state.place(), &state.dialog) {
        (Place::Filter, _) => lists::pasted(state, text),
        (_, Some(Dialog::Palette(_))) => palette::pasted(state, text),
        _ => plan::pasted(state, text),
    }
}

/// Says that a sequence goes no further.
fn astray(state: &mut State, mut keys: Vec<Key>, key: Key) {
    if Key::parse("esc") == Ok(key) {
        say(state, Tone::Plain, format!("{}: dropped", shown(&keys)));
        return;
    }
    keys.push(key);
    say(
        state,
        Tone::Bad,
        format!("{} means nothing here", shown(&keys)),
    );
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
    if command == Command::CopyLine {
        return copy_command(state);
    }
    if state.dialog.is_some() {
        return dialogs::in_dialog(state, command);
    }
    if state.place() == Place::Filter {
        return lists::while_typing(state, command);
    }
    if let Some(why) = unavailable(state, command) {
        say(state, Tone::Bad, why);
        return Vec::new();
    }
    if state.place() == Place::Search {
        return logs::in_search(state, command);
    }
    match command {
        Command::Logs => logs::open(state),
        Command::Shell => shell::ask(state),
        // What is hidden is shown again before the view is left.
        Command::Back | Command::ShowAll if anatomy::clear(state) => lists::cleared(state),
        Command::Back | Command::ShowAll if lists::clear(state) => lists::cleared(state),
        Command::Back if anatomy::out(state) => Vec::new(),
        Command::Back => {
            state.stack.pop();
            Vec::new()
        }
        Command::Filter => lists::begin(state),
        Command::QuickFilters => lists::menu(state),
        Command::SortNext | Command::SortTurn if state.view_place() == Place::Anatomy => {
            anatomy::command(state, command)
        }
        Command::SortNext => lists::sort(state, Change::Next),
        Command::SortTurn => lists::sort(state, Change::Turn),
        Command::Anatomy => anatomy::open(state),
        Command::Extract => anatomy::extract(state),
        Command::Compare => comparison::open(state),
        Command::MarkVersion => comparison::mark(state),
        Command::Engines => engines::list(state),
        Command::Leave => dialogs::leave(state),
        Command::Home => {
            state.stack.clear();
            Vec::new()
        }
        Command::Palette => {
            state.dialog = Some(Dialog::Palette(PaletteDialog::default()));
            Vec::new()
        }
        Command::Help => help(state),
        Command::Operations => operation::list(state),
        Command::History => history_here(state),
        Command::HistoryAll => open_history(state, HistoryFilter::default()),
        Command::Versions => open_versions(state),
        Command::Rebuild => rebuild(state, false),
        Command::RebuildClean => rebuild(state, true),
        Command::Publish => versions::publish(state),
        Command::Promote => home::promote(state),
        Command::PromoteAll => home::promote_all(state),
        Command::RollBack => roll_back(state),
        Command::Recover => recovering::ask(state),
        Command::Refresh => {
            say(state, Tone::Plain, "asking every engine");
            vec![Effect::Errand(Errand::Refresh)]
        }
        Command::CopyDigest => copy_digest(state),
        Command::NextTheme => next_theme(state),
        Command::Mouse => mouse(state),
        Command::CancelOperation => operation::ask_cancel(state),
        _ => match quick_of(command) {
            Some(quick) => lists::toggle(state, quick),
            None => in_view(state, command),
        },
    }
}

fn help(state: &mut State) -> Vec<Effect> {
    if !matches!(state.stack.last(), Some(View::Help { .. })) {
        let of = state.view_place();
        state.stack.push(View::Help { of, top: 0 });
    }
    Vec::new()
}

/// The history of what a command is about.
fn history_here(state: &mut State) -> Vec<Effect> {
    let (image, environment) = match state.subject() {
        Some((image, environment)) => (Some(image), environment),
        None => (None, None),
    };
    open_history(state, HistoryFilter { image, environment })
}

/// Wants the plan of a new build; a clean one without a cache, on a fresh base image.
fn rebuild(state: &mut State, clean: bool) -> Vec<Effect> {
    let Some((image, _)) = state.subject() else {
        return Vec::new();
    };
    let wanted = Wanted::Rebuild {
        image,
        no_cache: clean,
        pull: clean,
    };
    want(state, wanted)
}

fn in_view(state: &mut State, command: Command) -> Vec<Effect> {
    match state.view_place() {
        Place::Home => home::command(state, command),
        Place::Versions => versions::command(state, command),
        Place::Deployment => deployment::command(state, command),
        Place::Anatomy => anatomy::command(state, command),
        Place::Operations => operation::in_list(state, command),
        Place::Operation | Place::Logs => logs::command(state, command),
        Place::History => history::command(state, command),
        Place::Engines => engines::command(state, command),
        _ => {
            let window = state.layout.view;
            if let Some(View::Content(view)) = state.stack.last_mut() {
                view.top = scroll(window, command);
            } else if let Some(View::Comparison(view)) = state.stack.last_mut() {
                view.top = scroll(window, command);
            } else if let Some(
                View::Version { top, .. }
                | View::Event { top, .. }
                | View::Engine { top, .. }
                | View::Help { top, .. },
            ) = state.stack.last_mut()
            {
                *top = scroll(window, command);
            }
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

/// Opens a dialog to be read, about some environments.
fn tell(
    state: &mut State,
    title: impl Into<String>,
    text: impl Into<String>,
    environments: impl IntoIterator<Item = EnvironmentName>,
) {
    state.dialog = Some(Dialog::Notice(Notice {
        title: title.into(),
        text: text.into(),
        top: 0,
        environments: environments.into_iter().collect(),
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
    state
        .stack
        .push(View::History(Box::new(HistoryView::waiting(
            filter.clone(),
        ))));
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
        let newest = row.and_then(|row| Some(row.catalog.in_order().next()?.into()));
        let selected = runs.map(VersionKey::Known).or(newest);
        state.stack.push(View::Versions(Versions {
            image,
            selected,
            marked: None,
            list: Listing::default(),
            top: 0,
        }));
    }
    Vec::new()
}

fn copy_digest(state: &mut State) -> Vec<Effect> {
    match state.digest() {
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

fn copy_command(state: &mut State) -> Vec<Effect> {
    match command_line::of(state) {
        Ok(line) => {
            let but = if state.demo {
                "copied, though no command reaches the demo's fleet"
            } else {
                "copied"
            };
            say(state, Tone::Plain, format!("{but}: {line}"));
            vec![Effect::Copy(line)]
        }
        Err(why) => {
            say(state, Tone::Bad, why.to_string());
            Vec::new()
        }
    }
}

/// Changes to the colours for a light background, unless somebody chose some meanwhile.
fn background(state: &mut State, light: bool) {
    let suits = state.when_light.take().filter(|_| light);
    if let Some(theme) = suits {
        state.theme = theme;
    }
}

fn next_theme(state: &mut State) -> Vec<Effect> {
    state.when_light = None;
    let at = state
        .themes
        .iter()
        .position(|theme| theme.name == state.theme.name);
    let next = at.map_or(0, |at| (at + 1) % state.themes.len().max(1));
    if let Some(theme) = state.themes.get(next).cloned() {
        say(state, Tone::Plain, format!("theme: {}", theme.name));
        state.theme = theme;
    }
    Vec::new()
}

fn mouse(state: &mut State) -> Vec<Effect> {
    state.mouse = !state.mouse;
    let text = if state.mouse {
        "the mouse clicks and scrolls in karat"
    } else {
        "the mouse is the terminal's: text can be selected with it"
    };
    say(state, Tone::Plain, text);
    vec![Effect::Mouse(state.mouse)]
}

/// Ctrl-C: asks as `q` does, out of dialogs too; pressed again, it cancels what runs and
/// leaves; and again, it leaves at once.
fn interrupt(state: &mut State) -> Vec<Effect> {
    if state.leaving {
        return end(state, Ending::Interrupted);
    }
    match state.dialog.take() {
        Some(Dialog::Ask(ask)) if dialogs::offers_to_leave(&ask) => cancel_and_leave(state),
        _ => dialogs::leave(state),
    }
}

/// Cancels what runs, and leaves when all of it has ended.
fn cancel_and_leave(state: &mut State) -> Vec<Effect> {
    state.leaving = true;
    let effects = cancel_all(state);
    message::leave_if_done(state);
    effects
}

fn wheel(state: &mut State, rows: i16) -> Vec<Effect> {
    let command = if rows < 0 { Command::Up } else { Command::Down };
    let mut effects = Vec::new();
    // A dialog's buttons are not for the wheel.
    if matches!(
        state.dialog,
        Some(Dialog::Ask(_) | Dialog::Planning { .. } | Dialog::Shell(_) | Dialog::Opening { .. })
    ) {
        return effects;
    }
    for _ in 0..rows.unsigned_abs().min(8) {
        effects.extend(command_in_place(state, command));
    }
    effects
}

fn click(state: &mut State, column: u16, row: u16) -> Vec<Effect> {
    if state.too_small() {
        return Vec::new();
    }
    let target = state.layout.at(state.dialog.is_some(), column, row);
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
        Some(target @ (Target::Layer(_) | Target::Tile(_) | Target::Tab(_) | Target::Side(_))) => {
            anatomy::click(state, &target)
        }
        Some(target @ (Target::Row(_) | Target::Heading(_)))
            if state.view_place() == Place::Anatomy =>
        {
            anatomy::click(state, &target)
        }
        Some(Target::Row(row)) => {
            if lists::at(state) == Some(row) {
                return command_in_place(state, Command::Open);
            }
            lists::select(state, row);
            Vec::new()
        }
        Some(Target::Heading(column)) => lists::sort(state, Change::Pick(column)),
        Some(Target::Environment(column)) => home::sort_by(state, column),
        Some(Target::Operations) => command_in_place(state, Command::Operations),
        Some(Target::Button(at)) => clicks::button(state, at),
        Some(Target::Line(at)) => clicks::line(state, at),
        Some(Target::Field(at)) => {
            clicks::field(state, at);
            Vec::new()
        }
        None => Vec::new(),
    }
}
