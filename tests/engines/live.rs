//! The live fleet: events without asking, engines lost and found again, connections that are
//! half-open.

use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use karat::model::fleet::{Engines, Fleet, Link};
use karat::model::observation::Health;
use karat::model::project::{EngineName, EnvironmentName, ImageName};
use karat::observe::{Live, Pace, live};
use karat::target::Clock;

use crate::place::{engine_with, loaded, project};
use crate::support::{Engine, folder};

/// Quick enough for a test; the shape is the same.
const PACE: Pace = Pace {
    greet_every: Duration::from_millis(500),
    collect_for: Duration::from_millis(20),
    retry_first: Duration::from_millis(200),
    retry_most: Duration::from_secs(1),
};

/// Waits until the live fleet is as wanted.
async fn fleet_is(live: &mut Live, what: &str, is: impl Fn(&Fleet) -> bool) {
    let wanted = live.fleet.wait_for(|fleet| is(fleet));
    let waited = tokio::time::timeout(Duration::from_secs(45), wanted).await;
    assert!(waited.is_ok(), "{what}: the fleet never was so");
}

/// The live fleet of one engine, its container healthy.
async fn healthy(address: &str) -> Live {
    let project = loaded(&project(&[("prod", &[address], "")]));
    let targets = crate::library::targets(&project);
    let project = Arc::new(project);
    let mut live = live(&project, &targets, &Engines::new(), PACE, Clock::System);
    fleet_is(&mut live, "healthy", |fleet| {
        health(fleet) == Some(Health::Healthy)
    })
    .await;
    live
}

fn health(fleet: &Fleet) -> Option<Health> {
    let cell = fleet.cell(&ImageName::from("web"), &EnvironmentName::from("prod"))?;
    Some(cell.deployment.as_ref()?.health)
}

fn down(fleet: &Fleet, engine: &str) -> bool {
    let state = fleet.engines.get(&EngineName::from(engine));
    state.is_some_and(|state| matches!(state.link, Link::Down { .. }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_on_an_engine_is_seen_without_asking_and_an_engine_comes_back() {
    let mut engine: Engine = engine_with(&["1.0.0"]);
    let address = engine.address();
    let mut live = healthy(&address).await;

    engine
        .api
        .ask("POST", "/containers/web/stop?t=1", "application/json", b"")
        .expect("a stop");
    fleet_is(&mut live, "stopped", |fleet| {
        health(fleet) == Some(Health::NotRunning)
    })
    .await;

    engine.cut();
    fleet_is(&mut live, "engine lost", |fleet| down(fleet, &address)).await;
    // What was seen last is still there, marked by the error.
    let last = live.fleet.borrow().clone();
    assert_eq!(health(&last), Some(Health::NotRunning));
    let cell = last
        .cell(&ImageName::from("web"), &EnvironmentName::from("prod"))
        .expect("a cell");
    assert_eq!(cell.errors.len(), 1);

    engine.restart();
    fleet_is(&mut live, "engine back", |fleet| !down(fleet, &address)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_open_connection_is_noticed() {
    let engine = engine_with(&["1.0.0"]);
    let wire = Wire::to(&engine.folder.join("d.sock"));
    let address = format!("unix://{}", wire.socket.display());
    let mut live = healthy(&address).await;
    // Nothing is closed: bytes only stop coming, as when a cable is pulled.
    wire.silent.store(true, Ordering::SeqCst);
    fleet_is(&mut live, "noticed", |fleet| down(fleet, &address)).await;
    wire.silent.store(false, Ordering::SeqCst);
    fleet_is(&mut live, "back", |fleet| !down(fleet, &address)).await;
}

/// A wire that can fall silent without closing.
pub(crate) struct Wire {
    pub(crate) socket: PathBuf,
    silent: Arc<AtomicBool>,
    /// New connections are closed at once.
    pub(crate) refuses: Arc<AtomicBool>,
    folder: PathBuf,
}

impl Wire {
    pub(crate) fn to(engine: &Path) -> Self {
        let folder = folder();
        let socket = folder.join("wire.sock");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let silent = Arc::new(AtomicBool::new(false));
        let refuses = Arc::new(AtomicBool::new(false));
        let (shared, refuse, engine) = (silent.clone(), refuses.clone(), engine.to_owned());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if refuse.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(server) = UnixStream::connect(&engine) else {
                    continue;
                };
                for (from, to) in [
                    (client.try_clone(), server.try_clone()),
                    (Ok(server), Ok(client)),
                ] {
                    let (Ok(from), Ok(to)) = (from, to) else {
                        continue;
                    };
                    let silent = shared.clone();
                    std::thread::spawn(move || pass(from, to, &silent));
                }
            }
        });
        Self {
            socket,
            silent,
            refuses,
            folder,
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn pass(mut from: UnixStream, mut to: UnixStream, silent: &AtomicBool) {
    use std::io::{Read as _, Write as _};
    let mut buffer = [0; 16_384];
    let mut lost = false;
    while let Ok(count) = from.read(&mut buffer) {
        // A connection that was cut stays cut, though neither side is told.
        lost |= silent.load(Ordering::SeqCst);
        if count == 0 {
            break;
        }
        if !lost && to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    if !lost {
        let _ = to.shutdown(std::net::Shutdown::Write);
    }
}
