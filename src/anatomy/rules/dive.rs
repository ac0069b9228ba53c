//! dive's three figures, and its three rules, for those who have a `.dive-ci` already.
//!
//! The definitions are dive's: a path's sizes are those of its files in all layers, and
//! nothing for a layer that removes it; *efficiency* is the smallest size of every path by
//! all of its sizes; a path that is there more than once, or was removed, is *wasted* with
//! all of its sizes, the one that stays included; *user* bytes are those of all layers but
//! the lowest. What is removed with its directory counts as removed here, which dive misses.

use super::{Figure, Limit, Verdict, ratio};
use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{LayerNo, Merged, NodeId};
use crate::model::bytes::Bytes;

/// The rules of a `.dive-ci`; nothing is judged where nothing is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiveRules {
    /// `lowestEfficiency`, from 0 to 1.
    pub lowest_efficiency: Option<f64>,
    /// `highestWastedBytes`.
    pub highest_wasted_bytes: Option<Bytes>,
    /// `highestUserWastedPercent`, from 0 to 1.
    pub highest_user_wasted_percent: Option<f64>,
}

impl Default for DiveRules {
    fn default() -> Self {
        Self {
            lowest_efficiency: Some(0.9),
            highest_wasted_bytes: None,
            highest_user_wasted_percent: Some(0.1),
        }
    }
}

/// dive's figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiveFigures {
    /// From 0 to 1.
    pub efficiency: f64,
    /// All sizes of the paths that are wasted.
    pub wasted_bytes: Bytes,
    /// Those by the bytes of all layers but the lowest, from 0 upwards: a layer's waste may
    /// be of the lowest.
    pub user_wasted_percent: f64,
}

impl DiveFigures {
    /// Of an image.
    #[must_use]
    pub fn of(merged: &Merged) -> Self {
        let (mut smallest, mut all, mut wasted) = (0_u64, 0_u64, 0_u64);
        for node in merged.every_node() {
            let sizes = Sizes::of(merged, node);
            smallest = smallest.saturating_add(sizes.smallest.unwrap_or(0));
            all = all.saturating_add(sizes.all);
            if sizes.times > 1 {
                wasted = wasted.saturating_add(sizes.all);
            }
        }
        let user: u64 = (1..merged.layers())
            .map(|layer| merged.bytes_of(LayerNo(layer)).0)
            .sum();
        Self {
            efficiency: if all == 0 { 1.0 } else { ratio(smallest, all) },
            wasted_bytes: Bytes(wasted),
            user_wasted_percent: ratio(wasted, user),
        }
    }
}

/// The sizes of one path.
#[derive(Default)]
struct Sizes {
    smallest: Option<u64>,
    all: u64,
    times: usize,
}

impl Sizes {
    fn of(merged: &Merged, node: NodeId) -> Self {
        let mut sizes = Self::default();
        let mut newer: Option<LayerNo> = None;
        for entry in merged.history(node).filter_map(|id| merged.entry(id)) {
            // Where nothing of the same path came in its place, it was removed.
            if entry.died.is_some() && entry.died != newer {
                sizes.add(0);
            }
            newer = Some(entry.layer);
            match entry.kind {
                Kind::Directory => {}
                Kind::File => sizes.add(entry.size.0),
                // Other names and links have no bytes of their own.
                _ => sizes.add(0),
            }
        }
        sizes
    }

    fn add(&mut self, size: u64) {
        self.smallest = Some(self.smallest.map_or(size, |smallest| smallest.min(size)));
        self.all = self.all.saturating_add(size);
        self.times += 1;
    }
}

