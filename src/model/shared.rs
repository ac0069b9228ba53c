//! History that a team shares: records that lie beside the image in its registry. Nothing is
//! ever changed there: each operation adds one record when it begins and one when it ends, and
//! names what it saw before as its parents. Two that did not see each other share a parent:
//! a fork, which is shown.
//!
//! No registry can compare and swap. What stands in for it: whoever is about to move a tag
//! writes down that it begins, *then* looks who else has begun and not ended. Each writes
//! before it reads, so of two at once at least one sees the other; see [`turn`].

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::digest::Digest;
use super::event::{Event, Outcome};
use super::observation::{Health, LockSeen};
use super::plan::{Frozen, OperationKind};
use super::project::{EnvironmentName, ImageName};
use super::reference::ImageRef;
use super::run::Run;
use super::time::{Span, Timestamp};

/// How long an operation that began and did not end is waited for. Moving a tag takes
/// seconds, copying an image minutes; who takes longer than this was cut off.
pub const UNDER_WAY_FOR: Span = Span::seconds(15 * 60);

/// Where in an operation a record was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before anything was done.
    Begun,
    /// After all was done, or undone.
    Ended,
}

/// One line of the shared history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Before or after.
    pub phase: Phase,
    /// What is done, to what, by whom. Of one that begins, the outcome is what is meant.
    pub event: Event,
    /// The version before, with the digest its registry has it under.
    pub from: Option<Frozen>,
    /// The version after.
    pub to: Option<Frozen>,
    /// Since when the writer knew the tag to point to the version before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_since: Option<Timestamp>,
    /// The tag that is moved, for a channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ImageRef>,
    /// What whoever recovers it needs, where it begins: its target's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Value>,
    /// When it was written.
    pub written: Timestamp,
    /// The records that were the last ones when it was written.
    #[serde(default)]
    pub parents: Vec<Digest>,
}

/// A record as it lies in a registry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The digest of its manifest.
    pub digest: Digest,
    /// The tag that holds it.
    pub tag: String,
    /// What it says.
    pub record: Record,
}

/// Names one operation's work on one image in one environment.
type Key<'a> = (&'a str, &'a ImageName, Option<&'a EnvironmentName>);

fn key(record: &Record) -> Key<'_> {
    let event = &record.event;
    (&event.id.0, &event.image, event.environment.as_ref())
}

/// The operations that ended, oldest first. Of two ends of one operation (its karat was taken
/// for dead, and recovered, and lived) the first counts.
#[must_use]
pub fn ended(records: &[Kept]) -> Vec<&Record> {
    let mut all: Vec<&Record> = records
        .iter()
        .map(|kept| &kept.record)
        .filter(|record| record.phase == Phase::Ended)
        .collect();
    all.sort_by_key(|record| (record.written, record.event.time));
    let mut seen = HashSet::new();
    all.retain(|record| seen.insert(key(record)));
    all
}

/// The operations that began and did not end, oldest first.
#[must_use]
pub fn open(records: &[Kept]) -> Vec<&Kept> {
    let over: HashSet<Key<'_>> = records
        .iter()
        .filter(|kept| kept.record.phase == Phase::Ended)
        .map(|kept| key(&kept.record))
        .collect();
    let mut all: Vec<&Kept> = records
        .iter()
        .filter(|kept| kept.record.phase == Phase::Begun && !over.contains(&key(&kept.record)))
        .collect();
    all.sort_by_key(|kept| (kept.record.written, &kept.record.event.id));
    all
}

/// The last records: those that no other names as its parent.
#[must_use]
pub fn heads(records: &[Kept]) -> Vec<Digest> {
    let parents: HashSet<&Digest> = records
        .iter()
        .flat_map(|kept| &kept.record.parents)
        .collect();
    let mut heads: Vec<Digest> = records
        .iter()
        .map(|kept| &kept.digest)
        .filter(|digest| !parents.contains(digest))
        .cloned()
        .collect();
    heads.sort();
    heads
}

