//! Plain-text tables: columns as wide as what stands in them, colour where it is wanted.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::model::text::printable;

/// Whether colour is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// Plain text: a pipe, `NO_COLOR`, `--color never`.
    #[default]
    Never,
    /// With the terminal's own colours.
    Always,
}

/// What a piece of text means, which decides its colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paint {
    /// Nothing special.
    #[default]
    Plain,
    /// A heading.
    Head,
    /// Of less interest.
    Faint,
    /// As it should be.
    Good,
    /// Worth a look.
    Warn,
    /// Wrong.
    Bad,
}

impl Colour {
    /// The text in the colour of its meaning.
    #[must_use]
    pub fn paint(self, paint: Paint, text: &str) -> String {
        let code = match paint {
            Paint::Plain => "",
            Paint::Head => "1",
            Paint::Faint => "2",
            Paint::Good => "32",
            Paint::Warn => "33",
            Paint::Bad => "31",
        };
        if self == Self::Never || code.is_empty() || text.is_empty() {
            text.to_owned()
        } else {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        }
    }
}

/// The widest a column gets, in terminal cells; longer text ends in `…`.
const WIDEST: usize = 60;

/// Between two columns.
const GAP: &str = "  ";

/// One line of one cell, fit for a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    text: String,
    paint: Paint,
}

impl Text {
    /// Text from anywhere: hostile characters are replaced.
    #[must_use]
    pub fn new(paint: Paint, text: &str) -> Self {
        Self {
            text: cut(&printable(text), WIDEST).into_owned(),
            paint,
        }
    }

    /// The same at its whole length: for the last column, where nothing is pushed aside.
    #[must_use]
    pub fn whole(paint: Paint, text: &str) -> Self {
        Self {
            text: printable(text).into_owned(),
            paint,
        }
    }

    /// Text without colour.
    #[must_use]
    pub fn plain(text: &str) -> Self {
        Self::new(Paint::Plain, text)
    }
}

/// Words in lines of about `width` terminal cells, none left out.
#[must_use]
pub fn wrapped(paint: Paint, words: &[&str], width: usize) -> CellLines {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.width() + word.width() + 2 <= width => {
                line.push_str(", ");
                line.push_str(word);
            }
            Some(line) => {
                line.push(',');
                lines.push((*word).to_owned());
            }
            None => lines.push((*word).to_owned()),
        }
    }
    lines.iter().map(|line| Text::whole(paint, line)).collect()
}

/// The lines of one cell.
pub type CellLines = Vec<Text>;

/// A table: a head, and rows whose cells may have several lines each.
#[derive(Clone, Debug, Default)]
pub struct Table {
    head: Vec<Text>,
    rows: Vec<Vec<CellLines>>,
    /// An empty line after each row that has more than one line.
    spaced: bool,
}

impl Table {
    /// A table under these headings.
    #[must_use]
    pub fn new(head: Vec<Text>) -> Self {
        Self {
            head,
            ..Self::default()
        }
    }

    /// Puts an empty line between rows.
    #[must_use]
    pub fn spaced(mut self) -> Self {
        self.spaced = true;
        self
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<CellLines>) {
        self.rows.push(cells);
    }

    /// The table as text; no line ends in blanks.
    #[must_use]
    pub fn render(&self, colour: Colour) -> String {
        let mut widths: Vec<usize> = self.head.iter().map(|text| text.text.width()).collect();
        for row in &self.rows {
            widths.resize(widths.len().max(row.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                let widest = cell.iter().map(|line| line.text.width()).max();
                *width = (*width).max(widest.unwrap_or(0));
            }
        }
        let mut out = String::new();
        push_line(
            &mut out,
            &self.head.iter().map(Some).collect::<Vec<_>>(),
            &widths,
            colour,
        );
        for (place, row) in self.rows.iter().enumerate() {
            if self.spaced && place > 0 {
                out.push('\n');
            }
            let height = row.iter().map(Vec::len).max().unwrap_or(0);
            for line in 0..height {
                let texts: Vec<Option<&Text>> = row.iter().map(|cell| cell.get(line)).collect();
                push_line(&mut out, &texts, &widths, colour);
            }
        }
        out
    }
}

/// Writes one line. Blanks are written only when text follows them.
fn push_line(out: &mut String, texts: &[Option<&Text>], widths: &[usize], colour: Colour) {
    let mut blanks = 0;
    for (text, width) in texts.iter().zip(widths) {
        if let Some(text) = text.filter(|text| !text.text.is_empty()) {
            out.extend(std::iter::repeat_n(' ', blanks));
            out.push_str(&colour.paint(text.paint, &text.text));
            blanks = width.saturating_sub(text.text.width());
        } else {
            blanks += width;
        }
        blanks += GAP.len();
    }
    out.push('\n');
}

/// At most `width` terminal cells of the text, with `…` where something was left out.
#[must_use]
pub fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let mut left = width.saturating_sub(1);
    let fits = |c: &char| {
        let wide = c.width().unwrap_or(0);
        let fits = wide <= left;
        left = left.saturating_sub(wide);
        fits
    };
    let mut short: String = text.chars().take_while(fits).collect();
    if width > 0 {
        short.push('…');
    }
    Cow::Owned(short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_are_as_wide_as_what_they_hold() {
        let mut table = Table::new(vec![Text::new(Paint::Head, "A"), Text::plain("LONG")]);
        table.row(vec![
            vec![Text::plain("日本"), Text::plain("x")],
            vec![Text::new(Paint::Bad, "y\u{1b}")],
            vec![],
        ]);
        table.row(vec![vec![], vec![Text::plain("z")]]);
        assert_eq!(
            table.render(Colour::Never),
            "A     LONG\n日本  y␛\nx\n      z\n"
        );
        assert_eq!(
            table.spaced().render(Colour::Always),
            "\u{1b}[1mA\u{1b}[0m     LONG\n日本  \u{1b}[31my␛\u{1b}[0m\nx\n\n      z\n"
        );
    }

    #[test]
    fn text_is_cut_by_cells_not_by_bytes() {
        for (text, width, want) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("ab", 1, "…"),
            ("ab", 0, ""),
        ] {
            assert_eq!(cut(text, width), want);
        }
    }

    #[test]
    fn words_are_wrapped_and_none_is_lost() {
        let lines = wrapped(Paint::Plain, &["1.4", "1", "stable", "a-long-one"], 10);
        let lines: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(lines, ["1.4, 1,", "stable,", "a-long-one"]);
        assert_eq!(wrapped(Paint::Plain, &[], 10), []);
    }

    proptest! {
        #[test]
        fn a_cut_text_fits(text in any::<String>(), width in 0..20_usize) {
            prop_assert!(cut(&printable(&text), width).width() <= width);
        }
    }
}
