//! Carries a rebuild out, and tells how it went.

use std::collections::BTreeMap;
use std::time::Instant;

use bollard::Docker;
use bollard::errors::Error as EngineError;
use bollard::query_parameters::CreateImageOptions;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{BASE_DIGEST, BASE_NAME};
use crate::engine::build::{BuildError, BuildRequest, Built, build};
use crate::model::bytes::Bytes;
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

/// Builds the version of the plan on the engine behind `docker`, which must be the plan's.
/// However it ends, the report holds the one event for the history.
pub async fn run(
    docker: &Docker,
    plan: &RebuildPlan,
    progress: &mpsc::Sender<Progress>,
    cancel: &CancellationToken,
) -> Report {
    let began = chrono::Utc::now();
    let started = Instant::now();
    let outcome = Box::pin(carry_out(docker, plan, progress, cancel)).await;
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
    docker: &Docker,
    plan: &RebuildPlan,
    progress: &mpsc::Sender<Progress>,
    cancel: &CancellationToken,
) -> Result<Built, Failure> {
    let tag = format!("{}:{}", plan.repository, plan.version);
    let prepared = tokio::select! {
        biased;
        () = cancel.cancelled() => return Err(BuildError::Cancelled.into()),
        prepared = Box::pin(prepare(docker, plan, &tag, progress)) => prepared,
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
    };
    Ok(build(docker, &request, progress, cancel).await?)
}

/// Looks once more whether the version is still free, pulls the base if that is wanted, and
/// gives the labels with the base's digest as it is on the engine now.
async fn prepare(
    docker: &Docker,
    plan: &RebuildPlan,
    tag: &str,
    progress: &mpsc::Sender<Progress>,
) -> Result<BTreeMap<String, String>, Failure> {
    if inspect(docker, tag).await?.is_some() {
        return Err(Failure::Exists {
            tag: tag.to_owned(),
        });
    }
    let mut labels = plan.labels.clone();
    let Some(base) = labels.get(BASE_NAME).cloned() else {
        return Ok(labels);
    };
    if plan.pull {
        pull(docker, plan, &base, progress).await?;
    }
    if let Some(digest) = base_digest(docker, &base).await? {
        labels.insert(BASE_DIGEST.to_owned(), digest);
    }
    Ok(labels)
}

async fn inspect(
    docker: &Docker,
    name: &str,
) -> Result<Option<bollard::models::ImageInspect>, Failure> {
    match docker.inspect_image(name).await {
        Ok(image) => Ok(Some(image)),
        Err(EngineError::DockerResponseServerError {
            status_code: 404, ..
        }) => Ok(None),
        Err(error) => Err(Failure::Engine {
            what: name.to_owned(),
            error,
        }),
    }
}

/// The digest in the base's own name, else the one its registry knows it by, else its id on
/// this engine. Nothing when the engine does not have it: then the build brings it.
async fn base_digest(docker: &Docker, base: &str) -> Result<Option<String>, Failure> {
    let Ok(reference) = ImageRef::parse(base) else {
        return Ok(None);
    };
    if let Some(digest) = reference.digest {
        return Ok(Some(digest.to_string()));
    }
    let Some(image) = inspect(docker, base).await? else {
        return Ok(None);
    };
    let known = image
        .repo_digests
        .unwrap_or_default()
        .iter()
        .filter_map(|known| ImageRef::parse(known).ok())
        .find(|known| known.repository == reference.repository)
        .and_then(|known| known.digest)
        .map(|digest| digest.to_string());
    Ok(known.or(image.id))
}

async fn pull(
    docker: &Docker,
    plan: &RebuildPlan,
    base: &str,
    progress: &mpsc::Sender<Progress>,
) -> Result<(), Failure> {
    let failed = |error: String| Failure::Pull {
        base: base.to_owned(),
        error,
    };
    let reference = ImageRef::parse(base).map_err(|error| failed(error.to_string()))?;
    // Without a tag an engine would pull every tag there is.
    let whole = match (&reference.tag, &reference.digest) {
        (None, None) => format!("{base}:latest"),
        _ => base.to_owned(),
    };
    let options = CreateImageOptions {
        from_image: Some(whole),
        ..CreateImageOptions::default()
    };
    let mut layers: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut answers = Box::pin(docker.create_image(Some(options), None, None));
    while let Some(answer) = answers.next().await {
        let answer = answer.map_err(|error| match error {
            EngineError::DockerResponseServerError { message, .. } => failed(message),
            other => failed(other.to_string()),
        })?;
        let (Some(id), Some(detail)) = (answer.id, answer.progress_detail) else {
            continue;
        };
        if answer.status.as_deref() != Some("Downloading") {
            continue;
        }
        let count = |number: Option<i64>| u64::try_from(number.unwrap_or(0)).unwrap_or(0);
        layers.insert(id, (count(detail.current), count(detail.total)));
        let (done, total) = layers
            .values()
            .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let _ = progress.try_send(Progress::Bytes {
            engine: plan.engine.clone(),
            what: format!("the base image {base}"),
            done: Bytes(done),
            total: Some(Bytes(total)),
        });
    }
    Ok(())
}
