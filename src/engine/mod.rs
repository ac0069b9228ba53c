//! One Docker engine: connect, read, move images, change containers, build.
//!
//! Requests go through bollard; where the very JSON matters (a container's inspect, which
//! is sent back when it is recreated) it is read and sent raw over the same transport, so
//! that a setting this code has never heard of survives.
//!
//! This room knows nothing of environments, plans or locks.

pub mod build;
pub mod containers;
pub mod error;
pub mod export;
pub mod images;
pub mod json;
mod login;
pub mod logs;
mod ssh;
pub mod streams;
pub mod terminals;
mod tls;
pub mod transport;

use std::time::Duration;

use bollard::Docker;
use http_body_util::{BodyExt as _, Full};
use hyper::Method;
use hyper::body::Bytes as Body;
use serde_json::Value;

pub use error::EngineError;
pub use login::Logins;
use transport::{RequestBody, Wire};

use crate::model::observation::{EngineFacts, EngineKind, ImageStore};
use crate::model::project::{EngineAddress, EngineName};
use crate::registry::Registries;

/// The oldest API karat works with: Docker 20.10's, and what Podman 4 offers.
pub const OLDEST_API: (u32, u32) = (1, 41);

/// How long an engine may take for a plain question.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How long bollard waits for the headers of a long request: an engine writes a whole
/// image to its disk before the first byte of an export, and stops may be slow.
const LONG: u64 = 6 * 3_600;

/// One engine. Cheap to clone; connects when first asked something.
#[derive(Clone)]
pub struct Engine {
    name: EngineName,
    address: EngineAddress,
    wire: Wire,
    docker: Docker,
    logins: Registries,
}

impl Engine {
    /// Makes the engine known without asking it anything.
    ///
    /// # Errors
    /// The address is broken, or its TLS material cannot be read.
    pub fn new(name: EngineName, address: EngineAddress) -> Result<Self, EngineError> {
        let wire = Wire::new(&name, &address)?;
        let sender = wire.clone();
        let docker = Docker::connect_with_custom_transport(
            move |request| {
                let sender = sender.clone();
                async move { sender.send(request).await.map_err(Into::into) }
            },
            Some("http://engine"),
            LONG,
            bollard::API_DEFAULT_VERSION,
        )
        .map_err(|error| EngineError::from_bollard(&name, "preparing the connection", error))?;
        Ok(Self {
            name,
            address,
            wire,
            docker,
            logins: Registries::default(),
        })
    }

    /// What it is called.
    #[must_use]
    pub const fn name(&self) -> &EngineName {
        &self.name
    }

    /// How it is reached.
    #[must_use]
    pub const fn address(&self) -> &EngineAddress {
        &self.address
    }

    /// bollard's view of it, for typed requests. Time-outs are the caller's.
    #[must_use]
    pub const fn docker(&self) -> &Docker {
        &self.docker
    }

    /// The wire, for requests whose answer goes on.
    const fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Turns bollard's error into ours.
    pub fn error(&self, doing: impl Into<String>, error: bollard::errors::Error) -> EngineError {
        self.wire
            .explain(EngineError::from_bollard(&self.name, doing, error))
    }

    /// Waits for an answer for at most [`ANSWER_WITHIN`].
    ///
    /// # Errors
    /// The engine's, or that it did not answer in time.
    pub async fn ask<T>(
        &self,
        doing: &str,
        request: impl Future<Output = Result<T, bollard::errors::Error>> + Send,
    ) -> Result<T, EngineError> {
        self.ask_within(doing, ANSWER_WITHIN, request).await
    }

    /// Waits for an answer for so long.
    ///
    /// # Errors
    /// The engine's, or that it did not answer in time.
    async fn ask_within<T>(
        &self,
        doing: &str,
        within: Duration,
        request: impl Future<Output = Result<T, bollard::errors::Error>> + Send,
    ) -> Result<T, EngineError> {
        match tokio::time::timeout(within, request).await {
            Ok(answer) => answer.map_err(|error| self.error(doing, error)),
            Err(_) => Err(self.wire.explain(EngineError::TimedOut {
                engine: self.name.clone(),
                doing: doing.to_owned(),
                after: within.into(),
            })),
        }
    }

