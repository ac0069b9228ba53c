//! `karat versions`: an image's versions, newest first.

use super::output::{self, Exit};
use super::session::Session;
use super::{deploy, json, versions_text};
use crate::model::fleet::Fleet;
use crate::model::project::{EngineName, EnvironmentName, ImageName};
use crate::operate::planning;

pub(super) async fn run(session: &Session, image: &str, env: Option<&str>, all: bool) -> Exit {
    let mut fleet = session.fleet().await;
    if all && look_at_all(session, &fleet, image) {
        fleet = session.fleet().await;
    }
    if let Some(exit) = session.nobody_answers(&fleet) {
        return exit;
    }
    let env = env.map(EnvironmentName::from);
    if let Some(Err(refusal)) = env.as_ref().map(|name| planning::environment(&fleet, name)) {
        return deploy::refused(session, &refusal);
    }
    match planning::row(&fleet, &ImageName::from(image)) {
        Ok(row) if session.json => output::json(&json::versions(&fleet, row)),
        Ok(row) => output::result(&versions_text::render(
            &fleet,
            row,
            env.as_ref(),
            session.colour,
        )),
        Err(refusal) => return deploy::refused(session, &refusal),
    }
    Exit::DONE
}

/// Has every tag of an image read with the next look. Says whether there is any to read.
fn look_at_all(session: &Session, fleet: &Fleet, image: &str) -> bool {
    let Ok(row) = planning::row(fleet, &ImageName::from(image)) else {
        return false;
    };
    let name = EngineName::registry(&row.image.repository);
    let Ok(target) = session.targets.get(&name) else {
        return false;
    };
    let known = row
        .catalog
        .versions
        .iter()
        .flat_map(|version| &version.tags);
    let unread = row.catalog.unread.iter().map(|unread| &unread.tag);
    let tags: Vec<String> = known.chain(unread).cloned().collect();
    target.look_at(&tags);
    !tags.is_empty()
}
