//! The real loop, driven by keys, on a buffer instead of a terminal.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossterm::event::{
    Event as TerminalEvent, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};
use futures_util::stream;
use ratatui::Terminal;
use ratatui::backend::{Backend, ClearType, TestBackend, WindowSize};
use ratatui::buffer::Cell as Glyph;
use ratatui::layout::{Position, Size};
use tokio::io::AsyncReadExt as _;
use tokio::sync::{mpsc, watch};

use super::fixture::{fleet, now, state};
use super::hands::FakeHands;
use crate::model::event::Outcome;
use crate::model::fleet::Fleet;
use crate::model::plan::OperationId;
use crate::target::ShellControl;
use crate::tui::effect::{Confirmed, Errand, Recovered};
use crate::tui::event::Event;
use crate::tui::run::{Host, Input, Output, Outside, Talk, hear_out, run};
use crate::tui::state::{Ending, State};

/// A buffer that the test can read while the loop draws on it.
#[derive(Clone)]
pub(super) struct Shared(pub(super) Rc<RefCell<TestBackend>>);

impl Backend for Shared {
    type Error = Infallible;
    fn draw<'a, I>(&mut self, content: I) -> Result<(), Infallible>
    where
        I: Iterator<Item = (u16, u16, &'a Glyph)>,
    {
        self.0.borrow_mut().draw(content)
    }
    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        self.0.borrow_mut().hide_cursor()
    }
    fn show_cursor(&mut self) -> Result<(), Infallible> {
        self.0.borrow_mut().show_cursor()
    }
    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        self.0.borrow_mut().get_cursor_position()
    }
    fn set_cursor_position<P: Into<Position>>(&mut self, at: P) -> Result<(), Infallible> {
        self.0.borrow_mut().set_cursor_position(at)
    }
    fn clear(&mut self) -> Result<(), Infallible> {
        self.0.borrow_mut().clear()
    }
    fn clear_region(&mut self, part: ClearType) -> Result<(), Infallible> {
        self.0.borrow_mut().clear_region(part)
    }
    fn size(&self) -> Result<Size, Infallible> {
        self.0.borrow().size()
    }
    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        self.0.borrow_mut().window_size()
    }
    fn flush(&mut self) -> Result<(), Infallible> {
        self.0.borrow_mut().flush()
    }
}

#[derive(Default)]
struct FakeHost {
    copied: Rc<RefCell<Vec<String>>>,
    suspended: Rc<RefCell<usize>>,
    frames: Rc<RefCell<usize>>,
    heard: Rc<RefCell<String>>,
    away: bool,
    mouse: Rc<RefCell<Vec<bool>>>,
}

impl Host for FakeHost {
    fn copy(&mut self, text: &str) {
        self.copied.borrow_mut().push(text.to_owned());
    }
    fn suspend(&mut self) {
        *self.suspended.borrow_mut() += 1;
    }
    fn resume(&mut self) {}
    fn talk(&mut self, mut output: Output, _: Input, _: Arc<dyn ShellControl>) -> Talk {
        self.away = true;
        let heard = Rc::clone(&self.heard);
        Box::pin(async move {
            let mut buffer = [0; 64];
            loop {
                match output.read(&mut buffer).await {
                    Ok(0) => return Ok(()),
                    Ok(count) => heard
                        .borrow_mut()
                        .push_str(&String::from_utf8_lossy(&buffer[..count])),
                    Err(error) => return Err(error.to_string()),
                }
            }
        })
    }
    fn rouse(&mut self) {}
    fn back(&mut self) {
        self.away = false;
    }
    fn mouse(&mut self, wanted: bool) {
        self.mouse.borrow_mut().push(wanted);
    }
    fn frame(&mut self, begins: bool) {
        assert!(!self.away, "drawn over a shell");
        if begins {
            *self.frames.borrow_mut() += 1;
        }
    }
}

pub(super) struct Driver {
    events: mpsc::UnboundedSender<Event>,
    pub(super) screen: Shared,
    pub(super) hands: Arc<FakeHands>,
    fleets: watch::Sender<Arc<Fleet>>,
    pub(super) copied: Rc<RefCell<Vec<String>>>,
    suspended: Rc<RefCell<usize>>,
    frames: Rc<RefCell<usize>>,
    pub(super) heard: Rc<RefCell<String>>,
    mouse: Rc<RefCell<Vec<bool>>>,
}

