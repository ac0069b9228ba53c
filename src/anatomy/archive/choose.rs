//! Which images are there, and which one is wanted.
//!
//! An archive may have an OCI index, a `manifest.json` of `docker save`, or both, as Docker
//! has it since 25: then both tell of the same images, the index of digests and platforms,
//! the other of names.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use super::blobs::{Documents, digest_in, normal, path_of};
use super::document::{self, Descriptor, Document, Manifest, Saved};
use super::platform::Platform;
use super::wanted::{Expected, Wanted, familiar, likeness};
use crate::anatomy::config::Configuration;
use crate::anatomy::error::AnatomyError;
use crate::model::digest::Digest;

/// How many indexes and manifests are looked at.
const MOST_DOCUMENTS: usize = 4_096;

/// One image, for one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Its names, in the spelling that people use.
    pub(super) names: BTreeSet<String>,
    /// The index it is listed in; the one that lists all images of an archive is none.
    pub(super) index: Option<Digest>,
    pub(super) manifest: Option<Digest>,
    pub(super) platform: Option<Platform>,
    /// Where its configuration is.
    pub(super) config: String,
    /// Its layers, the lowest first; nothing, when the manifest is not there.
    pub(super) layers: Option<Vec<LayerAt>>,
    /// Whether blobs may be left out, as it is usual where several platforms are listed.
    pub(super) sparse: bool,
    /// Where foreign layers come from, by diff id.
    pub(super) sources: BTreeMap<String, Descriptor>,
    /// Those of one group are one image for several platforms.
    group: usize,
}

/// Where a layer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LayerAt {
    pub(super) name: String,
    pub(super) blob: Option<Digest>,
    pub(super) bytes: Option<u64>,
    /// Never handed on by engines and registries.
    pub(super) foreign: bool,
}

/// Everything that is listed.
#[derive(Debug, Default)]
struct Listed {
    candidates: Vec<Candidate>,
    artifacts: Vec<String>,
    schema_one: bool,
    missing: Option<String>,
}

/// The image that is wanted.
pub(super) fn choose(
    documents: &Documents<'_>,
    wanted: &Wanted,
    expected: Option<&Expected>,
) -> Result<Candidate, AnatomyError> {
    let mut listed = Listed::default();
    let index = documents.get("index.json")?;
    let saved = documents.get("manifest.json")?;
    if index.is_none() && saved.is_none() {
        return Err(match documents.get("repositories")? {
            Some(_) => AnatomyError::OldArchive,
            None => documents.blobs().found(),
        });
    }
    if let Some(json) = index {
        walk(documents, &json, &mut listed)?;
    }
    if let Some(json) = saved {
        let saved = document::saved(&json).map_err(|why| bad("manifest.json", LIST, why))?;
        take(saved, &mut listed);
    }
    if listed.candidates.is_empty() {
        return Err(nothing(listed));
    }
    pick(documents, listed.candidates, wanted, expected)
}

const LIST: &str = "list of images";
const MANIFEST: &str = "manifest";

fn bad(name: &str, what: &'static str, why: String) -> AnatomyError {
    AnatomyError::BadDocument {
        name: name.to_owned(),
        what,
        why,
    }
}

fn nothing(listed: Listed) -> AnatomyError {
    if listed.schema_one {
        return AnatomyError::OldManifest;
    }
    if let Some(kind) = listed.artifacts.into_iter().next() {
        return AnatomyError::Artifact { kind };
    }
    match listed.missing {
        Some(name) => AnatomyError::Missing {
            what: "the image's manifest".to_owned(),
            name,
        },
        None => AnatomyError::NotAnImage {
            found: "a list of images with nothing in it".to_owned(),
        },
    }
}

/// One place in an index, yet to be looked at.
struct Listing {
    descriptor: Descriptor,
    names: BTreeSet<String>,
    index: Option<Digest>,
    group: usize,
}

