//! Names, labels and logs that want to break the screen.

mod said;

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;

use super::fixture::{ago, details, events, fleet, now, plan, state};
use super::lists::typed;
use super::pictures::{SIZES, draw};
use super::screens::{press, told};
use crate::model::details::{HealthEntry, Origin, Setting};
use crate::model::event::Outcome;
use crate::model::fleet::{Fleet, Link};
use crate::model::log::{LogLine, Pipe, Said, Saying};
use crate::model::observation::LockSeen;
use crate::model::plan::OperationId;
use crate::model::progress::{BuildState, BuildStep, Progress, Report};
use crate::model::project::EngineName;
use crate::model::time::Span;
use crate::tui::action::{Action, Command};
use crate::tui::effect::{
    Content, Effect, Errand, HistoryFilter, Message, Refused, Request, Turn, Wanted,
};
use crate::tui::operation::Operation;
use crate::tui::state::{Dialog, PlanDialog, State, View};
use crate::tui::text::{printable, width};
use crate::tui::update::update;

/// Escapes, a title, a newline, a bell; text turned round, from right to left, with no
/// width, wide, and put together of two.
const EVIL: &str = "\u{1b}[2J\u{1b}]0;pwned\u{7}\u{202e}txt.exe\n\u{9b}31m\u{200b}版本e\u{301}\u{5e9}\u{5dc}\u{2066}\u{7}";

/// No cell has anything that is not to be drawn, and each row fills the screen's width.
fn harmless(buffer: &Buffer, what: &str) {
    let columns = usize::from(buffer.area.width);
    for (at, row) in buffer.content.chunks(columns).enumerate() {
        let mut filled = 0;
        while let Some(cell) = row.get(filled) {
            let symbol = cell.symbol();
            assert_eq!(
                printable(symbol),
                symbol,
                "{what}: row {at} of {columns} columns"
            );
            filled += width(symbol).max(1);
        }
        assert_eq!(filled, columns, "{what}: row {at} is too wide");
    }
}

fn evil_engine(name: &EngineName) -> EngineName {
    format!("{name}{EVIL}").as_str().into()
}

/// A fleet of which everything that comes from outside means harm.
fn evil() -> Fleet {
    let mut evil = fleet();
    for row in &mut evil.rows {
        row.image.name = format!("{EVIL}{}", row.image.name).as_str().into();
        for version in &mut row.catalog.versions {
            version.tags.push(EVIL.into());
            version.labels.insert(EVIL.into(), EVIL.into());
            version.platform = EVIL.into();
            version.on_engines[0].engine = evil_engine(&version.on_engines[0].engine);
        }
        for cell in &mut row.cells {
            for skew in &mut cell.skew {
                skew.text = EVIL.into();
            }
            for error in &mut cell.errors {
                error.error = EVIL.into();
                error.engine = evil_engine(&error.engine);
            }
            for engine in &mut cell.waiting {
                *engine = evil_engine(engine);
            }
            for (engine, lock) in &mut cell.locks {
                *engine = evil_engine(engine);
                lock.container = EVIL.into();
                lock.summary = EVIL.into();
                lock.owner = EVIL.into();
            }
            if let Some(deployment) = &mut cell.deployment {
                deployment.version = EVIL.into();
                for replica in &mut deployment.replicas {
                    replica.engine = evil_engine(&replica.engine);
                    replica.container.name = EVIL.into();
                    replica.container.image = EVIL.into();
                    replica.version = EVIL.into();
                }
            }
        }
    }
    for environment in &mut evil.environments {
        environment.name = format!("{}{EVIL}", environment.name).as_str().into();
        for engine in &mut environment.engines {
            *engine = evil_engine(engine);
        }
    }
    let row = &evil.rows[2];
    let replica = &row.cells[3].deployment.as_ref().expect("runs").replicas[0];
    let container = replica.container.clone();
    evil.engines = std::mem::take(&mut evil.engines)
        .into_iter()
        .map(|(name, mut engine)| {
            let last = engine.last.as_mut().expect("an answer");
            last.containers.push(container.clone());
            last.parked.push(EVIL.into());
            for text in [
                &mut last.facts.host,
                &mut last.facts.version,
                &mut last.facts.api,
                &mut last.facts.platform,
                &mut last.facts.driver,
                &mut last.facts.system,
            ] {
                *text = EVIL.into();
            }
            last.locks.push(LockSeen {
                container: EVIL.into(),
                operation: OperationId("cafe0011cafe0011".into()),
                summary: EVIL.into(),
                owner: EVIL.into(),
                since: ago(60),
            });
            if let Link::Down { error, .. } = &mut engine.link {
                *error = EVIL.into();
            }
            (evil_engine(&name), engine)
        })
        .collect();
    evil
}

