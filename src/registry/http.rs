//! Requests to one registry: over which scheme, with which proof of who asks, how often
//! again, for how long at most; and what its refusals mean.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hyper::body::Bytes as Chunk;
use reqwest::{Client, RequestBuilder, Response, Url};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::ask::{Answer, Ask, At, SMALL};
use super::auth::{Auth, Proof};
use super::error::RegistryError;
use super::{login, tls};
use crate::model::registry::RegistrySettings;
use crate::model::time::Span;

/// How long a connection may take to come about.
pub(super) const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// How long a registry may send nothing.
pub(super) const QUIET: Duration = Duration::from_secs(30);
/// How long it may take to put away what was sent: it may check a large blob first.
pub(super) const COMMIT_WITHIN: Duration = Duration::from_secs(600);
/// A manifest is small; before it answers the registry looks whether all it names is there.
pub(super) const MANIFEST_WITHIN: Duration = Duration::from_secs(60);
/// How often what may be repeated is tried again.
pub(super) const AGAIN: u32 = 3;
/// How long all waiting for a registry that limits requests may take together.
const PATIENCE: Duration = Duration::from_secs(60);

/// One registry.
pub(super) struct Host {
    name: String,
    authority: String,
    settings: RegistrySettings,
    client: Client,
    scheme: OnceCell<&'static str>,
    auth: Auth,
    lists: Mutex<HashMap<String, List>>,
}

/// The tags of a repository, and by what the registry knows them again.
#[derive(Clone)]
pub(super) struct List {
    pub(super) etag: String,
    pub(super) tags: Vec<String>,
}

/// Whether a host, with or without a port, is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.split(':').next().unwrap_or(host),
    };
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// How long to wait before the next try, from 1.
pub(super) fn back_off(tries: u32) -> Duration {
    Duration::from_millis(200 * 3_u64.pow(tries.saturating_sub(1).min(2)))
}

impl Host {
    /// Makes the registry known without asking it anything.
    pub(super) fn new(name: &str, settings: RegistrySettings) -> Result<Self, RegistryError> {
        let wrong = |why: String| RegistryError::Settings {
            host: name.to_owned(),
            why,
        };
        let tls = tls::client_config(&settings).map_err(wrong)?;
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("karat/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_WITHIN)
            .referer(false)
            .http1_only();
        if is_loopback(name) {
            builder = builder.no_proxy();
        }
        let authority = if login::is_hub(name) {
            "registry-1.docker.io"
        } else {
            name
        };
        Ok(Self {
            client: builder.build().map_err(|error| wrong(error.to_string()))?,
            name: name.to_owned(),
            authority: authority.to_owned(),
            settings,
            scheme: OnceCell::new(),
            auth: Auth::default(),
            lists: Mutex::default(),
        })
    }

    /// The tags of a repository as they were.
    pub(super) fn list_of(&self, name: &str) -> Option<List> {
        let lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        lists.get(name).cloned()
    }

    /// Keeps the tags of a repository, if they can be known again.
    pub(super) fn keep_list(&self, name: &str, etag: Option<String>, tags: &[String]) {
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        match etag {
            None => lists.remove(name),
            Some(etag) => {
                let tags = tags.to_vec();
                lists.insert(name.to_owned(), List { etag, tags })
            }
        };
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) const fn settings(&self) -> &RegistrySettings {
        &self.settings
    }

    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    pub(super) const fn auth(&self) -> &Auth {
        &self.auth
    }

    /// The address of a path.
    pub(super) async fn url(&self, path: &str, doing: &str) -> Result<Url, RegistryError> {
        let scheme = self
            .scheme
            .get_or_try_init(|| self.find_scheme(doing))
            .await?;
        let text = format!("{scheme}://{}{path}", self.authority);
        Url::parse(&text).map_err(|error| RegistryError::Settings {
            host: self.name.clone(),
            why: format!("`{}` is no host: {error}", self.authority),
        })
    }

    /// Plain HTTP where the project file says so; on loopback also where TLS is not answered.
    async fn find_scheme(&self, doing: &str) -> Result<&'static str, RegistryError> {
        if self.settings.insecure {
            return Ok("http");
        }
        let wants_tls = self.settings.ca.is_some() || self.settings.cert.is_some();
        if wants_tls || !is_loopback(&self.name) {
            return Ok("https");
        }
        let probe = self
            .client
            .head(format!("https://{}/v2/", self.authority))
            .timeout(CONNECT_WITHIN);
        match probe.send().await {
            Ok(_) => Ok("https"),
            Err(error) => match RegistryError::from_wire(&self.name, doing, &error) {
                RegistryError::PlainHttp { .. } => Ok("http"),
                // What knows no TLS may just hang up on it.
                RegistryError::Unreachable { .. } if error.is_connect() => Ok("http"),
                RegistryError::UnknownAuthority { .. } | RegistryError::Tls { .. } => Ok("https"),
                other => Err(other),
            },
        }
    }

