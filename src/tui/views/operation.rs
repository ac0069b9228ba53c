//! Operations: the list, and one of them with its steps, bytes, log and outcome.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::model::event::Outcome;
use crate::model::plan::OperationId;
use crate::model::progress::{BuildState, StepState};
use crate::model::transfer::Transfer;
use crate::tui::action::Command;
use crate::tui::listing::Listing;
use crate::tui::listing::rows::{now_words, state_word};
use crate::tui::log::{Glass, Pane};
use crate::tui::operation::{Operation, Replacing};
use crate::tui::state::{Layout, Window};
use crate::tui::text::{clip, fit, width};
use crate::tui::widgets::log::{self, Shown};
use crate::tui::widgets::page::Page;
use crate::tui::widgets::table::{Column, Rows, Said};

use super::{Canvas, lists};

const COLUMNS: &[Column] = &[
    Column::new("STATE", 19, 0, 0),
    Column::new("OPERATION", 20, 2, 0),
    Column::new("SINCE", 7, 0, 1).unsearched(),
    Column::new("NOW", 16, 2, 2),
];

/// The sign and style of how an operation stands.
pub(super) fn standing(canvas: &Canvas<'_>, operation: &Operation) -> (&'static str, Style) {
    match operation.report.as_ref().map(|report| report.outcome) {
        None => ("⟳", canvas.theme.busy),
        Some(outcome) => ended(canvas, outcome),
    }
}

/// The sign and style of an outcome. The words are [`Outcome::words`].
pub(super) fn ended(canvas: &Canvas<'_>, outcome: Outcome) -> (&'static str, Style) {
    let theme = &canvas.theme;
    match outcome {
        Outcome::Done => ("✓", theme.good),
        Outcome::Cancelled => ("↶", theme.warn),
        Outcome::Undone => ("↶", theme.bad),
        Outcome::Failed => ("✗", theme.bad),
        Outcome::Locked => ("⊘", theme.warn),
        Outcome::NeedsRecover => ("‼", theme.bad),
    }
}

/// Draws the list.
pub(super) fn list(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    (shown, top): (&Listing<OperationId>, usize),
    layout: &mut Layout,
) {
    let theme = &canvas.theme;
    let area = lists::head(frame, area, canvas, None);
    if lists::nothing(frame, area, canvas) {
        return;
    }
    let line = |place: usize| -> Vec<Said> {
        let at = shown.order().get(place);
        let Some(one) = at.and_then(|at| canvas.operations.get(*at)) else {
            return Vec::new();
        };
        let (sign, style) = standing(canvas, one);
        vec![
            (format!("{sign} {}", state_word(one)), style),
            (one.summary.clone(), theme.text),
            (canvas.age(one.since), theme.quiet),
            (now_words(one), theme.quiet),
        ]
    };
    let sort = canvas.preferences.operations;
    let rows = Rows {
        total: shown.counts().0,
        selected: shown.at(),
        top,
        sorted: (sort.column(), sort.sign()),
        words: shown.filters.words(),
        row: &line,
    };
    let mut story = Page::new(theme, area.width.saturating_sub(2));
    let selected = shown.order().get(shown.at());
    if let Some(one) = selected.and_then(|at| canvas.operations.get(*at)) {
        tell_now(canvas, one, &mut story);
    }
    (layout.view, layout.hits) = lists::above(frame, area, canvas, (COLUMNS, &rows), &story);
}

/// What of an operation gives way first where there is little room: all of its line, and what
/// it does now or how that ended.
fn tell_now(canvas: &Canvas<'_>, operation: &Operation, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    page.styled(&operation.summary, theme.title);
    let now = now_words(operation);
    match &operation.report {
        None => page.pair_styled("now", &now, theme.busy),
        Some(report) if report.error.is_some() => page.pair_styled("error", &now, theme.bad),
        Some(_) => page.pair("ended", &now),
    }
}

