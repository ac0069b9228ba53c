//! Why karat will not do something, each as one sentence that says what to do instead.

use crate::engine::EngineError;
use crate::model::digest::Digest;
use crate::model::known_good::Verdict;
use crate::model::plan::OperationKind;
use crate::model::project::{EngineName, EnvironmentName, ImageName};
use crate::target::TargetError;

/// Why karat will not do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No image of that name.
    #[error("there is no image `{name}`{hint}")]
    UnknownImage {
        /// As it was asked for.
        name: String,
        /// The nearest name, or what there is.
        hint: String,
    },
    /// No environment of that name.
    #[error("there is no environment `{name}`{hint}")]
    UnknownEnvironment {
        /// As it was asked for.
        name: String,
        /// The nearest name, or what there is.
        hint: String,
    },
    /// No such version.
    #[error("{image} has no version `{version}`{hint}")]
    UnknownVersion {
        /// Which image.
        image: ImageName,
        /// As it was asked for.
        version: String,
        /// The nearest version, or what there is.
        hint: String,
    },
    /// There is no known good version.
    #[error(
        "nothing to roll {image} in {environment} back to: {why}{elsewhere}; name a version with `--to`"
    )]
    NothingToRollBackTo {
        /// Which image.
        image: ImageName,
        /// In which environment.
        environment: EnvironmentName,
        /// Why not.
        why: String,
        /// What is known good elsewhere: offered, never chosen.
        elsewhere: String,
    },
    /// Nothing runs there, so there is nothing to recreate.
    #[error(
        "{image} does not run in {environment} yet, so there is no container to take the configuration from; start the first one by hand: {by_hand}"
    )]
    NothingRuns {
        /// Which image.
        image: ImageName,
        /// In which environment.
        environment: EnvironmentName,
        /// The command.
        by_hand: String,
    },
    /// The environment promotions come from runs nothing, or several versions.
    #[error("cannot promote {image} from {environment}: {why}")]
    NoSource {
        /// Which image.
        image: ImageName,
        /// The source.
        environment: EnvironmentName,
        /// Why.
        why: String,
    },
    /// There is no environment before this one.
    #[error(
        "nothing comes before {environment}, so nothing can be promoted to it; say where from with `--from`"
    )]
    NoUpstream {
        /// Which environment.
        environment: EnvironmentName,
    },
    /// Changes are not allowed there.
    #[error(
        "{environment} is read-only (by the project file, by --read-only, or by the settings file); nothing was changed"
    )]
    ReadOnly {
        /// Which environment.
        environment: EnvironmentName,
    },
    /// The version is revoked.
    #[error("{image} {version} is revoked in the project file; choose another version")]
    Revoked {
        /// Which image.
        image: ImageName,
        /// Which version.
        version: String,
    },
    /// An engine of the environment does not answer: doing half of it would be worse.
    #[error("{environment} needs {engine}, which does not answer: {error}")]
    EngineAway {
        /// Which environment.
        environment: EnvironmentName,
        /// Which engine.
        engine: EngineName,
        /// In its words.
        error: String,
    },
    /// The version is on no engine that answers and in no registry.
    #[error(
        "{image} {version} cannot be had any more: no engine that answers has it, and no registry is known for it; rebuild it or choose another version"
    )]
    Gone {
        /// Which image.
        image: ImageName,
        /// Which version.
        version: String,
    },
    /// The wanted version runs already.
    #[error("nothing to do: {environment} runs it already")]
    NothingToDo {
        /// Which environment.
        environment: EnvironmentName,
    },
    /// The target said why.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The version is for other platforms than the engine.
    #[error(
        "{image} {version} is for {there}, and {engine} is {wants}: build it for that platform, or choose another version"
    )]
    WrongPlatform {
        /// Which image.
        image: ImageName,
        /// Which version.
        version: String,
        /// Which engine.
        engine: EngineName,
        /// Its platform.
        wants: String,
        /// Those there are.
        there: String,
    },
    /// It cannot be published.
    #[error("{image} cannot be published: {why}")]
    Unpublished {
        /// Which image.
        image: ImageName,
        /// Why not, and what to do.
        why: String,
    },
    /// The tag of a version means something else already.
    #[error(
        "{reference} is there already and holds {digest}: a version's tag is not moved; build under another version, or give `--force` and a `--reason`"
    )]
    TagTaken {
        /// `repository:version`.
        reference: String,
        /// What it holds.
        digest: Digest,
    },
    /// Nothing to publish.
    #[error("nothing to do: {reference} is {digest} already")]
    PublishedAlready {
        /// `repository:version`.
        reference: String,
        /// What it holds.
        digest: Digest,
    },
    /// Only with a reason.
    #[error("{what} wants a reason: give `--reason TEXT`")]
    NeedsReason {
        /// What.
        what: String,
    },
    /// A rebuild said why.
    #[error("{0}")]
    Rebuild(String),
}

impl From<EngineError> for Refusal {
    fn from(error: EngineError) -> Self {
        Self::Target(error.into())
    }
}

impl Refusal {
    /// The exit code of the command line.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::NothingToDo { .. } | Self::PublishedAlready { .. } => 0,
            Self::NothingToRollBackTo { .. } => 4,
            Self::NothingRuns { .. }
            | Self::ReadOnly { .. }
            | Self::Revoked { .. }
            | Self::TagTaken { .. }
            | Self::NeedsReason { .. }
            | Self::Target(TargetError::Refused { .. }) => 3,
            Self::Target(TargetError::Locked { .. }) => 7,
            Self::UnknownImage { .. }
            | Self::UnknownEnvironment { .. }
            | Self::UnknownVersion { .. }
            | Self::NoSource { .. }
            | Self::NoUpstream { .. }
            | Self::EngineAway { .. }
            | Self::Gone { .. }
            | Self::Unpublished { .. }
            | Self::WrongPlatform { .. }
            | Self::Target(_)
            | Self::Rebuild(_) => 1,
        }
    }
}

/// Why nothing is known good, in words.
#[must_use]
pub(super) fn why_not(verdict: Option<&Verdict>, kind: OperationKind) -> String {
    let passed = verdict
        .map(|verdict| verdict.passed_over.as_slice())
        .unwrap_or_default();
    let told: Vec<String> = passed
        .iter()
        .filter(|one| one.why != crate::model::known_good::Objection::OlderRun)
        .map(|one| {
            let version = one
                .run
                .version
                .clone()
                .unwrap_or_else(|| one.run.identity.short().to_owned());
            format!("{version}: {}", one.why.words())
        })
        .collect();
    if told.is_empty() {
        format!(
            "karat has replaced nothing there yet ({} is its first)",
            kind.words()
        )
    } else {
        told.join("; ")
    }
}
