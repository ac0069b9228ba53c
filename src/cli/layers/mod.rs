//! `karat layers`: what an image is made of, and what of it is waste.
//!
//! | file | subject |
//! |---|---|
//! | this one | the report |
//! | `files` | `--tree`, `--find`, `--regex`: its files listed |
//! | `contents` | `--cat`, `--extract`: what is in them |
//! | `ci` | `--ci`: rules |
//! | `accepted` | findings that somebody decided to live with |

mod accepted;
mod ci;
mod contents;
mod files;

use std::collections::HashMap;

use super::anatomy::text::Style;
use super::anatomy::{json, markdown, text};
use super::args::{Layers, Markdown};
use super::layout;
use super::memory;
use super::output::{self, Exit};
use super::reading::Reading;
use super::session::Session;
use crate::anatomy::Anatomy;
use crate::anatomy::findings::AcceptanceList;
use crate::anatomy::layers::Known;
use crate::explain::{Ask, Explained, Whole};
use crate::model::layer_rules::LayerRules;
use crate::model::project::{Image, ImageName};

/// `karat layers`.
pub(super) async fn run(session: &Session, args: &Layers) -> Exit {
    match report(session, args).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn report(session: &Session, args: &Layers) -> Result<Exit, Exit> {
    let reading = Reading::new(session);
    let ask = reading.ask(&args.image, &args.which)?;
    if args.ci {
        return ci::run(session, &reading, &ask, args).await;
    }
    if args.tree.is_some() || args.find.is_some() || args.regex.is_some() {
        let explained = reading.explain(&ask).await?;
        return files::run(session, &reading, &explained.anatomy, args);
    }
    if args.cat.is_some() || args.extract.is_some() {
        return contents::run(session, &reading, &ask, args).await;
    }
    accepted::check(session).map_err(|why| reading.refused(&why))?;
    let explained = reading.explain(&ask).await?;
    let rules = rules_of(session, &ask, &explained.anatomy.facts.names);
    let accept = accepted::list(session, &rules).map_err(|why| reading.refused(&why))?;
    let known = known(session, &explained.anatomy);
    let whole = whole(explained, known, accept).await;
    let style = style(session, args.all);
    match (args.markdown, session.json) {
        (Some(Markdown::Full), _) => output::result(&markdown::full(&whole)),
        (Some(Markdown::Summary), _) => output::result(&markdown::summary(&whole)),
        (None, true) => output::json(&json::layers(&whole)),
        (None, false) => output::result(&text::layers(&whole, style)),
    }
    Ok(Exit::DONE)
}

/// Everything there is to say of an image: some of it takes as long as reading did.
async fn whole(explained: Explained, known: Vec<Known>, accept: AcceptanceList) -> Whole {
    let work = move || Whole::of(explained, &known, &accept, chrono::Utc::now());
    match tokio::task::spawn_blocking(work).await {
        Ok(whole) => whole,
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

/// The other images that karat saw on engines when it looked last, by their names.
fn known(session: &Session, anatomy: &Anatomy) -> Vec<Known> {
    let engines = memory::recall(&session.store, &session.project);
    let own = anatomy.facts.layers.iter().map(|it| &it.diff_id);
    let images = engines
        .values()
        .filter_map(|engine| engine.last.as_ref())
        .flat_map(|last| &last.images);
    let mut known: Vec<Known> = images
        .filter(|image| !own.clone().eq(&image.diff_ids))
        .filter_map(|image| Some((image.tags.first()?.to_string(), image.diff_ids.clone())))
        .collect();
    known.sort();
    known.dedup();
    known
}

pub(super) fn style(session: &Session, all: bool) -> Style {
    Style {
        colour: session.colour,
        width: layout::width(),
        all,
    }
}

/// What somebody decided to live with, by image of the project. A list that cannot be used is
/// as if there were none: nothing is hidden.
pub(super) fn accepted_by_image(session: &Session) -> HashMap<ImageName, AcceptanceList> {
    let project = &session.project;
    let of = |image: &Image| {
        let list = accepted::list(session, &project.layers.over(&image.layers));
        (image.name.clone(), list.unwrap_or_default())
    };
    project.images.iter().map(of).collect()
}

/// The rules for an image: those of the project's image that it is, over those for all.
fn rules_of(session: &Session, ask: &Ask, names: &[String]) -> LayerRules {
    let all = &session.project.layers;
    match ask.image(&session.project, names) {
        Some(image) => all.over(&image.layers),
        None => all.clone(),
    }
}
