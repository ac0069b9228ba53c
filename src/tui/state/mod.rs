//! Everything the screen is drawn from. One thread owns it; [`super::update`] changes it,
//! [`super::views`] only read it.

pub(crate) mod anatomy;
mod dialog;
mod form;
mod layout;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::FixedOffset;

use crate::config::Preferences;
use crate::model::digest::Digest;
use crate::model::fleet::{Cell, EngineState, Fleet, Row};
use crate::model::plan::OperationId;
use crate::model::project::{EngineName, Environment, EnvironmentName, ImageName};
use crate::model::reference::Repository;
use crate::model::time::Timestamp;

use super::action::Place;
use super::effect::Request;
use super::keymap::{Key, Keymap};
use super::listing::Filters;
use super::listing::rows::VersionKey;
use super::log::{Log, Pane};
use super::operation::Operation;
use super::theme::Theme;

pub(crate) use anatomy::{AnatomyView, Readings, Sheet, Side, Standing};
pub(crate) use dialog::{
    Answer, Ask, Choice, Chooser, Dialog, Notice, PaletteDialog, PlanDialog, QuickMenu,
    RecoverDialog, ShellDialog, ShellOption,
};
pub(crate) use form::{Focus, Form, Pressed, paste};
pub(crate) use layout::{Hit, Layout, Target, Tile, Window};
pub(crate) use view::{
    ComparisonView, ContainerKey, ContentView, DeploymentView, EnginesView, HistoryView, Home,
    LogsView, Versions, View, chosen_replica, load_details,
};

/// The smallest terminal karat draws on: columns and rows.
pub(crate) const SMALLEST: (u16, u16) = (60, 16);

/// Everything the screen is drawn from.
#[derive(Debug)]
pub(crate) struct State {
    /// What runs where.
    pub(crate) fleet: Arc<Fleet>,
    /// Counts the fleets that came.
    pub(crate) fleets: u64,
    /// Counts all news that came.
    pub(crate) news: u64,
    /// The time, as of the last event.
    pub(crate) now: Timestamp,
    /// How far the clocks here are from UTC: when the day begins.
    pub(crate) zone: FixedOffset,
    /// What is kept between runs.
    pub(crate) preferences: Preferences,
    /// Colours.
    pub(crate) theme: Theme,
    /// The colours to change to should the terminal say that it is light.
    pub(crate) when_light: Option<Theme>,
    /// The colours that can be changed to.
    pub(crate) themes: Vec<Theme>,
    /// Whether clicks and the wheel are taken.
    pub(crate) mouse: bool,
    /// The terminal's columns and rows.
    pub(crate) size: (u16, u16),
    /// Nothing may be changed from here.
    pub(crate) read_only: bool,
    /// Which keys stand for what.
    pub(crate) keymap: Arc<Keymap>,
    /// The first keys of a sequence, and where they were pressed.
    pub(crate) began: Option<(Place, Vec<Key>)>,
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
    /// The last one that ended unseen: its line stays until it is opened.
    pub(crate) unseen: Option<OperationId>,
    /// One line for the reader, until the next key.
    pub(crate) note: Option<Note>,
    /// Cancelled everything, and leaves as soon as all of it has ended.
    pub(crate) leaving: bool,
    /// Why the loop ends, once it does.
    pub(crate) exit: Option<Ending>,
    /// Logs that are being followed, by their numbers.
    pub(crate) followed: Vec<Request>,
    /// Versions that are being taken apart, and those that were.
    pub(crate) readings: Readings,
    /// Operations of shared histories whose karats did not see each other.
    pub(crate) forks: BTreeSet<OperationId>,
    /// The tags of each image that somebody looked at, and that were asked for.
    pub(crate) looked_at: BTreeMap<ImageName, BTreeSet<String>>,
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

impl State {
    /// What is on top: the dialog, else the view.
    pub(crate) fn place(&self) -> Place {
        match &self.dialog {
            Some(Dialog::Plan(_) | Dialog::Recover(_)) => Place::Plan,
            Some(Dialog::Ask(_)) => Place::Ask,
            Some(Dialog::Choose(_) | Dialog::Quick(_)) => Place::Choose,
            Some(Dialog::Shell(_)) => Place::Ask,
            Some(Dialog::Notice(_) | Dialog::Planning { .. } | Dialog::Opening { .. }) => {
                Place::Notice
            }
            Some(Dialog::Palette(_)) => Place::Palette,
            None if self.filters().is_some_and(|filters| filters.typing) => Place::Filter,
            None if self.pane().is_some_and(|pane| pane.typing.is_some()) => Place::Search,
            None => self.view_place(),
        }
    }

