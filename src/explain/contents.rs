//! What is in the files of an image: its layers opened once more.
//!
//! What was read of an image does not hold the contents of its files. A layer of a file or
//! folder is opened where it lies; what an engine hands over, or is compressed as a whole,
//! passes by once more, and what is wanted is picked out; a registry is asked for the layers
//! that are wanted. Only what cannot be had a second
//! time, standard input and pipes, is laid down in a temporary file first.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::ask::Ask;
use super::error::ExplainError;
use super::explainer::{Explained, Explainer, Origin, wanted};
use super::registries::{Fetched, InRegistry};
use super::shelf::StoreShelf;
use super::watch::Watch;
use crate::anatomy::archive::Opened;
use crate::anatomy::archive::again::Again;
use crate::anatomy::archive::source::{Place, Source};
use crate::anatomy::archive::wanted::Wanted;
use crate::anatomy::compression::{Compression, Decoder};
use crate::anatomy::error::AnatomyError;
use crate::anatomy::extract::{Layers, LayersOf, TakeLayer};
use crate::anatomy::limits::Limits;
use crate::anatomy::progress::Progress;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;

/// An image whose layers can be had once more.
pub struct Contents {
    at: At,
    limits: Limits,
}

/// Where the layers are.
enum At {
    /// In a file or folder, each to be opened by itself.
    Rest(Box<Opened>),
    /// In what passes by.
    Passing(Box<Passing>),
    /// In a registry, each to be fetched by itself.
    Registry(Box<Fetching>),
}

struct Fetching {
    image: InRegistry,
    runtime: Handle,
    stop: CancellationToken,
}

struct Passing {
    begin: Box<dyn Fn() -> Result<Box<dyn Read + Send>, AnatomyError> + Send + Sync>,
    wanted: Wanted,
    shelf: StoreShelf,
}

impl Contents {
    /// Its layers.
    #[must_use]
    pub const fn layers(&self) -> LayersAgain<'_> {
        LayersAgain(self)
    }
}

/// The layers of an image, to be had once more.
pub struct LayersAgain<'a>(&'a Contents);

impl Layers for LayersAgain<'_> {
    fn each(
        &mut self,
        layers: &[Digest],
        progress: &dyn Progress,
        take: &mut TakeLayer<'_>,
    ) -> Result<(), AnatomyError> {
        let limits = &self.0.limits;
        match &self.0.at {
            At::Rest(image) => LayersOf { image, limits }.each(layers, progress, take),
            At::Passing(passing) => Again {
                begin: &mut || (passing.begin)(),
                wanted: &passing.wanted,
                shelf: &passing.shelf,
                limits,
            }
            .each(layers, progress, take),
            At::Registry(fetching) => Fetched {
                image: &fetching.image,
                limits,
                runtime: &fetching.runtime,
                stop: &fetching.stop,
            }
            .each(layers, progress, take),
        }
    }
}

/// A file that is gone when this is.
pub struct LaidDown(PathBuf);

impl Drop for LaidDown {
    fn drop(&mut self) {
        // It may be gone already; there is nobody to tell.
        drop(fs::remove_file(&self.0));
    }
}

impl Explainer {
    /// The same image where it can be read more than once: what comes from standard input
    /// or a pipe is laid down first.
    ///
    /// # Errors
    /// [`ExplainError`].
    pub async fn at_rest(
        &self,
        ask: &Ask,
        watch: &Watch,
    ) -> Result<(Ask, Option<LaidDown>), ExplainError> {
        let Source::Archive(place) = &ask.source else {
            return Ok((ask.clone(), None));
        };
        let is_pipe = |it: fs::Metadata| !it.is_file() && !it.is_dir();
        let reader: Box<dyn Read + Send> = if place.is_standard_input() {
            Box::new(io::stdin())
        } else if fs::metadata(&place.path).is_ok_and(is_pipe) {
            Box::new(File::open(&place.path).map_err(|error| unreadable(&place.path, error))?)
        } else {
            return Ok((ask.clone(), None));
        };
        let laid_down = lay_down(reader, watch).await?;
        let ask = Ask {
            source: Source::Archive(Place {
                path: laid_down.0.clone(),
                name: place.name.clone(),
            }),
            ..ask.clone()
        };
        Ok((ask, Some(laid_down)))
    }

    /// Opens an image that was explained, so that its files can be read.
    ///
    /// # Errors
    /// [`ExplainError`].
    pub async fn open(
        &self,
        ask: &Ask,
        explained: &Explained,
        watch: &Watch,
    ) -> Result<Contents, ExplainError> {
        self.open_at(ask, &explained.origin, watch).await
    }

