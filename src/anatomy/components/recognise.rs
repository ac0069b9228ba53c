//! The components of one image.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::glob::Cursor;
use super::owners::Owners;
use super::rules::{Class, Rules};
use super::words::PathText;
use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{LayerNo, Merged, NodeId, View};
use crate::model::bytes::Bytes;

/// How many paths and packages are told as reasons.
const REASONS: usize = 5;
/// What a class that stands out must weigh to do so: a stray library does not.
const STANDS_OUT: Bytes = Bytes(1 << 20);

/// What an image is recognised to have in it, the heaviest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Components {
    /// Each.
    pub all: Vec<Component>,
}

/// One component of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Component {
    /// Its name for programs.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What it is.
    pub class: Class,
    /// Whether it deserves a second look in an image that is only run.
    pub stands_out: bool,
    /// Bytes of the files that are its own and no other component's: these may be added up.
    pub own_bytes: Bytes,
    /// What removing it frees: its own files, and the packages that only it needs. Two
    /// components may both count a package that one of them would free; never add them up.
    pub exclusive_bytes: Bytes,
    /// All it needs to be there, what others need as well included.
    pub closure_bytes: Bytes,
    /// How many files are its own.
    pub files: u64,
    /// Why it was recognised.
    pub why: Why,
    /// The layers that brought its files.
    pub layers: Vec<LayerShare>,
    /// What to do, in one sentence.
    pub advice: String,
    /// How, in a Dockerfile.
    pub snippet: String,
}

/// Why a component was recognised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Why {
    /// Its heaviest files.
    pub paths: Vec<PathText>,
    /// Its packages, the first of them.
    pub packages: Vec<String>,
    /// How many packages there are.
    pub package_count: usize,
}

/// What one layer brought of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LayerShare {
    /// Its place, from one.
    pub layer: u16,
    /// What it brought that is visible.
    pub own_bytes: Bytes,
}

impl Components {
    /// Σ own bytes: no more than what is visible.
    #[must_use]
    pub fn own_bytes(&self) -> Bytes {
        self.all.iter().fold(Bytes(0), |sum, it| sum + it.own_bytes)
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Component> {
        self.all.iter().find(|it| it.id == id)
    }
}

/// What is gathered of one rule.
#[derive(Default)]
struct Gathered {
    bytes: u64,
    files: u64,
    layers: BTreeMap<u16, u64>,
    /// The heaviest files, at most so many.
    heaviest: Vec<(u64, NodeId)>,
}

/// Recognises what is visible in the end.
#[must_use]
pub fn recognise(merged: &Merged, view: &View, owners: &dyn Owners, rules: &Rules) -> Components {
    let by_package = rules_of_packages(owners, rules);
    let mut gathered: Vec<Gathered> = rules.all().iter().map(|_| Gathered::default()).collect();
    let mut packages = PackageBytes::new(owners.count());
    let mut ahead: Vec<(NodeId, Cursor)> = vec![(NodeId::ROOT, rules.globs().start())];
    let mut cursor = Cursor::default();
    while let Some((directory, at)) = ahead.pop() {
        for node in merged.every_child(directory) {
            rules.globs().step(&at, merged.name(node), &mut cursor);
            let entry = merged
                .visible(node, view.at())
                .and_then(|id| merged.entry(id));
            match entry {
                Some(entry) if entry.kind != Kind::Directory => {
                    let owner = owners.owner(node);
                    let weight = view.weight(merged, entry.id).0;
                    let by_package = owner.and_then(|it| by_package.get(it).copied().flatten());
                    let tags = rules.globs().tags(&cursor);
                    let rule = rules.claim(tags, entry.size.0, owner.is_some(), by_package);
                    packages.add(owner, rule, weight);
                    if let Some(gathered) = rule.and_then(|rule| gathered.get_mut(rule)) {
                        gathered.add(node, entry.layer, weight);
                    }
                }
                _ if view.is_directory(merged, node) => ahead.push((node, cursor.clone())),
                _ => {}
            }
        }
    }
    let mut all: Vec<Component> = (0..rules.all().len())
        .filter_map(|rule| {
            let gathered = gathered.get(rule)?;
            component(
                merged,
                owners,
                rules,
                rule,
                gathered,
                &by_package,
                &packages,
            )
        })
        .collect();
    all.sort_by(|a, b| b.own_bytes.cmp(&a.own_bytes).then_with(|| a.id.cmp(&b.id)));
    Components { all }
}

/// By package: the first rule it belongs to.
fn rules_of_packages(owners: &dyn Owners, rules: &Rules) -> Vec<Option<usize>> {
    (0..owners.count())
        .map(|package| {
            let name = owners.name(package);
            rules.all().iter().position(|rule| rule.has_package(name))
        })
        .collect()
}

/// Bytes of packages, and how many of them which rule claimed.
struct PackageBytes {
    all: Vec<u64>,
    claimed: HashMap<(usize, usize), u64>,
}

impl PackageBytes {
    fn new(count: usize) -> Self {
        Self {
            all: vec![0; count],
            claimed: HashMap::new(),
        }
    }

