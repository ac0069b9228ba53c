//! However karat ends or pauses, the terminal is given back as it was.

use rustix::process::Signal;

use crate::pty::{CTRL_C, CTRL_Z, Term};
use crate::stage::{DEMO, KARAT};
use crate::support::until;

fn open() -> Term {
    let term = DEMO.somebody().opens(120, 30);
    term.sees("1 engine up");
    let screen = term.screen();
    assert!(screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste());
    term
}

#[test]
fn q_leaves() {
    let mut term = open();
    term.keys("q");
    assert_eq!(term.ends(), 0);
    term.is_given_back();
}

#[test]
fn ctrl_c_leaves() {
    let mut term = open();
    term.keys(CTRL_C);
    assert_eq!(term.ends(), 0);
    term.is_given_back();
}

#[test]
fn signals_end_it_with_their_own_code() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let mut term = open();
        term.signal(signal);
        assert_eq!(term.ends(), code, "{signal:?}");
        term.is_given_back();
    }
}

/// As in a shell with job control: Ctrl-Z gives the shell back, `fg` the screen.
#[test]
fn ctrl_z_gives_the_shell_back_and_fg_the_screen() {
    let script =
        format!("set -m; {KARAT}; echo 'the shell has it'; read line; fg; echo \"left with $?\"");
    let somebody = DEMO.somebody();
    let mut term = Term::open(
        (120, 30),
        &["sh", "-c", &script],
        &somebody.folder,
        &somebody.variables,
    );
    term.sees("1 engine up");
    term.keys(CTRL_Z);
    let screen = term.sees("the shell has it");
    assert!(!screen.contains("shop-web"), "{screen}");
    term.is_given_back();
    term.keys("\r");
    let screen = term.see("the matrix again", |text| {
        text.contains("1 engine up") && text.contains("shop-worker")
    });
    assert!(!screen.contains("the shell has it"), "{screen}");
    assert!(term.screen().alternate_screen() && term.screen().hide_cursor());
    // Keys arrive one by one again.
    term.keys("?");
    term.sees("help");
    term.keys("q");
    term.sees("left with 0");
    term.is_given_back();
    assert_eq!(term.ends(), 0);
}

/// Somebody else stops and continues it: what stands on the screen then is not karat's.
#[test]
fn continued_by_somebody_else_it_draws_everything_anew() {
    let term = open();
    term.signal(Signal::STOP);
    let stat = format!("/proc/{}/stat", term.pid().as_raw_nonzero());
    until("stopped", crate::pty::PATIENCE, || {
        let stat = std::fs::read_to_string(&stat).ok()?;
        stat.contains(") T ").then_some(())
    });
    term.forget();
    assert!(!term.text().contains("shop-web"));
    term.signal(Signal::CONT);
    term.see("the matrix again", |text| {
        text.contains("1 engine up") && text.contains("shop-worker")
    });
    let screen = term.screen();
    assert!(screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste());
}

#[test]
fn a_fault_of_karat_itself_gives_the_terminal_back_before_it_speaks() {
    let somebody = DEMO.somebody().with("KARAT_FAULT", "12");
    let mut term = somebody.opens(100, 30);
    term.sees("shop-web");
    // Every key reads the clock.
    assert_eq!(term.ends_under("j"), 101);
    term.is_given_back();
    let said = term.sees("a fault that was asked for");
    assert!(!said.contains("shop-web"), "{said}");
    let log = std::fs::read_to_string(somebody.home().join("karat.log")).expect("a log");
    assert!(log.contains("a fault that was asked for"), "{log}");
}
