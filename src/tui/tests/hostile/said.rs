//! The same in what is said: notes, reasons, questions, and answers that went wrong.

use std::sync::Arc;

use super::super::anatomy::fixture::taken;
use super::super::fixture::plan;
use super::super::screens::{press, told};
use super::{EVIL, after, anatomy, at_home, evil, operating};
use crate::model::digest::Digest;
use crate::model::event::Outcome;
use crate::model::fleet::Fleet;
use crate::model::known_good::{Objection, PassedOver};
use crate::model::observation::Health;
use crate::model::plan::OperationId;
use crate::model::progress::Report;
use crate::model::project::Source;
use crate::model::time::Span;
use crate::tui::action::{Action, Command};
use crate::tui::effect::{
    Confirmed, Effect, Errand, Explaining, HistoryFilter, Message, Part, Recovered, Request, Wanted,
};
use crate::tui::operation::Operation;
use crate::tui::state::{Dialog, PaletteDialog, PlanDialog, State, View};
use crate::tui::update::{refresh, update};

/// At home, of another fleet, the same cell selected.
fn of(change: impl FnOnce(&mut Fleet)) -> State {
    let mut state = at_home();
    let mut fleet = evil();
    change(&mut fleet);
    state.fleet = Arc::new(fleet);
    state.fleets += 1;
    refresh(&mut state);
    state
}

/// What cannot be done, and why.
fn refused(command: Command, change: impl FnOnce(&mut Fleet)) -> State {
    let mut state = of(change);
    press(&mut state, command);
    assert!(state.note.is_some(), "{command:?} can be done");
    state
}

/// The cell that is selected.
fn cell(fleet: &mut Fleet) -> &mut crate::model::fleet::Cell {
    &mut fleet.rows[2].cells[3]
}

fn noted(message: Message) -> State {
    let mut state = at_home();
    told(&mut state, message);
    assert!(state.note.is_some(), "nothing is noted");
    state
}

fn planned(wanted: Wanted) -> State {
    let mut state = at_home();
    let mut plan = plan(&state.fleet, &wanted);
    match &mut plan {
        Confirmed::Deploy(plan) => {
            plan.who = EVIL.into();
            for one in &mut plan.moves {
                one.evidence = Some(EVIL.into());
                one.warnings.push(EVIL.into());
                for touch in &mut one.touches {
                    touch.changes.push(EVIL.into());
                    touch.notes.push(EVIL.into());
                    touch.dependents.push(EVIL.into());
                }
            }
        }
        Confirmed::Publish(plan) => {
            plan.who = EVIL.into();
            plan.version.0 = EVIL.into();
            plan.engine = EVIL.into();
        }
        Confirmed::Rebuild(plan) => {
            plan.who = EVIL.into();
            plan.warnings.push(EVIL.into());
            plan.recipe.target = Some(EVIL.into());
            plan.recipe.context = EVIL.into();
            plan.recipe.dockerfile = EVIL.into();
            plan.recipe.args.insert(EVIL.into(), EVIL.into());
            plan.labels.insert(EVIL.into(), EVIL.into());
        }
    }
    let mut dialog = PlanDialog::new(wanted, plan, None);
    dialog.moved = Some((EVIL.to_owned(), Request(9)));
    state.dialog = Some(Dialog::Plan(Box::new(dialog)));
    state
}

fn rebuilding() -> State {
    let image = at_home().home.image.expect("selected");
    planned(Wanted::Rebuild {
        image,
        no_cache: false,
        pull: false,
    })
}

fn promoting() -> State {
    let fleet = evil();
    planned(Wanted::Promote {
        images: vec![
            fleet.rows[0].image.name.clone(),
            fleet.rows[2].image.name.clone(),
        ],
        from: fleet.environments[2].name.clone(),
        to: fleet.environments[3].name.clone(),
    })
}

/// A promotion that may go to two environments.
fn choosing() -> State {
    let mut state = of(|fleet| {
        let from = fleet.environments[1].name.clone();
        for at in [2, 3] {
            fleet.environments[at].after = Some(from.clone());
        }
    });
    state.home.environment = Some(state.fleet.environments[1].name.clone());
    refresh(&mut state);
    press(&mut state, Command::Promote);
    let chooses = matches!(state.dialog, Some(Dialog::Choose(_)));
    assert!(chooses, "{:?}", state.dialog);
    state
}