/// The operations whose record shares a parent with one of another operation on the same
/// image and environment: neither saw the other.
#[must_use]
pub fn forked(records: &[Kept]) -> HashSet<&str> {
    let mut children: HashMap<&Digest, Vec<&Record>> = HashMap::new();
    for kept in records {
        for parent in &kept.record.parents {
            children.entry(parent).or_default().push(&kept.record);
        }
    }
    let mut forked = HashSet::new();
    for siblings in children.values() {
        for one in siblings {
            let place =
                |record: &Record| (record.event.image.clone(), record.event.environment.clone());
            let other = siblings
                .iter()
                .any(|other| other.event.id != one.event.id && place(other) == place(one));
            if other {
                forked.insert(one.event.id.0.as_str());
            }
        }
    }
    forked
}

/// What an operation that has written down that it begins may do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nobody else is at it.
    Mine,
    /// Somebody else is, and it is for this one to let go.
    Theirs(Box<LockSeen>),
    /// Somebody else is, and will let go or be done in a moment: look again, and then read
    /// the tag again.
    Wait(Box<LockSeen>),
}

/// Whose turn it is to move a tag, for the operation `mine`, which has begun.
///
/// Who sees another has two cases. Either the other wrote first and did not see this one: it
/// goes on, and this one must not. Or both see each other. The one with the lower id waits,
/// the other lets go: so never do both go on, and never do both let go. Who waited reads the
/// tag once more, for the other may have moved it.
#[must_use]
pub fn turn(records: &[Kept], mine: &Record, now: Timestamp) -> Turn {
    let rivals = open(records).into_iter().map(|kept| &kept.record);
    let mut rivals = rivals.filter(|other| {
        other.event.id != mine.event.id
            && other.channel == mine.channel
            && other.channel.is_some()
            && !cut_off(other, now)
    });
    let Some(first) = rivals.next() else {
        return Turn::Mine;
    };
    let lower = std::iter::once(first)
        .chain(rivals)
        .find(|other| other.event.id < mine.event.id);
    match lower {
        Some(other) => Turn::Theirs(Box::new(lock(other))),
        None => Turn::Wait(Box::new(lock(first))),
    }
}

/// Whether an operation that has not ended is taken for dead.
#[must_use]
pub fn cut_off(record: &Record, now: Timestamp) -> bool {
    Span::between(record.written, now) > UNDER_WAY_FOR
}

/// An operation that has begun, as a lock is shown.
#[must_use]
pub fn lock(record: &Record) -> LockSeen {
    let event = &record.event;
    let to = event.to.as_ref().and_then(|mark| {
        let short = || mark.digest.as_ref().map(|digest| digest.short().to_owned());
        mark.version.clone().or_else(short)
    });
    let place = record.channel.as_ref().map(ImageRef::to_string);
    LockSeen {
        container: place.unwrap_or_default(),
        operation: event.id.clone(),
        summary: format!(
            "{} {}{} to {}",
            event.words(),
            event.image,
            event
                .environment
                .as_ref()
                .map_or_else(String::new, |name| format!(" in {name}")),
            to.as_deref().unwrap_or("?"),
        ),
        owner: event.who.clone(),
        since: record.written,
    }
}

/// The moves of a channel that were done, oldest first.
fn moves<'a>(records: &'a [Kept], channel: &ImageRef) -> Vec<&'a Record> {
    ended(records)
        .into_iter()
        .filter(|record| {
            record.channel.as_ref() == Some(channel) && record.event.outcome == Outcome::Done
        })
        .collect()
}

/// The operation that made a channel point to what it points to: the last one, if it did.
#[must_use]
pub fn mover<'a>(
    records: &'a [Kept],
    channel: &ImageRef,
    registry_digest: &Digest,
) -> Option<&'a Record> {
    let last = moves(records, channel).pop()?;
    let to = last.to.as_ref()?;
    (to.registry_digest.as_ref() == Some(registry_digest)).then_some(last)
}

/// When each digest was published, as far as the history says.
#[must_use]
pub fn published(records: &[Kept]) -> HashMap<Digest, Timestamp> {
    let done = ended(records).into_iter().filter(|record| {
        record.event.operation == OperationKind::Publish && record.event.outcome == Outcome::Done
    });
    done.filter_map(|record| {
        let digest = record.to.as_ref()?.registry_digest.clone()?;
        Some((digest, record.written))
    })
    .collect()
}

