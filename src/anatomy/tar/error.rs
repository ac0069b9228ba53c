//! What can be wrong with a tar archive.

use std::io;

/// A tar archive cannot be read on. Each is a sentence's second half: whoever reads the
/// archive knows which one it is.
#[derive(Debug, thiserror::Error)]
pub enum TarError {
    /// The very first block is none of a tar archive.
    #[error("a tar archive was expected, but this is {found}")]
    NotTar {
        /// What it looks like.
        found: &'static str,
    },
    /// A header or a sparse map makes no sense.
    #[error("the tar archive is damaged at byte {at}: {what}")]
    Damaged {
        /// Offset in the (uncompressed) archive, near which.
        at: u64,
        /// What makes no sense.
        what: &'static str,
    },
    /// It ends where something must follow.
    #[error("the tar archive is truncated: it ends at byte {at}, {inside}")]
    Truncated {
        /// Where it ends.
        at: u64,
        /// Within what.
        inside: &'static str,
    },
    /// It passes one of [`Limits`](crate::anatomy::limits::Limits).
    #[error("the tar archive has {what} beyond the limit of {limit}, near byte {at}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How many or how much would be read.
        limit: u64,
        /// Where.
        at: u64,
    },
    /// The reader beneath failed.
    #[error("reading the tar archive failed: {0}")]
    Io(#[from] io::Error),
}

impl From<TarError> for io::Error {
    fn from(error: TarError) -> Self {
        match error {
            TarError::Io(error) => error,
            error @ TarError::Truncated { .. } => Self::new(io::ErrorKind::UnexpectedEof, error),
            error => Self::new(io::ErrorKind::InvalidData, error),
        }
    }
}
