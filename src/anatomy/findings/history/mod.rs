//! Habits of Dockerfiles that the history tells of. Where the layer can be looked at, what
//! counts is what is in it, not what the instruction leaves unsaid: a cache mount leaves no
//! trace in the history, and none in the layer.
//!
//! | file | subject |
//! |---|---|
//! | `installs` | how a RUN installs packages, and what it leaves behind |
//! | `habits` | what else a RUN does: scripts from the network, owners, sudo |
//! | `copied` | files brought in: from the network, or a whole build context |

mod copied;
mod habits;
mod installs;

use super::finding::{Finding, Places, Severity};
use super::ids::FindingId;
use super::shell::{Command, commands, script};
use crate::anatomy::image::Step;
use crate::anatomy::merged::LayerNo;
use crate::anatomy::whole::Anatomy;

/// RUN steps in a row that are worth a word.
const IN_A_ROW: usize = 3;
/// Less is a lock file or an empty directory's log.
const AT_LEAST: u64 = 10_000;

/// One RUN step, read.
struct Run<'a> {
    step: &'a Step,
    commands: Vec<Command>,
    /// Its layer, where that is known and there.
    layer: Option<LayerNo>,
}

pub(super) fn findings(anatomy: &Anatomy, places: &Places<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for step in &anatomy.facts.history.steps {
        let layer = layer_of(anatomy, step);
        let place = || places.step(step.number, &step.instruction);
        let found: Vec<Finding> = match script(&step.instruction) {
            Some(script) => {
                let run = Run {
                    step,
                    commands: commands(script),
                    layer,
                };
                run.findings(anatomy)
            }
            None => copied::add_remote(step)
                .into_iter()
                .chain(copied::context(anatomy, step, layer))
                .collect(),
        };
        findings.extend(found.into_iter().map(|finding| finding.at(place())));
    }
    findings.extend(in_a_row(anatomy, places));
    findings
}

/// The layer a step made, if its content is there.
fn layer_of(anatomy: &Anatomy, step: &Step) -> Option<LayerNo> {
    let made = |facts: &crate::anatomy::image::LayerFacts| {
        facts.step.as_ref().map(|it| it.number) == Some(step.number)
    };
    let place = anatomy.facts.layers.iter().position(made)?;
    let is_there = anatomy.archives.get(place).is_some_and(Option::is_some);
    let layer = u16::try_from(place).ok().map(LayerNo);
    layer.filter(|_| is_there)
}

impl Run<'_> {
    fn findings(&self, anatomy: &Anatomy) -> Vec<Finding> {
        [
            self.apt_update_alone(),
            self.apt_recommends(),
            self.no_cleanup(anatomy),
            self.upgrade(),
            self.pip(anatomy),
            self.npm(),
            self.pipe_to_shell(),
            self.ownership(anatomy),
            self.sudo(),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn number(&self) -> usize {
        self.step.number
    }

    fn all(&self, programs: &'static [&'static str]) -> impl Iterator<Item = &Command> {
        let of = move |command: &&Command| programs.contains(&behind_sudo(command).program());
        self.commands.iter().filter(of)
    }
}

/// What sudo runs.
fn behind_sudo(command: &Command) -> Command {
    if command.program() != "sudo" {
        return command.clone();
    }
    let words = command.words.iter().skip(1);
    let words = words.skip_while(|word| word.starts_with('-') || word.contains('='));
    Command {
        words: words.cloned().collect(),
        piped: command.piped,
    }
}

/// RUN steps in a row, the longest rows.
fn in_a_row(anatomy: &Anatomy, places: &Places<'_>) -> Option<Finding> {
    let steps = &anatomy.facts.history.steps;
    let is_run = |step: &Step| !step.empty && script(&step.instruction).is_some();
    let rows = steps.chunk_by(|one, two| is_run(one) == is_run(two));
    let rows = rows.filter(|row| row.first().is_some_and(is_run));
    let longest = rows.max_by_key(|row| row.len())?;
    let first = longest.first().filter(|_| longest.len() >= IN_A_ROW)?;
    let last = longest.last()?;
    let count = longest.len();
    let title = format!(
        "{count} RUN steps in a row, {} to {}",
        first.number, last.number
    );
    Some(
        Finding::new(
            FindingId::ConsecutiveRuns,
            Severity::Note,
            title,
            "Put together with && what always changes together; what one writes and another deletes stays in the image otherwise.",
        )
        .at(places.step(first.number, &first.instruction)),
    )
}
