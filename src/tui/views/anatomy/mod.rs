//! The anatomy of a version: why it is as large as it is.
//!
//! ```text
//!  1 files  2 map  3 components  4 packages  5 findings      1.9 GB in 12 layers
//!  ▸ Layers             │   /usr/lib               │   Explanation
//!    Σ the whole image  │ ~ x86_64-linux-gnu/  ███ │
//!    1 ████ 74.8 MB FROM│ + python3/           █▌  │
//!  › 2 ██▍  48.1 MB RUN │ + gcc/               █   │
//! ```
//!
//! Where there is less room the explanation is below, and where there is hardly any the panes
//! are seen one at a time.
//!
//! | file | subject |
//! |---|---|
//! | `layers` | the layers, as far as they are known |
//! | `files`, `map` | the directory one is in: as a list, as rectangles |
//! | `tables` | components, packages and findings |
//! | `comparison` | two versions beside each other |
//! | `image_words`, `layer_words`, `path_words` | the explanation of each |

pub(super) mod comparison;
mod files;
mod image_words;
mod layer_words;
mod layers;
mod map;
mod path_words;
mod tables;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::anatomy::findings::Redactor;
use crate::anatomy::image::ImageFacts;
use crate::anatomy::merged::LayerNo;
use crate::anatomy::report::Report;
use crate::anatomy::waste::{How, Payment};
use crate::tui::action::{Command, Place, TABLE};
use crate::tui::state::anatomy::Reading;
use crate::tui::state::{
    AnatomyView, ContentView, Hit, Layout, Sheet, Side, Standing, State, Target, View, Window,
};
use crate::tui::text::{clip, printable, width};
use crate::tui::widgets::page::{self, Page};

use super::Canvas;

/// From here on there is room for three panes beside each other.
const THREE: (u16, u16) = (150, 24);
/// From here on there is room for two, and the explanation below.
const TWO: (u16, u16) = (88, 20);

/// Where the panes are; those that are not seen have no area.
#[derive(Clone, Copy, Debug, Default)]
struct Panes {
    layers: Option<Rect>,
    main: Option<Rect>,
    words: Option<Rect>,
}

/// Draws it.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    view: &AnatomyView,
    layout: &mut Layout,
) {
    let head = Rect { height: 1, ..area };
    tabs(frame.buffer_mut(), head, canvas, view, layout);
    let body = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    let body = progress(frame.buffer_mut(), body, canvas, view);
    let panes = panes(frame.buffer_mut(), body, canvas, view);
    if let Some(area) = panes.layers {
        layers::draw(frame, area, canvas, view, layout);
    }
    if let Some(area) = panes.main {
        main(frame, area, canvas, view, layout);
    }
    if let Some(area) = panes.words {
        words(frame, area, canvas, view, layout);
    }
}

/// The tabs with their keys, and the sum of it all.
fn tabs(
    buffer: &mut Buffer,
    row: Rect,
    canvas: &Canvas<'_>,
    view: &AnatomyView,
    layout: &mut Layout,
) {
    let theme = &canvas.theme;
    let narrow = row.width < TWO.0;
    let mut x = row.x;
    for sheet in Sheet::ALL {
        let command = match sheet {
            Sheet::Files => Command::Files,
            Sheet::Map => Command::Map,
            Sheet::Components => Command::Components,
            Sheet::Packages => Command::Packages,
            Sheet::Findings => Command::Findings,
        };
        let key = TABLE
            .iter()
            .find(|entry| entry.command == command)
            .and_then(|entry| canvas.keymap.first(entry))
            .unwrap_or_default();
        let here = view.sheet == sheet;
        let (open, close) = if here { ("[", "]") } else { (" ", " ") };
        let name = format!("{} {}", key, sheet.name());
        let text = format!("{open}{}{close}", name.trim());
        let style = if here { theme.title } else { theme.quiet };
        let (end, _) = buffer.set_stringn(
            x,
            row.y,
            &text,
            usize::from(row.right().saturating_sub(x)),
            style,
        );
        layout.hits.push(Hit {
            columns: (x, end),
            rows: (row.y, row.y + 1),
            target: Target::Tab(sheet),
        });
        x = if narrow { end } else { end + 1 };
    }
    let sum = sum(canvas, view);
    let room = usize::from(row.right().saturating_sub(x + 2));
    if width(&sum) <= room {
        let at = row.right() - 1 - u16::try_from(width(&sum)).unwrap_or(0);
        buffer.set_string(at, row.y, sum, theme.text);
    }
}

