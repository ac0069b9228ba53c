//! What every command needs: the project, its targets, the store, and how to answer.

use std::sync::Arc;

use super::args::Args;
use super::log;
use super::memory;
use super::output::{self, Exit};
use super::showroom::Showroom;
use super::table::Colour;
use crate::config::{self, SettingsRead, Surroundings};
use crate::model::fleet::{EngineState, Fleet, Link};
use crate::model::learned::learned;
use crate::model::project::{EngineName, Project};
use crate::observe;
use crate::operate::Operator;
use crate::store::{JournalEntry, Store};
use crate::target::{Clock, Targets};

/// What every command needs.
pub(super) struct Session {
    pub(super) project: Arc<Project>,
    pub(super) surroundings: Surroundings,
    pub(super) settings: SettingsRead,
    /// It is all made up, and nothing of it is to be kept.
    pub(super) demo: bool,
    /// Nothing may be changed, by flag or by setting.
    pub(super) read_only: bool,
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
        let settings = config::load_settings(&surroundings);
        // The interface shows them itself.
        if args.command.is_some() {
            say_refused(&settings, args.quiet);
        }
        let read_only = args.read_only || settings.settings.read_only;
        if read_only {
            for environment in &mut project.environments {
                environment.read_only = true;
            }
        }
        log::open(&surroundings, settings.settings.log);
        let store = open_store(&surroundings, args.quiet)?;
        let targets = Targets::of(&project, &store);
        let operator = Operator::new(targets.clone(), store.clone());
        Ok(Self {
            project: Arc::new(project),
            surroundings,
            settings,
            demo: false,
            read_only,
            targets,
            operator,
            store,
            colour: output::colour(args.color),
            json: args.json,
            quiet: args.quiet,
        })
    }

    /// A session on the demo: the user's settings are read, and nothing else of his. No
    /// project, no store, no log.
    pub(super) fn demo(args: &Args, showroom: &Showroom) -> Self {
        let surroundings = Surroundings::of_process();
        let settings = config::load_settings(&surroundings);
        let read_only = args.read_only || settings.settings.read_only;
        let mut project = (*showroom.project).clone();
        if read_only {
            for environment in &mut project.environments {
                environment.read_only = true;
            }
        }
        Self {
            project: Arc::new(project),
            surroundings,
            settings,
            demo: true,
            read_only,
            targets: showroom.targets.clone(),
            operator: showroom.operator.clone(),
            store: showroom.store.clone(),
            colour: output::colour(args.color),
            json: args.json,
            quiet: args.quiet,
        }
    }

    /// Asks every engine once, remembers what they said, and learns the events they carry.
    pub(super) async fn fleet(&self) -> Fleet {
        let last = memory::recall(&self.store, &self.project);
        let engines = observe::gather(&self.targets, &last, Clock::System).await;
        let fleet = Fleet::assemble(&self.project, &engines, chrono::Utc::now());
        // The store is a hint: a full disk must not keep anybody from rolling back.
        let remembered = memory::remember(&self.store, &self.project, &engines)
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
        let why = silence(fleet)?;
        let exit = say_silence(&why);
        if self.json {
            output::json(&output::refusal_json(&why.join("; "), exit));
        }
        Some(exit)
    }

    /// The exit code where nothing may be changed at all, which is said.
    pub(super) fn read_only(&self) -> Option<Exit> {
        let why = "karat is read-only, by --read-only or the settings file; nothing was changed";
        self.read_only
            .then(|| output::refused(self.json, &why, Exit::REFUSED))
    }

    /// Says that an operation of this machine did not end, if so: the newest in words. What
    /// another machine has recovered is forgotten here first.
    pub(super) fn hint_unfinished(&self, fleet: &Fleet) {
        let left = self.store.unfinished_by(&fleet.engines).unwrap_or_default();
        if let Some(hint) = unfinished_hint(&left) {
            self.hint(&hint);
        }
    }
}

/// Says what of the settings was refused. That nothing can be changed for it is never left
/// out.
fn say_refused(settings: &SettingsRead, quiet: bool) {
    let refused = settings.refused.iter().filter(|_| !quiet);
    for one in refused.chain(&settings.closed) {
        output::say(&format!("karat: {one}"));
    }
}

/// One line for all that did not end, oldest first as the store has them.
fn unfinished_hint(left: &[JournalEntry]) -> Option<String> {
    let (newest, others) = left.split_last()?;
    let more = match others.len() {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    Some(format!(
        "an operation of this machine did not end: {} (since {}){more}; run `karat recover`",
        newest.summary,
        newest.since.format("%Y-%m-%d %H:%M UTC")
    ))
}

/// Writes why no engine answers to standard error only.
pub(super) fn say_silence(why: &[String]) -> Exit {
    for one in why {
        output::error(one);
    }
    Exit::ERROR
}

/// Why no engine answers, a sentence for each; none if one does.
pub(super) fn silence(fleet: &Fleet) -> Option<Vec<String>> {
    // A registry alone tells what there is, but not what runs.
    let answers = |(name, engine): (&EngineName, &EngineState)| {
        engine.link == Link::Up && !name.is_registry()
    };
    if fleet.engines.iter().any(answers) {
        return None;
    }
    if fleet.engines.is_empty() {
        let why = "no engine is known: start Docker, or name engines in karat.toml";
        return Some(vec![why.to_owned()]);
    }
    let why = fleet
        .engines
        .values()
        .filter_map(|state| match &state.link {
            Link::Down { error, .. } => Some(error.clone()),
            Link::Up | Link::Connecting => None,
        });
    Some(why.collect())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::OperationId;
    use crate::model::testing::minute;

    #[test]
    fn one_line_stands_for_all_that_did_not_end() {
        let entry = |summary: &str, at: i64| JournalEntry {
            operation: OperationId(summary.to_owned()),
            summary: summary.to_owned(),
            engines: Vec::new(),
            since: minute(at),
        };
        assert_eq!(unfinished_hint(&[]), None);
        let one = unfinished_hint(&[entry("promote api", 0)]).expect("a hint");
        assert!(one.contains("did not end: promote api (since "), "{one}");
        assert!(!one.contains("more"), "{one}");
        let three = [entry("a", 0), entry("b", 1), entry("roll back web", 2)];
        let all = unfinished_hint(&three).expect("a hint");
        assert!(
            all.contains("roll back web") && all.contains("), and 2 more; run"),
            "{all}"
        );
        assert!(!all.contains('\n'), "{all}");
    }
}
