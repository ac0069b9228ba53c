//! The build context: which files go, and the tar stream in which they do.
//!
//! The folder is looked through first (names and sizes only), so that the total is known
//! and a wrong ignore file is told before anything is sent. Then a thread of its own reads
//! the files and writes the tar into a channel of a few chunks: a context of any size costs
//! a megabyte of memory, and one that nobody reads any more stops by itself.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use hyper::body::Bytes as Chunk;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::ignore::{BadPattern, Ignore};
use crate::model::bytes::Bytes;

/// Under this name a Dockerfile from outside the context travels in it.
const RESERVED: &str = ".karat.Dockerfile";

/// How much is handed over at once.
const CHUNK: usize = 256 * 1024;

/// How many chunks may wait.
const WAITING: usize = 3;

/// Which builder reads the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builder {
    /// Takes the context as it comes. The Dockerfile is in it even when it is excluded (the
    /// builder has no other way to it), so that `COPY . .` copies it.
    BuildKit,
    /// Reads `.dockerignore` itself, to leave out the Dockerfile and the ignore file: both
    /// must be sent even when they are excluded.
    Classic,
}

/// The context cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ContextError {
    /// A file, a folder, a link.
    #[error(
        "cannot read `{}` of the build context: {error}; make it readable or list it in .dockerignore", path.display()
    )]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The Dockerfile.
    #[error("cannot read the Dockerfile `{}`: {error}", path.display())]
    NoDockerfile {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The ignore file.
    #[error("`{}`, {error}", path.display())]
    BadIgnore {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        error: BadPattern,
    },
    /// A file became shorter while it was read.
    #[error("`{}` became shorter while it was sent; wait until nobody writes to it and rebuild", path.display())]
    Shrank {
        /// Which.
        path: PathBuf,
    },
    /// The engine stopped reading.
    #[error("the engine stopped reading the build context")]
    Unread,
}

impl ContextError {
    fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |error| Self::Unreadable {
            path: path.to_owned(),
            error,
        }
    }
}

/// What will be sent.
#[derive(Debug)]
pub struct Context {
    root: PathBuf,
    /// Relative to the root, folders before what is in them.
    entries: Vec<PathBuf>,
    /// The Dockerfile, if it lies outside.
    outside: Option<PathBuf>,
    /// The Dockerfile's name within the context.
    pub dockerfile: String,
    /// The bytes of all files.
    pub total: Bytes,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

/// Looks through a context.
///
/// # Errors
/// [`ContextError`] names the file or folder that cannot be read.
pub fn survey(root: &Path, dockerfile: &Path, builder: Builder) -> Result<Context, ContextError> {
    let root = fs::canonicalize(root).map_err(ContextError::unreadable(root))?;
    let (dockerfile_name, outside) = place_dockerfile(&root, dockerfile)?;
    let (ignore, ignore_name) = read_ignore(&root, dockerfile)?;
    let mut always = vec![dockerfile_name.clone()];
    if builder == Builder::Classic {
        always.extend(ignore_name);
    }
    let mut walk = Walk {
        root: &root,
        ignore: &ignore,
        always: &always,
        entries: Vec::new(),
        total: Bytes(0),
        notes: Vec::new(),
    };
    walk.folder(Path::new(""))?;
    let (entries, total, notes) = (walk.entries, walk.total, walk.notes);
    Ok(Context {
        entries,
        outside,
        dockerfile: dockerfile_name,
        total,
        notes,
        root,
    })
}

/// The Dockerfile's name within the context, and its path if it has to be brought in.
fn place_dockerfile(
    root: &Path,
    dockerfile: &Path,
) -> Result<(String, Option<PathBuf>), ContextError> {
    let missing = |error| ContextError::NoDockerfile {
        path: dockerfile.to_owned(),
        error,
    };
    // Both what the name says and what it leads to must be inside: a link out of the
    // context leads nowhere on the engine.
    let real = fs::canonicalize(dockerfile).map_err(missing)?;
    let folder = dockerfile
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).map_err(missing)?;
    let named = dockerfile.file_name().map(|name| folder.join(name));
    let inside = named
        .as_deref()
        .and_then(|named| named.strip_prefix(root).ok())
        .filter(|_| real.starts_with(root))
        .and_then(Path::to_str);
    Ok(match inside {
        Some(name) => (name.to_owned(), None),
        None => (RESERVED.to_owned(), Some(real)),
    })
}

