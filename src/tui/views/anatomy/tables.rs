//! Components, packages and findings, as tables; and what is told of one of them.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::anatomy::components::Component;
use crate::anatomy::findings::{Acceptance, Finding, Severity};
use crate::anatomy::packages::Package;
use crate::tui::action::Command;
use crate::tui::state::anatomy::{Open, Table};
use crate::tui::state::{AnatomyView, Layout, Sheet, Side};
use crate::tui::text::clip;
use crate::tui::widgets::bar::{bar, share};
use crate::tui::widgets::page::Page;
use crate::tui::widgets::table::{self, Column, Rows, Said};

use super::{Canvas, HERE, count, heading, in_one_line, shown};

const COMPONENTS: &[Column] = &[
    Column::new("COMPONENT", 20, 3, 0),
    Column::new("CLASS", 9, 1, 2),
    Column::new("OWN", 8, 0, 0).unsearched(),
    Column::new("FREED", 8, 0, 1).unsearched(),
    Column::new("CLOSURE", 9, 0, 3).unsearched(),
    Column::new("", 10, 2, 4).unsearched(),
];

const PACKAGES: &[Column] = &[
    Column::new("PACKAGE", 18, 3, 0),
    Column::new("VERSION", 14, 2, 2),
    Column::new("KIND", 6, 0, 3),
    Column::new("SIZE", 8, 0, 0).unsearched(),
    Column::new("FILES", 6, 0, 4).unsearched(),
    Column::new("LAYER", 5, 0, 1).unsearched(),
    Column::new("", 10, 2, 5).unsearched(),
];

const FINDINGS: &[Column] = &[
    Column::new("SEVERITY", 10, 0, 0),
    Column::new("BYTES", 8, 0, 1).unsearched(),
    Column::new("LAYER (STEP)", 12, 0, 2).unsearched(),
    Column::new("FINDING", 20, 1, 3),
    Column::new("WHAT", 24, 4, 0),
];

/// The table of a sheet.
const fn columns(sheet: Sheet) -> &'static [Column] {
    match sheet {
        Sheet::Components => COMPONENTS,
        Sheet::Findings => FINDINGS,
        _ => PACKAGES,
    }
}

/// Draws the table of a sheet.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    view: &AnatomyView,
    layout: &mut Layout,
) {
    let focus = (Side::Main, view.side == Side::Main);
    let title = match view.sheet {
        Sheet::Components => "Components",
        Sheet::Findings => "Findings",
        _ => "Packages",
    };
    let Some(open) = &view.open else {
        heading(frame.buffer_mut(), area, canvas, focus, (title, ""), layout);
        return;
    };
    let Some(list) = open.tables.of(view.sheet) else {
        return;
    };
    let (here, all) = list.list.counts();
    let counted = if here == all {
        all.to_string()
    } else {
        format!("{here} of {all} shown")
    };
    let head = (title, counted.as_str());
    let inside = heading(frame.buffer_mut(), area, canvas, focus, head, layout);
    if all == 0 {
        empty(frame, inside, canvas, view.sheet);
        return;
    }
    if here == 0 {
        let mut page = Page::new(&canvas.theme, inside.width.saturating_sub(4));
        let back = canvas.keymap.way(Command::Back);
        page.styled(
            &format!("Nothing matches. {back} shows everything again."),
            canvas.theme.warn,
        );
        page.draw(frame.buffer_mut(), super::inset(inside), 0);
        return;
    }
    let columns = columns(view.sheet);
    // The last column has the bars.
    let bars = table::widths(columns, inside.width).last().copied();
    let bars = usize::from(bars.unwrap_or_default());
    let row = |place: usize| -> Vec<Said> {
        let Some(at) = list.list.order().get(place).copied() else {
            return Vec::new();
        };
        match view.sheet {
            Sheet::Components => component_row(canvas, open, at, bars),
            Sheet::Findings => finding_row(canvas, open, at),
            _ => package_row(canvas, open, at, bars),
        }
    };
    let (by, turned) = list.sort;
    let falls = !turned && is_number(view.sheet, by) || turned && !is_number(view.sheet, by);
    let rows = Rows {
        total: here,
        selected: list.list.at(),
        top: list.top,
        sorted: (by, if falls { "▼" } else { "▲" }),
        words: list.list.filters.words(),
        row: &row,
    };
    let theme = &canvas.theme;
    let (window, hits) = table::draw(frame.buffer_mut(), inside, theme, columns, &rows);
    layout.view = window;
    layout.hits.extend(hits);
}

