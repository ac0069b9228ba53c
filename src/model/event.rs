//! One line of history: who did what, when, why, from which digest to which, how it ended.

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::plan::{Frozen, Heading, OperationId, OperationKind};
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
    /// Whether what it brought is older or newer than what ran.
    #[serde(default)]
    pub heading: Heading,
    /// To which image.
    pub image: ImageName,
    /// In which environment; none for a rebuild.
    pub environment: Option<EnvironmentName>,
    /// For a promotion: where the version came from, where that was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_environment: Option<EnvironmentName>,
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

impl Event {
    /// What was done, as a person would say it: a roll back to a newer version, by name,
    /// rolls forward.
    #[must_use]
    pub const fn words(&self) -> &'static str {
        match (self.operation, self.heading) {
            (OperationKind::Rollback, Heading::Forward) => "roll forward",
            (operation, _) => operation.words(),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::minute;

    #[test]
    fn a_roll_back_to_a_newer_version_is_told_as_what_it_is() {
        let mut event = Event {
            id: OperationId("1".to_owned()),
            time: minute(0),
            who: "ann@laptop".to_owned(),
            operation: OperationKind::Rollback,
            heading: Heading::Back,
            image: "web".into(),
            environment: Some("prod".into()),
            from_environment: None,
            from: None,
            to: None,
            reason: None,
            outcome: Outcome::Done,
            duration: None,
            error: None,
            log: Vec::new(),
        };
        assert_eq!(event.words(), "roll back");
        event.heading = Heading::Forward;
        assert_eq!(event.words(), "roll forward");
        event.operation = OperationKind::Promote;
        assert_eq!(event.words(), "promote");
    }

    /// What an older karat wrote is read as it was meant.
    #[test]
    fn an_event_without_a_heading_went_back() {
        let text = r#"{"id":"1","time":"2026-11-22T03:00:00Z","who":"ann@laptop",
            "operation":"rollback","image":"web","environment":"prod","from":null,"to":null,
            "reason":null,"outcome":"done","duration":null}"#;
        let event: Event = serde_json::from_str(text).expect("an event");
        assert_eq!(
            (event.heading, event.from_environment),
            (Heading::Back, None)
        );
    }
}
