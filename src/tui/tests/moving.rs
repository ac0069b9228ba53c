//! A fleet that moves under a plan: whatever the plan rests on, it says so and asks again.

use std::sync::Arc;

use crossterm::event::KeyCode;

use super::driven::{drive, is_plan};
use super::fixture::{fleet, identity, plan, replica, state};
use super::screens::{roll_back, told};
use crate::model::fleet::{Deployment, Fleet};
use crate::model::observation::Health;
use crate::model::version::VersionLabel;
use crate::tui::action::Command;
use crate::tui::effect::{Message, Request, Wanted};
use crate::tui::state::{Dialog, Focus, State};

fn promote(images: &[&str], from: &str, to: &str) -> Wanted {
    Wanted::Promote {
        images: images.iter().map(|image| (*image).into()).collect(),
        from: from.into(),
        to: to.into(),
    }
}

fn rebuild() -> Wanted {
    Wanted::Rebuild {
        image: "shop-web".into(),
        no_cache: false,
        pull: false,
    }
}

/// What runs of shop-web in the environment at this place.
fn web(fleet: &mut Fleet, column: usize) -> &mut Deployment {
    let cell = &mut fleet.rows[2].cells[column];
    cell.deployment.as_mut().expect("it runs")
}

/// Puts shop-web there on another version.
fn put(fleet: &mut Fleet, column: usize, version: &str) {
    let deployment = web(fleet, column);
    deployment.identities = vec![identity("shop-web", version)];
    for one in &mut deployment.replicas {
        one.identity = identity("shop-web", version);
        one.version = version.into();
    }
}

/// The version that a rebuild would make.
fn built(fleet: &mut Fleet) {
    let versions = &mut fleet.rows[2].catalog.versions;
    let mut new = versions[0].clone();
    new.label = Some(VersionLabel("1.5.1".into()));
    versions.insert(0, new);
}

/// The dialog of a plan that has just come.
fn shown(wanted: &Wanted) -> State {
    let mut state = state(fleet());
    let request = Request(7);
    state.dialog = Some(Dialog::Planning {
        request,
        wanted: wanted.clone(),
    });
    let made = plan(&state.fleet, wanted);
    told(&mut state, Message::Planned(request, Ok(Box::new(made))));
    state
}

/// What is said to have moved.
fn reason(state: &State) -> Option<String> {
    let Some(Dialog::Plan(dialog)) = &state.dialog else {
        panic!("{:?}", state.dialog);
    };
    dialog.moved.as_ref().map(|(why, _)| why.clone())
}

type Change = fn(&mut Fleet);

