//! From what is asked to a plan: which version, which containers, how the image gets there.
//! Reads only; what the dialog shows is exactly this, and exactly this is then done.

use super::refusal::{Refusal, why_not};
use super::{Operator, new_id};
use crate::model::catalog::Version;
use crate::model::digest::Digest;
use crate::model::fleet::{Cell, Deployment, Fleet, Link, Replica, Row};
use crate::model::nearest::hint;
use crate::model::observation::Health;
use crate::model::plan::{Frozen, Move, Obtain, OperationKind, Plan, Touch};
use crate::model::project::{EngineName, Environment, EnvironmentName, ImageName, Selector};
use crate::model::reference::ImageRef;
use crate::model::run::Run;
use crate::model::time::Timestamp;
use crate::target::TouchAsk;

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
        let Some((cell, deployment)) =
            cell.and_then(|cell| Some((cell, cell.deployment.as_ref()?)))
        else {
            return Err(nothing_runs(
                row,
                environment,
                source.and_then(|source| source_version(fleet, row, source)),
            ));
        };
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
                .map(|identity| frozen_identity(row, deployment, identity))
                .collect(),
            warnings: warnings(row, cell, deployment, &choice, ask),
            evidence: choice.evidence,
            to: choice.to,
            touches,
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
            .find_way(fleet, row, source, &replica.engine, choice)
            .await?;
        let from = frozen_replica(row, replica);
        let target = self.targets.get(&replica.engine)?;
        let touch = TouchAsk {
            container: &replica.container.name,
            from: &from,
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
        engine: &EngineName,
        choice: &Choice,
    ) -> Result<Obtain, Refusal> {
        let target = self.targets.get(engine)?;
        if let Some(image_id) = target.locate(&choice.to).await? {
            return Ok(Obtain::Present { image_id });
        }
        if let Some(reference) = in_registry(&choice.to) {
            return Ok(Obtain::Pull { reference });
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

/// The version that was chosen, and why.
struct Choice {
    to: Frozen,
    evidence: Option<String>,
    warnings: Vec<String>,
}

fn in_registry(version: &Frozen) -> Option<ImageRef> {
    version.repository.registry_host()?;
    Some(ImageRef {
        repository: version.repository.clone(),
        tag: None,
        digest: Some(version.registry_digest.clone()?),
    })
}

/// The environment of that name.
///
/// # Errors
/// There is none; the nearest name is told.
pub fn environment<'a>(
    fleet: &'a Fleet,
    name: &EnvironmentName,
) -> Result<&'a Environment, Refusal> {
    fleet
        .environments
        .iter()
        .find(|one| &one.name == name)
        .ok_or_else(|| Refusal::UnknownEnvironment {
            name: name.0.clone(),
            hint: hint(
                name.as_str(),
                fleet.environments.iter().map(|one| one.name.as_str()),
            ),
        })
}

/// The row of an image.
///
/// # Errors
/// There is none; the nearest name is told.
pub fn row<'a>(fleet: &'a Fleet, name: &ImageName) -> Result<&'a Row, Refusal> {
    fleet.row(name).ok_or_else(|| Refusal::UnknownImage {
        name: name.0.clone(),
        hint: hint(
            name.as_str(),
            fleet.rows.iter().map(|row| row.image.name.as_str()),
        ),
    })
}

