//! A page of text: built line by line to a width, drawn through a window.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::tui::state::Window;
use crate::tui::text::{printable, wrap};
use crate::tui::theme::Theme;

/// Columns of a label, its gap included.
pub(crate) const LABEL: usize = 14;

/// The sign of a protected environment.
pub(crate) const PROTECTED: char = '⚑';

/// A page of text. Everything put on it is made printable and is wrapped to its width.
pub(crate) struct Page<'t> {
    theme: &'t Theme,
    width: usize,
    /// What it is made of.
    pub(crate) lines: Vec<Line<'static>>,
}

impl<'t> Page<'t> {
    /// An empty page so many columns wide.
    pub(crate) const fn new(theme: &'t Theme, width: u16) -> Self {
        Self {
            theme,
            width: width as usize,
            lines: Vec::new(),
        }
    }

    /// An empty line.
    pub(crate) fn blank(&mut self) {
        self.lines.push(Line::default());
    }

    /// A heading, with an empty line before it unless it is the first.
    pub(crate) fn title(&mut self, text: &str) {
        if !self.lines.is_empty() {
            self.blank();
        }
        self.styled(text, self.theme.title);
    }

    /// A paragraph.
    pub(crate) fn text(&mut self, text: &str) {
        self.styled(text, self.theme.text);
    }

    /// A paragraph in a style.
    pub(crate) fn styled(&mut self, text: &str, style: Style) {
        for line in wrap(text, self.width) {
            self.lines.push(Line::styled(line, style));
        }
    }

    /// A heading that names an environment in its accent; the mark of a protected one is in
    /// the style of its own.
    pub(crate) fn environment(&mut self, heading: &str, accent: Style) {
        let first = self.len();
        self.styled(heading, accent);
        self.mark(first);
    }

    /// The same, beside a label.
    pub(crate) fn pair_environment(&mut self, label: &str, heading: &str, accent: Style) {
        let first = self.len();
        self.pair_styled(label, heading, accent);
        self.mark(first);
    }

    /// Gives the mark in the lines from here on its style, and what follows it.
    fn mark(&mut self, first: usize) {
        let style = self.theme.protected;
        let mut marked = false;
        for line in self.lines.iter_mut().skip(first) {
            for span in std::mem::take(&mut line.spans) {
                let begins = span.content.find(PROTECTED).filter(|_| !marked);
                let (name, mark) = span.content.split_at(begins.unwrap_or(0));
                if begins.is_some() {
                    line.push_span(Span::styled(name.to_owned(), span.style));
                }
                marked |= begins.is_some();
                let style = if marked { style } else { span.style };
                line.push_span(Span::styled(mark.to_owned(), style));
            }
        }
    }

    /// A label and what belongs to it, which is wrapped beside it.
    pub(crate) fn pair(&mut self, label: &str, value: &str) {
        self.pair_styled(label, value, self.theme.text);
    }

    /// The same, in a style.
    pub(crate) fn pair_styled(&mut self, label: &str, value: &str, style: Style) {
        self.labelled(label, LABEL, value, style);
    }

    /// The same, with so many columns for the label. A longer label pushes its value aside.
    pub(crate) fn labelled(&mut self, label: &str, columns: usize, value: &str, style: Style) {
        let label = printable(label).into_owned();
        let columns = columns.min(self.width / 2);
        let label_width = crate::tui::text::width(&label);
        let (head, first) = if label_width < columns {
            (crate::tui::text::fit(&label, columns), columns)
        } else {
            (
                format!("{} ", crate::tui::text::clip(&label, self.width / 2)),
                columns,
            )
        };
        let head_width = crate::tui::text::width(&head);
        let room = self.width.saturating_sub(first.max(head_width));
        let mut lines = wrap(value, room).into_iter();
        let indent = " ".repeat(first.max(head_width));
        self.lines.push(Line::from(vec![
            Span::styled(head, self.theme.quiet),
            Span::styled(lines.next().unwrap_or_default(), style),
        ]));
        for line in lines {
            self.lines.push(Line::from(vec![
                Span::raw(indent.clone()),
                Span::styled(line, style),
            ]));
        }
    }

    /// A sign, and text that hangs behind it, so many columns in.
    pub(crate) fn item(&mut self, indent: usize, sign: &str, text: &str, style: Style) {
        let head = format!("{}{sign} ", " ".repeat(indent));
        let head_width = crate::tui::text::width(&head);
        let rest = " ".repeat(head_width);
        for (at, line) in wrap(text, self.width.saturating_sub(head_width))
            .into_iter()
            .enumerate()
        {
            let start = if at == 0 { head.clone() } else { rest.clone() };
            self.lines.push(Line::from(vec![
                Span::styled(start, style),
                Span::styled(line, style),
            ]));
        }
    }

    /// A line made of parts that are printable already.
    pub(crate) fn line(&mut self, parts: Vec<Span<'static>>) {
        self.lines.push(Line::from(parts));
    }

    /// Columns there are.
    pub(crate) const fn width(&self) -> usize {
        self.width
    }

    /// Lines there are.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Draws the part that begins at `top`, and a mark at the edge where there is more.
    pub(crate) fn draw(&self, buffer: &mut Buffer, area: Rect, top: usize) -> Window {
        let window = Window::at(top, area.height.into(), self.lines.len());
        let shown = self.lines.iter().skip(window.top).zip(area.rows());
        for (line, row) in shown {
            buffer.set_line(row.x, row.y, line, row.width);
        }
        more(buffer, area, window, self.theme.quiet);
        window
    }
}

/// Marks at the right edge that there is more above or below.
pub(crate) fn more(buffer: &mut Buffer, area: Rect, window: Window, style: Style) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    let right = area.right() - 1;
    if window.top > 0 {
        buffer.set_string(right, area.top(), "▲", style);
    }
    if window.top + window.page < window.total {
        buffer.set_string(right, area.bottom() - 1, "▼", style);
    }
}
