//! The terminal itself: taken, and always given back: on leaving, on an error, on a panic,
//! on a signal, on Ctrl-Z.

use std::io::{self, IsTerminal, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use crossterm::event::{
    self as terminal, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste,
};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute};
use futures_util::{Stream, stream};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use rustix::termios::{QueueSelector, tcflush};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use super::TuiError;
use super::background::{self, Ear, Heard};
use super::event::Event;
use super::reading::Reading;
use super::run::{Host, Input, Output, Talk};
use crate::target::ShellControl;

/// How long after the question an answer may still come in, once nobody reads any more.
const STILL_COMES: Duration = Duration::from_millis(100);

/// What `TERM` is where no cursor can be moved.
const NOT_DRAWN_ON: [&str; 2] = ["dumb", "unknown"];

/// Whether the terminal is ours just now: what the panic hook asks.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The thread that draws. Another thread's panic must not disturb the screen.
static DRAWS: Mutex<Option<ThreadId>> = Mutex::new(None);

/// What other threads said when they panicked, to be told when the terminal is back.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The terminal, while it is ours. Dropping it gives it back.
pub(crate) struct Guard {
    mouse: bool,
    reader: Option<Reader>,
    /// When it was asked for its background, until it has answered.
    asked: Arc<Mutex<Option<Instant>>>,
}

/// Whoever reads the terminal's events, and stops while a shell has the terminal.
struct Reader {
    /// Whether it is to stop.
    hold: watch::Sender<bool>,
    /// Whether it has.
    held: watch::Receiver<bool>,
}

impl Guard {
    /// Takes the terminal's screen. From here on a panic gives it back before it speaks.
    /// Keys are not taken yet: that is [`Self::listen`].
    pub(crate) fn take(mouse: bool, term: Option<&str>) -> Result<Self, TuiError> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(TuiError::NoTerminal);
        }
        if let Some(term) = term.filter(|term| NOT_DRAWN_ON.contains(term)) {
            return Err(TuiError::Dumb(term.to_owned()));
        }
        hook_panics();
        show().map_err(TuiError::Terminal)?;
        Ok(Self {
            mouse,
            reader: None,
            asked: Arc::default(),
        })
    }

    /// Takes keys, pastes and, if wanted, the mouse.
    pub(crate) fn listen(&self) -> io::Result<()> {
        enable_raw_mode()?;
        execute!(io::stdout(), EnableBracketedPaste)?;
        take_mouse(self.mouse)
    }

    /// What frames are drawn on.
    pub(crate) fn screen() -> Result<Terminal<CrosstermBackend<Stdout>>, TuiError> {
        Terminal::new(CrosstermBackend::new(io::stdout())).map_err(TuiError::Terminal)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.let_it_answer();
        give_back();
        let panics = std::mem::take(&mut *PANICS.lock().unwrap_or_else(PoisonError::into_inner));
        for panic in panics {
            drop(writeln!(
                io::stderr(),
                "karat: a background task failed, which is a bug: {panic}"
            ));
        }
    }
}

impl Guard {
    /// Asks the terminal for its background. The answer comes among the events.
    pub(crate) fn ask_background(&self) -> io::Result<()> {
        let mut out = io::stdout();
        out.write_all(background::QUESTION.as_bytes())?;
        out.flush()?;
        *self.asked() = Some(Instant::now());
        Ok(())
    }

    fn asked(&self) -> MutexGuard<'_, Option<Instant>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An answer that comes in when nobody reads any more would be taken for something
    /// typed at the shell. Who leaves at once waits a moment, and it is thrown away.
    fn let_it_answer(&self) {
        let Some(asked) = self.asked().take() else {
            return;
        };
        if asked.elapsed() < background::LISTENS {
            std::thread::sleep(STILL_COMES.saturating_sub(asked.elapsed()));
            // A terminal that has gone has nothing left to throw away.
            let _flushed = tcflush(io::stdin(), QueueSelector::IFlush);
        }
    }
}

fn show() -> io::Result<()> {
    *DRAWS.lock().unwrap_or_else(PoisonError::into_inner) = Some(std::thread::current().id());
    TAKEN.store(true, Ordering::SeqCst);
    execute!(io::stdout(), EnterAlternateScreen, cursor::Hide)
}

fn take_mouse(wanted: bool) -> io::Result<()> {
    let mut out = io::stdout();
    if !wanted {
        return execute!(out, DisableMouseCapture);
    }
    // Buttons and the wheel, not every movement as crossterm's own command asks for: a hand
    // on the mouse must not cost anything.
    write!(out, "\x1b[?1000h\x1b[?1006h")?;
    out.flush()
}

