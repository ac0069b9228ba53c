//! The command line that does the same as what is shown or selected, ready for a shell.
//!
//! | on screen | the line |
//! |---|---|
//! | a cell, a deployment | `rollback` where that can be had, else the `versions` there |
//! | versions of an image | `versions` |
//! | one version | `rollback --to` it where one came from, else `versions` |
//! | a plan | this very plan, its version frozen, without a question |
//! | a choice of environments | what choosing the selected one would plan |
//! | an anatomy | `layers` of that version |
//! | two versions beside each other | `diff` |
//! | history | `history` of the same |
//! | an event, an operation | what repeats it |
//!
//! Pure: words from the state, quoted so that no name can mean anything to a shell.

use crate::model::digest::Digest;
use crate::model::event::{Event, VersionMark};
use crate::model::plan::{OperationKind, Plan};
use crate::model::project::{EngineName, EnvironmentName, ImageName, Source};
use crate::model::publish::PublishPlan;
use crate::model::rebuild::RebuildPlan;

use super::action::Command;
use super::available::unavailable;
use super::effect::{Confirmed, HistoryFilter, Wanted};
use super::state::{Dialog, PlanDialog, State, View};

/// A command line in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    verb: &'static str,
    /// What stands without a flag.
    names: Vec<String>,
    /// Flags, and what belongs to them.
    flags: Vec<(&'static str, Option<String>)>,
}

/// Why there is no line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoLine {
    /// Nothing is selected, or no command does it.
    #[error("no command line does what is shown here")]
    None,
    /// Pasted, it could do anything.
    #[error(
        "a name here has control characters in it: that is not copied, for it could do anything where it is pasted"
    )]
    Unsafe,
}

impl Line {
    fn new(verb: &'static str) -> Self {
        Self {
            verb,
            names: Vec::new(),
            flags: Vec::new(),
        }
    }

    fn name(mut self, name: &ImageName) -> Self {
        self.names.push(name.0.clone());
        self
    }

    fn word(mut self, word: String) -> Self {
        self.names.push(word);
        self
    }

    fn with(mut self, flag: &'static str, value: impl Into<String>) -> Self {
        self.flags.push((flag, Some(value.into())));
        self
    }

    fn environment(self, environment: &EnvironmentName) -> Self {
        self.with("--env", environment.as_str())
    }

    fn engine(self, engine: &EngineName) -> Self {
        self.with("--engine", engine.as_str())
    }

    fn flag(mut self, flag: &'static str, given: bool) -> Self {
        if given {
            self.flags.push((flag, None));
        }
        self
    }

    /// Carried out without a question.
    fn confirmed(self, protected: Option<&EnvironmentName>, reason: &str) -> Self {
        let line = self.flag("--yes", true);
        let line = match protected {
            Some(name) => line.with("--confirm", name.as_str()),
            None => line,
        };
        if reason.is_empty() {
            line
        } else {
            line.with("--reason", reason)
        }
    }

    /// For a shell. Names that look like flags go behind `--`.
    fn quoted(&self) -> Result<String, NoLine> {
        let mut words = vec!["karat".to_owned(), self.verb.to_owned()];
        let flags = self.flags.iter().flat_map(|(flag, value)| match value {
            None => vec![(*flag).to_owned()],
            Some(value) if value.starts_with('-') => vec![format!("{flag}={value}")],
            Some(value) => vec![(*flag).to_owned(), value.clone()],
        });
        if self.names.iter().any(|name| name.starts_with('-')) {
            words.extend(flags);
            words.push("--".to_owned());
            words.extend(self.names.iter().cloned());
        } else {
            words.extend(self.names.iter().cloned());
            words.extend(flags);
        }
        if words.iter().any(|word| word.chars().any(char::is_control)) {
            return Err(NoLine::Unsafe);
        }
        Ok(shell_words::join(words))
    }
}

