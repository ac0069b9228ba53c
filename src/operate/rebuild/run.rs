//! Carries a rebuild out, and tells how it went.

use std::collections::BTreeMap;
use std::time::Instant;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{BASE_DIGEST, BASE_NAME};
use crate::engine::build::{BuildError, BuildRequest, Built, build};
use crate::engine::{Engine, EngineError, json};
use crate::model::event::{Event, Outcome, VersionMark};
use crate::model::plan::OperationKind;
use crate::model::progress::{Progress, Report};
use crate::model::rebuild::RebuildPlan;
use crate::model::reference::ImageRef;
use crate::model::time::Span;

/// Why a rebuild did not end with a version.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(
        "{tag} exists on the engine by now: somebody built it meanwhile; plan the rebuild again"
    )]
    Exists { tag: String },
    #[error(
        "cannot pull the base image `{base}`: {error}; rebuild without --pull to use the one that is there"
    )]
    Pull { base: String, error: String },
    #[error(
        "the engine was lost while looking for `{what}`: {error}; check that it runs and rebuild"
    )]
    Engine { what: String, error: EngineError },
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// Builds the version of the plan on `engine`, which must be the plan's.
/// However it ends, the report holds the one event for the history.
pub async fn run(
    engine: &Engine,
    plan: &RebuildPlan,
    progress: &mpsc::Sender<Progress>,
    cancel: &CancellationToken,
) -> Report {
    let began = chrono::Utc::now();
    let started = Instant::now();
    let outcome = Box::pin(carry_out(engine, plan, progress, cancel)).await;
    let took = Span(started.elapsed());
    let mut event = Event {
        id: plan.id.clone(),
        time: began,
        who: plan.who.clone(),
        operation: OperationKind::Rebuild,
        image: plan.image.clone(),
        environment: None,
        from: plan.previous.as_ref().map(|previous| VersionMark {
            version: Some(previous.0.clone()),
            digest: None,
        }),
        to: Some(VersionMark {
            version: Some(plan.version.0.clone()),
            digest: None,
        }),
        reason: plan.reason.clone(),
        outcome: Outcome::Done,
        duration: Some(took),
        error: None,
        log: Vec::new(),
    };
    let name = format!("{} {}", plan.image, plan.version);
    let summary = match &outcome {
        Ok(built) => {
            if let Some(to) = &mut event.to {
                to.digest = Some(built.image_id.clone());
            }
            let size = built.size.map_or(String::new(), |size| format!(", {size}"));
            format!("{name} built on {} in {took}{size}", plan.engine)
        }
        Err(Failure::Build(BuildError::Cancelled)) => {
            event.outcome = Outcome::Cancelled;
            format!("{name}: the build was cancelled, nothing is left of it")
        }
        Err(failure) => {
            event.outcome = Outcome::Failed;
            event.error = Some(failure.to_string());
            if let Failure::Build(error) = failure {
                event.log = error.log().to_vec();
            }
            format!("{name} was not built")
        }
    };
    Report {
        id: plan.id.clone(),
        outcome: event.outcome,
        summary,
        error: event.error.clone(),
        events: vec![event],
        duration: took,
    }
}

/// The report of a build that could not even begin.
pub fn impossible(plan: &RebuildPlan, why: String) -> Report {
    Report {
        id: plan.id.clone(),
        outcome: Outcome::Failed,
        summary: format!("{} {} was not built", plan.image, plan.version),
        error: Some(why),
        events: Vec::new(),
        duration: Span::default(),
    }
}

async fn carry_out(
    engine: &Engine,
    plan: &RebuildPlan,
    progress: &mpsc::Sender<Progress>,
    cancel: &CancellationToken,
) -> Result<Built, Failure> {
    let tag = format!("{}:{}", plan.repository, plan.version);
    let prepared = tokio::select! {
        biased;
        () = cancel.cancelled() => return Err(BuildError::Cancelled.into()),
        prepared = Box::pin(prepare(engine, plan, &tag, progress)) => prepared,
    };
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
        logins: plan
            .labels
            .get(BASE_NAME)
            .and_then(|base| ImageRef::parse(base).ok())
            .map(|base| base.repository)
            .into_iter()
            .collect(),
    };
    Ok(build(engine.docker(), &request, progress, cancel).await?)
}

/// Looks once more whether the version is still free, pulls the base if that is wanted, and
/// gives the labels with the base's digest as it is on the engine now.
async fn prepare(
    engine: &Engine,
    plan: &RebuildPlan,
    tag: &str,
    progress: &mpsc::Sender<Progress>,
) -> Result<BTreeMap<String, String>, Failure> {
    if inspect(engine, tag).await?.is_some() {
        return Err(Failure::Exists {
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

async fn inspect(engine: &Engine, name: &str) -> Result<Option<serde_json::Value>, Failure> {
    let lost = |error| Failure::Engine {
        what: name.to_owned(),
        error,
    };
    engine.image(name).await.map_err(lost)
}

/// The digest in the base's own name, else the one its registry knows it by, else its id on
/// this engine. Nothing when the engine does not have it: then the build brings it.
async fn base_digest(engine: &Engine, base: &str) -> Result<Option<String>, Failure> {
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
) -> Result<(), Failure> {
    let failed = |error: String| Failure::Pull {
        base: base.to_owned(),
        error,
    };
    let mut reference = ImageRef::parse(base).map_err(|error| failed(error.to_string()))?;
    if reference.digest.is_none() {
        // Without a tag an engine would pull every tag there is.
        reference.tag.get_or_insert_with(|| "latest".to_owned());
    }
    let tell = |done, total| {
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
