//! The hands of the interface: whatever it asks is done here, and answered.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::anatomy::report::{Difference, Report as Anatomy};
use crate::cli::dissecting::Dissecting;
use crate::cli::keeper::Keeper;
use crate::cli::{log_file, recovering};
use crate::model::digest::Digest;
use crate::model::fleet::Fleet;
use crate::model::learned::learned;
use crate::model::plan::{OperationId, OperationKind};
use crate::model::progress::{Progress, Report};
use crate::model::project::{EngineName, ImageName, Project};
use crate::model::shared;
use crate::observe;
use crate::operate::planning::{DeployAsk, Pick};
use crate::operate::publish::{PublishAsk, Publishing};
use crate::operate::rebuild::RebuildAsk;
use crate::operate::{Operator, Refusal};
use crate::store::{Filter, Store};
use crate::target::{ShellAsk, TargetError, Watch, WindowSize};
use crate::tui::effect::{
    Confirmed, Errand, Hands, HistoryFilter, Kept, Line, Message, Refused, Request, ShellWish,
    Turn, Wanted,
};

/// Messages of one operation that may wait for the interface.
const WAITING: usize = 64;

/// Batches of log lines that may be under way to the interface.
const BATCHES: usize = 4;

/// Does what the interface asks.
pub(super) struct Hand {
    pub(super) operator: Operator,
    pub(super) project: Arc<Project>,
    pub(super) store: Arc<Store>,
    pub(super) fleet: watch::Receiver<Arc<Fleet>>,
    pub(super) nudge: Arc<Notify>,
    pub(super) running: Mutex<HashMap<OperationId, CancellationToken>>,
    pub(super) kept: Keeper,
    pub(super) followed: Mutex<HashMap<Request, CancellationToken>>,
    pub(super) dissecting: Dissecting,
}

#[async_trait]
impl Hands for Hand {
    #[expect(
        clippy::too_many_lines,
        reason = "one line or two for each errand there is: a table"
    )]
    async fn carry_out(self: Arc<Self>, errand: Errand, answer: mpsc::Sender<Message>) {
        let message = match errand {
            Errand::Plan(request, wanted) => {
                let planned = self.plan(wanted).await;
                Message::Planned(
                    request,
                    planned.map_err(|refusal| Refused {
                        sentence: refusal.to_string(),
                    }),
                )
            }
            Errand::Run(confirmed) => {
                let report = self.run(*confirmed, &answer).await;
                Message::Finished(report)
            }
            Errand::Cancel(id) => {
                self.cancel(&id);
                return;
            }
            Errand::LoadDetails { engine, container } => self.details(engine, container).await,
            Errand::LoadHistory(filter) => {
                let forks = Message::Forks(self.forks());
                // The interface has gone: the answer below is not heard either.
                let _ = answer.send(forks).await;
                let events = self.history(&filter);
                Message::History(filter, events)
            }
            Errand::Recover(shown) => {
                Message::Recovered(recovering::recover(&self.operator, &self.project, &shown).await)
            }
            Errand::FollowLogs {
                request,
                sources,
                last,
            } => {
                self.follow(request, &sources, last, &answer).await;
                return;
            }
            Errand::StopLogs(request) => {
                self.followed(request).cancel();
                return;
            }
            Errand::SaveLogs { name, lines } => Message::Saved(save(name, lines).await),
            Errand::OpenShell(request, wish, size) => {
                let opened = self.shell(wish, size).await;
                Message::Shell(request, opened.map_err(|error| error.to_string()))
            }
            Errand::Explain {
                request,
                image,
                identity,
            } => match self.explain(request, (&image, &identity), &answer).await {
                Some(explained) => Message::Explained(request, explained),
                None => return,
            },
            Errand::StopExplaining(request) => {
                self.followed(request).cancel();
                return;
            }
            Errand::Compare {
                request,
                before,
                after,
            } => {
                let work = move || Difference::of(before.0, after.0);
                let compared = tokio::task::spawn_blocking(work).await;
                let compared = compared.map(Arc::new).map_err(|error| error.to_string());
                Message::Compared(request, compared)
            }
            Errand::ReadFile { request, of } => {
                Message::Content(request, self.dissecting.show(&of).await)
            }
            Errand::Extract(of) => Message::Saved(self.dissecting.extract(&of).await),
            Errand::Search(request, search) => {
                match tokio::task::spawn_blocking(move || search.run()).await {
                    Ok(Some(found)) => Message::Found(request, Ok(found)),
                    Ok(None) => return,
                    Err(error) => Message::Found(request, Err(error.to_string())),
                }
            }
            Errand::LookAt { repository, tags } => {
                let registry = EngineName::registry(&repository);
                if let Ok(target) = self.operator.targets().get(&registry) {
                    target.look_at(&tags);
                }
                return;
            }
            Errand::Refresh => {
                self.nudge.notify_waiters();
                return;
            }
            Errand::Remember(turn, preferences) => match self.kept.keep(turn, preferences) {
                Ok(()) => return,
                Err(error) => Message::Note(format!(
                    "the order could not be kept for the next time: {error}"
                )),
            },
        };
        // The interface has gone: nobody is left to be told, but a shell must be ended.
        if let Err(unheard) = answer.send(message).await
            && let Message::Shell(_, Ok(line)) = unheard.0
            && let Some(shell) = line.take()
        {
            let _ = shell.control.end().await;
        }
    }
}

