//! Findings about files that are known by their paths: each family brings its groups.

use super::census::Census;
use super::finding::{Finding, Places, Severity};
use super::ids::FindingId;
use crate::anatomy::components::words::count;
use crate::anatomy::merged::{LayerNo, Merged};
use crate::model::bytes::Bytes;

/// Files that are one finding together.
pub(super) struct Group {
    pub(super) id: FindingId,
    pub(super) paths: &'static [&'static str],
    /// What is left alone.
    pub(super) except: &'static [&'static str],
    /// Less than this is not worth a word.
    pub(super) at_least: u64,
    /// No more than this severe.
    pub(super) at_most: Severity,
    /// What they are: `of package lists`.
    pub(super) what: &'static str,
    pub(super) remedy: &'static str,
}

/// All groups, those that a file belongs to first before the others: a file is in one only.
pub(super) fn all() -> impl Iterator<Item = &'static Group> {
    super::caches::GROUPS
        .iter()
        .chain(super::leftovers::GROUPS)
        .chain(super::symbols::GROUPS)
        .chain(super::build_only::GROUPS)
        .chain(super::documents::GROUPS)
}

/// One finding for each group that has something.
pub(super) fn findings(merged: &Merged, census: &Census, places: &Places<'_>) -> Vec<Finding> {
    all()
        .zip(&census.groups)
        .filter(|(group, tally)| tally.bytes > 0 && tally.bytes >= group.at_least)
        .map(|(group, tally)| {
            let bytes = Bytes(tally.bytes);
            let files = count(tally.files, "file", "files");
            let severity = Severity::of_bytes(bytes).min(group.at_most);
            let title = format!("{bytes} {}, in {files}", group.what);
            let most = tally.layers.iter().max_by_key(|(_, bytes)| **bytes);
            let mut finding = Finding::new(group.id, severity, title, group.remedy)
                .bytes(bytes)
                .paths(tally.paths(merged), tally.files);
            if let Some((layer, _)) = most {
                finding = finding.at(places.layer(LayerNo(*layer)));
            }
            finding
        })
        .collect()
}
