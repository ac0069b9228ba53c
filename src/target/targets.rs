//! Every target of a project.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{SharedHistory, Target, TargetError, channel, plain, versions};
use crate::engine::{Engine, EngineError};
use crate::model::channel::{Channel, ChannelPlace};
use crate::model::project::{EngineAddress, EngineName, Environment, Project};
use crate::model::version::Scheme;
use crate::registry::Registries;
use crate::store::Store;

/// The environment that a channel is.
fn environment_of(project: &Project, channel: &Channel) -> String {
    let is_it = |one: &&Environment| one.channel.as_ref() == Some(channel);
    let found = project.environments.iter().find(is_it);
    found.map_or_else(|| channel.tag.clone(), |one| one.name.to_string())
}

/// The tags of an image's own repository that are channels.
fn own_channels(project: &Project) -> BTreeSet<String> {
    let channels = project
        .environments
        .iter()
        .filter_map(|one| one.channel.as_ref());
    channels
        .filter(|channel| channel.place == ChannelPlace::Own)
        .map(|channel| channel.tag.clone())
        .collect()
}

/// Every target of a project.
#[derive(Clone, Default)]
pub struct Targets {
    /// Those that can be asked.
    pub usable: BTreeMap<EngineName, Arc<dyn Target>>,
    /// Those that cannot, and why.
    pub unusable: BTreeMap<EngineName, String>,
    /// The history that a team shares, and the registries it is in. None in a demo.
    pub shared: Option<SharedHistory>,
}

impl Targets {
    /// The targets of a project. Nothing is asked of any engine or registry yet; what
    /// registries say is remembered in the store.
    #[must_use]
    pub fn of(project: &Project, store: &Arc<Store>) -> Self {
        let wanted: Vec<_> = project
            .images
            .iter()
            .map(|image| image.repository.clone())
            .collect();
        let registries = Registries::new(project.registries.clone());
        let shared = SharedHistory::of(project, registries.clone(), store.clone());
        let mut targets = Self::default();
        for (name, address) in &project.engines {
            let target: Arc<dyn Target> = match address {
                EngineAddress::Channel(channel) => {
                    let shared = shared.clone();
                    let named = environment_of(project, channel);
                    Arc::new(channel::ChannelTarget::new(channel.clone(), named, shared))
                }
                EngineAddress::Registry(repository) => {
                    let image = project
                        .images
                        .iter()
                        .find(|one| one.repository == *repository);
                    let scheme = image.map_or(Scheme::Detect, |image| image.scheme.clone());
                    let repository = repository.clone();
                    let versions =
                        versions::VersionsTarget::new(repository, scheme, shared.clone());
                    Arc::new(versions.without(own_channels(project)))
                }
                _ => match Engine::new(name.clone(), address.clone()) {
                    Ok(engine) => {
                        let engine = engine.with_logins(registries.clone());
                        Arc::new(plain::PlainTarget::new(engine, wanted.clone()))
                    }
                    Err(error) => {
                        targets.unusable.insert(name.clone(), error.to_string());
                        continue;
                    }
                },
            };
            targets.usable.insert(name.clone(), target);
        }
        targets.shared = Some(shared);
        targets
    }

    /// The target of that name.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn get(&self, name: &EngineName) -> Result<&Arc<dyn Target>, TargetError> {
        self.usable.get(name).ok_or_else(|| {
            let why = self.unusable.get(name).cloned();
            TargetError::Engine(EngineError::Unusable {
                engine: name.clone(),
                why: why.unwrap_or_else(|| "it is in no context and no project file".to_owned()),
            })
        })
    }
}
