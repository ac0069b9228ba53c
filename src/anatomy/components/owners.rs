//! What components and findings ask of whoever knows the packages.

use crate::anatomy::merged::NodeId;
use crate::anatomy::packages::{Inventory, PackageNo};

/// Packages of the system's package manager, by number from zero.
pub trait Owners {
    /// How many there are.
    fn count(&self) -> usize;
    /// The name of one.
    fn name(&self, package: usize) -> &str;
    /// The package that owns a visible file.
    fn owner(&self, node: NodeId) -> Option<usize>;
    /// These packages, and all that they need, directly or through others.
    fn closure(&self, packages: &[usize]) -> Vec<usize>;
    /// These packages, and all that nothing else needs and that came with them: what goes
    /// when they are removed together with what they brought.
    fn freed(&self, packages: &[usize]) -> Vec<usize>;
}

/// Nothing is known of packages.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPackages;

impl Owners for NoPackages {
    fn count(&self) -> usize {
        0
    }

    fn name(&self, _: usize) -> &str {
        ""
    }

    fn owner(&self, _: NodeId) -> Option<usize> {
        None
    }

    fn closure(&self, packages: &[usize]) -> Vec<usize> {
        packages.to_vec()
    }

    fn freed(&self, packages: &[usize]) -> Vec<usize> {
        packages.to_vec()
    }
}

/// The packages of the system's package manager, as an inventory has them.
#[derive(Debug)]
pub struct Installed<'a> {
    inventory: &'a Inventory,
    /// In ascending order.
    numbers: Vec<PackageNo>,
}

impl<'a> Installed<'a> {
    /// Those of an inventory.
    #[must_use]
    pub fn new(inventory: &'a Inventory) -> Self {
        let all = inventory.numbered();
        let mut numbers: Vec<PackageNo> = all
            .filter(|(_, package)| package.kind.is_system())
            .map(|(number, _)| number)
            .collect();
        numbers.sort_unstable();
        Self { inventory, numbers }
    }

    fn numbers(&self, packages: &[usize]) -> Vec<PackageNo> {
        let number = |package: &usize| self.numbers.get(*package).copied();
        packages.iter().filter_map(number).collect()
    }

    /// These packages, and those that were found for them.
    fn with(&self, own: &[usize], found: &[PackageNo]) -> Vec<usize> {
        let place = |number: &PackageNo| self.numbers.binary_search(number).ok();
        let mut all: Vec<usize> = found.iter().filter_map(place).collect();
        all.extend(own);
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl Owners for Installed<'_> {
    fn count(&self) -> usize {
        self.numbers.len()
    }

    fn name(&self, package: usize) -> &str {
        let number = self.numbers.get(package);
        let package = number.and_then(|number| self.inventory.package(*number));
        package.map_or("", |package| &package.name)
    }

    fn owner(&self, node: NodeId) -> Option<usize> {
        let mut owner = self.inventory.owner(node)?;
        // A module of Python that a package of the system brought is that package's. Chains
        // are short; the bound is for inventories that are not.
        for _ in 0..8 {
            if let Ok(place) = self.numbers.binary_search(&owner) {
                return Some(place);
            }
            owner = self.inventory.package(owner)?.within?;
        }
        None
    }

    fn closure(&self, packages: &[usize]) -> Vec<usize> {
        let numbers = self.numbers(packages);
        self.with(packages, &self.inventory.dependencies.closure(&numbers))
    }

    fn freed(&self, packages: &[usize]) -> Vec<usize> {
        let numbers = self.numbers(packages);
        self.with(packages, &self.inventory.dependencies.exclusive(&numbers))
    }
}
