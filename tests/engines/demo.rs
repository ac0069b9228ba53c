//! The demo fleet on a real engine: laid out, read, taken away.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use bollard::Docker;
use bollard::query_parameters::{ListContainersOptions, ListImagesOptions};
use karat::cli::demo::{DemoError, clean, lay};
use karat::model::event::{EVENT_LABEL, Event, Outcome};
use karat::model::observation::Health;
use karat::model::project::EngineName;
use karat::model::run::{RUNS_LABEL, read_label};
use karat::model::time::Span;

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
    let engine = EngineName::from("unix:///var/run/docker.sock");
    lay(docker, &engine, dir, &mut |line| said.push(line.to_owned())).await?;
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
