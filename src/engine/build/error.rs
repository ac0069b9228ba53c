//! What can go wrong with a build, in words for whoever started it.

use std::path::PathBuf;

use super::context::ContextError;

/// A build that did not end with an image.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The context could not be read or sent.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// One step failed.
    #[error("the step `{step}` failed: {error}; correct the recipe and rebuild")]
    Step {
        /// `[2/5] RUN apt-get update`.
        step: String,
        /// What the engine said.
        error: String,
        /// The last lines it printed, oldest first.
        log: Vec<String>,
    },
    /// The base image is nowhere to be had.
    #[error(
        "the base image `{base}` is neither on the engine nor could it be pulled: {error}; build or load it there first, or correct FROM"
    )]
    NoBase {
        /// As far as the engine named it.
        base: String,
        /// What the engine said.
        error: String,
    },
    /// The engine's disk is full.
    #[error(
        "the engine has no space left on its disk{during}; free some there (`docker system df` shows what takes it) and rebuild"
    )]
    NoSpace {
        /// ` (while …)`, where known.
        during: String,
    },
    /// The engine did not take the recipe.
    #[error("the engine could not build `{}`: {error}", dockerfile.display())]
    Refused {
        /// The recipe.
        dockerfile: PathBuf,
        /// What the engine said.
        error: String,
        /// The last lines of log, oldest first.
        log: Vec<String>,
    },
    /// The connection broke, or the engine answered something else than a build.
    #[error(
        "the engine was lost while {doing}: {error}; check that it runs (`docker info`) and rebuild"
    )]
    Engine {
        /// What was being done.
        doing: String,
        /// What went wrong.
        error: String,
    },
    /// The build ended, but the tag names another image: somebody else built it meanwhile.
    #[error(
        "the build ended as {built}, but `{tag}` names {found}: it was tagged by somebody else meanwhile; rebuild under another version"
    )]
    TagTaken {
        /// The tag.
        tag: String,
        /// The id that was built.
        built: String,
        /// The id the tag names.
        found: String,
    },
    /// Cancelled: nothing was tagged, nothing was left.
    #[error("the build was cancelled")]
    Cancelled,
}

impl BuildError {
    /// The last lines of log of what failed, oldest first.
    #[must_use]
    pub fn log(&self) -> &[String] {
        match self {
            Self::Step { log, .. } | Self::Refused { log, .. } => log,
            _ => &[],
        }
    }

    /// The engine, lost while doing something.
    pub(super) fn engine(doing: impl Into<String>, error: &bollard::errors::Error) -> Self {
        Self::Engine {
            doing: doing.into(),
            error: error.to_string(),
        }
    }
}
