//! Every list by every column, both ways round: what each is sorted by is what it shows, ties
//! stay as they were, and what is not known comes last whichever way.

use std::collections::BTreeSet;
use std::fmt::Debug;

use super::fixture::{ago, cell, engine, environments, fleet, frozen, now, replica, run};
use crate::config::{EnginesBy, HistoryBy, OperationsBy, Sort, SortKey, VersionsBy};
use crate::model::bytes::Bytes;
use crate::model::catalog::Version;
use crate::model::digest::Digest;
use crate::model::event::{Event, Outcome, VersionMark};
use crate::model::fleet::{EngineState, Fleet, Link, Row};
use crate::model::known_good::{Objection, PassedOver};
use crate::model::observation::Health;
use crate::model::plan::{Heading, OperationId, OperationKind};
use crate::model::progress::Report;
use crate::model::time::Span;
use crate::tui::listing::Rows;
use crate::tui::listing::rows::{EngineRows, HistoryRows, OperationRows, VersionRows};
use crate::tui::operation::Operation;

/// Compares each order with the letters of the rows, `a` the first of the list's own order:
/// by each column, the natural way and the other.
fn orders<K: SortKey + Debug, R: Rows>(rows: impl Fn(Sort<K>) -> R, table: &[(K, &str, &str)]) {
    let columns: Vec<K> = table.iter().map(|(by, ..)| *by).collect();
    assert_eq!(columns, K::ALL, "a line for every column");
    for (by, natural, turned) in table {
        for (reversed, wanted) in [(false, natural), (true, turned)] {
            let rows = rows(Sort { by: *by, reversed });
            let mut order: Vec<usize> = (0..rows.len()).collect();
            rows.sort(&mut order);
            let letters = order.iter().map(|at| ('a'..='z').nth(*at));
            let sorted: Option<String> = letters.collect();
            assert_eq!(
                sorted.as_deref(),
                Some(*wanted),
                "by {by:?}, reversed: {reversed}"
            );
        }
    }
}

/// Digests in an order of their own.
fn digest(first: u8) -> Digest {
    Digest::from_sha256(&[first; 32])
}

fn version(first: u8, built: Option<i64>, size: Option<u64>, tags: &[&str]) -> Version {
    Version {
        label: None,
        identity: digest(first),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        created: built.map(ago),
        size: size.map(Bytes),
        ..fleet().rows[2].catalog.versions[0].clone()
    }
}

/// `a` runs in two places, `b` in one, `c` is known good in two, `d` in one and left behind
/// elsewhere, `e` is left behind, `f` is revoked although known good; `g` is nothing.
fn catalog() -> Row {
    let mut row = fleet().rows[2].clone();
    row.catalog.versions = vec![
        version(4, Some(10), Some(200), &["2.10.0", "latest"]),
        version(2, Some(50), Some(300), &["2.9.0"]),
        version(6, None, Some(200), &[]),
        version(1, Some(30), None, &["1.0.0"]),
        version(7, Some(30), Some(100), &["0.9.0"]),
        version(3, Some(90), Some(900), &["0.8.0"]),
        version(5, None, None, &[]),
    ];
    row.catalog.versions[5].revoked = true;
    let runs = |first: u8| {
        let mut one = replica("e", "web", ("web", "1"), Health::Healthy, 1);
        one.identity = digest(first);
        cell(vec![one])
    };
    let good = |first: u8| {
        let mut run = run("web", "1", 2, 1);
        run.identity = digest(first);
        run
    };
    row.cells = vec![runs(4), runs(4), runs(2), runs(9)];
    for (at, first) in [6, 6, 1, 3].into_iter().enumerate() {
        let verdict = row.cells[at].known_good.as_mut().expect("a verdict");
        verdict.choice = Some(good(first));
    }
    let behind = |first: u8| PassedOver {
        run: good(first),
        why: Objection::LeftBehind,
    };
    let verdict = row.cells[3].known_good.as_mut().expect("a verdict");
    verdict.passed_over = vec![behind(1), behind(7)];
    row
}

