//! Hands that do not type: the mouse, pastes, and a window that is dragged about.

use std::path::Path;

use crate::pty::{ENTER, ESC, Term};
use crate::stage::Somebody;

/// The demo in memory, which needs no engine; with the folder it is opened in.
fn open(columns: u16, rows: u16) -> (Somebody, Term) {
    let somebody = Somebody::before(Path::new("/nowhere/engine.sock"));
    let term = somebody.opens_the_demo(&[], columns, rows);
    term.sees("── shop-");
    (somebody, term)
}

/// Where these words stand: column and row, as a terminal counts them.
fn place(screen: &str, words: &str) -> (usize, usize) {
    let found = screen.lines().enumerate().find_map(|(row, line)| {
        let (before, _) = line.split_once(words)?;
        Some((before.chars().count() + 1, row + 1))
    });
    found.unwrap_or_else(|| panic!("`{words}` is not on screen:\n{screen}"))
}

fn click(term: &Term, (column, row): (usize, usize)) {
    term.keys(&format!("\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m"));
}

#[test]
fn a_click_selects_the_next_one_opens_and_the_wheel_moves() {
    let (_somebody, mut term) = open(120, 40);
    let screen = term.sees("6 engines up");
    let (_, row) = place(&screen, " shop-api ");
    let (column, _) = place(&screen, "prod ⚑");
    click(&term, (column, row));
    term.sees("── shop-api in prod");
    term.keys(&format!("\x1b[<65;{column};{row}M"));
    term.see("another image in prod", |text| {
        text.contains(" in prod ─") && !text.contains("── shop-api in prod")
    });
    click(&term, (column, row));
    term.sees("── shop-api in prod");
    click(&term, (column, row));
    term.sees("Its 2 containers");
    // Turned off, clicks are the terminal's own again.
    term.keys(ESC);
    term.misses("Its 2 containers");
    term.sees("── shop-api in prod");
    assert_ne!(
        term.screen().mouse_protocol_mode(),
        vt100::MouseProtocolMode::None
    );
    term.keys("m");
    crate::support::until("given back", crate::pty::PATIENCE, || {
        (term.screen().mouse_protocol_mode() == vt100::MouseProtocolMode::None).then_some(())
    });
    term.keys("q");
    assert_eq!(term.ends(), 0);
    term.is_given_back();
}

#[test]
fn a_paste_that_means_harm_types_but_never_confirms() {
    let (_somebody, mut term) = open(100, 30);
    term.sees("6 engines up");
    term.keys("lllr");
    term.sees("[ Roll back prod ]");
    // On a button a paste does nothing.
    term.keys("\x1b[200~prod\r\n\x1b[201~");
    term.keys("p");
    term.sees("go on: p_");
    term.keys("\x1b[200~rod\r\n\r\n\u{7}\u{202e}\x1b[201~");
    let screen = term.see("the name, and the dialog", |text| {
        text.contains("go on: prod") && text.contains("[ Roll back prod ]")
    });
    assert!(!screen.contains('\u{202e}'), "{screen}");
    term.keys(ESC);
    term.misses("[ Roll back prod ]");
    term.keys("o");
    term.sees("nothing ran since karat was opened");
    // In a filter it is text, newline or not.
    term.keys("/\x1b[200~web\r\nq\x1b[31m\x1b[201~");
    term.sees("webq[31m");
    // An Esc and what follows at once would be one key, with Alt.
    term.keys(ESC);
    term.misses("webq[31m");
    // And in the palette.
    term.keys(":\x1b[200~quit\r\n\x1b[201~");
    term.sees(": quit");
    term.keys(ESC);
    term.misses(": quit");
    term.keys(ENTER);
    term.sees("shop-web in prod");
    term.keys("q");
    assert_eq!(term.ends(), 0);
    term.is_given_back();
}

