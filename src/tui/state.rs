//! Everything the screen is drawn from. One thread owns it; [`super::update`] changes it,
//! [`super::views`] only read it.

use std::collections::BTreeMap;
use std::sync::Arc;

use tui_input::Input;

use crate::model::details::Details;
use crate::model::digest::Digest;
use crate::model::event::Event;
use crate::model::fleet::{Cell, Deployment, Fleet, Replica, Row};
use crate::model::plan::OperationId;
use crate::model::project::{EngineName, Environment, EnvironmentName, ImageName};
use crate::model::time::Timestamp;

use super::action::Place;
use super::effect::{Confirmed, Errand, HistoryFilter, Request, Wanted};
use super::operation::Operation;
use super::theme::Theme;

/// The smallest terminal karat draws on: columns and rows.
pub(crate) const SMALLEST: (u16, u16) = (60, 16);

/// Everything the screen is drawn from.
#[derive(Debug)]
pub(crate) struct State {
    /// What runs where.
    pub(crate) fleet: Arc<Fleet>,
    /// The time, as of the last event.
    pub(crate) now: Timestamp,
    /// Colours.
    pub(crate) theme: Theme,
    /// The terminal's columns and rows.
    pub(crate) size: (u16, u16),
    /// Nothing may be changed from here.
    pub(crate) read_only: bool,
    /// The fleet is not a real one.
    pub(crate) demo: bool,
    /// The bottom of the stack of views.
    pub(crate) home: Home,
    /// What was opened above it, the topmost last.
    pub(crate) stack: Vec<View>,
    /// The dialog above them all.
    pub(crate) dialog: Option<Dialog>,
    /// What runs and what ran, newest first.
    pub(crate) operations: Vec<Operation>,
    /// One line for the reader, until the next key.
    pub(crate) note: Option<Note>,
    /// Cancelled everything, and leaves as soon as all of it has ended.
    pub(crate) leaving: bool,
    /// Why the loop ends, once it does.
    pub(crate) exit: Option<Ending>,
    /// Where things were drawn last.
    pub(crate) layout: Layout,
    /// The number of the last wish for a plan.
    pub(crate) last_request: Request,
}

/// Why the loop ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Somebody asked to leave.
    Left,
    /// Ctrl-C for the second time, while something was still being undone.
    Interrupted,
    /// A signal.
    Signal(i32),
    /// The terminal went away.
    Closed,
}

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

/// A dialog above the views.
#[derive(Clone, Debug)]
pub(crate) enum Dialog {
    /// A plan is being made.
    Planning {
        /// Which wish.
        request: Request,
        /// For what.
        wanted: Wanted,
    },
    /// A plan, to be confirmed.
    Plan(Box<PlanDialog>),
    /// A question with a few answers.
    Ask(Ask),
    /// A list to choose from.
    Choose(Chooser),
    /// Something to be read.
    Notice(Notice),
}

/// A plan, to be confirmed. What is shown is what is done.
#[derive(Clone, Debug)]
pub(crate) struct PlanDialog {
    /// What it was made for.
    pub(crate) wanted: Wanted,
    /// The plan.
    pub(crate) plan: Confirmed,
    /// What has the focus.
    pub(crate) focus: Focus,
    /// The environment's name, as far as it is typed.
    pub(crate) name: Input,
    /// Why, for the history.
    pub(crate) reason: Input,
    /// First line drawn.
    pub(crate) top: usize,
    /// The fleet moved under the dialog: what moved, and the wish for a new plan.
    pub(crate) moved: Option<(String, Request)>,
    /// It was made anew, because of this.
    pub(crate) anew: Option<String>,
    /// Why Enter did nothing.
    pub(crate) complaint: Option<String>,
    /// In what the plan and the fleet differed from the start: a plan may be fresher than
    /// the fleet on screen, and what was so already has not moved.
    pub(crate) baseline: Option<String>,
    /// The containers there were when the dialog opened.
    pub(crate) known: Vec<ContainerKey>,
}

/// What has the focus in a plan dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Focus {
    /// The field for the environment's name.
    Name,
    /// The field for the reason.
    Reason,
    /// The button that does nothing: where the focus starts.
    Cancel,
    /// The button that does it.
    Confirm,
}

impl PlanDialog {
    /// A fresh dialog: Cancel has the focus.
    pub(crate) fn new(wanted: Wanted, plan: Confirmed, anew: Option<String>) -> Self {
        Self {
            wanted,
            plan,
            focus: Focus::Cancel,
            name: Input::default(),
            reason: Input::default(),
            top: 0,
            moved: None,
            anew,
            complaint: None,
            baseline: None,
            known: Vec::new(),
        }
    }

