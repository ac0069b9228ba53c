//! Sentences and names that every way of writing uses.

use crate::anatomy::components::PathText;
use crate::anatomy::merged::{LayerNo, Merged, NodeId, View};
use crate::anatomy::waste::{Change, How, Payment};
use crate::explain::Whole;
use crate::model::bytes::Bytes;

/// `1 file`, `3012 files`.
#[must_use]
pub fn files(count: u64) -> String {
    match count {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    }
}

/// `5.9 %`; nothing of nothing is nothing.
#[must_use]
pub fn percent(part: Bytes, whole: Bytes) -> String {
    format!("{:.1} %", crate::anatomy::rules::percent_of(part, whole))
}

/// Who costs whom what: `step 7 removes 212 MB that step 3 wrote (312 files)`.
#[must_use]
pub fn payment(whole: &Whole, payment: &Payment) -> String {
    let Payment {
        by,
        of,
        how,
        bytes,
        count,
        ..
    } = payment;
    let (by_step, of_step) = (whole.step(*by), whole.step(*of));
    let files = files(*count);
    match how {
        How::Doubled => format!("{by_step} has {bytes} twice in its own archive ({files})"),
        _ if by == of => format!("{by_step} writes {bytes} that it does away with ({files})"),
        How::Removed => format!("{by_step} removes {bytes} that {of_step} wrote ({files})"),
        How::Replaced => format!("{by_step} replaces {bytes} that {of_step} wrote ({files})"),
        How::Rewritten(change) => match changed(*change) {
            Some(what) => format!(
                "{by_step} changes only {what} of {bytes} that {of_step} wrote, and so copies them ({files})"
            ),
            None => {
                format!("{by_step} writes {bytes} again just as {of_step} wrote them ({files})")
            }
        },
    }
}

/// `the mode and owner`; nothing, where nothing was changed.
fn changed(change: Change) -> Option<String> {
    let words: Vec<&str> = [
        (change.mode, "the mode"),
        (change.owner, "the owner"),
        (change.attributes, "the attributes"),
    ]
    .into_iter()
    .filter_map(|(changed, word)| changed.then_some(word))
    .collect();
    match words.as_slice() {
        [] => None,
        [one] => Some((*one).to_owned()),
        [first @ .., last] => Some(format!("{} and {last}", first.join(", "))),
    }
}

/// A way of doing away with bytes, in one word for scripts.
#[must_use]
pub const fn how(how: How) -> &'static str {
    match how {
        How::Removed => "removed",
        How::Replaced => "replaced",
        How::Rewritten(_) => "rewritten",
        How::Doubled => "doubled",
    }
}

/// A layer's number for people and scripts, from one.
#[must_use]
pub const fn number(layer: LayerNo) -> u16 {
    layer.0.saturating_add(1)
}

/// A directory of the image and what lies below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// Its path.
    pub path: PathText,
    /// How deep it lies: one, directly below the root.
    pub depth: usize,
    /// Σ what lies below it.
    pub bytes: Bytes,
}

/// The directories that matter: at least one in `share` of all that is visible, and not
/// deeper than `deepest`; each behind the one it lies in, the largest of its siblings first.
#[must_use]
pub fn directories(merged: &Merged, view: &View, share: u64, deepest: usize) -> Vec<Directory> {
    let least = (view.visible_bytes().0 / share).max(1);
    let mut found = Vec::new();
    // A stack, so that what lies in a directory follows it.
    let mut ahead = vec![(NodeId::ROOT, 0_usize)];
    while let Some((node, depth)) = ahead.pop() {
        if depth > 0 {
            found.push(Directory {
                path: PathText(merged.path(node)),
                depth,
                bytes: view.bytes(merged, node),
            });
        }
        if depth == deepest {
            continue;
        }
        let mut inside: Vec<(Bytes, NodeId)> = view
            .children(merged, node)
            .filter(|child| view.is_directory(merged, child.node))
            .map(|child| (view.bytes(merged, child.node), child.node))
            .filter(|(bytes, _)| bytes.0 >= least)
            .collect();
        // The largest is taken first.
        inside.sort_by(|a, b| {
            a.0.cmp(&b.0)
                .then_with(|| merged.name(b.1).cmp(merged.name(a.1)))
        });
        ahead.extend(inside.into_iter().map(|(_, node)| (node, depth + 1)));
    }
    found
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base 64, with padding (RFC 4648).
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4_usize {
            let six = (bits >> (18 - 6 * place)) & 0x3f;
            let letter = ALPHABET.get(six as usize).copied().unwrap_or(b'=');
            let padding = place > chunk.len();
            text.push(if padding { '=' } else { char::from(letter) });
        }
    }
    text
}

/// The path as text, and its bytes in base 64 where the text does not say them all.
#[must_use]
pub fn path_and_bytes(path: &[u8]) -> (String, Option<String>) {
    let text = PathText(path.to_vec()).to_string();
    let whole = text
        .strip_prefix('/')
        .is_some_and(|it| it.as_bytes() == path);
    // Text that only looks like an escape is told in full, too.
    let told = whole && !text.contains("\\x");
    let bytes = (!told).then(|| base64(path));
    (text, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (text, want) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(text.as_bytes()), want);
        }
        assert_eq!(base64(&[0xff, 0xfe, 0xfd]), "//79");
    }

    #[test]
    fn every_path_can_be_had_back() {
        for (path, text, bytes) in [
            (&b"usr/bin"[..], "/usr/bin", None),
            (b"", "/", None),
            (b"a\xff", "/a\\xff", Some("Yf8=")),
            (b"a\\xff", "/a\\xff", Some("YVx4ZmY=")),
            (b"a\x1b", "/a␛", Some("YRs=")),
        ] {
            let told = path_and_bytes(path);
            assert_eq!((told.0.as_str(), told.1.as_deref()), (text, bytes));
        }
    }

    #[test]
    fn what_was_changed_is_said_in_words() {
        let change = |mode, owner, attributes| {
            changed(Change {
                mode,
                owner,
                attributes,
            })
        };
        assert_eq!(change(false, false, false), None);
        assert_eq!(change(true, false, false).as_deref(), Some("the mode"));
        let all = change(true, true, true);
        assert_eq!(
            all.as_deref(),
            Some("the mode, the owner and the attributes")
        );
    }
}
