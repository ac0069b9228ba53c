//! What happened before the demo begins: who put what where, when, and how that went. Told in
//! the labels of containers, as real ones carry it, and in the history of this machine.

use super::cast::{Build, Cast};
use super::dice::Dice;
use super::recipes::FAILING_TEST;
use super::table::{BUILDER, Line, Role};
use crate::model::event::{Event, Outcome, VersionMark};
use crate::model::observation::Health;
use crate::model::plan::{Heading, OperationId, OperationKind};
use crate::model::project::EnvironmentName;
use crate::model::reference::ImageRef;
use crate::model::run::Run;
use crate::model::step::Course;
use crate::model::time::{Span, Timestamp};

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// One version's time in one environment, in minutes before the demo begins.
#[derive(Clone, Debug)]
pub(super) struct Chapter {
    pub(super) version: &'static str,
    began: i64,
    ended: i64,
    health: Health,
    restarts: u64,
    by: OperationKind,
    heading: Heading,
    reason: Option<&'static str>,
}

const fn chapter(version: &'static str, began: i64, ended: i64) -> Chapter {
    Chapter {
        version,
        began,
        ended,
        health: Health::Healthy,
        restarts: 0,
        by: OperationKind::Promote,
        heading: Heading::Forward,
        reason: None,
    }
}

/// What is remembered.
pub(super) struct Past<'a> {
    pub(super) dice: Dice,
    pub(super) cast: &'a Cast,
    pub(super) start: Timestamp,
}

