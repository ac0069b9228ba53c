//! What a step ships that a later one hides: by the two instructions it takes.

use std::collections::BTreeMap;

use super::finding::{Finding, Places, Severity};
use super::ids::FindingId;
use crate::anatomy::components::PathText;
use crate::anatomy::components::words::count;
use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{Entry, LayerNo, Merged, NodeId};
use crate::model::bytes::Bytes;

/// Less is not worth a word.
const AT_LEAST: u64 = 10_000;
/// How many pairs of steps are told.
const MOST: usize = 50;

/// What one layer hides of another.
#[derive(Default)]
struct Pair {
    bytes: u64,
    paths: u64,
    /// The heaviest.
    heaviest: Vec<(u64, NodeId)>,
}

type Key = (LayerNo, LayerNo, FindingId);

pub(super) fn findings(merged: &Merged, places: &Places<'_>) -> Vec<Finding> {
    let mut pairs: BTreeMap<Key, Pair> = BTreeMap::new();
    for id in merged.every_entry() {
        let Some(entry) = merged.entry(id) else {
            continue;
        };
        // Other names of a file have no bytes of their own.
        if entry.kind != Kind::File || entry.size.0 == 0 {
            continue;
        }
        let Some(by) = merged.content_died(id) else {
            continue;
        };
        let key = (entry.layer, by, how(merged, &entry, by));
        pairs.entry(key).or_default().add(&entry);
    }
    let mut pairs: Vec<(Key, Pair)> = pairs
        .into_iter()
        .filter(|(_, pair)| pair.bytes >= AT_LEAST)
        .collect();
    pairs.sort_by_key(|(key, pair)| (std::cmp::Reverse(pair.bytes), *key));
    pairs.truncate(MOST);
    pairs
        .into_iter()
        .map(|(key, pair)| finding(merged, key, pair, places))
        .collect()
}

/// How a layer hides an entry of a lower one.
fn how(merged: &Merged, entry: &Entry<'_>, by: LayerNo) -> FindingId {
    if by == entry.layer {
        return FindingId::WasteDoubled;
    }
    let over = merged
        .history(entry.node)
        .filter_map(|id| merged.entry(id))
        .find(|over| over.layer == by && matches!(over.kind, Kind::File | Kind::HardLink));
    match over {
        Some(over) if over.size == entry.size && over.payload == entry.payload => {
            FindingId::WasteMetadata
        }
        Some(_) => FindingId::WasteReplaced,
        None => FindingId::WasteDeleted,
    }
}

impl Pair {
    fn add(&mut self, entry: &Entry<'_>) {
        let weight = entry.size.0;
        self.bytes = self.bytes.saturating_add(weight);
        self.paths += 1;
        let place = self.heaviest.partition_point(|(other, _)| *other >= weight);
        if place < Finding::EXAMPLES {
            self.heaviest.insert(place, (weight, entry.node));
            self.heaviest.truncate(Finding::EXAMPLES);
        }
    }
}

fn finding(merged: &Merged, key: Key, pair: Pair, places: &Places<'_>) -> Finding {
    let (wrote, by, id) = key;
    let bytes = Bytes(pair.bytes);
    let (writer, hider) = (places.name(wrote), places.name(by));
    let hider = capital(&hider);
    let files = count(pair.paths, "file", "files");
    let (title, remedy) = match id {
        FindingId::WasteMetadata => (
            format!(
                "{hider} changes only owner or mode of {bytes} that {writer} wrote, in {files}"
            ),
            "Give owner and mode where they are copied (COPY --chown=… --chmod=…), or change them in the RUN that writes.",
        ),
        FindingId::WasteReplaced => (
            format!("{hider} writes {bytes} anew that {writer} wrote, in {files}"),
            "Write them once: do both in one step, or leave them out of the first.",
        ),
        FindingId::WasteDoubled => (
            format!("{hider} has {bytes} more than once, in {files}"),
            "Build this layer anew: its archive has the same path more than once.",
        ),
        _ => (
            format!("{hider} deletes {bytes} that {writer} wrote, in {files}"),
            "Delete them in the step that writes them, or write them in a stage that is not shipped.",
        ),
    };
    let paths = pair
        .heaviest
        .iter()
        .map(|(_, node)| PathText(merged.path(*node)));
    Finding::new(id, Severity::of_bytes(bytes), title, remedy)
        .bytes(bytes)
        .paths(paths, pair.paths)
        .at(places.layer(by))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
