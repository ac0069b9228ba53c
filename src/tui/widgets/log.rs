//! A log: a rule that says what is seen and what is searched for, and the rows below it.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use crate::model::log::Pipe;
use crate::tui::log::{By, Entry, Glass, Log, Pane, rows};
use crate::tui::state::Window;
use crate::tui::text::{clip, fit, width};
use crate::tui::theme::Theme;

use super::page::more;

/// What stands before each line: a text of always the same width, and its style.
pub(crate) type Before<'a> = &'a dyn Fn(&Entry) -> Vec<(String, Style)>;

/// What a log is drawn with.
pub(crate) struct Shown<'a> {
    /// The lines.
    pub(crate) log: &'a Log,
    /// The pane they are looked at through.
    pub(crate) pane: &'a Pane,
    /// What it is a log of.
    pub(crate) title: &'a str,
    /// What stands before each line, and how many columns that takes.
    pub(crate) before: (Before<'a>, usize),
}

/// Draws it.
pub(crate) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    theme: &Theme,
    shown: &Shown<'_>,
) -> (Window, Glass) {
    let body = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    let (log, pane) = (shown.log, shown.pane);
    // The mark of the match that was gone to has a column of its own while there is a search.
    let mark = usize::from(pane.search.is_some());
    let lead = shown.before.1 + mark;
    let mut glass = Glass {
        top: pane.top,
        rows: body.height.into(),
        columns: usize::from(body.width).saturating_sub(lead + 1),
    };
    let end = pane.end(log, glass);
    glass.top = if pane.follows() {
        end
    } else {
        pane.top.min(end)
    };
    let last = draw_rows(frame.buffer_mut(), body, theme, shown, glass);
    let window = Window {
        top: pane.before(log, glass.top.line),
        page: last.saturating_sub(pane.before(log, glass.top.line)),
        total: pane.total(log),
    };
    let head = Rect { height: 1, ..area };
    match &pane.typing {
        Some(input) => {
            let label = "── find: ";
            let room = usize::from(head.width).saturating_sub(width(label) + 1);
            let scroll = input.visual_scroll(room);
            let typed: String = input.value().chars().skip(scroll).collect();
            let buffer = frame.buffer_mut();
            buffer.set_string(head.x, head.y, label, theme.title);
            let x = head.x + u16::try_from(width(label)).unwrap_or(0);
            buffer.set_string(x, head.y, fit(&typed, room), theme.selected);
            let at = input.visual_cursor().saturating_sub(scroll).min(room);
            let at = x + u16::try_from(at).unwrap_or(0);
            frame.set_cursor_position(Position::new(at, head.y));
        }
        None => rule(frame.buffer_mut(), head, theme, shown, window),
    }
    more(frame.buffer_mut(), body, window, theme.quiet);
    (window, glass)
}

/// What is seen, what was dropped, what is searched for.
fn rule(buffer: &mut Buffer, area: Rect, theme: &Theme, shown: &Shown<'_>, window: Window) {
    let (log, pane, title) = (shown.log, shown.pane, shown.title);
    let mut text = match (window.total, pane.follows()) {
        (0, _) => format!("── {title}: nothing yet "),
        (1, true) => format!("── {title}, 1 line, followed "),
        (total, true) => format!("── {title}, {total} lines, followed "),
        (total, false) => {
            let last = (window.top + window.page).min(total);
            format!(
                "── {title}, lines {} to {last} of {total}; G follows ",
                window.top + 1
            )
        }
    };
    if log.gone() > 0 {
        text.push_str(&format!("· {} older dropped ", log.gone()));
    }
    if pane.left > 0 {
        text.push_str(&format!("· from column {} ", pane.left + 1));
    }
    let found = pane.search.as_ref().map_or_else(String::new, |search| {
        format!("── “{}” {} ", clip(&search.text, 24), search.words())
    });
    let columns = usize::from(area.width);
    let room = columns.saturating_sub(width(&found));
    let left = clip(&text, room);
    let fill = room.saturating_sub(width(&left));
    buffer.set_string(area.x, area.y, &left, theme.border);
    let x = area.x + u16::try_from(width(&left)).unwrap_or(0);
    buffer.set_string(x, area.y, "─".repeat(fill), theme.border);
    let x = x + u16::try_from(fill).unwrap_or(0);
    buffer.set_string(x, area.y, found, theme.title);
}

