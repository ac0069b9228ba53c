//! What a screen looks like, as a text that can be compared and read: its rows, and below
//! them which columns of which row are drawn in which slot of the theme.

mod anatomy;
mod dialogs;
mod looks;
pub(super) mod operations;
mod themes;

use std::fmt::Write as _;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Modifier, Style};

use super::screens::press;
use crate::tui::action::{Command, Place};
use crate::tui::state::State;
use crate::tui::text::width;
use crate::tui::theme::Theme;
use crate::tui::update::refresh;
use crate::tui::views;

/// The sizes every screen is looked at: the smallest, a usual one, a large one.
pub(super) const SIZES: [(u16, u16); 3] = [(60, 16), (100, 30), (200, 60)];

/// Compares a screen at every size with what it looked like before.
pub(super) fn shows(name: &str, state: &mut State) {
    for size in SIZES {
        shows_at(name, state, size);
    }
}

/// The same, scrolled to its end.
pub(super) fn shows_end(name: &str, state: &mut State) {
    for size in SIZES {
        draw(state, size);
        press(state, Command::Last);
        shows_at(name, state, size);
        press(state, Command::First);
    }
}

/// What the names of pictures begin with, and where one is in them; the longest one counts.
const PLACES: &[(&str, Place)] = &[
    ("anatomy", Place::Anatomy),
    ("ask_", Place::Ask),
    ("ask_recover", Place::Plan),
    ("choose_", Place::Choose),
    ("comparison", Place::Comparison),
    ("content", Place::Content),
    ("deployment", Place::Deployment),
    ("engine_", Place::Engine),
    ("engines", Place::Engines),
    ("event", Place::Event),
    ("filter_kept", Place::Home),
    ("filter_nothing", Place::Home),
    ("filter_typed", Place::Filter),
    ("help", Place::Help),
    ("history", Place::History),
    ("home", Place::Home),
    ("line_", Place::Home),
    ("logs", Place::Logs),
    ("logs_searching", Place::Search),
    ("notice_", Place::Notice),
    ("opening", Place::Notice),
    ("operation_", Place::Operation),
    ("operation_ask_", Place::Ask),
    ("operations", Place::Operations),
    ("palette", Place::Palette),
    ("plan_", Place::Plan),
    ("planning", Place::Notice),
    ("quick_filters", Place::Choose),
    ("refused", Place::Notice),
    ("shell_", Place::Ask),
    ("shell_not_possible", Place::Notice),
    ("theme_", Place::Home),
    ("too_small", Place::Home),
    ("version", Place::Version),
    ("versions", Place::Versions),
];

/// Where one is in a picture, by its name: it cannot silently be one of another view.
fn place_of(name: &str) -> Place {
    let begins = PLACES.iter().filter(|(begins, _)| name.starts_with(begins));
    let longest = begins.max_by_key(|(begins, _)| begins.len());
    longest.expect("a name that says where one is").1
}

/// Compares a screen at one size with what it looked like before.
pub(super) fn shows_at(name: &str, state: &mut State, (columns, rows): (u16, u16)) {
    assert_eq!(state.place(), place_of(name), "the picture `{name}`");
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
    refresh(state);
    state.size = (columns, rows);
    terminal
        .draw(|frame| layout = views::draw(frame, state))
        .expect("a frame");
    state.adopt(layout);
    terminal.backend().buffer().clone()
}

/// The rows, between bars, so that blanks at the end are seen.
pub(super) fn rows_of(buffer: &Buffer) -> Vec<String> {
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
                    skip = width(cell.symbol()).max(1);
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

/// The slot a cell is drawn in, with what was added to it; where it is none, what was
/// mixed.
fn slot(cell: &Cell, theme: &Theme) -> String {
    let with = |style: Style| {
        let mut cell = Cell::default();
        cell.set_style(theme.text).set_style(style);
        cell.style()
    };
    let style = cell.style();
    let slots = theme.slots();
    let found = |over: Style, more: Modifier| {
        slots
            .iter()
            .find(|(_, slot)| with(slot.patch(over).add_modifier(more)) == style)
            .map(|(name, _)| *name)
    };
    let plain = Style::new();
    for (over, more, added) in [
        (plain, Modifier::empty(), ""),
        (theme.selected, Modifier::empty(), "+selected"),
        (plain, Modifier::UNDERLINED, "+underlined"),
        (plain, Modifier::BOLD, "+bold"),
        (
            plain,
            Modifier::BOLD.union(Modifier::UNDERLINED),
            "+bold+underlined",
        ),
        (plain, Modifier::DIM, "+dim"),
    ] {
        if let Some(name) = found(over, more) {
            return format!("{name}{added}");
        }
    }
    format!("{:?}/{:?}/{:?}", cell.fg, cell.bg, cell.modifier)
}

/// A picture whose test has gone says nothing any more.
#[test]
fn every_picture_belongs_to_a_test() {
    let tests = [
        include_str!("anatomy.rs"),
        include_str!("dialogs.rs"),
        include_str!("looks.rs"),
        include_str!("operations.rs"),
        include_str!("themes.rs"),
        include_str!("../registries.rs"),
    ];
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src/tui/tests/pictures/snapshots"
    );
    let mut pictures = 0;
    for entry in std::fs::read_dir(folder).expect("the pictures") {
        let file = entry.expect("a picture").file_name();
        let file = file.to_str().expect("a plain name");
        let name = file
            .trim_start_matches("karat__tui__tests__pictures__")
            .trim_end_matches(".snap");
        let (name, _) = name.rsplit_once('_').expect("a size");
        let wanted = format!("\"{name}\"");
        assert!(
            tests.iter().any(|test| test.contains(&wanted)),
            "{file} belongs to no test: delete it"
        );
        pictures += 1;
    }
    assert!(pictures > 150, "only {pictures} pictures are compared");
}
