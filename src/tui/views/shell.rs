//! The dialog before a shell: where it would be opened, and what that does.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::action::Command;
use crate::tui::state::{ShellDialog, ShellOption, Target, Window};
use crate::tui::widgets::dialog;
use crate::tui::widgets::page::Page;

use super::{Canvas, dialogs, form, home};

/// Draws it.
pub(super) fn draw(frame: &mut Frame<'_>, canvas: &Canvas<'_>, shown: &ShellDialog) -> Window {
    let theme = &canvas.theme;
    let columns = dialogs::columns(frame);
    let (page, accent, lines) = told(canvas, shown, columns);
    let below = form::height(&shown.form);
    let height = u16::try_from(page.len())
        .unwrap_or(u16::MAX)
        .saturating_add(below);
    let inside = dialog::frame(frame, theme, &shown.title, accent, (columns, height));
    let text = Rect {
        height: inside.height.saturating_sub(below),
        ..inside
    };
    let top = followed(shown, &lines, text.height.into());
    let window = page.draw(frame.buffer_mut(), text, top);
    for (at, lines) in lines {
        let rows = text.rows().enumerate();
        for (_, row) in rows.filter(|(row, _)| lines.contains(&(row + window.top))) {
            canvas.clickable(row, Target::Line(at));
        }
    }
    let why = shown.option().and_then(|it| it.unavailable.as_deref());
    let confirm = ("Open the shell", why.is_none());
    form::draw(frame, canvas, inside, &shown.form, why, confirm);
    window
}

/// The first line drawn: wherever it was scrolled to, but so that an option that was just
/// selected is seen.
fn followed(shown: &ShellDialog, lines: &[(usize, Range<usize>)], page: usize) -> usize {
    match lines.iter().find(|(at, _)| *at == shown.selected) {
        Some((_, lines)) if shown.follows => {
            let lowest = (lines.end.saturating_sub(page)).min(lines.start);
            shown.top.clamp(lowest, lines.start)
        }
        _ => shown.top,
    }
}

/// What stands above the fields; the environment's accent; and the lines of each option.
fn told<'a>(
    canvas: &'a Canvas<'_>,
    shown: &ShellDialog,
    columns: u16,
) -> (Page<'a>, Style, Vec<(usize, Range<usize>)>) {
    let theme = &canvas.theme;
    let mut page = Page::new(theme, columns.saturating_sub(1));
    let mut accent = theme.title;
    if let Some(option) = shown.option() {
        let (heading, style) = environment(canvas, option);
        accent = style;
        page.environment(&heading, style);
        page.blank();
    }
    let mut lines = Vec::new();
    if shown.options.len() > 1 {
        let (up, down) = (
            canvas.keymap.way(Command::Up),
            canvas.keymap.way(Command::Down),
        );
        page.styled(&format!("{up} {down} choose where:"), theme.quiet);
        for (at, option) in shown.options.iter().enumerate() {
            let selected = at == shown.selected;
            let sign = if selected { "›" } else { " " };
            let style = match (selected, &option.unavailable) {
                (true, _) => theme.selected,
                (false, None) => theme.text,
                (false, Some(_)) => theme.quiet,
            };
            let first = page.len();
            page.item(0, sign, &option.label, style);
            lines.push((at, first..page.len()));
        }
        page.blank();
    }
    if let Some(option) = shown.option() {
        page.text(&option.text);
        page.blank();
    }
    (page, accent, lines)
}

/// The environment in words, and its accent.
fn environment(canvas: &Canvas<'_>, option: &ShellOption) -> (String, Style) {
    let found = option.environment.as_ref().and_then(|name| {
        let column = canvas.fleet.column(name)?;
        Some((column, canvas.fleet.environments.get(column)?))
    });
    found.map_or_else(
        || ("in no environment".to_owned(), canvas.theme.title),
        |(column, it)| (home::heading(it), canvas.theme.environment(column, it)),
    )
}
