//! A rebuild on a real engine: its labels, its event, and what happens when it does not end
//! well.

use karat::model::event::Outcome;
use karat::model::plan::{OperationId, OperationKind};
use karat::model::progress::{Progress, Report};
use karat::model::project::{EngineName, ImageName, Recipe};
use karat::model::rebuild::RebuildPlan;
use karat::model::reference::Repository;
use karat::model::version::VersionLabel;
use karat::operate::rebuild;
use karat::target::plain::PlainTarget;
use karat::target::{Clock, Watch};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::build::{Corner, gather};

/// Builds on this machine's engine.
async fn run(
    plan: &RebuildPlan,
    sender: &mpsc::Sender<Progress>,
    cancel: &CancellationToken,
) -> Report {
    let target = PlainTarget::new(crate::local::whole(), Vec::new());
    let watch = Watch::new(sender.clone(), cancel.clone());
    rebuild::run(&target, plan, Clock::System, &watch).await
}

fn plan(corner: &Corner, dockerfile: &str) -> RebuildPlan {
    let request = corner.request(dockerfile);
    RebuildPlan {
        id: OperationId("0123456789abcdef".to_owned()),
        image: ImageName::from("image"),
        repository: Repository::new(&format!("{}/image", corner.id)),
        version: VersionLabel("1.0.0".to_owned()),
        previous: Some(VersionLabel("0.9.0".to_owned())),
        engine: EngineName::from("local"),
        recipe: Recipe {
            context: request.context,
            dockerfile: request.dockerfile,
            target: None,
            args: request.args,
            engine: None,
        },
        no_cache: false,
        pull: false,
        publish: false,
        labels: [
            ("org.opencontainers.image.version", "1.0.0".to_owned()),
            (
                "org.opencontainers.image.base.name",
                format!("{}:1", corner.base()),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into(),
        warnings: Vec::new(),
        who: "ann@laptop".to_owned(),
        reason: None,
        made: chrono::Utc::now(),
    }
}

#[tokio::test]
async fn a_rebuild_ends_with_a_version_and_an_event() {
    let corner = Corner::new().await;
    let (sender, receiver) = mpsc::channel(64);
    let watch = tokio::spawn(gather(receiver));
    let cancel = CancellationToken::new();
    let plan = plan(&corner, "FROM BASE\nRUN echo x > /x\n");
    let report = run(&plan, &sender, &cancel).await;
    assert_eq!(report.outcome, Outcome::Done, "{report:?}");
    let image = corner
        .docker
        .inspect_image(&corner.tag())
        .await
        .expect("tagged");
    let event = &report.events[0];
    assert_eq!(event.operation, OperationKind::Rebuild);
    let digest = event
        .to
        .as_ref()
        .and_then(|to| to.digest.as_ref())
        .expect("a digest");
    assert_eq!(image.id.as_deref(), Some(digest.as_str()));
    let labels = image
        .config
        .and_then(|config| config.labels)
        .expect("labels");
    let base = format!("{}:1", corner.base());
    let base = corner.docker.inspect_image(&base).await.expect("the base");
    assert_eq!(labels["org.opencontainers.image.version"], "1.0.0");
    // Its digest in a registry, where the engine knows one (Podman always does), else its id.
    let of_base = &labels["org.opencontainers.image.base.digest"];
    let known = base.repo_digests.unwrap_or_default();
    assert!(
        base.id.as_ref() == Some(of_base) || known.iter().any(|one| one.ends_with(of_base)),
        "{of_base}"
    );

    let again = run(&plan, &sender, &cancel).await;
    assert_eq!(again.outcome, Outcome::Failed);
    assert!(
        again
            .error
            .expect("why")
            .contains("exists on the engine by now")
    );

    let mut pulled = plan.clone();
    pulled.version = VersionLabel("1.0.1".to_owned());
    pulled.pull = true;
    let base = "karat-nowhere.invalid/nothing:1".to_owned();
    pulled
        .labels
        .insert("org.opencontainers.image.base.name".to_owned(), base);
    let failed = run(&pulled, &sender, &cancel).await;
    assert_eq!(failed.outcome, Outcome::Failed);
    let error = failed.error.expect("why");
    assert!(
        error.contains("cannot pull the base image `karat-nowhere.invalid"),
        "{error}"
    );

    cancel.cancel();
    let mut late = plan.clone();
    late.version = VersionLabel("1.0.2".to_owned());
    let cancelled = run(&late, &sender, &cancel).await;
    assert_eq!(cancelled.outcome, Outcome::Cancelled);
    drop(sender);
    watch.await.expect("progress");
}

#[tokio::test]
async fn a_failed_rebuild_keeps_the_last_lines() {
    let corner = Corner::new().await;
    let (sender, receiver) = mpsc::channel(64);
    let watch = tokio::spawn(gather(receiver));
    let plan = plan(&corner, "FROM BASE\nRUN echo the last line; exit 9\n");
    let report = run(&plan, &sender, &CancellationToken::new()).await;
    drop(sender);
    watch.await.expect("progress");
    assert_eq!(report.outcome, Outcome::Failed);
    assert_eq!(report.events[0].log, ["the last line"]);
    assert!(
        report
            .error
            .expect("why")
            .contains("RUN echo the last line")
    );
    assert_eq!(corner.left_over().await, Vec::<String>::new());
}
