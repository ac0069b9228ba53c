//! The README's tour, taken word for word: its lines are read from the README and run in a
//! shell, on a real engine, in the order they stand there.

use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;

use crate::pty::{ENTER, PATH, Term};
use crate::stage::{KARAT, Stage};

#[test]
fn the_tour_of_the_readme_goes_as_it_is_told() {
    let mut tour = Tour::new();
    tour.takes("1. Lay the demo out.");
    tour.opens_the_interface();
    for step in ["4. Do it again", "5. Promote.", "6. Rebuild", "7. Take it"] {
        tour.takes(step);
    }
    assert!(!tour.home.path().join("karat-demo").exists());
    assert_eq!(tour.stage.docker(&["ps", "-aq"]), "", "a container stayed");
    let images = ["images", "--format", "{{.Repository}}:{{.Tag}}"];
    assert_eq!(tour.stage.docker(&images), "karat.local/lock:1");
}

/// Somebody who reads the tour, in a shell of their own.
struct Tour {
    stage: Stage,
    home: tempfile::TempDir,
    /// Where the shell stands.
    place: PathBuf,
    text: String,
}

impl Tour {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        std::os::unix::fs::symlink(KARAT, home.path().join("karat")).expect("a link");
        Self {
            stage: Stage::empty(),
            place: home.path().to_owned(),
            home,
            text: section("## A tour of ten minutes"),
        }
    }

    /// Runs the lines of a step, each of which ends as the README says, and finds in what
    /// they print what the README shows.
    fn takes(&mut self, step: &str) {
        let (shell, shown) = self.step(step);
        let mut printed = String::new();
        for line in shell.lines() {
            let (code, out) = self.runs(line);
            let promised = line
                .split_once("# exit code ")
                .map_or("0", |(_, code)| code);
            assert_eq!(code, promised.trim(), "`{line}`:\n{out}");
            if let Some((_, version)) = line.split_once("# known good: ") {
                assert!(out.contains(version.trim()), "`{line}`:\n{out}");
            }
            printed.push_str(&out);
        }
        let printed: Vec<String> = printed.lines().map(still).collect();
        for line in shown.lines().map(still).filter(|line| !line.is_empty()) {
            assert!(
                printed.contains(&line),
                "`{line}` is not in\n{}",
                printed.join("\n")
            );
        }
    }

    /// The blocks of a step: what is typed, and what is shown.
    fn step(&self, step: &str) -> (String, String) {
        let (_, rest) = self
            .text
            .split_once(&format!("**{step}"))
            .unwrap_or_else(|| panic!("the tour has no step `{step}`"));
        let rest = rest.split("\n**").next().unwrap_or(rest);
        let (mut shell, mut shown) = (String::new(), String::new());
        for (at, block) in rest.split("```").enumerate() {
            match (at % 2, block.strip_prefix("sh\n")) {
                (1, Some(lines)) => shell.push_str(lines),
                (1, None) => shown.push_str(block),
                _ => {}
            }
        }
        assert!(!shell.is_empty(), "`{step}` has nothing to type");
        if step.starts_with("5") {
            assert!(rest.contains("exit code 5"), "{rest}");
            shown.push_str("exit code 5\n");
        }
        (shell, shown)
    }

    /// Runs a line where the shell stands; answers its exit code and all it printed.
    fn runs(&mut self, line: &str) -> (String, String) {
        let script = format!("{line}\ncode=$?\necho\necho \"$code $PWD\"");
        let output = Command::new("sh")
            .args(["-c", &script])
            .env_clear()
            .envs(self.variables())
            .current_dir(&self.place)
            .output()
            .expect("a shell");
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        let err = String::from_utf8_lossy(&output.stderr);
        let (out, last) = out
            .trim_end()
            .rsplit_once('\n')
            .unwrap_or_else(|| panic!("`{line}` left the shell: {out}{err}"));
        let (code, place) = last.split_once(' ').expect("a code and a place");
        self.place = PathBuf::from(place);
        (code.to_owned(), format!("{out}\n{err}"))
    }

    /// Steps 2 and 3, by the keys they name.
    fn opens_the_interface(&self) {
        for words in ["with `karat`", "press `r`", "type `prod`", "`Enter`"] {
            assert!(self.text.contains(words), "the tour names no {words}");
        }
        let mut term = Term::open((100, 30), &["karat"], &self.place, &self.variables());
        term.sees("1 engine up");
        term.keys("lll");
        term.sees("── shop-web in prod");
        term.keys("r");
        term.sees("[ Roll back prod ]");
        term.keys("prod");
        term.sees("go on: prod_");
        term.keys(ENTER);
        term.sees("✓ done: prod runs");
        term.keys("q");
        assert_eq!(term.ends(), 0);
    }

    fn variables(&self) -> Vec<(String, String)> {
        let home: &Path = self.home.path();
        let mut variables = self.stage.variables();
        variables.extend([
            ("PATH".to_owned(), format!("{}:{PATH}", home.display())),
            ("HOME".to_owned(), home.display().to_string()),
            ("LANG".to_owned(), "C.UTF-8".to_owned()),
        ]);
        variables
    }
}

/// A section of the README, without its heading.
fn section(heading: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(path).expect("the README");
    let (_, rest) = readme
        .split_once(&format!("{heading}\n"))
        .unwrap_or_else(|| panic!("the README has no `{heading}`"));
    rest.split("\n## ").next().unwrap_or(rest).to_owned()
}

/// A line without ages and the spaces that depend on them.
fn still(line: &str) -> String {
    let age = Regex::new(r"\d+ (ms|s|min|h|d)\b( \d+ (s|min|h))?").expect("a pattern");
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    age.replace_all(&line, "AGE").into_owned()
}