/// Whether a column has the greatest first by default.
const fn is_number(sheet: Sheet, column: usize) -> bool {
    match sheet {
        Sheet::Components => column >= 2,
        Sheet::Findings => column <= 1,
        _ => matches!(column, 3 | 4),
    }
}

fn empty(frame: &mut Frame<'_>, area: Rect, canvas: &Canvas<'_>, sheet: Sheet) {
    let text = match sheet {
        Sheet::Components => {
            "Nothing in it is recognised: no toolchain, no runtime, no library that karat knows."
        }
        Sheet::Findings => "Nothing is wrong with it that karat knows of.",
        _ => "No package database is in it, and every file of it belongs to nobody.",
    };
    let mut page = Page::new(&canvas.theme, area.width.saturating_sub(4));
    page.styled(text, canvas.theme.quiet);
    page.draw(frame.buffer_mut(), super::inset(area), 0);
}

fn component_row(canvas: &Canvas<'_>, open: &Open, at: usize, bars: usize) -> Vec<Said> {
    let theme = &canvas.theme;
    let Some(one) = open.report.components.all.get(at) else {
        return Vec::new();
    };
    let (sign, style) = if one.stands_out {
        ("! ", theme.warn)
    } else {
        ("  ", theme.text)
    };
    let largest = open.report.components.all.iter().map(|it| it.own_bytes.0);
    let drawn = bar(one.own_bytes.0, largest.max().unwrap_or(0), bars);
    vec![
        (format!("{sign}{}", one.name), style),
        (one.class.as_str().to_owned(), theme.quiet),
        (format!("{:>8}", one.own_bytes.to_string()), theme.text),
        (
            format!("{:>8}", one.exclusive_bytes.to_string()),
            theme.text,
        ),
        (format!("{:>8}", one.closure_bytes.to_string()), theme.quiet),
        (drawn, style),
    ]
}

fn package_row(canvas: &Canvas<'_>, open: &Open, at: usize, bars: usize) -> Vec<Said> {
    let theme = &canvas.theme;
    let report = &open.report;
    let heaviest = report
        .inventory
        .packages
        .iter()
        .filter_map(|it| it.bytes)
        .chain([report.inventory.unowned().bytes])
        .max()
        .unwrap_or_default();
    let Some(one) = report.inventory.packages.get(at) else {
        let unowned = report.inventory.unowned();
        return vec![
            ("files nobody owns".to_owned(), theme.warn),
            (String::new(), theme.text),
            (String::new(), theme.text),
            (format!("{:>8}", unowned.bytes.to_string()), theme.text),
            (format!("{:>6}", unowned.files), theme.quiet),
            (String::new(), theme.text),
            (bar(unowned.bytes.0, heaviest.0, bars), theme.warn),
        ];
    };
    let layer = usize::from(one.layer.0);
    let bytes = one.bytes.map_or_else(String::new, |it| it.to_string());
    let files = one.files.map_or_else(String::new, |it| it.to_string());
    vec![
        (one.name.clone(), theme.text),
        (one.version.clone(), theme.quiet),
        (one.kind.to_string(), theme.quiet),
        (format!("{bytes:>8}"), theme.text),
        (format!("{files:>6}"), theme.quiet),
        (format!("{:>5}", layer + 1), theme.quiet),
        (
            bar(one.bytes.unwrap_or_default().0, heaviest.0, bars),
            theme.bar(layer),
        ),
    ]
}

/// The sign and style of a severity. The word is [`Severity::as_str`].
fn severity(canvas: &Canvas<'_>, one: &Finding) -> (&'static str, Style) {
    let theme = &canvas.theme;
    if !one.counts() {
        return ("✓", theme.quiet);
    }
    match one.severity {
        Severity::High => ("‼", theme.bad),
        Severity::Medium => ("!", theme.warn),
        Severity::Low => ("·", theme.text),
        Severity::Note => ("·", theme.quiet),
    }
}

