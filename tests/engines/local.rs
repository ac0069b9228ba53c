//! The engine that builds and the demo fleet are tried on: the one behind the socket that
//! `KARAT_TEST_ENGINE` names, else one for the whole run, which nobody else uses.

use std::sync::OnceLock;

use bollard::Docker;
use karat::engine::Engine;
use karat::model::project::{EngineAddress, EngineName};

/// What it is called: its address.
pub(crate) fn name() -> EngineName {
    // Its keeper takes it away when this process ends: a static is never dropped.
    static OWN: OnceLock<crate::support::Engine> = OnceLock::new();
    match std::env::var("KARAT_TEST_ENGINE") {
        Ok(socket) => EngineName(format!("unix://{socket}")),
        Err(_) => EngineName(OWN.get_or_init(crate::support::Engine::start).address()),
    }
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