impl Driver {
    pub(super) fn press(&self, code: KeyCode, modifiers: KeyModifiers) {
        let key = KeyEvent::new(code, modifiers);
        self.send(Event::Terminal(TerminalEvent::Key(key)));
    }
    pub(super) fn key(&self, code: KeyCode) {
        self.press(code, KeyModifiers::NONE);
    }
    pub(super) fn keys(&self, text: &str) {
        for c in text.chars() {
            self.key(KeyCode::Char(c));
        }
    }
    pub(super) fn send(&self, event: Event) {
        // The loop may have ended already.
        drop(self.events.send(event));
    }
    pub(super) fn text(&self) -> String {
        self.screen.0.borrow().to_string()
    }
    /// Waits until the screen shows something.
    pub(super) async fn sees(&self, wanted: &str) {
        for _ in 0..400 {
            if self.text().contains(wanted) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("`{wanted}` is not on the screen:\n{}", self.text());
    }
    /// Waits until the screen no longer shows something.
    pub(super) async fn gone(&self, unwanted: &str) {
        for _ in 0..400 {
            if !self.text().contains(unwanted) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("`{unwanted}` is still on the screen:\n{}", self.text());
    }
    /// Gives the loop time to do what it must not do.
    pub(super) async fn settle(&self) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    pub(super) fn fleet(&self, fleet: Fleet) {
        let fleet = Arc::new(fleet);
        *self.hands.fleet.lock().expect("not poisoned") = Arc::clone(&fleet);
        drop(self.fleets.send(fleet));
    }
}

/// Runs the loop beside a script. When the script ends without having left, the terminal
/// goes away.
pub(super) fn drive<F>(
    clumsy: bool,
    script: impl FnOnce(Driver) -> F,
) -> (Ending, State, Arc<FakeHands>)
where
    F: Future<Output = ()>,
{
    drive_from(state(fleet()), clumsy, script)
}

/// The same, from a state.
pub(super) fn drive_from<F>(
    mut state: State,
    clumsy: bool,
    script: impl FnOnce(Driver) -> F,
) -> (Ending, State, Arc<FakeHands>)
where
    F: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let mut events = stream::poll_fn(move |context| receiver.poll_recv(context));
        let screen = Shared(Rc::new(RefCell::new(TestBackend::new(100, 40))));
        let mut terminal = Terminal::new(screen.clone()).expect("a terminal");
        let (fleets, watching) = watch::channel(Arc::clone(&state.fleet));
        let hands = Arc::new(FakeHands {
            fleet: Mutex::new(Arc::clone(&state.fleet)),
            asked: Mutex::new(Vec::new()),
            recovers: Recovered {
                settled: vec!["one operation was undone".into()],
                left: vec!["prod-2 could not be looked at".into()],
                over: vec![OperationId("0123456789abcdef".into())],
            },
            cancelled: Mutex::new(Outcome::Cancelled),
            clumsy,
            shells: Arc::default(),
            voice: Mutex::default(),
        });
        let mut outside = Outside::new(hands.clone(), Arc::new(now), watching);
        let mut host = FakeHost::default();
        let driver = Driver {
            events: sender,
            screen,
            hands: Arc::clone(&hands),
            fleets,
            copied: Rc::clone(&host.copied),
            suspended: Rc::clone(&host.suspended),
            frames: Rc::clone(&host.frames),
            heard: Rc::clone(&host.heard),
            mouse: Rc::clone(&host.mouse),
        };
        let looped = run(
            &mut terminal,
            &mut events,
            &mut host,
            &mut state,
            &mut outside,
        );
        let (ending, ()) = tokio::join!(looped, script(driver));
        hear_out(
            &mut events,
            &mut state,
            &mut outside,
            Duration::from_secs(2),
        )
        .await;
        (ending.expect("no error"), state, hands)
    })
}

pub(super) fn is_plan(errand: &Errand) -> bool {
    matches!(errand, Errand::Plan(..))
}