/// Undoes everything that was taken; each part even if another fails, and only once.
fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    drop(execute!(out, EndSynchronizedUpdate));
    drop(execute!(out, DisableMouseCapture));
    drop(execute!(out, DisableBracketedPaste));
    drop(execute!(out, LeaveAlternateScreen));
    drop(execute!(out, cursor::Show));
    drop(disable_raw_mode());
}

fn hook_panics() {
    static HOOKED: AtomicBool = AtomicBool::new(false);
    if HOOKED.swap(true, Ordering::SeqCst) {
        return;
    }
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let draws = *DRAWS.lock().unwrap_or_else(PoisonError::into_inner);
        let ours = draws == Some(std::thread::current().id());
        tracing::error!(panic = ?info.to_string(), "karat failed, which is a bug");
        if TAKEN.load(Ordering::SeqCst) && !ours {
            // The screen is still in use: say it later. Whoever waits for the task hears
            // of it by its handle.
            PANICS
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(info.to_string());
            return;
        }
        give_back();
        before(info);
    }));
}

impl Host for Guard {
    fn copy(&mut self, text: &str) {
        // OSC 52. A terminal that does not know it ignores it.
        let mut out = io::stdout();
        drop(write!(out, "\x1b]52;c;{}\x07", base64(text.as_bytes())).and_then(|()| out.flush()));
    }

    fn suspend(&mut self) {
        give_back();
        // To the whole group, as the terminal would: whoever started karat stops with it.
        // Should it be refused, karat just goes on.
        let _stopped = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
        // Another thread may be the one that takes the signal: it must have stopped us all
        // before the terminal is taken again.
        std::thread::sleep(Duration::from_millis(50));
        self.resume();
    }

    fn resume(&mut self) {
        // The shell changed the modes meanwhile: raw mode must be set anew, not kept.
        drop(disable_raw_mode());
        drop(show().and_then(|()| self.listen()));
    }

    fn mouse(&mut self, wanted: bool) {
        self.mouse = wanted;
        drop(take_mouse(wanted));
    }

    fn talk(&mut self, output: Output, input: Input, control: Arc<dyn ShellControl>) -> Talk {
        // Raw mode stays: keys are for the shell, Ctrl-C among them.
        let mut out = io::stdout();
        drop(execute!(
            out,
            EndSynchronizedUpdate,
            DisableMouseCapture,
            DisableBracketedPaste,
            LeaveAlternateScreen,
            cursor::Show
        ));
        let held = self.reader.as_ref().map(|reader| {
            reader.hold.send_replace(true);
            reader.held.clone()
        });
        Box::pin(async move {
            if let Some(mut held) = held {
                // An error: nobody reads at all.
                drop(held.wait_for(|held| *held).await);
            }
            // Not before: whoever reads this may type at once.
            drop(write!(
                out,
                "karat: this is the shell; it ends with `exit` or Ctrl-D\r\n"
            ));
            drop(out.flush());
            super::talk::talk(output, input, control).await
        })
    }

    fn rouse(&mut self) {
        drop(disable_raw_mode());
        drop(enable_raw_mode());
    }

    fn back(&mut self) {
        let mut out = io::stdout();
        // Whatever a program in there left behind: the scrolling region, another screen, the
        // keys' other codes, the mouse. The cursor stays below what was written: giving up the
        // region moves it home, and leaving a screen by 1049 to where it was long ago.
        drop(write!(
            out,
            "\x1b[0m\x1b7\x1b[r\x1b8\x1b[?1l\x1b>\x1b[?47l\r\n"
        ));
        drop(execute!(out, DisableMouseCapture));
        self.resume();
        if let Some(reader) = &self.reader {
            reader.hold.send_replace(false);
        }
    }

    fn frame(&mut self, begins: bool) {
        let mut out = io::stdout();
        drop(if begins {
            execute!(out, BeginSynchronizedUpdate)
        } else {
            execute!(out, EndSynchronizedUpdate)
        });
    }
}

/// The signals that are heard, and room for what the terminal will tell.
pub(crate) struct Signals {
    sender: mpsc::Sender<Event>,
    receiver: mpsc::Receiver<Event>,
}

/// Listens to signals: from here on none of them ends karat by itself.
pub(crate) fn signals() -> Result<Signals, TuiError> {
    let (sender, receiver) = mpsc::channel(64);
    for kind in [
        SignalKind::terminate(),
        SignalKind::hangup(),
        SignalKind::interrupt(),
    ] {
        listen(kind, &sender, Event::Signal(kind.as_raw_value()))?;
    }
    let continued = SignalKind::from_raw(rustix::process::Signal::CONT.as_raw());
    listen(continued, &sender, Event::Continued)?;
    Ok(Signals { sender, receiver })
}

