//! `karat init`: a project file from what runs.

use super::output::{self, Exit};
use super::session::Session;
use crate::config;
use crate::model::project::Source;

pub(super) async fn run(session: &Session, print: bool) -> Exit {
    if let Source::File(path) = &session.project.source {
        session.hint(&format!(
            "{} is in force; it is what this starts from",
            path.display()
        ));
    }
    let fleet = session.fleet().await;
    if let Some(exit) = session.nobody_answers(&fleet) {
        return exit;
    }
    if let Some(left_out) = config::left_out(&fleet) {
        session.hint(&left_out);
    }
    let text = config::render_project(&fleet, &session.project);
    if print {
        output::result(&text);
        return Exit::DONE;
    }
    let path = session.surroundings.cwd.join(config::FILE_NAME);
    match config::write_new(&path, &text) {
        Ok(()) => {
            output::result(&format!("wrote {}\n", path.display()));
            Exit::DONE
        }
        Err(error) => {
            output::error(&error);
            Exit::ERROR
        }
    }
}
