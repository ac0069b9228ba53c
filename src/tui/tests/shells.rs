//! Shells: asked for, confirmed, given the terminal, ended.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use crossterm::event::{KeyCode, KeyModifiers};

use super::driven::drive;
use super::fixture::{fleet, state};
use super::screens::{press, screen, told};
use crate::target::{Shell, ShellControl, TargetError, WindowSize};
use crate::tui::action::{Action, Command};
use crate::tui::effect::{Effect, Errand, Line, Message, ShellWish};
use crate::tui::event::Event;
use crate::tui::state::{Dialog, Ending, State};
use crate::tui::update::update;

/// Shells that were opened, and how many of them were ended.
#[derive(Default)]
pub(super) struct Shells {
    ended: Mutex<usize>,
    /// The other ends of those that do not end by themselves.
    open: Mutex<Vec<tokio::io::DuplexStream>>,
}

impl Shells {
    /// One in a container that runs says `hi2` and ends; a throw-away one stays.
    pub(super) fn open(self: &Arc<Self>, wish: &ShellWish) -> Line {
        let (near, mut far) = tokio::io::duplex(64);
        match wish {
            ShellWish::Inside { .. } => {
                tokio::spawn(async move {
                    use tokio::io::AsyncWriteExt as _;
                    far.write_all(b"hi2\r\n").await.expect("heard");
                });
            }
            ShellWish::ThrowAway { .. } => self.open.lock().expect("not poisoned").push(far),
        }
        let (output, input) = tokio::io::split(near);
        Line::new(Shell {
            output: Box::pin(output),
            input: Box::pin(input),
            control: Arc::new(Control(Arc::clone(self))),
        })
    }

    pub(super) fn ended(&self) -> usize {
        *self.ended.lock().expect("not poisoned")
    }
}

struct Control(Arc<Shells>);

#[async_trait]
impl ShellControl for Control {
    async fn resize(&self, _: WindowSize) -> Result<(), TargetError> {
        Ok(())
    }
    async fn end(&self) -> Result<Option<i64>, TargetError> {
        *self.0.ended.lock().expect("not poisoned") += 1;
        Ok(Some(0))
    }
}

fn is_shell(errand: &Errand) -> bool {
    matches!(errand, Errand::OpenShell(..))
}

/// The deployment of shop-web in prod, which is protected.
pub(super) fn deployment() -> State {
    let mut state = state(fleet());
    state.home.image = Some("shop-web".into());
    state.home.environment = Some("prod".into());
    press(&mut state, Command::Open);
    state
}

#[test]
fn a_protected_environment_wants_its_name_and_the_screen_comes_back() {
    let (_, state, hands) = drive(false, |it| async move {
        it.key(KeyCode::Enter);
        it.sees("replaceable").await;
        it.keys("x");
        it.sees("SHELL in").await;
        // Cancel has the focus.
        it.key(KeyCode::Enter);
        it.gone("SHELL in").await;
        it.keys("xprot");
        it.key(KeyCode::Enter);
        it.sees("that is not prod: nothing was done").await;
        assert_eq!(it.hands.count(is_shell), 0);
        it.key(KeyCode::Backspace);
        it.key(KeyCode::Backspace);
        it.keys("od");
        it.key(KeyCode::Enter);
        it.sees("exit code 0 of").await;
        assert_eq!(*it.heard.borrow(), "hi2\r\n");
        // Keys work at once.
        it.keys("v");
        it.sees("KNOWN GOOD").await;
    });
    assert_eq!(hands.count(is_shell), 1);
    assert_eq!(hands.shells.ended(), 1);
    assert!(state.dialog.is_none());
}

#[test]
fn a_signal_ends_the_shell_before_karat_ends() {
    let (ending, _, hands) = drive(false, |it| async move {
        it.keys("v");
        it.sees("KNOWN GOOD").await;
        it.keys("x");
        it.sees("SHELL in a throw-away").await;
        it.key(KeyCode::Tab);
        it.key(KeyCode::Enter);
        it.settle().await;
        assert_eq!(it.hands.count(is_shell), 1);
        assert_eq!(it.hands.shells.ended(), 0);
        // News is taken in while the shell has the terminal, and nothing is drawn.
        it.fleet(fleet());
        it.settle().await;
        it.send(Event::Signal(15));
        it.settle().await;
    });
    assert_eq!(ending, Ending::Signal(15));
    assert_eq!(hands.shells.ended(), 1);
}