    /// The name that must be typed, on a protected environment.
    pub(crate) fn name_to_type(&self) -> Option<&EnvironmentName> {
        match &self.plan {
            Confirmed::Deploy(plan) if plan.protected => Some(&plan.environment),
            Confirmed::Deploy(_) | Confirmed::Rebuild(_) => None,
        }
    }

    /// Whether a name must be typed.
    pub(crate) fn wants_name(&self) -> bool {
        self.name_to_type().is_some()
    }

    /// The field that has the focus.
    pub(crate) const fn field(&self) -> Option<&Input> {
        match self.focus {
            Focus::Name => Some(&self.name),
            Focus::Reason => Some(&self.reason),
            Focus::Cancel | Focus::Confirm => None,
        }
    }

    /// Nothing to do: everything is as wanted already.
    pub(crate) fn nothing_to_do(&self) -> bool {
        matches!(&self.plan, Confirmed::Deploy(plan) if plan.is_empty())
    }

    /// The fields and buttons there are, in the order of Tab.
    pub(crate) fn stops(&self) -> Vec<Focus> {
        let mut stops = Vec::with_capacity(4);
        if self.nothing_to_do() {
            return vec![Focus::Cancel];
        }
        if self.wants_name() {
            stops.push(Focus::Name);
        }
        stops.extend([Focus::Reason, Focus::Cancel, Focus::Confirm]);
        stops
    }
}

/// A question with a few answers; the first one, which changes nothing, has the focus.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// The heading.
    pub(crate) title: String,
    /// The question.
    pub(crate) text: String,
    /// What can be answered.
    pub(crate) answers: Vec<(String, Answer)>,
    /// Which has the focus.
    pub(crate) focus: usize,
}

/// What an answer does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nothing.
    Nothing,
    /// Cancel an operation.
    Cancel(OperationId),
    /// Cancel everything, and leave when it has ended.
    CancelAllAndLeave,
    /// Settle what was cut off.
    Recover,
}

/// A list to choose from.
#[derive(Clone, Debug)]
pub(crate) struct Chooser {
    /// The heading.
    pub(crate) title: String,
    /// What there is.
    pub(crate) options: Vec<Choice>,
    /// Which is selected.
    pub(crate) selected: usize,
}

/// One line of a chooser.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// The environment.
    pub(crate) environment: EnvironmentName,
    /// What runs there.
    pub(crate) note: String,
    /// Why it cannot be chosen.
    pub(crate) unavailable: Option<String>,
    /// What choosing it wants.
    pub(crate) wanted: Wanted,
}

/// Something to be read.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    /// The heading.
    pub(crate) title: String,
    /// The text.
    pub(crate) text: String,
    /// First line drawn.
    pub(crate) top: usize,
}

/// One line for the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// The line.
    pub(crate) text: String,
    /// How bad it is.
    pub(crate) tone: Tone,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As wanted.
    Good,
    /// To know.
    Plain,
    /// Not possible, or failed.
    Bad,
}

/// Where things were drawn: what scrolling and the mouse need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Of the view.
    pub(crate) view: Window,
    /// Of the dialog.
    pub(crate) dialog: Window,
    /// The first column of the matrix drawn.
    pub(crate) left: usize,
    /// An age of less than a minute was shown: it changes every second.
    pub(crate) seconds: bool,
    /// What can be clicked.
    pub(crate) hits: Vec<Hit>,
}

/// A list or a text, seen through a window: rows or lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    /// The first one drawn.
    pub(crate) top: usize,
    /// How many fit.
    pub(crate) page: usize,
    /// How many there are.
    pub(crate) total: usize,
}

impl Window {
    /// The first one to draw so that `selected` is seen, moving as little as possible.
    pub(crate) fn around(selected: usize, top: usize, page: usize, total: usize) -> Self {
        let page = page.max(1);
        let highest = total.saturating_sub(page);
        let top = if selected < top {
            selected
        } else if selected >= top + page {
            selected + 1 - page
        } else {
            top
        };
        Self {
            top: top.min(highest),
            page,
            total,
        }
    }

    /// The window at `top`, as far as there is something to see.
    pub(crate) fn at(top: usize, page: usize, total: usize) -> Self {
        Self {
            top: top.min(total.saturating_sub(page)),
            page,
            total,
        }
    }

    /// Where the top is after scrolling by some rows.
    pub(crate) fn scrolled(&self, by: isize) -> usize {
        self.top
            .saturating_add_signed(by)
            .min(self.total.saturating_sub(self.page))
    }
}

/// A part of the screen that can be clicked: columns and rows, the end left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    /// First and last column.
    pub(crate) columns: (u16, u16),
    /// First and last row.
    pub(crate) rows: (u16, u16),
    /// What is there.
    pub(crate) target: Target,
}

/// What can be clicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A cell of the matrix: row and column.
    Cell(usize, usize),
    /// A row of a list.
    Row(usize),
}

