//! A terminal: the program runs in it, a test reads its screen and types.

use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::until;

/// How long anything on screen may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

pub(crate) const ENTER: &str = "\r";
pub(crate) const ESC: &str = "\x1b";
pub(crate) const TAB: &str = "\t";
pub(crate) const CTRL_C: &str = "\x03";
pub(crate) const CTRL_Z: &str = "\x1a";

/// A program in a terminal. Dropping it kills the program.
pub(crate) struct Term {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    writer: Hand,
    seen: Arc<Mutex<Seen>>,
    /// The modes of the terminal before the program came.
    modes: String,
}

type Hand = Arc<Mutex<Box<dyn Write + Send>>>;

/// What came out.
struct Seen {
    parser: vt100::Parser,
    raw: Vec<u8>,
    begun: Instant,
    /// The words to look out for, and when the screen first had them.
    mark: (String, Option<Duration>),
}

/// Environment variables.
pub(crate) type Variables = Vec<(String, String)>;

impl Term {
    /// Starts a program in a terminal of that many columns and rows, in a folder, with
    /// these variables and no others of the test's own.
    pub(crate) fn open(
        size: (u16, u16),
        words: &[&str],
        folder: &Path,
        variables: &Variables,
    ) -> Self {
        Self::watching(size, words, folder, variables, "\u{0}")
    }

    /// The same, taking the time until the screen has these words.
    pub(crate) fn watching(
        (columns, rows): (u16, u16),
        words: &[&str],
        folder: &Path,
        variables: &Variables,
        mark: &str,
    ) -> Self {
        let pair = native_pty_system()
            .openpty(pty_size(columns, rows))
            .expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(words[0]);
        command.args(&words[1..]);
        command.cwd(folder);
        command.env_clear();
        command.env("PATH", PATH);
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env("LANG", "C.UTF-8");
        for (name, value) in variables {
            command.env(name, value);
        }
        let modes = format!("{:?}", pair.master.get_termios());
        let seen = Arc::new(Mutex::new(Seen {
            parser: vt100::Parser::new(cells(rows), cells(columns), 0),
            raw: Vec::new(),
            begun: Instant::now(),
            mark: (mark.to_owned(), None),
        }));
        let writer: Hand = Arc::new(Mutex::new(pair.master.take_writer().expect("a writer")));
        let reader = pair.master.try_clone_reader().expect("a reader");
        let child = pair.slave.spawn_command(command).expect("it starts");
        let (shared, answers) = (seen.clone(), writer.clone());
        let background = variables
            .iter()
            .find(|(name, _)| name == BACKGROUND)
            .map_or("0000/0000/0000", |(_, colour)| colour.as_str())
            .to_owned();
        std::thread::spawn(move || read(reader, &shared, &answers, &background));
        Self {
            master: pair.master,
            child,
            writer,
            seen,
            modes,
        }
    }

    fn look<T>(&self, ask: impl FnOnce(&vt100::Screen) -> T) -> T {
        ask(self.seen.lock().expect("the screen").parser.screen())
    }

    /// The screen as text, a line each.
    pub(crate) fn text(&self) -> String {
        self.look(vt100::Screen::contents)
    }

    /// The screen, with all there is to it.
    pub(crate) fn screen(&self) -> vt100::Screen {
        self.look(Clone::clone)
    }

