//! Registries and channels on screen: tags of which only the name is known, what is asked for
//! and when, publishing, and environments that are moving tags.

use std::time::Instant;

use super::fixture::{DAY, HOUR, ago, cell, engine, events, fleet, identity, replica, run, state};
use super::pictures::{shows, shows_at};
use super::screens::{press, screen, told};
use crate::model::bytes::Bytes;
use crate::model::catalog::{Unread, Version};
use crate::model::channel::{Channel, ChannelPlace};
use crate::model::digest::Digest;
use crate::model::fleet::{EngineState, Fleet, Link};
use crate::model::known_good::Verdict;
use crate::model::observation::{Health, LocalImage};
use crate::model::project::EngineName;
use crate::model::reference::ImageRef;
use crate::model::remote::{Attached, Presence, RemoteImage};
use crate::model::step::Course;
use crate::model::version::VersionLabel;
use crate::tui::action::{Action, Command};
use crate::tui::available::unavailable;
use crate::tui::effect::{Confirmed, Effect, Errand, HistoryFilter, Message, Wanted};
use crate::tui::listing::rows::VersionKey;
use crate::tui::state::{Dialog, State, View};
use crate::tui::update::update;

const REPOSITORY: &str = "registry.example.com/golden/shop-web";

fn registry() -> EngineName {
    EngineName::registry(&fleet().rows[2].image.repository)
}

fn unread(tag: &str, place: usize) -> Unread {
    Unread {
        tag: tag.to_owned(),
        label: Some(VersionLabel(tag.to_owned())),
        place,
    }
}

fn remote(name: &str, attached: Option<Attached>) -> RemoteImage {
    RemoteImage {
        index: Some(Digest::of(format!("index {name}").as_bytes())),
        manifest: Some(Digest::of(format!("manifest {name}").as_bytes())),
        platforms: vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()],
        compressed: Some(Bytes(61_200_000)),
        layers: Vec::new(),
        pushed: Some(ago(30 * DAY)),
        attached,
    }
}

/// What a registry's observation has of a version.
fn there(version: &Version) -> LocalImage {
    let tag = |tag: &String| ImageRef::parse(&format!("{REPOSITORY}:{tag}")).expect("a tag");
    LocalImage {
        id: version.identity.clone(),
        config: Some(version.identity.clone()),
        tags: version.tags.iter().map(tag).collect(),
        repo_digests: Vec::new(),
        created: version.created,
        size: None,
        labels: version.labels.clone(),
        platform: version.platform.clone(),
        diff_ids: Vec::new(),
        content: version.content.clone(),
        remote: version.remote.clone(),
    }
}

/// `shop-web` has a registry: 1.4.1 is there only, 1.4.0 there and on an engine, and three
/// tags are not read yet.
fn with_registry() -> Fleet {
    let mut fleet = fleet();
    let row = &mut fleet.rows[2];
    let versions = &mut row.catalog.versions;
    versions[2].remote = Some(remote("1.4.1", None));
    versions[2].size = None;
    versions[2].on_engines.clear();
    let attached = Attached {
        signature: Presence::Present,
        ..Attached::default()
    };
    versions[3].remote = Some(remote("1.4.0", Some(attached)));
    row.catalog.unread = vec![unread("1.6.0", 0), unread("1.3.7", 5), unread("nightly", 5)];
    let images: Vec<LocalImage> = [2, 3]
        .iter()
        .map(|at| there(&row.catalog.versions[*at]))
        .collect();
    let unread: Vec<ImageRef> = ["1.6.0", "1.3.7", "nightly"]
        .iter()
        .map(|tag| ImageRef::parse(&format!("{REPOSITORY}:{tag}")).expect("a tag"))
        .collect();
    let (name, mut engine) = engine(registry().as_str(), Link::Up);
    let last = engine.last.as_mut().expect("an answer");
    last.facts.host = "registry.example.com".to_owned();
    last.images = images;
    last.unread = unread;
    fleet.engines.insert(name, engine);
    fleet
}

fn versions() -> State {
    let mut state = state(with_registry());
    press(&mut state, Command::Versions);
    state
}

fn selected(state: &State) -> &VersionKey {
    let Some(View::Versions(view)) = state.stack.last() else {
        panic!("no list of versions");
    };
    view.selected.as_ref().expect("a row")
}

