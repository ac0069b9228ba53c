//! The explanation of the whole image: how large, how much of it for nothing, and where it
//! is.

use ratatui::style::Style;
use ratatui::text::Span;

use crate::anatomy::findings::Severity;
use crate::anatomy::layers::Base;
use crate::anatomy::merged::LayerNo;
use crate::anatomy::report::Report;
use crate::anatomy::rules::percent_of;
use crate::model::bytes::Bytes;
use crate::tui::state::AnatomyView;
use crate::tui::state::anatomy::{Open, Readings};
use crate::tui::text::{clip, fit};
use crate::tui::widgets::bar::{bar, share};
use crate::tui::widgets::page::Page;

use super::{Canvas, count, end_of, in_one_line, pays, reading, shown};

/// How many of a kind are named.
const NAMED: usize = 5;

/// Columns of a bar among words.
const BAR: usize = 12;

/// Tells it.
pub(super) fn tell(canvas: &Canvas<'_>, view: &AnatomyView, page: &mut Page<'_>) {
    let version = canvas
        .fleet
        .row(&view.image)
        .and_then(|row| row.version(&view.identity));
    let name = version.map_or_else(|| view.identity.short(), |it| it.shown());
    page.title(&format!("{} {name}", view.image));
    match &view.open {
        Some(open) => tell_open(canvas, open, page),
        None => tell_so_far(canvas, view, page),
    }
    page.blank();
    if let Some(version) = version {
        let created = version.created.map(super::super::moment);
        page.pair("built", created.as_deref().unwrap_or("not known"));
        page.pair("platform", &version.platform);
        page.pair("digest", version.identity.as_str());
    }
}

/// What is known before all of it has been read.
fn tell_so_far(canvas: &Canvas<'_>, view: &AnatomyView, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let size = canvas
        .fleet
        .row(&view.image)
        .and_then(|row| row.version(&view.identity))
        .and_then(|version| version.size);
    if let Some(size) = size {
        page.text(&format!("{size}, as the engine says."));
    }
    match reading(canvas, view) {
        Some(reading) if reading.failed.is_none() => {
            let bytes = Readings::bytes_so_far(reading);
            if bytes.0 > 0 {
                page.text(&format!("{bytes} of files read so far."));
            }
            page.styled(
                "What is waste, and why, is told once every layer has been read.",
                theme.quiet,
            );
        }
        _ => {}
    }
}

fn tell_open(canvas: &Canvas<'_>, open: &Open, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let report = &open.report;
    let (bytes, waste) = (report.waste.layer_bytes, report.waste.reclaimable());
    let visible = report.waste.visible_bytes;
    let layers = report.anatomy.facts.layers.len() as u64;
    page.text(&format!(
        "{bytes} of files in {}; {visible} of that is seen in the end.",
        count(layers, "layer", "layers")
    ));
    if waste.0 > 0 {
        // As the command line has it.
        let part = format!("{:.1} %", percent_of(waste, bytes));
        page.styled(
            &format!("{waste} ({part}) is for nothing: later layers replace or remove it, and it is shipped all the same."),
            theme.warn,
        );
    } else {
        page.styled(
            "Nothing of it is replaced or removed by a later layer.",
            theme.good,
        );
    }
    base(canvas, report, page);
    wasters(canvas, report, page);
    findings(canvas, report, page);
    components(canvas, report, page);
    largest_layers(canvas, report, page);
    page.title("Where it is");
    for (node, size) in &*open.largest {
        let path = format!("/{}", shown(&report.anatomy.merged.path(*node)));
        row(canvas, page, (*size, visible), theme.text, &path);
    }
}

