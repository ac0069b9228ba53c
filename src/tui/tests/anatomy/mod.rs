//! The anatomy of a version: opened, moved in, compared; by keys, clicks, and what is told.

pub(super) mod fixture;

use std::sync::Arc;

use crossterm::event::{
    Event as TerminalEvent, KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

use super::driven::{drive, drive_from};
use super::fixture::{fleet, identity, state};
use super::screens::{press, screen, told};
use crate::model::bytes::Bytes;
use crate::tui::action::{Action, Command};
use crate::tui::command_line;
use crate::tui::effect::{Content, Effect, Errand, Explaining, LayerRead, Message, Request};
use crate::tui::event::Event;
use crate::tui::state::{AnatomyView, Sheet, Side, State, View};
use crate::tui::update::update;
use fixture::{outline, report};

/// The number of the reading that an opening asked for.
fn asked(effects: &[Effect]) -> Request {
    let mut found = effects.iter().filter_map(|effect| match effect {
        Effect::Errand(Errand::Explain { request, .. }) => Some(*request),
        _ => None,
    });
    found.next().unwrap_or_else(|| panic!("{effects:?}"))
}

/// The versions of `shop-web`, the newest selected.
pub(super) fn versions() -> State {
    let mut state = state(fleet());
    press(&mut state, Command::Versions);
    press(&mut state, Command::First);
    state
}

/// The anatomy of `shop-web` 1.5.0, asked for.
pub(super) fn asked_for() -> (State, Request) {
    let mut state = versions();
    let effects = update(&mut state, Action::Do(Command::Anatomy));
    let request = asked(&effects);
    (state, request)
}

/// The same, while it is read.
pub(super) fn reading() -> (State, Request) {
    let (mut state, request) = asked_for();
    let (facts, layers) = outline("1.5.0");
    told(
        &mut state,
        Message::Explaining(
            request,
            Explaining::Facts {
                facts: Arc::new(facts),
                sizes: layers.iter().map(|it| Some(it.file_bytes())).collect(),
            },
        ),
    );
    for (place, layer) in layers.iter().enumerate().take(2) {
        let read = LayerRead {
            bytes: layer.file_bytes(),
            entries: layer.entries().len(),
            remembered: place == 0,
        };
        let news = Explaining::Layer { place, read };
        told(&mut state, Message::Explaining(request, news));
    }
    for (second, done) in [(3, 40), (0, 130)] {
        state.now = super::fixture::ago(second);
        let news = Explaining::Bytes {
            done: Bytes(done * 1_000_000),
            total: Some(Bytes(360_000_000)),
        };
        told(&mut state, Message::Explaining(request, news));
    }
    (state, request)
}

/// The same, read.
pub(super) fn read() -> State {
    let (mut state, request) = reading();
    told(&mut state, Message::Explained(request, Ok(report("1.5.0"))));
    state
}

/// The same, after some commands.
pub(super) fn after(commands: &[Command]) -> State {
    let mut state = read();
    // Pages and rectangles are known once they were drawn.
    for command in commands {
        screen(&mut state, 200, 60);
        press(&mut state, *command);
    }
    state
}

/// Two versions beside each other.
pub(super) fn compared() -> State {
    let mut state = versions();
    let effects = update(&mut state, Action::Do(Command::Compare));
    let requests: Vec<Request> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Errand(Errand::Explain { request, .. }) => Some(*request),
            _ => None,
        })
        .collect();
    let [before, after] = requests.as_slice() else {
        panic!("{effects:?}");
    };
    told(&mut state, Message::Explained(*before, Ok(report("1.4.2"))));
    let explained = Message::Explained(*after, Ok(report("1.5.0")));
    let effects = update(&mut state, Action::Told(Box::new(explained)));
    let [
        Effect::Errand(Errand::Compare {
            request,
            before,
            after,
        }),
    ] = effects.as_slice()
    else {
        panic!("{effects:?}");
    };
    let difference =
        crate::anatomy::report::Difference::of(Arc::clone(&before.0), Arc::clone(&after.0));
    told(
        &mut state,
        Message::Compared(*request, Ok(Arc::new(difference))),
    );
    state
}

