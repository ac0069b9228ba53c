//! The seam to the rest of karat: what the interface asks for, and what it is told.
//!
//! [`crate::tui`] itself never touches an engine, a file or the store. It hands an
//! [`Errand`] to the [`Hands`] it was given, and hears of it by [`Message`]s.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::anatomy::image::ImageFacts;
use crate::anatomy::report::{Difference, Report as Anatomy};
use crate::anatomy::tree::search::{Found, Query, Scene};
use crate::config::Preferences;
use crate::model::bytes::Bytes;
use crate::model::details::Details;
use crate::model::digest::Digest;
use crate::model::event::Event;
use crate::model::fleet::Fleet;
use crate::model::log::Said;
use crate::model::plan::{OperationId, OperationKind, Plan};
use crate::model::progress::{Progress, Report};
use crate::model::project::{EngineName, EnvironmentName, ImageName};
use crate::model::publish::PublishPlan;
use crate::model::rebuild::RebuildPlan;
use crate::model::reference::Repository;
use crate::target::{Shell, WindowSize};

/// What [`update`](super::update) wants done outside the thread of the state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// For the [`Hands`].
    Errand(Errand),
    /// Put text on the clipboard, through the terminal (OSC 52).
    Copy(String),
    /// Take clicks and the wheel, or leave them to the terminal.
    Mouse(bool),
    /// Give the terminal back and stop the process until the shell continues it.
    Suspend,
    /// Give the terminal to a shell until it ends.
    Shell(Line, String),
    /// End a shell that nobody waits for any more.
    HangUp(Line),
}

/// Something to be done by the engines, the store or the operations.
#[derive(Clone, Debug, PartialEq)]
pub enum Errand {
    /// Make a plan, touching nothing. Answer: [`Message::Planned`] with the same number.
    Plan(Request, Wanted),
    /// Carry out what was confirmed. Answers: any number of [`Message::Progress`], then one
    /// [`Message::Finished`].
    Run(Box<Confirmed>),
    /// Cancel a running operation. Its own `Finished` tells how it ended.
    Cancel(OperationId),
    /// Read one container closely. Answer: [`Message::Details`].
    LoadDetails {
        /// On which engine.
        engine: EngineName,
        /// Its name.
        container: String,
    },
    /// Read the history. Answers: [`Message::Forks`], then [`Message::History`] with the same
    /// filter.
    LoadHistory(HistoryFilter),
    /// Finish or undo these operations, which were cut off, and no other. Answer:
    /// [`Message::Recovered`].
    Recover(Vec<OperationId>),
    /// Follow what containers write, the last lines first. Answers: [`Message::Logs`] with the
    /// same number, until [`Errand::StopLogs`].
    FollowLogs {
        /// Its number.
        request: Request,
        /// Which containers.
        sources: Vec<(EngineName, String)>,
        /// So many lines of each to begin with.
        last: usize,
    },
    /// Nobody looks at those any more.
    StopLogs(Request),
    /// Write lines into a new file. Answer: [`Message::Saved`].
    SaveLogs {
        /// What the file is to be called after: `shop-web-prod`.
        name: String,
        /// The lines, as they were received.
        lines: Vec<Kept>,
    },
    /// Start a shell. Answer: [`Message::Shell`] with the same number.
    OpenShell(Request, ShellWish, WindowSize),
    /// Take a version apart. Answers: any number of [`Message::Explaining`], then one
    /// [`Message::Explained`], with the same number; none after [`Errand::StopExplaining`].
    Explain {
        /// Its number.
        request: Request,
        /// Of which image.
        image: ImageName,
        /// Which version.
        identity: Digest,
    },
    /// Nobody waits for that any more.
    StopExplaining(Request),
    /// Compare two versions that were taken apart. Answer: [`Message::Compared`] with the same
    /// number.
    Compare {
        /// Its number.
        request: Request,
        /// The one to begin with.
        before: Shared,
        /// The one it is compared with.
        after: Shared,
    },
    /// Read a file of a version. Answer: [`Message::Content`] with the same number.
    ReadFile {
        /// Its number.
        request: Request,
        /// Of which version.
        of: FileAt,
    },
    /// Write a file or a directory of a version to the current folder. Answer:
    /// [`Message::Saved`].
    Extract(FileAt),
    /// Look for paths in a version. Answer: [`Message::Found`] with the same number; none once
    /// nobody waits for it any more.
    Search(Request, Search),
    /// Somebody looks at these tags of a repository: read what is not known of them. What comes
    /// of it comes with the fleet.
    LookAt {
        /// The repository.
        repository: Repository,
        /// The tags.
        tags: Vec<String>,
    },
    /// Ask every engine anew, without waiting for its back-off. The fleet itself comes by
    /// [`Opening::fleet_updates`](super::Opening::fleet_updates).
    Refresh,
    /// Keep something for the next run. Never sent where the fleet is not a real one. Errands
    /// may overtake each other: of two, the one with the higher number holds.
    Remember(Request, Preferences),
}