/// Everything that an index leads to.
fn walk(documents: &Documents<'_>, json: &[u8], listed: &mut Listed) -> Result<(), AnatomyError> {
    let read = document::document(json).map_err(|why| bad("index.json", LIST, why))?;
    let Document::Index(top) = read else {
        return Err(bad("index.json", LIST, "it has no `manifests`".to_owned()));
    };
    let mut queue: VecDeque<Listing> = top_level(top).into();
    let mut seen = HashSet::new();
    while let Some(listing) = queue.pop_front() {
        let Some(digest) = listing.descriptor.digest.clone() else {
            continue;
        };
        if listing.descriptor.is_attestation() || !seen.insert(digest.clone()) {
            continue;
        }
        if seen.len() > MOST_DOCUMENTS {
            return Err(AnatomyError::TooMuch {
                what: "manifests",
                limit: MOST_DOCUMENTS as u64,
            });
        }
        let name = path_of(&digest);
        let Some(json) = documents.get(&name)? else {
            absent(listing, name, listed);
            continue;
        };
        match document::document(&json).map_err(|why| bad(&name, MANIFEST, why))? {
            Document::Index(below) => queue.extend(below.into_iter().map(|descriptor| Listing {
                descriptor,
                names: listing.names.clone(),
                index: Some(digest.clone()),
                group: listing.group,
            })),
            Document::Manifest(manifest) => add(listing, digest, manifest, listed),
            Document::SchemaOne => listed.schema_one = true,
            Document::Other => {
                let why = "it is neither a manifest nor an index".to_owned();
                return Err(bad(&name, MANIFEST, why));
            }
        }
    }
    Ok(())
}

/// What `index.json` lists: one image by several names is one, and what has no name is one
/// image for several platforms.
fn top_level(descriptors: Vec<Descriptor>) -> Vec<Listing> {
    let mut listings: Vec<Listing> = Vec::new();
    for (place, descriptor) in descriptors.into_iter().enumerate() {
        let names = names(&descriptor);
        let same = |it: &&mut Listing| it.descriptor.digest == descriptor.digest;
        if let Some(known) = listings.iter_mut().find(same) {
            known.names.extend(names);
            continue;
        }
        listings.push(Listing {
            group: if names.is_empty() { 0 } else { place + 1 },
            descriptor,
            names,
            index: None,
        });
    }
    listings
}

fn names(descriptor: &Descriptor) -> BTreeSet<String> {
    let annotation = |key: &str| descriptor.annotations.get(key);
    let name = annotation("io.containerd.image.name")
        .or_else(|| annotation("org.opencontainers.image.ref.name"));
    name.map(|name| familiar(name).to_owned())
        .filter(|name| !name.is_empty())
        .into_iter()
        .collect()
}

/// A manifest that was left out: its platform is known to be there, elsewhere.
fn absent(listing: Listing, name: String, listed: &mut Listed) {
    if listing.descriptor.media_type.contains("index")
        || listing.descriptor.media_type.contains("manifest.list")
        || listing.descriptor.platform.is_none()
    {
        listed.missing.get_or_insert(name);
        return;
    }
    listed.candidates.push(Candidate {
        names: listing.names,
        index: listing.index,
        manifest: listing.descriptor.digest,
        platform: listing.descriptor.platform,
        config: name,
        layers: None,
        sparse: true,
        sources: BTreeMap::new(),
        group: listing.group,
    });
}

fn add(listing: Listing, digest: Digest, manifest: Manifest, listed: &mut Listed) {
    if let Some(kind) = manifest.artifact() {
        listed.artifacts.push(kind.to_owned());
        return;
    }
    let Some(config) = manifest.config.digest.as_ref().map(path_of) else {
        listed.artifacts.push("no type".to_owned());
        return;
    };
    let layer = |layer: Descriptor| LayerAt {
        name: layer.digest.as_ref().map(path_of).unwrap_or_default(),
        foreign: layer.is_foreign(),
        blob: layer.digest,
        bytes: layer.size,
    };
    listed.candidates.push(Candidate {
        names: listing.names,
        index: listing.index,
        manifest: Some(digest),
        platform: listing.descriptor.platform,
        config,
        layers: Some(manifest.layers.into_iter().map(layer).collect()),
        sparse: true,
        sources: BTreeMap::new(),
        group: listing.group,
    });
}