/// A file of it.
pub(super) fn file(content: Result<Content, String>) -> State {
    use Command as C;
    let mut state = after(&[C::NextField, C::Open, C::Open, C::Last]);
    let effects = update(&mut state, Action::Do(Command::Open));
    let [Effect::Errand(Errand::ReadFile { request, .. })] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    told(&mut state, Message::Content(*request, content));
    state
}

pub(super) fn view(state: &State) -> &AnatomyView {
    match state.stack.last() {
        Some(View::Anatomy(view)) => view,
        other => panic!("no anatomy: {other:?}"),
    }
}

fn here(state: &State) -> String {
    let open = view(state).open.as_ref().expect("read");
    let path = open.report.anatomy.merged.path(open.files.directory);
    format!("/{}", String::from_utf8_lossy(&path))
}

fn selected(state: &State) -> String {
    let open = view(state).open.as_ref().expect("read");
    let node = open.files.selected.expect("selected");
    let path = open.report.anatomy.merged.path(node);
    format!("/{}", String::from_utf8_lossy(&path))
}

#[test]
fn it_opens_at_once_and_fills_while_it_is_read() {
    let (mut state, request) = asked_for();
    let text = screen(&mut state, 200, 60);
    assert!(text.contains("193 MB, as the engine says"), "{text}");
    assert!(text.contains("reading the image"), "{text}");
    let (mut state, _) = reading();
    let text = screen(&mut state, 200, 60);
    for words in [
        "reading 130 MB of 360 MB (36%), 30 MB/s",
        "2 of 5 layers",
        "RUN npm ci && npm run build",
        "so far",
    ] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
    told(&mut state, Message::Explained(request, Ok(report("1.5.0"))));
    let text = screen(&mut state, 200, 60);
    assert!(!text.contains("reading"), "{text}");
    assert!(text.contains("is for nothing"), "{text}");
}

#[test]
fn leaving_ends_the_reading_and_a_second_look_is_instant() {
    let (mut state, request) = reading();
    let effects = update(&mut state, Action::Do(Command::Back));
    assert_eq!(effects, [Effect::Errand(Errand::StopExplaining(request))]);
    // What comes all the same is dropped.
    told(&mut state, Message::Explained(request, Ok(report("1.5.0"))));
    let effects = update(&mut state, Action::Do(Command::Anatomy));
    let request = asked(&effects);
    told(&mut state, Message::Explained(request, Ok(report("1.5.0"))));
    assert_eq!(update(&mut state, Action::Do(Command::Back)), []);
    assert_eq!(update(&mut state, Action::Do(Command::Anatomy)), []);
    assert!(view(&state).open.is_some());
}

#[test]
fn what_could_not_be_read_is_said_and_tried_again() {
    let (mut state, request) = asked_for();
    let why = "reading the image: the archive ends in the middle of layer 3";
    told(&mut state, Message::Explained(request, Err(why.to_owned())));
    let text = screen(&mut state, 100, 30);
    assert!(text.contains("ends in the middle of layer 3"), "{text}");
    press(&mut state, Command::Back);
    let effects = update(&mut state, Action::Do(Command::Anatomy));
    assert_ne!(asked(&effects), request);
}

