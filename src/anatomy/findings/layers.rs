//! How many layers there are, how large they are, and what the base brings.

use super::census::Census;
use super::finding::{Finding, Places, Severity};
use super::groups;
use super::ids::FindingId;
use crate::anatomy::components::PathText;
use crate::anatomy::image::Presence;
use crate::anatomy::merged::{LayerNo, View};
use crate::anatomy::whole::Anatomy;
use crate::model::bytes::Bytes;

const MB: u64 = 1_000_000;
/// From so many layers on it is worth a word; engines stop at 127.
const MANY: usize = 30;
/// A layer or file from this size on can be too large.
const LARGE: u64 = 50 * MB;
/// So much documentation and so many translations does no slim base bring.
const FULL: u64 = 8 * MB;

pub(super) fn findings(
    anatomy: &Anatomy,
    view: &View,
    census: &Census,
    places: &Places<'_>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(too_many(anatomy));
    findings.extend(oversized(anatomy, places));
    findings.extend(absent(anatomy, places));
    findings.extend(large_files(anatomy, view, census, places));
    findings.extend(full_base(census, places));
    findings
}

fn too_many(anatomy: &Anatomy) -> Option<Finding> {
    let count = anatomy.facts.layers.len();
    let severity = match count {
        0..=MANY => return None,
        31..=60 => Severity::Note,
        61..=100 => Severity::Low,
        _ => Severity::Medium,
    };
    Some(Finding::new(
        FindingId::TooManyLayers,
        severity,
        format!("{count} layers; engines stop at 127"),
        "Put steps together that change together, and build in a stage that is not shipped.",
    ))
}

/// Layers that are a third of an image or more. The lowest is the base's, and not the
/// builder's to change.
fn oversized(anatomy: &Anatomy, places: &Places<'_>) -> Vec<Finding> {
    let merged = &anatomy.merged;
    let all = merged.layer_bytes();
    (1..merged.layers())
        .map(LayerNo)
        .filter_map(|layer| {
            let bytes = merged.bytes_of(layer);
            if bytes.0 < LARGE || bytes.0.saturating_mul(3) < all.0 {
                return None;
            }
            let share = percent(bytes.0, all.0);
            let severity = if share >= 60 { Severity::Low } else { Severity::Note };
            let name = places.name(layer);
            let title = format!("The layer of {name} is {bytes}, {share} % of all layers");
            Some(
                Finding::new(
                    FindingId::OversizedLayer,
                    severity,
                    title,
                    "Put what seldom changes (dependencies, data) in a step before what often does.",
                )
                .bytes(bytes)
                .at(places.layer(layer)),
            )
        })
        .collect()
}

/// A share in hundredths, rounded.
fn percent(part: u64, whole: u64) -> u64 {
    part.saturating_mul(100)
        .saturating_add(whole / 2)
        .checked_div(whole)
        .unwrap_or_default()
}

fn absent(anatomy: &Anatomy, places: &Places<'_>) -> Vec<Finding> {
    let layers = (0_u16..).map(LayerNo).zip(&anatomy.facts.layers);
    layers
        .filter(|(_, facts)| facts.presence == Presence::NotPresent)
        .map(|(layer, facts)| {
            let mut finding = Finding::new(
                FindingId::AbsentLayer,
                Severity::Note,
                format!("The content of layer {} was not there", layer.0 + 1),
                "Pull the image whole, if its content is to be looked at: foreign layers are fetched from elsewhere.",
            )
            .at(places.layer(layer));
            finding.bytes = facts.blob_bytes;
            finding
        })
        .collect()
}

/// Single files of no package that are a tenth of the image or more.
fn large_files(
    anatomy: &Anatomy,
    view: &View,
    census: &Census,
    places: &Places<'_>,
) -> Vec<Finding> {
    let merged = &anatomy.merged;
    let visible = view.visible_bytes().0;
    let large = census
        .largest
        .iter()
        .filter(|(bytes, _)| *bytes >= LARGE && bytes.saturating_mul(10) >= visible);
    large
        .filter_map(|(bytes, id)| {
            let entry = merged.entry(*id)?;
            let path = PathText(merged.path(entry.node));
            let share = percent(*bytes, visible);
            let bytes = Bytes(*bytes);
            let title = format!("{path} is {bytes}, {share} % of what is visible");
            Some(
                Finding::new(
                    FindingId::LargeFile,
                    Severity::Note,
                    title,
                    "See whether it is needed when the container runs; data may be better mounted.",
                )
                .bytes(bytes)
                .paths([path], 1)
                .at(places.layer(entry.layer)),
            )
        })
        .collect()
}

/// Whether the lowest layer has what slim images leave out: seen, not guessed from a name.
fn full_base(census: &Census, places: &Places<'_>) -> Option<Finding> {
    let bytes: u64 = groups::all()
        .zip(&census.groups)
        .filter(|(group, _)| {
            matches!(
                group.id,
                FindingId::Documentation | FindingId::ManualPages | FindingId::Locales
            )
        })
        .filter_map(|(_, tally)| tally.layers.get(&0))
        .sum();
    (bytes >= FULL).then(|| {
        let bytes = Bytes(bytes);
        Finding::new(
            FindingId::FullBase,
            Severity::Low,
            format!("The base brings {bytes} of documentation, manuals and translations"),
            "Start from the slim variant of the base, or from a distroless image.",
        )
        .bytes(bytes)
        .at(places.layer(LayerNo(0)))
    })
}