/// `<Dockerfile>.dockerignore`, else `.dockerignore`, else nothing; and its name within
/// the context.
fn read_ignore(root: &Path, dockerfile: &Path) -> Result<(Ignore, Option<String>), ContextError> {
    let mut beside = dockerfile.as_os_str().to_owned();
    beside.push(".dockerignore");
    for path in [PathBuf::from(beside), root.join(".dockerignore")] {
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(ContextError::Unreadable { path, error }),
        };
        let ignore = Ignore::parse(&String::from_utf8_lossy(&bytes)).map_err(|error| {
            ContextError::BadIgnore {
                path: path.clone(),
                error,
            }
        })?;
        let name = path.strip_prefix(root).ok().and_then(Path::to_str);
        return Ok((ignore, name.map(str::to_owned)));
    }
    Ok((Ignore::default(), None))
}

struct Walk<'a> {
    root: &'a Path,
    ignore: &'a Ignore,
    /// Sent even if excluded.
    always: &'a [String],
    entries: Vec<PathBuf>,
    total: Bytes,
    notes: Vec<String>,
}

impl Walk<'_> {
    fn folder(&mut self, relative: &Path) -> Result<(), ContextError> {
        let path = self.root.join(relative);
        let unreadable = ContextError::unreadable;
        let mut names = Vec::new();
        for entry in fs::read_dir(&path).map_err(unreadable(&path))? {
            names.push(entry.map_err(unreadable(&path))?.file_name());
        }
        // An order that does not depend on the disk: the same context, the same stream.
        names.sort();
        for name in names {
            self.entry(relative.join(name))?;
        }
        Ok(())
    }

    fn entry(&mut self, relative: PathBuf) -> Result<(), ContextError> {
        let text = relative.to_string_lossy().into_owned();
        let excluded = self.ignore.excludes(&text);
        let folder_of_always = || {
            let below = format!("{text}/");
            self.always.iter().any(|name| name.starts_with(&below))
        };
        let path = self.root.join(&relative);
        let meta = match fs::symlink_metadata(&path) {
            Ok(meta) => meta,
            Err(_) if excluded => return Ok(()),
            Err(error) => return Err(ContextError::Unreadable { path, error }),
        };
        if meta.is_dir() {
            if excluded && !self.ignore.may_take_back_below(&text) && !folder_of_always() {
                return Ok(());
            }
            let at = self.entries.len();
            self.entries.push(relative.clone());
            self.folder(&relative)?;
            // An excluded folder goes only for what was taken back below it.
            if excluded && self.entries.len() == at + 1 {
                self.entries.truncate(at);
            }
            return Ok(());
        }
        if excluded && !self.always.contains(&text) {
            return Ok(());
        }
        let kind = meta.file_type();
        if kind.is_socket() || kind.is_block_device() || kind.is_char_device() {
            self.notes
                .push(format!("`{text}` is a socket or a device: not sent"));
            return Ok(());
        }
        if kind.is_file() {
            self.total += Bytes(meta.len());
        }
        self.entries.push(relative);
        Ok(())
    }
}

impl Context {
    /// Starts sending. The stream is the tar; the task tells how it went. `told` hears of
    /// the bytes of files read so far.
    #[must_use]
    pub fn send(
        self,
        told: impl FnMut(Bytes) + Send + 'static,
    ) -> (
        mpsc::Receiver<io::Result<Chunk>>,
        JoinHandle<Result<(), ContextError>>,
    ) {
        let (sender, receiver) = mpsc::channel(WAITING);
        let task = tokio::task::spawn_blocking(move || {
            let out = Handover {
                sender: sender.clone(),
                buffer: Vec::with_capacity(CHUNK),
            };
            let outcome = self.write(out, told);
            if let Err(error) = &outcome {
                // The request must not look complete.
                let broken = io::Error::other(error.to_string());
                let _ = sender.blocking_send(Err(broken));
            }
            outcome
        });
        (receiver, task)
    }