fn at_home() -> State {
    let evil = evil();
    let name = evil.rows[2].image.name.clone();
    let place = evil.environments[3].name.clone();
    let mut state = state(evil);
    state.home.image = Some(name);
    state.home.environment = Some(place);
    state
}

fn after(commands: &[Command]) -> State {
    let mut state = at_home();
    for command in commands {
        press(&mut state, *command);
    }
    state
}

/// The deployment, read closely.
fn deployment() -> State {
    let mut state = after(&[Command::Open]);
    let engine = evil_engine(&"ssh://deploy@prod-1".into());
    let mut details = details(&engine, EVIL);
    details.settings.push(Setting {
        name: EVIL.into(),
        value: EVIL.into(),
        origin: Origin::Image,
    });
    details.health_log.push(HealthEntry {
        at: now(),
        took: Span::seconds(1),
        exit_code: 1,
        output: EVIL.into(),
    });
    details.changes[0].path = EVIL.into();
    details.notes.push(EVIL.into());
    details.refusal = Some(EVIL.into());
    told(
        &mut state,
        Message::Details {
            engine,
            container: EVIL.into(),
            answer: Ok(Box::new(details)),
        },
    );
    let Some(View::Deployment(view)) = state.stack.last() else {
        unreachable!("it was opened");
    };
    assert!(
        view.details.values().any(Option::is_some),
        "nothing was read"
    );
    state
}

fn logs() -> State {
    let mut state = after(&[Command::Logs]);
    let request = state.followed[0];
    let said = |what| vec![Said { source: 0, what }];
    let line = LogLine {
        at: Some(now()),
        pipe: Pipe::Err,
        bytes: [EVIL.as_bytes(), b"\xff\xfe", EVIL.repeat(9).as_bytes()].concat(),
    };
    for what in [Saying::Line(line), Saying::Note(EVIL.into())] {
        told(
            &mut state,
            Message::Logs(request, said(what), Turn::default()),
        );
    }
    state
}

fn planned() -> State {
    let mut state = at_home();
    let wanted = Wanted::Rollback {
        image: state.home.image.clone().expect("selected"),
        environment: state.home.environment.clone().expect("selected"),
        to: None,
    };
    let plan = plan(&state.fleet, &wanted);
    let anew = Some(EVIL.to_owned());
    state.dialog = Some(Dialog::Plan(Box::new(PlanDialog::new(wanted, plan, anew))));
    state
}

/// An operation of which every message means harm, as far as it has come.
fn operating(ended: bool) -> State {
    let mut state = planned();
    let Some(Dialog::Plan(dialog)) = state.dialog.take() else {
        unreachable!("a plan was opened");
    };
    let operation = Operation::starting(&dialog.plan, ago(41));
    let id = operation.id.clone();
    state.operations.push(operation);
    for progress in [
        Progress::Bytes {
            engine: evil_engine(&"e".into()),
            what: EVIL.into(),
            done: crate::model::bytes::Bytes(1),
            total: None,
        },
        Progress::Build(BuildStep {
            id: "1".into(),
            name: EVIL.into(),
            state: BuildState::Running,
        }),
        Progress::Log(EVIL.into()),
        Progress::Note(EVIL.into()),
        Progress::Undoing { why: EVIL.into() },
    ] {
        told(&mut state, Message::Progress(id.clone(), progress));
    }
    if ended {
        let report = Report {
            id,
            outcome: Outcome::Undone,
            summary: EVIL.into(),
            error: Some(EVIL.into()),
            events: Vec::new(),
            duration: Span::seconds(54),
        };
        told(&mut state, Message::Finished(report));
    }
    state
}

fn history() -> State {
    let mut state = after(&[Command::HistoryAll]);
    let mut events = events();
    for event in &mut events {
        event.who = EVIL.into();
        event.image = EVIL.into();
        event.environment = Some(EVIL.into());
        event.reason = Some(EVIL.into());
        event.error = Some(EVIL.into());
        event.log.push(EVIL.into());
        if let Some(version) = event.to.as_mut().and_then(|to| to.version.as_mut()) {
            *version = EVIL.into();
        }
    }
    told(
        &mut state,
        Message::History(HistoryFilter::default(), Ok(events)),
    );
    state
}

