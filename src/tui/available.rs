//! When an entry of the table of actions cannot be used, and why: one sentence for the
//! reader, with what to do instead where there is something.

use crate::model::catalog::Version;
use crate::model::fleet::{Cell, Deployment, EngineState};
use crate::model::known_good::Verdict;
use crate::model::observation::Health;
use crate::model::project::{Environment, EnvironmentName, ImageName};
use crate::model::reference::ImageRef;
use crate::model::remote::RemoteImage;
use crate::model::step::Course;
use crate::model::version::VersionLabel;

use super::action::{Command, Place, TABLE};
use super::command_line;
use super::listing::quick::quick_in;
use super::locked::cut_off;
use super::operation::Operation;
use super::state::{Dialog, Sheet, Side, State, View, chosen_replica};

/// Why a command cannot be used now; nothing if it can.
pub(crate) fn unavailable(state: &State, command: Command) -> Option<String> {
    if let Some(why) = forbidden(state, command) {
        return Some(why);
    }
    let way = |command| state.keymap.way(command);
    match command {
        Command::RollBack => roll_back(state),
        Command::Promote => promote(state),
        Command::PromoteAll => promote_all(state),
        Command::Rebuild | Command::RebuildClean => rebuild(state),
        Command::Publish => publish(state),
        Command::Versions => state
            .subject()
            .is_none()
            .then(|| "there is no image here".to_owned()),
        Command::History => state.subject().is_none().then(|| {
            format!(
                "there is no image here; {} shows the history of everything",
                way(Command::HistoryAll)
            )
        }),
        Command::Logs => logs(state),
        Command::Shell => shell(state),
        Command::NextField | Command::PreviousField => next_container(state),
        Command::NextMatch | Command::PreviousMatch => state
            .pane()
            .is_some_and(|pane| pane.search.is_none())
            .then(|| {
                format!(
                    "nothing is searched for yet: {} begins a search",
                    state.keymap.way_in(Place::Logs, Command::Search)
                )
            }),
        Command::Anatomy => anatomy(state),
        Command::MarkVersion => state.subject_unread().is_some().then(|| no_version(state)),
        Command::Compare => super::update::comparison::pair(state).err(),
        Command::Copy
        | Command::Extract
        | Command::OnlyLayer
        | Command::Added
        | Command::Changed
        | Command::Removed => in_anatomy(state, command),
        Command::CancelOperation => cancel(state),
        Command::Recover => recover(state),
        Command::Operations => operations(state),
        Command::CopyDigest => no_digest(state),
        Command::CopyLine => command_line::of(state).err().map(|why| why.to_string()),
        Command::Engines | Command::Home | Command::Help => is_here(state, command),
        Command::Filter | Command::QuickFilters | Command::SortNext | Command::SortTurn => {
            (state.counts().1 == 0).then(|| "there is nothing in this list yet".to_owned())
        }
        Command::ShowAll => state
            .filters()
            .is_none_or(|filters| !filters.narrow())
            .then(|| "everything is shown".to_owned()),
        Command::Skewed
        | Command::Unhealthy
        | Command::Failed
        | Command::Production
        | Command::Today => no_such_quick(state, command),
        Command::Open => nothing_to_open(state),
        Command::Files
        | Command::Map
        | Command::Components
        | Command::Packages
        | Command::Findings => is_shown(state, command),
        Command::Back => {
            let filters = &state.home.list.filters;
            let nothing_open = !asks(state) && !filters.typing && !filters.narrow();
            (state.view_place() == Place::Home && nothing_open).then(|| {
                format!(
                    "this is where everything begins; {} leaves karat",
                    way(Command::Leave)
                )
            })
        }
        _ => None,
    }
}

