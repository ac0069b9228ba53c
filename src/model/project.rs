//! What the project file says, or what stands in for it when there is none: which images
//! are golden, which environments they run in, and how those are reached.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::channel::Channel;
use super::layer_rules::LayerRules;
use super::reference::Repository;
use super::registry::RegistrySettings;
use super::step::Course;
use super::time::Span;
use super::version::Scheme;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

name! {
    /// The name of a golden line: `rust-base`.
    ImageName
}
name! {
    /// The name of an environment: `staging`.
    EnvironmentName
}
name! {
    /// How an engine is called everywhere in karat: the text it was given by
    /// (`context:default`, `ssh://deploy@prod-1`), which also says how to reach it.
    EngineName
}

impl EngineName {
    /// How a registry is called that is read for the versions of an image.
    #[must_use]
    pub fn registry(repository: &Repository) -> Self {
        Self(format!("{REGISTRY}{repository}"))
    }

    /// What operations there work on.
    #[must_use]
    pub fn course(&self) -> Course {
        if self.0.starts_with(CHANNEL) {
            Course::Tag
        } else {
            Course::Container
        }
    }

    /// Whether this is an engine, where containers run: neither a channel nor a registry.
    #[must_use]
    pub fn is_engine(&self) -> bool {
        !self.is_registry() && self.course() == Course::Container
    }

    /// Whether this is a registry that is only read for versions: nothing is deployed there.
    #[must_use]
    pub fn is_registry(&self) -> bool {
        self.0.starts_with(REGISTRY)
    }
}

/// How the names of channels begin.
pub(super) const CHANNEL: &str = "channel:";

/// How the names of registries begin, where those of engines have `context:` or `ssh://`.
const REGISTRY: &str = "registry:";

/// The default of an environment's `soak`.
pub const DEFAULT_SOAK: Span = Span::seconds(600);

/// Everything that is configured, in one value.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// Where this came from: shown to the user, who must know which file is in force.
    pub source: Source,
    /// The golden images, in the file's order. Empty: every image that runs is one.
    pub images: Vec<Image>,
    /// The environments, upstream first. Empty only together with `grouping`.
    pub environments: Vec<Environment>,
    /// How environments are found when no file names them.
    pub grouping: Option<Grouping>,
    /// Every engine that takes part, by its name.
    pub engines: BTreeMap<EngineName, EngineAddress>,
    /// What the layers of every image must keep to.
    pub layers: LayerRules,
    /// What is said of registries, by host (`registry.example.com:5000`).
    pub registries: BTreeMap<String, RegistrySettings>,
}

/// Where a project came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A `karat.toml`.
    File(PathBuf),
    /// No file: found by looking at contexts and containers.
    Found,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Found => f.write_str("no project file"),
        }
    }
}

/// How environments come about without a project file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// One engine: the container label `karat.environment`, else the compose project, else
    /// the engine itself.
    ByLabel,
    /// Several engines: each is an environment of its own.
    ByEngine,
}

/// One golden line.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// What people call it.
    pub name: ImageName,
    /// Where its versions are named.
    pub repository: Repository,
    /// How its tags are read as versions.
    pub scheme: Scheme,
    /// How it is built, where the project says so.
    pub build: Option<Recipe>,
    /// Versions that must never be chosen again: labels or digests.
    pub revoked: Vec<String>,
    /// What its layers must keep to, over what is said for all.
    pub layers: LayerRules,
}

/// How an image is built: the `build` table of the project file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// The build context, absolute.
    pub context: PathBuf,
    /// The Dockerfile, absolute; by default `Dockerfile` in the context.
    pub dockerfile: PathBuf,
    /// The stage to build; the last one by default.
    pub target: Option<String>,
    /// Build arguments. Their values never leave for a log or the history.
    pub args: BTreeMap<String, String>,
    /// Where to build: an environment (its first engine) or an engine's address.
    pub engine: Option<String>,
}

/// One environment: a named place versions run in.
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    /// Its name.
    pub name: EnvironmentName,
    /// Its engines, in the order in which operations visit them.
    pub engines: Vec<EngineName>,
    /// Which containers of those engines belong to it.
    pub selector: Selector,
    /// Whether a change wants the environment's name typed.
    pub protected: bool,
    /// Whether changes are refused outright.
    pub read_only: bool,
    /// How long a version must run well to count as known good.
    pub soak: Span,
    /// The environment promotions come from.
    pub after: Option<EnvironmentName>,
    /// The moving tag it is, where it is none of containers; its one engine is that channel.
    pub channel: Option<Channel>,
}

/// Which containers of an engine belong to an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// All of them.
    All,
    /// Those with this label; with this value, where one is given (`env=prod`).
    Label {
        /// The label's name.
        key: String,
        /// The value it must have.
        value: Option<String>,
    },
    /// Those of a compose project.
    ComposeProject(String),
    /// Those without the label `karat.environment` and without a compose project: what is
    /// left over when environments are found by label.
    Unlabelled,
}

