//! Looking after everything an operation will need, before it is needed.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::Operator;
use crate::model::checkup::{self, Checkup, Finding, State, Subject};
use crate::model::digest::Digest;
use crate::model::fleet::Fleet;
use crate::model::project::{EngineName, EnvironmentName, ImageName, Project};
use crate::model::reference::{ImageRef, Repository};
use crate::registry::{Pointer, Registries, RegistryError};
use crate::target::keeping;
use crate::target::shared::SharedHistory;

/// A known good version that no tag holds: a registry's garbage collection would take it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unheld {
    /// Of which image.
    pub image: ImageName,
    /// For which environment.
    pub environment: EnvironmentName,
    /// What it is called.
    pub version: String,
    /// Where it is.
    pub repository: Repository,
    /// Its digest there.
    pub digest: Digest,
}

impl Unheld {
    /// The tag that would hold it.
    #[must_use]
    pub fn tag(&self) -> String {
        keeping::keep_tag(self.environment.as_str(), &self.digest)
    }
}

impl Operator {
    /// Looks at every engine, all at the same time.
    pub async fn check_engines(&self) -> Vec<Checkup> {
        let is_engine = |name: &&EngineName| !is_in_registry(name);
        let usable = self
            .targets
            .usable
            .iter()
            .filter(|(name, _)| is_engine(name));
        let looks = usable.map(|(name, target)| async move {
            let findings = match target.check_up().await {
                Ok(findings) => findings,
                Err(error) => vec![Finding::bad("reach", error.to_string())],
            };
            checkup(name.to_string(), Subject::Engine, findings)
        });
        let mut all = join_all(looks).await;
        for (name, why) in &self.targets.unusable {
            let findings = vec![Finding::bad("address", why.clone())];
            all.push(checkup(name.to_string(), Subject::Engine, findings));
        }
        all
    }

    /// Looks at every registry that a project names, and at each repository in it.
    pub async fn check_registries(&self, project: &Project) -> Vec<Checkup> {
        let Some(shared) = &self.targets.shared else {
            return Vec::new();
        };
        let mut repositories: BTreeSet<Repository> = shared.repositories().cloned().collect();
        let channels = project
            .environments
            .iter()
            .filter_map(|one| one.channel.as_ref());
        for channel in channels {
            repositories.extend(
                shared
                    .repositories()
                    .filter_map(|own| channel.repository(own)),
            );
        }
        let mut hosts: BTreeMap<String, Vec<Repository>> = BTreeMap::new();
        for repository in repositories {
            if let Some(host) = repository.registry_host() {
                hosts.entry(host.to_owned()).or_default().push(repository);
            }
        }
        // One that is configured and not used is looked at as well: that is how it is tried.
        for host in project.registries.keys() {
            hosts.entry(host.clone()).or_default();
        }
        let looks = hosts.into_iter().map(|(host, repositories)| async move {
            let registries = shared.registries();
            let (host, up) = registry(registries, host).await;
            let mut all = vec![host];
            if up {
                let each = repositories.iter().map(|one| repository(registries, one));
                all.extend(join_all(each).await);
            }
            all
        });
        join_all(looks).await.into_iter().flatten().collect()
    }

    /// The known good versions that no tag holds, as far as the fleet knows any.
    ///
    /// # Errors
    /// A registry's.
    pub async fn unheld(&self, fleet: &Fleet) -> Result<Vec<Unheld>, RegistryError> {
        let Some(shared) = &self.targets.shared else {
            return Ok(Vec::new());
        };
        let mut all = Vec::new();
        for row in &fleet.rows {
            for (environment, cell) in fleet.environments.iter().zip(&row.cells) {
                let run = cell
                    .known_good
                    .as_ref()
                    .and_then(|verdict| verdict.choice.as_ref());
                let Some(run) = run else { continue };
                let Some((repository, digest, tag)) = in_registry(&run.reference, &run.identity)
                else {
                    continue;
                };
                let own = environment
                    .channel
                    .as_ref()
                    .map(|channel| channel.tag.as_str());
                let remote = shared.registries().repository(&repository)?;
                // What is gone cannot be kept; the next plan passes it over.
                let there = remote.head(&Pointer::Digest(digest.clone())).await?;
                if there.is_none() || keeping::held(&remote, &digest, tag.as_deref(), own).await? {
                    continue;
                }
                all.push(Unheld {
                    image: row.image.name.clone(),
                    environment: environment.name.clone(),
                    version: run
                        .version
                        .clone()
                        .unwrap_or_else(|| digest.short().to_owned()),
                    repository,
                    digest,
                });
            }
        }
        Ok(all)
    }