fn finding_row(canvas: &Canvas<'_>, open: &Open, at: usize) -> Vec<Said> {
    let theme = &canvas.theme;
    let Some(one) = open.report.findings.all.get(at) else {
        return Vec::new();
    };
    let (sign, style) = severity(canvas, one);
    let word = if one.counts() {
        one.severity.as_str()
    } else {
        "accepted"
    };
    let bytes = one.bytes.map_or_else(String::new, |it| it.to_string());
    let layer = match (one.place.layer, one.place.step) {
        (Some(layer), Some(step)) => format!("{layer:>5} ({step})"),
        (Some(layer), None) => format!("{layer:>5}"),
        (None, Some(step)) => format!("{:>5} ({step})", ""),
        (None, None) => String::new(),
    };
    let text = if one.counts() {
        theme.text
    } else {
        theme.quiet
    };
    vec![
        (format!("{sign} {word}"), style),
        (format!("{bytes:>8}"), theme.text),
        (layer, theme.quiet),
        (one.id.as_str().to_owned(), theme.quiet),
        (one.title.clone(), text),
    ]
}

fn finding(canvas: &Canvas<'_>, one: &Finding, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let (sign, style) = severity(canvas, one);
    page.title(&one.title);
    page.pair_styled("severity", &format!("{sign} {}", one.severity), style);
    page.pair("id", one.id.as_str());
    if let Some(bytes) = one.bytes {
        page.pair("bytes", &bytes.to_string());
    }
    match &one.acceptance {
        Acceptance::NotAsked => {}
        Acceptance::Accepted { reason, until } => {
            page.pair_styled("accepted", &format!("until {until}: {reason}"), theme.good);
        }
        Acceptance::Expired { reason, until } => {
            let text = format!("no longer, only until {until}: {reason}");
            page.pair_styled("accepted", &text, theme.warn);
        }
    }
    if let Some(layer) = one.place.layer {
        let step = one.place.step;
        let step = step.map_or_else(String::new, |step| format!(" (step {step})"));
        page.pair("layer", &format!("{layer}{step}"));
    }
    if let Some(instruction) = &one.place.instruction {
        page.pair("instruction", &in_one_line(instruction));
    }
    page.title("What to do");
    page.text(&one.remedy);
    page.title("What it is about");
    page.styled(one.id.about(), theme.quiet);
    for path in &one.examples {
        page.item(0, "•", &path.to_string(), theme.text);
    }
    let more = one.path_count.saturating_sub(one.examples.len() as u64);
    if more > 0 {
        let what = count(more, "more path", "more paths");
        page.styled(&format!("and {what}"), theme.quiet);
    }
}

/// Tells of the row that is selected.
pub(super) fn tell(canvas: &Canvas<'_>, open: &Open, sheet: Sheet, page: &mut Page<'_>) {
    let selected = open.tables.of(sheet).and_then(Table::position);
    let Some(at) = selected else {
        page.styled("Nothing is selected.", canvas.theme.quiet);
        return;
    };
    match sheet {
        Sheet::Components => {
            if let Some(one) = open.report.components.all.get(at) {
                component(canvas, open, one, page);
            }
        }
        Sheet::Findings => {
            if let Some(one) = open.report.findings.all.get(at) {
                finding(canvas, one, page);
            }
        }
        _ => match open.report.inventory.packages.get(at) {
            Some(one) => package(open, one, page),
            None => nobodys(canvas, open, page),
        },
    }
}

fn component(canvas: &Canvas<'_>, open: &Open, one: &Component, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    page.title(&one.name);
    if one.stands_out {
        page.styled(
            "! Stands out: an image that is only run seldom needs it.",
            theme.warn,
        );
    }
    let visible = open.report.waste.visible_bytes;
    let part = share(one.own_bytes.0, visible.0);
    let files = count(one.files, "file", "files");
    page.pair(
        "own",
        &format!("{} in {files}, {part} of all that is seen", one.own_bytes),
    );
    page.pair(
        "freed",
        &format!(
            "{} if it is removed, with the packages that only it needs",
            one.exclusive_bytes
        ),
    );
    page.pair(
        "closure",
        &format!(
            "{} with all it needs, what others need as well included",
            one.closure_bytes
        ),
    );
    for layer in &one.layers {
        let step = open
            .report
            .instruction(crate::anatomy::merged::LayerNo(
                layer.layer.saturating_sub(1),
            ))
            .map_or_else(String::new, |text| {
                format!(": {}", clip(&in_one_line(&text), 60))
            });
        page.pair(
            "brought by",
            &format!("layer {}, {}{step}", layer.layer, layer.own_bytes),
        );
    }
    page.title("Why it was recognised");
    for path in &one.why.paths {
        page.item(0, "•", &path.to_string(), theme.text);
    }
    if !one.why.packages.is_empty() {
        let more = one.why.package_count.saturating_sub(one.why.packages.len());
        let more = if more == 0 {
            String::new()
        } else {
            format!(" and {more} more")
        };
        let what = count(one.why.package_count as u64, "package", "packages");
        let names = one.why.packages.join(", ");
        page.item(0, "•", &format!("{what}: {names}{more}"), theme.text);
    }
    advice(canvas, &one.advice, &one.snippet, page);
}

