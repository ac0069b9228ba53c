//! What the containers of a deployment write.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::log::{Entry, Glass};
use crate::tui::state::{LogsView, Window};
use crate::tui::text::{end_of, printable, width};
use crate::tui::widgets::log::{self, Shown};

use super::Canvas;

/// A container's name takes at most so many columns before its lines.
const WIDEST_NAME: usize = 24;

/// From here on there is room for the time.
const ROOM_FOR_TIME: u16 = 90;

/// Draws them.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    view: &LogsView,
) -> (Window, Glass) {
    let theme = &canvas.theme;
    let inside = Rect {
        x: area.x + 1,
        width: area.width - 2,
        ..area
    };
    let names = names(view);
    let several = view.sources.len() > 1 && view.pane.only.is_none();
    let widest = names.iter().map(|name| width(name)).max().unwrap_or(0);
    let most = WIDEST_NAME.min(usize::from(inside.width / 4));
    let name_width = if several { widest.min(most) } else { 0 };
    let timed = inside.width >= ROOM_FOR_TIME;
    let before = |entry: &Entry| -> Vec<(String, Style)> {
        let mut parts = Vec::new();
        if timed {
            let at = entry.at.map_or_else(
                || " ".repeat("00:00:00 ".len()),
                |at| at.format("%H:%M:%S ").to_string(),
            );
            parts.push((at, theme.quiet));
        }
        if several {
            let name = names.get(entry.source).map_or("", String::as_str);
            let style = colour(canvas, entry.source);
            parts.push((format!("{} ", end_of(name, name_width)), style));
        }
        parts
    };
    let columns =
        if timed { "00:00:00 ".len() } else { 0 } + if several { name_width + 1 } else { 0 };
    let title = match (
        view.pane.only.and_then(|only| view.sources.get(only)),
        &*view.sources,
    ) {
        (Some((engine, name)), _) | (None, [(engine, name)]) => format!("{name} on {engine}"),
        (None, several) => format!("{} containers", several.len()),
    };
    let title = if view.begun {
        title
    } else {
        format!("{title}, reading")
    };
    let shown = Shown {
        log: &view.log,
        pane: &view.pane,
        title: &printable(&title),
        before: (&before, columns),
    };
    log::draw(frame, inside, theme, &shown)
}

/// What the containers are called: with their engines where names alone are not enough.
fn names(view: &LogsView) -> Vec<String> {
    view.sources
        .iter()
        .map(|(engine, name)| {
            let twins = view.sources.iter().filter(|(_, other)| other == name);
            if twins.count() > 1 {
                let host = engine.as_str();
                let host = host.rsplit(['/', '@']).next().unwrap_or(host);
                format!("{name}@{host}")
            } else {
                name.clone()
            }
        })
        .collect()
}

/// Each container has an accent, as environments have. Its name stands there too.
fn colour(canvas: &Canvas<'_>, source: usize) -> Style {
    let accents = &canvas.theme.environments;
    accents
        .get(source.checked_rem(accents.len()).unwrap_or(0))
        .copied()
        .unwrap_or(canvas.theme.title)
}