#[test]
fn a_roll_back_wants_the_right_name_and_runs_the_very_plan() {
    let (_, _, hands) = drive(false, |it| async move {
        it.sees("shop-web").await;
        it.keys("r");
        it.sees("ROLL BACK in prod").await;
        // Cancel has the focus; a wrong name changes nothing.
        it.keys("production");
        it.key(KeyCode::Enter);
        it.sees("that is not prod: nothing was done").await;
        assert!(it.hands.ran().is_empty());
        for _ in 0.."uction".len() {
            it.key(KeyCode::Backspace);
        }
        it.key(KeyCode::Enter);
        it.sees("roll back shop-web in prod to 1.4.0").await;
        it.sees("lock").await;
    });
    let Confirmed::Deploy(mut shown) = super::fixture::plan(
        &fleet(),
        &crate::tui::effect::Wanted::Rollback {
            image: "shop-web".into(),
            environment: "prod".into(),
            to: None,
        },
    ) else {
        panic!("a deploy plan");
    };
    shown.reason = None;
    assert_eq!(hands.ran(), [Confirmed::Deploy(shown)]);
}

#[test]
fn enter_alone_cancels_and_so_does_escape() {
    let (_, state, hands) = drive(false, |it| async move {
        it.keys("r");
        it.sees("ROLL BACK in prod").await;
        it.key(KeyCode::Enter);
        it.gone("ROLL BACK").await;
        it.keys("r");
        it.sees("ROLL BACK in prod").await;
        it.keys("prod");
        it.key(KeyCode::Esc);
        it.gone("ROLL BACK").await;
    });
    assert!(state.dialog.is_none());
    assert!(hands.ran().is_empty());
}

#[test]
fn a_paste_types_but_never_confirms() {
    let (_, _, hands) = drive(false, |it| async move {
        it.keys("r");
        it.sees("ROLL BACK in prod").await;
        it.key(KeyCode::BackTab);
        it.key(KeyCode::BackTab);
        it.send(Event::Terminal(TerminalEvent::Paste(
            "prod\n\r\u{1b}[A".into(),
        )));
        it.settle().await;
    });
    assert!(hands.ran().is_empty());
}

#[test]
fn the_reason_goes_into_the_plan() {
    let (_, _, hands) = drive(false, |it| async move {
        it.key(KeyCode::Left);
        it.key(KeyCode::Char('p'));
        it.sees("PROMOTE from staging to prod").await;
        it.keys("prod");
        it.key(KeyCode::Tab);
        it.keys("carts are empty");
        it.key(KeyCode::Tab);
        it.key(KeyCode::Tab);
        it.key(KeyCode::Enter);
        it.sees("running for").await;
    });
    let ran = hands.ran();
    let [Confirmed::Deploy(plan)] = ran.as_slice() else {
        panic!("{ran:?}");
    };
    assert_eq!(plan.reason.as_deref(), Some("carts are empty"));
}

#[test]
fn a_fleet_that_moves_under_the_dialog_makes_the_plan_anew() {
    let (_, _, hands) = drive(false, |it| async move {
        it.keys("r");
        it.sees("ROLL BACK in prod").await;
        it.keys("prod");
        // Nothing of the plan moved: what was typed stays.
        let mut same = fleet();
        same.at += chrono::TimeDelta::seconds(5);
        it.fleet(same);
        it.settle().await;
        assert_eq!(it.hands.count(is_plan), 1);
        let mut moved = fleet();
        let deployment = moved.rows[2].cells[3].deployment.as_mut().expect("runs");
        deployment.replicas[0].container.id = "another".into();
        it.fleet(moved);
        it.sees("The fleet moved while you were looking").await;
        it.sees("was replaced by").await;
        assert_eq!(it.hands.count(is_plan), 2);
        // The name must be typed again, and Cancel has the focus.
        it.key(KeyCode::Enter);
        it.gone("ROLL BACK").await;
    });
    assert!(hands.ran().is_empty());
}

#[test]
fn the_selection_stays_on_the_same_thing() {
    let (_, state, _) = drive(false, |it| async move {
        it.sees("shop-web").await;
        let mut grown = fleet();
        let mut new = grown.rows[0].clone();
        new.image.name = "aaa-new".into();
        grown.rows.insert(0, new);
        grown.environments.rotate_right(1);
        for row in &mut grown.rows {
            row.cells.rotate_right(1);
        }
        it.fleet(grown.clone());
        it.sees("aaa-new").await;
        it.sees("shop-web in prod").await;
        // It goes: the selection falls on what took its place.
        grown.rows.pop();
        it.fleet(grown);
        it.sees("shop-base in prod").await;
    });
    assert_eq!(state.home.image, Some("shop-base".into()));
}

