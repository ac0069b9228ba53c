//! Contents as they pass: hashed all, looked into where they explain something.

use std::io;

use super::content::{self, ContentHasher};
use super::elf::{self, Budget, Capture};
use super::program::Program;
use crate::anatomy::limits::Limits;
use crate::anatomy::tar::{Piece, Reader, TarError};

/// The longest first line of a script that Linux looks at.
const LINE: usize = 256;
/// Holes of sparse files that are written out, so that they can be looked into.
const HOLES: u64 = 1 << 30;

/// What is wanted of a content besides its hash.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    /// All of it. It is no longer than what a [`Capture`] takes whole.
    pub(super) whole: bool,
    /// Its first line, where it is a script.
    pub(super) script: bool,
    /// What it says of itself, where it is a program.
    pub(super) program: bool,
}

/// What was found in a content.
pub(super) struct Read<'a> {
    pub(super) hash: u64,
    pub(super) whole: Option<&'a [u8]>,
    pub(super) program: Option<Program>,
}

/// Reads one content after the other, all in the same memory.
pub(super) struct Contents {
    hasher: ContentHasher,
    capture: Capture,
    budget: Budget,
    holes: u64,
}

impl Contents {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            hasher: ContentHasher::new(),
            capture: Capture::default(),
            budget: Budget::new(limits),
            holes: HOLES,
        }
    }

    /// Reads the content of the archive's entry, which is `size` long.
    pub(super) fn read(
        &mut self,
        tar: &mut Reader<impl io::Read>,
        size: u64,
        wanted: Wanted,
    ) -> Result<Read<'_>, TarError> {
        self.capture.begin(size);
        let mut capturing = wanted.whole || wanted.program;
        let mut at_once = None;
        while let Some(piece) = tar.piece()? {
            match piece {
                Piece::Data(data) => {
                    if data.len() as u64 == size {
                        at_once = Some(content::hash(data));
                    } else {
                        self.hasher.update(data);
                    }
                    if capturing {
                        self.capture.push(data);
                    }
                }
                Piece::Hole(length) => {
                    self.hasher.hole(length);
                    let written = self.capture.wants(length);
                    capturing = capturing && written <= self.holes;
                    if capturing {
                        self.holes -= written;
                        self.capture.hole(length);
                    }
                }
            }
            capturing = capturing && (wanted.whole || self.goes_on(wanted));
        }
        let hash = at_once.unwrap_or_else(|| self.hasher.finish());
        let begin = self.capture.begins();
        let program = if wanted.program && begin.starts_with(elf::MAGIC) && capturing {
            elf::read(self.capture.image(), &mut self.budget).map(Program::Elf)
        } else if wanted.script && begin.starts_with(b"#!") {
            Some(Program::Script(first_line(begin).to_vec()))
        } else {
            None
        };
        let whole = (wanted.whole && capturing).then(|| self.capture.image().whole());
        Ok(Read {
            hash,
            whole: whole.flatten(),
            program,
        })
    }

    /// Whether more of the content is of use: of a program all, of a script the first line.
    fn goes_on(&self, wanted: Wanted) -> bool {
        let begin = self.capture.begins();
        if begin.len() < elf::MAGIC.len() {
            return true;
        }
        begin.starts_with(elf::MAGIC)
            || wanted.script && begin.starts_with(b"#!") && begin.len() < LINE
    }
}

/// What stands behind `#!`.
fn first_line(begin: &[u8]) -> &[u8] {
    let line = begin.get(2..).unwrap_or_default();
    let line = line.get(..LINE - 2).unwrap_or(line);
    let line = line.split(|byte| *byte == b'\n' || *byte == 0).next();
    line.unwrap_or_default().trim_ascii()
}
