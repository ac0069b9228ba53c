//! The plan dialog: what will happen, exactly, before it does.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::plan::{Frozen, Move, OperationKind, Plan, Touch};
use crate::model::publish::PublishPlan;
use crate::model::rebuild::RebuildPlan;
use crate::model::step::Course;
use crate::tui::effect::Confirmed;
use crate::tui::state::{PlanDialog, Window};
use crate::tui::text::clip;
use crate::tui::widgets::dialog;
use crate::tui::widgets::page::{LABEL, Page};

use super::{Canvas, form, home};

/// The widest a dialog's text gets: longer lines are hard to read.
const WIDEST: u16 = 96;

/// Draws it.
pub(super) fn draw(frame: &mut Frame<'_>, canvas: &Canvas<'_>, shown: &PlanDialog) -> Window {
    let theme = &canvas.theme;
    let screen = frame.area();
    let columns = screen.width.saturating_sub(6).min(WIDEST);
    let mut page = Page::new(theme, columns.saturating_sub(2));
    if let Some((why, _)) = &shown.moved {
        page.styled(
            &format!("… making the plan anew, the fleet moved: {why}"),
            theme.bad,
        );
        page.blank();
    } else if let Some(why) = &shown.anew {
        page.styled(
            &format!("The fleet moved while you were looking: {why}. This is the plan as of now."),
            theme.warn,
        );
        page.blank();
    }
    match &shown.plan {
        Confirmed::Deploy(plan) => tell_plan(canvas, plan, &mut page),
        Confirmed::Rebuild(plan) => tell_rebuild(canvas, plan, &mut page),
        Confirmed::Publish(plan) => tell_publish(canvas, plan, &mut page),
    }
    let below = form::height(&shown.form);
    let height = u16::try_from(page.len())
        .unwrap_or(u16::MAX)
        .saturating_add(below);
    let accent = accent(canvas, shown);
    let title = clip(&title(shown), usize::from(columns));
    let inside = dialog::frame(frame, theme, &title, accent, (columns, height));
    let text = Rect {
        height: inside.height.saturating_sub(below),
        ..inside
    };
    let window = page.draw(frame.buffer_mut(), text, shown.top);
    let confirm = confirm(shown);
    let can = shown.moved.is_none();
    form::draw(frame, canvas, inside, &shown.form, None, (&confirm, can));
    window
}

fn accent(canvas: &Canvas<'_>, shown: &PlanDialog) -> Style {
    let Confirmed::Deploy(plan) = &shown.plan else {
        return canvas.theme.title;
    };
    canvas
        .fleet
        .column(&plan.environment)
        .and_then(|at| {
            Some(
                canvas
                    .theme
                    .environment(at, canvas.fleet.environments.get(at)?),
            )
        })
        .unwrap_or(canvas.theme.title)
}

fn title(shown: &PlanDialog) -> String {
    match &shown.plan {
        Confirmed::Deploy(plan) => match (plan.kind, &plan.from_environment) {
            (OperationKind::Promote, Some(from)) => {
                format!("PROMOTE from {from} to {}", plan.environment)
            }
            (OperationKind::Promote, None) => format!("PROMOTE to {}", plan.environment),
            _ => format!("{} in {}", plan.words().to_uppercase(), plan.environment),
        },
        Confirmed::Rebuild(plan) => format!("REBUILD {}", plan.image),
        Confirmed::Publish(plan) => format!("PUBLISH {} {}", plan.image, plan.version),
    }
}

fn tell_plan(canvas: &Canvas<'_>, plan: &Plan, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let position = canvas.fleet.column(&plan.environment);
    let environment = position.and_then(|at| Some((at, canvas.fleet.environments.get(at)?)));
    match environment {
        Some((at, environment)) => {
            let accent = theme.environment(at, environment);
            page.pair_environment("environment", &home::heading(environment), accent);
        }
        None => page.pair("environment", plan.environment.as_str()),
    }
    if plan.is_empty() {
        page.styled(
            "Nothing to do: everything runs the wanted version already.",
            theme.good,
        );
    }
    for one in &plan.moves {
        page.blank();
        tell_move(canvas, one, plan.kind, page);
    }
    let touched = plan.touches().count();
    if touched > 0 {
        page.blank();
        let course = plan.course();
        let steps: Vec<&str> = course.steps().iter().map(|step| step.words()).collect();
        let each = if touched == 1 {
            "the steps"
        } else {
            "steps of each"
        };
        page.pair_styled(each, &steps.join(" → "), theme.quiet);
        let order = match (touched, course) {
            (1, Course::Container) => "any failure puts the old container back",
            (1, Course::Tag) => "any failure puts the tag back",
            _ => "one after another; the first failure puts back all that were done",
        };
        page.pair_styled("if it fails", order, theme.quiet);
        if course == Course::Container {
            let kept = format!("the old container stays parked for {} after", plan.soak);
            page.pair_styled("kept", &kept, theme.quiet);
        }
    }
}