/// What to do, and how.
fn advice(canvas: &Canvas<'_>, advice: &str, snippet: &str, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    if !advice.is_empty() {
        page.title("What to do");
        page.text(advice);
    }
    if !snippet.is_empty() {
        let way = canvas.keymap.way_in(HERE, Command::Copy);
        page.title(&format!("In the Dockerfile ({way} copies it)"));
        for line in snippet.trim_end().lines() {
            page.styled(line, theme.known_good);
        }
    }
}

fn package(open: &Open, one: &Package, page: &mut Page<'_>) {
    let report = &open.report;
    page.title(&format!("{} {}", one.name, one.version));
    page.pair("kind", one.kind.as_str());
    if let Some(arch) = &one.arch {
        page.pair("architecture", arch);
    }
    match (one.bytes, one.files) {
        (Some(bytes), Some(files)) => {
            let part = share(bytes.0, report.waste.visible_bytes.0);
            let files = count(files, "file", "files");
            page.pair(
                "size",
                &format!("{bytes} in {files}, {part} of all that is seen"),
            );
        }
        _ => page.pair(
            "size",
            "not known: it is part of a file that holds others, too",
        ),
    }
    let step = report
        .instruction(one.layer)
        .map_or_else(String::new, |text| format!(": {}", in_one_line(&text)));
    page.pair("brought by", &format!("layer {}{step}", one.layer.0 + 1));
    page.pair("written in", &format!("/{}", shown(&one.origin)));
    if let Some(source) = &one.source {
        let version = source.version.as_deref().unwrap_or_default();
        page.pair("source", &format!("{} {version}", source.name));
    }
    let within = one.within.and_then(|it| report.inventory.package(it));
    if let Some(within) = within {
        page.pair("came with", &format!("{} {}", within.name, within.version));
    }
    if one.kind.is_system() {
        let freed = report.inventory.exclusive(&one.name);
        let bytes = report.inventory.bytes_of(&freed);
        let with = freed.len().saturating_sub(1) as u64;
        let with = match with {
            0 => String::new(),
            with => format!(
                ", with {} that only it needs",
                count(with, "package", "packages")
            ),
        };
        page.pair("freed", &format!("{bytes} if it is removed{with}"));
        let closure = report.inventory.closure(&one.name);
        let bytes = report.inventory.bytes_of(&closure);
        page.pair("closure", &format!("{bytes} with all it needs"));
    }
}

fn nobodys(canvas: &Canvas<'_>, open: &Open, page: &mut Page<'_>) {
    let unowned = open.report.inventory.unowned();
    page.title("Files nobody owns");
    page.text("No package database lists them: they were copied or built, or left behind.");
    let part = share(unowned.bytes.0, open.report.waste.visible_bytes.0);
    let files = count(unowned.files, "file", "files");
    page.pair(
        "size",
        &format!("{} in {files}, {part} of all that is seen", unowned.bytes),
    );
    page.title("Where they are");
    for directory in &unowned.directories {
        let part = bar(directory.bytes.0, unowned.bytes.0, 10);
        let bytes = directory.bytes.to_string();
        let path = shown(&directory.path);
        let line = format!("{} {bytes:>8} /{path}", crate::tui::text::fit(&part, 10));
        page.styled(&line, canvas.theme.text);
    }
}

/// What `y` copies of the row that is selected.
pub(super) fn to_copy(open: &Open, sheet: Sheet) -> Option<(String, String)> {
    let at = open.tables.of(sheet)?.position()?;
    match sheet {
        Sheet::Components => {
            let one = open.report.components.all.get(at)?;
            (!one.snippet.is_empty()).then(|| ("the snippet".to_owned(), one.snippet.clone()))
        }
        Sheet::Findings => {
            let one = open.report.findings.all.get(at)?;
            let harmless = !one.remedy.chars().any(char::is_control);
            harmless.then(|| ("the remedy".to_owned(), one.remedy.clone()))
        }
        Sheet::Packages => {
            let one = open.report.inventory.packages.get(at)?;
            let text = format!("{} {}", one.name, one.version);
            let harmless = !text.chars().any(char::is_control);
            harmless.then(|| ("the package".to_owned(), text))
        }
        _ => None,
    }
}
