//! Talking to a shell: what is typed goes to it, what it writes goes to the terminal, and its
//! own terminal is always as large as this one.
//!
//! The terminal is read without blocking, through a file of its own: a thread that waits in
//! `read` would take the first key after the shell has ended.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::run::{Input, Output};
use crate::target::{ShellControl, WindowSize};

/// Bytes passed on at once.
const CHUNK: usize = 16 * 1024;

/// Talks until the shell writes no more, or something breaks.
pub(super) async fn talk(
    output: Output,
    input: Input,
    control: Arc<dyn ShellControl>,
) -> Result<(), String> {
    let broken = |error: io::Error| format!("this terminal cannot be read: {error}");
    let terminal = Terminal::open().map_err(broken)?;
    let sizes = signal(SignalKind::window_change()).map_err(broken)?;
    tokio::select! {
        heard = hear(&terminal, output) => heard,
        gone = say(&terminal, input) => gone,
        () = fit(control, sizes) => Ok(()),
    }
}

/// What the shell writes.
async fn hear(terminal: &Terminal, mut output: Output) -> Result<(), String> {
    let mut buffer = vec![0; CHUNK];
    loop {
        let count = output
            .read(&mut buffer)
            .await
            .map_err(|error| format!("the line to the shell broke: {error}"))?;
        if count == 0 {
            return Ok(());
        }
        terminal
            .write_all(buffer.get(..count).unwrap_or_default())
            .await
            .map_err(|error| format!("this terminal cannot be written to: {error}"))?;
    }
}

/// What is typed. Ends only when this terminal does.
async fn say(terminal: &Terminal, mut input: Input) -> Result<(), String> {
    let mut buffer = vec![0; CHUNK];
    loop {
        let count = terminal
            .read(&mut buffer)
            .await
            .map_err(|error| format!("this terminal cannot be read: {error}"))?;
        if count == 0 {
            return Err("this terminal has gone".to_owned());
        }
        let typed = buffer.get(..count).unwrap_or_default();
        let sent = async {
            input.write_all(typed).await?;
            input.flush().await
        };
        if sent.await.is_err() {
            // It has ended or its line broke: what it writes last says which.
            std::future::pending::<()>().await;
        }
    }
}

/// Keeps the shell's terminal as large as this one.
async fn fit(control: Arc<dyn ShellControl>, mut sizes: Signal) {
    loop {
        if let Ok((columns, rows)) = crossterm::terminal::size() {
            // A shell of the wrong size is still a shell.
            drop(control.resize(WindowSize { columns, rows }).await);
        }
        if sizes.recv().await.is_none() {
            return std::future::pending().await;
        }
    }
}

/// The terminal, read and written without blocking. Its mode is nobody else's: whoever
/// shares the terminal does not share this file.
struct Terminal(AsyncFd<OwnedFd>);

impl Terminal {
    fn open() -> io::Result<Self> {
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        // By its own name where it has one here: not every system can wait on /dev/tty.
        let named = rustix::termios::ttyname(io::stdin(), Vec::new())
            .and_then(|name| rustix::fs::open(&*name, flags, Mode::empty()));
        let file = match named {
            Ok(file) => file,
            Err(_) => rustix::fs::open("/dev/tty", flags, Mode::empty())?,
        };
        #[expect(
            deprecated,
            reason = "its successor is unsafe only because of what no owned file does: change underneath"
        )]
        Ok(Self(AsyncFd::new(file)?))
    }

    async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut ready = self.0.readable().await?;
            let read = ready.try_io(|file| Ok(rustix::io::read(file.get_ref(), &mut *buffer)?));
            match read {
                // A terminal that has gone reads as an error of its own.
                Ok(Err(error))
                    if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) =>
                {
                    return Ok(0);
                }
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(read) => return read,
                Err(_) => {}
            }
        }
    }

    async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let mut ready = self.0.writable().await?;
            match ready.try_io(|file| Ok(rustix::io::write(file.get_ref(), bytes)?)) {
                Ok(Ok(count)) => bytes = bytes.get(count..).unwrap_or_default(),
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Err(error),
                Err(_) => {}
            }
        }
        Ok(())
    }
}