    /// Whether it lives.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn ping(&self) -> Result<(), EngineError> {
        self.ask("greeting the engine", self.docker.ping())
            .await
            .map(drop)
    }

    /// Asks for JSON, raw. `path` starts with a slash and carries its query.
    ///
    /// # Errors
    /// The engine's, with its own message; or that it did not answer within `within`.
    pub async fn json(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        doing: &str,
        within: Duration,
    ) -> Result<Value, EngineError> {
        let payload = body.map(Value::to_string).unwrap_or_default();
        let request = hyper::Request::builder()
            .method(method)
            .uri(format!("http://engine{path}"))
            .header("content-type", "application/json")
            .body(RequestBody::Left(Full::new(Body::from(payload))))
            .map_err(|error| self.error(doing, error.into()))?;
        let exchange = async {
            let response = self.wire.send(request).await?;
            let status = response.status();
            let bytes = response.into_body().collect().await?.to_bytes();
            Ok::<_, transport::WireError>((status, bytes))
        };
        let (status, bytes) = match tokio::time::timeout(within, exchange).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(self.error(doing, error.into())),
            Err(_) => {
                return Err(EngineError::TimedOut {
                    engine: self.name.clone(),
                    doing: doing.to_owned(),
                    after: within.into(),
                });
            }
        };
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        if status.is_success() || status.as_u16() == 304 {
            return Ok(answer);
        }
        let message = json::text(&answer, "/message").map_or_else(
            || String::from_utf8_lossy(&bytes).trim().to_owned(),
            str::to_owned,
        );
        Err(EngineError::answered(
            &self.name,
            doing,
            status.as_u16(),
            message,
        ))
    }

    /// The same of something that need not be there. `None`: it is not.
    ///
    /// # Errors
    /// The engine's.
    async fn json_if_there(&self, path: &str, doing: &str) -> Result<Option<Value>, EngineError> {
        match self
            .json(Method::GET, path, None, doing, ANSWER_WITHIN)
            .await
        {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The id of what was made.
    ///
    /// # Errors
    /// None came back.
    fn made_id(&self, answer: &Value, doing: String) -> Result<String, EngineError> {
        json::text(answer, "/Id")
            .map(str::to_owned)
            .ok_or_else(|| EngineError::Unreadable {
                engine: self.name.clone(),
                doing,
                why: "no id came back".to_owned(),
            })
    }

    /// By how many milliseconds its clock is ahead of this machine's; negative where it is
    /// behind. Nothing where it does not tell the time.
    ///
    /// # Errors
    /// The engine's.
    pub async fn clock_ahead(&self) -> Result<Option<i64>, EngineError> {
        let doing = "asking what time it is there";
        let asked = chrono::Utc::now();
        let info = self
            .json(Method::GET, "/info", None, doing, ANSWER_WITHIN)
            .await?;
        let told = chrono::Utc::now();
        // It read its clock somewhere in between.
        let here = asked + (told - asked) / 2;
        let there = json::time(&info, "/SystemTime");
        Ok(there.map(|there| (there - here).num_milliseconds()))
    }

    /// What kind of engine it is.
    ///
    /// # Errors
    /// It does not answer, or it is too old.
    pub async fn facts(&self) -> Result<EngineFacts, EngineError> {
        let doing = "asking which engine it is";
        let version = self
            .json(Method::GET, "/version", None, doing, ANSWER_WITHIN)
            .await?;
        let info = self
            .json(Method::GET, "/info", None, doing, ANSWER_WITHIN)
            .await?;
        let text =
            |value: &Value, path: &str| json::text(value, path).unwrap_or_default().to_owned();
        let api = text(&version, "/ApiVersion");
        let facts = EngineFacts {
            id: text(&info, "/ID"),
            host: text(&info, "/Name"),
            version: text(&version, "/Version"),
            platform: format!("{}/{}", text(&version, "/Os"), text(&version, "/Arch")),
            kind: if is_podman(&version) {
                EngineKind::Podman
            } else {
                EngineKind::Docker
            },
            store: if has_containerd_store(&info) {
                ImageStore::Containerd
            } else {
                ImageStore::Classic
            },
            driver: text(&info, "/Driver"),
            system: text(&info, "/OperatingSystem"),
            api,
        };
        let number = |part: Option<&str>| part.and_then(|part| part.parse().ok()).unwrap_or(0);
        let mut parts = facts.api.split('.');
        let api = (number(parts.next()), number(parts.next()));
        if api < OLDEST_API {
            return Err(EngineError::TooOld {
                engine: self.name.clone(),
                version: facts.version,
                api: facts.api,
            });
        }
        Ok(facts)
    }
}

fn is_podman(version: &Value) -> bool {
    json::list(version, "/Components")
        .iter()
        .any(|component| json::text(component, "/Name").is_some_and(|name| name.contains("Podman")))
}

/// containerd's image store names its driver type among the driver's status lines.
fn has_containerd_store(info: &Value) -> bool {
    json::list(info, "/DriverStatus").iter().any(|line| {
        json::text(line, "/0") == Some("driver-type")
            && json::text(line, "/1").is_some_and(|kind| kind.starts_with("io.containerd."))
    })
}
