//! The palette: typing, choosing, and doing what was chosen in the view below.

use crossterm::event::{Event as TerminalEvent, KeyEvent};
use tui_input::InputRequest;
use tui_input::backend::crossterm::EventHandler;

use super::super::action::Command;
use super::super::effect::Effect;
use super::super::palette::{Item, find};
use super::super::state::{Dialog, PaletteDialog, State, Tone};
use super::{command_in_place, moved, say};
use crate::model::project::{EnvironmentName, ImageName};

/// The most that can be looked for: names are not longer.
const LONGEST: usize = 200;

/// What is to be done, free of what it was found in.
enum Chosen {
    Run(Command),
    Go(Option<ImageName>, Option<EnvironmentName>),
    Unusable(String),
}

/// A key that is no text.
pub(super) fn command(
    state: &mut State,
    mut palette: PaletteDialog,
    command: Command,
) -> Vec<Effect> {
    let found = find(state, palette.typed.value());
    if command != Command::Open {
        let page = state.layout.dialog.page;
        palette.selected = moved(palette.selected, found.len(), page, command);
        state.dialog = Some(Dialog::Palette(palette));
        return Vec::new();
    }
    let chosen = found.get(palette.selected).map(|item| chosen(state, item));
    match chosen {
        Some(Chosen::Run(command)) => command_in_place(state, command),
        Some(Chosen::Go(image, environment)) => {
            go(state, image, environment);
            Vec::new()
        }
        Some(Chosen::Unusable(why)) => {
            say(state, Tone::Bad, why);
            state.dialog = Some(Dialog::Palette(palette));
            Vec::new()
        }
        None => {
            state.dialog = Some(Dialog::Palette(palette));
            Vec::new()
        }
    }
}

fn chosen(state: &State, item: &Item<'_>) -> Chosen {
    if let Some(why) = item.unusable(state) {
        return Chosen::Unusable(why);
    }
    match item {
        Item::Entry(entry) => Chosen::Run(entry.command),
        Item::Image(image) => Chosen::Go(Some((*image).clone()), None),
        Item::Environment(it) => Chosen::Go(None, Some((*it).clone())),
        Item::Cell(image, it) => Chosen::Go(Some((*image).clone()), Some((*it).clone())),
    }
}

/// Goes home, to an image, an environment or both.
fn go(state: &mut State, image: Option<ImageName>, environment: Option<EnvironmentName>) {
    state.stack.clear();
    let rows = &state.fleet.rows;
    let row = image.and_then(|image| rows.iter().position(|row| row.image.name == image));
    let column = environment.and_then(|it| state.fleet.column(&it));
    let row = row.or_else(|| state.selected_row().map(|(at, _)| at));
    let column = column.or_else(|| state.selected_column().map(|(at, _)| at));
    super::home::select(state, row.unwrap_or(0), column.unwrap_or(0));
}

/// A key for the field: what is found is another list, so its first line is selected.
pub(super) fn typed(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    state.note = None;
    if let Some(Dialog::Palette(palette)) = &mut state.dialog {
        let before = palette.typed.value().to_owned();
        palette.typed.handle_event(&TerminalEvent::Key(key));
        if palette.typed.value() != before {
            (palette.selected, palette.top) = (0, 0);
        }
    }
    Vec::new()
}

/// Text pasted, without anything that cannot be typed. A newline is no Enter.
pub(super) fn pasted(state: &mut State, text: &str) -> Vec<Effect> {
    if let Some(Dialog::Palette(palette)) = &mut state.dialog {
        for c in text.chars().filter(|c| !c.is_control()).take(LONGEST) {
            palette.typed.handle(InputRequest::InsertChar(c));
        }
        (palette.selected, palette.top) = (0, 0);
    }
    Vec::new()
}
