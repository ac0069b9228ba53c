//! What a screen looks like, as a text that can be compared and read: its rows, and below
//! them which columns of which row are drawn in which slot of the theme.

use std::fmt::Write as _;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Style;

use crate::tui::state::State;
use crate::tui::theme::Theme;
use crate::tui::views;

/// The sizes every screen is looked at: the smallest, a usual one, a large one.
pub(super) const SIZES: [(u16, u16); 3] = [(60, 16), (100, 30), (200, 60)];

/// Compares a screen at every size with what it looked like before.
pub(super) fn shows(name: &str, state: &mut State) {
    for size in SIZES {
        shows_at(name, state, size);
    }
}

/// Compares a screen at one size with what it looked like before.
pub(super) fn shows_at(name: &str, state: &mut State, (columns, rows): (u16, u16)) {
    let buffer = draw(state, (columns, rows));
    let mut text = rows_of(&buffer).join("\n");
    text.push_str("\n\n");
    text.push_str(&styles(&buffer, &state.theme));
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), text);
    });
}

/// Draws a state, as the loop does.
pub(super) fn draw(state: &mut State, (columns, rows): (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a terminal");
    let mut layout = state.layout.clone();
    state.size = (columns, rows);
    terminal
        .draw(|frame| layout = views::draw(frame, state))
        .expect("a frame");
    state.adopt(layout);
    terminal.backend().buffer().clone()
}

/// The rows, between bars, so that blanks at the end are seen.
fn rows_of(buffer: &Buffer) -> Vec<String> {
    let columns = usize::from(buffer.area.width);
    buffer
        .content
        .chunks(columns)
        .map(|row| {
            let mut text = String::from("│");
            let mut skip = 0;
            for cell in row {
                if skip == 0 {
                    text.push_str(cell.symbol());
                    skip = crate::tui::text::width(cell.symbol()).max(1);
                }
                skip -= 1;
            }
            text.push('│');
            text
        })
        .collect()
}

/// For each row: runs of columns, from 1, and the slot they are drawn in.
fn styles(buffer: &Buffer, theme: &Theme) -> String {
    let columns = usize::from(buffer.area.width);
    let mut all = String::new();
    for (at, row) in buffer.content.chunks(columns).enumerate() {
        let mut runs = String::new();
        let mut column = 0;
        for run in row.chunk_by(|one, other| one.style() == other.style()) {
            let (from, to) = (column + 1, column + run.len());
            column = to;
            let name = slot(&run[0], theme);
            if name != "text" {
                write!(runs, " {name} {from}-{to}").expect("a text");
            }
        }
        if !runs.is_empty() {
            writeln!(all, "{:>3}{runs}", at + 1).expect("a text");
        }
    }
    all
}

/// The slot a cell is drawn in; where it is none, what was mixed.
fn slot(cell: &Cell, theme: &Theme) -> String {
    let plain = Cell::default();
    let with = |style: Style| {
        let mut cell = plain.clone();
        cell.set_style(theme.text);
        cell.set_style(style);
        cell.style()
    };
    let style = cell.style();
    let slots = theme.slots();
    if let Some((name, _)) = slots.iter().find(|(_, slot)| with(*slot) == style) {
        return (*name).to_owned();
    }
    let over = slots
        .iter()
        .find(|(_, slot)| with(slot.patch(theme.selected)) == style);
    match over {
        Some((name, _)) => format!("{name}+selected"),
        None => format!("{:?}/{:?}/{:?}", cell.fg, cell.bg, cell.modifier),
    }
}
