//! The engines: moving and opening.

use super::super::action::Command;
use super::super::effect::Effect;
use super::super::state::{EnginesView, State, View};
use super::lists;

/// Opens the list.
pub(super) fn list(state: &mut State) -> Vec<Effect> {
    // The one that is in trouble is what the reader comes for.
    let down = state
        .fleet
        .engines
        .iter()
        .find(|(_, engine)| matches!(engine.link, crate::model::fleet::Link::Down { .. }));
    let selected = down
        .or_else(|| state.fleet.engines.iter().next())
        .map(|(name, _)| name.clone());
    state.stack.push(View::Engines(EnginesView {
        selected,
        ..EnginesView::default()
    }));
    Vec::new()
}

/// A key in the list.
pub(super) fn command(state: &mut State, command: Command) -> Vec<Effect> {
    let Some(View::Engines(view)) = state.stack.last() else {
        return Vec::new();
    };
    let at = view.list.at();
    if command == Command::Open {
        if let Some(name) = view.selected.clone() {
            state.stack.push(View::Engine { name, top: 0 });
        }
        return Vec::new();
    }
    lists::walk(state, at, command)
}