    /// Gives a version the tag that holds it.
    ///
    /// # Errors
    /// The registry's.
    pub async fn keep(&self, one: &Unheld) -> Result<(), RegistryError> {
        let shared: Option<&SharedHistory> = self.targets.shared.as_ref();
        let registries = shared
            .map(|shared| shared.registries().clone())
            .unwrap_or_default();
        let remote = registries.repository(&one.repository)?;
        remote.retag(&one.digest, &one.tag()).await
    }
}

fn is_in_registry(name: &EngineName) -> bool {
    name.is_registry() || name.course() == crate::model::step::Course::Tag
}

fn checkup(name: String, subject: Subject, findings: Vec<Finding>) -> Checkup {
    Checkup {
        name,
        subject,
        findings,
    }
}

/// What a run's reference says of a registry: without one, the identity stands in the
/// digest's place.
fn in_registry(reference: &str, identity: &Digest) -> Option<(Repository, Digest, Option<String>)> {
    let reference = ImageRef::parse(reference).ok()?;
    reference.repository.registry_host()?;
    let digest = reference.digest.filter(|digest| digest != identity)?;
    Some((reference.repository, digest, reference.tag))
}

/// One registry, and whether it answers.
async fn registry(registries: &Registries, host: String) -> (Checkup, bool) {
    let checked = match registries.check(&host).await {
        Ok(checked) => checked,
        Err(error) => {
            let findings = vec![Finding::bad("reach", error.to_string())];
            return (checkup(host, Subject::Registry, findings), false);
        }
    };
    let speaks = checked.version.as_deref().unwrap_or("the distribution API");
    let took = crate::model::time::Span(checked.took);
    let mut findings = vec![Finding::good(
        "reach",
        format!("{speaks} over {}, answered in {took}", checked.scheme),
    )];
    findings.push(match &checked.who {
        Some(who) => Finding::good("login", format!("logged in as {who}")),
        None => Finding::good("login", "none is asked for"),
    });
    if checked.scheme == "http" && !is_here(&host) {
        findings.push(Finding::note(
            "encryption",
            "none: what is sent can be read and changed on the way",
            "give it TLS, unless it is on this machine",
        ));
    }
    if let Some(ahead) = checked.clock_ahead {
        // Dates in HTTP have whole seconds.
        findings.push(checkup::clock(ahead));
    }
    (checkup(host, Subject::Registry, findings), true)
}

/// Whether a registry is on this machine: what is sent there goes over no line.
fn is_here(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost" || name.starts_with("127.") || name == "[::1]"
}

async fn repository(registries: &Registries, repository: &Repository) -> Checkup {
    let remote = match registries.repository(repository) {
        Ok(remote) => remote,
        Err(error) => {
            let findings = vec![Finding::bad("name", error.to_string())];
            return checkup(repository.to_string(), Subject::Repository, findings);
        }
    };
    let able = remote.abilities().await;
    let mut findings = Vec::new();
    findings.push(match able.read {
        Ok(0) => Finding::note(
            "read",
            "there is nothing in it yet",
            "publish a version: `karat publish IMAGE`",
        ),
        Ok(tags) => Finding::good("read", format!("{tags} tags")),
        Err(error) => Finding::bad("read", error.to_string()),
    });
    findings.push(match able.write {
        Ok(()) => Finding::good("write", "can be pushed to"),
        Err(error) => Finding {
            state: State::Note,
            what: "write",
            text: error.to_string(),
            remedy: Some(
                "publishing, moving channels and shared history need it; reading does not"
                    .to_owned(),
            ),
        },
    });
    findings.push(if able.referrers {
        Finding::good("referrers", "the registry tells what is attached to an image")
    } else {
        Finding::note(
            "referrers",
            "the registry does not know the referrers API",
            "nothing to do: the tag schema of before is used (`sha256-…`); distribution 3, zot and Harbor know it",
        )
    });
    findings.push(if able.delete {
        Finding::good("delete", "manifests can be deleted")
    } else {
        Finding::note(
            "delete",
            "the registry does not let manifests be deleted, or not you",
            "a tag that was new cannot be taken away again when a promotion is undone; allow it (`storage.delete.enabled` of Docker's registry)",
        )
    });
    findings.push(Finding::note(
        "immutable tags",
        "a registry does not tell whether tags can be moved, and none can compare and swap",
        "karat never moves a version's tag without `--force`; where others push, make all tags but the channels' immutable in the registry itself",
    ));
    checkup(repository.to_string(), Subject::Repository, findings)
}
