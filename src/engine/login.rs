//! What `docker login` left: `config.json`, credential stores and helpers. Never logged, never
//! shown; it only ever goes to the engine, which passes it on to the registry.

use std::collections::HashMap;

use bollard::auth::DockerCredentials;
use docker_credential::DockerCredential;

use crate::model::reference::Repository;

/// Logins by registry, as a build wants them.
pub(super) type Logins = Option<HashMap<String, DockerCredentials>>;

/// The logins of several repositories.
pub(super) fn all(repositories: &[Repository]) -> Logins {
    let found: HashMap<_, _> = repositories
        .iter()
        .filter_map(|repository| Some((host(repository).to_owned(), of(repository)?)))
        .collect();
    (!found.is_empty()).then_some(found)
}

/// A repository without a host is Docker Hub's, to an engine that has to ask a registry.
fn host(repository: &Repository) -> &str {
    repository
        .registry_host()
        .unwrap_or("https://index.docker.io/v1/")
}

/// What `docker login` left for the repository's registry. Never logged.
pub(super) fn of(repository: &Repository) -> Option<DockerCredentials> {
    let host = host(repository);
    match docker_credential::get_credential(host).ok()? {
        DockerCredential::UsernamePassword(username, password) => Some(DockerCredentials {
            username: Some(username),
            password: Some(password),
            serveraddress: Some(host.to_owned()),
            ..DockerCredentials::default()
        }),
        DockerCredential::IdentityToken(token) => Some(DockerCredentials {
            identitytoken: Some(token),
            serveraddress: Some(host.to_owned()),
            ..DockerCredentials::default()
        }),
    }
}
