//! Contents of files, found again in the archives of their layers.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;

use super::Layers;
use crate::anatomy::Anatomy;
use crate::anatomy::compression::Decoder;
use crate::anatomy::error::AnatomyError;
use crate::anatomy::image::Presence;
use crate::anatomy::layer::reader::LayerError;
use crate::anatomy::limits::Limits;
use crate::anatomy::merged::{EntryId, LayerNo, Merged};
use crate::anatomy::progress::Progress;
use crate::anatomy::tar::{EntryType, Header, Piece, Reader, TarError};

/// Looks for contents, layer by layer.
pub(super) struct Finder<'a> {
    merged: &'a Merged,
    layers: BTreeMap<LayerNo, HashMap<Vec<u8>, Vec<Found>>>,
    known: HashMap<EntryId, (LayerNo, Vec<u8>, usize)>,
}

/// A content that is looked for.
pub(super) struct Found {
    /// How many entries with its path come before it in its layer.
    before: usize,
    /// Its length.
    size: u64,
    /// Whatever whoever looks for it numbers.
    pub(super) places: Vec<usize>,
}

/// The content that was found.
pub(super) struct Content<'a> {
    archive: &'a mut dyn Pieces,
    progress: &'a dyn Progress,
    left: u64,
    layer: String,
}

/// Whatever gives a content piece by piece.
trait Pieces {
    fn next(&mut self) -> Result<Option<Piece<'_>>, TarError>;
}

impl<R: Read> Pieces for Reader<R> {
    fn next(&mut self) -> Result<Option<Piece<'_>>, TarError> {
        self.piece()
    }
}

impl<'a> Finder<'a> {
    pub(super) fn new(merged: &'a Merged) -> Self {
        Self {
            merged,
            layers: BTreeMap::new(),
            known: HashMap::new(),
        }
    }

    /// Looks for the content of an entry as well.
    pub(super) fn want(&mut self, content: EntryId, place: usize) {
        let Some(entry) = self.merged.entry(content) else {
            return;
        };
        let known = self.known.entry(content).or_insert_with(|| {
            let path = self.merged.path(entry.node);
            let older = self.merged.history(entry.node);
            let before = older
                .skip_while(|it| *it != content)
                .skip(1)
                .take_while(|it| self.merged.layer_of(*it) == entry.layer)
                .count();
            (entry.layer, path, before)
        });
        let in_layer = self.layers.entry(known.0).or_default();
        let at_path = in_layer.entry(known.1.clone()).or_default();
        match at_path.iter_mut().find(|it| it.before == known.2) {
            Some(found) => found.places.push(place),
            None => at_path.push(Found {
                before: known.2,
                size: entry.size.0,
                places: vec![place],
            }),
        }
    }

    /// Reads the layers, and hands over what is found. Everything must be found.
    pub(super) fn go(
        self,
        anatomy: &Anatomy,
        layers: &mut dyn Layers,
        limits: &Limits,
        progress: &dyn Progress,
        take: &mut dyn FnMut(&Found, &mut Content<'_>) -> Result<(), AnatomyError>,
    ) -> Result<(), AnatomyError> {
        for (number, wanted) in self.layers {
            let place = usize::from(number.0);
            let Some(layer) = anatomy.facts.layers.get(place) else {
                continue;
            };
            let name = layer.diff_id.to_string();
            if layer.presence == Presence::NotPresent {
                let what = format!("layer {}", place + 1);
                return Err(AnatomyError::Missing { what, name });
            }
            let archive = layers.open(&layer.diff_id)?;
            in_layer(archive, name, wanted, limits, progress, take)?;
        }
        Ok(())
    }
}

fn in_layer(
    archive: Box<dyn Read + '_>,
    name: String,
    mut wanted: HashMap<Vec<u8>, Vec<Found>>,
    limits: &Limits,
    progress: &dyn Progress,
    take: &mut dyn FnMut(&Found, &mut Content<'_>) -> Result<(), AnatomyError>,
) -> Result<(), AnatomyError> {
    let failed = |error: LayerError| AnatomyError::Layer {
        name: name.clone(),
        error,
    };
    let decoder = Decoder::new(archive, limits).map_err(|error| failed(error.into()))?;
    let mut archive = Reader::new(decoder, limits);
    let mut header = Header::default();
    let mut passed: HashMap<Vec<u8>, usize> = HashMap::new();
    while !wanted.is_empty() {
        let more = archive.next_entry(&mut header);
        if progress.cancelled() {
            return Err(AnatomyError::Cancelled);
        }
        if !more.map_err(|error| failed(LayerError::Tar(error)))? {
            // The layer is not what it was when it was read.
            let what = "a file".to_owned();
            let path = wanted.into_keys().next().unwrap_or_default();
            let path = String::from_utf8_lossy(&path);
            let name = format!("{path} in {name}");
            return Err(AnatomyError::Missing { what, name });
        }
        let path = within_root(&header.path);
        let Some(here) = wanted.get_mut(&path) else {
            continue;
        };
        let count = passed.entry(path.clone()).or_default();
        let before = std::mem::replace(count, *count + 1);
        let is_file = matches!(header.kind, EntryType::File | EntryType::Other(_));
        let Some(found) = here.iter().position(|it| it.before == before && is_file) else {
            continue;
        };
        let found = here.swap_remove(found);
        let mut content = Content {
            left: header.size.min(found.size),
            archive: &mut archive,
            progress,
            layer: name.clone(),
        };
        take(&found, &mut content)?;
        if here.is_empty() {
            wanted.remove(&path);
        }
    }
    Ok(())
}

impl Content<'_> {
    /// The next piece; never more than the file is long.
    pub(super) fn piece(&mut self) -> Result<Option<Piece<'_>>, AnatomyError> {
        if self.progress.cancelled() {
            return Err(AnatomyError::Cancelled);
        }
        if self.left == 0 {
            return Ok(None);
        }
        let failed = |error| AnatomyError::Layer {
            name: self.layer.clone(),
            error: LayerError::Tar(error),
        };
        let piece = match self.archive.next().map_err(failed)? {
            None => return Ok(None),
            Some(Piece::Hole(length)) => Piece::Hole(length.min(self.left)),
            Some(Piece::Data(data)) => {
                let most = usize::try_from(self.left).unwrap_or(usize::MAX);
                Piece::Data(data.get(..most).unwrap_or(data))
            }
        };
        let length = match piece {
            Piece::Hole(length) => length,
            Piece::Data(data) => data.len() as u64,
        };
        self.left = self.left.saturating_sub(length);
        self.progress.advanced(length);
        Ok(Some(piece))
    }

    /// So much of its beginning, and whether it is longer.
    pub(super) fn beginning(&mut self, most: usize) -> Result<(Vec<u8>, bool), AnatomyError> {
        let cut = self.left > most as u64;
        let mut bytes = Vec::new();
        while bytes.len() < most {
            let room = most - bytes.len();
            match self.piece()? {
                None => break,
                Some(Piece::Data(data)) => {
                    bytes.extend_from_slice(data.get(..room).unwrap_or(data));
                }
                Some(Piece::Hole(length)) => {
                    let length = usize::try_from(length).unwrap_or(room).min(room);
                    bytes.resize(bytes.len() + length, 0);
                }
            }
        }
        Ok((bytes, cut))
    }
}

/// A path as a layer's index has it: without what is needless, never out of the root.
fn within_root(raw: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in raw.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join(&b'/')
}
