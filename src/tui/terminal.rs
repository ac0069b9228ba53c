//! The terminal itself: taken, and always given back: on leaving, on an error, on a panic,
//! on a signal, on Ctrl-Z.

use std::io::{self, IsTerminal, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EventStream,
};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute};
use futures_util::{Stream, StreamExt, stream};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::TuiError;
use super::event::Event;
use super::run::Host;

/// How long a terminal has to say what its background is. Those that never answer that
/// question answer the one after it, so that only a slow line is ever waited for.
const ASKED_FOR: Duration = Duration::from_millis(150);

/// Whether the terminal is ours just now: what the panic hook asks.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The thread that draws. Another thread's panic must not disturb the screen.
static DRAWS: Mutex<Option<ThreadId>> = Mutex::new(None);

/// What other threads said when they panicked, to be told when the terminal is back.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The terminal, while it is ours. Dropping it gives it back.
pub(crate) struct Guard {
    mouse: bool,
}

impl Guard {
    /// Takes the terminal's screen. From here on a panic gives it back before it speaks.
    /// Keys are not taken yet: that is [`Self::listen`].
    pub(crate) fn take(mouse: bool) -> Result<Self, TuiError> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(TuiError::NoTerminal);
        }
        hook_panics();
        show().map_err(TuiError::Terminal)?;
        Ok(Self { mouse })
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

/// Asks the terminal whether its background is light. One that does not answer in time is
/// taken for dark. Must not run while anything else reads the terminal.
pub(crate) fn is_light() -> bool {
    let mut options = QueryOptions::default();
    options.timeout = ASKED_FOR;
    matches!(theme_mode(options), Ok(ThemeMode::Light))
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

/// Everything the terminal and the system tell, until the terminal is gone.
///
/// Each source has a task that passes on what it hears. The terminal's must: crossterm's
/// stream remembers only the first waker it was polled with, so a loop that looks whether
/// there is more without waiting for it would never be woken again.
pub(crate) fn events(signals: Signals) -> impl Stream<Item = Event> + Unpin {
    let Signals {
        sender,
        mut receiver,
    } = signals;
    tokio::spawn(async move {
        let mut terminal = EventStream::new();
        while let Some(Ok(event)) = terminal.next().await {
            if sender.send(Event::Terminal(event)).await.is_err() {
                return;
            }
        }
        // Nobody is left to hear it if the loop has ended.
        drop(sender.send(Event::Closed).await);
    });
    stream::poll_fn(move |context| receiver.poll_recv(context))
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
