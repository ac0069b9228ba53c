//! Pictures of the dialogs, and of what cannot be done.

use std::sync::Arc;

use tui_input::Input;

use super::super::fixture::{fleet, plan, state};
use super::super::lists::typed;
use super::super::palette::{wished, with_keys};
use super::super::screens::{press, roll_back, told, with_plan};
use super::super::{logs, shells};
use super::{draw, rows_of, shows, shows_end};
use crate::model::log::{Said, Saying};
use crate::model::plan::Plan;
use crate::tui::action::Command;
use crate::tui::effect::{Confirmed, Message, Part, Recovered, Refused, Request, Turn, Wanted};
use crate::tui::keymap::Keymap;
use crate::tui::state::{Dialog, PlanDialog, State};

/// The dialog for a plan that is not quite the fixture's.
fn planned(wanted: Wanted, change: impl FnOnce(&mut Plan)) -> State {
    let mut state = state(fleet());
    let Confirmed::Deploy(mut made) = plan(&state.fleet, &wanted) else {
        unreachable!("it deploys");
    };
    change(&mut made);
    let made = Confirmed::Deploy(made);
    state.dialog = Some(Dialog::Plan(Box::new(PlanDialog::new(wanted, made, None))));
    state
}

fn dialog(state: &mut State) -> &mut PlanDialog {
    let Some(Dialog::Plan(dialog)) = &mut state.dialog else {
        unreachable!("a plan is open");
    };
    dialog
}

#[test]
fn rolling_back() {
    let mut state = with_plan(roll_back());
    shows("plan_roll_back", &mut state);
    shows_end("plan_roll_back_end", &mut state);
    dialog(&mut state).form.name = Input::from("prdo");
    press(&mut state, Command::NextField);
    press(&mut state, Command::Open);
    shows("plan_wrong_name", &mut state);
    shows(
        "plan_roll_back_unprotected",
        &mut planned(
            Wanted::Rollback {
                image: "shop-web".into(),
                environment: "staging".into(),
                to: None,
            },
            |_| {},
        ),
    );
}

#[test]
fn a_fleet_that_moves_under_the_dialog() {
    let mut state = with_plan(roll_back());
    let mut moved = fleet();
    let deployment = moved.rows[2].cells[3].deployment.as_mut().expect("runs");
    deployment.replicas[0].container.id = "another".into();
    told(&mut state, Message::Fleet(Arc::new(moved)));
    shows("plan_moved", &mut state);
    let (_, request) = dialog(&mut state).moved.clone().expect("it moved");
    let anew = plan(&state.fleet, &roll_back());
    told(&mut state, Message::Planned(request, Ok(Box::new(anew))));
    shows("plan_anew", &mut state);
}

#[test]
fn promoting() {
    let wanted = Wanted::Promote {
        images: vec!["shop-api".into(), "shop-web".into()],
        from: "test".into(),
        to: "staging".into(),
    };
    shows("plan_promote_several", &mut with_plan(wanted.clone()));
    shows(
        "plan_nothing_to_do",
        &mut planned(wanted, |plan| {
            for one in &mut plan.moves {
                one.touches.clear();
                one.warnings.clear();
            }
        }),
    );
}

#[test]
fn rebuilding() {
    let mut rebuild = with_plan(Wanted::Rebuild {
        image: "shop-web".into(),
        no_cache: false,
        pull: true,
    });
    shows("plan_rebuild", &mut rebuild);
    let text = rows_of(&draw(&mut rebuild, (100, 30))).concat();
    assert!(
        !text.contains("hidden-value"),
        "a build argument's value is shown"
    );
}

#[test]
fn choosing() {
    let mut state = state(fleet());
    press(&mut state, Command::Versions);
    press(&mut state, Command::Down);
    press(&mut state, Command::RollBack);
    shows("choose_environment", &mut state);
}

#[test]
fn quick_filters() {
    let mut state = state(fleet());
    press(&mut state, Command::Unhealthy);
    press(&mut state, Command::QuickFilters);
    shows("quick_filters", &mut state);
}

