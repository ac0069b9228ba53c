//! How the cells of one row are made: what runs, how it skews, what to go back to.

use std::collections::{BTreeSet, HashMap};

use super::assemble::Resident;
use super::catalog::{Catalog, Version};
use super::digest::Digest;
use super::fleet::{Cell, Deployment, Engines, Fleet, Link, Replica};
use super::grouping;
use super::known_good::{Question, Verdict, judge};
use super::observation::Health;
use super::project::{EngineName, Environment, Image, Project};
use super::reference::ImageRef;
use super::revocation::revokes;
use super::run::Run;
use super::skew::{Ranks, Subject, skew_of};

/// Makes the cells of one row.
pub(super) struct CellMaker<'a> {
    project: &'a Project,
    image: &'a Image,
    by_identity: HashMap<&'a Digest, &'a Version>,
    /// By engine and image id there.
    by_image: HashMap<(&'a EngineName, &'a Digest), &'a Version>,
    /// What a tag names on an engine now.
    by_tag: HashMap<(&'a EngineName, &'a str), &'a Version>,
    ranks: Ranks<'a>,
}

impl<'a> CellMaker<'a> {
    /// For one image and its versions.
    pub(super) fn new(project: &'a Project, image: &'a Image, catalog: &'a Catalog) -> Self {
        let mut maker = Self {
            project,
            image,
            by_identity: HashMap::with_capacity(catalog.versions.len()),
            by_image: HashMap::with_capacity(catalog.versions.len()),
            by_tag: HashMap::with_capacity(catalog.versions.len()),
            ranks: Ranks::of(catalog, &catalog.scheme(image)),
        };
        for version in &catalog.versions {
            maker.by_identity.insert(&version.identity, version);
            for held in &version.on_engines {
                maker
                    .by_image
                    .insert((&held.engine, &held.image_id), version);
                for tag in &held.tags {
                    maker.by_tag.insert((&held.engine, tag), version);
                }
            }
        }
        maker
    }

