//! The views, and what each remembers while it is on the stack.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::anatomy::report::Difference;
use crate::model::details::Details;
use crate::model::digest::Digest;
use crate::model::event::Event;
use crate::model::fleet::{Deployment, Replica};
use crate::model::plan::OperationId;
use crate::model::project::{EngineName, EnvironmentName, ImageName};
use crate::model::step::Course;
use crate::tui::action::Place;
use crate::tui::effect::{Errand, FileAt, HistoryFilter, Request};
use crate::tui::listing::Listing;
use crate::tui::listing::rows::{EventKey, VersionKey, widest};
use crate::tui::log::{Log, Pane};

use super::anatomy::AnatomyView;

/// The fleet matrix: what is selected, by name, so that it stays when rows move.
#[derive(Clone, Debug, Default)]
pub(crate) struct Home {
    /// Which row.
    pub(crate) image: Option<ImageName>,
    /// Which column.
    pub(crate) environment: Option<EnvironmentName>,
    /// Which rows are shown, in which order.
    pub(crate) list: Listing<ImageName>,
    /// Which columns are shown: positions of environments.
    pub(crate) columns: Vec<usize>,
    /// Where the selected column is among them, should its name vanish.
    pub(crate) column: usize,
    /// The column that was selected before a filter took it away.
    pub(crate) displaced: Option<EnvironmentName>,
    /// How many columns of the screen the longest name takes.
    pub(crate) longest: usize,
    /// The fleet that this is true for.
    pub(crate) measured: Option<u64>,
    /// The first row drawn.
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
    /// What a version is made of.
    Anatomy(Box<AnatomyView>),
    /// Two versions beside each other.
    Comparison(Box<ComparisonView>),
    /// A file of a version.
    Content(Box<ContentView>),
    /// All operations.
    Operations {
        /// Which is selected.
        selected: Option<OperationId>,
        /// Which are shown, in which order.
        list: Listing<OperationId>,
        /// First row drawn.
        top: usize,
    },
    /// One operation.
    Operation {
        /// Which.
        id: OperationId,
        /// The pane its log is looked at through.
        pane: Pane,
    },
    /// What the containers of a deployment write.
    Logs(LogsView),
    /// Events.
    History(Box<HistoryView>),
    /// One event.
    Event {
        /// Which.
        event: Box<Event>,
        /// First line drawn.
        top: usize,
    },
    /// All engines.
    Engines(EnginesView),
    /// One engine.
    Engine {
        /// Which.
        name: EngineName,
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
    /// Which is selected.
    pub(crate) selected: Option<VersionKey>,
    /// Which is marked, to be compared with another.
    pub(crate) marked: Option<Digest>,
    /// Which are shown, in which order.
    pub(crate) list: Listing<VersionKey>,
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
    /// How many times they were read.
    pub(crate) readings: u64,
    /// How many columns of the screen the longest text of each column takes.
    pub(crate) widest: Vec<usize>,
    /// Which is selected.
    pub(crate) selected: Option<EventKey>,
    /// Which are shown, in which order.
    pub(crate) list: Listing<EventKey>,
    /// First row drawn.
    pub(crate) top: usize,
}

impl HistoryView {
    /// One that waits for its events.
    pub(crate) fn waiting(filter: HistoryFilter) -> Self {
        Self {
            filter,
            events: None,
            readings: 0,
            widest: Vec::new(),
            selected: None,
            list: Listing::default(),
            top: 0,
        }
    }

    /// Takes over what was read.
    pub(crate) fn read(
        &mut self,
        events: Result<Vec<Event>, String>,
        forks: &BTreeSet<OperationId>,
    ) {
        self.readings += 1;
        self.widest = widest(events.as_deref().unwrap_or_default(), forks);
        self.events = Some(events);
    }
}

/// The engines, and how they stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct EnginesView {
    /// Which is selected.
    pub(crate) selected: Option<EngineName>,
    /// Which are shown, in which order.
    pub(crate) list: Listing<EngineName>,
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

/// The errand that reads a container closely. A channel's tag is none: there is nothing more
/// to read.
pub(crate) fn load_details(replica: &Replica) -> Option<Errand> {
    (replica.engine.course() == Course::Container).then(|| Errand::LoadDetails {
        engine: replica.engine.clone(),
        container: replica.container.name.clone(),
    })
}

/// Lines and bytes of a deployment's log that are kept.
const LINES_KEPT: usize = 50_000;
const BYTES_KEPT: usize = 32 << 20;

/// What the containers of a deployment write.
#[derive(Clone, Debug)]
pub(crate) struct LogsView {
    /// Which image.
    pub(crate) image: ImageName,
    /// Where.
    pub(crate) environment: EnvironmentName,
    /// By which numbers they are followed, and the place of the first container of each: one
    /// that came later has a number of its own.
    pub(crate) follows: Vec<(Request, usize)>,
    /// The containers.
    pub(crate) sources: Vec<ContainerKey>,
    /// The first lines have come.
    pub(crate) begun: bool,
    /// What they wrote.
    pub(crate) log: Log,
    /// The pane it is looked at through.
    pub(crate) pane: Pane,
}

impl LogsView {
    /// Nothing is known yet.
    pub(crate) fn new(
        image: ImageName,
        environment: EnvironmentName,
        request: Request,
        sources: Vec<ContainerKey>,
    ) -> Self {
        Self {
            image,
            environment,
            follows: vec![(request, 0)],
            sources,
            begun: false,
            log: Log::new(LINES_KEPT, BYTES_KEPT),
            pane: Pane::default(),
        }
    }

    /// The place of the first container that is followed by this number.
    pub(crate) fn follows(&self, request: Request) -> Option<usize> {
        let mut all = self.follows.iter();
        all.find(|(one, _)| *one == request).map(|(_, at)| *at)
    }
}

/// A file of a version.
#[derive(Clone, Debug)]
pub(crate) struct ContentView {
    /// Which.
    pub(crate) of: FileAt,
    /// By which number it was asked for.
    pub(crate) request: Request,
    /// Its lines, once they are there; or why they are not.
    pub(crate) lines: Option<Result<Vec<String>, String>>,
    /// What is to be known about them: a part only, or no text.
    pub(crate) note: Option<String>,
    /// First line drawn.
    pub(crate) top: usize,
}

/// Two versions beside each other.
#[derive(Clone, Debug)]
pub(crate) struct ComparisonView {
    /// Of which image.
    pub(crate) image: ImageName,
    /// The version to begin with.
    pub(crate) before: Digest,
    /// The version it is compared with.
    pub(crate) after: Digest,
    /// By which number it was asked for, once both were read.
    pub(crate) request: Option<Request>,
    /// What was found, or why nothing was.
    pub(crate) found: Option<Result<Arc<Difference>, String>>,
    /// First line drawn.
    pub(crate) top: usize,
}