    /// Whether an address is the registry's own, where its login may go.
    pub(super) async fn is_own(&self, url: &Url) -> bool {
        let own = self.url("/v2/", "").await;
        own.is_ok_and(|own| own.origin() == url.origin())
    }

    /// Sends a request, as often as is sensible. Any answer that is not about logins, rights
    /// or limits is the caller's to judge.
    pub(super) async fn send(&self, ask: &Ask<'_>) -> Result<Answer, RegistryError> {
        let url = match &ask.at {
            At::Path(path) => self.url(path, &ask.doing).await?,
            At::Url(url) => url.clone(),
        };
        // An upload may go to another host; the registry's login is not for that one.
        let is_own = match &ask.at {
            At::Path(_) => true,
            At::Url(url) => self.is_own(url).await,
        };
        let scopes = ask.right.scopes();
        let (mut tries, mut waited, mut was_challenged) = (0, Duration::ZERO, false);
        loop {
            let proof = match is_own {
                true => self.auth.proof(self, &scopes).await?,
                false => Proof::Nothing,
            };
            let outcome = self.once(ask, url.clone(), proof).await;
            let answer = match outcome {
                Ok(answer) => answer,
                Err(error) if error.is_passing() && ask.can_be_repeated() && tries < AGAIN => {
                    tries += 1;
                    tokio::time::sleep(back_off(tries)).await;
                    continue;
                }
                Err(error) => return Err(error),
            };
            match answer.status.as_u16() {
                401 if is_own => {
                    let may_help = self
                        .auth
                        .challenged(self, &answer.headers, &scopes, &ask.doing)
                        .await?;
                    if was_challenged {
                        return Err(self.not_let_in(ask, !may_help));
                    }
                    was_challenged = true;
                }
                403 if is_own => return Err(self.not_let_in(ask, true)),
                429 => {
                    waited += self.be_patient(ask, &answer, tries, waited).await?;
                    tries += 1;
                }
                503 if answer.wait().is_some() && ask.can_be_repeated() && waited < PATIENCE => {
                    waited += self.be_patient(ask, &answer, tries, waited).await?;
                    tries += 1;
                }
                500 | 502 | 503 | 504 if ask.can_be_repeated() && tries < AGAIN => {
                    tries += 1;
                    tokio::time::sleep(back_off(tries)).await;
                }
                400 if is_for_tls(&answer) => {
                    return Err(RegistryError::WantsTls {
                        host: self.name.clone(),
                    });
                }
                200..=299 | 404 | 405 if answer.is_page() && !ask.pages_too => {
                    return Err(RegistryError::NotARegistry {
                        host: self.name.clone(),
                        doing: ask.doing.clone(),
                    });
                }
                _ => return Ok(answer),
            }
        }
    }

    /// Waits as long as the registry says, and answers how long that was.
    async fn be_patient(
        &self,
        ask: &Ask<'_>,
        answer: &Answer,
        tries: u32,
        waited: Duration,
    ) -> Result<Duration, RegistryError> {
        let told = answer.wait();
        let wait = told.unwrap_or_else(|| back_off(tries + 2));
        if waited + wait > PATIENCE {
            let again = match told {
                Some(wait) => format!("in {}", Span(wait)),
                None => "later".to_owned(),
            };
            return Err(RegistryError::Throttled {
                host: self.name.clone(),
                doing: ask.doing.clone(),
                again,
            });
        }
        tokio::time::sleep(wait).await;
        // At least something, so that this ends with a registry that says "at once" forever.
        Ok(wait.max(Duration::from_secs(1)))
    }

    /// Why someone is not let in.
    fn not_let_in(&self, ask: &Ask<'_>, is_known: bool) -> RegistryError {
        let (host, doing) = (self.name.clone(), ask.doing.clone());
        match (self.auth.who(), ask.right.name) {
            (None, _) => RegistryError::LoginNeeded { host, doing },
            (Some(who), Some(name)) if is_known => RegistryError::NoPermission {
                repository: format!("{host}/{name}"),
                action: ask.right.action.words(),
                who,
            },
            (Some(who), _) => RegistryError::WrongLogin { host, who, doing },
        }
    }

