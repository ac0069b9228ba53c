//! Paragraphs of `Field: value`, as Debian's control files and Python's metadata have them.

/// The paragraphs of a file, one after the other.
pub(super) struct Stanzas<'a> {
    rest: &'a [u8],
}

impl<'a> Stanzas<'a> {
    pub(super) const fn of(content: &'a [u8]) -> Self {
        Self { rest: content }
    }
}

impl<'a> Iterator for Stanzas<'a> {
    type Item = Stanza<'a>;

    fn next(&mut self) -> Option<Stanza<'a>> {
        // Empty lines before a paragraph belong to none.
        loop {
            let (line, rest) = line(self.rest)?;
            if !line.is_empty() {
                break;
            }
            self.rest = rest;
        }
        let begin = self.rest;
        let mut length = 0;
        while let Some((line, rest)) = line(self.rest) {
            self.rest = rest;
            if line.is_empty() {
                break;
            }
            length = begin.len() - rest.len();
        }
        Some(Stanza(begin.get(..length).unwrap_or_default()))
    }
}

/// One paragraph.
#[derive(Clone, Copy)]
pub(super) struct Stanza<'a>(&'a [u8]);

impl<'a> Stanza<'a> {
    /// Its fields, in order. A value goes on in lines that begin with a space; it is given
    /// as written, line ends included, without space around it.
    pub(super) fn fields(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            loop {
                let begin = rest;
                let (first, mut after) = line(rest)?;
                while after.starts_with(b" ") || after.starts_with(b"\t") {
                    let Some((_, next)) = line(after) else { break };
                    after = next;
                }
                rest = after;
                // What is no field is passed over: one bad line costs no package.
                let Some(colon) = first.iter().position(|byte| *byte == b':') else {
                    continue;
                };
                let whole = begin.get(..begin.len() - after.len()).unwrap_or_default();
                let (name, value) = whole.split_at_checked(colon).unwrap_or_default();
                let value = value.get(1..).unwrap_or_default().trim_ascii();
                return Some((name, value));
            }
        })
    }
}

/// The next line without its end, and what comes after it.
pub(super) fn line(content: &[u8]) -> Option<(&[u8], &[u8])> {
    if content.is_empty() {
        return None;
    }
    let end = content.iter().position(|byte| *byte == b'\n');
    let (line, rest) = match end {
        Some(end) => (content.get(..end)?, content.get(end + 1..)?),
        None => (content, &[][..]),
    };
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest))
}

/// Every line of a file that is not empty.
pub(super) fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = content;
    std::iter::from_fn(move || {
        let (found, after) = line(rest)?;
        rest = after;
        Some(found)
    })
    .filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(content: &[u8]) -> Vec<Vec<(String, String)>> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Stanzas::of(content)
            .map(|stanza| {
                let fields = stanza.fields();
                fields.map(|(it, value)| (text(it), text(value))).collect()
            })
            .collect()
    }

    #[test]
    fn paragraphs_and_fields_are_told_apart() {
        let found = all(b"\n\nA: 1\nLong: one\n two\n .\n three\nB:2\r\n\r\nA:  3  \n\n\n");
        let first = [("A", "1"), ("Long", "one\n two\n .\n three"), ("B", "2")];
        let second = [("A", "3")];
        let owned = |it: &[(&str, &str)]| {
            it.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<Vec<_>>()
        };
        assert_eq!(found, [owned(&first), owned(&second)]);
    }

    #[test]
    fn what_is_no_field_is_passed_over() {
        for hostile in [
            &b""[..],
            b"\n",
            b"\r\n\r\n",
            b" lost continuation",
            b"no colon\nno colon either",
            b"\0\xff\xfe",
        ] {
            assert!(all(hostile).iter().all(Vec::is_empty), "{hostile:?}");
        }
        assert_eq!(all(b"junk\n: empty name\nA:").len(), 1);
        assert_eq!(all(b"junk\nA:")[0], [("A".to_owned(), String::new())]);
    }
}
