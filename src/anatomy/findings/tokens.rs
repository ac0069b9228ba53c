//! Where in a text a credential stands. Nothing here keeps or hands out its value: only
//! where it stands, so that it can be blacked out, and what it is called.

use std::ops::Range;

use super::secret_names::{is_secret_name, is_secret_value};

/// A credential in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Where its value stands.
    pub(super) value: Range<usize>,
    /// What it is called there, if it has a name.
    pub(super) name: Option<String>,
    /// What it looks like; nothing, when only its name gives it away.
    pub(super) shape: Option<Shape>,
}

/// What kind of credential a value looks like, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Shape {
    AwsKey,
    GitHub,
    GitLab,
    Slack,
    Stripe,
    OpenAi,
    Google,
    Npm,
    PyPi,
    DockerHub,
    HuggingFace,
    SendGrid,
    JsonWebToken,
    PrivateKey,
    PasswordInAddress,
}

impl Shape {
    /// In a sentence: it looks like …
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::AwsKey => "an access key of AWS",
            Self::GitHub => "a token of GitHub",
            Self::GitLab => "a token of GitLab",
            Self::Slack => "a token of Slack",
            Self::Stripe => "a key of Stripe",
            Self::OpenAi => "a key of a language model's API",
            Self::Google => "a key of Google's APIs",
            Self::Npm => "a token of npm",
            Self::PyPi => "a token of PyPI",
            Self::DockerHub => "a token of Docker Hub",
            Self::HuggingFace => "a token of Hugging Face",
            Self::SendGrid => "a key of SendGrid",
            Self::JsonWebToken => "a JSON Web Token",
            Self::PrivateKey => "a private key",
            Self::PasswordInAddress => "an address with a password in it",
        }
    }
}

/// What a token begins with, and how many characters of its alphabet must follow.
const PREFIXES: &[(&str, usize, Shape)] = &[
    ("AKIA", 16, Shape::AwsKey),
    ("ASIA", 16, Shape::AwsKey),
    ("ghp_", 30, Shape::GitHub),
    ("gho_", 30, Shape::GitHub),
    ("ghu_", 30, Shape::GitHub),
    ("ghs_", 30, Shape::GitHub),
    ("ghr_", 30, Shape::GitHub),
    ("github_pat_", 22, Shape::GitHub),
    ("glpat-", 20, Shape::GitLab),
    ("gldt-", 20, Shape::GitLab),
    ("xoxb-", 10, Shape::Slack),
    ("xoxa-", 10, Shape::Slack),
    ("xoxp-", 10, Shape::Slack),
    ("xoxr-", 10, Shape::Slack),
    ("xoxs-", 10, Shape::Slack),
    ("xapp-", 10, Shape::Slack),
    ("sk_live_", 16, Shape::Stripe),
    ("rk_live_", 16, Shape::Stripe),
    ("sk-proj-", 32, Shape::OpenAi),
    ("sk-ant-", 32, Shape::OpenAi),
    ("AIza", 35, Shape::Google),
    ("npm_", 36, Shape::Npm),
    ("pypi-AgEI", 40, Shape::PyPi),
    ("dckr_pat_", 20, Shape::DockerHub),
    ("hf_", 30, Shape::HuggingFace),
];

/// Every credential in a text, by where it stands; none overlaps another.
pub(super) fn find(text: &str) -> Vec<Found> {
    let mut found = named(text);
    found.extend(shaped(text));
    found.extend(keys(text));
    found.extend(addresses(text));
    found.sort_by_key(|it| (it.value.start, std::cmp::Reverse(it.value.end)));
    let mut apart: Vec<Found> = Vec::new();
    for next in found {
        match apart.last_mut() {
            Some(last) if next.value.start < last.value.end => {
                last.value.end = last.value.end.max(next.value.end);
                last.shape = last.shape.or(next.shape);
                last.name = last.name.take().or(next.name);
            }
            _ => apart.push(next),
        }
    }
    apart
}

