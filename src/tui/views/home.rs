//! The fleet: images × environments, and the whole story of the selected cell below.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::model::fleet::{Cell, Row};
use crate::model::observation::Health;
use crate::model::project::{Environment, Source};
use crate::model::skew::Skew;
use crate::tui::state::{Hit, Layout, Target, Window};
use crate::tui::text::{clip, fit, printable, width};
use crate::tui::widgets::page::{Page, more};

use super::Canvas;

/// A cell is at least and at most so wide.
const NARROWEST: u16 = 21;
const WIDEST: u16 = 36;

/// Draws it.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>, layout: &mut Layout) {
    if canvas.fleet.rows.is_empty() || canvas.fleet.environments.is_empty() {
        empty(frame, area, canvas);
        return;
    }
    let story = story(canvas, area.width.saturating_sub(2));
    let wanted = u16::try_from(story.len())
        .unwrap_or(u16::MAX)
        .saturating_add(1);
    // The matrix keeps two thirds of the screen; the story has what it needs of the rest,
    // and more where the matrix does not need its own.
    let matrix_needs = u16::try_from(canvas.fleet.rows.len() * 2 + 1).unwrap_or(u16::MAX);
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
    let longest = canvas
        .fleet
        .rows
        .iter()
        .map(|row| width(&printable(row.image.name.as_str())))
        .max()
        .unwrap_or(0);
    let name = u16::try_from(longest)
        .unwrap_or(u16::MAX)
        .clamp(8, (area.width / 4).max(8));
    let count = canvas.fleet.environments.len();
    let room = area.width.saturating_sub(name + 2);
    let fit = usize::from(room / (NARROWEST + 1)).clamp(1, count.max(1));
    let each = room / u16::try_from(fit).unwrap_or(1).max(1);
    let selected = canvas.selected_column().map_or(0, |(at, _)| at);
    Columns {
        name,
        cell: each.saturating_sub(1).min(WIDEST),
        shown: Window::around(selected, canvas.home.left, fit, count),
    }
}

fn draw_matrix(buffer: &mut Buffer, area: Rect, canvas: &Canvas<'_>, layout: &mut Layout) {
    let columns = columns(area, canvas);
    let total = canvas.fleet.rows.len();
    let body = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    // As many lines a row as there is room for: version, health, two of skew in words and
    // one between the rows; down to one line of it all.
    let room = usize::from(body.height);
    let lines: u16 = match total {
        0..=20 if room >= total * 5 => 5,
        0..=50 if room >= total * 4 => 4,
        _ if room >= total * 3 => 3,
        _ if room >= total * 2 || room >= 12 => 2,
        _ => 1,
    };
    draw_heading(buffer, area, canvas, &columns);
    let page = usize::from(body.height / lines).max(1);
    let selected_row = canvas.selected_row().map_or(0, |(at, _)| at);
    let window = Window::around(selected_row, canvas.home.top, page, total);
    for (slot, row) in canvas
        .fleet
        .rows
        .iter()
        .enumerate()
        .skip(window.top)
        .take(page)
    {
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
            (slot, row, slot == selected_row),
            layout,
        );
    }
    more(buffer, body, window, canvas.theme.quiet);
    layout.view = window;
    layout.left = columns.shown.top;
}