/// Why there is nothing that Enter could open.
fn nothing_to_open(state: &State) -> Option<String> {
    let nothing = || Some("there is nothing to open yet".to_owned());
    match state.view_place() {
        Place::Home if state.subject_cell().is_none() => nothing(),
        Place::Versions | Place::Operations | Place::History | Place::Engines
            if state.counts().0 == 0 =>
        {
            nothing()
        }
        Place::Versions if state.subject_unread().is_some() => Some(no_version(state)),
        Place::Anatomy => {
            let Some(View::Anatomy(view)) = state.stack.last() else {
                return None;
            };
            let table = !matches!(view.sheet, Sheet::Files | Sheet::Map);
            (table && view.side == Side::Words)
                .then(|| "this is the explanation of what is selected".to_owned())
        }
        _ => None,
    }
}

/// Why a view is not gone to: one is there.
fn is_here(state: &State, command: Command) -> Option<String> {
    let why = match (command, state.view_place()) {
        (Command::Engines, Place::Engines) => "these are the engines",
        (Command::Home, Place::Home) => "this is the fleet",
        (Command::Help, Place::Help) => "this is the help",
        _ => return None,
    };
    Some(why.to_owned())
}

/// Why a sheet of an anatomy is not gone to: one is there.
fn is_shown(state: &State, command: Command) -> Option<String> {
    let Some(View::Anatomy(view)) = state.stack.last() else {
        return None;
    };
    let sheet = match command {
        Command::Files => Sheet::Files,
        Command::Map => Sheet::Map,
        Command::Components => Sheet::Components,
        Command::Packages => Sheet::Packages,
        Command::Findings => Sheet::Findings,
        _ => return None,
    };
    (view.sheet == sheet && view.side != Side::Words).then(|| "this is shown already".to_owned())
}

/// Why there is no quick filter of this kind here.
fn no_such_quick(state: &State, command: Command) -> Option<String> {
    if !quick_in(state.view_place()).contains(&command) {
        return Some("this list has no such filter".to_owned());
    }
    let unprotected = !state.fleet.environments.iter().any(|it| it.protected);
    (command == Command::Production && unprotected).then(|| {
        "no environment is protected: say `protected = true` for one in karat.toml".to_owned()
    })
}

fn logs(state: &State) -> Option<String> {
    let Some((image, environment, cell)) = state.subject_cell() else {
        return Some("no cell is selected".to_owned());
    };
    match &cell.deployment {
        None => Some(format!("{image} does not run in {environment}")),
        Some(deployment) => no_containers(deployment),
    }
}

/// Why there is no other container to go to.
fn next_container(state: &State) -> Option<String> {
    let (_, _, cell) = state.subject_cell()?;
    let here = state.view_place() == Place::Deployment;
    let deployment = cell.deployment.as_ref().filter(|_| here)?;
    no_containers(deployment)
}

fn no_digest(state: &State) -> Option<String> {
    if state.subject_unread().is_some() {
        return Some(no_version(state));
    }
    let nothing = state.digest().is_none();
    nothing.then(|| "there is no digest here".to_owned())
}

/// Why there is nothing that only containers have.
fn no_containers(deployment: &Deployment) -> Option<String> {
    (deployment.course() == Course::Tag).then(|| "a channel has no containers".to_owned())
}

fn shell(state: &State) -> Option<String> {
    if let Some(View::Deployment(view)) = state.stack.last() {
        let cell = state.fleet.cell(&view.image, &view.environment);
        let deployment = cell.and_then(|cell| cell.deployment.as_ref());
        if let Some(why) = deployment.and_then(no_containers) {
            return Some(why);
        }
        let replica = deployment.and_then(|deployment| chosen_replica(view, deployment));
        return match replica {
            None => Some(format!(
                "{} does not run in {}",
                view.image, view.environment
            )),
            Some((_, replica)) if replica.container.health == Health::NotRunning => Some(format!(
                "{} does not run; {} shows the versions, and {} there opens a throw-away container of one",
                replica.container.name,
                state.keymap.way(Command::Versions),
                state.keymap.way_in(Place::Versions, Command::Shell)
            )),
            Some(_) => None,
        };
    }
    let Some((image, identity)) = state.subject_version() else {
        return Some(no_version(state));
    };
    let version = state.fleet.row(image).and_then(|row| row.version(identity));
    version
        .is_none_or(|version| version.on_engines.is_empty())
        .then(|| "no engine has this version".to_owned())
}

