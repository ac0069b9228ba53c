//! What an operation will do, computed without touching anything: what the dialog shows,
//! what `--dry-run` prints, and what is then carried out, with its digests frozen.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::bytes::Bytes;
use super::digest::Digest;
use super::project::{EngineName, EnvironmentName, ImageName};
use super::reference::{ImageRef, Repository};
use super::step::Course;
use super::time::{Span, Timestamp};

/// Names one operation on every engine it touches: 16 random hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationId(pub String);

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// Build a new version.
    Rebuild,
    /// Push a version to its registry.
    Publish,
    /// Bring the version of one environment to another.
    Promote,
    /// Put an environment back on an earlier version.
    Rollback,
    /// Finish or undo what was cut off.
    Recover,
    /// Break a lock.
    Unlock,
}

impl OperationKind {
    /// The verb, as the command line has it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rebuild => "rebuild",
            Self::Publish => "publish",
            Self::Promote => "promote",
            Self::Rollback => "rollback",
            Self::Recover => "recover",
            Self::Unlock => "unlock",
        }
    }

    /// The verb, as a person would write it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Rollback => "roll back",
            other => other.word(),
        }
    }
}

/// Whether a version that is named is older or newer than the one that runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heading {
    /// Older, or nobody can tell.
    #[default]
    Back,
    /// Newer: what is left is not left because it was bad.
    Forward,
}

/// A version, frozen: what was shown is what is done, whatever a tag says later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// The version's label, else its short digest: for people.
    pub label: String,
    /// What it is recognised by.
    pub identity: Digest,
    /// Platform + diff ids + configuration, by which other stores recognise it.
    pub content: Option<Digest>,
    /// The repository it belongs to.
    pub repository: Repository,
    /// The tag that names it, where one does.
    pub tag: Option<String>,
    /// The digest a registry has it under, where one does.
    pub registry_digest: Option<Digest>,
    /// Its size, where known.
    pub size: Option<Bytes>,
}

impl Frozen {
    /// `repository:tag@digest`: what is recorded on a deployed container.
    #[must_use]
    pub fn reference(&self) -> ImageRef {
        ImageRef {
            repository: self.repository.clone(),
            tag: self.tag.clone(),
            digest: Some(
                self.registry_digest
                    .clone()
                    .unwrap_or_else(|| self.identity.clone()),
            ),
        }
    }
}

/// Bring one or more images of one environment to frozen versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Names the operation.
    pub id: OperationId,
    /// Promote or roll back.
    pub kind: OperationKind,
    /// The environment that changes.
    pub environment: EnvironmentName,
    /// The environment the version comes from, for a promotion.
    pub from_environment: Option<EnvironmentName>,
    /// Whether the environment's name must be typed.
    pub protected: bool,
    /// The environment's soak: how long the old container stays parked.
    pub soak: Span,
    /// Who wants it: `user@host`.
    pub who: String,
    /// Why.
    pub reason: Option<String>,
    /// When it was made.
    pub made: Timestamp,
    /// One for each image.
    pub moves: Vec<Move>,
}

/// One image of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Move {
    /// Which image.
    pub image: ImageName,
    /// What runs now: one, or several where the environment is mixed.
    pub from: Vec<Frozen>,
    /// What will run.
    pub to: Frozen,
    /// Whether that is an older or a newer version.
    #[serde(default)]
    pub heading: Heading,
    /// Why this version: `ran 6 d 4 h here until Tue …, healthy when last read`.
    pub evidence: Option<String>,
    /// What to know before saying yes.
    pub warnings: Vec<String>,
    /// Each container to replace, in the order in which they are.
    pub touches: Vec<Touch>,
}

/// One container of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Touch {
    /// On which engine.
    pub engine: EngineName,
    /// The container's name.
    pub container: String,
    /// Its id when the plan was made: another id later means that the fleet moved.
    pub container_id: String,
    /// What it runs now; nothing where a channel's tag is not there yet.
    pub from: Option<Frozen>,
    /// How the image gets there.
    pub obtain: Obtain,
    /// What changes in its configuration, a line each.
    pub changes: Vec<String>,
    /// What to know about this container.
    pub notes: Vec<String>,
    /// Containers that live in this one's network, pid or ipc namespace, and are recreated
    /// with it.
    pub dependents: Vec<String>,
    /// How long health is waited for, at most.
    pub health_wait: Span,
}