#[test]
fn the_palette() {
    let mut state = state(fleet());
    press(&mut state, Command::Palette);
    shows("palette", &mut state);
    let sequences: &[(&str, &[&str])] = &[("versions", &["g v"]), ("first", &["home"])];
    let mut closed = with_keys(&[]);
    closed.read_only = true;
    closed.keymap = Arc::new(Keymap::new(&wished(sequences), true));
    closed.home.image = Some("shop-api".into());
    press(&mut closed, Command::Palette);
    shows("palette_read_only", &mut closed);
}

#[test]
fn asking_before_recovering() {
    let mut state = state(fleet());
    press(&mut state, Command::Recover);
    shows("ask_recover", &mut state);
    press(&mut state, Command::Back);
    told(
        &mut state,
        Message::Recovered(Recovered {
            settled: vec![Part {
                images: vec!["shop-web".into()],
                environments: vec!["prod".into()],
                sentence: "undone: roll back shop-web in prod to 1.4.0; everything is as before"
                    .into(),
            }],
            ..Recovered::default()
        }),
    );
    shows("notice_recovered", &mut state);
    press(&mut state, Command::Back);
    told(
        &mut state,
        Message::Recovered(Recovered {
            left: vec!["ssh://deploy@prod-2 does not answer: its lock stays".into()],
            ..Recovered::default()
        }),
    );
    shows("notice_recovering_failed", &mut state);
}

#[test]
fn shells() {
    let mut state = shells::deployment();
    press(&mut state, Command::Shell);
    shows("shell_protected", &mut state);
    press(&mut state, Command::NextField);
    press(&mut state, Command::Open);
    shows("shell_name_wanted", &mut state);
    press(&mut state, Command::Back);
    press(&mut state, Command::Versions);
    press(&mut state, Command::Shell);
    shows("shell_throw_away", &mut state);
    state.dialog = Some(Dialog::Opening {
        request: Request(7),
        words: "a shell in shop-web on ssh://deploy@prod-1".into(),
        environment: Some("prod".into()),
    });
    shows("opening", &mut state);
    let why = "there is neither sh nor bash in shop-web; a throw-away container of the version with a shell of your own would need one, too";
    told(&mut state, Message::Shell(Request(7), Err(why.into())));
    shows("shell_not_possible", &mut state);
}

#[test]
fn plans_that_are_refused() {
    let mut state = state(fleet());
    state.dialog = Some(Dialog::Planning {
        request: Request(1),
        wanted: roll_back(),
    });
    shows("planning", &mut state);
    let refused = Refused {
        sentence: "shop-web on ssh://deploy@prod-1 was started with --rm: the engine removes it as soon as it stops, so it could not be put back. By hand: docker stop shop-web && docker run …".into(),
    };
    told(&mut state, Message::Planned(Request(1), Err(refused)));
    shows("refused", &mut state);
}

#[test]
fn what_cannot_be_done_is_said_on_a_line() {
    let mut closed = state(fleet());
    closed.read_only = true;
    press(&mut closed, Command::RollBack);
    shows("line_read_only", &mut closed);
    let mut nothing = state(fleet());
    typed(&mut nothing, "nowhere");
    press(&mut nothing, Command::KeepFilter);
    press(&mut nothing, Command::RollBack);
    shows("line_nothing_selected", &mut nothing);
}

#[test]
fn logs_that_cannot_be_reached_or_saved() {
    let mut state = logs::opened();
    let note = Said {
        source: 0,
        what: Saying::Note(
            "ssh://deploy@prod-1 does not answer: no answer within 10 s; trying again in 5 s"
                .into(),
        ),
    };
    let request = state.followed[0];
    told(
        &mut state,
        Message::Logs(request, vec![note], Turn::default()),
    );
    let why = "the log cannot be saved: /home/shop: no space left on device";
    told(&mut state, Message::Saved(Err(why.into())));
    shows("logs_not_reachable", &mut state);
}

#[test]
fn settings_that_are_refused() {
    let mut state = with_keys(&[("refresh", &["r"]), ("histroy", &["h"])]);
    let theme = "themes/mine.toml: it names a colour that does not exist: `blurple` (write a name such as `light-red`, an index 0 to 255, or `#rrggbb`)";
    state.dialog = crate::tui::refused(&[theme.into()], &state.keymap).map(Dialog::Notice);
    shows("notice_refused_settings", &mut state);
}
