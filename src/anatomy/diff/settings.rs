//! What two versions' configurations tell a container differently.

use std::collections::BTreeMap;

use super::named::Named;
use crate::anatomy::image::{ImageFacts, Settings};

/// A part of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    /// `linux/amd64`.
    Platform,
    /// An environment variable, by name.
    Env(String),
    /// Entry point.
    Entrypoint,
    /// Command.
    Cmd,
    /// User.
    User,
    /// Working directory.
    WorkingDir,
    /// A port.
    Port(String),
    /// A volume.
    Volume(String),
    /// A label, by name.
    Label(String),
    /// The test of the health check.
    HealthCheck,
    /// The signal that asks it to stop.
    StopSignal,
    /// The shell of its shell forms.
    Shell,
    /// Instructions for images built from it.
    OnBuild,
}

/// A setting that differs. Lists are lists of words; a variable and a label have one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingChange {
    /// Which.
    pub setting: Setting,
    /// What it was; nothing, when it was not set.
    pub before: Option<Vec<String>>,
    /// What it is.
    pub after: Option<Vec<String>>,
}

/// What differs, sorted by setting.
#[must_use]
pub fn changes(before: &ImageFacts, after: &ImageFacts) -> Vec<SettingChange> {
    let named = Named::of(&spelled(before), &spelled(after));
    let mut all: Vec<SettingChange> = Vec::new();
    let mut add = |setting, before, after| {
        all.push(SettingChange {
            setting,
            before,
            after,
        });
    };
    for (setting, value) in named.added {
        add(setting, None, Some(value));
    }
    for (setting, value) in named.removed {
        add(setting, Some(value), None);
    }
    for (setting, old, new) in named.changed {
        add(setting, Some(old), Some(new));
    }
    all.sort_by(|one, other| one.setting.cmp(&other.setting));
    all
}

/// Every setting that is set.
fn spelled(facts: &ImageFacts) -> BTreeMap<Setting, Vec<String>> {
    let it: &Settings = &facts.settings;
    let one = |text: &str| vec![text.to_owned()];
    let mut all: BTreeMap<Setting, Vec<String>> = [
        (Setting::Platform, one(&facts.platform)),
        (Setting::Entrypoint, it.entrypoint.clone()),
        (Setting::Cmd, it.cmd.clone()),
        (Setting::User, one(&it.user)),
        (Setting::WorkingDir, one(&it.working_dir)),
        (Setting::HealthCheck, it.health_check.clone()),
        (
            Setting::StopSignal,
            it.stop_signal.iter().cloned().collect(),
        ),
        (Setting::Shell, it.shell.clone()),
        (Setting::OnBuild, it.on_build.clone()),
    ]
    .into();
    // What is empty is not set.
    all.retain(|_, words| words.iter().any(|word| !word.is_empty()));
    for variable in &it.env {
        let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
        all.insert(Setting::Env(name.to_owned()), one(value));
    }
    all.extend(
        it.ports
            .iter()
            .map(|it| (Setting::Port(it.clone()), Vec::new())),
    );
    all.extend(
        it.volumes
            .iter()
            .map(|it| (Setting::Volume(it.clone()), Vec::new())),
    );
    let labels = it.labels.iter();
    all.extend(labels.map(|(name, value)| (Setting::Label(name.clone()), one(value))));
    all
}
