//! The directory one is in: what the layer did, the name, a bar to scale, the size.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::anatomy::layer::index::Kind;
use crate::anatomy::tree::{Order, Row, Scope};
use crate::tui::action::Command;
use crate::tui::state::anatomy::{Did, Files, Open};
use crate::tui::state::{AnatomyView, Hit, Layout, Side, Target, Window};
use crate::tui::text::{clip, fit, width};
use crate::tui::theme::Theme;
use crate::tui::widgets::bar::{bar, share};
use crate::tui::widgets::page::{Page, more};

use super::{Canvas, HERE, end_of, heading, shown};

/// Columns of a size, and of a share.
const SIZE: usize = 8;
const SHARE: usize = 4;

/// Draws it.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    view: &AnatomyView,
    layout: &mut Layout,
) {
    let focused = view.side == Side::Main;
    let Some(open) = &view.open else {
        let head = ("Files", "");
        let focus = (Side::Main, focused);
        let inside = heading(frame.buffer_mut(), area, canvas, focus, head, layout);
        waiting(frame.buffer_mut(), inside, canvas);
        return;
    };
    let merged = &open.report.anatomy.merged;
    let path = format!("/{}", shown(&merged.path(open.files.directory)));
    let head = (path.as_str(), order(open));
    let focus = (Side::Main, focused);
    let head = (head.0, head.1.as_str());
    let inside = heading(frame.buffer_mut(), area, canvas, focus, head, layout);
    let inside = filters(frame.buffer_mut(), inside, canvas, open);
    let rows = open.files.rows();
    if rows.is_empty() {
        nothing(frame.buffer_mut(), inside, canvas, open);
        return;
    }
    let at = open.files.at();
    let window = Window::around(at, open.files.top, inside.height.into(), rows.len());
    let total = open.files.weight(merged).0;
    let shown = rows.iter().enumerate().skip(window.top);
    for ((place, row), area) in shown.zip(inside.rows()) {
        let over = (place == at).then_some(if focused {
            canvas.theme.selected
        } else {
            canvas.theme.title
        });
        one(frame.buffer_mut(), area, canvas, open, (row, total), over);
        layout.hits.push(Hit::on(area, Target::Row(place)));
    }
    layout.view = window;
    more(frame.buffer_mut(), inside, window, canvas.theme.quiet);
}

fn waiting(buffer: &mut Buffer, area: Rect, canvas: &Canvas<'_>) {
    let mut page = Page::new(&canvas.theme, area.width.saturating_sub(4));
    page.styled(
        "Files are shown once every layer has been read: what a layer adds means nothing without those below it.",
        canvas.theme.quiet,
    );
    let inside = Rect {
        x: area.x + 2,
        width: area.width.saturating_sub(3),
        ..area
    };
    page.draw(buffer, inside, 0);
}

/// What the rows are of, and how they are sorted.
fn order(open: &Open) -> String {
    let (order, reversed) = open.files.order;
    let turned = if reversed { ", turned" } else { "" };
    let scope = match (open.files.layer(), open.files.scope) {
        (Some(layer), Scope::Layer) => format!("layer {} alone, ", layer.0 + 1),
        (Some(layer), Scope::Merged) => format!("after layer {}, ", layer.0 + 1),
        (None, _) => String::new(),
    };
    let order = match order {
        Order::Size => "size",
        Order::Name => "name",
    };
    let searching = if open.files.is_searching() {
        "searching… "
    } else {
        ""
    };
    format!("{searching}{scope}by {order}{turned}")
}

/// What keeps rows from being shown; answers with the room below.
fn filters(buffer: &mut Buffer, area: Rect, canvas: &Canvas<'_>, open: &Open) -> Rect {
    if !open.files.narrow() || open.files.filters.typing {
        return area;
    }
    let mut parts: Vec<String> = Vec::new();
    if open.files.filters.words().is_some() {
        parts.push(format!("/{}", open.files.filters.text.value()));
    }
    let only = open.files.only().iter().map(|did| did.word().to_owned());
    parts.extend(only);
    let marks = !open.files.only().is_empty() && open.files.layer().is_none();
    let note = if marks {
        " (once a layer is selected)"
    } else {
        ""
    };
    let (here, all) = open.files.counts();
    let text = format!("  {}{note}  {here} of {all} shown", parts.join(" + "));
    let room = usize::from(area.width).saturating_sub(1);
    buffer.set_string(area.x, area.y, clip(&text, room), canvas.theme.warn);
    Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    }
}

