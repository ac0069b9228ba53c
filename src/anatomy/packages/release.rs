//! Which distribution an image is of: `os-release`.

use super::sources::Content;
use super::stanzas::lines;

/// A distribution, in its own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    /// `debian`.
    pub id: String,
    /// `12`; rolling ones have none.
    pub version_id: Option<String>,
    /// `Debian GNU/Linux 12 (bookworm)`.
    pub pretty_name: Option<String>,
}

/// The first file that names a distribution.
pub(super) fn read(releases: &[Content<'_>]) -> Option<Distribution> {
    releases
        .iter()
        .filter_map(Content::unpack)
        .find_map(|content| parse(&content))
}

fn parse(content: &[u8]) -> Option<Distribution> {
    let mut found = Distribution::default();
    let mut named = false;
    for line in lines(content) {
        let Some(equals) = line.iter().position(|byte| *byte == b'=') else {
            continue;
        };
        let (name, value) = line.split_at_checked(equals).unwrap_or_default();
        let value = || plain(value.get(1..).unwrap_or_default());
        match name.trim_ascii() {
            b"ID" => (found.id, named) = (value(), true),
            b"VERSION_ID" => found.version_id = Some(value()).filter(|it| !it.is_empty()),
            b"PRETTY_NAME" => found.pretty_name = Some(value()).filter(|it| !it.is_empty()),
            _ => {}
        }
    }
    // As os-release(5) has it: without an ID it is `linux`.
    if !named {
        found.id = "linux".to_owned();
    }
    (named || found.pretty_name.is_some()).then_some(found)
}

/// A value as a shell would take it: quotes go, `\` makes the next character a plain one.
fn plain(value: &[u8]) -> String {
    let value = value.trim_ascii();
    let single = value.starts_with(b"'");
    let inner = match value {
        [first @ (b'"' | b'\''), inner @ .., last] if first == last => inner,
        _ => value,
    };
    let mut plain = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if !single => plain.extend(bytes.next()),
            _ => plain.push(*byte),
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_is_named_by_itself() {
        let debian = b"PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian\"\n\
            VERSION_ID=\"12\"\nID=debian\nHOME_URL=\"https://www.debian.org/\"\n";
        let told = |content: &[u8]| {
            parse(content).map(|it| {
                format!(
                    "{}|{}|{}",
                    it.id,
                    it.version_id.unwrap_or_default(),
                    it.pretty_name.unwrap_or_default()
                )
            })
        };
        for (content, expected) in [
            (
                &debian[..],
                Some("debian|12|Debian GNU/Linux 12 (bookworm)"),
            ),
            (
                b"ID='arch'\nPRETTY_NAME='Arch \\ Linux'",
                Some("arch||Arch \\ Linux"),
            ),
            (
                b"PRETTY_NAME=\"a \\\"b\\\" \\\\\"\r\n",
                Some("linux||a \"b\" \\"),
            ),
            (b"# ID=comment\nID", None),
            (b"", None),
            (b"\xff\xfe=\x00", None),
            (b"ID=\"", Some("\"||")),
            (b"ID=\\", Some("||")),
        ] {
            assert_eq!(told(content).as_deref(), expected, "{content:?}");
        }
    }
}
