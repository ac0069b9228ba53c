//! Pictures of operations: while they run, and when they have ended.

use super::super::fixture::{ago, fleet, now, plan, state};
use super::super::screens::{press, roll_back, told, with_plan};
use super::shows;
use crate::model::bytes::Bytes;
use crate::model::event::Outcome;
use crate::model::plan::OperationId;
use crate::model::progress::{BuildState, BuildStep, Progress, Report, StepState};
use crate::model::step::Step;
use crate::model::time::Span;
use crate::tui::action::Command;
use crate::tui::effect::{Message, Wanted};
use crate::tui::log::Pane;
use crate::tui::operation::Operation;
use crate::tui::state::{Dialog, State, View};

/// A roll back under way, opened.
pub(in crate::tui::tests) fn running() -> (State, OperationId) {
    let mut state = with_plan(roll_back());
    let Some(Dialog::Plan(dialog)) = state.dialog.take() else {
        unreachable!("a plan was opened");
    };
    let operation = Operation::starting(&dialog.plan, ago(41));
    let id = operation.id.clone();
    state.operations.push(operation);
    state.stack.push(View::Operation {
        id: id.clone(),
        pane: Pane::default(),
    });
    for done in [
        Step::Lock,
        Step::Obtain,
        Step::Create,
        Step::Disarm,
        Step::Stop,
    ] {
        let took = Span(std::time::Duration::from_millis(80));
        step(&mut state, &id, done, StepState::Started);
        step(&mut state, &id, done, StepState::Done(took));
    }
    step(&mut state, &id, Step::Park, StepState::Started);
    for (second, done) in [(4, 10_000_000), (0, 90_000_000)] {
        state.now = ago(second);
        let bytes = Progress::Bytes {
            engine: "ssh://deploy@prod-2".into(),
            what: "shop-web 1.4.0".into(),
            done: Bytes(done),
            total: Some(Bytes(188_100_000)),
        };
        told(&mut state, Message::Progress(id.clone(), bytes));
    }
    for line in 0..40 {
        let line = Progress::Log(format!("{line}: GET /cart\t200 \u{1b}[32mok\u{1b}[0m"));
        told(&mut state, Message::Progress(id.clone(), line));
    }
    (state, id)
}

fn step(state: &mut State, id: &OperationId, step: Step, how: StepState) {
    let progress = Progress::Step {
        engine: "ssh://deploy@prod-1".into(),
        container: "shop-web".into(),
        step,
        state: how,
    };
    told(state, Message::Progress(id.clone(), progress));
}

pub(in crate::tui::tests) fn ended(
    state: &mut State,
    id: &OperationId,
    outcome: Outcome,
    error: Option<&str>,
) {
    let report = Report {
        id: id.clone(),
        outcome,
        summary: match outcome {
            Outcome::Done => "shop-web in prod runs 1.4.0".into(),
            Outcome::NeedsRecover => "shop-web in prod is half-way to 1.4.0".into(),
            Outcome::Failed | Outcome::Locked => "nothing was touched".into(),
            _ => "shop-web in prod runs 1.4.1 as before".into(),
        },
        error: error.map(str::to_owned),
        events: Vec::new(),
        duration: Span::seconds(54),
    };
    told(state, Message::Finished(report));
}

#[test]
fn one_that_runs() {
    let (mut state, id) = running();
    shows("operation_running", &mut state);
    press(&mut state, Command::PageUp);
    press(&mut state, Command::CancelOperation);
    shows("operation_ask_cancel", &mut state);
    press(&mut state, Command::Back);
    press(&mut state, Command::Back);
    shows("home_while_running", &mut state);
    press(&mut state, Command::Leave);
    shows("ask_leave", &mut state);
    press(&mut state, Command::Back);
    let undoing = Progress::Undoing {
        why: "shop-web became unhealthy".into(),
    };
    told(&mut state, Message::Progress(id, undoing));
    press(&mut state, Command::Operations);
    press(&mut state, Command::Open);
    shows("operation_undoing", &mut state);
}