/// What `manifest.json` lists: names for what is known, and images that are not.
fn take(saved: Vec<Saved>, listed: &mut Listed) {
    let known = listed.candidates.len();
    for (place, image) in saved.into_iter().enumerate() {
        let names = image.names.iter().map(|name| familiar(name).to_owned());
        let names: BTreeSet<String> = names.collect();
        let config = normal(image.config.as_bytes()).unwrap_or_default();
        let mut found = false;
        let same = |it: &&mut Candidate| it.config == config && it.layers.is_some();
        for candidate in listed.candidates.iter_mut().filter(same) {
            candidate.names.extend(names.iter().cloned());
            candidate.sparse = false;
            found = true;
        }
        if !found {
            listed.candidates.push(Candidate {
                names,
                index: None,
                manifest: None,
                platform: None,
                config,
                layers: Some(layers(&image)),
                sparse: false,
                sources: image.sources,
                group: usize::MAX - known - place,
            });
        }
    }
}

fn layers(image: &Saved) -> Vec<LayerAt> {
    let layer = |path: &String| {
        let name = normal(path.as_bytes()).unwrap_or_default();
        LayerAt {
            blob: digest_in(&name),
            bytes: None,
            foreign: false,
            name,
        }
    };
    image.layers.iter().map(layer).collect()
}

/// The one that is wanted.
fn pick(
    documents: &Documents<'_>,
    mut candidates: Vec<Candidate>,
    wanted: &Wanted,
    expected: Option<&Expected>,
) -> Result<Candidate, AnatomyError> {
    let all = every_name(&candidates);
    if let Some(name) = &wanted.name {
        candidates = with_name(documents, candidates, name)?;
        if candidates.is_empty() {
            return Err(AnatomyError::NoSuchImage {
                wanted: name.clone(),
                names: all,
            });
        }
    } else if let Some(config) = expected.and_then(|it| it.config.as_ref()) {
        let path = path_of(config);
        let is_it = |it: &Candidate| it.config == path || names_digest(&it.config, config);
        if let Some(place) = candidates.iter().position(is_it) {
            return Ok(candidates.swap_remove(place));
        }
    }
    let groups: HashSet<usize> = candidates.iter().map(|it| it.group).collect();
    if groups.len() > 1 {
        return Err(AnatomyError::Several {
            names: every_name(&candidates),
        });
    }
    for_platform(documents, candidates, wanted)
}

/// Whether a configuration's name in an archive of `docker save` is this digest's.
fn names_digest(name: &str, digest: &Digest) -> bool {
    let hex = digest.as_str().split_once(':').map_or("", |(_, hex)| hex);
    name.strip_suffix(".json") == Some(hex) || name == digest.as_str()
}

fn every_name(candidates: &[Candidate]) -> Vec<String> {
    let spelled = |it: &Candidate| -> Vec<String> {
        if it.names.is_empty() {
            let digest = it
                .manifest
                .as_ref()
                .map_or(it.config.as_str(), Digest::as_str);
            vec![digest.to_owned()]
        } else {
            it.names.iter().cloned().collect()
        }
    };
    let all: BTreeSet<String> = candidates.iter().flat_map(spelled).collect();
    all.into_iter().collect()
}

