//! A table of which only the visible rows are ever built.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::tui::listing::matching::{Finder, Words};
use crate::tui::state::{Hit, Target, Window};
use crate::tui::text::{clip, fit, printable, width};
use crate::tui::theme::Theme;

use super::page::more;

/// One column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// Its heading.
    pub(crate) title: &'static str,
    /// Its width in columns of the screen; the least, for one that grows.
    pub(crate) width: u16,
    /// Takes what is left over, in so many parts.
    pub(crate) grows: u16,
    /// Columns with the highest number give way first; 0 never does.
    pub(crate) gives_way: u8,
    /// Whether a filter looks at it.
    pub(crate) searched: bool,
}

impl Column {
    /// One that a filter looks at.
    pub(crate) const fn new(title: &'static str, width: u16, grows: u16, gives_way: u8) -> Self {
        Self {
            title,
            width,
            grows,
            gives_way,
            searched: true,
        }
    }

    /// One that no filter looks at.
    pub(crate) const fn unsearched(mut self) -> Self {
        self.searched = false;
        self
    }
}

/// What a cell says, and how.
pub(crate) type Said = (String, Style);

/// Draws the heading and the rows around the selected one. `row` is asked only for those
/// that are seen, and answers with one text for each column, in order.
pub(crate) fn draw(
    buffer: &mut Buffer,
    area: Rect,
    theme: &Theme,
    columns: &[Column],
    rows: &Rows<'_>,
) -> (Window, Vec<Hit>) {
    let widths = widths(columns, area.width);
    let body = Rect {
        y: area.y.saturating_add(1),
        height: area.height.saturating_sub(1),
        ..area
    };
    let mut hits = heading(buffer, area, theme, (columns, &widths), rows.sorted);
    let window = Window::around(rows.selected, rows.top, body.height.into(), rows.total);
    let mut finder = rows
        .words
        .as_ref()
        .filter(|it| !it.inverted)
        .map(Finder::new);
    for (at, place) in (window.top..rows.total).zip(body.rows()) {
        let selected = (at == rows.selected).then_some(theme.selected);
        if let Some(style) = selected {
            buffer.set_style(place, style);
        }
        let said = (rows.row)(at);
        put(buffer, place, &widths, &said, selected);
        if let Some(finder) = &mut finder {
            mark(buffer, place, (columns, &widths), &said, finder);
        }
        hits.push(Hit {
            columns: (place.left(), place.right()),
            rows: (place.top(), place.bottom()),
            target: Target::Row(at),
        });
    }
    more(buffer, body, window, theme.quiet);
    (window, hits)
}

/// The rows of a table.
pub(crate) struct Rows<'a> {
    /// How many there are.
    pub(crate) total: usize,
    /// Which is selected.
    pub(crate) selected: usize,
    /// The first one drawn the last time.
    pub(crate) top: usize,
    /// Which column they are sorted by, and the sign of the direction.
    pub(crate) sorted: (usize, &'static str),
    /// The words of the filter, whose letters are marked.
    pub(crate) words: Option<Words>,
    /// Builds one.
    pub(crate) row: &'a dyn Fn(usize) -> Vec<Said>,
}

/// Draws the heading: a sign beside the column that the rows are sorted by. Each can be
/// clicked.
fn heading(
    buffer: &mut Buffer,
    area: Rect,
    theme: &Theme,
    (columns, widths): (&[Column], &[u16]),
    (sorted, sign): (usize, &str),
) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (at, (x, width)) in places(area, widths) {
        let title = columns.get(at).map_or("", |column| column.title);
        let room = usize::from(width);
        let (text, style) = if at == sorted {
            let title = clip(title, room.saturating_sub(2));
            (format!("{title} {sign}"), theme.title)
        } else {
            (title.to_owned(), theme.quiet)
        };
        buffer.set_string(x, area.y, fit(&text, room), style);
        hits.push(Hit {
            columns: (x, x.saturating_add(width)),
            rows: (area.y, area.y.saturating_add(1)),
            target: Target::Heading(at),
        });
    }
    hits
}

/// Where each column that did not give way begins, and how wide it is.
fn places(place: Rect, widths: &[u16]) -> impl Iterator<Item = (usize, (u16, u16))> + '_ {
    let mut x = place.x.saturating_add(1);
    widths.iter().enumerate().filter_map(move |(at, width)| {
        let begins = x;
        if *width == 0 {
            return None;
        }
        x = x.saturating_add(*width).saturating_add(1);
        Some((at, (begins, *width)))
    })
}

fn put(buffer: &mut Buffer, place: Rect, widths: &[u16], said: &[Said], over: Option<Style>) {
    // The sign of the selection, for those who see no colours.
    if over.is_some() {
        buffer.set_string(place.x, place.y, "›", over.unwrap_or_default());
    }
    if place.y >= buffer.area.bottom() {
        return;
    }
    for (at, (x, width)) in places(place, widths) {
        let Some((text, style)) = said.get(at) else {
            continue;
        };
        let style = over.map_or(*style, |over| style.patch(over));
        buffer.set_string(x, place.y, fit(text, usize::from(width)), style);
    }
}

/// Marks the letters of a row that the filter found.
fn mark(
    buffer: &mut Buffer,
    place: Rect,
    (columns, widths): (&[Column], &[u16]),
    said: &[Said],
    finder: &mut Finder<'_>,
) {
    for (at, (x, width)) in places(place, widths) {
        let searched = columns.get(at).is_some_and(|column| column.searched);
        if let (true, Some((text, _))) = (searched, said.get(at)) {
            mark_text(
                buffer,
                (x, place.y),
                &clip(text, usize::from(width)),
                finder,
            );
        }
    }
}

