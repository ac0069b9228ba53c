//! An image on a simulated engine, and how what is made from it behaves.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::observation::LocalImage;
use crate::model::plan::Frozen;
use crate::model::time::Span;

/// An image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimImage {
    /// What an engine tells of it.
    pub local: LocalImage,
    /// Its layers, lowest first, with their sizes: what is there already is not moved again.
    pub layers: Vec<(Digest, Bytes)>,
    /// Its default environment variables.
    pub env: BTreeMap<String, String>,
    /// What it runs.
    pub command: String,
    /// How its containers behave.
    pub conduct: Conduct,
}

/// How the containers of an image behave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conduct {
    /// Whether it has a health check.
    pub checked: bool,
    /// How long it starts before its health is decided.
    pub boots_in: Span,
    /// What is wrong with it, and where.
    pub fault: Option<Fault>,
    /// What it prints now and then while it runs.
    pub chatter: Vec<String>,
}

/// What is wrong with a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// In which environments it shows; everywhere if none is named.
    pub places: Vec<String>,
    /// What it prints before it fails.
    pub last_words: Vec<String>,
    /// It ends with this code; if not, it becomes unhealthy.
    pub exits: Option<i64>,
}

impl SimImage {
    /// Its size: that of its layers.
    #[must_use]
    pub fn size(&self) -> Bytes {
        self.layers
            .iter()
            .fold(Bytes(0), |sum, (_, bytes)| sum + *bytes)
    }

    /// Whether it is this version.
    #[must_use]
    pub fn is(&self, version: &Frozen) -> bool {
        self.local.id == version.identity
            || self.local.config.as_ref() == Some(&version.identity)
            || self.local.content == version.identity
    }

    /// What goes wrong with it in an environment.
    #[must_use]
    pub fn fault_in(&self, place: Option<&str>) -> Option<&Fault> {
        let fault = self.conduct.fault.as_ref()?;
        let here = |one: &String| Some(one.as_str()) == place;
        (fault.places.is_empty() || fault.places.iter().any(here)).then_some(fault)
    }

    /// How long it starts.
    #[must_use]
    pub const fn boots_in(&self) -> Duration {
        self.conduct.boots_in.0
    }
}
