//! Layers out of an archive that passes by, once the image has been read: each is handed on
//! while it does, and nothing is kept.
//!
//! Which layer a file of the archive is, its name says, or what is remembered of an earlier
//! reading. Where neither does, the archive passes by twice: its documents say it.

use std::collections::{HashMap, HashSet};
use std::io::{Cursor, Read};

use super::blobs::{ALL_DOCUMENTS, Blobs, Documents};
use super::choose::choose;
use super::layer::{fill, known_by_name};
use super::layout::Layout;
use super::plan::Plan;
use super::stream::{Incoming, State, Uncounted, explain, is_document, no_document};
use super::wanted::Wanted;
use crate::anatomy::compression::{Compression, Decoder};
use crate::anatomy::error::AnatomyError;
use crate::anatomy::extract::{Layers, TakeLayer};
use crate::anatomy::limits::Limits;
use crate::anatomy::progress::Progress;
use crate::anatomy::shelf::Shelf;
use crate::anatomy::sniff;
use crate::anatomy::tar::{Header, Reader, TarError};
use crate::model::digest::Digest;

/// Begins to read the archive, from its first byte.
pub type Begin<'a> = dyn FnMut() -> Result<Box<dyn Read + Send>, AnatomyError> + 'a;

/// The layers of an image in an archive that passes by as often as it is asked to.
pub struct Again<'a> {
    /// Begins to read it.
    pub begin: &'a mut Begin<'a>,
    /// Which image of it.
    pub wanted: &'a Wanted,
    /// What is remembered of it.
    pub shelf: &'a dyn Shelf,
    /// How much of it is believed.
    pub limits: &'a Limits,
}

impl Layers for Again<'_> {
    fn each(
        &mut self,
        wanted: &[Digest],
        progress: &dyn Progress,
        take: &mut TakeLayer<'_>,
    ) -> Result<(), AnatomyError> {
        let mut left: HashSet<Digest> = wanted.iter().cloned().collect();
        let mut names = HashMap::new();
        for last in [false, true] {
            let mut pass = Pass {
                names: &names,
                shelf: self.shelf,
                limits: self.limits,
                progress,
                layout: Layout::default(),
                met: HashMap::new(),
                documents: 0,
            };
            let reader = (self.begin)()?;
            pass.go(reader, &mut left, take)?;
            if left.is_empty() {
                return Ok(());
            }
            if !last {
                let told = pass.names(self.wanted)?;
                names = told;
            }
        }
        let name = left.iter().next().map(ToString::to_string);
        Err(AnatomyError::Missing {
            what: "the layer".to_owned(),
            name: name.unwrap_or_default(),
        })
    }
}

/// The archive passing by once.
struct Pass<'a> {
    /// Which layers files are, as far as documents have told.
    names: &'a HashMap<String, Digest>,
    shelf: &'a dyn Shelf,
    limits: &'a Limits,
    progress: &'a dyn Progress,
    layout: Layout,
    /// Files by name; those that are documents with what is in them.
    met: HashMap<String, Option<Vec<u8>>>,
    documents: u64,
}

impl Pass<'_> {
    /// Hands on the layers that are left, until there is none any more.
    fn go(
        &mut self,
        reader: impl Read,
        left: &mut HashSet<Digest>,
        take: &mut TakeLayer<'_>,
    ) -> Result<(), AnatomyError> {
        let progress = Uncounted(self.progress);
        let state = State::default();
        let incoming = Incoming {
            reader,
            progress: &progress,
            state: &state,
        };
        let failed = |error: TarError, compression| explain(error, compression, &state, &progress);
        let decoder = Decoder::new(incoming, self.limits)
            .map_err(|error| failed(TarError::Io(error), Compression::None))?;
        let compression = decoder.compression();
        let mut archive = Reader::new(decoder, self.limits);
        let mut header = Header::default();
        while archive
            .next_entry(&mut header)
            .map_err(|error| failed(error, compression))?
        {
            if let Some(name) = self.layout.meet(&header)? {
                match self.layer(&name) {
                    Some(layer) => {
                        self.met.insert(name, None);
                        if left.remove(&layer) {
                            // Whatever went wrong with it, the archive may have failed first.
                            take(&layer, &mut archive)
                                .map_err(|error| state.interrupted().unwrap_or(error))?;
                        }
                    }
                    None => self.read(&mut archive, name, header.size)?,
                }
            }
            if left.is_empty() {
                return Ok(());
            }
            archive
                .skip_content()
                .map_err(|error| failed(error, compression))?;
        }
        Ok(())
    }

    /// The layer that a file is, where that is known.
    fn layer(&self, name: &str) -> Option<Digest> {
        let told = self.names.get(name).cloned();
        told.or_else(|| known_by_name(name, self.shelf))
            .or_else(|| self.shelf.placed(name))
    }

    /// Keeps a file that can be a document.
    fn read<R: Read>(
        &mut self,
        archive: &mut Reader<R>,
        name: String,
        size: u64,
    ) -> Result<(), AnatomyError> {
        let mut head = [0; sniff::ENOUGH];
        let Ok(filled) = fill(&mut *archive, &mut head) else {
            // It fails again when the rest is skipped, and is told then.
            return Ok(());
        };
        let head = head.get(..filled).unwrap_or_default();
        let mut document = None;
        if is_document(head, &name, size) {
            self.documents = self.documents.saturating_add(size);
            if self.documents > ALL_DOCUMENTS {
                return Err(AnatomyError::TooMuch {
                    what: "bytes of manifests and configurations",
                    limit: ALL_DOCUMENTS,
                });
            }
            let mut json = Vec::new();
            let whole = Cursor::new(head)
                .chain(&mut *archive)
                .read_to_end(&mut json);
            document = whole.is_ok().then_some(json);
        }
        self.met.insert(name, document);
        Ok(())
    }

    /// Which layers files are, by the documents of the image that is wanted.
    fn names(&self, wanted: &Wanted) -> Result<HashMap<String, Digest>, AnatomyError> {
        let documents = Documents::new(self);
        let plan = Plan::of(&documents, choose(&documents, wanted, None)?)?;
        let layers = plan.layers.iter().zip(&plan.facts.layers);
        let named = layers.map(|(at, facts)| {
            let name = self.layout.resolve(&at.name).to_owned();
            (name, facts.diff_id.clone())
        });
        Ok(named.collect())
    }
}

impl Blobs for Pass<'_> {
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>, AnatomyError> {
        match self.met.get(self.layout.resolve(name)) {
            None => Ok(None),
            Some(Some(json)) => Ok(Some(json.clone())),
            Some(None) => Err(no_document(name, "something else")),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.met.contains_key(self.layout.resolve(name))
    }

    fn found(&self) -> AnatomyError {
        self.layout.found()
    }
}
