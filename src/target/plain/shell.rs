//! A shell on a plain engine: in a container that runs, or in one made for it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rand::Rng as _;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::names::{self, Reserved};
use super::{PlainTarget, TargetError, planning};
use crate::engine::containers::Volumes;
use crate::engine::streams::Hijacked;
use crate::engine::{Engine, EngineError, json as read};
use crate::model::digest::Digest;
use crate::model::time::Timestamp;
use crate::target::job::Process;
use crate::target::{Shell, ShellAsk, ShellControl, WindowSize};

/// Where shells are, the one people like best first.
const SHELLS: [&str; 6] = [
    "/bin/bash",
    "/usr/bin/bash",
    "/bin/sh",
    "/bin/ash",
    "/usr/bin/sh",
    "/busybox/sh",
];

/// Who opened a throw-away container: its process, so that others know whether it lives.
const OPENED_LABEL: &str = "karat.shell.opened-by";

/// A throw-away container of a process on another machine is left alone for so long.
const MAY_LIVE: chrono::TimeDelta = chrono::TimeDelta::hours(12);

/// How often a terminal that is just being made is told its size, and the pause between.
const SIZE_ATTEMPTS: u32 = 20;
const BETWEEN_SIZES: Duration = Duration::from_millis(50);

/// How long the end of a shell may take to be known once its terminal has closed: a busy
/// engine needs more than a second to see that a container has ended.
const END_WITHIN: Duration = Duration::from_secs(5);

/// Starts it.
pub(super) async fn open(
    target: &PlainTarget,
    ask: &ShellAsk,
    size: WindowSize,
) -> Result<Shell, TargetError> {
    match ask {
        ShellAsk::Inside { container, id } => inside(target, ask, (container, id), size).await,
        ShellAsk::ThrowAway { image, like, who } => {
            // Whatever was left behind goes first: who opens shells here sweeps here.
            drop(sweep(target, chrono::Utc::now()).await);
            throw_away(target, ask, (image, like.as_deref(), who), size).await
        }
    }
}

fn none(target: &PlainTarget, ask: &ShellAsk, why: &str) -> TargetError {
    TargetError::NoShell {
        engine: target.engine.name().clone(),
        place: ask.place(),
        why: why.to_owned(),
    }
}

const NO_SHELL: &str = "its image has none; tools that bring their own, such as `docker debug` or `nsenter` on the host, can still look inside";

/// The best shell a container has.
async fn find(engine: &Engine, container: &str) -> Result<Option<&'static str>, EngineError> {
    for shell in SHELLS {
        if engine.has_file(container, shell).await? {
            return Ok(Some(shell));
        }
    }
    Ok(None)
}

async fn inside(
    target: &PlainTarget,
    ask: &ShellAsk,
    (container, id): (&str, &str),
    size: WindowSize,
) -> Result<Shell, TargetError> {
    let engine = &target.engine;
    let inspect = target.container(container).await?;
    if read::text(&inspect, "/Id") != Some(id) {
        return Err(TargetError::Moved {
            engine: engine.name().clone(),
            container: container.to_owned(),
            what: "another container has its name now".to_owned(),
        });
    }
    if !read::flag(&inspect, "/State/Running") || read::flag(&inspect, "/State/Paused") {
        return Err(none(
            target,
            ask,
            "it does not run; a throw-away container of its version can be opened instead",
        ));
    }
    let Some(shell) = find(engine, id).await? else {
        return Err(none(target, ask, NO_SHELL));
    };
    let mark = format!("KARAT_SHELL={}", nonce());
    let terminal = [mark.clone(), "TERM=xterm-256color".to_owned()];
    let command = engine
        .prepare_command(id, &[shell], true, &terminal)
        .await?;
    let line = engine.run_command(&command).await?;
    let control = Inside {
        engine: engine.clone(),
        container: id.to_owned(),
        command,
        mark,
    };
    Ok(talk(line, Arc::new(control), size).await)
}

/// Puts a line and its control together, once the terminal has its size.
async fn talk(line: Hijacked, control: Arc<dyn ShellControl>, size: WindowSize) -> Shell {
    for _ in 0..SIZE_ATTEMPTS {
        // The terminal is there a moment after the connection is; a shell of the wrong
        // size is still a shell.
        if control.resize(size).await.is_ok() {
            break;
        }
        tokio::time::sleep(BETWEEN_SIZES).await;
    }
    let (output, input) = tokio::io::split(line);
    Shell {
        output: Box::pin(output),
        input: Box::pin(input),
        control,
    }
}

/// A shell beside what runs in a container.
struct Inside {
    engine: Engine,
    container: String,
    command: String,
    /// The variable by which its processes are known.
    mark: String,
}

#[async_trait]
impl ShellControl for Inside {
    async fn resize(&self, size: WindowSize) -> Result<(), TargetError> {
        let size = (size.columns, size.rows);
        Ok(self.engine.resize("exec", &self.command, size).await?)
    }

    async fn end(&self) -> Result<Option<i64>, TargetError> {
        // The code is known a moment after the terminal has closed.
        for _ in 0..10 {
            if let Some(code) = self.engine.command_ended(&self.command).await? {
                return Ok(Some(code));
            }
            tokio::time::sleep(BETWEEN_SIZES).await;
        }
        // It still runs, and closing its terminal does not end it: an engine leaves a
        // command running when its client goes. Only what carries the mark is ended.
        let hang_up = format!(
            "for p in /proc/[0-9]*; do case \"$(cat $p/environ 2>/dev/null)\" in *{}*) kill -HUP ${{p#/proc/}};; esac; done",
            self.mark
        );
        let command = ["/bin/sh", "-c", &hang_up];
        let ending = self
            .engine
            .prepare_command(&self.container, &command, false, &[])
            .await?;
        self.engine.run_command_unheard(&ending).await?;
        Ok(None)
    }
}