#[test]
fn a_shell_nobody_waits_for_any_more_is_ended() {
    let mut state = deployment();
    press(&mut state, Command::Shell);
    let keys = "prod".chars().map(KeyCode::Char).chain([KeyCode::Enter]);
    let mut effects = Vec::new();
    for code in keys {
        let key = crossterm::event::KeyEvent::new(code, KeyModifiers::NONE);
        let action = crate::tui::keys::action_for(&state, key).expect("an action");
        effects = update(&mut state, action);
    }
    let [Effect::Errand(Errand::OpenShell(request, wish, _))] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert!(matches!(wish, ShellWish::Inside { id, .. } if !id.is_empty()));
    assert!(matches!(state.dialog, Some(Dialog::Opening { .. })));
    press(&mut state, Command::Back);
    assert!(state.dialog.is_none());
    let line = Line::new(Shell {
        output: Box::pin(tokio::io::empty()),
        input: Box::pin(tokio::io::sink()),
        control: Arc::new(Control(Arc::default())),
    });
    let message = Message::Shell(*request, Ok(line.clone()));
    let effects = update(&mut state, Action::Told(Box::new(message)));
    assert_eq!(effects, [Effect::HangUp(line)]);
}

#[test]
fn read_only_has_no_shells() {
    let mut state = deployment();
    state.read_only = true;
    press(&mut state, Command::Shell);
    assert!(state.dialog.is_none());
    assert!(
        state
            .note
            .as_ref()
            .expect("a note")
            .text
            .contains("read-only")
    );
    let mut closed = fleet();
    for environment in &mut closed.environments {
        environment.read_only = true;
    }
    state.read_only = false;
    told(&mut state, Message::Fleet(Arc::new(closed)));
    press(&mut state, Command::Versions);
    press(&mut state, Command::Shell);
    press(&mut state, Command::NextField);
    let effects = update(&mut state, Action::Do(Command::Open));
    assert!(effects.is_empty(), "{effects:?}");
    let text = screen(&mut state, 100, 30);
    assert!(text.contains("is read-only by the project file"), "{text}");
}

#[test]
fn the_settings_of_a_protected_environment_want_its_name() {
    let mut guarded = fleet();
    guarded.environments[0].protected = true;
    let mut state = state(guarded);
    press(&mut state, Command::Versions);
    press(&mut state, Command::Shell);
    let Some(Dialog::Shell(dialog)) = &state.dialog else {
        panic!("{:?}", state.dialog);
    };
    let typed: Vec<(bool, bool, &str)> = dialog
        .options
        .iter()
        .map(|option| {
            let like = match &option.wish {
                ShellWish::ThrowAway { like, .. } => like.is_some(),
                ShellWish::Inside { .. } => panic!("a throw-away one"),
            };
            let environment = option.environment.as_ref().expect("an engine of one");
            (option.typed, like, environment.as_str())
        })
        .collect();
    let with_settings: Vec<_> = typed.iter().filter(|(_, like, _)| *like).collect();
    assert!(with_settings.contains(&&(true, true, "dev")), "{typed:?}");
    let mut wrong = typed
        .iter()
        .filter(|(typed, like, environment)| *typed != (*like && *environment == "dev"));
    assert_eq!(wrong.next(), None, "{typed:?}");
    // Enter without the name opens nothing.
    let at = dialog.options.iter().position(|option| option.typed);
    for _ in 0..at.expect("one that wants a name") {
        press(&mut state, Command::Down);
    }
    press(&mut state, Command::PreviousField);
    let effects = update(&mut state, Action::Do(Command::Open));
    assert!(effects.is_empty(), "{effects:?}");
    let text = screen(&mut state, 100, 30);
    assert!(
        text.contains("dev is protected: type its name first"),
        "{text}"
    );
}
