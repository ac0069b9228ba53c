//! What a repository has: tags and manifests.

use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, IF_NONE_MATCH};
use serde_json::Value;

use super::ask::{Action, Answer, Ask, At};
use super::error::RegistryError;
use super::manifest::{ACCEPTED, Content, Descriptor, Document, Pointer};
use super::{Remote, header};
use crate::model::bytes::Bytes;
use crate::model::digest::Digest;

/// The largest manifest or index that is read: registries refuse larger than 4 MiB.
const LARGEST_MANIFEST: usize = 16 << 20;
/// The largest page of a list.
const LARGEST_PAGE: usize = 32 << 20;
/// How many pages a list may have: with 1,000 tags a page, ten million.
const MOST_PAGES: usize = 10_000;
/// How many tags are asked for at once.
const PAGE: usize = 1_000;

/// What became of a manifest that was known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fresh {
    /// The tag points to it still.
    Same,
    /// The tag points to another.
    Changed(Document),
    /// The tag is gone.
    Gone,
}

impl Remote {
    /// Every tag, in the registry's order; some have none. Where a registry says by what to
    /// know its list again (`ETag`), an unchanged one is not sent twice.
    ///
    /// # Errors
    /// The registry's; [`RegistryError::NoRepository`] where there is none of that name.
    pub async fn tags(&self) -> Result<Vec<String>, RegistryError> {
        let doing = format!("reading the tags of {}", self.repository);
        let path = format!("tags/list?n={PAGE}");
        let mut ask = self.ask(Method::GET, &path, Action::Pull, doing.clone());
        ask.most = Some(LARGEST_PAGE);
        let known = self.host.list_of(&self.name);
        if let Some(known) = &known {
            ask = ask.header(IF_NONE_MATCH, known.etag.clone());
        }
        let mut tags = Vec::new();
        let take = |page: &Value| {
            let all = page.get("tags").and_then(Value::as_array);
            let all = all.into_iter().flatten().filter_map(Value::as_str);
            // What is no tag could not be asked for, and may not be fit to be shown.
            tags.extend(all.filter(|tag| is_tag(tag)).map(str::to_owned));
        };
        match (self.pages(ask, take).await?, known) {
            (Ok(etag), _) => {
                self.host.keep_list(&self.name, etag, &tags);
                Ok(tags)
            }
            (Err(answer), Some(known)) if answer.status.as_u16() == 304 => Ok(known.tags),
            (Err(answer), _) if answer.status.as_u16() == 404 => Err(self.no_repository()),
            (Err(answer), _) => Err(answer.refusal(self.host(), &doing)),
        }
    }

    pub(super) fn no_repository(&self) -> RegistryError {
        RegistryError::NoRepository {
            host: self.host().to_owned(),
            name: self.name.to_string(),
        }
    }

    /// Every page of a list, and by what to know it again, where it has one page only. The
    /// inner error is an answer that is no success.
    pub(super) async fn pages(
        &self,
        mut ask: Ask<'_>,
        mut take: impl FnMut(&Value),
    ) -> Result<Result<Option<String>, Answer>, RegistryError> {
        let unreadable = |doing: &str, why: String| RegistryError::Unreadable {
            host: self.host().to_owned(),
            doing: doing.to_owned(),
            why,
        };
        let mut seen = Vec::new();
        loop {
            let answer = self.host.send(&ask).await?;
            if !answer.status.is_success() {
                return Ok(Err(answer));
            }
            let page: Value = serde_json::from_slice(&answer.body)
                .map_err(|error| unreadable(&ask.doing, format!("it is no JSON: {error}")))?;
            take(&page);
            let Some(next) = answer.header("link").and_then(header::next_page) else {
                let etag = answer.header("etag").filter(|_| seen.is_empty());
                return Ok(Ok(etag.map(str::to_owned)));
            };
            // Where the answer came from may be behind a redirect: only the registry's own
            // pages are followed, with the login.
            let base = match &ask.at {
                At::Path(path) => self.host.url(path, &ask.doing).await?,
                At::Url(url) => url.clone(),
            };
            let mut url = base
                .join(next)
                .map_err(|_| unreadable(&ask.doing, "the next page has no address".to_owned()))?;
            // A registry behind a proxy may not know that it is reached by TLS.
            if url.host() == base.host() && url.scheme() != base.scheme() {
                let path = url.path().to_owned();
                let query = url.query().map(str::to_owned);
                url = base.clone();
                url.set_path(&path);
                url.set_query(query.as_deref());
            }
            if seen.contains(&url) || seen.len() >= MOST_PAGES {
                return Err(unreadable(
                    &ask.doing,
                    "its pages go in a circle".to_owned(),
                ));
            }
            if !self.host.is_own(&url).await {
                return Err(unreadable(
                    &ask.doing,
                    "the next page is on another host".to_owned(),
                ));
            }
            seen.push(url.clone());
            ask.at = At::Url(url);
        }
    }

