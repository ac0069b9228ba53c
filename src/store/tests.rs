//! The store against real files, many handles at once.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::{Arc, Barrier};
use std::thread;

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::model::event::{Event, Outcome, VersionMark};
use crate::model::fleet::{EngineState, Engines, Link};
use crate::model::observation::{EngineFacts, LockSeen, Observation};
use crate::model::plan::{OperationId, OperationKind};
use crate::model::project::EngineName;
use crate::model::time::Span;

fn time(seconds: i64) -> Timestamp {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).expect("a time")
}

fn event(id: &str, image: &str, environment: Option<&str>, seconds: i64) -> Event {
    Event {
        id: OperationId(id.into()),
        time: time(seconds),
        who: "ann@laptop".into(),
        operation: OperationKind::Promote,
        heading: crate::model::plan::Heading::Back,
        from_environment: None,
        image: image.into(),
        environment: environment.map(Into::into),
        from: None,
        to: Some(VersionMark {
            version: Some("1.2.0".into()),
            digest: None,
        }),
        reason: Some("because".into()),
        outcome: Outcome::Done,
        duration: Some(Span::seconds(12)),
        error: None,
        log: vec!["line".into()],
    }
}

fn observation(name: &str, seconds: i64) -> EngineState {
    EngineState {
        last: Some(Observation {
            engine: name.into(),
            at: time(seconds),
            facts: EngineFacts::default(),
            containers: Vec::new(),
            images: Vec::new(),
            locks: Vec::new(),
            parked: Vec::new(),
            unread: Vec::new(),
            images_in_all: None,
        }),
        link: Link::Up,
    }
}

fn all(store: &Store) -> Vec<Event> {
    store.events(&Filter::default()).expect("events")
}

fn ids(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.id.0.as_str()).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o777
}

#[test]
fn the_store_can_be_shared_between_threads() {
    const fn shared<T: Send + Sync>() {}
    shared::<Store>();
}

#[test]
fn history_is_newest_first_and_filtered() {
    let store = Store::in_memory().expect("a store");
    for (id, image, environment, seconds) in [
        ("b", "web", Some("prod"), 20),
        ("a", "web", Some("dev"), 10),
        ("c", "api", Some("prod"), 30),
        ("d", "web", None, 40),
    ] {
        let event = event(id, image, environment, seconds);
        store.record(&event).expect("recorded");
    }
    assert_eq!(ids(&all(&store)), ["d", "c", "b", "a"]);
    assert_eq!(
        all(&store)[0],
        event("d", "web", None, 40),
        "nothing is lost"
    );
    for (image, environment, limit, want) in [
        (Some("web"), None, None, vec!["d", "b", "a"]),
        (None, Some("prod"), None, vec!["c", "b"]),
        (Some("web"), Some("prod"), None, vec!["b"]),
        (None, None, Some(2), vec!["d", "c"]),
        (Some("none"), None, None, vec![]),
    ] {
        let filter = Filter {
            image: image.map(Into::into),
            environment: environment.map(Into::into),
            limit,
        };
        let events = store.events(&filter).expect("events");
        assert_eq!(ids(&events), want, "{filter:?}");
    }
}

#[test]
fn what_happened_here_beats_what_was_learned() {
    let store = Store::in_memory().expect("a store");
    let own = event("a", "web", Some("prod"), 10);
    let mut learned = own.clone();
    learned.log.clear();
    learned.duration = None;
    assert_eq!(store.learn(&[learned.clone()]).expect("learned"), 1);
    assert_eq!(all(&store), [learned.clone()]);
    store.record(&own).expect("recorded");
    assert_eq!(all(&store), std::slice::from_ref(&own));
    assert_eq!(
        store.learn(&[learned]).expect("learned"),
        0,
        "never the reverse"
    );
    assert_eq!(all(&store), std::slice::from_ref(&own));
    // One operation on several images, and once more with another end.
    let mut other = event("a", "api", Some("prod"), 11);
    store.record(&other).expect("recorded");
    other.outcome = Outcome::NeedsRecover;
    store.record(&other).expect("recorded");
    assert_eq!(all(&store), [other, own]);
}

#[test]
fn an_unreadable_event_hides_no_other() {
    let folder = TempDir::new().expect("a folder");
    let store = Store::open(folder.path()).expect("a store");
    store
        .record(&event("a", "web", None, 10))
        .expect("recorded");
    let raw = Connection::open(folder.path().join(FILE_NAME)).expect("opened");
    raw.execute(
        "INSERT INTO events VALUES ('z','web','',9999999999999999,1,'{}')",
        [],
    )
    .expect("inserted");
    let one = Filter {
        limit: Some(1),
        ..Filter::default()
    };
    assert_eq!(ids(&store.events(&one).expect("events")), ["a"]);
}

