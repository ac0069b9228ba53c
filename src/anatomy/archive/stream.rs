//! An archive that passes by once: what an engine hands over, standard input, a pipe.
//!
//! Nothing says beforehand what will come, so every file is told by its beginning: documents
//! are kept, what can be a layer is read into an index, which goes to the shelf at once. When
//! all has passed, the documents say which of it was the image.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::io::{self, Cursor, Read};

use super::blobs::{ALL_DOCUMENTS, Blobs, Documents, LARGEST_DOCUMENT};
use super::choose::choose;
use super::layer::{fill, known_by_name, read_blob};
use super::layout::Layout;
use super::plan::{Plan, facts_of};
use super::wanted::{Expected, Wanted};
use crate::anatomy::compression::{Compression, Decoder, UnpackError};
use crate::anatomy::config::Configuration;
use crate::anatomy::error::AnatomyError;
use crate::anatomy::image::ImageFacts;
use crate::anatomy::layer::reader::LayerError;
use crate::anatomy::limits::Limits;
use crate::anatomy::progress::Progress;
use crate::anatomy::shelf::Shelf;
use crate::anatomy::sniff;
use crate::anatomy::tar::{Header, Reader, TarError};
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;

/// Reads an image from an archive that passes by: no temporary file, no seeking.
///
/// With `expected`, reading stops as soon as no layer can come that the shelf does not know
/// and the configuration has been seen; when that is on the shelf, too, nothing is read at
/// all. Then the image has no names, and blobs only where they were met.
///
/// # Errors
/// [`AnatomyError`].
pub fn read_stream(
    reader: impl Read,
    wanted: &Wanted,
    expected: Option<&Expected>,
    shelf: &dyn Shelf,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<ImageFacts, AnatomyError> {
    let mut passing = Passing::new(expected, shelf, limits, progress);
    if let Some(facts) = passing.enough() {
        return Ok(facts);
    }
    let state = State::default();
    let incoming = Incoming {
        reader,
        progress,
        state: &state,
    };
    let failed = |error: TarError, compression| explain(error, compression, &state, progress);
    let decoder = Decoder::new(incoming, limits)
        .map_err(|error| failed(TarError::Io(error), Compression::None))?;
    let compression = decoder.compression();
    let mut archive = Reader::new(decoder, limits);
    let mut header = Header::default();
    while archive
        .next_entry(&mut header)
        .map_err(|error| failed(error, compression))?
    {
        passing.entry(&mut archive, &header)?;
        // Whatever went wrong with a layer, the archive around it may have failed first.
        archive
            .skip_content()
            .map_err(|error| failed(error, compression))?;
        if let Some(facts) = passing.enough() {
            return Ok(facts);
        }
    }
    if state.taken.get() == 0 {
        return Err(AnatomyError::NotAnArchive {
            found: sniff::describe(b"").to_owned(),
        });
    }
    passing.finish(wanted)
}

/// What went wrong with the archive itself.
pub(super) fn explain(
    error: TarError,
    compression: Compression,
    state: &State,
    progress: &dyn Progress,
) -> AnatomyError {
    if progress.cancelled() {
        return AnatomyError::Cancelled;
    }
    if let Some(error) = state.interrupted() {
        return error;
    }
    match error {
        TarError::NotTar { found } => AnatomyError::NotAnArchive {
            found: match compression {
                Compression::None => found.to_owned(),
                how => format!("{how} data, and in it {found}"),
            },
        },
        TarError::Io(error) if UnpackError::within(&error).is_some() => {
            AnatomyError::Unpacking(error)
        }
        error => AnatomyError::Archive(error),
    }
}

/// How the source does.
#[derive(Default)]
pub(super) struct State {
    taken: Cell<u64>,
    failed: RefCell<Option<io::Error>>,
}

impl State {
    /// Why the source failed, if it did.
    pub(super) fn interrupted(&self) -> Option<AnatomyError> {
        let after = Bytes(self.taken.get());
        let error = self.failed.take()?;
        Some(AnatomyError::Interrupted { after, error })
    }
}

/// The source: counts, can be stopped, and keeps what went wrong, however deep below the
/// readers on top of it that was.
pub(super) struct Incoming<'a, R> {
    pub(super) reader: R,
    pub(super) progress: &'a dyn Progress,
    pub(super) state: &'a State,
}

impl<R: Read> Read for Incoming<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.progress.cancelled() {
            return Err(io::Error::other("stopped"));
        }
        match self.reader.read(buffer) {
            Ok(count) => {
                let taken = self.state.taken.get() + count as u64;
                self.state.taken.set(taken);
                self.progress.advanced(count as u64);
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                self.state.failed.replace(Some(error));
                Err(io::Error::new(kind, "the source failed"))
            }
        }
    }
}

