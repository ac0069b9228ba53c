//! Building an image on one engine: through BuildKit, or the classic builder where an
//! engine (Podman) has no other. Streams what happens, can be stopped at any moment, and
//! then leaves nothing behind. Knows recipes as paths and arguments, not as versions.

mod context;
mod error;
mod follow;
mod ignore;
mod mask;
mod request;
mod undo;

pub use context::{Builder, Context, ContextError, survey};
pub use error::BuildError;
pub use ignore::{BadPattern, Ignore};
pub use mask::Mask;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bollard::Docker;
use bollard::errors::Error as EngineError;
use bollard::query_parameters::{BuildImageOptions, BuilderVersion, TagImageOptions};
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::follow::Follow;
use self::request::Chunks;
use crate::engine::Logins;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::progress::Progress;
use crate::model::project::EngineName;
use crate::model::reference::ImageRef;
use crate::model::time::Span;

/// How long an engine may take to begin its answer. The classic builder answers only when
/// it has the whole context, which may be large and the line slow.
const PATIENCE: Duration = Duration::from_secs(24 * 3_600);

/// Bytes sent are told at most this often.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// What to build.
#[derive(Clone, Debug)]
pub struct BuildRequest {
    /// The engine's name, for progress.
    pub engine: EngineName,
    /// What it will be, for progress: `shop-web 1.4.2`.
    pub what: String,
    /// The context's folder.
    pub context: PathBuf,
    /// The Dockerfile; may lie outside the context.
    pub dockerfile: PathBuf,
    /// The stage to build; the last one by default.
    pub target: Option<String>,
    /// Build arguments. Their values are masked in everything told.
    pub args: BTreeMap<String, String>,
    /// Labels of the image.
    pub labels: BTreeMap<String, String>,
    /// `repository:tag` for each name it gets.
    pub tags: Vec<String>,
    /// Take no step from the cache.
    pub no_cache: bool,
    /// Ask registries for newer base images.
    pub pull: bool,
    /// Logins to the registries that the build may have to ask.
    pub logins: Logins,
}

/// What was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The image's id on that engine: its config digest in the classic store, a manifest
    /// or index digest in containerd's.
    pub image_id: Digest,
    /// Its size on that engine.
    pub size: Option<Bytes>,
    /// How long it took, sending the context included.
    pub took: Span,
}

/// Builds an image and tags it. When it returns with an error, a cancelled build included,
/// no tag has changed and no image or container is left over; BuildKit may keep finished
/// steps in its cache, and Podman 4 runs the step under way to its end before it notices a
/// cancel.
///
/// # Errors
/// [`BuildError`], with every build argument's value masked.
pub async fn build(
    docker: &Docker,
    request: &BuildRequest,
    progress: &mpsc::Sender<Progress>,
    cancel: &CancellationToken,
) -> Result<Built, BuildError> {
    build_by(docker, None, request, progress, cancel).await
}

/// [`build`], by that builder; by the one the engine has if none is given.
///
/// # Errors
/// As [`build`].
pub async fn build_by(
    docker: &Docker,
    builder: Option<Builder>,
    request: &BuildRequest,
    progress: &mpsc::Sender<Progress>,
    cancel: &CancellationToken,
) -> Result<Built, BuildError> {
    let before = undo::Before::look(docker, &request.tags).await?;
    let mut follow = Follow::new(Mask::new(&request.args));
    let outcome = tokio::select! {
        biased;
        () = cancel.cancelled() => Err(BuildError::Cancelled),
        outcome = Box::pin(attempt(docker, builder, request, &mut follow, progress)) => outcome,
    };
    // The request is dropped by now: that is what stops the engine.
    if let Err(error) = &outcome {
        before.restore(docker, error, &follow.intermediate).await;
    }
    outcome
}

async fn attempt(
    docker: &Docker,
    builder: Option<Builder>,
    request: &BuildRequest,
    follow: &mut Follow,
    progress: &mpsc::Sender<Progress>,
) -> Result<Built, BuildError> {
    let started = Instant::now();
    let builder = match builder {
        Some(builder) => builder,
        None => builder_of(docker).await?,
    };
    if builder == Builder::Classic {
        let note = "no BuildKit: built by the engine's classic builder";
        let _ = progress.send(Progress::Note(note.to_owned())).await;
    }
    let context = look_through(request, builder).await?;
    for note in &context.notes {
        let _ = progress.send(Progress::Note(note.clone())).await;
    }
    let options = options(request, &context.dockerfile, builder);
    let (chunks, sending) = context_sender(request, context, progress.clone());
    let patient = docker.clone().with_timeout(PATIENCE);
    let mut messages = request::start(patient, options, request.logins.given(), chunks)?;
    let mut failure = None;
    while let Some(message) = messages.recv().await {
        let told = match message {
            Ok(info) => follow.take(info),
            Err(error) => {
                failure = Some(error);
                break;
            }
        };
        for one in told {
            let _ = progress.send(one).await;
        }
    }
    drop(messages);
    if let Some(error) = failure {
        // A file that could not be read breaks the request: then that is the reason.
        if let Ok(Ok(Err(reason))) = tokio::time::timeout(Duration::from_secs(2), sending).await
            && !matches!(reason, ContextError::Unread)
        {
            return Err(reason.into());
        }
        let (error, told) = explain(follow, &error, request);
        for one in told {
            let _ = progress.send(one).await;
        }
        return Err(error);
    }
    for one in follow.end() {
        let _ = progress.send(one).await;
    }
    verify(docker, request, follow, started).await
}