impl State {
    /// What is on top: the dialog, else the view.
    pub(crate) fn place(&self) -> Place {
        match &self.dialog {
            Some(Dialog::Plan(_)) => Place::Plan,
            Some(Dialog::Ask(_)) => Place::Ask,
            Some(Dialog::Choose(_)) => Place::Choose,
            Some(Dialog::Notice(_) | Dialog::Planning { .. }) => Place::Notice,
            None => self.view_place(),
        }
    }

    /// The topmost view.
    pub(crate) fn view_place(&self) -> Place {
        match self.stack.last() {
            None => Place::Home,
            Some(View::Versions(_)) => Place::Versions,
            Some(View::Version { .. }) => Place::Version,
            Some(View::Deployment(_)) => Place::Deployment,
            Some(View::Operations { .. }) => Place::Operations,
            Some(View::Operation { .. }) => Place::Operation,
            Some(View::History(_)) => Place::History,
            Some(View::Event { .. }) => Place::Event,
            Some(View::Help { .. }) => Place::Help,
        }
    }

    /// Whether there is too little room to draw.
    pub(crate) const fn too_small(&self) -> bool {
        self.size.0 < SMALLEST.0 || self.size.1 < SMALLEST.1
    }

    /// The selected row of the matrix, and its position.
    pub(crate) fn selected_row(&self) -> Option<(usize, &Row)> {
        let name = self.home.image.as_ref()?;
        self.fleet
            .rows
            .iter()
            .enumerate()
            .find(|(_, row)| &row.image.name == name)
    }

    /// The selected column of the matrix, and its environment.
    pub(crate) fn selected_column(&self) -> Option<(usize, &Environment)> {
        let position = self.fleet.column(self.home.environment.as_ref()?)?;
        Some((position, self.fleet.environments.get(position)?))
    }

    /// The image and environment a command is about: the selected cell, the deployment
    /// that is open, or the image whose versions are.
    pub(crate) fn subject(&self) -> Option<(ImageName, Option<EnvironmentName>)> {
        match self.stack.last() {
            None => {
                let (_, row) = self.selected_row()?;
                Some((row.image.name.clone(), self.home.environment.clone()))
            }
            Some(View::Deployment(view)) => {
                Some((view.image.clone(), Some(view.environment.clone())))
            }
            Some(View::Versions(view)) => Some((view.image.clone(), None)),
            Some(View::Version { image, .. }) => Some((image.clone(), None)),
            Some(_) => None,
        }
    }

    /// The cell a command is about.
    pub(crate) fn subject_cell(&self) -> Option<(ImageName, EnvironmentName, &Cell)> {
        let (image, environment) = self.subject()?;
        let environment = environment?;
        let cell = self.fleet.cell(&image, &environment)?;
        Some((image, environment, cell))
    }

    /// The version a command is about, in the views of versions.
    pub(crate) fn subject_version(&self) -> Option<(&ImageName, &Digest)> {
        match self.stack.last()? {
            View::Versions(view) => Some((&view.image, view.selected.as_ref()?)),
            View::Version {
                image, identity, ..
            } => Some((image, identity)),
            _ => None,
        }
    }

    /// An environment, by name.
    pub(crate) fn environment(&self, name: &EnvironmentName) -> Option<&Environment> {
        self.fleet.environments.get(self.fleet.column(name)?)
    }

    /// One operation.
    pub(crate) fn operation(&self, id: &OperationId) -> Option<&Operation> {
        self.operations.iter().find(|one| &one.id == id)
    }

    /// Those that run.
    pub(crate) fn running(&self) -> impl Iterator<Item = &Operation> {
        self.operations.iter().filter(|one| one.report.is_none())
    }

    /// A number for a new wish for a plan.
    pub(crate) const fn next_request(&mut self) -> Request {
        self.last_request = Request(self.last_request.0 + 1);
        self.last_request
    }

    /// Takes over where things were drawn.
    pub(crate) fn adopt(&mut self, layout: Layout) {
        let top = layout.view.top;
        match self.stack.last_mut() {
            None => {
                self.home.top = top;
                self.home.left = layout.left;
            }
            Some(View::Versions(view)) => view.top = top,
            Some(View::Deployment(view)) => view.top = top,
            Some(View::History(view)) => view.top = top,
            Some(
                View::Version { top: old, .. }
                | View::Operations { top: old, .. }
                | View::Operation { top: old, .. }
                | View::Event { top: old, .. }
                | View::Help { top: old, .. },
            ) => *old = top,
        }
        match &mut self.dialog {
            Some(Dialog::Plan(dialog)) => dialog.top = layout.dialog.top,
            Some(Dialog::Notice(notice)) => notice.top = layout.dialog.top,
            Some(Dialog::Planning { .. } | Dialog::Ask(_) | Dialog::Choose(_)) | None => {}
        }
        self.layout = layout;
    }
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
