//! Every dialog that touches an environment says which, in words and in its accent.

use std::collections::HashSet;
use std::sync::Arc;

use ratatui::style::Style;

use super::fixture::{ago, fleet, plan, state};
use super::pictures::{draw, rows_of};
use super::screens::{press, told};
use crate::model::observation::LockSeen;
use crate::model::plan::OperationId;
use crate::model::project::EnvironmentName;
use crate::tui::action::{Action, Command};
use crate::tui::effect::{Message, Refused, Request, Wanted};
use crate::tui::operation::Operation;
use crate::tui::state::{Dialog, State};
use crate::tui::update::update;

/// shop-web selected in an environment, on an engine of which it has a version.
fn at(environment: &EnvironmentName) -> State {
    let mut fleet = fleet();
    for row in &mut fleet.rows {
        for version in &mut row.catalog.versions {
            let mut held = version.on_engines[0].clone();
            held.engine = engine_of(environment).into();
            version.on_engines = vec![held];
        }
        for cell in &mut row.cells {
            cell.locks.clear();
        }
    }
    let mut state = state(fleet);
    state.home.environment = Some(environment.clone());
    state
}

fn engine_of(environment: &EnvironmentName) -> &'static str {
    match environment.as_str() {
        "prod" => "ssh://deploy@prod-1",
        _ => "ssh://deploy@staging-1",
    }
}

fn roll_back(environment: &EnvironmentName) -> Wanted {
    Wanted::Rollback {
        image: "shop-web".into(),
        environment: environment.clone(),
        to: None,
    }
}

fn promote(environment: &EnvironmentName) -> Wanted {
    Wanted::Promote {
        images: vec!["shop-web".into()],
        from: "test".into(),
        to: environment.clone(),
    }
}

/// The dialog while a plan is made.
fn planning(environment: &EnvironmentName, wanted: Wanted) -> State {
    let mut state = at(environment);
    state.dialog = Some(Dialog::Planning {
        request: Request(7),
        wanted,
    });
    state
}

fn planned(environment: &EnvironmentName, wanted: &Wanted) -> State {
    let mut state = planning(environment, wanted.clone());
    let made = plan(&state.fleet, wanted);
    told(&mut state, Message::Planned(Request(7), Ok(Box::new(made))));
    state
}

fn refused(environment: &EnvironmentName, wanted: Wanted) -> State {
    let mut state = planning(environment, wanted);
    let refused = Refused {
        sentence: "it cannot be".into(),
    };
    told(&mut state, Message::Planned(Request(7), Err(refused)));
    state
}

/// An operation runs there, and its summary does not say where.
fn running(environment: &EnvironmentName) -> State {
    let mut state = at(environment);
    let id = OperationId("0123456789abcdef".into());
    let mut operation = Operation::unknown(id, state.now);
    operation.environment = Some(environment.clone());
    operation.summary = "it runs".into();
    state.operations.push(operation);
    state
}

fn cancelling(environment: &EnvironmentName) -> State {
    let mut state = running(environment);
    press(&mut state, Command::Operations);
    press(&mut state, Command::CancelOperation);
    state
}

fn leaving(environment: &EnvironmentName) -> State {
    let mut state = running(environment);
    press(&mut state, Command::Leave);
    state
}

fn recovering(environment: &EnvironmentName) -> State {
    let mut state = at(environment);
    let mut locked = (*state.fleet).clone();
    let column = locked.column(environment).expect("it is there");
    let lock = LockSeen {
        container: "shop-web".into(),
        operation: OperationId("cafe".into()),
        summary: "it was cut off".into(),
        owner: "joe@ci-7".into(),
        since: ago(600),
    };
    locked.rows[2].cells[column].locks = vec![(engine_of(environment).into(), lock)];
    told(&mut state, Message::Fleet(Arc::new(locked)));
    press(&mut state, Command::Recover);
    state
}

fn inside(environment: &EnvironmentName) -> State {
    let mut state = at(environment);
    press(&mut state, Command::Open);
    press(&mut state, Command::Shell);
    state
}

