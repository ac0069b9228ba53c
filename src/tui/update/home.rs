//! The fleet matrix: moving, opening, promoting.

use crate::model::project::{EnvironmentName, ImageName};

use super::super::action::Command;
use super::super::available::{cannot_promote_to, closed, downstream};
use super::super::effect::{Effect, Errand, Wanted};
use super::super::listing::rows::FleetRows;
use super::super::state::{Choice, Chooser, DeploymentView, Dialog, State, View, load_details};
use super::{lists, moved, say, want};
use crate::config::{FleetBy, SortKey as _};
use crate::model::step::Course;
use crate::tui::state::Tone;

/// A key in the matrix.
pub(super) fn command(state: &mut State, command: Command) -> Vec<Effect> {
    let (row, column) = (state.home.list.at(), state.home.column);
    match command {
        Command::Open => return open(state),
        Command::Left => select(state, row, column.saturating_sub(1)),
        Command::Right => select(state, row, column + 1),
        _ => {
            let (shown, _) = state.home.list.counts();
            let page = state.layout.view.page;
            select(state, moved(row, shown, page, command), column);
        }
    }
    Vec::new()
}

/// Selects a cell by its place among those shown; beyond the end is the last one.
pub(super) fn select(state: &mut State, row: usize, column: usize) {
    let home = &mut state.home;
    let rows = FleetRows {
        fleet: &state.fleet,
        columns: &home.columns,
        quick: &std::collections::BTreeSet::new(),
        midnight: state.now,
        sort: state.preferences.fleet,
        here: None,
    };
    home.list.select(&mut home.image, &rows, row);
    let column = column.min(home.columns.len().saturating_sub(1));
    if column != home.column {
        home.displaced = None;
    }
    home.column = column;
    home.environment = home
        .columns
        .get(column)
        .and_then(|at| state.fleet.environments.get(*at))
        .map(|environment| environment.name.clone());
}

/// Sorts by the state in an environment; the other way round, where it was sorted so.
pub(super) fn sort_by(state: &mut State, column: usize) -> Vec<Effect> {
    let was_so = state.preferences.fleet.by == FleetBy::Here;
    let elsewhere = state.home.column != column;
    let row = state.home.list.at();
    select(state, row, column);
    if was_so && elsewhere {
        return Vec::new();
    }
    let here = FleetBy::ALL.iter().position(|by| *by == FleetBy::Here);
    lists::sort(state, lists::Change::Pick(here.unwrap_or_default()))
}

fn open(state: &mut State) -> Vec<Effect> {
    let Some((image, environment, cell)) = state.subject_cell() else {
        return Vec::new();
    };
    let mut view = DeploymentView {
        image,
        environment,
        container: None,
        details: std::collections::BTreeMap::new(),
        top: 0,
    };
    let mut effects = Vec::new();
    let first = cell
        .deployment
        .as_ref()
        .and_then(|deployment| deployment.replicas.first());
    if let Some(first) = first {
        let key = (first.engine.clone(), first.container.name.clone());
        view.container = Some(key.clone());
        view.details.insert(key, None);
        effects.extend(load_details(first).map(Effect::Errand));
    }
    state.stack.push(View::Deployment(view));
    effects
}

/// Promotes what runs in the selected cell: to the one environment behind it, or to the
/// one that is chosen.
pub(super) fn promote(state: &mut State) -> Vec<Effect> {
    let Some((image, from)) = state.subject() else {
        return Vec::new();
    };
    let Some(from) = from else {
        return Vec::new();
    };
    let options: Vec<Choice> = downstream(state, &from)
        .into_iter()
        .map(|to| Choice {
            environment: to.name.clone(),
            note: runs_in(state, &image, &to.name),
            unavailable: cannot_promote_to(state, &image, to),
            wanted: Wanted::Promote {
                images: vec![image.clone()],
                from: from.clone(),
                to: to.name.clone(),
            },
        })
        .collect();
    one_or_choose(state, format!("Promote {image} from {from} to"), options)
}

