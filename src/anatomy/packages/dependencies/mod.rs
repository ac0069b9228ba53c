//! Which package needs which: what comes along with one, and what goes with it.
//!
//! Names are nodes of the graph beside packages, so that a thousand packages that need what
//! a thousand provide are two thousand edges, not a million. Versions in relations are not
//! looked at: what is installed was found to fit by who installed it.

use std::collections::{HashMap, HashSet};

use super::package::PackageNo;

/// How many relations are remembered. Debian's whole archive has a tenth.
const RELATIONS: usize = 1 << 22;
/// How many providers of a name are looked at for one of the right architecture.
const PROVIDERS: usize = 16;
/// Between groups of alternatives.
const GROUP: u32 = u32::MAX;

/// What packages say that they need, while databases are read.
#[derive(Default)]
pub(super) struct Needs {
    names: HashMap<Vec<u8>, u32>,
    graph: Dependencies,
}

/// Which installed package needs which.
#[derive(Debug, Default)]
pub struct Dependencies {
    nodes: Vec<Node>,
    by_package: HashMap<PackageNo, u32>,
    /// By name: who is it or provides it, real ones first.
    providers: Vec<Vec<u32>>,
    /// Names, [`GROUP`] behind each group of alternatives; node by node.
    required: Vec<u32>,
    /// Names; node by node.
    recommended: Vec<u32>,
    cut_short: bool,
}

#[derive(Debug)]
struct Node {
    package: PackageNo,
    name: u32,
    arch: u32,
    /// Names it goes by, its own first.
    provides: Vec<u32>,
    /// Where its relations begin; they end where the next one's begin.
    required: usize,
    recommended: usize,
    kept: Kept,
    wanted: Wanted,
}

/// How firmly the system itself holds on to a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    No,
    /// Of priority `important`: part of a base system, though it may go.
    Important,
    /// Essential or of priority `required`.
    Always,
}

/// Whether somebody asked for a package by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// It is not written down.
    Unknown,
    ByName,
    /// It was installed because another needed it.
    Along,
}

/// A package that says what it needs.
#[derive(Clone, Copy)]
pub(super) struct Needing(usize);

impl Needs {
    fn name(&mut self, name: &[u8]) -> u32 {
        if let Some(known) = self.names.get(name) {
            return *known;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(GROUP);
        self.names.insert(name.to_vec(), number);
        self.graph.providers.push(Vec::new());
        number
    }

    /// From now on `package` says what it needs.
    pub(super) fn package(&mut self, package: PackageNo, name: &[u8], arch: &[u8]) -> Needing {
        let (name, arch) = (self.name(name), self.name(arch));
        let graph = &mut self.graph;
        let place = graph.nodes.len();
        graph.nodes.push(Node {
            package,
            name,
            arch,
            provides: Vec::new(),
            required: graph.required.len(),
            recommended: graph.recommended.len(),
            kept: Kept::No,
            wanted: Wanted::Unknown,
        });
        let number = u32::try_from(place).unwrap_or(GROUP);
        graph.by_package.insert(package, number);
        let needing = Needing(place);
        self.is(needing, name);
        needing
    }

    /// A package that said what it needs.
    pub(super) fn of(&self, package: PackageNo) -> Option<Needing> {
        let number = self.graph.by_package.get(&package)?;
        Some(Needing(*number as usize))
    }

    /// Names that are paths.
    pub(super) fn paths(&self) -> Vec<Vec<u8>> {
        let is_path = |name: &&Vec<u8>| name.starts_with(b"/");
        self.names.keys().filter(is_path).cloned().collect()
    }

    fn is(&mut self, it: Needing, name: u32) {
        let number = u32::try_from(it.0).unwrap_or(GROUP);
        if let Some(providers) = self.graph.providers.get_mut(name as usize)
            && providers.last() != Some(&number)
        {
            providers.push(number);
        }
        if let Some(node) = self.graph.nodes.get_mut(it.0) {
            node.provides.push(name);
        }
    }

    fn is_full(&mut self) -> bool {
        let graph = &mut self.graph;
        let full = graph.required.len() + graph.recommended.len() >= RELATIONS;
        graph.cut_short |= full;
        full
    }

    /// It also goes by this name.
    pub(super) fn provide(&mut self, it: Needing, name: &[u8]) {
        if self.names.len() >= RELATIONS {
            self.graph.cut_short = true;
            return;
        }
        let name = self.name(name);
        self.is(it, name);
    }

    /// It needs one of these. Only the package added last may say so.
    pub(super) fn require<'n>(&mut self, _: Needing, any_of: impl Iterator<Item = &'n [u8]>) {
        for name in any_of {
            if self.is_full() {
                return;
            }
            let name = self.name(name);
            self.graph.required.push(name);
        }
        self.graph.required.push(GROUP);
    }

