//! Version labels that are dates: how they are read and written.

use std::fmt;

/// A date as a version, with everything needed to write another in the same shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Calver {
    /// A leading `v`.
    pub v: bool,
    /// How the date is written.
    pub style: Style,
    /// 2000 to 2099.
    pub year: u64,
    /// 1 to 12.
    pub month: u64,
    /// The day, or, in `2026.11.45`, a number within the month: the text does not tell.
    pub third: Option<u64>,
    /// What stands behind the date, with the sign before it.
    pub counter: Option<(char, u64)>,
    /// Whether numbers below ten are written with a zero; nothing if there are none.
    pub padded: Option<bool>,
}

/// How the date is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `20261122`.
    Compact,
    /// `2026.11.22`, `2026-11-22`.
    Separated(char),
}

impl Calver {
    /// Reads a tag; see [`Scheme::Calver`](super::version::Scheme::Calver) for the forms.
    pub(super) fn parse(tag: &str) -> Option<Self> {
        let (v, body) = match tag.strip_prefix('v') {
            Some(body) => (true, body),
            None => (false, tag),
        };
        let signs: Vec<char> = body.chars().filter(|c| matches!(c, '.' | '-')).collect();
        let parts: Vec<&str> = body.split(['.', '-']).collect();
        let all_numbers = parts
            .iter()
            .all(|part| (1..=9).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()));
        if !all_numbers {
            return None;
        }
        let mut read = match (parts.as_slice(), signs.as_slice()) {
            ([date], []) => compact(date, None),
            ([date, count], [sign]) if date.len() == 8 => compact(date, Some((*sign, count))),
            ([year, month], [sign]) => separated(*sign, year, month, None, None),
            ([year, month, third], [sign, again]) if sign == again => {
                separated(*sign, year, month, Some(third), None)
            }
            ([year, month, count], [sign, other]) => {
                separated(*sign, year, month, None, Some((*other, count)))
            }
            ([year, month, day, count], [sign, again, other]) if sign == again => {
                separated(*sign, year, month, Some(day), Some((*other, count)))
            }
            _ => None,
        }?;
        read.v = v;
        Some(read)
    }

    /// What it is ordered by. What is missing counts as nought: `2026.11` before
    /// `2026.11.1`.
    pub(super) fn key(&self) -> [u64; 4] {
        let counter = self.counter.map_or(0, |(_, counter)| counter);
        [self.year, self.month, self.third.unwrap_or(0), counter]
    }
}

impl fmt::Display for Calver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let two = |number: u64| match self.padded {
            Some(true) => format!("{number:02}"),
            _ => number.to_string(),
        };
        if self.v {
            f.write_str("v")?;
        }
        match self.style {
            Style::Compact => {
                let day = self.third.unwrap_or(1);
                write!(f, "{:04}{:02}{day:02}", self.year, self.month)?;
            }
            Style::Separated(sign) => {
                write!(f, "{:04}{sign}{}", self.year, two(self.month))?;
                if let Some(third) = self.third {
                    write!(f, "{sign}{}", two(third))?;
                }
            }
        }
        match self.counter {
            Some((sign, counter)) => write!(f, "{sign}{counter}"),
            None => Ok(()),
        }
    }
}

fn year_and_month(year: &str, month: &str) -> Option<(u64, u64)> {
    let in_range = year.len() == 4 && month.len() <= 2;
    let (year, month) = (year.parse().ok()?, month.parse().ok()?);
    (in_range && (2000..=2099).contains(&year) && (1..=12).contains(&month))
        .then_some((year, month))
}

fn compact(date: &str, counter: Option<(char, &str)>) -> Option<Calver> {
    if date.len() != 8 {
        return None;
    }
    let (year, month) = year_and_month(date.get(..4)?, date.get(4..6)?)?;
    let day: u64 = date.get(6..)?.parse().ok()?;
    (1..=31).contains(&day).then_some(())?;
    Some(Calver {
        v: false,
        style: Style::Compact,
        year,
        month,
        third: Some(day),
        counter: read_counter(counter)?,
        padded: Some(true),
    })
}

fn separated(
    sign: char,
    year: &str,
    month: &str,
    third: Option<&str>,
    counter: Option<(char, &str)>,
) -> Option<Calver> {
    let small = [Some(month), third];
    let padded = if small
        .iter()
        .flatten()
        .any(|part| part.starts_with('0') && part.len() == 2)
    {
        Some(true)
    } else if small.iter().flatten().any(|part| part.len() == 1) {
        Some(false)
    } else {
        None
    };
    let (year, month) = year_and_month(year, month)?;
    let third: Option<u64> = third.map(str::parse).transpose().ok()?;
    // Only dots leave room for a number that is no day: `2026.11.45`.
    let must_be_day = sign == '-' || counter.is_some();
    if must_be_day && third.is_some_and(|day| !(1..=31).contains(&day)) {
        return None;
    }
    Some(Calver {
        v: false,
        style: Style::Separated(sign),
        year,
        month,
        third,
        counter: read_counter(counter)?,
        padded,
    })
}

/// Nothing if the counter is no number; `Some(None)` if there is none.
#[allow(
    clippy::option_option,
    reason = "no counter and a wrong one are two different things"
)]
fn read_counter(counter: Option<(char, &str)>) -> Option<Option<(char, u64)>> {
    match counter {
        None => Some(None),
        Some((sign, text)) => text.parse().ok().map(|number| Some((sign, number))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_again() {
        for text in [
            "2026.11",
            "2026.11.3",
            "2026.01.05",
            "v2026.1.5",
            "2026-11-22",
            "20261122",
            "20261122.2",
            "2026.11.22.2",
            "2026.11.22-2",
            "2026-11-22-2",
            "2026.11-2",
            "2026.11.45",
            "2026.1.0",
        ] {
            assert_eq!(Calver::parse(text).expect(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_date_is_not_read() {
        for text in [
            "",
            "v",
            "2026",
            "1.4.2",
            "2026.13",
            "2026.0.1",
            "20261301",
            "20261100",
            "2026-11-32",
            "2026.11.45.2",
            "2026.11.22.2.1",
            "2026..11",
            "2026.11.",
            "2026.011",
            "26.11.22",
            "2026.11.1234567890",
        ] {
            assert_eq!(Calver::parse(text), None, "{text}");
        }
    }
}