async fn throw_away(
    target: &PlainTarget,
    ask: &ShellAsk,
    (image, like, who): (&Digest, Option<&str>, &str),
    size: WindowSize,
) -> Result<Shell, TargetError> {
    let engine = &target.engine;
    let settings = match like {
        Some(container) => settings(target, container).await?,
        None => Value::Null,
    };
    let name = names::shell(&nonce());
    // Which shells an image has is seen only in a container of it.
    let mut wanted = SHELLS[0];
    let id = loop {
        let body = body(image, wanted, &settings, &Process::this(who));
        let id = engine.create(&name, &body).await?;
        match find(engine, &id).await {
            Ok(Some(found)) if found == wanted => break id,
            Ok(Some(found)) => wanted = found,
            other => {
                engine.remove(&id, Volumes::Remove).await?;
                other?;
                return Err(none(target, ask, NO_SHELL));
            }
        }
        engine.remove(&id, Volumes::Remove).await?;
    };
    match begin(engine, &id).await {
        Ok((line, ended)) => {
            let control = ThrowAway {
                engine: engine.clone(),
                container: id,
                ended: Mutex::new(Some(ended)),
            };
            Ok(talk(line, Arc::new(control), size).await)
        }
        Err(error) => {
            engine.remove(&id, Volumes::Remove).await?;
            Err(error.into())
        }
    }
}

type Ended = JoinHandle<Result<Option<i64>, EngineError>>;

/// Listens before it speaks: nothing of what the shell says is lost, nor how it ends.
async fn begin(engine: &Engine, id: &str) -> Result<(Hijacked, Ended), EngineError> {
    let line = engine.attach(id).await?;
    let (waiting, container) = (engine.clone(), id.to_owned());
    let ended = tokio::spawn(async move { waiting.wait_ended(&container).await });
    match engine.start(id).await {
        Ok(()) => Ok((line, ended)),
        Err(error) => {
            ended.abort();
            Err(error)
        }
    }
}

/// What the user set for a container, as far as a throw-away one takes it over.
async fn settings(target: &PlainTarget, container: &str) -> Result<Value, TargetError> {
    let inspect = target.container(container).await?;
    let image = read::text(&inspect, "/Image").unwrap_or_default();
    let carried = planning::carried(target, &inspect, None, image).await?;
    Ok(carried.body)
}

/// The create request: a terminal, nothing published, nobody's volumes, gone when it ends.
fn body(image: &Digest, shell: &str, settings: &Value, opener: &Process) -> Value {
    let mut body = json!({
        "Image": image.as_str(),
        "Entrypoint": [shell],
        "Cmd": [],
        "Hostname": "karat-shell",
        "Tty": true,
        "OpenStdin": true,
        "StdinOnce": true,
        "AttachStdin": true,
        "AttachStdout": true,
        "AttachStderr": true,
        "Healthcheck": { "Test": ["NONE"] },
        "Labels": { OPENED_LABEL: serde_json::to_string(opener).unwrap_or_default() },
        "HostConfig": {
            "AutoRemove": true,
            "RestartPolicy": { "Name": "no" },
            "LogConfig": { "Type": "none" },
        },
    });
    if let Some(body) = body.as_object_mut() {
        for key in ["Env", "User", "WorkingDir"] {
            if let Some(value) = settings.get(key).filter(|value| !value.is_null()) {
                body.insert(key.to_owned(), value.clone());
            }
        }
    }
    body
}

/// A shell that is all its container runs.
struct ThrowAway {
    engine: Engine,
    container: String,
    /// How it ended, once it has; nothing after that was asked for.
    ended: Mutex<Option<Ended>>,
}

#[async_trait]
impl ShellControl for ThrowAway {
    async fn resize(&self, size: WindowSize) -> Result<(), TargetError> {
        let size = (size.columns, size.rows);
        let id = &self.container;
        Ok(self.engine.resize("containers", id, size).await?)
    }

    async fn end(&self) -> Result<Option<i64>, TargetError> {
        // A shell whose terminal has just closed is about to end by itself; what still runs
        // after that is ended.
        let code = match self.ended.lock().await.take() {
            Some(mut ended) => match tokio::time::timeout(END_WITHIN, &mut ended).await {
                Ok(Ok(Ok(code))) => code,
                Ok(_) => None,
                Err(_) => {
                    ended.abort();
                    None
                }
            },
            None => None,
        };
        // Gone already, as a rule.
        self.engine.remove(&self.container, Volumes::Remove).await?;
        Ok(code)
    }
}

/// Takes throw-away containers away whose opener is gone. Answers their names.
pub(super) async fn sweep(
    target: &PlainTarget,
    now: Timestamp,
) -> Result<Vec<String>, TargetError> {
    let mut swept = Vec::new();
    for one in target.list().await? {
        if Reserved::of(&one.name) != Some(Reserved::Shell) {
            continue;
        }
        let opener: Option<Process> = one
            .label(OPENED_LABEL)
            .and_then(|text| serde_json::from_str(text).ok());
        let made = read::number(&one.raw, "/Created")
            .and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0));
        let gone = match opener.as_ref().and_then(Process::is_alive) {
            Some(alive) => !alive,
            None => made.is_some_and(|made| now - made > MAY_LIVE),
        };
        if gone {
            target.engine.remove(&one.id, Volumes::Remove).await?;
            swept.push(one.name);
        }
    }
    Ok(swept)
}

fn nonce() -> String {
    format!("{:08x}", rand::rng().random::<u32>())
}
