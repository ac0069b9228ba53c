//! What publishing will do: a version that an engine has, under its tag in its registry.

use super::digest::Digest;
use super::plan::OperationId;
use super::project::{EngineName, ImageName};
use super::reference::{ImageRef, Repository};
use super::time::Timestamp;
use super::version::VersionLabel;

/// Push one version under its immutable tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishPlan {
    /// Names the operation.
    pub id: OperationId,
    /// Which image.
    pub image: ImageName,
    /// Where it goes.
    pub repository: Repository,
    /// The version, whose label is the tag.
    pub version: VersionLabel,
    /// Which engine has it.
    pub engine: EngineName,
    /// Its id there.
    pub image_id: Digest,
    /// What the tag points to now, if it is there and is another version: only with a reason.
    pub replaces: Option<Digest>,
    /// Who wants it: `user@host`.
    pub who: String,
    /// Why.
    pub reason: Option<String>,
    /// When the plan was made.
    pub made: Timestamp,
}

impl PublishPlan {
    /// `repository:version`.
    #[must_use]
    pub fn reference(&self) -> ImageRef {
        ImageRef {
            repository: self.repository.clone(),
            tag: Some(self.version.0.clone()),
            digest: None,
        }
    }
}
