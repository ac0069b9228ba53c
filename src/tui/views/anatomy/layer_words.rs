//! The explanation of a layer: its instruction in full, what it did, what of it is for
//! nothing and whose doing that is, who else has it.

use crate::anatomy::image::{LayerFacts, Presence};
use crate::anatomy::layers::{Explained, Tally};
use crate::anatomy::report::Report;
use crate::tui::state::AnatomyView;
use crate::tui::state::anatomy::Did;
use crate::tui::widgets::bar::share;
use crate::tui::widgets::page::Page;

use super::{Canvas, count, facts, harmless, in_one_line, pays, reading, shown};

/// How many of a kind are told.
const TOLD: usize = 6;

/// Tells it.
pub(super) fn tell(canvas: &Canvas<'_>, view: &AnatomyView, place: usize, page: &mut Page<'_>) {
    let Some(facts) = facts(canvas, view) else {
        return;
    };
    let Some(layer) = facts.layers.get(place) else {
        return;
    };
    page.title(&format!("Layer {} of {}", place + 1, facts.layers.len()));
    instruction(canvas, view, layer, page);
    page.blank();
    match &view.open {
        Some(open) => {
            if let Some(explained) = open.report.layers.all.get(place) {
                sizes(canvas, &open.report, explained, layer, page);
            }
        }
        None => so_far(canvas, view, place, page),
    }
    page.blank();
    if let Some(step) = &layer.step {
        page.pair("step", &format!("{} of the build", step.number));
        if let Some(created) = step.created {
            page.pair("made", &super::super::moment(created));
        }
    }
    page.pair("diff id", layer.diff_id.as_str());
    if let Some(blob) = &layer.blob {
        page.pair("blob", blob.as_str());
    }
    if let Some(bytes) = layer.blob_bytes {
        page.pair("to pull", &format!("{bytes}, compressed"));
    }
}

/// What is known while others are still being read.
fn so_far(canvas: &Canvas<'_>, view: &AnatomyView, place: usize, page: &mut Page<'_>) {
    let read = reading(canvas, view).and_then(|it| it.layers.get(place).copied().flatten());
    match read {
        Some(read) => {
            let remembered = if read.remembered {
                ", remembered from before"
            } else {
                ""
            };
            let entries = count(read.entries as u64, "entry", "entries");
            page.pair("size", &format!("{} in {entries}{remembered}", read.bytes));
        }
        None => page.styled("not read yet", canvas.theme.quiet),
    }
}

/// The instruction, whole: continued lines as they were written.
fn instruction(canvas: &Canvas<'_>, view: &AnatomyView, layer: &LayerFacts, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    match &layer.step {
        None => page.styled(
            "Which instruction made it is not known: the image's history is missing, or does not fit its layers.",
            theme.quiet,
        ),
        Some(step) => {
            for line in harmless(canvas, view, &step.instruction).lines() {
                page.styled(line, theme.text);
            }
        }
    }
}

fn sizes(
    canvas: &Canvas<'_>,
    report: &Report,
    layer: &Explained,
    facts: &LayerFacts,
    page: &mut Page<'_>,
) {
    let theme = &canvas.theme;
    if facts.presence == Presence::NotPresent {
        page.styled(
            "not present: a foreign layer, or one that was left out; nothing of it is counted",
            theme.warn,
        );
        return;
    }
    let part = share(layer.file_bytes.0, report.waste.layer_bytes.0);
    let of = if part.is_empty() {
        String::new()
    } else {
        format!(", {part} of all")
    };
    page.pair("size", &format!("{}{of}", layer.file_bytes));
    for (did, tally, style) in [
        (Did::Added, layer.work.added, theme.good),
        (Did::Changed, layer.work.changed, theme.warn),
        (Did::Removed, layer.work.removed, theme.bad),
    ] {
        let label = format!("{} {}", did.sign(), did.word());
        let style = if tally.count == 0 { theme.quiet } else { style };
        page.pair_styled(&label, &told(tally), style);
    }
    waste(canvas, report, layer, page);
    let whose = match (&report.layers.base, layer.of_base) {
        (Some(base), true) => {
            let name = base
                .name
                .as_deref()
                .unwrap_or("the image it was built from");
            format!("of {name}")
        }
        (Some(_), false) => "its own".to_owned(),
        (None, _) => "what it was built from is not known".to_owned(),
    };
    page.pair("whose", &whose);
    shared(report, layer, page);
    let place = usize::from(layer.layer.0);
    if let Some(Some(archive)) = report.anatomy.archives.get(place) {
        page.pair("archive", &format!("{} uncompressed", archive.tar_bytes));
        if archive.oddity_count > 0 {
            let text = count(archive.oddity_count, "oddity", "oddities");
            let first = archive.oddities.first().map_or_else(String::new, |it| {
                format!(", the first at {}", shown(&it.path))
            });
            page.pair_styled("in it", &format!("{text}{first}"), theme.warn);
        }
    }
}

fn told(tally: Tally) -> String {
    match tally.count {
        0 => "nothing".to_owned(),
        files => format!("{} in {}", tally.bytes, count(files, "file", "files")),
    }
}

/// Who has it, too.
fn shared(report: &Report, layer: &Explained, page: &mut Page<'_>) {
    let names: Vec<&str> = report.sharing(layer).collect();
    let text = match names.as_slice() {
        [] => "no other image known here".to_owned(),
        few if few.len() <= TOLD => few.join(", "),
        several => {
            let first = several.get(..TOLD).unwrap_or_default();
            format!("{} and {} more", first.join(", "), several.len() - TOLD)
        }
    };
    page.pair("shared with", &text);
}

/// What it wastes of the layers below, and what of its own others waste.
fn waste(canvas: &Canvas<'_>, report: &Report, layer: &Explained, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let here = layer.layer;
    let payments = report.waste.payments.iter();
    let mut both = payments.filter(|it| it.bytes.0 > 0 && (it.by == here || it.of == here));
    for payment in both.by_ref().take(TOLD) {
        let other = if payment.by == here {
            payment.of
        } else {
            payment.by
        };
        let step = report
            .instruction(other)
            .filter(|_| other != here)
            .map_or_else(String::new, |text| {
                format!(" ({})", crate::tui::text::clip(&in_one_line(&text), 48))
            });
        let biggest: Vec<String> = payment
            .biggest
            .iter()
            .take(2)
            .map(|(node, bytes)| format!("/{} {bytes}", shown(&report.anatomy.merged.path(*node))))
            .collect();
        let text = format!("{}{step}: {}", pays(report, payment), biggest.join(", "));
        page.item(0, "!", &text, theme.warn);
    }
    if both.next().is_some() {
        page.styled("  and more", theme.quiet);
    }
}
