//! Who karat is to a registry: nobody, until the registry asks. Then a login is read once,
//! and sent as it is (Basic) or exchanged at a token service for a token of a limited scope
//! (Bearer), which is kept until shortly before it expires.

use std::collections::HashMap;
use std::time::Duration;

use hyper::header::HeaderMap;
use reqwest::{Method, Url};
use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;

use super::error::RegistryError;
use super::header::{Challenge, challenges};
use super::http::Host;
use super::login::{self, Login};

/// What a token without a lifetime lives, as the specification has it.
const DEFAULT_LIFE: u64 = 60;

/// How long before its end a token counts as expired: a request takes a while, and clocks differ.
const MARGIN: Duration = Duration::from_secs(10);

/// What is asked for: `repository:golden/web:pull,push`. Sorted, so that the same is the same.
pub(super) type Scopes = Vec<String>;

/// What is known of the registry's wishes.
#[derive(Default)]
pub(super) struct Auth {
    login: OnceCell<Option<Login>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    way: Way,
    tokens: HashMap<Scopes, Token>,
    /// What a registry asks for beyond what was thought of.
    more: HashMap<Scopes, Vec<String>>,
}

/// How the registry wants to be told who asks.
#[derive(Clone, Default)]
enum Way {
    /// Not at all, as far as is known.
    #[default]
    Nothing,
    Basic,
    Bearer {
        realm: Url,
        service: Option<String>,
    },
}

struct Token {
    value: String,
    until: Instant,
}

/// What goes into `Authorization`.
pub(super) enum Proof {
    Nothing,
    Basic { user: String, password: String },
    Bearer(String),
}

impl Proof {
    pub(super) fn put(self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match self {
            Self::Nothing => request,
            Self::Basic { user, password } => request.basic_auth(user, Some(password)),
            Self::Bearer(token) => request.bearer_auth(token),
        }
    }
}

impl Auth {
    /// The login, read at the first time.
    pub(super) async fn login(&self, host: &Host) -> Result<Option<&Login>, RegistryError> {
        let read = || async {
            let (name, source) = (host.name().to_owned(), host.settings().login.clone());
            let read = tokio::task::spawn_blocking(move || login::read(&name, &source)).await;
            let wrong = |why: String| RegistryError::Login {
                host: host.name().to_owned(),
                why,
            };
            match read {
                Ok(read) => read.map_err(wrong),
                Err(_) => Err(wrong("reading it was broken off; try again".to_owned())),
            }
        };
        Ok(self.login.get_or_try_init(read).await?.as_ref())
    }

    /// Whose login it is, if one was read.
    pub(super) fn who(&self) -> Option<String> {
        self.login.get()?.as_ref().map(Login::who)
    }

    /// What to send, as far as is known what the registry wants.
    pub(super) async fn proof(&self, host: &Host, scopes: &Scopes) -> Result<Proof, RegistryError> {
        // Held while a token is fetched: several requests at once need it once.
        let mut state = self.state.lock().await;
        let (realm, service) = match state.way.clone() {
            Way::Nothing => return Ok(Proof::Nothing),
            Way::Basic => return Ok(as_it_is(self.login(host).await?)),
            Way::Bearer { realm, service } => (realm, service),
        };
        let login = self.login(host).await?;
        if let Some(Login::Token(token)) = login {
            return Ok(Proof::Bearer(token.clone()));
        }
        if let Some(token) = state.tokens.get(scopes)
            && token.until > Instant::now()
        {
            return Ok(Proof::Bearer(token.value.clone()));
        }
        let mut all = scopes.clone();
        all.extend(state.more.get(scopes).into_iter().flatten().cloned());
        all.dedup();
        let token = fetch(host, login, realm, service.as_deref(), &all).await?;
        let proof = Proof::Bearer(token.value.clone());
        state.tokens.insert(scopes.clone(), token);
        Ok(proof)
    }

