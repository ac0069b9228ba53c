//! The anatomy of a version: opening it, moving in it, going into directories and out.

use std::sync::Arc;

use crate::anatomy::merged::NodeId;
use crate::anatomy::report::Report;
use crate::anatomy::tree::search::Found;
use crate::anatomy::tree::{Order, Scope};
use crate::model::digest::Digest;
use crate::model::project::ImageName;

use super::super::action::Command;
use super::super::effect::{Content, Effect, Errand, Explaining, FileAt, Request, Search, Shared};
use super::super::state::anatomy::{Did, columns};
use super::super::state::{
    AnatomyView, ContentView, Layout, Sheet, Side, Standing, State, Target, Tile, Tone, View,
};
use super::{comparison, moved, say, scroll};

/// Opens the anatomy of the version a command is about: the one that is selected, else what
/// runs in the cell.
pub(super) fn open(state: &mut State) -> Vec<Effect> {
    let Some((image, identity)) = subject(state) else {
        return Vec::new();
    };
    let mut view = AnatomyView::new(image.clone(), identity.clone());
    let effects = match state.readings.report(&identity) {
        Some(report) => {
            view.read(report);
            Vec::new()
        }
        None => begin(state, &image, &identity),
    };
    state.stack.push(View::Anatomy(Box::new(view)));
    effects
}

/// The version a command is about.
pub(crate) fn subject(state: &State) -> Option<(ImageName, Digest)> {
    if let Some((image, identity)) = state.subject_version() {
        return Some((image.clone(), identity.clone()));
    }
    let (image, _, cell) = state.subject_cell()?;
    let identity = cell.deployment.as_ref()?.identities.first()?;
    Some((image, identity.clone()))
}

/// Begins to read a version, unless that is under way.
pub(super) fn begin(state: &mut State, image: &ImageName, identity: &Digest) -> Vec<Effect> {
    if let Standing::UnderWay(reading) = state.readings.of(identity)
        && reading.failed.is_none()
    {
        return Vec::new();
    }
    let request = state.next_request();
    let now = state.now;
    state.readings.begin(request, (image, identity), now);
    vec![Effect::Errand(Errand::Explain {
        request,
        image: image.clone(),
        identity: identity.clone(),
    })]
}

/// Whatever nobody waits for any more is no longer read, however its view went.
pub(super) fn let_go(state: &mut State) -> Vec<Effect> {
    let State {
        readings, stack, ..
    } = state;
    let waits = |identity: &Digest| {
        stack.iter().any(|view| match view {
            View::Anatomy(view) => &view.identity == identity,
            View::Comparison(view) => [&view.before, &view.after].contains(&identity),
            _ => false,
        })
    };
    readings
        .let_go(waits)
        .into_iter()
        .map(|request| Effect::Errand(Errand::StopExplaining(request)))
        .collect()
}

/// Takes in how far a reading is.
pub(super) fn explaining(state: &mut State, request: Request, news: Explaining) {
    let now = state.now;
    state.readings.told(request, now, news);
}

/// A version has been read: whoever waits for it sees it.
pub(super) fn explained(
    state: &mut State,
    request: Request,
    answer: Result<Arc<Report>, String>,
) -> Vec<Effect> {
    let Some((identity, report)) = state.readings.ended(request, answer) else {
        return Vec::new();
    };
    for view in &mut state.stack {
        if let View::Anatomy(view) = view
            && view.identity == identity
        {
            view.read(Arc::clone(&report));
        }
    }
    comparison::go_on(state)
}

/// Has looked for what was typed, unless that is known or under way.
pub(super) fn search(state: &mut State) -> Option<Effect> {
    let State {
        stack,
        last_request,
        ..
    } = state;
    let Some(View::Anatomy(view)) = stack.last_mut() else {
        return None;
    };
    let open = view.open.as_mut()?;
    let request = Request(last_request.0 + 1);
    let (scene, text, wanted) = open.files.ask(request)?;
    *last_request = request;
    let of = Shared(Arc::clone(&open.report));
    let search = Search {
        of,
        scene,
        text,
        wanted,
    };
    Some(Effect::Errand(Errand::Search(request, search)))
}

