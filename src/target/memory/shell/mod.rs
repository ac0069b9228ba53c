//! A shell in a simulated container, or in one made for it: the real one's manners, and a
//! handful of commands.
//!
//! | file | subject |
//! |---|---|
//! | `line` | the terminal's part: echo, and keys that take back |
//! | `words` | a line taken apart |
//! | `place`, `files` | the container: what is known of it, and what there is to be looked at |
//! | `commands` | what there is to be run |

mod commands;
mod files;
mod line;
mod place;
#[cfg(test)]
mod tests;
mod words;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use rand::Rng as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use commands::Now;
use line::{Line, Typed};
use place::Place;

use super::container::Life;
use super::{Body, SimContainer, SimEngine, TargetError, log, look};
use crate::model::digest::Digest;
use crate::model::observation::Health;
use crate::target::plain::names;
use crate::target::{Shell, ShellAsk, ShellControl, WindowSize};

/// Bytes that may wait on the way to the shell, and on the way back.
const WAITING: usize = 64 * 1_024;

/// How a shell ends whose container is stopped.
const KILLED: i64 = 137;

/// How a command ends on Ctrl-C.
const INTERRUPTED: i64 = 130;

/// Where the app's output is, as its own processes see it.
const APP_LOG: &str = "/proc/1/fd/1";

/// Instead of what is not simulated.
const NOT_MADE_UP: &str = "its content is not made up in this demo";

/// What is said first: nobody is to take it for a real one.
const GREETING: &str = "DEMO: a made-up shell in a made-up container; `help` lists what it knows\n";

/// Starts it.
pub(super) async fn open(
    engine: &Arc<SimEngine>,
    ask: &ShellAsk,
    size: WindowSize,
) -> Result<Shell, TargetError> {
    engine.answer("opening a shell").await?;
    let size = Arc::new(Mutex::new(size));
    let (container, made) = match ask {
        ShellAsk::Inside { container, id } => (inside(engine, ask, (container, id))?, false),
        ShellAsk::ThrowAway { image, like, .. } => {
            (throw_away(engine, ask, (image, like.as_deref()))?, true)
        }
    };
    let (ours, theirs) = tokio::io::duplex(WAITING);
    let hang_up = CancellationToken::new();
    let session = Session {
        place: Place::of(engine, &container, made, size.clone()),
        engine: engine.clone(),
        container: container.id,
        made,
        line: ours,
        typed: Line::default(),
    };
    let control = Control {
        size,
        hang_up: hang_up.clone(),
        ended: tokio::sync::Mutex::new(Some(tokio::spawn(session.stay(hang_up)))),
    };
    let (output, input) = tokio::io::split(theirs);
    Ok(Shell {
        output: Box::pin(output),
        input: Box::pin(input),
        control: Arc::new(control),
    })
}

fn none(engine: &SimEngine, ask: &ShellAsk, why: &str) -> TargetError {
    TargetError::NoShell {
        engine: engine.name().clone(),
        place: ask.place(),
        why: why.to_owned(),
    }
}

/// The container a shell is wanted in: the one that was confirmed, and it runs.
fn inside(
    engine: &SimEngine,
    ask: &ShellAsk,
    (name, id): (&str, &str),
) -> Result<SimContainer, TargetError> {
    let found = engine.with(|state| state.named(name).cloned());
    let found = found.ok_or_else(|| look::none(engine, name))?;
    if found.id != id {
        return Err(TargetError::Moved {
            engine: engine.name().clone(),
            container: name.to_owned(),
            what: "another container has its name now".to_owned(),
        });
    }
    if found.running_since().is_none() {
        return Err(none(
            engine,
            ask,
            "it does not run; a throw-away container of its version can be opened instead",
        ));
    }
    Ok(found)
}

/// Makes a container for a shell. It is on the engine like any other, and in no list.
fn throw_away(
    engine: &SimEngine,
    ask: &ShellAsk,
    (image, like): (&Digest, Option<&str>),
) -> Result<SimContainer, TargetError> {
    let env = match like {
        None => Vec::new(),
        Some(like) => engine
            .with(|state| state.named(like).map(|found| found.body.env.clone()))
            .ok_or_else(|| look::none(engine, like))?,
    };
    let now = engine.clock.now();
    let made = engine.change(|state| {
        state.images.get(image)?;
        let made = SimContainer {
            id: state.new_id(engine.name(), "shell"),
            name: names::shell(&format!("{:08x}", rand::rng().random::<u32>())),
            image: image.to_string(),
            image_id: image.clone(),
            body: Body {
                env,
                policy: "no".to_owned(),
                ..Body::default()
            },
            created: now,
            life: Life::Running {
                since: now,
                health: Health::NoCheck,
            },
            restarts: 0,
            recorded: None,
            runs: Vec::new(),
            deployed_by: None,
            made_by: None,
            soak: None,
            drift: Vec::new(),
        };
        state.containers.push(made.clone());
        Some(made)
    });
    made.ok_or_else(|| none(engine, ask, "the image is not there any more"))
}