/// Whether a version can be taken apart: some engine has it, or a registry.
pub(super) const fn can_be_read(version: &Version) -> bool {
    !version.on_engines.is_empty() || version.remote.is_some()
}

fn anatomy(state: &State) -> Option<String> {
    let Some((image, identity)) = super::update::anatomy::subject(state) else {
        if state.subject_unread().is_some() {
            return Some(no_version(state));
        }
        return Some("no version is selected, and none runs here".to_owned());
    };
    let version = state
        .fleet
        .row(&image)
        .and_then(|row| row.version(&identity));
    version
        .is_none_or(|version| !can_be_read(version))
        .then(|| "no registry and no engine has this version".to_owned())
}

/// What needs an image that has been read, and something in it.
fn in_anatomy(state: &State, command: Command) -> Option<String> {
    let Some(View::Anatomy(view)) = state.stack.last() else {
        return None;
    };
    let Some(open) = &view.open else {
        return Some("the image has not been read yet".to_owned());
    };
    let files = matches!(view.sheet, Sheet::Files | Sheet::Map);
    match command {
        Command::Extract if !files || view.side == Side::Layers || open.files.row().is_none() => {
            Some("no file or directory is selected".to_owned())
        }
        Command::OnlyLayer | Command::Added | Command::Changed | Command::Removed
            if !files || open.files.layer().is_none() =>
        {
            Some("no layer is selected: this is the whole image".to_owned())
        }
        _ => None,
    }
}

fn operations(state: &State) -> Option<String> {
    if state.view_place() == Place::Operations && state.unseen.is_none() {
        return Some("these are the operations".to_owned());
    }
    state.operations.is_empty().then(|| {
        format!(
            "nothing ran since karat was opened; {} shows the history",
            state.keymap.way(Command::HistoryAll)
        )
    })
}

/// Whether a dialog that one can go back from is on top; the palette asks for the view
/// below it.
fn asks(state: &State) -> bool {
    !matches!(state.dialog, None | Some(Dialog::Palette(_)))
}

/// Why a dangerous command must not be had here at all, by the flag, the settings or the
/// environment; nothing if it may, and for all that changes nothing.
pub(crate) fn forbidden(state: &State, command: Command) -> Option<String> {
    let danger = TABLE
        .iter()
        .any(|entry| entry.danger && entry.command == command);
    if !danger {
        return None;
    }
    if state.read_only {
        let why = "karat is read-only, by --read-only or the settings file";
        return Some(why.to_owned());
    }
    if command == Command::Recover {
        return all_that_was_cut_off_is_closed(state);
    }
    let (_, here) = state.subject()?;
    match command {
        // A throw-away container of a version is in no environment.
        Command::RollBack | Command::Shell => state.environment(&here?).and_then(closed),
        // Out of a read-only environment into another one is no change to it.
        Command::Promote | Command::PromoteAll => {
            let targets = downstream(state, &here?);
            let mut why = targets.into_iter().map(closed);
            // Open is one that may be changed.
            why.next()?.filter(|_| why.all(|one| one.is_some()))
        }
        _ => None,
    }
}

/// Recovering would only change environments that are read-only.
fn all_that_was_cut_off_is_closed(state: &State) -> Option<String> {
    let mut why = cut_off(state).into_iter().map(|one| one.closed);
    why.next()?.filter(|_| why.all(|one| one.is_some()))
}

/// Why an environment may not be changed.
pub(crate) fn closed(environment: &Environment) -> Option<String> {
    environment
        .read_only
        .then(|| format!("{} is read-only by the project file", environment.name))
}

