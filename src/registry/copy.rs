//! A version to another repository: all platforms, only what is missing, blobs before what
//! names them, the tag last. So one that is broken off leaves nothing that looks whole.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use super::Remote;
use super::error::RegistryError;
use super::http::{AGAIN, back_off};
use super::manifest::{Content, Descriptor, Document, Pointer};
use super::write::Mounted;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;

/// How a version is copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyOptions {
    /// The tag it gets; nothing: it is there by its digest only, until a registry collects it.
    pub tag: Option<String>,
    /// Whether what is attached to it comes along.
    pub referrers: bool,
    /// How many blobs at once.
    pub at_once: usize,
}

impl Default for CopyOptions {
    fn default() -> Self {
        Self {
            tag: None,
            referrers: true,
            at_once: 4,
        }
    }
}

/// How a copy goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyNews {
    /// What is to be looked at: so many blobs of so many bytes, some of which may be there.
    Planned {
        /// How many.
        blobs: usize,
        /// Σ their sizes.
        bytes: Bytes,
    },
    /// A blob is dealt with.
    Blob {
        /// Which.
        digest: Digest,
        /// How large it is.
        size: Bytes,
        /// How it came there.
        how: How,
    },
    /// So many bytes went through so far, in all.
    Moved(Bytes),
    /// A manifest or an index is there.
    Manifest(Digest),
}

/// How a blob came to where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It was there.
    Present,
    /// Mounted from another repository of the same registry.
    Mounted,
    /// Streamed through.
    Streamed,
}

/// What a copy did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The digest of what was copied: of the index, where there is one.
    pub digest: Digest,
    /// Blobs that were streamed.
    pub blobs_copied: usize,
    /// Σ their bytes.
    pub bytes_copied: Bytes,
    /// Blobs that were mounted.
    pub blobs_mounted: usize,
    /// Blobs that were there.
    pub blobs_present: usize,
    /// Manifests and indexes that were written, without those attached.
    pub manifests: usize,
    /// Attached manifests that were brought along, or were there.
    pub referrers: usize,
}

/// Copies a version with all its platforms.
///
/// # Errors
/// Either registry's; it is not there; what was read is not what its digest says; canceled.
pub async fn copy(
    from: &Remote,
    to: &Remote,
    what: &Pointer,
    options: &CopyOptions,
    tell: impl Fn(CopyNews) + Send + Sync,
    cancel: &CancellationToken,
) -> Result<Copied, RegistryError> {
    let job = Job {
        from,
        to,
        options,
        tell: &tell,
        moved: Arc::default(),
    };
    tokio::select! {
        done = Box::pin(job.run(what)) => done,
        () = cancel.cancelled() => Err(RegistryError::Canceled),
    }
}

struct Job<'a> {
    from: &'a Remote,
    to: &'a Remote,
    options: &'a CopyOptions,
    tell: &'a (dyn Fn(CopyNews) + Send + Sync),
    moved: Arc<AtomicU64>,
}

/// What has to be written, in an order in which nothing is named before it is there.
#[derive(Default)]
struct Missing {
    blobs: Vec<Descriptor>,
    manifests: Vec<Document>,
    /// Every manifest that was met, there or not.
    met: Vec<Digest>,
}

