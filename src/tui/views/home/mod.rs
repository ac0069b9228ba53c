//! The fleet: images × environments, and the whole story of the selected cell below.

mod cell;
mod story;
mod words;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::config::{FleetBy, Sort};
use crate::model::fleet::Row;
use crate::model::project::{Environment, Source};
use crate::tui::listing::matching::Finder;
use crate::tui::state::{Hit, Layout, Target, Window};
use crate::tui::text::{clip, fit, printable, width};
use crate::tui::widgets::page::{PROTECTED, Page, more};
use crate::tui::widgets::table::mark_text;

use super::{Canvas, lists};
use cell::draw_cell;
use story::story;
pub(super) use story::{tell_deployment, tell_known_good, tell_skew, tell_trouble};

/// A cell is at least and at most so wide.
const NARROWEST: u16 = 21;
/// It may be so narrow if that brings every environment on screen: the last one, which
/// matters most, must not be the one that is hidden.
const SQUEEZED: u16 = 15;
const WIDEST: u16 = 36;

/// Draws it.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>, layout: &mut Layout) {
    if canvas.fleet.rows.is_empty() || canvas.fleet.environments.is_empty() {
        empty(frame, area, canvas);
        return;
    }
    let sort = canvas.preferences.fleet;
    let order =
        (sort != Sort::default()).then(|| format!("{} {}", sort_words(sort.by), sort.sign()));
    let area = lists::head(frame, area, canvas, order.as_deref());
    if lists::nothing(frame, area, canvas) {
        return;
    }
    let story = story(canvas, area.width.saturating_sub(2));
    let wanted = u16::try_from(story.len())
        .unwrap_or(u16::MAX)
        .saturating_add(1);
    // The matrix keeps two thirds of the screen; the story has what it needs of the rest,
    // and more where the matrix does not need its own.
    let matrix_needs = u16::try_from(canvas.home.list.counts().0 * 2 + 1).unwrap_or(u16::MAX);
    let most = (area.height / 3)
        .max(area.height.saturating_sub(matrix_needs))
        .max(4);
    let height = wanted.min(most);
    let below = Rect {
        y: area.bottom() - height,
        height,
        ..area
    };
    let matrix = Rect {
        height: area.height - height,
        ..area
    };
    draw_matrix(frame.buffer_mut(), matrix, canvas, layout);
    draw_story(frame.buffer_mut(), below, canvas, &story);
}

/// Where the columns of the matrix are.
struct Columns {
    name: u16,
    cell: u16,
    shown: Window,
}

fn columns(area: Rect, canvas: &Canvas<'_>) -> Columns {
    let name = u16::try_from(canvas.home.longest)
        .unwrap_or(u16::MAX)
        .clamp(8, (area.width / 4).max(8));
    let count = canvas.home.columns.len();
    let room = area.width.saturating_sub(name + 2);
    let fit = if usize::from(room / (SQUEEZED + 1)) >= count {
        count
    } else {
        usize::from(room / (NARROWEST + 1))
    }
    .clamp(1, count.max(1));
    let each = room / u16::try_from(fit).unwrap_or(1).max(1);
    Columns {
        name,
        cell: each.saturating_sub(1).min(WIDEST),
        shown: Window::around(canvas.home.column, canvas.home.left, fit, count),
    }
}

fn draw_matrix(buffer: &mut Buffer, area: Rect, canvas: &Canvas<'_>, layout: &mut Layout) {
    let columns = columns(area, canvas);
    let list = &canvas.home.list;
    let (total, _) = list.counts();
    let body = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    // As many lines a row as there is room for: version, health, two of skew in words and
    // one between the rows; down to one line of it all, where that is wide enough for a
    // version and a state in words.
    let room = usize::from(body.height);
    let lines: u16 = match total {
        0..=20 if room >= total * 5 => 5,
        0..=50 if room >= total * 4 => 4,
        _ if room >= total * 3 => 3,
        _ if room >= total * 2 || room >= 12 || columns.cell < NARROWEST => 2,
        _ => 1,
    };
    draw_heading(buffer, area, canvas, &columns, layout);
    let page = usize::from(body.height / lines).max(1);
    let window = Window::around(list.at(), canvas.home.top, page, total);
    let words = list.filters.words().filter(|words| !words.inverted);
    let mut finder = words.as_ref().map(Finder::new);
    let shown = list.order().iter().enumerate().skip(window.top).take(page);
    for (slot, at) in shown {
        let Some(row) = canvas.fleet.rows.get(*at) else {
            continue;
        };
        let y = body.y + u16::try_from(slot - window.top).unwrap_or(0) * lines;
        if y >= body.bottom() {
            break;
        }
        let place = Rect {
            y,
            height: lines.min(body.bottom() - y),
            ..body
        };
        draw_row(
            buffer,
            place,
            canvas,
            &columns,
            (slot, row, slot == list.at()),
            layout,
        );
        if let Some(finder) = &mut finder {
            let name = clip(row.image.name.as_str(), usize::from(columns.name));
            mark_text(buffer, (place.x + 1, place.y), &name, finder);
        }
    }
    more(buffer, body, window, canvas.theme.quiet);
    layout.view = window;
    layout.left = columns.shown.top;
}

