//! Things with a name on two sides: packages and their versions, say.

use std::collections::BTreeMap;

/// What became of things with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<K, V> {
    /// Only after.
    pub added: Vec<(K, V)>,
    /// Only before.
    pub removed: Vec<(K, V)>,
    /// On both sides, and not the same: before, after.
    pub changed: Vec<(K, V, V)>,
}

impl<K: Ord + Clone, V: PartialEq + Clone> Named<K, V> {
    /// Compares, by name.
    #[must_use]
    pub fn of(before: &BTreeMap<K, V>, after: &BTreeMap<K, V>) -> Self {
        let only = |one: &BTreeMap<K, V>, other: &BTreeMap<K, V>| {
            let mine = one.iter().filter(|(name, _)| !other.contains_key(*name));
            mine.map(|(name, it)| (name.clone(), it.clone())).collect()
        };
        let both = after
            .iter()
            .filter_map(|(name, new)| Some((name, before.get(name)?, new)));
        Self {
            added: only(after, before),
            removed: only(before, after),
            changed: both
                .filter(|(_, old, new)| old != new)
                .map(|(name, old, new)| (name.clone(), old.clone(), new.clone()))
                .collect(),
        }
    }

    /// Whether there is no difference.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}
