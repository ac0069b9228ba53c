//! Recovering: finishing or undoing what was cut off, from any machine. Nothing is needed
//! but the engines: the locks on them carry the whole operation, and how far it came is read
//! from what is there.

use std::collections::BTreeMap;
use tokio::time::Instant;

use super::Operator;
use super::ending::Ended;
use crate::model::event::{Event, Outcome};
use crate::model::observation::LockSeen;
use crate::model::plan::OperationId;
use crate::model::progress::{Progress, Report};
use crate::model::project::{EngineName, Environment, EnvironmentName, Project};
use crate::model::step::{Course, Step};
use crate::model::time::Timestamp;
use crate::target::job::Peer;
use crate::target::{Job, Relock, Standing, TargetError, Watch};

/// An operation that was cut off.
pub struct CutOff {
    /// What it is, and whose.
    pub seen: LockSeen,
    /// Its containers.
    pub containers: Vec<(EngineName, String)>,
    /// What recovering will do.
    pub way: Way,
    jobs: Vec<Job>,
}

impl CutOff {
    /// The environment it changes, as far as its locks say.
    fn environment(&self) -> Option<&EnvironmentName> {
        self.jobs
            .iter()
            .find_map(|job| job.event.environment.as_ref())
    }

    /// The environments of a project it changes: the one that its locks name. Where they name
    /// none, or none of this project, it is as precious as the most precious that it may be:
    /// all on its engines.
    #[must_use]
    pub fn environments<'a>(&self, project: &'a Project) -> Vec<&'a Environment> {
        let engines: Vec<&EngineName> = self.containers.iter().map(|(engine, _)| engine).collect();
        changed(self.environment(), &engines, project)
    }

    /// Its images, each once; the containers, where the locks do not say of which image.
    #[must_use]
    pub fn images(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for job in &self.jobs {
            let name = Some(&job.event.image.0).filter(|name| !name.is_empty());
            let name = name.unwrap_or(&job.container);
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
        all
    }

    /// Whether it will be settled: nobody may be at it any more.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.way, Way::Finish | Way::Undo)
    }
}

/// The environments of a project that an operation changes: the one it names, else all on its
/// engines.
pub(super) fn changed<'a>(
    named: Option<&EnvironmentName>,
    engines: &[&EngineName],
    project: &'a Project,
) -> Vec<&'a Environment> {
    let all = || project.environments.iter();
    if let Some(one) = all().find(|one| Some(&one.name) == named) {
        return vec![one];
    }
    all()
        .filter(|one| engines.iter().any(|engine| one.engines.contains(engine)))
        .collect()
}

/// What recovering will do with an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Everything new is in place: finish it.
    Finish,
    /// Put everything back.
    Undo,
    /// The process that runs it lives on this machine: leave it alone.
    StillRuns {
        /// Its process id.
        pid: u32,
    },
    /// It ran on another machine and may still: leave it alone until then, unless told
    /// otherwise.
    MayRun {
        /// From when on it can no longer be under way.
        until: Timestamp,
    },
}

/// What was found on all engines.
#[derive(Default)]
pub struct Survey {
    /// What was cut off.
    pub cut_off: Vec<CutOff>,
    /// Engines that could not be asked, and why.
    pub away: Vec<(EngineName, String)>,
}

impl Operator {
    /// Looks on every engine for what was cut off. Touches nothing.
    pub async fn survey(&self, doubt: Doubt) -> Survey {
        let mut survey = Survey::default();
        let mut operations: BTreeMap<OperationId, Vec<Job>> = BTreeMap::new();
        for (name, target) in &self.targets.usable {
            match target.cut_off().await {
                Ok(jobs) => {
                    for job in jobs {
                        let found = operations.entry(job.event.id.clone()).or_default();
                        // One engine may be known by two names.
                        if !found.iter().any(|other| other.old_id == job.old_id) {
                            found.push(job);
                        }
                    }
                }
                Err(error) => survey.away.push((name.clone(), error.to_string())),
            }
        }
        survey.away.extend(
            self.targets
                .unusable
                .iter()
                .map(|(name, why)| (name.clone(), why.clone())),
        );
        for (_, mut jobs) in operations {
            put_in_order(&mut jobs);
            match self.cut_off(jobs, doubt).await {
                Ok(cut) => survey.cut_off.extend(cut),
                Err((engine, error)) => survey.away.push((engine, error.to_string())),
            }
        }
        survey
    }