/// Draws one: what it does above, its log below.
pub(super) fn one(
    frame: &mut Frame<'_>,
    area: Rect,
    canvas: &Canvas<'_>,
    id: &OperationId,
    pane: &Pane,
) -> (Window, Glass) {
    let theme = &canvas.theme;
    let (inside, mut page) = canvas.page(area);
    let Some(operation) = canvas.operation(id) else {
        page.styled(
            &format!(
                "This operation is not known. {} goes back.",
                canvas.keymap.way(Command::Back)
            ),
            theme.warn,
        );
        let window = page.draw(frame.buffer_mut(), inside, 0);
        return (window, Glass::default());
    };
    // The log keeps at least a third of the room.
    let most = inside.height - (inside.height / 3).max(3);
    tell(canvas, operation, &mut page, most.into());
    let upper = Rect {
        height: most.min(u16::try_from(page.len()).unwrap_or(u16::MAX)),
        ..inside
    };
    // Should even that be too much, its end is what counts: the outcome, what runs now.
    let overflow = page.len().saturating_sub(upper.height.into());
    page.draw(frame.buffer_mut(), upper, overflow);
    let lower = Rect {
        y: upper.bottom(),
        height: inside.height - upper.height,
        ..inside
    };
    draw_log(frame, canvas, lower, (operation, pane))
}

fn tell(canvas: &Canvas<'_>, operation: &Operation, page: &mut Page<'_>, most: usize) {
    let theme = &canvas.theme;
    let (sign, style) = standing(canvas, operation);
    match &operation.report {
        None => {
            let position = operation
                .environment
                .as_ref()
                .and_then(|it| canvas.fleet.column(it));
            let accent = position
                .and_then(|at| Some(theme.environment(at, canvas.fleet.environments.get(at)?)))
                .unwrap_or(style);
            page.styled(&format!("{sign} {}", operation.summary), accent);
            let text = format!("running for {}", canvas.elapsed(operation.since));
            page.styled(&text, theme.busy);
        }
        Some(report) => {
            page.styled(
                &format!("{sign} {}: {}", report.outcome.words(), report.summary),
                style,
            );
            page.styled(
                &format!("{}, took {}", operation.summary, report.duration),
                theme.quiet,
            );
            if let Some(error) = &report.error {
                page.styled(error, theme.bad);
            }
            let next = match report.outcome {
                Outcome::NeedsRecover => Some(format!(
                    "next: go home ({}) and press {}, or run `karat recover` on any machine that reaches the engines",
                    canvas.keymap.way(Command::Back),
                    canvas.keymap.way(Command::Recover)
                )),
                Outcome::Undone | Outcome::Cancelled => {
                    Some("next: nothing must be done: everything is as before".to_owned())
                }
                Outcome::Locked => Some(format!(
                    "next: wait until it is done; if its karat is gone, press {} at home or run `karat recover`",
                    canvas.keymap.way(Command::Recover)
                )),
                Outcome::Done | Outcome::Failed => None,
            };
            if let Some(next) = next {
                page.styled(&next, theme.title);
            }
        }
    }
    if let (Some(why), None) = (&operation.undoing, &operation.report) {
        page.styled(&format!("↶ putting everything back: {why}"), theme.warn);
    } else if operation.cancelling && operation.report.is_none() {
        page.styled("↶ cancelling: what was done is undone", theme.warn);
    }
    // The steps of the container at work are told in full if there is room for them.
    let ended = operation.report.is_some();
    let active = operation.containers.iter().position(at_work);
    let room =
        most.saturating_sub(page.len() + operation.containers.len() + operation.transfers.len());
    for (at, one) in operation.containers.iter().enumerate() {
        tell_container(canvas, one, ended, page);
        if active == Some(at) && !ended && room >= one.course().len() {
            tell_steps(canvas, one, page);
        }
    }
    if operation.report.is_none() {
        for transfer in &operation.transfers {
            tell_transfer(canvas, transfer, page);
        }
    }
    tell_build(canvas, operation, page, most);
}

/// Begun, and not finished.
fn at_work(one: &Replacing) -> bool {
    one.last()
        .is_some_and(|(_, state, _)| !matches!(state, StepState::Done(_)))
        || (one.done() > 0 && one.done() < one.course().len())
}