/// Paths have been looked for.
pub(super) fn found(state: &mut State, request: Request, answer: &Result<Arc<Found>, String>) {
    for view in &mut state.stack {
        if let View::Anatomy(view) = view
            && let Some(open) = &mut view.open
        {
            open.files.answered(request, answer);
        }
    }
}

/// A key in the view.
pub(super) fn command(state: &mut State, command: Command) -> Vec<Effect> {
    let layout = state.layout.clone();
    let rows = rows(state);
    let Some(View::Anatomy(view)) = state.stack.last_mut() else {
        return Vec::new();
    };
    match command {
        Command::Files => view.show(Sheet::Files),
        Command::Map => view.show(Sheet::Map),
        Command::Components => view.show(Sheet::Components),
        Command::Packages => view.show(Sheet::Packages),
        Command::Findings => view.show(Sheet::Findings),
        Command::NextField => turn(view, 1),
        Command::PreviousField => turn(view, -1),
        Command::Open => return enter(state),
        Command::Added => only(view, Did::Added),
        Command::Changed => only(view, Did::Changed),
        Command::Removed => only(view, Did::Removed),
        Command::OnlyLayer => {
            if let Some(open) = &mut view.open {
                open.files.scope = match open.files.scope {
                    Scope::Merged => Scope::Layer,
                    Scope::Layer => Scope::Merged,
                };
            }
        }
        Command::SortNext => sort(view, false),
        Command::SortTurn => sort(view, true),
        Command::Extract => return extract(state),
        Command::Copy => return copy(state),
        Command::Left if view.side == Side::Main && view.sheet == Sheet::Files => {
            out(state);
        }
        Command::Right if view.side == Side::Main && view.sheet == Sheet::Files => {
            if let Some(open) = &mut view.open {
                open.files.enter();
            }
        }
        _ => match view.side {
            Side::Layers => {
                let row = moved(view.row, rows, layout.layers.page, command);
                if row != view.row {
                    view.select_layer(row, rows);
                }
            }
            Side::Main => in_main(view, &layout, command),
            Side::Words => view.words_top = scroll(layout.words, command),
        },
    }
    Vec::new()
}

fn in_main(view: &mut AnatomyView, layout: &Layout, command: Command) {
    let sheet = view.sheet;
    let Some(open) = &mut view.open else {
        return;
    };
    match sheet {
        Sheet::Files => {
            let total = open.files.rows().len();
            let to = moved(open.files.at(), total, layout.view.page, command);
            open.files.select(to);
            view.words_top = 0;
        }
        Sheet::Map => {
            let tiles = &layout.tiles;
            if let Some(node) = beside(tiles, open.files.selected, command) {
                open.files.selected = Some(node);
                view.words_top = 0;
            }
        }
        _ => {
            let Some(list) = open.tables.of(sheet).map(|table| &table.list) else {
                return;
            };
            let to = moved(list.at(), list.counts().0, layout.view.page, command);
            open.tables.select(&open.report, sheet, to);
            view.words_top = 0;
        }
    }
}

/// The rectangle that is next in a direction: the one whose middle is nearest, what lies
/// aside counted twice.
fn beside(tiles: &[Tile], from: Option<NodeId>, command: Command) -> Option<NodeId> {
    let middle = |tile: &Tile| {
        let area = tile.area;
        // Cells are twice as high as wide.
        (
            i32::from(area.x) * 2 + i32::from(area.width),
            i32::from(area.y) * 4 + i32::from(area.height) * 2,
        )
    };
    let named = || tiles.iter().filter(|tile| tile.node.is_some());
    let Some(here) = named().find(|tile| tile.node == from) else {
        return named().next()?.node;
    };
    match command {
        Command::First => return named().next()?.node,
        Command::Last => return named().next_back()?.node,
        _ => {}
    }
    let (x, y) = middle(here);
    let distance = |tile: &&Tile| {
        let (to_x, to_y) = middle(tile);
        let (right, down) = (to_x - x, to_y - y);
        let (ahead, aside) = match command {
            Command::Left => (-right, down),
            Command::Right => (right, down),
            Command::Up | Command::PageUp => (-down, right),
            Command::Down | Command::PageDown => (down, right),
            _ => return None,
        };
        (ahead > 0).then_some(ahead + aside.abs() * 2)
    };
    named()
        .filter_map(|tile| Some((distance(&tile)?, tile.node)))
        .min_by_key(|(distance, _)| *distance)
        .and_then(|(_, node)| node)
}

