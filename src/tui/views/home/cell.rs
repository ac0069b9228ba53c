//! One cell of the matrix, in as many lines as there is room for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::model::fleet::{Cell, Deployment};
use crate::model::observation::Health;
use crate::model::project::Environment;
use crate::model::skew::Skew;
use crate::tui::text::{clip, width};
use crate::tui::views::Canvas;

use super::words::{Word, beside, fitting, joined};

/// A cell in one line or two: version and skew, health and age; or what stands in their
/// place.
pub(super) fn draw_cell(
    buffer: &mut Buffer,
    area: Rect,
    canvas: &Canvas<'_>,
    (cell, environment): (&Cell, Option<&Environment>),
    over: Option<Style>,
) {
    // A channel is a tag: nothing runs there ever.
    let channel = environment.is_some_and(|it| it.channel.is_some());
    let nothing = if channel {
        "– no tag yet"
    } else {
        "– nothing runs"
    };
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
        0 | 1 => vec![one_line(canvas, (cell, nothing), room)],
        2 => vec![
            version_line(canvas, (cell, nothing), &cell.skew, room),
            state_line(canvas, cell, room),
        ],
        more => {
            let mut lines = vec![
                version_line(canvas, (cell, nothing), &[], room),
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

/// What stands in one line, part by part.
pub(super) type Parts = Vec<Span<'static>>;

/// What the cell says when nothing runs there as far as is known.
fn nothing(canvas: &Canvas<'_>, (cell, nothing): (&Cell, &str), room: usize) -> Parts {
    let theme = &canvas.theme;
    let (text, style) = unheard(canvas, cell).unwrap_or_else(|| (nothing.to_owned(), theme.quiet));
    vec![Span::styled(clip(&text, room), style)]
}

/// That engines do not answer, all as far as this cell goes or some of them; or that they have
/// not answered yet.
fn unheard(canvas: &Canvas<'_>, cell: &Cell) -> Option<(String, Style)> {
    let theme = &canvas.theme;
    match cell.errors.len() {
        0 => (!cell.waiting.is_empty()).then(|| ("… waiting".to_owned(), theme.busy)),
        some if cell.partly_answered() => Some((format!("✗ {some} silent"), theme.bad)),
        _ => Some(("✗ no answer".to_owned(), theme.bad)),
    }
}

/// Whether a container is ill on an engine that answers: that is no old news.
fn is_known_to_be_ill(cell: &Cell, deployment: &Deployment) -> bool {
    deployment.replicas.iter().any(|replica| {
        let engine = &replica.engine;
        replica.container.health >= Health::Unhealthy
            && !cell.waiting.contains(engine)
            && !cell.errors.iter().any(|error| &error.engine == engine)
    })
}

fn version_line(
    canvas: &Canvas<'_>,
    (cell, none): (&Cell, &str),
    skew: &[Skew],
    room: usize,
) -> Parts {
    let Some(deployment) = &cell.deployment else {
        return nothing(canvas, (cell, none), room);
    };
    let version = (deployment.version.as_str(), version_style(canvas, cell));
    let words = Word::of_skew(canvas, skew);
    beside(canvas, version, &words, room)
}

/// Old data is quiet: it may not be true any more.
fn version_style(canvas: &Canvas<'_>, cell: &Cell) -> Style {
    if cell.errors.is_empty() || cell.partly_answered() {
        canvas.theme.text
    } else {
        canvas.theme.quiet
    }
}

/// One skew a line, in words; the last line has what is left over.
fn skew_lines(canvas: &Canvas<'_>, skew: &[Skew], lines: usize, room: usize) -> Vec<Parts> {
    let words = Word::of_skew(canvas, skew);
    let alone = words.len().min(lines).saturating_sub(1);
    let (alone, rest) = words.split_at_checked(alone).unwrap_or_default();
    let alone = alone.iter().map(std::slice::from_ref);
    alone
        .chain(std::iter::once(rest))
        .map(|words| fitting(canvas, words, |width| width <= room).unwrap_or_default())
        .collect()
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
        return vec![Span::styled(clip(&text, room), theme.busy)];
    }
    let Some(deployment) = &cell.deployment else {
        let why = cell.errors.first().map_or("", |error| error.error.as_str());
        return vec![Span::styled(clip(why, room), theme.quiet)];
    };
    let mut words: Vec<(String, Style)> = states(canvas, cell, deployment, room);
    let (running, total) = (deployment.running(), deployment.replicas.len());
    if running < total {
        words.push((format!("{running}/{total}"), theme.bad));
    } else if total > 1 {
        words.push((format!("{running}/{total}"), theme.text));
    }
    if let (Some(since), true) = (deployment.since, running > 0) {
        words.push((canvas.age(since), theme.quiet));
    }
    let mut used = 0;
    words.retain(|(text, _)| {
        let more = width(text) + usize::from(used > 0);
        let fits = used + more <= room;
        used += if fits { more } else { 0 };
        fits
    });
    joined(words)
}

/// How it fares, and whether that may be old news, which comes first. Where there is no room
/// for both, what is known to be ill is told, else that something is not known.
fn states(
    canvas: &Canvas<'_>,
    cell: &Cell,
    deployment: &Deployment,
    room: usize,
) -> Vec<(String, Style)> {
    let health = health(canvas, deployment);
    match unheard(canvas, cell) {
        Some(unheard) if width(&unheard.0) + 1 + width(&health.0) <= room => {
            vec![unheard, health]
        }
        Some(unheard) if !is_known_to_be_ill(cell, deployment) => vec![unheard],
        _ => vec![health],
    }
}

fn health(canvas: &Canvas<'_>, deployment: &Deployment) -> (String, Style) {
    let (sign, style) = canvas.theme.health(deployment.health);
    (format!("{sign} {}", deployment.state_word()), style)
}

/// The version, and of everything else as much as fits, the most urgent first.
fn one_line(canvas: &Canvas<'_>, (cell, none): (&Cell, &str), room: usize) -> Parts {
    let Some(deployment) = &cell.deployment else {
        return nothing(canvas, (cell, none), room);
    };
    let version = (deployment.version.as_str(), version_style(canvas, cell));
    let mut words = Vec::new();
    if !cell.locks.is_empty() {
        words.push(Word::new("⟳ locked".to_owned(), canvas.theme.busy));
    }
    let (text, style) = health(canvas, deployment);
    let health = Word::new(text, style);
    let unheard = unheard(canvas, cell).map(|(text, style)| Word::new(text, style));
    let skew = Word::of_skew(canvas, &cell.skew);
    if deployment.health <= Health::NoCheck {
        // As it should be: told last, and not missed where it is not told.
        words.extend(unheard);
        words.extend(skew);
        words.push(health.calm());
    } else if is_known_to_be_ill(cell, deployment) {
        words.push(health);
        words.extend(unheard);
        words.extend(skew);
    } else {
        words.extend(unheard);
        words.push(health);
        words.extend(skew);
    }
    beside(canvas, version, &words, room)
}
