//! The demo fleet on a real engine: laid out, read, taken away.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use bollard::Docker;
use bollard::query_parameters::{ListContainersOptions, ListImagesOptions};
use karat::cli::demo::{DemoError, clean, lay};
use karat::config::{Surroundings, load};
use karat::model::event::{EVENT_LABEL, Event, Outcome};
use karat::model::fleet::Fleet;
use karat::model::observation::Health;
use karat::model::project::{EnvironmentName, ImageName, Project};
use karat::model::run::{RUNS_LABEL, read_label};
use karat::model::time::Span;
use karat::observe::gather;
use karat::operate::rebuild::{RebuildAsk, Recipes, plan, run as rebuild};

/// Takes the demo away, also after a failed assertion.
struct Demo {
    folder: tempfile::TempDir,
}

impl Drop for Demo {
    fn drop(&mut self) {
        let dir = self.folder.path().join("karat-demo");
        let sweep = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            let docker = crate::local::connect();
            let _ = runtime.block_on(clean(&docker, &dir, &mut |_| {}));
        });
        let _ = sweep.join();
    }
}

/// Everything on the engine with the demo's label: containers and images.
async fn laid(docker: &Docker) -> (usize, usize) {
    let filters = Some(HashMap::from([(
        "label".to_owned(),
        vec!["karat.demo=1".to_owned()],
    )]));
    let containers = ListContainersOptions {
        all: true,
        filters: filters.clone(),
        ..ListContainersOptions::default()
    };
    let images = ListImagesOptions {
        all: true,
        filters,
        ..ListImagesOptions::default()
    };
    let containers = docker.list_containers(Some(containers)).await;
    let images = docker.list_images(Some(images)).await;
    (
        containers.expect("containers").len(),
        images.expect("images").len(),
    )
}

/// There is one demo fleet an engine: these tests take turns.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

async fn lay_here(docker: &Docker, dir: &Path) -> Result<Vec<String>, DemoError> {
    let mut said = Vec::new();
    lay(docker, &crate::local::name(), dir, &mut |line| {
        said.push(line.to_owned());
    })
    .await?;
    Ok(said)
}

#[tokio::test]
async fn the_demo_is_laid_out_once_and_taken_away_exactly() {
    let _turn = TURN.lock().await;
    let docker = crate::local::engine().await;
    let demo = Demo {
        folder: tempfile::tempdir().expect("a folder"),
    };
    let dir = demo.folder.path().join("karat-demo");
    let started = Instant::now();
    let said = lay_here(&docker, &dir).await.expect("laid out");
    eprintln!("laid out in {:?}: {said:#?}", started.elapsed());
    assert_eq!(laid(&docker).await, (12, 11));

    let name = "karat-demo-prod-shop-web";
    let web = docker
        .inspect_container(name, None)
        .await
        .expect("shop-web in prod");
    let labels = web.config.and_then(|config| config.labels).expect("labels");
    let runs = read_label(&labels[RUNS_LABEL]);
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].version.as_deref(), Some("1.3.0"));
    assert_eq!((runs[0].health, runs[0].restarts), (Health::Healthy, 0));
    assert!(runs[0].span() >= Span::seconds(3), "{}", runs[0].span());
    let old = docker
        .inspect_image("karat-demo/shop-web:1.3.0")
        .await
        .expect("there");
    assert_eq!(old.id.as_deref(), Some(runs[0].image_id.as_str()));
    let event: Event = serde_json::from_str(&labels[EVENT_LABEL]).expect("an event");
    assert_eq!(event.outcome, Outcome::Done);

    let again = lay_here(&docker, &dir).await;
    assert!(
        matches!(again, Err(DemoError::AlreadyThere { .. })),
        "{again:?}"
    );
    let elsewhere = lay_here(&docker, &demo.folder.path().join("other")).await;
    assert!(matches!(elsewhere, Err(DemoError::AlreadyThere { .. })));
    assert_eq!(laid(&docker).await, (12, 11));

    the_fleet_is_as_told(&dir).await;

    fs::write(dir.join("notes"), "mine").expect("a file");
    let mut said = Vec::new();
    clean(&docker, &dir, &mut |line| said.push(line.to_owned()))
        .await
        .expect("taken away");
    assert_eq!(laid(&docker).await, (0, 0));
    assert!(
        said.iter()
            .any(|line| line.contains("other files are in it")),
        "{said:?}"
    );
    assert!(!dir.join("karat.toml").exists() && dir.join("notes").exists());
    assert!(docker.inspect_image("karat-demo/base:1").await.is_err());
}