/// An image's version by label, tag, or digest.
///
/// # Errors
/// There is none; the nearest is told.
pub fn version<'a>(row: &'a Row, name: &str) -> Result<&'a Version, Refusal> {
    let versions = &row.catalog.versions;
    let by_label = versions
        .iter()
        .find(|version| version.label.as_ref().is_some_and(|label| label.0 == name));
    let by_tag = || {
        versions
            .iter()
            .find(|version| version.tags.iter().any(|tag| tag == name))
    };
    let by_digest = || {
        let bare = name.strip_prefix("sha256:").unwrap_or(name);
        let digests = |version: &Version| {
            let known = [
                version.digests.index.clone(),
                version.digests.manifest.clone(),
                version.digests.config.clone(),
            ];
            known
                .into_iter()
                .flatten()
                .chain([version.identity.clone()])
                .collect::<Vec<_>>()
        };
        let is = |digest: &Digest| {
            digest
                .as_str()
                .trim_start_matches("sha256:")
                .starts_with(bare)
        };
        let mut found = versions
            .iter()
            .filter(|version| bare.len() >= 6 && digests(version).iter().any(is));
        found.next().filter(|_| found.next().is_none())
    };
    by_label
        .or_else(by_tag)
        .or_else(by_digest)
        .ok_or_else(|| Refusal::UnknownVersion {
            image: row.image.name.clone(),
            version: name.to_owned(),
            hint: hint(name, versions.iter().map(Version::shown)),
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

fn choose(
    fleet: &Fleet,
    row: &Row,
    environment: &Environment,
    source: Option<&Environment>,
    cell: &Cell,
    ask: &DeployAsk,
) -> Result<Choice, Refusal> {
    let chosen = match (&ask.pick, source) {
        (Pick::KnownGood, _) => return known_good(fleet, row, environment, cell, ask.kind),
        (Pick::Named(name), _) => version(row, name)?,
        (Pick::Identity(identity), _) => row.version(identity).ok_or_else(|| Refusal::Gone {
            image: row.image.name.clone(),
            version: identity.short().to_owned(),
        })?,
        (Pick::From(_), Some(source)) => promoted(fleet, row, source)?,
        (Pick::From(_), None) => {
            return Err(Refusal::NoUpstream {
                environment: environment.name.clone(),
            });
        }
    };
    if chosen.revoked {
        return Err(Refusal::Revoked {
            image: row.image.name.clone(),
            version: chosen.shown().to_owned(),
        });
    }
    let runs = runs(cell);
    let ran_here = runs
        .iter()
        .filter(|run| run.identity == chosen.identity)
        .max_by_key(|run| run.until);
    let mut warnings = Vec::new();
    let left_behind = cell
        .known_good
        .iter()
        .flat_map(|verdict| &verdict.passed_over)
        .any(|one| {
            one.run.identity == chosen.identity
                && one.why == crate::model::known_good::Objection::LeftBehind
        });
    if left_behind {
        warnings.push(format!(
            "an earlier roll back left {} behind here",
            chosen.shown()
        ));
    }
    if let Some(source) = source {
        warnings.extend(source_warnings(fleet, row, source));
    }
    let evidence = ran_here
        .map(|run| run.evidence())
        .or_else(|| source.and_then(|source| source_evidence(fleet, row, source)));
    Ok(Choice {
        to: chosen.freeze(&row.image.repository),
        evidence,
        warnings,
    })
}

fn known_good(
    fleet: &Fleet,
    row: &Row,
    environment: &Environment,
    cell: &Cell,
    kind: OperationKind,
) -> Result<Choice, Refusal> {
    let run = cell
        .known_good
        .as_ref()
        .and_then(|verdict| verdict.choice.as_ref())
        .ok_or_else(|| Refusal::NothingToRollBackTo {
            image: row.image.name.clone(),
            environment: environment.name.clone(),
            why: why_not(cell.known_good.as_ref(), kind),
            elsewhere: elsewhere(fleet, row, environment),
        })?;
    Ok(Choice {
        to: frozen_run(row, run),
        evidence: Some(run.evidence()),
        warnings: Vec::new(),
    })
}

/// A run's version as the catalog has it, or, when no engine has it any more, as the run
/// recorded it.
fn frozen_run(row: &Row, run: &Run) -> Frozen {
    if let Some(version) = row.version(&run.identity) {
        return version.freeze(&row.image.repository);
    }
    let recorded = ImageRef::parse(&run.reference).ok();
    let hosted = recorded
        .as_ref()
        .filter(|reference| reference.repository.registry_host().is_some());
    Frozen {
        label: run
            .version
            .clone()
            .unwrap_or_else(|| run.identity.short().to_owned()),
        identity: run.identity.clone(),
        content: None,
        repository: row.image.repository.clone(),
        tag: recorded
            .as_ref()
            .and_then(|reference| reference.tag.clone()),
        registry_digest: hosted.and_then(|reference| reference.digest.clone()),
        size: None,
    }
}

/// Known good in other environments: offered, never chosen.
fn elsewhere(fleet: &Fleet, row: &Row, here: &Environment) -> String {
    let offers: Vec<String> = fleet
        .environments
        .iter()
        .zip(&row.cells)
        .filter(|(environment, _)| environment.name != here.name)
        .filter_map(|(environment, cell)| {
            let run = cell.known_good.as_ref()?.choice.as_ref()?;
            let version = run
                .version
                .clone()
                .unwrap_or_else(|| run.identity.short().to_owned());
            Some(format!("{version} in {}", environment.name))
        })
        .collect();
    if offers.is_empty() {
        String::new()
    } else {
        format!(" (known good elsewhere: {})", offers.join(", "))
    }
}

fn source_deployment<'a>(
    fleet: &'a Fleet,
    row: &Row,
    source: &Environment,
) -> Option<&'a Deployment> {
    fleet
        .cell(&row.image.name, &source.name)?
        .deployment
        .as_ref()
}

fn promoted<'a>(fleet: &Fleet, row: &'a Row, source: &Environment) -> Result<&'a Version, Refusal> {
    let refuse = |why: String| Refusal::NoSource {
        image: row.image.name.clone(),
        environment: source.name.clone(),
        why,
    };
    let deployment = source_deployment(fleet, row, source)
        .ok_or_else(|| refuse("it does not run there".to_owned()))?;
    match deployment.identities.as_slice() {
        [one] => row.version(one).ok_or_else(|| {
            refuse(format!("the image {} it runs is on no engine any more", one.short()))
        }),
        _ => Err(refuse("it runs several versions there; bring them together first, or name one with `rollback --to`".to_owned())),
    }
}