impl Guard {
    /// Everything the terminal and the system tell, until the terminal is gone.
    ///
    /// Each source has a task that passes on what it hears. The terminal's must: crossterm's
    /// stream remembers only the first waker it was polled with, so a loop that looks whether
    /// there is more without waiting for it would never be woken again.
    pub(crate) fn events(&mut self, signals: Signals) -> impl Stream<Item = Event> + Unpin + use<> {
        let Signals {
            sender,
            mut receiver,
        } = signals;
        let (hold, holding) = watch::channel(false);
        let (holds, held) = watch::channel(false);
        self.reader = Some(Reader { hold, held });
        let asked = Arc::clone(&self.asked);
        tokio::spawn(async move {
            let mut sieve = Sieve::new(sender.clone(), asked);
            read(&mut sieve, holding, &holds).await;
            // Nobody is left to hear it if the loop has ended.
            drop(sender.send(Event::Closed).await);
        });
        stream::poll_fn(move |context| receiver.poll_recv(context))
    }
}

/// Passes the terminal's events on until it is gone, or nobody listens. While it is told to
/// hold, nothing is read: what is typed then is for somebody else.
async fn read(sieve: &mut Sieve, mut hold: watch::Receiver<bool>, held: &watch::Sender<bool>) {
    loop {
        let mut reading = Reading::begin();
        // Once the guard has gone nobody can hold any more.
        let mut guarded = true;
        while !(guarded && *hold.borrow_and_update()) {
            tokio::select! {
                biased;
                changed = hold.changed(), if guarded => guarded = changed.is_ok(),
                event = reading.next() => match event {
                    Some(Ok(event)) => {
                        if sieve.take(event).await.is_err() {
                            return;
                        }
                    }
                    Some(Err(_)) | None => return,
                },
                () = tokio::time::sleep(background::REST), if sieve.waits() => {
                    if sieve.give_up().await.is_err() {
                        return;
                    }
                }
            }
        }
        reading.stop().await;
        held.send_replace(true);
        let again = hold.wait_for(|hold| !*hold).await.is_ok();
        held.send_replace(false);
        if !again {
            return std::future::pending().await;
        }
    }
}

/// Passes events on, and picks the answer about the background out of them.
struct Sieve {
    sender: mpsc::Sender<Event>,
    asked: Arc<Mutex<Option<Instant>>>,
    ear: Ear,
}

/// Nobody listens any more.
struct Deaf;

impl Sieve {
    fn new(sender: mpsc::Sender<Event>, asked: Arc<Mutex<Option<Instant>>>) -> Self {
        Self {
            sender,
            asked,
            ear: Ear::default(),
        }
    }

    /// Whether an answer is listened for.
    fn listens(&self) -> bool {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some_and(|asked| asked.elapsed() < background::LISTENS)
    }

    /// Whether an answer has begun.
    const fn waits(&self) -> bool {
        self.ear.waits()
    }

    async fn take(&mut self, event: terminal::Event) -> Result<(), Deaf> {
        if !self.waits() && !self.listens() {
            return self.pass(vec![event]).await;
        }
        match self.ear.hear(event) {
            Heard::More => Ok(()),
            Heard::Keys(events) => self.pass(events).await,
            Heard::Answer(light) => {
                self.ear = Ear::default();
                *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = None;
                let said = Event::Background { light };
                self.sender.send(said).await.map_err(|_| Deaf)
            }
        }
    }

    /// The rest did not come: it was no answer.
    async fn give_up(&mut self) -> Result<(), Deaf> {
        let events = self.ear.give_back();
        self.pass(events).await
    }

    async fn pass(&self, events: Vec<terminal::Event>) -> Result<(), Deaf> {
        for event in events {
            let said = Event::Terminal(event);
            self.sender.send(said).await.map_err(|_| Deaf)?;
        }
        Ok(())
    }
}

/// Passes on a signal, every time it comes.
fn listen(kind: SignalKind, sender: &mpsc::Sender<Event>, event: Event) -> Result<(), TuiError> {
    let mut stream = signal(kind).map_err(TuiError::Signals)?;
    let sender = sender.clone();
    tokio::spawn(async move {
        while stream.recv().await.is_some() {
            if sender.send(event.clone()).await.is_err() {
                break;
            }
        }
    });
    Ok(())
}

/// Base 64, as OSC 52 wants it.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = (0..3).fold(0u32, |group, at| {
            group << 8 | u32::from(chunk.get(at).copied().unwrap_or(0))
        });
        for at in 0..4u32 {
            let six = usize::try_from(group >> (18 - 6 * at) & 63).unwrap_or(0);
            let padding = at as usize > chunk.len();
            let letter = LETTERS.get(six).copied().unwrap_or(b'A');
            text.push(if padding { '=' } else { char::from(letter) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_usual_one() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("sha256:ab", "c2hhMjU2OmFi"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
