//! Clicks in a dialog. What changes nothing is done at once. What changes something only gets
//! the focus, and is done by the next click: a dialog comes up when it will, and may do so
//! under a click that was meant for something else.

use super::super::action::Command;
use super::super::effect::Effect;
use super::super::state::{Answer, Dialog, Focus, State};
use super::dialogs::in_dialog;

/// A button, by its place from the left.
pub(super) fn button(state: &mut State, at: usize) -> Vec<Effect> {
    if let Some(form) = state.dialog.as_mut().and_then(Dialog::form_mut) {
        let wanted = if at == 0 {
            Focus::Cancel
        } else {
            Focus::Confirm
        };
        if focused(&mut form.focus, wanted) || at == 0 {
            return in_dialog(state, Command::Open);
        }
        return Vec::new();
    }
    let pressed = match &mut state.dialog {
        Some(Dialog::Ask(ask)) => {
            let harmless = matches!(ask.answers.get(at), Some((_, Answer::Nothing)));
            focused(&mut ask.focus, at) || harmless
        }
        // There is one button only, and it closes.
        Some(_) => return in_dialog(state, Command::Back),
        None => false,
    };
    if pressed {
        return in_dialog(state, Command::Open);
    }
    Vec::new()
}

/// Gives the focus. Whether it was there already.
fn focused<T: PartialEq>(focus: &mut T, wanted: T) -> bool {
    let before = std::mem::replace(focus, wanted);
    before == *focus
}

/// A line of a list: it is selected; one that is selected already is chosen.
pub(super) fn line(state: &mut State, at: usize) -> Vec<Effect> {
    let chosen = match &mut state.dialog {
        Some(Dialog::Choose(chooser)) => focused(&mut chooser.selected, at),
        Some(Dialog::Quick(menu)) => focused(&mut menu.selected, at),
        Some(Dialog::Palette(palette)) => focused(&mut palette.selected, at),
        Some(Dialog::Shell(dialog)) => {
            dialog.select(at);
            false
        }
        _ => false,
    };
    if chosen {
        return in_dialog(state, Command::Open);
    }
    Vec::new()
}

/// A field to type in, by its place from the top.
pub(super) fn field(state: &mut State, at: usize) {
    if let Some(form) = state.dialog.as_mut().and_then(Dialog::form_mut) {
        let fields = usize::from(form.is_wanted()) + usize::from(form.reason.is_some());
        form.focus = if at == 0 && form.is_wanted() {
            Focus::Name
        } else if at < fields {
            Focus::Reason
        } else {
            Focus::Switch
        };
    }
}
