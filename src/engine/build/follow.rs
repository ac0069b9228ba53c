//! Reads what a builder says, BuildKit's or the classic one's, and tells it on as progress.

use std::collections::{HashMap, VecDeque};
use std::path::Path;

use bollard::moby::buildkit::v1::{StatusResponse, Vertex};
use bollard::models::{BuildInfo, BuildInfoAux};

use super::error::BuildError;
use super::mask::Mask;
use crate::model::progress::{BuildState, BuildStep, Progress};
use crate::model::time::Span;

/// How many of a step's last lines are kept for the report of its failure.
const LINES_KEPT: usize = 30;

/// How many digits of an id builders print at least: Docker twelve, Podman eleven.
const SHORT_ID: usize = 11;

/// What is known of a build under way.
pub(super) struct Follow {
    mask: Mask,
    steps: HashMap<String, Seen>,
    /// The first step that failed by itself, not because another one did.
    failed: Option<String>,
    /// The classic builder's step under way.
    current: Option<String>,
    /// What the builder said it built.
    pub(super) image_id: Option<String>,
    /// Images the classic builder made on its way, oldest first.
    pub(super) intermediate: Vec<String>,
}

#[derive(Default)]
struct Seen {
    name: String,
    state: Option<BuildState>,
    log: VecDeque<String>,
    /// A line whose end has not come yet.
    partial: String,
}

impl Seen {
    fn keep(&mut self, line: &str) {
        if self.log.len() == LINES_KEPT {
            self.log.pop_front();
        }
        self.log.push_back(line.to_owned());
    }
}

impl Follow {
    pub(super) fn new(mask: Mask) -> Self {
        Self {
            mask,
            steps: HashMap::new(),
            failed: None,
            current: None,
            image_id: None,
            intermediate: Vec::new(),
        }
    }

    /// Takes one message.
    pub(super) fn take(&mut self, info: BuildInfo) -> Vec<Progress> {
        let mut told = Vec::new();
        match info.aux {
            Some(BuildInfoAux::BuildKit(status)) => self.status(status, &mut told),
            Some(BuildInfoAux::Default(image)) => self.image_id = image.id,
            None => {}
        }
        if let Some(text) = info.stream {
            self.classic(&text, &mut told);
        }
        told
    }

    fn status(&mut self, status: StatusResponse, told: &mut Vec<Progress>) {
        for vertex in status.vertexes {
            self.vertex(vertex, told);
        }
        for log in status.logs {
            let text = String::from_utf8_lossy(&log.msg);
            let step = self.steps.entry(log.vertex).or_default();
            step.partial.push_str(&text);
            while let Some(end) = step.partial.find('\n') {
                let line: String = step.partial.drain(..=end).collect();
                let line = self.mask.hide(last_of_line(&line));
                step.keep(&line);
                told.push(Progress::Log(line));
            }
        }
        for warning in status.warnings {
            let text = String::from_utf8_lossy(&warning.short);
            told.push(Progress::Note(self.mask.hide(text.trim())));
        }
    }

    fn vertex(&mut self, vertex: Vertex, told: &mut Vec<Progress>) {
        let Some(state) = state_of(&vertex, &self.mask) else {
            return;
        };
        let done = !matches!(state, BuildState::Running);
        let bystander = vertex.error.contains("context canceled");
        if matches!(state, BuildState::Failed(_)) && !bystander && self.failed.is_none() {
            self.failed = Some(vertex.digest.clone());
        }
        let step = self.steps.entry(vertex.digest.clone()).or_default();
        step.name = self.mask.hide(&vertex.name);
        let rest = std::mem::take(&mut step.partial);
        if done && !rest.is_empty() {
            let line = self.mask.hide(last_of_line(&rest));
            step.keep(&line);
            told.push(Progress::Log(line));
        } else {
            step.partial = rest;
        }
        if step.state.as_ref() != Some(&state) {
            step.state = Some(state.clone());
            told.push(Progress::Build(BuildStep {
                id: vertex.digest,
                name: step.name.clone(),
                state,
            }));
        }
    }

    /// The classic builder speaks in lines: `Step 2/5 : RUN …` (Docker) or
    /// `STEP 2/5: RUN …` (Podman), then what it does about it.
    fn classic(&mut self, text: &str, told: &mut Vec<Progress>) {
        for line in text.lines().map(last_of_line) {
            let line = self.mask.hide(line);
            if line.trim().is_empty() {
                continue;
            }
            if let Some((count, name)) = step_line(&line) {
                self.finish_current(None, told);
                let step = self.steps.entry(count.to_owned()).or_default();
                step.name = format!("[{count}] {name}");
                step.state = Some(BuildState::Running);
                told.push(self.told(count, BuildState::Running));
                self.current = Some(count.to_owned());
            } else if let Some(said) = arrow_line(&line) {
                if said.starts_with("Using cache") {
                    self.finish_current(Some(BuildState::Cached), told);
                } else if said.len() >= SHORT_ID && said.bytes().all(|b| b.is_ascii_hexdigit()) {
                    self.note_intermediate(said);
                }
            } else {
                if let Some(step) = self.current.as_ref().and_then(|id| self.steps.get_mut(id)) {
                    step.keep(&line);
                }
                told.push(Progress::Log(line));
            }
        }
    }

