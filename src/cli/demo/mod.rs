//! The demo fleet on a real engine: three images in four environments, laid out without a
//! pull from what this machine has, and taken away exactly.
//!
//! Everything on the engine carries the label `karat.demo=1`: the containers by their own
//! labels, the images because they are built on a base that has it. Of the project folder,
//! only files that were written here and are unchanged are taken away.

mod base;
mod clean;
mod error;
mod lay;
mod project;
mod table;
mod watch;

pub use clean::clean;
pub use error::DemoError;
pub use lay::lay;

/// Where the demo's project folder is, if nobody says otherwise.
pub const FOLDER: &str = "karat-demo";
