//! Filters and sorting in the real binary.

use std::path::Path;
use std::time::Duration;

use crate::stage::{DEMO, Somebody};
use crate::support::until;

fn kept(somebody: &Somebody) -> std::path::PathBuf {
    let home = somebody
        .variables
        .iter()
        .find(|(name, _)| name == "KARAT_HOME");
    Path::new(&home.expect("a home").1).join("interface.toml")
}

#[test]
fn a_filter_is_typed_kept_and_cleared() {
    let term = DEMO.somebody().opens(120, 30);
    term.see("the matrix", |text| {
        text.contains("1 engine up") && text.contains("shop-worker")
    });
    term.keys("/worker");
    term.see("one of them", |text| {
        text.contains("/worker") && text.contains("1 of 3 shown") && !text.contains("shop-api")
    });
    term.keys("\r");
    term.sees("Esc: show all");
    term.keys("\u{1b}");
    term.see("all of them", |text| {
        text.contains("shop-api") && !text.contains("of 3 shown")
    });
    term.keys("/!worker\r");
    term.see("all the others", |text| {
        text.contains("not /worker  2 of 3 shown") && !text.contains("shop-worker")
    });
    term.keys("e");
    term.see("the engines", |text| {
        text.contains("ENGINE ▲") && text.contains("● up") && text.contains("context:default")
    });
    term.keys("\r");
    term.see("one engine", |text| {
        text.contains("What it is") && text.contains("driver") && text.contains("Its containers")
    });
}

#[test]
fn the_order_survives_a_restart() {
    let somebody = DEMO.somebody();
    let mut term = somebody.opens(120, 30);
    term.sees("1 engine up");
    term.keys("sS");
    term.sees("sorted by name ▼");
    term.keys("v");
    term.sees("VERSION ▼");
    term.keys("S");
    term.sees("VERSION ▲");
    // It is written while karat goes on, not when it is left.
    until("the order is kept", Duration::from_secs(10), || {
        let text = std::fs::read_to_string(kept(&somebody)).ok()?;
        text.contains("[versions]\nby = \"version\"\nreversed = true")
            .then_some(())
    });
    term.keys("q");
    assert_eq!(term.ends(), 0);
    let mut term = somebody.opens(120, 30);
    term.see("the order", |text| {
        text.contains("1 engine up") && text.contains("sorted by name ▼")
    });
    term.keys("v");
    term.sees("VERSION ▲");
    term.keys("q");
    assert_eq!(term.ends(), 0);
    // A file that makes no sense is as if there were none, and is replaced.
    std::fs::write(kept(&somebody), "by = [").expect("a file");
    let term = somebody.opens(120, 30);
    let screen = term.sees("1 engine up");
    assert!(!screen.contains("sorted by"), "{screen}");
    term.keys("s");
    term.sees("sorted by name ▲");
}
