//! The parts of the report for a terminal, one after the other.

use std::cmp::Reverse;

use super::text::{Style, count};
use super::words;
use crate::anatomy::components::Component;
use crate::anatomy::findings::{Acceptance, Finding, Severity};
use crate::anatomy::image::{Fit, Presence};
use crate::anatomy::layers::{Explained, Work};
use crate::anatomy::packages::Package;
use crate::cli::layout::{bar, hang, heading, more, shortened};
use crate::cli::table::{Colour, Paint, Table, Text};
use crate::explain::Whole;
use crate::model::bytes::Bytes;
use crate::model::text::printable;

/// How long a bar of the largest is.
const BAR: usize = 20;
/// How many of each are shown without `--all`.
const PAYMENTS: usize = 8;
const DIRECTORIES: usize = 16;
const PACKAGES: usize = 12;
const COMPONENTS: usize = 8;
const FINDINGS: usize = 12;

/// A size, to the right.
fn size(bytes: Bytes) -> String {
    format!("{:>9}", bytes.to_string())
}

/// Every layer, with its instruction in full.
pub(super) fn layers(out: &mut String, whole: &Whole, style: Style) {
    heading(out, style.colour, "LAYERS");
    let largest = whole.layers.all.iter().map(|it| it.file_bytes.0).max();
    let base = whole.layers.base.as_ref();
    if let Some(name) = base.and_then(|base| base.name.as_deref()) {
        let layers = match base.and_then(|base| base.layers) {
            Some(layers) => format!("its {} below", count(layers.into(), "layer", "layers")),
            None => "which of its layers are below is not known".to_owned(),
        };
        hang(
            out,
            "",
            &format!("built on {name}: {layers}"),
            2,
            style.width,
        );
    }
    for explained in &whole.layers.all {
        layer(out, whole, explained, largest.unwrap_or(0), style);
    }
    match whole.anatomy.facts.history.fit {
        Fit::Whole => {}
        Fit::Missing => hang(out, "", "the image has no history", 2, style.width),
        Fit::Mismatched { told, there } => {
            let text = format!(
                "the history tells of {told} layers, and there are {there}: which step made which is not known"
            );
            hang(out, "", &text, 2, style.width);
        }
    }
}

fn layer(out: &mut String, whole: &Whole, explained: &Explained, largest: u64, style: Style) {
    let Style { colour, width, .. } = style;
    let number = words::number(explained.layer);
    let facts = whole.anatomy.facts.layers.get(usize::from(number) - 1);
    let present = facts.is_some_and(|it| it.presence == Presence::Present);
    let head = if present {
        let drawn = bar(explained.file_bytes.0, largest, BAR);
        let what = work(&explained.work);
        format!("{}  {drawn}  {what}", size(explained.file_bytes))
    } else {
        let blob = facts.and_then(|it| it.blob_bytes);
        let blob = blob.map_or("–".to_owned(), |bytes| bytes.to_string());
        format!("{blob:>9}  not present: its content is not in what was read")
    };
    let base = if explained.of_base { "  base" } else { "" };
    let step = match facts.and_then(|it| it.step.as_ref()) {
        Some(step) if step.number != usize::from(number) => format!("  step {}", step.number),
        _ => String::new(),
    };
    let line = format!("{number:>3}  {}{step}{base}", head.trim_end());
    out.push_str(&line);
    out.push('\n');
    let margin = 16;
    match whole.instruction(explained.layer) {
        Some(text) => {
            let mut lines = String::new();
            hang(&mut lines, "", &text, margin, width);
            let lead = " ".repeat(margin);
            for line in lines.lines() {
                let line = line
                    .strip_prefix(lead.as_str())
                    .unwrap_or(line)
                    .trim_start();
                out.push_str(&lead);
                out.push_str(&colour.paint(Paint::Faint, line));
                out.push('\n');
            }
        }
        None => {
            let unknown = colour.paint(Paint::Faint, "made by a step that is not known");
            out.push_str(&format!("{}{unknown}\n", " ".repeat(margin)));
        }
    }
    for text in costs(whole, explained) {
        let mut lines = String::new();
        hang(&mut lines, "", &text, margin, width);
        for line in lines.lines() {
            let text = line.trim_start();
            out.push_str(&" ".repeat(margin));
            out.push_str(&colour.paint(Paint::Warn, text));
            out.push('\n');
        }
    }
}

/// `+3012 ~4 −2 files`.
fn work(work: &Work) -> String {
    let parts: Vec<String> = [
        ('+', work.added.count),
        ('~', work.changed.count),
        ('−', work.removed.count),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(sign, count)| format!("{sign}{count}"))
    .collect();
    if parts.is_empty() {
        "no files".to_owned()
    } else {
        format!("{} files", parts.join(" "))
    }
}

