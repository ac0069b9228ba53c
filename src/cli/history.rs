//! `karat history`: who did what, when and why.

use super::output::{self, Exit};
use super::session::Session;
use super::{deploy, history_text, json};
use crate::model::fleet::Fleet;
use crate::model::project::{EnvironmentName, ImageName};
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
    match session.store.events(&filter) {
        Ok(events) if session.json => output::json(&json::history(&events)),
        Ok(events) => output::result(&history_text::render(&events, session.colour)),
        Err(error) => return output::refused(session.json, &error, Exit::ERROR),
    }
    Exit::DONE
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
