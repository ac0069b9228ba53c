//! Blobs: whether they are there, and their bytes, streamed, resumed after a cut, and checked
//! at the end.

use std::ops::Range;
use std::pin::Pin;

use futures_util::stream::{self, Stream, TryStreamExt as _};
use hyper::body::Bytes as Chunk;
use reqwest::header::RANGE;
use reqwest::{Method, Response};
use sha2::{Digest as _, Sha256, Sha512};

use super::ask::{Action, Answer};
use super::error::RegistryError;
use super::http::back_off;
use super::{Remote, header};
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;

/// How often in a row a blob may be cut short before it is given up.
const CUTS: u32 = 5;
/// After how many bytes a cut counts as the first again.
const PROGRESS: u64 = 1 << 20;

/// The bytes of a blob. The last item is an error if they are not what the digest says: what
/// came before is worth nothing until the end was reached. Where the size is known, the last
/// bytes do not come at all then.
pub type BlobStream = Pin<Box<dyn Stream<Item = Result<Chunk, RegistryError>> + Send>>;

/// Computes a digest of the same kind as another.
pub(super) enum Hasher {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    pub(super) fn like(digest: &Digest) -> Self {
        match digest.as_str().starts_with("sha512:") {
            true => Self::Sha512(Sha512::new()),
            false => Self::Sha256(Sha256::new()),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha512(hash) => hash.update(bytes),
        }
    }

    pub(super) fn finish(self) -> Digest {
        match self {
            Self::Sha256(hash) => Digest::from_sha256(&hash.finalize().into()),
            Self::Sha512(hash) => {
                let hex: String = hash
                    .finalize()
                    .iter()
                    .map(|it| format!("{it:02x}"))
                    .collect();
                // It has the right length and letters, whatever the hash.
                Digest::parse(&format!("sha512:{hex}")).unwrap_or_else(|_| Digest::of(b""))
            }
        }
    }
}

/// The digest of some bytes, of the same kind as another.
pub(super) fn digest_like(like: &Digest, bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::like(like);
    hasher.update(bytes);
    hasher.finish()
}

/// A blob under way.
struct Reading {
    remote: Remote,
    digest: Digest,
    size: Option<u64>,
    /// How many bytes were handed out.
    at: u64,
    hasher: Option<Hasher>,
    response: Option<Response>,
    /// How many bytes of this answer are known already.
    skip: u64,
    cuts: u32,
    cut_at: u64,
}

impl Remote {
    /// How large a blob is. Nothing: it is not there.
    ///
    /// # Errors
    /// The registry's.
    pub async fn has_blob(&self, digest: &Digest) -> Result<Option<Bytes>, RegistryError> {
        let doing = format!("looking for blob {} in {}", digest.short(), self.repository);
        let path = format!("blobs/{digest}");
        let ask = self.ask(Method::HEAD, &path, Action::Pull, doing.clone());
        let answer = self.host.send(&ask).await?;
        match answer.status.as_u16() {
            404 => Ok(None),
            200..=299 => {
                let size = answer.header("content-length");
                Ok(Some(Bytes(
                    size.and_then(|text| text.parse().ok()).unwrap_or(0),
                )))
            }
            _ => Err(answer.refusal(self.host(), &doing)),
        }
    }