/// What a layer costs others, and what others make of it.
fn costs(whole: &Whole, explained: &Explained) -> Vec<String> {
    let mut costs = Vec::new();
    if explained.waste_below.0 > 0 {
        costs.push(format!(
            "costs {} in the layers below",
            explained.waste_below
        ));
    }
    let hidden: Bytes = explained
        .dead
        .iter()
        .fold(Bytes(0), |sum, (_, bytes)| sum + *bytes);
    if hidden.0 > 0 {
        let by: Vec<String> = explained
            .dead
            .iter()
            .map(|(layer, _)| whole.step(*layer))
            .take(4)
            .collect();
        costs.push(format!("{hidden} of it hidden by {}", by.join(", ")));
    }
    costs
}

/// Who costs whom what.
pub(super) fn waste(out: &mut String, whole: &Whole, style: Style) {
    let payments = &whole.waste.payments;
    let payments: Vec<_> = payments.iter().filter(|it| it.bytes.0 > 0).collect();
    if payments.is_empty() {
        return;
    }
    heading(out, style.colour, "WASTE");
    let shown = if style.all { payments.len() } else { PAYMENTS };
    for payment in payments.iter().take(shown) {
        let lead = size(payment.bytes);
        hang(out, &lead, &words::payment(whole, payment), 11, style.width);
        let merged = &whole.anatomy.merged;
        for (node, bytes) in payment.biggest.iter().take(2) {
            let path = crate::anatomy::components::PathText(merged.path(*node)).to_string();
            let path = shortened(&path, style.width.saturating_sub(24));
            let line = format!("           {bytes:>9}  {path}");
            out.push_str(&style.colour.paint(Paint::Faint, &line));
            out.push('\n');
        }
    }
    let left_out = payments.len().saturating_sub(shown);
    more(out, style.colour, left_out, "pairs of steps");
}

/// Where the bytes are.
pub(super) fn directories(out: &mut String, whole: &Whole, style: Style) {
    let (share, deepest) = if style.all { (500, 6) } else { (50, 4) };
    let found = words::directories(&whole.anatomy.merged, &whole.view, share, deepest);
    if found.is_empty() {
        return;
    }
    heading(out, style.colour, "DIRECTORIES");
    let visible = whole.view.visible_bytes().0;
    let shown = if style.all { found.len() } else { DIRECTORIES };
    for directory in found.iter().take(shown) {
        let drawn = bar(directory.bytes.0, visible, BAR);
        let indent = "  ".repeat(directory.depth - 1);
        let path = directory.path.to_string();
        let path = shortened(&path, style.width.saturating_sub(35 + indent.len()));
        out.push_str(&format!(
            "{}  {drawn}  {indent}{path}\n",
            size(directory.bytes)
        ));
    }
    let left_out = found.len().saturating_sub(shown);
    more(out, style.colour, left_out, "directories");
}

/// What is installed, by size.
pub(super) fn packages(out: &mut String, whole: &Whole, style: Style) {
    let inventory = &whole.inventory;
    let unowned = inventory.unowned();
    if inventory.packages.is_empty() {
        return;
    }
    let known = inventory.packages.iter().filter_map(|it| it.bytes);
    let known = known.fold(Bytes(0), |sum, bytes| sum + bytes);
    let title = format!(
        "PACKAGES  {}, {known}; {} belong to none",
        count(inventory.packages.len(), "package", "packages"),
        unowned.bytes
    );
    heading(out, style.colour, &title);
    let mut by_size: Vec<&Package> = inventory.packages.iter().collect();
    by_size.sort_by(|a, b| {
        let key = |it: &Package| Reverse(it.bytes.map_or(0, |bytes| bytes.0));
        key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
    });
    let shown = if style.all { by_size.len() } else { PACKAGES };
    let head = ["     SIZE", "PACKAGE", "VERSION", "KIND", "LAYER"];
    let mut table = Table::new(head.map(|text| Text::new(Paint::Faint, text)).into());
    let row = |bytes: Option<Bytes>, cells: [&str; 4]| {
        let bytes = bytes.map_or(format!("{:>9}", "–"), size);
        let mut row = vec![vec![Text::plain(&bytes)]];
        row.extend(cells.map(|cell| vec![Text::plain(cell)]));
        row
    };
    for package in by_size.iter().take(shown) {
        let layer = words::number(package.layer).to_string();
        table.row(row(
            package.bytes,
            [
                &package.name,
                &package.version,
                package.kind.as_str(),
                &layer,
            ],
        ));
    }
    let files = words::files(unowned.files);
    table.row(row(Some(unowned.bytes), ["(no package)", &files, "", ""]));
    out.push_str(&table.render(style.colour));
    let left_out = by_size.len().saturating_sub(shown);
    more(out, style.colour, left_out, "packages");
    let places = if style.all { usize::MAX } else { 3 };
    for directory in unowned.directories.iter().take(places) {
        let path = crate::anatomy::components::PathText(directory.path.clone()).to_string();
        let line = format!(
            "           {:>9}  of no package in {}",
            directory.bytes.to_string(),
            shortened(&path, style.width.saturating_sub(41))
        );
        out.push_str(&style.colour.paint(Paint::Faint, &line));
        out.push('\n');
    }
}

