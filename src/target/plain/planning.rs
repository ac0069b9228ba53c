//! What replacing one container would do, and whether it can be done faithfully at all.
//! Reads only.

use std::time::Duration;

use bollard::models::ChangeType;
use serde_json::Value;

use super::carry::{Carried, Carry};
use super::names::Reserved;
use super::{PlainTarget, TargetError, TouchAsk, dependents, health};
use crate::engine::json as read;
use crate::model::plan::{Obtain, Touch};

/// Reading the list of changed files may be slow on a large container; a plan does not wait.
const DRIFT_WITHIN: Duration = Duration::from_secs(3);

/// What bringing a container to a version would do.
pub(super) async fn touch(target: &PlainTarget, ask: TouchAsk<'_>) -> Result<Touch, TargetError> {
    let old = target.container(ask.container).await?;
    refuse(target, &old, &ask).await?;
    let dependents = dependents::of(target, &old).await?;
    for dependent in &dependents {
        refuse(
            target,
            &dependent.inspect,
            &TouchAsk {
                container: &dependent.name,
                ..ask
            },
        )
        .await?;
    }
    let new_image = match ask.obtain {
        Obtain::Present { image_id } => target.engine.image(image_id.as_str()).await?,
        Obtain::Pull { .. } | Obtain::Stream { .. } | Obtain::Retag | Obtain::Copy { .. } => None,
    };
    let carried = carried(target, &old, new_image.as_ref(), ask.to.identity.as_str()).await?;
    let check = match &new_image {
        Some(image) => health::Check::of(&carried.body, Some(image)),
        // Not there yet: most likely its check is like the old one's. How long health is
        // really waited for is read from the new container.
        None => health::Check::in_force(&old),
    };
    let known = new_image.is_some().then_some(&check);
    let mut notes = notes(target, &old, known).await;
    if !carried.changes.is_empty() {
        notes.push(
            "what was set to the very value of the old image's default cannot be told from that default, and changes with it"
                .to_owned(),
        );
    }
    if new_image.is_none() {
        notes.push(
            "what changes in the image's own defaults is known once the image is there".to_owned(),
        );
    }
    Ok(Touch {
        engine: target.engine.name().clone(),
        container: ask.container.to_owned(),
        container_id: read::text(&old, "/Id").unwrap_or_default().to_owned(),
        from: ask.from.cloned(),
        obtain: ask.obtain.clone(),
        changes: carried.changes,
        notes,
        dependents: dependents
            .into_iter()
            .map(|dependent| dependent.name)
            .collect(),
        health_wait: check.longest_wait(),
    })
}

/// The create request for a container on another image.
pub(super) async fn carried(
    target: &PlainTarget,
    old: &Value,
    new_image: Option<&Value>,
    image: &str,
) -> Result<Carried, TargetError> {
    let old_image = match read::text(old, "/Image") {
        Some(id) => target.engine.image(id).await?,
        None => None,
    };
    let mut names = std::collections::HashMap::new();
    for mode in ["NetworkMode", "PidMode", "IpcMode"] {
        let path = format!("/HostConfig/{mode}");
        if let Some(id) = read::text(old, &path).and_then(|mode| mode.strip_prefix("container:"))
            && let Some(name) = name_in_place(target, id).await?
        {
            names.insert(id.to_owned(), name);
        }
    }
    let carry = Carry {
        old,
        old_image: old_image.as_ref(),
        new_image,
        image,
        api: target.api().await?,
        name_of: &|id| names.get(id).cloned(),
    };
    Ok(carry.out())
}

/// The name under which a container is, or was before it was put aside.
async fn name_in_place(target: &PlainTarget, id: &str) -> Result<Option<String>, TargetError> {
    let Some(inspect) = target.engine.container(id).await? else {
        return Ok(None);
    };
    let name = read::text(&inspect, "/Name")
        .unwrap_or_default()
        .trim_start_matches('/');
    Ok(Some(match Reserved::of(name) {
        Some(Reserved::Old(place) | Reserved::Parked(place)) => place.to_owned(),
        _ => name.to_owned(),
    }))
}

