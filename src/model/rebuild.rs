//! What a rebuild will do: which recipe, where, under which new version.

use std::collections::BTreeMap;

use super::plan::OperationId;
use super::project::{EngineName, ImageName, Recipe};
use super::reference::Repository;
use super::time::Timestamp;
use super::version::VersionLabel;

/// The OCI labels a rebuilt image carries: its version …
pub const VERSION: &str = "org.opencontainers.image.version";
/// … the commit it was built from …
pub const REVISION: &str = "org.opencontainers.image.revision";
/// … when …
pub const CREATED: &str = "org.opencontainers.image.created";
/// … the repository of that commit …
pub const SOURCE: &str = "org.opencontainers.image.source";
/// … the image it rests on, by name …
pub const BASE_NAME: &str = "org.opencontainers.image.base.name";
/// … and by digest.
pub const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";

/// Build one new version of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RebuildPlan {
    /// Names the operation.
    pub id: OperationId,
    /// Which image.
    pub image: ImageName,
    /// Under which repository the version is tagged.
    pub repository: Repository,
    /// The new version: by the image's rule, or as asked for.
    pub version: VersionLabel,
    /// The newest version so far, which the new one follows.
    pub previous: Option<VersionLabel>,
    /// Where it is built.
    pub engine: EngineName,
    /// From what, with arguments given on the command line merged in.
    pub recipe: Recipe,
    /// Build every step anew.
    pub no_cache: bool,
    /// Pull the base image first.
    pub pull: bool,
    /// Push it to its registry once it is built.
    pub publish: bool,
    /// The OCI labels it will carry.
    pub labels: BTreeMap<String, String>,
    /// What to know before saying yes.
    pub warnings: Vec<String>,
    /// Who wants it: `user@host`.
    pub who: String,
    /// Why.
    pub reason: Option<String>,
    /// When the plan was made.
    pub made: Timestamp,
}
