//! The history a team shares, as targets and operations use it: read from the registries that
//! have the images, remembered in the store, and added to.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::model::event::{Event, Outcome};
use crate::model::plan::Frozen;
use crate::model::project::{ImageName, Project};
use crate::model::reference::Repository;
use crate::model::remote::HISTORY_TAG;
use crate::model::shared::{self, Kept, Phase, Record};
use crate::model::time::Timestamp;
use crate::registry::{Registries, RegistryError};
use crate::store::Store;

/// How many records of a repository are read, the newest: of a history of years the rest is
/// of no use to any rule.
const NEWEST: usize = 2_000;

/// Shared history. Cheap to clone.
#[derive(Clone)]
pub struct SharedHistory {
    registries: Registries,
    store: Arc<Store>,
    images: Arc<BTreeMap<ImageName, Repository>>,
}

impl SharedHistory {
    /// That of a project's images, as far as they are in registries.
    #[must_use]
    pub fn of(project: &Project, registries: Registries, store: Arc<Store>) -> Self {
        let images = project
            .images
            .iter()
            .filter(|image| image.repository.registry_host().is_some())
            .map(|image| (image.name.clone(), image.repository.clone()))
            .collect();
        Self {
            registries,
            store,
            images: Arc::new(images),
        }
    }

    /// The registries.
    #[must_use]
    pub const fn registries(&self) -> &Registries {
        &self.registries
    }

    /// What this machine remembers.
    #[must_use]
    pub const fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// The repositories of the images that have a registry.
    pub fn repositories(&self) -> impl Iterator<Item = &Repository> {
        self.images.values()
    }

    /// Where the history of an image is.
    #[must_use]
    pub fn repository(&self, image: &ImageName) -> Option<&Repository> {
        self.images.get(image)
    }

    /// What was read before, without asking anybody.
    #[must_use]
    pub fn remembered(&self, repository: &Repository) -> Vec<Kept> {
        self.store.shared(repository).unwrap_or_default()
    }

    /// All there is now. Only what was not read before is read.
    ///
    /// # Errors
    /// The registry's.
    pub async fn read(&self, repository: &Repository) -> Result<Vec<Kept>, RegistryError> {
        let tags = self.registries.repository(repository)?.tags().await?;
        self.read_among(repository, &tags).await
    }

    /// The same, where the repository's tags were listed already.
    ///
    /// # Errors
    /// The registry's.
    pub async fn read_among(
        &self,
        repository: &Repository,
        tags: &[String],
    ) -> Result<Vec<Kept>, RegistryError> {
        let mut there: Vec<&String> = tags
            .iter()
            .filter(|tag| tag.starts_with(HISTORY_TAG))
            .collect();
        there.sort_unstable_by(|a, b| b.cmp(a));
        there.truncate(NEWEST);
        let there: HashSet<&str> = there.into_iter().map(String::as_str).collect();
        let mut known = self.remembered(repository);
        let gone: Vec<String> = known
            .iter()
            .filter(|kept| !there.contains(kept.tag.as_str()))
            .map(|kept| kept.tag.clone())
            .collect();
        known.retain(|kept| there.contains(kept.tag.as_str()));
        let read: HashSet<&str> = known.iter().map(|kept| kept.tag.as_str()).collect();
        let wanted: Vec<String> = there
            .iter()
            .filter(|tag| !read.contains(*tag))
            .map(|tag| (*tag).to_owned())
            .collect();
        if !wanted.is_empty() || !gone.is_empty() {
            let new = self
                .registries
                .repository(repository)?
                .records(&wanted)
                .await?;
            // What cannot be remembered is read again next time.
            let _ = self.store.keep_shared(repository, &new, &gone);
            let events: Vec<Event> = shared::ended(&new)
                .into_iter()
                .map(|record| record.event.clone())
                .collect();
            let _ = self.store.learn(&events);
            known.extend(new);
        }
        known.sort_by(|a, b| a.tag.cmp(&b.tag));
        Ok(known)
    }

    /// Adds a record, with those that are the last ones now as its parents.
    ///
    /// # Errors
    /// The registry's.
    pub async fn append(
        &self,
        repository: &Repository,
        mut record: Record,
        before: &[Kept],
    ) -> Result<Kept, RegistryError> {
        // Somebody else's words, and container logs at that: they stay on this machine.
        record.event.log.clear();
        record.parents = shared::heads(before);
        let kept = self
            .registries
            .repository(repository)?
            .append_record(&record)
            .await?;
        let _ = self
            .store
            .keep_shared(repository, std::slice::from_ref(&kept), &[]);
        Ok(kept)
    }

    /// Adds what an operation came to. Nothing is done for an image without a registry.
    ///
    /// # Errors
    /// The registry's.
    pub async fn publish(
        &self,
        event: &Event,
        to: Option<Frozen>,
        now: Timestamp,
    ) -> Result<(), RegistryError> {
        let Some(repository) = self.repository(&event.image) else {
            return Ok(());
        };
        let before = self.read(repository).await?;
        let of_it = |kept: &&Kept| {
            let other = &kept.record.event;
            other.id == event.id && other.environment == event.environment
        };
        let begun = before
            .iter()
            .filter(of_it)
            .find(|kept| kept.record.phase == Phase::Begun)
            .map(|kept| kept.record.clone());
        // What is half-way has not ended: whoever recovers it writes down how it did.
        if event.outcome == Outcome::NeedsRecover && begun.is_some() {
            return Ok(());
        }
        let record = Record {
            phase: Phase::Ended,
            event: event.clone(),
            from: begun.as_ref().and_then(|begun| begun.from.clone()),
            to: to.or_else(|| begun.as_ref().and_then(|begun| begun.to.clone())),
            from_since: begun.as_ref().and_then(|begun| begun.from_since),
            channel: begun.and_then(|begun| begun.channel),
            job: None,
            written: now,
            parents: Vec::new(),
        };
        self.append(repository, record, &before).await?;
        Ok(())
    }
}
