//! Logs: followed, searched, saved, let go.

use crossterm::event::{KeyCode, KeyModifiers};

use super::driven::drive;
use super::fixture::{fleet, said, state};
use super::screens::{press, screen, told};
use crate::model::log::{LogLine, Pipe, Said, Saying};
use crate::tui::action::{Action, Command};
use crate::tui::effect::{Effect, Errand, Message, Turn};
use crate::tui::state::{State, View};
use crate::tui::update::update;

/// The logs of shop-web in prod, which has two containers.
pub(super) fn opened() -> State {
    let mut state = state(fleet());
    state.home.image = Some("shop-web".into());
    state.home.environment = Some("prod".into());
    let effects = update(&mut state, Action::Do(Command::Logs));
    let [
        Effect::Errand(Errand::FollowLogs {
            request, sources, ..
        }),
    ] = effects.as_slice()
    else {
        panic!("{effects:?}");
    };
    assert_eq!(sources.len(), 2);
    let message = Message::Logs(*request, said(), Turn::default());
    told(&mut state, message);
    state
}

pub(super) fn typed(state: &mut State, text: &str) {
    press(state, Command::Search);
    for c in text.chars() {
        let key = crossterm::event::KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        let action = crate::tui::keys::action_for(state, key).expect("it is typed");
        update(state, action);
    }
}

#[test]
fn nothing_of_a_log_reaches_the_terminal_raw() {
    let mut state = opened();
    for wraps in [false, true] {
        if wraps {
            press(&mut state, Command::Wrap);
        }
        let text = screen(&mut state, 60, 16);
        for bad in ['\u{1b}', '\u{202e}', '\u{7}', '\r'] {
            assert!(!text.contains(bad), "{bad:?} reached the screen:\n{text}");
        }
        assert!(text.contains("100% of the"), "{text}");
        assert!(!text.contains("50%"), "{text}");
    }
}

#[test]
fn scrolling_stays_where_it_is_while_lines_come_and_the_end_follows() {
    let mut state = opened();
    screen(&mut state, 100, 30);
    press(&mut state, Command::PageUp);
    let before = screen(&mut state, 100, 30);
    assert!(before.contains("G follows"), "{before}");
    let request = state.followed[0];
    let more = |text: &str| {
        vec![Said {
            source: 0,
            what: Saying::Line(LogLine {
                at: None,
                pipe: Pipe::Out,
                bytes: text.as_bytes().to_vec(),
            }),
        }]
    };
    told(
        &mut state,
        Message::Logs(request, more("something new"), Turn::default()),
    );
    let after = screen(&mut state, 100, 30);
    let lines = |screen: &str| -> Vec<String> {
        screen.lines().skip(2).take(20).map(str::to_owned).collect()
    };
    assert_eq!(lines(&before), lines(&after));
    press(&mut state, Command::Last);
    let end = screen(&mut state, 100, 30);
    assert!(
        end.contains("something new") && end.contains("followed"),
        "{end}"
    );
}

#[test]
fn memory_is_bounded_and_what_was_dropped_is_said() {
    let mut state = opened();
    let request = state.followed[0];
    let line = |at: usize| Said {
        source: 0,
        what: Saying::Line(LogLine {
            at: None,
            pipe: Pipe::Out,
            bytes: format!("{at} {}", "x".repeat(990)).into_bytes(),
        }),
    };
    // A hundred megabytes.
    for batch in 0..1_000 {
        let said: Vec<Said> = (0..100).map(|at| line(batch * 100 + at)).collect();
        told(&mut state, Message::Logs(request, said, Turn::default()));
    }
    let Some(View::Logs(view)) = state.stack.last() else {
        panic!("the logs are open");
    };
    let bytes: usize = view.log.iter().map(|entry| entry.bytes.len()).sum();
    assert!(bytes <= 32 << 20, "{bytes} bytes are kept");
    let gone = view.log.gone();
    let shown = screen(&mut state, 100, 30);
    assert!(shown.contains(&format!("{gone} older dropped")), "{shown}");
    assert!(shown.contains("99999 xxx"), "{shown}");
}

