//! Where recipes are read: folders on this machine, or, for engines that are only simulated,
//! what was written down for them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use super::{RebuildRefusal, Source};
use crate::model::project::{Image, Recipe};

/// Where recipes are read.
#[derive(Clone, Debug, Default)]
pub enum Recipes {
    /// In folders on this machine.
    #[default]
    Folders,
    /// Here, by their context: nothing is asked of the disk.
    Written(Arc<BTreeMap<PathBuf, Written>>),
}

/// One recipe, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The text of its Dockerfile.
    pub dockerfile: String,
    /// Where its context comes from.
    pub source: Source,
}

impl Recipes {
    /// Reads one.
    pub(super) fn read(&self, image: &Image, recipe: &Recipe) -> Result<Written, RebuildRefusal> {
        match self {
            Self::Folders => Ok(Written {
                dockerfile: from_disk(image, recipe)?,
                source: Source::of(&recipe.context),
            }),
            Self::Written(all) => {
                all.get(&recipe.context)
                    .cloned()
                    .ok_or_else(|| RebuildRefusal::NoContext {
                        image: image.name.clone(),
                        path: recipe.context.clone(),
                        what: "does not exist".to_owned(),
                    })
            }
        }
    }
}

/// The Dockerfile's text.
fn from_disk(image: &Image, recipe: &Recipe) -> Result<String, RebuildRefusal> {
    let wrong_context = |what: String| RebuildRefusal::NoContext {
        image: image.name.clone(),
        path: recipe.context.clone(),
        what,
    };
    match fs::metadata(&recipe.context) {
        Ok(meta) if meta.is_dir() => {}
        Ok(_) => return Err(wrong_context("is not a folder".to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(wrong_context("does not exist".to_owned()));
        }
        Err(error) => return Err(wrong_context(format!("cannot be read: {error}"))),
    }
    let bytes = fs::read(&recipe.dockerfile).map_err(|error| RebuildRefusal::NoDockerfile {
        image: image.name.clone(),
        path: recipe.dockerfile.clone(),
        error,
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