/// `1.9 GB in 12 layers`.
fn sum(canvas: &Canvas<'_>, view: &AnatomyView) -> String {
    match (&view.open, reading(canvas, view)) {
        (Some(open), _) => {
            let anatomy = &open.report.anatomy;
            let layers = anatomy.facts.layers.len();
            let what = if layers == 1 { "layer" } else { "layers" };
            format!("{} in {layers} {what}", open.report.waste.layer_bytes)
        }
        (None, Some(reading)) => match reading.layers.len() {
            0 => String::new(),
            1 => "1 layer".to_owned(),
            layers => format!("{layers} layers"),
        },
        (None, None) => String::new(),
    }
}

/// What is being read, where it is.
fn reading<'a>(canvas: &'a Canvas<'_>, view: &AnatomyView) -> Option<&'a Reading> {
    match canvas.state.readings.of(&view.identity) {
        Standing::UnderWay(reading) => Some(reading),
        Standing::Unread | Standing::Done => None,
    }
}

/// What the image says of itself, as far as that is known.
fn facts<'a>(canvas: &'a Canvas<'_>, view: &'a AnatomyView) -> Option<&'a ImageFacts> {
    match &view.open {
        Some(open) => Some(&open.report.anatomy.facts),
        None => reading(canvas, view)?.facts.as_deref(),
    }
}

/// How far the reading is, or why it ended; answers with the room below.
fn progress(buffer: &mut Buffer, area: Rect, canvas: &Canvas<'_>, view: &AnatomyView) -> Rect {
    let Some(reading) = reading(canvas, view) else {
        return area;
    };
    let theme = &canvas.theme;
    let room = area.width.saturating_sub(2);
    let mut page = Page::new(theme, room);
    match &reading.failed {
        Some(why) => {
            page.item(0, "✗", why, theme.bad);
            let way = canvas.keymap.way(Command::Back);
            let again = canvas.keymap.way(Command::Anatomy);
            page.styled(
                &format!("{way} goes back; {again} there tries it again."),
                theme.quiet,
            );
        }
        None => page.styled(&progress_words(canvas, reading), theme.busy),
    }
    let height = u16::try_from(page.len())
        .unwrap_or(u16::MAX)
        .min(area.height / 2);
    let place = Rect {
        x: area.x + 1,
        width: room,
        height,
        ..area
    };
    page.draw(buffer, place, 0);
    Rect {
        y: area.y + height,
        height: area.height - height,
        ..area
    }
}

fn progress_words(canvas: &Canvas<'_>, reading: &Reading) -> String {
    let layers = match (reading.layers_read(), reading.layers.len()) {
        (_, 0) => String::new(),
        (read, all) => format!(", {read} of {all} layers"),
    };
    if reading.transfer.done.0 == 0 {
        let since = canvas.elapsed(reading.since);
        return format!("… reading the image{layers}, for {since}");
    }
    format!("… reading {}{layers}", reading.transfer.words())
}

/// Shares the room out among the panes, and draws what is between them.
fn panes(buffer: &mut Buffer, area: Rect, canvas: &Canvas<'_>, view: &AnatomyView) -> Panes {
    let all = view.sheet.panes();
    let whole = canvas.size;
    if whole.0 < TWO.0 || whole.1 < TWO.1 {
        let mut panes = Panes::default();
        match view.side {
            Side::Layers => panes.layers = Some(area),
            Side::Main => panes.main = Some(area),
            Side::Words => panes.words = Some(area),
        }
        return panes;
    }
    let style = canvas.theme.border;
    let beside = whole.0 >= THREE.0 && whole.1 >= THREE.1;
    let (upper, words) = if beside {
        let columns = (area.width / 3).clamp(44, 72);
        let (left, right) = split(buffer, area, area.width - columns - 1, style);
        (left, right)
    } else {
        // What is read closely has more room.
        let rows = if view.side == Side::Words {
            area.height * 3 / 5
        } else {
            (area.height * 2 / 5).clamp(7, 16)
        };
        let y = area.bottom() - rows;
        buffer.set_string(area.x, y, "─".repeat(usize::from(area.width)), style);
        let upper = Rect {
            height: area.height - rows,
            ..area
        };
        let words = Rect {
            y: y + 1,
            height: rows - 1,
            ..area
        };
        (upper, words)
    };
    if all.contains(&Side::Layers) {
        let share = if view.sheet == Sheet::Map { 3 } else { 2 };
        let columns = (upper.width / share).clamp(36, 64);
        let (left, right) = split(buffer, upper, columns, style);
        return Panes {
            layers: Some(left),
            main: Some(right),
            words: Some(words),
        };
    }
    Panes {
        layers: None,
        main: Some(upper),
        words: Some(words),
    }
}