    async fn once(&self, ask: &Ask<'_>, url: Url, proof: Proof) -> Result<Answer, RegistryError> {
        let mut request = self.client.request(ask.method.clone(), url);
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        if let Some(body) = &ask.body {
            request = request.body(body.clone());
        }
        let response = self
            .begin(proof.put(request), &ask.doing, ask.within)
            .await?;
        if ask.most.is_none() && response.status().is_success() {
            return Ok(Answer {
                status: response.status(),
                headers: response.headers().clone(),
                url: response.url().clone(),
                body: Chunk::new(),
                open: Some(response),
            });
        }
        self.whole(response, ask.most.unwrap_or(SMALL), &ask.doing)
            .await
    }

    /// Sends a request with what it has and reads its small answer; tried again where the
    /// connection breaks.
    pub(super) async fn exchange(
        &self,
        request: RequestBuilder,
        doing: &str,
    ) -> Result<Answer, RegistryError> {
        let mut tries = 0;
        loop {
            let this = request.try_clone().ok_or(RegistryError::Canceled)?;
            let outcome = match self.begin(this, doing, QUIET).await {
                Ok(response) => self.whole(response, SMALL, doing).await,
                Err(error) => Err(error),
            };
            let is_passing = match &outcome {
                Ok(answer) => matches!(answer.status.as_u16(), 429 | 500 | 502 | 503 | 504),
                Err(error) => error.is_passing(),
            };
            if !is_passing || tries == AGAIN {
                return outcome;
            }
            tries += 1;
            tokio::time::sleep(back_off(tries)).await;
        }
    }

    /// Waits until an answer begins.
    pub(super) async fn begin(
        &self,
        request: RequestBuilder,
        doing: &str,
        within: Duration,
    ) -> Result<Response, RegistryError> {
        match timeout(within, request.send()).await {
            Ok(sent) => sent.map_err(|error| RegistryError::from_wire(&self.name, doing, &error)),
            Err(_) => Err(self.timed_out(doing, within)),
        }
    }

    fn timed_out(&self, doing: &str, after: Duration) -> RegistryError {
        RegistryError::TimedOut {
            host: self.name.clone(),
            doing: doing.to_owned(),
            after: after.into(),
        }
    }

    /// The next part of a body; nothing at its end.
    pub(super) async fn next(
        &self,
        response: &mut Response,
        doing: &str,
    ) -> Result<Option<Chunk>, RegistryError> {
        match timeout(QUIET, response.chunk()).await {
            Ok(chunk) => chunk.map_err(|error| RegistryError::from_wire(&self.name, doing, &error)),
            Err(_) => Err(self.timed_out(doing, QUIET)),
        }
    }

    /// The whole of an answer. Of a refusal, the beginning.
    pub(super) async fn whole(
        &self,
        mut response: Response,
        most: usize,
        doing: &str,
    ) -> Result<Answer, RegistryError> {
        let (status, headers) = (response.status(), response.headers().clone());
        let url = response.url().clone();
        let mut body = Vec::new();
        while let Some(chunk) = self.next(&mut response, doing).await? {
            if body.len() + chunk.len() > most {
                if status.is_success() {
                    return Err(RegistryError::Unreadable {
                        host: self.name.clone(),
                        doing: doing.to_owned(),
                        why: format!(
                            "it is larger than {}, the most that karat reads of it",
                            crate::model::bytes::Bytes(most as u64)
                        ),
                    });
                }
                break;
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status,
            headers,
            url,
            body: body.into(),
            open: None,
        })
    }
}

/// What a server that speaks TLS answers to plain HTTP.
fn is_for_tls(answer: &Answer) -> bool {
    let text = String::from_utf8_lossy(&answer.body).to_lowercase();
    text.contains("http request to an https server")
        || text.contains("plain http request was sent to https port")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for (host, is) in [
            ("localhost:5000", true),
            ("127.0.0.1:5000", true),
            ("127.9.9.9", true),
            ("[::1]:5000", true),
            ("localhost.example.com", false),
            ("127.0.0.1.example.com:5000", false),
            ("10.0.0.1:5000", false),
            ("registry.example.com", false),
        ] {
            assert_eq!(is_loopback(host), is, "{host}");
        }
    }
}