#[test]
fn leaving_while_something_runs_asks_and_cancels() {
    let (ending, _, hands) = drive(false, |it| async move {
        it.keys("r");
        it.sees("ROLL BACK in prod").await;
        it.keys("prod");
        it.key(KeyCode::Enter);
        it.sees("running for").await;
        it.keys("q");
        it.sees("Something still runs").await;
        // Stay has the focus.
        it.key(KeyCode::Enter);
        it.gone("Something still runs").await;
        it.keys("q");
        it.sees("Something still runs").await;
        it.key(KeyCode::Tab);
        it.key(KeyCode::Enter);
        it.settle().await;
    });
    assert_eq!(ending, Ending::Left);
    assert_eq!(hands.count(|it| matches!(it, Errand::Cancel(_))), 1);
}

#[test]
fn control_c_asks_then_cancels() {
    let (ending, state, _) = drive(false, |it| async move {
        it.keys("r");
        it.sees("ROLL BACK in prod").await;
        it.keys("prod");
        it.key(KeyCode::Enter);
        it.sees("running for").await;
        it.press(KeyCode::Char('c'), KeyModifiers::CONTROL);
        it.sees("Something still runs").await;
        it.press(KeyCode::Char('c'), KeyModifiers::CONTROL);
        it.settle().await;
    });
    assert_eq!(ending, Ending::Left);
    assert!(state.operations[0].report.is_some());
}

#[test]
fn leaving_when_nothing_runs_just_leaves() {
    for leave in [KeyCode::Char('q'), KeyCode::Char('c')] {
        let (ending, _, _) = drive(false, |it| async move {
            it.sees("shop-web").await;
            let control = leave == KeyCode::Char('c');
            let modifiers = if control {
                KeyModifiers::CONTROL
            } else {
                KeyModifiers::NONE
            };
            it.press(leave, modifiers);
            it.settle().await;
        });
        assert_eq!(ending, Ending::Left);
    }
}

#[test]
fn a_signal_ends_the_loop_and_cancels_what_runs() {
    let (ending, state, hands) = drive(false, |it| async move {
        it.keys("r");
        it.sees("ROLL BACK in prod").await;
        it.keys("prod");
        it.key(KeyCode::Enter);
        it.sees("running for").await;
        it.send(Event::Signal(15));
        it.settle().await;
    });
    assert_eq!(ending, Ending::Signal(15));
    // It was heard out: everything is as before.
    let report = state.operations[0].report.as_ref().expect("it has ended");
    assert_eq!(report.outcome, Outcome::Cancelled);
    assert_eq!(hands.count(|it| matches!(it, Errand::Cancel(_))), 1);
}

#[test]
fn hands_that_break_down_are_an_answer_too() {
    drive(true, |it| async move {
        it.keys("r");
        it.sees("ROLL BACK in prod").await;
        it.keys("prod");
        it.key(KeyCode::Enter);
        it.sees("needs recover").await;
        it.sees("karat itself failed here").await;
    });
}

#[test]
fn read_only_binds_nothing_dangerous() {
    let (_, _, hands) = drive(false, |it| async move {
        let mut closed = fleet();
        closed.environments[3].read_only = true;
        it.fleet(closed);
        it.sees("read-only").await;
        it.keys("r");
        it.sees("prod is read-only by the project file").await;
    });
    assert_eq!(hands.count(is_plan), 0);
}

#[test]
fn enter_goes_in_and_escape_comes_out() {
    let (_, state, hands) = drive(false, |it| async move {
        it.key(KeyCode::Enter);
        it.sees("replaceable").await;
        it.keys("v");
        it.sees("KNOWN GOOD").await;
        it.key(KeyCode::Enter);
        it.sees("Digests").await;
        for wanted in ["KNOWN GOOD", "replaceable", "shop-base"] {
            it.key(KeyCode::Esc);
            it.sees(wanted).await;
        }
        it.keys("y");
        it.settle().await;
        let copied = super::fixture::identity("shop-web", "1.4.1").to_string();
        assert_eq!(*it.copied.borrow(), [copied]);
        it.press(KeyCode::Char('z'), KeyModifiers::CONTROL);
        it.settle().await;
        assert_eq!(*it.suspended.borrow(), 1);
    });
    assert!(state.stack.is_empty());
    assert_eq!(
        hands.count(|it| matches!(it, Errand::LoadDetails { .. })),
        1
    );
}