/// The columns on screen: the place of each among those shown, and its environment's.
fn shown(canvas: &Canvas<'_>, columns: &Columns) -> impl Iterator<Item = (usize, usize)> {
    let all = canvas.home.columns.iter().copied().enumerate();
    all.skip(columns.shown.top).take(columns.shown.page)
}

/// What the rows are sorted by, in words.
const fn sort_words(by: FleetBy) -> &'static str {
    match by {
        FleetBy::Project => "project file",
        FleetBy::Name => "name",
        FleetBy::State => "worst state",
        FleetBy::Skew => "skew",
        FleetBy::Changed => "last change",
        FleetBy::Here => "state in the selected environment",
    }
}

fn draw_heading(
    buffer: &mut Buffer,
    area: Rect,
    canvas: &Canvas<'_>,
    columns: &Columns,
    layout: &mut Layout,
) {
    let theme = &canvas.theme;
    let hidden_left = columns.shown.top > 0;
    let hidden_right = columns.shown.top + columns.shown.page < columns.shown.total;
    let mark = match (hidden_left, hidden_right) {
        (true, true) => "◀ ▶",
        (true, false) => "◀",
        (false, true) => "  ▶",
        (false, false) => "",
    };
    let name = fit(mark, usize::from(columns.name));
    buffer.set_string(area.x + 1, area.y, name, theme.warn);
    let selected = canvas.selected_column().map(|(at, _)| at);
    for (slot, at) in shown(canvas, columns) {
        let Some(environment) = canvas.fleet.environments.get(at) else {
            continue;
        };
        let x = column_x(area, columns, slot);
        let accent = theme.environment(at, environment);
        let accent = if selected == Some(at) {
            accent.add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
        } else {
            accent
        };
        // The last one may be longer than its cells: there is nothing behind it.
        let last = slot + 1 == columns.shown.top + columns.shown.page;
        let room = if last {
            area.right().saturating_sub(x)
        } else {
            columns.cell
        };
        let text = fitting(environment, usize::from(room));
        layout.hits.push(Hit {
            columns: (x, x.saturating_add(columns.cell)),
            rows: (area.y, area.y + 1),
            target: Target::Environment(slot),
        });
        buffer.set_string(x, area.y, &text, accent);
        draw_mark(buffer, (x, area.y), &text, theme.protected);
    }
}

/// Gives the mark of a protected environment its style, in a heading that was drawn there.
pub(super) fn draw_mark(buffer: &mut Buffer, (x, y): (u16, u16), heading: &str, style: Style) {
    if let Some((name, mark)) = heading.find(PROTECTED).map(|at| heading.split_at(at)) {
        let at = u16::try_from(width(name)).unwrap_or(u16::MAX);
        buffer.set_string(x.saturating_add(at), y, mark.trim_end(), style);
    }
}

/// An environment's name, and what is special about it in sign and word.
pub(super) fn heading(environment: &Environment) -> String {
    let mut text = environment.name.to_string();
    // Where only one of them fits, it is the one that is in the way first.
    if environment.read_only {
        text.push_str(" ⊘ read-only");
    }
    if environment.protected {
        text.push_str(" ⚑ protected");
    }
    text
}

/// The heading, in as many words as fit. The name gives way to the word that is in the way
/// first: a sign alone would tell nothing.
fn fitting(environment: &Environment, room: usize) -> String {
    let name = printable(environment.name.as_str());
    let mut special = String::new();
    if environment.read_only {
        special.push_str(" ⊘ read-only");
    } else if environment.protected {
        special.push_str(" ⚑ protected");
    }
    let candidates = [heading(environment), format!("{name}{special}")];
    let fits = candidates.into_iter().find(|text| width(text) <= room);
    fits.unwrap_or_else(|| {
        let left = room.saturating_sub(width(&special));
        clip(&name, left) + &special
    })
}

