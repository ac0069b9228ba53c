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
    let transport = move |request: BollardRequest| {
        let socket = socket.clone();
        async move {
            let stream = UnixStream::connect(&socket).await?;
            let io = TokioIo::new(stream);
            let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await?;
            tokio::spawn(connection.with_upgrades());
            Ok(sender.send_request(request).await?)
        }
    };
    let version = bollard::API_DEFAULT_VERSION;
    Docker::connect_with_custom_transport(transport, Some("http://localhost"), 120, version)
        .expect("a client")
}