/// Bytes are counted where they come in, not once more where a layer takes them.
pub(super) struct Uncounted<'a>(pub(super) &'a dyn Progress);

impl Progress for Uncounted<'_> {
    fn advanced(&self, _bytes: u64) {}

    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}

/// What a file of the archive turned out to be.
enum Seen {
    /// A layer that was read.
    Layer(Digest),
    /// A document.
    Document(Vec<u8>),
    /// It looked like a layer, and was none.
    Bad(AnatomyError),
    /// Something else.
    Other(&'static str),
}

struct Passing<'a> {
    expected: Option<&'a Expected>,
    shelf: &'a dyn Shelf,
    limits: &'a Limits,
    progress: &'a dyn Progress,
    layout: Layout,
    seen: RefCell<HashMap<String, Seen>>,
    documents: u64,
    /// Layers that are expected and not known.
    missing: HashSet<Digest>,
    /// The configuration that is expected, once it was met.
    configuration: Option<Configuration>,
}

impl<'a> Passing<'a> {
    fn new(
        expected: Option<&'a Expected>,
        shelf: &'a dyn Shelf,
        limits: &'a Limits,
        progress: &'a dyn Progress,
    ) -> Self {
        let layers = expected.map_or(&[][..], |it| &it.diff_ids);
        let unknown = layers.iter().filter(|it| !shelf.has(it));
        let known = expected
            .and_then(|it| it.config.as_ref())
            .and_then(|config| shelf.configuration(config))
            .and_then(|json| Configuration::read(&json).ok());
        let same = |it: &Configuration| it.diff_ids == layers;
        Self {
            expected,
            shelf,
            limits,
            progress,
            layout: Layout::default(),
            seen: RefCell::default(),
            documents: 0,
            missing: unknown.cloned().collect(),
            configuration: known.filter(same),
        }
    }

    /// The image, once nothing can come that is not known.
    fn enough(&self) -> Option<ImageFacts> {
        self.expected?;
        if !self.missing.is_empty() {
            return None;
        }
        let mut facts = facts_of(self.configuration.clone()?);
        let seen = self.seen.borrow();
        for (name, seen) in seen.iter() {
            let Seen::Layer(diff_id) = seen else { continue };
            let Some(blob) = super::blobs::digest_in(name) else {
                continue;
            };
            for layer in facts.layers.iter_mut().filter(|it| it.diff_id == *diff_id) {
                layer.blob = Some(blob.clone());
            }
        }
        Some(facts)
    }

    /// Looks at a file of the archive.
    fn entry<R: Read>(
        &mut self,
        archive: &mut Reader<R>,
        header: &Header,
    ) -> Result<(), AnatomyError> {
        let Some(name) = self.layout.meet(header)? else {
            return Ok(());
        };
        if let Some(diff_id) = known_by_name(&name, self.shelf) {
            self.missing.remove(&diff_id);
            self.seen.get_mut().insert(name, Seen::Layer(diff_id));
            return Ok(());
        }
        let mut head = [0; sniff::ENOUGH];
        let Ok(filled) = fill(&mut *archive, &mut head) else {
            // It fails again when the rest is skipped, and is told then.
            return Ok(());
        };
        let head = head.get(..filled).unwrap_or_default();
        let content = Cursor::new(head).chain(&mut *archive);
        let seen = if is_layer(head) {
            self.layer(content, &name)?
        } else if is_document(head, &name, header.size) {
            self.document(content, header.size)?
        } else {
            Seen::Other(sniff::describe(head))
        };
        self.seen.get_mut().insert(name, seen);
        Ok(())
    }

    fn layer(&mut self, content: impl Read, name: &str) -> Result<Seen, AnatomyError> {
        let progress = Uncounted(self.progress);
        match read_blob(content, name, self.shelf, self.limits, &progress) {
            Ok(index) => {
                self.shelf.put(&index);
                if super::blobs::digest_in(name).is_none() {
                    self.shelf.remember_placed(name, &index.diff_id);
                }
                self.missing.remove(&index.diff_id);
                Ok(Seen::Layer(index.diff_id))
            }
            Err(AnatomyError::Cancelled) => Err(AnatomyError::Cancelled),
            // It may be no layer of the image.
            Err(error) => Ok(Seen::Bad(error)),
        }
    }