impl Hand {
    async fn details(&self, engine: EngineName, container: String) -> Message {
        let read = match self.operator.targets().get(&engine) {
            Ok(target) => target.details(&container).await.map(Box::new),
            Err(error) => Err(error),
        };
        Message::Details {
            engine,
            container,
            answer: read.map_err(|error| error.to_string()),
        }
    }

    async fn plan(&self, wanted: Wanted) -> Result<Box<Confirmed>, Refusal> {
        let fleet = self.fleet.borrow().clone();
        let ask = match wanted {
            Wanted::Rollback {
                image,
                environment,
                to,
            } => DeployAsk {
                kind: OperationKind::Rollback,
                images: vec![image],
                environment,
                pick: to.map_or(Pick::KnownGood, Pick::Identity),
                reason: None,
                accept_no_rollback: false,
            },
            Wanted::Promote { images, from, to } => DeployAsk {
                kind: OperationKind::Promote,
                images,
                environment: to,
                pick: Pick::From(Some(from)),
                reason: None,
                accept_no_rollback: false,
            },
            Wanted::Rebuild {
                image,
                no_cache,
                pull,
            } => {
                let ask = RebuildAsk {
                    image,
                    version: None,
                    no_cache,
                    pull,
                    build_args: std::collections::BTreeMap::new(),
                    engine: None,
                    reason: None,
                    who: self.operator.who().to_owned(),
                };
                let plan = self.operator.plan_rebuild(&fleet, &self.project, &ask)?;
                return Ok(Box::new(Confirmed::Rebuild(plan)));
            }
            Wanted::Publish {
                image, identity, ..
            } => {
                let ask = PublishAsk {
                    version: Some(identity.to_string()),
                    ..PublishAsk::default()
                };
                let made = self.operator.plan_publish(&fleet, &image, &ask).await;
                return match made? {
                    Publishing::Plan(plan) | Publishing::Taken { plan, .. } => {
                        Ok(Box::new(Confirmed::Publish(*plan)))
                    }
                    Publishing::There { reference, digest } => {
                        let reference = reference.to_string();
                        Err(Refusal::PublishedAlready { reference, digest })
                    }
                };
            }
        };
        let plan = self
            .operator
            .plan(&fleet, &ask, self.operator.clock().now())
            .await?;
        if plan.is_empty() {
            return Err(Refusal::NothingToDo {
                environment: plan.environment,
            });
        }
        Ok(Box::new(Confirmed::Deploy(plan)))
    }

    async fn run(&self, confirmed: Confirmed, answer: &mpsc::Sender<Message>) -> Report {
        let id = confirmed.id().clone();
        let cancel = CancellationToken::new();
        self.running().insert(id.clone(), cancel.clone());
        let (sender, receiver) = mpsc::channel(WAITING);
        let watch = Watch::new(sender, cancel);
        let telling = tokio::spawn(pass_on(id.clone(), receiver, answer.clone()));
        let report = match &confirmed {
            Confirmed::Deploy(plan) => self.operator.run(plan, &watch).await,
            Confirmed::Rebuild(plan) => self.operator.rebuild_and_publish(plan, &watch).await,
            Confirmed::Publish(plan) => self.operator.publish_version(plan, &watch).await,
        };
        drop(watch);
        // Everything is told before the end is.
        let _ = telling.await;
        self.running().remove(&id);
        // A registry does not tell what was just done there.
        self.nudge.notify_waiters();
        report
    }

