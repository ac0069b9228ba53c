//! Debian's order of versions (Debian Policy, 5.6.12).

use std::cmp::Ordering;

/// Compares two versions: epoch, upstream version, revision.
pub(in crate::anatomy::packages) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (parts(a), parts(b));
    epoch(a.0)
        .cmp(&epoch(b.0))
        .then_with(|| compare_part(a.1.as_bytes(), b.1.as_bytes()))
        .then_with(|| compare_part(a.2.as_bytes(), b.2.as_bytes()))
}

fn parts(version: &str) -> (&str, &str, &str) {
    let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch, upstream, revision)
}

/// A number of any length, so that it orders as a number does.
fn epoch(digits: &str) -> (usize, &str) {
    let digits = digits.trim_start_matches('0');
    (digits.len(), digits)
}

/// What is no digit is compared by character, letters before everything else and `~` before
/// the end; what is a digit, as a number; in turns.
fn compare_part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        loop {
            let (x, y) = (weight(a.first()), weight(b.first()));
            if x == 0 && y == 0 {
                break;
            }
            if x != y {
                return x.cmp(&y);
            }
            (a, b) = (tail(a), tail(b));
        }
        let (x, rest_of_a) = number(a);
        let (y, rest_of_b) = number(b);
        let order = x.len().cmp(&y.len()).then_with(|| x.cmp(y));
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (rest_of_a, rest_of_b);
    }
    Ordering::Equal
}

fn tail(bytes: &[u8]) -> &[u8] {
    bytes.get(1..).unwrap_or_default()
}

/// Zero at the end of a part without digits.
fn weight(byte: Option<&u8>) -> i32 {
    match byte {
        None => 0,
        Some(digit) if digit.is_ascii_digit() => 0,
        Some(b'~') => -1,
        Some(letter) if letter.is_ascii_alphabetic() => i32::from(*letter),
        Some(other) => i32::from(*other) + 256,
    }
}

/// The digits at the beginning without their zeros, and the rest.
fn number(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(bytes.len());
    let (digits, rest) = bytes.split_at_checked(end).unwrap_or_default();
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    (digits.get(zeros..).unwrap_or_default(), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_order_as_policy_says() {
        use Ordering::{Equal, Greater, Less};
        for (a, b, order) in [
            ("1.0", "1.0", Equal),
            ("1.0-1", "1.0", Greater),
            ("1.0-0", "1.0", Equal),
            ("0:1.0", "1.0", Equal),
            ("1:0.1", "2.0", Greater),
            ("10:1", "9:1", Greater),
            ("1.9", "1.10", Less),
            ("1.01", "1.1", Equal),
            ("1.0~rc1", "1.0", Less),
            ("1.0~~", "1.0~", Less),
            ("1.0~~a", "1.0~~", Greater),
            ("1.0a", "1.0+", Less),
            ("1.0a", "1.0", Greater),
            ("1.0Z", "1.0a", Less),
            ("2.36-9+deb12u7", "2.36-9+deb12u10", Less),
            ("1.2-3-4", "1.2-3-5", Less),
            ("1.2-3", "1.2.1-1", Less),
            ("7.88.1-10+deb12u5", "7.88.1-10", Greater),
            ("99999999999999999999999999:1", "1:1", Greater),
            (
                "1.99999999999999999999999999999",
                "1.100000000000000000000000000000",
                Less,
            ),
            ("", "", Equal),
            ("", "~", Greater),
            ("-", ":", Equal),
        ] {
            assert_eq!(compare(a, b), order, "{a} against {b}");
            assert_eq!(compare(b, a), order.reverse(), "{b} against {a}");
        }
    }
}
