//! What can go wrong at a target, each as one sentence that says what to do next.

use crate::engine::EngineError;
use crate::model::observation::LockSeen;
use crate::model::project::EngineName;
use crate::registry::RegistryError;

/// What can go wrong at a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The engine's own error.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The registry's own error.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// It is not the kind of target that can do that.
    #[error("{engine} has no {what}: it is a place in a registry, not an engine")]
    NotAnEngine {
        /// Which target.
        engine: EngineName,
        /// What it does not have.
        what: &'static str,
    },
    /// A channel's own way was asked of an engine.
    #[error("{engine} is an engine, and no tag of it can be moved")]
    NotAChannel {
        /// Which target.
        engine: EngineName,
    },
    /// Somebody else works on the container.
    #[error("{container} on {engine} is locked by {}: {} (since {}); wait for it, or, if that karat is gone, run `karat recover`", lock.owner, lock.summary, lock.since.format("%Y-%m-%d %H:%M:%S UTC"))]
    Locked {
        /// On which engine.
        engine: EngineName,
        /// Which container.
        container: String,
        /// By whom, and what for.
        lock: Box<LockSeen>,
    },
    /// The container cannot be replaced faithfully.
    #[error("{container} on {engine} cannot be replaced by karat: {why}. By hand: {by_hand}")]
    Refused {
        /// On which engine.
        engine: EngineName,
        /// Which container.
        container: String,
        /// Why.
        why: String,
        /// The command that does it by hand.
        by_hand: String,
    },
    /// What runs is no longer what the plan was made for.
    #[error(
        "{container} on {engine} changed since the plan was made: {what}; look again and confirm anew"
    )]
    Moved {
        /// On which engine.
        engine: EngineName,
        /// Which container.
        container: String,
        /// What changed.
        what: String,
    },
    /// The lock was taken away while the operation ran.
    #[error(
        "the lock of {container} on {engine} vanished while the operation ran (`docker container prune`, or `karat unlock`)"
    )]
    LockLost {
        /// On which engine.
        engine: EngineName,
        /// Which container.
        container: String,
    },
    /// The new container did not become healthy.
    #[error("the new {container} on {engine} {what}")]
    Unwell {
        /// On which engine.
        engine: EngineName,
        /// Which container.
        container: String,
        /// `became unhealthy`, `exited with code 1` …
        what: String,
    },
    /// The image that arrived is not the one that was frozen.
    #[error(
        "the image for {version} on {engine} is not the frozen one: {what}; nothing was deployed"
    )]
    WrongImage {
        /// On which engine.
        engine: EngineName,
        /// Which version.
        version: String,
        /// In words.
        what: String,
    },
    /// No container of that name.
    #[error("there is no container {container} on {engine}")]
    NoContainer {
        /// On which engine.
        engine: EngineName,
        /// Which container.
        container: String,
    },
    /// No shell there.
    #[error("no shell in {place} on {engine}: {why}")]
    NoShell {
        /// On which engine.
        engine: EngineName,
        /// In what.
        place: String,
        /// Why.
        why: String,
    },
    /// It was cut off, and is being undone by whoever recovers it.
    #[error("`{summary}` by {owner} was cut off")]
    CutOff {
        /// What it was.
        summary: String,
        /// Whose.
        owner: String,
    },
    /// Cancelled by whoever watches.
    #[error("cancelled")]
    Cancelled,
}
