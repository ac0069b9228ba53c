//! `karat layers --cat` and `--extract`: what is in the files of an image.

use std::io::ErrorKind;
use std::path::Path;

use serde_json::json;

use super::files::{layer, node};
use crate::anatomy::components::PathText;
use crate::anatomy::error::AnatomyError;
use crate::anatomy::extract::{Allowance, extract, write_content};
use crate::anatomy::limits::Limits;
use crate::anatomy::merged::{LayerNo, NodeId, View};
use crate::anatomy::resolve::Last;
use crate::cli::anatomy::text::count;
use crate::cli::args::Layers;
use crate::cli::json::SCHEMA;
use crate::cli::output::{self, Exit};
use crate::cli::reading::Reading;
use crate::cli::session::Session;
use crate::explain::{Ask, Contents, Explained, Watch};

/// What is to become of which path.
enum What<'a> {
    Shown(&'a str),
    Written(&'a str, &'a Path),
}

pub(super) async fn run(
    session: &Session,
    reading: &Reading<'_>,
    ask: &Ask,
    args: &Layers,
) -> Result<Exit, Exit> {
    let what = match (&args.cat, &args.extract, &args.to) {
        (Some(path), ..) => What::Shown(path),
        (None, Some(path), Some(to)) => What::Written(path, to),
        // The argument parser lets neither be left out.
        _ => return Ok(Exit::USAGE),
    };
    let watch = Watch::new(reading.cancel().clone());
    let explainer = reading.explainer();
    let at_rest = explainer.at_rest(ask, &watch);
    // Kept until everything was read from it.
    let (ask, _laid_down) = at_rest.await.map_err(|error| reading.failed(&error))?;
    let explained = reading.explain(&ask).await?;
    let at = layer(&explained.anatomy, args.layer).map_err(|why| reading.refused(&why))?;
    let (path, last) = match what {
        What::Shown(path) => (path, Last::Followed),
        What::Written(path, _) => (path, Last::Itself),
    };
    let node = node(&explained.anatomy, at, path, last).map_err(|why| reading.refused(&why))?;
    if matches!(what, What::Shown(_))
        && View::new(&explained.anatomy.merged, at).is_directory(&explained.anatomy.merged, node)
    {
        let path = PathText(explained.anatomy.merged.path(node));
        let why = format!("{path} is a folder: `--tree` lists it");
        return Err(reading.refused(&why));
    }
    let opening = explainer.open(&ask, &explained, &watch);
    let contents = opening.await.map_err(|error| reading.failed(&error))?;
    let to = match what {
        What::Shown(_) => None,
        What::Written(_, to) => Some(session.surroundings.cwd.join(to)),
    };
    let place = (at, node);
    let done = tokio::task::spawn_blocking(move || match to {
        None => shown(&explained, &contents, place, &watch),
        Some(to) => written(&explained, &contents, place, &to, &watch),
    });
    match done.await {
        Ok(Ok(Done::Shown)) => Ok(Exit::DONE),
        Ok(Ok(Done::Written(done))) => {
            if session.json {
                output::json(&json!({
                    "schema": SCHEMA,
                    "path": done.path.display().to_string(),
                    "entries": done.entries,
                    "file_bytes": done.bytes.0,
                    "left_out": done.left_out,
                }));
            } else {
                let entries = usize::try_from(done.entries).unwrap_or(usize::MAX);
                let mut text = format!(
                    "wrote {}: {}, {}",
                    done.path.display(),
                    count(entries, "entry", "entries"),
                    done.bytes
                );
                if done.left_out > 0 {
                    text.push_str(&format!(
                        "; {} left out (devices, pipes, names that no file can have)",
                        done.left_out
                    ));
                }
                session.hint(&text);
            }
            Ok(Exit::DONE)
        }
        Ok(Err(error)) => Err(reading.failed(&error.into())),
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

enum Done {
    Shown,
    Written(crate::anatomy::extract::Extracted),
}

fn shown(
    explained: &Explained,
    contents: &Contents,
    (at, node): (LayerNo, NodeId),
    watch: &Watch,
) -> Result<Done, AnatomyError> {
    let merged = &explained.anatomy.merged;
    let entry = merged
        .visible(node, at)
        .ok_or_else(|| AnatomyError::NothingToExtract {
            path: PathText(merged.path(node)).to_string(),
        })?;
    let mut out = std::io::stdout().lock();
    let limits = Limits::default();
    let layers = &mut contents.layers();
    let written = write_content(&explained.anatomy, entry, &mut out, layers, &limits, watch);
    match written {
        // A reader that has gone away (`| head`) has seen what it wanted.
        Err(AnatomyError::Unwritable { error, .. }) if error.kind() == ErrorKind::BrokenPipe => {
            Ok(Done::Shown)
        }
        other => other.map(|()| Done::Shown),
    }
}

fn written(
    explained: &Explained,
    contents: &Contents,
    place: (LayerNo, NodeId),
    to: &Path,
    watch: &Watch,
) -> Result<Done, AnatomyError> {
    std::fs::create_dir_all(to).map_err(|error| AnatomyError::Unreadable {
        path: to.to_owned(),
        error,
    })?;
    let layers = &mut contents.layers();
    let limits = Limits::default();
    let allowance = Allowance::default();
    extract(
        &explained.anatomy,
        place,
        to,
        allowance,
        layers,
        &limits,
        watch,
    )
    .map(Done::Written)
}
