//! A new version of an image: looks whether its name is still free, pulls the base where
//! that is wanted, and has the engine build.

use std::collections::BTreeMap;

use tokio::sync::mpsc;

use crate::engine::build::{self, BuildError, BuildRequest, Built};
use crate::engine::{Engine, json};
use crate::model::progress::Progress;
use crate::model::rebuild::{BASE_DIGEST, BASE_NAME, RebuildPlan};
use crate::model::reference::{ImageRef, Repository};
use crate::target::{BuildFailure, Watch};

/// Builds the version of the plan on `engine`, which must be the plan's.
pub(super) async fn build(
    engine: &Engine,
    plan: &RebuildPlan,
    watch: &Watch,
) -> Result<Built, BuildFailure> {
    let (progress, cancel) = (watch.progress(), &watch.cancel);
    let tag = format!("{}:{}", plan.repository, plan.version);
    let prepared = tokio::select! {
        biased;
        () = cancel.cancelled() => return Err(BuildError::Cancelled.into()),
        prepared = Box::pin(prepare(engine, plan, &tag, progress)) => prepared,
    };
    let bases: Vec<Repository> = plan
        .labels
        .get(BASE_NAME)
        .and_then(|base| ImageRef::parse(base).ok())
        .map(|base| base.repository)
        .into_iter()
        .collect();
    let request = BuildRequest {
        engine: plan.engine.clone(),
        what: format!("{} {}", plan.image, plan.version),
        context: plan.recipe.context.clone(),
        dockerfile: plan.recipe.dockerfile.clone(),
        target: plan.recipe.target.clone(),
        args: plan.recipe.args.clone(),
        labels: prepared?,
        tags: vec![tag],
        no_cache: plan.no_cache,
        pull: plan.pull,
        logins: engine.logins(&bases).await,
    };
    Ok(build::build(engine.docker(), &request, progress, cancel).await?)
}

/// Looks once more whether the version is still free, pulls the base if that is wanted, and
/// gives the labels with the base's digest as it is on the engine now.
async fn prepare(
    engine: &Engine,
    plan: &RebuildPlan,
    tag: &str,
    progress: &mpsc::Sender<Progress>,
) -> Result<BTreeMap<String, String>, BuildFailure> {
    if inspect(engine, tag).await?.is_some() {
        return Err(BuildFailure::Exists {
            tag: tag.to_owned(),
        });
    }
    let mut labels = plan.labels.clone();
    let Some(base) = labels.get(BASE_NAME).cloned() else {
        return Ok(labels);
    };
    if plan.pull {
        pull(engine, plan, &base, progress).await?;
    }
    if let Some(digest) = base_digest(engine, &base).await? {
        labels.insert(BASE_DIGEST.to_owned(), digest);
    }
    Ok(labels)
}

async fn inspect(engine: &Engine, name: &str) -> Result<Option<serde_json::Value>, BuildFailure> {
    let lost = |error| BuildFailure::Engine {
        what: name.to_owned(),
        error,
    };
    engine.image(name).await.map_err(lost)
}

/// The digest in the base's own name, else the one its registry knows it by, else its id on
/// this engine. Nothing when the engine does not have it: then the build brings it.
async fn base_digest(engine: &Engine, base: &str) -> Result<Option<String>, BuildFailure> {
    let Ok(reference) = ImageRef::parse(base) else {
        return Ok(None);
    };
    if let Some(digest) = reference.digest {
        return Ok(Some(digest.to_string()));
    }
    let Some(image) = inspect(engine, base).await? else {
        return Ok(None);
    };
    let known = json::list(&image, "/RepoDigests")
        .iter()
        .filter_map(|known| ImageRef::parse(known.as_str()?).ok())
        .find(|known| known.repository == reference.repository)
        .and_then(|known| known.digest)
        .map(|digest| digest.to_string());
    Ok(known.or_else(|| json::text(&image, "/Id").map(str::to_owned)))
}

async fn pull(
    engine: &Engine,
    plan: &RebuildPlan,
    base: &str,
    progress: &mpsc::Sender<Progress>,
) -> Result<(), BuildFailure> {
    let failed = |error: String| BuildFailure::Pull {
        base: base.to_owned(),
        error,
    };
    let mut reference = ImageRef::parse(base).map_err(|error| failed(error.to_string()))?;
    if reference.digest.is_none() {
        // Without a tag an engine would pull every tag there is.
        reference.tag.get_or_insert_with(|| "latest".to_owned());
    }
    let tell = |layer: Option<&str>, done, total| {
        if layer.is_some() {
            return;
        }
        let _ = progress.try_send(Progress::Bytes {
            engine: plan.engine.clone(),
            what: format!("the base image {base}"),
            done,
            total,
        });
    };
    let pulled = engine.pull(&reference, tell).await;
    pulled.map_err(|error| failed(error.to_string()))
}
