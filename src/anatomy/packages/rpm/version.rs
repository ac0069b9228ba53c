//! RPM's order of versions.

use std::cmp::Ordering;

/// Compares two versions: epoch, version, release.
pub(in crate::anatomy::packages) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (parts(a), parts(b));
    compare_part(a.0.as_bytes(), b.0.as_bytes())
        .then_with(|| compare_part(a.1.as_bytes(), b.1.as_bytes()))
        .then_with(|| compare_part(a.2.as_bytes(), b.2.as_bytes()))
}

fn parts(version: &str) -> (&str, &str, &str) {
    let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
    let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch, version, release)
}

/// Runs of digits and of letters are compared in turns; what separates them does not count,
/// but for `~`, which comes before the end, and `^`, which comes right behind it.
fn compare_part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    loop {
        (a, b) = (unseparated(a), unseparated(b));
        match (a.first(), b.first()) {
            (Some(b'~'), Some(b'~')) | (Some(b'^'), Some(b'^')) => {
                (a, b) = (tail(a), tail(b));
                continue;
            }
            (Some(b'~'), _) => return Ordering::Less,
            (_, Some(b'~')) => return Ordering::Greater,
            (None, None) => return Ordering::Equal,
            (Some(b'^'), None) | (Some(_), None | Some(b'^')) => return Ordering::Greater,
            (None | Some(b'^'), Some(_)) => return Ordering::Less,
            (Some(_), Some(_)) => {}
        }
        let numeric = a.first().is_some_and(u8::is_ascii_digit);
        let of_kind: fn(&u8) -> bool = if numeric {
            u8::is_ascii_digit
        } else {
            u8::is_ascii_alphabetic
        };
        let (x, rest_of_a) = run(a, of_kind);
        let (y, rest_of_b) = run(b, of_kind);
        if y.is_empty() {
            // A number is newer than a word.
            return if numeric {
                Ordering::Greater
            } else {
                Ordering::Less
            };
        }
        let order = if numeric {
            let (x, y) = (unpadded(x), unpadded(y));
            x.len().cmp(&y.len()).then_with(|| x.cmp(y))
        } else {
            x.cmp(y)
        };
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (rest_of_a, rest_of_b);
    }
}

fn tail(bytes: &[u8]) -> &[u8] {
    bytes.get(1..).unwrap_or_default()
}

fn unseparated(bytes: &[u8]) -> &[u8] {
    let counts = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'~' | b'^');
    let begin = bytes.iter().position(counts).unwrap_or(bytes.len());
    bytes.get(begin..).unwrap_or_default()
}

fn run(bytes: &[u8], of_kind: impl Fn(&u8) -> bool) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| !of_kind(byte));
    bytes
        .split_at_checked(end.unwrap_or(bytes.len()))
        .unwrap_or_default()
}

fn unpadded(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    digits.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_order_as_rpm_says() {
        use Ordering::{Equal, Greater, Less};
        for (a, b, order) in [
            ("1.0-1", "1.0-1", Equal),
            ("1.0-1.el9", "1.0-2.el9", Less),
            ("2:1.0-1", "10.0-1", Greater),
            ("0:1.0-1", "1.0-1", Equal),
            ("5.5p1", "5.5p10", Less),
            ("10xyz", "10.1xyz", Less),
            ("xyz10", "xyz10.1", Less),
            ("xyz.4", "8", Less),
            ("5.5", "5_5", Equal),
            ("2.0.1a", "2.0.1", Greater),
            ("1.05", "1.5", Equal),
            ("20101121", "20101122", Less),
            ("fc4", "fc.4", Equal),
            ("1.0~rc1", "1.0", Less),
            ("1.0~rc1", "1.0~rc2", Less),
            ("1.0~rc1~git123", "1.0~rc1", Less),
            ("1.0^", "1.0", Greater),
            ("1.0^git1", "1.0.1", Less),
            ("1.0^git1", "1.01", Less),
            ("1.0^git1~pre", "1.0^git1", Less),
            ("1.0~rc1^git1", "1.0~rc1", Greater),
            ("1.1.α", "1.1.β", Equal),
            ("", "", Equal),
            ("99999999999999999999999", "100000000000000000000000", Less),
        ] {
            assert_eq!(compare(a, b), order, "{a} against {b}");
            assert_eq!(compare(b, a), order.reverse(), "{b} against {a}");
        }
    }
}
