//! One container to be replaced, with everything another machine needs to finish or undo it.
//! It travels, whole, in the labels of the container's lock.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::digest::Digest;
use crate::model::event::{Event, Outcome, VersionMark};
use crate::model::observation::LockSeen;
use crate::model::plan::{Frozen, Heading, Move, OperationId, OperationKind, Plan, Touch};
use crate::model::project::{DEFAULT_SOAK, EngineName, ImageName};
use crate::model::reference::Repository;
use crate::model::step::Course;
use crate::model::time::{Span, Timestamp};

/// One container to be replaced.
///
/// The old container's inspect is kept as the engine gave it. It holds the values of
/// environment variables, so a job is never logged, shown or written anywhere but to the
/// engine it came from.
#[derive(Clone, Serialize, Deserialize)]
pub struct Job {
    /// The event this job is part of: operation, image, environment, who, why.
    pub event: Event,
    /// In words: `roll back shop-web in prod to 1.4.2`.
    pub summary: String,
    /// Which process runs it, as far as that can be told.
    pub process: Process,
    /// On which engine, by the name its owner knew it by.
    pub engine: EngineName,
    /// The engine's own id, the same however it is reached. Not unique: a copied machine
    /// keeps it.
    pub engine_id: String,
    /// The container's name.
    pub container: String,
    /// The old container's id.
    pub old_id: String,
    /// Whether the old container ran.
    pub was_running: bool,
    /// The old container, as the engine described it.
    pub old: Value,
    /// What it runs; nothing for a tag that is not there yet.
    pub from: Option<Frozen>,
    /// What it is to run.
    pub to: Frozen,
    /// Whether that is an older or a newer version.
    #[serde(default)]
    pub heading: Heading,
    /// The container in whose namespaces it lives, when it is replaced for that one's sake.
    pub follows: Option<String>,
    /// The environment's soak: how long the old container stays parked.
    pub soak: Span,
    /// How long health is waited for, at most.
    pub health_wait: Span,
    /// Every container of the operation, on every engine, this one included.
    pub peers: Vec<Peer>,
    /// Live state: of no use to another machine.
    #[serde(skip)]
    pub live: Live,
}

/// One container of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// The engine's own id, the same however it is reached. Not unique: a copied machine
    /// keeps it.
    pub engine_id: String,
    /// What its owner called it.
    pub engine: EngineName,
    /// The container.
    pub container: String,
    /// The id of the container that is replaced: unique, whatever engine it is on.
    pub old_id: String,
}

/// Which process holds a lock, so that another on the same machine can tell whether it lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// `user@host`.
    pub owner: String,
    /// This boot of that machine, and the process namespace in it.
    pub machine: String,
    /// The process id in there.
    pub pid: u32,
    /// When it started, in clock ticks since boot: ids are used again.
    pub started: u64,
}

/// What the process that runs a job knows beyond what the engine knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// The lock's container id.
    pub lock: Option<String>,
    /// The new container's id.
    pub new: Option<String>,
    /// The image to create from, once it is on the engine.
    pub image: Option<Digest>,
    /// Whether a stop of the old container may have been asked for.
    pub stop: StopSent,
}

/// Whether a stop of the old container may have been asked for: the engine carries one out
/// even after its client is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopSent {
    /// Judge by what is on the engine.
    #[default]
    Unknown,
    /// Certainly not.
    No,
    /// It was.
    Yes,
}

impl Process {
    /// Nobody knows any more: the lock that said it is gone.
    #[must_use]
    pub const fn unknown() -> Self {
        Self {
            owner: String::new(),
            machine: String::new(),
            pid: 0,
            started: 0,
        }
    }

    /// Whether it is known at all.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.pid != 0
    }
}

impl Job {
    /// What it runs. A container that is replaced runs something; where a tag is not there yet,
    /// what it is to point to stands for it.
    #[must_use]
    pub fn before(&self) -> &Frozen {
        self.from.as_ref().unwrap_or(&self.to)
    }

    /// What is worked on.
    #[must_use]
    pub fn course(&self) -> Course {
        self.engine.course()
    }

    /// Whether the new container is started: one that is only recreated for the sake of
    /// another is left as it was.
    #[must_use]
    pub const fn is_started(&self) -> bool {
        self.follows.is_none() || self.was_running
    }

    /// How long the engine gives the old container to stop: its own time-out, else Docker's
    /// ten seconds.
    #[must_use]
    pub fn stop_grace(&self) -> std::time::Duration {
        let own = self
            .old
            .pointer("/Config/StopTimeout")
            .and_then(Value::as_u64);
        std::time::Duration::from_secs(own.unwrap_or(10))
    }

    /// What others see of its lock.
    #[must_use]
    pub fn seen(&self) -> LockSeen {
        LockSeen {
            container: self.container.clone(),
            operation: self.event.id.clone(),
            summary: self.summary.clone(),
            owner: self.event.who.clone(),
            since: self.event.time,
        }
    }
}

/// The event that a container brought to a new version carries from then on.
pub(super) fn event(plan: &Plan, one: &Move, touch: &Touch) -> Event {
    Event {
        id: plan.id.clone(),
        time: plan.made,
        who: plan.who.clone(),
        operation: plan.kind,
        heading: one.heading,
        from_environment: plan.from_environment.clone(),
        image: one.image.clone(),
        environment: Some(plan.environment.clone()),
        from: touch.from.as_ref().map(VersionMark::from),
        to: Some(VersionMark::from(&one.to)),
        reason: plan.reason.clone(),
        outcome: Outcome::Done,
        duration: None,
        error: None,
        log: Vec::new(),
    }
}

/// A container put aside by an operation whose lock is gone.
pub(super) struct Stray {
    pub(super) engine: EngineName,
    pub(super) engine_id: String,
    /// The name it had.
    pub(super) container: String,
    pub(super) old_id: String,
    /// The image it was made from, as it was named.
    pub(super) image: String,
    pub(super) identity: Digest,
    /// The container, as the engine describes it.
    pub(super) old: Value,
}

impl Stray {
    /// The job made up from what the vanished lock left behind.
    pub(super) fn job(self, event: Event) -> Job {
        let frozen = Frozen {
            label: self.image,
            identity: self.identity,
            content: None,
            repository: Repository::new(""),
            tag: None,
            registry_digest: None,
            size: None,
        };
        Job {
            event,
            summary: format!("an operation on {} whose lock is gone", self.container),
            process: Process::unknown(),
            engine: self.engine,
            engine_id: self.engine_id,
            container: self.container,
            old_id: self.old_id,
            was_running: true,
            old: self.old,
            from: Some(frozen.clone()),
            to: frozen,
            heading: Heading::default(),
            follows: None,
            soak: DEFAULT_SOAK,
            health_wait: Span::seconds(60),
            peers: Vec::new(),
            live: Live::default(),
        }
    }
}

/// The event of an operation of which nothing is known but its id.
pub(super) fn unknown_event(id: OperationId) -> Event {
    Event {
        id,
        time: Timestamp::default(),
        who: "unknown".to_owned(),
        operation: OperationKind::Recover,
        heading: Heading::Back,
        from_environment: None,
        image: ImageName(String::new()),
        environment: None,
        from: None,
        to: None,
        reason: None,
        outcome: Outcome::NeedsRecover,
        duration: None,
        error: None,
        log: Vec::new(),
    }
}
