//! Shells: where one may be opened, the dialog, and the way to it.

use crate::model::digest::Digest;
use crate::model::project::{EngineName, Environment, ImageName};

use super::super::action::{Command, Place};
use super::super::available::closed;
use super::super::effect::{Effect, Errand, Line, Request, ShellWish};
use super::super::state::{
    Dialog, Pressed, ShellDialog, ShellOption, State, Tone, View, chosen_replica,
};
use super::{moved, say, tell};
use crate::target::WindowSize;

/// Opens the dialog: for the container that is read closely, or for a version.
pub(super) fn ask(state: &mut State) -> Vec<Effect> {
    let dialog = if state.view_place() == Place::Deployment {
        inside(state)
    } else {
        of_version(state)
    };
    if let Some(dialog) = dialog {
        state.dialog = Some(Dialog::Shell(Box::new(dialog)));
    }
    Vec::new()
}

fn inside(state: &State) -> Option<ShellDialog> {
    let Some(View::Deployment(view)) = state.stack.last() else {
        return None;
    };
    let environment = state.environment(&view.environment)?;
    let cell = state.fleet.cell(&view.image, &view.environment)?;
    let (_, replica) = chosen_replica(view, cell.deployment.as_ref()?)?;
    let (engine, container) = (&replica.engine, &replica.container.name);
    let text = format!(
        "Opens a shell in the container {container} on {engine}, which runs {} {} in {} now. It runs beside the app, as the same user, and sees what the app sees: what you change there is changed at once, and what you stop is stopped. It is not written into the history.",
        view.image, replica.version, environment.name
    );
    let option = ShellOption {
        wish: ShellWish::Inside {
            engine: engine.clone(),
            container: container.clone(),
            id: replica.container.id.clone(),
        },
        label: format!("{container} on {engine}"),
        environment: Some(environment.name.clone()),
        typed: environment.protected,
        text,
        unavailable: closed(environment),
    };
    let title = format!("SHELL in {container} in {}", environment.name);
    Some(ShellDialog::new(title, vec![option]))
}

/// Where a throw-away container of the selected version may be made: on every engine that
/// has it: bare first, then with the settings of a container that runs there. Of each the
/// protected environments come last.
fn of_version(state: &State) -> Option<ShellDialog> {
    let (image, identity) = state.subject_version()?;
    let row = state.fleet.row(image)?;
    let version = row.version(identity)?;
    let mut options = Vec::new();
    for held in &version.on_engines {
        let here: Vec<&Environment> = state
            .fleet
            .environments
            .iter()
            .filter(|one| one.engines.contains(&held.engine))
            .collect();
        // An engine that serves several is as precious as the most precious of them.
        let careful = here
            .iter()
            .find(|one| one.read_only)
            .or_else(|| here.iter().find(|one| one.protected))
            .or(here.first())
            .copied();
        let made = Made {
            image,
            version: version.shown(),
            engine: &held.engine,
            id: &held.image_id,
        };
        options.push(made.option(careful, None));
        for environment in here {
            let Some(deployment) = state
                .fleet
                .cell(image, &environment.name)
                .and_then(|cell| cell.deployment.as_ref())
            else {
                continue;
            };
            let replica = deployment
                .replicas
                .iter()
                .find(|one| one.engine == held.engine);
            if let Some(replica) = replica {
                options.push(made.option(Some(environment), Some(&replica.container.name)));
            }
        }
    }
    let precious = |option: &ShellOption| {
        let environment = option.environment.as_ref();
        environment
            .and_then(|name| state.environment(name))
            .is_some_and(|it| it.protected)
    };
    // Bare before dressed: nobody's secrets are handed out because Enter was pressed.
    let dressed =
        |option: &ShellOption| matches!(&option.wish, ShellWish::ThrowAway { like: Some(_), .. });
    options.sort_by_key(|it| (it.unavailable.is_some(), dressed(it), precious(it)));
    let title = format!(
        "SHELL in a throw-away container of {image} {}",
        version.shown()
    );
    (!options.is_empty()).then(|| ShellDialog::new(title, options))
}

/// A throw-away container of a version on an engine.
struct Made<'a> {
    image: &'a ImageName,
    version: &'a str,
    engine: &'a EngineName,
    id: &'a Digest,
}

