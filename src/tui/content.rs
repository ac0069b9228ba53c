//! The content of a file as lines to read: a text as it is, anything else as its bytes.

use crate::model::bytes::Bytes;

use super::effect::Content;
use super::text::printable;

/// Bytes of a file that is no text are shown up to here.
const BYTES_SHOWN: usize = 16 * 1024;

/// How many bytes stand in a row.
const IN_A_ROW: usize = 16;

/// The lines, and what is to be known about them.
pub(crate) fn lines(content: &Content) -> (Vec<String>, Option<String>) {
    let whole = Bytes(content.bytes.len() as u64) >= content.size;
    let cut = (!whole).then(|| {
        format!(
            "the first {} of {}",
            Bytes(content.bytes.len() as u64),
            content.size
        )
    });
    if is_text(&content.bytes) {
        let text = String::from_utf8_lossy(&content.bytes);
        let lines = text.lines().map(line).collect();
        return (lines, cut);
    }
    let shown = content.bytes.get(..BYTES_SHOWN).unwrap_or(&content.bytes);
    let rows = shown.chunks(IN_A_ROW).enumerate();
    let lines = rows.map(|(at, row)| hex(at * IN_A_ROW, row)).collect();
    let note = format!(
        "no text: its first {} of {}, byte by byte",
        Bytes(shown.len() as u64),
        content.size
    );
    (lines, Some(note))
}

/// Whether a reader would call it a text: no zero byte, and hardly any that is no UTF-8.
fn is_text(bytes: &[u8]) -> bool {
    let start = bytes.get(..8_192).unwrap_or(bytes);
    if start.contains(&0) {
        return false;
    }
    let strange = String::from_utf8_lossy(start)
        .chars()
        .filter(|c| *c == '\u{fffd}' || (c.is_control() && !c.is_whitespace()))
        .count();
    strange * 20 <= start.len()
}

fn line(text: &str) -> String {
    printable(&text.replace('\t', "    ")).into_owned()
}

fn hex(at: usize, row: &[u8]) -> String {
    let mut text = format!("{at:08x} ");
    for place in 0..IN_A_ROW {
        if place % 8 == 0 {
            text.push(' ');
        }
        match row.get(place) {
            Some(byte) => text.push_str(&format!("{byte:02x} ")),
            None => text.push_str("   "),
        }
    }
    text.push(' ');
    let seen = |byte: &u8| match byte {
        b' '..=b'~' => char::from(*byte),
        _ => '·',
    };
    text.extend(row.iter().map(seen));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8], size: u64) -> (Vec<String>, Option<String>) {
        lines(&Content {
            bytes: bytes.to_vec(),
            size: Bytes(size),
        })
    }

    #[test]
    fn a_text_is_shown_as_it_is_and_harmless() {
        let (lines, note) = shown(b"one\n\ttwo\x1b[2J\r\n\xffthree", 18);
        assert_eq!(lines, ["one", "    two␛[2J", "\u{fffd}three"]);
        assert_eq!(note, None);
        let (_, note) = shown(b"one\n", 2_000_000);
        assert_eq!(note.as_deref(), Some("the first 4 B of 2 MB"));
    }

    #[test]
    fn what_is_no_text_is_shown_byte_by_byte() {
        let (lines, note) = shown(b"\x7fELF\x02\x01\0\0abcdefghIJ", 18);
        assert_eq!(
            lines,
            [
                "00000000  7f 45 4c 46 02 01 00 00  61 62 63 64 65 66 67 68  ·ELF····abcdefgh",
                "00000010  49 4a                                             IJ",
            ]
        );
        assert!(note.expect("a note").starts_with("no text"));
    }
}