fn tell_move(canvas: &Canvas<'_>, one: &Move, kind: OperationKind, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let name = |it: &Frozen| {
        if it.label == it.identity.short() {
            it.label.clone()
        } else {
            format!("{} ({})", it.label, it.identity.short())
        }
    };
    let from: Vec<String> = one.from.iter().map(name).collect();
    let from = if from.is_empty() {
        "nothing".to_owned()
    } else {
        from.join(" and ")
    };
    page.pair_styled(
        one.image.as_str(),
        &format!("{from}  →  {}", name(&one.to)),
        theme.title,
    );
    match &one.evidence {
        Some(evidence) => page.pair_styled("why this one", evidence, theme.known_good),
        None if kind == OperationKind::Rollback => page.pair_styled(
            "why this one",
            "you named it; it never ran here as far as karat knows",
            theme.warn,
        ),
        // A promotion's version is told by where it comes from.
        None => {}
    }
    for warning in &one.warnings {
        page.item(0, "! warning:", warning, theme.warn);
    }
    for touch in &one.touches {
        tell_touch(canvas, touch, one.from.len() > 1, page);
    }
    let digest = match &one.to.registry_digest {
        Some(digest) => format!("{digest}, frozen: no tag is asked again"),
        None => format!("{}, frozen: no tag is asked again", one.to.identity),
    };
    page.pair_styled("digest", &digest, theme.quiet);
}

fn tell_touch(canvas: &Canvas<'_>, touch: &Touch, mixed: bool, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let runs = if mixed {
        format!(
            ", runs {}",
            touch.from.as_ref().map_or("nothing", |from| &from.label)
        )
    } else {
        String::new()
    };
    let tag = touch.engine.course() == Course::Tag;
    page.pair(
        if tag { "tag" } else { "container" },
        &format!(
            "{} on {}{runs}: {}",
            touch.container,
            touch.engine,
            touch.obtain.words()
        ),
    );
    if touch.changes.is_empty() && !tag {
        page.item(
            LABEL,
            "·",
            "configuration: carried over, nothing changes",
            theme.quiet,
        );
    }
    for change in &touch.changes {
        page.item(LABEL, "~", change, theme.warn);
    }
    for note in &touch.notes {
        page.item(LABEL, "!", note, theme.warn);
    }
    if !touch.dependents.is_empty() {
        let text = format!("recreated with it: {}", touch.dependents.join(", "));
        page.item(LABEL, "!", &text, theme.warn);
    }
    if tag {
        return;
    }
    let wait = format!("its health is waited for, {} at most", touch.health_wait);
    page.item(LABEL, "·", &wait, theme.quiet);
}

fn tell_rebuild(canvas: &Canvas<'_>, plan: &RebuildPlan, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    let after = plan
        .previous
        .as_ref()
        .map_or_else(String::new, |previous| format!(", after {previous}"));
    page.pair_styled(
        "new version",
        &format!("{}{after}", plan.version),
        theme.title,
    );
    page.pair("tagged", &format!("{}:{}", plan.repository, plan.version));
    page.pair("built on", plan.engine.as_str());
    page.pair("context", &plan.recipe.context.display().to_string());
    page.pair("dockerfile", &plan.recipe.dockerfile.display().to_string());
    if let Some(target) = &plan.recipe.target {
        page.pair("target", target);
    }
    if !plan.recipe.args.is_empty() {
        // Names only: values may be secrets.
        let names: Vec<&str> = plan.recipe.args.keys().map(String::as_str).collect();
        page.pair("arguments", &names.join(" "));
    }
    let cache = if plan.no_cache {
        "not used: every step anew"
    } else {
        "used"
    };
    page.pair("cache", cache);
    let base = if plan.pull {
        "pulled first"
    } else {
        "as the engine has it"
    };
    page.pair("base image", base);
    for (name, value) in &plan.labels {
        page.pair_styled("label", &format!("{name}={value}"), theme.quiet);
    }
    for warning in &plan.warnings {
        page.item(0, "! warning:", warning, theme.warn);
    }
    page.pair_styled(
        "after",
        "nothing is deployed; promote brings it further",
        theme.quiet,
    );
}

fn tell_publish(canvas: &Canvas<'_>, plan: &PublishPlan, page: &mut Page<'_>) {
    let theme = &canvas.theme;
    if let Some(digest) = &plan.replaces {
        page.styled(
            &format!(
                "✗ {} is there already, and is another version. A version's tag means one digest for good: whoever has it would not have what you have.",
                plan.reference()
            ),
            theme.bad,
        );
        page.pair_styled("replaces", digest.as_str(), theme.bad);
        page.blank();
    }
    page.pair_styled("version", &plan.version.0, theme.title);
    page.pair("from", plan.engine.as_str());
    page.pair("image id", plan.image_id.as_str());
    page.pair("to", &plan.reference().to_string());
    if plan.replaces.is_none() {
        page.pair("replaces", "nothing: the tag is not there yet");
    }
    page.pair_styled(
        "after",
        "the tag is read again; nothing is deployed",
        theme.quiet,
    );
}

/// The button that does it.
fn confirm(shown: &PlanDialog) -> String {
    match &shown.plan {
        Confirmed::Deploy(plan) if plan.kind == OperationKind::Promote => {
            format!("Promote to {}", plan.environment)
        }
        Confirmed::Deploy(plan) if plan.words() == "roll forward" => {
            format!("Roll {} forward", plan.environment)
        }
        Confirmed::Deploy(plan) => format!("Roll back {}", plan.environment),
        Confirmed::Rebuild(plan) if shown.form.switched_on() => {
            format!("Build and publish {}", plan.version)
        }
        Confirmed::Rebuild(plan) => format!("Build {}", plan.version),
        Confirmed::Publish(plan) if plan.replaces.is_some() => "Write over it".to_owned(),
        Confirmed::Publish(plan) => format!("Publish {}", plan.version),
    }
}
