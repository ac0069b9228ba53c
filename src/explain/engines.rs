//! Which engine has the image, and what it says of it.

use serde_json::Value;

use super::ask::Names;
use super::error::ExplainError;
use crate::anatomy::archive::platform::Platform;
use crate::engine::{Engine, EngineError, json};
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::reference::ImageRef;

/// An image on an engine, as the engine tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OnEngine {
    /// Its id: the digest of its configuration, or of its manifest or index.
    pub(super) id: Digest,
    /// Its names, those with a tag.
    pub(super) names: Vec<String>,
    /// For which platform it is.
    pub(super) platform: Platform,
    /// Its layers, the lowest first.
    pub(super) diff_ids: Vec<Digest>,
    /// Σ length of its layers, as far as the engine knows.
    pub(super) size: Option<Bytes>,
    /// All the engine says of it, raw.
    pub(super) told: Value,
}

/// Asks the engines all at once, and takes the first in their order that has the image.
pub(super) async fn find(
    engines: Vec<Engine>,
    names: &Names,
    asked: &str,
) -> Result<(Engine, OnEngine), ExplainError> {
    if engines.is_empty() {
        return Err(ExplainError::NoEngine {
            asked: asked.to_owned(),
        });
    }
    let mut asking: Vec<_> = engines
        .into_iter()
        .map(|engine| {
            let names = names.clone();
            let name = engine.name().to_string();
            let task = tokio::spawn(async move {
                let found = ask(&engine, &names).await;
                (engine, found)
            });
            (name, task)
        })
        .collect();
    let mut silent = Vec::new();
    let mut answered = Vec::new();
    let mut found = None;
    for (name, task) in &mut asking {
        match task.await {
            Ok((engine, Ok(Some(told)))) => {
                found = Some((engine, told));
                break;
            }
            Ok((_, Ok(None))) => answered.push(name.clone()),
            Ok((_, Err(error))) => silent.push(error),
            Err(_) => return Err(ExplainError::Lost),
        }
    }
    for (_, task) in asking {
        task.abort();
    }
    match found {
        Some((engine, told)) => Ok((engine.clone(), read(&engine, &told)?)),
        None if answered.is_empty() => Err(ExplainError::Silent(silent)),
        None => Err(ExplainError::NoSuchImage {
            asked: asked.to_owned(),
            engines: answered,
            silent,
        }),
    }
}

/// What one engine says of the image, if it has it.
async fn ask(engine: &Engine, names: &Names) -> Result<Option<Value>, EngineError> {
    for name in &names.plain {
        match engine.image(name).await {
            Ok(None) => {}
            // A name that no image can have is one it does not have.
            Err(EngineError::Answered { status: 400, .. }) => {}
            other => return other,
        }
    }
    let Some((repository, version)) = &names.version else {
        return Ok(None);
    };
    // No tag says so; a label may.
    let listed = engine.images().await?;
    let fits = |one: &&Value| {
        json::text(one, "/Labels/org.opencontainers.image.version") == Some(version)
            && json::list(one, "/RepoTags")
                .iter()
                .filter_map(|tag| ImageRef::parse(tag.as_str()?).ok())
                .any(|tag| tag.repository == *repository)
    };
    match listed
        .iter()
        .find(fits)
        .and_then(|it| json::text(it, "/Id"))
    {
        Some(id) => engine.image(id).await,
        None => Ok(None),
    }
}

fn read(engine: &Engine, told: &Value) -> Result<OnEngine, ExplainError> {
    let image = json::text(told, "/Id").unwrap_or_default();
    let odd = |what| ExplainError::Odd {
        engine: engine.name().to_string(),
        image: image.to_owned(),
        what,
    };
    let id = digest(image).ok_or_else(|| odd("an id that is no digest"))?;
    let text = |path| json::text(told, path).unwrap_or_default();
    let diff_ids: Option<Vec<Digest>> = json::list(told, "/RootFS/Layers")
        .iter()
        .map(|layer| Digest::parse(layer.as_str()?).ok())
        .collect();
    Ok(OnEngine {
        id,
        names: json::list(told, "/RepoTags")
            .iter()
            .filter_map(Value::as_str)
            .filter_map(|tag| ImageRef::parse(tag).ok())
            .map(|tag| tag.to_string())
            .collect(),
        platform: Platform::new(text("/Os"), text("/Architecture"), text("/Variant")),
        diff_ids: diff_ids.ok_or_else(|| odd("that a layer has no digest"))?,
        size: told
            .pointer("/Size")
            .and_then(Value::as_i64)
            .and_then(Bytes::from_api)
            .filter(|size| size.0 > 0),
        told: told.clone(),
    })
}

/// Podman leaves the algorithm out.
fn digest(id: &str) -> Option<Digest> {
    Digest::parse(id)
        .or_else(|_| Digest::parse(&format!("sha256:{id}")))
        .ok()
}
