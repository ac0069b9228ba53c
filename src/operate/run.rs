//! Running a plan: lock everything, bring everything, create everything, and only then
//! replace one container after the other. The first failure undoes all that was done.

use tokio::time::Instant;

use super::Operator;
use super::ending::{Ended, events, summary};
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::event::Outcome;
use crate::model::plan::{Move, Obtain, Plan, PullTime, Touch};
use crate::model::progress::{Progress, Report, StepState};
use crate::model::project::EngineName;
use crate::model::reference::ImageRef;
use crate::model::step::{Course, Step};
use crate::model::time::Span;
use crate::target::job::Peer;
use crate::target::{Job, TargetError, Watch};

impl Operator {
    /// Runs a plan to its end, whichever that is. The report says what became of it; the
    /// history has it already.
    pub async fn run(&self, plan: &Plan, watch: &Watch) -> Report {
        let begun = Instant::now();
        let engines: Vec<EngineName> = plan
            .touches()
            .map(|(_, touch)| touch.engine.clone())
            .collect();
        if let Err(error) = self
            .store
            .begin(&plan.id, &plan.summary(), &engines, plan.made)
        {
            watch
                .tell(Progress::Note(format!(
                    "the journal on this machine was not written: {error}"
                )))
                .await;
        }
        tracing::info!(operation = plan.id.0.as_str(), summary = ?plan.summary(), "begins");
        let ended = self.attempt(plan, watch).await;
        let span = self.clock.since(begun);
        let events = events(plan, &ended, span);
        self.remember(&events, watch).await;
        if ended.outcome != Outcome::NeedsRecover {
            // The hint is of no more use; that it stays behind harms nothing.
            let _ = self.store.end(&plan.id);
        }
        let report = Report {
            id: plan.id.clone(),
            outcome: ended.outcome,
            summary: summary(plan, ended.outcome),
            error: ended.error,
            events,
            duration: span,
        };
        super::log(&report);
        report
    }

    async fn attempt(&self, plan: &Plan, watch: &Watch) -> Ended {
        let mut jobs = match self.prepare(plan).await {
            Ok(jobs) => jobs,
            Err(error) => return Ended::early(&error),
        };
        if let Err(error) = self.lock(&mut jobs, watch).await {
            self.let_go(&mut jobs, watch).await;
            return Ended::early(&error);
        }
        match self.forward(plan, &mut jobs, watch).await {
            Ok(()) => self.conclude(&mut jobs, watch).await,
            Err(error) => self.backward(&mut jobs, &error, watch).await,
        }
    }

    /// The jobs, in the order in which they are carried out; each knows all the others.
    async fn prepare(&self, plan: &Plan) -> Result<Vec<Job>, TargetError> {
        let mut jobs = Vec::new();
        for (image, one) in plan.moves.iter().enumerate() {
            for (index, touch) in one.touches.iter().enumerate() {
                let target = self.targets.get(&touch.engine)?;
                for job in target.prepare(plan, image, index).await? {
                    add(&mut jobs, job);
                }
            }
        }
        let peers: Vec<Peer> = jobs
            .iter()
            .map(|job| Peer {
                engine_id: job.engine_id.clone(),
                engine: job.engine.clone(),
                container: job.container.clone(),
                old_id: job.old_id.clone(),
            })
            .collect();
        for job in &mut jobs {
            job.peers.clone_from(&peers);
        }
        Ok(jobs)
    }

    /// Takes every lock, in one order everywhere, so that two operations never wait for each
    /// other's.
    async fn lock(&self, jobs: &mut [Job], watch: &Watch) -> Result<(), TargetError> {
        let mut order: Vec<&mut Job> = jobs.iter_mut().collect();
        let key = |job: &Job| {
            (
                job.engine_id.clone(),
                job.container.clone(),
                job.old_id.clone(),
            )
        };
        order.sort_by_cached_key(|job| key(job));
        for job in order {
            self.step(Step::Lock, job, watch).await?;
        }
        Ok(())
    }

    pub(super) async fn let_go(&self, jobs: &mut [Job], watch: &Watch) -> Vec<String> {
        let mut failed = Vec::new();
        for job in jobs.iter_mut() {
            let released = if job.live.lock.is_some() {
                self.step(Step::Unlock, job, watch).await
            } else {
                // Never taken, or taken by a request whose answer was lost.
                match self.targets.get(&job.engine) {
                    Ok(target) => target.carry_out(Step::Unlock, job, watch).await,
                    Err(error) => Err(error),
                }
            };
            if let Err(error) = released {
                failed.push(error.to_string());
            }
        }
        failed
    }

