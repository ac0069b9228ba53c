//! One OCI registry at a time: its tags, manifests and blobs, read, copied and written.
//!
//! Everything that is read is checked against its digest. Requests that change nothing by
//! being sent twice are tried again where the connection breaks or the registry stumbles; a
//! registry that limits requests is waited for. Logins are read when a registry first asks
//! for one, and go nowhere else.
//!
//! This room knows nothing of fleets, targets or operations.
//!
//! The client is karat's own, over `reqwest`: `oci-client` 0.18 has no client certificates,
//! no conditional GET, no DELETE, no exchange of identity tokens, and does not wait as
//! `Retry-After` says. Beside what fills those gaps it would be a second cache of logins and
//! tokens, over a second connection.
//!
//! | file | subject |
//! |---|---|
//! | `ask`, `http`, `tls`, `header` | requests: rights, scheme, tries, waiting; what headers say |
//! | `auth`, `login` | who karat is to a registry |
//! | `read`, `blob`, `write`, `referrers` | what a repository has, and what is put there |
//! | [`manifest`] | manifests and indexes |
//! | [`copy`](mod@copy) | a version to another repository |
//! | [`abilities`] | what a registry can do |
//! | [`events`] | records of shared history |
//! | [`inspect`], [`attachments`] | an image without its layers; what is attached to it |
//! | `error` | what can go wrong |

pub mod abilities;
mod ask;
pub mod attachments;
mod auth;
mod blob;
pub mod copy;
mod error;
pub mod events;
mod header;
mod http;
pub mod inspect;
mod login;
pub mod manifest;
mod read;
mod referrers;
mod tls;
mod write;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Method;

pub use blob::BlobStream;
pub use error::RegistryError;
pub use login::Login;
pub use manifest::{Content, Descriptor, Document, Manifest, Pointer};
pub use read::Fresh;
pub use referrers::Attached;
pub use write::{Deleted, Mounted};

use crate::model::reference::Repository;
use crate::model::registry::RegistrySettings;
use crate::model::time::Timestamp;
use ask::{Action, Ask, Right};
use http::Host;

/// Every registry: what is said of them, and one client for each that was asked something,
/// made when it first is. Cheap to clone; clones share connections and logins.
#[derive(Clone)]
pub struct Registries(Arc<Known>);

struct Known {
    settings: BTreeMap<String, RegistrySettings>,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
}

impl fmt::Debug for Registries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Registries").field(&self.0.settings).finish()
    }
}

impl Default for Registries {
    fn default() -> Self {
        Self::new(BTreeMap::new())
    }
}

/// What was found when a registry was greeted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// `https` or `http`.
    pub scheme: String,
    /// What it says it speaks (`registry/2.0`), where it does.
    pub version: Option<String>,
    /// Whose login it accepted; nothing where it asks for none. Never the secret.
    pub who: Option<String>,
    /// By how much its clock is ahead of ours, in milliseconds; negative where it is behind.
    /// Dates in HTTP have whole seconds: less than 1,500 says nothing.
    pub clock_ahead: Option<i64>,
    /// How long the answer took.
    pub took: Duration,
}

impl Registries {
    /// All of them, with what the project file says of some.
    #[must_use]
    pub fn new(settings: BTreeMap<String, RegistrySettings>) -> Self {
        Self(Arc::new(Known {
            settings,
            hosts: Mutex::default(),
        }))
    }

    /// The login to a registry, for whoever asks it on karat's behalf: an engine. `host` may
    /// also be the name by which `docker login` keeps Docker Hub's.
    ///
    /// # Errors
    /// Where it is said to be, there is none; without anything a program printed.
    pub async fn login(&self, host: &str) -> Result<Option<Login>, RegistryError> {
        let settings = self.0.settings.get(host);
        let source = settings.map_or_else(Default::default, |settings| settings.login.clone());
        let name = host.to_owned();
        // It may run a program.
        let read = tokio::task::spawn_blocking(move || login::read(&name, &source)).await;
        read.unwrap_or_else(|error| Err(error.to_string()))
            .map_err(|why| RegistryError::Login {
                host: host.to_owned(),
                why,
            })
    }