    /// Everything that came out so far, as it came.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().expect("the screen").raw).into_owned()
    }

    /// Waits until the screen is as wanted, and answers it.
    pub(crate) fn see(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let text = self.text();
            if wanted(&text) {
                return text;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{what}: not seen after {PATIENCE:?}. The screen:\n{text}"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until these words are on screen.
    pub(crate) fn sees(&self, words: &str) -> String {
        self.see(words, |text| text.contains(words))
    }

    /// Waits until these words are not on screen any more.
    pub(crate) fn misses(&self, words: &str) -> String {
        self.see(&format!("no `{words}`"), |text| !text.contains(words))
    }

    /// Types.
    pub(crate) fn keys(&self, keys: &str) {
        let mut writer = self.writer.lock().expect("a writer");
        writer.write_all(keys.as_bytes()).expect("it listens");
        writer.flush().expect("it listens");
    }

    /// Makes the terminal another size.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let mut seen = self.seen.lock().expect("the screen");
        seen.parser.set_size(cells(rows), cells(columns));
        self.master
            .resize(pty_size(columns, rows))
            .expect("a new size");
    }

    /// Forgets what is on screen, as if something else had been printed over it.
    pub(crate) fn forget(&self) {
        let mut seen = self.seen.lock().expect("the screen");
        let (rows, columns) = seen.parser.screen().size();
        seen.parser = vt100::Parser::new(rows, columns, 0);
    }

    /// The program's process.
    pub(crate) fn pid(&self) -> Pid {
        let id = self.child.process_id().expect("it runs");
        Pid::from_raw(i32::try_from(id).expect("small")).expect("a process id")
    }

    /// Sends the program a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it runs");
    }

    /// When the screen first had the words that were to be looked out for.
    pub(crate) fn marked(&self) -> Duration {
        until("the first frame", PATIENCE, || {
            self.seen.lock().expect("the screen").mark.1
        })
    }

    /// Waits for the program's end; answers its exit code.
    pub(crate) fn ends(&mut self) -> u32 {
        let screen = self.text();
        let child = &mut self.child;
        until(&format!("the end of karat at\n{screen}"), PATIENCE, || {
            child.try_wait().expect("a child")
        })
        .exit_code()
    }

    /// Types again and again until the program ends, and answers its exit code.
    pub(crate) fn ends_under(&mut self, keys: &str) -> u32 {
        until("the end of karat", PATIENCE, || {
            self.keys(keys);
            self.child.try_wait().expect("a child")
        })
        .exit_code()
    }

    /// The terminal is as it was before: no alternate screen, a cursor, no mouse, no
    /// bracketed paste, and the modes of the line.
    pub(crate) fn is_given_back(&self) {
        until("the terminal given back", PATIENCE, || {
            self.look(|screen| {
                let plain = !screen.alternate_screen()
                    && !screen.hide_cursor()
                    && !screen.bracketed_paste()
                    && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None;
                plain.then_some(())
            })
        });
        let raw = String::from_utf8_lossy(&self.seen.lock().expect("the screen").raw).into_owned();
        for (on, off) in [
            ("\x1b[?1049h", "\x1b[?1049l"),
            ("\x1b[?25l", "\x1b[?25h"),
            ("\x1b[?2004h", "\x1b[?2004l"),
            ("\x1b[?1000h", "\x1b[?1000l"),
            ("\x1b[?1006h", "\x1b[?1006l"),
        ] {
            let (on_at, off_at) = (raw.rfind(on), raw.rfind(off));
            assert!(
                off_at.is_some() && off_at >= on_at,
                "{off:?} does not undo {on:?}"
            );
        }
        assert_eq!(
            format!("{:?}", self.master.get_termios()),
            self.modes,
            "the modes of the line"
        );
    }
}

impl Drop for Term {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("not nothing")
}

fn pty_size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

/// Reads all that comes, until the terminal is closed, and answers what a terminal is asked.
/// The variable that says which background the terminal has, for the terminal itself.
pub(crate) const BACKGROUND: &str = "TEST_BACKGROUND";

/// Shows what the program writes, and answers what it asks, as terminals do: where the
/// cursor is, what the background is, what kind of terminal this is.
fn read(
    mut reader: Box<dyn std::io::Read + Send>,
    seen: &Mutex<Seen>,
    answers: &Hand,
    background: &str,
) {
    let mut bytes = [0_u8; 65_536];
    while let Ok(count @ 1..) = reader.read(&mut bytes) {
        let chunk = &bytes[..count];
        let mut seen = seen.lock().expect("the screen");
        seen.parser.process(chunk);
        seen.raw.extend_from_slice(chunk);
        if seen.mark.1.is_none() && seen.parser.screen().contents().contains(&seen.mark.0) {
            seen.mark.1 = Some(seen.begun.elapsed());
        }
        let asks = |what: &[u8]| chunk.windows(what.len()).any(|it| it == what);
        let mut answer = String::new();
        if asks(b"\x1b[6n") {
            let (row, column) = seen.parser.screen().cursor_position();
            answer += &format!("\x1b[{};{}R", row + 1, column + 1);
        }
        if asks(b"\x1b]10;?") {
            // The opposite of the background is near enough.
            let text = if background.starts_with('0') {
                "ffff/ffff/ffff"
            } else {
                "0000/0000/0000"
            };
            answer += &format!("\x1b]10;rgb:{text}\x07");
        }
        if asks(b"\x1b]11;?") {
            answer += &format!("\x1b]11;rgb:{background}\x07");
        }
        if asks(b"\x1b[c") {
            answer += "\x1b[?62;22c";
        }
        if !answer.is_empty() {
            let _ = answers
                .lock()
                .expect("a writer")
                .write_all(answer.as_bytes());
        }
    }
}