/// Two areas beside each other, a line between them.
fn split(
    buffer: &mut Buffer,
    area: Rect,
    columns: u16,
    style: ratatui::style::Style,
) -> (Rect, Rect) {
    let columns = columns.min(area.width.saturating_sub(2));
    let left = Rect {
        width: columns,
        ..area
    };
    let x = area.x + columns;
    for y in area.top()..area.bottom() {
        buffer.set_string(x, y, "│", style);
    }
    let right = Rect {
        x: x + 1,
        width: area.width - columns - 1,
        ..area
    };
    (left, right)
}

/// The heading of a pane, a sign before it while the pane has the focus; what stands at its
/// right end gives way. Answers with the room below.
fn heading(
    buffer: &mut Buffer,
    area: Rect,
    canvas: &Canvas<'_>,
    (side, focused): (Side, bool),
    (title, right): (&str, &str),
    layout: &mut Layout,
) -> Rect {
    let theme = &canvas.theme;
    let (sign, style) = if focused {
        ("▸ ", theme.title)
    } else {
        ("  ", theme.quiet)
    };
    let room = usize::from(area.width).saturating_sub(1);
    let right_room = room.saturating_sub(width(title) + 4);
    let right = if width(right) <= right_room {
        right
    } else {
        ""
    };
    let title = format!(
        "{sign}{}",
        end_of(title, room.saturating_sub(width(right) + 4))
    );
    buffer.set_stringn(area.x, area.y, &title, room, style);
    let x = area
        .right()
        .saturating_sub(u16::try_from(width(right) + 1).unwrap_or(0));
    buffer.set_string(x, area.y, right, theme.quiet);
    layout.hits.push(Hit {
        columns: (area.left(), area.right()),
        rows: (area.y, area.y + 1),
        target: Target::Side(side),
    });
    Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    }
}

/// The pane in the middle.
fn main(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    view: &AnatomyView,
    layout: &mut Layout,
) {
    match view.sheet {
        Sheet::Files => files::draw(frame, area, canvas, view, layout),
        Sheet::Map => map::draw(frame, area, canvas, view, layout),
        _ => tables::draw(frame, area, canvas, view, layout),
    }
}

/// The explanation of what is selected.
fn words(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    view: &AnatomyView,
    layout: &mut Layout,
) {
    let focus = (Side::Words, view.side == Side::Words);
    let head = ("Explanation", "");
    let inside = heading(frame.buffer_mut(), area, canvas, focus, head, layout);
    let inside = Rect {
        x: inside.x + 2,
        width: inside.width.saturating_sub(3),
        ..inside
    };
    let mut page = Page::new(&canvas.theme, inside.width.saturating_sub(1));
    explain(canvas, view, &mut page);
    layout.words = page.draw(frame.buffer_mut(), inside, view.words_top);
}

/// What is explained just now.
fn explain(canvas: &Canvas<'_>, view: &AnatomyView, page: &mut Page<'_>) {
    match (view.about, &view.open) {
        (Side::Layers, _) | (_, None) => match view.layer() {
            Some(layer) => layer_words::tell(canvas, view, layer, page),
            None => image_words::tell(canvas, view, page),
        },
        (_, Some(open)) => match view.sheet {
            Sheet::Files | Sheet::Map => path_words::tell(canvas, open, page),
            sheet => tables::tell(canvas, open, sheet, page),
        },
    }
}

/// What `y` copies: what it is, and its text.
pub(in crate::tui) fn to_copy(state: &State) -> Option<(String, String)> {
    let Some(View::Anatomy(view)) = state.stack.last() else {
        return None;
    };
    let open = view.open.as_ref()?;
    if view.about == Side::Layers {
        let layer = open.report.anatomy.facts.layers.get(view.layer()?)?;
        let step = layer.step.as_ref()?;
        let text = open.report.redactor.redact(&step.instruction);
        // More lines than one are an instruction's own; anything else could act.
        let acts = |c: char| c.is_control() && c != '\n' && c != '\t';
        return (!text.chars().any(acts)).then(|| ("the instruction".to_owned(), text));
    }
    match view.sheet {
        Sheet::Files | Sheet::Map => {
            let row = open.files.row()?;
            let path = open.report.anatomy.merged.path(row.node);
            let path = format!("/{}", String::from_utf8_lossy(&path));
            // Pasted, a control character could do anything.
            let harmless = !path.chars().any(char::is_control);
            harmless.then(|| ("the path".to_owned(), path))
        }
        sheet => tables::to_copy(open, sheet),
    }
}

