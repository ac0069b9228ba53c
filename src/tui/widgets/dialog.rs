//! The frame of a dialog, and its buttons.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::{Block, BorderType, Clear, Padding};

use crate::tui::text::{clip, width};
use crate::tui::theme::Theme;

/// Draws a frame in the middle, at most as large as the screen without the line of hints,
/// and answers with what is inside. `size` is that of the inside.
pub(crate) fn frame(
    frame: &mut Frame<'_>,
    theme: &Theme,
    title: &str,
    accent: Style,
    size: (u16, u16),
) -> Rect {
    let screen = Rect {
        height: frame.area().height.saturating_sub(1),
        ..frame.area()
    };
    let columns = size.0.saturating_add(4).min(screen.width);
    let height = size.1.saturating_add(2).min(screen.height);
    // The header says whose fleet this is: covered only where there is no other room.
    let lowest = screen.height - height;
    let area = Rect {
        x: (screen.width - columns) / 2,
        y: (lowest / 2).max(1).min(lowest),
        width: columns,
        height,
    };
    let title = clip(title, usize::from(columns.saturating_sub(6)));
    let block = Block::bordered()
        .border_type(BorderType::Double)
        .border_style(accent)
        .style(theme.text)
        .title(Line::styled(format!(" {title} "), accent))
        .padding(Padding::horizontal(1));
    let inside = block.inner(area);
    // Scraps of a letter or two beside it would only be in the way of reading.
    let beside = screen.width - columns;
    let cleared = if beside <= 8 {
        Rect {
            x: 0,
            width: screen.width,
            ..area
        }
    } else {
        area
    };
    frame.render_widget(Clear, cleared);
    frame.buffer_mut().set_style(cleared, theme.text);
    frame.render_widget(block, area);
    inside
}

/// The row at its lower edge, where the buttons are.
pub(crate) const fn last_row(inside: Rect) -> Rect {
    Rect {
        y: inside.y + inside.height.saturating_sub(1),
        height: 1,
        ..inside
    }
}

/// Draws a row of buttons, the one with the focus marked by sign and style; the text of one
/// that cannot be pressed is quiet. Answers with where each is.
pub(crate) fn buttons(
    buffer: &mut Buffer,
    row: Rect,
    theme: &Theme,
    buttons: &[(&str, bool, bool)],
) -> Vec<Rect> {
    let mut x = row.x;
    let mut places = Vec::with_capacity(buttons.len());
    for (text, focused, enabled) in buttons {
        let style = match (focused, enabled) {
            (true, _) => theme.selected,
            (false, true) => theme.text,
            (false, false) => theme.quiet,
        };
        let shown = if *focused {
            format!("›[ {text} ]‹")
        } else {
            format!(" [ {text} ] ")
        };
        let room = row.right().saturating_sub(x);
        let shown = clip(&shown, usize::from(room.min(60)));
        buffer.set_string(x, row.y, &shown, style);
        let wide = u16::try_from(width(&shown)).unwrap_or(room).min(room);
        places.push(Rect {
            x,
            width: wide,
            height: 1,
            ..row
        });
        x = x.saturating_add(wide + 2).min(row.right());
    }
    places
}