#[test]
fn an_idle_screen_is_not_drawn_and_a_flood_is_folded() {
    drive(false, |it| async move {
        it.sees("shop-web").await;
        it.settle().await;
        let before = *it.frames.borrow();
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(*it.frames.borrow(), before, "drawn without a change");
        for second in 0..500 {
            let mut next = fleet();
            next.at += chrono::TimeDelta::seconds(second);
            it.fleet(next);
            tokio::task::yield_now().await;
        }
        it.settle().await;
        let drawn = *it.frames.borrow() - before;
        assert!(drawn < 250, "500 messages drew {drawn} frames");
    });
}

#[test]
fn the_mouse_selects_opens_and_scrolls_and_its_movements_cost_nothing() {
    let (_, state, _) = drive(false, |it| async move {
        it.sees("shop-web").await;
        it.settle().await;
        let mouse = |kind, column, row| {
            let event = MouseEvent {
                kind,
                column,
                row,
                modifiers: KeyModifiers::NONE,
            };
            it.send(Event::Terminal(TerminalEvent::Mouse(event)));
        };
        let before = *it.frames.borrow();
        for column in 0..50 {
            mouse(MouseEventKind::Moved, column, 3);
        }
        it.settle().await;
        assert_eq!(*it.frames.borrow(), before);
        let click = MouseEventKind::Down(MouseButton::Left);
        mouse(click, 14, 2);
        it.sees("shop-api in dev").await;
        mouse(MouseEventKind::ScrollDown, 14, 2);
        it.sees("shop-web in dev").await;
        mouse(click, 14, 2);
        it.sees("shop-api in dev").await;
        mouse(click, 14, 2);
        it.sees("Its container").await;
    });
    assert_eq!(state.stack.len(), 1);
}

#[test]
fn keys_do_nothing_dangerous_on_a_screen_too_small() {
    let (_, _, hands) = drive(false, |it| async move {
        it.sees("shop-web").await;
        it.screen.0.borrow_mut().resize(40, 10);
        it.send(Event::Terminal(TerminalEvent::Resize(40, 10)));
        it.sees("karat needs 60 columns").await;
        it.keys("r");
        it.settle().await;
    });
    assert_eq!(hands.count(is_plan), 0);
}

#[test]
fn colours_and_mouse_can_be_changed_while_it_runs() {
    let (_, state, _) = drive(false, |it| async move {
        it.sees("shop-web").await;
        it.press(KeyCode::Char('t'), KeyModifiers::CONTROL);
        it.sees("theme: light").await;
        it.keys("m");
        it.sees("text can be selected").await;
        it.keys("m");
        it.sees("the mouse clicks").await;
        assert_eq!(*it.mouse.borrow(), [false, true]);
        it.keys("q");
    });
    assert_eq!(state.theme.name, "light");
}

#[test]
fn what_ended_unseen_leaves_a_line_that_can_be_opened() {
    drive(false, |it| async move {
        it.sees("shop-web").await;
        it.keys("r");
        it.sees("ROLL BACK in prod").await;
        it.keys("prod");
        it.key(KeyCode::Enter);
        it.sees("lock").await;
        it.key(KeyCode::Esc);
        it.keys("o");
        it.sees("STATE").await;
        it.keys("c");
        it.sees("Cancel?").await;
        it.key(KeyCode::Right);
        it.key(KeyCode::Enter);
        it.sees("cancelled, undone: everything is as before  (o opens it)")
            .await;
        it.key(KeyCode::Esc);
        // Keys do not take it away; opening does.
        it.keys("kj");
        it.settle().await;
        it.sees("(o opens it)").await;
        it.keys("o");
        it.sees("took 1 s").await;
        it.gone("(o opens it)").await;
    });
}