    fn write(&self, out: Handover, mut told: impl FnMut(Bytes)) -> Result<(), ContextError> {
        let mut tar = tar::Builder::new(out);
        let mut done = Bytes(0);
        if let Some(outside) = &self.outside {
            let meta = fs::metadata(outside).map_err(ContextError::unreadable(outside))?;
            append_file(&mut tar, Path::new(RESERVED), outside, &meta)?;
        }
        for relative in &self.entries {
            let path = self.root.join(relative);
            let meta = fs::symlink_metadata(&path).map_err(ContextError::unreadable(&path))?;
            if meta.is_file() {
                done += Bytes(append_file(&mut tar, relative, &path, &meta)?);
                told(done);
            } else {
                append_other(&mut tar, relative, &path, &meta)?;
            }
        }
        let out = tar.into_inner().map_err(|_| ContextError::Unread)?;
        out.finish().map_err(|_| ContextError::Unread)
    }
}

/// Mode and time are kept; the owner is root, as Docker has it.
fn header(meta: &Metadata) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_metadata(meta);
    header.set_mode(meta.mode() & 0o7777);
    header.set_uid(0);
    header.set_gid(0);
    header
}

fn append_file(
    tar: &mut tar::Builder<Handover>,
    name: &Path,
    path: &Path,
    meta: &Metadata,
) -> Result<u64, ContextError> {
    let file = File::open(path).map_err(ContextError::unreadable(path))?;
    let mut source = Source {
        inner: file.take(meta.len()),
        read: 0,
        error: None,
    };
    let sent = tar.append_data(&mut header(meta), name, &mut source);
    if let Some(error) = source.error {
        return Err(ContextError::unreadable(path)(error));
    }
    sent.map_err(|_| ContextError::Unread)?;
    if source.read < meta.len() {
        return Err(ContextError::Shrank {
            path: path.to_owned(),
        });
    }
    Ok(source.read)
}

fn append_other(
    tar: &mut tar::Builder<Handover>,
    name: &Path,
    path: &Path,
    meta: &Metadata,
) -> Result<(), ContextError> {
    let mut header = header(meta);
    header.set_size(0);
    let sent = if meta.is_symlink() {
        let target = fs::read_link(path).map_err(ContextError::unreadable(path))?;
        tar.append_link(&mut header, name, target)
    } else {
        tar.append_data(&mut header, name, io::empty())
    };
    sent.map_err(|_| ContextError::Unread)
}

/// A file, that remembers why reading it failed: the tar writer does not tell errors of
/// the file from errors of the stream.
struct Source {
    inner: io::Take<File>,
    read: u64,
    error: Option<io::Error>,
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buffer) {
            Ok(count) => {
                self.read += count as u64;
                Ok(count)
            }
            Err(error) => {
                let kind = error.kind();
                self.error = Some(error);
                Err(kind.into())
            }
        }
    }
}

/// The writing end: gathers chunks and hands them over, waiting while the engine is slow.
struct Handover {
    sender: mpsc::Sender<io::Result<Chunk>>,
    buffer: Vec<u8>,
}

impl Handover {
    fn pass_on(&mut self) -> io::Result<()> {
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK));
        self.sender
            .blocking_send(Ok(full.into()))
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn finish(mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.pass_on()
    }
}