fn source_version<'a>(fleet: &Fleet, row: &'a Row, source: &Environment) -> Option<&'a Version> {
    promoted(fleet, row, source).ok()
}

fn source_warnings(fleet: &Fleet, row: &Row, source: &Environment) -> Vec<String> {
    let Some(deployment) = source_deployment(fleet, row, source) else {
        return Vec::new();
    };
    match deployment.health {
        Health::Unhealthy | Health::NotRunning | Health::Starting => {
            vec![format!(
                "it is {} in {} now",
                deployment.health.word(),
                source.name
            )]
        }
        Health::Healthy | Health::NoCheck => Vec::new(),
    }
}

fn source_evidence(fleet: &Fleet, row: &Row, source: &Environment) -> Option<String> {
    let deployment = source_deployment(fleet, row, source)?;
    let since = deployment.since?;
    Some(format!(
        "runs in {} since {} ({})",
        source.name,
        since.format("%a %Y-%m-%d %H:%M UTC"),
        deployment.health.word()
    ))
}

fn runs(cell: &Cell) -> Vec<&Run> {
    let replicas = cell
        .deployment
        .iter()
        .flat_map(|deployment| &deployment.replicas);
    replicas
        .flat_map(|replica| &replica.container.runs)
        .collect()
}

fn warnings(
    row: &Row,
    cell: &Cell,
    deployment: &Deployment,
    choice: &Choice,
    ask: &DeployAsk,
) -> Vec<String> {
    let mut all = choice.warnings.clone();
    let place = |identity: &Digest| {
        row.catalog
            .versions
            .iter()
            .position(|version| &version.identity == identity)
    };
    let running = deployment.identities.first().and_then(place);
    // The list is newest first: a larger position is an older version.
    if let (OperationKind::Promote, Some(now), Some(then)) =
        (ask.kind, running, place(&choice.to.identity))
        && then > now
    {
        all.push(format!(
            "{} is older than {}, which runs there now",
            choice.to.label, deployment.version
        ));
    }
    if row
        .catalog
        .contested
        .iter()
        .any(|label| label.0 == choice.to.label)
    {
        all.push(format!(
            "{} stands for two digests on different engines; this is {}",
            choice.to.label,
            choice.to.identity.short()
        ));
    }
    for (engine, lock) in &cell.locks {
        all.push(format!(
            "{} on {engine} is locked by {}: {}",
            lock.container, lock.owner, lock.summary
        ));
    }
    all
}

fn frozen_identity(row: &Row, deployment: &Deployment, identity: &Digest) -> Frozen {
    match row.version(identity) {
        Some(version) => version.freeze(&row.image.repository),
        None => deployment
            .replicas
            .iter()
            .find(|replica| &replica.identity == identity)
            .map_or_else(
                || bare(row, identity, identity.short()),
                |replica| frozen_replica(row, replica),
            ),
    }
}

fn frozen_replica(row: &Row, replica: &Replica) -> Frozen {
    match row.version(&replica.identity) {
        Some(version) => version.freeze(&row.image.repository),
        None => bare(row, &replica.identity, &replica.version),
    }
}

fn bare(row: &Row, identity: &Digest, label: &str) -> Frozen {
    Frozen {
        label: label.to_owned(),
        identity: identity.clone(),
        content: None,
        repository: row.image.repository.clone(),
        tag: None,
        registry_digest: None,
        size: None,
    }
}

fn nothing_runs(row: &Row, environment: &Environment, version: Option<&Version>) -> Refusal {
    let tag = version
        .or_else(|| row.catalog.versions.first())
        .map_or("VERSION", Version::shown);
    Refusal::NothingRuns {
        image: row.image.name.clone(),
        environment: environment.name.clone(),
        by_hand: by_hand(row, environment, tag),
    }
}

/// The command that starts the first container of an environment, so that karat then finds
/// it there.
fn by_hand(row: &Row, environment: &Environment, tag: &str) -> String {
    let docker = match environment.engines.first().map(EngineName::as_str) {
        Some(name) => match name.strip_prefix("context:") {
            Some(context) => format!("docker --context {context}"),
            None => format!("docker -H {name}"),
        },
        None => "docker".to_owned(),
    };
    let mark = match &environment.selector {
        Selector::Label {
            key,
            value: Some(value),
        } => format!(" --label {key}={value}"),
        Selector::Label { key, value: None } => format!(" --label {key}"),
        Selector::ComposeProject(project) => {
            return format!("{docker} compose -p {project} up -d");
        }
        Selector::All | Selector::Unlabelled => String::new(),
    };
    format!(
        "{docker} run -d --name {}-{}{mark} {}:{tag}",
        row.image.name, environment.name, row.image.repository
    )
}
