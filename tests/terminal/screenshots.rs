//! The pictures of the README, taken from the real binary over the demo fleet.
//!
//! `KARAT_SCREENSHOTS=write` takes them anew; otherwise what is on screen is compared with
//! what the pictures show, ages, times, digests and sizes aside.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use regex::Regex;
use vt100::Screen;

use crate::pty::{ENTER, ESC, Term};
use crate::stage::{Somebody, Stage};
use crate::svg;

/// What the pictures show in place of this machine's own.
const PROJECT: &str = "~/karat-demo/karat.toml";
const WHO: &str = "you@laptop";

/// How long a screen may take to become what the picture of it shows.
const LOOK: Duration = Duration::from_secs(10);

/// All of them, as they are taken.
const PICTURES: [&str; 9] = [
    "home",
    "versions",
    "roll-back",
    "operation",
    "history",
    "narrow",
    "light",
    "anatomy",
    "map",
];

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
    anatomy.keys("2");
    album.take_when("map", &anatomy, |text| {
        let lines = ["▸ /", "layers 1 2", "x extract", "q leave"];
        lines.iter().all(|words| text.contains(words)) && !text.contains("uncompressed")
    });
    assert_eq!(album.taken, PICTURES);
}

/// Pictures, by name.
struct Album {
    /// This machine's project path, and who uses it.
    project: String,
    taken: Vec<&'static str>,
}

impl Album {
    fn new(somebody: &Somebody) -> Self {
        Self {
            project: somebody.folder.join("karat.toml").display().to_string(),
            taken: Vec::new(),
        }
    }

    fn take(&mut self, name: &'static str, term: &Term) {
        self.take_on(&svg::DARK, name, term);
    }

    /// Takes it, or waits until the screen shows what the picture of that name shows: a frame
    /// reaches a terminal in pieces.
    fn take_on(&mut self, sheet: &svg::Sheet, name: &'static str, term: &Term) {
        self.taken.push(name);
        let path = kept_at(name);
        if writes() {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(&path, self.draw(sheet, name, term)).expect("a picture");
            return;
        }
        let kept = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}; {AGAIN}", path.display()));
        let kept = told(&kept);
        let begun = Instant::now();
        loop {
            let now = told(&self.draw(sheet, name, term));
            if now == kept {
                return;
            }
            assert!(
                begun.elapsed() < LOOK,
                "{name}.svg shows something else; {AGAIN}\n{}",
                apart(&now, &kept)
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn draw(&self, sheet: &svg::Sheet, name: &str, term: &Term) -> String {
        let screen = term.screen();
        let rows = self.public(&screen);
        svg::draw(&screen, &rows, &format!("karat: {name}"), sheet)
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
}

/// Where the picture of that name is kept.
fn kept_at(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("screenshots");
    folder.join(format!("{name}.svg"))
}

/// The lines that differ, of the screen and of the picture.
fn apart(screen: &[String], picture: &[String]) -> String {
    let rows = screen.len().max(picture.len());
    let line = |lines: &[String], at: usize| lines.get(at).cloned().unwrap_or_default();
    (0..rows)
        .map(|at| (line(screen, at), line(picture, at)))
        .filter(|(screen, picture)| screen != picture)
        .map(|(screen, picture)| format!("screen:  {screen}\npicture: {picture}\n"))
        .collect()
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

/// What a picture says and in which looks, in lines, without what is different each time.
fn told(picture: &str) -> Vec<String> {
    static DRAWN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r#"<rect x="\d+" y="(?<top>\d+)" width="\d+" height="\d+" fill="(?<paper>[^"]*)" shape"#,
            r#"|<text x="\d+" y="(?<y>\d+)" fill="(?<ink>[^"]*)" textLength="\d+" lengthAdjust="\w+"(?<more>[^>]*)>(?<text>[^<]*)<"#,
        ))
        .unwrap()
    });
    let mut lines: Vec<Line> = Vec::new();
    for found in DRAWN.captures_iter(picture) {
        let (top, look) = match found.name("paper") {
            Some(paper) => (&found["top"], format!("on {}", paper.as_str())),
            None => (&found["y"], format!("{}{}", &found["ink"], &found["more"])),
        };
        // Letters stand on their line, fourteen below its top.
        let text = found.name("text").map(|it| it.as_str());
        let y = top.parse::<u32>().unwrap() - if text.is_some() { 14 } else { 0 };
        if lines.last().is_none_or(|line| line.y != y) {
            lines.push(Line::at(y));
        }
        if let Some(line) = lines.last_mut() {
            line.add(look, text);
        }
    }
    lines
        .into_iter()
        .map(|line| line.told())
        // What a container prints comes when it comes.
        .take_while(|line| !line.contains("─ log"))
        .collect()
}

/// A line of a picture.
struct Line {
    y: u32,
    words: String,
    /// How its letters, and the paper below them, look: each once, in order.
    looks: Vec<String>,
}

impl Line {
    fn at(y: u32) -> Self {
        Self {
            y,
            words: String::new(),
            looks: Vec::new(),
        }
    }

    fn add(&mut self, look: String, text: Option<&str>) {
        // How often is left out: a volatile word may be two runs, or one.
        if !self.looks.contains(&look) {
            self.looks.push(look);
        }
        if let Some(text) = text {
            self.words.push(' ');
            self.words.push_str(text);
        }
    }

    fn told(self) -> String {
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
        let words = self.words.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = VOLATILE.iter().fold(words, |words, (pattern, word)| {
            pattern.replace_all(&words, *word).into_owned()
        });
        format!("{words} [{}]", self.looks.join("; "))
    }
}

#[test]
fn the_readme_shows_every_picture_and_no_other() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the README");
    let shown = Regex::new(r"\]\(screenshots/([a-z-]+)\.svg\)").expect("a pattern");
    let mut shown: Vec<String> = shown
        .captures_iter(&readme)
        .map(|found| found[1].to_owned())
        .collect();
    let mut kept: Vec<String> = std::fs::read_dir(root.join("screenshots"))
        .expect("the pictures")
        .map(|entry| entry.expect("a file").path())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    shown.sort();
    kept.sort();
    assert_eq!(shown, kept);
    let mut taken = PICTURES.to_vec();
    taken.sort_unstable();
    assert_eq!(kept, taken);
}
