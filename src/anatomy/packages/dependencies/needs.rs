//! What packages say that they need, gathered while databases are read.

use std::collections::{HashMap, HashSet};

use super::{Dependencies, GROUP, Kept, Node, Wanted};
use crate::anatomy::packages::package::PackageNo;

/// How many relations are remembered. Debian's whole archive has a tenth.
const RELATIONS: usize = 1 << 22;

/// What packages say that they need, while databases are read.
#[derive(Default)]
pub(in crate::anatomy::packages) struct Needs {
    names: HashMap<Vec<u8>, u32>,
    graph: Dependencies,
}

/// A package that says what it needs.
#[derive(Clone, Copy)]
pub(in crate::anatomy::packages) struct Needing(usize);

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
    pub(in crate::anatomy::packages) fn package(
        &mut self,
        package: PackageNo,
        name: &[u8],
        arch: &[u8],
    ) -> Needing {
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
    pub(in crate::anatomy::packages) fn of(&self, package: PackageNo) -> Option<Needing> {
        let number = self.graph.by_package.get(&package)?;
        Some(Needing(*number as usize))
    }

    /// Names that are paths.
    pub(in crate::anatomy::packages) fn paths(&self) -> Vec<Vec<u8>> {
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
    pub(in crate::anatomy::packages) fn provide(&mut self, it: Needing, name: &[u8]) {
        if self.names.len() >= RELATIONS {
            self.graph.cut_short = true;
            return;
        }
        let name = self.name(name);
        self.is(it, name);
    }

    /// It needs one of these. Only the package added last may say so.
    pub(in crate::anatomy::packages) fn require<'n>(
        &mut self,
        _: Needing,
        any_of: impl Iterator<Item = &'n [u8]>,
    ) {
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
    pub(in crate::anatomy::packages) fn recommend<'n>(
        &mut self,
        _: Needing,
        any_of: impl Iterator<Item = &'n [u8]>,
    ) {
        for name in any_of {
            if self.is_full() {
                return;
            }
            let name = self.name(name);
            self.graph.recommended.push(name);
        }
    }

    /// The system does not do without it.
    pub(in crate::anatomy::packages) fn keep_always(&mut self, it: Needing) {
        if let Some(node) = self.graph.nodes.get_mut(it.0) {
            node.kept = Kept::Always;
        }
    }

    /// It is a part of a base system.
    pub(in crate::anatomy::packages) fn keep_as_important(&mut self, it: Needing) {
        if let Some(node) = self.graph.nodes.get_mut(it.0) {
            node.kept = Kept::Important;
        }
    }

    /// How many packages have said what they need.
    pub(in crate::anatomy::packages) fn len(&self) -> usize {
        self.graph.nodes.len()
    }

    /// It is written down who was asked for by name, for all packages from a place on.
    pub(in crate::anatomy::packages) fn wanted_by_name(
        &mut self,
        from: usize,
        names: &HashSet<&[u8]>,
    ) {
        self.mark(from, names, Wanted::ByName, Wanted::Along);
    }

    /// It is written down who only came along, for all packages from a place on.
    pub(in crate::anatomy::packages) fn came_along(&mut self, from: usize, names: &HashSet<&[u8]>) {
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
    pub(in crate::anatomy::packages) fn finish(self) -> Dependencies {
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
