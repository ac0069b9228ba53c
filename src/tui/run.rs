//! The loop: events and messages in, effects out, and a frame whenever something changed.
//!
//! A key draws at once. Messages draw when the last frame is ten milliseconds old, however
//! many there were. Without either there is a frame only when an age on screen changes.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, Stream, StreamExt};
use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::layout::{Position, Rect};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::model::event::Outcome;
use crate::model::fleet::Fleet;
use crate::model::log::{Said, Saying};
use crate::model::progress::Report;
use crate::model::time::{Span, Timestamp};

use super::Clock;
use super::action::Action;
use super::effect::{Confirmed, Effect, Errand, Hands, Line, Message, Recovered, Refused, Turn};
use super::event::{Event, action_for};
use super::state::{Ending, Layout, State};
use super::update::{looking, shell, update};
use super::views;
use crate::target::ShellControl;

/// Messages that may wait; more make their senders wait.
const WAITING: usize = 256;

/// The shortest time between two frames that no key asked for.
const FRAME: Duration = Duration::from_millis(10);

/// How long nobody may have done anything for what is on screen to be asked for.
const REST: Duration = Duration::from_millis(100);

/// What the loop wants from the terminal beyond drawing.
pub(crate) trait Host {
    /// Puts text on the clipboard.
    fn copy(&mut self, text: &str);
    /// Gives the terminal back, stops the process, and takes it again once continued.
    fn suspend(&mut self);
    /// Takes the terminal again after somebody else stopped and continued the process.
    fn resume(&mut self);
    /// Gives the terminal away to a shell, and answers with the work of talking to it. That
    /// ends when the shell's output does, or with what broke.
    fn talk(&mut self, output: Output, input: Input, control: Arc<dyn ShellControl>) -> Talk;
    /// The process was stopped and goes on while a shell has the terminal.
    fn rouse(&mut self);
    /// Takes the terminal again after a shell.
    fn back(&mut self);
    /// Takes clicks and the wheel, or leaves them to the terminal.
    fn mouse(&mut self, wanted: bool);
    /// A frame begins or ends: between the two, the terminal need not show anything.
    fn frame(&mut self, begins: bool);
}

/// What a shell writes.
pub(crate) type Output = Pin<Box<dyn AsyncRead + Send>>;
/// What is typed into a shell.
pub(crate) type Input = Pin<Box<dyn AsyncWrite + Send>>;
/// Talking to a shell, on the thread that draws.
pub(crate) type Talk = Pin<Box<dyn Future<Output = Result<(), String>>>>;

/// How long ending a shell may take: then the reader has the terminal again all the same.
const END_WITHIN: Duration = Duration::from_secs(15);

/// What the loop is connected to.
pub(crate) struct Outside {
    /// Whoever carries errands out.
    pub(crate) hands: Arc<dyn Hands>,
    /// What time it is.
    pub(crate) clock: Clock,
    /// New fleets.
    pub(crate) fleets: watch::Receiver<Arc<Fleet>>,
    /// Where answers go.
    sender: mpsc::Sender<Message>,
    /// Where answers come from.
    answers: mpsc::Receiver<Message>,
    /// Whether new fleets may still come.
    watching: bool,
    /// A shell that is to have the terminal, and what it is.
    shell: Option<(Line, String)>,
}

