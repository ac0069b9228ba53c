//! How the versions of an image are gathered from the images of many engines.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::bytes::Bytes;
use super::catalog::{Catalog, Digests, EngineImages, Held, Unread, Version};
use super::digest::Digest;
use super::observation::LocalImage;
use super::project::{EngineName, Image};
use super::reference::{ImageRef, Repository};
use super::remote::RemoteImage;
use super::revocation::{BASE_DIGEST_LABEL, revokes};
use super::time::Timestamp;
use super::version::{Key, Scheme, VersionLabel};

/// The label by which an untagged image says which repository it belongs to: karat puts it
/// on what it rebuilds.
pub const IMAGE_LABEL: &str = "karat.image";

/// The label in which an image says its own version.
pub const VERSION_LABEL: &str = "org.opencontainers.image.version";

impl Catalog {
    /// The versions of `image` among the images of the engines, newest first. The order of
    /// the engines does not matter.
    ///
    /// An image belongs here if a tag or a registry digest of it is in the image's
    /// repository, or its label `karat.image` names the repository. Two images are one
    /// version if their config digests are equal; one whose engine does not tell it joins
    /// the version of the same content, if there is exactly one, else stands alone.
    #[must_use]
    pub fn gather(image: &Image, engines: &[EngineImages<'_>]) -> Self {
        let found = engines.iter().flat_map(|engine| {
            engine
                .images
                .iter()
                .filter(|local| belongs(local, &image.repository))
                .map(|local| (engine.engine, local))
        });
        Self::from_images(image, found, &[])
    }

    /// The same, from images already known to belong here, each at most once an engine, and
    /// tags of which only the name is known.
    pub(super) fn from_images<'a>(
        image: &Image,
        found: impl IntoIterator<Item = (&'a EngineName, &'a LocalImage)>,
        unread: &[&str],
    ) -> Self {
        let mut found: Vec<(&EngineName, &LocalImage)> = found.into_iter().collect();
        found.sort_by_key(|(engine, local)| (*engine, &local.id));
        let tags = found
            .iter()
            .flat_map(|(_, local)| tags_of(local, &image.repository));
        let scheme = image.scheme.resolve(tags.chain(unread.iter().copied()));
        let mut versions: Vec<(Option<Key>, Version)> = join(&found)
            .into_iter()
            .map(|(identity, group)| version(image, &scheme, identity, &group))
            .collect();
        versions.sort_by(|(a_key, a), (b_key, b)| {
            // Newest first; `None` is less than any key, so unlabelled ones come last.
            let a = (a_key, a.created, &a.label, &a.identity);
            let b = (b_key, b.created, &b.label, &b.identity);
            b.cmp(&a)
        });
        let unread = unread_of(&scheme, unread, &versions);
        let versions: Vec<Version> = versions.into_iter().map(|(_, version)| version).collect();
        Self {
            contested: contested(&scheme, &versions),
            versions,
            unread,
        }
    }

    /// The scheme in force: the image's, made concrete by the tags there are.
    #[must_use]
    pub fn scheme(&self, image: &Image) -> Scheme {
        let tags = self.versions.iter().flat_map(|version| &version.tags);
        let unread = self.unread.iter().map(|unread| &unread.tag);
        image.scheme.resolve(tags.chain(unread).map(String::as_str))
    }

    /// The newest version that has a label and is not revoked.
    #[must_use]
    pub fn newest(&self) -> Option<&Version> {
        self.versions
            .iter()
            .find(|version| version.label.is_some() && !version.revoked)
    }
}

fn belongs(local: &LocalImage, repository: &Repository) -> bool {
    repositories(local).any(|one| one == *repository)
}

/// Every repository an image says it belongs to; one may come more than once.
pub(super) fn repositories(local: &LocalImage) -> impl Iterator<Item = Repository> {
    let named = local.tags.iter().chain(&local.repo_digests);
    let labelled = local
        .labels
        .get(IMAGE_LABEL)
        .map(|name| Repository::new(name));
    named
        .map(|reference| reference.repository.clone())
        .chain(labelled)
}

