//! From what is asked to a plan: which version, which containers, how the image gets there.
//! Reads only; what the dialog shows is exactly this, and exactly this is then done.

mod by_hand;
mod choose;
mod frozen;
mod lookup;
mod pull;

use choose::{Choice, choose, source_version};
pub use lookup::{environment, row, version};

use super::refusal::Refusal;
use super::{Operator, new_id};
use crate::model::digest::Digest;
use crate::model::fleet::{Cell, Fleet, Link, Replica, Row};
use crate::model::plan::{Frozen, Heading, Move, Obtain, OperationKind, Plan, Touch};
use crate::model::project::{EngineName, Environment, EnvironmentName, ImageName};
use crate::model::reference::ImageRef;
use crate::model::time::Timestamp;
use crate::registry::Pointer;
use crate::target::{TargetError, TouchAsk};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployAsk {
    /// Promote or roll back.
    pub kind: OperationKind,
    /// Which images; empty: every image that runs in both environments (promote only).
    pub images: Vec<ImageName>,
    /// The environment that changes.
    pub environment: EnvironmentName,
    /// Which version.
    pub pick: Pick,
    /// Why.
    pub reason: Option<String>,
    /// Whether a container that cannot be put back as it was may be replaced.
    pub accept_no_rollback: bool,
}

/// Which version is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The last known good one.
    KnownGood,
    /// One by name: a version label, a tag, or a digest of at least six digits.
    Named(String),
    /// One by identity.
    Identity(Digest),
    /// What runs in another environment; the one before it when not said.
    From(Option<EnvironmentName>),
}

impl Operator {
    /// The plan for a promotion or a roll back.
    ///
    /// # Errors
    /// Why karat will not do it; see [`Refusal`].
    pub async fn plan(
        &self,
        fleet: &Fleet,
        ask: &DeployAsk,
        now: Timestamp,
    ) -> Result<Plan, Refusal> {
        let environment = environment(fleet, &ask.environment)?;
        if environment.read_only {
            return Err(Refusal::ReadOnly {
                environment: environment.name.clone(),
            });
        }
        all_engines_answer(fleet, environment)?;
        let source = match &ask.pick {
            Pick::From(from) => Some(source_environment(fleet, environment, from.as_ref())?),
            _ => None,
        };
        let mut moves = Vec::new();
        for row in rows(fleet, ask, environment, source)? {
            moves.extend(
                self.plan_image(fleet, row, environment, source, ask)
                    .await?,
            );
        }
        Ok(Plan {
            id: new_id(),
            kind: ask.kind,
            environment: environment.name.clone(),
            from_environment: source.map(|source| source.name.clone()),
            protected: environment.protected,
            soak: environment.soak,
            who: self.who.clone(),
            reason: ask.reason.clone(),
            made: now,
            moves,
        })
    }

    /// The plan for one image; `None` when it runs the wanted version already.
    async fn plan_image(
        &self,
        fleet: &Fleet,
        row: &Row,
        environment: &Environment,
        source: Option<&Environment>,
        ask: &DeployAsk,
    ) -> Result<Option<Move>, Refusal> {
        let cell = fleet.cell(&row.image.name, &environment.name);
        if let Some(cell) = cell.filter(|cell| cell.deployment.is_none())
            && let Some(first) = self
                .plan_first(fleet, row, environment, source, cell, ask)
                .await?
        {
            return Ok(Some(first));
        }
        let Some((cell, deployment)) =
            cell.and_then(|cell| Some((cell, cell.deployment.as_ref()?)))
        else {
            if let Some(channel) = &environment.channel {
                return Err(Refusal::NothingToRollBackTo {
                    image: row.image.name.clone(),
                    environment: environment.name.clone(),
                    why: format!("there is no tag {channel} yet, so it never pointed anywhere"),
                    elsewhere: String::new(),
                });
            }
            return Err(by_hand::nothing_runs(
                row,
                environment,
                source.and_then(|source| source_version(fleet, row, source)),
            ));
        };
        let gone = self.gone(fleet, row, environment, cell, ask).await?;
        let cell = gone.as_ref().unwrap_or(cell);
        let choice = choose(fleet, row, environment, source, cell, ask)?;
        let others: Vec<&Replica> = deployment
            .replicas
            .iter()
            .filter(|replica| replica.identity != choice.to.identity)
            .collect();
        if others.is_empty() {
            return Ok(None);
        }
        let mut touches = Vec::with_capacity(others.len());
        for replica in others {
            touches.push(
                self.plan_touch(fleet, row, source, replica, &choice, ask)
                    .await?,
            );
        }
        Ok(Some(Move {
            image: row.image.name.clone(),
            from: deployment
                .identities
                .iter()
                .map(|identity| frozen::identity(row, deployment, identity))
                .collect(),
            heading: match ask.pick {
                // Whatever its label: what is left is left because it was bad.
                Pick::KnownGood => Heading::Back,
                _ => choose::heading(row, deployment, &choice.to),
            },
            warnings: choose::warnings(row, cell, deployment, &choice, ask),
            evidence: choice.evidence,
            to: choice.to,
            touches,
        }))
    }