#[test]
fn enter_goes_into_a_directory_and_escape_out_of_it() {
    let (_, state, _) = drive_from(versions(), false, |it| async move {
        it.keys("a");
        it.sees("is for nothing").await;
        it.key(KeyCode::Tab);
        it.sees("▸ /").await;
        it.sees("srv/").await;
        it.key(KeyCode::Enter);
        it.sees("▸ /srv").await;
        it.key(KeyCode::Enter);
        it.sees("▸ /srv/app").await;
        it.sees("node_modules/").await;
        it.key(KeyCode::Esc);
        it.gone("▸ /srv/app").await;
        // One comes out where one went in.
        it.key(KeyCode::Right);
        it.sees("▸ /srv/app").await;
        it.key(KeyCode::Left);
        it.key(KeyCode::Esc);
        it.gone("▸ /srv").await;
        it.key(KeyCode::Esc);
        it.sees("RUNS IN").await;
    });
    assert!(matches!(state.stack.last(), Some(View::Versions(_))));
}

#[test]
fn walking_the_layers_changes_what_the_files_are() {
    let state = after(&[Command::Down]);
    assert_eq!(view(&state).layer(), Some(0));
    let sizes = |state: &State| {
        let open = view(state).open.as_ref().expect("read");
        open.files.sizes().visible_bytes()
    };
    let first = sizes(&state);
    let state = after(&[Command::Last]);
    assert_eq!(view(&state).layer(), Some(4));
    assert!(sizes(&state) > first);
    let whole = after(&[]);
    assert_eq!(sizes(&whole), sizes(&state));
    assert_eq!(
        sizes(&whole),
        report("1.5.0").waste.visible_bytes,
        "the whole image is what is seen in the end"
    );
}

#[test]
fn marks_are_filtered_and_a_layer_is_seen_alone() {
    use Command as C;
    let rows = |state: &State| -> Vec<String> {
        let open = view(state).open.as_ref().expect("read");
        let merged = &open.report.anatomy.merged;
        open.files
            .rows()
            .iter()
            .map(|row| String::from_utf8_lossy(merged.name(row.node)).into_owned())
            .collect()
    };
    // The last layer removes root/.npm, rewrites and adds below srv.
    let walk = [C::Last, C::NextField];
    let with = |more: &[C]| after(&[&walk, more].concat());
    assert_eq!(rows(&with(&[])).len(), 6);
    assert_eq!(rows(&with(&[C::Removed])), ["root"]);
    assert_eq!(rows(&with(&[C::Added])), ["srv"]);
    assert_eq!(rows(&with(&[C::Added, C::Removed])), ["srv", "root"]);
    assert_eq!(rows(&with(&[C::OnlyLayer])), ["srv", "root"]);
    // Escape shows everything again before it leads out.
    let shown = with(&[C::Removed, C::Back]);
    assert_eq!((rows(&shown).len(), view(&shown).side), (6, Side::Main));
    // Of the whole image there is nothing to filter by.
    let mut whole = after(&[C::NextField]);
    press(&mut whole, C::Removed);
    let note = whole.note.as_ref().map(|note| note.text.as_str());
    assert_eq!(note, Some("no layer is selected: this is the whole image"));
}

#[test]
fn paths_are_found_by_words_and_by_expressions() {
    drive_from(versions(), false, |it| async move {
        it.keys("a");
        it.sees("is for nothing").await;
        it.key(KeyCode::Tab);
        it.keys("/swc");
        it.sees("node_modules/@swc/core/swc.node").await;
        it.key(KeyCode::Enter);
        it.sees("/swc  ").await;
        it.key(KeyCode::Esc);
        it.gone("swc.node").await;
        it.keys("/~\\.so(\\.[0-9]+)*$");
        it.sees("libc.so.6").await;
        it.gone("bash").await;
        it.key(KeyCode::Esc);
        it.keys("/~(");
        it.sees("cannot search for").await;
    });
}

