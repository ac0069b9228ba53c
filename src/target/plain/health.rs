//! Waiting until a new container is well, and how long that may take.

use std::time::{Duration, Instant};

use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::StreamExt as _;
use serde_json::Value;

use super::secrets::Secrets;
use super::{Job, PlainTarget, TargetError, Watch, lock, observe};
use crate::engine::json as read;
use crate::model::observation::Health;
use crate::model::progress::Progress;
use crate::model::time::Span;

/// A container without a health check counts as well when it ran this long.
pub(super) const WATCHED: Span = Span::seconds(3);

/// How often the engine is asked. Health checks take seconds; a roll back should not add to
/// them.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// How often the lock is looked after meanwhile.
const LOCK_EVERY: u32 = 10;

/// Beyond what the health check itself may take.
const MARGIN: Duration = Duration::from_secs(5);

/// The health check that will be in force.
pub(super) struct Check {
    exists: bool,
    start_period: Duration,
    interval: Duration,
    timeout: Duration,
    retries: u32,
}

impl Check {
    /// From a create request, with the image's fields where it has none of its own.
    pub(super) fn of(body: &Value, image: Option<&Value>) -> Self {
        let field = |name: &str| {
            let own = body.pointer(&format!("/Healthcheck/{name}"));
            own.or_else(|| image?.pointer(&format!("/Config/Healthcheck/{name}")))
                .cloned()
        };
        let test = field("Test");
        let kind = test
            .as_ref()
            .and_then(|test| read::text(test, "/0"))
            .unwrap_or("NONE");
        // The engine's own defaults stand where a duration is 0 or absent.
        let duration = |name: &str, default: u64| {
            let nanos = field(name)
                .and_then(|value| value.as_u64())
                .filter(|nanos| *nanos > 0);
            nanos.map_or(Duration::from_secs(default), Duration::from_nanos)
        };
        let retries = field("Retries")
            .and_then(|value| value.as_u64())
            .filter(|n| *n > 0)
            .unwrap_or(3);
        Self {
            exists: kind != "NONE",
            start_period: duration("StartPeriod", 0),
            interval: duration("Interval", 30),
            timeout: duration("Timeout", 30),
            retries: u32::try_from(retries).unwrap_or(u32::MAX),
        }
    }

    /// That of a container: the engine has filled in what came from its image.
    pub(super) fn in_force(inspect: &Value) -> Self {
        Self::of(inspect.get("Config").unwrap_or(&Value::Null), None)
    }

    /// Whether there is one.
    pub(super) const fn exists(&self) -> bool {
        self.exists
    }

    /// Start period + (interval + timeout) × retries + a margin: by then the engine has
    /// decided one way or the other.
    pub(super) fn longest_wait(&self) -> Span {
        if !self.exists {
            return Span(WATCHED.0 + MARGIN);
        }
        let rounds = (self.interval + self.timeout).saturating_mul(self.retries);
        Span(
            self.start_period
                .saturating_add(rounds)
                .saturating_add(MARGIN),
        )
    }
}

/// Waits until the new container is well. Fails at once when it exits, restarts or becomes
/// unhealthy.
pub(super) async fn wait(
    target: &PlainTarget,
    job: &Job,
    watch: &Watch,
) -> Result<(), TargetError> {
    let id = job
        .live
        .new
        .clone()
        .unwrap_or_else(|| job.container.clone());
    let secrets = match target.engine.container(&id).await {
        Ok(Some(inspect)) => Secrets::of(target, &inspect).await,
        _ => Secrets::default(),
    };
    let talk = follow(target, &id, secrets.clone(), watch);
    let waited = watch.or_cancel(judge(target, job, &id)).await;
    talk.abort();
    waited.map_err(|error| match error {
        TargetError::Unwell {
            engine,
            container,
            what,
        } => TargetError::Unwell {
            engine,
            container,
            what: secrets.hide(&what),
        },
        other => other,
    })
}

/// Reads the new container, again and again while its engine is out of reach for a moment:
/// a hiccup of the line says nothing about the container.
async fn look(target: &PlainTarget, id: &str) -> Result<Value, TargetError> {
    let begun = Instant::now();
    loop {
        match target.container(id).await {
            Err(TargetError::Engine(error))
                if error.is_out_of_reach() && begun.elapsed() < lock::HICCUP =>
            {
                tokio::time::sleep(ASK_EVERY.saturating_mul(5)).await;
            }
            other => return other,
        }
    }
}

