//! What two inventories differ in.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::{Inventory, Package, PackageKind, PackageNo, apk, dpkg, rpm};

/// How two images differ in their packages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageDiff {
    /// In order of kind and name.
    pub changes: Vec<Change>,
}

/// One package that is not the same in both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Who installed it.
    pub kind: PackageKind,
    /// Its name.
    pub name: String,
    /// What became of it.
    pub what: What,
    /// By how many bytes it grew; negative, when it shrank. Nothing, where sizes are not
    /// known.
    pub growth: Option<i64>,
}

/// What became of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It is new.
    Added(PackageNo),
    /// It is gone.
    Removed(PackageNo),
    /// It has another version.
    Changed {
        /// What it was, in the first.
        from: PackageNo,
        /// What it is, in the second.
        to: PackageNo,
        /// Which way.
        way: Way,
    },
}

/// Which way a version went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To a later one.
    Up,
    /// To an earlier one.
    Down,
    /// The versions have no order that is known; or they are the same in all but spelling.
    Sideways,
}

/// Compares two versions as who installed them would; nothing, where they have no order.
#[must_use]
pub fn compare_versions(kind: PackageKind, a: &str, b: &str) -> Option<Ordering> {
    match kind {
        PackageKind::Dpkg => Some(dpkg::version::compare(a, b)),
        PackageKind::Apk => Some(apk::version::compare(a, b)),
        PackageKind::Rpm => Some(rpm::version::compare(a, b)),
        PackageKind::Node | PackageKind::Cargo | PackageKind::Go => {
            let parse = |version: &str| semver::Version::parse(version.trim_start_matches('v'));
            Some(parse(a).ok()?.cmp(&parse(b).ok()?))
        }
        PackageKind::Python => released(a)?.partial_cmp(&released(b)?),
    }
}

/// Numbers of a plain release of a Python package, without zeros at the end.
fn released(version: &str) -> Option<Vec<u64>> {
    let numbers = version.split('.').map(|part| part.parse().ok());
    let mut numbers: Vec<u64> = numbers.collect::<Option<_>>()?;
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    Some(numbers)
}

type Key<'a> = (PackageKind, &'a str, Option<&'a str>);

/// Packages of the same name on both sides.
#[derive(Default)]
struct Sides {
    old: Vec<PackageNo>,
    new: Vec<PackageNo>,
}

impl PackageDiff {
    /// Compares two images. One module in many programs, or one Node package at many places,
    /// is one for each of its versions.
    #[must_use]
    pub fn between(old: &Inventory, new: &Inventory) -> Self {
        let mut by_name: BTreeMap<Key<'_>, Sides> = BTreeMap::new();
        for (number, package) in old.numbered() {
            by_name.entry(key(package)).or_default().old.push(number);
        }
        for (number, package) in new.numbered() {
            by_name.entry(key(package)).or_default().new.push(number);
        }
        let mut changes = Vec::new();
        for ((kind, name, _), sides) in by_name {
            let what = |what| Change {
                kind,
                name: name.to_owned(),
                growth: growth(what, old, new),
                what,
            };
            changes.extend(sides.changes(kind, old, new).into_iter().map(what));
        }
        Self { changes }
    }
}

fn key(package: &Package) -> Key<'_> {
    // The architecture of what a system has side by side; others have none.
    (package.kind, &package.name, package.arch.as_deref())
}

impl Sides {
    fn changes(self, kind: PackageKind, old: &Inventory, new: &Inventory) -> Vec<What> {
        let mut gone = versions(&self.old, old);
        let mut come = versions(&self.new, new);
        let order = |a: &(&str, PackageNo), b: &(&str, PackageNo)| {
            compare_versions(kind, a.0, b.0)
                .unwrap_or_else(|| a.0.cmp(b.0))
                .then(a.0.cmp(b.0))
        };
        let stays: Vec<&str> = gone
            .keys()
            .filter(|version| come.contains_key(*version))
            .copied()
            .collect();
        for version in stays {
            gone.remove(version);
            come.remove(version);
        }
        let (mut gone, mut come): (Vec<_>, Vec<_>) =
            (gone.into_iter().collect(), come.into_iter().collect());
        gone.sort_by(order);
        come.sort_by(order);
        // The lowest that went became the lowest that came, and so on.
        let both = gone.len().min(come.len());
        let pairs = gone.iter().zip(&come).map(|(from, to)| What::Changed {
            from: from.1,
            to: to.1,
            way: match compare_versions(kind, from.0, to.0) {
                Some(Ordering::Less) => Way::Up,
                Some(Ordering::Greater) => Way::Down,
                Some(Ordering::Equal) | None => Way::Sideways,
            },
        });
        let removed = gone.iter().skip(both).map(|it| What::Removed(it.1));
        let added = come.iter().skip(both).map(|it| What::Added(it.1));
        pairs.chain(removed).chain(added).collect()
    }
}

