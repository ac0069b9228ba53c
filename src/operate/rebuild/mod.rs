//! Building a new version of an image: what it is called, from what, where, and how it
//! went. The building itself is the engine's room.

mod base;
mod recipes;
mod refusal;
mod run;
mod source;

pub use base::outermost;
pub use recipes::{Recipes, Written};
pub use refusal::RebuildRefusal;
pub use run::{impossible, run};
pub use source::Source;

use std::collections::BTreeMap;

use crate::model::catalog::Catalog;
use crate::model::fleet::{Fleet, Link};
use crate::model::nearest;
use crate::model::project::{EngineName, EnvironmentName, Image, ImageName, Project, Recipe};
use crate::model::rebuild::{
    BASE_DIGEST, BASE_NAME, CREATED, REVISION, RebuildPlan, SOURCE, VERSION,
};
use crate::model::reference::{ImageRef, Repository};
use crate::model::time::Timestamp;
use crate::model::version::{Scheme, VersionLabel};

/// What somebody wants built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RebuildAsk {
    /// Which image.
    pub image: ImageName,
    /// Under which version; the next one by the image's rule if not said.
    pub version: Option<String>,
    /// Build every step anew.
    pub no_cache: bool,
    /// Pull the base image first.
    pub pull: bool,
    /// Build arguments, over those of the recipe.
    pub build_args: BTreeMap<String, String>,
    /// Where; the recipe's engine, else the first environment's, if not said.
    pub engine: Option<EngineName>,
    /// Why.
    pub reason: Option<String>,
    /// Who: `user@host`.
    pub who: String,
}

/// Plans a rebuild. Reads the recipe's Dockerfile and asks git about the context; touches
/// nothing.
///
/// # Errors
/// [`RebuildRefusal`] says what is missing or in the way, and what to do about it.
pub fn plan(
    fleet: &Fleet,
    project: &Project,
    ask: &RebuildAsk,
    recipes: &Recipes,
    now: Timestamp,
) -> Result<RebuildPlan, RebuildRefusal> {
    let empty = Catalog::default();
    let (image, catalog) = find_image(fleet, project, &ask.image, &empty)?;
    let mut recipe = image
        .build
        .clone()
        .ok_or_else(|| RebuildRefusal::NoRecipe {
            image: image.name.clone(),
        })?;
    recipe.args.extend(ask.build_args.clone());
    let written = recipes.read(image, &recipe)?;
    let engine = choose_engine(fleet, project, image, &recipe, ask.engine.as_ref())?;
    let mut warnings = Vec::new();
    let previous = catalog.newest().and_then(|newest| newest.label.clone());
    let version = choose_version(image, catalog, ask.version.as_deref(), now)?;
    warnings.extend(behind(image, catalog, &version, previous.as_ref()));
    let labels = labels(fleet, &engine, &recipe, written, &version, now);
    warnings.extend(doubts(fleet, &engine, &labels, ask));
    Ok(RebuildPlan {
        id: super::new_id(),
        image: image.name.clone(),
        repository: image.repository.clone(),
        version,
        previous,
        engine,
        recipe,
        no_cache: ask.no_cache,
        pull: ask.pull,
        publish: false,
        labels,
        warnings,
        who: ask.who.clone(),
        reason: ask.reason.clone(),
        made: now,
    })
}

fn find_image<'a>(
    fleet: &'a Fleet,
    project: &'a Project,
    name: &ImageName,
    empty: &'a Catalog,
) -> Result<(&'a Image, &'a Catalog), RebuildRefusal> {
    if let Some(row) = fleet.row(name) {
        return Ok((&row.image, &row.catalog));
    }
    if let Some(image) = project.images.iter().find(|image| &image.name == name) {
        return Ok((image, empty));
    }
    let rows = fleet.rows.iter().map(|row| row.image.name.as_str());
    let images = project.images.iter().map(|image| image.name.as_str());
    let mut names: Vec<&str> = rows.chain(images).collect();
    names.sort_unstable();
    names.dedup();
    Err(RebuildRefusal::NoImage {
        image: name.clone(),
        hint: nearest::hint(name.as_str(), names.iter().copied()),
    })
}

/// Where it is built: as asked, else as the recipe says (an environment's first engine, or
/// an engine), else on the first engine of the first environment.
fn choose_engine(
    fleet: &Fleet,
    project: &Project,
    image: &Image,
    recipe: &Recipe,
    asked: Option<&EngineName>,
) -> Result<EngineName, RebuildRefusal> {
    let first_of = |name: &str| {
        let name = EnvironmentName::from(name);
        let environment = fleet.environments.iter().find(|one| one.name == name);
        environment
            .or_else(|| project.environment(&name))?
            .engines
            .first()
    };
    let wanted = asked.map(EngineName::as_str).or(recipe.engine.as_deref());
    let Some(wanted) = wanted else {
        let environments = fleet.environments.iter().chain(&project.environments);
        let mut first = environments.filter_map(|environment| environment.engines.first());
        return first
            .next()
            .or_else(|| project.engines.keys().next())
            .cloned()
            .ok_or_else(|| RebuildRefusal::NoEngineAtAll {
                image: image.name.clone(),
            });
    };
    let name = EngineName::from(wanted);
    if project.engines.contains_key(&name) || fleet.engines.contains_key(&name) {
        return Ok(name);
    }
    if let Some(engine) = first_of(wanted) {
        return Ok(engine.clone());
    }
    let known = project.engines.keys().map(EngineName::as_str);
    let places = fleet.environments.iter().map(|one| one.name.as_str());
    Err(RebuildRefusal::NoEngine {
        engine: name,
        hint: nearest::hint(wanted, known.chain(places)),
    })
}

