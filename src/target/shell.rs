//! A shell in a container: what is asked for, and the line to it.

use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};

use super::TargetError;
use crate::model::digest::Digest;

/// Where a shell is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShellAsk {
    /// In a container that runs.
    Inside {
        /// Its name.
        container: String,
        /// Its id, as it was when the reader confirmed: another one is refused.
        id: String,
    },
    /// In a container made for it, which is gone with it: nothing of it is published, and it
    /// has no volume of anybody.
    ThrowAway {
        /// The image's id there.
        image: Digest,
        /// With the environment variables, working directory and user of this container.
        like: Option<String>,
        /// Who opens it: `user@host`.
        who: String,
    },
}

impl ShellAsk {
    /// In what, in words.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Inside { container, .. } => container.clone(),
            Self::ThrowAway { image, .. } => {
                format!("a throw-away container of {}", image.short())
            }
        }
    }
}

/// How large the terminal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowSize {
    /// Columns.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

/// A shell that was started, on a terminal of its own.
pub struct Shell {
    /// What it writes. Ends when it ends.
    pub output: Pin<Box<dyn AsyncRead + Send>>,
    /// What is typed.
    pub input: Pin<Box<dyn AsyncWrite + Send>>,
    /// Everything else.
    pub control: Arc<dyn ShellControl>,
}

/// What can be done to a shell besides talking to it. Dropping it without [`Self::end`]
/// leaves a throw-away container to the next sweep.
#[async_trait]
pub trait ShellControl: Send + Sync {
    /// Tells it how large its terminal is now.
    async fn resize(&self, size: WindowSize) -> Result<(), TargetError>;

    /// Ends it if it still runs, and takes a throw-away container away. Answers the exit
    /// code of the shell, where it ended by itself and the target knows.
    async fn end(&self) -> Result<Option<i64>, TargetError>;
}
