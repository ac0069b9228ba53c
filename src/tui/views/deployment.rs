//! One image in one environment: what runs, how it does, and one container read closely.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::model::details::{ChangeKind, Details, Origin};
use crate::model::fleet::{Cell, Deployment, Replica};
use crate::model::step::Course;
use crate::tui::action::{Command, Place};
use crate::tui::state::{DeploymentView, Window, chosen_replica};
use crate::tui::text::{end_of, fit, printable, width};
use crate::tui::widgets::page::Page;

use super::{Canvas, home, moment};

/// Changed files shown; more are counted.
const CHANGES_SHOWN: usize = 200;

/// Draws it.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    view: &DeploymentView,
) -> Window {
    let theme = &canvas.theme;
    let inside = Rect {
        x: area.x + 1,
        width: area.width - 2,
        ..area
    };
    let mut page = Page::new(theme, inside.width.saturating_sub(1));
    match canvas.fleet.cell(&view.image, &view.environment) {
        None => page.styled(
            &format!(
                "This image or environment is no longer in the fleet. {} goes back.",
                canvas.keymap.way(Command::Back)
            ),
            theme.warn,
        ),
        Some(cell) => tell(canvas, view, cell, &mut page),
    }
    page.draw(frame.buffer_mut(), inside, view.top)
}

fn tell(canvas: &Canvas<'_>, view: &DeploymentView, cell: &Cell, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let position = canvas.fleet.column(&view.environment);
    if let Some((at, environment)) =
        position.and_then(|at| Some((at, canvas.fleet.environments.get(at)?)))
    {
        let accent = theme.environment(at, environment);
        page.environment(
            &format!("{} in {}", view.image, home::heading(environment)),
            accent,
        );
    }
    home::tell_trouble(canvas, cell, page);
    home::tell_deployment(canvas, cell, page);
    home::tell_skew(canvas, cell, page);
    home::tell_known_good(canvas, cell, page);
    let Some(deployment) = &cell.deployment else {
        return;
    };
    if deployment.course() == Course::Tag {
        for tag in &deployment.replicas {
            tell_tag(canvas, tag, page);
        }
        tell_runs(canvas, cell, Course::Tag, page);
        return;
    }
    let chosen = chosen_replica(view, deployment);
    tell_containers(canvas, deployment, chosen.map(|(at, _)| at), page);
    if let Some((_, replica)) = chosen {
        tell_replica(canvas, view, replica, page);
    }
    tell_runs(canvas, cell, Course::Container, page);
}

/// A channel's tag: what it points to, since when, and who moved it there.
fn tell_tag(canvas: &Canvas<'_>, tag: &Replica, page: &mut Page<'_>) {
    let container = &tag.container;
    page.title("Its tag");
    page.pair("tag", &container.name);
    page.pair("version", &tag.version);
    page.pair("digest", &container.id);
    if let Some(since) = container.started {
        let text = format!("{} ({} ago)", moment(since), canvas.age(since));
        page.pair("since", &text);
    }
    match &container.deployed_by {
        Some(event) => {
            let text = format!("{} by {}, {}", event.words(), event.who, moment(event.time));
            page.pair("put here", &text);
            if let Some(reason) = &event.reason {
                page.pair("why", reason);
            }
        }
        None => page.pair_styled(
            "put here",
            "not by karat, as far as the history beside it tells; since when it points there is known from the first look only",
            canvas.theme.quiet,
        ),
    }
}

fn tell_containers(
    canvas: &Canvas<'_>,
    deployment: &Deployment,
    chosen: Option<usize>,
    page: &mut Page<'_>,
) {
    let theme = &canvas.theme;
    let count = deployment.replicas.len();
    page.title(&match count {
        1 => "Its container".to_owned(),
        count => {
            let way = canvas.keymap.way_in(Place::Deployment, Command::NextField);
            format!("Its {count} containers ({way}: the next one)")
        }
    });
    let longest = |of: fn(&Replica) -> &str| {
        let widths = deployment.replicas.iter().map(|it| width(of(it)));
        widths.max().unwrap_or(0)
    };
    // What stands behind the names always has room; of the names, the engine's gives way.
    let version = longest(|it| &it.version).min(14);
    let room = usize::from(canvas.size.0).saturating_sub(version + 32);
    let engine = longest(|it| it.engine.as_str()).min((room / 3).max(12));
    let name = longest(|it| &it.container.name).min(room.saturating_sub(engine).max(12));
    for (at, replica) in deployment.replicas.iter().enumerate() {
        let (sign, style) = theme.health(replica.container.health);
        let mark = if chosen == Some(at) { "› " } else { "  " };
        let name_style = if chosen == Some(at) {
            theme.selected
        } else {
            theme.text
        };
        let age = replica
            .container
            .started
            .map_or_else(String::new, |since| format!("for {}", canvas.age(since)));
        let restarts = match replica.container.restarts {
            0 => String::new(),
            1 => "restarted once".to_owned(),
            count => format!("restarted {count} times"),
        };
        page.line(vec![
            Span::styled(mark, theme.title),
            Span::styled(fit(&replica.container.name, name), name_style),
            Span::styled(
                format!(" {} ", end_of(replica.engine.as_str(), engine)),
                theme.quiet,
            ),
            Span::styled(format!("{} ", fit(&replica.version, version)), theme.text),
            Span::styled(
                format!(
                    "{} ",
                    fit(&format!("{sign} {}", replica.container.health.word()), 13)
                ),
                style,
            ),
            Span::styled(format!("{} ", fit(&age, 10)), theme.quiet),
            Span::styled(restarts, theme.warn),
        ]);
    }
}

