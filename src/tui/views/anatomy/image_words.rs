//! The explanation of the whole image: how large, how much of it for nothing, and where it
//! is.

use ratatui::text::Span;

use crate::model::bytes::Bytes;
use crate::tui::state::anatomy::{Open, Readings};
use crate::tui::state::AnatomyView;
use crate::tui::text::{clip, fit};
use crate::tui::widgets::bar::{bar, share};
use crate::tui::widgets::page::Page;

use super::{Canvas, count, end_of, in_one_line, reading, shown};

/// How many layers are named.
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
    if let Some(version) = version {
        page.blank();
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
    let merged = &open.report.anatomy.merged;
    let (bytes, waste) = (open.sums.bytes(), open.sums.reclaimable());
    let visible = Bytes(bytes.0.saturating_sub(waste.0));
    let layers = open.report.anatomy.facts.layers.len() as u64;
    page.text(&format!(
        "{bytes} of files in {}; {visible} of that is seen in the end.",
        count(layers, "layer", "layers")
    ));
    if waste.0 > 0 {
        let part = share(waste.0, bytes.0);
        page.styled(
            &format!("{waste} ({part}) is for nothing: later layers replace or remove it, and it is shipped all the same."),
            theme.warn,
        );
    } else {
        page.styled("Nothing of it is replaced or removed by a later layer.", theme.good);
    }
    if !open.sums.wasted.is_empty() {
        page.title("Who wastes what");
        let mut pairs: Vec<_> = open.sums.wasted.iter().collect();
        pairs.sort_by_key(|(_, amount)| std::cmp::Reverse(amount.bytes));
        for ((by, of), amount) in pairs.into_iter().filter(|(_, it)| it.bytes.0 > 0).take(NAMED) {
            let text = if by == of {
                format!("layer {} has {} twice over", by + 1, amount.bytes)
            } else {
                format!(
                    "layer {} replaces or removes {} that layer {} wrote",
                    by + 1,
                    amount.bytes,
                    of + 1
                )
            };
            page.item(0, "!", &text, theme.warn);
        }
    }
    page.title("The largest layers");
    let mut sorted: Vec<(usize, Bytes)> = open
        .sums
        .layers
        .iter()
        .enumerate()
        .map(|(at, layer)| (at, layer.bytes))
        .collect();
    sorted.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    for (at, size) in sorted.into_iter().take(NAMED).filter(|(_, it)| it.0 > 0) {
        let step = open.report.anatomy.facts.layers.get(at);
        let step = step
            .and_then(|layer| layer.step.as_ref())
            .map_or_else(String::new, |step| in_one_line(&step.instruction));
        let text = format!("{:>3} {step}", at + 1);
        row(canvas, page, (size, bytes), theme.bar(at), &text);
    }
    page.title("Where it is");
    for (node, size) in &open.sums.largest {
        let path = format!("/{}", shown(&merged.path(*node)));
        row(canvas, page, (*size, visible), theme.text, &path);
    }
}

/// A bar, a size, a share and what it is.
fn row(
    canvas: &Canvas<'_>,
    page: &mut Page<'_>,
    (part, whole): (Bytes, Bytes),
    style: ratatui::style::Style,
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
