//! The user's own settings: `settings.toml` in the configuration folder. They concern the
//! person, never the fleet, so a wrong line is no reason not to open karat at 03:00: each is
//! refused alone, with its place, and the rest stand.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::de::DeValue;

use super::problem::Problem;
use super::recovered::recovered;
use super::sheet::{Section, Sheet, kind};
use super::surroundings::{Surroundings, settings_dir};
use crate::model::nearest;

/// The name of the settings file.
pub const SETTINGS_FILE: &str = "settings.toml";

/// The key of the lock on every change.
const READ_ONLY: &str = "read-only";

/// Settings are small; a larger file is none.
const LARGEST: u64 = 1024 * 1024;

/// What a person wants of karat, wherever it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The theme, by name; `auto` asks the terminal whether it is light or dark.
    pub theme: String,
    /// Take clicks and the wheel.
    pub mouse: bool,
    /// Refuse every change, as `--read-only` does.
    pub read_only: bool,
    /// How much goes to the log file.
    pub log: LogLevel,
    /// Keys by the name of the action: each a list of key sequences.
    pub keys: BTreeMap<String, Vec<String>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: AUTO.to_owned(),
            mouse: true,
            read_only: false,
            log: LogLevel::Info,
            keys: BTreeMap::new(),
        }
    }
}

/// The theme that is chosen by asking the terminal.
pub const AUTO: &str = "auto";

/// How much goes to the log file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// Nothing; no file is made.
    Off,
    /// What failed.
    Error,
    /// What was done, too.
    #[default]
    Info,
    /// Everything that may help to find a fault.
    Debug,
}

impl LogLevel {
    const WORDS: [(&'static str, Self); 4] = [
        ("off", Self::Off),
        ("error", Self::Error),
        ("info", Self::Info),
        ("debug", Self::Debug),
    ];
}

/// The settings as they were read, and what of the file was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsRead {
    /// Those that hold.
    pub settings: Settings,
    /// What was refused, a sentence each, with file and line.
    pub refused: Vec<String>,
    /// Why they are read-only though no line that holds says so. A lock that cannot be read
    /// is closed: whoever wrote it wanted to be kept from harm.
    pub closed: Option<String>,
    /// The folder they were looked for in; user themes are in `themes/` below it.
    pub folder: Option<PathBuf>,
}

/// Reads the user's settings. No file is no error, and neither is a wrong one.
#[must_use]
pub fn load_settings(s: &Surroundings) -> SettingsRead {
    let Some(folder) = settings_dir(s) else {
        return SettingsRead::default();
    };
    let path = folder.join(SETTINGS_FILE);
    let mut read = match text_of(&path) {
        Ok(None) => SettingsRead::default(),
        Ok(Some(text)) => {
            let it = parse(&text);
            SettingsRead {
                settings: it.settings,
                refused: it
                    .problems
                    .iter()
                    .map(|problem| format!("{}:{problem}", path.display()))
                    .collect(),
                closed: it.closed.then(|| closed(&path)),
                folder: None,
            }
        }
        Err(why) => SettingsRead {
            settings: Settings {
                read_only: true,
                ..Settings::default()
            },
            refused: vec![format!("cannot read {}: {why}", path.display())],
            closed: Some(closed(&path)),
            folder: None,
        },
    };
    read.folder = Some(folder);
    read
}

fn closed(path: &Path) -> String {
    format!(
        "what {} says of `read-only` cannot be understood, so nothing can be changed: put it right, \
         or move the file away",
        path.display()
    )
}

fn text_of(path: &Path) -> Result<Option<String>, String> {
    match std::fs::metadata(path) {
        Ok(file) if file.len() > LARGEST => return Err("it is larger than 1 MB".to_owned()),
        Ok(file) if !file.is_file() => return Err("it is not a file".to_owned()),
        Ok(_) => {}
        // No folder where it would be, or none at all (`XDG_CONFIG_HOME=/dev/null`).
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error.to_string()),
    }
    std::fs::read_to_string(path)
        .map(Some)
        .map_err(|error| error.to_string())
}

/// A settings file's text as it was understood.
#[derive(Debug)]
struct Parsed {
    settings: Settings,
    problems: Vec<Problem>,
    /// A line was refused that may have said `read-only`.
    closed: bool,
}

