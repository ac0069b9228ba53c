//! What can be wrong with an image, one sentence each: what was expected, what was found,
//! what to do.

use std::io;
use std::path::PathBuf;

use super::archive::platform::Platform;
use super::config::NotAConfiguration;
use super::layer::builder::TooMany;
use super::layer::reader::LayerError;
use super::tar::TarError;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::text::printable;

/// An image cannot be taken apart.
#[derive(Debug, thiserror::Error)]
pub enum AnatomyError {
    /// There is no such file or folder.
    #[error("there is no {}: look for the file again, or write an image's name", path.display())]
    NoSuchFile {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("{} cannot be read: {error}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is no archive at all.
    #[error(
        "an image's archive was expected, but this is {found}: write one with `docker save NAME -o FILE` and read that"
    )]
    NotAnArchive {
        /// What it looks like.
        found: String,
    },
    /// It is an archive, of something else.
    #[error(
        "an image was expected, but this archive holds {}, and neither `manifest.json` nor `index.json`: write one with `docker save NAME -o FILE` and read that",
        printable(found)
    )]
    NotAnImage {
        /// What it holds.
        found: String,
    },
    /// It is the archive of a root filesystem.
    #[error(
        "this archive holds a root filesystem, not an image: import it first, with `docker import FILE NAME`, then read NAME"
    )]
    RootFilesystem,
    /// A folder is no OCI layout.
    #[error(
        "{} is no OCI layout: it has no `index.json`; `oci:` takes the folder that has one",
        path.display()
    )]
    NotALayout {
        /// Which.
        path: PathBuf,
    },
    /// It is an archive from before Docker 1.10.
    #[error(
        "this archive is in the form from before Docker 1.10, which does not say what its layers are: `docker load` it and `docker save` it again"
    )]
    OldArchive,
    /// It has a manifest from before 2016.
    #[error(
        "this image has a manifest of schema 1, which does not say what its layers are: pull it with a current Docker and save it again"
    )]
    OldManifest,
    /// It holds something else than images.
    #[error(
        "an image was expected, but this holds an artifact of type {}: karat explains images only",
        printable(kind)
    )]
    Artifact {
        /// Its type.
        kind: String,
    },
    /// The archive around the image is damaged.
    #[error("the image's archive cannot be read: {0}; save it again")]
    Archive(TarError),
    /// The source of a stream failed.
    #[error("the image stopped coming after {after}: {error}; try again")]
    Interrupted {
        /// How much had come.
        after: Bytes,
        /// Why.
        error: io::Error,
    },
    /// Whoever was to bring a layer could not, in a sentence of its own.
    #[error("{0}")]
    Fetching(String),
    /// The compression around the archive is damaged or hostile.
    #[error("the image's archive cannot be unpacked: {0}; save it again")]
    Unpacking(io::Error),
    /// One layer cannot be read.
    #[error(
        "layer `{}` cannot be read: {error}; save or pull the image again",
        printable(name)
    )]
    Layer {
        /// Where it is in the archive.
        name: String,
        /// Why.
        error: LayerError,
    },
    /// A blob is not what its name says.
    #[error(
        "the blob {named} is damaged: its content has the digest {found}; save or pull the image again"
    )]
    WrongDigest {
        /// What its name says.
        named: Digest,
        /// What it is.
        found: Digest,
    },
    /// A layer is not the one the configuration means.
    #[error(
        "layer {number} at `{}` has the diff id {found}, but the configuration says {expected}; save or pull the image again",
        printable(name)
    )]
    WrongLayer {
        /// Which, from one.
        number: usize,
        /// Where it is in the archive.
        name: String,
        /// What it should be.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
    /// Something is missing.
    #[error(
        "{what} is missing: `{}` is not there; save or pull the image again",
        printable(name)
    )]
    Missing {
        /// What it would be.
        what: String,
        /// Where it was looked for.
        name: String,
    },
    /// The archive does not say where something is.
    #[error(
        "{what} cannot be looked for: expected the path of a file in the archive, but what is named is empty or leads out of it; save or pull the image again"
    )]
    NotNamed {
        /// What it would be.
        what: String,
    },
    /// Manifest and configuration tell of different numbers of layers.
    #[error(
        "the manifest lists {listed} layers, but the configuration {told}: they do not belong together; save or pull the image again"
    )]
    LayerCount {
        /// In the manifest.
        listed: usize,
        /// In the configuration.
        told: usize,
    },
    /// A document cannot be read.
    #[error("`{}` is no {what} that can be read: {why}", printable(name), why = printable(why))]
    BadDocument {
        /// Where it is.
        name: String,
        /// What it should be.
        what: &'static str,
        /// What is wrong.
        why: String,
    },
    /// A configuration is none.
    #[error("`{}` is no configuration of an image: {error}", printable(name))]
    Configuration {
        /// Where it is.
        name: String,
        /// What is wrong.
        error: NotAConfiguration,
    },
    /// There are several images.
    #[error(
        "there are several images: {}; say which, with `:NAME` behind the path",
        list(names)
    )]
    Several {
        /// Their names.
        names: Vec<String>,
    },
    /// There is no image of that name.
    #[error("there is no image `{}`, only {}", printable(wanted), list(names))]
    NoSuchImage {
        /// What was asked for.
        wanted: String,
        /// What there is.
        names: Vec<String>,
    },
    /// There is none for a platform.
    #[error(
        "there is no image for {wanted}, only for {}; say which, with `--platform`",
        list(there)
    )]
    NoPlatform {
        /// What was asked for.
        wanted: Platform,
        /// What there is.
        there: Vec<String>,
    },
    /// There is more of something than is believed.
    #[error(
        "there are more than {limit} {what}, more than an image can have: this is no image, or a hostile one"
    )]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How many are taken.
        limit: u64,
    },
    /// There is nothing that can be shown or written.
    #[error(
        "`/{}` is no file: there is nothing in it to show or write",
        printable(path)
    )]
    NothingToExtract {
        /// What was asked for.
        path: String,
    },
    /// There is more to write than is allowed.
    #[error("this is more than {bytes} or {entries} files: extract a part of it")]
    TooMuchToExtract {
        /// Bytes allowed.
        bytes: Bytes,
        /// Files, folders and links allowed.
        entries: u64,
    },
    /// Something is where a file is to be written.
    #[error("{} is there already: extract into another folder, or move it away", path.display())]
    AlreadyThere {
        /// Where.
        path: PathBuf,
    },
    /// A file cannot be written.
    #[error("{} cannot be written: {error}", path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// There are more names than can be counted.
    #[error("the image cannot be taken apart: {0}")]
    TooMany(#[from] TooMany),
    /// It was stopped.
    #[error("reading was stopped")]
    Cancelled,
}

/// The first of some words, made fit for a terminal.
fn list(words: &[String]) -> String {
    const SHOWN: usize = 12;
    if words.is_empty() {
        return "one without a name".to_owned();
    }
    let shown: Vec<String> = words
        .iter()
        .take(SHOWN)
        .map(|word| format!("`{}`", printable(word)))
        .collect();
    let mut list = shown.join(", ");
    if words.len() > SHOWN {
        list.push_str(&format!(" and {} more", words.len() - SHOWN));
    }
    list
}
