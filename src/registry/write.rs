//! What is put into a repository, and taken out of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::TryStreamExt as _;
use hyper::body::Bytes as Chunk;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use reqwest::{Method, Url};

use super::Remote;
use super::ask::{Action, Answer, Ask, At, Right};
use super::blob::BlobStream;
use super::error::RegistryError;
use super::http::{COMMIT_WITHIN, MANIFEST_WITHIN, QUIET};
use super::manifest::Pointer;
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;

/// What became of something that was to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone.
    Gone,
    /// It was not there.
    NotThere,
}

/// What became of a blob that was to be mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mounted {
    /// The repository has it now; no byte was moved.
    Done,
    /// The registry would not: the blob has to be sent.
    Refused,
}

/// What came back when a manifest was put.
pub(super) struct Put {
    pub(super) digest: Digest,
    /// Whether the registry keeps account of what it is attached to.
    pub(super) knows_subject: bool,
}

impl Remote {
    /// Puts a manifest or an index, its bytes as they are. What it names must be there.
    ///
    /// # Errors
    /// The registry's; what it stored has another digest.
    pub async fn put_manifest(
        &self,
        what: &Pointer,
        media_type: &str,
        bytes: Chunk,
    ) -> Result<Digest, RegistryError> {
        Ok(self.put(what, media_type, bytes).await?.digest)
    }

    pub(super) async fn put(
        &self,
        what: &Pointer,
        media_type: &str,
        bytes: Chunk,
    ) -> Result<Put, RegistryError> {
        let doing = format!("writing {}", self.named(what));
        let wrong = |got: Digest| RegistryError::WrongDigest {
            repository: self.repository.clone(),
            asked: what.to_string(),
            got,
        };
        let digest = match what {
            Pointer::Digest(digest) => {
                let got = super::blob::digest_like(digest, &bytes);
                if got != *digest {
                    return Err(wrong(got));
                }
                got
            }
            Pointer::Tag(_) => Digest::of(&bytes),
        };
        let path = self.manifest_path(what)?;
        let mut ask = self
            .ask(Method::PUT, &path, Action::Push, doing.clone())
            .header(CONTENT_TYPE, media_type);
        ask.body = Some(bytes);
        ask.within = MANIFEST_WITHIN;
        let answer = self.host.send(&ask).await?;
        if !answer.status.is_success() {
            return Err(match answer.status.as_u16() {
                404 => self.no_repository(),
                _ => answer.refusal(self.host(), &doing),
            });
        }
        let told = answer.header("docker-content-digest");
        if let Some(told) = told.and_then(|text| Digest::parse(text.trim()).ok())
            && told.as_str().starts_with("sha256:") == digest.as_str().starts_with("sha256:")
            && told != digest
        {
            return Err(wrong(told));
        }
        Ok(Put {
            digest,
            knows_subject: answer.header("oci-subject").is_some(),
        })
    }

    /// Lets a tag point to a manifest that is there. Its bytes are sent back as they came, so
    /// that its digest stays; afterwards the tag is read again.
    ///
    /// # Errors
    /// The registry's; the manifest is not there; somebody else moved the tag meanwhile.
    pub async fn retag(&self, digest: &Digest, tag: &str) -> Result<(), RegistryError> {
        let document = self.existing(&Pointer::Digest(digest.clone())).await?;
        let pointer = Pointer::Tag(tag.to_owned());
        self.put(&pointer, &document.media_type, document.bytes)
            .await?;
        self.points(tag, digest).await
    }

    /// That a tag points where it should.
    ///
    /// # Errors
    /// The registry's; it points elsewhere.
    pub(super) async fn points(&self, tag: &str, digest: &Digest) -> Result<(), RegistryError> {
        let now = self.head(&Pointer::Tag(tag.to_owned())).await?;
        match now {
            Some(now) if now.digest == *digest => Ok(()),
            now => Err(RegistryError::Overtaken {
                repository: self.repository.clone(),
                tag: tag.to_owned(),
                now: now.map_or_else(|| "nothing".to_owned(), |it| it.digest.to_string()),
                ours: digest.clone(),
            }),
        }
    }

