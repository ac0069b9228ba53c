//! The demo in memory: no engine, a mark on every screen, everything works, nothing is kept.

use std::path::Path;

use crate::pty::{ENTER, ESC, Term};
use crate::stage::Somebody;

/// Somebody without any engine, whose project file is wrong.
fn newcomer() -> Somebody {
    Somebody::before(Path::new("/nowhere/engine.sock")).with_file("karat.toml", "not = [")
}

fn every_file(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut all: Vec<String> = entries
        .map(|entry| entry.expect("an entry").path().display().to_string())
        .collect();
    all.sort();
    all
}

fn at_prod(term: &Term) {
    term.sees("6 engines up");
    term.keys("lll");
    term.sees("── shop-web in prod");
}

#[test]
fn a_newcomer_rolls_production_back_without_any_engine() {
    let somebody = newcomer();
    let before = every_file(somebody.home());
    let mut term = somebody.opens_the_demo(&["--speed", "3"], 120, 40);
    at_prod(&term);
    let screen = term.text();
    for words in [
        "DEMO",
        "shop-api",
        "prod ⚑ protected",
        "✗ unhealthy",
        "locked",
    ] {
        assert!(screen.contains(words), "`{words}` is missing:\n{screen}");
    }
    term.keys("r");
    let screen = term.sees("[ Roll back prod ]");
    assert!(
        screen.contains("DEMO") && screen.contains("1.4.0"),
        "{screen}"
    );
    term.keys("prod");
    term.see("the name", |text| text.contains("go on: prod_"));
    term.keys(ENTER);
    let screen = term.sees("✓ done: prod runs shop-web 1.4.0 again");
    assert!(screen.contains("DEMO"), "{screen}");
    term.keys(ESC);
    term.see("the new version at home", |text| {
        text.contains("── shop-web in prod") && text.contains("runs          1.4.0")
    });
    term.keys("t");
    term.see("the history", |text| {
        text.contains("DEMO") && text.contains("incident 4711") && text.contains("1.4.1 → 1.4.0")
    });
    term.keys("q");
    assert_eq!(term.ends(), 0);
    term.is_given_back();
    assert_eq!(every_file(somebody.home()), before, "nothing is kept");
}

#[test]
fn it_says_demo_where_a_dialog_covers_everything_and_where_nothing_fits() {
    let term = newcomer().opens_the_demo(&[], 60, 16);
    term.sees("6 up");
    term.keys("r");
    term.see("the mark on the dialog", |text| {
        text.contains("ROLL BACK") && text.lines().next().is_some_and(|top| top.contains("DEMO"))
    });
    term.resize(40, 10);
    term.see("the mark where nothing fits", |text| {
        text.contains("DEMO") && text.contains("60 columns")
    });
}
