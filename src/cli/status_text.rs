//! `karat status` for people: the fleet as a matrix of images and environments.

use crate::model::fleet::{Cell, Deployment, Fleet, Link};
use crate::model::observation::{Health, LockSeen};
use crate::model::project::{EngineName, Environment, ImageName, Source};
use crate::model::skew::SkewKind;
use crate::model::step::Course;
use crate::model::text::printable;
use crate::model::time::{Span, Timestamp};

use super::table::{CellLines, Colour, Paint, Table, Text};

/// The fleet, or one image of it: which project file is in force, the matrix, what is
/// under way, and every engine that does not answer with what to do about it. Ages are
/// those at the moment the fleet was put together.
///
/// ```text
/// IMAGE  dev                    prod (protected)
/// shop   1.4.2                  1.4.1
///        ● healthy, 1 h, 1/1    ● healthy, 6 d 4 h, 2/2
///                               ↓ 1 behind newest
/// ```
#[must_use]
pub fn render(fleet: &Fleet, only: Option<&ImageName>, colour: Colour) -> String {
    let mut out = match &fleet.source {
        Source::File(_) => format!("project {}\n", printable(&fleet.source.to_string())),
        Source::Found if is_up(fleet) => {
            "no project file: showing what runs; `karat init` writes one\n".to_owned()
        }
        Source::Found => "no project file: showing what runs\n".to_owned(),
    };
    out = colour.paint(Paint::Faint, out.trim_end()) + "\n\n";
    let mut head = vec![Text::new(Paint::Head, "IMAGE")];
    head.extend(fleet.environments.iter().map(heading));
    let mut table = Table::new(head).spaced();
    let mut any = false;
    for row in &fleet.rows {
        if only.is_some_and(|name| name != &row.image.name) {
            continue;
        }
        any = true;
        let mut cells = vec![vec![Text::plain(row.image.name.as_str())]];
        cells.extend(row.cells.iter().map(|cell| cell_lines(cell, fleet.at)));
        table.row(cells);
    }
    match (any, only) {
        (true, _) => out.push_str(&table.render(colour)),
        (false, Some(name)) => {
            out.push_str(&format!(
                "no image is called {}\n",
                printable(name.as_str())
            ));
        }
        (false, None) => out.push_str(&nothing(fleet)),
    }
    out + &footer(fleet, colour)
}

/// The sign that stands beside the health word.
#[must_use]
pub const fn health_sign(health: Health) -> &'static str {
    match health {
        Health::Healthy => "●",
        Health::NoCheck => "○",
        Health::Starting => "◐",
        Health::Unhealthy => "✗",
        Health::NotRunning => "■",
    }
}

fn heading(environment: &Environment) -> Text {
    let name = environment.name.as_str();
    let mark = match (environment.protected, environment.read_only) {
        (_, true) => " (read-only)",
        (true, false) => " (protected)",
        (false, false) => "",
    };
    Text::new(Paint::Head, &format!("{name}{mark}"))
}

fn nothing(fleet: &Fleet) -> String {
    let answered = fleet.engines.values().any(|state| state.last.is_some());
    let what = if answered {
        "nothing runs here yet\n"
    } else {
        "no engine has answered yet\n"
    };
    if is_up(fleet) {
        return what.to_owned();
    }
    format!(
        "{what}\npoint karat at an engine with DOCKER_HOST or a Docker context (`docker context use NAME`);\n\
         `karat demo` shows a fleet that is made up and needs none\n"
    )
}

/// Whether any engine answers now: without one, nothing can be written from what runs.
fn is_up(fleet: &Fleet) -> bool {
    fleet.engines.values().any(|it| it.link == Link::Up)
}

fn cell_lines(cell: &Cell, now: Timestamp) -> CellLines {
    let mut lines = match &cell.deployment {
        Some(deployment) => deployment_lines(deployment, now),
        None if cell.errors.is_empty() && cell.waiting.is_empty() => {
            vec![Text::new(Paint::Faint, "–")]
        }
        None => vec![Text::new(Paint::Faint, "not known")],
    };
    for skew in &cell.skew {
        let paint = match skew.kind {
            SkewKind::MixedDigests | SkewKind::ContestedLabel => Paint::Bad,
            SkewKind::AheadOfUpstream => Paint::Plain,
            _ => Paint::Warn,
        };
        lines.push(Text::new(
            paint,
            &format!("{} {}", skew.kind.sign(), skew.text),
        ));
    }
    for (_, lock) in &cell.locks {
        lines.push(Text::new(
            Paint::Warn,
            &format!("⚑ locked by {}", lock.owner),
        ));
    }
    for error in &cell.errors {
        let age = error
            .last_seen
            .map(|seen| format!(", seen {} ago", Span::between(seen, now)));
        let text = format!("✗ {} is down{}", error.engine, age.unwrap_or_default());
        lines.push(Text::new(Paint::Bad, &text));
    }
    for engine in &cell.waiting {
        lines.push(Text::new(Paint::Faint, &format!("… waiting for {engine}")));
    }
    lines
}

