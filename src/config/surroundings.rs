//! What the process stands in: working directory, home, environment variables.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::problem::ConfigError;

/// Everything outside karat that configuration depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The working directory, absolute.
    pub cwd: PathBuf,
    /// The user's home; some accounts have none.
    pub home: Option<PathBuf>,
    /// The environment. Variables that are not UTF-8 are left out.
    pub env: BTreeMap<String, String>,
}

impl Surroundings {
    /// Those of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let env: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self {
            // A working directory that was deleted: the root has no project file either.
            cwd: std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
            home: directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned()),
            env,
        }
    }

    /// A variable's value. An empty one counts as not set, as Docker does it.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<&str> {
        self.env
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// A variable that names a path, made absolute.
    #[must_use]
    pub fn path_var(&self, name: &str) -> Option<PathBuf> {
        self.var(name).map(|value| self.cwd.join(value))
    }

    /// Docker's configuration folder: `DOCKER_CONFIG`, else `~/.docker`.
    #[must_use]
    pub fn docker_config(&self) -> Option<PathBuf> {
        self.path_var("DOCKER_CONFIG")
            .or_else(|| self.home.as_deref().map(|home| home.join(".docker")))
    }
}

/// Where the user's settings are: `KARAT_HOME`, else the platform's folder for configuration
/// (`$XDG_CONFIG_HOME/karat`, `~/.config/karat`). Nothing for an account without a home.
pub(super) fn settings_dir(s: &Surroundings) -> Option<PathBuf> {
    s.path_var("KARAT_HOME").or_else(|| {
        directories::ProjectDirs::from("", "", "karat")
            .map(|dirs| Path::to_owned(dirs.config_dir()))
    })
}

/// Where the log file is: `KARAT_HOME`, else the platform's folder for state
/// (`$XDG_STATE_HOME/karat`, `~/.local/state/karat`), else that for data. Not created here.
#[must_use]
pub fn state_dir(s: &Surroundings) -> Option<PathBuf> {
    s.path_var("KARAT_HOME").or_else(|| {
        directories::ProjectDirs::from("", "", "karat")
            .map(|dirs| Path::to_owned(dirs.state_dir().unwrap_or_else(|| dirs.data_dir())))
    })
}

/// Where karat keeps what it remembers: `KARAT_HOME`, else the platform's folder for data
/// (`$XDG_DATA_HOME/karat`, `~/.local/share/karat`). Not created here.
///
/// # Errors
/// [`ConfigError::NoHome`] when neither is known: an account without a home.
pub fn data_dir(s: &Surroundings) -> Result<PathBuf, ConfigError> {
    if let Some(path) = s.path_var("KARAT_HOME") {
        return Ok(path);
    }
    directories::ProjectDirs::from("", "", "karat")
        .map(|dirs| Path::to_owned(dirs.data_dir()))
        .ok_or(ConfigError::NoHome)
}
