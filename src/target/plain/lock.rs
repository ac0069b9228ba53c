//! The lock: a never-started container with a reserved name. Creating a name is atomic on
//! every engine, so of any number of karats exactly one gets it. Its labels carry the whole
//! job, so that any other machine can finish or undo what its owner began.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::names::{self, LOCK_REPOSITORY, LOCK_TAG, Reserved};
use super::steps::policy;
use super::{Job, Listed, PlainTarget, Relock, TargetError};
use crate::engine::EngineError;
use crate::engine::containers::Volumes;
use crate::engine::json as read;
use crate::model::observation::LockSeen;
use crate::target::job::Process;

/// How often a lock's image is made when it is not there, and the pause that grows between.
const ATTEMPTS: u32 = 10;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(50);

/// How long an engine may be out of reach in the middle of an operation.
pub(super) const HICCUP: Duration = Duration::from_secs(10);
/// How soon it is asked again.
const AGAIN_AFTER: Duration = Duration::from_millis(300);

/// The label with the job.
const JOB_LABEL: &str = "karat.lock.job";
/// Labels for people who look at the lock with `docker inspect`.
const OWNER_LABEL: &str = "karat.lock.owner";
const SUMMARY_LABEL: &str = "karat.lock.summary";

/// The job in a lock's labels. `None` for one that cannot be read: another karat's, newer.
pub(super) fn read(lock: &Listed) -> Option<Job> {
    let mut job: Job = serde_json::from_str(lock.label(JOB_LABEL)?).ok()?;
    job.live.lock = Some(lock.id.clone());
    Some(job)
}

/// Takes the lock for a container that must still be the one the job was made for: between
/// the plan and the lock somebody else may have replaced it.
pub(super) async fn claim(target: &PlainTarget, job: &mut Job) -> Result<(), TargetError> {
    take(target, job).await?;
    let there = target.engine.container(&job.container).await;
    let moved = |what: &str| TargetError::Moved {
        engine: target.engine.name().clone(),
        container: job.container.clone(),
        what: what.to_owned(),
    };
    let same = match there {
        Ok(Some(there)) if read::text(&there, "/Id") != Some(job.old_id.as_str()) => {
            Err(moved("somebody replaced it"))
        }
        Ok(Some(there)) if policy(&there) != policy(&job.old) => {
            Err(moved("somebody changed its restart policy"))
        }
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(moved("it is gone")),
        Err(error) => Err(error.into()),
    };
    if same.is_err() {
        release(target, job).await?;
    }
    same
}

