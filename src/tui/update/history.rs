//! The history: moving and opening.

use super::super::action::Command;
use super::super::effect::Effect;
use super::super::state::{State, View};
use super::moved;

/// A key in the list.
pub(super) fn command(state: &mut State, command: Command) -> Vec<Effect> {
    let page = state.layout.view.page;
    let Some(View::History(view)) = state.stack.last_mut() else {
        return Vec::new();
    };
    let Some(Ok(events)) = &view.events else {
        return Vec::new();
    };
    if command == Command::Open {
        let opened = events.get(view.selected).cloned();
        if let Some(event) = opened {
            state.stack.push(View::Event {
                event: Box::new(event),
                top: 0,
            });
        }
        return Vec::new();
    }
    view.selected = moved(view.selected, events.len(), page, command);
    Vec::new()
}

/// Selects a row by its position.
pub(super) fn select(state: &mut State, row: usize) {
    if let Some(View::History(view)) = state.stack.last_mut()
        && let Some(Ok(events)) = &view.events
    {
        view.selected = row.min(events.len().saturating_sub(1));
    }
}