    /// It is better with one of these. Only the package added last may say so.
    pub(super) fn recommend<'n>(&mut self, _: Needing, any_of: impl Iterator<Item = &'n [u8]>) {
        for name in any_of {
            if self.is_full() {
                return;
            }
            let name = self.name(name);
            self.graph.recommended.push(name);
        }
    }

    /// The system does not do without it.
    pub(super) fn keep_always(&mut self, it: Needing) {
        if let Some(node) = self.graph.nodes.get_mut(it.0) {
            node.kept = Kept::Always;
        }
    }

    /// It is a part of a base system.
    pub(super) fn keep_as_important(&mut self, it: Needing) {
        if let Some(node) = self.graph.nodes.get_mut(it.0) {
            node.kept = Kept::Important;
        }
    }

    /// How many packages have said what they need.
    pub(super) fn len(&self) -> usize {
        self.graph.nodes.len()
    }

    /// It is written down who was asked for by name, for all packages from a place on.
    pub(super) fn wanted_by_name(&mut self, from: usize, names: &HashSet<&[u8]>) {
        self.mark(from, names, Wanted::ByName, Wanted::Along);
    }

    /// It is written down who only came along, for all packages from a place on.
    pub(super) fn came_along(&mut self, from: usize, names: &HashSet<&[u8]>) {
        self.mark(from, names, Wanted::Along, Wanted::ByName);
    }

    fn mark(&mut self, from: usize, names: &HashSet<&[u8]>, named: Wanted, others: Wanted) {
        let named_ones: HashSet<u32> = names
            .iter()
            .filter_map(|name| self.names.get(*name).copied())
            .collect();
        for node in self.graph.nodes.iter_mut().skip(from) {
            node.wanted = if named_ones.contains(&node.name) {
                named
            } else {
                others
            };
        }
    }

    /// Every database was read.
    pub(super) fn finish(self) -> Dependencies {
        let mut graph = self.graph;
        let nodes = &graph.nodes;
        for (name, providers) in (0_u32..).zip(&mut graph.providers) {
            let is_real = |number: &u32| {
                nodes
                    .get(*number as usize)
                    .is_some_and(|it| it.name == name)
            };
            providers.sort_by_key(|number| !is_real(number));
        }
        graph
    }
}

impl Dependencies {
    /// Whether there were more relations than are remembered.
    #[must_use]
    pub const fn cut_short(&self) -> bool {
        self.cut_short
    }

    /// Whether anything is known of what a package needs.
    #[must_use]
    pub fn knows(&self, package: PackageNo) -> bool {
        self.by_package.contains_key(&package)
    }

    /// Whether it is written down that a package was asked for by its name, or that it only
    /// came along; nothing, where that is not known.
    #[must_use]
    pub fn wanted_by_name(&self, package: PackageNo) -> Option<bool> {
        let number = self.by_package.get(&package)?;
        match self.nodes.get(*number as usize)?.wanted {
            Wanted::Unknown => None,
            Wanted::ByName => Some(true),
            Wanted::Along => Some(false),
        }
    }

    /// Packages, and everything they need: of alternatives the first that is installed.
    /// Sorted; recommendations do not count.
    #[must_use]
    pub fn closure(&self, of: &[PackageNo]) -> Vec<PackageNo> {
        let mut seen = vec![false; self.nodes.len()];
        let mut ahead = self.numbers(of);
        while let Some(number) = ahead.pop() {
            if std::mem::replace(seen.get_mut(number).unwrap_or(&mut true), true) {
                continue;
            }
            for group in self.required(number).split(|name| *name == GROUP) {
                ahead.extend(group.iter().find_map(|name| self.provider(*name, number)));
            }
        }
        self.packages(&seen)
    }

