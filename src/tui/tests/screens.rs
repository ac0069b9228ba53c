//! What each view looks like.

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::fixture::{ago, details, engine, environments, events, fleet, now, plan, state};
use crate::model::bytes::Bytes;
use crate::model::event::Outcome;
use crate::model::fleet::{Fleet, Link};
use crate::model::plan::OperationId;
use crate::model::progress::{BuildState, BuildStep, Progress, Report, StepState};
use crate::model::project::Source;
use crate::model::step::Step;
use crate::model::time::Span;
use crate::tui::action::{Action, Command};
use crate::tui::effect::{HistoryFilter, Message, Request, Wanted};
use crate::tui::log::Pane;
use crate::tui::operation::Operation;
use crate::tui::state::{Dialog, PlanDialog, State, View};
use crate::tui::update::{refresh, update};
use crate::tui::views;

/// The screen as text.
pub(super) fn screen(state: &mut State, columns: u16, rows: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a terminal");
    let mut layout = state.layout.clone();
    refresh(state);
    state.size = (columns, rows);
    terminal
        .draw(|frame| layout = views::draw(frame, state))
        .expect("a frame");
    state.adopt(layout);
    terminal.backend().to_string()
}

pub(super) fn press(state: &mut State, command: Command) {
    update(state, Action::Do(command));
}

pub(super) fn told(state: &mut State, message: Message) {
    update(state, Action::Told(Box::new(message)));
}

fn roll_back() -> Wanted {
    Wanted::Rollback {
        image: "shop-web".into(),
        environment: "prod".into(),
        to: None,
    }
}

fn with_plan(wanted: Wanted) -> State {
    let mut state = state(fleet());
    let plan = plan(&state.fleet, &wanted);
    state.dialog = Some(Dialog::Plan(Box::new(PlanDialog::new(wanted, plan, None))));
    state
}

#[test]
fn home() {
    let mut state = state(fleet());
    insta::assert_snapshot!("home_100x30", screen(&mut state, 100, 30));
    insta::assert_snapshot!("home_60x16", screen(&mut state, 60, 16));
    insta::assert_snapshot!("home_200x60", screen(&mut state, 200, 60));
}

#[test]
fn home_tells_of_trouble() {
    let mut state = state(fleet());
    state.home.image = Some("shop-api".into());
    insta::assert_snapshot!("home_engine_down", screen(&mut state, 100, 30));
    state.home.environment = Some("test".into());
    state.read_only = true;
    state.demo = true;
    insta::assert_snapshot!("home_locked", screen(&mut state, 100, 30));
}

/// Every screen of a demo says so: also where a dialog covers the header, and where nothing
/// fits.
#[test]
fn a_demo_is_marked_on_every_screen() {
    for commands in [
        &[][..],
        &[Command::RollBack],
        &[Command::Help],
        &[Command::Versions],
        &[Command::History],
        &[Command::Operations],
        &[Command::Leave],
    ] {
        for (columns, rows) in [(100, 30), (60, 16), (30, 5)] {
            let mut state = state(fleet());
            state.demo = true;
            for command in commands {
                press(&mut state, *command);
            }
            let shown = screen(&mut state, columns, rows);
            assert!(shown.contains("DEMO"), "{commands:?}:\n{shown}");
        }
    }
}

#[test]
fn home_of_nothing() {
    let mut nothing = Fleet {
        at: now(),
        source: Source::Found,
        environments: Vec::new(),
        rows: Vec::new(),
        engines: std::iter::once(engine("context:default", Link::Up)).collect(),
        stray_locks: Vec::new(),
    };
    insta::assert_snapshot!("home_empty", screen(&mut state(nothing.clone()), 100, 30));
    nothing.environments = environments();
    nothing.engines = std::iter::once(engine(
        "context:default",
        Link::Down {
            error: "no permission on /var/run/docker.sock: add yourself to the group `docker`, or run as root".into(),
            since: ago(5),
            retry_at: None,
        },
    ))
    .collect();
    insta::assert_snapshot!("home_no_engine", screen(&mut state(nothing), 100, 30));
}

