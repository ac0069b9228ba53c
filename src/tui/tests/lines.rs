//! The command line that is copied in each view.

use super::driven::drive;
use super::fixture::{events, fleet, identity, plan, state};
use crate::model::event::Event;
use crate::model::plan::OperationKind;
use crate::model::project::Source;
use crate::tui::action::{Action, Command};
use crate::tui::command_line::{NoLine, of};
use crate::tui::effect::{Effect, HistoryFilter, Wanted};
use crate::tui::operation::Operation;
use crate::tui::state::{Dialog, Focus, HistoryView, PlanDialog, State, View};
use crate::tui::update::update;

fn press(state: &mut State, command: Command) {
    update(state, Action::Do(command));
}

fn planned(wanted: Wanted) -> State {
    let mut state = state(fleet());
    let plan = plan(&state.fleet, &wanted);
    state.dialog = Some(Dialog::Plan(Box::new(PlanDialog::new(wanted, plan, None))));
    state
}

fn event(operation: OperationKind) -> State {
    let mut state = state(fleet());
    let mut event: Event = events()
        .into_iter()
        .find(|event| event.environment.is_some() && event.to.is_some())
        .expect("a deployment");
    event.operation = operation;
    state.stack.push(View::Event {
        event: Box::new(event),
        top: 0,
    });
    state
}

fn roll_back() -> Wanted {
    Wanted::Rollback {
        image: "shop-web".into(),
        environment: "prod".into(),
        to: None,
    }
}

fn promote() -> Wanted {
    Wanted::Promote {
        images: vec!["shop-api".into(), "shop-web".into()],
        from: "test".into(),
        to: "staging".into(),
    }
}

/// One state for each kind of line, by name.
fn everything() -> Vec<(&'static str, State)> {
    let mut all = Vec::new();
    all.push(("cell", state(fleet())));
    let mut none_good = state(fleet());
    none_good.read_only = true;
    all.push(("cell, read-only", none_good));
    let mut versions = state(fleet());
    press(&mut versions, Command::Versions);
    all.push(("versions", versions));
    let mut version = state(fleet());
    press(&mut version, Command::Versions);
    press(&mut version, Command::Open);
    all.push(("version", version));
    let mut choose = state(fleet());
    press(&mut choose, Command::Versions);
    press(&mut choose, Command::Down);
    press(&mut choose, Command::RollBack);
    all.push(("choice", choose));
    let mut asked = planned(roll_back());
    if let Some(Dialog::Plan(dialog)) = &mut asked.dialog {
        dialog.form.reason = Some("it's down; $(reboot)".into());
    }
    all.push(("plan of a roll back", asked));
    all.push(("plan of a promotion", planned(promote())));
    let rebuild = Wanted::Rebuild {
        image: "shop-web".into(),
        no_cache: true,
        pull: true,
    };
    all.push(("plan of a rebuild", planned(rebuild.clone())));
    let mut operations = state(fleet());
    let running = plan(&operations.fleet, &rebuild);
    let running = Operation::starting(&running, operations.now);
    operations.operations.push(running);
    press(&mut operations, Command::Operations);
    all.push(("operations", operations));
    let mut operation = state(fleet());
    let running = plan(&operation.fleet, &roll_back());
    let running = Operation::starting(&running, operation.now);
    operation.operations.push(running);
    press(&mut operation, Command::Operations);
    press(&mut operation, Command::Open);
    all.push(("operation", operation));
    let mut history = state(fleet());
    history
        .stack
        .push(View::History(Box::new(HistoryView::waiting(
            HistoryFilter {
                image: Some("shop-web".into()),
                environment: Some("prod".into()),
            },
        ))));
    all.push(("history", history));
    for (name, kind) in [
        ("event of a roll back", OperationKind::Rollback),
        ("event of a promotion", OperationKind::Promote),
        ("event of a recovery", OperationKind::Recover),
    ] {
        all.push((name, event(kind)));
    }
    let mut flags = state(fleet());
    let mut odd = fleet();
    odd.rows[2].image.name = "--all images".into();
    odd.environments[3].name = "-prod".into();
    odd.source = Source::File("/srv/it's here/karat.toml".into());
    flags.home.image = Some("--all images".into());
    flags.home.environment = Some("-prod".into());
    flags.fleet = std::sync::Arc::new(odd);
    all.push(("names that look like flags", flags));
    all
}

