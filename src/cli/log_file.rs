//! Saving log lines to a file: a new one, always.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::model::time::Timestamp;
use crate::tui::effect::Kept;

/// Files of one name in one second; more is no accident any more.
const MOST_OF_A_NAME: u32 = 1_000;

/// Saves lines in a folder; answers a sentence that says where, or why not.
pub(super) fn save(
    folder: &Path,
    name: &str,
    lines: &[Kept],
    now: Timestamp,
) -> Result<String, String> {
    let (path, file) = create(folder, name, now)
        .map_err(|error| format!("the log cannot be saved in {}: {error}", folder.display()))?;
    match write(file, lines) {
        Ok(()) => Ok(format!(
            "saved {} lines, bytes as received, to {}",
            lines.len(),
            path.display()
        )),
        Err(error) => Err(format!(
            "the log is saved only in part, to {}: {error}",
            path.display()
        )),
    }
}

/// A file that was not there before.
fn create(folder: &Path, name: &str, now: Timestamp) -> io::Result<(PathBuf, std::fs::File)> {
    let stem = format!("{}-{}", harmless(name), now.format("%Y%m%dT%H%M%SZ"));
    for number in 1..MOST_OF_A_NAME {
        let file = match number {
            1 => format!("{stem}.log"),
            number => format!("{stem}-{number}.log"),
        };
        let path = folder.join(file);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Names come from engines: nothing of them may lead out of the folder, or hide in it.
fn harmless(name: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = name
        .chars()
        .take(120)
        .map(|c| if kept(c) { c } else { '-' })
        .collect();
    name.trim_start_matches('.').to_owned()
}

fn write(file: std::fs::File, lines: &[Kept]) -> io::Result<()> {
    let mut file = BufWriter::new(file);
    for line in lines {
        if let Some(at) = line.at {
            let at = at.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true);
            write!(file, "{at} ")?;
        }
        file.write_all(line.before.as_bytes())?;
        file.write_all(&line.bytes)?;
        file.write_all(b"\n")?;
    }
    file.into_inner()?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::minute;

    fn line(before: &str, bytes: &[u8]) -> Kept {
        Kept {
            before: before.to_owned(),
            at: Some(minute(0)),
            bytes: bytes.to_vec(),
        }
    }

    #[test]
    fn bytes_are_saved_as_they_came_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let lines = [
            line("", b"\x1b[31mred\xff\r"),
            line("karat: ", b"it stopped"),
        ];
        let mut paths = Vec::new();
        for _ in 0..2 {
            let told = save(folder.path(), "shop-web-prod", &lines, minute(0)).expect("saved");
            let (before, path) = told.split_once(" to ").expect("a path");
            assert_eq!(before, "saved 2 lines, bytes as received,");
            paths.push(path.to_owned());
        }
        assert_ne!(paths[0], paths[1]);
        let read = std::fs::read(&paths[0]).expect("a file");
        let mut rows = read.split(|byte| *byte == b'\n');
        let first = rows.next().expect("a row");
        assert!(first.ends_with(b"Z \x1b[31mred\xff\r"), "{first:?}");
        assert!(
            rows.next()
                .expect("a row")
                .ends_with(b"Z karat: it stopped")
        );
    }

    #[test]
    fn a_name_leads_nowhere_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let told = save(
            folder.path(),
            "../../etc/\u{1b}x",
            &[line("", b"x")],
            minute(0),
        );
        let told = told.expect("saved");
        assert!(told.contains("-..-etc--x-2"), "{told}");
        let inside = std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(inside, 1);
        let gone = folder.path().join("gone");
        let why = save(&gone, "x", &[line("", b"x")], minute(0)).expect_err("no folder");
        assert!(why.contains("cannot be saved in"), "{why}");
    }
}
