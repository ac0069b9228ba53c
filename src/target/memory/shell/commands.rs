//! The commands of a made-up shell. They tell of the container what is simulated of it, and
//! change nothing.

use std::sync::PoisonError;

use super::files::{Found, resolve};
use super::place::Place;
use super::words::{self, Joint};
use super::{APP_LOG, NOT_MADE_UP};
use crate::target::memory::interior::File;

/// What a command was asked to do and could not.
const FAILED: i64 = 1;
/// The shell did not understand.
const MISUSED: i64 = 2;
/// There is no such command.
const NOT_FOUND: i64 = 127;

/// An empty screen, and the cursor at its top.
pub(super) const CLEAR: &str = "\x1b[H\x1b[2J";

/// Lines `tail` shows.
const TAIL: usize = 10;

/// Commands, and what they do.
pub(super) const COMMANDS: [(&str, &str); 20] = [
    ("cat FILE…", "what files say"),
    ("cd [DIR]", "go to a directory"),
    ("clear", "an empty screen"),
    ("date", "the time, by the demo's clock"),
    (
        "echo [WORD…]",
        "write words; $NAME is a variable, $? how the last command ended",
    ),
    ("env", "environment variables"),
    ("exit [CODE]", "back to karat"),
    ("false", "fail"),
    ("help", "this"),
    ("hostname", "what this container is called inside"),
    ("id", "the user, with numbers"),
    ("ls [-la] [DIR…]", "what is in a directory"),
    ("printenv NAME", "one environment variable"),
    ("ps", "processes"),
    ("pwd", "the directory"),
    ("stty size", "rows and columns of this terminal"),
    ("tail [-n N] FILE", "the last lines of a file"),
    ("true", "do nothing"),
    ("uname [-amnrs]", "the system"),
    ("whoami", "the user"),
];

/// What is worked out anew each time.
pub(super) struct Now {
    /// The time.
    pub(super) time: String,
    /// What the app has printed so far.
    pub(super) log: Option<String>,
}

/// What came of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ran {
    /// What is written, with plain line ends.
    pub(super) text: String,
    /// The shell ends, with this code.
    pub(super) exit: Option<i64>,
}

/// What came of one command.
type Done = (String, i64);

impl Place {
    /// Carries a line out.
    pub(super) fn run(&mut self, line: &str, now: &Now) -> Ran {
        let mut ran = Ran::default();
        let calls = match words::calls(line) {
            Ok(calls) => calls,
            Err(why) => {
                self.status = MISUSED;
                ran.text = format!("sh: {why}\n");
                return ran;
            }
        };
        for call in calls {
            let wanted = match call.joint {
                Joint::Always => true,
                Joint::IfDone => self.status == 0,
                Joint::IfFailed => self.status != 0,
            };
            if !wanted {
                continue;
            }
            let value = |name: &str| self.value(name);
            let words: Vec<String> = call
                .words
                .iter()
                .filter_map(|word| word.expand(value))
                .collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let Some((name, rest)) = words.split_first() else {
                self.status = 0;
                continue;
            };
            if *name == "exit" {
                match self.exit(rest) {
                    Ok(code) => {
                        ran.exit = Some(code);
                        return ran;
                    }
                    Err(why) => {
                        ran.text.push_str(&why);
                        self.status = MISUSED;
                    }
                }
                continue;
            }
            let (text, status) = self.command(name, rest, now);
            ran.text.push_str(&text);
            self.status = status;
        }
        ran
    }

    fn value(&self, name: &str) -> String {
        match name {
            "?" => self.status.to_string(),
            "PWD" => self.folder.clone(),
            _ => self.variables.get(name).cloned().unwrap_or_default(),
        }
    }

    fn exit(&self, rest: &[&str]) -> Result<i64, String> {
        let Some(code) = rest.first() else {
            return Ok(self.status);
        };
        match code.parse::<u32>() {
            // As much of it as an exit code has room for.
            Ok(code) => Ok(i64::from(code & 0xff)),
            Err(_) => Err(format!("sh: exit: Illegal number: {code}\n")),
        }
    }

