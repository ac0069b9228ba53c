//! Contents of files, found again in the archives of their layers.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::io::Read;

use super::Layers;
use crate::anatomy::Anatomy;
use crate::anatomy::compression::Decoder;
use crate::anatomy::error::AnatomyError;
use crate::anatomy::image::Presence;
use crate::anatomy::layer::paths::Normal;
use crate::anatomy::layer::reader::LayerError;
use crate::anatomy::limits::Limits;
use crate::anatomy::merged::{EntryId, LayerNo, Merged};
use crate::anatomy::progress::Progress;
use crate::anatomy::tar::{EntryType, Header, Piece, Reader, TarError};
use crate::model::digest::Digest;

/// Looks for contents, layer by layer.
pub(super) struct Finder<'a> {
    merged: &'a Merged,
    /// By layer, and by the place of the entry in it. (Not by path: where a directory is
    /// a link, a file is elsewhere than its layer's archive says.)
    layers: BTreeMap<LayerNo, BTreeMap<u32, Found>>,
}

/// A content that is looked for.
pub(super) struct Found {
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
        }
    }

    /// Looks for the content of an entry as well.
    pub(super) fn want(&mut self, content: EntryId, place: usize) {
        let Some(entry) = self.merged.entry(content) else {
            return;
        };
        let in_layer = self.layers.entry(entry.layer).or_default();
        let found = in_layer
            .entry(self.merged.place_in_layer(content))
            .or_insert_with(|| Found {
                size: entry.size.0,
                places: Vec::new(),
            });
        found.places.push(place);
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
        let mut order: Vec<Digest> = Vec::new();
        let mut by_layer: HashMap<Digest, BTreeMap<u32, Found>> = HashMap::new();
        for (number, wanted) in self.layers {
            let place = usize::from(number.0);
            let Some(layer) = anatomy.facts.layers.get(place) else {
                continue;
            };
            if layer.presence == Presence::NotPresent {
                let what = format!("layer {}", place + 1);
                let name = layer.diff_id.to_string();
                return Err(AnatomyError::Missing { what, name });
            }
            let known = by_layer.entry(layer.diff_id.clone()).or_insert_with(|| {
                order.push(layer.diff_id.clone());
                BTreeMap::new()
            });
            // An image may have one layer twice.
            for (place, mut found) in wanted {
                match known.entry(place) {
                    Entry::Vacant(entry) => drop(entry.insert(found)),
                    Entry::Occupied(mut entry) => entry.get_mut().places.append(&mut found.places),
                }
            }
        }
        layers.each(&order, progress, &mut |diff_id, archive| {
            let wanted = by_layer.remove(diff_id).unwrap_or_default();
            in_layer(
                archive,
                &diff_id.to_string(),
                wanted,
                limits,
                progress,
                take,
            )
        })
    }
}

fn in_layer(
    archive: &mut dyn Read,
    name: &str,
    wanted: BTreeMap<u32, Found>,
    limits: &Limits,
    progress: &dyn Progress,
    take: &mut dyn FnMut(&Found, &mut Content<'_>) -> Result<(), AnatomyError>,
) -> Result<(), AnatomyError> {
    let failed = |error: LayerError| AnatomyError::Layer {
        name: name.to_owned(),
        error,
    };
    let decoder = Decoder::new(archive, limits).map_err(|error| failed(error.into()))?;
    let mut archive = Reader::new(decoder, limits);
    let mut header = Header::default();
    let mut path = Normal::default();
    let mut place = 0;
    for (wanted, found) in wanted {
        loop {
            let more = archive.next_entry(&mut header);
            if progress.cancelled() {
                return Err(AnatomyError::Cancelled);
            }
            if !more.map_err(|error| failed(LayerError::Tar(error)))? {
                return Err(gone(name));
            }
            path.set(&header.path);
            if path.is_listed(header.kind) {
                place += 1;
                if place > wanted {
                    break;
                }
            }
        }
        if !matches!(header.kind, EntryType::File | EntryType::Other(_)) {
            return Err(gone(name));
        }
        let mut content = Content {
            left: header.size.min(found.size),
            archive: &mut archive,
            progress,
            layer: name.to_owned(),
        };
        take(&found, &mut content)?;
    }
    Ok(())
}

/// The layer is not what it was when it was read.
fn gone(layer: &str) -> AnatomyError {
    AnatomyError::Missing {
        what: "the content of a file".to_owned(),
        name: layer.to_owned(),
    }
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
