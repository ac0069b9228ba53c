//! Text from outside, made fit for a cell of the screen: nothing that comes from an engine,
//! a label or a log reaches the terminal raw, or is wider than its place.

pub(crate) use crate::model::text::{printable, wrap};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A line of log as it would have looked in a terminal: colours and other escape sequences
/// taken out, what a carriage return overwrote dropped, tabs as blanks.
#[must_use]
pub(crate) fn log_line(text: &str) -> String {
    let text = text.trim_end_matches(['\r', '\n']);
    let text = text.rsplit('\r').next().unwrap_or(text);
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\u{1b}', Some('[')) => {
                chars.next();
                // Parameters, then one final letter.
                for c in chars.by_ref() {
                    if ('@'..='~').contains(&c) {
                        break;
                    }
                }
            }
            ('\t', _) => plain.push_str("    "),
            _ => plain.push(c),
        }
    }
    printable(&plain).into_owned()
}

/// Columns the text takes on screen.
#[must_use]
pub(crate) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text, printable, in at most `columns`; what is cut ends in `…`.
#[must_use]
pub(crate) fn clip(text: &str, columns: usize) -> String {
    let text = printable(text);
    if width(&text) <= columns {
        return text.into_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > columns {
            break;
        }
        used += wide;
        kept.push(c);
    }
    if columns > 0 {
        kept.push('…');
    }
    kept
}

/// The text, clipped and filled up with blanks to exactly `columns`.
#[must_use]
pub(crate) fn fit(text: &str, columns: usize) -> String {
    let mut kept = clip(text, columns);
    let missing = columns.saturating_sub(width(&kept));
    kept.extend(std::iter::repeat_n(' ', missing));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_raw_gets_through() {
        for (raw, shown) in [
            ("plain ✓ 版", "plain ✓ 版"),
            ("\u{1b}[31mred\u{1b}[0m", "␛[31mred␛[0m"),
            ("two\nlines\ttab\r", "two␊lines␉tab␍"),
            ("\u{9b}31m", "\u{fffd}31m"),
            ("a\u{202e}cod.exe", "a\u{fffd}cod.exe"),
            ("zero\u{200b}width", "zero\u{fffd}width"),
            ("del\u{7f}", "del␡"),
        ] {
            assert_eq!(printable(raw), shown);
        }
    }

    #[test]
    fn logs_lose_their_colours_and_keep_their_words() {
        for (raw, shown) in [
            ("\u{1b}[1;32mok\u{1b}[0m", "ok"),
            ("10%\r50%\r100%\r\n", "100%"),
            ("a\tb", "a    b"),
            ("\u{1b}]0;title\u{7}x", "␛]0;title␇x"),
            ("cut \u{1b}[3", "cut "),
        ] {
            assert_eq!(log_line(raw), shown);
        }
    }

    #[test]
    fn clipping_counts_columns_not_letters() {
        assert_eq!(clip("shop-web", 8), "shop-web");
        assert_eq!(clip("shop-web", 5), "shop…");
        assert_eq!(clip("版本版本", 5), "版本…");
        assert_eq!(width(&clip("版本版本", 4)), 3);
        assert_eq!(clip("x", 0), "");
        assert_eq!(fit("版", 4), "版  ");
        assert_eq!(clip("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
    }
}
