//! From the image that is wanted to what must be read of it.

use super::blobs::Documents;
use super::choose::{Candidate, LayerAt};
use crate::anatomy::config::Configuration;
use crate::anatomy::error::AnatomyError;
use crate::anatomy::image::{ImageFacts, LayerFacts, Presence};
use crate::anatomy::shelf::Shelf;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;

/// What an image says of itself, and where its layers are.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) facts: ImageFacts,
    /// In the order of the facts' layers.
    pub(super) layers: Vec<LayerAt>,
    /// The configuration as it is written.
    json: Vec<u8>,
    /// Whether blobs may be left out.
    sparse: bool,
}

impl Plan {
    /// Reads the configuration of an image.
    pub(super) fn of(
        documents: &Documents<'_>,
        candidate: Candidate,
    ) -> Result<Self, AnatomyError> {
        let name = candidate.config;
        let Some(json) = documents.get(&name)? else {
            let what = match candidate.layers {
                Some(_) => "the image's configuration".to_owned(),
                None => "the image's manifest".to_owned(),
            };
            // Where a manifest names nothing, or a place out of the archive.
            if name.is_empty() {
                return Err(AnatomyError::NotNamed { what });
            }
            return Err(AnatomyError::Missing { what, name });
        };
        let read = Configuration::read(&json);
        let configuration = read.map_err(|error| AnatomyError::Configuration { name, error })?;
        let mut layers = candidate.layers.unwrap_or_default();
        if layers.len() != configuration.diff_ids.len() {
            return Err(AnatomyError::LayerCount {
                listed: layers.len(),
                told: configuration.diff_ids.len(),
            });
        }
        for (layer, diff_id) in layers.iter_mut().zip(&configuration.diff_ids) {
            let source = candidate.sources.get(diff_id.as_str());
            if let Some(source) = source.filter(|source| source.is_foreign())
                && !documents.blobs().has(&layer.name)
            {
                layer.foreign = true;
                layer.bytes = source.size;
                layer.blob.clone_from(&source.digest);
            }
        }
        let mut facts = facts_of(configuration);
        facts.names = candidate.names.into_iter().collect();
        facts.index = candidate.index;
        facts.manifest = candidate.manifest;
        for (facts, layer) in facts.layers.iter_mut().zip(&layers) {
            facts.blob.clone_from(&layer.blob);
            facts.blob_bytes = layer.bytes.map(Bytes);
        }
        Ok(Self {
            facts,
            layers,
            json,
            sparse: candidate.sparse,
        })
    }

    /// Says of each layer whether it is there, and which of them must be read, each diff id
    /// once; the shelf keeps the configuration. `is_there` is asked for layers that the shelf does not know.
    ///
    /// A layer that is not there is listed as such where it is foreign, or where an OCI
    /// layout lists it, for these may be handed on in parts. `docker save` leaves out
    /// nothing else, so there it is an error.
    pub(super) fn unknown(
        &mut self,
        shelf: &dyn Shelf,
        is_there: impl Fn(&LayerAt) -> bool,
    ) -> Result<Vec<usize>, AnatomyError> {
        let mut unknown: Vec<usize> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let layers = self.facts.layers.iter_mut().zip(&self.layers);
        shelf.remember_configuration(&self.facts.config, &self.json);
        for (place, (facts, layer)) in layers.enumerate() {
            facts.presence = Presence::Present;
            if shelf.has(&facts.diff_id) {
                continue;
            }
            if is_there(layer) {
                if seen.insert(facts.diff_id.clone()) {
                    unknown.push(place);
                }
            } else if layer.foreign || self.sparse {
                facts.presence = Presence::NotPresent;
            } else {
                let what = format!("layer {}", place + 1);
                let name = layer.name.clone();
                return Err(AnatomyError::Missing { what, name });
            }
        }
        Ok(unknown)
    }

    /// Whether what was read at a place is the layer that the configuration means.
    pub(super) fn check(&self, place: usize, found: &Digest) -> Result<(), AnatomyError> {
        match (self.facts.layers.get(place), self.layers.get(place)) {
            (Some(facts), Some(layer)) if facts.diff_id != *found => {
                Err(AnatomyError::WrongLayer {
                    number: place + 1,
                    name: layer.name.clone(),
                    expected: facts.diff_id.clone(),
                    found: found.clone(),
                })
            }
            _ => Ok(()),
        }
    }
}

/// What a configuration alone says of an image, every layer taken for present.
pub(super) fn facts_of(configuration: Configuration) -> ImageFacts {
    let steps = configuration.steps();
    let layers = configuration.diff_ids.into_iter().zip(steps);
    ImageFacts {
        names: Vec::new(),
        index: None,
        manifest: None,
        config: configuration.digest,
        platform: configuration.platform,
        created: configuration.created,
        settings: configuration.settings,
        layers: layers
            .map(|(diff_id, step)| LayerFacts {
                diff_id,
                blob: None,
                blob_bytes: None,
                presence: Presence::Present,
                step,
            })
            .collect(),
        history: configuration.history,
    }
}
