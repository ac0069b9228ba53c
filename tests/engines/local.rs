//! The engine these tests run on: the one behind `/var/run/docker.sock`, or behind the
//! socket that `KARAT_TEST_ENGINE` names.

use bollard::Docker;
use karat::engine::Engine;
use karat::model::project::{EngineAddress, EngineName};

/// What it is called: its address.
pub(crate) fn name() -> EngineName {
    let socket =
        std::env::var("KARAT_TEST_ENGINE").unwrap_or_else(|_| "/var/run/docker.sock".to_owned());
    EngineName(format!("unix://{socket}"))
}

/// Without asking whether it is there.
pub(crate) fn connect() -> Docker {
    whole().docker().clone()
}

/// As karat knows it.
pub(crate) fn whole() -> Engine {
    let name = name();
    let address: EngineAddress = name.as_str().parse().expect("an address");
    Engine::new(name, address).expect("a connection")
}

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