fn throw_away(environment: &EnvironmentName) -> State {
    let mut state = at(environment);
    press(&mut state, Command::Versions);
    press(&mut state, Command::Shell);
    state
}

fn opening(environment: &EnvironmentName) -> State {
    let mut state = throw_away(environment);
    press(&mut state, Command::NextField);
    let effects = update(&mut state, Action::Do(Command::Open));
    assert_eq!(effects.len(), 1, "{:?}", state.dialog);
    state
}

fn no_shell(environment: &EnvironmentName) -> State {
    let mut state = opening(environment);
    let Some(Dialog::Opening { request, .. }) = &state.dialog else {
        panic!("{:?}", state.dialog);
    };
    let request = *request;
    told(&mut state, Message::Shell(request, Err("no sh".into())));
    state
}

type Make = fn(&EnvironmentName) -> State;

#[test]
fn every_dialog_that_touches_an_environment_bears_its_accent_and_name() {
    let dialogs: &[(&str, Make)] = &[
        ("planning a roll back", |it| planning(it, roll_back(it))),
        ("planning a promotion", |it| planning(it, promote(it))),
        ("a roll back", |it| planned(it, &roll_back(it))),
        ("a promotion", |it| planned(it, &promote(it))),
        ("refused", |it| refused(it, roll_back(it))),
        ("cancel", cancelling),
        ("leave", leaving),
        ("recover", recovering),
        ("a shell", inside),
        ("a throw-away shell", throw_away),
        ("opening", opening),
        ("no shell", no_shell),
    ];
    for (environment, heading) in [("prod", "prod ⚑ protected"), ("staging", "staging")] {
        let environment = EnvironmentName::from(environment);
        for (what, make) in dialogs {
            let what = format!("{what} in {environment}");
            let mut state = make(&environment);
            assert!(state.dialog.is_some(), "{what}");
            let column = state.fleet.column(&environment).expect("it is there");
            let known = state.environment(&environment).expect("it is there");
            let accent = state.theme.environment(column, known);
            for size in [(60, 16), (100, 30)] {
                bears(&what, &mut state, size, (heading, accent));
            }
        }
    }
}

/// The frame is in the accent, and inside it stands the name.
fn bears(what: &str, state: &mut State, size: (u16, u16), (heading, accent): (&str, Style)) {
    let buffer = draw(state, size);
    let rows = rows_of(&buffer);
    let all = rows.join("\n");
    let corner = buffer.content.iter().find(|cell| cell.symbol() == "╔");
    let corner = corner.unwrap_or_else(|| panic!("{what}: no frame:\n{all}"));
    assert_eq!(Some(corner.fg), accent.fg, "{what}: the frame");
    let first = buffer.content.iter().position(|cell| cell.symbol() == "╔");
    let last = buffer.content.iter().position(|cell| cell.symbol() == "╚");
    let columns = usize::from(size.0);
    let (first, last) = (first.expect("it"), last.expect("it"));
    let inside = &rows[first / columns + 1..last / columns];
    assert!(
        inside.iter().any(|row| row.contains(heading)),
        "{what}: its name is not inside:\n{all}"
    );
}

/// Protected environments are told apart from each other like any others; what is protected
/// is said by the mark, which looks the same everywhere.
#[test]
fn protected_environments_have_accents_of_their_own_and_one_mark() {
    let mut fleet = fleet();
    for environment in &mut fleet.environments {
        environment.protected = true;
    }
    let count = fleet.environments.len();
    let mut state = state(fleet);
    let theme = state.theme.clone();
    let buffer = draw(&mut state, (200, 60));
    let heading = &buffer.content[200..2 * 200];
    let mut names = HashSet::new();
    for at in (0..200).filter(|at| heading[*at].symbol() == "⚑") {
        assert_eq!(Some(heading[at].fg), theme.protected.fg, "the mark");
        assert_eq!(Some(heading[at + 2].fg), theme.protected.fg, "the word");
        names.insert(heading[at - 2].fg);
    }
    assert_eq!(names.len(), count, "{names:?}");
    assert!(names.iter().all(|one| Some(*one) != theme.protected.fg));
}