/// The next pane, or the one before.
fn turn(view: &mut AnatomyView, by: isize) {
    let panes = view.sheet.panes();
    let at = panes.iter().position(|side| *side == view.side);
    let last = panes.len().saturating_sub(1);
    let next = at.unwrap_or(0).checked_add_signed(by).unwrap_or(last);
    if let Some(side) = panes.get(next).or(panes.first()) {
        view.focus(*side);
    }
}

/// Shows only what the selected layer did, of one kind.
fn only(view: &mut AnatomyView, did: Did) {
    if let Some(open) = &mut view.open {
        open.files.toggle(did);
    }
}

/// Sorts by the next column, or the other way round.
fn sort(view: &mut AnatomyView, turn: bool) {
    let sheet = view.sheet;
    let Some(open) = &mut view.open else {
        return;
    };
    match (open.tables.of_mut(sheet), turn) {
        (Some(table), false) => table.sort_next(columns(sheet)),
        (Some(table), true) => table.sort.1 = !table.sort.1,
        (None, false) => {
            let next = match open.files.order.0 {
                Order::Size => Order::Name,
                Order::Name => Order::Size,
            };
            open.files.order = (next, false);
        }
        (None, true) => open.files.order.1 = !open.files.order.1,
    }
}

/// Rows of the layers: the whole image, and each layer.
pub(crate) fn rows(state: &State) -> usize {
    let Some(View::Anatomy(view)) = state.stack.last() else {
        return 0;
    };
    let layers = match &view.open {
        Some(open) => open.report.anatomy.facts.layers.len(),
        None => match state.readings.of(&view.identity) {
            Standing::UnderWay(reading) => reading.layers.len(),
            Standing::Unread | Standing::Done => 0,
        },
    };
    layers + 1
}

/// Enter: from a layer to its files, into a directory, or a file to be read; from a table to
/// what is said of its row.
fn enter(state: &mut State) -> Vec<Effect> {
    let Some(View::Anatomy(view)) = state.stack.last_mut() else {
        return Vec::new();
    };
    if view.side == Side::Layers {
        view.focus(Side::Main);
        return Vec::new();
    }
    let Some(open) = &mut view.open else {
        return Vec::new();
    };
    match view.sheet {
        Sheet::Files | Sheet::Map => {
            if open.files.enter() {
                view.words_top = 0;
                return Vec::new();
            }
            read_file(state)
        }
        Sheet::Components | Sheet::Packages | Sheet::Findings => {
            view.focus(Side::Words);
            Vec::new()
        }
    }
}

/// Esc: out of the directory. Whether there was one to leave.
pub(super) fn out(state: &mut State) -> bool {
    let Some(View::Anatomy(view)) = state.stack.last_mut() else {
        return false;
    };
    let in_files = matches!(view.sheet, Sheet::Files | Sheet::Map) && view.side == Side::Main;
    let Some(open) = view.open.as_mut().filter(|_| in_files) else {
        return false;
    };
    view.words_top = 0;
    open.files.leave(&open.report.anatomy.merged)
}

/// Shows everything again. Whether something was hidden.
pub(super) fn clear(state: &mut State) -> bool {
    let Some(View::Anatomy(view)) = state.stack.last_mut() else {
        return false;
    };
    let files = matches!(view.sheet, Sheet::Files | Sheet::Map);
    match &mut view.open {
        Some(open) if files && open.files.narrow() => {
            open.files.clear();
            true
        }
        _ => false,
    }
}