/// Selects a version by its place.
fn at(place: usize) -> State {
    let mut state = versions();
    press(&mut state, Command::First);
    for _ in 0..place {
        press(&mut state, Command::Down);
    }
    state
}

#[test]
fn tags_that_are_not_read_stand_where_they_belong() {
    let mut state = at(0);
    assert_eq!(selected(&state), &VersionKey::Unread("1.6.0".to_owned()));
    for size in [(110, 32), (80, 24), (60, 16)] {
        shows_at("versions_unread", &mut state, size);
    }
    shows("versions_in_registry_only", &mut at(3));
    let mut state = at(4);
    press(&mut state, Command::Open);
    shows("version_in_registry", &mut state);
    super::pictures::shows_end("version_in_registry_end", &mut state);
}

#[test]
fn every_entry_is_found_where_it_stands() {
    let mut fleet = with_registry();
    let catalog = &mut fleet.rows[2].catalog;
    for (at, place) in [0, 0, 1, 3, 3, 5, 5].into_iter().enumerate() {
        let tag = format!("tag-{at}");
        let behind = catalog.unread.partition_point(|it| it.place <= place);
        catalog.unread.insert(behind, unread(&tag, place));
    }
    let keys: Vec<VersionKey> = catalog.in_order().map(VersionKey::from).collect();
    assert_eq!(keys.len(), catalog.entries());
    for (at, key) in keys.iter().enumerate() {
        assert_eq!(catalog.entry(at).map(VersionKey::from).as_ref(), Some(key));
        let found = match key {
            VersionKey::Unread(tag) => catalog.position_of_unread(tag),
            VersionKey::Known(identity) => catalog
                .versions
                .iter()
                .position(|it| &it.identity == identity)
                .map(|at| catalog.position_of_version(at)),
        };
        assert_eq!(found, Some(at), "{key:?}");
    }
    assert!(catalog.entry(keys.len()).is_none());
}

#[test]
fn what_is_not_read_says_so_wherever_a_version_is_wanted() {
    let state = at(0);
    for command in [
        Command::Open,
        Command::RollBack,
        Command::Anatomy,
        Command::Compare,
        Command::MarkVersion,
        Command::Shell,
        Command::Publish,
        Command::CopyDigest,
    ] {
        let why = unavailable(&state, command).expect("a reason");
        assert!(
            why.starts_with("1.6.0 is not read yet"),
            "{command:?}: {why}"
        );
    }
}

#[test]
fn a_filter_finds_tags_that_are_not_read() {
    let mut state = at(0);
    super::lists::typed(&mut state, "not read");
    assert_eq!(state.counts(), (3, 8));
    press(&mut state, Command::KeepFilter);
    press(&mut state, Command::ShowAll);
    super::lists::typed(&mut state, "1.3.7");
    assert_eq!(state.counts().0, 1);
    assert_eq!(selected(&state), &VersionKey::Unread("1.3.7".to_owned()));
}