/// The line for what is shown or selected.
pub(crate) fn of(state: &State) -> Result<String, NoLine> {
    let line = match &state.dialog {
        Some(Dialog::Plan(dialog)) => Some(of_dialog(dialog)),
        Some(Dialog::Choose(chooser)) => chooser
            .options
            .get(chooser.selected)
            .map(|option| of_wanted(&option.wanted)),
        Some(_) => None,
        None => of_view(state),
    };
    let line = line.ok_or(NoLine::None)?;
    let line = match &state.fleet.source {
        // The demo's file is made up, as all of it is.
        Source::File(_) if state.demo => line,
        Source::File(path) => line.with("--project", path.to_str().ok_or(NoLine::None)?),
        Source::Found => line,
    };
    line.quoted()
}

fn of_view(state: &State) -> Option<Line> {
    match state.stack.last() {
        None | Some(View::Deployment(_)) => Some(of_cell(state)),
        Some(View::Versions(view)) => Some(Line::new("versions").name(&view.image)),
        Some(View::Version {
            image, identity, ..
        }) => Some(of_version(state, image, identity)),
        Some(View::Anatomy(view)) => {
            Some(Line::new("layers").word(reference(state, &view.image, &view.identity)))
        }
        Some(View::Comparison(view)) => Some(
            Line::new("diff")
                .word(reference(state, &view.image, &view.before))
                .word(reference(state, &view.image, &view.after)),
        ),
        Some(View::History(view)) => Some(of_history(&view.filter)),
        Some(View::Event { event, .. }) => of_event(state, event),
        Some(View::Operations { selected, .. }) => {
            state.operation(selected.as_ref()?)?.command.clone()
        }
        Some(View::Operation { id, .. }) => state.operation(id)?.command.clone(),
        _ => None,
    }
}

fn of_cell(state: &State) -> Line {
    match state.subject() {
        None => Line::new("status"),
        Some((image, None)) => Line::new("versions").name(&image),
        Some((image, Some(environment))) => {
            let verb = if unavailable(state, Command::RollBack).is_none() {
                "rollback"
            } else {
                "versions"
            };
            Line::new(verb).name(&image).environment(&environment)
        }
    }
}

/// To this version in the environment one came from, if it can be put there.
fn of_version(state: &State, image: &ImageName, identity: &Digest) -> Line {
    let here = state.selected_column().map(|(_, environment)| environment);
    let runs = here.filter(|environment| {
        !state.read_only
            && !environment.read_only
            && state
                .fleet
                .cell(image, &environment.name)
                .is_some_and(|cell| cell.deployment.is_some())
    });
    match runs {
        Some(environment) => of_wanted(&Wanted::Rollback {
            image: image.clone(),
            environment: environment.name.clone(),
            to: Some(identity.clone()),
        }),
        None => Line::new("versions").name(image),
    }
}

/// A version as `karat layers` takes it: by its tag, else by its id on an engine.
fn reference(state: &State, image: &ImageName, identity: &Digest) -> String {
    let version = state.fleet.row(image).and_then(|row| row.version(identity));
    let Some(version) = version else {
        return identity.to_string();
    };
    if version.on_engines.is_empty()
        && let Some(there) = version.repo_digests.first()
    {
        return format!("docker://{there}");
    }
    let label = version.label.as_ref().map(|label| label.0.as_str());
    let tag = label.filter(|label| version.tags.iter().any(|tag| tag == label));
    match tag.or(version.tags.first().map(String::as_str)) {
        Some(tag) => format!("{image}:{tag}"),
        None => version
            .on_engines
            .first()
            .map_or(identity, |held| &held.image_id)
            .to_string(),
    }
}

fn of_history(filter: &HistoryFilter) -> Line {
    let mut line = Line::new("history");
    if let Some(image) = &filter.image {
        line = line.name(image);
    }
    match &filter.environment {
        Some(environment) => line.environment(environment),
        None => line,
    }
}

