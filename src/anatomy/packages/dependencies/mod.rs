//! Which package needs which: what comes along with one, and what goes with it.
//!
//! Names are nodes of the graph beside packages, so that a thousand packages that need what
//! a thousand provide are two thousand edges, not a million. Versions in relations are not
//!
//! | file | subject |
//! |---|---|
//! | `needs` | what packages say that they need, gathered while databases are read |

mod needs;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

pub(super) use needs::{Needing, Needs};

use super::package::PackageNo;

/// How many providers of a name are looked at for one of the right architecture.
const PROVIDERS: usize = 16;
/// Between groups of alternatives.
const GROUP: u32 = u32::MAX;

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