fn answered(
    message: impl FnOnce(Request) -> Message,
    dialog: impl FnOnce(Request) -> Dialog,
) -> State {
    let mut state = at_home();
    state.dialog = Some(dialog(Request(1)));
    told(&mut state, message(Request(1)));
    state
}

fn filtered() -> State {
    let mut state = at_home();
    typed(&mut state, EVIL);
    state
}

fn palette() -> State {
    let mut state = after(&[Command::Palette]);
    for c in "txt".chars() {
        let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        update(&mut state, Action::Type(key));
    }
    state
}

fn opened(mut state: State, command: Command) -> State {
    press(&mut state, command);
    state
}

/// A version of which everything means harm: names of files, instructions, settings,
/// packages.
fn anatomy(commands: &[Command]) -> State {
    let mut state = after(&[Command::Versions, Command::First]);
    let effects = update(&mut state, Action::Do(Command::Anatomy));
    let [Effect::Errand(Errand::Explain { request, .. })] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    told(
        &mut state,
        Message::Explained(*request, Ok(Arc::new(evil_report("1")))),
    );
    for command in commands {
        draw(&mut state, (200, 60));
        press(&mut state, *command);
    }
    state
}

fn evil_report(version: &str) -> crate::anatomy::Report {
    use super::anatomy::fixture::{Has, explained};
    let path = |text: &str| [text.as_bytes(), b"\xff\xfe", EVIL.as_bytes()].concat();
    let status = format!(
        "Package: {0}\nStatus: install ok installed\nVersion: 1.{version}{0}\n\n",
        EVIL.replace('\n', "")
    );
    let layers = vec![
        (
            EVIL.to_owned(),
            vec![
                (path("usr/"), Has::File(5_000_000, 1)),
                (path("usr/bin/gcc-"), Has::File(9_000_000, 2)),
                (path("usr/deep/"), Has::File(7, 3)),
                (b"var/lib/dpkg/status".to_vec(), Has::Text(status)),
            ],
        ),
        (
            format!("RUN {EVIL} TOKEN=ghp_0123456789abcdef0123456789abcdef0123 {EVIL}"),
            vec![
                (path("usr/bin/gcc-"), Has::File(9_000_001, 4)),
                (path("usr/deep/"), Has::Gone),
                (path("tmp/"), Has::Setuid(6_000_000)),
            ],
        ),
    ];
    explained(crate::model::digest::Digest::of(b"evil"), &layers, EVIL)
}

/// The same, compared with another.
fn comparison() -> State {
    let mut state = after(&[Command::Versions, Command::First]);
    let effects = update(&mut state, Action::Do(Command::Compare));
    let mut effects: Vec<Effect> = effects;
    for version in ["1", "2"] {
        let at = effects
            .iter()
            .position(|it| matches!(it, Effect::Errand(Errand::Explain { .. })))
            .expect("it is read");
        let Effect::Errand(Errand::Explain { request, .. }) = effects.remove(at) else {
            unreachable!("that is one");
        };
        let message = Message::Explained(request, Ok(Arc::new(evil_report(version))));
        effects.extend(update(&mut state, Action::Told(Box::new(message))));
    }
    let Some(Effect::Errand(Errand::Compare {
        request,
        before,
        after,
    })) = effects.pop()
    else {
        panic!("they are compared");
    };
    let found = crate::anatomy::report::Difference::of(before.0, after.0);
    told(&mut state, Message::Compared(request, Ok(Arc::new(found))));
    state
}

/// A file with such a name and such lines.
fn content() -> State {
    let mut state = anatomy(&[Command::NextField, Command::Open, Command::Down]);
    let effects = update(&mut state, Action::Do(Command::Open));
    let Some(Effect::Errand(Errand::ReadFile { request, .. })) = effects.first() else {
        panic!("{effects:?}");
    };
    let content = Content {
        text: format!("{EVIL}\n{}", EVIL.repeat(30)),
        cut: true,
        binary: false,
    };
    told(&mut state, Message::Content(*request, Ok(content)));
    state
}