/// Which builder the engine has.
///
/// # Errors
/// It does not say which engine it is.
pub(crate) async fn builder_of(docker: &Docker) -> Result<Builder, BuildError> {
    let version = docker
        .version()
        .await
        .map_err(|error| BuildError::engine("asking for its version", &error))?;
    let podman = version
        .components
        .unwrap_or_default()
        .iter()
        .any(|component| component.name.contains("Podman"));
    Ok(if podman {
        Builder::Classic
    } else {
        Builder::BuildKit
    })
}

async fn look_through(request: &BuildRequest, builder: Builder) -> Result<Context, BuildError> {
    let (root, dockerfile) = (request.context.clone(), request.dockerfile.clone());
    let looked = tokio::task::spawn_blocking(move || survey(&root, &dockerfile, builder)).await;
    match looked {
        Ok(context) => Ok(context?),
        Err(error) => Err(BuildError::Engine {
            doing: "reading the build context".to_owned(),
            error: error.to_string(),
        }),
    }
}

/// Starts sending the context; tells the bytes from time to time, and at the end.
fn context_sender(
    request: &BuildRequest,
    context: Context,
    progress: mpsc::Sender<Progress>,
) -> (Chunks, tokio::task::JoinHandle<Result<(), ContextError>>) {
    let (engine, total) = (request.engine.clone(), context.total);
    let what = format!("the build context of {}", request.what);
    let mut last = None::<Instant>;
    let (receiver, task) = context.send(move |done| {
        let due = last.is_none_or(|last| last.elapsed() >= TELL_EVERY) || done == total;
        if due {
            last = Some(Instant::now());
            // Whoever watches may be slow: the next message says more than this one.
            let _ = progress.try_send(Progress::Bytes {
                engine: engine.clone(),
                what: what.clone(),
                done,
                total: Some(total),
            });
        }
    });
    let chunks = futures_util::stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|chunk| (chunk, receiver))
    });
    (chunks.boxed(), task)
}

fn options(request: &BuildRequest, dockerfile: &str, builder: Builder) -> BuildImageOptions {
    let map = |map: &BTreeMap<String, String>| {
        let copy: HashMap<String, String> =
            map.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        Some(copy)
    };
    let session = format!("{:032x}", rand::random::<u128>());
    let (version, session) = match builder {
        Builder::BuildKit => (BuilderVersion::BuilderBuildKit, Some(session)),
        Builder::Classic => (BuilderVersion::BuilderV1, None),
    };
    BuildImageOptions {
        dockerfile: dockerfile.to_owned(),
        t: request.tags.first().cloned(),
        nocache: request.no_cache,
        pull: request.pull.then(|| "true".to_owned()),
        rm: true,
        forcerm: true,
        buildargs: map(&request.args),
        labels: map(&request.labels),
        target: request.target.clone().unwrap_or_default(),
        version,
        session,
        ..BuildImageOptions::default()
    }
}

fn explain(
    follow: &mut Follow,
    error: &EngineError,
    request: &BuildRequest,
) -> (BuildError, Vec<Progress>) {
    match error {
        EngineError::DockerStreamError { error } => follow.failure(error, &request.dockerfile),
        EngineError::DockerResponseServerError { message, .. } => {
            follow.failure(message, &request.dockerfile)
        }
        other => {
            let error = BuildError::engine(format!("building {}", request.what), other);
            (error, Vec::new())
        }
    }
}

/// Reads back what the first tag names, and gives the image its other names.
async fn verify(
    docker: &Docker,
    request: &BuildRequest,
    follow: &Follow,
    started: Instant,
) -> Result<Built, BuildError> {
    let lost = |error: EngineError| BuildError::engine("reading back what was built", &error);
    let nothing = || BuildError::Engine {
        doing: format!("building {}", request.what),
        error: "it ended without naming an image".to_owned(),
    };
    let said = follow.image_id.clone();
    let name = request.tags.first().or(said.as_ref()).ok_or_else(nothing)?;
    let found = docker.inspect_image(name).await.map_err(lost)?;
    let id = found
        .id
        .as_deref()
        .map(with_algorithm)
        .ok_or_else(nothing)?;
    let image_id = Digest::parse(&id).map_err(|_| nothing())?;
    if let Some(said) = said.as_deref().map(with_algorithm)
        && said != id
    {
        return Err(BuildError::TagTaken {
            tag: name.clone(),
            built: said,
            found: id,
        });
    }
    for tag in request.tags.iter().skip(1) {
        let reference = ImageRef::parse(tag).map_err(|_| nothing())?;
        let options = TagImageOptions {
            repo: Some(reference.repository.to_string()),
            tag: reference.tag,
        };
        docker
            .tag_image(image_id.as_str(), Some(options))
            .await
            .map_err(lost)?;
    }
    Ok(Built {
        image_id,
        size: found.size.and_then(Bytes::from_api),
        took: Span(started.elapsed()),
    })
}

/// Podman writes ids without their algorithm.
fn with_algorithm(id: &str) -> String {
    if id.contains(':') {
        id.to_owned()
    } else {
        format!("sha256:{id}")
    }
}
