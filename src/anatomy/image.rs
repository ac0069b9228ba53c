//! What an image says of itself, the same from whichever archive or registry it came.

use std::collections::BTreeMap;

use super::merged::LayerNo;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::time::Timestamp;

/// An image's own words: its digests, configuration and layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFacts {
    /// Names it goes by where it was found: `golden/web:1.4.2`.
    pub names: Vec<String>,
    /// Digest of the index it was chosen from, where there is one.
    pub index: Option<Digest>,
    /// Digest of its manifest, where there is one (old archives have none).
    pub manifest: Option<Digest>,
    /// Digest of its configuration.
    pub config: Digest,
    /// `linux/amd64`, `linux/arm64/v8`.
    pub platform: String,
    /// When it was built.
    pub created: Option<Timestamp>,
    /// How it is started, and what it promises.
    pub settings: Settings,
    /// Its layers, the lowest first.
    pub layers: Vec<LayerFacts>,
    /// Steps of its history that made no layer, and steps that do not match its layers.
    pub history: History,
}

impl ImageFacts {
    /// What it is called: its first name, else its digest.
    #[must_use]
    pub fn called(&self) -> &str {
        let first = self.names.first().map(String::as_str);
        first.unwrap_or_else(|| self.config.short())
    }

    /// The step that made a layer, where it is known.
    #[must_use]
    pub fn step_of(&self, layer: LayerNo) -> Option<&Step> {
        self.layers.get(usize::from(layer.0))?.step.as_ref()
    }

    /// `step 7`, as the history counts; `layer 3`, where that does not tell.
    #[must_use]
    pub fn step_name(&self, layer: LayerNo) -> String {
        match self.step_of(layer) {
            Some(step) => format!("step {}", step.number),
            None => format!("layer {}", layer.0.saturating_add(1)),
        }
    }
}

/// The parts of an image's configuration that a container inherits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `NAME=value`, in order.
    pub env: Vec<String>,
    /// Entry point.
    pub entrypoint: Vec<String>,
    /// Command, or arguments of the entry point.
    pub cmd: Vec<String>,
    /// User, as written.
    pub user: String,
    /// Working directory.
    pub working_dir: String,
    /// `8080/tcp`.
    pub ports: Vec<String>,
    /// Paths.
    pub volumes: Vec<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// The test of the health check, as written.
    pub health_check: Vec<String>,
    /// `SIGTERM`.
    pub stop_signal: Option<String>,
    /// What RUN and the shell forms use.
    pub shell: Vec<String>,
    /// Instructions for images built from this one.
    pub on_build: Vec<String>,
}

/// One layer, as the image lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerFacts {
    /// SHA-256 of the uncompressed archive: what it is known by everywhere.
    pub diff_id: Digest,
    /// Digest of the blob it was found in, where it has one of its own.
    pub blob: Option<Digest>,
    /// Length of that blob: what a pull costs.
    pub blob_bytes: Option<Bytes>,
    /// Whether its content was there to be read.
    pub presence: Presence,
    /// What made it. `None`: the history is missing, or too short to tell.
    pub step: Option<Step>,
}

/// Whether a layer's content was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It was.
    Present,
    /// It was not: a foreign or nondistributable layer, or a blob that was left out.
    NotPresent,
}

/// One step of an image's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its place in the history, from one, steps without a layer counted.
    pub number: usize,
    /// The instruction as the history has it, whole.
    pub raw: String,
    /// The instruction as a Dockerfile would have it, without a builder's noise.
    pub instruction: String,
    /// When.
    pub created: Option<Timestamp>,
    /// A comment, such as `buildkit.dockerfile.v0`.
    pub comment: Option<String>,
    /// Whether it made no layer.
    pub empty: bool,
}

/// The history of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Every step, the oldest first.
    pub steps: Vec<Step>,
    /// How it fits the layers.
    pub fit: Fit,
}

/// How a history fits the layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fit {
    /// Each layer has its step.
    #[default]
    Whole,
    /// There is none.
    Missing,
    /// It tells of fewer or more layers than there are: from which step a layer is cannot be
    /// told, so none is claimed.
    Mismatched {
        /// Layers it tells of.
        told: usize,
        /// Layers there are.
        there: usize,
    },
}