#[test]
fn a_file_is_read_and_extracted_as_of_the_layer_one_is_at() {
    let mut state = after(&[Command::Down, Command::Down, Command::NextField]);
    for _ in 0..3 {
        press(&mut state, Command::Open);
    }
    assert_eq!(here(&state), "/usr/lib/gcc");
    let effects = update(&mut state, Action::Do(Command::Extract));
    let [Effect::Errand(Errand::Extract(of))] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(of.path, b"usr/lib/gcc/x86_64-linux-gnu");
    assert_eq!(of.layer, Some(1));
    assert_eq!(of.identity, identity("shop-web", "1.5.0"));
    told(
        &mut state,
        Message::Saved(Ok("wrote ./x86_64-linux-gnu".into())),
    );
    assert!(screen(&mut state, 100, 30).contains("wrote ./x86_64-linux-gnu"));
    let mut state = file(Ok(Content {
        text: "one\ntwo".into(),
        cut: false,
        binary: false,
    }));
    let text = screen(&mut state, 100, 30);
    assert!(text.contains("one") && text.contains("two"), "{text}");
}

#[test]
fn rectangles_are_walked_entered_left_and_clicked() {
    let mut state = after(&[Command::Map]);
    assert_eq!(view(&state).side, Side::Main);
    screen(&mut state, 200, 60);
    assert_eq!(selected(&state), "/srv");
    assert!(state.layout.tiles.len() >= 3);
    let left_edge = |state: &State| {
        let open = view(state).open.as_ref().expect("read");
        let mut tiles = state.layout.tiles.iter();
        let here = tiles.find(|tile| tile.node == open.files.selected);
        here.expect("it has a rectangle").area.x
    };
    let first = left_edge(&state);
    press(&mut state, Command::Right);
    let right = left_edge(&state);
    assert!(right > first);
    press(&mut state, Command::Left);
    assert!(left_edge(&state) < right);
    press(&mut state, Command::First);
    assert_eq!(selected(&state), "/srv");
    press(&mut state, Command::Open);
    assert_eq!(here(&state), "/srv");
    press(&mut state, Command::Back);
    assert_eq!(here(&state), "/");
    screen(&mut state, 200, 60);
    let usr = state
        .layout
        .tiles
        .iter()
        .copied()
        .find(|tile| {
            let open = view(&state).open.as_ref().expect("read");
            tile.node
                .is_some_and(|node| open.report.anatomy.merged.name(node) == b"usr")
        })
        .expect("a rectangle");
    let click = Action::Click(usr.area.x + 1, usr.area.y + 1);
    update(&mut state, click.clone());
    assert_eq!(selected(&state), "/usr");
    update(&mut state, click);
    assert_eq!(here(&state), "/usr");
}

#[test]
fn tables_are_sorted_filtered_and_copied_from() {
    let (_, state, _) = drive_from(versions(), false, |it| async move {
        it.keys("a");
        it.sees("is for nothing").await;
        it.keys("3");
        it.sees("COMPONENT").await;
        it.sees("C and C++ compilers").await;
        it.keys("y");
        it.sees("copied the snippet").await;
        let first = report("1.5.0").components.all[0].snippet.clone();
        assert_eq!(*it.copied.borrow(), [first]);
        it.keys("4");
        it.sees("gcc-12").await;
        it.sees("files nobody owns").await;
        it.keys("/curl");
        it.key(KeyCode::Enter);
        it.gone("gcc-12").await;
        it.key(KeyCode::Esc);
        it.sees("gcc-12").await;
        it.keys("5");
        it.sees("SEVERITY").await;
        it.sees("apt-lists").await;
        it.keys("s");
        it.sees("BYTES ▼").await;
    });
    assert_eq!(view(&state).sheet, Sheet::Findings);
}

#[test]
fn nobody_is_shown_the_value_of_a_credential() {
    use Command as C;
    for mut state in [
        after(&[]),
        after(&[C::Findings]),
        after(&[C::Down]),
        compared(),
    ] {
        let text = screen(&mut state, 200, 60);
        assert!(!text.contains("not-to-be-told"), "{text}");
    }
    let mut state = compared();
    screen(&mut state, 200, 60);
    press(&mut state, C::Last);
    assert!(screen(&mut state, 200, 60).contains("API_TOKEN"));
}

