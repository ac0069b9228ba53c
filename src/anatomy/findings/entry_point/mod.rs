//! Whether what the image starts can be started: it is there, may be executed, and has its
//! interpreter, C library and libraries.
//!
//! | file | subject |
//! |---|---|
//! | `libraries` | the loader, the C library and the libraries that a program asks for |

mod libraries;

use std::collections::HashMap;

use super::finding::{Finding, Places, Severity};
use super::ids::FindingId;
use super::shell::commands;
use crate::anatomy::components::PathText;
use crate::anatomy::image::{Presence, Settings};
use crate::anatomy::layer::index::Kind;
use crate::anatomy::layer::program::Program;
use crate::anatomy::merged::{Entry, Merged, NodeId, View};
use crate::anatomy::resolve::{Found, Resolver};
use crate::anatomy::whole::Anatomy;
use crate::model::text::printable;

/// What engines use where the image sets no PATH.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// How many interpreters of interpreters are followed, as by the kernel.
const DEPTH: usize = 4;
/// How many directories of PATH are looked into.
const DIRECTORIES: usize = 256;
/// Programs that start the one behind them and see to its children.
const INITS: &[&str] = &[
    "tini",
    "tini-static",
    "dumb-init",
    "catatonit",
    "docker-init",
];

pub(super) fn findings(
    anatomy: &Anatomy,
    view: &View,
    libraries: &HashMap<Vec<u8>, NodeId>,
    places: &Places<'_>,
) -> Vec<Finding> {
    let settings = &anatomy.facts.settings;
    let words: Vec<&str> = settings
        .entrypoint
        .iter()
        .chain(&settings.cmd)
        .map(String::as_str)
        .collect();
    let Some(first) = words.iter().position(|word| !word.is_empty()) else {
        return vec![Finding::new(
            FindingId::NothingToStart,
            Severity::Note,
            "The image has neither an entry point nor a command".to_owned(),
            "Set ENTRYPOINT or CMD, unless the image is only built upon.",
        )];
    };
    // What is not there may be in the layer that is not there.
    let absent = |layer: &crate::anatomy::image::LayerFacts| layer.presence != Presence::Present;
    if anatomy.facts.layers.iter().any(absent) {
        return Vec::new();
    }
    let mut check = Check {
        merged: &anatomy.merged,
        resolver: Resolver::new(&anatomy.merged, view),
        settings,
        libraries,
        places,
        findings: Vec::new(),
    };
    check.words(words.get(first..).unwrap_or_default());
    check.findings
}

struct Check<'a> {
    merged: &'a Merged,
    resolver: Resolver<'a>,
    settings: &'a Settings,
    libraries: &'a HashMap<Vec<u8>, NodeId>,
    places: &'a Places<'a>,
    findings: Vec<Finding>,
}

