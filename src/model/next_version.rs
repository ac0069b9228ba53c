//! The version after the newest: what a rebuild is called when nobody names it.

use std::collections::{BTreeSet, HashSet};

use chrono::Datelike as _;

use super::calver::{Calver, Style};
use super::time::Timestamp;
use super::version::{Key, Scheme, VersionLabel, read_semver};

/// There is no version after the newest that the scheme could name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoNextVersion {
    /// The newest version does not read under the scheme.
    #[error(
        "the new version has no name yet: the newest, `{newest}`, does not read as {scheme}; name it with --version"
    )]
    Unreadable {
        /// The newest version.
        newest: String,
        /// What it should read as.
        scheme: &'static str,
    },
    /// Nothing exists yet, and a pattern alone does not say where to begin.
    #[error(
        "the new version has no name yet: no version matches the pattern `{pattern}`; name the first one with --version"
    )]
    NothingYet {
        /// The pattern.
        pattern: String,
    },
    /// The pattern captures no number that could be counted up.
    #[error(
        "the new version has no name yet: `{newest}` has no number that the pattern `{pattern}` captures and still matches when counted up; name it with --version"
    )]
    NoNumber {
        /// The newest version.
        newest: String,
        /// The pattern.
        pattern: String,
    },
    /// The numbers are used up.
    #[error(
        "the new version has no name yet: the number in `{newest}` cannot be counted up; name it with --version"
    )]
    UsedUp {
        /// The newest version.
        newest: String,
    },
}

impl Scheme {
    /// The version after `newest`. Never one that exists, in whatever spelling.
    ///
    /// Semver counts up the patch, of a pre-release its last number; a leading `v` stays.
    /// Calver writes today in the shape of the newest, with a counter if that is taken.
    /// Created writes the moment. A pattern counts up the last number it captures.
    ///
    /// # Errors
    /// [`NoNextVersion`]: why the scheme cannot name one. It can always be named by hand.
    pub fn next(
        &self,
        newest: Option<&VersionLabel>,
        existing: &[VersionLabel],
        now: Timestamp,
    ) -> Result<VersionLabel, NoNextVersion> {
        match self {
            Self::Detect => {
                let tags = existing.iter().chain(newest).map(|label| label.0.as_str());
                self.resolve(tags).next(newest, existing, now)
            }
            Self::Semver => next_semver(newest, existing),
            Self::Calver => next_calver(newest, existing, now),
            Self::Created => Ok(next_created(existing, now)),
            Self::Pattern(pattern) => next_in_pattern(pattern, newest, existing),
        }
    }
}

fn next_semver(
    newest: Option<&VersionLabel>,
    existing: &[VersionLabel],
) -> Result<VersionLabel, NoNextVersion> {
    let taken: BTreeSet<semver::Version> = existing
        .iter()
        .filter_map(|label| read_semver(&label.0))
        .collect();
    let (prefix, mut version) = match newest {
        None => ("", semver::Version::new(0, 1, 0)),
        Some(newest) => {
            let version = read_semver(&newest.0).ok_or_else(|| NoNextVersion::Unreadable {
                newest: newest.0.clone(),
                scheme: "a semantic version",
            })?;
            let digits = newest.0.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
            (newest.0.get(..digits).unwrap_or(""), bump(&version)?)
        }
    };
    while taken.contains(&version) {
        version = bump(&version)?;
    }
    Ok(VersionLabel(format!("{prefix}{version}")))
}

/// The patch, or the last number of a pre-release, plus one. `alpha` becomes `alpha.1`.
fn bump(version: &semver::Version) -> Result<semver::Version, NoNextVersion> {
    let used_up = || NoNextVersion::UsedUp {
        newest: version.to_string(),
    };
    let mut next = version.clone();
    if version.pre.is_empty() {
        next.patch = version.patch.checked_add(1).ok_or_else(used_up)?;
    } else {
        let pre = count_up(&version.pre).unwrap_or_else(|| format!("{}.1", version.pre));
        next.pre = semver::Prerelease::new(&pre).map_err(|_| used_up())?;
    }
    Ok(next)
}

