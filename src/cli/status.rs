//! `karat status`: the fleet.

use super::output::{self, Exit};
use super::session::Session;
use super::{json, status_text};
use crate::model::project::ImageName;
use crate::operate::planning;

pub(super) async fn run(session: &Session, image: Option<&str>) -> Exit {
    let mut fleet = session.fleet().await;
    let only = image.map(ImageName::from);
    if let Some(name) = &only
        && let Err(refusal) = planning::row(&fleet, name)
    {
        if let Some(exit) = session.nobody_answers(&fleet) {
            return exit;
        }
        output::error(&refusal);
        return Exit::ERROR;
    }
    if session.json {
        if let Some(name) = &only {
            fleet.rows.retain(|row| &row.image.name == name);
        }
        output::json(&json::status(&fleet));
    } else {
        output::result(&status_text::render(&fleet, only.as_ref(), session.colour));
        for entry in session.store.unfinished().unwrap_or_default() {
            session.hint(&format!(
                "an operation of this machine did not end: {} (since {}); run `karat recover`",
                entry.summary,
                entry.since.format("%Y-%m-%d %H:%M UTC")
            ));
        }
    }
    session.nobody_answers(&fleet).unwrap_or(Exit::DONE)
}
