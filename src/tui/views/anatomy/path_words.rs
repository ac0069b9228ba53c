//! The explanation of a path: what it is, whose, and which layers have it.

use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{Entry, Merged};
use crate::tui::state::anatomy::{Mark, Open, TreeRow};
use crate::tui::widgets::bar::share;
use crate::tui::widgets::page::Page;

use super::{Canvas, count, in_one_line, shown};

/// How many layers of a path are told.
const TOLD: usize = 12;

/// Tells it.
pub(super) fn tell(canvas: &Canvas<'_>, open: &Open, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let merged = &open.report.anatomy.merged;
    let Some(row) = open.tree.row() else {
        page.styled("Nothing is selected.", theme.quiet);
        return;
    };
    page.title(&format!("/{}", shown(&merged.path(row.node))));
    let whole = open.sizes.visible_bytes().0;
    let part = share(row.bytes.0, whole);
    let of = if part.is_empty() || row.mark == Some(Mark::Removed) {
        String::new()
    } else {
        format!(", {part} of all that is seen")
    };
    let size = if row.directory {
        let entries = count(row.entries.into(), "entry", "entries");
        format!("{} in {entries}{of}", row.bytes)
    } else {
        format!("{}{of}", row.bytes)
    };
    page.pair("size", &size);
    if let Some(touch) = &open.touch {
        marks(canvas, open, row, touch.layer.0, page);
    }
    let entry = row.entry.and_then(|id| merged.entry(id));
    match entry {
        Some(entry) => entry_words(canvas, merged, &entry, page),
        None => page.pair("kind", "a directory that no layer lists"),
    }
    layers(canvas, open, row, page);
}

fn marks(canvas: &Canvas<'_>, open: &Open, row: &TreeRow, layer: u16, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let layer = layer + 1;
    let (text, style) = match (row.mark, row.inside) {
        (Some(Mark::Added), _) => (format!("+ layer {layer} added it"), theme.good),
        (Some(Mark::Changed), _) => (format!("~ layer {layer} changed it"), theme.warn),
        (Some(Mark::Removed), _) => (format!("- layer {layer} removed it"), theme.bad),
        (None, true) => {
            let brought = open
                .touch
                .as_ref()
                .map_or_else(String::new, |touch| format!("; it has {} in it", touch.brought(row.node)));
            (format!("· layer {layer} did something in it{brought}"), theme.text)
        }
        (None, false) => return,
    };
    page.styled(&text, style);
}

fn entry_words(canvas: &Canvas<'_>, merged: &Merged, entry: &Entry<'_>, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    page.pair("kind", kind(entry.kind));
    if let Some(target) = entry.target {
        page.pair("leads to", &shown(target));
    }
    let mode = format!("{} ({:04o})", letters(entry.kind, entry.mode), entry.mode);
    let special = entry.mode & 0o6000 != 0;
    let style = if special { theme.warn } else { theme.text };
    page.pair_styled("mode", &mode, style);
    page.pair("owner", &format!("{}:{}", entry.owner.uid, entry.owner.gid));
    let capable = entry.attributes.is_some_and(|it| it.capability.is_some());
    if capable {
        page.pair_styled("may", "more than its owner: it has file capabilities", theme.warn);
    }
    let names: Vec<_> = merged
        .names_of(entry.id)
        .filter(|name| *name != entry.id)
        .filter_map(|name| merged.entry(name))
        .take(TOLD)
        .collect();
    for name in names {
        page.pair("also named", &format!("/{}", shown(&merged.path(name.node))));
    }
}

/// Which layers have it, the newest first, and which copies are for nothing.
fn layers(canvas: &Canvas<'_>, open: &Open, row: &TreeRow, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let anatomy = &open.report.anatomy;
    let merged = &anatomy.merged;
    let all: Vec<Entry<'_>> = merged
        .history(row.node)
        .filter_map(|id| merged.entry(id))
        .collect();
    // Whoever lists a directory does nothing to it, as a rule.
    if row.directory {
        return;
    }
    page.title("Layers that have it");
    for entry in all.iter().take(TOLD) {
        let place = usize::from(entry.layer.0);
        let step = anatomy
            .facts
            .layers
            .get(place)
            .and_then(|layer| layer.step.as_ref())
            .map_or_else(String::new, |step| {
                let text = in_one_line(&step.instruction);
                format!(": {}", crate::tui::text::clip(&text, 60))
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

/// `-rwxr-xr-x`, as `ls` writes it.
fn letters(kind: Kind, mode: u16) -> String {
    let first = match kind {
        Kind::Directory => 'd',
        Kind::Symlink => 'l',
        Kind::CharDevice => 'c',
        Kind::BlockDevice => 'b',
        Kind::Fifo => 'p',
        _ => '-',
    };
    let mut text = String::from(first);
    let special = [(0o4000, 's'), (0o2000, 's'), (0o1000, 't')];
    for (at, (bit, sign)) in special.into_iter().enumerate() {
        let bits = mode >> (6 - 3 * at);
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (mode & bit != 0, bits & 1 != 0) {
            (true, true) => sign,
            (true, false) => sign.to_ascii_uppercase(),
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_written_as_ls_does() {
        for (kind, mode, text) in [
            (Kind::File, 0o755, "-rwxr-xr-x"),
            (Kind::File, 0o4755, "-rwsr-xr-x"),
            (Kind::File, 0o2644, "-rw-r-Sr--"),
            (Kind::Directory, 0o1777, "drwxrwxrwt"),
            (Kind::Symlink, 0o777, "lrwxrwxrwx"),
            (Kind::Fifo, 0, "p---------"),
        ] {
            assert_eq!(letters(kind, mode), text);
        }
    }
}
