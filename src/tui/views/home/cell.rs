//! One cell of the matrix, in as many lines as there is room for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::model::fleet::Cell;
use crate::model::skew::Skew;
use crate::tui::text::{clip, printable, width};
use crate::tui::views::Canvas;

use super::story::worst;

/// A cell in one line or two: version and skew, health and age; or what stands in their
/// place.
pub(super) fn draw_cell(
    buffer: &mut Buffer,
    area: Rect,
    canvas: &Canvas<'_>,
    cell: &Cell,
    over: Option<Style>,
) {
    let room = usize::from(area.width).saturating_sub(1);
    if let Some(over) = over {
        let around = Rect {
            x: area.x.saturating_sub(1),
            width: area.width + 1,
            ..area
        };
        buffer.set_style(around, over);
        buffer.set_string(area.x.saturating_sub(1), area.y, "›", over);
    }
    let lines = match area.height {
        0 | 1 => vec![one_line(canvas, cell, room)],
        2 => vec![
            version_line(canvas, cell, &cell.skew, room),
            state_line(canvas, cell, room),
        ],
        more => {
            let mut lines = vec![
                version_line(canvas, cell, &[], room),
                state_line(canvas, cell, room),
            ];
            lines.extend(skew_lines(canvas, &cell.skew, usize::from(more) - 2, room));
            lines
        }
    };
    for (line, y) in lines.into_iter().zip(area.top()..area.bottom()) {
        let mut line = Line::from(line);
        if let Some(over) = over {
            for span in &mut line.spans {
                span.style = span.style.patch(over);
            }
        }
        buffer.set_line(area.x, y, &line, area.width);
    }
}

type Parts = Vec<Span<'static>>;

fn part(text: String, style: Style) -> Span<'static> {
    Span::styled(text, style)
}

/// What the cell says when nothing runs there as far as is known.
fn nothing(canvas: &Canvas<'_>, cell: &Cell, room: usize) -> Parts {
    let theme = &canvas.theme;
    let (text, style) = if let Some(silent) = silent(cell) {
        (silent, theme.bad)
    } else if !cell.waiting.is_empty() {
        ("… waiting".to_owned(), theme.busy)
    } else {
        ("– nothing runs".to_owned(), theme.quiet)
    };
    vec![part(clip(&text, room), style)]
}

/// That engines do not answer: all, as far as this cell goes, or some of them.
fn silent(cell: &Cell) -> Option<String> {
    match cell.errors.len() {
        0 => None,
        some if cell.partly_answered() => Some(format!("✗ {some} silent")),
        _ => Some("✗ no answer".to_owned()),
    }
}

fn version_line(canvas: &Canvas<'_>, cell: &Cell, skew: &[Skew], room: usize) -> Parts {
    let theme = &canvas.theme;
    let Some(deployment) = &cell.deployment else {
        return nothing(canvas, cell, room);
    };
    // Old data is quiet: it may not be true any more.
    let style = if cell.errors.is_empty() || cell.partly_answered() {
        theme.text
    } else {
        theme.quiet
    };
    let version = clip(&deployment.version, room);
    let left = room.saturating_sub(width(&version) + 2);
    let mut parts = vec![part(version, style)];
    parts.extend(skew_parts(canvas, skew, left));
    parts
}

/// One skew a line, in words; the last line has what is left over.
fn skew_lines(canvas: &Canvas<'_>, skew: &[Skew], lines: usize, room: usize) -> Vec<Parts> {
    let theme = &canvas.theme;
    let alone = skew.len().min(lines).saturating_sub(1);
    let mut all: Vec<Parts> = skew
        .iter()
        .take(alone)
        .map(|one| vec![part(told(one, room), theme.skew(one.kind))])
        .collect();
    let rest = skew.get(alone..).unwrap_or_default();
    let mut last = skew_parts(canvas, rest, room);
    if let (1.., Some(first)) = (last.len(), rest.first())
        && rest.len() == 1
    {
        last = vec![part(told(first, room), theme.skew(first.kind))];
    } else if !last.is_empty() {
        last.remove(0);
    }
    all.push(last);
    all
}

/// One skew in words, in fewer where there is no room for all of them.
fn told(skew: &Skew, room: usize) -> String {
    let sign = skew.kind.sign();
    let whole = format!("{sign} {}", printable(&skew.text));
    if width(&whole) <= room {
        return whole;
    }
    clip(&format!("{sign} {}", skew.short()), room)
}

