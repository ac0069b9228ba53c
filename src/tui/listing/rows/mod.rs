//! What the rows of each list are found by, and what they are sorted by: by what they show.

mod anatomy;
mod engines;
mod fleet;
mod history;
mod operations;
mod versions;

use std::cmp::Ordering;

pub(crate) use anatomy::{ByColumn, ComponentRows, FindingRows, PackageRows};
pub(crate) use engines::{EngineRows, images_of, kind_of, link_word, served, version_of};
pub(crate) use fleet::FleetRows;
pub(crate) use history::{EventKey, HistoryRows, mark, outcome_and_fork, widest};
pub(crate) use operations::{OperationRows, now_words, state_word};
pub(crate) use versions::{
    NOT_READ, VersionKey, VersionRows, known_good_in, left_behind, runs_in, size_of,
};

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

/// A part of a text with figures in it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    /// Figures, without zeros in front: how many, and which.
    Figures(usize, String),
    /// What stands between them.
    Text(String),
}

/// A text to sort by in which figures count by their value: `1.9` comes before `1.10`.
fn figures(text: &str) -> Option<Vec<Piece>> {
    let text = self::text(text)?;
    let same = |one: &char, other: &char| one.is_ascii_digit() == other.is_ascii_digit();
    let chars: Vec<char> = text.chars().collect();
    let pieces = chars.chunk_by(same).map(|run| {
        let text: String = run.iter().collect();
        if !text.starts_with(|c: char| c.is_ascii_digit()) {
            return Piece::Text(text);
        }
        let value = text.trim_start_matches('0');
        Piece::Figures(value.len(), value.to_owned())
    });
    Some(pieces.collect())
}