/// The path that is selected, and as of which layer.
fn selected(state: &State) -> Option<FileAt> {
    let Some(View::Anatomy(view)) = state.stack.last() else {
        return None;
    };
    let open = view.open.as_ref()?;
    let row = open.files.row()?;
    Some(FileAt {
        image: view.image.clone(),
        identity: view.identity.clone(),
        layer: view.layer(),
        path: open.report.anatomy.merged.path(row.node),
    })
}

/// Reads the file that is selected.
fn read_file(state: &mut State) -> Vec<Effect> {
    let Some(of) = selected(state) else {
        return Vec::new();
    };
    let request = state.next_request();
    state.stack.push(View::Content(Box::new(ContentView {
        of: of.clone(),
        request,
        lines: None,
        note: None,
        top: 0,
    })));
    vec![Effect::Errand(Errand::ReadFile { request, of })]
}

/// A file has been read.
pub(super) fn content(state: &mut State, request: Request, answer: Result<Content, String>) {
    for view in &mut state.stack {
        if let View::Content(view) = view
            && view.request == request
        {
            match answer {
                Ok(content) => {
                    let (lines, note) = super::super::content::lines(&content);
                    view.lines = Some(Ok(lines));
                    view.note = note;
                }
                Err(why) => view.lines = Some(Err(why)),
            }
            return;
        }
    }
}

/// Writes what is selected to the current folder.
pub(super) fn extract(state: &mut State) -> Vec<Effect> {
    let of = match state.stack.last() {
        Some(View::Content(view)) => Some(view.of.clone()),
        _ => selected(state),
    };
    match of {
        Some(of) => {
            say(state, Tone::Plain, "reading it once more, to write it out");
            vec![Effect::Errand(Errand::Extract(of))]
        }
        None => Vec::new(),
    }
}

/// Copies what is explained.
fn copy(state: &mut State) -> Vec<Effect> {
    match super::super::views::anatomy::to_copy(state) {
        Some((what, text)) => {
            say(state, Tone::Plain, format!("copied {what}"));
            vec![Effect::Copy(text)]
        }
        None => {
            say(state, Tone::Bad, "there is nothing to copy here yet");
            Vec::new()
        }
    }
}

/// A click: it selects, and once more opens.
pub(super) fn click(state: &mut State, target: &Target) -> Vec<Effect> {
    let rows = rows(state);
    let tile = match target {
        Target::Tile(place) => state.layout.tiles.get(*place).and_then(|tile| tile.node),
        _ => None,
    };
    let Some(View::Anatomy(view)) = state.stack.last_mut() else {
        return Vec::new();
    };
    match target {
        Target::Tab(sheet) => view.show(*sheet),
        Target::Side(side) => view.focus(*side),
        Target::Layer(row) => {
            let again = view.side == Side::Layers && view.row == *row;
            view.focus(Side::Layers);
            view.select_layer(*row, rows);
            if again {
                return enter(state);
            }
        }
        Target::Heading(column) => {
            let sheet = view.sheet;
            if let Some(table) = view.open.as_mut().and_then(|it| it.tables.of_mut(sheet))
                && *column < columns(sheet)
            {
                table.sort_by(*column);
            }
        }
        Target::Tile(_) => {
            view.focus(Side::Main);
            let Some(node) = tile else {
                return Vec::new();
            };
            if let Some(open) = &mut view.open {
                if open.files.selected == Some(node) {
                    return enter(state);
                }
                open.files.selected = Some(node);
            }
        }
        Target::Row(place) => {
            view.focus(Side::Main);
            let again = match (&mut view.open, view.sheet) {
                (Some(open), Sheet::Files) => {
                    let again = open.files.at() == *place;
                    open.files.select(*place);
                    again
                }
                (Some(open), sheet) => {
                    open.tables.select(&open.report, sheet, *place);
                    false
                }
                (None, _) => false,
            };
            if again {
                return enter(state);
            }
        }
        _ => {}
    }
    Vec::new()
}
