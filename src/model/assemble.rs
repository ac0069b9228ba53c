//! How the fleet is put together from what the engines answered.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::catalog::{Catalog, Version};
use super::cells::{self, CellMaker};
use super::digest::Digest;
use super::fleet::{Cell, EngineError, Engines, Fleet, Link, Replica, Row};
use super::gather::repositories;
use super::grouping;
use super::known_good::Verdict;
use super::observation::{Container, LocalImage, LockSeen, Observation};
use super::project::{EngineName, Environment, Image, Project};
use super::reference::Repository;
use super::revocation::BASE_DIGEST_LABEL;
use super::time::Timestamp;

impl Fleet {
    /// Joins the last answers of all engines. An engine that is down is shown as it was
    /// when it last answered, and marked.
    ///
    /// Environments and images are the project's; where it names none, they are found (see
    /// [`grouping`]). Where the project names images, containers of others are not shown.
    /// A container made from a bare id whose image has no name is an image of its own,
    /// called by the short id: nothing that runs is left out.
    #[must_use]
    pub fn assemble(project: &Project, engines: &Engines, now: Timestamp) -> Self {
        let environments = grouping::environments(project, engines);
        let residents = residents(engines);
        let images = if project.images.is_empty() {
            let all = residents.iter().map(|one| one.repository.clone()).collect();
            grouping::images(&all)
        } else {
            project.images.clone()
        };
        let mut catalogs = catalogs(&images, engines, &residents);
        inherit_revocations(&mut catalogs);
        let mut at_home: HashMap<&Repository, Vec<&Resident<'_>>> = HashMap::new();
        for resident in &residents {
            at_home
                .entry(&resident.repository)
                .or_default()
                .push(resident);
        }
        let mut fleet = Self {
            at: now,
            source: project.source.clone(),
            environments,
            rows: Vec::with_capacity(images.len()),
            engines: engines.clone(),
            stray_locks: Vec::new(),
        };
        let waits: Vec<Cell> = fleet
            .environments
            .iter()
            .map(|e| empty_cell(e, engines))
            .collect();
        let mut seen: HashSet<&Repository> = HashSet::new();
        for (image, catalog) in images.iter().zip(catalogs) {
            // Two images of one repository: its containers are shown once, with the first.
            let first = seen.insert(&image.repository);
            let here = at_home.get(&image.repository).filter(|_| first);
            let residents = here.map_or(&[][..], Vec::as_slice);
            let cells = {
                let maker = CellMaker::new(project, image, &catalog);
                maker.cells(&fleet, residents, &waits)
            };
            fleet.rows.push(Row {
                image: image.clone(),
                catalog,
                cells,
            });
        }
        fleet.stray_locks = place_locks(&mut fleet.rows, engines);
        fleet
    }

    /// What there is to go back to in one cell: by its recorded runs, the environment's
    /// soak, what is revoked, and what can be had now.
    #[must_use]
    pub fn known_good(
        row: &Row,
        cell: &Cell,
        environment: &Environment,
        engines: &Engines,
    ) -> Verdict {
        Self::known_good_without(row, cell, environment, engines, &[])
    }

    /// The same where these versions turned out not to be had any more.
    #[must_use]
    pub fn known_good_without(
        row: &Row,
        cell: &Cell,
        environment: &Environment,
        engines: &Engines,
        gone: &[Digest],
    ) -> Verdict {
        let find = |identity: &Digest| row.version(identity);
        cells::verdict(
            &row.image,
            &find,
            cell.deployment.as_ref(),
            environment,
            engines,
            gone,
        )
    }
}

/// A container, the image it runs, and the repository it is at home in.
pub(super) struct Resident<'a> {
    pub engine: &'a EngineName,
    pub container: &'a Container,
    image: Option<&'a LocalImage>,
    repository: Repository,
}

fn answers(engines: &Engines) -> impl Iterator<Item = (&EngineName, &Observation)> {
    engines
        .iter()
        .filter_map(|(name, state)| state.last.as_ref().map(|last| (name, last)))
}

