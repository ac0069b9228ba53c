//! What components and findings ask of whoever knows the packages.

use crate::anatomy::merged::NodeId;

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
