//! The content of a file as lines to read.

use super::effect::Content;
use super::text::printable;

/// The lines, and what is to be known about them.
pub(crate) fn lines(content: &Content) -> (Vec<String>, Option<String>) {
    if content.binary {
        let note = "this is no text: it can be written to a file, and looked at with other tools";
        return (Vec::new(), Some(note.to_owned()));
    }
    let lines: Vec<String> = content.text.lines().map(line).collect();
    let note = match (content.cut, lines.is_empty()) {
        (true, _) => Some(format!("its first {} lines: it is longer", lines.len())),
        (false, true) => Some("it is empty".to_owned()),
        (false, false) => None,
    };
    (lines, note)
}

fn line(text: &str) -> String {
    printable(&text.replace('\t', "    ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, cut: bool, binary: bool) -> (Vec<String>, Option<String>) {
        let text = text.to_owned();
        lines(&Content { text, cut, binary })
    }

    #[test]
    fn a_text_is_shown_as_it_is_and_harmless() {
        let (lines, note) = shown("one\n\ttwo\u{1b}[2J\r\n\u{202e}three", false, false);
        assert_eq!(lines, ["one", "    two␛[2J", "\u{fffd}three"]);
        assert_eq!(note, None);
    }

    #[test]
    fn what_is_cut_empty_or_no_text_is_said() {
        for (text, cut, binary, word) in [
            ("a\nb", true, false, "its first 2 lines"),
            ("", false, false, "empty"),
            ("\0\0", false, true, "no text"),
        ] {
            let (_, note) = shown(text, cut, binary);
            assert!(note.expect("a note").contains(word), "{text:?}");
        }
    }
}
