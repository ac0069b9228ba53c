//! One operation, as the interface watches it: steps, bytes, log and outcome, put together
//! from its messages.

use crate::model::bytes::Bytes;
use crate::model::event::Outcome;
use crate::model::log::Pipe;
use crate::model::plan::{OperationId, OperationKind};
use crate::model::progress::{BuildState, BuildStep, Progress, Report, StepState};
use crate::model::project::{EngineName, EnvironmentName, ImageName};
use crate::model::step::Step;
use crate::model::time::Timestamp;
use crate::model::transfer::Transfer;

use super::command_line::{Line, of_plan};
use super::effect::Confirmed;
use super::log::{By, Entry, Log};

/// Lines and bytes of log kept; older ones go.
const LOG_KEPT: usize = 10_000;
const BYTES_KEPT: usize = 8 << 20;

/// One operation, as the interface watches it.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// Which.
    pub(crate) id: OperationId,
    /// What kind, where it was started here.
    pub(crate) kind: Option<OperationKind>,
    /// One line: `roll back shop-web in prod to 1.4.2`.
    pub(crate) summary: String,
    /// The environment it changes.
    pub(crate) environment: Option<EnvironmentName>,
    /// The images it changes.
    pub(crate) images: Vec<ImageName>,
    /// The command line that repeats it, where it was started here.
    pub(crate) command: Option<Line>,
    /// Since when.
    pub(crate) since: Timestamp,
    /// The containers it replaces, in order.
    pub(crate) containers: Vec<Replacing>,
    /// Bytes on their way.
    pub(crate) transfers: Vec<Transfer>,
    /// The steps of a build.
    pub(crate) build: Vec<BuildStep>,
    /// Log lines and notes, oldest first.
    pub(crate) log: Log,
    /// It is being put back, because of this.
    pub(crate) undoing: Option<String>,
    /// Cancelling was asked for.
    pub(crate) cancelling: bool,
    /// How it ended.
    pub(crate) report: Option<Report>,
    /// It had ended half-way, and was settled since.
    pub(crate) recovered: bool,
}

/// One container on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replacing {
    /// On which engine.
    pub(crate) engine: EngineName,
    /// Its name.
    pub(crate) container: String,
    /// Steps begun, in order, and since when.
    pub(crate) steps: Vec<(Step, StepState, Timestamp)>,
}

impl Replacing {
    /// How far a step is; nothing if it has not begun.
    pub(crate) fn step(&self, step: Step) -> Option<(&StepState, Timestamp)> {
        self.steps
            .iter()
            .find(|(one, _, _)| *one == step)
            .map(|(_, state, since)| (state, *since))
    }

    /// Every step there is to it.
    pub(crate) fn course(&self) -> &'static [Step] {
        self.engine.course().steps()
    }

    /// Steps done.
    pub(crate) fn done(&self) -> usize {
        self.steps
            .iter()
            .filter(|(_, state, _)| matches!(state, StepState::Done(_)))
            .count()
    }

    /// The last step begun.
    pub(crate) fn last(&self) -> Option<(Step, &StepState, Timestamp)> {
        self.steps
            .last()
            .map(|(step, state, since)| (*step, state, *since))
    }
}

impl Operation {
    /// Whether it leaves something half-way behind, as far as this karat knows.
    pub(crate) fn is_half_way(&self) -> bool {
        match &self.report {
            None => true,
            Some(report) => report.outcome == Outcome::NeedsRecover && !self.recovered,
        }
    }

    /// One that was just confirmed.
    pub(crate) fn starting(plan: &Confirmed, now: Timestamp) -> Self {
        let mut this = Self::unknown(plan.id().clone(), now);
        this.kind = Some(plan.kind());
        this.summary = plan.summary();
        this.command = Some(of_plan(plan));
        match plan {
            Confirmed::Deploy(plan) => {
                this.environment = Some(plan.environment.clone());
                this.images = plan.moves.iter().map(|one| one.image.clone()).collect();
                this.containers = plan
                    .touches()
                    .map(|(_, touch)| Replacing {
                        engine: touch.engine.clone(),
                        container: touch.container.clone(),
                        steps: Vec::new(),
                    })
                    .collect();
            }
            Confirmed::Rebuild(plan) => this.images = vec![plan.image.clone()],
        }
        this
    }

    /// One that is heard of for the first time: a recovery, for example.
    pub(crate) fn unknown(id: OperationId, now: Timestamp) -> Self {
        Self {
            summary: format!("operation {id}"),
            id,
            kind: None,
            environment: None,
            images: Vec::new(),
            command: None,
            since: now,
            containers: Vec::new(),
            transfers: Vec::new(),
            build: Vec::new(),
            log: Log::new(LOG_KEPT, BYTES_KEPT),
            undoing: None,
            cancelling: false,
            report: None,
            recovered: false,
        }
    }

    /// Takes in one message.
    pub(crate) fn told(&mut self, progress: Progress, now: Timestamp) {
        match progress {
            Progress::Step {
                engine,
                container,
                step,
                state,
            } => self.step(engine, container, step, state, now),
            Progress::Bytes {
                engine,
                what,
                done,
                total,
            } => self.bytes(engine, what, done, total, now),
            Progress::Layer {
                engine,
                what,
                layer,
                done,
                total,
            } => self.transfer(engine, what, |it| it.layer(&layer, done, total)),
            Progress::Build(step) => match self.build.iter_mut().find(|one| one.id == step.id) {
                Some(known) => *known = step,
                None => self.build.push(step),
            },
            Progress::Log(line) => self.push(By::It(Pipe::Out), line, now),
            Progress::Note(line) => self.push(By::Karat, line, now),
            Progress::Undoing { why } => {
                self.push(By::Karat, format!("undoing: {why}"), now);
                self.undoing = Some(why);
            }
            Progress::Back {
                engine,
                container,
                step,
                state,
            } => match state {
                StepState::Started => {}
                StepState::Done(span) => {
                    let words = step.words();
                    let line = format!("✓ {words} · {container} on {engine} ({span})");
                    self.push(By::Karat, line, now);
                }
                StepState::Failed(why) => {
                    let words = step.words();
                    let line = format!("✗ {words} · {container} on {engine}: {why}");
                    self.push(By::Karat, line, now);
                }
            },
        }
    }