#[test]
fn of_versions() {
    let (fleet, row) = (fleet(), catalog());
    let rows = |sort| VersionRows::new(&fleet, &row, sort);
    orders(
        rows,
        &[
            // The catalog's own order: the newest first.
            (VersionsBy::Version, "abcdefg", "gfedcba"),
            (VersionsBy::Digest, "dbfagce", "ecgafbd"),
            // What runs nowhere shows nothing.
            (VersionsBy::RunsIn, "abcdefg", "bacdefg"),
            // Two places, one, none, left behind, revoked.
            (VersionsBy::KnownGood, "cdabgef", "feabgdc"),
            (VersionsBy::Age, "adebfcg", "fbdeacg"),
            (VersionsBy::Size, "fbacedg", "eacbfdg"),
            // Figures count by their value.
            (VersionsBy::Tags, "fedbacg", "abdefcg"),
        ],
    );
}

fn event(time: i64, outcome: Outcome, kind: OperationKind) -> Event {
    Event {
        id: OperationId("0011223344556677".into()),
        time: ago(time),
        who: "mara@laptop".into(),
        operation: kind,
        heading: Heading::Back,
        image: "web".into(),
        environment: None,
        from_environment: None,
        from: None,
        to: None,
        reason: None,
        outcome,
        duration: None,
        error: None,
        log: Vec::new(),
    }
}

fn events() -> Vec<Event> {
    use OperationKind::{Promote, Rebuild, Rollback};
    let labelled = |label: &str| Some(VersionMark::from(&frozen("web", label)));
    let mut events = vec![
        event(1, Outcome::Done, Promote),
        event(1, Outcome::Failed, Promote),
        event(3, Outcome::NeedsRecover, Rollback),
        event(4, Outcome::Cancelled, Rollback),
        event(5, Outcome::Undone, Rebuild),
        event(6, Outcome::Locked, Rebuild),
    ];
    let [a, b, c, d, e, f] = events.as_mut_slice() else {
        unreachable!("six of them");
    };
    (a.image, a.environment) = ("web".into(), Some("prod".into()));
    (b.image, b.environment) = ("api".into(), Some("gone".into()));
    (c.image, c.environment) = ("cart".into(), Some("dev".into()));
    (d.image, d.environment) = ("base".into(), Some("prod".into()));
    // It went the other way: it is called so.
    c.heading = Heading::Forward;
    (a.to, b.to, d.to) = (labelled("1.10.0"), labelled("1.9.0"), labelled("1.10.0"));
    (b.who, c.who, d.who) = (String::new(), "joe@ci".into(), "ann@pc".into());
    (a.reason, c.reason) = (Some("slow".into()), Some("carts".into()));
    f.reason = Some(String::new());
    (a.duration, b.duration) = (Some(Span::seconds(9)), Some(Span::seconds(100)));
    (e.duration, f.duration) = (Some(Span::seconds(9)), Some(Span::seconds(1)));
    events
}

#[test]
fn of_events() {
    let (fleet, events, quick) = (fleet(), events(), BTreeSet::new());
    let forks = BTreeSet::new();
    let rows = |sort| HistoryRows {
        fleet: &fleet,
        forks: &forks,
        events: &events,
        quick: &quick,
        midnight: now(),
        sort,
    };
    orders(
        rows,
        &[
            (HistoryBy::When, "abcdef", "fedcab"),
            (HistoryBy::Outcome, "cebfda", "adfbec"),
            (HistoryBy::What, "abefdc", "cdefab"),
            (HistoryBy::Image, "bdcaef", "aefcdb"),
            // Upstream first, behind them one that is gone; a rebuild is nowhere.
            (HistoryBy::Environment, "cadbef", "badcef"),
            (HistoryBy::Version, "badcef", "adbcef"),
            (HistoryBy::Who, "dcaefb", "aefcdb"),
            (HistoryBy::Why, "cabdef", "acbdef"),
            (HistoryBy::Took, "baefcd", "faebcd"),
        ],
    );
}

