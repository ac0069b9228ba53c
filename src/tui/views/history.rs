//! The history, newest first; and one event, whole.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::model::event::Event;
use crate::model::fleet::Link;
use crate::tui::listing::rows::{mark, outcome_and_fork};
use crate::tui::state::{HistoryView, Layout, Window};
use crate::tui::text::{clip, log_line, width};
use crate::tui::widgets::page::Page;
use crate::tui::widgets::table::{Column, Rows, Said};

use super::{Canvas, lists, moment, operation};

/// Whatever the room: what was done when to which image, where, and how that ended.
const COLUMNS: &[Column] = &[
    Column::new("WHEN", 6, 0, 0).unsearched(),
    Column::new("OUTCOME", 19, 0, 0),
    Column::new("WHAT", 9, 0, 0),
    Column::new("IMAGE", 9, 0, 0),
    Column::new("IN", 8, 0, 0),
    Column::new("FROM → TO", 15, 0, 1),
    Column::new("WHO", 11, 0, 2),
    Column::new("WHY", 12, 1, 3),
    Column::new("TOOK", 9, 0, 4).unsearched(),
];

/// Draws the list.
pub(super) fn list(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    view: &HistoryView,
    layout: &mut Layout,
) {
    let theme = &canvas.theme;
    let mut page = Page::new(theme, area.width.saturating_sub(2));
    let events = match &view.events {
        Some(Ok(events)) if !events.is_empty() => events,
        Some(Ok(_)) => {
            page.text("No event yet: nothing was rebuilt, promoted or rolled back here by karat.");
            layout.view = page.draw(frame.buffer_mut(), lists::inside(area), 0);
            return;
        }
        Some(Err(why)) => {
            page.styled(&format!("✗ the history cannot be read: {why}"), theme.bad);
            layout.view = page.draw(frame.buffer_mut(), lists::inside(area), 0);
            return;
        }
        None => {
            page.styled("… reading the history", theme.busy);
            layout.view = page.draw(frame.buffer_mut(), lists::inside(area), 0);
            return;
        }
    };
    let area = old(frame, area, canvas, view);
    let area = lists::head(frame, area, canvas, None);
    if lists::nothing(frame, area, canvas) {
        return;
    }
    let event = |place: usize| events.get(*view.list.order().get(place)?);
    let line = |place: usize| event(place).map_or_else(Vec::new, |event| said(canvas, event));
    let mut story = Page::new(theme, area.width.saturating_sub(2));
    if let Some(event) = event(view.list.at()) {
        tell(canvas, event, &mut story);
    }
    let sort = canvas.preferences.history;
    let rows = Rows {
        total: view.list.counts().0,
        selected: view.list.at(),
        top: view.top,
        sorted: (sort.column(), sort.sign()),
        words: view.list.filters.words(),
        row: &line,
    };
    let columns = fitted(&view.widest, sort.column());
    let table = (columns.as_slice(), view.widest.as_slice(), &rows);
    (layout.view, layout.hits) = lists::above_measured(frame, area, canvas, table, &story);
}

/// What of an event gives way first where there is little room: what it was about, whose it
/// was, and why.
fn tell(canvas: &Canvas<'_>, event: &Event, page: &mut Page<'_>) {
    let what = format!("{}: {}", subject(event), change(event));
    page.styled(&what, canvas.theme.title);
    tell_fork(canvas, event, page);
    if let Some(error) = &event.error {
        page.pair_styled("error", error, canvas.theme.bad);
    }
    page.pair("who", &event.who);
    page.pair(
        "why",
        event.reason.as_deref().unwrap_or("no reason was given"),
    );
}

/// That another operation did not see it, and it did not see that one.
fn tell_fork(canvas: &Canvas<'_>, event: &Event, page: &mut Page<'_>) {
    if canvas.forks.contains(&event.id) {
        let text = "fork: another operation here began without seeing this one";
        page.styled(text, canvas.theme.warn);
    }
}

