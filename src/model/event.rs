//! One line of history: who did what, when, why, from which digest to which, how it ended.

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::plan::{Frozen, OperationId, OperationKind};
use super::project::{EnvironmentName, ImageName};
use super::time::{Span, Timestamp};

/// The label that carries, on a deployed container, the event of its deployment.
pub const EVENT_LABEL: &str = "karat.event";

/// One operation on one image in one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The operation; several events share it when it moved several images.
    pub id: OperationId,
    /// When it began.
    pub time: Timestamp,
    /// Whose it was: `user@host`.
    pub who: String,
    /// What was done.
    pub operation: OperationKind,
    /// To which image.
    pub image: ImageName,
    /// In which environment; none for a rebuild.
    pub environment: Option<EnvironmentName>,
    /// What ran before.
    pub from: Option<VersionMark>,
    /// What was to run.
    pub to: Option<VersionMark>,
    /// Why.
    pub reason: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took; not known for an event read from another machine's container.
    pub duration: Option<Span>,
    /// For a failure: what went wrong, one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// For a failure: the last log lines and the health log of what failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}

/// A version as an event remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionMark {
    /// The label it had.
    pub version: Option<String>,
    /// The digest it is recognised by.
    pub digest: Option<Digest>,
}

impl From<&Frozen> for VersionMark {
    fn from(version: &Frozen) -> Self {
        Self {
            version: Some(version.label.clone()),
            digest: Some(version.identity.clone()),
        }
    }
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It failed, and everything is as before.
    Undone,
    /// It was cancelled, and everything is as before.
    Cancelled,
    /// It failed half-way: `karat recover` is needed.
    NeedsRecover,
    /// It failed before anything was touched.
    Failed,
    /// Somebody else holds a lock; nothing was touched.
    Locked,
}

impl Outcome {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Undone => "failed, undone",
            Self::Cancelled => "cancelled, undone",
            Self::NeedsRecover => "needs recover",
            Self::Failed => "failed, nothing touched",
            Self::Locked => "refused, locked",
        }
    }
}
