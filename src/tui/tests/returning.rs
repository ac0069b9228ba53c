//! Enter and Esc lose nothing: after looking at one thing of a list, the list is as it was.

use std::sync::Arc;

use super::fixture::{ago, engine, events, fleet, plan, state};
use super::lists::typed;
use super::screens::{press, screen, told};
use crate::model::fleet::{Fleet, Link};
use crate::model::plan::OperationId;
use crate::tui::action::{Command, Place};
use crate::tui::effect::{HistoryFilter, Message, Wanted};
use crate::tui::operation::Operation;
use crate::tui::state::State;

/// So many rows has each list, more than any of them shows.
const ROWS: usize = 40;

fn large() -> Fleet {
    let mut large = fleet();
    let web = large.rows[2].clone();
    let version = web.catalog.versions[0].clone();
    large.rows = (0..ROWS)
        .map(|at| {
            let mut row = web.clone();
            row.image.name = format!("shop-{at:02}").as_str().into();
            row
        })
        .collect();
    large.rows[0].catalog.versions = (0..ROWS)
        .map(|at| {
            let mut one = version.clone();
            one.identity = super::fixture::identity("shop-00", &at.to_string());
            one.tags = vec![format!("shop.{at}")];
            one.label = None;
            one.created = Some(ago(i64::try_from(at).expect("small") * 60));
            one
        })
        .collect();
    large.engines = (0..ROWS)
        .map(|at| engine(&format!("ssh://shop-{at:02}"), Link::Up))
        .collect();
    large
}

fn home() -> State {
    let mut state = state(large());
    state.home.image = Some("shop-00".into());
    press(&mut state, Command::Down);
    press(&mut state, Command::Up);
    state
}

fn versions() -> State {
    let mut state = home();
    press(&mut state, Command::Versions);
    state
}

fn engines() -> State {
    let mut state = home();
    press(&mut state, Command::Engines);
    state
}

fn history() -> State {
    let mut state = home();
    press(&mut state, Command::HistoryAll);
    let one = events()[1].clone();
    let all = (0..ROWS).map(|at| {
        let mut event = one.clone();
        event.id = OperationId(format!("{at:016x}"));
        event.time = ago(i64::try_from(at).expect("small") * 60);
        event
    });
    let read = Message::History(HistoryFilter::default(), Ok(all.collect()));
    told(&mut state, read);
    state
}

fn operations() -> State {
    let mut state = home();
    let wanted = Wanted::Rollback {
        image: "shop-00".into(),
        environment: "prod".into(),
        to: None,
    };
    let plan = plan(&state.fleet, &wanted);
    for at in 0..ROWS {
        let since = ago(i64::try_from(at).expect("small") * 60);
        let mut one = Operation::starting(&plan, since);
        one.id = OperationId(format!("{at:016x}"));
        state.operations.push(one);
    }
    press(&mut state, Command::Operations);
    state
}

#[test]
fn selection_filter_order_and_scroll_are_as_they_were() {
    for (list, opened, mut state) in [
        (Place::Home, Place::Deployment, home()),
        (Place::Versions, Place::Version, versions()),
        (Place::Engines, Place::Engine, engines()),
        (Place::History, Place::Event, history()),
        (Place::Operations, Place::Operation, operations()),
    ] {
        assert_eq!(state.place(), list);
        typed(&mut state, "shop");
        press(&mut state, Command::KeepFilter);
        press(&mut state, Command::SortNext);
        press(&mut state, Command::SortTurn);
        // Somewhere in the middle, of a list that was scrolled.
        press(&mut state, Command::Last);
        screen(&mut state, 60, 16);
        for _ in 0..7 {
            press(&mut state, Command::Up);
        }
        let before = screen(&mut state, 60, 16);
        let top = state.layout.view.top;
        assert!(top > 0, "{list:?} is not scrolled:\n{before}");
        let shown = format!("/shop  {ROWS} of {ROWS} shown");
        assert!(before.contains(&shown), "{list:?}:\n{before}");
        press(&mut state, Command::Open);
        assert_eq!(state.place(), opened);
        let inside = screen(&mut state, 60, 16);
        assert_ne!(inside, before);
        // What is done inside is of what is inside.
        for command in [Command::Down, Command::Last, Command::First] {
            press(&mut state, command);
            screen(&mut state, 60, 16);
        }
        // And so is what comes meanwhile.
        let same = Arc::clone(&state.fleet);
        told(&mut state, Message::Fleet(same));
        screen(&mut state, 60, 16);
        press(&mut state, Command::Back);
        assert_eq!(state.place(), list);
        let after = screen(&mut state, 60, 16);
        assert_eq!(after, before, "{list:?}");
        assert_eq!(state.layout.view.top, top, "{list:?}");
        // The very same one is opened again.
        press(&mut state, Command::Open);
        assert_eq!(screen(&mut state, 60, 16), inside, "{list:?}");
    }
}