/// The first package of each version.
fn versions<'a>(numbers: &[PackageNo], of: &'a Inventory) -> BTreeMap<&'a str, PackageNo> {
    let mut versions = BTreeMap::new();
    for number in numbers {
        if let Some(package) = of.package(*number) {
            versions.entry(package.version.as_str()).or_insert(*number);
        }
    }
    versions
}

fn growth(what: What, old: &Inventory, new: &Inventory) -> Option<i64> {
    let bytes = |of: &Inventory, number| {
        let bytes = of.package(number)?.bytes?;
        i64::try_from(bytes.0).ok()
    };
    match what {
        What::Added(number) => bytes(new, number),
        What::Removed(number) => bytes(old, number).map(|bytes| -bytes),
        What::Changed { from, to, .. } => Some(bytes(new, to)? - bytes(old, from)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::packages::testing::{Layer, merged};

    fn inventory(dpkg: &[(&str, &str, u64)], node: &[(&str, &str, &str)]) -> Inventory {
        let mut layer = Layer::default();
        let mut status = String::new();
        for (name, version, size) in dpkg {
            status +=
                &format!("Package: {name}\nStatus: install ok installed\nVersion: {version}\n\n");
            layer = layer.file(&format!("usr/bin/{name}"), *size).kept(
                &format!("var/lib/dpkg/info/{name}.list"),
                format!("/usr/bin/{name}\n"),
            );
        }
        for (place, name, version) in node {
            let json = format!("{{\"name\":\"{name}\",\"version\":\"{version}\"}}");
            layer = layer.kept(&format!("{place}/node_modules/{name}/package.json"), json);
        }
        Inventory::of_merged(&merged([layer.kept("var/lib/dpkg/status", status)]))
    }

    fn told(old: &Inventory, new: &Inventory) -> Vec<String> {
        let version = |of: &Inventory, it| of.package(it).expect("there").version.clone();
        let told = |change: Change| {
            let what = match change.what {
                What::Added(it) => format!("+ {}", version(new, it)),
                What::Removed(it) => format!("- {}", version(old, it)),
                What::Changed { from, to, way } => {
                    format!("{} → {} {way:?}", version(old, from), version(new, to))
                }
            };
            format!("{} {} {what} {:?}", change.kind, change.name, change.growth)
        };
        let diff = PackageDiff::between(old, new);
        diff.changes.into_iter().map(told).collect()
    }

    #[test]
    fn differences_are_told_with_their_way_and_growth() {
        let old = inventory(
            &[
                ("up", "1.9-1", 100),
                ("down", "1.0", 10),
                ("same", "1", 1),
                ("gone", "1", 7),
            ],
            &[
                ("a", "x", "1.0.0"),
                ("b", "x", "1.0.0"),
                ("c", "x", "2.0.0"),
            ],
        );
        let new = inventory(
            &[
                ("up", "1.10-1", 130),
                ("down", "1.0~rc1", 4),
                ("same", "1", 5),
                ("come", "1", 8),
            ],
            &[
                ("a", "x", "1.0.0"),
                ("c", "x", "2.0.1"),
                ("d", "x", "3.0.0"),
            ],
        );
        // Lists of files are files, too: those of `gone` and `come` have 14 bytes.
        assert_eq!(
            told(&old, &new),
            [
                "dpkg come + 1 Some(22)",
                "dpkg down 1.0 → 1.0~rc1 Down Some(-6)",
                "dpkg gone - 1 Some(-21)",
                "dpkg up 1.9-1 → 1.10-1 Up Some(30)",
                "node x 2.0.0 → 2.0.1 Up Some(0)",
                "node x + 3.0.0 Some(30)",
            ]
        );
        assert_eq!(told(&old, &old), Vec::<String>::new());
    }

    #[test]
    fn versions_without_an_order_go_sideways() {
        use Ordering::{Equal, Greater, Less};
        for (kind, a, b, order) in [
            (PackageKind::Python, "1.9", "1.10", Some(Less)),
            (PackageKind::Python, "1.0", "1", Some(Equal)),
            (PackageKind::Python, "1.0rc1", "1.0", None),
            (PackageKind::Go, "v1.10.0", "v1.9.0", Some(Greater)),
            (PackageKind::Go, "(devel)", "v1.9.0", None),
            (PackageKind::Cargo, "0.1.0-a", "0.1.0", Some(Less)),
            (PackageKind::Node, "latest", "1.0.0", None),
            (PackageKind::Rpm, "1:1-1", "2-1", Some(Greater)),
            (PackageKind::Apk, "1-r9", "1-r10", Some(Less)),
        ] {
            assert_eq!(compare_versions(kind, a, b), order, "{kind} {a} {b}");
        }
    }
}