#[test]
fn the_last_known_fleet_comes_back_as_connecting() {
    let folder = TempDir::new().expect("a folder");
    let store = Store::open(folder.path()).expect("a store");
    let silent = EngineState {
        last: None,
        link: Link::Connecting,
    };
    let engines: Engines = BTreeMap::from([
        (EngineName::from("a"), observation("a", 10)),
        (EngineName::from("b"), silent),
    ]);
    store.remember_engines(&engines).expect("remembered");
    let older: Engines = BTreeMap::from([(EngineName::from("a"), observation("a", 5))]);
    store.remember_engines(&older).expect("remembered");
    drop(store);
    let read = Store::open(folder.path())
        .expect("again")
        .last_engines()
        .expect("read");
    let mut want = observation("a", 10);
    want.link = Link::Connecting;
    assert_eq!(read, BTreeMap::from([(EngineName::from("a"), want)]));
}

#[test]
fn the_journal_knows_what_has_not_ended() {
    let store = Store::in_memory().expect("a store");
    let (one, two) = (OperationId("1".into()), OperationId("2".into()));
    store
        .begin(&one, "roll back web", &["a".into()], time(2))
        .expect("begun");
    store
        .begin(&two, "promote api", &[], time(1))
        .expect("begun");
    let summaries: Vec<String> = store
        .unfinished()
        .expect("read")
        .into_iter()
        .map(|entry| entry.summary)
        .collect();
    assert_eq!(summaries, ["promote api", "roll back web"]);
    store.end(&two).expect("ended");
    store.end(&two).expect("ended twice");
    let want = JournalEntry {
        operation: one,
        summary: "roll back web".into(),
        engines: vec!["a".into()],
        since: time(2),
    };
    assert_eq!(store.unfinished().expect("read"), [want]);
}

#[test]
fn what_another_machine_settled_is_forgotten_and_nothing_else() {
    let lock = |id: &str| LockSeen {
        container: "web".into(),
        operation: OperationId(id.into()),
        summary: "roll back web".into(),
        owner: "ann@laptop".into(),
        since: time(0),
    };
    let with = |locks: Vec<LockSeen>, link: Link| {
        let mut state = observation("a", 9);
        if let Some(last) = &mut state.last {
            last.locks = locks;
        }
        state.link = link;
        Engines::from([("a".into(), state), ("b".into(), observation("b", 9))])
    };
    let down = || Link::Down {
        error: "no answer".into(),
        since: time(1),
        retry_at: None,
    };
    for (engines, touched, left) in [
        (with(vec![lock("1")], Link::Up), &["a"][..], 1),
        (with(vec![], down()), &["a"], 1),
        (with(vec![], Link::Connecting), &["a", "b"], 1),
        // Of another project: nothing was asked of its engine.
        (with(vec![], Link::Up), &["a", "z"], 1),
        // Engines unknown: all must answer.
        (with(vec![], down()), &[], 1),
        (Engines::new(), &[], 1),
        (with(vec![lock("2")], Link::Up), &["a"], 0),
        (with(vec![], Link::Up), &[], 0),
        (with(vec![], down()), &["b"], 0),
    ] {
        let store = Store::in_memory().expect("a store");
        let touched: Vec<EngineName> = touched.iter().map(|name| (*name).into()).collect();
        store
            .begin(&OperationId("1".into()), "roll back web", &touched, time(0))
            .expect("begun");
        let told = store.unfinished_by(&engines).expect("read");
        assert_eq!(told.len(), left, "{touched:?} {engines:?}");
        assert_eq!(store.unfinished().expect("read"), told);
    }
}

#[test]
fn the_file_is_private() {
    let folder = TempDir::new().expect("a folder");
    let dir = folder.path().join("new/data");
    let store = Store::open(&dir).expect("a store");
    store.record(&event("a", "web", None, 1)).expect("recorded");
    assert_eq!(mode(&dir), 0o700);
    for name in [
        "karat.sqlite",
        "karat.sqlite-wal",
        "karat.sqlite-shm",
        "karat.sqlite.lock",
    ] {
        assert_eq!(mode(&dir.join(name)), 0o600, "{name}");
    }
    assert_eq!(
        fs::read_dir(&dir).expect("listed").count(),
        4,
        "nothing left over"
    );
    drop(store);
    fs::set_permissions(dir.join(FILE_NAME), fs::Permissions::from_mode(0o644)).expect("loosened");
    drop(Store::open(&dir).expect("again"));
    assert_eq!(mode(&dir.join(FILE_NAME)), 0o600);
}

#[test]
fn two_handles_see_each_other() {
    let folder = TempDir::new().expect("a folder");
    let one = Store::open(folder.path()).expect("one");
    let two = Store::open(folder.path()).expect("two");
    one.record(&event("a", "web", None, 1)).expect("recorded");
    two.record(&event("b", "web", None, 2)).expect("recorded");
    assert_eq!(ids(&all(&one)), ["b", "a"]);
    assert_eq!(all(&one), all(&two));
}

