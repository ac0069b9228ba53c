//! Lays the demo fleet out.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use bollard::Docker;
use bollard::models::{ContainerCreateBody, HostConfig, RestartPolicy, RestartPolicyNameEnum};
use bollard::query_parameters::{
    CreateContainerOptions, CreateImageOptions, RemoveImageOptions, StopContainerOptions,
};
use chrono::Utc;
use futures_util::StreamExt;
use futures_util::future::try_join_all;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::base::root_file_system;
use super::clean::{Found, remove_container};
use super::error::DemoError;
use super::project::{self, Files};
use super::table::{
    BASE, EDITIONS, Edition, FLEET, IMAGES, LABEL, Running, SOAK_SECONDS, repository,
};
use super::watch::{look, settled};
use crate::engine::build::{BuildRequest, build};
use crate::model::digest::Digest;
use crate::model::event::{EVENT_LABEL, Event, Outcome, VersionMark};
use crate::model::plan::OperationKind;
use crate::model::project::{EngineName, EnvironmentName, ImageName};
use crate::model::run::{RUNS_LABEL, Run, write_label};
use crate::model::step::Course;
use crate::model::time::{Span, Timestamp};
use crate::operate::{new_id, who};

/// Why the demo's first versions were replaced, as the history tells it.
const REASON: &str = "laying out the demo";

/// Lays the demo fleet out on the engine behind `docker`, which `engine` names, and writes
/// its project into `dir`. `out` hears what is done, a line each. Takes about ten seconds:
/// the versions to go back to really ran, for the soak.
///
/// # Errors
/// [`DemoError`]. What was laid out by then is taken away again.
pub async fn lay(
    docker: &Docker,
    engine: &EngineName,
    dir: &Path,
    out: &mut (dyn FnMut(&str) + Send),
) -> Result<(), DemoError> {
    project::check_free(dir)?;
    if let Some(what) = Found::on(docker).await?.words() {
        return Err(DemoError::AlreadyThere { what });
    }
    same_machine(docker).await?;
    let mut laying = Laying {
        docker,
        engine,
        dir,
        images: HashMap::new(),
        tags: Vec::new(),
        containers: Vec::new(),
        who: who(),
    };
    let outcome = Box::pin(laying.all(out)).await;
    if outcome.is_err() {
        out("taking away what was laid out so far");
        laying.take_away().await;
    }
    outcome
}

/// Programs of this machine must run on the engine's.
async fn same_machine(docker: &Docker) -> Result<(), DemoError> {
    let version = docker
        .version()
        .await
        .map_err(DemoError::engine("asking for its version"))?;
    let here = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let engine = version.arch.unwrap_or_else(|| here.to_owned());
    if engine == here {
        Ok(())
    } else {
        Err(DemoError::OtherMachine {
            engine,
            here: here.to_owned(),
        })
    }
}

/// A fleet being laid out, and what there is of it by now.
struct Laying<'a> {
    docker: &'a Docker,
    engine: &'a EngineName,
    dir: &'a Path,
    /// Image and version → image id.
    images: HashMap<(&'static str, &'static str), Digest>,
    /// Every tag made, oldest first.
    tags: Vec<String>,
    /// Every container made: its id.
    containers: Vec<String>,
    who: String,
}

/// A version that ran, seen just before it was replaced.
struct Ended {
    run: Run,
    began: Timestamp,
}

