//! The same content at several paths.

use super::census::Census;
use super::finding::{Finding, Places, Severity};
use super::ids::FindingId;
use crate::anatomy::components::PathText;
use crate::anatomy::merged::{EntryId, Merged};
use crate::model::bytes::Bytes;

/// Files from this size on are told whatever they are.
const LARGE: u64 = 64 * 1024;
/// Smaller ones are, when their copies add up to this.
const MUCH: u64 = 1_000_000;
/// How many contents are told one by one.
const MOST: usize = 10;

/// Files of one content.
struct Copies<'a> {
    size: u64,
    entries: Vec<&'a EntryId>,
}

impl Copies<'_> {
    fn spare(&self) -> u64 {
        let more = self.entries.len().saturating_sub(1) as u64;
        self.size.saturating_mul(more)
    }
}

/// The findings, and how many bytes of copies there are that no group has already.
pub(super) fn findings(
    merged: &Merged,
    census: &Census,
    places: &Places<'_>,
) -> (Vec<Finding>, u64) {
    // Files of several names weigh at one of them only, so those are not among these.
    let groups = census
        .contents
        .chunk_by(|one, two| (one.0, one.1) == (two.0, two.1));
    let mut copies: Vec<Copies<'_>> = groups
        .filter(|group| group.len() > 1)
        .filter_map(|group| {
            let (_, size, _) = group.first()?;
            Some(Copies {
                size: *size,
                entries: group.iter().map(|(_, _, id)| id).collect(),
            })
        })
        .filter(|copies| copies.size >= LARGE || copies.spare() >= MUCH)
        .collect();
    copies.sort_by_key(|copies| std::cmp::Reverse(copies.spare()));
    let beside = |copies: &Copies<'_>| {
        let free = copies.entries.iter().filter(|id| {
            let node = merged.entry(***id).map(|entry| entry.node.place());
            node.and_then(|place| census.in_group.get(place)) == Some(&false)
        });
        copies
            .size
            .saturating_mul(free.count().saturating_sub(1) as u64)
    };
    let spare = copies.iter().map(beside).fold(0, u64::saturating_add);
    let told = copies.iter().take(MOST);
    let mut findings: Vec<Finding> = told.map(|it| one(merged, it, places)).collect();
    if let Some(rest) = copies.get(MOST..).filter(|rest| !rest.is_empty()) {
        findings.push(others(merged, rest, places));
    }
    (findings, spare)
}

fn one(merged: &Merged, copies: &Copies<'_>, places: &Places<'_>) -> Finding {
    let spare = Bytes(copies.spare());
    let count = copies.entries.len();
    let size = Bytes(copies.size);
    let title = format!("The same {size} at {count} paths: {spare} more than once is enough");
    finding(merged, spare, title, &copies.entries, places)
}

fn others(merged: &Merged, rest: &[Copies<'_>], places: &Places<'_>) -> Finding {
    let spare = Bytes(rest.iter().map(Copies::spare).fold(0, u64::saturating_add));
    let contents = rest.len();
    let title = format!("{contents} more contents at several paths each: {spare} too much");
    let entries: Vec<&EntryId> = rest.iter().flat_map(|it| it.entries.clone()).collect();
    finding(merged, spare, title, &entries, places)
}

fn finding(
    merged: &Merged,
    spare: Bytes,
    title: String,
    entries: &[&EntryId],
    places: &Places<'_>,
) -> Finding {
    let all = || entries.iter().filter_map(|id| merged.entry(**id));
    // The newest copy is the one that need not have been made.
    let newest = all().max_by_key(|entry| entry.id).map(|entry| entry.layer);
    Finding::new(
        FindingId::SameContent,
        Severity::of_bytes(spare).min(Severity::Medium),
        title,
        "Copy it once and link to it, or find the step that copies it again.",
    )
    .bytes(spare)
    .paths(
        all().map(|entry| PathText(merged.path(entry.node))),
        entries.len() as u64,
    )
    .at(newest.map_or_else(Default::default, |layer| places.layer(layer)))
}