    async fn forward(
        &self,
        plan: &Plan,
        jobs: &mut [Job],
        watch: &Watch,
    ) -> Result<(), TargetError> {
        self.obtain(plan, jobs, watch).await?;
        // A dependent can only be created once what it depends on has its new shape.
        let created = |job: &Job| job.course() == Course::Container;
        for job in jobs.iter_mut().filter(|job| job.follows.is_none()) {
            if created(job) {
                self.step(Step::Create, job, watch).await?;
            }
        }
        for job in jobs.iter_mut() {
            if job.follows.is_some() {
                self.step(Step::Create, job, watch).await?;
            }
            let left_as_it_was = |step: &Step| matches!(step, Step::Start | Step::AwaitHealth);
            for step in job.course().change() {
                if job.is_started() || !left_as_it_was(step) {
                    self.step(*step, job, watch).await?;
                }
            }
        }
        if watch.cancel.is_cancelled() {
            return Err(TargetError::Cancelled);
        }
        Ok(())
    }

    /// Brings each image to each engine, once.
    async fn obtain(
        &self,
        plan: &Plan,
        jobs: &mut [Job],
        watch: &Watch,
    ) -> Result<(), TargetError> {
        for one in &plan.moves {
            for touch in &one.touches {
                let ready =
                    |job: &Job| job.engine == touch.engine && job.to.identity == one.to.identity;
                if jobs
                    .iter()
                    .any(|job| ready(job) && job.live.image.is_some())
                {
                    continue;
                }
                let begun = Instant::now();
                let tell = |state| Progress::Step {
                    engine: touch.engine.clone(),
                    container: touch.container.clone(),
                    step: Step::Obtain,
                    state,
                };
                watch.tell(tell(StepState::Started)).await;
                let id = match self.bring(touch, one, watch).await {
                    Ok(id) => id,
                    Err(error) => {
                        watch.tell(tell(StepState::Failed(error.to_string()))).await;
                        return Err(error);
                    }
                };
                watch
                    .tell(tell(StepState::Done(self.clock.since(begun))))
                    .await;
                for job in jobs.iter_mut().filter(|job| ready(job)) {
                    job.live.image = Some(id.clone());
                }
            }
        }
        Ok(())
    }

    async fn bring(&self, touch: &Touch, one: &Move, watch: &Watch) -> Result<Digest, TargetError> {
        let engine = &touch.engine;
        let target = self.targets.get(engine)?;
        // Whatever the plan says: it may have arrived since, or may have been pruned.
        if let Some(id) = target.locate(&one.to).await? {
            return Ok(id);
        }
        match &touch.obtain {
            Obtain::Present { .. } => {}
            Obtain::Pull {
                reference, bytes, ..
            } => {
                let begun = Instant::now();
                target.pull(reference, watch, &one.to.label).await?;
                self.note_pull(touch, reference, *bytes, self.clock.since(begun));
            }
            Obtain::Retag | Obtain::Copy { .. } => {
                target.bring(&touch.container, &one.to, watch).await?;
            }
            Obtain::Stream {
                from,
                image_id,
                size,
            } => {
                let archive = self.targets.get(from)?.export(image_id);
                target
                    .import(archive, &one.to, size.map(|Bytes(n)| Bytes(n)), watch)
                    .await?;
            }
        }
        let id = target
            .locate(&one.to)
            .await?
            .ok_or_else(|| TargetError::WrongImage {
                engine: engine.clone(),
                version: one.to.label.clone(),
                what: "it is not on the engine".to_owned(),
            })?;
        if let Some(note) = target.tag_if_free(&id, &one.to).await? {
            watch.tell(Progress::Note(note)).await;
        }
        Ok(id)
    }

    /// Remembers how long a pull took, for the next plan. A store that cannot be written is no
    /// reason to fail anything.
    fn note_pull(&self, touch: &Touch, reference: &ImageRef, bytes: Option<Bytes>, took: Span) {
        if let Some(bytes) = bytes {
            let pulled = PullTime { bytes, took };
            let _ = self
                .store
                .note_pull(&touch.engine, &reference.repository, pulled);
        }
    }

    /// One step of one container, told before and after.
    pub(super) async fn step(
        &self,
        step: Step,
        job: &mut Job,
        watch: &Watch,
    ) -> Result<(), TargetError> {
        let cancellable = !matches!(step, Step::Commit | Step::Unlock);
        if cancellable && watch.cancel.is_cancelled() {
            return Err(TargetError::Cancelled);
        }
        let (engine, container) = (job.engine.clone(), job.container.clone());
        let tell = |state| Progress::Step {
            engine: engine.clone(),
            container: container.clone(),
            step,
            state,
        };
        watch.tell(tell(StepState::Started)).await;
        let begun = Instant::now();
        let target = self.targets.get(&job.engine)?;
        let done = target.carry_out(step, job, watch).await;
        let state = match &done {
            Ok(()) => StepState::Done(self.clock.since(begun)),
            Err(error) => StepState::Failed(error.to_string()),
        };
        watch.tell(tell(state)).await;
        done
    }
}

/// Adds a job, once for each container: one engine may be listed under two names, and a
/// container may depend on another of the same plan. Then it is brought to its version where
/// it depends.
fn add(jobs: &mut Vec<Job>, job: Job) {
    match jobs.iter_mut().find(|other| other.old_id == job.old_id) {
        None => jobs.push(job),
        Some(other) if other.follows.is_some() && job.follows.is_none() => {
            let follows = other.follows.take();
            *other = job;
            other.follows = follows;
        }
        Some(_) => {}
    }
}
