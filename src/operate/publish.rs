//! Publishing: a version that was built gets to its registry, under its tag. A tag of a version
//! means one digest for good: one that is there with another digest is not written over, unless
//! somebody says why.

use tokio::time::Instant;

use super::{Operator, Refusal, new_id, planning, rebuild};
use crate::model::digest::Digest;
use crate::model::event::{Event, Outcome, VersionMark};
use crate::model::fleet::{Fleet, Link};
use crate::model::plan::{Frozen, Heading, OperationKind};
use crate::model::progress::{Progress, Report};
use crate::model::project::{EngineName, ImageName};
use crate::model::publish::PublishPlan;
use crate::model::rebuild::RebuildPlan;
use crate::model::reference::{ImageRef, Repository};
use crate::model::time::Span;
use crate::model::version::VersionLabel;
use crate::registry::inspect::{Described, describe};
use crate::registry::{Pointer, RegistryError, Remote};
use crate::target::{TargetError, Watch, keeping};

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishAsk {
    /// Which version, as it is called; the newest that an engine has by default.
    pub version: Option<String>,
    /// From which engine; the first that has it by default.
    pub engine: Option<EngineName>,
    /// Write over a tag that is there with another digest.
    pub force: bool,
    /// Why.
    pub reason: Option<String>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publishing {
    /// This.
    Plan(Box<PublishPlan>),
    /// Only with a reason: the tag is there, and holds another version.
    Taken {
        /// What would be done, written over what is there.
        plan: Box<PublishPlan>,
        /// Why it is not.
        why: Refusal,
    },
    /// Nothing: the tag holds that very version already.
    There {
        /// `repository:version`.
        reference: ImageRef,
        /// Under which digest.
        digest: Digest,
    },
}

impl Operator {
    /// The plan for publishing a version that an engine has. Touches nothing.
    ///
    /// # Errors
    /// Why karat will not do it.
    pub async fn plan_publish(
        &self,
        fleet: &Fleet,
        image: &ImageName,
        ask: &PublishAsk,
    ) -> Result<Publishing, Refusal> {
        let row = planning::row(fleet, image)?;
        let up = |name: &EngineName| {
            let state = fleet.engines.get(name);
            state.is_some_and(|state| state.link == Link::Up)
        };
        let wanted = |name: &EngineName| ask.engine.as_ref().is_none_or(|engine| engine == name);
        let version = match &ask.version {
            Some(name) => planning::version(row, name)?,
            None => row
                .catalog
                .versions
                .iter()
                .find(|one| one.label.is_some() && !one.on_engines.is_empty())
                .ok_or_else(|| {
                    unpublished(
                        image,
                        "no engine has a version of it with a label; build one",
                    )
                })?,
        };
        let label = version.label.clone().ok_or_else(|| {
            unpublished(
                image,
                "it has no version label, and so no tag; tag it on its engine first",
            )
        })?;
        let held = version
            .on_engines
            .iter()
            .find(|held| wanted(&held.engine) && up(&held.engine))
            .ok_or_else(|| unpublished(
                    image,
                    "no engine of the project that answers has it; build it first, or name the engine that has it in an environment",
                ))?;
        self.publishing(
            (image, &row.image.repository),
            (&label, &held.engine, &held.image_id),
            ask,
        )
        .await
    }

    /// The same for an image that was just built.
    ///
    /// # Errors
    /// Why karat will not do it.
    pub async fn publishing(
        &self,
        (image, repository): (&ImageName, &Repository),
        (label, engine, image_id): (&VersionLabel, &EngineName, &Digest),
        ask: &PublishAsk,
    ) -> Result<Publishing, Refusal> {
        let remote = self.registry_of(image, repository)?;
        let plan = PublishPlan {
            id: new_id(),
            image: image.clone(),
            repository: repository.clone(),
            version: label.clone(),
            engine: engine.clone(),
            image_id: image_id.clone(),
            replaces: None,
            who: self.who.clone(),
            reason: ask.reason.clone(),
            made: self.clock.now(),
        };
        let there = read(&remote, &plan).await?;
        let Some((digest, described)) = there else {
            return Ok(Publishing::Plan(Box::new(plan)));
        };
        if described.is_some_and(|described| is(&described, &digest, image_id)) {
            let reference = plan.reference();
            return Ok(Publishing::There { reference, digest });
        }
        if !ask.force {
            let why = taken(&plan, &digest);
            let plan = Box::new(PublishPlan {
                replaces: Some(digest),
                ..plan
            });
            return Ok(Publishing::Taken { plan, why });
        }
        if ask
            .reason
            .as_deref()
            .is_none_or(|reason| reason.trim().is_empty())
        {
            return Err(Refusal::NeedsReason {
                what: format!("writing over {}", plan.reference()),
            });
        }
        Ok(Publishing::Plan(Box::new(PublishPlan {
            replaces: Some(digest),
            ..plan
        })))
    }

    /// Whether a version's tag is free in its registry: asked before anything is built for it.
    ///
    /// # Errors
    /// It is not, or the registry does not say.
    pub async fn tag_is_free(
        &self,
        image: &ImageName,
        repository: &Repository,
        label: &VersionLabel,
    ) -> Result<(), Refusal> {
        let remote = self.registry_of(image, repository)?;
        let pointer = Pointer::Tag(label.0.clone());
        match remote.head(&pointer).await.map_err(TargetError::from)? {
            None => Ok(()),
            Some(there) => Err(Refusal::TagTaken {
                reference: format!("{repository}:{label}"),
                digest: there.digest,
            }),
        }
    }

    fn registry_of(&self, image: &ImageName, repository: &Repository) -> Result<Remote, Refusal> {
        if repository.registry_host().is_none() {
            return Err(unpublished(
                image,
                "its repository names no registry, so it lives on engines only; write the host into karat.toml (`repository = \"registry.example.com/…\"`)",
            ));
        }
        let shared = self.targets.shared.as_ref();
        let shared = shared.ok_or_else(|| unpublished(image, "there are no registries here"))?;
        let remote = shared.registries().repository(repository);
        Ok(remote.map_err(TargetError::from)?)
    }

    /// Builds a new version, and publishes it where its plan says so. The report is that of
    /// both, under the operation of the build.
    pub async fn rebuild_and_publish(&self, plan: &RebuildPlan, watch: &Watch) -> Report {
        if !plan.publish {
            return self.rebuild(plan, watch).await;
        }
        // Before anything is built that could not be pushed.
        let free = self.tag_is_free(&plan.image, &plan.repository, &plan.version);
        if let Err(refusal) = free.await {
            return rebuild::impossible(plan, refusal.to_string());
        }
        let built = self.rebuild(plan, watch).await;
        if built.outcome != Outcome::Done {
            return built;
        }
        self.publish_built(plan, built, watch).await
    }

    async fn publish_built(&self, plan: &RebuildPlan, built: Report, watch: &Watch) -> Report {
        let failed = |why: String| Report {
            outcome: Outcome::Failed,
            summary: format!("{}; it is not published", built.summary),
            error: Some(why),
            ..built.clone()
        };
        let image_id = built
            .events
            .first()
            .and_then(|event| event.to.as_ref()?.digest.clone());
        let Some(image_id) = image_id else {
            return failed("the engine did not say what it built".to_owned());
        };
        let ask = PublishAsk {
            reason: plan.reason.clone(),
            ..PublishAsk::default()
        };
        let image = (&plan.image, &plan.repository);
        let version = (&plan.version, &plan.engine, &image_id);
        match self.publishing(image, version, &ask).await {
            Ok(Publishing::Plan(publish)) => {
                let pushed = self.publish_version(&publish, watch).await;
                Report {
                    id: plan.id.clone(),
                    summary: format!("{}; {}", built.summary, pushed.summary),
                    duration: Span(built.duration.0 + pushed.duration.0),
                    events: [pushed.events, built.events].concat(),
                    ..pushed
                }
            }
            Ok(Publishing::There { reference, digest }) => Report {
                summary: format!("{}; {reference} is {digest} already", built.summary),
                ..built
            },
            Ok(Publishing::Taken { why, .. }) | Err(why) => failed(why.to_string()),
        }
    }

    /// Pushes, and reads what is there afterwards. The report says what became of it; the
    /// history has it already.
    pub async fn publish_version(&self, plan: &PublishPlan, watch: &Watch) -> Report {
        let begun = Instant::now();
        let pushed = self.push(plan, watch).await;
        let span = self.clock.since(begun);
        let mark = |digest: Option<Digest>| VersionMark {
            version: Some(plan.version.0.clone()),
            digest,
        };
        let mut event = Event {
            id: plan.id.clone(),
            time: plan.made,
            who: plan.who.clone(),
            operation: OperationKind::Publish,
            heading: Heading::Back,
            image: plan.image.clone(),
            environment: None,
            from_environment: None,
            from: plan.replaces.clone().map(|digest| mark(Some(digest))),
            to: Some(mark(Some(plan.image_id.clone()))),
            reason: plan.reason.clone(),
            outcome: Outcome::Done,
            duration: Some(span),
            error: None,
            log: Vec::new(),
        };
        let reference = plan.reference();
        let (summary, to) = match pushed {
            Ok((digest, described)) => {
                event.to = Some(mark(Some(described.config.clone())));
                let summary = format!(
                    "{reference} is published as {digest}, {}",
                    described.compressed
                );
                (summary, Some(frozen(plan, digest, &described)))
            }
            Err(error) => {
                event.outcome = match error {
                    TargetError::Cancelled => Outcome::Cancelled,
                    _ => Outcome::Failed,
                };
                event.error = (error != TargetError::Cancelled).then(|| error.to_string());
                (format!("{reference} is not published"), None)
            }
        };
        self.remember_version(&event, to, watch).await;
        let report = Report {
            id: plan.id.clone(),
            outcome: event.outcome,
            summary,
            error: event.error.clone(),
            events: vec![event],
            duration: span,
        };
        super::log(&report);
        report
    }

    async fn push(
        &self,
        plan: &PublishPlan,
        watch: &Watch,
    ) -> Result<(Digest, Described), TargetError> {
        let target = self.targets.get(&plan.engine)?;
        let shared = self.targets.shared.as_ref();
        let registries = shared
            .map(|shared| shared.registries().clone())
            .unwrap_or_default();
        let remote = registries.repository(&plan.repository)?;
        // Once more: somebody may have published it since the plan was made.
        let before = read(&remote, plan).await?;
        if before.as_ref().map(|(digest, _)| digest) != plan.replaces.as_ref() {
            return Err(TargetError::Moved {
                engine: plan.engine.clone(),
                container: plan.reference().to_string(),
                what: "somebody published under that tag meanwhile".to_owned(),
            });
        }
        if let Some(old) = &plan.replaces {
            // What is written over may run somewhere, and no tag would hold it any more.
            let own = Some(plan.version.0.as_str());
            if !keeping::held(&remote, old, None, own).await? {
                let tag = keeping::keep_tag(plan.version.0.as_str(), old);
                remote.retag(old, &tag).await?;
                let note = format!("what the tag pointed to is kept as {tag}");
                watch.tell(Progress::Note(note)).await;
            }
        }
        target
            .push(&plan.image_id, &plan.reference(), watch)
            .await?;
        let after = read(&remote, plan).await?;
        let wrong = |what: String| TargetError::WrongImage {
            engine: plan.engine.clone(),
            version: plan.version.0.clone(),
            what,
        };
        match after {
            Some((digest, Some(described))) if is(&described, &digest, &plan.image_id) => {
                Ok((digest, described))
            }
            Some((digest, _)) => Err(wrong(format!(
                "{} holds {digest} after the push, which is not what was pushed: somebody else pushed there",
                plan.reference()
            ))),
            None => Err(wrong(format!(
                "{} is not there after the push",
                plan.reference()
            ))),
        }
    }

    async fn remember_version(&self, event: &Event, to: Option<Frozen>, watch: &Watch) {
        if let Err(error) = self.store.record(event) {
            let note = format!("the history on this machine was not written: {error}");
            watch.tell(Progress::Note(note)).await;
        }
        if let Some(why) = self.publish(event, to).await {
            let note = format!("the history beside {} was not written: {why}", event.image);
            watch.tell(Progress::Note(note)).await;
        }
    }
}

/// What a plan's tag points to, and what that is, where it is an image.
async fn read(
    remote: &Remote,
    plan: &PublishPlan,
) -> Result<Option<(Digest, Option<Described>)>, TargetError> {
    let pointer = Pointer::Tag(plan.version.0.clone());
    let Some(there) = remote.head(&pointer).await? else {
        return Ok(None);
    };
    let by_digest = Pointer::Digest(there.digest.clone());
    match describe(remote, &by_digest, None).await {
        Ok(described) => Ok(Some((there.digest, Some(described)))),
        Err(error) if error.is_no_image() => Ok(Some((there.digest, None))),
        Err(error) => Err(error.into()),
    }
}

/// Whether what a registry has is the image that an engine calls by an id: its config digest in
/// a classic store, the digest of its manifest or index in containerd's.
fn is(described: &Described, digest: &Digest, image_id: &Digest) -> bool {
    [digest, &described.config, &described.manifest].contains(&image_id)
}

fn frozen(plan: &PublishPlan, digest: Digest, described: &Described) -> Frozen {
    Frozen {
        label: plan.version.0.clone(),
        identity: described.config.clone(),
        content: None,
        repository: plan.repository.clone(),
        tag: Some(plan.version.0.clone()),
        registry_digest: Some(digest),
        size: Some(described.compressed),
    }
}

fn unpublished(image: &ImageName, why: &str) -> Refusal {
    Refusal::Unpublished {
        image: image.clone(),
        why: why.to_owned(),
    }
}

fn taken(plan: &PublishPlan, digest: &Digest) -> Refusal {
    Refusal::TagTaken {
        reference: plan.reference().to_string(),
        digest: digest.clone(),
    }
}

impl From<RegistryError> for Refusal {
    fn from(error: RegistryError) -> Self {
        Self::Target(error.into())
    }
}