impl Made<'_> {
    fn option(&self, environment: Option<&Environment>, like: Option<&str>) -> ShellOption {
        let Self {
            image,
            version,
            engine,
            id,
        } = self;
        let settings = match (like, environment) {
            (Some(container), Some(environment)) => format!(
                "with the environment variables, working directory and user of {container} in {}, secrets among them",
                environment.name
            ),
            _ => "with nothing but what is in the image".to_owned(),
        };
        let place = environment.map_or_else(
            || format!("on {engine}"),
            |environment| format!("on {engine}, an engine of {}", environment.name),
        );
        let label = match (like, environment) {
            (Some(container), Some(environment)) => {
                format!(
                    "with the settings of {container} in {}, on {engine}",
                    environment.name
                )
            }
            _ => format!("bare, on {engine}"),
        };
        ShellOption {
            wish: ShellWish::ThrowAway {
                engine: (*engine).clone(),
                image: (*id).clone(),
                like: like.map(str::to_owned),
            },
            label,
            environment: environment.map(|it| it.name.clone()),
            // Its secrets are handed over: as precious as the container they are of.
            typed: like.is_some() && environment.is_some_and(|it| it.protected),
            text: format!(
                "Makes a container of {image} {version} {place}, {settings}, and runs a shell in it instead of the app. It publishes no port and has no volume of any deployment; it is on the engine's default network. It is removed when the shell ends, and no list shows it."
            ),
            unavailable: environment.and_then(closed),
        }
    }
}

/// A key in the dialog that is no text.
pub(super) fn command(
    state: &mut State,
    mut dialog: Box<ShellDialog>,
    command: Command,
) -> Vec<Effect> {
    match command {
        Command::Open => return pressed(state, dialog),
        Command::Right | Command::NextField => dialog.form.turn(1),
        Command::Left | Command::PreviousField => dialog.form.turn(-1),
        Command::Up | Command::Down if dialog.options.len() > 1 => {
            let total = dialog.options.len();
            dialog.select(moved(dialog.selected, total, total, command));
        }
        _ => {
            dialog.follows = false;
            dialog.top = super::scroll(state.layout.dialog, command);
        }
    }
    state.dialog = Some(Dialog::Shell(dialog));
    Vec::new()
}

fn pressed(state: &mut State, mut dialog: Box<ShellDialog>) -> Vec<Effect> {
    match dialog.form.press() {
        Pressed::Cancelled => return Vec::new(),
        Pressed::Stays => {
            state.dialog = Some(Dialog::Shell(dialog));
            return Vec::new();
        }
        Pressed::Confirmed => {}
    }
    if let Some(why) = objection(&dialog) {
        dialog.form.object(why);
        state.dialog = Some(Dialog::Shell(dialog));
        return Vec::new();
    }
    let Some(option) = dialog.option() else {
        return Vec::new();
    };
    let request = state.next_request();
    let size = WindowSize {
        columns: state.size.0,
        rows: state.size.1,
    };
    state.dialog = Some(Dialog::Opening {
        request,
        environment: option.environment.clone(),
        words: match &option.wish {
            ShellWish::Inside {
                engine, container, ..
            } => format!("a shell in {container} on {engine}"),
            ShellWish::ThrowAway { engine, .. } => {
                format!("a shell in a throw-away container on {engine}")
            }
        },
    });
    vec![Effect::Errand(Errand::OpenShell(
        request,
        option.wish.clone(),
        size,
    ))]
}

/// Why it is not opened now.
fn objection(dialog: &ShellDialog) -> Option<String> {
    if let Some(why) = dialog.option().and_then(|it| it.unavailable.clone()) {
        return Some(why);
    }
    dialog.form.misnamed()
}

/// The shell has come, or there is none. One that nobody waits for any more is ended.
pub(super) fn opened(
    state: &mut State,
    request: Request,
    answer: Result<Line, String>,
) -> Vec<Effect> {
    let (words, environment) = match &state.dialog {
        Some(Dialog::Opening {
            request: waiting,
            words,
            environment,
        }) if *waiting == request => (words.clone(), environment.clone()),
        _ => {
            return match answer {
                Ok(line) => vec![Effect::HangUp(line)],
                Err(_) => Vec::new(),
            };
        }
    };
    state.dialog = None;
    match answer {
        Ok(line) => vec![Effect::Shell(line, words)],
        Err(why) => {
            tell(state, "No shell", why, environment);
            Vec::new()
        }
    }
}

/// What is said when a shell has ended: how, or how the line to it broke.
pub(crate) fn ended(state: &mut State, words: &str, how: &Result<Option<i64>, String>) {
    match how {
        Ok(Some(0)) => say(state, Tone::Good, format!("exit code 0 of {words}")),
        Ok(Some(code)) => say(state, Tone::Plain, format!("exit code {code} of {words}")),
        Ok(None) => say(
            state,
            Tone::Bad,
            format!("the line was cut, and with it ended {words}"),
        ),
        Err(why) => say(state, Tone::Bad, format!("{why}: {words}")),
    }
}