    /// The cell without the known good versions that its registry does not have any more: what
    /// was deleted there is no version to go back to. Nothing where all are there, or nobody
    /// asks for one.
    async fn gone(
        &self,
        fleet: &Fleet,
        row: &Row,
        environment: &Environment,
        cell: &Cell,
        ask: &DeployAsk,
    ) -> Result<Option<Cell>, Refusal> {
        if ask.pick != Pick::KnownGood || environment.channel.is_none() {
            return Ok(None);
        }
        let mut without: Option<Cell> = None;
        let mut gone: Vec<Digest> = Vec::new();
        loop {
            let cell = without.as_ref().unwrap_or(cell);
            let verdict = cell.known_good.as_ref();
            let Some(run) = verdict.and_then(|verdict| verdict.choice.as_ref()) else {
                return Ok(without);
            };
            let version = frozen::run(row, run);
            let [engine] = environment.engines.as_slice() else {
                return Ok(without);
            };
            let target = self.targets.get(engine)?;
            let Some(container) = target.container_for(&row.image.repository) else {
                return Ok(without);
            };
            match target.way(&container, &version).await {
                Err(TargetError::Registry(error)) if error.is_not_there() => {
                    gone.push(run.identity.clone());
                }
                Err(error) => return Err(error.into()),
                Ok(_) => return Ok(without),
            }
            let verdict = Fleet::known_good_without(row, cell, environment, &fleet.engines, &gone);
            without = Some(Cell {
                known_good: Some(verdict),
                ..cell.clone()
            });
        }
    }

    /// The plan for an image of which nothing is there yet, where that can be made: a tag.
    async fn plan_first(
        &self,
        fleet: &Fleet,
        row: &Row,
        environment: &Environment,
        source: Option<&Environment>,
        cell: &Cell,
        ask: &DeployAsk,
    ) -> Result<Option<Move>, Refusal> {
        let [engine] = environment.engines.as_slice() else {
            return Ok(None);
        };
        let target = self.targets.get(engine)?;
        let Some(name) = target.container_for(&row.image.repository) else {
            return Ok(None);
        };
        if matches!(ask.pick, Pick::KnownGood) {
            return Ok(None);
        }
        let choice = choose(fleet, row, environment, source, cell, ask)?;
        let obtain = self
            .find_way(fleet, row, source, (engine, &name), &choice)
            .await?;
        let touch = TouchAsk {
            container: &name,
            from: None,
            to: &choice.to,
            obtain: &obtain,
            accept_no_rollback: ask.accept_no_rollback,
        };
        let touch = target.plan(touch).await?;
        Ok(Some(Move {
            image: row.image.name.clone(),
            from: Vec::new(),
            // There is nothing to go back from.
            heading: Heading::Forward,
            warnings: choice.warnings().to_vec(),
            evidence: choice.evidence,
            to: choice.to,
            touches: vec![touch],
        }))
    }

    async fn plan_touch(
        &self,
        fleet: &Fleet,
        row: &Row,
        source: Option<&Environment>,
        replica: &Replica,
        choice: &Choice,
        ask: &DeployAsk,
    ) -> Result<Touch, Refusal> {
        let obtain = self
            .find_way(
                fleet,
                row,
                source,
                (&replica.engine, &replica.container.name),
                choice,
            )
            .await?;
        let from = frozen::replica(row, replica);
        let target = self.targets.get(&replica.engine)?;
        let touch = TouchAsk {
            container: &replica.container.name,
            from: Some(&from),
            to: &choice.to,
            obtain: &obtain,
            accept_no_rollback: ask.accept_no_rollback,
        };
        Ok(target.plan(touch).await?)
    }