    /// Packages, and what of their closure nothing else needs once they are gone. Sorted.
    ///
    /// Wanted without them is, and everything it needs or recommends:
    /// - what is essential or of priority `required`,
    /// - what somebody asked for by its name, where that is written down (apt's
    ///   `extended_states`, apk's `world`),
    /// - where it is not: what nothing else needs or recommends, and what is of priority
    ///   `important`.
    ///
    /// What needs one of them would be broken without it; its own needs still count as
    /// wanted, so that this never promises too much.
    #[must_use]
    pub fn exclusive(&self, of: &[PackageNo]) -> Vec<PackageNo> {
        let stays = self.stays(of);
        let closure = self.closure(of);
        let goes = |package: &PackageNo| {
            let number = self.by_package.get(package).map(|it| *it as usize);
            number.and_then(|it| stays.get(it)) == Some(&false)
        };
        closure.into_iter().filter(goes).collect()
    }

    /// The same with what was recommended, and so came along: what `apt-get autoremove` would
    /// take after them. Sorted.
    #[must_use]
    pub fn freed(&self, of: &[PackageNo]) -> Vec<PackageNo> {
        let stays = self.stays(of);
        let reached = self.reach(&self.numbers(of), &[]);
        let goes: Vec<bool> = reached
            .iter()
            .zip(&stays)
            .map(|(reached, stays)| *reached && !stays)
            .collect();
        self.packages(&goes)
    }

    /// By node: what is still wanted without some.
    fn stays(&self, without: &[PackageNo]) -> Vec<bool> {
        let mut gone = vec![false; self.nodes.len()];
        for number in self.numbers(without) {
            if let Some(gone) = gone.get_mut(number) {
                *gone = true;
            }
        }
        self.reach(&self.roots(), &gone)
    }

    /// Packages that say they need one of these, or an alternative to it. Sorted, without
    /// these themselves.
    #[must_use]
    pub fn dependents(&self, of: &[PackageNo]) -> Vec<PackageNo> {
        let targets: HashSet<usize> = self.numbers(of).into_iter().collect();
        let names: HashSet<u32> = targets
            .iter()
            .filter_map(|number| self.nodes.get(*number))
            .flat_map(|node| node.provides.iter().copied())
            .collect();
        let needs: Vec<bool> = (0..self.nodes.len())
            .map(|number| {
                !targets.contains(&number)
                    && self
                        .required(number)
                        .iter()
                        .any(|name| names.contains(name))
            })
            .collect();
        self.packages(&needs)
    }

    fn numbers(&self, of: &[PackageNo]) -> Vec<usize> {
        of.iter()
            .filter_map(|package| self.by_package.get(package))
            .map(|number| *number as usize)
            .collect()
    }

    fn packages(&self, chosen: &[bool]) -> Vec<PackageNo> {
        let chosen = self.nodes.iter().zip(chosen).filter(|(_, chosen)| **chosen);
        let mut packages: Vec<_> = chosen.map(|(node, _)| node.package).collect();
        packages.sort_unstable();
        packages
    }

    fn required(&self, number: usize) -> &[u32] {
        let begin = self.nodes.get(number).map_or(0, |node| node.required);
        let end = self.nodes.get(number + 1).map(|node| node.required);
        let end = end.unwrap_or(self.required.len());
        self.required.get(begin..end).unwrap_or_default()
    }

    fn recommended(&self, number: usize) -> &[u32] {
        let begin = self.nodes.get(number).map_or(0, |node| node.recommended);
        let end = self.nodes.get(number + 1).map(|node| node.recommended);
        let end = end.unwrap_or(self.recommended.len());
        self.recommended.get(begin..end).unwrap_or_default()
    }

    fn providers(&self, name: u32) -> &[u32] {
        self.providers.get(name as usize).map_or(&[], Vec::as_slice)
    }

    /// Who is meant by a name: one of the same architecture before others.
    fn provider(&self, name: u32, needing: usize) -> Option<usize> {
        let arch = self.nodes.get(needing)?.arch;
        let providers = self.providers(name);
        let same = |number: &&u32| {
            self.nodes
                .get(**number as usize)
                .is_some_and(|it| it.arch == arch)
        };
        let first = providers.iter().take(PROVIDERS).find(same);
        first.or(providers.first()).map(|number| *number as usize)
    }

