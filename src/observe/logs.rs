//! Logs of several containers, followed: the last lines first, in the order of their time,
//! then whatever is written, also by the next run of a container or by its successor.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::model::log::{LogLine, LogsAsk, LogsFrom, Said, Saying};
use crate::model::project::EngineName;
use crate::model::time::Timestamp;
use crate::target::{Target, TargetError, Targets};

/// Lines told at once, and lines that may wait to be told: few, so that a container that
/// writes faster than anybody reads costs no memory. The engine's own copy waits.
const AT_ONCE: usize = 128;

/// How long the last lines of all containers are waited for, to put them in order.
const LAST_LINES_WITHIN: Duration = Duration::from_secs(3);

/// How soon a log that ended is asked for again: nobody follows it but a reader who has it
/// on screen, and a container that stopped may be replaced by one of another id.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Follows until nobody listens any more, or it is dropped.
pub async fn follow(
    targets: &Targets,
    sources: &[(EngineName, String)],
    last: usize,
    tell: mpsc::Sender<Vec<Said>>,
) {
    let (sender, mut said) = mpsc::channel(AT_ONCE);
    let mut following = JoinSet::new();
    let mut first = Vec::new();
    let all = sources
        .iter()
        .enumerate()
        .filter_map(|(source, (engine, container))| match targets.get(engine) {
            Ok(target) => Some(One {
                source,
                target: Arc::clone(target),
                container: container.clone(),
                sender: sender.clone(),
            }),
            Err(error) => {
                first.push(note(source, error.to_string()));
                None
            }
        });
    let begun = join_all(all.map(|one| async { (one.last_lines(last).await, one) })).await;
    let mut lines = Vec::new();
    for (read, one) in begun {
        let from = read
            .iter()
            .filter_map(|line| line.at)
            .max()
            .map_or(LogsFrom::Last(last), LogsFrom::After);
        lines.extend(read.into_iter().map(|line| (one.source, line)));
        following.spawn(one.follow(from));
    }
    drop(sender);
    // Lines without a time stay where they are: the sort is stable.
    lines.sort_by_key(|(_, line)| line.at);
    first.extend(lines.into_iter().map(|(source, line)| Said {
        source,
        what: Saying::Line(line),
    }));
    let mut batch = first;
    loop {
        if !batch.is_empty() && tell.send(batch).await.is_err() {
            return;
        }
        batch = Vec::new();
        tokio::select! {
            () = tell.closed() => return,
            count = said.recv_many(&mut batch, AT_ONCE) => {
                if count == 0 {
                    return;
                }
            }
        }
    }
}

fn note(source: usize, text: String) -> Said {
    Said {
        source,
        what: Saying::Note(text),
    }
}

/// One container that is followed.
struct One {
    source: usize,
    target: Arc<dyn Target>,
    container: String,
    sender: mpsc::Sender<Said>,
}

/// How following one run of a container ended.
#[derive(PartialEq, Eq)]
enum Ended {
    Stopped,
    Failed(String),
    NobodyListens,
}

impl One {
    /// The last lines there are. Why there are none is told when following them fails.
    async fn last_lines(&self, last: usize) -> Vec<LogLine> {
        let ask = LogsAsk {
            from: LogsFrom::Last(last),
            follow: false,
        };
        let lines = self.target.logs(&self.container, ask);
        let read = lines
            .filter_map(|line| async { line.ok() })
            .collect::<Vec<_>>();
        tokio::time::timeout(LAST_LINES_WITHIN, read)
            .await
            .unwrap_or_default()
    }

    /// Follows one run after another. What is wrong is told once, until it changes.
    async fn follow(self, mut from: LogsFrom) {
        let mut told: Option<Ended> = None;
        loop {
            let ended = self.run(&mut from, &mut told).await;
            let text = match &ended {
                Ended::NobodyListens => return,
                Ended::Stopped => {
                    format!("{} stopped; waiting for it to run again", self.container)
                }
                Ended::Failed(why) => format!("{why}; trying again"),
            };
            if told.as_ref() != Some(&ended) {
                if self.sender.send(note(self.source, text)).await.is_err() {
                    return;
                }
                told = Some(ended);
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }

    async fn run(&self, from: &mut LogsFrom, told: &mut Option<Ended>) -> Ended {
        let begin = *from;
        let ask = LogsAsk {
            from: begin,
            follow: true,
        };
        let mut lines = self.target.logs(&self.container, ask);
        while let Some(line) = lines.next().await {
            let line = match line {
                Ok(line) => line,
                Err(TargetError::NoContainer { .. }) => return Ended::Stopped,
                Err(error) => return Ended::Failed(error.to_string()),
            };
            // Engines that count in whole seconds tell some lines twice.
            if is_old(begin, line.at) {
                continue;
            }
            if let Some(at) = line.at {
                *from = LogsFrom::After(at);
            }
            if told.take().is_some() {
                let again = note(self.source, format!("{} is followed again", self.container));
                if self.sender.send(again).await.is_err() {
                    return Ended::NobodyListens;
                }
            }
            let said = Said {
                source: self.source,
                what: Saying::Line(line),
            };
            if self.sender.send(said).await.is_err() {
                return Ended::NobodyListens;
            }
        }
        Ended::Stopped
    }
}

fn is_old(begin: LogsFrom, at: Option<Timestamp>) -> bool {
    match (begin, at) {
        (LogsFrom::After(begin), Some(at)) => at <= begin,
        _ => false,
    }
}