    /// How the version gets onto an engine: it is there, a registry has it, another engine has
    /// it, in this order.
    async fn find_way(
        &self,
        fleet: &Fleet,
        row: &Row,
        source: Option<&Environment>,
        (engine, container): (&EngineName, &str),
        choice: &Choice,
    ) -> Result<Obtain, Refusal> {
        let target = self.targets.get(engine)?;
        if let Some(way) = target.way(container, &choice.to).await? {
            return Ok(way);
        }
        if let Some(image_id) = target.locate(&choice.to).await? {
            return Ok(Obtain::Present { image_id });
        }
        if let Some(reference) = in_registry(&choice.to)
            && self.registry_has(&reference).await
        {
            pull::platform(fleet, row, engine, &choice.to)?;
            let last = self.store.last_pull(engine, &reference.repository);
            return Ok(Obtain::Pull {
                bytes: pull::bytes(fleet, row, engine, &choice.to.identity),
                last: last.ok().flatten(),
                reference,
            });
        }
        let holders = row
            .version(&choice.to.identity)
            .map(|version| version.on_engines.as_slice())
            .unwrap_or_default();
        let up = |name: &EngineName| {
            fleet
                .engines
                .get(name)
                .is_some_and(|state| state.link == Link::Up)
        };
        let near = |name: &EngineName| source.is_some_and(|source| source.engines.contains(name));
        let mut candidates: Vec<_> = holders.iter().filter(|held| up(&held.engine)).collect();
        candidates.sort_by_key(|held| !near(&held.engine));
        for held in candidates {
            let holder = self.targets.get(&held.engine)?;
            if let Ok(Some(image_id)) = holder.locate(&choice.to).await {
                return Ok(Obtain::Stream {
                    from: held.engine.clone(),
                    image_id,
                    size: choice.to.size,
                });
            }
        }
        Err(Refusal::Gone {
            image: row.image.name.clone(),
            version: choice.to.label.clone(),
        })
    }
}

impl Operator {
    /// Whether a registry still has what it is said to have. One that karat cannot ask may be
    /// within reach of the engine, which then does the asking.
    async fn registry_has(&self, reference: &ImageRef) -> bool {
        let (Some(shared), Some(digest)) = (&self.targets.shared, &reference.digest) else {
            return true;
        };
        let asked = async {
            let remote = shared.registries().repository(&reference.repository)?;
            remote.head(&Pointer::Digest(digest.clone())).await
        };
        !matches!(asked.await, Ok(None))
    }
}

fn in_registry(version: &Frozen) -> Option<ImageRef> {
    version.repository.registry_host()?;
    Some(ImageRef {
        repository: version.repository.clone(),
        tag: None,
        digest: Some(version.registry_digest.clone()?),
    })
}

fn all_engines_answer(fleet: &Fleet, environment: &Environment) -> Result<(), Refusal> {
    for engine in &environment.engines {
        let error = match fleet.engines.get(engine).map(|state| &state.link) {
            Some(Link::Up) => continue,
            Some(Link::Down { error, .. }) => error.clone(),
            Some(Link::Connecting) | None => "it has not answered yet".to_owned(),
        };
        return Err(Refusal::EngineAway {
            environment: environment.name.clone(),
            engine: engine.clone(),
            error,
        });
    }
    Ok(())
}

fn source_environment<'a>(
    fleet: &'a Fleet,
    to: &Environment,
    from: Option<&EnvironmentName>,
) -> Result<&'a Environment, Refusal> {
    match from {
        Some(name) => environment(fleet, name),
        None => fleet.upstream(&to.name).ok_or_else(|| Refusal::NoUpstream {
            environment: to.name.clone(),
        }),
    }
}

/// The rows that are asked for; for "all", those that run in both environments.
fn rows<'a>(
    fleet: &'a Fleet,
    ask: &DeployAsk,
    environment: &Environment,
    source: Option<&Environment>,
) -> Result<Vec<&'a Row>, Refusal> {
    if !ask.images.is_empty() {
        return ask.images.iter().map(|name| row(fleet, name)).collect();
    }
    let runs = |row: &Row, name: &EnvironmentName| {
        fleet
            .cell(&row.image.name, name)
            .is_some_and(|cell| cell.deployment.is_some())
    };
    Ok(fleet
        .rows
        .iter()
        .filter(|row| {
            runs(row, &environment.name) && source.is_some_and(|source| runs(row, &source.name))
        })
        .collect())
}
