//! A container on a simulated engine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::digest::Digest;
use crate::model::event::Event;
use crate::model::observation::{Container, Health};
use crate::model::plan::OperationId;
use crate::model::reference::ImageRef;
use crate::model::run::Run;
use crate::model::time::{Span, Timestamp};

/// A container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimContainer {
    /// The engine's id for it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it was made from, as it was written then.
    pub image: String,
    /// The image it runs.
    pub image_id: Digest,
    /// What its user set.
    pub body: Body,
    /// When it was made.
    pub created: Timestamp,
    /// How it fares.
    pub life: Life,
    /// Times it was restarted.
    pub restarts: u64,
    /// `repository:tag@digest` recorded when it was deployed.
    pub recorded: Option<ImageRef>,
    /// The runs before it.
    pub runs: Vec<Run>,
    /// The event that put it there.
    pub deployed_by: Option<Event>,
    /// The operation that made it, and the name it is meant for.
    pub made_by: Option<(OperationId, String)>,
    /// How long its predecessor stays parked.
    pub soak: Option<Span>,
    /// Files that differ from the image: the sign, and the path.
    pub drift: Vec<(char, String)>,
}

/// What the user of a container set: carried over from one to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Environment variables: their names. Their values would be masked anyway.
    pub env: Vec<String>,
    /// Published ports.
    pub ports: Vec<String>,
    /// Volumes.
    pub mounts: Vec<String>,
    /// The restart policy.
    pub policy: String,
    /// How long it takes to stop.
    pub stops_in: Span,
}

/// How a container fares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Life {
    /// Made, never started.
    Created,
    /// It runs.
    Running {
        /// Since when.
        since: Timestamp,
        /// Its health.
        health: Health,
    },
    /// It ended.
    Ended {
        /// Since when it ran.
        ran_since: Timestamp,
        /// When it ended.
        at: Timestamp,
        /// Its exit code.
        code: i64,
    },
}

impl SimContainer {
    /// Its health, as the fleet has it.
    #[must_use]
    pub const fn health(&self) -> Health {
        match self.life {
            Life::Running { health, .. } => health,
            Life::Created | Life::Ended { .. } => Health::NotRunning,
        }
    }

    /// Since when it runs.
    #[must_use]
    pub const fn running_since(&self) -> Option<Timestamp> {
        match self.life {
            Life::Running { since, .. } => Some(since),
            Life::Created | Life::Ended { .. } => None,
        }
    }

    /// The environment it says it runs in.
    #[must_use]
    pub fn place(&self) -> Option<&str> {
        self.body.labels.get(super::PLACE_LABEL).map(String::as_str)
    }

    /// As the fleet needs it.
    #[must_use]
    pub fn seen(&self) -> Container {
        Container {
            id: self.id.clone(),
            name: self.name.clone(),
            image: self.image.clone(),
            recorded: self.recorded.clone(),
            image_id: self.image_id.clone(),
            labels: self.body.labels.clone(),
            health: self.health(),
            restarts: self.restarts,
            created: self.created,
            started: self.running_since(),
            runs: self.runs.clone(),
            deployed_by: self.deployed_by.clone(),
        }
    }
}