    fn document(&mut self, mut content: impl Read, size: u64) -> Result<Seen, AnatomyError> {
        self.documents = self.documents.saturating_add(size);
        if self.documents > ALL_DOCUMENTS {
            return Err(AnatomyError::TooMuch {
                what: "bytes of manifests and configurations",
                limit: ALL_DOCUMENTS,
            });
        }
        let mut json = Vec::new();
        if content.read_to_end(&mut json).is_err() {
            // Told when the rest is skipped.
            return Ok(Seen::Other("cut off"));
        }
        self.recognise(&json);
        Ok(Seen::Document(json))
    }

    /// Whether it is the configuration that is expected.
    fn recognise(&mut self, json: &[u8]) {
        let Some(expected) = self.expected.filter(|_| self.configuration.is_none()) else {
            return;
        };
        let by_name = expected.config.as_ref().map(|it| Digest::of(json) == *it);
        if by_name == Some(false) {
            return;
        }
        let Ok(read) = Configuration::read(json) else {
            return;
        };
        if read.diff_ids == expected.diff_ids {
            self.shelf.remember_configuration(&read.digest, json);
            self.configuration = Some(read);
        }
    }

    /// Everything has passed: which of it was the image?
    fn finish(self, wanted: &Wanted) -> Result<ImageFacts, AnatomyError> {
        let documents = Documents::new(&self);
        let chosen = choose(&documents, wanted, self.expected)?;
        let mut plan = Plan::of(&documents, chosen)?;
        let there = |name: &str| self.seen.borrow().contains_key(self.layout.resolve(name));
        // A layer that was read is on the shelf under what it really is, not under what the
        // configuration says: so every layer is looked at.
        for (place, layer) in plan.layers.iter().enumerate() {
            let name = self.layout.resolve(&layer.name);
            let found = self.seen.borrow_mut().remove(name);
            match &found {
                None => continue,
                Some(Seen::Layer(diff_id)) => plan.check(place, diff_id)?,
                Some(Seen::Bad(_)) => {}
                Some(Seen::Document(_)) => return Err(not_a_layer(&layer.name, "JSON")),
                Some(Seen::Other(found)) => return Err(not_a_layer(&layer.name, found)),
            }
            match found {
                Some(Seen::Bad(error)) => return Err(error),
                Some(seen) => self.seen.borrow_mut().insert(name.to_owned(), seen),
                None => None,
            };
        }
        plan.unknown(self.shelf, |layer| there(&layer.name))?;
        Ok(plan.facts)
    }
}

fn not_a_layer(name: &str, found: &'static str) -> AnatomyError {
    let name = name.to_owned();
    let compression = Compression::None;
    let error = LayerError::NotALayer { found, compression };
    AnatomyError::Layer { name, error }
}

impl Blobs for Passing<'_> {
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>, AnatomyError> {
        let seen = self.seen.borrow();
        match seen.get(self.layout.resolve(name)) {
            None => Ok(None),
            Some(Seen::Document(json)) => Ok(Some(json.clone())),
            Some(Seen::Other(found)) => Err(no_document(name, found)),
            Some(Seen::Layer(_) | Seen::Bad(_)) => Err(no_document(name, "an archive")),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.seen.borrow().contains_key(self.layout.resolve(name))
    }

    fn found(&self) -> AnatomyError {
        self.layout.found()
    }
}

pub(super) fn no_document(name: &str, found: &str) -> AnatomyError {
    AnatomyError::BadDocument {
        name: name.to_owned(),
        what: "JSON document",
        why: format!("it is {found}"),
    }
}

/// Whether it begins like a layer: compressed, or with the header of a tar archive.
fn is_layer(head: &[u8]) -> bool {
    Compression::of(head) != Compression::None || is_tar(head)
}

fn is_tar(head: &[u8]) -> bool {
    if head.len() < 512 {
        return false;
    }
    if head.get(257..262) == Some(b"ustar") || head.iter().all(|byte| *byte == 0) {
        return true;
    }
    // From before there was a magic word: a checksum that is right.
    let field = head.get(148..156).unwrap_or_default();
    let text = std::str::from_utf8(field).unwrap_or_default();
    let claimed = u32::from_str_radix(text.trim_matches(['\0', ' ']), 8);
    let all: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
    let own: u32 = field.iter().map(|byte| u32::from(*byte)).sum();
    claimed.is_ok_and(|claimed| claimed == all - own + 8 * u32::from(b' '))
}

/// Whether it can be one of the documents that matter. Old archives have a `json` beside
/// each layer that does not.
pub(super) fn is_document(head: &[u8], name: &str, size: u64) -> bool {
    let begins = head.trim_ascii_start().first();
    matches!(begins, Some(b'{' | b'[')) && size <= LARGEST_DOCUMENT && !name.ends_with("/json")
}