    /// Takes note of what a registry answered to someone it does not know. False: if that was
    /// its answer to a token, then who asks is known and may not.
    pub(super) async fn challenged(
        &self,
        host: &Host,
        headers: &HeaderMap,
        scopes: &Scopes,
        doing: &str,
    ) -> Result<bool, RegistryError> {
        let all: Vec<Challenge> = headers
            .get_all(reqwest::header::WWW_AUTHENTICATE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(challenges)
            .collect();
        let of = |scheme: &str| all.iter().find(|challenge| challenge.scheme == scheme);
        let mut state = self.state.lock().await;
        if let Some(bearer) = of("bearer") {
            let realm = bearer.parameter("realm").unwrap_or_default();
            state.way = Way::Bearer {
                realm: token_service(host, realm, doing)?,
                service: bearer.parameter("service").map(str::to_owned),
            };
            let asked = bearer.parameter("scope").unwrap_or_default();
            let more = asked.split(' ').filter(|scope| !scope.is_empty());
            let more = more.map(str::to_owned).filter(|it| !scopes.contains(it));
            state.more.insert(scopes.clone(), more.collect());
            state.tokens.remove(scopes);
            // A token service that gave a token out knows whom it gave it to.
            let is_exchanged = !matches!(self.login.get(), Some(Some(Login::Token(_))));
            return Ok(match bearer.parameter("error") {
                Some("insufficient_scope") => false,
                Some(_) => true,
                None => !is_exchanged,
            });
        }
        if of("basic").is_some() {
            state.way = Way::Basic;
            return Ok(true);
        }
        let known: Vec<&str> = all.iter().map(|it| it.scheme.as_str()).collect();
        let why = match known.as_slice() {
            [] => "it wants to know who asks (HTTP status 401), and does not say how to tell it"
                .to_owned(),
            known => format!(
                "it wants a login by `{}`, and karat knows Basic and Bearer",
                known.join("`, `")
            ),
        };
        Err(RegistryError::Unreadable {
            host: host.name().to_owned(),
            doing: doing.to_owned(),
            why,
        })
    }
}

fn as_it_is(login: Option<&Login>) -> Proof {
    match login {
        None => Proof::Nothing,
        Some(Login::Password { user, password }) => Proof::Basic {
            user: user.clone(),
            password: password.clone(),
        },
        Some(Login::Identity(token) | Login::Token(token)) => Proof::Bearer(token.clone()),
    }
}

/// Where tokens are given out. A login is not sent there in the clear, unless all of the
/// registry's traffic is.
fn token_service(host: &Host, realm: &str, doing: &str) -> Result<Url, RegistryError> {
    let wrong = |why: String| RegistryError::Unreadable {
        host: host.name().to_owned(),
        doing: doing.to_owned(),
        why,
    };
    let url =
        Url::parse(realm).map_err(|_| wrong("it names no address to get a token at".to_owned()))?;
    let is_safe = url.scheme() == "https"
        || (url.scheme() == "http"
            && (host.settings().insecure || url.host_str().is_some_and(super::http::is_loopback)));
    if is_safe {
        Ok(url)
    } else {
        Err(wrong(format!(
            "it wants the login sent in the clear, to `{}`; karat does so only where karat.toml says `insecure`",
            super::error::one_line(realm)
        )))
    }
}

async fn fetch(
    host: &Host,
    login: Option<&Login>,
    mut realm: Url,
    service: Option<&str>,
    scopes: &[String],
) -> Result<Token, RegistryError> {
    let doing = format!(
        "asking {} for a token",
        realm.host_str().unwrap_or_default()
    );
    let asked_at = Instant::now();
    let request = if let Some(Login::Identity(identity)) = login {
        // OAuth2: the identity token is a refresh token. It goes into the body, never into
        // an address, which would be logged.
        let mut form = Url::parse("form:x").map_err(|_| RegistryError::Canceled)?;
        form.query_pairs_mut()
            .append_pair("grant_type", "refresh_token")
            .append_pair("service", service.unwrap_or_default())
            .append_pair("client_id", "karat")
            .append_pair("scope", &scopes.join(" "))
            .append_pair("refresh_token", identity);
        host.client()
            .request(Method::POST, realm)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.query().unwrap_or_default().to_owned())
    } else {
        if let Some(service) = service {
            realm.query_pairs_mut().append_pair("service", service);
        }
        for scope in scopes {
            realm.query_pairs_mut().append_pair("scope", scope);
        }
        if let Some(Login::Password { user, .. }) = login {
            realm.query_pairs_mut().append_pair("account", user);
        }
        as_it_is(login).put(host.client().request(Method::GET, realm))
    };
    let answer = host.exchange(request, &doing).await?;
    let who = login.map(Login::who);
    match (answer.status.as_u16(), who) {
        (200..=299, _) => {}
        (401 | 403, Some(who)) => {
            return Err(RegistryError::WrongLogin {
                host: host.name().to_owned(),
                who,
                doing,
            });
        }
        (401 | 403, None) => {
            return Err(RegistryError::LoginNeeded {
                host: host.name().to_owned(),
                doing,
            });
        }
        _ => return Err(answer.refusal(host.name(), &doing)),
    }
    let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |key: &str| json.get(key).and_then(Value::as_str);
    let value = text("token")
        .filter(|token| !token.is_empty())
        .or_else(|| text("access_token"))
        .filter(|token| !token.is_empty())
        .ok_or_else(|| RegistryError::Unreadable {
            host: host.name().to_owned(),
            doing: doing.clone(),
            why: "no token came back".to_owned(),
        })?;
    let life = json.get("expires_in").and_then(Value::as_u64);
    let life = Duration::from_secs(life.unwrap_or(DEFAULT_LIFE).min(24 * 3_600));
    Ok(Token {
        value: value.to_owned(),
        until: asked_at + life.saturating_sub(MARGIN),
    })
}
