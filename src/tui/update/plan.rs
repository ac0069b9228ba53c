//! The plan dialog: focus, typing the name, confirming, and noticing that the fleet moved.

use crossterm::event::KeyEvent;

use crate::model::fleet::{Deployment, Fleet};
use crate::model::plan::{Move, Touch};
use crate::model::project::{EnvironmentName, ImageName};

use super::super::action::Command;
use super::super::effect::{Confirmed, Effect, Errand, Wanted};
use super::super::operation::Operation;
use super::super::state::{ContainerKey, Dialog, Focus, Form, PlanDialog, Pressed, State, paste};
use super::{logs, operation, scroll};

/// A key that is no text.
pub(super) fn command(
    state: &mut State,
    mut dialog: Box<PlanDialog>,
    command: Command,
) -> Vec<Effect> {
    match command {
        Command::Open => return pressed(state, dialog),
        Command::Right | Command::NextField => dialog.form.turn(1),
        Command::Left | Command::PreviousField => dialog.form.turn(-1),
        _ => dialog.top = scroll(state.layout.dialog, command),
    }
    state.dialog = Some(Dialog::Plan(dialog));
    Vec::new()
}

/// Enter.
fn pressed(state: &mut State, mut dialog: Box<PlanDialog>) -> Vec<Effect> {
    match dialog.form.press() {
        Pressed::Cancelled => return Vec::new(),
        Pressed::Stays => {}
        Pressed::Confirmed => match objection(&dialog) {
            None => return run(state, *dialog),
            Some(why) if dialog.moved.is_some() => dialog.form.complaint = Some(why),
            Some(why) => dialog.form.object(why),
        },
    }
    state.dialog = Some(Dialog::Plan(dialog));
    Vec::new()
}

/// Why the plan is not carried out now.
fn objection(dialog: &PlanDialog) -> Option<String> {
    if dialog.moved.is_some() {
        return Some("wait for the new plan: the fleet has moved".to_owned());
    }
    if !dialog.form.confirms {
        return Some("there is nothing to do".to_owned());
    }
    dialog.form.misnamed().or_else(|| dialog.form.unexplained())
}

fn run(state: &mut State, dialog: PlanDialog) -> Vec<Effect> {
    let mut plan = dialog.plan;
    if let Confirmed::Rebuild(plan) = &mut plan {
        plan.publish = dialog.form.switched_on();
    }
    let reason = dialog.form.why().to_owned();
    if !reason.is_empty() {
        match &mut plan {
            Confirmed::Deploy(plan) => plan.reason = Some(reason),
            Confirmed::Rebuild(plan) => plan.reason = Some(reason),
            Confirmed::Publish(plan) => plan.reason = Some(reason),
        }
    }
    let id = plan.id().clone();
    state
        .operations
        .insert(0, Operation::starting(&plan, state.now));
    operation::open(state, id);
    vec![Effect::Errand(Errand::Run(Box::new(plan)))]
}

/// A key for a field, of a dialog or of a log that is searched.
pub(super) fn typed(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    match state.dialog.as_mut().and_then(Dialog::form_mut) {
        Some(form) => form.typed(key),
        None => logs::typed(state, key),
    }
    Vec::new()
}

/// Text pasted into one.
pub(super) fn pasted(state: &mut State, text: &str) -> Vec<Effect> {
    match &mut state.dialog {
        Some(dialog) => {
            if let Some(form) = dialog.form_mut() {
                form.pasted(text);
            }
        }
        None => {
            if let Some(field) = logs::field(state) {
                paste(field, text);
            }
        }
    }
    Vec::new()
}

/// A new fleet came while the dialog is open: does the plan still fit? If not, says what
/// moved and wishes for a new plan; until it comes nothing can be confirmed.
pub(super) fn check(state: &mut State) -> Vec<Effect> {
    let request = state.next_request();
    let Some(Dialog::Plan(dialog)) = &mut state.dialog else {
        return Vec::new();
    };
    if dialog.moved.is_some() {
        return Vec::new();
    }
    let all = moved(&state.fleet, &dialog.plan, &dialog.known);
    let new = all.into_iter().find(|why| !dialog.baseline.contains(why));
    let Some(why) = new else {
        return Vec::new();
    };
    dialog.moved = Some((why, request));
    dialog.form.focus = Focus::Cancel;
    vec![Effect::Errand(Errand::Plan(request, dialog.wanted.clone()))]
}

/// Opens the dialog for a plan, remembering what the fleet looked like.
pub(super) fn open(state: &mut State, wanted: Wanted, plan: Confirmed, anew: Option<String>) {
    let mut dialog = PlanDialog::new(wanted, plan, anew);
    if let Confirmed::Rebuild(plan) = &dialog.plan
        && state.registry_of(&plan.repository).is_some()
    {
        // What was chosen for the old plan holds for the new one.
        let before = state.dialog.as_ref().and_then(Dialog::form);
        let on = before.is_some_and(Form::switched_on);
        dialog.form.switch = Some(("Publish it once it is built".to_owned(), on));
    }
    dialog.known = containers(&state.fleet, &dialog.plan);
    dialog.baseline = moved(&state.fleet, &dialog.plan, &dialog.known);
    state.dialog = Some(Dialog::Plan(Box::new(dialog)));
}

