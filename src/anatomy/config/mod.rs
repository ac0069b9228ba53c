//! An image's configuration: the JSON that says how it is started and how it was made.
//!
//! It is read as it is found: a value of the wrong type counts as not there, a date that is
//! none as no date. Only what its layers are must be right, for everything hangs on it.

pub mod instruction;
pub(in crate::anatomy) mod loose;

use serde::Deserialize;

use super::image::{Fit, History, Settings, Step};
use crate::model::digest::Digest;
use crate::model::time::Timestamp;
use loose::{Keys, List, Texts};

/// A configuration, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// SHA-256 of the JSON: the image's identity, wherever it is.
    pub digest: Digest,
    /// `linux/amd64`, `linux/arm64/v8`.
    pub platform: String,
    /// When the image was built.
    pub created: Option<Timestamp>,
    /// What a container inherits.
    pub settings: Settings,
    /// Its layers, the lowest first.
    pub diff_ids: Vec<Digest>,
    /// Every step, and how they fit the layers.
    pub history: History,
}

/// The JSON is no configuration of an image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAConfiguration {
    /// It cannot be read.
    #[error("it is not JSON: {0}")]
    NotJson(String),
    /// It does not say what the image is made of.
    #[error("it has no `rootfs`, which says what an image is made of")]
    NoLayers,
    /// A layer's name is not a digest.
    #[error("it names layer {number} `{text}`, which is not a digest")]
    BadLayer {
        /// Which, from one.
        number: usize,
        /// As it is written, its beginning.
        text: String,
    },
    /// It has more layers than any engine takes.
    #[error("it lists {0} layers, more than any engine takes")]
    TooManyLayers(usize),
}

#[derive(Default, Deserialize)]
struct Raw {
    #[serde(default, deserialize_with = "loose::value")]
    architecture: String,
    #[serde(default, deserialize_with = "loose::value")]
    os: String,
    #[serde(default, deserialize_with = "loose::value")]
    variant: String,
    #[serde(default, deserialize_with = "loose::value")]
    created: String,
    #[serde(default, deserialize_with = "loose::object")]
    config: Option<RawSettings>,
    #[serde(default, deserialize_with = "loose::object")]
    rootfs: Option<RawLayers>,
    #[serde(default, deserialize_with = "loose::value")]
    history: List<RawStep>,
}

