//! What all lists have in common: filter, quick filters, sorting; and bringing each up to
//! date when something changed.

use std::sync::Arc;

use crossterm::event::{Event as TerminalEvent, KeyEvent};
use tui_input::InputRequest;
use tui_input::backend::crossterm::EventHandler as _;

use super::super::action::Command;
use super::super::effect::{Effect, Errand};
use super::super::listing::quick::{Quick, columns, midnight, quick_in};
use super::super::listing::rows::{EngineRows, FleetRows, HistoryRows, OperationRows, VersionRows};
use super::super::listing::{Basis, Filters, Listing};
use super::super::state::{Dialog, Home, QuickMenu, State, View};
use super::super::text::{printable, width};
use super::{command_in_place, moved, say};
use crate::config::{FleetBy, Sort, SortKey};
use crate::model::fleet::Fleet;
use crate::tui::state::Tone;

/// The longest filter.
const LONGEST: usize = 200;

/// Begins to type a filter.
pub(super) fn begin(state: &mut State) -> Vec<Effect> {
    if let Some(filters) = state.filters_mut() {
        filters.typing = true;
    }
    Vec::new()
}

/// A key while a filter is typed: Enter keeps it, Esc takes it away, and the list can still
/// be moved in.
pub(super) fn while_typing(state: &mut State, command: Command) -> Vec<Effect> {
    match command {
        Command::KeepFilter => {
            if let Some(filters) = state.filters_mut() {
                filters.typing = false;
            }
            Vec::new()
        }
        Command::Back => {
            if let Some(filters) = state.filters_mut() {
                filters.typing = false;
                filters.text.reset();
            }
            Vec::new()
        }
        _ => super::in_view(state, command),
    }
}

/// A key for the filter.
pub(super) fn typed(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    if let Some(filters) = typing(state)
        && (filters.text.value().len() < LONGEST || !adds(key))
    {
        filters.text.handle_event(&TerminalEvent::Key(key));
    }
    Vec::new()
}

fn adds(key: KeyEvent) -> bool {
    matches!(key.code, crossterm::event::KeyCode::Char(_)) && key.modifiers.is_empty()
}

/// Text pasted into the filter: what can be typed of it.
pub(super) fn pasted(state: &mut State, text: &str) -> Vec<Effect> {
    if let Some(filters) = typing(state) {
        let room = LONGEST.saturating_sub(filters.text.value().len());
        for c in text.chars().filter(|c| !c.is_control()).take(room) {
            filters.text.handle(InputRequest::InsertChar(c));
        }
    }
    Vec::new()
}

fn typing(state: &mut State) -> Option<&mut Filters> {
    state.filters_mut().filter(|filters| filters.typing)
}

/// Shows everything again. Whether there was something to take away.
pub(super) fn clear(state: &mut State) -> bool {
    match state.filters_mut() {
        Some(filters) if filters.narrow() => {
            filters.clear();
            true
        }
        _ => false,
    }
}

/// Opens the menu of quick filters.
pub(super) fn menu(state: &mut State) -> Vec<Effect> {
    let mut options = quick_in(state.view_place()).to_vec();
    options.push(Command::ShowAll);
    state.dialog = Some(Dialog::Quick(QuickMenu {
        options,
        selected: 0,
    }));
    Vec::new()
}

/// A key in the menu.
pub(super) fn in_menu(state: &mut State, mut menu: QuickMenu, command: Command) -> Vec<Effect> {
    if command == Command::Open {
        return match menu.options.get(menu.selected) {
            Some(chosen) => command_in_place(state, *chosen),
            None => Vec::new(),
        };
    }
    let total = menu.options.len();
    menu.selected = moved(menu.selected, total, total, command);
    state.dialog = Some(Dialog::Quick(menu));
    Vec::new()
}

/// Sets a quick filter, or takes it away again.
pub(super) fn toggle(state: &mut State, quick: Quick) -> Vec<Effect> {
    if let Some(filters) = state.filters_mut()
        && !filters.quick.remove(&quick)
    {
        filters.quick.insert(quick);
    }
    Vec::new()
}

/// How the order is to change.
#[derive(Clone, Copy)]
pub(super) enum Change {
    /// By the next column.
    Next,
    /// The other way round.
    Turn,
    /// By this column; the other way round if it is by that one already.
    Pick(usize),
}

