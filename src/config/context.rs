//! Docker contexts, read from Docker's own files.
//!
//! `contexts/meta/<sha256 of the name>/meta.json` says where the engine is;
//! `contexts/tls/<the same>/docker/{ca,cert,key}.pem` is its TLS material, each file
//! optional. The context `default` is not stored. A context that cannot be read becomes an
//! unusable engine with the reason: it must not hide the others.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::Deserialize;

use crate::model::project::{EngineAddress, Tls};

use super::address;
use super::surroundings::Surroundings;

/// The context that is not stored: the engine of this machine.
pub(super) const DEFAULT: &str = "default";

/// The stored contexts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contexts {
    stored: BTreeMap<String, EngineAddress>,
    /// The one chosen with `docker context use`.
    pub(super) current: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Meta {
    name: String,
    #[serde(default)]
    endpoints: Endpoints,
}

#[derive(Default, Deserialize)]
struct Endpoints {
    docker: Option<Endpoint>,
}

#[derive(Deserialize)]
struct Endpoint {
    #[serde(default, rename = "Host")]
    host: String,
    #[serde(default, rename = "SkipTLSVerify")]
    skip_tls_verify: bool,
}

/// The one field of `config.json` that matters here. The file holds credentials too: they
/// are never taken in.
#[derive(Deserialize)]
struct DockerConfig {
    #[serde(rename = "currentContext")]
    current_context: Option<String>,
}

impl Contexts {
    /// Those of Docker's configuration folder; none where there is no such folder.
    pub(super) fn read(s: &Surroundings) -> Self {
        let Some(folder) = s.docker_config() else {
            return Self::default();
        };
        let current = std::fs::read(folder.join("config.json"))
            .ok()
            .and_then(|bytes| serde_json::from_slice::<DockerConfig>(&bytes).ok())
            .and_then(|config| config.current_context)
            .filter(|name| !name.is_empty());
        Self {
            stored: stored(&folder.join("contexts")),
            current,
        }
    }

    /// How the engine of a stored context is reached.
    pub(super) fn get(&self, name: &str) -> Option<&EngineAddress> {
        self.stored.get(name)
    }

    /// The names of the stored contexts.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.stored.keys().map(String::as_str)
    }

    /// Every stored context.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &EngineAddress)> {
        self.stored
            .iter()
            .map(|(name, address)| (name.as_str(), address))
    }
}

fn stored(folder: &Path) -> BTreeMap<String, EngineAddress> {
    let meta = folder.join("meta");
    let entries = match std::fs::read_dir(&meta) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return BTreeMap::new(),
        Err(error) => {
            // There are contexts and none can be listed: one entry says so.
            let why = format!(
                "Docker's contexts in {} cannot be listed: {error}",
                meta.display()
            );
            return BTreeMap::from([("*".to_owned(), EngineAddress::Broken(why))]);
        }
    };
    entries
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| {
            let id = entry.file_name().to_string_lossy().into_owned();
            one(
                &entry.path().join("meta.json"),
                &folder.join("tls").join(&id),
                &id,
            )
        })
        .collect()
}

/// One context: its name and address. `None` for a folder that holds no context at all
/// (`docker context rm` leaves such behind when it is cut off).
fn one(meta: &Path, tls: &Path, id: &str) -> Option<(String, EngineAddress)> {
    let nameless = id.get(..12).unwrap_or(id).to_owned();
    let broken = |why: String| {
        let why = format!("the Docker context's file {} {why}", meta.display());
        EngineAddress::Broken(why)
    };
    let bytes = match std::fs::read(meta) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => return Some((nameless, broken(format!("cannot be read: {error}")))),
    };
    let read: Meta = match serde_json::from_slice(&bytes) {
        Ok(read) => read,
        Err(error) => return Some((nameless, broken(format!("makes no sense: {error}")))),
    };
    let Some(endpoint) = read.endpoints.docker else {
        let why = "names no Docker engine; see `docker context inspect`";
        return Some((read.name, broken(why.to_owned())));
    };
    let address = reach(&endpoint, &tls.join("docker")).unwrap_or_else(|what| {
        EngineAddress::Broken(format!(
            "the Docker context `{}` has an address that cannot be used: {what}",
            read.name
        ))
    });
    Some((read.name, address))
}

fn reach(endpoint: &Endpoint, tls: &Path) -> Result<EngineAddress, String> {
    let plain = address::parse(&endpoint.host)?;
    let EngineAddress::Tcp { tls: encrypted, .. } = &plain else {
        return Ok(plain);
    };
    let material = address::tls_in(tls);
    // As Docker does it: TLS where there is material, or where checking is turned off.
    if material == Tls::default() && encrypted.is_none() && !endpoint.skip_tls_verify {
        return Ok(plain);
    }
    let rest = endpoint
        .host
        .split_once("://")
        .map_or(endpoint.host.as_str(), |(_, rest)| rest);
    let material = Tls {
        skip_verify: endpoint.skip_tls_verify,
        ..material
    };
    address::tcp(&endpoint.host, rest, Some(material))
}