    /// What a tag or a digest points to, without reading it. Nothing: it is not there.
    ///
    /// # Errors
    /// The registry's.
    pub async fn head(&self, what: &Pointer) -> Result<Option<Descriptor>, RegistryError> {
        let doing = format!("looking for {}", self.named(what));
        let path = self.manifest_path(what)?;
        let ask = self
            .ask(Method::HEAD, &path, Action::Pull, doing.clone())
            .header(ACCEPT, ACCEPTED);
        let answer = self.host.send(&ask).await?;
        match answer.status.as_u16() {
            404 => return Ok(None),
            200..=299 => {}
            _ => return Err(answer.refusal(self.host(), &doing)),
        }
        let told = answer
            .header("docker-content-digest")
            .and_then(|text| Digest::parse(text.trim()).ok());
        let digest = match (told, what) {
            (_, Pointer::Digest(digest)) => digest.clone(),
            (Some(digest), Pointer::Tag(_)) => digest,
            // The specification lets a registry keep it to itself.
            (None, Pointer::Tag(_)) => {
                let document = self.manifest(what).await?;
                return Ok(document.map(|it| {
                    Descriptor::plain(it.media_type.clone(), it.digest.clone(), it.size())
                }));
            }
        };
        let size = answer.header("content-length");
        let size = size.and_then(|text| text.parse().ok()).unwrap_or(0);
        Ok(Some(Descriptor::plain(
            media_type(&answer).unwrap_or_default(),
            digest,
            Bytes(size),
        )))
    }

    /// A manifest or an index, its bytes as they are. Nothing: it is not there.
    ///
    /// # Errors
    /// The registry's; its bytes have another digest than was asked for or than the registry
    /// says; it is larger than 16 MiB.
    pub async fn manifest(&self, what: &Pointer) -> Result<Option<Document>, RegistryError> {
        match self.document(what, None).await? {
            Fresh::Changed(document) => Ok(Some(document)),
            Fresh::Same | Fresh::Gone => Ok(None),
        }
    }

    /// The same of something that must be there.
    ///
    /// # Errors
    /// As above; and that it is not there, with the nearest tag.
    pub async fn existing(&self, what: &Pointer) -> Result<Document, RegistryError> {
        match self.manifest(what).await? {
            Some(document) => Ok(document),
            None => Err(self.missing(what).await),
        }
    }

    /// A tag's manifest, if it is another than the one that is known.
    ///
    /// # Errors
    /// As [`manifest`](Self::manifest).
    pub async fn manifest_if_changed(
        &self,
        tag: &str,
        known: &Digest,
    ) -> Result<Fresh, RegistryError> {
        self.document(&Pointer::Tag(tag.to_owned()), Some(known))
            .await
    }

