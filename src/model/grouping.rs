//! Which environments and images there are when no project file says so, and which
//! container belongs to which.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::fleet::Engines;
use super::layer_rules::LayerRules;
use super::observation::{Container, LocalImage};
use super::project::{
    DEFAULT_SOAK, EngineName, Environment, EnvironmentName, Grouping, Image, ImageName, Project,
    Selector,
};
use super::reference::{ImageRef, Repository};
use super::version::Scheme;

/// The label that says which environment a container belongs to.
pub const ENVIRONMENT_LABEL: &str = "karat.environment";

/// Well-known names, upstream first. Names not among them come before all of these, by the
/// alphabet: they are most often someone's own or a project's.
const ORDER: [&str; 13] = [
    "dev",
    "development",
    "test",
    "testing",
    "qa",
    "uat",
    "staging",
    "stage",
    "preprod",
    "canary",
    "prod",
    "production",
    "live",
];

/// The first of [`ORDER`] that is production.
const PRODUCTION: usize = 10;

/// The environments: the project's, else what the grouping finds.
#[must_use]
pub fn environments(project: &Project, engines: &Engines) -> Vec<Environment> {
    let mut found = match (project.environments.is_empty(), project.grouping) {
        (false, _) => return project.environments.clone(),
        (true, Some(Grouping::ByEngine)) => by_engine(project, engines),
        (true, Some(Grouping::ByLabel) | None) => by_label(project, engines),
    };
    found.sort_by(|a, b| order(&a.name).cmp(&order(&b.name)));
    found
}

/// Whether a container belongs to an environment that has its engine.
///
/// Where environments were found by label, the label `karat.environment` goes before the
/// compose project, so that no container is in two of them.
#[must_use]
pub fn belongs(project: &Project, environment: &Environment, container: &Container) -> bool {
    let found = project.environments.is_empty();
    let own = container
        .label(ENVIRONMENT_LABEL)
        .filter(|name| !name.is_empty());
    match &environment.selector {
        Selector::All => true,
        // Two kinds of grouping may find the same name: both belong to it.
        Selector::Label { .. } | Selector::ComposeProject(_) if found => {
            own.or(container.compose_project()) == Some(environment.name.as_str())
        }
        Selector::Label { key, value } => container
            .label(key)
            .is_some_and(|is| value.as_deref().is_none_or(|want| want == is)),
        Selector::ComposeProject(name) => container.compose_project() == Some(name),
        Selector::Unlabelled => own.is_none() && container.compose_project().is_none(),
    }
}

/// Every engine, without the registries that are only read.
fn places<'a>(project: &'a Project, engines: &'a Engines) -> BTreeSet<&'a EngineName> {
    let all = project.engines.keys().chain(engines.keys());
    all.filter(|name| !name.is_registry()).collect()
}

fn by_engine(project: &Project, engines: &Engines) -> Vec<Environment> {
    let names = places(project, engines);
    let mut used = BTreeMap::new();
    for engine in &names {
        *used.entry(engine_short(engine)).or_insert(0) += 1;
    }
    names
        .into_iter()
        .map(|engine| {
            let short = engine_short(engine);
            let clash = used.get(short).is_some_and(|count| *count > 1);
            let name = if clash { engine.as_str() } else { short };
            found(name, BTreeSet::from([engine]), Selector::All)
        })
        .collect()
}

/// What people call an engine: a context's name, a remote's host, else the whole address.
fn engine_short(engine: &EngineName) -> &str {
    let text = engine.as_str();
    if let Some(context) = text.strip_prefix("context:") {
        return context;
    }
    let remote = ["ssh://", "tcp://", "https://", "http://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    match remote {
        Some(rest) => {
            let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
            match host.rsplit_once(':') {
                Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
                _ => host,
            }
        }
        None => text,
    }
}