/// What is wanted, what changes, and what is then said to have moved.
type Case = (Wanted, Change, Option<&'static str>);

fn where_it_goes() -> Vec<Case> {
    vec![
        (
            roll_back(),
            |it| it.at += chrono::TimeDelta::seconds(5),
            None,
        ),
        (roll_back(), |it| put(it, 2, "1.5.0"), None),
        (
            roll_back(),
            |it| web(it, 3).replicas[0].container.id = "another".into(),
            Some("shop-web on ssh://deploy@prod-1 was replaced by another container"),
        ),
        (
            roll_back(),
            |it| put(it, 3, "1.4.2"),
            Some("shop-web on ssh://deploy@prod-1 runs 1.4.2 now, not 1.4.1"),
        ),
        (
            roll_back(),
            |it| drop(web(it, 3).replicas.pop()),
            Some("shop-web no longer runs on ssh://deploy@prod-2"),
        ),
        (
            roll_back(),
            |it| it.rows[2].cells[3].deployment = None,
            Some("shop-web no longer runs in prod"),
        ),
        (
            roll_back(),
            |it| {
                let one = ("shop-web", "1.4.1");
                let more = replica("ssh://deploy@prod-1", "shop-web-2", one, Health::Healthy, 5);
                web(it, 3).replicas.push(more);
            },
            Some("shop-web-2 on ssh://deploy@prod-1 has come, with 1.4.1"),
        ),
    ]
}

fn what_it_comes_from() -> Vec<Case> {
    vec![
        // What runs in test is promoted, and is what runs there no longer.
        (
            promote(&["shop-web"], "test", "staging"),
            |it| put(it, 1, "1.4.2"),
            Some("shop-web in test is 1.4.2 ("),
        ),
        (
            promote(&["shop-web"], "test", "staging"),
            |it| it.rows[2].cells[1].deployment = None,
            Some("shop-web no longer runs in test"),
        ),
        (
            promote(&["shop-web"], "test", "staging"),
            |it| {
                let other = ("shop-web", "1.5.1");
                let more = replica("context:default", "test-web-2", other, Health::Healthy, 5);
                web(it, 1).identities.push(more.identity.clone());
                web(it, 1).replicas.push(more);
            },
            Some(") and 1.5.1 ("),
        ),
        // The plan knew better than the fleet what is promoted: that is no move, but what
        // comes after it is.
        (promote(&["shop-web"], "staging", "prod"), |_| {}, None),
        (
            promote(&["shop-web"], "staging", "prod"),
            |it| put(it, 2, "1.5.0"),
            None,
        ),
        (
            promote(&["shop-web"], "staging", "prod"),
            |it| put(it, 2, "1.3.9"),
            Some("shop-web in staging is 1.3.9 ("),
        ),
        // One of several.
        (
            promote(&["shop-api", "shop-web"], "test", "staging"),
            |it| put(it, 1, "1.4.2"),
            Some("shop-web in test is 1.4.2 ("),
        ),
        (rebuild(), |it| put(it, 3, "1.5.0"), None),
        (rebuild(), built, Some("shop-web 1.5.1 has come")),
    ]
}

#[test]
fn whatever_a_plan_rests_on_is_watched() {
    let table = where_it_goes().into_iter().chain(what_it_comes_from());
    for (at, (wanted, change, words)) in table.enumerate() {
        let mut state = shown(&wanted);
        let mut moved = fleet();
        change(&mut moved);
        told(&mut state, Message::Fleet(Arc::new(moved)));
        let found = reason(&state);
        match words {
            None => assert_eq!(found, None, "{at}: {}", wanted.words()),
            Some(words) => {
                let found = found.unwrap_or_else(|| panic!("{at}: nothing moved for {words}"));
                assert!(found.contains(words), "{at}: {found}");
                // Nothing can be confirmed until the new plan is there.
                let Some(Dialog::Plan(dialog)) = &mut state.dialog else {
                    panic!("it stays");
                };
                dialog.form.focus = Focus::Confirm;
                dialog.form.name = "prod".into();
                super::screens::press(&mut state, Command::Open);
                assert!(state.operations.is_empty(), "{at}: it was done");
            }
        }
    }
}

#[test]
fn a_promotion_whose_source_moves_is_planned_anew() {
    let (_, _, hands) = drive(false, |it| async move {
        it.key(KeyCode::Left);
        it.keys("p");
        it.sees("PROMOTE from staging to prod").await;
        it.keys("prod");
        let mut moved = fleet();
        put(&mut moved, 2, "1.3.9");
        it.fleet(moved);
        it.sees("The fleet moved while you were looking: shop-web in staging is 1.3.9")
            .await;
        assert_eq!(it.hands.count(is_plan), 2);
        it.key(KeyCode::Enter);
        it.gone("PROMOTE").await;
    });
    assert!(hands.ran().is_empty());
}

#[test]
fn a_rebuild_whose_version_comes_is_planned_anew() {
    let (_, _, hands) = drive(false, |it| async move {
        it.keys("b");
        it.sees("REBUILD shop-web").await;
        let mut moved = fleet();
        built(&mut moved);
        it.fleet(moved);
        it.sees("The fleet moved while you were looking: shop-web 1.5.1 has come")
            .await;
        assert_eq!(it.hands.count(is_plan), 2);
        it.key(KeyCode::Enter);
        it.gone("REBUILD").await;
    });
    assert!(hands.ran().is_empty());
}
