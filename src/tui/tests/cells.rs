//! Never a sign alone: every state in a cell of the matrix, in its heading and in the header
//! has a word, wherever there is room to draw at all.

use ratatui::buffer::Buffer;

use super::fixture::{cell, events, fleet, replica, state};
use super::pictures::draw;
use super::screens::{press, told};
use crate::model::fleet::{Cell, EngineError, Fleet};
use crate::model::observation::{Health, LockSeen};
use crate::model::plan::OperationId;
use crate::model::skew::{Skew, SkewKind};
use crate::tui::action::Command;
use crate::tui::effect::{HistoryFilter, Message};
use crate::tui::state::{Hit, State, Target};
use crate::tui::text::width;

/// The small one, the usual one, one with room.
const SIZES: [(u16, u16); 5] = [(60, 16), (80, 18), (80, 24), (100, 30), (60, 40)];

/// The words of each sign, of which one stands behind it; a number may stand between them.
const WORDS: &[(&str, &[&str])] = &[
    ("●", &["healthy"]),
    ("○", &["no check"]),
    ("◌", &["starting"]),
    ("✗", &["unhealthy", "no answer", "silent"]),
    ("■", &["not running"]),
    ("…", &["waiting"]),
    ("⟳", &["locked"]),
    ("↓", &["behind"]),
    ("←", &["behind"]),
    ("→", &["ahead"]),
    ("≠", &["mixed"]),
    ("⇄", &["tag moved", "moved"]),
    ("‼", &["contested", "1.10.12 stands for"]),
    ("?", &["not listed", "not in"]),
    ("–", &["nothing runs"]),
];

/// A sign that stands without one of its words.
fn sign_alone(text: &str) -> Option<&'static str> {
    // What is behind a lock is a sentence, and may be cut.
    let text = text
        .split_once("⟳ locked:")
        .map_or(text, |(before, _)| before);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.iter().enumerate().find_map(|(at, word)| {
        let (sign, allowed) = WORDS.iter().find(|(sign, _)| {
            // These two are at the ends of other words, too.
            let end = matches!(*sign, "…" | "?" | "–");
            word == sign || (!end && word.contains(sign))
        })?;
        let behind = words.get(at + 1..).unwrap_or_default();
        let number = behind.first().is_some_and(|it| it.parse::<usize>().is_ok());
        let behind = behind
            .get(usize::from(number)..)
            .unwrap_or_default()
            .join(" ");
        let told = word == sign && allowed.iter().any(|one| behind.starts_with(one));
        (!told).then_some(*sign)
    })
}

fn well(version: &str, health: Health) -> Cell {
    let on = |engine| replica(engine, "web", ("web", version), health, 40);
    cell(vec![on("one"), on("two")])
}

fn skewed(mut cell: Cell, kinds: &[SkewKind]) -> Cell {
    let text = |kind| match kind {
        SkewKind::BehindNewest => "12 behind newest",
        SkewKind::BehindUpstream => "1 behind staging",
        SkewKind::AheadOfUpstream => "2 ahead of staging",
        SkewKind::MixedDigests => "1.10.12 and 1.10.11 at once",
        SkewKind::MovedTag => "1.10.12 names another digest now",
        SkewKind::ContestedLabel => "1.10.12 stands for two digests",
        SkewKind::NotInVersions => "not in the list of versions",
    };
    let skew = |kind: &SkewKind| Skew {
        kind: *kind,
        text: text(*kind).to_owned(),
    };
    cell.skew = kinds.iter().map(skew).collect();
    cell
}

fn silent(mut cell: Cell, engines: &[&str]) -> Cell {
    let error = |engine: &&str| EngineError {
        engine: (*engine).into(),
        error: "no answer within 10 s; is the host up?".into(),
        last_seen: None,
    };
    cell.errors = engines.iter().map(error).collect();
    cell
}

fn waiting(mut cell: Cell) -> Cell {
    cell.waiting = vec!["two".into()];
    cell
}

fn locked(mut cell: Cell) -> Cell {
    let lock = LockSeen {
        container: "web".into(),
        operation: OperationId("cafe0011cafe0011".into()),
        summary: "promote web".into(),
        owner: "joe@ci-7".into(),
        since: super::fixture::ago(60),
    };
    cell.locks = vec![("one".into(), lock)];
    cell
}

/// `two` is silent, and the one on `one` is ill.
fn ill_beside_a_silent_engine() -> Cell {
    let on = |engine, health| replica(engine, "web", ("web", "1.10.12"), health, 40);
    let both = vec![on("one", Health::Unhealthy), on("two", Health::Healthy)];
    silent(cell(both), &["two"])
}

/// The same the other way round: what is known of the one that is ill may be old.
fn ill_on_a_silent_engine() -> Cell {
    let on = |engine, health| replica(engine, "web", ("web", "1.10.12"), health, 40);
    let both = vec![on("one", Health::Healthy), on("two", Health::NotRunning)];
    silent(cell(both), &["two"])
}