/// What a value looks like by itself.
pub(super) fn shape_of(value: &str) -> Option<Shape> {
    let all = shaped(value).chain(keys(value)).chain(addresses(value));
    all.into_iter().find_map(|found| found.shape)
}

/// Tokens by what they begin with.
fn shaped(text: &str) -> impl Iterator<Item = Found> + '_ {
    words(text).filter_map(|(start, word)| {
        let shape = token(word)?;
        Some(Found {
            value: start..start + word.len(),
            name: None,
            shape: Some(shape),
        })
    })
}

/// Runs of characters that tokens are made of, and where they stand.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut at = 0;
    text.split_inclusive(move |c: char| !part(c))
        .map(move |piece| {
            let start = at;
            at += piece.len();
            (start, piece.trim_end_matches(|c: char| !part(c)))
        })
        .filter(|(_, word)| word.len() >= 15)
}

fn token(word: &str) -> Option<Shape> {
    for (prefix, least, shape) in PREFIXES {
        let Some(rest) = word.strip_prefix(prefix) else {
            continue;
        };
        let aws = *shape == Shape::AwsKey;
        let fits = |byte: u8| {
            if aws {
                byte.is_ascii_uppercase() || byte.is_ascii_digit()
            } else {
                byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
            }
        };
        let length = rest.bytes().take_while(|byte| fits(*byte)).count();
        if length >= *least && (!aws || rest.len() == 16) {
            return Some(*shape);
        }
    }
    let mut parts = word.split('.');
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    let last = parts.next().is_none();
    if last && first == "SG" && second.len() >= 16 && third.len() >= 32 {
        return Some(Shape::SendGrid);
    }
    let jwt = last && first.starts_with("eyJ") && first.len() >= 12 && second.starts_with("eyJ");
    (jwt && !third.is_empty()).then_some(Shape::JsonWebToken)
}

/// How many private keys of one text are looked at: each is looked for to its end.
const MOST_KEYS: usize = 64;

/// Private keys as text.
fn keys(text: &str) -> impl Iterator<Item = Found> + '_ {
    let begin = "-----BEGIN ";
    let some = text.match_indices(begin).take(MOST_KEYS);
    some.filter_map(move |(start, _)| {
        let rest = text.get(start + begin.len()..)?;
        let (what, body) = rest.split_once("-----")?;
        if !what.ends_with("PRIVATE KEY") && !what.ends_with("PRIVATE KEY BLOCK") {
            return None;
        }
        let end = body.find("-----END ").map_or(text.len(), |end| {
            let tail = body.get(end + 9..).unwrap_or_default();
            let rest = tail.find("-----").map_or(tail.len(), |it| it + 5);
            text.len() - tail.len() + rest
        });
        Some(Found {
            value: start..end,
            name: None,
            shape: Some(Shape::PrivateKey),
        })
    })
}

/// `https://name:password@host`: the password.
fn addresses(text: &str) -> impl Iterator<Item = Found> + '_ {
    text.match_indices("://").filter_map(move |(start, _)| {
        let rest = text.get(start + 3..)?;
        let ends = |c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '?' | '#' | '<');
        let authority = rest.split(ends).next()?;
        let (user, _) = authority.rsplit_once('@')?;
        let (name, password) = user.split_once(':')?;
        let stands_for = password.starts_with('$') || password.starts_with('{');
        if password.is_empty() || stands_for {
            return None;
        }
        let begin = start + 3 + name.len() + 1;
        Some(Found {
            value: begin..begin + password.len(),
            name: None,
            shape: Some(Shape::PasswordInAddress),
        })
    })
}