/// Why an image in an environment may not be changed just now.
fn occupied(
    state: &State,
    image: &ImageName,
    environment: &EnvironmentName,
    cell: &Cell,
) -> Option<String> {
    let ours = state.running().find(|one| {
        one.environment.as_ref() == Some(environment) && one.images.iter().any(|it| it == image)
    });
    if let Some(ours) = ours {
        return Some(runs_already(state, ours));
    }
    cell.locks.first().map(|(engine, lock)| {
        format!(
            "{image} in {environment} is locked on {engine} by {}: {}; {} finishes or undoes it if it was cut off",
            lock.owner, lock.summary, state.keymap.way(Command::Recover)
        )
    })
}

fn runs_already(state: &State, ours: &Operation) -> String {
    let way = state.keymap.way(Command::Operations);
    format!("this runs already: {}; {way} shows it", ours.summary)
}

/// Why there is no version that a command could be about, in the views of versions.
pub(crate) fn no_version(state: &State) -> String {
    match state.subject_unread() {
        Some(tag) => format!("{tag} is not read yet: its registry is being asked what it is"),
        None => "no version is selected".to_owned(),
    }
}

fn roll_back(state: &State) -> Option<String> {
    if state.subject_unread().is_some() {
        return Some(no_version(state));
    }
    if let Some((image, identity)) = state.subject_version() {
        let row = state.fleet.row(image)?;
        if row.version(identity).is_some_and(|version| version.revoked) {
            return Some("this version is revoked".to_owned());
        }
        let mut cells = state.fleet.environments.iter().zip(&row.cells);
        let nowhere = cells
            .all(|(environment, cell)| cell.deployment.is_none() && environment.channel.is_none());
        return nowhere
            .then(|| format!("{image} runs nowhere yet: there is no container to replace"));
    }
    let Some((image, environment, cell)) = state.subject_cell() else {
        return Some("no cell is selected".to_owned());
    };
    if cell.deployment.is_none() {
        return Some(format!("{image} does not run in {environment}"));
    }
    if let Some(why) = occupied(state, &image, &environment, cell) {
        return Some(why);
    }
    match &cell.known_good {
        Some(verdict) if verdict.choice.is_none() => Some(format!(
            "no known good version of {image} in {environment} ({}); {} shows the versions, and {} there deploys one by name",
            nothing_good(verdict),
            state.keymap.way(Command::Versions),
            state.keymap.way(Command::RollBack)
        )),
        _ => None,
    }
}

/// Why there is no known good version, in words.
pub(crate) fn nothing_good(verdict: &Verdict) -> String {
    let over: Vec<String> = verdict
        .passed_over
        .iter()
        .take(3)
        .map(|over| {
            let name = over
                .run
                .version
                .clone()
                .unwrap_or_else(|| over.run.identity.short().to_owned());
            format!("{name}: {}", over.why.words())
        })
        .collect();
    if over.is_empty() {
        "no earlier run is recorded here".to_owned()
    } else {
        over.join("; ")
    }
}

/// The environments a promotion from one may go to.
pub(crate) fn downstream<'a>(state: &'a State, from: &EnvironmentName) -> Vec<&'a Environment> {
    state
        .fleet
        .environments
        .iter()
        .filter(|one| {
            state
                .fleet
                .upstream(&one.name)
                .is_some_and(|upstream| &upstream.name == from)
        })
        .collect()
}

/// Why an image cannot be promoted to an environment.
pub(crate) fn cannot_promote_to(
    state: &State,
    image: &ImageName,
    to: &Environment,
) -> Option<String> {
    if let Some(why) = closed(to) {
        return Some(why);
    }
    let cell = state.fleet.cell(image, &to.name)?;
    // A tag that is not there yet is made.
    if cell.deployment.is_none() && to.channel.is_none() {
        return Some(format!(
            "{image} does not run in {} yet: there is no container to replace; start it there once by hand",
            to.name
        ));
    }
    occupied(state, image, &to.name, cell)
}

