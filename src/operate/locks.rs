//! Locks as people deal with them: seeing them, breaking them, and clearing up what was
//! parked.

use super::recover::changed;
use super::{Operator, Refusal, new_id, unwatched};
use crate::model::event::{Event, Outcome};
use crate::model::observation::LockSeen;
use crate::model::plan::OperationKind;
use crate::model::project::{EngineName, Environment, ImageName, Project};

impl Operator {
    /// Every lock on every engine that answers.
    pub async fn locks(&self) -> Vec<(EngineName, LockSeen)> {
        let mut all = Vec::new();
        for (name, target) in &self.targets.usable {
            if let Ok(seen) = target.observe().await {
                all.extend(seen.locks.into_iter().map(|lock| (name.clone(), lock)));
            }
        }
        all
    }

    /// The environments of a project that the operation behind a lock changes: the one that
    /// the lock names. Where it names none, or none of this project, or cannot be read, all on
    /// its engine.
    pub async fn environments_behind<'a>(
        &self,
        engine: &EngineName,
        lock: &LockSeen,
        project: &'a Project,
    ) -> Vec<&'a Environment> {
        let jobs = match self.targets.get(engine) {
            Ok(target) => target.cut_off().await.unwrap_or_default(),
            Err(_) => Vec::new(),
        };
        let of_it = jobs.iter().filter(|job| job.event.id == lock.operation);
        let named = of_it
            .into_iter()
            .find_map(|job| job.event.environment.as_ref());
        changed(named, &[engine], project)
    }

    /// Breaks a lock. What it protected is left as it is.
    ///
    /// # Errors
    /// The engine's.
    pub async fn unlock(
        &self,
        engine: &EngineName,
        lock: &LockSeen,
        reason: &str,
    ) -> Result<(), Refusal> {
        self.targets
            .get(engine)?
            .break_lock(&lock.container)
            .await?;
        let event = Event {
            id: new_id(),
            time: self.clock.now(),
            who: self.who.clone(),
            operation: OperationKind::Unlock,
            heading: crate::model::plan::Heading::Back,
            from_environment: None,
            image: ImageName(lock.container.clone()),
            environment: None,
            from: None,
            to: None,
            reason: Some(format!(
                "{reason} (the lock was {}'s: {})",
                lock.owner, lock.summary
            )),
            outcome: Outcome::Done,
            duration: None,
            error: None,
            log: Vec::new(),
        };
        self.remember(&[event], &unwatched()).await;
        Ok(())
    }

    /// Takes parked containers away whose soak is over, on every engine that answers and has
    /// nothing of an environment of this project that is read-only.
    pub async fn sweep_all(&self, project: &Project) -> Vec<String> {
        let mut swept = Vec::new();
        for (name, target) in &self.targets.usable {
            let mut here = project
                .environments
                .iter()
                .filter(|one| one.engines.contains(name));
            if here.any(|one| one.read_only) {
                continue;
            }
            swept.extend(target.sweep(self.clock.now()).await.unwrap_or_default());
        }
        swept
    }
}
