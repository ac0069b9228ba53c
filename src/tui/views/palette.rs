//! The palette: a field, and below it what is found, each line with its keys, or with why it
//! cannot be used now.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::tui::action::{Command, Place};
use crate::tui::palette::{Item, find};
use crate::tui::state::{PaletteDialog, Target, Window};
use crate::tui::text::{clip, fit, width, wrap};
use crate::tui::widgets::dialog;
use crate::tui::widgets::field;
use crate::tui::widgets::page::more;

use super::Canvas;

/// The widest it gets.
const WIDEST: u16 = 92;
/// Columns of a name.
const NAME: usize = 18;
/// Lines for what the selected line does, or why it does not; more where that is longer.
const BELOW: usize = 2;

/// Draws it.
pub(super) fn draw(frame: &mut Frame<'_>, canvas: &Canvas<'_>, shown: &PaletteDialog) -> Window {
    let theme = &canvas.theme;
    let found = find(canvas, shown.typed.value());
    let columns = frame.area().width.saturating_sub(6).min(WIDEST);
    // As high as ever there is room for: it must not jump while one types.
    let size = (columns, 24);
    let inside = dialog::frame(frame, theme, "Go to, or do", theme.title, size);
    field::draw(
        frame,
        theme,
        Rect {
            height: 1,
            ..inside
        },
        (":", &shown.typed, true),
    );
    let (text, style) = match found.get(shown.selected) {
        None => ("nothing is called so".to_owned(), theme.warn),
        Some(item) => match item.unusable(canvas) {
            Some(why) => (format!("! {why}"), theme.warn),
            None => (item.help(), theme.text),
        },
    };
    // Its end is what to do instead: it is told whole, and the list gives way.
    let mut lines = wrap(&text, inside.width.into());
    let most = usize::from(inside.height / 2).max(BELOW);
    if lines.len() > most {
        let rest = lines.split_off(most - 1).join(" ");
        lines.push(clip(&rest, inside.width.into()));
    }
    lines.resize(lines.len().max(BELOW), String::new());
    let told = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let list = Rect {
        y: inside.y.saturating_add(1),
        height: inside.height.saturating_sub(told.saturating_add(2)),
        ..inside
    };
    let window = Window::around(shown.selected, shown.top, list.height.into(), found.len());
    let visible = found.iter().enumerate().skip(window.top);
    for ((at, item), row) in visible.zip(list.rows()) {
        draw_item(frame, canvas, row, (item, at == shown.selected));
        canvas.clickable(row, Target::Line(at));
    }
    more(frame.buffer_mut(), list, window, theme.quiet);
    let hint = format!(
        "{} does it, {} goes back",
        canvas.keymap.way_in(Place::Palette, Command::Open),
        canvas.keymap.way(Command::Back)
    );
    let below = Rect {
        y: list.bottom(),
        height: inside.bottom().saturating_sub(list.bottom()),
        ..inside
    };
    let buffer = frame.buffer_mut();
    for (line, row) in lines.iter().zip(below.rows()) {
        buffer.set_stringn(row.x, row.y, line, row.width.into(), style);
    }
    let hint = clip(&hint, below.width.into());
    buffer.set_string(below.x, below.bottom().saturating_sub(1), hint, theme.quiet);
    window
}

fn draw_item(
    frame: &mut Frame<'_>,
    canvas: &Canvas<'_>,
    row: Rect,
    (item, selected): (&Item<'_>, bool),
) {
    let theme = &canvas.theme;
    let over = if selected {
        theme.selected
    } else {
        Style::new()
    };
    let unusable = item.unusable(canvas);
    let (text, style) = match &unusable {
        Some(why) => (why.clone(), theme.quiet),
        None => (item.help(), theme.text),
    };
    let name_style = if unusable.is_some() {
        theme.quiet
    } else {
        theme.title
    };
    let keys = clip(&item.keys(canvas), 14);
    // Whole names where the line is about nothing else.
    let least = if matches!(item, Item::Entry(_)) {
        NAME
    } else {
        34
    };
    let room = usize::from(row.width).saturating_sub(3);
    let name_room = least.min(room / 2);
    let text_room = room.saturating_sub(name_room + width(&keys) + 3);
    let mark = match (selected, unusable.is_some()) {
        (true, true) => "›×",
        (true, false) => "› ",
        (false, true) => "× ",
        (false, false) => "  ",
    };
    let line = Line::from(vec![
        Span::styled(mark, name_style.patch(over)),
        Span::styled(fit(&item.name(), name_room), name_style.patch(over)),
        Span::styled(format!("  {}", fit(&text, text_room)), style.patch(over)),
        Span::styled(format!(" {keys} "), theme.key.patch(over)),
    ]);
    let buffer = frame.buffer_mut();
    if selected {
        buffer.set_style(row, theme.selected);
    }
    buffer.set_line(row.x, row.y, &line, row.width.saturating_sub(1));
}