    /// An image the classic builder made: neither the base nor one from its cache.
    fn note_intermediate(&mut self, id: &str) {
        let made = self
            .current
            .as_ref()
            .and_then(|current| self.steps.get(current))
            .is_some_and(|step| {
                step.state == Some(BuildState::Running) && !step.name.contains("] FROM ")
            });
        if made {
            self.intermediate.push(id.to_owned());
        }
    }

    fn finish_current(&mut self, state: Option<BuildState>, told: &mut Vec<Progress>) {
        let Some(current) = self.current.clone() else {
            return;
        };
        let Some(step) = self.steps.get_mut(&current) else {
            return;
        };
        if step.state == Some(BuildState::Running) {
            // The classic builder tells no times.
            let state = state.unwrap_or(BuildState::Done(Span::default()));
            step.state = Some(state.clone());
            told.push(self.told(&current, state));
        }
    }

    fn told(&self, id: &str, state: BuildState) -> Progress {
        Progress::Build(BuildStep {
            id: id.to_owned(),
            name: self
                .steps
                .get(id)
                .map(|step| step.name.clone())
                .unwrap_or_default(),
            state,
        })
    }

    /// The build has ended well: what the classic builder leaves open is closed.
    pub(super) fn end(&mut self) -> Vec<Progress> {
        let mut told = Vec::new();
        self.finish_current(None, &mut told);
        told
    }

    /// The build has failed, with the engine's last word: which step, why, and what it
    /// printed last.
    pub(super) fn failure(&mut self, word: &str, dockerfile: &Path) -> (BuildError, Vec<Progress>) {
        let word = self.mask.hide(word.trim());
        let mut told = Vec::new();
        if self.failed.is_none() {
            self.failed = self.current.clone();
            self.finish_current(Some(BuildState::Failed(word.clone())), &mut told);
        }
        let failed = self.failed.as_ref().and_then(|id| self.steps.get(id));
        let name = failed.map(|step| step.name.clone()).unwrap_or_default();
        let error = match failed.and_then(|step| step.state.clone()) {
            Some(BuildState::Failed(error)) if !error.is_empty() => error,
            _ => word.clone(),
        };
        let log: Vec<String> = failed
            .map(|step| step.log.iter().cloned().collect())
            .unwrap_or_default();
        let full = "no space left on device";
        let is_full = word.contains(full) || error.contains(full);
        let error = if is_full
            || log
                .iter()
                .any(|line| line.contains("No space left on device"))
        {
            let during = match name.as_str() {
                "" => String::new(),
                name => format!(" (while building `{name}`)"),
            };
            BuildError::NoSpace { during }
        } else if let Some(base) = missing_base(&name, &error) {
            BuildError::NoBase { base, error }
        } else if name.is_empty() || name.starts_with("[internal]") {
            BuildError::Refused {
                dockerfile: dockerfile.to_owned(),
                error,
                log,
            }
        } else {
            BuildError::Step {
                step: name,
                error,
                log,
            }
        };
        (error, told)
    }
}

/// Programs that draw progress bars go back to the start of their line; the last state of
/// the line is what counts.
fn last_of_line(line: &str) -> &str {
    let line = line.trim_end_matches(['\n', '\r']);
    line.rsplit('\r').next().unwrap_or(line)
}

fn state_of(vertex: &Vertex, mask: &Mask) -> Option<BuildState> {
    if !vertex.error.is_empty() {
        return Some(BuildState::Failed(mask.hide(&vertex.error)));
    }
    if vertex.cached {
        return Some(BuildState::Cached);
    }
    let started = vertex.started.as_ref()?;
    let Some(completed) = vertex.completed.as_ref() else {
        return Some(BuildState::Running);
    };
    let moment = |seconds, nanos: i32| {
        chrono::DateTime::from_timestamp(seconds, u32::try_from(nanos).unwrap_or_default())
    };
    let from = moment(started.seconds, started.nanos)?;
    let to = moment(completed.seconds, completed.nanos)?;
    Some(BuildState::Done(Span::between(from, to)))
}

fn step_line(line: &str) -> Option<(&str, &str)> {
    let rest = line
        .strip_prefix("Step ")
        .or_else(|| line.strip_prefix("STEP "))?;
    let (count, name) = rest.split_once(':')?;
    let count = count.trim();
    count
        .split_once('/')
        .filter(|(n, of)| n.parse::<u32>().is_ok() && of.parse::<u32>().is_ok())?;
    Some((count, name.trim()))
}

