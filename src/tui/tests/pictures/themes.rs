//! The same rich screen in each theme; and that no theme is needed to read it.

use ratatui::style::Color;

use super::super::fixture::{fleet, state};
use super::super::lists::engines;
use super::super::screens::press;
use super::operations::{ended, running};
use super::{draw, rows_of, shows_at};
use crate::model::event::Outcome;
use crate::model::fleet::Cell;
use crate::model::observation::Health;
use crate::tui::action::Command;
use crate::tui::state::State;
use crate::tui::theme::Theme;

/// Home while something runs: skew, an unhealthy replica, a lock, a selection.
#[test]
fn home_in_every_other_theme() {
    let others = Theme::names().skip(1).filter_map(Theme::built_in);
    let mut drawn = 0;
    for theme in others.chain([Theme::colourless()]) {
        let (mut state, _) = running();
        press(&mut state, Command::Back);
        let name = match theme.name.as_str() {
            "light" => "theme_light",
            "high-contrast" => "theme_high_contrast",
            "colour-blind" => "theme_colour_blind",
            "sixteen" => "theme_sixteen",
            "colourless" => "theme_colourless",
            other => panic!("{other} has no picture"),
        };
        state.theme = theme;
        shows_at(name, &mut state, (100, 30));
        drawn += 1;
    }
    assert_eq!(drawn, 5);
}

/// What a screen says where there is no colour at all.
fn said(state: &mut State, size: (u16, u16)) -> String {
    state.theme = Theme::colourless();
    let buffer = draw(state, size);
    for cell in &buffer.content {
        assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{cell:?}");
    }
    rows_of(&buffer).join("\n")
}

/// A state is a sign and a word: whoever sees no colours misses nothing.
#[test]
fn no_state_of_the_fleet_is_told_by_colour_alone() {
    let fleet = fleet();
    let mut seen = Vec::new();
    for row in &fleet.rows {
        for (cell, environment) in row.cells.iter().zip(&fleet.environments) {
            let mut wanted = words(cell);
            if environment.protected {
                wanted.push("⚑ protected".to_owned());
            }
            for size in [(100, 40), (200, 60)] {
                let mut state = state(fleet.clone());
                state.home.image = Some(row.image.name.clone());
                state.home.environment = Some(environment.name.clone());
                let text = said(&mut state, size);
                let at = format!("{} in {}", row.image.name, environment.name);
                // The part below the rule is about this cell alone.
                let (_, below) = text.split_once(&at).expect("the story of the cell");
                for word in &wanted {
                    let holds =
                        below.contains(word) || word.starts_with('⚑') && text.contains(word);
                    assert!(holds, "`{word}` of {at} is missing:\n{text}");
                }
            }
            seen.extend(wanted);
        }
    }
    for sign in [
        "●",
        "○",
        "◌",
        "✗ unhealthy",
        "■",
        "↓",
        "←",
        "≠",
        "⇄",
        "⟳",
        "…",
        "◆",
    ] {
        assert!(
            seen.iter().any(|it| it.starts_with(sign)),
            "{sign} is nowhere"
        );
    }
}

/// What is to be read of a cell.
fn words(cell: &Cell) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(deployment) = &cell.deployment {
        words.push(match deployment.health {
            Health::Healthy => "● healthy".to_owned(),
            Health::NoCheck => "○ runs, no health check".to_owned(),
            Health::Starting => "◌ starting".to_owned(),
            Health::Unhealthy => "✗ unhealthy".to_owned(),
            Health::NotRunning => "■ not running".to_owned(),
        });
    }
    for skew in &cell.skew {
        words.push(format!("{} {}", skew.kind.sign(), skew.text));
    }
    for error in &cell.errors {
        words.push(format!("✗ {}", error.engine));
    }
    for engine in &cell.waiting {
        words.push(format!("… for {engine}"));
    }
    if !cell.locks.is_empty() {
        words.push("⟳ test-api".to_owned());
    }
    if let Some(choice) = cell.known_good.as_ref().and_then(|it| it.choice.as_ref()) {
        let version = choice.version.as_deref().expect("a version");
        words.push(format!("◆ {version}"));
    }
    words
}

#[test]
fn no_other_state_is_told_by_colour_alone() {
    let mut state = state(fleet());
    press(&mut state, Command::Versions);
    let text = said(&mut state, (100, 30));
    for words in ["◆ prod", "⊘ revoked", "✗ left behind"] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
    let mut state = engines();
    press(&mut state, Command::Engines);
    let text = said(&mut state, (100, 30));
    for words in ["● up", "✗ down", "… connecting"] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
    for (outcome, words) in [
        (Outcome::Done, "✓ done"),
        (Outcome::Undone, "↶ failed, undone"),
        (Outcome::Cancelled, "↶ cancelled, undone"),
        (Outcome::NeedsRecover, "‼ needs recover"),
        (Outcome::Failed, "✗ failed, nothing touched"),
        (Outcome::Locked, "⊘ refused, locked"),
    ] {
        let (mut state, id) = running();
        assert!(said(&mut state, (100, 30)).contains("⟳ roll back"));
        ended(&mut state, &id, outcome, None);
        let text = said(&mut state, (100, 30));
        assert!(text.contains(words), "{words}:\n{text}");
    }
}
