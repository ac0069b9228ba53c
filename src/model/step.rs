//! The steps by which a container is replaced on a plain engine, or a channel's tag is moved,
//! in their one order.

use serde::{Deserialize, Serialize};

/// One step of replacing one container, or of moving one tag. The order is the order of the variants: each step
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
    /// See to it that another tag holds what a channel points to now.
    Keep,
    /// Let a channel's tag point to the version.
    Point,
    /// Read the tag again.
    Confirm,
    /// Mark the whole operation as done: from here on it is finished, not undone.
    Commit,
    /// Take the lock away.
    Unlock,
}

impl Step {
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
            Self::Keep => "keep what the tag points to now",
            Self::Point => "move the tag",
            Self::Confirm => "read the tag again",
            Self::Commit => "settle",
            Self::Unlock => "unlock",
        }
    }
}

/// What is worked on, and so which steps there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Course {
    /// A container on an engine is replaced.
    #[default]
    Container,
    /// A channel's tag is moved in its registry.
    Tag,
}

impl Course {
    /// Whether it is the usual one: what was written before there were others names none.
    #[must_use]
    pub fn is_container(&self) -> bool {
        *self == Self::Container
    }

    /// Every step, in order.
    #[must_use]
    pub const fn steps(self) -> &'static [Step] {
        match self {
            Self::Container => &[
                Step::Lock,
                Step::Obtain,
                Step::Create,
                Step::Disarm,
                Step::Stop,
                Step::Park,
                Step::Adopt,
                Step::Start,
                Step::AwaitHealth,
                Step::Commit,
                Step::Unlock,
            ],
            Self::Tag => &[
                Step::Lock,
                Step::Obtain,
                Step::Keep,
                Step::Point,
                Step::Confirm,
                Step::Commit,
                Step::Unlock,
            ],
        }
    }

    /// The steps that make the change, once everything that can fail without harm is done.
    #[must_use]
    pub const fn change(self) -> &'static [Step] {
        match self {
            Self::Container => &[
                Step::Disarm,
                Step::Stop,
                Step::Park,
                Step::Adopt,
                Step::Start,
                Step::AwaitHealth,
            ],
            Self::Tag => &[Step::Keep, Step::Point, Step::Confirm],
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
