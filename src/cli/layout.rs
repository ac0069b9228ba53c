//! How a report is laid out: the width of the terminal, bars to scale, text under a margin.

use std::io::IsTerminal;
use std::os::fd::AsFd;

use unicode_width::UnicodeWidthStr as _;

use super::table::{Colour, Paint, cut};
use crate::model::text::wrap;

/// Where the output is no terminal.
const OTHERWISE: usize = 100;

/// Narrower than this nothing can be read; wider, no eye finds the next line.
const NARROWEST: usize = 40;
const WIDEST: usize = 200;

/// How wide the report may be.
pub(super) fn width() -> usize {
    columns(&std::io::stdout()).map_or(OTHERWISE, |wide| wide.clamp(NARROWEST, WIDEST))
}

/// How wide a terminal is; nothing, where it is none or does not say.
pub(super) fn columns(out: &(impl IsTerminal + AsFd)) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(out).ok()?;
    let wide = usize::from(size.ws_col);
    (out.is_terminal() && wide > 0).then_some(wide)
}

/// Eighths of a cell.
const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// A bar as long as `part` is of `whole`, in `width` cells; something is never nothing. It
/// is filled up with blanks.
pub(super) fn bar(part: u64, whole: u64, width: usize) -> String {
    let cells = width as u128 * 8;
    let part = part.min(whole);
    let length = (u128::from(part) * cells)
        .checked_div(u128::from(whole))
        .unwrap_or(0);
    let length = usize::try_from(length)
        .unwrap_or(0)
        .max(usize::from(part > 0));
    let mut text = "█".repeat(length / 8);
    if let Some(rest) = EIGHTHS.get(length % 8).filter(|_| length % 8 > 0) {
        text.push(*rest);
    }
    let missing = width.saturating_sub(text.width());
    text.extend(std::iter::repeat_n(' ', missing));
    text
}

/// Appends a text, wrapped, every line behind `margin` blanks but for the first, which
/// stands behind `lead`.
pub(super) fn hang(out: &mut String, lead: &str, text: &str, margin: usize, width: usize) {
    let columns = width.saturating_sub(margin).max(20);
    for (place, line) in wrap(text, columns).into_iter().enumerate() {
        if place == 0 {
            out.push_str(lead);
            let missing = margin.saturating_sub(lead.width());
            if !line.is_empty() {
                out.extend(std::iter::repeat_n(' ', missing));
            }
        } else {
            out.extend(std::iter::repeat_n(' ', margin));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// A heading with an empty line above it.
pub(super) fn heading(out: &mut String, colour: Colour, text: &str) {
    out.push('\n');
    out.push_str(&colour.paint(Paint::Head, text));
    out.push('\n');
}

/// A line that says what was left out, if something was.
pub(super) fn more(out: &mut String, colour: Colour, left_out: usize, what: &str) {
    if left_out > 0 {
        let line = format!("  … and {left_out} more {what}; `--all` shows them");
        out.push_str(&colour.paint(Paint::Faint, &line));
        out.push('\n');
    }
}

/// A path, at most so many cells: the middle is left out, since both the beginning and the
/// name count.
pub(super) fn shortened(path: &str, width: usize) -> String {
    if path.width() <= width {
        return path.to_owned();
    }
    let Some((_, name)) = path.rsplit_once('/') else {
        return cut(path, width).into_owned();
    };
    let tail = format!("…/{name}");
    if tail.width() + 2 > width {
        return cut(path, width).into_owned();
    }
    let head: String = {
        let mut left = width - tail.width();
        path.chars()
            .take_while(|c| {
                let wide = unicode_width::UnicodeWidthChar::width(*c).unwrap_or(0);
                let fits = wide <= left;
                left = left.saturating_sub(wide);
                fits
            })
            .collect()
    };
    format!("{head}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_to_scale() {
        for (part, whole, want) in [
            (0, 100, "    "),
            (100, 100, "████"),
            (50, 100, "██  "),
            (1, 1_000_000, "▏   "),
            (40, 100, "█▌  "),
            (7, 0, "    "),
            (u64::MAX, u64::MAX, "████"),
        ] {
            assert_eq!(bar(part, whole, 4), want, "{part} of {whole}");
        }
    }

    #[test]
    fn text_hangs_behind_its_margin() {
        let mut out = String::new();
        hang(
            &mut out,
            "3",
            "apt-get install -y --no-install-recommends gcc",
            4,
            26,
        );
        assert_eq!(
            out,
            "3   apt-get install -y\n    --no-install-recommend\n    s gcc\n"
        );
    }

    #[test]
    fn of_a_long_path_the_beginning_and_the_name_are_left() {
        for (path, width, want) in [
            ("/usr/share/locale/de/x.mo", 20, "/usr/share/lo…/x.mo"),
            ("/usr/bin", 20, "/usr/bin"),
            ("/a-name-that-is-long", 8, "/a-name…"),
        ] {
            assert_eq!(shortened(path, width), want);
        }
    }
}
