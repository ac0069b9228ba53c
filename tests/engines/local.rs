//! The engine these tests run on: the one behind `/var/run/docker.sock`, or behind
//! `KARAT_TEST_ENGINE`. A connection for each request.

use bollard::{BollardRequest, Docker};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

/// # Panics
/// There is no engine: these tests need one.
pub(crate) async fn engine() -> Docker {
    let docker = connect();
    docker
        .ping()
        .await
        .expect("an engine to test on: apt-get install docker.io, then start dockerd");
    docker
}

/// Without asking whether it is there.
pub(crate) fn connect() -> Docker {
    let socket =
        std::env::var("KARAT_TEST_ENGINE").unwrap_or_else(|_| "/var/run/docker.sock".to_owned());
    let transport = move |mut request: BollardRequest| {
        let socket = socket.clone();
        async move {
            let stream = UnixStream::connect(&socket).await?;
            let io = TokioIo::new(stream);
            let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await?;
            tokio::spawn(connection.with_upgrades());
            // Engines want the path alone, and a host, whichever.
            let path = request
                .uri()
                .path_and_query()
                .map_or("/", |path| path.as_str());
            let path = path.parse().expect("a path");
            *request.uri_mut() = path;
            let host = hyper::header::HeaderValue::from_static("engine");
            request.headers_mut().insert(hyper::header::HOST, host);
            Ok(sender.send_request(request).await?)
        }
    };
    let version = bollard::API_DEFAULT_VERSION;
    Docker::connect_with_custom_transport(transport, Some("http://localhost"), 120, version)
        .expect("a client")
}
