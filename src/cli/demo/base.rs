//! The base image of the demo: a root file system made of what this machine has.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::DemoError;

/// Where a busybox may lie.
const BUSYBOX: [&str; 3] = ["/bin/busybox", "/usr/bin/busybox", "/bin/busybox.static"];

/// What the demo's containers run, as busybox has it.
const APPLETS: [&str; 10] = [
    "sh", "sleep", "cat", "test", "rm", "ls", "echo", "ps", "date", "touch",
];

/// What they need at least, taken from this machine where there is no static busybox.
const PROGRAMS: [&str; 5] = ["sh", "sleep", "cat", "test", "rm"];

/// The root file system, as a tar.
///
/// # Errors
/// [`DemoError::NoPrograms`] names what is missing here.
pub(super) fn root_file_system() -> Result<Vec<u8>, DemoError> {
    let busybox = BUSYBOX
        .iter()
        .filter_map(|path| fs::read(path).ok())
        .find(|bytes| is_static(bytes));
    let files = match busybox {
        Some(busybox) => BTreeMap::from([(PathBuf::from("/bin/busybox"), busybox)]),
        None => from_this_machine(&PROGRAMS)?,
    };
    let links: &[&str] = if files.contains_key(Path::new("/bin/busybox")) {
        &APPLETS
    } else {
        &[]
    };
    pack(&files, links).map_err(|error| DemoError::NoPrograms {
        missing: error.to_string(),
    })
}

/// Whether a program runs by itself: an ELF file that names no loader.
fn is_static(bytes: &[u8]) -> bool {
    const LOADER: u32 = 3;
    let word = |at: usize, width: usize| -> Option<u64> {
        let mut value = 0u64;
        let field = bytes.get(at..at.checked_add(width)?)?;
        let little = bytes.get(5) == Some(&1);
        for index in 0..width {
            let byte = if little {
                field.get(width - 1 - index)
            } else {
                field.get(index)
            };
            value = value << 8 | u64::from(*byte?);
        }
        Some(value)
    };
    let headers = || -> Option<(usize, usize, usize)> {
        if !bytes.starts_with(b"\x7fELF") {
            return None;
        }
        let (start, size, count) = match bytes.get(4)? {
            2 => (word(32, 8)?, word(54, 2)?, word(56, 2)?),
            _ => (word(28, 4)?, word(42, 2)?, word(44, 2)?),
        };
        let number = |value: u64| usize::try_from(value).ok();
        Some((number(start)?, number(size)?, number(count)?))
    };
    let Some((start, size, count)) = headers() else {
        return false;
    };
    (0..count).all(|index| {
        let at = index
            .checked_mul(size)
            .and_then(|offset| offset.checked_add(start));
        at.and_then(|at| word(at, 4))
            .is_some_and(|kind| kind != u64::from(LOADER))
    })
}

/// Programs of this machine with the libraries they need, each under its own path.
fn from_this_machine(programs: &[&str]) -> Result<BTreeMap<PathBuf, Vec<u8>>, DemoError> {
    let missing = |what: String| DemoError::NoPrograms { missing: what };
    let mut files = BTreeMap::new();
    for program in programs {
        let found = ["/bin", "/usr/bin"]
            .iter()
            .map(|folder| Path::new(folder).join(program))
            .find_map(|path| Some((fs::read(&path).ok()?, path)));
        let (bytes, path) = found
            .ok_or_else(|| missing(format!("no static busybox, and no `{program}` in /bin")))?;
        for library in libraries(&path).map_err(|error| missing(format!("ldd: {error}")))? {
            let bytes = fs::read(&library)
                .map_err(|error| missing(format!("`{}`: {error}", library.display())))?;
            files.insert(library, bytes);
        }
        // Under one path, whatever this machine's layout is.
        files.insert(Path::new("/bin").join(program), bytes);
    }
    Ok(files)
}

/// What `ldd` lists: `libc.so.6 => /lib/libc.so.6 (0x…)` and `/lib64/ld-linux.so.2 (0x…)`.
fn libraries(program: &Path) -> io::Result<Vec<PathBuf>> {
    let output = Command::new("ldd")
        .arg(program)
        .stdin(Stdio::null())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let paths = text.lines().filter_map(|line| {
        let right = line.split_once("=>").map_or(line, |(_, right)| right);
        let path = right.split_whitespace().next()?;
        path.starts_with('/').then(|| PathBuf::from(path))
    });
    Ok(paths.collect())
}

fn pack(files: &BTreeMap<PathBuf, Vec<u8>>, links: &[&str]) -> io::Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    for (folder, mode) in [("bin/", 0o755), ("app/", 0o755), ("tmp/", 0o1777)] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Directory);
        header.set_mode(mode);
        header.set_size(0);
        tar.append_data(&mut header, folder, io::empty())?;
    }
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o755);
        header.set_size(bytes.len() as u64);
        let name = path.strip_prefix("/").unwrap_or(path);
        tar.append_data(&mut header, name, bytes.as_slice())?;
    }
    for link in links {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_mode(0o777);
        header.set_size(0);
        tar.append_link(&mut header, format!("bin/{link}"), "busybox")?;
    }
    tar.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_with_a_loader_is_not_static() {
        let own = fs::read(std::env::current_exe().expect("a path")).expect("this program");
        assert!(!is_static(&own));
        assert!(!is_static(b"#!/bin/sh\n"));
        assert!(!is_static(b"\x7fELF"));
    }

    #[test]
    fn programs_come_with_their_libraries() {
        let files = from_this_machine(&["sh"]).expect("a shell");
        assert!(files.contains_key(Path::new("/bin/sh")));
        let tar = pack(&files, &["cat"]).expect("a tar");
        let mut archive = tar::Archive::new(tar.as_slice());
        assert_eq!(
            archive.entries().expect("entries").count(),
            3 + files.len() + 1
        );
    }
}