fn tell_replica(
    canvas: &Canvas<'_>,
    view: &DeploymentView,
    replica: &Replica,
    page: &mut Page<'_>,
) {
    let theme = &canvas.theme;
    page.title(&format!("{} on {}", replica.container.name, replica.engine));
    page.pair("created from", &replica.container.image);
    if let Some(recorded) = &replica.container.recorded {
        page.pair("recorded as", &recorded.to_string());
    }
    if let Some(event) = &replica.container.deployed_by {
        let text = format!("{} by {}, {}", event.words(), event.who, moment(event.time));
        page.pair("put here", &text);
    }
    let key = (replica.engine.clone(), replica.container.name.clone());
    match view.details.get(&key) {
        None | Some(None) => page.styled("… reading the container", theme.busy),
        Some(Some(Err(why))) => page.styled(&format!("✗ cannot be read: {why}"), theme.bad),
        Some(Some(Ok(details))) => tell_details(canvas, details, page),
    }
}

fn tell_details(canvas: &Canvas<'_>, details: &Details, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    match &details.refusal {
        Some(why) => page.pair_styled("replaceable", &format!("✗ no: {why}"), theme.bad),
        None => page.pair_styled(
            "replaceable",
            "✓ yes: karat can recreate it faithfully",
            theme.good,
        ),
    }
    for note in &details.notes {
        page.item(0, "!", note, theme.warn);
    }
    page.title("Health log, newest first");
    if details.health_log.is_empty() {
        page.styled(
            "none: the container has no health check, or has not been checked yet",
            theme.quiet,
        );
    }
    for entry in &details.health_log {
        let (sign, style): (_, Style) = match entry.exit_code {
            0 => ("●", theme.good),
            _ => ("✗", theme.bad),
        };
        let said = printable(entry.output.trim());
        let colon = if said.is_empty() { "" } else { ": " };
        let text = format!(
            "{} ago, exit {} after {}{colon}{said}",
            canvas.age(entry.at),
            entry.exit_code,
            entry.took,
        );
        page.item(0, sign, &text, style);
    }
    tell_changes(canvas, details, page);
    page.title("Configuration: what karat carries over, and what comes with the image");
    for origin in [Origin::Container, Origin::Image] {
        for setting in details.settings.iter().filter(|it| it.origin == origin) {
            let style = if origin == Origin::Container {
                theme.text
            } else {
                theme.quiet
            };
            let text = format!("{}  ({})", setting.value, origin.words());
            page.labelled(&setting.name, 20, &text, style);
        }
    }
}

fn tell_changes(canvas: &Canvas<'_>, details: &Details, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    page.title("Drift: files that differ from the image (lost when the container is replaced)");
    if let Some(why) = &details.changes_error {
        page.styled(&format!("✗ not known: {why}"), theme.warn);
        return;
    }
    if details.changes.is_empty() {
        page.styled("none", theme.quiet);
    }
    for change in details.changes.iter().take(CHANGES_SHOWN) {
        let (word, style) = match change.kind {
            ChangeKind::Added => ("added", theme.text),
            ChangeKind::Modified => ("changed", theme.warn),
            ChangeKind::Deleted => ("deleted", theme.bad),
        };
        let size = change
            .size
            .map_or_else(String::new, |size| format!("  {size}"));
        let text = format!("{}{size}", change.path);
        page.labelled(&format!("{} {word}", change.kind.sign()), 11, &text, style);
    }
    let rest = details.changes.len().saturating_sub(CHANGES_SHOWN);
    if rest > 0 {
        page.styled(&format!("and {rest} more"), theme.quiet);
    }
}

/// What ran here before, and why each counts or not.
fn tell_runs(canvas: &Canvas<'_>, cell: &Cell, of: Course, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let Some(verdict) = &cell.known_good else {
        return;
    };
    let (title, none) = match of {
        Course::Container => (
            "What ran here before",
            "no run is recorded: karat has not replaced this container yet",
        ),
        Course::Tag => (
            "What it pointed to before",
            "nothing is recorded: karat has not moved this tag yet",
        ),
    };
    page.title(title);
    if verdict.choice.is_none() && verdict.passed_over.is_empty() {
        page.styled(none, theme.quiet);
    }
    let name = |run: &crate::model::run::Run| {
        run.version
            .clone()
            .unwrap_or_else(|| run.identity.short().to_owned())
    };
    if let Some(run) = &verdict.choice {
        let text = format!("◆ known good: {}", run.evidence());
        page.pair_styled(&name(run), &text, theme.known_good);
    }
    for over in &verdict.passed_over {
        let text = format!("{}; passed over: {}", over.run.evidence(), over.why.words());
        page.pair_styled(&name(&over.run), &text, theme.objection(over.why));
    }
}