fn deployment_lines(deployment: &Deployment, now: Timestamp) -> CellLines {
    let paint = match deployment.health {
        Health::Healthy => Paint::Good,
        Health::NoCheck => Paint::Plain,
        Health::Starting => Paint::Warn,
        Health::Unhealthy | Health::NotRunning => Paint::Bad,
    };
    let mut health = format!(
        "{} {}",
        health_sign(deployment.health),
        deployment.state_word()
    );
    if let Some(since) = deployment.since {
        health.push_str(&format!(", {}", Span::between(since, now)));
    }
    if deployment.course() == Course::Container {
        let (running, all) = (deployment.running(), deployment.replicas.len());
        health.push_str(&format!(", {running}/{all}"));
    }
    vec![Text::plain(&deployment.version), Text::new(paint, &health)]
}

/// What is under way, and which engines do not answer.
fn footer(fleet: &Fleet, colour: Colour) -> String {
    let mut lines = Vec::new();
    let mut locks: Vec<&(EngineName, LockSeen)> = fleet
        .rows
        .iter()
        .flat_map(|row| row.cells.iter().flat_map(|cell| &cell.locks))
        .chain(&fleet.stray_locks)
        .collect();
    locks.sort_by_key(|(engine, lock)| (&lock.operation, engine, &lock.container));
    locks.dedup();
    for (engine, lock) in locks {
        let line = format!(
            "⚑ {} on {engine}: {}, by {}, {} ago; if nobody is at it any more, `karat recover` settles it",
            lock.container,
            lock.summary,
            lock.owner,
            Span::between(lock.since, fleet.at)
        );
        lines.push(colour.paint(Paint::Warn, &printable(&line)));
    }
    for (name, state) in &fleet.engines {
        match &state.link {
            Link::Up => {}
            Link::Connecting => {
                let line = format!("… {name}: waiting for its answer");
                lines.push(colour.paint(Paint::Faint, &printable(&line)));
            }
            Link::Down {
                error, retry_at, ..
            } => {
                let retry =
                    retry_at.map(|at| format!("; next try in {}", Span::between(fleet.at, at)));
                let line = format!("✗ {name}: {error}{}", retry.unwrap_or_default());
                lines.push(colour.paint(Paint::Bad, &printable(&line)));
            }
        }
    }
    if lines.is_empty() {
        return String::new();
    }
    format!("\n{}\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::fleet;
    use super::*;

    const MATRIX: &str = "\
project /srv/karat.toml

IMAGE  dev                  staging            prod (protected)
shop   1.4.2                not known          1.4.1
       ● healthy, 1 h, 1/1  ✗ staging is down  ✗ unhealthy, 1 h, 2/2
                                               ↓ 1 behind newest
                                               ← 1 behind dev
                                               ⚑ locked by ann@laptop
";

    const FOOTER: &str = "
⚑ web on prod: roll back shop in prod to 1.4.0, by ann@laptop, 2 min ago; if nobody is at it any more, `karat recover` settles it
✗ staging: no answer within 5 s␛[31m; next try in 1 min
";

    #[test]
    fn the_matrix_is_drawn() {
        let side = "
side   9                    not known          –
       ● healthy, 1 h, 1/1  ✗ staging is down
";
        let whole = render(&fleet(), None, Colour::Never);
        assert_eq!(whole, format!("{MATRIX}{side}{FOOTER}"));
        let one = render(&fleet(), Some(&ImageName::from("shop")), Colour::Never);
        assert_eq!(one, format!("{MATRIX}{FOOTER}"));
    }

    #[test]
    fn colour_changes_nothing_but_the_colour() {
        let coloured = render(&fleet(), None, Colour::Always);
        let codes = regex::Regex::new("\u{1b}\\[[0-9]*m").expect("an expression");
        assert!(
            coloured.contains("\u{1b}[33m↓ 1 behind newest\u{1b}[0m"),
            "{coloured}"
        );
        assert_eq!(
            codes.replace_all(&coloured, ""),
            render(&fleet(), None, Colour::Never)
        );
    }

    #[test]
    fn without_images_it_says_why() {
        let mut fleet = fleet();
        fleet.rows.clear();
        fleet.source = Source::Found;
        fleet.stray_locks.clear();
        let text = render(&fleet, None, Colour::Never);
        assert!(
            text.starts_with(
                "no project file: showing what runs; `karat init` writes one\n\nnothing runs here yet\n"
            ),
            "{text}"
        );
        for state in fleet.engines.values_mut() {
            state.last = None;
            state.link = Link::Connecting;
        }
        let text = render(&fleet, None, Colour::Never);
        assert!(text.ends_with(
            "`karat demo` shows a fleet that is made up and needs none\n\n… dev: waiting for its answer\n… prod: waiting for its answer\n… staging: waiting for its answer\n"
        ), "{text}");
        for part in ["no engine has answered yet", "DOCKER_HOST"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("karat init"), "{text}");
        let text = render(&fleet, Some(&ImageName::from("x\n")), Colour::Never);
        assert!(text.contains("no image is called x␊\n"), "{text}");
    }
}
