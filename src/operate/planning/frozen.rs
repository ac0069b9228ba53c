//! Versions as a plan freezes them, also where the catalog no longer has them.

use crate::model::digest::Digest;
use crate::model::fleet::{Deployment, Replica, Row};
use crate::model::plan::Frozen;
use crate::model::reference::ImageRef;
use crate::model::run::Run;

pub(super) fn identity(row: &Row, deployment: &Deployment, identity: &Digest) -> Frozen {
    match row.version(identity) {
        Some(version) => version.freeze(&row.image.repository),
        None => deployment
            .replicas
            .iter()
            .find(|replica| &replica.identity == identity)
            .map_or_else(
                || bare(row, identity, identity.short()),
                |replica| self::replica(row, replica),
            ),
    }
}

pub(super) fn replica(row: &Row, replica: &Replica) -> Frozen {
    match row.version(&replica.identity) {
        Some(version) => version.freeze(&row.image.repository),
        None => bare(row, &replica.identity, &replica.version),
    }
}

fn bare(row: &Row, identity: &Digest, label: &str) -> Frozen {
    Frozen {
        label: label.to_owned(),
        identity: identity.clone(),
        content: None,
        repository: row.image.repository.clone(),
        tag: None,
        registry_digest: None,
        size: None,
    }
}

/// A run's version as the catalog has it, or, when no engine has it any more, as the run
/// recorded it.
pub(super) fn run(row: &Row, run: &Run) -> Frozen {
    if let Some(version) = row.version(&run.identity) {
        return version.freeze(&row.image.repository);
    }
    let recorded = ImageRef::parse(&run.reference).ok();
    let hosted = recorded
        .as_ref()
        .filter(|reference| reference.repository.registry_host().is_some());
    Frozen {
        label: run
            .version
            .clone()
            .unwrap_or_else(|| run.identity.short().to_owned()),
        identity: run.identity.clone(),
        content: None,
        repository: row.image.repository.clone(),
        tag: recorded
            .as_ref()
            .and_then(|reference| reference.tag.clone()),
        registry_digest: hosted.and_then(|reference| reference.digest.clone()),
        size: None,
    }
}
