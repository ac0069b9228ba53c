use crossterm::event::KeyCode;
use proptest::collection::{btree_map, vec};
use proptest::prelude::{Strategy, prop, prop_oneof, proptest};
use proptest::{prop_assert, sample};

use super::*;
use crate::tui::action::EVERYWHERE;

fn overrides(all: &[(&str, &[&str])]) -> Overrides {
    all.iter()
        .map(|(id, keys)| {
            let keys = keys.iter().map(|key| (*key).to_owned()).collect();
            ((*id).to_owned(), keys)
        })
        .collect()
}

fn keymap(all: &[(&str, &[&str])]) -> Keymap {
    Keymap::new(&overrides(all), false)
}

/// What a sequence does in a place, pressed key by key; `…` while more is to come.
fn does(keymap: &Keymap, place: Place, written: &str) -> &'static str {
    let keys = key::parse_sequence(written).expect("a sequence");
    press_all(keymap, place, &keys)
}

fn press_all(keymap: &Keymap, place: Place, keys: &[Key]) -> &'static str {
    let mut last = "";
    for (at, key) in keys.iter().enumerate() {
        last = match keymap.press(place, &keys[..at], *key) {
            Press::Does(entry) if at + 1 == keys.len() => entry.id,
            Press::Waits => "…",
            Press::Withheld(_) => "withheld",
            Press::Does(_) | Press::Nothing => return "",
        };
    }
    last
}

fn complaints(keymap: &Keymap) -> Vec<String> {
    keymap.complaints.iter().map(ToString::to_string).collect()
}

#[test]
fn the_table_itself_has_nothing_to_complain_of() {
    let keymap = Keymap::default();
    assert_eq!(complaints(&keymap), [""; 0]);
    for (entry, sequences) in TABLE.iter().zip(&keymap.bound) {
        assert_eq!(sequences.len(), entry.keys.len());
    }
    assert_eq!(does(&keymap, Place::Home, "r"), "roll-back");
    assert_eq!(does(&keymap, Place::History, "r"), "");
    assert_eq!(does(&keymap, Place::Home, "shift-down"), "down");
}

#[test]
fn settings_take_the_place_of_the_tables_keys() {
    let keymap = keymap(&[("versions", &["g v", "ctrl-v"]), ("first", &["home"])]);
    assert_eq!(complaints(&keymap), [""; 0]);
    assert_eq!(does(&keymap, Place::Home, "g"), "…");
    assert_eq!(does(&keymap, Place::Home, "g v"), "versions");
    assert_eq!(does(&keymap, Place::Home, "ctrl-v"), "versions");
    assert_eq!(does(&keymap, Place::Home, "v"), "");
    assert_eq!(does(&keymap, Place::Home, "g x"), "");
    assert_eq!(keymap.way(Command::Versions), "g v");
}

#[test]
fn two_that_swap_their_keys_are_in_nobodys_way() {
    let keymap = keymap(&[("versions", &["t"]), ("history", &["v"])]);
    assert_eq!(complaints(&keymap), [""; 0]);
    assert_eq!(does(&keymap, Place::Home, "t"), "versions");
    assert_eq!(does(&keymap, Place::Home, "v"), "history");
}

#[test]
fn what_cannot_be_is_refused_alone_and_by_name() {
    for (id, keys, why) in [
        (
            "versoins",
            "x",
            "there is no such action; did you mean `versions`?",
        ),
        ("versions", "pgupp", "`versions = pgupp`: `pgupp` is no key"),
        (
            "versions",
            "t",
            "`versions = t`: that is `history` already (the fleet)",
        ),
        (
            "versions",
            "t x",
            "`history`, begins with the other (the fleet)",
        ),
        ("up", "W", "it would be typed in the plan dialog"),
        ("versions", "ctrl-i", "cannot tell `ctrl-i` from Tab"),
    ] {
        let keymap = keymap(&[(id, &[keys]), ("home", &["H"])]);
        let said = complaints(&keymap);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains(why) && said[0].contains(id), "{said:?}");
        // Its own keys stay, and so does what else was wished.
        assert_eq!(does(&keymap, Place::Home, "v"), "versions");
        assert_eq!(does(&keymap, Place::Plan, "up"), "up");
        assert_eq!(does(&keymap, Place::Home, "H"), "home");
    }
}

#[test]
fn one_bad_sequence_leaves_the_others_of_its_action() {
    let keymap = keymap(&[("versions", &["t", "ctrl-v", "what"])]);
    assert_eq!(complaints(&keymap).len(), 2);
    assert_eq!(does(&keymap, Place::Home, "ctrl-v"), "versions");
    assert_eq!(does(&keymap, Place::Home, "v"), "");
}

#[test]
fn a_letter_is_fine_beside_a_key_that_writes_nothing() {
    let keymap = keymap(&[("up", &["W", "up"])]);
    assert_eq!(complaints(&keymap), [""; 0]);
    assert_eq!(does(&keymap, Place::Home, "W"), "up");
}

#[test]
fn an_empty_list_takes_the_key_away_but_not_the_ways_out() {
    let keymap = keymap(&[
        ("versions", &[]),
        ("back", &[]),
        ("leave", &[]),
        ("interrupt", &[]),
    ]);
    assert_eq!(does(&keymap, Place::Home, "v"), "");
    assert_eq!(keymap.way(Command::Versions), ": versions");
    assert_eq!(complaints(&keymap).len(), 3);
    for (place, key, id) in [
        (Place::Plan, "esc", "back"),
        (Place::Home, "q", "leave"),
        (Place::Palette, "ctrl-c", "interrupt"),
    ] {
        assert_eq!(does(&keymap, place, key), id);
    }
}