impl Change {
    fn of<K: SortKey>(self, sort: &mut Sort<K>) {
        *sort = match self {
            Self::Next => sort.next(),
            Self::Turn => sort.turned(),
            Self::Pick(column) => sort.picked(column),
        };
    }
}

/// Changes the order of the list on top, now and for the next time.
pub(super) fn sort(state: &mut State, change: Change) -> Vec<Effect> {
    let chosen = &mut state.preferences;
    match state.stack.last() {
        None => change.of(&mut chosen.fleet),
        Some(View::Versions(_)) => change.of(&mut chosen.versions),
        Some(View::Operations { .. }) => change.of(&mut chosen.operations),
        Some(View::History(_)) => change.of(&mut chosen.history),
        Some(View::Engines(_)) => change.of(&mut chosen.engines),
        Some(_) => return Vec::new(),
    }
    if state.demo {
        return Vec::new();
    }
    let turn = state.next_request();
    vec![Effect::Errand(Errand::Remember(turn, state.preferences))]
}

fn sorting<K: SortKey>(sort: Sort<K>) -> (usize, bool) {
    (sort.column(), sort.reversed)
}

/// Brings the list on top up to date: which rows are shown, in which order, and what is
/// selected. Does nothing where nothing changed.
pub(crate) fn refresh(state: &mut State) {
    let fleet = Arc::clone(&state.fleet);
    let midnight = midnight(state.now, state.zone);
    let (fleets, news) = (state.fleets, state.news);
    let sorts = state.preferences;
    let basis = |filters: &Filters, rows, sort| Basis {
        rows,
        quick: filters.quick.clone(),
        midnight: filters.quick.contains(&Quick::Today).then_some(midnight),
        sort,
    };
    match state.stack.last_mut() {
        None => {
            let home = &mut state.home;
            settle_columns(home, &fleet, fleets);
            let here = home.columns.get(home.column).copied();
            let place = place(sorts.fleet, here);
            let basis = basis(&home.list.filters, (fleets, place), sorting(sorts.fleet));
            let quick = home.list.filters.quick.clone();
            let rows = FleetRows {
                fleet: &fleet,
                columns: &home.columns,
                quick: &quick,
                midnight,
                sort: sorts.fleet,
                here,
            };
            home.list.refresh(&mut home.image, &rows, basis);
        }
        Some(View::Versions(view)) => {
            let Some(row) = fleet.row(&view.image) else {
                view.list = Listing::default();
                return;
            };
            let basis = basis(&view.list.filters, (fleets, 0), sorting(sorts.versions));
            if let Some(read) = view.selected.as_ref().and_then(|it| it.by_now(row)) {
                view.selected = Some(read);
            }
            let rows = VersionRows::new(&fleet, row, sorts.versions);
            view.list.refresh(&mut view.selected, &rows, basis);
        }
        Some(View::Operations { selected, list, .. }) => {
            let count = u64::try_from(state.operations.len()).unwrap_or(u64::MAX);
            let basis = basis(&list.filters, (news, count), sorting(sorts.operations));
            let rows = OperationRows {
                operations: &state.operations,
                sort: sorts.operations,
            };
            list.refresh(selected, &rows, basis);
        }
        Some(View::History(view)) => {
            let quick = view.list.filters.quick.clone();
            let number = (fleets, view.readings);
            let basis = basis(&view.list.filters, number, sorting(sorts.history));
            let events = view.events.as_ref().and_then(|it| it.as_deref().ok());
            let rows = HistoryRows {
                fleet: &fleet,
                forks: &state.forks,
                events: events.unwrap_or_default(),
                quick: &quick,
                midnight,
                sort: sorts.history,
            };
            view.list.refresh(&mut view.selected, &rows, basis);
        }
        Some(View::Engines(view)) => {
            let basis = basis(&view.list.filters, (fleets, 0), sorting(sorts.engines));
            let rows = EngineRows {
                fleet: &fleet,
                sort: sorts.engines,
            };
            view.list.refresh(&mut view.selected, &rows, basis);
        }
        Some(View::Anatomy(view)) => {
            let sheet = view.sheet;
            if let Some(open) = &mut view.open {
                open.settle(sheet);
            }
        }
        Some(_) => {}
    }
}

