//! Skew: how environments differ from the newest version, from each other, and within.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::catalog::Catalog;
use super::digest::Digest;
use super::fleet::Deployment;
use super::project::EnvironmentName;
use super::version::Scheme;

/// One way in which a deployment is not what one would expect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skew {
    /// Which way.
    pub kind: SkewKind,
    /// In words, for people and JSON: `2 behind newest`.
    pub text: String,
}

/// The ways in which environments skew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkewKind {
    /// Older than the newest version.
    BehindNewest,
    /// Older than what runs in the environment before it: a promotion is waiting.
    BehindUpstream,
    /// Newer than what runs in the environment before it.
    AheadOfUpstream,
    /// Containers of one environment run different digests.
    MixedDigests,
    /// The tag it was deployed from names another digest now.
    MovedTag,
    /// Its version label stands for two digests.
    ContestedLabel,
    /// What runs is not in the version list.
    NotInVersions,
}

impl Skew {
    /// The same in as few words as can be, for where there is little room: the sign and these
    /// say what it is, and the rest is told elsewhere.
    #[must_use]
    pub fn short(&self) -> String {
        let first = |count: usize| -> Vec<&str> { self.text.split(' ').take(count).collect() };
        match self.kind {
            // `2 behind`: the sign says whether behind the newest, or the one before.
            SkewKind::BehindNewest | SkewKind::BehindUpstream | SkewKind::AheadOfUpstream => {
                first(2).join(" ")
            }
            SkewKind::MixedDigests => "mixed".to_owned(),
            SkewKind::MovedTag => "tag moved".to_owned(),
            SkewKind::ContestedLabel => "contested".to_owned(),
            SkewKind::NotInVersions => "not listed".to_owned(),
        }
    }
}

impl SkewKind {
    /// The sign that stands beside the word.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::BehindNewest => "↓",
            Self::BehindUpstream => "←",
            Self::AheadOfUpstream => "→",
            Self::MixedDigests => "≠",
            Self::MovedTag => "⇄",
            Self::ContestedLabel => "‼",
            Self::NotInVersions => "?",
        }
    }
}

/// Where each version of a catalog stands, so that distances are found without walking
/// through it again.
#[derive(Debug)]
pub struct Ranks<'a> {
    by_identity: HashMap<&'a Digest, Place>,
    /// For each place, how many labels count before it: releases only.
    releases_before: Vec<usize>,
    /// The same, pre-releases too.
    labels_before: Vec<usize>,
    contested: HashMap<&'a str, usize>,
}

/// Where one version stands.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// The position of the newest version with the same label; of an unlabelled one its own.
    position: usize,
    labelled: bool,
    prerelease: bool,
}

impl<'a> Ranks<'a> {
    /// The places in a catalog, under its scheme in force.
    #[must_use]
    pub fn of(catalog: &'a Catalog, scheme: &Scheme) -> Self {
        let mut ranks = Self {
            by_identity: HashMap::with_capacity(catalog.versions.len()),
            releases_before: Vec::with_capacity(catalog.versions.len()),
            labels_before: Vec::with_capacity(catalog.versions.len()),
            contested: catalog
                .contested
                .iter()
                .map(|label| (label.0.as_str(), 0))
                .collect(),
        };
        let mut first: HashMap<&str, usize> = HashMap::new();
        let (mut releases, mut labels) = (0, 0);
        let mut unread = catalog.unread.iter().peekable();
        for (index, version) in catalog.versions.iter().enumerate() {
            // A version of which only the tag is known is one to be behind of all the same.
            while let Some(newer) = unread.next_if(|unread| unread.place <= index) {
                if let Some(label) = &newer.label {
                    labels += 1;
                    releases += usize::from(!scheme.is_prerelease(label));
                }
            }
            ranks.releases_before.push(releases);
            ranks.labels_before.push(labels);
            let label = version.label.as_ref();
            let prerelease = label.is_some_and(|label| scheme.is_prerelease(label));
            let position = label.map_or(index, |label| *first.entry(&label.0).or_insert(index));
            // Nobody is behind a revoked version, and a label counts once.
            if label.is_some() && position == index && !version.revoked {
                labels += 1;
                releases += usize::from(!prerelease);
            }
            let named = version.tags.iter().map(String::as_str);
            let own = label.map(|label| label.0.as_str());
            let own = own.filter(|own| !version.tags.iter().any(|tag| tag == own));
            for name in named.chain(own) {
                if let Some(count) = ranks.contested.get_mut(name) {
                    *count += 1;
                }
            }
            let place = Place {
                position,
                labelled: label.is_some(),
                prerelease,
            };
            ranks.by_identity.insert(&version.identity, place);
        }
        ranks
    }