    async fn cut_off(
        &self,
        jobs: Vec<Job>,
        doubt: Doubt,
    ) -> Result<Option<CutOff>, (EngineName, TargetError)> {
        let Some(first) = jobs.first() else {
            return Ok(None);
        };
        let until = may_run_until(&jobs);
        let way = match first.process.is_alive() {
            Some(true) => Way::StillRuns {
                pid: first.process.pid,
            },
            None if doubt == Doubt::Wait
                && first.process.is_known()
                && self.clock.now() < until =>
            {
                Way::MayRun { until }
            }
            _ => self.way(&jobs).await?,
        };
        Ok(Some(CutOff {
            seen: first.seen(),
            containers: jobs
                .iter()
                .map(|job| (job.engine.clone(), job.container.clone()))
                .collect(),
            way,
            jobs,
        }))
    }

    /// Finish, if the operation was marked as done anywhere, or if every container of it, on
    /// every engine, is the new one and runs. Otherwise undo.
    async fn way(&self, jobs: &[Job]) -> Result<Way, (EngineName, TargetError)> {
        let mut all_in_place = true;
        for job in jobs {
            let standing = async { self.targets.get(&job.engine)?.standing(job).await };
            match standing
                .await
                .map_err(|error| (job.engine.clone(), error))?
            {
                Standing::Committed => return Ok(Way::Finish),
                Standing::InPlace => {}
                Standing::Halfway => all_in_place = false,
            }
        }
        if !all_in_place {
            return Ok(Way::Undo);
        }
        let found = |peer: &Peer| jobs.iter().any(|job| job.old_id == peer.old_id);
        let peers = jobs
            .first()
            .map(|job| job.peers.clone())
            .unwrap_or_default();
        for peer in peers.iter().filter(|peer| !found(peer)) {
            if !self.peer_in_place(peer, jobs).await {
                return Ok(Way::Undo);
            }
        }
        Ok(Way::Finish)
    }

    /// Whether a container that is not locked any more was brought to the new version.
    async fn peer_in_place(&self, peer: &Peer, jobs: &[Job]) -> bool {
        let Some(like) = jobs.first() else {
            return false;
        };
        let same_name = self.targets.usable.get(&peer.engine).into_iter();
        for target in same_name.chain(self.targets.usable.values()) {
            let Ok(seen) = target.observe().await else {
                continue;
            };
            if seen.facts.id != peer.engine_id {
                continue;
            }
            return seen.containers.iter().any(|container| {
                container.name == peer.container
                    && container
                        .deployed_by
                        .as_ref()
                        .is_some_and(|event| event.id == like.event.id)
            });
        }
        // Its engine is out of reach: the old version is the safe one.
        false
    }

    /// Finishes or undoes one operation.
    pub async fn settle(&self, mut cut: CutOff, watch: &Watch) -> Report {
        let begun = Instant::now();
        let ended = self.settle_jobs(&mut cut, watch).await;
        let event = self.event(&cut, &ended);
        self.remember(std::slice::from_ref(&event), watch).await;
        if ended.outcome != Outcome::NeedsRecover {
            let _ = self.store.end(&cut.seen.operation);
        }
        let summary = match ended.outcome {
            Outcome::Done => format!("finished: {}", cut.seen.summary),
            Outcome::Undone | Outcome::Cancelled => {
                format!("undone: {}; everything is as before", cut.seen.summary)
            }
            _ => format!("not settled: {}", cut.seen.summary),
        };
        Report {
            id: cut.seen.operation.clone(),
            outcome: ended.outcome,
            summary,
            error: ended.error,
            events: vec![event],
            duration: self.clock.since(begun),
        }
    }

