//! Boxes whose areas are sizes: a squarified treemap, in whole cells.
//!
//! The method is Bruls', Huizing's and van Wijk's: the biggest first, in rows along the
//! shorter side, as long as that makes the boxes squarer. Edges are rounded to cells where
//! they fall, so that the boxes cover the area exactly; what would be too small to be seen
//! shares one box.

/// An area of whole cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// Cells from the left.
    pub x: u16,
    /// Cells from the top.
    pub y: u16,
    /// Width.
    pub width: u16,
    /// Height.
    pub height: u16,
}

/// Which of the children a box stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// One of them, by its place.
    Child(usize),
    /// All that are too small for a box of their own: how many.
    Rest(usize),
}

/// A box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// What it stands for.
    pub share: Share,
    /// Where.
    pub area: Area,
}

/// How a treemap is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// How many times higher than wide a cell is: two on most terminals. Boxes are to be
    /// square to the eye.
    pub cell_height: u16,
    /// The fewest cells that a box of its own is worth.
    pub fewest_cells: u32,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            cell_height: 2,
            fewest_cells: 6,
        }
    }
}

impl Area {
    /// How many cells.
    #[must_use]
    pub fn cells(self) -> u32 {
        u32::from(self.width) * u32::from(self.height)
    }

    fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }
}

/// Something to place: what, and how many bytes.
type Item = (Share, u128);

/// Lays out children by their bytes, in any order. The boxes cover the area exactly, unless
/// there are no bytes at all: then there is none.
#[must_use]
pub fn lay_out(bytes: &[u64], area: Area, style: Style) -> Vec<Tile> {
    let items = items(bytes, area, style);
    let mut left: u128 = items.iter().map(|item| item.1).sum();
    let (mut rest, mut free) = (items.as_slice(), area);
    let mut tiles = Vec::with_capacity(items.len());
    while !rest.is_empty() && !free.is_empty() {
        let across = is_across(free, style);
        let (long, thick) = if across {
            (free.height, free.width)
        } else {
            (free.width, free.height)
        };
        // There are as many cells as boxes, at least. That must stay so behind the row: it
        // takes what would find no cell there, and is no thicker than leaves one for each.
        let (most, deep) = (usize::from(long), usize::from(thick));
        let overflow = rest.len().saturating_sub(most.saturating_mul(deep - 1));
        let count = row(rest, left, free, style)
            .max(overflow)
            .clamp(1, rest.len());
        let (row, after) = rest.split_at(count);
        let sum: u128 = row.iter().map(|item| item.1).sum();
        let thickest =
            u16::try_from(after.len().div_ceil(most)).map_or(0, |it| thick.saturating_sub(it));
        let thickness = if after.is_empty() {
            thick
        } else {
            rounded(sum, left, thick).clamp(1, thickest.max(1))
        };
        place(row, sum, (free, thickness, long, across), &mut tiles);
        free = cut(free, thickness, across);
        (rest, left) = (after, left.saturating_sub(sum));
    }
    tiles
}

/// Children with a box of their own, the biggest first, and the rest.
fn items(bytes: &[u64], area: Area, style: Style) -> Vec<Item> {
    let mut order: Vec<usize> = (0..bytes.len()).collect();
    let of = |place: usize| bytes.get(place).copied().unwrap_or(0);
    order.sort_by_key(|place| std::cmp::Reverse(of(*place)));
    let total: u128 = bytes.iter().map(|it| u128::from(*it)).sum();
    let cells = u128::from(area.cells());
    let seen = |place: &usize| {
        let bytes = u128::from(of(*place));
        bytes > 0 && bytes * cells >= total * u128::from(style.fewest_cells.max(1))
    };
    let own = order.iter().take_while(|place| seen(place)).count();
    let (own, rest) = order.split_at(own);
    let mut items: Vec<Item> = own
        .iter()
        .map(|place| (Share::Child(*place), u128::from(of(*place))))
        .collect();
    let left: u128 = rest.iter().map(|place| u128::from(of(*place))).sum();
    let others = rest.iter().filter(|place| of(**place) > 0).count();
    if left > 0 {
        let rest = (Share::Rest(others), left);
        let at = items.partition_point(|item| item.1 >= left);
        items.insert(at, rest);
    }
    items
}

