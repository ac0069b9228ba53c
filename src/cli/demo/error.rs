//! What can go wrong with the demo fleet.

use std::io;
use std::path::{Path, PathBuf};

use bollard::errors::Error as EngineError;

use crate::engine::build::BuildError;

/// The demo fleet could not be laid out, or not be taken away.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// There is one already.
    #[error("a demo fleet is there already ({what}): take it away first with `karat demo --clean`")]
    AlreadyThere {
        /// What was found.
        what: String,
    },
    /// The folder belongs to somebody else.
    #[error("the folder `{}` is not empty: run `karat demo --engine` somewhere else", path.display())]
    FolderTaken {
        /// Which.
        path: PathBuf,
    },
    /// A file of the project folder.
    #[error("cannot {doing} `{}`: {error}", path.display())]
    File {
        /// `write`, `remove`.
        doing: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// This machine has nothing to make a base image from.
    #[error(
        "there is nothing here to make the base image from ({missing}): install busybox-static and try again"
    )]
    NoPrograms {
        /// What was looked for.
        missing: String,
    },
    /// The engine runs on another kind of machine.
    #[error(
        "the engine runs on {engine}, this machine is {here}: programs from here do not run there; lay the demo on a local engine"
    )]
    OtherMachine {
        /// The engine's architecture.
        engine: String,
        /// This machine's.
        here: String,
    },
    /// The engine.
    #[error("the engine failed while {doing}: {error}")]
    Engine {
        /// What was being done.
        doing: String,
        /// What went wrong.
        error: EngineError,
    },
    /// One of its images could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A container did not get where it should.
    #[error(
        "the container `{container}` is {found} after {seconds} s, and should be {wanted}: see `docker logs {container}`"
    )]
    NotSettled {
        /// Which.
        container: String,
        /// How it fares.
        found: &'static str,
        /// How it should fare.
        wanted: &'static str,
        /// How long was waited.
        seconds: u64,
    },
}

impl DemoError {
    pub(super) fn engine(doing: impl Into<String>) -> impl FnOnce(EngineError) -> Self {
        let doing = doing.into();
        move |error| Self::Engine { doing, error }
    }

    pub(super) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::File { doing, path, error }
    }
}
