//! Where a [`Project`] comes from: `karat.toml`, Docker contexts, the environment.
//!
//! This room reads files and environment variables and hands out plain model values. It
//! never talks to an engine, and nobody else reads the environment: everything comes in
//! through [`Surroundings`], so that it can be tried without touching the process.
//!
//! | file | subject |
//! |---|---|
//! | `surroundings` | working directory, home, environment; where karat keeps its data |
//! | `address` | engines as people write them → how they are reached |
//! | `context` | Docker contexts |
//! | `found` | which engines take part when no file says so |
//! | `sheet` | a TOML text walked by hand, so that every problem has its line |
//! | `file`, `image`, `environment`, `rules` | `karat.toml` → project; what must hold between its parts |
//! | `registry` | how registries are reached |
//! | `layers` | what the layers of images must keep to |
//! | `settings` | the user's own settings: theme, mouse, keys |
//! | `recovered` | what holds of a text in which lines are damaged |
//! | `render`, `render_layers` | fleet → `karat.toml` |
//! | `preferences` | what the interface keeps between runs |

mod address;
mod channel;
mod context;
mod environment;
mod file;
mod found;
mod image;
mod layers;
mod preferences;
mod problem;
mod recovered;
mod registry;
mod render;
mod render_layers;
mod rules;
mod settings;
mod sheet;
mod surroundings;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

pub use preferences::{
    EnginesBy, FleetBy, HistoryBy, OperationsBy, PREFERENCES_NAME, Preferences, Sort, SortKey,
    VersionsBy,
};
pub use problem::{ConfigError, Problem};
pub use recovered::what_holds;
pub use render::{left_out, render_project, write_new};
pub use settings::{AUTO, LogLevel, SETTINGS_FILE, Settings, SettingsRead, load_settings};
pub use surroundings::{Surroundings, data_dir, state_dir};

use crate::model::layer_rules::LayerRules;
use crate::model::project::{EngineAddress, EngineName, Project, Source};
use context::Contexts;

/// The name of a project file.
pub const FILE_NAME: &str = "karat.toml";

/// The project in force: the file at `project_flag` (or the `karat.toml` in it, for a
/// folder), else the nearest `karat.toml` from the working directory upward, else what
/// Docker contexts and the environment say.
///
/// # Errors
/// [`ConfigError`] when the file asked for is not there, a file cannot be read or is wrong
/// (every problem with its line), or `DOCKER_HOST` or `DOCKER_CONTEXT` make no sense.
/// A broken Docker context is no error: it becomes an unusable engine beside the others.
pub fn load(project_flag: Option<&Path>, s: &Surroundings) -> Result<Project, ConfigError> {
    let exists = |path: &Path| path.exists();
    let contexts = Contexts::read(s);
    let path = match project_flag {
        Some(flag) => Some(asked_for(&s.cwd.join(flag))?),
        None => upward(&s.cwd),
    };
    match path {
        Some(path) => load_file(&path, s, &contexts),
        None => {
            let found = found::engines(s, &contexts, &exists)?;
            Ok(Project {
                source: Source::Found,
                images: Vec::new(),
                environments: Vec::new(),
                grouping: Some(found.grouping),
                engines: found.engines,
                layers: LayerRules::default(),
                registries: BTreeMap::new(),
            })
        }
    }
}

/// The engine that `docker` would use here: what `DOCKER_HOST`, `DOCKER_CONTEXT` or the
/// current context says, else the platform's own, if it is there. Whatever a project file
/// says, images are built on it.
#[must_use]
pub fn local_engine(s: &Surroundings) -> Option<(EngineName, EngineAddress)> {
    found::local(s, &Contexts::read(s), &|path: &Path| path.exists())
}

fn asked_for(path: &Path) -> Result<PathBuf, ConfigError> {
    let path = if path.is_dir() {
        path.join(FILE_NAME)
    } else {
        path.to_owned()
    };
    if path.exists() {
        Ok(path)
    } else {
        Err(ConfigError::Missing(path))
    }
}

/// The nearest project file, from `start` up to the root. A folder of that name is none.
fn upward(start: &Path) -> Option<PathBuf> {
    start
        .ancestors()
        .map(|folder| folder.join(FILE_NAME))
        .find(|path| path.is_file())
}

fn load_file(path: &Path, s: &Surroundings, contexts: &Contexts) -> Result<Project, ConfigError> {
    let unreadable = |source: io::Error| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        unreadable(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is not UTF-8 text",
        ))
    })?;
    let folder = path.parent().unwrap_or(&s.cwd);
    let content = file::read(&text, folder, s, contexts).map_err(|problems| {
        // The short name where there is one: it is what the reader just typed or sees.
        let shown = path.strip_prefix(&s.cwd).unwrap_or(path).to_owned();
        ConfigError::Wrong {
            path: shown,
            problems,
        }
    })?;
    let mut project = Project {
        source: Source::File(path.to_owned()),
        images: content.images,
        environments: content.environments,
        grouping: None,
        engines: content.engines,
        layers: content.layers,
        registries: content.registries,
    };
    if project.environments.is_empty() {
        // A file that only names images: environments are found as if there were no file.
        let found = found::engines(s, contexts, &|path: &Path| path.exists())?;
        project.grouping = Some(found.grouping);
        project.engines.extend(found.engines);
    }
    Ok(project)
}

#[cfg(test)]
mod tests;