fn arrow_line(line: &str) -> Option<&str> {
    let line = line.trim_start();
    line.strip_prefix("---> ")
        .or_else(|| line.strip_prefix("--> "))
}

/// The base image, if it is what was missing.
fn missing_base(step: &str, error: &str) -> Option<String> {
    let base = match step.split_once("load metadata for ") {
        Some((_, base)) => base,
        None => step.split_once("] FROM ")?.1,
    };
    let signs = [
        "not found",
        "does not exist",
        "denied",
        "failed to do request",
        "dial tcp",
        "no such host",
        "unauthorized",
        "manifest unknown",
        "i/o timeout",
        "connection refused",
        "short-name",
        "error reading from server",
    ];
    let base = base.split_whitespace().next().unwrap_or(base);
    signs
        .iter()
        .any(|sign| error.contains(sign))
        .then(|| base.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::ImageId;

    fn says(text: &str) -> BuildInfo {
        BuildInfo {
            stream: Some(text.to_owned()),
            ..BuildInfo::default()
        }
    }

    fn states(told: &[Progress]) -> Vec<String> {
        told.iter()
            .map(|one| match one {
                Progress::Build(step) => format!("{} {:?}", step.name, step.state),
                Progress::Log(line) => line.clone(),
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn the_classic_builder_is_read_line_by_line() {
        let mut follow = Follow::new(Mask::default());
        let mut told = Vec::new();
        for line in [
            "Step 1/3 : FROM base\n",
            " ---> 0123456789ab\n",
            "Step 2/3 : COPY a /a\n",
            " ---> Using cache\n",
            " ---> 1123456789ab\n",
            "Step 3/3 : RUN make\n",
            " ---> Running in 2123456789ab\n",
            "made\n",
            " ---> 3123456789ab\n",
        ] {
            told.extend(follow.take(says(line)));
        }
        told.extend(follow.end());
        assert_eq!(
            states(&told),
            [
                "[1/3] FROM base Running",
                "[1/3] FROM base Done(Span(0ns))",
                "[2/3] COPY a /a Running",
                "[2/3] COPY a /a Cached",
                "[3/3] RUN make Running",
                "made",
                "[3/3] RUN make Done(Span(0ns))",
            ]
        );
        assert_eq!(follow.intermediate, ["3123456789ab"]);
    }

    #[test]
    fn podmans_steps_are_steps_too() {
        assert_eq!(step_line("STEP 2/5: RUN x"), Some(("2/5", "RUN x")));
        assert_eq!(step_line("Step by step: x"), None);
        assert_eq!(arrow_line("--> Using cache 12"), Some("Using cache 12"));
    }

    fn vertex(digest: &str, name: &str, error: &str) -> BuildInfo {
        let vertex = Vertex {
            digest: digest.to_owned(),
            name: name.to_owned(),
            error: error.to_owned(),
            started: Some(Default::default()),
            ..Vertex::default()
        };
        BuildInfo {
            aux: Some(BuildInfoAux::BuildKit(StatusResponse {
                vertexes: vec![vertex],
                ..StatusResponse::default()
            })),
            ..BuildInfo::default()
        }
    }

    #[test]
    fn the_step_that_failed_is_told_apart_from_those_it_took_along() {
        let mut follow = Follow::new(Mask::default());
        follow.take(vertex("b", "[2/3] RUN other", "context canceled"));
        follow.take(vertex("a", "[3/3] RUN make", "exit code: 2"));
        let (error, _) = follow.failure("failed to solve", Path::new("Dockerfile"));
        assert!(
            matches!(&error, BuildError::Step { step, error, .. }
                if step == "[3/3] RUN make" && error == "exit code: 2"),
            "{error}"
        );
    }

    #[test]
    fn a_missing_base_and_a_full_disk_are_said_in_words() {
        let load = "[internal] load metadata for docker.io/library/nope:1";
        for (name, error, want) in [
            (
                load,
                "pull access denied",
                "base image `docker.io/library/nope:1`",
            ),
            (
                "[1/2] FROM nope:1",
                "dial tcp: lookup",
                "base image `nope:1`",
            ),
            (
                "[2/2] RUN make",
                "write: no space left on device",
                "no space left on its disk (while building `[2/2] RUN make`)",
            ),
            (
                "[internal] load build definition",
                "bad",
                "could not build `Dockerfile`",
            ),
        ] {
            let mut follow = Follow::new(Mask::default());
            follow.take(vertex("a", name, error));
            let (said, _) = follow.failure("failed to solve", Path::new("Dockerfile"));
            assert!(said.to_string().contains(want), "{said}");
        }
    }

    #[test]
    fn the_image_is_what_the_builder_names() {
        let mut follow = Follow::new(Mask::default());
        follow.take(BuildInfo {
            aux: Some(BuildInfoAux::Default(ImageId {
                id: Some("sha256:1".to_owned()),
            })),
            ..BuildInfo::default()
        });
        assert_eq!(follow.image_id.as_deref(), Some("sha256:1"));
    }
}