/// A version taken apart, on its way.
#[derive(Clone, Debug)]
pub struct Shared(pub Arc<Anatomy>);

impl PartialEq for Shared {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// How many paths a search shows at most: nobody reads more.
pub(crate) const MOST_FOUND: usize = 5_000;

/// What is looked for among the paths of a version.
#[derive(Clone, Debug)]
pub struct Search {
    /// In which version.
    pub(crate) of: Shared,
    /// Where in it.
    pub(crate) scene: Scene,
    /// What was typed.
    pub(crate) text: String,
    /// Gone when nobody waits for it any more.
    pub(crate) wanted: Weak<()>,
}

impl PartialEq for Search {
    fn eq(&self, other: &Self) -> bool {
        (&self.of, self.scene, &self.text) == (&other.of, other.scene, &other.text)
    }
}

impl Search {
    /// Looks for it; it may take a tenth of a second and more. Nothing, when nobody waits for
    /// it any more.
    #[must_use]
    pub fn run(&self) -> Option<Arc<Found>> {
        let merged = &self.of.0.anatomy.merged;
        // What cannot be looked for is said where it is typed.
        let query = Query::typed(&self.text).ok()?;
        let wanted = || self.wanted.strong_count() > 0;
        let found = query.run_while(merged, self.scene, MOST_FOUND, wanted);
        found.map(Arc::new)
    }
}

/// A path in a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileAt {
    /// Of which image.
    pub image: ImageName,
    /// Which version.
    pub identity: Digest,
    /// After which layer; after the last one, where there is none.
    pub layer: Option<usize>,
    /// The path, without a slash in front.
    pub path: Vec<u8>,
}

/// How far one is with taking a version apart.
#[derive(Clone, Debug)]
pub enum Explaining {
    /// What it says of itself, before its layers are read.
    Facts {
        /// Its own words, or an engine's of it.
        facts: Arc<ImageFacts>,
        /// How long its layers are, by the engine's word; empty where it was not asked.
        sizes: Vec<Option<Bytes>>,
    },
    /// One of its layers is known.
    Layer {
        /// Its place in the facts.
        place: usize,
        /// What is known.
        read: LayerRead,
    },
    /// Bytes read so far.
    Bytes {
        /// So many.
        done: Bytes,
        /// Of so many.
        total: Option<Bytes>,
    },
}

/// What is known of a layer while others are still being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerRead {
    /// Bytes of its files.
    pub bytes: Bytes,
    /// How many entries it has.
    pub entries: usize,
    /// It had been read before, and was remembered.
    pub remembered: bool,
}

/// The content of a file, as far as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Its beginning; what is no UTF-8 in it is replaced.
    pub text: String,
    /// Whether it is longer.
    pub cut: bool,
    /// Whether it is no text.
    pub binary: bool,
}

/// One line to be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What stands before it: the container, where there are several.
    pub before: String,
    /// When it was written, where that is known.
    pub at: Option<crate::model::time::Timestamp>,
    /// As it was received.
    pub bytes: Vec<u8>,
}

/// Where a shell is wanted. What was shown is what is opened: containers and images are
/// named by what cannot change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShellWish {
    /// In a container that runs.
    Inside {
        /// On which engine.
        engine: EngineName,
        /// Its name.
        container: String,
        /// Its id.
        id: String,
    },
    /// In a container of a version, made for it and gone with it.
    ThrowAway {
        /// On which engine.
        engine: EngineName,
        /// The image's id there.
        image: Digest,
        /// With the settings of this container.
        like: Option<String>,
    },
}

