//! Packages as components and findings ask for them: those of the system alone.

use super::inventory::Inventory;
use super::package::PackageNo;
use crate::anatomy::components::Owners;
use crate::anatomy::merged::NodeId;

impl Inventory {
    /// The numbers as they are asked for, where they are a system's package.
    fn of_system(&self, packages: &[usize]) -> Vec<PackageNo> {
        let number = |place: &usize| {
            let number = PackageNo(u32::try_from(*place).ok()?);
            self.package(number)?.kind.is_system().then_some(number)
        };
        packages.iter().filter_map(number).collect()
    }
}

fn places(packages: Vec<PackageNo>) -> Vec<usize> {
    packages.into_iter().map(PackageNo::place).collect()
}

impl Owners for Inventory {
    fn count(&self) -> usize {
        // They come first.
        self.packages.partition_point(|it| it.kind.is_system())
    }

    fn name(&self, package: usize) -> &str {
        self.packages.get(package).map_or("", |it| &it.name)
    }

    fn owner(&self, node: NodeId) -> Option<usize> {
        let number = Self::owner(self, node)?;
        let system = self.package(number)?.kind.is_system();
        system.then(|| number.place())
    }

    fn closure(&self, packages: &[usize]) -> Vec<usize> {
        places(self.dependencies.closure(&self.of_system(packages)))
    }

    fn freed(&self, packages: &[usize]) -> Vec<usize> {
        places(self.dependencies.exclusive(&self.of_system(packages)))
    }
}
