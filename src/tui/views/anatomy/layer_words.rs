//! The explanation of a layer: its instruction in full, what it did, what of it is for
//! nothing and whose doing that is.

use crate::anatomy::image::{LayerFacts, Presence};
use crate::tui::state::anatomy::{Amount, Mark, Open};
use crate::tui::state::AnatomyView;
use crate::tui::text::printable;
use crate::tui::widgets::bar::share;
use crate::tui::widgets::page::Page;

use super::{Canvas, count, facts, reading};

/// Tells it.
pub(super) fn tell(canvas: &Canvas<'_>, view: &AnatomyView, place: usize, page: &mut Page<'_>) {
    let Some(facts) = facts(canvas, view) else {
        return;
    };
    let Some(layer) = facts.layers.get(place) else {
        return;
    };
    page.title(&format!("Layer {} of {}", place + 1, facts.layers.len()));
    instruction(canvas, layer, page);
    page.blank();
    match &view.open {
        Some(open) => sizes(canvas, open, place, layer, page),
        None => {
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
        let size = layer
            .blob_bytes
            .map_or_else(String::new, |bytes| format!(" ({bytes} to pull)"));
        page.pair("blob", &format!("{blob}{size}"));
    }
}

/// The instruction, whole: continued lines as they were written.
fn instruction(canvas: &Canvas<'_>, layer: &LayerFacts, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    match &layer.step {
        None => page.styled(
            "Which instruction made it is not known: the image's history is missing, or does not fit its layers.",
            theme.quiet,
        ),
        Some(step) => {
            for line in step.instruction.lines() {
                page.styled(&printable(line), theme.text);
            }
        }
    }
}

fn sizes(
    canvas: &Canvas<'_>,
    open: &Open,
    place: usize,
    layer: &LayerFacts,
    page: &mut Page<'_>,
) {
    let theme = &canvas.theme;
    if layer.presence == Presence::NotPresent {
        page.styled(
            "not present: a foreign layer, or one that was left out; nothing of it is counted",
            theme.warn,
        );
        return;
    }
    let sum = open.sums.layers.get(place).copied().unwrap_or_default();
    let part = share(sum.bytes.0, open.sums.bytes().0);
    let files = count(sum.files, "file", "files");
    page.pair("size", &format!("{} in {files}, {part} of all", sum.bytes));
    if let Some(touch) = &open.touch {
        for (mark, amount) in Mark::ALL.into_iter().zip(touch.sums) {
            let style = match mark {
                Mark::Added => theme.good,
                Mark::Changed => theme.warn,
                Mark::Removed => theme.bad,
            };
            let label = format!("{} {}", mark.sign(), mark.word());
            page.pair_styled(&label, &told(amount), style);
        }
    }
    waste(canvas, open, place, page);
    let archive = open.report.anatomy.archives.get(place);
    if let Some(Some(archive)) = archive {
        page.pair("archive", &format!("{} uncompressed", archive.tar_bytes));
        if archive.oddity_count > 0 {
            let text = count(archive.oddity_count, "oddity", "oddities");
            page.pair_styled("in it", &text, theme.warn);
        }
    }
}

fn told(amount: Amount) -> String {
    match amount.files {
        0 => "nothing".to_owned(),
        files => format!(
            "{} in {}",
            amount.bytes,
            count(files.into(), "file", "files")
        ),
    }
}

/// What it wastes of the layers below, and what of its own others waste.
fn waste(canvas: &Canvas<'_>, open: &Open, place: usize, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let step = |layer: u16| {
        let facts = &open.report.anatomy.facts;
        facts
            .layers
            .get(usize::from(layer))
            .and_then(|layer| layer.step.as_ref())
            .map_or_else(String::new, |step| {
                let text = super::in_one_line(&step.instruction);
                format!(" ({})", crate::tui::text::clip(&text, 48))
            })
    };
    let here = u16::try_from(place).unwrap_or(u16::MAX);
    let caused = open.sums.wasted.iter().filter(|((by, _), _)| *by == here);
    for ((_, of), amount) in caused.filter(|(_, amount)| amount.bytes.0 > 0) {
        let files = count(amount.files.into(), "file", "files");
        let text = if *of == here {
            format!("{} in {files} twice in this layer: the first copy is for nothing", amount.bytes)
        } else {
            format!(
                "replaces or removes {} in {files} that layer {} wrote{}; they are shipped all the same: do it in that instruction",
                amount.bytes,
                of + 1,
                step(*of)
            )
        };
        page.item(0, "!", &text, theme.warn);
    }
    let suffered = open.sums.wasted.iter();
    let suffered = suffered.filter(|((by, of), _)| *of == here && *by != here);
    for ((by, _), amount) in suffered.filter(|(_, amount)| amount.bytes.0 > 0) {
        let text = format!(
            "{} of what it wrote is replaced or removed by layer {}{}",
            amount.bytes,
            by + 1,
            step(*by)
        );
        page.item(0, "!", &text, theme.warn);
    }
}