#[test]
fn two_versions_are_compared_the_marked_one_first() {
    let (_, state, hands) = drive_from(versions(), false, |it| async move {
        // The one before the last is marked, the first is compared with it.
        it.key(KeyCode::Down);
        it.key(KeyCode::Down);
        it.keys("=");
        it.sees("= 1.4.1").await;
        it.key(KeyCode::Up);
        it.key(KeyCode::Up);
        it.keys("d");
        it.sees("shop-web 1.4.1 → 1.5.0").await;
        it.sees("2 of 5 layers").await;
        it.sees("/srv/app/dist").await;
        it.keys("Y");
        it.sees("copied: karat diff shop-web:1.4.1 shop-web:1.5.0")
            .await;
    });
    let explained = |errand: &Errand| matches!(errand, Errand::Explain { .. });
    assert_eq!(hands.count(explained), 2);
    assert!(matches!(state.stack.last(), Some(View::Comparison(_))));
}

#[test]
fn the_oldest_version_has_none_before_it() {
    let mut state = versions();
    press(&mut state, Command::Last);
    let effects = update(&mut state, Action::Do(Command::Compare));
    assert_eq!(effects, []);
    let note = state.note.map(|note| note.text).unwrap_or_default();
    assert!(note.contains("no version before this one"), "{note}");
}

#[test]
fn the_command_line_is_that_of_the_version() {
    let state = read();
    assert_eq!(
        command_line::of(&state).as_deref(),
        Ok("karat layers shop-web:1.5.0 --project /home/shop/karat.toml")
    );
}

#[test]
fn clicks_select_layers_tabs_and_panes() {
    drive_from(versions(), false, |it| async move {
        it.keys("a");
        it.sees("is for nothing").await;
        let click = |text: &str| {
            let screen = it.text();
            let (row, line) = screen
                .lines()
                .enumerate()
                .find(|(_, line)| line.contains(text))
                .unwrap_or_else(|| panic!("no {text}:\n{screen}"));
            let line = line.trim_start_matches('"');
            let before = line.find(text).expect("it is there");
            let column = crate::tui::text::width(&line[..before]);
            it.send(Event::Terminal(TerminalEvent::Mouse(MouseEvent {
                kind: MouseEventKind::Down(MouseButton::Left),
                column: u16::try_from(column).expect("narrow"),
                row: u16::try_from(row).expect("low"),
                modifiers: KeyModifiers::NONE,
            })));
        };
        click("RUN apt-get");
        it.sees("Layer 2 of 5").await;
        click("4 packages");
        it.sees("files nobody owns").await;
        click("1 files");
        it.sees("after layer 2").await;
    });
}

#[test]
fn it_is_there_for_what_runs_in_a_cell_too() {
    let (_, state, _) = drive(false, |it| async move {
        it.sees("shop-web").await;
        it.keys("a");
        it.sees("anatomy of shop-web 1.4.1").await;
        it.sees("is for nothing").await;
    });
    assert_eq!(view(&state).identity, identity("shop-web", "1.4.1"));
}

/// An image with more paths than are looked through at once: `one/deep/file-7` and others.
fn many() -> Arc<crate::anatomy::report::Report> {
    let files: Vec<String> = (0..21_000)
        .map(|at| {
            let directory = if at % 2 == 0 { "one/deep" } else { "two" };
            format!("f {directory}/file-{at} {}", at + 1)
        })
        .collect();
    let layers = [files.join("\n"), "w two/file-7 \n f one/new 5".to_owned()];
    let image = crate::anatomy::sketch::image(&layers.each_ref().map(String::as_str));
    let accept = crate::anatomy::findings::AcceptanceList::default();
    let now = super::fixture::ago(0);
    Arc::new(crate::anatomy::report::Report::of(image, &[], &accept, now))
}

fn paths(state: &State) -> Vec<String> {
    let open = view(state).open.as_ref().expect("read");
    let merged = &open.report.anatomy.merged;
    let path = |row: &crate::anatomy::tree::Row| merged.path(row.node);
    let paths = open.files.rows().iter().map(path);
    paths
        .map(|it| String::from_utf8_lossy(&it).into_owned())
        .collect()
}

