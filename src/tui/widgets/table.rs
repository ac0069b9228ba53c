//! A table of which only the visible rows are ever built.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::state::{Hit, Target, Window};
use crate::tui::text::fit;
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
    let heading = columns
        .iter()
        .map(|column| (column.title.to_owned(), theme.quiet));
    put(buffer, area, &widths, heading, None);
    let window = Window::around(rows.selected, rows.top, body.height.into(), rows.total);
    let mut hits = Vec::new();
    for (at, place) in (window.top..rows.total).zip(body.rows()) {
        let selected = (at == rows.selected).then_some(theme.selected);
        if let Some(style) = selected {
            buffer.set_style(place, style);
        }
        put(buffer, place, &widths, (rows.row)(at).into_iter(), selected);
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
    /// Builds one.
    pub(crate) row: &'a dyn Fn(usize) -> Vec<Said>,
}

fn put(
    buffer: &mut Buffer,
    place: Rect,
    widths: &[u16],
    cells: impl Iterator<Item = Said>,
    over: Option<Style>,
) {
    // The sign of the selection, for those who see no colours.
    if over.is_some() {
        buffer.set_string(place.x, place.y, "›", over.unwrap_or_default());
    }
    let mut x = place.x.saturating_add(1);
    for (width, (text, style)) in widths.iter().zip(cells) {
        if *width == 0 || place.y >= buffer.area.bottom() {
            continue;
        }
        let style = over.map_or(style, |over| style.patch(over));
        buffer.set_string(x, place.y, fit(&text, usize::from(*width)), style);
        x = x.saturating_add(*width).saturating_add(1);
    }
}

/// The width of each column, 0 for those that gave way.
fn widths(columns: &[Column], room: u16) -> Vec<u16> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const fn column(width: u16, grows: u16, gives_way: u8) -> Column {
        Column {
            title: "",
            width,
            grows,
            gives_way,
        }
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