#[test]
fn what_is_saved_is_what_is_shown_as_it_was_received() {
    let mut state = opened();
    let effects = update(&mut state, Action::Do(Command::Save));
    let [Effect::Errand(Errand::SaveLogs { name, lines })] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(name, "shop-web-prod");
    assert_eq!(lines.len(), 44);
    assert!(lines[40].bytes.starts_with(b"\x1b[31mError"));
    assert!(
        lines[40].before.contains("shop-web"),
        "{:?}",
        lines[40].before
    );
    press(&mut state, Command::NextField);
    let effects = update(&mut state, Action::Do(Command::Save));
    let [Effect::Errand(Errand::SaveLogs { name, lines })] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(name, "shop-web-prod-shop-web");
    assert_eq!(lines.len(), 22);
    assert_eq!(lines[0].before, "");
}

#[test]
fn logs_are_followed_searched_and_let_go() {
    let (_, state, hands) = drive(false, |it| async move {
        it.keys("L");
        it.sees("in 12 ms").await;
        it.sees("followed").await;
        it.keys("/error");
        it.sees("find: error").await;
        it.key(KeyCode::Enter);
        it.sees("“error” 1 of 1").await;
        it.keys("/");
        it.key(KeyCode::Esc);
        it.sees("“error” 1 of 1").await;
        it.press(KeyCode::Char('s'), KeyModifiers::CONTROL);
        it.sees("saved 44 lines to").await;
        it.key(KeyCode::Esc);
        it.sees("shop-base").await;
        it.settle().await;
    });
    assert!(state.stack.is_empty() && state.followed.is_empty());
    let asked = hands.asked.lock().expect("not poisoned");
    let mut following = None;
    let mut stopped = None;
    for errand in asked.iter() {
        match errand {
            Errand::FollowLogs { request, .. } => following = Some(*request),
            Errand::StopLogs(request) => stopped = Some(*request),
            _ => {}
        }
    }
    assert!(following.is_some());
    assert_eq!(following, stopped);
}

#[test]
fn a_container_that_comes_later_is_followed_too() {
    let mut state = opened();
    let mut more = fleet();
    let row = more
        .rows
        .iter_mut()
        .find(|row| row.image.name == "shop-web".into());
    let row = row.expect("shop-web");
    let replicas = &mut row.cells[3].deployment.as_mut().expect("it runs").replicas;
    let mut third = replicas[0].clone();
    third.container.name = "shop-web-3".into();
    replicas.push(third);
    let fleet = std::sync::Arc::new(more);
    let message = Message::Fleet(std::sync::Arc::clone(&fleet));
    let effects = update(&mut state, Action::Told(Box::new(message)));
    let [
        Effect::Errand(Errand::FollowLogs {
            request, sources, ..
        }),
    ] = effects.as_slice()
    else {
        panic!("{effects:?}");
    };
    assert_eq!(sources.len(), 1);
    assert_eq!(sources[0].1, "shop-web-3");
    let line = Said {
        source: 0,
        what: Saying::Line(LogLine {
            at: None,
            pipe: Pipe::Out,
            bytes: b"here I am".to_vec(),
        }),
    };
    told(
        &mut state,
        Message::Logs(*request, vec![line], Turn::default()),
    );
    let shown = screen(&mut state, 100, 30);
    assert!(shown.contains("3 containers"), "{shown}");
    let line = shown.lines().find(|line| line.contains("here I am"));
    assert!(
        line.is_some_and(|line| line.contains("shop-web-3 ")),
        "{shown}"
    );
    // The same fleet again asks for nothing; leaving lets go of both.
    let message = Message::Fleet(fleet);
    assert_eq!(
        update(&mut state, Action::Told(Box::new(message))),
        Vec::new()
    );
    let effects = update(&mut state, Action::Do(Command::Back));
    let stopped = |effect: &&Effect| matches!(effect, Effect::Errand(Errand::StopLogs(_)));
    assert_eq!(effects.iter().filter(stopped).count(), 2);
}

#[test]
fn an_operations_log_is_searched_too() {
    drive(false, |it| async move {
        it.keys("r");
        it.sees("ROLL BACK in prod").await;
        it.keys("prod");
        it.key(KeyCode::Enter);
        it.sees("running for").await;
        it.keys("n");
        it.sees("nothing is searched for yet").await;
        it.keys("/nowhere");
        it.key(KeyCode::Enter);
        it.sees("“nowhere” not found").await;
        it.keys("/");
        for _ in 0.."nowhere".len() {
            it.key(KeyCode::Backspace);
        }
        it.key(KeyCode::Enter);
        it.gone("nowhere").await;
    });
}