fn tell_container(canvas: &Canvas<'_>, one: &Replacing, ended: bool, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let (done, all) = (one.done(), one.course().len());
    let (text, style) = match one.last() {
        None if ended => ("not touched".to_owned(), theme.quiet),
        None => ("waits for its turn".to_owned(), theme.quiet),
        Some((step, StepState::Started, _)) if ended => {
            (format!("reached: {}", step.words()), theme.quiet)
        }
        Some((step, StepState::Started, since)) => (
            format!("{}, {}", step.words(), canvas.elapsed(since)),
            theme.busy,
        ),
        Some((step, StepState::Failed(why), _)) => {
            (format!("✗ {}: {why}", step.words()), theme.bad)
        }
        Some((_, StepState::Done(_), _)) if done == all => ("✓ done".to_owned(), theme.good),
        Some((step, StepState::Done(_), _)) => (format!("✓ {}", step.words()), theme.busy),
    };
    let bar = format!(
        "{}{}",
        "■".repeat(done),
        "·".repeat(all.saturating_sub(done))
    );
    let label = format!("{} on {}", one.container, one.engine);
    beside(
        canvas,
        &label,
        &format!("{bar} {done}/{all}  {text}"),
        style,
        page,
    );
}

/// A label and its value on one line where there is room, else on two: which engine it is
/// must not be cut off.
fn beside(canvas: &Canvas<'_>, label: &str, value: &str, style: Style, page: &mut Page<'_>) {
    const LABEL: usize = 38;
    if canvas.size.0 >= 90 && width(label) < LABEL {
        page.labelled(label, LABEL, value, style);
    } else {
        page.styled(label, canvas.theme.quiet);
        page.item(1, "", value, style);
    }
}

fn tell_steps(canvas: &Canvas<'_>, one: &Replacing, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    for step in one.course() {
        let (sign, tail, style) = match one.step(*step) {
            None => ("·", String::new(), theme.quiet),
            Some((StepState::Started, since)) => ("⟳", canvas.elapsed(since), theme.busy),
            Some((StepState::Done(took), _)) => ("✓", took.to_string(), theme.good),
            Some((StepState::Failed(why), _)) => ("✗", why.clone(), theme.bad),
        };
        let room = 60;
        page.line(vec![
            Span::styled(format!("    {sign} "), style),
            Span::styled(fit(step.words(), 40), style),
            Span::styled(clip(&tail, room), theme.quiet),
        ]);
    }
}

fn tell_transfer(canvas: &Canvas<'_>, transfer: &Transfer, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let label = format!("{} to {}", transfer.what, transfer.engine);
    beside(canvas, &label, &transfer.words(), theme.busy, page);
    let moving = transfer.layers_moving();
    if !moving.is_empty() {
        page.item(1, "", &moving.join(" · "), theme.quiet);
    }
}

/// The steps of a build, the newest that fit.
fn tell_build(canvas: &Canvas<'_>, operation: &Operation, page: &mut Page<'_>, most: usize) {
    let theme = &canvas.theme;
    let room = most.saturating_sub(page.len()).max(3);
    let hidden = operation.build.len().saturating_sub(room);
    for step in operation.build.iter().skip(hidden) {
        let (sign, tail, style) = match &step.state {
            BuildState::Running => ("⟳", "running".to_owned(), theme.busy),
            BuildState::Cached => ("○", "cached".to_owned(), theme.quiet),
            BuildState::Done(took) => ("✓", took.to_string(), theme.good),
            BuildState::Failed(why) => ("✗", format!("failed: {why}"), theme.bad),
        };
        page.item(0, sign, &format!("{}  {tail}", step.name), style);
    }
}

fn draw_log(
    frame: &mut Frame<'_>,
    canvas: &Canvas<'_>,
    area: Rect,
    (operation, pane): (&Operation, &Pane),
) -> (Window, Glass) {
    let shown = Shown {
        log: &operation.log,
        pane,
        title: "log",
        before: (&|_| Vec::new(), 0),
    };
    log::draw(frame, area, &canvas.theme, &shown)
}
