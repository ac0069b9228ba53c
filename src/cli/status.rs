//! `karat status`: the fleet.

use super::output::{self, Exit};
use super::session::{Session, say_silence, silence};
use super::{deploy, json, status_text};
use crate::model::project::ImageName;
use crate::operate::planning;

pub(super) async fn run(session: &Session, image: Option<&str>) -> Exit {
    let mut fleet = session.fleet().await;
    let only = image.map(ImageName::from);
    if let Some(name) = &only
        && let Err(refusal) = planning::row(&fleet, name)
    {
        return session
            .nobody_answers(&fleet)
            .unwrap_or_else(|| deploy::refused(session, &refusal));
    }
    if session.json {
        if let Some(name) = &only {
            fleet.rows.retain(|row| &row.image.name == name);
        }
        output::json(&json::status(&fleet));
    } else {
        output::result(&status_text::render(&fleet, only.as_ref(), session.colour));
        session.hint_unfinished(&fleet);
    }
    // The fleet is the result already, also where it only says that nothing answers.
    silence(&fleet).map_or(Exit::DONE, |why| say_silence(&why))
}