/// Every state, and what must be told of it however little room there is.
fn states() -> Vec<(Cell, &'static str)> {
    use SkewKind as K;
    let healthy = || well("1.10.12", Health::Healthy);
    let dated = || well("2026.11.1", Health::Healthy);
    vec![
        (healthy(), "● healthy"),
        (well("1.10.12", Health::NoCheck), "○ no check"),
        (well("1.10.12", Health::Starting), "◌ starting"),
        (well("2026.11.1", Health::Unhealthy), "✗ unhealthy"),
        (well("1.10.12", Health::NotRunning), "■ not running"),
        (skewed(healthy(), &[K::BehindNewest]), "behind"),
        (
            skewed(dated(), &[K::BehindNewest, K::BehindUpstream]),
            "behind",
        ),
        (skewed(healthy(), &[K::AheadOfUpstream]), "ahead"),
        (
            skewed(healthy(), &[K::MixedDigests, K::BehindUpstream]),
            "≠ mixed",
        ),
        // What is wrong comes before what is waiting, wherever it stands.
        (
            skewed(
                dated(),
                &[K::BehindNewest, K::BehindUpstream, K::MixedDigests],
            ),
            "≠ mixed",
        ),
        (skewed(dated(), &[K::MovedTag]), "moved"),
        (skewed(healthy(), &[K::ContestedLabel]), ""),
        (skewed(healthy(), &[K::NotInVersions]), ""),
        (
            skewed(
                well("1.10.12", Health::Unhealthy),
                &[K::BehindNewest, K::BehindUpstream],
            ),
            "✗ unhealthy",
        ),
        (locked(well("1.10.12", Health::Unhealthy)), "⟳ locked"),
        (silent(healthy(), &["one", "two"]), "✗ no answer"),
        (silent(healthy(), &["two"]), "✗ 1 silent"),
        (ill_beside_a_silent_engine(), "✗ unhealthy"),
        (ill_on_a_silent_engine(), "✗ 1 silent"),
        (waiting(healthy()), "… waiting"),
        (waiting(Cell::default()), "… waiting"),
        (silent(Cell::default(), &["one"]), "✗ no answer"),
        (Cell::default(), "– nothing runs"),
    ]
}

