//! How quick the interface is, from an event to the bytes a terminal is sent. The bars are
//! in the README. `cargo bench --bench interface`; `cargo bench --bench program` measures the
//! whole program beside a peer.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod dissected;
mod large;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use karat::model::fleet::{Engines, Fleet};
use karat::tui::Opening;
use karat::tui::effect::{Errand, Hands, Message, Request};
use karat::tui::headless::Headless;
use karat::tui::theme::{Theme, Themes};
use tokio::sync::{mpsc, watch};

/// The size of the screen.
const SIZE: (u16, u16) = (200, 60);

/// Hands that are never asked: nothing here waits for an answer.
struct Idle;

#[async_trait]
impl Hands for Idle {
    async fn carry_out(self: Arc<Self>, _: Errand, _: mpsc::Sender<Message>) {}
}

fn opening(fleet: &Arc<Fleet>) -> Opening {
    let theme = Theme::dark();
    Opening {
        fleet: Arc::clone(fleet),
        fleet_updates: watch::channel(Arc::clone(fleet)).1,
        hands: Arc::new(Idle),
        read_only: false,
        keys: std::collections::BTreeMap::new(),
        demo: false,
        mouse: true,
        term: None,
        themes: Themes {
            first: theme.clone(),
            when_light: None,
            all: vec![theme],
        },
        refused: Vec::new(),
        clock: Arc::new(large::now),
        preferences: karat::config::Preferences::default(),
    }
}

fn open(fleet: &Arc<Fleet>) -> Headless {
    let mut screen = Headless::open(&opening(fleet), SIZE).expect("a screen");
    assert!(screen.draw().expect("a frame") > 1_000, "nothing is drawn");
    screen
}

