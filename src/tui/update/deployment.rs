//! One deployment: scrolling, and going from container to container.

use super::super::action::Command;
use super::super::effect::Effect;
use super::super::state::{State, View, chosen_replica, load_details};
use super::scroll;

/// A key in the view.
pub(super) fn command(state: &mut State, command: Command) -> Vec<Effect> {
    let by = match command {
        Command::Right | Command::NextField => 1,
        Command::Left | Command::PreviousField => -1,
        _ => {
            let window = state.layout.view;
            if let Some(View::Deployment(view)) = state.stack.last_mut() {
                view.top = scroll(window, command);
            }
            return Vec::new();
        }
    };
    step(state, by)
}

/// Reads the container that is so many places on, closely.
fn step(state: &mut State, by: isize) -> Vec<Effect> {
    let Some(View::Deployment(view)) = state.stack.last_mut() else {
        return Vec::new();
    };
    let deployment = state
        .fleet
        .cell(&view.image, &view.environment)
        .and_then(|cell| cell.deployment.as_ref());
    let Some(deployment) = deployment else {
        return Vec::new();
    };
    let Some((at, _)) = chosen_replica(view, deployment) else {
        return Vec::new();
    };
    let last = deployment.replicas.len().saturating_sub(1);
    let Some(next) = deployment
        .replicas
        .get(at.saturating_add_signed(by).min(last))
    else {
        return Vec::new();
    };
    let key = (next.engine.clone(), next.container.name.clone());
    view.container = Some(key.clone());
    if view.details.contains_key(&key) {
        return Vec::new();
    }
    view.details.insert(key, None);
    load_details(next).map(Effect::Errand).into_iter().collect()
}

/// Reads again what a new fleet replaced: the container that is shown has another id.
pub(super) fn reload(state: &mut State) -> Vec<Effect> {
    let mut effects = Vec::new();
    for view in &mut state.stack {
        let View::Deployment(view) = view else {
            continue;
        };
        let Some(deployment) = state
            .fleet
            .cell(&view.image, &view.environment)
            .and_then(|cell| cell.deployment.as_ref())
        else {
            continue;
        };
        let Some((_, replica)) = chosen_replica(view, deployment) else {
            continue;
        };
        let key = (replica.engine.clone(), replica.container.name.clone());
        let fresh = match view.details.get(&key) {
            Some(Some(Ok(details))) => details.id == replica.container.id,
            // It is on its way, or it failed and would fail again: asking with every
            // event of a broken engine would hammer it.
            Some(_) => true,
            None => false,
        };
        if !fresh {
            view.details.insert(key, None);
            effects.extend(load_details(replica).map(Effect::Errand));
        }
    }
    effects
}