/// Each line, by name: for the test that parses them.
pub(crate) fn every_line() -> Vec<(&'static str, String)> {
    everything()
        .into_iter()
        .map(|(name, state)| {
            (
                name,
                of(&state).unwrap_or_else(|why| panic!("{name}: {why}")),
            )
        })
        .collect()
}

#[test]
fn each_view_has_its_line() {
    let shown: Vec<String> = every_line()
        .into_iter()
        .map(|(name, line)| format!("{name}\n    {line}"))
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn a_name_that_could_act_where_it_is_pasted_is_not_copied() {
    let mut evil = fleet();
    let name = "web\u{1b}[201~\nreboot\n";
    evil.rows[2].image.name = name.into();
    let mut state = state(evil);
    state.home.image = Some(name.into());
    assert_eq!(of(&state), Err(NoLine::Unsafe));
    let effects = update(&mut state, Action::Do(Command::CopyLine));
    assert_eq!(effects, [] as [Effect; 0]);
    assert!(
        state
            .note
            .is_some_and(|note| note.text.contains("control characters"))
    );
}

#[test]
fn a_broken_lock_cannot_be_repeated() {
    assert_eq!(of(&event(OperationKind::Unlock)), Err(NoLine::None));
}

#[test]
fn capital_y_copies_and_in_a_field_control_y_does() {
    let (_, state, _) = drive(false, |it| async move {
        it.sees("shop-web").await;
        it.keys("Y");
        it.sees("copied: karat rollback shop-web --env prod").await;
        it.keys("r");
        it.sees("ROLL BACK in prod").await;
        // The name of a protected environment is to be typed: letters are for it.
        it.keys("Y");
        it.sees("go on: Y_").await;
        it.press(
            crossterm::event::KeyCode::Char('y'),
            crossterm::event::KeyModifiers::CONTROL,
        );
        it.sees("copied: karat rollback shop-web --env prod --to sha256:")
            .await;
        let copied = it.copied.borrow().clone();
        let digest = identity("shop-web", "1.4.0");
        let wanted = [
            "karat rollback shop-web --env prod --project /home/shop/karat.toml".to_owned(),
            format!(
                "karat rollback shop-web --env prod --to {digest} --yes --confirm prod --project /home/shop/karat.toml"
            ),
        ];
        assert_eq!(copied, wanted);
    });
    let Some(Dialog::Plan(dialog)) = state.dialog else {
        panic!("the dialog stays");
    };
    assert_eq!(dialog.form.focus, Focus::Name);
}

#[test]
fn on_the_buttons_of_an_unprotected_plan_letters_are_free() {
    drive(false, |it| async move {
        it.sees("shop-web").await;
        it.keys("hhp");
        it.sees("PROMOTE from test to staging").await;
        it.keys("Y");
        it.sees("copied: karat promote shop-web --from test --to staging --yes")
            .await;
    });
}

/// The demo's project file is made up: no line names it.
#[test]
fn a_line_of_the_demo_names_no_file() {
    let mut state = state(fleet());
    assert!(of(&state).expect("a line").contains("--project"));
    state.demo = true;
    assert!(!of(&state).expect("a line").contains("--project"));
    press(&mut state, Command::CopyLine);
    let note = state.note.as_ref().map(|note| note.text.as_str());
    assert!(
        note.is_some_and(|it| it.contains("no command reaches the demo's fleet")),
        "{note:?}"
    );
}