fn key(code: KeyCode) -> Event {
    Event::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

/// Presses keys in turn, again and again; each is one measurement.
fn press(bench: &mut Criterion, name: &str, mut screen: Headless, keys: &[KeyCode]) {
    let mut turn = keys.iter().cycle();
    let mut once = move || {
        let code = *turn.next().expect("a key");
        black_box(screen.event(key(code)).expect("a frame"))
    };
    bench.bench_function(name, |bench| bench.iter(&mut once));
    worst(name, once);
}

/// The slowest of a hundred: what is promised is promised for nearly every key, and a mean
/// would hide the odd slow one.
fn worst<T>(name: &str, mut once: impl FnMut() -> T) {
    let mut took: Vec<Duration> = (0..2_000)
        .map(|_| {
            let begun = Instant::now();
            once();
            begun.elapsed()
        })
        .collect();
    took.sort_unstable();
    println!("{name}: p99 {:?} of 2,000", took[took.len() * 99 / 100]);
}

fn keys(bench: &mut Criterion, fleet: &Arc<Fleet>) {
    let down_and_up = [[KeyCode::Down; 40], [KeyCode::Up; 40]].concat();
    press(bench, "key/matrix/move", open(fleet), &down_and_up);
    let ends = [KeyCode::End, KeyCode::Home];
    press(bench, "key/matrix/ends", open(fleet), &ends);
    let in_and_out = [KeyCode::Enter, KeyCode::Esc];
    press(bench, "key/deployment/in and out", open(fleet), &in_and_out);
    let versions = [KeyCode::Char('v'), KeyCode::Esc];
    press(bench, "key/versions/in and out", open(fleet), &versions);
    let mut list = open(fleet);
    list.event(key(KeyCode::Char('v'))).expect("a frame");
    press(bench, "key/versions/move", list, &down_and_up);
    let help = [KeyCode::Char('?'), KeyCode::Esc];
    press(bench, "key/help/in and out", open(fleet), &help);
}

/// Typing a filter over 100,000 versions of one image, letter by letter and back.
fn filters(bench: &mut Criterion) {
    let fleet = Arc::new(large::one_image());
    let versions = fleet.rows[0].catalog.versions.len();
    assert_eq!(versions, large::IMAGES * large::VERSIONS);
    let filtering = || {
        let mut screen = open(&fleet);
        for code in [KeyCode::Char('v'), KeyCode::Char('/')] {
            screen.event(key(code)).expect("a frame");
        }
        screen
    };
    let text = "1.9 dev 7";
    let back = [KeyCode::Backspace].repeat(text.len());
    let keys: Vec<KeyCode> = text.chars().map(KeyCode::Char).chain(back).collect();
    press(bench, "key/filter/type and take back", filtering(), &keys);
    // What was typed in the middle of a text was not narrowed down to before.
    let mut middle = filtering();
    for code in text.chars().map(KeyCode::Char).chain([KeyCode::Left; 8]) {
        middle.event(key(code)).expect("a frame");
    }
    let keys = [KeyCode::Char('2'), KeyCode::Backspace];
    press(bench, "key/filter/in the middle", middle, &keys);
    // With every fleet that comes the rows are read anew.
    let mut news = filtering();
    news.event(key(KeyCode::Char('1'))).expect("a frame");
    let others = Arc::clone(&fleet);
    let mut once = move || {
        let told = Message::Fleet(Arc::clone(&others));
        black_box(news.told(told).expect("a frame"))
    };
    bench.bench_function("event/fleet while filtering", |bench| bench.iter(&mut once));
    worst("event/fleet while filtering", once);
    let first = [KeyCode::Char('v'), KeyCode::Char('/'), KeyCode::Char('1')];
    let out = [KeyCode::Esc, KeyCode::Esc];
    let keys: Vec<KeyCode> = first.into_iter().chain(out).collect();
    press(bench, "key/filter/first letter", open(&fleet), &keys);
}

fn frames(bench: &mut Criterion, fleet: &Arc<Fleet>) {
    let opening = opening(fleet);
    bench.bench_function("first frame", |bench| {
        bench.iter(|| {
            let mut screen = Headless::open(&opening, SIZE).expect("a screen");
            black_box(screen.draw().expect("a frame"))
        });
    });
}

/// One container of 6,000 changed: what its engine says is joined with what the others said,
/// and drawn.
fn events(bench: &mut Criterion, engines: &Engines, fleet: &Arc<Fleet>) {
    let project = large::project();
    let mut changed = engines.clone();
    for (at, state) in changed.values_mut().enumerate() {
        if at == 0 {
            state.last = Some(large::observation(0, 1));
        }
    }
    let others: Vec<Arc<Fleet>> = [engines, &changed]
        .map(|engines| Arc::new(Fleet::assemble(&project, engines, large::now())))
        .into();
    let mut screen = open(fleet);
    let mut turn = others.iter().cycle();
    bench.bench_function("event/fleet to frame", |bench| {
        bench.iter_batched(
            || Arc::clone(turn.next().expect("a fleet")),
            |fleet| black_box(screen.told(Message::Fleet(fleet)).expect("a frame")),
            BatchSize::PerIteration,
        );
    });
    let mut group = bench.benchmark_group("event");
    group.sample_size(10);
    group.bench_function("answers to fleet", |bench| {
        bench.iter(|| black_box(Fleet::assemble(&project, &changed, large::now())));
    });
    group.finish();
}

/// Walking the layers of an image, and its files.
fn anatomy(bench: &mut Criterion, fleet: &Arc<Fleet>) {
    let report = dissected::report(large::now());
    let read = |keys: &[KeyCode]| {
        let mut screen = open(fleet);
        screen.event(key(KeyCode::Char('a'))).expect("a frame");
        // The first wish of all.
        let told = Message::Explained(Request(1), Ok(Arc::clone(&report)));
        screen.told(told).expect("a frame");
        for code in keys {
            screen.event(key(*code)).expect("a frame");
        }
        screen
    };
    let layers = usize::try_from(dissected::LAYERS).expect("few");
    let walk = [vec![KeyCode::Down; layers], vec![KeyCode::Up; layers]].concat();
    press(bench, "key/anatomy/from layer to layer", read(&[]), &walk);
    let ends = [KeyCode::End, KeyCode::Home];
    press(bench, "key/anatomy/first and last layer", read(&[]), &ends);
    let map = [KeyCode::Char('2'), KeyCode::Tab, KeyCode::Tab];
    press(
        bench,
        "key/anatomy/map, from layer to layer",
        read(&map),
        &walk,
    );
    let files = [KeyCode::Tab, KeyCode::Enter, KeyCode::Enter];
    let in_and_out = [KeyCode::Enter, KeyCode::Esc];
    press(
        bench,
        "key/anatomy/in and out of a directory",
        read(&files),
        &in_and_out,
    );
    let down_and_up = [[KeyCode::Down; 40], [KeyCode::Up; 40]].concat();
    press(
        bench,
        "key/anatomy/down a directory",
        read(&files),
        &down_and_up,
    );
    let search = [KeyCode::Tab, KeyCode::Char('/')];
    let text = "07/file-41";
    let back = [KeyCode::Backspace].repeat(text.len());
    let typed: Vec<KeyCode> = text.chars().map(KeyCode::Char).chain(back).collect();
    press(bench, "key/anatomy/search", read(&search), &typed);
    found(read(&search), &typed);
}

/// What was typed is looked for on another thread: how long that takes, and what an answer
/// costs the one that draws.
fn found(mut screen: Headless, typed: &[KeyCode]) {
    let mut finding = Vec::new();
    let mut drawing = Vec::new();
    for code in typed.iter().cycle().take(400) {
        screen.event(key(*code)).expect("a frame");
        let asked = screen.asked().iter().find_map(|errand| match errand {
            Errand::Search(request, search) => Some((*request, search.clone())),
            _ => None,
        });
        // The last letter taken back, nothing is looked for.
        let Some((request, search)) = asked else {
            continue;
        };
        let begun = Instant::now();
        let found = search.run().expect("it is waited for");
        finding.push(begun.elapsed());
        let told = Message::Found(request, Ok(found));
        let begun = Instant::now();
        black_box(screen.told(told).expect("a frame"));
        drawing.push(begun.elapsed());
    }
    assert!(finding.len() > 300, "it was not looked for");
    for (what, took) in [("finding", &mut finding), ("to a frame", &mut drawing)] {
        took.sort_unstable();
        let mean = took.iter().sum::<Duration>() / u32::try_from(took.len()).expect("few");
        let worst = took[took.len() * 99 / 100];
        println!(
            "search/{what}: mean {mean:?}, p99 {worst:?} of {}",
            took.len()
        );
    }
}

fn all(bench: &mut Criterion) {
    let engines = large::engines();
    let fleet = Arc::new(Fleet::assemble(&large::project(), &engines, large::now()));
    let versions: usize = fleet
        .rows
        .iter()
        .map(|row| row.catalog.versions.len())
        .sum();
    assert_eq!(versions, large::IMAGES * large::VERSIONS);
    anatomy(bench, &fleet);
    filters(bench);
    frames(bench, &fleet);
    keys(bench, &fleet);
    events(bench, &engines, &fleet);
}

criterion_group!(benches, all);
criterion_main!(benches);
