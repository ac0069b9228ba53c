//! How quick and how quiet the whole program is, beside oxker in the same run, on the same
//! engine: from its start to the first words on screen, and what it takes when left alone.
//!
//! `cargo bench --bench program`; oxker (`cargo install oxker`) is found on the PATH. It
//! starts an engine of its own.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout
)]
#![allow(clippy::unwrap_used, clippy::panic)]

#[allow(unused_imports)]
#[path = "../../tests/support/mod.rs"]
mod support;

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use support::Engine;

const KARAT: &str = env!("CARGO_BIN_EXE_karat");

/// Starts of each program; they take turns.
const STARTS: usize = 40;

/// How long a program is left alone.
const ALONE: Duration = Duration::from_secs(60);

/// How many times faster the demo's hour passes. Its clock goes on as fast afterwards, so that
/// the ages on screen change, and are drawn, as many times more often than a reader's.
const SPEED: u32 = 60;

fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let home = tempfile::tempdir().expect("a folder");
    let engine = Engine::start();
    lay_demo_out(&engine, home.path());
    let folder = home.path().join("karat-demo");
    let karat = Program::new("karat", &[KARAT], &folder, &engine, home.path());
    let mut programs = vec![karat];
    match oxker() {
        Some(path) => programs.push(Program::new(
            "oxker",
            &[&path],
            &folder,
            &engine,
            home.path(),
        )),
        None => println!("oxker is not on the PATH: `cargo install oxker` to compare"),
    }
    first_words(&programs);
    println!("\nleft alone for {} s", ALONE.as_secs());
    for program in &programs {
        let mut running = program.start();
        running.words();
        // What happens at the start is not what it takes when left alone.
        std::thread::sleep(Duration::from_secs(3));
        alone(program.name, &running);
    }
    after_an_hour(&folder, &engine, home.path());
}

/// The demo fleet while its story goes on, and once it rests.
fn after_an_hour(folder: &Path, engine: &Engine, home: &Path) {
    let speed = SPEED.to_string();
    let words = [KARAT, "demo", "--speed", &speed];
    let demo = Program::new("karat demo", &words, folder, engine, home);
    let mut running = demo.start();
    running.words();
    let hour = Duration::from_secs(3_600 / u64::from(SPEED));
    let before = running.spent();
    std::thread::sleep(hour + Duration::from_secs(2));
    let took = running.spent().saturating_sub(before);
    println!(
        "\nan hour of demo events in {} s: {} ms of processor time, {:.1} MB resident",
        hour.as_secs() + 2,
        took.as_millis(),
        running.resident()
    );
    alone("after that hour", &running);
}

fn lay_demo_out(engine: &Engine, home: &Path) {
    let laid = Command::new(KARAT)
        .args(["demo", "--engine"])
        .current_dir(home)
        .env("DOCKER_HOST", engine.address())
        .env("KARAT_HOME", home)
        .output()
        .expect("karat runs");
    let said = String::from_utf8_lossy(&laid.stderr);
    assert!(laid.status.success(), "{said}");
}

fn oxker() -> Option<String> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join("oxker"))
        .find(|path| path.is_file())
        .map(|path| path.display().to_string())
}

/// From the start to the first words on screen.
fn first_words(programs: &[Program]) {
    let mut took: Vec<Vec<Duration>> = vec![Vec::new(); programs.len()];
    for _ in 0..STARTS {
        for (at, program) in programs.iter().enumerate() {
            let begun = Instant::now();
            let mut running = program.start();
            running.words();
            took[at].push(begun.elapsed());
        }
    }
    println!("from the start to the first words on screen, {STARTS} starts each, in turns");
    for (program, took) in programs.iter().zip(&mut took) {
        took.sort_unstable();
        println!(
            "  {:<8} median {:>7.1?}  fastest {:>7.1?}  slowest {:>7.1?}",
            program.name,
            took[took.len() / 2],
            took[0],
            took[took.len() - 1]
        );
    }
}

/// What a program takes when nobody touches it and nothing happens.
fn alone(name: &str, running: &Running) {
    let before = running.spent();
    std::thread::sleep(ALONE);
    let took = running.spent().saturating_sub(before);
    println!(
        "  {name:<28} {:.2} % of a core, {:.1} MB resident",
        took.as_secs_f64() * 100.0 / ALONE.as_secs_f64(),
        running.resident()
    );
}

struct Program {
    name: &'static str,
    command: CommandBuilder,
}

impl Program {
    fn new(
        name: &'static str,
        words: &[&str],
        folder: &Path,
        engine: &Engine,
        home: &Path,
    ) -> Self {
        let mut command = CommandBuilder::new(words[0]);
        command.args(&words[1..]);
        command.cwd(folder);
        command.env_clear();
        for (name, value) in [
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("TERM", "xterm-256color"),
            ("COLORTERM", "truecolor"),
            ("COLORFGBG", "15;0"),
            ("LANG", "C.UTF-8"),
            ("DOCKER_HOST", &engine.address()),
        ] {
            command.env(name, value);
        }
        for name in ["HOME", "KARAT_HOME"] {
            command.env(name, home);
        }
        Self { name, command }
    }

    fn start(&self) -> Running {
        let size = PtySize {
            rows: 30,
            cols: 120,
            ..PtySize::default()
        };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let child = pair
            .slave
            .spawn_command(self.command.clone())
            .expect("it starts");
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let mut writer = pair.master.take_writer().expect("a writer");
        let (sender, words) = mpsc::channel();
        std::thread::spawn(move || {
            let mut screen = vt100::Parser::new(cells(30), cells(120), 0);
            let mut bytes = [0; 65_536];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                screen.process(&bytes[..count]);
                if bytes[..count].windows(4).any(|it| it == b"\x1b[6n") {
                    drop(writer.write_all(b"\x1b[1;1R"));
                }
                let shown = screen.screen().contents();
                if shown.chars().filter(|c| c.is_alphabetic()).count() > 20 {
                    // Nobody may be waiting any more.
                    let _ = sender.send(());
                }
            }
        });
        Running {
            child,
            words,
            _master: pair.master,
        }
    }
}

fn cells(count: u16) -> std::num::NonZeroU16 {
    std::num::NonZeroU16::new(count).expect("some")
}

/// A program in a terminal; dropping it ends it.
struct Running {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    words: mpsc::Receiver<()>,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Running {
    /// Waits for words on its screen.
    fn words(&mut self) {
        self.words
            .recv_timeout(Duration::from_secs(20))
            .expect("words on the screen");
    }

    fn proc(&self, file: &str) -> String {
        let id = self.child.process_id().expect("it runs");
        std::fs::read_to_string(format!("/proc/{id}/{file}")).expect("it runs")
    }

    /// Processor time so far. The kernel counts in hundredths of a second.
    fn spent(&self) -> Duration {
        let stat = self.proc("stat");
        let after_name = stat.rsplit_once(") ").expect("a name").1;
        let fields: Vec<&str> = after_name.split(' ').collect();
        // utime and stime are the 14th and 15th of all, the 12th and 13th after the name.
        let ticks: u64 = fields[11..13]
            .iter()
            .map(|it| it.parse::<u64>().expect("a number"))
            .sum();
        Duration::from_millis(ticks * 10)
    }

    /// Memory, in megabytes of a million bytes.
    fn resident(&self) -> f64 {
        let status = self.proc("status");
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .expect("its memory");
        let kib: f64 = line
            .trim()
            .trim_end_matches(" kB")
            .parse()
            .expect("a number");
        kib * 1_024.0 / 1e6
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
