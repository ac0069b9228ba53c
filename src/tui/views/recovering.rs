//! The dialog before recovering: what is settled, where, and what is left alone.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::project::EnvironmentName;
use crate::tui::locked::CutOff;
use crate::tui::state::{RecoverDialog, Window};
use crate::tui::widgets::dialog;
use crate::tui::widgets::page::Page;

use super::{Canvas, dialogs, form, touched};

/// Draws it.
pub(super) fn draw(frame: &mut Frame<'_>, canvas: &Canvas<'_>, shown: &RecoverDialog) -> Window {
    let theme = &canvas.theme;
    let columns = dialogs::columns(frame);
    let environments = environments(&shown.found);
    let page = told(canvas, shown, &environments, columns);
    let below = form::height(&shown.form);
    let height = u16::try_from(page.len())
        .unwrap_or(u16::MAX)
        .saturating_add(below);
    let names: Vec<&str> = environments.iter().map(EnvironmentName::as_str).collect();
    let title = if names.is_empty() {
        "RECOVER".to_owned()
    } else {
        format!("RECOVER in {}", names.join(" and "))
    };
    let accent = touched::accent(canvas, &environments, theme.warn);
    let inside = dialog::frame(frame, theme, &title, accent, (columns, height));
    let text = Rect {
        height: inside.height.saturating_sub(below),
        ..inside
    };
    let window = page.draw(frame.buffer_mut(), text, shown.top);
    form::draw(frame, canvas, inside, &shown.form, None, ("Recover", true));
    window
}

fn told<'a>(
    canvas: &'a Canvas<'_>,
    shown: &RecoverDialog,
    environments: &[EnvironmentName],
    columns: u16,
) -> Page<'a> {
    let theme = &canvas.theme;
    let mut page = Page::new(theme, columns.saturating_sub(1));
    if let Some(why) = &shown.anew {
        let text = format!("The fleet moved while you were looking: {why}.");
        page.styled(&text, theme.warn);
        page.blank();
    }
    touched::tell(canvas, environments, &mut page);
    page.text("karat looks at each lock, and finishes or undoes what it finds, so that exactly one container of the name runs. Only go on if nobody is at it any more:");
    for one in &shown.found {
        page.blank();
        tell(one, theme.quiet, &mut page);
    }
    for one in &shown.left_out {
        page.blank();
        let why = one.closed.as_deref().unwrap_or_default();
        let text = format!("left alone, {why}: {}, by {}", one.summary, one.owner);
        page.item(0, "⊘", &text, theme.quiet);
    }
    page.blank();
    page
}

fn tell(one: &CutOff, style: Style, page: &mut Page<'_>) {
    page.text(&format!("{}, by {}", one.summary, one.owner));
    for (engine, container) in &one.locks {
        page.item(2, "·", &format!("{container} on {engine}"), style);
    }
}

/// Every environment that is touched, once.
fn environments(found: &[CutOff]) -> Vec<EnvironmentName> {
    let mut all: Vec<EnvironmentName> = Vec::new();
    for name in found.iter().flat_map(|one| &one.environments) {
        if !all.contains(name) {
            all.push(name.clone());
        }
    }
    all
}
