//! Pictures of the views: what is looked at while nothing is done.

use super::super::fixture::{ago, details, engine, environments, events, fleet, now, state};
use super::super::lists::{engines, typed};
use super::super::palette::{wished, with_keys};
use super::super::screens::{press, told};
use super::super::{logs, shells};
use super::{shows, shows_at, shows_end};
use crate::model::fleet::{Fleet, Link};
use crate::model::project::{EngineName, Source};
use crate::tui::action::Command;
use crate::tui::effect::{HistoryFilter, Message};
use crate::tui::keymap::Keymap;
use crate::tui::state::State;

#[test]
fn home() {
    let mut state = state(fleet());
    shows("home", &mut state);
    state.home.image = Some("shop-api".into());
    shows("home_engine_down", &mut state);
    state.home.environment = Some("test".into());
    shows("home_locked", &mut state);
    state.home.environment = Some("staging".into());
    shows("home_mixed", &mut state);
    state.home.image = Some("shop-base".into());
    shows("home_waiting", &mut state);
    state.home.environment = Some("test".into());
    shows("home_nothing_runs", &mut state);
}

#[test]
fn home_of_a_demo_that_is_read_only() {
    let mut state = state(fleet());
    state.demo = true;
    state.read_only = true;
    state.keymap = Keymap::new(&wished(&[]), true).into();
    shows("home_demo_read_only", &mut state);
}

#[test]
fn home_of_nothing() {
    let mut nothing = Fleet {
        at: now(),
        source: Source::Found,
        environments: Vec::new(),
        rows: Vec::new(),
        engines: std::iter::once(engine("context:default", Link::Up)).collect(),
        stray_locks: Vec::new(),
    };
    shows("home_empty", &mut state(nothing.clone()));
    nothing.environments = environments();
    let link = Link::Down {
        error: "no permission on /var/run/docker.sock: add yourself to the group `docker`, or run as root".into(),
        since: ago(5),
        retry_at: None,
    };
    nothing.engines = std::iter::once(engine("context:default", link)).collect();
    shows("home_no_engine", &mut state(nothing));
}

#[test]
fn filters() {
    let mut at = state(fleet());
    typed(&mut at, "prod he");
    shows("filter_typed", &mut at);
    press(&mut at, Command::KeepFilter);
    press(&mut at, Command::Unhealthy);
    press(&mut at, Command::SortNext);
    shows("filter_kept", &mut at);
    let mut at = state(fleet());
    typed(&mut at, "nowhere");
    press(&mut at, Command::KeepFilter);
    shows("filter_nothing", &mut at);
}

#[test]
fn versions() {
    let mut state = state(fleet());
    press(&mut state, Command::Versions);
    press(&mut state, Command::Down);
    shows("versions", &mut state);
    press(&mut state, Command::Open);
    shows("version", &mut state);
    shows_end("version_end", &mut state);
    press(&mut state, Command::Back);
    press(&mut state, Command::Last);
    press(&mut state, Command::Open);
    shows("version_revoked", &mut state);
    let mut gone = (*state.fleet).clone();
    gone.rows[2].catalog.versions.clear();
    told(&mut state, Message::Fleet(gone.clone().into()));
    press(&mut state, Command::Back);
    shows("versions_none", &mut state);
    gone.rows.remove(2);
    told(&mut state, Message::Fleet(gone.into()));
    shows("versions_image_gone", &mut state);
}

/// What came of looking closely at shop-web on the first engine of prod.
fn closely(state: &mut State, answer: impl FnOnce(&EngineName) -> Message) {
    let engine = "ssh://deploy@prod-1".into();
    told(state, answer(&engine));
}

#[test]
fn deployment() {
    let mut state = shells::deployment();
    shows_end("deployment_loading", &mut state);
    closely(&mut state, |engine| Message::Details {
        engine: engine.clone(),
        container: "shop-web".into(),
        answer: Ok(Box::new(details(engine, "shop-web"))),
    });
    shows("deployment", &mut state);
    shows_end("deployment_end", &mut state);
    closely(&mut state, |engine| {
        Message::Details {
        engine: engine.clone(),
        container: "shop-web".into(),
        answer: Err("ssh://deploy@prod-1 does not answer: no answer within 10 s; is the host up? try `ssh deploy@prod-1 docker version`".into()),
    }
    });
    shows_end("deployment_not_readable", &mut state);
}

#[test]
fn what_containers_write() {
    let mut state = logs::opened();
    shows("logs", &mut state);
    logs::typed(&mut state, "cart");
    shows("logs_searching", &mut state);
    press(&mut state, Command::Open);
    press(&mut state, Command::PreviousMatch);
    shows("logs_found", &mut state);
    press(&mut state, Command::Wrap);
    press(&mut state, Command::NextField);
    press(&mut state, Command::Last);
    shows("logs_one_wrapped", &mut state);
}

#[test]
fn history() {
    let mut state = state(fleet());
    press(&mut state, Command::HistoryAll);
    shows("history_loading", &mut state);
    let all = HistoryFilter::default;
    told(&mut state, Message::History(all(), Ok(events())));
    shows("history", &mut state);
    press(&mut state, Command::Down);
    press(&mut state, Command::Down);
    press(&mut state, Command::Open);
    shows("event", &mut state);
    shows_end("event_end", &mut state);
    press(&mut state, Command::Back);
    told(&mut state, Message::History(all(), Ok(Vec::new())));
    shows("history_empty", &mut state);
    let why = "/home/shop/.local/share/karat/history.jsonl: permission denied (os error 13)";
    told(&mut state, Message::History(all(), Err(why.into())));
    shows("history_not_readable", &mut state);
}

#[test]
fn how_engines_stand() {
    let mut state = engines();
    press(&mut state, Command::Engines);
    shows("engines", &mut state);
    press(&mut state, Command::Open);
    shows("engine_down", &mut state);
    press(&mut state, Command::Back);
    press(&mut state, Command::First);
    press(&mut state, Command::Open);
    shows("engine_up", &mut state);
    // It is gone from the project meanwhile.
    let mut fewer = (*state.fleet).clone();
    fewer.engines.clear();
    told(&mut state, Message::Fleet(fewer.into()));
    shows("engine_gone", &mut state);
    press(&mut state, Command::Back);
    shows("engines_none", &mut state);
}

#[test]
fn help() {
    let mut whole = state(fleet());
    press(&mut whole, Command::Help);
    shows("help", &mut whole);
    let mut of_settings = with_keys(&[
        ("versions", &["g v", "ctrl-v"]),
        ("first", &["home"]),
        ("refresh", &["r"]),
        ("histroy", &["h"]),
        ("home", &["H"]),
    ]);
    press(&mut of_settings, Command::Help);
    shows_end("help_of_settings", &mut of_settings);
}

#[test]
fn too_small() {
    let mut state = state(fleet());
    shows_at("too_small", &mut state, (40, 10));
    shows_at("too_small", &mut state, (59, 16));
    shows_at("too_small", &mut state, (12, 3));
}
