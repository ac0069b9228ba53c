//! What stands around every view: the header, the line of what runs, the hints.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::model::digest::Digest;
use crate::model::fleet::Link;
use crate::model::project::ImageName;
use crate::tui::action::{Command, Entry, Place, TABLE};
use crate::tui::available::unavailable;
use crate::tui::keymap::shown;
use crate::tui::state::{Hit, Note, Target, Tone, View};
use crate::tui::text::{clip, width, wrap};

use super::{Canvas, lists};

/// From so many rows on hints may take two.
const ROOMY: u16 = 24;

/// So much of the project file's path stands in the header at least.
const SOURCE: usize = 10;

/// A note takes so many rows at most.
const LONGEST_NOTE: usize = 4;

/// Draws it, and answers with the room that is left for the view, and with the lines that
/// lead to operations.
pub(super) fn draw(frame: &mut Frame<'_>, canvas: &Canvas<'_>) -> (Rect, Vec<Hit>) {
    let area = frame.area();
    let typed = canvas.filters().filter(|filters| filters.typing);
    let lines = [unseen(canvas, area.width), running(canvas, area.width)];
    let lines: Vec<Line<'_>> = lines.into_iter().flatten().collect();
    header(frame, Rect { height: 1, ..area }, canvas);
    let footer = footer(canvas, area);
    let rows = |lines: &[Line<'_>]| u16::try_from(lines.len()).unwrap_or(0);
    let below = rows(&footer) + rows(&lines) + u16::from(typed.is_some());
    let mut y = area.bottom() - below;
    if let Some(filters) = typed {
        let row = Rect {
            y,
            height: 1,
            ..area
        };
        lists::input(frame, row, canvas, filters);
        y += 1;
    }
    let mut hits = Vec::new();
    for line in &lines {
        frame.buffer_mut().set_line(area.x, y, line, area.width);
        hits.push(Hit {
            columns: (area.left(), area.right()),
            rows: (y, y + 1),
            target: Target::Operations,
        });
        y += 1;
    }
    for (line, y) in footer.iter().zip(y..) {
        frame.buffer_mut().set_line(area.x, y, line, area.width);
    }
    let inside = Rect {
        y: area.y + 1,
        height: area.height - 1 - below,
        ..area
    };
    (inside, hits)
}

/// What ended while nobody looked, until it is opened.
fn unseen(canvas: &Canvas<'_>, columns: u16) -> Option<Line<'static>> {
    let operation = canvas.operation(canvas.unseen.as_ref()?)?;
    let report = operation.report.as_ref()?;
    let (sign, style) = super::operation::ended(canvas, report.outcome);
    let text = format!("{sign} {}: {}", report.outcome.words(), report.summary);
    let hint = format!("  ({} opens it)", canvas.keymap.way(Command::Operations));
    Some(line(columns, &text, &hint, style))
}

/// Where one is, and how the engines are.
fn header(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>) {
    let theme = &canvas.theme;
    let mut left = vec![Span::styled(" karat ", theme.title)];
    if canvas.demo {
        left.push(Span::styled(" DEMO ", theme.demo));
        left.push(Span::raw(" "));
    }
    if canvas.read_only {
        left.push(Span::styled("read-only ", theme.protected));
    }
    let used: usize = left.iter().map(Span::width).sum();
    let place = place(canvas);
    let wide = |parts: &[Span<'_>]| parts.iter().map(Span::width).sum::<usize>();
    let room = |right: &[Span<'_>]| usize::from(area.width).saturating_sub(used + wide(right) + 2);
    let right = engines_in(canvas, area.width < 90, |right| {
        // Of home, its beginning tells which project it is.
        let most = if canvas.stack.is_empty() {
            SOURCE
        } else {
            usize::MAX
        };
        room(right) >= width(&place).min(most)
    });
    let right_width = wide(&right);
    let mut place_room = room(&right);
    if place_room < width(&place) {
        // What is cut does not run into what is waited for.
        place_room = place_room.saturating_sub(1);
    }
    left.push(Span::styled(clip(&place, place_room), theme.quiet));
    let buffer = frame.buffer_mut();
    buffer.set_line(area.x, area.y, &Line::from(left), area.width);
    let x = area
        .right()
        .saturating_sub(u16::try_from(right_width + 1).unwrap_or(0));
    buffer.set_line(x, area.y, &Line::from(right), area.width);
}

/// The way to the view on top.
fn place(canvas: &Canvas<'_>) -> String {
    match canvas.stack.last() {
        None => canvas.fleet.source.to_string(),
        Some(View::Versions(view)) => format!("versions of {}", view.image),
        Some(View::Version {
            image, identity, ..
        }) => version(canvas, image, identity),
        Some(View::Anatomy(view)) => {
            format!(
                "anatomy of {}",
                version(canvas, &view.image, &view.identity)
            )
        }
        Some(View::Comparison(view)) => {
            let before = version(canvas, &view.image, &view.before);
            let after = version(canvas, &view.image, &view.after);
            format!("{before} beside {after}")
        }
        Some(View::Content(view)) => {
            let of = version(canvas, &view.of.image, &view.of.identity);
            format!("/{} of {of}", String::from_utf8_lossy(&view.of.path))
        }
        Some(View::Deployment(view)) => format!("{} in {}", view.image, view.environment),
        Some(View::Logs(view)) => format!("logs of {} in {}", view.image, view.environment),
        Some(View::Operations { .. }) => "operations".to_owned(),
        Some(View::Operation { .. }) => "operation".to_owned(),
        Some(View::History(view)) => match (&view.filter.image, &view.filter.environment) {
            (Some(image), Some(environment)) => format!("history of {image} in {environment}"),
            (Some(image), None) => format!("history of {image}"),
            (None, Some(environment)) => format!("history of {environment}"),
            (None, None) => "history".to_owned(),
        },
        Some(View::Event { .. }) => "event".to_owned(),
        Some(View::Engines(_)) => "engines".to_owned(),
        Some(View::Engine { name, .. }) => format!("engine {name}"),
        Some(View::Help { .. }) => "help".to_owned(),
    }
}

/// A version, as it is called.
fn version(canvas: &Canvas<'_>, image: &ImageName, identity: &Digest) -> String {
    let version = canvas
        .fleet
        .row(image)
        .and_then(|row| row.version(identity));
    let shown = version.map_or_else(|| identity.short(), |it| it.shown());
    format!("{image} {shown}")
}

/// What the header leaves out of how the engines are.
#[derive(Clone, Copy, PartialEq)]
enum Less {
    /// How many are up, where others are not.
    Up,
    /// How many are waited for, where others are down.
    Connecting,
    /// How old the oldest answer is.
    Age,
}

/// How the engines are, in so many words that it fits. Before a sign stands without its word,
/// what matters less is left out: on home that is not the age, what it shows may be old.
fn engines_in(
    canvas: &Canvas<'_>,
    narrow: bool,
    fits: impl Fn(&[Span<'_>]) -> bool,
) -> Vec<Span<'static>> {
    let order = if canvas.stack.is_empty() {
        [Less::Up, Less::Age, Less::Connecting]
    } else {
        [Less::Age, Less::Up, Less::Connecting]
    };
    let mut right = engines(canvas, narrow, &[]);
    for count in 0..=order.len() {
        if fits(&right) {
            break;
        }
        right = engines(canvas, true, order.get(..count).unwrap_or(&order));
    }
    right
}

/// Engines up, waited for and down, and how old the oldest data on screen is.
fn engines(canvas: &Canvas<'_>, narrow: bool, less: &[Less]) -> Vec<Span<'static>> {
    let theme = &canvas.theme;
    let (mut up, mut waiting, mut down) = (0, 0, 0);
    let mut oldest = None;
    // Registries and channels answer too, and are no engines.
    let (mut others, mut silent) = (0, 0);
    for (name, engine) in &canvas.fleet.engines {
        match engine.link {
            Link::Up if !name.is_engine() => others += 1,
            Link::Down { .. } if !name.is_engine() => silent += 1,
            Link::Connecting if !name.is_engine() => others += 1,
            Link::Up => up += 1,
            Link::Connecting => waiting += 1,
            Link::Down { .. } => down += 1,
        }
        if engine.link != Link::Up
            && let Some(last) = &engine.last
        {
            oldest =
                Some(oldest.map_or(last.at, |it: chrono::DateTime<chrono::Utc>| it.min(last.at)));
        }
    }
    let mut parts = Vec::new();
    let mut say = |text: String, style: Style| {
        if !parts.is_empty() {
            parts.push(Span::raw("  "));
        }
        parts.push(Span::styled(text, style));
    };
    let noun = match (narrow, up) {
        (true, _) => "",
        (false, 1) => " engine",
        (false, _) => " engines",
    };
    if up > 0 && (waiting + down == 0 || !less.contains(&Less::Up)) {
        say(format!("● {up}{noun} up"), theme.good);
    }
    if waiting > 0 && (down == 0 || !less.contains(&Less::Connecting)) {
        say(format!("… {waiting} connecting"), theme.busy);
    }
    if down + silent > 0 {
        // What one wants to know next, on the view that tells it already excepted.
        let way = canvas.keymap.way(Command::Engines);
        let hint = match unavailable(canvas, Command::Engines) {
            None => format!(" ({way})"),
            Some(_) => String::new(),
        };
        let what = match (down, silent) {
            (down, 0) => format!("{down}"),
            (0, _) => "registry".to_owned(),
            (down, _) => format!("{down} + registry"),
        };
        say(format!("✗ {what} down{hint}"), theme.bad);
    }
    if up + waiting + down + silent == 0 {
        if others > 0 {
            say("no engine, registries only".to_owned(), theme.quiet);
            return parts;
        }
        say("no engine".to_owned(), theme.bad);
    }
    if let Some(oldest) = oldest.filter(|_| !less.contains(&Less::Age)) {
        let word = if narrow { "" } else { "as of " };
        say(format!("{word}{} ago", canvas.age(oldest)), theme.warn);
    }
    parts
}

/// What runs, in one line; nothing on the view of the one operation that does.
fn running(canvas: &Canvas<'_>, columns: u16) -> Option<Line<'static>> {
    let theme = &canvas.theme;
    let count = canvas.running().count();
    let one = canvas.running().next()?;
    let on_screen =
        matches!(canvas.stack.last(), Some(View::Operation { id, .. }) if id == &one.id);
    if count == 1 && on_screen && !canvas.leaving {
        return None;
    }
    let doing = one.doing();
    let way = canvas.keymap.way(Command::Operations);
    let (text, hint) = if canvas.leaving {
        let text = format!("⟳ leaving as soon as everything is as before: {doing}");
        (text, String::new())
    } else if count == 1 {
        let text = format!("⟳ {}: {doing}", one.summary);
        (text, format!("  ({way} shows it)"))
    } else {
        let text = format!("⟳ {count} operations run; {}: {doing}", one.summary);
        (text, format!("  ({way} shows them)"))
    };
    Some(line(columns, &text, &hint, theme.busy))
}

/// One line, of which the hint at its end is never cut off.
fn line(columns: u16, text: &str, hint: &str, style: Style) -> Line<'static> {
    let room = usize::from(columns).saturating_sub(2 + width(hint));
    Line::styled(format!(" {}{hint}", clip(text, room)), style)
}

/// The hints that fit, those that cannot be used now left out: in two rows where the view has
/// many and there is room. A note, or what a sequence may go on to, takes a row of them; a note
/// that is longer takes what it needs: its end is what to do next.
fn footer(canvas: &Canvas<'_>, area: Rect) -> Vec<Line<'static>> {
    let room = usize::from(area.width).saturating_sub(1);
    let place = canvas.place();
    let pending = canvas.pending();
    let rows = footer_rows(canvas, area);
    let mut lines = match &canvas.note {
        // A dialog reaches down to the last row.
        Some(note) if canvas.dialog.is_some() => {
            let mut lines = vec![Line::default(); rows - 1];
            lines.extend(told(canvas, note, room, 1));
            lines
        }
        Some(note) => told(canvas, note, room, LONGEST_NOTE),
        None if !pending.is_empty() => vec![continuations(canvas, place, room)],
        None => Vec::new(),
    };
    let left = rows.saturating_sub(lines.len());
    if left > 0 {
        lines.extend(hints(canvas, place, room, left));
    } else if canvas.note.is_some() {
        // Whatever is said, the way out is seen: beside what is short, else below.
        let put = lines
            .last_mut()
            .is_some_and(|last| way_out_beside(canvas, place, room, last));
        if !put && canvas.dialog.is_none() {
            lines.extend(hints(canvas, place, room, 1));
        }
    }
    lines
}

/// Puts the hints that always stay at the end of a line. Whether they fit there.
fn way_out_beside(canvas: &Canvas<'_>, place: Place, room: usize, line: &mut Line<'_>) -> bool {
    let parts: Vec<Span<'_>> = hinted(canvas, place)
        .filter(|entry| stays(entry) && unavailable(canvas, entry.command).is_none())
        .flat_map(|entry| hint(canvas, place, entry))
        .collect();
    let kept: usize = parts.iter().map(Span::width).sum();
    let Some(gap) = room.checked_sub(line.width() + kept).filter(|gap| *gap > 1) else {
        return false;
    };
    // A line has one style; what follows the note has its own.
    let style = std::mem::take(&mut line.style);
    for span in &mut line.spans {
        span.style = style.patch(span.style);
    }
    line.push_span(Span::raw(" ".repeat(gap)));
    line.extend(parts);
    true
}

/// Rows must not come and go with what is selected, nor with a dialog: what counts is what
/// there may be in the view, but for what comes with use.
fn footer_rows(canvas: &Canvas<'_>, area: Rect) -> usize {
    let later = |entry: &&Entry| {
        matches!(entry.command, Command::Operations | Command::NextMatch)
            && unavailable(canvas, entry.command).is_some()
    };
    let all: usize = hinted(canvas, canvas.view_place())
        .filter(|entry| !later(entry))
        .map(|entry| space(canvas, canvas.view_place(), entry))
        .sum();
    if area.height >= ROOMY && all >= usize::from(area.width) {
        2
    } else {
        1
    }
}

/// A note, in as many lines as it needs, up to some.
fn told(canvas: &Canvas<'_>, note: &Note, room: usize, most: usize) -> Vec<Line<'static>> {
    let theme = &canvas.theme;
    let (sign, style) = match note.tone {
        Tone::Good => ("✓ ", theme.good),
        Tone::Plain => ("", theme.text),
        Tone::Bad => ("! ", theme.bad),
    };
    let room = room.saturating_sub(1 + width(sign));
    let mut lines = wrap(&note.text, room);
    if most <= 1 {
        lines = vec![clip(&note.text, room)];
    } else if lines.len() > most {
        let rest = lines.split_off(most - 1).join(" ");
        lines.push(clip(&rest, room));
    }
    let first = std::iter::once(sign.to_owned());
    let others = std::iter::repeat(" ".repeat(width(sign)));
    let before = first.chain(others);
    before
        .zip(lines)
        .map(|(before, line)| Line::styled(format!(" {before}{line}"), style))
        .collect()
}

/// Everything the footer may hint at in a place.
fn hinted(canvas: &Canvas<'_>, place: Place) -> impl Iterator<Item = &'static Entry> {
    TABLE
        .iter()
        .filter(move |entry| entry.hint && entry.places.contains(&place))
        .filter(|entry| !canvas.keymap.of(entry).is_empty())
}

/// Whether a hint stays when others give way: those to the way back, to help and out.
fn stays(entry: &Entry) -> bool {
    matches!(entry.id, "back" | "help" | "leave")
}

/// A key and what it does.
fn hint(canvas: &Canvas<'_>, place: Place, entry: &Entry) -> [Span<'static>; 2] {
    let theme = &canvas.theme;
    [
        Span::styled(canvas.keymap.hint(place, entry), theme.key),
        Span::styled(format!(" {}  ", entry.name), theme.quiet),
    ]
}

/// The columns that a hint takes.
fn space(canvas: &Canvas<'_>, place: Place, entry: &Entry) -> usize {
    width(&canvas.keymap.hint(place, entry)) + width(entry.name) + 3
}

/// Hints in so many rows, all of which are drawn. The way back, help and leaving always stay,
/// at the end.
fn hints(canvas: &Canvas<'_>, place: Place, room: usize, rows: usize) -> Vec<Line<'static>> {
    let (last, others): (Vec<&Entry>, Vec<&Entry>) = hinted(canvas, place)
        .filter(|entry| unavailable(canvas, entry.command).is_none())
        .partition(|entry| stays(entry));
    let kept: usize = last.iter().map(|it| space(canvas, place, it)).sum();
    let mut lines: Vec<Vec<Span<'static>>> = vec![vec![Span::raw(" ")]];
    let mut left = if rows == 1 {
        room.saturating_sub(kept)
    } else {
        room
    };
    let show = |lines: &mut Vec<Vec<Span<'static>>>, entry: &Entry| {
        if let Some(line) = lines.last_mut() {
            line.extend(hint(canvas, place, entry));
        }
    };
    for entry in others {
        let space = space(canvas, place, entry);
        if space > left && lines.len() < rows {
            lines.push(vec![Span::raw(" ")]);
            left = room.saturating_sub(if lines.len() == rows { kept } else { 0 });
        }
        if let Some(rest) = left.checked_sub(space) {
            left = rest;
            show(&mut lines, entry);
        }
    }
    if lines.len() < rows && left < kept {
        lines.push(vec![Span::raw(" ")]);
    }
    // Few of them stand where the eye finds them: in the last row.
    while lines.len() < rows {
        lines.insert(0, Vec::new());
    }
    for entry in last {
        show(&mut lines, entry);
    }
    lines.into_iter().map(Line::from).collect()
}

/// What the keys that are pending may go on to.
fn continuations(canvas: &Canvas<'_>, place: Place, room: usize) -> Line<'static> {
    let theme = &canvas.theme;
    let pending = canvas.pending();
    let mut parts = vec![Span::styled(format!(" {} … ", shown(pending)), theme.title)];
    let never_mind = [
        Span::styled("Esc", theme.key),
        Span::styled(" never mind", theme.quiet),
    ];
    let mut left = room.saturating_sub(width(&shown(pending)) + 4 + 14);
    for (key, entry) in canvas.keymap.ways_on(place, pending) {
        let key = key.to_string();
        let name = entry.map_or("…", |entry| entry.name);
        let Some(rest) = left.checked_sub(width(&key) + width(name) + 3) else {
            continue;
        };
        left = rest;
        parts.push(Span::styled(key, theme.key));
        parts.push(Span::styled(format!(" {name}  "), theme.quiet));
    }
    parts.extend(never_mind);
    Line::from(parts)
}
