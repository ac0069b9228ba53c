//! A repository of a registry, read for the versions of an image: their tags are there, and
//! nothing is deployed there.
//!
//! Of a repository with thousands of tags only a few are read: the newest, those that engines
//! and channels have, and those somebody looks at. Of the others the name is known. What a
//! digest means is remembered for good; what a tag points to is asked each time.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio::sync::Notify;

use super::remote_image::{self, Depth};
use super::shared::SharedHistory;
use super::{Target, TargetError};
use crate::model::digest::Digest;
use crate::model::observation::{EngineFacts, EngineKind, LocalImage, Observation};
use crate::model::plan::Frozen;
use crate::model::project::EngineName;
use crate::model::reference::{ImageRef, Repository};
use crate::model::remote::{Attached, is_technical};
use crate::model::shared;
use crate::model::version::Scheme;
use crate::registry::{Pointer, Remote};

/// How many of the newest versions are read without being asked for.
pub const NEWEST_READ: usize = 24;

/// Tags read at once.
const AT_ONCE: usize = 8;

/// How long what a tag points to is taken to hold while others are looked at: less than from
/// one list to the next, so that each list asks again.
const TAG_HOLDS_FOR: Duration = Duration::from_secs(60);

/// How long what is attached to a version is not looked up again.
const ATTACHED_HOLDS_FOR: Duration = Duration::from_secs(600);

/// How often the tags are listed again while somebody looks.
const LIST_EVERY: Duration = Duration::from_secs(120);

/// One repository.
#[derive(Clone)]
pub struct VersionsTarget {
    name: EngineName,
    repository: Repository,
    scheme: Scheme,
    history: SharedHistory,
    wanted: Arc<Wanted>,
    seen: Arc<Mutex<Seen>>,
    /// Tags that are channels: they move, and their own targets say where to.
    channels: Arc<BTreeSet<String>>,
}

/// What somebody looks at.
#[derive(Default)]
struct Wanted {
    tags: Mutex<BTreeSet<String>>,
    more: Notify,
}