fn tags_of<'a>(local: &'a LocalImage, repository: &'a Repository) -> impl Iterator<Item = &'a str> {
    local
        .tags
        .iter()
        .filter(move |reference| &reference.repository == repository)
        .filter_map(|reference| reference.tag.as_deref())
}

type Group<'a> = Vec<(&'a EngineName, &'a LocalImage)>;

/// Brings together what is the same image, by identity.
fn join<'a>(found: &[(&'a EngineName, &'a LocalImage)]) -> BTreeMap<&'a Digest, Group<'a>> {
    let mut configs: HashMap<&Digest, BTreeSet<&Digest>> = HashMap::new();
    for (_, local) in found {
        if let Some(config) = &local.config {
            configs.entry(&local.content).or_default().insert(config);
        }
    }
    let mut groups: BTreeMap<&Digest, Group<'a>> = BTreeMap::new();
    for (engine, local) in found {
        let same_content = configs.get(&local.content);
        let identity = match (&local.config, same_content) {
            (Some(config), _) => config,
            (None, Some(one)) if one.len() == 1 => one.first().copied().unwrap_or(&local.content),
            (None, _) => &local.content,
        };
        groups.entry(identity).or_default().push((engine, local));
    }
    groups
}

/// One version, from all that was found of it, with what it is ordered by.
fn version(
    image: &Image,
    scheme: &Scheme,
    identity: &Digest,
    group: &Group<'_>,
) -> (Option<Key>, Version) {
    let mut tags = BTreeSet::new();
    let mut repo_digests: BTreeSet<&ImageRef> = BTreeSet::new();
    let mut labels = BTreeMap::new();
    let mut size: Option<Bytes> = None;
    let mut created: Option<Timestamp> = None;
    for (_, local) in group {
        tags.extend(tags_of(local, &image.repository));
        repo_digests.extend(&local.repo_digests);
        for (name, value) in &local.labels {
            labels.entry(name.clone()).or_insert_with(|| value.clone());
        }
        size = size.max(local.size);
        created = created.max(local.created);
    }
    let (label, tags) = name(scheme, &tags, labels.get(VERSION_LABEL));
    let locals = || group.iter().map(|(_, local)| *local);
    let remote = remote(locals());
    let digests = match &remote {
        // The registry knows which is which.
        Some(remote) => Digests {
            index: remote.index.clone(),
            manifest: remote.manifest.clone(),
            config: locals()
                .filter_map(|local| local.config.as_ref())
                .min()
                .cloned(),
        },
        None => digests(image, &repo_digests, locals()),
    };
    let revoked = {
        let names = tags.iter().filter(|tag| scheme.label(tag).is_some());
        let names = names
            .map(String::as_str)
            .chain(label.as_ref().map(|l| l.0.as_str()));
        let known = locals()
            .flat_map(|local| [Some(&local.id), Some(&local.content), local.config.as_ref()])
            .chain(
                repo_digests
                    .iter()
                    .map(|reference| reference.digest.as_ref()),
            )
            .flatten()
            .chain([identity])
            .map(Digest::as_str);
        let base = labels.get(BASE_DIGEST_LABEL).map(String::as_str);
        revokes(&image.revoked, names, known.chain(base))
    };
    let key = label.as_ref().map(|label| scheme.key(&label.0));
    let version = Version {
        label,
        identity: identity.clone(),
        content: locals()
            .map(|local| &local.content)
            .min()
            .unwrap_or(identity)
            .clone(),
        tags,
        digests,
        created,
        size,
        platform: locals()
            .map(|local| &local.platform)
            .max()
            .cloned()
            .unwrap_or_default(),
        on_engines: group
            .iter()
            .filter(|(_, local)| local.remote.is_none())
            .map(|(engine, local)| held(engine, local, &image.repository))
            .collect(),
        repo_digests: repo_digests.into_iter().cloned().collect(),
        remote,
        labels,
        revoked,
    };
    (key, version)
}