/// Every view and dialog that shows something from outside.
#[expect(clippy::too_many_lines, reason = "a line for each: a table")]
fn everything() -> Vec<(&'static str, State)> {
    use Command as C;
    vec![
        ("home", at_home()),
        ("versions", after(&[C::Versions])),
        ("version", after(&[C::Versions, C::Open])),
        ("deployment", deployment()),
        ("logs", logs()),
        ("logs wrapped", opened(logs(), C::Wrap)),
        ("engines", after(&[C::Engines])),
        ("an engine", after(&[C::Engines, C::Open])),
        (
            "an engine that is down",
            after(&[C::Engines, C::Last, C::Open]),
        ),
        ("history", history()),
        ("event", opened(history(), C::Open)),
        ("home while something runs", operating(false)),
        ("operation", opened(operating(false), C::Operations)),
        (
            "operation that ended",
            opened(operating(true), C::Operations),
        ),
        ("home after an end", operating(true)),
        ("anatomy", anatomy(&[])),
        ("a layer", anatomy(&[C::Last])),
        ("files", anatomy(&[C::NextField, C::Open])),
        (
            "files of a layer",
            anatomy(&[C::Last, C::NextField, C::OnlyLayer, C::Open]),
        ),
        ("map", anatomy(&[C::Map, C::Open])),
        ("components", anatomy(&[C::Components])),
        ("packages", anatomy(&[C::Packages])),
        ("findings", anatomy(&[C::Findings])),
        (
            "explanation of a finding",
            anatomy(&[C::Findings, C::NextField]),
        ),
        ("comparison", comparison()),
        ("content", content()),
        ("plan", planned()),
        ("chooser", after(&[C::Versions, C::RollBack])),
        ("palette", palette()),
        ("filter", filtered()),
        ("filter kept", opened(filtered(), C::KeepFilter)),
        ("shell", after(&[C::Open, C::Shell])),
        ("throw-away shell", after(&[C::Versions, C::Shell])),
        ("ask leave", opened(operating(false), C::Leave)),
        ("ask recover", after(&[C::Recover])),
        (
            "planning",
            answered(
                |_| Message::Note(EVIL.into()),
                |request| Dialog::Planning {
                    request,
                    wanted: Wanted::Rebuild {
                        image: EVIL.into(),
                        no_cache: false,
                        pull: false,
                    },
                },
            ),
        ),
        (
            "refused",
            answered(
                |request| {
                    Message::Planned(
                        request,
                        Err(Refused {
                            sentence: EVIL.into(),
                        }),
                    )
                },
                |request| Dialog::Planning {
                    request,
                    wanted: Wanted::Rebuild {
                        image: EVIL.into(),
                        no_cache: false,
                        pull: false,
                    },
                },
            ),
        ),
        (
            "no shell",
            answered(
                |request| Message::Shell(request, Err(EVIL.into())),
                |request| Dialog::Opening {
                    request,
                    words: EVIL.into(),
                    environment: None,
                },
            ),
        ),
    ]
}

#[test]
fn nothing_from_outside_reaches_the_terminal_raw_or_breaks_a_row() {
    for (what, mut state) in everything().into_iter().chain(said::everything()) {
        for size in SIZES.into_iter().chain([(61, 17), (99, 29)]) {
            let top = draw(&mut state, size);
            harmless(&top, what);
            // What a view shows of it is made harmless, not left out.
            let seen = top
                .content
                .iter()
                .any(|cell| cell.symbol() == "版" || cell.symbol() == "␛");
            assert!(seen || size.0 < 100, "{what} shows nothing of it");
            if state.dialog.is_none() {
                press(&mut state, Command::Last);
                harmless(&draw(&mut state, size), what);
                press(&mut state, Command::First);
            }
        }
    }
    // It moved to a project that has nothing of this any more.
    let mut state = deployment();
    told(&mut state, Message::Fleet(Arc::new(fleet())));
    harmless(&draw(&mut state, (60, 16)), "gone");
}

#[test]
fn what_is_made_up_is_marked_so_on_every_view_and_dialog() {
    for (what, mut state) in everything().into_iter().chain(said::everything()) {
        state.demo = true;
        for size in [(60, 16), (100, 30), (200, 60)] {
            let screen = draw(&mut state, size);
            let marked = screen.content.windows(4).any(|cells| {
                cells
                    .iter()
                    .map(ratatui::buffer::Cell::symbol)
                    .eq(["D", "E", "M", "O"])
            });
            assert!(marked, "{what} at {size:?}");
        }
    }
}
