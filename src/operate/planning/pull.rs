//! What a pull moves: the layers of a version that an engine does not have.

use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::fleet::{Fleet, Row};
use crate::model::plan::Frozen;
use crate::model::project::EngineName;
use crate::operate::Refusal;

/// The bytes that pulling a version moves to an engine, as they lie in the registry. `None`
/// where the registry was not asked, or tells something else than the image does.
///
/// An engine keeps a layer together with all below it: it has one if an image of it begins with
/// the same layers. Images that karat did not look at may share more; then less is moved.
pub(super) fn bytes(
    fleet: &Fleet,
    row: &Row,
    engine: &EngineName,
    identity: &Digest,
) -> Option<Bytes> {
    let version = row.version(identity)?;
    let remote = version.remote.as_ref()?;
    let total = remote.layers.iter().map(|(_, size)| size.0);
    let images = || {
        let states = fleet.engines.values();
        states
            .filter_map(|state| state.last.as_ref())
            .flat_map(|last| &last.images)
    };
    let diff_ids = &images()
        .find(|image| image.config.as_ref() == Some(identity))?
        .diff_ids;
    if diff_ids.len() != remote.layers.len() {
        return None;
    }
    let here = fleet.engines.get(engine)?.last.as_ref()?;
    let shared = here
        .images
        .iter()
        .map(|image| {
            let pairs = image.diff_ids.iter().zip(diff_ids);
            pairs.take_while(|(one, other)| one == other).count()
        })
        .max()
        .unwrap_or(0);
    Some(Bytes(total.skip(shared).sum()))
}

/// That an engine can run a version, as far as the registry tells for which platforms it is.
///
/// # Errors
/// It is for others only.
pub(super) fn platform(
    fleet: &Fleet,
    row: &Row,
    engine: &EngineName,
    version: &Frozen,
) -> Result<(), Refusal> {
    let there = row
        .version(&version.identity)
        .and_then(|version| version.remote.as_ref())
        .map(|remote| remote.platforms.as_slice())
        .unwrap_or_default();
    let state = fleet
        .engines
        .get(engine)
        .and_then(|state| state.last.as_ref());
    let Some(wants) = state.map(|last| last.facts.platform.as_str()) else {
        return Ok(());
    };
    // A variant (`linux/arm/v7`) is a matter between engine and registry.
    let fits = |platform: &String| {
        platform == wants
            || platform
                .strip_prefix(wants)
                .is_some_and(|rest| rest.starts_with('/'))
    };
    if there.is_empty() || wants.is_empty() || there.iter().any(fits) {
        return Ok(());
    }
    Err(Refusal::WrongPlatform {
        image: row.image.name.clone(),
        version: version.label.clone(),
        engine: engine.clone(),
        wants: wants.to_owned(),
        there: there.join(", "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observation::LocalImage;
    use crate::model::reference::{ImageRef, Repository};
    use crate::model::remote::RemoteImage;
    use crate::model::testing::{
        digest, engine, engines, environment, image, local, minute, project,
    };

    const REPOSITORY: &str = "reg.example/shop";

    /// `prod` has an image of two layers; the registry has one that adds a third.
    fn fleet(platforms: &[&str]) -> Fleet {
        let layers = |names: &[&str]| names.iter().map(|name| digest(name)).collect::<Vec<_>>();
        let old = LocalImage {
            diff_ids: layers(&["base", "more"]),
            ..local("old", &["reg.example/shop:1.0.0"])
        };
        let size = |name: &str, bytes: u64| (digest(&format!("packed {name}")), Bytes(bytes));
        let new = LocalImage {
            diff_ids: layers(&["base", "more", "new"]),
            repo_digests: vec![ImageRef {
                repository: Repository::new(REPOSITORY),
                tag: None,
                digest: Some(digest("manifest")),
            }],
            remote: Some(RemoteImage {
                manifest: Some(digest("manifest")),
                platforms: platforms.iter().map(|name| (*name).to_owned()).collect(),
                layers: vec![size("base", 700), size("more", 50), size("new", 3)],
                ..RemoteImage::default()
            }),
            ..local("new", &["reg.example/shop:1.1.0"])
        };
        let mut prod = engine("prod", vec![old], Vec::new());
        if let Some(last) = &mut prod.1.last {
            last.facts.platform = "linux/amd64".to_owned();
        }
        let all = engines([
            prod,
            engine("registry:reg.example/shop", vec![new], Vec::new()),
        ]);
        let mut project = project(vec![environment("prod")]);
        project.images = vec![crate::model::project::Image {
            repository: Repository::new(REPOSITORY),
            ..image("shop")
        }];
        Fleet::assemble(&project, &all, minute(1))
    }

    #[test]
    fn only_what_the_engine_lacks_is_pulled() {
        let fleet = fleet(&["linux/amd64"]);
        let row = &fleet.rows[0];
        let prod = EngineName::from("prod");
        assert_eq!(bytes(&fleet, row, &prod, &digest("new")), Some(Bytes(3)));
        // Of one that no registry was asked about nothing is known.
        assert_eq!(bytes(&fleet, row, &prod, &digest("old")), None);
    }

    #[test]
    fn a_version_for_other_platforms_is_refused() {
        for (platforms, fits) in [
            (&["linux/amd64"][..], true),
            (&["linux/arm64", "linux/amd64"], true),
            (&["linux/amd64/v2"], true),
            (&[], true),
            (&["linux/arm64", "linux/s390x"], false),
            (&["windows/amd64"], false),
        ] {
            let fleet = fleet(platforms);
            let row = &fleet.rows[0];
            let version = row.version(&digest("new")).expect("a version");
            let frozen = version.freeze(&row.image.repository);
            let prod = EngineName::from("prod");
            let said = platform(&fleet, row, &prod, &frozen);
            assert_eq!(said.is_ok(), fits, "{platforms:?}");
        }
    }
}