/// Values that are given to something whose name says that it is secret: `NAME=value`,
/// `--name value`, `Authorization: Bearer value`.
fn named(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let arguments = build_arguments(text);
    let mut skip_to = 0;
    for (at, byte) in text.bytes().enumerate() {
        let behind = match byte {
            b'=' | b':' => at + 1,
            b' ' => at,
            _ => continue,
        };
        // What is a value is not looked at again for names in it.
        if at < skip_to {
            continue;
        }
        let before = text.get(..at).unwrap_or_default();
        let name_start = before
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
            .map_or(0, |place| {
                place + first_length(before.get(place..).unwrap_or_default())
            });
        let name = before.get(name_start..).unwrap_or_default();
        let plain = name.trim_start_matches('-');
        if !is_secret_name(plain) {
            continue;
        }
        let value = if byte == b'=' && arguments.contains(&at) {
            Some(behind..argument_end(text, behind, arguments.end))
        } else {
            value_behind(text, byte, behind, name)
        };
        let Some(value) = value else { continue };
        skip_to = value.end;
        if is_secret_value(text.get(value.clone()).unwrap_or_default()) {
            found.push(Found {
                value,
                name: Some(plain.to_owned()),
                shape: None,
            });
        }
    }
    found
}

/// Where build arguments stand that a builder put before the command: `|2 A=x y B=z /bin/sh`.
fn build_arguments(text: &str) -> Range<usize> {
    let Some(bar) = text.find('|').filter(|bar| *bar <= 4) else {
        return 0..0;
    };
    let rest = text.get(bar + 1..).unwrap_or_default();
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || !rest.get(digits..).unwrap_or_default().starts_with(' ') {
        return 0..0;
    }
    let begin = bar + 1 + digits;
    let end = text.get(begin..).and_then(|rest| rest.find(" /bin/"));
    begin..end.map_or(text.len(), |end| begin + end)
}

/// Where the value of a build argument ends: nothing quotes it, so it reaches to the next
/// name or to the end of them all.
fn argument_end(text: &str, behind: usize, end: usize) -> usize {
    let rest = text.get(behind..end).unwrap_or_default();
    let mut at = 0;
    for word in rest.split(' ') {
        let name = word.split_once('=').map(|(name, _)| name);
        let is_name = name.is_some_and(|name| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        });
        if at > 0 && is_name {
            return behind + at - 1;
        }
        at += word.len() + 1;
    }
    end
}

fn first_length(text: &str) -> usize {
    text.chars().next().map_or(1, char::len_utf8)
}

/// Where the value of a name stands, if what is between them binds them.
fn value_behind(text: &str, bond: u8, behind: usize, name: &str) -> Option<Range<usize>> {
    let rest = text.get(behind..)?;
    match bond {
        b'=' => Some(behind..behind + value_length(rest)),
        // `--password value`, and what classic ENV looks like: `ENV PASSWORD value`.
        b' ' => {
            let value = rest.strip_prefix(' ')?;
            let option = name.starts_with("--") && !value.starts_with('-');
            let classic = is_shouting(name) && text.trim_start().starts_with("ENV ");
            (option || classic).then(|| behind + 1..behind + 1 + value_length(value))
        }
        // A header.
        _ => {
            if !name.eq_ignore_ascii_case("authorization")
                && !name.to_lowercase().ends_with("token")
            {
                return None;
            }
            let value = rest.strip_prefix(' ')?;
            let end = value.find(['"', '\'', '\n']).unwrap_or(value.len());
            Some(behind + 1..behind + 1 + end)
        }
    }
}

