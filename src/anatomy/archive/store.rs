//! Archives and folders in which any place can be read at any time.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek as _, SeekFrom};
use std::path::{Component, Path, PathBuf};

use super::blobs::{Blobs, LARGEST_DOCUMENT};
use super::layout::Layout;
use crate::anatomy::error::AnatomyError;
use crate::anatomy::limits::Limits;
use crate::anatomy::progress::Progress;
use crate::anatomy::tar::{Header, Reader, TarError};

/// Holds blobs that can be opened one by one.
pub(super) trait Store: Blobs + Send + Sync {
    /// Opens a blob; nothing, when it is not there.
    fn open(&self, name: &str) -> Result<Option<Box<dyn Read + Send>>, AnatomyError>;
    /// How long a blob is.
    fn bytes(&self, name: &str) -> Option<u64>;
}

pub(super) fn unreadable(path: &Path, error: io::Error) -> AnatomyError {
    let path = path.to_owned();
    match error.kind() {
        ErrorKind::NotFound => AnatomyError::NoSuchFile { path },
        _ => AnatomyError::Unreadable { path, error },
    }
}

/// Reads a document to its end.
fn whole(mut from: impl Read, name: &str, bytes: u64) -> Result<Vec<u8>, AnatomyError> {
    let bad = |why: String| AnatomyError::BadDocument {
        name: name.to_owned(),
        what: "document",
        why,
    };
    if bytes > LARGEST_DOCUMENT {
        return Err(bad(format!("it is {bytes} bytes long")));
    }
    let mut json = Vec::new();
    let read = from.by_ref().take(LARGEST_DOCUMENT).read_to_end(&mut json);
    read.map_err(|error| bad(error.to_string()))?;
    Ok(json)
}

/// An archive in a file that is not compressed.
pub(super) struct ArchiveFile {
    path: PathBuf,
    layout: Layout,
    /// Offset and length.
    places: HashMap<String, (u64, u64)>,
}

impl ArchiveFile {
    /// Reads the headers of an archive, and nothing else.
    pub(super) fn list(
        path: &Path,
        limits: &Limits,
        progress: &dyn Progress,
    ) -> Result<Self, AnatomyError> {
        let file = File::open(path).map_err(|error| unreadable(path, error))?;
        let failed = |error| match error {
            TarError::NotTar { found } => AnatomyError::NotAnArchive {
                found: found.to_owned(),
            },
            TarError::Io(error) => unreadable(path, error),
            error => AnatomyError::Archive(error),
        };
        let mut archive = Reader::new(file, limits);
        let mut header = Header::default();
        let mut layout = Layout::default();
        let mut places = HashMap::new();
        while archive.next_entry(&mut header).map_err(failed)? {
            if progress.cancelled() {
                return Err(AnatomyError::Cancelled);
            }
            if let Some(name) = layout.meet(&header)?
                && !header.sparse
            {
                places.insert(name, (header.offset, header.stored));
            }
            archive.seek_over_content().map_err(failed)?;
        }
        Ok(Self {
            path: path.to_owned(),
            layout,
            places,
        })
    }

    fn place(&self, name: &str) -> Option<(u64, u64)> {
        self.places.get(self.layout.resolve(name)).copied()
    }
}

impl Blobs for ArchiveFile {
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>, AnatomyError> {
        let bytes = self.bytes(name).unwrap_or_default();
        let opened = self.open(name)?;
        opened.map(|from| whole(from, name, bytes)).transpose()
    }

    fn has(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    fn found(&self) -> AnatomyError {
        self.layout.found()
    }
}

impl Store for ArchiveFile {
    fn open(&self, name: &str) -> Result<Option<Box<dyn Read + Send>>, AnatomyError> {
        let Some((offset, bytes)) = self.place(name) else {
            return Ok(None);
        };
        let mut file = File::open(&self.path).map_err(|error| unreadable(&self.path, error))?;
        file.seek(SeekFrom::Start(offset))
            .map_err(|error| unreadable(&self.path, error))?;
        Ok(Some(Box::new(file.take(bytes))))
    }

    fn bytes(&self, name: &str) -> Option<u64> {
        self.place(name).map(|(_, bytes)| bytes)
    }
}

/// A folder with an OCI layout.
pub(super) struct Directory {
    path: PathBuf,
}

impl Directory {
    pub(super) fn open(path: &Path) -> Result<Self, AnatomyError> {
        let metadata = fs::metadata(path).map_err(|error| unreadable(path, error))?;
        let path = path.to_owned();
        if !metadata.is_dir() || !path.join("index.json").is_file() {
            return Err(AnatomyError::NotALayout { path });
        }
        Ok(Self { path })
    }

    /// The path of a blob, never outside the folder. (Links in it are the owner's own.)
    fn place(&self, name: &str) -> Option<PathBuf> {
        let inside = |part: Component<'_>| matches!(part, Component::Normal(_));
        let name = Path::new(name);
        let is_file = |path: &PathBuf| path.is_file();
        let within = !name.as_os_str().is_empty() && name.components().all(inside);
        within.then(|| self.path.join(name)).filter(is_file)
    }
}

impl Blobs for Directory {
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>, AnatomyError> {
        let bytes = self.bytes(name).unwrap_or_default();
        let opened = self.open(name)?;
        opened.map(|from| whole(from, name, bytes)).transpose()
    }

    fn has(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    fn found(&self) -> AnatomyError {
        AnatomyError::NotALayout {
            path: self.path.clone(),
        }
    }
}

impl Store for Directory {
    fn open(&self, name: &str) -> Result<Option<Box<dyn Read + Send>>, AnatomyError> {
        let Some(path) = self.place(name) else {
            return Ok(None);
        };
        let file = File::open(&path).map_err(|error| unreadable(&path, error))?;
        Ok(Some(Box::new(file)))
    }

    fn bytes(&self, name: &str) -> Option<u64> {
        let path = self.place(name)?;
        Some(fs::metadata(path).ok()?.len())
    }
}
