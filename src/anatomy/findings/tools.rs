//! Toolchains, browsers, media tools and models in an image that is run.

use super::finding::{Finding, Places, Severity};
use super::ids::FindingId;
use crate::anatomy::components::{Class, Component, Components};
use crate::anatomy::merged::LayerNo;

pub(super) fn findings(components: &Components, places: &Places<'_>) -> Vec<Finding> {
    let standing_out = components.all.iter().filter(|it| it.stands_out);
    standing_out.map(|it| finding(it, places)).collect()
}

fn finding(component: &Component, places: &Places<'_>) -> Finding {
    let bytes = component.exclusive_bytes;
    let name = &component.name;
    let (id, severity) = if component.class == Class::Toolchain {
        (
            FindingId::Toolchain,
            Severity::of_bytes(bytes).max(Severity::Low),
        )
    } else {
        // It may be what the image is for.
        (
            FindingId::HeavyComponent,
            Severity::of_bytes(bytes).min(Severity::Low),
        )
    };
    let title = format!("{name} in the image: {bytes} would be freed without");
    let most = component.layers.iter().max_by_key(|share| share.own_bytes);
    let layer = most.map(|share| LayerNo(share.layer.saturating_sub(1)));
    Finding::new(id, severity, title, &component.advice)
        .bytes(bytes)
        .paths(component.why.paths.iter().cloned(), component.files)
        .at(layer.map_or_else(Default::default, |layer| places.layer(layer)))
}
