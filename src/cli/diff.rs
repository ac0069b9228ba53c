//! `karat diff`: what differs between two images, and what grew.

use super::anatomy::{diff_json, diff_markdown, diff_text};
use super::args::{Diff, Markdown};
use super::layers::style;
use super::output::{self, Exit};
use super::reading::Reading;
use super::session::Session;
use crate::explain::Compared;

pub(super) async fn run(session: &Session, args: &Diff) -> Exit {
    match compare(session, args).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn compare(session: &Session, args: &Diff) -> Result<Exit, Exit> {
    let reading = Reading::new(session);
    let before = reading.ask(&args.from, &args.which)?;
    let after = reading.ask(&args.to, &args.which)?;
    let before = reading.explain(&before).await?;
    let after = reading.explain(&after).await?;
    let work = move || Compared::of(before, after);
    let compared = match tokio::task::spawn_blocking(work).await {
        Ok(compared) => compared,
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    };
    match (args.markdown, session.json) {
        (Some(Markdown::Full), _) => output::result(&diff_markdown::full(&compared)),
        (Some(Markdown::Summary), _) => output::result(&diff_markdown::summary(&compared)),
        (None, true) => output::json(&diff_json::diff(&compared)),
        (None, false) => {
            output::result(&diff_text::diff(&compared, style(session, args.all)));
        }
    }
    Ok(Exit::DONE)
}
