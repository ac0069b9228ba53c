//! A cell told in words: below the matrix, and on top of the deployment view.

use ratatui::style::Style;

use crate::model::fleet::{Cell, Deployment};
use crate::model::observation::Health;
use crate::model::skew::Skew;
use crate::model::step::Course;
use crate::tui::action::Command;
use crate::tui::views::Canvas;
use crate::tui::widgets::page::Page;

/// The whole story of the selected cell, the most urgent first.
pub(super) fn story<'a>(canvas: &'a Canvas<'_>, columns: u16) -> Page<'a> {
    let theme = &canvas.theme;
    let mut page = Page::new(theme, columns);
    let Some((_, _, cell)) = canvas.subject_cell() else {
        page.styled("move with the arrows to select a cell", theme.quiet);
        return page;
    };
    tell_trouble(canvas, cell, &mut page);
    tell_deployment(canvas, cell, &mut page);
    tell_skew(canvas, cell, &mut page);
    tell_known_good(canvas, cell, &mut page);
    page
}

/// Every skew, in words; the worst decides how it looks.
pub(in crate::tui::views) fn tell_skew(canvas: &Canvas<'_>, cell: &Cell, page: &mut Page<'_>) {
    if cell.skew.is_empty() {
        return;
    }
    let words: Vec<String> = cell
        .skew
        .iter()
        .map(|one| format!("{} {}", one.kind.sign(), one.text))
        .collect();
    page.pair_styled("skew", &words.join("  "), worst(canvas, &cell.skew));
}

fn worst(canvas: &Canvas<'_>, skew: &[Skew]) -> Style {
    let theme = &canvas.theme;
    skew.iter()
        .map(|one| theme.skew(one.kind))
        .find(|style| *style == theme.bad)
        .unwrap_or(theme.warn)
}

/// What runs, in words.
pub(in crate::tui::views) fn tell_deployment(
    canvas: &Canvas<'_>,
    cell: &Cell,
    page: &mut Page<'_>,
) {
    let theme = &canvas.theme;
    let Some(deployment) = &cell.deployment else {
        if cell.errors.is_empty() && cell.waiting.is_empty() {
            let here = canvas.subject().and_then(|(_, name)| name);
            let here = here.and_then(|name| canvas.environment(&name));
            let (label, text) = match here.and_then(|it| it.channel.as_ref()) {
                Some(channel) => (
                    "points to",
                    format!("nothing: there is no tag {channel} yet"),
                ),
                None => (
                    "runs",
                    "nothing: no container of this image is here".to_owned(),
                ),
            };
            page.pair_styled(label, &text, theme.quiet);
        }
        return;
    };
    if deployment.course() == Course::Tag {
        tell_tag(canvas, deployment, page);
        return;
    }
    let (sign, style) = theme.health(deployment.health);
    let digests: Vec<&str> = deployment.identities.iter().map(|it| it.short()).collect();
    let (running, total) = (deployment.running(), deployment.replicas.len());
    let count = match (running, total) {
        (1, 1) => String::new(),
        (0, 1) => "; its one container does not run".to_owned(),
        (running, total) => format!("; {running} of {total} containers run"),
    };
    let since = match deployment.since {
        Some(since) if running > 0 => format!("; unchanged for {}", canvas.age(since)),
        _ => String::new(),
    };
    let health = match deployment.health {
        Health::NoCheck => "runs, no health check",
        other => other.word(),
    };
    let text = format!(
        "{} ({}) {sign} {health}{count}{since}",
        deployment.version,
        digests.join(", ")
    );
    page.pair_styled("runs", &text, style);
}

/// What a channel's tag points to, in words.
fn tell_tag(canvas: &Canvas<'_>, deployment: &Deployment, page: &mut Page<'_>) {
    let (sign, style) = canvas.theme.health(deployment.health);
    let digests: Vec<&str> = deployment.identities.iter().map(|it| it.short()).collect();
    let since = deployment.since.map_or_else(String::new, |since| {
        format!("; unchanged for {}", canvas.age(since))
    });
    let text = format!(
        "{} ({}) {sign} the tag points there{since}",
        deployment.version,
        digests.join(", ")
    );
    page.pair_styled("points to", &text, style);
}

/// Locks, silent engines and engines waited for, in words.
pub(in crate::tui::views) fn tell_trouble(canvas: &Canvas<'_>, cell: &Cell, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    for error in &cell.errors {
        let seen = error.last_seen.map_or_else(
            || "it has not answered yet".to_owned(),
            |seen| format!("shown as of {} ago", canvas.age(seen)),
        );
        let text = format!("✗ {}: {} ({seen})", error.engine, error.error);
        page.pair_styled("no answer", &text, theme.bad);
    }
    for engine in &cell.waiting {
        page.pair_styled("waiting", &format!("… for {engine}"), theme.busy);
    }
    for (engine, lock) in &cell.locks {
        let ours = canvas.running().any(|one| one.id == lock.operation);
        let hint = if ours {
            format!("; {} shows it", canvas.keymap.way(Command::Operations))
        } else {
            let way = canvas.keymap.way(Command::Recover);
            format!("; if it was cut off, {way} finishes or undoes it")
        };
        let text = format!(
            "⟳ {} on {engine}: {} by {}, {} ago{hint}",
            lock.container,
            lock.summary,
            lock.owner,
            canvas.age(lock.since)
        );
        page.pair_styled("locked", &text, theme.busy);
    }
}

/// The version to go back to and the evidence, or why there is none.
pub(in crate::tui::views) fn tell_known_good(
    canvas: &Canvas<'_>,
    cell: &Cell,
    page: &mut Page<'_>,
) {
    let theme = &canvas.theme;
    let Some(verdict) = &cell.known_good else {
        return;
    };
    match &verdict.choice {
        Some(run) => {
            let name = run
                .version
                .clone()
                .unwrap_or_else(|| run.identity.short().to_owned());
            let text = format!("◆ {name} ({}): {}", run.identity.short(), run.evidence());
            page.pair_styled("known good", &text, theme.known_good);
        }
        None => {
            let why = crate::tui::available::nothing_good(verdict);
            page.pair_styled("known good", &format!("none: {why}"), theme.warn);
        }
    }
}