/// A shell on its way to whoever takes it: once.
#[derive(Clone)]
pub struct Line(Arc<Mutex<Option<Shell>>>);

impl Line {
    /// To be taken.
    #[must_use]
    pub fn new(shell: Shell) -> Self {
        Self(Arc::new(Mutex::new(Some(shell))))
    }

    /// Takes it; nothing the second time.
    #[must_use]
    pub fn take(&self) -> Option<Shell> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line")
    }
}

impl PartialEq for Line {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// What holds a batch of log lines back until the one before it was taken in: dropped with
/// its message.
#[derive(Clone, Debug, Default)]
pub struct Turn(pub Option<Arc<OwnedSemaphorePermit>>);

/// Numbers a wish for a plan, so that a late answer to an earlier wish is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request(pub u64);

/// What a plan is wanted for. Kept beside the plan, so that it can be made anew when the
/// fleet moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Put an image in an environment on another version.
    Rollback {
        /// Which image.
        image: ImageName,
        /// Where.
        environment: EnvironmentName,
        /// On the version with this identity; known good when `None`.
        to: Option<Digest>,
    },
    /// Bring what runs upstream of an environment to it.
    Promote {
        /// Which images.
        images: Vec<ImageName>,
        /// The environment they come from.
        from: EnvironmentName,
        /// The environment that changes.
        to: EnvironmentName,
    },
    /// Build a new version.
    Rebuild {
        /// Of which image.
        image: ImageName,
        /// Every step anew.
        no_cache: bool,
        /// Pull the base image first.
        pull: bool,
    },
    /// Push a version that an engine has to its registry.
    Publish {
        /// Of which image.
        image: ImageName,
        /// The version with this identity.
        identity: Digest,
        /// What it is called.
        shown: String,
    },
}

impl Wanted {
    /// The environment that it changes.
    #[must_use]
    pub const fn environment(&self) -> Option<&EnvironmentName> {
        match self {
            Self::Rollback { environment, .. } => Some(environment),
            Self::Promote { to, .. } => Some(to),
            Self::Rebuild { .. } | Self::Publish { .. } => None,
        }
    }

    /// As a person would say it: `roll back shop-web in prod`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Rollback {
                image,
                environment,
                to: None,
            } => format!("roll back {image} in {environment}"),
            Self::Rollback {
                image, environment, ..
            } => format!("put {image} in {environment} on another version"),
            Self::Promote { images, from, to } => match images.as_slice() {
                [one] => format!("promote {one} from {from} to {to}"),
                several => format!("promote {} images from {from} to {to}", several.len()),
            },
            Self::Rebuild { image, .. } => format!("rebuild {image}"),
            Self::Publish { image, shown, .. } => format!("publish {image} {shown}"),
        }
    }
}

/// A plan as it was made, and as it is carried out once confirmed.
#[derive(Clone, Debug, PartialEq)]
pub enum Confirmed {
    /// Promote or roll back.
    Deploy(Plan),
    /// Rebuild.
    Rebuild(RebuildPlan),
    /// Push a version to its registry. Where its tag is taken, only with a reason.
    Publish(PublishPlan),
}

impl Confirmed {
    /// The operation's name.
    #[must_use]
    pub const fn id(&self) -> &OperationId {
        match self {
            Self::Deploy(plan) => &plan.id,
            Self::Rebuild(plan) => &plan.id,
            Self::Publish(plan) => &plan.id,
        }
    }

    /// What kind of operation.
    #[must_use]
    pub const fn kind(&self) -> OperationKind {
        match self {
            Self::Deploy(plan) => plan.kind,
            Self::Rebuild(_) => OperationKind::Rebuild,
            Self::Publish(_) => OperationKind::Publish,
        }
    }

