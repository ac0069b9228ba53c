//! Opening karat: the first frame, whatever the engine does; every size; no terminal.

use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::stage::{DEMO, KARAT, Somebody};

/// A socket that takes every connection and never says a word.
fn silent() -> (tempfile::TempDir, Somebody) {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("s.sock");
    let listener = UnixListener::bind(&socket).expect("a socket");
    std::thread::spawn(move || {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept() {
            held.push(stream);
        }
    });
    let somebody = Somebody::before(&socket);
    (folder, somebody)
}

#[test]
fn the_fleet_is_seen() {
    let term = DEMO.somebody().opens(120, 30);
    let screen = term.see("the matrix", |text| {
        text.contains("1 engine up") && text.contains("shop-worker")
    });
    for words in [
        "karat-demo/karat.toml",
        "dev",
        "test",
        "staging",
        "prod ⚑ protected",
        "shop-web",
        "shop-api",
        "shop-worker",
        "1.5.0-rc.1",
        "✗ unhealthy",
        "↓ 1 behind newest",
        "← 1 behind staging",
    ] {
        assert!(screen.contains(words), "`{words}` is missing:\n{screen}");
    }
    assert!(
        !screen.contains("karat-lock") && !screen.contains(".karat-"),
        "reserved names are no deployments:\n{screen}"
    );
}

#[test]
fn the_first_frame_waits_for_no_engine() {
    let (_socket, somebody) = silent();
    let term = somebody.opens_watching("waiting");
    // A generous bound for a busy machine: the engine's own time-out is far beyond it.
    let first = term.marked();
    assert!(first < Duration::from_secs(3), "{first:?}");
    let screen = term.text();
    assert!(
        screen.contains("prod") && screen.contains("web"),
        "{screen}"
    );
    assert!(screen.contains("connecting"), "{screen}");
    // It listens meanwhile.
    term.keys("?");
    term.sees("help");
}

#[test]
fn what_was_seen_last_is_seen_first_with_its_age() {
    let stage = crate::stage::Stage::small();
    let somebody = stage.somebody();
    let mut term = somebody.opens(100, 30);
    term.sees("1 engine up");
    term.keys("q");
    assert_eq!(term.ends(), 0);
    // The same project, and an engine that does not answer any more.
    drop(stage.engine);
    let term = somebody.opens_watching("2.0.0");
    term.marked();
    let screen = term.see("its age", |text| {
        text.contains("as of") && text.contains("ago")
    });
    assert!(screen.contains("2.0.0"), "{screen}");
}

#[test]
fn nothing_at_all_to_see_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let somebody = Somebody::before(&folder.path().join("nobody.sock"));
    let term = somebody.opens(100, 30);
    let screen = term.see("an error", |text| text.contains("✗ 1 down"));
    assert!(screen.contains("nobody.sock"), "{screen}");
}

#[test]
fn it_follows_the_size_of_the_terminal() {
    let term = DEMO.somebody().opens(120, 30);
    term.sees("1 engine up");
    term.resize(60, 16);
    // A frame arrives in pieces: what is wanted of it is waited for together.
    term.see("60 × 16", |text| {
        text.contains("shop-worker")
            && text.contains("q leave")
            && text.lines().all(|line| line.chars().count() <= 60)
    });
    term.resize(40, 10);
    term.see("40 × 10", |text| {
        text.contains("terminal has 40 and 10") && !text.contains("shop-web")
    });
    term.resize(160, 50);
    term.see("160 × 50", |text| {
        text.contains("shop-worker") && text.contains("prod ⚑ protected")
    });
}

/// What a command says on standard error.
fn runs(somebody: &Somebody, args: &[&str]) -> String {
    let output = Command::new(KARAT)
        .args(args)
        .current_dir(&somebody.folder)
        .env_clear()
        .envs(somebody.variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .output()
        .expect("karat runs");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn without_a_terminal_it_says_so_in_one_sentence() {
    let (_socket, somebody) = silent();
    let output = Command::new(KARAT)
        .current_dir(&somebody.folder)
        .env_clear()
        .envs(somebody.variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .output()
        .expect("karat runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(output.stdout.is_empty());
    assert!(said.contains("there is no terminal to draw on"), "{said}");
    assert_eq!(said.trim().lines().count(), 1, "{said}");
}

#[test]
fn on_a_terminal_that_cannot_be_drawn_on_it_says_so_and_draws_nothing() {
    let (_socket, somebody) = silent();
    let mut term = somebody.with("TERM", "dumb").opens(100, 30);
    let said = term.see("the sentence", |text| text.contains("karat status"));
    assert!(
        said.contains("cannot be drawn on: TERM is `dumb`"),
        "{said}"
    );
    assert_eq!(term.ends(), 1);
}

#[test]
fn a_command_says_once_what_of_the_settings_was_refused() {
    let settings = "read-only = true\nmouse = flase\n";
    for (args, times) in [(&["history"][..], 1), (&["history", "--quiet"][..], 0)] {
        let (_socket, somebody) = silent();
        let somebody = somebody.with_file("settings.toml", settings);
        let said = runs(&somebody, args);
        assert_eq!(said.matches("settings.toml:2:").count(), times, "{said}");
    }
    let (_socket, somebody) = silent();
    let damaged = somebody.with_file("settings.toml", "read-only = treu\n");
    let said = runs(&damaged, &["history", "--quiet"]);
    assert!(
        said.contains("cannot be understood, so nothing can be changed"),
        "{said}"
    );
}
