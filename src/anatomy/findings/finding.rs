//! What a finding says.

use serde::Serialize;

use super::accept::Acceptance;
use super::ids::FindingId;
use super::redact::Redactor;
use crate::anatomy::components::PathText;
use crate::anatomy::merged::LayerNo;
use crate::anatomy::whole::Anatomy;
use crate::model::bytes::Bytes;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Worth a change when one is at it.
    Low,
    /// Worth a change.
    Medium,
    /// Should not be shipped.
    High,
}

impl Severity {
    /// How much bytes matter that need not be shipped.
    #[must_use]
    pub const fn of_bytes(bytes: Bytes) -> Self {
        const MB: u64 = 1_000_000;
        match bytes.0 {
            0..MB => Self::Note,
            MB..20_000_000 => Self::Low,
            20_000_000..200_000_000 => Self::Medium,
            _ => Self::High,
        }
    }

    /// Its name, as it is written everywhere.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Something about an image that somebody should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub id: FindingId,
    /// How much it matters.
    pub severity: Severity,
    /// The bytes it is about, where it is about bytes.
    #[serde(rename = "size_bytes")]
    pub bytes: Option<Bytes>,
    /// Where.
    pub place: Place,
    /// What, in one sentence.
    pub title: String,
    /// What to do, in one sentence.
    pub remedy: String,
    /// Paths it is about, the heaviest first, at most [`Finding::EXAMPLES`].
    pub examples: Vec<PathText>,
    /// How many paths it is about.
    pub path_count: u64,
    /// All of them, unless there are more than [`Finding::PATHS`]: acceptance by path asks.
    #[serde(skip)]
    pub all_paths: Vec<PathText>,
    /// Whether somebody accepted it.
    pub acceptance: Acceptance,
}

/// Where a finding is: as much of it as can be told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The layer, from one.
    pub layer: Option<u16>,
    /// The step of the history that made it, from one.
    pub step: Option<usize>,
    /// Its instruction, with credentials blacked out.
    pub instruction: Option<String>,
    /// The path.
    pub path: Option<PathText>,
}

impl Finding {
    /// How many paths are told.
    pub const EXAMPLES: usize = 8;
    /// How many paths are remembered.
    pub const PATHS: usize = 1_000;

    /// A finding of no certain place.
    pub(super) fn new(id: FindingId, severity: Severity, title: String, remedy: &str) -> Self {
        Self {
            id,
            severity,
            bytes: None,
            place: Place::default(),
            title,
            remedy: remedy.to_owned(),
            examples: Vec::new(),
            path_count: 0,
            all_paths: Vec::new(),
            acceptance: Acceptance::NotAsked,
        }
    }

    pub(super) fn bytes(mut self, bytes: Bytes) -> Self {
        self.bytes = Some(bytes);
        self
    }

    pub(super) fn at(mut self, place: Place) -> Self {
        let path = self.place.path.take();
        self.place = Place {
            path: place.path.or(path),
            ..place
        };
        self
    }

    /// About these paths: the first is the place.
    pub(super) fn paths(mut self, paths: impl IntoIterator<Item = PathText>, count: u64) -> Self {
        self.all_paths = paths.into_iter().take(Self::PATHS).collect();
        self.examples = self
            .all_paths
            .iter()
            .take(Self::EXAMPLES)
            .cloned()
            .collect();
        self.path_count = count;
        self.place.path = self.examples.first().cloned();
        self
    }

    /// Whether it counts: it was not accepted, or no longer is.
    #[must_use]
    pub const fn counts(&self) -> bool {
        !matches!(self.acceptance, Acceptance::Accepted { .. })
    }
}

/// Tells places: what a layer is called, without what its step should not have told.
pub(super) struct Places<'a> {
    anatomy: &'a Anatomy,
    redactor: Redactor,
}

impl<'a> Places<'a> {
    pub(super) fn new(anatomy: &'a Anatomy) -> Self {
        Self {
            anatomy,
            redactor: Redactor::new(&anatomy.facts),
        }
    }

    /// A layer, and the step that made it.
    pub(super) fn layer(&self, layer: LayerNo) -> Place {
        let facts = self.anatomy.facts.layers.get(usize::from(layer.0));
        let step = facts.and_then(|layer| layer.step.as_ref());
        Place {
            layer: Some(layer.0.saturating_add(1)),
            step: step.map(|step| step.number),
            instruction: step.map(|step| self.redactor.redact(&step.instruction)),
            path: None,
        }
    }

    /// A step of the history, by its number.
    pub(super) fn step(&self, number: usize, instruction: &str) -> Place {
        let made = |layer: &crate::anatomy::image::LayerFacts| {
            layer.step.as_ref().map(|step| step.number) == Some(number)
        };
        let layer = self.anatomy.facts.layers.iter().position(made);
        Place {
            layer: layer.and_then(|place| u16::try_from(place + 1).ok()),
            step: Some(number),
            instruction: Some(self.redactor.redact(instruction)),
            path: None,
        }
    }

    /// `step 7`, or `layer 3` where the step is not known.
    pub(super) fn name(&self, layer: LayerNo) -> String {
        let place = self.layer(layer);
        match place.step {
            Some(step) => format!("step {step}"),
            None => format!("layer {}", layer.0.saturating_add(1)),
        }
    }
}
