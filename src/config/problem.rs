//! What can be wrong with a configuration, in sentences that say where and what instead.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// One thing that is wrong with a project file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// One sentence: what is wrong, and the nearest right word where there is one.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.what)
    }
}

/// There is no usable configuration. A wrong file shows one line for each of its problems:
/// `karat.toml:12:3: …`.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file named with `--project` is not there.
    #[error(
        "there is no project file at {}: name one that exists, or leave `--project` out",
        .0.display()
    )]
    Missing(PathBuf),
    /// A project file is there and cannot be read.
    #[error("cannot read the project file {}: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The project file is wrong.
    #[error("{}", lines(path, problems))]
    Wrong {
        /// Which file, from the working directory where it lies below it.
        path: PathBuf,
        /// Everything that is wrong with it, in the order of its lines. Never empty.
        problems: Vec<Problem>,
    },
    /// An environment variable that says where the engine is makes no sense.
    #[error("{variable}: {what}")]
    Variable {
        /// Which variable.
        variable: &'static str,
        /// What is wrong with its value.
        what: String,
    },
    /// The file to be written is there already.
    #[error(
        "{} is there already and is left as it is: move it away first, or print the text \
         instead of writing it",
        .0.display()
    )]
    Exists(PathBuf),
    /// The file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Unwritable {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is no folder for karat's data.
    #[error(
        "this account has no home folder, so there is no place for karat's data: set \
         KARAT_HOME to a folder"
    )]
    NoHome,
}

fn lines(path: &std::path::Path, problems: &[Problem]) -> String {
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| format!("{}:{problem}", path.display()))
        .collect();
    lines.join("\n")
}
