//! The two ends of an operation: everything runs well and is marked as done, or everything is
//! put back.

use tokio::time::Instant;

use super::Operator;
use super::ending::Ended;
use crate::model::event::Outcome;
use crate::model::progress::{Progress, StepState};
use crate::model::project::EngineName;
use crate::model::step::{BackStep, Step};
use crate::target::{Job, Relock, TargetError, Watch};

/// Tries to put a container back, where its engine is out of reach for a moment.
const TRIES: u32 = 8;
const BETWEEN_TRIES: std::time::Duration = std::time::Duration::from_secs(1);

impl Operator {
    /// Everything runs well: mark it as done on every engine, then let go.
    ///
    /// The first mark is the moment from which the operation counts as done: whoever finds
    /// it finishes the rest.
    pub(super) async fn conclude(&self, jobs: &mut [Job], watch: &Watch) -> Ended {
        let mut committed = false;
        for index in 0..jobs.len() {
            let Some(job) = jobs.get_mut(index) else {
                break;
            };
            let mut done = self.step(Step::Commit, job, watch).await;
            if committed && matches!(done, Err(TargetError::LockLost { .. })) {
                done = match self.relock(job, Relock::Vanished).await {
                    Ok(()) => self.step(Step::Commit, job, watch).await,
                    Err(error) => Err(error),
                };
            }
            match done {
                Ok(()) => committed = true,
                Err(error) if !committed => return self.backward(jobs, &error, watch).await,
                Err(error) => return Ended::half(&error, Vec::new()),
            }
        }
        let failed = self.let_go(jobs, watch).await;
        if let Some(error) = failed.into_iter().next() {
            return Ended {
                outcome: Outcome::NeedsRecover,
                error: Some(format!(
                    "everything runs, but a lock stayed behind: {error}; run `karat recover`"
                )),
                log: Vec::new(),
            };
        }
        self.sweep(jobs, watch).await;
        Ended {
            outcome: Outcome::Done,
            error: None,
            log: Vec::new(),
        }
    }

    /// Takes parked containers away whose soak is over. Not part of the operation: what
    /// cannot be taken away now is taken next time.
    async fn sweep(&self, jobs: &[Job], watch: &Watch) {
        let mut engines: Vec<&EngineName> = jobs.iter().map(|job| &job.engine).collect();
        engines.sort();
        engines.dedup();
        for engine in engines {
            if let Ok(target) = self.targets.get(engine)
                && let Err(error) = target.sweep(self.clock.now()).await
            {
                watch
                    .tell(Progress::Note(format!(
                        "parked containers stay for now: {error}"
                    )))
                    .await;
            }
        }
    }

    /// Puts everything back: first all that is new goes, then all that is old returns, in the
    /// order in which containers depend on each other.
    pub(super) async fn backward(
        &self,
        jobs: &mut [Job],
        why: &TargetError,
        watch: &Watch,
    ) -> Ended {
        watch
            .tell(Progress::Undoing {
                why: why.to_string(),
            })
            .await;
        let mut log = Vec::new();
        let mut failed: Option<TargetError> = None;
        for job in jobs.iter_mut() {
            if let Err(error) = self.patiently(job, Way::Relock).await {
                // Somebody else works on it now; what we know of it no longer counts.
                return Ended::half(&error, log);
            }
        }
        for job in jobs.iter_mut().rev() {
            match self.put_back(job, BackStep::TakeDown, watch).await {
                Ok(words) => log.extend(words),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        for job in jobs.iter_mut() {
            if let Err(error) = self.put_back(job, BackStep::BringBack, watch).await {
                failed = failed.or(Some(error));
            }
        }
        if let Some(error) = failed {
            return Ended::half(&error, log).because(why);
        }
        if let Some(error) = self.let_go(jobs, watch).await.into_iter().next() {
            return Ended {
                outcome: Outcome::NeedsRecover,
                error: Some(format!(
                    "{why}; everything is as before, but a lock stayed behind: {error}; run `karat recover`"
                )),
                log,
            };
        }
        let outcome = if *why == TargetError::Cancelled {
            Outcome::Cancelled
        } else {
            Outcome::Undone
        };
        let error = match why {
            TargetError::Cancelled => None,
            other => Some(other.to_string()),
        };
        Ended {
            outcome,
            error,
            log,
        }
    }

    /// One part of putting a container back, told before and after.
    async fn put_back(
        &self,
        job: &mut Job,
        step: BackStep,
        watch: &Watch,
    ) -> Result<Vec<String>, TargetError> {
        let (engine, container) = (job.engine.clone(), job.container.clone());
        let tell = |state| Progress::Back {
            engine: engine.clone(),
            container: container.clone(),
            step,
            state,
        };
        watch.tell(tell(StepState::Started)).await;
        let begun = Instant::now();
        let done = self.patiently(job, Way::Back(step)).await;
        let state = match &done {
            Ok(_) => StepState::Done(self.clock.since(begun)),
            Err(error) => StepState::Failed(error.to_string()),
        };
        watch.tell(tell(state)).await;
        done
    }

    /// One part of undoing, again where the engine is out of reach for a moment.
    async fn patiently(&self, job: &mut Job, way: Way) -> Result<Vec<String>, TargetError> {
        let target = self.targets.get(&job.engine)?;
        let mut tries = 0;
        loop {
            let done = match way {
                Way::Relock => {
                    let locked = target.relock(job, Relock::Vanished).await;
                    locked.map(|()| Vec::new())
                }
                Way::Back(BackStep::TakeDown) => target.take_down(job).await,
                Way::Back(BackStep::BringBack) => target.bring_back(job).await.map(|()| Vec::new()),
            };
            tries += 1;
            match done {
                Err(TargetError::Engine(error)) if error.is_out_of_reach() && tries < TRIES => {
                    tokio::time::sleep(BETWEEN_TRIES).await;
                }
                done => return done,
            }
        }
    }

    pub(super) async fn relock(&self, job: &mut Job, reason: Relock) -> Result<(), TargetError> {
        self.targets.get(&job.engine)?.relock(job, reason).await
    }
}

/// Which part of undoing.
#[derive(Clone, Copy)]
enum Way {
    Relock,
    Back(BackStep),
}
