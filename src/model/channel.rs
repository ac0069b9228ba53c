//! Channels: an environment that is a moving tag in a registry. Whoever builds
//! `FROM golden/rust-base:prod` deploys from it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::project::{CHANNEL, EngineName};
use super::reference::Repository;

/// Which tag of which repository an environment is, for every image that has a registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// The tag that moves.
    pub tag: String,
    /// Where it is.
    pub place: ChannelPlace,
}

/// In which repository a channel's tag is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelPlace {
    /// In the image's own.
    Own,
    /// Under the same path in another registry: `host[:port]`.
    Registry(String),
    /// In this one, where `{image}` stands for the last part of the image's own repository.
    Repository(String),
}

/// What stands for the image in a channel's repository.
pub const IMAGE_PART: &str = "{image}";

impl Channel {
    /// The repository the tag of an image is in. `None` for an image that no registry has:
    /// nothing is ever looked up for it.
    #[must_use]
    pub fn repository(&self, own: &Repository) -> Option<Repository> {
        let host = own.registry_host()?;
        match &self.place {
            ChannelPlace::Own => Some(own.clone()),
            ChannelPlace::Registry(other) => {
                let path = own.as_str().strip_prefix(host)?.trim_start_matches('/');
                Some(Repository::new(&format!("{other}/{path}")))
            }
            ChannelPlace::Repository(pattern) => {
                let last = own.as_str().rsplit('/').next().unwrap_or(own.as_str());
                Some(Repository::new(&pattern.replace(IMAGE_PART, last)))
            }
        }
    }

    /// What its target is called.
    #[must_use]
    pub fn name(&self) -> EngineName {
        EngineName(format!("{CHANNEL}{self}"))
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            ChannelPlace::Own => f.pad(&self.tag),
            ChannelPlace::Registry(host) => f.pad(&format!("{host}:{}", self.tag)),
            ChannelPlace::Repository(pattern) => f.pad(&format!("{pattern}:{}", self.tag)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_knows_its_repository() {
        let own = Repository::new("reg.example.com:5000/golden/rust-base");
        let at = |place| {
            let channel = Channel {
                tag: "prod".to_owned(),
                place,
            };
            (
                channel.to_string(),
                channel.repository(&own).map(|one| one.as_str().to_owned()),
            )
        };
        for (place, name, repository) in [
            (
                ChannelPlace::Own,
                "prod",
                "reg.example.com:5000/golden/rust-base",
            ),
            (
                ChannelPlace::Registry("eu.example.com".to_owned()),
                "eu.example.com:prod",
                "eu.example.com/golden/rust-base",
            ),
            (
                ChannelPlace::Repository("reg.example.com:5000/live/{image}".to_owned()),
                "reg.example.com:5000/live/{image}:prod",
                "reg.example.com:5000/live/rust-base",
            ),
        ] {
            assert_eq!(at(place), (name.to_owned(), Some(repository.to_owned())));
        }
    }

    #[test]
    fn an_image_without_a_registry_has_no_channel() {
        for place in [
            ChannelPlace::Own,
            ChannelPlace::Registry("eu.example.com".to_owned()),
        ] {
            let channel = Channel {
                tag: "prod".to_owned(),
                place,
            };
            assert_eq!(channel.repository(&Repository::new("shop-base")), None);
        }
    }
}