async fn judge(target: &PlainTarget, job: &Job, id: &str) -> Result<(), TargetError> {
    let unwell = |what: String| TargetError::Unwell {
        engine: target.engine.name().clone(),
        container: job.container.clone(),
        what,
    };
    let begun = Instant::now();
    let mut round = 0_u32;
    loop {
        let inspect = look(target, id).await?;
        if read::number(&inspect, "/RestartCount").is_some_and(|count| count > 0) {
            return Err(unwell(format!(
                "exited with code {} and was restarted",
                exit_code(&inspect)
            )));
        }
        match observe::health(&inspect) {
            Health::Healthy => return Ok(()),
            Health::NoCheck if begun.elapsed() >= WATCHED.0 => return Ok(()),
            Health::Unhealthy => return Err(unwell(unhealthy(&inspect))),
            Health::NotRunning => {
                return Err(unwell(format!("exited with code {}", exit_code(&inspect))));
            }
            Health::NoCheck | Health::Starting => {}
        }
        // The plan may have been made before the image was there: the container knows.
        let wait = Check::in_force(&inspect)
            .longest_wait()
            .max(job.health_wait);
        if begun.elapsed() > wait.0 {
            return Err(unwell(format!("was not healthy within {wait}")));
        }
        round += 1;
        if round.is_multiple_of(LOCK_EVERY) {
            match lock::check(target, job).await {
                // Looking at the container finds out whether that lasts.
                Err(TargetError::Engine(error)) if error.is_out_of_reach() => {}
                other => other?,
            }
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

fn exit_code(inspect: &Value) -> i64 {
    read::number(inspect, "/State/ExitCode").unwrap_or_default()
}

fn unhealthy(inspect: &Value) -> String {
    let last = read::list(inspect, "/State/Health/Log").last();
    let said = last
        .and_then(|entry| read::text(entry, "/Output"))
        .unwrap_or_default()
        .trim();
    match said.lines().last() {
        Some(line) => format!("became unhealthy: {line}"),
        None => "became unhealthy".to_owned(),
    }
}

/// Passes the new container's log on while it is waited for.
fn follow(
    target: &PlainTarget,
    id: &str,
    secrets: Secrets,
    watch: &Watch,
) -> tokio::task::JoinHandle<()> {
    let docker = target.engine.docker().clone();
    let (id, watch) = (id.to_owned(), watch.clone());
    tokio::spawn(async move {
        let options = LogsOptionsBuilder::default()
            .stdout(true)
            .stderr(true)
            .follow(true)
            .build();
        let mut lines = docker.logs(&id, Some(options));
        while let Some(Ok(chunk)) = lines.next().await {
            let text = String::from_utf8_lossy(&chunk.into_bytes()).into_owned();
            for line in text.lines() {
                watch.tell(Progress::Log(secrets.hide(line))).await;
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_wait_is_as_long_as_the_check_may_take() {
        let second = 1_000_000_000_u64;
        let image = json!({ "Config": { "Healthcheck": {
            "Test": ["CMD", "true"], "Interval": 2 * second, "Timeout": second, "Retries": 3, "StartPeriod": 10 * second } } });
        let wait = |body: Value, image: Option<&Value>| Check::of(&body, image).longest_wait();
        assert_eq!(wait(json!({}), Some(&image)), Span::seconds(10 + 3 * 3 + 5));
        assert_eq!(
            wait(json!({ "Healthcheck": { "Retries": 1 } }), Some(&image)),
            Span::seconds(10 + 3 + 5)
        );
        assert_eq!(
            wait(json!({ "Healthcheck": { "Test": ["CMD", "x"] } }), None),
            Span::seconds(3 * 60 + 5)
        );
        assert_eq!(wait(json!({}), None), Span::seconds(8));
        assert!(
            !Check::of(
                &json!({ "Healthcheck": { "Test": ["NONE"] } }),
                Some(&image)
            )
            .exists()
        );
    }
}
