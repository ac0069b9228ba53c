//! Which version, and why that one.

use super::frozen;
use super::lookup::version;
use super::{DeployAsk, Pick, Refusal};
use crate::model::catalog::Version;
use crate::model::digest::Digest;
use crate::model::fleet::{Cell, Deployment, Fleet, Row};
use crate::model::observation::Health;
use crate::model::plan::{Frozen, Heading, OperationKind};
use crate::model::project::Environment;
use crate::model::run::Run;
use crate::model::step::Course;
use crate::operate::refusal::why_not;

/// The version that was chosen, and why.
pub(super) struct Choice {
    pub(super) to: Frozen,
    pub(super) evidence: Option<String>,
    warnings: Vec<String>,
}

impl Choice {
    /// What to know before saying yes.
    pub(super) fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// The version that is asked for.
pub(super) fn choose(
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
        to: frozen::run(row, run),
        evidence: Some(run.evidence()),
        warnings: Vec::new(),
    })
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
        .ok_or_else(|| {
            refuse(match &source.channel {
                None => "it does not run there".to_owned(),
                Some(channel) => format!(
                    "there is no tag {channel} yet; make it point somewhere first: `karat rollback {} --env {} --to VERSION`",
                    row.image.name, source.name
                ),
            })
        })?;
    match deployment.identities.as_slice() {
        [one] => row.version(one).ok_or_else(|| {
            refuse(format!("the image {} it runs is on no engine any more", one.short()))
        }),
        _ => Err(refuse("it runs several versions there; bring them together first, or name one with `rollback --to`".to_owned())),
    }
}

pub(super) fn source_version<'a>(
    fleet: &Fleet,
    row: &'a Row,
    source: &Environment,
) -> Option<&'a Version> {
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
    let since = since.format("%a %Y-%m-%d %H:%M UTC");
    Some(match deployment.course() {
        Course::Container => format!(
            "runs in {} since {since} ({})",
            source.name,
            deployment.health.word()
        ),
        Course::Tag => format!("{} points to it since {since}", source.name),
    })
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

/// Whether a version is older or newer than what runs, by the image's own order.
pub(super) fn heading(row: &Row, deployment: &Deployment, to: &Frozen) -> Heading {
    let running = deployment.identities.first().and_then(|id| place(row, id));
    match (running, place(row, &to.identity)) {
        // The list is newest first.
        (Some(now), Some(then)) if then < now => Heading::Forward,
        _ => Heading::Back,
    }
}

/// A version's place in the list, newest first. Those without a label have none.
fn place(row: &Row, identity: &Digest) -> Option<usize> {
    let labelled = |version: &Version| version.label.is_some();
    row.catalog
        .versions
        .iter()
        .position(|version| &version.identity == identity && labelled(version))
}

/// What to know before saying yes.
pub(super) fn warnings(
    row: &Row,
    cell: &Cell,
    deployment: &Deployment,
    choice: &Choice,
    ask: &DeployAsk,
) -> Vec<String> {
    let mut all = choice.warnings.clone();
    let running = deployment.identities.first().and_then(|id| place(row, id));
    // The list is newest first: a larger position is an older version.
    if let (OperationKind::Promote, Some(now), Some(then)) =
        (ask.kind, running, place(row, &choice.to.identity))
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
