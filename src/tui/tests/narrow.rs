//! What gives way where there is little room: words become fewer before they are cut.

use super::fixture::{fleet, state};
use super::screens::screen;
use crate::model::fleet::EngineError;
use crate::model::observation::Health;
use crate::tui::action::{Action, Command};
use crate::tui::update::update;

#[test]
fn at_eighty_columns_four_environments_are_told_in_whole_words() {
    let text = screen(&mut state(fleet()), 80, 30);
    for wanted in ["prod ⚑ protected", "↓ 2 behind", "← 1 behind", "≠ mixed"] {
        assert!(text.contains(wanted), "no `{wanted}`:\n{text}");
    }
    assert!(
        !text.contains("behind…") && !text.contains("behi…"),
        "{text}"
    );
}

#[test]
fn one_silent_engine_does_not_speak_for_the_others() {
    let mut fleet = fleet();
    let cell = &mut fleet.rows[2].cells[3];
    let engines: Vec<_> = cell
        .deployment
        .iter()
        .flat_map(|deployment| &deployment.replicas)
        .map(|replica| replica.engine.clone())
        .collect();
    assert_eq!(engines.len(), 2);
    let silent = |at: usize| EngineError {
        engine: engines[at].clone(),
        error: "connection timed out".into(),
        last_seen: None,
    };
    cell.errors = vec![silent(1)];
    assert!(cell.partly_answered());
    let mut both = cell.clone();
    both.errors = vec![silent(0), silent(1)];
    assert!(!both.partly_answered());
    let row = |fleet: &crate::model::fleet::Fleet| {
        let text = screen(&mut state(fleet.clone()), 200, 40);
        let at = text.lines().position(|line| line.contains("shop-web"));
        let line = at.and_then(|at| text.lines().nth(at + 1));
        line.unwrap_or_default().to_owned()
    };
    assert!(
        row(&fleet).contains("✗ 1 silent ✗ unhealthy"),
        "{}",
        row(&fleet)
    );
    let ill = |fleet: &crate::model::fleet::Fleet| {
        let mut state = state(fleet.clone());
        update(&mut state, Action::Do(Command::Unhealthy));
        state.home.list.order().contains(&2)
    };
    if let Some(deployment) = &mut fleet.rows[2].cells[3].deployment {
        deployment.health = Health::Healthy;
    }
    assert!(!ill(&fleet));
    if let Some(deployment) = &mut both.deployment {
        deployment.health = Health::Healthy;
    }
    fleet.rows[2].cells[3] = both;
    assert!(ill(&fleet));
    assert!(row(&fleet).contains("✗ no answer"), "{}", row(&fleet));
}
