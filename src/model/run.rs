//! What ran where, and how it went. The last runs of a container travel as a label on its
//! successor, so that any karat on any machine can read known good from the engine alone.

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::observation::Health;
use super::plan::{Heading, OperationId, OperationKind};
use super::step::Course;
use super::time::{Span, Timestamp};

/// The label that carries the last runs: a JSON array of [`Run`], newest first.
pub const RUNS_LABEL: &str = "karat.runs";

/// How many runs a container carries. One is about 400 bytes; engines keep labels of
/// 200 kB whole.
pub const RUNS_KEPT: usize = 20;

/// One version's time in one container, ended by karat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// `repository:tag@digest` as it was when the run was recorded; the tag may have moved
    /// since. Without a digest where no registry has the image.
    pub reference: String,
    /// The version's label when it was recorded, where it had one.
    pub version: Option<String>,
    /// The image id on that engine.
    pub image_id: Digest,
    /// What the image is recognised by across engines.
    pub identity: Digest,
    /// Since when it ran without a restart.
    pub since: Timestamp,
    /// When karat ended it.
    pub until: Timestamp,
    /// Restarts counted by the engine.
    pub restarts: u64,
    /// Its health when karat last read it, just before ending it.
    pub health: Health,
    /// Whether a container ran it, or a channel's tag pointed to it: that has no health.
    #[serde(default, skip_serializing_if = "Course::is_container")]
    pub of: Course,
    /// Which kind of operation ended it.
    pub ended_by: OperationKind,
    /// Whether what replaced it was older or newer.
    #[serde(default)]
    pub heading: Heading,
    /// Which operation ended it.
    pub operation: OperationId,
    /// Whose operation: `user@host`.
    pub who: String,
    /// Why, in the words of whoever did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What replaced it: the version's label, else its short digest.
    #[serde(default)]
    pub followed_by: String,
    /// The identity of what replaced it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followed_by_identity: Option<Digest>,
    /// The digest the image comes from (`org.opencontainers.image.base.digest`), where its
    /// labels say so: what is revoked there is revoked here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
}

impl Run {
    /// How long it ran.
    #[must_use]
    pub fn span(&self) -> Span {
        Span::between(self.since, self.until)
    }

    /// What is known of the run, as a person would say it: `ran 6 d 4 h healthy here`.
    #[must_use]
    pub fn evidence(&self) -> String {
        let until = self.until.format("%a %Y-%m-%d %H:%M UTC");
        if self.of == Course::Tag {
            return format!("pointed there {} until {until}", self.span());
        }
        let health = match self.health {
            Health::Healthy => "healthy when last read",
            Health::NoCheck => "no health check",
            Health::Starting => "still starting when last read",
            Health::Unhealthy => "unhealthy when last read",
            Health::NotRunning => "not running when last read",
        };
        let restarts = match self.restarts {
            0 => String::new(),
            1 => ", restarted once".to_owned(),
            n => format!(", restarted {n} times"),
        };
        format!("ran {} here until {until}, {health}{restarts}", self.span())
    }
}

/// Reads the label. A label that cannot be read counts as no runs: it is evidence, and
/// broken evidence must not stop a roll back to a version picked by name.
#[must_use]
pub fn read_label(text: &str) -> Vec<Run> {
    serde_json::from_str(text).unwrap_or_default()
}

/// Writes the label: the newest [`RUNS_KEPT`] runs, newest first.
#[must_use]
pub fn write_label(runs: &[Run]) -> String {
    let mut newest_first: Vec<&Run> = runs.iter().collect();
    newest_first.sort_by_key(|run| std::cmp::Reverse(run.until));
    newest_first.truncate(RUNS_KEPT);
    serde_json::to_string(&newest_first).unwrap_or_else(|_| "[]".to_owned())
}
