//! Fields and buttons below a dialog that changes something.

use ratatui::Frame;
use ratatui::layout::Rect;
use tui_input::Input;

use crate::tui::state::{Focus, Form, Target};
use crate::tui::text::clip;
use crate::tui::widgets::{dialog, field};

use super::Canvas;

/// The rows it takes: its fields, the line of what is wrong, the buttons.
pub(super) fn height(form: &Form) -> u16 {
    let switch = u16::from(form.switch.is_some());
    u16::try_from(fields(form).len()).unwrap_or(0) + switch + 2
}

/// Draws it at the lower edge of a dialog. `wrong` is what is said while nothing else is, and
/// `confirm` the button that does it, and whether it can be pressed.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    canvas: &Canvas<'_>,
    inside: Rect,
    form: &Form,
    wrong: Option<&str>,
    (confirm, can): (&str, bool),
) {
    let theme = &canvas.theme;
    let mut y = inside.bottom().saturating_sub(height(form));
    for (at, (label, input, focus)) in fields(form).into_iter().enumerate() {
        let row = Rect {
            y,
            height: 1,
            ..inside
        };
        canvas.clickable(row, Target::Field(at));
        field::draw(frame, theme, row, (&label, input, form.focus == focus));
        y += 1;
    }
    if let Some((words, on)) = &form.switch {
        let row = Rect {
            y,
            height: 1,
            ..inside
        };
        canvas.clickable(row, Target::Field(fields(form).len()));
        let style = match form.focus {
            Focus::Switch => theme.selected,
            _ => theme.text,
        };
        let mark = if *on { "[x] yes" } else { "[ ] no" };
        let text = clip(&format!("{words}: {mark}"), usize::from(inside.width));
        frame.buffer_mut().set_string(inside.x, y, text, style);
        y += 1;
    }
    if let Some(wrong) = form.complaint.as_deref().or(wrong) {
        let text = clip(&format!("! {wrong}"), usize::from(inside.width));
        frame.buffer_mut().set_string(inside.x, y, text, theme.bad);
    }
    let row = dialog::last_row(inside);
    if !form.confirms {
        canvas.buttons(frame.buffer_mut(), row, &[("Close", true, true)]);
        return;
    }
    let can = can && form.is_named() && form.unexplained().is_none();
    let buttons = [
        ("Cancel", form.focus == Focus::Cancel, true),
        (confirm, form.focus == Focus::Confirm, can),
    ];
    canvas.buttons(frame.buffer_mut(), row, &buttons);
}

/// The fields there are: label, content, and which focus is theirs.
fn fields(form: &Form) -> Vec<(String, &Input, Focus)> {
    let mut fields = Vec::new();
    if form.is_wanted() {
        let label = format!("Type {} to go on:", form.wanted());
        fields.push((label, &form.name, Focus::Name));
    }
    if let Some(reason) = &form.reason {
        let label = if form.must_say_why {
            "Why:"
        } else {
            "Why (optional):"
        };
        fields.push((label.to_owned(), reason, Focus::Reason));
    }
    fields
}
