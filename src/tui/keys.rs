//! From a key to an action: the table of actions, and before it the text field that has
//! the focus.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::{Action, Command, Key, Place, find};
use super::state::{Dialog, State};

/// What a key means just now.
pub(crate) fn action_for(state: &State, event: KeyEvent) -> Option<Action> {
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    let pressed = Key {
        code: event.code,
        control,
    };
    let place = state.place();
    // A screen too small to be read must not be acted upon.
    if state.too_small() {
        return match find(place, pressed).map(|entry| entry.command) {
            Some(command @ (Command::Interrupt | Command::Suspend | Command::Back)) => {
                Some(Action::Do(command))
            }
            Some(Command::Leave) => Some(Action::Do(Command::Leave)),
            _ => None,
        };
    }
    if is_text(state, place, event) {
        return Some(Action::Type(event));
    }
    if event.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    find(place, pressed).map(|entry| Action::Do(entry.command))
}

/// Whether a key belongs into a text field: letters and editing keys, while a field of the
/// plan dialog has the focus, or would get it by typing.
fn is_text(state: &State, place: Place, event: KeyEvent) -> bool {
    if place != Place::Plan {
        return false;
    }
    let Some(Dialog::Plan(dialog)) = &state.dialog else {
        return false;
    };
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    match event.code {
        // Ctrl-C and Ctrl-Z stay what they are; the rest is line editing (Ctrl-W, Ctrl-U …).
        KeyCode::Char('c' | 'z') if control => false,
        KeyCode::Char(_) if control => dialog.field().is_some(),
        KeyCode::Char(_) => dialog.field().is_some() || dialog.wants_name(),
        KeyCode::Backspace | KeyCode::Delete => true,
        KeyCode::Left | KeyCode::Right | KeyCode::Home | KeyCode::End => dialog.field().is_some(),
        _ => false,
    }
}