/// What a pull moved, and how long it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullTime {
    /// So many bytes.
    pub bytes: Bytes,
    /// So long.
    pub took: Span,
}

/// How an image gets onto an engine, or a version to where a tag can point to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Obtain {
    /// It is there already, under this id.
    Present {
        /// Its id on that engine.
        image_id: Digest,
    },
    /// Pulled by digest from its registry.
    Pull {
        /// `repository@digest`.
        reference: ImageRef,
        /// The bytes that the engine lacks, as they lie in the registry, where known.
        #[serde(default)]
        bytes: Option<Bytes>,
        /// What the last pull of the image there took, where this machine saw it.
        #[serde(default)]
        last: Option<PullTime>,
    },
    /// The tag's registry has it where the tag is: nothing is moved.
    Retag,
    /// Copied from one repository to another: mounted where they share a registry.
    Copy {
        /// From which.
        from: Repository,
        /// To which.
        to: Repository,
        /// The bytes that the other registry lacks; 0 within one.
        bytes: Bytes,
    },
    /// Streamed from another engine.
    Stream {
        /// From which.
        from: EngineName,
        /// The id of the image there.
        image_id: Digest,
        /// About how many bytes, where known.
        size: Option<Bytes>,
    },
}

impl Obtain {
    /// In words, for the dialog.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Present { .. } => "image already there".to_owned(),
            Self::Pull {
                reference,
                bytes,
                last,
            } => {
                let mut text = format!(
                    "pull {}@{} from the registry",
                    reference.repository,
                    reference.digest.as_ref().map_or("?", Digest::short)
                );
                if let Some(bytes) = bytes {
                    text.push_str(&format!(", {bytes}"));
                }
                if let Some(last) = last {
                    text.push_str(&format!(" (last time {} in {})", last.bytes, last.took));
                }
                text
            }
            Self::Retag => "it is in the registry already: no byte is moved".to_owned(),
            Self::Copy { from, to, bytes } if from.registry_host() == to.registry_host() => {
                format!("mount from {from}: {bytes} to copy")
            }
            Self::Copy { from, bytes, .. } => format!("copy from {from}, {bytes}"),
            Self::Stream { from, size, .. } => match size {
                Some(size) => format!("stream from {from}, about {size}"),
                None => format!("stream from {from}"),
            },
        }
    }
}

impl Plan {
    /// One line: `roll back shop-web in prod to 1.4.2`.
    #[must_use]
    pub fn summary(&self) -> String {
        let what = match self.moves.as_slice() {
            [one] => format!("{} in {} to {}", one.image, self.environment, one.to.label),
            several => format!("{} images in {}", several.len(), self.environment),
        };
        format!("{} {what}", self.words())
    }

    /// The verb: a roll back by name to a newer version rolls forward.
    #[must_use]
    pub fn words(&self) -> &'static str {
        let forward = self.moves.iter().any(|one| one.heading == Heading::Forward);
        match self.kind {
            OperationKind::Rollback if forward => "roll forward",
            kind => kind.words(),
        }
    }

    /// Every container the plan touches, dependents left out.
    pub fn touches(&self) -> impl Iterator<Item = (&Move, &Touch)> {
        self.moves
            .iter()
            .flat_map(|one| one.touches.iter().map(move |touch| (one, touch)))
    }

    /// One of them, by the place of its image and its own.
    #[must_use]
    pub fn touch(&self, image: usize, touch: usize) -> Option<(&Move, &Touch)> {
        let one = self.moves.get(image)?;
        Some((one, one.touches.get(touch)?))
    }

    /// What it works on: containers, or tags.
    #[must_use]
    pub fn course(&self) -> Course {
        let first = self.touches().next();
        first.map_or(Course::Container, |(_, touch)| touch.engine.course())
    }

    /// Nothing to do: everything runs the wanted version already.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.touches().next().is_none()
    }
}
