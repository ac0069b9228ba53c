//! What the rows of each list are found by, and what they are sorted by: by what they show.

mod anatomy;
mod engines;
mod fleet;
mod history;
mod operations;
mod versions;

use std::cmp::Ordering;

pub(crate) use anatomy::{ByColumn, ComponentRows, FindingRows, PackageRows};
pub(crate) use engines::{EngineRows, link_word, served, version_of};
pub(crate) use fleet::FleetRows;
pub(crate) use history::{EventKey, HistoryRows, mark, outcome_words, widest};
pub(crate) use operations::{OperationRows, now_words, state_word};
pub(crate) use versions::{VersionRows, known_good_in, left_behind, runs_in};

/// Sorts positions by a key, the greatest first if it `falls`. What has none comes last,
/// whichever way; ties stay as they were.
pub(super) fn by<T: Ord>(order: &mut [usize], falls: bool, key: impl Fn(usize) -> Option<T>) {
    let mut keyed: Vec<(Option<T>, usize)> = order.iter().map(|at| (key(*at), *at)).collect();
    keyed.sort_by(|(a, _), (b, _)| match (a, b) {
        (Some(a), Some(b)) if falls => b.cmp(a),
        (Some(a), Some(b)) => a.cmp(b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    });
    for (slot, (_, at)) in order.iter_mut().zip(keyed) {
        *slot = at;
    }
}

/// A text to sort by; none if it is empty.
fn text(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