    /// A cell for each environment of the fleet: `waits` with what runs there added.
    pub(super) fn cells(
        &self,
        fleet: &Fleet,
        residents: &[&Resident<'_>],
        waits: &[Cell],
    ) -> Vec<Cell> {
        let mut cells: Vec<Cell> = fleet
            .environments
            .iter()
            .zip(waits)
            .map(|(environment, wait)| Cell {
                deployment: self.deployment(environment, residents),
                ..wait.clone()
            })
            .collect();
        let skews: Vec<_> = fleet
            .environments
            .iter()
            .zip(&cells)
            .map(|(environment, cell)| {
                let deployment = cell.deployment.as_ref()?;
                let upstream = fleet.upstream(&environment.name).and_then(|upstream| {
                    let cell = cells.get(fleet.column(&upstream.name)?)?;
                    Some((&upstream.name, cell.deployment.as_ref()?))
                });
                Some(skew_of(&Subject {
                    deployment,
                    ranks: &self.ranks,
                    upstream,
                    moved: &self.moved_tags(deployment),
                }))
            })
            .collect();
        let find = |identity: &Digest| self.by_identity.get(identity).copied();
        for ((cell, skew), environment) in cells.iter_mut().zip(skews).zip(&fleet.environments) {
            cell.skew = skew.unwrap_or_default();
            cell.known_good = cell.deployment.as_ref().map(|deployment| {
                verdict(
                    self.image,
                    &find,
                    Some(deployment),
                    environment,
                    &fleet.engines,
                    &[],
                )
            });
        }
        cells
    }

    fn deployment(
        &self,
        environment: &Environment,
        residents: &[&Resident<'_>],
    ) -> Option<Deployment> {
        let place = |engine| environment.engines.iter().position(|name| name == engine);
        let mut here: Vec<(usize, &Resident<'_>)> = residents
            .iter()
            .filter(|one| grouping::belongs(self.project, environment, one.container))
            .filter_map(|one| place(one.engine).map(|place| (place, *one)))
            .collect();
        here.sort_by_key(|(place, one)| (*place, &one.container.name));
        let replicas: Vec<Replica> = here.into_iter().map(|(_, one)| self.replica(one)).collect();
        let up = |replica: &&Replica| replica.container.health != Health::NotRunning;
        let health = replicas
            .iter()
            .map(|replica| replica.container.health)
            .max()?;
        // A stopped container counts for what runs only where nothing else does.
        let mut identities =
            grouping::by_count(replicas.iter().filter(up).map(|one| one.identity.clone()));
        if identities.is_empty() {
            identities = grouping::by_count(replicas.iter().map(|one| one.identity.clone()));
        }
        let first = identities.first()?;
        let version = replicas.iter().find(|replica| &replica.identity == first)?;
        Some(Deployment {
            version: version.version.clone(),
            since: replicas
                .iter()
                .filter_map(|replica| replica.container.started)
                .max(),
            health,
            identities,
            replicas,
        })
    }

    fn replica(&self, resident: &Resident<'_>) -> Replica {
        let id = &resident.container.image_id;
        // Gone from its own engine, it may be known from another by the same id.
        let version = self
            .by_image
            .get(&(resident.engine, id))
            .or_else(|| self.by_identity.get(id));
        let identity = version.map_or(id, |version| &version.identity);
        Replica {
            engine: resident.engine.clone(),
            container: resident.container.clone(),
            identity: identity.clone(),
            version: version
                .map_or(id.short(), |version| version.shown())
                .to_owned(),
        }
    }

    /// The tags that running containers were made from and that name another image on
    /// their engine now.
    fn moved_tags(&self, deployment: &Deployment) -> BTreeSet<String> {
        let mut moved = BTreeSet::new();
        for replica in &deployment.replicas {
            let written = || ImageRef::parse(&replica.container.image).ok();
            let reference = replica.container.recorded.clone().or_else(written);
            let Some(reference) = reference.filter(|r| r.repository == self.image.repository)
            else {
                continue;
            };
            let tag = match (&reference.tag, &reference.digest) {
                (Some(tag), _) => tag.as_str(),
                (None, None) => "latest",
                (None, Some(_)) => continue,
            };
            let now = self.by_tag.get(&(&replica.engine, tag));
            if now.is_some_and(|version| version.identity != replica.identity) {
                moved.insert(tag.to_owned());
            }
        }
        moved
    }
}

/// What there is to go back to, by the runs that the deployment's containers carry.
pub(super) fn verdict<'a>(
    image: &Image,
    find: &dyn Fn(&Digest) -> Option<&'a Version>,
    deployment: Option<&Deployment>,
    environment: &Environment,
    engines: &Engines,
    gone: &[Digest],
) -> Verdict {
    let replicas = deployment.map_or(&[][..], |deployment| &deployment.replicas);
    let runs: Vec<Run> = replicas
        .iter()
        .flat_map(|replica| replica.container.runs.iter().cloned())
        .collect();
    judge(&Question {
        runs: &runs,
        running: deployment.map_or(&[][..], |deployment| &deployment.identities),
        soak: environment.soak,
        revoked: &|run| {
            let digests = [run.identity.as_str(), run.image_id.as_str()].into_iter();
            find(&run.identity).is_some_and(|version| version.revoked)
                || revokes(
                    &image.revoked,
                    run.version.as_deref(),
                    digests.chain(run.base.as_deref()),
                )
        },
        obtainable: &|run| {
            !gone.contains(&run.identity) && can_be_had(run, find(&run.identity), engines)
        },
    })
}

/// Whether an engine that is not down has it, or a registry is said to have it. Whether the
/// registry still does is asked when a plan is made.
fn can_be_had(run: &Run, version: Option<&Version>, engines: &Engines) -> bool {
    let reachable = |name| {
        let state = engines.get(name);
        state.is_some_and(|state| !matches!(state.link, Link::Down { .. }))
    };
    let in_registry = |reference: &ImageRef| {
        let digest = reference.digest.as_ref();
        // Where no registry has it, the identity stands in the digest's place.
        reference.repository.registry_host().is_some()
            && digest.is_some_and(|digest| digest != &run.identity)
    };
    version.is_some_and(|version| {
        version
            .on_engines
            .iter()
            .any(|held| reachable(&held.engine))
            || version.repo_digests.iter().any(in_registry)
    }) || ImageRef::parse(&run.reference).is_ok_and(|reference| in_registry(&reference))
}
