//! The anatomy of a version, in the real binary: opened while it is read, walked layer by
//! layer, seen as a map, compared with another.

use std::path::Path;

use crate::pty::{ENTER, ESC};
use crate::stage::Somebody;

const TAB: &str = "\t";
const DOWN: &str = "\u{1b}[B";

#[test]
fn somebody_finds_out_why_an_image_is_so_large_and_what_grew() {
    let somebody = Somebody::before(Path::new("/nowhere/engine.sock"));
    let mut term = somebody.opens_the_demo(&["--speed", "3"], 160, 45);
    term.sees("6 engines up");
    term.keys("lll");
    term.sees("── shop-web in prod");
    // It opens at once, and fills while it reads.
    term.keys("a");
    term.sees("anatomy of shop-web 1.4.1");
    term.see("how far it is", |text| {
        text.contains("DEMO") && text.contains("reading") && text.contains("of 7 layers")
    });
    term.sees("is for nothing");
    for words in [
        "the whole image",
        "Who wastes what",
        "cargo build --release",
    ] {
        term.sees(words);
    }
    // Layer by layer: the files follow.
    term.keys(DOWN);
    term.sees("Layer 1 of 7");
    term.keys("G");
    term.sees("Layer 7 of 7");
    term.sees("after layer 7");
    term.sees("&& rm -rf target /usr/local/cargo/registry");
    term.keys(TAB);
    term.sees("▸ /");
    term.keys("-");
    term.sees("of 7 shown");
    // An Esc and a figure that arrive together would be Alt and that figure.
    term.keys(ESC);
    term.misses("of 7 shown");
    // As a map, into a directory and out of it.
    term.keys("2");
    term.see("rectangles", |text| {
        text.contains("╔═") && text.contains("usr/")
    });
    term.keys(ENTER);
    term.sees("▸ /usr");
    term.keys(ESC);
    term.misses("▸ /usr");
    term.keys("5");
    term.see("findings", |text| {
        text.contains("SEVERITY") && text.contains("apt-lists") && text.contains("What to do")
    });
    term.keys("3");
    term.sees("C and C++ compilers");
    // Out again, and beside the version before.
    term.keys(ESC);
    term.sees("── shop-web in prod");
    term.keys("v");
    term.sees("versions of shop-web");
    term.keys("d");
    term.see("what grew", |text| {
        text.contains("→") && text.contains("Where it grew") && text.contains("2 of 7 layers")
    });
    term.keys("q");
    assert_eq!(term.ends(), 0);
    term.is_given_back();
}