/// Takes the lock.
pub(super) async fn take(target: &PlainTarget, job: &mut Job) -> Result<(), TargetError> {
    let name = names::lock(&job.container);
    let body = json!({
        "Image": format!("{LOCK_REPOSITORY}:{LOCK_TAG}"),
        "Cmd": ["never-started"],
        "Labels": {
            JOB_LABEL: serde_json::to_string(job).unwrap_or_default(),
            OWNER_LABEL: job.event.who,
            SUMMARY_LABEL: job.summary,
        },
        "NetworkDisabled": true,
        "HostConfig": { "NetworkMode": "none", "RestartPolicy": { "Name": "no" } },
    });
    // Somebody may remove the image between making sure of it and using it; and where many
    // make it at one time, engines with containerd's store fail some of them.
    let mut failed = None;
    for attempt in 0..ATTEMPTS {
        match target.engine.create(&name, &body).await {
            Ok(id) => {
                job.live.lock = Some(id);
                return Ok(());
            }
            Err(error) if error.is_name_taken() => return adopt(target, job).await,
            Err(error) if error.is_not_found() => {
                failed = ensure_image(target).await.err();
                if failed.as_ref().is_some_and(EngineError::is_out_of_reach) {
                    break;
                }
                if failed.is_some() {
                    tokio::time::sleep(BETWEEN_ATTEMPTS.saturating_mul(attempt)).await;
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(TargetError::Engine(failed.unwrap_or_else(|| {
        EngineError::Unreadable {
            engine: target.engine.name().clone(),
            doing: format!("locking {}", job.container),
            why: format!("the image {LOCK_REPOSITORY} was removed again and again"),
        }
    })))
}

/// An empty image: locks need one, and nothing may have to be pulled for it.
async fn ensure_image(target: &PlainTarget) -> Result<(), EngineError> {
    // Two blocks of zeros are a whole, empty tar.
    let changes = ["LABEL karat.lock=1"];
    target
        .engine
        .import(vec![0; 1_024], LOCK_REPOSITORY, LOCK_TAG, &changes)
        .await
}

/// The name is taken: by a request of our own whose answer was lost, or by somebody else.
async fn adopt(target: &PlainTarget, job: &mut Job) -> Result<(), TargetError> {
    match find_own(target, job).await? {
        Some(id) => {
            job.live.lock = Some(id);
            Ok(())
        }
        None => Err(held(target, job).await),
    }
}

/// The lock this very process made for this very job, if it is there.
async fn find_own(target: &PlainTarget, job: &Job) -> Result<Option<String>, TargetError> {
    let ours = |found: &Job| found.event.id == job.event.id && found.process == job.process;
    let lock = find(target, &job.container).await?;
    Ok(lock
        .filter(|lock| read(lock).is_some_and(|found| ours(&found)))
        .map(|lock| lock.id))
}

/// Who holds the lock. The lock may be gone again by the time it is asked for.
async fn held(target: &PlainTarget, job: &Job) -> TargetError {
    let seen = match find(target, &job.container).await {
        Ok(Some(lock)) => read(&lock)
            .map(|job| job.seen())
            .unwrap_or_else(|| unreadable(&job.container, job)),
        _ => unreadable(&job.container, job),
    };
    TargetError::Locked {
        engine: target.engine.name().clone(),
        container: job.container.clone(),
        lock: Box::new(seen),
    }
}

fn unreadable(container: &str, ours: &Job) -> LockSeen {
    LockSeen {
        container: container.to_owned(),
        operation: ours.event.id.clone(),
        summary: "another operation".to_owned(),
        owner: "somebody else".to_owned(),
        since: ours.event.time,
    }
}

async fn find(target: &PlainTarget, container: &str) -> Result<Option<Listed>, TargetError> {
    let listed = target.list().await?;
    Ok(listed
        .into_iter()
        .find(|one| Reserved::of(&one.name) == Some(Reserved::Lock(container))))
}

/// Makes sure that the lock is still there and still ours.
pub(super) async fn check(target: &PlainTarget, job: &Job) -> Result<(), TargetError> {
    let lost = || TargetError::LockLost {
        engine: target.engine.name().clone(),
        container: job.container.clone(),
    };
    let id = job.live.lock.as_deref().ok_or_else(lost)?;
    target
        .engine
        .container(id)
        .await?
        .map(drop)
        .ok_or_else(lost)
}

/// The same, again while the engine is out of reach for a moment: a hiccup of the line says
/// nothing about the lock.
pub(super) async fn check_patiently(target: &PlainTarget, job: &Job) -> Result<(), TargetError> {
    let begun = Instant::now();
    loop {
        match check(target, job).await {
            Err(TargetError::Engine(error))
                if error.is_out_of_reach() && begun.elapsed() < HICCUP =>
            {
                tokio::time::sleep(AGAIN_AFTER).await;
            }
            other => return other,
        }
    }
}

/// Takes our own lock away, also one whose making was never answered; one that is gone is
/// fine.
pub(super) async fn release(target: &PlainTarget, job: &mut Job) -> Result<(), TargetError> {
    let id = match job.live.lock.take() {
        Some(id) => Some(id),
        None => find_own(target, job).await?,
    };
    if let Some(id) = id {
        target.engine.remove(&id, Volumes::Keep).await?;
    }
    Ok(())
}

/// Makes the lock ours: see [`Relock`].
pub(super) async fn relock(
    target: &PlainTarget,
    job: &mut Job,
    reason: Relock,
) -> Result<(), TargetError> {
    match reason {
        Relock::Vanished => match check(target, job).await {
            Err(TargetError::LockLost { .. }) => take(target, job).await,
            // There, or the engine does not answer: nobody knows that it is gone.
            other => other,
        },
        Relock::TakeOver => {
            // Only the very lock that was found: another one is somebody's who recovers, too.
            if let Some(lock) = find(target, &job.container).await? {
                if job.live.lock.as_ref() != Some(&lock.id) {
                    return Err(held(target, job).await);
                }
                target.engine.remove(&lock.id, Volumes::Keep).await?;
            }
            take(target, job).await
        }
    }
}

/// Breaks a lock without looking at what it protects.
pub(super) async fn break_lock(
    target: &PlainTarget,
    container: &str,
) -> Result<Option<LockSeen>, TargetError> {
    let Some(lock) = find(target, container).await? else {
        return Ok(None);
    };
    let seen = read(&lock).map_or_else(
        || LockSeen {
            container: container.to_owned(),
            operation: crate::model::plan::OperationId(String::new()),
            summary: lock
                .label(SUMMARY_LABEL)
                .unwrap_or("an operation that cannot be read")
                .to_owned(),
            owner: lock.label(OWNER_LABEL).unwrap_or("somebody").to_owned(),
            since: listed_created(&lock.raw),
        },
        |job| job.seen(),
    );
    target.engine.remove(&lock.id, Volumes::Keep).await?;
    Ok(Some(seen))
}

fn listed_created(raw: &Value) -> crate::model::time::Timestamp {
    read::number(raw, "/Created")
        .and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0))
        .unwrap_or_default()
}

impl Process {
    /// This process, for `owner`.
    #[must_use]
    pub fn this(owner: &str) -> Self {
        let pid = std::process::id();
        Self {
            owner: owner.to_owned(),
            machine: machine(),
            pid,
            started: start_of(pid).unwrap_or(0),
        }
    }

    /// Whether it lives. `None`: it ran on another machine, nobody here can tell.
    #[must_use]
    pub fn is_alive(&self) -> Option<bool> {
        let here = machine();
        if here.is_empty() || here != self.machine {
            return None;
        }
        Some(start_of(self.pid) == Some(self.started))
    }
}

/// This boot of this machine and the process namespace in it; empty where the system does
/// not tell.
fn machine() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let space = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    if boot.is_empty() {
        String::new()
    } else {
        format!("{}/{}", boot.trim(), space.display())
    }
}

/// When a process started, in ticks since boot: field 22 of `/proc/PID/stat`, counted behind
/// the command's closing bracket, which may itself hold spaces and brackets.
fn start_of(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    // A zombie is dead, whatever its entry says.
    let state = fields.next()?;
    if state == "Z" || state == "X" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_one_that_never_was_does_not() {
        let this = Process::this("me@here");
        assert_eq!(this.is_alive(), Some(true));
        let reused = Process {
            started: this.started + 1,
            ..this.clone()
        };
        assert_eq!(
            reused.is_alive(),
            Some(false),
            "the id is used again by another process"
        );
        let elsewhere = Process {
            machine: "another".to_owned(),
            ..this
        };
        assert_eq!(elsewhere.is_alive(), None);
    }
}
