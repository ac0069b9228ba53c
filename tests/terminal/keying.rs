//! Keys: the palette, keys of the user's own, and keys that are not bound.

use crate::pty::{ENTER, ESC};
use crate::stage::DEMO;

#[test]
fn the_palette_finds_goes_and_says_why_not() {
    let term = DEMO.somebody().opens(100, 30);
    term.sees("1 engine up");
    term.keys(":");
    term.sees("Go to, or do");
    term.keys("api prod");
    term.sees("go to shop-api in prod");
    term.keys(ENTER);
    term.sees("── shop-api in prod");
    // What holds elsewhere stays where it is.
    term.keys(":recov");
    term.sees("! nothing is locked: nothing was cut off");
    term.keys(ENTER);
    term.sees("Go to, or do");
    term.resize(60, 16);
    term.sees("Enter does it, Esc goes back");
    term.keys(ESC);
    term.misses("Go to, or do");
    term.keys(":hist");
    term.sees("› history");
    term.keys(ENTER);
    term.sees("history of shop-api in prod");
}

#[test]
fn keys_of_ones_own_hold_and_a_clash_is_told_by_name() {
    let settings = "[keys]\nversions = [\"space v\"]\nhistory = [\"r\"]\nback = []\n";
    // Their folder is there as long as they are.
    let somebody = DEMO.somebody().with_file("settings.toml", settings);
    let term = somebody.opens(100, 30);
    // Once the terminal has told its colours: an Esc in the middle of its answer is lost.
    term.see("both sentences, and an engine", |text| {
        text.contains("`history = r`: that is `roll-back` already (the fleet)")
            && text.contains("`back` must have a key: it is how one gets out")
            && text.contains("1 engine up")
    });
    term.keys(ESC);
    term.misses("Settings that were refused");
    term.sees("Space v versions");
    term.keys(" ");
    term.sees("Space … v versions  Esc never mind");
    term.keys("v");
    term.sees("versions of shop-");
    // An Esc and a letter that arrive together would be Alt and that letter.
    term.keys(ESC);
    term.misses("versions of shop-");
    // Refused, so its own key is still its key.
    term.keys("t");
    term.sees("history of shop-");
}

#[test]
fn read_only_by_the_settings_binds_nothing_dangerous() {
    let somebody = DEMO
        .somebody()
        .with_file("settings.toml", "read-only = true\n");
    let term = somebody.opens(100, 30);
    term.sees("1 engine up");
    let screen = term.sees("read-only");
    assert!(!screen.contains("r roll back"), "{screen}");
    term.keys("r");
    term.sees("! karat is read-only, by --read-only or the settings file");
    term.keys("b");
    term.keys("?");
    term.sees("no key now");
}
