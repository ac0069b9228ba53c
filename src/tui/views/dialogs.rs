//! The small dialogs: waiting, asking, choosing, telling.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::project::EnvironmentName;
use crate::tui::action::{Command, Place, TABLE};
use crate::tui::available::unavailable;
use crate::tui::effect::Wanted;
use crate::tui::listing::quick::{Quick, quick_of};
use crate::tui::state::{Ask, Chooser, Notice, QuickMenu, Target, Window};
use crate::tui::text::{clip, fit};
use crate::tui::widgets::dialog;
use crate::tui::widgets::page::Page;

use super::{Canvas, home, touched};

const WIDEST: u16 = 72;

pub(super) fn columns(frame: &Frame<'_>) -> u16 {
    frame.area().width.saturating_sub(8).min(WIDEST)
}

/// A page above one line of buttons.
fn page_and_buttons(
    frame: &mut Frame<'_>,
    canvas: &Canvas<'_>,
    (title, accent): (&str, Style),
    page: &Page<'_>,
    (top, buttons): (usize, &[(&str, bool, bool)]),
) -> Window {
    let height = u16::try_from(page.len() + 2).unwrap_or(u16::MAX);
    let size = (columns(frame), height);
    let inside = dialog::frame(frame, &canvas.theme, title, accent, size);
    let text = Rect {
        height: inside.height.saturating_sub(2),
        ..inside
    };
    let window = page.draw(frame.buffer_mut(), text, top);
    let row = dialog::last_row(inside);
    canvas.buttons(frame.buffer_mut(), row, buttons);
    window
}

/// A plan is being made.
pub(super) fn planning(frame: &mut Frame<'_>, canvas: &Canvas<'_>, wanted: &Wanted) -> Window {
    let theme = &canvas.theme;
    let mut page = Page::new(theme, columns(frame).saturating_sub(1));
    let touched = wanted.environment().map_or(&[][..], std::slice::from_ref);
    touched::tell(canvas, touched, &mut page);
    page.styled(&format!("… {}", wanted.words()), theme.busy);
    page.styled("Reading the engines; nothing is touched.", theme.quiet);
    let never_mind = format!("{}: never mind", canvas.keymap.way(Command::Back));
    let accent = touched::accent(canvas, touched, theme.title);
    let heading = ("Making the plan", accent);
    let buttons = [(never_mind.as_str(), true, true)];
    page_and_buttons(frame, canvas, heading, &page, (0, &buttons))
}

/// A shell is being opened.
pub(super) fn opening(
    frame: &mut Frame<'_>,
    canvas: &Canvas<'_>,
    (words, environment): (&str, Option<&EnvironmentName>),
) -> Window {
    let theme = &canvas.theme;
    let mut page = Page::new(theme, columns(frame).saturating_sub(1));
    let touched = environment.map_or(&[][..], std::slice::from_ref);
    touched::tell(canvas, touched, &mut page);
    page.styled(&format!("… {words}"), theme.busy);
    page.styled("karat comes back when the shell ends.", theme.quiet);
    let never_mind = format!("{}: never mind", canvas.keymap.way(Command::Back));
    let buttons = [(never_mind.as_str(), true, true)];
    let heading = (
        "Opening a shell",
        touched::accent(canvas, touched, theme.title),
    );
    page_and_buttons(frame, canvas, heading, &page, (0, &buttons))
}

/// A question.
pub(super) fn ask(frame: &mut Frame<'_>, canvas: &Canvas<'_>, ask: &Ask) -> Window {
    let theme = &canvas.theme;
    let mut page = Page::new(theme, columns(frame).saturating_sub(1));
    touched::tell(canvas, &ask.environments, &mut page);
    page.text(&ask.text);
    let answers: Vec<(&str, bool, bool)> = ask
        .answers
        .iter()
        .enumerate()
        .map(|(at, (text, _))| (text.as_str(), at == ask.focus, true))
        .collect();
    let accent = touched::accent(canvas, &ask.environments, theme.warn);
    let heading = (ask.title.as_str(), accent);
    page_and_buttons(frame, canvas, heading, &page, (0, &answers))
}

/// Something to be read.
pub(super) fn notice(frame: &mut Frame<'_>, canvas: &Canvas<'_>, notice: &Notice) -> Window {
    let theme = &canvas.theme;
    let mut page = Page::new(theme, columns(frame).saturating_sub(1));
    touched::tell(canvas, &notice.environments, &mut page);
    page.text(&notice.text);
    let buttons = [("Close", true, true)];
    let accent = touched::accent(canvas, &notice.environments, theme.title);
    let heading = (notice.title.as_str(), accent);
    page_and_buttons(frame, canvas, heading, &page, (notice.top, &buttons))
}

