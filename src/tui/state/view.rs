//! The views, and what each remembers while it is on the stack.

use std::collections::BTreeMap;

use crate::model::details::Details;
use crate::model::digest::Digest;
use crate::model::event::Event;
use crate::model::fleet::{Deployment, Replica};
use crate::model::plan::OperationId;
use crate::model::project::{EngineName, EnvironmentName, ImageName};
use crate::tui::action::Place;
use crate::tui::effect::{Errand, HistoryFilter};

/// The fleet matrix: what is selected, by name, so that it stays when rows move.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Home {
    /// Which row.
    pub(crate) image: Option<ImageName>,
    /// Which column.
    pub(crate) environment: Option<EnvironmentName>,
    /// Where they were, should the names vanish.
    pub(crate) hint: (usize, usize),
    /// The first row and column drawn.
    pub(crate) top: usize,
    /// The first column drawn.
    pub(crate) left: usize,
}

/// A view above home.
#[derive(Clone, Debug)]
pub(crate) enum View {
    /// The versions of an image.
    Versions(Versions),
    /// One version.
    Version {
        /// Of which image.
        image: ImageName,
        /// Which.
        identity: Digest,
        /// First line drawn.
        top: usize,
    },
    /// One image in one environment.
    Deployment(DeploymentView),
    /// All operations.
    Operations {
        /// Which is selected.
        selected: Option<OperationId>,
        /// First row drawn.
        top: usize,
    },
    /// One operation.
    Operation {
        /// Which.
        id: OperationId,
        /// First line of the log drawn.
        top: usize,
        /// Keep to the end of the log.
        follow: bool,
    },
    /// Events.
    History(HistoryView),
    /// One event.
    Event {
        /// Which.
        event: Box<Event>,
        /// First line drawn.
        top: usize,
    },
    /// Help.
    Help {
        /// Asked for from where.
        of: Place,
        /// First line drawn.
        top: usize,
    },
}

/// The versions of an image.
#[derive(Clone, Debug)]
pub(crate) struct Versions {
    /// Of which image.
    pub(crate) image: ImageName,
    /// Which is selected, by identity.
    pub(crate) selected: Option<Digest>,
    /// First row drawn.
    pub(crate) top: usize,
}

/// A container: its engine and its name.
pub(crate) type ContainerKey = (EngineName, String);

/// What was read of a container, or why nothing could be; `None` while it is on its way.
pub(crate) type Reading = Option<Result<Box<Details>, String>>;

/// One image in one environment.
#[derive(Clone, Debug)]
pub(crate) struct DeploymentView {
    /// Which image.
    pub(crate) image: ImageName,
    /// Where.
    pub(crate) environment: EnvironmentName,
    /// Which container is read closely.
    pub(crate) container: Option<ContainerKey>,
    /// What was read.
    pub(crate) details: BTreeMap<ContainerKey, Reading>,
    /// First line drawn.
    pub(crate) top: usize,
}

/// Events, newest first.
#[derive(Clone, Debug)]
pub(crate) struct HistoryView {
    /// Which ones.
    pub(crate) filter: HistoryFilter,
    /// `None` while they are on their way.
    pub(crate) events: Option<Result<Vec<Event>, String>>,
    /// Which is selected.
    pub(crate) selected: usize,
    /// First row drawn.
    pub(crate) top: usize,
}

/// The replica a deployment view reads closely: the one chosen, else the first.
pub(crate) fn chosen_replica<'a>(
    view: &DeploymentView,
    deployment: &'a Deployment,
) -> Option<(usize, &'a Replica)> {
    let chosen = view.container.as_ref().and_then(|(engine, name)| {
        deployment
            .replicas
            .iter()
            .enumerate()
            .find(|(_, one)| &one.engine == engine && &one.container.name == name)
    });
    chosen.or_else(|| deployment.replicas.first().map(|first| (0, first)))
}

/// The errand that reads a container closely.
pub(crate) fn load_details(replica: &Replica) -> Errand {
    Errand::LoadDetails {
        engine: replica.engine.clone(),
        container: replica.container.name.clone(),
    }
}
