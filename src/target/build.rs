//! What can keep a target from building a version.

use crate::engine::EngineError;
use crate::engine::build::BuildError;

/// Why a rebuild did not end with a version.
#[derive(Debug, thiserror::Error)]
pub enum BuildFailure {
    /// The tag is taken by now.
    #[error(
        "{tag} exists on the engine by now: somebody built it meanwhile; plan the rebuild again"
    )]
    Exists {
        /// `repository:version`.
        tag: String,
    },
    /// The base image could not be pulled.
    #[error(
        "cannot pull the base image `{base}`: {error}; rebuild without --pull to use the one that is there"
    )]
    Pull {
        /// As the recipe names it.
        base: String,
        /// In the engine's words.
        error: String,
    },
    /// The engine did not answer before anything was built.
    #[error(
        "the engine was lost while looking for `{what}`: {error}; check that it runs and rebuild"
    )]
    Engine {
        /// The image that was looked for.
        what: String,
        /// Why.
        error: EngineError,
    },
    /// It cannot build at all.
    #[error("{engine} cannot build images")]
    Unable {
        /// Which engine.
        engine: crate::model::project::EngineName,
    },
    /// The build itself.
    #[error(transparent)]
    Build(#[from] BuildError),
}

impl BuildFailure {
    /// Whether somebody wanted it to end.
    #[must_use]
    pub const fn is_cancelled(&self) -> bool {
        matches!(self, Self::Build(BuildError::Cancelled))
    }

    /// The last lines of log of what failed, oldest first.
    #[must_use]
    pub fn log(&self) -> &[String] {
        match self {
            Self::Build(error) => error.log(),
            _ => &[],
        }
    }
}