/// A file of the image.
pub(super) fn content(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    view: &ContentView,
) -> Window {
    let theme = &canvas.theme;
    let inside = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        ..area
    };
    let mut page = Page::new(theme, inside.width.saturating_sub(1));
    match &view.lines {
        None => page.styled("… reading the file", theme.busy),
        Some(Err(why)) => page.item(0, "✗", why, theme.bad),
        Some(Ok(lines)) => {
            let note = view.note.as_deref().unwrap_or_default();
            let head = Rect {
                height: u16::from(!note.is_empty()),
                ..inside
            };
            let buffer = frame.buffer_mut();
            buffer.set_stringn(
                head.x,
                head.y,
                clip(note, inside.width.into()),
                usize::from(head.width) * usize::from(head.height),
                theme.warn,
            );
            let body = Rect {
                y: inside.y + head.height,
                height: inside.height - head.height,
                ..inside
            };
            let window = Window::at(view.top, body.height.into(), lines.len());
            let room = usize::from(body.width).saturating_sub(1);
            for (line, row) in lines.iter().skip(window.top).zip(body.rows()) {
                buffer.set_string(row.x, row.y, clip(line, room), theme.text);
            }
            page::more(buffer, body, window, theme.quiet);
            return window;
        }
    }
    page.draw(frame.buffer_mut(), inside, view.top)
}

/// Where a page stands in a pane.
fn inset(area: Rect) -> Rect {
    Rect {
        x: area.x + 2,
        width: area.width.saturating_sub(3),
        ..area
    }
}

/// A name or path from the image, as it can be shown: bytes that are no text as signs for
/// that.
fn shown(bytes: &[u8]) -> String {
    printable(&String::from_utf8_lossy(bytes)).into_owned()
}

/// A path in so many columns: its end says more than its beginning.
fn end_of(path: &str, columns: usize) -> String {
    let path = printable(path);
    if width(&path) <= columns {
        return path.into_owned();
    }
    let mut cut = path.chars();
    while width(cut.as_str()) + 1 > columns && cut.next().is_some() {}
    if columns == 0 {
        return String::new();
    }
    format!("…{}", cut.as_str())
}

/// An instruction without the credentials in it.
fn harmless(canvas: &Canvas<'_>, view: &AnatomyView, instruction: &str) -> String {
    match (&view.open, facts(canvas, view)) {
        (Some(open), _) => open.report.redactor.redact(instruction),
        (None, Some(facts)) => Redactor::new(facts).redact(instruction),
        (None, None) => instruction.to_owned(),
    }
}

/// An instruction in one line.
fn in_one_line(instruction: &str) -> String {
    let words: Vec<&str> = instruction
        .split_whitespace()
        .filter(|word| *word != "\\")
        .collect();
    words.join(" ")
}

/// `layer 5 (step 9)`: layers are counted here, while findings and the command line name the
/// step of the history; so both are told.
fn layer_and_step(report: &Report, layer: LayerNo) -> String {
    let name = format!("layer {}", layer.0.saturating_add(1));
    match report.anatomy.facts.step_of(layer) {
        Some(step) => format!("{name} (step {})", step.number),
        None => name,
    }
}

/// What one layer costs another, in a sentence.
fn pays(report: &Report, payment: &Payment) -> String {
    let by = layer_and_step(report, payment.by);
    let of = layer_and_step(report, payment.of);
    let files = count(payment.count, "file", "files");
    let what = format!("{} in {files}", payment.bytes);
    match payment.how {
        How::Doubled => format!("{by} has {what} twice: the first copy is for nothing"),
        How::Removed => format!("{by} removes {what} that {of} wrote"),
        How::Replaced => format!("{by} replaces {what} that {of} wrote"),
        How::Rewritten(change) => {
            let mut only: Vec<&str> = Vec::new();
            if change.mode {
                only.push("permissions");
            }
            if change.owner {
                only.push("owners");
            }
            if change.attributes {
                only.push("attributes");
            }
            let only = if only.is_empty() {
                "as they were".to_owned()
            } else {
                format!("for other {}", only.join(" and "))
            };
            format!("{by} writes {what} of {of} once more, {only}")
        }
    }
}

/// A number of things, with a separator between thousands.
fn count(number: u64, one: &str, several: &str) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    let what = if number == 1 { one } else { several };
    format!("{text} {what}")
}

/// Where keys are told: those of the anatomy.
const HERE: Place = Place::Anatomy;