/// A shell that runs.
struct Session {
    engine: Arc<SimEngine>,
    /// The id of the container it runs in.
    container: String,
    /// The container was made for it, and goes with it.
    made: bool,
    place: Place,
    line: DuplexStream,
    typed: Line,
}

impl Session {
    /// Runs until it is left, its line is cut, or its container ends. Answers its exit code,
    /// where it has one. A container that was made for it is gone before its line closes.
    async fn stay(mut self, hang_up: CancellationToken) -> Option<i64> {
        let ends = ends(self.engine.clone(), self.container.clone());
        let code = tokio::select! {
            code = self.talk() => code,
            code = ends => code,
            () = hang_up.cancelled() => None,
        };
        if self.made {
            let id = &self.container;
            self.engine
                .change(|state| state.containers.retain(|one| one.id != *id));
        }
        code
    }

    /// Answers what is typed. Nothing, once the line is cut.
    async fn talk(&mut self) -> Option<i64> {
        let greeting = format!("{GREETING}{}", self.place.prompt());
        self.write(&greeting).await?;
        let mut buffer = vec![0; 1_024];
        loop {
            let count = self.line.read(&mut buffer).await.ok()?;
            if count == 0 {
                return None;
            }
            let mut answer = String::new();
            let bytes = buffer.get(..count).unwrap_or_default();
            let code = bytes.iter().find_map(|byte| self.take(*byte, &mut answer));
            self.write(&answer).await?;
            if code.is_some() {
                return code;
            }
        }
    }

    /// Writes as a terminal does: a new line begins at its left end.
    async fn write(&mut self, text: &str) -> Option<()> {
        let text = text.replace('\n', "\r\n");
        self.line.write_all(text.as_bytes()).await.ok()
    }

    /// Takes a byte in, and adds what is to be written. Answers the exit code at the end.
    fn take(&mut self, byte: u8, answer: &mut String) -> Option<i64> {
        match self.typed.take(byte) {
            Typed::Echo(text) => {
                answer.push_str(&text);
                return None;
            }
            Typed::Line(line) => {
                answer.push('\n');
                let ran = self.place.run(&line, &self.now());
                answer.push_str(&ran.text);
                if ran.exit.is_some() {
                    return ran.exit;
                }
            }
            Typed::Interrupt => {
                answer.push_str("^C\n");
                self.place.status = INTERRUPTED;
            }
            Typed::End => {
                answer.push('\n');
                return Some(self.place.status);
            }
            Typed::Clear(line) => {
                answer.push_str(commands::CLEAR);
                answer.push_str(&self.place.prompt());
                answer.push_str(&line);
                return None;
            }
        }
        answer.push_str(&self.place.prompt());
        None
    }

    fn now(&self) -> Now {
        let now = self.engine.clock.now();
        let log = self.engine.with(|state| {
            let found = state.container(&self.container)?;
            let lines = log::lines(found, state.images.get(&found.image_id), now);
            Some(lines.into_iter().map(|(_, line)| line + "\n").collect())
        });
        Now {
            time: now.format("%a %b %e %H:%M:%S UTC %Y").to_string(),
            log: log.filter(|_| !self.made),
        }
    }
}

/// Waits until a container does not run any more, or its engine is out of reach. Answers how
/// a shell in it ends.
async fn ends(engine: Arc<SimEngine>, id: String) -> Option<i64> {
    let mut news = engine.listen();
    loop {
        engine.reachable("keeping a shell open").ok()?;
        let runs = engine.with(|state| {
            let found = state.container(&id);
            found.is_some_and(|found| found.running_since().is_some())
        });
        if !runs {
            return Some(KILLED);
        }
        news.changed().await.ok()?;
    }
}

/// A shell, from outside.
struct Control {
    size: Arc<Mutex<WindowSize>>,
    hang_up: CancellationToken,
    ended: tokio::sync::Mutex<Option<JoinHandle<Option<i64>>>>,
}

#[async_trait]
impl ShellControl for Control {
    async fn resize(&self, size: WindowSize) -> Result<(), TargetError> {
        *self.size.lock().unwrap_or_else(PoisonError::into_inner) = size;
        Ok(())
    }

    async fn end(&self) -> Result<Option<i64>, TargetError> {
        // One that has ended by itself has its code already.
        self.hang_up.cancel();
        let ended = self.ended.lock().await.take();
        Ok(match ended {
            Some(ended) => ended.await.ok().flatten(),
            None => None,
        })
    }
}