/// Why there is no row, and the way on.
fn nothing(buffer: &mut Buffer, area: Rect, canvas: &Canvas<'_>, open: &Open) {
    let theme = &canvas.theme;
    let inside = Rect {
        x: area.x + 2,
        width: area.width.saturating_sub(3),
        ..area
    };
    let mut page = Page::new(theme, inside.width);
    let back = canvas.keymap.way(Command::Back);
    match (open.files.complaint(), open.files.narrow()) {
        (Some(why), _) => page.styled(why, theme.warn),
        (None, true) if open.files.is_searching() => page.styled("Searching…", theme.quiet),
        (None, true) => page.styled(
            &format!("Nothing here matches. {back} shows everything again."),
            theme.warn,
        ),
        (None, false) if open.files.scope == Scope::Layer && open.files.layer().is_some() => {
            let way = canvas.keymap.way_in(HERE, Command::OnlyLayer);
            page.styled(
                &format!("This layer does nothing here. {way} shows the whole filesystem."),
                theme.quiet,
            );
        }
        (None, false) => page.styled("Nothing is in here.", theme.quiet),
    }
    page.draw(buffer, inside, 0);
}

fn one(
    buffer: &mut Buffer,
    area: Rect,
    canvas: &Canvas<'_>,
    open: &Open,
    (row, total): (&Row, u64),
    over: Option<Style>,
) {
    let theme = &canvas.theme;
    if let Some(style) = over {
        buffer.set_style(area, style);
        buffer.set_string(area.x, area.y, "›", style);
    }
    let patch = |style: Style| over.map_or(style, |over| style.patch(over));
    let room = usize::from(area.width);
    let wide = room >= 48;
    let bars = (room / 4).clamp(6, 24);
    let shares = if wide { SHARE + 1 } else { 0 };
    let names = room.saturating_sub(1 + 2 + 1 + bars + 1 + SIZE + shares + 1);
    let (sign, style) = sign(theme, open, row);
    buffer.set_string(area.x + 1, area.y, sign, patch(style));
    let name = fit(&name(open, row, names), names);
    let x = area.x + 3;
    buffer.set_string(x, area.y, name, patch(style));
    let x = x + u16::try_from(names + 1).unwrap_or(0);
    let drawn = bar(row.bytes.0, open.files.heaviest().0, bars);
    let colour = writer(open, row).map_or(theme.text, |layer| theme.bar(layer));
    buffer.set_string(x, area.y, fit(&drawn, bars), patch_colour(colour, over));
    let x = x + u16::try_from(bars + 1).unwrap_or(0);
    let mut text = format!("{:>SIZE$}", row.bytes.to_string());
    if wide {
        let share = if open.files.did(row) == Some(Did::Removed) {
            String::new()
        } else {
            share(row.bytes.0, total)
        };
        text.push_str(&format!(" {share:>SHARE$}"));
    }
    buffer.set_string(x, area.y, text, patch(theme.text));
}

/// A bar keeps its colour where a row is selected, unless the selection brings its own.
fn patch_colour(style: Style, over: Option<Style>) -> Style {
    match over {
        Some(over) => over.patch(style),
        None => style,
    }
}

/// The layer whose colour a row has: the one that wrote it, where it is a file.
fn writer(open: &Open, row: &Row) -> Option<usize> {
    if Files::is_directory(row) {
        return None;
    }
    let merged = &open.report.anatomy.merged;
    Some(usize::from(merged.layer_of(row.entry?).0))
}

/// What the layer did, as a sign and a style.
fn sign(theme: &Theme, open: &Open, row: &Row) -> (&'static str, Style) {
    let did = open.files.did(row);
    let style = match did {
        Some(Did::Added) => theme.good,
        Some(Did::Changed) => theme.warn,
        Some(Did::Removed) => theme.bad,
        None => theme.text,
    };
    match did {
        Some(did) => (did.sign(), style),
        None if !open.files.inside(row).is_empty() => ("·", style),
        None => (" ", style),
    }
}

/// The name, a slash behind that of a directory, an arrow behind that of a link; of what was
/// searched for, the path from here.
fn name(open: &Open, row: &Row, columns: usize) -> String {
    let merged = &open.report.anatomy.merged;
    let searched = open.files.filters.words().is_some();
    let mut name = if searched {
        let here = merged.path(open.files.directory);
        let path = merged.path(row.node);
        let rest = path.strip_prefix(here.as_slice()).unwrap_or(&path);
        shown(rest.strip_prefix(b"/").unwrap_or(rest))
    } else {
        shown(merged.name(row.node))
    };
    if Files::is_directory(row) {
        name.push('/');
        return fitting(&name, columns, searched);
    }
    let entry = row.entry.and_then(|id| merged.entry(id));
    if let Some(target) = entry.and_then(|entry| entry.target) {
        name.push_str(" → ");
        name.push_str(&shown(target));
        return clip(&name, columns);
    }
    if entry.is_some_and(|entry| matches!(entry.kind, Kind::Fifo)) {
        name.push('|');
    }
    fitting(&name, columns, searched)
}

fn fitting(name: &str, columns: usize, searched: bool) -> String {
    if searched && width(name) > columns {
        return end_of(name, columns);
    }
    clip(name, columns)
}
