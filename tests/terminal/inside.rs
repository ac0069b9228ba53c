//! Looking inside: logs of containers, and shells in them.

use std::os::unix::fs::PermissionsExt as _;

use rustix::process::Signal;

use crate::pty::{ENTER, ESC, PATH, TAB, Term};
use crate::stage::{Somebody, Stage};

const CTRL_S: &str = "\x13";

/// Opens the deployment of web.
fn deployment(somebody: &Somebody) -> Term {
    let term = somebody.opens(100, 30);
    term.sees("1 engine up");
    term.keys(ENTER);
    term.sees("Its container");
    term
}

/// Opens the shell whose dialog is on screen.
fn shell(term: &Term) {
    term.sees("[ Open the shell ]");
    term.keys(TAB);
    term.sees("›[ Open the shell ]‹");
    term.keys(ENTER);
    term.sees("this is the shell");
    assert!(!term.screen().alternate_screen());
    term.keys("echo hi$((1+1))\r");
    term.sees("hi2");
}

fn shells(stage: &Stage) -> String {
    let names = [
        "ps",
        "-a",
        "--filter",
        "name=karat-shell-",
        "--format",
        "{{.Names}}",
    ];
    stage.docker(&names)
}

#[test]
fn logs_are_followed_searched_and_saved() {
    let stage = Stage::small();
    let somebody = stage.somebody();
    let term = deployment(&somebody);
    term.keys("L");
    term.sees("version 2.0.0 starts");
    let evil = "printf 'a \\033[31mneedle\\007\\n' >/proc/1/fd/1";
    stage.docker(&["exec", "web", "/bin/sh", "-c", evil]);
    let screen = term.sees("a needle");
    let raw = term.raw();
    assert!(!raw.contains("\x1b[31mneedle") && !raw.contains("needle\x07"));
    assert!(screen.contains("followed"), "{screen}");
    term.keys("/needle");
    term.keys(ENTER);
    term.sees("“needle” 1 of 1");
    term.keys(CTRL_S);
    term.sees("saved 2 lines, bytes as received, to ");
    let saved = std::fs::read_dir(&somebody.folder)
        .expect("the folder")
        .filter_map(|file| Some(file.ok()?.path()))
        .find(|path| path.extension().is_some_and(|kind| kind == "log"))
        .expect("a file");
    let name = saved
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    assert!(name.starts_with("web-prod-web-20"), "{name}");
    let text = std::fs::read(&saved).expect("the log");
    let raw = b"a \x1b[31mneedle\x07\n";
    assert!(text.ends_with(raw), "{}", String::from_utf8_lossy(&text));
    term.keys(ESC);
    term.sees("Its container");
}

#[test]
fn a_shell_in_a_container_and_back() {
    let stage = Stage::small();
    in_and_out(&stage.somebody());
}

#[test]
fn a_shell_over_ssh_and_back() {
    let stage = Stage::small();
    let mut somebody = stage.somebody();
    // What ssh would start on the host is started here.
    let bin = somebody.folder.join("bin");
    std::fs::create_dir_all(&bin).expect("a folder");
    let script = format!(
        "#!/bin/sh\nDOCKER_HOST={} exec docker system dial-stdio\n",
        stage.engine.address()
    );
    std::fs::write(bin.join("ssh"), script).expect("a file");
    std::fs::set_permissions(bin.join("ssh"), std::fs::Permissions::from_mode(0o755))
        .expect("executable");
    let path = format!("{}:{PATH}", bin.display());
    somebody.variables.push(("PATH".to_owned(), path));
    let file = somebody.folder.join("karat.toml");
    let text = std::fs::read_to_string(&file).expect("the project");
    std::fs::write(
        &file,
        text.replace("context:default", "ssh://deploy@prod-1"),
    )
    .expect("the project");
    in_and_out(&somebody);
}

fn in_and_out(somebody: &Somebody) {
    let mut term = deployment(somebody);
    term.keys("x");
    term.sees("SHELL in web in prod");
    shell(&term);
    term.resize(90, 25);
    term.keys("until [ \"$(stty size)\" = '25 90' ]; do sleep 0.1; done; echo size$((1+1))\r");
    term.sees("size2");
    // Ctrl-C is the shell's.
    term.keys("echo now$((1+1)); sleep 1000\r");
    term.sees("now2");
    term.keys("\x03");
    term.keys("echo still$((2+2))\r");
    term.sees("still4");
    // The screen is karat's again, and the very next key works.
    term.keys("exit 4\r");
    term.sees("exit code 4 of");
    assert!(term.screen().alternate_screen());
    term.keys("v");
    term.sees("VERSION");
    term.keys("q");
    assert_eq!(term.ends(), 0);
    term.is_given_back();
}

#[test]
fn a_signal_takes_a_throw_away_shell_along() {
    let stage = Stage::small();
    let mut term = deployment(&stage.somebody());
    term.keys("v");
    term.sees("VERSION");
    term.keys("x");
    term.sees("a throw-away container of");
    shell(&term);
    assert!(shells(&stage).starts_with("karat-shell-"));
    term.signal(Signal::TERM);
    assert_eq!(term.ends(), 143);
    term.is_given_back();
    assert_eq!(shells(&stage), "");
}

#[test]
fn a_throw_away_shell_of_a_killed_karat_is_swept() {
    let stage = Stage::small();
    let somebody = stage.somebody();
    for again in [false, true] {
        let mut term = deployment(&somebody);
        term.keys("vx");
        shell(&term);
        // The one before is gone: who opens a shell sweeps.
        assert_eq!(shells(&stage).lines().count(), 1, "{}", shells(&stage));
        if again {
            term.keys("exit\r");
            term.sees("exit code 0 of");
            term.keys("q");
            assert_eq!(term.ends(), 0);
        } else {
            term.signal(Signal::KILL);
            term.ends();
        }
    }
    assert_eq!(shells(&stage), "");
}