    /// One line: `roll back shop-web in prod to 1.4.2`.
    #[must_use]
    pub fn summary(&self) -> String {
        match self {
            Self::Deploy(plan) => plan.summary(),
            Self::Rebuild(plan) if plan.publish => {
                format!("rebuild {} as {} and publish it", plan.image, plan.version)
            }
            Self::Rebuild(plan) => format!("rebuild {} as {}", plan.image, plan.version),
            Self::Publish(plan) => format!("publish {} {}", plan.image, plan.version),
        }
    }
}

/// Why no plan can be made: the whole sentence, with what to do instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// For the reader.
    pub sentence: String,
}

/// Which part of the history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Of this image only.
    pub image: Option<ImageName>,
    /// In this environment only.
    pub environment: Option<EnvironmentName>,
}

/// What the interface is told.
#[derive(Clone, Debug)]
pub enum Message {
    /// A new fleet.
    Fleet(Arc<Fleet>),
    /// The plan that was asked for, or why there is none.
    Planned(Request, Result<Box<Confirmed>, Refused>),
    /// A running operation goes on.
    Progress(OperationId, Progress),
    /// An operation ended.
    Finished(Report),
    /// One container, read closely, or one sentence why not.
    Details {
        /// On which engine.
        engine: EngineName,
        /// Its name.
        container: String,
        /// What was read.
        answer: Result<Box<Details>, String>,
    },
    /// Events, newest first, or one sentence why not.
    History(HistoryFilter, Result<Vec<Event>, String>),
    /// The operations of shared histories whose karats did not see each other.
    Forks(BTreeSet<OperationId>),
    /// What recovering did, in words.
    Recovered(Recovered),
    /// What containers that are followed wrote.
    Logs(Request, Vec<Said>, Turn),
    /// Where lines were saved, or one sentence why not.
    Saved(Result<String, String>),
    /// The shell that was asked for, or one sentence why there is none.
    Shell(Request, Result<Line, String>),
    /// A version that is taken apart: how far one is.
    Explaining(Request, Explaining),
    /// A version taken apart, or one sentence why not.
    Explained(Request, Result<Arc<Anatomy>, String>),
    /// Two versions compared, or one sentence why not.
    Compared(Request, Result<Arc<Difference>, String>),
    /// Paths that were looked for, or one sentence why not.
    Found(Request, Result<Arc<Found>, String>),
    /// A file of a version, or one sentence why not.
    Content(Request, Result<Content, String>),
    /// One line for the reader.
    Note(String),
}

/// What recovering did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// What was settled.
    pub settled: Vec<Part>,
    /// What was not, and why.
    pub left: Vec<Part>,
    /// The operations that were settled.
    pub over: Vec<OperationId>,
}

/// What became of one operation that was cut off; of an engine, where it names no image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Its images.
    pub images: Vec<String>,
    /// The environments it changes, or may change.
    pub environments: Vec<EnvironmentName>,
    /// What became of it.
    pub sentence: String,
}

impl Part {
    /// Which images, and where: `gateway in canary`. Nothing for an engine.
    #[must_use]
    pub fn subject(&self) -> Option<String> {
        let names = |all: &[EnvironmentName]| -> Vec<String> {
            all.iter().map(ToString::to_string).collect()
        };
        match (self.images.as_slice(), self.environments.as_slice()) {
            ([], _) => None,
            (images, []) => Some(images.join(", ")),
            (images, several) => Some(format!(
                "{} in {}",
                images.join(", "),
                // Of several it is in one, and nobody knows in which.
                names(several).join(" or ")
            )),
        }
    }
}

impl<T: Into<String>> From<T> for Part {
    /// A sentence about no operation in particular.
    fn from(sentence: T) -> Self {
        Self {
            sentence: sentence.into(),
            ..Self::default()
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subject() {
            Some(subject) => write!(f, "{subject} · {}", self.sentence),
            None => f.write_str(&self.sentence),
        }
    }
}

/// Whoever carries errands out.
#[async_trait]
pub trait Hands: Send + Sync + 'static {
    /// Does what is asked and answers on `answer`, which is bounded: a full channel makes
    /// the sender wait. Errors are answers too. A closed channel means that the interface
    /// has gone; a running operation then goes on or is undone, as its own rules say.
    async fn carry_out(self: Arc<Self>, errand: Errand, answer: mpsc::Sender<Message>);
}
