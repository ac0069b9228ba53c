//! The demo in memory: no engine, a mark on every screen, everything works, nothing is kept.

use std::path::Path;

use crate::pty::{ENTER, ESC, TAB, Term};
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

/// Confirms the shell whose dialog is on screen, and looks around in it.
fn looks_around(term: &Term, prompt: &str) {
    term.sees("[ Open the shell ]");
    term.keys(TAB);
    term.sees("›[ Open the shell ]‹");
    term.keys(ENTER);
    let screen = term.sees(prompt);
    assert!(screen.contains("DEMO: a made-up shell"), "{screen}");
    assert!(!term.screen().alternate_screen());
    // The terminal's keys take back what was typed.
    term.keys("echo \"runs $APP_VERSIOX\u{7f}N\"; cat /etc/os-release\r");
    term.sees("ID=debian");
    term.keys("nonsense\r");
    term.sees("nonsense: not found");
}

#[test]
fn a_shell_in_a_container_that_is_made_up_and_back() {
    let somebody = newcomer();
    let mut term = somebody.opens_the_demo(&[], 100, 30);
    term.sees("6 engines up");
    term.keys("l");
    term.sees("── shop-web in staging");
    term.keys(ENTER);
    term.sees("Its container");
    term.keys("x");
    term.sees("SHELL in shop-web in staging");
    looks_around(&term, "app@");
    assert!(term.text().contains("runs 1.5.0"), "{}", term.text());
    term.resize(90, 25);
    term.keys("\u{3}stty size; exit 4\r");
    // The screen is karat's again, whole, and the very next key works.
    let screen = term.sees("exit code 4 of a shell in shop-web on ssh://deploy@staging");
    assert!(term.screen().alternate_screen());
    assert!(term.raw().contains("\r\n25 90\r\n"));
    for words in ["DEMO", "Its container", "1.5.0"] {
        assert!(screen.contains(words), "`{words}` is missing:\n{screen}");
    }
    for words in ["made-up shell", "not found", "app@"] {
        assert!(!screen.contains(words), "`{words}` is left over:\n{screen}");
    }
    term.keys("v");
    term.sees("VERSION");
    term.keys("q");
    assert_eq!(term.ends(), 0);
    term.is_given_back();
}

/// What was read in one shell stays legible when another is opened, and when karat pauses.
#[test]
fn a_second_shell_is_written_below_the_first() {
    let somebody = newcomer();
    let mut term = somebody.opens_the_demo(&[], 100, 30);
    term.sees("6 engines up");
    term.keys("l");
    term.sees("── shop-web in staging");
    term.keys(ENTER);
    term.sees("Its container");
    for word in ["first", "second"] {
        term.keys("x");
        term.sees("[ Open the shell ]");
        term.keys(TAB);
        term.sees("›[ Open the shell ]‹");
        term.keys(ENTER);
        term.see("an empty prompt", |text| text.trim_end().ends_with('$'));
        term.keys(&format!("echo the {word} one\r"));
        term.see("its answer", |text| {
            text.lines().any(|line| line == format!("the {word} one"))
        });
        term.keys("exit\r");
        term.sees("exit code 0 of a shell");
    }
    term.keys("q");
    assert_eq!(term.ends(), 0);
    term.is_given_back();
    let text = term.text();
    let at = |word: &str| {
        let answer = format!("the {word} one");
        text.lines().position(|line| line == answer)
    };
    assert!(
        at("first").is_some() && at("first") < at("second"),
        "{text}"
    );
    // Nothing is written over anything.
    let begun = text.matches("karat: this is the shell").count();
    assert_eq!(begun, 2, "{text}");
}

#[test]
fn a_throw_away_shell_of_a_version_that_is_made_up() {
    let somebody = newcomer();
    let mut term = somebody.opens_the_demo(&[], 100, 30);
    term.sees("6 engines up");
    term.keys("v");
    term.sees("VERSION");
    term.keys("x");
    term.sees("a throw-away container of shop-web");
    looks_around(&term, "app@karat-shell:/srv/app$ ");
    term.keys("ps\r");
    term.sees("1 app      sh");
    term.keys("\u{4}");
    term.sees("exit code 0 of a shell in a throw-away container");
    term.keys("q");
    assert_eq!(term.ends(), 0);
    term.is_given_back();
}
