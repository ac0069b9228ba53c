//! What registries say in headers: the next page, how to log in, when to come again, which
//! part of a blob this is.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::time::Timestamp;

/// One challenge of `WWW-Authenticate`: the scheme in lower case, and its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    pub(super) scheme: String,
    pub(super) parameters: BTreeMap<String, String>,
}

impl Challenge {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }
}

/// Every challenge of a header. What makes no sense ends the reading.
pub(super) fn challenges(text: &str) -> Vec<Challenge> {
    let mut found: Vec<Challenge> = Vec::new();
    let mut rest = text.trim_start_matches([' ', ',', '\t']);
    while !rest.is_empty() {
        let (word, after) = token(rest);
        if word.is_empty() {
            break;
        }
        let after = after.trim_start();
        match (after.strip_prefix('='), found.last_mut()) {
            (Some(value), Some(challenge)) => {
                let Some((value, left)) = value_of(value.trim_start()) else {
                    break;
                };
                challenge
                    .parameters
                    .insert(word.to_ascii_lowercase(), value);
                rest = left;
            }
            _ => {
                found.push(Challenge {
                    scheme: word.to_ascii_lowercase(),
                    parameters: BTreeMap::new(),
                });
                rest = after;
            }
        }
        rest = rest.trim_start_matches([' ', ',', '\t']);
    }
    found
}

fn token(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~/".contains(c)))
        .unwrap_or(text.len());
    text.split_at(end)
}

/// A token or a quoted text, and what follows it.
fn value_of(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (word, rest) = token(text);
        return (!word.is_empty()).then(|| (word.to_owned(), rest));
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, quoted.get(at + 1..).unwrap_or_default())),
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            letter => value.push(letter),
        }
    }
    None
}

/// The target of `Link: <…>; rel="next"`.
pub(super) fn next_page(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        let (_, from) = rest.split_once('<')?;
        let (target, after) = from.split_once('>')?;
        let parameters = after.split('<').next().unwrap_or_default();
        let is_next = parameters.split([';', ',']).any(|part| {
            part.split_once('=').is_some_and(|(name, value)| {
                name.trim().eq_ignore_ascii_case("rel")
                    && value.trim().trim_matches('"').eq_ignore_ascii_case("next")
            })
        });
        if is_next {
            return Some(target);
        }
        rest = after;
    }
}

/// How long to wait, of `Retry-After`: seconds, or a date.
pub(super) fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    Some((date(text)? - now).to_std().unwrap_or_default())
}

/// A date as HTTP writes it.
pub(super) fn date(text: &str) -> Option<Timestamp> {
    let read = chrono::DateTime::parse_from_rfc2822(text.trim()).ok()?;
    Some(read.to_utc())
}

/// First byte, last byte and whole length, of `Content-Range: bytes 0-99/1234`.
pub(super) fn content_range(text: &str) -> Option<(u64, u64, Option<u64>)> {
    let (range, whole) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    let whole = match whole.trim() {
        "*" => None,
        number => Some(number.parse().ok()?),
    };
    (first <= last && whole.is_none_or(|whole| last < whole)).then_some((first, last, whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read() {
        let bearer = r#"Bearer realm="https://auth.example.com/token",service="reg",scope="repository:a/b:pull,push""#;
        let read = challenges(bearer);
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].scheme, "bearer");
        assert_eq!(
            read[0].parameter("realm"),
            Some("https://auth.example.com/token")
        );
        assert_eq!(read[0].parameter("scope"), Some("repository:a/b:pull,push"));
        for (text, schemes) in [
            ("", vec![]),
            ("Basic realm=\"a \\\"b\\\", c\"", vec!["basic"]),
            ("Negotiate, Basic realm=x", vec!["negotiate", "basic"]),
            (
                "BASIC realm=\"x\" , Bearer realm = \"y\", service=z",
                vec!["basic", "bearer"],
            ),
            ("Bearer realm=\"never closed", vec!["bearer"]),
            ("=,=", vec![]),
            ("Bearer realm=\u{e9}", vec!["bearer"]),
        ] {
            let read = challenges(text);
            let got: Vec<&str> = read.iter().map(|it| it.scheme.as_str()).collect();
            assert_eq!(got, schemes, "{text}");
        }
        let escaped = challenges("Basic realm=\"a \\\"b\\\", c\"");
        assert_eq!(escaped[0].parameter("realm"), Some("a \"b\", c"));
    }

    #[test]
    fn the_next_page_is_found() {
        for (text, next) in [
            (
                "</v2/a/tags/list?last=x&n=2>; rel=\"next\"",
                Some("/v2/a/tags/list?last=x&n=2"),
            ),
            ("</a>; rel=prev, </b>; title=\"x\"; REL=next", Some("/b")),
            ("</a>; rel=\"prev\"", None),
            ("</a", None),
            ("", None),
        ] {
            assert_eq!(next_page(text), next, "{text}");
        }
    }

    #[test]
    fn waiting_times_are_read() {
        let now = date("Sun, 06 Nov 1994 08:49:30 GMT").expect("a date");
        for (text, seconds) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(7)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("-3", None),
            ("soon", None),
        ] {
            let want = seconds.map(Duration::from_secs);
            assert_eq!(retry_after(text, now), want, "{text}");
        }
    }

    #[test]
    fn ranges_are_read() {
        for (text, range) in [
            ("bytes 0-99/1234", Some((0, 99, Some(1234)))),
            ("bytes 5-5/*", Some((5, 5, None))),
            ("bytes 5-4/10", None),
            ("bytes 5-10/10", None),
            ("bytes */10", None),
            ("items 0-1/2", None),
            ("bytes 0-99999999999999999999/1", None),
        ] {
            assert_eq!(content_range(text), range, "{text}");
        }
    }
}
