//! Where most tests begin: an app in environments on engines of their own, and a karat.

use std::time::Duration;

use karat::config::{self, Surroundings};
use karat::model::project::Project;

use crate::support::image::Recipe;
use crate::support::{Api, Engine, Karat, until};

/// The repository of the app.
pub(crate) const REPOSITORY: &str = "shop/web";

/// A project with the image `web`, and these environments in their order: name, engine
/// addresses, more lines.
pub(crate) fn project(environments: &[(&str, &[&str], &str)]) -> String {
    let mut text = format!("[images.web]\nrepository = \"{REPOSITORY}\"\n");
    for (name, engines, more) in environments {
        let engines: Vec<String> = engines
            .iter()
            .map(|engine| format!("\"{engine}\""))
            .collect();
        text.push_str(&format!(
            "[environments.{name}]\nengines = [{}]\n{more}\n",
            engines.join(", ")
        ));
    }
    text
}

/// A project's text, read as karat reads it.
pub(crate) fn loaded(text: &str) -> Project {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("karat.toml");
    std::fs::write(&path, text).expect("a file");
    let surroundings = Surroundings {
        cwd: folder.path().to_owned(),
        ..Surroundings::default()
    };
    config::load(Some(&path), &surroundings).expect("a project")
}

/// One engine with versions of the app on it, the first of which runs as `web`, healthy.
pub(crate) fn engine_with(versions: &[&str]) -> Engine {
    let engine = Engine::start();
    for version in versions {
        engine.api.usual(REPOSITORY, version);
    }
    run_web(&engine.api, versions[0]);
    engine
}

/// Runs the app as `web`.
pub(crate) fn run_web(api: &Api, version: &str) {
    api.app("web", &format!("{REPOSITORY}:{version}"));
    api.healthy("web");
}

/// A version that never becomes healthy.
pub(crate) fn sick(api: &Api, version: &str) {
    api.image(&Recipe {
        changes: &["ENV SICK=1"],
        ..Recipe::new(REPOSITORY, version)
    });
}

/// One environment on one engine, with a soak so short that known good comes soon.
pub(crate) fn prod_on(address: &str) -> Karat {
    Karat::new(&project(&[("prod", &[address], "soak = \"1s\"")]))
}

/// Two environments, one engine each.
pub(crate) fn staging_and_prod(staging: &str, prod: &[&str]) -> Karat {
    Karat::new(&project(&[
        ("staging", &[staging], "soak = \"1s\""),
        ("prod", prod, "soak = \"1s\""),
    ]))
}

/// Exactly one container of the name, which runs, with its restart policy and no lock.
pub(crate) fn settled(api: &Api, versions: &[&str]) -> String {
    let names = api.names();
    let left: Vec<&String> = names
        .iter()
        .filter(|name| {
            name.starts_with("karat-lock-")
                || name.contains(".karat-new-")
                || name.contains(".karat-old-")
        })
        .collect();
    assert!(left.is_empty(), "left behind: {left:?} among {names:?}");
    assert_eq!(api.ordinary(), ["web"], "{names:?}");
    let inspect = api.container("web").expect("web");
    assert_eq!(inspect["State"]["Running"], true, "{}", inspect["State"]);
    assert_eq!(inspect["HostConfig"]["RestartPolicy"]["Name"], "always");
    let running = api.get("/containers/json");
    let count = running.as_array().map_or(0, Vec::len);
    assert_eq!(count, 1, "{running:#}");
    let version = api.version("web");
    assert!(versions.contains(&version.as_str()), "{version} runs");
    version
}

/// Waits until what runs has run for at least so long: the soak.
pub(crate) fn soaked(api: &Api, name: &str, seconds: i64) {
    until("the soak is over", Duration::from_secs(30), || {
        let inspect = api.container(name)?;
        let since = inspect["State"]["StartedAt"].as_str()?;
        let since = chrono::DateTime::parse_from_rfc3339(since).ok()?;
        let ran = chrono::Utc::now().signed_duration_since(since);
        (ran.num_milliseconds() > seconds * 1_000).then_some(())
    });
}
