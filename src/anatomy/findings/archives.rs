//! What is odd about the archives of layers.

use std::collections::BTreeMap;

use super::finding::{Finding, Places, Severity};
use super::ids::FindingId;
use crate::anatomy::components::PathText;
use crate::anatomy::components::words::count;
use crate::anatomy::layer::index::{Kind, Oddity};
use crate::anatomy::merged::{LayerNo, NodeId};
use crate::anatomy::whole::Anatomy;

pub(super) fn findings(anatomy: &Anatomy, places: &Places<'_>) -> Vec<Finding> {
    let mut findings = oddities(anatomy, places);
    findings.extend(doubled(anatomy, places));
    findings.extend(below_symlinks(anatomy, places));
    findings
}

fn oddities(anatomy: &Anatomy, places: &Places<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let layers = (0_u16..).map(LayerNo).zip(&anatomy.archives);
    for (layer, archive) in layers {
        let Some(archive) = archive else { continue };
        for oddity in [
            Oddity::NormalisedPath,
            Oddity::UnknownType,
            Oddity::TooLargeToKeep,
        ] {
            let paths: Vec<PathText> = archive
                .oddities
                .iter()
                .filter(|it| it.what == oddity)
                .map(|it| PathText(it.path.clone()))
                .collect();
            let number = paths.len() as u64;
            if number == 0 {
                continue;
            }
            let more = archive.oddity_count > archive.oddities.len() as u64;
            let least = if more { "at least " } else { "" };
            let (id, severity, what, remedy) = said(oddity);
            let title = format!(
                "The layer of {} has {least}{} {what}",
                places.name(layer),
                count(number, "path", "paths")
            );
            findings.push(
                Finding::new(id, severity, title, remedy)
                    .paths(paths, number)
                    .at(places.layer(layer)),
            );
        }
    }
    findings
}

const fn said(oddity: Oddity) -> (FindingId, Severity, &'static str, &'static str) {
    match oddity {
        Oddity::UnknownType => (
            FindingId::OddEntry,
            Severity::Low,
            "of an unknown type, taken for files",
            "Build the layer with a current builder.",
        ),
        Oddity::TooLargeToKeep => (
            FindingId::NotLookedInto,
            Severity::Note,
            "that would explain others, but are too large to be looked into",
            "Nothing, if the image is right; packages and owners told here may be fewer than there are.",
        ),
        Oddity::NormalisedPath | Oddity::NoPath | Oddity::AufsMetadata => (
            FindingId::OddPath,
            Severity::Low,
            "that are absolute or have .. in them; listed where they lead within the root",
            "Build the layer with a current builder: others may put these files elsewhere.",
        ),
    }
}

/// Paths that a layer's archive has more than once, directories aside: those are told twice
/// by many builders, and cost nothing.
fn doubled(anatomy: &Anatomy, places: &Places<'_>) -> Vec<Finding> {
    let merged = &anatomy.merged;
    let mut findings = Vec::new();
    for layer in (0..merged.layers()).map(LayerNo) {
        let mut nodes: Vec<NodeId> = merged
            .killed_by(layer)
            .filter_map(|id| merged.entry(id))
            .filter(|entry| entry.layer == layer && entry.kind != Kind::Directory)
            .map(|entry| entry.node)
            .collect();
        nodes.sort_unstable();
        nodes.dedup();
        if nodes.is_empty() {
            continue;
        }
        let number = nodes.len() as u64;
        let name = places.name(layer);
        let title = format!(
            "The layer of {name} has {} more than once",
            count(number, "path", "paths")
        );
        let paths = nodes.into_iter().map(|node| PathText(merged.path(node)));
        findings.push(
            Finding::new(
                FindingId::DoubledPath,
                Severity::Note,
                title,
                "Build the layer with a current builder: the last of them is what a container sees.",
            )
            .paths(paths, number)
            .at(places.layer(layer)),
        );
    }
    findings
}

fn below_symlinks(anatomy: &Anatomy, places: &Places<'_>) -> Vec<Finding> {
    let merged = &anatomy.merged;
    let mut by_layer: BTreeMap<LayerNo, Vec<PathText>> = BTreeMap::new();
    for id in merged.below_symlinks() {
        let Some(entry) = merged.entry(*id) else {
            continue;
        };
        let paths = by_layer.entry(entry.layer).or_default();
        paths.push(PathText(merged.path(entry.node)));
    }
    by_layer
        .into_iter()
        .map(|(layer, paths)| {
            let number = paths.len() as u64;
            let name = places.name(layer);
            let title = format!("The layer of {name} has {} below what a lower layer has as a symlink", count(number, "path", "paths"));
            Finding::new(
                FindingId::BelowSymlink,
                Severity::Medium,
                title,
                "Copy to the directory the symlink leads to: engines differ in what becomes of the symlink.",
            )
            .paths(paths, number)
            .at(places.layer(layer))
        })
        .collect()
}
