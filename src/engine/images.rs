//! Reading and moving images.

use std::collections::HashMap;
use std::time::Duration;

use bollard::models::CreateImageInfo;
use bollard::query_parameters::{
    CreateImageOptionsBuilder, ImportImageOptionsBuilder, PushImageOptionsBuilder,
    RemoveImageOptionsBuilder, TagImageOptionsBuilder,
};
use futures_util::{Stream, StreamExt as _};
use http_body_util::Full;
use hyper::Method;
use hyper::body::Bytes as Body;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{ANSWER_WITHIN, Engine, EngineError, json as read, transport::RequestBody};
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::reference::{ImageRef, Repository};

/// An image on its way from one engine to another. A few chunks are held, never the whole.
pub type ImageStream = ReceiverStream<Result<Body, EngineError>>;

/// Chunks that may wait between two engines; each is at most some tens of kilobytes.
const CHUNKS_IN_FLIGHT: usize = 16;

impl Engine {
    /// Everything the engine says of an image, raw. `None`: it does not have it.
    ///
    /// # Errors
    /// The engine's.
    pub async fn image(&self, name_or_id: &str) -> Result<Option<Value>, EngineError> {
        let path = format!("/images/{name_or_id}/json");
        let doing = format!("reading image {name_or_id}");
        self.json_if_there(&path, &doing).await
    }

    /// The steps an image was made in, the newest first, raw.
    ///
    /// # Errors
    /// The engine's.
    pub async fn history(&self, id: &Digest) -> Result<Vec<Value>, EngineError> {
        let path = format!("/images/{id}/history");
        let doing = format!("reading the history of image {}", id.short());
        let told = self.json_if_there(&path, &doing).await?;
        Ok(told.map_or_else(Vec::new, |told| read::list(&told, "").to_vec()))
    }

    /// Every image, as the list shows them.
    ///
    /// # Errors
    /// The engine's.
    pub async fn images(&self) -> Result<Vec<Value>, EngineError> {
        let doing = "listing images";
        let all = self
            .json(Method::GET, "/images/json", None, doing, ANSWER_WITHIN)
            .await?;
        Ok(read::list(&all, "").to_vec())
    }

    /// Pulls `repository@digest`. `tell` hears of the bytes as layers arrive: of a layer by its
    /// short id, and of all that are known of so far.
    ///
    /// # Errors
    /// The registry's answer as the engine passes it on, or the engine's own.
    pub async fn pull(
        &self,
        reference: &ImageRef,
        mut tell: impl FnMut(Option<&str>, Bytes, Option<Bytes>) + Send,
    ) -> Result<(), EngineError> {
        let digest = reference.digest.as_ref().map(Digest::as_str);
        let doing = format!("pulling {reference}");
        let mut options =
            CreateImageOptionsBuilder::default().from_image(reference.repository.as_str());
        if let Some(which) = digest.or(reference.tag.as_deref()) {
            options = options.tag(which);
        }
        let login = self.login(&reference.repository).await;
        let mut answers = self
            .docker()
            .create_image(Some(options.build()), None, login);
        let mut layers: HashMap<String, (u64, u64)> = HashMap::new();
        while let Some(answer) = answers.next().await {
            let answer = answer.map_err(|error| self.error(doing.clone(), error))?;
            if let Some(message) = answer
                .error_detail
                .as_ref()
                .and_then(|error| error.message.clone())
            {
                return Err(EngineError::answered(self.name(), &doing, 200, message));
            }
            if note_layer(&mut layers, &answer) {
                if let Some((id, (done, total))) =
                    answer.id.as_ref().and_then(|id| layers.get_key_value(id))
                {
                    tell(Some(id), Bytes(*done), Some(Bytes(*total)));
                }
                let (done, total) = layers
                    .values()
                    .fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
                tell(None, Bytes(done), Some(Bytes(total)));
            }
        }
        Ok(())
    }

    /// Pushes `repository:tag`. `tell` hears of the bytes as layers leave.
    ///
    /// # Errors
    /// The registry's answer as the engine passes it on, or the engine's own.
    pub async fn push(
        &self,
        reference: &ImageRef,
        mut tell: impl FnMut(Bytes, Option<Bytes>) + Send,
    ) -> Result<(), EngineError> {
        let doing = format!("pushing {reference}");
        let mut options = PushImageOptionsBuilder::default();
        if let Some(tag) = &reference.tag {
            options = options.tag(tag);
        }
        let login = self.login(&reference.repository).await;
        let name = reference.repository.as_str();
        let mut answers = self.docker().push_image(name, Some(options.build()), login);
        let mut layers: HashMap<u64, u64> = HashMap::new();
        while let Some(answer) = answers.next().await {
            let answer = answer.map_err(|error| self.error(doing.clone(), error))?;
            if let Some(message) = answer.error_detail.and_then(|error| error.message) {
                return Err(EngineError::answered(self.name(), &doing, 200, message));
            }
            let number = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
            if let Some(detail) = answer.progress_detail
                && let (Some(done), Some(total)) = (number(detail.current), number(detail.total))
            {
                // bollard does not pass on which layer it is; its size tells it from others.
                layers.insert(total, done.min(total));
                let sums = layers
                    .iter()
                    .fold((0, 0), |(a, b), (total, done)| (a + done, b + total));
                tell(Bytes(sums.0), Some(Bytes(sums.1)));
            }
        }
        Ok(())
    }