fn operation(summary: &str, since: i64, ended: Option<(Outcome, &str)>) -> Operation {
    let mut one = Operation::unknown(OperationId(summary.into()), ago(since));
    one.summary = summary.into();
    one.report = ended.map(|(outcome, error)| Report {
        id: one.id.clone(),
        outcome,
        summary: String::new(),
        error: (!error.is_empty()).then(|| error.to_owned()),
        events: Vec::new(),
        duration: Span::seconds(1),
    });
    one
}

#[test]
fn of_operations() {
    let mut operations = vec![
        operation("promote web", 9, None),
        operation("rebuild base", 10, None),
        operation("roll back web", 10, Some((Outcome::Done, ""))),
        operation("roll back api", 30, Some((Outcome::Failed, "no space"))),
        operation("promote api", 40, Some((Outcome::NeedsRecover, "it died"))),
        operation("rebuild web", 50, Some((Outcome::Failed, "exit code 2"))),
    ];
    operations[1].cancelling = true;
    let rows = |sort| OperationRows {
        operations: &operations,
        sort,
    };
    orders(
        rows,
        &[
            // Those that run, then the worst.
            (OperationsBy::State, "abedfc", "cdfeab"),
            (OperationsBy::Operation, "eabfdc", "cdfbae"),
            (OperationsBy::Since, "abcdef", "fedbca"),
            // `cancelling`, `exit …`, `it …`, `no …`, `starting`; nothing is said of one.
            (OperationsBy::Now, "bfedac", "adefbc"),
        ],
    );
}

/// Engines `a` to `f`, by name.
fn engines() -> Fleet {
    let mut fleet = fleet();
    fleet.environments = environments();
    for (at, engines) in [vec!["b", "a"], vec!["b"], vec!["c", "e"], vec!["c"]]
        .into_iter()
        .enumerate()
    {
        fleet.environments[at].engines = engines.into_iter().map(Into::into).collect();
    }
    let down = || Link::Down {
        error: "no answer".into(),
        since: ago(5),
        retry_at: None,
    };
    let containers = fleet.rows[2].cells[3].deployment.clone().expect("runs");
    let known = |link, version: &str, seen: i64, images: Option<usize>, count: usize| {
        let (_, mut state) = engine("e", link);
        let last = state.last.as_mut().expect("an answer");
        last.at = ago(seen);
        version.clone_into(&mut last.facts.version);
        last.images_in_all = images;
        let all = containers.replicas.iter().take(count);
        last.containers = all.map(|one| one.container.clone()).collect();
        state
    };
    let never = |link| EngineState { last: None, link };
    fleet.engines = [
        // What it said last is old: it says what changes, and nothing did.
        ("a", known(Link::Up, "20.10.24", 900, Some(7), 1)),
        ("b", known(Link::Up, "9.1.0", 1, Some(41), 2)),
        ("c", known(down(), "20.10.24", 60, None, 1)),
        ("d", never(Link::Connecting)),
        ("e", known(down(), "", 70, Some(8), 0)),
        ("f", never(down())),
    ]
    .into_iter()
    .map(|(name, state)| (name.into(), state))
    .collect();
    fleet
}

#[test]
fn of_engines() {
    let fleet = engines();
    let rows = |sort| EngineRows {
        fleet: &fleet,
        sort,
    };
    orders(
        rows,
        &[
            (EnginesBy::State, "cefdab", "abdcef"),
            (EnginesBy::Name, "abcdef", "fedcba"),
            // dev; dev and test; staging; staging and prod; d and f serve nothing.
            (EnginesBy::Serves, "abecdf", "cebadf"),
            (EnginesBy::Version, "bacdef", "acbdef"),
            (EnginesBy::Containers, "bacedf", "eacbdf"),
            // All it has, as the list says, not only those that somebody needs.
            (EnginesBy::Images, "beacdf", "caebdf"),
            // `now` for those that are up, whenever they said something last.
            (EnginesBy::Seen, "ecabdf", "abcedf"),
        ],
    );
}
