//! Known good: the version an environment can be put back on without asking anybody.
//!
//! It is the newest recorded run for which all of these hold:
//! 1. it ran there for at least the soak without a restart, and was healthy when last read,
//!    or has no health check (which is said);
//! 2. its identity is not the one running now;
//! 3. neither it nor an ancestor is revoked;
//! 4. it can be had now: every engine has it, or it can be fetched from a registry, or
//!    streamed from another engine;
//! 5. no earlier roll back in this environment left it behind, unless somebody picked it by
//!    name since. Rolling forward to a newer version by name leaves nothing behind.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::digest::Digest;
use super::observation::Health;
use super::plan::{Heading, OperationId, OperationKind};
use super::run::Run;

/// What there is to go back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The run to go back to.
    pub choice: Option<Run>,
    /// Every run that does not count, newest first, and why it was passed over. Runs older
    /// than the choice that would have counted as well are not among them.
    pub passed_over: Vec<PassedOver>,
}

/// A run that does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// Which run.
    pub run: Run,
    /// Why not.
    pub why: Objection,
}

/// Why a run does not count as known good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Objection {
    /// It is what runs now.
    RunsNow,
    /// It ran for less than the soak.
    TooShort,
    /// It was restarted.
    Restarted,
    /// It was not healthy when last read.
    NotHealthy,
    /// It, or what it was built from, is revoked.
    Revoked,
    /// No engine and no registry has it any more.
    Gone,
    /// A roll back left it behind.
    LeftBehind,
    /// A newer run of the same version was already considered.
    OlderRun,
}

impl Objection {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::RunsNow => "it is what runs now",
            Self::TooShort => "it ran for less than the soak",
            Self::Restarted => "it was restarted while it ran",
            Self::NotHealthy => "it was not healthy when last read",
            Self::Revoked => "it is revoked",
            Self::Gone => "no engine and no registry has it any more",
            Self::LeftBehind => "a roll back left it behind",
            Self::OlderRun => "a newer run of the same version counts",
        }
    }
}

/// What is asked.
pub struct Question<'a> {
    /// Recorded runs, in any order, from every container of the deployment.
    pub runs: &'a [Run],
    /// The identities that run now.
    pub running: &'a [Digest],
    /// The environment's soak.
    pub soak: super::time::Span,
    /// Whether a run's version is revoked.
    pub revoked: &'a dyn Fn(&Run) -> bool,
    /// Whether a run's version can be had now.
    pub obtainable: &'a dyn Fn(&Run) -> bool,
}

/// Finds what there is to go back to.
///
/// Only the newest operation that ended a version counts for it; where that ended several
/// containers, the version counts only if none of them objects, and the worst objection is
/// the reason. A rebuild of the same label is another version: identities are compared.
#[must_use]
pub fn judge(question: &Question<'_>) -> Verdict {
    let mut runs: Vec<&Run> = question.runs.iter().collect();
    runs.sort_by(|a, b| newest_first(a, b));
    let mut newest_operation: HashMap<&Digest, &OperationId> = HashMap::new();
    for run in &runs {
        newest_operation
            .entry(&run.identity)
            .or_insert(&run.operation);
    }
    // The run that speaks for each identity: of its newest operation the worst, then newest.
    let mut speakers: HashMap<&Digest, (Option<Objection>, usize)> = HashMap::new();
    for (place, run) in runs.iter().enumerate() {
        if newest_operation.get(&run.identity) != Some(&&run.operation) {
            continue;
        }
        let why = objection(run, question);
        let speaker = speakers.entry(&run.identity).or_insert((why, place));
        if why.map(weight) > speaker.0.map(weight) {
            *speaker = (why, place);
        }
    }
    let mut verdict = Verdict {
        choice: None,
        passed_over: Vec::new(),
    };
    for (place, run) in runs.into_iter().enumerate() {
        let why = match speakers.get(&run.identity) {
            Some((Some(why), speaker)) if *speaker == place => *why,
            Some((None, speaker)) if *speaker == place && verdict.choice.is_none() => {
                verdict.choice = Some(run.clone());
                continue;
            }
            // Good as well, but a newer version was chosen: nothing to say against it.
            Some((None, speaker)) if *speaker == place => continue,
            _ => Objection::OlderRun,
        };
        verdict.passed_over.push(PassedOver {
            run: run.clone(),
            why,
        });
    }
    verdict
}