#[test]
fn a_window_that_is_dragged_about_ends_up_drawn_whole() {
    let (_somebody, mut term) = open(100, 30);
    term.sees("6 engines up");
    for step in 0..200_u16 {
        // Between far too small and rather large, in both directions at once.
        term.resize(1 + step * 37 % 180, 1 + step * 23 % 55);
    }
    term.resize(60, 16);
    term.see("60 × 16", |text| {
        text.lines().next().is_some_and(|top| top.contains("DEMO"))
            && text.contains("q leave")
            && !text.contains("karat needs")
    });
    term.resize(120, 40);
    term.see("120 × 40", |text| {
        text.contains("6 engines up") && text.contains("prod ⚑ protected")
    });
    term.keys("lll");
    term.sees("── shop-web in prod");
    term.keys("q");
    assert_eq!(term.ends(), 0);
    term.is_given_back();
}

#[test]
fn a_filter_and_the_palette_need_no_engine() {
    let (_somebody, mut term) = open(60, 16);
    term.sees("6 up");
    term.keys("/shop-api");
    term.sees("1 of ");
    term.keys(ENTER);
    term.see("what is left", |text| {
        text.contains("── shop-api in") && !text.contains("shop-base")
    });
    term.keys(":shop-web prod");
    term.sees("› shop-web prod");
    term.keys(ENTER);
    term.sees("shop-web in prod");
    term.keys("q");
    assert_eq!(term.ends(), 0);
    term.is_given_back();
}

/// OSC 52: what is copied goes to the terminal's clipboard, and nowhere else.
#[test]
fn a_digest_and_a_command_are_copied_through_the_terminal() {
    let (_somebody, term) = open(120, 40);
    term.sees("6 engines up");
    for (key, told) in [("y", "sha256:"), ("Y", "karat ")] {
        term.keys(key);
        let copied = crate::support::until("what was copied", crate::pty::PATIENCE, || {
            let raw = term.raw();
            let (_, rest) = raw.rsplit_once("\x1b]52;c;")?;
            let (text, _) = rest.split_once('\x07')?;
            let text = unpacked(text);
            text.starts_with(told).then_some(text)
        });
        assert!(!copied.contains('\x1b'), "{copied:?}");
    }
}

/// Base 64, read.
fn unpacked(text: &str) -> String {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits = 0_u32;
    let mut bytes = Vec::new();
    for (at, letter) in text.trim_end_matches('=').chars().enumerate() {
        let value = LETTERS.find(letter).expect("base 64");
        bits = bits << 6 | u32::try_from(value).expect("small");
        if at % 4 > 0 {
            let held = 6 - 2 * (at % 4);
            bytes.push(u8::try_from(bits >> held & 0xff).expect("a byte"));
        }
    }
    String::from_utf8(bytes).expect("text")
}

#[test]
fn the_mouse_is_left_alone_by_flag_and_by_setting() {
    for (settings, flags) in [("", &["--no-mouse"][..]), ("mouse = false\n", &[])] {
        let somebody = Somebody::before(Path::new("/nowhere/engine.sock"))
            .with_file("settings.toml", settings);
        let term = somebody.opens_the_demo(flags, 100, 30);
        term.sees("6 engines up");
        term.see("the hints", |text| text.contains("q leave"));
        assert_eq!(
            term.screen().mouse_protocol_mode(),
            vt100::MouseProtocolMode::None
        );
        assert!(
            !term.raw().contains("\x1b[?1000h"),
            "{settings:?} {flags:?}"
        );
    }
}

#[test]
fn read_only_by_flag_binds_nothing_dangerous() {
    let somebody = Somebody::before(Path::new("/nowhere/engine.sock"));
    let term = somebody.opens_the_demo(&["--read-only"], 100, 30);
    term.sees("6 engines up");
    let screen = term.sees("read-only");
    assert!(!screen.contains("r roll back"), "{screen}");
    term.keys("r");
    term.sees("! karat is read-only, by --read-only or the settings file");
}
