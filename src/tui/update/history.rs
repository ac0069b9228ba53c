//! The history: moving and opening.

use super::super::action::Command;
use super::super::effect::Effect;
use super::super::state::{State, View};
use super::lists;

/// A key in the list.
pub(super) fn command(state: &mut State, command: Command) -> Vec<Effect> {
    let Some(View::History(view)) = state.stack.last() else {
        return Vec::new();
    };
    let at = view.list.at();
    if command != Command::Open {
        return lists::walk(state, at, command);
    }
    let events = view.events.as_ref().and_then(|it| it.as_deref().ok());
    let opened = view.list.position().and_then(|at| events?.get(at).cloned());
    if let Some(event) = opened {
        state.stack.push(View::Event {
            event: Box::new(event),
            top: 0,
        });
    }
    Vec::new()
}