    /// Starts to read an image whole, as `docker save` does. The engine first writes all of
    /// it to its own disk. Dropping the stream ends the transfer.
    #[must_use]
    pub fn export(&self, image: &Digest) -> ImageStream {
        let (sender, receiver) = mpsc::channel(CHUNKS_IN_FLIGHT);
        let engine = self.clone();
        let image = image.clone();
        tokio::spawn(async move {
            let mut chunks = std::pin::pin!(engine.docker().export_image(image.as_str()));
            loop {
                // The engine may write to its own disk for minutes before the first byte;
                // a cancel must reach it meanwhile.
                let chunk = tokio::select! {
                    chunk = chunks.next() => chunk,
                    () = sender.closed() => break,
                };
                let Some(chunk) = chunk else { break };
                let chunk = chunk.map_err(|error| {
                    engine.error(format!("exporting image {}", image.short()), error)
                });
                let failed = chunk.is_err();
                if sender.send(chunk).await.is_err() || failed {
                    break;
                }
            }
        });
        ReceiverStream::new(receiver)
    }

    /// Loads an archive, as `docker load` does. Answers what the engine said it loaded.
    ///
    /// # Errors
    /// The engine's; or the stream's own, which then counts for more: the engine only
    /// knows that the archive was cut short.
    pub async fn load(
        &self,
        archive: impl Stream<Item = Result<Body, EngineError>> + Send + 'static,
    ) -> Result<Vec<String>, EngineError> {
        let (fault, mut heard) = mpsc::channel(1);
        let archive = archive.map(move |chunk| {
            chunk.map_err(|error| {
                let text = error.to_string();
                let _ = fault.try_send(error);
                std::io::Error::other(text)
            })
        });
        let options = ImportImageOptionsBuilder::default().quiet(true).build();
        let mut answers = std::pin::pin!(self.docker().import_image_stream(options, archive, None));
        let mut said = Vec::new();
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(answer) => said.extend(answer.stream.map(|line| line.trim().to_owned())),
                Err(error) => {
                    let ours = self.error("loading an image", error);
                    return Err(heard.try_recv().unwrap_or(ours));
                }
            }
        }
        heard.try_recv().map_or(Ok(said), Err)
    }

    /// Gives an image a tag, taking it from whichever had it.
    ///
    /// # Errors
    /// The engine's.
    pub async fn tag(
        &self,
        image: &Digest,
        repository: &Repository,
        tag: &str,
    ) -> Result<(), EngineError> {
        let options = TagImageOptionsBuilder::default()
            .repo(repository.as_str())
            .tag(tag)
            .build();
        let doing = format!("tagging image {} as {repository}:{tag}", image.short());
        self.ask(
            &doing,
            self.docker().tag_image(image.as_str(), Some(options)),
        )
        .await
    }

    /// Removes an image, or only a tag of it. Images in use are refused by the engine.
    ///
    /// # Errors
    /// The engine's.
    pub async fn remove_image(&self, name_or_id: &str) -> Result<(), EngineError> {
        let options = RemoveImageOptionsBuilder::default().build();
        let doing = format!("removing image {name_or_id}");
        self.ask(
            &doing,
            self.docker().remove_image(name_or_id, Some(options), None),
        )
        .await
        .map(drop)
    }

    /// Makes an image from a tar of its files, as `docker import` does; `changes` are
    /// Dockerfile instructions.
    ///
    /// # Errors
    /// The engine's.
    pub async fn import(
        &self,
        tar: Vec<u8>,
        repository: &str,
        tag: &str,
        changes: &[&str],
    ) -> Result<(), EngineError> {
        let doing = format!("importing image {repository}:{tag}");
        let options = CreateImageOptionsBuilder::default()
            .from_src("-")
            .repo(repository)
            .tag(tag)
            .changes(changes.iter().map(|change| (*change).to_owned()).collect())
            .build();
        let body = RequestBody::Left(Full::new(Body::from(tar)));
        let mut answers = self.docker().create_image(Some(options), Some(body), None);
        let all = async {
            let mut id = None;
            while let Some(answer) = answers.next().await {
                id = answer?.status.or(id);
            }
            Ok(id)
        };
        match tokio::time::timeout(Duration::from_secs(300), all).await {
            Ok(Ok(id)) => self.name_imported(id, repository, tag).await,
            Ok(Err(error)) => Err(self.error(doing, error)),
            Err(_) => Err(EngineError::TimedOut {
                engine: self.name().clone(),
                doing,
                after: Duration::from_secs(300).into(),
            }),
        }
    }

    /// Podman does not name what it imports.
    async fn name_imported(
        &self,
        id: Option<String>,
        repository: &str,
        tag: &str,
    ) -> Result<(), EngineError> {
        let id = id.and_then(|id| Digest::parse(&format!("sha256:{}", bare(&id))).ok());
        match (id, self.image(&format!("{repository}:{tag}")).await?) {
            (Some(id), None) => self.tag(&id, &Repository::new(repository), tag).await,
            _ => Ok(()),
        }
    }
}

/// Without the algorithm.
fn bare(id: &str) -> &str {
    let id = id.trim();
    id.strip_prefix("sha256:").unwrap_or(id)
}

/// Takes note of one line of a pull; whether bytes changed.
fn note_layer(layers: &mut HashMap<String, (u64, u64)>, answer: &CreateImageInfo) -> bool {
    let (Some(id), Some(detail)) = (&answer.id, &answer.progress_detail) else {
        return false;
    };
    // "Extracting" counts the same bytes again.
    if answer.status.as_deref() != Some("Downloading") {
        return false;
    }
    let number = |value: Option<i64>| {
        value
            .and_then(|value| u64::try_from(value).ok())
            .unwrap_or(0)
    };
    layers.insert(id.clone(), (number(detail.current), number(detail.total)));
    true
}