impl Past<'_> {
    /// So many minutes before the demo begins.
    pub(super) fn ago(&self, minutes: i64) -> Timestamp {
        self.start - chrono::TimeDelta::minutes(minutes)
    }

    /// When a version was built.
    pub(super) fn built(&self, line: &Line, version: &str) -> Timestamp {
        let newer = line.versions.len() - 1 - line.place_of(version).unwrap_or_default();
        let minutes = match i64::try_from(newer).unwrap_or_default() {
            0 => 26 * HOUR + self.throw(&format!("built {version}"), 18 * HOUR),
            newer => newer * 14 * DAY + self.throw(&format!("built {version}"), 6 * HOUR),
        };
        self.ago(minutes)
    }

    fn throw(&self, name: &str, below: i64) -> i64 {
        let sides = u64::try_from(below).unwrap_or_default();
        i64::try_from(self.dice.throw(name, sides)).unwrap_or_default()
    }

    /// What ran somewhere before what runs now, newest first, and since when that runs.
    pub(super) fn chapters(
        &self,
        line: &Line,
        place: &str,
        now: &'static str,
    ) -> (Vec<Chapter>, i64) {
        match (line.role, place) {
            (Role::Web, "prod") => (left_behind(), 15 * HOUR),
            (Role::Auth, "prod") => (eventful(), 20 * HOUR),
            _ => self.ordinary(line, place, now),
        }
    }

    /// One version after the other, each for some days.
    fn ordinary(&self, line: &Line, place: &str, now: &'static str) -> (Vec<Chapter>, i64) {
        let at = line.place_of(now).unwrap_or_default();
        let key = |what: &str| format!("{what} {:?} {place}", line.role);
        let since = if at + 1 == line.versions.len() {
            HOUR + self.throw(&key("since"), 19 * HOUR)
        } else {
            2 * DAY + self.throw(&key("since"), 10 * DAY)
        };
        let mut chapters = Vec::new();
        let mut ended = since;
        for version in line.versions.iter().take(at).rev() {
            let began = ended + 2 * DAY + self.throw(&key(version), 7 * DAY);
            let mut one = chapter(version, began, ended);
            if !line.checked {
                one.health = Health::NoCheck;
            }
            if place == "dev" {
                one.by = OperationKind::Rollback;
            }
            chapters.push(one);
            ended = began;
        }
        (chapters, since)
    }

    /// The operation that put a version somewhere so many minutes ago, and whose it was. One
    /// version may have been put there more than once.
    fn operation(
        &self,
        line: &Line,
        place: &str,
        (version, ago): (&str, i64),
    ) -> (OperationId, String) {
        let what = format!("operation {:?} {place} {version} {ago}", line.role);
        let id = OperationId(self.dice.hex(&what, 16));
        (id, self.cast.somebody(&what))
    }

    /// The runs that a container carries.
    pub(super) fn runs(&self, line: &Line, place: &str, now: &'static str) -> Vec<Run> {
        let (chapters, _) = self.chapters(line, place, now);
        let mut next = now;
        chapters
            .iter()
            .map(|chapter| {
                let identity = self.cast.identity(line.role, chapter.version, Build::First);
                let (operation, who) = self.operation(line, place, (next, chapter.ended));
                let run = Run {
                    reference: self.reference(line, chapter.version, None).to_string(),
                    version: Some(chapter.version.to_owned()),
                    image_id: identity.clone(),
                    identity,
                    since: self.ago(chapter.began),
                    until: self.ago(chapter.ended),
                    restarts: chapter.restarts,
                    health: chapter.health,
                    of: Course::Container,
                    ended_by: chapter.by,
                    heading: chapter.heading,
                    operation,
                    who,
                    reason: chapter.reason.map(str::to_owned),
                    followed_by: next.to_owned(),
                    followed_by_identity: Some(self.cast.identity(line.role, next, Build::First)),
                    base: None,
                };
                next = chapter.version;
                run
            })
            .collect()
    }

    /// What is recorded of a version on the container that runs it.
    pub(super) fn reference(&self, line: &Line, version: &str, tag: Option<&str>) -> ImageRef {
        let manifest = format!("manifest {:?} {version}", line.role);
        let digest = if line.hosted {
            self.dice.digest(&manifest)
        } else {
            self.cast.identity(line.role, version, Build::First)
        };
        ImageRef {
            repository: self.cast.repository(line.role, line.hosted),
            tag: Some(tag.unwrap_or(version).to_owned()),
            digest: Some(digest),
        }
    }

    /// The event that put what runs now where it runs.
    pub(super) fn arrival(&self, line: &Line, place: &str, now: &'static str) -> Option<Event> {
        let (chapters, since) = self.chapters(line, place, now);
        let before = chapters.first()?;
        let mark = |version: &str| VersionMark {
            version: Some(version.to_owned()),
            digest: Some(self.cast.identity(line.role, version, Build::First)),
        };
        let (id, who) = self.operation(line, place, (now, since));
        Some(Event {
            id,
            time: self.ago(since),
            who,
            operation: before.by,
            heading: before.heading,
            from_environment: None,
            image: self.cast.name(line.role),
            environment: Some(EnvironmentName::from(place)),
            from: Some(mark(before.version)),
            to: Some(mark(now)),
            reason: before.reason.map(str::to_owned),
            outcome: Outcome::Done,
            duration: None,
            error: None,
            log: Vec::new(),
        })
    }

    /// The same event as this machine remembers it: with how long it took.
    pub(super) fn remembered(&self, arrival: Event) -> Event {
        let seconds = 9 + self.dice.throw(&format!("took {}", arrival.id), 31);
        Event {
            duration: Some(Span::seconds(seconds)),
            ..arrival
        }
    }

    /// What left no trace on any container: builds, and what failed.
    pub(super) fn others(&self) -> Vec<Event> {
        let said = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        let mut failed_build = self.event((Role::Reports, None), ("4.1.0", "4.2.0"), 10 * HOUR);
        failed_build.outcome = Outcome::Failed;
        failed_build.error = Some(
            "the step `[7/9] RUN cargo test --release` failed: process \"/bin/sh -c cargo test --release\" did not complete successfully: exit code: 101; correct the recipe and rebuild".to_owned(),
        );
        failed_build.log = said(&FAILING_TEST);
        let canary = EnvironmentName::from("canary");
        let mut undone = self.event(
            (Role::Payments, Some(canary.clone())),
            ("3.2.0", "3.3.0"),
            40,
        );
        undone.outcome = Outcome::Undone;
        undone.error = Some(format!(
            "the new {} on ssh://deploy@canary became unhealthy: {}",
            self.cast.image(Role::Payments),
            super::lay::SCHEMA_IS_OLD[1]
        ));
        undone.log = said(&super::lay::SCHEMA_IS_OLD);
        let prod = EnvironmentName::from("prod");
        let mut cancelled = self.event((Role::Api, Some(prod)), ("2.8.0", "2.8.1"), 2 * DAY + 95);
        cancelled.outcome = Outcome::Cancelled;
        cancelled.reason = Some("not on a Friday".to_owned());
        let mut locked = self.event(
            (Role::Search, Some(canary)),
            ("2026.11.1", "2026.11.3"),
            20 * HOUR,
        );
        locked.outcome = Outcome::Locked;
        locked.duration = Some(Span::seconds(1));
        let built = [
            (Role::Web, "1.5.0", "1.6.0-rc.1"),
            (Role::Payments, "3.2.0", "3.3.0"),
            (Role::Gateway, "5.0.3", "5.1.0"),
        ];
        let built = built.map(|(role, from, to)| {
            let line = super::table::line(role);
            let at = line.map_or(self.start, |line| self.built(line, to));
            Event {
                time: at,
                who: BUILDER.to_owned(),
                ..self.event((role, None), (from, to), 0)
            }
        });
        let mut all = vec![failed_build, undone, cancelled, locked];
        all.extend(built);
        all
    }

    fn event(
        &self,
        (role, environment): (Role, Option<EnvironmentName>),
        (from, to): (&str, &str),
        minutes: i64,
    ) -> Event {
        let what = format!("{role:?} {environment:?} {from} {to}");
        let mark = |version: &str| VersionMark {
            version: Some(version.to_owned()),
            digest: Some(self.cast.identity(role, version, Build::First)),
        };
        let is_build = environment.is_none();
        Event {
            id: OperationId(self.dice.hex(&format!("event {what}"), 16)),
            time: self.ago(minutes),
            who: if is_build {
                BUILDER.to_owned()
            } else {
                self.cast.somebody(&what)
            },
            operation: if is_build {
                OperationKind::Rebuild
            } else {
                OperationKind::Promote
            },
            heading: Heading::Back,
            from_environment: None,
            image: self.cast.name(role),
            environment,
            from: Some(mark(from)),
            to: Some(mark(to)),
            reason: None,
            outcome: Outcome::Done,
            duration: Some(Span::seconds(11 + self.dice.throw(&what, 70))),
            error: None,
            log: Vec::new(),
        }
    }
}

/// A version left behind by a roll back, and older ones to go back to.
fn left_behind() -> Vec<Chapter> {
    vec![
        Chapter {
            by: OperationKind::Rollback,
            heading: Heading::Back,
            reason: Some("checkout is slow, incident 4711"),
            ..chapter("1.5.0", 39 * HOUR, 15 * HOUR)
        },
        chapter("1.4.1", 300 * HOUR, 39 * HOUR),
        chapter("1.4.0", 900 * HOUR, 300 * HOUR),
        chapter("1.3.2", 1_200 * HOUR, 900 * HOUR),
    ]
}

/// Runs that do not count, each for a reason of its own.
fn eventful() -> Vec<Chapter> {
    let soon = 20 * HOUR + 12;
    vec![
        chapter("2.4.1", soon, 20 * HOUR),
        Chapter {
            health: Health::Unhealthy,
            ..chapter("2.4.0-rc.1", 60 * HOUR, soon)
        },
        Chapter {
            restarts: 3,
            ..chapter("2.3.9", 300 * HOUR, 60 * HOUR)
        },
        chapter("2.3.8", 900 * HOUR, 300 * HOUR),
    ]
}
