//! Where nothing runs there is no container to take the configuration from: the command that
//! starts the first one.

use super::Refusal;
use crate::model::catalog::Version;
use crate::model::fleet::Row;
use crate::model::project::{EngineName, Environment, Selector};

pub(super) fn nothing_runs(
    row: &Row,
    environment: &Environment,
    version: Option<&Version>,
) -> Refusal {
    let tag = version
        .or_else(|| row.catalog.versions.first())
        .map_or("VERSION", Version::shown);
    Refusal::NothingRuns {
        image: row.image.name.clone(),
        environment: environment.name.clone(),
        by_hand: by_hand(row, environment, tag),
    }
}

/// The command that starts the first container of an environment, so that karat then finds
/// it there.
fn by_hand(row: &Row, environment: &Environment, tag: &str) -> String {
    let docker = match environment.engines.first().map(EngineName::as_str) {
        Some(name) => match name.strip_prefix("context:") {
            Some(context) => format!("docker --context {context}"),
            None => format!("docker -H {name}"),
        },
        None => "docker".to_owned(),
    };
    let mark = match &environment.selector {
        Selector::Label {
            key,
            value: Some(value),
        } => format!(" --label {key}={value}"),
        Selector::Label { key, value: None } => format!(" --label {key}"),
        Selector::ComposeProject(project) => {
            return format!("{docker} compose -p {project} up -d");
        }
        Selector::All | Selector::Unlabelled => String::new(),
    };
    format!(
        "{docker} run -d --name {}-{}{mark} {}:{tag}",
        row.image.name, environment.name, row.image.repository
    )
}
