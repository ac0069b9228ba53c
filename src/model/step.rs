//! The steps by which a container is replaced on a plain engine, in their one order.

use serde::{Deserialize, Serialize};

/// One step of replacing one container. The order is the order of the variants: each step
/// relies on the one before, and undoing starts from the engine's state, not from this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Create the lock.
    Lock,
    /// Pull or stream the image, and check that it is the frozen one.
    Obtain,
    /// Create the new container under a temporary name: configuration errors surface here,
    /// with nothing stopped.
    Create,
    /// Set the old one's restart policy to `no`.
    Disarm,
    /// Stop the old one.
    Stop,
    /// Rename the old one aside.
    Park,
    /// Rename the new one in.
    Adopt,
    /// Start the new one.
    Start,
    /// Wait until it is healthy.
    AwaitHealth,
    /// Mark the whole operation as done: from here on it is finished, not undone.
    Commit,
    /// Take the lock away.
    Unlock,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 11] = [
        Self::Lock,
        Self::Obtain,
        Self::Create,
        Self::Disarm,
        Self::Stop,
        Self::Park,
        Self::Adopt,
        Self::Start,
        Self::AwaitHealth,
        Self::Commit,
        Self::Unlock,
    ];

    /// What it does, for progress lines and plans.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Obtain => "bring the image",
            Self::Create => "create the new container",
            Self::Disarm => "set the old one's restart policy to no",
            Self::Stop => "stop the old container",
            Self::Park => "park the old container",
            Self::Adopt => "give the new one its name",
            Self::Start => "start the new container",
            Self::AwaitHealth => "wait for health",
            Self::Commit => "settle",
            Self::Unlock => "unlock",
        }
    }
}

/// One part of putting a container back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackStep {
    /// Take the new container away, if there is one yet.
    TakeDown,
    /// Put the old one back under its name, as it was.
    BringBack,
}

impl BackStep {
    /// What it does, for progress lines.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::TakeDown => "take away what is new",
            Self::BringBack => "put the old container back",
        }
    }
}
