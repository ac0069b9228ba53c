//! Why a layer cannot be read.

use std::io;

use super::builder::TooMany;
use crate::anatomy::compression::{Compression, UnpackError};
use crate::anatomy::tar::TarError;
use crate::model::bytes::Bytes;

/// A layer cannot be read. Each says what was expected and what was found; which layer it
/// is, and where a whole one is to be had, knows whoever reads it.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// Whoever watched does not want it any more.
    #[error("the reading was cancelled")]
    Cancelled,
    /// It is something else.
    #[error(
        "a layer was expected (a tar archive, plain or compressed with gzip or zstd), but this is {found}{}",
        within(*.compression)
    )]
    NotALayer {
        /// What it looks like.
        found: &'static str,
        /// What that was compressed with.
        compression: Compression,
    },
    /// It cannot be unpacked.
    #[error("the layer cannot be unpacked: {0}")]
    Unpack(UnpackError),
    /// Its archive is damaged, truncated, or too much of something.
    #[error("the layer cannot be read: {0}")]
    Tar(TarError),
    /// Its files are longer than anything there is.
    #[error("the layer claims to have files of more than {limit} in all")]
    TooLong {
        /// How much would be read.
        limit: Bytes,
    },
    /// It has more names or owners than can be counted.
    #[error("the layer has {0}")]
    TooMany(#[from] TooMany),
    /// The source failed.
    #[error("the layer cannot be read on: {0}")]
    Io(io::Error),
}

fn within(compression: Compression) -> String {
    match compression {
        Compression::None => String::new(),
        other => format!(" within {other} data"),
    }
}

/// The mark of a reading that was cancelled, on its way up through decoders.
#[derive(Debug, thiserror::Error)]
#[error("cancelled")]
pub(super) struct Cancelled;

impl LayerError {
    pub(super) fn of(error: TarError, compression: Compression) -> Self {
        match error {
            TarError::NotTar { found } => Self::NotALayer { found, compression },
            TarError::Io(error) => Self::from(error),
            error => Self::Tar(error),
        }
    }
}

impl From<io::Error> for LayerError {
    fn from(error: io::Error) -> Self {
        if error.get_ref().is_some_and(|inner| inner.is::<Cancelled>()) {
            return Self::Cancelled;
        }
        match UnpackError::within(&error) {
            Some(error) => Self::Unpack(error.clone()),
            None => Self::Io(error),
        }
    }
}
