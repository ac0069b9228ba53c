//! Text from elsewhere, made fit for a terminal.

use std::borrow::Cow;

/// The text with everything replaced that would move the cursor, change the direction of
/// writing, hide, or start a command of the terminal: an image's label is written by
/// whoever built it. Each such character becomes `�`, so that it shows.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_hostile) {
        let clean = |c| if is_hostile(c) { '\u{fffd}' } else { c };
        Cow::Owned(text.chars().map(clean).collect())
    } else {
        Cow::Borrowed(text)
    }
}

fn is_hostile(c: char) -> bool {
    // Control characters of both sets: escape, newline, tab, the one-byte CSI.
    c.is_control()
        || matches!(c,
            '\u{ad}' // soft hyphen
            | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' // direction
            | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{feff}' | '\u{180e}' // no width
            | '\u{2028}' | '\u{2029}' // line and paragraph ends
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // fillers that look like nothing
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' // annotations and tags
        )
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
            ("\u{1b}[31mred", "�[31mred"),
            ("a\nb\r\tc", "a�b��c"),
            ("\u{9b}2J", "�2J"),
            ("a\u{202e}b", "a�b"),
            ("a\u{200b}b\u{feff}", "a�b�"),
            ("\u{7f}\0", "��"),
        ] {
            assert_eq!(printable(text), want, "{text:?}");
        }
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