/// Promotes every image that runs in the selected environment and in the one behind it; of
/// a narrowed list those that are shown: what is out of sight is not changed unseen.
pub(super) fn promote_all(state: &mut State) -> Vec<Effect> {
    let Some((_, from)) = state.selected_column() else {
        return Vec::new();
    };
    let from = from.name.clone();
    let narrowed = state.home.list.filters.narrow();
    let shown = if narrowed { " of those shown" } else { "" };
    let options: Vec<Choice> = downstream(state, &from)
        .into_iter()
        .map(|to| {
            let images = in_both(state, &from, &to.name);
            Choice {
                environment: to.name.clone(),
                note: match images.len() {
                    1 => format!("1 image{shown} runs in both"),
                    count => format!("{count} images{shown} run in both"),
                },
                unavailable: closed(to).or_else(|| {
                    images
                        .is_empty()
                        .then(|| format!("no image runs in both {from} and {}", to.name))
                }),
                wanted: Wanted::Promote {
                    images,
                    from: from.clone(),
                    to: to.name.clone(),
                },
            }
        })
        .collect();
    let what = if narrowed {
        "what is shown"
    } else {
        "everything"
    };
    one_or_choose(state, format!("Promote {what} from {from} to"), options)
}

fn in_both(state: &State, from: &EnvironmentName, to: &EnvironmentName) -> Vec<ImageName> {
    let runs = |image: &ImageName, environment: &EnvironmentName| {
        state
            .fleet
            .cell(image, environment)
            .is_some_and(|cell| cell.deployment.is_some())
    };
    let rows = state.home.list.order().iter();
    let mut images: Vec<(usize, &ImageName)> = rows
        .filter_map(|at| Some((*at, &state.fleet.rows.get(*at)?.image.name)))
        .collect();
    // However they are sorted on screen, they are promoted in the project's order.
    images.sort_unstable_by_key(|(at, _)| *at);
    images
        .into_iter()
        .map(|(_, image)| image)
        .filter(|image| runs(image, from) && runs(image, to))
        .cloned()
        .collect()
}

/// What runs in a cell, in a few words.
pub(super) fn runs_in(state: &State, image: &ImageName, environment: &EnvironmentName) -> String {
    let deployment = state
        .fleet
        .cell(image, environment)
        .and_then(|cell| cell.deployment.as_ref());
    match deployment {
        Some(deployment) if deployment.course() == Course::Tag => {
            format!("points to {}", deployment.version)
        }
        Some(deployment) => format!("runs {}, {}", deployment.version, deployment.health.word()),
        None if state
            .environment(environment)
            .is_some_and(|it| it.channel.is_some()) =>
        {
            "no such tag yet".to_owned()
        }
        None => "nothing runs".to_owned(),
    }
}

/// With one option, wants it; with several, asks which.
pub(super) fn one_or_choose(
    state: &mut State,
    title: String,
    mut options: Vec<Choice>,
) -> Vec<Effect> {
    match options.len() {
        0 => Vec::new(),
        1 => match options.pop() {
            Some(Choice {
                unavailable: Some(why),
                ..
            }) => {
                say(state, Tone::Bad, why);
                Vec::new()
            }
            Some(only) => want(state, only.wanted),
            None => Vec::new(),
        },
        _ => {
            let here = state.home.environment.as_ref();
            let selected = options
                .iter()
                .position(|one| Some(&one.environment) == here && one.unavailable.is_none())
                .or_else(|| options.iter().position(|one| one.unavailable.is_none()))
                .unwrap_or(0);
            state.dialog = Some(Dialog::Choose(Chooser {
                title,
                options,
                selected,
            }));
            Vec::new()
        }
    }
}

/// The errand that reads the history again, for views that show it.
pub(super) fn reload(view: &View) -> Option<Effect> {
    match view {
        View::History(view) => Some(Effect::Errand(Errand::LoadHistory(view.filter.clone()))),
        _ => None,
    }
}