    /// How many versions `older` is behind `newer`; nothing if it is not, or if the two
    /// cannot be ordered (one has a label, the other none).
    fn between(&self, newer: &Digest, older: &Digest) -> Option<usize> {
        let (newer, older) = (self.by_identity.get(newer)?, self.by_identity.get(older)?);
        if newer.labelled != older.labelled || newer.position >= older.position {
            return None;
        }
        let count = if newer.labelled {
            let before = self.before(newer.prerelease || older.prerelease);
            before.get(older.position)? - before.get(newer.position)?
        } else {
            older.position - newer.position
        };
        Some(count.max(1))
    }

    fn behind_newest(&self, identity: &Digest) -> usize {
        self.by_identity
            .get(identity)
            .filter(|place| place.labelled)
            .and_then(|place| self.before(place.prerelease).get(place.position))
            .copied()
            .unwrap_or(0)
    }

    fn before(&self, prereleases: bool) -> &[usize] {
        if prereleases {
            &self.labels_before
        } else {
            &self.releases_before
        }
    }
}

/// What skew is found from.
#[derive(Debug)]
pub struct Subject<'a> {
    /// What runs.
    pub deployment: &'a Deployment,
    /// The places of the image's versions.
    pub ranks: &'a Ranks<'a>,
    /// What runs in the environment that promotions come from, and its name.
    pub upstream: Option<(&'a EnvironmentName, &'a Deployment)>,
    /// Tags that containers were made from, and that name another image on their engine
    /// now.
    pub moved: &'a BTreeSet<String>,
}

/// In which ways a deployment is not what one would expect; none if it is.
///
/// Distances are those of the version that is shown, the one most replicas run; that
/// others run beside it is said by itself. Pre-releases count only from one pre-release to
/// another or to a release: production on `1.4.2` is not behind `1.5.0-rc.1`. Revoked
/// versions do not count as newer, and an environment is compared with the one before it
/// only where that runs the image at all.
#[must_use]
pub fn skew_of(subject: &Subject<'_>) -> Vec<Skew> {
    let mut all = Vec::new();
    let mut add = |kind, text: String| all.push(Skew { kind, text });
    let deployment = subject.deployment;
    let Some(shown) = deployment.identities.first() else {
        return all;
    };
    match subject.ranks.behind_newest(shown) {
        0 => {}
        behind => add(SkewKind::BehindNewest, format!("{behind} behind newest")),
    }
    if let Some((name, upstream)) = subject.upstream
        && let Some(theirs) = upstream.identities.first()
    {
        if let Some(behind) = subject.ranks.between(theirs, shown) {
            add(SkewKind::BehindUpstream, format!("{behind} behind {name}"));
        }
        if let Some(ahead) = subject.ranks.between(shown, theirs) {
            add(
                SkewKind::AheadOfUpstream,
                format!("{ahead} ahead of {name}"),
            );
        }
    }
    if deployment.identities.len() > 1 {
        add(
            SkewKind::MixedDigests,
            format!("mixed: {}", mixed(deployment)),
        );
    }
    for tag in subject.moved {
        add(SkewKind::MovedTag, format!("tag {tag} moved"));
    }
    if let Some(count) = subject.ranks.contested.get(deployment.version.as_str()) {
        let count = match count {
            2 => "two".to_owned(),
            more => more.to_string(),
        };
        let text = format!("{} stands for {count} digests", deployment.version);
        add(SkewKind::ContestedLabel, text);
    }
    let known = |identity| subject.ranks.by_identity.contains_key(identity);
    if !deployment.identities.iter().all(known) {
        add(
            SkewKind::NotInVersions,
            "not in the version list".to_owned(),
        );
    }
    all
}

