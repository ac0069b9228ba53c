//! The versions of an image: moving, opening, deploying one by name.

use super::super::action::Command;
use super::super::available::closed;
use super::super::effect::{Effect, Wanted};
use super::super::state::{Choice, State, View};
use super::home::{one_or_choose, runs_in};
use super::moved;

/// A key in the list.
pub(super) fn command(state: &mut State, command: Command) -> Vec<Effect> {
    let page = state.layout.view.page;
    let Some(View::Versions(view)) = state.stack.last() else {
        return Vec::new();
    };
    let Some(row) = state.fleet.row(&view.image) else {
        return Vec::new();
    };
    let versions = &row.catalog.versions;
    let at = versions
        .iter()
        .position(|version| Some(&version.identity) == view.selected.as_ref())
        .unwrap_or(0);
    if command == Command::Open {
        if let Some(version) = versions.get(at) {
            let image = view.image.clone();
            let identity = version.identity.clone();
            state.stack.push(View::Version {
                image,
                identity,
                top: 0,
            });
        }
        return Vec::new();
    }
    let to = moved(at, versions.len(), page, command);
    select(state, to);
    Vec::new()
}

/// Selects a row by its position.
pub(super) fn select(state: &mut State, row: usize) {
    let Some(View::Versions(view)) = state.stack.last_mut() else {
        return;
    };
    let found = state
        .fleet
        .row(&view.image)
        .and_then(|it| it.catalog.versions.get(row));
    if let Some(version) = found {
        view.selected = Some(version.identity.clone());
    }
}

/// Deploys the version that is selected, in the environment that is chosen.
pub(super) fn deploy(state: &mut State) -> Vec<Effect> {
    let Some((image, identity)) = state.subject_version() else {
        return Vec::new();
    };
    let (image, identity) = (image.clone(), identity.clone());
    let Some(row) = state.fleet.row(&image) else {
        return Vec::new();
    };
    let shown = row
        .version(&identity)
        .map_or_else(|| identity.short().to_owned(), |it| it.shown().to_owned());
    let options: Vec<Choice> = state
        .fleet
        .environments
        .iter()
        .zip(&row.cells)
        .filter_map(|(environment, cell)| {
            let deployment = cell.deployment.as_ref()?;
            let same = deployment.identities.as_slice() == std::slice::from_ref(&identity);
            Some(Choice {
                environment: environment.name.clone(),
                note: runs_in(state, &image, &environment.name),
                unavailable: closed(environment)
                    .or_else(|| same.then(|| format!("{shown} is what runs there"))),
                wanted: Wanted::Rollback {
                    image: image.clone(),
                    environment: environment.name.clone(),
                    to: Some(identity.clone()),
                },
            })
        })
        .collect();
    one_or_choose(state, format!("Deploy {image} {shown} in"), options)
}