    /// A repository. Nothing is asked yet.
    ///
    /// # Errors
    /// Its name has no registry's host, or the host's settings cannot be used.
    pub fn repository(&self, repository: &Repository) -> Result<Remote, RegistryError> {
        let no_host = || RegistryError::NoHost(repository.clone());
        let host = repository.registry_host().ok_or_else(no_host)?;
        let (_, name) = repository.as_str().split_once('/').ok_or_else(no_host)?;
        let part_ok = |part: &str| {
            part.starts_with(|first: char| first.is_ascii_alphanumeric())
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        if !name.split('/').all(part_ok) {
            return Err(RegistryError::NoRepository {
                host: host.to_owned(),
                name: error::one_line(name),
            });
        }
        // As Docker has it: what stands on Docker Hub without a group is of `library`.
        let name = match login::is_hub(host) && !name.contains('/') {
            true => format!("library/{name}"),
            false => name.to_owned(),
        };
        Ok(Remote {
            host: self.host(host)?,
            repository: repository.clone(),
            name: name.into(),
        })
    }

    fn host(&self, name: &str) -> Result<Arc<Host>, RegistryError> {
        let mut hosts = self.0.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = hosts.get(name) {
            return Ok(known.clone());
        }
        let settings = self.0.settings.get(name).cloned().unwrap_or_default();
        let made = Arc::new(Host::new(name, settings)?);
        hosts.insert(name.to_owned(), made.clone());
        Ok(made)
    }

    /// Greets a registry: whether it is there and lets karat in, and how its clock goes.
    ///
    /// # Errors
    /// It cannot be reached, is no registry, or does not accept the login.
    pub async fn check(&self, host: &str) -> Result<Checked, RegistryError> {
        let host = self.host(host)?;
        let right = Right {
            name: None,
            action: Action::Pull,
            from: None,
        };
        let doing = "greeting it".to_owned();
        let ask = Ask::new(Method::GET, "/v2/".to_owned(), right, doing.clone());
        // The first time connects and logs in; how long it takes is measured afterwards.
        host.send(&ask).await?;
        let (begun, before) = (Instant::now(), chrono::Utc::now());
        let answer = host.send(&ask).await?;
        let took = begun.elapsed();
        if !answer.status.is_success() {
            return Err(match answer.status.as_u16() {
                404 => RegistryError::NotARegistry {
                    host: host.name().to_owned(),
                    doing,
                },
                _ => answer.refusal(host.name(), &doing),
            });
        }
        let halfway = before + took / 2;
        let ahead = |date: Timestamp| (date - halfway).num_milliseconds();
        Ok(Checked {
            scheme: answer.url.scheme().to_owned(),
            version: answer
                .header("docker-distribution-api-version")
                .map(error::one_line),
            who: host.auth().who(),
            clock_ahead: answer.header("date").and_then(header::date).map(ahead),
            took,
        })
    }
}

/// One repository in one registry. Cheap to clone.
#[derive(Clone)]
pub struct Remote {
    host: Arc<Host>,
    repository: Repository,
    /// Its name in the registry, without the host.
    name: Arc<str>,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Remote({})", self.repository)
    }
}

impl Remote {
    /// Which one it is.
    #[must_use]
    pub const fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The registry, as `host[:port]`.
    #[must_use]
    pub fn host(&self) -> &str {
        self.host.name()
    }

    /// Whether both are in the same registry, so that blobs can be mounted.
    #[must_use]
    pub fn shares_registry_with(&self, other: &Self) -> bool {
        self.host() == other.host()
    }

    fn right(&self, action: Action) -> Right<'_> {
        Right {
            name: Some(&self.name),
            action,
            from: None,
        }
    }

    fn path(&self, rest: &str) -> String {
        format!("/v2/{}/{rest}", self.name)
    }

    fn ask(&self, method: Method, rest: &str, action: Action, doing: String) -> Ask<'_> {
        Ask::new(method, self.path(rest), self.right(action), doing)
    }

    /// `host/name:tag` or `host/name@digest`.
    fn named(&self, what: &Pointer) -> String {
        match what {
            Pointer::Tag(tag) => format!("{}:{tag}", self.repository),
            Pointer::Digest(digest) => format!("{}@{digest}", self.repository),
        }
    }
}
