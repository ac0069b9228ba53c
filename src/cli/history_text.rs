//! `karat history` for people: what was done, newest first.

use crate::model::event::{Event, Outcome, VersionMark};
use crate::model::text::printable;
use crate::model::time::{Span, Timestamp};

use super::history::Shared;
use super::table::{CellLines, Colour, Paint, Table, Text, cut};

/// How many log lines of a failure are shown; `--json` has all of them.
const LOG_LINES: usize = 10;

/// The widest a log line gets here.
const LOG_WIDTH: usize = 160;

/// The events as a table, then for each failure what went wrong and its last log lines.
#[must_use]
pub fn render(events: &[Event], shared: &Shared, now: Timestamp, colour: Colour) -> String {
    let ages = ages(shared, now, colour);
    if events.is_empty() {
        return ages + "no operation is recorded yet\n";
    }
    let mut events: Vec<&Event> = events.iter().collect();
    events.sort_by_key(|event| std::cmp::Reverse(event.time));
    let head = [
        "WHEN (UTC)",
        "WHO",
        "WHAT",
        "IMAGE",
        "IN",
        "FROM",
        "TO",
        "OUTCOME",
        "TOOK",
        "WHY",
    ];
    let mut table = Table::new(head.map(|text| Text::new(Paint::Head, text)).into());
    for event in &events {
        let environment = event.environment.as_ref().map_or("", |name| name.as_str());
        let took = event
            .duration
            .map_or_else(|| "–".to_owned(), |span| span.to_string());
        table.row(vec![
            vec![Text::plain(
                &event.time.format("%Y-%m-%d %H:%M:%S").to_string(),
            )],
            vec![Text::plain(&event.who)],
            vec![Text::plain(event.words())],
            vec![Text::plain(event.image.as_str())],
            vec![Text::plain(environment)],
            vec![Text::plain(mark(event.from.as_ref()))],
            vec![Text::plain(mark(event.to.as_ref()))],
            outcome(event, shared),
            vec![Text::plain(&took)],
            vec![Text::whole(
                Paint::Faint,
                event.reason.as_deref().unwrap_or(""),
            )],
        ]);
    }
    let mut out = ages + &table.render(colour);
    for event in events {
        out.push_str(&failure(event, colour));
    }
    out
}

/// How it ended, and whether somebody else did something at the same time.
fn outcome(event: &Event, shared: &Shared) -> CellLines {
    let mut lines = vec![Text::new(paint(event.outcome), event.outcome.words())];
    if shared.forked.contains(&event.id) {
        lines.push(Text::new(Paint::Warn, "fork: another did not see it"));
    }
    lines
}

/// How old what is known of registries' history is, where they do not answer now.
fn ages(shared: &Shared, now: Timestamp, colour: Colour) -> String {
    let mut out = String::new();
    for source in &shared.sources {
        let Some(error) = &source.error else { continue };
        let age = source.read.map_or_else(
            || "was never read here".to_owned(),
            |read| format!("is as it was {} ago", Span::between(read, now)),
        );
        let line = format!("the history beside {} {age}: {error}", source.repository);
        out.push_str(&colour.paint(Paint::Warn, &printable(&line)));
        out.push('\n');
    }
    out
}

fn failure(event: &Event, colour: Colour) -> String {
    let Some(error) = &event.error else {
        return String::new();
    };
    let at = event.time.format("%Y-%m-%d %H:%M:%S");
    let place = event.environment.as_ref().map(|name| format!(" in {name}"));
    let what = format!(
        "{} {}{}",
        event.words(),
        event.image,
        place.unwrap_or_default()
    );
    let line = format!("{at} {what}: {error}");
    let mut out = format!(
        "\n{}\n",
        colour.paint(paint(event.outcome), &printable(&line))
    );
    let left_out = event.log.len().saturating_sub(LOG_LINES);
    if left_out > 0 {
        out.push_str(&format!("  … {left_out} earlier lines\n"));
    }
    for line in event.log.iter().skip(left_out) {
        out.push_str(&format!("  | {}\n", cut(&printable(line), LOG_WIDTH)));
    }
    out
}

/// The label, else the short digest.
fn mark(mark: Option<&VersionMark>) -> &str {
    let Some(mark) = mark else { return "–" };
    let digest = mark.digest.as_ref().map(|digest| digest.short());
    mark.version.as_deref().or(digest).unwrap_or("–")
}

const fn paint(outcome: Outcome) -> Paint {
    match outcome {
        Outcome::Done => Paint::Good,
        Outcome::Undone | Outcome::Cancelled | Outcome::Failed | Outcome::Locked => Paint::Warn,
        Outcome::NeedsRecover => Paint::Bad,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::events;
    use super::*;

    fn at() -> Timestamp {
        crate::model::testing::minute(60)
    }

    #[test]
    fn events_are_listed_newest_first_and_failures_explained() {
        let log: String = (3..=12).map(|n| format!("  | line {n}␛[1m\n")).collect();
        assert_eq!(
            render(&events(), &Shared::default(), at(), Colour::Never),
            format!(
                "\
WHEN (UTC)           WHO         WHAT       IMAGE  IN    FROM   TO            OUTCOME         TOOK  WHY
2026-11-22 12:30:00  ann@laptop  promote    shop   prod  –      d4735e3a265e  failed, undone  –
2026-11-22 12:00:00  ann@laptop  roll back  shop   prod  1.4.2  1.4.1         done            12 s  checkout broken␊badly

2026-11-22 12:30:00 promote shop in prod: web on prod became unhealthy
  … 2 earlier lines
{log}"
            )
        );
        assert_eq!(
            render(&[], &Shared::default(), at(), Colour::Always),
            "no operation is recorded yet\n"
        );
    }
}
