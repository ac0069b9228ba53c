//! What every command needs: the project, its targets, the store, and how to answer.

use std::sync::Arc;

use super::args::Args;
use super::output::{self, Exit};
use super::table::Colour;
use crate::config::{self, Surroundings};
use crate::model::fleet::{Fleet, Link};
use crate::model::learned::learned;
use crate::model::project::Project;
use crate::observe;
use crate::operate::Operator;
use crate::store::Store;
use crate::target::Targets;

/// What every command needs.
pub(super) struct Session {
    pub(super) project: Arc<Project>,
    pub(super) surroundings: Surroundings,
    pub(super) targets: Targets,
    pub(super) store: Arc<Store>,
    pub(super) operator: Operator,
    pub(super) colour: Colour,
    pub(super) json: bool,
    pub(super) quiet: bool,
}

impl Session {
    /// Reads the project and opens the store. Nothing is asked of any engine.
    pub(super) fn open(args: &Args) -> Result<Self, Exit> {
        let surroundings = Surroundings::of_process();
        let mut project =
            config::load(args.project.as_deref(), &surroundings).map_err(|error| {
                output::error(&error);
                Exit::ERROR
            })?;
        if args.read_only {
            for environment in &mut project.environments {
                environment.read_only = true;
            }
        }
        let store = open_store(&surroundings, args.quiet)?;
        let targets = Targets::of(&project);
        let operator = Operator::new(targets.clone(), store.clone());
        Ok(Self {
            project: Arc::new(project),
            surroundings,
            targets,
            operator,
            store,
            colour: output::colour(args.color),
            json: args.json,
            quiet: args.quiet,
        })
    }

    /// Asks every engine once, remembers what they said, and learns the events they carry.
    pub(super) async fn fleet(&self) -> Fleet {
        let last = self.store.last_engines().unwrap_or_default();
        let engines = observe::gather(&self.targets, &last).await;
        let fleet = Fleet::assemble(&self.project, &engines, chrono::Utc::now());
        // The store is a hint: a full disk must not keep anybody from rolling back.
        let remembered = self
            .store
            .remember_engines(&engines)
            .and_then(|()| self.store.learn(&learned(&fleet)));
        if let Err(error) = remembered {
            self.hint(&format!(
                "what was seen could not be remembered on this machine: {error}"
            ));
        }
        fleet
    }

    /// Writes something useful that is not the result.
    pub(super) fn hint(&self, text: &str) {
        if !self.quiet {
            output::say(text);
        }
    }

    /// Says if nothing answered at all: then the fleet is no answer.
    pub(super) fn nobody_answers(&self, fleet: &Fleet) -> Option<Exit> {
        if fleet.engines.values().any(|engine| engine.link == Link::Up) {
            return None;
        }
        if fleet.engines.is_empty() {
            output::error(&"no engine is known: start Docker, or name engines in karat.toml");
        }
        for state in fleet.engines.values() {
            if let Link::Down { error, .. } = &state.link {
                output::error(error);
            }
        }
        Some(Exit::ERROR)
    }
}

fn open_store(surroundings: &Surroundings, quiet: bool) -> Result<Arc<Store>, Exit> {
    let opened = match config::data_dir(surroundings) {
        Ok(folder) => Store::open_or_memory(&folder),
        Err(error) => Store::in_memory().map(|store| (store, Some(error.to_string()))),
    };
    match opened {
        Ok((store, warning)) => {
            if let Some(warning) = warning.filter(|_| !quiet) {
                output::say(&format!("karat: {warning}"));
            }
            Ok(Arc::new(store))
        }
        Err(error) => {
            output::error(&error);
            Err(Exit::ERROR)
        }
    }
}
