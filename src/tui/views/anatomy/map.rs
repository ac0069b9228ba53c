//! The directory one is in as rectangles: area is size, colour the layer that wrote it. Each
//! has a frame, and says its name, its size and its layers where there is room, so that no
//! colour is needed.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::anatomy::tree::{Mark, Row};
use crate::anatomy::treemap::{Area, Share, Style, lay_out};
use crate::tui::state::anatomy::{Files, Open};
use crate::tui::state::{AnatomyView, Hit, Layout, Side, Target, Tile};
use crate::tui::text::{clip, width};
use crate::tui::widgets::page::Page;

use super::{Canvas, heading, shown};

/// Draws it.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    view: &AnatomyView,
    layout: &mut Layout,
) {
    let focus = (Side::Main, view.side == Side::Main);
    let buffer = frame.buffer_mut();
    let Some(open) = &view.open else {
        heading(buffer, area, canvas, focus, ("Map", ""), layout);
        return;
    };
    let merged = &open.report.anatomy.merged;
    let path = format!("/{}", shown(&merged.path(open.files.directory)));
    let size = open
        .files
        .sizes()
        .bytes(merged, open.files.directory)
        .to_string();
    let head = (path.as_str(), size.as_str());
    let inside = heading(buffer, area, canvas, focus, head, layout);
    let inside = Rect {
        width: inside.width.saturating_sub(1),
        x: inside.x + 1,
        ..inside
    };
    let rows = seen(open);
    if rows.is_empty() {
        let mut page = Page::new(&canvas.theme, inside.width);
        page.styled("Nothing here takes any room.", canvas.theme.quiet);
        page.draw(buffer, inside, 0);
        return;
    }
    let weights: Vec<u64> = rows.iter().map(|row| row.bytes.0).collect();
    let room = Area {
        x: inside.x,
        y: inside.y,
        width: inside.width,
        height: inside.height,
    };
    for tile in lay_out(&weights, room, Style::default()) {
        let area = Rect::new(tile.area.x, tile.area.y, tile.area.width, tile.area.height);
        let row = match tile.share {
            Share::Child(at) => rows.get(at),
            Share::Rest(_) => None,
        };
        match (row, tile.share) {
            (Some(row), _) => {
                let selected = Some(row.node) == open.files.selected;
                one(buffer, area, canvas, open, (row, selected));
            }
            (None, Share::Rest(many)) => rest(buffer, area, canvas, many),
            (None, Share::Child(_)) => {}
        }
        layout
            .hits
            .push(Hit::on(area, Target::Tile(layout.tiles.len())));
        layout.tiles.push(Tile {
            node: row.map(|row| row.node),
            area,
        });
    }
}

/// What is too small to have a rectangle of its own.
fn rest(buffer: &mut Buffer, area: Rect, canvas: &Canvas<'_>, many: usize) {
    fill(buffer, area, canvas, &[]);
    edge(buffer, area, false);
    let room = usize::from(area.width.saturating_sub(2));
    let text = clip(&format!("{many} more"), room);
    let y = area.y + u16::from(area.height >= 3);
    buffer.set_string(area.x + 1, y, text, canvas.theme.quiet);
}

/// The rows that have an area, the largest first.
fn seen(open: &Open) -> Vec<&Row> {
    let mut rows: Vec<&Row> = open
        .files
        .rows()
        .iter()
        .filter(|row| row.bytes.0 > 0 && row.mark != Mark::Removed)
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.bytes));
    rows
}

/// What each layer wrote of a row.
fn parts(open: &Open, row: &Row) -> Vec<(usize, u64)> {
    let merged = &open.report.anatomy.merged;
    if Files::is_directory(row) {
        let shares = open.shares.as_ref();
        let of = shares.map_or(&[][..], |shares| shares.in_directory(merged, row.node));
        return of
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, bytes)| *bytes > 0)
            .collect();
    }
    let layer = row.entry.map(|entry| usize::from(merged.layer_of(entry).0));
    layer
        .map(|layer| (layer, row.bytes.0))
        .into_iter()
        .collect()
}