/// One image for each state, the same in every environment; one of them is protected, one
/// read-only, and one is both.
fn of_states(states: &[(Cell, &'static str)]) -> Fleet {
    let mut all = fleet();
    all.environments[1].read_only = true;
    all.environments[1].protected = true;
    all.environments[2].read_only = true;
    let row = all.rows.remove(1);
    let rows = states.iter().enumerate().map(|(at, (cell, _))| {
        let mut row = row.clone();
        row.image.name = format!("image-{at:02}").as_str().into();
        row.cells = vec![cell.clone(); 4];
        row
    });
    all.rows = rows.collect();
    all
}

/// What stands in a place, row by row.
fn read(buffer: &Buffer, hit: &Hit, columns: (u16, u16)) -> String {
    let mut text = String::new();
    for y in hit.rows.0..hit.rows.1 {
        for x in columns.0..columns.1.min(buffer.area.right()) {
            text.push_str(buffer[(x, y)].symbol());
        }
        text.push(' ');
    }
    text
}

/// Looks at all cells that are on screen; answers with how many there were.
fn look(state: &mut State, size: (u16, u16), states: &[(Cell, &'static str)]) -> usize {
    let buffer = draw(state, size);
    let mut seen = 0;
    for hit in &state.layout.hits {
        let Target::Cell(slot, _) = hit.target else {
            continue;
        };
        let row = state.home.list.order()[slot];
        let text = read(&buffer, hit, hit.columns);
        let (cell, wanted) = &states[row];
        assert!(text.contains(wanted), "no `{wanted}` at {size:?}: `{text}`");
        assert_eq!(sign_alone(&text), None, "at {size:?}: `{text}`");
        if let Some(deployment) = &cell.deployment {
            let least: String = deployment.version.chars().take(3).collect();
            assert!(text.starts_with(&least), "at {size:?}: `{text}`");
        }
        seen += 1;
    }
    seen
}

#[test]
fn every_state_of_a_cell_has_a_word() {
    let all = states();
    let few = all.chunks(3).chain(std::iter::once(all.as_slice()));
    for states in few {
        for size in SIZES {
            for at in 0..states.len() {
                for environment in ["dev", "prod"] {
                    let mut state = state(of_states(states));
                    state.home.image = Some(format!("image-{at:02}").as_str().into());
                    state.home.environment = Some(environment.into());
                    assert!(look(&mut state, size, states) > 0, "no cell at {size:?}");
                }
            }
        }
    }
}

/// By how many versions one is behind is told at every width, and nothing that is left out
/// reads like a part of that number.
#[test]
fn what_is_left_out_of_a_cell_is_not_taken_for_the_number_of_versions() {
    use SkewKind as K;
    let behind = skewed(
        well("1.4.1", Health::Healthy),
        &[K::BehindNewest, K::BehindUpstream, K::ContestedLabel],
    );
    let states = vec![(behind, "12 behind")];
    let mut counted = 0;
    for columns in 60..=200 {
        for rows in [16, 30] {
            let mut state = state(of_states(&states));
            assert!(look(&mut state, (columns, rows), &states) > 0);
            let shown = super::screens::screen(&mut state, columns, rows);
            let cells = shown.lines().filter(|line| line.contains("12 behind"));
            for line in cells {
                assert!(!line.contains('+'), "{columns}×{rows}: {line}");
                counted += usize::from(line.contains("…1"));
            }
        }
    }
    assert!(counted > 0, "nothing was ever left out");
    let mut state = state(fleet());
    press(&mut state, Command::Help);
    let help = super::screens::screen(&mut state, 200, 150);
    assert!(
        help.contains("…1") && help.contains("one more of these signs"),
        "{help}"
    );
}

#[test]
fn what_is_special_about_an_environment_has_a_word() {
    let all = states();
    let mut seen = [0; 3];
    for size in SIZES {
        for environment in ["dev", "test", "staging", "prod"] {
            let mut state = state(of_states(&all));
            state.home.environment = Some(environment.into());
            let buffer = draw(&mut state, size);
            let headings = state.layout.hits.iter().filter_map(|hit| match hit.target {
                Target::Environment(slot) => Some((slot, hit)),
                _ => None,
            });
            let headings: Vec<_> = headings.collect();
            for (at, (slot, hit)) in headings.iter().enumerate() {
                let next = headings.get(at + 1);
                let until = next.map_or(size.0, |(_, next)| next.columns.0);
                let text = read(&buffer, hit, (hit.columns.0, until));
                let one = &state.fleet.environments[state.home.columns[*slot]];
                let wanted = match (one.read_only, one.protected) {
                    (true, _) => Some((0, "⊘ read-only")),
                    (false, true) => Some((1, "⚑ protected")),
                    (false, false) => None,
                };
                let (count, wanted) = wanted.unwrap_or((2, one.name.as_str()));
                assert!(text.contains(wanted), "at {size:?}: `{text}`");
                for (sign, word) in [("⊘", "⊘ read-only"), ("⚑", "⚑ protected")] {
                    assert_eq!(text.contains(sign), text.contains(word), "`{text}`");
                }
                seen[count] += 1;
            }
        }
    }
    assert!(seen.iter().all(|count| *count > SIZES.len()), "{seen:?}");
}

#[test]
fn how_the_engines_are_is_told_in_words_on_every_view() {
    let opened = |commands: &[Command]| {
        let mut state = state(fleet());
        for command in commands {
            press(&mut state, *command);
            let events = Message::History(HistoryFilter::default(), Ok(events()));
            told(&mut state, events);
        }
        state
    };
    use Command as C;
    for commands in [
        &[][..],
        &[C::Open],
        &[C::Versions],
        &[C::Versions, C::Open],
        &[C::HistoryAll],
        &[C::History],
        &[C::HistoryAll, C::Open],
        &[C::Engines],
        &[C::Engines, C::Open],
        &[C::Logs],
        &[C::Help],
    ] {
        for (columns, rows) in [(60, 16), (80, 24), (89, 24), (90, 24), (100, 30)] {
            let mut state = opened(commands);
            let buffer = draw(&mut state, (columns, rows));
            let header: String = (0..columns).map(|x| buffer[(x, 0)].symbol()).collect();
            assert!(header.contains("✗ 1 down"), "{commands:?}: {header}");
            // Where these are told at all, it is in words.
            for (sign, words) in [
                ("… 1", &["… 1 connecting"][..]),
                ("● 2", &["● 2 up", "● 2 engines up"]),
            ] {
                let told = words.iter().any(|word| header.contains(word));
                assert_eq!(header.contains(sign), told, "{commands:?}: {header}");
            }
            // Where one is matters more than all but that something is wrong.
            let cut = header.split("  ").next().unwrap_or_default().contains('…');
            let long = matches!(commands, [C::History | C::Engines, ..]) || commands.is_empty();
            assert!(long || !cut, "{commands:?}: {header}");
            assert!(width(header.trim_end()) <= usize::from(columns));
        }
    }
    // How many are up is the answer where nothing else is.
    let mut up = fleet();
    for engine in up.engines.values_mut() {
        engine.link = crate::model::fleet::Link::Up;
    }
    let buffer = draw(&mut state(up), (60, 16));
    let header: String = (0..60).map(|x| buffer[(x, 0)].symbol()).collect();
    assert!(header.contains("● 4 up"), "{header}");
}