#[tokio::test]
async fn a_demo_that_cannot_be_finished_is_taken_away_and_nothing_else() {
    let _turn = TURN.lock().await;
    let docker = crate::local::engine().await;
    let demo = Demo {
        folder: tempfile::tempdir().expect("a folder"),
    };
    let dir = demo.folder.path().join("karat-demo");
    let corner = crate::build::Corner::new().await;
    let name = "karat-demo-staging-shop-web";
    let body = bollard::models::ContainerCreateBody {
        image: Some(format!("{}:1", corner.base())),
        cmd: Some(vec!["/bin/true".to_owned()]),
        ..Default::default()
    };
    let options = bollard::query_parameters::CreateContainerOptions {
        name: Some(name.to_owned()),
        ..Default::default()
    };
    let mine = docker
        .create_container(Some(options), body)
        .await
        .expect("made");
    let outcome = lay_here(&docker, &dir).await;
    let left = laid(&docker).await;
    let kept = docker.inspect_container(&mine.id, None).await;
    docker
        .remove_container(&mine.id, None)
        .await
        .expect("removed");
    kept.expect("somebody else's container stays");
    let error = outcome.expect_err("the name is taken").to_string();
    assert!(error.contains(name), "{error}");
    assert_eq!(left, (0, 0));
    assert!(!dir.exists());
}

/// Reads the project file and the engine as karat does.
async fn read(dir: &Path) -> (Project, Fleet) {
    let mut surroundings = Surroundings::of_process();
    surroundings.cwd = dir.to_owned();
    let project = load(None, &surroundings).expect("the demo's own project file");
    let targets = crate::library::targets(&project);
    let engines = gather(&targets, &Default::default(), karat::target::Clock::System).await;
    let fleet = Fleet::assemble(&project, &engines, chrono::Utc::now());
    (project, fleet)
}

/// The fleet shows skew, a sick canary, and a version to go back to; and its images can be
/// rebuilt from the folder.
async fn the_fleet_is_as_told(dir: &Path) {
    let (project, fleet) = read(dir).await;
    assert_eq!((fleet.rows.len(), fleet.environments.len()), (3, 4));
    let cell = |image: &str, environment: &str| {
        fleet
            .cell(&ImageName::from(image), &EnvironmentName::from(environment))
            .expect("a cell")
    };
    let prod = cell("shop-web", "prod");
    assert_eq!(prod.deployment.as_ref().expect("runs").version, "1.4.0");
    assert!(!prod.skew.is_empty());
    let back = format!("{:?}", prod.known_good);
    assert!(back.contains("1.3.0"), "{back}");
    let canary = cell("shop-api", "staging")
        .deployment
        .as_ref()
        .expect("runs");
    assert_eq!(canary.health, Health::Unhealthy);

    let ask = RebuildAsk {
        image: ImageName::from("shop-web"),
        version: None,
        no_cache: false,
        pull: false,
        build_args: Default::default(),
        engine: None,
        reason: None,
        who: "ann@laptop".to_owned(),
    };
    let plan = plan(
        &fleet,
        &project,
        &ask,
        &Recipes::default(),
        chrono::Utc::now(),
    )
    .expect("a plan");
    let (sender, receiver) = tokio::sync::mpsc::channel(64);
    let watch = tokio::spawn(crate::build::gather(receiver));
    let cancel = tokio_util::sync::CancellationToken::new();
    let target = karat::target::plain::PlainTarget::new(crate::local::whole(), Vec::new());
    let watching = karat::target::Watch::new(sender, cancel);
    let clock = karat::target::Clock::System;
    let report = rebuild(&target, &plan, clock, &watching).await;
    drop(watching);
    watch.await.expect("progress");
    assert_eq!(report.outcome, Outcome::Done, "{report:?}");
    assert_eq!(plan.version.0, "1.5.0-rc.2");
    let (_, fleet) = read(dir).await;
    let row = fleet.row(&ImageName::from("shop-web")).expect("a row");
    let newest = row.catalog.newest().expect("a version");
    assert_eq!(newest.shown(), "1.5.0-rc.2");
    let built = report.events[0]
        .to
        .as_ref()
        .and_then(|to| to.digest.clone());
    // Where the store hides the config digest, a version is recognised by its content, and
    // the build is told by the digest the engine gave it.
    let known = [
        Some(&newest.identity),
        newest.digests.manifest.as_ref(),
        newest.digests.index.as_ref(),
    ];
    assert!(known.contains(&built.as_ref()), "{built:?} of {newest:#?}");
}