    async fn settle_jobs(&self, cut: &mut CutOff, watch: &Watch) -> Ended {
        if let Way::MayRun { until } = cut.way {
            return Ended {
                outcome: Outcome::Locked,
                error: Some(format!(
                    "it may still run on {}; wait until {}, or give `--force` if that karat is gone for certain",
                    cut.seen.owner,
                    until.format("%H:%M:%S UTC")
                )),
                log: Vec::new(),
            };
        }
        if let Way::StillRuns { pid } = cut.way {
            return Ended {
                outcome: Outcome::Locked,
                error: Some(format!(
                    "process {pid} of {} still runs it; wait for it, or end it first",
                    cut.seen.owner
                )),
                log: Vec::new(),
            };
        }
        for job in &mut cut.jobs {
            job.process = crate::target::job::Process::this(&self.who);
            if let Err(error) = self.relock(job, Relock::TakeOver).await {
                return Ended {
                    outcome: Outcome::NeedsRecover,
                    error: Some(error.to_string()),
                    log: Vec::new(),
                };
            }
        }
        // Only now that it is ours does it stand still: somebody may have gone on meanwhile.
        cut.way = match self.way(&cut.jobs).await {
            Ok(way) => way,
            Err((_, error)) => {
                return Ended {
                    outcome: Outcome::NeedsRecover,
                    error: Some(error.to_string()),
                    log: Vec::new(),
                };
            }
        };
        if cut.way == Way::Finish {
            match self.await_all(&mut cut.jobs, watch).await {
                Ok(()) => return self.conclude(&mut cut.jobs, watch).await,
                Err(error) => {
                    watch
                        .tell(Progress::Note(format!("cannot be finished: {error}")))
                        .await;
                }
            }
        }
        let why = TargetError::CutOff {
            summary: cut.seen.summary.clone(),
            owner: cut.seen.owner.clone(),
        };
        let mut ended = self.backward(&mut cut.jobs, &why, watch).await;
        if ended.outcome == Outcome::Undone {
            ended.error = Some(format!("cut off, and undone by {}", self.who));
            self.look_again(&cut.jobs).await;
        }
        ended
    }

    async fn await_all(&self, jobs: &mut [Job], watch: &Watch) -> Result<(), TargetError> {
        for job in jobs.iter_mut() {
            let target = self.targets.get(&job.engine)?;
            // One that was committed may have become unwell since; it is finished all the same.
            if job.course() == Course::Container
                && job.is_started()
                && target.standing(job).await? != Standing::Committed
            {
                target.carry_out(Step::AwaitHealth, job, watch).await?;
            }
        }
        Ok(())
    }

    /// A create that was under way when its client died may have arrived since.
    async fn look_again(&self, jobs: &[Job]) {
        for job in jobs {
            if let Ok(target) = self.targets.get(&job.engine) {
                let mut job = job.clone();
                // What cannot be seen now shows up as a stray in the next survey.
                let _ = target.take_down(&mut job).await;
            }
        }
    }

    fn event(&self, cut: &CutOff, ended: &Ended) -> Event {
        let mut event = cut.jobs.first().map_or_else(
            || Event {
                id: cut.seen.operation.clone(),
                time: cut.seen.since,
                who: cut.seen.owner.clone(),
                operation: crate::model::plan::OperationKind::Recover,
                heading: crate::model::plan::Heading::Back,
                from_environment: None,
                image: crate::model::project::ImageName(String::new()),
                environment: None,
                from: None,
                to: None,
                reason: None,
                outcome: ended.outcome,
                duration: None,
                error: None,
                log: Vec::new(),
            },
            |job| job.event.clone(),
        );
        event.outcome = ended.outcome;
        event.error = match ended.outcome {
            Outcome::Done => Some(format!("cut off, and finished by {}", self.who)),
            _ => ended.error.clone(),
        };
        event.log.clone_from(&ended.log);
        event
    }
}

/// What to do with an operation that may still run on another machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Leave it alone for as long as it may take.
    Wait,
    /// Take it over: somebody knows that it is gone.
    TakeOver,
}

/// When an operation whose owner cannot be asked is over for certain: every container's stop
/// and health wait, one after another, and a margin for bringing the images.
fn may_run_until(jobs: &[Job]) -> Timestamp {
    const IMAGES: std::time::Duration = std::time::Duration::from_secs(60);
    let begun = jobs
        .iter()
        .map(|job| job.event.time)
        .min()
        .unwrap_or_default();
    let each = jobs.iter().map(|job| job.health_wait.0 + job.stop_grace());
    let longest = each.fold(IMAGES, std::time::Duration::saturating_add);
    chrono::TimeDelta::from_std(longest).map_or(begun, |longest| begun + longest)
}

/// In the order in which they were to be carried out: what is depended on comes first.
fn put_in_order(jobs: &mut [Job]) {
    jobs.sort_by_cached_key(|job| {
        let place = job.peers.iter().position(|peer| peer.old_id == job.old_id);
        (
            place,
            job.engine.clone(),
            job.follows.is_some(),
            job.container.clone(),
        )
    });
}