/// Says no where a container cannot be replaced faithfully.
pub(super) async fn refuse(
    target: &PlainTarget,
    old: &Value,
    ask: &TouchAsk<'_>,
) -> Result<(), TargetError> {
    let label = |key: &str| {
        old.pointer("/Config/Labels")
            .and_then(|labels| labels.get(key))
            .and_then(Value::as_str)
    };
    let name = ask.container;
    let image = ask.to.tag.as_ref().map_or_else(
        || ask.to.identity.to_string(),
        |tag| format!("{}:{tag}", ask.to.repository),
    );
    let refusal = if let Some(service) = label("com.docker.swarm.service.name") {
        Some((
            "Swarm manages it and would put it back".to_owned(),
            format!("docker service update --image {image} {service}"),
        ))
    } else if let Some(pod) = label("io.kubernetes.pod.name") {
        Some((
            "Kubernetes manages it and would put it back".to_owned(),
            format!("kubectl set image pod/{pod} \"*={image}\""),
        ))
    } else if read::flag(old, "/State/Paused") {
        Some(("it is paused".to_owned(), format!("docker unpause {name}")))
    } else if read::flag(old, "/HostConfig/AutoRemove") && !ask.accept_no_rollback {
        Some((
            "the engine removes it the moment it stops (`--rm`), so it could only be made anew, not put back".to_owned(),
            "run the same command again with --accept-no-rollback".to_owned(),
        ))
    } else if let Some(service) = compose_service_with_configs(old) {
        let project = label("com.docker.compose.project").unwrap_or_default();
        Some((
            format!(
                "its compose service `{service}` has `configs:`, whose contents compose copies in and no engine can tell"
            ),
            format!(
                "set `image: {image}` for {service} and run `docker compose -p {project} up -d {service}`"
            ),
        ))
    } else {
        None
    };
    match refusal {
        Some((why, by_hand)) => Err(TargetError::Refused {
            engine: target.engine.name().clone(),
            container: name.to_owned(),
            why,
            by_hand,
        }),
        None => Ok(()),
    }
}

/// The compose service of a container, if the project's files can be read here and give it
/// `configs:`. Compose writes the paths of its files into a label.
fn compose_service_with_configs(old: &Value) -> Option<String> {
    let label = |key: &str| old.pointer("/Config/Labels")?.get(key)?.as_str();
    let service = label("com.docker.compose.service")?;
    let files = label("com.docker.compose.project.config_files")?;
    files
        .split(',')
        .filter_map(|file| std::fs::read_to_string(file.trim()).ok())
        .any(|text| service_has_configs(&text, service))
        .then(|| service.to_owned())
}

/// Whether a compose file gives a service the key `configs`: read by indentation, as far as
/// that needs no YAML reader. A service written in one line is searched for the word.
fn service_has_configs(text: &str, service: &str) -> bool {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let key = |line: &str, name: &str| {
        let bare = line.trim_start();
        [
            format!("{name}:"),
            format!("\"{name}\":"),
            format!("'{name}':"),
        ]
        .iter()
        .any(|form| bare.starts_with(form.as_str()))
    };
    let mut lines = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        .skip_while(|line| !(indent(line) == 0 && key(line, "services")))
        .skip(1)
        .take_while(|line| indent(line) > 0)
        .skip_while(|line| !key(line, service));
    let Some(head) = lines.next() else {
        return false;
    };
    if head.contains('{') && head.contains("configs") {
        return true;
    }
    lines
        .take_while(|line| indent(line) > indent(head))
        .any(|line| key(line, "configs"))
}

/// What a person should know about replacing this container.
///
/// `check`: the health check that will be in force, where that is known.
pub(super) async fn notes(
    target: &PlainTarget,
    old: &Value,
    check: Option<&health::Check>,
) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(project) = read::text(old, "/Config/Labels/com.docker.compose.project") {
        notes.push(format!(
            "belongs to compose project {project}: its file still names the old version, and the next `docker compose up` would bring that back"
        ));
    }
    if !read::flag(old, "/State/Running") {
        notes.push("does not run now; the new one is started".to_owned());
    }
    if read::flag(old, "/HostConfig/AutoRemove") {
        notes.push(
            "the engine removes it when it stops; going back means making it anew".to_owned(),
        );
    }
    if check.is_some_and(|check| !check.exists()) {
        notes.push(format!(
            "has no health check: it is only watched for {}",
            health::WATCHED
        ));
    }
    let id = read::text(old, "/Id").unwrap_or_default();
    let drift =
        tokio::time::timeout(DRIFT_WITHIN, target.engine.docker().container_changes(id)).await;
    if let Ok(Ok(Some(changes))) = drift {
        // Directories on the way to a changed file are listed as changed themselves.
        let files = changes
            .iter()
            .filter(|change| change.kind != ChangeType::_0)
            .count();
        if files > 0 {
            let (noun, verb) = if files == 1 {
                ("file", "stays")
            } else {
                ("files", "stay")
            };
            notes.push(format!(
                "{files} {noun} added or removed inside the container {verb} behind with it"
            ));
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configs_of_a_compose_service_are_seen() {
        let file = "services:\n  web:\n    image: x\n    configs:\n      - source: a\n  api:\n    image: y\nconfigs:\n  a:\n    content: hi\n";
        assert!(service_has_configs(file, "web"));
        assert!(!service_has_configs(file, "api"));
        assert!(!service_has_configs(file, "db"));
        assert!(service_has_configs(
            "services:\n  web: { image: x, configs: [a] }\n",
            "web"
        ));
        assert!(!service_has_configs(
            "# services:\nservices:\n  web:\n    # configs:\n    image: x\n",
            "web"
        ));
    }
}