/// Runs `what` in thirty threads that begin at once.
fn thirty(what: impl Fn(usize) + Send + Sync + 'static) {
    let what = Arc::new(what);
    let barrier = Arc::new(Barrier::new(30));
    let threads: Vec<_> = (0..30)
        .map(|number| {
            let (what, barrier) = (Arc::clone(&what), Arc::clone(&barrier));
            thread::spawn(move || {
                barrier.wait();
                what(number);
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no panic");
    }
}

#[test]
fn thirty_open_a_new_file_and_record() {
    let folder = TempDir::new().expect("a folder");
    let dir = folder.path().join("data");
    let shared = dir.clone();
    thirty(move |number| {
        let store = Store::open(&shared).expect("opened");
        for round in 0..10 {
            let id = format!("{number}-{round}");
            store
                .record(&event(&id, "web", Some("prod"), 1))
                .expect("recorded");
            store
                .learn(&[event("same", "web", None, 1)])
                .expect("learned");
        }
    });
    let store = Store::open(&dir).expect("opened");
    assert_eq!(all(&store).len(), 301);
    let raw = Connection::open(dir.join(FILE_NAME)).expect("opened");
    let whole: String = raw
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("checked");
    assert_eq!(whole, "ok");
}

#[test]
fn a_damaged_file_is_moved_aside_by_one_of_thirty() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join(FILE_NAME);
    let rubbish = "this is no database ".repeat(500);
    fs::write(&path, &rubbish).expect("written");
    assert!(matches!(
        Store::open(folder.path()),
        Err(StoreError::Damaged { .. })
    ));
    let dir = folder.path().to_owned();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    thirty(move |number| {
        let (store, warning) = Store::open_or_memory(&dir).expect("opened");
        tell.lock().expect("a list").extend(warning);
        store
            .record(&event(&number.to_string(), "web", None, 1))
            .expect("recorded");
    });
    let (store, warning) = Store::open_or_memory(folder.path()).expect("opened");
    assert_eq!(warning, None);
    let told = told.lock().expect("a list").join("; ");
    assert_eq!(
        all(&store).len(),
        30,
        "nobody moved the new one aside: {told}"
    );
    let aside = folder.path().join("karat.sqlite.broken-1");
    assert_eq!(fs::read_to_string(aside).expect("kept"), rubbish);
    assert!(!folder.path().join("karat.sqlite.broken-2").exists());
    drop(store);

    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(folder.path().join(format!("{FILE_NAME}{suffix}")));
    }
    fs::write(&path, &rubbish).expect("written");
    let (_, warning) = Store::open_or_memory(folder.path()).expect("opened");
    let warning = warning.expect("a warning");
    assert!(warning.contains("karat.sqlite.broken-2"), "{warning}");
}

#[test]
fn a_file_that_was_cut_off_is_moved_aside() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join(FILE_NAME);
    let store = Store::open(folder.path()).expect("a store");
    for number in 0..50 {
        store
            .record(&event(&number.to_string(), "web", None, 1))
            .expect("recorded");
    }
    drop(store);
    let whole = fs::read(&path).expect("read");
    for length in [100, 4_096, 10_000] {
        fs::write(&path, &whole[..length]).expect("cut off");
        let (store, warning) = Store::open_or_memory(folder.path()).expect("opened");
        assert!(
            warning.is_some_and(|w| w.contains("was damaged")),
            "{length}"
        );
        store
            .record(&event("new", "web", None, 1))
            .expect("recorded");
        assert_eq!(ids(&all(&store)), ["new"]);
    }
}

#[test]
fn a_newer_file_is_left_as_it_is() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join(FILE_NAME);
    let raw = Connection::open(&path).expect("made");
    raw.execute_batch("CREATE TABLE theirs (x); PRAGMA user_version = 99")
        .expect("set");
    drop(raw);
    let before = fs::read(&path).expect("read");
    let (store, warning) = Store::open_or_memory(folder.path()).expect("in memory");
    let warning = warning.expect("a warning");
    assert!(warning.contains("newer karat (schema 99"), "{warning}");
    store
        .record(&event("a", "web", None, 1))
        .expect("in memory");
    assert_eq!(all(&store).len(), 1);
    assert_eq!(fs::read(&path).expect("read"), before);
}

#[test]
fn a_folder_that_cannot_be_made_costs_only_the_memory() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("file"), "").expect("written");
    let (store, warning) = Store::open_or_memory(&folder.path().join("file/data")).expect("memory");
    let warning = warning.expect("a warning");
    assert!(warning.contains("set KARAT_HOME"), "{warning}");
    store
        .record(&event("a", "web", None, 1))
        .expect("in memory");
}

#[test]
fn a_thread_that_panicked_does_not_take_the_store_along() {
    let store = Arc::new(Store::in_memory().expect("a store"));
    let other = Arc::clone(&store);
    let _ = thread::spawn(move || {
        let _held = other.connection.lock().expect("held");
        panic!("on purpose");
    })
    .join();
    store.record(&event("a", "web", None, 1)).expect("recorded");
}