/// What an order of the fleet depends on besides the fleet: where one is.
fn place(sort: Sort<FleetBy>, here: Option<usize>) -> u64 {
    match (sort.by, here) {
        (FleetBy::Here, Some(at)) => u64::try_from(at).unwrap_or(u64::MAX).saturating_add(1),
        _ => 0,
    }
}

/// Which columns of the matrix are on screen, and which is selected: the same one as
/// before, or the nearest while it is not shown.
fn settle_columns(home: &mut Home, fleet: &Fleet, fleets: u64) {
    if home.measured != Some(fleets) {
        let names = fleet.rows.iter().map(|row| row.image.name.as_str());
        home.longest = names.map(|name| width(&printable(name))).max().unwrap_or(0);
        home.measured = Some(fleets);
    }
    home.columns = columns(fleet, &home.list.filters.quick);
    let shown = |name: &_| {
        let position = fleet.column(name)?;
        home.columns.iter().position(|at| *at == position)
    };
    let wanted = home.displaced.as_ref().or(home.environment.as_ref());
    if let Some(found) = wanted.and_then(shown) {
        home.environment = wanted.cloned();
        home.column = found;
        home.displaced = None;
        return;
    }
    if home.displaced.is_none() {
        home.displaced = wanted.filter(|name| fleet.column(name).is_some()).cloned();
    }
    let still = home.environment.as_ref().and_then(shown);
    home.column = still.unwrap_or_else(|| {
        let from = home.environment.as_ref().and_then(|it| fleet.column(it));
        let last = home.columns.len().saturating_sub(1);
        from.map_or(home.column.min(last), |from| {
            let nearest = home.columns.iter().enumerate();
            nearest
                .min_by_key(|(_, at)| at.abs_diff(from))
                .map_or(0, |(place, _)| place)
        })
    });
    home.environment = home
        .columns
        .get(home.column)
        .and_then(|at| fleet.environments.get(*at))
        .map(|environment| environment.name.clone());
}

/// The place of the selected row among those shown, in a list that has one column to it.
pub(super) fn at(state: &State) -> Option<usize> {
    let (at, shown) = match state.stack.last()? {
        View::Versions(view) => (view.list.at(), view.list.counts().0),
        View::Operations { list, .. } => (list.at(), list.counts().0),
        View::History(view) => (view.list.at(), view.list.counts().0),
        View::Engines(view) => (view.list.at(), view.list.counts().0),
        _ => return None,
    };
    (at < shown).then_some(at)
}

/// Selects a row of the list on top by its place among those shown.
pub(super) fn select(state: &mut State, place: usize) {
    let fleet = Arc::clone(&state.fleet);
    let sorts = state.preferences;
    match state.stack.last_mut() {
        Some(View::Versions(view)) => {
            if let Some(row) = fleet.row(&view.image) {
                let rows = VersionRows::new(&fleet, row, sorts.versions);
                view.list.select(&mut view.selected, &rows, place);
            }
        }
        Some(View::Operations { selected, list, .. }) => {
            let rows = OperationRows {
                operations: &state.operations,
                sort: sorts.operations,
            };
            list.select(selected, &rows, place);
        }
        Some(View::History(view)) => {
            let events = view.events.as_ref().and_then(|it| it.as_deref().ok());
            let quick = view.list.filters.quick.clone();
            let rows = HistoryRows {
                fleet: &fleet,
                forks: &state.forks,
                events: events.unwrap_or_default(),
                quick: &quick,
                midnight: state.now,
                sort: sorts.history,
            };
            view.list.select(&mut view.selected, &rows, place);
        }
        Some(View::Engines(view)) => {
            let rows = EngineRows {
                fleet: &fleet,
                sort: sorts.engines,
            };
            view.list.select(&mut view.selected, &rows, place);
        }
        _ => {}
    }
}

/// A key that moves in the list on top, its table of one kind or another.
pub(super) fn walk(state: &mut State, at: usize, command: Command) -> Vec<Effect> {
    let (shown, _) = state.counts();
    let to = moved(at, shown, state.layout.view.page, command);
    select(state, to);
    Vec::new()
}

/// Says that everything is shown again.
pub(super) fn cleared(state: &mut State) -> Vec<Effect> {
    say(state, Tone::Plain, "everything is shown again");
    Vec::new()
}