/// A verdict for each rule that is set, in dive's order.
#[must_use]
pub fn judge(rules: &DiveRules, figures: &DiveFigures) -> Vec<Verdict> {
    let verdict = |rule, figure, limit, kept| Verdict {
        rule,
        figure,
        limit,
        kept,
        because: Vec::new(),
    };
    let efficiency = rules.lowest_efficiency.map(|limit| {
        verdict(
            "lowestEfficiency",
            Figure::Ratio(figures.efficiency),
            Limit::AtLeast(Figure::Ratio(limit)),
            figures.efficiency >= limit,
        )
    });
    let bytes = rules.highest_wasted_bytes.map(|limit| {
        verdict(
            "highestWastedBytes",
            Figure::Bytes(figures.wasted_bytes),
            Limit::AtMost(Figure::Bytes(limit)),
            figures.wasted_bytes <= limit,
        )
    });
    let share = rules.highest_user_wasted_percent.map(|limit| {
        verdict(
            "highestUserWastedPercent",
            Figure::Ratio(figures.user_wasted_percent),
            Limit::AtMost(Figure::Ratio(limit)),
            figures.user_wasted_percent <= limit,
        )
    });
    [efficiency, bytes, share].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::layer::builder::{LayerBuilder, NewEntry, Payload};
    use crate::anatomy::layer::index::Owner;
    use crate::anatomy::merged::Builder;
    use crate::model::digest::Digest;

    /// Layers of `PATH=SIZE`, `PATH/` for a directory, `-PATH` for a whiteout, `PATH/!` for
    /// an opaque one.
    fn image(layers: &[&str]) -> Merged {
        let mut merged = Builder::new();
        for text in layers {
            let mut layer = LayerBuilder::new();
            for word in text.split_whitespace() {
                let (kind, path, size) = match word.split_once('=') {
                    Some((path, size)) => (Kind::File, path, size.parse().expect("a size")),
                    None if word.starts_with('-') => (Kind::Whiteout, &word[1..], 0),
                    None if word.ends_with("/!") => (Kind::Opaque, &word[..word.len() - 2], 0),
                    None => (Kind::Directory, word.trim_end_matches('/'), 0),
                };
                let node = layer.node(path.split('/').map(str::as_bytes));
                let entry = NewEntry {
                    node: node.expect("room"),
                    kind,
                    mode: 0o644,
                    owner: Owner::default(),
                    size,
                    payload: Payload::None,
                };
                layer.add(entry).expect("room");
            }
            merged
                .add(&layer.finish(Digest::of(text.as_bytes()), Bytes(0)))
                .expect("room");
        }
        merged.finish()
    }

    #[test]
    fn the_figures_are_those_of_dive() {
        for (layers, efficiency, wasted, share) in [
            (&["a=100"][..], 1.0, 0, 0.0),
            (&[], 1.0, 0, 0.0),
            // The same path twice: its smaller size by both.
            (&["a=100", "a=100 b=300"], 400.0 / 500.0, 200, 200.0 / 400.0),
            // Removed: nothing of it is needed.
            (&["a=100 b=100", "-a c=100"], 200.0 / 300.0, 100, 1.0),
            // Removed with its directory, with and without an entry of its own.
            (&["d/ d/a=100 b=100", "-d c=50"], 150.0 / 250.0, 100, 2.0),
            (&["d/a=100 b=100", "-d c=50"], 150.0 / 250.0, 100, 2.0),
            (&["d/ d/a=100", "d/ d/! d/b=50"], 50.0 / 150.0, 100, 2.0),
            // Removed and there again.
            (&["a=100", "-a", "a=60"], 0.0, 160, 160.0 / 60.0),
        ] {
            let figures = DiveFigures::of(&image(layers));
            let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
            assert!(
                near(figures.efficiency, efficiency),
                "{layers:?} {figures:?}"
            );
            assert_eq!(figures.wasted_bytes, Bytes(wasted), "{layers:?}");
            assert!(
                near(figures.user_wasted_percent, share),
                "{layers:?} {figures:?}"
            );
        }
    }

    #[test]
    fn waste_without_a_layer_of_ones_own_is_all_of_it() {
        let figures = DiveFigures::of(&image(&["a=1", "-a"]));
        assert!(figures.user_wasted_percent.is_infinite());
        let rules = DiveRules::default();
        let broken: Vec<&str> = judge(&rules, &figures)
            .iter()
            .filter(|it| !it.kept)
            .map(|it| it.rule)
            .collect();
        assert_eq!(broken, ["lowestEfficiency", "highestUserWastedPercent"]);
    }

    #[test]
    fn at_the_limit_a_rule_holds() {
        let figures = DiveFigures {
            efficiency: 0.9,
            wasted_bytes: Bytes(20),
            user_wasted_percent: 0.1,
        };
        let at = DiveRules {
            highest_wasted_bytes: Some(Bytes(20)),
            ..DiveRules::default()
        };
        assert!(judge(&at, &figures).iter().all(|it| it.kept));
        let over = DiveRules {
            lowest_efficiency: Some(0.91),
            highest_wasted_bytes: Some(Bytes(19)),
            highest_user_wasted_percent: Some(0.09),
        };
        assert_eq!(
            judge(&over, &figures).iter().filter(|it| it.kept).count(),
            0
        );
        let none = DiveRules {
            lowest_efficiency: None,
            highest_wasted_bytes: None,
            highest_user_wasted_percent: None,
        };
        assert_eq!(judge(&none, &figures), []);
    }
}
