//! The pictures of the README, taken from the real binary over the demo fleet.
//!
//! `KARAT_SCREENSHOTS=write` takes them anew; otherwise what is on screen is compared with
//! what the pictures show, ages, times, digests and sizes aside.

use std::path::PathBuf;
use std::sync::LazyLock;

use regex::Regex;
use vt100::Screen;

use crate::pty::{ENTER, ESC, Term};
use crate::stage::{Somebody, Stage};
use crate::svg;

/// What the pictures show in place of this machine's own.
const PROJECT: &str = "~/karat-demo/karat.toml";
const WHO: &str = "you@laptop";

#[test]
fn the_pictures_show_what_karat_shows() {
    let stage = Stage::demo();
    let somebody = stage.somebody();
    let mut album = Album::new(&somebody);
    let term = somebody.opens_on_a_laptop(100, 24);
    term.see("a fleet at rest", |text| {
        text.contains("1 engine up") && text.contains("✗ unhealthy")
    });
    term.keys("lll");
    term.sees("── shop-web in prod");
    // The hints are drawn last.
    album.take_when("home", &term, |text| {
        [
            "r roll back  v versions",
            "y copy digest",
            "Y copy command",
            "q leave",
        ]
        .iter()
        .all(|hint| text.contains(hint))
    });
    term.keys("v");
    term.sees("versions of shop-web");
    term.keys("j");
    album.take_when("versions", &term, |text| {
        text.contains("◆ known good: ran") && text.contains("q leave")
    });
    term.keys(ESC);
    term.sees("── shop-web in prod");
    term.keys("r");
    term.sees("[ Roll back prod ]");
    term.keys("prod");
    album.take_when("roll-back", &term, |text| text.contains("go on: prod_"));
    term.keys(ENTER);
    album.take_when("operation", &term, |text| {
        // How soon the log is heard depends on how busy the machine is.
        text.contains("⟳ wait for health") && (text.contains("is ready") || !writes())
    });
    term.sees("✓ done: prod runs");
    term.keys("T");
    album.take_when("history", &term, |text| {
        text.contains("karat history") && text.contains("laying out")
    });
    let narrow = somebody.opens_on_a_laptop(60, 20);
    narrow.sees("● 1 up");
    narrow.keys("llj");
    narrow.sees("shop-api in staging");
    album.take_when("narrow", &narrow, |text| {
        text.contains("r roll back  p promote")
    });
    // The fleet in memory is the same everywhere, and has more to show.
    let light = somebody.opens_the_demo(&["--theme", "light"], 120, 36);
    light.sees("6 engines up");
    light.keys("lll");
    light.see("the whole cell", |text| {
        text.contains("── shop-web in prod")
            && text.contains("↓ 1 behind newest")
            && text.contains("◆ 1.4.0")
            // The row that is drawn last.
            && text.lines().any(|line| line.trim_end().ends_with("healthy when last read"))
            && text.contains("q leave")
    });
    album.take_on(&svg::LIGHT, "light", &light);
    let anatomy = somebody.opens_the_demo(&["--speed", "3"], 150, 40);
    anatomy.sees("6 engines up");
    anatomy.keys("lll");
    anatomy.sees("── shop-web in prod");
    anatomy.keys("a");
    anatomy.sees("is for nothing");
    anatomy.keys("G");
    album.take_when("anatomy", &anatomy, |text| {
        text.contains("Layer 7 of 7") && text.contains("q leave")
    });
    album.compare();
}

/// Pictures, by name.
struct Album {
    /// This machine's project path, and who uses it.
    project: String,
    pictures: Vec<(&'static str, String)>,
}

impl Album {
    fn new(somebody: &Somebody) -> Self {
        Self {
            project: somebody.folder.join("karat.toml").display().to_string(),
            pictures: Vec::new(),
        }
    }

    fn take(&mut self, name: &'static str, term: &Term) {
        self.take_on(&svg::DARK, name, term);
    }