#[test]
fn who_keeps_its_own_keys_gets_them_back_from_who_took_them() {
    // `leave` cannot have `r`, so it keeps `q`, so `back` cannot have that.
    let keymap = keymap(&[("back", &["q", "esc"]), ("leave", &["r"])]);
    assert_eq!(does(&keymap, Place::Home, "q"), "leave");
    assert_eq!(does(&keymap, Place::Home, "esc"), "back");
    assert_eq!(does(&keymap, Place::Home, "r"), "roll-back");
    let said = complaints(&keymap);
    assert_eq!(said.len(), 2, "{said:?}");
}

#[test]
fn what_follows_is_known_while_keys_are_pending() {
    let keymap = keymap(&[
        ("versions", &["space v"]),
        ("history", &["space t t"]),
        ("history-all", &["space t T"]),
    ]);
    assert_eq!(complaints(&keymap), [""; 0]);
    let pending = key::parse_sequence("space").expect("a sequence");
    let ways: Vec<_> = keymap
        .ways_on(Place::Home, &pending)
        .into_iter()
        .map(|(key, entry)| (key.to_string(), entry.map(|entry| entry.id)))
        .collect();
    let wanted = [("v".to_owned(), Some("versions")), ("t".to_owned(), None)];
    assert_eq!(ways, wanted);
    // Where one of them does not hold, it is no way on.
    assert_eq!(keymap.ways_on(Place::Versions, &pending).len(), 1);
}

#[test]
fn read_only_binds_nothing_dangerous() {
    let wished = overrides(&[("roll-back", &["X"])]);
    let keymap = Keymap::new(&wished, true);
    for (entry, sequences) in TABLE.iter().zip(&keymap.bound) {
        assert_eq!(
            entry.danger,
            sequences.is_empty() && entry.id != "home",
            "{}",
            entry.id
        );
    }
    assert_eq!(does(&keymap, Place::Home, "X"), "withheld");
    assert_eq!(does(&keymap, Place::Home, "r"), "");
    let dangerous: Vec<_> = TABLE
        .iter()
        .filter(|it| it.danger)
        .map(|it| it.id)
        .collect();
    for id in [
        "roll-back",
        "promote",
        "promote-all",
        "rebuild",
        "rebuild-clean",
        "shell",
        "recover",
    ] {
        assert!(dangerous.contains(&id), "{id}");
    }
}

fn some_overrides() -> impl Strategy<Value = Overrides> {
    let ids: Vec<String> = TABLE.iter().map(|entry| entry.id.to_owned()).collect();
    let id = prop_oneof![9 => sample::select(ids), 1 => ".{0,6}"];
    let named = sample::select(vec![
        "q", "r", "k", "j", "g", "x", ":", "Y", "esc", "enter", "tab", "up", "down", "ctrl-c",
        "ctrl-y", "ctrl-z", "f5", "shift-up", "space", "home",
    ]);
    let sequence = prop_oneof![
        8 => vec(named, 1..4).prop_map(|keys| keys.join(" ")),
        1 => ".{0,8}",
    ];
    btree_map(id, vec(sequence, 0..4), 0..12)
}

proptest! {
    #[test]
    fn whatever_is_wished_everybody_gets_out(wished in some_overrides(), read_only in prop::bool::ANY) {
        let keymap = Keymap::new(&wished, read_only);
        for place in EVERYWHERE {
            for (entry, sequence) in of_place(&keymap.bound, *place) {
                // What is bound can be pressed, and means that and nothing else.
                prop_assert!(press_all(&keymap, *place, sequence) == entry.id);
            }
            for id in MUST_STAY {
                let entry = TABLE.iter().find(|entry| entry.id == *id).expect("an entry");
                if !entry.places.contains(place) {
                    continue;
                }
                let mut out = keymap.of(entry).iter();
                prop_assert!(
                    out.any(|one| !place.is_typed_in() || !one[0].is_text()),
                    "{id} in {place:?}"
                );
            }
        }
        for complaint in &keymap.complaints {
            prop_assert!(!complaint.to_string().is_empty());
        }
        prop_assert!(key(KeyCode::Esc).to_string() == "Esc");
    }
}

/// The example of the README, as it stands there.
#[test]
fn the_keys_the_readme_shows_can_be_had() {
    let readme = include_str!("../../../README.md");
    let example = readme
        .split("```toml\n")
        .filter_map(|part| part.split("```").next())
        .find(|block| block.contains("[keys]"))
        .expect("an example of settings");
    let settings: toml::Table = toml::from_str(example).expect("settings");
    let keys = settings["keys"].as_table().expect("keys");
    let wished: Overrides = keys
        .iter()
        .map(|(id, keys)| {
            let keys = match keys {
                toml::Value::String(one) => vec![one.clone()],
                several => several.clone().try_into().expect("keys"),
            };
            (id.clone(), keys)
        })
        .collect();
    assert_eq!(wished.len(), 3);
    assert_eq!(complaints(&Keymap::new(&wished, false)), [""; 0]);
}
