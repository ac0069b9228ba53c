//! `karat` without a verb: the interface, and the hands that do what it asks.
//!
//! | file | subject |
//! |---|---|
//! | `hands` | does what the interface asks, errand by errand |

mod hands;

use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::args::{Args, Demo, Look};
use super::dissecting::Dissecting;
use super::keeper::Keeper;
use super::look;
use super::memory;
use super::output::{self, Exit};
use super::session::Session;
use super::showroom::{Anatomies, Showroom};
use crate::config;
use crate::model::project::Project;
use crate::observe::{Live, Pace, live};
use crate::store::Store;
use crate::target::Clock;
use crate::tui::{self, Opening};
use hands::Hand;

/// Opens the interface and stays until it is left.
pub(super) async fn run(session: &Session, look: &Look) -> Exit {
    let observed = observe(session);
    let remembering = tokio::spawn(remember(
        session.store.clone(),
        session.project.clone(),
        observed.engines.clone(),
    ));
    let exit = stay(session, look, &observed, None).await;
    remembering.abort();
    // What was seen last is what the next start shows first.
    let engines = observed.engines.borrow().clone();
    let _ = memory::remember(&session.store, &session.project, &engines);
    exit
}

/// Opens the interface on a fleet that is made up, and goes on with its story until it is
/// left.
pub(super) async fn demo(args: &Args, ask: &Demo) -> Exit {
    let showroom = match Showroom::open(ask.seed, ask.speed) {
        Ok(showroom) => showroom,
        Err(error) => {
            output::error(&error);
            return Exit::ERROR;
        }
    };
    let session = Session::demo(args, &showroom);
    let observed = observe(&session);
    let _story = showroom.live(&observed.fleet);
    stay(
        &session,
        &args.look,
        &observed,
        Some(showroom.anatomies.clone()),
    )
    .await
}

fn observe(session: &Session) -> Live {
    let last = memory::recall(&session.store, &session.project);
    let clock = *session.operator.clock();
    live(
        &session.project,
        &session.targets,
        &last,
        Pace::default(),
        clock,
    )
}

async fn stay(
    session: &Session,
    look: &Look,
    observed: &Live,
    anatomies: Option<Arc<Anatomies>>,
) -> Exit {
    let hands = Hand {
        operator: session.operator.clone(),
        project: session.project.clone(),
        store: session.store.clone(),
        fleet: observed.fleet.clone(),
        nudge: observed.nudge(),
        running: Mutex::default(),
        // The demo leaves nothing behind, not even how its lists were sorted.
        kept: Keeper::new(if session.demo {
            None
        } else {
            config::state_dir(&session.surroundings)
        }),
        followed: Mutex::default(),
        dissecting: Dissecting::new(session, observed.fleet.clone(), anatomies),
    };
    let opening = opening(session, look, observed, hands);
    match tui::run(opening).await {
        Ok(goodbye) => {
            for report in &goodbye.ended {
                output::say(&format!("karat: {}", report.summary));
            }
            if session.demo {
                // What was left in the middle is gone, and so is everything else.
                return Exit(u8::try_from(goodbye.exit_code()).unwrap_or(1));
            }
            for (_, summary) in &goodbye.unfinished {
                output::say(&format!(
                    "karat: left in the middle: {summary}; run `karat recover`"
                ));
            }
            Exit(u8::try_from(goodbye.exit_code()).unwrap_or(1))
        }
        Err(error) => {
            output::error(&error);
            Exit::ERROR
        }
    }
}

fn opening(session: &Session, look: &Look, observed: &Live, hands: Hand) -> Opening {
    let settings = &session.settings.settings;
    let settings_read = &session.settings;
    let mut refused: Vec<String> = settings_read.refused.clone();
    refused.extend(settings_read.closed.clone());
    let themes = look::themes(session, look, &mut refused);
    let preferences = hands.kept.read();
    Opening {
        fleet: observed.fleet.borrow().clone(),
        fleet_updates: observed.fleet.clone(),
        hands: Arc::new(hands),
        read_only: session.read_only,
        keys: settings.keys.clone(),
        demo: session.demo,
        mouse: settings.mouse && !look.no_mouse,
        term: session.surroundings.var("TERM").map(str::to_owned),
        themes,
        refused,
        clock: read(*session.operator.clock()),
        preferences,
    }
}

#[cfg(not(debug_assertions))]
fn read(clock: Clock) -> tui::Clock {
    Arc::new(move || clock.now())
}

/// The clock. In debug builds only, one that fails when it is read for the `KARAT_FAULT`th
/// time: so a test sees what a fault of karat itself leaves of the terminal.
#[cfg(debug_assertions)]
fn read(clock: Clock) -> tui::Clock {
    let fault = std::env::var("KARAT_FAULT").ok();
    let fails_at = fault.and_then(|count| count.parse::<u32>().ok());
    let read = std::sync::atomic::AtomicU32::new(0);
    Arc::new(move || {
        let count = read.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        assert!(fails_at != Some(count), "a fault that was asked for");
        clock.now()
    })
}

/// Keeps what the engines said, and the events they carry, for the next start. At most once
/// in some seconds: a busy engine must not keep the disk busy.
async fn remember(
    store: Arc<Store>,
    project: Arc<Project>,
    mut engines: watch::Receiver<Arc<crate::model::fleet::Engines>>,
) {
    while engines.changed().await.is_ok() {
        let seen = engines.borrow_and_update().clone();
        let (store, project) = (store.clone(), project.clone());
        let write = move || memory::remember(&store, &project, &seen);
        let written = tokio::task::spawn_blocking(write).await;
        // Only a cache: the next try may succeed, and nothing depends on it.
        drop(written);
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    }
}