/// What it was built from, and what of it is one's own.
fn base(canvas: &Canvas<'_>, report: &Report, page: &mut Page<'_>) {
    let Some(Base { name, layers, .. }) = &report.layers.base else {
        return;
    };
    let name = name.as_deref().unwrap_or("an image that is not named");
    let Some(layers) = layers else {
        page.text(&format!(
            "It was built from {name}; which layers are that one's is not known."
        ));
        return;
    };
    let of_base = report.layers.all.iter().filter(|layer| layer.of_base);
    let theirs = of_base.fold(Bytes(0), |sum, layer| sum + layer.file_bytes);
    let own = Bytes(report.waste.layer_bytes.0.saturating_sub(theirs.0));
    let what = count(u64::from(*layers), "layer", "layers");
    page.styled(
        &format!("{theirs} in {what} is {name}; {own} is its own."),
        canvas.theme.text,
    );
}

fn wasters(canvas: &Canvas<'_>, report: &Report, page: &mut Page<'_>) {
    let payments = report.waste.payments.iter().filter(|it| it.bytes.0 > 0);
    let payments: Vec<_> = payments.take(NAMED).collect();
    if payments.is_empty() {
        return;
    }
    page.title("Who wastes what");
    for payment in payments {
        page.item(0, "!", &pays(report, payment), canvas.theme.warn);
    }
}

fn findings(canvas: &Canvas<'_>, report: &Report, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let counts: Vec<_> = report
        .findings
        .all
        .iter()
        .filter(|it| it.counts())
        .collect();
    if counts.is_empty() {
        return;
    }
    let what = count(counts.len() as u64, "finding", "findings");
    page.title(&format!("What to do something about: {what}"));
    for one in counts.iter().take(NAMED) {
        let style = match one.severity {
            Severity::High => theme.bad,
            Severity::Medium => theme.warn,
            Severity::Low | Severity::Note => theme.text,
        };
        let bytes = one.bytes.map_or_else(String::new, |it| format!(" ({it})"));
        page.item(0, "!", &format!("{}{bytes}", one.title), style);
    }
}

fn components(canvas: &Canvas<'_>, report: &Report, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let named: Vec<_> = report.components.all.iter().take(NAMED).collect();
    if named.is_empty() {
        return;
    }
    page.title("What it is made of");
    let visible = report.waste.visible_bytes;
    for component in named {
        let style = if component.stands_out {
            theme.warn
        } else {
            theme.text
        };
        let sign = if component.stands_out { "! " } else { "" };
        let text = format!("{sign}{}", component.name);
        row(canvas, page, (component.own_bytes, visible), style, &text);
    }
}

fn largest_layers(canvas: &Canvas<'_>, report: &Report, page: &mut Page<'_>) {
    page.title("The largest layers");
    let mut sorted: Vec<(LayerNo, Bytes)> = report
        .layers
        .all
        .iter()
        .map(|layer| (layer.layer, layer.file_bytes))
        .filter(|(_, bytes)| bytes.0 > 0)
        .collect();
    sorted.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    for (layer, size) in sorted.into_iter().take(NAMED) {
        let step = report.instruction(layer).unwrap_or_default();
        let text = format!("{:>2} {}", layer.0 + 1, in_one_line(&step));
        let whole = report.waste.layer_bytes;
        let style = canvas.theme.bar(usize::from(layer.0));
        row(canvas, page, (size, whole), style, &text);
    }
}

/// A bar, a size, a share and what it is.
fn row(
    canvas: &Canvas<'_>,
    page: &mut Page<'_>,
    (part, whole): (Bytes, Bytes),
    style: Style,
    what: &str,
) {
    let theme = &canvas.theme;
    let room = page.width().saturating_sub(BAR + 1 + 8 + 1 + 4 + 1);
    let what = if what.starts_with('/') {
        end_of(what, room)
    } else {
        clip(what, room)
    };
    page.line(vec![
        Span::styled(fit(&bar(part.0, whole.0, BAR), BAR + 1), style),
        Span::styled(format!("{:>8} ", part.to_string()), theme.text),
        Span::styled(format!("{:>4} ", share(part.0, whole.0)), theme.quiet),
        Span::styled(what, theme.text),
    ]);
}
