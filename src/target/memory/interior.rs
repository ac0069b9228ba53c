//! What is inside a simulated image, for whoever looks around in a container of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::digest::Digest;

/// Answers what is inside an image, by its id. Asked when somebody looks, not before.
pub type Interiors = Arc<dyn Fn(&Digest) -> Option<Interior> + Send + Sync>;

/// What is inside an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interior {
    /// As whom its containers run; root where it is empty.
    pub user: String,
    /// Where they begin; `/` where it is empty.
    pub working_dir: String,
    /// Its files and links, by absolute path. Directories are those that have something in
    /// them.
    pub files: BTreeMap<String, File>,
}

/// A file or a link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// Its permissions.
    pub mode: u16,
    /// Whose it is.
    pub owner: String,
    /// Its size.
    pub bytes: u64,
    /// What it says, where that was made up: of a program there is only the size.
    pub text: Option<String>,
    /// Where it leads, if it is a link.
    pub link: Option<String>,
}

impl File {
    /// A file of root with a text in it.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            mode: 0o644,
            owner: "root".to_owned(),
            bytes: text.len() as u64,
            text: Some(text),
            link: None,
        }
    }

    /// A file of root of which nothing but the size is known.
    #[must_use]
    pub fn opaque(mode: u16, bytes: u64) -> Self {
        Self {
            mode,
            owner: "root".to_owned(),
            bytes,
            text: None,
            link: None,
        }
    }
}