    /// A blob that fits into memory, whole and checked.
    ///
    /// # Errors
    /// The registry's; it is larger than `most`; it is not what its digest says.
    pub async fn small_blob(&self, digest: &Digest, most: Bytes) -> Result<Vec<u8>, RegistryError> {
        let mut stream = self.blob(digest, None);
        let mut bytes = Vec::new();
        while let Some(chunk) = stream.try_next().await? {
            if (bytes.len() + chunk.len()) as u64 > most.0 {
                return Err(RegistryError::TooLarge {
                    repository: self.repository.clone(),
                    what: format!("blob {digest}"),
                    most,
                });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// A blob, streamed. After a cut it goes on where it was; at the end its length and its
    /// digest are checked.
    #[must_use]
    pub fn blob(&self, digest: &Digest, size: Option<Bytes>) -> BlobStream {
        let reading = Reading {
            remote: self.clone(),
            digest: digest.clone(),
            size: size.map(|size| size.0),
            at: 0,
            hasher: Some(Hasher::like(digest)),
            response: None,
            skip: 0,
            cuts: 0,
            cut_at: 0,
        };
        Box::pin(stream::try_unfold(reading, |mut reading| async move {
            let chunk = reading.next().await?;
            Ok(chunk.map(|chunk| (chunk, reading)))
        }))
    }

    /// A part of a blob. It cannot be checked: only the whole has a digest.
    ///
    /// # Errors
    /// The registry's; less came than was asked for.
    pub async fn blob_range(
        &self,
        digest: &Digest,
        part: Range<u64>,
    ) -> Result<Vec<u8>, RegistryError> {
        let want = part.end.saturating_sub(part.start);
        if want == 0 {
            return Ok(Vec::new());
        }
        let doing = format!(
            "reading a part of blob {} of {}",
            digest.short(),
            self.repository
        );
        let range = format!("bytes={}-{}", part.start, part.end - 1);
        let mut tries = 0;
        loop {
            let read = self.part(digest, &range, &part, &doing).await;
            match read {
                Err(error) if error.is_passing() && tries < CUTS => {
                    tries += 1;
                    tokio::time::sleep(back_off(tries)).await;
                }
                Ok(bytes) if bytes.len() as u64 != want => {
                    return Err(RegistryError::WrongSize {
                        repository: self.repository.clone(),
                        asked: format!("bytes {} to {} of blob {digest}", part.start, part.end),
                        got: Bytes(bytes.len() as u64).to_string(),
                        want: Bytes(want).to_string(),
                    });
                }
                read => return read,
            }
        }
    }

    async fn part(
        &self,
        digest: &Digest,
        range: &str,
        part: &Range<u64>,
        doing: &str,
    ) -> Result<Vec<u8>, RegistryError> {
        let answer = self.open(digest, Some(range.to_owned()), doing).await?;
        // One that does not know ranges begins at the beginning.
        let mut skip = match first_byte(&answer) {
            Some(first) if first == part.start => 0,
            Some(_) => part.end,
            None => part.start,
        };
        let want = part.end - part.start;
        let mut bytes = Vec::new();
        let Some(mut response) = answer.open else {
            return Ok(bytes);
        };
        while (bytes.len() as u64) < want {
            let Some(chunk) = self.host.next(&mut response, doing).await? else {
                break;
            };
            let left = want - bytes.len() as u64;
            let from = usize::try_from(skip).unwrap_or(usize::MAX).min(chunk.len());
            skip -= from as u64;
            let rest = chunk.get(from..).unwrap_or_default();
            let take = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
            bytes.extend_from_slice(rest.get(..take).unwrap_or_default());
        }
        Ok(bytes)
    }

    async fn open(
        &self,
        digest: &Digest,
        range: Option<String>,
        doing: &str,
    ) -> Result<Answer, RegistryError> {
        let path = format!("blobs/{digest}");
        let mut ask = self.ask(Method::GET, &path, Action::Pull, doing.to_owned());
        ask.most = None;
        // What a blob is, nobody but its reader judges: it may be a web page.
        ask.pages_too = true;
        if let Some(range) = range {
            ask = ask.header(RANGE, range);
        }
        let answer = self.host.send(&ask).await?;
        match answer.status.as_u16() {
            200..=299 => Ok(answer),
            404 => Err(RegistryError::NotThere {
                repository: self.repository.clone(),
                what: format!("blob {digest}"),
                hint: "; its registry's storage may have lost it: push the version again"
                    .to_owned(),
            }),
            _ => Err(answer.refusal(self.host(), doing)),
        }
    }
}

/// Where a part begins; nothing of a whole.
fn first_byte(answer: &Answer) -> Option<u64> {
    if answer.status.as_u16() != 206 {
        return None;
    }
    let range = answer
        .header("content-range")
        .and_then(header::content_range);
    range.map(|(first, ..)| first)
}

impl Reading {
    fn doing(&self) -> String {
        let (digest, repository) = (self.digest.short(), &self.remote.repository);
        format!("reading blob {digest} of {repository}")
    }

    /// The next bytes; nothing at the end.
    async fn next(&mut self) -> Result<Option<Chunk>, RegistryError> {
        loop {
            if self.hasher.is_none() {
                return Ok(None);
            }
            match self.step().await {
                Ok(Step::Bytes(chunk)) => return Ok(Some(chunk)),
                Ok(Step::End) => return self.end().map(|()| None),
                Ok(Step::Again) => {}
                Err(error) if error.is_passing() => self.cut(error).await?,
                Err(error) => return Err(error),
            }
        }
    }

    async fn step(&mut self) -> Result<Step, RegistryError> {
        let doing = self.doing();
        let Some(response) = &mut self.response else {
            self.open(&doing).await?;
            return Ok(Step::Again);
        };
        let Some(chunk) = self.remote.host.next(response, &doing).await? else {
            if self.size.is_some_and(|size| self.at < size) {
                return Err(RegistryError::Unreachable {
                    host: self.remote.host().to_owned(),
                    doing,
                    why: "the blob was cut short".to_owned(),
                });
            }
            return Ok(Step::End);
        };
        let known = usize::try_from(self.skip)
            .unwrap_or(usize::MAX)
            .min(chunk.len());
        self.skip -= known as u64;
        let chunk = chunk.slice(known..);
        if chunk.is_empty() {
            return Ok(Step::Again);
        }
        self.at += chunk.len() as u64;
        if self.size.is_some_and(|size| self.at > size) {
            return Err(self.wrong_size(&format!("at least {} bytes", self.at)));
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&chunk);
        }
        // The last bytes are handed out only once all are checked: whoever passes them on
        // must not have passed on a whole that is wrong.
        if self.size == Some(self.at) {
            self.end()?;
        }
        Ok(Step::Bytes(chunk))
    }

    /// Opens the blob where it is to go on.
    async fn open(&mut self, doing: &str) -> Result<(), RegistryError> {
        let range = (self.at > 0).then(|| format!("bytes={}-", self.at));
        let answer = self.remote.open(&self.digest, range, doing).await?;
        let length = answer.header("content-length");
        let length: Option<u64> = length.and_then(|text| text.parse().ok());
        let (begins, whole) = match answer.status.as_u16() {
            206 => {
                let range = answer
                    .header("content-range")
                    .and_then(header::content_range);
                let Some((first, _, whole)) = range else {
                    return Err(RegistryError::Unreadable {
                        host: self.remote.host().to_owned(),
                        doing: doing.to_owned(),
                        why: "it does not say which part of the blob this is".to_owned(),
                    });
                };
                (first, whole)
            }
            _ => (0, length),
        };
        if begins > self.at {
            return Err(self.wrong_size("another part than was asked for"));
        }
        match (self.size, whole) {
            (Some(size), Some(whole)) if size != whole => {
                return Err(self.wrong_size(&format!("{whole} bytes")));
            }
            (None, Some(whole)) => self.size = Some(whole),
            _ => {}
        }
        self.skip = self.at - begins;
        self.response = answer.open;
        Ok(())
    }

    /// Waits before going on after a cut, or gives up.
    async fn cut(&mut self, error: RegistryError) -> Result<(), RegistryError> {
        self.response = None;
        if self.at - self.cut_at >= PROGRESS {
            self.cuts = 0;
        }
        self.cut_at = self.at;
        self.cuts += 1;
        if self.cuts > CUTS {
            return Err(error);
        }
        tokio::time::sleep(back_off(self.cuts)).await;
        Ok(())
    }

    fn end(&mut self) -> Result<(), RegistryError> {
        if self.size.is_some_and(|size| size != self.at) {
            return Err(self.wrong_size(&format!("{} bytes", self.at)));
        }
        let Some(hasher) = self.hasher.take() else {
            return Ok(());
        };
        let got = hasher.finish();
        if got == self.digest {
            return Ok(());
        }
        Err(RegistryError::WrongDigest {
            repository: self.remote.repository.clone(),
            asked: format!("blob {}", self.digest),
            got,
        })
    }

    fn wrong_size(&self, got: &str) -> RegistryError {
        RegistryError::WrongSize {
            repository: self.remote.repository.clone(),
            asked: format!("blob {}", self.digest),
            got: got.to_owned(),
            want: format!("{} bytes", self.size.unwrap_or_default()),
        }
    }
}

/// What came of asking for the next bytes.
enum Step {
    Bytes(Chunk),
    Again,
    End,
}