    /// Deletes a manifest, with every tag that points to it.
    ///
    /// # Errors
    /// The registry's; it does not allow deleting.
    pub async fn delete(&self, digest: &Digest) -> Result<Deleted, RegistryError> {
        let doing = format!("deleting {}@{digest}", self.repository);
        let path = format!("manifests/{digest}");
        let ask = self.ask(Method::DELETE, &path, Action::Delete, doing.clone());
        let answer = self.host.send(&ask).await?;
        match answer.status.as_u16() {
            200..=299 => Ok(Deleted::Gone),
            404 | 410 => Ok(Deleted::NotThere),
            405 => Err(self.no_delete()),
            400 | 501 if answer.code() == "UNSUPPORTED" => Err(self.no_delete()),
            _ => Err(answer.refusal(self.host(), &doing)),
        }
    }

    /// Takes a tag away, and leaves what it pointed to. Not every registry can: some delete
    /// manifests only.
    ///
    /// # Errors
    /// The registry's; it does not allow deleting a tag.
    pub async fn untag(&self, tag: &str) -> Result<Deleted, RegistryError> {
        let doing = format!("deleting the tag {}:{tag}", self.repository);
        let path = format!("manifests/{tag}");
        let ask = self.ask(Method::DELETE, &path, Action::Delete, doing.clone());
        let answer = self.host.send(&ask).await?;
        match answer.status.as_u16() {
            200..=299 => Ok(Deleted::Gone),
            404 | 410 if answer.code() != "UNSUPPORTED" => Ok(Deleted::NotThere),
            400 | 404 | 405 | 501 => Err(self.no_delete()),
            _ => Err(answer.refusal(self.host(), &doing)),
        }
    }

    fn no_delete(&self) -> RegistryError {
        RegistryError::NoDelete {
            host: self.host().to_owned(),
        }
    }

    /// Lets this repository have a blob that another one of the same registry has.
    ///
    /// # Errors
    /// The registry's.
    pub async fn mount_blob(&self, digest: &Digest, from: &Self) -> Result<Mounted, RegistryError> {
        if !self.shares_registry_with(from) {
            return Ok(Mounted::Refused);
        }
        let doing = format!(
            "mounting blob {} of {} in {}",
            digest.short(),
            from.repository,
            self.repository
        );
        let path = format!("blobs/uploads/?mount={digest}&from={}", encoded(&from.name));
        let mut ask = self.ask(Method::POST, &path, Action::Push, doing.clone());
        ask.right = Right {
            from: Some(&from.name),
            ..self.right(Action::Push)
        };
        // A registry wants to be told that nothing is sent.
        ask.body = Some(Chunk::new());
        let answer = self.host.send(&ask).await?;
        match answer.status.as_u16() {
            201 => Ok(Mounted::Done),
            // It began an upload instead, which nobody goes on with.
            202 => {
                if let Ok(location) = self.location(&answer, &doing).await {
                    self.abandon(location).await;
                }
                Ok(Mounted::Refused)
            }
            404 | 405 => Ok(Mounted::Refused),
            _ => Err(answer.refusal(self.host(), &doing)),
        }
    }

    /// Puts a blob that is in memory.
    ///
    /// # Errors
    /// The registry's.
    pub async fn push_bytes(&self, bytes: Chunk) -> Result<Digest, RegistryError> {
        let digest = Digest::of(&bytes);
        let size = Bytes(bytes.len() as u64);
        let stream = Box::pin(futures_util::stream::once(async move { Ok(bytes) }));
        self.push_blob(&digest, size, stream).await?;
        Ok(digest)
    }

    /// Puts a blob while it comes. The registry checks its digest; what was sent is thrown
    /// away if the stream ends with an error, or this is dropped.
    ///
    /// # Errors
    /// The stream's, and the registry's.
    pub async fn push_blob(
        &self,
        digest: &Digest,
        size: Bytes,
        stream: BlobStream,
    ) -> Result<(), RegistryError> {
        let doing = format!("sending blob {} to {}", digest.short(), self.repository);
        let mut ask = self.ask(Method::POST, "blobs/uploads/", Action::Push, doing.clone());
        ask.body = Some(Chunk::new());
        let begun = self.host.send(&ask).await?;
        if begun.status.as_u16() != 202 {
            return Err(match begun.status.as_u16() {
                404 => self.no_repository(),
                _ => begun.refusal(self.host(), &doing),
            });
        }
        let mut location = self.location(&begun, &doing).await?;
        if size.0 > 0 {
            let sent = self
                .send_stream(location.clone(), size, stream, &doing)
                .await;
            match sent {
                Ok(next) => location = next,
                Err(error) => {
                    self.abandon(location).await;
                    return Err(error);
                }
            }
        }
        location
            .query_pairs_mut()
            .append_pair("digest", digest.as_str());
        let mut ask = self.upload(Method::PUT, location.clone(), &doing);
        ask.body = Some(Chunk::new());
        ask.within = COMMIT_WITHIN;
        let done = self.host.send(&ask).await?;
        if done.status.is_success() {
            return Ok(());
        }
        // The first try may have been done, and its answer lost.
        if done.status.as_u16() == 404 && self.has_blob(digest).await? == Some(size) {
            return Ok(());
        }
        Err(done.refusal(self.host(), &doing))
    }