    fn step(
        &mut self,
        engine: EngineName,
        container: String,
        step: Step,
        state: StepState,
        now: Timestamp,
    ) {
        let known = self
            .containers
            .iter()
            .position(|one| one.engine == engine && one.container == container);
        let replacing = if let Some(replacing) = known.and_then(|at| self.containers.get_mut(at)) {
            replacing
        } else {
            self.containers.push(Replacing {
                engine,
                container,
                steps: Vec::new(),
            });
            match self.containers.last_mut() {
                Some(last) => last,
                None => return,
            }
        };
        match replacing.steps.iter_mut().find(|(one, _, _)| *one == step) {
            Some(known) => known.1 = state,
            None => replacing.steps.push((step, state, now)),
        }
    }

    fn bytes(
        &mut self,
        engine: EngineName,
        what: String,
        done: Bytes,
        total: Option<Bytes>,
        now: Timestamp,
    ) {
        self.transfer(engine, what, |it| it.told(now, done, total));
    }

    /// Takes in something about what is on its way.
    fn transfer(&mut self, engine: EngineName, what: String, take: impl FnOnce(&mut Transfer)) {
        let known = self
            .transfers
            .iter_mut()
            .find(|one| one.engine == engine && one.what == what);
        if let Some(transfer) = known {
            take(transfer);
        } else {
            let mut transfer = Transfer::new(engine, what);
            take(&mut transfer);
            self.transfers.push(transfer);
        }
    }

    fn push(&mut self, by: By, line: String, now: Timestamp) {
        self.log.push(Entry {
            source: 0,
            by,
            at: Some(now),
            bytes: line.into_bytes(),
        });
    }

    /// What it does just now, in a few words.
    pub(crate) fn doing(&self) -> String {
        if let Some(report) = &self.report {
            return report.outcome.words().to_owned();
        }
        if self.undoing.is_some() {
            return "putting everything back".to_owned();
        }
        if self.cancelling {
            return "cancelling".to_owned();
        }
        self.replacing()
            .or_else(|| self.building())
            .unwrap_or_else(|| "starting".to_owned())
    }

    /// The step under way, which of how many it is, and the bytes on their way meanwhile.
    fn replacing(&self) -> Option<String> {
        let (one, step) = self
            .containers
            .iter()
            .filter_map(|one| Some((one, one.last()?)))
            .filter(|(_, (_, state, _))| matches!(state, StepState::Started))
            .map(|(one, (step, _, _))| (one, step))
            .next_back()?;
        let (at, all) = (one.done() + 1, one.course().len());
        let mut text = format!("{}: step {at} of {all}, {}", one.container, step.words());
        let transfer = self
            .transfers
            .iter()
            .rev()
            .find(|it| it.engine == one.engine && it.goes_on());
        if let Some(transfer) = transfer {
            text.push_str(&format!(", {}", transfer.words()));
        }
        Some(text)
    }

    /// The build step under way. Its own name says which of how many it is, where that is
    /// known; how many have begun so far is not how many there are.
    fn building(&self) -> Option<String> {
        let running = |step: &BuildStep| step.state == BuildState::Running;
        let steps = &self.build;
        let step = steps.iter().rfind(|step| running(step)).or(steps.last())?;
        Some(step.name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::step::Course;
    use crate::model::time::Span;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).expect("a time")
    }

    #[test]
    fn a_build_is_told_by_the_name_of_its_step() {
        let mut operation = Operation::unknown(OperationId("1".into()), at(0));
        for (id, state) in [
            ("a", BuildState::Done(Span::seconds(1))),
            ("b", BuildState::Running),
        ] {
            let name = format!("[{}/9] RUN {id}", if id == "a" { 1 } else { 2 });
            let id = id.to_owned();
            operation.told(Progress::Build(BuildStep { id, name, state }), at(0));
        }
        assert_eq!(operation.doing(), "[2/9] RUN b");
    }

    #[test]
    fn what_it_does_is_told_with_its_step_and_its_bytes() {
        let mut operation = Operation::unknown(OperationId("1".into()), at(0));
        let step = |step, state| Progress::Step {
            engine: "e".into(),
            container: "web".into(),
            step,
            state,
        };
        let [first, second, ..] = Course::Container.steps() else {
            panic!("two steps");
        };
        operation.told(step(*first, StepState::Done(Span::seconds(1))), at(0));
        operation.told(step(*second, StepState::Started), at(1));
        let said = format!(
            "web: step 2 of {}, {}",
            Course::Container.steps().len(),
            second.words()
        );
        assert_eq!(operation.doing(), said);
        for (second, done) in [(1, 0), (2, 1_000)] {
            let bytes = Progress::Bytes {
                engine: "e".into(),
                what: "web:1.0".into(),
                done: Bytes(done),
                total: Some(Bytes(4_000)),
            };
            operation.told(bytes, at(second));
        }
        let with_bytes = format!("{said}, 1 kB of 4 kB (25%), 1 kB/s, 3 s left");
        assert_eq!(operation.doing(), with_bytes);
    }
}