fn residents(engines: &Engines) -> Vec<Resident<'_>> {
    let mut all = Vec::new();
    for (engine, last) in answers(engines) {
        let by_id: HashMap<&Digest, &LocalImage> =
            last.images.iter().map(|image| (&image.id, image)).collect();
        for container in &last.containers {
            let image = by_id.get(&container.image_id).copied();
            let repository = grouping::repository_of(container, image)
                .unwrap_or_else(|| grouping::nameless(container));
            all.push(Resident {
                engine,
                container,
                image,
                repository,
            });
        }
    }
    all
}

/// Each image's versions, in one pass over the images of all engines. What a container of
/// the image runs is a version of it, even if no name leads to it any more.
fn catalogs(images: &[Image], engines: &Engines, residents: &[Resident<'_>]) -> Vec<Catalog> {
    type Found<'a> = BTreeMap<(&'a EngineName, &'a Digest), &'a LocalImage>;
    let mut found: HashMap<&Repository, Found<'_>> = HashMap::new();
    for image in images {
        found.entry(&image.repository).or_default();
    }
    for (engine, last) in answers(engines) {
        for local in &last.images {
            for repository in repositories(local) {
                if let Some(found) = found.get_mut(&repository) {
                    found.insert((engine, &local.id), local);
                }
            }
        }
    }
    for resident in residents {
        if let (Some(found), Some(local)) = (found.get_mut(&resident.repository), resident.image) {
            found.insert((resident.engine, &local.id), local);
        }
    }
    let mut unread: HashMap<&Repository, Vec<&str>> = HashMap::new();
    for reference in answers(engines).flat_map(|(_, last)| &last.unread) {
        let tags = unread.entry(&reference.repository).or_default();
        tags.extend(reference.tag.as_deref());
    }
    images
        .iter()
        .map(|image| {
            let found = found.get(&image.repository).into_iter().flatten();
            let found = found.map(|((engine, _), local)| (*engine, *local));
            let unread = unread.get(&image.repository).map_or(&[][..], Vec::as_slice);
            Catalog::from_images(image, found, unread)
        })
        .collect()
}

/// What is built from a revoked version is revoked, of whichever image, down to the last
/// descendant.
fn inherit_revocations(catalogs: &mut [Catalog]) {
    let mut children: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
    let mut revoked: Vec<(usize, usize)> = Vec::new();
    for (row, catalog) in catalogs.iter().enumerate() {
        for (place, version) in catalog.versions.iter().enumerate() {
            if let Some(base) = version.labels.get(BASE_DIGEST_LABEL) {
                children.entry(base.clone()).or_default().push((row, place));
            }
            if version.revoked {
                revoked.push((row, place));
            }
        }
    }
    if children.is_empty() {
        return;
    }
    while let Some((row, place)) = revoked.pop() {
        let Some(version) = catalogs.get(row).and_then(|c| c.versions.get(place)) else {
            continue;
        };
        let names: BTreeSet<String> = digests_of(version).map(Digest::to_string).collect();
        for (row, place) in names
            .iter()
            .filter_map(|name| children.remove(name))
            .flatten()
        {
            let child = catalogs
                .get_mut(row)
                .and_then(|c| c.versions.get_mut(place));
            if let Some(child) = child.filter(|child| !child.revoked) {
                child.revoked = true;
                revoked.push((row, place));
            }
        }
    }
}

/// Every digest a version is known by.
fn digests_of(version: &Version) -> impl Iterator<Item = &Digest> {
    let known = [
        &version.digests.index,
        &version.digests.manifest,
        &version.digests.config,
    ];
    known
        .into_iter()
        .flatten()
        .chain([&version.identity, &version.content])
        .chain(version.on_engines.iter().map(|held| &held.image_id))
        .chain(
            version
                .repo_digests
                .iter()
                .filter_map(|reference| reference.digest.as_ref()),
        )
}

/// A cell in which nothing runs, with the state of the environment's engines.
fn empty_cell(environment: &Environment, engines: &Engines) -> Cell {
    let mut cell = Cell::default();
    for name in &environment.engines {
        match engines.get(name) {
            None => cell.waiting.push(name.clone()),
            Some(state) => match &state.link {
                Link::Up => {}
                Link::Connecting if state.last.is_some() => {}
                Link::Connecting => cell.waiting.push(name.clone()),
                Link::Down { error, .. } => cell.errors.push(EngineError {
                    engine: name.clone(),
                    error: error.clone(),
                    last_seen: state.last.as_ref().map(|last| last.at),
                }),
            },
        }
    }
    cell
}

/// Puts each lock into the cells that show its container; what is left over is stray.
fn place_locks(rows: &mut [Row], engines: &Engines) -> Vec<(EngineName, LockSeen)> {
    let locks: Vec<(&EngineName, &LockSeen)> = answers(engines)
        .flat_map(|(engine, last)| last.locks.iter().map(move |lock| (engine, lock)))
        .collect();
    if locks.is_empty() {
        return Vec::new();
    }
    let mut placed = vec![false; locks.len()];
    for cell in rows.iter_mut().flat_map(|row| &mut row.cells) {
        let Some(deployment) = &cell.deployment else {
            continue;
        };
        for ((engine, lock), placed) in locks.iter().zip(&mut placed) {
            let shows = |replica: &Replica| {
                &replica.engine == *engine && replica.container.name == lock.container
            };
            if deployment.replicas.iter().any(shows) {
                cell.locks.push(((*engine).clone(), (*lock).clone()));
                *placed = true;
            }
        }
    }
    let stray = locks.into_iter().zip(placed).filter(|(_, placed)| !placed);
    stray
        .map(|((engine, lock), _)| (engine.clone(), lock.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::known_good::Objection;
    use super::super::observation::Health;
    use super::super::plan::{OperationId, OperationKind};
    use super::super::project::{EnvironmentName, Grouping, ImageName};
    use super::super::reference::ImageRef;
    use super::super::skew::SkewKind;
    use super::super::testing::{
        container, digest, engine, engines, environment, image, local, minute, project, run,
    };
    use super::*;
    use proptest::prelude::*;

    fn cell<'a>(fleet: &'a Fleet, image: &str, environment: &str) -> &'a Cell {
        let (image, environment) = (ImageName::from(image), EnvironmentName::from(environment));
        fleet.cell(&image, &environment).expect("the cell is there")
    }

    fn words(cell: &Cell) -> Vec<&str> {
        cell.skew.iter().map(|skew| skew.text.as_str()).collect()
    }

    fn lock(container: &str) -> LockSeen {
        LockSeen {
            container: container.to_owned(),
            operation: OperationId("1".to_owned()),
            summary: "roll back shop in prod to 1.4.1".to_owned(),
            owner: "ann@laptop".to_owned(),
            since: minute(0),
        }
    }

    /// dev and prod on an engine each; dev has 1.4.2, prod 1.4.1, both 1.4.0.
    fn small() -> (Project, Engines) {
        let [zero, one, two] = ["0", "1", "2"].map(|n| local(n, &[&format!("shop:1.4.{n}")]));
        let mut old = container("web", "shop:1.4.1", "1");
        old.runs = vec![run("0", -90), run("1", -200)];
        let all = engines([
            engine(
                "dev",
                vec![zero.clone(), two],
                vec![container("web", "shop:1.4.2", "2")],
            ),
            engine(
                "prod",
                vec![zero, one],
                vec![old, container("db", "postgres:17", "pg")],
            ),
        ]);
        (project(vec![environment("dev"), environment("prod")]), all)
    }

    #[test]
    fn the_fleet_is_a_matrix_of_images_and_environments() {
        let (project, mut engines) = small();
        if let Some(last) = engines
            .get_mut(&EngineName::from("prod"))
            .and_then(|state| state.last.as_mut())
        {
            last.locks = vec![lock("web"), lock("gone")];
        }
        let fleet = Fleet::assemble(&project, &engines, minute(1));
        let names: Vec<&str> = fleet
            .rows
            .iter()
            .map(|row| row.image.name.as_str())
            .collect();
        assert_eq!(names, ["postgres", "shop"]);
        assert!(cell(&fleet, "postgres", "dev").deployment.is_none());
        assert_eq!(
            words(cell(&fleet, "postgres", "prod")),
            ["not in the version list"]
        );
        assert_eq!(words(cell(&fleet, "shop", "dev")), Vec::<&str>::new());
        let prod = cell(&fleet, "shop", "prod");
        assert_eq!(words(prod), ["1 behind newest", "1 behind dev"]);
        let deployment = prod.deployment.as_ref().expect("it runs");
        assert_eq!(deployment.version, "1.4.1");
        assert_eq!(deployment.identities, [digest("1")]);
        assert_eq!(
            (deployment.health, deployment.running()),
            (Health::Healthy, 1)
        );
        assert_eq!(deployment.since, Some(minute(-60)));
        assert_eq!(prod.locks, [(EngineName::from("prod"), lock("web"))]);
        assert_eq!(
            fleet.stray_locks,
            [(EngineName::from("prod"), lock("gone"))]
        );
        let verdict = prod.known_good.as_ref().expect("judged");
        assert_eq!(
            verdict.choice.as_ref().map(|run| &run.identity),
            Some(&digest("0"))
        );
        assert_eq!(verdict.passed_over[0].why, Objection::RunsNow);
        let shop = fleet.row(&ImageName::from("shop")).expect("the row");
        let again = Fleet::known_good(shop, prod, &fleet.environments[1], &engines);
        assert_eq!(&again, verdict);
    }

    #[test]
    fn a_project_that_names_images_shows_only_those() {
        let (mut project, engines) = small();
        project.images = vec![image("shop"), image("unused")];
        let fleet = Fleet::assemble(&project, &engines, minute(1));
        let names: Vec<&str> = fleet
            .rows
            .iter()
            .map(|row| row.image.name.as_str())
            .collect();
        assert_eq!(names, ["shop", "unused"]);
        assert!(
            fleet.rows[1]
                .cells
                .iter()
                .all(|cell| cell.deployment.is_none())
        );
    }

    #[test]
    fn an_engine_that_is_down_is_marked_and_still_shown() {
        let (project, mut engines) = small();
        let down = Link::Down {
            error: "connection refused".to_owned(),
            since: minute(1),
            retry_at: None,
        };
        engines
            .get_mut(&EngineName::from("prod"))
            .expect("prod")
            .link = down;
        engines.get_mut(&EngineName::from("dev")).expect("dev").link = Link::Connecting;
        let fleet = Fleet::assemble(&project, &engines, minute(2));
        let prod = cell(&fleet, "shop", "prod");
        assert!(prod.deployment.is_some());
        assert_eq!(prod.errors[0].last_seen, Some(minute(0)));
        assert_eq!(cell(&fleet, "shop", "dev").waiting, []);

        engines.get_mut(&EngineName::from("dev")).expect("dev").last = None;
        let fleet = Fleet::assemble(&project, &engines, minute(2));
        let dev = cell(&fleet, "shop", "dev");
        assert!(dev.deployment.is_none());
        assert_eq!(dev.waiting, [EngineName::from("dev")]);
        // 1.4.0 lies on the dead engine only.
        let verdict = cell(&fleet, "shop", "prod")
            .known_good
            .as_ref()
            .expect("judged");
        assert_eq!(verdict.choice, None);
        assert!(
            verdict
                .passed_over
                .iter()
                .any(|one| one.why == Objection::Gone)
        );
    }

    #[test]
    fn what_a_registry_has_can_be_had() {
        let registry = "registry.example.com/shop";
        let digest_there = digest("in the registry");
        let mut web = container("web", &format!("{registry}:2"), "2");
        let mut gone = run("1", -90);
        gone.reference = format!("{registry}:1@{digest_there}");
        let mut never_pushed = run("0", -80);
        never_pushed.reference = format!("{registry}:0@{}", never_pushed.identity);
        web.runs = vec![gone.clone(), never_pushed];
        let image = local("2", &[&format!("{registry}:2")]);
        let all = engines([engine("prod", vec![image], vec![web])]);
        let fleet = Fleet::assemble(&project(vec![environment("prod")]), &all, minute(0));
        let verdict = cell(&fleet, "shop", "prod")
            .known_good
            .as_ref()
            .expect("judged");
        assert_eq!(verdict.choice.as_ref(), Some(&gone));
    }

    #[test]
    fn moved_tags_mixed_digests_and_contested_labels_are_seen() {
        let dev = engine(
            "dev",
            vec![local("old", &[]), local("new", &["shop:1.4.2"])],
            vec![
                container("a", "shop:1.4.2", "old"),
                container("b", "shop:1.4.2", "new"),
            ],
        );
        let prod = engine(
            "prod",
            vec![local("other", &["shop:1.4.2"])],
            vec![container("a", "shop:1.4.2", "other")],
        );
        let project = project(vec![environment("dev"), environment("prod")]);
        let fleet = Fleet::assemble(&project, &engines([dev, prod]), minute(0));
        let kinds = |name| {
            let skew = &cell(&fleet, "shop", name).skew;
            skew.iter().map(|skew| skew.kind).collect::<Vec<_>>()
        };
        let dev = kinds("dev");
        assert!(dev.contains(&SkewKind::MixedDigests), "{dev:?}");
        assert!(dev.contains(&SkewKind::MovedTag), "{dev:?}");
        assert_eq!(kinds("prod"), [SkewKind::ContestedLabel]);
        // What runs stays a version, though no tag leads to it any more.
        assert!(fleet.rows[0].version(&digest("old")).is_some());
    }

    #[test]
    fn a_stopped_leftover_does_not_count_for_what_runs() {
        let (project, mut engines) = small();
        let last = engines
            .get_mut(&EngineName::from("dev"))
            .and_then(|state| state.last.as_mut())
            .expect("dev");
        let mut stopped = container("old", "shop:1.4.0", "0");
        stopped.health = Health::NotRunning;
        stopped.started = None;
        last.containers.push(stopped);
        let fleet = Fleet::assemble(&project, &engines, minute(1));
        let deployment = cell(&fleet, "shop", "dev")
            .deployment
            .as_ref()
            .expect("it runs");
        assert_eq!(deployment.identities, [digest("2")]);
        assert_eq!((deployment.running(), deployment.replicas.len()), (1, 2));
        assert_eq!(deployment.health, Health::NotRunning);
    }

    #[test]
    fn without_names_nothing_vanishes() {
        let id = digest("bare");
        let all = engines([engine(
            "context:default",
            vec![local("bare", &[])],
            vec![
                container("a", id.as_str(), "bare"),
                container("b", id.short(), "bare"),
            ],
        )]);
        let mut project = project(Vec::new());
        project.grouping = Some(Grouping::ByLabel);
        let fleet = Fleet::assemble(&project, &all, minute(0));
        let deployment = cell(&fleet, id.short(), "default")
            .deployment
            .as_ref()
            .expect("it runs");
        assert_eq!(deployment.replicas.len(), 2);
    }

    #[test]
    fn what_is_built_from_a_revoked_version_is_revoked() {
        let mut web = local("web", &["web:2.0.0"]);
        web.labels
            .insert(BASE_DIGEST_LABEL.to_owned(), digest("base").to_string());
        let mut site = local("site", &["site:3.0.0"]);
        site.labels
            .insert(BASE_DIGEST_LABEL.to_owned(), digest("web").to_string());
        let all = engines([engine(
            "dev",
            vec![local("base", &["base:1.0.0"]), web, site],
            vec![],
        )]);
        let mut project = project(vec![environment("dev")]);
        project.images = ["site", "web", "base"].map(image).into();
        project.images[2].revoked = vec!["1.0.0".to_owned()];
        let fleet = Fleet::assemble(&project, &all, minute(0));
        let revoked = fleet.rows.iter().map(|row| row.catalog.versions[0].revoked);
        assert_eq!(revoked.collect::<Vec<_>>(), [true, true, true]);
    }

    #[test]
    fn replicas_are_in_the_order_of_the_environments_engines() {
        let on = |name| {
            engine(
                name,
                vec![],
                vec![container("b", "shop:1", "x"), container("a", "shop:1", "x")],
            )
        };
        let mut prod = environment("prod");
        prod.engines = ["two", "one"].map(EngineName::from).into();
        let fleet = Fleet::assemble(
            &project(vec![prod]),
            &engines([on("one"), on("two")]),
            minute(0),
        );
        let deployment = cell(&fleet, "shop", "prod")
            .deployment
            .as_ref()
            .expect("it runs");
        let order = deployment.replicas.iter();
        let order: Vec<_> = order
            .map(|r| (r.engine.as_str(), r.container.name.as_str()))
            .collect();
        assert_eq!(
            order,
            [("two", "a"), ("two", "b"), ("one", "a"), ("one", "b")]
        );
    }

    #[test]
    fn a_rolled_back_version_is_not_offered_again() {
        let (project, mut engines) = small();
        let last = engines
            .get_mut(&EngineName::from("prod"))
            .and_then(|state| state.last.as_mut())
            .expect("prod");
        for run in &mut last.containers[0].runs {
            run.ended_by = OperationKind::Rollback;
        }
        let fleet = Fleet::assemble(&project, &engines, minute(1));
        let verdict = cell(&fleet, "shop", "prod")
            .known_good
            .as_ref()
            .expect("judged");
        assert_eq!(verdict.choice, None);
        assert_eq!(verdict.passed_over[0].why, Objection::LeftBehind);
    }

    proptest! {
        #[test]
        fn every_container_shows_exactly_once_when_nothing_is_configured(
            found in proptest::collection::vec(
                ("[ab]", "shop:1|blog:2|x/shop:1|[0-9a-f]{12}", "[xyz]", "dev|prod|", "dev|wiki|"),
                0..10,
            ),
        ) {
            let of = |name: &'static str| found.iter().enumerate().filter(move |(_, c)| c.0 == name);
            let on = |name: &'static str| {
                let containers = of(name).map(|(n, (_, reference, id, own, compose))| {
                    let mut one = container(&n.to_string(), reference, id);
                    for (key, value) in
                        [(grouping::ENVIRONMENT_LABEL, own), ("com.docker.compose.project", compose)]
                    {
                        if !value.is_empty() {
                            one.labels.insert(key.to_owned(), value.clone());
                        }
                    }
                    one
                });
                engine(name, vec![local("x", &["shop:1"])], containers.collect())
            };
            let all = engines([on("a"), on("b")]);
            for by in [Grouping::ByLabel, Grouping::ByEngine] {
                let mut project = project(Vec::new());
                project.grouping = Some(by);
                let fleet = Fleet::assemble(&project, &all, minute(0));
                let shown = fleet.rows.iter().flat_map(|row| &row.cells);
                let shown = shown.filter_map(|cell| cell.deployment.as_ref());
                prop_assert_eq!(shown.map(|d| d.replicas.len()).sum::<usize>(), found.len());
                let names: BTreeSet<_> = fleet.rows.iter().map(|row| &row.image.name).collect();
                prop_assert_eq!(names.len(), fleet.rows.len());
                let names: BTreeSet<_> = fleet.environments.iter().map(|e| &e.name).collect();
                prop_assert_eq!(names.len(), fleet.environments.len());
            }
        }
    }

    #[test]
    fn references_recorded_by_karat_go_first() {
        let mut web = container("web", "x", "1");
        web.recorded = ImageRef::parse("shop:1.4.1").ok();
        let all = engines([engine(
            "dev",
            vec![local("1", &["shop:1.4.1", "copy:1"])],
            vec![web],
        )]);
        let fleet = Fleet::assemble(&project(vec![environment("dev")]), &all, minute(0));
        assert_eq!(fleet.rows.len(), 1);
        assert_eq!(fleet.rows[0].image.name.as_str(), "shop");
    }
}