/// Reads a settings file's text: what holds, and what was refused.
fn parse(given: &str) -> Parsed {
    let it = recovered(given);
    let mut settings = Settings::default();
    let mut problems = Sheet::problems(given, it.damage);
    match Sheet::parse(&it.text) {
        Ok((mut sheet, table)) => {
            let top = Section::new("the settings file".to_owned(), 0..0, table.get_ref());
            understand(&mut sheet, &top, &mut settings);
            problems.extend(sheet.into_problems());
        }
        Err(more) => problems.extend(more),
    }
    problems.sort();
    let refused = problems.iter().map(|it| it.line).chain(it.blanked);
    let lines: Vec<&str> = given.lines().collect();
    let mut refused = refused.filter_map(|line| lines.get(line.checked_sub(1)?));
    let closed = refused.any(|line| may_lock(line));
    settings.read_only |= closed;
    Parsed {
        settings,
        problems,
        closed,
    }
}

fn understand(sheet: &mut Sheet<'_>, top: &Section<'_>, settings: &mut Settings) {
    sheet.only(top, &["theme", "mouse", READ_ONLY, "log", "keys"]);
    if let Some(theme) = sheet.text(top, "theme", "the name of a theme (`theme = \"light\"`)") {
        settings.theme = theme.value;
    }
    if let Some(mouse) = sheet.flag(top, "mouse") {
        settings.mouse = mouse;
    }
    if let Some(given) = sheet.flag(top, READ_ONLY) {
        settings.read_only = given;
    }
    log(sheet, top, settings);
    keys(sheet, top, settings);
}

/// Whether a line that was refused may have been meant to say `read-only`.
fn may_lock(line: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with('#') {
        return false;
    }
    let plain = line.to_lowercase().replace(['-', '_', ' '], "");
    let key = line.split(['=', ' ', '\t']).next().unwrap_or_default();
    let key = key.trim_matches(['"', '\'']);
    plain.contains("readonly") || nearest::nearest(key, [READ_ONLY]).is_some()
}

fn log(sheet: &mut Sheet<'_>, top: &Section<'_>, settings: &mut Settings) {
    let Some(word) = sheet.text(top, "log", "off, error, info or debug") else {
        return;
    };
    match LogLevel::WORDS.iter().find(|(one, _)| *one == word.value) {
        Some((_, level)) => settings.log = *level,
        None => {
            let what = format!(
                "`log` must be off, error, info or debug, not `{}`",
                word.value
            );
            sheet.wrong(&word.place, what);
        }
    }
}