/// What registries say of an image, one answer of several: they differ at most in what was
/// looked up.
fn remote<'a>(locals: impl Iterator<Item = &'a LocalImage>) -> Option<RemoteImage> {
    locals
        .filter_map(|local| local.remote.as_ref())
        .max_by_key(|remote| (remote.attached.is_some(), remote.platforms.len()))
        .cloned()
}

fn held(engine: &EngineName, local: &LocalImage, repository: &Repository) -> Held {
    let mut tags: Vec<String> = tags_of(local, repository).map(str::to_owned).collect();
    tags.sort();
    Held {
        engine: engine.clone(),
        image_id: local.id.clone(),
        tags,
    }
}

/// The version's label, the highest of its version tags, else what the image says itself;
/// and all tags, version tags first and the highest before the others.
fn name(
    scheme: &Scheme,
    tags: &BTreeSet<&str>,
    said: Option<&String>,
) -> (Option<VersionLabel>, Vec<String>) {
    let (mut versions, others): (Vec<&str>, Vec<&str>) =
        tags.iter().partition(|tag| scheme.label(tag).is_some());
    versions.sort_by_key(|tag| std::cmp::Reverse((scheme.key(tag), *tag)));
    let label = match versions.first() {
        Some(highest) => Some(VersionLabel((*highest).to_owned())),
        None => said
            .filter(|text| could_be_a_tag(text))
            .and_then(|text| scheme.label(text)),
    };
    let tags = versions
        .into_iter()
        .chain(others)
        .map(str::to_owned)
        .collect();
    (label, tags)
}

/// What an image says of itself may be anything; only what could be a tag names it.
fn could_be_a_tag(text: &str) -> bool {
    text.len() <= 128
        && !text.starts_with(['.', '-'])
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// Tags of which only the name is known, newest first, each with its place among the versions
/// that are known. An alias of versions that move on (`1.4` where there is `1.4.2`) is none.
fn unread_of(scheme: &Scheme, tags: &[&str], versions: &[(Option<Key>, Version)]) -> Vec<Unread> {
    let known: BTreeSet<&str> = versions
        .iter()
        .flat_map(|(_, version)| version.tags.iter().map(String::as_str))
        .collect();
    let all: BTreeSet<&str> = tags.iter().copied().chain(known.iter().copied()).collect();
    let is_alias = |tag: &str| {
        let longer = format!("{tag}.");
        all.range(longer.as_str()..)
            .next()
            .is_some_and(|next| next.starts_with(&longer))
    };
    let unread = all.iter().filter(|tag| !known.contains(*tag));
    let mut keyed: Vec<(Option<Key>, &str)> = unread
        .map(|tag| {
            let label = scheme.label(tag).filter(|_| !is_alias(tag));
            (label.map(|label| scheme.key(&label.0)), *tag)
        })
        .collect();
    keyed.sort_by(|a, b| b.cmp(a));
    let mut place = 0;
    keyed
        .into_iter()
        .map(|(key, tag)| {
            while versions.get(place).is_some_and(|(known, _)| *known > key) {
                place += 1;
            }
            Unread {
                tag: tag.to_owned(),
                label: key.and_then(|_| scheme.label(tag)),
                place,
            }
        })
        .collect()
}

/// The three digests. An engine does not say whether a digest is that of a manifest or of
/// an index: the id in containerd's store counts as the manifest's, and what the registry
/// has under another digest as the index; without a containerd store to tell, the
/// registry's digest counts as the manifest's.
fn digests<'a>(
    image: &Image,
    repo_digests: &BTreeSet<&ImageRef>,
    locals: impl Iterator<Item = &'a LocalImage> + Clone,
) -> Digests {
    let in_registry = repo_digests
        .iter()
        .filter(|reference| reference.repository == image.repository)
        .find_map(|reference| reference.digest.as_ref());
    let from_store = locals
        .clone()
        .filter(|local| {
            local
                .config
                .as_ref()
                .is_some_and(|config| config != &local.id)
        })
        .map(|local| &local.id)
        .min();
    Digests {
        index: in_registry
            .filter(|digest| from_store.is_some_and(|id| id != *digest))
            .cloned(),
        manifest: from_store.or(in_registry).cloned(),
        config: locals
            .filter_map(|local| local.config.as_ref())
            .min()
            .cloned(),
    }
}