    /// What is wanted for its own sake.
    fn roots(&self) -> Vec<usize> {
        let needed = self.needed_by_others();
        let is_root = |(node, needed): (&Node, &bool)| match (node.kept, node.wanted) {
            (Kept::Always, _) | (_, Wanted::ByName) => true,
            (_, Wanted::Along) => false,
            (Kept::Important, Wanted::Unknown) => true,
            (Kept::No, Wanted::Unknown) => !needed,
        };
        self.nodes
            .iter()
            .zip(&needed)
            .enumerate()
            .filter(|(_, it)| is_root(*it))
            .map(|(number, _)| number)
            .collect()
    }

    /// By node: whether another one needs or recommends it.
    fn needed_by_others(&self) -> Vec<bool> {
        #[derive(Clone, Copy, PartialEq)]
        enum By {
            Nobody,
            One(usize),
            Several,
        }
        let mut by = vec![By::Nobody; self.providers.len()];
        for number in 0..self.nodes.len() {
            for name in self.required(number).iter().chain(self.recommended(number)) {
                if let Some(by) = by.get_mut(*name as usize) {
                    *by = match *by {
                        By::Nobody => By::One(number),
                        By::One(first) if first == number => By::One(first),
                        _ => By::Several,
                    };
                }
            }
        }
        let needed = |(number, node): (usize, &Node)| {
            node.provides.iter().any(|name| {
                let by = by.get(*name as usize).copied().unwrap_or(By::Nobody);
                by != By::Nobody && by != By::One(number)
            })
        };
        self.nodes.iter().enumerate().map(needed).collect()
    }