impl Job<'_> {
    async fn run(&self, what: &Pointer) -> Result<Copied, RegistryError> {
        let top = self.from.existing(what).await?;
        let mut copied = Copied {
            digest: top.digest.clone(),
            blobs_copied: 0,
            bytes_copied: Bytes(0),
            blobs_mounted: 0,
            blobs_present: 0,
            manifests: 0,
            referrers: 0,
        };
        let missing = self.missing(&top).await?;
        self.bring_blobs(&missing.blobs, &mut copied).await?;
        for document in &missing.manifests {
            self.put(document).await?;
            copied.manifests += 1;
        }
        if self.options.referrers {
            let mut known: HashSet<Digest> = missing.met.iter().cloned().collect();
            for digest in missing.met {
                self.attached(&digest, &mut known, &mut copied).await?;
            }
        }
        if let Some(tag) = &self.options.tag {
            let pointer = Pointer::Tag(tag.clone());
            self.to
                .put(&pointer, &top.media_type, top.bytes.clone())
                .await?;
            self.to.points(tag, &top.digest).await?;
        }
        Ok(copied)
    }

    async fn put(&self, document: &Document) -> Result<(), RegistryError> {
        let pointer = Pointer::Digest(document.digest.clone());
        self.to
            .put(&pointer, &document.media_type, document.bytes.clone())
            .await?;
        (self.tell)(CopyNews::Manifest(document.digest.clone()));
        Ok(())
    }

    /// What the destination lacks of a document and all it names. What is there whole is not
    /// read: a registry takes nothing in before what it names.
    async fn missing(&self, top: &Document) -> Result<Missing, RegistryError> {
        let mut missing = Missing::default();
        // Parents are pushed before their children here, and turned round at the end.
        let mut waiting = vec![top.clone()];
        let (mut blobs, mut found) = (HashSet::new(), Vec::new());
        while let Some(document) = waiting.pop() {
            if missing.met.contains(&document.digest) {
                continue;
            }
            missing.met.push(document.digest.clone());
            let content = self.from.content(&document)?;
            let there = Pointer::Digest(document.digest.clone());
            let is_there = self.to.head(&there).await?.is_some();
            let is_index = matches!(content, Content::Index(_));
            match content {
                Content::Index(children) => {
                    for child in children {
                        // Their attachments are brought along even where they are there.
                        if is_there {
                            missing.met.push(child.digest);
                        } else {
                            let pointer = Pointer::Digest(child.digest);
                            waiting.push(self.from.existing(&pointer).await?);
                        }
                    }
                }
                Content::Manifest(manifest) if !is_there => {
                    for blob in manifest.blobs() {
                        if !blob.is_foreign && blobs.insert(blob.digest.clone()) {
                            missing.blobs.push(blob.clone());
                        }
                    }
                }
                Content::Manifest(_) | Content::SchemaOne => {}
            }
            if !is_there {
                found.push((is_index, document));
            }
        }
        // An image may be in several indexes of an index: all images come first.
        found.reverse();
        found.sort_by_key(|(is_index, _)| *is_index);
        missing.manifests = found.into_iter().map(|(_, document)| document).collect();
        Ok(missing)
    }

    /// Brings blobs over, several at once.
    async fn bring_blobs(
        &self,
        blobs: &[Descriptor],
        copied: &mut Copied,
    ) -> Result<(), RegistryError> {
        if blobs.is_empty() {
            return Ok(());
        }
        (self.tell)(CopyNews::Planned {
            blobs: blobs.len(),
            bytes: Bytes(blobs.iter().map(|blob| blob.size.0).sum()),
        });
        // Owned, so that the future is one whatever is borrowed around it.
        let all = stream::iter(blobs.to_vec())
            .map(|blob| async move {
                let how = self.bring(&blob).await?;
                Ok::<_, RegistryError>((blob, how))
            })
            .buffer_unordered(self.options.at_once.max(1))
            .try_for_each(|(blob, how)| {
                match how {
                    How::Present => copied.blobs_present += 1,
                    How::Mounted => copied.blobs_mounted += 1,
                    How::Streamed => {
                        copied.blobs_copied += 1;
                        copied.bytes_copied += blob.size;
                    }
                }
                (self.tell)(CopyNews::Blob {
                    digest: blob.digest.clone(),
                    size: blob.size,
                    how,
                });
                async { Ok(()) }
            });
        let mut all = Box::pin(all);
        let mut told = 0;
        loop {
            tokio::select! {
                done = &mut all => return done,
                () = tokio::time::sleep(Duration::from_millis(100)) => {
                    let moved = self.moved.load(Ordering::Relaxed);
                    if moved != told {
                        (self.tell)(CopyNews::Moved(Bytes(moved)));
                        told = moved;
                    }
                }
            }
        }
    }

    async fn bring(&self, blob: &Descriptor) -> Result<How, RegistryError> {
        let mut tries = 0;
        loop {
            if self.to.has_blob(&blob.digest).await?.is_some() {
                return Ok(How::Present);
            }
            let mounted = match self.from.shares_registry_with(self.to) {
                true => self.to.mount_blob(&blob.digest, self.from).await?,
                false => Mounted::Refused,
            };
            if mounted == Mounted::Done {
                return Ok(How::Mounted);
            }
            let moved = self.moved.clone();
            let counted = Arc::new(AtomicU64::new(0));
            let own = counted.clone();
            let source = self.from.blob(&blob.digest, Some(blob.size));
            let source = source.inspect_ok(move |chunk| {
                moved.fetch_add(chunk.len() as u64, Ordering::Relaxed);
                own.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            });
            match self
                .to
                .push_blob(&blob.digest, blob.size, Box::pin(source))
                .await
            {
                Ok(()) => return Ok(How::Streamed),
                Err(error) if error.is_passing() && tries < AGAIN => {
                    // What was thrown away did not move.
                    let lost = counted.load(Ordering::Relaxed);
                    self.moved.fetch_sub(lost, Ordering::Relaxed);
                    tries += 1;
                    tokio::time::sleep(back_off(tries)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Brings along what is attached to a manifest, and what is attached to that.
    async fn attached(
        &self,
        digest: &Digest,
        known: &mut HashSet<Digest>,
        copied: &mut Copied,
    ) -> Result<(), RegistryError> {
        let mut waiting = vec![digest.clone()];
        while let Some(subject) = waiting.pop() {
            let there = self.to.referrers(&subject).await?;
            for it in self.from.referrers(&subject).await? {
                if !known.insert(it.digest.clone()) {
                    continue;
                }
                waiting.push(it.digest.clone());
                copied.referrers += 1;
                if there.iter().any(|known| known.digest == it.digest) {
                    continue;
                }
                let pointer = Pointer::Digest(it.digest.clone());
                let document = self.from.existing(&pointer).await?;
                let below = self.missing(&document).await?;
                self.bring_blobs(&below.blobs, copied).await?;
                for document in below
                    .manifests
                    .iter()
                    .filter(|it| it.digest != document.digest)
                {
                    self.put(document).await?;
                }
                self.to.attach(&document).await?;
                (self.tell)(CopyNews::Manifest(document.digest.clone()));
            }
        }
        Ok(())
    }
}
