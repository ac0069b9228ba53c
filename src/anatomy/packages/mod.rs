//! What is installed in an image, by the databases of who installed it.
//!
//! This room reads what the layers kept of package databases, and says of every visible file
//! whose it is. It opens no archive, and judges nothing: what is too large or does not belong
//! is said elsewhere.
//!
//! | who | where | files by |
//! |---|---|---|
//! | `dpkg` | `var/lib/dpkg/status`, `status.d/*` | `info/*.list`, `status.d/*.md5sums`, diversions |
//! | `apk` | `lib/apk/db/installed` | the same |
//! | `rpm` | `rpmdb.sqlite` | the same |
//! | `python` | `*.dist-info`, `*.egg-info`, `*.egg` | `RECORD`, `installed-files.txt`, all in an egg |
//! | `node` | `node_modules/NAME/package.json` | all that lies below |
//! | `go`, `cargo` | programs | not known: a module is a part of one file |

mod apk;
mod cargo;
mod dependencies;
pub mod diff;
mod dpkg;
mod gathering;
mod go;
mod inventory;
mod node;
mod ownership;
mod package;
mod paths;
mod python;
mod release;
mod rpm;
mod sources;
mod stanzas;

pub use dependencies::Dependencies;
pub use gathering::{Trouble, Why};
pub use inventory::Inventory;
pub use ownership::{Ownership, Unowned, UnownedDirectory};
pub use package::{Package, PackageKind, PackageNo, Source};
pub use release::Distribution;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