    /// What is needed or recommended from somewhere on, all alternatives taken, without
    /// those that are gone.
    fn reach(&self, roots: &[usize], gone: &[bool]) -> Vec<bool> {
        let mut seen = vec![false; self.nodes.len()];
        let mut asked = vec![false; self.providers.len()];
        let mut ahead = roots.to_vec();
        while let Some(number) = ahead.pop() {
            let Some(seen) = seen.get_mut(number) else {
                continue;
            };
            if gone.get(number) == Some(&true) || std::mem::replace(seen, true) {
                continue;
            }
            for name in self.required(number).iter().chain(self.recommended(number)) {
                // A separator is no name, and so never asked for.
                let Some(asked) = asked.get_mut(*name as usize) else {
                    continue;
                };
                if !std::mem::replace(asked, true) {
                    ahead.extend(self.providers(*name).iter().map(|it| *it as usize));
                }
            }
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `name: needs, a|b; recommends`.
    struct World {
        graph: Dependencies,
        names: Vec<&'static str>,
    }

    /// Name, what it provides, what it needs (alternatives by `|`), what it recommends.
    type Row = (&'static str, &'static str, &'static str, &'static str);

    fn world(rows: &[Row], mark: impl FnOnce(&mut Needs)) -> World {
        let mut needs = Needs::default();
        let mut names = Vec::new();
        for (number, (name, provides, requires, recommends)) in (0_u32..).zip(rows) {
            let it = needs.package(PackageNo(number), name.as_bytes(), b"amd64");
            for name in provides.split_whitespace() {
                needs.provide(it, name.as_bytes());
            }
            for group in requires.split_whitespace() {
                needs.require(it, group.split('|').map(str::as_bytes));
            }
            for group in recommends.split_whitespace() {
                needs.recommend(it, group.split('|').map(str::as_bytes));
            }
            if *name == "base" {
                needs.keep_always(it);
            }
            names.push(*name);
        }
        mark(&mut needs);
        World {
            graph: needs.finish(),
            names,
        }
    }

    impl World {
        fn numbers(&self, names: &str) -> Vec<PackageNo> {
            let place = |name| self.names.iter().position(|it| *it == name).expect("known");
            let number = |name| PackageNo(u32::try_from(place(name)).expect("few"));
            names.split_whitespace().map(number).collect()
        }

        fn told(&self, packages: &[PackageNo]) -> String {
            let names: Vec<_> = packages.iter().map(|it| self.names[it.place()]).collect();
            names.join(" ")
        }

        fn closure(&self, of: &str) -> String {
            self.told(&self.graph.closure(&self.numbers(of)))
        }

        fn exclusive(&self, of: &str) -> String {
            self.told(&self.graph.exclusive(&self.numbers(of)))
        }
    }

    const SYSTEM: [Row; 9] = [
        ("base", "", "libc", ""),
        ("libc", "", "", ""),
        ("tool", "", "libc libtool mta|mail", "doc"),
        ("libtool", "", "libc libshared", ""),
        ("libshared", "", "libc", ""),
        ("other", "", "libshared", ""),
        ("postfix", "mail", "libc", ""),
        ("doc", "", "viewer", ""),
        ("viewer", "", "", ""),
    ];

    #[test]
    fn a_closure_is_all_that_is_needed() {
        let world = world(&SYSTEM, |_| {});
        for (of, closure) in [
            ("libc", "libc"),
            ("tool", "libc tool libtool libshared postfix"),
            ("other libtool", "libc libtool libshared other"),
            ("doc", "doc viewer"),
            ("", ""),
        ] {
            assert_eq!(world.closure(of), closure, "{of}");
        }
        let dependents = world.graph.dependents(&world.numbers("libshared postfix"));
        assert_eq!(world.told(&dependents), "tool libtool other");
    }

    #[test]
    fn exclusive_is_what_nothing_else_needs() {
        let guessed = world(&SYSTEM, |_| {});
        for (of, exclusive) in [
            ("tool", "tool libtool postfix"),
            ("tool other", "tool libtool libshared other postfix"),
            ("other", "other"),
            ("libc", "libc"),
            // Still needed by `tool`, which is not asked to go.
            ("libtool", "libtool"),
        ] {
            assert_eq!(guessed.exclusive(of), exclusive, "{of}");
        }
    }

    #[test]
    fn marks_are_believed() {
        let along: HashSet<&[u8]> = HashSet::from([&b"libtool"[..], b"libshared", b"viewer"]);
        let marked = world(&SYSTEM, |needs| needs.came_along(0, &along));
        // The mail server was asked for by name.
        assert_eq!(marked.exclusive("tool"), "tool libtool");
        assert_eq!(marked.graph.wanted_by_name(PackageNo(3)), Some(false));
        assert_eq!(marked.graph.wanted_by_name(PackageNo(6)), Some(true));
        let named: HashSet<&[u8]> = HashSet::from([&b"tool"[..]]);
        let marked = world(&SYSTEM, |needs| needs.wanted_by_name(0, &named));
        assert_eq!(marked.exclusive("tool"), "tool libtool libshared postfix");
    }

    #[test]
    fn what_is_recommended_stays() {
        let rows: [Row; 4] = [
            ("a", "", "lib", ""),
            ("b", "", "", "lib"),
            ("lib", "", "", ""),
            ("c", "", "lib", ""),
        ];
        let world = world(&rows, |_| {});
        assert_eq!(world.exclusive("a c"), "a c");
        assert_eq!(world.exclusive("a b c"), "a b lib c");
        // What `b` alone recommends goes with it, but it is not what `b` needs.
        let freed = |of| world.told(&world.graph.freed(&world.numbers(of)));
        assert_eq!(world.exclusive("b"), "b");
        assert_eq!(
            (freed("b"), freed("a b c")),
            ("b".into(), "a b lib c".into())
        );
        let system = self::world(&SYSTEM, |_| {});
        let freed = system.graph.freed(&system.numbers("tool"));
        assert_eq!(system.told(&freed), "tool libtool postfix doc viewer");
    }

    #[test]
    fn circles_end_and_do_not_hold_each_other() {
        let rows: [Row; 4] = [
            ("base", "", "", ""),
            ("top", "", "one", ""),
            ("one", "", "two", ""),
            ("two", "", "one two", ""),
        ];
        let world = world(&rows, |_| {});
        assert_eq!(world.closure("one"), "one two");
        assert_eq!(world.exclusive("top"), "top one two");
    }

    #[test]
    fn many_providers_of_what_many_need_take_no_long() {
        let mut needs = Needs::default();
        for number in 0..100_000_u32 {
            let it = needs.package(PackageNo(number), &number.to_le_bytes(), b"all");
            needs.provide(it, b"all-the-same");
            needs.require(it, [&b"all-the-same"[..]].into_iter());
        }
        let graph = needs.finish();
        assert_eq!(graph.closure(&[PackageNo(70_000)]).len(), 2);
        // They all need each other, and nobody wants any: what it takes along goes with it.
        assert_eq!(graph.exclusive(&[PackageNo(70_000)]).len(), 2);
        assert_eq!(graph.dependents(&[PackageNo(1)]).len(), 99_999);
    }
}