fn promote(state: &State) -> Option<String> {
    let Some((image, environment, cell)) = state.subject_cell() else {
        return Some("no cell is selected".to_owned());
    };
    if cell.deployment.is_none() {
        return Some(format!("{image} does not run in {environment}"));
    }
    let targets = downstream(state, &environment);
    match targets.as_slice() {
        [] => Some(format!("no environment comes after {environment}")),
        [one] => cannot_promote_to(state, &image, one),
        _ => None,
    }
}

fn promote_all(state: &State) -> Option<String> {
    let Some((_, from)) = state.selected_column() else {
        return Some("no environment is selected".to_owned());
    };
    let targets = downstream(state, &from.name);
    match targets.as_slice() {
        [] => Some(format!("no environment comes after {}", from.name)),
        [one] => closed(one),
        _ => None,
    }
}

fn rebuild(state: &State) -> Option<String> {
    let Some((image, _)) = state.subject() else {
        return Some("there is no image here".to_owned());
    };
    let row = state.fleet.row(&image)?;
    if row.image.build.is_none() {
        return Some(format!(
            "{image} has no build recipe: give it `build = {{ context = \"…\" }}` in karat.toml"
        ));
    }
    state
        .running()
        .find(|one| one.environment.is_none() && one.images.contains(&image))
        .map(|ours| runs_already(state, ours))
}

/// Whether a registry has a version under its own tag, as far as was read.
fn is_published(registry: &EngineState, version: &Version, label: &VersionLabel) -> bool {
    let Some(digest) = version.remote.as_ref().and_then(RemoteImage::digest) else {
        return false;
    };
    let mut images = registry.last.iter().flat_map(|last| &last.images);
    images.any(|there| {
        let named = |tag: &ImageRef| tag.tag.as_deref() == Some(&label.0);
        there.remote.as_ref().and_then(RemoteImage::digest) == Some(digest)
            && there.tags.iter().any(named)
    })
}

/// Why a version cannot be published, or need not be.
fn publish(state: &State) -> Option<String> {
    let Some((image, identity)) = state.subject_version() else {
        return Some(no_version(state));
    };
    let row = state.fleet.row(image)?;
    let repository = &row.image.repository;
    if repository.registry_host().is_none() {
        return Some(format!(
            "{repository} names no registry, so it lives on engines only: write the host into karat.toml"
        ));
    }
    let Some(version) = row.version(identity) else {
        return Some("this version is no longer known".to_owned());
    };
    let Some(label) = &version.label else {
        return Some("it has no version label, and so no tag".to_owned());
    };
    let Some(registry) = state.registry_of(repository) else {
        return Some(format!("no registry is asked for {repository} here"));
    };
    if is_published(registry, version, label) {
        return Some(format!("{repository}:{label} is in its registry already"));
    }
    if version.on_engines.is_empty() {
        return Some("no engine has this version: it is in its registry only".to_owned());
    }
    state
        .running()
        .find(|one| one.environment.is_none() && one.images.contains(image))
        .map(|ours| runs_already(state, ours))
}

fn cancel(state: &State) -> Option<String> {
    let id = match state.stack.last() {
        Some(View::Operation { id, .. }) => Some(id),
        Some(View::Operations { selected, .. }) => selected.as_ref(),
        _ => None,
    };
    let Some(operation) = id.and_then(|id| state.operation(id)) else {
        return Some("no operation is selected".to_owned());
    };
    if operation.report.is_some() {
        return Some("it has ended".to_owned());
    }
    if operation.undoing.is_some() || operation.cancelling {
        return Some("it is being undone already".to_owned());
    }
    None
}

fn recover(state: &State) -> Option<String> {
    let nothing = cut_off(state).is_empty();
    nothing.then(|| "nothing is locked: nothing was cut off".to_owned())
}