fn draw_heading(buffer: &mut Buffer, area: Rect, canvas: &Canvas<'_>, columns: &Columns) {
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
    let shown = canvas
        .fleet
        .environments
        .iter()
        .enumerate()
        .skip(columns.shown.top)
        .take(columns.shown.page);
    let selected = canvas.selected_column().map(|(at, _)| at);
    for (at, environment) in shown {
        let x = column_x(area, columns, at);
        let accent = theme.environment(at, environment);
        let accent = if selected == Some(at) {
            accent
                .add_modifier(ratatui::style::Modifier::BOLD | ratatui::style::Modifier::UNDERLINED)
        } else {
            accent
        };
        let text = clip(&heading(environment), usize::from(columns.cell));
        buffer.set_string(x, area.y, text, accent);
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
    let chosen = canvas.selected_column().map(|(at, _)| at);
    let cells = row.cells.iter().enumerate();
    for (at, cell) in cells.skip(columns.shown.top).take(columns.shown.page) {
        let area = Rect {
            x: column_x(place, columns, at),
            y: place.y,
            width: columns.cell,
            height: place.height.saturating_sub(u16::from(place.height > 2)),
        };
        let over = (selected && chosen == Some(at)).then_some(theme.selected);
        draw_cell(buffer, area, canvas, cell, over);
        layout.hits.push(Hit {
            columns: (area.left(), area.right()),
            rows: (area.top(), area.bottom()),
            target: Target::Cell(slot, at),
        });
    }
}

/// A cell in one line or two: version and skew, health and age; or what stands in their
/// place.
fn draw_cell(
    buffer: &mut Buffer,
    area: Rect,
    canvas: &Canvas<'_>,
    cell: &Cell,
    over: Option<Style>,
) {
    let room = usize::from(area.width).saturating_sub(1);
    if let Some(over) = over {
        buffer.set_style(area, over);
        buffer.set_string(area.x.saturating_sub(1), area.y, "›", over);
    }
    let lines = match area.height {
        0 | 1 => vec![one_line(canvas, cell, room)],
        2 => vec![
            version_line(canvas, cell, &cell.skew, room),
            state_line(canvas, cell, room),
        ],
        more => {
            let mut lines = vec![
                version_line(canvas, cell, &[], room),
                state_line(canvas, cell, room),
            ];
            lines.extend(skew_lines(canvas, &cell.skew, usize::from(more) - 2, room));
            lines
        }
    };
    for (line, y) in lines.into_iter().zip(area.top()..area.bottom()) {
        let mut line = Line::from(line);
        if let Some(over) = over {
            for span in &mut line.spans {
                span.style = span.style.patch(over);
            }
        }
        buffer.set_line(area.x, y, &line, area.width);
    }
}

type Parts = Vec<Span<'static>>;

fn part(text: String, style: Style) -> Span<'static> {
    Span::styled(text, style)
}

/// What the cell says when nothing runs there as far as is known.
fn nothing(canvas: &Canvas<'_>, cell: &Cell, room: usize) -> Parts {
    let theme = &canvas.theme;
    let (text, style) = if !cell.errors.is_empty() {
        ("✗ no answer".to_owned(), theme.bad)
    } else if !cell.waiting.is_empty() {
        ("… waiting".to_owned(), theme.busy)
    } else {
        ("– nothing runs".to_owned(), theme.quiet)
    };
    vec![part(clip(&text, room), style)]
}

fn version_line(canvas: &Canvas<'_>, cell: &Cell, skew: &[Skew], room: usize) -> Parts {
    let theme = &canvas.theme;
    let Some(deployment) = &cell.deployment else {
        return nothing(canvas, cell, room);
    };
    // Old data is quiet: it may not be true any more.
    let style = if cell.errors.is_empty() {
        theme.text
    } else {
        theme.quiet
    };
    let version = clip(&deployment.version, room);
    let left = room.saturating_sub(width(&version) + 2);
    let mut parts = vec![part(version, style)];
    parts.extend(skew_parts(canvas, skew, left));
    parts
}

/// One skew a line, in words; the last line has what is left over.
fn skew_lines(canvas: &Canvas<'_>, skew: &[Skew], lines: usize, room: usize) -> Vec<Parts> {
    let theme = &canvas.theme;
    let alone = skew.len().min(lines).saturating_sub(1);
    let mut told: Vec<Parts> = skew
        .iter()
        .take(alone)
        .map(|one| {
            let text = format!("{} {}", one.kind.sign(), one.text);
            vec![part(clip(&text, room), theme.skew(one.kind))]
        })
        .collect();
    let rest = skew.get(alone..).unwrap_or_default();
    let mut last = skew_parts(canvas, rest, room);
    if let (1.., Some(first)) = (last.len(), rest.first())
        && rest.len() == 1
    {
        let text = format!("{} {}", first.kind.sign(), first.text);
        last = vec![part(clip(&text, room), theme.skew(first.kind))];
    } else if !last.is_empty() {
        last.remove(0);
    }
    told.push(last);
    told
}

