//! What is attached to a manifest: by the registry's own account, or, where it keeps none, by
//! an index under a tag that is named after the digest.

use std::time::{Duration, Instant};

use rand::Rng as _;
use reqwest::Method;
use reqwest::header::ACCEPT;
use serde_json::{Value, json};

use super::Remote;
use super::ask::Action;
use super::error::RegistryError;
use super::manifest::{Content, Descriptor, Document, OCI_INDEX, Pointer};
use crate::model::digest::Digest;

/// How often the index under the tag is written again, after others wrote it over.
const REDO: u32 = 12;

/// How often in a row it must be found there afterwards.
const LOOKS: u32 = 3;

/// The longest pause between two looks, before what is added by chance.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How an attachment was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attached {
    /// The registry keeps account itself.
    ByRegistry,
    /// In the index under the tag `sha256-…`.
    ByTag,
    /// It names nothing that it is attached to.
    ToNothing,
}

/// The tag of the index for registries that keep no account.
pub(super) fn fallback_tag(digest: &Digest) -> String {
    digest.as_str().replace(':', "-")
}

impl Remote {
    /// What is attached to a manifest.
    ///
    /// # Errors
    /// The registry's.
    pub async fn referrers(&self, digest: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
        let doing = format!("reading what is attached to {}@{digest}", self.repository);
        let path = format!("referrers/{digest}");
        let mut ask = self
            .ask(Method::GET, &path, Action::Pull, doing.clone())
            .header(ACCEPT, OCI_INDEX);
        ask.most = Some(16 << 20);
        // One that does not know the path may answer with the page of something before it.
        ask.pages_too = true;
        let mut found = Vec::new();
        let take = |page: &Value| {
            let all = page.get("manifests").and_then(Value::as_array);
            found.extend(all.into_iter().flatten().filter_map(Descriptor::read));
        };
        match self.pages(ask, take).await {
            Ok(Ok(_)) => Ok(found),
            Ok(Err(answer)) => match answer.status.as_u16() {
                400 | 404 | 405 | 406 | 501 => Ok(self.listed(digest).await?.unwrap_or_default()),
                _ => Err(answer.refusal(self.host(), &doing)),
            },
            Err(RegistryError::Unreadable { .. }) => {
                Ok(self.listed(digest).await?.unwrap_or_default())
            }
            Err(error) => Err(error),
        }
    }

    /// What the index under the tag says; nothing where there is none.
    async fn listed(&self, digest: &Digest) -> Result<Option<Vec<Descriptor>>, RegistryError> {
        let tag = Pointer::Tag(fallback_tag(digest));
        let Some(document) = self.manifest(&tag).await? else {
            return Ok(None);
        };
        match document.content() {
            Ok(Content::Index(all)) => Ok(Some(all)),
            // Some put the attachment itself there.
            _ => Ok(None),
        }
    }

    /// Puts a manifest that names what it is attached to (`subject`), and sees to it that it
    /// is found there.
    ///
    /// # Errors
    /// The registry's; the index under the tag is written over again and again by others.
    pub async fn attach(&self, document: &Document) -> Result<Attached, RegistryError> {
        let pointer = Pointer::Digest(document.digest.clone());
        let put = self
            .put(&pointer, &document.media_type, document.bytes.clone())
            .await?;
        let (subject, entry) = match document.content() {
            Ok(Content::Manifest(manifest)) => {
                let mut entry = Descriptor::plain(
                    document.media_type.clone(),
                    document.digest.clone(),
                    document.size(),
                );
                entry.artifact_type = manifest.artifact_type;
                entry.annotations = manifest.annotations;
                (manifest.subject, entry)
            }
            _ => (
                None,
                Descriptor::plain(String::new(), document.digest.clone(), document.size()),
            ),
        };
        let Some(subject) = subject else {
            return Ok(Attached::ToNothing);
        };
        if put.knows_subject {
            return Ok(Attached::ByRegistry);
        }
        self.list(&subject.digest, &entry).await?;
        Ok(Attached::ByTag)
    }

    /// Adds an entry to the index under the tag. Registries cannot compare before they write:
    /// it is read again afterwards, and added again if somebody else wrote it over. Whoever read
    /// the index before this write may write later still, about as much later as reading and
    /// writing took here: only what is there after several times that counts.
    async fn list(&self, subject: &Digest, entry: &Descriptor) -> Result<(), RegistryError> {
        let tag = Pointer::Tag(fallback_tag(subject));
        let is_it = |it: &Descriptor| it.digest == entry.digest;
        let (mut wrote, mut looks) = (0, 0);
        let mut pause = Duration::ZERO;
        while wrote < REDO {
            let began = Instant::now();
            let mut all = self.listed(subject).await?.unwrap_or_default();
            if all.iter().any(is_it) {
                looks += 1;
                if wrote == 0 || looks == LOOKS {
                    return Ok(());
                }
            } else {
                all.push(entry.clone());
                let entries: Vec<Value> = all.iter().map(Descriptor::to_json).collect();
                let index = json!({
                    "schemaVersion": 2,
                    "mediaType": OCI_INDEX,
                    "manifests": entries,
                });
                self.put_manifest(&tag, OCI_INDEX, index.to_string().into())
                    .await?;
                (wrote, looks) = (wrote + 1, 0);
                pause = pause.max(began.elapsed() * 2).min(LONGEST_PAUSE);
            }
            // Not all at the same moment again.
            let jitter = Duration::from_millis(rand::rng().random_range(5..60));
            tokio::time::sleep(pause + jitter).await;
        }
        Err(RegistryError::Overtaken {
            repository: self.repository.clone(),
            tag: fallback_tag(subject),
            now: "an index without it".to_owned(),
            ours: entry.digest.clone(),
        })
    }
}
