//! `karat versions`: an image's versions, newest first.

use super::output::{self, Exit};
use super::session::Session;
use super::{deploy, json, versions_text};
use crate::model::project::{EnvironmentName, ImageName};
use crate::operate::planning;

pub(super) async fn run(session: &Session, image: &str, env: Option<&str>) -> Exit {
    let fleet = session.fleet().await;
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