/// What a search for a program came to.
enum Search<'a> {
    Found(Entry<'a>),
    NotExecutable(Entry<'a>),
    Directory,
    Missing,
}

impl<'a> Check<'a> {
    fn words(&mut self, words: &[&str]) {
        let mut rest = words;
        for _ in 0..DEPTH {
            let Some((program, behind)) = rest.split_first() else {
                return;
            };
            if !self.start(program) {
                return;
            }
            let name = program.rsplit('/').next().unwrap_or(program);
            if matches!(name, "sh" | "bash" | "ash" | "dash") && behind.first() == Some(&"-c") {
                self.script(behind.get(1).copied().unwrap_or_default());
                return;
            }
            if !INITS.contains(&name) {
                return;
            }
            rest = behind_init(behind);
        }
    }

    /// The first command of a shell's script, where it is plain which file that is.
    fn script(&mut self, script: &str) {
        let first = commands(script).into_iter().next();
        let Some(word) = first.and_then(|command| command.words.into_iter().next()) else {
            return;
        };
        let plain = word.starts_with('/') && !word.contains(['$', '*', '?', '[', '`', '~', '{']);
        if plain {
            self.start(&word);
        }
    }

    /// Looks at what is started. Says whether there is any use in looking further.
    fn start(&mut self, program: &str) -> bool {
        let shown = printable(program).into_owned();
        let finding = match self.search(program.as_bytes()) {
            Search::Found(entry) => {
                self.program(&entry, 0);
                return true;
            }
            Search::NotExecutable(entry) => {
                let path = PathText(self.merged.path(entry.node));
                Finding::new(
                    FindingId::EntryPointNotExecutable,
                    Severity::High,
                    format!("{path}, which the image starts, may not be executed"),
                    "Set its mode where it is copied (COPY --chmod=755).",
                )
                .paths([path], 1)
                .at(self.places.layer(entry.layer))
            }
            // A volume may bring it.
            Search::Missing if self.in_volume(program) => return false,
            Search::Missing | Search::Directory if program.contains('/') => Finding::new(
                FindingId::EntryPointMissing,
                Severity::High,
                format!("{shown}, which the image starts, is not in it"),
                "Copy it to that path, or name the path where it is.",
            ),
            Search::Missing | Search::Directory => Finding::new(
                FindingId::EntryPointMissing,
                Severity::High,
                format!("{shown}, which the image starts, is nowhere on its PATH"),
                "Copy it to a directory on PATH, or name its whole path.",
            ),
        };
        self.findings.push(finding);
        false
    }

    fn in_volume(&self, program: &str) -> bool {
        let below = |volume: &String| {
            let volume = volume.trim_end_matches('/');
            program
                .strip_prefix(volume)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        self.settings.volumes.iter().any(below)
    }

    fn search(&self, program: &[u8]) -> Search<'a> {
        if program.contains(&b'/') {
            return self.look(&self.within_working_directory(program));
        }
        let set = self.settings.env.iter().rev();
        let path = set.into_iter().find_map(|it| it.strip_prefix("PATH="));
        let mut best = Search::Missing;
        for directory in path.unwrap_or(PATH).split(':').take(DIRECTORIES) {
            let mut candidate = self.within_working_directory(directory.as_bytes());
            candidate.push(b'/');
            candidate.extend_from_slice(program);
            match self.look(&candidate) {
                found @ Search::Found(_) => return found,
                other @ Search::NotExecutable(_) => best = other,
                Search::Directory | Search::Missing => {}
            }
        }
        best
    }

    fn within_working_directory(&self, path: &[u8]) -> Vec<u8> {
        if path.starts_with(b"/") {
            return path.to_vec();
        }
        let mut whole = self.settings.working_dir.as_bytes().to_vec();
        whole.push(b'/');
        whole.extend_from_slice(path);
        whole
    }

    fn look(&self, path: &[u8]) -> Search<'a> {
        match self.resolver.find(path) {
            None => Search::Missing,
            Some(Found::Directory) => Search::Directory,
            Some(Found::Entry(entry)) if !matches!(entry.kind, Kind::File | Kind::HardLink) => {
                Search::Missing
            }
            Some(Found::Entry(entry)) if !self.may_be_executed(&entry) => {
                Search::NotExecutable(entry)
            }
            Some(Found::Entry(entry)) => Search::Found(entry),
        }
    }

    /// Whether a file may be executed: of one with several names some archives tell the mode
    /// with the first alone.
    fn may_be_executed(&self, entry: &Entry<'_>) -> bool {
        let mut names = self.merged.names_of(entry.id);
        let may = |mode: u16| mode & 0o111 != 0;
        may(entry.mode) || names.any(|id| self.merged.entry(id).is_some_and(|it| may(it.mode)))
    }

    /// What is known of a program, under whichever of its names.
    fn known(&self, entry: &Entry<'_>) -> Option<&'a Program> {
        let other = || {
            let names = self.merged.names_of(entry.id);
            names.into_iter().find_map(|id| self.merged.program(id))
        };
        self.merged.program(entry.id).or_else(other)
    }

    fn program(&mut self, entry: &Entry<'_>, depth: usize) {
        if depth > DEPTH {
            return;
        }
        match self.known(entry) {
            Some(Program::Elf(elf)) => {
                let loader = elf.interpreter.as_deref();
                if self.loader(entry, loader) {
                    self.libraries(entry, &elf.needed, loader);
                }
            }
            Some(Program::Script(words)) => self.interpreter(entry, words, depth),
            None => {}
        }
    }

    /// The interpreter of a script.
    fn interpreter(&mut self, script: &Entry<'_>, words: &[u8], depth: usize) {
        let mut parts = words
            .split(|byte| matches!(byte, b' ' | b'\t'))
            .filter(|part| !part.is_empty());
        let Some(interpreter) = parts.next() else {
            return;
        };
        if !self.interpreter_is_there(script, interpreter, depth) {
            return;
        }
        let name = interpreter.rsplit(|byte| *byte == b'/').next();
        let is_program = |part: &&[u8]| !part.starts_with(b"-") && !part.contains(&b'=');
        if name == Some(b"env")
            && let Some(program) = parts.find(is_program)
        {
            self.interpreter_is_there(script, program, depth);
        }
    }

    fn interpreter_is_there(&mut self, script: &Entry<'_>, program: &[u8], depth: usize) -> bool {
        if let Search::Found(entry) = self.search(program) {
            self.program(&entry, depth + 1);
            return true;
        }
        let path = PathText(self.merged.path(script.node));
        let windows = program.ends_with(b"\r");
        let name = program.strip_suffix(b"\r").unwrap_or(program);
        let name = String::from_utf8_lossy(name);
        let shown = printable(&name);
        let (title, remedy) = if windows {
            (
                format!("{path} has line ends of Windows: the kernel looks for `{shown}␍`"),
                "Save it with line ends of Unix, and tell Git to keep them (*.sh text eol=lf).",
            )
        } else {
            (
                format!("{path} asks for {shown}, which the image does not have"),
                "Install it, or start a program that needs no interpreter.",
            )
        };
        self.findings.push(
            Finding::new(FindingId::InterpreterMissing, Severity::High, title, remedy)
                .paths([path], 1)
                .at(self.places.layer(script.layer)),
        );
        false
    }
}

/// What stands behind an init's own options.
fn behind_init<'a, 'w>(words: &'w [&'a str]) -> &'w [&'a str] {
    if let Some(end) = words.iter().position(|word| *word == "--") {
        let own = words.get(..end).unwrap_or_default();
        if own.iter().all(|word| word.starts_with('-')) {
            return words.get(end + 1..).unwrap_or_default();
        }
    }
    // An option may take the next word: then it is not known what follows.
    if words.first().is_some_and(|word| word.starts_with('-')) {
        return &[];
    }
    words
}