fn one(
    buffer: &mut Buffer,
    area: Rect,
    canvas: &Canvas<'_>,
    open: &Open,
    (row, selected): (&Row, bool),
) {
    let parts = parts(open, row);
    fill(buffer, area, canvas, &parts);
    edge(buffer, area, selected);
    let merged = &open.report.anatomy.merged;
    let slash = if Files::is_directory(row) { "/" } else { "" };
    let name = format!("{}{slash}", shown(merged.name(row.node)));
    let inside = if area.width >= 4 && area.height >= 3 {
        Rect {
            x: area.x + 1,
            y: area.y + 1,
            width: area.width - 2,
            height: area.height - 2,
        }
    } else {
        Rect {
            x: area.x + 1,
            width: area.width.saturating_sub(1),
            ..area
        }
    };
    let size = row.bytes.to_string();
    let of = layers(&parts);
    let room = usize::from(inside.width);
    let lines = match inside.height {
        0 => Vec::new(),
        1 => vec![format!("{name} {size} {of}")],
        2 => vec![name, format!("{size} {of}")],
        _ => vec![name, size, of],
    };
    for (line, place) in lines.into_iter().zip(inside.rows()) {
        // Half a name means nothing; a few letters of it do.
        if room < 2 && width(&line) > room {
            continue;
        }
        let style = if selected {
            ratatui::style::Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
        } else {
            ratatui::style::Style::new()
        };
        buffer.set_string(place.x, place.y, clip(&line, room), style);
    }
}

/// `layer 3`, `layers 2 3 7`: those with the most first.
fn layers(parts: &[(usize, u64)]) -> String {
    let mut sorted: Vec<&(usize, u64)> = parts.iter().collect();
    sorted.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let numbers: Vec<String> = sorted.iter().map(|(at, _)| (at + 1).to_string()).collect();
    match numbers.as_slice() {
        [] => String::new(),
        [one] => format!("layer {one}"),
        several => format!("layers {}", several.join(" ")),
    }
}

/// Fills an area with the colours of layers, in proportion, column by column.
fn fill(buffer: &mut Buffer, area: Rect, canvas: &Canvas<'_>, parts: &[(usize, u64)]) {
    let theme = &canvas.theme;
    let total: u128 = parts.iter().map(|(_, bytes)| u128::from(*bytes)).sum();
    let cells = u128::from(area.width) * u128::from(area.height);
    let mut at: u128 = 0;
    for x in area.left()..area.right() {
        for y in area.top()..area.bottom() {
            let mut before: u128 = 0;
            let here = parts.iter().find(|(_, bytes)| {
                before += u128::from(*bytes);
                // The middle of the cell decides.
                (2 * at + 1) * total < 2 * before * cells
            });
            let style = here.map_or(theme.quiet, |(layer, _)| theme.layer(*layer));
            buffer.set_string(x, y, " ", style);
            at += 1;
        }
    }
}

/// The frame of a rectangle: two lines around the one that is selected.
fn edge(buffer: &mut Buffer, area: Rect, selected: bool) {
    let [across, down, left_top, right_top, left_bottom, right_bottom] = if selected {
        ["═", "║", "╔", "╗", "╚", "╝"]
    } else {
        ["─", "│", "┌", "┐", "└", "┘"]
    };
    let style = ratatui::style::Style::new();
    if area.width < 4 || area.height < 3 {
        // No room for a frame: its left side, and a sign for the selection.
        for y in area.top()..area.bottom() {
            let sign = if selected { "›" } else { "▏" };
            buffer.set_string(area.x, y, sign, style);
        }
        return;
    }
    let (right, bottom) = (area.right() - 1, area.bottom() - 1);
    for x in area.left()..area.right() {
        buffer.set_string(x, area.top(), across, style);
        buffer.set_string(x, bottom, across, style);
    }
    for y in area.top()..area.bottom() {
        buffer.set_string(area.left(), y, down, style);
        buffer.set_string(right, y, down, style);
    }
    for (x, y, sign) in [
        (area.left(), area.top(), left_top),
        (right, area.top(), right_top),
        (area.left(), bottom, left_bottom),
        (right, bottom, right_bottom),
    ] {
        buffer.set_string(x, y, sign, style);
    }
}
