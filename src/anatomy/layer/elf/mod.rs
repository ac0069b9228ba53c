//! What a program says of itself: ELF, looked into while it passes.
//!
//! A parser of our own, for what is wanted is little and the files are hostile: every number
//! is checked against what is there, the work is bounded by the bytes that are there, and
//! what is copied out of all programs of a layer by a [`Budget`].

mod auditable;
mod capture;
mod file;
mod go;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;

use super::program::Elf;
use crate::anatomy::limits::Limits;
pub(super) use capture::{Capture, Image};
use file::File;

/// What every ELF file begins with.
pub(super) const MAGIC: &[u8] = b"\x7fELF";

/// Libraries that one file may ask for, and how long a name may be.
const LIBRARIES: usize = 1024;
const NAME: u64 = 4096;

/// What may be copied out of all programs of one layer.
pub(super) struct Budget {
    left: u64,
}

impl Budget {
    pub(super) const fn new(limits: &Limits) -> Self {
        Self {
            left: limits.program_bytes,
        }
    }

    /// Takes so much, where there is so much left.
    fn take(&mut self, bytes: u64) -> Option<()> {
        self.left = self.left.checked_sub(bytes)?;
        Some(())
    }

    /// A copy, where there is room for it.
    fn copy(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.take(bytes.len() as u64)?;
        Some(bytes.to_vec())
    }
}

/// Reads what is wanted of a program. Nothing, when it only begins like one.
pub(super) fn read(image: &Image, budget: &mut Budget) -> Option<Elf> {
    let file = File::new(image)?;
    let mut elf = Elf {
        linked: file.is_linked(),
        interpreter: file.interpreter().and_then(|path| budget.copy(path)),
        ..Elf::default()
    };
    for name in file.needed().take(LIBRARIES) {
        let Some(name) = budget.copy(name) else {
            elf.opaque = true;
            break;
        };
        elf.needed.push(name);
    }
    let mut go = file.writable_begin();
    match file.sections() {
        None => elf.opaque = true,
        Some(sections) => {
            elf.symbol_bytes = sections.symbol_bytes();
            elf.debug_bytes = sections.debug_bytes();
            go = sections.named(b".go.buildinfo").or(go);
            elf.cargo_auditable = sections
                .named(b".dep-v0")
                .and_then(|packed| auditable::unpack(packed, budget));
        }
    }
    elf.go = go.and_then(|section| go::build(&file, section, budget));
    Some(elf)
}