    async fn document(
        &self,
        what: &Pointer,
        known: Option<&Digest>,
    ) -> Result<Fresh, RegistryError> {
        let doing = format!("reading {}", self.named(what));
        let path = self.manifest_path(what)?;
        let mut ask = self
            .ask(Method::GET, &path, Action::Pull, doing.clone())
            .header(ACCEPT, ACCEPTED);
        ask.most = Some(LARGEST_MANIFEST);
        if let Some(known) = known {
            ask = ask.header(IF_NONE_MATCH, format!("\"{known}\""));
        }
        let answer = self.host.send(&ask).await?;
        match answer.status.as_u16() {
            304 if known.is_some() => return Ok(Fresh::Same),
            404 => return Ok(Fresh::Gone),
            200..=299 => {}
            _ => return Err(answer.refusal(self.host(), &doing)),
        }
        let told = answer.header("docker-content-digest").map(str::to_owned);
        let told = told.and_then(|text| Digest::parse(text.trim()).ok());
        let kind = media_type(&answer);
        let mut document = Document::new("", answer.body);
        let wanted = match what {
            Pointer::Digest(digest) => Some(digest.clone()),
            Pointer::Tag(_) => told,
        };
        if let Some(wanted) = wanted {
            let got = super::blob::digest_like(&wanted, &document.bytes);
            if got != wanted {
                return Err(RegistryError::WrongDigest {
                    repository: self.repository.clone(),
                    asked: what.to_string(),
                    got,
                });
            }
            document.digest = wanted;
        }
        document.media_type = kind.unwrap_or_default();
        if document.media_type.is_empty() || document.media_type == "application/json" {
            document.media_type = declared(&document);
        }
        if known == Some(&document.digest) {
            return Ok(Fresh::Same);
        }
        Ok(Fresh::Changed(document))
    }

    /// Why something is not there: the repository is not, or the tag is another.
    pub async fn missing(&self, what: &Pointer) -> RegistryError {
        match self.tags().await {
            Err(error) => error,
            Ok(tags) => match what {
                Pointer::Tag(tag) => RegistryError::no_tag(&self.repository, tag, &tags),
                Pointer::Digest(digest) => RegistryError::NotThere {
                    repository: self.repository.clone(),
                    what: format!("manifest {digest}"),
                    hint: "; it was deleted, or collected because no tag held it".to_owned(),
                },
            },
        }
    }

    /// The path of a manifest below the repository.
    ///
    /// # Errors
    /// The tag can be none.
    pub(super) fn manifest_path(&self, what: &Pointer) -> Result<String, RegistryError> {
        match what {
            Pointer::Tag(tag) if !is_tag(tag) => Err(RegistryError::NotThere {
                repository: self.repository.clone(),
                what: format!("tag `{}`", super::error::one_line(tag)),
                hint: ": tags are made of letters, digits, `_`, `.` and `-`, at most 128"
                    .to_owned(),
            }),
            what => Ok(format!("manifests/{what}")),
        }
    }

    /// What a document is, in a sentence about it.
    ///
    /// # Errors
    /// It is neither an index nor a manifest, or one of before 2016.
    pub fn content(&self, document: &Document) -> Result<Content, RegistryError> {
        let name = || self.named(&Pointer::Digest(document.digest.clone()));
        match document.content() {
            Ok(Content::SchemaOne) => Err(RegistryError::SchemaOne { name: name() }),
            Ok(content) => Ok(content),
            Err(why) => Err(RegistryError::Unreadable {
                host: self.host().to_owned(),
                doing: format!("reading {}", name()),
                why,
            }),
        }
    }
}

/// Whether a text can be a tag.
fn is_tag(text: &str) -> bool {
    text.len() <= 128
        && text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn media_type(answer: &Answer) -> Option<String> {
    let text = answer.header(CONTENT_TYPE.as_str())?;
    Some(text.split(';').next()?.trim().to_owned())
}

/// What a document itself says it is.
fn declared(document: &Document) -> String {
    let json: Value = serde_json::from_slice(&document.bytes).unwrap_or_default();
    let told = json.get("mediaType").and_then(Value::as_str);
    let by_shape = match document.content() {
        Ok(Content::Index(_)) => super::manifest::OCI_INDEX,
        _ => super::manifest::OCI_MANIFEST,
    };
    told.unwrap_or(by_shape).to_owned()
}
