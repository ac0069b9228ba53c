//! Terminals in containers: a command beside what runs, or what runs itself.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use super::streams::Hijacked;
use super::{ANSWER_WITHIN, Engine, EngineError, LONG, json as read};

impl Engine {
    /// Whether there is a file of that path in a container, running or not.
    ///
    /// # Errors
    /// The engine's.
    pub async fn has_file(&self, container: &str, path: &str) -> Result<bool, EngineError> {
        let doing = format!("looking for {path} in container {container}");
        let path = format!("/containers/{container}/archive?path={path}");
        match self
            .json(Method::HEAD, &path, None, &doing, ANSWER_WITHIN)
            .await
        {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Prepares a command in a container that runs, on a terminal if it is to have one;
    /// answers its id.
    ///
    /// # Errors
    /// The engine's.
    pub async fn prepare_command(
        &self,
        container: &str,
        command: &[&str],
        terminal: bool,
        environment: &[String],
    ) -> Result<String, EngineError> {
        let doing = format!("preparing {} in container {container}", command.join(" "));
        let path = format!("/containers/{container}/exec");
        let body = json!({
            "AttachStdin": terminal,
            "AttachStdout": true,
            "AttachStderr": true,
            "Tty": terminal,
            "Env": environment,
            "Cmd": command,
        });
        let answer = self
            .json(Method::POST, &path, Some(&body), &doing, ANSWER_WITHIN)
            .await?;
        self.made_id(&answer, doing)
    }

    /// Runs what was prepared, and takes the connection to its terminal.
    ///
    /// # Errors
    /// The engine's.
    pub async fn run_command(&self, command: &str) -> Result<Hijacked, EngineError> {
        let path = format!("/exec/{command}/start");
        let body = json!({ "Detach": false, "Tty": true });
        self.hijack(&path, &body, "starting a command in a container")
            .await
    }

    /// Runs what was prepared, without listening to it.
    ///
    /// # Errors
    /// The engine's.
    pub async fn run_command_unheard(&self, command: &str) -> Result<(), EngineError> {
        let path = format!("/exec/{command}/start");
        let body = json!({ "Detach": true, "Tty": false });
        let doing = "starting a command in a container";
        self.json(Method::POST, &path, Some(&body), doing, ANSWER_WITHIN)
            .await
            .map(drop)
    }

    /// With which code a command ended; nothing while it runs.
    ///
    /// # Errors
    /// The engine's.
    pub async fn command_ended(&self, command: &str) -> Result<Option<i64>, EngineError> {
        let path = format!("/exec/{command}/json");
        let doing = "asking how a command in a container ended";
        let answer = self
            .json(Method::GET, &path, None, doing, ANSWER_WITHIN)
            .await?;
        if read::flag(&answer, "/Running") {
            return Ok(None);
        }
        Ok(read::number(&answer, "/ExitCode"))
    }

    /// Says how large the terminal of a command (`exec`) or of a container (`containers`) is.
    ///
    /// # Errors
    /// The engine's: there may be no terminal yet.
    pub async fn resize(
        &self,
        kind: &str,
        id: &str,
        (columns, rows): (u16, u16),
    ) -> Result<(), EngineError> {
        let path = format!("/{kind}/{id}/resize?h={rows}&w={columns}");
        let doing = "resizing a terminal in a container";
        self.json(Method::POST, &path, None, doing, ANSWER_WITHIN)
            .await
            .map(drop)
    }

    /// Takes the connection to the terminal of a container, running or not yet.
    ///
    /// # Errors
    /// The engine's.
    pub async fn attach(&self, container: &str) -> Result<Hijacked, EngineError> {
        let path =
            format!("/containers/{container}/attach?stream=1&stdin=1&stdout=1&stderr=1&logs=0");
        let doing = format!("attaching to container {container}");
        self.hijack(&path, &Value::Null, &doing).await
    }

    /// Waits until a container that was not started yet has ended, however long that takes; answers its exit code.
    ///
    /// # Errors
    /// The engine's.
    pub async fn wait_ended(&self, container: &str) -> Result<Option<i64>, EngineError> {
        let path = format!("/containers/{container}/wait?condition=next-exit");
        let doing = format!("waiting for container {container} to end");
        let within = Duration::from_secs(LONG);
        let answer = self.json(Method::POST, &path, None, &doing, within).await?;
        Ok(read::number(&answer, "/StatusCode"))
    }
}