/// What a channel pointed to before: a run for each version that an operation replaced. One of
/// which nobody knows since when it was there is left out: it cannot be known good.
#[must_use]
pub fn runs(records: &[Kept], channel: &ImageRef) -> Vec<Run> {
    let moves = moves(records, channel);
    let mut runs = Vec::new();
    let mut before: Option<&Record> = None;
    for record in moves {
        if let Some(from) = &record.from {
            let put_there = before
                .filter(|last| {
                    last.to
                        .as_ref()
                        .is_some_and(|to| to.registry_digest == from.registry_digest)
                })
                .map(|last| last.written);
            if let Some(since) = put_there.into_iter().chain(record.from_since).min() {
                runs.push(run(record, from, since));
            }
        }
        before = Some(record);
    }
    runs
}

fn run(record: &Record, from: &Frozen, since: Timestamp) -> Run {
    let event = &record.event;
    let to = event.to.as_ref();
    Run {
        reference: from.reference().to_string(),
        version: Some(from.label.clone()),
        image_id: from.identity.clone(),
        identity: from.identity.clone(),
        since,
        until: record.written.max(since),
        restarts: 0,
        health: Health::NoCheck,
        ended_by: event.operation,
        heading: event.heading,
        operation: event.id.clone(),
        who: event.who.clone(),
        reason: event.reason.clone(),
        followed_by: to.and_then(|mark| mark.version.clone()).unwrap_or_default(),
        followed_by_identity: to.and_then(|mark| mark.digest.clone()),
        base: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::VersionMark;
    use super::super::plan::{Heading, OperationId};
    use super::super::reference::Repository;
    use super::super::testing::{digest, minute};
    use super::*;
    use proptest::prelude::*;

    const CHANNEL: &str = "reg.example.com/golden/web:prod";

    fn frozen(label: &str) -> Frozen {
        Frozen {
            label: label.to_owned(),
            identity: digest(label),
            content: None,
            repository: Repository::new("reg.example.com/golden/web"),
            tag: Some(label.to_owned()),
            registry_digest: Some(digest(&format!("manifest of {label}"))),
            size: None,
        }
    }

    fn record(id: &str, phase: Phase, from: &str, to: &str, at: i64) -> Record {
        let (from, to) = (frozen(from), frozen(to));
        Record {
            phase,
            event: Event {
                id: OperationId(id.to_owned()),
                time: minute(at),
                who: "ann@laptop".to_owned(),
                operation: OperationKind::Promote,
                heading: Heading::Back,
                image: "web".into(),
                environment: Some("prod".into()),
                from_environment: None,
                from: Some(VersionMark::from(&from)),
                to: Some(VersionMark::from(&to)),
                reason: None,
                outcome: Outcome::Done,
                duration: None,
                error: None,
                log: Vec::new(),
            },
            from: Some(from),
            to: Some(to),
            from_since: None,
            channel: Some(ImageRef::parse(CHANNEL).expect("a reference")),
            job: None,
            written: minute(at),
            parents: Vec::new(),
        }
    }

    fn kept(record: Record) -> Kept {
        let tag = format!("{}-{:?}", record.event.id, record.phase);
        Kept {
            digest: digest(&tag),
            tag,
            record,
        }
    }

    fn channel() -> ImageRef {
        ImageRef::parse(CHANNEL).expect("a reference")
    }

    #[test]
    fn what_began_is_open_until_it_ended() {
        let records = [
            kept(record("1", Phase::Begun, "a", "b", 0)),
            kept(record("1", Phase::Ended, "a", "b", 1)),
            kept(record("2", Phase::Begun, "b", "c", 2)),
        ];
        let open: Vec<&str> = open(&records)
            .iter()
            .map(|kept| kept.record.event.id.0.as_str())
            .collect();
        assert_eq!(open, ["2"]);
        assert_eq!(ended(&records).len(), 1);
    }

    #[test]
    fn runs_come_from_what_pointed_there_and_since_when() {
        let mut first = record("1", Phase::Ended, "a", "b", 0);
        first.from_since = Some(minute(-90));
        let records = [
            kept(first),
            kept(record("2", Phase::Ended, "b", "c", 60)),
            // Somebody else moved the tag meanwhile, at a time that nobody knows.
            kept(record("3", Phase::Ended, "x", "d", 90)),
        ];
        let runs = runs(&records, &channel());
        let spans: Vec<(&str, Timestamp, Timestamp)> = runs
            .iter()
            .map(|run| (run.version.as_deref().unwrap_or("?"), run.since, run.until))
            .collect();
        assert_eq!(
            spans,
            [("a", minute(-90), minute(0)), ("b", minute(0), minute(60))]
        );
        let there = digest("manifest of d");
        assert!(mover(&records, &channel(), &there).is_some());
        assert!(mover(&records, &channel(), &digest("manifest of c")).is_none());
    }

    #[test]
    fn an_operation_that_was_undone_moved_nothing() {
        let mut undone = record("1", Phase::Ended, "a", "b", 0);
        undone.event.outcome = Outcome::Undone;
        undone.from_since = Some(minute(-90));
        assert_eq!(runs(&[kept(undone)], &channel()), []);
    }

    #[test]
    fn forks_are_seen() {
        let root = kept(record("0", Phase::Ended, "a", "b", 0));
        let mut left = record("1", Phase::Ended, "b", "c", 1);
        let mut right = record("2", Phase::Ended, "b", "d", 1);
        left.parents = vec![root.digest.clone()];
        right.parents = vec![root.digest.clone()];
        let mut elsewhere = record("3", Phase::Ended, "b", "d", 1);
        elsewhere.event.environment = Some("dev".into());
        elsewhere.parents = vec![root.digest.clone()];
        let records = [root, kept(left), kept(right), kept(elsewhere)];
        let mut found: Vec<&str> = forked(&records).into_iter().collect();
        found.sort_unstable();
        assert_eq!(found, ["1", "2"]);
        assert_eq!(heads(&records).len(), 3);
    }

    #[test]
    fn one_that_is_long_gone_holds_nobody_up() {
        let mine = record("2", Phase::Begun, "b", "c", 30);
        let records = [
            kept(record("1", Phase::Begun, "a", "b", 0)),
            kept(mine.clone()),
        ];
        assert_eq!(turn(&records, &mine, minute(30)), Turn::Mine);
        assert!(matches!(turn(&records, &mine, minute(10)), Turn::Theirs(_)));
    }

    /// The protocol of [`turn`] for two or three karats, step by step in any order: begin,
    /// look, and then move, let go, or look again.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum At {
        Start,
        Begun,
        Moving,
        Gone,
    }

    proptest! {
        #[test]
        fn exactly_one_of_those_who_begin_at_once_moves_the_tag(
            schedule in proptest::collection::vec(0..3_usize, 40),
            ids in Just(["a", "b", "c"]).prop_shuffle(),
        ) {
            let mut at = [At::Start; 3];
            let mut records: Vec<Kept> = Vec::new();
            let mut pointer = "old";
            let mut moved = 0;
            // Everybody gets his turn in the end.
            let turns = schedule.into_iter().chain((0..30).map(|n| n % 3));
            for who in turns {
                let begin = record(ids[who], Phase::Begun, "old", ids[who], 0);
                let end = || kept(record(ids[who], Phase::Ended, "old", ids[who], 0));
                at[who] = match at[who] {
                    At::Start => {
                        records.push(kept(begin));
                        At::Begun
                    }
                    At::Begun => match turn(&records, &begin, minute(0)) {
                        Turn::Wait(_) => At::Begun,
                        Turn::Theirs(_) => { records.push(end()); At::Gone }
                        // Read before: another moved it, so what was planned is void.
                        Turn::Mine if pointer != "old" => { records.push(end()); At::Gone }
                        Turn::Mine => At::Moving,
                    },
                    At::Moving => {
                        moved += 1;
                        pointer = ids[who];
                        records.push(end());
                        At::Gone
                    }
                    At::Gone => At::Gone,
                };
                let movers = at.iter().filter(|one| **one == At::Moving).count();
                prop_assert!(movers <= 1, "{at:?}");
            }
            prop_assert_eq!(moved, 1);
            prop_assert!(open(&records).is_empty());
        }
    }
}
