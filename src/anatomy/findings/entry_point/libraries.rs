//! The loader, the C library and the libraries that a program asks for.

use std::collections::HashSet;

use super::{Check, Search};
use crate::anatomy::components::PathText;
use crate::anatomy::findings::finding::{Finding, Places, Severity};
use crate::anatomy::findings::ids::FindingId;
use crate::anatomy::layer::program::Program;
use crate::anatomy::merged::{Entry, EntryId, Merged};
use crate::anatomy::resolve::Found;
use crate::model::text::printable;

/// How many libraries are followed.
const LIBRARIES: usize = 1_024;

impl<'a> Check<'a> {
    /// The loader that a program asks for. Says whether there is one, if it needs one.
    pub(super) fn loader(&mut self, entry: &Entry<'_>, interpreter: Option<&[u8]>) -> bool {
        let Some(interpreter) = interpreter else {
            return true;
        };
        if matches!(
            self.look(interpreter),
            Search::Found(_) | Search::NotExecutable(_)
        ) {
            return true;
        }
        let path = PathText(self.merged.path(entry.node));
        let loader = PathText(
            interpreter
                .strip_prefix(b"/")
                .unwrap_or(interpreter)
                .to_vec(),
        );
        let wants = Libc::of(interpreter);
        let has = self.libraries.keys().find_map(|name| Libc::of(name));
        let (id, title, remedy) = match (wants, has) {
            (Some(wants), Some(has)) if wants != has => (
                FindingId::WrongLibc,
                format!(
                    "{path} was built for {}, the image has {}",
                    wants.words(),
                    has.words()
                ),
                "Build it for the C library of the image, or static, or start from an image that has the one it was built for.",
            ),
            _ => (
                FindingId::InterpreterMissing,
                format!("{path} asks for the loader {loader}, which the image does not have"),
                "Build it static, or start from an image that has the loader and the C library.",
            ),
        };
        self.findings.push(
            Finding::new(id, Severity::High, title, remedy)
                .paths([path], 1)
                .at(self.places.layer(entry.layer)),
        );
        false
    }

    /// The libraries that a program asks for, and those that these ask for.
    pub(super) fn libraries(
        &mut self,
        entry: &Entry<'_>,
        needed: &[Vec<u8>],
        loader: Option<&[u8]>,
    ) {
        let musl = loader.and_then(Libc::of) == Some(Libc::Musl);
        let mut seen: HashSet<&[u8]> = HashSet::new();
        let mut ahead: Vec<&[u8]> = needed.iter().map(Vec::as_slice).collect();
        let mut missing: Vec<Vec<u8>> = Vec::new();
        let mut glibc = Glibc::default();
        glibc.ask(entry, self.known(entry));
        while let Some(name) = ahead.pop() {
            if seen.len() >= LIBRARIES || !seen.insert(name) || is_given(name, musl) {
                continue;
            }
            match self.library(name) {
                None => missing.push(name.to_vec()),
                Some(library) => {
                    let known = self.known(&library);
                    glibc.ask(&library, known);
                    if let Some(Program::Elf(elf)) = known {
                        ahead.extend(elf.needed.iter().map(Vec::as_slice));
                        if name == b"libc.so.6" {
                            glibc.there = elf.has_glibc;
                        }
                    }
                }
            }
        }
        self.findings
            .extend(glibc.finding(self.merged, self.places));
        if missing.is_empty() {
            return;
        }
        missing.sort_unstable();
        let path = PathText(self.merged.path(entry.node));
        let names: Vec<String> = missing
            .iter()
            .take(Finding::EXAMPLES)
            .map(|name| printable(&String::from_utf8_lossy(name)).into_owned())
            .collect();
        let title = format!(
            "{path} needs {}, which the image does not have",
            names.join(", ")
        );
        self.findings.push(
            Finding::new(
                FindingId::LibraryMissing,
                Severity::High,
                title,
                "Install the packages that bring them, or copy them from the stage that linked it.",
            )
            .paths([path], 1)
            .at(self.places.layer(entry.layer)),
        );
    }

    /// The file that is a library, wherever it lies: where the loader looks cannot be told for
    /// certain, and what lies nowhere it will not find.
    fn library(&self, name: &[u8]) -> Option<Entry<'a>> {
        let path = if name.contains(&b'/') {
            name.to_vec()
        } else {
            self.merged.path(*self.libraries.get(name)?)
        };
        match self.resolver.find(&path) {
            Some(Found::Entry(entry)) => Some(entry),
            _ => None,
        }
    }
}

/// Libraries that need not lie in the image: built into the loader, or given to the
/// container by whoever starts it.
fn is_given(name: &[u8], musl: bool) -> bool {
    let stem = name.split(|byte| *byte == b'.').next().unwrap_or_default();
    let built_in: [&[u8]; 8] = [
        b"libc",
        b"libpthread",
        b"librt",
        b"libm",
        b"libdl",
        b"libutil",
        b"libxnet",
        b"ld-musl-x86_64",
    ];
    let driver: [&[u8]; 3] = [b"libcuda", b"libnvidia-ml", b"libnvcuvid"];
    let is_loader = name.starts_with(b"ld-") || name.starts_with(b"linux-vdso");
    (musl && built_in.contains(&stem)) || driver.contains(&stem) || is_loader
}

/// Which version of glibc is asked for, and which is there.
#[derive(Default)]
struct Glibc {
    /// The newest, and the file that asks for it: the program, or one of its libraries.
    asked: Option<((u16, u16), EntryId)>,
    there: Option<(u16, u16)>,
}

impl Glibc {
    fn ask(&mut self, entry: &Entry<'_>, program: Option<&Program>) {
        let Some(Program::Elf(elf)) = program else {
            return;
        };
        // glibc's own parts ask each other for what they have.
        let Some(asked) = elf.needs_glibc.filter(|_| elf.has_glibc.is_none()) else {
            return;
        };
        if self.asked.is_none_or(|(newest, _)| newest < asked) {
            self.asked = Some((asked, entry.id));
        }
    }

    fn finding(&self, merged: &Merged, places: &Places<'_>) -> Option<Finding> {
        let (asked, by) = self.asked?;
        let there = self.there.filter(|there| *there < asked)?;
        let entry = merged.entry(by)?;
        let path = PathText(merged.path(entry.node));
        let (major, minor) = asked;
        let has = format!("{}.{}", there.0, there.1);
        let title = format!("{path} asks for glibc {major}.{minor}, the image has {has}");
        Some(
            Finding::new(
                FindingId::GlibcTooOld,
                Severity::High,
                title,
                "Build it on the base that it runs on, or start from a newer base.",
            )
            .paths([path], 1)
            .at(places.layer(entry.layer)),
        )
    }
}

/// A C library, by the name of its loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Libc {
    Glibc,
    Musl,
}

impl Libc {
    fn of(loader: &[u8]) -> Option<Self> {
        let name = loader.rsplit(|byte| *byte == b'/').next()?;
        if name.starts_with(b"ld-musl") {
            Some(Self::Musl)
        } else if name.starts_with(b"ld-linux") || name.starts_with(b"ld64.so") {
            Some(Self::Glibc)
        } else {
            None
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Glibc => "glibc",
            Self::Musl => "musl",
        }
    }
}