#[test]
fn versions() {
    let mut state = state(fleet());
    press(&mut state, Command::Versions);
    insta::assert_snapshot!("versions", screen(&mut state, 100, 30));
    press(&mut state, Command::Down);
    insta::assert_snapshot!("versions_60x16", screen(&mut state, 60, 16));
    press(&mut state, Command::RollBack);
    insta::assert_snapshot!("versions_choose_environment", screen(&mut state, 100, 30));
    press(&mut state, Command::Back);
    press(&mut state, Command::Open);
    insta::assert_snapshot!("version", screen(&mut state, 100, 30));
}

#[test]
fn deployment() {
    let mut state = state(fleet());
    press(&mut state, Command::Open);
    insta::assert_snapshot!("deployment_loading", screen(&mut state, 100, 30));
    let engine = "ssh://deploy@prod-1".into();
    let read = details(&engine, "shop-web");
    told(
        &mut state,
        Message::Details {
            engine,
            container: "shop-web".into(),
            answer: Ok(Box::new(read)),
        },
    );
    insta::assert_snapshot!("deployment", screen(&mut state, 100, 52));
}

#[test]
fn plans() {
    insta::assert_snapshot!(
        "plan_roll_back",
        screen(&mut with_plan(roll_back()), 100, 40)
    );
    insta::assert_snapshot!(
        "plan_roll_back_60x16",
        screen(&mut with_plan(roll_back()), 60, 16)
    );
    let mut promote = with_plan(Wanted::Promote {
        images: vec!["shop-api".into(), "shop-web".into()],
        from: "test".into(),
        to: "staging".into(),
    });
    insta::assert_snapshot!("plan_promote_all", screen(&mut promote, 100, 30));
    let mut rebuild = with_plan(Wanted::Rebuild {
        image: "shop-web".into(),
        no_cache: false,
        pull: true,
    });
    let text = screen(&mut rebuild, 100, 30);
    assert!(
        !text.contains("hidden-value"),
        "a build argument's value is shown"
    );
    insta::assert_snapshot!("plan_rebuild", text);
}