    fn command(&mut self, name: &str, rest: &[&str], now: &Now) -> Done {
        let done = |text: String| (text, 0);
        match name {
            "help" => done(help()),
            "true" | ":" => done(String::new()),
            "false" => (String::new(), FAILED),
            "clear" => done(CLEAR.to_owned()),
            "echo" => done(echo(rest)),
            "env" => done(self.env()),
            "printenv" => match rest.first() {
                None => done(self.env()),
                Some(name) if *name == "PWD" || self.variables.contains_key(*name) => {
                    done(format!("{}\n", self.value(name)))
                }
                Some(_) => (String::new(), FAILED),
            },
            "hostname" => done(format!("{}\n", self.hostname)),
            "whoami" => done(format!("{}\n", self.user)),
            "id" => {
                let (user, number) = (&self.user, if self.user == "root" { 0 } else { 1_000 });
                done(format!(
                    "uid={number}({user}) gid={number}({user}) groups={number}({user})\n"
                ))
            }
            "pwd" => done(format!("{}\n", self.folder)),
            "date" => done(format!("{}\n", now.time)),
            "ps" => done(self.processes()),
            "stty" => self.terminal(rest),
            "uname" => self.system(rest),
            "cd" => self.go(rest),
            "ls" => self.list(rest),
            "cat" => self.show(rest, now),
            "tail" => self.tail(rest, now),
            _ => (format!("sh: {name}: not found\n"), NOT_FOUND),
        }
    }

    fn env(&self) -> String {
        let mut all: Vec<String> = self
            .variables
            .iter()
            .map(|(name, value)| format!("{name}={value}\n"))
            .collect();
        all.push(format!("PWD={}\n", self.folder));
        all.sort();
        all.concat()
    }

    fn processes(&self) -> String {
        let line = |number: u32, what: &str| format!("{number:>5} {:<8} {what}\n", self.user);
        let mut text = format!("{:>5} {:<8} COMMAND\n", "PID", "USER");
        match &self.app {
            Some(app) => {
                text.push_str(&line(1, app));
                text.push_str(&line(41, "sh"));
                text.push_str(&line(42, "ps"));
            }
            None => {
                text.push_str(&line(1, "sh"));
                text.push_str(&line(7, "ps"));
            }
        }
        text
    }

    fn terminal(&self, rest: &[&str]) -> Done {
        if rest != ["size"] {
            return ("stty: only `stty size` is made up\n".to_owned(), FAILED);
        }
        let size = self.size.lock().unwrap_or_else(PoisonError::into_inner);
        (format!("{} {}\n", size.rows, size.columns), 0)
    }

    fn system(&self, rest: &[&str]) -> Done {
        let (system, machine) = self.platform.split_once('/').unwrap_or(("linux", ""));
        let system = if system == "linux" { "Linux" } else { system };
        let machine = match machine {
            "amd64" => "x86_64",
            "arm64" => "aarch64",
            other => other,
        };
        let mut wanted: String = rest.concat().replace('-', "").replace('a', "snrm");
        if wanted.is_empty() {
            wanted.push('s');
        }
        if let Some(other) = wanted.chars().find(|letter| !"snrm".contains(*letter)) {
            return (format!("uname: invalid option -- '{other}'\n"), FAILED);
        }
        let parts = [
            ('s', system),
            ('n', &self.hostname),
            ('r', "demo"),
            ('m', machine),
        ];
        let parts: Vec<&str> = parts
            .into_iter()
            .filter(|(letter, part)| wanted.contains(*letter) && !part.is_empty())
            .map(|(_, part)| part)
            .collect();
        (format!("{}\n", parts.join(" ")), 0)
    }

    fn go(&mut self, rest: &[&str]) -> Done {
        let to = rest.first().copied().unwrap_or(&self.home);
        let path = resolve(&self.folder, to);
        match self.files.find(&path) {
            Some(Found::Folder) => {
                self.folder = path;
                (String::new(), 0)
            }
            Some(Found::File(_)) => (format!("sh: cd: {to}: Not a directory\n"), FAILED),
            None => (format!("sh: cd: {to}: No such file or directory\n"), FAILED),
        }
    }

