//! One container, read closely: what the deployment view shows. Values of variables the
//! user set are masked: nobody knows which of them are secrets.

use bollard::models::ChangeType;
use serde_json::Value;

use super::{PlainTarget, TargetError, TouchAsk, health, planning, settings};
use crate::engine::json as read;
use crate::model::details::{ChangeKind, Details, FileChange, HealthEntry};
use crate::model::digest::Digest;
use crate::model::plan::{Frozen, Obtain};
use crate::model::reference::Repository;
use crate::model::time::Span;

/// Changed files shown at most; the rest is counted.
const FILES_SHOWN: usize = 2_000;

/// Reads a container closely.
pub(super) async fn details(target: &PlainTarget, container: &str) -> Result<Details, TargetError> {
    let inspect = target.container(container).await?;
    let image_id = read::text(&inspect, "/Image").unwrap_or_default();
    let image = target.engine.image(image_id).await?;
    let carried = planning::carried(target, &inspect, None, image_id).await?;
    let check = health::Check::of(&carried.body, image.as_ref());
    let (changes, changes_error) =
        changes(target, read::text(&inspect, "/Id").unwrap_or_default()).await;
    Ok(Details {
        engine: target.engine.name().clone(),
        container: container.to_owned(),
        id: read::text(&inspect, "/Id").unwrap_or_default().to_owned(),
        settings: settings::read(&inspect, &carried.body),
        health_log: health_log(&inspect),
        changes,
        changes_error,
        refusal: refusal(target, container, &inspect).await,
        notes: planning::notes(target, &inspect, Some(&check)).await,
    })
}

async fn refusal(target: &PlainTarget, container: &str, inspect: &Value) -> Option<String> {
    let any = Frozen {
        label: "VERSION".to_owned(),
        identity: read::digest(inspect, "/Image").unwrap_or_else(|| Digest::of(b"")),
        content: None,
        repository: Repository::new("IMAGE"),
        tag: Some("VERSION".to_owned()),
        registry_digest: None,
        size: None,
    };
    let obtain = Obtain::Present {
        image_id: any.identity.clone(),
    };
    let ask = TouchAsk {
        container,
        from: Some(&any),
        to: &any,
        obtain: &obtain,
        accept_no_rollback: false,
    };
    planning::refuse(target, inspect, &ask)
        .await
        .err()
        .map(|refused| refused.to_string())
}

fn health_log(inspect: &Value) -> Vec<HealthEntry> {
    let mut entries: Vec<HealthEntry> = read::list(inspect, "/State/Health/Log")
        .iter()
        .filter_map(|entry| {
            let at = read::time(entry, "/End")?;
            Some(HealthEntry {
                at,
                took: read::time(entry, "/Start")
                    .map(|start| Span::between(start, at))
                    .unwrap_or_default(),
                exit_code: read::number(entry, "/ExitCode").unwrap_or_default(),
                output: read::text(entry, "/Output")
                    .unwrap_or_default()
                    .trim()
                    .to_owned(),
            })
        })
        .collect();
    entries.reverse();
    entries
}

async fn changes(target: &PlainTarget, id: &str) -> (Vec<FileChange>, Option<String>) {
    let doing = format!("listing the changed files of {id}");
    match target
        .engine
        .ask(&doing, target.engine.docker().container_changes(id))
        .await
    {
        Ok(changes) => {
            let all = changes.unwrap_or_default();
            let more = all.len().saturating_sub(FILES_SHOWN);
            let shown = all
                .into_iter()
                .take(FILES_SHOWN)
                .map(|change| FileChange {
                    kind: match change.kind {
                        ChangeType::_0 => ChangeKind::Modified,
                        ChangeType::_1 => ChangeKind::Added,
                        ChangeType::_2 => ChangeKind::Deleted,
                    },
                    path: change.path,
                    size: None,
                })
                .collect();
            (
                shown,
                (more > 0).then(|| format!("{more} more are not shown")),
            )
        }
        Err(error) => (Vec::new(), Some(error.to_string())),
    }
}
