//! `karat diff FROM TO --markdown`: what grew, for a pull request.

use std::fmt::Write as _;

use super::diff_text::{changed, tally, versions};
use super::markdown::{code, plain};
use super::text::count;
use super::words::{self, growth};
use crate::anatomy::components::PathText;
use crate::anatomy::diff::Which;
use crate::anatomy::packages::diff::Change;
use crate::explain::Compared;

/// How many of each a summary has.
const SHORT: usize = 5;

/// The whole comparison.
#[must_use]
pub fn full(compared: &Compared) -> String {
    write(compared, usize::MAX)
}

/// What fits a pull request.
#[must_use]
pub fn summary(compared: &Compared) -> String {
    write(compared, SHORT)
}

fn write(compared: &Compared, most: usize) -> String {
    let mut out = head(compared);
    layers(&mut out, compared, most);
    packages(&mut out, compared, most);
    files(&mut out, compared, most);
    settings(&mut out, compared, most);
    out
}

fn head(compared: &Compared) -> String {
    let (before, after, diff) = (&compared.before, &compared.after, &compared.diff);
    format!(
        "## {} → {}\n\n| | before | after |\n|:--|--:|--:|\n| in layers | {} | {} |\n| layers | {} | {} |\n\n\
         **{}** visible; {} to pull in {}, {} shared.\n",
        code(before.name()),
        code(after.name()),
        before.layer_bytes(),
        after.layer_bytes(),
        before.anatomy.facts.layers.len(),
        after.anatomy.facts.layers.len(),
        growth(diff.growth),
        diff.pull.bytes,
        count(diff.pull.layers, "layer", "layers"),
        diff.shared,
    )
}

fn layers(out: &mut String, compared: &Compared, most: usize) {
    let moved = compared.diff.layers.iter().filter(|it| it.growth != 0);
    let lines: Vec<String> = moved
        .take(most)
        .map(|it| {
            let (side, layer, of) = match it.layer {
                Which::Shared(layer) => (&compared.after, layer, "both"),
                Which::Before(layer) => (&compared.before, layer, "before"),
                Which::After(layer) => (&compared.after, layer, "after"),
            };
            let step = side.anatomy.facts.step_name(layer);
            let instruction = side
                .instruction(layer)
                .map_or_else(String::new, |it| code(&it));
            format!("| {} | {step}, {of} | {instruction} |", growth(it.growth))
        })
        .collect();
    if !lines.is_empty() {
        let _ = write!(
            out,
            "\n### Layers\n\n| growth | layer | instruction |\n|--:|:--|:--|\n{}\n",
            lines.join("\n")
        );
    }
}

fn packages(out: &mut String, compared: &Compared, most: usize) {
    let mut changes: Vec<&Change> = compared.packages.changes.iter().collect();
    if changes.is_empty() {
        return;
    }
    changes.sort_by_key(|it| std::cmp::Reverse(it.growth.unwrap_or(0).unsigned_abs()));
    let _ = write!(
        out,
        "\n### Packages\n\n{}\n\n| growth | | package | before | after |\n|--:|:--|:--|:--|:--|\n",
        tally(&changes)
    );
    for change in changes.iter().take(most) {
        let (sign, _, before, after) = versions(compared, change);
        let version = |it: Option<&str>| it.map_or_else(String::new, code);
        let _ = writeln!(
            out,
            "| {} | {sign} | {} | {} | {} |",
            change.growth.map_or_else(String::new, growth),
            code(&change.name),
            version(before),
            version(after)
        );
    }
    more(out, changes.len(), most);
}

fn files(out: &mut String, compared: &Compared, most: usize) {
    let mut all: Vec<_> = compared.diff.files.files.iter().collect();
    if all.is_empty() {
        return;
    }
    all.sort_by_key(|it| std::cmp::Reverse(it.growth.unsigned_abs()));
    let (before, after) = (&compared.before.anatomy, &compared.after.anatomy);
    let _ = write!(
        out,
        "\n### Files\n\n{} differ\n\n",
        words::files(all.len() as u64)
    );
    for it in all.iter().take(most) {
        let path = PathText(it.path(&before.merged, &after.merged)).to_string();
        let (growth, mark) = (growth(it.growth), words::mark(it.mark));
        let _ = writeln!(out, "- {growth} {} {mark}", code(&path));
    }
    more(out, all.len(), most);
}

fn settings(out: &mut String, compared: &Compared, most: usize) {
    let all = &compared.diff.settings;
    if all.is_empty() {
        return;
    }
    out.push_str("\n### Configuration\n\n");
    for change in all.iter().take(most) {
        let _ = writeln!(out, "- {}", plain(&changed(compared, change)));
    }
    more(out, all.len(), most);
}

fn more(out: &mut String, all: usize, most: usize) {
    if all > most {
        let _ = write!(out, "\n… and {} more\n", all - most);
    }
}