/// Whether rows stand upright: where there is more room across.
fn is_across(free: Area, style: Style) -> bool {
    u32::from(free.width) >= u32::from(free.height) * u32::from(style.cell_height.max(1))
}

/// How many of the items make the next row: as many as make its worst box squarer.
fn row(items: &[Item], left: u128, free: Area, style: Style) -> usize {
    let across = is_across(free, style);
    let height = f64::from(free.height) * f64::from(style.cell_height.max(1));
    let (long, thick) = if across {
        (height, f64::from(free.width))
    } else {
        (f64::from(free.width), height)
    };
    // A row longer than it has cells cannot be drawn.
    let most = usize::from(if across { free.height } else { free.width });
    let (mut sum, mut biggest, mut best) = (0_u128, 0_u128, f64::INFINITY);
    for (place, (_, bytes)) in items.iter().take(most).enumerate() {
        sum += bytes;
        biggest = biggest.max(*bytes);
        let thickness = thick * ratio(sum, left);
        let sides = |bytes: u128| {
            let side = long * ratio(bytes, sum);
            (side / thickness).max(thickness / side)
        };
        let worst = sides(biggest).max(sides(*bytes));
        if worst > best {
            return place;
        }
        best = worst;
    }
    items.len().min(most).max(1)
}

fn ratio(part: u128, whole: u128) -> f64 {
    // How square a box is needs no more than a few digits.
    #[allow(clippy::cast_precision_loss)]
    let (part, whole) = (part as f64, whole as f64);
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// `length × part ÷ whole`, to the nearest.
fn rounded(part: u128, whole: u128, length: u16) -> u16 {
    let whole = whole.max(1);
    let cells = (u128::from(length) * part + whole / 2) / whole;
    u16::try_from(cells).unwrap_or(length).min(length)
}

/// Places a row of boxes at the left or top of what is free.
fn place(
    row: &[Item],
    sum: u128,
    (free, thickness, long, across): (Area, u16, u16, bool),
    tiles: &mut Vec<Tile>,
) {
    let (mut before, mut from) = (0_u128, 0_u16);
    let mut behind = u16::try_from(row.len()).unwrap_or(u16::MAX);
    for (share, bytes) in row {
        before += bytes;
        behind = behind.saturating_sub(1);
        // One cell at least, and one for each that comes behind.
        let most = long.saturating_sub(behind).max(from);
        let least = from.saturating_add(1).min(most);
        let to = rounded(before, sum, long).clamp(least, most);
        let to = if behind == 0 { long } else { to };
        let length = to.saturating_sub(from);
        let area = if across {
            Area {
                y: free.y.saturating_add(from),
                width: thickness,
                height: length,
                ..free
            }
        } else {
            Area {
                x: free.x.saturating_add(from),
                width: length,
                height: thickness,
                ..free
            }
        };
        if !area.is_empty() {
            tiles.push(Tile {
                share: *share,
                area,
            });
        }
        from = to;
    }
}

/// What is free behind a row.
fn cut(free: Area, thickness: u16, across: bool) -> Area {
    if across {
        Area {
            x: free.x.saturating_add(thickness),
            width: free.width.saturating_sub(thickness),
            ..free
        }
    } else {
        Area {
            y: free.y.saturating_add(thickness),
            height: free.height.saturating_sub(thickness),
            ..free
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn area(width: u16, height: u16) -> Area {
        Area {
            x: 3,
            y: 5,
            width,
            height,
        }
    }

    #[test]
    fn areas_are_sizes() {
        let style = Style {
            cell_height: 1,
            fewest_cells: 1,
        };
        let tiles = lay_out(&[4, 8, 3, 1], area(4, 4), style);
        let told = |tile: &Tile| {
            let Area {
                x,
                y,
                width,
                height,
            } = tile.area;
            (tile.share, x - 3, y - 5, width, height)
        };
        assert_eq!(
            tiles.iter().map(told).collect::<Vec<_>>(),
            [
                (Share::Child(1), 0, 0, 2, 4),
                (Share::Child(0), 2, 0, 2, 2),
                (Share::Child(2), 2, 2, 1, 2),
                (Share::Child(3), 3, 2, 1, 2),
            ]
        );
    }

    #[test]
    fn what_is_too_small_shares_a_box() {
        let tiles = lay_out(&[1, 1000, 1, 0, 1000, 1], area(20, 10), Style::default());
        let shares: Vec<_> = tiles.iter().map(|it| it.share).collect();
        assert_eq!(shares, [Share::Child(1), Share::Child(4), Share::Rest(3)]);
    }

    #[test]
    fn without_bytes_or_room_there_are_no_boxes() {
        assert_eq!(lay_out(&[], area(4, 4), Style::default()), []);
        assert_eq!(lay_out(&[0, 0], area(4, 4), Style::default()), []);
        assert_eq!(lay_out(&[1, 2], area(0, 4), Style::default()), []);
        let one = lay_out(&[7, 0], area(4, 4), Style::default());
        let whole = Tile {
            share: Share::Child(0),
            area: area(4, 4),
        };
        assert_eq!(one, [whole]);
    }

    #[test]
    fn the_largest_numbers_do_no_harm() {
        let tiles = lay_out(
            &[u64::MAX, u64::MAX, 1],
            area(u16::MAX - 5, 100),
            Style::default(),
        );
        assert_eq!(tiles.len(), 3);
    }

    proptest! {
        #[test]
        fn areas_are_sizes_but_for_what_is_rounded(
            bytes in prop::collection::vec(1..1000_u64, 1..12),
            cell_height in 1..3_u16,
        ) {
            let style = Style { cell_height, fewest_cells: 1 };
            let area = area(400, 300);
            let total: u64 = bytes.iter().sum();
            for tile in lay_out(&bytes, area, style) {
                let Share::Child(place) = tile.share else { continue };
                let exact = bytes[place] * u64::from(area.cells()) / total;
                let edges = 2 * (u64::from(tile.area.width) + u64::from(tile.area.height));
                prop_assert!(u64::from(tile.area.cells()).abs_diff(exact) <= edges);
            }
        }

        #[test]
        fn boxes_cover_the_area_exactly(
            bytes in prop::collection::vec(prop_oneof![0..10_u64, 0..100_000_u64], 0..60),
            width in 1..90_u16,
            height in 1..40_u16,
            cell_height in 1..3_u16,
            fewest_cells in 1..12_u32,
        ) {
            let area = area(width, height);
            let style = Style { cell_height, fewest_cells };
            let tiles = lay_out(&bytes, area, style);
            let total: u64 = bytes.iter().sum();
            let mut cells = vec![0; usize::from(width) * usize::from(height)];
            for tile in &tiles {
                let at = tile.area;
                prop_assert!(at.cells() > 0);
                for y in at.y..at.y + at.height {
                    for x in at.x..at.x + at.width {
                        let (x, y) = (usize::from(x - area.x), usize::from(y - area.y));
                        cells[y * usize::from(width) + x] += 1;
                    }
                }
            }
            let expected = i32::from(total > 0);
            prop_assert!(cells.iter().all(|count| *count == expected));
            // Whoever is big enough has a box of its own, once; the rest is told of.
            let mut own = 0;
            for (place, bytes) in bytes.iter().enumerate() {
                let count = tiles.iter().filter(|it| it.share == Share::Child(place)).count();
                let worth = bytes * u64::from(area.cells()) >= total * u64::from(fewest_cells);
                prop_assert_eq!(count, usize::from(worth && *bytes > 0));
                own += count;
            }
            let others = bytes.iter().filter(|it| **it > 0).count() - own;
            let rest = tiles.iter().find_map(|it| match it.share {
                Share::Rest(count) => Some(count),
                Share::Child(_) => None,
            });
            prop_assert_eq!(rest.unwrap_or(0), others);
        }
    }
}
