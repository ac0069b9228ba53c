//! The explanation of a path: what it is, whose, and which layers have it.

use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{Entry, Merged};
use crate::anatomy::tree::{Changed, Mark, Row, mode_string};
use crate::tui::state::anatomy::{Did, Files, Open};
use crate::tui::widgets::bar::share;
use crate::tui::widgets::page::Page;

use super::{Canvas, count, in_one_line, shown};

/// How many layers of a path are told.
const TOLD: usize = 12;

/// Tells it.
pub(super) fn tell(canvas: &Canvas<'_>, open: &Open, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let merged = &open.report.anatomy.merged;
    let Some(row) = open.files.row() else {
        page.styled("Nothing is selected.", theme.quiet);
        return;
    };
    page.title(&format!("/{}", shown(&merged.path(row.node))));
    let sizes = open.files.sizes();
    let part = share(row.bytes.0, sizes.visible_bytes().0);
    let removed = open.files.did(row) == Some(Did::Removed);
    let of = if part.is_empty() || removed {
        String::new()
    } else {
        format!(", {part} of all that is seen")
    };
    let size = if Files::is_directory(row) && !removed {
        let entries = count(sizes.entries(merged, row.node).into(), "entry", "entries");
        format!("{} in {entries}{of}", row.bytes)
    } else {
        format!("{}{of}", row.bytes)
    };
    page.pair("size", &size);
    marks(canvas, open, row, page);
    match row.entry.and_then(|id| merged.entry(id)) {
        Some(entry) => entry_words(canvas, merged, &entry, page),
        None => page.pair("kind", "a directory that no layer lists"),
    }
    owner(open, row, page);
    layers(canvas, open, row, page);
}

/// Which package it belongs to.
fn owner(open: &Open, row: &Row, page: &mut Page<'_>) {
    let inventory = &open.report.inventory;
    if Files::is_directory(row) || inventory.packages.is_empty() {
        return;
    }
    let owner = inventory
        .owner(row.node)
        .and_then(|it| inventory.package(it));
    let text = owner.map_or_else(
        || "none: no package lists it".to_owned(),
        |owner| format!("{} {} ({})", owner.name, owner.version, owner.kind),
    );
    page.pair("package", &text);
}

/// What the layer that is selected did to it.
fn marks(canvas: &Canvas<'_>, open: &Open, row: &Row, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let Some(layer) = open.files.layer().map(|layer| layer.0 + 1) else {
        return;
    };
    let (text, style) = match row.mark {
        Mark::Added => (format!("+ layer {layer} added it"), theme.good),
        Mark::Changed(changed) => {
            let what = changed_words(changed);
            (format!("~ layer {layer} changed {what}"), theme.warn)
        }
        Mark::Removed => (format!("- layer {layer} removed it"), theme.bad),
        Mark::Unchanged => (String::new(), theme.text),
    };
    if !text.is_empty() {
        page.styled(&text, style);
    }
    let inside = open.files.inside(row);
    if !inside.is_empty() {
        let parts: Vec<String> = [
            (inside.added, Did::Added),
            (inside.changed, Did::Changed),
            (inside.removed, Did::Removed),
        ]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, did)| format!("{} {number} {}", did.sign(), did.word()))
        .collect();
        page.styled(
            &format!("in it, layer {layer}: {}", parts.join(", ")),
            theme.text,
        );
    }
}

/// `its content and its owner`.
fn changed_words(changed: Changed) -> String {
    let parts = [
        (changed.kind, "what it is"),
        (changed.content, "its content"),
        (changed.mode, "its permissions"),
        (changed.owner, "its owner"),
        (changed.attributes, "its attributes"),
    ];
    let parts: Vec<&str> = parts
        .into_iter()
        .filter(|(is, _)| *is)
        .map(|(_, word)| word)
        .collect();
    if parts.is_empty() {
        "nothing of it, and has it once more".to_owned()
    } else {
        parts.join(" and ")
    }
}

fn entry_words(canvas: &Canvas<'_>, merged: &Merged, entry: &Entry<'_>, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    page.pair("kind", kind(entry.kind));
    if let Some(target) = entry.target {
        page.pair("leads to", &shown(target));
    }
    let mode = format!(
        "{} ({:04o})",
        mode_string(entry.kind, entry.mode),
        entry.mode
    );
    let special = entry.mode & 0o6000 != 0;
    let style = if special { theme.warn } else { theme.text };
    page.pair_styled("mode", &mode, style);
    page.pair("owner", &format!("{}:{}", entry.owner.uid, entry.owner.gid));
    let capable = entry.attributes.is_some_and(|it| it.capability.is_some());
    if capable {
        page.pair_styled(
            "may",
            "more than its owner: it has file capabilities",
            theme.warn,
        );
    }
    let names: Vec<_> = merged
        .names_of(entry.id)
        .filter(|name| *name != entry.id)
        .filter_map(|name| merged.entry(name))
        .take(TOLD)
        .collect();
    for name in names {
        page.pair(
            "also named",
            &format!("/{}", shown(&merged.path(name.node))),
        );
    }
}

/// Which layers have it, the newest first, and which copies are for nothing.
fn layers(canvas: &Canvas<'_>, open: &Open, row: &Row, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let anatomy = &open.report.anatomy;
    let merged = &anatomy.merged;
    let all: Vec<Entry<'_>> = merged
        .history(row.node)
        .filter_map(|id| merged.entry(id))
        .collect();
    // Whoever lists a directory does nothing to it, as a rule.
    if Files::is_directory(row) {
        return;
    }
    page.title("Layers that have it");
    for entry in all.iter().take(TOLD) {
        let place = usize::from(entry.layer.0);
        let step = open.report.instruction(entry.layer);
        let step = step.map_or_else(String::new, |text| {
            format!(": {}", crate::tui::text::clip(&in_one_line(&text), 60))
        });
        let gone = match entry.died {
            None => String::new(),
            Some(by) if by == entry.layer => " (for nothing: twice in one layer)".to_owned(),
            Some(by) => format!(" (for nothing since layer {})", by.0 + 1),
        };
        let style = if entry.died.is_some() {
            theme.warn
        } else {
            theme.text
        };
        let text = format!("{} in layer {}{gone}{step}", entry.size, place + 1);
        page.item(0, "•", &text, style);
    }
    if all.len() > TOLD {
        page.styled(&format!("and {} more", all.len() - TOLD), theme.quiet);
    }
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Directory => "directory",
        Kind::File => "file",
        Kind::HardLink => "another name of a file (hard link)",
        Kind::Symlink => "symbolic link",
        Kind::CharDevice => "character device",
        Kind::BlockDevice => "block device",
        Kind::Fifo => "named pipe",
        Kind::Whiteout | Kind::Opaque => "a mark that something is removed",
    }
}
