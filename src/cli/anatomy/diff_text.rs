//! `karat diff FROM TO` for a terminal: what grew, from layer to directory to package.

use super::text::{Style, count};
use super::words::{self, growth};
use crate::anatomy::components::PathText;
use crate::anatomy::diff::{LayerGrowth, SettingChange, Which};
use crate::anatomy::packages::diff::{Change, Way, What};
use crate::cli::layout::{hang, heading, more, shortened};
use crate::cli::table::{Paint, Table, Text};
use crate::explain::Compared;
use crate::model::text::printable;

/// How many of each are shown without `--all`.
const LAYERS: usize = 6;
const DIRECTORIES: usize = 12;
const PACKAGES: usize = 20;
const FILES: usize = 12;
/// A directory is told that has one in so many of what moved.
const SHARE: u64 = 50;

/// The whole comparison.
#[must_use]
pub fn diff(compared: &Compared, style: Style) -> String {
    let mut out = head(compared, style);
    layers(&mut out, compared, style);
    directories(&mut out, compared, style);
    packages(&mut out, compared, style);
    files(&mut out, compared, style);
    settings(&mut out, compared, style);
    if compared.before.anatomy.facts.config == compared.after.anatomy.facts.config {
        out.push_str("\nthey are the same image\n");
    }
    out
}

fn paint(bytes: i64) -> Paint {
    match bytes {
        0 => Paint::Plain,
        1.. => Paint::Warn,
        ..0 => Paint::Good,
    }
}

fn head(compared: &Compared, style: Style) -> String {
    let (before, after, diff) = (&compared.before, &compared.after, &compared.diff);
    let names = format!("{} → {}", printable(before.name()), printable(after.name()));
    let mut out = style.colour.paint(Paint::Head, &names) + "\n\n";
    let line = |figure: &str, paint, what: &str| {
        let figure = style.colour.paint(paint, &format!("{figure:>10}"));
        format!("{figure}  {what}\n")
    };
    out.push_str(&line(
        &growth(diff.growth),
        paint(diff.growth),
        "visible in a container",
    ));
    let in_layers = signed(after.layer_bytes().0) - signed(before.layer_bytes().0);
    let what = format!(
        "in layers: {} before, {} after",
        before.layer_bytes(),
        after.layer_bytes()
    );
    out.push_str(&line(&growth(in_layers), paint(in_layers), &what));
    let pull = &diff.pull;
    let mut what = format!(
        "to pull in {}; {} shared",
        count(pull.layers, "layer", "layers"),
        count(diff.shared.into(), "layer is", "layers are")
    );
    if pull.uncompressed > 0 {
        what.push_str(&format!(
            " ({} counted uncompressed: how long it is on the wire is not known)",
            count(pull.uncompressed, "layer", "layers")
        ));
    }
    if pull.unknown > 0 {
        what.push_str(&format!("; {} not known", pull.unknown));
    }
    let lead = format!("{:>10}", pull.bytes.to_string());
    hang(&mut out, &lead, &what, 12, style.width);
    out
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn layers(out: &mut String, compared: &Compared, style: Style) {
    let moved: Vec<&LayerGrowth> = compared
        .diff
        .layers
        .iter()
        .filter(|it| it.growth != 0)
        .collect();
    if moved.is_empty() {
        return;
    }
    heading(out, style.colour, "LAYERS");
    let shown = if style.all { moved.len() } else { LAYERS };
    for it in moved.iter().take(shown) {
        let (side, layer, of) = match it.layer {
            Which::Shared(layer) => (&compared.after, layer, "both"),
            Which::Before(layer) => (&compared.before, layer, "before"),
            Which::After(layer) => (&compared.after, layer, "after"),
        };
        let figure = format!("{:>10}", growth(it.growth));
        let figure = style.colour.paint(paint(it.growth), &figure);
        let step = side.anatomy.facts.step_name(layer);
        out.push_str(&format!("{figure}  {step}, {of}\n"));
        if let Some(instruction) = side.instruction(layer) {
            hang(out, "", &instruction, 12, style.width);
        }
        for (path, bytes) in it.directories.iter().take(3) {
            let path = PathText(path.clone()).to_string();
            let path = shortened(&path, style.width.saturating_sub(24));
            let line = format!("            {:>10}  {path}", growth(*bytes));
            out.push_str(&style.colour.paint(Paint::Faint, &line));
            out.push('\n');
        }
    }
    let left_out = moved.len().saturating_sub(shown);
    more(out, style.colour, left_out, "layers");
}

fn directories(out: &mut String, compared: &Compared, style: Style) {
    let (before, after) = (&compared.before.anatomy, &compared.after.anatomy);
    let all = &compared.diff.files.directories;
    let most = all.iter().map(|it| it.growth.unsigned_abs()).max();
    let least = (most.unwrap_or(0) / SHARE).max(1);
    let told: Vec<_> = all
        .iter()
        .skip(1)
        .filter(|it| style.all || it.growth.unsigned_abs() >= least)
        .collect();
    if told.is_empty() {
        return;
    }
    heading(out, style.colour, "DIRECTORIES");
    let shown = if style.all { told.len() } else { DIRECTORIES };
    for it in told.iter().take(shown) {
        let path = PathText(it.path(&before.merged, &after.merged)).to_string();
        let tally: Vec<String> = [
            ('+', it.added.count),
            ('~', it.changed.count),
            ('−', it.removed.count),
        ]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(sign, count)| format!("{sign}{count}"))
        .collect();
        let figure = format!("{:>10}", growth(it.growth));
        let figure = style.colour.paint(paint(it.growth), &figure);
        let path = shortened(&path, style.width.saturating_sub(36));
        out.push_str(&format!("{figure}  {path}  {}\n", tally.join(" ")));
    }
    let left_out = told.len().saturating_sub(shown);
    more(out, style.colour, left_out, "directories");
}

