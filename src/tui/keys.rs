//! From a key to an action: the keymap, and before it the text field that has the focus.

use crossterm::event::{Event, KeyEvent, KeyModifiers};
use tui_input::backend::crossterm::to_input_request;

use super::action::{Action, Command, Place};
use super::available::forbidden;
use super::keymap::{Key, Press};
use super::state::{Dialog, State};

/// What a key means just now.
pub(crate) fn action_for(state: &State, event: KeyEvent) -> Option<Action> {
    let pressed = Key::pressed(event);
    let place = state.place();
    let pending = state.pending();
    // A screen too small to be read must not be acted upon.
    let too_small = state.too_small();
    if !too_small && pending.is_empty() && is_text(state, place, event) {
        return Some(Action::Type(event));
    }
    let entry = match state.keymap.press(place, pending, pressed) {
        Press::Does(entry) => entry,
        Press::Waits => return Some(Action::Wait(pressed)),
        Press::Withheld(_) | Press::Nothing if !pending.is_empty() => {
            return Some(astray(state, place, pressed));
        }
        Press::Withheld(_) if too_small => return None,
        Press::Withheld(entry) => {
            return forbidden(state, entry.command).map(Action::Withheld);
        }
        Press::Nothing => return None,
    };
    let leads_out = matches!(
        entry.command,
        Command::Interrupt | Command::Suspend | Command::Back | Command::Leave
    );
    if too_small && !leads_out {
        return None;
    }
    // In an environment that is read-only, what would change it is not bound either.
    if entry.danger
        && let Some(why) = forbidden(state, entry.command)
    {
        return Some(Action::Withheld(why));
    }
    Some(Action::Do(entry.command))
}

/// A key that goes on with no sequence. Ctrl-C is heard at any time.
fn astray(state: &State, place: Place, pressed: Key) -> Action {
    match state.keymap.press(place, &[], pressed) {
        Press::Does(entry) if entry.command == Command::Interrupt => Action::Do(entry.command),
        _ => Action::Astray(pressed),
    }
}

/// Whether a key belongs into a text field: letters and editing keys, while a field has the
/// focus, or would get it by typing.
fn is_text(state: &State, place: Place, event: KeyEvent) -> bool {
    let (has_focus, gets_it) = match &state.dialog {
        Some(Dialog::Palette(_)) => (true, true),
        Some(dialog) => match dialog.form() {
            Some(form) => (form.field().is_some(), form.wants.is_some()),
            None => return false,
        },
        None if matches!(place, Place::Filter | Place::Search) => (true, true),
        None => return false,
    };
    let key = Key::pressed(event);
    if event
        .modifiers
        .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
    {
        // Line editing (Ctrl-W, Ctrl-U …), unless the key does more than move.
        let acts = match state.keymap.press(place, &[], key) {
            Press::Does(entry) => !entry.command.moves(),
            Press::Waits => true,
            Press::Withheld(_) | Press::Nothing => false,
        };
        return has_focus && !acts && to_input_request(&Event::Key(event)).is_some();
    }
    key.is_text() && (has_focus || (gets_it && key.writes()))
}