/// What is looked for after some letters.
fn searches(state: &mut State, letters: &str) -> Vec<(Request, crate::tui::effect::Search)> {
    let typed = letters.chars().map(|letter| {
        let key = crossterm::event::KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE);
        update(state, Action::Type(key))
    });
    let effects: Vec<Effect> = typed.flatten().collect();
    let searches = effects.into_iter().map(|effect| match effect {
        Effect::Errand(Errand::Search(request, search)) => (request, search),
        other => panic!("{other:?}"),
    });
    searches.collect()
}

#[test]
fn among_many_paths_one_types_on_while_they_are_looked_for() {
    let (mut state, request) = asked_for();
    told(&mut state, Message::Explained(request, Ok(many())));
    press(&mut state, Command::NextField);
    press(&mut state, Command::Filter);
    let asked = searches(&mut state, "fi8");
    assert_eq!(asked.len(), 3, "one a letter");
    // Until there is an answer, what was there stays, and says so.
    assert_eq!(paths(&state), ["two", "one"]);
    let text = screen(&mut state, 200, 60);
    assert!(text.contains("searching…"), "{text}");
    // Nobody waits for the first two any more: they stop.
    assert_eq!(asked[0].1.run(), None);
    assert_eq!(asked[1].1.run(), None);
    let found = asked[2].1.run().expect("it is waited for");
    // A late answer to an earlier letter is dropped.
    let late = Message::Found(asked[1].0, Ok(Arc::default()));
    told(&mut state, late);
    assert_eq!(paths(&state), ["two", "one"]);
    told(&mut state, Message::Found(asked[2].0, Ok(found)));
    let shown = paths(&state);
    assert_eq!(shown.len(), 5_000);
    assert!(shown.iter().all(|path| path.contains('8')), "{shown:?}");
    let text = screen(&mut state, 200, 60);
    assert!(!text.contains("searching"), "{text}");

    // Nothing is looked for any more, and nothing of it stays.
    press(&mut state, Command::Back);
    assert_eq!(paths(&state), ["two", "one"]);
}

fn searches_of(state: &mut State, command: Command) -> Vec<Effect> {
    update(state, Action::Do(command))
}

#[test]
fn a_search_is_of_a_directory_and_of_a_layer() {
    let (mut state, request) = asked_for();
    told(&mut state, Message::Explained(request, Ok(many())));
    press(&mut state, Command::NextField);
    press(&mut state, Command::Open);
    assert_eq!(here(&state), "/two");
    press(&mut state, Command::Filter);
    let asked = searches(&mut state, "~-7$");
    let (request, search) = asked.last().expect("asked");
    let found = search.run().expect("it is waited for");
    told(&mut state, Message::Found(*request, Ok(found)));
    // The second layer removed it, and what is in the other directory is none of this one's.
    assert_eq!(paths(&state), [""; 0]);
    press(&mut state, Command::Open);
    press(&mut state, Command::PreviousField);
    let asked = searches_of(&mut state, Command::Down);
    let [Effect::Errand(Errand::Search(request, search))] = asked.as_slice() else {
        panic!("{asked:?}");
    };
    let found = search.run().expect("it is waited for");
    told(&mut state, Message::Found(*request, Ok(found)));
    assert_eq!(paths(&state), ["two/file-7"]);
    // A fault is said, and nothing else breaks.
    let asked = searches_of(&mut state, Command::Down);
    let [Effect::Errand(Errand::Search(request, _))] = asked.as_slice() else {
        panic!("{asked:?}");
    };
    let fault = "karat itself failed here".to_owned();
    told(&mut state, Message::Found(*request, Err(fault)));
    let text = screen(&mut state, 200, 60);
    assert!(!text.contains("searching"), "{text}");
}