    fn take_on(&mut self, sheet: &svg::Sheet, name: &'static str, term: &Term) {
        let screen = term.screen();
        let rows = self.public(&screen);
        let title = format!("karat: {name}");
        self.pictures
            .push((name, svg::draw(&screen, &rows, &title, sheet)));
    }

    /// The very screen that is as wanted.
    fn take_when(&mut self, name: &'static str, term: &Term, wanted: impl Fn(&str) -> bool) {
        term.see(name, wanted);
        self.take(name, term);
    }

    /// The cells' texts, without what is only this machine's.
    fn public(&self, screen: &Screen) -> Vec<Vec<String>> {
        let (height, width) = screen.size();
        let who = Regex::new(r"\w+@laptop").expect("a pattern");
        (0..height.get())
            .map(|row| {
                let cells: Vec<String> = (0..width.get())
                    .map(|column| screen.cell(row, column).map_or("", |it| it.contents()))
                    .map(|text| if text.is_empty() { " " } else { text }.to_owned())
                    .collect();
                let line = cells.concat();
                let mut public = line.replace(&self.project, &padded(PROJECT, self.project.len()));
                if let Some(found) = who.find(&public) {
                    let name = padded(WHO, found.len());
                    public.replace_range(found.range(), &name);
                }
                if public == line {
                    cells
                } else {
                    public.chars().map(String::from).collect()
                }
            })
            .collect()
    }

    fn compare(self) {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("screenshots");
        for (name, picture) in self.pictures {
            let path = folder.join(format!("{name}.svg"));
            if writes() {
                std::fs::create_dir_all(&folder).expect("a folder");
                std::fs::write(&path, picture).expect("a picture");
                continue;
            }
            let kept = std::fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("{}: {error}; {AGAIN}", path.display()));
            assert_eq!(
                told(&picture),
                told(&kept),
                "{name}.svg shows something else; {AGAIN}"
            );
        }
    }
}

/// Whether the pictures are to be taken anew.
fn writes() -> bool {
    std::env::var("KARAT_SCREENSHOTS").is_ok_and(|it| it == "write")
}

const AGAIN: &str =
    "take them anew: KARAT_SCREENSHOTS=write cargo test --test terminal screenshots";

/// Cut or filled up to that many letters.
fn padded(text: &str, width: usize) -> String {
    let mut text: String = text.chars().take(width).collect();
    text.extend(std::iter::repeat_n(' ', width - text.chars().count()));
    text
}

/// What a picture says, in lines, without what is different each time.
fn told(picture: &str) -> Vec<String> {
    static TEXT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"<text x="\d+" y="(\d+)"[^>]*>([^<]*)</text>"#).unwrap());
    static VOLATILE: LazyLock<[(Regex, &str); 5]> = LazyLock::new(|| {
        [
            (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) ", ""),
            (r"sha256:[0-9a-f]+|\b[0-9a-f]{12}\b", "DIGEST"),
            (r"\d+-\d+-\d+ \d+:\d+", "TIME"),
            (r"\d+(\.\d+)? ?(kB|MB|GB)", "SIZE"),
            (r"\d+(\.\d+)? ?(ms|min|s|h|d)\b( \d+ ?(s|min|h))?", "AGE"),
        ]
        .map(|(pattern, word)| (Regex::new(pattern).unwrap(), word))
    });
    let mut lines: Vec<(u32, String)> = Vec::new();
    for found in TEXT.captures_iter(picture) {
        let y = found[1].parse().unwrap();
        match lines.last_mut() {
            Some((last, line)) if *last == y => {
                line.push(' ');
                line.push_str(&found[2]);
            }
            _ => lines.push((y, found[2].to_owned())),
        }
    }
    lines
        .into_iter()
        .map(|(_, line)| line)
        .take_while(|line| !line.contains(" log"))
        .map(|line| {
            let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
            VOLATILE.iter().fold(line, |line, (pattern, word)| {
                pattern.replace_all(&line, *word).into_owned()
            })
        })
        .collect()
}
