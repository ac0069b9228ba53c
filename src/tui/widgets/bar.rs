//! Bars to scale, in eighths of a column.

const EIGHTHS: [char; 8] = ['█', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// A bar of at most so many columns for a part of a whole. What is there is seen: nothing
/// but zero has no bar at all.
#[must_use]
pub(crate) fn bar(part: u64, whole: u64, columns: usize) -> String {
    if part == 0 || whole == 0 || columns == 0 {
        return String::new();
    }
    let columns = u64::try_from(columns).unwrap_or(u64::MAX);
    let units = u128::from(part.min(whole)) * u128::from(columns) * 8 / u128::from(whole);
    let units = usize::try_from(units).unwrap_or(usize::MAX).max(1);
    let mut text: String = std::iter::repeat_n('█', units / 8).collect();
    if let Some(rest) = EIGHTHS.get(units % 8).filter(|_| units % 8 != 0) {
        text.push(*rest);
    }
    text
}

/// A share in hundredths, rounded, as it is read: `<1%` for what is there all the same, and
/// never the whole for less.
#[must_use]
pub(crate) fn share(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return String::new();
    }
    let (part, whole) = (u128::from(part), u128::from(whole));
    let percent = (part * 100 + whole / 2) / whole;
    let percent = if part < whole {
        percent.min(99)
    } else {
        percent
    };
    match percent {
        0 => "<1%".to_owned(),
        percent => format!("{percent}%"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_to_scale_and_never_longer_than_their_place() {
        for (part, whole, columns, drawn) in [
            (0, 10, 8, ""),
            (10, 10, 4, "████"),
            (5, 10, 4, "██"),
            (1, 10, 4, "▍"),
            (1, 1_000_000, 4, "▏"),
            (20, 10, 4, "████"),
            (7, 0, 4, ""),
            (u64::MAX, u64::MAX, 3, "███"),
            (9, 16, 2, "█▏"),
        ] {
            assert_eq!(bar(part, whole, columns), drawn, "{part} of {whole}");
        }
    }

    #[test]
    fn shares_are_told_down_to_what_is_hardly_there() {
        for (part, whole, told) in [
            (0, 10, ""),
            (1, 10, "10%"),
            (4297, 10_000, "43%"),
            (999, 1_000, "99%"),
            (1, 1_000, "<1%"),
            (10, 10, "100%"),
            (3, 0, ""),
        ] {
            assert_eq!(share(part, whole), told);
        }
    }
}
