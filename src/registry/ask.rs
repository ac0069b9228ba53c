//! One request, and one answer: what is asked, with which right, and what came back.

use std::time::Duration;

use hyper::body::Bytes as Chunk;
use hyper::header::{HeaderMap, HeaderName};
use reqwest::{Method, Response, StatusCode, Url};

use super::auth::Scopes;
use super::error::{RegistryError, said};
use super::header;
use super::http::QUIET;

/// The most that is read of an answer that is no manifest, no list and no blob.
pub(super) const SMALL: usize = 64 * 1024;

/// One request, which can be sent more than once.
pub(super) struct Ask<'a> {
    /// What it is for, in words: `reading the tags of golden/web`.
    pub(super) doing: String,
    pub(super) method: Method,
    /// A path with its query, or a whole address.
    pub(super) at: At,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) body: Option<Chunk>,
    /// What it needs the right to.
    pub(super) right: Right<'a>,
    /// The most that is taken of the answer's body; more is an error. Nothing: a success is
    /// left open, to be streamed.
    pub(super) most: Option<usize>,
    /// Whether a web page is an answer like others.
    pub(super) pages_too: bool,
    /// How long until its answer begins.
    pub(super) within: Duration,
}

/// Where to.
#[derive(Clone)]
pub(super) enum At {
    Path(String),
    Url(Url),
}

/// A right to something in a repository.
#[derive(Clone, Copy)]
pub(super) struct Right<'a> {
    /// Its name in the registry; nothing for what needs none.
    pub(super) name: Option<&'a str>,
    pub(super) action: Action,
    /// Another repository that is read from.
    pub(super) from: Option<&'a str>,
}

/// What is done to a repository.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Pull,
    Push,
    Delete,
}

impl Action {
    const fn scope(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "pull,push",
            Self::Delete => "delete",
        }
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Pull => "pull from",
            Self::Push => "push to",
            Self::Delete => "delete from",
        }
    }
}

impl Right<'_> {
    pub(super) fn scopes(self) -> Scopes {
        let mut all: Scopes = Vec::new();
        all.extend(
            self.name
                .map(|name| format!("repository:{name}:{}", self.action.scope())),
        );
        all.extend(self.from.map(|name| format!("repository:{name}:pull")));
        all.sort();
        all
    }
}

impl<'a> Ask<'a> {
    pub(super) fn new(method: Method, path: String, right: Right<'a>, doing: String) -> Self {
        Self {
            doing,
            method,
            at: At::Path(path),
            headers: Vec::new(),
            body: None,
            right,
            most: Some(SMALL),
            pages_too: false,
            within: QUIET,
        }
    }

    pub(super) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Whether doing it twice is as good as once.
    pub(super) fn can_be_repeated(&self) -> bool {
        [Method::GET, Method::HEAD, Method::PUT, Method::DELETE].contains(&self.method)
    }
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Where it came from in the end.
    pub(super) url: Url,
    pub(super) body: Chunk,
    /// The body, where it is to be streamed.
    pub(super) open: Option<Response>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The code of the registry's error.
    pub(super) fn code(&self) -> String {
        said(&self.body).0
    }

    /// The answer as an error.
    pub(super) fn refusal(&self, host: &str, doing: &str) -> RegistryError {
        let message = match said(&self.body).1 {
            empty if empty.is_empty() => match self.status.canonical_reason() {
                Some(reason) => reason.to_lowercase(),
                None => "it does not say why".to_owned(),
            },
            message => message,
        };
        RegistryError::Answered {
            host: host.to_owned(),
            doing: doing.to_owned(),
            status: self.status.as_u16(),
            message,
        }
    }

    pub(super) fn is_page(&self) -> bool {
        self.header("content-type")
            .is_some_and(|kind| kind.trim_start().starts_with("text/html"))
    }

    /// How long it wants to be left alone; nothing where it does not say.
    pub(super) fn wait(&self) -> Option<Duration> {
        let text = self.header("retry-after")?;
        header::retry_after(text, chrono::Utc::now())
    }
}