fn is_shouting(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// How far a value reaches as a shell reads it: to the next blank outside of quotes.
fn value_length(rest: &str) -> usize {
    let mut quote: Option<u8> = None;
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate() {
        if escaped {
            escaped = false;
            continue;
        }
        match (byte, quote) {
            (b'\\', None | Some(b'"')) => escaped = true,
            (b'"' | b'\'', None) => quote = Some(byte),
            (end, Some(open)) if end == open => quote = None,
            (b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b')', None) => return at,
            _ => {}
        }
    }
    if quote.is_some() {
        // A quote that is never closed: what it was meant to hold ends with the word.
        return rest.find([' ', '\n']).unwrap_or(rest.len());
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_known_whatever_they_are_called() {
        let many = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";
        for (text, want) in [
            ("AKIAIOSFODNN7EXAMPLE".to_owned(), Some(Shape::AwsKey)),
            (format!("x={many}"), None),
            (format!("ghp_{many}"), Some(Shape::GitHub)),
            (format!("github_pat_{many}"), Some(Shape::GitHub)),
            (format!("glpat-{many}"), Some(Shape::GitLab)),
            ("xoxb-12345-abcdefgh".to_owned(), Some(Shape::Slack)),
            (format!("npm_{many}"), Some(Shape::Npm)),
            (format!("hf_{many}"), Some(Shape::HuggingFace)),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc".to_owned(), Some(Shape::JsonWebToken)),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----".to_owned(), Some(Shape::PrivateKey)),
            ("-----BEGIN CERTIFICATE-----".to_owned(), None),
            ("https://bob:pa55@example.com/x".to_owned(), Some(Shape::PasswordInAddress)),
            ("https://bob:${PASS}@example.com/x".to_owned(), None),
            ("git@github.com:a/b.git https://example.com:8080/a@b".to_owned(), None),
            ("sha512-Q2bFTOhEALkN8hOms2FKTDLy7eugP2zFZ1T8LCvX42Fp3WoNr3bjZSAHeOsHrbV1Fu9/A0EzCinRE7Af1ofPrw==".to_owned(), None),
            ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".to_owned(), None),
            ("AKIAshort AKIAIOSFODNN7EXAMPLEANDMUCHMORE".to_owned(), None),
            ("hf_hub_download_with_retries".to_owned(), None),
        ] {
            assert_eq!(shape_of(&text), want, "{text}");
        }
    }

    #[test]
    fn secrets_are_found_where_they_stand() {
        for (text, name, value) in [
            ("RUN export TOKEN=abc123 && make", Some("TOKEN"), "abc123"),
            ("ARG NPM_TOKEN=abc123", Some("NPM_TOKEN"), "abc123"),
            (
                "RUN |2 DB_PASSWORD=hunter2 V=1 /bin/sh -c make",
                Some("DB_PASSWORD"),
                "hunter2",
            ),
            (
                "RUN |2 DB_PASSWORD=hunter2 and more V=1 /bin/sh -c make",
                Some("DB_PASSWORD"),
                "hunter2 and more",
            ),
            ("|1 TOKEN=a b /bin/sh -c make", Some("TOKEN"), "a b"),
            (
                "RUN docker build --build-arg SECRET='a b' .",
                Some("SECRET"),
                "'a b'",
            ),
            (
                "RUN login --password hunter2 -u bob",
                Some("password"),
                "hunter2",
            ),
            ("RUN login --password=hunter2", Some("password"), "hunter2"),
            ("ENV DB_PASSWORD hunter2", Some("DB_PASSWORD"), "hunter2"),
            (
                "RUN curl -H \"Authorization: Bearer abc.def\" x",
                Some("Authorization"),
                "Bearer abc.def",
            ),
            ("RUN git clone https://bob:pa55@example.com/x", None, "pa55"),
            (
                "RUN echo ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5 > x",
                None,
                "ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5",
            ),
        ] {
            let found = find(text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert_eq!(found[0].name.as_deref(), name, "{text}");
            assert_eq!(&text[found[0].value.clone()], value, "{text}");
        }
        for text in [
            "RUN apt-get install -y password-store libsecret-tools",
            "ENV PATH=/usr/bin:/bin TOKEN_URL=https://example.com",
            "RUN test -n \"$TOKEN\" && TOKEN=$(cat /run/secrets/token) make",
            "RUN --mount=type=secret,id=token cat /run/secrets/token",
            "RUN ls --password-file x",
            "ENV PASSWORD= X=1",
            "RUN echo é=password ü",
        ] {
            assert_eq!(find(text), [], "{text}");
        }
    }
}