    fn list(&self, rest: &[&str]) -> Done {
        let (options, paths): (Vec<&str>, Vec<&str>) =
            rest.iter().partition(|word| word.starts_with('-'));
        let has = |letter| options.iter().any(|word| word.contains(letter));
        let (long, all) = (has('l'), has('a'));
        let here = ["."];
        let paths = if paths.is_empty() { &here[..] } else { &paths };
        let (mut text, mut status) = (String::new(), 0);
        for path in paths {
            let absolute = resolve(&self.folder, path);
            match self.files.find(&absolute) {
                Some(Found::Folder) => {
                    if paths.len() > 1 {
                        text.push_str(&format!("{path}:\n"));
                    }
                    let entries = self.files.list(&absolute).into_iter();
                    let shown: Vec<(&str, Option<&File>)> = entries
                        .filter(|(name, _)| all || !name.starts_with('.'))
                        .collect();
                    text.push_str(&listed(&shown, long));
                }
                Some(Found::File(file)) => text.push_str(&listed(&[(*path, Some(file))], long)),
                None => {
                    text.push_str(&format!("ls: {path}: No such file or directory\n"));
                    status = FAILED;
                }
            }
        }
        (text, status)
    }

    /// What a file says, or why not.
    fn read(&self, path: &str, now: &Now) -> Result<String, String> {
        let absolute = resolve(&self.folder, path);
        if absolute == APP_LOG
            && let Some(log) = &now.log
        {
            return Ok(log.clone());
        }
        match self.files.find(&absolute) {
            None => Err(format!("{path}: No such file or directory")),
            Some(Found::Folder) => Err(format!("{path}: Is a directory")),
            Some(Found::File(file)) => file
                .text
                .clone()
                .ok_or_else(|| format!("{path}: {NOT_MADE_UP}")),
        }
    }

    fn show(&self, rest: &[&str], now: &Now) -> Done {
        if rest.is_empty() {
            return (
                "cat: name a file: nothing is typed into commands here\n".to_owned(),
                FAILED,
            );
        }
        let (mut text, mut status) = (String::new(), 0);
        for path in rest {
            match self.read(path, now) {
                Ok(said) => text.push_str(&said),
                Err(why) => {
                    text.push_str(&format!("cat: {why}\n"));
                    status = FAILED;
                }
            }
        }
        (text, status)
    }

    fn tail(&self, rest: &[&str], now: &Now) -> Done {
        let (count, path) = match rest {
            ["-n", count, path] => (count.parse::<usize>().ok(), *path),
            [path] => (Some(TAIL), *path),
            _ => (None, ""),
        };
        let Some(count) = count else {
            return ("usage: tail [-n N] FILE\n".to_owned(), FAILED);
        };
        match self.read(path, now) {
            Ok(text) => {
                let left_out = text.lines().count().saturating_sub(count);
                let lines = text.lines().skip(left_out);
                (lines.map(|line| format!("{line}\n")).collect(), 0)
            }
            Err(why) => (format!("tail: {why}\n"), FAILED),
        }
    }
}

fn help() -> String {
    let mut text = String::from("This shell is made up, like the container it is in. It knows:\n");
    for (usage, what) in COMMANDS {
        text.push_str(&format!("  {usage:<18}{what}\n"));
    }
    text.push_str(&format!(
        "Commands are joined by `;`, `&&` and `||`. {APP_LOG} is what the app has printed.\n"
    ));
    text
}

fn echo(rest: &[&str]) -> String {
    match rest.split_first() {
        Some((&"-n", rest)) => rest.join(" "),
        _ => format!("{}\n", rest.join(" ")),
    }
}

/// Entries of a directory.
fn listed(entries: &[(&str, Option<&File>)], long: bool) -> String {
    entries
        .iter()
        .map(|(name, file)| match (long, file) {
            (false, Some(_)) => format!("{name}\n"),
            (false, None) => format!("{name}/\n"),
            (true, None) => format!("drwxr-xr-x {:<5} {:>10} {name}\n", "root", 4_096),
            (true, Some(file)) => {
                let link = file.link.as_ref();
                format!(
                    "{}{} {:<5} {:>10} {name}{}\n",
                    if link.is_some() { 'l' } else { '-' },
                    permissions(file.mode),
                    file.owner,
                    file.bytes,
                    link.map(|to| format!(" -> {to}")).unwrap_or_default()
                )
            }
        })
        .collect()
}

/// `rwxr-xr-x`.
fn permissions(mode: u16) -> String {
    (0..9)
        .rev()
        .zip("rwxrwxrwx".chars())
        .map(|(bit, letter)| if mode >> bit & 1 == 1 { letter } else { '-' })
        .collect()
}