/// As much skew as fits: all in words, else the first in words and signs for the rest, else
/// all signs.
fn skew_parts(canvas: &Canvas<'_>, skew: &[Skew], room: usize) -> Parts {
    let Some(first) = skew.first() else {
        return Vec::new();
    };
    let worded = |one: &Skew| format!("{} {}", one.kind.sign(), printable(&one.text));
    let signs: String = skew.iter().map(|one| one.kind.sign()).collect();
    let all = skew.iter().map(worded).collect::<Vec<_>>().join(" ");
    let mixed = {
        let rest: String = skew.iter().skip(1).map(|one| one.kind.sign()).collect();
        format!("{} {rest}", worded(first))
    };
    let text = [all, mixed, signs]
        .into_iter()
        .find(|text| width(text) <= room)
        .unwrap_or_default();
    vec![
        Span::raw("  "),
        part(text.trim_end().to_owned(), worst(canvas, skew)),
    ]
}

fn state_line(canvas: &Canvas<'_>, cell: &Cell, room: usize) -> Parts {
    let theme = &canvas.theme;
    if let Some((_, lock)) = cell.locks.first() {
        let text = format!(
            "⟳ locked: {} by {} {}",
            lock.summary,
            lock.owner,
            canvas.age(lock.since)
        );
        return vec![part(clip(&text, room), theme.busy)];
    }
    let Some(deployment) = &cell.deployment else {
        let why = cell.errors.first().map_or("", |error| error.error.as_str());
        return vec![part(clip(why, room), theme.quiet)];
    };
    let (sign, style) = theme.health(deployment.health);
    let mut words = Vec::new();
    // That an engine is silent comes first: what is known of it may not be true any more.
    if !cell.errors.is_empty() {
        words.push(("✗ no answer".to_owned(), theme.bad));
    } else if !cell.waiting.is_empty() {
        words.push(("… waiting".to_owned(), theme.busy));
    }
    words.push((format!("{sign} {}", deployment.health.word()), style));
    let (running, total) = (deployment.running(), deployment.replicas.len());
    if running < total {
        words.push((format!("{running}/{total}"), theme.bad));
    } else if total > 1 {
        words.push((format!("{running}/{total}"), theme.text));
    }
    if let (Some(since), true) = (deployment.since, running > 0) {
        words.push((canvas.age(since), theme.quiet));
    }
    let mut parts: Parts = Vec::new();
    let mut used = 0;
    for (text, style) in words {
        let gap = usize::from(used > 0);
        if used + gap + width(&text) <= room {
            used += gap + width(&text);
            parts.push(Span::raw(" ".repeat(gap)));
            parts.push(part(text, style));
        }
    }
    parts
}

