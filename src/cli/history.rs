//! `karat history`: who did what, when and why.

use super::output::{self, Exit};
use super::session::Session;
use super::{history_text, json};
use crate::model::project::{EnvironmentName, ImageName};
use crate::store::Filter;

pub(super) async fn run(
    session: &Session,
    image: Option<String>,
    env: Option<String>,
    limit: usize,
) -> Exit {
    // The engines carry what other machines did; without them there is still our own.
    let _ = session.fleet().await;
    let filter = Filter {
        image: image.as_deref().map(ImageName::from),
        environment: env.as_deref().map(EnvironmentName::from),
        limit: Some(limit),
    };
    match session.store.events(&filter) {
        Ok(events) if session.json => output::json(&json::history(&events)),
        Ok(events) => output::result(&history_text::render(&events, session.colour)),
        Err(error) => {
            output::error(&error);
            return Exit::ERROR;
        }
    }
    Exit::DONE
}