impl Outside {
    /// Connects.
    pub(crate) fn new(
        hands: Arc<dyn Hands>,
        clock: Clock,
        fleets: watch::Receiver<Arc<Fleet>>,
    ) -> Self {
        let (sender, answers) = mpsc::channel(WAITING);
        Self {
            hands,
            clock,
            fleets,
            sender,
            answers,
            watching: true,
            shell: None,
        }
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Sends an errand on its way. Should it break down, that is an answer too: whoever
    /// waits for it must not wait forever.
    fn send(&self, errand: Errand) {
        let work =
            tokio::spawn(Arc::clone(&self.hands).carry_out(errand.clone(), self.sender.clone()));
        let sender = self.sender.clone();
        tokio::spawn(async move {
            if let Err(broken) = work.await
                && broken.is_panic()
            {
                let answer = broken_down(errand, &broken.to_string());
                // Nobody is left to hear it once the channel is closed.
                drop(sender.send(answer).await);
            }
        });
    }
}

/// The answer of an errand that ended in a fault of karat itself.
fn broken_down(errand: Errand, fault: &str) -> Message {
    let sentence = format!("karat itself failed here, which is a bug: {fault}");
    match errand {
        Errand::Plan(request, _) => Message::Planned(request, Err(Refused { sentence })),
        Errand::Run(plan) => Message::Finished(Report {
            id: plan.id().clone(),
            outcome: match *plan {
                Confirmed::Deploy(_) => Outcome::NeedsRecover,
                Confirmed::Rebuild(_) | Confirmed::Publish(_) => Outcome::Failed,
            },
            summary: plan.summary(),
            error: Some(format!(
                "{sentence}; `karat recover` settles what was begun"
            )),
            events: Vec::new(),
            duration: Span::default(),
        }),
        Errand::LoadDetails { engine, container } => Message::Details {
            engine,
            container,
            answer: Err(sentence),
        },
        Errand::LoadHistory(filter) => Message::History(filter, Err(sentence)),
        Errand::Recover(_) => Message::Recovered(Recovered {
            left: vec![sentence.into()],
            ..Recovered::default()
        }),
        Errand::FollowLogs { request, .. } => {
            let said = Said {
                source: 0,
                what: Saying::Note(sentence),
            };
            Message::Logs(request, vec![said], Turn::default())
        }
        Errand::SaveLogs { .. } => Message::Saved(Err(sentence)),
        Errand::OpenShell(request, ..) => Message::Shell(request, Err(sentence)),
        Errand::Explain { request, .. } => Message::Explained(request, Err(sentence)),
        Errand::Compare { request, .. } => Message::Compared(request, Err(sentence)),
        Errand::ReadFile { request, .. } => Message::Content(request, Err(sentence)),
        Errand::Extract(_) => Message::Saved(Err(sentence)),
        Errand::Search(request, _) => Message::Found(request, Err(sentence)),
        Errand::Cancel(_)
        | Errand::LookAt { .. }
        | Errand::Refresh
        | Errand::Remember(..)
        | Errand::StopLogs(_)
        | Errand::StopExplaining(_) => Message::Note(sentence),
    }
}

/// What woke the loop.
enum Woken {
    Event(Event),
    Message(Message),
    Fleet(Arc<Fleet>),
    NoMoreFleets,
    Time,
}

/// Runs until somebody leaves. The first frame is drawn before anything is waited for.
pub(crate) async fn run<B, E>(
    terminal: &mut Terminal<B>,
    events: &mut E,
    host: &mut dyn Host,
    state: &mut State,
    outside: &mut Outside,
) -> Result<Ending, B::Error>
where
    B: Backend,
    E: Stream<Item = Event> + Unpin,
{
    state.now = outside.now();
    draw_now(terminal, host, state)?;
    let mut drawn = Instant::now();
    let mut dirty = false;
    let mut moved = drawn;
    while state.exit.is_none() {
        if let Some((line, words)) = outside.shell.take() {
            give_away(terminal, events, host, (state, outside), (&line, &words)).await?;
            dirty = true;
            continue;
        }
        if dirty && drawn.elapsed() >= FRAME {
            draw(terminal, host, state)?;
            (drawn, dirty) = (Instant::now(), false);
        }
        let mut deadline = drawn + if dirty { FRAME } else { until_it_ages(state) };
        if looking::due(state) {
            if moved.elapsed() >= REST {
                act(state, outside, host, Action::Rest);
            } else {
                deadline = deadline.min(moved + REST);
            }
        }
        let rests = deadline == moved + REST;
        let woken = wake(events, outside, deadline).await;
        state.now = outside.now();
        match woken {
            Woken::Event(event) => {
                moved = Instant::now();
                // Events that queued up meanwhile (a paste, a storm of sizes) are drawn once.
                let mut next = Some(event);
                let (mut taken, mut changed) = (0, false);
                while let Some(event) = next.take() {
                    changed |= handle(terminal, host, state, outside, event)?;
                    taken += 1;
                    if state.exit.is_none() && taken < 64 {
                        next = events.next().now_or_never().flatten();
                    }
                }
                if changed && state.exit.is_none() {
                    draw(terminal, host, state)?;
                    (drawn, dirty) = (Instant::now(), false);
                }
            }
            Woken::Message(message) => {
                act(state, outside, host, Action::Told(Box::new(message)));
                for _ in 0..WAITING {
                    match outside.answers.try_recv() {
                        Ok(next) => {
                            act(state, outside, host, Action::Told(Box::new(next)));
                        }
                        Err(_) => break,
                    }
                }
                dirty = true;
            }
            Woken::Fleet(fleet) => {
                let news = Box::new(Message::Fleet(fleet));
                act(state, outside, host, Action::Told(news));
                dirty = true;
            }
            Woken::NoMoreFleets => outside.watching = false,
            Woken::Time if dirty || rests => {}
            Woken::Time => {
                let now = state.now;
                act(state, outside, host, Action::Tick(now));
                draw(terminal, host, state)?;
                drawn = Instant::now();
            }
        }
    }
    Ok(state.exit.unwrap_or(Ending::Left))
}

/// Draws a frame at the size the terminal has now.
pub(crate) fn draw_now<B: Backend>(
    terminal: &mut Terminal<B>,
    host: &mut dyn Host,
    state: &mut State,
) -> Result<(), B::Error> {
    let size = terminal.size()?;
    state.size = (size.width, size.height);
    draw(terminal, host, state)
}

async fn wake<E>(events: &mut E, outside: &mut Outside, deadline: Instant) -> Woken
where
    E: Stream<Item = Event> + Unpin,
{
    tokio::select! {
        biased;
        event = events.next() => Woken::Event(event.unwrap_or(Event::Closed)),
        Some(message) = outside.answers.recv() => Woken::Message(message),
        changed = outside.fleets.changed(), if outside.watching => match changed {
            Ok(()) => Woken::Fleet(outside.fleets.borrow_and_update().clone()),
            Err(_) => Woken::NoMoreFleets,
        },
        () = tokio::time::sleep_until(deadline) => Woken::Time,
    }
}

/// How long what is on screen stays true, if nothing happens.
fn until_it_ages(state: &State) -> Duration {
    if state.layout.seconds || state.running().next().is_some() {
        Duration::from_secs(1)
    } else {
        Duration::from_secs(60)
    }
}

/// Does what an event means. Whether it meant anything.
fn handle<B: Backend>(
    terminal: &mut Terminal<B>,
    host: &mut dyn Host,
    state: &mut State,
    outside: &mut Outside,
    event: Event,
) -> Result<bool, B::Error> {
    let action = match event {
        Event::Terminal(event) => action_for(state, event),
        Event::Background { light } => Some(Action::Background { light }),
        Event::Signal(number) => Some(Action::Signal(number)),
        Event::Closed => Some(Action::Closed),
        Event::Continued => {
            host.resume();
            redraw_all(terminal)?;
            return Ok(true);
        }
    };
    let Some(action) = action else {
        return Ok(false);
    };
    if act(state, outside, host, action) {
        redraw_all(terminal)?;
    }
    Ok(true)
}

/// Something else was on the screen: forget what it showed. (`Terminal::clear` would ask the
/// terminal where its cursor is, and wait for an answer that the event reader swallows.)
fn redraw_all<B: Backend>(terminal: &mut Terminal<B>) -> Result<(), B::Error> {
    let size = terminal.size()?;
    terminal.resize(Rect::from((Position::ORIGIN, size)))
}

/// Updates the state and sends the effects on their way. Whether the terminal was given
/// away in between.
fn act(state: &mut State, outside: &mut Outside, host: &mut dyn Host, action: Action) -> bool {
    let mut away = false;
    for effect in update(state, action) {
        match effect {
            Effect::Errand(errand) => outside.send(errand),
            Effect::Copy(text) => host.copy(&text),
            Effect::Mouse(wanted) => host.mouse(wanted),
            Effect::Suspend => {
                host.suspend();
                away = true;
            }
            Effect::Shell(line, words) => outside.shell = Some((line, words)),
            Effect::HangUp(line) => {
                if let Some(shell) = line.take() {
                    // Nobody waits for it: what goes wrong is left to the next sweep.
                    tokio::spawn(async move { shell.control.end().await });
                }
            }
        }
    }
    away
}

/// Gives the terminal to a shell until it ends. Meanwhile news is taken in as ever, so that
/// nothing that runs has to wait; a signal ends the shell first.
async fn give_away<B, E>(
    terminal: &mut Terminal<B>,
    events: &mut E,
    host: &mut dyn Host,
    (state, outside): (&mut State, &mut Outside),
    (line, words): (&Line, &str),
) -> Result<(), B::Error>
where
    B: Backend,
    E: Stream<Item = Event> + Unpin,
{
    let Some(opened) = line.take() else {
        return Ok(());
    };
    let control = opened.control;
    let mut talk = host.talk(opened.output, opened.input, Arc::clone(&control));
    let mut signal = None;
    let parted = loop {
        let message = tokio::select! {
            biased;
            event = events.next() => match event.unwrap_or(Event::Closed) {
                event @ (Event::Signal(_) | Event::Closed) => {
                    signal = Some(event);
                    break Ok(());
                }
                Event::Continued => {
                    host.rouse();
                    continue;
                }
                // From before the shell had the terminal.
                Event::Terminal(_) | Event::Background { .. } => continue,
            },
            parted = &mut talk => break parted,
            Some(message) = outside.answers.recv() => message,
            changed = outside.fleets.changed(), if outside.watching => match changed {
                Ok(()) => Message::Fleet(outside.fleets.borrow_and_update().clone()),
                Err(_) => {
                    outside.watching = false;
                    continue;
                }
            },
        };
        state.now = outside.now();
        act(state, outside, host, Action::Told(Box::new(message)));
        if state.exit.is_some() {
            break Ok(());
        }
    };
    drop(talk);
    let ended = match tokio::time::timeout(END_WITHIN, control.end()).await {
        Ok(ended) => ended.map_err(|error| error.to_string()),
        Err(_) => Err("its end did not come in time".to_owned()),
    };
    if let Some(event) = signal {
        handle(terminal, host, state, outside, event)?;
        return Ok(());
    }
    host.back();
    let size = terminal.size()?;
    act(
        state,
        outside,
        host,
        Action::Resize(size.width, size.height),
    );
    shell::ended(state, words, &parted.and(ended));
    redraw_all(terminal)
}

fn draw<B: Backend>(
    terminal: &mut Terminal<B>,
    host: &mut dyn Host,
    state: &mut State,
) -> Result<(), B::Error> {
    let mut layout = Layout::default();
    host.frame(true);
    terminal.draw(|frame| layout = views::draw(frame, state))?;
    host.frame(false);
    state.adopt(layout);
    Ok(())
}

/// After the loop: what still runs is being cancelled; hears it out until all of it has
/// ended, or somebody insists on leaving.
pub(crate) async fn hear_out<E>(
    events: &mut E,
    state: &mut State,
    outside: &mut Outside,
    at_most: Duration,
) where
    E: Stream<Item = Event> + Unpin,
{
    for effect in update(state, Action::Closed) {
        if let Effect::Errand(errand) = effect {
            outside.send(errand);
        }
    }
    let deadline = Instant::now() + at_most;
    let mut listening = true;
    while state.running().next().is_some() {
        tokio::select! {
            event = events.next(), if listening => match event {
                Some(Event::Signal(_)) => return,
                Some(_) => {}
                None => listening = false,
            },
            message = outside.answers.recv() => match message {
                Some(message) => {
                    state.now = outside.now();
                    drop(update(state, Action::Told(Box::new(message))));
                }
                None => return,
            },
            () = tokio::time::sleep_until(deadline) => return,
        }
    }
}