impl Laying<'_> {
    async fn all(&mut self, out: &mut (dyn FnMut(&str) + Send)) -> Result<(), DemoError> {
        out("making a base image from this machine's programs, without a pull");
        let project = Files::from([("karat.toml".to_owned(), project::project_file(self.engine))]);
        project::write(self.dir, &project)?;
        self.import_base().await?;
        let (first, rest): (Vec<Edition>, Vec<Edition>) =
            EDITIONS.iter().partition(|edition| ran_before(edition));
        self.build_all(&first, out).await?;
        out("starting the versions to go back to: they really run, for the soak");
        let earlier: Vec<Running> = FLEET
            .into_iter()
            .filter(|one| one.before.is_some())
            .collect();
        for one in &earlier {
            let version = one.before.unwrap_or(one.now);
            self.start(one, version, HashMap::new()).await?;
        }
        self.build_all(&rest, out).await?;
        out("starting dev, test and staging");
        for one in FLEET.iter().filter(|one| one.before.is_none()) {
            self.start(one, one.now, HashMap::new()).await?;
        }
        out("replacing the versions that ran by those that run now");
        for one in &earlier {
            self.replace(one).await?;
        }
        out("waiting until every container has made up its mind");
        let docker = self.docker;
        try_join_all(FLEET.iter().map(|one| async move {
            let wanted = one.fares(one.now);
            settled(docker, &one.container(), wanted).await
        }))
        .await?;
        out(&format!(
            "{} images in {} containers; the project is in `{}`",
            IMAGES.len(),
            FLEET.len(),
            self.dir.display()
        ));
        Ok(())
    }

    async fn import_base(&mut self) -> Result<(), DemoError> {
        let (repository, tag) = BASE;
        let options = CreateImageOptions {
            from_src: Some("-".to_owned()),
            // Not in two parts: Podman does not read the tag's own parameter.
            repo: Some(format!("{repository}:{tag}")),
            changes: vec![format!("LABEL {LABEL}=1")],
            ..CreateImageOptions::default()
        };
        let body = bollard::body_full(root_file_system()?.into());
        let mut answers = Box::pin(self.docker.create_image(Some(options), Some(body), None));
        while let Some(answer) = answers.next().await {
            answer.map_err(DemoError::engine("importing the base image"))?;
        }
        self.tags.push(format!("{repository}:{tag}"));
        Ok(())
    }

    /// Builds versions one after the other, each from the recipe as it was then; at the end
    /// the recipe is that of a version still to be built, which would be healthy anywhere.
    async fn build_all(
        &mut self,
        editions: &[Edition],
        out: &mut (dyn FnMut(&str) + Send),
    ) -> Result<(), DemoError> {
        for edition in editions {
            out(&format!("building {} {}", edition.image, edition.version));
            project::write(self.dir, &project::recipe(edition))?;
            self.build(edition).await?;
        }
        for image in IMAGES {
            let next = Edition {
                image,
                version: "next",
                needs: 6,
            };
            project::write(self.dir, &project::recipe(&next))?;
        }
        Ok(())
    }

    async fn build(&mut self, edition: &Edition) -> Result<(), DemoError> {
        let context = self.dir.join("images").join(edition.image);
        let tag = format!("{}:{}", repository(edition.image), edition.version);
        let created = Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let (base, base_tag) = BASE;
        let labels = [
            ("title", edition.image.to_owned()),
            ("version", edition.version.to_owned()),
            ("created", created),
            ("base.name", format!("{base}:{base_tag}")),
        ]
        .map(|(name, value)| (format!("org.opencontainers.image.{name}"), value));
        let request = BuildRequest {
            engine: self.engine.clone(),
            what: format!("{} {}", edition.image, edition.version),
            dockerfile: context.join("Dockerfile"),
            context,
            target: None,
            args: Default::default(),
            labels: labels.into(),
            tags: vec![tag.clone()],
            no_cache: false,
            pull: false,
            logins: crate::engine::Logins::default(),
        };
        // Nobody watches the steps of these builds.
        let (progress, mut unread) = mpsc::channel(16);
        let drain = tokio::spawn(async move { while unread.recv().await.is_some() {} });
        let built = build(self.docker, &request, &progress, &CancellationToken::new()).await;
        drop(progress);
        let _ = drain.await;
        let key = (edition.image, edition.version);
        self.images.insert(key, built?.image_id);
        self.tags.push(tag);
        Ok(())
    }

    /// Creates and starts a container.
    async fn start(
        &mut self,
        one: &Running,
        version: &str,
        more_labels: HashMap<String, String>,
    ) -> Result<(), DemoError> {
        let name = one.container();
        let mut labels = more_labels;
        labels.insert(LABEL.to_owned(), "1".to_owned());
        labels.insert("karat.environment".to_owned(), one.place.to_owned());
        let options = CreateContainerOptions {
            name: Some(name.clone()),
            ..CreateContainerOptions::default()
        };
        let body = ContainerCreateBody {
            image: Some(format!("{}:{version}", repository(one.image))),
            env: Some(vec![format!("SCHEMA={}", one.schema())]),
            labels: Some(labels),
            host_config: Some(HostConfig {
                restart_policy: Some(RestartPolicy {
                    name: Some(RestartPolicyNameEnum::UNLESS_STOPPED),
                    maximum_retry_count: None,
                }),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        let made = self
            .docker
            .create_container(Some(options), body)
            .await
            .map_err(DemoError::engine(format!("creating `{name}`")))?;
        self.containers.push(made.id.clone());
        self.docker
            .start_container(&made.id, None)
            .await
            .map_err(DemoError::engine(format!("starting `{name}`")))
    }

    /// Replaces the version that ran by the one that runs now, once it has run well for the
    /// soak; the new container carries what is known of that run.
    async fn replace(&mut self, one: &Running) -> Result<(), DemoError> {
        let Some(before) = one.before else {
            return Ok(());
        };
        let name = one.container();
        let ended = self.end(one, before).await?;
        let (run, began) = (ended.run, ended.began);
        let event = Event {
            id: run.operation.clone(),
            time: began,
            who: self.who.clone(),
            operation: OperationKind::Promote,
            heading: crate::model::plan::Heading::Back,
            from_environment: None,
            image: ImageName::from(one.image),
            environment: Some(EnvironmentName::from(one.place)),
            from: Some(self.mark(one.image, before)),
            to: Some(self.mark(one.image, one.now)),
            reason: Some(REASON.to_owned()),
            outcome: Outcome::Done,
            duration: None,
            error: None,
            log: Vec::new(),
        };
        let mut labels = HashMap::from([(RUNS_LABEL.to_owned(), write_label(&[run]))]);
        if let Ok(event) = serde_json::to_string(&event) {
            labels.insert(EVENT_LABEL.to_owned(), event);
        }
        remove_container(self.docker, &name, &name).await?;
        self.start(one, one.now, labels).await
    }

    /// Waits out the soak, reads how the run went, and stops it.
    async fn end(&self, one: &Running, before: &str) -> Result<Ended, DemoError> {
        let name = one.container();
        let soak = Duration::from_secs(SOAK_SECONDS);
        let seen = settled(self.docker, &name, one.fares(before)).await?;
        let since = seen.since.unwrap_or_else(Utc::now);
        let ran = Span::between(since, Utc::now()).0;
        // A little more than the soak: the engine's clock and ours may differ.
        let rest = (soak + Duration::from_millis(200)).saturating_sub(ran);
        tokio::time::sleep(rest).await;
        let began = Utc::now();
        let seen = look(self.docker, &name).await?;
        let options = StopContainerOptions {
            t: Some(5),
            ..StopContainerOptions::default()
        };
        self.docker
            .stop_container(&name, Some(options))
            .await
            .map_err(DemoError::engine(format!("stopping `{name}`")))?;
        let image_id = self.image(one.image, before);
        let run = Run {
            reference: format!("{}:{before}", repository(one.image)),
            version: Some(before.to_owned()),
            identity: image_id.clone(),
            image_id,
            since: seen.since.unwrap_or(since),
            until: Utc::now(),
            restarts: seen.restarts,
            health: seen.health,
            of: Course::Container,
            ended_by: OperationKind::Promote,
            heading: crate::model::plan::Heading::Forward,
            operation: new_id(),
            who: self.who.clone(),
            reason: Some(REASON.to_owned()),
            followed_by: one.now.to_owned(),
            followed_by_identity: Some(self.image(one.image, one.now)),
            base: None,
        };
        Ok(Ended { run, began })
    }

    /// The id of a version that was built; the digest of nothing for one that was not,
    /// which the table does not have.
    fn image(&self, image: &str, version: &str) -> Digest {
        let found = self.images.get(&(image, version));
        found.cloned().unwrap_or_else(|| Digest::of(b""))
    }

    fn mark(&self, image: &str, version: &str) -> VersionMark {
        VersionMark {
            version: Some(version.to_owned()),
            digest: Some(self.image(image, version)),
        }
    }

    /// Takes away what was made, and nothing else, as far as the engine lets us.
    async fn take_away(&self) {
        for id in &self.containers {
            let _ = remove_container(self.docker, id, id).await;
        }
        for tag in self.tags.iter().rev() {
            let options = None::<RemoveImageOptions>;
            let _ = self.docker.remove_image(tag, options, None).await;
        }
        let _ = project::remove(self.dir);
    }
}

/// Whether a version is one that ran before.
fn ran_before(edition: &Edition) -> bool {
    FLEET
        .iter()
        .any(|one| one.image == edition.image && one.before == Some(edition.version))
}