fn by_label(project: &Project, engines: &Engines) -> Vec<Environment> {
    let mut by_name: BTreeMap<&str, (BTreeSet<&EngineName>, Selector)> = BTreeMap::new();
    let mut left_over: BTreeSet<&EngineName> = BTreeSet::new();
    let names = places(project, engines);
    for engine in names {
        let last = engines.get(engine).and_then(|state| state.last.as_ref());
        let containers = last.map_or(&[][..], |last| &last.containers);
        let mut any_left = containers.is_empty();
        for container in containers {
            let own = container
                .label(ENVIRONMENT_LABEL)
                .filter(|name| !name.is_empty());
            let (name, selector) = match (own, container.compose_project()) {
                (Some(name), _) => {
                    let (key, value) = (ENVIRONMENT_LABEL.to_owned(), Some(name.to_owned()));
                    (name, Selector::Label { key, value })
                }
                (None, Some(name)) => (name, Selector::ComposeProject(name.to_owned())),
                (None, None) => {
                    any_left = true;
                    continue;
                }
            };
            let entry = by_name
                .entry(name)
                .or_insert_with(|| (BTreeSet::new(), selector.clone()));
            entry.0.insert(engine);
            if own.is_some() {
                entry.1 = selector;
            }
        }
        // The engine stands for what has no other environment, and for itself while it has
        // not answered: its state must show somewhere.
        if any_left {
            left_over.insert(engine);
        }
    }
    let mut all: Vec<Environment> = by_name
        .iter()
        .map(|(name, (engines, selector))| found(name, engines.clone(), selector.clone()))
        .collect();
    for engine in left_over {
        let short = engine_short(engine);
        let clash = all
            .iter()
            .any(|environment| environment.name.as_str() == short);
        let name = if clash { engine.as_str() } else { short };
        all.push(found(name, BTreeSet::from([engine]), Selector::Unlabelled));
    }
    all
}

fn found(name: &str, engines: BTreeSet<&EngineName>, selector: Selector) -> Environment {
    Environment {
        name: EnvironmentName::from(name),
        engines: engines.into_iter().cloned().collect(),
        selector,
        protected: is_production(name),
        read_only: false,
        soak: DEFAULT_SOAK,
        after: None,
        channel: None,
    }
}

/// Where a found environment stands: by the well-known word in its name, then by name.
fn order(name: &EnvironmentName) -> (Option<usize>, &str) {
    (well_known(name.as_str()), name.as_str())
}

/// `prod`, `shop-prod` and `prod-1` are production; `pre-prod` and `non-prod` are not.
fn is_production(name: &str) -> bool {
    well_known(name).is_some_and(|place| place >= PRODUCTION)
}

fn well_known(name: &str) -> Option<usize> {
    let name = name.to_lowercase();
    let place = |word: &str| ORDER.iter().position(|known| *known == word);
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    if let Some(exact) = place(&words.concat()) {
        return Some(exact);
    }
    match words
        .iter()
        .any(|word| matches!(*word, "pre" | "non" | "no" | "not"))
    {
        true if words.contains(&"pre") => place("preprod"),
        true => None,
        false => words.iter().filter_map(|word| place(word)).max(),
    }
}

/// The repository a container's image belongs to: as karat recorded it, else as it was
/// written when the container was made, else as the image is named now. Nothing for a
/// container made from a bare id whose image has no name.
#[must_use]
pub fn repository_of(container: &Container, image: Option<&LocalImage>) -> Option<Repository> {
    if let Some(recorded) = &container.recorded {
        return Some(recorded.repository.clone());
    }
    if !is_bare_id(container)
        && let Ok(reference) = ImageRef::parse(&container.image)
    {
        return Some(reference.repository);
    }
    let image = image?;
    let named = image
        .tags
        .iter()
        .min()
        .or_else(|| image.repo_digests.iter().min());
    named.map(|reference| reference.repository.clone())
}

/// The repository that a container is shown under whose image has no name: its short id.
#[must_use]
pub fn nameless(container: &Container) -> Repository {
    Repository::new(container.image_id.short())
}