    fn cancel(&self, id: &OperationId) {
        if let Some(cancel) = self.running().get(id) {
            cancel.cancel();
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<OperationId, CancellationToken>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows containers until nobody looks at them any more. A few batches are under way
    /// at most: whoever writes faster than the interface reads has to wait.
    async fn follow(
        &self,
        request: Request,
        sources: &[(EngineName, String)],
        last: usize,
        answer: &mpsc::Sender<Message>,
    ) {
        let stop = self.followed(request);
        let (sender, mut batches) = mpsc::channel(1);
        let turns = Arc::new(Semaphore::new(BATCHES));
        let telling = async {
            while let Some(said) = batches.recv().await {
                let turn = Arc::clone(&turns).acquire_owned().await.ok().map(Arc::new);
                let message = Message::Logs(request, said, Turn(turn));
                if answer.send(message).await.is_err() {
                    return;
                }
            }
        };
        let following = observe::logs::follow(self.operator.targets(), sources, last, sender);
        tokio::select! {
            () = stop.cancelled() => {}
            ((), ()) = async { tokio::join!(following, telling) } => {}
        }
    }

    /// What stops following. It may be asked to before following has begun.
    fn followed(&self, request: Request) -> CancellationToken {
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        followed.entry(request).or_default().clone()
    }

    /// Takes a version apart. Nothing, when nobody waits for it any more.
    async fn explain(
        &self,
        request: Request,
        version: (&ImageName, &Digest),
        answer: &mpsc::Sender<Message>,
    ) -> Option<Result<Arc<Anatomy>, String>> {
        let stop = self.followed(request);
        let (tell, mut told) = mpsc::channel(WAITING);
        let telling = async {
            while let Some(news) = told.recv().await {
                if answer
                    .send(Message::Explaining(request, news))
                    .await
                    .is_err()
                {
                    return;
                }
            }
        };
        let explaining = async {
            let explained = self.dissecting.explain(version, &tell, &stop).await;
            drop(tell);
            explained
        };
        let ((), explained) = tokio::join!(telling, explaining);
        explained
    }

    async fn shell(&self, wish: ShellWish, size: WindowSize) -> Result<Line, TargetError> {
        let (engine, ask) = match wish {
            ShellWish::Inside {
                engine,
                container,
                id,
            } => (engine, ShellAsk::Inside { container, id }),
            ShellWish::ThrowAway {
                engine,
                image,
                like,
            } => {
                let who = self.operator.who().to_owned();
                (engine, ShellAsk::ThrowAway { image, like, who })
            }
        };
        let target = self.operator.targets().get(&engine)?;
        Ok(Line::new(target.shell(&ask, size).await?))
    }

    /// The operations of shared histories whose karats did not see each other, as far as they
    /// were read.
    fn forks(&self) -> BTreeSet<OperationId> {
        let Some(history) = &self.operator.targets().shared else {
            return BTreeSet::new();
        };
        let mut forks = BTreeSet::new();
        for repository in history.repositories() {
            let records = history.remembered(repository);
            let forked = shared::forked(&records).into_iter();
            forks.extend(forked.map(|id| OperationId(id.to_owned())));
        }
        forks
    }

    fn history(&self, filter: &HistoryFilter) -> Result<Vec<crate::model::event::Event>, String> {
        let fleet = self.fleet.borrow().clone();
        let filter = Filter {
            image: filter.image.clone(),
            environment: filter.environment.clone(),
            limit: Some(1_000),
        };
        self.store
            .learn(&learned(&fleet))
            .and_then(|_| self.store.events(&filter))
            .map_err(|error| error.to_string())
    }
}

/// Saves lines in the current folder.
async fn save(name: String, lines: Vec<Kept>) -> Result<String, String> {
    let written = tokio::task::spawn_blocking(move || {
        let folder = std::env::current_dir()
            .map_err(|error| format!("the current folder is not known: {error}"))?;
        log_file::save(&folder, &name, &lines, chrono::Utc::now())
    });
    written
        .await
        .unwrap_or_else(|error| Err(format!("the log was not saved: {error}")))
}

/// Passes an operation's progress on. When nobody listens any more the channel closes, and
/// the operation goes on without telling.
async fn pass_on(
    id: OperationId,
    mut progress: mpsc::Receiver<Progress>,
    answer: mpsc::Sender<Message>,
) {
    while let Some(progress) = progress.recv().await {
        let message = Message::Progress(id.clone(), progress);
        if answer.send(message).await.is_err() {
            return;
        }
    }
}