/// Labels that name one version and stand on another too. A shorter alias that moves on
/// with each version (`1.4` beside `1.4.2`) is not one: it names none of them.
fn contested(scheme: &Scheme, versions: &[Version]) -> Vec<VersionLabel> {
    let mut carriers: HashMap<&str, u32> = HashMap::new();
    for version in versions {
        let label = version.label.as_ref().map(|label| label.0.as_str());
        let own = label.filter(|label| !version.tags.iter().any(|tag| tag == label));
        for tag in version.tags.iter().map(String::as_str).chain(own) {
            *carriers.entry(tag).or_default() += 1;
        }
    }
    let mut seen = BTreeSet::new();
    let labels = versions.iter().filter_map(|version| version.label.as_ref());
    let mut contested: Vec<VersionLabel> = labels
        .filter(|label| {
            carriers
                .get(label.0.as_str())
                .is_some_and(|count| *count > 1)
        })
        .filter(|label| seen.insert(*label))
        .cloned()
        .collect();
    contested.sort_by(|a, b| scheme.compare((b, None), (a, None)));
    contested
}

#[cfg(test)]
mod tests {
    use super::super::testing::{catalog_of, digest, image, local};
    use super::*;
    use proptest::prelude::*;

    fn shown(catalog: &Catalog) -> Vec<&str> {
        catalog.versions.iter().map(Version::shown).collect()
    }

    #[test]
    fn versions_come_newest_first_and_unlabelled_ones_last() {
        let mut dangling = local("old", &[]);
        dangling
            .labels
            .insert(IMAGE_LABEL.to_owned(), "shop".to_owned());
        let catalog = catalog_of(&[(
            "a",
            &[
                local("x", &["shop:1.4.0"]),
                local("y", &["shop:1.10.0", "shop:latest", "shop:1.10"]),
                local("z", &["shop:latest-dev"]),
                local("rc", &["shop:2.0.0-rc.1"]),
                local("elsewhere", &["blog:9.9.9"]),
                dangling,
            ],
        )]);
        let (z, old) = (digest("z"), digest("old"));
        let mut last = [z.short(), old.short()];
        last.sort_by(|a, b| b.cmp(a));
        assert_eq!(
            shown(&catalog),
            ["2.0.0-rc.1", "1.10.0", "1.4.0", last[0], last[1]]
        );
        assert_eq!(catalog.versions[1].tags, ["1.10.0", "1.10", "latest"]);
        assert_eq!(catalog.contested, []);
        assert_eq!(catalog.newest().map(Version::shown), Some("2.0.0-rc.1"));
    }

    #[test]
    fn tags_of_which_only_the_name_is_known_stand_among_the_versions() {
        let engine = EngineName::from("a");
        let [one, three] = ["1.4.1", "1.4.3"].map(|tag| local(tag, &[&format!("shop:{tag}")]));
        let found = [(&engine, &one), (&engine, &three)];
        let unread = ["1.4.0", "1.4.2", "1.4", "latest", "1.4.1", "1.5.0"];
        let catalog = Catalog::from_images(&image("shop"), found, &unread);
        let all: Vec<(&str, bool, usize)> = catalog
            .unread
            .iter()
            .map(|unread| (unread.tag.as_str(), unread.label.is_some(), unread.place))
            .collect();
        // 1.4 is an alias that moves on, and 1.4.1 is known.
        assert_eq!(
            all,
            [
                ("1.5.0", true, 0),
                ("1.4.2", true, 1),
                ("1.4.0", true, 2),
                ("latest", false, 2),
                ("1.4", false, 2),
            ]
        );
        assert_eq!(catalog.scheme(&image("shop")), Scheme::Semver);
    }

