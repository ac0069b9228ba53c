//! Which engines take part when no project file says so.
//!
//! `DOCKER_HOST` set: that engine alone. Else `DOCKER_CONTEXT` set: that context alone.
//! Else every stored context and the platform's own engine. With several usable engines
//! each is an environment; on a single one environments are found by label.

use std::collections::BTreeMap;
use std::path::Path;

use crate::model::nearest;
use crate::model::project::{EngineAddress, EngineName, Grouping};

use super::address;
use super::context::{Contexts, DEFAULT};
use super::problem::ConfigError;
use super::surroundings::Surroundings;

/// The engines, and how environments come about on them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) engines: BTreeMap<EngineName, EngineAddress>,
    pub(super) grouping: Grouping,
}

/// Looks.
///
/// # Errors
/// [`ConfigError::Variable`] when `DOCKER_HOST` or `DOCKER_CONTEXT` make no sense: going on
/// with another engine than the one asked for would be worse than stopping.
pub(super) fn engines(
    s: &Surroundings,
    contexts: &Contexts,
    exists: &dyn Fn(&Path) -> bool,
) -> Result<Found, ConfigError> {
    if let Some(host) = address::docker_host(s) {
        let variable = "DOCKER_HOST";
        let (name, address) = host.map_err(|what| ConfigError::Variable { variable, what })?;
        return Ok(single(name, address));
    }
    if let Some(name) = s.var("DOCKER_CONTEXT") {
        return one_context(name, s, contexts, exists);
    }
    Ok(all(s, contexts, exists))
}

/// The engine that `docker` would use here. Nothing, where that makes no sense or is not
/// there: whoever asks has others.
pub(super) fn local(
    s: &Surroundings,
    contexts: &Contexts,
    exists: &dyn Fn(&Path) -> bool,
) -> Option<(EngineName, EngineAddress)> {
    if let Some(host) = address::docker_host(s) {
        return host.ok().map(|(name, address)| (EngineName(name), address));
    }
    let context = s.var("DOCKER_CONTEXT").or(contexts.current.as_deref());
    if let Some(name) = context.filter(|name| *name != DEFAULT) {
        let address = contexts.get(name)?.clone();
        return Some((EngineName(format!("context:{name}")), address));
    }
    let (name, address) = address::platform_default(s, exists);
    address::default_is_there(&address, exists).then_some((EngineName(name), address))
}

fn single(name: String, address: EngineAddress) -> Found {
    Found {
        engines: BTreeMap::from([(EngineName(name), address)]),
        grouping: Grouping::ByLabel,
    }
}

fn one_context(
    name: &str,
    s: &Surroundings,
    contexts: &Contexts,
    exists: &dyn Fn(&Path) -> bool,
) -> Result<Found, ConfigError> {
    if name == DEFAULT {
        let (name, address) = address::platform_default(s, exists);
        return Ok(single(name, address));
    }
    match contexts.get(name) {
        Some(address) => Ok(single(format!("context:{name}"), address.clone())),
        None => {
            let known: Vec<&str> = contexts.names().chain([DEFAULT]).collect();
            Err(ConfigError::Variable {
                variable: "DOCKER_CONTEXT",
                what: format!(
                    "there is no Docker context `{name}`{}",
                    nearest::hint(name, known.iter().copied())
                ),
            })
        }
    }
}

/// Every context and the platform's own engine. An engine that two contexts reach by the
/// same address takes part once, or each of its containers would be shown twice: the
/// current context wins, then the platform's own.
fn all(s: &Surroundings, contexts: &Contexts, exists: &dyn Fn(&Path) -> bool) -> Found {
    let own = address::platform_default(s, exists);
    let current = contexts.current.as_deref().unwrap_or(DEFAULT);
    let others: Vec<(String, EngineAddress)> = contexts
        .iter()
        .map(|(name, address)| (format!("context:{name}"), address.clone()))
        .collect();
    // A laptop that only reaches engines elsewhere has no socket of its own: nothing is
    // missing then. Where it is the only engine, or the chosen one, its absence is news.
    let own_counts =
        others.is_empty() || current == DEFAULT || address::default_is_there(&own.1, exists);
    let mut candidates: Vec<(String, EngineAddress)> = Vec::new();
    let chosen = format!("context:{current}");
    candidates.extend(others.iter().filter(|(name, _)| *name == chosen).cloned());
    candidates.extend(own_counts.then_some(own));
    candidates.extend(others.into_iter().filter(|(name, _)| *name != chosen));

    let mut engines: BTreeMap<EngineName, EngineAddress> = BTreeMap::new();
    for (name, address) in candidates {
        let known = engines.values().any(|other| *other == address);
        if !known {
            engines.entry(EngineName(name)).or_insert(address);
        }
    }
    let usable = engines
        .values()
        .filter(|address| !matches!(address, EngineAddress::Broken(_)))
        .count();
    let grouping = if usable > 1 {
        Grouping::ByEngine
    } else {
        Grouping::ByLabel
    };
    Found { engines, grouping }
}
