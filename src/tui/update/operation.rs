//! Operations: the list, one of them, cancelling.

use crate::model::plan::OperationId;

use super::super::action::Command;
use super::super::effect::{Effect, Errand};
use super::super::listing::Listing;
use super::super::log::Pane;
use super::super::state::{Answer, Ask, Dialog, State, View};
use super::lists;

/// Opens what ended unseen, if there is something; else the list.
pub(super) fn list(state: &mut State) -> Vec<Effect> {
    if let Some(id) = state.unseen.take() {
        open(state, id);
        return Vec::new();
    }
    if !matches!(state.stack.last(), Some(View::Operations { .. })) {
        let selected = state.operations.first().map(|one| one.id.clone());
        state.stack.push(View::Operations {
            selected,
            list: Listing::default(),
            top: 0,
        });
    }
    Vec::new()
}

/// A key in the list.
pub(super) fn in_list(state: &mut State, command: Command) -> Vec<Effect> {
    let Some(View::Operations { selected, list, .. }) = state.stack.last() else {
        return Vec::new();
    };
    if command != Command::Open {
        let at = list.at();
        return lists::walk(state, at, command);
    }
    if let Some(id) = selected.clone() {
        open(state, id);
    }
    Vec::new()
}

/// Opens one, at the end of its log.
pub(super) fn open(state: &mut State, id: OperationId) {
    if state.unseen.as_ref() == Some(&id) {
        state.unseen = None;
    }
    state.stack.push(View::Operation {
        id,
        pane: Pane::default(),
    });
}

/// Asks whether to cancel the one that is shown or selected.
pub(super) fn ask_cancel(state: &mut State) -> Vec<Effect> {
    let id = match state.stack.last() {
        Some(View::Operation { id, .. }) => Some(id.clone()),
        Some(View::Operations { selected, .. }) => selected.clone(),
        _ => None,
    };
    let Some(operation) = id.as_ref().and_then(|id| state.operation(id)) else {
        return Vec::new();
    };
    let id = operation.id.clone();
    let environments = operation.environment.iter().cloned().collect();
    let after = if operation.environment.is_some() {
        "What was done is undone: the old container comes back, and everything is as before."
    } else {
        "The build stops and leaves nothing behind."
    };
    state.dialog = Some(Dialog::Ask(Ask {
        title: "Cancel?".to_owned(),
        text: format!("{}\n\n{after}", operation.summary),
        answers: vec![
            ("Let it run".to_owned(), Answer::Nothing),
            ("Cancel it".to_owned(), Answer::Cancel(id)),
        ],
        focus: 0,
        environments,
    }));
    Vec::new()
}

/// Cancels one.
pub(super) fn cancel(state: &mut State, id: &OperationId) -> Vec<Effect> {
    let Some(operation) = state.operations.iter_mut().find(|one| &one.id == id) else {
        return Vec::new();
    };
    if operation.report.is_some() || operation.cancelling {
        return Vec::new();
    }
    operation.cancelling = true;
    vec![Effect::Errand(Errand::Cancel(id.clone()))]
}