fn of_wanted(wanted: &Wanted) -> Line {
    match wanted {
        Wanted::Rollback {
            image,
            environment,
            to,
        } => {
            let line = Line::new("rollback").name(image).environment(environment);
            match to {
                Some(digest) => line.with("--to", digest.to_string()),
                None => line,
            }
        }
        Wanted::Promote { images, from, to } => images
            .iter()
            .fold(Line::new("promote"), Line::name)
            .with("--from", from.as_str())
            .with("--to", to.as_str()),
        Wanted::Rebuild {
            image,
            no_cache,
            pull,
        } => Line::new("rebuild")
            .name(image)
            .flag("--no-cache", *no_cache)
            .flag("--pull", *pull),
        Wanted::Publish {
            image, identity, ..
        } => Line::new("publish")
            .name(image)
            .with("--version", identity.to_string()),
    }
}

/// This very plan. A promotion has no flag that freezes a version: it takes what runs where
/// it comes from.
fn of_dialog(dialog: &PlanDialog) -> Line {
    let line = match &dialog.plan {
        Confirmed::Deploy(plan) => of_deploy(plan),
        Confirmed::Rebuild(plan) => of_rebuild(plan)
            .with("--version", plan.version.to_string())
            .engine(&plan.engine)
            .flag("--publish", dialog.form.switched_on()),
        Confirmed::Publish(plan) => of_publish(plan),
    };
    line.confirmed(dialog.form.wants.first(), dialog.form.why())
}

/// What repeats a plan.
pub(crate) fn of_plan(plan: &Confirmed) -> Line {
    match plan {
        Confirmed::Deploy(plan) => of_deploy(plan),
        Confirmed::Rebuild(plan) => of_rebuild(plan).flag("--publish", plan.publish),
        Confirmed::Publish(plan) => of_publish(plan),
    }
}

fn of_publish(plan: &PublishPlan) -> Line {
    Line::new("publish")
        .name(&plan.image)
        .with("--version", plan.version.to_string())
        .engine(&plan.engine)
        .flag("--force", plan.replaces.is_some())
}

fn of_deploy(plan: &Plan) -> Line {
    match (plan.kind, plan.moves.as_slice()) {
        (OperationKind::Promote, moves) => {
            let line = moves
                .iter()
                .fold(Line::new("promote"), |line, one| line.name(&one.image));
            let line = match &plan.from_environment {
                Some(from) => line.with("--from", from.as_str()),
                None => line,
            };
            line.with("--to", plan.environment.as_str())
        }
        (_, moves) => {
            let line = moves
                .iter()
                .fold(Line::new("rollback"), |line, one| line.name(&one.image))
                .environment(&plan.environment);
            match moves {
                [one] => line.with("--to", one.to.identity.to_string()),
                _ => line,
            }
        }
    }
}

fn of_rebuild(plan: &RebuildPlan) -> Line {
    of_wanted(&Wanted::Rebuild {
        image: plan.image.clone(),
        no_cache: plan.no_cache,
        pull: plan.pull,
    })
}

/// What repeats an event; a broken lock is broken once.
fn of_event(state: &State, event: &Event) -> Option<Line> {
    let to = |mark: &VersionMark| {
        let digest = mark.digest.as_ref().map(ToString::to_string);
        digest.or_else(|| mark.version.clone())
    };
    match (event.operation, &event.environment) {
        (OperationKind::Rollback, Some(environment)) => {
            let line = Line::new("rollback")
                .name(&event.image)
                .environment(environment);
            Some(match event.to.as_ref().and_then(to) {
                Some(version) => line.with("--to", version),
                None => line,
            })
        }
        // Where the event does not tell where the version came from, the command line would
        // take the environment before it: that one is named.
        (OperationKind::Promote, Some(environment)) => {
            let line = Line::new("promote").name(&event.image);
            let before = || Some(&state.fleet.upstream(environment)?.name);
            let line = match event.from_environment.as_ref().or_else(before) {
                Some(from) => line.with("--from", from.as_str()),
                None => line,
            };
            Some(line.with("--to", environment.as_str()))
        }
        (OperationKind::Rebuild, _) => Some(Line::new("rebuild").name(&event.image)),
        (OperationKind::Publish, _) => {
            let line = Line::new("publish").name(&event.image);
            Some(match event.to.as_ref().and_then(|it| it.version.clone()) {
                Some(version) => line.with("--version", version),
                None => line,
            })
        }
        (OperationKind::Recover, _) => Some(Line::new("recover")),
        _ => None,
    }
}