#[test]
fn one_that_was_undone() {
    let (mut state, id) = running();
    press(&mut state, Command::Back);
    let why = "waiting for the health of shop-web on ssh://deploy@prod-1: it became unhealthy 12 s after it started; its last log lines are in the history";
    ended(&mut state, &id, Outcome::Undone, Some(why));
    shows("home_after_failure", &mut state);
    press(&mut state, Command::Operations);
    shows("operation_undone", &mut state);
}

#[test]
fn other_endings() {
    for (name, outcome, why) in [
        ("operation_done", Outcome::Done, None),
        (
            "operation_needs_recover",
            Outcome::NeedsRecover,
            Some(
                "ssh://deploy@prod-1 went away while shop-web was renamed; `karat recover` settles it",
            ),
        ),
        (
            "operation_failed",
            Outcome::Failed,
            Some("ssh://deploy@prod-1: no space left on device; nothing was touched"),
        ),
        (
            "operation_locked",
            Outcome::Locked,
            Some("shop-web on ssh://deploy@prod-1 is locked by joe@ci-7 for 25 min"),
        ),
    ] {
        let (mut state, id) = running();
        ended(&mut state, &id, outcome, why);
        shows(name, &mut state);
    }
}

/// Two that run, one that is being put back, and some that ended: with an error and without.
pub(in crate::tui::tests) fn several() -> State {
    let (mut state, _) = running();
    let wanted = Wanted::Rebuild {
        image: "shop-base".into(),
        no_cache: false,
        pull: false,
    };
    let build = Operation::starting(&plan(&state.fleet, &wanted), ago(75));
    state.operations.push(build);
    let others = [
        ("dddddddddddddddd", 300, None),
        ("eeeeeeeeeeeeeeee", 600, Some((Outcome::Done, None))),
        (
            "ffffffffffffffff",
            900,
            Some((
                Outcome::Failed,
                Some("the build failed at step 3 of 4: exit code 2"),
            )),
        ),
        ("9999999999999999", 1_200, Some((Outcome::Cancelled, None))),
    ];
    for (id, since, outcome) in others {
        let mut one = Operation::starting(&plan(&state.fleet, &wanted), ago(since));
        let id = OperationId(id.into());
        one.id = id.clone();
        if outcome.is_none() {
            one.undoing = Some("it was cancelled".into());
        }
        state.operations.push(one);
        if let Some((outcome, why)) = outcome {
            ended(&mut state, &id, outcome, why);
        }
    }
    // What ended was looked at: the key leads to the list.
    state.unseen = None;
    state.stack.clear();
    press(&mut state, Command::Operations);
    state
}

#[test]
fn several_at_once() {
    let mut state = several();
    shows("operations_several", &mut state);
    for _ in 0..4 {
        press(&mut state, Command::Down);
    }
    shows("operations_failed_selected", &mut state);
}

#[test]
fn none() {
    let mut state = state(fleet());
    press(&mut state, Command::Operations);
    shows("line_no_operations", &mut state);
}

#[test]
fn one_that_builds() {
    let wanted = Wanted::Rebuild {
        image: "shop-web".into(),
        no_cache: false,
        pull: false,
    };
    let mut state = state(fleet());
    let mut operation = Operation::starting(&plan(&state.fleet, &wanted), ago(75));
    let id = operation.id.clone();
    for (number, (name, step)) in [
        ("[1/4] FROM debian:bookworm", BuildState::Cached),
        (
            "[2/4] RUN apt-get install curl",
            BuildState::Done(Span::seconds(12)),
        ),
        ("[3/4] COPY . /app", BuildState::Done(Span::seconds(1))),
        ("[4/4] RUN make release", BuildState::Running),
    ]
    .into_iter()
    .enumerate()
    {
        let step = BuildStep {
            id: number.to_string(),
            name: name.into(),
            state: step,
        };
        operation.told(Progress::Build(step), now());
    }
    operation.told(Progress::Log("cc -O2 -o app app.c".into()), now());
    state.operations.push(operation);
    state.stack.push(View::Operation {
        id,
        pane: Pane::default(),
    });
    shows("operation_building", &mut state);
}
