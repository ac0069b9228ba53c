//! Reading and changing containers.

use std::time::Duration;

use bollard::query_parameters::{
    LogsOptionsBuilder, RemoveContainerOptionsBuilder, RenameContainerOptionsBuilder,
};
use futures_util::StreamExt as _;
use hyper::Method;
use serde_json::{Value, json};

use super::{ANSWER_WITHIN, Engine, EngineError, json as read};

/// Creating can be slow on a busy engine: volumes are made and copied into.
const CREATE_WITHIN: Duration = Duration::from_secs(120);

/// How often, and how many times, a container that is being removed is looked for.
const ASK_EVERY: Duration = Duration::from_millis(50);
const GONE_WITHIN_ASKS: u32 = 400;

/// What removing a container does with anonymous volumes that were made for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volumes {
    /// They stay.
    Keep,
    /// They go. Volumes attached by name stay in any case.
    Remove,
}

impl Engine {
    /// Everything the engine says of a container, raw. `None`: there is no such container.
    ///
    /// # Errors
    /// The engine's.
    pub async fn container(&self, name_or_id: &str) -> Result<Option<Value>, EngineError> {
        let path = format!("/containers/{name_or_id}/json");
        let doing = format!("reading container {name_or_id}");
        self.json_if_there(&path, &doing).await
    }

    /// Every container, running or not, as the list shows them.
    ///
    /// # Errors
    /// The engine's.
    pub async fn containers(&self) -> Result<Vec<Value>, EngineError> {
        let doing = "listing containers";
        let all = self
            .json(
                Method::GET,
                "/containers/json?all=true",
                None,
                doing,
                ANSWER_WITHIN,
            )
            .await?;
        Ok(read::list(&all, "").to_vec())
    }

    /// Creates a container; answers its id. Nothing is pulled.
    ///
    /// # Errors
    /// The engine's: a wrong configuration, a name that is taken, an image that is not there.
    pub async fn create(&self, name: &str, body: &Value) -> Result<String, EngineError> {
        let path = format!("/containers/create?name={name}");
        let doing = format!("creating container {name}");
        let answer = self
            .json(Method::POST, &path, Some(body), &doing, CREATE_WITHIN)
            .await?;
        self.made_id(&answer, doing)
    }

    /// Starts it; one that runs already is left alone.
    ///
    /// # Errors
    /// The engine's.
    pub async fn start(&self, name_or_id: &str) -> Result<(), EngineError> {
        let path = format!("/containers/{name_or_id}/start");
        let doing = format!("starting container {name_or_id}");
        self.json(Method::POST, &path, None, &doing, CREATE_WITHIN)
            .await
            .map(drop)
    }

    /// Stops it, with its own signal and time-out, and waits until it is down. One that is
    /// down already is left alone. `grace` is the container's own stop time-out.
    ///
    /// # Errors
    /// The engine's.
    pub async fn stop(&self, name_or_id: &str, grace: Duration) -> Result<(), EngineError> {
        let path = format!("/containers/{name_or_id}/stop");
        let doing = format!("stopping container {name_or_id}");
        // After the grace the engine kills it, which takes up to ten seconds more.
        let within = grace + Duration::from_secs(30);
        self.json(Method::POST, &path, None, &doing, within)
            .await
            .map(drop)
    }

    /// Gives it another name.
    ///
    /// # Errors
    /// The engine's: the name may be taken.
    pub async fn rename(&self, id: &str, name: &str) -> Result<(), EngineError> {
        let options = RenameContainerOptionsBuilder::default().name(name).build();
        let doing = format!("renaming container {id} to {name}");
        self.ask(&doing, self.docker().rename_container(id, options))
            .await
    }

    /// Sets its restart policy, given as the engine writes it in `HostConfig`.
    ///
    /// # Errors
    /// The engine's.
    pub async fn set_restart_policy(&self, id: &str, policy: &Value) -> Result<(), EngineError> {
        let path = format!("/containers/{id}/update");
        let doing = format!("setting the restart policy of container {id}");
        let body = json!({ "RestartPolicy": policy });
        self.json(Method::POST, &path, Some(&body), &doing, ANSWER_WITHIN)
            .await
            .map(drop)
    }

    /// Removes it, killing it if it runs. One that is gone already is fine.
    ///
    /// # Errors
    /// The engine's.
    pub async fn remove(&self, id: &str, volumes: Volumes) -> Result<(), EngineError> {
        let options = RemoveContainerOptionsBuilder::default()
            .force(true)
            .v(volumes == Volumes::Remove)
            .build();
        let doing = format!("removing container {id}");
        let request = self.docker().remove_container(id, Some(options));
        match tokio::time::timeout(CREATE_WITHIN, request).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => match self.error(doing, error) {
                error if error.is_not_found() => Ok(()),
                // Somebody else is removing it at this moment, or the engine itself is, as an
                // auto-remove container was killed: its name is free only after that.
                EngineError::Answered {
                    status: 409,
                    message,
                    ..
                } if message.contains("already in progress") => self.wait_gone(id).await,
                error => Err(error),
            },
            Err(_) => Err(EngineError::TimedOut {
                engine: self.name().clone(),
                doing,
                after: CREATE_WITHIN.into(),
            }),
        }
    }

    /// Waits until a container that is being removed is gone.
    async fn wait_gone(&self, id: &str) -> Result<(), EngineError> {
        for _ in 0..GONE_WITHIN_ASKS {
            if self.container(id).await?.is_none() {
                return Ok(());
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        Err(EngineError::TimedOut {
            engine: self.name().clone(),
            doing: format!("waiting for container {id} to be gone"),
            after: ASK_EVERY.saturating_mul(GONE_WITHIN_ASKS).into(),
        })
    }

    /// Connects a container to one more network.
    ///
    /// # Errors
    /// The engine's.
    pub async fn connect_network(
        &self,
        network: &str,
        container: &str,
        endpoint: &Value,
    ) -> Result<(), EngineError> {
        let path = format!("/networks/{network}/connect");
        let doing = format!("connecting container {container} to network {network}");
        let body = json!({ "Container": container, "EndpointConfig": endpoint });
        self.json(Method::POST, &path, Some(&body), &doing, ANSWER_WITHIN)
            .await
            .map(drop)
    }

    /// The last lines a container wrote, both streams in order. Best effort: some log
    /// drivers cannot be read.
    pub async fn last_lines(&self, id: &str, lines: usize) -> Vec<String> {
        let options = LogsOptionsBuilder::default()
            .stdout(true)
            .stderr(true)
            .tail(&lines.to_string())
            .build();
        let read = async {
            let mut text = String::new();
            let mut stream = self.docker().logs(id, Some(options));
            while let Some(Ok(chunk)) = stream.next().await {
                text.push_str(&String::from_utf8_lossy(&chunk.into_bytes()));
            }
            text
        };
        let text = tokio::time::timeout(ANSWER_WITHIN, read)
            .await
            .unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}