fn next_calver(
    newest: Option<&VersionLabel>,
    existing: &[VersionLabel],
    now: Timestamp,
) -> Result<VersionLabel, NoNextVersion> {
    let known: Vec<Calver> = existing
        .iter()
        .filter_map(|label| Calver::parse(&label.0))
        .collect();
    let newest = match newest {
        None => None,
        Some(label) => Some(
            Calver::parse(&label.0).ok_or_else(|| NoNextVersion::Unreadable {
                newest: label.0.clone(),
                scheme: "a date",
            })?,
        ),
    };
    let mut next = shape(newest.as_ref(), &known);
    let today = (u64::from(now.year().unsigned_abs()), u64::from(now.month()));
    let ahead = newest
        .as_ref()
        .filter(|newest| (newest.year, newest.month) >= today);
    // A newest version from the future (clocks differ) is followed, not fallen behind.
    (next.year, next.month) = ahead.map_or(today, |newest| (newest.year, newest.month));
    let mut counts = None;
    if next.third.is_some() {
        if counts_in_month(newest.as_ref(), &known, now) {
            let first = u64::from(!known.iter().any(|date| date.third == Some(0)));
            next.third = Some(
                ahead
                    .and_then(|newest| newest.third)
                    .map_or(first, |n| n + 1),
            );
            counts = next.third;
        } else {
            let day = u64::from(now.day());
            let last = ahead.and_then(|newest| newest.third).unwrap_or(0);
            let in_future = (next.year, next.month) != today;
            next.third = Some(if in_future {
                last.max(1)
            } else {
                last.max(day)
            });
        }
    }
    let taken: HashSet<[u64; 4]> = known.iter().map(Calver::key).collect();
    let floor = newest.as_ref().map_or([0; 4], Calver::key);
    while taken.contains(&next.key()) || next.key() <= floor {
        if let Some(count) = counts {
            next.third = Some(count + 1);
            counts = next.third;
        } else {
            let sign = counter_sign(&next, &known);
            next.counter = Some((sign, next.counter.map_or(2, |(_, counter)| counter + 1)));
        }
        if next
            .counter
            .map_or(next.third, |(_, counter)| Some(counter))
            > Some(999_999_999)
        {
            return Err(NoNextVersion::UsedUp {
                newest: next.to_string(),
            });
        }
    }
    Ok(VersionLabel(next.to_string()))
}

/// How the next date is written: as the newest is, without its counter.
fn shape(newest: Option<&Calver>, known: &[Calver]) -> Calver {
    let padded = known.iter().rev().find_map(|date| date.padded);
    match newest {
        Some(newest) => Calver {
            counter: None,
            // `2026-11-22` says nothing about zeros; ISO dates have them.
            padded: newest
                .padded
                .or(padded)
                .or(Some(newest.style == Style::Separated('-'))),
            // A counter right behind the month is a number in the month.
            third: newest.third.or(match (newest.style, newest.counter) {
                (Style::Separated(sign), Some((other, number))) if sign == other => Some(number),
                _ => None,
            }),
            ..newest.clone()
        },
        None => Calver {
            v: false,
            style: Style::Separated('.'),
            year: 0,
            month: 0,
            third: Some(1),
            counter: None,
            padded: Some(false),
        },
    }
}

/// Whether the third number counts within the month instead of being the day. It does if
/// it cannot be a day that has been, if a version without a third number stands beside it,
/// or if the numbers of that month run from 1 without a gap.
fn counts_in_month(newest: Option<&Calver>, known: &[Calver], now: Timestamp) -> bool {
    let Some(newest) = newest else { return false };
    let no_day = newest.third.is_some_and(|third| !(1..=31).contains(&third));
    if newest.style != Style::Separated('.') || no_day {
        return no_day;
    }
    // Behind a number in the month there is no other counter.
    if known.iter().any(|date| date.counter.is_some()) {
        return false;
    }
    let is_future = |date: &Calver| {
        let day = [date.year, date.month, date.third.unwrap_or(0)];
        let year = u64::from(now.year().unsigned_abs());
        // A day's grace: clocks and time zones differ.
        day > [year, now.month().into(), u64::from(now.day()) + 1]
    };
    let month = |date: &&Calver| (date.year, date.month) == (newest.year, newest.month);
    let all = || known.iter().chain([newest]);
    let of_month: BTreeSet<u64> = all().filter(month).filter_map(|date| date.third).collect();
    let highest = newest.third.unwrap_or(0);
    let gapless = highest >= 2
        && highest != u64::from(now.day())
        && (1..=highest).all(|number| of_month.contains(&number));
    gapless
        || all().any(|date| match date.third {
            None => true,
            Some(third) => !(1..=31).contains(&third) || is_future(date),
        })
}

fn counter_sign(next: &Calver, known: &[Calver]) -> char {
    let seen = known.iter().rev().find_map(|date| date.counter);
    match (next.counter.or(seen), next.style) {
        (Some((sign, _)), _) | (None, Style::Separated(sign)) => sign,
        (None, Style::Compact) => '.',
    }
}

