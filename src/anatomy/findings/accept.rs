//! What somebody decided to live with, and until when.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::finding::Finding;
use super::ids::{FindingId, NoSuchFinding};
use crate::anatomy::components::PathText;
use crate::anatomy::components::glob::{BadGlob, GlobSet};
use crate::model::time::Timestamp;

/// Whether a finding was accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Acceptance {
    /// Nobody did.
    #[default]
    NotAsked,
    /// Somebody did.
    Accepted {
        /// Why.
        reason: String,
        /// The last day it holds.
        until: NaiveDate,
    },
    /// Somebody did, but that is over: it counts again.
    Expired {
        /// Why.
        reason: String,
        /// The last day it held.
        until: NaiveDate,
    },
}

/// A line of the acceptance list, as it is written: an id, a path, or both; why; until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// Findings of this id.
    #[serde(default)]
    pub id: Option<String>,
    /// Findings about paths that match this glob, all of them.
    #[serde(default)]
    pub path: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day it holds: `2027-03-31`.
    pub until: String,
}

/// A line of the acceptance list that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAccept {
    /// It is about nothing.
    #[error("an acceptance says neither `id` nor `path`: say what is accepted")]
    Nothing,
    /// Without a reason.
    #[error("the acceptance of `{0}` has no reason: say why it is accepted")]
    NoReason(String),
    /// There is no such finding.
    #[error(
        "an acceptance cannot be used: {0}; each finding that `karat layers` shows has its id beside it"
    )]
    Id(#[from] NoSuchFinding),
    /// The glob makes no sense.
    #[error("an acceptance cannot be used: {0}")]
    Glob(#[from] BadGlob),
    /// The day is none.
    #[error("`{0}` is no day: write for example `2027-03-31`")]
    Day(String),
}

/// The acceptance list, ready to be used.
#[derive(Clone, Debug, Default)]
pub struct AcceptanceList {
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    id: Option<FindingId>,
    path: Option<GlobSet>,
    reason: String,
    until: NaiveDate,
}

impl AcceptanceList {
    /// Reads a list.
    ///
    /// # Errors
    /// [`BadAccept`], for the first line that cannot be used.
    pub fn new(lines: &[Accept]) -> Result<Self, BadAccept> {
        let lines: Result<_, _> = lines.iter().map(Line::new).collect();
        Ok(Self { lines: lines? })
    }

    /// Marks findings that are accepted, and those that were but no longer are. Of several
    /// lines that speak of a finding, the one that holds longest decides; a finding about
    /// several paths is accepted by path when each of them is.
    pub fn apply(&self, findings: &mut [Finding], now: Timestamp) {
        let today = now.date_naive();
        for finding in findings {
            let whole = self.lines.iter().filter(|line| line.is_about(finding));
            let whole = whole.max_by_key(|line| line.until);
            let decides = whole.into_iter().chain(self.covering(finding));
            let Some(line) = decides.max_by_key(|line| line.until) else {
                continue;
            };
            let (reason, until) = (line.reason.clone(), line.until);
            finding.acceptance = if today <= until {
                Acceptance::Accepted { reason, until }
            } else {
                Acceptance::Expired { reason, until }
            };
        }
    }

    /// Where lines accept every path of a finding: of those needed, the first to end.
    fn covering(&self, finding: &Finding) -> Option<&Line> {
        if finding.all_paths.len() as u64 != finding.path_count {
            return None;
        }
        let mut first: Option<&Line> = None;
        for path in &finding.all_paths {
            let lines = self.lines.iter().filter(|line| line.accepts(finding, path));
            let longest = lines.max_by_key(|line| line.until)?;
            first = match first {
                Some(first) if first.until <= longest.until => Some(first),
                _ => Some(longest),
            };
        }
        first
    }

    /// Places of lines that speak of none of these findings: they may be taken out.
    #[must_use]
    pub fn idle(&self, findings: &[Finding]) -> Vec<usize> {
        let is_idle = |line: &Line| {
            !findings.iter().any(|finding| {
                let accepts = |path| line.accepts(finding, path);
                line.is_about(finding) || finding.all_paths.iter().any(accepts)
            })
        };
        let lines = self.lines.iter().enumerate();
        lines
            .filter(|(_, line)| is_idle(line))
            .map(|(place, _)| place)
            .collect()
    }
}

impl Line {
    fn new(accept: &Accept) -> Result<Self, BadAccept> {
        let about = accept.id.as_ref().or(accept.path.as_ref());
        let about = about.ok_or(BadAccept::Nothing)?;
        if accept.reason.trim().is_empty() {
            return Err(BadAccept::NoReason(about.clone()));
        }
        let path = match &accept.path {
            None => None,
            Some(path) => {
                let mut globs = GlobSet::default();
                globs.add(path.as_bytes(), 0)?;
                Some(globs)
            }
        };
        Ok(Self {
            id: accept.id.as_deref().map(str::parse).transpose()?,
            path,
            reason: accept.reason.clone(),
            until: accept
                .until
                .parse()
                .map_err(|_| BadAccept::Day(accept.until.clone()))?,
        })
    }

    /// Whether it accepts a finding whatever its paths are.
    fn is_about(&self, finding: &Finding) -> bool {
        self.path.is_none() && self.id == Some(finding.id)
    }

    /// Whether it accepts a finding as far as one of its paths goes.
    fn accepts(&self, finding: &Finding, path: &PathText) -> bool {
        let id = self.id.is_none_or(|id| id == finding.id);
        id && self.path.as_ref().is_some_and(|it| it.matches(&path.0))
    }
}