/// The versions that run, most replicas first; with a digest where the label alone does not
/// tell them apart.
fn mixed(deployment: &Deployment) -> String {
    let labels: Vec<(&Digest, &str)> = deployment
        .identities
        .iter()
        .map(|identity| {
            let replica = deployment.replicas.iter().find(|r| &r.identity == identity);
            (
                identity,
                replica.map_or(identity.short(), |r| r.version.as_str()),
            )
        })
        .collect();
    let words = labels.iter().map(|(identity, label)| {
        let same = labels.iter().filter(|(_, other)| other == label).count();
        if same > 1 {
            format!("{label} ({})", identity.short())
        } else {
            (*label).to_owned()
        }
    });
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::fleet::Replica;
    use super::super::observation::Health;
    use super::super::project::EngineName;
    use super::super::testing::{catalog_of, container, digest, local};
    use super::*;

    /// A deployment of these identities; the label of each is what the catalog says.
    fn deployment(catalog: &Catalog, ids: &[&str]) -> Deployment {
        let version = |id: &str| {
            let version = catalog.versions.iter().find(|v| v.identity == digest(id));
            version.map_or(digest(id).short().to_owned(), |v| v.shown().to_owned())
        };
        Deployment {
            replicas: ids
                .iter()
                .map(|id| Replica {
                    engine: EngineName::from("a"),
                    container: container(id, "shop:1", id),
                    identity: digest(id),
                    version: version(id),
                })
                .collect(),
            identities: ids.iter().map(|id| digest(id)).collect(),
            version: version(ids[0]),
            health: Health::Healthy,
            since: None,
        }
    }

    fn catalog() -> Catalog {
        let mut catalog = catalog_of(&[
            (
                "a",
                &[
                    local("rc", &["shop:1.5.0-rc.1"]),
                    local("bad", &["shop:1.4.4"]),
                    local("3", &["shop:1.4.3", "shop:1.4"]),
                    local("2", &["shop:1.4.2"]),
                    local("1", &["shop:1.4.1"]),
                    local("rc1", &["shop:1.4.1-rc.1"]),
                    local("0", &["shop:1.4.0"]),
                ],
            ),
            (
                "b",
                &[local("2b", &["shop:1.4.2"]), local("dev", &["shop:dev"])],
            ),
        ]);
        for version in &mut catalog.versions {
            version.revoked = version.identity == digest("bad");
        }
        catalog
    }

    fn skew(ids: &[&str], upstream: Option<&[&str]>, moved: &[&str]) -> Vec<String> {
        let catalog = catalog();
        let ranks = Ranks::of(&catalog, &Scheme::Semver);
        let name = EnvironmentName::from("staging");
        let upstream = upstream.map(|ids| deployment(&catalog, ids));
        let skew = skew_of(&Subject {
            deployment: &deployment(&catalog, ids),
            ranks: &ranks,
            upstream: upstream.as_ref().map(|upstream| (&name, upstream)),
            moved: &moved.iter().map(|tag| (*tag).to_owned()).collect(),
        });
        skew.iter()
            .map(|one| format!("{} {}", one.kind.sign(), one.text))
            .collect()
    }

    #[test]
    fn skew_is_said_in_words() {
        let two = digest("2").short().to_owned();
        let two_b = digest("2b").short().to_owned();
        let dev = digest("dev").short().to_owned();
        for (ids, upstream, moved, want) in [
            (&["3"][..], None, &[][..], vec![]),
            (&["3"], Some(&["3"][..]), &[], vec![]),
            (&["rc"], Some(&["3"]), &[], vec!["→ 1 ahead of staging"]),
            (&["3"], Some(&["rc"]), &[], vec!["← 1 behind staging"]),
            (&["1"], None, &[], vec!["↓ 2 behind newest"]),
            (
                &["0"],
                Some(&["1"]),
                &[],
                vec!["↓ 3 behind newest", "← 1 behind staging"],
            ),
            (&["rc1"], None, &[], vec!["↓ 4 behind newest"]),
            (&["3"], Some(&["1"]), &[], vec!["→ 2 ahead of staging"]),
            (&["3", "1"], None, &[], vec!["≠ mixed: 1.4.3, 1.4.1"]),
            (&["3"], None, &["1.4"], vec!["⇄ tag 1.4 moved"]),
            (&["dev"], Some(&["3"]), &[], vec![]),
            (
                &["lost"],
                Some(&["3"]),
                &[],
                vec!["? not in the version list"],
            ),
            (
                &["2"],
                Some(&["2b"]),
                &[],
                vec!["↓ 1 behind newest", "‼ 1.4.2 stands for two digests"],
            ),
            (
                &["dev", "3"],
                None,
                &[],
                vec![&format!("≠ mixed: {dev}, 1.4.3")],
            ),
            (
                &["2", "2b"],
                None,
                &[],
                vec![
                    "↓ 1 behind newest",
                    &format!("≠ mixed: 1.4.2 ({two}), 1.4.2 ({two_b})"),
                    "‼ 1.4.2 stands for two digests",
                ],
            ),
        ] {
            assert_eq!(skew(ids, upstream, moved), want, "{ids:?} {upstream:?}");
        }
    }
}