/// What is recognised, with what to do about it.
pub(super) fn components(out: &mut String, whole: &Whole, style: Style) {
    let all = &whole.components.all;
    if all.is_empty() {
        return;
    }
    heading(out, style.colour, "COMPONENTS");
    let shown = if style.all { all.len() } else { COMPONENTS };
    for component in all.iter().take(shown) {
        self::component(out, component, style);
    }
    let left_out = all.len().saturating_sub(shown);
    more(out, style.colour, left_out, "components");
}

fn component(out: &mut String, component: &Component, style: Style) {
    let Style { colour, width, .. } = style;
    let paint = if component.stands_out {
        Paint::Warn
    } else {
        Paint::Plain
    };
    let name = colour.paint(paint, &printable(&component.name));
    let mut sizes = format!("freed if removed {}", component.exclusive_bytes);
    if component.closure_bytes > component.own_bytes {
        sizes.push_str(&format!(", {} with all it needs", component.closure_bytes));
    }
    out.push_str(&format!(
        "{}  {name} ({}): {sizes}\n",
        size(component.own_bytes),
        component.class.as_str()
    ));
    if component.stands_out || style.all {
        hang(out, "", &component.advice, 11, width);
    }
    if style.all {
        for line in component.snippet.lines() {
            let line = format!("             {}", printable(line));
            out.push_str(&colour.paint(Paint::Faint, &line));
            out.push('\n');
        }
    }
}

/// What is wrong, the most severe first.
pub(super) fn findings(out: &mut String, whole: &Whole, style: Style) {
    let all = &whole.findings.all;
    if all.is_empty() {
        return;
    }
    let (counting, accepted): (Vec<&Finding>, Vec<&Finding>) =
        all.iter().partition(|finding| finding.counts());
    heading(
        out,
        style.colour,
        &format!("FINDINGS  {}", tally(&counting)),
    );
    let shown = if style.all { counting.len() } else { FINDINGS };
    for finding in counting.iter().take(shown) {
        self::finding(out, finding, style);
    }
    let left_out = counting.len().saturating_sub(shown);
    more(out, style.colour, left_out, "findings");
    if style.all {
        for finding in &accepted {
            self::finding(out, finding, style);
        }
    } else if !accepted.is_empty() {
        let line = format!("  {} accepted in karat.toml", accepted.len());
        out.push_str(&style.colour.paint(Paint::Faint, &line));
        out.push('\n');
    }
}

/// `1 high, 3 medium`.
pub(super) fn tally(findings: &[&Finding]) -> String {
    let levels = [
        Severity::High,
        Severity::Medium,
        Severity::Low,
        Severity::Note,
    ];
    let parts: Vec<String> = levels
        .into_iter()
        .map(|level| {
            (
                level,
                findings.iter().filter(|it| it.severity == level).count(),
            )
        })
        .filter(|(_, count)| *count > 0)
        .map(|(level, count)| format!("{count} {level}"))
        .collect();
    parts.join(", ")
}

fn finding(out: &mut String, finding: &Finding, style: Style) {
    let Style { colour, width, .. } = style;
    let paint = match finding.severity {
        Severity::High => Paint::Bad,
        Severity::Medium => Paint::Warn,
        Severity::Low | Severity::Note => Paint::Plain,
    };
    let severity = format!("{:>9}", finding.severity.as_str());
    let mut title = format!("{} [{}]", finding.title, finding.id);
    match &finding.acceptance {
        Acceptance::NotAsked => {}
        Acceptance::Accepted { reason, until } => {
            title.push_str(&format!(" (accepted until {until}: {reason})"));
        }
        Acceptance::Expired { reason, until } => {
            title.push_str(&format!(" (was accepted until {until}: {reason})"));
        }
    }
    let mut lines = String::new();
    hang(&mut lines, "", &title, 11, width);
    let first = lines.trim_start();
    out.push_str(&format!("{}  {first}", colour.paint(paint, &severity)));
    faint(out, colour, &finding.remedy, width);
    let paths = if style.all { usize::MAX } else { 2 };
    for path in finding.examples.iter().take(paths) {
        let path = shortened(&path.to_string(), width.saturating_sub(13));
        faint(out, colour, &path, usize::MAX);
    }
    let told = finding.examples.len().min(paths) as u64;
    if finding.path_count > told && told > 0 {
        let rest = finding.path_count - told;
        faint(out, colour, &format!("and {rest} more"), width);
    }
}

fn faint(out: &mut String, colour: Colour, text: &str, width: usize) {
    let mut lines = String::new();
    hang(&mut lines, "", text, 11, width);
    for line in lines.lines() {
        let line = colour.paint(Paint::Faint, line.trim_start());
        out.push_str(&format!("           {line}\n"));
    }
}
