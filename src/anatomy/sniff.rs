//! What some bytes look like, in words: for telling what was found in place of an archive.

/// How many bytes of the beginning are worth looking at.
pub const ENOUGH: usize = 512;

/// Beginnings that say what follows.
const MAGIC: [(&[u8], &str); 18] = [
    (b"\x1f\x8b", "gzip data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"\xfd7zXZ\0", "xz data, which karat does not unpack"),
    (b"BZh", "bzip2 data, which karat does not unpack"),
    (b"\x04\x22\x4d\x18", "lz4 data, which karat does not unpack"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"!<arch>\n", "an `ar` archive, such as a Debian package"),
    (b"\xed\xab\xee\xdb", "an RPM package"),
    (b"070701", "a cpio archive"),
    (b"hsqs", "a squashfs filesystem"),
    (b"\x7fELF", "a program (ELF)"),
    (b"#!", "a script"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
];

/// What bytes look like that begin like this.
#[must_use]
pub fn describe(head: &[u8]) -> &'static str {
    let head = head.get(..ENOUGH).unwrap_or(head);
    if head.is_empty() {
        return "nothing, an empty file";
    }
    if let Some((_, words)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return words;
    }
    if head.iter().all(|byte| *byte == 0) {
        return "zero bytes only";
    }
    if !is_text(head) {
        return "bytes of no form that is known here";
    }
    let begins = head.trim_ascii_start();
    let begins = begins.strip_prefix(b"\xef\xbb\xbf").unwrap_or(begins);
    match begins.first() {
        Some(b'{' | b'[') => "JSON",
        Some(b'<') if looks_like_html(begins) => "an HTML page",
        Some(b'<') => "XML",
        _ => "text",
    }
}

/// Whether nothing in it is unusual in a text. A character cut off at the end is no matter.
fn is_text(head: &[u8]) -> bool {
    let controls = head
        .iter()
        .any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace() && *byte != 0x1b);
    let utf8 = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    !controls && utf8
}

fn looks_like_html(text: &[u8]) -> bool {
    let lower = text.to_ascii_lowercase();
    [&b"<!doctype html"[..], b"<html", b"<head", b"<body"]
        .iter()
        .any(|tag| lower.windows(tag.len()).any(|part| part == *tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_are_told_in_words() {
        for (head, words) in [
            (&b""[..], "nothing, an empty file"),
            (b"{\"schemaVersion\": 2}", "JSON"),
            (b"\n [1]", "JSON"),
            (b"<!DOCTYPE html>\n<html>", "an HTML page"),
            (b"<?xml version=\"1.0\"?><a/>", "XML"),
            (b"Hello.\nFROM debian\n", "text"),
            (
                "cut off: ä".as_bytes().split_last().expect("bytes").1,
                "text",
            ),
            (b"\x7fELF\x02", "a program (ELF)"),
            (b"PK\x03\x04\x14", "a ZIP archive"),
            (&[0; 600], "zero bytes only"),
            (b"\x01\x02\x03\x04", "bytes of no form that is known here"),
        ] {
            assert_eq!(describe(head), words, "{head:?}");
        }
    }
}
