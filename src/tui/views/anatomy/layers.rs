//! The layers, the lowest first: a number, a bar to scale, a size, the instruction.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::anatomy::image::{LayerFacts, Presence};
use crate::model::bytes::Bytes;
use crate::tui::state::{AnatomyView, Hit, Layout, Side, Target, Window};
use crate::tui::text::{clip, fit, width};
use crate::tui::widgets::bar::bar;
use crate::tui::widgets::page::more;

use super::{Canvas, facts, harmless, heading, in_one_line, reading};

/// Columns of a size.
const SIZE: usize = 8;

/// What is known of the sizes of layers.
struct Sizes {
    all: Vec<Option<Bytes>>,
    largest: Bytes,
}

/// Draws them.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    view: &AnatomyView,
    layout: &mut Layout,
) {
    let focus = (Side::Layers, view.side == Side::Layers);
    let buffer = frame.buffer_mut();
    let inside = heading(buffer, area, canvas, focus, ("Layers", ""), layout);
    let layers: &[LayerFacts] = facts(canvas, view).map_or(&[], |facts| &facts.layers);
    let sizes = sizes(canvas, view, layers.len());
    let total = layers.len() + 1;
    let window = Window::around(view.row, view.layers_top, inside.height.into(), total);
    for (at, row) in (window.top..total).zip(inside.rows()) {
        let selected = at == view.row;
        if selected {
            let style = if focus.1 {
                canvas.theme.selected
            } else {
                canvas.theme.title
            };
            buffer.set_style(row, style);
            buffer.set_string(row.x, row.y, "›", style);
        }
        match at.checked_sub(1) {
            None => whole(buffer, row, canvas, view, &sizes),
            Some(place) => {
                if let Some(layer) = layers.get(place) {
                    one(buffer, row, canvas, (place, layer), (view, &sizes));
                }
            }
        }
        layout.hits.push(Hit::on(row, Target::Layer(at)));
    }
    layout.layers = window;
    more(buffer, inside, window, canvas.theme.quiet);
}

fn sizes(canvas: &Canvas<'_>, view: &AnatomyView, layers: usize) -> Sizes {
    let of = |place: usize| match (&view.open, reading(canvas, view)) {
        (Some(open), _) => {
            let explained = &open.report.layers.all;
            explained.get(place).map(|layer| layer.file_bytes)
        }
        (None, Some(reading)) => reading.bytes_of(place),
        (None, None) => None,
    };
    let all: Vec<Option<Bytes>> = (0..layers).map(of).collect();
    let largest = all.iter().flatten().max().copied().unwrap_or_default();
    Sizes { all, largest }
}

/// The row of the whole image.
fn whole(buffer: &mut Buffer, row: Rect, canvas: &Canvas<'_>, view: &AnatomyView, sizes: &Sizes) {
    let sum = sizes.all.iter().flatten().fold(Bytes(0), |a, b| a + *b);
    let (bars, _) = columns(row);
    let size = match (&view.open, sum.0) {
        (None, 0) => "…".to_owned(),
        _ => sum.to_string(),
    };
    let what = if view.open.is_some() {
        "the whole image"
    } else {
        "the whole image, so far"
    };
    let text = format!("  Σ {} {size:>SIZE$} {what}", " ".repeat(bars));
    let room = usize::from(row.width).saturating_sub(1);
    buffer.set_string(row.x + 1, row.y, clip(&text, room), canvas.theme.text);
}

/// What of a layer is not seen in the end.
fn dead(view: &AnatomyView, place: usize) -> u64 {
    let open = view.open.as_ref();
    let explained = open.and_then(|open| open.report.layers.all.get(place));
    explained.map_or(0, |layer| layer.dead.iter().map(|(_, bytes)| bytes.0).sum())
}

/// A bar of which the end is shaded: the part that is for nothing.
fn shaded(bytes: u64, dead: u64, largest: u64, columns: usize) -> String {
    let whole = bar(bytes, largest, columns);
    let live = bytes.saturating_sub(dead);
    let mut drawn = bar(live, largest, columns);
    let missing = width(&whole).saturating_sub(width(&drawn));
    drawn.extend(std::iter::repeat_n('░', missing));
    drawn
}

/// How many columns bars have, and what is left for instructions.
fn columns(row: Rect) -> (usize, usize) {
    let room = usize::from(row.width);
    let bars = if room >= 56 {
        12
    } else if room >= 40 {
        8
    } else {
        5
    };
    // Mark, number, gaps, size.
    (bars, room.saturating_sub(1 + 3 + 1 + bars + 1 + SIZE + 1))
}

fn one(
    buffer: &mut Buffer,
    row: Rect,
    canvas: &Canvas<'_>,
    (place, layer): (usize, &LayerFacts),
    (view, sizes): (&AnatomyView, &Sizes),
) {
    let theme = &canvas.theme;
    let (bars, rest) = columns(row);
    let bytes = sizes.all.get(place).copied().flatten();
    let size = match (&layer.presence, bytes) {
        (Presence::NotPresent, _) => "absent".to_owned(),
        (Presence::Present, None) => "…".to_owned(),
        (Presence::Present, Some(bytes)) => bytes.to_string(),
    };
    let number = format!("{:>3}", place + 1);
    let x = row.x + 1;
    buffer.set_string(x, row.y, &number, theme.quiet);
    let dead = dead(view, place);
    let drawn = shaded(bytes.map_or(0, |it| it.0), dead, sizes.largest.0, bars);
    let x = x + 4;
    buffer.set_string(x, row.y, fit(&drawn, bars), theme.bar(place));
    let x = x + u16::try_from(bars + 1).unwrap_or(0);
    // Until it has been read that is only what the engine says.
    let read =
        reading(canvas, view).is_none_or(|it| it.layers.get(place).is_some_and(Option::is_some));
    let style = if read { theme.text } else { theme.quiet };
    buffer.set_string(x, row.y, format!("{size:>SIZE$}"), style);
    let x = x + u16::try_from(SIZE + 1).unwrap_or(0);
    let text = layer.step.as_ref().map_or_else(
        || "its step is not known".to_owned(),
        |step| in_one_line(&harmless(canvas, view, &step.instruction)),
    );
    // What it was built from is nothing to change here.
    let open = view.open.as_ref();
    let explained = open.and_then(|open| open.report.layers.all.get(place));
    let of_base = explained.is_some_and(|layer| layer.of_base);
    let style = if layer.step.is_some() && !of_base {
        theme.text
    } else {
        theme.quiet
    };
    let text = clip(&text, rest);
    buffer.set_string(x, row.y, text, style);
}