    /// Sends a stream to an upload, and answers where to go on.
    async fn send_stream(
        &self,
        location: Url,
        size: Bytes,
        stream: BlobStream,
        doing: &str,
    ) -> Result<Url, RegistryError> {
        let proof = match self.host.is_own(&location).await {
            true => {
                let scopes = self.right(Action::Push).scopes();
                self.host.auth().proof(&self.host, &scopes).await?
            }
            false => super::auth::Proof::Nothing,
        };
        let sent = Arc::new(AtomicU64::new(0));
        let counter = sent.clone();
        let stream = stream.inspect_ok(move |chunk: &Chunk| {
            counter.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        });
        let request = self
            .host
            .client()
            .request(Method::PATCH, location)
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, size.0)
            .header(CONTENT_RANGE, format!("0-{}", size.0 - 1))
            .body(reqwest::Body::wrap_stream(stream));
        let response = tokio::select! {
            response = self.host.begin(proof.put(request), doing, COMMIT_WITHIN * 60) => response?,
            () = stalled(&sent) => {
                return Err(RegistryError::TimedOut {
                    host: self.host().to_owned(),
                    doing: doing.to_owned(),
                    after: STALLED.into(),
                });
            }
        };
        let answer = self.host.whole(response, 64 * 1024, doing).await?;
        if !answer.status.is_success() {
            return Err(answer.refusal(self.host(), doing));
        }
        self.location(&answer, doing).await
    }

    fn upload(&self, method: Method, location: Url, doing: &str) -> Ask<'_> {
        let mut ask = self.ask(method, "", Action::Push, doing.to_owned());
        ask.at = At::Url(location);
        ask
    }

    /// Where an upload goes on.
    pub(super) async fn location(
        &self,
        answer: &Answer,
        doing: &str,
    ) -> Result<Url, RegistryError> {
        let text = answer.header("location").unwrap_or_default();
        let base = self.host.url("/v2/", doing).await?;
        let mut url = base.join(text).ok().filter(|_| !text.is_empty());
        // A registry behind a proxy may not know that it is reached by TLS.
        if let Some(url) = &mut url
            && url.host() == base.host()
            && url.port_or_known_default() != base.port_or_known_default()
            && url.port().is_none()
        {
            let _ = url.set_scheme(base.scheme());
            let _ = url.set_port(base.port());
        }
        url.ok_or_else(|| RegistryError::Unreadable {
            host: self.host().to_owned(),
            doing: doing.to_owned(),
            why: "it does not say where to send it".to_owned(),
        })
    }

    /// Tells the registry that an upload is not gone on with. It would find out by itself.
    pub(super) async fn abandon(&self, location: Url) {
        let mut ask = self.upload(Method::DELETE, location, "abandoning an upload");
        ask.pages_too = true;
        ask.within = std::time::Duration::from_secs(5);
        let _ = self.host.send(&ask).await;
    }
}

/// How long an upload may stand still. Its source may stand still for [`QUIET`], some times
/// over, while it is connected to again.
const STALLED: std::time::Duration = QUIET.saturating_mul(4);

/// Returns once nothing was sent for a long while. After the last byte the registry has as long
/// to answer.
async fn stalled(sent: &AtomicU64) {
    let mut last = sent.load(Ordering::Relaxed);
    loop {
        tokio::time::sleep(STALLED).await;
        let now = sent.load(Ordering::Relaxed);
        if now == last {
            return;
        }
        last = now;
    }
}

/// A repository's name in a query.
fn encoded(name: &str) -> String {
    name.replace('/', "%2F")
}