/// Containers whose image has no name, counted by what they are shown under.
#[must_use]
pub fn all_nameless(engines: &Engines) -> BTreeMap<Repository, usize> {
    let mut all = BTreeMap::new();
    for last in engines.values().filter_map(|state| state.last.as_ref()) {
        for container in &last.containers {
            let image = last.images.iter().find(|it| it.id == container.image_id);
            if repository_of(container, image).is_none() {
                *all.entry(nameless(container)).or_default() += 1;
            }
        }
    }
    all
}

/// `docker run 3f2a…` leaves the id, whole or short, where the name would be.
fn is_bare_id(container: &Container) -> bool {
    let bare = |text| str::split_once(text, ':').map_or(text, |(_, hex)| hex);
    let written = container.image.as_str();
    written.len() >= 4
        && (written.starts_with("sha256:") || !written.contains([':', '/', '@']))
        && bare(container.image_id.as_str()).starts_with(bare(written))
}

/// The images that run when no project names any: one for each repository, called by its
/// last part, or by the whole where two would be called the same.
#[must_use]
pub fn images(repositories: &BTreeSet<Repository>) -> Vec<Image> {
    let mut used: BTreeMap<&str, u32> = BTreeMap::new();
    for repository in repositories {
        *used.entry(repository.last_part()).or_default() += 1;
    }
    let mut images: Vec<Image> = repositories
        .iter()
        .map(|repository| {
            let last = repository.last_part();
            let clash = used.get(last).is_some_and(|count| *count > 1);
            Image {
                name: ImageName::from(if clash { repository.as_str() } else { last }),
                repository: repository.clone(),
                scheme: Scheme::Detect,
                build: None,
                revoked: Vec::new(),
                layers: LayerRules::default(),
            }
        })
        .collect();
    images.sort_by(|a, b| a.name.cmp(&b.name));
    images
}

