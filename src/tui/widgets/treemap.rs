//! A treemap in cells of the screen: rectangles whose areas are weights, as square as can be.
//! All in whole numbers, so that nothing overlaps and no cell is left over.

use ratatui::layout::Rect;

/// A cell is about twice as high as it is wide.
const HIGH: u128 = 2;

/// A rectangle for each weight, in their order, which must fall. What is too small for a cell
/// has an empty one.
#[must_use]
pub(crate) fn layout(weights: &[u64], area: Rect) -> Vec<Rect> {
    let mut rectangles = vec![Rect::default(); weights.len()];
    let mut left = area;
    let mut from = 0;
    let mut sum: u128 = weights.iter().copied().map(u128::from).sum();
    while from < weights.len() && sum > 0 && left.width > 0 && left.height > 0 {
        let rest = weights.get(from..).unwrap_or_default();
        let many = strip(rest, sum, left);
        let part = rest.get(..many).unwrap_or_default();
        let weight: u128 = part.iter().copied().map(u128::from).sum();
        let (row, beyond) = cut(left, weight, sum);
        let slots = rectangles.get_mut(from..).unwrap_or_default();
        place(part, weight, (row, upright(left)), slots);
        left = beyond;
        sum -= weight;
        from += many;
    }
    rectangles
}

/// Whether strips stand upright in an area: they run along its shorter side.
fn upright(area: Rect) -> bool {
    u128::from(area.width) >= u128::from(area.height) * HIGH
}

/// How many of the next weights make the squarest strip.
fn strip(weights: &[u64], sum: u128, area: Rect) -> usize {
    let mut weight = 0;
    let mut best = u128::MAX;
    for (at, next) in weights.iter().enumerate() {
        weight += u128::from(*next);
        let worst = worst(weights.get(..=at).unwrap_or_default(), weight, sum, area);
        // A strip gets squarer with every weight, up to one; from there on it gets worse.
        if worst > best {
            return at;
        }
        best = worst;
    }
    weights.len()
}

/// The worst ratio of the sides of a strip's rectangles, in 1024ths.
fn worst(weights: &[u64], weight: u128, sum: u128, area: Rect) -> u128 {
    let (wide, high) = (u128::from(area.width), u128::from(area.height) * HIGH);
    let (along, across) = if upright(area) {
        (high, wide)
    } else {
        (wide, high)
    };
    // A rectangle's length along the strip, and the strip's thickness, both times
    // `weight × sum`.
    let ratio = |one: u64| {
        let length = along.saturating_mul(one.into()).saturating_mul(sum);
        let thick = across.saturating_mul(weight).saturating_mul(weight);
        length.max(thick).saturating_mul(1_024) / length.min(thick).max(1)
    };
    let ratios = [weights.first(), weights.last()];
    let ratios = ratios.into_iter().flatten().map(|one| ratio(*one));
    ratios.max().unwrap_or(0)
}

fn share(length: u16, part: u128, whole: u128) -> u16 {
    // To the nearest.
    let cells = (u128::from(length) * part * 2 + whole) / (whole * 2).max(1);
    u16::try_from(cells).unwrap_or(length).min(length)
}

/// Cuts the strip off an area.
fn cut(area: Rect, weight: u128, sum: u128) -> (Rect, Rect) {
    if upright(area) {
        let columns = share(area.width, weight, sum).max(1);
        let strip = Rect {
            width: columns,
            ..area
        };
        let rest = Rect {
            x: area.x + columns,
            width: area.width - columns,
            ..area
        };
        (strip, rest)
    } else {
        let rows = share(area.height, weight, sum).max(1);
        let strip = Rect {
            height: rows,
            ..area
        };
        let rest = Rect {
            y: area.y + rows,
            height: area.height - rows,
            ..area
        };
        (strip, rest)
    }
}

/// Shares a strip out: downwards, where it stands upright.
fn place(weights: &[u64], weight: u128, (strip, upright): (Rect, bool), rectangles: &mut [Rect]) {
    let mut before: u128 = 0;
    for (one, slot) in weights.iter().zip(rectangles) {
        let after = before + u128::from(*one);
        let length = if upright { strip.height } else { strip.width };
        let (from, to) = (share(length, before, weight), share(length, after, weight));
        *slot = if upright {
            Rect {
                y: strip.y + from,
                height: to - from,
                ..strip
            }
        } else {
            Rect {
                x: strip.x + from,
                width: to - from,
                ..strip
            }
        };
        before = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cells(rectangle: Rect) -> u32 {
        u32::from(rectangle.width) * u32::from(rectangle.height)
    }

    #[test]
    fn areas_are_weights() {
        let area = Rect::new(3, 2, 80, 20);
        let found = layout(&[600, 300, 100], area);
        let total = cells(area);
        assert_eq!(found.iter().copied().map(cells).sum::<u32>(), total);
        for (rectangle, weight) in found.iter().zip([600_u32, 300, 100]) {
            let ideal = total * weight / 1_000;
            assert!(cells(*rectangle).abs_diff(ideal) <= 40, "{rectangle:?}");
        }
    }

    #[test]
    fn equal_weights_are_about_square() {
        for rectangle in layout(&[1; 8], Rect::new(0, 0, 80, 20)) {
            let (wide, high) = (rectangle.width, rectangle.height * 2);
            assert!(wide <= high * 3 && high <= wide * 3, "{rectangle:?}");
        }
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert_eq!(layout(&[], Rect::new(0, 0, 10, 10)), []);
        assert_eq!(layout(&[0, 0], Rect::new(0, 0, 10, 10)), [Rect::default(); 2]);
        assert_eq!(layout(&[5], Rect::new(0, 0, 0, 10)), [Rect::default()]);
    }

    proptest! {
        #[test]
        fn nothing_overlaps_and_nothing_is_left_over(
            mut weights in proptest::collection::vec(0..u64::MAX / 64, 1..60),
            width in 1_u16..120,
            height in 1_u16..50,
        ) {
            weights.sort_unstable_by_key(|weight| std::cmp::Reverse(*weight));
            let area = Rect::new(5, 7, width, height);
            let found = layout(&weights, area);
            let mut taken = vec![false; usize::from(width) * usize::from(height)];
            for rectangle in &found {
                for (x, y) in rectangle.positions().map(|it| (it.x, it.y)) {
                    prop_assert!(area.contains(ratatui::layout::Position { x, y }));
                    let at = usize::from(y - 7) * usize::from(width) + usize::from(x - 5);
                    prop_assert!(!std::mem::replace(&mut taken[at], true), "twice");
                }
            }
            if weights[0] > 0 {
                prop_assert!(taken.iter().all(|taken| *taken), "left over: {found:?}");
            }
        }
    }
}