fn next_created(existing: &[VersionLabel], now: Timestamp) -> VersionLabel {
    let taken: HashSet<&str> = existing.iter().map(|label| label.0.as_str()).collect();
    let mut moment = now;
    loop {
        let label = moment.format("%Y%m%d-%H%M%S").to_string();
        if !taken.contains(label.as_str()) {
            return VersionLabel(label);
        }
        moment += chrono::TimeDelta::seconds(1);
    }
}

fn next_in_pattern(
    pattern: &regex::Regex,
    newest: Option<&VersionLabel>,
    existing: &[VersionLabel],
) -> Result<VersionLabel, NoNextVersion> {
    let scheme = Scheme::Pattern(pattern.clone());
    // Shown as it was written, without the anchors.
    let written = pattern.as_str();
    let written = written
        .strip_prefix("^(?:")
        .and_then(|rest| rest.strip_suffix(")$"))
        .unwrap_or(written);
    let newest = newest.ok_or_else(|| NoNextVersion::NothingYet {
        pattern: written.to_owned(),
    })?;
    let no_number = || NoNextVersion::NoNumber {
        newest: newest.0.clone(),
        pattern: written.to_owned(),
    };
    let taken: HashSet<&str> = existing.iter().map(|label| label.0.as_str()).collect();
    let taken_keys: BTreeSet<Key> = existing.iter().map(|label| scheme.key(&label.0)).collect();
    let mut text = newest.0.clone();
    loop {
        let counted = count_up_captured(pattern, &text).ok_or_else(no_number)?;
        let key = scheme.key(&counted);
        if key == Key::Unread {
            return Err(no_number());
        }
        if !taken.contains(counted.as_str()) && !taken_keys.contains(&key) {
            return Ok(VersionLabel(counted));
        }
        text = counted;
    }
}

/// The text with the last captured number counted up.
fn count_up_captured(pattern: &regex::Regex, text: &str) -> Option<String> {
    let captures = pattern.captures(text)?;
    let first = usize::from(captures.len() > 1);
    let group = captures
        .iter()
        .skip(first)
        .flatten()
        .filter(|group| group.as_str().bytes().any(|b| b.is_ascii_digit()))
        .max_by_key(|group| (group.end(), group.start()))?;
    let counted = count_up(group.as_str())?;
    let (before, after) = (text.get(..group.start())?, text.get(group.end()..)?);
    Some(format!("{before}{counted}{after}"))
}