/// Every container of the images and the environment of a plan.
fn containers(fleet: &Fleet, plan: &Confirmed) -> Vec<ContainerKey> {
    let Confirmed::Deploy(plan) = plan else {
        return Vec::new();
    };
    plan.moves
        .iter()
        .filter_map(|one| deployment(fleet, &one.image, &plan.environment))
        .flat_map(|deployment| &deployment.replicas)
        .map(|replica| (replica.engine.clone(), replica.container.name.clone()))
        .collect()
}

/// What moved, if anything: a container that the plan touches is another one or gone, one has
/// come that was not there, what is promoted no longer is what runs where it comes from, or
/// what is to be built is there already.
fn moved(fleet: &Fleet, plan: &Confirmed, known: &[ContainerKey]) -> Vec<String> {
    match plan {
        Confirmed::Deploy(plan) => plan
            .moves
            .iter()
            .flat_map(|one| {
                let source = plan.from_environment.as_ref();
                let source = source.and_then(|from| moved_source(fleet, one, from));
                moved_target(fleet, one, &plan.environment, known)
                    .into_iter()
                    .chain(source)
            })
            .collect(),
        Confirmed::Rebuild(plan) => {
            let row = fleet.row(&plan.image);
            let versions = row.map(|row| row.catalog.versions.as_slice());
            let mut versions = versions.unwrap_or_default().iter();
            let there = versions.any(|one| one.label.as_ref() == Some(&plan.version));
            let why = there.then(|| format!("{} {} has come", plan.image, plan.version));
            why.into_iter().collect()
        }
        Confirmed::Publish(plan) => {
            let row = fleet.row(&plan.image);
            let held = row.is_some_and(|row| {
                let mut all = row.catalog.versions.iter().flat_map(|it| &it.on_engines);
                all.any(|held| held.engine == plan.engine && held.image_id == plan.image_id)
            });
            let why = (!held).then(|| {
                format!(
                    "{} {} is no longer on {}",
                    plan.image, plan.version, plan.engine
                )
            });
            why.into_iter().collect()
        }
    }
}

fn moved_target(
    fleet: &Fleet,
    one: &Move,
    environment: &EnvironmentName,
    known: &[ContainerKey],
) -> Vec<String> {
    let Some(deployment) = deployment(fleet, &one.image, environment) else {
        let gone = one.touches.iter().any(|touch| touch.from.is_some());
        let why = gone.then(|| format!("{} no longer runs in {environment}", one.image));
        return why.into_iter().collect();
    };
    let touches = one.touches.iter();
    touches
        .filter_map(|touch| moved_touch(deployment, touch))
        .chain(newcomer(deployment, known))
        .collect()
}

/// What runs where a promotion comes from, unless it is what is promoted.
fn moved_source(fleet: &Fleet, one: &Move, from: &EnvironmentName) -> Option<String> {
    let Some(deployment) = deployment(fleet, &one.image, from) else {
        return Some(format!("{} no longer runs in {from}", one.image));
    };
    if deployment.identities == [one.to.identity.clone()] {
        return None;
    }
    let mut runs: Vec<String> = Vec::new();
    for replica in &deployment.replicas {
        let name = format!("{} ({})", replica.version, replica.identity.short());
        if !runs.contains(&name) {
            runs.push(name);
        }
    }
    Some(format!(
        "{} in {from} is {} now, not {}",
        one.image,
        runs.join(" and "),
        one.to.label
    ))
}

fn deployment<'a>(
    fleet: &'a Fleet,
    image: &ImageName,
    environment: &EnvironmentName,
) -> Option<&'a Deployment> {
    fleet.cell(image, environment)?.deployment.as_ref()
}

fn moved_touch(deployment: &Deployment, touch: &Touch) -> Option<String> {
    let now = deployment.replicas.iter().find(|replica| {
        replica.engine == touch.engine && replica.container.name == touch.container
    });
    match (now, &touch.from) {
        (None, None) => None,
        (None, Some(_)) => Some(format!(
            "{} no longer runs on {}",
            touch.container, touch.engine
        )),
        (Some(now), None) => Some(format!(
            "{} on {} points to {} by now",
            touch.container, touch.engine, now.version
        )),
        (Some(now), Some(from)) if now.identity != from.identity => Some(format!(
            "{} on {} runs {} now, not {}",
            touch.container, touch.engine, now.version, from.label
        )),
        (Some(now), Some(_)) if now.container.id != touch.container_id => Some(format!(
            "{} on {} was replaced by another container",
            touch.container, touch.engine
        )),
        (Some(_), Some(_)) => None,
    }
}

fn newcomer(deployment: &Deployment, known: &[ContainerKey]) -> Option<String> {
    deployment
        .replicas
        .iter()
        .find(|replica| {
            !known
                .iter()
                .any(|(engine, name)| engine == &replica.engine && name == &replica.container.name)
        })
        .map(|replica| {
            format!(
                "{} on {} has come, with {}",
                replica.container.name, replica.engine, replica.version
            )
        })
}
