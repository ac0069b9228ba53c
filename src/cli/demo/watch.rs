//! Reads how the demo's containers fare.

use std::time::{Duration, Instant};

use bollard::Docker;
use bollard::models::{ContainerInspectResponse, HealthStatusEnum};

use super::error::DemoError;
use crate::model::observation::Health;
use crate::model::time::Timestamp;

/// How long a container may take to get where it should.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often it is looked at.
const EVERY: Duration = Duration::from_millis(150);

/// One look at a container.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) health: Health,
    pub(super) since: Option<Timestamp>,
    pub(super) restarts: u64,
}

pub(super) async fn look(docker: &Docker, container: &str) -> Result<Look, DemoError> {
    let found = docker
        .inspect_container(container, None)
        .await
        .map_err(DemoError::engine(format!("looking at `{container}`")))?;
    Ok(read(&found))
}

fn read(found: &ContainerInspectResponse) -> Look {
    let state = found.state.as_ref();
    let running = state.and_then(|state| state.running).unwrap_or(false);
    let status = state
        .and_then(|state| state.health.as_ref())
        .and_then(|health| health.status);
    let health = match status {
        _ if !running => Health::NotRunning,
        Some(HealthStatusEnum::HEALTHY) => Health::Healthy,
        Some(HealthStatusEnum::UNHEALTHY) => Health::Unhealthy,
        Some(HealthStatusEnum::STARTING) => Health::Starting,
        _ => Health::NoCheck,
    };
    Look {
        health,
        since: state
            .and_then(|state| state.started_at.as_deref())
            .and_then(|text| text.parse().ok()),
        restarts: found
            .restart_count
            .and_then(|count| u64::try_from(count).ok())
            .unwrap_or(0),
    }
}

/// Waits until a container is as it should be, and tells how it was then.
///
/// # Errors
/// [`DemoError::NotSettled`] after half a minute.
pub(super) async fn settled(
    docker: &Docker,
    container: &str,
    wanted: Health,
) -> Result<Look, DemoError> {
    let started = Instant::now();
    loop {
        let seen = look(docker, container).await?;
        if seen.health == wanted {
            return Ok(seen);
        }
        if started.elapsed() > PATIENCE {
            return Err(DemoError::NotSettled {
                container: container.to_owned(),
                found: seen.health.word(),
                wanted: wanted.word(),
                seconds: PATIENCE.as_secs(),
            });
        }
        tokio::time::sleep(EVERY).await;
    }
}