fn packages(out: &mut String, compared: &Compared, style: Style) {
    let mut changes: Vec<&Change> = compared.packages.changes.iter().collect();
    if changes.is_empty() {
        return;
    }
    changes.sort_by_key(|it| {
        let moved = it.growth.unwrap_or(0).unsigned_abs();
        std::cmp::Reverse(moved)
    });
    heading(out, style.colour, &format!("PACKAGES  {}", tally(&changes)));
    let shown = if style.all { changes.len() } else { PACKAGES };
    let head = ["    GROWTH", "", "PACKAGE", "BEFORE", "AFTER", "KIND"];
    let mut table = Table::new(head.map(|text| Text::new(Paint::Faint, text)).into());
    for change in changes.iter().take(shown) {
        let (sign, paint, before, after) = versions(compared, change);
        let figure = change.growth.map_or("–".to_owned(), growth);
        table.row(vec![
            vec![Text::plain(&format!("{figure:>10}"))],
            vec![Text::new(paint, sign)],
            vec![Text::plain(&change.name)],
            vec![Text::plain(before.unwrap_or("–"))],
            vec![Text::plain(after.unwrap_or("–"))],
            vec![Text::new(Paint::Faint, change.kind.as_str())],
        ]);
    }
    out.push_str(&table.render(style.colour));
    let left_out = changes.len().saturating_sub(shown);
    more(out, style.colour, left_out, "packages");
}

/// A sign for what became of a package, and its versions.
pub(super) fn versions<'a>(
    compared: &'a Compared,
    change: &Change,
) -> (&'static str, Paint, Option<&'a str>, Option<&'a str>) {
    let before = |number| {
        let package = compared.before.inventory.package(number);
        package.map(|it| it.version.as_str())
    };
    let after = |number| {
        let package = compared.after.inventory.package(number);
        package.map(|it| it.version.as_str())
    };
    match change.what {
        What::Added(number) => ("+", Paint::Good, None, after(number)),
        What::Removed(number) => ("−", Paint::Bad, before(number), None),
        What::Changed { from, to, way } => {
            let sign = match way {
                Way::Up => "↑",
                Way::Down => "↓",
                Way::Sideways => "~",
            };
            (sign, Paint::Warn, before(from), after(to))
        }
    }
}

/// `2 added, 1 removed, 5 changed`.
pub(super) fn tally(changes: &[&Change]) -> String {
    let count = |fits: fn(&What) -> bool| changes.iter().filter(|it| fits(&it.what)).count();
    let parts = [
        (count(|it| matches!(it, What::Added(_))), "added"),
        (count(|it| matches!(it, What::Removed(_))), "removed"),
        (count(|it| matches!(it, What::Changed { .. })), "changed"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    parts.join(", ")
}

fn files(out: &mut String, compared: &Compared, style: Style) {
    let mut all: Vec<_> = compared.diff.files.files.iter().collect();
    if all.is_empty() {
        return;
    }
    all.sort_by_key(|it| std::cmp::Reverse(it.growth.unsigned_abs()));
    heading(
        out,
        style.colour,
        &format!("FILES  {} differ", words::files(all.len() as u64)),
    );
    let (before, after) = (&compared.before.anatomy, &compared.after.anatomy);
    let shown = if style.all { all.len() } else { FILES };
    for it in all.iter().take(shown) {
        let path = PathText(it.path(&before.merged, &after.merged)).to_string();
        let path = shortened(&path, style.width.saturating_sub(24));
        let figure = format!("{:>10}", growth(it.growth));
        out.push_str(&format!("{figure}  {path}  {}\n", words::mark(it.mark)));
    }
    let left_out = all.len().saturating_sub(shown);
    more(out, style.colour, left_out, "files");
}

fn settings(out: &mut String, compared: &Compared, style: Style) {
    let all = &compared.diff.settings;
    if all.is_empty() {
        return;
    }
    heading(out, style.colour, "CONFIGURATION");
    for change in all {
        hang(out, "  ", &changed(compared, change), 2, style.width);
    }
}

/// `env PATH: /bin → /usr/bin`, with credentials blacked out.
pub(super) fn changed(compared: &Compared, change: &SettingChange) -> String {
    let (setting, name) = words::setting(&change.setting);
    let name = name.map_or_else(String::new, |name| format!(" {name}"));
    let told = |values: &Option<Vec<String>>| match values {
        None => "not set".to_owned(),
        Some(values) => match values.as_slice() {
            [one] => compared.redact(one),
            many => compared.redact(&format!("{many:?}")),
        },
    };
    format!(
        "{setting}{name}: {} → {}",
        told(&change.before),
        told(&change.after)
    )
}