impl Write for Handover {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.pass_on()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, text).expect("a file");
        }
        folder
    }

    async fn sent(context: Context) -> Result<BTreeMap<String, (u32, String)>, ContextError> {
        let (mut chunks, task) = context.send(|_| {});
        let mut tar = Vec::new();
        while let Some(Ok(chunk)) = chunks.recv().await {
            tar.extend_from_slice(&chunk);
        }
        task.await.expect("the task")?;
        let mut found = BTreeMap::new();
        for entry in tar::Archive::new(tar.as_slice()).entries().expect("a tar") {
            let mut entry = entry.expect("an entry");
            let name = entry.path().expect("a name").display().to_string();
            let mut text = String::new();
            entry.read_to_string(&mut text).expect("text");
            if let Some(link) = entry.link_name().expect("a link") {
                text = format!("-> {}", link.display());
            }
            assert_eq!(entry.header().uid().expect("uid"), 0);
            found.insert(name, (entry.header().mode().expect("mode"), text));
        }
        Ok(found)
    }

    #[tokio::test]
    async fn what_is_excluded_stays_and_the_dockerfile_always_goes() {
        let folder = folder(&[
            ("Dockerfile", "FROM scratch"),
            (".dockerignore", "*\n!src\n**/*.o\n!deep/er/kept\n"),
            ("src/main.c", "main"),
            ("src/main.o", "object"),
            ("deep/er/kept", "kept"),
            ("deep/other", "no"),
            ("secret", "no"),
        ]);
        std::os::unix::fs::symlink("/nowhere", folder.path().join("src/link")).expect("a link");
        let root = folder.path();
        let names = |context: &Context| {
            let names = context.entries.iter().map(|p| p.display().to_string());
            names.collect::<Vec<_>>().join(" ")
        };
        let context = survey(root, &root.join("Dockerfile"), Builder::BuildKit).expect("read");
        assert_eq!(
            names(&context),
            "Dockerfile deep deep/er deep/er/kept src src/link src/main.c"
        );
        assert_eq!(context.total, Bytes(12 + 4 + 4));
        let tar = sent(context).await.expect("sent");
        assert_eq!(tar["src/link"].1, "-> /nowhere");
        assert_eq!(tar["src/main.c"].1, "main");
        let classic = survey(root, &root.join("Dockerfile"), Builder::Classic).expect("read");
        assert!(names(&classic).starts_with(".dockerignore Dockerfile"));
    }

    #[tokio::test]
    async fn a_dockerfile_from_outside_comes_in_and_brings_its_own_ignore_file() {
        let folder = folder(&[
            ("context/a", "a"),
            ("context/b", "b"),
            ("context/.dockerignore", "a"),
            ("web.Dockerfile", "FROM scratch"),
            ("web.Dockerfile.dockerignore", "b"),
        ]);
        let context = survey(
            &folder.path().join("context"),
            &folder.path().join("web.Dockerfile"),
            Builder::BuildKit,
        )
        .expect("read");
        assert_eq!(context.dockerfile, RESERVED);
        let tar = sent(context).await.expect("sent");
        assert_eq!(tar[RESERVED].1, "FROM scratch");
        assert!(tar.contains_key("a") && !tar.contains_key("b"));
    }

    #[tokio::test]
    async fn modes_long_names_and_large_files_arrive() {
        use std::os::unix::fs::PermissionsExt;
        let long = format!("{}/{}", "d".repeat(120), "f".repeat(150));
        let large = "x".repeat(CHUNK * 3 + 17);
        let folder = folder(&[("Dockerfile", "FROM scratch"), (&long, &large)]);
        let path = folder.path().join(&long);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).expect("mode");
        let root = folder.path();
        let context = survey(root, &root.join("Dockerfile"), Builder::BuildKit).expect("read");
        let tar = sent(context).await.expect("sent");
        assert_eq!(tar[&long], (0o750, large));
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_named() {
        let folder = folder(&[("Dockerfile", "FROM scratch"), (".dockerignore", "a\n[")]);
        let root = folder.path();
        let ask = || survey(root, &root.join("Dockerfile"), Builder::BuildKit);
        let error = ask().expect_err("a bad pattern").to_string();
        assert!(error.contains(".dockerignore`, line 2: `[`"), "{error}");
        fs::write(root.join(".dockerignore"), "").expect("a file");
        fs::write(root.join("gone"), "x").expect("a file");
        let context = ask().expect("read");
        fs::remove_file(root.join("gone")).expect("removed");
        let error = sent(context)
            .await
            .expect_err("a file that went")
            .to_string();
        assert!(error.contains("gone"), "{error}");
        let error = survey(root, &root.join("Nofile"), Builder::BuildKit);
        assert!(matches!(error, Err(ContextError::NoDockerfile { .. })));
    }
}
