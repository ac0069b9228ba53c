//! `karat layers IMAGE` for a terminal: what an image is made of, and what of that is waste.

use super::sections;
use super::words;
use crate::cli::layout::hang;
use crate::cli::table::{Colour, Paint};
use crate::explain::{Origin, Whole};
use crate::model::text::printable;

/// How the report is written.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// With or without colour.
    pub colour: Colour,
    /// How many cells wide.
    pub width: usize,
    /// All there is, not only the largest.
    pub all: bool,
}

/// The whole report.
#[must_use]
pub fn layers(whole: &Whole, style: Style) -> String {
    let mut out = head(whole, style);
    sections::layers(&mut out, whole, style);
    sections::waste(&mut out, whole, style);
    sections::directories(&mut out, whole, style);
    sections::packages(&mut out, whole, style);
    sections::components(&mut out, whole, style);
    sections::findings(&mut out, whole, style);
    out
}

/// What it is, and how large.
pub(super) fn head(whole: &Whole, style: Style) -> String {
    let facts = &whole.anatomy.facts;
    let Style { colour, width, .. } = style;
    let mut out = String::new();
    let name = printable(whole.name()).into_owned();
    let platform = printable(&facts.platform);
    let mut line = format!("  {platform}");
    if let Some(created) = facts.created {
        line.push_str(&format!(", built {}", created.format("%Y-%m-%d")));
    }
    if let Some(distribution) = &whole.inventory.distribution {
        let pretty = distribution.pretty_name.as_ref();
        line.push_str(&format!(
            ", {}",
            printable(pretty.unwrap_or(&distribution.id))
        ));
    }
    out.push_str(&colour.paint(Paint::Head, &name));
    out.push_str(&line);
    out.push('\n');
    let mut digests = vec![format!("config {}", facts.config.short())];
    digests.extend(
        facts
            .manifest
            .iter()
            .map(|it| format!("manifest {}", it.short())),
    );
    digests.extend(facts.index.iter().map(|it| format!("index {}", it.short())));
    digests.push(origin(&whole.origin));
    out.push_str(&colour.paint(Paint::Faint, &digests.join(" · ")));
    out.push('\n');
    let others: Vec<&str> = facts.names.iter().skip(1).map(String::as_str).collect();
    if !others.is_empty() {
        hang(&mut out, "also ", &others.join(", "), 5, width);
    }
    out.push('\n');
    let reclaimable = whole.reclaimable();
    let share = words::percent(reclaimable, whole.waste.layer_bytes);
    let efficiency = words::percent(whole.waste.visible_bytes, whole.waste.layer_bytes);
    let paint = if reclaimable.0 == 0 {
        Paint::Good
    } else {
        Paint::Warn
    };
    for (paint, figure, what) in [
        (
            Paint::Plain,
            whole.waste.layer_bytes,
            format!("in {}", count(facts.layers.len(), "layer", "layers")),
        ),
        (
            Paint::Plain,
            whole.waste.visible_bytes,
            format!("visible in a container: efficiency {efficiency}"),
        ),
        (
            paint,
            reclaimable,
            format!("reclaimable ({share}): in a layer, and hidden by another"),
        ),
    ] {
        let figure = format!("{:>9}", figure.to_string());
        out.push_str(&format!("{}  {what}\n", colour.paint(paint, &figure)));
    }
    out
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Engine { engine, id } => {
            format!("{} on {}", id.short(), printable(engine.as_str()))
        }
        Origin::Registry { reference, digest } => {
            let reference = reference.to_string();
            let name = reference.split('@').next().unwrap_or_default();
            format!("{} in the registry as {}", digest.short(), printable(name))
        }
        Origin::Archive(path) if path.as_os_str() == "-" => "standard input".to_owned(),
        Origin::Archive(path) | Origin::Directory(path) => {
            printable(&path.to_string_lossy()).into_owned()
        }
    }
}

/// `1 layer`, `3 layers`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    }
}
