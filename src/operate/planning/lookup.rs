//! Finding things by name, with the nearest name where there is none.

use super::Refusal;
use crate::model::catalog::Version;
use crate::model::digest::Digest;
use crate::model::fleet::{Fleet, Row};
use crate::model::nearest::hint;
use crate::model::project::{Environment, EnvironmentName, ImageName};

/// The environment of that name.
///
/// # Errors
/// There is none; the nearest name is told.
pub fn environment<'a>(
    fleet: &'a Fleet,
    name: &EnvironmentName,
) -> Result<&'a Environment, Refusal> {
    fleet
        .environments
        .iter()
        .find(|one| &one.name == name)
        .ok_or_else(|| Refusal::UnknownEnvironment {
            name: name.0.clone(),
            hint: hint(
                name.as_str(),
                fleet.environments.iter().map(|one| one.name.as_str()),
            ),
        })
}

/// The row of an image.
///
/// # Errors
/// There is none; the nearest name is told.
pub fn row<'a>(fleet: &'a Fleet, name: &ImageName) -> Result<&'a Row, Refusal> {
    fleet.row(name).ok_or_else(|| Refusal::UnknownImage {
        name: name.0.clone(),
        hint: hint(
            name.as_str(),
            fleet.rows.iter().map(|row| row.image.name.as_str()),
        ),
    })
}

/// An image's version by label, tag, or digest.
///
/// # Errors
/// There is none; the nearest is told.
pub fn version<'a>(row: &'a Row, name: &str) -> Result<&'a Version, Refusal> {
    let versions = &row.catalog.versions;
    let by_label = versions
        .iter()
        .find(|version| version.label.as_ref().is_some_and(|label| label.0 == name));
    let by_tag = || {
        versions
            .iter()
            .find(|version| version.tags.iter().any(|tag| tag == name))
    };
    let by_digest = || {
        let bare = name.strip_prefix("sha256:").unwrap_or(name);
        let digests = |version: &Version| {
            let known = [
                version.digests.index.clone(),
                version.digests.manifest.clone(),
                version.digests.config.clone(),
            ];
            known
                .into_iter()
                .flatten()
                .chain([version.identity.clone()])
                .collect::<Vec<_>>()
        };
        let is = |digest: &Digest| {
            digest
                .as_str()
                .trim_start_matches("sha256:")
                .starts_with(bare)
        };
        let mut found = versions
            .iter()
            .filter(|version| bare.len() >= 6 && digests(version).iter().any(is));
        found.next().filter(|_| found.next().is_none())
    };
    by_label
        .or_else(by_tag)
        .or_else(by_digest)
        .ok_or_else(|| Refusal::UnknownVersion {
            image: row.image.name.clone(),
            version: name.to_owned(),
            hint: hint(name, versions.iter().map(Version::shown)),
        })
}
