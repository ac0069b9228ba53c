//! Names, labels and logs that want to break the screen.

use super::fixture::{fleet, state};
use super::screens::screen;
use crate::model::details::{HealthEntry, Origin, Setting};
use crate::model::project::EngineName;
use crate::model::time::Span;
use crate::tui::action::{Action, Command};
use crate::tui::effect::Message;
use crate::tui::update::update;

const EVIL: &str = "\u{1b}[2J\u{202e}txt.exe\n\u{9b}31m\u{200b}版本e\u{301}\u{7}";

fn harmless(text: &str) {
    for bad in ['\u{1b}', '\u{202e}', '\u{9b}', '\u{200b}', '\u{7}'] {
        assert!(!text.contains(bad), "{bad:?} reached the screen:\n{text}");
    }
}

#[test]
fn nothing_from_outside_reaches_the_terminal_raw() {
    let mut evil = fleet();
    for row in &mut evil.rows {
        row.image.name = format!("{EVIL}{}", row.image.name).as_str().into();
        for version in &mut row.catalog.versions {
            version.tags.push(EVIL.into());
            version.labels.insert(EVIL.into(), EVIL.into());
        }
        for cell in &mut row.cells {
            for skew in &mut cell.skew {
                skew.text = EVIL.into();
            }
            for error in &mut cell.errors {
                error.error = EVIL.into();
            }
            for (_, lock) in &mut cell.locks {
                lock.summary = EVIL.into();
                lock.owner = EVIL.into();
            }
            if let Some(deployment) = &mut cell.deployment {
                deployment.version = EVIL.into();
                for replica in &mut deployment.replicas {
                    replica.container.name = EVIL.into();
                    replica.container.image = EVIL.into();
                    replica.version = EVIL.into();
                }
            }
        }
    }
    for environment in &mut evil.environments {
        environment.name = format!("{}{EVIL}", environment.name).as_str().into();
    }
    let name = evil.rows[2].image.name.clone();
    let place = evil.environments[3].name.clone();
    for command in [None, Some(Command::Versions), Some(Command::Open)] {
        let mut state = state(evil.clone());
        state.home.image = Some(name.clone());
        state.home.environment = Some(place.clone());
        if let Some(command) = command {
            update(&mut state, Action::Do(command));
        }
        if command == Some(Command::Open) {
            let engine: EngineName = "ssh://deploy@prod-1".into();
            let mut details = super::fixture::details(&engine, EVIL);
            details.settings.push(Setting {
                name: EVIL.into(),
                value: EVIL.into(),
                origin: Origin::Image,
            });
            details.health_log.push(HealthEntry {
                at: super::fixture::now(),
                took: Span::seconds(1),
                exit_code: 1,
                output: EVIL.into(),
            });
            let answer = Ok(Box::new(details));
            let container = EVIL.to_owned();
            let message = Message::Details {
                engine,
                container,
                answer,
            };
            update(&mut state, Action::Told(Box::new(message)));
        }
        for (columns, rows) in [(60, 16), (100, 30), (200, 60)] {
            harmless(&screen(&mut state, columns, rows));
        }
        update(&mut state, Action::Do(Command::RollBack));
        harmless(&screen(&mut state, 100, 30));
    }
}
