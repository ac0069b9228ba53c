//! What was cut off, by operation: what recovering is about. Operations of this very karat
//! are none of it.

use std::collections::BTreeMap;

use crate::model::fleet::Fleet;
use crate::model::observation::LockSeen;
use crate::model::plan::OperationId;
use crate::model::project::{EngineName, Environment, EnvironmentName};

use super::available::closed;
use super::state::State;

/// By the operation's name.
type Found = BTreeMap<OperationId, CutOff>;

/// An operation whose locks are still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CutOff {
    /// Which.
    pub(crate) id: OperationId,
    /// What it was about to do, in words.
    pub(crate) summary: String,
    /// Whose it is.
    pub(crate) owner: String,
    /// The environments it touches.
    pub(crate) environments: Vec<EnvironmentName>,
    /// The containers that are locked.
    pub(crate) locks: Vec<(EngineName, String)>,
    /// Why it must be left alone.
    pub(crate) closed: Option<String>,
}

/// Everything that was cut off, as far as the fleet shows.
pub(crate) fn cut_off(state: &State) -> Vec<CutOff> {
    let fleet = &state.fleet;
    let mut all = Found::new();
    for row in &fleet.rows {
        for (cell, environment) in row.cells.iter().zip(&fleet.environments) {
            for (engine, lock) in &cell.locks {
                add(&mut all, engine, lock).touches(environment);
            }
        }
    }
    for (engine, lock) in &fleet.stray_locks {
        let operation = add(&mut all, engine, lock);
        if operation.environments.is_empty() {
            // Its container is not there just now. What cannot be told apart is as precious
            // as the most precious that it may be.
            for environment in on(fleet, engine) {
                operation.touches(environment);
            }
        }
    }
    all.into_values()
        .filter(|one| !state.running().any(|ours| ours.id == one.id))
        .collect()
}

fn on<'a>(fleet: &'a Fleet, engine: &'a EngineName) -> impl Iterator<Item = &'a Environment> {
    let environments = fleet.environments.iter();
    environments.filter(|one| one.engines.contains(engine))
}

/// The operation of a lock, with that lock.
fn add<'a>(all: &'a mut Found, engine: &EngineName, lock: &LockSeen) -> &'a mut CutOff {
    let operation = all.entry(lock.operation.clone()).or_insert_with(|| CutOff {
        id: lock.operation.clone(),
        summary: lock.summary.clone(),
        owner: lock.owner.clone(),
        environments: Vec::new(),
        locks: Vec::new(),
        closed: None,
    });
    let locked = (engine.clone(), lock.container.clone());
    if !operation.locks.contains(&locked) {
        operation.locks.push(locked);
    }
    operation
}

impl CutOff {
    fn touches(&mut self, environment: &Environment) {
        if !self.environments.contains(&environment.name) {
            self.environments.push(environment.name.clone());
        }
        if self.closed.is_none() {
            self.closed = closed(environment);
        }
    }
}