/// Marks the letters that a filter found in a text which was drawn at a place.
pub(crate) fn mark_text(
    buffer: &mut Buffer,
    (mut x, y): (u16, u16),
    text: &str,
    finder: &mut Finder<'_>,
) {
    let letters = finder.letters(text);
    if letters.is_empty() {
        return;
    }
    let found = Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
    for (at, c) in (0_u32..).zip(text.chars()) {
        let wide = u16::try_from(width(c.encode_utf8(&mut [0; 4]))).unwrap_or(0);
        if letters.binary_search(&at).is_ok() {
            let area = Rect {
                x,
                y,
                width: wide,
                height: 1,
            };
            buffer.set_style(area.intersection(buffer.area), found);
        }
        x = x.saturating_add(wide);
    }
}

/// The width of each column, 0 for those that gave way.
pub(crate) fn widths(columns: &[Column], room: u16) -> Vec<u16> {
    let mut shown: Vec<bool> = vec![true; columns.len()];
    let needed = |shown: &[bool]| -> u16 {
        columns
            .iter()
            .zip(shown)
            .filter(|(_, shown)| **shown)
            .map(|(column, _)| column.width + 1)
            .sum::<u16>()
            + 1
    };
    while needed(&shown) > room {
        let first_to_go = columns
            .iter()
            .enumerate()
            .filter(|(at, column)| column.gives_way > 0 && shown.get(*at).copied().unwrap_or(false))
            .max_by_key(|(_, column)| column.gives_way)
            .map(|(at, _)| at);
        match first_to_go.and_then(|at| shown.get_mut(at)) {
            Some(slot) => *slot = false,
            None => break,
        }
    }
    let over = room.saturating_sub(needed(&shown));
    let parts: u16 = columns
        .iter()
        .zip(&shown)
        .filter(|(_, shown)| **shown)
        .map(|(column, _)| column.grows)
        .sum();
    columns
        .iter()
        .zip(&shown)
        .map(|(column, shown)| match (shown, parts) {
            (false, _) => 0,
            (true, 0) => column.width,
            (true, parts) => column.width + over * column.grows / parts,
        })
        .collect()
}

/// So many rows are looked at for how wide the columns must be.
const MEASURED: usize = 200;

/// How many columns of the screen the longest text of each column takes.
pub(crate) fn longest(columns: &[Column], rows: &Rows<'_>) -> Vec<usize> {
    let mut longest = vec![0; columns.len()];
    for at in 0..rows.total.min(MEASURED) {
        for (most, (text, _)) in longest.iter_mut().zip((rows.row)(at)) {
            *most = width(&printable(&text)).max(*most);
        }
    }
    longest
}

/// The columns, so that nothing is cut while there is room for it: those that have more to
/// say than they have room for are widened, one after the other, before what is left over goes
/// to those that grow.
pub(crate) fn roomier(
    columns: &[Column],
    (longest, sorted): (&[usize], usize),
    room: u16,
) -> Vec<Column> {
    let fixed: Vec<Column> = columns
        .iter()
        .map(|column| Column {
            grows: 0,
            ..*column
        })
        .collect();
    let shown: Vec<bool> = widths(&fixed, room).iter().map(|it| *it > 0).collect();
    let mut wide = columns.to_vec();
    let used = |wide: &[Column]| -> u16 {
        let shown = wide.iter().zip(&shown).filter(|(_, shown)| **shown);
        shown.map(|(column, _)| column.width + 1).sum::<u16>() + 1
    };
    let mut left = room.saturating_sub(used(&wide));
    let mut widened = true;
    while left > 0 && widened {
        widened = false;
        for (at, column) in wide.iter_mut().enumerate() {
            let sign = 2 * usize::from(at == sorted);
            let heading = width(column.title) + sign;
            let wanted = longest.get(at).copied().unwrap_or(0).max(heading);
            let shown = shown.get(at).copied().unwrap_or(false);
            if shown && left > 0 && usize::from(column.width) < wanted {
                column.width += 1;
                left -= 1;
                widened = true;
            }
        }
    }
    wide
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_column_is_cut_while_another_has_room_to_spare() {
        let columns = [column(4, 0, 0), column(6, 1, 0), column(5, 0, 1)];
        let fitted = |longest: &[usize], room| {
            let wide = roomier(&columns, (longest, usize::MAX), room);
            widths(&wide, room)
        };
        // Enough for all: what is left over goes to the one that grows.
        assert_eq!(fitted(&[9, 2, 8], 40), [9, 19, 8]);
        // Not enough: in turns.
        assert_eq!(fitted(&[9, 20, 5], 25), [7, 9, 5]);
        // Who gave way stays away, and the others have its room.
        assert_eq!(fitted(&[9, 6, 5], 18), [9, 6, 0]);
        // A heading with the sign of the order counts, too.
        let titled = [Column::new("TITLE", 3, 0, 0), column(3, 0, 0)];
        let wide = roomier(&titled, (&[1, 1], 0), 30);
        assert_eq!(widths(&wide, 30), [7, 3]);
    }

    const fn column(width: u16, grows: u16, gives_way: u8) -> Column {
        Column::new("", width, grows, gives_way)
    }

    #[test]
    fn columns_give_way_in_their_order_and_the_rest_grows() {
        let columns = [column(10, 1, 0), column(10, 0, 2), column(10, 0, 1)];
        assert_eq!(widths(&columns, 44), [20, 10, 10]);
        assert_eq!(widths(&columns, 30), [17, 0, 10]);
        assert_eq!(widths(&columns, 12), [10, 0, 0]);
        assert_eq!(widths(&columns, 5), [10, 0, 0]);
    }
}