    #[test]
    fn what_a_registry_says_is_joined_with_what_engines_have() {
        let mut pulled = local("x", &["reg.example/shop:1.4.0"]);
        let digest_of = |text: &str| {
            ImageRef::parse(&format!("reg.example/shop@{}", digest(text))).expect("a reference")
        };
        pulled.repo_digests = vec![digest_of("old manifest"), digest_of("index")];
        let mut remote = pulled.clone();
        remote.size = None;
        remote.repo_digests = vec![digest_of("index")];
        remote.remote = Some(RemoteImage {
            index: Some(digest("index")),
            manifest: Some(digest("manifest")),
            compressed: Some(Bytes(700)),
            ..RemoteImage::default()
        });
        let (engine, registry) = (EngineName::from("a"), EngineName::from("registry:x"));
        let mut shop = image("shop");
        shop.repository = Repository::new("reg.example/shop");
        let catalog = Catalog::from_images(&shop, [(&engine, &pulled), (&registry, &remote)], &[]);
        let [version] = catalog.versions.as_slice() else {
            panic!("one version: {catalog:?}");
        };
        assert_eq!(version.digests.index, Some(digest("index")));
        assert_eq!(version.digests.manifest, Some(digest("manifest")));
        assert_eq!(version.digests.config, Some(digest("x")));
        assert_eq!(version.size, Some(Bytes(5_000)));
        // A registry is no engine to stream from.
        let held: Vec<&EngineName> = version.on_engines.iter().map(|held| &held.engine).collect();
        assert_eq!(held, [&engine]);
        let frozen = version.freeze(&shop.repository);
        assert_eq!(frozen.registry_digest, Some(digest("index")));
    }

    #[test]
    fn one_image_in_two_stores_is_one_version() {
        let classic = local("x", &["shop:1.4.0"]);
        // The same image where ids are manifest digests, with and without the config told.
        let mut containerd = classic.clone();
        containerd.id = digest("manifest");
        containerd.size = Some(Bytes(7_000));
        containerd.tags = vec![ImageRef::parse("shop:stable").expect("a reference")];
        let mut untold = containerd.clone();
        untold.config = None;
        let catalog = catalog_of(&[("a", &[classic]), ("b", &[containerd]), ("c", &[untold])]);
        assert_eq!(shown(&catalog), ["1.4.0"]);
        let version = &catalog.versions[0];
        assert_eq!(version.identity, digest("x"));
        assert_eq!(version.tags, ["1.4.0", "stable"]);
        assert_eq!(version.size, Some(Bytes(7_000)));
        assert_eq!(version.digests.manifest, Some(digest("manifest")));
        assert_eq!(version.on_engines.len(), 3);
    }

    #[test]
    fn content_joins_only_where_it_leaves_no_doubt() {
        let content = digest("same content");
        let [mut a, mut b, mut untold] = [
            local("a", &["shop:1"]),
            local("b", &["shop:2"]),
            local("c", &["shop:3"]),
        ];
        for one in [&mut a, &mut b, &mut untold] {
            one.content = content.clone();
        }
        untold.config = None;
        let catalog = catalog_of(&[("a", &[a, b]), ("c", &[untold])]);
        assert_eq!(catalog.versions.len(), 3);
        assert!(
            catalog
                .versions
                .iter()
                .any(|version| version.identity == content)
        );
    }

    #[test]
    fn a_label_on_two_digests_is_contested_but_a_moving_alias_is_not() {
        let catalog = catalog_of(&[
            ("a", &[local("x", &["shop:1.4.2", "shop:1.4"])]),
            (
                "b",
                &[
                    local("y", &["shop:1.4.2"]),
                    local("z", &["shop:1.4.1", "shop:1.4"]),
                ],
            ),
        ]);
        assert_eq!(catalog.contested, [VersionLabel("1.4.2".to_owned())]);
    }