    fn add(&mut self, owner: Option<usize>, rule: Option<usize>, weight: u64) {
        let Some(owner) = owner else { return };
        if let Some(sum) = self.all.get_mut(owner) {
            *sum = sum.saturating_add(weight);
        }
        if let Some(rule) = rule
            && weight > 0
        {
            let sum = self.claimed.entry((owner, rule)).or_default();
            *sum = sum.saturating_add(weight);
        }
    }

    /// Bytes of packages that a rule has not claimed already.
    fn beside(&self, rule: usize, packages: &[usize]) -> u64 {
        let of = |package: &usize| {
            let all = self.all.get(*package).copied().unwrap_or_default();
            let claimed = self.claimed.get(&(*package, rule)).copied();
            all.saturating_sub(claimed.unwrap_or_default())
        };
        packages.iter().map(of).fold(0, u64::saturating_add)
    }
}

impl Gathered {
    fn add(&mut self, node: NodeId, layer: LayerNo, weight: u64) {
        self.bytes = self.bytes.saturating_add(weight);
        self.files += 1;
        if weight > 0 {
            *self.layers.entry(layer.0).or_default() += weight;
        }
        let place = self.heaviest.partition_point(|(other, _)| *other >= weight);
        if place < REASONS {
            self.heaviest.insert(place, (weight, node));
            self.heaviest.truncate(REASONS);
        }
    }
}

fn component(
    merged: &Merged,
    owners: &dyn Owners,
    rules: &Rules,
    place: usize,
    gathered: &Gathered,
    by_package: &[Option<usize>],
    packages: &PackageBytes,
) -> Option<Component> {
    let rule = rules.all().get(place)?;
    let own_packages: Vec<usize> = (0..by_package.len())
        .filter(|package| by_package.get(*package) == Some(&Some(place)))
        .collect();
    // An empty folder is not worth a word.
    if gathered.bytes == 0 {
        return None;
    }
    let freed = packages.beside(place, &owners.freed(&own_packages));
    let needed = packages.beside(place, &owners.closure(&own_packages));
    let names = own_packages.iter().map(|it| owners.name(*it).to_owned());
    Some(Component {
        id: rule.id.clone(),
        name: rule.name.clone(),
        class: rule.class,
        stands_out: rule.class.stands_out() && Bytes(gathered.bytes) >= STANDS_OUT,
        own_bytes: Bytes(gathered.bytes),
        exclusive_bytes: Bytes(gathered.bytes.saturating_add(freed)),
        closure_bytes: Bytes(gathered.bytes.saturating_add(needed.max(freed))),
        files: gathered.files,
        why: Why {
            paths: gathered
                .heaviest
                .iter()
                .map(|(_, node)| PathText(merged.path(*node)))
                .collect(),
            packages: names.take(REASONS).collect(),
            package_count: own_packages.len(),
        },
        layers: gathered
            .layers
            .iter()
            .map(|(layer, bytes)| LayerShare {
                layer: layer.saturating_add(1),
                own_bytes: Bytes(*bytes),
            })
            .collect(),
        advice: rule.advice.clone(),
        snippet: rule.snippet.trim().to_owned(),
    })
}