/// How an engine is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineAddress {
    /// A socket on this machine.
    Unix(PathBuf),
    /// TCP, with or without TLS.
    Tcp {
        /// `host:port`.
        authority: String,
        /// TLS material, where the connection is encrypted.
        tls: Option<Tls>,
    },
    /// `docker system dial-stdio` on a host, through the user's own `ssh`.
    Ssh {
        /// `[user@]host`.
        destination: String,
        /// A port other than ssh's own default.
        port: Option<u16>,
    },
    /// Not an engine: a moving tag in a registry.
    Channel(Channel),
    /// Not an engine: a repository whose tags are the versions of an image.
    Registry(Repository),
    /// It could not be resolved; the sentence says why and what to do. Kept as an address
    /// so that one wrong context does not hide the other engines.
    Broken(String),
}

/// TLS material: paths, read when connecting.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Tls {
    /// The authority that signed the engine's certificate; the system's when `None`.
    pub ca: Option<PathBuf>,
    /// The client's certificate.
    pub cert: Option<PathBuf>,
    /// The client's key.
    pub key: Option<PathBuf>,
    /// The server's certificate is not checked (a context's `SkipTLSVerify`).
    pub skip_verify: bool,
}

/// The text is no address of an engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an engine: write `context:NAME`, `unix:///path`, `tcp://host:port` or `ssh://user@host`"
)]
pub struct NotAnAddress(pub String);

impl FromStr for EngineAddress {
    type Err = NotAnAddress;

    /// Reads the addresses that need nothing but their own text: `unix://`, `tcp://` (no
    /// TLS), `ssh://`. Contexts are resolved by `config`.
    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let wrong = || NotAnAddress(text.to_owned());
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let rest = rest.trim_end_matches('/');
        if rest.is_empty() || rest.starts_with('-') {
            return Err(wrong());
        }
        match scheme {
            "unix" => Ok(Self::Unix(PathBuf::from(rest))),
            "tcp" | "http" => Ok(Self::Tcp {
                authority: with_port(rest, 2375),
                tls: None,
            }),
            "https" => Ok(Self::Tcp {
                authority: with_port(rest, 2376),
                tls: Some(Tls::default()),
            }),
            "ssh" => {
                let (destination, port) = match rest.rsplit_once(':') {
                    Some((destination, port)) if !destination.ends_with(':') => {
                        (destination, Some(port.parse().map_err(|_| wrong())?))
                    }
                    _ => (rest, None),
                };
                Ok(Self::Ssh {
                    destination: destination.to_owned(),
                    port,
                })
            }
            _ => Err(wrong()),
        }
    }
}

fn with_port(authority: &str, port: u16) -> String {
    let has_port = authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    if has_port {
        authority.to_owned()
    } else {
        format!("{authority}:{port}")
    }
}

impl fmt::Display for EngineAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { authority, .. } => write!(f, "tcp://{authority}"),
            Self::Ssh {
                destination,
                port: None,
            } => write!(f, "ssh://{destination}"),
            Self::Ssh {
                destination,
                port: Some(port),
            } => write!(f, "ssh://{destination}:{port}"),
            Self::Channel(channel) => write!(f, "channel:{channel}"),
            Self::Registry(repository) => write!(f, "registry:{repository}"),
            Self::Broken(why) => write!(f, "unusable ({why})"),
        }
    }
}

impl Project {
    /// The environment of that name.
    #[must_use]
    pub fn environment(&self, name: &EnvironmentName) -> Option<&Environment> {
        self.environments
            .iter()
            .find(|environment| &environment.name == name)
    }

    /// The repositories of an image in registries, each with the name under which it takes
    /// part: its own first, then those of its channels.
    #[must_use]
    pub fn in_registries(&self, image: &Image) -> Vec<(&EngineName, Repository)> {
        let own = EngineName::registry(&image.repository);
        let own = self.engines.get_key_value(&own).into_iter();
        own.chain(&self.engines)
            .filter_map(|(name, address)| {
                let repository = match address {
                    EngineAddress::Registry(it) if *it == image.repository => it.clone(),
                    EngineAddress::Channel(channel) => channel.repository(&image.repository)?,
                    _ => return None,
                };
                Some((name, repository))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for (text, want) in [
            ("unix:///var/run/docker.sock", "unix:///var/run/docker.sock"),
            ("tcp://10.0.0.1:2375", "tcp://10.0.0.1:2375"),
            ("tcp://build", "tcp://build:2375"),
            ("https://build", "tcp://build:2376"),
            ("ssh://deploy@prod-1", "ssh://deploy@prod-1"),
            ("ssh://deploy@prod-1:2222", "ssh://deploy@prod-1:2222"),
        ] {
            assert_eq!(text.parse::<EngineAddress>().expect(text).to_string(), want);
        }
        for wrong in [
            "",
            "prod",
            "unix://",
            "ftp://x",
            "ssh://-oProxyCommand=x",
            "ssh://host:port",
        ] {
            assert!(wrong.parse::<EngineAddress>().is_err(), "{wrong}");
        }
    }
}