/// As much skew as fits: all in words, else in fewer words, else the first in words and signs
/// for the rest, else all signs.
fn skew_parts(canvas: &Canvas<'_>, skew: &[Skew], room: usize) -> Parts {
    let Some(first) = skew.first() else {
        return Vec::new();
    };
    let worded = |one: &Skew| format!("{} {}", one.kind.sign(), printable(&one.text));
    let signs: String = skew.iter().map(|one| one.kind.sign()).collect();
    let all = skew.iter().map(worded).collect::<Vec<_>>().join(" ");
    let brief = |one: &Skew| format!("{} {}", one.kind.sign(), one.short());
    let all_brief = skew.iter().map(brief).collect::<Vec<_>>().join(" ");
    let rest: String = skew.iter().skip(1).map(|one| one.kind.sign()).collect();
    let mixed = format!("{} {rest}", worded(first));
    let mixed_brief = format!("{} {rest}", brief(first));
    // The first is the worst: its word counts for more than the others' signs.
    let text = [all, all_brief, mixed, mixed_brief, brief(first), signs]
        .into_iter()
        .find(|text| width(text) <= room)
        .unwrap_or_default();
    vec![
        Span::raw("  "),
        part(text.trim_end().to_owned(), worst(canvas, skew)),
    ]
}

fn state_line(canvas: &Canvas<'_>, cell: &Cell, room: usize) -> Parts {
    let theme = &canvas.theme;
    if let Some((_, lock)) = cell.locks.first() {
        let text = format!(
            "⟳ locked: {} by {} {}",
            lock.summary,
            lock.owner,
            canvas.age(lock.since)
        );
        return vec![part(clip(&text, room), theme.busy)];
    }
    let Some(deployment) = &cell.deployment else {
        let why = cell.errors.first().map_or("", |error| error.error.as_str());
        return vec![part(clip(why, room), theme.quiet)];
    };
    let (sign, style) = theme.health(deployment.health);
    let mut words = Vec::new();
    // That an engine is silent comes first: what is known of it may not be true any more.
    if let Some(silent) = silent(cell) {
        words.push((silent, theme.bad));
    } else if !cell.waiting.is_empty() {
        words.push(("… waiting".to_owned(), theme.busy));
    }
    let health = format!("{sign} {}", deployment.health.word());
    let before: usize = words.iter().map(|(text, _)| width(text) + 1).sum();
    // Beside a silent engine, the sign alone tells more than nothing.
    let health = if before > 0 && before + width(&health) > room {
        sign.to_owned()
    } else {
        health
    };
    words.push((health, style));
    let (running, total) = (deployment.running(), deployment.replicas.len());
    if running < total {
        words.push((format!("{running}/{total}"), theme.bad));
    } else if total > 1 {
        words.push((format!("{running}/{total}"), theme.text));
    }
    if let (Some(since), true) = (deployment.since, running > 0) {
        words.push((canvas.age(since), theme.quiet));
    }
    let mut parts: Parts = Vec::new();
    let mut used = 0;
    for (text, style) in words {
        let gap = usize::from(used > 0);
        if used + gap + width(&text) <= room {
            used += gap + width(&text);
            parts.push(Span::raw(" ".repeat(gap)));
            parts.push(part(text, style));
        }
    }
    parts
}

fn one_line(canvas: &Canvas<'_>, cell: &Cell, room: usize) -> Parts {
    let theme = &canvas.theme;
    let Some(deployment) = &cell.deployment else {
        return nothing(canvas, cell, room);
    };
    let (sign, style) = theme.health(deployment.health);
    let mut health = format!("{sign} {}", deployment.health.word());
    if !cell.locks.is_empty() {
        health = "⟳ locked".to_owned();
    } else if let Some(silent) = silent(cell) {
        health = silent;
    } else if !cell.waiting.is_empty() {
        health = "… waiting".to_owned();
    }
    let signs: String = cell.skew.iter().map(|one| one.kind.sign()).collect();
    let fixed = width(&health) + width(&signs) + 2;
    let version = clip(&deployment.version, room.saturating_sub(fixed).max(6));
    let left = room.saturating_sub(width(&version) + 1 + width(&health) + 2);
    let mut parts = vec![
        part(version, theme.text),
        Span::raw(" "),
        part(health, style),
    ];
    parts.extend(skew_parts(canvas, &cell.skew, left));
    parts
}