/// Newest first; two containers that were ended at the same moment in a fixed order.
fn newest_first(a: &Run, b: &Run) -> Ordering {
    let key = |run: &Run| (run.until, run.since);
    key(b)
        .cmp(&key(a))
        .then_with(|| a.identity.cmp(&b.identity))
        .then_with(|| a.operation.cmp(&b.operation))
        .then_with(|| a.reference.cmp(&b.reference))
}

/// The weightiest objection to a run of an identity's newest operation.
///
/// A restart objects however long the container has been up since: the engine counts
/// restarts but does not say when they were, and a version that falls over now and then is
/// not what anybody wants to be woken by twice.
fn objection(run: &Run, question: &Question<'_>) -> Option<Objection> {
    let healthy = matches!(run.health, Health::Healthy | Health::NoCheck);
    [
        (question.running.contains(&run.identity), Objection::RunsNow),
        ((question.revoked)(run), Objection::Revoked),
        (
            run.ended_by == OperationKind::Rollback && run.heading == Heading::Back,
            Objection::LeftBehind,
        ),
        (!(question.obtainable)(run), Objection::Gone),
        (!healthy, Objection::NotHealthy),
        (run.restarts > 0, Objection::Restarted),
        (run.span() < question.soak, Objection::TooShort),
    ]
    .into_iter()
    .find_map(|(objects, why)| objects.then_some(why))
}