/// The text with its last number counted up, of any length, leading zeros kept. Nothing if
/// it has no number.
fn count_up(text: &str) -> Option<String> {
    let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let (head, after) = text.split_at_checked(end)?;
    let start = head.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| {
        at + head
            .get(at..)
            .and_then(|s| s.chars().next())
            .map_or(1, char::len_utf8)
    });
    let (before, number) = head.split_at_checked(start)?;
    let mut digits: Vec<u8> = number.bytes().collect();
    let mut carry = true;
    for digit in digits.iter_mut().rev() {
        if !carry {
            break;
        }
        carry = *digit == b'9';
        *digit = if carry { b'0' } else { *digit + 1 };
    }
    if carry {
        digits.insert(0, b'1');
    }
    Some(format!(
        "{before}{}{after}",
        String::from_utf8(digits).ok()?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn label(text: &str) -> VersionLabel {
        VersionLabel(text.to_owned())
    }

    fn now() -> Timestamp {
        "2026-11-22T10:00:00Z".parse().expect("a moment")
    }

    fn next(scheme: &Scheme, labels: &[&str]) -> Result<String, NoNextVersion> {
        let labels: Vec<VersionLabel> = labels.iter().map(|text| label(text)).collect();
        scheme
            .next(labels.last(), &labels, now())
            .map(|label| label.0)
    }

    /// The last label is the newest.
    #[test]
    fn the_next_version_is_named() {
        let pattern = Scheme::pattern(r"([a-z]+)-r(\d+)(?:-\d+)?").expect("pattern");
        for (scheme, labels, want) in [
            (&Scheme::Semver, &[][..], "0.1.0"),
            (&Scheme::Semver, &["1.4.2"], "1.4.3"),
            (&Scheme::Semver, &["v1.4.3", "1.4.4", "v1.4.2"], "v1.4.5"),
            (&Scheme::Semver, &["1.4"], "1.4.1"),
            (&Scheme::Semver, &["1.5.0-rc.1"], "1.5.0-rc.2"),
            (&Scheme::Semver, &["1.5.0-rc9"], "1.5.0-rc10"),
            (&Scheme::Semver, &["1.5.0-alpha"], "1.5.0-alpha.1"),
            (&Scheme::Calver, &[], "2026.11.22"),
            (&Scheme::Calver, &["2026.11.3"], "2026.11.22"),
            (&Scheme::Calver, &["2026.11.22"], "2026.11.22.2"),
            (
                &Scheme::Calver,
                &["2026.11.22", "2026.11.22-2"],
                "2026.11.22-3",
            ),
            (&Scheme::Calver, &["2026.01.05"], "2026.11.22"),
            (&Scheme::Calver, &["20261101"], "20261122"),
            (&Scheme::Calver, &["20261122"], "20261122.2"),
            (&Scheme::Calver, &["2026-11-21"], "2026-11-22"),
            (&Scheme::Calver, &["2026-11-22"], "2026-11-22-2"),
            (&Scheme::Calver, &["2026-12-24"], "2026-12-24-2"),
            (&Scheme::Calver, &["2026.10"], "2026.11"),
            (&Scheme::Calver, &["2026.11"], "2026.11.2"),
            (&Scheme::Calver, &["2026.11", "2026.11.2"], "2026.11.3"),
            (
                &Scheme::Calver,
                &["2026.11.1", "2026.11.2", "2026.11.3"],
                "2026.11.4",
            ),
            (&Scheme::Calver, &["2026.10.1", "2026.10.2"], "2026.11.1"),
            (&Scheme::Calver, &["2026.11.44"], "2026.11.45"),
            (&Scheme::Calver, &["2026.10.0"], "2026.11.0"),
            (&Scheme::Calver, &["v2026.1.5"], "v2026.11.22"),
            (&Scheme::Created, &["dev"], "20261122-100000"),
            (&Scheme::Created, &["20261122-100000"], "20261122-100001"),
            (&Scheme::Detect, &["1.4.2"], "1.4.3"),
            (&Scheme::Detect, &[], "20261122-100000"),
            (&pattern, &["a-r9"], "a-r10"),
            (&pattern, &["a-r010", "a-r009-7"], "a-r011-7"),
            (
                &Scheme::pattern(r"build-\d+").expect("pattern"),
                &["build-099"],
                "build-100",
            ),
        ] {
            assert_eq!(
                next(scheme, labels).as_deref(),
                Ok(want),
                "{scheme:?} {labels:?}"
            );
        }
    }

    #[test]
    fn where_there_is_none_the_sentence_says_what_to_do() {
        let words = Scheme::pattern("([a-z]+)").expect("pattern");
        let one_digit = Scheme::pattern(r"r(\d)").expect("pattern");
        for (scheme, labels) in [
            (&Scheme::Semver, &["dev"][..]),
            (&Scheme::Semver, &["1.4.18446744073709551615"]),
            (&Scheme::Calver, &["1.4.2"]),
            (&words, &["abc"]),
            (&words, &[]),
            (&one_digit, &["r9"]),
        ] {
            let error = next(scheme, labels)
                .expect_err("no next version")
                .to_string();
            assert!(error.contains("--version"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn the_next_version_is_new_readable_and_newer(
            scheme in prop_oneof![
                Just(Scheme::Semver),
                Just(Scheme::Calver),
                Just(Scheme::pattern(r"r(\d+)").expect("pattern")),
            ],
            tags in proptest::collection::vec(
                prop_oneof![
                    "v?[0-1]\\.[0-2](\\.[0-3])?(-rc\\.[0-3])?",
                    "2026\\.(10|11|12)(\\.[0-9]{1,2})?",
                    "2026(10|11|12)(0[1-9]|2[0-2])(-[2-4])?",
                    "r0?[0-9]{1,2}",
                ],
                0..8,
            ),
        ) {
            let mut labels: Vec<_> = tags.iter().filter_map(|tag| scheme.label(tag)).collect();
            labels.sort_by(|a, b| scheme.compare((a, None), (b, None)));
            if let Ok(next) = scheme.next(labels.last(), &labels, now()) {
                prop_assert!(scheme.label(&next.0).is_some());
                prop_assert!(!labels.contains(&next));
                if let Some(newest) = labels.last() {
                    prop_assert!(scheme.compare((&next, None), (newest, None)).is_gt());
                }
            } else {
                prop_assert!(labels.is_empty());
            }
        }
    }
}