/// The palette, on an action that cannot be had and says why.
fn palette(change: impl FnOnce(&mut Fleet)) -> State {
    let mut state = of(change);
    state.dialog = Some(Dialog::Palette(PaletteDialog {
        typed: "roll back".into(),
        ..PaletteDialog::default()
    }));
    state
}

/// Several operations, one of which ended badly.
fn operations() -> State {
    let mut state = operating(false);
    let first = state.operations[0].clone();
    let another = Operation {
        id: OperationId("ffffffffffffffff".into()),
        ..first
    };
    let id = another.id.clone();
    state.operations.push(another);
    let report = Report {
        id,
        outcome: Outcome::NeedsRecover,
        summary: EVIL.into(),
        error: Some(EVIL.into()),
        events: Vec::new(),
        duration: Span::seconds(1),
    };
    told(&mut state, Message::Finished(report));
    state.unseen = None;
    press(&mut state, Command::Operations);
    assert!(matches!(state.stack.last(), Some(View::Operations { .. })));
    state
}

fn asked_to_cancel() -> State {
    let mut state = operations();
    // It is being put back, which cannot be cancelled.
    for one in &mut state.operations {
        (one.undoing, one.report) = (None, None);
    }
    press(&mut state, Command::CancelOperation);
    assert!(matches!(state.dialog, Some(Dialog::Ask(_))));
    state
}

fn history(answer: Result<Vec<crate::model::event::Event>, String>) -> State {
    let mut state = after(&[Command::HistoryAll]);
    told(
        &mut state,
        Message::History(HistoryFilter::default(), answer),
    );
    state
}

/// A version that is being read, or could not be.
fn explaining(news: impl FnOnce(Request) -> Message) -> State {
    let mut state = after(&[Command::Versions, Command::First]);
    let effects = update(&mut state, Action::Do(Command::Anatomy));
    let [Effect::Errand(Errand::Explain { request, .. })] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    told(&mut state, news(*request));
    state
}

/// What such an image says of itself, before its layers are read.
fn facts() -> crate::anatomy::image::ImageFacts {
    taken(Digest::of(b"evil"), &[(EVIL.to_owned(), Vec::new())], EVIL).0
}

/// A comparison of which nothing came.
fn not_compared() -> State {
    let mut state = after(&[Command::Versions, Command::First]);
    let effects = update(&mut state, Action::Do(Command::Compare));
    for effect in effects {
        if let Effect::Errand(Errand::Explain { request, .. }) = effect {
            told(&mut state, Message::Explained(request, Err(EVIL.into())));
        }
    }
    state
}

fn no_content() -> State {
    let mut state = anatomy(&[Command::NextField, Command::Open, Command::Down]);
    let effects = update(&mut state, Action::Do(Command::Open));
    let Some(Effect::Errand(Errand::ReadFile { request, .. })) = effects.first() else {
        panic!("{effects:?}");
    };
    told(&mut state, Message::Content(*request, Err(EVIL.into())));
    state
}

fn not_read_closely() -> State {
    let mut state = after(&[Command::Open]);
    let effects = state
        .fleet
        .rows
        .get(2)
        .and_then(|row| row.cells[3].deployment.clone());
    let replica = effects.expect("it runs").replicas[0].clone();
    let answer = Message::Details {
        engine: replica.engine,
        container: replica.container.name,
        answer: Err(EVIL.into()),
    };
    told(&mut state, answer);
    state
}

/// What was cut off: some of it may be recovered, some is left alone.
fn recovering() -> State {
    let mut state = of(|fleet| {
        let lock = fleet.rows[0].cells[1].locks[0].clone();
        for (at, id) in [(2, "in-staging"), (3, "in-prod")] {
            let mut lock = lock.clone();
            lock.1.operation = OperationId(id.into());
            fleet.rows[2].cells[at].locks.push(lock.clone());
            lock.1.operation = OperationId(format!("stray-{id}"));
            fleet.stray_locks.push(lock);
        }
        fleet.environments[2].read_only = true;
    });
    press(&mut state, Command::Recover);
    assert!(matches!(state.dialog, Some(Dialog::Recover(_))));
    state
}

