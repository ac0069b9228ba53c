//! Images that are being read, and those that have been.

use std::sync::Arc;

use crate::anatomy::image::ImageFacts;
use crate::anatomy::report::Report;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::project::ImageName;
use crate::model::time::Timestamp;
use crate::model::transfer::Transfer;
use crate::tui::effect::{Explaining, LayerRead, Request};

/// How many images that have been read are kept: a second look at one is instant.
const KEPT: usize = 8;

/// Images that are being read, and those that have been.
#[derive(Clone, Debug, Default)]
pub(crate) struct Readings {
    /// Being read, or not to be had.
    under_way: Vec<Reading>,
    /// Read, the one looked at last in front.
    done: Vec<(Digest, Kept)>,
}

/// A report, without its contents in messages.
#[derive(Clone)]
struct Kept(Arc<Report>);

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Report")
    }
}

/// An image that is being read.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    /// By which number.
    pub(crate) request: Request,
    /// Which version.
    pub(crate) identity: Digest,
    /// What it says of itself, once that is known.
    pub(crate) facts: Option<Arc<ImageFacts>>,
    /// What is known of its layers so far, in the order of the facts.
    pub(crate) layers: Vec<Option<LayerRead>>,
    /// How long its layers are, by the engine's word.
    pub(crate) promised: Vec<Option<Bytes>>,
    /// How far it is.
    pub(crate) transfer: Transfer,
    /// Since when.
    pub(crate) since: Timestamp,
    /// Why it is not to be had.
    pub(crate) failed: Option<String>,
}

impl Reading {
    /// How many layers have been read.
    pub(crate) fn layers_read(&self) -> usize {
        self.layers.iter().flatten().count()
    }

    /// Bytes of a layer: as it was read, or until then by the engine's word.
    pub(crate) fn bytes_of(&self, place: usize) -> Option<Bytes> {
        let read = self.layers.get(place).copied().flatten();
        let promised = self.promised.get(place).copied().flatten();
        read.map(|read| read.bytes).or(promised)
    }

    fn told(&mut self, now: Timestamp, news: Explaining) {
        match news {
            Explaining::Facts { facts, sizes } => {
                self.promised = sizes;
                self.layers.resize_with(facts.layers.len(), || None);
                self.facts = Some(facts);
            }
            Explaining::Layer { place, read } => {
                if let Some(slot) = self.layers.get_mut(place) {
                    *slot = Some(read);
                }
            }
            Explaining::Bytes { done, total } => self.transfer.told(now, done, total),
        }
    }
}

/// How far one is with an image.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Standing<'a> {
    /// Nobody asked for it.
    Unread,
    /// It is being read, or could not be.
    UnderWay(&'a Reading),
    /// It has been read.
    Done,
}

impl Readings {
    /// How far one is with an image.
    pub(crate) fn of(&self, identity: &Digest) -> Standing<'_> {
        if self.done.iter().any(|(one, _)| one == identity) {
            return Standing::Done;
        }
        self.under_way
            .iter()
            .find(|one| &one.identity == identity)
            .map_or(Standing::Unread, Standing::UnderWay)
    }

    /// An image that has been read, which is kept longest from now on.
    pub(crate) fn report(&mut self, identity: &Digest) -> Option<Arc<Report>> {
        let at = self.done.iter().position(|(one, _)| one == identity)?;
        let found = self.done.remove(at);
        let report = Arc::clone(&found.1.0);
        self.done.insert(0, found);
        Some(report)
    }

    /// It is being read from now on.
    pub(crate) fn begin(
        &mut self,
        request: Request,
        (image, identity): (&ImageName, &Digest),
        now: Timestamp,
    ) {
        self.under_way.retain(|one| &one.identity != identity);
        self.under_way.push(Reading {
            request,
            identity: identity.clone(),
            facts: None,
            layers: Vec::new(),
            promised: Vec::new(),
            transfer: Transfer::new("".into(), image.to_string()),
            since: now,
            failed: None,
        });
    }

    /// Takes in how far one of them is.
    pub(crate) fn told(&mut self, request: Request, now: Timestamp, news: Explaining) {
        if let Some(one) = self.under_way.iter_mut().find(|it| it.request == request) {
            one.told(now, news);
        }
    }

    /// One of them has been read, or could not be. Which, if somebody still waits for it.
    pub(crate) fn ended(
        &mut self,
        request: Request,
        answer: Result<Arc<Report>, String>,
    ) -> Option<(Digest, Arc<Report>)> {
        let at = self
            .under_way
            .iter()
            .position(|one| one.request == request)?;
        match answer {
            Ok(report) => {
                let identity = self.under_way.remove(at).identity;
                self.done
                    .insert(0, (identity.clone(), Kept(Arc::clone(&report))));
                self.done.truncate(KEPT);
                Some((identity, report))
            }
            Err(why) => {
                if let Some(one) = self.under_way.get_mut(at) {
                    one.failed = Some(why);
                }
                None
            }
        }
    }

    /// Forgets what nobody waits for any more; answers what is still being read of that.
    pub(crate) fn let_go(&mut self, waits: impl Fn(&Digest) -> bool) -> Vec<Request> {
        let mut gone = Vec::new();
        self.under_way.retain(|one| {
            let stays = waits(&one.identity);
            if !stays && one.failed.is_none() {
                gone.push(one.request);
            }
            stays
        });
        gone
    }

    /// Bytes of its layers so far: what is known of an image while it is read.
    pub(crate) fn bytes_so_far(reading: &Reading) -> Bytes {
        let layers = reading.layers.iter().flatten();
        layers.fold(Bytes(0), |sum, layer| sum + layer.bytes)
    }
}
