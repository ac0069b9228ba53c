//! Recovering: asking first, settling what was shown and nothing else, and telling what came
//! of it.

use crate::model::project::EnvironmentName;

use super::super::action::Command;
use super::super::effect::{Effect, Errand, Recovered};
use super::super::locked::{CutOff, cut_off};
use super::super::state::{Dialog, Form, Pressed, RecoverDialog, State, Tone};
use super::{say, scroll, tell};

/// Asks whether to settle what was cut off, naming it.
pub(super) fn ask(state: &mut State) -> Vec<Effect> {
    open(state, None);
    Vec::new()
}

/// Opens the dialog on what is cut off now. Whether there was anything to ask about.
fn open(state: &mut State, anew: Option<String>) -> bool {
    let (left_out, found): (Vec<CutOff>, Vec<CutOff>) = cut_off(state)
        .into_iter()
        .partition(|one| one.closed.is_some());
    if found.is_empty() {
        return false;
    }
    let mut wants: Vec<EnvironmentName> = Vec::new();
    for name in found.iter().flat_map(|one| &one.environments) {
        let protected = state.environment(name).is_some_and(|it| it.protected);
        if protected && !wants.contains(name) {
            wants.push(name.clone());
        }
    }
    state.dialog = Some(Dialog::Recover(Box::new(RecoverDialog {
        found,
        left_out,
        // Whoever began it gave the reason; it is settled under that name.
        form: Form::new(wants, false),
        top: 0,
        anew,
    })));
    true
}

/// A key that is no text.
pub(super) fn command(
    state: &mut State,
    mut dialog: Box<RecoverDialog>,
    command: Command,
) -> Vec<Effect> {
    match command {
        Command::Open => match dialog.form.press() {
            Pressed::Cancelled => return Vec::new(),
            Pressed::Stays => {}
            Pressed::Confirmed => match dialog.form.misnamed() {
                None => {
                    say(state, Tone::Plain, "recovering what was cut off");
                    let shown = dialog.found.into_iter().map(|one| one.id).collect();
                    return vec![Effect::Errand(Errand::Recover(shown))];
                }
                Some(why) => dialog.form.object(why),
            },
        },
        Command::Right | Command::NextField => dialog.form.turn(1),
        Command::Left | Command::PreviousField => dialog.form.turn(-1),
        _ => dialog.top = scroll(state.layout.dialog, command),
    }
    state.dialog = Some(Dialog::Recover(dialog));
    Vec::new()
}

/// A new fleet came while the dialog is open: where something else is cut off now, it says so
/// and asks again.
pub(super) fn check(state: &mut State) {
    let Some(Dialog::Recover(dialog)) = &state.dialog else {
        return;
    };
    let before: Vec<&CutOff> = dialog.found.iter().chain(&dialog.left_out).collect();
    let now = cut_off(state);
    let came = now.iter().find(|one| !before.contains(one));
    let went = before.iter().find(|one| !now.contains(one));
    let why = match (came, went) {
        (Some(came), _) => format!("this is locked now: {}", came.summary),
        (None, Some(went)) => format!("this is settled: {}", went.summary),
        (None, None) => return,
    };
    if !open(state, Some(why.clone())) {
        let text = format!("The fleet moved while you were looking: {why}. Nothing was done.");
        tell(state, "Nothing is left to recover", text, None);
    }
}

/// What became of what was cut off. A dialog that is open is not taken from under the
/// reader's hands.
pub(super) fn ended(state: &mut State, what: &Recovered) {
    for one in &mut state.operations {
        one.recovered |= what.over.contains(&one.id);
    }
    let (title, tone) = match (what.settled.is_empty(), what.left.is_empty()) {
        (true, true) => ("Nothing was cut off", Tone::Good),
        (false, true) => ("Recovered", Tone::Good),
        (false, false) => ("Recovered in part", Tone::Bad),
        (true, false) => ("Not recovered", Tone::Bad),
    };
    if state.dialog.is_some() {
        let all: Vec<String> = what
            .left
            .iter()
            .chain(&what.settled)
            .map(ToString::to_string)
            .collect();
        say(state, tone, format!("{title}: {}", all.join("; ")));
        return;
    }
    let settled = what.settled.iter().map(|one| format!("✓ {one}"));
    let left = what.left.iter().map(|one| format!("✗ {one}"));
    let text: Vec<String> = settled.chain(left).collect();
    let text = if text.is_empty() {
        "No lock was left behind; perhaps somebody else has recovered it.".to_owned()
    } else {
        text.join("\n\n")
    };
    let mut environments: Vec<EnvironmentName> = Vec::new();
    let mut subjects: Vec<String> = Vec::new();
    for one in what.settled.iter().chain(&what.left) {
        subjects.extend(one.subject());
        for name in &one.environments {
            if !environments.contains(name) {
                environments.push(name.clone());
            }
        }
    }
    let title = match subjects.as_slice() {
        [one] => format!("{title}: {one}"),
        _ => title.to_owned(),
    };
    tell(state, title, text, environments);
}
