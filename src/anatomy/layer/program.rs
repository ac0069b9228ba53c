//! What an executable says of itself.

use serde::{Deserialize, Serialize};

/// An executable file, by its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Program {
    /// A binary of Linux.
    Elf(Elf),
    /// A script: the words behind `#!`.
    Script(Vec<u8>),
}

/// An ELF file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elf {
    /// `PT_INTERP`: the loader it asks for. Static ones have none.
    pub interpreter: Option<Vec<u8>>,
    /// Libraries it asks for by name; empty when it was too large to look inside.
    pub needed: Vec<Vec<u8>>,
    /// Bytes of `.symtab` and `.strtab`: what `strip` would free.
    pub symbol_bytes: u64,
    /// Bytes of `.debug_*` and `.zdebug_*`.
    pub debug_bytes: u64,
    /// Whether it can be started: not an object file, nor a core.
    pub linked: bool,
    /// Its sections could not be looked at: too large, or damaged.
    pub opaque: bool,
    /// The newest version of glibc's symbols that it cannot do without: 2.34.
    pub needs_glibc: Option<(u16, u16)>,
    /// The newest version of glibc's symbols that it has for others: it is glibc.
    pub has_glibc: Option<(u16, u16)>,
    /// Go's build information: the text that `go version -m` prints, as the binary has it.
    pub go: Option<GoBuild>,
    /// What `cargo auditable` left: JSON, unpacked.
    pub cargo_auditable: Option<Vec<u8>>,
}

/// What a Go program was built from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoBuild {
    /// `go1.22.1`.
    pub version: Vec<u8>,
    /// Lines of `path`, `mod`, `dep`, `=>` and `build`, separated by tabs.
    pub modules: Vec<u8>,
}
