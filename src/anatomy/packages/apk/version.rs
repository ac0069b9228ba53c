//! Alpine's order of versions: numbers, a letter, suffixes, `-rN`.

use std::cmp::Ordering;

/// Suffixes before the version they are of, and behind it.
const SUFFIXES: [(&str, i32); 9] = [
    ("alpha", -4),
    ("beta", -3),
    ("pre", -2),
    ("rc", -1),
    ("cvs", 1),
    ("svn", 2),
    ("git", 3),
    ("hg", 4),
    ("p", 5),
];

/// Compares two versions.
pub(in crate::anatomy::packages) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (Parts::of(a), Parts::of(b));
    compare_numbers(&a, &b)
        .then_with(|| a.letter.cmp(b.letter))
        .then_with(|| compare_suffixes(&a.suffixes, &b.suffixes))
        .then_with(|| number(a.revision).cmp(&number(b.revision)))
}

struct Parts<'a> {
    numbers: Vec<&'a str>,
    letter: &'a str,
    suffixes: Vec<(i32, &'a str)>,
    revision: &'a str,
}

impl<'a> Parts<'a> {
    fn of(version: &'a str) -> Self {
        let (rest, revision) = match version.rsplit_once("-r") {
            Some((rest, revision)) if is_number(revision) => (rest, revision),
            _ => (version, ""),
        };
        // What comes behind `~` names a commit and has no order.
        let rest = rest.split('~').next().unwrap_or_default();
        let mut words = rest.split('_');
        let first = words.next().unwrap_or_default();
        let digits = first.trim_end_matches(|letter: char| letter.is_ascii_lowercase());
        Self {
            numbers: digits.split('.').collect(),
            letter: first.get(digits.len()..).unwrap_or_default(),
            suffixes: words.map(suffix).collect(),
            revision,
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn suffix(word: &str) -> (i32, &str) {
    let name = word.trim_end_matches(|digit: char| digit.is_ascii_digit());
    let rank = SUFFIXES.iter().find(|(known, _)| *known == name);
    let number = word.get(name.len()..).unwrap_or_default();
    (rank.map_or(0, |(_, rank)| *rank), number)
}

/// Digits as a number of any length.
fn number(digits: &str) -> (usize, &str) {
    let digits = digits.trim_start_matches('0');
    (digits.len(), digits)
}

fn compare_numbers(a: &Parts<'_>, b: &Parts<'_>) -> Ordering {
    let places = a.numbers.len().max(b.numbers.len());
    for place in 0..places {
        let order = match (a.numbers.get(place), b.numbers.get(place)) {
            // Behind the first, a number with a leading zero is a fraction.
            (Some(a), Some(b)) if place > 0 && (a.starts_with('0') || b.starts_with('0')) => {
                a.cmp(b)
            }
            (Some(a), Some(b)) => number(a).cmp(&number(b)),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

fn compare_suffixes(a: &[(i32, &str)], b: &[(i32, &str)]) -> Ordering {
    let none = (0, "");
    for place in 0..a.len().max(b.len()) {
        let a = a.get(place).unwrap_or(&none);
        let b = b.get(place).unwrap_or(&none);
        let order = a.0.cmp(&b.0).then_with(|| number(a.1).cmp(&number(b.1)));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_order_as_alpine_says() {
        use Ordering::{Equal, Greater, Less};
        for (a, b, order) in [
            ("1.2.4-r2", "1.2.4-r2", Equal),
            ("1.2.4-r2", "1.2.4-r10", Less),
            ("1.2.4", "1.2.4-r0", Equal),
            ("1.2.10-r0", "1.2.9-r9", Greater),
            ("1.2", "1.2.0", Less),
            ("1.2a", "1.2", Greater),
            ("1.2a", "1.2b", Less),
            ("1.2_rc1", "1.2", Less),
            ("1.2_alpha", "1.2_beta", Less),
            ("1.2_rc2", "1.2_rc10", Less),
            ("1.2_p1", "1.2", Greater),
            ("1.2_git20230717-r4", "1.2-r9", Greater),
            ("1.0.05", "1.0.1", Less),
            ("20230506-r0", "20220614-r4", Greater),
            ("", "", Equal),
        ] {
            assert_eq!(compare(a, b), order, "{a} against {b}");
            assert_eq!(compare(b, a), order.reverse(), "{b} against {a}");
        }
    }
}
