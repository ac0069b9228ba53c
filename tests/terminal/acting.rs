//! Acting from the screen: what is confirmed is done, what is not is not.

use rustix::process::Signal;

use crate::pty::{ENTER, ESC, TAB, Term};
use crate::stage::{DEMO, KARAT, Stage};

/// Opens karat on the demo and selects an image in prod: rows and columns by keys.
fn at_prod(rows: &str, image: &str) -> Term {
    let term = DEMO.somebody().opens(120, 40);
    term.sees("1 engine up");
    term.keys("lll");
    term.keys(rows);
    term.sees(&format!("── {image} in prod"));
    term
}

/// Waits until everything in the dialog can be read.
fn dialog(term: &Term) -> String {
    term.sees("[ Roll back prod ]")
}

#[test]
fn rolling_back_wants_the_name_and_then_runs() {
    let (demo, container) = (&DEMO, "karat-demo-prod-shop-web");
    assert_eq!(demo.version(container), "1.4.0");
    let term = at_prod("", "shop-web");
    term.keys("r");
    let screen = dialog(&term);
    for words in [
        "ROLL BACK in prod",
        "prod ⚑ protected",
        "1.3.0",
        "ran ",
        "healthy when last read",
        "image already there",
        "sha256:",
        "Type prod to go on",
    ] {
        assert!(screen.contains(words), "`{words}` is missing:\n{screen}");
    }
    // Enter alone does nothing: Cancel has the focus, and no name is typed.
    term.keys("prd");
    term.keys(ENTER);
    term.sees("that is not prod: nothing was done");
    assert_eq!(demo.version(container), "1.4.0");
    term.keys("\x7f\x7f\x7f");
    term.keys("prod");
    term.see("the name", |text| text.contains("go on: prod_"));
    term.keys(ENTER);
    let screen = term.sees("✓ done: prod runs shop-web 1.3.0 again");
    assert!(!screen.contains("ROLL BACK"), "{screen}");
    assert_eq!(demo.version(container), "1.3.0");
    // Home shows it, and the history tells it.
    term.keys(ESC);
    term.see("the new version at home", |text| {
        text.contains("── shop-web in prod") && text.contains("runs          1.3.0")
    });
    term.keys("t");
    term.see("the event", |text| {
        text.contains("history of shop-web") && text.contains("1.4.0") && text.contains("1.3.0")
    });
}

#[test]
fn esc_does_nothing_at_all() {
    let (demo, container) = (&DEMO, "karat-demo-prod-shop-worker");
    let before = demo.docker(&["inspect", "-f", "{{.Id}}", container]);
    let term = at_prod("jj", "shop-worker");
    term.keys("r");
    dialog(&term);
    term.keys("prod");
    term.sees("go on: prod_");
    term.keys(ESC);
    term.misses("[ Roll back prod ]");
    // Cancel by its button too.
    term.keys("r");
    dialog(&term);
    term.keys(ENTER);
    term.misses("[ Roll back prod ]");
    assert_eq!(
        demo.docker(&["inspect", "-f", "{{.Id}}", container]),
        before
    );
    let lock = format!("name=karat-lock-{container}");
    assert_eq!(demo.docker(&["ps", "-aq", "--filter", &lock]), "");
}

/// Begins to go to a version that takes ten minutes to become healthy.
fn slow_one(stage: &Stage) -> Term {
    let term = stage.somebody().opens(120, 40);
    term.sees("1 engine up");
    term.keys("v");
    term.see("both versions", |text| {
        text.contains("versions of web") && text.contains("1.0.0") && text.contains("2.0.0")
    });
    term.keys("G");
    term.see("1.0.0 selected", |text| text.contains("›1.0.0"));
    term.keys("r");
    // With a version of one's own choosing the environment is chosen first, if need be.
    term.see("a dialog", |text| {
        text.contains("[ Roll back prod ]") || text.contains("[ Deploy")
    });
    term.keys("prod");
    term.sees("go on: prod_");
    term.keys(ENTER);
    term.sees("⟳ wait for health");
    assert_eq!(stage.version("web"), "1.0.0");
    term
}

fn all_is_as_before(stage: &Stage) {
    assert_eq!(stage.version("web"), "2.0.0");
    assert_eq!(stage.engine.api.names(), ["web"], "nothing is left behind");
}

#[test]
fn sigterm_in_the_middle_undoes_and_gives_the_terminal_back() {
    let stage = Stage::slow();
    let mut term = slow_one(&stage);
    term.signal(Signal::TERM);
    assert_eq!(term.ends(), 143);
    term.is_given_back();
    all_is_as_before(&stage);
}

#[test]
fn leaving_in_the_middle_asks_and_then_undoes() {
    let stage = Stage::slow();
    let mut term = slow_one(&stage);
    term.keys("q");
    term.sees("Something still runs");
    term.sees("Cancel and leave");
    // Stay has the focus.
    term.keys(ENTER);
    term.misses("Something still runs");
    term.sees("⟳ wait for health");
    term.keys("q");
    term.sees("Cancel and leave");
    term.keys(TAB);
    term.keys(ENTER);
    assert_eq!(term.ends(), 0);
    term.is_given_back();
    all_is_as_before(&stage);
}

#[test]
fn a_running_operation_is_cancelled_by_its_key() {
    let stage = Stage::slow();
    let term = slow_one(&stage);
    term.keys("c");
    term.sees("Cancel it");
    term.keys(TAB);
    term.keys(ENTER);
    term.sees("prod still runs");
    all_is_as_before(&stage);
}

#[test]
fn recovering_at_a_prompt_wants_the_name_too() {
    let stage = Stage::slow();
    let mut term = slow_one(&stage);
    term.signal(Signal::KILL);
    term.ends();
    let somebody = stage.somebody();
    let recover = || {
        let words = [KARAT, "recover"];
        let term = Term::open((100, 30), &words, &somebody.folder, &somebody.variables);
        let screen = term.sees("Type its name to go on: ");
        for words in ["cut off: ", "prod (protected)", "prod is protected."] {
            assert!(screen.contains(words), "`{words}` is missing:\n{screen}");
        }
        term
    };
    let mut refused = recover();
    refused.keys("web\r");
    refused.sees("not confirmed; nothing was changed");
    assert_eq!(refused.ends(), 3);
    let goes_on = recover();
    goes_on.keys("prod\r");
    // It waits for the new version, whose log it shows.
    goes_on.sees("│ version 1.0.0 starts");
}
