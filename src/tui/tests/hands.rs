//! Hands that touch nothing: they write down what they were asked and answer from the
//! fixture.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::anatomy::fixture as anatomy;
use super::fixture;
use super::shells::Shells;
use crate::anatomy::report::Difference;
use crate::model::digest::Digest;
use crate::model::event::Outcome;
use crate::model::fleet::Fleet;
use crate::model::plan::OperationId;
use crate::model::progress::{Progress, Report, StepState};
use crate::model::step::Step;
use crate::model::time::Span;
use crate::tui::effect::{
    Confirmed, Content, Errand, Explaining, Hands, Message, Recovered, Request, Turn,
};

pub(super) struct FakeHands {
    /// What is planned from.
    pub(super) fleet: Mutex<Arc<Fleet>>,
    /// What was asked, oldest first.
    pub(super) asked: Mutex<Vec<Errand>>,
    /// What recovering does.
    pub(super) recovers: Recovered,
    /// How an operation that is cancelled ends.
    pub(super) cancelled: Mutex<Outcome>,
    /// Panic at this errand.
    pub(super) clumsy: bool,
    /// What became of the shells it opened.
    pub(super) shells: Arc<Shells>,
    /// Where the operations it began tell how they go on.
    pub(super) voice: Mutex<Option<mpsc::Sender<Message>>>,
}

impl FakeHands {
    /// The plans it was told to run.
    pub(super) fn ran(&self) -> Vec<Confirmed> {
        let asked = self.asked.lock().expect("not poisoned");
        asked
            .iter()
            .filter_map(|errand| match errand {
                Errand::Run(plan) => Some((**plan).clone()),
                _ => None,
            })
            .collect()
    }

    /// Lets an operation that was begun tell something.
    pub(super) async fn tell(&self, id: &OperationId, progress: Progress) {
        let voice = self.voice.lock().expect("not poisoned").clone();
        let message = Message::Progress(id.clone(), progress);
        let voice = voice.expect("an operation was begun");
        voice.send(message).await.expect("the loop runs");
    }

    /// Writes down what was asked.
    fn hear(&self, errand: &Errand, answer: &mpsc::Sender<Message>) {
        let mut asked = self.asked.lock().expect("not poisoned");
        asked.push(errand.clone());
        if let Errand::Run(_) = errand {
            *self.voice.lock().expect("not poisoned") = Some(answer.clone());
        }
    }

    pub(super) fn count(&self, wanted: impl Fn(&Errand) -> bool) -> usize {
        let asked = self.asked.lock().expect("not poisoned");
        asked.iter().filter(|errand| wanted(errand)).count()
    }
}

#[async_trait]
impl Hands for FakeHands {
    async fn carry_out(self: Arc<Self>, errand: Errand, answer: mpsc::Sender<Message>) {
        self.hear(&errand, &answer);
        let message = match errand {
            Errand::Plan(request, wanted) => {
                let fleet = self.fleet.lock().expect("not poisoned").clone();
                Message::Planned(request, Ok(Box::new(fixture::plan(&fleet, &wanted))))
            }
            Errand::Run(_) if self.clumsy => panic!("dropped it"),
            Errand::Run(plan) => Message::Progress(
                plan.id().clone(),
                Progress::Step {
                    engine: "ssh://deploy@prod-1".into(),
                    container: "shop-web".into(),
                    step: Step::Lock,
                    state: StepState::Started,
                },
            ),
            Errand::Cancel(id) => Message::Finished(Report {
                id,
                outcome: *self.cancelled.lock().expect("not poisoned"),
                summary: "everything is as before".into(),
                error: None,
                events: Vec::new(),
                duration: Span::seconds(1),
            }),
            Errand::LoadDetails { engine, container } => {
                let details = fixture::details(&engine, &container);
                Message::Details {
                    engine,
                    container,
                    answer: Ok(Box::new(details)),
                }
            }
            Errand::LoadHistory(filter) => Message::History(filter, Ok(fixture::events())),
            Errand::Recover(_) => Message::Recovered(self.recovers.clone()),
            Errand::Refresh => Message::Note("asked".into()),
            Errand::Remember(..) | Errand::LookAt { .. } => return,
            Errand::FollowLogs { request, .. } => {
                Message::Logs(request, fixture::said(), Turn::default())
            }
            Errand::StopLogs(_) => return,
            Errand::SaveLogs { name, lines } => Message::Saved(Ok(format!(
                "saved {} lines to /tmp/{name}.log",
                lines.len()
            ))),
            Errand::Explain {
                request, identity, ..
            } => explain(request, &identity, &answer).await,
            Errand::StopExplaining(_) => return,
            Errand::Compare {
                request,
                before,
                after,
            } => Message::Compared(request, Ok(Arc::new(Difference::of(before.0, after.0)))),
            Errand::ReadFile { request, .. } => Message::Content(
                request,
                Ok(Content {
                    text: "a line\n".into(),
                    cut: false,
                    binary: false,
                }),
            ),
            Errand::Extract(_) => Message::Saved(Ok("wrote it".into())),
            Errand::Search(request, search) => match search.run() {
                Some(found) => Message::Found(request, Ok(found)),
                None => return,
            },
            Errand::OpenShell(request, wish, _) => {
                Message::Shell(request, Ok(self.shells.open(&wish)))
            }
        };
        // The interface may have gone meanwhile.
        drop(answer.send(message).await);
    }
}

/// First what an image says of itself, then all of it.
async fn explain(request: Request, identity: &Digest, answer: &mpsc::Sender<Message>) -> Message {
    let Some(version) = anatomy::of(identity) else {
        return Message::Explained(request, Err("no engine has it".to_owned()));
    };
    let (facts, _) = anatomy::outline(version);
    let news = Explaining::Facts {
        facts: Arc::new(facts),
        sizes: Vec::new(),
    };
    drop(answer.send(Message::Explaining(request, news)).await);
    Message::Explained(request, Ok(anatomy::report(version)))
}