#[derive(Deserialize)]
struct RawLayers {
    #[serde(default, deserialize_with = "loose::value")]
    diff_ids: List<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawSettings {
    #[serde(default, deserialize_with = "loose::value")]
    env: List<String>,
    #[serde(default, deserialize_with = "loose::value")]
    entrypoint: List<String>,
    #[serde(default, deserialize_with = "loose::value")]
    cmd: List<String>,
    #[serde(default, deserialize_with = "loose::value")]
    user: String,
    #[serde(default, deserialize_with = "loose::value")]
    working_dir: String,
    #[serde(default, deserialize_with = "loose::value")]
    exposed_ports: Keys,
    #[serde(default, deserialize_with = "loose::value")]
    volumes: Keys,
    #[serde(default, deserialize_with = "loose::value")]
    labels: Texts,
    #[serde(default, deserialize_with = "loose::object")]
    healthcheck: Option<RawHealthCheck>,
    #[serde(default, deserialize_with = "loose::value")]
    stop_signal: String,
    #[serde(default, deserialize_with = "loose::value")]
    shell: List<String>,
    #[serde(default, deserialize_with = "loose::value")]
    on_build: List<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawHealthCheck {
    #[serde(default, deserialize_with = "loose::value")]
    test: List<String>,
}

#[derive(Default, Deserialize)]
struct RawStep {
    #[serde(default, deserialize_with = "loose::value")]
    created: String,
    #[serde(default, deserialize_with = "loose::value")]
    created_by: String,
    #[serde(default, deserialize_with = "loose::value")]
    comment: String,
    #[serde(default, deserialize_with = "loose::value")]
    empty_layer: bool,
}

impl Configuration {
    /// Reads a configuration.
    ///
    /// # Errors
    /// [`NotAConfiguration`], when it is not JSON or does not say what its layers are.
    pub fn read(json: &[u8]) -> Result<Self, NotAConfiguration> {
        let raw: Raw = serde_json::from_slice(json)
            .map_err(|error| NotAConfiguration::NotJson(error.to_string()))?;
        let layers = raw.rootfs.ok_or(NotAConfiguration::NoLayers)?;
        let diff_ids = diff_ids(layers.diff_ids)?;
        let settings = raw.config.unwrap_or_default().settings();
        let history = history(raw.history, diff_ids.len(), &settings.shell);
        Ok(Self {
            digest: Digest::of(json),
            platform: platform(&raw.os, &raw.architecture, &raw.variant),
            created: moment(&raw.created),
            settings,
            diff_ids,
            history,
        })
    }

    /// The step that made each layer, the lowest first; none is claimed where the history
    /// does not fit.
    #[must_use]
    pub fn steps(&self) -> Vec<Option<Step>> {
        if self.history.fit != Fit::Whole {
            return vec![None; self.diff_ids.len()];
        }
        let made_one = self.history.steps.iter().filter(|step| !step.empty);
        made_one.cloned().map(Some).collect()
    }
}

/// `linux/amd64`, `linux/arm64/v8`. What is not said is said to be unknown.
pub(in crate::anatomy) fn platform(os: &str, architecture: &str, variant: &str) -> String {
    let known = |text: &str| if text.is_empty() { "unknown" } else { text }.to_owned();
    let mut platform = format!("{}/{}", known(os), known(architecture));
    if !variant.is_empty() {
        platform.push('/');
        platform.push_str(variant);
    }
    platform
}

fn diff_ids(list: List<String>) -> Result<Vec<Digest>, NotAConfiguration> {
    if list.count > list.values.len() {
        return Err(NotAConfiguration::TooManyLayers(list.count));
    }
    let read = |(place, text): (usize, Option<String>)| {
        let text = text.unwrap_or_default();
        Digest::parse(&text).map_err(|_| NotAConfiguration::BadLayer {
            number: place + 1,
            text: text.chars().take(80).collect(),
        })
    };
    list.values.into_iter().enumerate().map(read).collect()
}

/// A date; one from before there were containers, such as year one, says that none is known.
fn moment(text: &str) -> Option<Timestamp> {
    let read = chrono::DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    (read.timestamp() >= 0).then_some(read)
}

fn history(list: List<RawStep>, layers: usize, shell: &[String]) -> History {
    let count = list.count;
    let step = |(place, raw): (usize, Option<RawStep>)| {
        let raw = raw.unwrap_or_default();
        Step {
            number: place + 1,
            instruction: instruction::instruction(&raw.created_by, shell),
            raw: raw.created_by,
            created: moment(&raw.created),
            comment: Some(raw.comment).filter(|comment| !comment.is_empty()),
            empty: raw.empty_layer,
        }
    };
    let steps: Vec<Step> = list.values.into_iter().enumerate().map(step).collect();
    // Steps beyond those that are kept can only be too many.
    let told = steps.iter().filter(|step| !step.empty).count() + (count - steps.len());
    let fit = match told {
        _ if steps.is_empty() && layers > 0 => Fit::Missing,
        told if told == layers => Fit::Whole,
        told => Fit::Mismatched {
            told,
            there: layers,
        },
    };
    History { steps, fit }
}

impl RawSettings {
    fn settings(self) -> Settings {
        Settings {
            env: self.env.known(),
            entrypoint: self.entrypoint.known(),
            cmd: self.cmd.known(),
            user: self.user,
            working_dir: self.working_dir,
            ports: self.exposed_ports.0,
            volumes: self.volumes.0,
            labels: self.labels.0,
            health_check: self
                .healthcheck
                .map(|check| check.test.known())
                .unwrap_or_default(),
            stop_signal: Some(self.stop_signal).filter(|signal| !signal.is_empty()),
            shell: self.shell.known(),
            on_build: self.on_build.known(),
        }
    }
}

#[cfg(test)]
mod tests;
