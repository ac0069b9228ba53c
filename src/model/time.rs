//! Moments and spans, and how they are read and shown.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment, in UTC. The model never asks what time it is: `now` is an argument.
pub type Timestamp = chrono::DateTime<chrono::Utc>;

/// A length of time, shown in its two largest units: `6 d 4 h`, `3 min 20 s`, `420 ms`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Span(pub Duration);

/// The text is not a span of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time: write for example \"90s\", \"30m\", \"2h\" or \"1d\"")]
pub struct NotASpan(String);

const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];

impl Span {
    /// So many seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// From `earlier` to `later`; nothing when they are the wrong way round (clocks differ).
    #[must_use]
    pub fn between(earlier: Timestamp, later: Timestamp) -> Self {
        Self((later - earlier).to_std().unwrap_or_default())
    }

    /// Reads `90s`, `30m`, `2h`, `1d`, `250ms`, and sums such as `1h30m`.
    ///
    /// # Errors
    /// [`NotASpan`] when there is no number, no unit or an unknown one.
    pub fn parse(text: &str) -> Result<Self, NotASpan> {
        let wrong = || NotASpan(text.to_owned());
        let mut rest: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let mut total = Duration::ZERO;
        if rest.is_empty() {
            return Err(wrong());
        }
        while !rest.is_empty() {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            let unit: String = rest
                .chars()
                .skip(digits.len())
                .take_while(char::is_ascii_alphabetic)
                .collect();
            let number: u64 = digits.parse().map_err(|_| wrong())?;
            let one = match unit.as_str() {
                "ms" => Duration::from_millis(1),
                "s" => Duration::from_secs(1),
                "m" | "min" => Duration::from_secs(60),
                "h" => Duration::from_secs(3_600),
                "d" => Duration::from_secs(86_400),
                _ => return Err(wrong()),
            };
            let factor = u32::try_from(number).map_err(|_| wrong())?;
            total = total.saturating_add(one.saturating_mul(factor));
            rest.drain(..digits.len() + unit.len());
        }
        Ok(Self(total))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        if seconds == 0 {
            return f.pad(&match self.0.as_millis() {
                0 => "0 s".to_owned(),
                millis => format!("{millis} ms"),
            });
        }
        let mut parts = Vec::with_capacity(2);
        let mut rest = seconds;
        for (unit, size) in UNITS {
            let count = rest / size;
            rest %= size;
            if count > 0 {
                parts.push(format!("{count} {unit}"));
            } else if !parts.is_empty() {
                break;
            }
            if parts.len() == 2 {
                break;
            }
        }
        f.pad(&parts.join(" "))
    }
}

impl From<Duration> for Span {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl TryFrom<String> for Span {
    type Error = NotASpan;
    fn try_from(text: String) -> Result<Self, NotASpan> {
        Self::parse(&text)
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        let millis = span.0.as_millis();
        if millis % 1_000 == 0 {
            format!("{}s", millis / 1_000)
        } else {
            format!("{millis}ms")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read() {
        for (text, seconds) in [
            ("90s", 90),
            ("30m", 1_800),
            ("2h", 7_200),
            ("1d", 86_400),
            ("1h30m", 5_400),
            ("5 min", 300),
        ] {
            assert_eq!(Span::parse(text), Ok(Span::seconds(seconds)), "{text}");
        }
        for wrong in ["", "10", "m", "1w", "-5s", "1.5h", "99999999999999999999s"] {
            assert!(Span::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn spans_show_their_two_largest_units() {
        for (span, text) in [
            (Span::seconds(0), "0 s"),
            (Span(Duration::from_millis(420)), "420 ms"),
            (Span::seconds(59), "59 s"),
            (Span::seconds(200), "3 min 20 s"),
            (Span::seconds(3_600), "1 h"),
            (Span::seconds(6 * 86_400 + 4 * 3_600 + 59), "6 d 4 h"),
            (Span::seconds(86_400 + 59), "1 d"),
        ] {
            assert_eq!(span.to_string(), text);
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for span in [Span::seconds(1_800), Span(Duration::from_millis(1_500))] {
            assert_eq!(Span::parse(&String::from(span)), Ok(span));
        }
    }
}