    /// The same, by where it was found alone.
    ///
    /// # Errors
    /// [`ExplainError`].
    pub async fn open_at(
        &self,
        ask: &Ask,
        origin: &Origin,
        watch: &Watch,
    ) -> Result<Contents, ExplainError> {
        let limits = Limits::default();
        let name = match &ask.source {
            Source::Archive(place) | Source::Directory(place) => place.name.as_deref(),
            _ => None,
        };
        let mut wanted = wanted(ask, name);
        let shelf = StoreShelf::new(self.store().clone(), watch);
        let path = match origin {
            Origin::Directory(path) => {
                let at = At::Rest(Box::new(Opened::directory(path, &wanted)?));
                return Ok(Contents { at, limits });
            }
            Origin::Archive(path) => path.clone(),
            Origin::Registry { reference, digest } => {
                let at = At::Registry(Box::new(Fetching {
                    image: self.layers_in_registry(ask, reference, digest).await?,
                    runtime: Handle::current(),
                    stop: watch.cancel().clone(),
                }));
                return Ok(Contents { at, limits });
            }
            Origin::Engine { engine, id } => {
                // The engine is asked for one image by its id: there is one, of one platform.
                wanted.name = None;
                let shelf = shelf.of_image(id);
                let runtime = Handle::current();
                let (explainer, ask, watch) = (self.clone(), ask.clone(), watch.clone());
                let (engine, id) = (engine.clone(), id.clone());
                let begin = move || {
                    let handing = explainer.hand_over(&engine, &id, &ask, &watch);
                    let reader = runtime.block_on(handing);
                    let reader = reader.map_err(|error| AnatomyError::Interrupted {
                        after: Bytes(0),
                        error: io::Error::other(error.to_string()),
                    })?;
                    Ok(Box::new(reader) as Box<dyn Read + Send>)
                };
                let begin = Box::new(begin);
                let at = At::Passing(Box::new(Passing {
                    begin,
                    wanted,
                    shelf,
                }));
                return Ok(Contents { at, limits });
            }
        };
        if is_compressed(&path)? {
            let begin = move || {
                let opened = File::open(&path);
                let opened = opened.map_err(|error| AnatomyError::Unreadable {
                    path: path.clone(),
                    error,
                });
                opened.map(|file| Box::new(file) as Box<dyn Read + Send>)
            };
            let begin = Box::new(begin);
            let at = At::Passing(Box::new(Passing {
                begin,
                wanted,
                shelf,
            }));
            return Ok(Contents { at, limits });
        }
        let watch = watch.clone();
        let work = move || {
            let at = At::Rest(Box::new(Opened::file(&path, &wanted, &limits, &watch)?));
            Ok(Contents { at, limits })
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| ExplainError::Lost)?
    }
}

fn is_compressed(path: &Path) -> Result<bool, ExplainError> {
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| {
            let enough = u64::try_from(Compression::ENOUGH).unwrap_or(u64::MAX);
            file.take(enough).read_to_end(&mut head)
        })
        .map_err(|error| unreadable(path, error))?;
    Ok(Compression::of(&head) != Compression::None)
}

fn unreadable(path: &Path, error: io::Error) -> ExplainError {
    ExplainError::Anatomy(AnatomyError::Unreadable {
        path: path.to_owned(),
        error,
    })
}

/// Writes a stream, unpacked, into a file for this user alone.
async fn lay_down(reader: Box<dyn Read + Send>, watch: &Watch) -> Result<LaidDown, ExplainError> {
    let watch = watch.clone();
    let work = move || {
        let nonce: u64 = rand::random();
        let path = std::env::temp_dir().join(format!("karat-{nonce:016x}.tar"));
        let unwritable = |error| ExplainError::Unwritable {
            path: path.clone(),
            error,
        };
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(unwritable)?;
        let laid_down = LaidDown(path.clone());
        let limits = Limits::default();
        let interrupted = |error| ExplainError::Anatomy(AnatomyError::Unpacking(error));
        let mut unpacked = Decoder::new(reader, &limits).map_err(interrupted)?;
        let mut buffer = vec![0_u8; 256 * 1024];
        loop {
            if watch.cancelled() {
                return Err(ExplainError::Cancelled);
            }
            let length = unpacked.read(&mut buffer).map_err(interrupted)?;
            if length == 0 {
                break;
            }
            watch.advanced(length as u64);
            let chunk = buffer.get(..length).unwrap_or_default();
            file.write_all(chunk).map_err(unwritable)?;
        }
        Ok(laid_down)
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| ExplainError::Lost)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_laid_down_is_unpacked_private_and_gone_afterwards() {
        use std::os::unix::fs::PermissionsExt as _;
        let packed = zstd::bulk::compress(b"an archive", 1).expect("packed");
        let reader = Box::new(io::Cursor::new(packed));
        let laid_down = lay_down(reader, &Watch::default()).await.expect("written");
        let path = laid_down.0.clone();
        assert_eq!(fs::read(&path).expect("there"), b"an archive");
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(laid_down);
        assert!(!path.exists());
    }
}
