//! What one engine answered at one moment: plain data, before it is joined into a fleet.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bytes::Bytes;
use super::digest::Digest;
use super::event::Event;
use super::plan::OperationId;
use super::project::EngineName;
use super::reference::ImageRef;
use super::remote::RemoteImage;
use super::run::Run;
use super::time::Timestamp;

/// Everything read from one engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// Which engine.
    pub engine: EngineName,
    /// When it answered.
    pub at: Timestamp,
    /// What kind of engine it is.
    pub facts: EngineFacts,
    /// Its containers, without locks, parked containers and unfinished new ones.
    pub containers: Vec<Container>,
    /// The images that its containers, or the project's images, need.
    pub images: Vec<LocalImage>,
    /// The locks found on it.
    pub locks: Vec<LockSeen>,
    /// The containers that karat keeps on it to go back to, by name.
    #[serde(default)]
    pub parked: Vec<String>,
    /// A registry's tags of which only the name is known as yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<ImageRef>,
    /// How many images it has, needed or not; not known of one remembered from before.
    #[serde(default)]
    pub images_in_all: Option<usize>,
}

/// What kind of engine it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineFacts {
    /// The engine's own id, the same however it is reached; empty where it has none.
    pub id: String,
    /// The machine's name.
    pub host: String,
    /// `20.10.24`.
    pub version: String,
    /// `1.41`.
    pub api: String,
    /// `linux/amd64`.
    pub platform: String,
    /// Docker or Podman.
    pub kind: EngineKind,
    /// Which image store: decides what an image id is.
    pub store: ImageStore,
    /// The storage driver: `overlay2`. Empty where it is not known.
    #[serde(default)]
    pub driver: String,
    /// The operating system below it: `Debian GNU/Linux 12 (bookworm)`. Empty where it is
    /// not known.
    #[serde(default)]
    pub system: String,
}

/// Whose engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EngineKind {
    /// Docker (Moby).
    #[default]
    Docker,
    /// Podman's Docker-compatible API.
    Podman,
    /// Not an engine at all: one repository of a registry, read for its versions.
    Registry,
    /// Not an engine at all: a moving tag in a registry.
    Channel,
}

/// What an image id is on an engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImageStore {
    /// The graph drivers': the id is the config digest.
    #[default]
    Classic,
    /// containerd's: the id is the manifest or index digest.
    Containerd,
}

/// One container, as far as the fleet needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// The engine's id for it.
    pub id: String,
    /// Its name, without the leading slash.
    pub name: String,
    /// What it was created from, as it was written then: `shop-base:1.2.0`, or an id.
    pub image: String,
    /// `repository:tag@digest` recorded when karat deployed it.
    pub recorded: Option<ImageRef>,
    /// The id of the image it runs.
    pub image_id: Digest,
    /// All its labels but karat's own bulky ones.
    pub labels: BTreeMap<String, String>,
    /// Its health.
    pub health: Health,
    /// Times the engine restarted it.
    pub restarts: u64,
    /// When it was made.
    pub created: Timestamp,
    /// Since when it runs; nothing if it does not.
    pub started: Option<Timestamp>,
    /// The runs it carries: what ran here before it.
    pub runs: Vec<Run>,
    /// The operation that put it here, where karat did.
    pub deployed_by: Option<Event>,
}

impl Container {
    /// The compose project it belongs to.
    #[must_use]
    pub fn compose_project(&self) -> Option<&str> {
        self.labels
            .get("com.docker.compose.project")
            .map(String::as_str)
    }

    /// A label's value.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(String::as_str)
    }
}

/// How a container fares. Ordered from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Its health check passes.
    Healthy,
    /// It runs and has no health check.
    NoCheck,
    /// It runs, and its health check has not decided yet.
    Starting,
    /// Its health check fails.
    Unhealthy,
    /// It does not run: created, exited, paused, dead.
    NotRunning,
}

impl Health {
    /// In words, for people and for JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::NoCheck => "no check",
            Self::Starting => "starting",
            Self::Unhealthy => "unhealthy",
            Self::NotRunning => "not running",
        }
    }
}

/// One image on one engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalImage {
    /// The engine's id for it: a config digest in the classic store, a manifest or index
    /// digest in containerd's.
    pub id: Digest,
    /// The config digest, where the engine tells it.
    pub config: Option<Digest>,
    /// Its tags on this engine.
    pub tags: Vec<ImageRef>,
    /// `repository@digest` for each registry it came from or went to.
    pub repo_digests: Vec<ImageRef>,
    /// When it was built.
    pub created: Option<Timestamp>,
    /// Its size on this engine. Not comparable between stores.
    pub size: Option<Bytes>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// `linux/amd64`.
    pub platform: String,
    /// The digests of its uncompressed layers, lowest first.
    pub diff_ids: Vec<Digest>,
    /// A digest of platform, diff ids and configuration: the same image has the same one
    /// in every store.
    pub content: Digest,
    /// What only a registry says; none for an image on an engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<RemoteImage>,
}

/// A lock found on an engine: an operation is under way there, or was cut off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockSeen {
    /// The container it protects.
    pub container: String,
    /// Which operation.
    pub operation: OperationId,
    /// What it does, in words: `roll back shop-web in prod to 1.4.2`.
    pub summary: String,
    /// Whose: `user@host`.
    pub owner: String,
    /// Since when.
    pub since: Timestamp,
}
