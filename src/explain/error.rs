//! Why an image cannot be explained, one sentence each.

use crate::anatomy::archive::source::NotASource;
use crate::anatomy::error::AnatomyError;
use crate::engine::EngineError;
use crate::model::text::printable;
use crate::registry::RegistryError;

/// An image cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The text says not where it is.
    #[error(transparent)]
    Source(#[from] NotASource),
    /// A registry failed.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// Neither an engine nor the registry that its name says has it.
    #[error("{engines}; nor is it to be had from its registry: {registry}")]
    Nowhere {
        /// Why no engine has it.
        engines: Box<ExplainError>,
        /// Why the registry has not.
        registry: Box<ExplainError>,
    },
    /// `--engine` names none.
    #[error("there is no engine and no environment `{asked}`{hint}")]
    NoSuchEngine {
        /// What was asked for.
        asked: String,
        /// What there is.
        hint: String,
    },
    /// There is no engine at all.
    #[error(
        "no engine is known that could have `{}`: start Docker, or name engines in karat.toml",
        printable(asked)
    )]
    NoEngine {
        /// What was asked for.
        asked: String,
    },
    /// None of the engines has it.
    #[error("there is no image `{}` on {}{}", printable(asked), engines.join(", "), unheard(silent))]
    NoSuchImage {
        /// What was asked for.
        asked: String,
        /// The engines that answered.
        engines: Vec<String>,
        /// Why others did not.
        silent: Vec<EngineError>,
    },
    /// None of the engines answered.
    #[error("{}", all(.0))]
    Silent(Vec<EngineError>),
    /// An engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// An engine said something odd of the image.
    #[error(
        "{engine} says of image `{}` {what}: is it an engine that karat knows?",
        printable(image)
    )]
    Odd {
        /// Which engine.
        engine: String,
        /// Which image.
        image: String,
        /// What.
        what: &'static str,
    },
    /// It cannot be taken apart.
    #[error(transparent)]
    Anatomy(#[from] AnatomyError),
    /// What was remembered of a layer was damaged, and it could not be read once more.
    #[error("what karat remembered of a layer was damaged, and is forgotten now: ask once more")]
    Forgotten,
    /// It was stopped.
    #[error("reading was stopped")]
    Cancelled,
    /// What passes by only once could not be laid down.
    #[error("cannot write {}, where the image is laid down: {error}; free some space there, or set TMPDIR to another folder", path.display())]
    Unwritable {
        /// Where.
        path: std::path::PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The thread that read ended without a word.
    #[error("the image could not be read: karat failed, and its log says how; please report it")]
    Lost,
}

impl ExplainError {
    /// Whether it was stopped on purpose.
    #[must_use]
    pub const fn is_cancel(&self) -> bool {
        matches!(
            self,
            Self::Cancelled
                | Self::Anatomy(AnatomyError::Cancelled)
                | Self::Registry(RegistryError::Canceled)
        )
    }

    /// Whether no engine that answered has it.
    pub(super) const fn is_on_no_engine(&self) -> bool {
        matches!(
            self,
            Self::NoSuchImage { .. } | Self::NoEngine { .. } | Self::Silent(_)
        )
    }
}

fn unheard(silent: &[EngineError]) -> String {
    if silent.is_empty() {
        "; `docker images` lists what there is".to_owned()
    } else {
        format!("; and {}", all(silent))
    }
}

fn all(errors: &[EngineError]) -> String {
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    errors.join("; ")
}
