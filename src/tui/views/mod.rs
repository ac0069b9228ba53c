//! Drawing. Every function here takes the state to read, and hands back where it drew.
//!
//! ```text
//!  karat  shop/karat.toml          3 engines up   as of 3 min ago     header
//!  ──────────────────────────────────────────────────────────────
//!  the view                                                           one file each
//!
//!  ──────────────────────────────────────────────────────────────
//!  ⟳ roll back shop-web in prod to 1.4.1: wait for health             while something runs
//!  Enter open  r roll back  p promote  ? help  q leave                hints, or a note
//! ```

pub(super) mod anatomy;
mod chrome;
mod deployment;
mod dialogs;
mod engines;
mod form;
mod help;
mod history;
mod home;
mod lists;
mod logs;
mod operation;
mod palette;
mod plan;
mod recovering;
mod remote;
mod shell;
mod touched;
mod versions;

use std::cell::{Cell, RefCell};
use std::ops::Deref;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::time::{Span, Timestamp};

use super::action::Command;
use super::state::{Dialog, Hit, Layout, SMALLEST, State, Target, View, Window};
use super::text::wrap;
use super::widgets::dialog;
use super::widgets::page::Page;

/// The state, while it is drawn, and what drawing learns on the way.
struct Canvas<'a> {
    state: &'a State,
    /// An age of less than a minute is on screen.
    seconds: Cell<bool>,
    /// What can be clicked in the dialog.
    clickable: RefCell<Vec<Hit>>,
}

impl Deref for Canvas<'_> {
    type Target = State;
    fn deref(&self) -> &State {
        self.state
    }
}

impl Canvas<'_> {
    /// How long ago, in its largest unit: `12 s`, `3 min`, `4 h`, `6 d`.
    fn age(&self, then: Timestamp) -> String {
        let seconds = Span::between(then, self.now).0.as_secs();
        match seconds {
            0..60 => {
                self.seconds.set(true);
                format!("{seconds} s")
            }
            60..3_600 => format!("{} min", seconds / 60),
            3_600..86_400 => format!("{} h", seconds / 3_600),
            _ => format!("{} d", seconds / 86_400),
        }
    }

    /// How long until then, to the second.
    fn until(&self, then: Timestamp) -> String {
        self.seconds.set(true);
        let seconds = Span::between(self.now, then).0.as_secs();
        Span::seconds(seconds).to_string()
    }

    /// An empty page of text, and where it is drawn: a column away from either edge, and one
    /// more for the marks of what is above and below.
    fn page(&self, area: Rect) -> (Rect, Page<'_>) {
        let inside = Rect {
            x: area.x + 1,
            width: area.width - 2,
            ..area
        };
        let page = Page::new(&self.state.theme, inside.width.saturating_sub(1));
        (inside, page)
    }

    /// Says that an area of the dialog can be clicked.
    fn clickable(&self, area: Rect, target: Target) {
        self.clickable.borrow_mut().push(Hit::on(area, target));
    }

    /// Draws a row of buttons, which can be clicked.
    fn buttons(&self, buffer: &mut Buffer, row: Rect, buttons: &[(&str, bool, bool)]) {
        for (at, area) in dialog::buttons(buffer, row, &self.state.theme, buttons)
            .into_iter()
            .enumerate()
        {
            self.clickable(area, Target::Button(at));
        }
    }

    /// How long something has run, to the second.
    fn elapsed(&self, since: Timestamp) -> String {
        self.seconds.set(true);
        let seconds = Span::between(since, self.now).0.as_secs();
        Span::seconds(seconds).to_string()
    }
}

