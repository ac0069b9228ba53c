//! The versions of an image: moving, opening, deploying one by name.

use super::super::action::Command;
use super::super::available::closed;
use super::super::effect::{Effect, Wanted};
use super::super::state::{Choice, State, View};
use super::home::{one_or_choose, runs_in};
use super::{lists, want};

/// A key in the list.
pub(super) fn command(state: &mut State, command: Command) -> Vec<Effect> {
    let Some(View::Versions(view)) = state.stack.last() else {
        return Vec::new();
    };
    let at = view.list.at();
    if command != Command::Open {
        return lists::walk(state, at, command);
    }
    if let Some(identity) = view.selected.as_ref().and_then(|it| it.identity()).cloned() {
        let image = view.image.clone();
        state.stack.push(View::Version {
            image,
            identity,
            top: 0,
        });
    }
    Vec::new()
}

/// Wants the plan to publish the version that is selected.
pub(super) fn publish(state: &mut State) -> Vec<Effect> {
    let Some((image, identity)) = state.subject_version() else {
        return Vec::new();
    };
    let row = state.fleet.row(image);
    let version = row.and_then(|row| row.version(identity));
    let wanted = Wanted::Publish {
        image: image.clone(),
        identity: identity.clone(),
        shown: version.map_or(identity.short(), |it| it.shown()).to_owned(),
    };
    want(state, wanted)
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
            let deployment = cell.deployment.as_ref();
            // A channel's tag that is not there yet is made.
            if deployment.is_none() && environment.channel.is_none() {
                return None;
            }
            let same = deployment.is_some_and(|deployment| {
                deployment.identities.as_slice() == std::slice::from_ref(&identity)
            });
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