fn column_x(area: Rect, columns: &Columns, at: usize) -> u16 {
    let slot = u16::try_from(at - columns.shown.top.min(at)).unwrap_or(0);
    area.x + columns.name + 3 + slot * (columns.cell + 1)
}

fn draw_row(
    buffer: &mut Buffer,
    place: Rect,
    canvas: &Canvas<'_>,
    columns: &Columns,
    (slot, row, selected): (usize, &Row, bool),
    layout: &mut Layout,
) {
    let theme = &canvas.theme;
    let (sign, style) = if selected {
        ("›", theme.title)
    } else {
        (" ", theme.text)
    };
    let name = clip(row.image.name.as_str(), usize::from(columns.name));
    buffer.set_string(place.x, place.y, format!("{sign}{name}"), style);
    let chosen = canvas.home.column;
    for (at, position) in shown(canvas, columns) {
        let Some(cell) = row.cells.get(position) else {
            continue;
        };
        let area = Rect {
            x: column_x(place, columns, at),
            y: place.y,
            width: columns.cell,
            height: place.height.saturating_sub(u16::from(place.height > 2)),
        };
        let over = (selected && chosen == at).then_some(theme.selected);
        let environment = canvas.fleet.environments.get(position);
        draw_cell(buffer, area, canvas, (cell, environment), over);
        layout.hits.push(Hit {
            columns: (area.left(), area.right()),
            rows: (area.top(), area.bottom()),
            target: Target::Cell(slot, at),
        });
    }
}

fn draw_story(buffer: &mut Buffer, area: Rect, canvas: &Canvas<'_>, story: &Page<'_>) {
    let theme = &canvas.theme;
    let title = match (&canvas.home.image, &canvas.home.environment) {
        (Some(image), Some(environment)) => clip(
            &format!(" {image} in {environment} "),
            usize::from(area.width).saturating_sub(4),
        ),
        _ => String::new(),
    };
    let rule = "─".repeat(usize::from(area.width));
    buffer.set_string(area.x, area.y, rule, theme.border);
    let accent = canvas
        .selected_column()
        .map_or(theme.title, |(at, environment)| {
            theme.environment(at, environment)
        });
    buffer.set_string(area.x + 2, area.y, title, accent);
    let inside = Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width - 2,
        height: area.height - 1,
    };
    story.draw(buffer, inside, 0);
}

/// No image, or no environment: why, and what to do.
fn empty(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>) {
    let theme = &canvas.theme;
    let mut page = Page::new(theme, area.width.saturating_sub(4));
    page.blank();
    let (mut connecting, mut errors) = (false, Vec::new());
    for (name, engine) in &canvas.fleet.engines {
        match &engine.link {
            crate::model::fleet::Link::Connecting => connecting = true,
            crate::model::fleet::Link::Down { error, .. } => errors.push((name, error)),
            crate::model::fleet::Link::Up => {}
        }
    }
    if !errors.is_empty() {
        page.styled("No engine has told what runs.", theme.title);
        for (name, error) in &errors {
            page.pair_styled("no answer", &format!("✗ {name}: {error}"), theme.bad);
        }
    }
    if connecting {
        page.styled("… waiting for the engines", theme.busy);
    } else if errors.is_empty() {
        page.styled("There is nothing to show yet.", theme.title);
        page.text(match canvas.fleet.source {
            Source::Found => "No container of an image with a name runs on the engines karat found (DOCKER_HOST, Docker contexts, the local socket), and no karat.toml says what to look for.",
            Source::File(_) => "The project file names no image that an engine has.",
        });
    }
    page.blank();
    let out_of_reach = canvas
        .fleet
        .engines
        .values()
        .all(|it| matches!(it.link, crate::model::fleet::Link::Down { .. }));
    let advice = if !out_of_reach {
        [
            (
                "karat demo --engine",
                "lays a small fleet out on the local engine, to try everything on",
            ),
            ("karat init", "writes a karat.toml from what runs"),
        ]
    } else {
        // Without an engine neither can work.
        [
            (
                "karat demo",
                "shows a fleet that is made up, and needs no engine",
            ),
            (
                "DOCKER_HOST",
                "points karat at an engine, as does a Docker context (`docker context use NAME`)",
            ),
        ]
    };
    for (command, does) in advice {
        page.labelled(command, 22, does, theme.text);
    }
    let inside = Rect {
        x: area.x + 2,
        width: area.width.saturating_sub(4),
        ..area
    };
    page.draw(frame.buffer_mut(), inside, 0);
}
