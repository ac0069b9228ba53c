//! The folder that is written into, and nothing outside it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, linkat, mkdirat, open, openat, symlinkat};

use super::find::Content;
use crate::anatomy::error::AnatomyError;
use crate::anatomy::tar::Piece;

/// Folders are opened one inside the other, no link is followed.
const FOLDER: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::RDONLY)
    .union(OFlags::CLOEXEC);
/// Files are made new.
const FILE: OFlags = OFlags::CREATE
    .union(OFlags::EXCL)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::WRONLY)
    .union(OFlags::CLOEXEC);

pub(super) struct Target {
    path: PathBuf,
    folder: OwnedFd,
}

/// Whether a file can have this name.
pub(super) fn is_name(name: &[u8]) -> bool {
    !matches!(name, b"" | b"." | b"..") && !name.contains(&b'/') && !name.contains(&0)
}

impl Target {
    /// Opens the folder, which the user named: links on the way to it are theirs.
    pub(super) fn open(path: &Path) -> Result<Self, AnatomyError> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let folder =
            open(path, flags, Mode::empty()).map_err(|error| AnatomyError::Unwritable {
                path: path.to_owned(),
                error: error.into(),
            })?;
        Ok(Self {
            path: path.to_owned(),
            folder,
        })
    }

    /// Where something will be.
    pub(super) fn path_of(&self, parts: &[Vec<u8>]) -> PathBuf {
        let mut path = self.path.clone();
        path.extend(parts.iter().map(|part| OsStr::from_bytes(part)));
        path
    }

    fn failed(&self, parts: &[Vec<u8>], error: io::Error) -> AnatomyError {
        let path = self.path_of(parts);
        match error.kind() {
            io::ErrorKind::AlreadyExists => AnatomyError::AlreadyThere { path },
            _ => AnatomyError::Unwritable { path, error },
        }
    }

    /// The folder that something is in, and the name it has there.
    fn folder_of<'p>(&self, parts: &'p [Vec<u8>]) -> io::Result<(OwnedFd, &'p [u8])> {
        let (name, above) = parts.split_last().ok_or(io::ErrorKind::InvalidInput)?;
        let mut folder = self.folder.try_clone()?;
        for part in above.iter().chain([name]) {
            if !is_name(part) {
                return Err(io::ErrorKind::InvalidInput.into());
            }
        }
        for part in above {
            folder = openat(&folder, part.as_slice(), FOLDER, Mode::empty())?;
        }
        Ok((folder, name))
    }

    /// Makes a folder.
    pub(super) fn folder(&self, parts: &[Vec<u8>], mode: u16) -> Result<(), AnatomyError> {
        let make = || {
            let (folder, name) = self.folder_of(parts)?;
            // Whoever made it must be able to write into it.
            mkdirat(&folder, name, masked(mode, 0o700))?;
            Ok(())
        };
        make().map_err(|error| self.failed(parts, error))
    }

    /// Makes a link that leads wherever the image has it lead.
    pub(super) fn symlink(&self, parts: &[Vec<u8>], to: &[u8]) -> Result<(), AnatomyError> {
        let make = || {
            let (folder, name) = self.folder_of(parts)?;
            symlinkat(to, &folder, name)?;
            Ok(())
        };
        make().map_err(|error| self.failed(parts, error))
    }

    /// Makes another name of a file that was written here.
    pub(super) fn link(&self, from: &[Vec<u8>], to: &[Vec<u8>]) -> Result<(), AnatomyError> {
        let make = || {
            let (old, old_name) = self.folder_of(from)?;
            let (new, new_name) = self.folder_of(to)?;
            linkat(&old, old_name, &new, new_name, AtFlags::empty())?;
            Ok(())
        };
        make().map_err(|error| self.failed(to, error))
    }

    /// Writes a file.
    pub(super) fn file(
        &self,
        parts: &[Vec<u8>],
        mode: u16,
        content: &mut Content<'_>,
    ) -> Result<(), AnatomyError> {
        let make = || {
            let (folder, name) = self.folder_of(parts)?;
            let file = openat(&folder, name, FILE, masked(mode, 0o600))?;
            Ok(File::from(file))
        };
        let mut file = make().map_err(|error| self.failed(parts, error))?;
        let mut length = 0;
        while let Some(piece) = content.piece()? {
            let written = match piece {
                Piece::Data(data) => {
                    length += data.len() as u64;
                    file.write_all(data)
                }
                Piece::Hole(hole) => {
                    length += hole;
                    file.seek(SeekFrom::Start(length)).map(drop)
                }
            };
            written.map_err(|error| self.failed(parts, error))?;
        }
        // A hole at the end is not written by what follows it.
        file.set_len(length)
            .map_err(|error| self.failed(parts, error))
    }
}

/// Permissions without setuid, setgid and sticky, and without writing for others.
fn masked(mode: u16, at_least: u16) -> Mode {
    Mode::from_raw_mode(u32::from(mode & 0o755 | at_least))
}
