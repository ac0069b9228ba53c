//! News from outside: fleets, plans, progress, answers.

use crate::model::plan::OperationId;
use crate::model::progress::{Progress, Report};

use super::super::effect::{Confirmed, Effect, Message, Refused, Request};
use super::super::operation::Operation;
use super::super::state::{Dialog, Ending, State, Tone, View};
use super::{
    anatomy, comparison, deployment, dialogs, home, logs, plan, recovering, say, shell, tell,
};

/// Takes in one message.
pub(super) fn told(state: &mut State, message: Message) -> Vec<Effect> {
    match message {
        Message::Fleet(fleet) => {
            state.fleet = fleet;
            state.fleets += 1;
            recovering::check(state);
            let mut effects = plan::check(state);
            effects.extend(deployment::reload(state));
            effects.extend(logs::join(state));
            return effects;
        }
        Message::Planned(request, answer) => planned(state, request, answer),
        Message::Progress(id, progress) => progressed(state, id, progress),
        Message::Finished(report) => return finished(state, report),
        Message::Details {
            engine,
            container,
            answer,
        } => {
            for view in &mut state.stack {
                if let View::Deployment(view) = view
                    && let Some(slot) = view.details.get_mut(&(engine.clone(), container.clone()))
                {
                    *slot = Some(answer.clone());
                }
            }
        }
        Message::Forks(forks) => state.forks = forks,
        Message::History(filter, answer) => {
            for view in &mut state.stack {
                if let View::History(view) = view
                    && view.filter == filter
                {
                    view.read(answer.clone(), &state.forks);
                }
            }
        }
        Message::Recovered(what) => recovering::ended(state, &what),
        Message::Logs(request, said, _) => logs::told(state, request, said),
        Message::Saved(Ok(text)) => say(state, Tone::Good, text),
        Message::Saved(Err(text)) => say(state, Tone::Bad, text),
        Message::Shell(request, answer) => return shell::opened(state, request, answer),
        Message::Explaining(request, news) => anatomy::explaining(state, request, news),
        Message::Explained(request, answer) => {
            return anatomy::explained(state, request, answer);
        }
        Message::Compared(request, answer) => comparison::told(state, request, answer),
        Message::Content(request, answer) => anatomy::content(state, request, answer),
        Message::Found(request, answer) => anatomy::found(state, request, &answer),
        Message::Note(text) => say(state, Tone::Plain, text),
    }
    Vec::new()
}

fn planned(state: &mut State, request: Request, answer: Result<Box<Confirmed>, Refused>) {
    // An answer to a wish nobody waits for any more is dropped.
    let (wanted, moved) = match &state.dialog {
        Some(Dialog::Planning {
            request: waiting,
            wanted,
        }) if *waiting == request => (wanted.clone(), None),
        Some(Dialog::Plan(dialog)) => match &dialog.moved {
            Some((why, waiting)) if *waiting == request => {
                (dialog.wanted.clone(), Some(why.clone()))
            }
            _ => return,
        },
        _ => return,
    };
    match answer {
        Ok(made) => {
            plan::open(state, wanted, *made, moved);
        }
        Err(refused) => {
            let text = match moved {
                Some(why) => format!(
                    "The fleet moved while you were looking: {why}. Nothing was done.\n\n{}",
                    refused.sentence
                ),
                None => refused.sentence,
            };
            let environment = wanted.environment().cloned();
            tell(
                state,
                format!("Cannot {}", wanted.words()),
                text,
                environment,
            );
        }
    }
}

fn progressed(state: &mut State, id: OperationId, progress: Progress) {
    let now = state.now;
    let Some(operation) = state.operations.iter_mut().find(|one| one.id == id) else {
        let mut operation = Operation::unknown(id, now);
        operation.told(progress, now);
        state.operations.insert(0, operation);
        return;
    };
    let from = operation.log.end();
    operation.told(progress, now);
    for view in &mut state.stack {
        if let View::Operation { id: shown, pane } = view
            && *shown == id
        {
            pane.grew(&operation.log, from);
        }
    }
}

fn finished(state: &mut State, report: Report) -> Vec<Effect> {
    let shown = matches!(state.stack.last(), Some(View::Operation { id, .. }) if id == &report.id);
    if !shown {
        state.unseen = Some(report.id.clone());
    }
    let now = state.now;
    let known = state.operations.iter().position(|one| one.id == report.id);
    let at = known.unwrap_or_else(|| {
        state
            .operations
            .insert(0, Operation::unknown(report.id.clone(), now));
        0
    });
    if let Some(operation) = state.operations.get_mut(at) {
        operation.report = Some(report);
    }
    leave_if_done(state);
    dialogs::ask_of_what_runs(state);
    // The history on screen, if any, has one line more now.
    state.stack.iter().filter_map(home::reload).collect()
}

/// Leaves, if that was asked for and nothing runs any more.
pub(super) fn leave_if_done(state: &mut State) {
    if state.leaving && state.running().next().is_none() {
        state.exit = Some(Ending::Left);
    }
}
