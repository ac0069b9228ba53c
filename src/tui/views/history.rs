//! The history, newest first; and one event, whole.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::model::event::{Event, Outcome, VersionMark};
use crate::tui::state::{HistoryView, Layout, Window};
use crate::tui::text::{log_line, width};
use crate::tui::widgets::page::Page;
use crate::tui::widgets::table::{self, Column, Rows, Said};

use super::{Canvas, moment, operation};

const COLUMNS: &[Column] = &[
    Column {
        title: "WHEN",
        width: 6,
        grows: 0,
        gives_way: 0,
    },
    Column {
        title: "OUTCOME",
        width: 19,
        grows: 0,
        gives_way: 0,
    },
    Column {
        title: "WHAT",
        width: 9,
        grows: 0,
        gives_way: 1,
    },
    Column {
        title: "IMAGE",
        width: 9,
        grows: 2,
        gives_way: 3,
    },
    Column {
        title: "IN",
        width: 8,
        grows: 1,
        gives_way: 2,
    },
    Column {
        title: "FROM → TO",
        width: 15,
        grows: 2,
        gives_way: 0,
    },
    Column {
        title: "WHO",
        width: 11,
        grows: 2,
        gives_way: 5,
    },
    Column {
        title: "WHY",
        width: 12,
        grows: 4,
        gives_way: 4,
    },
    Column {
        title: "TOOK",
        width: 9,
        grows: 0,
        gives_way: 6,
    },
];

/// A version as a list shows it.
fn mark(version: Option<&VersionMark>) -> String {
    match version {
        None => "nothing".to_owned(),
        Some(VersionMark {
            version: Some(label),
            ..
        }) => label.clone(),
        Some(VersionMark {
            digest: Some(digest),
            ..
        }) => digest.short().to_owned(),
        Some(_) => "not known".to_owned(),
    }
}

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
            layout.view = page.draw(frame.buffer_mut(), area, 0);
            return;
        }
        Some(Err(why)) => {
            page.styled(&format!("✗ the history cannot be read: {why}"), theme.bad);
            layout.view = page.draw(frame.buffer_mut(), area, 0);
            return;
        }
        None => {
            page.styled("… reading the history", theme.busy);
            layout.view = page.draw(frame.buffer_mut(), area, 0);
            return;
        }
    };
    let line = |at: usize| {
        events
            .get(at)
            .map_or_else(Vec::new, |event| said(canvas, event))
    };
    let rows = Rows {
        total: events.len(),
        selected: view.selected,
        top: view.top,
        row: &line,
    };
    let columns = fitted(canvas, events);
    let (window, hits) = table::draw(frame.buffer_mut(), area, theme, &columns, &rows);
    layout.view = window;
    layout.hits = hits;
}

/// The columns, as wide as their words up to what they have at most: most of them are short,
/// and what that leaves is the reason's.
fn fitted(canvas: &Canvas<'_>, events: &[Event]) -> Vec<Column> {
    let mut longest = [0; COLUMNS.len()];
    for event in events {
        for (most, (text, _)) in longest.iter_mut().zip(said(canvas, event)) {
            *most = width(&text).max(*most);
        }
    }
    COLUMNS
        .iter()
        .zip(longest)
        .map(|(column, longest)| {
            let least = width(column.title);
            let most = usize::from(column.width + 5 * column.grows.min(1));
            let fitting = longest.clamp(least.min(most), most);
            match (column.title, u16::try_from(fitting)) {
                ("WHY", _) | (_, Err(_)) => *column,
                (_, Ok(width)) => Column {
                    width,
                    grows: 0,
                    ..*column
                },
            }
        })
        .collect()
}

/// An outcome as the list calls it.
const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        // The whole words do not fit a column.
        Outcome::Failed => "failed, untouched",
        other => other.words(),
    }
}

fn said(canvas: &Canvas<'_>, event: &Event) -> Vec<Said> {
    let theme = &canvas.theme;
    let (sign, style) = operation::ended(canvas, event.outcome);
    let outcome = outcome(event.outcome);
    let place = event
        .environment
        .as_ref()
        .map_or_else(String::new, ToString::to_string);
    let change = format!(
        "{} → {}",
        mark(event.from.as_ref()),
        mark(event.to.as_ref())
    );
    vec![
        (canvas.age(event.time), theme.quiet),
        (format!("{sign} {outcome}"), style),
        (event.operation.words().to_owned(), theme.text),
        (event.image.to_string(), theme.text),
        (place, theme.text),
        (change, theme.text),
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
    let inside = Rect {
        x: area.x + 1,
        width: area.width - 2,
        ..area
    };
    let mut page = Page::new(theme, inside.width.saturating_sub(1));
    let (sign, style) = operation::ended(canvas, event.outcome);
    let place = event
        .environment
        .as_ref()
        .map_or_else(String::new, |environment| format!(" in {environment}"));
    page.title(&format!(
        "{} {}{place}",
        event.operation.words(),
        event.image
    ));
    page.pair_styled(
        "outcome",
        &format!("{sign} {}", event.outcome.words()),
        style,
    );
    if let Some(error) = &event.error {
        page.pair_styled("error", error, theme.bad);
    }
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
