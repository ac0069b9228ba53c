//! What stands around every list: the line that says what is shown, the line in which a
//! filter is typed, and what is said when nothing matches.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::action::Command;
use crate::tui::listing::Filters;
use crate::tui::listing::matching::split;
use crate::tui::state::{Hit, Window};
use crate::tui::text::{clip, width};
use crate::tui::widgets::page::Page;
use crate::tui::widgets::table::{self, Column, Rows};

use super::Canvas;

/// Draws the head of a list while something keeps rows from being shown, or while its order
/// is told (where no heading can), and answers with the room below. While the filter is
/// typed, the line below the list says it all.
pub(super) fn head(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    order: Option<&str>,
) -> Rect {
    let Some(filters) = canvas.filters().filter(|filters| !filters.typing) else {
        return area;
    };
    if !filters.narrow() && order.is_none() {
        return area;
    }
    let theme = &canvas.theme;
    let mut parts = vec![Span::raw(" ")];
    if let Some(what) = what(filters) {
        let room = usize::from(area.width / 2);
        parts.push(Span::styled(clip(&what, room), theme.title));
        parts.push(Span::styled(format!("  {}", counted(canvas)), theme.text));
    }
    if let Some(order) = order {
        parts.push(Span::styled(format!("  sorted by {order}"), theme.quiet));
    }
    let used: usize = parts.iter().map(Span::width).sum();
    let way_out = format!("  {}: show all", canvas.keymap.way(Command::Back));
    if filters.narrow() && used + width(&way_out) <= usize::from(area.width) {
        parts.push(Span::styled(way_out, theme.quiet));
    }
    frame
        .buffer_mut()
        .set_line(area.x, area.y, &Line::from(parts), area.width);
    Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    }
}

/// Draws the rows of a list above the story of the selected one, which has half of the room
/// at most.
pub(super) fn above(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    (columns, rows): (&[Column], &Rows<'_>),
    story: &Page<'_>,
) -> (Window, Vec<Hit>) {
    let longest = table::longest(columns, rows);
    above_measured(frame, area, canvas, (columns, &longest, rows), story)
}

/// The same, of which it is known already how long the texts of each column are.
pub(super) fn above_measured(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    (columns, longest, rows): (&[Column], &[usize], &Rows<'_>),
    story: &Page<'_>,
) -> (Window, Vec<Hit>) {
    let theme = &canvas.theme;
    let height = u16::try_from(story.len() + 1)
        .unwrap_or(u16::MAX)
        .min(area.height / 2);
    let upper = Rect {
        height: area.height - height,
        ..area
    };
    let columns = table::roomier(columns, (longest, rows.sorted.0), upper.width);
    let drawn = table::draw(frame.buffer_mut(), upper, theme, &columns, rows);
    let rule = "─".repeat(usize::from(area.width));
    let y = area.bottom() - height;
    frame.buffer_mut().set_string(area.x, y, rule, theme.border);
    let below = Rect {
        x: area.x + 1,
        y: y + 1,
        width: area.width.saturating_sub(2),
        height: height.saturating_sub(1),
    };
    story.draw(frame.buffer_mut(), below, 0);
    drawn
}

/// `3 of 41 shown`.
fn counted(canvas: &Canvas<'_>) -> String {
    let (shown, total) = canvas.counts();
    format!("{shown} of {total} shown")
}

/// Everything that keeps rows from being shown, in words.
fn what(filters: &Filters) -> Option<String> {
    let mut parts = Vec::new();
    if filters.words().is_some() {
        let (inverted, text) = split(filters.text.value());
        let text = text.trim_end();
        parts.push(if inverted {
            format!("not /{text}")
        } else {
            format!("/{text}")
        });
    }
    parts.extend(filters.quick.iter().map(|quick| quick.name().to_owned()));
    (!parts.is_empty()).then(|| parts.join(" + "))
}

/// Draws the line in which a filter is typed.
pub(super) fn input(frame: &mut Frame<'_>, row: Rect, canvas: &Canvas<'_>, filters: &Filters) {
    let theme = &canvas.theme;
    let quick: String = filters
        .quick
        .iter()
        .map(|quick| format!("+ {}  ", quick.name()))
        .collect();
    let (inverted, _) = split(filters.text.value());
    let not = if inverted { "without these: " } else { "" };
    let right = clip(
        &format!("{quick}{not}{}", counted(canvas)),
        usize::from(row.width / 2),
    );
    let right_width = u16::try_from(width(&right)).unwrap_or(0);
    let room = row.width.saturating_sub(right_width + 4);
    let scroll = filters
        .text
        .visual_scroll(usize::from(room.saturating_sub(1)));
    // What is scrolled out is counted in columns, of which a wide letter takes two.
    let mut skipped = 0;
    let value: String = filters
        .text
        .value()
        .chars()
        .skip_while(|c| {
            let skip = skipped < scroll;
            skipped += usize::from(skip) * width(c.encode_utf8(&mut [0; 4]));
            skip
        })
        .collect();
    let buffer = frame.buffer_mut();
    buffer.set_string(row.x, row.y, " /", theme.key);
    let value = clip(&value, usize::from(room));
    buffer.set_string(row.x + 2, row.y, value, theme.title);
    let x = row.right().saturating_sub(right_width + 1);
    buffer.set_string(x, row.y, right, theme.quiet);
    let at = filters.text.visual_cursor().saturating_sub(scroll);
    let at = u16::try_from(at).unwrap_or(0).min(room);
    // A dialog that came meanwhile has the cursor.
    if canvas.dialog.is_none() {
        frame.set_cursor_position((row.x + 2 + at, row.y));
    }
}

/// Says that nothing matches, and the way back. Whether it had to be said.
pub(super) fn nothing(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>) -> bool {
    let Some(filters) = canvas.filters() else {
        return false;
    };
    let (0, total @ 1..) = canvas.counts() else {
        return false;
    };
    let Some(what) = what(filters) else {
        return false;
    };
    let theme = &canvas.theme;
    let mut page = Page::new(theme, area.width.saturating_sub(2));
    page.blank();
    page.styled(&format!("Nothing matches: {what}"), theme.warn);
    let rows = if total == 1 { "1 row" } else { "the rows" };
    let all = if total == 1 {
        rows.to_owned()
    } else {
        format!("all {total} rows")
    };
    page.styled(
        &format!("{} shows {all} again.", canvas.keymap.way(Command::Back)),
        theme.quiet,
    );
    page.draw(frame.buffer_mut(), inside(area), 0);
    true
}

/// Where a page stands that is shown in a list's stead: a column of air on either side.
pub(super) fn inside(area: Rect) -> Rect {
    Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        ..area
    }
}
