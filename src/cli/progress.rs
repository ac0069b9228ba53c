//! Progress on standard error: a line for each step that ends; bytes on one line that
//! changes, where there is a terminal.

use std::io::{IsTerminal as _, Write as _};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::output;
use crate::model::progress::{BuildState, BuildStep, Progress, StepState};
use crate::model::project::EngineName;
use crate::model::text::printable;
use crate::model::transfer::Transfer;
use crate::target::Watch;

/// Messages that may wait; a slow terminal slows the operation's talk, not its work.
const WAITING: usize = 256;

/// Somebody who watches an operation on standard error.
pub(super) struct Teller {
    /// To be given to the operation.
    pub(super) watch: Watch,
    task: JoinHandle<()>,
}

impl Teller {
    /// Begins to tell; `quiet` only listens.
    pub(super) fn start(quiet: bool, cancel: CancellationToken) -> Self {
        let (sender, mut receiver) = mpsc::channel(WAITING);
        let task = tokio::spawn(async move {
            let mut line = Line {
                open: false,
                live: std::io::stderr().is_terminal(),
                transfer: None,
            };
            while let Some(progress) = receiver.recv().await {
                if !quiet {
                    line.tell(&progress);
                }
            }
            line.close();
        });
        Self {
            watch: Watch::new(sender, cancel),
            task,
        }
    }

    /// Waits until everything was told.
    pub(super) async fn finish(self) {
        drop(self.watch);
        let _ = self.task.await;
    }
}

fn step_text(words: &str, container: &str, engine: &EngineName) -> String {
    format!("{words} · {container} on {engine}")
}

/// The last line, which may still change.
struct Line {
    open: bool,
    live: bool,
    /// What is on its way.
    transfer: Option<Transfer>,
}

impl Line {
    fn tell(&mut self, progress: &Progress) {
        match progress {
            Progress::Step {
                engine,
                container,
                step,
                state,
            } => self.step(&step_text(step.words(), container, engine), state),
            Progress::Bytes {
                engine,
                what,
                done,
                total,
            } => {
                let moving = self
                    .transfer
                    .take()
                    .filter(|it| it.engine == *engine && it.what == *what);
                let mut transfer =
                    moving.unwrap_or_else(|| Transfer::new(engine.clone(), what.clone()));
                transfer.told(chrono::Utc::now(), *done, *total);
                self.replace(&format!("  … {what} to {engine}: {}", transfer.words()));
                self.transfer = Some(transfer);
            }
            Progress::Layer {
                engine,
                what,
                layer,
                done,
                total,
            } => {
                let same = |it: &Transfer| it.engine == *engine && it.what == *what;
                let known = self.transfer.take().filter(same);
                let mut transfer =
                    known.unwrap_or_else(|| Transfer::new(engine.clone(), what.clone()));
                transfer.layer(layer, *done, *total);
                self.transfer = Some(transfer);
            }
            Progress::Build(step) => self.build(step),
            Progress::Log(text) => self.end(&format!("    │ {text}")),
            Progress::Note(text) => self.end(&format!("  ! {text}")),
            Progress::Undoing { why } => self.end(&format!("  ↶ undoing: {why}")),
            Progress::Back {
                engine,
                container,
                step,
                state,
            } => self.step(&step_text(step.words(), container, engine), state),
        }
    }

    fn step(&mut self, what: &str, state: &StepState) {
        match state {
            StepState::Started => self.replace(&format!("  … {what}")),
            StepState::Done(span) => self.end(&format!("  ✓ {what} ({span})")),
            StepState::Failed(why) => self.end(&format!("  ✗ {what}: {why}")),
        }
    }

    fn build(&mut self, step: &BuildStep) {
        let name = &step.name;
        match &step.state {
            BuildState::Running => self.replace(&format!("  … {name}")),
            BuildState::Cached => self.end(&format!("  ✓ {name} (cached)")),
            BuildState::Done(span) => self.end(&format!("  ✓ {name} ({span})")),
            BuildState::Failed(why) => self.end(&format!("  ✗ {name}: {why}")),
        }
    }

    /// A line that the next one replaces; nothing where the output is no terminal.
    fn replace(&mut self, text: &str) {
        if self.live {
            let mut err = std::io::stderr();
            let _ = write!(err, "\r\x1b[K{}", printable(text));
            let _ = err.flush();
            self.open = true;
        }
    }

    fn end(&mut self, text: &str) {
        self.close();
        output::say(text);
    }

    fn close(&mut self) {
        if self.open {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
            self.open = false;
        }
    }
}
