//! Text from elsewhere, made fit for a terminal, and broken into lines.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The text with everything replaced that would move the cursor, change the direction of
/// writing, hide, or start a command of the terminal: an image's label is written by
/// whoever built it. Each such character becomes one that shows: a control character its
/// picture (`␛`), any other `�`.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    // Nearly every text is plain, and there are many of them.
    let plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if plain || text.chars().all(|c| stand_in(c).is_none()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| stand_in(c).unwrap_or(c)).collect())
}

/// What a character is shown as, if it may not stay.
fn stand_in(c: char) -> Option<char> {
    match c {
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)),
        '\u{7f}' => Some('␡'),
        // C1 controls: some terminals obey them.
        '\u{80}'..='\u{9f}'
        // Soft hyphen; no width at all.
        | '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{feff}'
        // Direction.
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
        // Line and paragraph ends.
        | '\u{2028}' | '\u{2029}'
        // Fillers that look like nothing.
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
        // Annotations and tags.
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
        // Variation selectors change the width of what stands before them, and terminals
        // disagree by how much.
        | '\u{fe00}'..='\u{fe0f}' => Some('\u{fffd}'),
        _ => None,
    }
}

/// The text broken into lines of at most `columns`, at blanks where it can be, anywhere
/// where it cannot (digests, paths). Its own newlines are kept. At least one line.
#[must_use]
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        wrap_paragraph(
            &printable(paragraph.trim_end_matches('\r')),
            columns,
            &mut lines,
        );
    }
    lines
}

fn wrap_paragraph(text: &str, columns: usize, lines: &mut Vec<String>) {
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let wide = word.width();
        let gap = usize::from(!line.is_empty());
        if used + gap + wide <= columns {
            if gap == 1 {
                line.push(' ');
            }
            line.push_str(word);
            used += gap + wide;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        for c in word.chars() {
            let wide = c.width().unwrap_or(0);
            if used + wide > columns {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used += wide;
        }
    }
    lines.push(line);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_text_stays_as_it_is() {
        for text in ["", "shop-base:1.4.2", "Käse 日本 ● ↓"] {
            assert!(matches!(printable(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn nothing_hostile_reaches_the_terminal() {
        for (text, want) in [
            ("\u{1b}[31mred", "␛[31mred"),
            ("a\nb\r\tc", "a␊b␍␉c"),
            ("\u{9b}2J", "�2J"),
            ("a\u{202e}b", "a�b"),
            ("a\u{200b}b\u{feff}", "a�b�"),
            ("\u{7f}\0", "␡␀"),
        ] {
            assert_eq!(printable(text), want, "{text:?}");
        }
    }

    #[test]
    fn wrapping_breaks_at_blanks_and_anywhere_else_only_if_it_must() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("sha256:0123456789", 6), ["sha256", ":01234", "56789"]);
        assert_eq!(wrap("a\nb", 10), ["a", "b"]);
        assert_eq!(wrap("", 10), [""]);
        assert!(
            wrap("版本 版本 版本", 5)
                .iter()
                .all(|line| line.width() <= 5)
        );
    }

    proptest! {
        #[test]
        fn what_is_made_printable_stays_so(text in any::<String>()) {
            let once = printable(&text).into_owned();
            prop_assert!(!once.chars().any(char::is_control));
            let twice = printable(&once);
            prop_assert_eq!(twice.as_ref(), once.as_str());
            prop_assert_eq!(once.chars().count(), text.chars().count());
        }
    }
}