fn choose_version(
    image: &Image,
    catalog: &Catalog,
    asked: Option<&str>,
    now: Timestamp,
) -> Result<VersionLabel, RebuildRefusal> {
    let scheme = catalog.scheme(image);
    let Some(asked) = asked else {
        let newest = catalog.newest().and_then(|newest| newest.label.as_ref());
        let tags = catalog.versions.iter().flat_map(|version| &version.tags);
        let existing: Vec<VersionLabel> = tags.cloned().map(VersionLabel).collect();
        return Ok(scheme.next(newest, &existing, now)?);
    };
    if !is_tag(&image.repository, asked) {
        return Err(RebuildRefusal::NotATag {
            version: asked.to_owned(),
        });
    }
    let label = scheme
        .label(asked)
        .ok_or_else(|| RebuildRefusal::NotAVersion {
            image: image.name.clone(),
            version: asked.to_owned(),
            scheme: words(&scheme),
        })?;
    let holders = catalog
        .versions
        .iter()
        .filter(|version| version.tags.iter().any(|tag| tag == asked));
    let mut found = false;
    let mut places = Vec::new();
    for version in holders {
        found = true;
        let held = version.on_engines.iter();
        places.extend(held.map(|held| held.engine.as_str()));
    }
    if found {
        places.sort_unstable();
        places.dedup();
        return Err(RebuildRefusal::Exists {
            image: image.name.clone(),
            version: asked.to_owned(),
            place: match places.as_slice() {
                [] => "a registry".to_owned(),
                places => places.join(", "),
            },
        });
    }
    Ok(label)
}

fn is_tag(repository: &Repository, text: &str) -> bool {
    !text.starts_with(['.', '-']) && ImageRef::parse(&format!("{repository}:{text}")).is_ok()
}

fn words(scheme: &Scheme) -> String {
    match scheme {
        Scheme::Semver => "semantic versions such as 1.4.2 or 1.5.0-rc.1".to_owned(),
        Scheme::Calver => "dates such as 2026.11.3".to_owned(),
        Scheme::Created | Scheme::Detect => "any tag but `latest`".to_owned(),
        Scheme::Pattern(pattern) => format!("tags that match `{}`", pattern.as_str()),
    }
}

/// A version that would not become the newest.
fn behind(
    image: &Image,
    catalog: &Catalog,
    version: &VersionLabel,
    newest: Option<&VersionLabel>,
) -> Option<String> {
    let newest = newest?;
    let scheme = catalog.scheme(image);
    if matches!(scheme, Scheme::Created) {
        return None;
    }
    let order = scheme.compare((version, None), (newest, None));
    order
        .is_lt()
        .then(|| format!("{version} is older than the newest version, {newest}"))
}

fn labels(
    fleet: &Fleet,
    engine: &EngineName,
    recipe: &Recipe,
    written: Written,
    version: &VersionLabel,
    now: Timestamp,
) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    let mut set = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            labels.insert(name.to_owned(), value);
        }
    };
    let source = written.source;
    let base = outermost(&written.dockerfile, recipe.target.as_deref(), &recipe.args);
    let digest = base
        .as_deref()
        .and_then(|base| digest_of(fleet, engine, base));
    set(VERSION, Some(version.0.clone()));
    set(
        CREATED,
        Some(now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
    );
    set(REVISION, source.revision);
    set(SOURCE, source.url);
    set(BASE_NAME, base);
    set(BASE_DIGEST, digest);
    labels
}

/// The digest of the base image: the one written in its name, else the one a registry knows
/// it by, else (it never was in a registry) its id on the engine. As last seen; when the
/// rebuild runs, the engine is asked again.
fn digest_of(fleet: &Fleet, engine: &EngineName, base: &str) -> Option<String> {
    let mut reference = ImageRef::parse(base).ok()?;
    if let Some(digest) = reference.digest {
        return Some(digest.to_string());
    }
    reference.tag.get_or_insert_with(|| "latest".to_owned());
    let images = &fleet.engines.get(engine)?.last.as_ref()?.images;
    let image = images
        .iter()
        .find(|image| image.tags.contains(&reference))?;
    let known = image
        .repo_digests
        .iter()
        .find(|known| known.repository == reference.repository)
        .and_then(|known| known.digest.clone());
    Some(known.unwrap_or_else(|| image.id.clone()).to_string())
}

fn doubts(
    fleet: &Fleet,
    engine: &EngineName,
    labels: &BTreeMap<String, String>,
    ask: &RebuildAsk,
) -> Vec<String> {
    let mut doubts = Vec::new();
    let down = fleet.engines.get(engine).map(|state| &state.link);
    if let Some(Link::Down { error, .. }) = down {
        doubts.push(format!("{engine} does not answer at the moment: {error}"));
    }
    let revision = labels.get(REVISION);
    if revision.is_some_and(|revision| revision.ends_with("-dirty")) {
        doubts.push("the context has changes that are not committed".to_owned());
    }
    if ask.pull && !labels.contains_key(BASE_NAME) {
        doubts.push("there is no base image to pull: it builds on scratch".to_owned());
    }
    doubts
}

#[cfg(test)]
mod tests;
