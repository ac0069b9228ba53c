//! `karat history`: who did what, when and why.

use super::output::{self, Exit};
use super::session::Session;
use super::{deploy, history_text, json};
use std::collections::HashSet;

use crate::model::fleet::{Fleet, Link};
use crate::model::plan::OperationId;
use crate::model::project::{EngineName, EnvironmentName, ImageName};
use crate::model::reference::Repository;
use crate::model::shared;
use crate::model::time::Timestamp;
use crate::operate::{Refusal, planning};
use crate::store::{Filter, Store};

pub(super) async fn run(
    session: &Session,
    image: Option<String>,
    env: Option<String>,
    limit: usize,
) -> Exit {
    // The engines carry what other machines did; without them there is still our own.
    let fleet = session.fleet().await;
    let filter = Filter {
        image: image.as_deref().map(ImageName::from),
        environment: env.as_deref().map(EnvironmentName::from),
        limit: Some(limit),
    };
    if let Some(refusal) = unknown(&fleet, &session.store, &filter) {
        return deploy::refused(session, &refusal);
    }
    let shared = shared(session, &fleet, filter.image.as_ref());
    match session.store.events(&filter) {
        Ok(events) if session.json => output::json(&json::history(&events, &shared)),
        Ok(events) => {
            output::result(&history_text::render(
                &events,
                &shared,
                fleet.at,
                session.colour,
            ));
        }
        Err(error) => return output::refused(session.json, &error, Exit::ERROR),
    }
    Exit::DONE
}

/// What is to be known of the history that a team shares.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// Operations whose karats did not see each other.
    pub forked: HashSet<OperationId>,
    /// Where it is read.
    pub sources: Vec<HistorySource>,
}

/// A repository that has history, and when it was read.
#[derive(Clone, Debug)]
pub struct HistorySource {
    /// Which.
    pub repository: Repository,
    /// When it was read last.
    pub read: Option<Timestamp>,
    /// Why it could not be read now.
    pub error: Option<String>,
}

fn shared(session: &Session, fleet: &Fleet, only: Option<&ImageName>) -> Shared {
    let mut all = Shared::default();
    let Some(history) = &session.targets.shared else {
        return all;
    };
    for row in &fleet.rows {
        let repository = &row.image.repository;
        if only.is_some_and(|name| *name != row.image.name) || repository.registry_host().is_none()
        {
            continue;
        }
        let records = history.remembered(repository);
        let forked = shared::forked(&records).into_iter();
        all.forked
            .extend(forked.map(|id| OperationId(id.to_owned())));
        let state = fleet.engines.get(&EngineName::registry(repository));
        all.sources.push(HistorySource {
            repository: repository.clone(),
            read: state.and_then(|state| Some(state.last.as_ref()?.at)),
            error: state.and_then(|state| match &state.link {
                Link::Down { error, .. } => Some(error.clone()),
                Link::Up | Link::Connecting => None,
            }),
        });
    }
    all
}

/// Why there is no such history: neither the fleet nor any event has the image, or the
/// environment. What is gone may still have a history.
fn unknown(fleet: &Fleet, store: &Store, filter: &Filter) -> Option<Refusal> {
    let told = |image: Option<ImageName>, environment: Option<EnvironmentName>| {
        let only = Filter {
            image,
            environment,
            limit: Some(1),
        };
        // A store that cannot be read is told of where its events are asked for.
        store
            .events(&only)
            .map_or(true, |events| !events.is_empty())
    };
    let image = filter.image.as_ref().and_then(|name| {
        let refusal = planning::row(fleet, name).err()?;
        (!told(Some(name.clone()), None)).then_some(refusal)
    });
    image.or_else(|| {
        let name = filter.environment.as_ref()?;
        let refusal = planning::environment(fleet, name).err()?;
        (!told(None, Some(name.clone()))).then_some(refusal)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::fixture;

    #[test]
    fn only_a_name_that_neither_runs_nor_ever_did_is_unknown() {
        let fleet = fixture::fleet();
        let store = Store::in_memory().expect("a store");
        let mut gone = fixture::events().remove(0);
        gone.image = ImageName::from("gone");
        gone.environment = Some(EnvironmentName::from("old"));
        store.record(&gone).expect("recorded");
        let ask = |image: Option<&str>, environment: Option<&str>| {
            let filter = Filter {
                image: image.map(ImageName::from),
                environment: environment.map(EnvironmentName::from),
                limit: None,
            };
            unknown(&fleet, &store, &filter).map(|refusal| refusal.to_string())
        };
        for (image, environment) in [
            (None, None),
            (Some("shop"), Some("prod")),
            (Some("gone"), Some("old")),
        ] {
            assert_eq!(ask(image, environment), None);
        }
        let no_image = ask(Some("shpo"), None).expect("refused");
        assert!(no_image.contains("did you mean `shop`?"), "{no_image}");
        let nowhere = ask(Some("gone"), Some("pord")).expect("refused");
        assert!(nowhere.contains("did you mean `prod`?"), "{nowhere}");
    }
}