/// Says how old what is shown of a shared history is, where its registry does not answer, and
/// answers with the room below.
fn old(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>, view: &HistoryView) -> Rect {
    let rows = canvas.fleet.rows.iter().map(|row| &row.image);
    let only = view.filter.image.as_ref();
    let shown = rows.filter(|image| only.is_none_or(|only| only == &image.name));
    let lines: Vec<String> = shown
        .filter_map(|image| {
            let state = canvas.registry_of(&image.repository)?;
            let Link::Down { error, .. } = &state.link else {
                return None;
            };
            let age = state.last.as_ref().map_or_else(
                || "was never read here".to_owned(),
                |last| format!("is as it was {} ago", canvas.age(last.at)),
            );
            Some(format!(
                "! the history beside {} {age}: {error}",
                image.repository
            ))
        })
        .collect();
    // Where one registry is silent, it is for all of its repositories.
    let more = match lines.len() {
        0 | 1 => String::new(),
        count => format!("({} more) ", count - 1),
    };
    let Some(first) = lines.first() else {
        return area;
    };
    let text = clip(&format!(" {more}{first}"), usize::from(area.width));
    let style = canvas.theme.warn;
    frame.buffer_mut().set_string(area.x, area.y, text, style);
    Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    }
}

/// What was done to which image, and where.
fn subject(event: &Event) -> String {
    let place = event
        .environment
        .as_ref()
        .map_or_else(String::new, |environment| format!(" in {environment}"));
    format!("{} {}{place}", event.words(), event.image)
}

/// From which version to which.
fn change(event: &Event) -> String {
    let (from, to) = (mark(event.from.as_ref()), mark(event.to.as_ref()));
    format!("{from} → {to}")
}

/// The columns, as wide as their words up to what they have at first: most of them are short,
/// and what that leaves is for those that are cut, then the reason's.
fn fitted(widest: &[usize], sorted: usize) -> Vec<Column> {
    COLUMNS
        .iter()
        .zip(widest)
        .enumerate()
        .map(|(at, (column, longest))| {
            // The sign of the order stands beside the heading.
            let sign = 2 * usize::from(at == sorted);
            let least = width(column.title) + sign;
            let fitting = (*longest).clamp(least, usize::from(column.width).max(least));
            Column {
                width: u16::try_from(fitting).unwrap_or(column.width),
                ..*column
            }
        })
        .collect()
}

fn said(canvas: &Canvas<'_>, event: &Event) -> Vec<Said> {
    let theme = &canvas.theme;
    let (sign, style) = operation::ended(canvas, event.outcome);
    let outcome = outcome_and_fork(event, &canvas.forks);
    let place = event
        .environment
        .as_ref()
        .map_or_else(String::new, ToString::to_string);
    vec![
        (canvas.age(event.time), theme.quiet),
        (format!("{sign} {outcome}"), style),
        (event.words().to_owned(), theme.text),
        (event.image.to_string(), theme.text),
        (place, theme.text),
        (change(event), theme.text),
        (event.who.clone(), theme.quiet),
        (event.reason.clone().unwrap_or_default(), theme.quiet),
        (
            event.duration.map_or_else(String::new, |it| it.to_string()),
            theme.quiet,
        ),
    ]
}

/// Draws one.
pub(super) fn one(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    event: &Event,
    top: usize,
) -> Window {
    let theme = &canvas.theme;
    let (inside, mut page) = canvas.page(area);
    let (sign, style) = operation::ended(canvas, event.outcome);
    page.title(&subject(event));
    page.pair_styled(
        "outcome",
        &format!("{sign} {}", event.outcome.words()),
        style,
    );
    if let Some(error) = &event.error {
        page.pair_styled("error", error, theme.bad);
    }
    tell_fork(canvas, event, &mut page);
    let when = format!("{} ({} ago)", moment(event.time), canvas.age(event.time));
    page.pair("when", &when);
    page.pair("who", &event.who);
    page.pair(
        "why",
        event.reason.as_deref().unwrap_or("no reason was given"),
    );
    let took = event
        .duration
        .map_or_else(|| "not known".to_owned(), |it| it.to_string());
    page.pair("took", &took);
    page.pair("operation", &event.id.0);
    for (label, version) in [("from", &event.from), ("to", &event.to)] {
        page.pair(label, &mark(version.as_ref()));
        if let Some(digest) = version.as_ref().and_then(|it| it.digest.as_ref()) {
            page.pair_styled("", digest.as_str(), theme.quiet);
        }
    }
    if !event.log.is_empty() {
        page.title(&format!(
            "The last {} lines of what failed",
            event.log.len()
        ));
        for line in &event.log {
            page.text(&log_line(line));
        }
    }
    page.draw(frame.buffer_mut(), inside, top)
}