fn operating() -> (State, OperationId) {
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
    let step = |step, state| Progress::Step {
        engine: "ssh://deploy@prod-1".into(),
        container: "shop-web".into(),
        step,
        state,
    };
    for done in [
        Step::Lock,
        Step::Obtain,
        Step::Create,
        Step::Disarm,
        Step::Stop,
    ] {
        let took = Span(std::time::Duration::from_millis(80));
        told(
            &mut state,
            Message::Progress(id.clone(), step(done, StepState::Started)),
        );
        told(
            &mut state,
            Message::Progress(id.clone(), step(done, StepState::Done(took))),
        );
    }
    told(
        &mut state,
        Message::Progress(id.clone(), step(Step::Park, StepState::Started)),
    );
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

#[test]
fn operation() {
    let (mut state, id) = operating();
    insta::assert_snapshot!("operation_running", screen(&mut state, 100, 30));
    insta::assert_snapshot!("operation_running_60x16", screen(&mut state, 60, 16));
    press(&mut state, Command::PageUp);
    press(&mut state, Command::CancelOperation);
    insta::assert_snapshot!("operation_cancel", screen(&mut state, 100, 30));
    press(&mut state, Command::Back);
    press(&mut state, Command::Back);
    insta::assert_snapshot!("home_while_running", screen(&mut state, 100, 30));
    press(&mut state, Command::Leave);
    insta::assert_snapshot!("leave_while_running", screen(&mut state, 100, 30));
    press(&mut state, Command::Back);
    let undoing = Progress::Undoing {
        why: "shop-web became unhealthy".into(),
    };
    told(&mut state, Message::Progress(id.clone(), undoing));
    told(
        &mut state,
        Message::Finished(Report {
            id,
            outcome: Outcome::Undone,
            summary: "shop-web in prod runs 1.4.1 as before".into(),
            error: Some("waiting for the health of shop-web on ssh://deploy@prod-1: it became unhealthy 12 s after it started; its last log lines are in the history".into()),
            events: Vec::new(),
            duration: Span::seconds(54),
        }),
    );
    insta::assert_snapshot!("home_after_failure", screen(&mut state, 100, 30));
    press(&mut state, Command::Operations);
    insta::assert_snapshot!("operations", screen(&mut state, 100, 30));
    press(&mut state, Command::Open);
    insta::assert_snapshot!("operation_undone", screen(&mut state, 100, 30));
}

#[test]
fn building() {
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
    insta::assert_snapshot!("operation_building", screen(&mut state, 100, 30));
}

#[test]
fn history() {
    let mut state = state(fleet());
    press(&mut state, Command::HistoryAll);
    told(
        &mut state,
        Message::History(HistoryFilter::default(), Ok(events())),
    );
    insta::assert_snapshot!("history", screen(&mut state, 100, 30));
    insta::assert_snapshot!("history_200x60", screen(&mut state, 200, 60));
    press(&mut state, Command::Down);
    press(&mut state, Command::Down);
    press(&mut state, Command::Open);
    insta::assert_snapshot!("event", screen(&mut state, 100, 30));
}

#[test]
fn help() {
    let mut state = state(fleet());
    press(&mut state, Command::Help);
    insta::assert_snapshot!("help", screen(&mut state, 100, 52));
}

#[test]
fn refusals_are_told_whole() {
    let mut state = state(fleet());
    state.dialog = Some(Dialog::Planning {
        request: Request(1),
        wanted: roll_back(),
    });
    insta::assert_snapshot!("planning", screen(&mut state, 100, 30));
    let refused = crate::tui::effect::Refused {
        sentence: "shop-web on ssh://deploy@prod-1 was started with --rm: the engine removes it as soon as it stops, so it could not be put back. By hand: docker stop shop-web && docker run …".into(),
    };
    told(&mut state, Message::Planned(Request(1), Err(refused)));
    insta::assert_snapshot!("refused", screen(&mut state, 100, 30));
}

#[test]
fn a_terminal_too_small_says_so() {
    insta::assert_snapshot!("too_small", screen(&mut state(fleet()), 40, 10));
}

/// Every size, every view: nothing panics, and the selected environment is seen.
#[test]
fn every_size_is_drawn() {
    for (columns, rows) in [
        (1, 1),
        (10, 3),
        (59, 16),
        (60, 16),
        (61, 17),
        (80, 24),
        (300, 100),
    ] {
        let mut states = vec![state(fleet()), with_plan(roll_back()), operating().0];
        for command in [
            Command::Versions,
            Command::Open,
            Command::Help,
            Command::HistoryAll,
        ] {
            let mut one = state(fleet());
            press(&mut one, command);
            states.push(one);
        }
        for mut one in states {
            let text = screen(&mut one, columns, rows);
            if one.stack.is_empty() && columns >= 60 && rows >= 16 {
                assert!(text.contains("prod"), "{columns}×{rows}:\n{text}");
            }
        }
    }
}

/// What takes time is only what is seen: a fleet of a thousand images draws like one of ten.
#[test]
fn only_visible_rows_are_built() {
    let mut large = fleet();
    let row = large.rows[2].clone();
    large.rows = (0..1_000)
        .map(|number| {
            let mut row = row.clone();
            row.image.name = format!("image-{number:04}").as_str().into();
            row
        })
        .collect();
    let mut state = state(large);
    state.home.image = Some("image-0500".into());
    let text = screen(&mut state, 100, 30);
    assert!(text.contains("image-0500"), "{text}");
    assert!(state.layout.hits.len() <= 30 * 4);
    assert_eq!(state.layout.view.total, 1_000);
}