/// The identities that run, most replicas first.
pub(super) fn by_count<T: Ord + Clone>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for one in all {
        *counts.entry(one).or_default() += 1;
    }
    let mut ordered: Vec<(T, usize)> = counts.into_iter().collect();
    // Stable: equal counts stay in the order of the values.
    ordered.sort_by_key(|(_, count)| Reverse(*count));
    ordered.into_iter().map(|(one, _)| one).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{container, digest, engine, engines, local, project};
    use super::*;

    fn labelled(name: &str, key: &str, value: &str) -> Container {
        let mut one = container(name, "shop:1", "x");
        one.labels.insert(key.to_owned(), value.to_owned());
        one
    }

    fn found_in(grouping: Grouping, engines: &Engines) -> Vec<Environment> {
        let mut project = project(Vec::new());
        project.grouping = Some(grouping);
        environments(&project, engines)
    }

    fn names(environments: &[Environment]) -> Vec<(&str, bool)> {
        environments
            .iter()
            .map(|environment| (environment.name.as_str(), environment.protected))
            .collect()
    }

    #[test]
    fn environments_are_found_by_label_then_compose_project_then_engine() {
        const COMPOSE: &str = "com.docker.compose.project";
        let mut both = labelled("both", COMPOSE, "blog");
        both.labels
            .insert(ENVIRONMENT_LABEL.to_owned(), "staging".to_owned());
        let all = engines([engine(
            "context:default",
            Vec::new(),
            vec![
                labelled("a", ENVIRONMENT_LABEL, "prod"),
                labelled("b", ENVIRONMENT_LABEL, "dev"),
                labelled("c", COMPOSE, "wiki"),
                labelled("d", COMPOSE, "dev"),
                both,
                container("e", "shop:1", "x"),
            ],
        )]);
        let found = found_in(Grouping::ByLabel, &all);
        assert_eq!(
            names(&found),
            [
                ("default", false),
                ("wiki", false),
                ("dev", false),
                ("staging", false),
                ("prod", true)
            ]
        );
        let mut project = project(Vec::new());
        project.grouping = Some(Grouping::ByLabel);
        let last = all
            .values()
            .next()
            .and_then(|state| state.last.as_ref())
            .expect("answer");
        let homes: Vec<Vec<&str>> = last
            .containers
            .iter()
            .map(|one| {
                let homes = found.iter().filter(|e| belongs(&project, e, one));
                homes.map(|e| e.name.as_str()).collect()
            })
            .collect();
        assert_eq!(
            homes,
            [
                ["prod"],
                ["dev"],
                ["wiki"],
                ["dev"],
                ["staging"],
                ["default"]
            ]
        );
    }

    #[test]
    fn an_engine_that_has_not_answered_is_an_environment_of_its_own() {
        let (name, mut state) = engine("unix:///run/x.sock", Vec::new(), Vec::new());
        state.last = None;
        let found = found_in(Grouping::ByLabel, &engines([(name, state)]));
        assert_eq!(names(&found), [("unix:///run/x.sock", false)]);
    }

    #[test]
    fn several_engines_are_an_environment_each() {
        let all = [
            "context:zoo",
            "ssh://deploy@prod-1:22",
            "context:test",
            "tcp://10.0.0.1:2375",
            "context:pre-prod",
            "context:nonprod",
            "context:canary",
        ];
        let all = engines(all.map(|name| engine(name, Vec::new(), Vec::new())));
        assert_eq!(
            names(&found_in(Grouping::ByEngine, &all)),
            [
                ("10.0.0.1", false),
                ("nonprod", false),
                ("zoo", false),
                ("test", false),
                ("pre-prod", false),
                ("canary", false),
                ("prod-1", true),
            ]
        );
        let clash = ["context:a", "ssh://a"].map(|name| engine(name, Vec::new(), Vec::new()));
        let found = found_in(Grouping::ByEngine, &engines(clash));
        assert_eq!(names(&found), [("context:a", false), ("ssh://a", false)]);
    }

    #[test]
    fn containers_of_a_project_belong_by_its_selectors() {
        let mut environment = super::super::testing::environment("prod");
        let project = project(vec![environment.clone()]);
        let one = labelled("a", "env", "prod");
        let label = |key: &str, value: Option<&str>| Selector::Label {
            key: key.to_owned(),
            value: value.map(str::to_owned),
        };
        for (selector, want) in [
            (Selector::All, true),
            (label("env", Some("prod")), true),
            (label("env", None), true),
            (label("env", Some("dev")), false),
            (label("karat", None), false),
            (Selector::ComposeProject("prod".to_owned()), false),
            (Selector::Unlabelled, true),
        ] {
            environment.selector = selector;
            assert_eq!(
                belongs(&project, &environment, &one),
                want,
                "{:?}",
                environment.selector
            );
        }
    }

    #[test]
    fn a_container_is_at_home_in_one_repository() {
        let id = digest("x");
        let tagged = local("x", &["zoo:1", "shop:1"]);
        let bare = local("x", &[]);
        for (written, image, want) in [
            (
                "registry:5000/golden/shop:1",
                None,
                Some("registry:5000/golden/shop"),
            ),
            ("shop", Some(&bare), Some("shop")),
            (id.as_str(), Some(&tagged), Some("shop")),
            (id.short(), Some(&tagged), Some("shop")),
            (id.as_str(), Some(&bare), None),
            (id.short(), None, None),
        ] {
            let repository = repository_of(&container("a", written, "x"), image);
            assert_eq!(
                repository.as_ref().map(Repository::as_str),
                want,
                "{written}"
            );
        }
        let mut recorded = container("a", id.as_str(), "x");
        recorded.recorded = ImageRef::parse("karat/shop:1").ok();
        let repository = repository_of(&recorded, Some(&tagged));
        assert_eq!(
            repository.as_ref().map(Repository::as_str),
            Some("karat/shop")
        );
    }

    #[test]
    fn images_are_called_by_their_last_part_unless_it_clashes() {
        let all = ["a/shop", "b/shop", "c/blog"].map(Repository::new).into();
        let names: Vec<String> = images(&all).iter().map(|i| i.name.to_string()).collect();
        assert_eq!(names, ["a/shop", "b/shop", "blog"]);
    }
}
