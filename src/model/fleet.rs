//! The fleet: every deployment of every image in every environment, joined from what the
//! engines answered. Immutable: a new observation makes a new fleet.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::catalog::{Catalog, Version};
use super::digest::Digest;
use super::known_good::Verdict;
use super::observation::{Container, Health, LockSeen, Observation};
use super::project::{EngineName, Environment, EnvironmentName, Image, ImageName, Source};
use super::skew::Skew;
use super::step::Course;
use super::time::Timestamp;

/// What is known of one engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EngineState {
    /// The last answer, however old.
    pub last: Option<Observation>,
    /// How it stands now.
    pub link: Link,
}

/// How the connection to an engine stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Link {
    /// Asked, not answered yet.
    Connecting,
    /// Live.
    Up,
    /// Gone: why, and when it is tried again.
    Down {
        /// One sentence.
        error: String,
        /// Since when.
        since: Timestamp,
        /// The next try.
        retry_at: Option<Timestamp>,
    },
}

/// Every engine's state: what a fleet is made from.
pub type Engines = BTreeMap<EngineName, EngineState>;

/// Everything, at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Fleet {
    /// When it was put together.
    pub at: Timestamp,
    /// Which project file is in force.
    pub source: Source,
    /// The environments, upstream first.
    pub environments: Vec<Environment>,
    /// One row an image.
    pub rows: Vec<Row>,
    /// The engines behind it all.
    pub engines: Engines,
    /// Locks on containers that no cell shows: of an image that is none of the project's,
    /// or of a container that is gone or half-way renamed.
    pub stray_locks: Vec<(EngineName, LockSeen)>,
}

/// One image in every environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The image.
    pub image: Image,
    /// Its versions.
    pub catalog: Catalog,
    /// One cell for each environment, in their order.
    pub cells: Vec<Cell>,
}

/// One image in one environment.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Cell {
    /// What runs; none if nothing does.
    pub deployment: Option<Deployment>,
    /// How it skews.
    pub skew: Vec<Skew>,
    /// Engines of this environment that do not answer, with the reason. What is shown of
    /// them is their last answer.
    pub errors: Vec<EngineError>,
    /// Engines of this environment that have not answered yet.
    pub waiting: Vec<EngineName>,
    /// Operations under way here, or cut off.
    pub locks: Vec<(EngineName, LockSeen)>,
    /// The version to go back to, or why there is none.
    pub known_good: Option<Verdict>,
}

/// Why an engine's data is missing or old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineError {
    /// Which engine.
    pub engine: EngineName,
    /// One sentence.
    pub error: String,
    /// When it last answered.
    pub last_seen: Option<Timestamp>,
}

/// What was observed of one image in one environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// Every container, in the environment's order of engines, then by name.
    pub replicas: Vec<Replica>,
    /// The distinct identities that run, most replicas first. One, unless mixed.
    pub identities: Vec<Digest>,
    /// The label of the first identity, else its short digest.
    pub version: String,
    /// The worst health of its replicas.
    pub health: Health,
    /// Since when all of it has been as it is: the latest start.
    pub since: Option<Timestamp>,
}

/// One container of a deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Replica {
    /// On which engine.
    pub engine: EngineName,
    /// The container.
    pub container: Container,
    /// What its image is recognised by. When the engine no longer has the image, its id.
    pub identity: Digest,
    /// The version's label, else the short digest.
    pub version: String,
}

impl Replica {
    /// How it fares, in words: a channel's tag has no health, it points there or it does not.
    #[must_use]
    pub fn state_word(&self) -> &'static str {
        state_word(self.engine.course(), self.container.health)
    }
}

/// How a container or a tag fares, in words.
fn state_word(course: Course, health: Health) -> &'static str {
    match (course, health) {
        (Course::Tag, Health::NoCheck) => "tag",
        (_, health) => health.word(),
    }
}

impl Deployment {
    /// Whether these are containers, or the tag of a channel.
    #[must_use]
    pub fn course(&self) -> Course {
        let first = self.replicas.first();
        first.map_or(Course::Container, |replica| replica.engine.course())
    }

    /// How all of it fares, in words.
    #[must_use]
    pub fn state_word(&self) -> &'static str {
        state_word(self.course(), self.health)
    }

    /// Replicas that run, of all.
    #[must_use]
    pub fn running(&self) -> usize {
        self.replicas
            .iter()
            .filter(|replica| replica.container.health != Health::NotRunning)
            .count()
    }
}

impl Cell {
    /// Whether some engine does not answer, but what is shown comes from one that does, too.
    #[must_use]
    pub fn partly_answered(&self) -> bool {
        let silent = |engine: &EngineName| self.errors.iter().any(|error| &error.engine == engine);
        !self.errors.is_empty()
            && self.deployment.as_ref().is_some_and(|deployment| {
                let mut replicas = deployment.replicas.iter();
                replicas.any(|replica| !silent(&replica.engine))
            })
    }
}

impl Row {
    /// The version with this identity.
    #[must_use]
    pub fn version(&self, identity: &Digest) -> Option<&Version> {
        self.catalog
            .versions
            .iter()
            .find(|version| &version.identity == identity)
    }
}

impl Fleet {
    /// The row of an image.
    #[must_use]
    pub fn row(&self, name: &ImageName) -> Option<&Row> {
        self.rows.iter().find(|row| &row.image.name == name)
    }

    /// An environment's position.
    #[must_use]
    pub fn column(&self, name: &EnvironmentName) -> Option<usize> {
        self.environments
            .iter()
            .position(|environment| &environment.name == name)
    }

    /// One image in one environment.
    #[must_use]
    pub fn cell(&self, image: &ImageName, environment: &EnvironmentName) -> Option<&Cell> {
        self.row(image)?.cells.get(self.column(environment)?)
    }

    /// The environment promotions into `name` come from: its `after`, else the one before
    /// it in order.
    #[must_use]
    pub fn upstream(&self, name: &EnvironmentName) -> Option<&Environment> {
        let column = self.column(name)?;
        match &self.environments.get(column)?.after {
            Some(after) => self.environments.get(self.column(after)?),
            None => self.environments.get(column.checked_sub(1)?),
        }
    }

    /// The environment that promotions from `name` go to: the one that names it in `after`,
    /// else the one behind it in order.
    #[must_use]
    pub fn downstream(&self, name: &EnvironmentName) -> Option<&Environment> {
        self.environments.iter().find(|environment| {
            self.upstream(&environment.name)
                .is_some_and(|upstream| &upstream.name == name)
        })
    }
}
