//! Logins to registries that an engine is to use: those that karat itself has for them, from
//! `docker login`, its stores and helpers, or as the project file says. Never logged, never
//! shown; they only ever go to the engine, which passes them on to the registry.

use std::collections::HashMap;
use std::fmt;

use bollard::auth::DockerCredentials;

use super::Engine;
use crate::model::reference::Repository;
use crate::registry::{Login, Registries};

/// Logins by registry, as a build wants them. What it shows of itself has no secret in it.
#[derive(Clone, Default)]
pub struct Logins(HashMap<String, DockerCredentials>);

impl Logins {
    /// As bollard takes them.
    pub(super) fn given(&self) -> Option<HashMap<String, DockerCredentials>> {
        (!self.0.is_empty()).then(|| self.0.clone())
    }
}

impl fmt::Debug for Logins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Engine {
    /// The same engine, which uses these logins to registries.
    #[must_use]
    pub fn with_logins(mut self, registries: Registries) -> Self {
        self.logins = registries;
        self
    }

    /// The login to a repository's registry, if there is one. One that cannot be had is no
    /// reason to stop: the registry may ask for none, and else it says so itself.
    pub(super) async fn login(&self, repository: &Repository) -> Option<DockerCredentials> {
        let host = host(repository).to_owned();
        let login = self.logins.login(&host).await.ok().flatten()?;
        let mut credentials = DockerCredentials {
            serveraddress: Some(host),
            ..DockerCredentials::default()
        };
        match login {
            Login::Password { user, password } => {
                credentials.username = Some(user);
                credentials.password = Some(password);
            }
            Login::Identity(token) => credentials.identitytoken = Some(token),
            Login::Token(token) => credentials.registrytoken = Some(token),
        }
        Some(credentials)
    }

    /// The logins of several repositories.
    pub async fn logins(&self, repositories: &[Repository]) -> Logins {
        let mut found = HashMap::new();
        for repository in repositories {
            if let Some(login) = self.login(repository).await {
                found.insert(host(repository).to_owned(), login);
            }
        }
        Logins(found)
    }
}

/// A repository without a host is Docker Hub's, to an engine that has to ask a registry.
fn host(repository: &Repository) -> &str {
    repository
        .registry_host()
        .unwrap_or("https://index.docker.io/v1/")
}
