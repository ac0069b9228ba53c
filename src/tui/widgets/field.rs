//! A field to type in, with its label.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use tui_input::Input;

use crate::tui::text::{clip, width};
use crate::tui::theme::Theme;

/// Draws it in one row, and puts the cursor there if it has the focus.
pub(crate) fn draw(
    frame: &mut Frame<'_>,
    theme: &Theme,
    row: Rect,
    (label, input, focused): (&str, &Input, bool),
) {
    let label = clip(label, usize::from(row.width / 2));
    let label_width = u16::try_from(width(&label)).unwrap_or(0) + 1;
    let room = row.width.saturating_sub(label_width);
    let style = if focused { theme.title } else { theme.text };
    let box_style = if focused { theme.selected } else { theme.quiet };
    let scroll = input.visual_scroll(usize::from(room.saturating_sub(1)));
    let value: String = input.value().chars().skip(scroll).collect();
    let value = clip(&value, usize::from(room));
    let filled = format!(
        "{value}{}",
        "_".repeat(usize::from(room).saturating_sub(width(&value)))
    );
    let line = Line::from(vec![
        Span::styled(format!("{label} "), style),
        Span::styled(filled, box_style),
    ]);
    frame.buffer_mut().set_line(row.x, row.y, &line, row.width);
    if focused {
        let at = input.visual_cursor().saturating_sub(scroll);
        let x = row.x + label_width + u16::try_from(at).unwrap_or(0).min(room.saturating_sub(1));
        frame.set_cursor_position((x, row.y));
    }
}
