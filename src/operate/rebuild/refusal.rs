//! Why an image is not rebuilt.

use std::path::PathBuf;

use crate::model::project::{EngineName, ImageName};
use crate::model::version::NoNextVersion;

/// A rebuild that was not begun: nothing was touched.
#[derive(Debug, thiserror::Error)]
pub enum RebuildRefusal {
    /// No such image.
    #[error("there is no image `{image}`{hint}")]
    NoImage {
        /// As it was given.
        image: ImageName,
        /// `; did you mean …`.
        hint: String,
    },
    /// The project does not say how it is built.
    #[error(
        "nothing says how `{image}` is built: add `build = {{ context = \"images/{image}\" }}` to [images.{image}] in karat.toml"
    )]
    NoRecipe {
        /// Which image.
        image: ImageName,
    },
    /// The context is not there.
    #[error("the build context of `{image}`, `{}`, {what}; correct `build.context` in karat.toml", path.display())]
    NoContext {
        /// Which image.
        image: ImageName,
        /// Where it should be.
        path: PathBuf,
        /// `does not exist`, or why it cannot be read.
        what: String,
    },
    /// The Dockerfile is not there.
    #[error(
        "the Dockerfile of `{image}`, `{}`, cannot be read: {error}; correct `build.dockerfile` in karat.toml", path.display()
    )]
    NoDockerfile {
        /// Which image.
        image: ImageName,
        /// Where it should be.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// No such engine.
    #[error("there is no engine `{engine}`{hint}")]
    NoEngine {
        /// As it was given.
        engine: EngineName,
        /// `; did you mean …`.
        hint: String,
    },
    /// No engine at all.
    #[error("there is no engine to build `{image}` on: name one with --engine")]
    NoEngineAtAll {
        /// Which image.
        image: ImageName,
    },
    /// That version exists.
    #[error(
        "`{image}` {version} exists already (on {place}): a version is never built twice; leave out --version, or name another"
    )]
    Exists {
        /// Which image.
        image: ImageName,
        /// The version.
        version: String,
        /// On which engines.
        place: String,
    },
    /// The text is no version of this image.
    #[error("`{version}` is no version of `{image}`: its versions are {scheme}")]
    NotAVersion {
        /// Which image.
        image: ImageName,
        /// As it was given.
        version: String,
        /// `semantic versions such as 1.4.2`.
        scheme: String,
    },
    /// No registry and no engine takes such a tag.
    #[error(
        "`{version}` cannot be a tag: letters, digits, `_`, `.` and `-`, at most 128, and not `.` or `-` first"
    )]
    NotATag {
        /// As it was given.
        version: String,
    },
    /// The scheme cannot name the next version.
    #[error(transparent)]
    NoNext(#[from] NoNextVersion),
}