/// How weighty an objection is: what nothing can heal first.
const fn weight(why: Objection) -> u8 {
    match why {
        Objection::RunsNow => 7,
        Objection::Revoked => 6,
        Objection::LeftBehind => 5,
        Objection::Gone => 4,
        Objection::NotHealthy => 3,
        Objection::Restarted => 2,
        Objection::TooShort => 1,
        Objection::OlderRun => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{digest, run};
    use super::super::time::Span;
    use super::*;
    use proptest::prelude::*;

    fn ask(runs: &[Run], running: &[&str]) -> Verdict {
        let running: Vec<Digest> = running.iter().map(|id| digest(id)).collect();
        judge(&Question {
            runs,
            running: &running,
            soak: Span::seconds(600),
            revoked: &|run| run.version.as_deref() == Some("revoked"),
            obtainable: &|run| run.version.as_deref() != Some("gone"),
        })
    }

    fn chosen(verdict: &Verdict) -> Option<&str> {
        verdict.choice.as_ref()?.version.as_deref()
    }

    fn passed(verdict: &Verdict) -> Vec<(&str, Objection)> {
        let all = verdict.passed_over.iter();
        all.map(|one| (one.run.version.as_deref().unwrap_or("?"), one.why))
            .collect()
    }

    #[test]
    fn with_no_runs_there_is_nothing_to_go_back_to() {
        let verdict = ask(&[], &["now"]);
        assert_eq!((verdict.choice, verdict.passed_over.len()), (None, 0));
    }

    #[test]
    fn each_rule_objects() {
        type Change = fn(&mut Run);
        let cases: [(&str, Change, Option<Objection>); 13] = [
            ("a", |_| {}, None),
            ("a", |run| run.health = Health::NoCheck, None),
            ("a", |run| run.ended_by = OperationKind::Recover, None),
            (
                "a",
                |run| run.since = run.until - chrono::TimeDelta::minutes(10),
                None,
            ),
            ("now", |_| {}, Some(Objection::RunsNow)),
            ("revoked", |_| {}, Some(Objection::Revoked)),
            ("gone", |_| {}, Some(Objection::Gone)),
            (
                "a",
                |run| run.ended_by = OperationKind::Rollback,
                Some(Objection::LeftBehind),
            ),
            (
                "a",
                |run| {
                    run.ended_by = OperationKind::Rollback;
                    run.heading = Heading::Forward;
                },
                None,
            ),
            (
                "a",
                |run| run.health = Health::Starting,
                Some(Objection::NotHealthy),
            ),
            (
                "a",
                |run| run.health = Health::NotRunning,
                Some(Objection::NotHealthy),
            ),
            ("a", |run| run.restarts = 1, Some(Objection::Restarted)),
            (
                "a",
                |run| run.since = run.until - chrono::TimeDelta::seconds(599),
                Some(Objection::TooShort),
            ),
        ];
        for (id, change, want) in cases {
            let mut one = run(id, 0);
            change(&mut one);
            let verdict = ask(&[one], &["now"]);
            assert_eq!(verdict.choice.is_some(), want.is_none(), "{id} {want:?}");
            assert_eq!(verdict.passed_over.first().map(|p| p.why), want, "{id}");
        }
    }

    #[test]
    fn the_newest_acceptable_run_is_chosen() {
        let verdict = ask(
            &[
                run("older", 1),
                run("good", 2),
                run("gone", 3),
                run("good", 0),
                run("now", 4),
            ],
            &["now"],
        );
        assert_eq!(chosen(&verdict), Some("good"));
        assert_eq!(
            passed(&verdict),
            [
                ("now", Objection::RunsNow),
                ("gone", Objection::Gone),
                ("good", Objection::OlderRun),
            ]
        );
    }

    #[test]
    fn rolling_back_walks_backwards_and_never_toggles() {
        // 1 then 2 then 3; rolled back from 3 to 2; asked again from 2.
        let mut left = run("3", 3);
        left.ended_by = OperationKind::Rollback;
        let runs = [run("1", 1), run("2", 2), left];
        let verdict = ask(&runs, &["2"]);
        assert_eq!(chosen(&verdict), Some("1"));
        assert!(passed(&verdict).contains(&("3", Objection::LeftBehind)));
    }

    #[test]
    fn a_version_picked_again_by_name_is_clean_once_it_ended_well() {
        let mut left = run("3", 3);
        left.ended_by = OperationKind::Rollback;
        let runs = [left, run("3", 5), run("2", 4)];
        assert_eq!(chosen(&ask(&runs, &["4"])), Some("3"));
    }

    #[test]
    fn one_bad_container_of_several_speaks_for_all() {
        let mut bad = run("good", 2);
        bad.health = Health::Unhealthy;
        let mut worse = run("good", 2);
        worse.restarts = 3;
        let verdict = ask(&[run("good", 2), worse, bad, run("other", 1)], &["now"]);
        assert_eq!(chosen(&verdict), Some("other"));
        assert_eq!(
            passed(&verdict)
                .iter()
                .filter(|(id, _)| *id == "good")
                .count(),
            3
        );
        assert!(passed(&verdict).contains(&("good", Objection::NotHealthy)));
    }

    fn any_run() -> impl Strategy<Value = Run> {
        (
            prop_oneof![
                Just("a"),
                Just("b"),
                Just("now"),
                Just("revoked"),
                Just("gone")
            ],
            0..20_i64,
            0..30_i64,
            0..2_u64,
            prop_oneof![
                Just(Health::Healthy),
                Just(Health::NoCheck),
                Just(Health::Unhealthy)
            ],
            any::<bool>(),
            0..4_u8,
        )
            .prop_map(|(id, until, minutes, restarts, health, back, operation)| {
                let mut run = run(id, until);
                run.since = run.until - chrono::TimeDelta::minutes(minutes);
                run.restarts = restarts;
                run.health = health;
                run.operation = OperationId(operation.to_string());
                if back {
                    run.ended_by = OperationKind::Rollback;
                }
                run
            })
    }

    proptest! {
        #[test]
        fn the_choice_keeps_every_rule(runs in proptest::collection::vec(any_run(), 0..12)) {
            let verdict = ask(&runs, &["now"]);
            // The newest operation of an identity, said once more in the plainest way.
            let newest = |identity: &Digest| {
                let mut of: Vec<&Run> = runs.iter().filter(|r| &r.identity == identity).collect();
                of.sort_by(|a, b| newest_first(a, b));
                let operation = of.first().map(|r| r.operation.clone());
                of.retain(|r| Some(&r.operation) == operation.as_ref());
                of
            };
            let fine = |run: &Run| newest(&run.identity).iter().all(|r| {
                !matches!(r.version.as_deref(), Some("now" | "revoked" | "gone"))
                    && r.ended_by != OperationKind::Rollback
                    && r.restarts == 0
                    && r.health != Health::Unhealthy
                    && r.span() >= Span::seconds(600)
            });
            let best = runs.iter().filter(|r| fine(r)).map(|r| r.until).max();
            prop_assert_eq!(verdict.choice.as_ref().map(|r| r.until), best);
            if let Some(choice) = &verdict.choice {
                prop_assert!(fine(choice));
            }
            for one in &verdict.passed_over {
                prop_assert!(one.why == Objection::OlderRun || !fine(&one.run));
            }
        }

        #[test]
        fn the_order_of_the_runs_does_not_matter(
            runs in proptest::collection::vec(any_run(), 0..8)
        ) {
            let mut reversed = runs.clone();
            reversed.reverse();
            let (one, other) = (ask(&runs, &["now"]), ask(&reversed, &["now"]));
            prop_assert_eq!(
                one.choice.map(|r| (r.until, r.identity)),
                other.choice.map(|r| (r.until, r.identity))
            );
        }
    }
}