fn with_name(
    documents: &Documents<'_>,
    candidates: Vec<Candidate>,
    name: &str,
) -> Result<Vec<Candidate>, AnatomyError> {
    let text = name.rsplit('@').next().unwrap_or(name);
    if let Ok(digest) = Digest::parse(text) {
        let mut found = Vec::new();
        for candidate in candidates {
            let one_of = [&candidate.index, &candidate.manifest];
            if one_of.into_iter().flatten().any(|it| *it == digest)
                || is_configuration(documents, &candidate.config, &digest)?
            {
                found.push(candidate);
            }
        }
        return Ok(found);
    }
    let best_of = |it: &Candidate| it.names.iter().filter_map(|it| likeness(name, it)).min();
    let Some(best) = candidates.iter().filter_map(best_of).min() else {
        return Ok(Vec::new());
    };
    let is_best = |it: &Candidate| best_of(it) == Some(best);
    Ok(candidates.into_iter().filter(is_best).collect())
}

fn is_configuration(
    documents: &Documents<'_>,
    config: &str,
    digest: &Digest,
) -> Result<bool, AnatomyError> {
    if config == path_of(digest) || names_digest(config, digest) {
        return Ok(true);
    }
    let json = documents.get(config)?;
    Ok(json.is_some_and(|json| Digest::of(&json) == *digest))
}

/// The one for the platform, of the same image for several.
fn for_platform(
    documents: &Documents<'_>,
    mut candidates: Vec<Candidate>,
    wanted: &Wanted,
) -> Result<Candidate, AnatomyError> {
    if candidates.len() > 1 || wanted.platform.is_some() {
        for candidate in &mut candidates {
            if candidate.platform.is_none() {
                candidate.platform = told_platform(documents, &candidate.config)?;
            }
        }
    }
    let there = platforms(&candidates);
    let is_there = |it: &Candidate| it.layers.is_some() && documents.blobs().has(&it.config);
    let (mut present, mut absent): (Vec<_>, Vec<_>) = candidates.into_iter().partition(is_there);
    let platform = match &wanted.platform {
        Some(platform) => platform,
        None if present.len() == 1 => return Ok(present.swap_remove(0)),
        // Whoever reads its configuration tells what is missing.
        None if present.is_empty() && absent.len() == 1 => return Ok(absent.swap_remove(0)),
        None => &wanted.default_platform,
    };
    if let Some(nearest) = nearest(&present, platform) {
        let same = |it: &&Candidate| it.platform == nearest.platform && it.config != nearest.config;
        // Without a name, two for the same platform are two images.
        if nearest.names.is_empty() && present.iter().any(|it| same(&it)) {
            return Err(AnatomyError::Several {
                names: every_name(&present),
            });
        }
        return Ok(nearest.clone());
    }
    match nearest(&absent, platform) {
        Some(nearest) => Err(AnatomyError::Missing {
            what: format!("the image for {platform}"),
            name: nearest.config.clone(),
        }),
        None => Err(AnatomyError::NoPlatform {
            wanted: platform.clone(),
            there,
        }),
    }
}

fn nearest<'a>(candidates: &'a [Candidate], wanted: &Platform) -> Option<&'a Candidate> {
    let distance = |it: &&Candidate| {
        let distance = it.platform.as_ref().and_then(|it| wanted.distance_to(it));
        distance.unwrap_or(u32::MAX)
    };
    candidates
        .iter()
        .min_by_key(distance)
        .filter(|it| distance(it) != u32::MAX)
}

fn platforms(candidates: &[Candidate]) -> Vec<String> {
    let platforms = candidates.iter().filter_map(|it| it.platform.as_ref());
    let spelled: BTreeSet<String> = platforms.map(ToString::to_string).collect();
    spelled.into_iter().collect()
}

/// The platform that a configuration tells.
fn told_platform(
    documents: &Documents<'_>,
    config: &str,
) -> Result<Option<Platform>, AnatomyError> {
    let Some(json) = documents.get(config)? else {
        return Ok(None);
    };
    let told = Configuration::read(&json).ok().map(|it| it.platform);
    Ok(told.and_then(|it| Platform::parse(&it).ok()))
}