    #[test]
    fn the_image_may_say_its_version_itself() {
        let mut moved = local("x", &[]);
        moved
            .labels
            .insert(IMAGE_LABEL.to_owned(), "shop".to_owned());
        moved
            .labels
            .insert(VERSION_LABEL.to_owned(), "1.4.1".to_owned());
        let mut unreadable = local("z", &["shop:dev"]);
        unreadable
            .labels
            .insert(VERSION_LABEL.to_owned(), "noble".to_owned());
        let catalog = catalog_of(&[("a", &[moved, local("y", &["shop:1.4.2"]), unreadable])]);
        assert_eq!(shown(&catalog), ["1.4.2", "1.4.1", digest("z").short()]);
        // No tag leads to it, so none may be recorded for it.
        let frozen = catalog.versions[1].freeze(&Repository::new("shop"));
        assert_eq!((frozen.label.as_str(), frozen.tag), ("1.4.1", None));
    }

    #[test]
    fn versions_are_revoked_by_name_by_digest_and_by_their_base() {
        let base = digest("base");
        let mut built = local("built", &["shop:1.4.4"]);
        built
            .labels
            .insert(BASE_DIGEST_LABEL.to_owned(), base.to_string());
        let engine = EngineName::from("a");
        let images = [
            local("x", &["shop:1.4.2"]),
            local("y", &["shop:1.4.3"]),
            built,
            local("z", &["shop:1.4.5"]),
        ];
        let mut image = image("shop");
        image.revoked = vec![
            "1.4.2".to_owned(),
            digest("y").short().to_owned(),
            base.to_string(),
        ];
        let catalog = Catalog::gather(
            &image,
            &[EngineImages {
                engine: &engine,
                images: &images,
            }],
        );
        let revoked: Vec<bool> = catalog.versions.iter().map(|v| v.revoked).collect();
        assert_eq!(revoked, [false, true, true, true]);
        assert_eq!(catalog.newest().map(Version::shown), Some("1.4.5"));
    }

    #[test]
    fn a_hundred_thousand_versions_do_not_take_long() {
        let images: Vec<LocalImage> = (0..100_000)
            .map(|n| {
                local(
                    &n.to_string(),
                    &[&format!("shop:1.{}.{}", n / 300, n % 300)],
                )
            })
            .collect();
        let began = std::time::Instant::now();
        let catalog = catalog_of(&[("a", &images)]);
        assert_eq!(catalog.versions.len(), 100_000);
        // Unoptimised, on a busy machine; a quadratic loop would take minutes.
        assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    }

    proptest! {
        #[test]
        fn the_order_of_engines_and_images_does_not_matter(
            found in proptest::collection::vec(
                ("[ab]", "[v-z]", "1\\.[0-2](\\.[0-2])?(-rc)?|dev", any::<bool>()), 0..12),
        ) {
            let of = |name: &str| -> Vec<LocalImage> {
                let mut images: BTreeMap<&str, LocalImage> = BTreeMap::new();
                for (_, id, tag, told) in found.iter().filter(|(engine, ..)| engine == name) {
                    let next = local(id, &[&format!("shop:{tag}")]);
                    let one = images.entry(id).or_insert(next);
                    one.tags.push(ImageRef::parse(&format!("shop:{tag}")).expect("a reference"));
                    one.config = one.config.take().filter(|_| *told);
                }
                images.into_values().collect()
            };
            let (a, b) = (of("a"), of("b"));
            let (mut a2, mut b2) = (a.clone(), b.clone());
            a2.reverse();
            b2.reverse();
            let one = catalog_of(&[("a", &a), ("b", &b)]);
            let other = catalog_of(&[("b", &b2), ("a", &a2)]);
            prop_assert_eq!(&one, &other);
            let held: usize = one.versions.iter().map(|v| v.on_engines.len()).sum();
            prop_assert_eq!(held, a.len() + b.len());
            let identities: BTreeSet<_> = one.versions.iter().map(|v| &v.identity).collect();
            prop_assert_eq!(identities.len(), one.versions.len());
        }
    }
}