/// A moment as it stands in lists and texts.
fn moment(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// Draws everything.
pub(crate) fn draw(frame: &mut Frame<'_>, state: &State) -> Layout {
    let canvas = Canvas {
        state,
        seconds: Cell::new(false),
        clickable: RefCell::default(),
    };
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        too_small(frame, area, &canvas);
        // What was scrolled stays where it was.
        return state.layout.clone();
    }
    // A theme may bring its own background.
    frame.buffer_mut().set_style(area, state.theme.text);
    let (inside, lines) = chrome::draw(frame, &canvas);
    let mut layout = Layout::default();
    match state.stack.last() {
        None => home::draw(frame, inside, &canvas, &mut layout),
        Some(View::Versions(view)) => versions::list(frame, inside, &canvas, view, &mut layout),
        Some(View::Version {
            image,
            identity,
            top,
        }) => {
            layout.view = versions::one(frame, inside, &canvas, (image, identity), *top);
        }
        Some(View::Deployment(view)) => {
            layout.view = deployment::draw(frame, inside, &canvas, view);
        }
        Some(View::Anatomy(view)) => anatomy::draw(frame, inside, &canvas, view, &mut layout),
        Some(View::Comparison(view)) => {
            layout.view = anatomy::comparison::draw(frame, inside, &canvas, view);
        }
        Some(View::Content(view)) => {
            layout.view = anatomy::content(frame, inside, &canvas, view);
        }
        Some(View::Operations { list, top, .. }) => {
            operation::list(frame, inside, &canvas, (list, *top), &mut layout);
        }
        Some(View::Operation { id, pane }) => {
            (layout.view, layout.glass) = operation::one(frame, inside, &canvas, id, pane);
        }
        Some(View::Logs(view)) => {
            (layout.view, layout.glass) = logs::draw(frame, inside, &canvas, view);
        }
        Some(View::History(view)) => history::list(frame, inside, &canvas, view, &mut layout),
        Some(View::Event { event, top }) => {
            layout.view = history::one(frame, inside, &canvas, event, *top);
        }
        Some(View::Engines(view)) => engines::list(frame, inside, &canvas, view, &mut layout),
        Some(View::Engine { name, top }) => {
            layout.view = engines::one(frame, inside, &canvas, name, *top);
        }
        Some(View::Help { of, top }) => {
            layout.view = help::draw(frame, inside, &canvas, *of, *top);
        }
    }
    layout.dialog = match &state.dialog {
        None => Window::default(),
        Some(Dialog::Plan(dialog)) => plan::draw(frame, &canvas, dialog),
        Some(Dialog::Planning { wanted, .. }) => dialogs::planning(frame, &canvas, wanted),
        Some(Dialog::Shell(dialog)) => shell::draw(frame, &canvas, dialog),
        Some(Dialog::Opening {
            words, environment, ..
        }) => dialogs::opening(frame, &canvas, (words, environment.as_ref())),
        Some(Dialog::Recover(dialog)) => recovering::draw(frame, &canvas, dialog),
        Some(Dialog::Ask(ask)) => dialogs::ask(frame, &canvas, ask),
        Some(Dialog::Choose(chooser)) => dialogs::choose(frame, &canvas, chooser),
        Some(Dialog::Palette(shown)) => palette::draw(frame, &canvas, shown),
        Some(Dialog::Quick(menu)) => dialogs::quick(frame, &canvas, menu),
        Some(Dialog::Notice(notice)) => dialogs::notice(frame, &canvas, notice),
    };
    layout.hits.extend(lines);
    layout.seconds = canvas.seconds.get();
    layout.dialog_hits = canvas.clickable.take();
    if canvas.demo {
        mark_demo(frame, &canvas);
    }
    layout
}

/// A dialog may cover the header where the terminal is low: that nothing is real is said on
/// its border, then.
fn mark_demo(frame: &mut Frame<'_>, canvas: &Canvas<'_>) {
    const MARK: &str = " DEMO ";
    let area = frame.area();
    let buffer = frame.buffer_mut();
    let top: String = (area.left()..area.right())
        .filter_map(|x| buffer.cell((x, area.y)))
        .map(|cell| cell.symbol())
        .collect();
    if !top.contains(MARK) {
        let width = u16::try_from(MARK.len()).unwrap_or_default();
        // Beside the corner of the dialog, never over it.
        let corner = (area.left()..area.right()).rev().find(|x| {
            buffer
                .cell((*x, area.y))
                .is_some_and(|it| it.symbol() == "╗")
        });
        let end = corner.unwrap_or(area.right().saturating_sub(2));
        let x = end.saturating_sub(width);
        buffer.set_string(x, area.y, MARK, canvas.theme.demo);
    }
}

fn too_small(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>) {
    let demo = if canvas.demo { "DEMO: " } else { "" };
    let leave = canvas.keymap.way(Command::Leave);
    let text = format!(
        "{demo}karat needs {} columns and {} rows; this terminal has {} and {}. Make it larger; {leave} leaves.",
        SMALLEST.0, SMALLEST.1, area.width, area.height
    );
    let lines = wrap(&text, area.width.into());
    for (line, row) in lines.iter().zip(area.rows()) {
        frame.buffer_mut().set_stringn(
            row.x,
            row.y,
            line,
            row.width.into(),
            ratatui::style::Style::new(),
        );
    }
}