/// Draws the rows; answers how many lines to be seen there are up to the last one drawn.
fn draw_rows(
    buffer: &mut Buffer,
    body: Rect,
    theme: &Theme,
    shown: &Shown<'_>,
    glass: Glass,
) -> usize {
    let (log, pane) = (shown.log, shown.pane);
    let mut place = body.rows();
    let mut before = pane.before(log, glass.top.line);
    let mut skip = glass.top.row;
    while let Some(number) = pane.number(log, before) {
        let Some(entry) = log.get(number) else {
            break;
        };
        let text = entry.shown();
        let cuts = if pane.wraps {
            rows(&text, glass.columns)
        } else {
            vec![shift(&text, pane.left)]
        };
        let cuts = cuts.into_iter().enumerate().skip(skip);
        skip = 0;
        for (at, cut) in cuts {
            let Some(row) = place.next() else {
                return before + usize::from(at > 0);
            };
            let line = One {
                theme,
                shown,
                entry,
                text: &text,
                current: pane.search.as_ref().and_then(|it| it.at) == Some(number),
            };
            line.draw(buffer, row, at == 0, cut, glass);
        }
        before += 1;
    }
    before
}

/// The part of a line that is seen when so many columns to the left are not.
fn shift(text: &str, left: usize) -> (usize, usize) {
    use unicode_width::UnicodeWidthChar as _;
    let mut used = 0;
    for (at, c) in text.char_indices() {
        if used >= left {
            return (at, text.len());
        }
        used += c.width().unwrap_or(0);
    }
    (if left == 0 { 0 } else { text.len() }, text.len())
}

/// One line on its way to the screen.
struct One<'a> {
    theme: &'a Theme,
    shown: &'a Shown<'a>,
    entry: &'a Entry,
    text: &'a str,
    /// It was gone to by a search.
    current: bool,
}

impl One<'_> {
    fn draw(&self, buffer: &mut Buffer, row: Rect, first: bool, cut: (usize, usize), glass: Glass) {
        let theme = self.theme;
        let mut x = row.x;
        if self.shown.pane.search.is_some() {
            let mark = if self.current && first { "›" } else { " " };
            buffer.set_string(x, row.y, mark, theme.title);
            x += 1;
        }
        if first {
            for (text, style) in (self.shown.before.0)(self.entry) {
                buffer.set_string(x, row.y, &text, style);
                x += u16::try_from(width(&text)).unwrap_or(0);
            }
        } else {
            x += u16::try_from(self.shown.before.1).unwrap_or(0);
        }
        let style = match self.entry.by {
            By::It(Pipe::Out) => theme.text,
            By::It(Pipe::Err) => theme.text.add_modifier(Modifier::ITALIC),
            By::Karat => theme.warn,
        };
        self.draw_text(buffer, (x, row.y), cut, (style, glass.columns));
    }

    fn draw_text(
        &self,
        buffer: &mut Buffer,
        (x, y): (u16, u16),
        (begin, end): (usize, usize),
        (style, columns): (Style, usize),
    ) {
        let part = self.text.get(begin..end).unwrap_or_default();
        buffer.set_string(x, y, clip(part, columns), style);
        let Some(search) = &self.shown.pane.search else {
            return;
        };
        let found = if self.current {
            style.patch(self.theme.selected)
        } else {
            style
        };
        let found = found.add_modifier(Modifier::REVERSED);
        for (from, to) in search.within(self.text) {
            let (from, to) = (from.max(begin), to.min(end));
            let (Some(before), Some(text)) = (self.text.get(begin..from), self.text.get(from..to))
            else {
                continue;
            };
            let at = width(before);
            let wide = width(text).min(columns.saturating_sub(at));
            let place = Rect {
                x: x.saturating_add(u16::try_from(at).unwrap_or(u16::MAX)),
                y,
                width: u16::try_from(wide).unwrap_or(0),
                height: 1,
            };
            buffer.set_style(place.intersection(buffer.area), found);
        }
    }
}
