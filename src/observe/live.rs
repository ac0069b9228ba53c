//! The live fleet: a task for each engine, and one that joins what they say.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use super::{at_first, read};
use crate::engine::EngineError;
use crate::model::fleet::{EngineState, Engines, Fleet, Link};
use crate::model::observation::Observation;
use crate::model::project::{EngineName, Project};
use crate::model::time::Timestamp;
use crate::target::{Clock, Target, TargetError, Targets};

/// How often things are tried and asked.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How often a silent connection is tested with a greeting.
    pub greet_every: Duration,
    /// How long events are collected before the engine is read again.
    pub collect_for: Duration,
    /// The first pause before a lost engine is tried again; doubled each time.
    pub retry_first: Duration,
    /// The longest pause.
    pub retry_most: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            greet_every: Duration::from_secs(60),
            collect_for: Duration::from_millis(40),
            retry_first: Duration::from_secs(1),
            retry_most: Duration::from_secs(30),
        }
    }
}

/// The live fleet. Dropping it ends its tasks.
pub struct Live {
    /// The newest fleet.
    pub fleet: watch::Receiver<Arc<Fleet>>,
    /// What the fleet was made from, to be remembered.
    pub engines: watch::Receiver<Arc<Engines>>,
    nudge: Arc<Notify>,
    _tasks: JoinSet<()>,
}

impl Live {
    /// Tries lost engines again at once, and reads registries and channels anew.
    pub fn nudge(&self) -> Arc<Notify> {
        self.nudge.clone()
    }
}

/// Begins to observe. The first fleet is there at once, from what was known last.
#[must_use]
pub fn live(
    project: &Arc<Project>,
    targets: &Targets,
    last: &Engines,
    pace: Pace,
    clock: Clock,
) -> Live {
    let first = at_first(targets, last, clock);
    let fleet = Arc::new(Fleet::assemble(project, &first, clock.now()));
    let (fleet_out, fleet_in) = watch::channel(fleet);
    let (engines_out, engines_in) = watch::channel(Arc::new(first.clone()));
    let (said, heard) = mpsc::channel(64);
    let nudge = Arc::new(Notify::new());
    let mut tasks = JoinSet::new();
    for target in targets.usable.values() {
        let voice = Voice {
            target: target.clone(),
            said: said.clone(),
            last: first.get(target.name()).and_then(|s| s.last.clone()),
            clock,
        };
        tasks.spawn(voice.keep_reading(pace, nudge.clone()));
    }
    let project = project.clone();
    let out = (fleet_out, engines_out);
    tasks.spawn(join(project, first, heard, out, clock));
    Live {
        fleet: fleet_in,
        engines: engines_in,
        nudge,
        _tasks: tasks,
    }
}

type Said = (EngineName, EngineState);

/// Joins what the engines say. Everything said at one moment makes one fleet.
async fn join(
    project: Arc<Project>,
    mut engines: Engines,
    mut heard: mpsc::Receiver<Said>,
    (fleet, snapshot): (watch::Sender<Arc<Fleet>>, watch::Sender<Arc<Engines>>),
    clock: Clock,
) {
    while let Some((name, state)) = heard.recv().await {
        take_in(&mut engines, name, state);
        while let Ok((name, state)) = heard.try_recv() {
            take_in(&mut engines, name, state);
        }
        let now = clock.now();
        fleet.send_replace(Arc::new(Fleet::assemble(&project, &engines, now)));
        snapshot.send_replace(Arc::new(engines.clone()));
    }
}

/// Takes in what an engine said; that it came or went goes to the log.
fn take_in(engines: &mut Engines, name: EngineName, state: EngineState) {
    let up = |state: &EngineState| state.link == Link::Up;
    let was_up = engines.get(&name).is_some_and(up);
    match &state.link {
        Link::Up if !was_up => tracing::info!(engine = %name, "answers"),
        Link::Down { error, .. } if was_up => {
            tracing::warn!(engine = %name, error = ?error, "went away");
        }
        Link::Down { error, .. } => tracing::debug!(engine = %name, error = ?error, "is away"),
        Link::Up | Link::Connecting => {}
    }
    engines.insert(name, state);
}

/// One engine's task.
struct Voice {
    target: Arc<dyn Target>,
    said: mpsc::Sender<Said>,
    last: Option<Observation>,
    clock: Clock,
}

impl Voice {
    async fn keep_reading(mut self, pace: Pace, nudge: Arc<Notify>) {
        let mut pause = pace.retry_first;
        let mut since: Option<Timestamp> = None;
        loop {
            let was_up = self.last.as_ref().map(|seen| seen.at);
            let error = self.read_until_lost(pace, &nudge).await;
            let answered = self.last.as_ref().map(|seen| seen.at) != was_up;
            if answered {
                pause = pace.retry_first;
                since = None;
            }
            let link = Link::Down {
                error: error.to_string(),
                since: *since.get_or_insert_with(|| self.clock.now()),
                retry_at: Some(self.clock.in_real(pause)),
            };
            if self.say(link).await.is_err() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = nudge.notified() => {}
            }
            pause = (pause * 2).min(pace.retry_most);
        }
    }

    /// Listens, reads, and reads again whenever something changed; until the engine is lost.
    /// Registries tell nobody what happens there: they are read again when nudged, too.
    async fn read_until_lost(&mut self, pace: Pace, nudge: &Notify) -> TargetError {
        let tells = self.target.name().is_engine();
        let mut changes = self.target.changes();
        let begun = tokio::time::timeout(super::OBSERVE_WITHIN, changes.next()).await;
        match begun {
            Ok(Some(Ok(()))) => {}
            Ok(Some(Err(error))) => return error,
            Ok(None) | Err(_) => return self.lost("listening to its events"),
        }
        loop {
            // Heard from here on: what is read now may be of before.
            let nudged = nudge.notified();
            tokio::pin!(nudged);
            nudged.as_mut().enable();
            match read(self.target.as_ref(), super::OBSERVE_WITHIN).await {
                Ok(seen) => self.last = Some(seen),
                Err(error) => return error,
            }
            if self.say(Link::Up).await.is_err() {
                return self.lost("telling the fleet");
            }
            loop {
                tokio::select! {
                    change = changes.next() => match change {
                        Some(Ok(())) => break,
                        Some(Err(error)) => return error,
                        None => return self.lost("listening to its events"),
                    },
                    () = &mut nudged, if !tells => {
                        self.target.forget();
                        break;
                    }
                    () = tokio::time::sleep(pace.greet_every) => {
                        if let Err(error) = self.target.ping().await {
                            return error;
                        }
                    }
                }
            }
            // One action makes several events; they are read together.
            let collected = tokio::time::sleep(pace.collect_for);
            tokio::pin!(collected);
            loop {
                tokio::select! {
                    () = &mut collected => break,
                    change = changes.next() => if let Some(Err(error)) = change { return error },
                }
            }
        }
    }

    async fn say(&self, link: Link) -> Result<(), ()> {
        let state = EngineState {
            last: self.last.clone(),
            link,
        };
        self.said
            .send((self.target.name().clone(), state))
            .await
            .map_err(drop)
    }

    fn lost(&self, doing: &str) -> TargetError {
        TargetError::Engine(EngineError::Unreachable {
            engine: self.target.name().clone(),
            doing: doing.to_owned(),
            why: "the connection ended".to_owned(),
        })
    }
}