fn recovered(over: Recovered) -> State {
    let mut state = at_home();
    told(&mut state, Message::Recovered(over));
    assert!(matches!(state.dialog, Some(Dialog::Notice(_))));
    state
}

fn settings() -> State {
    let mut state = at_home();
    let why = format!("themes/{EVIL}.toml: {EVIL}");
    state.dialog = crate::tui::refused(&[why], &state.keymap).map(Dialog::Notice);
    state
}

fn nothing_runs(fleet: &mut Fleet) {
    cell(fleet).deployment = None;
}

fn closed(fleet: &mut Fleet) {
    fleet.environments[3].read_only = true;
}

fn locked(fleet: &mut Fleet) {
    let lock = fleet.rows[0].cells[1].locks[0].clone();
    cell(fleet).locks.push(lock);
}

fn nothing_good(fleet: &mut Fleet) {
    let verdict = cell(fleet).known_good.as_mut().expect("a verdict");
    let mut run = verdict.choice.take().expect("a run");
    run.version = Some(EVIL.into());
    verdict.passed_over = vec![PassedOver {
        run,
        why: Objection::Restarted,
    }];
}

/// A container that does not run: a shell cannot be opened in it.
fn no_shell() -> State {
    let mut state = of(|fleet| {
        let deployment = cell(fleet).deployment.as_mut().expect("it runs");
        for replica in &mut deployment.replicas {
            replica.container.health = Health::NotRunning;
        }
    });
    press(&mut state, Command::Open);
    press(&mut state, Command::Shell);
    assert!(state.note.is_some());
    state
}

/// Every one of them that names something from outside.
pub(super) fn everything() -> Vec<(&'static str, State)> {
    use Command as C;
    let said = || EVIL.to_owned();
    let part = || Part {
        images: vec![said()],
        environments: vec![said().as_str().into()],
        sentence: said(),
    };
    let settled = Recovered {
        settled: vec![part()],
        ..Recovered::default()
    };
    let left = Recovered {
        left: vec![part()],
        ..Recovered::default()
    };
    vec![
        ("a note", noted(Message::Note(said()))),
        ("saved", noted(Message::Saved(Ok(said())))),
        ("not saved", noted(Message::Saved(Err(said())))),
        ("nothing runs", refused(C::RollBack, nothing_runs)),
        ("no logs", refused(C::Logs, nothing_runs)),
        ("nothing to promote", refused(C::Promote, nothing_runs)),
        ("closed", refused(C::RollBack, closed)),
        ("locked", refused(C::RollBack, locked)),
        ("nothing known good", refused(C::RollBack, nothing_good)),
        (
            "no recipe",
            refused(C::Rebuild, |fleet| fleet.rows[2].image.build = None),
        ),
        ("no shell here", no_shell()),
        ("palette: locked", palette(locked)),
        ("palette: nothing known good", palette(nothing_good)),
        (
            "a source",
            of(|fleet| fleet.source = Source::File(EVIL.into())),
        ),
        ("rebuilding", rebuilding()),
        ("promoting", promoting()),
        ("choosing", choosing()),
        ("operations", operations()),
        ("asked to cancel", asked_to_cancel()),
        ("no history", history(Err(said()))),
        (
            "not explained",
            explaining(|it| Message::Explained(it, Err(said()))),
        ),
        (
            "being explained",
            explaining(|it| {
                Message::Explaining(
                    it,
                    Explaining::Facts {
                        facts: Arc::new(facts()),
                        sizes: Vec::new(),
                    },
                )
            }),
        ),
        ("not compared", not_compared()),
        ("no content", no_content()),
        ("not read closely", not_read_closely()),
        ("recovering", recovering()),
        ("recovered", recovered(settled)),
        ("not recovered", recovered(left)),
        ("settings", settings()),
    ]
}