impl Wanted {
    fn tags(&self) -> MutexGuard<'_, BTreeSet<String>> {
        // A set of names: whole after a panic elsewhere.
        self.tags.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl VersionsTarget {
    /// That repository, whose tags are versions by a scheme.
    #[must_use]
    pub fn new(repository: Repository, scheme: Scheme, history: SharedHistory) -> Self {
        Self {
            name: EngineName::registry(&repository),
            repository,
            scheme,
            history,
            wanted: Arc::default(),
            seen: Arc::default(),
            channels: Arc::default(),
        }
    }

    /// The same without these tags, which are channels.
    #[must_use]
    pub fn without(mut self, channels: BTreeSet<String>) -> Self {
        self.channels = Arc::new(channels);
        self
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // A cache of answers: each is whole after a panic elsewhere.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a tag points to, as it was a moment ago at most.
    async fn points_to(&self, remote: &Remote, tag: &str) -> Result<Option<Digest>, TargetError> {
        let known = self.seen().tag(tag);
        if known.is_some() {
            return Ok(known);
        }
        let there = remote.head(&Pointer::Tag(tag.to_owned())).await?;
        if let Some(there) = &there {
            let now = (Instant::now(), there.digest.clone());
            self.seen().tags.insert(tag.to_owned(), now);
        }
        Ok(there.map(|there| there.digest))
    }

    fn remote(&self) -> Result<Remote, TargetError> {
        Ok(self.history.registries().repository(&self.repository)?)
    }

    /// The tags that are read, of all there are.
    fn chosen(&self, tags: &[String]) -> BTreeSet<String> {
        let scheme = self.scheme.resolve(tags.iter().map(String::as_str));
        let wanted = self.wanted.tags().clone();
        let named = scheme.newest_first(tags.iter().map(String::as_str));
        let newest = named.into_iter().take(NEWEST_READ).map(str::to_owned);
        let unnamed = tags.iter().filter(|tag| scheme.label(tag).is_none());
        let there: BTreeSet<&String> = tags.iter().collect();
        newest
            .chain(unnamed.take(NEWEST_READ).cloned())
            .chain(wanted.into_iter().filter(|tag| there.contains(tag)))
            .collect()
    }
}

/// One tag, and what it points to.
async fn read_tag(
    target: &VersionsTarget,
    remote: &Remote,
    tag: String,
    depth: Depth,
) -> Result<Option<(String, Digest, LocalImage)>, TargetError> {
    let Some(digest) = target.points_to(remote, &tag).await? else {
        return Ok(None);
    };
    let looked = target.seen().attached(&digest);
    let depth = match looked {
        Some(_) => Depth::Plain,
        None => depth,
    };
    match remote_image::read(&target.history, remote, &digest, None, depth).await {
        Ok(mut image) => {
            if let Some(remote) = &mut image.remote {
                if depth == Depth::Attachments {
                    target.seen().attach(&digest, remote.attached);
                }
                remote.attached = remote.attached.or(looked);
            }
            Ok(Some((tag, digest, image)))
        }
        // A chart, a signature, a schema of long ago: no version of an image. Or a damaged one,
        // of which a part is missing: it must not hide the others.
        Err(error) if error.is_no_image() || error.is_not_there() || error.is_damaged() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What was asked a moment ago, so that looking at more tags does not ask for all the others
/// again.
#[derive(Default)]
struct Seen {
    /// The next look is for more tags than before, and nothing else.
    holds: bool,
    tags: HashMap<String, (Instant, Digest)>,
    attached: HashMap<Digest, (Instant, Attached)>,
}

impl Seen {
    fn tag(&self, tag: &str) -> Option<Digest> {
        let (at, digest) = self.tags.get(tag)?;
        (at.elapsed() < TAG_HOLDS_FOR).then(|| digest.clone())
    }

    fn attached(&self, digest: &Digest) -> Option<Attached> {
        let (at, attached) = self.attached.get(digest)?;
        (at.elapsed() < ATTACHED_HOLDS_FOR).then_some(*attached)
    }

    fn attach(&mut self, digest: &Digest, attached: Option<Attached>) {
        if let Some(attached) = attached {
            self.attached
                .insert(digest.clone(), (Instant::now(), attached));
        }
    }
}

#[async_trait]
impl Target for VersionsTarget {
    fn name(&self) -> &EngineName {
        &self.name
    }

    async fn ping(&self) -> Result<(), TargetError> {
        let remote = self.remote()?;
        self.history.registries().check(remote.host()).await?;
        Ok(())
    }

    async fn observe(&self) -> Result<Observation, TargetError> {
        let remote = self.remote()?;
        // Only for more tags than before is anything else taken to be as it was.
        let holds = std::mem::take(&mut self.seen().holds);
        if !holds {
            self.seen().tags.clear();
        }
        let all = match remote.tags().await {
            Ok(tags) => tags,
            // Nothing was pushed there yet.
            Err(error) if error.is_not_there() => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        // Where there is history, it is learned on the way.
        let records = self.history.read_among(&self.repository, &all).await;
        let pushed = shared::published(&records.unwrap_or_default());
        let version = |tag: &String| !is_technical(tag) && !self.channels.contains(tag);
        let tags: Vec<String> = all.into_iter().filter(version).collect();
        let chosen = self.chosen(&tags);
        let looked_at = self.wanted.tags().clone();
        let read: Vec<Option<(String, Digest, LocalImage)>> = stream::iter(chosen)
            .map(|tag| {
                let depth = match looked_at.contains(&tag) {
                    true => Depth::Attachments,
                    false => Depth::Plain,
                };
                read_tag(self, &remote, tag, depth)
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let mut by_digest: HashMap<Digest, LocalImage> = HashMap::new();
        let mut known: BTreeSet<String> = BTreeSet::new();
        for (tag, digest, image) in read.into_iter().flatten() {
            let reference = self.reference(&tag);
            let when = pushed.get(&digest).copied();
            let image = by_digest.entry(digest).or_insert(image);
            if let Some(remote) = &mut image.remote {
                remote.pushed = when;
            }
            image.tags.push(reference);
            known.insert(tag);
        }
        let unread = tags.iter().filter(|tag| !known.contains(*tag));
        Ok(Observation {
            engine: self.name.clone(),
            at: chrono::Utc::now(),
            facts: EngineFacts {
                kind: EngineKind::Registry,
                host: remote.host().to_owned(),
                ..EngineFacts::default()
            },
            containers: Vec::new(),
            locks: Vec::new(),
            parked: Vec::new(),
            unread: unread.map(|tag| self.reference(tag)).collect(),
            images_in_all: Some(by_digest.len()),
            images: by_digest.into_values().collect(),
        })
    }

    fn changes(&self) -> BoxStream<'static, Result<(), TargetError>> {
        let target = self.clone();
        let begin = stream::once(async { Ok(()) });
        let again = stream::unfold(target, |target| async move {
            // A registry tells nobody what happens there.
            tokio::select! {
                () = tokio::time::sleep(LIST_EVERY) => {}
                () = target.wanted.more.notified() => target.seen().holds = true,
            }
            Some((Ok(()), target))
        });
        begin.chain(again).boxed()
    }

    fn look_at(&self, tags: &[String]) {
        let mut wanted = self.wanted.tags();
        let before = wanted.len();
        wanted.extend(tags.iter().cloned());
        let more = wanted.len() > before;
        drop(wanted);
        if more {
            self.wanted.more.notify_one();
        }
    }

    fn forget(&self) {
        self.seen().tags.clear();
    }

    async fn locate(&self, version: &Frozen) -> Result<Option<Digest>, TargetError> {
        let Some(digest) = &version.registry_digest else {
            return Ok(None);
        };
        let there = self
            .remote()?
            .head(&Pointer::Digest(digest.clone()))
            .await?;
        Ok(there.map(|_| version.identity.clone()))
    }
}

impl VersionsTarget {
    fn reference(&self, tag: &str) -> ImageRef {
        ImageRef {
            repository: self.repository.clone(),
            tag: Some(tag.to_owned()),
            digest: None,
        }
    }
}
