//! The seam to the rest of karat: what the interface asks for, and what it is told.
//!
//! [`crate::tui`] itself never touches an engine, a file or the store. It hands an
//! [`Errand`] to the [`Hands`] it was given, and hears of it by [`Message`]s.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::config::Preferences;
use crate::model::details::Details;
use crate::model::digest::Digest;
use crate::model::event::Event;
use crate::model::fleet::Fleet;
use crate::model::plan::{OperationId, OperationKind, Plan};
use crate::model::progress::{Progress, Report};
use crate::model::project::{EngineName, EnvironmentName, ImageName};
use crate::model::rebuild::RebuildPlan;

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
    /// Read the history. Answer: [`Message::History`] with the same filter.
    LoadHistory(HistoryFilter),
    /// Finish or undo operations that were cut off. Answer: [`Message::Recovered`].
    Recover,
    /// Ask every engine anew, without waiting for its back-off. The fleet itself comes by
    /// [`Opening::fleet_updates`](super::Opening::fleet_updates).
    Refresh,
    /// Keep something for the next run. Never sent where the fleet is not a real one.
    Remember(Preferences),
}

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
}

impl Wanted {
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
}

impl Confirmed {
    /// The operation's name.
    #[must_use]
    pub const fn id(&self) -> &OperationId {
        match self {
            Self::Deploy(plan) => &plan.id,
            Self::Rebuild(plan) => &plan.id,
        }
    }

    /// What kind of operation.
    #[must_use]
    pub const fn kind(&self) -> OperationKind {
        match self {
            Self::Deploy(plan) => plan.kind,
            Self::Rebuild(_) => OperationKind::Rebuild,
        }
    }

    /// One line: `roll back shop-web in prod to 1.4.2`.
    #[must_use]
    pub fn summary(&self) -> String {
        match self {
            Self::Deploy(plan) => plan.summary(),
            Self::Rebuild(plan) => format!("rebuild {} as {}", plan.image, plan.version),
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
    /// What recovering did, in words, or why it could not.
    Recovered(Result<String, String>),
    /// One line for the reader.
    Note(String),
}

/// Whoever carries errands out.
#[async_trait]
pub trait Hands: Send + Sync + 'static {
    /// Does what is asked and answers on `answer`, which is bounded: a full channel makes
    /// the sender wait. Errors are answers too. A closed channel means that the interface
    /// has gone; a running operation then goes on or is undone, as its own rules say.
    async fn carry_out(self: Arc<Self>, errand: Errand, answer: mpsc::Sender<Message>);
}