fn keys(sheet: &mut Sheet<'_>, top: &Section<'_>, settings: &mut Settings) {
    let want = "a table (`[keys]`, then `roll-back = \"ctrl-b\"`)";
    let Some(section) = sheet.table(top, "keys", "[keys]".to_owned(), want) else {
        return;
    };
    for entry in section.entries() {
        // One text stands for a list of one.
        let keys = if let DeValue::String(one) = entry.value.get_ref() {
            Some(vec![one.clone().into_owned()])
        } else if let DeValue::Array(_) = entry.value.get_ref() {
            sheet
                .texts(&section, entry.key, "g v")
                .map(|list| list.value.into_iter().map(|one| one.value).collect())
        } else {
            let what = format!(
                "the keys of `{}` must be a text or a list of texts, not {}",
                entry.key,
                kind(entry.value.get_ref())
            );
            sheet.wrong(&entry.value.span(), what);
            None
        };
        if let Some(keys) = keys {
            settings.keys.insert(entry.key.to_owned(), keys);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_can_be_set() {
        let Parsed {
            settings, problems, ..
        } = parse(
            "theme = \"light\"\nmouse = false\nread-only = true\nlog = \"debug\"\n\
             [keys]\nroll-back = \"ctrl-b\"\nversions = [\"v\", \"g v\"]\n",
        );
        assert_eq!(problems, []);
        let keys = [
            ("roll-back".to_owned(), vec!["ctrl-b".to_owned()]),
            (
                "versions".to_owned(),
                vec!["v".to_owned(), "g v".to_owned()],
            ),
        ];
        assert_eq!(
            settings,
            Settings {
                theme: "light".to_owned(),
                mouse: false,
                read_only: true,
                log: LogLevel::Debug,
                keys: keys.into(),
            }
        );
    }

    /// The example of the README, as it stands there.
    #[test]
    fn what_the_readme_shows_is_understood() {
        let readme = include_str!("../../README.md");
        let example = readme
            .split("```toml\n")
            .filter_map(|part| part.split("```").next())
            .find(|block| block.contains("[keys]"))
            .expect("an example of settings");
        let Parsed {
            settings, problems, ..
        } = parse(example);
        assert_eq!(problems, []);
        assert_eq!(settings.keys.len(), 3);
    }

    #[test]
    fn a_wrong_line_is_refused_alone() {
        let Parsed {
            settings, problems, ..
        } = parse(
            "theme = 3\nmose = true\nlog = \"loud\"\nmouse = false\n\
             [keys]\nopen = 4\nhelp = [\"h\", 5]\n",
        );
        assert!(!settings.mouse);
        assert_eq!(settings.theme, AUTO);
        assert_eq!(settings.log, LogLevel::Info);
        assert_eq!(settings.keys["help"], ["h"]);
        assert!(!settings.keys.contains_key("open"));
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let all = told.join("\n");
        assert_eq!(told.len(), 5, "{all}");
        for part in [
            "1:9: `theme`",
            "`mose`",
            "did you mean `mouse`",
            "loud",
            "`open`",
        ] {
            assert!(all.contains(part), "{part} in {all}");
        }
    }

    #[test]
    fn a_slip_anywhere_takes_no_other_line() {
        for slip in [
            "mouse = flase",
            "theme = \"dark",
            "log",
            "versions = [\"v\"",
            "theme = \"\"\"x",
            "[[keys",
        ] {
            for text in [
                format!("read-only = true\n{slip}\n"),
                format!("{slip}\nread-only = true\n"),
            ] {
                let it = parse(&text);
                assert!(it.settings.read_only, "{text}");
                assert!(!it.closed, "the line that says so holds: {text}");
                assert_eq!(it.problems.len(), 1, "{text}: {:?}", it.problems);
                assert_eq!(
                    (it.settings.theme.as_str(), it.settings.mouse),
                    (AUTO, true)
                );
                // And one that says the other is believed, too.
                let open = parse(&text.replace("= true", "= false"));
                assert!(!open.settings.read_only, "{text}");
            }
        }
        let it = parse("theme = \"dark\nmouse = false\n[keys]\nopen = 3 4\nhelp = \"h\"\n");
        assert!(!it.settings.mouse && !it.settings.read_only);
        assert_eq!(it.settings.keys.len(), 1);
        let lines: Vec<usize> = it.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [1, 4]);
    }

    #[test]
    fn a_read_only_that_cannot_be_read_is_read_only() {
        for text in [
            "read-only = \"yes\"\n",
            "read-only = tru\n",
            "read-only true\n",
            "read-only\n",
            "read-only = \"true\n",
            "read_only = true\n",
            "raed-only = true\n",
            "read-only = false\nread-only = true\n",
            "[keys]\nread-only = true\n",
            "theme = \"x\" read-only = true\n",
        ] {
            let it = parse(text);
            assert!(it.settings.read_only && it.closed, "{text}");
            assert!(!it.problems.is_empty(), "{text}");
        }
        let it = parse("# read-only = true\nmouse = \n");
        assert!(!it.settings.read_only && !it.closed);
    }

    #[test]
    fn no_file_is_no_error_and_a_folder_is_one() {
        let home = tempfile::tempdir().expect("a folder");
        let s = Surroundings {
            cwd: home.path().to_owned(),
            env: [("KARAT_HOME".to_owned(), ".".to_owned())].into(),
            ..Surroundings::default()
        };
        let read = load_settings(&s);
        assert_eq!((read.settings, read.refused), (Settings::default(), vec![]));
        std::fs::create_dir(home.path().join(SETTINGS_FILE)).expect("a folder");
        let read = load_settings(&s);
        assert!(read.refused[0].contains("not a file"), "{read:?}");
        assert!(read.settings.read_only && read.closed.is_some(), "{read:?}");
        std::fs::remove_dir(home.path().join(SETTINGS_FILE)).expect("gone");
        std::fs::write(home.path().join(SETTINGS_FILE), b"\xff\n").expect("a file");
        assert!(load_settings(&s).settings.read_only, "it is no text");
    }
}