fn one_line(canvas: &Canvas<'_>, cell: &Cell, room: usize) -> Parts {
    let theme = &canvas.theme;
    let Some(deployment) = &cell.deployment else {
        return nothing(canvas, cell, room);
    };
    let (sign, style) = theme.health(deployment.health);
    let mut health = format!("{sign} {}", deployment.health.word());
    if !cell.locks.is_empty() {
        health = "⟳ locked".to_owned();
    } else if !cell.errors.is_empty() {
        health = "✗ no answer".to_owned();
    } else if !cell.waiting.is_empty() {
        health = "… waiting".to_owned();
    }
    let signs: String = cell.skew.iter().map(|one| one.kind.sign()).collect();
    let fixed = width(&health) + width(&signs) + 2;
    let version = clip(&deployment.version, room.saturating_sub(fixed).max(6));
    vec![
        part(version, theme.text),
        Span::raw(" "),
        part(health, style),
        Span::raw(" "),
        part(signs, theme.warn),
    ]
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

/// The whole story of the selected cell, the most urgent first.
fn story<'a>(canvas: &'a Canvas<'_>, columns: u16) -> Page<'a> {
    let theme = &canvas.theme;
    let mut page = Page::new(theme, columns);
    let Some((_, _, cell)) = canvas.subject_cell() else {
        page.styled("move with the arrows to select a cell", theme.quiet);
        return page;
    };
    tell_trouble(canvas, cell, &mut page);
    tell_deployment(canvas, cell, &mut page);
    tell_skew(canvas, cell, &mut page);
    tell_known_good(canvas, cell, &mut page);
    page
}

/// Every skew, in words; the worst decides how it looks.
pub(super) fn tell_skew(canvas: &Canvas<'_>, cell: &Cell, page: &mut Page<'_>) {
    if cell.skew.is_empty() {
        return;
    }
    let words: Vec<String> = cell
        .skew
        .iter()
        .map(|one| format!("{} {}", one.kind.sign(), one.text))
        .collect();
    page.pair_styled("skew", &words.join("  "), worst(canvas, &cell.skew));
}

fn worst(canvas: &Canvas<'_>, skew: &[Skew]) -> Style {
    let theme = &canvas.theme;
    skew.iter()
        .map(|one| theme.skew(one.kind))
        .find(|style| *style == theme.bad)
        .unwrap_or(theme.warn)
}

/// What runs, in words.
pub(super) fn tell_deployment(canvas: &Canvas<'_>, cell: &Cell, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let Some(deployment) = &cell.deployment else {
        if cell.errors.is_empty() && cell.waiting.is_empty() {
            page.pair_styled(
                "runs",
                "nothing: no container of this image is here",
                theme.quiet,
            );
        }
        return;
    };
    let (sign, style) = theme.health(deployment.health);
    let digests: Vec<&str> = deployment.identities.iter().map(|it| it.short()).collect();
    let (running, total) = (deployment.running(), deployment.replicas.len());
    let count = match (running, total) {
        (1, 1) => String::new(),
        (0, 1) => "; its one container does not run".to_owned(),
        (running, total) => format!("; {running} of {total} containers run"),
    };
    let since = match deployment.since {
        Some(since) if running > 0 => format!("; unchanged for {}", canvas.age(since)),
        _ => String::new(),
    };
    let health = match deployment.health {
        Health::NoCheck => "runs, no health check",
        other => other.word(),
    };
    let text = format!(
        "{} ({}) {sign} {health}{count}{since}",
        deployment.version,
        digests.join(", ")
    );
    page.pair_styled("runs", &text, style);
}

/// Locks, silent engines and engines waited for, in words.
pub(super) fn tell_trouble(canvas: &Canvas<'_>, cell: &Cell, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    for error in &cell.errors {
        let seen = error.last_seen.map_or_else(
            || "it has not answered yet".to_owned(),
            |seen| format!("shown as of {} ago", canvas.age(seen)),
        );
        let text = format!("✗ {}: {} ({seen})", error.engine, error.error);
        page.pair_styled("no answer", &text, theme.bad);
    }
    for engine in &cell.waiting {
        page.pair_styled("waiting", &format!("… for {engine}"), theme.busy);
    }
    for (engine, lock) in &cell.locks {
        let ours = canvas.running().any(|one| one.id == lock.operation);
        let hint = if ours {
            "; o shows it"
        } else {
            "; if it was cut off, R finishes or undoes it"
        };
        let text = format!(
            "⟳ {} on {engine}: {} by {}, {} ago{hint}",
            lock.container,
            lock.summary,
            lock.owner,
            canvas.age(lock.since)
        );
        page.pair_styled("locked", &text, theme.busy);
    }
}

/// The version to go back to and the evidence, or why there is none.
pub(super) fn tell_known_good(canvas: &Canvas<'_>, cell: &Cell, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let Some(verdict) = &cell.known_good else {
        return;
    };
    match &verdict.choice {
        Some(run) => {
            let name = run
                .version
                .clone()
                .unwrap_or_else(|| run.identity.short().to_owned());
            let text = format!("◆ {name} ({}): {}", run.identity.short(), run.evidence());
            page.pair_styled("known good", &text, theme.known_good);
        }
        None => {
            let why = crate::tui::available::nothing_good(verdict);
            page.pair_styled("known good", &format!("none: {why}"), theme.warn);
        }
    }
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
    for (command, does) in [
        (
            "karat demo --engine",
            "lays a small fleet out on the local engine, to try everything on",
        ),
        ("karat init", "writes a karat.toml from what runs"),
        ("karat doctor", "checks engines, credentials and terminal"),
    ] {
        page.labelled(command, 22, does, theme.text);
    }
    let inside = Rect {
        x: area.x + 2,
        width: area.width.saturating_sub(4),
        ..area
    };
    page.draw(frame.buffer_mut(), inside, 0);
}
