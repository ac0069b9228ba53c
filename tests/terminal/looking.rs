//! How it looks, and what the user's own settings say about that.

use vt100::Color;

use crate::pty::{BACKGROUND, Term};
use crate::stage::{DEMO, KARAT, Somebody};

/// The colour of the first cell that shows these words.
fn colour(term: &Term, words: &str) -> Color {
    term.sees(words);
    let screen = term.screen();
    let (rows, columns) = screen.size();
    for row in 0..rows.get() {
        let line: Vec<&str> = (0..columns.get())
            .map(|column| screen.cell(row, column).map_or(" ", |cell| cell.contents()))
            .map(|text| if text.is_empty() { " " } else { text })
            .collect();
        let found = (0..line.len()).find(|at| line[*at..].concat().starts_with(words));
        if let Some(column) = found {
            let column = u16::try_from(column).expect("a column");
            return screen.cell(row, column).expect("a cell").fgcolor();
        }
    }
    panic!("`{words}` is in no one line:\n{}", term.text());
}

/// Colours of the title in themes/dark.toml and themes/light.toml.
const DARK: Color = Color::Rgb(0xe6, 0xd7, 0xa8);
const LIGHT: Color = Color::Rgb(0x5f, 0x47, 0x00);

fn opens(somebody: &Somebody) -> Term {
    let term = somebody.opens(100, 30);
    term.sees("1 engine up");
    term
}

#[test]
fn a_light_terminal_gets_the_light_theme_and_keys_are_heard_at_once() {
    let dark = opens(&DEMO.somebody());
    assert_eq!(colour(&dark, "karat"), DARK);
    let somebody = DEMO.somebody().with(BACKGROUND, "ffff/ffff/ffff");
    // Typed before there was anything to see: the question takes no key.
    let light = somebody.opens(100, 30);
    light.keys("?");
    light.sees("karat help");
    light.see("the light theme", |_| colour(&light, "karat") == LIGHT);
}

#[test]
fn the_theme_is_what_the_flag_says_then_the_setting() {
    let dark = std::fs::read_to_string("themes/dark.toml").expect("the theme");
    let mine = dark
        .replace("\"dark\"", "\"mine\"")
        .replace("#e6d7a8", "#010203");
    let somebody = DEMO
        .somebody()
        .with_file("settings.toml", "theme = \"mine\"\n")
        .with_file("themes/mine.toml", &mine);
    let term = opens(&somebody);
    assert_eq!(colour(&term, "karat"), Color::Rgb(1, 2, 3));
    let flagged = Term::open(
        (100, 30),
        &[KARAT, "--theme", "light"],
        &somebody.folder,
        &somebody.variables,
    );
    assert_eq!(colour(&flagged, "karat"), LIGHT);
}

#[test]
fn a_terminal_of_few_colours_is_given_few() {
    let indexed = opens(&DEMO.somebody().with("COLORTERM", ""));
    assert!(matches!(colour(&indexed, "karat"), Color::Idx(16..)));
    let few = DEMO.somebody().with("COLORTERM", "").with("TERM", "linux");
    assert!(matches!(colour(&opens(&few), "karat"), Color::Idx(0..16)));
    let none = opens(&DEMO.somebody().with("NO_COLOR", "1"));
    assert_eq!(colour(&none, "karat"), Color::Default);
}

#[test]
fn refused_settings_are_told_and_the_rest_hold() {
    let somebody = DEMO.somebody().with_file(
        "settings.toml",
        "theme = \"lihgt\"\nmose = true\nread-only = true\n",
    );
    let term = somebody.opens(100, 30);
    term.see("both sentences", |text| {
        text.contains("no theme `lihgt`") && text.contains("did you mean `mouse`")
    });
    term.keys(crate::pty::ESC);
    term.see("the rest", |text| {
        text.contains("read-only") && text.contains("shop-web")
    });
}

#[test]
fn the_log_is_a_file_of_the_users_own_and_can_be_turned_off() {
    let somebody = DEMO.somebody();
    let mut term = opens(&somebody);
    term.keys("q");
    assert_eq!(term.ends(), 0);
    let log = std::fs::read_to_string(somebody.home().join("karat.log")).expect("a log");
    assert!(log.contains("answers") && !log.contains('\x1b'), "{log}");
    let quiet = DEMO
        .somebody()
        .with_file("settings.toml", "log = \"off\"\n");
    let mut term = opens(&quiet);
    term.keys("q");
    assert_eq!(term.ends(), 0);
    assert!(!quiet.home().join("karat.log").exists());
}