/// What one asks for, if anything.
fn asks(state: &mut State) -> Option<Vec<String>> {
    let effects = update(state, Action::Rest);
    match effects.as_slice() {
        [] => None,
        [Effect::Errand(Errand::LookAt { repository, tags })] => {
            assert_eq!(repository.as_str(), REPOSITORY);
            Some(tags.clone())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_on_screen_is_asked_for_once() {
    let mut fleet = with_registry();
    let many = (0..40).map(|at| unread(&format!("0.{}", 40 - at), 5));
    fleet.rows[2].catalog.unread.extend(many);
    let mut state = state(fleet);
    press(&mut state, Command::Versions);
    press(&mut state, Command::First);
    screen(&mut state, 60, 16);
    let asked = asks(&mut state).expect("asked");
    // 1.4.1 is read, but not what is attached to it.
    assert!(asked.contains(&"1.6.0".to_owned()), "{asked:?}");
    assert!(asked.contains(&"1.4.1".to_owned()), "{asked:?}");
    assert!(!asked.contains(&"1.4.0".to_owned()), "{asked:?}");
    assert!(!asked.contains(&"0.1".to_owned()), "{asked:?}");
    assert_eq!(asks(&mut state), None);
    press(&mut state, Command::Last);
    screen(&mut state, 60, 16);
    let asked = asks(&mut state).expect("asked");
    assert!(asked.contains(&"0.1".to_owned()), "{asked:?}");
    // Nothing is asked for an image that no registry has, or elsewhere.
    press(&mut state, Command::Home);
    assert_eq!(asks(&mut state), None);
}

#[test]
fn the_selection_stays_on_a_tag_that_is_read_meanwhile() {
    let mut state = at(0);
    press(&mut state, Command::Last);
    press(&mut state, Command::Up);
    assert_eq!(selected(&state), &VersionKey::Unread("1.3.7".to_owned()));
    let mut fleet = with_registry();
    let catalog = &mut fleet.rows[2].catalog;
    let mut read = catalog.versions[2].clone();
    read.identity = identity("shop-web", "1.3.7");
    read.label = Some(VersionLabel("1.3.7".to_owned()));
    read.tags = vec!["1.3.7".to_owned()];
    catalog.versions.push(read);
    catalog.unread.remove(1);
    told(&mut state, Message::Fleet(fleet.into()));
    let wanted = VersionKey::Known(identity("shop-web", "1.3.7"));
    assert_eq!(selected(&state), &wanted);
    assert!(screen(&mut state, 100, 30).contains("›1.3.7"));
}

/// Key to frame, over five thousand tags. The bar is 8 ms in a release build; this one is not.
#[test]
fn five_thousand_tags_are_drawn_as_quickly_as_fifty() {
    let took = |count: usize| {
        let mut fleet = with_registry();
        fleet.rows[2].catalog.unread = (0..count)
            .map(|at| unread(&format!("0.{}", count - at), 5))
            .collect();
        let mut state = state(fleet);
        press(&mut state, Command::Versions);
        screen(&mut state, 110, 32);
        let best = (0..20).map(|_| {
            let begun = Instant::now();
            press(&mut state, Command::PageDown);
            screen(&mut state, 110, 32);
            begun.elapsed()
        });
        best.min().expect("some")
    };
    let (few, many) = (took(50), took(5_000));
    let bar = few + std::time::Duration::from_millis(8);
    assert!(many < bar, "50 rows: {few:?}, 5,000 rows: {many:?}");
}

#[test]
fn publishing_says_why_it_cannot_be_had() {
    let why = |place: usize, change: fn(&mut State)| {
        let mut state = at(place);
        change(&mut state);
        unavailable(&state, Command::Publish).unwrap_or_default()
    };
    // 1.5.0 is on an engine only.
    assert_eq!(why(1, |_| {}), "");
    let already = why(4, |_| {});
    assert!(
        already.ends_with(":1.4.0 is in its registry already"),
        "{already}"
    );
    let read_only = why(1, |state| state.read_only = true);
    assert!(read_only.contains("read-only"), "{read_only}");
    let local = why(1, |state| {
        let mut fleet = (*state.fleet).clone();
        fleet.rows[2].image.repository = crate::model::reference::Repository::new("shop-web");
        state.fleet = fleet.into();
    });
    assert!(local.contains("names no registry"), "{local}");
    let silent = why(1, |state| {
        let mut fleet = (*state.fleet).clone();
        fleet.engines.remove(&registry());
        state.fleet = fleet.into();
    });
    assert!(silent.contains("no registry is asked"), "{silent}");
}

/// Asks to publish 1.5.0, and is answered with a plan.
fn publishing(replaces: Option<Digest>) -> State {
    let mut state = at(1);
    let effects = update(&mut state, Action::Do(Command::Publish));
    let [Effect::Errand(Errand::Plan(request, wanted))] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(wanted.words(), "publish shop-web 1.5.0");
    let Confirmed::Publish(mut plan) = super::fixture::plan(&state.fleet, wanted) else {
        panic!("it publishes");
    };
    plan.replaces = replaces;
    let planned = Message::Planned(*request, Ok(Box::new(Confirmed::Publish(plan))));
    told(&mut state, planned);
    state
}

#[test]
fn a_version_is_published_once_confirmed() {
    let mut state = publishing(None);
    shows("plan_publish", &mut state);
    press(&mut state, Command::NextField);
    let effects = update(&mut state, Action::Do(Command::Open));
    let [Effect::Errand(Errand::Run(plan))] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(plan.summary(), "publish shop-web 1.5.0");
    let line = state.operations[0].command.clone();
    let line = format!("{:?}", line.expect("a line"));
    assert!(
        line.contains("publish") && !line.contains("--force"),
        "{line}"
    );
}

#[test]
fn a_tag_that_is_taken_is_written_over_with_a_reason_only() {
    let mut state = publishing(Some(identity("shop-web", "another")));
    shows("plan_publish_taken", &mut state);
    press(&mut state, Command::NextField);
    assert!(update(&mut state, Action::Do(Command::Open)).is_empty());
    let text = screen(&mut state, 100, 30);
    assert!(text.contains("not moved without a reason"), "{text}");
    update(
        &mut state,
        Action::Paste("the first one was broken".to_owned()),
    );
    // Enter in the reason goes to the buttons.
    press(&mut state, Command::Open);
    press(&mut state, Command::NextField);
    let effects = update(&mut state, Action::Do(Command::Open));
    let [Effect::Errand(Errand::Run(plan))] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    let Confirmed::Publish(plan) = &**plan else {
        panic!("{plan:?}");
    };
    assert_eq!(plan.reason.as_deref(), Some("the first one was broken"));
}

#[test]
fn a_rebuild_publishes_where_the_switch_is_on() {
    let mut state = versions();
    let effects = update(&mut state, Action::Do(Command::Rebuild));
    let [Effect::Errand(Errand::Plan(request, wanted))] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    let plan = super::fixture::plan(&state.fleet, wanted);
    let planned = Message::Planned(*request, Ok(Box::new(plan)));
    told(&mut state, planned);
    shows("plan_rebuild_publish", &mut state);
    // From Cancel back to the switch, and on to the button.
    press(&mut state, Command::PreviousField);
    press(&mut state, Command::Open);
    assert!(screen(&mut state, 100, 30).contains("Publish it once it is built: [x] yes"));
    let Some(Dialog::Plan(_)) = &state.dialog else {
        panic!("{:?}", state.dialog);
    };
    let line = crate::tui::command_line::of(&state).expect("a line");
    assert!(line.contains(" --publish "), "{line}");
    press(&mut state, Command::NextField);
    press(&mut state, Command::NextField);
    let effects = update(&mut state, Action::Do(Command::Open));
    let [Effect::Errand(Errand::Run(plan))] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(plan.summary(), "rebuild shop-web as 1.5.1 and publish it");
}

/// Production is a channel: the tag `prod`.
fn channel() -> Fleet {
    let mut fleet = with_registry();
    let channel = Channel {
        tag: "prod".to_owned(),
        place: ChannelPlace::Own,
    };
    let name = channel.name();
    let prod = &mut fleet.environments[3];
    prod.engines = vec![name.clone()];
    prod.channel = Some(channel);
    let mut tag = replica(
        name.as_str(),
        &format!("{REPOSITORY}:prod"),
        ("shop-web", "1.4.1"),
        Health::NoCheck,
        6 * DAY,
    );
    tag.container.id = identity("shop-web", "1.4.1 index").to_string();
    tag.container.deployed_by = Some(events()[0].clone());
    let mut before = run("shop-web", "1.4.0", 17 * DAY, 6 * DAY);
    (before.of, before.health) = (Course::Tag, Health::NoCheck);
    let mut prod = cell(vec![tag]);
    prod.known_good = Some(Verdict {
        choice: Some(before),
        passed_over: Vec::new(),
    });
    fleet.rows[2].cells[3] = prod;
    for row in &mut fleet.rows[..2] {
        row.cells[3] = crate::model::fleet::Cell::default();
    }
    let (name, state) = engine(name.as_str(), Link::Up);
    fleet.engines.insert(name, state);
    fleet
}

#[test]
fn a_channel_is_a_tag_wherever_it_is_shown() {
    let mut state = state(channel());
    shows("home_channel", &mut state);
    for size in [(60, 16), (80, 24), (100, 30), (200, 60)] {
        let text = screen(&mut state, size.0, size.1);
        assert!(text.contains("○ tag"), "{size:?}:\n{text}");
    }
    press(&mut state, Command::Open);
    shows("deployment_channel", &mut state);
    let text = screen(&mut state, 100, 30);
    assert!(text.contains("pointed there 11 d until"), "{text}");
    assert!(
        !text.contains("health") && !text.contains("container"),
        "{text}"
    );
    let away: Vec<String> = [Command::Logs, Command::Shell]
        .into_iter()
        .filter_map(|command| unavailable(&state, command))
        .collect();
    assert_eq!(away, ["a channel has no containers"; 2]);
}

#[test]
fn opening_a_channel_reads_no_container() {
    let mut state = state(channel());
    assert!(update(&mut state, Action::Do(Command::Open)).is_empty());
    let fleet = state.fleet.clone();
    told(&mut state, Message::Fleet(fleet));
    assert!(update(&mut state, Action::Do(Command::NextField)).is_empty());
}

#[test]
fn registries_and_channels_are_no_engines() {
    let mut fleet = channel();
    let mut state = state(fleet.clone());
    // Two of the fixture's four are up; the registry and the channel do not count.
    let text = screen(&mut state, 100, 30);
    assert!(text.contains("● 2 engines up"), "{text}");
    press(&mut state, Command::Engines);
    shows("engines_with_registry", &mut state);
    press(&mut state, Command::Filter);
    super::lists::typed(&mut state, "registry:");
    press(&mut state, Command::KeepFilter);
    press(&mut state, Command::Open);
    shows("engine_registry", &mut state);
    let down = Link::Down {
        error: "connection refused".to_owned(),
        since: ago(HOUR),
        retry_at: None,
    };
    fleet
        .engines
        .entry(registry())
        .and_modify(|it: &mut EngineState| it.link = down);
    told(&mut state, Message::Fleet(fleet.into()));
    shows("engine_registry_down", &mut state);
    press(&mut state, Command::Home);
    let text = screen(&mut state, 100, 30);
    assert!(text.contains("✗ 1 + registry down"), "{text}");
}

#[test]
fn the_history_tells_of_forks_and_of_its_age() {
    let mut fleet = with_registry();
    let mut state = state(fleet.clone());
    press(&mut state, Command::HistoryAll);
    let forks = [events()[0].id.clone()].into();
    told(&mut state, Message::Forks(forks));
    let read = Message::History(HistoryFilter::default(), Ok(events()));
    told(&mut state, read);
    shows("history_fork", &mut state);
    let down = Link::Down {
        error: "connection refused".to_owned(),
        since: ago(HOUR),
        retry_at: None,
    };
    fleet
        .engines
        .entry(registry())
        .and_modify(|it: &mut EngineState| it.link = down);
    told(&mut state, Message::Fleet(fleet.into()));
    let text = screen(&mut state, 100, 30);
    let wanted = format!("the history beside {REPOSITORY} is as it was 3 min ago");
    assert!(text.contains(&wanted), "{text}");
    super::lists::typed(&mut state, "fork");
    assert_eq!(
        state.counts().0,
        events().iter().filter(|it| it.id == events()[0].id).count()
    );
}

#[test]
fn an_empty_list_tells_what_its_registry_said() {
    let text = |link: Link| {
        let mut fleet = with_registry();
        fleet.rows[2].catalog.versions.clear();
        fleet.rows[2].catalog.unread.clear();
        fleet
            .engines
            .entry(registry())
            .and_modify(|it: &mut EngineState| it.link = link);
        let mut state = state(fleet);
        press(&mut state, Command::Versions);
        let lines = screen(&mut state, 200, 30);
        lines.lines().nth(1).unwrap_or_default().to_owned()
    };
    assert!(text(Link::Up).contains("and its registry has no tag of it."));
    assert!(text(Link::Connecting).contains("has not answered yet"));
    let down = Link::Down {
        error: "connection refused".to_owned(),
        since: ago(HOUR),
        retry_at: None,
    };
    assert!(text(down).contains("does not answer: connection refused"));
}

/// A wish for a tag of which nothing is known is none.
#[test]
fn wishes_are_told_in_words() {
    let wanted = Wanted::Publish {
        image: "shop-web".into(),
        identity: identity("shop-web", "1.5.0"),
        shown: "1.5.0".to_owned(),
    };
    assert_eq!(wanted.words(), "publish shop-web 1.5.0");
    assert_eq!(wanted.environment(), None);
}