/// A list to choose from.
pub(super) fn choose(frame: &mut Frame<'_>, canvas: &Canvas<'_>, chooser: &Chooser) -> Window {
    let theme = &canvas.theme;
    let columns = columns(frame);
    let height = u16::try_from(chooser.options.len() + 2).unwrap_or(u16::MAX);
    let inside = dialog::frame(frame, theme, &chooser.title, theme.title, (columns, height));
    let list = Rect {
        height: inside.height.saturating_sub(2),
        ..inside
    };
    let total = chooser.options.len();
    let window = Window::around(chooser.selected, 0, list.height.into(), total);
    let shown = chooser.options.iter().enumerate().skip(window.top);
    for ((at, option), row) in shown.zip(list.rows()) {
        let environment = canvas
            .fleet
            .column(&option.environment)
            .and_then(|column| Some((column, canvas.fleet.environments.get(column)?)));
        let (name, accent) = environment.map_or_else(
            || (option.environment.to_string(), theme.text),
            |(column, it)| (home::heading(it), theme.environment(column, it)),
        );
        canvas.clickable(row, Target::Line(at));
        let mark = if at == chooser.selected { "› " } else { "  " };
        let (note, style) = option
            .unavailable
            .as_ref()
            .map_or((&option.note, theme.text), |why| (why, theme.quiet));
        let buffer = frame.buffer_mut();
        if at == chooser.selected {
            buffer.set_style(row, theme.selected);
        }
        let room = usize::from(row.width);
        let name = fit(&format!("{mark}{name}"), (room / 2).min(26));
        let used = u16::try_from(crate::tui::text::width(&name)).unwrap_or(0);
        let over = if at == chooser.selected {
            theme.selected
        } else {
            Style::new()
        };
        buffer.set_string(row.x, row.y, &name, accent.patch(over));
        let mark = theme.protected.patch(over);
        home::draw_mark(buffer, (row.x, row.y), &name, mark);
        let note = clip(note, room.saturating_sub(usize::from(used) + 1));
        buffer.set_string(row.x + used + 1, row.y, note, style.patch(over));
    }
    let y = inside.bottom().saturating_sub(1);
    let hint = format!(
        "{} chooses, {} goes back: a plan is shown first",
        canvas.keymap.way_in(Place::Choose, Command::Open),
        canvas.keymap.way(Command::Back)
    );
    let hint = clip(&hint, inside.width.into());
    frame
        .buffer_mut()
        .set_string(inside.x, y, hint, theme.quiet);
    window
}

/// The quick filters: what each shows, its key, and whether it holds.
pub(super) fn quick(frame: &mut Frame<'_>, canvas: &Canvas<'_>, menu: &QuickMenu) -> Window {
    let theme = &canvas.theme;
    let height = u16::try_from(menu.options.len() + 2).unwrap_or(u16::MAX);
    let size = (columns(frame), height);
    let inside = dialog::frame(frame, theme, "Quick filters", theme.title, size);
    let list = Rect {
        height: inside.height.saturating_sub(2),
        ..inside
    };
    let total = menu.options.len();
    let window = Window::around(menu.selected, 0, list.height.into(), total);
    let shown = menu.options.iter().enumerate().skip(window.top);
    for ((at, command), row) in shown.zip(list.rows()) {
        let entry = TABLE.iter().find(|entry| &entry.command == command);
        let key = entry.and_then(|entry| canvas.keymap.first(entry));
        let why_not = unavailable(canvas, *command);
        let quick = quick_of(*command);
        let holds = quick.is_some_and(|quick| {
            canvas
                .filters()
                .is_some_and(|filters| filters.quick.contains(&quick))
        });
        let sign = match (quick, holds) {
            (None, _) => "   ",
            (Some(_), true) => "[✓]",
            (Some(_), false) => "[ ]",
        };
        let name = quick.map_or("show all", Quick::name);
        let explained = quick.map_or("take every filter away", Quick::explained);
        let note = why_not.as_deref().unwrap_or(explained);
        canvas.clickable(row, Target::Line(at));
        let mark = if at == menu.selected { "› " } else { "  " };
        let key = key.unwrap_or_default();
        let name = format!(
            "{mark}{} {} ",
            fit(&key, 2),
            fit(&format!("{sign} {name}"), 18)
        );
        let style = if at == menu.selected {
            theme.selected
        } else if why_not.is_some() {
            theme.quiet
        } else {
            theme.text
        };
        let buffer = frame.buffer_mut();
        let room = usize::from(row.width);
        buffer.set_string(row.x, row.y, fit(&format!("{name}{note}"), room), style);
    }
    let y = inside.bottom().saturating_sub(1);
    let hint = format!(
        "{} sets or clears it; several hold together",
        canvas.keymap.way_in(Place::Choose, Command::Open)
    );
    let hint = clip(&hint, inside.width.into());
    frame
        .buffer_mut()
        .set_string(inside.x, y, hint, theme.quiet);
    window
}