    /// The first keys of a sequence, unless something else is on top meanwhile.
    pub(crate) fn pending(&self) -> &[Key] {
        match &self.began {
            Some((place, keys)) if *place == self.place() => keys,
            _ => &[],
        }
    }

    /// What keeps rows of the list on top from being shown; nothing where there is no list.
    pub(crate) fn filters(&self) -> Option<&Filters> {
        match self.stack.last() {
            None => Some(&self.home.list.filters),
            Some(View::Versions(view)) => Some(&view.list.filters),
            Some(View::Operations { list, .. }) => Some(&list.filters),
            Some(View::History(view)) => Some(&view.list.filters),
            Some(View::Engines(view)) => Some(&view.list.filters),
            Some(View::Anatomy(view)) => view.filters(),
            Some(_) => None,
        }
    }

    /// The same, to be changed.
    pub(crate) fn filters_mut(&mut self) -> Option<&mut Filters> {
        match self.stack.last_mut() {
            None => Some(&mut self.home.list.filters),
            Some(View::Versions(view)) => Some(&mut view.list.filters),
            Some(View::Operations { list, .. }) => Some(&mut list.filters),
            Some(View::History(view)) => Some(&mut view.list.filters),
            Some(View::Engines(view)) => Some(&mut view.list.filters),
            Some(View::Anatomy(view)) => view.filters_mut(),
            Some(_) => None,
        }
    }

    /// How many rows of the list on top are shown, of how many.
    pub(crate) fn counts(&self) -> (usize, usize) {
        match self.stack.last() {
            None => self.home.list.counts(),
            Some(View::Versions(view)) => view.list.counts(),
            Some(View::Operations { list, .. }) => list.counts(),
            Some(View::History(view)) => view.list.counts(),
            Some(View::Engines(view)) => view.list.counts(),
            Some(View::Anatomy(view)) => view.counts(),
            Some(_) => (0, 0),
        }
    }

    /// The topmost view.
    pub(crate) fn view_place(&self) -> Place {
        match self.stack.last() {
            None => Place::Home,
            Some(View::Versions(_)) => Place::Versions,
            Some(View::Version { .. }) => Place::Version,
            Some(View::Deployment(_)) => Place::Deployment,
            Some(View::Anatomy(_)) => Place::Anatomy,
            Some(View::Content(_)) => Place::Content,
            Some(View::Comparison(_)) => Place::Comparison,
            Some(View::Operations { .. }) => Place::Operations,
            Some(View::Operation { .. }) => Place::Operation,
            Some(View::Logs(_)) => Place::Logs,
            Some(View::History(_)) => Place::History,
            Some(View::Event { .. }) => Place::Event,
            Some(View::Engines(_)) => Place::Engines,
            Some(View::Engine { .. }) => Place::Engine,
            Some(View::Help { .. }) => Place::Help,
        }
    }

    /// The pane of the log on top, if the topmost view has one.
    pub(crate) fn pane(&self) -> Option<&Pane> {
        match self.stack.last()? {
            View::Logs(LogsView { pane, .. }) | View::Operation { pane, .. } => Some(pane),
            _ => None,
        }
    }

