//! The build request itself, on a thread and a runtime of its own.
//!
//! A BuildKit build is several connections: the request, the session beside it, and what
//! is spoken in the session. bollard serves the session in a task that nobody can end, so
//! that each build would leave an open connection behind. With its runtime all of it ends,
//! whatever it is just doing: at the end of the build, and when it is cancelled.

use std::collections::HashMap;

use bollard::Docker;
use bollard::auth::DockerCredentials;
use bollard::errors::Error as EngineError;
use bollard::models::BuildInfo;
use bollard::query_parameters::BuildImageOptions;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::sync::mpsc;

use super::error::BuildError;

/// The context, on its way.
pub(super) type Chunks = BoxStream<'static, std::io::Result<hyper::body::Bytes>>;

/// How many messages may wait to be read.
const WAITING: usize = 64;

/// Starts a build. Its messages come until it ends; dropping the receiver stops it.
///
/// # Errors
/// The thread or its runtime cannot be had.
pub(super) fn start(
    docker: Docker,
    options: BuildImageOptions,
    logins: Option<HashMap<String, DockerCredentials>>,
    context: Chunks,
) -> Result<mpsc::Receiver<Result<BuildInfo, EngineError>>, BuildError> {
    let failed = |error: std::io::Error| BuildError::Engine {
        doing: "starting the build".to_owned(),
        error: error.to_string(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed)?;
    let (sender, receiver) = mpsc::channel(WAITING);
    std::thread::Builder::new()
        .name("build".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = sender.closed() => {}
                    () = pass_on(&docker, options, logins, context, &sender) => {}
                }
            });
        })
        .map_err(failed)?;
    Ok(receiver)
}

async fn pass_on(
    docker: &Docker,
    options: BuildImageOptions,
    logins: Option<HashMap<String, DockerCredentials>>,
    context: Chunks,
    sender: &mpsc::Sender<Result<BuildInfo, EngineError>>,
) {
    let body = bollard::body_try_stream(context);
    let mut messages = Box::pin(docker.build_image(options, logins, Some(body)));
    while let Some(message) = messages.next().await {
        if sender.send(message).await.is_err() {
            return;
        }
    }
}