    /// The same, to be changed, and its log.
    pub(crate) fn log_pane(&mut self) -> Option<(&Log, &mut Pane)> {
        match self.stack.last_mut()? {
            View::Logs(view) => Some((&view.log, &mut view.pane)),
            View::Operation { id, pane } => {
                let operation = self.operations.iter().find(|one| &one.id == id)?;
                Some((&operation.log, pane))
            }
            _ => None,
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
        // The help is about what it was asked from.
        let below = |view: &&View| !matches!(view, View::Help { .. });
        match self.stack.iter().rev().find(below) {
            None => {
                let (_, row) = self.selected_row()?;
                Some((row.image.name.clone(), self.home.environment.clone()))
            }
            Some(View::Deployment(view)) => {
                Some((view.image.clone(), Some(view.environment.clone())))
            }
            Some(View::Logs(view)) => Some((view.image.clone(), Some(view.environment.clone()))),
            Some(View::Versions(view)) => Some((view.image.clone(), None)),
            Some(View::Version { image, .. }) => Some((image.clone(), None)),
            Some(View::Anatomy(view)) => Some((view.image.clone(), None)),
            Some(View::Comparison(view)) => Some((view.image.clone(), None)),
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
            View::Versions(view) => Some((&view.image, view.selected.as_ref()?.identity()?)),
            View::Anatomy(view) => Some((&view.image, &view.identity)),
            View::Version {
                image, identity, ..
            } => Some((image, identity)),
            _ => None,
        }
    }

    /// The tag a command is about in the list of versions, while only its name is known.
    pub(crate) fn subject_unread(&self) -> Option<&str> {
        match self.stack.last()? {
            View::Versions(view) => match view.selected.as_ref()? {
                VersionKey::Unread(tag) => Some(tag),
                VersionKey::Known(_) => None,
            },
            _ => None,
        }
    }

    /// What is known of the registry that is asked for a repository's versions; nothing where
    /// none is.
    pub(crate) fn registry_of(&self, repository: &Repository) -> Option<&EngineState> {
        repository.registry_host()?;
        self.fleet.engines.get(&EngineName::registry(repository))
    }

    /// The digest of what is selected.
    pub(crate) fn digest(&self) -> Option<Digest> {
        if let Some(View::Event { event, .. }) = self.stack.last() {
            return event.to.as_ref()?.digest.clone();
        }
        if let Some((_, identity)) = self.subject_version() {
            return Some(identity.clone());
        }
        let (_, _, cell) = self.subject_cell()?;
        cell.deployment.as_ref()?.identities.first().cloned()
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
            Some(View::Engines(view)) => view.top = top,
            Some(View::Content(view)) => view.top = top,
            Some(View::Comparison(view)) => view.top = top,
            Some(View::Anatomy(view)) => view.adopt(&layout),
            Some(
                View::Version { top: old, .. }
                | View::Operations { top: old, .. }
                | View::Event { top: old, .. }
                | View::Engine { top: old, .. }
                | View::Help { top: old, .. },
            ) => *old = top,
            Some(View::Logs(LogsView { pane, .. }) | View::Operation { pane, .. }) => {
                pane.top = layout.glass.top;
            }
        }
        match &mut self.dialog {
            Some(Dialog::Plan(dialog)) => dialog.top = layout.dialog.top,
            Some(Dialog::Notice(notice)) => notice.top = layout.dialog.top,
            Some(Dialog::Palette(palette)) => palette.top = layout.dialog.top,
            Some(Dialog::Shell(dialog)) => dialog.top = layout.dialog.top,
            Some(Dialog::Recover(dialog)) => dialog.top = layout.dialog.top,
            Some(
                Dialog::Planning { .. }
                | Dialog::Opening { .. }
                | Dialog::Ask(_)
                | Dialog::Choose(_)
                | Dialog::Quick(_),
            )
            | None => {}
        }
        self.layout = layout;
    }
}
